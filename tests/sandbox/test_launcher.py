"""The sandbox refuses where it would not hold, and says what to do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autograder.errors import SandboxError
from autograder.sandbox import bubblewrap, container, packages
from autograder.sandbox.inside import confinement
from autograder.sandbox.launcher import Sandbox

from .conftest import SECONDS, call

OTHER_SLOT = 34
has_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
is_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give another user's number")


def test_without_bubblewrap_the_command_to_install_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with (
        pytest.raises(SandboxError, match="sudo apt-get install bubblewrap"),
        Sandbox(profile="namespaces"),
    ):
        pass


def test_on_another_system_than_linux_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SandboxError, match="no submission is run without it"), Sandbox():
        pass


def fake_bubblewrap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap that fails as the real one does where namespaces are forbidden."""
    program = folder / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: Creating new namespace failed' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_where_namespaces_are_forbidden_bubblewraps_own_words_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_bubblewrap(tmp_path, monkeypatch)
    with (
        Sandbox(profile="namespaces", slot=OTHER_SLOT) as sandbox,
        pytest.raises(
            SandboxError, match=r"could not make its namespaces:\n.*Creating new namespace failed"
        ),
    ):
        sandbox.session()


def test_where_apparmor_forbids_them_the_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "apparmor"
    setting.write_text("1\n")
    monkeypatch.setattr(bubblewrap, "APPARMOR", setting)
    monkeypatch.setattr("os.getuid", lambda: 1000)
    message = bubblewrap.forbidden("its words")
    assert "its words" in message
    assert "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in message


def test_where_a_container_forbids_them_its_profile_is_named() -> None:
    assert 'takes the profile "container"' in bubblewrap.forbidden("its words")


@is_root
def test_root_without_namespaces_takes_the_containers_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_bubblewrap(tmp_path, monkeypatch)
    assert Sandbox()._choose() == "container"


@is_root
def test_where_neither_profile_is_possible_both_reasons_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_bubblewrap(tmp_path, monkeypatch)
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)
    with pytest.raises(SandboxError, match=r"(?s)Creating new namespace.*needs Landlock"):
        Sandbox()._choose()


def test_the_containers_profile_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 1000)
    with pytest.raises(SandboxError, match="Run the grader as root"), Sandbox(profile="container"):
        pass


@is_root
def test_the_containers_profile_needs_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)
    with (
        pytest.raises(SandboxError, match="needs Landlock"),
        Sandbox(profile="container"),
    ):
        pass


@is_root
def test_the_containers_profile_refuses_open_files_of_the_staff() -> None:
    with (
        pytest.raises(SandboxError, match="chmod 0700 /etc/passwd"),
        Sandbox(profile="container", private=(Path("/etc/passwd"),)),
    ):
        pass


def test_what_lies_in_a_closed_folder_is_out_of_reach(tmp_path: Path) -> None:
    file = tmp_path / "inner" / "file"
    file.parent.mkdir()
    file.write_text("")
    file.chmod(0o644)
    file.parent.chmod(0o700)
    assert not container.reachable(file)
    assert container.reachable(Path("/etc/passwd"))


@is_root
def test_the_containers_profile_refuses_a_python_that_others_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr("sys.base_prefix", str(tmp_path))
    with pytest.raises(SandboxError, match="is closed to other users"):
        container.check_python(tmp_path)


def test_there_are_uids_for_forty_slots() -> None:
    users = {container.user(slot, number) for slot in range(40) for number in range(100)}
    assert len(users) == 4_000
    with pytest.raises(SandboxError, match="slot 40 has no uids"):
        container.user(40, 0)


@pytest.mark.sandbox
def test_unsafe_says_so_and_works() -> None:
    with Sandbox(unsafe=True, slot=OTHER_SLOT) as sandbox:
        assert sandbox.layers == ("unsafe",)
        folder = Path(sandbox._folder.name)
        with sandbox.session() as session:
            session.run("cell", "open('x', 'w').close()\ndef f(x): return x + 1", SECONDS)
            assert call(session.fork(0), "f", 1) == 2
            assert session.spent
        assert list((folder / "scratch").iterdir()) == []
    assert not folder.exists()


@pytest.mark.sandbox
@has_bubblewrap
def test_a_cold_sandbox_shares_no_process_between_submissions() -> None:
    with Sandbox(cold=True, slot=OTHER_SLOT) as sandbox:
        first = sandbox._process.pid
        sandbox.session().close()
        sandbox.session().close()
        assert sandbox._process.pid != first


@pytest.mark.sandbox
@has_bubblewrap
def test_a_sandbox_that_is_gone_is_an_error() -> None:
    with Sandbox(slot=OTHER_SLOT) as sandbox:
        sandbox.session().close()
        sandbox._process.kill()
        sandbox._process.wait()
        with pytest.raises(SandboxError, match=r"is gone|did not start"):
            sandbox.session()


def test_what_students_may_import_holds_nothing_of_the_staff(tmp_path: Path) -> None:
    names = {name.split("-")[0].split(".")[0] for name in packages.third_party()}
    assert {"numpy", "torch", "matplotlib", "tqdm", "IPython"} <= names
    assert names.isdisjoint({"pytest", "_pytest", "nbgrader", "hypothesis", "autograder"})
    packages.build(tmp_path)
    built = {str(path.relative_to(tmp_path)) for path in (tmp_path / "cvcourse").rglob("*.py")}
    assert "cvcourse/checks/given.py" in built
    assert not any("reference" in path or "public" in path for path in built)
