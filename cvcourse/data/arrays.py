"""What a data set is made of, and the small steps that turn pictures into rows of features.

Pictures are (N, C, H, W) uint8, labels (N,) int64, everywhere in the course.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with their labels.

    Attributes:
        images: (N, C, H, W) uint8.
        labels: (N,) int64.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(
                f"images must be (N, C, H, W) uint8; got {self.images.shape} {self.images.dtype}"
            )
        if self.labels.shape != self.images.shape[:1] or self.labels.dtype != np.int64:
            raise ValueError(
                f"labels must be (N,) int64 with N={len(self.images)}; "
                f"got {self.labels.shape} {self.labels.dtype}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Split(images={self.images.shape} uint8, labels={self.labels.shape} int64)"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in three parts that share no picture.

    Attributes:
        train: what a model learns from.
        validation: what choices are made on.
        test: what is looked at once, at the end.
        class_names: in the order of the labels.
        origin: a sentence that says where the pictures come from.
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    origin: str


def subset(split: Split, num: int) -> Split:
    """The first `num` pictures of a split, without a copy.

    Raises:
        ValueError: if the split holds fewer.
    """
    if not 0 <= num <= len(split):
        raise ValueError(f"num must be in 0..{len(split)}, the size of the split; got {num}")
    return Split(split.images[:num], split.labels[:num])


def flatten(images: np.ndarray) -> np.ndarray:
    """Pictures as rows: (N, C, H, W) -> (N, D) with D = C H W; dtype kept, no copy if possible.

    Raises:
        ValueError: if images is not a batch of pictures.
    """
    if images.ndim != 4:
        raise ValueError(f"images must be (N, C, H, W); got {images.shape}")
    return images.reshape(len(images), -1)
