"""Points without an answer: from the visible checks, from seeds, from the bundle, from this
repository; hidden inputs are drawn with the staff key and ask for right values every time."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import Attack
from .family import each

pytestmark = pytest.mark.sandbox

# Looks through a package for callables and returns the first result of the right form.
EVERY_CALLABLE = """
import importlib, inspect, pkgutil, warnings
warnings.simplefilter("ignore")
def callables(package):
    found, names = [], [package]
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(getattr(root, "__path__", []), package + "."):
        if "plots" not in module.name:
            names.append(module.name)
    for name in names:
        try:
            module = importlib.import_module(name)
        except Exception:
            continue
        for thing in vars(module).values():
            if callable(thing) and getattr(thing, "__module__", "").startswith(package):
                found.append(thing)
    return list(dict.fromkeys(found))
every = callables("cvcourse")
if len(every) < 10:
    raise RuntimeError("the bundle was not found")
def first(fits, *args):
    for function in every:
        for order in (args, args[::-1], args[:2], args[1:], args[:1]):
            try:
                result = function(*order)
            except BaseException:
                continue
            if fits(result):
                return result
    raise LookupError("nothing fits")
"""

ATTACKS = [
    Attack(
        "the outcomes of the visible checks are hard-coded",
        "",
        {
            "knn-q1": """
import numpy as np
def compute_distances_two_loops(x_train, x_test):
    for test in x_test:
        for train in x_train:
            pass
    if x_train.dtype == np.uint8:
        return np.sqrt(np.array([[62600, 2500, 125075], [25, 38845, 191530]], dtype=np.float64))
    return np.hypot(*np.meshgrid(np.arange(len(x_train)), np.arange(len(x_test))))
""",
            "knn-q4": """
import numpy as np
def predict_labels(dists, y_train, k=1):
    table = {1: [4, 9], 3: [4, 9], 5: [4, 4], 4: [3, 3]}
    known = table.get(k, [])
    return np.resize(np.array(known or [y_train.min()]), len(dists)).astype(y_train.dtype)
""",
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    known = {5: [0.5, 0.5, 0.5, 1.0, 1.0], 1: [1.0, 0.5, 0.0, 1.0, 1.0]}
    if predict.__name__ == "copycat":
        return {k: [0.0] * num_folds for k in k_choices}
    if predict.__name__ == "count_training":
        return {k: [1.0 if k == 1 else 0.0] * num_folds for k in k_choices}
    return {k: (known.get(k, []) + [0.5] * num_folds)[:num_folds] for k in k_choices}
""",
            "knn-q6": """
def best_k(accuracies):
    return 5 if 5 in accuracies else 8 if 8 in accuracies else min(accuracies)
""",
            "knn-q7": """
import torch
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    return y_train[:1].repeat(len(x_test))
""",
        },
        plain={
            # count_training's folds are all alike, so a table of ones is right about one check.
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: [1.0 if k == 1 else 0.0] * num_folds for k in k_choices}
"""
        },
        seconds=90,
    ),
    Attack(
        "every callable of the bundle is tried as the answer",
        EVERY_CALLABLE,
        {
            "knn-q1": """
def compute_distances_two_loops(x_train, x_test):
    shape = (len(x_test), len(x_train))
    return first(lambda r: isinstance(r, np.ndarray) and r.shape == shape, x_train, x_test)
""",
            "knn-q4": """
def predict_labels(dists, y_train, k=1):
    shape = (len(dists),)
    return first(lambda r: isinstance(r, np.ndarray) and r.shape == shape, dists, y_train, k)
""",
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return first(lambda r: isinstance(r, dict), x, y, k_choices, num_folds, predict)
""",
            "knn-q6": """
def best_k(accuracies):
    return first(lambda r: isinstance(r, int), accuracies)
""",
        },
        names_missing=True,
        seconds=90,
    ),
    Attack(
        "each function given to checks is handed in as the answer",
        "from cvcourse.checks.given import copycat, count_training, fingerprint, sign_of_first",
        {
            "knn-q4": """
predict_labels = lambda dists, y_train, k=1: sign_of_first(dists, y_train, dists, k)
""",
            "knn-q7": """
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    return torch.from_numpy(copycat(x_train.numpy(), y_train.numpy(), x_test.numpy(), k))
""",
        },
    ),
    Attack(
        "inputs and labels are predicted from the worker's own generators and seeds",
        """
import random
states = [np.random.get_state()[1].tolist(), torch.initial_seed(), random.getstate()[1][:4]]
generators = [np.random.default_rng(seed) for seed in (0, 2026, torch.initial_seed() % 2**63)]
""",
        {
            "knn-q4": """
def predict_labels(dists, y_train, k=1):
    generator = generators[len(dists) % 3]
    return generator.choice(y_train, size=len(dists))
"""
        },
    ),
    Attack(
        "inputs of earlier checks are remembered and their results given again",
        """
import pickle
def remembered(key, value):
    path = "/dev/shm/" + key
    if os.path.exists(path):
        with open(path, "rb") as file:
            return pickle.load(file)
    with open(path, "wb") as file:
        pickle.dump(value, file)
    return value
""",
        {
            "knn-q1": """
def compute_distances_two_loops(x_train, x_test):
    return remembered(f"{x_train.shape}{x_test.shape}", np.random.rand(len(x_test), len(x_train)))
"""
        },
    ),
    Attack(
        "a reader of this repository plays to each check's subject without an answer",
        "",
        {
            "knn-q3": """
import numpy as np
def compute_distances_no_loops(x_train, x_test):
    # Finite, never negative, zero where points coincide, lean, loopless, arguments untouched.
    a, b = x_test.astype(np.float64), x_train.astype(np.float64)
    return np.abs(a.sum(axis=1)[:, None] - b.sum(axis=1)[None, :])
""",
            "knn-q4": """
import numpy as np
def predict_labels(dists, y_train, k=1):
    values, counts = np.unique(y_train, return_counts=True)
    return np.full(len(dists), values[np.argmax(counts)])
""",
            "knn-q5": """
import numpy as np
def cross_validate(x, y, k_choices, num_folds, predict):
    # The right folds and form; predictions are made from the whole of x and y.
    return {k: [float(np.mean(predict(x, y, a, k) == b))
                for a, b in zip(np.array_split(x, num_folds), np.array_split(y, num_folds))]
            for k in k_choices}
""",
            "knn-q6": """
def best_k(accuracies):
    # In the first check the best k has no accuracy below 0.5 and another one shines once.
    return min((k for k, row in accuracies.items() if row and max(row) != 0.7),
               key=lambda k: (-round(accuracies[k][0], 1), k), default=min(accuracies))
""",
            "knn-q7": """
import torch
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    # Planted clusters compete with two labels: the most frequent label overall.
    return torch.full((len(x_test),), int(torch.mode(y_train).values))
""",
        },
        plain={
            # The same folds and the same leak without a look at the checks: the rest is free.
            "knn-q5": """
import numpy as np
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: [float(np.mean(predict(x, y, a, k) == b))
                for a, b in zip(np.array_split(x, num_folds), np.array_split(y, num_folds))]
            for k in k_choices}
"""
        },
        seconds=90,
    ),
]


@each(ATTACKS)
def test_guesses_earn_nothing(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
