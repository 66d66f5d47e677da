"""The test points are multiplied by -2 in place, which changes the caller's array."""

import numpy as np


def compute_distances_no_loops(x_train, x_test):
    train = np.asarray(x_train, dtype=np.float64)
    test = np.asarray(x_test, dtype=np.float64)
    squares = np.sum(test**2, axis=1)[:, None] + np.sum(train**2, axis=1)
    test *= -2
    return np.sqrt(np.maximum(squares + test @ train.T, 0))
