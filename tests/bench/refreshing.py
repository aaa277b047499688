"""``refresh_hubs --all`` over made-up libraries of two sizes, beside reading the pair rows alone.

Owns the baselines: counting the pairs, and taking out of the database the columns that summaries are made of.
"""

import os
import sqlite3
import time
from contextlib import closing

import psycopg

from tests.bench.commands import DATABASES, manage, socket_of
from tests.bench.keeping import refresh, store
from tests.bench.tables import print_table

COLUMNS = (
    "citing_paper_id, cited_paper_id, is_read, role, role_source, polarity, polarity_source,"
    " citing_year, suggested_polarity"
)
MEMORY_BAR = 1500  # MB
GROWTH_BAR = 1.5  # times the cost per citation, from the smaller library to the larger


def report_refresh(sizes, *, databases=DATABASES, folder=None):
    """Refresh a library of a tenth of these Sizes and one of the whole in each database; print the table."""
    small = sizes._replace(
        **{name: getattr(sizes, name) // 10 for name in ("papers", "citations", "largest")}
    )
    print(f"\n### refresh_hubs --all\n\n{small}; and {sizes}.\n")
    rows = []
    for name in databases:
        with store(name, folder) as place:
            rows += _measure(place, name, (small, sizes))
    print_table(
        [
            "database, citations",
            "refresh_hubs --all",
            "processor seconds of command, server",
            f"peak memory (bar {MEMORY_BAR:,} MB)",
            f"µs a citation (bar {GROWTH_BAR} ×)",
            "once more",
            "count(*)",
            "pair rows read out",
            "times that",
        ],
        rows,
    )


def _measure(place, name, several):
    """The rows of the table of one database."""
    first = None
    for sizes in several:
        load = os.getloadavg()[0]
        url, spent = refresh(place, sizes)
        again = manage(url, "refresh_hubs", "--all")
        counted, read = _baselines(url)
        each = 1e6 * spent.seconds / sizes.citations
        work = spent.work / sizes.citations
        first = first or (each, work)
        yield [
            f"{name}, {sizes.citations:,} (load {load:.1f})",
            f"{spent.seconds:,.1f} s",
            f"{spent.processor:,.1f}, {'unknown' if spent.server is None else f'{spent.server:,.1f}'}",
            f"{spent.memory:,.0f} MB",
            f"{each:,.1f} ({each / first[0]:.2f} ×, {work / first[1]:.2f} × by processor time)",
            f"{again.seconds:,.1f} s",
            f"{counted:,.2f} s",
            f"{read:,.2f} s",
            f"{spent.seconds / read:,.0f} ×",
        ]


def _baselines(url):
    """Seconds of counting the pairs, and of taking their columns out."""
    count, rows = "SELECT count(*) FROM citations_citation", f"SELECT {COLUMNS} FROM citations_citation"  # noqa: S608
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return [_timed(lambda text=text: all(connection.execute(text))) for text in (count, rows)]
    with psycopg.connect(**socket_of(url)) as connection:
        counted = _timed(lambda: connection.execute(count).fetchone())

        def out():
            with connection.cursor().copy(f"COPY ({rows}) TO STDOUT (FORMAT BINARY)") as copy:
                for _block in copy:
                    pass

        return counted, _timed(out)


def _timed(act):
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin
