"""Student text as text: nothing in it may run or load in the browser of whoever reads it."""

from __future__ import annotations

import re
import textwrap

WIDTH = 100  # columns; a fenced block does not wrap by itself

_BACKTICKS = re.compile(r"`{3,}")


def fenced(text: str) -> str:
    """The text as a fenced block of markdown, in which markdown and HTML mean nothing.

    The fence is longer than any run of backticks inside, so that none can end it.
    """
    fence = "`" * max([3, *(len(run) + 1 for run in _BACKTICKS.findall(text))])
    return f"{fence}text\n{wrapped(text)}\n{fence}"


def wrapped(text: str) -> str:
    """The text with lines of at most `WIDTH` columns; line breaks of its own are kept."""
    lines = [_wrap(line) for line in text.expandtabs(4).splitlines()]
    return "\n".join(lines)


def _wrap(line: str) -> str:
    return "\n".join(
        textwrap.wrap(line, WIDTH, replace_whitespace=False, drop_whitespace=False) or [""]
    )
