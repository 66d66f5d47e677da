"""Drives a headless Chromium by chromedriver's own protocol: JSON over HTTP, no library needed.

The browser finds no host but this machine's loopback address, and tells every request it makes.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARGUMENTS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--allow-file-access-from-files",  # the pages on disk are as powerless as those of a server
    "--window-size=1280,1600",
)
PATIENCE = 60.0  # seconds for a page on a busy machine


class BrowserError(Exception):
    """The browser refused a command; an open alert does that, too."""


class Chromium:
    """A browser window; a context manager.

    Args:
        folder: for its profile; a new one each time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._session = ""

    def __enter__(self) -> Chromium:
        self._driver = subprocess.Popen(
            ["chromedriver", f"--port={self._port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: self._ask("GET", "/status")["ready"], "chromedriver did not start")
            self._session = self._ask("POST", "/session", self._capabilities())["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._session:
            self._ask("DELETE", f"/session/{self._session}")
        self._driver.terminate()
        self._driver.wait()

    def open(self, url: str) -> None:
        """Opens a page and waits until it is loaded."""
        self._do("url", url=url)

    def run(self, script: str) -> Any:
        """Runs the body of a function in the page and returns what it returns."""
        return self._do("execute/sync", script=script, args=[])

    def wait_for(self, condition: str) -> None:
        """Waits until an expression is true in the page."""
        until(lambda: self.run(f"return !!({condition})"), f"the page never had {condition}")

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last look, in all frames."""
        found = []
        for entry in self._do("se/log", type="performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                found.append(message["params"]["url"])
        return found

    def picture(self, path: Path) -> None:
        """Writes what the window shows as a PNG file."""
        path.write_bytes(base64.b64decode(self._ask("GET", f"/session/{self._session}/screenshot")))

    def _capabilities(self) -> dict[str, Any]:
        arguments = [*ARGUMENTS, f"--user-data-dir={self._folder}"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's own sandbox refuses to run as root
        chrome = {"binary": shutil.which("chromium"), "args": arguments}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": {"performance": "ALL"},
            "unhandledPromptBehavior": "ignore",  # an alert stays, and fails the next command
        }
        return {"capabilities": {"alwaysMatch": wanted}}

    def _do(self, command: str, **parameters: Any) -> Any:
        return self._ask("POST", f"/session/{self._session}/{command}", parameters)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self._port}{path}"
        request = urllib.request.Request(url, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=2 * PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message'][:500]}") from None


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], what: str) -> None:
    """Waits until something is true; a refused connection counts as not yet.

    Raises:
        TimeoutError: with `what`, when patience ends.
    """
    started = time.monotonic()
    while True:
        try:
            if true():
                return
        except (ConnectionError, urllib.error.URLError):
            pass
        if time.monotonic() - started > PATIENCE:
            raise TimeoutError(what)
        time.sleep(0.1)
