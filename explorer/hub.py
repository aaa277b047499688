"""What a hub page shows, read in a bounded number of queries and made ready for its template.

Nothing heavy is computed here: counts come from the summary row, lists from pair rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.db.models import F, Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citations import headline, labels, machine
from citations.cocitation import STORED_FROM, cited_together, co_cited_works, stored_works
from citations.estimates import MIN_CHECKS, Estimate
from citations.labels import Dimension, LabelSource, Polarity, Role
from citations.models import Assertion, CitationContext, Claim, ClaimTreatment
from citations.rollups import counts_of
from citations.statistics import percent, upper_bound_when_none_seen
from explorer import charts, cocited_map, facets
from explorer.charts import BarsByYear
from explorer.citing import Citing
from explorer.components import count, icon, percentage, whole_percent
from explorer.representative import candidates, choose
from papers.addresses import address
from papers.bulk import look_up
from papers.models import Authorship, Paper, PaperIdentifier
from papers.prepared import Prepared
from papers.querysets import sign

EXPLORER = "#citing-papers-explorer"
# Of a paper in a list: reading whole rows takes twice as long.
PRINTED = ("title", "year", "language", "retracted", "is_stub", "is_fictional", "summary", "summary_origin")
PRINTED_PAPERS = Prepared(
    lambda ids: Paper.objects.filter(pk__among=ids).only(*PRINTED).annotate(venue_name=F("venue__name"))
)
CONTEXTS = Prepared(
    lambda ids: (
        CitationContext.objects.current()
        .filter(citation__among=ids)
        .select_related("passage")
        .order_by(F("passage__position").asc(nulls_last=True), "id")
    )
)
CLAIMS = Prepared(lambda paper_id: Claim.objects.filter(paper_id=paper_id, withdrawn_at=None))
LEAST_SHOWN = 0.005  # an estimated share that a page rounds to 1 % or more
POLARITY_ROWS = (Polarity.SUPPORTS, Polarity.QUALIFIES, Polarity.DISPUTES)
NOT_LABELS = {
    "unsure": gettext_lazy("machine-read, unsure"),
    "unlabelled": gettext_lazy("read, no role yet"),
    "unread": gettext_lazy("unread"),
}


def comparison_url(paper_ids):
    """The address at which these papers stand side by side."""
    query = "&".join(f"paper={paper_id}" for paper_id in paper_ids)
    return f"{address('explorer:compare')}{f'?{query}' if query else ''}"


@dataclass
class Line:
    """A share with its words: what ``components.share_row`` prints."""

    word: str
    label: object
    share: headline.Share
    url: str


class Held(NamedTuple):
    """How many rows a paper has of what few papers have."""

    versions: int
    notices: int


HELD = """
SELECT (SELECT COUNT(*) FROM papers_paperversion WHERE paper_id IN ({ids})),
    (SELECT COUNT(*) FROM papers_notice WHERE paper_id IN ({ids}))
