"""Every page: parse the request, read, render. Rules and reads live in the modules beside this one."""

from functools import wraps

from django.conf import settings
from django.db.models import F, prefetch_related_objects
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from citations import labels
from citations.headline import Status
from citations.models import Citation, HubSummary
from explorer import accuracy, exports, facets, finding, front
from explorer import card as pictures
from explorer.accuracy import Accuracy, Comparisons
from explorer.caching import kept, wants_part
from explorer.citing import Listing
from explorer.compare import MOST, Asked, Comparison
from explorer.components import suggestion_facts
from explorer.filters import HUB_TABLE, LARGEST_ID, HubListing, Query
from explorer.hub import EXPLORER, Hub, attach, evidence, hubs_for_list
from explorer.limits import refused
from explorer.representative import telling_context
from papers import identifiers
from papers.addresses import address
from papers.models import Author, Field, Paper, PaperRedirect
from papers.prepared import Prepared

# The rules of citations/headline.py in words, for /about/labels/.
STATUS_RULES = {
    Status.FEW_CITATIONS: gettext_lazy("fewer than 10 citing papers are known"),
    Status.UNREAD: gettext_lazy("none of them has been read"),
    Status.CONTESTED: gettext_lazy(
        # xgettext:no-python-format
        "of 10 or more citing papers labelled for polarity, at least 3 and at least 10% dispute"
    ),
    Status.STILL_INDEXING: gettext_lazy("fewer than 5 are labelled for role, and fewer than 5 for polarity"),
    Status.POLARITY_ONLY: gettext_lazy("fewer than 5 are labelled for role"),
    Status.TOOL_REFERENCE: gettext_lazy(
        # xgettext:no-python-format
        "method and dataset together are 60% or more of the roles"
    ),
    Status.BASELINE_REFERENCE: gettext_lazy(
        # xgettext:no-python-format
        "baseline is 50% or more of the roles"
    ),
    Status.CANONICAL_REFERENCE: gettext_lazy(
        # xgettext:no-python-format
        "background is 70% or more of the roles"
    ),
    Status.MIXED_CITATIONS: gettext_lazy("none of the rules above holds"),
}
HOME_HUBS = 6
SEARCH_RESULTS = 50
SUGGESTIONS = 8
MOST_TYPED = 1000  # characters in the search box: a pasted citation is a long one
AUTHOR_PAPERS = 200
FIELDS_OFFERED = 300


PAPERS = Paper.objects.select_related("venue", "hub_summary")
PAPER = Prepared(lambda number: PAPERS.filter(pk=number))
MERGED_AWAY = Prepared(lambda number: PAPERS.filter(redirects__old_id=number))


def of_paper(route):
    """Decorate a view of one paper: it is given the paper and its own path, and what else its address names.

    An address with another slug, or of a paper that was merged away, is redirected for good. One query; a
    second for an unknown number, which may be that of a merged paper. Raises Http404.
    """

    def decorate(view):
        @wraps(view)
        def found(request, paper_id, slug="", **more):
            number = min(paper_id, LARGEST_ID)
            paper = next(iter(PAPER(number) or MERGED_AWAY(number)), None)
            if paper is None:
                raise Http404(_("There is no paper with the number %s.") % paper_id)
            path = reverse(route, kwargs={"paper_id": paper.pk, "slug": paper.slug, **more})
            if request.path == path:
                return view(request, paper, path, **more)
            query = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)

        return found

    return decorate


@require_safe
@kept
def home(request):
    words = _typed(request)
    if words:
        return _searched(request, words)
    hubs = hubs_for_list(HubSummary.objects.order_by("-known", "paper_id")[:HOME_HUBS])
    example, disputes = front.example(), front.newest_disputes()
    shown = [hub.paper for hub in hubs] + [pair.cited_paper for pair, _context in disputes]
    context = {
        "words": "",
        "hubs": hubs,
        "example": example,
        "disputes": disputes,
        "coverage": front.coverage(),
        "fictional": any(paper.is_fictional for paper in shown),
    }
    return render(request, "explorer/home.html", context)


