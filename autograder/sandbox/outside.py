"""Reads a submission's use of time and memory from outside, where it cannot lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

TICK = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


@dataclass(frozen=True)
class Usage:
    """What all processes of one pid namespace use together.

    Attributes:
        cpu: seconds of processor time, ended children included.
        resident: bytes of memory now.
        peak: bytes of memory at each process's highest point since the last `reset_peaks`.
        processes: how many there are.
    """

    cpu: float
    resident: int
    peak: int
    processes: int


def namespace_of(pid: int) -> int:
    """The pid namespace of a process.

    Raises:
        ProcessLookupError: if the process is gone.
    """
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None


def usage(namespace: int) -> Usage:
    """What the processes of a pid namespace use now."""
    cpu, resident, peak, count = 0.0, 0, 0, 0
    for pid in members(namespace):
        with suppress(*GONE):
            cpu += _cpu(pid)
            now, highest = _memory(pid)
            resident, peak, count = resident + now, peak + highest, count + 1
    return Usage(cpu, resident, peak, count)


def reset_peaks(namespace: int) -> None:
    """Makes each process's highest point of memory its present one."""
    for pid in members(namespace):
        with suppress(*GONE), open(f"/proc/{pid}/clear_refs", "w") as file:
            file.write("5")


def members(namespace: int) -> Iterator[int]:
    """The processes of a pid namespace, by their number in this one."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(*GONE):
                if namespace_of(int(name)) == namespace:
                    yield int(name)


def _cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(fields[i]) for i in (11, 12, 13, 14)) / TICK


def _memory(pid: int) -> tuple[int, int]:
    now = highest = 0
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                now = int(line.split()[1]) * 1024
            elif line.startswith("VmHWM:"):
                highest = int(line.split()[1]) * 1024
    return now, highest
