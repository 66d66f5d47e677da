"""Text made fit to show: no control characters, no reordering, no end of length.

Most of what a report says was written by staff, but names, notes and examples can carry what a
student typed. Escaping for HTML is the template's work, not done here.
"""

from __future__ import annotations

import unicodedata

KEPT_FORMATS = "\u200c\u200d"  # the joiners that some scripts are spelled with
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
SHORTENED = " [shortened]"


def block(text: str, limit: int = 8000) -> str:
    """Several lines as they are, tabs as spaces, what cannot be seen as U+FFFD.

    Among what cannot be seen are the marks that turn the direction of text, with which a line
    can be made to read otherwise than it is.

    Args:
        text: anything, lone surrogates included.
        limit: the most characters kept; a longer text ends in "[shortened]".
    """
    lines = text[: limit + 1].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    shown = "".join(c if _is_shown(c) else "\ufffd" for c in lines)
    return shown if len(text) <= limit else shown[:limit] + SHORTENED


def line(text: str, limit: int = 2000) -> str:
    """The same on one line, with each run of white space as one space."""
    return " ".join(block(text, limit).split())


def number(value: float) -> str:
    """A number of points: "4", "2.5", "0.67"."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _is_shown(character: str) -> bool:
    if character == "\n" or character in KEPT_FORMATS:
        return True
    return unicodedata.category(character) not in UNSEEN
