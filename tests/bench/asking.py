"""Requests for the explorer and the hub page, timed in process: what ``explorer.py`` prints tables of.

Owns the choice of requests. Run as a module it prints the figures of the database that ``DATABASE_URL``
names, as JSON. Each request is an anonymous reader's and goes through the whole stack but the socket;
the cache of pages is emptied before it, so that every page is rendered.
"""

import argparse
import json
import os
import time
from collections import Counter
from pathlib import Path

import django
import numpy as np

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")
    django.setup()

from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import BinaryField, Count, Sum
from django.db.models.functions import Length
from django.http import HttpResponse, QueryDict
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from citations import curation
from citations.models import Citation, CitationContext, HubColumns, HubSummary
from citations.rollups import mark_stale, refresh_stale
from explorer import facets
from papers.models import Paper

ROUNDS = 5
LABELS = 5  # sentences that are relabelled
PAIRS = 3  # that are added
SMALL = 100  # citing papers of the hub that the large one is held against
DEEP = 5000  # a page
DOUBLE = (
    {"role": "method", "polarity": "supports"},
    {"role": "method", "text": "read"},
    {"role": "method", "year_min": "2015"},
    {"role": "method", "section": "methods"},
    {"role": "background", "field": 0},
    {"role": "background", "venue": 0},
    {"role": "comparison", "source": "provider"},
    {"role": "extension", "depth_min": "3"},
    {"role": "unlabelled", "self": "only"},
    {"role": "unlabelled", "year_max": "2000"},
    {"role": "unlabelled", "field": 1},
    {"polarity": "disputes", "section": "results"},
    {"polarity": "neutral", "source": "dataset"},
    {"polarity": "unlabelled", "venue": 0},
    {"polarity": "supports", "year_min": "2020"},
    {"suggested": "disputes", "section": "discussion"},
    {"field": 0, "venue": 0},
    {"field": 0, "year_min": "2024"},
    {"field": 1, "text": "unread"},
    {"field": 2, "retracted": "only"},
    {"venue": 0, "year_max": "2010"},
    {"venue": 1, "self": "exclude"},
    {"source": "curator", "text": "read"},
    {"labelled": "none", "year_min": "2000"},
    {"labelled": "role", "undated": "only"},
    {"year_min": "1990", "year_max": "2005"},
    {"depth_min": "2", "section": "introduction"},
    {"text": "unread", "self": "exclude"},
    {"text": "read", "retracted": "exclude"},
    {"machine": "read", "role": "background"},
)


urlpatterns = [path("", lambda _request: HttpResponse("<!doctype html><title>nothing</title>"))]


def measure(rounds):
    """Figures by name.

    ``groups`` and ``statements``: {name: [(ms by the clock, ms of processor), …]}; ``slowest``:
    [(address, ms of processor, queries)]; ``packed``: bytes a citing paper that stored columns take.
    """
    # The first page of a process reads templates and more: that is not the hub's.
    large = HubSummary.objects.select_related("paper").order_by("-known").first().paper
    near = HubSummary.objects.filter(known__gte=SMALL).select_related("paper").order_by("known", "paper_id")
    first, small = (summary.paper for summary in near[:2])
    ask = _Asking()
    ask.get(first.get_absolute_url())
    groups = {
        "hub page, large, the first request for it": [ask.get(large.get_absolute_url())],
        "an empty view": ask.empty(10 * rounds),
    }
    groups |= {
        group: ask.times(addresses, rounds if len(addresses) > 1 else 4 * rounds)
        for group, addresses in _requests(large, small).items()
    }
    explorer = f"{large.get_absolute_url()}citing/"
    filters = [pair for pair in ask.medians.items() if pair[0].startswith(explorer)]
    slowest = sorted(filters, key=lambda pair: -pair[1])[:5]
    groups |= _relabel(large, ask)
    groups["a pair added: hub right again"] = _add_pairs(large, ask)
    return {
        "groups": groups,
        "statements": _statements(large.pk, ask, 4 * rounds),
        "packed": _packed(),
        "slowest": [
            (address.removeprefix(explorer), median, ask.queries(address)) for address, median in slowest
        ],
    }


