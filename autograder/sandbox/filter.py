"""The seccomp filter: system calls that no answer of this course needs and attacks do."""

from __future__ import annotations

import errno
import socket
import tempfile

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
)
NAMESPACE_FLAGS = 0x7E020080  # every CLONE_NEW* flag of clone(2)


def program() -> bytes:
    """The filter as BPF instructions for this machine.

    Everything is allowed but: `REFUSED` (EPERM), clone with a namespace flag (EPERM), clone3
    (ENOSYS, so that the C library falls back to clone), sockets of any family but AF_UNIX.

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
    made.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    made.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    made.add_rule(refuse, "socketpair", seccomp.Arg(0, seccomp.NE, socket.AF_UNIX))
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()
