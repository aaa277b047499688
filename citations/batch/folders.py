"""Folders of Parquet files with a manifest: what is whole, what is ours, what may be replaced.

A folder holds one sub-folder of ``part-*.parquet`` files a table, and ``manifest.json``, which is
written last: without it a folder is nothing that anybody reads. ``unfinished.json`` stands there
from the first moment of writing, so that what a stopped run left is known as ours and replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
SNAPSHOT = "citation-hub snapshot"
ROLLUP = "citation-hub rollup"
SCHEMA_VERSION = 1
ROWS_A_GROUP = 100_000
ROWS_A_FILE = 1_000_000
COMPRESSION = "zstd"


class Refused(Exception):
    """A folder that cannot be read or must not be written; the message says why and what to do."""


@contextmanager
def writing(path, kind, tables):
    """An empty folder for the ``tables`` (names); yields a dict that becomes its manifest.

    The block adds to the dict what else the manifest shall say; files and rows are added here.
    What stood there before goes, if it is a ``kind`` of ours; anything else raises Refused.
    """
    path = Path(path)
    claim(path, kind)
    for table in tables:
        shutil.rmtree(path / table, ignore_errors=True)
        (path / table).mkdir()
    manifest = {"format": kind, "schema_version": SCHEMA_VERSION}
    yield manifest
    manifest["tables"] = {table: _described(path, table) for table in tables}
    manifest["written_at"] = datetime.now(UTC).isoformat()
    draft = path / f"{MANIFEST}.draft"
    draft.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    os.replace(draft, path / MANIFEST)
    (path / UNFINISHED).unlink()


def claim(path, kind):
    """Make the folder ours to write, and nothing that anybody reads. Raises Refused."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        held = {entry.name for entry in path.iterdir()}
        said = next((_json(path / name) for name in (MANIFEST, UNFINISHED) if name in held), {})
        if held and said.get("format") != kind:
            raise Refused(f"{path} is not empty and holds no {kind}: name another folder")
        (path / UNFINISHED).write_text(json.dumps({"format": kind}), "utf-8")
        (path / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror or error}") from error


def opened(path, kind):
    """The manifest of a whole folder whose files are all there, letter by letter. Raises Refused.

    Reads every byte once.
    """
    path = Path(path)
    if not (path / MANIFEST).is_file():
        stopped = " (a run was stopped here before its end)" if (path / UNFINISHED).exists() else ""
        raise Refused(f"{path} holds no whole {kind}: there is no {MANIFEST}{stopped}")
    manifest = _json(path / MANIFEST)
    if manifest.get("format") != kind:
        raise Refused(f"{path / MANIFEST} is not the manifest of a {kind}")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        held = manifest.get("schema_version")
        raise Refused(f"{path} has schema version {held}, this software reads {SCHEMA_VERSION}")
    try:
        for table in manifest["tables"].values():
            for file in table["files"]:
                _verify(path, file)
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{path / MANIFEST} is damaged: {error!r}") from error
    return manifest


def files_of(path, manifest, table):
    """The files of a table, in order."""
    return [Path(path) / file["path"] for file in manifest["tables"][table]["files"]]


def digest(file):
    """The SHA-256 of a file, in hexadecimal."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class TableWriter:
    """Record batches into the files of one table: row groups of 100,000, files of ten."""

    def __init__(self, folder, schema):
        self.folder, self.schema = Path(folder), schema
        self.file, self.files, self.rows_here = None, 0, 0

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if not self.files and _error[0] is None:
            self._open()  # a table without rows has its columns all the same
        if self.file:
            self.file.close()

    def write(self, columns):
        """Write one row group: the columns as sequences, in the order of the schema."""
        if self.file is None:
            self._open()
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self.schema, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=self.schema)
        self.file.write_table(table, row_group_size=ROWS_A_GROUP)
        self.rows_here += len(table)
        if self.rows_here >= ROWS_A_FILE:
            self.file.close()
            self.file, self.rows_here = None, 0

    def _open(self):
        path = self.folder / part(self.files)
        self.file = pq.ParquetWriter(path, self.schema, compression=COMPRESSION)
        self.files += 1


def part(number):
    """The name of a table's file, such that names sort as numbers do."""
    return f"part-{number:05d}.parquet"


def _described(path, table):
    files = []
    for file in sorted((path / table).glob("*.parquet")):
        files.append(
            {
                "path": f"{table}/{file.name}",
                "rows": pq.read_metadata(file).num_rows,
                "bytes": file.stat().st_size,
                "sha256": digest(file),
            }
        )
    return {"rows": sum(file["rows"] for file in files), "files": files}


def _verify(path, file):
    # Names as we write them: a manifest from elsewhere leads to no other place.
    if Path(file["path"]).is_absolute() or ".." in Path(file["path"]).parts:
        raise Refused(f"{path / MANIFEST} names a file outside its folder: {file['path']!r}")
    found = path / file["path"]
    if not found.is_file():
        raise Refused(f"{found} is missing")
    if found.stat().st_size != file["bytes"] or digest(found) != file["sha256"]:
        raise Refused(f"{found} is not the file that the manifest describes: copy it again")


def _json(path):
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Refused(f"{path} cannot be read: {error}") from error
    return said if isinstance(said, dict) else {}
