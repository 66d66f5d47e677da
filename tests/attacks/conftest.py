"""The arena in which attacks are graded; one course and one job for all of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

import pytest

from .arena import Arena


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    yield from _opened(tmp_path_factory, impatient=False)


@pytest.fixture(scope="session")
def impatient_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    yield from _opened(tmp_path_factory, impatient=True)


def _opened(factory: pytest.TempPathFactory, *, impatient: bool) -> Iterator[Arena]:
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap")
    arena = Arena(factory.mktemp("course"), impatient=impatient)
    try:
        yield arena
    finally:
        arena.close()