"""


@dataclass
class Coverage:
    word: str
    label: object
    count: int
    url: str


class Hub:
    """One paper with its summary; each method reads one part of the page."""

    def __init__(self, paper, path):
        """``paper`` comes with ``hub_summary`` and ``venue`` selected; ``path`` is the page's own."""
        self.paper = paper
        self.path = path
        self.summary = getattr(paper, "hub_summary", None)
        self.counts = counts_of(self.summary)
        self.headline = headline.headline(self.counts)
        self.unsure = self.summary.unsure if self.summary else 0

    @cached_property
    def citing(self):
        """The citing papers, to be filtered and counted. One query for a large hub."""
        return Citing(self.paper.pk, self.counts.known)

    # -- header and summaries: from the summary row ------------------------------------------

    def link(self, **parameters):
        """The address of this hub's explorer under these filters."""
        pairs = [
            f"{name}={value}"
            for name, values in parameters.items()
            for value in (values if isinstance(values, (list, tuple)) else [values])
        ]
        return f"{self.path}?{'&'.join(pairs)}{EXPLORER}" if pairs else f"{self.path}{EXPLORER}"

    @property
    def sentence(self):
        """The headline in the reader's language."""
        found = self.headline.params
        params = {name: count(found[name]) for name in ("known", "k", "n") if name in found}
        if "role" in found:
            params["role"] = Role(found["role"]).label
        if "share" in found and found["n"] < 10:
            params["share"] = _(headline.SHARE_OF) % params
        elif "share" in found:
            params["share"] = percentage(percent(found["k"], found["n"]))
        return _(self.headline.message) % params

    @property
    def headline_share(self):
        """The share that the headline speaks of, as a Share with its interval; None without one."""
        k, n = self.headline.params.get("k"), self.headline.params.get("n")
        if k is None:
            return None
        return headline.share("", k, n, known=self.counts.known, machine=self._machine_labels)

    @property
    def _machine_labels(self):
        """How many labels of the kind that the status goes by are a machine's."""
        if self.headline.status == headline.Status.CONTESTED:
            return self.counts.machine_polarities
        return self.counts.machine_roles

    @property
    def base(self):
        """What the headline's share rests on, in one line; empty where it speaks of none."""
        share = self.headline_share
        if share is None:
            return ""
        said = {
            "k": count(share.count),
            "n": count(share.base),
            "p": share.percent,
            "known": count(self.counts.known),
        }
        if share.low is None:
            return _("%(k)s of %(n)s labelled (%(p)s%%), %(known)s known") % said
        said |= {"low": whole_percent(share.low), "high": whole_percent(share.high)}
        return (
            _("%(k)s of %(n)s labelled (%(p)s%%, 95%% interval %(low)s–%(high)s%%), %(known)s known") % said
        )

    @property
    def provisional_reason(self):
        """Why the status is provisional, in words; empty where it is not."""
        if not headline.is_provisional(self.counts):
            return ""
        if self._machine_labels or not headline.may_be_another(self.counts):
            return _("labels of a machine take part")
        return _(
            # xgettext:no-python-format
            "too few papers are labelled: at an end of the 95% interval the status would be another"
        )

    @property
    def mini_bar(self):
        """All known citing papers as one bar: [(word, label, count, x, width)], x and width in percent."""
        counts = self.counts
        parts = [(str(role), role.label, counts.roles.get(role, 0)) for role in labels.ROLE_ORDER]
        parts.append(("unsure", NOT_LABELS["unsure"], self.unsure))
        parts.append(("unlabelled", NOT_LABELS["unlabelled"], counts.read - counts.labelled - self.unsure))
        parts.append(("unread", NOT_LABELS["unread"], counts.known - counts.read))
        bar, before = [], 0
        for word, label, papers in parts:
            if papers > 0:
                x, width = 100 * before / counts.known, 100 * papers / counts.known
                bar.append((word, label, papers, f"{x:.2f}", f"{width:.2f}"))
                before += papers
        return bar

    @property
    def coverage(self):
        counts = self.counts
        return [
            Coverage("known", _("citing papers known here"), counts.known, self.link()),
            Coverage("read", _("with a citing sentence"), counts.read, self.link(text="read")),
            Coverage("labelled", _("labelled for role"), counts.labelled, self.labelled_url),
            Coverage(
                "curated",
                _("role from a curator or data set"),
                counts.curated,
                self.link(labelled="role", source=["curator", "dataset"]),
            ),
            Coverage(
                "polarity_labelled",
                _("labelled for polarity"),
                counts.polarity_labelled,
                self.link(labelled="polarity"),
            ),
        ]

    @property
    def labelled_url(self):
        """The papers with a counted role."""
        return self.link(labelled="role")

    @property
    def machine_roles_url(self):
        """The papers whose counted role is a machine's: a service's or our classifier's."""
        return self.link(labelled="role", source=sorted(labels.MACHINE_SOURCES))

    @property
    def roles(self):
        lines = headline.shares(
            self.counts.roles,
            known=self.counts.known,
            machine=self.counts.machine_roles,
            order=labels.ROLE_ORDER,
        )
        return [Line(line.word, Role(line.word).label, line, self.link(role=line.word)) for line in lines]

    @property
    def polarities(self):
        lines = headline.shares(
            self.counts.polarities,
            known=self.counts.known,
            machine=self.counts.machine_polarities,
            order=labels.POLARITY_ORDER,
        )
        return [
            Line(line.word, Polarity(line.word).label, line, self.link(polarity=line.word)) for line in lines
        ]

    @property
    def without_role(self):
        """What the role summary leaves out: read by a machine that is unsure, read without a role, unread."""
        lines = self._without("role", self.counts.labelled + self.unsure, _("read, no role yet"))
        if self.unsure:
            words = _("machine-read, and the machine is unsure")
            lines.insert(0, Coverage("unsure", words, self.unsure, self.link(role="unsure")))
        return lines

    @property
    def without_polarity(self):
        """What the polarity summary leaves out: read without a polarity, and unread."""
        return self._without("polarity", self.counts.polarity_labelled, _("read, no polarity yet"))

    def _without(self, dimension, labelled, words):
        counts = self.counts
        unlabelled = self.link(**{dimension: "unlabelled", "text": "read"})
        unread = _("unread: no citing sentence is held")
        return [
            Coverage("unlabelled", words, counts.read - labelled, unlabelled),
            Coverage("unread", unread, counts.known - counts.read, self.link(text="unread")),
        ]

    @property
    def absent_roles(self):
        """Labels of the roles that no citing paper carries, in the vocabulary's order."""
        return [role.label for role in Role if not self.counts.roles.get(role)]

    @property
    def absent_polarities(self):
        """Labels of the polarities that no citing paper carries, in the vocabulary's order."""
        return [polarity.label for polarity in Polarity if not self.counts.polarities.get(polarity)]

    @property
    def dispute_bound(self):
        """The bound of the share of disputes where none was found among n_p, in percent; else None."""
        n_p = self.counts.polarity_labelled
        if not n_p or self.counts.polarities.get(Polarity.DISPUTES):
            return None
        return percent(round(upper_bound_when_none_seen(n_p) * 10_000), 10_000)

    @property
    def roles_over_time(self):
        """From the summary row."""
        return BarsByYear(
            key="roles",
            title=_("Citing papers by year and role"),
            counts=self.summary.years if self.summary else {},
            words=[*((role, role.label) for role in labels.ROLE_ORDER), *NOT_LABELS.items()],
            mark=icon,
            labels=frozenset(labels.ROLE_ORDER),
            base=charts.LABELLED,
            url=self._span_of("role"),
        )

    def _span_of(self, name):
        """Addresses of the citing papers of a span of years that have one word of a property."""

        def url(word, **span):
            if word == "unread":
                return self.link(text="unread", **span)
            if word == "unlabelled":
                return self.link(text="read", **{name: word}, **span)
            if word == charts.BASE_WORD:
                return self.link(**({"text": "read"} if name == "depth" else {"labelled": name}), **span)
            return self.link(**{name: word}, **span) if word else self.link(**span)

        return url

    # -- parts that read ------------------------------------------------------------------------

    @cached_property
    def held(self):
        """How many versions and notices there are: of most papers none. One query."""
        return Held(*look_up(HELD, [self.paper.pk])[0])

    def versions(self):
        """The versions of the work, where there are several. One query then."""
        return list(self.paper.versions.all()) if self.held.versions > 1 else []

    def notices(self):
        """The notices about the paper, with the papers that give them. Two queries where there are some."""
        return list(self.paper.notices.prefetch_related("notice_paper")) if self.held.notices else []

    def claims(self):
        """The ledger, and ``_untied``. One query, a second where there are claims."""
        claims, treated = CLAIMS(self.paper.pk), []
        if claims:
            pairs = ClaimTreatment.objects.filter(
                claim__in=claims, citation__cited_paper=self.paper, citation__withdrawn_at=None
            )
            treated = list(pairs.values_list("claim", "treatment", "citation", "citation__polarity"))
        papers = Counter((claim_id, word) for claim_id, word, *_pair in treated)
        for claim in claims:
            claim.cells = [
                (word, papers[claim.pk, word], self.link(claim=f"{claim.pk}:{word}"))
                for word in POLARITY_ROWS
            ]
        tied = Counter(polarity for _pair, polarity in {(pair, word) for *_claim, pair, word in treated})
        return claims, self._untied(tied)

    def _untied(self, tied):
        """For supports, qualifies, disputes: word, papers with it, tied to a claim, to none, their links.

        ``tied``: {polarity: citing papers that are tied to a claim}.
        """
        lines = []
        for word in POLARITY_ROWS:
            total = self.counts.polarities.get(word, 0)
            lines.append(
                {
                    "word": word,
                    "label": word.label,
                    "total": total,
                    "total_url": self.link(polarity=word),
                    "tied": tied[word],
                    "tied_url": self.link(polarity=word, claim="any"),
                    "none": total - tied[word],
                    "none_url": self.link(polarity=word, claim="none"),
                }
            )
        return lines

    def co_cited(self):
        """Co-cited works, without their papers (see ``attach``), and how many citing papers were left out.

        One query: stored rows, or counted live for a work with fewer than ten citing papers.
        """
        known, left_out = self.counts.known, self.summary.left_out if self.summary else 0
        if known >= STORED_FROM:
            works = stored_works([self.paper.pk])
        else:
            works, left = co_cited_works([self.paper.pk]) if known else ({}, {})
            left_out = left.get(self.paper.pk, 0)
        rows = [
            CoCitedLine(
                paper_id=other_id,
                count=papers,
                same_passage=same_passage,
                example_ids=example_ids,
                share=headline.Share("", papers, known, None, None),
                url=self.link(cites=other_id),
                compare_url=comparison_url([self.paper.pk, other_id]),
            )
            for other_id, papers, same_passage, *example_ids in works.get(self.paper.pk, [])
        ]
        return rows, left_out

    def co_citation_map(self, rows):
        """The Map of the co-cited works in ``rows``, which ``attach`` has seen; None for few. One query."""
        if len(rows) < cocited_map.LEAST:
            return None
        works = [
            cocited_map.Work(
                row.paper_id, number, row.count, row.paper.display_title, row.paper.get_absolute_url()
            )
            for number, row in enumerate(rows, 1)
        ]
        return cocited_map.Map(works, *cited_together([row.paper_id for row in rows]))

    @property
    def suggestions(self):
        """Polarities that a machine suggests: [(word, label, papers to check, address)], disputes first."""
        found = self.summary.suggested if self.summary else {}
        return [
            (str(word), word.label, found[word], self.link(suggested=word, sort="-suggested"))
            for word in facets.SUGGESTED
            if found.get(word)
        ]

    def polarity_and_depth_over_time(self):
        """Two BarsByYear. No query that the explorer of the same page has not made."""
        found = self.citing.over_time() if self.counts.known else {"polarity": {}, "depth": {}}
        polarities = [(word, word.label) for word in labels.POLARITY_ORDER]
        depths = [(str(depth), label) for depth, label in facets.DEPTH_LABELS.items()]
        return [
            BarsByYear(
                key="polarities",
                title=_("Citing papers by year and polarity"),
                counts=found["polarity"],
                words=[*polarities, ("unlabelled", _("read, no polarity yet")), ("unread", _("unread"))],
                labels=frozenset(labels.POLARITY_ORDER),
                base=charts.LABELLED,
                url=self._span_of("polarity"),
            ),
            BarsByYear(
                key="depths",
                title=_("Citing papers by year and depth"),
                counts=found["depth"],
                words=[*reversed(depths), ("unread", _("unread"))],
                labels=frozenset(depth for depth, _label in depths),
                base=charts.READ,
                url=self._span_of("depth"),
            ),
        ]

    def machine(self):
        """What a machine has read of this hub, and what random checks make of it; None where none has.

        One query; one more where too few papers of this hub were checked.
        """
        reading = machine.reading_of(self.summary)
        return reading and Machine(self, reading)

    def representative_ids(self):
        """Ids of the representative citing papers, in order. One query."""
        found = candidates(self.paper.pk, self.citing.strongest())
        return [one.citing_paper_id for one in choose(found)]

    def representatives(self):
        """The representative citations, in order, without their papers (see ``attach``). Two queries."""
        return self.citing.pairs(self.representative_ids())[0]


