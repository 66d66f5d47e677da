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
    """

    root: Path

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

    def release_id(self, assignment: str) -> str:
        """Twelve hex digits that name the release: a hash of its notebooks."""
        digest = hashlib.sha256()
        for name in self.notebooks(assignment):
            digest.update(name.encode() + b"\0")
            digest.update((self.root / "release" / assignment / f"{name}.ipynb").read_bytes())
        return digest.hexdigest()[:12]

    @cached_property
    def key(self) -> bytes:
        """The staff key, 32 bytes; made on first use, readable by its owner only.

        Raises:
            CourseError: if the file does not hold exactly 32 bytes.
        """
        path = Path(os.environ.get("CVCOURSE_SECRET") or self.root / "secrets" / "staff.key")
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
