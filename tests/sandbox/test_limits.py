"""Whatever a submission does without end is ended, with a reason a student can read."""

from __future__ import annotations

import time

import pytest

from autograder.errors import LimitExceeded, ProtocolError, WorkerDied, WorkerError
from autograder.sandbox.inside.confinement import Limits
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.session import Raised, Session

from .conftest import SECONDS, call, only_namespaces

pytestmark = pytest.mark.sandbox
FREE_OF_ADDRESSES = ("0x", "/", "Error", "Errno")


def ends(session: Session, body: str, seconds: float = SECONDS) -> WorkerError:
    """How a call of a function with this body ends the worker."""
    source = "def f():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    assert session.run("cell", source, SECONDS).raised is None
    worker = session.fork(0)
    with pytest.raises(WorkerError, match=r"^[A-Z].*[.?]$") as ended:  # a sentence for a student
        call(worker, "f", seconds=seconds)
    assert not any(odd in ended.value.reason for odd in FREE_OF_ADDRESSES)
    return ended.value


def test_a_loop_without_end_is_ended_by_its_processor_time(session: Session) -> None:
    ended = ends(session, "while True: pass", seconds=0.5)
    assert isinstance(ended, LimitExceeded)
    assert "processor time" in ended.reason


def test_loops_in_helper_processes_count_together(session: Session) -> None:
    started = time.monotonic()
    ended = ends(
        session,
        "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass\n"
        "while True: pass",
        seconds=1.0,
    )
    assert "processor time" in ended.reason
    assert time.monotonic() - started < SECONDS


def test_time_of_helpers_that_have_ended_counts(session: Session) -> None:
    body = (
        "import os, time\n"
        "while True:\n"
        "    if os.fork() == 0:\n"
        "        end = time.process_time() + 0.3\n"
        "        while time.process_time() < end: pass\n"
        "        os._exit(0)\n"
        "    os.wait()"
    )
    assert "processor time" in ends(session, body, seconds=1.0).reason


def test_one_that_sleeps_is_ended_by_the_clock(session: Session) -> None:
    ended = ends(session, "import time\ntime.sleep(1000)", seconds=0.1)
    assert isinstance(ended, LimitExceeded)
    assert "does not come" in ended.reason


def test_one_that_sends_a_byte_now_and_then_is_ended_by_the_clock(session: Session) -> None:
    body = (
        "import os, stat, time\n"
        "for channel in range(3, 20):\n"
        "    try:\n"
        "        if stat.S_ISSOCK(os.fstat(channel).st_mode): break\n"
        "    except OSError: pass\n"
        "os.write(channel, bytes(3) + b'\\xff' + bytes(8))\n"
        "while True:\n    os.write(channel, b' ')\n    time.sleep(0.05)"
    )
    ended = ends(session, body, seconds=0.2)
    assert "does not come" in ended.reason


def test_an_exception_that_is_caught_does_not_stop_the_end(session: Session) -> None:
    body = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert isinstance(ends(session, body, seconds=0.3), LimitExceeded)


def test_a_process_that_exits_has_died(session: Session) -> None:
    ended = ends(session, "import os\nos._exit(0)")
    assert isinstance(ended, WorkerDied)


def test_a_process_that_kills_itself_has_died(session: Session) -> None:
    assert isinstance(ends(session, "import os\nos.kill(os.getpid(), 9)"), WorkerDied)


def test_a_crash_in_c_has_died(session: Session) -> None:
    assert isinstance(ends(session, "import ctypes\nctypes.string_at(0)"), WorkerDied)


def test_a_result_without_end_is_no_valid_one(session: Session) -> None:
    ended = ends(session, "return [list(range(300)) for _ in range(1000)]")
    assert isinstance(ended, ProtocolError)


def test_a_reply_over_the_cap_is_refused_before_it_is_read(session: Session) -> None:
    body = (
        "import os\n"
        "for number in range(256):\n"
        "    try:\n        os.write(number, b'\\xff' * 12)\n    except OSError: pass\n"
        "while True: pass"
    )
    assert "over the cap" in ends(session, body).reason


