"""A small release and submissions made of it, for tests of what reads notebooks."""

from __future__ import annotations

import copy
import json
from typing import Any

STUB = '    raise NotImplementedError("toy-q{n}: replace this line with your code")'
SQUARE = "def square(x):\n    return x * x"
SUM = "def total(x):\n    return sum(x)"


def code(identifier: str, source: str, tags: tuple[str, ...] = (), **role: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if role:
        grade_id = role.pop("grade_id", identifier)
        metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **role}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identifier,
        "metadata": metadata,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def text(identifier: str, source: str, **role: Any) -> dict[str, Any]:
    cell = code(identifier, source, **role)
    del cell["outputs"], cell["execution_count"]
    return {**cell, "cell_type": "markdown"}


def _answer(identifier: str, source: str) -> dict[str, Any]:
    return code(identifier, source, solution=True, grade=False, locked=False)


def _check(question: str, points: float) -> dict[str, Any]:
    return code(
        f"{question}-check",
        f'check("{question}", globals())',
        solution=False,
        grade=True,
        locked=True,
        points=points,
    )


def release() -> dict[str, Any]:
    """Two code questions and a written one, with a given cell and one with a tag."""
    return {
        "cells": [
            text("intro", "# A toy notebook"),
            code("setup", "import numpy as np\nfrom cvcourse.checks import check\n"),
            text("q1-text", "### toy-q1: Squares\n\nWrite `square`."),
            _answer("toy-q1", "def square(x):\n" + STUB.format(n=1)),
            _check("toy-q1", 2),
            code("look", "print(square(3))", tags=("display",)),
            text("q2-text", "### toy-q2: Sums\n\nWrite `total`."),
            _answer("toy-q2", "def total(x):\n" + STUB.format(n=2)),
            _check("toy-q2", 3),
            text("w1-text", "### toy-w1: Why?\n\nTwo sentences."),
            text(
                "toy-w1",
                "*Your answer to toy-w1.*",
                solution=True,
                grade=True,
                locked=False,
                points=1,
            ),
            text("end", "That was all."),
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def solved() -> dict[str, Any]:
    """The release with every question answered."""
    notebook = release()
    put(notebook, "toy-q1", SQUARE)
    put(notebook, "toy-q2", SUM)
    put(notebook, "toy-w1", "Because it is so.")
    return notebook


def source() -> dict[str, Any]:
    """The source notebook that the release is made of."""
    notebook = solved()
    put(notebook, "toy-q1", _with_solution("def square(x):", "return x * x"))
    put(notebook, "toy-q2", _with_solution("def total(x):", "return sum(x)"))
    return notebook


def _with_solution(head: str, body: str) -> str:
    return f"{head}\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"


def find(notebook: dict[str, Any], identifier: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["id"] == identifier)


def put(notebook: dict[str, Any], identifier: str, source: str) -> None:
    find(notebook, identifier)["source"] = source


def insert(notebook: dict[str, Any], after: str, *added: dict[str, Any]) -> None:
    at = notebook["cells"].index(find(notebook, after)) + 1
    notebook["cells"][at:at] = added


def own(source: str) -> dict[str, Any]:
    """A code cell as JupyterLab makes it for a student."""
    return code("f3a1-own", source)


def without_ids(notebook: dict[str, Any]) -> dict[str, Any]:
    """As an editor leaves it that knows neither cell ids nor nbgrader."""
    bare = copy.deepcopy(notebook)
    for cell in bare["cells"]:
        del cell["id"]
        cell["metadata"] = {}
    return {**bare, "nbformat_minor": 0}


def as_bytes(notebook: object) -> bytes:
    return json.dumps(notebook).encode()
