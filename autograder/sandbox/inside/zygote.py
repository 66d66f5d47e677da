"""Imports the heavy libraries once and forks a confined process for each submission.

It runs as the sandbox's first program and executes no student code itself. Each message on its
control socket carries two descriptors, a channel and a lifeline, and starts one submission:

    zygote ── guard ── template (pid 1 of its own namespace; runs the notebook's cells)
                           └── workers (one per question; answer calls)

The guard kills the whole namespace when the lifeline closes, and then closes its own end.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import select
import signal
import socket
from typing import Any

CONTROL_FD = 3


def main(descriptor: int) -> None:
    """Warms up, says so, and serves until the control socket closes.

    Args:
        descriptor: of the control socket.
    """
    os.dup2(descriptor, CONTROL_FD)
    os.closerange(CONTROL_FD + 1, os.sysconf("SC_OPEN_MAX"))  # whatever else was inherited
    control = socket.socket(fileno=CONTROL_FD)
    settings = json.loads(control.recv(1 << 20))
    from . import confinement, profiles, worker  # noqa: F401 - imported to be warm

    worker.warm_up()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(json.dumps({"landlock": confinement.landlock_version()}).encode())
    while True:
        message, descriptors = _receive(control)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _launch({**settings, **json.loads(message)}, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    descriptors = array.array("i")
    message, ancillary, _flags, _address = control.recvmsg(1 << 16, socket.CMSG_SPACE(8))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


def _launch(settings: dict[str, Any], channel: int, lifeline: int) -> None:
    """Becomes the guard: makes namespaces, forks the template, outlives it. Never returns."""
    from . import profiles

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = 1
    try:
        profiles.prepare(settings)
        child = os.fork()
        if child == 0:
            os.close(lifeline)
            _become_template(settings, channel)
        os.close(channel)
        os.write(lifeline, b"g")  # from which the grader learns who the guard is
        if settings["profile"] == "namespaces":
            status = _guard(child, lifeline)
        else:
            _wait_for_end(lifeline)
            profiles.end_all(settings)
            status = 0
    except BaseException as error:
        _refuse(channel, error)
    finally:
        os._exit(0 if status == 0 else 1)


def _guard(child: int, lifeline: int) -> int:
    """Waits until the template ends or the lifeline closes; then everything in it is dead."""
    end = os.pidfd_open(child)
    poll = select.poll()
    poll.register(end, select.POLLIN)
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    poll.poll()
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _wait_for_end(lifeline: int) -> None:
    poll = select.poll()
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    poll.poll()


def _become_template(settings: dict[str, Any], channel: int) -> None:
    """Gives up every power, layer by layer, and serves the submission. Never returns."""
    from . import profiles, worker

    try:
        layers = profiles.confine(settings)
        connection = socket.socket(fileno=channel)
        worker.quiet_standard_streams()
        worker.serve_template(connection, layers)
    except BaseException as error:
        _refuse(channel, error)
        os._exit(1)
    os._exit(0)


def _refuse(channel: int, error: BaseException) -> None:
    """Tells the grader that a power could not be taken away, so that it runs nothing."""
    from . import wire

    with contextlib.suppress(OSError):
        wire.send(socket.socket(fileno=channel), {"refused": str(error)})
