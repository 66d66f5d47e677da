"""What all the other attacks are held against: plain wrong answers earn nothing."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import WRONG

pytestmark = pytest.mark.sandbox


def test_plain_wrong_answers_earn_nothing(arena: Arena) -> None:
    scores = arena.score_of(WRONG)
    assert WRONG.keys() < scores.keys()
    assert not any(scores.values()), scores


def test_the_honest_submission_earns_points(arena: Arena) -> None:
    assert arena.always.score > 10
    assert any(q.public_example for q in arena.always.questions)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
