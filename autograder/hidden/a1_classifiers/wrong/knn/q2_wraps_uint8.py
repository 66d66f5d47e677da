"""The difference is taken in the dtype of the input, so uint8 wraps; convert to float64 first."""

import numpy as np


def compute_distances_one_loop(x_train, x_test):
    dists = np.zeros((len(x_test), len(x_train)))
    for m in range(len(x_test)):
        dists[m] = np.sqrt(np.sum((x_test[m] - x_train) ** 2, axis=1, dtype=np.float64))
    return dists
