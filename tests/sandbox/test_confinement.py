"""What student code finds around it: nothing of the grader, of the machine or of other people."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox import outside
from autograder.sandbox.session import Session

from .conftest import SECONDS, SLOT, only_namespaces

pytestmark = pytest.mark.sandbox
Look = Callable[[str], Any]
REPOSITORY = Path(__file__).parents[2]

REFUSED_ERRORS = """
def refused(do):
    try:
        do()
    except OSError as error:
        return error.errno
    return 0
"""


@only_namespaces
@pytest.mark.parametrize(
    "path",
    [
        *(str(REPOSITORY), str(Path.home()), "/root", "/home", "/var", "/mnt", "/opt", "/run"),
        *("/etc/shadow", "/etc/hosts", "/etc/ssh", "/sys", "/boot", "/usr/local", "/usr/share/doc"),
    ],
)
def test_a_folder_of_the_machine_is_not_there(look: Look, path: str) -> None:
    assert look(f"import os\nseen = os.path.exists({path!r})") is False


@only_namespaces
def test_the_root_holds_only_what_was_put_there(session: Session, look: Look) -> None:
    pid = session.processes.first
    allowed = {"usr", "etc", "bin", "lib", "lib32", "lib64", "python", "site", "dev", "proc", "tmp"}
    assert set(os.listdir(f"/proc/{pid}/root")) <= allowed
    assert look(REFUSED_ERRORS + "import os\nseen = refused(lambda: os.listdir('/'))") == 13


@pytest.mark.parametrize(
    "name", ["pytest", "nbgrader", "hypothesis", "autograder", "pyseccomp", "sqlalchemy", "pip"]
)
def test_a_package_of_the_staff_cannot_be_imported(look: Look, name: str) -> None:
    assert look(f"import importlib.util\nseen = importlib.util.find_spec({name!r}) is None")


@pytest.mark.parametrize("name", ["cvcourse.reference", "cvcourse.checks.public", "nbformat"])
def test_nothing_that_answers_or_checks_can_be_imported(look: Look, name: str) -> None:
    assert (
        look(
            f"try:\n    __import__({name!r})\n    seen = 'there'\n"
            "except ImportError:\n    seen = 'not there'"
        )
        == "not there"
    )


def test_what_notebooks_need_can_be_imported(look: Look) -> None:
    assert (
        look(
            "import numpy, torch, matplotlib.pyplot, tqdm, IPython, cvcourse.checks.given\nseen = 1"
        )
        == 1
    )


@only_namespaces
def test_no_other_package_folder_holds_anything(look: Look) -> None:
    assert (
        look(
            "import glob\n"
            "seen = [p for f in ('/python/lib/python3*', '/usr/lib/python3*') "
            "for n in ('site', 'dist') for p in glob.glob(f'{f}/{n}-packages/*')]"
        )
        == []
    )


@only_namespaces
def test_the_environment_says_nothing(look: Look) -> None:
    environment = look("import os\nseen = dict(os.environ)")
    assert set(environment) <= {
        *("PATH", "HOME", "TMPDIR", "LANG", "PWD", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("MKL_NUM_THREADS", "MPLBACKEND", "MPLCONFIGDIR", "IPYTHONDIR", "CVCOURSE_CACHE"),
        *("CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "PAGER", "GIT_PAGER", "TERM"),
        *(
            "MALLOC_MMAP_THRESHOLD_",
            "KMP_DUPLICATE_LIB_OK",
            "KMP_INIT_AT_FORK",
            "TORCHINDUCTOR_CACHE_DIR",
        ),
    }
    assert environment["PATH"] == "/usr/bin:/bin"
    assert not any("cvcourse-sandbox" in value for value in environment.values())


@only_namespaces
def test_there_is_no_process_but_its_own(look: Look) -> None:
    seen = look("import os\nseen = [n for n in os.listdir('/proc') if n.isdigit()]")
    assert seen in (["1"], [])  # an ordinary user's sandbox has nothing in /proc


@only_namespaces
def test_the_machines_counters_are_not_shown(look: Look) -> None:
    assert (
        look(
            "import os\nseen = [n for n in ('stat', 'meminfo', 'net', 'cmdline', 'sys', 'sysvipc') "
            "if os.path.exists(f'/proc/{n}')]"
        )
        == []
    )


@only_namespaces
def test_nothing_in_proc_can_be_written(look: Look) -> None:
    source = (
        "import os\nseen = [refused(lambda: os.close(os.open(f'/proc/self/{n}', os.O_WRONLY))) "
        "for n in ('comm', 'mem', 'oom_score_adj', 'uid_map')]"
    )
    assert all(look(REFUSED_ERRORS + source))


@only_namespaces
@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user's sandbox keeps the user's number")
def test_the_user_is_the_slots_own_and_nobody_else(look: Look) -> None:
    uid = 61_000 + 2 * SLOT
    source = "import os\nseen = [*os.getresuid(), *os.getresgid(), os.getgroups()]"
    assert look(source) == [uid] * 6 + [[]]


def test_no_power_is_left(session: Session) -> None:
    status = outside.status(session._connection.pid)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")


@only_namespaces
def test_the_account_file_names_students_only(look: Look) -> None:
    names = look("seen = [line.split(':')[0] for line in open('/etc/passwd')]")
    assert set(names) == {"student"}


@only_namespaces
def test_the_host_has_no_name(look: Look) -> None:
    assert look("import socket\nseen = socket.gethostname()") == "sandbox"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
def test_no_socket_but_a_unix_one_can_be_made(look: Look, family: str) -> None:
    if not hasattr(socket, family):
        pytest.skip(f"this Python knows no {family}")
    source = (
        f"import socket\nseen = refused(lambda: socket.socket(socket.{family}, socket.SOCK_DGRAM))"
    )
    assert look(REFUSED_ERRORS + source) == 1


@only_namespaces
def test_an_abstract_socket_of_the_machine_is_out_of_reach(look: Look) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("\0cvcourse-test-of-the-sandbox")
        listening.listen()
        source = (
            "import socket\n"
            "seen = refused(lambda: socket.socket(socket.AF_UNIX)"
            ".connect('\\0cvcourse-test-of-the-sandbox'))"
        )
        assert look(REFUSED_ERRORS + source) != 0


@only_namespaces
def test_only_its_scratch_folders_can_be_written(look: Look) -> None:
    source = """
