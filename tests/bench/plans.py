"""What the databases do for a hub page and for the explorer: the plans of their six main queries.

``DATABASE_URL=… python -m tests.bench.plans`` prints them as Markdown, for ``docs/query-plans.md``, of real
requests for the largest hub. On PostgreSQL with EXPLAIN (ANALYZE, BUFFERS), on SQLite with EXPLAIN QUERY
PLAN.
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

from citations import columns
from citations.models import HubSummary
from tests.bench.asking import words_of

# What each is for, and words that its statement alone has, in this order.
QUERIES = {
    "The paper, its venue and its summary": r"citations_hubsummary\.paper_id\) WHERE papers_paper\.id =",
    "The face of a large hub": r"citations_hubcolumns\.face FROM",
    "Its columns, where this process has not kept them": r"^SELECT … FROM citations_hubcolumns",
    "The citations of a page": r"^SELECT … FROM citations_citation WHERE .*citing_paper_id (IN|= ANY)",
    "Their citing sentences": r"FROM citations_citationcontext INNER JOIN citations_passage",
    "The papers that have a word": r"citations_citationwords",
}
LISTED = 3  # values of a list that are printed
LONGEST = 700  # characters of a statement


def report_plans():
    """Print the plan of each of QUERIES. Raises LookupError for one that no request asks."""
    large = HubSummary.objects.select_related("paper").order_by("-known").first().paper
    _rare, common = words_of(large.pk)
    explorer = f"{large.get_absolute_url()}citing/"
    asked = []
    for address in (large.get_absolute_url(), f"{explorer}?role=method", f"{explorer}?q={common}"):
        queries = captured(address)
        asked += queries
        spent = sum(spent for _sql, _values, spent in queries)
        print(f"`{address}`: {len(queries)} queries, {spent:.1f} ms in them.\n")
    for name, words in QUERIES.items():
        found = [query for query in asked if re.search(words, shortened(query[0]))]
        if not found:
            raise LookupError(name)
        statement, values, spent = found[0]
        print(
            f"### {name}\n\n{spent:.1f} ms as asked.\n\n```\n{cut(shortened(statement))}\n\n"
            f"{explained(statement, values)}\n```\n"
        )


def captured(address):
    """[(statement, its values, ms)] of one request to a process that has kept nothing of this hub."""
    client, found = Client(headers={"host": "127.0.0.1"}), []

    def note(execute, statement, values, many, context):
        begin = time.perf_counter()
        result = execute(statement, values, many, context)
        found.append((statement, values, 1000 * (time.perf_counter() - begin)))
        return result

    client.get(address)
    columns.forget_kept()
    for cache in caches.all():
        cache.clear()
    with connection.execute_wrapper(note):
        client.get(address)
    return found


def explained(statement, values):
    """The plan as text."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}", values)
            lines = [line for (line,) in cursor.fetchall()]
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            lines = _indented(cursor.fetchall())
    return "\n".join(_listed(line) for line in lines)


def _indented(rows):
    """SQLite's plan: rows of (key, key of its parent, unused, words)."""
    depths = {0: 0}
    for key, parent, _unused, words in rows:
        depths[key] = depths[parent] + 1
        yield f"{'  ' * (depths[key] - 1)}{words}"


def _listed(text):
    """``text`` with its long lists of values cut."""
    text = re.sub(rf"((?:%s, ){{{LISTED}}})(?:%s, )*%s", r"\1…", text)
    return re.sub(rf"\{{((?:\d+,){{{LISTED}}})[\d,]+\}}", r"{\1…}", text)


def shortened(statement):
    """A statement without quotation marks, the list of its columns' full names, and long lists."""
    plain = re.sub(r'"(\w+)"', r"\1", " ".join(statement.split()))
    plain = re.sub(r"SELECT (DISTINCT )?(\w+\.\w+(?: AS \w+)?, ){4,}[^()]*? FROM", r"SELECT … FROM", plain)
    return _listed(plain)


def cut(text):
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.bench.plans", description=__doc__).parse_args()
    report_plans()
