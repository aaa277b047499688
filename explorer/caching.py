"""Pages that every anonymous reader sees alike: kept until the library changes, and known by an ETag.

Whoever writes to the library leaves a new mark in the same transaction (``bulk.lock_library``;
``MarksAdminWrites`` for plain forms of the admin). The mark is part of a page's ETag, and a kept page
is answered only while the library still has the mark that was read before the page was made. So a page
is right from the commit on, here and behind any proxy that asks before it answers
(``no-cache``); nothing has to be purged. Mark and page come from one server
(``hubsite/replica.py``), so that one which lags keeps old pages under their old mark.

``KeptPages`` stands outside the middleware that asks who somebody is: what it answers again is the
whole answer, headers included, for one query.
"""

from __future__ import annotations

import gzip
import time
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language_from_request
from django_htmx.middleware import HtmxDetails

from explorer import limits
from papers import bulk
from papers.models import LibraryMark

KEPT_SECONDS = 3600
RENDER_SECONDS = 10  # others take a page to be in the making for so long
LOOK_AGAIN = 0.02
MOST_BYTES = 400_000  # of a page that is kept
SMALLEST_ZIPPED = 1000  # bytes; below, compressing saves nothing
ZIP_LEVEL = 6
# The headers that tell a page from its part, as nginx does too (docs/nginx.conf).
PART_HEADERS = ["HX-Request", "HX-History-Restore-Request"]


def kept(view):
    """Decorate a view: ``KeptPages`` keeps its answers to anonymous readers.

    Only for views that show everybody without a session the same, and none of whose
    answers holds a secret: kept pages are compressed.
    """
    view.kept = True
    return view


def wants_part(request):
    """Whether htmx asks, for the part of a page that it swaps; not where it restores a whole page."""
    asked = HtmxDetails(request)
    return bool(asked) and not asked.history_restore_request


class Held(NamedTuple):
    """A kept answer with status 200, as it goes out; ``mark`` is the library's before it was made."""

    mark: int
    modified: int | None  # seconds since 1970
    headers: dict[str, str]
    body: bytes

    @property
    def shrinks(self):
        """Whether compressing saves anything: a PNG is compressed already."""
        return len(self.body) >= SMALLEST_ZIPPED and self.headers["Content-Type"] != "image/png"

    def answer(self, request):
        """The answer to ``request``: the page, or a 304 to who has it."""
        response = HttpResponse(self.body, headers=self.headers)
        return get_conditional_response(
            request, etag=self.headers["ETag"], last_modified=self.modified, response=response
        )

    def zipped(self):
        """The same page compressed. Its ETag is weak, for the bytes are others (RFC 9110, 8.8.1)."""
        body = gzip.compress(self.body, ZIP_LEVEL, mtime=0)
        changed = {
            "Content-Encoding": "gzip",
            "Content-Length": str(len(body)),
            "ETag": f"W/{self.headers['ETag']}",
        }
        return self._replace(headers=self.headers | changed, body=body)


class Page(NamedTuple):
    """A page in the making."""

    place: str  # its key in the cache
    mark: int
    modified: int | None

    @property
    def etag(self):
        return quote_etag(f"{self.place}-{self.mark:x}")

    @property
    def making(self):
        """The key that says so to others."""
        return f"{self.place}:{self.mark:x}"


