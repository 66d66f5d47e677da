"""A grading job: a process of its own in which pytest runs the hidden checks of one assignment.

The job holds a warm sandbox and grades one submission after another. `GradingJob` is the end that
everybody else uses; requests and results pass as lines of JSON.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from autograder.course import HIDDEN, Course
from autograder.errors import CourseError, GraderError, SandboxError
from autograder.grading.results import NotebookResult, from_json

if TYPE_CHECKING:
    from autograder.grading.judge import Judge

# Nothing of pytest but the running of functions with fixtures; no data in assertion messages.
PYTEST = (
    *("-q", "-s", "--assert=plain", "--import-mode=importlib", "--noconftest"),
    "--continue-on-collection-errors",
    *(f"-pno:{name}" for name in ("cacheprovider", "warnings", "logging", "faulthandler")),
)
KINDS: dict[str, type[GraderError]] = {"CourseError": CourseError, "SandboxError": SandboxError}


class GradingJob:
    """Grades submissions in a process of its own; a context manager.

    The process starts on first use, once for each assignment.

    Args:
        course: the course folder.
        slot: which of the jobs on this machine it is, from 0.
        unsafe: run submissions without a sandbox; every result says so.
    """

    entry: tuple[str, ...] = ("-m", "autograder.grading.job")  # what Python runs

    def __init__(self, course: Course, slot: int = 0, *, unsafe: bool = False) -> None:
        self._course = course
        self._slot = slot
        self._unsafe = unsafe
        self._assignment = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> GradingJob:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, and with it everything in its sandbox."""
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()
            self._process = None

    def grade(
        self, assignment: str, notebook: str, submitted: bytes, students: tuple[str, ...]
    ) -> NotebookResult:
        """Grades one notebook of one submission.

        Args:
            assignment: e.g. "a1_classifiers".
            notebook: e.g. "knn".
            submitted: the file as it was handed in, whatever it holds.
            students: the ids of those who handed it in; only pseudonyms leave this process.

        Raises:
            GraderError: if grading itself is not possible: no sandbox, no release, no checks.
        """
        request = {
            "notebook": notebook,
            "submitted": base64.b64encode(submitted).decode(),
            "students": [self._course.pseudonym(s) for s in students],
        }
        answer = self._ask(assignment, json.dumps(request))
        if answer.startswith('{"failed"'):
            failed = json.loads(answer)
            raise KINDS.get(failed["kind"], GraderError)(failed["failed"])
        return from_json(answer)

    def _ask(self, assignment: str, request: str) -> str:
        process = self._running(assignment)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it may have said why before it ended
        answer = process.stdout.readline()
        if not answer:
            self.close()
            raise GraderError("the grading job ended without an answer; see its messages above")
        return answer

    def _running(self, assignment: str) -> subprocess.Popen[str]:
        if self._process is not None and self._assignment != assignment:
            self.close()
        if self._process is None:
            self._assignment = assignment
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", *self.entry),
                    *(str(self._course.root), str(self._course.hidden)),
                    *(assignment, str(self._slot), "unsafe" if self._unsafe else ""),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"},
            )
        return self._process


def main() -> None:
    """Serves requests from standard input until it closes."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # whatever a library prints is no answer
    root, hidden, assignment, slot, unsafe = sys.argv[1:]
    try:
        _serve(Course(Path(root), Path(hidden)), assignment, int(slot), bool(unsafe), answers)
    except GraderError as error:
        _tell(answers, error)


def _serve(course: Course, assignment: str, slot: int, unsafe: bool, answers: TextIO) -> None:
    import pytest

    from autograder.grading.plugin import Checks

    folder = course.hidden / assignment
    if not folder.is_dir():
        raise CourseError(f"there are no hidden checks for {assignment}: {folder} is missing")

    private = (course.root, course.key_file, course.hidden)

    def serve(checks: Checks) -> None:
        from autograder.grading.judge import Judge
        from autograder.sandbox.launcher import Sandbox

        try:
            if checks.faults:
                raise CourseError("the hidden checks cannot be used:\n" + "\n".join(checks.faults))
            with (
                Sandbox(slot=slot, private=private, unsafe=unsafe) as sandbox,
                Judge(course, sandbox, checks) as judge,
            ):
                for line in sys.stdin:
                    _answer(answers, judge, assignment, line)
        except GraderError as error:
            _tell(answers, error)

    settings = HIDDEN / "pytest.ini"
    pytest.main([*PYTEST, f"-c{settings}", str(folder)], plugins=[Checks(course, serve)])


def _answer(answers: TextIO, judge: Judge, assignment: str, line: str) -> None:
    request = json.loads(line)
    submitted = base64.b64decode(request["submitted"])
    try:
        result = judge.grade(assignment, request["notebook"], submitted, tuple(request["students"]))
    except GraderError as error:
        _tell(answers, error)
    else:
        print(result.to_json(), file=answers, flush=True)


def _tell(answers: TextIO, error: GraderError) -> None:
    text = json.dumps({"failed": str(error), "kind": type(error).__name__})
    print(text, file=answers, flush=True)


if __name__ == "__main__":
    main()
