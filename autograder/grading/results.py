"""What grading one notebook of one submission gives; plain data, stored and sent as JSON."""

from __future__ import annotations

import dataclasses
import enum
import json
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 1  # raised when the JSON changes in a way that a reader must know


class Outcome(enum.StrEnum):
    """How one check ended; there are these three ways and no other."""

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_RUN = "could not run"


class State(enum.StrEnum):
    """Where a question stands."""

    GRADED = "graded"
    UNDER_REVIEW = "under review"  # some weight could not run, or staff must look at it
    WAITING = "waiting for a reader"  # a written question that is graded by hand


@dataclass(frozen=True)
class CheckResult:
    """One hidden check.

    Attributes:
        check: the check's name, for staff.
        sentence: what the check requires, in the words that the student reads.
        outcome: passed, failed or could not run.
        weight: the check's share of its question's points.
        direction: what to look at, made of staff's strings only; empty when passed.
        line: the line in the student's own cell, if an exception was raised there.
        staff_note: more for staff: expected and received, why it could not run. Never for students.
    """

    check: str
    sentence: str
    outcome: Outcome
    weight: float
    direction: str = ""
    line: int | None = None
    staff_note: str = ""


@dataclass(frozen=True)
class QuestionResult:
    """One question, graded by checks or waiting for a reader.

    Attributes:
        question: the id, e.g. "knn-q3" or "knn-w1".
        title: what was asked, one line.
        points: the most that it can earn.
        score: what it earned, rounded to 0.01; None while it waits for a reader.
        state: graded, under review, or waiting.
        answered: False when the stub or the empty text was handed in.
        checks: in the order in which they ran.
        held: what staff must look at before the score counts, a sentence each; while there is
            any, the score is 0.
        public_example: the text of the visible check that fails too, with the line that
            reproduces it at home; empty if the visible checks pass.
    """

    question: str
    title: str
    points: float
    score: float | None
    state: State
    answered: bool = True
    checks: tuple[CheckResult, ...] = ()
    held: tuple[str, ...] = ()
    public_example: str = ""


@dataclass(frozen=True)
class NotebookResult:
    """One notebook of one submission.

    Attributes:
        assignment: e.g. "a1_classifiers".
        notebook: e.g. "knn".
        students: whose submission it is; pseudonyms everywhere but in gradebook and roster.
        release: id of the release that the submission was rebuilt against.
        seed_label: the label from which the inputs' seeds were made; the key is not in it.
        layers: the sandbox's active layers, or ("unsafe",).
        questions: in the notebook's order.
        notes: what intake found and the student should know, a sentence each.
        error: why nothing could be graded at all; empty otherwise.
        outputs: short text that the student's cells printed, by cell id; for staff's eyes.
    """

    assignment: str
    notebook: str
    students: tuple[str, ...]
    release: str
    seed_label: str
    layers: tuple[str, ...]
    questions: tuple[QuestionResult, ...]
    notes: tuple[str, ...] = ()
    error: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The points earned so far; written questions count once they are read."""
        return round(sum(q.score or 0.0 for q in self.questions), 2)

    @property
    def points(self) -> float:
        """The most that the notebook can earn."""
        return sum(q.points for q in self.questions)

    def to_json(self) -> str:
        """The result as one line of JSON."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False)


def from_json(text: str | bytes) -> NotebookResult:
    """Reads what `NotebookResult.to_json` wrote.

    Raises:
        ValueError: if the text is of another schema.
    """
    data: dict[str, Any] = json.loads(text)
    if (schema := data.pop("schema", None)) != SCHEMA:
        raise ValueError(f"a result must be of schema {SCHEMA}; got {schema!r}")
    questions = tuple(_question(q) for q in data.pop("questions"))
    for name in ("students", "layers", "notes"):
        data[name] = tuple(data[name])
    return NotebookResult(questions=questions, **data)


def score_of(points: float, checks: tuple[CheckResult, ...]) -> float:
    """Points x passed weight / total weight, rounded to 0.01; full marks exactly.

    Raises:
        ValueError: if there is no check, since then nothing could be earned or lost.
    """
    if not checks:
        raise ValueError("a question needs at least one check")
    if all(c.outcome is Outcome.PASSED for c in checks):
        return points
    passed = sum(c.weight for c in checks if c.outcome is Outcome.PASSED)
    return round(points * passed / sum(c.weight for c in checks), 2)


def _question(data: dict[str, Any]) -> QuestionResult:
    checks = tuple(
        CheckResult(**{**c, "outcome": Outcome(c["outcome"])}) for c in data.pop("checks")
    )
    data.update(state=State(data["state"]), held=tuple(data["held"]))
    return QuestionResult(**data, checks=checks)
