"""The folds behind the validation fold are put before those in front of it; keep the order of the
rows.
"""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    xs, ys = np.array_split(x, num_folds), np.array_split(y, num_folds)
    accuracies = {k: [] for k in k_choices}
    for i in range(num_folds):
        x_rest = np.concatenate(xs[i + 1 :] + xs[:i])
        y_rest = np.concatenate(ys[i + 1 :] + ys[:i])
        for k in k_choices:
            accuracies[k].append(float(np.mean(predict(x_rest, y_rest, xs[i], k) == ys[i])))
    return accuracies
