"""Runs the parts and prints them as Markdown for ``docs/benchmarks.md``."""

import argparse
import os
import platform
import sqlite3
from pathlib import Path

from tests.bench.commands import DATABASES
from tests.bench.explorer import report_explorer
from tests.bench.keeping import Sizes
from tests.bench.load import report_load
from tests.bench.loading import report_growth, report_loading
from tests.bench.pages import report_pages
from tests.bench.refreshing import report_refresh
from tests.bench.serving import report_serving

PARTS = ("ingest", "growth", "pages", "explorer", "refresh", "serving", "load")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("corpus", nargs="*", type=Path, help="files whose pages are measured")
    parser.add_argument(
        "--works",
        type=int,
        default=100_000,
        metavar="N",
        help="size of the load; growth goes from N/10 to 5 N",
    )
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    parser.add_argument(
        "--database", action="append", choices=DATABASES, help="measure this one alone (repeatable)"
    )
    parser.add_argument("--refresh", action="store_true", help="refresh the hubs after the load as well")
    parser.add_argument(
        "--library", metavar="URL", help="serving and load: the DATABASE_URL of a library, not the sample"
    )
    made = parser.add_argument_group("the made-up library of explorer and refresh")
    made.add_argument("--papers", type=int, default=300_000, metavar="N")
    made.add_argument("--citations", type=int, default=1_500_000, metavar="M")
    made.add_argument("--largest", type=int, default=130_000, metavar="K", help="of its hubs")
    made.add_argument("--read", type=float, default=0.12, metavar="SHARE", help="of the citations")
    made.add_argument("--keep", type=Path, metavar="FOLDER", help="keep it there, and use it again")
    options = parser.parse_args()
    sizes = Sizes(options.papers, options.citations, options.largest, options.read)
    databases = options.database or DATABASES
    if options.works < 10:
        parser.error("--works must be 10 or more")
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{load}."
    )
    spent = {}
    if options.only in (None, "ingest"):
        spent = report_loading(options.works, databases=databases, refresh=options.refresh)
    if options.only in (None, "growth"):
        report_growth(options.works, spent, databases=databases)
    if options.only in (None, "pages"):
        report_pages(options.corpus)
    if options.only in (None, "refresh"):
        report_refresh(sizes, databases=databases, folder=options.keep)
    if options.only in (None, "explorer"):
        report_explorer(sizes, databases=databases, folder=options.keep)
    if options.only in (None, "serving"):
        report_serving(options.library)
    if options.only in (None, "load"):
        report_load(options.library)


if __name__ == "__main__":
    main()
