"""The root is missing: these are squared distances."""

import numpy as np


def compute_distances_no_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    squares = np.sum(test**2, axis=1)[:, None] - 2 * test @ train.T + np.sum(train**2, axis=1)
    return np.maximum(squares, 0)
