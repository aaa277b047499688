"""The parameters of the explorer: one table for its filters, facets, help texts and the API.

A parameter stands here once, with the words of its help. ``filters.py`` builds the
django-filter set from the table, ``count_facets`` counts by it, ``api.py`` and ``docs/``
describe it. Counting goes over pair rows grouped by what the facets look at, so that one
query serves all facets, each counted without its own selection.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from citations.labels import LabelSource, Polarity, Role
from citations.rollups import UNSURE
from papers.sections import SECTION_KINDS

UNLABELLED = "unlabelled"
UNTOLD = (UNSURE, UNLABELLED)  # no role: a machine has read it and cannot tell, nobody has decided
SECTION_LABELS = {
    "abstract": _("Abstract"),
    "introduction": _("Introduction"),
    "related-work": _("Related work"),
    "methods": _("Methods"),
    "results": _("Results"),
    "discussion": _("Discussion"),
    "conclusion": _("Conclusion"),
    "other": _("Other sections"),
}
SUGGESTED = (Polarity.DISPUTES, Polarity.QUALIFIES, Polarity.SUPPORTS)
DEPTH_LABELS = {
    1: _("mentioned"),
    2: _("cited"),
    3: _("discussed"),
    4: _("examined"),
}
INCLUDE_CHOICES = [("include", _("include")), ("exclude", _("leave out")), ("only", _("only"))]


@dataclass(frozen=True)
class Parameter:
    """One query parameter. ``kind`` is many, one, int, text, claim, sort or page; many = repeatable.

    ``choices``: (value, label) pairs, empty where any text goes. ``facet`` says that counts
    come with it.
    """

    name: str
    kind: str
    label: object
    help: object
    choices: tuple = ()
    facet: bool = False
    default: str = ""
    extra: tuple = ()  # further values that are taken but never listed as facet values


PARAMETERS = (
    Parameter(
        "role",
        "many",
        _("Role"),
        _("why the paper is cited, as the citation's effective label says"),
        tuple(Role.choices),
        facet=True,
        extra=((UNSURE, _("machine-read, unsure")), (UNLABELLED, _("no role yet"))),
    ),
    Parameter(
        "polarity",
        "many",
        _("Polarity"),
        _("the citing authors' position, as the citation's effective label says"),
        tuple(Polarity.choices),
        facet=True,
        extra=((UNLABELLED, _("no polarity yet")),),
    ),
    Parameter(
        "suggested",
        "many",
        _("To check"),
        _("the polarity that a machine suggests, where no counted one is known"),
        tuple((word, word.label) for word in SUGGESTED),
        facet=True,
    ),
    Parameter(
        "section",
        "many",
        _("Section"),
        _("the kind of section that cites it"),
        tuple(SECTION_LABELS.items()),
        facet=True,
    ),
    Parameter("field", "many", _("Field"), _("a field of the citing paper"), facet=True),
    Parameter("venue", "many", _("Venue"), _("the venue of the citing paper"), facet=True),
    Parameter(
        "source",
        "many",
        _("Label source"),
        _("who or what its role rests on, or its polarity where it has no role"),
        tuple(LabelSource.choices),
        facet=True,
    ),
    Parameter(
        "labelled",
        "one",
        _("Labelled"),
        _("has a counted role, a counted polarity, or neither"),
        (("role", _("for role")), ("polarity", _("for polarity")), ("none", _("not at all"))),
        facet=True,
    ),
    Parameter("year_min", "year", _("From year"), _("the citing paper's year, inclusive")),
    Parameter("year_max", "year", _("To year"), _("the citing paper's year, inclusive")),
    Parameter(
        "undated",
        "one",
        _("Undated papers"),
        _("citing papers whose year is unknown"),
        tuple(INCLUDE_CHOICES),
    ),
    Parameter(
        "depth_min",
        "one",
        _("Depth"),
        _("at least this deep: 1 mentioned, 2 cited, 3 discussed, 4 examined"),
        tuple((str(depth), label) for depth, label in DEPTH_LABELS.items()),
        facet=True,
    ),
    Parameter(
        "self",
        "one",
        _("Self-citations"),
        _("citations that share an author with this paper"),
        tuple(INCLUDE_CHOICES),
        facet=True,
    ),
    Parameter(
        "text",
        "one",
        _("Text"),
        _("whether a citing sentence is held"),
        (("read", _("read")), ("unread", _("unread"))),
        facet=True,
    ),
    Parameter(
        "retracted",
        "one",
        _("Retracted papers"),
        _("citing papers that are retracted"),
        tuple(INCLUDE_CHOICES),
        facet=True,
    ),
    Parameter(
        "machine",
        "one",
        _("Machine"),
        _("read by our classifier; of that, checked at random; or all that the estimate speaks of"),
        (
            ("read", _("machine-read")),
            ("checked", _("checked at random")),
            ("estimated", _("in the estimate")),
        ),
    ),
    Parameter("cites", "id", _("Also cites"), _("the id of another paper that the citing paper cites too")),
    Parameter(
        "claim",
        "claim",
        _("Claim"),
        _("the id of a claim that the citing paper is tied to, also as id:supports; or any, or none"),
    ),
    Parameter(
        "q",
        "text",
        _("Words"),
        _(
            "words of the title, authors, abstract or citing sentences, each found by its beginning"
            " (three letters or more); words such as “the” are passed over"
        ),
    ),
)
SORTS = (
    ("-year", _("newest first")),
    ("year", _("oldest first")),
    ("-depth", _("deepest first")),
    ("-cited", _("most cited first")),
    ("-suggested", _("likeliest suggestion first")),
    ("relevance", _("best match first")),
)
PAGING = (
    Parameter("sort", "one", _("Sort"), _("the order of the list"), SORTS, default="-year"),
    Parameter("page", "page", _("Page"), _("1 is the first"), default="1"),
    Parameter("per_page", "per_page", _("Per page"), _("1 to 100"), default="25"),
)
BY_NAME = {parameter.name: parameter for parameter in (*PARAMETERS, *PAGING)}
FACETS = tuple(parameter for parameter in PARAMETERS if parameter.facet)

# The columns of a pair row that facets look at; ``field`` is counted apart, as a paper has several.
COLUMNS = (
    "role",
    "role_source",
    "polarity",
    "suggested_polarity",
    "label_source",
    "section_mask",
    "citing_venue__name",
    "depth",
    "is_self_citation",
    "is_read",
    "citing_retracted",
)
LISTED = 50  # values of an open facet (field, venue) that are listed


@dataclass
class FacetValue:
    value: str
    label: object
    count: int
    selected: bool
    toggle_url: str = ""


@dataclass
class FacetCounts:
    """All facets of one list. ``total`` is how many papers the list has."""

    total: int
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)

    def as_json(self):
        """``{name: [{value, count}]}``, as the API gives them: listed words only, no zeros."""
        return {
            name: [
                {"value": value.value, "count": value.count}
                for value in values
                if value.count and value.value not in UNTOLD
            ]
            for name, values in self.facets.items()
        }


def values_of(name, row):
    """The facet values of one grouped row (a dict of COLUMNS), as a list of strings."""
    if name == "role":
        return [row["role"] or (UNSURE if row["role_source"] else UNLABELLED)]
    if name == "polarity":
        return [row["polarity"] or UNLABELLED]
    if name == "suggested":
        return [row["suggested_polarity"]] if row["suggested_polarity"] else []
    if name == "source":
        return [row["label_source"]] if row["label_source"] else []
    if name == "section":
        return [kind for bit, kind in enumerate(SECTION_KINDS) if row["section_mask"] >> bit & 1]
    if name == "venue":
        return [row["citing_venue__name"]] if row["citing_venue__name"] else []
    if name == "labelled":
        return [word for word in ("role", "polarity") if row[word]] or ["none"]
    if name == "depth_min":
        return [str(depth) for depth in range(1, (row["depth"] or 0) + 1)]
    if name == "self":
        return ["include", "only" if row["is_self_citation"] else "exclude"]
    if name == "text":
        return ["read" if row["is_read"] else "unread"]
    if name == "retracted":
        return ["include", "only" if row["citing_retracted"] else "exclude"]
    if name == "field":
        return [row["citing_paper__fields__name"]] if row.get("citing_paper__fields__name") else []
    raise KeyError(name)


def count_facets(base, with_fields, selected):
    """Count every facet of a list, each without its own selection. Two queries.

    ``base``: citations under all filters but the facets' own, the ``field`` filter
    included; ``with_fields``: the same without the ``field`` filter. ``selected``:
    ``{facet name: [values]}``.
    """
    rows = list(base.order_by().values(*COLUMNS).annotate(papers=Count("id", distinct=True)))
    field_rows = list(
        with_fields.filter(citing_paper__fields__isnull=False)
        .order_by()
        .values(*COLUMNS, "citing_paper__fields__name")
        .annotate(papers=Count("id", distinct=True))
    )
    result = FacetCounts(total=0)
    others = {name: values for name, values in selected.items() if values and name != "field"}
    tallies = {parameter.name: Counter() for parameter in FACETS}
    for row in rows:
        fits = {name: bool(set(values_of(name, row)) & set(values)) for name, values in others.items()}
        missed = [name for name, ok in fits.items() if not ok]
        if not missed:
            result.total += row["papers"]
        for parameter in FACETS:
            name = parameter.name
            if name != "field" and (not missed or missed == [name]):
                for value in values_of(name, row):
                    tallies[name][value] += row["papers"]
    for row in field_rows:
        if all(set(values_of(name, row)) & set(values) for name, values in others.items()):
            tallies["field"][row["citing_paper__fields__name"]] += row["papers"]
    for parameter in FACETS:
        chosen = selected.get(parameter.name, [])
        result.facets[parameter.name] = _facet_values(parameter, tallies[parameter.name], chosen)
    return result


def _facet_values(parameter, tally, chosen):
    if parameter.choices:
        pairs = [*parameter.choices, *parameter.extra]
        values = [FacetValue(value, label, tally[value], value in chosen) for value, label in pairs]
        if parameter.kind == "many":
            values.sort(key=lambda line: (line.value in UNTOLD, -line.count))
        return values
    found = sorted(tally.items(), key=lambda pair: (-pair[1], pair[0]))
    listed = [pair for pair in found if pair[0] in chosen] + [pair for pair in found if pair[0] not in chosen]
    listed = listed[: LISTED + len(chosen)]
    listed += [(value, 0) for value in chosen if value not in tally]
    return [FacetValue(value, value, count, value in chosen) for value, count in listed]
