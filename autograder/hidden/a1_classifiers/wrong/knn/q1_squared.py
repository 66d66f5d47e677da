"""The root is missing: these are squared distances."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        for n in range(len(train)):
            dists[m, n] = np.sum((test[m] - train[n]) ** 2)
    return dists