class _Asking:
    """A client, a clock, and the median time of each address that was asked through ``times``."""

    def __init__(self):
        self.client, self.medians = Client(headers={"host": "127.0.0.1"}), {}
        self.server = None
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.server = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def timed(self, act):
        """(milliseconds by the clock, milliseconds of processor of this process and its server) of an act.

        On a machine that others use too the second is the one to go by.
        """
        begin, work = time.perf_counter(), self._processor()
        act()
        return 1000 * (time.perf_counter() - begin), 1000 * (self._processor() - work)

    def _processor(self):
        served = int(self.server.read_text().split()[0]) / 1e9 if self.server else 0
        return time.process_time() + served

    def get(self, address, *, keep=False):
        """What ``timed`` says of the page at ``address``. Raises RuntimeError where it is none."""
        if not keep:
            for cache in caches.all():
                cache.clear()
        return self.timed(lambda: self._page(address))

    def _page(self, address):
        response = self.client.get(address)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")

    def times(self, addresses, rounds):
        """What ``timed`` says of each request: all addresses once, unsaid, then in turn."""
        for address in addresses:
            self.get(address)
        rows = np.array([[self.get(address) for address in addresses] for _round in range(rounds)])
        self.medians |= dict(zip(addresses, np.median(rows[:, :, 1], axis=0).tolist(), strict=True))
        return rows.reshape(-1, 2).tolist()

    def empty(self, rounds):
        """The same of a view that reads nothing, in the same stack."""
        with override_settings(ROOT_URLCONF=__name__):
            return [self.get("/") for _each in range(rounds)]

    def queries(self, address):
        """How many queries the page at ``address`` costs."""
        with CaptureQueriesContext(connection) as captured:
            self.get(address)
        return len(captured)


