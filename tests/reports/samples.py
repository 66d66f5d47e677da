"""A result as grading makes it: right, wrong, unanswered, under review and waiting questions."""

from __future__ import annotations

from autograder.grading.results import CheckResult, NotebookResult, Outcome, QuestionResult, State

EXAMPLE = """\
knn-q3 is not right yet.
Required: Distances agree with a plain double loop.
Found:    dists holds NaN or infinity where a finite number is expected.
          First at dists[0, 0]: received nan, expected 0.0; 3 in all.

check("knn-q3", globals())"""


def check(outcome: Outcome, sentence: str, direction: str = "", **more: object) -> CheckResult:
    weight = more.pop("weight", 1.0)
    return CheckResult("test_it", sentence, outcome, weight, direction, **more)


RIGHT = QuestionResult(
    "knn-q1",
    "Distances with two loops",
    2,
    2,
    State.GRADED,
    checks=(
        check(Outcome.PASSED, "Distances agree with a float64 oracle on odd shapes."),
        check(Outcome.PASSED, "Pixels of type uint8 do not wrap."),
    ),
)
WRONG = QuestionResult(
    "knn-q3",
    "Distances without loops",
    4,
    1.33,
    State.GRADED,
    checks=(
        check(Outcome.PASSED, "Distances agree with a float64 oracle on odd shapes."),
        check(
            Outcome.FAILED,
            "Distances are never NaN or negative.",
            "dists holds NaN or infinity where a finite number is expected. Rounding can leave a "
            "squared distance slightly below zero; what does its root become?",
            staff_note="received nan at (17, 3)",
        ),
        check(
            Outcome.FAILED,
            "Pixels of type uint8 do not wrap.",
            "compute_distances_no_loops raised TypeError.",
            line=7,
        ),
    ),
    public_example=EXAMPLE,
)
EMPTY = QuestionResult(
    "knn-q4",
    "Voting",
    3,
    0,
    State.GRADED,
    answered=False,
    checks=(check(Outcome.FAILED, "Ties go to the smallest label.", "not answered yet"),),
)
REVIEW = QuestionResult(
    "knn-q7",
    "Search in bounded memory",
    4,
    2,
    State.UNDER_REVIEW,
    checks=(
        check(Outcome.PASSED, "Labels agree with the NumPy path."),
        check(
            Outcome.COULD_NOT_RUN,
            "Memory stays below max_bytes.",
            "The check itself ended without a result.",
            staff_note="WorkerDied after 31 s",
        ),
    ),
)
WRITTEN = QuestionResult("knn-w1", "Bright rows and columns", 2, None, State.WAITING)


def result(*students: str, **changes: object) -> NotebookResult:
    fields: dict[str, object] = {
        "assignment": "a1_classifiers",
        "notebook": "knn",
        "students": students or ("5f1c20ab99e01d3c",),
        "release": "4be1f20c99aa",
        "seed_label": "a1_classifiers/knn/5f1c",
        "layers": ("namespaces", "landlock", "seccomp", "rlimits"),
        "questions": (RIGHT, WRONG, EMPTY, REVIEW, WRITTEN),
        "notes": ("The check cell of knn-q1 had been changed; the original was run.",),
        "outputs": {"knn-q1": "a printed secret"},
    }
    return NotebookResult(**{**fields, **changes})  # type: ignore[arg-type]
