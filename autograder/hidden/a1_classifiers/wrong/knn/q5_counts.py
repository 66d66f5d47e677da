"""These are numbers of right labels; an accuracy is their share, from 0 to 1."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    accuracies = {k: [] for k in k_choices}
    for fold in np.array_split(np.arange(len(x)), num_folds):
        x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
        for k in k_choices:
            accuracies[k].append(float(np.sum(predict(x_rest, y_rest, x[fold], k) == y[fold])))
    return accuracies
