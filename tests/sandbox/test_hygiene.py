"""What one worker was asked does not reach the next: each road between them is tried."""

from __future__ import annotations

import pytest

from autograder.errors import ProtocolError, SessionSpent
from autograder.sandbox import outside
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.session import Session

from .conftest import SECONDS, call, only_namespaces

pytestmark = pytest.mark.sandbox
SECRET = 123_457  # stands for a hidden input

# Each road: what the cells prepare; how one worker leaves `x` there; how the next one finds it.
# A cell that patches the template's own functions stands for a template that lies.
PATCHED_FORK = """
import sys
inside = sys.modules['inside.worker']
honest = inside._fork
"""
ROADS = {
    "a file in /tmp": (
        "",
        "open('x', 'w').write(str(x))",
        "return int(open('x').read())",
    ),
    "a file in /dev/shm": (
        "",
        "open('/dev/shm/x', 'w').write(str(x))",
        "return int(open('/dev/shm/x').read())",
    ),
    "the number of files ever made": (
        "import os, tempfile\n",
        "for _ in range(x % 1000):\n        with open('x', 'w'): pass\n        os.remove('x')",
        "open('y', 'w').close()\n    return 0 if os.stat('y').st_ino < 100 else SECRET",
    ),
    "a file opened by a cell": (
        "file = open('x', 'w+')\nimport os\nos.remove('x')\n",
        "file.write(str(x)); file.flush()",
        "file.seek(0)\n    return int(file.read())",
    ),
    "a pipe made by a cell": (
        "import os\nr, w = os.pipe()\nos.set_blocking(r, False)\n",
        "os.write(w, str(x).encode())",
        "return int(os.read(r, 99))",
    ),
    "a socket made by a cell": (
        "import socket\na, b = socket.socketpair()\na.setblocking(False)\n",
        "b.send(str(x).encode())",
        "return int(a.recv(99))",
    ),
    "a listening socket": (
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0x')\ns.listen()\n"
        "s.setblocking(False)\n",
        "c = socket.socket(socket.AF_UNIX); c.connect('\\0x'); c.send(str(x).encode())",
        "return int(s.accept()[0].recv(99))",
    ),
    "memory shared by a cell": (
        "import mmap\nm = mmap.mmap(-1, 4096)\n",
        "m[:8] = x.to_bytes(8, 'little')",
        "return int.from_bytes(m[:8], 'little')",
    ),
    "a tensor in shared memory": (
        "import torch\nt = torch.zeros(1, dtype=torch.int64).share_memory_()\n",
        "t[0] = x",
        "return int(t[0])",
    ),
    "a deleted file mapped and closed": (
        "import mmap, os, tempfile\nd, path = tempfile.mkstemp()\nos.unlink(path)\n"
        "os.ftruncate(d, 4096)\n"
        "m = mmap.mmap(d, 4096)\nos.close(d)\n",
        "m[:8] = x.to_bytes(8, 'little')",
        "return int.from_bytes(m[:8], 'little')",
    ),
    "a helper process": (
        "import os, socket\na, b = socket.socketpair()\n"
        "if os.fork() == 0:\n"
        "    held = b'0'\n"
        "    while True:\n"
        "        got = b.recv(99)\n"
        "        held = got if got != b'?' else (b.send(held), held)[1]\n"
        "a.settimeout(1)\n",
        "a.send(str(x).encode())",
        "a.send(b'?'); return int(a.recv(99))",
    ),
    "a daemon of the worker's": (
        "import os, socket, time\n",
        "if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
        "            s = socket.socket(socket.AF_UNIX); s.bind('\\0daemon'); s.listen()\n"
        "            s.accept()[0].send(str(x).encode()); time.sleep(100)\n"
        "        os._exit(0)\n    time.sleep(0.2)",
        "c = socket.socket(socket.AF_UNIX); c.settimeout(1); c.connect('\\0daemon')\n"
        "    return int(c.recv(99))",
    ),
    "a thread of the template's": (
        "import threading, os\nr, w = os.pipe()\nbox = []\n"
        "threading.Thread(target=lambda: box.append(os.read(r, 99)), daemon=True).start()\n",
        "os.write(w, str(x).encode())",
        "return int(box[0])",
    ),
    "a signal to the template": (
        "import os, signal\ncount = []\n"
        "signal.signal(signal.SIGUSR1, lambda *_: count.append(1))\n",
        "os.kill(1, signal.SIGUSR1)",
        "return SECRET if count else 0",
    ),
    "a limit of the template's": (
        "import resource\n",
        "resource.prlimit(1, resource.RLIMIT_CPU, (x, x))",
        "return resource.getrlimit(resource.RLIMIT_CPU)[0]",
    ),
    "the priority of the template": (
        "import os\n",
        "os.setpriority(os.PRIO_USER, 0, 5)",
        "return SECRET if os.getpriority(os.PRIO_PROCESS, 0) == 5 else 0",
    ),
    "the count of processes": (
        "import os\n",
        "for _ in range(x % 40):\n        if os.fork() == 0: os._exit(0)\n        os.wait()",
        "return SECRET if os.getpid() > 30 else 0",
    ),
    "the worker's end, seen by its parent": (
        PATCHED_FORK + "import os, signal\n"
        "ends = []\n"
        "def lying(channel, notebook, seed):\n"
        "    try: ends.append(os.waitstatus_to_exitcode(os.waitpid(-1, os.WNOHANG)[1]))\n"
        "    except ChildProcessError: pass\n"
        "    honest(channel, notebook, seed)\n"
        "    signal.signal(signal.SIGCHLD, signal.SIG_DFL)\n"
        "inside._fork = lying\n",
        "os._exit(x % 251)",
        "return SECRET if SECRET % 251 in ends else 0",
    ),
    "the channel kept by the template": (
        PATCHED_FORK + "import os, signal, array, socket\n"
        "kept = []\n"
        "def lying(channel, notebook, seed):\n"
        "    _, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))\n"
        "    d = array.array('i', ancillary[0][2])[0]\n"
        "    kept.append(os.dup(d))\n"
        "    signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "    if os.fork() == 0:\n"
        "        channel.close()\n"
        "        inside.serve_calls(socket.socket(fileno=d), notebook)\n"
        "    os.close(d)\n"
        "    inside.wire.send(channel, {'forked': True})\n"
        "inside._fork = lying\n",
        "pass",
        "return SECRET if kept and str(SECRET).encode() in os.read(kept[0], 999) else 0",
    ),
    "the template's channel kept by the worker": (
        PATCHED_FORK + "import socket\n"
        "def lying(channel, notebook, seed):\n"
        "    global stolen\n"
        "    stolen = channel.dup()\n"
        "    honest(channel, notebook, seed)\n"
        "inside._fork = lying\n",
        "stolen.setblocking(False); stolen.send(str(x).encode())",
        "return int(stolen.recv(99))",
    ),
    "a lock on a file that all can read": (
        "import fcntl\nf = open('/etc/passwd')\n",
        "fcntl.flock(f, fcntl.LOCK_EX)",
        "try:\n        fcntl.flock(open('/etc/passwd'), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "    except OSError: return SECRET",
    ),
    "a flag on an inherited descriptor": (
        "import fcntl\n",
        "fcntl.fcntl(0, fcntl.F_SETFL, 0o2000)",
        "return SECRET if fcntl.fcntl(0, fcntl.F_GETFL) & 0o2000 else 0",
    ),
    "the template's own code": (
        PATCHED_FORK + "import os\nheard = []\n"
        "def lying(channel, notebook, seed):\n"
        "    try: heard.append(open('x').read())\n"
        "    except OSError: pass\n"
        "    honest(channel, notebook, seed)\n"
        "inside._fork = lying\n",
        "open('x', 'w').write(str(x))",
        "return int(heard[0])",
    ),
}


