"""The graders that are compared: each makes its course folder and grades a class in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from time import perf_counter

from autograder import samples

from . import small

ROOT = Path(__file__).parents[2]
OTTER_VERSION = "7.0.0"
# The hidden checks of this course lie in its folder and not in the package.
ELSEWHERE = """
import functools, pathlib
from {module} import {target}
from autograder.course import Course
{target}.Course = functools.partial(Course, hidden=pathlib.Path({hidden!r}))
"""
SCORES = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    for submission in book.assignment_submissions("{assignment}"):
        print(submission.student.id, submission.score)
"""


class BenchError(Exception):
    """A grader could not be run, or did not grade as it must."""


@dataclass(frozen=True)
class Grader(ABC):
    """One way of grading.

    Attributes:
        name: for the table.
        most: how many submissions it is given; a slow one gets few.
        checks: of each question; one of them is visible.
    """

    name: str
    most: int
    checks: int = 2

    @abstractmethod
    def prepare(self, folder: Path, students: int) -> None:
        """Makes a course folder with submissions that have never been graded."""

    @abstractmethod
    def grade(self, folder: Path) -> None:
        """Grades all submissions of a folder."""

    @abstractmethod
    def scores(self, folder: Path) -> dict[str, float]:
        """The points that each student was given."""

    def seconds(self, folder: Path, students: int) -> float:
        """The time that grading a class takes, from the command to its end.

        Raises:
            BenchError: if the scores are not what the answers deserve.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.prepare(folder, students)
        started = perf_counter()
        self.grade(folder)
        seconds = perf_counter() - started
        self._expect_fair(self.scores(folder), students)
        return seconds

    def _expect_fair(self, scores: dict[str, float], students: int) -> None:
        full = small.POINTS * len(small.ANSWERS)
        for number in range(students):
            score = scores.get(student(number))
            right = "small-q2" in small.answers(number) and number % 5 != 4
            if score is None or (score == full) != right:
                raise BenchError(f"{self.name} gives {student(number)} {score} of {full}")


@dataclass(frozen=True)
class Ours(Grader):
    """`autograder grade`, or this grader behind `nbgrader autograde`.

    Attributes:
        jobs: how many submissions are graded side by side.
        nbgrader: by nbgrader's command.
        profile: a file for the profile of the grading job.
    """

    jobs: int = 1
    nbgrader: bool = False
    profile: Path | None = None

    def prepare(self, folder: Path, students: int) -> None:
        checks = {question: f'check("{question}", globals())' for question in small.ANSWERS}
        config = (ROOT / "nbgrader_config.py").read_text()
        patch = self._elsewhere(folder, "autograder.nbgrader_plugins", "grades")
        make_release(folder, small.source(small.OURS, checks), config + patch)
        hidden = folder / "hidden" / small.ASSIGNMENT
        hidden.mkdir(parents=True)
        (hidden / f"test_{small.NOTEBOOK}.py").write_text(small.hidden_checks(self.checks))
        hand_in(folder, students)

    def grade(self, folder: Path) -> None:
        if self.nbgrader:
            run(folder, "-m", "nbgrader", "autograde", small.ASSIGNMENT, "--log-level=ERROR")
            return
        script = self._elsewhere(folder, "autograder", "cli")
        if self.profile is not None:
            entry = ("-m", "cProfile", "-o", str(self.profile), "-m", "autograder.grading.job")
            script += f"from autograder.grading.job import GradingJob\nGradingJob.entry = {entry}\n"
        command = ("grade", small.ASSIGNMENT, "--jobs", str(self.jobs))
        run(folder, "-c", f"{script}cli.main({command!r})")

    def scores(self, folder: Path) -> dict[str, float]:
        return gradebook_scores(folder)

    def _elsewhere(self, folder: Path, module: str, target: str) -> str:
        return ELSEWHERE.format(module=module, target=target, hidden=str(folder / "hidden"))


@dataclass(frozen=True)
class Nbgrader(Grader):
    """nbgrader as it comes, with the checks as asserts in its check cells."""

    def prepare(self, folder: Path, students: int) -> None:
        source = small.source(small.SETUP, small.assert_cells(self.checks))
        make_release(folder, source, 'c = get_config()\nc.CourseDirectory.course_id = "bench"\n')
        hand_in(folder, students)

    def grade(self, folder: Path) -> None:
        run(folder, "-m", "nbgrader", "autograde", small.ASSIGNMENT, "--log-level=ERROR")

    def scores(self, folder: Path) -> dict[str, float]:
        return gradebook_scores(folder)


@dataclass(frozen=True)
class Otter(Grader):
    """`otter run`, once for each submission, in an environment of its own.

    Attributes:
        python: the environment's Python.
    """

    python: Path = Path()

    def prepare(self, folder: Path, students: int) -> None:
        source = small.source(small.SETUP, dict.fromkeys(small.ANSWERS, "pass"))
        for number in range(students):
            path = folder / student(number) / f"{small.NOTEBOOK}.ipynb"
            path.parent.mkdir()
            path.write_bytes(samples.submission(source, small.answers(number)))
        with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
            settings = {"lang": "python", "autograder_dir": "/autograder"}
            archive.writestr("otter_config.json", json.dumps(settings))
            for name, text in small.otter_tests(self.checks).items():
                archive.writestr(f"tests/{name}", text)

    def grade(self, folder: Path) -> None:
        for place in sorted(folder.glob("*/")):
            command = ("-m", "otter", "run", f"{small.NOTEBOOK}.ipynb", "-o", ".")
            run(place, *command, "-a", "../autograder.zip", python=self.python)

    def scores(self, folder: Path) -> dict[str, float]:
        found = {}
        for path in folder.glob("*/results.json"):
            tests = json.loads(path.read_text())["tests"]
            found[path.parent.name] = sum(test.get("score", 0.0) for test in tests)
        return found


def otter_python() -> Path:
    """The Python of an environment with Otter, made on first use in the user's cache folder.

    Raises:
        BenchError: if it cannot be made.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cvcourse-bench"
    environment = cache / f"otter-{OTTER_VERSION}"
    python = environment / "bin" / "python"
    ready = environment / ".ready"
    if ready.exists():
        return python
    packages = [f"{name}=={metadata.version(name)}" for name in ("numpy", "torch")]
    find = os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS") or ""
    packages += [f"otter-grader=={OTTER_VERSION}", "ipykernel"]
    for command in (
        ("venv", "--clear", "--quiet", "--python", sys.executable, str(environment)),
        ("pip", "install", "--quiet", "--python", str(python), *packages),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "uv", *command],
            env={**os.environ, "UV_FIND_LINKS": find},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise BenchError(f"Otter could not be installed: {done.stderr.strip()[-300:]}")
    ready.touch()
    return python


