"""The wire carries plain data unharmed, and hostile bytes raise its own error and no other."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import threading
import tracemalloc
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.sandbox.inside import wire
from autograder.sandbox.inside.wire import Given, Handle, Opaque, WireError

# No deadline: another process on the machine must not fail a test of values.
quietly = settings(deadline=None, max_examples=150)

DTYPES = sorted(wire.DTYPES)
TORCH = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
TORCH_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**wire.MAX_INT_BITS) + 1, 2**wire.MAX_INT_BITS - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=("Cs",))),
    st.builds(Handle, st.integers(0, 10**6)),
    st.builds(Given, st.text("abc_", min_size=1)),
)
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0))
)
numpy_scalars = st.sampled_from(DTYPES).flatmap(lambda d: hnp.from_dtype(np.dtype(d)))
tensors = st.builds(
    lambda dtype, shape: torch.randint(0, 2, shape).to(dtype),
    st.sampled_from(TORCH + TORCH_FLOATS),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0),
)
keys = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60) + 1, 2**60 - 1),
    st.floats(allow_nan=False),
    st.text("abc"),
)
values = st.recursive(
    scalars | arrays | numpy_scalars | tensors,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)


def through(value: Any) -> Any:
    """The value after one journey."""
    header, buffers = wire.encode(value)
    return wire.decode(header, bytearray(b"".join(buffers)))


def same(a: Any, b: Any) -> bool:
    """Whether two values agree in type and content; NaN agrees with NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(map(same, a.values(), b.values()))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


@quietly
@given(values)
def test_every_kind_of_value_arrives_as_it_was_sent(value: Any) -> None:
    assert same(through(value), value)


@quietly
@given(arrays)
def test_an_array_that_arrives_owns_its_memory_and_can_be_written(array: np.ndarray) -> None:
    arrived = through(array)
    assert arrived.flags.writeable
    assert not np.shares_memory(arrived, array)


@pytest.mark.parametrize(
    "array",
    [np.arange(12.0).reshape(3, 4).T, np.arange(10)[::-2], np.arange(5, dtype=">f4")],
    ids=["transposed", "reversed", "big-endian"],
)
def test_the_layout_in_memory_does_not_matter(array: np.ndarray) -> None:
    np.testing.assert_array_equal(through(array), array)


def test_a_tensor_that_asks_for_gradients_arrives_without_them() -> None:
    arrived = through(torch.ones(3, requires_grad=True))
    assert not arrived.requires_grad


def test_a_subclass_arrives_as_what_it_is_at_heart() -> None:
    class Sly(np.ndarray):
        pass

    assert type(through(np.ones(2).view(Sly))) is np.ndarray


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (object(), "object"),
        (1 << 300, "int"),
        (np.array(["a"], dtype=object), "array of object"),
        (np.zeros((1,) * 9), "array of float64"),
        (np.array("2020", dtype="datetime64[Y]"), "array of datetime64[Y]"),
    ],
)
def test_of_anything_else_only_its_kind_arrives(value: Any, kind: str) -> None:
    assert through([value]) == [Opaque(kind)]


def test_booleans_are_made_true_or_false_again() -> None:
    header = json.dumps({"arrays": [{"dtype": "bool", "shape": [3]}], "value": {"a": 0}})
    arrived = wire.decode(header.encode(), bytearray([0, 7, 255]))
    assert arrived.view(np.uint8).tolist() == [0, 1, 1]


def test_what_is_nested_too_deeply_is_not_sent() -> None:
    value: list[Any] = []
    for _ in range(wire.MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(WireError, match="nested too deeply"):
        wire.encode(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0] * (wire.MAX_NODES + 1), "too many parts"),
        ("a" * (wire.MAX_HEADER + 1), "at most 1048576 are sent"),
        ({n: n for n in range(wire.MAX_PAIRS + 1)}, "at most 4096 are sent"),
    ],
    ids=["parts", "header", "pairs"],
)
def test_what_is_too_large_is_not_sent(value: Any, message: str) -> None:
    with pytest.raises(WireError, match=message):
        wire.encode(value)


def test_arrays_over_the_cap_are_not_sent() -> None:
    large = np.broadcast_to(np.uint8(0), wire.MAX_BODY + 1)
    with pytest.raises(WireError, match="the arrays are over"):
        wire.encode(np.lib.stride_tricks.as_strided(large, writeable=False))


def frame(value: Any, *specs: Any) -> bytes:
    return json.dumps({"arrays": list(specs), "value": value}).encode()


