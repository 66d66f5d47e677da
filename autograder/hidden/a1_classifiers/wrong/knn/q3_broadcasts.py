"""test[:, None] - train holds M x N x D numbers at once; expand the square instead."""

import numpy as np


def compute_distances_no_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    return np.sqrt(np.sum((test[:, None] - train) ** 2, axis=2))
