"""The start of a sandbox without namespaces: for root in a container whose runtime forbids them.

What namespaces would hide must then be closed by the ordinary permissions of files, so they are
looked at before anything runs.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from autograder.errors import SandboxError
from autograder.sandbox import packages
from autograder.sandbox.inside import confinement

UIDS_PER_SLOT = 100  # each session takes the next
FIRST_UID = 61_000
LAST_UID = 64_999  # Debian leaves 60000 to 64999 free
SYSTEM = (
    *("/usr", "/bin", "/lib", "/lib64", "/lib32", "/etc/passwd", "/etc/group"),
    *("/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random"),
)
WRITABLE = ("/dev/null", "/dev/zero", "/dev/full")
NOT_ROOT = (
    'The profile "container" gives each submission a user of its own, which only root can do. '
    "Run the grader as root in its container."
)
NO_LANDLOCK = (
    'The profile "container" needs Landlock: Linux 5.13 or newer, with landlock among '
    "/sys/kernel/security/lsm, and a container runtime that lets its system calls through."
)


def check(private: Iterable[Path]) -> None:
    """Refuses a machine on which the profile would not hold.

    Args:
        private: files and folders of the staff.

    Raises:
        SandboxError: with what to do.
    """
    if os.getuid() != 0:
        raise SandboxError(NOT_ROOT)
    if not confinement.landlock_version():
        raise SandboxError(NO_LANDLOCK)
    for path in private:
        if path.exists() and reachable(path):
            raise SandboxError(
                f"{path} can be read by every user of this machine, so by a submission as well. "
                f"Close it: chmod 0700 {path}"
            )


def check_python(folder: Path) -> None:
    """Refuses a Python that another user cannot read.

    Raises:
        SandboxError: with what to do.
    """
    for path in (Path(sys.base_prefix), folder, *packages.third_party().values()):
        if not reachable(path.resolve()):
            raise SandboxError(
                f"{path} is closed to other users, and a submission runs as one. Put Python and "
                "the grader's environment where every user can read, for example below /opt."
            )


def reachable(path: Path) -> bool:
    """Whether every user may read it: it itself, and each folder on the way."""
    mode = path.stat().st_mode
    wanted = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    return mode & wanted == wanted and all(
        parent.stat().st_mode & stat.S_IXOTH for parent in path.absolute().parents
    )


def site(folder: Path) -> Path:
    """Fills a folder with the packages that student code may import, as links, and returns it."""
    made = folder / "site"
    made.mkdir()
    packages.build(made)
    for name, path in packages.third_party().items():
        if not (made / name).exists():
            (made / name).symlink_to(path.resolve())
    (folder / "scratch").mkdir(mode=0o755)
    folder.chmod(0o755)
    return made


def readable(made: Path) -> list[str]:
    """All that a submission may read."""
    third_party = (str(path.resolve()) for path in packages.third_party().values())
    return [*SYSTEM, sys.base_prefix, str(made), *third_party]


def user(slot: int, number: int) -> int:
    """The uid of a slot's session; a fresh one for each until they come round again.

    Raises:
        SandboxError: if there are more slots than uids.
    """
    uid = FIRST_UID + slot * UIDS_PER_SLOT + number % UIDS_PER_SLOT
    if uid > LAST_UID:
        raise SandboxError(f"slot {slot} has no uids of its own: at most 40 run on one machine")
    return uid
