"""The nginx of docs/nginx.conf: what it keeps, for how long, for whom, and whom it turns away.

In front of it stands a small site that answers as KeptPages does and counts what it is asked.
"""

import gzip
import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import nginx

pytestmark = pytest.mark.skipif(nginx.program() is None, reason="there is no nginx here")


class Site(ThreadingHTTPServer):
    """Answers every address with ``words``; ``asked`` has (path, status, headers) of each request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.words, self.asked, self.cache_control = "first", [], "public, no-cache"
        self.down = False


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.down:  # connections that are open still
            self.close_connection = True
            return
        is_part = self.headers.get("HX-Request") == "true"
        body = f"{self.server.words} {self.headers.get('Accept-Language')}{' part' * is_part}".encode()
        tag = f'"{self.server.words}{is_part}"'
        known = self.headers.get("If-None-Match") == tag
        self.server.asked.append((self.path, 304 if known else 200, self.headers))
        self.send_response(304 if known else 200)
        self.send_header("ETag", tag)
        self.send_header("Cache-Control", self.server.cache_control)
        if self.server.cache_control.startswith("public"):
            self.send_header("X-Accel-Expires", "@1")
        self.send_header("Vary", "Accept-Language, Accept-Encoding, Cookie")
        if known:
            self.end_headers()
            return
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_words):
        pass


@pytest.fixture
def site():
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def front(site, tmp_path_factory):
    """host:port of nginx in front of the site."""
    static = tmp_path_factory.mktemp("static")
    for folder in [static, *list(static.parents)[:3]]:
        folder.chmod(0o755)
    (static / "hub.css").write_text("body {}")
    (static / "hub.0123456789ab.css").write_text("body {}")
    (static / "hub.0123456789ab.css.gz").write_bytes(gzip.compress(b"body {}"))
    with nginx.nginx(site=f"127.0.0.1:{site.server_port}", static=static) as address:
        yield address.removeprefix("http://")


def ask(front, path="/papers/1-tides/", method="GET", **headers):
    """(status, body, headers) of one request on a connection of its own."""
    connection = http.client.HTTPConnection(front, timeout=20)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_a_page_is_kept_for_a_moment_and_right_a_quarter_second_later(site, front):
    for _each in range(30):
        assert ask(front)[:2] == (200, b"first en")
        time.sleep(0.01)
    assert len(site.asked) < 30
    # The second cache has the page, so that the site is asked whether it is right, no more.
    assert [status for _path, status, _headers in site.asked][1:] == [304] * (len(site.asked) - 1)
    site.words = "second"
    time.sleep(0.25)
    assert ask(front)[:2] == (200, b"second en")


def test_who_has_the_page_gets_a_304(front):
    _status, _body, headers = ask(front)
    assert headers["Cache-Control"] == "public, no-cache" and "X-Accel-Expires" not in headers
    assert ask(front, If_None_Match=headers["ETag"])[:2] == (304, b"")


def test_nothing_of_a_session_is_kept_or_shown_to_others(site, front):
    site.words = "mine"
    for number in range(6):
        assert ask(front, Cookie="csrftoken=a; sessionid=b")[1] == b"mine en"
        assert len(site.asked) == number + 1
    site.words = "everybody's"
    assert ask(front)[1] == b"everybody's en"
    site.words = "mine"
    assert ask(front, Cookie="sessionid=b")[1] == b"mine en"
    assert ask(front, method="POST")[0] == 200 and len(site.asked) == 9


def test_only_what_is_public_is_kept(site, front):
    site.cache_control = "private, no-cache"
    for number in range(6):
        assert ask(front)[0] == 200
        assert len(site.asked) == number + 1


def test_languages_and_encodings_are_told_apart_and_no_more(site, front):
    for language, body in (
        ("en-GB, de;q=0.5", b"first en"),
        ("fr, de;q=0.9, en", b"first de"),
        ("xx", b"first en"),
    ):
        assert ask(front, Accept_Language=language)[1] == body
    _status, body, headers = ask(front, Accept_Encoding="br, gzip, zstd")
    assert headers["Content-Encoding"] == "gzip" and gzip.decompress(body) == b"first en"
    assert ask(front)[1] == b"first en"


def test_a_page_and_the_part_that_htmx_asks_for_are_told_apart(front):
    for _each in range(3):
        assert ask(front)[1] == b"first en"
        assert ask(front, HX_Request="true")[1] == b"first en part"
    # The site takes it for a page, and so does nginx.
    assert ask(front, HX_Request="TRUE")[1] == b"first en"
    assert ask(front, HX_Request="true")[1] == b"first en part"


def test_without_the_site_readers_get_the_page_that_is_kept(site, front):
    ask(front)
    site.down = True
    site.shutdown()
    site.server_close()
    time.sleep(0.25)
    assert ask(front)[:2] == (200, b"first en")
    assert ask(front, path="/unknown/")[0] == 502


def test_static_files_are_served_with_a_long_life(site, front):
    status, body, headers = ask(front, path="/static/hub.0123456789ab.css", Accept_Encoding="gzip")
    assert (status, gzip.decompress(body)) == (200, b"body {}")
    assert "immutable" in str(headers.get_all("Cache-Control"))
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, body, headers = ask(front, path="/static/hub.css")
    assert (status, body) == (200, b"body {}") and headers["Cache-Control"] == "max-age=3600"
    assert site.asked == []


def test_one_client_asks_so_many_questions_and_others_go_on(site, front):
    answers = [ask(front, path=f"/papers/?q={number}")[0] for number in range(40)]
    assert answers[:20] == [200] * 20 and 429 in answers
    assert ask(front)[0] == 200
