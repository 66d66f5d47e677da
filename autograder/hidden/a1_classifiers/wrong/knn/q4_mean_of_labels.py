"""The labels are averaged; labels are names of classes, so count them instead."""

import numpy as np


def predict_labels(dists, y_train, k=1):
    order = np.argsort(dists, axis=1, kind="stable")[:, :k]
    return np.round(y_train[order].mean(axis=1)).astype(np.int64)
