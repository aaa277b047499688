r"""Loading in bulk: the made-up works into empty databases, once and again, beside ``\copy``; and its growth.

Owns what is asked of a load and the tables that say so. Bars are those the project has set
itself; a figure beyond its bar is said, and judged by whoever reads it.
"""

import gzip
import json
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.bench.commands import DATABASES, Spent, empty_database, manage, socket_of
from tests.bench.copying import Yardstick, measure_copy
from tests.bench.tables import print_table
from tests.bench.works import write_works

JOURNAL = "citations_importrun"  # each run adds its row there
MADE = ("papers_created", "papers_updated", "citations_created", "contexts_created", "labels_created")
BARS = {"SQLite": 0.04, "PostgreSQL": 0.08}  # of the rate of \copy
MEMORY_BAR = 500  # MB
AGAIN_BAR = 2  # times as fast


class Loaded(NamedTuple):
    """What one database took for a file, and what it holds afterwards."""

    first: Spent
    again: Spent
    changed: list[str]  # what the second run has done, which should be nothing
    refresh: Spent | None  # where it was asked for
    rows: int
    size: float  # MB of the database
    copied: Yardstick | None  # PostgreSQL only


@contextmanager
def made_file(works):
    """(path, Made, seconds of decoding it with the standard library) of a file for the time of the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"works-{works}.jsonl.gz"
        made = write_works(path, works)
        yield path, made, decode([path])


def decode(files):
    """Seconds to gunzip and decode every line of the files with the standard library."""
    begin = time.perf_counter()
    for path in files:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as lines:
            for line in lines:
                json.loads(line)
    return time.perf_counter() - begin


def load(url, path, *, refresh):
    """The Loaded of the file at ``path``, in the empty database ``url``."""
    first = ingest(url, path)
    rows, size = count_rows(url), database_size(url)
    again = ingest(url, path)
    said, now = json.loads(again.said), count_rows(url)
    changed = [f"{name} {said[name]}" for name in MADE if said[name]]
    changed += [f"{table} {now[table] - count:+}" for table, count in rows.items() if now[table] != count]
    copied = None if url.startswith("sqlite") else measure_copy(url)
    refreshed = manage(url, "refresh_hubs") if refresh else None
    return Loaded(first, again, changed, refreshed, sum(rows.values()), size, copied)


def ingest(url, path):
    return manage(url, "ingest", "--no-refresh", "--json", str(path))


# -- what a database holds -------------------------------------------------------------------------


def count_rows(url):
    """{table: number of rows} of papers and citations, the journal of runs left out."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return _count(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")
    with psycopg.connect(**socket_of(url)) as connection:
        return _count(connection, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")


def _count(connection, listing):
    names = [name for (name,) in connection.execute(listing) if name.startswith(("papers_", "citations_"))]
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - our own tables
        for name in sorted(names)
        if name != JOURNAL
    }


