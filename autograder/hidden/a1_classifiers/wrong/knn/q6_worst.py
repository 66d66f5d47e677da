"""The k with the lowest mean accuracy is returned; accuracy is better when it is higher."""

import numpy as np


def best_k(accuracies):
    return min(sorted(accuracies), key=lambda k: np.mean(accuracies[k]))
