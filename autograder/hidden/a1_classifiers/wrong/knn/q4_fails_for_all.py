"""np.argpartition needs k below N, so k = N raises."""

import numpy as np


def predict_labels(dists, y_train, k=1):
    labels = np.zeros(len(dists), dtype=np.int64)
    for m, row in enumerate(dists):
        labels[m] = np.bincount(y_train[np.argpartition(row, k)[:k]]).argmax()
    return labels
