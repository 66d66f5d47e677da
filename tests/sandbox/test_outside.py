"""What is read from outside is true, whatever the submission says."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from autograder.sandbox import outside
from autograder.sandbox.outside import Processes
from autograder.sandbox.session import Raised, Session, Worker

from .conftest import SECONDS, call, only_namespaces

pytestmark = pytest.mark.sandbox
MIB = 1 << 20
NOISE = 16 * MIB  # a worker's first call brings in parts of Python that are new to it


def growth(worker: Worker, name: str) -> int:
    request = {"do": "call", "cell": "cell", "name": name, "args": (), "kwargs": {}, "keep": False}
    grown, reply = worker.memory_growth(request, SECONDS)
    assert not isinstance(reply, Raised), reply
    return grown


def test_growth_is_what_a_call_holds_at_its_highest(session: Session) -> None:
    source = "import numpy as np\ndef f():\n    for _ in range(3): np.ones(100 << 17).sum()\n"
    session.run("cell", source + "def idle(): pass", SECONDS)
    worker = session.fork(0)
    assert growth(worker, "idle") < NOISE
    assert abs(growth(worker, "f") - 100 * MIB) < NOISE
    assert growth(worker, "idle") < NOISE


def test_a_first_use_of_torch_does_not_count(session: Session) -> None:
    source = "import torch\ndef f():\n    x = torch.ones(64, 64, dtype=torch.float64)\n"
    source += "    return (x @ x).topk(3).values.sort().values.sum().item()"
    session.run("cell", source, SECONDS)
    assert growth(session.fork(0), "f") < NOISE


def test_mapping_files_at_the_end_hides_little(session: Session) -> None:
    source = """
import glob, mmap, numpy as np
def f():
    np.ones(100 << 17).sum()
    for path in glob.glob('/site/torch/lib/*.so'):
        with open(path, 'rb') as file:
            held.append(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
        sum(held[-1][::4096])
held = []
"""
    session.run("cell", source, SECONDS)
    assert growth(session.fork(0), "f") > 64 * MIB  # 100 less the most that is forgiven


def test_processor_time_of_ended_children_counts(session: Session) -> None:
    source = """
import os, time
def f(seconds):
    if os.fork() == 0:
        while time.process_time() < seconds: pass
        os._exit(0)
    os.wait()
"""
    session.run("cell", source, SECONDS)
    worker = session.fork(0)
    before = session.processes.usage().cpu
    call(worker, "f", 0.5)
    assert 0.4 < session.processes.usage().cpu - before < 1.0


@only_namespaces
def test_what_was_seen_of_a_process_that_is_gone_counts(session: Session) -> None:
    source = """
import os, signal, time
def f(seconds):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        while time.process_time() < seconds: pass
        time.sleep(100)
    return pid
def g(pid):
    os.kill(pid, signal.SIGKILL)
"""
    session.run("cell", source, SECONDS)
    worker = session.fork(0)
    before = session.processes.usage().cpu
    pid = call(worker, "f", 0.3)
    deadline = time.monotonic() + SECONDS
    while session.processes.usage().cpu - before < 0.25 and time.monotonic() < deadline:
        time.sleep(0.02)
    call(worker, "g", pid)
    time.sleep(0.05)
    used = session.processes.usage()
    assert used.processes == 2
    assert used.cpu - before >= 0.25


def test_a_stranger_is_not_signalled(session: Session) -> None:
    stranger = subprocess.Popen(["sleep", "100"])
    try:
        assert not session.processes.signal(stranger.pid, 9)
        assert not session.processes.signal(os.getpid(), 9)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_that_is_gone_has_no_processes() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with pytest.raises(ProcessLookupError, match=str(ended.pid)):
        Processes(ended.pid)


@only_namespaces
def test_stop_and_resume(session: Session) -> None:
    processes = session.processes
    assert processes.stop(processes.first)
    assert outside.state(processes.first) == "T"
    processes.resume(processes.first)
    assert outside.state(processes.first) != "T"


@only_namespaces
def test_what_forks_faster_than_it_is_killed_is_killed(session: Session) -> None:
    source = """
import os
for _ in range(3):
    if os.fork() == 0:
        while True:
            try:
                if os.fork(): os._exit(0)
            except OSError: pass
"""
    session.run("cell", source, SECONDS)
    processes = session.processes
    processes.stop(processes.first)
    _found, none_left = processes.kill_others({processes.first})
    time.sleep(0.05)
    alive = [pid for pid in processes.members() if outside.state(pid) not in "ZX"]
    assert (none_left, alive) == (True, [processes.first])
