"""CIFAR-10 from its original Python files, each checked before it is read.

The files are pickles, and a pickle can run code. So the bytes are compared with the manifest's
SHA-256 first, the bytes that were compared are the ones that are read, and the reader knows no
class but a NumPy array.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cvcourse.data.arrays import Split
from cvcourse.data.download import fetch
from cvcourse.data.errors import ChecksumError, DataError
from cvcourse.data.files import locked, sha256_of, write_whole
from cvcourse.data.folders import cache_folder, real_data_folder
from cvcourse.data.manifests import DataFile, Manifest, manifest

BATCH = 10_000
FOLDER = "cifar-10-batches-py"


class Cifar10:
    """The source "cifar10": 50,000 training and 10,000 test pictures.

    The files are looked for in `CVCOURSE_DATA` and then in the cache, as the unpacked folder and
    then as the tar; if they are nowhere, the tar is downloaded. A tar is unpacked to the cache.
    """

    num_train = 5 * BATCH
    num_test = BATCH

    def __init__(self, facts: Manifest | None = None) -> None:
        self._facts = facts or manifest("cifar10")
        self.class_names = self._facts.class_names
        self.origin = self._facts.origin

    def read(self, part: str, start: int, stop: int) -> Split:
        """The pictures start..stop-1 of a part, "train" or "test", in the order of the files.

        Raises:
            DataError: if a file is missing, damaged or cannot be downloaded.
        """
        images = np.empty((stop - start, 3, 32, 32), np.uint8)
        labels = np.empty(stop - start, np.int64)
        if stop > start:
            folder = self._folder()
            for batch in range(start // BATCH, (stop - 1) // BATCH + 1):
                name = f"data_batch_{batch + 1}" if part == "train" else "test_batch"
                pixels, kinds = read_batch(folder, self._file(name))
                first, last = max(start, batch * BATCH), min(stop, (batch + 1) * BATCH)
                here = slice(first - batch * BATCH, last - batch * BATCH)
                images[first - start : last - start] = pixels[here].reshape(-1, 3, 32, 32)
                labels[first - start : last - start] = kinds[here]
        return Split(images, labels)

    def _file(self, name: str) -> DataFile:
        return next(f for f in self._facts.files if f.name == f"{FOLDER}/{name}")

    def _folder(self) -> Path:
        """The folder above the batches, made from a tar or a download where need be."""
        cache, archive = cache_folder(), self._facts.archive
        places = [place for place in (real_data_folder(), cache) if place]
        for place in places:
            if (place / FOLDER).is_dir():
                return place
            if (place / archive.name).is_file():
                return self._unpack(place / archive.name, cache)
        return self._unpack(fetch(archive, cache), cache, remove=True)

    def _unpack(self, tar: Path, cache: Path, *, remove: bool = False) -> Path:
        """Puts the manifest's files from the tar into the cache, all of them or none."""
        with locked(cache / f"{FOLDER}.lock"):
            if (cache / FOLDER).is_dir():
                return cache
            if sha256_of(tar) != self._facts.archive.sha256:
                raise ChecksumError(
                    f"{tar} has the wrong SHA-256, so it was not opened. Delete it and load again, "
                    "or fetch it anew from the addresses in datasets/cifar10.toml."
                )
            fresh = cache / f"{FOLDER}.unpacking"
            with tarfile.open(tar) as archive:
                for file in self._facts.files:
                    member = archive.extractfile(file.name)
                    assert member is not None, "the tar's checksum was right"
                    write_whole(fresh / Path(file.name).name, [member.read()])
            fresh.replace(cache / FOLDER)
        if remove:
            tar.unlink(missing_ok=True)
        return cache


def read_batch(folder: Path, file: DataFile) -> tuple[np.ndarray, np.ndarray]:
    """The pixels (10000, 3072) uint8 and labels (10000,) int64 of one batch file.

    Raises:
        DataError: if the file is missing.
        ChecksumError: if its bytes are not those of the manifest; it is not unpickled then.
    """
    path = folder / file.name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing from the folder of CIFAR-10. Put it there, or remove the folder "
            "so that the data set is downloaded."
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise ChecksumError(
            f"{path} is damaged or no file of CIFAR-10, so it was not opened. It has "
            f"{len(content)} bytes and SHA-256 {digest}; it must have {file.size} bytes and "
            f"SHA-256 {file.sha256}. Remove its folder and load again, or put the right file there."
        )
    batch = unpickle(content)
    return batch[b"data"], np.array(batch[b"labels"], dtype=np.int64)


def unpickle(content: bytes) -> Any:
    """What a pickle of plain values and NumPy arrays holds; text comes as bytes.

    Raises:
        DataError: if the pickle asks for anything else.
    """
    return _Unpickler(io.BytesIO(content), encoding="bytes").load()


class _Unpickler(pickle.Unpickler):
    _known: dict[tuple[str, str], Callable[..., Any]] = {  # noqa: RUF012
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],  # type: ignore[dict-item]
        ("numpy", "ndarray"): np.ndarray,
        # the old pickle passes flags as 0 and 1, which newer NumPy warns about
        ("numpy", "dtype"): lambda code, *_flags: np.dtype(code),
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._known[module, name]
        except KeyError:
            raise DataError(
                f"the pickle asks for {module}.{name}, which no data file of the course needs; "
                "it was not loaded"
            ) from None
