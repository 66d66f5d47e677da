"""What a check says when an answer is wrong, and nothing else.

A failure speaks twice. Its *direction* is put together only from sentences that the author of the
check wrote, so a grader may show it for a hidden check. Its *detail* holds indices, values and
other data, and is shown only where the inputs are public anyway.

    CheckFailure            the answer is wrong
    ├── StudentError        the student's function raised an exception
    └── NotAnswered         the question still holds its stub, or its name is missing
"""

from __future__ import annotations


class CheckFailure(AssertionError):
    """An answer is wrong.

    Args:
        direction: what to look at, without any data from the inputs or the answer.
        detail: the numbers: where, received, expected, tolerance. May be empty.
    """

    def __init__(self, direction: str, detail: str = "") -> None:
        super().__init__(f"{direction}\n{detail}" if detail else direction)
        self.direction = direction
        self.detail = detail


class StudentError(CheckFailure):
    """The student's function raised.

    Args:
        function: the name that was called.
        kind: the exception's type if it is one of Python's own, else "an exception".
        line: the line in the student's cell, counted from 1, or None where it is not known.
        detail: the exception's own text and traceback; never shown for a hidden check.
    """

    def __init__(self, function: str, kind: str, line: int | None, detail: str = "") -> None:
        where = f" at line {line} of your cell" if line else ""
        super().__init__(f"{function} raised {kind}{where}.", detail)
        self.function = function
        self.kind = kind
        self.line = line


class NotAnswered(CheckFailure):
    """The question has no answer yet: its stub is still there, or the name is not defined."""