def failure(session: Session, body: str) -> Raised:
    """The exception that a function with this body raises, in a worker that lives on."""
    source = "def f():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    assert session.run("cell", source + "def g(): return 7\n", SECONDS).raised is None
    worker = session.fork(0)
    raised = call(worker, "f")
    assert isinstance(raised, Raised), raised
    assert call(worker, "g") == 7
    worker.close()
    return raised


def test_too_large_an_array_is_a_memory_error(session: Session) -> None:
    raised = failure(session, "import numpy\nreturn numpy.ones(1 << 29).sum()")
    assert raised.kind == "an exception"  # numpy's own, a MemoryError below
    assert "Unable to allocate" in raised.text


def test_too_long_a_list_is_a_memory_error(session: Session) -> None:
    assert failure(session, "return len([None] * (1 << 30))").kind == "MemoryError"


@only_namespaces
@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_too_large_a_file_is_an_error(session: Session, folder: str) -> None:
    body = (
        f"with open('{folder}/x', 'wb', buffering=0) as file:\n"
        "    while True: file.write(bytes(1 << 20))"
    )
    assert failure(session, body).kind == "OSError"


@only_namespaces
def test_many_files_fill_only_the_submissions_own_folder(session: Session) -> None:
    body = "for n in range(1000):\n    with open(f'/tmp/{n}', 'wb') as f: f.write(bytes(1 << 20))"
    assert "No space left" in failure(session, body).text


@only_namespaces
def test_many_empty_files_are_an_error(session: Session) -> None:
    body = "for n in range(10_000): open(f'/tmp/{n}', 'w').close()"
    assert "No space left" in failure(session, body).text


def test_a_fork_bomb_runs_out_of_processes(session: Session) -> None:
    body = "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(1000)"
    assert failure(session, body).kind == "BlockingIOError"


def test_many_threads_run_out_of_processes(session: Session) -> None:
    body = (
        "import threading, time\n"
        "while True:\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    )
    assert failure(session, body).kind == "RuntimeError"


def test_many_descriptors_are_an_error(session: Session) -> None:
    assert failure(session, "import os\nwhile True: os.dup(0)").kind == "OSError"


def test_recursion_without_end_is_an_error(session: Session) -> None:
    assert failure(session, "return f()").kind == "RecursionError"


def test_a_flood_of_output_is_cut(session: Session) -> None:
    ran = session.run("cell", "for n in range(100_000): print('x' * 100)", SECONDS)
    assert ran.raised is None
    assert len(ran.output) == 8_000  # worker.MAX_OUTPUT


def test_a_flood_past_python_goes_nowhere(session: Session) -> None:
    source = "import os\nfor n in range(1000): os.write(1, b'x' * 4096); os.write(2, b'x' * 4096)"
    assert session.run("cell", source, SECONDS).output == ""


def test_a_cell_without_end_is_ended_too(session: Session) -> None:
    with pytest.raises(LimitExceeded, match="processor time"):
        session.run("cell", "while True: pass", 0.3)


def test_the_memory_of_all_processes_together_is_limited(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.sandbox.connection.MEMORY_OF_ALL", 1 << 30)
    body = (
        "import os, time\n"
        "for _ in range(6):\n    if os.fork() == 0: break\n"
        "held = b'x' * (200 << 20)\n"
        "time.sleep(1000)"
    )
    assert "more memory" in ends(session, body).reason


def test_limits_can_be_set(sandbox: Sandbox) -> None:
    del sandbox  # only so that this is skipped where there is none
    limits = Limits(open_files=64, processes=20, file_size=1 << 20)
    source = "import resource as r\nprint([r.getrlimit(x)[1] for x in (7, 6, 1, 4)])"
    with Sandbox(limits=limits, slot=34) as small, small.session() as session:
        assert session.run("cell", source, SECONDS).output == f"[64, 20, {1 << 20}, 0]\n"
