from __future__ import annotations

import os

import pytest

from autograder.reports.files import safe_name, write_atomically

HOSTILE = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    ".hidden",
    "-rf",
    "a b",
    "a/b",
    "a\\b",
    "a\x00b",
    "nul",
    "COM1.txt",
    "dot.",
    "x" * 300,
    "\u202egnp",
    "\ud800",
    "<script>",
]


@pytest.mark.parametrize("name", ["anna", "a.b_c-d", "anna+x@example.org", "5f1c20ab"])
def test_a_harmless_name_is_kept(name):
    assert safe_name(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_inside_its_folder(name, tmp_path):
    safe = safe_name(name)
    path = tmp_path / safe / "page.html"
    write_atomically(path, "x")
    assert path.resolve().parent.parent == tmp_path.resolve()
    assert safe.isascii()
    assert len(safe) < 100
    assert not safe.startswith((".", "-"))


def test_no_two_names_become_one():
    names = [*HOSTILE, "a_b", "a__b", "a  b"]
    assert len({safe_name(name) for name in names}) == len(names)
    assert safe_name(safe_name("a b")) != safe_name("a b")  # nobody can choose a made name


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new" / "page.txt"
    write_atomically(path, "one\r\n")
    write_atomically(path, "zwei – 二\n")
    assert path.read_bytes() == "zwei – 二\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "page.txt"
    write_atomically(path, "old")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_not_read_a_report(tmp_path):
    path = tmp_path / "page.txt"
    write_atomically(path, "x")
    assert path.stat().st_mode & 0o007 == 0
