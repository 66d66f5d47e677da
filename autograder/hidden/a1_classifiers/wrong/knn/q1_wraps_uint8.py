"""The difference is taken in the dtype of the input, so uint8 wraps; convert to float64 first."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    dists = np.zeros((len(x_test), len(x_train)))
    for m in range(len(x_test)):
        for n in range(len(x_train)):
            dists[m, n] = np.sqrt(np.sum((x_test[m] - x_train[n]) ** 2, dtype=np.float64))
    return dists
