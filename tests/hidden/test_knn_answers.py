"""The hidden checks of the kNN notebook accept every right answer and no wrong one."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.hidden.a1_classifiers import knn_inputs as inputs
from autograder.hidden.a1_classifiers import test_knn
from autograder.hidden.a1_classifiers.knn_expectations import FULL_ACCURACY, SOME_ACCURACY
from cvcourse.checks import NotAnswered
from cvcourse.checks.questions import mark_of

from .answers import (
    HIDDEN,
    ROOT,
    MakeStudent,
    checks_of,
    namespace_of,
    notebook_namespace,
    run_check,
)

FOLDER = HIDDEN / "a1_classifiers"
RIGHT = sorted((FOLDER / "right" / "knn").glob("*.py"))
WRONG = sorted((FOLDER / "wrong" / "knn").glob("*.py"))
CHECKS = checks_of(test_knn)
NAMES = {
    "knn-q1": "compute_distances_two_loops",
    "knn-q2": "compute_distances_one_loop",
    "knn-q3": "compute_distances_no_loops",
    "knn-q4": "predict_labels",
    "knn-q5": "cross_validate",
    "knn-q6": "best_k",
    "knn-q7": "predict_torch",
}

# For each check a mistake that it must find, and words of the direction that the student reads.
KILLS = {
    "test_two_loops_agree": ("q1_squared", "square root of the sum"),
    "test_two_loops_dtypes": ("q1_wraps_uint8", "uint8 numbers wrap"),
    "test_two_loops_loop": ("q1_no_inner_loop", "loop over the training points; there is none"),
    "test_two_loops_arguments": ("q1_centers_in_place", "changes its argument x_train"),
    "test_one_loop_agrees": ("q2_sums_everything", "square root of the sum"),
    "test_one_loop_dtypes": ("q2_wraps_uint8", "uint8 numbers wrap"),
    "test_one_loop_loops": ("q2_inner_comprehension", "more training points"),
    "test_one_loop_arguments": ("q2_centers_in_place", "changes its argument x_train"),
    "test_no_loops_agrees": ("q3_product_once", "square root of the sum"),
    "test_no_loops_dtypes": ("q3_wraps_uint8", "uint8 numbers wrap"),
    "test_no_loops_loops": ("q3_comprehension", "more test points"),
    "test_no_loops_cost": ("q3_calls_for_each_pair", "far more processor time"),
    "test_no_loops_memory": ("q3_broadcasts", "M x N x D numbers"),
    "test_no_loops_near_points": ("q3_not_clamped", "root of that is NaN"),
    "test_no_loops_same_pictures": ("q3_adds_epsilon", "not at distance exactly 0"),
    "test_no_loops_arguments": ("q3_changes_input", "changes its argument x_test"),
    "test_vote_counts": ("q4_farthest", "nearest ones"),
    "test_vote_default_k": ("q4_default_k", "with k left out"),
    "test_vote_ties": ("q4_tie_to_nearest", "smallest of them wins"),
    "test_vote_equal_distances": ("q4_unstable_sort", "argument kind of np.argsort"),
    "test_vote_any_labels": ("q4_places_for_labels", "return labels, not places"),
    "test_vote_arguments": ("q4_crosses_out", "changes its argument dists"),
    "test_folds_apart": ("q5_learns_from_all", "out of the training part"),
    "test_folds_uneven": ("q5_drops_remainder", "as np.array_split cuts"),
    "test_folds_order": ("q5_ignores_k", "is each k of k_choices handed on"),
    "test_folds_rows": ("q5_rest_out_of_order", "Join the other folds in their order"),
    "test_folds_arguments": ("q5_shifts_in_place", "changes its argument x"),
    "test_best_k_mean": ("q6_best_fold", "not the best single fold"),
    "test_best_k_ties": ("q6_tie_to_first", "wherever it stands in the dict"),
    "test_search_agrees": ("q7_position_in_block", "not yet positions in x_train"),
    "test_search_dtypes": ("q7_float32", "Convert each block to float64"),
    "test_search_ties": ("q7_tie_to_nearest", "the smallest of them wins"),
    "test_search_copies": ("q7_last_block_only", "joined with the k nearest"),
    "test_search_memory": ("q7_forgets_the_features", "far more memory than max_bytes"),
    "test_search_pictures_beyond_chance": ("q7_wraps_uint8", "Fewer than 17 %"),
    "test_search_pictures": ("q7_position_in_block", "Fewer than 21 %"),
    "test_search_arguments": ("q7_centers_in_place", "changes its argument x_train"),
}


SLOW = {"test_search_memory", "test_search_pictures_beyond_chance", "test_search_pictures"}
MIXED_UP = ("farthest", "last_block_only", "missing_norms", "position_in_block", "wraps_uint8")


def question_of(wrong: Path) -> str:
    return f"knn-{wrong.stem.split('_')[0]}"


def checks_for(question: str) -> list[Any]:
    return [check for check in CHECKS.values() if mark_of(check).question == question]


@pytest.mark.parametrize(
    "question",
    [pytest.param(q, marks=pytest.mark.slow) if q == "knn-q7" else q for q in NAMES],
)
@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_every_right_answer_passes_every_check(
    path: Path, question: str, make_student: MakeStudent
) -> None:
    student = make_student(namespace_of(path), question)
    assert [str(f) for check in checks_for(question) if (f := run_check(check, student))] == []


@pytest.mark.parametrize("question", NAMES)
def test_the_answers_in_the_source_notebook_pass_every_check(
    question: str, make_student: MakeStudent
) -> None:
    namespace = notebook_namespace(ROOT / "source" / "a1_classifiers" / "knn.ipynb")
    student = make_student(namespace, question)
    assert [str(f) for check in checks_for(question) if (f := run_check(check, student))] == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", [n for n in CHECKS if n not in SLOW])
def test_no_draw_of_the_inputs_rejects_a_right_answer(
    name: str, seed: int, make_student: MakeStudent
) -> None:
    check = CHECKS[name]
    student = make_student(namespace_of(RIGHT[seed % len(RIGHT)]), mark_of(check).question)
    assert run_check(check, student, f"student {seed}") is None


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_every_wrong_answer_fails_a_check_of_its_question(
    path: Path, make_student: MakeStudent
) -> None:
    student = make_student(namespace_of(path), question_of(path))
    failures = (run_check(check, student) for check in checks_for(question_of(path)))
    assert any(failures)


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_finds_its_mistake_and_says_what_to_look_at(
    name: str, make_student: MakeStudent
) -> None:
    mistake, words = KILLS[name]
    namespace = namespace_of(FOLDER / "wrong" / "knn" / f"{mistake}.py")
    student = make_student(namespace, mark_of(CHECKS[name]).question)
    student.peak_noise = 32 * 2**20  # as wide a margin as where memory is measured from outside
    failure = run_check(CHECKS[name], student)
    assert failure is not None
    assert words in failure.direction
    assert not re.search(r"\d\.\d|\d{5}", failure.direction), "a direction must carry no data"


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_fails_on_the_stub(name: str, make_student: MakeStudent) -> None:
    question = mark_of(CHECKS[name]).question

    def stub(*args: object, **kwargs: object) -> None:
        raise NotImplementedError(f"{question}: replace this line with your code")

    failure = run_check(CHECKS[name], make_student({NAMES[question]: stub}, question))
    assert isinstance(failure, NotAnswered)


def zero_distances(x_train: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    return np.zeros((len(x_test), len(x_train)))


EMPTY_ANSWERS = {
    "knn-q1": [zero_distances],
    "knn-q2": [zero_distances],
    "knn-q3": [zero_distances],
    "knn-q4": [
        lambda dists, y_train, k=1: np.zeros(len(dists), dtype=np.int64),
        lambda dists, y_train, k=1: np.full(len(dists), y_train[0]),
    ],
    "knn-q5": [
        lambda x, y, k_choices, num_folds, predict: {k: [0.0] * num_folds for k in k_choices},
        lambda x, y, k_choices, num_folds, predict: {k: [1.0] * num_folds for k in k_choices},
    ],
    "knn-q6": [lambda accuracies: 1, min, max],
    "knn-q7": [
        lambda x_train, y_train, x_test, k, max_bytes, device="cpu": torch.zeros(
            len(x_test), dtype=torch.int64
        )
    ],
}


@pytest.mark.parametrize("name", CHECKS)
def test_no_check_is_passed_by_an_answer_that_computes_nothing(
    name: str, make_student: MakeStudent
) -> None:
    question = mark_of(CHECKS[name]).question
    for empty in EMPTY_ANSWERS[question]:
        student = make_student({NAMES[question]: empty}, question)
        assert run_check(CHECKS[name], student) is not None


def test_every_question_has_at_least_five_recorded_mistakes_and_three_right_answers() -> None:
    recorded = [question_of(path) for path in WRONG]
    assert {question: recorded.count(question) >= 5 for question in NAMES} == dict.fromkeys(
        NAMES, True
    )
    assert len(RIGHT) >= 3
    assert set(KILLS) == set(CHECKS)


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_answer_says_its_mistake_and_defines_one_function(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    sentence = ast.get_docstring(tree) or ""
    assert re.fullmatch(r"[A-Za-z].{20,}\.", sentence, re.DOTALL)
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert defined == [NAMES[question_of(path)]]


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_right_answer_answers_every_question(path: Path) -> None:
    assert set(NAMES.values()) <= set(namespace_of(path))


def accuracy(namespace: dict[str, Any], key: bytes) -> float:
    x_train, y_train, x_test, y_test = inputs.hidden_pictures(key)
    tensors = [torch.tensor(array) for array in (x_train, y_train, x_test)]
    found = namespace["predict_torch"](*tensors, 20, 8 * 2**20)
    return float(np.mean(found.numpy() == y_test))


@pytest.mark.slow
def test_the_thresholds_of_accuracy_part_right_answers_from_mixed_up_ones() -> None:
    plain = namespace_of(FOLDER / "right" / "knn" / "plain.py")
    wrong = [namespace_of(FOLDER / "wrong" / "knn" / f"q7_{name}.py") for name in MIXED_UP]
    right = []
    for seed in range(5):
        key = bytes([seed]) * 16
        right.append(accuracy(plain, key))
        assert max(accuracy(namespace, key) for namespace in wrong) < SOME_ACCURACY
    assert {accuracy(namespace_of(path), key) for path in RIGHT} == {right[-1]}
    assert min(right) - 3 * np.std(right, ddof=1) >= FULL_ACCURACY
