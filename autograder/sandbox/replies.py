"""What a submission's process says of a cell or a call, believed only as far as it has a form."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from autograder.errors import ProtocolError


@dataclass(frozen=True)
class Raised:
    """An exception of the student's.

    Attributes:
        kind: the exception's type if it is one of Python's own, else "an exception".
        line: the line in the student's cell, or None.
        text: its own text: the student's words, for staff or for public inputs only.
    """

    kind: str
    line: int | None
    text: str


@dataclass(frozen=True)
class CellRun:
    """How one cell ran."""

    output: str
    raised: Raised | None


def reply_of(value: Any) -> dict[str, Any]:
    """A reply, if it has the form of one.

    Raises:
        ProtocolError: if it has not.
    """
    if not isinstance(value, dict):
        raise ProtocolError("What came back is no valid result.")
    return value


def raised_in(reply: dict[str, Any]) -> Raised | None:
    """The exception that a reply tells of, made harmless; None if it tells of none."""
    kind, line, text = reply.get("error"), reply.get("line"), reply.get("text")
    if kind is None:
        return None
    known = isinstance(kind, str) and kind in _BUILTIN_EXCEPTIONS
    return Raised(
        kind if known and isinstance(kind, str) else "an exception",
        line if isinstance(line, int) and 0 < line < 100_000 else None,
        text[:2000] if isinstance(text, str) else "",
    )


_BUILTIN_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
