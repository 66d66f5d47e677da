"""Which submitted cell is which released cell, and which of them hold the answers.

Cells are recognised by nbgrader's id, then by the cell's own id, then by the released text of
given cells, the names that code defines, and the place of written answers: Colab and other editors
drop the ids, and students copy, split and move cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograder import cells

MAX_SOURCE = 100_000  # characters in one cell

Cell = dict[str, Any]


@dataclass
class Match:
    """A submission's cells beside its release's.

    Attributes:
        released: the cells of the release.
        submitted: the cells as handed in.
        owner: submitted index -> index of the released cell that it is.
        answers: index of a released answer cell -> the source that counts as its answer.
        notes: what the student should know, a sentence each.
    """

    released: list[Cell]
    submitted: list[Cell]
    owner: dict[int, int] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def copies_of(self, target: int) -> list[int]:
        """The submitted cells that are this released cell, in order."""
        return sorted(i for i, owner in self.owner.items() if owner == target)

    def free(self) -> list[int]:
        """The submitted cells that are no released cell so far, in order."""
        return [i for i in range(len(self.submitted)) if i not in self.owner]

    def is_changed(self, index: int, target: int) -> bool:
        """Whether a submitted cell says something, and something other than was released."""
        source = cells.source_of(self.submitted[index]).strip()
        return bool(source) and source != cells.source_of(self.released[target]).strip()


def match_cells(released: list[Cell], submitted: list[Cell]) -> Match:
    """Finds the released cells and the answers in a submission.

    Of several cells of one question the last complete one counts, as after a run of the whole
    notebook; a copy of the stub counts for nothing, and the parts of a split cell are joined.
    """
    match = Match(released, submitted)
    _by_id(match)
    _by_text(match)
    order = [match.owner[i] for i in sorted(match.owner)]
    if order != sorted(order):
        match.notes.append("Cells were moved; grading runs them in the released order.")
    _by_names(match)
    _by_place(match)
    match.answers = {t: _answer(match, t) for t in _answer_cells(match)}
    return match


def _answer_cells(match: Match) -> list[int]:
    return [t for t, cell in enumerate(match.released) if cells.is_answer(cell)]


def _by_id(match: Match) -> None:
    for name_of in (cells.grade_id_of, cells.id_of):
        taken = set(match.owner.values())
        targets = {
            name_of(cell): t
            for t, cell in enumerate(match.released)
            if name_of(cell) and t not in taken
        }
        for i in match.free():
            target = targets.get(name_of(match.submitted[i]))
            if target is not None:
                match.owner[i] = target


def _by_text(match: Match) -> None:
    taken = set(match.owner.values())
    waiting: dict[str, list[int]] = {}
    for t, cell in enumerate(match.released):
        if t not in taken:
            waiting.setdefault(cells.source_of(cell).strip(), []).append(t)
    for i in match.free():
        targets = waiting.get(cells.source_of(match.submitted[i]).strip())
        if targets:
            match.owner[i] = targets.pop(0)


def _by_names(match: Match) -> None:
    """An answer whose cell is missing or untouched may stand in a cell of the student's own."""
    defined = {
        i: set(cells.names_defined(cells.source_of(match.submitted[i])))
        for i in match.free()
        if cells.is_code(match.submitted[i])
    }
    for t in _answer_cells(match):
        names = _names(match.released[t])
        if not names or any(match.is_changed(i, t) for i in match.copies_of(t)):
            continue
        definers = [i for i in defined if i not in match.owner and names <= defined[i]]
        if definers:
            match.owner[definers[-1]] = t
            match.notes.append(
                f"The cell of {cells.grade_id_of(match.released[t])} held no answer; the cell "
                f"that defines {', '.join(sorted(names))} was taken."
            )


def _by_place(match: Match) -> None:
    """A written answer without an id stands right after its text and before the next known cell."""
    for t in _answer_cells(match):
        if cells.is_code(match.released[t]) or match.copies_of(t):
            continue
        before = match.copies_of(t - 1)
        if before:
            after = [i for i in match.owner if i > before[-1]]
            between = range(before[-1] + 1, min(after, default=len(match.submitted)))
            texts = [i for i in between if not cells.is_code(match.submitted[i])]
            match.owner.update(dict.fromkeys(texts, t))


def _names(cell: Cell) -> set[str]:
    return set(cells.names_defined(cells.source_of(cell))) if cells.is_code(cell) else set()


def _answer(match: Match, t: int) -> str:
    """The source that counts; cells of the question that do not become the student's own."""
    question, copies = cells.grade_id_of(match.released[t]), match.copies_of(t)
    written = [i for i in copies if match.is_changed(i, t)]
    sources = {i: cells.source_of(match.submitted[i]) for i in written}
    fitting = [i for i in written if len(sources[i]) <= MAX_SOURCE]
    if len(fitting) < len(written):
        match.notes.append(
            f"The cell of {question} was not read: it has more than {MAX_SOURCE} characters."
        )
    if not fitting:
        if not copies:
            match.notes.append(f"The cell of {question} is missing.")
        return cells.source_of(match.released[t])
    chosen = _chosen(match.released[t], {i: sources[i] for i in fitting})
    if len(fitting) > 1:
        match.notes.append(
            f"There are {len(fitting)} cells of {question}; "
            + ("the last complete one counts." if len(chosen) == 1 else "they were joined.")
        )
        for i in set(fitting) - set(chosen):
            del match.owner[i]
    return "\n\n".join(dict.fromkeys(sources[i] for i in chosen))


def _chosen(stub: Cell, sources: dict[int, str]) -> list[int]:
    """The submitted cells that make up the answer; a part that is no Python only if all are."""
    if not cells.is_code(stub):
        return list(sources)
    sound = [i for i in sources if cells.parsed(sources[i]) is not None] or list(sources)
    complete = [i for i in sound if _names(stub) <= set(cells.names_defined(sources[i]))]
    return complete[-1:] or sound
