"""What a command costs, and the empty databases that commands are tried on.

Owns the measuring: time by the clock, processor time of the command and of the database
server, peak memory. What is measured, and what it means, is for the other modules.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.postgres import server

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASES = ("SQLite", "PostgreSQL")
SAMPLE_SECONDS = 0.2
RSS_UNIT = 1024**2 if sys.platform == "darwin" else 1024  # of a MB, in what getrusage counts


class Spent(NamedTuple):
    """Seconds by the clock and of processor, MB at most, and the last line that was said."""

    seconds: float
    processor: float  # of the command itself and the processes that it started
    server: float | None  # processor seconds of the database server; None where they cannot be told
    memory: float  # of the same, together
    said: str

    @property
    def work(self):
        """Processor seconds of the command and the server together; a lower bound without the latter."""
        return self.processor + (self.server or 0)


@contextmanager
def empty_database(name):
    """The ``DATABASE_URL`` of a new database of that name in DATABASES, migrated; gone after the block."""
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.sqlite3"
            manage(url, "migrate", "--verbosity", "0")
            yield url
    else:
        with server() as url:
            manage(url, "migrate", "--verbosity", "0")
            yield url


def manage(url, *arguments):
    """Spent on a command of ``manage.py``. Raises CalledProcessError where it fails."""
    return spend(sys.executable, "manage.py", *arguments, url=url)


def spend(*command, url, stdin=None):
    """Spent on one process with the database ``url``; ``stdin`` is an open file or None.

    Its own figures from ``wait4``: those of all children would give the largest so far. Peak
    memory is sampled where /proc tells whose child is whose, else the command's own alone.
    Raises CalledProcessError unless it exits with 0.
    """
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "bench", "DEBUG": "off"}
    before, begin = server_seconds(url), time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=stdin, stdout=subprocess.PIPE)
    with process.stdout, _sampled(process.pid) as peak:
        said = process.stdout.read().decode()
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds, after = time.perf_counter() - begin, server_seconds(url)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said)
    return Spent(
        seconds,
        usage.ru_utime + usage.ru_stime,
        None if before is None else after - before,
        max(usage.ru_maxrss / RSS_UNIT, *peak),
        said.strip().rpartition("\n")[2],
    )


@contextmanager
def _sampled(pid):
    """A list whose one item is the most MB that the process and its children have held together."""
    peak, ended = [0.0], threading.Event()

    def sample():
        while not ended.wait(SAMPLE_SECONDS):
            peak[0] = max(peak[0], _resident(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _resident(pid):
    """MB of memory that a process and its children hold; 0 where /proc does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    [held] = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE) or ["0"]
    return int(held) / 1024 + sum(map(_resident, children))


def socket_of(url):
    """What libpq needs to reach the server of ``tests/postgres.py``: host, user and dbname."""
    parts = urlsplit(url)
    folder, _slash, name = parts.path.rpartition("/")
    return {"host": "/" + folder.strip("/"), "user": parts.username, "dbname": name}


def server_seconds(url):
    """Processor seconds of the PostgreSQL server so far, all its processes; None where /proc does not say.

    0 for SQLite, whose work is the command's own.
    """
    if url.startswith("sqlite"):
        return 0.0
    try:
        master = int((Path(socket_of(url)["host"]) / "data/postmaster.pid").read_text().split()[0])
        ticks = sum(_ticks(folder / "stat", master) for folder in Path("/proc").glob("[0-9]*"))
    except OSError:
        return None
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else None


def _ticks(stat, master):
    """Clock ticks of a process: the server's with those of its ended children, or a child's; else 0."""
    try:
        words = stat.read_text()
    except OSError:
        return 0  # it has ended meanwhile
    # The name in brackets may hold anything; after it: state, parent, …, times in places 11 to 14.
    fields = words.rpartition(")")[2].split()
    if int(words.split()[0]) == master:
        return sum(map(int, fields[11:15]))
    return sum(map(int, fields[11:13])) if int(fields[1]) == master else 0
