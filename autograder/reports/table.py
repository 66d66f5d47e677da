"""Tables of a class: CSV for the gradebook, and student x question for the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.grading.results import NotebookResult, QuestionResult, State
from autograder.reports.files import write_atomically
from autograder.reports.text import line, number

AFTER = ("total", "possible", "waiting", "under review", "error", "release", "sandbox")
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # with these a spreadsheet takes a cell for a formula
NAME_WIDTH = 28
LEGEND = "wait: a person reads it   ?: under review   -: not in the submission   !: see its reason"


def class_csv(results: Iterable[NotebookResult]) -> str:
    """One row per student and assignment, one column per question with its points in the header.

    A cell is empty while its question waits for a reader, and where the submission lacks it. A
    cell of text that a spreadsheet would take for a formula begins with an apostrophe.

    Args:
        results: of any number of students and assignments.
    """
    results = list(results)
    questions = _points_by_question(results)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    titles = [f"{q} ({points})" for q, points in questions.items()]
    writer.writerow(["student", "assignment", *map(_inert, titles), *AFTER])
    rows: dict[tuple[str, str], list[NotebookResult]] = {}
    for result in results:
        for student in result.students:
            rows.setdefault((student, result.assignment), []).append(result)
    for (student, assignment), notebooks in rows.items():
        possible = _possible(r for r in results if r.assignment == assignment)
        cells = _row(notebooks, list(questions), possible)
        writer.writerow([_inert(student), _inert(assignment), *cells])
    return out.getvalue()


def write_csv(results: Iterable[NotebookResult], path: Path) -> None:
    """Writes `class_csv` to a file, as UTF-8."""
    write_atomically(path, class_csv(results).encode("utf-8", "backslashreplace").decode())


def terminal_table(
    results: Iterable[NotebookResult], seconds: Mapping[str, float] | None = None
) -> str:
    """One line per submission: its points by question, the total, and how long grading took.

    Args:
        results: of one assignment.
        seconds: by student; of a group, any member's name will do. None leaves the column out.
    """
    results = list(results)
    questions = _points_by_question(results)
    possible = number(_possible(results))
    header = ["student", *questions, "total"]
    points = ["points", *questions.values(), possible]
    submissions: dict[tuple[str, ...], list[NotebookResult]] = {}
    for result in results:
        submissions.setdefault(result.students, []).append(result)
    body = [_terminal_row(names, group, list(questions)) for names, group in submissions.items()]
    if seconds is not None:
        header, points = [*header, "seconds"], [*points, ""]
        for row, names in zip(body, submissions, strict=True):
            known = [seconds[name] for name in names if name in seconds]
            row.append(f"{known[0]:.2f}" if known else "")
    reasons = [
        f"! {_short(names)}: {line(r.error, 300)}"
        for names, group in submissions.items()
        for r in group
        if r.error
    ]
    return "\n".join([*_aligned([header, points, *body]), LEGEND, *reasons]) + "\n"


def _group(results: Iterable[NotebookResult]) -> dict[str, list[QuestionResult]]:
    found: dict[str, list[QuestionResult]] = {}
    for result in results:
        for question in result.questions:
            found.setdefault(question.question, []).append(question)
    return found


def _possible(results: Iterable[NotebookResult]) -> float:
    """What a whole submission can earn; one that could not be read has no questions of its own."""
    return sum(max(q.points for q in group) for group in _group(results).values())


def _points_by_question(results: Iterable[NotebookResult]) -> dict[str, str]:
    """Each question's points; "4 or 5" if releases differ in them."""
    return {
        name: " or ".join(number(p) for p in sorted({q.points for q in group}))
        for name, group in _group(results).items()
    }


def _row(
    notebooks: Sequence[NotebookResult], questions: Sequence[str], possible: float
) -> list[str]:
    mine = {q.question: q for result in notebooks for q in result.questions}
    scores = [mine[name].score if name in mine else None for name in questions]
    waiting = [q for q in mine.values() if q.score is None]
    review = [q.question for q in mine.values() if q.state is State.UNDER_REVIEW]
    return [
        *("" if score is None else number(score) for score in scores),
        number(sum(result.score for result in notebooks)),
        number(possible),
        number(sum(q.points for q in waiting)),
        _inert(" ".join(review)),
        _inert(" ".join(result.error for result in notebooks if result.error)),
        _inert(" ".join(dict.fromkeys(result.release for result in notebooks))),
        _inert(" ".join(dict.fromkeys(layer for r in notebooks for layer in r.layers))),
    ]


def _terminal_row(
    names: tuple[str, ...], notebooks: Sequence[NotebookResult], questions: Sequence[str]
) -> list[str]:
    mine = {q.question: q for result in notebooks for q in result.questions}
    failed = any(result.error for result in notebooks)
    total = number(sum(result.score for result in notebooks)) + ("!" if failed else "")
    return [_short(names), *(_cell(mine.get(name)) for name in questions), total]


def _cell(question: QuestionResult | None) -> str:
    if question is None:
        return "-"
    if question.score is None:
        return "wait"
    return number(question.score) + ("?" if question.state is State.UNDER_REVIEW else "")


def _short(names: Sequence[str]) -> str:
    text = line(", ".join(names))
    return text if len(text) <= NAME_WIDTH else text[: NAME_WIDTH - 3] + "..."


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [*lines[:2], "-" * max(map(len, lines)), *lines[2:]]


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
