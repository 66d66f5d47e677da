"""The grader's end of one submission: runs its cells, forks workers, calls functions.

Whatever comes back is data from a stranger. A reply that is late, malformed or missing raises a
`WorkerError`; nothing else can happen here.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import Any

from autograder.errors import (
    LimitExceeded,
    ProtocolError,
    SandboxError,
    SessionSpent,
    WorkerDied,
    WorkerError,
)
from autograder.sandbox import hygiene, outside
from autograder.sandbox.connection import START_SECONDS, Connection, Scratch, pair, sender
from autograder.sandbox.outside import Processes
from autograder.sandbox.replies import CellRun as CellRun
from autograder.sandbox.replies import Raised as Raised
from autograder.sandbox.replies import raised_in, reply_of

# A first matrix product of torch brings in about 15 MiB of its library; what a liar would map at
# the end of a call to hide its peak is worth no more than this.
MOST_OF_LIBRARIES = 32 << 20
ODD = "The process of your notebook does not answer as it should."


class Session:
    """One submission: a template process that runs cells and forks workers, one at a time.

    While a worker lives, everything else of the submission is frozen or dead.

    Args:
        channel: this end of the channel to the template.
        lifeline: closes when every process of the submission is gone; closing it kills them.
        their_inode: of the template's end of the channel.
        uid: whom its processes run as where they have no namespaces; then the guard is the first
            of them, and the session serves one worker.
        scratch: its folder, where it has no file system of its own.
    """

    def __init__(
        self,
        channel: socket.socket,
        lifeline: socket.socket,
        their_inode: int,
        uid: int | None = None,
        scratch: Scratch | None = None,
    ) -> None:
        self.closed = False
        self._connection = Connection(channel)
        self._lifeline = lifeline
        self._inode = their_inode
        self._uid = uid
        self._connection.scratch = scratch
        self._processes: Processes | None = None
        self._worker: Worker | None = None
        self._before: hygiene.Template | None = None
        self._last_number: int | None = None
        self.faults: list[str] = []  # why it serves no second worker, if it does not
        self.layers = self._start()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def spent(self) -> bool:
        """Whether a further worker might learn what an earlier one was asked."""
        return bool(self.faults) and self._last_number is not None

    def run(self, cell: str, source: str, cpu_seconds: float) -> CellRun:
        """Runs one cell in the template.

        Raises:
            WorkerError: if the process ends untidily; the session is then of no more use.
        """
        self._connection.send({"do": "run", "cell": cell, "source": source})
        reply = reply_of(self._connection.receive(cpu_seconds))
        output = reply.get("output")
        return CellRun(output if isinstance(output, str) else "", raised_in(reply))

    def fork(self, seed: int) -> Worker:
        """Forks a worker that answers calls, from the state that the cells left.

        The worker before it is ended. Everything else of the submission is frozen or killed.

        Raises:
            SessionSpent: if a fresh session is needed: this worker might know of an earlier one.
            WorkerError: if the template does not fork.
        """
        self._take_stock()
        if self.spent:
            raise SessionSpent("; ".join(self.faults))
        processes = self.processes
        processes.resume(processes.first)
        ours, theirs = pair()
        connection = Connection(ours, processes)
        connection.scratch = self._connection.scratch
        self._worker = Worker(connection, self._kill_worker)
        try:
            with theirs:
                inode = os.fstat(theirs.fileno()).st_ino
                self._connection.send({"do": "fork", "seed": seed})
                self._connection.send_descriptor(theirs.fileno())
            connection.open()
            reply_of(self._connection.receive(START_SECONDS))  # the template has let go of its end
            self._set_apart(processes, connection.pid, inode)
        except (WorkerError, SessionSpent):
            self.faults.append("a fork failed")
            self._kill_worker()
            raise
        return self._worker

    def close(self) -> None:
        """Ends every process of the submission and waits until the last is gone."""
        if self.closed:
            return
        self.closed = True
        if self._worker is not None:
            self._worker.connection.close()
        if self._processes is not None:
            if self._uid is None:  # else the guard ends them, and stays to do so
                self._processes.signal(self._processes.first, signal.SIGKILL)
            self._processes.close()
        self._connection.close()
        with contextlib.suppress(OSError):
            self._lifeline.shutdown(socket.SHUT_WR)
            select.select([self._lifeline], [], [], START_SECONDS)
        self._lifeline.close()

    def _start(self) -> tuple[str, ...]:
        """Hears from the template and looks at it, before it runs any student code."""
        try:
            hello = self._connection.open()
            if "layers" not in hello:
                raise SandboxError(f"a power could not be taken away: {hello.get('refused')}")
            guard = sender(self._lifeline)
            self._lifeline.recv(1)
            if self._uid is None:
                self._processes = Processes(self._connection.pid)
                self._baseline = hygiene.baseline(self._processes.first)
            else:
                self._processes = Processes(guard, self._uid)
            self._connection.processes = self._processes
        except (WorkerError, OSError) as error:
            self.close()
            raise SandboxError(f"a submission's process did not start: {error}") from None
        except SandboxError:
            self.close()
            raise
        return tuple(str(layer) for layer in hello["layers"])

    @property
    def processes(self) -> Processes:
        """The submission's processes, seen from outside.

        Raises:
            WorkerDied: if they have ended.
        """
        if self._processes is None:
            raise WorkerDied("The process of your notebook has ended.")
        return self._processes

    def _set_apart(self, processes: Processes, pid: int, inode: int) -> None:
        """Freezes or kills everything but the worker, and looks at it before its work."""
        if pid in (processes.first, self._connection.pid):
            raise WorkerDied(ODD)
        frozen = self._uid is None
        if frozen and not (processes.stop(processes.first) and processes.stop(pid)):
            raise WorkerDied(ODD)
        found, none_left = processes.kill_others({processes.first, pid})
        if not none_left:
            raise LimitExceeded("Your notebook starts processes without end.")
        if not frozen:
            self.faults.append("there are no namespaces")  # the template is dead
            self._last_number = 0
            return
        self._inspect(processes, pid, inode)
        if found:
            self.faults.append("other processes were running")
        processes.resume(pid)

    def _inspect(self, processes: Processes, pid: int, inode: int) -> None:
        """Looks for anything by which this worker could hear of others, or others of it."""
        first = processes.first
        try:
            number = hygiene.number_inside(pid)
            faults = hygiene.template_faults(first, self._inode, self._baseline)
            faults += hygiene.worker_faults(pid, inode, self._baseline)
            self._before = hygiene.template(first)
        except OSError:
            raise WorkerDied("The process of your notebook ended before the call.") from None
        if self._last_number is not None and number != self._last_number + 1:
            raise SessionSpent("an earlier worker has started processes")
        self._last_number = number
        self.faults += faults

    def _kill_worker(self) -> None:
        """Kills the worker without waiting for its end; nobody speaks to it any more."""
        if self._worker is not None and self._processes is not None:
            self._worker.connection.close()
            self._processes.signal(self._worker.connection.pid, signal.SIGKILL)

    def _take_stock(self) -> None:
        """Makes sure that the worker is gone, and looks at what it has changed."""
        if self._worker is None or self._processes is None:
            return
        self._kill_worker()
        self._worker = None
        processes = self._processes
        _found, none_left = processes.kill_others({processes.first})
        try:
            if not none_left or processes.members() != [processes.first]:
                self.faults.append("processes are left")
            elif hygiene.template(processes.first) != self._before:
                self.faults.append("a worker has changed what it shares with the next one")
        except OSError:
            self.faults.append("the template is gone")


class Worker:
    """A process that answers calls to the student's functions.

    Args:
        connection: the socket to it.
        end: kills it, and whatever it has started.
    """

    def __init__(self, connection: Connection, end: Callable[[], None]) -> None:
        self.connection = connection
        self._end = end

    def call(self, request: dict[str, Any], cpu_seconds: float) -> Any:
        """Sends one request and returns what the function returned, or `Raised`.

        Raises:
            KeyError: if the notebook has no such name.
            WorkerError: if the process ends untidily; the worker is then of no more use.
        """
        if request["do"] == "count_steps":
            self.work_alone()  # so that no helper runs the loop instead
        self.connection.send(request)
        reply = reply_of(self.connection.receive(cpu_seconds))
        if reply.get("missing") is True:
            raise KeyError(request["name"])
        if "unsendable" in reply:
            raise ProtocolError("The result is too large or too deeply nested to be a valid one.")
        return raised_in(reply) or reply

    def hold(self, value: Any) -> Any:
        """Leaves a value in the worker and returns the handle by which calls name it."""
        self.connection.send({"do": "hold", "value": value})
        return reply_of(self.connection.receive(START_SECONDS)).get("value")

    def work_alone(self) -> None:
        """From now on the worker starts no process and no thread: what is metered is all there is.

        It gives up that right itself, for good; the kernel tells whether it has.

        Raises:
            WorkerError: if it has not.
        """
        self.connection.send({"do": "work_alone"})
        self.connection.receive(START_SECONDS)
        processes, pid = self.processes, self.connection.pid
        _found, none_left = processes.kill_others({processes.first, pid})
        if not none_left or outside.process_limit(pid) != 0:
            raise ProtocolError(ODD)

    def memory_growth(self, request: dict[str, Any], cpu_seconds: float) -> tuple[int, Any]:
        """By how many bytes a call lifts the submission's memory at its peak, and the reply.

        Parts of libraries that the call is the first to use are not counted.
        """
        processes = self.processes
        self.work_alone()
        processes.reset_peaks()
        before = processes.usage()
        reply = self.call(request, cpu_seconds)
        after = processes.usage()
        libraries = min(max(0, after.file - before.file), MOST_OF_LIBRARIES)
        return max(0, after.peak - before.resident - libraries), reply

    def cpu_of(self, request: dict[str, Any], cpu_seconds: float) -> tuple[float, Any]:
        """Processor time that all processes of the submission use for a call, and the reply."""
        self.work_alone()
        before = self.processes.usage().cpu
        reply = self.call(request, cpu_seconds)
        return self.processes.usage().cpu - before, reply

    @property
    def processes(self) -> Processes:
        """The submission's processes, seen from outside: all but the worker's own are frozen."""
        assert self.connection.processes is not None
        return self.connection.processes

    def close(self) -> None:
        """Ends the worker: its process and what it has started are killed."""
        self._end()
