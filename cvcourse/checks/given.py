"""Small functions that checks hand to a student's function, by name, as an argument.

None of them answers a question of the course. They must be plain, fast and without randomness,
because a grader runs them beside the student's code and compares values.
"""

from __future__ import annotations

import numpy as np


def copycat(x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, k: int) -> np.ndarray:
    """Labels of test rows that stand in the training rows to the letter; -1 for all others.

    Cross-validation that keeps training and validation points apart scores zero with it as long
    as no row occurs twice.

    Args:
        x_train: (N, D) any dtype.
        y_train: (N,) integer labels.
        x_test: (M, D) any dtype.
        k: not used.

    Returns:
        (M,) int64 labels.
    """
    known = {row.tobytes(): int(label) for row, label in zip(x_train, y_train, strict=True)}
    return np.array([known.get(row.tobytes(), -1) for row in x_test], dtype=np.int64)


def count_training(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, k: int
) -> np.ndarray:
    """The number of training points that the classifier was given, times k, for every test row.

    With labels chosen to fit, its accuracy tells how large each fold was and which k was passed.

    Args:
        x_train: (N, D) any dtype.
        y_train: (N,) integer labels.
        x_test: (M, D) any dtype.
        k: the number of neighbours asked for.

    Returns:
        (M,) int64.
    """
    return np.full(len(x_test), len(x_train) * k, dtype=np.int64)


def sign_of_first(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, k: int
) -> np.ndarray:
    """1 where the first feature of a test row is at least k, else 0; learns nothing.

    Args:
        x_train: (N, D) not used.
        y_train: (N,) not used.
        x_test: (M, D) any real dtype.
        k: the threshold.

    Returns:
        (M,) int64.
    """
    return (np.asarray(x_test)[:, 0] >= k).astype(np.int64)


def fingerprint(x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, k: int) -> np.ndarray:
    """0, 1 or 2 by a sum over everything it was given and where it stood; learns nothing.

    A training row, label or k of another value or at another place changes about two answers in
    three.

    Args:
        x_train: (N, D) integers.
        y_train: (N,) integer labels.
        x_test: (M, D) integers.
        k: enters the sum.

    Returns:
        (M,) int64.
    """
    place = np.arange(1, len(x_train) + 1)
    features = np.arange(1, x_train.shape[1] + 1)
    seen = int(place**2 @ (x_train.astype(np.int64) @ features + 7 * y_train)) + 5 * k
    asked = x_test.astype(np.int64) @ features
    return seen % 1009 * (asked + 1) % 1009 % 3  # modulo a prime, so that no change cancels
