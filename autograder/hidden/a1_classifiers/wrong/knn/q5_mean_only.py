"""Each k has one number, the mean; it must have a list with one accuracy for each fold."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    accuracies = {}
    for k in k_choices:
        row = []
        for fold in np.array_split(np.arange(len(x)), num_folds):
            x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
            row.append(float(np.mean(predict(x_rest, y_rest, x[fold], k) == y[fold])))
        accuracies[k] = float(np.mean(row))
    return accuracies
