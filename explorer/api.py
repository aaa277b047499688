"""The JSON API under ``/api/v1/`` (contract: Pages, last paragraph): what the pages show, for programs.

Owns its addresses, its shapes and its errors. What a request asks for is read by
``filters.py`` from the table in ``facets.py``, what is counted comes from ``hub.py``: an
answer here and the page of the same query say the same. ``docs/api.md`` tells it to people.
"""

from __future__ import annotations

from datetime import datetime
from functools import wraps
from inspect import getdoc
from typing import Literal

from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.db.models import F, Prefetch, prefetch_related_objects
from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import re_path, reverse
from django.utils import translation
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Path
from pydantic import BaseModel

from citations import headline, machine
from citations.headline import Status, Tier
from citations.labels import Dimension, LabelSource, Polarity, Role
from citations.models import Assertion, Claim
from citations.rollups import counts_of
from explorer.citing import Listing
from explorer.facets import BY_NAME, Parameter
from explorer.filters import LARGEST_ID, MOST_CHARACTERS, MOST_PER_PAGE, MOST_VALUES, Query
from explorer.hub import Hub, attach
from explorer.limits import PROBLEM_TYPE, problem, took_too_long
from papers import identifiers
from papers.models import Authorship, Notice, Paper, PaperIdentifier, PaperVersion

SEARCH_TABLE = {
    "q": Parameter("q", "text", "Words", "words of the title or the authors, or an identifier in any form"),
    "page": BY_NAME["page"],
    "per_page": BY_NAME["per_page"],
}
METHODS = ["GET", "HEAD"]


# -- shapes ------------------------------------------------------------------------------------


# Every key is always there; what is unknown is null. The names are those of the OpenAPI components.

ClaimOrigin = Literal[tuple(Claim.Origin.values)]
NoticeKind = Literal[tuple(Notice.Kind.values)]
SummaryOrigin = Literal[tuple(Paper.SummaryOrigin.values)]
VersionKind = Literal[tuple(PaperVersion.Kind.values)]


class PaperLink(BaseModel):
    id: int
    title: str
    url: str


class PaperShort(BaseModel):
    """``title`` is the identifier where no title is known; ``url`` the hub page."""

    id: int
    title: str
    year: int | None
    identifiers: dict[str, str]
    url: str
    retracted: bool | None


class PaperAuthor(BaseModel):
    name: str
    orcid: str | None
    url: str | None


class NamedIdentifier(BaseModel):
    scheme: str
    value: str
    url: str | None


class Summary(BaseModel):
    text: str
    origin: SummaryOrigin


class Version(BaseModel):
    kind: VersionKind
    title: str | None
    venue: str | None
    date: str | None
    identifiers: dict[str, str]


class PaperNotice(BaseModel):
    """``paper`` is the notice itself."""

    kind: NoticeKind
    paper: PaperLink


class PaperFull(PaperShort):
    date: str | None
    venue: str | None
    authors: list[PaperAuthor]
    all_identifiers: list[NamedIdentifier]
    kind: str | None
    language: str | None
    fields: list[str]
    abstract: str | None
    summary: Summary | None
    license: str | None
    versions: list[Version]
    notices: list[PaperNotice]
    fictional: bool


class Coverage(BaseModel):
    known: int
    read: int
    labelled: int
    curated: int
    polarity_labelled: int


class RoleShare(BaseModel):
    """``share``, ``low``, ``high`` are fractions; the bounds are null where there is no interval."""

    role: Role
    count: int
    share: float
    low: float | None
    high: float | None


class PolarityShare(BaseModel):
    """As RoleShare."""

    polarity: Polarity
    count: int
    share: float
    low: float | None
    high: float | None


class RoleEstimate(BaseModel):
    """The share of a role among the papers that a machine or people have read, anchored by random checks.

    ``checked``: how many checks it rests on: those of this hub (``basis`` hub), of the library (pool), or
    all papers (all: the share is exact, the bounds are null). All but ``checked`` are fractions.
    """

    role: Role
    share: float
    low: float | None
    high: float | None
    checked: int
    basis: str


