"""Judges one notebook of one submission: runs its checks, decides who is at fault, adds it up."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pytest

from autograder.course import Course, Question
from autograder.errors import WorkerError
from autograder.grading import intake
from autograder.grading.forbidden import findings
from autograder.grading.plugin import Checks, Ended, Setting, judged, staff_note, worker_seed
from autograder.grading.results import (
    CheckResult,
    NotebookResult,
    Outcome,
    QuestionResult,
    State,
    score_of,
)
from autograder.grading.student import RemoteStudent
from autograder.grading.submission import Submission
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.session import Worker
from cvcourse.checks import CheckFailure, runner

MOST_EXAMPLE = 2_000  # characters of a public example's text
UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e\xa0-\u2027\u2030-\u2065\u2070-\ud7ff\uf900-\ufffd]")


@dataclass(frozen=True)
class _Released:
    """A released notebook, read once for all submissions."""

    notebook: dict[str, Any]
    questions: tuple[Question, ...]
    id: str


class Judge:
    """Grades submissions of one assignment, one after another; a context manager.

    Args:
        course: the course folder.
        sandbox: a running sandbox.
        checks: the collected hidden checks.
    """

    def __init__(self, course: Course, sandbox: Sandbox, checks: Checks) -> None:
        self._course = course
        self._sandbox = sandbox
        self._checks = checks
        self._references: dict[tuple[str, str], Submission] = {}
        self._releases: dict[tuple[str, str], _Released] = {}

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for reference in self._references.values():
            reference.close()

    def grade(
        self, assignment: str, notebook: str, submitted: bytes, students: tuple[str, ...]
    ) -> NotebookResult:
        """Grades one notebook.

        Args:
            assignment: e.g. "a1_classifiers".
            notebook: e.g. "knn".
            submitted: the file as it was handed in, whatever it holds.
            students: the pseudonyms of those who handed it in.
        """
        released = self._released(assignment, notebook)
        rebuilt = intake.rebuild(released.notebook, submitted)
        label = (assignment, notebook, *students)
        seed = worker_seed(self._course, *label)
        with Submission(self._sandbox.session, rebuilt.cells, seed) as submission:
            results = tuple(
                self._question(question, rebuilt, submission, label)
                for question in released.questions
            )
        return NotebookResult(
            assignment=assignment,
            notebook=notebook,
            students=students,
            release=released.id,
            seed_label="/".join(label),
            layers=self._sandbox.layers,
            questions=self._with_public_examples(results, rebuilt, seed),
            notes=(*rebuilt.notes, *submission.problems.values()),
            error=rebuilt.error,
            outputs={cell: text for cell, text in submission.outputs.items() if text},
        )

    def _released(self, assignment: str, notebook: str) -> _Released:
        key = (assignment, notebook)
        if key not in self._releases:
            self._releases[key] = _Released(
                self._course.release(assignment, notebook),
                tuple(self._course.questions(assignment, notebook)),
                self._course.release_id(assignment),
            )
        return self._releases[key]

    def _question(
        self,
        question: Question,
        rebuilt: intake.Rebuilt,
        submission: Submission,
        label: tuple[str, ...],
    ) -> QuestionResult:
        answered = not rebuilt.error and question.id not in rebuilt.unanswered
        if question.written:
            state = State.WAITING if answered else State.GRADED
            score = None if answered else 0.0
            return QuestionResult(
                question.id, question.title, question.points, score, state, answered
            )
        if answered:
            checks = self._run_checks(question.id, submission, label)
        else:
            checks = self._all_failed(
                question.id, rebuilt.error or f"{question.id} is not answered."
            )
        stuck = any(c.outcome is Outcome.COULD_NOT_RUN for c in checks)
        held = self._suspicions(question, rebuilt) if answered else ()
        return QuestionResult(
            question=question.id,
            title=question.title,
            points=question.points,
            score=0.0 if held else score_of(question.points, checks),
            state=State.UNDER_REVIEW if stuck or held else State.GRADED,
            answered=answered,
            checks=checks,
            held=held,
        )

    def _suspicions(self, question: Question, rebuilt: intake.Rebuilt) -> tuple[str, ...]:
        """What in the answer may break the question's contract; nothing where it states none."""
        contract = self._checks.contract(question.id)
        if not contract.forbidden:
            return ()
        others = [c.source for c in rebuilt.cells if c.kind != "release" and c.id != question.id]
        return findings(
            contract,
            rebuilt.answers[question.id],
            names=question.names,
            others=others,
            given=[c.source for c in rebuilt.cells if c.kind == "release"],
        )

    def _all_failed(self, question: str, reason: str) -> tuple[CheckResult, ...]:
        ended = Ended(CheckFailure(reason))
        return tuple(judged(item, ended) for item in self._checks.of(question))

    def _run_checks(
        self, question: str, submission: Submission, label: tuple[str, ...]
    ) -> tuple[CheckResult, ...]:
        """Runs a question's checks in one worker; a check that breaks it gives way to a new one."""
        results = []
        with (
            _Answering(submission, question) as student,
            _Answering(self._reference(label[0], label[1]), question) as reference,
        ):
            setting = Setting(student.ask, reference.ask, label)
            for item in self._checks.of(question):
                ended = self._checks.run(item, setting)
                if ended.tidy:
                    results.append(judged(item, ended))
                else:
                    student.end()
                    submission.note_limit(ended.error)
                    results.append(judged(item, ended, *self._experiment(item, reference, label)))
        if any(result.outcome is Outcome.COULD_NOT_RUN for result in results):
            self._references.pop((label[0], label[1])).close()  # the next question gets a fresh one
        return tuple(results)

    def _experiment(
        self, item: pytest.Function, reference: _Answering, label: tuple[str, ...]
    ) -> tuple[Outcome, str]:
        """Decides whose fault an untidy end is: the submission's, if the reference passes."""
        reference.end()
        ended = self._checks.run(item, Setting(reference.ask, reference.ask, label))
        if ended.error is None:
            return Outcome.FAILED, "The reference passes the same check."
        reference.end()
        return Outcome.COULD_NOT_RUN, f"So does the reference: {staff_note(ended.error)}"

    def _reference(self, assignment: str, notebook: str) -> Submission:
        key = (assignment, notebook)
        if key not in self._references:
            source = self._course.source_bytes(assignment, notebook)
            cells = intake.rebuild(self._released(assignment, notebook).notebook, source).cells
            self._references[key] = Submission(
                lambda: self._sandbox.session(reference=True), cells, seed=0
            )
        return self._references[key]

    def _with_public_examples(
        self, results: tuple[QuestionResult, ...], rebuilt: intake.Rebuilt, seed: int
    ) -> tuple[QuestionResult, ...]:
        """Adds the visible check's message where a hidden check failed and the visible one too.

        It runs in a session of its own that has never met a hidden input, so its text may be
        shown in full.
        """
        if all(_passed(result) for result in results):
            return results
        with Submission(self._sandbox.session, rebuilt.cells, seed) as submission:
            return tuple(
                result if _passed(result) else _with_example(result, submission)
                for result in results
            )


