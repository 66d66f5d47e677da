"""Only the last fold is compared; take the mean over all folds."""


def best_k(accuracies):
    return max(sorted(accuracies), key=lambda k: accuracies[k][-1])