class MachineRead(BaseModel):
    """What our classifier has read: ``read`` citing papers, ``unsure`` of them untold, ``checked`` at random.

    ``suggested``: polarity -> citing papers for which it suggests one; none of them is counted.
    """

    version: str
    read: int
    unsure: int
    checked: int
    suggested: dict[Polarity, int]


class PaperHub(BaseModel):
    paper: PaperShort
    tier: Tier | None
    status: Status
    provisional: bool
    headline: str
    coverage: Coverage
    roles: list[RoleShare]
    polarities: list[PolarityShare]
    estimates: list[RoleEstimate]
    machine: MachineRead | None
    as_of: datetime | None
    fictional: bool


class Label(BaseModel):
    """``value`` is the scheme's own word; ``role`` or ``polarity`` is ours, where there is one."""

    source: LabelSource
    scheme: str
    value: str
    role: Role | None
    polarity: Polarity | None
    confidence: float | None
    at: datetime


class Context(BaseModel):
    """A citing sentence; ``start`` and ``end`` mark the citation in code points, end exclusive."""

    text: str
    start: int | None
    end: int | None
    section: str | None
    section_kind: str | None
    suppressed: bool
    labels: list[Label]


class CitingPaper(BaseModel):
    paper: PaperShort
    role: Role | None
    also: list[Role]
    polarity: Polarity | None
    depth: int | None
    is_self_citation: bool | None
    label_source: LabelSource | None
    contexts: list[Context]
    pair_labels: list[Label]


class FacetCount(BaseModel):
    value: str
    count: int


class CitationList(BaseModel):
    """``count`` is of the whole list; ``next`` the address of the next page, null on the last."""

    count: int
    results: list[CitingPaper]
    next: str | None
    facets: dict[str, list[FacetCount]]


class CoCitedWork(BaseModel):
    """``share`` is of the known citing papers; ``examples`` are papers that cite both."""

    paper: PaperShort
    count: int
    share: float
    same_passage: int
    examples: list[PaperLink]


class CoCitedList(BaseModel):
    count: int
    results: list[CoCitedWork]
    next: str | None
    left_out: int


class TreatmentCounts(BaseModel):
    supports: int
    qualifies: int
    disputes: int


class PaperClaim(BaseModel):
    id: int
    text: str
    quote: str | None
    section: str | None
    origin: ClaimOrigin
    treatments: TreatmentCounts


class ClaimList(BaseModel):
    count: int
    results: list[PaperClaim]
    next: str | None
    untied: TreatmentCounts


class FoundPaper(BaseModel):
    paper: PaperShort
    known: int
    tier: Tier | None
    status: Status


class SearchList(BaseModel):
    count: int
    results: list[FoundPaper]
    next: str | None


