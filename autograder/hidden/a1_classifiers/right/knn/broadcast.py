"""Broadcasting where it is allowed, products of stacked matrices, votes by runs of equal labels."""

import numpy as np
import torch


def compute_distances_two_loops(x_train, x_test):
    num_test, num_train = len(x_test), len(x_train)
    dists = np.full((num_test, num_train), np.nan)
    m = 0
    while m < num_test:
        n = 0
        while n < num_train:
            dists[m, n] = np.sqrt(np.square(np.float64(x_test[m]) - np.float64(x_train[n])).sum())
            n += 1
        m += 1
    return dists


def compute_distances_one_loop(x_train, x_test):
    dists = np.empty((len(x_test), len(x_train)), dtype=np.float64)
    for m, point in enumerate(np.array(x_test, dtype=np.float64)):
        gaps = x_train - point
        dists[m, :] = np.sqrt((gaps[:, None, :] @ gaps[:, :, None])[:, 0, 0])
    return dists


def compute_distances_no_loops(x_train, x_test):
    test = np.array(x_test, dtype=np.float64)
    train = np.array(x_train, dtype=np.float64)
    products = np.inner(test, train)
    squares = np.add.outer(np.square(test).sum(axis=-1), np.square(train).sum(axis=-1))
    return np.sqrt(np.where(squares > 2 * products, squares - 2 * products, 0.0))


def predict_labels(dists, y_train, k=1):
    places = np.broadcast_to(np.arange(dists.shape[1]), dists.shape)
    order = np.lexsort((places, dists), axis=1)[:, :k]
    votes = np.sort(y_train[order], axis=1)
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return np.take_along_axis(votes, counts.argmax(axis=1)[:, None], axis=1)[:, 0]


def cross_validate(x, y, k_choices, num_folds, predict):
    edges = np.cumsum([0] + [len(part) for part in np.array_split(y, num_folds)])
    table = {k: [0.0] * num_folds for k in k_choices}
    for fold in range(num_folds):
        held = slice(edges[fold], edges[fold + 1])
        x_rest, y_rest = np.delete(x, held, axis=0), np.delete(y, held, axis=0)
        for k in k_choices:
            hits = np.equal(predict(x_rest, y_rest, x[held], k), y[held])
            table[k][fold] = np.count_nonzero(hits) / hits.size
    return table


def best_k(accuracies):
    ks = np.array(sorted(accuracies))
    return int(ks[np.argmax([np.mean(accuracies[k]) for k in ks])])


def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    dim = x_train.shape[1]
    rows = max(1, min(int((max_bytes / 128) ** 0.5), max_bytes // (48 * dim)))
    parts = []
    for test in torch.split(x_test, rows):
        test = test.to(torch.float64).to(device)
        best = None
        for start in range(0, len(x_train), rows):
            train = x_train[start : start + rows].to(torch.float64).to(device)
            squares = (train @ test.T).mul_(-2)
            squares += torch.linalg.vecdot(train, train).unsqueeze(1)
            index = torch.arange(start, start + len(train), device=device)
            index = index.unsqueeze(1).expand_as(squares)
            if best is not None:
                squares = torch.cat([best[0], squares])
                index = torch.cat([best[1], index])
            values, order = squares.topk(min(k, len(squares)), dim=0, largest=False)
            best = values, index.gather(0, order)
        votes = y_train.to(device)[best[1]].sort(dim=0).values
        counts = torch.stack([(votes == vote).sum(dim=0) for vote in votes])
        parts.append(votes.gather(0, counts.argmax(dim=0, keepdim=True))[0].cpu())
    return torch.cat(parts)
