"""Two to four cited papers side by side: what the address asks for, and the rows of the page.

Owns which papers are meant and which statements about their differences the numbers allow. Counts,
shares and links are those of each paper's own hub (``hub.py``); nothing is counted anew but
how many citing papers two of them share, from the columns that the explorer filters by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import combinations
from operator import or_

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citations import columns, headline, labels
from citations.statistics import difference_interval, percent
from explorer.components import count
from explorer.filters import LARGEST_ID, Dropped, not_a_parameter
from explorer.hub import Coverage, Hub, Line, comparison_url
from papers import identifiers
from papers.models import Paper, PaperIdentifier, PaperRedirect

MOST = 4
MOST_ASKED = 8  # values that are looked up at all
LETTERS = "ABCD"
FEW = 10  # labelled papers; the contract prints no percentage in a headline below
FAR_APART = 2  # times: labelled shares of the known papers that differ by as much are told
ADDRESS = re.compile(r"(?:https?://[^/\s]+)?/papers/(\d+)(?:-[\w-]*)?(?:/.*|[?#].*)?")


# -- which papers ---------------------------------------------------------------------------------


@dataclass
class Asked:
    """The papers that an address names, in its order, and what of it was left out (``filters.Dropped``)."""

    papers: list[Paper] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    @classmethod
    def parse(cls, querydict):
        """Read a QueryDict: ``paper`` repeated, each a number, an identifier or a hub's address.

        Three queries at most: numbers, identifiers, the papers.
        """
        asked = cls()
        for name in querydict:
            if name != "paper":
                asked.dropped.append(not_a_parameter(name, querydict[name]))
        given = [value.replace("\x00", "").strip()[:300] for value in querydict.getlist("paper")]
        given = [value for value in given if value]
        if len(given) > MOST_ASKED:
            asked._drop(
                _("More than %(n)s papers are named; those after them are not looked up.") % {"n": MOST_ASKED}
            )
        asked._find(given[:MOST_ASKED])
        return asked

    def _drop(self, reason):
        self.dropped.append(Dropped("paper", "", reason))

    def _find(self, given):
        ids = _ids_of(given)
        found = Paper.objects.select_related("venue", "hub_summary").in_bulk(
            [one for one in ids.values() if one]
        )
        for value in given:
            paper = found.get(ids[value])
            if paper is None:
                self._drop(_("No paper here has the number or identifier “%s”; it is left out.") % value[:60])
            elif paper in self.papers:
                self._drop(_("“%s” is named twice; it is shown once.") % paper.display_title)
            elif len(self.papers) == MOST:
                self._drop(
                    _("At most %(n)s papers are compared; “%(title)s” is left out.")
                    % {"n": MOST, "title": paper.display_title}
                )
            else:
                self.papers.append(paper)


def _ids_of(given):
    """{value: id of the paper that it names, or None}. Two queries at most."""
    numbers, pairs = {}, {}
    for value in given:
        address = ADDRESS.fullmatch(value)
        digits = address[1] if address else value
        if digits.isascii() and digits.isdigit():
            numbers[value] = int(digits) if len(digits) < 20 and int(digits) < LARGEST_ID else 0
        elif pair := identifiers.parse_identifier(value):
            pairs[value] = pair
    moved = {}
    if numbers:
        redirects = PaperRedirect.objects.filter(old_id__in=set(numbers.values()))
        moved = dict(redirects.values_list("old_id", "paper_id"))
    named = {}
    if pairs:
        # Two schemes may have the same value, so the pairs themselves are asked for.
        either = reduce(or_, (Q(scheme=scheme, value=value) for scheme, value in set(pairs.values())))
        rows = PaperIdentifier.objects.filter(either)
        named = {(scheme, value): key for scheme, value, key in rows.values_list("scheme", "value", "paper")}
    found = {value: moved.get(number, number) for value, number in numbers.items()}
    found |= {value: named.get(pair) for value, pair in pairs.items()}
    return {value: found.get(value) for value in given}


# -- the page ---------------------------------------------------------------------------------------


@dataclass
class Side:
    """One of the papers: its hub, the letter it goes by, and the address of the page without it."""

    letter: str
    hub: Hub
    without: str

    @property
    def title(self):
        return self.hub.paper.display_title

    @property
    def summaries(self):
        """{dimension: (counts by word, how many of the labels are a machine's)}."""
        counts = self.hub.counts
        return {
            "role": (counts.roles, counts.machine_roles),
            "polarity": (counts.polarities, counts.machine_polarities),
        }

    def share(self, dimension, word):
        """``headline.Share`` of a word, of zero too; None where nothing is labelled."""
        held, machine = self.summaries[dimension]
        base, k = sum(held.values()), held.get(word, 0)
        if not base:
            return None
        return headline.share(word, k, base, known=self.hub.counts.known, machine=machine)

    def limits(self, dimension, word):
        """(share, low, high) for ``difference_interval``; None where the labels allow no such statement."""
        held, machine = self.summaries[dimension]
        if machine or not sum(held.values()):
            return None
        share = self.share(dimension, word)
        if share.low is None:  # every known citing paper is labelled: nothing was sampled
            return share.share, share.share, share.share
        return share.share, share.low, share.high


@dataclass
class Row:
    """A word or a step of coverage, with a cell for each side.

    A step's cell is (Side, Coverage), a word's (Side, Line, how many labels of that summary are a machine's).
    """

    word: str
    label: object
    cells: list[tuple[Side, Coverage] | tuple[Side, Line, int]]


@dataclass
class Shared:
    """Two sides, how many papers cite both, and the addresses that list them."""

    one: Side
    other: Side
    count: int

    @property
    def url(self):
        return self.one.hub.link(cites=self.other.hub.paper.pk)


@dataclass
class Difference:
    """The difference of a share between two sides, in whole percentage points, with its interval."""

    dimension: str
    word: str
    label: object
    one: Side
    other: Side
    points: int
    low: float
    high: float

    @property
    def holds(self):
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def is_exact(self):
        """Whether both shares are of all known citing papers, so that nothing is uncertain but the labels."""
        return self.low == self.high

    @property
    def more(self):
        return self.one if self.high > 0 else self.other

    @property
    def less(self):
        return self.other if self.high > 0 else self.one

    @property
    def span(self):
        """The interval in whole points, seen from the side with more."""
        near, far = sorted((abs(self.low), abs(self.high)))
        return _points(near), _points(far)

    @property
    def ends(self):
        """The interval in whole points, with signs."""
        return _signed(self.low), _signed(self.high)

    @property
    def signed_points(self):
        return _signed(self.points / 100)


def _points(fraction):
    """Whole percentage points; "<1" for what is more than nothing, or an end beside 0 would look like 0."""
    return round(100 * fraction) or ("<1" if fraction else 0)


def _signed(fraction):
    sign = "+" if fraction > 0 else "−" if fraction < 0 else ""
    return f"{sign}{_points(abs(fraction))}"


class Comparison:
    """Everything the page says of its papers."""

    ORDERS = {"role": labels.ROLE_ORDER, "polarity": labels.POLARITY_ORDER}

    def __init__(self, papers):
        self.sides = [
            Side(
                letter,
                Hub(paper, paper.get_absolute_url()),
                comparison_url([other.pk for other in papers if other is not paper]),
            )
            for letter, paper in zip(LETTERS, papers, strict=False)
        ]
        self.pairs = list(combinations(self.sides, 2))

    @property
    def coverage(self):
        """Rows of ``hub.Coverage``."""
        steps = zip(*(side.hub.coverage for side in self.sides), strict=True)
        return [
            Row(cells[0].word, cells[0].label, list(zip(self.sides, cells, strict=True))) for cells in steps
        ]

    @property
    def roles(self):
        return self._rows("role")

    @property
    def polarities(self):
        return self._rows("polarity")

    def _rows(self, dimension):
        """A row of ``hub.Line`` for each word that a citing paper of any side carries."""
        return [
            Row(
                str(word),
                word.label,
                [
                    (side, self._line(side, dimension, word), side.summaries[dimension][1])
                    for side in self.sides
                ],
            )
            for word in self.ORDERS[dimension]
            if any(side.summaries[dimension][0].get(word) for side in self.sides)
        ]

    def _line(self, side, dimension, word):
        share = side.share(dimension, word)
        return Line(str(word), word.label, share, side.hub.link(**{dimension: word}))

    def shared(self):
        """How many citing papers each pair shares. At most three queries a paper, whatever its size."""
        citing = {
            side.letter: columns.of(side.hub.paper.pk, side.hub.counts.known).citing for side in self.sides
        }
        return [
            Shared(
                one,
                other,
                len(np.intersect1d(citing[one.letter], citing[other.letter], assume_unique=True)),
            )
            for one, other in self.pairs
        ]

    @cached_property
    def differences(self):
        """A Difference for each pair and word where people gave all labels, in the order of the page."""
        found = []
        for dimension, rows in (("role", self.roles), ("polarity", self.polarities)):
            for row in rows:
                for one, other in self.pairs:
                    here, there = one.limits(dimension, row.word), other.limits(dimension, row.word)
                    if here and there and (here[0] or there[0]):
                        low, high = difference_interval(here, there)
                        points = round(100 * (here[0] - there[0]))
                        found.append(
                            Difference(dimension, row.word, row.label, one, other, points, low, high)
                        )
        return found

    @cached_property
    def supported(self):
        """The differences whose interval leaves out 0."""
        return [one for one in self.differences if one.holds]

    @property
    def unsupported(self):
        """How many differences the intervals leave open."""
        return len(self.differences) - len(self.supported)

    @cached_property
    def warnings(self):
        """Sentences on what makes the papers hard to compare, before any number is read."""
        said = []
        for side in self.sides:
            said += _warnings_of(side)
        said += [
            sentence
            for one, other in self.pairs
            for sentence in (_unlike(one, other),)
            if sentence and one.hub.counts.labelled and other.hub.counts.labelled
        ]
        return said


def _warnings_of(side):
    counts, said = side.hub.counts, []
    who = {"letter": side.letter}
    if not counts.known:
        return [_("%(letter)s: no citing paper is known here.") % who]
    if not counts.read:
        return [_("%(letter)s: none of its citing papers has been read.") % who]
    for labelled, few, none in (
        (
            counts.labelled,
            _("%(letter)s: %(n)s labelled for role, too few for a stable share."),
            _("%(letter)s: nothing is labelled for role."),
        ),
        (
            counts.polarity_labelled,
            _("%(letter)s: %(n)s labelled for polarity, too few for a stable share."),
            _("%(letter)s: nothing is labelled for polarity."),
        ),
    ):
        if labelled < FEW:
            said.append((few if labelled else none) % (who | {"n": count(labelled)}))
    machine = max(counts.machine_roles, counts.machine_polarities)
    if counts.machine_roles:
        said.append(
            ngettext(
                "%(letter)s: %(k)s of its %(n)s roles is a machine's; no interval covers its errors.",
                "%(letter)s: %(k)s of its %(n)s roles are a machine's; no interval covers its errors.",
                counts.machine_roles,
            )
            % (who | {"k": count(counts.machine_roles), "n": count(counts.labelled)})
        )
    elif machine:
        said.append(_("%(letter)s: polarities of a machine take part; no interval covers its errors.") % who)
    return said


def _unlike(one, other):
    """A sentence where two papers are labelled to very different degrees; else nothing."""
    counts = [side.hub.counts for side in (one, other)]
    parts = [percent(held.labelled, held.known or 1) for held in counts]
    if max(parts) < FAR_APART * max(1, min(parts)):
        return ""
    return _(
        "Labelled for role: %(one)s %(k)s of %(n)s known citing papers, %(other)s %(l)s of %(m)s. "
        "What could be read may differ from the rest in other ways for each."
    ) % {
        "one": one.letter,
        "k": count(counts[0].labelled),
        "n": count(counts[0].known),
        "other": other.letter,
        "l": count(counts[1].labelled),
        "m": count(counts[1].known),
    }
