"""``manage.py rollup``: hubs computed from a snapshot, by DuckDB or Spark; asks no database."""

import re
from argparse import ArgumentTypeError
from pathlib import Path

from citations.management.batch import BatchCommand, needs
from citations.progress import Progress

ENGINES = ("duckdb", "spark")


def _size(text):
    """An amount of memory as DuckDB reads it."""
    if not re.fullmatch(r"[1-9]\d{0,6} ?[KMGT]i?B", text):
        raise ArgumentTypeError(f"{text!r} is no amount of memory such as 800MB or 4GB")
    return text


class Command(BatchCommand):
    help = "Compute summaries and co-cited works from a snapshot, without a database."
    requires_system_checks = ()
    stopped = "What was written is no whole rollup; the same command begins anew."

    def add_arguments(self, parser):
        parser.add_argument("--snapshot", required=True, metavar="DIR", help="a folder made by `snapshot`")
        parser.add_argument("--engine", required=True, choices=ENGINES)
        parser.add_argument("--out", metavar="DIR", help="default: rollup-ENGINE in the snapshot's folder")
        parser.add_argument(
            "--memory", type=_size, default="1GB", metavar="SIZE", help="what DuckDB may hold (1GB)"
        )
        parser.add_argument(
            "--scratch", metavar="DIR", help="where DuckDB puts what does not fit (the system's place)"
        )

    def carry_out(self, *, snapshot, engine, out, memory, scratch, **_options):
        from citations.batch import engines
        from citations.batch.running import write_rollup

        out = Path(out) if out else Path(snapshot) / f"rollup-{engine}"
        if engine == "duckdb":
            started = engines.DuckDB.started(memory=memory, scratch=scratch)
        else:
            try:
                import pyspark  # noqa: F401 - asked for before the snapshot is read
            except ImportError as error:
                raise needs("spark", error) from error
            started = engines.Spark.started()
        with started as running, Progress("steps") as progress:
            manifest = write_rollup(snapshot, out, running, progress=progress.update)
        hubs, lines = (manifest["tables"][name]["rows"] for name in ("summaries", "co_cited"))
        self.stdout.write(f"{hubs:,} hubs with {lines:,} co-cited works in {out}.")
