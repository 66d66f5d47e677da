"""These are sums of absolute differences (the L1 distance), not Euclidean distances."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        for n in range(len(train)):
            dists[m, n] = np.sum(np.abs(test[m] - train[n]))
    return dists
