from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from autograder import cells
from autograder.course import HIDDEN, Course
from autograder.nbgrader_plugins import solutions
from autograder.nbgrader_plugins.solutions import check_markers, looks_like_marker

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "source").rglob("*.ipynb"))
RELEASED = sorted(path for path in (ROOT / "release").rglob("*") if path.is_file())
ALLOWED = {".ipynb", ".png"}  # nbgrader releases any other file of source/ as it is
DISTINCT = 12  # characters: a shorter line says too little to be anybody's solution
TELLING = 40  # characters: shorter lines, such as those on arguments, may stand in both


def notebook(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    """What a reader of the file can see, with a notebook's sources as they were written."""
    raw = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".ipynb":
        raw += "\n".join(cells.source_of(cell) for cell in notebook(path)["cells"])
    return raw


def solution_lines(path: Path) -> set[str]:
    """Lines that stand in solutions of a source notebook and nowhere else in it."""
    inside: set[str] = set()
    outside: set[str] = set()
    for cell in notebook(path)["cells"]:
        in_solution = cells.is_answer(cell) and not cells.is_code(cell)
        for line in cells.source_of(cell).splitlines():
            if line.strip() in (solutions.BEGIN, solutions.END):
                in_solution = line.strip() == solutions.BEGIN
            else:
                (inside if in_solution else outside).add(line.strip())
    return {line for line in inside - outside if len(line) >= DISTINCT}


def hidden_lines() -> Iterator[str]:
    # Kept answers, right and wrong, repeat what the notebook gives: names and docstrings.
    kept = {"right", "wrong"}
    for path in sorted(p for p in HIDDEN.rglob("*.py") if kept.isdisjoint(p.parts)):
        source = path.read_text(encoding="utf-8")
        for line in source.splitlines():
            if len(line.strip()) >= TELLING and not line.startswith(("from ", "import ")):
                yield line.strip()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and (sentence := ast.get_docstring(node)):
                yield " ".join(sentence.split())


def test_there_is_a_release_of_every_source_notebook() -> None:
    assert SOURCES
    released = {path.relative_to(ROOT / "release") for path in RELEASED}
    assert {path.relative_to(ROOT / "source") for path in SOURCES} <= released


@pytest.mark.slow
def test_a_fresh_build_equals_the_committed_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As scripts/release does it, but in this process.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shutil.copytree(ROOT / "source", tmp_path / "source")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(tmp_path)
    for assignment in sorted({path.parent.name for path in SOURCES}):
        done = NbGraderAPI(config=config).generate_assignment(assignment)
        assert done["success"], done
    built = tmp_path / "release"
    fresh = {path.relative_to(built): path for path in built.rglob("*") if path.is_file()}
    committed = {path.relative_to(ROOT / "release"): path for path in RELEASED}
    assert set(fresh) == set(committed)
    for name, path in fresh.items():
        assert path.read_bytes() == committed[name].read_bytes(), f"run scripts/release for {name}"


@pytest.mark.parametrize("path", RELEASED, ids=name_of)
def test_no_released_file_holds_a_marker(path: Path) -> None:
    text = text_of(path).upper()
    for marker in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
        assert marker not in text
    assert not [line for line in text_of(path).splitlines() if looks_like_marker(line.strip())]


@pytest.mark.parametrize("path", RELEASED, ids=name_of)
def test_no_released_file_holds_a_line_of_a_solution(path: Path) -> None:
    text = text_of(path)
    lines = set().union(*map(solution_lines, SOURCES))
    assert len(lines) > 10
    assert not [line for line in lines if line in text]


@pytest.mark.parametrize("path", RELEASED, ids=name_of)
def test_no_released_file_holds_text_of_a_hidden_check(path: Path) -> None:
    text = text_of(path)
    lines = set(hidden_lines())
    assert len(lines) > 10
    assert not [line for line in lines if line in text]


@pytest.mark.parametrize("path", RELEASED, ids=name_of)
def test_a_released_notebook_holds_no_outputs_and_no_counts(path: Path) -> None:
    if path.suffix == ".ipynb":
        code = [cell for cell in notebook(path)["cells"] if cells.is_code(cell)]
        assert code
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_source_and_release_hold_notebooks_and_pictures_only() -> None:
    files = [*RELEASED, *(path for path in (ROOT / "source").rglob("*") if path.is_file())]
    ours = [path for path in files if ".ipynb_checkpoints" not in path.parts]
    assert {path.suffix for path in ours} <= ALLOWED


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_cells_keep_their_ids_and_every_stub_names_its_question(path: Path) -> None:
    released = notebook(ROOT / "release" / path.relative_to(ROOT / "source"))["cells"]
    assert [cell["id"] for cell in released] == [cell["id"] for cell in notebook(path)["cells"]]
    course = Course(ROOT)
    answers = {cells.grade_id_of(cell): cell for cell in released if cells.is_answer(cell)}
    questions = course.questions(path.parent.name, path.stem)
    assert list(answers) == [question.id for question in questions]
    for question in questions:
        stub = cells.source_of(answers[question.id])
        if question.written:
            assert stub == f"*Your answer to {question.id}.*"
        else:
            line = f'raise NotImplementedError("{question.id}: replace this line with your code")'
            assert line in stub
            assert question.names


def answer(source: str, *, solution: bool = True, kind: str = "code") -> dict[str, Any]:
    role = {"grade_id": "toy-q1", "solution": solution}
    return {"cell_type": kind, "id": "x", "metadata": {"nbgrader": role}, "source": source}


GOOD = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"


def test_a_well_marked_answer_is_accepted() -> None:
    check_markers(answer(GOOD + "\n\n\n" + GOOD), "here")
    check_markers(answer("Any text: the solution ends here.", kind="markdown"), "here")


@pytest.mark.parametrize(
    ("line", "replacement", "message"),
    [
        ("BEGIN SOLUTION", "BEGIN SOLUTON", "'### BEGIN SOLUTON' looks like a marker"),
        ("BEGIN SOLUTION", "BEGINSOLUTION", "looks like a marker"),
        ("BEGIN SOLUTION", "Begin solution", "looks like a marker"),
        ("BEGIN SOLUTION", "START SOLUTION", "looks like a marker"),
        ("BEGIN SOLUTION", "BEGIN SOLUTION of f", "looks like a marker"),
        ("BEGIN SOLUTION", "BEGN SOLUTIONS", "looks like a marker"),
        ("BEGIN SOLUTION", "SOLUTION", "looks like a marker"),
        ("END SOLUTION", "END  SOLUTION", "line 4: '### END  SOLUTION' looks like a marker"),
        ("END SOLUTION", "ENDSOLUTON", "looks like a marker"),
        ("END SOLUTION", "done", "'### BEGIN SOLUTION' has no '### END SOLUTION'"),
        ("BEGIN SOLUTION", "begun", "expected '### BEGIN SOLUTION', got '### END SOLUTION'"),
        ("END SOLUTION", "BEGIN SOLUTION", "expected '### END SOLUTION', got '### BEGIN"),
    ],
)
def test_a_doubtful_marker_stops_the_release(line: str, replacement: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_markers(answer(GOOD.replace(line, replacement)), "here")


def test_a_solution_outside_an_answer_cell_stops_the_release() -> None:
    with pytest.raises(ValueError, match="only an answer cell may hold a solution"):
        check_markers(answer(GOOD, solution=False), "here")


def test_an_answer_without_a_solution_stops_the_release() -> None:
    with pytest.raises(ValueError, match=r"here \(toy-q1\): the answer cell has no '### BEGIN"):
        check_markers(answer("def f():\n    return 1"), "here")


@pytest.mark.parametrize(
    "line",
    [
        "# the solution is unique",
        "x = 1  # begin here",
        "## Endings",
        "# a sol",
        "end_solver()",
        "",
    ],
)
def test_ordinary_lines_are_no_markers(line: str) -> None:
    assert not looks_like_marker(line)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_source_notebooks_are_well_marked(path: Path) -> None:
    for cell in notebook(path)["cells"]:
        check_markers(cell, path.name)
