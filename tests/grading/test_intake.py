from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import Course
from autograder.errors import CourseError
from autograder.grading import intake
from autograder.grading.intake import Rebuilt, rebuild
from autograder.grading.matching import MAX_SOURCE

from . import notebooks as nb
from .notebooks import SQUARE, SUM, as_bytes, insert, own, put, release, solved


def rebuilt(notebook: object) -> Rebuilt:
    return rebuild(release(), as_bytes(notebook))


def sources(result: Rebuilt) -> dict[str, str]:
    return {cell.id: cell.source for cell in result.cells}


def ids(result: Rebuilt) -> list[str]:
    return [cell.id for cell in result.cells]


def is_valid(result: Rebuilt) -> bool:
    nbformat.validate(json.loads(json.dumps(result.notebook)))
    return True


# What a question is


def course_with(tmp_path: Path, notebook: dict[str, Any]) -> Course:
    folder = tmp_path / "release" / "a0_toys"
    folder.mkdir(parents=True)
    (folder / "toy.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return Course(tmp_path)


def test_questions_come_in_the_order_of_the_notebook_with_title_points_and_names(
    tmp_path: Path,
) -> None:
    questions = course_with(tmp_path, release()).questions("a0_toys", "toy")
    assert [(q.id, q.title, q.points, q.written, q.names) for q in questions] == [
        ("toy-q1", "Squares", 2.0, False, ("square",)),
        ("toy-q2", "Sums", 3.0, False, ("total",)),
        ("toy-w1", "Why?", 1.0, True, ()),
    ]


def test_a_question_without_a_check_cell_is_an_error_of_the_course(tmp_path: Path) -> None:
    notebook = release()
    notebook["cells"].remove(nb.find(notebook, "toy-q2-check"))
    with pytest.raises(CourseError, match="toy-q2 must have points above zero in the cell toy-q2-"):
        course_with(tmp_path, notebook).questions("a0_toys", "toy")


def test_a_question_without_a_heading_of_its_own_is_an_error_of_the_course(tmp_path: Path) -> None:
    notebook = release()
    put(notebook, "q2-text", "Write `total`.")
    with pytest.raises(CourseError, match="'### toy-q2: <title>'; got 'toy-q1: Squares'"):
        course_with(tmp_path, notebook).questions("a0_toys", "toy")


# A well-kept submission


def test_answers_are_put_into_the_released_cells() -> None:
    result = rebuilt(solved())
    assert result.answers == {"toy-q1": SQUARE, "toy-q2": SUM, "toy-w1": "Because it is so."}
    assert (result.error, result.notes, result.unanswered) == ("", (), ())
    assert ids(result) == ["setup", "toy-q1", "look", "toy-q2"]
    assert [cell.kind for cell in result.cells] == ["release", "answer", "release", "answer"]
    assert is_valid(result)


def test_an_untouched_notebook_is_unanswered() -> None:
    result = rebuilt(release())
    assert result.unanswered == ("toy-q1", "toy-q2", "toy-w1")
    assert result.notes == ()


def test_tags_are_read_from_the_release() -> None:
    notebook = solved()
    nb.find(notebook, "look")["metadata"]["tags"] = []
    nb.find(notebook, "toy-q1")["metadata"]["tags"] = ["long"]
    tags = {cell.id: cell.tags for cell in rebuilt(notebook).cells}
    assert (tags["look"], tags["toy-q1"]) == (("display",), ())


def test_given_cells_come_from_the_release_whatever_was_done_to_them() -> None:
    notebook = solved()
    put(notebook, "toy-q1-check", "check = lambda *_: print('ok')")
    put(notebook, "intro", "<script>alert(1)</script>")
    result = rebuilt(notebook)
    shown = {cell["id"]: cell["source"] for cell in result.notebook["cells"]}
    assert shown["toy-q1-check"] == 'check("toy-q1", globals())'
    assert shown["intro"] == "# A toy notebook"


def test_outputs_and_metadata_of_a_submission_are_left_behind() -> None:
    notebook = solved()
    answer = nb.find(notebook, "toy-q1")
    answer["outputs"] = [{"output_type": "display_data", "data": {"text/html": "<script>"}}]
    answer["metadata"]["widgets"] = {"x": "<script>"}
    nb.find(notebook, "toy-w1")["attachments"] = {"a.svg": {"image/svg+xml": "<script>"}}
    notebook["metadata"]["title"] = "<script>"
    assert "<script>" not in json.dumps(rebuilt(notebook).notebook)


# Answers that are not where they were


@pytest.mark.parametrize("lost", ["ids", "metadata", "both"])
def test_answers_are_found_without_ids_or_metadata(lost: str) -> None:
    notebook = solved()
    for cell in notebook["cells"]:
        if lost in ("ids", "both"):
            del cell["id"]
        if lost in ("metadata", "both"):
            cell["metadata"] = {}
    result = rebuilt(notebook)
    assert result.answers == rebuilt(solved()).answers
    assert ids(result) == ["setup", "toy-q1", "look", "toy-q2"]


def test_colab_keeps_the_id_in_the_metadata() -> None:
    notebook = nb.without_ids(solved())
    for cell, before in zip(notebook["cells"], release()["cells"], strict=True):
        cell["metadata"] = {"id": before["id"]}
    notebook["cells"][3]["source"] = "def square(x:\n  return x"
    assert rebuilt(notebook).answers["toy-q1"] == "def square(x:\n  return x"


def test_an_answer_that_is_no_python_is_found_by_the_names_it_seems_to_define() -> None:
    notebook = solved()
    put(notebook, "toy-q1", "def square(x):\n    return x *")
    assert rebuilt(nb.without_ids(notebook)).answers["toy-q1"] == "def square(x):\n    return x *"


def test_a_missing_cell_is_a_stub_and_the_student_is_told() -> None:
    notebook = solved()
    notebook["cells"].remove(nb.find(notebook, "toy-q2"))
    result = rebuilt(notebook)
    assert result.unanswered == ("toy-q2",)
    assert "NotImplementedError" in result.answers["toy-q2"]
    assert result.notes == ("The cell of toy-q2 is missing.",)


def test_an_answer_below_an_untouched_stub_is_taken() -> None:
    notebook = release()
    insert(notebook, "toy-q1-check", own(SQUARE))
    result = rebuilt(notebook)
    assert result.answers["toy-q1"] == SQUARE
    assert result.notes == (
        "The cell of toy-q1 held no answer; the cell that defines square was taken.",
    )
    assert ids(result) == ["setup", "toy-q1", "look", "toy-q2"]


def test_of_two_complete_copies_the_last_counts() -> None:
    notebook = solved()
    better = copy.deepcopy(nb.find(notebook, "toy-q1"))
    better["source"] = "def square(x):\n    return x**2"
    insert(notebook, "toy-q1", better)
    result = rebuilt(notebook)
    assert result.answers["toy-q1"] == "def square(x):\n    return x**2"
    assert result.notes == ("There are 2 cells of toy-q1; the last complete one counts.",)
    assert ids(result) == ["setup", "added-1", "toy-q1", "look", "toy-q2"]


def test_a_copy_of_the_stub_does_not_hide_an_answer() -> None:
    notebook = solved()
    insert(notebook, "toy-q1", nb.find(release(), "toy-q1"))
    result = rebuilt(notebook)
    assert (result.answers["toy-q1"], result.notes) == (SQUARE, ())


def test_a_split_answer_is_the_part_that_defines_and_the_helper_before_it() -> None:
    notebook = solved()
    helper = copy.deepcopy(nb.find(notebook, "toy-q1"))
    helper["source"] = "def times(x, y):\n    return x * y"
    put(notebook, "toy-q1", "def square(x):\n    return times(x, x)")
    insert(notebook, "q1-text", helper)
    result = rebuilt(notebook)
    assert result.answers["toy-q1"] == "def square(x):\n    return times(x, x)"
    assert sources(result)["added-1"] == "def times(x, y):\n    return x * y"
    assert ids(result).index("added-1") < ids(result).index("toy-q1")


def test_parts_of_a_split_written_answer_are_joined() -> None:
    notebook = solved()
    second = copy.deepcopy(nb.find(notebook, "toy-w1"))
    second["source"] = "And so."
    insert(notebook, "toy-w1", second)
    result = rebuilt(notebook)
    assert result.answers["toy-w1"] == "Because it is so.\n\nAnd so."
    assert result.notes == ("There are 2 cells of toy-w1; they were joined.",)


def test_moved_cells_run_in_the_released_order() -> None:
    notebook = solved()
    notebook["cells"].append(notebook["cells"].pop(3))
    result = rebuilt(notebook)
    assert ids(result) == ["setup", "toy-q1", "look", "toy-q2"]
    assert result.notes == ("Cells were moved; grading runs them in the released order.",)


def test_an_answer_turned_into_text_is_still_read() -> None:
    notebook = solved()
    nb.find(notebook, "toy-q1")["cell_type"] = "markdown"
    result = rebuilt(notebook)
    assert result.answers["toy-q1"] == SQUARE
    assert is_valid(result)


# Cells of the student's own


def test_of_an_added_cell_definitions_run_and_experiments_do_not() -> None:
    notebook = solved()
    added = (
        "import math\n\n# a helper\n@cache\ndef half(x):\n    return x / 2\n\n"
        "HALF = -0.5\nprint(half(3))"
    )
    insert(notebook, "q1-text", own(added))
    result = rebuilt(notebook)
    assert ids(result) == ["setup", "added-1", "toy-q1", "look", "toy-q2"]
    assert sources(result)["added-1"] == (
        "import math\n\n\n@cache\ndef half(x):\n    return x / 2\n\nHALF = -0.5"
    )
    shown = next(cell for cell in result.notebook["cells"] if cell["id"] == "added-1")
    assert shown["source"] == added


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("a, b = 1, 2", "a, b = 1, 2"),
        ("f = lambda x: g(x)", "f = lambda x: g(x)"),
        ("n: int = 3", "n: int = 3"),
        ("root = np.sqrt", "root = np.sqrt"),
        ("k = 3 if a else b[0]", "k = 3 if a else b[0]"),
        ("x = load()", ""),
        ("x = [f(y) for y in z]", ""),
        ("x += 1", ""),
        ("x.y = 1", ""),
        ("for i in range(9): pass", ""),
        ("while True:\n    import numpy", ""),
        ("a = 1; b = f(); c = 2", "a = 1\nc = 2"),
        ("%matplotlib inline\nimport math", "\nimport math"),
        ("!pip install things\nimport math", "\nimport math"),
        ("%%time\ndef f(): pass", "\ndef f(): pass"),
        ("%%writefile secret.py\nimport math", ""),
    ],
)
def test_the_sieve_keeps(source: str, kept: str) -> None:
    notebook = solved()
    insert(notebook, "toy-q1", own(source))
    assert sources(rebuilt(notebook)).get("added-1", "") == kept


