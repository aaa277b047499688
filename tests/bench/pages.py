"""A corpus loaded and its pages asked for: what commands take, and pages with their queries.

Owns the choice of pages. Run as a module it prints the figures of the database that
``DATABASE_URL`` names, as JSON, so that each database is measured in a process of its own.
"""

import json
import os
import statistics
import sys
import time

from tests.bench.commands import DATABASES, ROOT, empty_database, manage, spend
from tests.bench.loading import decode
from tests.bench.tables import print_table

CORPUS = ROOT.parent / "shared/data/corpora/acl-hub.jsonl.gz"
REQUESTS = 30  # timed, of each page
STATIC, STATIC_FILE = "a static file", "/static/admin/css/base.css"
STEPS = {
    "ingest": "ingest and refresh",
    "again": "the same file again",
    "refresh": "refresh_hubs --all",
    "check": "check_library",
}


def report_pages(files):
    """Load the corpus ``files`` (none: the usual one, else the sample library) and print the tables."""
    files = files or ([CORPUS] if CORPUS.exists() else sorted((ROOT / "citations/sample").glob("*.jsonl")))
    baseline = decode(files)
    print("\n### A corpus and its pages\n")
    print(
        f"Corpus: {', '.join(path.name for path in files)}. Decoding it with `json` took {baseline:.2f} s.\n"
    )
    results = {}
    for name in DATABASES:
        with empty_database(name) as url:
            results[name] = _measure(url, [str(path.resolve()) for path in files])
    _print(results, baseline)


def _measure(url, files):
    """All figures of one database: Spent of each of STEPS, and the pages."""
    return {
        "ingest": manage(url, "ingest", "--json", *files),
        "again": manage(url, "ingest", "--json", *files),
        "refresh": manage(url, "refresh_hubs", "--all"),
        "check": manage(url, "check_library"),
        "pages": json.loads(spend(sys.executable, "-m", "tests.bench.pages", url=url).said),
    }


def _print(results, baseline):
    figures = list(results.values())
    rows = [
        [label, *(f"{f[step].seconds:.1f} s ({f[step].seconds / baseline:.0f} × decoding)" for f in figures)]
        for step, label in STEPS.items()
    ]
    rows.append(["peak memory", *(f"{f['ingest'].memory:.0f} MB" for f in figures)])
    print_table(["step", *results], rows)
    print(f"\n{figures[0]['ingest'].said}\n")
    print_table(
        ["page", *(f"{name}: queries, median, rate as a share of the static file's" for name in results)],
        ([page, *(_cell(f["pages"], page) for f in figures)] for page in figures[0]["pages"]),
    )


def _cell(pages, page):
    queries, median = pages[page]
    return f"{queries}, {median:.2f} ms, {pages[STATIC][1] / median:.3f}"


def time_pages():
    """{page: (queries, median milliseconds)}, through the whole stack but the socket.

    Pages are rendered for each request, but where their names say that they are kept.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")
    import django

    django.setup()
    from django.core.cache import caches
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from citations.models import HubSummary

    ordered = HubSummary.objects.select_related("paper").order_by("-known")
    largest, middle = ordered[0], ordered.filter(known__gte=10).last()
    hub = largest.paper.get_absolute_url()
    client = Client(headers={"host": "127.0.0.1"})

    def rendered(address):
        for cache in caches.all():
            cache.clear()
        return client.get(address)

    etag = client.get(hub)["ETag"]

    def known_already(address):
        return client.get(address, headers={"if-none-match": etag})

    addresses = {
        STATIC: (client.get, STATIC_FILE),
        "empty answer (405)": (client.post, "/"),
        f"hub, {largest.known} citing papers": (rendered, hub),
        f"hub, {middle.known} citing papers": (rendered, middle.paper.get_absolute_url()),
        "the first hub, kept": (client.get, hub),
        "the first hub, kept, a 304": (known_already, hub),
        "its explorer, one filter": (rendered, f"{hub}citing/?role=background"),
        "its explorer, words": (rendered, f"{hub}citing/?q=model"),
        "API hub": (rendered, f"/api/v1/papers/{largest.paper_id}/hub"),
        "home": (rendered, "/"),
    }
    figures = {}
    for name, (ask, address) in addresses.items():
        _read(ask(address))
        with CaptureQueriesContext(connection) as captured:
            _read(ask(address))
        queries = len(captured)  # while they are there: the next request forgets them
        times = []
        for _each in range(REQUESTS):
            begin = time.perf_counter()
            _read(ask(address))
            times.append(1000 * (time.perf_counter() - begin))
        figures[name] = (queries, statistics.median(times))
    return figures


def _read(response):
    """Take the whole answer, as a server would: files come as streams."""
    return b"".join(response) if response.streaming else response.content


if __name__ == "__main__":
    print(json.dumps(time_pages()))
