"""Runs the cells of one submission and answers calls to the functions they define.

Everything here shares its process with student code, so nothing it says is believed: replies are
values for the grader to judge, and its meters are held against figures taken from outside.
"""

from __future__ import annotations

import array
import ast
import builtins
import contextlib
import io
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Callable
from typing import Any

from . import wire

CELL = "<cell {}>"
MAX_OUTPUT = 8_000  # characters that one cell may print
MODULE = "__main__"


def warm_up() -> None:
    """Imports what notebooks import, on one thread, before any fork."""
    os.environ.setdefault("MPLCONFIGDIR", "/tmp")
    import matplotlib
    import numpy as np

    matplotlib.use("Agg", force=True)
    import matplotlib.pyplot
    import torch
    import tqdm
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    torch.set_num_threads(1)
    tqdm.tqdm.monitor_interval = 0  # no thread of its own,
    tqdm.tqdm.set_lock(threading.RLock())  # and no semaphore that workers would share
    np.ones((2, 2)) @ np.ones((2, 2))
    # A history file would be open in every submission.
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    shell.enable_gui = lambda *_args: None
    shell.system = _system
    from cvcourse import checks, meters  # noqa: F401 - imported to be warm


def _system(command: str) -> None:
    """What `!command` does: without a terminal, which IPython's own way needs."""
    ended = subprocess.run(
        command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    sys.stdout.write(ended.stdout.decode(errors="replace"))


def quiet_standard_streams() -> None:
    """Points the process's three standard descriptors at /dev/null."""
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    sys.stdin = io.TextIOWrapper(io.BytesIO())


def serve_template(channel: socket.socket, layers: list[str]) -> None:
    """Runs cells and forks workers, as asked, until the channel closes."""
    notebook = Notebook()
    _seed(0)
    wire.send(channel, {"layers": layers})
    while True:
        try:
            request = wire.receive(channel, wire.read_exactly)
        except EOFError:
            return
        if request["do"] == "run":
            wire.send(channel, notebook.run(request["cell"], request["source"]))
        elif request["do"] == "fork":
            _fork(channel, notebook, request["seed"])


def _fork(channel: socket.socket, notebook: Notebook, seed: int) -> None:
    """Starts a worker that answers on the socket whose descriptor comes next."""
    _, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
    descriptors = array.array("i")
    for _level, _kind, data in ancillary:
        descriptors.frombytes(data)
    # How a worker ends is no business of the template's: it would be a word to the next one.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if os.fork() == 0:
        channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _seed(seed)
        own = socket.socket(fileno=descriptors[0])
        with contextlib.suppress(EOFError, OSError):
            serve_calls(own, notebook)
        os._exit(0)
    os.close(descriptors[0])
    wire.send(channel, {"forked": True})


def serve_calls(channel: socket.socket, notebook: Notebook) -> None:
    """Answers calls until the channel closes."""
    calls = Calls(notebook)
    wire.send(channel, {"ready": True})
    while True:
        request = wire.receive(channel, wire.read_exactly)
        reply = calls.answer(request)
        try:
            wire.send(channel, reply)
        except wire.WireError as error:
            wire.send(channel, {"unsendable": str(error)})


class Notebook:
    """The namespace in which the cells run, and which cell defined which name last."""

    def __init__(self) -> None:
        module = types.ModuleType(MODULE)
        sys.modules[MODULE] = module
        self.namespace = module.__dict__
        self.namespace["get_ipython"] = _shell
        self.owned: dict[str, dict[str, Any]] = {}

    def run(self, cell: str, source: str) -> dict[str, Any]:
        """Runs one cell.

        Returns:
            {"output": text} and, if it raised, {"error": type, "line": line in the cell or None,
            "text": the exception's own text}.
        """
        printed = _Capped(MAX_OUTPUT)
        before = dict(self.namespace)
        reply: dict[str, Any] = {}
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                code = _compile(source, CELL.format(cell))
                exec(code, self.namespace)
            except BaseException as error:
                reply = _told(error)
        self.owned[cell] = {
            name: value
            for name, value in self.namespace.items()
            if before.get(name, self) is not value
        }
        return {"output": printed.getvalue(), **reply}

    def function(self, cell: str, name: str) -> Any:
        """A name as the given cell left it, else as the notebook has it; None if nowhere."""
        return self.owned.get(cell, {}).get(name, self.namespace.get(name))


class Calls:
    """Answers calls; objects that stay here are known to the grader by handles."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.held: dict[int, Any] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """One reply to one request; an exception of the student's becomes a reply too."""
        try:
            return self._answer(request)
        except BaseException as error:
            return _told(error)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "hold":
            handle = len(self.held) + 1
            self.held[handle] = self._local(request["value"])
            return {"value": wire.Handle(handle)}
        if request["do"] == "work_alone":
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
            return {"value": None}
        function = self.notebook.function(request["cell"], request["name"])
        if function is None:
            return {"missing": True}
        if request["do"] == "call_many":
            return {"value": [function(*self._local(args)) for args in request["arguments"]]}
        args = self._local(request["args"])
        kwargs = self._local(request["kwargs"])
        if request["do"] == "count_steps":
            return _count_steps(lambda: function(*args, **kwargs))
        value = function(*args, **kwargs)
        return {"value": value, "arguments": list(args)} if request["keep"] else {"value": value}

    def _local(self, value: Any) -> Any:
        """The value with handles and given functions replaced by what they stand for."""
        if isinstance(value, wire.Handle):
            return self.held[value.id]
        if isinstance(value, wire.Given):
            from cvcourse.checks import given

            return getattr(given, value.name)
        if isinstance(value, list):
            return [self._local(v) for v in value]
        if isinstance(value, tuple):
            return tuple(self._local(v) for v in value)
        if isinstance(value, dict):
            return {k: self._local(v) for k, v in value.items()}
        return value


class _Capped(io.StringIO):
    """Keeps the first characters that are written and forgets the rest."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.left = most

    def write(self, text: str) -> int:
        kept = text[: self.left]
        self.left -= len(kept)
        super().write(kept)
        return len(text)


def _compile(source: str, filename: str) -> types.CodeType:
    shell = _shell()
    tree = ast.parse(shell.transform_cell(source), filename)
    import linecache

    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    return compile(tree, filename, "exec")


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell

    return InteractiveShell.instance()


def _count_steps(call: Callable[[], Any]) -> dict[str, Any]:
    from cvcourse import meters

    with meters.count_steps(lambda filename: filename.startswith("<cell ")) as steps:
        value = call()
    return {"value": value, "steps": steps.count}


def _told(error: BaseException) -> dict[str, Any]:
    """What the grader hears of an exception; it shows the type only if it is a builtin's."""
    kind = type(error)
    known = getattr(builtins, kind.__name__, None) is kind
    return {
        "error": kind.__name__ if known else "an exception",
        "line": _line(error),
        "text": "".join(traceback.format_exception_only(error))[:2000],
    }


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and str(error.filename).startswith("<cell "):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    own = [f.lineno for f in frames if f.filename.startswith("<cell ")]
    return own[-1] if own else None


def _seed(seed: int) -> None:
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)
