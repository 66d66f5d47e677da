"""A session runs cells, forks workers one at a time, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.errors import ProtocolError, SandboxError, WorkerDied, WorkerError
from autograder.sandbox import outside
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.session import Raised, Session

from .conftest import SECONDS, call, only_namespaces

pytestmark = pytest.mark.sandbox


def test_a_cell_prints_and_defines(session: Session) -> None:
    ran = session.run("cell", "print('hello')\ndef f(x): return 2 * x", SECONDS)
    assert (ran.output, ran.raised) == ("hello\n", None)
    np.testing.assert_array_equal(call(session.fork(0), "f", np.arange(3)), [0, 2, 4])


def test_a_cell_that_raises_tells_kind_line_and_text(session: Session) -> None:
    ran = session.run("cell", "x = 1\ny = x / 0", SECONDS)
    assert ran.raised == Raised("ZeroDivisionError", 2, "ZeroDivisionError: division by zero\n")


def test_a_syntax_error_tells_its_line(session: Session) -> None:
    ran = session.run("cell", "x = 1\ny = (", SECONDS)
    assert ran.raised is not None
    assert (ran.raised.kind, ran.raised.line) == ("SyntaxError", 2)


def test_an_exception_with_a_name_of_its_own_is_not_named(session: Session) -> None:
    ran = session.run("cell", "class Secret(Exception): pass\nraise Secret('word')", SECONDS)
    assert ran.raised is not None
    assert ran.raised.kind == "an exception"


def test_a_class_that_calls_itself_a_builtin_error_is_not_named(session: Session) -> None:
    ran = session.run("cell", "class ValueError(Exception): pass\nraise ValueError", SECONDS)
    assert ran.raised is not None
    assert ran.raised.kind == "an exception"


def test_a_name_means_what_its_own_cell_left(session: Session) -> None:
    session.run("one", "def f(): return 1", SECONDS)
    session.run("two", "def f(): return 2", SECONDS)
    worker = session.fork(0)
    assert (call(worker, "f", cell="one"), call(worker, "f", cell="two")) == (1, 2)


def test_a_name_that_is_not_there_is_a_key_error(session: Session) -> None:
    with pytest.raises(KeyError, match="absent"):
        call(session.fork(0), "absent")


@only_namespaces
def test_workers_start_from_what_the_cells_left(session: Session) -> None:
    session.run("cell", "seen = []\ndef f():\n    seen.append(1)\n    return len(seen)", SECONDS)
    for _ in range(3):
        worker = session.fork(0)
        assert (call(worker, "f"), call(worker, "f")) == (1, 2)
        worker.close()


@only_namespaces
def test_random_numbers_follow_the_seed(session: Session) -> None:
    source = (
        "import random, numpy, torch\n"
        "def f(): return [random.random(), numpy.random.rand(), torch.rand(1).item()]"
    )
    session.run("cell", source, SECONDS)
    drawn = [call(session.fork(seed), "f") for seed in (5, 5, 6)]
    assert drawn[0] == drawn[1]
    assert all(a != b for a, b in zip(drawn[0], drawn[2], strict=True))


@only_namespaces
def test_while_a_worker_lives_the_template_is_frozen(session: Session) -> None:
    worker = session.fork(0)
    assert outside.state(session.processes.first) == "T"
    assert session.processes.members() == [session.processes.first, worker.connection.pid]


@only_namespaces
def test_a_new_worker_ends_the_one_before(session: Session) -> None:
    first, second = session.fork(0), session.fork(0)
    assert outside.state(first.connection.pid) == "X"
    with pytest.raises(WorkerDied, match="ended before the call"):
        call(first, "f")
    with pytest.raises(KeyError):
        call(second, "f")


DAEMONS = """
import os, signal, time
def daemon():
    for _ in range(2):
        if os.fork():
            return
        os.setsid()
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    time.sleep(1000)
for _ in range(5): daemon()
def f():
    for _ in range(5): daemon()
