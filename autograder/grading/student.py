"""The student as hidden checks see them: every call goes to a worker in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograder.errors import ProtocolError
from autograder.sandbox.inside.wire import Opaque
from autograder.sandbox.session import Raised, Worker
from cvcourse.checks import CheckFailure, NotAnswered, Student, StudentError

CPU_SECONDS = 10.0  # of one call, whatever the reference needs


class RemoteStudent(Student):
    """Answers with the functions that the answer cell of one question defines.

    Args:
        worker: a process forked after the submission's cells have run.
        question: the question, whose answer cell owns the names.
        problem: why its answer cell did not run to its end, if it did not.
        last_line: of its answer cell; a line beyond it is made up, and not repeated.
    """

    def __init__(
        self,
        worker: Worker,
        question: str,
        problem: str = "",
        last_line: int = 0,
    ) -> None:
        self._worker = worker
        self._question = question
        self._problem = problem
        self._last_line = last_line

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self._ask("call", name, args=args, kwargs=kwargs, keep=False)["value"]

    def call_keeping_arguments(
        self, name: str, /, *args: Any, **kwargs: Any
    ) -> tuple[Any, list[Any]]:
        reply = self._ask("call", name, args=args, kwargs=kwargs, keep=True)
        after = reply.get("arguments")
        if not isinstance(after, list) or len(after) != len(args):
            raise ProtocolError("The arguments did not come back as they were handed in.")
        return reply["value"], after

    def call_many(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        values = self._ask("call_many", name, arguments=list(arguments))["value"]
        if not isinstance(values, list) or len(values) != len(arguments):
            raise ProtocolError("There is not one result for each call.")
        return values

    def count_steps(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        reply = self._ask("count_steps", name, args=args, kwargs=kwargs)
        steps = reply.get("steps")
        if type(steps) is not int or steps <= 0:
            raise ProtocolError("The number of steps is no positive number.")
        return steps, reply["value"]

    def peak_bytes(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[int, Any]:
        request = self._held(name, args, kwargs)
        with self._naming(name):
            growth, reply = self._worker.memory_growth(request, CPU_SECONDS)
        return growth, self._judged(name, reply)["value"]

    def cpu_seconds(self, name: str, /, *args: Any, **kwargs: Any) -> tuple[float, Any]:
        request = self._held(name, args, kwargs)
        with self._naming(name):
            seconds, reply = self._worker.cpu_of(request, CPU_SECONDS)
        return seconds, self._judged(name, reply)["value"]

    def _held(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """A call whose arguments are in the worker already, so that only the call is measured."""
        self.calls += 1
        request = {**self._request("call", name), "keep": False}
        request["args"] = tuple(self._worker.hold(value) for value in args)
        request["kwargs"] = {key: self._worker.hold(value) for key, value in kwargs.items()}
        return request

    def _ask(self, do: str, name: str, **rest: Any) -> dict[str, Any]:
        self.calls += 1
        request = {**self._request(do, name), **rest}
        with self._naming(name):
            reply = self._worker.call(request, CPU_SECONDS)
        return self._judged(name, reply)

    def _request(self, do: str, name: str) -> dict[str, Any]:
        return {"do": do, "cell": self._question, "name": name}

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        try:
            yield
        except KeyError:
            raise NotAnswered(
                self._problem
                or f"{name} is not defined in the cell of {self._question}; was it renamed?"
            ) from None

    def _judged(self, name: str, reply: Any) -> dict[str, Any]:
        """The reply of a call that returned plain data; everything else is raised."""
        if isinstance(reply, Raised):
            if reply.kind == "NotImplementedError" and f"{self._question}:" in reply.text:
                raise NotAnswered(f"{self._question} is not answered yet.")
            line = reply.line if (reply.line or 0) <= self._last_line else None
            raise StudentError(name, reply.kind, line, reply.text)
        if "value" not in reply:
            raise ProtocolError("What came back holds no result.")
        if isinstance(reply["value"], Opaque):
            raise CheckFailure(
                f"{name} returns something that is neither a number, a string, an array, "
                "a tensor nor a list, tuple or dict of these.",
                f"Received an object of type {reply['value'].kind}.",
            )
        return dict(reply)
