"""Folders, manifests, whole files and locks."""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cvcourse.data import DataError
from cvcourse.data.files import locked, sha256_of, write_whole
from cvcourse.data.folders import cache_folder, real_data_folder
from cvcourse.data.manifests import manifest, read_manifest

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted((ROOT / "datasets").glob("*.toml"))


def test_the_folder_of_real_data_is_none_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("CVCOURSE_DATA", raising=False)
    assert real_data_folder() is None
    monkeypatch.setenv("CVCOURSE_DATA", "")
    assert real_data_folder() is None
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path))
    assert real_data_folder() == tmp_path


def test_a_folder_of_real_data_that_is_none_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"CVCOURSE_DATA must name a folder .*nowhere is no folder"):
        real_data_folder()


def test_the_cache_is_where_the_variable_says_or_the_platform_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CVCOURSE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / ".cache" / "cvcourse"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "cvcourse"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "cvcourse"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "cvcourse"


def test_there_is_a_manifest():
    assert [path.name for path in MANIFESTS] != []


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_every_manifest_is_complete(path):
    facts = read_manifest(path)
    assert facts == manifest(path.stem)
    assert facts.archive.addresses
    assert len(set(facts.class_names)) == len(facts.class_names)
    for file in (facts.archive, *facts.files):
        assert file.size > 0
    for text in (facts.title, facts.origin, facts.licence, facts.citation):
        assert text


def test_a_manifest_that_is_not_there_is_refused():
    with pytest.raises(DataError, match=r"there is no manifest nosuch\.toml in .*datasets"):
        manifest("nosuch")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"^title = .*$", "", "must have a field 'title'"),
        (r'^sha256 = "6d95', 'sha256 = "XX95', "sha256 of cifar-10-python.tar.gz must be 64 hex"),
        ('"https://data', '"http://data', "http://data.* must be an https address"),
        ('"cifar-10-batches-py/test_batch"', '"../test_batch"', "must be a path below"),
        ('"cifar-10-batches-py/test_batch"', '"/etc/test_batch"', "must be a path below"),
        (r"^\[archive\]$", "[archive", "is not as it must be"),
    ],
)
def test_a_manifest_of_another_form_is_refused_with_its_name(old, new, message, tmp_path):
    text = (ROOT / "datasets" / "cifar10.toml").read_text(encoding="utf-8")
    path = tmp_path / "bad.toml"
    path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(DataError, match=rf"bad\.toml .*{message}"):
        read_manifest(path)


def test_the_hash_is_that_of_the_bytes(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    # FIPS 180-2 states this value for the empty message
    assert sha256_of(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "file"
    write_whole(path, [b"one", memoryview(b"two")])
    assert path.read_bytes() == b"onetwo"

    def stumble():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, stumble())
    assert path.read_bytes() == b"onetwo"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom cvcourse.data.files import locked\n"
    "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


def test_a_lock_waits_for_its_holder_and_is_free_when_that_is_killed(tmp_path):
    path = tmp_path / "new" / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    waiter = context.Process(target=_take, args=(path, queue))
    waiter.start()
    assert queue.get(timeout=30) == "started"
    time.sleep(0.2)
    assert queue.empty()
    holder.kill()
    holder.communicate()
    assert queue.get(timeout=30) == "taken"
    waiter.join()


def _take(path, queue):
    queue.put("started")
    with locked(path):
        queue.put("taken")
