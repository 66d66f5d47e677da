from __future__ import annotations

import copy
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateAssignment
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import PyFileConfigLoader

from autograder.course import Course
from autograder.errors import CourseError, SandboxError
from autograder.grading.gradebook import write_result
from autograder.grading.intake import rebuild
from autograder.grading.results import (
    CheckResult,
    NotebookResult,
    Outcome,
    QuestionResult,
    State,
    score_of,
)
from autograder.nbgrader_plugins import grades
from tests.grading import notebooks as nb
from tests.grading.notebooks import as_bytes, insert, own, put, release, solved

ROOT = Path(__file__).parent.parent
TOYS = "a0_toys"

# nbgrader 0.9.6 enters submissions in an order that SQLAlchemy warns of: not ours to change.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

STAFF_ONLY = "expected 49, received 48"


class StandIn:
    """Grades like the real job, but by looking at the text: no sandbox, no student code."""

    def __init__(self, course: Course) -> None:
        self._course = course

    def grade(
        self, assignment: str, notebook: str, submitted: bytes, students: tuple[str, ...]
    ) -> NotebookResult:
        if b"no sandbox" in submitted:
            raise SandboxError("bubblewrap is missing")
        rebuilt = rebuild(self._course.release(assignment, notebook), submitted)
        questions = []
        for question in self._course.questions(assignment, notebook):
            answer = rebuilt.answers[question.id]
            answered = question.id not in rebuilt.unanswered
            if question.written:
                state = State.WAITING if answered else State.GRADED
                score = None if answered else 0.0
                checks: tuple[CheckResult, ...] = ()
            else:
                checks = (
                    _checked("Gives a number.", answered),
                    _checked("Gives the right number.", answered and "wrong" not in answer),
                )
                state = State.UNDER_REVIEW if "odd" in answer else State.GRADED
                score = score_of(question.points, checks)
            questions.append(
                QuestionResult(
                    question.id, question.title, question.points, score, state, answered, checks
                )
            )
        return NotebookResult(
            assignment, notebook, students, "0" * 12, "label", ("stand-in",), tuple(questions),
            rebuilt.notes, rebuilt.error,
        )  # fmt: skip


def _checked(sentence: str, passed: bool) -> CheckResult:
    if passed:
        return CheckResult("test_x", sentence, Outcome.PASSED, 1)
    return CheckResult(
        "test_x", sentence, Outcome.FAILED, 1, "Look at the sign.", staff_note=STAFF_ONLY
    )


class Toys:
    """A course with one toy assignment, driven as the formgrader drives it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(ROOT / "nbgrader_config.py", root)
        self.write(root / "source" / TOYS / "toy.ipynb", as_bytes(nb.source()))

    @property
    def api(self) -> NbGraderAPI:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        config.CourseDirectory.root = str(self.root)
        return NbGraderAPI(config=config)

    @staticmethod
    def write(path: Path, data: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def generate(self) -> None:
        done = self.api.generate_assignment(TOYS)
        assert done["success"], done

    def submit(self, student: str, notebook: object, name: str = "toy.ipynb") -> Path:
        data = notebook if isinstance(notebook, bytes) else as_bytes(notebook)
        return self.write(self.root / "submitted" / student / TOYS / name, data)

    def autograde(self, student: str = "*", *, succeeds: bool = True) -> str:
        """Grades and returns nbgrader's log."""
        done = self.api.autograde(TOYS, student)
        assert done["success"] is succeeds, done
        return str(done.get("log", ""))

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "cvcourse") as gradebook:
            yield gradebook

    def scores(self, student: str) -> dict[str, tuple[float | None, bool]]:
        with self.gradebook() as gradebook:
            submitted = gradebook.find_submission_notebook("toy", TOYS, student)
            return {g.name: (g.auto_score, g.needs_manual_grade) for g in submitted.grades}

    def autograded(self, student: str) -> dict[str, Any]:
        path = self.root / "autograded" / student / TOYS / "toy.ipynb"
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        nbformat.validate(copy.deepcopy(notebook))
        return notebook

    def feedback(self, student: str) -> str:
        done = self.api.generate_feedback(TOYS, student)
        assert done["success"], done
        return (self.root / "feedback" / student / TOYS / "toy.html").read_text(encoding="utf-8")

    def formgrader_page(self, student: str) -> str:
        """The page that the formgrader makes of an autograded notebook."""
        config = self.api.config.copy()
        config.HTMLExporter.template_name = "formgrade"
        config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
        resources = {
            **dict.fromkeys(("base_url", "student", "first_name", "last_name"), ""),
            "notebook_id": "toy",
            "assignment_id": TOYS,
            "submission_id": "1",
            "index": 0,
            "total": 1,
            "notebook_path": "toy.ipynb",
        }
        path = self.root / "autograded" / student / TOYS / "toy.ipynb"
        html, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
        return str(html)


