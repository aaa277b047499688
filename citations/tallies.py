"""Counts over the columns of a hub: what facets, summaries and the first look at a hub show.

Pure: arrays in, plain numbers out. ``TALLIES`` has a function for each thing that is counted, of
``(table, weights)``: columns by name, and how many citing papers each of their rows stands for (None:
one). So papers are counted by their kinds (``Columns.kinds``), a few thousand however large the hub.
``NAMED`` has those of venues and fields, which go by ids: ``(columns, rows)``, where ``rows`` picks citing
papers (a slice or an array of places). All give ``{word or id: citing papers}``; words are those of
``labels.py``.
"""

from __future__ import annotations

import numpy as np

from citations.columns import MACHINE, POLARITIES, READ, RETRACTED, ROLES, SELF, SOURCES, UNDATED
from papers.sections import SECTION_KINDS

UNLABELLED = "unlabelled"
UNREAD = "unread"
UNSURE = "unsure"  # a machine has read it and cannot tell
LISTED = 30  # values of venue and field that the face keeps
NEWEST = 100  # citing papers that it keeps: a page of the explorer
OF_EACH_KIND = 12  # candidates for the representative ones, of each role, of each polarity, and of all
EVERY = slice(None)
# A line for each section kind: whether each possible value of ``sections`` has its bit.
IN_SECTION = np.arange(1 << len(SECTION_KINDS)) >> np.arange(len(SECTION_KINDS))[:, None] & 1


def counts(values, words, weights=None):
    """``{word: how often its place stands in values}``, zeros left out. ``weights``: as for TALLIES."""
    found = _total(values, weights, len(words)).tolist()
    return {word: number for word, number in zip(words, found, strict=True) if number}


def _total(values, weights, size):
    """How often each number below ``size``, at least, stands in ``values``: int64."""
    return np.bincount(values, weights=weights, minlength=size).astype(np.int64, copy=False)


def flagged(bit):
    def tally(table, weights):
        without, having = _total(table.flags & bit > 0, weights, 2).tolist()
        return {True: having, False: without}

    return tally


def _roles(table, weights):
    # One beyond the roles: a machine has read it and gives none.
    values = np.where((table.role == 0) & (table.role_source > 0), len(ROLES), table.role)
    found = counts(values, (*ROLES, UNSURE), weights)
    empty, unsure = found.pop("", 0), found.pop(UNSURE, 0)
    return found | {UNSURE: unsure, UNLABELLED: empty}


def _polarities(table, weights):
    found = counts(table.polarity, POLARITIES, weights)
    return found | {UNLABELLED: found.pop("", 0)}


def _suggested(table, weights):
    found = counts(table.suggested, POLARITIES, weights)
    found.pop("", None)
    return found


def _sections(table, weights):
    found = IN_SECTION @ _total(table.sections, weights, IN_SECTION.shape[1])
    return dict(zip(SECTION_KINDS, found.tolist(), strict=True))


def _fields(columns, rows):
    sets, places, ids = columns.field_table
    if not len(ids):
        return {}
    papers = np.bincount(columns.fields[rows], minlength=len(columns.field_sets))
    found = np.bincount(places, weights=papers[sets], minlength=len(ids)).astype(np.int64)
    return {int(ids[place]): int(found[place]) for place in np.flatnonzero(found)}


def _venues(columns, rows):
    found = np.bincount(columns.venue[rows], minlength=len(columns.venues) + 1)[1:]
    # By number and then by name, which is how the ids are sorted.
    places = np.flatnonzero(found)
    places = places[np.argsort(-found[places], kind="stable")]
    return dict(zip(columns.venues[places].tolist(), found[places].tolist(), strict=True))


def _sources(table, weights):
    found = counts(table.label_source, SOURCES, weights)
    found.pop("", None)
    return found


def _labelled(table, weights):
    role, polarity = table.role > 0, table.polarity > 0
    found = _total(role + 2 * polarity, weights, 4).tolist()
    return {"role": found[1] + found[3], "polarity": found[2] + found[3], "none": found[0]}


