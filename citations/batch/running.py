"""One rollup: a snapshot's folder in, a folder of hubs out."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from citations.batch import folders, rollup
from citations.labels import CROSSWALK_VERSION

TABLES = (rollup.SUMMARIES, rollup.YEARS, rollup.CO_CITED)


def write_rollup(snapshot, out, engine, *, progress=None):
    """Compute all hubs of the folder ``snapshot`` into the folder ``out``; returns the manifest.

    ``engine`` is one of ``engines.py``. Raises folders.Refused. ``progress(done, total)`` in
    steps: two, and one for each range of hubs.
    """
    snapshot, out = Path(snapshot), Path(out)
    source = folders.opened(snapshot, folders.SNAPSHOT)
    if source["crosswalk_version"] != CROSSWALK_VERSION:
        raise folders.Refused(
            f"{snapshot} was labelled by crosswalk {source['crosswalk_version']}, this software has "
            f"{CROSSWALK_VERSION}: run refresh_hubs --all and take a new snapshot"
        )
    with folders.writing(out, folders.ROLLUP, TABLES) as manifest:
        manifest |= {
            "library_mark": source["library_mark"],
            "snapshot_written_at": source["written_at"],
            "crosswalk_version": source["crosswalk_version"],
            "rules": rollup.rules(),
            "engine": f"{engine.name} {engine.version}",
            "software": f"ibis-framework {version('ibis-framework')}, Python {platform.python_version()}",
        }
        names = rollup.Snapshot._fields
        tables = [engine.read(folders.files_of(snapshot, source, name)) for name in names]
        _compute(rollup.Snapshot(*tables), out, engine, progress or (lambda *_: None))
    return manifest


def _compute(snapshot, out, engine, progress):
    co_citations = rollup.CoCitations(snapshot)
    ranges = engine.ranges(co_citations)
    total = 2 + len(ranges)
    engine.write(rollup.summaries(snapshot.pairs, co_citations.left_out), out / rollup.SUMMARIES)
    progress(1, total)
    engine.write(rollup.years(snapshot.pairs), out / rollup.YEARS)
    for number, (low, high) in enumerate(ranges):
        progress(2 + number, total)
        engine.write(co_citations.top(low, high), out / rollup.CO_CITED, number)
    progress(total, total)