class KeptPages:
    """Middleware: answers kept pages, keeps new ones, and lets one of a burst of readers make a page.

    One query for a kept page. Requests with a session are answered anew, for nobody else.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.making, request.private = None, False
        request.place = place_of(request) if is_shared(request) else None
        if request.place is not None and (held := held_page(request)) is not None:
            return held.answer(request)
        try:
            response = self.get_response(request)
            if request.making is not None and response.status_code == 200:
                keep(request, response)
            elif request.private:
                response["Cache-Control"] = "private, no-cache"
                patch_vary_headers(response, PART_HEADERS)
            return response
        finally:
            if request.making is not None:
                pages(request).delete(request.making.making)

    def process_view(self, request, view, args, kwargs):
        if not getattr(view, "kept", False):
            return None
        if request.place is None:
            request.private = True
            return None
        # Before anything else that the page reads: it may be newer than its mark, never older.
        mark, changed_at = LibraryMark.current()
        page = Page(request.place, mark, changed_at and int(changed_at.timestamp()))
        known = get_conditional_response(request, etag=page.etag, last_modified=page.modified)
        if known is not None and known.status_code == 304:
            return _with_headers(known, page)
        if not pages(request).add(page.making, True, RENDER_SECONDS):
            made = limits.gate.wait(lambda timeout: made_by_another(request, page, timeout))
            if made is None:
                return limits.busy(request)
            if made:
                return made.answer(request)
        request.making = page
        return None


def is_shared(request):
    """Whether the answer is one for everybody: a read by somebody without a session."""
    return request.method in ("GET", "HEAD") and settings.SESSION_COOKIE_NAME not in request.COOKIES


def place_of(request):
    """The key of a page: what tells it from every other but for the mark.

    Its address, its language, whether only a part is asked for, and the release.
    """
    language = get_language_from_request(request)
    part = "part" if wants_part(request) else "page"
    address = (request.scheme, request.get_host(), request.path, request.META.get("QUERY_STRING", ""))
    return blake2b(
        "\n".join((*address, language, part, release())).encode("utf-8", "replace"),
        digest_size=16,
    ).hexdigest()


def pages(request):
    """The cache that a page is kept in: a flood of questions does not drive out the pages without any."""
    return caches["questions" if request.META.get("QUERY_STRING") else "default"]


def held_page(request):
    """What is kept for ``request`` and still right, or None. A query where anything is kept at all."""
    cache, mark = pages(request), None
    wants_zipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    zipped = f"{request.place}:gzip"
    for key in (zipped, request.place) if wants_zipped else (request.place,):
        held = cache.get(key)
        if held is None:
            continue
        mark = LibraryMark.current_number() if mark is None else mark
        if held.mark != mark:
            continue
        if wants_zipped and key != zipped and held.shrinks:
            held = held.zipped()
            cache.set(zipped, held, KEPT_SECONDS)
        return held
    return None


def made_by_another(request, page, timeout):
    """Wait for the page that another request makes; False where it is not kept in the end."""
    until = time.monotonic() + timeout
    while time.monotonic() < until and pages(request).get(page.making):
        time.sleep(LOOK_AGAIN)
    held = pages(request).get(page.place)
    return held if held is not None and held.mark == page.mark else False


def keep(request, response):
    """Keep a page that was made, unless it is large or sets a cookie."""
    _with_headers(response, request.making)
    if len(response.content) <= MOST_BYTES and not response.cookies:
        _place, mark, modified = request.making
        held = Held(mark, modified, dict(response.items()), response.content)
        pages(request).set(request.place, held, KEPT_SECONDS)


@lru_cache(maxsize=1)
def release():
    """A digest of what pages are made from: templates, static files, code. Read once a process."""
    digest = blake2b(digest_size=8)
    for folder in ("templates", "static", "explorer", "citations", "papers", "hubsite", "locale"):
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*.*")):
            if path.suffix in (".html", ".css", ".js", ".svg", ".py", ".mo"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _with_headers(response, page):
    response["ETag"] = page.etag
    response["Cache-Control"] = "public, no-cache"
    # nginx keeps nothing that says no-cache. Valid until 1970 it is kept, and asked about each time.
    response["X-Accel-Expires"] = "@1"
    if page.modified:
        response["Last-Modified"] = http_date(page.modified)
    patch_vary_headers(response, ["Accept-Language", "Accept-Encoding", "Cookie", *PART_HEADERS])
    return response


class MarksAdminWrites:
    """Middleware: a form that the admin has taken may have changed what pages show."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.method == "POST" and request.path.startswith("/admin/") and response.status_code < 400:
            bulk.mark_library()
        return response
