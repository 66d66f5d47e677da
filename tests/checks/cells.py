"""Notebook cells for tests: code compiled under a made-up file name, as IPython compiles it."""

from __future__ import annotations

import linecache
import textwrap
from typing import Any

CELL = "<cell 7>"


def run_cell(source: str, namespace: dict[str, Any] | None = None, name: str = CELL) -> dict:
    """Runs a cell in a notebook's namespace and returns that; tracebacks can quote its lines."""
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    text = textwrap.dedent(source).lstrip("\n")
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), namespace)
    return namespace
