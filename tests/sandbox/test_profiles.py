"""The tests of what holds, run by an ordinary user and in a container that forbids namespaces.

Both run Python as a user who cannot read root's folders, so Python, its packages and this code
are set up once, as links, where everybody can read them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import packages

REPOSITORY = Path(__file__).parents[2]
TOOLS = ("pytest", "hypothesis", "pyseccomp")
# What a submission can reach, and that nothing of it is left: where the profiles differ most.
FILES = ("tests/sandbox/test_confinement.py", "tests/sandbox/test_session.py")
PYTEST = ("pytest", "-q", "-rs", "-p", "no:cacheprovider", *FILES)
INSIDE = "CVCOURSE_TESTS_OF_A_PROFILE"

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user"),
    pytest.mark.skipif(INSIDE in os.environ, reason="this is one of the profiles already"),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]

# As the default profile of a container's runtime: no namespaces and no mounts, not even for root.
CONTAINER = """
import errno, os, sys
import pyseccomp as seccomp
made, refuse = seccomp.SyscallFilter(seccomp.ALLOW), seccomp.ERRNO(errno.EPERM)
for name in ("unshare", "setns", "mount", "umount2", "pivot_root", "move_mount", "fsopen"):
    made.add_rule(refuse, name)
for bit in (7, 17, 25, 26, 27, 28, 29, 30):
    made.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, 1 << bit, 1 << bit))
made.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
made.load()
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def open_python() -> Iterator[Path]:
    """A folder with Python, its packages and this code, readable by everybody."""
    folder = Path(tempfile.mkdtemp(prefix="cvcourse-open-python-"))
    folder.chmod(0o755)
    try:
        _link(Path(sys.base_prefix), folder / "python")
        (folder / "site").mkdir()
        for name, path in {**packages.third_party(), **_tools()}.items():
            _link(path, folder / "site" / name)
        for name in ("autograder", "cvcourse", "tests/sandbox"):
            shutil.copytree(
                REPOSITORY / name,
                folder / "code" / name,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        shutil.copyfile(REPOSITORY / "pyproject.toml", folder / "code" / "pyproject.toml")
        yield folder
    finally:
        shutil.rmtree(folder)


def _tools() -> dict[str, Path]:
    """The packages of `TOOLS` and what they require."""
    roots = packages.ROOTS
    packages.ROOTS = TOOLS
    try:
        return packages.third_party()
    finally:
        packages.ROOTS = roots


def _link(source: Path, target: Path) -> None:
    """Copies by hard links, which take no room, or where these are impossible in full."""
    try:
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, copy_function=os.link)
        else:
            os.link(source, target)
    except (OSError, shutil.Error):
        pytest.skip(f"{source} cannot be linked from {target.parent}: another file system")


def run(folder: Path, before: list[str], *arguments: str) -> str:
    """Runs pytest with the open Python; its output, once it has passed."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = str(folder / "python" / "bin" / version)
    ran = subprocess.run(
        [*before, python, "-B", *arguments, "-m", *PYTEST],
        cwd=folder / "code",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{folder / 'code'}:{folder / 'site'}",
            "HOME": "/nowhere",
            "LANG": "C.UTF-8",
            INSIDE: "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    return ran.stdout


def test_an_ordinary_users_sandbox_holds(open_python: Path) -> None:
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    told = run(open_python, nobody)
    assert "forbids namespaces" not in told


def test_a_containers_sandbox_holds(open_python: Path) -> None:
    told = run(open_python, [], "-c", CONTAINER, "-B")
    assert "forbids namespaces" in told  # the tests of what only these give were skipped
