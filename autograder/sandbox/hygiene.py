"""Looks from outside whether one worker could leave a message for the next.

A worker is forked by the template, which runs student code and lies. So the kernel is asked, with
both frozen: what do they hold, what has changed? A session whose answer is not spotless serves no
second worker; the next one gets a fresh session in which the cells run again.
"""

from __future__ import annotations

import os
import re
import signal
import stat
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import outside

NULL = (1, 3)  # the device number of /dev/null
SHARED = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ ...s (.*)$", re.MULTILINE)
IGNORED_CHILDREN = 1 << (signal.SIGCHLD - 1)
FOLDERS = ("tmp", "dev/shm")


@dataclass(frozen=True)
class Baseline:
    """A template before it has run any student code.

    Attributes:
        shared: its shared mappings of memory: those of libraries.
        folders: what the kernel says of its scratch folders: empty, and when last changed.
    """

    shared: frozenset[bytes]
    folders: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Template:
    """A frozen template: everything of it that a worker can reach."""

    descriptors: tuple[str, ...]
    folders: tuple[tuple[int, ...], ...]
    numbers: tuple[str, ...]


def baseline(template: int) -> Baseline:
    """Looks at a template that has run nothing yet.

    Raises:
        OSError: if it is gone, or may not be looked at.
    """
    return Baseline(_shared(template), _folders(template))


def template(pid: int) -> Template:
    """Looks at a frozen template.

    Raises:
        OSError: if it is gone.
    """
    told = outside.status(pid)
    folder = Path(f"/proc/{pid}/fdinfo")
    names = sorted(os.listdir(folder), key=int)
    return Template(
        tuple(f"{name}: {(folder / name).read_text()}" for name in names),
        _folders(pid),
        tuple(told[key] for key in ("Threads", "SigPnd", "ShdPnd", "SigIgn")),
    )


def template_faults(pid: int, channel: int, start: Baseline) -> list[str]:
    """What a frozen template holds that could carry a message from one worker to the next.

    Args:
        pid: the template.
        channel: the inode of its end of the channel to the grader.
        start: what it was before any student code ran.
    """
    told = outside.status(pid)
    faults = _held(pid, channel)
    if told["Threads"] != "1":
        faults.append("the template runs threads")
    if int(told["SigPnd"], 16) or int(told["ShdPnd"], 16):
        faults.append("the template has signals waiting")
    if not int(told["SigIgn"], 16) & IGNORED_CHILDREN:
        faults.append("the template waits for its children")
    if _folders(pid) != start.folders:
        faults.append("the template has left files behind")
    return faults


def worker_faults(pid: int, channel: int, start: Baseline) -> list[str]:
    """What a frozen worker that has not been asked anything holds but its channel.

    Args:
        pid: the worker.
        channel: the inode of its end of the channel to the grader.
        start: the template before any student code ran.
    """
    faults = _held(pid, channel)
    if outside.status(pid)["Threads"] != "1":
        faults.append("the worker has started threads")
    if _shared(pid) - start.shared:
        faults.append("the worker shares memory")
    return faults


def number_inside(pid: int) -> int:
    """A process's number in its own pid namespace: it counts what has been started there."""
    return int(outside.status(pid)["NSpid"].split()[-1])


def _held(pid: int, channel: int) -> list[str]:
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        about = os.stat(f"{folder}/{name}")
        null = stat.S_ISCHR(about.st_mode) and (
            (os.major(about.st_rdev), os.minor(about.st_rdev)) == NULL
        )
        own = stat.S_ISSOCK(about.st_mode) and about.st_ino == channel
        if not null and not own:
            return ["a file, pipe or socket is open"]
    return []


def _shared(pid: int) -> frozenset[bytes]:
    return frozenset(SHARED.findall(Path(f"/proc/{pid}/maps").read_bytes()))


def _folders(pid: int) -> tuple[tuple[int, ...], ...]:
    """Any file that comes or goes changes a folder's times."""
    about = [os.stat(f"/proc/{pid}/root/{name}") for name in FOLDERS]
    return tuple(
        (s.st_ino, s.st_mode, s.st_uid, s.st_nlink, s.st_size, s.st_mtime_ns, s.st_ctime_ns)
        for s in about
    )
