"""Rows and columns are swapped: row m of dists belongs to test point m."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(train), len(test)))
    for m in range(len(test)):
        for n in range(len(train)):
            dists[n, m] = np.sqrt(np.sum((test[m] - train[n]) ** 2))
    return dists
