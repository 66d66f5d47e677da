"""Grades a rebuilt notebook through a `GradingJob` and writes down what came of it."""

from __future__ import annotations

import atexit
import dataclasses
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import HIDDEN, Course
from autograder.grading.gradebook import write_result
from autograder.grading.job import GradingJob
from autograder.nbgrader_plugins.submissions import submitted_notebook
from autograder.reports.notebook import show_result

_jobs: dict[Path, tuple[str, GradingJob]] = {}


class GradeNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Stands in place of nbgrader's Execute and SaveAutoGrades."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        where = resources["nbgrader"]
        directory = self.parent.parent.coursedir
        found = submitted_notebook(directory, where)
        course, assignment = Course(Path(directory.root)), where["assignment"]
        job = job_for(course, assignment)
        result = job.grade(assignment, where["notebook"], found.data, (where["student"],))
        result = dataclasses.replace(result, notes=(*found.notes, *result.notes))
        with Gradebook(where["db_url"], directory.course_id) as gradebook:
            write_result(gradebook, where["student"], result)
        show_result(nb, result)
        return nb, resources


def job_for(course: Course, assignment: str) -> GradingJob:
    """The process's grading job for a course; a new one when the release or the checks change.

    It is kept, since a server that grades one submission after another would otherwise start a
    sandbox for each.
    """
    checks = max((path.stat().st_mtime_ns for path in HIDDEN.rglob("*.py")), default=0)
    state = f"{course.release_id(assignment)} {checks}"
    kept_state, job = _jobs.get(course.root, ("", None))
    if job is None or kept_state != state:
        if job is not None:
            atexit.unregister(job.close)
            job.close()
        job = GradingJob(course)
        _jobs[course.root] = (state, job)
        atexit.register(job.close)
    return job
