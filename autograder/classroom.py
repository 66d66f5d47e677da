"""Grades what a class has handed in, and writes the gradebook, the pages and the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.errors import CourseError
from autograder.grading.gradebook import write_result
from autograder.grading.intake import rebuild
from autograder.grading.pool import Done, Task, grade_all
from autograder.grading.results import NotebookResult, State
from autograder.reports.feedback import write_reports
from autograder.reports.files import write_atomically
from autograder.reports.notebook import show_result
from autograder.reports.table import write_csv


@dataclass(frozen=True)
class Graded:
    """What came of grading an assignment.

    Attributes:
        results: with the students' ids, sorted by student and notebook.
        seconds: grading time by student.
        pages: the feedback pages.
        table: the CSV file.
        attention: what staff must look at, a sentence each.
    """

    results: tuple[NotebookResult, ...]
    seconds: dict[str, float]
    pages: tuple[Path, ...]
    table: Path
    attention: tuple[str, ...]


def tasks_of(course: Course, assignment: str, students: Iterable[str] = ()) -> list[Task]:
    """What is there to be graded: every notebook of every submission, sorted by student.

    Args:
        course: the course folder, with submissions as `submitted/<student>/<assignment>/`.
        assignment: e.g. "a1_classifiers".
        students: only these; empty for all.

    Raises:
        CourseError: if a named student has handed nothing in, or nobody has.
    """
    root = course.root / "submitted"
    there = {p.parent.name: p for p in root.glob(f"*/{assignment}") if p.is_dir()}
    wanted = sorted(students) or sorted(there)
    if missing := [s for s in wanted if s not in there]:
        raise CourseError(f"{root} holds no {assignment} of {', '.join(missing)}")
    if not wanted:
        raise CourseError(f"{root} holds no submission of {assignment}")
    return [
        Task(assignment, notebook, (student,), there[student])
        for student in wanted
        for notebook in course.notebooks(assignment)
    ]


def grade_class(
    course: Course,
    assignment: str,
    students: Iterable[str] = (),
    *,
    jobs: int = 1,
    force: bool = False,
    unsafe: bool = False,
    told: Callable[[Done], None] = lambda _: None,
) -> Graded:
    """Grades an assignment and writes everything that follows from it.

    Args:
        course: the course folder.
        assignment: e.g. "a1_classifiers".
        students: only these; empty for all.
        jobs: how many processes grade side by side.
        force: grade again what has not changed since the last time.
        unsafe: grade without a sandbox; every report says so.
        told: is called after each notebook, for a progress bar.

    Raises:
        GraderError: if nothing can be graded at all.
    """
    tasks = tasks_of(course, assignment, students)
    done = []
    with _open_gradebook(course) as gradebook:
        for one in grade_all(course, tasks, jobs, force=force, unsafe=unsafe):
            done.append(one)
            if one.result is not None:
                for student in one.task.students:
                    write_result(gradebook, student, one.result)
                    _write_autograded(course, student, one)
            told(one)
    done.sort(key=lambda d: (d.task.students, d.task.notebook))
    results = tuple(replace(d.result, students=d.task.students) for d in done if d.result)
    for result, one in zip(results, (d for d in done if d.result), strict=True):
        _keep(course, result, course.pseudonym(one.task.students[0]))
    table = course.root / "grades" / f"{assignment}.csv"
    write_csv(results, table)
    seconds: dict[str, float] = {}
    for one in done:
        for student in one.task.students:
            seconds[student] = seconds.get(student, 0.0) + one.seconds
    pages = write_reports(results, course.root / "feedback")
    return Graded(results, seconds, tuple(pages), table, tuple(_attention(done)))


def _open_gradebook(course: Course) -> Any:
    import warnings

    from nbgrader.api import Gradebook  # takes a second to import
    from sqlalchemy.exc import SAWarning

    # nbgrader 0.9 makes submissions in an order that SQLAlchemy 2 remarks upon each time.
    warnings.filterwarnings("ignore", category=SAWarning, message="Object of type <Submitted")
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "cvcourse")


def _write_autograded(course: Course, student: str, done: Done) -> None:
    """Writes the rebuilt notebook with its results, for the formgrader and nbgrader's feedback."""
    assert done.result is not None
    assignment, notebook = done.task.assignment, done.task.notebook
    shown = rebuild(course.release(assignment, notebook), done.submitted).notebook
    show_result(shown, done.result)
    path = course.root / "autograded" / student / assignment / f"{notebook}.ipynb"
    write_atomically(path, json.dumps(shown, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _keep(course: Course, result: NotebookResult, pseudonym: str) -> None:
    """Stores the result under the pseudonym, without the student's id."""
    folder = course.root / ".cvcourse" / "results" / result.assignment / pseudonym
    text = replace(result, students=(pseudonym,)).to_json()
    write_atomically(folder / f"{result.notebook}.json", text)


def _attention(done: Iterable[Done]) -> Iterable[str]:
    for one in done:
        who = f"{', '.join(one.task.students)}, {one.task.notebook}"
        if one.result is None:
            yield f"{who}: not graded: {one.error}"
            continue
        if one.result.error:
            yield f"{who}: {one.result.error}"
        for question in one.result.questions:
            if question.state is State.UNDER_REVIEW:
                yield f"{who}: {question.question} is under review; a check could not run"
