"""The explorer and the hub page of a library with one very large hub, beside bare SQL: the tables.

What is asked, and how, is ``asking.py``'s, which runs in a process of its own for each database.
"""

import json
import os
import sys

import numpy as np

from tests.bench.commands import DATABASES, spend
from tests.bench.keeping import refreshed, store
from tests.bench.tables import print_table

BYTES_BAR = 60
EMPTY = "an empty view"
BARS = {
    "unfiltered": "25",
    "single filters": "25",
    "double filters": "25",
    "page 5,000": "1.3 × page 1",
    "a rare word": "30",
    "a common word": "120",
    "hub page, large": "30; 1.3 × the small one",
    "relabelled: hub right again": "250",
}


def report_explorer(sizes, *, databases=DATABASES, folder=None):
    """Measure each of ``databases`` with a library of these Sizes and print the table."""
    print(f"\n### The explorer and the hub page\n\n{sizes}.\n", flush=True)
    results = {}
    for name in databases:
        with store(name, folder) as place:
            url = refreshed(place, sizes)
            load = os.getloadavg()[0]
            results[name] = json.loads(spend(sys.executable, "-m", "tests.bench.asking", url=url).said)
            results[name]["load"] = load
    _print(results)


def _print(results):
    figures = list(results.values())
    print(
        "Milliseconds by the clock: half of the requests, 95 of 100, the slowest; in brackets half "
        "and 95 of 100 in processor time with the server's, and half as a multiple of an empty view. "
        + " ".join(f"{name}: load {figure['load']:.1f} at the start." for name, figure in results.items())
        + "\n"
    )
    rows = []
    for group, times in figures[0]["groups"].items():
        cells = [_spread(figure["groups"][group], figure["groups"][EMPTY]) for figure in figures]
        rows.append([group, BARS.get(group, ""), f"{len(times)}", *cells])
    print_table(["request", "bar (ms)", "requests", *results], rows)
    print(
        "\nBare SQL on the pair rows of the large hub in the same run, with covering indexes made for it:\n"
    )
    print_table(
        ["statement", *results],
        (
            [statement, *(_spread(figure["statements"][statement]) for figure in figures)]
            for statement in figures[0]["statements"]
        ),
    )
    for name, figure in results.items():
        print(f"\n{name}: stored columns take {figure['packed']:.1f} bytes a citing paper (bar {BYTES_BAR}).")
    print("\nThe slowest filters by processor time, half of their requests, and their queries:\n")
    for name, figure in results.items():
        lines = (f"`{address}` {median:.1f} ms, {queries}" for address, median, queries in figure["slowest"])
        print(f"- {name}: {'; '.join(lines)}")


def _spread(times, empty=None):
    clock, work = np.array(times).T
    half, most = np.median(work), np.quantile(work, 0.95)
    ratio = f", {half / np.median(np.array(empty)[:, 1]):.0f} ×" if empty else ""
    said = ", ".join(f"{number:.1f}" for number in (np.median(clock), np.quantile(clock, 0.95), max(clock)))
    return f"{said} ({half:.1f}, {most:.1f}{ratio})"
