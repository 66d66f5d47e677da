"""Grades attacks with the real grader and looks at everything that an attack must not reach."""

from __future__ import annotations

import ast
import hashlib
import html
import json
import os
import secrets
import shutil
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy

from autograder.course import Course
from autograder.grading.job import GradingJob
from autograder.grading.results import NotebookResult, Outcome
from autograder.reports.feedback import feedback_html, feedback_text

from .attack import BREACH, LEFT_BEHIND, STAGED, STOLEN, Attack, answered, text_of

REPO = Path(__file__).parents[2]
ASSIGNMENT, NOTEBOOK = "a1_classifiers", "knn"
STUDENT, OTHER = "ann.attacker", "bob.honest"
SLOT = 30  # the highest but one: no demo or other test that runs beside this one has its uid
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)

# A typical mistake, so that the honest submission has feedback to compare, and no knn-q7, which
# takes as long as all the rest together.
HONEST_MISTAKE = """
import numpy as np
def compute_distances_one_loop(x_train, x_test):
    return np.stack([np.sqrt(((x_train - x) ** 2).sum(axis=1)) for x in x_test])
"""
NOT_BY_HONEST = ("knn-q7",)
PLAN_FAILED = ("NameError", "SyntaxError", "ImportError", "ModuleNotFound", "UnboundLocalError")


class WatchedJob(GradingJob):
    """A grading job that can be ended from another thread."""

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()


class ImpatientJob(WatchedJob):
    """A grading job whose limits of time are a small part of the real ones."""

    entry = (str(Path(__file__).parent / "impatient_job.py"),)


