"""The filters and orders of the explorer once more, as SQL over pair rows: what the arrays are held to."""

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from citations.labels import HUMAN_SOURCES
from citations.machine import drawn_at_random
from citations.models import Citation, ClaimTreatment, MachineReading
from citations.tallies import UNLABELLED, UNSURE
from citations.wordsearch import papers_with_words
from explorer.facets import BY_NAME, UNTOLD
from papers.models import Paper
from papers.sections import SECTION_KINDS


def _include(column):
    def apply(queryset, value):
        if value == "only":
            return queryset.filter(**{column: True})
        return queryset.exclude(**{column: True}) if value == "exclude" else queryset

    return apply


def _roles(queryset, values):
    wanted = Q(role__in=[value for value in values if value not in UNTOLD])
    if UNLABELLED in values:
        wanted |= Q(role="", role_source="")
    if UNSURE in values:
        wanted |= Q(role="") & ~Q(role_source="")
    return queryset.filter(wanted)


def _polarities(queryset, values):
    return queryset.filter(polarity__in=["" if value == UNLABELLED else value for value in values])


def _sections(queryset, values):
    mask = sum(1 << SECTION_KINDS.index(value) for value in values)
    return queryset.annotate(in_sections=F("section_mask").bitand(mask)).filter(in_sections__gt=0)


def _fields(queryset, values):
    through = Paper.fields.through.objects.filter(
        paper_id=OuterRef("citing_paper_id"), field__name__in=values
    )
    return queryset.filter(Exists(through))


def _labelled(queryset, value):
    if value == "none":
        return queryset.filter(role="", polarity="")
    return queryset.exclude(**{value: ""})


def _undated(queryset, value):
    return queryset if value == "include" else queryset.filter(citing_year__isnull=value == "only")


def _machine(queryset, value):
    if value == "checked":
        return queryset.filter(Exists(drawn_at_random().filter(context__citation=OuterRef("pk"))))
    read = Exists(MachineReading.objects.filter(citation=OuterRef("pk"), context__withdrawn_at=None))
    if value == "estimated":
        return queryset.filter(read | Q(role_source__in=HUMAN_SOURCES) & ~Q(role=""))
    return queryset.filter(read)


def _cites(queryset, value):
    both = Citation.objects.current().filter(
        citing_paper_id=OuterRef("citing_paper_id"), cited_paper_id=int(value)
    )
    return queryset.filter(Exists(both))


def _claim(queryset, value):
    claim_id, _colon, treatment = value.partition(":")
    tied = ClaimTreatment.objects.filter(citation_id=OuterRef("pk"), claim__withdrawn_at=None)
    if claim_id in ("any", "none"):
        return queryset.filter(Exists(tied) if claim_id == "any" else ~Exists(tied))
    tied = tied.filter(claim_id=int(claim_id))
    return queryset.filter(Exists(tied.filter(treatment=treatment) if treatment else tied))


def _words(queryset, value):
    """What the index gives, which has an oracle of its own (tests/citations/test_wordsearch.py)."""
    for cited_id in queryset.values_list("cited_paper_id", flat=True)[:1]:
        return queryset.filter(citing_paper_id__in=papers_with_words(cited_id, value).tolist())
    return queryset


APPLY = {
    "role": _roles,
    "polarity": _polarities,
    "suggested": lambda queryset, values: queryset.filter(suggested_polarity__in=values),
    "section": _sections,
    "field": _fields,
    "venue": lambda queryset, values: queryset.filter(citing_venue__name__in=values),
    "source": lambda queryset, values: queryset.filter(label_source__in=values),
    "labelled": _labelled,
    "year_min": lambda queryset, value: queryset.filter(citing_year__gte=int(value)),
    "year_max": lambda queryset, value: queryset.filter(citing_year__lte=int(value)),
    "undated": _undated,
    "depth_min": lambda queryset, value: queryset.filter(depth__gte=int(value)),
    "depth": lambda queryset, values: queryset.filter(depth__in=[int(value) for value in values]),
    "self": _include("is_self_citation"),
    "text": lambda queryset, value: queryset.filter(is_read=value == "read"),
    "retracted": _include("citing_retracted"),
    "machine": _machine,
    "cites": _cites,
    "claim": _claim,
    "q": _words,
}


ORDER = {
    "-year": (F("citing_year").desc(nulls_last=True), "-citing_paper_id"),
    "year": (F("citing_year").asc(nulls_last=True), "citing_paper_id"),
    "-depth": (F("depth").desc(nulls_last=True), F("citing_year").desc(nulls_last=True), "-citing_paper_id"),
    "-cited": (F("known").desc(), F("citing_year").desc(nulls_last=True), "-citing_paper_id"),
    "-suggested": (F("suggestion_probability").desc(nulls_last=True), "-citing_paper_id"),
}


def narrow(paper_id, values):
    """The citations of a paper under valid raw values of parameters; paging does not count."""
    found = Citation.objects.incoming(paper_id)
    for name, held in values.items():
        if name in APPLY:
            found = APPLY[name](found, held if BY_NAME[name].kind == "many" else held[0])
    return found


def ordered(found, sort):
    known = Coalesce(F("citing_paper__hub_summary__known"), 0)
    return found.annotate(known=known).order_by(*ORDER[sort])
