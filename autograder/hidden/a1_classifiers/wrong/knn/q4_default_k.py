"""k has another default than 1."""

import numpy as np


def predict_labels(dists, y_train, k=5):
    labels = np.zeros(len(dists), dtype=np.int64)
    for m, row in enumerate(dists):
        labels[m] = np.bincount(y_train[np.argsort(row, kind="stable")[:k]]).argmax()
    return labels
