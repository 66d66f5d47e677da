"""A socket to a process of a submission: sends requests, waits for replies within limits."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from autograder.errors import LimitExceeded, ProtocolError, WorkerDied
from autograder.sandbox import outside
from autograder.sandbox.inside import wire
from autograder.sandbox.outside import Processes

START_SECONDS = 30
LOOK_EVERY = 0.1  # seconds between two looks at a submission's use of time and memory
WALL_FACTOR = 6  # a call that sleeps is ended after this many times its CPU seconds
MEMORY_OF_ALL = 4 << 30  # bytes that all processes of a submission may hold together
CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True)
class Scratch:
    """A submission's folder, where it lies on a disk and is no file system of its own."""

    folder: str
    most_bytes: int
    most_files: int = 4096


def pair() -> tuple[socket.socket, socket.socket]:
    """A socket pair; the first end learns from the kernel who writes to the second."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def sender(channel: socket.socket) -> int:
    """Who sent the message that comes next, as the kernel says; 0 if nobody did in time."""
    select.select([channel], [], [], START_SECONDS)
    with contextlib.suppress(OSError):
        _data, ancillary, _flags, _address = channel.recvmsg(
            1, socket.CMSG_SPACE(CREDENTIALS.size), socket.MSG_PEEK | socket.MSG_DONTWAIT
        )
        for _level, kind, data in ancillary:
            if kind == socket.SCM_CREDENTIALS:
                return int(CREDENTIALS.unpack(data)[0])
    return 0


class Connection:
    """A socket to a process; knows from the kernel which process it is.

    Args:
        channel: this end of the socket pair.
        processes: the submission's processes, watched while a reply is awaited; without it only
            the clock is.
    """

    def __init__(self, channel: socket.socket, processes: Processes | None = None) -> None:
        self._channel = channel
        self.processes = processes
        self.pid = 0
        self.scratch: Scratch | None = None

    def open(self) -> Any:
        """Reads the first message, and from the kernel who sent it.

        Raises:
            WorkerError: as `receive`.
        """
        self.pid = sender(self._channel)
        return self.receive(START_SECONDS)

    def send(self, value: Any) -> None:
        """Sends a request.

        Raises:
            WorkerDied: if the process is gone, or does not read.
        """
        try:
            self._channel.settimeout(START_SECONDS)
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
        """Hands a descriptor over.

        Raises:
            WorkerDied: if the process is gone.
        """
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
        self.looked = self.started
        self.cpu_before: float | None = None

    def read(self, channel: socket.socket, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            ready = self.connection._wait(LOOK_EVERY)
            if not ready or time.monotonic() - self.looked > LOOK_EVERY:
                self._look()  # also at one that sends a byte now and then
            if ready:
                got = channel.recv(min(size - len(data), wire.CHUNK))
                if not got:
                    raise EOFError
                data += got
        return data

    def _look(self) -> None:
        self.looked = time.monotonic()
        waited = self.looked - self.started
        if waited > WALL_FACTOR * self.cpu_seconds:
            raise LimitExceeded("It waited for something that does not come.")
        scratch = self.connection.scratch
        if scratch and outside.folder_is_over(
            scratch.folder, scratch.most_bytes, scratch.most_files
        ):
            raise LimitExceeded("It wrote more or larger files than a submission may.")
        if self.connection.processes is None:
            return
        used = self.connection.processes.usage()
        if self.cpu_before is None:
            self.cpu_before = max(0.0, used.cpu - waited * 1.5)
        if used.cpu - self.cpu_before > self.cpu_seconds:
            raise LimitExceeded(
                f"It used more than {self.cpu_seconds:.0f} seconds of processor time. "
                "Is there a loop that does not end, or one that should be an array operation?"
            )
        if used.own > MEMORY_OF_ALL:
            raise LimitExceeded("It used more memory than a submission may.")
