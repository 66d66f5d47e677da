"""A running sandbox for these tests, and short ways to ask it something."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.session import Raised, Session, Worker

SLOT = 33  # uids of their own, apart from those of a grader that runs on the same machine
only_namespaces = pytest.mark.usefixtures("namespaces")
SECONDS = 20  # generous: two cores may be shared with much else


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests; each test has sessions of its own in it."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with Sandbox(slot=SLOT) as running:
        yield running


@pytest.fixture
def namespaces(sandbox: Sandbox) -> None:
    """Skips a test of what only namespaces give."""
    if sandbox.chosen != "namespaces":
        pytest.skip("this machine forbids namespaces")


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    """A fresh session."""
    with sandbox.session() as fresh:
        yield fresh


@pytest.fixture
def look(session: Session) -> Callable[[str], Any]:
    """Runs a cell that leaves something in `seen`, and returns it."""

    def look(source: str) -> Any:
        ran = session.run("cell", source + "\nimport json\nprint(json.dumps(seen))", SECONDS)
        assert ran.raised is None, ran
        return json.loads(ran.output)

    return look


def call(
    worker: Worker, name: str, *args: Any, cell: str = "cell", seconds: float = SECONDS
) -> Any:
    """What a function of a cell returns; an exception of its own comes back as `Raised`."""
    request = {"do": "call", "cell": cell, "name": name, "args": args, "kwargs": {}, "keep": False}
    reply = worker.call(request, seconds)
    return reply if isinstance(reply, Raised) else reply["value"]
