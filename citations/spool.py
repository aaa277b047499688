"""All pairs of a library, read once and laid out on disk by cited paper: for work on every hub.

The pairs of a library do not fit in the memory of a small machine, and reading them hub by hub
costs a jump on the disk for each. So they are read in the order in which they lie, dealt out to
files by cited paper, and taken up again a file at a time, as a hash join does that must spill.
What else is wanted of a whole library is laid beside them, so that whoever takes them up, here or in
another process, asks the database nothing.
"""

from __future__ import annotations

import pickle
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from django.db import transaction

from citations import columns
from citations.cocitation_bulk import Counter, Ends
from citations.models import Citation
from papers.models import Paper

PAIRS_A_PART = 1_000_000


@contextmanager
def filled():
    """(folder with the library as it is now, its number of pairs); Spool reads it, until the end.

    Some ten queries, one of all pairs. Disk: some 60 bytes a pair; memory: 16 bytes a pair.
    """
    with TemporaryDirectory(prefix="hub-") as name:
        folder = Path(name)
        yield folder, _fill(folder)


def _fill(folder):
    newest = Paper.objects.order_by("-id").values_list("id", flat=True).first() or 0
    number, known, ends = Citation.objects.count() // PAIRS_A_PART + 1, np.zeros(newest + 1, np.int64), Ends()
    with ExitStack() as files, transaction.atomic():
        parts = [files.enter_context(_part(folder, place).open("wb")) for place in range(number)]
        for block in columns.blocks("TRUE", known=False):
            ends.add(block["key"], block["citing"], block["cited"])
            cited = block["cited"]
            if cited.max() >= len(known):
                known = np.pad(known, (0, int(cited.max()) + 1 - len(known)))
            known += np.bincount(cited, minlength=len(known))
            # Sorted once: a part at a time, each row would be looked at as often as there are parts.
            part = (cited % number).astype(np.uint16)
            order = np.argsort(part, kind="stable")
            bounds = np.searchsorted(part[order], np.arange(number + 1))
            block = block[order]
            for file, begin, end in zip(parts, bounds, bounds[1:], strict=False):
                file.write(block[begin:end].tobytes())
    with _rest(folder).open("wb") as file:
        pickle.dump((number, known, columns.Lookup.whole(), ends.arrays()), file, pickle.HIGHEST_PROTOCOL)
    return int(known.sum())


class Spool:
    """What a folder that is ``filled`` holds. No query.

    ``lookup``: of the whole library; ``counter``: of its co-cited works.
    """

    def __init__(self, folder):
        self._folder = folder
        with _rest(folder).open("rb") as file:
            self._number, self._known, self.lookup, arrays = pickle.load(file)  # noqa: S301 - written above
        self.counter = Counter(**arrays)

    def parts(self, papers):
        """Yield (Pairs, those of ``papers`` whose pairs they are), part by part; ids are arrays."""
        for place in range(self._number):
            waiting = papers[papers % self._number == place]
            if not len(waiting):
                continue
            rows = np.fromfile(_part(self._folder, place), columns.ROW)
            rows = rows[np.isin(rows["cited"], waiting)]
            citing = rows["citing"]
            rows["known"] = np.where(
                citing < len(self._known), self._known[citing.clip(max=len(self._known) - 1)], 0
            )
            yield columns.Pairs(rows), np.sort(waiting)


def _part(folder, place):
    return folder / f"part-{place}"


def _rest(folder):
    return folder / "rest"
