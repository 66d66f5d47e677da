"""The kNN notebook as it is committed: its form, and that it runs from top to bottom."""

import json
import re
import time
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "source" / "a1_classifiers" / "knn.ipynb"
POINTS = {
    "knn-q1": 2, "knn-q2": 2, "knn-q3": 4, "knn-w1": 2, "knn-q4": 3, "knn-q5": 4, "knn-q6": 1,
    "knn-w2": 2, "knn-q7": 4,
}  # fmt: skip
TAGS = {"long", "display"}


def _cells():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def _role(cell):
    return cell["metadata"].get("nbgrader", {})


def test_the_file_is_written_as_nbformat_writes_it_without_outputs_and_counts():
    text = NOTEBOOK.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert nbformat.writes(notebook) + "\n" == text
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in _cells():
        assert set(cell["metadata"]) <= {"nbgrader", "tags"}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_questions_stand_in_order_with_their_points():
    found = {
        _role(cell)["grade_id"].removesuffix("-check"): _role(cell)["points"]
        for cell in _cells()
        if _role(cell).get("grade")
    }
    assert list(found.items()) == list(POINTS.items())


def test_an_answer_follows_its_contract_and_its_check_follows_at_once():
    cells = _cells()
    for number, cell in enumerate(cells):
        if not _role(cell).get("solution"):
            continue
        question = _role(cell)["grade_id"]
        assert cell["id"] == question
        assert "".join(cells[number - 1]["source"]).startswith(f"### {question}: ")
        if cell["cell_type"] == "code":
            contract = "".join(cells[number - 1]["source"])
            for part in ("**Fixed**", "**Free**", "llowed**", "**Hint**"):
                assert part in contract, f"{question} lacks {part}"
            check = cells[number + 1]
            assert "".join(check["source"]) == f'check("{question}", globals())'
            assert (_role(check)["locked"], _role(check)["solution"]) == (True, False)


def test_each_code_answer_holds_one_solution_region_inside_a_function_with_a_docstring():
    for cell in _cells():
        source = "".join(cell["source"])
        region = cell["cell_type"] == "code" and _role(cell).get("solution")
        assert (
            source.count("### BEGIN SOLUTION")
            == source.count("### END SOLUTION")
            == int(bool(region))
        )
        assert len(re.findall("SOLUTION", source)) == 2 * bool(region)
        if region:
            before = source.split("    ### BEGIN SOLUTION")[0]
            assert re.match(r'def \w+\(.*\):\n    """', before)
            assert before.endswith('    """\n')


def test_given_code_is_locked_and_what_is_not_an_answer_or_check_is_tagged_but_for_the_imports():
    for cell in _cells():
        if cell["cell_type"] != "code":
            assert not cell["metadata"].get("tags")
            continue
        role, tags = _role(cell), set(cell["metadata"].get("tags", []))
        assert role["schema_version"] == 3
        assert role["grade_id"] == cell["id"]
        assert role["locked"] or role["solution"]
        given = not role["solution"] and not role["grade"] and cell["id"] != "knn-setup"
        assert (len(tags) == 1 and tags <= TAGS) if given else not tags


def test_a_picture_is_followed_by_a_sentence_on_what_to_notice():
    cells = _cells()
    for number, cell in enumerate(cells):
        if "display" in cell["metadata"].get("tags", []):
            assert cells[number + 1]["cell_type"] == "markdown", cell["id"]


def test_prose_has_none_of_the_words_that_the_house_style_forbids():
    prose = " ".join("".join(c["source"]) for c in _cells() if c["cell_type"] == "markdown")
    assert not re.findall(r"\b(simply|just|obviously|trivial\w*|easy|easily)\b", prose)
    assert not re.findall(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]", prose)


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom_in_three_minutes(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.delenv("CVCOURSE_DATASET", raising=False)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    start = time.monotonic()
    nbclient.NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert time.monotonic() - start < 180  # what its first cell promises
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        if "display" in cell.metadata.get("tags", []):
            assert "image/png" in outputs[0].data
            assert outputs[1].text.startswith("In words: "), f"{cell.id} has no text alternative"
        if cell.id.endswith("-check"):
            assert ": ok on " in outputs[0].text
        if cell.id != "knn-data":  # where a progress bar may show that pictures are being drawn
            assert not [o for o in outputs if o.get("name") == "stderr"], f"{cell.id} warns"
    assert _reference_figures(notebook) == _figures_printed(notebook)


def _reference_figures(notebook):
    """What the table at the notebook's end states for generated scenes: k -> test accuracy."""
    (row,) = [line for line in notebook.cells[-1].source.splitlines() if "| generated" in line]
    _, _, single, k, _, chosen, _ = (part.strip(" %") for part in row.split("|"))
    return {1: single, int(k): chosen}


def _figures_printed(notebook):
    (cell,) = [cell for cell in notebook.cells if cell.id == "knn-test"]
    text = "".join(output.text for output in cell.outputs)  # one print may come as two outputs
    return {int(k): figure for k, figure in re.findall(r"k = (\d+): ([\d.]+)%", text)}
