"""The distances are computed in float32, which keeps seven digits; use float64."""

import numpy as np


def compute_distances_one_loop(x_train, x_test):
    train, test = x_train.astype(np.float32), x_test.astype(np.float32)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        dists[m] = np.sqrt(np.sum((test[m] - train) ** 2, axis=1))
    return dists
