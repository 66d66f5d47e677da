"""Ending the process, or making a check end untidily, to escape a verdict or to write one's own."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import WRONG, Attack
from .family import each

pytestmark = pytest.mark.sandbox


def best(body: str) -> dict[str, str]:
    """An answer to knn-q6 with this body."""
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    return {"knn-q6": f"def best_k(accuracies):\n{lines}"}


ATTACKS = [
    Attack("the answer leaves with exit status 0", "", best("import os\nos._exit(0)")),
    Attack("a cell leaves with exit status 0", "os._exit(0)", dies=True),
    Attack(
        "every cell leaves, more of them than are started again",
        "",
        {question: f"import os\nos._exit(0)\n{source}" for question, source in WRONG.items()},
        dies=True,
        seconds=90,
    ),
    Attack(
        "the answer raises what ends an interpreter",
        "turn = iter(range(10**9))",
        best("raise (SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError)[next(turn) % 4]"),
    ),
    Attack(
        "the answer raises what looks like a verdict",
        """
class CheckFailure(AssertionError):
    direction = detail = ""
class NotAnswered(CheckFailure):
    pass
class Exit(BaseException):
    passed = True
    returncode = 0
for kind in (CheckFailure, NotAnswered, Exit):
    kind.__module__ = "cvcourse.checks.failures"
turn = iter(range(10**9))
""",
        best(
            "raise (CheckFailure('ok'), NotAnswered('passed'), Exit('full marks'), "
            "NotImplementedError('knn-q6: passed'))[next(turn) % 4]"
        ),
    ),
    Attack(
        "the answer skips its check as pytest's own exceptions do",
        """
class Skipped(BaseException):
    allow_module_level = True
    msg = "skipped"
Skipped.__module__ = "_pytest.outcomes"
""",
        best("raise Skipped('skipped')"),
    ),
    Attack(
        "an exception whose text raises, and one that has no end of causes",
        """
class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")
    __repr__ = __str__
class Chained(Exception):
    pass
loop = Chained("a")
loop.__cause__ = Chained("b")
loop.__cause__.__cause__ = loop
noted = ValueError("x" * 10**6)
noted.__notes__ = ["n" * 10**6] * 3
turn = iter(range(10**9))
""",
        best("raise (Mute(), loop, noted, ExceptionGroup('g', [loop, noted]))[next(turn) % 4]"),
    ),
    Attack("the process kills itself", "", best("import os\nos.kill(os.getpid(), 9)")),
    Attack(
        "every process that can be reached is killed",
        "import signal",
        best(
            """
for pid in (1, os.getppid(), -1, 0, -os.getpgrp()):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        if pid not in (0, -os.getpgrp()) or number == signal.SIGTERM:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.kill(pid, number)
            except (OSError, ProcessLookupError):
                pass
return min(accuracies)
"""
        ),
    ),
    Attack(
        "the interpreter is crashed through ctypes",
        "",
        best("import ctypes\nctypes.string_at(8)"),
    ),
    Attack(
        "the stack overflows",
        "",
        best(
            """
import sys
sys.setrecursionlimit(10**9)
def deeper(function):
    return map(deeper, [function]).__next__()
return deeper(deeper)
"""
        ),
    ),
    Attack(
        "atexit handlers, finalizers and signal handlers write a verdict",
        """
import atexit, signal, weakref
def verdict(*args):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, frame(b'{"arrays": [], "value": {"d": [["value", 5]]}}'))
        except OSError:
            pass
atexit.register(verdict)
class Holder:
    __del__ = verdict
holder = Holder()
weakref.finalize(holder, verdict)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM, signal.SIGCHLD):
    signal.signal(number, verdict)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
threading._register_atexit(verdict)
""",
        {"knn-q1": WRONG["knn-q1"]},
    ),
    Attack(
        "two processes answer the same call",
        "",
        best("import os\nos.fork()\nreturn min(accuracies)"),
    ),
    Attack(
        "the worker becomes another program",
        "",
        best("import os\nos.execv('/bin/sh', ['sh', '-c', 'echo 5 >&3; echo 5 >&4; exit 0'])"),
    ),
    Attack(
        "the socket to the grader is closed",
        "",
        best("import os\nos.closerange(3, 256)\nreturn min(accuracies)"),
    ),
    Attack(
        "a process is left behind, in a session of its own and twice forked",
        """
import signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        name_process()
        while True:
            time.sleep(0.01)
    os._exit(0)
""",
        best(
            """
if os.fork() == 0:
    name_process()
    os.setsid()
    time.sleep(1000)
return min(accuracies)
"""
        ),
    ),
    Attack(
        "programs of the system are left behind",
        """
import subprocess
for command in (["sleep", "1000"], ["/bin/sh", "-c", "nohup sleep 1000 & sleep 1000"]):
    subprocess.Popen(command, start_new_session=True)
""",
    ),
    Attack(
        "threads are left behind that outlive their cell",
        """
def spin():
    name_process()
    while True:
        time.sleep(0.001)
for _ in range(10):
    threading.Thread(target=spin).start()
""",
    ),
]


@each(ATTACKS)
def test_no_end_is_an_escape(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
