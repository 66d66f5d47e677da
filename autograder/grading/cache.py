"""Keeps results by the content of everything that they depend on, so that a regrade is quick."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from dataclasses import asdict
from functools import cache as remembered
from importlib import metadata
from pathlib import Path

import autograder
import cvcourse
from autograder.course import Course
from autograder.grading.intake import Rebuilt
from autograder.grading.results import SCHEMA, NotebookResult, Outcome, from_json
from autograder.reports.files import write_atomically

LIBRARIES = ("numpy", "torch", "matplotlib", "ipython", "pytest")


class Cache:
    """Results of one course, found again as long as nothing has changed that could change them.

    The sandbox's layers are among it. They are known from the last run on this machine, so that
    nothing needs to be started to look a result up.

    Args:
        course: the course folder; results lie in its `.cvcourse/cache`.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._folder = course.root / ".cvcourse" / "cache"
        self._layers_file = self._folder / f"layers-{_digest(_machine())[:16]}.json"

    def key(
        self, assignment: str, notebook: str, rebuilt: Rebuilt, students: tuple[str, ...]
    ) -> str:
        """64 hex digits that name all that a result depends on.

        Args:
            assignment: e.g. "a1_classifiers".
            notebook: e.g. "knn".
            rebuilt: the submission in the shape of its release.
            students: pseudonyms; inputs are drawn for them.
        """
        parts = {
            "schema": SCHEMA,
            "submission": [asdict(cell) for cell in rebuilt.cells],
            "answers": rebuilt.answers,
            "told": [rebuilt.unanswered, rebuilt.notes, rebuilt.error],
            "where": [assignment, notebook],
            "students": students,
            "seeds": self._course.secret("cache", assignment, notebook, *students).hex(),
            "release": self._course.release_id(assignment),
            "reference": _digest(self._course.source_bytes(assignment, notebook)),
            "checks": digest_of(self._course.hidden / assignment),
            "grader": _grader(),
            "layers": self._layers_file.read_text() if self._layers_file.exists() else "",
        }
        return _digest(json.dumps(parts, sort_keys=True).encode())

    def find(self, key: str) -> NotebookResult | None:
        """The result kept under a key, or None; a damaged file counts as none."""
        if not self._layers_file.exists():
            return None
        try:
            return from_json((self._folder / f"{key}.json").read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def met(self, layers: tuple[str, ...]) -> None:
        """Remembers what the sandbox of this machine is made of; to be called before `key`."""
        text = json.dumps(layers)
        if not self._layers_file.exists() or self._layers_file.read_text() != text:
            write_atomically(self._layers_file, text)

    def keep(self, key: str, result: NotebookResult) -> None:
        """Keeps a result, unless a check could not run: that is worth another attempt."""
        checks = (check for question in result.questions for check in question.checks)
        if all(check.outcome is not Outcome.COULD_NOT_RUN for check in checks):
            write_atomically(self._folder / f"{key}.json", result.to_json())


@remembered
def digest_of(folder: Path) -> str:
    """A hash of all source files below a folder, by their names and contents.

    It is taken once in a process: a check that changes meanwhile counts from the next run on.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder)}\0{_digest(path.read_bytes())}\n".encode())
    return digest.hexdigest()


@remembered
def _grader() -> list[str]:
    packages = [digest_of(Path(str(p.__file__)).parent) for p in (autograder, cvcourse)]
    versions = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    return [*packages, *versions, platform.python_version(), platform.machine()]


def _machine() -> bytes:
    """What the sandbox's layers depend on: the kernel, bubblewrap, and who runs the grader."""
    bubblewrap = shutil.which("bwrap")
    changed = os.stat(bubblewrap).st_mtime_ns if bubblewrap else 0
    return repr([platform.platform(), os.getuid(), bubblewrap, changed, _grader()]).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
