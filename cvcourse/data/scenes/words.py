"""Random numbers that depend on a key and a picture's number, and on nothing else.

Every picture owns a fixed stretch of a counter-based generator (Philox), so picture 41,000 can be
drawn without the 41,000 before it, and the numbers are the same on every processor.
"""

from __future__ import annotations

import numpy as np

KEY_BYTES = 16
DESCRIPTION, GRAIN, TEXTURE, CAPTION = range(4)  # streams that never overlap
_WORDS_PER_STEP = 4


def raw_words(key: bytes, stream: int, start: int, num: int, per_picture: int) -> np.ndarray:
    """Raw 64-bit words of the pictures start..start+num-1.

    Args:
        key: 16 bytes.
        stream: which of a picture's independent stretches.
        start: number of the first picture, at least 0.
        num: how many pictures.
        per_picture: words for each.

    Returns:
        (num, per_picture) uint64.
    """
    steps = -(-per_picture // _WORDS_PER_STEP)
    first = int.from_bytes(key, "little")
    generator = np.random.Philox(key=first, counter=[start * steps, 0, per_picture, stream])
    words = np.asarray(generator.random_raw(num * steps * _WORDS_PER_STEP))
    return words.reshape(num, steps * _WORDS_PER_STEP)[:, :per_picture]


def raw_bytes(key: bytes, stream: int, start: int, num: int, per_picture: int) -> np.ndarray:
    """Random bytes of the pictures start..start+num-1: (num, per_picture) uint8."""
    words = raw_words(key, stream, start, num, -(-per_picture // 8))
    return np.ascontiguousarray(words, dtype="<u8").view(np.uint8)[:, :per_picture]


class Words:
    """Hands out a batch's words column by column, as numbers of the kind that is asked for.

    Args:
        words: (N, W) uint64.
    """

    def __init__(self, words: np.ndarray) -> None:
        self._words = words
        self._next = 0

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """(N, *shape) float64, evenly spread from low up to high."""
        words = self._take(shape)
        share: np.ndarray = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return np.asarray(low + (high - low) * share, dtype=np.float64)

    def bell(self, centre: float, spread: float, *shape: int) -> np.ndarray:
        """(N, *shape) float64 within centre - spread .. centre + spread, the middle more often."""
        one, two = self.uniform(-0.5, 0.5, *shape), self.uniform(-0.5, 0.5, *shape)
        return np.asarray(centre + spread * (one + two), dtype=np.float64)

    def below(self, bound: int, *shape: int) -> np.ndarray:
        """(N, *shape) int64, evenly spread over 0..bound-1; bound is at most 2**31."""
        words = self._take(shape) >> np.uint64(32)
        return np.asarray((words * np.uint64(bound)) >> np.uint64(32), dtype=np.int64)

    def _take(self, shape: tuple[int, ...]) -> np.ndarray:
        count = 1
        for length in shape:
            count *= length
        if self._next + count > self._words.shape[1]:
            raise ValueError(f"a picture has {self._words.shape[1]} words; all of them are used")
        taken = self._words[:, self._next : self._next + count]
        self._next += count
        return taken.reshape(len(taken), *shape)
