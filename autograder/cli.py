"""The command line of the staff: `autograder`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.classroom import Graded, grade_class, tasks_of
from autograder.course import Course
from autograder.errors import GraderError
from autograder.grading.pool import Done
from autograder.reports.table import terminal_table

ATTENTION = 1  # exit code: everything is recorded, and something needs a look
IMPOSSIBLE = 2  # exit code: nothing could be graded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--course",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    help="The course folder; else the nearest one above that holds nbgrader_config.py.",
)
@click.pass_context
def main(context: click.Context, root: Path | None) -> None:
    """Grades the notebooks of a cvcourse course."""
    context.obj = root


@main.command()
@click.argument("assignment")
@click.option("--student", "students", multiple=True, help="Only this student; may be repeated.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
@click.option(
    "--unsafe",
    is_flag=True,
    help="Run submissions as they are, WITHOUT a sandbox, with your rights. Every report says so.",
)
@click.pass_obj
def grade(
    root: Path | None,
    assignment: str,
    students: tuple[str, ...],
    jobs: int,
    force: bool,
    unsafe: bool,
) -> None:
    """Grade what was handed in for ASSIGNMENT.

    Exit code 0: all graded. 1: all recorded, and something needs a look, which is named.
    2: nothing could be graded.
    """
    try:
        course = find_course(root)
        graded = _with_progress(course, assignment, students, jobs, force, unsafe)
    except GraderError as error:
        click.echo(f"autograder: {error}", err=True)
        sys.exit(IMPOSSIBLE)
    show(graded)
    sys.exit(ATTENTION if graded.attention else 0)


@main.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo's course is made; emptied first. Default: demo-course in the course.",
)
@click.option(
    "--data",
    "dataset",
    type=click.Choice(["scenes", "cifar10"]),
    help="Instead: run the source notebook on this data set and print its figures.",
)
@click.pass_obj
def demo(root: Path | None, folder: Path | None, dataset: str | None) -> None:
    """Make the release and five sample submissions, and grade them."""
    from autograder import demo as sample_class

    try:
        origin = find_course(root)
        if dataset is not None:
            sample_class.figures(origin.root, dataset)
            return
        course = sample_class.prepare(origin.root, folder or origin.root / "demo-course")
        graded = _with_progress(course, sample_class.ASSIGNMENT, ())
    except GraderError as error:
        click.echo(f"autograder: {error}", err=True)
        sys.exit(IMPOSSIBLE)
    show(graded)


def find_course(root: Path | None) -> Course:
    """The course folder: the one given, else the nearest one above the working folder.

    Raises:
        GraderError: if there is none.
    """
    here = root or Path.cwd()
    for folder in (here,) if root else (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file():
            return Course(folder.resolve())
    raise GraderError(f"{here} is no course folder: it holds no nbgrader_config.py. Use --course.")


def show(graded: Graded) -> None:
    """Prints the class's table, what needs a look, and where everything was written."""
    click.echo(terminal_table(graded.results, graded.seconds))
    if graded.results:
        click.echo(f"sandbox: {', '.join(graded.results[0].layers)}")
    click.echo(f"table:   {graded.table}")
    for page in graded.pages:
        click.echo(f"page:    {page}")
    for sentence in graded.attention:
        click.echo(f"! {sentence}")


def _with_progress(
    course: Course,
    assignment: str,
    students: tuple[str, ...],
    jobs: int = 1,
    force: bool = False,
    unsafe: bool = False,
) -> Graded:
    from tqdm import tqdm

    total = len(tasks_of(course, assignment, students))
    with tqdm(total=total, unit="notebook", disable=None, file=sys.stderr) as bar:

        def told(_done: Done) -> None:
            bar.update()

        return grade_class(
            course, assignment, students, jobs=jobs, force=force, unsafe=unsafe, told=told
        )
