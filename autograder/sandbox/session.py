"""The grader's end of one submission: runs its cells, forks workers, calls functions.

Whatever comes back is data from a stranger. A reply that is late, malformed or missing raises a
`WorkerError`; nothing else can happen here.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from autograder.errors import LimitExceeded, ProtocolError, SandboxError, WorkerDied
from autograder.sandbox import outside
from autograder.sandbox.inside import wire

START_SECONDS = 30
LOOK_EVERY = 0.1  # seconds between two looks at a submission's use of time and memory
WALL_FACTOR = 6  # a call that sleeps is ended after this many times its CPU seconds
MEMORY_OF_ALL = 4 << 30  # bytes that all processes of a submission may hold together
CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True)
class Raised:
    """An exception of the student's.

    Attributes:
        kind: the exception's type if it is one of Python's own, else "an exception".
        line: the line in the student's cell, or None.
        text: its own text: the student's words, for staff or for public inputs only.
    """

    kind: str
    line: int | None
    text: str


@dataclass(frozen=True)
class CellRun:
    """How one cell ran."""

    output: str
    raised: Raised | None


class Connection:
    """A socket to a process of the submission; knows which process and how to wait for it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.pid = 0
        self.namespace = 0

    def open(self) -> Any:
        """Reads the first message, and from the kernel who sent it."""
        self._wait(START_SECONDS)
        with contextlib.suppress(OSError):
            _data, ancillary, _flags, _address = self._channel.recvmsg(
                1, socket.CMSG_SPACE(CREDENTIALS.size), socket.MSG_PEEK
            )
            for _level, kind, data in ancillary:
                if kind == socket.SCM_CREDENTIALS:
                    self.pid = CREDENTIALS.unpack(data)[0]
        with contextlib.suppress(*outside.GONE):
            self.namespace = outside.namespace_of(self.pid)
        return self.receive(START_SECONDS)

    def send(self, value: Any) -> None:
        """Sends a request.

        Raises:
            WorkerDied: if the process is gone.
        """
        try:
            wire.send(self._channel, value)
        except OSError:
            raise WorkerDied("The process of your notebook ended before the call.") from None

    def receive(self, cpu_seconds: float) -> Any:
        """Reads a reply.

        Args:
            cpu_seconds: processor time that the submission may use until then.

        Raises:
            LimitExceeded: if it uses more time or memory.
            WorkerDied: if the process ends first.
            ProtocolError: if the bytes are no valid reply.
        """
        try:
            return wire.receive(self._channel, _Waiting(self, cpu_seconds).read)
        except wire.WireError as error:
            raise ProtocolError(f"What came back is no valid result ({error}).") from None
        except (EOFError, OSError):
            raise WorkerDied("The process of your notebook ended during the call.") from None

    def send_descriptor(self, descriptor: int) -> None:
        """Hands a descriptor over."""
        try:
            socket.send_fds(self._channel, [b"d"], [descriptor])
        except OSError:
            raise WorkerDied("The process of your notebook ended before the call.") from None

    def close(self) -> None:
        """Closes this end."""
        self._channel.close()

    def _wait(self, seconds: float) -> bool:
        return bool(select.select([self._channel], [], [], seconds)[0])


