"""Using up processes, memory, disk, output or the wire; it costs the flooder and nobody else."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import WRONG, Attack
from .family import each

pytestmark = pytest.mark.sandbox

ATTACKS = [
    Attack(
        "a fork bomb",
        """
def bomb():
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            if os.fork() == 0:
                name_process()
        except OSError:
            time.sleep(0.1)
if os.fork() == 0:
    bomb()
    time.sleep(100)
time.sleep(0.5)
""",
    ),
    Attack(
        "more processes than the limit allows at once",
        """
made = 0
try:
    for made in range(500):
        if os.fork() == 0:
            name_process()
            time.sleep(100)
except OSError:
    pass
if made > 100:
    breach((made, "processes"))
""",
        {"knn-q4": WRONG["knn-q4"]},
    ),
    Attack(
        "a thousand threads",
        """
made = 0
try:
    for made in range(1000):
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
except RuntimeError:
    pass
if made > 100:
    breach((made, "threads"))
""",
    ),
    Attack(
        "memory without end, in one process",
        """
kept = []
try:
    while True:
        kept.append(bytearray(64 << 20))
        if len(kept) > 64:
            breach("4 GiB in one process")
            break
except MemoryError:
    pass
""",
        {
            "knn-q1": """
import numpy as np
def compute_distances_two_loops(x_train, x_test):
    return np.ones((1 << 20, 1 << 20))
"""
        },
    ),
    Attack(
        "disk and shared memory filled to the last byte",
        """
for folder in ("/tmp", "/dev/shm"):
    written = 0
    try:
        for number in range(20):
            with open(f"{folder}/{number}", "wb") as file:
                for _ in range(32):
                    written += file.write(bytes(1 << 20))
    except OSError:
        pass
    if written > 100 << 20:
        breach((folder, written))
""",
    ),
    Attack(
        "one file larger than all the others",
        """
try:
    with open("/tmp/large", "wb") as file:
        file.truncate(1 << 40)
    breach("a file of 1 TiB")
except OSError:
    pass
""",
    ),
    Attack(
        "every inode of the scratch folder",
        """
made = 0
try:
    for made in range(20_000):
        os.close(os.open(f"/tmp/{made}", os.O_CREAT | os.O_WRONLY))
except OSError:
    pass
if made > 10_000:
    breach((made, "files"))
""",
    ),
    Attack(
        "folders nested deeper than a path is long",
        """
os.chdir("/tmp")
try:
    for _ in range(3000):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
except OSError:
    pass
""",
    ),
    Attack(
        "hundreds of megabytes of output",
        """
line = "x" * (1 << 20)
for _ in range(300):
    print(line)
    sys.stderr.write(line)
for descriptor in (1, 2):
    for _ in range(50):
        os.write(descriptor, line.encode())
""",
        dies=True,
    ),
    Attack(
        "output in as many small pieces as time allows",
        """
for number in range(300_000):
    print(number, end="\\r")
""",
        dies=True,
    ),
    Attack(
        "replies at the cap of the wire",
        "",
        {
            "knn-q1": """
import numpy as np
def compute_distances_two_loops(x_train, x_test):
    return np.zeros((1 << 14, 1 << 15), dtype=np.int8)  # 512 MiB
""",
            "knn-q6": "def best_k(accuracies):\n    return 'x' * (1 << 20) + 'x'",
        },
    ),
    Attack(
        "replies over every cap",
        "turn = iter(range(10**9))",
        {
            "knn-q1": """
import numpy as np
def compute_distances_two_loops(x_train, x_test):
    return np.zeros((1 << 15, 1 << 15), dtype=np.int8)
""",
            "knn-q6": """
def best_k(accuracies):
    return ["x" * (1 << 21), [0] * 10**6, {n: n for n in range(10**5)},
            np.zeros((1,) * 20)][next(turn) % 4]
""",
        },
    ),
    Attack(
        "all descriptors in use",
        """
kept = []
try:
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
if len(kept) > 1000:
    breach((len(kept), "descriptors"))
kept = [os.close(descriptor) for descriptor in kept[:8]]
""",
    ),
    Attack(
        "memory is held in files without a name, which no process is charged for",
        """
held = 0
try:
    for _ in range(8):
        descriptor = os.memfd_create("held")
        for _ in range(60):
            held += os.write(descriptor, bytes(1 << 20))
except OSError:
    pass
if held > 128 << 20:
    breach((held >> 20, "MiB outside every limit"))
""",
    ),
    Attack(
        "memory is held in System V segments, which no process is charged for",
        """
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
held = 0
for _ in range(4):
    segment = libc.shmget(0, 64 << 20, 0o1600)
    if segment >= 0:
        place = libc.shmat(segment, None, 0)
        ctypes.memset(place, 1, 64 << 20)
        libc.shmdt(ctypes.c_void_p(place))
        held += 64 << 20
if held > 128 << 20:
    breach((held >> 20, "MiB outside every limit"))
""",
    ),
]


@each(ATTACKS)
def test_floods_stay_inside(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
