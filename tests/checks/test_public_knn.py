"""The visible checks of the kNN notebook: right answers pass, typical mistakes are named."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from cvcourse.checks import CheckError, check
from cvcourse.checks.public import knn, knn_inputs
from cvcourse.checks.runner import visible_checks

NOTEBOOK = Path(__file__).parents[2] / "source" / "a1_classifiers" / "knn.ipynb"
QUESTIONS = sorted(knn.UNTRIED)


def test_every_question_of_the_notebook_has_visible_checks_and_says_what_they_do_not_try():
    cells = _cells()
    asked = {name.removesuffix("-check") for name in cells if name.endswith("-check")}
    assert asked == set(QUESTIONS)
    assert all(visible_checks(question) for question in QUESTIONS)
    for question in QUESTIONS:
        assert cells[f"{question}-check"] == f'check("{question}", globals())'


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_notebooks_answer_passes_and_the_line_says_what_grading_also_tries(question, capsys):
    check(question, _namespace(_cells()[question]))
    said = capsys.readouterr().out
    assert said.startswith(f"{question}: ok on ")
    assert said.endswith(f"; grading also tries {knn.UNTRIED[question]}.\n")


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_stub_is_not_answered_yet(question):
    name = _cells()[question].split("(")[0].removeprefix("def ")
    message = f"{question}: replace this line with your code"
    stub = f"def {name}(*args, **kwargs):\n    raise NotImplementedError({message!r})\n"
    with pytest.raises(CheckError, match=f"{question} is not answered yet: write {name} in"):
        check(question, _namespace(stub))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_cell_that_was_not_run_is_not_defined(question):
    with pytest.raises(CheckError, match=f"is not defined. Run the cell of {question} first"):
        check(question, {})


TWO_LOOPS = """
def compute_distances_two_loops(x_train, x_test):
    x_train, x_test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(x_test), len(x_train)))
    for i in range(len(x_test)):
        for j in range(len(x_train)):
            dists[i, j] = np.sqrt(np.sum((x_test[i] - x_train[j]) ** 2))
    return dists
"""
NO_LOOPS = """
def compute_distances_no_loops(x_train, x_test):
    x_train, x_test = x_train.astype(np.float64), x_test.astype(np.float64)
    a, b = (x_test**2).sum(axis=1)[:, None], (x_train**2).sum(axis=1)
    return np.sqrt(np.maximum(a - 2 * x_test @ x_train.T + b, 0))
"""
BROADCAST = """
def {name}(x_train, x_test):
    x_train, x_test = x_train.astype(np.float64), x_test.astype(np.float64)
    return np.sqrt(((x_test[:, None] - x_train[None]) ** 2).sum(axis=2))
"""
LABELS = """
def predict_labels(dists, y_train, k=1):
    nearest = np.argsort(dists, axis=1, kind="stable")[:, :k]
    voters = y_train[nearest].tolist()
    return np.array([min(set(v), key=lambda c: (-v.count(c), c)) for v in voters])
"""
FOLDS = """
def cross_validate(x, y, k_choices, num_folds, predict):
    accuracies = {k: [] for k in k_choices}
    for fold in np.array_split(np.arange(len(x)), num_folds):
        rest = np.delete(np.arange(len(x)), fold)
        for k in k_choices:
            y_pred = predict(x[rest], y[rest], x[fold], k)
            accuracies[k].append(np.mean(y_pred == y[fold]))
    return accuracies
"""
BEST = """
def best_k(a):
    k = max(a, key=lambda k: (np.mean(a[k]), -k))
    return k
"""
TORCH = """
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    y_pred = []
    for block in x_test.split(64):
        best, labels = torch.empty(len(block), 0), torch.empty(len(block), 0, dtype=torch.int64)
        for part, y in zip(x_train.split(64), y_train.split(64)):
            a, b = block.double(), part.double()
            near = (a * a).sum(1)[:, None] - 2 * a @ b.T + (b * b).sum(1)
            best = torch.cat([best, near], dim=1)
            labels = torch.cat([labels, y.expand(len(block), -1)], dim=1)
            best, order = best.topk(min(k, best.shape[1]), largest=False)
            labels = labels.gather(1, order)
        y_pred += [min(set(v), key=lambda c: (-v.count(c), c)) for v in labels.tolist()]
    return torch.tensor(y_pred)
