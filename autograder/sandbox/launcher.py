"""Starts the sandbox: one bubblewrap with a warm Python inside, from which submissions fork."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

from autograder.errors import SandboxError
from autograder.sandbox import filter as seccomp_filter
from autograder.sandbox import packages
from autograder.sandbox.inside.confinement import Limits
from autograder.sandbox.session import Session

FIRST_UID = 61_000  # of the range that Debian leaves free; each slot of a machine has its own
WARM_UP_SECONDS = 120  # importing torch from a cold disk
INSTALL = (
    "bubblewrap is missing, and no submission is run without it. Install it:\n"
    "  sudo apt-get install bubblewrap    (Debian, Ubuntu)\n"
    "  sudo dnf install bubblewrap        (Fedora)\n"
    "  sudo pacman -S bubblewrap          (Arch)"
)
FORBIDDEN = (
    "bubblewrap could not make its namespaces:\n  {}\n"
    "On Ubuntu 24.04 AppArmor forbids them to unlisted programs; allow them with\n"
    "  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n"
    "In a container, allow user namespaces or run the grader outside it."
)
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "IPYTHONDIR": "/tmp",
    "CVCOURSE_CACHE": "/tmp",
}
START = (
    "import sys; sys.dont_write_bytecode = True; sys.path.append('/site'); "
    "from inside import zygote; zygote.main(int(sys.argv[1]))"
)


@dataclass
class Sandbox:
    """A running sandbox; a context manager.

    Args:
        limits: what each process of a submission may use.
        slot: which of the machine's sandboxes this is; each has its own uid.

    Raises:
        SandboxError: on entering, if the sandbox cannot be had; with what to do.
    """

    limits: Limits = field(default_factory=Limits)
    slot: int = 0

    def __enter__(self) -> Sandbox:
        bubblewrap = shutil.which("bwrap")
        if sys.platform != "linux" or bubblewrap is None:
            raise SandboxError(INSTALL)
        self._settings = {
            "namespaces": True,
            "root": os.getuid() == 0,
            "limits": asdict(self.limits),
            "seccomp": seccomp_filter.program().hex(),
        }
        self._folder = tempfile.TemporaryDirectory(prefix="cvcourse-sandbox-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [bubblewrap, *_arguments(Path(self._folder.name))]
            self._process = _start(command, theirs)
        self._warm = False
        self._layers: tuple[str, ...] = ()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._folder.cleanup()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that stand between a submission and this machine.

        They are told by the confined process itself before any student code runs in it.
        """
        if not self._layers:
            self.session().close()
        return self._layers

    def session(self, *, reference: bool = False) -> Session:
        """Forks a confined process for one submission.

        Args:
            reference: for the reference's answers: another uid than a student's.

        Raises:
            SandboxError: if the sandbox is gone or could not take a power away.
        """
        self._wait_until_warm()
        channel, theirs = socket.socketpair()
        lifeline, their_lifeline = socket.socketpair()
        with theirs, their_lifeline:
            inode = os.fstat(theirs.fileno()).st_ino
            uid = FIRST_UID + 2 * self.slot + reference
            message = json.dumps({"uid": uid}).encode()
            try:
                socket.send_fds(
                    self._control, [message], [theirs.fileno(), their_lifeline.fileno()]
                )
            except OSError as error:
                raise SandboxError(f"the sandbox is gone: {error}. {self._complaint()}") from None
        session = Session(channel, lifeline, inode)
        self._layers = ("bubblewrap", *session.layers)
        return session

    def _wait_until_warm(self) -> None:
        if self._warm:
            return
        self._control.settimeout(WARM_UP_SECONDS)
        answer = b""
        with suppress(OSError):
            self._control.send(json.dumps(self._settings).encode())
            answer = self._control.recv(1 << 16)
        if not answer:
            raise SandboxError(FORBIDDEN.format(self._complaint()))
        self._warm = True

    def _complaint(self) -> str:
        self._process.kill()
        assert self._process.stderr is not None
        return self._process.stderr.read().decode(errors="replace").strip()[-2000:]


def _start(command: list[str], control: socket.socket) -> subprocess.Popen[bytes]:
    """Starts bubblewrap with a clean environment; the last argument names the control socket."""
    return subprocess.Popen(
        [*command, str(control.fileno())],
        env={"PATH": os.environ.get("PATH", os.defpath)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[control.fileno()],
    )


def _arguments(folder: Path) -> list[str]:
    """bubblewrap's arguments: an empty root into which only what is needed is bound."""
    root = os.getuid() == 0
    site = folder / "site"
    site.mkdir()
    packages.build(site)
    folder.chmod(0o755)
    arguments = ["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net"]
    arguments += ["--unshare-ipc", "--unshare-uts", "--hostname", "sandbox", "--clearenv"]
    if not root:
        arguments += ["--unshare-user"]
    for name, value in ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
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
    arguments += ["--remount-ro", "/", "--chdir", "/tmp"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [*arguments, "--", f"/python/bin/{version}", "-I", "-S", "-B", "-c", START]


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
        range(FIRST_UID, FIRST_UID + 64)
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
