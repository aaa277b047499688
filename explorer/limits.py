"""Bounded work for whoever asks: how long an address is, how many pages are made at once, how long a read is.

Owns the middleware ``BoundedWork`` and what it answers in place of a page. A kept page (``caching.py``)
passes by: it is answered while every slot here is taken. What a filter may say is for
``filters.py``; how much one client may ask, for the proxy in front (``docs/nginx.conf``).

Each process has ``SLOTS`` and ``PLACES``, and its server more threads than both together
(``--blocking-threads`` in the Makefile): those left over answer kept pages and refusals.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus

from django.conf import settings
from django.db import Error, OperationalError
from django.http import HttpResponse, JsonResponse
from django.utils.log import log_response
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext_lazy as _

from papers.bulk import reading_connection

LONGEST_QUERY = 8000  # characters after the ?; nginx takes no more by itself
SLOTS = 2  # pages made at once: while one computes, the other waits for the database
PLACES = 16  # requests that wait for a slot, or for a page that another request makes
PATIENCE = 5.0  # seconds that a request waits
EXPORTS = 2  # files that are sent at once; a batch of one takes a slot while it is made
BATCH_TRIES = 30  # for a slot of one more batch, a second apart, before a file is broken off
READING_SECONDS = 10.0  # of a statement on PostgreSQL, of all statements of a page on SQLite
INSTRUCTIONS = 20_000  # of SQLite's machine between two looks at the clock: under a millisecond
QUERY_CANCELED = "57014"  # PostgreSQL's SQLSTATE
LOGGED_EVERY = 60.0  # seconds
PROBLEM_TYPE = "application/problem+json"

TOO_LONG = _("An address takes %(most)s characters after its “?”.")
TOO_MANY_VALUES = _("An address takes %(most)s values at most.")
TOOK_TOO_LONG = _("This took too long and was given up. Ask for less at once.")
BUSY = _("Too many pages are being made at this moment. Try again in a few seconds.")

logger = logging.getLogger(__name__)


class Gate:
    """``slots`` at work, ``places`` to wait in; who comes when both are taken is turned away."""

    def __init__(self, slots=SLOTS, places=PLACES):
        self._free, self._places = slots, places
        self._changed = threading.Condition()

    def is_full(self):
        """Whether there is neither a slot nor a place at this moment."""
        return self._free <= 0 and self._places <= 0

    def enter(self):
        """Whether there was a slot, at once or within PATIENCE; ``leave`` gives it back."""
        with self._changed:
            if self._free > 0:
                self._free -= 1
                return True
        return bool(self.wait(self._take))

    def _take(self, timeout):
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0, timeout):
                return False
            self._free -= 1
            return True

    def leave(self):
        with self._changed:
            self._free += 1
            self._changed.notify()

    def wait(self, until):
        """What ``until(timeout=PATIENCE)`` returns, called in a place of the queue; None without a place."""
        with self._changed:
            if self._places <= 0:
                return None
            self._places -= 1
        try:
            return until(timeout=PATIENCE)
        finally:
            with self._changed:
                self._places += 1


class TurnedAway:
    """Counts who is turned away, for a line in the log each LOGGED_EVERY seconds."""

    def __init__(self):
        self._number, self._next = 0, 0.0
        self._lock = threading.Lock()

    def count(self):
        with self._lock:
            self._number += 1
            if time.monotonic() < self._next:
                return
            number, self._number, self._next = self._number, 0, time.monotonic() + LOGGED_EVERY
        logger.warning("More is asked for than can be made: requests turned away since last told: %d", number)


gate = Gate()
exports = Gate(slots=EXPORTS, places=0)
turned_away = TurnedAway()


class BoundedWork:
    """Middleware: refuses what is too long, and pages beyond the gate; ends reads that take too long.

    People who are logged in need no slot, and their reads and writes take their time.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        query = request.META.get("QUERY_STRING", "")
        if len(query) > LONGEST_QUERY:
            return refused(request, 414, TOO_LONG, most=LONGEST_QUERY)
        # Django counts as well, but only when a page looks, and with an empty answer.
        if query.count("&") >= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return refused(request, 400, TOO_MANY_VALUES, most=most)
        # Before anything is asked about who this is: a flood of refusals must cost little.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES and gate.is_full():
            return busy(request)
        request.bounded = None
        try:
            return self.get_response(request)
        finally:
            if request.bounded is not None:
                gate.leave()
                unbind(request.bounded)

    def process_view(self, request, view, args, kwargs):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            return None
        if not gate.enter():
            return busy(request)
        request.bounded = reading_connection()
        bind(request.bounded, READING_SECONDS)
        return None

    def process_exception(self, request, error):
        if not took_too_long(error):
            return None
        return refused(request, 503, TOOK_TOO_LONG)


def bind(connection, seconds):
    """Let reads end after ``seconds``, with an error that ``took_too_long`` knows.

    A round trip to PostgreSQL, outside of Django's count of queries; nothing in a transaction there.
    """
    if connection.vendor == "sqlite":
        end = time.monotonic() + seconds
        connection.ensure_connection()
        connection.connection.set_progress_handler(lambda: time.monotonic() > end, INSTRUCTIONS)
    elif not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.cursor.execute(f"SET statement_timeout = {int(1000 * seconds)}")


def unbind(connection):
    """Take back what ``bind`` did; a connection that is gone has nothing to take back."""
    if connection.connection is None:
        return
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(None, 0)
    elif not connection.in_atomic_block:
        try:
            with connection.cursor() as cursor, connection.wrap_database_errors:
                cursor.cursor.execute("RESET statement_timeout")
        except Error:
            connection.close()


def took_too_long(error):
    """Whether ``error`` is how a read ends that ``bind`` has bounded."""
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", None) == QUERY_CANCELED or str(error) == "interrupted"


@contextmanager
def slot():
    """A slot for a piece of an answer that is being sent, and an end to reads that take too long.

    Raises TimeoutError where there is none for BATCH_TRIES seconds: a file that is broken off
    is better than one that lacks rows.
    """
    for _try in range(BATCH_TRIES):
        if gate.enter():
            break
        time.sleep(1)
    else:
        raise TimeoutError("no slot for the rest of a file")
    connection = reading_connection()
    try:
        bind(connection, READING_SECONDS)
        yield
    finally:
        gate.leave()
        unbind(connection)


def busy(request):
    """The answer to who finds neither a slot nor a place to wait in. A line in the log, once a minute."""
    turned_away.count()
    return refused(request, 503, BUSY)


def refused(request, status, sentence, **numbers):
    """An answer without a page: problem JSON for programs, one sentence for people.

    The language is asked for here: a refusal may come before the middleware that sets it.
    """
    of_the_api = request.path.startswith("/api/")
    with override("en" if of_the_api else get_language_from_request(request)):
        sentence = str(sentence) % numbers
    if of_the_api:
        response = problem(status, sentence)
        response["Access-Control-Allow-Origin"] = "*"
    else:
        response = HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 503:
        response["Retry-After"] = "3"
    response["Cache-Control"] = "no-store"
    # Not for the log, which a flood would fill; Django writes nothing of what it takes for written.
    log_response(sentence, response=response, request=request, logger=logger, level="debug")
    return response


def problem(status, detail, **more):
    """Problem JSON (RFC 9457); ``more`` are further members."""
    members = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JsonResponse(members | more, status=status, content_type=PROBLEM_TYPE)