def _typed(request):
    """What stands in the search box."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:MOST_TYPED]


def _searched(request, words):
    paper, pair = finding.identified(words)
    if paper is not None:
        return redirect(paper)
    found = finding.Found() if pair else finding.find(words, SEARCH_RESULTS)
    context = {
        "words": words,
        "identifier": pair,
        "found": found,
        "hubs": [Hub(paper, paper.get_absolute_url()) for paper in found.papers],
        "fictional": any(paper.is_fictional for paper in found.papers),
    }
    return render(request, "explorer/found.html", context)


@require_safe
@kept
def suggestions(request):
    """Papers for what somebody types, for ``static/search.js``: ``{said, papers: [{title, about, url}]}``."""
    words = _typed(request)
    if identifiers.parse_identifier(words):
        paper, _pair = finding.identified(words)
        papers = [paper] if paper else []
    else:
        papers = finding.suggest(words, SUGGESTIONS)
    lines = [
        {
            "title": paper.display_title,
            "lang": paper.language,
            "about": suggestion_facts(paper),
            "url": paper.get_absolute_url(),
        }
        for paper in papers
    ]
    said = ngettext("%(n)s paper suggested", "%(n)s papers suggested", len(lines)) % {"n": len(lines)}
    return JsonResponse({"said": said, "papers": lines})


@require_safe
@kept
def papers(request):
    query = Query.parse(request.GET, table=HUB_TABLE)
    listing = HubListing(query, request.path)
    hubs = hubs_for_list(listing.rows())
    context = {
        "listing": listing,
        "query": query,
        "hubs": hubs,
        "asked_words": _asked_words(query),
        "field_names": Field.objects.values_list("name", flat=True)[:FIELDS_OFFERED],
        "chips": chips(query, request.path),
        "without": [] if listing.total else listing.without(),
        "fictional": any(hub.paper.is_fictional for hub in hubs),
    }
    return render(request, "explorer/papers.html", context)


@require_safe
@kept
@of_paper("explorer:hub")
def hub(request, paper, path):
    page = Hub(paper, path)
    listing = Listing(Query.parse(request.GET), page.citing, path)
    if wants_part(request):
        return _explorer_part(request, page, listing, anchor=EXPLORER)
    citations, representatives = page.citing.pairs(listing.ids(), page.representative_ids())
    co_cited, left_out = page.co_cited()
    co_cited = attach(paper, [*citations, *representatives], co_cited)
    claims, untied = page.claims()
    context = _explorer_context(page, listing, citations) | {
        "claims": claims,
        "untied": untied,
        "co_cited": co_cited,
        "co_cited_map": page.co_citation_map(co_cited),
        "left_out": left_out,
        "representatives": [(one, telling_context(one)) for one in representatives],
        "versions": page.versions(),
        "notices": page.notices(),
        "fields": list(paper.fields.values_list("name", flat=True)),
        "machine_read": page.machine(),
        "more_over_time": page.polarity_and_depth_over_time(),
        "page_url": absolute(request, path),
        "card_url": absolute(request, reverse("explorer:card", args=[paper.pk, paper.slug, "png"])),
    }
    return render(request, "explorer/hub.html", context)


@require_safe
@kept
@of_paper("explorer:citing")
def citing(request, paper, path):
    page = Hub(paper, path)
    listing = Listing(Query.parse(request.GET), page.citing, path)
    if wants_part(request):
        return _explorer_part(request, page, listing, anchor="")
    citations = listing.rows()
    attach(paper, citations)
    return render(request, "explorer/citing.html", _explorer_context(page, listing, citations))


@require_safe
@of_paper("explorer:export")
def export(request, paper, _path):
    """Citing papers as a file, those selected or all that match. Not kept: it is sent as it is made."""
    try:
        return exports.export(request, paper)
    except exports.Refusal as refusal:
        return refused(request, 400, str(refusal))


@require_safe
@kept
@of_paper("explorer:years")
def years(request, paper, _path):
    """Citing papers by year: the pictures of the hub page, each with the table of its numbers."""
    page = Hub(paper, paper.get_absolute_url())
    context = {
        "hub": page,
        "paper": paper,
        "pictures": [page.roles_over_time, *page.polarity_and_depth_over_time()],
        "fictional": paper.is_fictional,
    }
    return render(request, "explorer/years.html", context)


@require_safe
@kept
@of_paper("explorer:card")
def card(request, paper, _path, kind):
    """The preview picture of a hub for other sites, as ``png`` or ``svg``."""
    if kind not in ("png", "svg"):
        raise Http404
    page = Hub(paper, paper.get_absolute_url())
    if kind == "png":
        return HttpResponse(pictures.png(page, settings.LIBRARY_NAME), content_type="image/png")
    picture, _machine = pictures.svg(page, settings.LIBRARY_NAME)
    return HttpResponse(picture, content_type="image/svg+xml")


@require_safe
@kept
def compare(request):
    """Two to four hubs side by side. With fewer the page says how to name them."""
    asked = Asked.parse(request.GET)
    prefetch_related_objects(asked.papers, "authorships", "identifiers")
    context = {
        "asked": asked,
        "comparison": Comparison(asked.papers),
        "most": MOST,
        "fictional": any(paper.is_fictional for paper in asked.papers),
    }
    return render(request, "explorer/compare.html", context)


@require_safe
@kept
def citation(request, paper_id, citing_id):
    """The evidence of one citation. An address of a merged paper leads to the kept one.

    The query is that of a list of citing papers, in which a reader goes on from here.
    """
    kept = _kept_ids(paper_id, citing_id)
    if kept != (paper_id, citing_id):
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{address('explorer:evidence', *kept)}{query and f'?{query}'}")
    pairs = Citation.objects.select_related("cited_paper__venue", "cited_paper__hub_summary")
    pair = get_object_or_404(pairs, cited_paper_id=paper_id, citing_paper_id=citing_id)
    attach(pair.cited_paper, [pair])
    contexts, pair_assertions = evidence(pair)
    page = Hub(pair.cited_paper, pair.cited_paper.get_absolute_url())
    listing = Listing(Query.parse(request.GET), page.citing, page.path)
    context = {
        "hub": page,
        "listing": listing,
        "query": listing.query,
        "chips": chips(listing.query, listing.path),
        "order": order(listing.query),
        "walk": _walk(listing, pair),
        "page_url": absolute(request, request.path),
        "paper": pair.cited_paper,
        "citation": pair,
        "contexts": contexts,
        "in_reading_order": len(contexts) < 2 or all(one.passage.position is not None for one in contexts),
        "pair_assertions": pair_assertions,
        "treatments": list(pair.claim_treatments.select_related("claim", "curator")),
        "provenances": list(pair.provenances.select_related("record")),
        "fictional": pair.cited_paper.is_fictional or pair.citing_paper.is_fictional,
    }
    return render(request, "explorer/evidence.html", context)


@require_safe
@kept
def author(request, author_id):
    person = get_object_or_404(Author, pk=author_id)
    papers_of = Paper.objects.filter(authorships__author=person).select_related("venue", "hub_summary")
    papers_of = papers_of.prefetch_related("authorships", "identifiers").distinct()
    found = list(
        papers_of.order_by(F("year").desc(nulls_last=True), "title_folded", "id")[: AUTHOR_PAPERS + 1]
    )
    context = {
        "author": person,
        "hubs": [Hub(paper, paper.get_absolute_url()) for paper in found[:AUTHOR_PAPERS]],
        "more": len(found) > AUTHOR_PAPERS,
        "fictional": any(paper.is_fictional for paper in found),
    }
    return render(request, "explorer/author.html", context)


@require_safe
@kept
def about_accuracy(request):
    return render(request, "explorer/about_accuracy.html", {"accuracy": Accuracy()})


@require_safe
@kept
def disagreements(request):
    query = Query.parse(request.GET, table=accuracy.TABLE)
    listing = Comparisons(query, request.path)
    items = listing.items()
    context = {
        "listing": listing,
        "query": query,
        "items": items,
        "chips": chips(query, request.path),
        "fictional": any(
            item.citation.citing_paper.is_fictional or item.citation.cited_paper.is_fictional
            for item, _context in items
        ),
    }
    return render(request, "explorer/disagreements.html", context)


@require_safe
@kept
def about_labels(request):
    context = {
        "roles": [(role, labels.ROLE_DESCRIPTIONS[role]) for role in labels.ROLE_ORDER],
        "statuses": [(status, STATUS_RULES[status]) for status in Status],
        "polarities": [(polarity, labels.POLARITY_DESCRIPTIONS[polarity]) for polarity in labels.Polarity],
        "sources": [(source, labels.SOURCE_DESCRIPTIONS[source]) for source in labels.SOURCE_ORDER],
        "crosswalk": labels.CROSSWALK,
        "crosswalk_version": labels.CROSSWALK_VERSION,
        "parameters": [*facets.PARAMETERS, *facets.PAGING],
    }
    return render(request, "explorer/about_labels.html", context)


@require_safe
def by_identifier(request, scheme, value):
    """``/doi/…``, ``/arxiv/…``, ``/id/<scheme>/…``: for good to the hub of the paper so named."""
    paper = Paper.objects.by_identifier(scheme, value).first()
    if paper is None:
        raise Http404(
            _("No paper here has the identifier %(scheme)s:%(value)s.") % {"scheme": scheme, "value": value}
        )
    return HttpResponsePermanentRedirect(paper.get_absolute_url())


def not_found(request, exception):
    """404 with a search box. The exception's words are shown when the view wrote them."""
    words = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return render(request, "404.html", {"reason": words}, status=404)


