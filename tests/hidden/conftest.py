"""The student whom the hidden checks speak to in these tests."""

from __future__ import annotations

import pytest

from cvcourse.checks import LocalStudent

from .answers import MakeStudent


@pytest.fixture(params=["here"])
def make_student() -> MakeStudent:
    """Makes a student from a namespace and a question; a sandbox can join as a second parameter."""
    return LocalStudent
