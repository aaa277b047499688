"""Query parameters of the explorer and of the list of hubs, and that list.

A ``Query`` is what one request asks for: valid values apply, invalid and unknown ones are
dropped and named (the page prints them, the API refuses with 422). What the explorer makes of
one stands in ``citing.py``; hubs are filtered by a django-filter set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import urlencode

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, F, FloatField, IntegerField, OuterRef, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citations.headline import Status, Tier
from citations.labels import Role
from citations.models import ClaimTreatment, HubSummary
from explorer.facets import (
    BY_NAME,
    PAGING,
    Parameter,
)
from papers.models import Paper

MOST_VALUES = 50  # of one repeatable parameter
MOST_TRIED = 12  # filters of an empty list of hubs that are left out to see what remains
MOST_CHARACTERS = 300
MOST_PER_PAGE = 100
LARGEST_ID = 2**63 - 1
LEAST_BASE = 10  # labelled citing papers of which a share is taken


# -- form fields: one value in, a clean value out --------------------------------------------


class ManyTexts(forms.MultipleChoiceField):
    """Any short texts, several at once."""

    def valid_value(self, value):
        return 0 < len(value) <= MOST_CHARACTERS


class ClaimField(forms.CharField):
    """``12`` or ``12:supports``, cleaned to (id, treatment); ``any`` or ``none``, to (None, the word)."""

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values:
            return None
        if value in ("any", "none"):
            return None, value
        number, _colon, treatment = value.partition(":")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise ValidationError("not a claim")
        if treatment and treatment not in ClaimTreatment.Treatment.values:
            raise ValidationError("not a treatment")
        return int(number), treatment


class WholeNumber(forms.CharField):
    """A whole number from ``low`` to ``high``, kept as its digits."""

    def __init__(self, low, high):
        super().__init__(required=False, max_length=19)
        self.low, self.high = low, high

    def validate(self, value):
        super().validate(value)
        if value and not (value.isascii() and value.isdigit() and self.low <= int(value) <= self.high):
            raise ValidationError(f"not a number from {self.low} to {self.high}")


def form_field(parameter):
    """The form field that validates one parameter."""
    if parameter.kind == "many" and parameter.choices:
        return forms.MultipleChoiceField(required=False, choices=[*parameter.choices, *parameter.extra])
    if parameter.kind == "many":
        return ManyTexts(required=False)
    if parameter.kind == "one":
        return forms.ChoiceField(required=False, choices=parameter.choices)
    if parameter.kind == "year":
        return WholeNumber(0, 9999)
    if parameter.kind == "percent":
        return WholeNumber(1, 100)
    if parameter.kind == "id":
        return WholeNumber(1, LARGEST_ID)
    if parameter.kind == "page":
        return WholeNumber(1, 10**12)
    if parameter.kind == "per_page":
        return WholeNumber(1, MOST_PER_PAGE)
    if parameter.kind == "claim":
        return ClaimField(required=False, max_length=40)
    return forms.CharField(required=False, max_length=MOST_CHARACTERS)


# -- a request -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dropped:
    """A parameter, or a value of one, that does not apply; ``reason`` is a sentence."""

    name: str
    value: str
    reason: str


@dataclass
class Query:
    """What a request asks for. ``values``: parameter -> list of valid raw values, in table order."""

    table: dict[str, Parameter]
    values: dict[str, list[str]] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)

    @classmethod
    def parse(cls, querydict, table=BY_NAME, ignore=()):
        """Read a QueryDict; nothing is raised, what does not apply is in ``dropped``."""
        query = cls(table)
        for name in querydict:
            if name in ignore:
                continue
            if name not in table:
                query.dropped.append(not_a_parameter(name, querydict[name]))
                continue
            query._take(table[name], querydict.getlist(name))
        query.values = {name: query.values[name] for name in table if name in query.values}
        query._check_years()
        return query

    def _take(self, parameter, raw):
        given = list(dict.fromkeys(value.strip() for value in raw if value.strip()))
        allowed = MOST_VALUES if parameter.kind == "many" else 1
        if len(given) > allowed:
            self._drop(
                parameter,
                f"{len(given)}",
                _("“%(name)s” takes at most %(n)s values; the others are left out."),
                n=allowed,
            )
        checker = form_field(parameter)
        for value in given[:allowed]:
            try:
                checker.clean([value] if parameter.kind == "many" else value)
                if "\x00" in value:
                    raise ValidationError("NUL")
            except ValidationError:
                self._drop(parameter, value, _("“%(value)s” is not a value of “%(name)s”; it is left out."))
            else:
                self.values.setdefault(parameter.name, []).append(value)

    def _drop(self, parameter, value, sentence, **more):
        shown = _shown(value)
        self.dropped.append(
            Dropped(parameter.name, shown, sentence % {"value": shown, "name": parameter.name, **more})
        )

    def _check_years(self):
        low, high = self.one("year_min"), self.one("year_max")
        if low and high and int(low) > int(high):
            del self.values["year_max"]
            self.dropped.append(
                Dropped(
                    "year_max",
                    high,
                    _("The years %(low)s to %(high)s are no range; the end is left out.")
                    % {"low": low, "high": high},
                )
            )

    def one(self, name):
        """The value of a single-valued parameter, its default where there is none."""
        if name in self.values:
            return self.values[name][0]
        return self.table[name].default if name in self.table else ""

    def many(self, name):
        return self.values.get(name, [])

    @property
    def active(self):
        """The filters in force: [(Parameter, value)], paging and defaults left out."""
        paging = {parameter.name for parameter in PAGING}
        return [
            (self.table[name], value)
            for name, values in self.values.items()
            if name not in paging
            for value in values
            if value != "include"
        ]

    # -- links: built here, never in templates -------------------------------------------------

    def url(self, path, values=None, *, keep_page=False):
        """``path`` with these values (default: this query's own) as its query string."""
        values = dict(self.values if values is None else values)
        if not keep_page:
            values.pop("page", None)
        pairs = [_quoted(name, value) for name in self.table if name in values for value in values[name]]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def toggled(self, name, value):
        """The values with one value of one parameter switched on or off."""
        values = {key: list(held) for key, held in self.values.items()}
        held = values.get(name, [])
        if value in held:
            held = [other for other in held if other != value]
        else:
            held = [*held, value] if self.table[name].kind == "many" else [value]
        values[name] = held
        return {key: kept for key, kept in values.items() if kept}

    def with_value(self, name, value):
        return {**self.values, name: [value]}


@lru_cache(maxsize=2000)  # a page prints a hundred addresses with much the same parts
def _quoted(name, value):
    return urlencode([(name, value)])


def not_a_parameter(name, value):
    return Dropped(_shown(name), _shown(value), _("“%s” is not a parameter here.") % _shown(name))


def _shown(value):
    value = "".join(character for character in str(value) if character.isprintable())
    return value if len(value) <= 60 else value[:59] + "…"


# -- the list of hubs -----------------------------------------------------------------------------


HUB_SORTS = (
    ("-known", gettext_lazy("most cited first")),
    ("-disputes", gettext_lazy("most disputed first")),
    ("-share", gettext_lazy("largest share of the role first")),
    ("-read", gettext_lazy("most read first")),
    ("-labelled", gettext_lazy("most labelled first")),
    ("-year", gettext_lazy("newest first")),
    ("year", gettext_lazy("oldest first")),
    ("title", gettext_lazy("by title")),
)
HUB_PARAMETERS = (
    Parameter(
        "q",
        "text",
        gettext_lazy("Words"),
        gettext_lazy("words of the title or the authors, each found by its beginning"),
    ),
    Parameter(
        "tier", "many", gettext_lazy("Tier"), gettext_lazy("how often it is cited here"), tuple(Tier.choices)
    ),
    Parameter(
        "status", "many", gettext_lazy("Status"), gettext_lazy("how it is cited"), tuple(Status.choices)
    ),
    Parameter("field", "many", gettext_lazy("Field"), gettext_lazy("a field of the paper")),
    Parameter(
        "role",
        "one",
        gettext_lazy("Role"),
        gettext_lazy("some of 10 or more labelled citing papers cite it for this"),
        tuple(Role.choices),
    ),
    Parameter(
        "share_min",
        "percent",
        gettext_lazy("Share in percent, at least"),
        gettext_lazy("of that role; a share needs 10 or more citing papers labelled for role"),
    ),
    Parameter(
        "disputes",
        "one",
        gettext_lazy("Disputes"),
        gettext_lazy("whether citing papers dispute it, by their counted polarity"),
        (
            ("any", gettext_lazy("has disputes")),
            ("none", gettext_lazy("labelled for polarity, no disputes")),
        ),
    ),
    Parameter("year_min", "year", gettext_lazy("From year"), gettext_lazy("the paper's year, inclusive")),
    Parameter("year_max", "year", gettext_lazy("To year"), gettext_lazy("the paper's year, inclusive")),
    Parameter(
        "retracted",
        "one",
        gettext_lazy("Retracted papers"),
        gettext_lazy("papers that are retracted"),
        (
            ("include", gettext_lazy("include")),
            ("exclude", gettext_lazy("leave out")),
            ("only", gettext_lazy("only")),
        ),
    ),
)
HUB_TABLE = {
    parameter.name: parameter
    for parameter in (
        *HUB_PARAMETERS,
        Parameter(
            "sort", "one", gettext_lazy("Sort"), gettext_lazy("the order"), HUB_SORTS, default="-known"
        ),
        Parameter("page", "page", gettext_lazy("Page"), gettext_lazy("1 is the first"), default="1"),
        Parameter("per_page", "per_page", gettext_lazy("Per page"), gettext_lazy("1 to 100"), default="25"),
    )
}


def _include(column):
    def apply(queryset, value):
        if value == "only":
            return queryset.filter(**{column: True})
        return queryset.exclude(**{column: True}) if value == "exclude" else queryset

    return apply


def _hub_fields(queryset, values):
    through = Paper.fields.through.objects.filter(paper_id=OuterRef("paper_id"), field__name__in=values)
    return queryset.filter(Exists(through))


def _hub_words(queryset, value):
    return queryset.filter(paper__in=Paper.objects.search(value).values("id"))


def counted(column, word):
    """How many citing papers carry ``word``, from a summary's counts: 0 where it is not named."""
    return Coalesce(Cast(KeyTextTransform(word, column), IntegerField()), 0)


def _hub_disputes(queryset, value):
    rows = queryset.filter(polarity_labelled__gt=0).alias(disputing=counted("polarities", "disputes"))
    return rows.filter(disputing__gt=0) if value == "any" else rows.filter(disputing=0)


HUB_APPLY = {
    "q": _hub_words,
    "tier": lambda queryset, values: queryset.filter(tier__in=values),
    "status": lambda queryset, values: queryset.filter(status__in=values),
    "field": _hub_fields,
    # A share is of a role: HubListing narrows by both together.
    "role": lambda queryset, value: queryset,
    "share_min": lambda queryset, value: queryset,
    "disputes": _hub_disputes,
    "year_min": lambda queryset, value: queryset.filter(paper__year__gte=int(value)),
    "year_max": lambda queryset, value: queryset.filter(paper__year__lte=int(value)),
    "retracted": _include("paper__retracted"),
}


class TableFilter(django_filters.Filter):
    """A filter of the table: its field validates, its rule narrows."""

    def __init__(self, parameter, rule):
        super().__init__(label=parameter.label, help_text=parameter.help)
        self.parameter, self.rule = parameter, rule

    @property
    def field(self):
        if not hasattr(self, "_field"):
            self._field = form_field(self.parameter)
            self._field.label, self._field.help_text = self.parameter.label, self.parameter.help
        return self._field

    def filter(self, queryset, value):
        return queryset if value in (None, "", []) else self.rule(queryset, value)


class HubFilter(django_filters.FilterSet):
    """The filters of ``/papers/`` over ``HubSummary``."""

    for _parameter in HUB_PARAMETERS:
        locals()[_parameter.name] = TableFilter(_parameter, HUB_APPLY[_parameter.name])
    del _parameter


class _Data(dict):
    """A plain dict that answers like a QueryDict: lists for repeatable parameters."""

    def getlist(self, name, default=None):
        value = self.get(name, default)
        return value if isinstance(value, list) else [] if value is None else [value]


HUB_ORDER = {
    "-known": ("-known", "paper_id"),
    "-disputes": (counted("polarities", "disputes").desc(), "-known", "paper_id"),
    "-share": ("-share", "-known", "paper_id"),  # of the role that is chosen
    "-read": ("-read", "-known", "paper_id"),
    "-labelled": ("-labelled", "-known", "paper_id"),
    "-year": (F("paper__year").desc(nulls_last=True), "-known", "paper_id"),
    "year": (F("paper__year").asc(nulls_last=True), "-known", "paper_id"),
    "title": ("paper__title_folded", "paper_id"),
}


@dataclass
class HubListing:
    """One page of the cited papers of the library. Three queries and those of the rows.

    Counts by role and polarity stand in the summaries as JSON and have no index of their own: such a
    filter or order reads through the summaries, 40 to 80 ms for 200,000 cited papers.
    """

    query: Query
    path: str

    def __post_init__(self):
        self._without_role()
        values = {
            name: held if HUB_TABLE[name].kind == "many" else held[0]
            for name, held in self.query.values.items()
            if name in HUB_APPLY
        }
        filterset = HubFilter(_Data(values), queryset=HubSummary.objects.all())
        if not filterset.is_valid():  # Query.parse lets only valid values through
            raise ValueError(f"unchecked filter values: {filterset.errors}")
        self.filtered = self._with_share(filterset.qs)
        self.total = self.filtered.count()
        self.per_page = int(self.query.one("per_page"))
        self.pages = max(1, math.ceil(self.total / self.per_page))
        self.asked_page = int(self.query.one("page"))
        self.page = min(self.asked_page, self.pages)

    def rows(self):
        begin = (self.page - 1) * self.per_page
        ordered = self.filtered.order_by(*HUB_ORDER[self.query.one("sort")]).values_list("pk", flat=True)
        # The ids alone are sorted: whole rows, with their counts by year, take several times as long.
        places = {pk: place for place, pk in enumerate(ordered[begin : begin + self.per_page])}
        order = Case(*(When(pk=pk, then=place) for pk, place in places.items()), default=0)
        return HubSummary.objects.filter(pk__in=places).order_by(order)

    def without(self):
        """For each filter in force: (Parameter, value, hubs without it, address). One query for each."""
        lines = []
        for parameter, value in self.query.active[:MOST_TRIED]:
            values = self.query.toggled(parameter.name, value)
            left = HubListing(replace(self.query, values=dict(values), dropped=[]), self.path)
            lines.append((parameter, value, left.total, self.query.url(self.path, values)))
        return lines

    def _without_role(self):
        """A share is of a role: without one, what asks for a share is left out and named."""
        query = self.query
        asks = [("share_min", query.values.get("share_min")), ("sort", query.one("sort") == "-share")]
        for name in [name for name, asked in asks if asked and not query.one("role")]:
            value = query.values.pop(name)[0]
            reason = _("A share is of a role: “%s” is left out, since no role is chosen.") % name
            query.dropped.append(Dropped(name, value, reason))

    def _with_share(self, hubs):
        """Hubs of which some labelled citing papers, at least ``share_min`` percent, have the role.

        In whole numbers, so that 50 % of 10 are 5. Without a base of LEAST_BASE there is no share.
        """
        role = self.query.one("role")
        if not role:
            return hubs
        hubs = hubs.filter(labelled__gte=LEAST_BASE).alias(
            with_role=counted("roles", role),
            share=Cast(F("with_role"), FloatField()) / F("labelled"),
        )
        least = int(self.query.one("share_min") or 0)
        return hubs.alias(hundredfold=100 * F("with_role")).filter(
            with_role__gt=0, hundredfold__gte=least * F("labelled")
        )

    def page_url(self, page):
        return self.query.url(self.path, self.query.with_value("page", str(page)), keep_page=True)
