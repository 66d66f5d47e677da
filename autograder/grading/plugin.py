"""The pytest plugin: collects hidden checks once and runs them for one submission after another.

A check is an ordinary pytest function with `@question`. It may ask for these fixtures:

    student    calls the student's functions in the sandbox
    reference  calls the reference's functions, in another process of the sandbox
    rng        a numpy generator for this student, question and check
    secret     secret("scenes", ...) -> 32 bytes, the same for the whole class
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from autograder.course import Course
from autograder.errors import CourseError, WorkerError
from autograder.grading.forbidden import Contract
from autograder.grading.results import CheckResult, Outcome
from cvcourse.checks import CheckFailure, Student, StudentError
from cvcourse.checks.questions import Mark, mark_of, sentence_of


@dataclass
class Setting:
    """What the fixtures of the check that runs now are made from."""

    student: Callable[[], Student]
    reference: Callable[[], Student]
    label: tuple[str, ...]  # assignment, notebook and pseudonyms: whose inputs


@dataclass(frozen=True)
class Ended:
    """How one run of a check ended.

    Attributes:
        error: what it raised, or None.
        phase: "setup", "call" or "teardown", where it was raised.
    """

    error: BaseException | None
    phase: str = "call"

    @property
    def tidy(self) -> bool:
        """Whether the check itself came to a verdict."""
        if self.phase == "call":
            return self.error is None or isinstance(self.error, AssertionError)
        return isinstance(self.error, CheckFailure)


class Checks:
    """The hidden checks of a collection; a pytest plugin.

    Args:
        course: gives the key that inputs are drawn from.
        serve: is called once, when all checks are collected, and grades until there is no more.
    """

    def __init__(self, course: Course, serve: Callable[[Checks], None]) -> None:
        self._course = course
        self._serve = serve
        self._items: dict[str, list[pytest.Function]] = {}
        self._setting: Setting | None = None
        self._ended: Ended = Ended(None)
        self.faults: list[str] = []  # what was wrong with the check files; then nothing is graded

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Keeps pytest quiet: results go to the grader, not to a terminal."""
        config.pluginmanager.unregister(name="terminalreporter")

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keeps what went wrong while a check file was read."""
        if report.failed:
            self.faults.append(f"{report.nodeid}: {report.longreprtext}")

    @pytest.hookimpl
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sorts the checks by question."""
        for item in items:
            mark = mark_of(getattr(item, "function", None))
            if mark is None or not isinstance(item, pytest.Function):
                self.faults.append(f"{item.nodeid} has no @question; which one does it check?")
            else:
                self._items.setdefault(mark.question, []).append(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Takes pytest's place: runs checks when a submission asks for them."""
        self._serve(self)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Keeps what a check raised, as it was raised."""
        if call.excinfo is not None and self._ended.error is None:
            self._ended = Ended(call.excinfo.value, call.when)

    @pytest.fixture(name="student")
    def _student(self) -> Student:
        return self._now().student()

    @pytest.fixture(name="reference")
    def _reference(self) -> Student:
        return self._now().reference()

    @pytest.fixture(name="rng")
    def _rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        item = request.node
        mark = _mark(item)
        label = ("inputs", *self._now().label, mark.question, item.name)
        return np.random.Generator(np.random.Philox(key=_words(self._course.secret(*label))))

    @pytest.fixture(name="secret")
    def _secret(self) -> Callable[..., bytes]:
        return lambda *label: self._course.secret("class", *label)

    def questions(self) -> list[str]:
        """The questions that have checks."""
        return list(self._items)

    def of(self, question: str) -> list[pytest.Function]:
        """The checks of a question, in file order.

        Raises:
            CourseError: if it has none: a question that nothing checks would be free points.
        """
        if question not in self._items:
            raise CourseError(f"{question} has no hidden check")
        return self._items[question]

    def contract(self, question: str) -> Contract:
        """What answers to a question may not use, as its check file's CONTRACTS states it."""
        stated = getattr(self.of(question)[0].module, "CONTRACTS", {})
        return cast(Contract, stated.get(question, Contract(())))

    def run(self, item: pytest.Function, setting: Setting) -> Ended:
        """Runs one check once."""
        self._setting, self._ended = setting, Ended(None)
        # A collected item is run again for each submission; this gives it fresh fixtures, as
        # pytest-rerunfailures does.
        item._initrequest()
        # The parent as the next item leaves the module's own fixtures standing.
        runtestprotocol(item, nextitem=cast(pytest.Item, item.parent), log=False)
        self._setting = None
        return self._ended

    def _now(self) -> Setting:
        if self._setting is None:
            raise CourseError("student and rng are there only while a submission is graded")
        return self._setting


def judged(
    item: pytest.Function, ended: Ended, outcome: Outcome | None = None, note: str = ""
) -> CheckResult:
    """The result of a check.

    Args:
        item: the check.
        ended: how it ended.
        outcome: given where an experiment has decided; else passed or failed.
        note: for staff: what the experiment found.
    """
    mark, error = _mark(item), ended.error
    if outcome is None:
        outcome = Outcome.PASSED if error is None else Outcome.FAILED
    return CheckResult(
        check=item.name,
        sentence=sentence_of(item.function),
        outcome=outcome,
        weight=mark.weight,
        direction=_direction(error),
        line=error.line if isinstance(error, StudentError) else None,
        staff_note=f"{staff_note(error)} {note}".strip(),
    )


def _direction(error: BaseException | None) -> str:
    """What the student may read: sentences that staff wrote, and nothing of the data."""
    if isinstance(error, CheckFailure):
        return error.direction
    if isinstance(error, WorkerError):
        return error.reason
    return ""


def staff_note(error: BaseException | None) -> str:
    """What an error says to staff; it may hold data."""
    if error is None:
        return ""
    detail = error.detail if isinstance(error, CheckFailure) else str(error)
    return f"{type(error).__name__}: {detail}"[:2000]


def _mark(item: Any) -> Mark:
    mark = mark_of(item.function)
    if mark is None:
        raise CourseError(f"{item.nodeid} has no @question")
    return mark


def _words(secret: bytes) -> np.ndarray:
    """The 128-bit key of a Philox generator, from 32 secret bytes."""
    return np.frombuffer(hashlib.blake2b(secret, digest_size=16).digest(), np.uint64)


def worker_seed(course: Course, *label: str) -> int:
    """63 bits for the worker's own generators, from another label than the checks' inputs."""
    return int.from_bytes(course.secret("worker", *label)[:8], "little") >> 1