class Problem(BaseModel):
    """An error as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str


class InvalidParameter(BaseModel):
    name: str
    value: str
    reason: str


class InvalidParameters(Problem):
    invalid: list[InvalidParameter]


# -- errors ------------------------------------------------------------------------------------


class Refused(Exception):
    """An answer that is an error. ``more`` are further members of the problem JSON."""

    def __init__(self, status, detail, **more):
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more

    def response(self):
        return problem(self.status, self.detail, **self.more)


def _invalid(invalid):
    names = ", ".join(dict.fromkeys(item["name"] for item in invalid))
    return Refused(422, f"Not understood, and nothing was applied: {names}.", invalid=invalid)


def checked(request, table):
    """The Query of a request. Raises the 422 that names all that is unknown or invalid."""
    query = Query.parse(request.GET, table=table)
    if query.dropped:
        raise _invalid(
            [
                {"name": dropped.name, "value": dropped.value, "reason": _reason(dropped.name, table)}
                for dropped in query.dropped
            ]
        )
    return query


def _reason(name, table):
    if name in table:
        return f"{name} takes {accepts(table[name])}."
    return f"There is no such parameter here; known are: {', '.join(table) or 'none'}."


def accepts(parameter):
    """What a parameter takes, in English: for refusals and for the description of the API."""
    words = ", ".join(value for value, _label in (*parameter.choices, *parameter.extra))
    text = f"text of up to {MOST_CHARACTERS} characters"
    if parameter.kind == "many":
        return f"{f'any of {words}' if words else text}; repeatable, up to {MOST_VALUES} values"
    return {
        "one": f"one of {words}",
        "year": "one year, a whole number from 0 to 9999; year_min not after year_max",
        "id": "one whole number from 1",
        "page": "one whole number from 1",
        "per_page": f"one whole number from 1 to {MOST_PER_PAGE}",
        "claim": "one id, alone or as id:supports, id:qualifies, id:disputes; or any, or none",
        "text": f"one {text}",
    }[parameter.kind]


# -- what every address shares -----------------------------------------------------------------


class LibraryAPI(NinjaAPI):
    """NinjaAPI whose errors leave it as they are, and whose description has them as problem JSON."""

    def on_exception(self, request, exc):
        raise exc

    def get_openapi_schema(self, **options):
        schema = super().get_openapi_schema(**options)
        for address in schema["paths"].values():
            del address["head"]
            for status, response in address["get"]["responses"].items():
                if status >= 400:
                    response["content"] = {PROBLEM_TYPE: response["content"]["application/json"]}
        return schema


api = LibraryAPI(
    title="Citation hub",
    version="1",
    description="How papers are cited, with every label and the sentence that it was read from. Read only.",
    urls_namespace="explorer:api",
    docs_url=None,
)


def answered(view):
    """``view`` as every address answers: GET and HEAD only, in English, to any origin, errors as JSON."""

    @csrf_exempt
    @wraps(view)
    def answer(request, *args, **kwargs):
        with translation.override("en"):
            try:
                if request.method not in METHODS:
                    raise Refused(405, "This API is read with GET or HEAD.")
                response = view(request, *args, **kwargs)
            except Exception as error:
                if took_too_long(error):
                    raise
                response = _failed(request, error)
        if response.status_code == 405:
            response["Allow"] = ", ".join(METHODS)
        response["Access-Control-Allow-Origin"] = "*"
        response["Content-Language"] = "en"
        return response

    return answer


def _failed(request, error):
    if isinstance(error, Refused):
        return error.response()
    if isinstance(error, Http404):
        return Refused(404, "There is nothing at this address; openapi.json lists what there is.").response()
    if isinstance(error, SuspiciousOperation):
        return Refused(400, "The request cannot be read.").response()
    got_request_exception.send(sender=None, request=request)
    response = Refused(500, "Something went wrong here; it has been logged.").response()
    log_response(
        "%s: %s", response.reason_phrase, request.path, response=response, request=request, exception=error
    )
    return response


def nothing_here(request):
    """What every address under ``/api/v1/`` answers that is not one of the API."""
    raise Http404


# -- the description: parameters ---------------------------------------------------------------


def described(parameter, *, required=False):
    """One parameter as OpenAPI has it."""
    words = [value for value, _label in (*parameter.choices, *parameter.extra)]
    text = {"type": "string", "maxLength": MOST_CHARACTERS}
    one = {"type": "string", "enum": words} if words else text
    schema = {
        "many": {"type": "array", "items": one, "maxItems": MOST_VALUES},
        "one": one,
        "year": {"type": "integer", "minimum": 0, "maximum": 9999},
        "id": {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        "page": {"type": "integer", "minimum": 1, "maximum": 10**12},
        "per_page": {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE},
        "claim": {"type": "string", "pattern": "^(any|none|[0-9]{1,18}(:(supports|qualifies|disputes))?)$"},
        "text": text,
    }[parameter.kind]
    if parameter.default:
        default = int(parameter.default) if schema["type"] == "integer" else parameter.default
        schema = {**schema, "default": default}
    if required:
        schema = {**schema, "pattern": r"\S"}
    return {
        "name": parameter.name,
        "in": "query",
        "description": f"{parameter.help}. Takes {accepts(parameter)}.",
        "required": required,
        "allowEmptyValue": not required,
        "schema": schema,
        **({"style": "form", "explode": True} if parameter.kind == "many" else {}),
    }


# -- addresses ---------------------------------------------------------------------------------


def find(ref):
    """The paper that ``ref`` (an id or ``scheme:value``) names, or None. At most two queries."""
    papers = Paper.objects.select_related("venue", "hub_summary")
    if ref.isascii() and ref.isdigit() and len(ref) <= len(str(LARGEST_ID)):
        number = int(ref)
        return papers.filter(pk=number).first() or papers.filter(redirects__old_id=number).first()
    scheme, _colon, value = ref.partition(":")
    return papers.by_identifier(scheme, value).first()


def of_paper(part, shape, *, table=None):
    """Make ``read(request, paper, query)`` the operation ``papers/{ref}/<part>``.

    The number of a merged paper is answered by 301. Where ``ref`` names nothing, the whole
    address may: a DOI can end in ``/hub``.
    """

    def register(read):
        def operation(
            request,
            ref: str = Path(
                ...,
                description="An id (12), or scheme:value of any scheme and in any spelling "
                "(doi:10.1234/ABC, arxiv:2104.07143v2, acl:J93-2004); slashes plain or percent-encoded.",
            ),
        ):
            paper = find(ref)
            if paper is None and part and (whole := find(f"{ref}/{part}")):
                checked(request, {})
                return api.create_response(request, full(request, whole, None).model_dump(), status=200)
            if paper is None:
                raise Refused(404, f"There is no paper {ref} here.")
            if ref.isdigit() and int(ref) != paper.pk:
                return HttpResponsePermanentRedirect(_address(request, read.__name__, paper))
            return read(request, paper, checked(request, table or {}))

        api.api_operation(
            METHODS,
            f"/papers/{{path:ref}}/{part}".rstrip("/"),
            response={200: shape, 301: None, 404: Problem, 422: InvalidParameters},
            operation_id=read.__name__,
            url_name=read.__name__,
            summary=read.__doc__.partition("\n")[0],
            description=getdoc(read),
            openapi_extra={"parameters": [described(parameter) for parameter in (table or {}).values()]},
        )(operation)
        return read

    return register


def _address(request, name, paper):
    query = request.META.get("QUERY_STRING", "")
    path = reverse(f"explorer:api:{name}", args=[paper.pk])
    return f"{path}?{query}" if query else path


@of_paper("hub", PaperHub)
def hub(request, paper, query):
    """How a paper is cited: headline, coverage, roles and polarities."""
    load_identifiers([paper])
    page = Hub(paper, paper.get_absolute_url())
    counts, reading = page.counts, machine.reading_of(page.summary)
    return PaperHub(
        paper=short(request, paper),
        tier=headline.tier(counts.known),
        status=page.headline.status,
        provisional=headline.is_provisional(counts),
        headline=page.headline.english,
        coverage=Coverage(**{name: getattr(counts, name) for name in Coverage.model_fields}),
        roles=[RoleShare(role=line.word, **_share(line.share)) for line in page.roles],
        polarities=[PolarityShare(polarity=line.word, **_share(line.share)) for line in page.polarities],
        estimates=[_estimate(line) for line in reading.estimates] if reading else [],
        machine=_machine(page.summary, reading) if reading else None,
        as_of=page.summary.computed_at if page.summary else None,
        fictional=paper.is_fictional,
    )


@of_paper("citations", CitationList, table=BY_NAME)
def citations(request, paper, query):
    """The papers that cite a paper, each with its citing sentences and all that is said about them."""
    listing = Listing(query, Hub(paper, "").citing, reverse("explorer:api:citations", args=[paper.pk]))
    pairs = listing.rows(past_the_end="empty")
    attach(paper, pairs, whole=True)
    load_labels(pairs)
    return CitationList(
        count=listing.total,
        next=_next(request, listing.asked_page, listing.pages, listing.page_url),
        results=[citing_paper(request, pair) for pair in pairs],
        facets=listing.counts.as_json(),
    )


@of_paper("cocited", CoCitedList)
def cocited(request, paper, query):
    """The works that most citing papers cite together with a paper: 20 at most."""
    rows, left_out = Hub(paper, "").co_cited()
    rows = attach(paper, [], rows, whole=True)
    results = [
        CoCitedWork(
            paper=short(request, row.paper),
            count=row.count,
            share=row.share.share,
            same_passage=row.same_passage,
            examples=[link(request, example) for example, _url in row.examples],
        )
        for row in rows
    ]
    return CoCitedList(count=len(results), next=None, results=results, left_out=left_out)


@of_paper("claims", ClaimList)
def claims(request, paper, query):
    """What a paper states, and how many citing papers support, qualify or dispute each statement.

    ``untied`` counts the citing papers of each polarity that are tied to no claim.
    """
    rows, untied = Hub(paper, "").claims()
    results = [
        PaperClaim(
            id=row.pk,
            text=row.text,
            quote=row.quote or None,
            section=row.section or None,
            origin=row.origin,
            treatments=TreatmentCounts(**{str(word): count for word, count, _url in row.cells}),
        )
        for row in rows
    ]
    none = TreatmentCounts(**{str(line["word"]): line["none"] for line in untied})
    return ClaimList(count=len(results), next=None, results=results, untied=none)


@of_paper("", PaperFull)
def full(request, paper, query):
    """Everything about one paper."""
    prefetch_related_objects(
        [paper],
        Prefetch("authorships", Authorship.objects.select_related("author")),
        Prefetch("identifiers", PaperIdentifier.objects.select_related("version")),
        "fields",
        "versions",
        "notices__notice_paper__identifiers",
    )
    rows = _strongest_first(paper.identifiers.all())
    return PaperFull(
        **short(request, paper).model_dump(),
        date=paper.date or None,
        venue=paper.venue.name if paper.venue else None,
        authors=[_author(request, row) for row in paper.authorships.all()],
        all_identifiers=[
            NamedIdentifier(scheme=row.scheme, value=row.value, url=row.url or None) for row in rows
        ],
        kind=paper.kind or None,
        language=paper.language or None,
        fields=[field.name for field in paper.fields.all()],
        abstract=paper.abstract or None,
        summary=Summary(text=paper.summary, origin=paper.summary_origin) if paper.summary else None,
        license=paper.license or None,
        versions=[_version(version, rows) for version in paper.versions.all()],
        notices=[
            PaperNotice(kind=notice.kind, paper=link(request, notice.notice_paper))
            for notice in paper.notices.all()
        ],
        fictional=paper.is_fictional,
    )


@api.api_operation(
    METHODS,
    "/search",
    response={200: SearchList, 422: InvalidParameters},
    operation_id="search",
    summary="Papers by words or by an identifier, the most cited first.",
    openapi_extra={
        "parameters": [
            described(parameter, required=parameter.name == "q") for parameter in SEARCH_TABLE.values()
        ]
    },
)
def search(request):
    """Papers by words or by an identifier in any form, the most cited first.

    An identifier that a paper here has finds that paper alone.
    """
    query = checked(request, SEARCH_TABLE)
    words = query.one("q")
    if not words:
        raise _invalid([{"name": "q", "value": "", "reason": _reason("q", SEARCH_TABLE)}])
    parsed = identifiers.parse_identifier(words)
    found = Paper.objects.by_identifier(*parsed) if parsed else Paper.objects.none()
    total = found.count() if parsed else 0
    if not total:
        found = Paper.objects.search(words)
        total = found.count()
    page, per_page = int(query.one("page")), int(query.one("per_page"))
    begin = (page - 1) * per_page
    most_cited = F("hub_summary__known").desc(nulls_last=True)
    ordered = found.select_related("hub_summary").order_by(most_cited, "title_folded", "id")
    papers = list(ordered[begin : begin + per_page]) if begin < total else []
    load_identifiers(papers)
    path = reverse("explorer:api:search")

    def page_url(number):
        return query.url(path, query.with_value("page", str(number)), keep_page=True)

    return SearchList(
        count=total,
        next=_next(request, page, -(-total // per_page), page_url),
        results=[_found(request, paper) for paper in papers],
    )


# -- rows to shapes ----------------------------------------------------------------------------


def load_identifiers(papers):
    """What ``short`` and ``link`` read of papers. One query."""
    prefetch_related_objects(
        papers, Prefetch("identifiers", PaperIdentifier.objects.select_related("version"))
    )


def load_labels(pairs):
    """What ``citing_paper`` reads beside what ``attach`` loads: the labels that stand. Two queries."""
    said = Assertion.objects.filter(withdrawn_at=None).order_by("created_at", "id")
    prefetch_related_objects(
        [context for pair in pairs for context in pair.current_contexts], Prefetch("assertions", said)
    )
    prefetch_related_objects(pairs, Prefetch("pair_assertions", said))


def _strongest_first(rows):
    """Identifiers by scheme; of one scheme that of the published version before another version's."""

    def key(row):
        of_other_version = row.version is not None and row.version.kind != PaperVersion.Kind.PUBLISHED
        return identifiers.SCHEMES.index(row.scheme), of_other_version, row.pk

    return sorted(rows, key=key)


