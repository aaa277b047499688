"""Two PostgreSQL servers, one replicating the other, and the site between them: who reads where.

The site is a server of its own, as an installation runs it. Replay on the replica is paused to
tell the two servers apart: what is written meanwhile is on the primary alone.
"""

import http.cookiejar
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import environ
import psycopg
import pytest
from django.db import ConnectionHandler, OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory

from hubsite import replica
from tests.postgres import NoServer, free_port, replicated_servers

HOUSE = Path(__file__).parent.parent
# Makes the library, a hub of three sentences, and a curator; prints an address and the context on it.
LIBRARY = """
from django.contrib.auth import get_user_model
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import factories
hub = factories.make_paper("Of tides")
for number in range(3):
    pair = factories.make_citation(factories.make_paper(), hub)
    factories.make_context(pair, f"On tides, number {number}.")
factories.refresh()
get_user_model().objects.create_superuser("curator", password="of the sea")
print(f"/papers/{hub.pk}/citing/{pair.citing_paper_id}/", pair.contexts.get().pk)
"""


class Site:
    """The site at ``address``, as somebody with a browser of their own sees it."""

    def __init__(self, address):
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path):
        with self.opener.open(self.address + path, timeout=60) as response:
            return response.read().decode()

    def send(self, path, **fields):
        token, *_same = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        with self.opener.open(self.address + path, data, timeout=60) as response:
            return response.read().decode()


@contextmanager
def served(environment, log):
    """The address of a site that granian serves with this environment, and its process."""
    port = free_port()
    command = ["-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, *command, "--blocking-threads", "3", "hubsite.wsgi:application"],
        cwd=HOUSE,
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def until(true, what):
    """Wait until ``true()``; fails after a minute, which a busy machine may need."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def wait_for_site(site):
    def answers():
        try:
            return site.get("/about/labels/")
        except (urllib.error.URLError, ConnectionError):
            return False

    until(answers, "the site does not start")


@pytest.mark.django_db  # it brings servers of its own; but what is not marked is left out on PostgreSQL
@pytest.mark.skipif(connection.vendor != "postgresql", reason="replicas are PostgreSQL's")
def test_readers_read_the_replica_and_curators_the_primary(tmp_path, django_db_blocker):
    try:
        with django_db_blocker.unblock(), replicated_servers() as (primary, standby):
            _check(primary, standby, tmp_path / "log")
    except NoServer as error:
        pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))


def _check(primary, standby, log):
    environment = {
        **os.environ,
        "DATABASE_URL": primary.url,
        "REPLICA_URL": standby.url,
        "SECRET_KEY": "only-for-tests",
        "STATIC_ROOT": "nothing-collected",
    }

    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", LIBRARY]
    made = subprocess.run(command, cwd=HOUSE, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    evidence, context = made.stdout.split()
    with (
        psycopg.connect(primary.url, autocommit=True) as on_primary,
        psycopg.connect(standby.url, autocommit=True) as on_standby,
        log.open("w") as lines,
        served(environment, lines) as address,
    ):
        reader, curator = Site(address), Site(address)
        wait_for_site(reader)
        pause(on_primary, on_standby)

        # What a curator writes they see at once, readers when the replica has it, and no sooner.
        curator.send("/admin/login/", username="curator", password="of the sea", next="/admin/")
        before = reader.get(evidence)
        desk = f"/admin/citations/citationcontext/{context}/change/"
        curator.send(desk, act="label", role="method", note="as the moon pulls")
        assert "as the moon pulls" in curator.get(evidence)
        assert reader.get(evidence) == before and "as the moon pulls" not in before
        assert "as the moon pulls" not in reader.get(f"{evidence}?not=kept")
        on_standby.execute("SELECT pg_wal_replay_resume()")
        until(lambda: "as the moon pulls" in reader.get(evidence), "the replica's page stays old")

        # Without the replica readers read the primary, and what is written then as well.
        on_standby.close()
        standby.stop()
        assert "as the moon pulls" in reader.get(evidence)
        assert "as the moon pulls" in reader.get(f"{evidence}?still=not-kept")
        curator.send(desk, act="label", role="dataset", note="as the gauge reads")
        for _each in range(3):
            assert "as the gauge reads" in reader.get(evidence)
    said = log.read_text()
    assert said.count("The replica does not answer") == 1, said
    assert "Internal Server Error" not in said and "read-only" not in said, said
    _check_in_this_process(primary, standby)


def pause(on_primary, on_standby):
    """Stop the replay of a replica that has all that the primary has written so far."""
    [written] = on_primary.execute("SELECT pg_current_wal_lsn()").fetchone()

    def replayed():
        return on_standby.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written]).fetchone()[0]

    until(replayed, "the replica does not follow")
    on_standby.execute("SELECT pg_wal_replay_pause()")


def _check_in_this_process(primary, standby):
    """What a request does that finds the replica gone, loses it on the way, or finds it again."""
    standby.start()
    with pytest.MonkeyPatch.context() as patch:
        default, other = environ.Env.db_url_config(primary.url), environ.Env.db_url_config(standby.url)
        servers = ConnectionHandler({"default": default, "replica": other})
        patch.setattr(replica, "connections", servers)
        patch.setattr(replica, "RETRY_SECONDS", 0.3)
        asked = []

        def respond(request):
            """Says whether it read from the replica, whose connections are cut when the request says so."""
            connection = servers[replica.Router().db_for_read(None)]
            with connection.cursor() as cursor:
                if request.GET.get("cut") and not asked:
                    with psycopg.connect(standby.url, autocommit=True) as other:
                        other.execute(
                            "SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid]
                        )
                asked.append(request)
                try:
                    cursor.execute("SELECT pg_is_in_recovery()")
                except OperationalError:
                    return HttpResponse(status=500)
                return HttpResponse(str(cursor.fetchone()[0]))

        def answer(path="/", method="GET", **cookies):
            request = RequestFactory().generic(method, path)
            request.COOKIES.update(cookies)
            response = replica.ReadsFromReplica(respond)(request)
            assert response.status_code == 200
            return response.content.decode()

        try:
            assert answer(path="/?cut=1") == "False" and len(asked) == 2  # once more, from the primary
            assert answer() == "False"  # not tried again yet
            time.sleep(0.4)
            assert answer() == answer(method="HEAD") == "True"
            assert answer(path="/admin/") == answer(method="POST") == answer(sessionid="any") == "False"
            servers["default"].in_atomic_block = True
            assert answer() == "False"
            servers["default"].in_atomic_block = False
            standby.stop()
            assert answer() == answer() == "False"
        finally:
            servers.close_all()
