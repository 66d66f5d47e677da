"""A tie in votes goes to the label that was met first, the nearest; it must go to the smallest."""

from collections import Counter

import numpy as np


def predict_labels(dists, y_train, k=1):
    labels = np.zeros(len(dists), dtype=np.int64)
    for m, row in enumerate(dists):
        nearest = y_train[np.argsort(row, kind="stable")[:k]]
        labels[m] = Counter(nearest.tolist()).most_common(1)[0][0]
    return labels