def test_an_added_cell_that_is_no_python_is_dropped_with_a_note() -> None:
    notebook = solved()
    insert(notebook, "toy-q1", own("def half(x:"))
    result = rebuilt(notebook)
    assert "added-1" not in ids(result)
    assert result.notes == ("A cell of your own is not run in grading: it is no valid Python.",)


def test_a_name_that_only_a_dropped_statement_sets_is_told_if_an_answer_uses_it() -> None:
    notebook = solved()
    insert(notebook, "setup", own("scale = load()\nx = load()\nunused = load()"))
    put(notebook, "toy-q1", "def square(x):\n    return scale * x")
    (note,) = rebuilt(notebook).notes
    assert note.startswith("Your code uses scale, which a cell of your own sets")


def test_an_import_added_to_a_given_cell_is_kept() -> None:
    notebook = solved()
    put(notebook, "setup", "import numpy as np\nfrom collections import Counter\nnp = None\n")
    result = rebuilt(notebook)
    assert sources(result)["setup"] == "import numpy as np\nfrom cvcourse.checks import check\n"
    assert sources(result)["added-1"].strip() == "from collections import Counter"
    assert ids(result)[:2] == ["setup", "added-1"]


def test_what_was_added_to_a_check_cell_cannot_change_its_call() -> None:
    notebook = solved()
    put(notebook, "toy-q1-check", 'check = None\ncheck("toy-q1", globals())\n%%')
    assert "toy-q1-check" not in ids(rebuilt(notebook))