"""

MISTAKES = [
    # question, what was wrong, a right answer, the text to replace, by what, what must be said
    ("knn-q1", "no root", TWO_LOOPS, "np.sqrt", "", "squared distances; take the square root"),
    ("knn-q1", "axes swapped", TWO_LOOPS, "return dists", "return dists.T", "axes swapped"),
    ("knn-q1", "bytes wrap", TWO_LOOPS, ".astype(np.float64)", "", "counts modulo 256"),
    ("knn-q1", "float32", TWO_LOOPS, ".astype(np.float64)", ".astype(np.float32)", "float32"),
    ("knn-q1", "float32 result", TWO_LOOPS, "train)))", "train)), np.float32)", "dtype"),
    ("knn-q1", "no return", TWO_LOOPS, "return dists", "pass", "Is there a return"),
    ("knn-q1", "L1", TWO_LOOPS, "np.sqrt(np.sum((x_test[i] - x_train[j]) ** 2))",
     "np.abs(x_test[i] - x_train[j]).sum()", "sums of absolute differences"),
    ("knn-q1", "no loop", BROADCAST, "{name}", "compute_distances_two_loops", "Python loop"),
    ("knn-q1", "one loop", TWO_LOOPS, """        for j in range(len(x_train)):
            dists[i, j] = np.sqrt(np.sum((x_test[i] - x_train[j]) ** 2))""",
     "        dists[i] = np.sqrt(np.sum((x_test[i] - x_train) ** 2, axis=1))",
     "second Python loop"),
    ("knn-q1", "argument changed", """
def compute_distances_two_loops(x_train, x_test):
    dists = np.zeros((len(x_test), len(x_train)))
    for i in range(len(x_test)):
        for j in range(len(x_train)):
            dists[i, j] = np.sqrt(sum((x_test[i].astype(float) - x_train[j]) ** 2))
    x_train += 1
    return dists
""", "", "", "changes its argument x_train"),
    ("knn-q2", "two loops", TWO_LOOPS, "two_loops", "one_loop", "number of training points"),
    ("knn-q2", "no loop", BROADCAST, "{name}", "compute_distances_one_loop", "one Python loop"),
    ("knn-q2", "loop over features", """
def compute_distances_one_loop(x_train, x_test):
    squared = 0.0
    for j in range(x_train.shape[1]):
        a, b = x_test[:, j].astype(float), x_train[:, j].astype(float)
        squared = squared + (a[:, None] - b) ** 2
    return np.sqrt(squared)
""", "", "", "does not grow with the number of test points"),
    ("knn-q3", "loop", TWO_LOOPS, "two_loops", "no_loops", "number of test points"),
    ("knn-q3", "comprehension", """
def compute_distances_no_loops(x_train, x_test):
    x_train, x_test = x_train.astype(np.float64), x_test.astype(np.float64)
    return np.sqrt([((x_train - row) ** 2).sum(axis=1) for row in x_test])
