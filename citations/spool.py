"""All pairs of a library, read once and laid out on disk by cited paper: for work on every hub.

The pairs of a library do not fit in the memory of a small machine, and reading them hub by hub
costs a jump on the disk for each. So they are read in the order in which they lie, dealt out to
files by cited paper, and taken up again a file at a time, as a hash join does that must spill.
"""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import TemporaryFile

import numpy as np
from django.db import transaction

from citations import columns
from citations.cocitation_bulk import Counter, Ends
from citations.models import Citation
from papers.models import Paper

PAIRS_A_PART = 1_000_000


class Spool:
    """Context manager: the pairs as they were when it was entered. One query reads them all.

    ``known``: array, how many papers cite the paper of each id; ``counter``: of all co-cited works, from the
    same reading. Disk: some 50 bytes a pair, until the end; memory: the counter, a part of a million pairs.
    """

    def __enter__(self):
        self._files = ExitStack()
        try:
            self._fill()
        except BaseException:
            self._files.close()
            raise
        return self

    def __exit__(self, *_error):
        self._files.close()

    def _fill(self):
        newest = Paper.objects.order_by("-id").values_list("id", flat=True).first() or 0
        self.number = Citation.objects.count() // PAIRS_A_PART + 1
        self._parts = [self._files.enter_context(TemporaryFile()) for _part in range(self.number)]
        self.known = np.zeros(newest + 1, np.int64)
        with transaction.atomic():
            ends = Ends()
            for block in columns.blocks("TRUE", known=False):
                ends.add(block["key"], block["citing"], block["cited"])
                cited = block["cited"]
                if cited.max() >= len(self.known):
                    self.known = np.pad(self.known, (0, int(cited.max()) + 1 - len(self.known)))
                self.known += np.bincount(cited, minlength=len(self.known))
                # Sorted once: a part at a time, each row would be looked at as often as there are parts.
                part = (cited % self.number).astype(np.uint16)
                order = np.argsort(part, kind="stable")
                bounds = np.searchsorted(part[order], np.arange(self.number + 1))
                block = block[order]
                for file, begin, end in zip(self._parts, bounds, bounds[1:], strict=False):
                    file.write(block[begin:end].tobytes())
        self.counter = Counter(**ends.arrays())

    def parts(self, papers):
        """Yield (Pairs, those of ``papers`` whose pairs they are), part by part; ids are arrays."""
        for place, file in enumerate(self._parts):
            waiting = papers[papers % self.number == place]
            if not len(waiting):
                continue
            file.seek(0)
            rows = np.frombuffer(file.read(), columns.ROW)
            rows = rows[np.isin(rows["cited"], waiting)]
            rows["known"] = np.where(
                rows["citing"] < len(self.known), self.known[rows["citing"].clip(max=len(self.known) - 1)], 0
            )
            yield columns.Pairs(rows), np.sort(waiting)