class _Answering:
    """Whoever answers a question's checks; a new worker is made after one was ended."""

    def __init__(self, submission: Submission, question: str) -> None:
        self._submission = submission
        self._question = question
        self._worker: Worker | None = None

    def __enter__(self) -> _Answering:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def ask(self) -> RemoteStudent:
        if self._worker is None:
            self._worker = self._submission.worker()
        question, submission = self._question, self._submission
        problem, last_line = submission.problems.get(question, ""), submission.last_line(question)
        return RemoteStudent(self._worker, question, problem, last_line)

    def end(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _passed(result: QuestionResult) -> bool:
    return not result.answered or all(c.outcome is Outcome.PASSED for c in result.checks)


def _with_example(result: QuestionResult, submission: Submission) -> QuestionResult:
    with _Answering(submission, result.question) as answering:
        text = _example(result.question, answering.ask)
    fields = {name: getattr(result, name) for name in result.__dataclass_fields__}
    return QuestionResult(**{**fields, "public_example": text})


def _example(question: str, student: Callable[[], RemoteStudent]) -> str:
    """The text of the first visible check that fails, and how to see it at home; or nothing."""
    try:
        runner.run_checks(question, student())
        return ""
    except CheckFailure as failure:
        text = runner.explain(question, failure)
    except WorkerError as error:
        text = f"{question} is not right yet.\nFound:    {error.reason}"
    except Exception:
        return ""  # a value so odd that the visible check itself stumbles; the directions remain
    text = UNPRINTABLE.sub("?", text)[:MOST_EXAMPLE]
    return f'{text}\nTo see this in your notebook, run: check("{question}", globals())'
