"""The way back: what a rollup computed elsewhere becomes the library's summaries and co-cited works.

Old numbers never replace newer ones: a rollup is loaded only while the library bears the mark of
the snapshot it was computed from, that is, while nobody has written since. Each chunk of hubs is
one transaction under the library's lock, looks for the mark that the last one left, and stops
where somebody else came between: what is loaded by then is right, what they touched they marked
stale. Status, tier and headline are computed here, by ``headline.py``; so are the sums of machine
readings and the packed columns of large hubs, which belong to the serving side alone.
"""

from __future__ import annotations

import json
from itertools import accumulate, groupby, islice
from operator import itemgetter
from pathlib import Path

import pyarrow.parquet as pq
from django.db import transaction

from citations.batch import folders, rollup
from citations.columns import STORED_FROM as COLUMNS_FROM
from citations.columns import read_pairs
from citations.labels import CROSSWALK_VERSION, Polarity, Role
from citations.machine import populations
from citations.models import HubColumns, HubSummary, StaleHub
from citations.rollups import (
    mark_stale,
    packed_columns,
    population_columns,
    store_columns,
    store_summaries,
    summary_columns,
)
from papers import bulk
from papers.models import LibraryMark

HUBS_A_CHUNK = 500
PAIRS_A_CHUNK = 200_000  # of the columns of large hubs
ROWS_READ_AT_ONCE = 20_000
LOADED = "loaded.json"
REMEDY = (
    "The hubs that are marked stale are right after `manage.py refresh_hubs`; to load all from a rollup "
    "take a new snapshot, and let nobody write between it and the load."
)


class Outdated(Exception):
    """Somebody has written to the library since the snapshot; the message says what to do."""


def load_rollup(path, *, progress=None):
    """Write the hubs of the rollup in the folder ``path`` into the library; returns how many.

    Raises folders.Refused, or Outdated as soon as somebody else has written; what was loaded
    before is right and stays. A load that was stopped is begun anew by the same call: its own
    marks, kept in the folder, are no one else's. Some fifteen queries for each 500 hubs, and five
    for each hub that has columns.
    """
    path = Path(path)
    manifest = folders.opened(path, folders.ROLLUP)
    _check_rules(path, manifest)
    journal = _Journal(path, manifest)
    total, done, last = manifest["tables"][rollup.SUMMARIES]["rows"], 0, 0
    hubs = _hubs(path, manifest)
    is_last = False
    while not is_last:
        chunk = list(islice(hubs, HUBS_A_CHUNK))
        done += len(chunk)
        is_last = done >= total
        if is_last:
            next(hubs, None)  # looks whether the other tables have come to their end too
        end = None if is_last else chunk[-1][0]
        _load_chunk(dict(chunk), last, end, journal)
        last = end
        if progress:
            progress(done, total)
    _build_columns(journal)
    return total


def _check_rules(path, manifest):
    held = (manifest["crosswalk_version"], manifest["rules"])
    if held != (CROSSWALK_VERSION, rollup.rules()):
        raise folders.Refused(
            f"{path} was computed by other rules (crosswalk {held[0]}, {held[1]}) than this software's "
            f"(crosswalk {CROSSWALK_VERSION}, {rollup.rules()}): compute it anew"
        )


def _load_chunk(hubs, above, end, journal):
    """Write hubs with ids above ``above`` and up to ``end`` (None: all that are left); others there go.

    Those that have columns stay marked stale until these are built.
    """
    within = {"paper_id__gt": above, **({"paper_id__lte": end} if end is not None else {})}
    with transaction.atomic():
        journal.lock()
        read_by_machine = populations(list(hubs))
        summaries = {
            paper_id: _columns(counts, by_year, read_by_machine.get(paper_id, {}))
            for paper_id, (counts, by_year, _works) in hubs.items()
        }
        works = {paper_id: lines for paper_id, (_counts, _by_year, lines) in hubs.items() if lines}
        left_out = {paper_id: counts["left_out"] for paper_id, (counts, *_rest) in hubs.items()}
        gone = HubSummary.objects.filter(**within).exclude(paper_id__in=list(hubs))
        gone = list(gone.values_list("paper_id", flat=True))
        store_summaries([*hubs, *gone], summaries, (works, left_out))
        large = [paper_id for paper_id, columns in summaries.items() if columns["known"] >= COLUMNS_FROM]
        HubColumns.objects.filter(**within).exclude(paper_id__in=large).delete()
        StaleHub.objects.filter(**within).delete()
        mark_stale(large)


