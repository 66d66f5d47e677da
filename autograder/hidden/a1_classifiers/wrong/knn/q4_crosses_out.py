"""The nearest point is crossed out in dists itself, which changes the caller's array."""

import numpy as np


def predict_labels(dists, y_train, k=1):
    labels = np.zeros(len(dists), dtype=np.int64)
    for m, row in enumerate(dists):
        nearest = []
        for _ in range(k):
            nearest.append(row.argmin())
            row[nearest[-1]] = np.inf
        labels[m] = np.bincount(y_train[nearest]).argmax()
    return labels
