"""What is known of a real data set before it is read: addresses, checksums, sizes, terms.

Manifests are TOML files in `datasets/`, one per data set. They lie at the root of a checkout and
inside the installed package.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cvcourse.data.errors import DataError

_PACKAGE = Path(__file__).resolve().parents[1]
_FOLDERS = (_PACKAGE / "datasets", _PACKAGE.parent / "datasets")


@dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    Attributes:
        name: its path below the folder of data sets, with forward slashes.
        size: in bytes.
        sha256: 64 hex digits.
        addresses: where it can be fetched, the preferred one first; empty if it comes in an
            archive.
    """

    name: str
    size: int
    sha256: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """A data set as its manifest describes it.

    Attributes:
        name: as given to `load`.
        title: as people write it.
        origin: a sentence that says where the pictures come from.
        licence: the terms of use.
        citation: what to cite.
        class_names: in the order of the labels.
        archive: what is downloaded.
        files: what the archive holds and the loader reads.
    """

    name: str
    title: str
    origin: str
    licence: str
    citation: str
    class_names: tuple[str, ...]
    archive: DataFile
    files: tuple[DataFile, ...]


def manifest(name: str) -> Manifest:
    """The manifest of a data set.

    Args:
        name: e.g. "cifar10".

    Raises:
        DataError: if there is no such manifest or it is not as it must be.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_manifest(path)
    raise DataError(f"there is no manifest {name}.toml in {' or '.join(map(str, _FOLDERS))}")


def read_manifest(path: Path) -> Manifest:
    """The manifest in a TOML file.

    Raises:
        DataError: if a field is missing or of another form, with the file's name.
    """
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            name=path.stem,
            title=fields["title"],
            origin=fields["origin"],
            licence=fields["licence"],
            citation=fields["citation"],
            class_names=tuple(fields["class_names"]),
            archive=_data_file(fields["archive"]),
            files=tuple(_data_file(entry) for entry in fields["files"]),
        )
    except KeyError as error:
        raise DataError(f"{path} must have a field {error}") from None
    except ValueError as error:
        raise DataError(f"{path} is not as it must be: {error}") from None


def _data_file(fields: dict[str, Any]) -> DataFile:
    file = DataFile(
        fields["name"], fields["size"], fields["sha256"], tuple(fields.get("addresses", ()))
    )
    if not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
        raise ValueError(f"sha256 of {file.name} must be 64 hex digits; got {file.sha256!r}")
    if Path(file.name).is_absolute() or ".." in Path(file.name).parts:
        raise ValueError(f"{file.name} must be a path below the folder of data sets")
    for address in file.addresses:
        if urlsplit(address).scheme != "https":
            raise ValueError(f"{address} must be an https address")
    return file
