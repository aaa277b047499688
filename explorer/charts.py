"""Pictures drawn on the server: stacked bars by year as SVG, with the table of the same numbers.

Pure: numbers and addresses in, safe HTML out. A picture is an image with a title and a description for
those who cannot see it and tells the mouse the numbers of each bar; in its table each number is a link
to the papers. One path a word and not one rectangle a number: a tenth of the weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from explorer.components import NOTHING, count, fill_class, join, markup, swatch

FEW = 10  # labelled papers; of fewer a share is drawn thin
BROAD, THIN = 0.8, 0.4  # of a bar, in parts of its place


BASE_WORD = "base"  # what the address of all papers with a label goes by


@dataclass(frozen=True)
class Base:
    """What a share is a share of, in words."""

    head: object  # of a column
    shares: object  # of a switch
    few: object  # of the note about thin bars


LABELLED = Base(
    gettext_lazy("Labelled"),
    gettext_lazy("shares of the labelled"),
    gettext_lazy("Thin bars rest on fewer than 10 labelled papers."),
)
READ = Base(
    gettext_lazy("Read"),
    gettext_lazy("shares of the read"),
    gettext_lazy("Thin bars rest on fewer than 10 read papers."),
)


@dataclass
class Bar:
    """One bar: citing papers of a span of years."""

    first: int
    last: int
    counts: Counter
    total: int
    labelled: int
    middle: float
    is_tick: bool

    @property
    def years(self):
        return f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"


@dataclass
class BarsByYear:
    """Citing papers by year and one of their properties, as counts and as shares of the labelled.

    ``counts``: {year as text, or "" for undated: {word: citing papers}}. ``words``: (word, label) from
    the bottom of a bar up. ``labels``: those of them that a share is a share of; ``base``: what papers with
    one of them are called, ("Labelled", "shares of the labelled", …). ``url(word, **span)``: the address of
    these papers, of all where ``word`` is "", of those of the base where it is BASE_WORD. ``mark(word)``:
    what stands for a word in the legend.

    Over a long span a bar stands for 2, 5 or more years (``each``), so that a phone can show it and
    a table of it can be read.
    """

    key: str  # of the picture's ids
    title: str
    counts: Mapping[str, Mapping[str, int]]
    words: list[tuple[str, object]]
    labels: frozenset[str]
    base: Base
    url: Callable[..., str]
    mark: Callable[[str], str] = swatch
    bars: list[Bar] = field(default_factory=list)

    WIDTH, TOP, BASE = 640, 10, 170
    WIDEST = 44  # of one bar
    MOST_BARS = 32
    MOST_YEARS = 6  # that are printed below; more would touch on a phone
    MARGIN = 60  # for the numbers at the axis, and half a label

    def __post_init__(self):
        self.undated = sum(self.counts.get("", {}).values())
        self.undated_url = self.url("", undated="only")
        present = {word for counts in self.counts.values() for word, number in counts.items() if number}
        self.words = [(str(word), label) for word, label in self.words if word in present]
        dated = sorted(int(year) for year in self.counts if year)
        if not dated:
            return
        self.first, self.last = dated[0], dated[-1]
        self.each = next(
            each
            for each in (1, 2, 5, 10, 20, 50, 100, 1000)
            if self.last // each - self.first // each < self.MOST_BARS
        )
        spans = {place: Counter() for place in range(self.first // self.each, self.last // self.each + 1)}
        for year in dated:
            span = spans[year // self.each]
            for word, papers in self.counts[str(year)].items():
                span[word] = span.get(word, 0) + papers
        self.step = min(self.WIDTH / len(spans), self.WIDEST)
        every = -(-len(spans) // self.MOST_YEARS)
        for index, (place, counts) in enumerate(spans.items()):
            first, last = max(place * self.each, self.first), min((place + 1) * self.each - 1, self.last)
            self.bars.append(
                Bar(
                    first=first,
                    last=last,
                    counts=counts,
                    total=counts.total(),
                    labelled=sum(counts[word] for word in self.labels),
                    middle=self.step * (index + 0.5),
                    is_tick=index % every == 0,
                )
            )
        self.most = max(bar.total for bar in self.bars)
        self.most_labelled = max(bar.labelled for bar in self.bars)

    @property
    def right(self):
        return f"{self.step * len(self.bars):.1f}"

    @property
    def room(self):
        """Width of the picture with its margins."""
        return f"{self.step * len(self.bars) + self.MARGIN:.0f}"

    @cached_property
    def legend(self):
        """The words that are drawn; of them a picture of shares has the labels alone."""
        return join(
            markup(
                "<span{}>{}{}</span>",
                NOTHING if word in self.labels else SafeString(' class="as-counts"'),
                self.mark(word),
                label,
            )
            for word, label in self.words
        )

    @cached_property
    def as_counts(self):
        """The bars as papers, the longest as high as the picture."""
        return self._paths(
            [word for word, _label in self.words], self.bars, lambda bar: self.most, lambda bar: BROAD
        )

    @cached_property
    def as_shares(self):
        """The bars as shares of the labelled; empty where nothing is labelled."""
        words = [word for word, _label in self.words if word in self.labels]
        return self._paths(
            words,
            [bar for bar in self.bars if bar.labelled],
            lambda bar: bar.labelled,
            lambda bar: THIN if bar.labelled < FEW else BROAD,
        )

    @property
    def any_few(self):
        return any(0 < bar.labelled < FEW for bar in self.bars)

    def _paths(self, words, bars, whole, breadth):
        """A path for each word: its part of each bar, upon the parts of the words before it."""
        paths = []
        widths = [f"{self.step * breadth(bar):.1f}" for bar in bars]
        left = [f"{bar.middle - self.step * breadth(bar) / 2:.1f}" for bar in bars]
        unit = [(self.BASE - self.TOP) / whole(bar) for bar in bars]  # height of one paper
        tops = [self.BASE] * len(bars)
        for word in words:
            drawn = []
            for place, bar in enumerate(bars):
                if papers := bar.counts.get(word):
                    width, height = widths[place], papers * unit[place]
                    tops[place] -= height
                    drawn.append(f"M{left[place]} {tops[place]:.1f}h{width}v{height:.1f}h-{width}z")
            if drawn:
                path = '<path class="part fill {}" d="{}"/>'
                paths.append(markup(path, fill_class(word), "".join(drawn)))
        return join(paths)

    @cached_property
    def hits(self):
        """An invisible rectangle upon each bar that says its numbers under the mouse."""
        words = _("%(years)s: %(total)s papers, %(labelled)s with a label")
        upright = f"{self.TOP}h{self.step:.1f}v{self.BASE - self.TOP}h-{self.step:.1f}z"
        return join(
            markup(
                '<path class="hit" d="{}"><title>{}</title></path>',
                f"M{bar.middle - self.step / 2:.1f} {upright}",
                words % {"years": bar.years, "total": count(bar.total), "labelled": count(bar.labelled)},
            )
            for bar in self.bars
            if bar.total
        )

    @cached_property
    def ticks(self):
        form = '<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text>'
        return join(
            markup(form, f"{bar.middle:.1f}", self.BASE + 24, bar.first) for bar in self.bars if bar.is_tick
        )

    @cached_property
    def table_rows(self):
        """The rows of the table, newest first; each number is a link."""
        return join(self._table_row(bar) for bar in reversed(self.bars))

    def _table_row(self, bar):
        cells = [(bar.total, self._cell_url(bar, "")), (bar.labelled, self._cell_url(bar, BASE_WORD))]
        cells += [(bar.counts[word], self._cell_url(bar, word)) for word, _label in self.words]
        return markup(
            '<tr><th scope="row">{}</th>{}</tr>',
            bar.years,
            join(
                markup('<td class="number"><a href="{}">{}</a></td>', url, count(number))
                if number
                else markup('<td class="number">{}</td>', count(number))
                for number, url in cells
            ),
        )

    def _cell_url(self, bar, word):
        return self.url(word, year_min=bar.first, year_max=bar.last)

    def description(self):
        """What the picture shows, in words."""
        if self.each == 1:
            words = _("From %(first)s to %(last)s, at most %(most)s citing papers in one year.")
        else:
            words = _("From %(first)s to %(last)s, %(each)s years a bar, each of at most %(most)s papers.")
        return words % {
            "first": self.first,
            "last": self.last,
            "each": self.each,
            "most": count(self.most),
        }
