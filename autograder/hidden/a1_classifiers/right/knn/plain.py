"""The plain way: the expanded square, argsort, bincount, topk over joined candidates."""

import numpy as np
import torch


def compute_distances_two_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        for n in range(len(train)):
            dists[m, n] = np.sqrt(np.sum((test[m] - train[n]) ** 2))
    return dists


def compute_distances_one_loop(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.zeros((len(test), len(train)))
    for m in range(len(test)):
        dists[m] = np.sqrt(np.sum((test[m] - train) ** 2, axis=1))
    return dists


def compute_distances_no_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    squares = np.sum(test**2, axis=1)[:, None] - 2 * test @ train.T + np.sum(train**2, axis=1)
    return np.sqrt(np.maximum(squares, 0))


def predict_labels(dists, y_train, k=1):
    labels = np.zeros(len(dists), dtype=y_train.dtype)
    for m, row in enumerate(dists):
        nearest = np.argsort(row, kind="stable")[:k]
        labels[m] = np.bincount(y_train[nearest]).argmax()
    return labels


def cross_validate(x, y, k_choices, num_folds, predict):
    x_folds, y_folds = np.array_split(x, num_folds), np.array_split(y, num_folds)
    accuracies = {}
    for k in k_choices:
        accuracies[k] = []
        for i in range(num_folds):
            x_rest = np.concatenate(x_folds[:i] + x_folds[i + 1 :])
            y_rest = np.concatenate(y_folds[:i] + y_folds[i + 1 :])
            predicted = predict(x_rest, y_rest, x_folds[i], k)
            accuracies[k].append(np.mean(predicted == y_folds[i]))
    return accuracies


def best_k(accuracies):
    best, highest = None, -1.0
    for k in sorted(accuracies):
        mean = np.mean(accuracies[k])
        if mean > highest:
            best, highest = k, mean
    return best


def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    dim = x_train.shape[1]
    # Two blocks and the squares of their entries, 32 rows D bytes, and four matrices of the size
    # of the distances, 32 rows^2 bytes, must fit.
    rows = max(1, int((dim**2 + max_bytes / 8) ** 0.5 - dim) // 2)
    labels = torch.empty(len(x_test), dtype=torch.int64)
    for m in range(0, len(x_test), rows):
        test = x_test[m : m + rows].to(device, torch.float64)
        test_squares = (test * test).sum(dim=1, keepdim=True)
        near = torch.empty((len(test), 0), dtype=torch.float64, device=device)
        votes = torch.empty((len(test), 0), dtype=torch.int64, device=device)
        for n in range(0, len(x_train), rows):
            train = x_train[n : n + rows].to(device, torch.float64)
            squares = (test @ train.T).mul_(-2).add_(test_squares).add_((train * train).sum(dim=1))
            own = y_train[n : n + rows].to(device)
            values, places = squares.topk(min(k, len(train)), dim=1, largest=False)
            near = torch.cat([near, values], dim=1)
            votes = torch.cat([votes, own[places]], dim=1)
            near, places = near.topk(min(k, near.shape[1]), dim=1, largest=False)
            votes = votes.gather(1, places)
        labels[m : m + rows] = most_frequent(votes).cpu()
    return labels


def most_frequent(votes):
    ordered = votes.sort(dim=1).values
    counts = torch.zeros_like(ordered)
    for place in range(ordered.shape[1]):
        counts += ordered == ordered[:, place : place + 1]
    return ordered.gather(1, counts.argmax(dim=1, keepdim=True)).squeeze(1)
