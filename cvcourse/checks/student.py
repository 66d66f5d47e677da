"""Calls a student's functions: here from the notebook that is open, elsewhere from a sandbox.

A check is written once against `Student` and cannot tell which of the two it speaks to.
"""

from __future__ import annotations

import abc
import builtins
import copy
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cvcourse import meters
from cvcourse.checks.failures import CheckFailure, NotAnswered, StudentError


class Student(abc.ABC):
    """Whoever answers: `student.predict_labels(dists, y, k=3)` calls their function.

    Arguments and results are plain data: numbers, strings, None, lists, tuples, dicts, arrays,
    tensors, and functions of `cvcourse.checks.given`. Arguments are copies, so that a function
    that changes them spoils nothing for the next call.
    """

    calls: int = 0  # how many inputs were tried

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.call(name, *args, **kwargs)

    @abc.abstractmethod
    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls the student's function and returns its result.

        Raises:
            NotAnswered: if the name is missing or still a stub.
            StudentError: if the function raises.
        """

    @abc.abstractmethod
    def call_keeping_arguments(
        self, name: str, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, list[Any]]:
        """As `call`; returns (result, the positional arguments as the call left them)."""

    @abc.abstractmethod
    def call_many(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Calls the function once for each tuple of arguments; for numeric gradients."""

    @abc.abstractmethod
    def count_steps(self, name: str, /, *args: Any, **kwargs: Any) -> int:
        """How many bytecodes of the student's own code one call executes."""

    @abc.abstractmethod
    def peak_bytes(self, name: str, /, *args: Any, **kwargs: Any) -> int:
        """How far memory grows during one call, in bytes, arguments excluded."""


class LocalStudent(Student):
    """The student whose notebook this is.

    Args:
        namespace: the notebook's `globals()`.
        question: the question asked, for messages.
    """

    def __init__(self, namespace: Mapping[str, Any], question: str) -> None:
        self._namespace = namespace
        self._question = question

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self._run(name, copy.deepcopy(args), copy.deepcopy(kwargs))

    def call_keeping_arguments(
        self, name: str, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, list[Any]]:
        handed_over = copy.deepcopy(args)
        return self._run(name, handed_over, copy.deepcopy(kwargs)), list(handed_over)

    def call_many(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [self.call(name, *args) for args in arguments]

    def count_steps(self, name: str, /, *args: Any, **kwargs: Any) -> int:
        code = getattr(self._function(name), "__code__", None)
        owner = code.co_filename if code else ""
        with meters.count_steps(lambda filename: filename == owner) as steps:
            self.call(name, *args, **kwargs)
        return steps.count

    def peak_bytes(self, name: str, /, *args: Any, **kwargs: Any) -> int:
        handed_over = copy.deepcopy(args)
        with meters.peak_tensor_bytes() as peak:
            self._run(name, handed_over, copy.deepcopy(kwargs))
        return peak.count

    def _function(self, name: str) -> Callable[..., Any]:
        function = self._namespace.get(name)
        if function is None:
            raise NotAnswered(f"{name} is not defined. Run the cell of {self._question} first.")
        if not callable(function):
            raise CheckFailure(
                f"{name} must be a function; another cell has given its name to a value."
            )
        return function  # type: ignore[no-any-return]

    def _run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        function = self._function(name)
        self.calls += 1
        try:
            return function(*args, **kwargs)
        except NotImplementedError as error:
            if str(error).startswith(f"{self._question}:"):
                raise NotAnswered(
                    f"{self._question} is not answered yet: "
                    f"write {name} in the cell above and run it."
                ) from None
            raise _explained(name, function, error) from None
        except Exception as error:
            raise _explained(name, function, error) from None


def _explained(name: str, function: Callable[..., Any], error: Exception) -> StudentError:
    """The student's exception with the frames of their own cell and no others."""
    owner = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == owner]
    text = "".join(traceback.format_exception_only(error)).strip()
    if own:
        text = f"{text}\n  line {own[-1].lineno}: {own[-1].line}"
    return StudentError(name, public_kind(error), own[-1].lineno if own else None, text)


def public_kind(error: BaseException) -> str:
    """The exception's type if it is one of Python's own, else "an exception"."""
    kind = type(error)
    return kind.__name__ if getattr(builtins, kind.__name__, None) is kind else "an exception"
