from __future__ import annotations

import pytest

from autograder.reports.text import block, line, number


@pytest.mark.parametrize(
    "hidden",
    ["\x00", "\x1b", "\x07", "\x85", "\u202e", "\u2066", "\u200f", "\ufeff", "\u2028", "\ud800"],
)
def test_what_cannot_be_seen_is_shown_as_such(hidden):
    assert block(f"a{hidden}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["naïve café", "日本語", "עברית", "a\u200db", "x² ≤ ½"])
def test_text_of_any_script_is_kept(text):
    assert block(text) == text


def test_a_block_keeps_its_lines_and_shows_tabs_as_spaces():
    assert block("a\r\nb\rc\n\td") == "a\nb\nc\n    d"


def test_a_line_has_no_other_white_space_than_single_spaces():
    assert line(" a\n\n b\t c ") == "a b c"


def test_a_long_text_is_shortened_and_says_so():
    assert block("x" * 9) == "x" * 9
    assert block("x" * 10**6, limit=5) == "xxxxx [shortened]"
    assert len(line("x " * 10**6)) < 2100


@pytest.mark.parametrize(
    ("value", "text"),
    [(4, "4"), (4.0, "4"), (2.5, "2.5"), (0.67, "0.67"), (0, "0"), (10, "10"), (100.0, "100")],
)
def test_points_have_no_digits_too_many(value, text):
    assert number(value) == text
