"""The inner loop runs over the features; sum over them with axis=1."""

import numpy as np


def compute_distances_one_loop(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        for d in range(train.shape[1]):
            dists[m] += (test[m, d] - train[:, d]) ** 2
    return np.sqrt(dists)
