"""The rows are shuffled before they are cut; folds are contiguous in the order given."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    accuracies = {k: [] for k in k_choices}
    order = np.random.default_rng(0).permutation(len(x))
    for fold in np.array_split(order, num_folds):
        x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
        for k in k_choices:
            accuracies[k].append(float(np.mean(predict(x_rest, y_rest, x[fold], k) == y[fold])))
    return accuracies
