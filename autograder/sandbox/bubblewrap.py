"""The command line of bubblewrap: an empty root into which only what is needed is bound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.errors import SandboxError
from autograder.sandbox import packages

FIRST_UID = 61_000  # of the range that Debian leaves free; each slot of a machine has its own
READABLE = ("/usr", "/bin", "/lib", "/lib64", "/lib32", "/etc", "/python", "/site", "/proc", "/dev")
WRITABLE = ("/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full")
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
INSTALL = (
    "bubblewrap is missing, and no submission is run without it. Install it:\n"
    "  sudo apt-get install bubblewrap    (Debian, Ubuntu)\n"
    "  sudo dnf install bubblewrap        (Fedora)\n"
    "  sudo pacman -S bubblewrap          (Arch)"
)
BY_APPARMOR = (
    "AppArmor forbids user namespaces to unlisted programs, as on Ubuntu 24.04. Allow them with\n"
    "  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
)
BY_CONTAINER = (
    "A container's runtime may forbid them: grade outside it, allow user namespaces, or run the\n"
    'grader as root in it, which takes the profile "container".'
)


def program() -> str:
    """Where bubblewrap is.

    Raises:
        SandboxError: if it is not installed; with how to install it.
    """
    found = shutil.which("bwrap")
    if sys.platform != "linux" or found is None:
        raise SandboxError(INSTALL)
    return found


def complaint() -> str:
    """Why bubblewrap cannot make namespaces here, in its own words; "" if it can."""
    arguments = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--ro-bind", "/", "/"]
    if os.getuid() != 0:
        arguments.append("--unshare-user")
    tried = subprocess.run(
        [program(), *arguments, "--", "/bin/true"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if tried.returncode == 0:
        return ""
    return tried.stderr.decode(errors="replace").strip()[-2000:] or f"exit {tried.returncode}"


def forbidden(words: str) -> str:
    """The message for staff when namespaces cannot be made."""
    known = APPARMOR.exists() and APPARMOR.read_text().strip() == "1"
    advice = BY_APPARMOR if known and os.getuid() != 0 else BY_CONTAINER
    return f"bubblewrap could not make its namespaces:\n  {words}\n{advice}"


def command(folder: Path, environment: dict[str, str], start: list[str]) -> list[str]:
    """Starts a Python inside.

    Args:
        folder: empty; receives what is bound.
        environment: all that the Python inside is told.
        start: its arguments.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    settings = [a for pair in environment.items() for a in ("--setenv", *pair)]
    return [program(), *_arguments(folder), *settings, "--", f"/python/bin/{version}", *start]


def _arguments(folder: Path) -> list[str]:
    root = os.getuid() == 0
    site = folder / "site"
    site.mkdir()
    packages.build(site)
    folder.chmod(0o755)
    arguments = ["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net"]
    arguments += ["--unshare-ipc", "--unshare-uts", "--hostname", "sandbox", "--clearenv"]
    if not root:
        arguments += ["--unshare-user"]
    arguments += _system_folders()
    arguments += _accounts(folder)
    arguments += ["--ro-bind", sys.base_prefix, "/python"]
    for hidden in _base_packages():
        arguments += ["--perms", "0755", "--tmpfs", hidden]
    arguments += ["--perms", "0755", "--tmpfs", "/site"]
    for name, path in packages.third_party().items():
        arguments += ["--ro-bind", str(path), f"/site/{name}"]
    for name in ("cvcourse", "inside"):
        arguments += ["--ro-bind", str(site / name), f"/site/{name}"]
    arguments += ["--remount-ro", "/site", "--dev", "/dev", "--proc", "/proc"]
    arguments += ["--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/dev/shm"]
    return [*arguments, "--remount-ro", "/", "--chdir", "/tmp"]


def _system_folders() -> list[str]:
    arguments = []
    for parent in ("/usr", "/usr/share", "/etc"):
        arguments += ["--perms", "0755", "--dir", parent]  # bubblewrap's own would be 0700
    for name in ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/share/zoneinfo"):
        if os.path.isdir(name):
            arguments += ["--ro-bind", name, name]
    for name in ("/bin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            arguments += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            arguments += ["--ro-bind", name, name]
    return arguments


def _accounts(folder: Path) -> list[str]:
    """An /etc that names one user and nothing of this machine."""
    (folder / "passwd").write_text(
        "".join(f"student:x:{uid}:{uid}::/tmp:/bin/sh\n" for uid in _uids())
    )
    (folder / "group").write_text("".join(f"student:x:{uid}:\n" for uid in _uids()))
    arguments = []
    for name in ("passwd", "group"):
        (folder / name).chmod(0o644)
        arguments += ["--ro-bind", str(folder / name), f"/etc/{name}"]
    if os.path.exists("/etc/ld.so.cache"):
        arguments += ["--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    return arguments


def _uids() -> range:
    return (
        range(FIRST_UID, FIRST_UID + 80)
        if os.getuid() == 0
        else range(os.getuid(), os.getuid() + 1)
    )


def _base_packages() -> list[str]:
    """Where Pythons keep packages that staff may have installed, as seen from inside."""
    prefix = Path(sys.base_prefix)
    hidden = [f"/python/{path.relative_to(prefix)}" for path in _package_folders(prefix)]
    return hidden + [str(path) for path in _package_folders(Path("/usr"))]


def _package_folders(prefix: Path) -> list[Path]:
    found = [*prefix.glob("lib/python3*/site-packages"), *prefix.glob("lib/python3*/dist-packages")]
    return [path for path in found if path.is_dir()]
