"""No k is returned when every accuracy is 0: the search begins at 0 and asks for more."""

import numpy as np


def best_k(accuracies):
    best, highest = None, 0.0
    for k in sorted(accuracies):
        if np.mean(accuracies[k]) > highest:
            best, highest = k, np.mean(accuracies[k])
    return best
