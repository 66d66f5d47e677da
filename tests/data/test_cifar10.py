"""CIFAR-10: checked before it is opened, found wherever it lies, equal to the original."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import pickle
import struct
import tarfile
import threading

import numpy as np
import pytest

from cvcourse.data import ChecksumError, DataError, cifar10, load
from cvcourse.data.cifar10 import FOLDER, Cifar10, unpickle
from cvcourse.data.manifests import DataFile, manifest

BATCH = 20


def old_pickle(pixels, labels):
    """The pickle that Python 2 wrote of {"data": pixels, "labels": labels}, opcode by opcode."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    shape = b"".join(b"M" + struct.pack("<H", length) for length in pixels.shape) + b"\x86"
    state = b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R" + state
    raw = b"T" + struct.pack("<i", pixels.nbytes) + pixels.tobytes()
    empty = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85" + text(b"b") + b"tR"
    )
    array = empty + b"(K\x01" + shape + dtype + b"\x89" + raw + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A data set of the same form with 20 pictures a file, and its manifest."""
    monkeypatch.setattr(cifar10, "BATCH", BATCH)
    monkeypatch.setattr(Cifar10, "num_train", 5 * BATCH)
    monkeypatch.setattr(Cifar10, "num_test", BATCH)
    monkeypatch.delenv("CVCOURSE_DATA", raising=False)
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(5)
    contents = {}
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        pixels = rng.integers(0, 256, (BATCH, 3072), dtype=np.uint8)
        labels = rng.integers(0, 10, BATCH).tolist()
        contents[f"{FOLDER}/{name}"] = old_pickle(pixels, labels)
    return contents


def facts_of(contents, tar=b"", addresses=()):
    files = tuple(
        DataFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )
    archive = DataFile(
        "cifar-10-python.tar.gz", len(tar), hashlib.sha256(tar).hexdigest(), addresses
    )
    return dataclasses.replace(manifest("cifar10"), archive=archive, files=files)


def write_folder(contents, folder):
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def packed(contents):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def expected(contents, part):
    names = [n for n in contents if ("test" in n) == (part == "test")]
    batches = [unpickle(contents[name]) for name in names]
    images = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
    return images, np.concatenate([batch[b"labels"] for batch in batches])


def test_any_stretch_of_the_folder_is_read_in_order(small, tmp_path, monkeypatch):
    write_folder(small, tmp_path / "real")
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "real"))
    images, labels = expected(small, "train")
    for start, stop in [(0, 100), (0, 1), (13, 67), (40, 60), (99, 100), (50, 50)]:
        split = Cifar10(facts_of(small)).read("train", start, stop)
        np.testing.assert_array_equal(split.images, images[start:stop])
        np.testing.assert_array_equal(split.labels, labels[start:stop])
    images, labels = expected(small, "test")
    split = Cifar10(facts_of(small)).read("test", 3, 9)
    np.testing.assert_array_equal(split.images, images[3:9])
    np.testing.assert_array_equal(split.labels, labels[3:9])


def test_only_the_files_that_are_needed_are_opened(small, tmp_path):
    write_folder(small, tmp_path / "cache")
    for number in (1, 3, 4, 5):
        (tmp_path / "cache" / FOLDER / f"data_batch_{number}").unlink()
    assert len(Cifar10(facts_of(small)).read("train", 20, 40)) == 20


def test_a_tar_is_unpacked_to_the_cache_and_left_where_it_is(small, tmp_path, monkeypatch):
    tar = packed(small)
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "cifar-10-python.tar.gz").write_bytes(tar)
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "real"))
    for _ in range(2):
        split = Cifar10(facts_of(small, tar)).read("train", 0, 100)
        np.testing.assert_array_equal(split.images, expected(small, "train")[0])
    assert [p.name for p in (tmp_path / "real").iterdir()] == ["cifar-10-python.tar.gz"]
    assert len(list((tmp_path / "cache" / FOLDER).iterdir())) == 6


def test_a_tar_with_other_bytes_is_not_opened(small, tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    tar = packed(small)
    (tmp_path / "cache" / "cifar-10-python.tar.gz").write_bytes(tar[:-1] + b"!")
    monkeypatch.setattr(tarfile, "open", lambda *_a, **_k: pytest.fail("opened"))
    with pytest.raises(ChecksumError, match=r"wrong SHA-256, so it was not opened\. Delete it"):
        Cifar10(facts_of(small, tar)).read("train", 0, 1)
    assert not (tmp_path / "cache" / FOLDER).exists()


def test_unpacking_that_was_interrupted_leaves_no_half_folder(small, tmp_path, monkeypatch):
    tar = packed(small)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "cifar-10-python.tar.gz").write_bytes(tar)
    written = []

    def stumble(path, parts):
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt
        return real(path, parts)

    real = cifar10.write_whole
    monkeypatch.setattr(cifar10, "write_whole", stumble)
    with pytest.raises(KeyboardInterrupt):
        Cifar10(facts_of(small, tar)).read("train", 0, 1)
    assert not (tmp_path / "cache" / FOLDER).exists()
    assert len(Cifar10(facts_of(small, tar)).read("train", 0, 100)) == 100


def test_it_is_downloaded_when_it_is_nowhere(small, tmp_path, server, capsys):
    server.content = packed(small)
    facts = facts_of(small, server.content, (server.address("cut/1"),))
    split = Cifar10(facts).read("test", 0, BATCH)
    np.testing.assert_array_equal(split.images, expected(small, "test")[0])
    Cifar10(facts).read("train", 0, BATCH)
    assert [asked for _, asked in server.requests] == [None, f"bytes={len(server.content) // 2}-"]
    assert not (tmp_path / "cache" / "cifar-10-python.tar.gz").exists()
    assert "100%" in capsys.readouterr().err


def test_two_readers_at_once_unpack_one_tar(small, tmp_path):
    tar = packed(small)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "cifar-10-python.tar.gz").write_bytes(tar)
    read = []
    threads = [
        threading.Thread(
            target=lambda: read.append(len(Cifar10(facts_of(small, tar)).read("train", 0, 100)))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [100] * 4


def test_a_damaged_file_is_never_unpickled(small, tmp_path, monkeypatch):
    facts = facts_of(small)
    write_folder(small, tmp_path / "cache")
    path = tmp_path / "cache" / FOLDER / "data_batch_1"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(cifar10, "unpickle", lambda _content: pytest.fail("unpickled"))
    with pytest.raises(ChecksumError, match=r"data_batch_1 is damaged .* Remove its folder"):
        Cifar10(facts).read("train", 0, 1)


def test_a_missing_file_is_named(small, tmp_path):
    write_folder(small, tmp_path / "cache")
    (tmp_path / "cache" / FOLDER / "data_batch_4").unlink()
    with pytest.raises(DataError, match=r"data_batch_4 is missing from the folder of CIFAR-10"):
        Cifar10(facts_of(small)).read("train", 0, 100)


def test_a_pickle_that_calls_something_is_refused_even_with_the_right_checksum(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    with pytest.raises(DataError, match=r"the pickle asks for (posix|nt)\.mkdir"):
        unpickle(pickle.dumps(Trap(), protocol=2))
    assert not (tmp_path / "sprung").exists()


def test_load_takes_it_by_name(small, tmp_path, monkeypatch):
    write_folder(small, tmp_path / "cache")
    monkeypatch.setattr(cifar10, "manifest", lambda _name: facts_of(small))
    data = load("cifar10", num_validation=10)
    assert [len(data.train), len(data.validation), len(data.test)] == [90, 10, 20]
    np.testing.assert_array_equal(data.validation.images, expected(small, "train")[0][90:])
    assert "Krizhevsky" in data.origin
    assert data.class_names[3] == "cat"


@pytest.fixture(scope="module")
def real():
    if not os.environ.get("CVCOURSE_DATA"):
        pytest.skip("CVCOURSE_DATA is not set: the real CIFAR-10 is not here")
    return load("cifar10")


@pytest.mark.data
def test_the_real_set_has_its_published_numbers(real):
    assert [len(real.train), len(real.validation), len(real.test)] == [49_000, 1_000, 10_000]
    labels = np.concatenate([real.train.labels, real.validation.labels])
    np.testing.assert_array_equal(np.bincount(labels), [5000] * 10)
    np.testing.assert_array_equal(np.bincount(real.test.labels), [1000] * 10)
    # the channel means that the literature uses, 0.4914, 0.4822, 0.4465, to their last digit
    every = np.concatenate([real.train.images, real.validation.images])
    means = every.mean(axis=(0, 2, 3)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=5e-5)


@pytest.mark.data
def test_the_class_names_are_those_of_the_real_files(real):
    path = os.path.join(os.environ["CVCOURSE_DATA"], FOLDER, "batches.meta")
    if not os.path.exists(path):
        pytest.skip("the real CIFAR-10 is a tar here")
    with open(path, "rb") as file:
        names = unpickle(file.read())[b"label_names"]
    assert tuple(name.decode() for name in names) == real.class_names
