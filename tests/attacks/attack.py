"""What an attack is: the release with hostile code in it and otherwise wrong answers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Notebook = dict[str, Any]

STAGED = "the attack is in place"
BREACH = "BREACH"  # printed by an attack that gets what it must not get
STOLEN = "STOLEN"  # opens what an attack tries to carry out of a hidden check
LEFT_BEHIND = "left-behind"  # the name that an attack gives to a process that is to survive

# Answers of the right form and wrong in value. They earn nothing: see test_plain.py.
WRONG = {
    "knn-q1": """
import numpy as np
def compute_distances_two_loops(x_train, x_test):
    return np.zeros((len(x_test), len(x_train)))
""",
    "knn-q2": """
import numpy as np
def compute_distances_one_loop(x_train, x_test):
    return np.zeros((len(x_test), len(x_train)))
""",
    "knn-q3": """
import numpy as np
def compute_distances_no_loops(x_train, x_test):
    return np.zeros((len(x_test), len(x_train)))
""",
    "knn-q4": """
import numpy as np
def predict_labels(dists, y_train, k=1):
    return np.zeros(len(dists), dtype=np.int64)
""",
    "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: [0.0] * num_folds for k in k_choices}
""",
    "knn-q6": """
def best_k(accuracies):
    return min(accuracies)
""",
    "knn-q7": """
import torch
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    return torch.zeros(len(x_test), dtype=torch.int64)
""",
}

# What many attacks need; stands at the top of the cell that holds `code`.
TOOLS = f'''
import ctypes, os, socket, stat, struct, sys, threading, time
import numpy as np
import torch

def breach(what):
    print("{BREACH}:", str(what)[:300])

def name_process(name="{LEFT_BEHIND}"):
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)

def channels():
    """The descriptors of sockets: one of them leads to the grader."""
    found = []
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                found.append(descriptor)
        except OSError:
            pass
    return found

def frame(header, body=b""):
    return struct.pack("!IQ", len(header), len(body)) + header + body
'''


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Attributes:
        sentence: what it tries.
        code: hostile code in the cell of knn-q6, below `TOOLS` and above a wrong answer.
        answers: whole cells by question; where knn-q6 is among them it takes the wrong one's place.
        plain: the same answers without the trick, where they earn something; else nothing may be
            earned.
        change: has the last word on the notebook: gives the bytes that are handed in.
        dies: the cell of knn-q6 is not expected to run to its end.
        names_missing: an exception about a name or an import is part of the plan.
        seconds: within which it must be graded, on a machine that is busy with other things.
        lost: why the grader does not withstand it yet; empty if it does.
    """

    sentence: str
    code: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    plain: Mapping[str, str] | None = None
    change: Callable[[Notebook], bytes] | None = None
    dies: bool = False
    names_missing: bool = False
    seconds: float = 60
    lost: str = ""

    def __str__(self) -> str:
        return re.sub(r"\W+", "-", self.sentence.lower()).strip("-")[:60]

    def submission(self, release: Notebook, places: Mapping[str, str]) -> bytes:
        """The file that is handed in.

        Args:
            release: the released notebook.
            places: what stands for "@COURSE@" and its like in the code.
        """
        answers = dict(self.answers)
        if self.code or self.answers:
            answer = answers.get("knn-q6", WRONG["knn-q6"])
            answers["knn-q6"] = f"{TOOLS}\n{self.code}\n{answer}\nprint('{STAGED}')\n"
        notebook = answered(release, answers)
        for place, path in places.items():
            for cell in notebook["cells"]:
                cell["source"] = text_of(cell).replace(f"@{place}@", path)
        return self.change(notebook) if self.change else as_bytes(notebook)


def answered(release: Notebook, answers: Mapping[str, str]) -> Notebook:
    """A copy of the release with some answer cells filled in."""
    notebook = copy.deepcopy(release)
    for question, source in answers.items():
        find(notebook, question)["source"] = source
    return notebook


def find(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell with an nbgrader id."""
    return next(
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def text_of(cell: Mapping[str, Any]) -> str:
    """A cell's source in one string."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def own_cell(source: str, kind: str = "code") -> dict[str, Any]:
    """A cell that the student added."""
    cell: dict[str, Any] = {"cell_type": kind, "id": "own", "metadata": {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def as_bytes(notebook: object) -> bytes:
    """The notebook as a file."""
    return json.dumps(notebook).encode()
