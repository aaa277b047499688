"""The co-cited works of many hubs at once, or of a large one, counted over arrays.

Owns nothing of the rule, which is that of the statement in ``cocitation.py``; the tests hold
the two against each other. For many hubs the library is read once. With H the citing papers
of some hubs (hubs x papers) and R the reference lists (papers x works), both of zeros and
ones, H R counts how often two works are cited together.

Papers are numbered twice, so that nothing has to be looked up to rank them: as works by year
(unknown last) and id, as ties are broken; as citing papers from the newest (unknown last) and
the highest id on, so that the first ones of a list are the examples.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from django.db.models import Count, Max
from scipy import sparse

from citations import cocitation
from citations.cocitation import CITATION, CONTEXT, EXAMPLES, PAPER, TOP
from citations.models import Citation
from papers import bulk
from papers.models import Paper

NO_YEAR, LATER = -1, 10_000  # beside any year, which a paper has between 1000 and 2200
LEVELS = 32  # powers of two that a count can reach
LARGE = 1000  # citing papers
# Not every reference of a hub's citing papers is read, if works that are cited often enough to be among its
# top are few: their citing pairs at most LISTS times its own. To find them an index of all pairs is read, for
# hubs of which these are at most ALL times the citing papers: reading a reference takes forty times as long.
ALL = 200
LISTS = 3
SURELY = 0.9  # of what the last of the stored works shares with a hub, one at the same place will share now
MEETINGS_AT_ONCE = 4_000_000  # of a hub, a citing paper and another work: what bounds the memory
SLOTS = 8_000_000  # of two bytes
BITS = 62  # of a number that says which citing papers; hubs with more are counted by ones
# How many of a hub's citing papers are searched for examples at a time, from the newest on: most
# works have theirs among the first. The last number goes on until all are found.
WINDOWS = (100, 400, 1600, 6400, 25_600)


class Ends:
    """Gathers what a Counter is built from while somebody reads the current pairs of a library.

    Reads papers and contexts itself, two queries, each row once. Some 8 bytes a pair, twice that at the end.
    """

    def __init__(self):
        statement = f"SELECT id, COALESCE(year, {NO_YEAR}) FROM {PAPER} ORDER BY id"  # noqa: S608
        self._ids, self._years = _joined(bulk.read(statement, (np.int64, np.int16)), 2)
        self._passages, self._contexts = _shared_passages()
        wanted = np.unique(self._contexts)
        self._place, self._wanted = Places(self._ids), Places(wanted)
        self._of_wanted = np.full((2, len(wanted)), -1, np.int32)
        self._pairs = [np.empty((2, 0), np.int32)]

    def add(self, keys, citing, cited):
        """Take in some pairs: arrays of their own ids and of those of their papers."""
        both = np.stack([self._place(citing), self._place(cited)])
        self._pairs.append(both[:, (both >= 0).all(axis=0)])
        found = self._wanted(keys)
        self._of_wanted[:, found[found >= 0]] = both[:, found >= 0]

    def arrays(self):
        """The arguments of a Counter of the pairs that were taken in. These are let go."""
        citing, cited = np.concatenate(self._pairs, axis=1)
        self._pairs = []
        ends = self._of_wanted[:, self._wanted(self._contexts)]
        current = (ends >= 0).all(axis=0)
        passages = (self._passages[current], *ends[:, current])
        return {
            "ids": self._ids,
            "years": self._years,
            "citing": citing,
            "cited": cited,
            "passages": passages,
        }


class Counter:
    """Co-cited works of any papers of a library as it was when this was built.

    About 16 bytes a pair and 60 a paper for as long as it lives, twice that while it is built.
    """

    def __init__(self, *, ids, years, citing, cited, passages=None):
        """``ids`` of all papers, ascending, with their ``years`` (NO_YEAR where unknown).

        ``citing`` and ``cited``: places in ``ids`` of the two ends of each current pair.
        ``passages``: (passage, citing, cited) of each current context of a current pair, the
        passage as any number below 2**31; passages with one context may be missing.
        """
        self.ids = ids
        heavy = np.bincount(citing, minlength=len(ids)) > cocitation.MOST_REFERENCES
        out = heavy[citing]
        left_out = np.bincount(cited[out], minlength=len(ids))
        citing, cited = citing[~out], cited[~out]
        self._as_work = _ranks(ids, np.where(years == NO_YEAR, LATER, years))
        as_citing = _ranks(-ids, -years)
        self._id_of_work, self._id_of_citing = np.empty_like(ids), np.empty_like(ids)
        self._id_of_work[self._as_work], self._id_of_citing[as_citing] = ids, ids
        self._left_out = np.empty_like(left_out)
        self._left_out[self._as_work] = left_out
        self._references = _matrix(as_citing[citing], self._as_work[cited], (len(ids), len(ids)))
        del citing, cited, out
        self._cited_by = self._references.T.tocsr()  # each row from the newest citing paper on
        self._cited_by.data = self._references.data  # all ones: kept once
        self._known = np.diff(self._cited_by.indptr)
        self._meetings = _sums(self._cited_by, np.diff(self._references.indptr))
        self._in_passages = None
        if passages is not None:
            passage, citing, cited = passages
            light = ~heavy[citing]
            passage, cited = passage[light], self._as_work[cited[light]]
            if len(passage):
                shape = (int(passage.max()) + 1, len(ids))
                self._in_passages = _matrix(passage, cited, shape)
                self._passages_of = self._in_passages.T.tocsr()

    @classmethod
    def of_library(cls):
        """Reads the library as it stands: three queries, each row of papers, pairs and contexts once.

        Rows written meanwhile may be in or not: the caller counts anew what is marked stale since.
        """
        ends = Ends()
        statement = f"SELECT id, citing_paper_id, cited_paper_id FROM {CITATION} WHERE withdrawn_at IS NULL"  # noqa: S608
        for block in bulk.read(statement, (np.int64, np.int64, np.int64)):
            ends.add(*block)
        return cls(**ends.arrays())

    def co_cited_works(self, paper_ids):
        """As ``cocitation.co_cited_works``, without a query.

        Time follows the number of references of the citing papers; beside what is kept it
        takes some 200 MB, whatever the number of hubs.
        """
        asked = np.unique(np.fromiter(map(int, paper_ids), np.int64))
        hubs = self._as_work[np.flatnonzero(np.isin(self.ids, asked))]
        left_out = {
            paper_id: number
            for paper_id, number in zip(
                self._id_of_work[hubs].tolist(), self._left_out[hubs].tolist(), strict=True
            )
            if number
        }
        tops = {}
        hubs = hubs[self._known[hubs] > 0]
        few = self._known[hubs] <= BITS
        for alike in (hubs[few], hubs[~few]):
            parts = np.cumsum(self._meetings[alike]) // MEETINGS_AT_ONCE
            for some in np.split(alike, np.flatnonzero(np.diff(parts)) + 1):
                if len(some):
                    tops.update(self._lines(some))
        return tops, left_out

    def _lines(self, hubs):
        """``{paper id: lines}`` of some works that are cited: all by few papers, or all by many."""
        citing = self._cited_by[hubs]
        few = self._known[hubs[0]] <= BITS
        if few:
            # The place of a citing paper among those of its hub as a power of two: the sums then say
            # which papers cite both works, and how many bits they have is how many papers do.
            place = np.arange(citing.nnz) - np.repeat(citing.indptr[:-1], np.diff(citing.indptr))
            citing.data = np.int64(1) << place
        product = citing @ self._references
        count = np.bitwise_count(product.data) if few else product.data
        row, entry = _top(hubs, product.indptr, product.indices, count, len(self.ids))
        other, count = product.indices[entry], count[entry].astype(np.int64)
        if few:
            examples = _lowest_bits(product.data[entry], citing.indptr[row], citing.indices)
        else:
            examples = self._examples(hubs, row, other, count)
        lines = np.column_stack(
            [
                self._id_of_work[other],
                count,
                self._same_passage(hubs, row, other),
                self._id_of_citing[examples],
            ]
        ).tolist()
        for number in np.flatnonzero(count < EXAMPLES):
            del lines[number][3 + count[number] :]
        ends = np.searchsorted(row, np.arange(len(hubs) + 1)).tolist()
        return {
            paper_id: lines[begin:end]
            for paper_id, begin, end in zip(self._id_of_work[hubs].tolist(), ends, ends[1:], strict=False)
            if begin < end
        }

    def _same_passage(self, hubs, row, other):
        """How many passages cite both the hub and the other work of each line."""
        if self._in_passages is None:
            return np.zeros(len(row), np.int64)
        product = self._passages_of[hubs] @ self._in_passages
        held = np.repeat(np.arange(len(hubs)), np.diff(product.indptr)) * len(self.ids) + product.indices
        order = np.argsort(held)
        # A last one that nobody asks for, so that every search ends at an entry.
        held, times = np.append(held[order], -1), np.append(product.data[order], 0)
        wanted = row * len(self.ids) + other
        place = np.searchsorted(held[:-1], wanted)
        return np.where(held[place] == wanted, times[place], 0)

    def _examples(self, hubs, row, other, count):
        """The newest citing papers of both works of each line; after the first ``count``, any."""
        examples = np.zeros((len(row), EXAMPLES), np.int32)
        begins = np.searchsorted(row, np.arange(len(hubs) + 1))
        works = len(self.ids)
        step = max(1, SLOTS // works)
        slots = np.zeros(step * works, np.int16)  # of each hub and work: its line of these, from 1 on
        for begin in range(0, len(hubs), step):
            lines = slice(begins[begin], begins[min(begin + step, len(hubs))])
            rows = row[lines] - begin
            taken = rows * works + other[lines]
            slots[taken] = np.arange(1, len(taken) + 1)
            examples[lines] = self._newest(hubs[begin : begin + step], rows, count[lines], slots)
            slots[taken] = 0
        return examples

    def _newest(self, hubs, row, count, slots):
        examples = np.zeros((len(row), EXAMPLES), np.int32)
        wanted, found = np.minimum(count, EXAMPLES), np.zeros(len(row), np.int64)
        searched, windows = 0, iter(WINDOWS)
        while (found < wanted).any():
            window = next(windows, WINDOWS[-1])
            line, citing = self._met(hubs, np.unique(row[found < wanted]), slots, searched, window)
            # Stable: the citing papers of each line stay in their order.
            order = np.argsort(line, kind="stable")
            line, citing = line[order], citing[order]
            place = found[line] + np.arange(len(line)) - np.searchsorted(line, line)
            few = place < EXAMPLES
            examples[line[few], place[few]] = citing[few]
            found += np.bincount(line, minlength=len(row))
            searched += window
        return examples

    def _met(self, hubs, rows, slots, begin, window):
        """(line, citing paper) wherever a citing paper of a hub also cites a work that has a slot.

        Looks at ``window`` citing papers, in order and without the first ``begin``, of each of
        the ``rows`` of ``hubs``.
        """
        first = self._cited_by.indptr[hubs[rows]] + np.int64(begin)
        lengths = np.clip(self._cited_by.indptr[hubs[rows] + 1] - first, 0, window)
        citing = self._cited_by.indices[_ranges(first, lengths)]
        of_hub = np.repeat(rows * len(self.ids), lengths)
        first = self._references.indptr[citing]
        lengths = self._references.indptr[citing + 1] - first
        number = np.repeat(np.arange(len(citing)), lengths)
        line = slots[of_hub[number] + self._references.indices[_ranges(first, lengths)]]
        met = np.flatnonzero(line)
        return line[met] - 1, citing[number[met]]


def count_some(pairs, known):
    """As ``cocitation.co_cited_works`` for few hubs of any size: those above LARGE one by one.

    ``known``: paper id -> how many papers cite it; ``pairs``: ``columns.Pairs`` of these hubs.
    """
    large = [paper_id for paper_id, papers in known.items() if papers > LARGE]
    works, left_out = cocitation.co_cited_works(known.keys() - set(large))
    for paper_id in large:
        part = pairs.of(np.searchsorted(pairs.papers, paper_id))
        works[paper_id], left_out[paper_id] = _count_large(int(paper_id), part["citing"])
    return (
        {paper_id: lines for paper_id, lines in works.items() if lines},
        {paper_id: number for paper_id, number in left_out.items() if number},
    )


def _count_large(hub_id, papers):
    """(lines, citing papers left out) of one hub that ``papers``, the newest first, cite.

    Five queries, or seven; eight where a guess fails. A tenth of the time that the statement takes, which
    writes a row for each reference to disk twice.
    """
    heavy = _with_too_many_references(papers)
    papers = papers[~np.isin(papers, heavy)]
    top, least = [], 0
    # The newest key says how many pairs there are at most, and costs nothing.
    if Citation.objects.aggregate(newest=Max("id"))["newest"] <= ALL * len(papers):
        works, least = _likely_works(hub_id, LISTS * len(papers))
        if least:
            top = _most_shared(hub_id, _references_to(works, papers))
    # A work that was not looked at is cited by fewer than ``least`` papers, of whatever kind.
    if len(top) < TOP or top[-1].papers < least:
        top = _most_shared(hub_id, _references_of(hub_id, papers))
    together = _passages_of_both(hub_id, [line.work for line in top], heavy)
    lines = [
        [
            line.work,
            line.papers,
            together.get(line.work, 0),
            *papers[np.sort(line.places)[:EXAMPLES]].tolist(),
        ]
        for line in top
    ]
    return lines, len(heavy)


def _with_too_many_references(papers):
    """Ids of those of ``papers`` that are left out. Two queries."""
    # Withdrawn references count at first: the index alone then tells who may have too many.
    found = papers.tolist()
    for references in (Citation.objects, Citation.objects.current()):
        each = references.filter(citing_paper_id__among=found).order_by().values("citing_paper_id")
        many = each.annotate(references=Count("*")).filter(references__gt=cocitation.MOST_REFERENCES)
        found = list(many.values_list("citing_paper_id", flat=True))
    return found


class Shared(NamedTuple):
    """A work, the number of papers that cite it with the hub, and the places of these."""

    work: int
    papers: int
    places: np.ndarray


def _likely_works(hub_id, most):
    """Works that are cited often enough to be among the top of a hub, and how often that is at least.

    A guess by the works that are stored of it: somewhat fewer than the last of them shares. (None, 0)
    where these tell nothing, or more than ``most`` pairs cite such works. Two queries, the second one
    reading an index of all pairs.
    """
    stored = cocitation.stored_works([hub_id]).get(hub_id, [])
    least = int(stored[-1][1] * SURELY) if len(stored) == TOP else 0
    if not least:
        return None, 0
    # Withdrawn pairs count: it is to be an upper bound, and the index alone tells it.
    often = (
        f"SELECT cited_paper_id, COUNT(*) FROM {CITATION} GROUP BY cited_paper_id HAVING COUNT(*) >= {least}"  # noqa: S608
    )
    works, pairs = _joined(bulk.read(often, (np.int64, np.int64)), 2)
    others = works != hub_id
    return (works[others], least) if pairs[others].sum() <= most else (None, 0)


def _references_to(works, papers):
    """(place in ``papers``, id of the work) of each of their current references to ``works``. One query."""
    ids = ", ".join(map(str, works.tolist())) or "NULL"
    statement = f"""
        SELECT citing_paper_id, cited_paper_id FROM {CITATION}
        WHERE cited_paper_id IN ({ids}) AND withdrawn_at IS NULL
    """  # noqa: S608 - a name of ours and numbers
    return _among(papers, statement)


def _references_of(hub_id, papers):
    """As ``_references_to``, to any work; ``papers`` cite the hub. One query, a row for each reference."""
    return _among(
        papers, f"SELECT hub.citing_paper_id, other.cited_paper_id {BOTH.format(hub=hub_id, more='')}"
    )


def _among(papers, statement):
    by_id = np.argsort(papers)
    place, found = Places(papers[by_id]), []
    for citing, cited in bulk.read(statement, (np.int64, np.int64)):
        places = place(citing)
        found.append((by_id[places[places >= 0]], cited[places >= 0]))
    return _joined(found, 2)


def _most_shared(hub_id, references):
    """The TOP works that papers of a hub cite, as Shared in the order of the rule, of these references."""
    places, cited = references
    others, counts = np.unique(cited[cited != hub_id], return_counts=True)
    least = np.partition(counts, -TOP)[-TOP] if len(counts) > TOP else 0
    others, counts = others[counts >= least].tolist(), counts[counts >= least].tolist()
    years = dict(Paper.objects.filter(id__among=others).values_list("id", "year"))
    top = sorted(
        (-count, years[other] or LATER, other)
        for other, count in zip(others, counts, strict=True)
        if other in years
    )[:TOP]
    return [Shared(other, -count, places[cited == other]) for count, _year, other in top]


BOTH = f"""
    FROM {CITATION} hub JOIN {CITATION} other ON other.citing_paper_id = hub.citing_paper_id
        AND other.withdrawn_at IS NULL
    {{more}}
    WHERE hub.cited_paper_id = {{hub}} AND hub.withdrawn_at IS NULL
