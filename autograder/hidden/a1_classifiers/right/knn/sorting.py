"""Augmented vectors, plain Python numbers, sorted labels, powers of two for blocks."""

import collections
import math

import numpy as np
import torch


def compute_distances_two_loops(x_train, x_test):
    dists = np.empty((x_test.shape[0], x_train.shape[0]), dtype="float64")
    for m, a in enumerate(x_test):
        for n, b in enumerate(x_train):
            pairs = zip(a.tolist(), b.tolist(), strict=True)
            dists[m, n] = math.sqrt(sum((p - q) ** 2 for p, q in pairs))
    return dists


def compute_distances_one_loop(x_train, x_test):
    train = x_train.astype(np.float64)
    squares = (train * train).sum(1)
    dists = np.empty((x_test.shape[0], x_train.shape[0]))
    for m, a in enumerate(x_test.astype(np.float64)):
        dists[m] = np.sqrt(np.clip(squares - 2 * train.dot(a) + a.dot(a), 0, None))
    return dists


def compute_distances_no_loops(x_train, x_test):
    train, test = x_train.astype(float), x_test.astype(float)
    ones = np.ones
    left = np.hstack([-2 * test, (test**2).sum(1, keepdims=True), ones((len(test), 1))])
    right = np.hstack([train, ones((len(train), 1)), (train**2).sum(1, keepdims=True)])
    return np.sqrt(np.clip(np.dot(left, right.T), 0.0, np.inf))


def predict_labels(dists, y_train, k=1):
    labels = []
    for row in dists:
        order = sorted(range(len(row)), key=row.__getitem__)
        votes = collections.Counter(sorted(y_train[n] for n in order[:k]))
        labels.append(votes.most_common(1)[0][0])
    return np.array(labels)


def cross_validate(x, y, k_choices, num_folds, predict):
    num = len(x)
    size, larger = divmod(num, num_folds)
    table = {}
    for k in k_choices:
        row, start = [], 0
        for fold in range(num_folds):
            stop = start + size + (fold < larger)
            held = np.zeros(num, dtype=bool)
            held[start:stop] = True
            predicted = predict(x[~held], y[~held], x[held], k)
            row.append(sum(predicted == y[held]) / (stop - start))
            start = stop
        table[k] = row
    return table


def best_k(accuracies):
    means = {k: sum(row) / len(row) for k, row in accuracies.items()}
    highest = max(means.values())
    return min(k for k, mean in means.items() if mean == highest)


def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    dim = x_train.size(1)
    rows = 16
    while 8 * (4 * rows * dim + 6 * rows * (rows + k)) * 4 < max_bytes:
        rows *= 2
    labels = torch.zeros(len(x_test), dtype=torch.long)
    start = 0
    while start < len(x_test):
        test = x_test[start : start + rows].to(device).double()
        kept_values, kept_labels = None, None
        for first in range(0, len(x_train), rows):
            train = x_train[first : first + rows].to(device).double()
            values = torch.addmm(
                train.pow(2).sum(1).unsqueeze(0) + test.pow(2).sum(1).unsqueeze(1),
                test,
                train.t(),
                alpha=-2,
            )
            values, order = values.sort(dim=1)
            values = values[:, :k].clone()
            own = y_train[first : first + rows].to(device)[order[:, :k]]
            del order
            if kept_values is not None:
                values = torch.cat([kept_values, values], 1)
                own = torch.cat([kept_labels, own], 1)
            values, order = values.sort(dim=1)
            kept_values, kept_labels = values[:, :k].clone(), own.gather(1, order[:, :k])
        labels[start : start + rows] = torch.mode(kept_labels, dim=1).values.cpu()
        start += rows
    return labels
