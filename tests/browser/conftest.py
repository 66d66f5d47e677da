"""A graded class of hostile submissions, a server that shows it to staff, and a browser."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from . import vectors
from .chromium import Chromium, free_port, until

ROOT = Path(__file__).parents[2]
ASSIGNMENT, NOTEBOOK = "a1_classifiers", "knn"
PAGE_OF_THEIRS = "page.html"
HOSTILE, SWALLOWER, HONEST, UNGUARDED = "ann.hostile", "bob.swallower", "cleo.honest", "zed.raw"
LAB_SETTINGS = {
    # JupyterLab leaves out cells that are not in view; here all of them must be drawn.
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
}
GRADE = "from autograder.cli import main; main()"
SUBMISSION_ID = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(book.find_submission_notebook(*sys.argv[1:]).id)
"""


class Canary(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The attackers' own machine: it remembers who asked for what."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Remember)
        self.heard: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Remember(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.heard.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Staff:
    """The course as staff look at it.

    Attributes:
        course: the graded course folder.
        server: the address of the Jupyter server with nbgrader's formgrader.
        canary: the attackers' machine.
        submissions: the formgrader's number of each student's notebook.
    """

    course: Path
    server: str
    canary: Canary
    submissions: dict[str, str] = field(default_factory=dict)

    def page(self, kind: str, student: str) -> str:
        """The address of a page that shows a student's work."""
        feedback = self.course / "feedback" / student
        return {
            "formgrader": f"{self.server}/formgrader/submissions/{self.submissions[student]}/",
            "nbgrader's feedback": (feedback / ASSIGNMENT / f"{NOTEBOOK}.html").as_uri(),
            "our feedback": (feedback / f"{ASSIGNMENT}.html").as_uri(),
            "JupyterLab": (
                # Reset, or the notebooks of students seen before would be opened again, too.
                f"{self.server}/lab/tree/autograded/{student}/{ASSIGNMENT}/{NOTEBOOK}.ipynb?reset"
            ),
        }[kind]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def staff(browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    """The browser comes first: without one nothing needs to be graded."""
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap")
    course, canary, port = tmp_path_factory.mktemp("course"), Canary(), free_port()
    _grade(course, canary.url)
    made = Staff(course, f"http://127.0.0.1:{port}", canary)
    for student in (HOSTILE, SWALLOWER, HONEST, UNGUARDED):
        names = (NOTEBOOK, ASSIGNMENT, student)
        made.submissions[student] = _python(course, "-c", SUBMISSION_ID, *names).strip()
    server = _serve(course, port)
    try:
        until(lambda: _answers(made.server), "the Jupyter server did not start")
        yield made
    finally:
        server.terminate()
        server.wait()
        canary.shutdown()
        canary.server_close()


def _grade(course: Path, canary: str) -> None:
    shutil.copytree(ROOT / "source", course / "source")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    _python(course, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--log-level=ERROR")
    release_path = course / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    release = json.loads(release_path.read_text())
    hostile = vectors.hostile(release, canary)
    honest = json.loads(json.dumps(release))
    for cell in honest["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "knn-w1":
            cell["source"] = "Bright rows are test pictures that nothing resembles."
    handed_in = {
        HOSTILE: (f"{NOTEBOOK}.ipynb", hostile),
        SWALLOWER: (vectors.file_name(), vectors.swallowing(release, canary)),
        HONEST: (f"{NOTEBOOK}.ipynb", honest),
        UNGUARDED: (f"{NOTEBOOK}.ipynb", hostile),
    }
    for student, (name, notebook) in handed_in.items():
        folder = course / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
        (folder / PAGE_OF_THEIRS).write_text("<script>top.owned='page'</script>")
    _python(course, "-c", GRADE, "grade", ASSIGNMENT)
    # What nbgrader's own grading would leave for staff: all files as they were handed in.
    for path in (course / "submitted" / UNGUARDED / ASSIGNMENT).iterdir():
        shutil.copy(path, course / "autograded" / UNGUARDED / ASSIGNMENT)
    _python(course, "-m", "nbgrader", "generate_feedback", ASSIGNMENT, "--log-level=ERROR")


def _serve(course: Path, port: int) -> subprocess.Popen[bytes]:
    """A Jupyter server with the formgrader; no password, since only this machine reaches it."""
    settings = course / "lab-settings" / "@jupyterlab"
    for name, text in LAB_SETTINGS.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    environment = {**_environment(course), "JUPYTERLAB_SETTINGS_DIR": str(course / "lab-settings")}
    log = open(course / "server.log", "wb")  # noqa: SIM115 - it is the server's from now on
    with log:
        return subprocess.Popen(command, cwd=course, env=environment, stdout=log, stderr=log)


def _answers(server: str) -> bool:
    import urllib.request

    with urllib.request.urlopen(f"{server}/api/status", timeout=5) as answer:
        return bool(answer.status == 200)


def _python(course: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=course,
        env=_environment(course),
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr[-3000:]
    return done.stdout


def _environment(course: Path) -> dict[str, str]:
    """nbgrader calls alembic by name; nothing is read from or written to the user's own folders."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    own = {name: str(course / name.lower()) for name in names}
    return {**os.environ, **own, "PATH": path}
