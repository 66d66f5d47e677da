from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from cvcourse.checks import CheckError, CheckFailure, check, expect, expect_array, question
from cvcourse.checks.runner import run_checks, visible_checks
from cvcourse.checks.student import LocalStudent

from .cells import run_cell

RIGHT = "def square(x):\n    return x**2"


@question("sample-q1")
def values(student, rng):
    """Squares are right
    on drawn numbers.
    """
    x = rng.normal(size=3)
    expect_array(student.square(x), x**2, name="y", axes="(N,)", rtol=1e-12, atol=0.0)


@question("sample-q1")
def signs(student):
    """Squares of negative numbers are positive."""
    expect(student.square(-2.0) > 0, "A square is below zero.")


@question("sample-q2")
def broken(student):
    """A check that has a fault of its own."""
    raise ZeroDivisionError("the check's own fault")


@pytest.fixture(autouse=True)
def sample(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A notebook "sample" among the public checks."""
    module = ModuleType("cvcourse.checks.public.sample")
    vars(module).update(values=values, signs=signs, broken=broken, np=np)
    module.UNTRIED = {"sample-q1": "other dtypes and empty arrays"}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def message(source: str, question: str = "sample-q1") -> str:
    with pytest.raises(CheckError) as caught:
        check(question, run_cell(source))
    return str(caught.value)


def test_success_is_one_line_that_says_what_was_not_tried(capsys):
    check("sample-q1", run_cell(RIGHT))
    assert capsys.readouterr().out == (
        "sample-q1: ok on 2 inputs; grading also tries other dtypes and empty arrays.\n"
    )


def test_one_input_is_singular(capsys, sample):
    del sample.values
    check("sample-q1", run_cell(RIGHT))
    assert "ok on 1 input;" in capsys.readouterr().out


def test_a_failure_names_what_is_required_and_what_was_found(capsys):
    lines = message("def square(x):\n    return 2 * x").splitlines()
    assert lines[:3] == [
        "sample-q1 is not right yet.",
        "Required: Squares are right on drawn numbers.",
        "Found:    y has the right form but wrong values in every entry.",
    ]
    assert lines[3].startswith("          Worst at y[")
    assert lines[4].startswith("          ")  # long lines go on under their first word
    assert max(map(len, lines)) <= 80
    assert capsys.readouterr().out == ""


def test_the_first_failing_check_speaks_alone():
    text = message("def square(x):\n    return x**2 if hasattr(x, 'shape') else -(x**2)")
    assert text.splitlines() == [
        "sample-q1 is not right yet.",
        "Required: Squares of negative numbers are positive.",
        "Found:    A square is below zero.",
    ]


def test_a_stub_gets_one_plain_sentence():
    stub = 'raise NotImplementedError("sample-q1: replace this line with your code")'
    assert message(f"def square(x):\n    {stub}") == (
        "sample-q1 is not answered yet: write square in the cell above and run it."
    )


def test_a_missing_name_gets_one_plain_sentence():
    assert message("") == "square is not defined. Run the cell of sample-q1 first."


def test_an_exception_is_placed_in_the_students_cell():
    text = message("def square(x):\n    y = x\n    return y.sqare()")
    assert "Found:    square raised AttributeError at line 3 of your cell." in text
    assert "          AttributeError: 'numpy.ndarray' object has no attribute 'sqare'" in text
    assert "            line 3: return y.sqare()" in text


def test_the_inputs_are_the_same_each_time():
    wrong = "def square(x):\n    return 2 * x"
    assert message(wrong) == message(wrong)


@pytest.mark.parametrize("identifier", ["sample-q9", "nothing-q1"])
def test_an_unknown_question_is_named(identifier):
    with pytest.raises(ValueError, match=f"there is no question '{identifier}'; is its id written"):
        check(identifier, {})


def test_an_identifier_of_another_form_is_named():
    with pytest.raises(ValueError, match="a question id is <notebook>-q<number>"):
        check("sample", {})


def test_a_package_that_the_checks_lack_is_not_taken_for_an_unknown_question(monkeypatch):
    def fail(name: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'einops'", name="einops")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(ModuleNotFoundError, match="einops"):
        visible_checks("sample-q1")


def test_a_fault_of_the_check_is_not_the_students():
    with pytest.raises(ZeroDivisionError, match="the check's own fault"):
        check("sample-q2", run_cell(RIGHT))


def test_checks_run_in_the_order_of_their_file():
    assert visible_checks("sample-q1") == [values, signs]


def test_the_sentence_of_the_failing_check_is_noted():
    student = LocalStudent(run_cell("def square(x):\n    return 2 * x"), "sample-q1")
    with pytest.raises(CheckFailure) as caught:
        run_checks("sample-q1", student)
    assert caught.value.__notes__ == ["Squares are right on drawn numbers."]


def test_a_notebook_shows_the_message_without_a_traceback(tmp_path):
    script = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_cell("from cvcourse.checks import CheckError\\nraise CheckError('one\\\\ntwo')")
shell.history_manager.end_session()
"""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip().splitlines() == ["one", "two"]
