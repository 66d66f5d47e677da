"""A local server that misbehaves on request."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class MisbehavingServer:
    """Serves one file; each address behaves as its first part says.

    `/fine`       with Range; `/no-range` without; `/cut/3` breaks off the first 3 replies half-way;
    `/html`, `/html-chunked` a web page; `/wrong` other bytes of the right length; `/longer` and
    `/shorter` other lengths; `/endless` too much without a length; `/gone` 404; `/broken/2` 503
    twice; `/off-by-one` resumes at a wrong byte; `/slow` a few bytes at a time.
    """

    content: bytes
    url: str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def address(self, path: str) -> str:
        return f"{self.url}/{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ours: MisbehavingServer

    def log_message(self, *args):
        pass

    def do_GET(self):
        ours = self.ours
        way, _, count = self.path[1:].partition("/")
        asked = self.headers.get("Range")
        ours.requests.append((way, asked))
        earlier = sum(1 for seen, _ in ours.requests[:-1] if seen == way)
        self.close_connection = True
        if way == "gone":
            return self.send_error(404)
        if way == "broken" and earlier < int(count):
            return self.send_error(503)
        if way in {"html", "html-chunked"}:
            page = b"<html><body>Please log in to the hotel's network.</body></html>"
            headers = {"Content-Type": "text/html; charset=utf-8"}
            if way == "html":
                headers["Content-Length"] = len(page)
            return self.reply(200, headers, page)
        body = {"wrong": bytes(len(ours.content)), "longer": ours.content + b"!"}.get(
            way, ours.content
        )
        if way == "shorter":
            body = body[:-1]
        headers = {"Content-Type": "application/gzip"}
        if way == "endless":
            return self.reply(200, headers, body * 3)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0
        status = 200
        if asked and way != "no-range":
            if start >= len(body):
                return self.send_error(416)
            status = 206
            start -= way == "off-by-one"
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:]
        headers["Content-Length"] = len(body)
        if way == "cut" and earlier < int(count):
            body = body[: len(body) // 2]
        return self.reply(status, headers, body, slow=way == "slow")

    def reply(self, status, headers, body, *, slow=False):
        self.send_response(status)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        step = 4000 if slow else len(body)
        try:
            for at in range(0, len(body), step):
                self.wfile.write(body[at : at + step])
                if slow:
                    time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            pass


@pytest.fixture
def server():
    """A running server with 100 kB that look like nothing in particular."""
    content = bytes((i * i + i // 7) % 251 for i in range(100_000))
    ours = MisbehavingServer(content)
    handler = type("Handler", (_Handler,), {"ours": ours})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    ours.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield ours
    http.shutdown()
    thread.join()
    http.server_close()
