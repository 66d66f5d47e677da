from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cvcourse.checks

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "cvcourse").rglob("*.py"))
SOURCES = sorted((ROOT / "source").rglob("*.ipynb"))
MARKER = re.compile(r"^\s*### (BEGIN|END) SOLUTION$")
LIKE_A_MARKER = re.compile(
    r"(begin|end)[\W_]*solut|[#*]\s*solution|solution[\W_]*(begin|end)", re.I
)


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.splitlines()


def imported(path: Path) -> set[str]:
    """The top-level packages that a module names in its import statements."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_students_import_never_names_the_grader(path):
    assert "autograder" not in imported(path)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"import_module\(\s*[\"']autograder", text)


def test_importing_everything_that_students_import_loads_no_grader():
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in PACKAGE]
    modules = [name.removesuffix(".__init__") for name in names]
    script = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print([m for m in sys.modules if m.split('.')[0] == 'autograder'])\n"
        f"print('cvcourse.checks.ladder' in sys.modules, {len(modules)} > 10)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "True True"]


@pytest.mark.parametrize(
    "path",
    [
        "gradebook.db",
        "gradebook.db-journal",
        "inbox/anna/a1_classifiers/knn.ipynb",
        "submitted/anna/a1_classifiers/knn.ipynb",
        "autograded/anna/a1_classifiers/knn.ipynb",
        "feedback/anna/a1_classifiers/knn.html",
        "secrets/staff.key",
        "elsewhere/staff.key",
        ".cvcourse/scenes/train.npy",
        "data/cifar-10-batches-py/data_batch_1",
        "cifar-10-python.tar.gz",
        "source/a1_classifiers/answers/knn-q1.npz",
        "source/a1_classifiers/.ipynb_checkpoints/knn-checkpoint.ipynb",
        "cvcourse/__pycache__/meters.cpython-311.pyc",
        ".venv/bin/python",
    ],
)
def test_private_and_derived_data_are_ignored_by_git(path):
    asked = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False)
    assert asked.returncode == 0


@pytest.mark.parametrize(
    "path",
    [
        "cvcourse/data/cifar10.py",
        "source/a1_classifiers/knn.ipynb",
        "release/a1_classifiers/knn.ipynb",
        "autograder/hidden/a1_classifiers/test_knn.py",
        "autograder/reports/feedback.py",
        "datasets/cifar10.json",
    ],
)
def test_what_the_course_is_made_of_is_not_ignored(path):
    asked = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False)
    assert asked.returncode == 1


def test_no_private_file_is_in_git():
    private = re.compile(r"gradebook\.db|\.key$|(^|/)(inbox|submitted|autograded|secrets)/")
    assert [path for path in tracked() if private.search(path)] == []


def test_the_course_has_source_notebooks():
    assert SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_notebooks_are_clean(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert "jupytext" not in notebook["metadata"]
    assert all(cell.get("id") for cell in notebook["cells"])
    for cell in notebook["cells"]:
        assert not cell.get("attachments")
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_solution_marker_is_well_formed(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    answers = 0
    for cell in cells:
        text = "".join(cell["source"])
        marks = marks_of(text)
        role = cell["metadata"].get("nbgrader", {})
        answered = role.get("solution") and cell["cell_type"] == "code"
        assert (not marks) or role.get("solution"), "a marker outside of an answer cell is released"
        assert not answered or marks, f"{role.get('grade_id')} has no solution region"
        answers += bool(marks)
    assert answers


def marks_of(text: str) -> list[str]:
    """The solution markers of a cell, which must alternate; a line that looks like one must be one.

    Raises:
        ValueError: at the first line that nbgrader would release although it looks like a marker.
    """
    found: list[str] = []
    for line in text.splitlines():
        if match := MARKER.match(line):
            expected = "END" if found[-1:] == ["BEGIN"] else "BEGIN"
            if match[1] != expected:
                raise ValueError(f"{expected} expected: {line}")
            found.append(match[1])
        elif LIKE_A_MARKER.search(line):
            raise ValueError(f"not a marker, and looks like one: {line}")
    if found[-1:] == ["BEGIN"]:
        raise ValueError("END SOLUTION is missing")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "# BEGIN SOLUTION\nx\n# END SOLUTION",
        "### BEGIN SOLUTIONS\nx\n### END SOLUTION",
        "### BEGIN  SOLUTION\nx\n### END SOLUTION",
        "### begin solution",
        "###BEGIN SOLUTION",
        "### BEGIN_SOLUTION",
        "### BEGIN SOLUTION\nx",
        "x\n### END SOLUTION",
        "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
        "### BEGIN SOLUTION \nx\n### END SOLUTION",
    ],
)
def test_a_misspelt_marker_is_noticed(text):
    with pytest.raises(ValueError, match=r"marker|expected|missing"):
        marks_of(text)


def test_right_markers_are_accepted():
    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    assert marks_of(f"{text}\n{text}") == ["BEGIN", "END"] * 2
    assert marks_of("# The solution is unique.") == []


def test_source_holds_no_python_file():
    """nbgrader would release it with the answers in it."""
    assert tracked("source/*.py", "source/**/*.py") == []
    assert list((ROOT / "source").rglob("*.py")) == []


def test_the_vocabulary_of_checks_is_as_listed():
    assert sorted(cvcourse.checks.__all__) == [
        "CheckError",
        "CheckFailure",
        "LocalStudent",
        "NotAnswered",
        "Student",
        "StudentError",
        "check",
        "expect",
        "expect_array",
        "expect_form",
        "expect_gradient",
        "expect_number",
        "expect_unchanged",
        "question",
    ]
    assert all(hasattr(cvcourse.checks, name) for name in cvcourse.checks.__all__)


def test_the_tests_of_the_tree_see_the_tree():
    assert len(PACKAGE) > 10
    assert "cvcourse/checks/ladder.py" in tracked("cvcourse")
