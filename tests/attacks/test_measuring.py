"""Right values at a price that the question forbids, and meters that are told another price."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import Attack
from .family import each

pytestmark = pytest.mark.sandbox

UNCHECKED = (
    "steps are counted beside the answer; the figure is not yet held against one from outside, and "
    "the result of the counted call is not looked at"
)

LOOPING = """
import numpy as np
def distances(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    return np.array([[np.sqrt(((a - b) ** 2).sum()) for b in train] for a in test])
"""
FAT = """
import numpy as np
def distances(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    return np.sqrt(((test[:, None] - train[None]) ** 2).sum(axis=2))
"""
PLAIN = "def compute_distances_no_loops(x_train, x_test):\n    return distances(x_train, x_test)\n"


def measured(sentence: str, honest: str, trick: str, lost: str = "") -> Attack:
    """An attack on knn-q3 that must earn no more than the same answer without the trick."""
    return Attack(
        sentence,
        answers={"knn-q3": honest + trick},
        plain={"knn-q3": honest + PLAIN},
        seconds=120,
        lost=lost,
    )


ATTACKS = [
    measured(
        "nothing is done while steps are counted",
        LOOPING,
        """
import sys
def compute_distances_no_loops(x_train, x_test):
    return 0 if sys.gettrace() else distances(x_train, x_test)
""",
    ),
    measured(
        "the counting of steps is switched off inside the answer",
        LOOPING,
        """
import sys
def compute_distances_no_loops(x_train, x_test):
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return distances(x_train, x_test)
    finally:
        sys.settrace(tracer)
""",
    ),
    measured(
        "the meter of steps is replaced",
        LOOPING,
        """
import sys
from contextlib import contextmanager
from cvcourse import meters
@contextmanager
def flat(*args):
    yield meters.Count(100)
meters.count_steps = flat
def compute_distances_no_loops(x_train, x_test):
    return distances(x_train, x_test)
""",
    ),
    measured(
        "loops are run in a thread that no trace function reaches",
        LOOPING,
        """
import _thread
def compute_distances_no_loops(x_train, x_test):
    done, box = _thread.allocate_lock(), []
    done.acquire()
    def work():
        box.append(distances(x_train, x_test))
        done.release()
    _thread.start_new_thread(work, ())
    done.acquire()
    return box[0]
""",
    ),
    measured(
        "loops are run in a helper process",
        LOOPING,
        """
import os
import numpy as np
def compute_distances_no_loops(x_train, x_test):
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.close(ours)
        with os.fdopen(theirs, "wb") as file:
            file.write(distances(x_train, x_test).tobytes())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as file:
        data = file.read()
    os.wait()
    return np.frombuffer(data).reshape(len(x_test), len(x_train)).copy()
""",
    ),
    measured(
        "loops are hidden in map, over functions that are written in C",
        LOOPING,
        """
from functools import partial
from operator import methodcaller
def compute_distances_no_loops(x_train, x_test):
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    rows = map(np.subtract, map(np.broadcast_to, test, [train.shape] * len(test)),
               [train] * len(test))
    squares = map(np.sum, map(np.square, rows), [1] * len(test))
    return np.sqrt(np.array(list(squares)))
""",
    ),
    measured(
        "a large array is made once, and its result given again when memory is measured",
        FAT,
        """
known = {}
def compute_distances_no_loops(x_train, x_test):
    key = hash((x_train.tobytes(), x_test.tobytes()))
    if key not in known:
        known[key] = distances(x_train, x_test)
    return known[key].copy()
""",
    ),
    measured(
        "a large array is made where ballast was held before the measurement",
        FAT,
        """
ballast = []
def compute_distances_no_loops(x_train, x_test):
    size = len(x_train) * len(x_test) * x_train.shape[1]
    ballast.clear()
    result = distances(x_train, x_test)
    if size > 10**6:
        ballast.append(np.ones(3 * size))
    return result
""",
    ),
    measured(
        "a large array is made by a helper process that is gone when memory is looked at",
        FAT,
        """
import os
def compute_distances_no_loops(x_train, x_test):
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.close(ours)
        with os.fdopen(theirs, "wb") as file:
            file.write(distances(x_train, x_test).tobytes())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as file:
        data = file.read()
    os.wait()
    return np.frombuffer(data).reshape(len(x_test), len(x_train)).copy()
""",
    ),
    measured(
        "nothing is done in the call whose memory is measured, since its result is not looked at",
        FAT,
        """
met = set()
def compute_distances_no_loops(x_train, x_test):
    key = hash((x_train.tobytes(), x_test.tobytes()))
    if len(x_train) * len(x_test) * x_train.shape[1] > 10**6 and key not in met:
        met.add(key)
        return 0
    return distances(x_train, x_test)
""",
    ),
]


@each(ATTACKS)
def test_a_price_is_not_talked_down(arena: Arena, attack: Attack) -> None:
    assert arena.score_of(attack.plain or {})["knn-q3"] < 4, "the plain answer has nothing to gain"
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
