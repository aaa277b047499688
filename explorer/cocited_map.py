"""The map of co-cited works: which of them are cited together, drawn on the server as SVG.

Pure: numbers, titles and addresses in, safe HTML out. The list of co-cited works is the map's table: a
node carries its number there. The same works and counts give the same picture, to the unit: nothing
is drawn by lot, and coordinates are whole numbers. Twenty works take some two milliseconds, and pages are
kept (``caching.py``), so the picture is not stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from explorer.components import count, join, markup
from papers import text

LEAST = 3  # works; fewer need no picture
STRONGEST = 3  # lines that a node has of its own; others may add theirs
WIDTH, HEIGHT = 420, 380
SMALLEST, LARGEST = 18, 28  # radius; on a phone of 320 px the smallest is a target of 24 px
GAP = 5  # between two nodes
STEPS = 40  # of the layout; with 100 lines are shorter by a third of a percent
PUSHES = 60  # at most, until no two nodes overlap
SHAPES = ("circle", "square", "diamond", "hexagon", "triangle")  # of the groups, with as many colours
NAMING = 2  # title words that name a group
SHORTEST = 4  # letters of a naming word
TITLE = 50  # characters of a title under the mouse; the list has the whole
# Words that say nothing of a subject. Shorter ones never name a group.
EMPTY_WORDS = frozenset(
    "about after against also among analysis approach based before between beyond from have into large"
    " learning method methods model models more most much near over paper papers review some study studies"
    " such than that their them there these they this those through toward towards under upon used using"
    " very what when where which while whose with within without years your".split()
)


@dataclass
class Work:
    """A node: its ``number`` in the list, how often it is co-cited with the hub, its title and address."""

    paper_id: int
    number: int
    count: int
    title: str
    url: str


@dataclass
class Group:
    """Works that are cited together more than with the others; ``name`` is empty where no word stands out.

    ``place``: in the order of the groups; None of the works that each stand alone.
    """

    place: int | None
    works: list[Work]
    name: str = ""

    @property
    def without_name(self):
        return _("alone") if self.place is None else _("no word in common")

    def mark(self, x, y, radius):
        """Its shape in its colour, around (x, y). No two groups share both; works alone are hollow."""
        look, shape = "alone", "circle"
        if self.place is not None:
            turn, shape_place = divmod(self.place, len(SHAPES))
            look, shape = f"g{(shape_place + turn) % len(SHAPES)}", SHAPES[shape_place]
        if shape == "circle":
            return markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>', look, x, y, radius)
        return markup('<path class="{}" d="{}"/>', look, outline(shape, x, y, radius))


@dataclass
class Map:
    """``works`` in the order of the list, and what ``cocitation.cited_together`` says of them.

    ``together``: {(id, id): papers that cite both}, the smaller id first; ``known``: {id: how many cite it}.
    """

    works: list[Work]
    together: Mapping[tuple[int, int], int]
    known: Mapping[int, int]
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self):
        self.weights = self._weights()
        self.edges = strongest_edges(self.weights)
        if not self:
            return
        drawn = np.zeros_like(self.weights)
        for here, there in self.edges:
            drawn[here, there] = drawn[there, here] = self.weights[here, there]
        members = sorted(communities(drawn), key=lambda places: (len(places) < 2, places[0]))
        together = [places for places in members if len(places) > 1]
        alone = [one for places in members if len(places) == 1 for one in places]
        self.groups = [
            Group(place, [self.works[one] for one in places]) for place, places in enumerate(together)
        ]
        if alone:
            self.groups.append(Group(None, [self.works[one] for one in alone]))
        name_groups(self.groups)
        most = max(work.count for work in self.works)
        self.radii = [round(SMALLEST + (LARGEST - SMALLEST) * sqrt(work.count / most)) for work in self.works]
        self.points = layout(drawn, [place for places in members for place in places], self.radii)

    def __bool__(self):
        return len(self.works) >= LEAST and bool(self.edges)

    def _weights(self):
        """Salton's cosine of each two works: papers that cite both over the root of the product of their own.

        Salton, G. & McGill, M. J. (1983), Introduction to Modern Information Retrieval. A plain count would
        draw the most cited works in the middle of everything.
        """
        place = {work.paper_id: index for index, work in enumerate(self.works)}
        weights = np.zeros((len(place), len(place)))
        for (one, other), papers in self.together.items():
            if one in place and other in place:
                # A summary that is behind may know fewer than cite both.
                share = papers / sqrt(max(papers, self.known[one]) * max(papers, self.known[other]))
                weights[place[one], place[other]] = weights[place[other], place[one]] = share
        return weights

    # -- drawing ----------------------------------------------------------------------------------

    @property
    def box(self):
        return f"0 0 {WIDTH} {HEIGHT}"

    @cached_property
    def lines(self):
        """One path for each third of the edges, the strongest the broadest."""
        ranked = sorted(self.edges, key=lambda edge: (self.weights[edge], edge))
        size = -(-len(ranked) // 3)
        paths = []
        for width, part in enumerate((ranked[:size], ranked[size : 2 * size], ranked[2 * size :]), 1):
            drawn = "".join("M{} {}L{} {}".format(*self.points[a], *self.points[b]) for a, b in sorted(part))
            paths.append(markup('<path class="edge w{}" d="{}"/>', width, drawn))
        return join(paths)

    @cached_property
    def nodes(self):
        """A link for each work, in the order of the list."""
        group_of = {id(work): group for group in self.groups for work in group.works}
        return join(
            markup(
                '<a href="{}"><title>{}</title>{}<text x="{}" y="{}">{}</text></a>',
                work.url,
                _shortened(work.title),
                group_of[id(work)].mark(x, y, radius),
                x,
                y + 6,
                work.number,
            )
            for work, (x, y), radius in zip(self.works, self.points, self.radii, strict=True)
        )

    @cached_property
    def legend(self):
        """The groups as items of a list: shape, name, the numbers of their works."""
        return join(
            markup(
                '<li><svg class="swatch" viewBox="-11 -11 22 22" aria-hidden="true">'
                "{}</svg><span>{}: {}</span></li>",
                group.mark(0, 0, 10),
                markup("<strong>{}</strong>", group.name) if group.name else group.without_name,
                ", ".join(str(work.number) for work in group.works),
            )
            for group in self.groups
        )

    def description(self):
        """What the picture shows, in words."""
        works = ngettext("%(n)s work", "%(n)s works", len(self.works)) % {"n": count(len(self.works))}
        lines = ngettext("%(n)s line", "%(n)s lines", len(self.edges)) % {"n": count(len(self.edges))}
        named = [group.name for group in self.groups if group.name]
        said = _("%(works)s, %(lines)s between those most cited together.") % {"works": works, "lines": lines}
        # Not within an f-string, where `make messages` finds no strings.
        groups = _("Groups: %s.") % "; ".join(named)
        return f"{said} {groups}" if named else said


def _shortened(title):
    return title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"


def strongest_edges(weights):
    """The pairs of places (smaller first) that are among the STRONGEST of one of the two. Ties by place."""
    edges = set()
    for here, row in enumerate(weights):
        for there in np.argsort(-row, kind="stable")[:STRONGEST]:
            if row[there] > 0:
                edges.add((min(here, int(there)), max(here, int(there))))
    return sorted(edges)


def communities(weights):
    """Groups of places, as lists: two are joined while that raises modularity, the best first.

    Clauset, A., Newman, M. E. J. & Moore, C. (2004), Phys. Rev. E 70, 066111. Of equal gains the
    first in order, so that the same weights give the same groups.
    """
    groups = [[place] for place in range(len(weights))]
    share = weights / (weights.sum() or 1)
    apart = np.triu(np.ones(share.shape, bool), 1)  # each two groups, once
    while apart.any():
        ends = share.sum(axis=1)
        gain = np.where(apart, share - np.outer(ends, ends), 0)
        one, other = divmod(int(gain.argmax()), len(groups))
        if gain[one, other] <= 1e-12:
            break
        groups[one] += groups[other]
        share[one] += share[other]
        share[:, one] += share[:, other]
        groups[other], share[other], share[:, other] = [], 0, 0
        apart[other] = apart[:, other] = False
    return sorted(sorted(group) for group in groups if group)


def name_groups(groups):
    """Name groups by title words that more of their works have than of the others; not what stands alone."""
    titles = {
        id(work): {
            word
            for word in re.findall(rf"[^\W\d_]{{{SHORTEST},}}", text.fold(work.title))
            if word not in EMPTY_WORDS
        }
        for group in groups
        for work in group.works
    }
    everywhere = Counter(word for held in titles.values() for word in held)
    for group in groups:
        if group.place is None:
            continue
        size = len(group.works)
        here = Counter(word for work in group.works for word in titles[id(work)])
        others = max(1, len(titles) - size)
        lead = {
            word: papers / size - (everywhere[word] - papers) / others
            for word, papers in here.items()
            if papers > 1
        }
        best = sorted((word for word in lead if lead[word] > 0), key=lambda word: (-lead[word], word))
        group.name = ", ".join(best[:NAMING])


def layout(weights, order, radii):
    """Whole coordinates: works that are cited together lie near, no two nodes overlap, all are in the box.

    Fruchterman, T. M. J. & Reingold, E. M. (1991), Softw. Pract. Exper. 21, 1129–1164, from a circle in the
    given ``order`` instead of a throw of dice; then nodes that overlap are pushed apart.
    """
    size, radius = len(weights), np.asarray(radii, float)
    start = np.empty(size, complex)  # x and y of a point as one complex number: half of the work
    start[order] = np.exp(2j * np.pi * np.arange(size) / size)
    ideal = sqrt(4 / size)
    points, pull, own = start, weights / (weights.max() or 1) / ideal, np.eye(size)
    for step in range(STEPS):
        apart = points[:, None] - points
        distance = np.abs(apart) + own
        push = (apart * (ideal**2 / (distance * distance) - pull * distance)).sum(1)
        push -= 0.3 * points  # holds loose parts in the picture
        length = np.abs(push) + 1e-9
        points = points + push * (np.minimum(length, 0.2 * (1 - step / STEPS)) / length)
    x, y = (_spread(ends, room) for ends, room in ((points.real, WIDTH), (points.imag, HEIGHT)))
    points = x + 1j * y
    least = (radius[:, None] + radius + GAP) * (1 - own)
    for _push in range(PUSHES):
        apart = points[:, None] - points
        distance = np.abs(apart) + own
        overlap = np.maximum(least - distance, 0)
        if overlap.max() < 0.5:
            break
        points = points + (apart * (overlap / distance)).sum(1) / 2
        x = np.clip(points.real, radius + 2, WIDTH - radius - 2)
        y = np.clip(points.imag, radius + 2, HEIGHT - radius - 2)
        points = x + 1j * y
    return [(round(point.real), round(point.imag)) for point in points.tolist()]


def _spread(ends, room):
    """Numbers moved and stretched to reach from one margin of ``room`` to the other."""
    low, high = ends.min(), ends.max()
    return (ends - low) / max(high - low, 1e-9) * (room - 2 * LARGEST) + LARGEST


def outline(shape, x, y, radius):
    """The path of a shape with corners that fits a circle around (x, y), or nearly."""
    if shape == "square":
        half = round(radius * 0.82)
        return f"M{x - half} {y - half}h{2 * half}v{2 * half}h-{2 * half}z"
    if shape == "diamond":
        return f"M{x} {y - radius}l{radius} {radius}l-{radius} {radius}l-{radius}-{radius}z"
    if shape == "hexagon":
        half, high = radius // 2, round(radius * 0.87)
        return (
            f"M{x - half} {y - high}h{2 * half}l{radius - half} {high}l-{radius - half} {high}"
            f"h-{2 * half}l-{radius - half}-{high}z"
        )
    wide, low = round(radius * 0.92), round(radius * 0.62)
    return f"M{x} {y - radius}l{wide} {radius + low}h-{2 * wide}z"
