"""What is found in the source of an answer, and what is left in peace."""

from __future__ import annotations

import pytest

from autograder.grading.forbidden import LOOPS_IN_DISGUISE, LOOPS_OF_PYTHON, Contract, findings

CONTRACT = Contract(("numpy.linalg.norm", "scipy", *LOOPS_IN_DISGUISE, *LOOPS_OF_PYTHON))
SETUP = "import numpy as np\nfrom cvcourse.checks import check"


def found(answer: str, *others: str) -> tuple[str, ...]:
    return findings(CONTRACT, answer, names=["f"], others=others, given=[SETUP])


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("def f(x):\n    return np.linalg.norm(x)", "numpy.linalg.norm"),
        ("from numpy.linalg import norm as n\ndef f(x):\n    return n(x)", "numpy.linalg.norm"),
        ("L = np.linalg\ndef f(x):\n    q = L.norm\n    return q(x)", "numpy.linalg.norm"),
        ("def f(x, n=np.linalg.norm):\n    return n(x)", "numpy.linalg.norm"),
        ("def f(x):\n    return getattr(np.linalg, 'norm')(x)", "numpy.linalg.norm"),
        ("def f(x):\n    return getattr(np.linalg, 'no' + 'rm')(x)", "getattr"),
        ("def f(x):\n    return eval('np.linalg.norm')(x)", "eval"),
        ("from scipy import *\ndef f(x):\n    return cdist(x)", "everything from scipy"),
        ("def f(x):\n    return np.array(list(map(abs, x)))", "map"),
        ("def f(x):\n    import sys\n    sys.settrace(None)", "sys.settrace"),
        ("def f(x):\n    return np.__dict__['linalg']", "__dict__"),
        ("a, b = np.linalg, 1\ndef f(x):\n    return a.norm(x)", "numpy.linalg.norm"),
    ],
)
def test_what_a_question_does_not_allow_is_found_under_other_names(answer, name):
    assert any(sentence.startswith(f"{name} is used") for sentence in found(answer))


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return np.sqrt(np.sum(x**2, axis=1))",
        "def f(x):\n    return getattr(x, 'shape')",
        'def f(x):\n    return x\n\ncheck("knn-q1", globals())',
        "import scipy\ndef g(x):\n    return scipy.norm(x)\ndef f(x):\n    return x",
        "def f(x)\n    this is no Python",
    ],
)
def test_what_it_allows_or_does_not_reach_is_left_in_peace(answer):
    assert found(answer) == ()


def test_helpers_in_other_cells_are_followed_and_strangers_are_not():
    helper = "def length(x):\n    return np.linalg.norm(x)"
    assert found("def f(x):\n    return length(x)", helper)
    assert not found("def f(x):\n    return x", helper)


def test_what_acts_by_itself_in_another_cell_counts():
    assert found("def f(x):\n    return np.sum(x)", "np.sum = np.linalg.norm")


def test_a_check_that_the_student_has_replaced_is_not_the_courses():
    answer = "def check(*args):\n    exec('1')\ndef f(x):\n    return x\ncheck(1)"
    assert found(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "def f(frame):\n    while frame:\n        frame = frame.f_back",
        "def f(a, b):\n    while a:\n        a, b = b.x, a.y\n    a = a.p if a else b.q",
        "def f(x):\n    return x" + ".a" * 900,
        "def f(x):\n    return " + "x if x else " * 90 + "x",
        "def f(x):\n    return x\n" + "\n".join(f"v{i} = v{i + 1}.a" for i in range(3000)),
        "def f(x):\n    return x\n" + "\n".join(f"print(v{i})" for i in range(3000)),
    ],
)
def test_looking_comes_to_an_end_whatever_the_source(answer):
    assert isinstance(found(answer), tuple)
