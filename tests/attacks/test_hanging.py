"""Not coming to an end, in every way there is; graded with a twentieth of the usual limits."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import Attack
from .family import each

pytestmark = pytest.mark.sandbox


def best(body: str) -> dict[str, str]:
    """An answer to knn-q6 with this body."""
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    return {"knn-q6": f"def best_k(accuracies):\n{lines}"}


ATTACKS = [
    Attack("a loop without end", "", best("while True:\n    pass")),
    Attack(
        "a loop without end that catches everything and blocks every signal",
        "import signal",
        best(
            """
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
"""
        ),
    ),
    Attack(
        "a destructor that does not end, of an object that is returned",
        """
class Endless:
    def __del__(self):
        while True:
            pass
""",
        best("return Endless()"),
    ),
    Attack(
        "an exception whose text takes for ever",
        """
class Slow(Exception):
    def __str__(self):
        while True:
            pass
""",
        best("raise Slow()"),
    ),
    Attack(
        "one C call that holds the interpreter",
        "import re",
        best("return re.match(r'(a+)+$', 'a' * 60 + 'b')"),
    ),
    Attack("a sleep without end", "", best("import time\ntime.sleep(10**6)")),
    Attack("a wait for input that never comes", "", best("return int(input('k? '))")),
    Attack(
        "a wait for a lock that is held",
        "lock = threading.Lock()\nlock.acquire()",
        best("lock.acquire()"),
    ),
    Attack(
        "the process stops itself",
        "import signal",
        best("os.kill(os.getpid(), signal.SIGSTOP)\nreturn min(accuracies)"),
    ),
    Attack(
        "a cell that does not end",
        "while True:\n    pass",
        dies=True,
    ),
    Attack(
        "a cell whose background job keeps its output open",
        'get_ipython().system("sleep 1000 &")',
        dies=True,
    ),
    Attack(
        "a helper process keeps the socket open after the worker is gone",
        "",
        best("if os.fork() == 0:\n    name_process()\n    time.sleep(1000)\nos._exit(0)"),
    ),
    Attack(
        "a reply that trickles in byte by byte",
        "",
        best(
            """
descriptor = max(channels())
os.write(descriptor, struct.pack("!IQ", 1 << 19, 0))
while True:
    os.write(descriptor, b" ")
    time.sleep(0.01)
"""
        ),
    ),
    Attack(
        "a worker that answers and then no longer listens",
        "",
        {
            "knn-q1": """
def compute_distances_two_loops(x_train, x_test):
    reply = frame(b'{"arrays": [], "value": {"d": [["value", 0]]}}')
    for _ in range(100):
        os.write(max(channels()), reply)
    while True:
        time.sleep(1)
"""
        },
    ),
    Attack(
        "json, struct and socket say that everything has passed",
        """
import json
dumps = json.dumps
json.dumps = lambda *args, **kwargs: dumps({"arrays": [], "value": {"outcome": "passed"}})
json.loads = lambda *args, **kwargs: {"arrays": [], "value": True}
""",
        dies=True,
    ),
    Attack(
        "the processor is shared with sixty helpers while the reference is asked",
        """
for _ in range(60):
    if os.fork() == 0:
        name_process()
        while True:
            pass
""",
        best("os._exit(0)"),
        dies=True,
    ),
    Attack(
        "IPython magics run shells, scripts and background jobs",
        "",
        {
            "knn-q6": """
import os
%timeit -n1 -r1 1 + 1
%env CVCOURSE_SECRET=/tmp/key
%cd /tmp
shown = !cat @COURSE@/gradebook.db @COURSE@/secrets/staff.key
print("BREACH" if "canary" in str(shown) else "")
!sleep 1000 &
def best_k(accuracies):
    return min(accuracies)
"""
        },
        dies=True,
    ),
    Attack(
        "the template forks no worker but answers itself",
        """
from inside import worker
def fork(channel, notebook, seed):
    import array
    _, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
    descriptors = array.array("i")
    for _level, _kind, data in ancillary:
        descriptors.frombytes(data)
    own = socket.socket(fileno=descriptors[0])
    thread = threading.Thread(target=worker.serve_calls, args=(own, notebook), daemon=True)
    thread.start()
worker._fork = fork
""",
    ),
]


@each(ATTACKS)
def test_everything_comes_to_an_end(impatient_arena: Arena, attack: Attack) -> None:
    impatient_arena.withstands(attack)


def test_the_others_are_graded_as_always(impatient_arena: Arena) -> None:
    impatient_arena.grades_as_always()
