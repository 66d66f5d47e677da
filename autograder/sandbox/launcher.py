"""Starts the sandbox: one confined, warm Python from which submissions fork."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from autograder.errors import SandboxError
from autograder.sandbox import bubblewrap, container
from autograder.sandbox import filter as seccomp_filter
from autograder.sandbox.connection import Scratch, pair
from autograder.sandbox.inside.confinement import Limits
from autograder.sandbox.session import Session

Profile = Literal["auto", "namespaces", "container"]
WARM_UP_SECONDS = 120  # importing torch from a cold disk
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    # Large blocks go back to the system when they are freed, so that memory measured from outside
    # is memory in use; otherwise the C library keeps up to twice as much.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "IPYTHONDIR": "/tmp",
    "CVCOURSE_CACHE": "/tmp",
}
START = (
    "import sys; sys.dont_write_bytecode = True; sys.path.append({!r}); "
    "from inside import zygote; zygote.main(int(sys.argv[1]))"
)


@dataclass
class Sandbox:
    """A running sandbox; a context manager.

    Args:
        limits: what each process of a submission may use.
        slot: which of the machine's sandboxes this is; each has uids of its own.
        profile: "namespaces" under bubblewrap; "container" for root in a container that forbids
            namespaces; "auto" takes the first that this machine allows.
        private: files and folders of the staff; "container" refuses to start while other users
            can read them.
        cold: a fresh sandbox for each submission, which shares no process with any other.
        unsafe: no sandbox at all but limits; every report says so.

    Raises:
        SandboxError: on entering, if the sandbox cannot be had; with what to do.
    """

    limits: Limits = field(default_factory=Limits)
    slot: int = 0
    profile: Profile = "auto"
    private: tuple[Path, ...] = ()
    cold: bool = False
    unsafe: bool = False

    def __enter__(self) -> Sandbox:
        if sys.platform != "linux":
            raise SandboxError(bubblewrap.INSTALL)
        self._layers: tuple[str, ...] = ()
        self._sessions: list[Session] = []
        self._numbers = itertools.count()
        self.chosen = "unsafe" if self.unsafe else self._choose()
        self._filter = "" if self.unsafe else seccomp_filter.program(self.chosen).hex()
        self._started = self._warm = self._used = False
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

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
        if self.cold and self._used:
            self._stop()
            self._start()
        self._wait_until_warm()
        self._used = True
        number = next(self._numbers)
        message = self._particulars(number, reference)
        channel, theirs = pair()
        lifeline, their_lifeline = pair()
        with theirs, their_lifeline:
            inode = os.fstat(theirs.fileno()).st_ino
            descriptors = [theirs.fileno(), their_lifeline.fileno()]
            try:
                socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)
            except OSError as error:
                channel.close()
                lifeline.close()
                raise SandboxError(f"the sandbox is gone: {error}. {self._complaint()}") from None
        if self.chosen == "namespaces":
            session = Session(channel, lifeline, inode)
            self._layers = ("bubblewrap", *session.layers)
        else:
            scratch = Scratch(message["scratch"], 2 * self.limits.scratch)
            session = Session(channel, lifeline, inode, message["uid"], scratch)
            self._layers = session.layers
        self._sessions = [s for s in self._sessions if not s.closed] + [session]
        return session

    def _choose(self) -> str:
        """The profile that this machine allows, checked."""
        if self.profile == "auto" and os.getuid() == 0:
            unable = bubblewrap.complaint()  # a bubblewrap that is missing is to be installed
            if not unable:
                return "namespaces"
            try:
                container.check(self.private)
            except SandboxError as error:
                raise SandboxError(f"{bubblewrap.forbidden(unable)}\n{error}") from None
            return "container"
        if self.profile == "container":
            container.check(self.private)
            return "container"
        bubblewrap.program()
        return "namespaces"

    def _start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cvcourse-sandbox-")
        folder = Path(self._folder.name)
        settings = {
            "profile": self.chosen,
            "root": os.getuid() == 0,
            "limits": asdict(self.limits),
            "seccomp": self._filter,
        }
        flags = ["-I", "-S", "-B", "-c"]
        if self.chosen == "namespaces":
            settings |= {"readable": bubblewrap.READABLE, "writable": bubblewrap.WRITABLE}
            start = [*flags, START.format("/site")]
            command = bubblewrap.command(folder, ENVIRONMENT, start)
        else:
            site = container.site(folder)
            if self.chosen == "container":
                container.check_python(site)
            settings |= {"readable": container.readable(site), "writable": container.WRITABLE}
            command = [os.path.realpath(sys.executable), *flags, START.format(str(site))]
        self._settings = settings
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _run(command, theirs)
        self._warm = self._used = False
        self._started = True

    def _stop(self) -> None:
        if not self._started:
            return
        self._started = False
        for session in self._sessions:
            session.close()
        self._control.close()
        if self.chosen == "namespaces":
            self._process.kill()
        self._process.wait()  # without a namespace it ends by itself once the control closes
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._folder.cleanup()

    def _particulars(self, number: int, reference: bool) -> dict[str, Any]:
        """What one session has of its own."""
        if self.chosen == "namespaces":
            return {"uid": bubblewrap.FIRST_UID + 2 * self.slot + reference}
        scratch = f"{self._folder.name}/scratch/{number}"
        uid = os.getuid() if self.unsafe else container.user(self.slot, number)
        return {"uid": uid, "scratch": scratch, "writable": [*container.WRITABLE, scratch]}

    def _wait_until_warm(self) -> None:
        if self._warm:
            return
        self._control.settimeout(WARM_UP_SECONDS)
        answer = b""
        with suppress(OSError):
            self._control.send(json.dumps(self._settings).encode())
            answer = self._control.recv(1 << 16)
        if not answer:
            words = self._complaint()
            if self.chosen == "namespaces":
                raise SandboxError(bubblewrap.forbidden(words))
            raise SandboxError(f"the sandbox did not start:\n  {words}")
        self._warm = True

    def _complaint(self) -> str:
        self._process.kill()
        assert self._process.stderr is not None
        return self._process.stderr.read().decode(errors="replace").strip()[-2000:]


def _run(command: list[str], control: socket.socket) -> subprocess.Popen[bytes]:
    """Runs a command with a clean environment; its last argument names the control socket."""
    return subprocess.Popen(
        [*command, str(control.fileno())],
        env=ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[control.fileno()],
    )