import os, itertools
folders = [f for top in ('/usr', '/etc', '/python', '/site', '/dev', '/proc', '/bin', '/lib')
           for f, _, _ in itertools.islice(os.walk(top), 200)] + ['/', '/tmp', '/dev/shm']
seen = sorted({f for f in folders if not refused(lambda: open(f + '/x', 'w').close())})
"""
    assert look(REFUSED_ERRORS + source) == ["/dev/shm", "/tmp"]


@only_namespaces
def test_the_scratch_folders_are_empty_and_its_own(look: Look) -> None:
    assert look("import os\nseen = os.listdir('/tmp') + os.listdir('/dev/shm')") == []


@only_namespaces
def test_no_descriptor_but_its_channel_is_open(look: Look) -> None:
    opened = look(
        "import os, stat\nseen = []\n"
        "for n in range(256):\n"
        "    try: seen.append(stat.S_IFMT(os.fstat(n).st_mode))\n"
        "    except OSError: pass"
    )
    assert sorted(opened) == [stat.S_IFCHR] * 3 + [stat.S_IFSOCK]


CALLS = """
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def number(result):
    return ctypes.get_errno() if result < 0 else 0
"""


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ptrace", "libc.ptrace(0, 0, 0, 0)"),
        ("unshare", "libc.unshare(0x10000000)"),
        ("mount", "libc.mount(b'none', b'/tmp', b'tmpfs', 0, b'')"),
        ("clone of a namespace", "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)"),
        ("setns", "libc.setns(0, 0)"),
        ("chroot", "libc.chroot(b'/tmp')"),
        ("keyctl", "libc.syscall(250, 0, 0, 0, 0, 0)"),
        ("process_vm_readv", "libc.process_vm_readv(1, 0, 0, 0, 0, 0)"),
        ("shmget", "libc.shmget(0, 4096, 0o1600)"),
        ("msgget", "libc.msgget(0, 0o1600)"),
        ("semget", "libc.semget(0, 1, 0o1600)"),
        ("bpf", "libc.syscall(321, 0, 0, 0)"),
        ("io_uring", "libc.syscall(425, 1, 0)"),
        ("userfaultfd", "libc.syscall(323, 0)"),
        ("personality", "libc.personality(0x0040000)"),
        ("a priority of another", "libc.setpriority(0, 1, 5)"),
        ("a limit of another", "libc.prlimit(1, 7, None, None)"),
        ("the template is signalled", "libc.kill(1, 18)"),
        ("the template in other bits", "libc.syscall(62, ctypes.c_ulong(1 << 32 | 1), 18)"),
        ("the process group", "libc.kill(0, 18)"),
        ("the template's thread", "libc.syscall(234, 1, 1, 18)"),
        ("a queued signal", "libc.sigqueue(1, 34, ctypes.c_void_p(7))"),
        ("the owner of a descriptor", "libc.fcntl(0, 8, os.getpid())"),
        ("a file without a name", "libc.open(b'/tmp', os.O_TMPFILE | os.O_RDWR, 0o600)"),
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
def test_a_system_call_that_reaches_out_is_refused(look: Look, name: str, call: str) -> None:
    assert look(CALLS + f"seen = number({call})") == 1, name


def test_a_shell_command_prints_into_the_cell(session: Session) -> None:
    assert session.run("cell", "!echo $((6 * 7))", SECONDS).output == "42\n"


@only_namespaces
def test_processes_and_shared_memory_of_its_own_work(look: Look) -> None:
    source = """
import multiprocessing, torch
from torch.utils.data import DataLoader
context = multiprocessing.get_context("fork")
with context.Pool(2) as pool:
    squares = pool.map(abs, [-1, -2])
batches = DataLoader(torch.arange(4), batch_size=2, num_workers=2)
seen = [squares, [batch.tolist() for batch in batches]]
"""
    assert look(source) == [[1, 2], [[0, 1], [2, 3]]]
