"""Looking for the expected values in memory, frames, /proc and descriptors: they are elsewhere."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import STOLEN, Attack
from .family import each

pytestmark = pytest.mark.sandbox

ATTACKS = [
    Attack(
        "frames above the answer are searched for what is expected",
        """
def searched(shape):
    frame = sys._getframe()
    while frame is not None:
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if name in ("expected", "wanted", "oracle", "oracles") or "hidden" in name:
                return value
            if isinstance(value, dict) and "expected" in value:
                return value["expected"]
        frame = frame.f_back
    return np.zeros(shape)
""",
        {
            "knn-q1": """
def compute_distances_two_loops(x_train, x_test):
    return searched((len(x_test), len(x_train)))
"""
        },
    ),
    Attack(
        "the garbage collector is asked for arrays of the shape of the result",
        """
import gc
""",
        {
            "knn-q1": """
def compute_distances_two_loops(x_train, x_test):
    shape = (len(x_test), len(x_train))
    for thing in gc.get_objects():
        parts = thing.values() if type(thing) is dict else thing if type(thing) is list else ()
        for part in list(parts):
            if isinstance(part, np.ndarray) and part.shape == shape and part.any():
                return part
    return np.zeros(shape)
"""
        },
    ),
    Attack(
        "the request itself is searched through a traceback of its own",
        """
def above():
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    while frame is not None:
        request = frame.f_locals.get("request")
        if isinstance(request, dict):
            return next((v for k, v in request.items() if k not in
                         ("do", "cell", "name", "args", "kwargs", "keep", "arguments")), None)
        frame = frame.f_back
""",
        {"knn-q6": "def best_k(accuracies):\n    return above()"},
    ),
    Attack(
        "all writable memory is searched for the hidden checks",
        """
# Written backwards, so that the search does not find itself; a hit goes on with another letter.
backwards = (b"_spool_on_tset", b"ga_tcepxe", b"es_tcepxe", b"k.ffat")
wanted = [bytes(reversed(word)) for word in backwards]
import os
there = os.path.exists("/proc/self/maps")  # it is in the container profile
maps, memory = ("/proc/self/maps", "/proc/self/mem") if there else ("/dev/null", "/dev/zero")
with open(maps) as maps, open(memory, "rb", buffering=0) as memory:
    for line in maps:
        span, rights, *_ = line.split()
        first, last = (int(part, 16) for part in span.split("-"))
        if not rights.startswith("rw") or last - first > 64 << 20:
            continue
        try:
            memory.seek(first)
            data = memory.read(last - first)
        except (OSError, ValueError, OverflowError):
            continue
        for word in wanted:
            at = data.find(word)
            while at >= 0:
                after = data[at + len(word):at + len(word) + 1]
                if after.isalpha():
                    breach(data[at:at + 40])
                at = data.find(word, at + 1)
""",
    ),
    Attack(
        "other processes are looked at through /proc",
        """
me = {1, os.getpid(), os.getppid()}
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in me:
        breach(("process", name))
for pid in (os.getppid(), 1):
    for what in ("environ", "cmdline"):
        try:
            with open(f"/proc/{pid}/{what}") as file:
                text = file.read()
            if "@COURSE@" in text or "@REPO@" in text:
                breach((what, text))
        except OSError:
            pass
for path in ("/proc/sched_debug", "/proc/kallsyms", "/proc/self/stack"):
    try:
        with open(path) as file:
            text = file.read(4000)
            if "autograder" in text or "pytest" in text:
                breach(path)
    except OSError:
        pass
""",
    ),
    Attack(
        "the parent is traced, and its memory read",
        """
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(64)
class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
here = Span(ctypes.addressof(buffer), 64)
for pid in (os.getppid(), 1, os.getpid()):
    there = Span(0x400000, 64)
    if libc.ptrace(16, pid, 0, 0) == 0:
        breach("ptrace")
    if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
        breach("process_vm_readv")
    if pid != os.getpid() and pid > 0:
        try:
            descriptor = os.pidfd_open(pid)
            if libc.syscall(438, descriptor, 3, 0) >= 0:
                breach("pidfd_getfd")
        except OSError:
            pass