""", "", "", "a comprehension"),
    ("knn-q3", "broadcast", BROADCAST, "{name}", "compute_distances_no_loops",
     "array of all M x N x D differences"),
    ("knn-q3", "negative", NO_LOOPS, "np.maximum(a - 2 * x_test @ x_train.T + b, 0)",
     "a - 2 * x_test @ x_train.T + b", "holds NaN. Rounding can make"),
    ("knn-q3", "epsilon", NO_LOOPS, ", 0))", ", 1e-20))", "exactly 0"),
    ("knn-q3", "sign", NO_LOOPS, "- 2", "+ 2", "wrong values"),
    ("knn-q3", "bytes wrap", NO_LOOPS, ".astype(np.float64)", "", "counts modulo 256"),
    ("knn-q3", "float32", NO_LOOPS, "np.float64", "np.float32", "dtype"),
    ("knn-q4", "k ignored", LABELS, ":k]", ":1]", "k is not used"),
    ("knn-q4", "farthest", LABELS, "argsort(dists", "argsort(-dists", "smallest distances"),
    ("knn-q4", "largest label", LABELS, "v.count(c), c)", "v.count(c), -c)", "the largest label"),
    ("knn-q4", "nearest label", LABELS, "min(set(v), key=lambda c: (-v.count(c), c))",
     "max(v, key=v.count)", "by distance or by position"),
    ("knn-q4", "floats", LABELS, "in voters]", "in voters], float", "must be an integer type"),
    ("knn-q4", "unstable", LABELS, 'kind="stable"', "", "A stable sort keeps them"),
    ("knn-q4", "dense labels", LABELS, "return np.array(", "return np.searchsorted(np.unique("
     "y_train), ", "wrong values"),
    ("knn-q4", "argument changed", LABELS, "    return", "    dists[:, 0] = 0\n    return",
     "changes its argument dists"),
    ("knn-q5", "remainder dropped", FOLDS, "np.array_split(np.arange(len(x)), num_folds)",
     "np.arange(len(x) // num_folds * num_folds).reshape(num_folds, -1)", "larger folds first"),
    ("knn-q5", "trained on all", FOLDS, "rest = np.delete(np.arange(len(x)), fold)",
     "rest = np.arange(len(x))", "larger folds first"),
    ("knn-q5", "leak of the same size", FOLDS, "rest = np.delete(np.arange(len(x)), fold)",
     "rest = np.arange(len(x) - len(fold))", "are among the training points"),
    ("knn-q5", "mean", FOLDS, "return accuracies",
     "return {k: np.mean(v) for k, v in accuracies.items()}", "not to their mean"),
    ("knn-q5", "list", FOLDS, "return accuracies", "return list(accuracies.values())", "a dict"),
    ("knn-q5", "k not passed", FOLDS, "x[fold], k)", "x[fold], 1)", "Cut the rows"),
    ("knn-q5", "percent", FOLDS, "np.mean(", "100 * np.mean(",
     "neither a count nor a percentage"),
    ("knn-q5", "errors", FOLDS, "==", "!=", "Cut the rows"),
    ("knn-q5", "shuffled", FOLDS, "np.arange(len(x)), num",
     "np.random.default_rng(0).permutation(len(x)), num", "without shuffling"),
    ("knn-q5", "a fold missing", FOLDS, "num_folds):", "num_folds)[1:]:", "one accuracy per fold"),
    ("knn-q6", "accuracy", BEST, "k = max(", "return max(np.mean(v) for v in a.values())  # (",
     "returns the accuracy"),
    ("knn-q6", "best fold", BEST, "np.mean", "max", "best single fold"),
    ("knn-q6", "last fold", BEST, "np.mean(a[k])", "a[k][-1]", "Compare the means"),
    ("knn-q6", "first of ties", BEST, ", -k)", ", 0)", "share the best mean"),
    ("knn-q6", "largest of ties", BEST, ", -k)", ", k)", "share the best mean"),
    ("knn-q6", "prints", BEST, "return k", "print(k)", "is None"),
    ("knn-q7", "all at once", TORCH, ".split(64)", ".split(10_000)", "more than max_bytes"),
    ("knn-q7", "all training points", TORCH, "zip(x_train.split(64), y_train.split(64))",
     "[(x_train, y_train)]", "more than max_bytes"),
    ("knn-q7", "bytes wrap", TORCH, ".double()", "", "counts modulo 256"),
    ("knn-q7", "nearest of the last block", TORCH, "torch.cat([best, near], dim=1)",
     "near\n            labels = labels[:, :0]", "in several blocks"),
    ("knn-q7", "largest label", TORCH, "v.count(c), c)", "v.count(c), -c)", "smallest label"),
    ("knn-q7", "list", TORCH, "torch.tensor(y_pred)", "y_pred", "must be a torch.Tensor"),
    ("knn-q7", "int32", TORCH, "(y_pred)", "(y_pred).int()", "must be int64"),
    ("knn-q7", "k ignored", TORCH, "min(k,", "min(1,", "Points lie on a line"),
    ("knn-q7", "float32", TORCH, ".double()", ".float()", "compute in float64"),
    ("knn-q7", "last block dropped", TORCH, "y_train.split(64))", "y_train.split(64)[:-1])", None),
    ("knn-q7", "argument changed", TORCH, "    return", "    y_train += 1\n    return",
     "changes its argument y_train"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
@pytest.mark.parametrize(
    ("question", "right", "text", "instead", "said"),
    [pytest.param(m[0], *m[2:], id=f"{m[0]} {m[1]}") for m in MISTAKES],
)
def test_a_typical_mistake_is_named(question, right, text, instead, said):
    assert text in right
    wrong = right.replace(text, instead) if text else right
    with pytest.raises(CheckError, match=f"{question} is not right yet") as caught:
        check(question, _namespace(wrong))
    unwrapped = " ".join(str(caught.value).split())
    assert re.search(said or "Found: ", unwrapped), unwrapped


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("knn-q1", TWO_LOOPS),
        ("knn-q3", NO_LOOPS),
        ("knn-q4", LABELS),
        ("knn-q5", FOLDS),
        ("knn-q6", BEST),
        ("knn-q7", TORCH),
    ],
)
def test_the_answers_that_the_mistakes_are_made_from_are_right(question, source):
    check(question, _namespace(source))


def test_the_outcomes_worked_out_by_hand_are_right():
    x_train = [(0, 0, 0), (200, 10, 0), (255, 255, 255)]
    x_test = [(250, 10, 0), (3, 4, 0)]
    gaps = [[[abs(p - q) for p, q in zip(a, b, strict=True)] for b in x_train] for a in x_test]
    assert [
        [sum(g * g for g in pair) for pair in row] for row in gaps
    ] == knn_inputs.SQUARED_BY_HAND
    assert [[sum(pair) for pair in row] for row in gaps] == knn_inputs.ABSOLUTE_BY_HAND


def test_the_corners_are_too_large_to_hold_at_once_and_far_apart():
    x_train, y_train, x_test, _ = knn_inputs.corners(np.random.default_rng(0))
    assert x_train.numel() * 8 > knn_inputs.SMALL_BUDGET
    assert len(x_train) * len(x_test) * 8 > knn_inputs.SMALL_BUDGET
    corners = [x_train[y_train == label].double().mean(dim=0) for label in y_train.unique()]
    between = torch.pdist(torch.stack(corners)).min()
    within = 31 * x_train.shape[1] ** 0.5  # noise of -15..15 on either side, in every feature
    assert between > 2 * within


def _cells() -> dict[str, str]:
    with NOTEBOOK.open(encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    owned = [cell for cell in cells if "nbgrader" in cell["metadata"]]
    return {cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"]) for cell in owned}


def _namespace(source: str) -> dict[str, object]:
    namespace: dict[str, object] = {"np": np, "torch": torch}
    exec(compile(source, "<cell>", "exec"), namespace)
    return namespace
