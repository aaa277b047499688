"""Pages that every anonymous reader sees alike: kept until the library changes, and known by an ETag.

Whoever writes to the library leaves a new mark in the same transaction (``bulk.lock_library``;
``MarksAdminWrites`` for plain forms of the admin). The mark is part of a page's ETag and of the key
under which its bytes are kept, so a page is right from the commit on, here and behind any
proxy that asks before it answers (``no-cache``); nothing has to be purged.
"""

from __future__ import annotations

import time
from functools import lru_cache, wraps
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language

from papers import bulk
from papers.models import LibraryMark

KEPT_SECONDS = 3600
RENDER_SECONDS = 10  # others wait so long for a page that somebody renders already
LOOK_AGAIN = 0.02
MOST_BYTES = 400_000  # of a page that is kept


def kept(view):
    """Decorate a view: its answers to anonymous GETs are kept and revalidated.

    One query before the view's own. Requests with a session are answered anew, for nobody else.
    """

    @wraps(view)
    def answer(request, *args, **kwargs):
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-cache"
            return response
        mark, changed_at = LibraryMark.current()
        key = page_key(request, mark)
        modified = changed_at and int(changed_at.timestamp())
        fresh = get_conditional_response(request, etag=quote_etag(key), last_modified=modified)
        if fresh is not None and fresh.status_code == 304:
            return _with_headers(fresh, key, modified)
        response = _from_cache(key) or _rendered_once(key, lambda: view(request, *args, **kwargs))
        return _with_headers(response, key, modified) if response.status_code == 200 else response

    return answer


def page_key(request, mark):
    """What tells one page from every other: address, language, release, and the library's mark."""
    parts = (request.build_absolute_uri(), get_language() or "", release(), str(mark))
    return blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def release():
    """A digest of what pages are made from: templates, static files, code. Read once a process."""
    digest = blake2b(digest_size=8)
    for folder in ("templates", "static", "explorer", "citations", "papers", "hubsite"):
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*.*")):
            if path.suffix in (".html", ".css", ".js", ".svg", ".py", ".mo"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _from_cache(key):
    held = cache.get(key)
    return HttpResponse(held) if held is not None else None


def _rendered_once(key, render):
    """Render a page, or wait for whoever renders it: a burst of readers costs one rendering."""
    if not cache.add(f"{key}:rendering", True, RENDER_SECONDS):
        until = time.monotonic() + RENDER_SECONDS
        while time.monotonic() < until and cache.get(f"{key}:rendering"):
            time.sleep(LOOK_AGAIN)
        if (response := _from_cache(key)) is not None:
            return response
    try:
        response = render()
        if response.status_code == 200 and len(response.content) <= MOST_BYTES:
            cache.set(key, response.content, KEPT_SECONDS)
        return response
    finally:
        cache.delete(f"{key}:rendering")


def _with_headers(response, key, modified):
    response["ETag"] = quote_etag(key)
    response["Cache-Control"] = "public, no-cache"
    if modified:
        response["Last-Modified"] = http_date(modified)
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
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