class _Waiting:
    """Reads from a submission while its use of time and memory is watched from outside."""

    def __init__(self, connection: Connection, cpu_seconds: float) -> None:
        self.connection = connection
        self.cpu_seconds = cpu_seconds
        self.started = time.monotonic()
        self.cpu_before: float | None = None

    def read(self, channel: socket.socket, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            while not self.connection._wait(LOOK_EVERY):
                self._look()
            got = channel.recv(min(size - len(data), wire.CHUNK))
            if not got:
                raise EOFError
            data += got
        return data

    def _look(self) -> None:
        used = outside.usage(self.connection.namespace)
        if self.cpu_before is None:
            self.cpu_before = max(0.0, used.cpu - (time.monotonic() - self.started) * 1.5)
        if used.cpu - self.cpu_before > self.cpu_seconds:
            raise LimitExceeded(
                f"It used more than {self.cpu_seconds:.0f} seconds of processor time. "
                "Is there a loop that does not end, or one that should be an array operation?"
            )
        if used.resident > MEMORY_OF_ALL:
            raise LimitExceeded("It used more memory than a submission may.")
        if time.monotonic() - self.started > WALL_FACTOR * self.cpu_seconds:
            raise LimitExceeded("It waited for something that does not come.")


class Session:
    """One submission: a template process that runs cells and forks workers."""

    def __init__(self, channel: socket.socket, lifeline: socket.socket) -> None:
        self._connection = Connection(channel)
        self._lifeline = lifeline
        self._workers: list[Worker] = []
        try:
            hello = self._connection.open()
        except (ProtocolError, WorkerDied, LimitExceeded) as error:
            self.close()
            raise SandboxError(f"a submission's process did not start: {error}") from None
        if "layers" not in hello:
            self.close()
            raise SandboxError(f"a power could not be taken away: {hello.get('refused')}")
        self.layers = tuple(str(layer) for layer in hello["layers"])

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, cell: str, source: str, cpu_seconds: float) -> CellRun:
        """Runs one cell in the template.

        Raises:
            WorkerError: if the process ends untidily; the session is then of no more use.
        """
        self._connection.send({"do": "run", "cell": cell, "source": source})
        reply = _reply(self._connection.receive(cpu_seconds))
        output = reply.get("output")
        return CellRun(output if isinstance(output, str) else "", _raised(reply))

    def fork(self, seed: int) -> Worker:
        """Forks a worker that answers calls, from the state that the cells left.

        Raises:
            WorkerError: if the template does not fork.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            connection = Connection(ours)
            self._connection.send({"do": "fork", "seed": seed})
            self._connection.send_descriptor(theirs.fileno())
        worker = Worker(connection)
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        """Ends every process of the submission and waits until the last is gone."""
        for worker in self._workers:
            worker.close()
        self._connection.close()
        with contextlib.suppress(OSError):
            self._lifeline.shutdown(socket.SHUT_WR)
            select.select([self._lifeline], [], [], START_SECONDS)
        self._lifeline.close()


class Worker:
    """A process that answers calls to the student's functions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.open()

    def call(self, request: dict[str, Any], cpu_seconds: float) -> Any:
        """Sends one request and returns what the function returned, or `Raised`.

        Raises:
            KeyError: if the notebook has no such name.
            WorkerError: if the process ends untidily; the worker is then of no more use.
        """
        self._connection.send(request)
        reply = _reply(self._connection.receive(cpu_seconds))
        if reply.get("missing") is True:
            raise KeyError(request["name"])
        if "unsendable" in reply:
            raise ProtocolError("The result is too large or too deeply nested to be a valid one.")
        return _raised(reply) or reply

    def hold(self, value: Any) -> Any:
        """Leaves a value in the worker and returns the handle by which calls name it."""
        self._connection.send({"do": "hold", "value": value})
        return _reply(self._connection.receive(START_SECONDS)).get("value")

    def memory_growth(self, request: dict[str, Any], cpu_seconds: float) -> int | Raised:
        """By how many bytes the submission's peak memory exceeds its memory before a call."""
        namespace = self._connection.namespace
        outside.reset_peaks(namespace)
        before = outside.usage(namespace).resident
        reply = self.call(request, cpu_seconds)
        if isinstance(reply, Raised):
            return reply
        return max(0, outside.usage(namespace).peak - before)

    def close(self) -> None:
        """Ends the worker: its process and what it left behind are killed."""
        self._connection.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._connection.pid > 0:
                os.kill(self._connection.pid, 9)


def _reply(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError("What came back is no valid result.")
    return value


def _raised(reply: dict[str, Any]) -> Raised | None:
    kind, line, text = reply.get("error"), reply.get("line"), reply.get("text")
    if kind is None:
        return None
    known = isinstance(kind, str) and kind in _BUILTIN_EXCEPTIONS
    return Raised(
        kind if known and isinstance(kind, str) else "an exception",
        line if isinstance(line, int) and 0 < line < 100_000 else None,
        text[:2000] if isinstance(text, str) else "",
    )


_BUILTIN_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