# -- shared by the views ---------------------------------------------------------------------


def absolute(request, path):
    """``path`` with the site's address in front: the one that is set, else the one that was asked."""
    if settings.PUBLIC_URL_IS_SET:
        return f"{settings.PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)


def _kept_ids(*ids):
    moved = dict(
        PaperRedirect.objects.filter(old_id__in=[min(one, LARGEST_ID) for one in ids]).values_list(
            "old_id", "paper_id"
        )
    )
    return tuple(moved.get(one, one) for one in ids)


def _asked_words(query):
    """The words by whose share a list of hubs is narrowed or sorted: [(dimension, word)]."""
    asked = [("role", query.one("role"))] if query.one("role") else []
    if query.one("disputes") == "any" or query.one("sort") == "-disputes":
        asked.append(("polarity", str(labels.Polarity.DISPUTES)))
    return asked


def _walk(listing, pair):
    """Where a citation stands in a list, with the addresses of that and of its neighbours.

    Without a place where it does not stand there; then the address is that of the list.
    """
    around = listing.around(pair.citing_paper_id)
    if around is None:
        return {"url": f"{listing.query.url(listing.path)}{EXPLORER}"}
    before, after = (
        one and address("explorer:evidence", pair.cited_paper_id, one) + listing.asked
        for one in (around.before, around.after)
    )
    page = (around.place - 1) // listing.per_page + 1
    url = f"{listing.page_url(page)}{EXPLORER}"
    return {"place": around.place, "before": before, "after": after, "url": url}


def _explorer_part(request, page, listing, *, anchor):
    """What htmx swaps into a page of citing papers: its facets, its results and its count."""
    citations = listing.rows()
    attach(page.paper, citations)
    context = _explorer_context(page, listing, citations) | {"anchor": anchor, "is_part": True}
    return render(request, "_explorer_part.html", context)


def _explorer_context(page, listing, citations):
    return {
        "hub": page,
        "paper": page.paper,
        "listing": listing,
        "query": listing.query,
        "citations": citations,
        "chips": chips(listing.query, listing.path),
        "order": order(listing.query),
        "without": [] if listing.total else listing.without(),
        "format_options": exports.format_options(),
        "most_exported": exports.MOST,
        "fictional": page.paper.is_fictional,
    }


def order(query):
    """The order of the list in words, where a reader has chosen another than the usual one."""
    parameter, value = facets.BY_NAME["sort"], query.one("sort")
    return "" if value == parameter.default else dict(parameter.choices)[value]


def chips(query, path):
    """The filters in force: (name, value in words, address without it)."""
    lines = []
    for parameter, value in query.active:
        words = dict([*parameter.choices, *parameter.extra]).get(value, value)
        lines.append((parameter.label, words, query.url(path, query.toggled(parameter.name, value))))
    return lines
