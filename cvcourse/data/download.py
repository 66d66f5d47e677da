"""Fetches a file over HTTPS and hands it over only when its checksum is right.

A transfer that breaks off resumes where it stopped, from any of the addresses, since all of them
hold the same bytes. A file appears under its own name complete and verified, or not at all.
"""

from __future__ import annotations

import errno
import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from cvcourse.data.errors import DataError, DownloadError
from cvcourse.data.files import locked, sha256_of
from cvcourse.data.manifests import DataFile

ATTEMPTS = 3
PAUSE = 1.0  # seconds between two attempts at one address
TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 18
SLOW_BYTES = 200_000  # a second; 170 MB would take a quarter of an hour
SLOW_AFTER = 15.0  # seconds before a slow address gives way to the next one


class _Refused(Exception):
    """This address will not give the file; asking again is no use."""


class _Broken(Exception):
    """The transfer broke off; what has arrived is kept."""


class _Slow(Exception):
    """The transfer is slow and there may be a faster address."""


def fetch(file: DataFile, folder: Path, *, progress: bool = True) -> Path:
    """The path of the file in the folder, downloaded first if it is not there.

    Two processes that ask for the same file wait for each other and download it once.

    Args:
        file: what to fetch; the addresses are tried in order, slow ones again at the end.
        folder: where it shall lie; made if it is missing.
        progress: whether to show a bar.

    Raises:
        DownloadError: if no address gave the file; the message lists what each one did.
        DataError: if the disk cannot take it.
    """
    target = folder / file.name
    with locked(folder / f"{file.name}.lock"):
        if target.is_file():
            if target.stat().st_size == file.size and sha256_of(target) == file.sha256:
                return target
            target.unlink()
        part = folder / f"{file.name}.part"
        _expect_space(file, folder, part)
        problems = []
        waiting = deque((address, True) for address in file.addresses)
        while waiting:
            address, hurry = waiting.popleft()
            try:
                _fetch_from(address, file, part, hurry=hurry and bool(waiting), progress=progress)
            except _Slow:
                waiting.append((address, False))
                continue
            except _Refused as error:
                problems.append(f"{address}: {error}")
                continue
            part.replace(target)
            return target
    raise DownloadError(
        f"{file.name} could not be downloaded.\n"
        + "\n".join(f"  {problem}" for problem in problems)
        + f"\nTry again later (what has arrived is kept), or put the file into {folder} by hand; "
        f"it must have {file.size} bytes and SHA-256 {file.sha256}."
    )


def _fetch_from(address: str, file: DataFile, part: Path, *, hurry: bool, progress: bool) -> None:
    """Completes and verifies the partial file from one address."""
    resumed = part.exists()
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        try:
            _transfer(address, file, part, hurry=hurry, progress=progress)
        except _Broken as error:
            problem = str(error)
            continue
        if sha256_of(part) == file.sha256:
            return
        part.unlink()
        problem = "what it sent has the wrong checksum"
        if not resumed:
            break
        resumed = False  # the old part may have been the wrong half: once more from the start
    raise _Refused(problem)


def _transfer(address: str, file: DataFile, part: Path, *, hurry: bool, progress: bool) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have == file.size:
        return
    if have > file.size:
        part.unlink()
        have = 0
    headers = {"User-Agent": "cvcourse", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        reply = urllib.request.urlopen(
            urllib.request.Request(address, headers=headers), timeout=TIMEOUT
        )
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:
                part.unlink(missing_ok=True)
                raise _Broken("it would not resume") from None
            kind = _Broken if error.code == 429 or error.code >= 500 else _Refused
            raise kind(f"it answered with status {error.code} ({error.reason})") from None
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(f"no connection ({getattr(error, 'reason', error)})") from None
    with reply:
        start = _start_of(reply, file, have)
        try:
            with part.open("r+b" if start else "wb") as out:
                if start:
                    out.truncate(start)
                    out.seek(start)
                _receive(reply, out, file, start, hurry=hurry, progress=progress)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise _no_space(file, part.parent) from None
            raise


def _start_of(reply: Any, file: DataFile, have: int) -> int:
    """The byte at which this reply begins; refuses a reply that cannot be the file."""
    if reply.headers.get_content_type() in {"text/html", "application/xhtml+xml"}:
        raise _Refused("it sent a web page instead of the file (a login page or a proxy's?)")
    length = reply.headers.get("Content-Length")
    start = 0
    if reply.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", reply.headers.get("Content-Range", ""))
        if not found or int(found[1]) != have:
            raise _Refused("it resumed at another byte than asked for")
        start = have
    if length is not None and start + int(length) != file.size:
        raise _Refused(f"it offers {start + int(length)} bytes instead of {file.size}")
    return start


def _receive(
    reply: Any, out: IO[bytes], file: DataFile, start: int, *, hurry: bool, progress: bool
) -> None:
    total, began = start, time.monotonic()
    with tqdm(
        total=file.size, initial=start, unit="B", unit_scale=True, desc=file.name,
        disable=not progress,
    ) as bar:  # fmt: skip
        while True:
            try:
                chunk = reply.read1(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _Broken(
                    f"it broke off after {total} of {file.size} bytes ({error})"
                ) from None
            if not chunk:
                break
            if total + len(chunk) > file.size:
                raise _Refused(f"it sent more than {file.size} bytes")
            out.write(chunk)
            total += len(chunk)
            bar.update(len(chunk))
            elapsed = time.monotonic() - began
            if hurry and elapsed > SLOW_AFTER and total - start < SLOW_BYTES * elapsed:
                raise _Slow
    if total < file.size:
        raise _Broken(f"it broke off after {total} of {file.size} bytes")


def _expect_space(file: DataFile, folder: Path, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    if shutil.disk_usage(folder).free < file.size - have:
        raise _no_space(file, folder)


def _no_space(file: DataFile, folder: Path) -> DataError:
    return DataError(
        f"the disk is full: {file.name} needs {file.size / 1e6:.0f} MB in {folder}. "
        "Free some space, or set CVCOURSE_CACHE to a folder on another disk."
    )
