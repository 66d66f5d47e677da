"""What students hand in, opened by staff: none of it runs, and none of it asks another machine."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import pytest

from .chromium import Chromium
from .conftest import HONEST, HOSTILE, PAGE_OF_THEIRS, SWALLOWER, UNGUARDED, Staff

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

FORMGRADER, NBGRADERS, OURS, LAB = (
    *("formgrader", "nbgrader's feedback", "our feedback", "JupyterLab"),
)
PAGES = (FORMGRADER, NBGRADERS, OURS, LAB)
# True once the whole notebook is drawn; the pages that need no script are drawn when loaded.
DRAWN = {LAB: "document.querySelectorAll('.jp-Cell').length > 40"}
SETTLE = 3.0  # seconds in which late scripts, pictures and refreshes would show
LAST_WORDS = {OURS: "Sandbox:"}
LAST_CELL = "The reference answers of this notebook give these figures"

# Elements whose address is a script or a document of its own, and scripts in attributes.
ARMED = """
const armed = [];
for (const element of document.querySelectorAll('*')) {
  const addresses = [element.src, element.action, element.data, element.srcdoc,
                     element.protocol ? element.href : ''];
  for (const address of addresses)
    if (/^(javascript|vbscript|data:text|data:image.svg)|owned=/i.test(address || ''))
      armed.push(element.outerHTML.slice(0, 200));
  for (const {name, value} of element.attributes)
    if (/^on/.test(name) && value.includes('owned')) armed.push(`${name}=${value}`);
}
return armed;
"""
# Text of a student's where a renderer of mathematics would look at it.
LOOSE = """
const loose = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  if (node.data.includes('owned=') && !node.parentElement.closest('pre, code, .cm-content'))
    loose.push(node.parentElement.tagName + ': ' + node.data.slice(0, 200));
}
return loose;
"""


@dataclass(frozen=True)
class Seen:
    """What a page did, and what it shows.

    Attributes:
        ran: marks that scripts of the student have left.
        asked: addresses of the attackers' machine that were asked for.
        hosts: machines other than the Jupyter server that were asked for anything.
        armed: elements that would run something on a click.
        loose: text of the student's that is not set apart as code.
        text: all that can be read.
    """

    ran: set[str]
    asked: set[str]
    hosts: set[str]
    armed: list[str]
    loose: list[str]
    text: str


@pytest.fixture(scope="session")
def seen(browser: Chromium, staff: Staff) -> Callable[[str, str], Seen]:
    """Opens a page of a student, once for all tests."""

    @cache
    def look(kind: str, student: str) -> Seen:
        browser.open("about:blank")
        browser.requests()
        before = len(staff.canary.heard)
        browser.open(staff.page(kind, student))
        browser.wait_for(DRAWN.get(kind, "document.readyState === 'complete'"))
        time.sleep(SETTLE)
        heard = set(staff.canary.heard[before:])
        ran = {mark for mark in heard if not mark.startswith("/asked/")}
        if "owned" in browser.run("return document.title"):
            ran.add("title")
        addresses = [urlsplit(url) for url in browser.requests()]
        hosts = {a.netloc for a in addresses if a.scheme in ("http", "https", "ws", "wss")}
        return Seen(
            ran=ran | set(filter(None, [browser.run("return window.owned")])),
            asked=heard - ran,
            hosts=hosts - {urlsplit(staff.server).netloc},
            armed=browser.run(ARMED),
            loose=browser.run(LOOSE),
            text=browser.run("return document.body.innerText"),
        )

    return look


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("student", [HOSTILE, SWALLOWER])
def test_nothing_of_a_student_runs_or_leaves(seen, kind, student):
    page = seen(kind, student)
    assert (page.ran, page.asked, page.armed) == (set(), set(), [])
    # nbgrader's own pages ask a stranger for their libraries, whoever's work they show.
    assert page.hosts <= seen(kind, HONEST).hosts


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("student", [HOSTILE, SWALLOWER])
def test_a_page_is_shown_to_its_end(seen, kind, student):
    assert LAST_WORDS.get(kind, LAST_CELL) in seen(kind, student).text


@pytest.mark.parametrize("kind", [FORMGRADER, NBGRADERS, LAB])
@pytest.mark.parametrize("student", [HOSTILE, SWALLOWER])
def test_a_renderer_of_mathematics_finds_nothing_of_a_student(seen, kind, student):
    page = seen(kind, student)
    assert page.loose == []
    assert "owned=" in page.text  # what was written is there, to be read


@pytest.mark.parametrize("kind", [FORMGRADER, NBGRADERS, LAB])
def test_the_same_submission_as_handed_in_would_be_noticed(seen, kind):
    page = seen(kind, UNGUARDED)
    assert page.asked
    assert page.ran or kind == LAB  # which runs no script of a file that it does not trust


@pytest.mark.parametrize("student", [HOSTILE, SWALLOWER])
def test_the_formgrader_serves_no_file_of_a_student(staff, student):
    assert served(staff, student) == 404


def test_the_formgrader_would_serve_a_file_of_a_student(staff):
    assert served(staff, UNGUARDED) == 200


def served(staff: Staff, student: str) -> int:
    """How the formgrader answers to the wish for a page that the student handed in."""
    url = f"{staff.page(FORMGRADER, student)}{PAGE_OF_THEIRS}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
