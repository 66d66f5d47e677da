"""The page that a student reads: what each question earned, what is wrong, and where to look.

Made once as a `Page` of finished sentences, shown twice: as HTML and as plain text. Neither holds
a staff note, an output of a cell, or data of a hidden check. The HTML has no script and asks for
nothing: its Content-Security-Policy allows the one style sheet that stands in it.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from autograder.grading.results import CheckResult, NotebookResult, Outcome, QuestionResult, State
from autograder.reports.files import safe_name, write_atomically
from autograder.reports.text import block, line, number

HERE = Path(__file__).parent
UNSAFE = "Graded WITHOUT a sandbox: these results were not protected against the code in them."
WIDTH = 88  # of the plain text


@dataclass(frozen=True)
class CheckView:
    """One check: what it requires, "passed", "failed" or "could not run", and where to look."""

    sentence: str
    outcome: str
    worth: str
    direction: str


@dataclass(frozen=True)
class QuestionView:
    """One question: "knn-q3", its title, "2.5 of 4" and its state in words."""

    id: str
    title: str
    points: str
    state: str
    explanation: str
    checks: tuple[CheckView, ...]
    example: str


@dataclass(frozen=True)
class NotebookView:
    """One notebook with its total, its questions and what intake had to say."""

    name: str
    total: str
    error: str
    notes: tuple[str, ...]
    questions: tuple[QuestionView, ...]
    release: str
    layers: str


@dataclass(frozen=True)
class Page:
    """A submission in finished sentences; both forms of the feedback are made from it alone."""

    assignment: str
    students: str
    warning: str
    notebooks: tuple[NotebookView, ...]


def feedback_html(results: Sequence[NotebookResult]) -> str:
    """The feedback of one submission as an HTML page that stands alone.

    Args:
        results: the submission's notebooks; same assignment, same students.

    Raises:
        ValueError: if there is no result, or they are not of one submission.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(page=_page(results), style=Markup(style), style_hash=digest)


def feedback_text(results: Sequence[NotebookResult]) -> str:
    """The same feedback as plain text.

    Args:
        results: the submission's notebooks; same assignment, same students.

    Raises:
        ValueError: if there is no result, or they are not of one submission.
    """
    page = _page(results)
    title = f"Feedback on {page.assignment}"
    lines = [title, "=" * len(title), *_wrapped(f"Submission of {page.students}")]
    if page.warning:
        lines += ["", *_wrapped(f"! {page.warning}")]
    for notebook in page.notebooks:
        lines += ["", "", *_notebook_text(notebook)]
    return "\n".join(lines) + "\n"


def question_text(result: QuestionResult) -> str:
    """What the plain text says about one question; nbgrader's own pages show it too."""
    return "\n".join(_question_text(_question_view(result))) + "\n"


def write_reports(results: Iterable[NotebookResult], folder: Path) -> list[Path]:
    """Writes `<student>/<assignment>.html` and `.txt` for every student of every submission.

    Args:
        results: of any number of submissions and assignments, in any order.
        folder: where the students' folders go.

    Returns:
        The HTML pages, in the order in which their students first appear.
    """
    submissions: dict[tuple[tuple[str, ...], str], list[NotebookResult]] = {}
    for result in results:
        submissions.setdefault((result.students, result.assignment), []).append(result)
    pages = []
    for (students, assignment), notebooks in submissions.items():
        html, text = feedback_html(notebooks), feedback_text(notebooks)
        for student in students:
            page = folder / safe_name(student) / f"{safe_name(assignment)}.html"
            write_atomically(page, html)
            write_atomically(page.parent / f"{safe_name(assignment)}.txt", text)
            pages.append(page)
    return pages


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("feedback.html.j2")


@cache
def _style() -> str:
    return (HERE / "feedback.css").read_text(encoding="utf-8")