def _depths(table, weights):
    found = _total(table.depth, weights, 5)
    return {str(depth): int(found[depth:].sum()) for depth in range(1, 5)}


TALLIES = {
    "role": _roles,
    "polarity": _polarities,
    "suggested": _suggested,
    "section": _sections,
    "source": _sources,
    "labelled": _labelled,
    "depth_min": _depths,
    "self": flagged(SELF),
    "text": flagged(READ),
    "retracted": flagged(RETRACTED),
}
NAMED = {"field": _fields, "venue": _venues}


def over_time(columns):
    """``{"polarity": …, "depth": …}``: for each year as text ("" for undated) citing papers by word.

    A paper without a polarity counts as unlabelled, or as unread; depths are "1" to "4", or unread.
    """
    read = columns.flags & READ > 0
    polarity = np.where(
        columns.polarity > 0, columns.polarity, np.where(read, len(POLARITIES), len(POLARITIES) + 1)
    )
    depth = np.where(read, columns.depth, 0)
    return {
        "polarity": _by_year(columns.year, polarity, [*POLARITIES, UNLABELLED, UNREAD]),
        "depth": _by_year(columns.year, depth, [UNREAD, "1", "2", "3", "4"]),
    }


def _by_year(years, values, words):
    held, places = np.unique(years, return_inverse=True)
    found = np.bincount(places * len(words) + values, minlength=len(held) * len(words))
    return {
        "" if year == UNDATED else str(year): {
            word: number for word, number in zip(words, row, strict=True) if number
        }
        for year, row in zip(held.tolist(), found.reshape(-1, len(words)).tolist(), strict=True)
    }


def strongest(columns):
    """Ids of citing papers that the representative ones are chosen from: the strongest of each kind.

    Of those that are read: for each role and each polarity that occurs and for all, not retracted
    first, deepest first, then newest, then by id. Ascending.
    """
    read = np.flatnonzero(columns.flags & READ)
    weak = (columns.flags[read] & RETRACTED > 0) * 8 - columns.depth[read].astype(np.int8)
    read = read[np.argsort(weak, kind="stable")]  # rows stand newest first as they are
    labelled = read[(columns.role[read] > 0) | (columns.polarity[read] > 0)]
    kinds = [read, labelled]
    for values, words in ((columns.role[read], ROLES), (columns.polarity[read], POLARITIES)):
        kinds += [read[values == place] for place in range(1, len(words))]
    return sorted({place for kind in kinds for place in columns.citing[kind[:OF_EACH_KIND]].tolist()})


def face(columns):
    """What a hub page shows of its citing papers before anyone filters, as JSON: no array need be read.

    ``tallies`` as in TALLIES and, cut after LISTED, in NAMED; ``newest``, ``candidates``: ids of citing
    papers; ``over_time`` as there.
    """
    found = {name: tally(columns, None) for name, tally in TALLIES.items()}
    found |= {name: listed(tally(columns, EVERY)) for name, tally in NAMED.items()}
    found = {name: [[word, number] for word, number in numbers.items()] for name, numbers in found.items()}
    return {
        "tallies": found,
        "newest": columns.citing[:NEWEST].tolist(),
        "candidates": strongest(columns),
        "over_time": over_time(columns),
    }


def listed(numbers):
    """The largest LISTED of ``{id: number}`` and those that tie with the last one, largest first."""
    if len(numbers) <= LISTED:
        return numbers
    ordered = sorted(numbers.items(), key=lambda pair: -pair[1])
    return dict(pair for pair in ordered if pair[1] >= ordered[LISTED - 1][1])


def stated(columns):
    """Citing papers that people alone have labelled for role, by role: no machine has read them."""
    from citations.labels import HUMAN_SOURCES

    people = np.isin(columns.role_source, [SOURCES.index(source) for source in HUMAN_SOURCES])
    alone = people & (columns.role > 0) & (columns.flags & MACHINE == 0)
    return {word: number for word, number in counts(columns.role[alone], ROLES).items() if word}
