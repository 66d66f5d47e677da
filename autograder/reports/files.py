"""Files of reports: names that stay inside their folder, and writing that is never half done."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}")
RESERVED = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # by Windows


def safe_name(name: str) -> str:
    """A name of a file or folder: the name itself if it is harmless, else one like it.

    A changed name ends in a hash of the original, so that two names never become one.
    """
    if PLAIN.fullmatch(name) and not RESERVED.fullmatch(name) and not name.endswith("."):
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    like = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:60]
    return f"{like or 'student'}~{mark}"


def write_atomically(path: Path, text: str) -> None:
    """Writes a text as UTF-8: a reader finds the old file or the new one, nothing between.

    Line ends are written as they stand in the text; missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(temporary, 0o640)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
