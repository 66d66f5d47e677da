"""Builds the folder of Python packages that student code may import.

Only what is listed here is there: the packages that `cvcourse` requires, `cvcourse` itself without
its checks and reference implementations, and the worker. A staff package beside them in the same
environment is not seen.
"""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path

import cvcourse

INSIDE = Path(__file__).parent / "inside"
ROOTS = ("numpy", "torch", "matplotlib", "tqdm", "ipython")
LEFT_OUT = ("checks", "reference", "__pycache__")
ALLOWED_CHECKS = ("given.py",)


def build(folder: Path) -> None:
    """Writes the course's own packages, as the sandbox shows them, into an empty folder.

    Args:
        folder: receives `cvcourse/` and `inside/`, readable by everybody.
    """
    package = Path(cvcourse.__file__).parent
    shutil.copytree(
        package,
        folder / "cvcourse",
        ignore=lambda path, names: LEFT_OUT if Path(path) == package else ("__pycache__",),
    )
    checks = folder / "cvcourse" / "checks"
    checks.mkdir()
    shutil.copyfile(INSIDE / "quiet_checks.py", checks / "__init__.py")
    for name in ALLOWED_CHECKS:
        shutil.copyfile(package / "checks" / name, checks / name)
    shutil.copytree(INSIDE, folder / "inside", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def third_party() -> dict[str, Path]:
    """The files and folders of the packages that student code may import, by their name.

    Follows the requirements of `ROOTS` as they are installed.
    """
    found: dict[str, Path] = {}
    waiting, seen = list(ROOTS), set[str]()
    while waiting:
        name = _normal(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # an optional requirement, or one of another platform
        waiting += [_name_of(r) for r in package.requires or () if "extra ==" not in r]
        for file in package.files or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not top.endswith(".pth"):
                found[top] = Path(str(package.locate_file(top)))
    return {name: path for name, path in sorted(found.items()) if path.exists()}


def _name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match[0] if match else requirement


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
