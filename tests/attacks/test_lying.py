"""Results that lie about what they are; on the grader's side they are plain arrays and numbers."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import Attack
from .family import each

pytestmark = pytest.mark.sandbox


def distances(result: str) -> dict[str, str]:
    """An answer to knn-q1 that returns an expression."""
    return {
        "knn-q1": f"""
def compute_distances_two_loops(x_train, x_test):
    shape = (len(x_test), len(x_train))
    return {result}
"""
    }


def best(result: str) -> dict[str, str]:
    """An answer to knn-q6 that returns an expression."""
    return {"knn-q6": f"def best_k(accuracies):\n    return {result}"}


ATTACKS = [
    Attack(
        "an array whose comparisons and arithmetic always agree",
        """
class Agreeable(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)
    __le__ = __ge__ = __lt__ = __eq__
    def __ne__(self, other):
        return np.zeros(self.shape, dtype=bool)
    def __sub__(self, other):
        return np.zeros(self.shape)
    __rsub__ = __sub__
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)
    def __array_function__(self, function, types, args, kwargs):
        return True
""",
        distances("np.ones(shape).view(Agreeable)"),
    ),
    Attack(
        "an object that becomes another array each time it is asked",
        """
class Chameleon:
    shape, dtype, ndim = (7, 11), np.dtype("float64"), 2
    def __array__(self, dtype=None, copy=None):
        return np.random.rand(7, 11)
    def __getattr__(self, name):
        return lambda *args, **kwargs: True
""",
        distances("Chameleon()"),
    ),
    Attack(
        "an object that says its class is numpy.ndarray",
        """
class Pretender:
    __class__ = np.ndarray
    dtype, ndim, size, strides = np.dtype("float64"), 2, 6, (8, 8)
    def __init__(self, shape):
        self.shape = shape
    def __eq__(self, other):
        return True
""",
        distances("Pretender(shape)"),
    ),
    Attack(
        "an array interface that points at foreign memory",
        """
class Pointer:
    def __init__(self, shape):
        self.__array_interface__ = {
            "shape": shape, "typestr": "<f8", "data": (8, True), "version": 3}
""",
        distances("Pointer(shape)"),
    ),
    Attack(
        "a list that is never unequal",
        """
class Equal(list):
    def __eq__(self, other):
        return True
    __ne__ = lambda self, other: False
    __hash__ = list.__hash__