def _requests(large, small):
    """{group: addresses} of two papers with their summaries."""
    explorer = f"{large.get_absolute_url()}citing/"
    incoming = Citation.objects.incoming(large.pk)
    known = large.hub_summary.known
    names = {
        "field": _most_frequent(incoming, "citing_paper__fields__name"),
        "venue": _most_frequent(incoming, "citing_venue__name"),
    }

    def address(**values):
        query = QueryDict(mutable=True)
        for name, value in values.items():
            query[name] = names[name][value] if isinstance(value, int) else value
        return f"{explorer}?{query.urlencode()}"

    single = [
        address(**{parameter.name: value})
        for parameter in facets.PARAMETERS
        for value, _label in (*parameter.choices, *parameter.extra)
        if value != "include"
    ]
    single += [address(**{name: place}) for name in names for place in range(len(names[name]))]
    single += [address(year_min="2020"), address(year_max="1995"), address(year_min="1980", year_max="1980")]
    also = HubSummary.objects.exclude(paper=large).order_by("-known").values_list("paper_id", flat=True)
    single += [address(cites=str(paper_id)) for paper_id in also[:2]]
    rare, common = words_of(large.pk)
    deep = min(DEEP, -(-known // 25))
    return {
        "unfiltered": [explorer],
        "single filters": single,
        "double filters": [address(**pair) for pair in DOUBLE],
        "page 1": [address(page="1")],
        f"page {deep:,}": [address(page=str(deep))],
        "page 1 of the unread": [address(text="unread", page="1")],
        f"page {deep // 2:,} of the unread": [address(text="unread", page=str(deep // 2))],
        "sort orders": [address(sort=sort) for sort, _label in facets.SORTS],
        "sort orders, filtered": [address(sort=sort, role="method") for sort, _label in facets.SORTS],
        "a rare word": [address(q=rare)],
        "a common word": [address(q=common)],
        "a common word, one filter": [address(q=common, role="background")],
        "two words, best first": [address(q=f"{common} {rare}", sort="relevance")],
        f"hub page, {small.hub_summary.known} citing papers": [small.get_absolute_url()],
        "hub page, large": [large.get_absolute_url()],
    }


def _most_frequent(incoming, column):
    """The names that most citing papers have, and one that few have."""
    counted = incoming.exclude(**{column: None}).values_list(column).annotate(papers=Count("id"))
    found = [name for name, _papers in counted.order_by("-papers", column)]
    return [*found[:3], found[-1]]


def words_of(paper_id):
    """(a rare word, a common one) of the citing sentences of a hub."""
    contexts = CitationContext.objects.filter(citation__cited_paper=paper_id).order_by("id")
    counts = Counter()
    for sentence in contexts.values_list("passage__text", flat=True)[:20_000]:
        counts.update(
            {word for word in sentence.lower().strip(".").split() if word.isalpha() and len(word) > 4}
        )
    ranked = [word for word, _count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    return ranked[-1], ranked[0]


def _relabel(large, ask):
    """Times of curators' labels in the large hub, and until its page shows them; taken back after."""
    address = large.get_absolute_url()
    curator, _made = get_user_model().objects.get_or_create(username="bench")
    unlabelled = CitationContext.objects.filter(citation__cited_paper=large.pk, role="", citation__role="")
    labels, both, labelled = [], [], []
    ask.get(address, keep=True)
    for context in unlabelled.select_related("citation").order_by("id")[:LABELS]:
        before = HubSummary.objects.get(paper=large).roles.get("dataset", 0)
        etag = ask.client.get(address)["ETag"]

        def label(context=context):
            labelled.extend(curation.relabel_context(context=context, curator=curator, role="dataset"))

        labels.append(ask.timed(label))
        shown = ask.get(address, keep=True)
        both.append([sum(parts) for parts in zip(labels[-1], shown, strict=True)])
        after = HubSummary.objects.get(paper=large).roles["dataset"]
        if after != before + 1 or ask.client.get(address)["ETag"] == etag:
            raise RuntimeError(f"a label did not reach its hub: {before}, then {after}")
    curation.withdraw_labels(labels=labelled, curator=curator)
    return {"relabelled: the label itself": labels, "relabelled: hub right again": both}


def _add_pairs(large, ask):
    """Times of refreshing the large hub after a paper more cites it; nothing of it stays."""
    known, times = large.hub_summary.known, []
    others = Paper.objects.exclude(outgoing_citations__cited_paper=large).exclude(pk=large.pk)
    for paper in others.order_by("-id")[:PAIRS]:
        with transaction.atomic():
            Citation.objects.create(citing_paper=paper, cited_paper=large, match_status="exact")
            mark_stale([large.pk])
            times.append(ask.timed(refresh_stale))
            if HubSummary.objects.get(paper=large).known != known + 1:
                raise RuntimeError("a pair did not reach its hub")
            transaction.set_rollback(True)
    return times


def _packed():
    columns = [field.name for field in HubColumns._meta.fields if isinstance(field, BinaryField)]
    sizes = HubColumns.objects.aggregate(**{f"of_{name}": Sum(Length(name)) for name in columns})
    known = HubSummary.objects.filter(paper__hub_columns__isnull=False).aggregate(Sum("known"))
    return sum(sizes.values()) / known["known__sum"]


# One row a pair and an index that covers the question: the baseline of the explorer. Not a partial
# index: SQLite reads the row for a column that stands in its condition alone.
INDEXES = {
    "bench_facets": "cited_paper_id, withdrawn_at, role, polarity, citing_year, citing_venue_id",
    "bench_order": "cited_paper_id, withdrawn_at, citing_year, citing_paper_id, id",
}


def _statements(paper_id, ask, rounds):
    """Times of the plain statements behind such a page, each read to its end, by INDEXES."""
    hub = "FROM citations_citation WHERE cited_paper_id = %s AND withdrawn_at IS NULL"
    facet = "SELECT {0}, count(*) " + hub + "{1} GROUP BY {0}"
    columns = ("role", "polarity", "citing_year", "citing_venue_id")
    page = "SELECT id, citing_paper_id " + hub + " ORDER BY citing_year DESC, citing_paper_id DESC LIMIT 25"
    statements = {
        "four facets, role = method": [facet.format(column, " AND role = 'method'") for column in columns],
        "four facets, unfiltered": [facet.format(column, "") for column in columns],
        "page 1": [page],
        f"page {DEEP:,} by OFFSET": [f"{page} OFFSET {25 * (DEEP - 1)}"],
    }
    found = {}
    with connection.cursor() as cursor:
        for name, columns in INDEXES.items():
            cursor.execute(f"CREATE INDEX {name} ON citations_citation ({columns})")
        # PostgreSQL answers from an index alone only where it knows that all see the rows.
        cursor.execute(
            "VACUUM ANALYZE citations_citation" if connection.vendor == "postgresql" else "ANALYZE"
        )
        for name, texts in statements.items():

            def read(texts=texts):
                for statement in texts:
                    cursor.execute(statement, [paper_id])
                    cursor.fetchall()

            read()
            found[name] = [ask.timed(read) for _round in range(rounds)]
        for name in INDEXES:
            cursor.execute(f"DROP INDEX {name}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.asking", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="times each address is asked")
    print(json.dumps(measure(parser.parse_args().rounds)))