def _one_a_scheme(rows):
    return {row.scheme: row.value for row in reversed(rows)}


def short(request, paper):
    """A PaperShort. Reads ``identifiers``: load them for lists."""
    return PaperShort(
        id=paper.pk,
        title=paper.display_title,
        year=paper.year,
        identifiers=_one_a_scheme(_strongest_first(paper.identifiers.all())),
        url=request.build_absolute_uri(paper.get_absolute_url()),
        retracted=paper.retracted,
    )


def link(request, paper):
    """A PaperLink. Reads ``identifiers`` of a paper without a title."""
    url = request.build_absolute_uri(paper.get_absolute_url())
    return PaperLink(id=paper.pk, title=paper.display_title, url=url)


def _author(request, row):
    person = row.author
    return PaperAuthor(
        name=row.name,
        orcid=person.orcid or None if person else None,
        url=request.build_absolute_uri(person.get_absolute_url()) if person else None,
    )


def _identifier(row):
    return NamedIdentifier(scheme=row.scheme, value=row.value, url=row.url or None)


def _notice(request, notice):
    return PaperNotice(kind=notice.kind, paper=link(request, notice.notice_paper))


def _version(version, rows):
    return Version(
        kind=version.kind,
        title=version.title or None,
        venue=version.venue or None,
        date=version.date or None,
        identifiers=_one_a_scheme([row for row in rows if row.version_id == version.pk]),
    )