def test_text_that_a_student_added_is_literal() -> None:
    notebook = solved()
    insert(notebook, "toy-q1", nb.text("own", "````\n<script>alert(1)</script>\n````"))
    shown = [cell["source"] for cell in rebuilt(notebook).notebook["cells"]]
    assert "`````text\n````\n<script>alert(1)</script>\n````\n`````" in shown


def test_a_raw_cell_becomes_literal_text() -> None:
    notebook = solved()
    insert(notebook, "toy-q1", {**nb.text("own", "<script>"), "cell_type": "raw"})
    result = rebuilt(notebook)
    assert {cell["cell_type"] for cell in result.notebook["cells"]} == {"code", "markdown"}
    assert "```text\n<script>\n```" in [cell["source"] for cell in result.notebook["cells"]]


def test_a_written_answer_is_shown_as_literal_text_of_a_readable_width() -> None:
    notebook = solved()
    put(notebook, "toy-w1", "[x](javascript:alert(1)) " + "word " * 50)
    (shown,) = (c["source"] for c in rebuilt(notebook).notebook["cells"] if c["id"] == "toy-w1")
    assert shown.startswith("```text\n[x](javascript:alert(1)) word")
    assert max(map(len, shown.splitlines())) <= 100


# What is no notebook


@pytest.mark.parametrize(
    ("submitted", "reason"),
    [
        (b"", "the file is empty or missing"),
        (b" \n", "the file is empty or missing"),
        (b"PK\x03\x04 and so on", "is an archive"),
        (b"\xff\xfe{", "is not UTF-8 text"),
        (b"import numpy as np", r"not valid JSON \(line 1\)"),
        (b'{"cells": [\n<<<<<<< HEAD', r"not valid JSON \(line 2\)"),
        (b'{"cells": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' + b"1" * 10_000 + b"}", "not valid JSON"),
        (b"[]", "no list of cells"),
        (b'{"worksheets": []}', "no list of cells"),
        (b'{"cells": []}', "is it the right file"),
        (b'{"cells": [null, 1, "x", [], {}]}', "is it the right file"),
        (b'{"cells": [' + b"{}," * 3_000 + b"{}]}", "at most 2000 are read"),
    ],
)
def test_what_is_no_notebook_is_an_error_with_the_reason(submitted: bytes, reason: str) -> None:
    result = rebuild(release(), submitted)
    with pytest.raises(ValueError, match=reason):
        raise ValueError(result.error)
    assert result.cells == ()
    assert result.unanswered == ("toy-q1", "toy-q2", "toy-w1")
    assert is_valid(result)