def ask(session: Session, name: str, *args: int) -> object:
    """What a worker answers, or how it ended."""
    try:
        worker = session.fork(0)
    except SessionSpent as spent:
        return spent
    try:
        return call(worker, name, *args, seconds=5)
    except Exception as ended:
        return ended
    finally:
        worker.close()


def told(sandbox: Sandbox, road: str) -> tuple[object, object]:
    """What the next worker of the same session, or of a fresh one, hears of the secret."""
    cell, leave, find = ROADS[road]
    source = f"SECRET = {SECRET}\n{cell}\ndef leave(x):\n    {leave}\n\ndef find():\n    {find}\n"
    with sandbox.session() as session:
        ran = session.run("cell", source, SECONDS)
        # Without a /dev/shm of its own a submission cannot even prepare some of them.
        assert ran.raised is None or sandbox.chosen == "container"
        ask(session, "leave", SECRET)
        same_session = ask(session, "find")
    with sandbox.session() as session:
        session.run("cell", source, SECONDS)
        return same_session, ask(session, "find")


OF_THE_KERNEL = ("the number of files ever made", "the count of processes")


@pytest.mark.parametrize("road", ROADS)
def test_a_road_between_workers_is_closed(sandbox: Sandbox, road: str) -> None:
    if road in OF_THE_KERNEL and sandbox.chosen != "namespaces":
        pytest.skip("without namespaces the kernel counts for all users together")
    same_session, fresh_session = told(sandbox, road)
    assert same_session != SECRET
    assert fresh_session != SECRET