class Arena:
    """A course with things to steal, a grading job, and an honest student.

    Args:
        folder: where the course is made.
        impatient: grade with small limits of time; for attacks that hang.
    """

    def __init__(self, folder: Path, *, impatient: bool = False) -> None:
        self.root = folder
        self._make_course()
        self.course = Course(self.root)
        self.release = self.course.release(ASSIGNMENT, NOTEBOOK)
        kind = ImpatientJob if impatient else WatchedJob
        self.job = kind(self.course, slot=SLOT + impatient)
        self._hidden = frozenset(hidden_strings(self.course))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._honest = self._honest_submission()
        self.always = self._graded(self._honest, OTHER, 120)
        self._files = self._fingerprints()

    def close(self) -> None:
        """Ends the job; nothing that it started may be left."""
        started = [*descendants(self.job.pid)] if self.job.pid else []
        self.job.close()
        self._listener.close()
        deadline = time.monotonic() + 10
        while left := [p for p in started if is_alive(p)]:
            assert time.monotonic() < deadline, f"processes outlived the grader: {left}"
            time.sleep(0.05)

    def withstands(self, attack: Attack) -> None:
        """Grades an attack and raises AssertionError for whatever it gets that it must not."""
        places = {
            "COURSE": str(self.root),
            "REPO": str(REPO),
            "PORT": str(self._listener.getsockname()[1]),
        }
        started = time.monotonic()
        result = self._graded(
            attack.submission(self.release, places), STUDENT, max(attack.seconds, 30)
        )
        seconds = time.monotonic() - started
        self._assert_it_ran(attack, result)
        self._assert_nothing_stolen(attack, result)
        self._assert_nothing_told(result)
        self._assert_nothing_touched()
        assert seconds <= attack.seconds, f"grading took {seconds:.0f} s"

    def grades_as_always(self) -> None:
        """Grades the honest submission again: nothing about its result may be new."""
        assert self._graded(self._honest, OTHER, 60) == self.always

    def score_of(self, answers: Mapping[str, str]) -> dict[str, float]:
        """What each question earns with these answers."""
        notebook = answered(self.release, answers)
        result = self._graded(json.dumps(notebook).encode(), STUDENT, 120)
        return {q.question: q.score or 0.0 for q in result.questions}

    def _assert_it_ran(self, attack: Attack, result: NotebookResult) -> None:
        if (attack.code or attack.answers) and not attack.dies:
            assert STAGED in result.outputs.get("knn-q6", ""), (
                f"the attack did not run: {result.notes} {result.outputs}"
            )
        if not attack.names_missing:
            told = [*result.notes, *(c.staff_note for q in result.questions for c in q.checks)]
            broken = [text for text in told if any(name in text for name in PLAN_FAILED)]
            assert not broken, f"the attack is at fault itself: {broken}"

    def _assert_nothing_stolen(self, attack: Attack, result: NotebookResult) -> None:
        allowed = self.score_of(attack.plain) if attack.plain is not None else {}
        scores = {q.question: q.score or 0.0 for q in result.questions}
        stolen = {q: s for q, s in scores.items() if s > allowed.get(q, 0.0)}
        assert not stolen, f"points were stolen: {stolen}; allowed: {allowed}"
        escaped = [
            c for q in result.questions for c in q.checks if c.outcome is Outcome.COULD_NOT_RUN
        ]
        assert not escaped, f"a check was escaped: {escaped}"
        breaches = [text for text in result.outputs.values() if BREACH in text]
        assert not breaches, f"the sandbox was breached: {breaches}"

    def _assert_nothing_told(self, result: NotebookResult) -> None:
        page, text = feedback_html([result]), feedback_text([result])
        questions = result.questions
        shown = [page, html.unescape(page), text, *result.notes, result.error]
        shown += [q.public_example for q in questions]
        shown += [c.direction for q in questions for c in q.checks]
        seen = " ".join(" ".join(part.split()) for part in shown)
        told = [hidden for hidden in self._hidden if hidden in seen]
        assert not told, f"feedback holds what is hidden: {told}"
        assert STOLEN not in seen, "feedback holds what a hidden check has sent"
        assert "<script" not in page.lower()
        assert "javascript:" not in page.lower()

    def _assert_nothing_touched(self) -> None:
        now = self._fingerprints()
        changed = {p for p in now.keys() | self._files.keys() if now.get(p) != self._files.get(p)}
        assert not changed, f"files were changed: {sorted(changed)}"
        with suppress(BlockingIOError):
            self._listener.accept()
            raise AssertionError("a connection came out of the sandbox")
        deadline = time.monotonic() + 5
        while left := [*left_behind(self.job.pid)]:
            assert time.monotonic() < deadline, f"processes were left behind: {left}"
            time.sleep(0.05)

    def _graded(self, submitted: bytes, student: str, seconds: float) -> NotebookResult:
        """Grades with a watchdog.

        Raises:
            AssertionError: if there is no end; the job is then killed, and the next grading
                starts another.
        """
        answers: list[NotebookResult | BaseException] = []

        def grade() -> None:
            try:
                answers.append(self.job.grade(ASSIGNMENT, NOTEBOOK, submitted, (student,)))
            except BaseException as error:
                answers.append(error)

        thread = threading.Thread(target=grade, daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            self.job.kill()
            thread.join(30)
            raise AssertionError(f"grading came to no end within {seconds:.0f} s")
        (answer,) = answers
        if isinstance(answer, BaseException):
            raise AssertionError(f"the grading job broke: {answer}") from answer
        return answer

    def _fingerprints(self) -> dict[str, str]:
        packages = Path(numpy.__file__).parents[1]
        names = sorted(path.name for path in packages.iterdir())
        return {
            **fingerprints(self.root),
            str(packages): "\n".join(names),
            numpy.__file__: Path(numpy.__file__).read_text(),
        }

    def _make_course(self) -> None:
        for name in ("source", "release"):
            shutil.copytree(REPO / name, self.root / name)
        canary = f"canary {secrets.token_hex(16)}"
        with sqlite3.connect(self.root / "gradebook.db") as book:
            book.execute("create table grade (student text, score real, note text)")
            book.execute("insert into grade values (?, 1.0, ?)", (OTHER, canary))
        book.close()
        for folder in ("submitted", "autograded", "feedback"):
            path = self.root / folder / OTHER / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(canary)

    def _honest_submission(self) -> bytes:
        source = self.course.source(ASSIGNMENT, NOTEBOOK)
        answers = {
            cell["metadata"]["nbgrader"]["grade_id"]: text_of(cell)
            for cell in source["cells"]
            if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution")
        }
        for question in NOT_BY_HONEST:
            del answers[question]
        answers["knn-q2"] = HONEST_MISTAKE
        return json.dumps(answered(self.release, answers)).encode()


def hidden_strings(course: Course) -> Iterator[str]:
    """What no student may read: hidden checks, oracles, the key, paths, names, other work."""
    yield from (course.key.hex(), str(course.root), str(REPO), sys.prefix, STUDENT, OTHER)
    for path in (*course.root.rglob(f"{OTHER}/*/*.ipynb"),):
        yield path.read_text()
    for path in (REPO / "autograder" / "hidden" / ASSIGNMENT).glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name
            if isinstance(node, ast.Assign | ast.Return | ast.For):
                line = " ".join(ast.unparse(node).split("\n")[0].split())
                if len(line) > 30:  # a shorter one may stand in a student's own code
                    yield line


def fingerprints(folder: Path) -> dict[str, str]:
    """A hash of every file, and what each link points at."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[str(path)] = os.readlink(path)
        elif path.is_file():
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def descendants(pid: int) -> Iterator[tuple[int, int]]:
    """The processes below a process, each with the time of its start."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(*GONE):
                parents.setdefault(_stat(int(name))[0], []).append(int(name))
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            waiting.append(child)
            with suppress(*GONE):
                yield child, _stat(child)[1]


def is_alive(process: tuple[int, int]) -> bool:
    """Whether the very process is still there."""
    with suppress(*GONE):
        return _stat(process[0])[1] == process[1]
    return False


def left_behind(pid: int) -> Iterator[str]:
    """Names of processes below the job that an attack has started and that still live."""
    for child, _ in descendants(pid):
        with suppress(*GONE):
            name = Path(f"/proc/{child}/comm").read_text().strip()
            if name in (LEFT_BEHIND, "sleep", "sh", "bash", "yes"):
                yield f"{child} {name}"


def _stat(pid: int) -> tuple[int, int]:
    """The parent of a process and the time of its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), int(fields[19])