"""  # noqa: S608 - names of our tables only


def _passages_of_both(hub_id, others, left_out):
    """``{other id: passages}`` that cite it and the hub. One query."""
    contexts = f"""
        JOIN {CONTEXT} here ON here.citation_id = hub.id AND here.withdrawn_at IS NULL
        JOIN {CONTEXT} there ON there.citation_id = other.id AND there.withdrawn_at IS NULL
            AND there.passage_id = here.passage_id
    """
    not_these = ", ".join(map(str, [*left_out, 0]))
    statement = f"""
        SELECT other.cited_paper_id, COUNT(*) {BOTH.format(hub=hub_id, more=contexts)}
            AND other.cited_paper_id IN ({{ids}})
            AND hub.citing_paper_id NOT IN ({not_these})
        GROUP BY other.cited_paper_id
    """  # noqa: S608 - names of our tables and numbers
    return dict(bulk.look_up(statement, others)) if others else {}


def _top(hubs, begins, other, count, works):
    """(row, entry) of the TOP entries of each row, by count and then by number of the work.

    ``begins``, ``other``, ``count``: rows of a product, as in a CSR matrix.
    """
    # Nine tenths of the entries are works that were cited once together with the hub: they are
    # looked at only where there is not enough else.
    entry = np.flatnonzero(count > 1)
    numbers = np.diff(np.searchsorted(entry, begins))
    row = np.repeat(np.arange(len(hubs)), numbers)
    short = numbers <= TOP  # the hub is among them
    lengths = np.diff(begins)[short]
    entry = np.concatenate([entry[~short[row]], _ranges(begins[:-1][short], lengths)])
    row = np.concatenate([row[~short[row]], np.repeat(np.flatnonzero(short), lengths)])
    others = other[entry] != hubs[row]
    row, entry = row[others], entry[others]
    # Sort as few as possible: what is below a power of two that TOP entries of its row reach goes.
    level = np.frexp(count[entry].astype(np.float32))[1]
    reached = np.bincount(row * LEVELS + level, minlength=len(hubs) * LEVELS)
    reached = reached.reshape(-1, LEVELS)[:, ::-1].cumsum(axis=1)[:, ::-1]
    kept = level >= ((reached >= TOP).sum(axis=1) - 1)[row]
    row, entry = row[kept], entry[kept]
    # As one number, which sorts much faster than three columns. It stays far below 2**63, since
    # there are few rows where there are high counts.
    counts = count[entry].astype(np.int64)
    peak = counts.max(initial=0)
    order = np.argsort((row * (peak + 1) + (peak - counts)) * works + other[entry])
    numbers = np.bincount(row, minlength=len(hubs))
    order = order[_ranges(np.cumsum(numbers) - numbers, np.minimum(numbers, TOP))]
    return row[order], entry[order]


def _lowest_bits(bits, begins, values):
    """The values at the places of the EXAMPLES lowest bits, counted from ``begins``."""
    columns = []
    for _example in range(EXAMPLES):
        lowest = bits & -bits
        # Without a bit left: any value.
        columns.append(values[begins + np.bitwise_count(np.maximum(lowest, 1) - 1)])
        bits = bits ^ lowest
    return np.column_stack(columns)


def _ranges(first, lengths):
    """The numbers first, first + 1, … of each of ``lengths``, one after another."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - lengths), lengths)


