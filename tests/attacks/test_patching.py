"""Replacing what a grader might compare, run or print with; the grader's own is elsewhere."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import WRONG, Attack
from .family import each

pytestmark = pytest.mark.sandbox

ATTACKS = [
    Attack(
        "NumPy's comparisons always agree",
        """
yes = lambda *args, **kwargs: True
np.allclose = np.array_equal = np.isclose = np.array_equiv = yes
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *args, **kwargs: None
np.isfinite = lambda x: np.ones(np.shape(x), dtype=bool)
np.abs = np.absolute = np.fabs = lambda x: np.zeros(np.shape(x))
np.where = np.argmax = np.sqrt = lambda *args: np.zeros(1)
""",
        {"knn-q1": WRONG["knn-q1"]},
    ),
    Attack(
        "torch's comparisons always agree",
        """
torch.equal = torch.allclose = lambda *args, **kwargs: True
torch.testing.assert_close = lambda *args, **kwargs: None
torch.Tensor.__eq__ = lambda self, other: torch.ones(1, dtype=torch.bool)
torch.Tensor.numpy = lambda self: np.zeros(1)
""",
        {"knn-q7": WRONG["knn-q7"]},
    ),
    Attack(
        "Python's builtins say yes to everything while an answer is being made",
        """
import builtins
""",
        {
            "knn-q6": """
def best_k(accuracies):
    answer = min(accuracies)
    builtins.abs = lambda x: 0
    builtins.len = builtins.sum = lambda items: 0
    builtins.all = builtins.any = builtins.isinstance = lambda *args: True
    builtins.AssertionError = type("Harmless", (Exception,), {})
    return answer
"""
        },
    ),
    Attack(
        "a fake pytest whose every test passes",
        """
import types
for name in ("pytest", "_pytest", "_pytest.runner", "_pytest.python", "_pytest.assertion"):
    fake = types.ModuleType(name)
    fake.__getattr__ = lambda attribute: (lambda *args, **kwargs: None)
    sys.modules[name] = fake
sys.modules["_pytest.runner"].runtestprotocol = lambda *args, **kwargs: []
""",
    ),
    Attack(
        "unittest and doctest find no failure",
        """
import doctest, unittest
unittest.TestCase.run = unittest.TestCase._callTestMethod = lambda self, *args: None
unittest.TestResult.wasSuccessful = lambda self: True
doctest.testmod = lambda *args, **kwargs: doctest.TestResults(0, 1000)
""",
    ),
    Attack(
        "IPython's run_cell and display hook report full marks",
        """
shell = get_ipython()
shell.displayhook(5)
shell.run_cell = lambda *args, **kwargs: None
async def run_cell_async(*args, **kwargs):
    return None
shell.run_cell_async = run_cell_async
sys.displayhook = lambda value: print(5.0)
shell.display_pub.publish = lambda *args, **kwargs: print({"score": 5, "max_score": 5})
""",
    ),
    Attack(
        "an input transformer turns all later cells into None",
        """
get_ipython().input_transformers_post.append(lambda lines: ["None\\n"])
get_ipython().input_transformers_cleanup.append(lambda lines: ["None\\n"])
""",
        {"knn-q7": WRONG["knn-q7"]},
    ),
    Attack(
        "a syntax tree transformer deletes every assert and raise",
        """
