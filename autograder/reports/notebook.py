"""Writes results into a rebuilt notebook: nbgrader's feedback and the formgrader show them."""

from __future__ import annotations

from typing import Any

from autograder import cells
from autograder.grading.inert import fenced
from autograder.grading.results import NotebookResult
from autograder.reports.feedback import question_text
from autograder.reports.text import line

NOTES_CELL = "grading-notes"


def show_result(notebook: Any, result: NotebookResult) -> None:
    """Writes what was found into the outputs of the check cells, as plain text, and what concerns
    the whole notebook into a first cell.

    Args:
        notebook: a rebuilt notebook, as JSON data or as nbformat reads it; it is changed.
        result: what grading found.
    """
    texts = {q.question: question_text(q) for q in result.questions}
    for cell in notebook["cells"]:
        question = cells.grade_id_of(cell).removesuffix(cells.CHECK_SUFFIX)
        if cells.is_check(cell) and question in texts:
            output = {"output_type": "stream", "name": "stdout", "text": texts[question]}
            cell["outputs"] = [type(cell)(output)]
    remarks = [result.error, *result.notes]
    if "unsafe" in result.layers:
        remarks.insert(0, "Graded WITHOUT a sandbox.")
    remarks = [line(remark) for remark in remarks if remark]
    if remarks:
        source = "**Notes on what was handed in**\n\n" + fenced("\n".join(remarks))
        cell = {"cell_type": "markdown", "id": NOTES_CELL, "metadata": {}, "source": source}
        notebook["cells"].insert(0, type(notebook)(cell))
