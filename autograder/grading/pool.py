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
from autograder.grading.cache import Cache
from autograder.grading.folders import Found, find_notebook
from autograder.grading.intake import Rebuilt, rebuild
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


def grade_all(
    course: Course,
    tasks: Iterable[Task],
    jobs: int = 1,
    *,
    force: bool = False,
    unsafe: bool = False,
) -> Iterator[Done]:
    """Grades tasks and yields each as it is done; what has not changed is taken from the cache.

    Args:
        course: the course folder.
        tasks: in the order in which to begin.
        jobs: how many processes grade side by side.
        force: grade again what has not changed.
        unsafe: grade without a sandbox, and keep nothing of it in the cache.

    Raises:
        SandboxError: if there is no sandbox; then nothing is graded.
    """
    cache = Cache(course)
    waiting = []
    for task in tasks:
        start = perf_counter()
        found, rebuilt = _read(course, task)
        kept = None if force or unsafe else cache.find(_key(course, cache, task, rebuilt))
        if kept is None:
            waiting.append(task)
        else:
            result = replace(kept, notes=(*found.notes, *kept.notes))
            yield Done(task, found.data, result, "", perf_counter() - start)
    if waiting:
        yield from _grade_waiting(course, None if unsafe else cache, waiting, jobs)


def _grade_waiting(
    course: Course, cache: Cache | None, tasks: list[Task], jobs: int
) -> Iterator[Done]:
    with ExitStack() as stack:
        slots = iter(range(jobs))
        local = threading.local()
        lock = threading.Lock()

        def own_job() -> GradingJob:
            if not hasattr(local, "job"):
                with lock:
                    local.job = stack.enter_context(
                        GradingJob(course, next(slots), unsafe=cache is None)
                    )
            job: GradingJob = local.job
            return job

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        futures = [pool.submit(_grade, course, cache, own_job, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _read(course: Course, task: Task) -> tuple[Found, Rebuilt]:
    others = set(course.notebooks(task.assignment)) - {task.notebook}
    release = course.release(task.assignment, task.notebook)
    found = find_notebook(task.folder, task.notebook, release, others)
    return found, rebuild(release, found.data)


def _key(course: Course, cache: Cache, task: Task, rebuilt: Rebuilt) -> str:
    pseudonyms = tuple(course.pseudonym(student) for student in task.students)
    return cache.key(task.assignment, task.notebook, rebuilt, pseudonyms)


def _grade(
    course: Course, cache: Cache | None, own_job: Callable[[], GradingJob], task: Task
) -> Done:
    start = perf_counter()
    found, rebuilt = _read(course, task)
    result, error = None, ""
    try:
        result = own_job().grade(task.assignment, task.notebook, found.data, task.students)
        if cache is not None:
            cache.met(result.layers)
            cache.keep(_key(course, cache, task, rebuilt), result)
        result = replace(result, notes=(*found.notes, *result.notes))
    except SandboxError:
        raise
    except GraderError as failure:
        error = str(failure)
    return Done(task, found.data, result, error, perf_counter() - start)
