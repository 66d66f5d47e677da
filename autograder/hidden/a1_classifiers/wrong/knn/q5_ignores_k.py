"""predict always gets the first k of k_choices; hand on the k whose turn it is."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    accuracies = {k: [] for k in k_choices}
    for fold in np.array_split(np.arange(len(x)), num_folds):
        x_rest, y_rest = np.delete(x, fold, axis=0), np.delete(y, fold)
        accuracy = float(np.mean(predict(x_rest, y_rest, x[fold], k_choices[0]) == y[fold]))
        for k in k_choices:
            accuracies[k].append(accuracy)
    return accuracies
