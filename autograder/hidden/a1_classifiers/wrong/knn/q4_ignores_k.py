"""Only the nearest point has a vote, whatever k is."""

import numpy as np


def predict_labels(dists, y_train, k=1):
    return y_train[np.argmin(dists, axis=1)]