""",
        {
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: Equal([0.0] * num_folds) for k in k_choices}
""",
            **distances("Equal(np.zeros(shape).tolist())"),
        },
    ),
    Attack(
        "numbers that are close to every number",
        """
class Close(float):
    def __sub__(self, other):
        return 0.0
    __rsub__ = __sub__
    def __eq__(self, other):
        return True
    __le__ = __ge__ = __eq__
    __hash__ = float.__hash__
class Close64(np.float64):
    __sub__, __rsub__, __eq__, __le__ = Close.__sub__, Close.__sub__, Close.__eq__, Close.__eq__
""",
        {
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: [Close(0.5), Close64(0.5)] + [Close(0.5)] * (num_folds - 2) for k in k_choices}
"""
        },
    ),
    Attack(
        "an integer that equals every integer",
        """
class Every(int):
    def __eq__(self, other):
        return True
    def __sub__(self, other):
        return 0
    __rsub__ = __sub__
    __hash__ = int.__hash__
""",
        best("Every(0)"),
    ),
    Attack(
        "a dictionary that has every key",
        """
class Full(dict):
    def __missing__(self, key):
        return [1.0] * 5
    def __contains__(self, key):
        return True
    def items(self):
        return [(k, [1.0] * 5) for k in range(100)]
    keys = lambda self: range(100)
""",
        {
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return Full()
"""
        },
    ),
    Attack(
        "a dictionary with twice the same keys, as numbers of several types",
        "",
        {
            "knn-q5": """
import numpy as np
def cross_validate(x, y, k_choices, num_folds, predict):
    return {**{k: [0.0] * num_folds for k in k_choices},
            **{f"{k}": [1.0] * num_folds for k in k_choices},
            **{(k,): [1.0] * num_folds for k in k_choices}, None: None, True: []}
"""
        },
    ),
    Attack(
        "a tensor subclass that answers for itself",
        """
class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.Tensor.detach, torch.Tensor.cpu, torch.Tensor.contiguous):
            return super().__torch_function__(function, types, args, kwargs or {})
        return True
""",
        {
            "knn-q7": """
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    return torch.zeros(len(x_test), dtype=torch.int64).as_subclass(Agreeable)
"""
        },
    ),
    Attack(
        "an array that a thread goes on changing after it was returned",
        """
shared = np.zeros((16, 16))
def change():
    while True:
        shared[:] = np.random.rand(16, 16)
""",
        {
            "knn-q1": """
started = []
def compute_distances_two_loops(x_train, x_test):
    if not started:
        started.append(threading.Thread(target=change, daemon=True).start())
    return shared[:len(x_test), :len(x_train)]
"""
        },
    ),
    Attack("NaN everywhere", "", {**distances("np.full(shape, np.nan)"), **best("float('nan')")}),
    Attack("infinity everywhere", "", {**distances("np.full(shape, np.inf)"), **best("1e999")}),
    Attack(
        "accuracies of NaN, which no comparison finds wrong",
        "",
        {
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: [float("nan")] * num_folds for k in k_choices}
"""
        },
    ),
    Attack(
        "object arrays, masked arrays and records",
        """
class Yes:
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: self
    __hash__ = object.__hash__
turn = iter(range(10**9))
def odd(shape):
    kinds = [np.full(shape, Yes(), dtype=object), np.ma.masked_all(shape),
             np.zeros(shape, dtype=[("a", "f8")]), np.full(shape, "1.0"), np.zeros(shape, "M8[s]"),
             np.zeros(shape, "V8"), np.zeros(shape, "c16"), np.zeros(shape, bool)]
    return kinds[next(turn) % len(kinds)]
""",
        distances("odd(shape)"),
    ),
    Attack(
        "a bool tensor whose bytes are neither 0 nor 1",
        "",
        {
            "knn-q7": """
import torch
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    return torch.full((len(x_test),), 255, dtype=torch.uint8).view(torch.bool)
"""
        },
    ),
    Attack(
        "a view that claims more elements than there is memory",
        "",
        distances("np.broadcast_to(np.float64(1), (1 << 40, 1 << 20))"),
    ),
    Attack(
        "tensors that hold no plain data",
        """
turn = iter(range(10**9))
def odd(num):
    kinds = [torch.zeros(num, device="meta"), torch.eye(max(num, 1)).to_sparse(),
             torch.quantize_per_tensor(torch.zeros(num), 0.1, 0, torch.qint8),
             torch.zeros(num, requires_grad=True), torch.zeros(num, dtype=torch.complex64).conj(),
             torch.zeros(num, dtype=torch.bfloat16), torch.nested.nested_tensor([torch.zeros(2)])]
    return kinds[next(turn) % len(kinds)]
""",
        {
            "knn-q7": """
import warnings
warnings.simplefilter("ignore")
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    return odd(len(x_test))
"""
        },
    ),
    Attack(
        "generators, coroutines, modules and functions",
        """
turn = iter(range(10**9))
async def later():
    return 5
def odd():
    kinds = [(n for n in range(9)), map(str, range(9)), sys, odd, lambda: 5, iter(int, 1), Ellipsis,
             NotImplemented, type, 1j, b"5", bytearray(5), range(5), slice(5), memoryview(b"5")]
    return kinds[next(turn) % len(kinds)]
""",
        best("odd()"),
    ),
    Attack(
        "a mock that answers every question",
        "from unittest.mock import MagicMock",
        {**best("MagicMock(return_value=5)"), **distances("MagicMock(shape=shape, ndim=2)")},
    ),
    Attack(
        "a list that holds itself, and one nested a thousand deep",
        """
loop = []
loop.append(loop)
deep = []
for _ in range(1000):
    deep = [deep]
turn = iter(range(10**9))
""",
        best("loop if next(turn) % 2 else deep"),
    ),
    Attack(
        "an object that runs code where it is unpickled",
        """
class Bomb:
    def __reduce__(self):
        return (os.system, ("touch @COURSE@/owned; touch /tmp/owned",))
""",
        {
            **best("Bomb()"),
            **distances("np.full(shape, Bomb(), dtype=object)"),
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: Bomb() for k in k_choices}
""",
        },
    ),
    Attack(
        "strings where numbers belong, in markup and in other scripts",
        "",
        {
            **best("'<script>alert(5)</script>'"),
            "knn-q5": """
def cross_validate(x, y, k_choices, num_folds, predict):
    return {"<img src=x onerror=alert(1)>": ["\\u202e5", "\\ud800", "\\x1b[2J", "٥"]}
""",
        },
    ),
    Attack(
        "very large integers and floats at the edge",
        "turn = iter(range(10**9))",
        best("(10**5000, -(2**255), 2**300, 5e-324, 1.7e308, -0.0, True)[next(turn) % 7]"),
    ),
]


@each(ATTACKS)
def test_lies_earn_nothing(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
