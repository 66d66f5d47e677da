"""Pictures to learn from: generated scenes by default, real data sets by one switch."""

from cvcourse.data.arrays import Dataset, Split, flatten, subset
from cvcourse.data.errors import ChecksumError, DataError, DownloadError
from cvcourse.data.loading import load

__all__ = [
    "ChecksumError",
    "DataError",
    "Dataset",
    "DownloadError",
    "Split",
    "flatten",
    "load",
    "subset",
]
