"""``make bench``: what loading a library and showing its pages costs, on both databases.

Prints Markdown tables for ``docs/benchmarks.md``. Machines are noisy and shared, so each
figure stands beside a baseline of the same run: loading beside decoding the same file with
``json``, a page beside an empty answer of the same site. The corpus is the file named on
the command line, else ``../shared/data/corpora/acl-hub.jsonl.gz``, else the sample library.
"""

import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared/data/corpora/acl-hub.jsonl.gz"
PAGES = 30  # timed requests of each page


def main():
    sys.path.insert(0, str(ROOT))
    if sys.argv[1:2] == ["--pages"]:
        print(json.dumps(pages()))
        return
    from tests.postgres import server

    files = [Path(name) for name in sys.argv[1:]] or ([CORPUS] if CORPUS.exists() else [])
    files = files or sorted((ROOT / "citations/sample").glob("*.jsonl"))
    print(f"Corpus: {', '.join(path.name for path in files)}; decoding it with json: ", end="")
    baseline = decode(files)
    print(f"{baseline:.2f} s.\n")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        results["SQLite"] = measure(f"sqlite:///{folder}/bench.sqlite3", files)
    with server() as url:
        results["PostgreSQL"] = measure(url, files)
    report(results, baseline)


def decode(files):
    """Seconds to gunzip and decode every line of the files with the standard library."""
    begin = time.perf_counter()
    for path in files:
        opener = gzip.open if path.read_bytes()[:2] == b"\x1f\x8b" else open
        with opener(path, "rb") as lines:
            for line in lines:
                json.loads(line)
    return time.perf_counter() - begin


def measure(url, files):
    """All figures of one database."""
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "bench", "DEBUG": "off"}

    def run(*command):
        begin = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
        )
        return time.perf_counter() - begin, done.stdout.decode()

    run("manage.py", "migrate", "--verbosity", "0")
    figures = {}
    figures["ingest"], out = run("manage.py", "ingest", "--json", *map(str, files))
    figures["counts"] = json.loads(out.splitlines()[-1])
    figures["memory"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    figures["again"], _out = run("manage.py", "ingest", "--json", *map(str, files))
    figures["refresh"], _out = run("manage.py", "refresh_hubs", "--all")
    figures["check"], _out = run("manage.py", "check_library")
    figures["pages"] = json.loads(run("tests/bench.py", "--pages")[1].splitlines()[-1])
    return figures


def pages():
    """Queries and median milliseconds of pages, through the whole stack but the socket."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")
    import django

    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from citations.models import HubSummary

    ordered = HubSummary.objects.select_related("paper").order_by("-known")
    largest, middle = ordered[0], ordered.filter(known__gte=10).last()
    hub = largest.paper.get_absolute_url()
    addresses = {
        "empty answer (405)": None,
        f"hub, {largest.known} citing papers": hub,
        f"hub, {middle.known} citing papers": middle.paper.get_absolute_url(),
        "its explorer, one filter": f"{hub}citing/?role=background",
        "its explorer, words": f"{hub}citing/?q=model",
        "API hub": f"/api/v1/papers/{largest.paper_id}/hub",
        "home": "/",
    }
    client = Client(headers={"host": "127.0.0.1"})
    figures = {}
    for name, address in addresses.items():
        ask = (lambda: client.post("/")) if address is None else (lambda address=address: client.get(address))
        ask()
        with CaptureQueriesContext(connection) as captured:
            ask()
        queries = len(captured)
        times = []
        for _each in range(PAGES):
            begin = time.perf_counter()
            ask()
            times.append(1000 * (time.perf_counter() - begin))
        figures[name] = (queries, statistics.median(times))
    return figures


def report(results, baseline):
    print("| step | " + " | ".join(results) + " |")
    print("|---|" + "---|" * len(results))
    for name, label in (
        ("ingest", "ingest and refresh"),
        ("again", "the same file again"),
        ("refresh", "refresh_hubs --all"),
        ("check", "check_library"),
    ):
        cells = [f"{f[name]:.1f} s ({f[name] / baseline:.0f} × decoding)" for f in results.values()]
        print(f"| {label} | " + " | ".join(cells) + " |")
    print("| peak memory | " + " | ".join(f"{f['memory']:.0f} MB" for f in results.values()) + " |")
    counts = next(iter(results.values()))["counts"]
    print(f"\n{counts}\n")
    print("| page | " + " | ".join(f"{name}: queries, median" for name in results) + " |")
    print("|---|" + "---|" * len(results))
    for page in next(iter(results.values()))["pages"]:
        cells = [f"{f['pages'][page][0]}, {f['pages'][page][1]:.1f} ms" for f in results.values()]
        print(f"| {page} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