def database_size(url):
    """MB on the disk."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")) / 1e6
    with psycopg.connect(**socket_of(url)) as connection:
        return connection.execute("SELECT pg_database_size(current_database())").fetchone()[0] / 1e6


# -- the tables ----------------------------------------------------------------------------------


def report_loading(works, *, databases=DATABASES, refresh=False):
    """Load ``works`` works into each of ``databases`` and print the tables; refresh the hubs too if asked.

    Returns {database: Spent of the first run}.
    """
    results = {}
    with made_file(works) as (path, made, baseline):
        print(f"\n### Loading {works:,} works\n")
        print(
            f"The file: {made.works:,} works, {made.references:,} references, {made.plain / 1e6:,.0f} MB of "
            f"JSON in {made.packed / 1e6:,.0f} MB of gzip. Decoding it with `json` took {baseline:.1f} s.\n",
            flush=True,
        )
        for name in databases:
            with empty_database(name) as url:
                results[name] = load(url, path, refresh=refresh)
    _print_loads(results, made, baseline)
    if "PostgreSQL" in results:
        _print_yardstick(results, made)
    return {name: loaded.first for name, loaded in results.items()}


def _print_loads(results, made, baseline):
    lines = {
        "ingest --no-refresh": lambda d: _timed(d.first, baseline),
        "works, references a second": lambda d: (
            f"{made.works / d.first.seconds:,.0f}, {made.references / d.first.seconds:,.0f}"
        ),
        "ingest: processor seconds of command, server": lambda d: _processor(d.first),
        f"peak memory (bar {MEMORY_BAR} MB)": lambda d: f"{max(d.first.memory, d.again.memory):.0f} MB",
        "rows, size of the database": lambda d: f"{d.rows:,}, {d.size:,.0f} MB",
        "the same file again": lambda d: _timed(d.again, baseline),
        "the same again: processor seconds": lambda d: _processor(d.again),
        f"times as fast (bar {AGAIN_BAR})": lambda d: f"{d.first.seconds / d.again.seconds:.1f}",
        "what it changed (bar: nothing)": lambda d: ", ".join(d.changed) or "nothing",
    }
    if all(loaded.refresh for loaded in results.values()):
        lines["refresh_hubs"] = lambda d: _timed(d.refresh, baseline)
        lines["refresh_hubs: processor seconds"] = lambda d: _processor(d.refresh)
    print_table(["", *results], ([label, *map(say, results.values())] for label, say in lines.items()))


def _print_yardstick(results, made):
    copied = results["PostgreSQL"].copied
    ways = {"bare tables": copied.bare, "tables with indexes and constraints": copied.indexed}
    print(f"\n`\\copy` of the same {copied.rows:,} rows of {copied.tables} tables, {copied.size:,.0f} MB:\n")
    print_table(
        ["into", "seconds", "works/s", "processor seconds: psql, server"],
        (
            [way, f"{spent.seconds:.1f}", f"{made.works / spent.seconds:,.0f}", _processor(spent)]
            for way, spent in ways.items()
        ),
    )
    print("\nThe rate of the ingest as a share of that rate, by the clock (and by processor time):\n")
    for name, loaded in results.items():
        print(
            f"- {name}: {_percent(copied.bare, loaded.first)} of `\\copy` into bare tables "
            f"(bar {BARS[name]:.0%}), {_percent(copied.indexed, loaded.first)} into tables with their indexes"
        )


def report_growth(works, known, *, databases=DATABASES):
    """Load a tenth, the whole and five times ``works`` into each database and print how the cost grows.

    ``known`` is what ``report_loading`` returned for ``works``, or empty.
    """
    sizes = (works // 10, works, 5 * works)
    print(f"\n### Growth, {sizes[0]:,} to {sizes[-1]:,} works\n")
    print_table(["works", "references", "decoding", *databases], _growth(sizes, {works: known}, databases))
    print("\nAfter the semicolon: seconds and processor seconds per work, as multiples of the first row's.")


def _growth(sizes, known, databases):
    """The rows of the table; each is measured when it is asked for."""
    starts = {}  # of each database, (seconds, processor seconds) per work in the first row
    for works in sizes:
        with made_file(works) as (path, made, baseline):
            cells = [f"{works:,}", f"{made.references:,}", f"{baseline:.1f} s"]
            for name in databases:
                spent = known.get(works, {}).get(name)
                if spent is None:
                    with empty_database(name) as url:
                        spent = ingest(url, path)
                clock, work = spent.seconds / works, spent.work / works
                first = starts.setdefault(name, (clock, work))
                cells.append(
                    f"{spent.seconds:,.1f} s, {1 / clock:,.0f} works/s, {spent.memory:.0f} MB; "
                    f"{clock / first[0]:.2f} ×, {work / first[1]:.2f} ×"
                )
        yield cells


def _percent(copied, loaded):
    return f"{copied.seconds / loaded.seconds:.1%} ({copied.work / loaded.work:.1%})"


def _timed(spent, baseline):
    return f"{spent.seconds:,.1f} s ({spent.seconds / baseline:,.1f} × decoding)"


def _processor(spent):
    return f"{spent.processor:,.1f}, {'unknown' if spent.server is None else f'{spent.server:,.1f}'}"
