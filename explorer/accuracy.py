"""The accuracy page and the lists behind its numbers: comparisons with their words and links.

``citations/accuracy.py`` counts; here each count gets the address of the list that has exactly
that many items, so the parameters of the list stand here too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citations import accuracy
from citations.accuracy import UNTOLD
from citations.labels import POLARITY_ORDER, ROLE_ORDER, Dimension, LabelSource, Polarity, Role
from citations.models import Citation, CitationContext
from explorer.components import evidence_url
from explorer.facets import Parameter
from explorer.filters import Query

ORDER = {Dimension.ROLE: ROLE_ORDER, Dimension.POLARITY: POLARITY_ORDER}
DIMENSIONS = tuple((one.value, one.label) for one in ORDER)
# "unclear" is a word of both.
WORDS = tuple(dict([*Role.choices, *Polarity.choices]).items())
ITEMS_A_PAGE = 25
EARLIER_WITH_TABLES = 3  # versions no longer in use that get tables; older ones get a line
HEATS = (0.05, 0.25, 0.5, 0.75)  # of the row, from which a cell is a shade darker

PARAMETERS = (
    Parameter(
        "source",
        "one",
        gettext_lazy("Source"),
        gettext_lazy("who or what is compared with the curators; curator: two of them with each other"),
        tuple(LabelSource.choices),
    ),
    Parameter(
        "version",
        "text",
        gettext_lazy("Version"),
        gettext_lazy("the classifier's version, as the page has it"),
    ),
    Parameter(
        "scheme",
        "text",
        gettext_lazy("Scheme"),
        gettext_lazy("the scheme of a data set or of an outside service"),
    ),
    Parameter(
        "dimension", "one", gettext_lazy("Dimension"), gettext_lazy("what the label is about"), DIMENSIONS
    ),
    Parameter(
        "said",
        "one",
        gettext_lazy("Source said"),
        gettext_lazy("the source's word; untold: it read the sentence and gave none"),
        (*WORDS, (UNTOLD, gettext_lazy("nothing: unsure"))),
    ),
    Parameter("truth", "one", gettext_lazy("Curator said"), gettext_lazy("the curator's word"), WORDS),
    Parameter(
        "drawn",
        "one",
        gettext_lazy("Checks"),
        gettext_lazy("how the sentence came to be labelled"),
        (("random", gettext_lazy("drawn at random")), ("chosen", gettext_lazy("chosen by curators"))),
    ),
    Parameter(
        "agree",
        "one",
        gettext_lazy("Agree"),
        gettext_lazy("whether both said the same; unless given no, and both with said or truth"),
        (
            ("no", gettext_lazy("no: the words differ")),
            ("yes", gettext_lazy("yes: the same word")),
            ("both", gettext_lazy("both")),
        ),
    ),
    Parameter("field", "text", gettext_lazy("Field"), gettext_lazy("a field of the citing paper")),
    Parameter("page", "page", gettext_lazy("Page"), gettext_lazy("1 is the first"), default="1"),
)
TABLE = {parameter.name: parameter for parameter in PARAMETERS}


def address(key=None, **more):
    """The address of the list of these comparisons; empty values are left out."""
    asked = {**(key._asdict() if key else {}), **more}
    pairs = [(name, asked[name]) for name in TABLE if asked.get(name)]
    path = reverse("explorer:disagreements")
    return f"{path}?{urlencode(pairs)}" if pairs else path


def name_of(source, version="", scheme=""):
    """A source in words, with its version or scheme as written."""
    if source == LabelSource.CLASSIFIER:
        return _("Our classifier, version %s") % version if version else _("Our classifier")
    if source == LabelSource.PROVIDER:
        return _("Outside service, scheme %s") % scheme if scheme else _("Outside service")
    if source == LabelSource.DATASET:
        return _("Data set, scheme %s") % scheme if scheme else _("Data set")
    return _("Another curator")


# -- the page --------------------------------------------------------------------------------


@dataclass
class Counted:
    """A number of sentences with the address of their list; ``heat``: 0 to 4, by its part of the row."""

    n: int
    url: str
    agrees: bool = False
    heat: int = 0


@dataclass
class Row:
    word: str
    cells: list[Counted]
    total: Counted
    confirmed: Counted | None = None  # None where nothing was told
    share: object = None


class Table:
    """A Matrix as the page shows it: a share with links, and one row for each word that the source said."""

    def __init__(self, key, matrix, drawn=""):
        self.key, self.matrix, self.drawn = key, matrix, drawn
        self.dimension = key.dimension
        self.share = matrix.share(matrix.agreed, matrix.told)
        self.agreed = Counted(matrix.agreed, self._url(agree="yes"))
        self.told = Counted(matrix.told, self._url(agree="both"))
        self.untold = Counted(matrix.untold, self._url(said=UNTOLD))
        self.columns = matrix.words(ORDER[key.dimension], of_curators=True)

    @property
    def kappa(self):
        return self.matrix.kappa()

    def _url(self, **more):
        return address(self.key, drawn=self.drawn, **more)

    def rows(self):
        for said in self.matrix.words(ORDER[self.dimension]):
            total = self.matrix.of(said)
            row = Row(said, [], Counted(total, self._url(said=said)))
            for truth in self.columns:
                n = self.matrix.cells[said, truth]
                heat = sum(n > total * part for part in HEATS)
                row.cells.append(Counted(n, self._url(said=said, truth=truth), said == truth, heat))
            if said != UNTOLD:
                k = self.matrix.cells[said, said]
                row.confirmed = Counted(k, self._url(said=said, truth=said))
                row.share = self.matrix.share(k, total)
            yield row


@dataclass
class FieldLine:
    name: str
    share: object
    agreed: Counted
    told: Counted


@dataclass
class Part:
    """One dimension of a source. ``random`` is None without random checks."""

    dimension: str
    label: object
    anchor: str
    random: Table | None
    every: Table
    newest: object
    fields: list[FieldLine]
    fields_left: int

    @property
    def all_random(self):
        return self.random is not None and self.random.matrix.total == self.every.matrix.total


@dataclass
class Section:
    """One source: a version of our classifier, or a scheme. No parts where nobody labelled the same."""

    source: str
    name: str
    anchor: str
    in_use: bool
    brief: bool = False  # a line for each dimension, no tables
    parts: list[Part] = field(default_factory=list)


class Accuracy:
    """All that ``/about/accuracy/`` shows. Five queries, whatever the library holds."""

    def __init__(self):
        self.found = accuracy.comparisons()
        self.of_fields = accuracy.by_field()
        self.newest, self.newest_random = accuracy.newest_checks()
        self.versions = accuracy.versions_in_use()
        self.has_sentences = bool(self.found or self.newest or self.versions) or (
            CitationContext.objects.current().exists()
        )
        self.disagreements = Counted(sum(self._differing(one) for one in self.found.values()), address())
        self.sections = self._sections()
        self.curators = [
            Table(key, one.every)
            for key, one in sorted(self.found.items(), key=self._place)
            if key.source == LabelSource.CURATOR
        ]

    @staticmethod
    def _differing(comparison):
        every = comparison.every
        return 0 if comparison.key.source == LabelSource.CURATOR else every.told - every.agreed

    @staticmethod
    def _place(item):
        key = item[0]
        return key.source, key.version, key.scheme, key.dimension != Dimension.ROLE

    def _sections(self):
        """Our classifier first, versions in use before earlier ones, newest first; services, data sets."""
        by_source = {}
        for version in self.versions:
            by_source[LabelSource.CLASSIFIER.value, version, ""] = []
        for key, comparison in sorted(self.found.items(), key=self._place):
            if key.source != LabelSource.CURATOR:
                by_source.setdefault(key[:3], []).append(comparison)
        order = (LabelSource.CLASSIFIER, LabelSource.PROVIDER, LabelSource.DATASET)
        sections, earlier = [], 0

        def place(item):
            (source, version, _scheme), compared = item
            newest = max((one.said_at.timestamp() for one in compared), default=0)
            is_ours = source == LabelSource.CLASSIFIER
            return order.index(source), version not in self.versions, -newest if is_ours else 0

        for (source, version, scheme), compared in sorted(by_source.items(), key=place):
            anchor = f"source-{len(sections) + 1}"
            in_use = source != LabelSource.CLASSIFIER or version in self.versions
            earlier += not in_use
            section = Section(source, name_of(source, version, scheme), anchor, in_use)
            section.brief = not in_use and earlier > EARLIER_WITH_TABLES
            section.parts = [self._part(one, anchor) for one in compared]
            sections.append(section)
        return sections

    def _part(self, comparison, anchor):
        key = comparison.key
        random = Table(key, comparison.random, "random") if comparison.random.total else None
        lines, fields = self.of_fields.get(key, ([], 0))
        return Part(
            dimension=key.dimension,
            label=Dimension(key.dimension).label,
            anchor=f"{anchor}-{key.dimension}",
            random=random,
            every=Table(key, comparison.every),
            newest=comparison.every.newest,
            fields=[self._field(key, comparison.random, one) for one in lines],
            fields_left=fields - len(lines),
        )

    @staticmethod
    def _field(key, matrix, one):
        agreed = address(key, drawn="random", agree="yes", field=one.name)
        told = address(key, drawn="random", agree="both", field=one.name)
        return FieldLine(
            one.name,
            matrix.share(one.agreed, one.told),
            Counted(one.agreed, agreed),
            Counted(one.told, told),
        )


# -- the lists -----------------------------------------------------------------------------------


@dataclass
class Item:
    """One comparison with the pair it is about; ``evidence`` is the address of the sentence on its page."""

    found: accuracy.Found
    citation: Citation
    evidence: str

    @property
    def source_name(self):
        return name_of(self.found.source, self.found.version, self.found.scheme)


@dataclass
class Comparisons:
    """One page of the comparisons that a Query asks for. Three queries in all."""

    query: Query
    path: str

    def __post_init__(self):
        self.asked = {name: self.query.one(name) for name in TABLE if name != "page"}
        self.total = accuracy.count_found(self.asked)
        self.pages = max(1, math.ceil(self.total / ITEMS_A_PAGE))
        self.asked_page = int(self.query.one("page"))
        self.page = min(self.asked_page, self.pages)

    @property
    def agree(self):
        return accuracy.agree_of(self.asked)

    def items(self):
        """[(Item, its CitationContext)] of this page."""
        rows = accuracy.found(self.asked, begin=(self.page - 1) * ITEMS_A_PAGE, most=ITEMS_A_PAGE)
        contexts = CitationContext.objects.select_related(
            "passage", "citation__citing_paper", "citation__cited_paper"
        ).in_bulk([row.context_id for row in rows])
        return [
            (Item(row, context.citation, self._evidence(context)), context)
            for row in rows
            if (context := contexts.get(row.context_id))
        ]

    @staticmethod
    def _evidence(context):
        return f"{evidence_url(context.citation)}#sentence-{context.pk}"

    def page_url(self, page):
        return self.query.url(self.path, self.query.with_value("page", str(page)), keep_page=True)