def _page(results: Sequence[NotebookResult]) -> Page:
    if len({(r.assignment, r.students) for r in results}) != 1:
        raise ValueError("feedback is on one submission: one assignment, one list of students")
    return Page(
        assignment=line(results[0].assignment),
        students=line(", ".join(results[0].students)),
        warning=UNSAFE if any("unsafe" in r.layers for r in results) else "",
        notebooks=tuple(_notebook_view(r) for r in results),
    )


def _notebook_view(result: NotebookResult) -> NotebookView:
    graded = [q for q in result.questions if q.score is not None]
    waiting = sum(q.points for q in result.questions if q.score is None)
    total = f"{number(result.score)} of {number(sum(q.points for q in graded))} points"
    if waiting:
        total += f"; answers worth {number(waiting)} wait for a reader"
    return NotebookView(
        name=line(result.notebook),
        total=total + ".",
        error=line(result.error),
        notes=tuple(line(note) for note in result.notes),
        questions=tuple(_question_view(q) for q in result.questions),
        release=line(result.release),
        layers=line(", ".join(result.layers)) or "none recorded",
    )


def _question_view(result: QuestionResult) -> QuestionView:
    checks = result.checks if result.answered else ()  # each would say the same: no answer
    weight = sum(c.weight for c in checks)
    points = number(result.points)
    return QuestionView(
        id=line(result.question),
        title=line(result.title, 200),
        points=f"up to {points}" if result.score is None else f"{number(result.score)} of {points}",
        state=_state(result),
        explanation=_explanation(result),
        checks=tuple(_check_view(c, result.points, weight) for c in checks),
        example=block(result.public_example).rstrip() if result.answered else "",
    )


def _check_view(check: CheckResult, points: float, weight: float) -> CheckView:
    direction = line(check.direction)
    if check.line is not None and f"line {check.line} " not in direction:
        direction = f"{direction} See line {check.line} of your cell.".strip()
    return CheckView(
        sentence=line(check.sentence),
        outcome=str(check.outcome),
        worth=number(points * check.weight / weight),
        direction=direction,
    )


def _state(result: QuestionResult) -> str:
    if not result.answered:
        return "not answered"
    if result.state is State.GRADED and result.checks:
        passed = sum(c.outcome is Outcome.PASSED for c in result.checks)
        return f"{passed} of {len(result.checks)} checks passed"
    return str(result.state)


def _explanation(result: QuestionResult) -> str:
    if result.state is State.WAITING:
        return "A person reads this answer and gives its points."
    if result.held:
        return (
            "Held until a person has looked at it: the question's contract may not be kept. "
            + "; ".join(line(sentence) for sentence in result.held)
            + "."
        )
    if result.state is State.UNDER_REVIEW:
        return (
            "Staff look at this question before its points are final. "
            "A check that could not run is no fault of yours."
        )
    if not result.answered:
        return "The cell was handed in as it was given out."
    return ""


def _notebook_text(notebook: NotebookView) -> list[str]:
    lines = [f"Notebook {notebook.name}", "-" * (9 + len(notebook.name)), notebook.total]
    if notebook.error:
        lines += ["", *_wrapped(f"Nothing in this notebook could be graded: {notebook.error}")]
    if notebook.notes:
        lines += ["", "Notes on what was handed in:"]
        for note in notebook.notes:
            lines += _wrapped(note, "  - ")
    for question in notebook.questions:
        lines += ["", *_question_text(question)]
    lines += ["", f"Release {notebook.release}. Sandbox: {notebook.layers}."]
    return lines


def _question_text(question: QuestionView) -> list[str]:
    lines = _wrapped(f"{question.id}: {question.title}")
    lines += [f"  Points: {question.points}. State: {question.state}."]
    if question.explanation:
        lines += _wrapped(question.explanation, "  ")
    for check in question.checks:
        lines += _wrapped(f"{check.outcome} (worth {check.worth}): {check.sentence}", "  * ")
        if check.direction:
            lines += _wrapped(check.direction, "    -> ")
    if question.example:
        lines += ["  An example to try at home:"]
        lines += [f"    | {row}".rstrip() for row in question.example.splitlines()]
    return lines


def _wrapped(text: str, lead: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
