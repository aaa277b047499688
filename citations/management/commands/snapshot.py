"""``manage.py snapshot``: the library as Parquet, for the rollup and for analysts."""

from citations.management.batch import BatchCommand
from citations.progress import Progress


class Command(BatchCommand):
    help = "Write papers, citations, contexts and assertions as Parquet files with a manifest."
    stopped = "{folder} holds no whole snapshot; the same command begins anew."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", help="a new folder, or one with an earlier snapshot")

    def carry_out(self, *, folder, **_options):
        from citations.batch.snapshot import write_snapshot

        with Progress("rows") as progress:
            manifest = write_snapshot(folder, progress=progress.update)
        tables = manifest["tables"]
        rows = ", ".join(f"{table['rows']:,} {name}" for name, table in tables.items())
        size = sum(file["bytes"] for table in tables.values() for file in table["files"])
        self.stdout.write(f"{rows}: {size / 1e6:,.1f} MB in {folder}.")
