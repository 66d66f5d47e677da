"""The comprehension inside the loop is a second loop; let NumPy subtract from all rows at once."""

import numpy as np


def compute_distances_one_loop(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        dists[m] = [np.sqrt(np.sum((test[m] - row) ** 2)) for row in train]
    return dists
