"""Where the expressions of ``rollup.py`` are computed: DuckDB in this process, or a Spark.

Both write a table as Parquet files whose names sort as their rows do.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path

import ibis

from citations.batch import folders

PAIRS_AT_ONCE = 50_000_000  # of the co-citation counts, on DuckDB: some hundred MB of groups


class DuckDB:
    """DuckDB with ``memory`` (such as "1GB") at most; what does not fit goes to a scratch folder."""

    name = "duckdb"

    def __init__(self, connection):
        self.connection = connection

    @classmethod
    @contextmanager
    def started(cls, *, memory, scratch):
        with tempfile.TemporaryDirectory(prefix="rollup-", dir=scratch) as folder:
            connection = ibis.duckdb.connect(
                Path(folder) / "scratch.duckdb",
                memory_limit=memory,
                temp_directory=str(Path(folder) / "spilled"),
                preserve_insertion_order=False,
            )
            try:
                yield cls(connection)
            finally:
                connection.disconnect()

    @property
    def version(self):
        return self.connection.version

    def read(self, files):
        return self.connection.read_parquet([str(file) for file in files])

    def write(self, table, folder, number=0):
        """Write the rows of an expression as the file of that number."""
        self.connection.to_parquet(
            table,
            folder / folders.part(number),
            compression=folders.COMPRESSION,
            row_group_size=folders.ROWS_A_GROUP,
        )

    def ranges(self, co_citations):
        """The ranges of hubs to count one after another."""
        found = co_citations.ranges(PAIRS_AT_ONCE).to_pyarrow()
        return list(zip(found["low"].to_pylist(), found["high"].to_pylist(), strict=True))


class Spark:
    """The Spark that the environment names (``spark-submit``, ``PYSPARK_SUBMIT_ARGS``, spark-defaults.conf).

    Without any it is one of this machine's own. Executors must see the folders under the same path.
    """

    name = "spark"

    def __init__(self, session):
        self.session = session
        self.connection = ibis.pyspark.connect(session)

    @classmethod
    @contextmanager
    def started(cls):
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.appName("citation hub rollup")
        # Days without a zone would be read in the machine's own.
        session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        try:
            yield cls(session)
        finally:
            session.stop()

    @property
    def version(self):
        return self.session.version

    def read(self, files):
        # Ibis takes one path only; and without a scheme a cluster would look into its own storage.
        view = f"snapshot_{Path(files[0]).parent.name}"
        self.session.read.parquet(*map(_as_file, files)).createOrReplaceTempView(view)
        return self.connection.table(view)

    def write(self, table, folder, number=0):
        """Write the rows of an expression as files of the executors' making, sorted over all of them."""
        folder.rmdir()  # Spark writes into no folder that exists
        self.connection.to_parquet_dir(table, _as_file(folder))

    def ranges(self, _co_citations):
        """All hubs at once: Spark divides the work by itself."""
        return [(None, None)]


def _as_file(path):
    return f"file://{Path(path).resolve()}"
