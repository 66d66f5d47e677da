"""Measures what grading one small notebook costs, by every grader on the same submissions.

A class is graded twice, a few submissions and many; the difference is what one more submission
costs, free of what is started once. Graders take turns, so that a busy moment of the machine
hits all of them, and medians are compared.
"""

from __future__ import annotations

import contextlib
import os
import platform
import pstats
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

from . import small
from .graders import BenchError, Grader, Nbgrader, Otter, Ours, otter_python

CLASS, SLOW = 50, 5  # submissions; graders that take seconds for each are given SLOW of them
FEW = 5  # the small class is this many times smaller
MORE_CHECKS = 10  # of each question, instead of 2
COMPUTE = """
import time, torch, numpy
code = compile({code!r}, "<notebook>", "exec")
times = []
for _ in range(20):
    start = time.perf_counter()
    exec(code, {{}})
    times.append(time.perf_counter() - start)
print(sorted(times)[10])
"""


@dataclass(frozen=True)
class Measured:
    """Seconds that one grader takes.

    Attributes:
        grader: which.
        whole: for the larger class, from the command to its end.
        each: for one more submission.
    """

    grader: Grader
    whole: float
    each: float


def measure(graders: list[Grader], repeats: int) -> list[Measured]:
    """Lets the graders take turns, as often as asked for."""
    times: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="cvcourse-bench-") as place:
        for turn in range(repeats):
            for grader in graders:
                for students in (grader.most // FEW, grader.most):
                    seconds = grader.seconds(Path(place) / "course", students)
                    times.setdefault((grader.name, students), []).append(seconds)
                    note = f"turn {turn + 1}: {grader.name}, {students} submissions"
                    print(f"{note}: {seconds:.1f} s", file=sys.stderr)
    found = []
    for grader in graders:
        few, many = grader.most // FEW, grader.most
        whole = median(times[grader.name, many])
        more = whole - median(times[grader.name, few])
        found.append(Measured(grader, whole, more / (many - few)))
    return found


def main(repeats: int) -> None:
    """Measures and prints the table."""
    graders: list[Grader] = [
        Ours("autograder grade", CLASS),
        Ours("autograder grade --jobs 2", CLASS, jobs=2),
        Ours("the same, 10 checks each", CLASS, checks=MORE_CHECKS),
        Ours("nbgrader autograde, this grader", CLASS, nbgrader=True),
        Nbgrader("nbgrader autograde, as it comes", SLOW),
    ]
    try:
        graders.append(Otter("otter run", SLOW, python=otter_python()))
    except BenchError as reason:
        print(f"otter run is left out. {reason}")
    print(_machine())
    compute, library = _compute(), _import_torch()
    rows = measure(graders, repeats)
    print(_machine())
    print(f"the student's own compute: {1000 * compute:.1f} ms, torch once imported")
    print(f"importing torch and numpy: {library:.2f} s; others pay it for each submission\n")
    print(table(rows, compute))
    ours = {row.grader.name: row.each for row in rows}
    further = len(small.ANSWERS) * (MORE_CHECKS - 2)
    cost = (ours["the same, 10 checks each"] - ours["autograder grade"]) / further
    print(f"\neach further check: {1000 * cost:.1f} ms")


def table(rows: list[Measured], compute: float) -> str:
    """The table as markdown; ratios are to the first row.

    Args:
        rows: what was measured.
        compute: seconds of the student's own code for one submission.
    """
    lines = [
        "| grader | submissions | whole class | one more submission | beside the student's compute "
        "| ratio | submissions/s |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    first = rows[0].each - compute
    for row in rows:
        beside = row.each - compute
        lines.append(
            f"| {row.grader.name} | {row.grader.most} | {row.whole:.1f} s | "
            f"{1000 * row.each:.0f} ms | {1000 * beside:.0f} ms | {beside / first:.1f} | "
            f"{1 / row.each:.1f} |"
        )
    return "\n".join(lines)


def profile() -> None:
    """Grades one class in one job and prints where the job's time goes."""
    with tempfile.TemporaryDirectory(prefix="cvcourse-bench-") as place:
        path = Path(place) / "profile"
        grader = replace(Ours("profiled", CLASS), profile=path)
        grader.seconds(Path(place) / "course", CLASS)
        for order in ("cumulative", "tottime"):
            pstats.Stats(str(path)).strip_dirs().sort_stats(order).print_stats(45)


def _machine() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} cores, {_processor()}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, load {load}"
    )


def _processor() -> str:
    names: Iterator[str] = iter(())
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _compute() -> float:
    script = COMPUTE.format(code=small.compute())
    return float(_printed(script))


def _import_torch() -> float:
    times = []
    for _ in range(3):
        started = perf_counter()
        _printed("import torch, numpy")
        times.append(perf_counter() - started)
    return median(times)


def _printed(script: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
