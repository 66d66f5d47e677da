"""Everything that can go wrong with a data set, each with the next step in its message.

DataError
├── ChecksumError     a file is there but does not hold the bytes it must hold
└── DownloadError     a file could not be fetched from any of its addresses
"""

from __future__ import annotations


class DataError(Exception):
    """A data set cannot be used as it is; the message says what to do."""


class ChecksumError(DataError):
    """A file does not hold the bytes that its manifest promises; it was not opened further."""


class DownloadError(DataError):
    """No address gave the file."""