@pytest.fixture(scope="module")
def course_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released toy course; each test works on a copy."""
    root = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader calls alembic by name.
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        Toys(root).generate()
    return root


@pytest.fixture
def toys(course_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toys:
    shutil.copytree(course_folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(grades, "job_for", lambda course, assignment: StandIn(course))
    return Toys(tmp_path)


def wrong_q2() -> dict[str, Any]:
    notebook = solved()
    put(notebook, "toy-q2", "def total(x):\n    return 'wrong'")
    return notebook


ZERO = {"toy-q1-check": (0.0, False), "toy-q2-check": (0.0, False), "toy-w1": (0.0, False)}
FULL = {"toy-q1-check": (2.0, False), "toy-q2-check": (3.0, False), "toy-w1": (None, True)}


# Release


def test_generate_assignment_makes_the_release_and_keeps_cell_ids(toys: Toys) -> None:
    made = Course(toys.root).release(TOYS, "toy")
    assert [cell["id"] for cell in made["cells"]] == [cell["id"] for cell in release()["cells"]]
    stub = "".join(nb.find(made, "toy-q1")["source"])
    assert stub == "".join(nb.find(release(), "toy-q1")["source"])
    assert nb.find(made, "toy-w1")["source"] == ["*Your answer to toy-w1.*"]


def test_generate_assignment_makes_an_existing_release_anew(toys: Toys) -> None:
    path = toys.root / "release" / TOYS / "toy.ipynb"
    before = path.read_bytes()
    path.write_bytes(b"edited by hand")
    api = toys.api
    api.coursedir.assignment_id = TOYS
    GenerateAssignment(coursedir=api.coursedir, parent=api).start()
    assert path.read_bytes() == before


def test_a_misspelt_marker_stops_generate_assignment(toys: Toys) -> None:
    source = toys.root / "source" / TOYS / "toy.ipynb"
    source.write_text(source.read_text().replace("BEGIN SOLUTION", "BEGIN SOLUTON", 1))
    done = toys.api.generate_assignment(TOYS)
    assert not done["success"]
    assert "looks like a marker" in done["log"]


# Scores


def test_partial_credit_reaches_the_gradebook(toys: Toys) -> None:
    toys.submit("ada", solved())
    toys.submit("ben", wrong_q2())
    toys.submit("cleo", release())
    toys.autograde()
    assert toys.scores("ada") == FULL
    assert toys.scores("ben") == {**FULL, "toy-q2-check": (1.5, False)}
    assert toys.scores("cleo") == ZERO


def test_a_question_under_review_waits_for_a_person(toys: Toys) -> None:
    notebook = solved()
    put(notebook, "toy-q1", "def square(odd):\n    return odd * odd")
    toys.submit("ada", notebook)
    toys.autograde()
    assert toys.scores("ada")["toy-q1-check"] == (2.0, True)


def test_an_unanswered_question_gets_nbgraders_comment(toys: Toys) -> None:
    toys.submit("cleo", release())
    toys.autograde()
    with toys.gradebook() as gradebook:
        submitted = gradebook.find_submission_notebook("toy", TOYS, "cleo")
        assert {c.name: c.auto_comment for c in submitted.comments} == dict.fromkeys(
            ("toy-q1", "toy-q2", "toy-w1"), "No response."
        )


def test_a_score_given_by_hand_survives_a_regrade(toys: Toys) -> None:
    toys.submit("ada", solved())
    toys.autograde()
    with toys.gradebook() as gradebook:
        for name, score in (("toy-w1", 0.5), ("toy-q1-check", 1.0)):
            grade = gradebook.find_grade(name, "toy", TOYS, "ada")
            grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()
    toys.submit("ada", wrong_q2())
    toys.autograde()
    with toys.gradebook() as gradebook:
        submitted = gradebook.find_submission_notebook("toy", TOYS, "ada")
        assert {g.name: g.score for g in submitted.grades} == {
            "toy-q1-check": 1.0,
            "toy-q2-check": 1.5,
            "toy-w1": 0.5,
        }
        assert all(g.needs_manual_grade is (g.manual_score is not None) for g in submitted.grades)


def test_a_result_can_be_written_without_nbgraders_autograde(toys: Toys) -> None:
    result = StandIn(Course(toys.root)).grade(TOYS, "toy", as_bytes(solved()), ("zoe",))
    with toys.gradebook() as gradebook:
        write_result(gradebook, "zoe", result)
    assert toys.scores("zoe") == FULL


def test_a_result_of_an_unknown_notebook_is_refused_and_nothing_is_written(toys: Toys) -> None:
    result = NotebookResult("a9_none", "toy", ("zoe",), "", "", (), ())
    with (
        toys.gradebook() as gradebook,
        pytest.raises(CourseError, match="run: nbgrader generate_assignment a9_none"),
    ):
        write_result(gradebook, "zoe", result)


def test_a_result_with_an_unknown_question_is_refused_and_nothing_is_written(toys: Toys) -> None:
    toys.submit("ada", solved())
    toys.autograde()
    questions = (
        QuestionResult("toy-q1", "Squares", 2, 0.0, State.GRADED),
        QuestionResult("toy-q9", "None", 2, 2.0, State.GRADED),
    )
    with toys.gradebook() as gradebook:
        with pytest.raises(CourseError, match="no points for toy-q9"):
            write_result(gradebook, "ada", NotebookResult(TOYS, "toy", (), "", "", (), questions))
        gradebook.db.commit()  # as the next student's result would
    assert toys.scores("ada") == FULL


# Submissions that nbgrader would lose


@pytest.mark.parametrize(
    ("submitted", "reason"),
    [
        (b"", "file is empty or missing"),
        (b"import numpy", "not valid JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'{"cells": []}', "is it the right file"),
        (b'{"cells": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_notebook_is_graded_with_the_reason(
    toys: Toys, submitted: bytes, reason: str
) -> None:
    toys.submit("ada", submitted)
    toys.autograde()
    assert toys.scores("ada") == ZERO
    assert reason in "".join(toys.autograded("ada")["cells"][0]["source"])
    assert reason in toys.feedback("ada")


@pytest.mark.parametrize(
    "name", ["toy (1).ipynb", "toy_copy.ipynb", "Toy.ipynb", "toy.ipynb.txt", "a/b/toy.json"]
)
def test_a_notebook_of_another_name_is_found_by_what_it_holds(toys: Toys, name: str) -> None:
    toys.submit("ada", solved(), name)
    toys.submit("ada", release(), "an untouched one.ipynb")
    toys.submit("ben", solved())
    toys.autograde()
    assert toys.scores("ada") == FULL
    note = "".join(toys.autograded("ada")["cells"][0]["source"])
    assert f"toy.ipynb is missing; {Path(name).name} was graded." in note
    files = (toys.root / "autograded" / "ada" / TOYS).iterdir()
    assert [path.name for path in files] == ["toy.ipynb"]


def test_an_unreadable_file_of_the_right_name_gives_way_to_a_readable_one(toys: Toys) -> None:
    toys.submit("ada", b"{")
    toys.submit("ada", solved(), "toy-backup.ipynb")
    toys.autograde()
    assert toys.scores("ada") == FULL


def test_an_untouched_file_of_the_right_name_gives_way_to_an_answered_one(toys: Toys) -> None:
    toys.submit("ada", release())
    toys.submit("ada", solved(), "toy (1).ipynb")
    toys.autograde()
    assert toys.scores("ada") == FULL
    note = "".join(toys.autograded("ada")["cells"][0]["source"])
    assert "toy.ipynb holds no answer; toy (1).ipynb was graded." in note


@pytest.mark.parametrize("files", [[], ["essay.txt"], ["other.ipynb"]])
def test_a_folder_without_the_notebook_is_graded_with_the_reason(
    toys: Toys, files: list[str]
) -> None:
    folder = toys.submit("ada", b"x", "x").parent
    (folder / "x").unlink()
    for name in files:
        toys.submit("ada", b"{}", name)
    toys.autograde("ada")
    assert toys.scores("ada") == ZERO
    assert "file is empty or missing" in "".join(toys.autograded("ada")["cells"][0]["source"])


def test_an_assignment_that_nobody_handed_in_gets_nbgraders_own_message(toys: Toys) -> None:
    assert "No notebooks were matched" in toys.autograde("nobody", succeeds=False)


def test_a_link_in_a_submission_is_not_followed(toys: Toys) -> None:
    elsewhere = toys.write(toys.root / "secrets" / "answer.ipynb", as_bytes(solved()))
    folder = toys.submit("ada", b"x", "x").parent
    (folder / "toy.ipynb").symlink_to(elsewhere)
    (folder / "key.txt").symlink_to(elsewhere)
    toys.autograde()
    assert toys.scores("ada") == ZERO
    assert sorted(p.name for p in (toys.root / "autograded" / "ada" / TOYS).iterdir()) == [
        "toy.ipynb"
    ]


def test_broken_metadata_does_not_cost_the_result(toys: Toys) -> None:
    notebook = solved()
    for cell in notebook["cells"]:
        cell["metadata"]["nbgrader"] = {"schema_version": 99, "grade": "yes", "points": -1}
    toys.submit("ada", {**notebook, "nbformat": 99, "metadata": {"kernelspec": 3}})
    toys.autograde()
    assert toys.scores("ada") == FULL


def test_a_broken_timestamp_does_not_cost_the_result(toys: Toys) -> None:
    toys.submit("ada", solved())
    toys.submit("ada", b"yesterday", "timestamp.txt")
    toys.autograde()
    toys.autograde()
    assert toys.scores("ada") == FULL


def test_submissions_are_left_as_they_were(toys: Toys) -> None:
    paths = [toys.submit("ada", wrong_q2(), "toy (1).ipynb"), toys.submit("ada", b"1", "x.py")]
    before = [path.read_bytes() for path in paths]
    toys.submit("ben", solved())
    toys.autograde()
    assert [path.read_bytes() for path in paths] == before
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


def test_without_a_sandbox_nothing_is_recorded_and_the_others_are_graded(toys: Toys) -> None:
    notebook = solved()
    put(notebook, "intro", "no sandbox")
    toys.submit("ada", notebook)
    toys.submit("ben", solved())
    log = toys.autograde(succeeds=False)
    assert "SandboxError: bubblewrap is missing" in log
    assert toys.scores("ada") == dict.fromkeys(FULL, (None, True))
    assert not (toys.root / "autograded" / "ada" / TOYS).exists()
    assert toys.scores("ben") == FULL


def test_an_assignment_that_is_not_released_is_refused_with_the_command(toys: Toys) -> None:
    done = toys.api.autograde("a9_none", "*")
    assert not done["success"]
    assert "make it with: nbgrader generate_assignment a9_none" in done["log"]


# What staff's browsers get

MARKUP = """<script>alert(1)</script><img src=x onerror=alert(2)>
[a](javascript:alert(3)) ![b](http://example.org/track.png) <svg onload=alert(4)>
````
</code></pre><iframe src="http://example.org/f"></iframe>
````
$\\href{javascript:alert(5)}{x}$ <style>body{background:url(http://example.org/c)}</style>
&lt;script&gt;alert(6)&lt;/script&gt; {{ 7 * 7 }} ![c](attachment:a.svg)
~~~
<object data="data:text/html,<script>alert(8)</script>"></object>
<!-- --><a href="data:text/html;base64,PHNjcmlwdD4=">d</a>"""


def nasty() -> dict[str, Any]:
    """A submission with something that could run in every place that a student can write to."""
    notebook = solved()
    html = {"text/html": MARKUP, "application/javascript": "alert(9)", "image/svg+xml": MARKUP}
    output = {"output_type": "display_data", "metadata": {}, "data": html}
    for cell in notebook["cells"]:
        cell["attachments"] = {"a.svg": {"image/svg+xml": MARKUP}}
        cell["metadata"]["tags"] = [MARKUP]
        if cell["cell_type"] == "code":
            cell["outputs"] = [output, {"output_type": "stream", "name": "stdout", "text": MARKUP}]
            cell["metadata"]["magics_language"] = MARKUP
    put(notebook, "toy-w1", MARKUP)
    put(notebook, "toy-q1", f'def square(x):\n    """{MARKUP}"""\n    return x * x')
    put(notebook, "intro", MARKUP)
    insert(
        notebook, "intro", nb.text("own-1", MARKUP), {**nb.text("raw", MARKUP), "cell_type": "raw"}
    )
    insert(notebook, "toy-q1", own(f"%%html\n{MARKUP}"), own(f'x = """{MARKUP}"""'))
    notebook["metadata"].update(widgets={"state": MARKUP}, title=MARKUP, authors=[{"name": MARKUP}])
    return notebook


class Live(HTMLParser):
    """Collects what a browser would run or load."""

    URLS = ("src", "href", "data", "action", "formaction", "poster", "srcdoc", "background")

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "svg", "img", "link", "form", "base"):
            self.found.add(f"<{tag} {sorted((k, v) for k, v in attrs if k in self.URLS)}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or name in self.URLS:
                self.found.add(f"{name}={value}")
        self._script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.found.add(data)


def live_parts(html: str) -> set[str]:
    parser = Live()
    parser.feed(html)
    parser.close()
    return parser.found


@pytest.mark.parametrize("page", ["feedback", "formgrader_page"])
def test_a_submission_adds_nothing_that_a_browser_runs_or_loads(toys: Toys, page: str) -> None:
    toys.submit("ada", nasty())
    toys.submit("ben", solved())
    toys.autograde()
    nasty_page, plain_page = getattr(toys, page)("ada"), getattr(toys, page)("ben")
    assert "alert(1)" in nasty_page  # it is there to be read
    added = live_parts(nasty_page) - live_parts(plain_page)
    assert {part for part in added if not re.fullmatch(r"href=#[\w-]*", part)} == set()


def test_an_autograded_notebook_holds_student_text_in_fences_and_code_only(toys: Toys) -> None:
    toys.submit("ada", nasty())
    toys.autograde()
    notebook = toys.autograded("ada")
    assert notebook["metadata"] == Course(toys.root).release(TOYS, "toy")["metadata"]
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        assert "attachments" not in cell
        assert cell["metadata"].get("tags") in (None, ["display"])
        assert cell["cell_type"] in ("code", "markdown")
        if cell["cell_type"] == "markdown" and "alert" in text:
            assert text.startswith("`````text\n")
            assert text.endswith("\n`````")
            assert "`````" not in text[5:-5]
        for output in cell.get("outputs", ()):
            assert output["output_type"] == "stream"
            assert "alert" not in output["text"]


def test_no_other_file_of_a_student_lands_in_autograded(toys: Toys) -> None:
    toys.write(toys.root / "source" / TOYS / "given.png", b"given")
    toys.submit("ada", solved())
    names = ("a.html", "b.svg", "c/d.js", "e.py", "evil.ipynb", "given.png", "f/g/.h")
    for name in names:
        toys.submit("ada", b"<script>", name)
    toys.submit("ada", b"2026-01-02 03:04:05 UTC", "timestamp.txt")
    toys.autograde()
    folder = toys.root / "autograded" / "ada" / TOYS
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    assert found == ["given.png", "timestamp.txt", "toy.ipynb"]
    assert (folder / "given.png").read_bytes() == b"given"


def test_a_students_folder_with_a_strange_name_brings_no_files_either(toys: Toys) -> None:
    toys.submit("[ada]*", solved())
    toys.submit("[ada]*", nasty(), "evil.ipynb")
    toys.submit("[ada]*", b"<script>", "x.html")
    toys.autograde()
    files = (toys.root / "autograded" / "[ada]*" / TOYS).iterdir()
    assert [path.name for path in files] == ["toy.ipynb"]
    assert toys.scores("[ada]*") == FULL


# What is shown


def test_results_stand_below_the_check_cells_and_hide_what_is_for_staff(toys: Toys) -> None:
    toys.submit("ben", wrong_q2())
    toys.autograde()
    cells = {cell["id"]: cell for cell in toys.autograded("ben")["cells"]}
    (output,) = cells["toy-q2-check"]["outputs"]
    text = "".join(output["text"])
    assert output["name"] == "stdout"
    assert "Points: 1.5 of 3." in text
    assert "passed (worth 1.5): Gives a number." in text
    assert "failed (worth 1.5): Gives the right number." in text
    assert "Look at the sign." in text
    for page in (text, toys.feedback("ben"), toys.formgrader_page("ben")):
        assert "Look at the sign." in page
        assert STAFF_ONLY not in page


def test_notes_of_intake_are_shown_first(toys: Toys) -> None:
    notebook = solved()
    notebook["cells"].remove(nb.find(notebook, "toy-q2"))
    toys.submit("ada", notebook)
    toys.autograde()
    first = toys.autograded("ada")["cells"][0]
    assert "The cell of toy-q2 is missing." in "".join(first["source"])
    assert "The cell of toy-q2 is missing." in toys.feedback("ada")


def test_a_written_answer_can_be_read_and_the_formgrader_asks_for_its_score(toys: Toys) -> None:
    toys.submit("ada", solved())
    toys.autograde()
    page = toys.formgrader_page("ada")
    assert "Because it is so." in page
    assert 'id="toy-w1"' in page


def test_nbgraders_export_has_the_scores(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbgrader.plugins import CsvExportPlugin

    toys.submit("ben", wrong_q2())
    toys.autograde()
    monkeypatch.chdir(toys.root)
    with toys.gradebook() as gradebook:
        CsvExportPlugin().export(gradebook)
    (row,) = csv.DictReader((toys.root / "grades.csv").read_text().splitlines())
    assert (row["student_id"], row["raw_score"], row["max_score"]) == ("ben", "3.5", "6.0")


# The job behind it


def test_a_job_is_kept_until_the_release_changes(course_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(course_folder, tmp_path, dirs_exist_ok=True)
    course = Course(tmp_path)
    first = grades.job_for(course, TOYS)
    assert grades.job_for(course, TOYS) is first
    path = tmp_path / "release" / TOYS / "toy.ipynb"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")
    assert grades.job_for(course, TOYS) is not first


# The whole way, with the real job


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command of the environment as an instructor does who has its bin on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
def test_the_knn_notebook_is_graded_by_nbgraders_commands(tmp_path: Path) -> None:
    assignment, source = "a1_classifiers", ROOT / "source" / "a1_classifiers" / "knn.ipynb"
    shutil.copytree(ROOT / "source", tmp_path / "source")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    assert run("nbgrader", "generate_assignment", assignment, folder=tmp_path).returncode == 0
    submissions = {
        "right": source.read_bytes(),
        "untouched": (tmp_path / "release" / assignment / "knn.ipynb").read_bytes(),
        "broken": b"no notebook",
    }
    for student, data in submissions.items():
        Toys.write(tmp_path / "submitted" / student / assignment / "knn.ipynb", data)
    for command in (("autograde", assignment), ("generate_feedback", assignment), ("export",)):
        done = run("nbgrader", *command, folder=tmp_path)
        assert done.returncode == 0, done.stderr[-5000:]
    rows = csv.DictReader((tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines())
    questions = Course(tmp_path).questions(assignment, "knn")
    by_machine = sum(q.points for q in questions if not q.written)
    assert {row["student_id"]: float(row["score"]) for row in rows} == {
        "right": by_machine,
        "untouched": 0.0,
        "broken": 0.0,
    }
    pages = {s: tmp_path / "feedback" / s / assignment / "knn.html" for s in submissions}
    assert "not valid JSON" in pages["broken"].read_text(encoding="utf-8")
    assert "checks passed" in pages["right"].read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def best_k(accuracies):\n    return 0", "knn-q6 is not right yet."),
        (
            "def best_k(accuracies):\n"
            "    return max(sorted(accuracies), key=lambda k: sum(accuracies[k]))",
            "Success! Your notebook passes all the tests.",
        ),
    ],
)
def test_nbgrader_validate_says_what_the_visible_check_says(
    tmp_path: Path, source: str, said: str
) -> None:
    notebook = Course(ROOT).release("a1_classifiers", "knn")
    wanted = ("knn-setup", "knn-q6", "knn-q6-check")
    notebook["cells"] = [nb.find(notebook, identifier) for identifier in wanted]
    put(notebook, "knn-q6", source)
    Toys.write(tmp_path / "knn.ipynb", as_bytes(notebook))
    assert said in run("nbgrader", "validate", "knn.ipynb", folder=tmp_path).stdout
