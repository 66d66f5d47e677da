from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from autograder.grading.results import NotebookResult, Outcome
from autograder.reports import feedback_html, feedback_text, write_reports
from autograder.reports.feedback import question_text

from .samples import EXAMPLE, REVIEW, RIGHT, WRITTEN, WRONG, check, result

VOID = {"meta", "br", "hr", "img", "link", "input"}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}</pre>\x00\x1b[31m\u202e\ud800"
)


class Reader(HTMLParser):
    """Reads a page strictly: collects tags and visible text, and refuses what is not nested."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.parts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open and "head" not in self.open:
            self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def flat(text: str) -> str:
    """A plain-text report without its layout: rules, bullets, bars and line breaks."""
    lines = [re.sub(r"^\s*([*|!-]|->)(\s|$)", " ", row) for row in text.splitlines()]
    return " ".join(" ".join(row for row in lines if not re.fullmatch("[=-]+", row)).split())


def both(*results: NotebookResult) -> list[str]:
    """The two forms, each as flat text."""
    return [Reader(feedback_html(results)).text, flat(feedback_text(results))]


FACTS = [
    "Feedback on a1_classifiers",
    "Submission of 5f1c20ab99e01d3c",
    "Notebook knn",
    "5.33 of 13 points; answers worth 2 wait for a reader.",
    "The check cell of knn-q1 had been changed; the original was run.",
    "knn-q1: Distances with two loops",
    "Points: 2 of 2. State: 2 of 2 checks passed.",
    "passed (worth 1): Pixels of type uint8 do not wrap.",
    "knn-q3: Distances without loops",
    "Points: 1.33 of 4. State: 1 of 3 checks passed.",
    "failed (worth 1.33): Distances are never NaN or negative.",
    "what does its root become?",
    "compute_distances_no_loops raised TypeError. See line 7 of your cell.",
    "An example to try at home:",
    " ".join(EXAMPLE.split()),
    "Points: 0 of 3. State: not answered. The cell was handed in as it was given out.",
    "Points: 2 of 4. State: under review. Staff look at this question",
    "could not run (worth 2): Memory stays below max_bytes.",
    "The check itself ended without a result.",
    "Points: up to 2. State: waiting for a reader. A person reads this answer",
    "release 4be1f20c99aa. Sandbox: namespaces, landlock, seccomp, rlimits.",
]


@pytest.mark.parametrize("fact", FACTS)
def test_both_forms_state_each_fact(fact):
    for text in both(result()):
        assert fact.lower() in text.lower()


def test_both_forms_state_the_same_facts_in_the_same_order():
    for text in both(result()):
        places = [text.lower().find(fact.lower()) for fact in FACTS]
        assert places == sorted(places)


@pytest.mark.parametrize("question", [RIGHT, WRONG, REVIEW, WRITTEN])
def test_the_text_of_one_question_is_its_part_of_the_whole(question):
    assert question_text(question).startswith(f"{question.question}: {question.title}\n")
    assert question_text(question) in feedback_text([result()])


def test_neither_form_holds_what_is_for_staff():
    for text in (feedback_html([result()]), feedback_text([result()])):
        for secret in ("received nan at (17, 3)", "WorkerDied", "a printed secret", "knn/5f1c"):
            assert secret not in text


def test_a_line_that_the_direction_names_is_not_named_twice():
    failed = check(Outcome.FAILED, "It runs.", "f raised TypeError at line 7 of your cell.", line=7)
    question = dataclasses.replace(WRONG, checks=(failed,))
    for text in both(result(questions=(question,))):
        assert text.count("line 7") == 1


def test_an_unanswered_question_shows_no_row_of_failures():
    for text in both(result()):
        assert "Ties go to the smallest label" not in text
        assert "not answered yet" not in text


def test_a_notebook_that_could_not_be_graded_says_why():
    broken = result(questions=(), notes=(), error="The file is no notebook: it is empty.")
    for text in both(broken):
        assert "Nothing in this notebook could be graded: The file is no notebook: it is em" in text


def test_grading_without_a_sandbox_is_said_loudly():
    unsafe = result(layers=("unsafe",))
    for text in both(unsafe):
        assert "Graded WITHOUT a sandbox" in text
        assert text.index("WITHOUT a sandbox") < text.index("Notebook knn")
    for text in both(result()):
        assert "WITHOUT" not in text


def test_layers_that_are_not_recorded_are_not_made_up():
    for text in both(result(layers=())):
        assert "Sandbox: none recorded." in text


def test_several_notebooks_are_on_one_page():
    for text in both(result(), result(notebook="features", questions=(RIGHT,))):
        assert text.index("Notebook knn") < text.index("Notebook features")
        assert "2 of 2 points." in text


@pytest.mark.parametrize("results", [[], [result("a"), result("b")]])
def test_two_submissions_on_one_page_are_refused(results):
    with pytest.raises(ValueError, match="feedback is on one submission: one assignment, one list"):
        feedback_html(results)


def hostile() -> NotebookResult:
    failed = check(Outcome.FAILED, HOSTILE, HOSTILE, line=3)
    question = dataclasses.replace(WRONG, title=HOSTILE, checks=(failed,), public_example=HOSTILE)
    return result(
        HOSTILE, questions=(question,), notes=(HOSTILE,), error=HOSTILE, layers=(HOSTILE,)
    )


def test_hostile_text_stays_text():
    page = Reader(feedback_html([hostile()]))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img"})
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    shown = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}</pre>\ufffd\ufffd[31m"
    assert page.text.count(shown) == 9  # the title stands twice: in the overview and above its part
    assert flat(feedback_text([hostile()])).count(shown) == 8


@pytest.mark.parametrize("form", [feedback_html, feedback_text])
def test_no_character_steers_the_display(form):
    text = form([hostile()])
    text.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_an_example_cannot_pass_for_the_report_itself():
    forged = "nothing\n\nknn-q9: Forged\n  Points: 99 of 99. State: 9 of 9 checks passed."
    question = dataclasses.replace(WRONG, public_example=forged)
    rows = feedback_text([result(questions=(question,))]).splitlines()
    assert [row for row in rows if "99 of" in row] == [
        "    |   Points: 99 of 99. State: 9 of 9 checks passed."
    ]


def test_long_text_is_cut_in_both_forms():
    flood = dataclasses.replace(WRONG, title="t" * 10**6, public_example="e\n" * 10**6)
    for form in (feedback_html, feedback_text):
        text = form([result(questions=(flood,), notes=("n" * 10**6,))])
        assert len(text) < 100_000
        assert text.count("[shortened]") >= 3


def test_the_page_can_be_read_without_sight_and_without_colour():
    page = Reader(feedback_html([result()]))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert {a["scope"] for a in page.all("th")} == {"col", "row"}
    for word in ("passed", "failed", "could not run", "under review", "not answered"):
        assert word in page.text


def test_the_page_asks_for_nothing_and_allows_its_own_style_only():
    text = feedback_html([result()])
    page = Reader(text)
    assert not page.all("script")
    assert not page.all("link")
    assert not [a for _, attributes in page.tags for a in attributes if a in {"src", "href"}]
    assert not [a for _, attributes in page.tags for a in attributes if a == "style"]
    assert "url(" not in text
    assert "@import" not in text
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("text", "ground"),
        ("text", "soft"),
        ("good", "ground"),
        ("bad", "ground"),
        ("review", "ground"),
        ("loud", "loud-ground"),
    ],
)
def test_colours_have_the_contrast_that_text_needs(scheme, front, back):
    css = re.search("<style>(.*?)</style>", feedback_html([result()]), re.DOTALL)[1]
    root = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", root))
    low, high = sorted(luminance(colours[name]) for name in (front, back))
    assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def test_each_student_of_each_submission_gets_both_files(tmp_path):
    results = [
        result("anna", "bert"),
        result("../evil"),
        result("anna", "bert", notebook="features", questions=(WRITTEN, REVIEW)),
        result("anna", "bert", assignment="a0_tensors"),
    ]
    pages = write_reports(results, tmp_path / "feedback")
    names = [str(page.relative_to(tmp_path)) for page in pages]
    assert names[:2] == ["feedback/anna/a1_classifiers.html", "feedback/bert/a1_classifiers.html"]
    assert names[3:] == ["feedback/anna/a0_tensors.html", "feedback/bert/a0_tensors.html"]
    assert re.fullmatch(r"feedback/evil~[0-9a-f]{12}/a1_classifiers.html", names[2])
    files = {p for p in Path(tmp_path).rglob("*") if p.is_file()}
    assert files == {*pages, *(page.with_suffix(".txt") for page in pages)}
    assert pages[0].read_text() == feedback_html([results[0], results[2]])
    assert pages[0].with_suffix(".txt").read_text() == feedback_text([results[0], results[2]])
