"""The parameters of the explorer: one table for its filters, facets, help texts and the API.

A parameter stands here once, with the words of its help. ``filters.py`` validates requests by
the table, ``citing.py`` filters and counts by it, ``api.py`` and ``docs/`` describe it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from citations.labels import LabelSource, Polarity, Role
from citations.tallies import LISTED, UNLABELLED, UNSURE
from papers.sections import SECTION_LABELS

UNTOLD = (UNSURE, UNLABELLED)  # no role: a machine has read it and cannot tell, nobody has decided
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
        "depth",
        "many",
        _("Exact depth"),
        _("exactly this deep: 1 mentioned, 2 cited, 3 discussed, 4 examined"),
        tuple((str(depth), label) for depth, label in DEPTH_LABELS.items()),
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


@dataclass
class FacetValue:
    value: str
    label: object
    count: int
    selected: bool


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


def facet_values(parameter, numbers, chosen):
    """The FacetValues of one facet from its tally, ``{word: papers}``; ``chosen`` values come first.

    A facet with a flag has True and False for words: whose parameter says with or without.
    """
    if True in numbers or False in numbers:
        yes, no = numbers.get(True, 0), numbers.get(False, 0)
        numbers = {"include": yes + no, "only": yes, "exclude": no, "read": yes, "unread": no}
    if parameter.choices:
        pairs = [*parameter.choices, *parameter.extra]
        values = [FacetValue(value, label, numbers.get(value, 0), value in chosen) for value, label in pairs]
        if parameter.kind == "many":
            values.sort(key=lambda line: (line.value in UNTOLD, -line.count))
        return values
    found = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [pair for pair in found if pair[0] in chosen] + [pair for pair in found if pair[0] not in chosen]
    shown = shown[: LISTED + len(chosen)]
    shown += [(value, 0) for value in chosen if value not in numbers]
    return [FacetValue(value, value, count, value in chosen) for value, count in shown]
