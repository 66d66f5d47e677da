"""Sees and steers a submission's processes from outside, where they cannot lie.

All processes of a submission descend from one: the first of their pid namespace, or where there
are no namespaces the guard that adopts orphans. A process is signalled through a descriptor that
is checked after it was opened, so that a number used again never hits a stranger.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

TICK = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
STOPPED, ENDED = "tT", "ZX"
PATIENCE = 5.0  # seconds for a signal to take effect; microseconds on an idle machine
MOST_ROUNDS = 50  # of killing what forks faster than it is found


@dataclass(frozen=True)
class Usage:
    """What all processes of one submission use together.

    Attributes:
        cpu: seconds of processor time; of ended processes as much as was seen.
        resident: bytes of memory now.
        peak: bytes of memory at each process's highest point since the last `reset_peaks`.
        file: bytes of `resident` that mirror files: libraries, as far as they have been used.
        own: bytes of memory now, less what each process shares with the first from its birth.
        processes: how many there are.
    """

    cpu: float
    resident: int
    peak: int
    file: int
    own: int
    processes: int


@dataclass
class _Seen:
    """The last look at one process: its own processor time, its ended children's, its peak."""

    own: float = 0.0
    children: float = 0.0
    peak: int = 0


@dataclass
class Processes:
    """The processes of one submission.

    Args:
        first: the process from which all others descend.
        uid: the user they run as, where they have no pid namespace of their own.

    Raises:
        ProcessLookupError: if it is gone.
    """

    first: int
    uid: int | None = None
    _seen: dict[int, _Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pin, self._namespace = -1, 0
        try:
            self._inherited = _memory(self.first)[0]
            if self.uid is not None:
                return
            # Held open, so that the namespace's number stays its own for as long.
            self._pin = os.open(f"/proc/{self.first}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        except GONE:
            raise ProcessLookupError(self.first) from None
        self._namespace = os.fstat(self._pin).st_ino

    def close(self) -> None:
        """Lets go of what is held."""
        if self._pin >= 0:
            os.close(self._pin)
            self._pin = -1

    def members(self) -> list[int]:
        """The processes, ended ones that nobody has waited for included."""
        found = [self.first]
        for pid in found:  # grows while it is walked
            found += [child for child in _children(pid) if child not in found]
        return found

    def usage(self) -> Usage:
        """What they use now.

        Processor time is summed over all processes ever seen. What a process used that came and
        went between two looks is known only where its parent waited for it.
        """
        resident, mirrored, mine, alive = 0, 0, 0, set[int]()
        for pid in self.members():
            with contextlib.suppress(*GONE):
                own, children = _cpu(pid)
                now, highest, file = _memory(pid)
                self._seen[pid] = _Seen(own, children, highest)
                alive.add(pid)
                resident, mirrored = resident + now, mirrored + file
                mine += max(0, now - self._inherited)
        seen = self._seen
        gone = sum(seen[pid].own + seen[pid].children for pid in seen if pid not in alive)
        waited_for = sum(seen[pid].children for pid in alive)
        cpu = sum(seen[pid].own for pid in alive) + max(gone, waited_for)
        peak = sum(s.peak for s in seen.values())
        return Usage(cpu, resident, peak, mirrored, mine, len(alive))

    def reset_peaks(self) -> None:
        """Makes each process's highest point of memory its present one; forgets ended ones."""
        alive = self.members()
        self._seen = {pid: seen for pid, seen in self._seen.items() if pid in alive}
        for pid in alive:
            with contextlib.suppress(*GONE), open(f"/proc/{pid}/clear_refs", "w") as file:
                file.write("5")

    def stop(self, pid: int) -> bool:
        """Freezes a process; whether it is frozen now."""
        return self.signal(pid, signal.SIGSTOP) and _until(lambda: state(pid) in STOPPED)

    def resume(self, pid: int) -> None:
        """Lets a frozen process run."""
        self.signal(pid, signal.SIGCONT)

    def kill(self, pid: int) -> bool:
        """Kills a process; whether it has ended now."""
        self.signal(pid, signal.SIGKILL)
        return _until(lambda: state(pid) in ENDED)

    def kill_others(self, keep: set[int]) -> tuple[int, bool]:
        """Kills all but those in `keep`.

        Returns:
            How many were found, ended ones included; and whether none is left alive.
        """
        found = set[int]()
        for _ in range(MOST_ROUNDS):
            others = [pid for pid in self.members() if pid not in keep]
            found.update(others)
            alive = [pid for pid in others if state(pid) not in ENDED]
            if not alive:
                return len(found), True
            for pid in alive:
                self.signal(pid, signal.SIGKILL)
            _until(lambda alive=alive: all(state(pid) in ENDED for pid in alive))  # type: ignore[misc]
        return len(found), False

    def signal(self, pid: int, number: int) -> bool:
        """Signals one of the submission's processes; False if it is gone or none of them."""
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if not self._owns(pid):
                return False
            signal.pidfd_send_signal(descriptor, number)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _owns(self, pid: int) -> bool:
        if self.uid is None:
            return os.stat(f"/proc/{pid}/ns/pid").st_ino == self._namespace
        return status(pid)["Uid"].split() == [str(self.uid)] * 4


def folder_is_over(folder: str, most_bytes: int, most_files: int) -> bool:
    """Whether a folder holds more than it may; looks no further than that."""
    waiting, held, files = [folder], 0, 0
    while waiting and held <= most_bytes and files <= most_files:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                files += 1
                if files > most_files:
                    break
                with contextlib.suppress(OSError):
                    held += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return held > most_bytes or files > most_files


def state(pid: int) -> str:
    """The kernel's letter for what a process does: R runs, S sleeps, T is stopped; X is gone."""
    try:
        return _fields(pid)[0]
    except GONE:
        return "X"


def status(pid: int) -> dict[str, str]:
    """The fields of a process's status.

    Raises:
        FileNotFoundError: if it is gone.
    """
    with open(f"/proc/{pid}/status", errors="replace") as file:
        return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}


def process_limit(pid: int) -> int | None:
    """How many processes and threads a process's user may have; None if it is gone or unlimited."""
    with contextlib.suppress(*GONE), open(f"/proc/{pid}/limits") as file:
        for line in file:
            if line.startswith("Max processes"):
                hard = line.split()[3]
                return int(hard) if hard.isdigit() else None
    return None


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(*GONE):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(*GONE), open(f"/proc/{pid}/task/{thread}/children") as file:
                yield from map(int, file.read().split())


def _until(true: Callable[[], bool]) -> bool:
    """Waits until something is true; False when patience ends."""
    started, pause = time.monotonic(), 0.00005
    while not true():
        if time.monotonic() - started > PATIENCE:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.002)
    return True


def _fields(pid: int) -> list[str]:
    """The fields of /proc/pid/stat from the third on: the second may hold anything."""
    with open(f"/proc/{pid}/stat", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    if not fields:
        raise ProcessLookupError(pid)
    return fields


def _cpu(pid: int) -> tuple[float, float]:
    fields = _fields(pid)
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / TICK, children / TICK


def _memory(pid: int) -> tuple[int, int, int]:
    """Resident bytes now, at most, and of files."""
    found = dict.fromkeys(("VmRSS", "VmHWM", "RssFile"), 0)
    with open(f"/proc/{pid}/status", errors="replace") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key in found:
                found[key] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"], found["RssFile"]
