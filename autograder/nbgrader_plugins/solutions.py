"""Takes the solutions out of a source notebook; a doubtful marker stops the release.

nbgrader looks for its markers by plain text, so that a misspelt one leaves the solution in the
student's copy without a word. Here every line that could have been meant as a marker must be one.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from nbgrader.preprocessors import ClearSolutions as NbgraderClearSolutions

from autograder import cells

BEGIN, END = cells.SOLUTION_MARKERS
CODE_STUB = 'raise NotImplementedError("{id}: replace this line with your code")'
TEXT_STUB = "*Your answer to {id}.*"
ALIKE = 0.6  # "BEGN", "BEGINN" and "SOLUTON" are above it, "THE" beside "END" is below

_WORD = re.compile(r"[A-Z]+")


class ClearSolutions(NbgraderClearSolutions):  # type: ignore[misc]
    """nbgrader's ClearSolutions with a stub that names its question, and strict markers."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        for index, cell in enumerate(nb.cells):
            check_markers(cell, f"cell {index + 1} of {resources['nbgrader']['notebook']}")
        return super().preprocess(nb, resources)  # type: ignore[no-any-return]

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        question = cells.grade_id_of(cell)
        self.code_stub = {"python": CODE_STUB.format(id=question)}
        self.text_stub = TEXT_STUB.format(id=question)
        return super().preprocess_cell(cell, resources, cell_index)  # type: ignore[no-any-return]


def check_markers(cell: dict[str, Any], where: str) -> None:
    """Makes sure that what will be cut out of a cell is what its author meant.

    Args:
        cell: a cell of a source notebook.
        where: names the cell in messages.

    Raises:
        ValueError: if a marker is misspelt, unpaired or outside an answer cell, or if an answer
            cell of code has no solution.
    """
    where = f"{where} ({cells.grade_id_of(cell) or cells.id_of(cell) or 'no id'})"
    expected, found = BEGIN, False
    for number, line in enumerate(cells.source_of(cell).split("\n"), start=1):
        text = line.strip()
        if text not in (BEGIN, END):
            if looks_like_marker(text):
                raise ValueError(
                    f"{where}, line {number}: {text!r} looks like a marker; "
                    f"a marker is a line of its own, {BEGIN!r} or {END!r}"
                )
            continue
        if text != expected:
            raise ValueError(f"{where}, line {number}: expected {expected!r}, got {text!r}")
        expected, found = (END if text == BEGIN else BEGIN), True
    if expected == END:
        raise ValueError(f"{where}: {BEGIN!r} has no {END!r}")
    if found and not cells.is_answer(cell):
        raise ValueError(f"{where}: only an answer cell may hold a solution")
    if cells.is_answer(cell) and cells.is_code(cell) and not found:
        raise ValueError(f"{where}: the answer cell has no {BEGIN!r}")


def looks_like_marker(line: str) -> bool:
    """Whether a line may have been meant as a marker: spelling, case and spaces aside."""
    words = _WORD.findall(line.upper())
    if "BEGINSOLUTION" in "".join(words) or "ENDSOLUTION" in "".join(words):
        return True
    if not line.startswith(("#", "<!--")):
        return False
    if len(words) == 1:
        wholes = ("BEGINSOLUTION", "ENDSOLUTION", "SOLUTION")
        return any(_alike(words[0], whole, 0.8) for whole in wholes)
    return len(words) in (2, 3) and any(
        _alike(first, mark) and _alike(second, "SOLUTION", 0.75)
        for first, second in pairwise(words)
        for mark in ("BEGIN", "END", "START", "STOP")
    )


def _alike(word: str, other: str, least: float = ALIKE) -> bool:
    return SequenceMatcher(None, word, other).ratio() >= least