class Machine:
    """The machine-read papers of a hub and the shares that random checks anchor, for ``_machine.html``."""

    def __init__(self, hub, reading):
        held, estimates = hub.summary.population, reading.estimates
        self.size, self.version, self.checked = held["size"], held["version"], reading.checked
        self.size_url, self.checked_url = hub.link(machine="read"), hub.link(machine="checked")
        self.base_url = hub.link(machine="estimated")
        self.base = self.size + sum(held["stated"].values())
        self.basis = estimates[0].basis if estimates else ""
        self.needed = max(0, min(MIN_CHECKS, self.size) - self.checked)
        counted = hub.counts.roles
        self.lines = [
            EstimateLine(line.role, counted.get(line.role, 0), line, hub.link(role=line.role))
            for line in estimates
            if line.share >= LEAST_SHOWN or counted.get(line.role)
        ]


@dataclass
class EstimateLine:
    """An estimated share beside the count of the pages: what a row of ``_machine.html`` prints."""

    word: str
    count: int
    share: Estimate
    url: str


@dataclass
class CoCitedLine:
    """A co-cited work, its share of the known citing papers, and the address of those that cite both.

    ``compare_url``: the page that shows it beside the hub.
    """

    paper_id: int
    count: int
    same_passage: int
    example_ids: list[int]
    share: headline.Share
    url: str
    compare_url: str = ""
    paper: Paper | None = None  # this and the next from ``attach``
    examples: list = field(default_factory=list)  # (citing paper, address of its evidence)