"""


@only_namespaces
def test_nothing_survives_the_end_of_a_session(sandbox: Sandbox) -> None:
    with sandbox.session() as session:
        session.run("cell", DAEMONS, SECONDS)
        before = session.processes.members()
        worker = session.fork(0)
        call(worker, "f")
        time.sleep(0.05)
        after = session.processes.members()
        assert len(before) >= 6
        assert len(after) >= 7
    assert [pid for pid in {*before, *after} if outside.state(pid) not in "X"] == []


def test_nothing_survives_the_end_of_the_sandbox() -> None:
    with Sandbox(slot=34) as sandbox:
        session = sandbox.session()
        session.run("cell", DAEMONS, SECONDS)
        members = session.processes.members()
    deadline = time.monotonic() + SECONDS
    while any(outside.state(pid) not in "ZX" for pid in members) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [pid for pid in members if outside.state(pid) not in "ZX"] == []
    session.close()


GRADER = """
import sys, time
from autograder.sandbox.launcher import Sandbox
with Sandbox(slot=35) as sandbox:
    session = sandbox.session()
    session.run("cell", sys.stdin.read(), 20)
    print(*session.processes.members(), flush=True)
    time.sleep(1000)
"""


def test_the_graders_death_kills_everything() -> None:
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert grader.stdin is not None
    assert grader.stdout is not None
    grader.stdin.write(DAEMONS)
    grader.stdin.close()
    members = [int(pid) for pid in grader.stdout.readline().split()]
    assert len(members) >= 6
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    deadline = time.monotonic() + SECONDS
    while any(outside.state(pid) not in "ZX" for pid in members) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [pid for pid in members if outside.state(pid) not in "ZX"] == []


@pytest.mark.parametrize(
    "lie",
    [
        "return 7",
        "os.write(channel, wire.LENGTHS.pack(4, 0) + b'null'); return None",
        "os.write(channel, wire.LENGTHS.pack(2, 0) + b'[]'); return None",
        "os.close(channel); return None",
        "os.dup2(0, channel); return None",
    ],
)
def test_whatever_a_template_says_it_cannot_hurt(session: Session, lie: str) -> None:
    source = f"""
import os, sys, time
worker = sys.modules['inside.worker']; wire = sys.modules['inside.wire']
def lying(channel_, notebook, seed):
    channel = channel_.fileno()
    {lie}
worker._fork = lying
"""
    assert session.run("cell", source, SECONDS).raised is None
    import autograder.sandbox.connection as connection

    patience = connection.START_SECONDS
    connection.START_SECONDS = 1  # nothing will come
    try:
        with pytest.raises(WorkerError, match=r"^(The process|What came back|It waited)"):
            session.fork(0)
    finally:
        connection.START_SECONDS = patience


def test_a_template_that_answers_itself_is_no_worker(session: Session) -> None:
    source = """
import array, socket, sys
worker = sys.modules['inside.worker']; wire = sys.modules['inside.wire']
def lying(channel, notebook, seed):
    _, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
    own = socket.socket(fileno=array.array('i', ancillary[0][2])[0])
    wire.send(own, {'ready': True})
    wire.send(channel, {'forked': True})
    worker.serve_calls(own, notebook)
worker._fork = lying
"""
    assert session.run("cell", source, SECONDS).raised is None
    with pytest.raises(WorkerDied, match="does not answer as it should"):
        session.fork(0)


def test_a_power_that_cannot_be_taken_away_is_a_refusal(sandbox: Sandbox) -> None:
    del sandbox
    with Sandbox(slot=34) as broken:
        broken._settings["seccomp"] = "00" * 8  # a filter the kernel does not take
        with pytest.raises(SandboxError, match=r"could not be taken away: .*prctl seccomp"):
            broken.session()


def test_a_reply_that_is_no_object_is_a_protocol_error(session: Session) -> None:
    source = (
        "import sys\nsys.modules['inside.worker'].Calls.answer = lambda *_: 7\ndef f(): return 1"
    )
    session.run("cell", source, SECONDS)
    with pytest.raises(ProtocolError, match="no valid result"):
        call(session.fork(0), "f")


@only_namespaces
def test_sessions_side_by_side_do_not_meet(sandbox: Sandbox) -> None:
    with sandbox.session() as one, sandbox.session(reference=True) as two:
        one.run("cell", "open('/tmp/x', 'w').write('one')", SECONDS)
        seen = two.run("cell", "import os\nprint(os.listdir('/tmp'), os.getpid())", SECONDS)
        assert seen.output == "[] 1\n"