def _sums(matrix, weights):
    """The sum of ``weights`` over the columns of each row of a matrix of ones."""
    sums = np.zeros(matrix.shape[0], np.int64)
    rows = np.flatnonzero(np.diff(matrix.indptr))
    if len(rows):
        sums[rows] = np.add.reduceat(weights[matrix.indices], matrix.indptr[rows], dtype=np.int64)
    return sums


def _matrix(rows, columns, shape):
    """A sparse matrix with a one at each of these places."""
    ones = np.ones(len(rows), np.int64)
    return sparse.coo_matrix((ones, (rows, columns)), shape=shape).tocsr()


def _ranks(*keys):
    """The rank of each row by the last key, among equals by the one before it."""
    order = np.lexsort(keys)
    ranks = np.empty(len(order), np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks


class Places:
    """Where numbers stand in a sorted list: called with an array of them, -1 for those that do not."""

    def __init__(self, numbers):
        self._numbers, self._table = numbers, None
        # Keys of a table are mostly without gaps: looking up beats searching ten times.
        if len(numbers) and 0 <= numbers[0] and numbers[-1] < 4 * len(numbers) + 1000:
            self._table = np.full(int(numbers[-1]) + 2, -1, np.int32)
            self._table[numbers] = np.arange(len(numbers), dtype=np.int32)

    def __call__(self, wanted):
        if self._table is not None:
            return self._table[np.clip(wanted, -1, len(self._table) - 1)]
        if not len(self._numbers):
            return np.full(len(wanted), -1, np.int32)
        place = np.searchsorted(self._numbers, wanted).astype(np.int32)
        place[place == len(self._numbers)] = 0
        place[self._numbers[place] != wanted] = -1
        return place


def _shared_passages():
    """(number of the passage, id of the citation) of each current context whose passage has several."""
    # The passages in order: where the key changes, the next one begins.
    columns = list(
        bulk.read(
            f"""
            SELECT passage_id, citation_id FROM (
                SELECT passage_id, citation_id, COUNT(*) OVER (PARTITION BY passage_id) AS together
                FROM {CONTEXT} WHERE withdrawn_at IS NULL
            ) context
            WHERE together > 1 ORDER BY passage_id
            """,  # noqa: S608 - names of our tables only
            (np.int64, np.int64),
        )
    )
    passages, citations = _joined(columns, 2)
    return np.cumsum(np.diff(passages, prepend=passages[:1]) != 0, dtype=np.int32), citations


def _joined(pieces, columns):
    """The columns of ``bulk.read``, each as one array."""
    return (
        tuple(np.concatenate([np.empty(0, np.int64), *column]) for column in zip(*pieces, strict=True))
        or (np.empty(0, np.int64),) * columns
    )
