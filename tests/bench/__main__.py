"""Runs the parts and prints them as Markdown for ``docs/benchmarks.md``."""

import argparse
import os
import platform
import sqlite3
from pathlib import Path

from tests.bench.commands import DATABASES
from tests.bench.load import report_load
from tests.bench.loading import report_growth, report_loading
from tests.bench.pages import report_pages
from tests.bench.serving import report_serving

PARTS = ("ingest", "growth", "pages", "serving", "load")


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
        "--database", action="append", choices=DATABASES, help="load into this one alone (repeatable)"
    )
    parser.add_argument("--refresh", action="store_true", help="refresh the hubs after the load as well")
    parser.add_argument(
        "--library", metavar="URL", help="serving and load: the DATABASE_URL of a library, not the sample"
    )
    options = parser.parse_args()
    if options.works < 10:
        parser.error("--works must be 10 or more")
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{load}."
    )
    spent = {}
    if options.only in (None, "ingest"):
        databases = options.database or DATABASES
        spent = report_loading(options.works, databases=databases, refresh=options.refresh)
    if options.only in (None, "growth"):
        report_growth(options.works, spent)
    if options.only in (None, "pages"):
        report_pages(options.corpus)
    if options.only in (None, "serving"):
        report_serving(options.library)
    if options.only in (None, "load"):
        report_load(options.library)


if __name__ == "__main__":
    main()
