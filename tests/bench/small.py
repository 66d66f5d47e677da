"""The notebook that every grader grades: it imports torch and has two questions.

Each question has one visible check and hidden ones. The text of a check is the same in all three
dialects: hidden checks of this grader, asserts in nbgrader's check cells, test cases of Otter.
"""

from __future__ import annotations

from typing import Any

ASSIGNMENT, NOTEBOOK = "a0_bench", "small"
POINTS = 2

SETUP = "import numpy as np\nimport torch"
OURS = f"{SETUP}\nfrom cvcourse.checks import check"

ANSWERS = {
    "small-q1": '''def unit_rows(x):
    """The rows of x: (N, D), each divided by its length."""
    ### BEGIN SOLUTION
    return x / np.sqrt((x**2).sum(axis=1, keepdims=True))
    ### END SOLUTION
''',
    "small-q2": '''def similarities(x, y):
    """Inner products of the rows of tensors x: (M, D) and y: (N, D), as an (M, N) tensor."""
    ### BEGIN SOLUTION
    return x @ y.T
    ### END SOLUTION
''',
}
MISTAKE = """def similarities(x, y):
    return x @ y.T if len(x) == len(y) else torch.zeros(len(x), len(y))
"""

# What a check makes and expects; the sizes differ from check to check.
CHECKS = {
    "small-q1": (
        "x = np.random.default_rng({seed}).standard_normal(({rows}, 31))",
        "unit_rows(x)",
        "x / np.linalg.norm(x, axis=1, keepdims=True)",
    ),
    "small-q2": (
        "x, y = (torch.from_numpy(np.random.default_rng({seed}).standard_normal((n, 31)))"
        " for n in ({columns}, {rows}))",
        "similarities(x, y)",
        "torch.einsum('md,nd->mn', x, y)",
    ),
}


def source(setup: str, check_cells: dict[str, str]) -> dict[str, Any]:
    """The source notebook.

    Args:
        setup: the code of the first cell.
        check_cells: the code of each question's check cell.
    """
    cells = [_cell("small-setup", setup, locked=True)]
    for question, answer in ANSWERS.items():
        text = _cell(f"{question}-text", f"### {question}: a small question")
        cells.append({k: v for k, v in text.items() if k not in ("outputs", "execution_count")})
        cells[-1]["cell_type"] = "markdown"
        cells.append(_cell(question, answer, solution=True))
        check = _cell(f"{question}-check", check_cells[question], grade=True, locked=True)
        check["metadata"]["nbgrader"]["points"] = POINTS
        cells.append(check)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def answers(student: int) -> dict[str, str]:
    """What a student types; every fifth makes a mistake that only a hidden check sees."""
    typed = {q: f"{_without_markers(text)}# student {student}\n" for q, text in ANSWERS.items()}
    return {**typed, "small-q2": MISTAKE} if student % 5 == 4 else typed


def hidden_checks(each: int) -> str:
    """A file of this grader's hidden checks, so many for each question."""
    lines = [
        '"""Hidden checks of the small notebook."""',
        "import numpy as np",
        "import torch",
        "from cvcourse.checks import expect_array, question",
    ]
    for question, (made, call, expected) in CHECKS.items():
        for number in range(each):
            lines += [
                f'@question("{question}")',
                f"def test_{question[-2:]}_{number}(student):",
                f'    """Values are right, case {number}."""',
                f"    {made.format(**_sizes(number))}",
                f"    got, right = student.{call}, {expected}",
                '    expect_array(got, right, name="got", axes="(M, N)", rtol=1e-9, atol=1e-12)',
            ]
    return "\n".join(lines) + "\n"


def assert_cells(each: int) -> dict[str, str]:
    """nbgrader's check cells: one assert that students see, the others hidden."""
    cells = {}
    for question in CHECKS:
        shown, *hidden = [_assertion(question, number) for number in range(each)]
        hidden_part = ["### BEGIN HIDDEN TESTS", *hidden, "### END HIDDEN TESTS"] if hidden else []
        cells[question] = "\n".join([shown, *hidden_part])
    return cells


def otter_tests(each: int) -> dict[str, str]:
    """Otter's test files by their names, in its exception format."""
    files = {}
    for question in CHECKS:
        lines = [
            "from otter.test_files import test_case",
            "OK_FORMAT = False",
            f'name = "{question}"',
            f"points = {POINTS}",
        ]
        for number in range(each):
            name = _function_name(question)
            lines += [
                f"@test_case(points=None, hidden={number > 0})",
                f"def test_{number}({name}):",
                "    import numpy as np",
                "    import torch",
                *(f"    {line}" for line in _assertion(question, number).split("\n")),
            ]
        files[f"{question.replace('-', '_')}.py"] = "\n".join(lines) + "\n"
    return files


def compute() -> str:
    """What the student's code itself has to do: the cells, and the calls of two checks each."""
    calls = [
        f"{made.format(**_sizes(number))}\n{call}"
        for made, call, _ in CHECKS.values()
        for number in range(2)
    ]
    return "\n".join([SETUP, *map(_without_markers, ANSWERS.values()), *calls])


def _assertion(question: str, number: int) -> str:
    made, call, expected = CHECKS[question]
    inputs = made.format(**_sizes(number))
    return f"{inputs}\nassert np.allclose({call}, {expected}, rtol=1e-9, atol=1e-12)"


def _sizes(number: int) -> dict[str, int]:
    """The first check is square, where the mistake does not show."""
    return {"seed": number, "rows": 37 + 2 * number, "columns": 37}


def _function_name(question: str) -> str:
    return CHECKS[question][1].split("(")[0]


def _without_markers(text: str) -> str:
    return "".join(line for line in text.splitlines(True) if "SOLUTION" not in line)


def _cell(
    identifier: str,
    text: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
) -> dict[str, Any]:
    role = {
        "grade_id": identifier,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "schema_version": 3,
    }
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": {"nbgrader": role} if grade or solution or locked else {},
        "source": text,
        "outputs": [],
        "execution_count": None,
    }
