"""Grades many submissions on this machine: as many jobs side by side as are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from autograder.course import Course
from autograder.errors import GraderError, SandboxError
from autograder.grading.folders import find_notebook
from autograder.grading.job import GradingJob
from autograder.grading.results import NotebookResult


@dataclass(frozen=True)
class Task:
    """One notebook of one submission.

    Attributes:
        assignment: e.g. "a1_classifiers".
        notebook: e.g. "knn".
        students: the ids of those who handed it in.
        folder: what they handed in.
    """

    assignment: str
    notebook: str
    students: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Done:
    """A task and what came of it: a result, or the grader's own error.

    Attributes:
        task: what was to be graded.
        submitted: the file that was graded, as handed in.
        result: None if the grader itself failed.
        error: why, for staff; empty otherwise.
        seconds: from the start of the task to its end.
    """

    task: Task
    submitted: bytes
    result: NotebookResult | None
    error: str
    seconds: float


def grade_all(course: Course, tasks: Iterable[Task], jobs: int = 1) -> Iterator[Done]:
    """Grades tasks and yields each as it is done.

    Args:
        course: the course folder.
        tasks: in the order in which to begin.
        jobs: how many processes grade side by side.

    Raises:
        SandboxError: if there is no sandbox; then nothing is graded.
    """
    with ExitStack() as stack:
        slots = iter(range(jobs))
        local = threading.local()
        lock = threading.Lock()

        def own_job() -> GradingJob:
            if not hasattr(local, "job"):
                with lock:
                    local.job = stack.enter_context(GradingJob(course, next(slots)))
            job: GradingJob = local.job
            return job

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        waiting = [pool.submit(_grade, course, own_job, task) for task in tasks]
        try:
            for future in as_completed(waiting):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _grade(course: Course, own_job: Callable[[], GradingJob], task: Task) -> Done:
    start = perf_counter()
    others = set(course.notebooks(task.assignment)) - {task.notebook}
    release = course.release(task.assignment, task.notebook)
    found = find_notebook(task.folder, task.notebook, release, others)
    result, error = None, ""
    try:
        result = own_job().grade(task.assignment, task.notebook, found.data, task.students)
        result = replace(result, notes=(*found.notes, *result.notes))
    except SandboxError:
        raise
    except GraderError as failure:
        error = str(failure)
    return Done(task, found.data, result, error, perf_counter() - start)
