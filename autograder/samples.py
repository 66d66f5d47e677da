"""Builds submissions from a release, as a student who typed the answers would hand them in."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from autograder import cells
from autograder.errors import CourseError


def submission(
    release: dict[str, Any], answers: Mapping[str, str], added: Sequence[str] = ()
) -> bytes:
    """The released notebook with some answers written into it.

    Args:
        release: the released notebook, as JSON data; left as it is.
        answers: source by question id; the others keep their stubs.
        added: sources of code cells that the student adds at the top.

    Raises:
        CourseError: if the release has no such question.
    """
    notebook = copy.deepcopy(release)
    found = {cells.grade_id_of(cell): cell for cell in notebook["cells"] if cells.is_answer(cell)}
    for question, source in answers.items():
        if question not in found:
            raise CourseError(f"the release has no question {question}; it has {', '.join(found)}")
        found[question]["source"] = source
    notebook["cells"][:0] = [_code_cell(f"own-{i}", source) for i, source in enumerate(added)]
    return json.dumps(notebook).encode()


def answers_of(notebook: dict[str, Any]) -> dict[str, str]:
    """The sources of a notebook's answer cells by question id; of a source: the reference's."""
    return {
        cells.grade_id_of(cell): _without_markers(cells.source_of(cell))
        for cell in notebook["cells"]
        if cells.is_answer(cell)
    }


def _without_markers(source: str) -> str:
    lines = source.split("\n")
    return "\n".join(line for line in lines if line.strip() not in cells.SOLUTION_MARKERS)


def _code_cell(identifier: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
