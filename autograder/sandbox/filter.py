"""The seccomp filter: system calls that no answer of this course needs and attacks do."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import tempfile
from typing import Any

from autograder.errors import SandboxError

REFUSED = (
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "pidfd_getfd",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "unshare",
    "setns",
    "bpf",
    "perf_event_open",
    "add_key",
    "request_key",
    "keyctl",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "open_by_handle_at",
    "name_to_handle_at",
    "userfaultfd",
    "memfd_create",
    "memfd_secret",
    "personality",
    "acct",
    "swapon",
    "swapoff",
    "reboot",
    "sethostname",
    "setdomainname",
    "syslog",
    "quotactl",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "iopl",
    "ioperm",
    "vhangup",
    "lookup_dcookie",
    "fanotify_init",
    "landlock_create_ruleset",
    # What outlives a process or reaches into another one: a worker could leave word for the next.
    "shmget",
    "shmat",
    "semget",
    "msgget",
    "mq_open",
    "pidfd_send_signal",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "process_madvise",
    "process_mrelease",
    "migrate_pages",
    "move_pages",
    "ioprio_set",
)
ABSENT = ("clone3", "openat2")  # ENOSYS: the C library then takes a call whose flags can be read
NAMESPACE_FLAGS = 0x7E020080  # every CLONE_NEW* flag of clone(2)
LOW = 0xFFFFFFFF  # the kernel takes only these bits of an int; the filter sees all 64
TMPFILE = 0x400000  # the O_TMPFILE bit: a file that leaves no trace in its folder
# On a descriptor that a worker inherits these would stay for the next one.
OWNER_COMMANDS = (fcntl.F_SETOWN, fcntl.F_SETSIG, 15, fcntl.F_NOTIFY, fcntl.F_SETLEASE)
# Calls that change the process given by their first argument; 0 is the caller itself.
OTHERS = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")


def program(profile: str = "namespaces") -> bytes:
    """The filter as BPF instructions for this machine.

    Everything is allowed but: `REFUSED` (EPERM); clone with a namespace flag (EPERM); `ABSENT`
    (ENOSYS); sockets of any family but AF_UNIX; signals to the template, which is process 1 of
    its namespace, and changes to any process but the caller. In a container, whose sockets are
    there for all, also connections and datagrams.

    Args:
        profile: "namespaces" or "container".

    Raises:
        SandboxError: if libseccomp is missing.
    """
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxError(
            f"libseccomp could not be loaded ({error}). "
            "Install it: sudo apt-get install libseccomp2 (Debian, Ubuntu)"
        ) from None
    refuse = seccomp.ERRNO(errno.EPERM)
    made = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in REFUSED:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:
            made.add_rule(refuse, name)
    flag = 1
    while flag <= NAMESPACE_FLAGS:
        if flag & NAMESPACE_FLAGS:
            made.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
        flag <<= 1
    for name in ABSENT:
        made.add_rule(seccomp.ERRNO(errno.ENOSYS), name)
    made.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    made.add_rule(refuse, "socketpair", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    _leave_others_alone(made, refuse, seccomp)
    if profile == "container":
        made.add_rule(refuse, "connect")
        kind = seccomp.Arg(1, seccomp.MASKED_EQ, 0xF, socket.SOCK_DGRAM)
        made.add_rule(refuse, "socket", kind)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def _leave_others_alone(made: Any, refuse: Any, seccomp: Any) -> None:
    """Refuses what would reach the template, frozen while a worker answers, or the next worker."""
    for name in ("kill", "tkill", "tgkill"):
        made.add_rule(refuse, name, seccomp.Arg(0, seccomp.MASKED_EQ, LOW, 1))
    made.add_rule(refuse, "kill", seccomp.Arg(0, seccomp.MASKED_EQ, LOW, 0))  # its process group
    for name in OTHERS:
        made.add_rule(refuse, name, seccomp.Arg(0, seccomp.NE, 0))
    made.add_rule(refuse, "setpriority", seccomp.Arg(0, seccomp.NE, os.PRIO_PROCESS))
    made.add_rule(refuse, "setpriority", seccomp.Arg(1, seccomp.NE, 0))
    for command in OWNER_COMMANDS:
        made.add_rule(refuse, "fcntl", seccomp.Arg(1, seccomp.MASKED_EQ, LOW, command))
    made.add_rule(refuse, "openat", seccomp.Arg(2, seccomp.MASKED_EQ, TMPFILE, TMPFILE))
    if seccomp.resolve_syscall(seccomp.Arch.NATIVE, "open") >= 0:
        made.add_rule(refuse, "open", seccomp.Arg(1, seccomp.MASKED_EQ, TMPFILE, TMPFILE))
