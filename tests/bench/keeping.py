"""The made-up libraries that benches measure on, made once and kept in a folder where one is given.

A store is a folder of SQLite files or a PostgreSQL server of its own. A library is kept under a name
that says what it was made from, the code included: one made by other code is made anew. Whoever wants the
space back removes the folder.
"""

import json
import shutil
import sys
import tempfile
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.bench.commands import ROOT, manage, socket_of, spend
from tests.postgres import server

MADE_BY = ("tests/bench/library.py", "tests/bench/graph.py", "tests/bench/works.py")
DERIVED_BY = ("citations", "papers")


class Sizes(NamedTuple):
    """Of a library, as ``library.py`` takes them."""

    papers: int
    citations: int
    largest: int
    read: float = 0.12

    def __str__(self):
        return (
            f"{self.papers:,} papers, {self.citations:,} citations, {self.read:.0%} of them read, "
            f"largest hub {self.largest:,}"
        )


@contextmanager
def store(name, folder=None):
    """A store of the database ``name`` of DATABASES, in ``folder``; without one it is gone afterwards."""
    if name == "PostgreSQL":
        with server(folder and Path(folder) / "postgresql") as url:
            yield Server(url)
    elif folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        yield Files(Path(folder).resolve())
    else:
        with tempfile.TemporaryDirectory() as made:
            yield Files(Path(made))


class Files:
    def __init__(self, folder):
        self.folder = folder

    def _path(self, key):
        return self.folder / f"{key}.sqlite3"

    def url(self, key):
        return f"sqlite:///{self._path(key)}"

    def holds(self, key):
        return self._path(key).exists()

    def create(self, key):
        pass  # the first connection does

    def copy(self, key, to):
        shutil.copyfile(self._path(key), self._path(to))

    def rename(self, key, to):
        self._path(key).rename(self._path(to))

    def drop(self, key):
        for file in self.folder.glob(f"{key}.sqlite3*"):
            file.unlink()


class Server:
    def __init__(self, url):
        self.base = url

    def url(self, key):
        return self.base.rpartition("/")[0] + f"/{key}"

    def holds(self, key):
        return bool(self._run("SELECT 1 FROM pg_database WHERE datname = %s", [key]).fetchone())

    def create(self, key):
        self._run(f'CREATE DATABASE "{key}"')

    def copy(self, key, to):
        self._run(f'CREATE DATABASE "{to}" TEMPLATE "{key}" STRATEGY file_copy')

    def rename(self, key, to):
        self._run(f'ALTER DATABASE "{key}" RENAME TO "{to}"')

    def drop(self, key):
        self._run(f'DROP DATABASE IF EXISTS "{key}" WITH (FORCE)')

    def _run(self, statement, values=None):
        with psycopg.connect(**socket_of(self.base), autocommit=True) as connection:
            return connection.execute(statement, values)


def written(place, sizes):
    """The key in the store ``place`` of the library as written, before a refresh; made where missing."""
    key = f"written_{_digest(sizes, *MADE_BY)}"
    if not place.holds(key):
        place.drop("unfinished")
        place.create("unfinished")
        options = [f"--{name}={value}" for name, value in sizes._asdict().items()]
        spend(sys.executable, "-m", "tests.bench.library", *options, url=place.url("unfinished"))
        place.rename("unfinished", key)
    return key


def refresh(place, sizes):
    """(``DATABASE_URL``, Spent of ``refresh_hubs --all``) of the refreshed library, made anew; it stays."""
    key, source = _refreshed(sizes), written(place, sizes)
    for old in (key, "unfinished"):
        place.drop(old)
    place.copy(source, "unfinished")
    spent = manage(place.url("unfinished"), "refresh_hubs", "--all")
    place.rename("unfinished", key)
    return place.url(key), spent


def refreshed(place, sizes):
    """The ``DATABASE_URL`` of the library with its summaries; made where missing."""
    key = _refreshed(sizes)
    return place.url(key) if place.holds(key) else refresh(place, sizes)[0]


def _refreshed(sizes):
    return f"refreshed_{_digest(sizes, *MADE_BY, *DERIVED_BY)}"


def _digest(sizes, *paths):
    """16 hexadecimal digits that change with the sizes, with these files and with the tables' migrations."""
    files = [file for path in paths for file in _modules(ROOT / path)]
    files += [file for room in DERIVED_BY for file in _modules(ROOT / room / "migrations")]
    digest = blake2b(json.dumps(sizes).encode(), digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _modules(path):
    return sorted(path.glob("*.py")) if path.is_dir() else [path]
