"""The whole flow on one page: makes the release, five submissions from it, and grades them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from autograder import samples
from autograder.course import HIDDEN, Course
from autograder.errors import CourseError

ASSIGNMENT, NOTEBOOK = "a1_classifiers", "knn"
WRONG = HIDDEN / ASSIGNMENT / "wrong" / NOTEBOOK

# What Ben hands in: one typical mistake in each of four questions.
BENS_MISTAKES = {
    "knn-q1": "q1_squared.py",
    "knn-q3": "q3_not_clamped.py",
    "knn-q4": "q4_tie_to_largest.py",
    "knn-q5": "q5_drops_remainder.py",
}

# Eve has no answer. She replaces what compares, hands out objects that equal everything, looks for
# the hidden checks and the gradebook, and prints full marks.
EVES_CELL = """
import os, sys
import numpy as np
np.testing.assert_allclose = lambda *args, **kwargs: None
np.array_equal = np.allclose = lambda *args, **kwargs: True
class Right(np.ndarray):
    def __eq__(self, other): return True
    def __sub__(self, other): return np.zeros(self.shape)
loot = []
def search(top):
    for folder, _, files in os.walk(top):
        loot.extend(f for f in files if "gradebook" in f or "hidden" in folder or "key" in f)
"""
EVES_ANSWERS = {
    "knn-q1": """
def compute_distances_two_loops(x_train, x_test):
    search("/")
    return np.zeros((len(x_test), len(x_train))).view(Right)
""",
    "knn-q3": """
def compute_distances_no_loops(x_train, x_test):
    print('{"score": 4.0, "outcome": "passed"}')
    os._exit(0)
""",
    "knn-q4": """
def predict_labels(dists, y_train, k=1):
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            if isinstance(value, dict) and "expected" in value:
                return value["expected"]
        frame = frame.f_back
    return np.zeros(len(dists), dtype=int)
""",
    "knn-q6": """
def best_k(accuracies):
    raise SystemExit("passed")
""",
}
SYNTAX_ERROR = """def compute_distances_one_loop(x_train, x_test)
    return x_test @ x_train.T
"""


def build(course: Course) -> None:
    """Writes the five sample submissions into the course's `submitted/`.

    Args:
        course: a course folder whose release has been made.
    """
    release = course.release(ASSIGNMENT, NOTEBOOK)
    right = samples.answers_of(course.source(ASSIGNMENT, NOTEBOOK))
    code = {question: source for question, source in right.items() if "-q" in question}
    mistakes = {q: _function(WRONG / name) for q, name in BENS_MISTAKES.items()}
    handed_in = {
        "ada-all-right": samples.submission(release, right),
        "ben-typical-mistakes": samples.submission(release, {**code, **mistakes}),
        "cleo-untouched": samples.submission(release, {}),
        "dan-syntax-error": samples.submission(release, {**code, "knn-q2": SYNTAX_ERROR}),
        "eve-cheats": samples.submission(release, EVES_ANSWERS, added=[EVES_CELL]),
    }
    for student, notebook in handed_in.items():
        folder = course.root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{NOTEBOOK}.ipynb").write_bytes(notebook)


def prepare(origin: Path, folder: Path) -> Course:
    """Makes a course folder with a release, by nbgrader, and the sample submissions.

    Args:
        origin: the course folder whose `source/` is used.
        folder: is emptied first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(origin / "source", folder / "source")
    shutil.copyfile(origin / "nbgrader_config.py", folder / "nbgrader_config.py")
    click.echo(f"nbgrader generate_assignment {ASSIGNMENT}")
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--log-level=ERROR"],
        cwd=folder,
        check=True,
    )
    course = Course(folder)
    build(course)
    return course


def figures(origin: Path, dataset: str) -> None:
    """Runs the source notebook on a data set and prints what its cells tell.

    Args:
        origin: the course folder.
        dataset: e.g. "cifar10".

    Raises:
        CourseError: if a cell fails, with the last line of its message.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    path = origin / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    click.echo(f"running {path.relative_to(origin)} on {dataset}")
    quiet = ["--log-level=ERROR"]  # of the kernel: it warns of its own local connection
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", extra_arguments=quiet)
    try:
        client.execute(env={**os.environ, "CVCOURSE_DATASET": dataset})
    except CellExecutionError as error:
        raise CourseError(f"the notebook stopped: {error.evalue}") from None
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "stream" and output["name"] == "stdout":
                click.echo(output["text"].rstrip())


def _function(path: Path) -> str:
    """The source of a wrong answer's file without its docstring, which names the mistake."""
    text = path.read_text(encoding="utf-8")
    return text.split('"""', 2)[2].strip() + "\n"
