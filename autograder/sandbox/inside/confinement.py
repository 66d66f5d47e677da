"""Takes powers away from the process that calls it, layer by layer, before student code runs.

Every function either does what it says or raises OSError; nothing falls back silently.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
from collections.abc import Iterable
from dataclasses import dataclass

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_READ, PR_CAPBSET_DROP = 4, 22, 23, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECCOMP_MODE_FILTER = 2
LINUX_CAPABILITY_VERSION_3 = 0x20080522
SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
SYS_LANDLOCK = 444  # create_ruleset, add_rule 445, restrict_self 446: the same on all machines
LANDLOCK_PATH_BENEATH = 1
# Rights by the ABI that brought them: 13 in 1, REFER in 2, TRUNCATE in 3, IOCTL_DEV in 5.
LANDLOCK_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
LANDLOCK_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read files, read folders
LANDLOCK_FILE_ONLY = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
LANDLOCK_NET = 3  # bind and connect TCP, ABI 4
LANDLOCK_SCOPES = 3  # abstract unix sockets and signals, ABI 6

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What one process of a submission may use.

    Attributes:
        address_space: bytes of virtual memory per process.
        file_size: bytes of the largest file it may write.
        open_files: descriptors.
        processes: processes and threads of the submission together.
        scratch: bytes of /tmp and of /dev/shm, each.
    """

    address_space: int = 2 << 30
    file_size: int = 64 << 20
    open_files: int = 256
    processes: int = 64
    scratch: int = 64 << 20


def unshare(*, user: bool) -> None:
    """Leaves the namespaces of pids (from the next fork on), network, IPC, names and mounts.

    Args:
        user: also make a user namespace, which an ordinary user needs for the others.
    """
    flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS
    uid, gid = os.getuid(), os.getgid()
    _done(_libc.unshare(flags | (CLONE_NEWUSER if user else 0)), "unshare")
    if user:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")


def private_mounts(limits: Limits) -> None:
    """Gives the process its own empty /tmp, /dev/shm and /proc.

    A /proc of its own would show where this machine keeps its files, in the table of mounts, and
    the kernel grants none to an ordinary user.

    Args:
        limits: how large the first two may grow.
    """
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    options = f"size={limits.scratch},nr_inodes=4096,mode=1777"
    for path in ("/tmp", "/dev/shm"):
        _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options)
    flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    _mount("tmpfs", "/proc", "tmpfs", flags, "size=4096,mode=0555")


def become(uid: int) -> None:
    """Gives up root for good: the uid and gid become `uid`, all groups are dropped."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_bounding_set() -> None:
    """Empties the set of capabilities that could ever be had; needs one of them to do it."""
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) < 0:
            return  # the kernel knows no more
        _done(_libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl capbset_drop")


def drop_capabilities() -> None:
    """Empties the capability sets."""
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    _done(_libc.syscall(SYS_CAPSET[platform.machine()], header, data), "capset")


def adopt_orphans() -> None:
    """Makes the process the parent of descendants whose own parent ends."""
    _done(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl child_subreaper")


def set_limits(limits: Limits, *, processes: bool = True) -> None:
    """Sets the hard limits; `RLIMIT_CORE` is zero.

    Args:
        limits: the limits.
        processes: False leaves out their number, which is counted over all that a user runs.
    """
    for what, value in (
        (resource.RLIMIT_AS, limits.address_space),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_CORE, 0),
    ):
        if what == resource.RLIMIT_NPROC and not processes:
            continue
        resource.setrlimit(what, (value, value))


def no_new_privileges() -> None:
    """Makes set-uid programs powerless and lets the two filters below be installed."""
    _done(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")


def landlock_version() -> int:
    """The kernel's Landlock ABI; 0 where there is none."""
    return max(0, int(_libc.syscall(SYS_LANDLOCK, None, 0, 1)))


def restrict_files(read: Iterable[str], write: Iterable[str]) -> None:
    """Allows files below `read` to be read and run, below `write` to be changed, and no others.

    TCP, signals to other processes and abstract unix sockets outside are refused as well where
    the kernel's Landlock knows them.
    """
    version = landlock_version()
    rights = LANDLOCK_RIGHTS[max(v for v in LANDLOCK_RIGHTS if v <= version)]
    handled = (ctypes.c_uint64 * 3)(
        rights, LANDLOCK_NET if version >= 4 else 0, LANDLOCK_SCOPES if version >= 6 else 0
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _done(_libc.syscall(SYS_LANDLOCK, handled, size, 0), "landlock_create_ruleset")
    for paths, allowed in ((read, LANDLOCK_READ), (write, rights)):
        for path in paths:
            _allow_beneath(ruleset, path, allowed)
    _done(_libc.syscall(SYS_LANDLOCK + 2, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def install_filter(program: bytes) -> None:
    """Installs a seccomp filter.

    Args:
        program: BPF instructions, eight bytes each, as libseccomp exports them.
    """

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    _done(
        _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0),
        "prctl seccomp",
    )


def let_the_grader_look() -> None:
    """Lets a grader of the same user read this process's meters in its own /proc."""
    _done(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl dumpable")


def _allow_beneath(ruleset: int, path: str, allowed: int) -> None:
    class PathBeneath(ctypes.Structure):
        _pack_ = 1
        _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))

    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        allowed &= LANDLOCK_FILE_ONLY
    rule = PathBeneath(allowed, parent)
    result = _libc.syscall(SYS_LANDLOCK + 1, ruleset, LANDLOCK_PATH_BENEATH, ctypes.byref(rule), 0)
    _done(result, f"landlock_add_rule {path}")
    os.close(parent)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode(),
    )
    _done(result, f"mount {target}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _done(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
