"""Ties a check to its question; the same mark serves visible and hidden checks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Check = TypeVar("Check", bound=Callable[..., object])
QUESTION_ID = re.compile(r"(?P<notebook>[a-z][a-z0-9_]*)-q[1-9][0-9]*")


@dataclass(frozen=True)
class Mark:
    """What `@question` leaves on a check: the question's id and the check's share of its points."""

    question: str
    weight: float


def question(identifier: str, *, weight: float = 1) -> Callable[[Check], Check]:
    """Marks a function as a check of one question.

    The function's docstring is the sentence that the student reads, so it must have one.

    Args:
        identifier: `<notebook>-q<number>`, e.g. "knn-q3".
        weight: the check's share, relative to the other checks of the question; above
            zero and finite.

    Raises:
        ValueError: if the identifier or the weight is of another form, or there is no docstring.
    """
    notebook_of(identifier)
    if not 0 < weight < math.inf:
        raise ValueError(f"weight must be above zero and finite; got {weight} for {identifier}")

    def mark(check: Check) -> Check:
        if not (check.__doc__ or "").strip():
            raise ValueError(
                f"{check.__name__} has no docstring; students read it in their feedback"
            )
        check.__question__ = Mark(identifier, float(weight))  # type: ignore[attr-defined]
        return check

    return mark


def mark_of(check: object) -> Mark | None:
    """The mark that `@question` left on a function, or None."""
    mark = getattr(check, "__question__", None)
    return mark if isinstance(mark, Mark) else None


def notebook_of(identifier: str) -> str:
    """The notebook that a question belongs to: "knn" for "knn-q3".

    Raises:
        ValueError: if the identifier is not `<notebook>-q<number>`.
    """
    match = QUESTION_ID.fullmatch(identifier)
    if not match:
        raise ValueError(
            f"a question id is <notebook>-q<number>, such as knn-q3; got {identifier!r}"
        )
    return match["notebook"]


def sentence_of(check: Callable[..., object]) -> str:
    """The first paragraph of a check's docstring, on one line: what the student reads."""
    return " ".join((check.__doc__ or "").strip().split("\n\n")[0].split())