HOSTILE = {
    "no JSON": b"\xff\xfe",
    "no object": b"[]",
    "null": b"null",
    "no value": b'{"arrays": []}',
    "arrays no list": b'{"arrays": 3, "value": null}',
    "deep": b'{"arrays": [], "value": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "long number": b'{"arrays": [], "value": ' + b"1" * 5_000 + b"}",
    "large number": b'{"arrays": [], "value": ' + b"9" * 100 + b"}",
    "two tags": frame({"t": [], "d": []}),
    "no tag": frame({}),
    "unknown tag": frame({"__class__": "os.system"}),
    "tuple of nothing": frame({"t": None}),
    "float in words": frame({"f": "1"}),
    "float as list": frame({"f": ["nan"]}),
    "handle in words": frame({"h": "1"}),
    "handle true": frame({"h": True}),
    "given a number": frame({"g": 1}),
    "opaque a number": frame({"o": 1}),
    "pair of three": frame({"d": [[1, 2, 3]]}),
    "pairs no pairs": frame({"d": [1]}),
    "list as key": frame({"d": [[[1], 2]]}),
    "tuple as key": frame({"d": [[{"t": [1]}, 2]]}),
    "large key": frame({"d": [[1 << 61, 2]]}),
    "too many pairs": frame({"d": [[n, n] for n in range(wire.MAX_PAIRS + 1)]}),
    "index past the end": frame({"a": 0}),
    "index negative": frame({"a": -1}, {"dtype": "int8", "shape": [0]}),
    "index true": frame(
        {"a": True}, {"dtype": "int8", "shape": [0]}, {"dtype": "int8", "shape": []}
    ),
    "array twice": frame([{"a": 0}, {"a": 0}], {"dtype": "int8", "shape": [0]}),
    "object dtype": frame({"a": 0}, {"dtype": "object", "shape": [0]}),
    "dtype a list": frame({"a": 0}, {"dtype": ["int8"], "shape": [0]}),
    "structured dtype": frame({"a": 0}, {"dtype": "i4,i4", "shape": [0]}),
    "negative shape": frame({"a": 0}, {"dtype": "int8", "shape": [-1]}),
    "shape of booleans": frame({"a": 0}, {"dtype": "int8", "shape": [False]}),
    "shape of floats": frame({"a": 0}, {"dtype": "int8", "shape": [0.0]}),
    "shape too long": frame({"a": 0}, {"dtype": "int8", "shape": [0] * 9}),
    "shape too large": frame({"a": 0}, {"dtype": "int8", "shape": [wire.MAX_BODY, wire.MAX_BODY]}),
    "more than the body": frame({"a": 0}, {"dtype": "int8", "shape": [1]}),
    "less than the body": frame(None),
    "form no object": frame({"a": 0}, []),
    "bfloat16 of numpy": frame({"a": 0}, {"dtype": "bfloat16", "shape": [0]}),
    "scalar with axes": frame({"s": 0}, {"dtype": "int8", "shape": [0]}),
}


@pytest.mark.parametrize("header", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_header_raises_the_wires_own_error(header: bytes) -> None:
    body = bytearray(3 if header == HOSTILE["less than the body"] else 0)
    with pytest.raises(WireError):
        wire.decode(header, body)


def only_wire_errors(header: bytes, body: bytes) -> None:
    with contextlib.suppress(WireError):
        wire.decode(header, bytearray(body))


@quietly
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_random_bytes_raise_nothing_else(header: bytes, body: bytes) -> None:
    only_wire_errors(header, body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("astTdfhgo") | st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=15,
)


@settings(deadline=None, max_examples=500)
@given(json_values, json_values, st.binary(max_size=16))
def test_well_formed_nonsense_raises_nothing_else(specs: Any, value: Any, body: bytes) -> None:
    only_wire_errors(json.dumps({"arrays": specs, "value": value}).encode(), body)


@settings(deadline=None, max_examples=500)
@given(values, st.data())
def test_a_damaged_frame_raises_nothing_else(value: Any, data: st.DataObject) -> None:
    header, buffers = wire.encode(value)
    damaged = bytearray(header)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        damaged = damaged or bytearray(b"x")
    body = b"".join(buffers)
    only_wire_errors(bytes(damaged), body[: data.draw(st.integers(0, len(body)))])
    only_wire_errors(bytes(damaged), body)


def received(data: bytes) -> Any:
    """What `receive` makes of bytes that somebody sends before closing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(data), theirs.close()))
        sender.start()
        try:
            return wire.receive(ours, wire.read_exactly)
        finally:
            ours.close()
            sender.join()


@pytest.mark.parametrize(
    "lengths", [(wire.MAX_HEADER + 1, 0), (0, wire.MAX_BODY + 1), (2**32 - 1, 2**64 - 1)]
)
def test_a_frame_that_says_it_is_over_the_cap_is_not_read(lengths: tuple[int, int]) -> None:
    with pytest.raises(WireError, match="over the cap"):
        received(wire.LENGTHS.pack(*lengths))


def test_a_length_alone_takes_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(EOFError, match="closed the connection"):
        received(wire.LENGTHS.pack(10, wire.MAX_BODY) + b"x" * 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * wire.CHUNK  # one chunk is asked for at a time


def test_the_largest_header_of_lists_takes_bounded_memory() -> None:
    header = b'{"arrays": [], "value": [' + b"[]," * 340_000 + b"[]]}"
    assert len(header) <= wire.MAX_HEADER
    tracemalloc.start()
    with pytest.raises(WireError, match="too many parts"):
        wire.decode(header, bytearray())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * wire.MAX_HEADER  # a list of 56 bytes and its slot for three characters


def test_a_frame_crosses_a_socket_whole() -> None:
    ours, theirs = socket.socketpair()
    value = {"x": np.arange(300_000.0), "y": [torch.ones(2), (1, "two", None)]}
    with ours, theirs:
        sender = threading.Thread(target=wire.send, args=(theirs, value))
        sender.start()
        arrived = wire.receive(ours, wire.read_exactly)
        sender.join()
    assert same(arrived, value)