import ast
class Meek(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    visit_Raise = visit_Assert
get_ipython().ast_transformers.append(Meek())
""",
        {"knn-q7": WRONG["knn-q7"]},
    ),
    Attack(
        "cvcourse.checks passes everything",
        """
import types
import cvcourse.checks
cvcourse.checks.check = lambda *args, **kwargs: None
for name in ("expect", "expect_array", "expect_number", "expect_form", "expect_unchanged"):
    setattr(cvcourse.checks, name, lambda *args, **kwargs: None)
class Nothing(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: None
for name in ("ladder", "runner", "failures", "student", "questions"):
    sys.modules["cvcourse.checks." + name] = Nothing(name)
""",
    ),
    Attack(
        "the classifiers that a check hands over always answer right",
        """
from cvcourse.checks import given
class Right:
    def __eq__(self, other):
        return np.ones(np.shape(other), dtype=bool)
for name in ("copycat", "count_training", "sign_of_first", "fingerprint"):
    setattr(given, name, lambda *args: Right())
""",
        {
            "knn-q5": """
import numpy as np
def cross_validate(x, y, k_choices, num_folds, predict):
    return {k: [float(np.mean(predict(x, y, x, k) == y))] * num_folds for k in k_choices}
"""
        },
    ),
    Attack(
        "the meters always show one step and no memory",
        """
from contextlib import contextmanager
from cvcourse import meters
@contextmanager
def flat(*args):
    yield meters.Count(1)
meters.count_steps = meters.peak_tensor_bytes = flat
""",
        {"knn-q3": WRONG["knn-q3"]},
    ),
    Attack(
        "the worker's own serving loop answers passed to everything",
        """
from inside import wire, worker
worker.Calls.answer = lambda self, request: {
    "value": {"t": ["passed", 1.0]}, "arguments": [], "outcome": "passed", "score": 1000,
}
worker.Notebook.function = lambda self, cell, name: (lambda *args, **kwargs: "passed")
wire.encode_value = wire.decode
""",
        {"knn-q1": WRONG["knn-q1"], "knn-q7": WRONG["knn-q7"]},
    ),
    Attack(
        "every random generator yields zeros, so that inputs are known",
        """
import random
class Zeros:
    def __getattr__(self, name):
        return lambda *args, size=None, **kwargs: np.zeros(size or 1)
np.random.default_rng = np.random.Generator = np.random.Philox = lambda *args, **kwargs: Zeros()
random.random = lambda: 0.0
os.urandom = lambda size: bytes(size)
""",
        {"knn-q1": WRONG["knn-q1"]},
    ),
    Attack(
        "an import hook hands out modules that agree with everything",
        """
import builtins, importlib.abc, types
class Agreeable(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: True
ordinary = builtins.__import__
def hooked(name, *args):
    hidden = name.startswith(("autograder", "pytest", "cvcourse.checks"))
    return Agreeable(name) if hidden else ordinary(name, *args)
builtins.__import__ = hooked
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, *args):
        return None
sys.meta_path.insert(0, Finder())
""",
    ),
    Attack(
        "a trace function rewrites the locals of every frame above",
        """
def tracer(frame, event, arg):
    for name in ("expected", "wanted", "reply", "value", "outcome"):
        if name in frame.f_locals:
            frame.f_locals[name] = True
    return tracer
""",
        {
            "knn-q6": """
def best_k(accuracies):
    sys.settrace(tracer)
    sys.setprofile(tracer)
    return min(accuracies)
"""
        },
    ),
    Attack(
        "the methods of int and float themselves are replaced through ctypes",
        """
def slots(kind):
    class Proxy(ctypes.Structure):
        _fields_ = [("refs", ctypes.c_ssize_t), ("kind", ctypes.py_object),
                    ("mapping", ctypes.py_object)]
    return Proxy.from_address(id(kind.__dict__)).mapping
for kind in (int, float):
    slots(kind)["__abs__"] = lambda self: 0
    slots(kind)["__sub__"] = slots(kind)["__rsub__"] = lambda self, other: 0
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
""",
    ),
    Attack(
        "warnings become errors and floating point faults raise",
        """
import warnings
warnings.simplefilter("error")
np.seterr(all="raise")
sys.setswitchinterval(1e-6)
sys.setrecursionlimit(50)
""",
        {"knn-q1": WRONG["knn-q1"]},
        dies=True,
    ),
]


@each(ATTACKS)
def test_patching_earns_nothing(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
