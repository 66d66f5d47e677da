"""The judge, with the real sandbox: outcomes, fault, scores, the cache, and who may read what."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import samples
from autograder.cli import main
from autograder.course import Course
from autograder.errors import CourseError, SandboxError
from autograder.grading.cache import Cache
from autograder.grading.intake import rebuild
from autograder.grading.job import GradingJob
from autograder.grading.pool import Task, grade_all
from autograder.grading.results import NotebookResult, Outcome, QuestionResult, State, from_json
from tests.grading.notebooks import SQUARE, SUM, as_bytes, release

HERE = Path(__file__).parent
TOYS = "a0_toys"
CHECKS = (HERE / "toy_checks.txt").read_text()
needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
pytestmark = [pytest.mark.sandbox, needs_bubblewrap]


def make_course(root: Path, checks: str = CHECKS) -> Course:
    hidden = root / "hidden" / TOYS
    hidden.mkdir(parents=True)
    (hidden / "test_toy.py").write_text(checks)
    right = samples.submission(release(), {"toy-q1": SQUARE, "toy-q2": SUM})
    for folder, data in (("release", as_bytes(release())), ("source", right)):
        path = root / folder / TOYS / "toy.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    (root / "nbgrader_config.py").write_text("")
    return Course(root, root / "hidden")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("toys"))


@pytest.fixture(scope="module")
def job(course: Course) -> Iterator[GradingJob]:
    with GradingJob(course) as job:
        yield job


def graded(job: GradingJob, added: tuple[str, ...] = (), **answers: str) -> NotebookResult:
    named = {f"toy-{name}": source for name, source in answers.items()}
    submitted = samples.submission(release(), named, added)
    return job.grade(TOYS, "toy", submitted, ("ann",))


def question(result: NotebookResult, name: str) -> QuestionResult:
    return next(q for q in result.questions if q.question == f"toy-{name}")


def outcomes(result: QuestionResult) -> list[str]:
    return [check.outcome.value for check in result.checks]


def test_right_answers_get_full_marks_and_a_written_one_waits(job):
    result = graded(job, q1=SQUARE, q2=SUM, w1="Because.")
    assert question(result, "q1").score == 2
    assert question(result, "q1").state is State.GRADED
    assert (question(result, "w1").score, question(result, "w1").state) == (None, State.WAITING)


def test_the_untouched_release_gets_nothing_and_starts_no_process(job):
    result = job.grade(TOYS, "toy", as_bytes(release()), ("ann",))
    assert result.score == 0
    assert not any(q.answered for q in result.questions)


def test_partial_credit_is_the_passed_share_of_the_weight(job):
    result = graded(job, q1="def square(x):\n    return x * x if isinstance(x, float) else None")
    assert outcomes(question(result, "q1")) == ["passed", "failed"]
    assert question(result, "q1").score == 1.5


def test_a_check_that_staff_broke_costs_no_points_and_is_reviewed(job):
    result = question(graded(job, q2=SUM), "q2")
    assert outcomes(result) == ["passed", "could not run"]
    assert result.state is State.UNDER_REVIEW
    assert "a mistake of staff" in result.checks[1].staff_note


@pytest.mark.parametrize(
    "source",
    [
        "def square(x):\n    import os\n    os._exit(0)",
        "def square(x):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)",
        "def square(x):\n    raise SystemExit",
        "def square(x):\n    return square(x)",
        "def square(x):\n    return 'a string has no shape'",
    ],
)
def test_an_untidy_end_that_the_reference_does_not_share_is_the_submissions_fault(job, source):
    result = question(graded(job, q1=source), "q1")
    assert outcomes(result) == ["failed", "failed"]
    assert (result.score, result.state) == (0, State.GRADED)


def test_a_cell_that_does_not_run_is_told_with_its_line_and_the_others_are_graded(job):
    result = graded(job, q1="def square(x)\n    return x", q2=SUM)
    broken = question(result, "q1").checks[0]
    assert broken.direction == "The cell of toy-q1 raises SyntaxError at line 1 when it is run."
    assert outcomes(question(result, "q2"))[0] == "passed"


def test_a_cell_that_ends_the_process_is_left_out_and_the_others_are_graded(job):
    result = graded(job, q1="import os\nos._exit(3)", q2=SUM)
    assert question(result, "q1").score == 0
    assert "The cell of toy-q1 ended the notebook" in question(result, "q1").checks[0].direction
    assert outcomes(question(result, "q2"))[0] == "passed"


def test_a_warning_costs_nothing(job):
    source = "import warnings\ndef square(x):\n    warnings.warn('old')\n    return x * x"
    assert question(graded(job, q1=source), "q1").score == 2


def test_an_exception_shows_its_type_and_line_and_none_of_its_text(job):
    result = question(graded(job, q1="def square(x):\n    raise ValueError(f'seen {x}')"), "q1")
    assert result.checks[0].direction == "square raised ValueError at line 2 of your cell."
    assert result.checks[0].line == 2
    assert "seen" in result.checks[0].staff_note


def test_a_name_means_its_last_definition_in_its_own_cell(job):
    answer = f"def square(x):\n    return 0\n{SQUARE}"
    result = graded(job, added=("def square(x):\n    return -1",), q1=answer)
    assert question(result, "q1").score == 2
    other = graded(job, q1=SQUARE, q2=f"{SUM}\ndef square(x):\n    return -1")
    assert question(other, "q1").score == 2


def test_a_forbidden_operation_is_held_for_review_without_points(job):
    source = "from numpy import sum as add\ndef total(x):\n    return int(add(x))"
    result = question(graded(job, q2=source), "q2")
    assert (result.score, result.state) == (0, State.UNDER_REVIEW)
    assert result.held == (
        "numpy.sum is used (line 1 of its cell), which this question does not allow",
    )


def test_inputs_depend_on_the_student_and_on_nothing_that_changes(job):
    wrong = samples.submission(release(), {"toy-q1": "def square(x):\n    return x"})
    notes = {
        student: job.grade(TOYS, "toy", wrong, (student,)).questions[0].checks[0].staff_note
        for student in ("ann", "bob", "ann")
    }
    assert notes["ann"] != notes["bob"]
    again = job.grade(TOYS, "toy", wrong, ("ann",)).questions[0].checks[0].staff_note
    assert again == notes["ann"]


def test_students_are_pseudonyms_in_results(job, course):
    result = graded(job, q1=SQUARE)
    assert result.students == (course.pseudonym("ann"),)
    assert "ann" not in result.to_json().replace(result.students[0], "")


def test_a_result_survives_its_json(job):
    result = graded(job, q1="def square(x):\n    return x", q2=SUM)
    assert from_json(result.to_json()) == result
    with pytest.raises(ValueError, match="must be of schema"):
        from_json(json.dumps({"schema": 0}))


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("def test_a(student):\n    '''A.'''", "has no @question"),
        ("", "toy-q1 has no hidden check"),
    ],
)
def test_check_files_that_cannot_be_used_stop_the_grading_with_the_reason(
    tmp_path, checks, message
):
    with (
        GradingJob(make_course(tmp_path, checks)) as job,
        pytest.raises(CourseError, match=message),
    ):
        graded(job, q1=SQUARE)


def hand_in(course: Course, student: str, data: bytes, name: str = "toy.ipynb") -> Path:
    folder = course.root / "submitted" / student / TOYS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder


def test_a_class_is_graded_the_same_with_one_job_and_with_two(course):
    answers = [SQUARE, "def square(x):\n    return x", "def square(x):\n    return abs(x) * abs(x)"]
    folders = {
        f"s{i}": hand_in(
            course, f"s{i}", samples.submission(release(), {"toy-q1": a, "toy-q2": SUM})
        )
        for i, a in enumerate(answers * 2)
    }
    tasks = [Task(TOYS, "toy", (student,), folder) for student, folder in folders.items()]
    runs = []
    for order, jobs in ((tasks, 1), (tasks[::-1], 2)):
        done = list(grade_all(course, order, jobs, force=True))
        assert [d.error for d in done] == [""] * len(tasks)
        runs.append({d.task.students: d.result for d in done})
    assert runs[0] == runs[1]
    shutil.rmtree(course.root / "submitted")


def test_an_unchanged_submission_comes_from_the_cache_and_a_changed_one_does_not(tmp_path):
    course = make_course(tmp_path)
    checks = course.root / "hidden" / TOYS / "test_toy.py"
    checks.write_text(CHECKS.split('@question("toy-q2")\ndef test_of_staff')[0])
    data = samples.submission(release(), {"toy-q1": SQUARE, "toy-q2": SUM})
    task = Task(TOYS, "toy", ("ann",), hand_in(course, "ann", data))
    (first,) = grade_all(course, [task])
    shutil.rmtree(course.root / "hidden")  # nothing could be graded now
    (second,) = grade_all(course, [task])
    assert second.result == first.result
    hand_in(course, "ann", samples.submission(release(), {"toy-q1": SQUARE}))
    (third,) = grade_all(course, [task])
    assert third.result is None
    assert "no hidden checks" in third.error


def test_a_result_that_could_not_run_is_not_kept(job, course):
    cache = Cache(course)
    cache.met(("made up",))
    result = graded(job, q2=SUM)
    assert any(c.outcome is Outcome.COULD_NOT_RUN for c in question(result, "q2").checks)
    key = cache.key(TOYS, "toy", rebuild(release(), b"{}"), ("ann",))
    cache.keep(key, result)
    assert cache.find(key) is None
    cache.keep(key, dataclasses.replace(result, questions=()))
    assert cache.find(key) is not None


BAD_FILES = {
    "empty": (b"", "empty"),
    "no-notebook": (b"hello", "not a notebook"),
    "binary": (bytes(range(256)), "."),
    "half": (as_bytes(release())[:500], "."),
}


def test_bad_files_are_recorded_with_a_reason_and_the_others_are_graded(course):
    for student, (data, _) in BAD_FILES.items():
        hand_in(course, student, data)
    hand_in(course, "good", samples.submission(release(), {"toy-q1": SQUARE}))
    (course.root / "submitted" / "nothing" / TOYS).mkdir(parents=True)
    tasks = [
        Task(TOYS, "toy", (s,), course.root / "submitted" / s / TOYS)
        for s in (*BAD_FILES, "good", "nothing")
    ]
    results = {d.task.students[0]: d.result for d in grade_all(course, tasks)}
    assert results["good"].score == 2
    for student in (*BAD_FILES, "nothing"):
        assert results[student].score == 0
        assert results[student].error, student
    shutil.rmtree(course.root / "submitted")


def test_a_missing_sandbox_is_refused_with_the_command_to_install_it(course, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with GradingJob(course) as job, pytest.raises(SandboxError, match="apt-get install bubblewrap"):
        graded(job, q1=SQUARE)


def test_without_a_sandbox_every_result_says_so_and_none_is_kept(tmp_path, monkeypatch):
    course = make_course(tmp_path)
    folder = hand_in(course, "ann", samples.submission(release(), {"toy-q1": SQUARE}))
    task = Task(TOYS, "toy", ("ann",), folder)
    monkeypatch.setenv("PATH", "/nowhere")
    (done,) = grade_all(course, [task], unsafe=True)
    assert (done.result.layers, done.result.score) == (("unsafe",), 2)
    with pytest.raises(SandboxError):
        list(grade_all(course, [task]))


def test_the_command_line_tells_what_is_wrong_with_the_folder_or_the_name(tmp_path):
    run = CliRunner().invoke(main, ["--course", str(tmp_path), "grade", TOYS])
    assert (run.exit_code, "no course folder" in run.output) == (2, True)
    make_course(tmp_path)
    run = CliRunner().invoke(main, ["--course", str(tmp_path), "grade", TOYS])
    assert (run.exit_code, "holds no submission of a0_toys" in run.output) == (2, True)
    run = CliRunner().invoke(main, ["--course", str(tmp_path), "grade", TOYS, "--student", "zoe"])
    assert (run.exit_code, "of zoe" in run.output) == (2, True)
