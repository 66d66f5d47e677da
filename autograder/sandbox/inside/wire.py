"""Plain data over a socket: a JSON header and the raw bytes of arrays; both sides use this file.

A frame is two lengths (header, body), the header, the body. The header holds the value as a tree
whose arrays point into the body. Whoever reads treats the bytes as hostile: every length, depth,
count, dtype and rank is capped before memory is taken, and nothing but `WireError` is raised.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LENGTHS = struct.Struct("!IQ")
MAX_HEADER = 1 << 20
MAX_BODY = 1 << 29
MAX_DEPTH = 20
MAX_NODES = 100_000
MAX_PAIRS = 4_096  # of one dict: keys that collide on purpose cost time with the square
MAX_KEY_BITS = 60
MAX_RANK = 8
MAX_INT_BITS = 256
CHUNK = 1 << 20
GIVEN = "cvcourse.checks.given"
DTYPES = {
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
}


class WireError(Exception):
    """The bytes are no valid frame, or the value cannot be sent."""


@dataclass(frozen=True)
class Handle:
    """Stands for an object that stays in the worker."""

    id: int


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that is no plain data; only the name of its type came over."""

    kind: str


@dataclass(frozen=True)
class Given:
    """Stands for a function of cvcourse.checks.given."""

    name: str


def send(channel: socket.socket, value: Any) -> None:
    """Sends one value.

    Raises:
        WireError: if it is over a cap.
        OSError: if the other side is gone.
    """
    header, buffers = encode(value)
    body = sum(b.nbytes for b in buffers)
    channel.sendall(LENGTHS.pack(len(header), body) + header)
    for buffer in buffers:
        channel.sendall(buffer)


def receive(channel: socket.socket, read: Callable[[socket.socket, int], bytearray]) -> Any:
    """Reads one value.

    Args:
        channel: the socket.
        read: returns exactly so many bytes, or raises; it decides how long to wait.

    Raises:
        WireError: if the bytes are no valid frame.
    """
    header_length, body_length = LENGTHS.unpack(read(channel, LENGTHS.size))
    if header_length > MAX_HEADER or body_length > MAX_BODY:
        raise WireError(f"a frame of {header_length} + {body_length} bytes is over the cap")
    header = bytes(read(channel, header_length))
    return decode(header, read(channel, body_length))


def read_exactly(channel: socket.socket, size: int) -> bytearray:
    """Reads so many bytes, waiting as long as it takes.

    Raises:
        EOFError: if the other side closes first.
    """
    data = bytearray()
    while len(data) < size:
        got = channel.recv(min(size - len(data), CHUNK))
        if not got:
            raise EOFError("the other side closed the connection")
        data += got  # grows with what arrives, so that a length alone takes no memory
    return data


def encode(value: Any) -> tuple[bytes, list[memoryview]]:
    """The frame's header and the buffers of its body.

    Raises:
        WireError: if the value is over a cap.
    """
    writer = _Writer()
    tree = writer.tree(value, 0)
    header = json.dumps({"arrays": writer.arrays, "value": tree}).encode()
    if len(header) > MAX_HEADER:
        raise WireError(f"the header is {len(header)} bytes; at most {MAX_HEADER} are sent")
    if sum(b.nbytes for b in writer.buffers) > MAX_BODY:
        raise WireError(f"the arrays are over {MAX_BODY} bytes")
    return header, writer.buffers


def decode(header: bytes, body: bytearray) -> Any:
    """The value of a frame; arrays are new, writable and own their memory.

    Raises:
        WireError: if the bytes are no valid frame.
    """
    try:
        frame = json.loads(header)
        return _Reader(frame["arrays"], body).tree(frame["value"], 0)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise WireError(f"not a valid frame: {type(error).__name__}") from None


