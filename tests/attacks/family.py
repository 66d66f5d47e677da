"""Makes the parameters of a family's test from its attacks."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from .attack import Attack


def each(attacks: Iterable[Attack]) -> pytest.MarkDecorator:
    """Runs a test with each attack; one that the grader does not withstand yet must fail."""
    return pytest.mark.parametrize(
        "attack",
        [
            pytest.param(
                attack,
                id=str(attack),
                marks=[pytest.mark.xfail(strict=True, reason=attack.lost)] if attack.lost else [],
            )
            for attack in attacks
        ],
    )