def test_a_file_that_is_too_large_is_not_read() -> None:
    result = rebuild(release(), b" " * (intake.MAX_FILE + 1))
    assert result.error.startswith("The file has 20 MiB; at most 20 MiB are read.")


def test_too_much_text_in_all_is_not_read() -> None:
    notebook = solved()
    insert(notebook, "toy-q1", *[own("#" * 99_000) for _ in range(4)])
    assert rebuilt(notebook).error == "The cells hold more than 300000 characters of text."


def test_an_answer_that_is_too_long_is_unanswered_and_the_student_is_told() -> None:
    notebook = solved()
    put(notebook, "toy-q1", SQUARE + "\n#" + "x" * MAX_SOURCE)
    result = rebuilt(notebook)
    assert result.unanswered == ("toy-q1",)
    assert result.notes == ("The cell of toy-q1 was not read: it has more than 100000 characters.",)


@pytest.mark.parametrize(
    "source",
    [
        *(None, 3, {"a": 1}, ["x", 3], [["x"]], "\x00", "\ud800"),
        *("-" * 90_000 + "1", "(" * 90_000, "x = " + "1+" * 3_000 + "1; f()"),
        *("x = " + "f()." * 900 + "y", "f = " + "lambda: " * 190 + "g"),
    ],
)
def test_a_source_of_any_kind_is_made_harmless(source: object) -> None:
    notebook = solved()
    nb.find(notebook, "toy-q1")["source"] = source
    nb.find(notebook, "setup")["source"] = source
    insert(notebook, "toy-q2", {**own(""), "source": source})
    result = rebuilt(notebook)
    assert result.answers["toy-q2"] == SUM
    json.dumps(result.notebook, ensure_ascii=False).encode("utf-8")
    assert is_valid(result)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
cell_values = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values | st.sampled_from(["toy-q1", "setup", "toy-w1"]),
        "cell_type": json_values | st.sampled_from(["code", "markdown", "raw"]),
        "source": json_values | st.sampled_from([SQUARE, [SUM], "import x", "a = (", "a = f()"]),
        "metadata": json_values
        | st.fixed_dictionaries(
            {"nbgrader": json_values | st.fixed_dictionaries({"grade_id": json_values})}
        ),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(cell_values | json_values, max_size=8))
def test_any_cells_at_all_give_a_valid_notebook(cells: list[object]) -> None:
    own_cells = [*release()["cells"][:4], *cells]
    result = rebuild(release(), as_bytes({"cells": own_cells}))
    assert result.error == ""
    assert set(result.answers) == {"toy-q1", "toy-q2", "toy-w1"}
    assert is_valid(result)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40) | json_values.map(as_bytes))
def test_any_bytes_at_all_give_a_result(submitted: bytes) -> None:
    assert rebuild(release(), submitted).error
