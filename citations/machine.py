"""What machines have read of the library's hubs, as sums, and the random checks that anchor them.

Reads only. ``citations/assertions.py`` writes readings, ``citations/classifying.py`` has them
made, ``citations/estimates.py`` knows the statistics. The unit is a citing paper: of one that
cites in several sentences the probabilities are averaged, and a check of one of its sentences,
drawn at random, stands for it.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef

from citations.estimates import Check, Estimate, Pool, Population, anchored_shares, basis
from citations.labels import HUMAN_SOURCES, ROLE_ORDER, Dimension, LabelSource
from citations.models import MACHINE_ROLES, Assertion, Citation, MachineReading
from papers.bulk import look_up
from papers.models import LibraryMark

SEVERAL = "several versions"
MILLION = 1_000_000
_checks = [(0, {})]  # (the library's mark, random_checks() under it)


def populations(paper_ids):
    """What a machine has read: ``{paper id: {"version", "size", "sums", "squares", "stated"}}``.

    ``version`` names the labeller. ``sums`` and ``squares`` of the probabilities over its ``size``
    machine-read citing papers, by role; ``stated`` counts, by role, the citing papers that people
    alone have labelled. Papers of which a machine has read nothing are left out. Two queries.
    """
    ids = sorted(paper_ids)
    if not ids:
        return {}
    means = ", ".join(f"AVG(r.p_{role}) AS m_{role}" for role in MACHINE_ROLES)
    # In millionths: sums of whole numbers are the same in whatever order a database adds them.
    sums = ", ".join(
        f"SUM(CAST(ROUND({value}) AS bigint))"
        for role in MACHINE_ROLES
        for value in (f"m_{role} * {MILLION}", f"m_{role} * m_{role} * {MILLION}")
    )
    rows = look_up(
        f"""
        SELECT cited_paper_id, MIN(oldest), MAX(newest), COUNT(*), {sums}
        FROM (
            SELECT c.id, c.cited_paper_id,
                   MIN(r.model_version) AS oldest, MAX(r.model_version) AS newest, {means}
            FROM citations_citation c
            JOIN citations_machinereading r ON r.citation_id = c.id
            JOIN citations_citationcontext x ON x.id = r.context_id
            WHERE c.cited_paper_id IN ({{ids}}) AND c.withdrawn_at IS NULL AND x.withdrawn_at IS NULL
            GROUP BY c.id, c.cited_paper_id
        ) AS pairs
        GROUP BY cited_paper_id
        """,  # noqa: S608 - names of columns only
        ids,
    )
    found = {}
    for paper_id, oldest, newest, size, *values in rows:
        by_role = dict(zip(MACHINE_ROLES, zip(values[::2], values[1::2], strict=True), strict=True))
        found[paper_id] = {
            "version": newest if oldest == newest else SEVERAL,
            "size": size,
            "sums": {role: int(pair[0]) / MILLION for role, pair in by_role.items() if pair[0]},
            "squares": {role: int(pair[1]) / MILLION for role, pair in by_role.items() if pair[1]},
            "stated": {},
        }
    if found:
        read = MachineReading.objects.filter(citation=OuterRef("pk"), context__withdrawn_at=None)
        people = Citation.objects.current().filter(~Exists(read), cited_paper_id__in=list(found))
        people = people.filter(role_source__in=HUMAN_SOURCES).exclude(role="").order_by()
        for paper_id, role, papers in people.values_list("cited_paper_id", "role").annotate(Count("id")):
            found[paper_id]["stated"][role] = papers
    return found


def drawn_at_random():
    """The role assertions that checks are: by curators, of sentences that were drawn at random. Lazy."""
    return Assertion.objects.by_curators().filter(
        drawn=Assertion.Drawn.RANDOM,
        dimension=Dimension.ROLE,
        context__withdrawn_at=None,
        context__machine_reading__isnull=False,
        context__citation__withdrawn_at=None,
    )


def random_checks():
    """The Checks of the whole library by hub, ``{paper id: [Check, …]}``, the newest of each citing paper.

    The ``unit`` of each is the citing paper's id. One query, and none that costs while the library's
    mark stays: pages ask for them at each rendering.

    The draw makes a check; its truth is the newest word that curators hold of the sentence, so
    that a correction corrects the estimate and takes nothing out of the sample.
    """
    mark, _changed_at = LibraryMark.current()
    held_at, held = _checks[0]
    if mark and mark == held_at:
        return held
    rows = drawn_at_random()
    probabilities = tuple(f"context__machine_reading__p_{role}" for role in MACHINE_ROLES)
    pair = ("context__citation__cited_paper_id", "context__citation__citing_paper_id")
    newest = {}
    for hub, citing, value, role, source, *chances in rows.order_by("created_at", "id").values_list(
        *pair, "value", "context__role", "context__role_source", *probabilities
    ):
        truth = role if source == LabelSource.CURATOR else value
        said = {word: p for word, p in zip(MACHINE_ROLES, chances, strict=True) if p}
        newest[hub, citing] = Check(truth, said, hub=hub, unit=citing)
    found = defaultdict(list)
    for check in newest.values():
        found[check.hub].append(check)
    _checks[0] = (mark, dict(found))
    return _checks[0][1]


class Reading(NamedTuple):
    """A hub as a machine has read it: ``checked`` of its papers at random, and the Estimates of its shares.

    ``estimates`` are largest first; empty while nothing may be estimated.
    """

    checked: int
    estimates: list[Estimate]


def reading_of(summary):
    """The Reading of a HubSummary; None where no machine has read the hub.

    One query, one more after the library has changed.
    """
    if summary is None or not summary.population:
        return None
    held = summary.population
    population = Population(held["size"], held["sums"], held["squares"], held["stated"])
    by_hub = random_checks()
    checks = by_hub.get(summary.paper_id, [])
    order = [str(role) for role in ROLE_ORDER]
    pool = None if basis(population, checks) else Pool.of([*chain.from_iterable(by_hub.values())], order)
    found = anchored_shares(population, checks, order=order, pool=pool)
    return Reading(len(checks), [line for line in found if line.share is not None])
