"""The public splits of the scenes, drawn once and kept in the cache.

They are kept in blocks of 1,000 pictures, so that whoever asks for few waits for few. A block
carries its checksum; one that is damaged, or that cannot be written, is drawn again.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cvcourse.data.arrays import Split
from cvcourse.data.files import write_whole
from cvcourse.data.folders import cache_folder
from cvcourse.data.scenes import CLASS_NAMES, generate

VERSION = 1
"""Counted up whenever any picture of the public splits changes."""
KEYS = {"train": b"cvcourse train 1", "test": b"cvcourse test  1"}
BLOCK = 1000
_SIZE = 32
_PIXELS = 3 * _SIZE * _SIZE
_DIGEST = 32
_WORTH_A_BAR = 5  # blocks; they take about two seconds


class ScenesSource:
    """The source "scenes": 50,000 training and 10,000 test pictures."""

    num_train = 50_000
    num_test = 10_000
    class_names = CLASS_NAMES
    origin = (
        "Generated scenes: pictures of 32x32 pixels of ten kinds of things, drawn on this machine "
        f"by cvcourse.data.scenes (version {VERSION})."
    )

    def read(self, part: str, start: int, stop: int) -> Split:
        """The pictures start..stop-1 of a part, "train" or "test"."""
        images = np.empty((stop - start, 3, _SIZE, _SIZE), np.uint8)
        labels = np.empty(stop - start, np.int64)
        blocks = range(start // BLOCK, -(-stop // BLOCK)) if stop > start else range(0)
        missing = sum(not _path(part, block).is_file() for block in blocks)
        with tqdm(
            total=missing * BLOCK, desc="drawing scenes", disable=missing < _WORTH_A_BAR
        ) as bar:
            for number in blocks:
                block, drawn = _block(part, number)
                bar.update(BLOCK * drawn)
                first, last = max(start, number * BLOCK), min(stop, (number + 1) * BLOCK)
                here = slice(first - number * BLOCK, last - number * BLOCK)
                images[first - start : last - start] = block.images[here]
                labels[first - start : last - start] = block.labels[here]
        return Split(images, labels)


def _path(part: str, number: int) -> Path:
    return cache_folder() / f"scenes-{VERSION}" / f"{part}-{number:03d}.bin"


def _block(part: str, number: int) -> tuple[Split, bool]:
    """A block, and whether it had to be drawn."""
    path = _path(part, number)
    block = _read(path)
    if block:
        return block, False
    block = generate(KEYS[part], BLOCK, start=number * BLOCK)
    labels, images = block.labels.astype(np.uint8).tobytes(), block.images.tobytes()
    digest = hashlib.sha256(labels)
    digest.update(images)
    try:
        write_whole(path, [digest.digest(), labels, images])
    except OSError as error:
        warnings.warn(
            f"generated pictures could not be kept in {path.parent} ({error.strerror}), so they "
            "are drawn anew each time; set CVCOURSE_CACHE to a folder that can be written",
            stacklevel=2,
        )
    return block, True


def _read(path: Path) -> Split | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    whole = memoryview(content)[_DIGEST:]
    if len(whole) != BLOCK * (1 + _PIXELS) or hashlib.sha256(whole).digest() != content[:_DIGEST]:
        return None
    labels = np.frombuffer(whole[:BLOCK], np.uint8).astype(np.int64)
    return Split(np.frombuffer(whole[BLOCK:], np.uint8).reshape(BLOCK, 3, _SIZE, _SIZE), labels)
