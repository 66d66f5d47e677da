"""Forged replies, results and scores; a reply is a value to be judged, and nothing else is read."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import WRONG, Attack
from .family import each

pytestmark = pytest.mark.sandbox

RESULT = (
    '{"schema": 1, "assignment": "a1_classifiers", "notebook": "knn", "students": ["bob.honest"], '
    '"release": "x", "seed_label": "x", "layers": ["unsafe"], "questions": [{"question": '
    '"knn-q6", "title": "", "points": 1.0, "score": 1000.0, "state": "graded", "checks": []}]}'
)


def replying(data: str, then: str = "return min(accuracies)") -> dict[str, str]:
    """An answer to knn-q6 that writes bytes of its own to the grader first."""
    return {
        "knn-q6": f"""
def best_k(accuracies):
    for descriptor in channels():
        os.write(descriptor, {data})
    {then}
"""
    }


def valued(value: str) -> str:
    """The frame of a reply with this value, as Python source."""
    header = f'{{"arrays": [], "value": {{"d": {value}}}}}'
    return f"frame({header!r}.encode())"


ATTACKS = [
    Attack(
        "a result is printed, to every descriptor there is",
        f"""
result = {RESULT!r} + "\\n"
print(result)
for descriptor in range(64):
    if descriptor not in channels():
        try:
            os.write(descriptor, result.encode())
        except OSError:
            pass
""",
    ),
    Attack(
        "a result is written where graders of this world keep theirs",
        f"""
for name in ("results.json", "results/results.json", "feedback.html", "autograded/knn.ipynb",
             "gradebook.db", "scores.csv", "report.xml", ".pytest_cache/v/cache/lastfailed"):
    for folder in ("/tmp", "/autograder", "/grade", "."):
        try:
            os.makedirs(os.path.dirname(f"{{folder}}/{{name}}"), exist_ok=True)
            with open(f"{{folder}}/{{name}}", "w") as file:
                file.write({RESULT!r})
        except OSError:
            pass
""",
    ),
    Attack(
        "a result is written straight to the socket, line by line",
        "",
        replying(repr((RESULT + "\n").encode() * 3)),
    ),
    Attack(
        "a reply that carries an outcome and a score",
        "",
        replying(
            valued('[["value", 0], ["outcome", "passed"], ["score", 1000.0], ["passed", true]]')
        ),
    ),
    Attack(
        "ten replies to one call",
        "",
        replying(valued('[["value", 5]]') + " * 10"),
    ),
    Attack(
        "replies that say ready, refused, missing and unsendable",
        "turn = iter(range(10**9))",
        replying(
            "["
            + ", ".join(
                valued(value)
                for value in (
                    '[["ready", true]]',
                    '[["layers", {"t": ["unsafe"]}], ["refused", "nothing"]]',
                    '[["missing", true]]',
                    '[["unsendable", "x"]]',
                    '[["error", "SystemExit"], ["text", "passed"], ["line", 1e99]]',
                    '[["error", {"t": []}], ["text", {"d": []}], ["line", true]]',
                )
            )
            + "][next(turn) % 6]"
        ),
        seconds=90,
    ),
    Attack(
        "bytes that are no frame",
        "turn = iter(range(10**9))",
        replying(
            "[b'\\xff' * 12, b'\\x00' * 12, os.urandom(4096), struct.pack('!IQ', 2**32 - 1, 0),"
            " struct.pack('!IQ', 10, 2**64 - 1), struct.pack('!IQ', 0, 2**29)][next(turn) % 6]",
            then="os._exit(0)",
        ),
    ),
    Attack(
        "headers that are hostile JSON",
        "turn = iter(range(10**9))",
        replying(
            "frame([b'[' * 100000, b'9' * 10**6, b'{\"arrays\": 5, \"value\": {\"a\": 0}}',"
            ' b\'{"arrays": [{"dtype": "object", "shape": [1]}], "value": {"a": 0}}\','
            ' b\'{"arrays": [{"dtype": "float64", "shape": [0, 536870912, 536870912]}],'
            ' "value": {"d": [["value", {"a": 0}]]}}\', b\'{"arrays": [], "value": NaN}\','
            ' b\'{"arrays": [], "value": {"d": [[{"d": []}, 1]]}}\'][next(turn) % 7])',
            then="os._exit(0)",
        ),
    ),
    Attack(
        "a dictionary whose keys all collide",
        "pairs = ', '.join(f'[{n * (2**61 - 1)}, 0]' for n in range(1, 16000))",
        {
            "knn-q6": """
def best_k(accuracies):
    os.write(max(channels()), frame(('{"arrays": [], "value": {"d": [' + pairs + ']}}').encode()))
"""
        },
        seconds=20,
    ),
    Attack(
        "a name given by a check is called that no check gives",
        "",
        replying('frame(b\'{"arrays": [], "value": {"d": [["value", {"g": "__import__"}]]}}\')'),
    ),
    Attack(
        "handles to objects that do not exist",
        "",
        replying(valued('[["value", {"h": -1}]]')),
    ),
    Attack(
        "a wrong answer with arguments said to be unchanged and steps said to be few",
        """
from inside import worker
worker.Calls.answer = lambda self, request: {
    "value": 1 if request["do"] == "count_steps" else
        np.zeros((len(request["args"][1]), len(request["args"][0]))),
    "arguments": list(request["args"]),
}
""",
        {"knn-q3": WRONG["knn-q3"]},
    ),
]


@each(ATTACKS)
def test_forgeries_earn_nothing(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
