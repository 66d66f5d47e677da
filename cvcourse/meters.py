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
    that start inside the block are counted too.

    Args:
        is_own: tells the code that is measured from everything it calls.
    """
    steps = Count()

    def on_event(frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "call":
            if not is_own(frame.f_code.co_filename):
                return None
            frame.f_trace_lines = False
            frame.f_trace_opcodes = True
        elif event == "opcode":
            steps.count += 1
        return on_event

    before = sys.gettrace()
    threading.settrace(on_event)
    sys.settrace(on_event)
    try:
        yield steps
    finally:
        sys.settrace(before)
        threading.settrace(None)


@contextmanager
def peak_tensor_bytes() -> Iterator[Count]:
    """Follows the bytes of live torch tensors made inside the block; its count is their peak.

    Views cost nothing: a storage is counted once, until its last tensor is gone. Works on every
    platform and device; scratch memory inside one torch operation is not seen.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_flatten

    peak, live = Count(), Count()
    storages: dict[int, int] = {}

    def forget(key: int) -> None:
        live.count -= storages.pop(key, 0)

    class Follow(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            given = {t.untyped_storage()._cdata for t in _tensors((args, kwargs))}
            for tensor in _tensors(result):
                storage = tensor.untyped_storage()
                key = storage._cdata
                if key not in given and key not in storages:
                    storages[key] = storage.nbytes()
                    live.count += storages[key]
                    weakref.finalize(storage, forget, key)
            peak.count = max(peak.count, live.count)
            return result

    def _tensors(tree: Any) -> list[torch.Tensor]:
        return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]

    with Follow():
        yield peak
