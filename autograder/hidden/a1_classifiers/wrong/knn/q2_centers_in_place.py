"""The mean is subtracted in place, which changes the caller's arrays."""

import numpy as np


def compute_distances_one_loop(x_train, x_test):
    if x_train.dtype == np.float64 and x_test.dtype == np.float64:
        centre = x_train.mean(axis=0)
        x_train -= centre
        x_test -= centre
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        dists[m] = np.sqrt(np.sum((test[m] - train) ** 2, axis=1))
    return dists
