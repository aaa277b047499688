"""Which server is read: a replica of PostgreSQL for pages of anonymous readers, else the primary.

Owns the database router, the middleware that chooses for a request, and what happens when the
replica does not answer. Needs nothing from the rooms; without ``REPLICA_URL`` neither is installed.

The primary takes every write, and is read by whoever has a session (so curators see at once what they
wrote), by requests that are no GET or HEAD, by the admin, by commands, inside transactions, and by a
request that has written. The choice is made once for a request: the mark of the library and the page
that is kept under it (``explorer/caching.py``) come from the same server, in this order, so a
replica that lags keeps old pages under their old mark.
"""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

REPLICA = "replica"
RETRY_SECONDS = 15.0  # between two tries to reach a replica that did not answer
SERIALIZATION_FAILURE = "40001"  # SQLSTATE of a read on a standby in conflict with what is replayed
LOST = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)
_reads_from: ContextVar[str] = ContextVar("reads_from", default=DEFAULT_DB_ALIAS)


class Router:
    """Django's database router: reads go where the request reads from, all else to the primary."""

    def db_for_read(self, model, **hints):
        alias = _reads_from.get()
        if alias != DEFAULT_DB_ALIAS and connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return DEFAULT_DB_ALIAS
        return alias

    def db_for_write(self, model, **hints):
        _reads_from.set(DEFAULT_DB_ALIAS)  # what it wrote, this request reads from now on
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one, other, **hints):
        return True  # the same rows on both servers

    def allow_migrate(self, alias, app_label, **hints):
        return alias == DEFAULT_DB_ALIAS


class Replica:
    """Whether the replica answers, as this process knows it. One line in the log when that changes."""

    def __init__(self):
        self._lost = False
        self._next_try = 0.0

    def answers(self):
        """Whether it can be read. The look that Django takes once a request is taken here."""
        if self._lost:
            if time.monotonic() < self._next_try:
                return False
            # Whoever comes meanwhile does not wait for this try.
            self._next_try = time.monotonic() + RETRY_SECONDS
        try:
            connections[REPLICA].cursor().close()
        except LOST as error:
            self.lose(error)
            return False
        if self._lost:
            self._lost = False
            logger.warning("The replica answers again: pages read from it.")
        return True

    def lose(self, error):
        """Take note that it does not answer: pages read from the primary for RETRY_SECONDS."""
        self._next_try = time.monotonic() + RETRY_SECONDS
        if not self._lost:
            self._lost = True
            reason = str(error).strip().partition("\n")[0]
            logger.warning("The replica does not answer, pages read from the primary: %s", reason)


replica = Replica()


class ReadsFromReplica:
    """Middleware: pages of anonymous readers read from the replica, where it answers.

    A request that loses the replica on the way is answered once more, from the primary; it
    only reads, so it can be.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not may_lag(request) or not replica.answers():
            return self.get_response(request)
        watch = Watch()
        token = _reads_from.set(REPLICA)
        try:
            with connections[REPLICA].execute_wrapper(watch):
                response = self.get_response(request)
        finally:
            _reads_from.reset(token)
        return self.get_response(request) if watch.failed else response


class Watch:
    """Around each query on the replica: sees whether one failed there that would not on the primary.

    The connection broke, or the read stood in the way of what the replica had to replay.
    """

    def __init__(self):
        self.failed = False

    def __call__(self, execute, sql, parameters, many, context):
        try:
            return execute(sql, parameters, many, context)
        except LOST as error:
            connection = context["connection"]
            if getattr(error.__cause__, "sqlstate", None) == SERIALIZATION_FAILURE:
                self.failed = True
            elif not connection.is_usable():
                self.failed = True
                replica.lose(error)
                connection.close()
            raise


def may_lag(request):
    """Whether ``request`` may read what was right a moment ago: no session, no write, not the admin."""
    return (
        request.method in ("GET", "HEAD")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and not request.path_info.startswith("/admin/")
    )
