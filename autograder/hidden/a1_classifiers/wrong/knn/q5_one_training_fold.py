"""Only the next fold is learned from; all the other folds together are the training part."""

import numpy as np


def cross_validate(x, y, k_choices, num_folds, predict):
    xs, ys = np.array_split(x, num_folds), np.array_split(y, num_folds)
    accuracies = {k: [] for k in k_choices}
    for i in range(num_folds):
        rest = (i + 1) % num_folds
        for k in k_choices:
            predicted = predict(xs[rest], ys[rest], xs[i], k)
            accuracies[k].append(float(np.mean(predicted == ys[i])))
    return accuracies
