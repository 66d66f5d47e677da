"""Rebuilds a submission from its release: given cells from the release, answers from the student.

Reading is all that happens here. Whatever bytes come in, a notebook in the release's shape goes
out, with sentences for the student on what was missing, moved, doubled or unreadable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from autograder import cells
from autograder.grading.helpers import keep_definitions, names_bound, names_used
from autograder.grading.inert import fenced
from autograder.grading.matching import MAX_SOURCE, Match, match_cells

# Bounds on what is read. Pictures among the outputs make files large, sources never do.
MAX_FILE = 20 * 2**20  # bytes
MAX_CELLS = 2_000
MAX_SOURCES = 300_000  # characters in all cells; an honest notebook has a tenth of that
MAX_NAMES_TOLD = 5


@dataclass(frozen=True)
class RunCell:
    """A code cell that is to run, in the notebook's order.

    Attributes:
        id: the question's id of an answer, the released cell's id, or "added-1" and so on.
        source: what is to run.
        kind: from the release, an answer, or added by the student.
        tags: the released cell's tags; none on an added cell.
    """

    id: str
    source: str
    kind: Literal["release", "answer", "added"]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rebuilt:
    """A submission in the shape of its release.

    Attributes:
        notebook: nbformat 4.5: the released cells in order, the answers in their cells and the
            student's own cells in between, without outputs. The student's text is inert.
        answers: the source of each answer cell as handed in, code and written, by id; the
            released source where nothing was handed in.
        unanswered: ids of the answer cells that hold what was released.
        cells: what is to run; not the check cells, which the grader asks itself.
        notes: what the student should know, a sentence each.
        error: why nothing could be read; empty if the file is a notebook.
    """

    notebook: dict[str, Any]
    answers: dict[str, str]
    unanswered: tuple[str, ...]
    cells: tuple[RunCell, ...]
    notes: tuple[str, ...] = ()
    error: str = ""


class _Unreadable(Exception):
    """The bytes are no notebook; the text is for the student."""


@dataclass(frozen=True)
class _Piece:
    """A cell of the rebuilt notebook, and what of it is to run."""

    shown: dict[str, Any]
    run: RunCell | None


def rebuild(release: dict[str, Any], submitted: bytes) -> Rebuilt:
    """Puts what a student handed in into the release's shape; never raises for what they sent.

    Args:
        release: the released notebook, as JSON data.
        submitted: the file as it was handed in; any bytes.
    """
    try:
        match = match_cells(release["cells"], _read(submitted))
        if not any(cells.is_answer(release["cells"][t]) for t in match.owner.values()):
            raise _Unreadable("The file holds no cell of this notebook; is it the right file?")
    except _Unreadable as unreadable:
        empty = match_cells(release["cells"], [])
        return _assembled(release, empty, [], error=str(unreadable))
    return _assembled(release, match, match.notes)


def _read(submitted: bytes) -> list[dict[str, Any]]:
    """The cells of a file that was handed in.

    Raises:
        _Unreadable: if it is no notebook, or larger than a notebook may be.
    """
    if len(submitted) > MAX_FILE:
        raise _Unreadable(
            f"The file has {len(submitted) / 2**20:.0f} MiB; at most {MAX_FILE // 2**20} MiB are "
            "read. Clear the outputs and hand it in again."
        )
    if not submitted.strip():
        raise _Unreadable("No notebook was handed in: the file is empty or missing.")
    if submitted.startswith(b"PK\x03\x04"):
        raise _Unreadable("The file is an archive; hand in the .ipynb file that is in it.")
    try:
        data = json.loads(submitted.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _Unreadable("The file is no notebook: it is not UTF-8 text.") from None
    except RecursionError:
        raise _Unreadable("The file is no notebook: its data are nested too deeply.") from None
    except ValueError as problem:
        line = f" (line {problem.lineno})" if isinstance(problem, json.JSONDecodeError) else ""
        raise _Unreadable(f"The file is no notebook: it is not valid JSON{line}.") from None
    found = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise _Unreadable("The file is no notebook: it has no list of cells.")
    found = [cell for cell in found if isinstance(cell, dict)]
    if len(found) > MAX_CELLS:
        raise _Unreadable(f"The notebook has {len(found)} cells; at most {MAX_CELLS} are read.")
    if sum(len(cells.source_of(cell)) for cell in found) > MAX_SOURCES:
        raise _Unreadable(f"The cells hold more than {MAX_SOURCES} characters of text.")
    return found


def _assembled(release: dict[str, Any], match: Match, notes: list[str], error: str = "") -> Rebuilt:
    own = _OwnCells(match)
    pieces = own.after(-1)
    for t, cell in enumerate(match.released):
        pieces = [*pieces, _piece(cell, match.answers.get(t)), *own.after(t)]
    runs = tuple(piece.run for piece in pieces if piece.run)
    answers = {cells.grade_id_of(match.released[t]): text for t, text in match.answers.items()}
    stubs = {cells.grade_id_of(cell): cells.source_of(cell) for cell in match.released}
    return Rebuilt(
        notebook={
            "cells": [piece.shown for piece in pieces],
            "metadata": release.get("metadata", {}),
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        answers=answers,
        unanswered=tuple(q for q, text in answers.items() if text == stubs[q]),
        cells=() if error else runs,
        notes=(*notes, *own.notes, *_missed_names(runs, own.dropped)),
        error=error,
    )


def _piece(cell: dict[str, Any], answer: str | None) -> _Piece:
    """A released cell with the student's answer, if it takes one."""
    source, code = cells.source_of(cell), cells.is_code(cell)
    identifier, tags = cells.grade_id_of(cell) or cells.id_of(cell), cells.tags_of(cell)
    run = None
    if answer is None:
        if code and not cells.is_check(cell):
            run = RunCell(identifier, source, "release", tags)
    elif code:
        source, run = answer, RunCell(identifier, answer, "answer", tags)
    elif answer != source:
        source = fenced(answer)
    return _Piece({**cell, **_without_outputs(code), "source": source}, run)