if libc.syscall(298, ctypes.byref(buffer), 0, -1, -1, 0) >= 0:
    breach("perf_event_open")
if libc.syscall(321, 0, ctypes.byref(buffer), 64) >= 0:
    breach("bpf")
if libc.syscall(250, 0, -3, 0) >= 0:
    breach("keyctl")
""",
    ),
    Attack(
        "inherited descriptors lead to files of the grader",
        """
own = "/proc/self/fd"
for name in os.listdir(own) if os.path.exists(own) else ():
    try:
        target = os.readlink("/proc/self/fd/" + name)
    except OSError:
        continue
    if not target.startswith(("/dev/null", "socket:", "/proc/")):
        breach((name, target))
if len(channels()) > 1:
    breach(("sockets", channels()))
""",
    ),
    Attack(
        "hidden inputs leave as exception texts, types and notes",
        f"""
def told(data):
    text = "{STOLEN} " + repr(np.asarray(data).tolist())[:500]
    kind = type("{STOLEN}" + str(np.size(data)), (ValueError,), {{}})
    error = kind(text)
    error.add_note(text)
    raise error
""",
        {
            "knn-q1": """
import numpy as np
def compute_distances_two_loops(x_train, x_test):
    if x_train.shape[0] * x_test.shape[0] > 1 and x_train.dtype == np.int16:  # visible ones are not
        told(x_train)
    return np.zeros((len(x_test), len(x_train)))
""",
            "knn-q7": f"""
def predict_torch(x_train, y_train, x_test, k, max_bytes, device="cpu"):
    if x_train.dtype == torch.float16:
        print("{STOLEN}", x_train)
        return {{"{STOLEN}": x_train, "{STOLEN}" + str(x_train.sum()): "{STOLEN}"}}
    return torch.zeros(len(x_test), dtype=torch.int64)
""",
        },
        seconds=90,
    ),
    Attack(
        "hidden inputs leave through names of types and lines of a generated cell",
        f"""
source = "\\n".join(["def best_k(accuracies):", "    if len(accuracies) == 6:"]
                   + ["        pass"] * 300 + ["        raise kinds[str(accuracies)[:9]]"])
class Kinds(dict):
    def __missing__(self, key):
        return type("{STOLEN}" + key, (KeyError,), {{}})("{STOLEN}" + key)
kinds = Kinds()
""",
        {
            "knn-q6": """
exec(compile(source, "<cell knn-q6>", "exec"), globals())
"""
        },
    ),
    Attack(
        "hidden inputs are kept in files and shared memory until the public example is run",
        """
from multiprocessing import shared_memory
def kept():
    for folder in ("/tmp", "/dev/shm"):
        for name in os.listdir(folder):
            if name.startswith("kept"):
                with open(f"{folder}/{name}") as file:
                    return file.read()
""",
        {
            "knn-q6": f"""
def best_k(accuracies):
    if 20 in accuracies and len(accuracies) == 6:
        for folder in ("/tmp", "/dev/shm"):
            with open(folder + "/kept", "w") as file:
                file.write("{STOLEN} " + repr(accuracies))
        return None
    raise ValueError(kept())
"""
        },
    ),
    Attack(
        "the machine's paths are read from the table of mounts and shown in the example",
        "",
        {
            "knn-q6": """
def best_k(accuracies):
    with open("/proc/self/mountinfo") as file:
        mounts = [line.split()[3] for line in file]
    raise ValueError(" ".join(path for path in mounts if "/lib" in path)[:1500])
"""
        },
    ),
]


@each(ATTACKS)
def test_there_is_nothing_to_see(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
