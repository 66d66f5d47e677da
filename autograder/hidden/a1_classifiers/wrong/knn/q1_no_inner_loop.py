"""The inner loop is missing: this question asks for one over the training points too."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        dists[m] = np.sqrt(np.sum((test[m] - train) ** 2, axis=1))
    return dists