def _without_outputs(code: bool) -> dict[str, Any]:
    return {"outputs": [], "execution_count": None} if code else {}


class _OwnCells:
    """The cells that a student added, and what they added to given ones.

    Attributes:
        notes: what the student should know about them.
        dropped: names that are set only by statements that do not run.
    """

    def __init__(self, match: Match) -> None:
        self.notes: list[str] = []
        self.dropped: set[str] = set()
        self._after: dict[int, list[_Piece]] = {}
        self._count = 0
        anchor = -1
        for i, cell in enumerate(match.submitted):
            source, target = cells.source_of(cell), match.owner.get(i)
            if target is not None:
                anchor = target
                given = match.released[target]
                changed = cells.is_code(given) and match.is_changed(i, target)
                if changed and not cells.is_answer(given):
                    self._add_change(anchor, source, cells.source_of(given))
            elif source.strip():
                self._add(anchor, source, cells.is_code(cell))

    def after(self, target: int) -> list[_Piece]:
        """What stands after a released cell; -1 asks for the beginning."""
        return self._after.get(target, [])

    def _add(self, anchor: int, source: str, code: bool) -> None:
        if len(source) > MAX_SOURCE:
            self.notes.append(
                f"A cell that you added was not read: it has more than {MAX_SOURCE} characters."
            )
        elif code:
            self._put(anchor, source, self._sieved(source), code=True)
        else:
            self._put(anchor, fenced(source), "", code=False)

    def _add_change(self, anchor: int, source: str, released: str) -> None:
        extra = self._sieved(source, released) if len(source) <= MAX_SOURCE else ""
        if extra:
            self._put(anchor, extra.strip("\n"), extra, code=True)

    def _sieved(self, source: str, released: str = "") -> str:
        kept = keep_definitions(source, released=released)
        if not kept.readable:
            self.notes.append("A cell of your own is not run in grading: it is no valid Python.")
        self.dropped |= kept.dropped_names
        return kept.source

    def _put(self, anchor: int, shown: str, run: str, *, code: bool) -> None:
        self._count += 1
        identifier = f"added-{self._count}"
        cell: dict[str, Any] = {
            "cell_type": "code" if code else "markdown",
            "id": identifier,
            "metadata": {},
            "source": shown,
            **_without_outputs(code),
        }
        piece = _Piece(cell, RunCell(identifier, run, "added") if run else None)
        self._after.setdefault(anchor, []).append(piece)


def _missed_names(runs: tuple[RunCell, ...], dropped: set[str]) -> list[str]:
    """Tells of names that an answer uses and that only a statement that does not run would set."""
    if not dropped:
        return []
    bound = {name for run in runs for name in names_bound(run.source)}
    used = {name for run in runs if run.kind != "release" for name in names_used(run.source)}
    return [
        f"Your code uses {name[:40]}, which a cell of your own sets by a statement that is not run "
        "in grading; of such cells only imports, definitions and simple assignments run."
        for name in sorted((dropped - bound) & used)[:MAX_NAMES_TOLD]
    ]
