"""The labels come back as floats, because np.zeros makes floats unless it is told otherwise."""

import numpy as np


def predict_labels(dists, y_train, k=1):
    labels = np.zeros(len(dists))
    for m, row in enumerate(dists):
        labels[m] = np.bincount(y_train[np.argsort(row, kind="stable")[:k]]).argmax()
    return labels
