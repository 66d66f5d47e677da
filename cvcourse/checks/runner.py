"""Runs the visible checks of a question and says what came of it.

`check("knn-q3", globals())` is what the locked cell below an answer calls. A grader runs the same
checks through `run_checks` with a student in a sandbox, to show the first message at home.
"""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from cvcourse.checks.failures import CheckFailure, NotAnswered
from cvcourse.checks.questions import mark_of, notebook_of, sentence_of
from cvcourse.checks.student import LocalStudent, Student

PUBLIC = "cvcourse.checks.public"
WIDTH = 80  # columns of a message
SEED = 2026  # of the inputs that visible checks draw: fixed, so that a message can be reproduced


class CheckError(AssertionError):
    """A visible check failed; notebooks show its message without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(question: str, namespace: Mapping[str, Any]) -> None:
    """Runs the visible checks of one question on the notebook's own definitions.

    Prints one line when all pass.

    Args:
        question: the question's id, e.g. "knn-q3".
        namespace: the notebook's `globals()`.

    Raises:
        CheckError: with what was required, what was received, where, and what to do next.
        ValueError: if there is no such question.
    """
    student = LocalStudent(namespace, question)
    try:
        run_checks(question, student)
    except CheckFailure as failure:
        raise CheckError(explain(question, failure)) from None
    inputs = f"{student.calls} input" + ("s" if student.calls != 1 else "")
    print(f"{question}: ok on {inputs}; grading also tries {_untried(question)}.")


def run_checks(question: str, student: Student) -> None:
    """Runs the visible checks of one question, in the order in which they stand in their file.

    Args:
        question: the question's id.
        student: whose functions to call.

    Raises:
        CheckFailure: the first failure; its first note is the failing check's sentence.
    """
    for function in visible_checks(question):
        available = {"student": student, "rng": np.random.default_rng(SEED)}
        wanted = inspect.signature(function).parameters
        try:
            function(**{name: available[name] for name in wanted})
        except CheckFailure as failure:
            failure.add_note(sentence_of(function))
            raise


def explain(question: str, failure: CheckFailure) -> str:
    """The message of a failed visible check: what was required, what was found, and where.

    Args:
        question: the question's id.
        failure: as `run_checks` raised it.
    """
    if isinstance(failure, NotAnswered):
        return failure.direction
    required = " ".join(getattr(failure, "__notes__", []))
    parts = [_wrapped("Required: ", required), _wrapped("Found:    ", failure.direction)]
    parts += [_wrapped(" " * 10, line) for line in failure.detail.splitlines()]
    return "\n".join([f"{question} is not right yet.", *parts])


def _wrapped(lead: str, text: str) -> str:
    """The text behind its lead, on lines that a notebook and `nbgrader validate` show whole.

    Spaces inside a line are kept: they may line up the student's code.
    """
    if len(lead) + len(text) <= WIDTH:
        return lead + text
    return textwrap.fill(text, WIDTH, initial_indent=lead, subsequent_indent=" " * 10)


def visible_checks(question: str) -> list[Callable[..., object]]:
    """The visible checks of a question, in file order.

    Raises:
        ValueError: if the course has no such question.
    """
    functions = [f for f in vars(_module(question)).values() if callable(f)]
    found = [f for f in functions if (mark := mark_of(f)) and mark.question == question]
    if not found:
        raise ValueError(f"there is no question {question!r}; is its id written right?")
    return found


def _module(question: str) -> ModuleType:
    name = f"{PUBLIC}.{notebook_of(question)}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:  # the checks are there; something that they import is not
            raise
        raise ValueError(f"there is no question {question!r}; is its id written right?") from None


def _untried(question: str) -> str:
    return str(_module(question).UNTRIED[question])