@pytest.mark.parametrize(
    "road",
    [
        "a file opened by a cell",
        "a pipe made by a cell",
        "memory shared by a cell",
        "a deleted file mapped and closed",
    ],
)
def test_the_roads_are_real(sandbox: Sandbox, road: str) -> None:
    """One worker that walks both ends finds what it left: the tests above test something."""
    cell, leave, find = ROADS[road]
    body = f"{cell}\ndef leave(x):\n    {leave}\n\ndef find():\n    {find}\n"
    source = body + "def both(x):\n    leave(x)\n    return find()\n"
    with sandbox.session() as session:
        assert session.run("cell", source, SECONDS).raised is None
        assert ask(session, "both", SECRET) == SECRET


HONEST = {
    "numpy and torch": "import numpy as np, torch\nw = torch.ones(3, requires_grad=True)\n"
    "w.sum().backward()\nnp.random.rand(3)\ndef f(): return 1\n",
    "a figure and a bar": "import matplotlib.pyplot as plt\nfrom tqdm.auto import tqdm\n"
    "plt.plot([1, 2]); plt.show()\nfor _ in tqdm(range(3)): pass\ndef f(): return 1\n",
    "magics": "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n!ls /site > /dev/null\n"
    "def f(): return 1\n",
    "an exception": "def f(): return 1\nraise ValueError('after the definition')\n",
}


@only_namespaces
@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST.keys())
def test_an_honest_notebooks_session_serves_many_workers(session: Session, source: str) -> None:
    session.run("cell", source, SECONDS)
    for _ in range(4):
        assert ask(session, "f") == 1
        assert session.faults == []


@only_namespaces
def test_a_worker_that_dies_spoils_nothing(session: Session) -> None:
    session.run("cell", "import os\ndef die(): os._exit(3)\ndef f(): return 1", SECONDS)
    ask(session, "die")
    assert ask(session, "f") == 1
    assert session.faults == []


@only_namespaces
def test_what_a_cell_left_running_is_killed_before_a_worker_is_asked(session: Session) -> None:
    session.run("cell", "import subprocess\np = subprocess.Popen(['sleep', '999'])", SECONDS)
    assert len(session.processes.members()) == 2
    worker = session.fork(0)
    assert session.processes.members() == [session.processes.first, worker.connection.pid]
    assert session.faults == ["other processes were running"]


@only_namespaces
def test_a_spent_session_says_why(session: Session) -> None:
    session.run("cell", "file = open('x', 'w')\ndef f(): return 1", SECONDS)
    assert ask(session, "f") == 1
    assert session.spent
    with pytest.raises(SessionSpent, match="a file, pipe or socket is open"):
        session.fork(0)


def test_a_worker_that_works_alone_starts_nothing(session: Session) -> None:
    source = "import os, threading\ndef f():\n    threading.Thread(target=int).start()\n"
    session.run("cell", source + "def g(): return os.fork()", SECONDS)
    worker = session.fork(0)
    worker.work_alone()
    assert call(worker, "f").kind == "RuntimeError"
    assert call(worker, "g").kind == "BlockingIOError"


def test_a_worker_that_does_not_give_up_its_right_is_no_worker(session: Session) -> None:
    source = "import resource\nresource.setrlimit = lambda *_: None\n"
    session.run("cell", source, SECONDS)
    with pytest.raises(ProtocolError, match="does not answer as it should"):
        session.fork(0).work_alone()


@only_namespaces
def test_helpers_started_before_are_dead_when_a_worker_works_alone(session: Session) -> None:
    source = "import os, time\ndef f():\n    if os.fork() == 0: time.sleep(99)\n"
    session.run("cell", source, SECONDS)
    worker = session.fork(0)
    call(worker, "f")
    worker.work_alone()
    living = [session.processes.first, worker.connection.pid]
    zombies = [pid for pid in session.processes.members() if pid not in living]
    assert [outside.state(pid) for pid in zombies] == ["Z"]
