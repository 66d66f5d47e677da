"""Only the pairs with n above m are computed and mirrored, as if both sets were the same points."""

import numpy as np


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        for n in range(m + 1, len(train)):
            dists[m, n] = np.sqrt(np.sum((test[m] - train[n]) ** 2))
            if n < len(test):
                dists[n, m] = dists[m, n]
    return dists
