"""Finds a notebook in the folder that a student handed in, whatever its name has become.

Files are read and never changed. Links are not followed: a student may have made them, and they
may point at anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.intake import MAX_FILE, rebuild

MAX_FILES = 50  # of a folder that are looked at
MAX_DEPTH = 3  # folders inside the folder, as an unpacked archive makes them
MAX_NAME = 80  # characters of a file's name that are repeated to the student


@dataclass(frozen=True)
class Found:
    """The file that is graded.

    Attributes:
        data: its bytes; empty if there is no file.
        notes: what the student should know about the choice, a sentence each.
    """

    data: bytes
    notes: tuple[str, ...] = ()


def find_notebook(folder: Path, name: str, release: dict[str, Any], others: set[str]) -> Found:
    """The bytes of one notebook of a submission.

    The file of the right name counts if it holds an answer; otherwise of all files the one that
    holds most answers to this release's questions.

    Args:
        folder: what was handed in; it may be missing.
        name: the notebook's name, e.g. "knn".
        release: the released notebook, as JSON data.
        others: names of the assignment's other notebooks; their files are left to them.
    """
    exact = folder / f"{name}.ipynb"
    data = _read(exact)
    least = -1 if data is None else _answered(release, data)
    if least > 0:
        return Found(data or b"")
    taken = {exact, *(folder / f"{other}.ipynb" for other in others)}
    best, best_path, most = b"", None, least
    for path in _files(folder):
        candidate = None if path in taken else _read(path)
        if candidate is not None and (answered := _answered(release, candidate)) > most:
            best, best_path, most = candidate, path, answered
    if best_path is None:
        return Found(data or b"")
    state = "holds no answer" if least == 0 else "could not be read"
    state = "is missing" if data is None else state
    return Found(best, (f"{name}.ipynb {state}; {_shown(best_path.name)} was graded.",))


def _answered(release: dict[str, Any], data: bytes) -> int:
    """How many of the release's questions a file answers; -1 if it is no notebook of it."""
    if b'"cells"' not in data:
        return -1
    rebuilt = rebuild(release, data)
    return -1 if rebuilt.error else len(rebuilt.answers) - len(rebuilt.unanswered)


def _read(path: Path) -> bytes | None:
    """A file's bytes, one more than are allowed at most; None if it is no plain file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        try:
            return file.read(MAX_FILE + 1)
        except OSError:
            return None


def _files(folder: Path) -> Iterator[Path]:
    """The folder's plain files in a fixed order, those nearer to the top first."""
    level, count = [folder], 0
    for _ in range(MAX_DEPTH + 1):
        below: list[Path] = []
        for place in level:
            try:
                entries = sorted(os.scandir(place), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    count += 1
                    if count > MAX_FILES:
                        return
                    yield Path(entry.path)
        level = below


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in name)[:MAX_NAME]