def _build_columns(journal):
    """The columns of the hubs that are still marked: by now every citing paper's own summary is there."""
    waiting = HubSummary.objects.filter(paper_id__in=StaleHub.objects.values("paper_id")).order_by("paper_id")
    while some := list(waiting.values_list("paper_id", "known")[:HUBS_A_CHUNK]):
        so_far = accumulate(known for _paper_id, known in some)
        pairs = zip(some, so_far, strict=True)
        # One at least, however large.
        ids = [paper_id for (paper_id, known), upto in pairs if upto - known < PAIRS_A_CHUNK]
        with transaction.atomic():
            journal.lock()
            store_columns(ids, packed_columns(read_pairs(ids)))
            StaleHub.objects.filter(paper_id__in=ids).delete()


def _columns(counts, by_year, population):
    """The columns of HubSummary from a row of the rollup and its years."""
    years = {str(year or ""): by_year[year] for year in sorted(by_year, key=lambda year: year or 0)}
    names = ("known", "read", "curated", "machine_roles", "machine_polarities")
    return summary_columns(
        [counts[name] for name in names],
        roles=[counts[f"role_{role.value}"] for role in Role],
        polarities=[counts[f"polarity_{word.value}"] for word in Polarity],
        suggested=[counts[f"suggested_{word.value}"] for word in Polarity],
        unsure=counts["unsure"],
        years=years,
    ) | population_columns(population)


class _Journal:
    """The marks under which the rollup may be loaded: the snapshot's, and those that this load left.

    Written before each commit, with the mark before and the one after: whichever the library
    bears when the load was killed, the next one knows it.
    """

    def __init__(self, path, manifest):
        self.file = path / LOADED
        self.rollup = folders.digest(path / folders.MANIFEST)
        self.marks = {manifest["library_mark"]}
        try:
            said = json.loads(self.file.read_bytes())
            if said["rollup"] == self.rollup:
                self.marks |= set(said["marks"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no load has begun, or nothing that it left can be made out

    def lock(self):
        """Lock the library for this transaction. Raises Outdated where somebody has written meanwhile."""
        bulk.wait_for_library()
        found, _changed_at = LibraryMark.current()
        if found not in self.marks:
            raise Outdated(f"The library has changed since the snapshot. {REMEDY}")
        left = bulk.mark_library()
        self.marks = {left}
        try:
            said = {"rollup": self.rollup, "marks": [found, left]}
            self.file.write_text(json.dumps(said), "utf-8")
        except OSError as error:
            raise folders.Refused(
                f"{self.file} cannot be written, which a stopped load would need to go on: {error.strerror}"
            ) from error


# -- reading a rollup ----------------------------------------------------------------------


def _hubs(path, manifest):
    """(paper id, (counts, {year or None: {state: papers}}, lines of co-cited works)) of each hub, by id.

    Reads the three tables side by side, a few thousand rows at a time. Raises Refused where
    their rows are out of order.
    """
    summaries = _sorted(path, manifest, rollup.SUMMARIES)
    years = _Beside(_sorted(path, manifest, rollup.YEARS))
    co_cited = _Beside(_sorted(path, manifest, rollup.CO_CITED))
    for counts in summaries:
        paper_id = counts["paper_id"]
        by_year = {}
        for row in years.of(paper_id):
            by_year.setdefault(row["year"], {})[row["state"]] = row["papers"]
        yield paper_id, (counts, by_year, [_line(row) for row in co_cited.of(paper_id)])
    for table, rest in ((rollup.YEARS, years), (rollup.CO_CITED, co_cited)):
        if rest.is_left():
            raise folders.Refused(f"{path} is damaged: {table} has hubs that {rollup.SUMMARIES} has not")


def _line(row):
    """A line of co-cited works as ``cocitation.co_cited_works`` has it."""
    examples = [row[name] for name in rollup.EXAMPLE_COLUMNS if row[name] is not None]
    return [row["other_id"], row["papers"], row["same_passage"], *examples]


class _Beside:
    """The rows of a table with several a hub, asked for hub after hub."""

    def __init__(self, rows):
        self.groups = groupby(rows, itemgetter("paper_id"))
        self._next()

    def _next(self):
        self.paper_id, self.rows = next(self.groups, (None, ()))

    def of(self, paper_id):
        """The rows of this hub, a list; [] where it has none."""
        if self.paper_id != paper_id:
            return []
        rows = list(self.rows)
        self._next()
        return rows

    def is_left(self):
        return self.paper_id is not None


def _sorted(path, manifest, table):
    """The rows of a table as dicts, in the order of their hubs."""
    last = 0
    for file in folders.files_of(path, manifest, table):
        with pq.ParquetFile(file) as reader:
            for batch in reader.iter_batches(ROWS_READ_AT_ONCE):
                for row in batch.to_pylist():
                    if row["paper_id"] < last:
                        raise folders.Refused(f"{file} is damaged: its rows are not in the order of hubs")
                    last = row["paper_id"]
                    yield row
