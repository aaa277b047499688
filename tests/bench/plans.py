"""What the databases do for a hub page and for the explorer: the plan of each query of real requests.

``DATABASE_URL=… python -m tests.bench.plans`` prints them as Markdown, for ``docs/query-plans.md``. On
PostgreSQL with EXPLAIN (ANALYZE, BUFFERS), on SQLite with EXPLAIN QUERY PLAN.
"""

import argparse
import os
import re
import time

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")
    django.setup()

from django.core.cache import caches
from django.db import connection
from django.test import Client

from citations.models import HubSummary
from tests.bench.asking import words_of

LONGEST = 900  # characters of a statement or of a line of a plan that are printed


def report_plans(*, every):
    """Print the plans of each request, the queries that took longest first; all of them where ``every``."""
    large = HubSummary.objects.select_related("paper").order_by("-known").first().paper
    _rare, common = words_of(large.pk)
    explorer = f"{large.get_absolute_url()}citing/"
    deep = -(-large.hub_summary.known // 25) - 1
    for name, address in {
        "The hub page": large.get_absolute_url(),
        "The explorer, one filter": f"{explorer}?role=method",
        "A deep page": f"{explorer}?page={deep}",
        "A word": f"{explorer}?q={common}",
    }.items():
        queries = sorted(captured(address), key=lambda query: -query[2])
        print(
            f"\n## {name}\n\n`{address}`, {len(queries)} queries, "
            f"{sum(spent for _sql, _values, spent in queries):.1f} ms in them"
        )
        for statement, values, spent in queries if every else queries[:6]:
            print(f"\n{spent:.2f} ms\n\n```\n{shortened(statement)}\n\n{explained(statement, values)}\n```")


def captured(address):
    """[(statement, its values, ms)] of one request, once it has been asked before."""
    client, found = Client(headers={"host": "127.0.0.1"}), []

    def note(execute, statement, values, many, context):
        begin = time.perf_counter()
        result = execute(statement, values, many, context)
        found.append((statement, values, 1000 * (time.perf_counter() - begin)))
        return result

    client.get(address)
    for cache in caches.all():
        cache.clear()
    with connection.execute_wrapper(note):
        client.get(address)
    return found


def explained(statement, values):
    """The plan as text, long lines cut."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}", values)
            lines = [line for (line,) in cursor.fetchall()]
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            lines = _indented(cursor.fetchall())
    return "\n".join(line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in lines)


def _indented(rows):
    """SQLite's plan: rows of (key, key of its parent, unused, words)."""
    depths = {0: 0}
    for key, parent, _unused, words in rows:
        depths[key] = depths[parent] + 1
        yield f"{'  ' * (depths[key] - 1)}{words}"


def shortened(statement):
    """A statement without the list of its columns' full names, and not too long."""
    plain = re.sub(r'"(\w+)"', r"\1", statement)
    plain = re.sub(r"SELECT (DISTINCT )?(\w+\.\w+(?: AS \w+)?, ){4,}[^()]*? FROM", r"SELECT … FROM", plain)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]} …"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plans", description=__doc__)
    parser.add_argument(
        "--every", action="store_true", help="all queries, not only the six that take longest"
    )
    report_plans(**vars(parser.parse_args()))
