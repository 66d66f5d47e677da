"""Answers that lie in files, and a way to run one hidden check on them without a grader."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from cvcourse.checks import CheckFailure, LocalStudent, Student
from cvcourse.checks.questions import mark_of

ROOT = Path(__file__).parents[2]
HIDDEN = ROOT / "autograder" / "hidden"
SOURCE = ROOT / "source" / "a1_classifiers" / "knn.ipynb"
MakeStudent = Callable[[Mapping[str, Any], str], Student]


def namespace_of(path: Path) -> dict[str, Any]:
    """The definitions of a file of answers."""
    return _run({path.name: path.read_text(encoding="utf-8")})


def notebook_namespace(path: Path) -> dict[str, Any]:
    """The definitions of a source notebook's code answers; its imports are NumPy and torch."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = {"imports": "import numpy as np\nimport torch\n"}
    for cell in cells:
        mark = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and mark.get("solution"):
            texts[mark["grade_id"]] = "".join(cell["source"])
    return _run(texts)


def _run(texts: Mapping[str, str]) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    for name, text in texts.items():
        exec(compile(text, f"<{name}>", "exec"), namespace)
    return namespace


@functools.cache
def _reference(question: str) -> LocalStudent:
    return LocalStudent(notebook_namespace(SOURCE), question)


def checks_of(module: ModuleType) -> dict[str, Callable[..., None]]:
    """The checks of a module by name, in file order."""
    return {name: f for name, f in vars(module).items() if mark_of(f)}


def run_check(
    check: Callable[..., None], student: Student, seed: str = "a student"
) -> CheckFailure | None:
    """Runs one check with the fixtures it asks for; its failure, or None if it passes."""

    def secret(*label: str) -> bytes:
        return hashlib.sha256("\0".join((seed, *label)).encode()).digest()

    drawn = np.frombuffer(secret(check.__name__), np.uint64)
    available = {
        "student": student,
        "reference": _reference(mark_of(check).question),
        "rng": np.random.default_rng(drawn),
        "secret": secret,
    }
    wanted = inspect.signature(check).parameters
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning from a student's function costs nothing
        try:
            check(**{name: available[name] for name in wanted})
        except CheckFailure as failure:
            return failure
    return None
