"""Each fold has N // num_folds rows, so the rows of the remainder are in no fold."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    size = len(x) // num_folds
    accuracies = {k: [] for k in k_choices}
    for i in range(num_folds):
        fold = np.arange(i * size, (i + 1) * size)
        x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
        for k in k_choices:
            accuracies[k].append(float(np.mean(predict(x_rest, y_rest, x[fold], k) == y[fold])))
    return accuracies
