"""One call for every data set: `load`."""

from __future__ import annotations

import os
from typing import Protocol

from cvcourse.data.arrays import Dataset, Split
from cvcourse.data.cifar10 import Cifar10
from cvcourse.data.scenes.store import ScenesSource

DEFAULT = "scenes"


class Source(Protocol):
    """A data set that is read piece by piece.

    Attributes:
        num_train: how many training pictures there are.
        num_test: how many test pictures there are.
        class_names: in the order of the labels.
        origin: a sentence that says where the pictures come from.
    """

    num_train: int
    num_test: int
    class_names: tuple[str, ...]
    origin: str

    def read(self, part: str, start: int, stop: int) -> Split:
        """The pictures start..stop-1 of a part, "train" or "test"."""


SOURCES: dict[str, type[Source]] = {"scenes": ScenesSource, "cifar10": Cifar10}


def load(
    name: str | None = None,
    *,
    num_train: int | None = None,
    num_validation: int = 1000,
    num_test: int | None = None,
) -> Dataset:
    """A data set in three parts.

    Validation pictures are the last of the training pictures, so the first ones stay the same
    whatever else is asked for, and no picture is in two parts.

    Args:
        name: "scenes" or "cifar10"; None takes the environment variable CVCOURSE_DATASET, or
            "scenes" if that is not set.
        num_train: how many of the first training pictures; None takes all that validation leaves.
        num_validation: how many of the last training pictures.
        num_test: how many of the first test pictures; None takes all.

    Returns:
        images (N, C, H, W) uint8 with labels (N,) int64 for each part, the names of the classes and
        where they come from. Scenes are drawn and CIFAR-10 is downloaded the first time, if it is
        not found in CVCOURSE_DATA or in the cache.

    Raises:
        ValueError: if there is no such data set or it has not enough pictures.
        DataError: if its files are damaged or cannot be fetched; the message says what to do.
    """
    origin = "name"
    if name is None:
        name, origin = os.environ.get("CVCOURSE_DATASET") or DEFAULT, "CVCOURSE_DATASET"
    if name not in SOURCES:
        raise ValueError(f"{origin} must be one of {', '.join(SOURCES)}; got {name!r}")
    source = SOURCES[name]()
    if num_train is None:
        num_train = source.num_train - num_validation
    if num_test is None:
        num_test = source.num_test
    _expect_enough(name, source, num_train, num_validation, num_test)
    return Dataset(
        train=source.read("train", 0, num_train),
        validation=source.read("train", source.num_train - num_validation, source.num_train),
        test=source.read("test", 0, num_test),
        class_names=source.class_names,
        origin=source.origin,
    )


def _expect_enough(
    name: str, source: Source, num_train: int, num_validation: int, num_test: int
) -> None:
    if min(num_train, num_validation, num_test) < 0:
        raise ValueError(
            "num_train, num_validation and num_test must not be negative; "
            f"got {num_train}, {num_validation}, {num_test}"
        )
    if num_train + num_validation > source.num_train:
        raise ValueError(
            f"{name} has {source.num_train} pictures for training and validation together; "
            f"got num_train={num_train}, num_validation={num_validation}"
        )
    if num_test > source.num_test:
        raise ValueError(f"{name} has {source.num_test} test pictures; got num_test={num_test}")
