from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
import torch

from cvcourse.meters import count_steps, peak_tensor_bytes

from .cells import CELL, run_cell

LOOP = """
def comprehension(n):
    return [i for i in range(n)]

def generator(n):
    return sum(i for i in range(n))

def loop(n):
    total = 0
    for i in range(n):
        total += i
    return total

def mapped(n):
    return list(map(lambda i: i, range(n)))

def vectorised(n):
    return sum(range(n))
"""
KIB = 1024


def steps(name: str, n: int, runner=lambda call: call()) -> int:
    function = run_cell(LOOP)[name]
    with count_steps(lambda filename: filename == CELL) as count:
        runner(lambda: function(n))
    return count.count


@pytest.mark.parametrize("name", ["comprehension", "generator", "loop", "mapped"])
def test_every_way_to_loop_counts_per_item(name):
    few, many = steps(name, 100), steps(name, 1100)
    per_item = (many - few) / 1000
    assert per_item == int(per_item)  # no step is lost and none is counted by chance
    assert per_item >= 2


def test_a_vectorised_call_counts_the_same_for_any_size():
    assert steps("vectorised", 10) == steps("vectorised", 100_000) > 0


def test_the_first_measurement_of_a_function_counts_as_the_next():
    function = run_cell(LOOP)["loop"]
    counts = []
    for _ in range(3):
        with count_steps(lambda filename: filename == CELL) as count:
            function(10)
        counts.append(count.count)
    assert counts[0] == counts[1] == counts[2] > 10


def test_steps_in_threads_count_too():
    def in_thread(call):
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    assert steps("loop", 100, in_thread) == steps("loop", 100)


def test_other_files_do_not_count():
    function = run_cell(LOOP, name="<another cell>")["loop"]
    with count_steps(lambda filename: filename == CELL) as count:
        function(100)
    assert count.count == 0


def test_a_trace_function_that_was_there_is_put_back_also_after_an_exception():
    def tracer(frame, event, arg):
        return None

    before, before_in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(tracer)
    threading.settrace(tracer)
    try:
        with pytest.raises(ValueError, match="inside"), count_steps(lambda filename: False):
            raise ValueError("inside")
        assert sys.gettrace() is tracer
        assert threading.gettrace() is tracer
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)


def kib(n: int) -> torch.Tensor:
    return torch.zeros(n * KIB, dtype=torch.uint8)


def peak_kib(call) -> float:
    with peak_tensor_bytes() as peak:
        call()
    return peak.count / KIB


def test_tensors_alive_together_add_up():
    assert peak_kib(lambda: (kib(3), kib(4))) == 7


def test_released_memory_is_subtracted():
    def call():
        for _ in range(5):
            block = kib(3)
            del block
        kib(4)

    assert peak_kib(call) == 4


def test_a_rebound_name_holds_two_for_a_moment():
    def call():
        block = None
        for _ in range(5):
            block = kib(3)
        return block

    assert peak_kib(call) == 6


def test_views_are_free():
    given = torch.zeros(64, 16)

    def call():
        block = kib(3)
        return (
            [block[i:] for i in range(9)],
            block.view(-1, 2).t(),
            given[3:],
            given.t(),
            given.float(),
        )

    assert peak_kib(call) == 3


def test_a_view_keeps_its_storage_alive():
    def call():
        block = kib(3)
        view = block[:1]
        del block
        return view, kib(4)

    assert peak_kib(call) == 7


def test_arguments_and_work_in_place_cost_nothing():
    given = torch.zeros(1000)
    assert peak_kib(lambda: given.add_(1).mul_(2)) == 0


def test_an_output_that_an_operation_enlarges_counts():
    given = torch.zeros(256)

    def call():
        out = torch.empty(0)
        return torch.add(given, given, out=out)

    assert peak_kib(call) == 1


def test_a_broadcast_intermediate_counts_in_full():
    x = torch.zeros(32, 64)
    # the difference (32, 32, 64), its square beside it, and nothing else of that size
    assert peak_kib(lambda: ((x[:, None] - x[None]) ** 2).sum(2)) in range(2 * 256, 2 * 256 + 8)


@pytest.mark.parametrize("wrap", [torch.as_tensor, torch.from_numpy])
def test_arrays_of_numpy_count_once_torch_wraps_them(wrap):
    array = np.zeros(KIB, dtype=np.uint8)
    assert peak_kib(lambda: wrap(array)) == 1


def test_tensors_made_from_lists_count():
    assert peak_kib(lambda: torch.tensor([0.0] * 256)) == 1


def test_what_autograd_keeps_counts():
    w = torch.zeros(256, requires_grad=True)

    def call():
        out = w
        for _ in range(4):
            out = out.exp()  # keeps its result for the way back
        return out

    assert peak_kib(call) == 4


def test_sparse_and_meta_tensors_are_no_stumbling_block():
    assert peak_kib(lambda: torch.ones(4, 4).to_sparse()) > 0
    assert peak_kib(lambda: torch.ones(1000, device="meta") + 1) == 0


def test_a_tensor_that_outlives_the_block_does_no_harm():
    with peak_tensor_bytes() as peak:
        block = kib(3)
    del block
    assert peak.count == 3 * KIB
    assert peak_kib(lambda: kib(2)) == 2


def test_blocks_count_each_for_itself_when_nested():
    with peak_tensor_bytes() as outer:
        first = kib(3)
        with peak_tensor_bytes() as inner:
            second = kib(4)
    assert (outer.count, inner.count) == (7 * KIB, 4 * KIB)
    del first, second
