"""Downloads from a server that misbehaves: resumed, refused or complete, never half."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from cvcourse.data import DataError, DownloadError, download
from cvcourse.data.download import fetch
from cvcourse.data.manifests import DataFile

NAME = "thing.tar.gz"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def file_at(server):
    def make(*ways):
        return DataFile(
            NAME,
            len(server.content),
            hashlib.sha256(server.content).hexdigest(),
            tuple(server.address(way) for way in ways),
        )

    return make


def get(file, folder):
    return fetch(file, folder, progress=False)


def expect_nothing_but_a_part(folder):
    assert {path.name for path in folder.iterdir()} <= {f"{NAME}.lock", f"{NAME}.part"}


@pytest.mark.parametrize("way", ["fine", "no-range", "cut/1", "cut/2", "broken/2"])
def test_a_file_arrives_whole_although_the_server_stumbles(way, file_at, server, tmp_path):
    path = get(file_at(way), tmp_path / "new")
    assert path.read_bytes() == server.content
    assert {p.name for p in path.parent.iterdir()} == {NAME, f"{NAME}.lock"}


def test_a_broken_transfer_resumes_where_it_stopped(file_at, server, tmp_path):
    get(file_at("cut/2"), tmp_path)
    assert server.requests == [
        ("cut", None),
        ("cut", "bytes=50000-"),
        ("cut", "bytes=75000-"),
    ]


def test_a_part_from_an_earlier_day_is_resumed(file_at, server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(server.content[:99_000])
    assert get(file_at("fine"), tmp_path).read_bytes() == server.content
    assert server.requests == [("fine", "bytes=99000-")]


def test_a_server_without_range_starts_again_and_is_complete(file_at, server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 60_000)
    assert get(file_at("no-range"), tmp_path).read_bytes() == server.content


def test_a_spoilt_part_is_thrown_away_and_fetched_once_more(file_at, server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 60_000)
    assert get(file_at("fine"), tmp_path).read_bytes() == server.content
    assert server.requests == [("fine", "bytes=60000-"), ("fine", None)]


@pytest.mark.parametrize("length", [100_000, 100_001])
def test_a_part_of_full_length_with_other_bytes_is_fetched_anew(length, file_at, server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * length)
    assert get(file_at("fine"), tmp_path).read_bytes() == server.content


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("html", "it sent a web page instead of the file"),
        ("html-chunked", "it sent a web page instead of the file"),
        ("wrong", "what it sent has the wrong checksum"),
        ("longer", "it offers 100001 bytes instead of 100000"),
        ("shorter", "it offers 99999 bytes instead of 100000"),
        ("endless", "it sent more than 100000 bytes"),
        ("gone", r"it answered with status 404 \(Not Found\)"),
        ("broken/9", r"it answered with status 503 \(Service Unavailable\)"),
        ("cut/9", "it broke off after 87500 of 100000 bytes"),
    ],
)
def test_what_no_address_gives_is_refused_with_its_reason(way, message, file_at, server, tmp_path):
    with pytest.raises(DownloadError, match=rf"{NAME} could not be downloaded\.\n.*{message}"):
        get(file_at(way), tmp_path)
    expect_nothing_but_a_part(tmp_path)


def test_a_server_that_resumes_elsewhere_is_refused(file_at, server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(server.content[:500])
    with pytest.raises(DownloadError, match="it resumed at another byte than asked for"):
        get(file_at("off-by-one"), tmp_path)
    assert (tmp_path / f"{NAME}.part").read_bytes() == server.content[:500]


def test_a_dead_host_is_named(file_at, tmp_path):
    file = DataFile(NAME, 5, "0" * 64, ("http://127.0.0.1:9/nothing",))
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9/nothing: no connection"):
        get(file, tmp_path)


def test_the_message_says_what_to_do_next(file_at, server, tmp_path):
    file = file_at("gone")
    with pytest.raises(DownloadError, match=f"put the file into .* by hand.* {file.sha256}"):
        get(file, tmp_path)


def test_the_next_address_is_tried_and_goes_on_where_the_last_one_stopped(
    file_at, server, tmp_path
):
    path = get(file_at("gone", "html", "cut/9", "fine"), tmp_path)
    assert path.read_bytes() == server.content
    assert server.requests[-1] == ("fine", "bytes=87500-")


def test_all_addresses_are_listed_when_none_works(file_at, server, tmp_path):
    with pytest.raises(DownloadError) as caught:
        get(file_at("gone", "wrong", "html"), tmp_path)
    for way in ("/gone: it answered", "/wrong: what it sent", "/html: it sent a web page"):
        assert way in str(caught.value)


def test_a_slow_address_gives_way_and_is_used_again_if_the_others_fail(
    file_at, server, tmp_path, monkeypatch
):
    monkeypatch.setattr(download, "SLOW_AFTER", 0.05)
    monkeypatch.setattr(download, "SLOW_BYTES", 10**9)
    path = get(file_at("slow", "gone"), tmp_path)
    assert path.read_bytes() == server.content
    assert [way for way, _ in server.requests] == ["slow", "gone", "slow"]
    assert server.requests[-1][1] is not None


def test_a_file_that_is_there_is_not_fetched_again(file_at, server, tmp_path):
    (tmp_path / NAME).write_bytes(server.content)
    get(file_at("gone"), tmp_path)
    assert server.requests == []


def test_a_file_that_is_there_with_other_bytes_is_replaced(file_at, server, tmp_path):
    (tmp_path / NAME).write_bytes(b"half")
    assert get(file_at("fine"), tmp_path).read_bytes() == server.content


def test_a_full_disk_is_noticed_before_the_download(file_at, server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**6, 10**6 - 99, 99)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(
        DataError, match=f"the disk is full: {NAME} needs 0 MB in .* CVCOURSE_CACHE"
    ):
        get(file_at("fine"), tmp_path)
    assert server.requests == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_meanwhile_is_named(file_at, server, tmp_path):
    (tmp_path / f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=f"the disk is full: {NAME} needs .* in .*{tmp_path.name}"):
        get(file_at("fine"), tmp_path)
    assert not (tmp_path / NAME).exists()


def test_a_bar_shows_the_progress(file_at, server, tmp_path, capsys):
    fetch(file_at("fine"), tmp_path)
    assert f"{NAME}: 100%" in capsys.readouterr().err


def test_two_processes_download_once(file_at, server, tmp_path):
    file = file_at("slow")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from cvcourse.data.download import fetch\nfrom cvcourse.data.manifests import DataFile\n"
        "name, size, digest, address, folder = sys.argv[1:]\n"
        "file = DataFile(name, int(size), digest, (address,))\n"
        "print(fetch(file, Path(folder), progress=False).stat().st_size)\n"
    )
    arguments = [NAME, str(file.size), file.sha256, file.addresses[0], str(tmp_path)]
    running = [
        subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0] for process in running] == [b"100000\n"] * 2
    assert server.requests == [("slow", None)]
