"""Reads submissions for `nbgrader autograde`, so that none of them is lost.

nbgrader parses a submission before any of its steps can look at it, and deletes the student's
result if that fails; it skips a folder without a notebook and a notebook of another name. Here
each student gets each released notebook, rebuilt by intake, which takes any bytes.
"""

from __future__ import annotations

import filecmp
import fnmatch
import glob
import os
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde, NbGraderException

from autograder.course import Course
from autograder.errors import CourseError
from autograder.grading.folders import Found, find_notebook
from autograder.grading.intake import rebuild

TIMESTAMP = "timestamp.txt"


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Gives nbgrader the rebuilt notebook in place of the submitted file."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        where = resources["nbgrader"]
        directory = self.parent.coursedir
        if Path(filename).parent != submission_folder(directory, where):
            return super().from_filename(filename, resources, **kwargs)  # type: ignore[no-any-return]
        clear_foreign_files(directory, where["student"], where["assignment"])
        release = Course(Path(directory.root)).release(where["assignment"], where["notebook"])
        rebuilt = rebuild(release, submitted_notebook(directory, where).data)
        notebook = nbformat.from_dict(rebuilt.notebook)
        return self.from_notebook_node(notebook, resources)  # type: ignore[no-any-return]


def submission_folder(directory: Any, where: dict[str, str]) -> Path:
    """The folder that holds what a student handed in."""
    return Path(
        directory.format_path(directory.submitted_directory, where["student"], where["assignment"])
    )


def submitted_notebook(directory: Any, where: dict[str, str]) -> Found:
    """The bytes of one notebook of one submission.

    Args:
        directory: nbgrader's CourseDirectory.
        where: student, assignment and notebook, as nbgrader's resources name them.
    """
    course = Course(Path(directory.root))
    assignment, notebook = where["assignment"], where["notebook"]
    others = set(course.notebooks(assignment)) - {notebook}
    folder = submission_folder(directory, where)
    return find_notebook(folder, notebook, course.release(assignment, notebook), others)


def expect_every_notebook(converter: Any) -> None:
    """Lists every released notebook of every submission folder that was asked for, present or not.

    Args:
        converter: nbgrader's Autograde; its attribute `assignments` is set.
    """
    directory = converter.coursedir
    names = Course(Path(directory.root)).notebooks(directory.assignment_id)
    wanted = [name for name in names if fnmatch.fnmatchcase(name, directory.notebook_id)]
    pattern = directory.format_path(
        directory.submitted_directory, directory.student_id, directory.assignment_id
    )
    converter.assignments = {
        folder: [os.path.join(folder, f"{name}.ipynb") for name in wanted]
        for folder in glob.glob(pattern)
        if os.path.isdir(folder)
    }
    # For a timestamp that is no date nbgrader calls a method that its CourseDirectory lacks, which
    # would cost the student the result; with this the submission counts as without a timestamp.
    directory.fail = converter.log.warning


def _init_notebooks(converter: Any) -> None:
    if issubclass(converter.exporter_class, SubmissionExporter):
        try:
            expect_every_notebook(converter)
        except CourseError as error:
            converter.log.error(str(error))
            raise NbGraderException(str(error)) from None
    if not converter.assignments:
        _nbgraders_init_notebooks(converter)


# nbgrader has no hook before it looks for notebooks, and gives up where a folder has none. Its
# method is wrapped when its configuration names our exporter; a course without it sees no change.
_nbgraders_init_notebooks = Autograde.init_notebooks
Autograde.init_notebooks = _init_notebooks


def clear_foreign_files(directory: Any, student: str, assignment: str) -> None:
    """Takes out of autograded/ what nbgrader copied there from a submission.

    The formgrader serves that folder to staff's browsers, so nothing in it may be a student's file.
    The collector's timestamp stays, and so do the source folder's files and graded notebooks.
    """
    folder = Path(directory.format_path(directory.autograded_directory, student, assignment))
    submitted = Path(directory.format_path(directory.submitted_directory, student, assignment))
    source = Path(directory.format_path(directory.source_directory, ".", assignment))
    graded = {folder / f"{n}.ipynb" for n in Course(Path(directory.root)).notebooks(assignment)}
    for place, folders, files in os.walk(folder, topdown=False):
        for path in (Path(place) / name for name in files):
            inside = path.relative_to(folder)
            ours = (
                path == folder / TIMESTAMP
                or _same(path, source / inside)
                or (path in graded and not _same(path, submitted / inside))
            )
            if path.is_symlink() or not ours:
                path.unlink()
        for path in (Path(place) / name for name in folders):
            if path.is_symlink():
                path.unlink()
            elif not os.listdir(path):
                path.rmdir()


def _same(path: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(path, other, shallow=False)