class _Writer:
    def __init__(self) -> None:
        self.arrays: list[dict[str, Any]] = []
        self.buffers: list[memoryview] = []
        self.nodes = 0

    def tree(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            if value.bit_length() > MAX_INT_BITS:
                return {"o": "int"}
            return value
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        if kind is list:
            return [self.tree(v, depth + 1) for v in value]
        if kind is tuple:
            return {"t": [self.tree(v, depth + 1) for v in value]}
        if kind is dict:
            pairs = list(value.items())
            if len(pairs) > MAX_PAIRS:
                raise WireError(f"a dict has {len(pairs)} entries; at most {MAX_PAIRS} are sent")
            return {"d": [[self.tree(k, depth + 1), self.tree(v, depth + 1)] for k, v in pairs]}
        return self._special(value)

    def _special(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._array(value, "a")
        if isinstance(value, np.generic):
            return self._array(np.asarray(value), "s")
        if isinstance(value, Handle):
            return {"h": value.id}
        if isinstance(value, Given):
            return {"g": value.name}
        if getattr(value, "__module__", None) == GIVEN:
            return {"g": value.__name__}
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return self._tensor(value, torch)
        return {"o": type(value).__name__[:80]}

    def _tensor(self, value: Any, torch: Any) -> Any:
        plain = value.detach().cpu().contiguous()
        if plain.dtype is torch.bfloat16:
            return self._array(plain.view(torch.int16).numpy(), "T", "bfloat16")
        return self._array(plain.numpy(), "T")

    def _array(self, value: np.ndarray, tag: str, dtype: str | None = None) -> Any:
        dtype = dtype or value.dtype.newbyteorder("=").name
        if (dtype not in DTYPES and dtype != "bfloat16") or value.ndim > MAX_RANK:
            return {"o": f"array of {dtype}"[:80]}
        shape = list(value.shape)
        flat = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<")).reshape(-1)
        self.arrays.append({"dtype": dtype, "shape": shape})
        self.buffers.append(flat.view(np.uint8).data)
        return {tag: len(self.arrays) - 1}


class _Reader:
    def __init__(self, arrays: Any, body: bytearray) -> None:
        self.body = body
        self.specs: list[tuple[str, tuple[int, ...], int]] = []
        self.read = set[int]()
        self.nodes = 0
        start = 0
        if type(arrays) is not list or len(arrays) > MAX_NODES:
            raise WireError("the header's arrays are no list")
        for spec in arrays:
            dtype, shape = _form(spec)
            self.specs.append((dtype, shape, start))
            start += _bytes(dtype, shape)
        if start != len(body):
            raise WireError(f"the arrays need {start} bytes; the body has {len(body)}")

    def tree(self, node: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        kind = type(node)
        if node is None or kind is bool or kind is float:
            return node
        if kind is str:
            return node.encode("utf-8", "replace").decode()  # no lone surrogates
        if kind is int:
            if node.bit_length() > MAX_INT_BITS:
                raise WireError("an integer is too large")
            return node
        if kind is list:
            return [self.tree(v, depth + 1) for v in node]
        if kind is not dict or len(node) != 1:
            raise WireError("a node must be a scalar, a list or a tagged object")
        ((tag, inner),) = node.items()
        return self._tagged(tag, inner, depth)

    def _tagged(self, tag: str, inner: Any, depth: int) -> Any:
        if tag in ("a", "s", "T"):
            return self._array(tag, inner)
        if tag == "t" and type(inner) is list:
            return tuple(self.tree(v, depth + 1) for v in inner)
        if tag == "d" and type(inner) is list:
            return self._dict(inner, depth)
        if tag == "f" and inner in ("nan", "inf", "-inf"):
            return float(inner)
        if tag == "h" and type(inner) is int:
            return Handle(inner)
        if tag == "g" and type(inner) is str:
            return Given(inner)
        if tag == "o" and type(inner) is str:
            return Opaque(inner[:80])
        raise WireError("a node has an unknown tag")

    def _dict(self, pairs: list[Any], depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        if len(pairs) > MAX_PAIRS:
            raise WireError("a dict has too many entries")
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2:
                raise WireError("a dict must be a list of pairs")
            key, value = self.tree(pair[0], depth + 1), self.tree(pair[1], depth + 1)
            if isinstance(key, np.generic):
                key = key.item()
            if type(key) is int and key.bit_length() > MAX_KEY_BITS:
                raise WireError("a key of a dict is too large")
            if not (key is None or type(key) in (bool, int, float, str)):
                raise WireError("a key of a dict must be a number, a string or None")
            made[key] = value
        return made

    def _array(self, tag: str, index: Any) -> Any:
        if type(index) is not int or not 0 <= index < len(self.specs):
            raise WireError("a node points at no array")
        if index in self.read:
            raise WireError("two nodes point at one array")  # each would be a copy of its own
        self.read.add(index)
        dtype, shape, start = self.specs[index]
        raw = self.body[start : start + _bytes(dtype, shape)]
        if dtype == "bool":
            # An array even without axes, where != alone would make a scalar.
            array = np.asarray(np.frombuffer(raw, np.uint8).reshape(shape) != 0)
        else:
            array = np.frombuffer(raw, _storage(dtype)).reshape(shape)
        if tag == "s":
            if shape or dtype == "bfloat16":
                raise WireError("a scalar must have no axes")
            return array[()]
        if tag == "a":
            if dtype == "bfloat16":
                raise WireError("numpy has no bfloat16")
            return array
        import torch

        tensor = torch.from_numpy(array)
        return tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor


def _form(spec: Any) -> tuple[str, tuple[int, ...]]:
    if type(spec) is not dict:
        raise WireError("an array's form must be an object")
    dtype, shape = spec.get("dtype"), spec.get("shape")
    if type(dtype) is not str or (dtype not in DTYPES and dtype != "bfloat16"):
        raise WireError("an array has an unknown dtype")
    if type(shape) is not list or len(shape) > MAX_RANK:
        raise WireError("an array has no valid shape")
    if any(type(n) is not int or not 0 <= n <= MAX_BODY for n in shape):
        raise WireError("an array has no valid shape")
    return dtype, tuple(shape)


def _storage(dtype: str) -> np.dtype:
    return np.dtype("int16" if dtype == "bfloat16" else dtype).newbyteorder("<")


def _bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * _storage(dtype).itemsize
