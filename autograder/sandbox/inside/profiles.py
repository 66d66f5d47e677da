"""What each profile takes away from a submission, in the order in which it can be taken.

namespaces  pid, network, IPC, names and mounts of its own under bubblewrap
container   another uid, for root in a container whose runtime forbids namespaces
unsafe      nothing but limits
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from typing import Any

from . import confinement

SCRATCH_VARIABLES = ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR", "CVCOURSE_CACHE")


def prepare(settings: dict[str, Any]) -> None:
    """Runs in the guard, before it forks the template."""
    if settings["profile"] == "namespaces":
        confinement.unshare(user=not settings["root"])
        return
    confinement.adopt_orphans()
    os.mkdir(settings["scratch"], 0o700)
    if settings["profile"] == "container":
        os.chown(settings["scratch"], settings["uid"], settings["uid"])


def confine(settings: dict[str, Any]) -> list[str]:
    """Runs in the template; gives up every power and returns the layers that now stand.

    Raises:
        OSError: if a power could not be given up.
    """
    os.setsid()
    limits = confinement.Limits(**settings["limits"])
    if settings["profile"] == "unsafe":
        _move_to(settings["scratch"])
        confinement.set_limits(limits, processes=False)
        return ["unsafe"]
    layers = ["rlimits", "no_new_privs", "seccomp"]
    if settings["profile"] == "namespaces":
        confinement.private_mounts(limits)
        layers += ["pid", "net", "ipc", "uts", "mount"]
        os.chdir("/tmp")
    else:
        _move_to(settings["scratch"])
    confinement.drop_bounding_set()
    if settings["root"]:
        confinement.become(settings["uid"])
        layers.append("other uid")
    else:
        layers.append("user namespace")
    confinement.set_limits(limits)
    confinement.drop_capabilities()
    confinement.no_new_privileges()
    if confinement.landlock_version():
        confinement.restrict_files(settings["readable"], settings["writable"])
        layers.append("landlock")
    elif settings["profile"] == "container":
        raise OSError("landlock: the kernel or the container's runtime has none")
    confinement.install_filter(bytes.fromhex(settings["seccomp"]))
    confinement.let_the_grader_look()
    return layers


def end_all(settings: dict[str, Any]) -> None:
    """Kills every process of a submission without a namespace, and removes its folder.

    Runs in the guard, which has adopted all orphans: they are gone when it has no child left.
    """
    while True:
        if settings["profile"] == "container":
            _kill_user(settings["uid"])
        else:
            _kill_descendants(os.getpid())
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            break
    shutil.rmtree(settings["scratch"], ignore_errors=True)
    if os.path.exists(settings["scratch"]):  # nested deeper than Python follows
        subprocess.run(["/bin/rm", "-rf", settings["scratch"]], check=False)


def _move_to(scratch: str) -> None:
    os.chdir(scratch)
    os.environ.update(dict.fromkeys(SCRATCH_VARIABLES, scratch))
    tempfile.tempdir = None


def _kill_user(uid: int) -> None:
    """Kills all processes of a user at one stroke, so that none can fork away from it."""
    child = os.fork()
    if child == 0:
        try:
            confinement.become(uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _kill_descendants(pid: int) -> None:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(child) for child in file.read().split()]
    for child in children:
        try:
            _kill_descendants(child)
            os.kill(child, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue
