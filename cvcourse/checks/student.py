"""Calls a student's functions: here from the notebook that is open, elsewhere from a sandbox.

A check is written once against `Student` and cannot tell which of the two it speaks to.
"""

from __future__ import annotations

import abc
import builtins
import copy
import inspect
import os
import traceback
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cvcourse import meters
from cvcourse.arrays import is_tensor
from cvcourse.checks.failures import CheckFailure, NotAnswered, StudentError


class Student(abc.ABC):
    """Whoever answers: `student.predict_labels(dists, y, k=3)` calls their function.

    Arguments and results are plain data: numbers, strings, None, lists, tuples, dicts, arrays,
    tensors, and functions of `cvcourse.checks.given`. Arguments are copies, so that a function
    that changes them spoils nothing for the next call.
    """

    calls: int = 0  # how many inputs were tried
    peak_noise: int = 32 * 2**20  # bytes by which peak_bytes may be off; 32 MiB for a whole process

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
    def count_steps(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        """How many bytecodes of the student's own code one call executes, and its result.

        Compare the result too, here and in the two below: a function could do less while it is
        measured.
        """

    @abc.abstractmethod
    def peak_bytes(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        """How far memory grows during one call, in bytes, arguments excluded; and its result."""

    @abc.abstractmethod
    def cpu_seconds(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[float, Any]:
        """Processor time of one call, with all that it starts, and its result."""


class LocalStudent(Student):
    """The student whose notebook this is.

    Args:
        namespace: the notebook's `globals()`.
        question: the question asked, for messages.
    """

    def __init__(self, namespace: Mapping[str, Any], question: str) -> None:
        self._namespace = namespace
        self._question = question
        self.peak_noise = 0  # tensors are counted one by one

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self._run(name, copy.deepcopy(args), copy.deepcopy(kwargs))

    def call_keeping_arguments(
        self, name: str, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, list[Any]]:
        handed_over = copy.deepcopy(args)
        return self._run(name, handed_over, copy.deepcopy(kwargs)), list(handed_over)

    def call_many(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [self.call(name, *args) for args in arguments]

    def count_steps(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        own = self._own_files() | {_file_of(self._function(name))}
        handed_over = copy.deepcopy(args), copy.deepcopy(kwargs)
        with meters.count_steps(own.__contains__) as steps:
            result = self._run(name, *handed_over)
        return steps.count, result

    def peak_bytes(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        handed_over = copy.deepcopy(args), copy.deepcopy(kwargs)
        follow = meters.peak_tensor_bytes if any(map(is_tensor, args)) else _peak_array_bytes
        with follow() as peak:
            result = self._run(name, *handed_over)
        return peak.count, result

    def cpu_seconds(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[float, Any]:
        handed_over = copy.deepcopy(args), copy.deepcopy(kwargs)
        before = os.times()
        result = self._run(name, *handed_over)
        return sum(os.times()[:4]) - sum(before[:4]), result

    def _own_files(self) -> set[str]:
        """The cells of this notebook: an answer may call helpers from any of them."""
        found: set[str] = set()
        for value in list(self._namespace.values()):
            for part in [value, *(vars(value).values() if isinstance(value, type) else ())]:
                function = inspect.unwrap(part) if callable(part) else None
                if inspect.isfunction(function) and function.__globals__ is self._namespace:
                    found.add(_file_of(function))
        return found

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


@contextmanager
def _peak_array_bytes() -> Iterator[meters.Count]:
    """Follows what Python and NumPy allocate inside the block; its count is the peak."""
    peak, traced_before = meters.Count(), tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        yield peak
    finally:
        peak.count = tracemalloc.get_traced_memory()[1] - before
        if not traced_before:
            tracemalloc.stop()


def _explained(name: str, function: Callable[..., Any], error: Exception) -> StudentError:
    """The student's exception with the frames of their own cell and no others."""
    owner = _file_of(function)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == owner]
    text = "".join(traceback.format_exception_only(error)).strip()
    if own:
        text = f"{text}\n  line {own[-1].lineno}: {own[-1].line}"
    return StudentError(name, public_kind(error), own[-1].lineno if own else None, text)


def _file_of(function: Callable[..., Any]) -> str:
    """Where a function is written, under decorators such as torch.no_grad(); "" if unknown."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return str(code.co_filename) if code else ""


def public_kind(error: BaseException) -> str:
    """The exception's type if it is one of Python's own, else "an exception"."""
    kind = type(error)
    return kind.__name__ if getattr(builtins, kind.__name__, None) is kind else "an exception"
