"""What the cells of a notebook hold, read from plain JSON.

nbformat is not used: its import takes most of a second. Nothing here trusts a cell to be well
formed, since the cells may be a student's: what is not as it must be reads as empty.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

CHECK_SUFFIX = "-check"
SOLUTION_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")

_DEFINITION = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
# Lone surrogates cannot be written as UTF-8; control characters have no place in a source.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_HEADING = re.compile(r"#{1,6}\s+(.*)")


def source_of(cell: dict[str, Any]) -> str:
    """The cell's text, in one string with "\\n" at line ends; empty if it holds no text."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return ""
    return _UNPRINTABLE.sub("\ufffd", source.replace("\r\n", "\n").replace("\r", "\n"))


def metadata_of(cell: dict[str, Any]) -> dict[str, Any]:
    """The cell's metadata."""
    metadata = cell.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def role_of(cell: dict[str, Any]) -> dict[str, Any]:
    """What nbgrader notes about the cell: grade_id, grade, solution, locked, points."""
    role = metadata_of(cell).get("nbgrader")
    return role if isinstance(role, dict) else {}


def grade_id_of(cell: dict[str, Any]) -> str:
    """The cell's nbgrader id; empty if it has none."""
    grade_id = role_of(cell).get("grade_id")
    return grade_id if isinstance(grade_id, str) else ""


def id_of(cell: dict[str, Any]) -> str:
    """The cell's own id; Colab keeps it in the metadata. Empty if there is none."""
    for identifier in (cell.get("id"), metadata_of(cell).get("id")):
        if isinstance(identifier, str):
            return identifier
    return ""


def tags_of(cell: dict[str, Any]) -> tuple[str, ...]:
    """The cell's tags."""
    tags = metadata_of(cell).get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def is_code(cell: dict[str, Any]) -> bool:
    """Whether the cell holds code."""
    return cell.get("cell_type") == "code"


def is_answer(cell: dict[str, Any]) -> bool:
    """Whether students write in the cell."""
    return role_of(cell).get("solution") is True


def is_check(cell: dict[str, Any]) -> bool:
    """Whether the cell is the locked one that carries a question's points."""
    return role_of(cell).get("grade") is True and not is_answer(cell)


def heading_of(cell: dict[str, Any]) -> str:
    """The first heading in a text cell, without its marks; empty if there is none."""
    if is_code(cell):
        return ""
    matches = (_HEADING.match(line) for line in source_of(cell).splitlines())
    return next((match[1].strip() for match in matches if match), "")


def parsed(source: str) -> list[ast.stmt] | None:
    """The statements of a cell, or None if it is no Python; the source is read, never run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's "\d" is not the grader's concern
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def names_defined(source: str) -> tuple[str, ...]:
    """Functions and classes defined at the top level, in order, each once.

    Where the source is no Python, lines that look like the start of a definition count.
    """
    statements = parsed(source)
    if statements is None:
        return tuple(dict.fromkeys(_DEFINITION.findall(source)))
    return tuple(dict.fromkeys(_definitions(statements)))


def _definitions(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
