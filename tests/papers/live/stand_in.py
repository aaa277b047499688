"""A real HTTP server on loopback that stands in for the outside services.

``answers`` maps a path with its query (without ``fields`` and ``select``) to what is answered:
JSON data, bytes, or a list of ``Reply`` and data to be answered in turn, the last one for good.
``requests`` holds what was asked, in order.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    before: object = None  # called before the answer is sent


@dataclass
class Request:
    address: str  # as ``answers`` names it
    path: str  # as it was sent
    headers: dict
    body: bytes = b""


class StandIn:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.answers = {}
        self.requests = []

    @property
    def asked(self):
        return [request.address for request in self.requests]

    def reply(self, address):
        answer = self.answers.get(address, Reply(404, b'{"error": "not found"}'))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, dict):
            answer = json.dumps(answer).encode()
        return Reply(body=answer) if isinstance(answer, bytes) else answer


def short(path):
    """The path and query without what lists fields."""
    parts = urlsplit(path)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("fields", "select")]
    return f"{parts.path}?{urlencode(query, safe=':|*,')}" if query else parts.path


@contextmanager
def stand_in():
    """A running StandIn, stopped at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length", 0))
            request = Request(short(self.path), self.path, dict(self.headers), self.rfile.read(length))
            service.requests.append(request)
            reply = service.reply(request.address)
            if reply.before:
                reply.before()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_GET

        def log_message(self, *_args):
            """Nothing: the tests read ``requests``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = StandIn(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
