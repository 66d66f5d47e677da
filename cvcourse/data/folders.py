"""Where data lie: real sets that somebody put there, and our own cache.

`CVCOURSE_DATA` names a folder of real data, which is only ever read. `CVCOURSE_CACHE` names the
folder for what is downloaded or generated; without it the platform's usual cache folder is used.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cvcourse.data.errors import DataError


def real_data_folder() -> Path | None:
    """The folder named by `CVCOURSE_DATA`, or None if the variable is empty or not set.

    Raises:
        DataError: if it names something that is no folder.
    """
    name = os.environ.get("CVCOURSE_DATA", "")
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"CVCOURSE_DATA must name a folder of data sets; {folder} is no folder. "
            "Correct the variable or unset it."
        )
    return folder


def cache_folder() -> Path:
    """The folder for downloaded and generated data; it need not exist yet."""
    name = os.environ.get("CVCOURSE_CACHE", "")
    if name:
        return Path(name).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cvcourse"
