"""Arrays of NumPy and tensors of torch under one hand; torch is not imported for it."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_tensor(value: object) -> bool:
    """Whether a value is a torch tensor; does not import torch."""
    return any(c.__module__ == "torch" and c.__name__ == "Tensor" for c in type(value).__mro__)


def as_numpy(value: Any) -> np.ndarray:
    """An array, or a tensor as an array of a dtype that NumPy has."""
    if is_tensor(value):
        value = value.detach().cpu().resolve_neg()
        if value.dtype.is_floating_point and value.dtype.itemsize < 4:
            value = value.float()  # NumPy lacks bfloat16 and the types of eight bits
        return np.asarray(value.numpy())
    return np.asarray(value)
