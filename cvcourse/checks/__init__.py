"""The checks that students run, and the vocabulary that all checks are written in."""

from cvcourse.checks.failures import CheckFailure, NotAnswered, StudentError
from cvcourse.checks.gradients import expect_gradient
from cvcourse.checks.ladder import (
    expect,
    expect_array,
    expect_form,
    expect_number,
    expect_unchanged,
)
from cvcourse.checks.questions import question
from cvcourse.checks.runner import CheckError, check
from cvcourse.checks.student import LocalStudent, Student

__all__ = [
    "CheckError",
    "CheckFailure",
    "LocalStudent",
    "NotAnswered",
    "Student",
    "StudentError",
    "check",
    "expect",
    "expect_array",
    "expect_form",
    "expect_gradient",
    "expect_number",
    "expect_unchanged",
    "question",
]