def attach(paper, citations, co_cited=(), *, whole=False):
    """Load what the lines of a page show: papers, authors, identifiers, contexts. Four queries.

    Sets ``citing_paper`` and ``current_contexts``, a list, of each citation, and ``signed`` of papers.

    One for each kind whatever the page's size: the hub's own ``paper``, the citing papers
    of ``citations``, and the works and examples of ``co_cited`` are read together. Returns
    ``co_cited`` without works that have been merged away meanwhile.

    A page prints the authors of citing papers only, and an identifier only where a title is
    missing; ``whole`` is for the API, which gives both of each paper, and the person behind a name.
    """
    citing = {citation.citing_paper_id for citation in citations}
    wanted = {one for row in co_cited for one in (row.paper_id, *row.example_ids)} | citing
    if whole:
        papers = (
            Paper.objects.filter(pk__among=wanted).select_related("venue").defer("abstract", "search_text")
        )
    else:
        papers = PRINTED_PAPERS(wanted)
    papers = {one.pk: one for one in papers}
    for citation in citations:
        citation.citing_paper = papers[citation.citing_paper_id]
    co_cited = [row for row in co_cited if row.paper_id in papers]
    for row in co_cited:
        row.paper = papers[row.paper_id]
        row.examples = [
            (papers[citing_id], address("explorer:evidence", paper.pk, citing_id))
            for citing_id in row.example_ids
            if citing_id in papers
        ]
    if whole:
        people = Authorship.objects.select_related("author")
        prefetch_related_objects([paper, *papers.values()], Prefetch("authorships", people))
    else:
        sign([paper, *(papers[key] for key in citing)])
    identified = PaperIdentifier.objects.select_related("version") if whole else PaperIdentifier.objects.all()
    named = [one for one in papers.values() if whole or not one.title]
    prefetch_related_objects([paper, *named], Prefetch("identifiers", identified))
    held = {citation.pk: [] for citation in citations}
    for context in CONTEXTS(held):
        held[context.citation_id].append(context)
    for citation in citations:
        citation.current_contexts = held[citation.pk]
    return co_cited


