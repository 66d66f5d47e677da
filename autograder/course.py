"""The course folder as the grader sees it: its notebooks, questions, reference answers and key."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder import cells
from autograder.errors import CourseError

KEY_BYTES = 32
HIDDEN = Path(__file__).parent / "hidden"


@dataclass(frozen=True)
class Question:
    """A question as the release states it.

    Attributes:
        id: "knn-q3", or "knn-w1" for a written one.
        title: the first heading line of the text before it.
        points: from the cell that carries them.
        written: graded by hand.
        names: functions and classes that the answer cell defines, read from the release's stub.
    """

    id: str
    title: str
    points: float
    written: bool
    names: tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """A course folder with `source/` and `release/`.

    Args:
        root: the folder that holds nbgrader_config.py.
        hidden: the folder of the hidden checks, one folder per assignment.
    """

    root: Path
    hidden: Path = HIDDEN

    def notebooks(self, assignment: str) -> list[str]:
        """The names of an assignment's released notebooks, sorted.

        Raises:
            CourseError: if nothing is released under that name.
        """
        names = sorted(p.stem for p in (self.root / "release" / assignment).glob("*.ipynb"))
        if not names:
            raise CourseError(
                f"release/{assignment} holds no notebook; make it with: "
                f"nbgrader generate_assignment {assignment}"
            )
        return names

    def release(self, assignment: str, notebook: str) -> dict[str, Any]:
        """The released notebook as JSON data."""
        return _notebook(self.root / "release" / assignment / f"{notebook}.ipynb")

    def source(self, assignment: str, notebook: str) -> dict[str, Any]:
        """The source notebook, with its answers, as JSON data."""
        return _notebook(self.root / "source" / assignment / f"{notebook}.ipynb")

    def source_bytes(self, assignment: str, notebook: str) -> bytes:
        """The source notebook's file: the reference's answers, in the form of a submission.

        Raises:
            CourseError: if there is none.
        """
        path = self.root / "source" / assignment / f"{notebook}.ipynb"
        if not path.is_file():
            raise CourseError(f"{path} is missing")
        return path.read_bytes()

    def questions(self, assignment: str, notebook: str) -> list[Question]:
        """The questions of a released notebook, in its order.

        Raises:
            CourseError: if a question lacks its points, its check cell or its title.
        """
        released = self.release(assignment, notebook)["cells"]
        points = {
            cells.grade_id_of(cell): cells.role_of(cell).get("points")
            for cell in released
            if cells.role_of(cell).get("grade") is True
        }
        questions, heading = [], ""
        for cell in released:
            heading = cells.heading_of(cell) or heading
            if cells.is_answer(cell):
                questions.append(_question(cell, heading, points))
        return questions

    def release_id(self, assignment: str) -> str:
        """Twelve hex digits that name the release: a hash of its notebooks."""
        digest = hashlib.sha256()
        for name in self.notebooks(assignment):
            digest.update(name.encode() + b"\0")
            digest.update((self.root / "release" / assignment / f"{name}.ipynb").read_bytes())
        return digest.hexdigest()[:12]

    @property
    def key_file(self) -> Path:
        """Where the staff key lies."""
        return Path(os.environ.get("CVCOURSE_SECRET") or self.root / "secrets" / "staff.key")

    @cached_property
    def key(self) -> bytes:
        """The staff key, 32 bytes; made on first use, readable by its owner only.

        Raises:
            CourseError: if the file does not hold exactly 32 bytes.
        """
        path = self.key_file
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
        except FileExistsError:
            pass
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise CourseError(f"{path} must hold {KEY_BYTES} bytes; it holds {len(key)}")
        return key

    def secret(self, *label: str) -> bytes:
        """32 bytes for one use: HMAC-SHA256 of the label under the staff key.

        Args:
            label: the parts of the label; each use of the key has another first part.
        """
        text = "\0".join(label)
        return hmac.new(self.key, text.encode(), hashlib.sha256).digest()

    def pseudonym(self, student: str) -> str:
        """The name a student has everywhere but in the gradebook and the roster."""
        return self.secret("student", student).hex()[:16]


def _question(cell: dict[str, Any], heading: str, points: dict[str, Any]) -> Question:
    identifier = cells.grade_id_of(cell)
    written = identifier in points
    carrier = identifier if written else identifier + cells.CHECK_SUFFIX
    worth = points.get(carrier)
    if not isinstance(worth, int | float) or isinstance(worth, bool) or not worth > 0:
        raise CourseError(
            f"{identifier} must have points above zero in the cell {carrier}; got {worth!r}"
        )
    prefix, _, title = heading.partition(":")
    if prefix.strip() != identifier or not title.strip():
        raise CourseError(
            f"the text before {identifier} must open with the heading "
            f"'### {identifier}: <title>'; got {heading!r}"
        )
    names = cells.names_defined(cells.source_of(cell)) if cells.is_code(cell) else ()
    return Question(identifier, title.strip(), float(worth), written, names)


def _notebook(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{path} is missing") from None
    except ValueError as error:
        raise CourseError(f"{path} is no notebook: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise CourseError(f"{path} is no notebook: it has no list of cells")
    return data