def make_release(folder: Path, source: dict[str, object], config: str) -> None:
    """Writes a source notebook and its nbgrader settings, and releases it."""
    place = folder / "source" / small.ASSIGNMENT
    place.mkdir(parents=True)
    (place / f"{small.NOTEBOOK}.ipynb").write_text(json.dumps(source))
    (folder / "nbgrader_config.py").write_text(config)
    run(folder, "-m", "nbgrader", "generate_assignment", small.ASSIGNMENT, "--log-level=ERROR")


def hand_in(folder: Path, students: int) -> None:
    """Writes the submissions, made from the release."""
    name = f"{small.ASSIGNMENT}/{small.NOTEBOOK}.ipynb"
    release = json.loads((folder / "release" / name).read_text())
    for number in range(students):
        path = folder / "submitted" / student(number) / name
        path.parent.mkdir(parents=True)
        path.write_bytes(samples.submission(release, small.answers(number)))


def gradebook_scores(folder: Path) -> dict[str, float]:
    """The points in nbgrader's gradebook."""
    printed = run(folder, "-c", SCORES.format(assignment=small.ASSIGNMENT))
    return {name: float(score) for name, score in map(str.split, printed.splitlines())}


def student(number: int) -> str:
    """A student's id."""
    return f"student-{number:03d}"


def run(folder: Path, *arguments: str, python: Path = Path(sys.executable)) -> str:
    """Runs Python in a folder and returns what it prints.

    Raises:
        BenchError: if it fails.
    """
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    done = subprocess.run(
        [str(python), *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise BenchError(f"{' '.join(arguments)[-200:]} failed:\n{done.stderr[-2000:]}")
    return done.stdout