def _share(share):
    return {"count": share.count, "share": share.share, "low": share.low, "high": share.high}


def _estimate(line):
    return RoleEstimate(**{name: getattr(line, name) for name in RoleEstimate.model_fields})


def _machine(summary, reading):
    return MachineRead(
        version=summary.population["version"],
        read=summary.population["size"],
        unsure=summary.unsure,
        checked=reading.checked,
        suggested=summary.suggested,
    )


def citing_paper(request, pair):
    """A CitingPaper of a citation that ``attach`` and ``load_labels`` have read."""
    return CitingPaper(
        paper=short(request, pair.citing_paper),
        role=pair.role or None,
        also=pair.also_roles,
        polarity=pair.polarity or None,
        depth=pair.depth,
        is_self_citation=pair.is_self_citation,
        label_source=pair.label_source or None,
        contexts=[_context(context) for context in pair.current_contexts],
        pair_labels=[_label(row) for row in pair.pair_assertions.all()],
    )


def _context(context):
    passage = context.passage
    suppressed = passage.suppressed_at is not None
    return Context(
        text="" if suppressed else passage.text,
        start=None if suppressed else context.start,
        end=None if suppressed else context.end,
        section=passage.section or None,
        section_kind=passage.section_kind or None,
        suppressed=suppressed,
        labels=[_label(row) for row in context.assertions.all()],
    )


def _label(row):
    return Label(
        source=row.source,
        scheme=row.scheme,
        value=row.original_value,
        role=(row.value or None) if row.dimension == Dimension.ROLE else None,
        polarity=row.value if row.dimension == Dimension.POLARITY else None,
        confidence=row.confidence,
        at=row.created_at,
    )


def _found(request, paper):
    counts = counts_of(getattr(paper, "hub_summary", None))
    return FoundPaper(
        paper=short(request, paper),
        known=counts.known,
        tier=headline.tier(counts.known),
        status=headline.status(counts),
    )


def _next(request, page, pages, page_url):
    return request.build_absolute_uri(page_url(page + 1)) if page < pages else None


# -- the addresses, as urls.py mounts them -----------------------------------------------------


def addresses():
    """``(patterns, application, namespace)`` of the API, every view ``answered``."""
    patterns, application, namespace = api.urls
    patterns = [*patterns, re_path("", nothing_here)]
    for pattern in patterns:
        pattern.callback = answered(pattern.callback)
    return patterns, application, namespace