def evidence(citation):
    """The contexts of one citation with all assertions about each, and those about the pair."""
    assertions = Assertion.objects.select_related("curator", "record").order_by("created_at", "id")
    contexts = (
        CitationContext.objects.filter(citation=citation)
        .select_related("passage")
        .prefetch_related(Prefetch("assertions", assertions), "provenances__record")
        .order_by(F("withdrawn_at").asc(nulls_first=True), F("passage__position").asc(nulls_last=True), "id")
    )
    pair_assertions = list(assertions.filter(citation=citation))
    contexts = list(contexts)
    for context in contexts:
        for row in context.assertions.all():
            row.standing = standing(row, context)
    for row in pair_assertions:
        row.standing = standing(row, citation)
    return contexts, pair_assertions


STANDING = {
    "withdrawn": gettext_lazy("withdrawn"),
    "unmapped": gettext_lazy("kept, not counted: our table has no word for it"),
    "suggestion": gettext_lazy("a suggestion, not counted until a curator confirms it"),
    "no-sentence": gettext_lazy("kept, not counted: no sentence stands behind it"),
    "unsure": gettext_lazy("it cannot tell; not counted"),
    "in-force": gettext_lazy("in force"),
    "overruled": gettext_lazy("overruled by another label"),
}


def standing(assertion, holder):
    """(word, words): what an assertion counts for in the effective labels of its context or pair."""
    if assertion.withdrawn_at:
        word = "withdrawn"
    elif assertion.dimension == Dimension.UNMAPPED:
        word = "unmapped"
    elif assertion.citation_id and assertion.source != LabelSource.CURATOR:
        word = "no-sentence"
    elif assertion.dimension == Dimension.POLARITY and assertion.source == LabelSource.CLASSIFIER:
        word = "suggestion"
    elif assertion.dimension == Dimension.ROLE and not assertion.value:
        word = "unsure"
    elif assertion.dimension == Dimension.ROLE:
        same = (assertion.value, assertion.source) == (holder.role, holder.role_source)
        word = "in-force" if same else "overruled"
    else:
        same = (assertion.value, assertion.source) == (holder.polarity, holder.polarity_source)
        word = "in-force" if same else "overruled"
    return word, STANDING[word]


def hubs_for_list(listing_rows):
    """Summaries with their papers, as the list of hubs shows them. Three queries with the rows'."""
    rows = listing_rows.select_related("paper__venue").prefetch_related(
        "paper__authorships", "paper__identifiers"
    )
    return [hub_of_summary(row) for row in rows]


def hub_of_summary(summary):
    """The Hub of a summary row whose paper is loaded."""
    paper = summary.paper
    paper.hub_summary = summary
    return Hub(paper, paper.get_absolute_url())
