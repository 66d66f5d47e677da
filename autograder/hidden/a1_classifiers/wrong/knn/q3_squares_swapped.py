"""The squares of the training points are laid along the rows and those of the test points along the
columns.
"""

import numpy as np


def compute_distances_no_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    squares = np.sum(train**2, axis=1)[:, None] - 2 * train @ test.T + np.sum(test**2, axis=1)
    return np.sqrt(np.maximum(squares, 0)).reshape(len(test), len(train))
