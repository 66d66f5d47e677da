"""Counts what a call costs in steps and in memory; a stopwatch is not among the meters.

The counts are honest for honest code. A grader that does not trust the code it measures must
hold them against figures taken from outside the process.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass
class Count:
    """A number that a meter writes and its caller reads afterwards."""

    count: int = 0


@contextmanager
def count_steps(is_own: Callable[[str], bool]) -> Iterator[Count]:
    """Counts executed bytecodes in the files for which `is_own(filename)` is true.

    A comprehension or generator expression over n items counts n times, as a loop does. Threads
    that start inside the block are counted too. A debugger's or coverage tool's trace function is
    put aside for the block and put back after it.

    Args:
        is_own: tells the code that is measured from everything it calls.
    """
    steps = Count()

    def on_event(frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "call":
            if not is_own(frame.f_code.co_filename):
                return None
            frame.f_trace = on_event  # Python 3.13 heeds f_trace_opcodes only where this is set
            frame.f_trace_lines = False
            frame.f_trace_opcodes = True
        elif event == "opcode":
            steps.count += 1
        return on_event

    before, before_in_threads = sys.gettrace(), threading.gettrace()
    # Python 3.12 sends opcode events only if some frame had asked for them by the time of
    # settrace; without this line the first function measured would count nothing.
    sys._getframe().f_trace_opcodes = True
    threading.settrace(on_event)
    sys.settrace(on_event)
    try:
        yield steps
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)


@contextmanager
def peak_tensor_bytes() -> Iterator[Count]:
    """Follows the bytes of live torch tensors made inside the block; its count is their peak.

    Views cost nothing: a storage is counted once, until its last tensor is gone, and again when
    an operation enlarges it; a NumPy array counts once torch wraps it. Works on every platform
    and device. Not seen: scratch memory inside one torch operation, and tensors made by other
    threads.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    live = _LiveStorages()

    class Follow(TorchDispatchMode):
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # else torch imports its compiler first, which takes seconds

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            # torch.tensor(...) and its like hand their new tensor to lift_fresh as an argument.
            if not func.name().startswith("aten::lift"):
                live.know((args, kwargs))
            result = func(*args, **(kwargs or {}))
            live.add((args, kwargs, result))
            return result

    with Follow():
        yield live.peak


class _LiveStorages:
    """The storages that exist now, by address; those that were there before count nothing."""

    def __init__(self) -> None:
        self.peak = Count()
        self._total = 0
        self._bytes: dict[int, int] = {}  # address of a storage -> what it counts
        self._known: dict[int, int] = {}  # those from before the block -> their bytes when met

    def know(self, tree: Any) -> None:
        """Meets the arguments of an operation: a storage not seen yet was there before."""
        for key, storage in _storages(tree):
            if key not in self._bytes:
                self._known[key] = storage.nbytes()
                self._watch(key, storage)

    def add(self, tree: Any) -> None:
        """Meets the results of an operation, and its arguments again in case they have grown."""
        for key, storage in _storages(tree):
            if key not in self._bytes:
                self._watch(key, storage)
            counts = storage.nbytes() - self._known.get(key, 0)
            self._total += counts - self._bytes[key]
            self._bytes[key] = counts
        self.peak.count = max(self.peak.count, self._total)

    def _watch(self, key: int, storage: Any) -> None:
        self._bytes[key] = 0
        # torch keeps one Python object per storage for as long as the storage lives.
        weakref.finalize(storage, self._forget, key).atexit = False

    def _forget(self, key: int) -> None:
        self._total -= self._bytes.pop(key, 0)
        self._known.pop(key, None)


def _storages(tree: Any) -> list[tuple[int, Any]]:
    """The storages under the tensors in nested lists, tuples and dicts, with their addresses."""
    import torch
    from torch.utils._pytree import tree_flatten

    tensors = [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]
    # Sparse tensors have no storage of their own: their indices and values are tensors that came
    # by. A tensor on the meta device has a size and no memory.
    dense = [t.untyped_storage() for t in tensors if t.layout == torch.strided and not t.is_meta]
    return [(storage._cdata, storage) for storage in dense]
