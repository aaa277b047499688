"""What is derived from evidence, recomputed from rows and never incremented.

``refresh_pairs`` rewrites the effective labels and the read model of citing–cited pairs;
``refresh_hubs`` the summaries of cited papers. Both write only rows that changed, so
running them twice changes nothing.
"""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.utils import timezone

from citations import cocitation, cocitation_bulk, columns, headline, labels, spool, tallies
from citations.assertions import effective_label, effective_polarity_of_pair, effective_role_of_pair
from citations.labels import Dimension, LabelSource
from citations.machine import populations
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    CitationWords,
    HubColumns,
    HubSummary,
    MachineReading,
    StaleHub,
)
from citations.tallies import UNLABELLED, UNSURE
from citations.wordsearch import refresh_words
from papers import bulk, wordindex
from papers.matching import chunks
from papers.models import Authorship, Paper, PaperWords
from papers.sections import SECTION_KINDS

PAIRS_A_CHUNK = 1000
PAIRS_AT_ONCE = 20_000  # where few columns of each are read
HUBS_A_CHUNK = 200
HUBS_FROM_SPOOL = 2000
MANY = 1000  # stale hubs: a load that the planner's own statistics have not caught up with
PAIRS_A_HUB = 1000  # that are read in order in the time that one hub takes by itself
UNREAD = "unread"
LINKED = (Authorship.LinkReason.ORCID, Authorship.LinkReason.IDENTIFIER)

CONTEXT_COLUMNS = ("role", "role_source", "polarity", "polarity_source")
PAIR_COLUMNS = (
    "is_read",
    "role",
    "also_roles",
    "role_source",
    "polarity",
    "polarity_source",
    "label_source",
    "depth",
    "sentences",
    "section_mask",
    "is_self_citation",
    "citing_year",
    "citing_venue_id",
    "citing_retracted",
    "suggested_polarity",
    "suggestion_probability",
)
# What of these a pair without a sentence says; the others are empty then.
UNREAD_COLUMNS = ("is_self_citation", "citing_year", "citing_venue_id", "citing_retracted")
# What deriving reads: few columns as named tuples, since an import derives every pair it writes.
PAIR_READ = (
    "id",
    "citing_paper_id",
    "cited_paper_id",
    "citing_paper__year",
    "citing_paper__venue_id",
    "citing_paper__retracted",
    *PAIR_COLUMNS,
)
CONTEXT_READ = (
    "id",
    "citation_id",
    "withdrawn_at",
    "group_size",
    "passage__section_kind",
    *CONTEXT_COLUMNS,
)
ASSERTION_READ = (
    "pk",
    "context_id",
    "citation_id",
    "dimension",
    "value",
    "scheme",
    "source",
    "created_at",
    "withdrawn_at",
)


# -- pairs ---------------------------------------------------------------------------------


def refresh_pairs(citation_ids):
    """Rewrite effective labels and the read model of these pairs; returns how many rows changed.

    Some ten queries for each thousand pairs.
    """
    changed = 0
    for ids in chunks(citation_ids, PAIRS_A_CHUNK):
        pairs, contexts = derive_pairs(ids)
        for model, lines, names in (
            (Citation, pairs, PAIR_COLUMNS),
            (CitationContext, contexts, CONTEXT_COLUMNS),
        ):
            rows = [SimpleNamespace(id=row.id, **fresh) for row, fresh in lines if _differs(row, fresh)]
            bulk.update(model, rows, [name.removesuffix("_id") for name in names])
            changed += len(rows)
    return changed


def derive_pairs(citation_ids):
    """What the derived columns of these pairs should be, without writing.

    Returns ``([(pair, {column: value})], [(context, {column: value})])``: rows as named
    tuples with what they hold, and what they should hold. Six queries.
    """
    citations = _load(Citation.objects, "id", citation_ids, PAIR_READ)
    contexts = _load(CitationContext.objects, "citation_id", citation_ids, CONTEXT_READ)
    by_context, by_pair = defaultdict(list), defaultdict(list)
    for row in _load(Assertion.objects, "context_id", [row.id for row in contexts], ASSERTION_READ):
        by_context[row.context_id].append(row)
    for row in _load(Assertion.objects, "citation_id", citation_ids, ASSERTION_READ):
        by_pair[row.citation_id].append(row)
    suggestions = {
        row.context_id: (row.polarity_probability, row.polarity)
        for row in _load(
            MachineReading.objects.exclude(polarity=""),
            "context_id",
            [row.id for row in contexts],
            ("context_id", "polarity", "polarity_probability"),
        )
    }
    people = _people({row.citing_paper_id for row in citations} | {row.cited_paper_id for row in citations})

    context_lines = []
    of_pair = defaultdict(list)
    for context in contexts:
        role = effective_label(by_context[context.id], Dimension.ROLE)
        polarity = effective_label(by_context[context.id], Dimension.POLARITY)
        fresh = {
            "role": role.value,
            "role_source": str(role.source),
            "polarity": polarity.value,
            "polarity_source": str(polarity.source),
        }
        context_lines.append((context, fresh))
        if context.withdrawn_at is None:
            of_pair[context.citation_id].append((context, role, polarity))
    pair_lines = [
        (row, _derive_pair(row, of_pair[row.id], by_pair[row.id], people, suggestions)) for row in citations
    ]
    return pair_lines, context_lines


def _derive_pair(citation, read, pair_assertions, people, suggestions):
    contexts = [context for context, _role, _polarity in read]
    # A label of a pair counts only where a sentence is held (contract: read >= labelled).
    pair_assertions = pair_assertions if contexts else ()
    role, also = effective_role_of_pair([role for _context, role, _polarity in read], pair_assertions)
    polarity = effective_polarity_of_pair([polarity for _context, _role, polarity in read], pair_assertions)
    # A suggestion stands until anybody's word about the sentence or the pair counts.
    open_to_suggestion = [
        suggestions[context.id]
        for context, _role, said in read
        if context.id in suggestions and not said.value and polarity.source != LabelSource.CURATOR
    ]
    probability, suggested = max(open_to_suggestion, default=(None, ""))
    kinds = {context.passage__section_kind for context in contexts} - {""}
    return {
        "is_read": bool(contexts),
        "role": role.value,
        "also_roles": also,
        "role_source": str(role.source),
        "polarity": polarity.value,
        "polarity_source": str(polarity.source),
        # Whose word the pair goes by: its role's, or its polarity's where it has no role.
        "label_source": str((role.value and role.source) or polarity.source),
        "depth": depth([(context.group_size, context.passage__section_kind) for context in contexts]),
        "sentences": len(contexts),
        "section_mask": sum(1 << SECTION_KINDS.index(kind) for kind in kinds if kind in SECTION_KINDS),
        "is_self_citation": is_self_citation(
            people[citation.citing_paper_id], people[citation.cited_paper_id]
        ),
        "citing_year": citation.citing_paper__year,
        "citing_venue_id": citation.citing_paper__venue_id,
        "citing_retracted": citation.citing_paper__retracted,
        "suggested_polarity": suggested,
        "suggestion_probability": probability,
    }


def read_model_of_unread(pairs):
    """``{(citing id, cited id): values of UNREAD_COLUMNS}`` for pairs that hold no sentence. Two queries."""
    citing = {citing_id for citing_id, _cited_id in pairs}
    rows = Paper.objects.filter(id__among=citing).values_list("id", "year", "venue_id", "retracted")
    dated = {paper_id: columns for paper_id, *columns in rows}
    people = _people(citing | {cited_id for _citing_id, cited_id in pairs})
    return {
        (citing_id, cited_id): (is_self_citation(people[citing_id], people[cited_id]), *dated[citing_id])
        for citing_id, cited_id in pairs
    }


def refresh_self_citations(paper_ids):
    """Tell the pairs that cite these papers whether they are self-citations; returns how many changed.

    For papers whose author list is new. Three queries for each 20,000 pairs, and the writes.
    """
    changed, last = 0, 0
    rows = Citation.objects.filter(cited_paper_id__among=paper_ids).order_by("id")
    columns = ("id", "citing_paper_id", "cited_paper_id", "is_self_citation")
    while lines := list(rows.filter(id__gt=last).values_list(*columns)[:PAIRS_AT_ONCE]):
        people = _people({paper_id for _key, *pair, _held in lines for paper_id in pair})
        wrong = [
            SimpleNamespace(id=key, is_self_citation=fresh)
            for key, citing_id, cited_id, held in lines
            if (fresh := is_self_citation(people[citing_id], people[cited_id])) is not held
        ]
        bulk.update(Citation, wrong, ["is_self_citation"])
        changed += len(wrong)
        last = lines[-1][0]
    return changed


def depth(sentences):
    """Depth of a citation, 1..4, from (group size or None, section kind or "") of each sentence.

    None when unread. 1 mentioned: only in groups of three or more; 4 examined: three or
    more sentences in two or more section kinds, one of them methods or results; 3 discussed:
    three or more sentences, or two or more section kinds; 2 otherwise. (DESIGN: Depth.)
    """
    if not sentences:
        return None
    if all(group and group >= 3 for group, _kind in sentences):
        return 1
    kinds = {kind for _group, kind in sentences if kind}
    if len(sentences) >= 3 and len(kinds) >= 2 and kinds & {"methods", "results"}:
        return 4
    if len(sentences) >= 3 or len(kinds) >= 2:
        return 3
    return 2


def is_self_citation(citing, cited):
    """Whether two author lists share a person: True, False, or None where one is unknown.

    Each is a ``People``. A shared person id decides; else the same family name and initial,
    unless both are identified and differ.
    """
    if not citing or not cited:
        return None
    return not (
        citing.ids.isdisjoint(cited.ids)
        and citing.unidentified.isdisjoint(cited.unidentified)
        and citing.unidentified.isdisjoint(cited.identified)
        and citing.identified.isdisjoint(cited.unidentified)
    )


class People:
    """The authors of a paper: ids of persons that are told apart, and (family, initial) of each."""

    __slots__ = ("ids", "identified", "unidentified")

    def __init__(self, lines=()):
        """``lines``: (person id or None, folded family name, initial) of each author."""
        self.ids, self.identified, self.unidentified = set(), set(), set()
        for line in lines:
            self.add(*line)

    def add(self, person, family, initial):
        if person:
            self.ids.add(person)
        if family:
            (self.identified if person else self.unidentified).add((family, initial))


def _people(paper_ids):
    """``{paper id: People}``; None for a paper without authors. One query."""
    people = defaultdict(lambda: None)
    columns = ("paper_id", "author_id", "link_reason", "family", "initial")
    rows = Authorship.objects.filter(paper_id__among=paper_ids).order_by()
    for paper_id, author_id, reason, family, initial in rows.values_list(*columns):
        if people[paper_id] is None:
            people[paper_id] = People()
        people[paper_id].add(author_id if reason in LINKED else None, family, initial)
    return people


# -- hubs ----------------------------------------------------------------------------------


def mark_stale(paper_ids):
    """Note that these papers' summaries are behind. One query; twice is once."""
    bulk.insert_missing(StaleHub, "paper", paper_ids, empty="counted_by")


def refresh_stale(*, progress=None):
    """Refresh the hubs that are marked stale; returns how many. Bounded memory."""
    total, done = StaleHub.objects.count(), 0
    if total > MANY:
        bulk.analyse(Citation, CitationContext, Paper)
        wordindex.settle(PaperWords, CitationWords)

    def tell(more):
        nonlocal done
        done += more
        if progress:
            progress(done, max(done, total))

    with bulk.rare_collections():
        if total > MANY and total > Citation.objects.count() // PAIRS_A_HUB:
            _refresh_from_spool(tell)
        while ids := list(
            StaleHub.objects.order_by("paper_id").values_list("paper_id", flat=True)[:HUBS_A_CHUNK]
        ):
            refresh_hubs(ids)
            tell(len(ids))
    return done


def refresh_all(*, progress=None):
    """Recompute every hub from the pair rows; returns how many. Bounded memory."""
    mark_stale({*_cited_papers(), *HubSummary.objects.values_list("paper_id", flat=True)})
    return refresh_stale(progress=progress)


def _cited_papers():
    """Ids of all papers that a pair cites. One query; memory: a byte for each id up to the newest.

    Every pair is read: asked for DISTINCT ids of 16 million, PostgreSQL, whose guess of their number was a
    fifteenth of it, turned over a hash table on its disk for ten minutes.
    """
    is_cited = np.zeros(0, bool)
    table = Citation._meta.db_table
    for (ids,) in bulk.read(f"SELECT cited_paper_id FROM {table}", (np.int64,)):  # noqa: S608 - a name of ours
        if ids.max() >= len(is_cited):
            is_cited = np.pad(is_cited, (0, int(ids.max()) + 1 - len(is_cited)))
        is_cited[ids] = True
    return np.flatnonzero(is_cited).tolist()


def refresh_everything(*, progress=None):
    """Rederive every pair from the evidence and every hub from the pairs; returns how many hubs.

    For rules that changed; imports and curators rederive what they touch. Bounded memory.
    """
    for ids in chunks_by_key(Citation, PAIRS_A_CHUNK):
        with transaction.atomic():
            bulk.lock_library()
            refresh_pairs(ids)
            refresh_words(ids)
    wordindex.rebuild()
    return refresh_all(progress=progress)


def refresh_hubs(paper_ids):
    """Recompute the summaries, co-cited works and columns of these papers from their pair rows.

    Some fifteen queries for each 200 papers, one transaction each.
    """
    for ids in chunks(paper_ids, HUBS_A_CHUNK):
        with transaction.atomic():
            bulk.lock_library()  # or a summary read before someone's commit is written after it
            pairs = columns.read_pairs(ids)
            derived = _derive(pairs, count=partial(cocitation_bulk.count_some, pairs))
            _tell_known(_store(ids, derived))


def refresh_labels(citation_ids):
    """Rederive these pairs after their labels changed, and what their hubs say of them.

    Labels change neither who cites a work nor what it is co-cited with: of a hub that has columns
    only those of its labels are patched. Some ten queries, and a dozen for each hub.
    """
    with transaction.atomic():
        bulk.lock_library()
        refresh_pairs(citation_ids)
        rows = Citation.objects.filter(id__among=citation_ids).order_by()
        for paper_id in rows.values_list("cited_paper_id", flat=True).distinct():
            if StaleHub.objects.filter(paper_id=paper_id).exists() or not _patch(paper_id, citation_ids):
                _store([paper_id], _derive(columns.read_pairs([paper_id])))


def _patch(paper_id, citation_ids):
    """Patch the columns of a hub with the labels of these pairs of it; whether it has columns that fit."""
    stored = columns.row_of(paper_id)
    summary = HubSummary.objects.filter(paper_id=paper_id).first()
    if stored is None or summary is None:
        return False
    keys = ", ".join(str(int(key)) for key in citation_ids)
    found = [*columns.blocks(f"c.cited_paper_id = {int(paper_id)} AND c.id IN ({keys})")]
    pairs = columns.Pairs(np.concatenate(found) if found else np.empty(0, columns.ROW))
    try:
        fresh = columns.Columns.unpack(stored).with_labels(pairs)
    except KeyError:
        return False
    population = dict(summary.population)
    if population:
        population["stated"] = tallies.stated(fresh)
    [values] = summaries(columns.Pairs.of_one(paper_id, fresh)).values()
    if _assign(summary, values | population_columns(population)):
        summary.computed_at = timezone.now()
        summary.save()
    _save_columns(fresh, stored)
    return True


class Derived(NamedTuple):
    """What follows from the current pairs of some papers, before any of it is written.

    ``summaries``: as ``summaries`` has them; ``read_by_machine``: ids of those of which a machine has read
    something; ``counted``: as from ``cocitation.co_cited_works``, None where these stay; ``packed``: unsaved
    HubColumns of the large ones.
    """

    summaries: dict
    read_by_machine: list
    counted: tuple | None
    packed: list

    def only(self, paper_ids):
        """The same of those that are among ``paper_ids``, a set."""
        return Derived(
            {key: values for key, values in self.summaries.items() if key in paper_ids},
            [key for key in self.read_by_machine if key in paper_ids],
            self.counted
            and tuple({k: v for k, v in part.items() if k in paper_ids} for part in self.counted),
            [row for row in self.packed if row.paper_id in paper_ids],
        )


def _derive(pairs, *, count=None, lookup=None):
    """Derived of ``pairs``, all the current ones of their papers. No query with a ``lookup``, else two.

    ``count`` counts co-cited works as ``cocitation.co_cited_works`` does, given ``{paper id: how many cite
    it}`` of those whose works are stored.
    """
    known = dict(zip(pairs.papers.tolist(), np.diff(pairs.starts).tolist(), strict=True))
    worth = {paper_id: papers for paper_id, papers in known.items() if papers >= cocitation.STORED_FROM}
    return Derived(
        summaries(pairs),
        _read_by_machine(pairs),
        count(worth) if count else None,
        packed_columns(pairs, lookup),
    )


def _store(paper_ids, derived):
    """Write what is ``derived`` of all current pairs of these papers; takes their stale marks.

    Returns ``{paper id: how many cite it}`` for those of whom this changed.
    """
    live = _with_populations(derived.summaries, derived.read_by_machine)
    moved = store_summaries(paper_ids, live, derived.counted)
    store_columns(paper_ids, derived.packed)
    StaleHub.objects.filter(paper_id__among=paper_ids).delete()
    return moved


def store_summaries(paper_ids, live, counted=None):
    """Write the summaries of these papers, as ``live_summaries`` gives them, and their co-cited works.

    A paper that ``live`` has not keeps none. ``counted``: the works, and the citing papers left out, as from
    ``cocitation.co_cited_works``; None where these stay. Returns as ``_store``.
    """
    now, stored = timezone.now(), HubSummary.objects.filter(paper_id__among=paper_ids)
    earlier = {row["paper_id"]: row for row in stored.values()}
    left_out = None
    if counted:
        works, left_out = counted
        cocitation.store_co_cited(paper_ids, works)
    new, changed, moved = [], [], {}
    for paper_id, values in live.items():
        row = earlier.get(paper_id, {"paper_id": paper_id, "left_out": 0})
        if left_out is not None:
            values["left_out"] = left_out.get(paper_id, 0)
        if row.get("known") != values["known"]:
            moved[paper_id] = values["known"]
        if paper_id not in earlier:
            new.append(row | values | {"computed_at": now})
        # A summary that says the same keeps its time: pages and caches go by it.
        elif any(row[name] != value for name, value in values.items()):
            changed.append(HubSummary(**row | values | {"computed_at": now}))
    gone = set(earlier) - set(live)
    moved |= dict.fromkeys(gone, 0)
    HubSummary.objects.filter(paper_id__among=gone).delete()
    names = [column.name for column in HubSummary._meta.concrete_fields if not column.primary_key]
    bulk.insert_plain(HubSummary, new)
    bulk.update(HubSummary, changed, names)
    return moved


def packed_columns(pairs, lookup=None):
    """Unsaved HubColumns of the large ones of the papers of ``pairs``. Two queries without a ``lookup``."""
    large = np.flatnonzero(np.diff(pairs.starts) >= columns.STORED_FROM)
    parts = [pairs.of(place) for place in large]
    if lookup is None and parts:
        lookup = columns.Lookup.of(
            np.unique(np.concatenate([part["citing"] for part in parts])),
            np.unique(np.concatenate([part["venue"] for part in parts])),
        )
    built = (
        (int(pairs.papers[place]), columns.Columns.build(part, lookup))
        for place, part in zip(large, parts, strict=True)
    )
    return [found.pack(paper_id, tallies.face(found)) for paper_id, found in built]


def store_columns(paper_ids, packed):
    """Write the columns of these papers, ``packed_columns`` of all their pairs; the others keep none."""
    held = HubColumns.objects.filter(paper_id__among=[row.paper_id for row in packed])
    versions, new = dict(held.order_by().values_list("paper_id", "version")), []
    HubColumns.objects.filter(paper_id__among=set(paper_ids) - {row.paper_id for row in packed}).delete()
    for row in packed:
        if row.paper_id not in versions:
            new.append(row)
        elif row.version != versions[row.paper_id]:
            _save_changes(row, bulk.read_row(HubColumns, row.paper_id))
    bulk.insert(HubColumns, new)


def _save_columns(found, held):
    """Write the columns ``found`` of a hub as far as its row ``held`` has others."""
    _save_changes(found.pack(held.paper_id, tallies.face(found)), held)


def _save_changes(row, held):
    """Write the HubColumns ``row`` as far as ``held``, the stored one, differs."""
    if held.version != row.version:
        names = [
            column.name
            for column in HubColumns._meta.concrete_fields
            if not column.primary_key and getattr(row, column.attname) != getattr(held, column.attname)
        ]
        row.save(update_fields=names)


def _tell_known(changed):
    """Tell the columns of the hubs that these papers cite how many papers cite these now.

    ``changed``: ``{paper id: citing papers}``. Two queries, and two for each such hub.
    """
    if not changed:
        return
    papers = np.array(sorted(changed), np.int64)
    known = np.array([changed[paper_id] for paper_id in papers.tolist()], np.int64)
    cited = Citation.objects.current().filter(citing_paper_id__among=papers.tolist())
    hubs = HubColumns.objects.filter(paper_id__in=cited.values("cited_paper_id"))
    for paper_id in list(hubs.values_list("paper_id", flat=True)):
        held = bulk.read_row(HubColumns, paper_id)
        _save_columns(columns.Columns.unpack(held).with_known(papers, known), held)


def _refresh_from_spool(tell):
    """Refresh the hubs that are marked stale now, from one reading of all pairs.

    With them all hubs that have columns, as papers that cite these may be cited more often now.
    Others may write meanwhile: what they mark or refresh is of a later state than what was read
    here, and is left alone.
    """
    run = secrets.randbits(62)
    with transaction.atomic():
        bulk.lock_library()  # whoever has it next marks after us
        mark_stale(HubColumns.objects.values_list("paper_id", flat=True))
        StaleHub.objects.update(counted_by=run)
    ours = StaleHub.objects.filter(counted_by=run)
    with spool.Spool() as whole:
        lookup = columns.Lookup.whole()
        stale = np.fromiter(ours.order_by().values_list("paper_id", flat=True), np.int64)
        some = (
            (pairs, ids)
            for pairs, waiting in whole.parts(stale)
            for ids in chunks(waiting.tolist(), HUBS_FROM_SPOOL)
        )
        derive = partial(_derive_some, whole.counter, lookup)
        for (_pairs, ids), derived in _one_ahead(some, derive):
            with transaction.atomic():
                bulk.lock_library()
                still = set(ours.filter(paper_id__among=ids).values_list("paper_id", flat=True))
                if still:
                    _store(sorted(still), derived.only(still))
            tell(len(ids))


def _one_ahead(items, function):
    """Yield (item, what ``function`` makes of it), while a thread is at work on the next item.

    For work on arrays, which leaves the interpreter to the thread that writes and waits for the database.
    """
    begun = deque()
    with ThreadPoolExecutor(max_workers=1) as thread:
        for item in items:
            begun.append((item, thread.submit(function, item)))
            if len(begun) > 1:
                earlier, made = begun.popleft()
                yield earlier, made.result()
        for item, made in begun:
            yield item, made.result()


def _derive_some(counter, lookup, some):
    """Derived of some hubs of the spool. No query: it is made in a thread that has no connection."""
    pairs, ids = some
    return _derive(pairs.of_papers(ids), count=counter.co_cited_works, lookup=lookup)


def live_summaries(paper_ids):
    """``{paper id: {column: value}}`` of HubSummary from the pair rows, for papers that are cited.

    A few queries. ``left_out`` and ``computed_at`` are not among the columns.
    """
    pairs = columns.read_pairs(paper_ids)
    return _with_populations(summaries(pairs), _read_by_machine(pairs))


def _with_populations(found, read_by_machine):
    """``found``, summaries, with the columns that come from readings. Two queries, where any are read."""
    held = populations(read_by_machine)
    return {
        paper_id: values | population_columns(held.get(paper_id, {})) for paper_id, values in found.items()
    }


def _read_by_machine(pairs):
    """Ids of the papers of ``pairs`` of which a machine has read something."""
    cited = np.repeat(pairs.papers, np.diff(pairs.starts))
    return np.unique(cited[pairs["flags"] & columns.MACHINE > 0]).tolist()


HUMAN = [columns.SOURCES.index(source) for source in labels.HUMAN_SOURCES]
BY_MACHINE = [columns.SOURCES.index(source) for source in labels.MACHINE_SOURCES]
# What a citing paper counts as in ``HubSummary.years``: its role, or why it has none.
STATES = sorted([*columns.ROLES[1:], UNSURE, UNLABELLED, UNREAD])


def summaries(pairs):
    """``{paper id: {column: value}}`` of HubSummary for the papers of ``pairs``. No query.

    As ``live_summaries``, but without the ``population_columns``, which no pair row holds.
    """
    if not len(pairs):
        return {}
    number = len(pairs.papers)
    hub = np.repeat(np.arange(number), np.diff(pairs.starts))
    role, role_source = pairs["role"], pairs["role_source"]
    polarity = pairs["polarity"]
    read = pairs["flags"] & columns.READ > 0

    def count(which):
        return np.bincount(hub[which], minlength=number).tolist()

    def table(values, words):
        return np.bincount(hub * len(words) + values, minlength=number * len(words)).reshape(number, -1)

    known = np.diff(pairs.starts).tolist()
    has_role = role > 0
    curated = count(has_role & np.isin(role_source, HUMAN))
    machine_roles = count(has_role & np.isin(role_source, BY_MACHINE))
    machine_polarities = count((polarity > 0) & np.isin(pairs["polarity_source"], BY_MACHINE))
    unsure = read & ~has_role & (role_source > 0)
    unsure_papers, read_papers = count(unsure), count(read)
    roles = table(role, columns.ROLES).tolist()
    polarities = table(polarity, columns.POLARITIES).tolist()
    suggested = table(pairs["suggested"], columns.POLARITIES).tolist()
    years = _years(hub, pairs["year"], _states(role, unsure, read), number)

    found = {}
    for k, paper_id in enumerate(pairs.papers.tolist()):
        counted = (known[k], read_papers[k], curated[k], machine_roles[k], machine_polarities[k])
        found[paper_id] = summary_columns(
            counted,
            roles=roles[k][1:],
            polarities=polarities[k][1:],
            suggested=suggested[k][1:],
            unsure=unsure_papers[k],
            years=years[k],
        )
    return found


def population_columns(population):
    """``{column: value}`` of HubSummary from one of ``machine.populations``, or {}."""
    return {"population": population, "model_version": population.get("version", "")}


def summary_columns(counted, *, roles, polarities, suggested, unsure, years):
    """``{column: value}`` of HubSummary from counts of citing papers, as ``summaries`` has it.

    ``counted``: known, read, curated, machine_roles, machine_polarities. ``roles``, ``polarities``
    and ``suggested`` are numbers in the order of Role and of Polarity; ``years`` stand as they shall be
    stored.
    """
    known, read, *others = counted
    return _said(known, read, tuple(roles), tuple(polarities), *others) | {
        "unsure": unsure,
        "suggested": _words(columns.POLARITIES, (0, *suggested)),
        "years": years,
    }


@lru_cache(maxsize=10_000)
def _said(known, read, roles, polarities, curated, machine_roles, machine_polarities):
    """The columns of a summary that follow from its counts. Many hubs of a library count alike."""
    counts = headline.Counts(
        known=known,
        read=read,
        roles=_words(columns.ROLES, (0, *roles)),
        polarities=_words(columns.POLARITIES, (0, *polarities)),
        curated=curated,
        machine_roles=machine_roles,
        machine_polarities=machine_polarities,
    )
    said = headline.headline(counts)
    return {
        "known": known,
        "read": read,
        "labelled": counts.labelled,
        "curated": curated,
        "polarity_labelled": counts.polarity_labelled,
        "machine_roles": machine_roles,
        "machine_polarities": machine_polarities,
        "roles": counts.roles,
        "polarities": counts.polarities,
        "tier": str(headline.tier(known) or ""),
        "status": str(said.status),
        "provisional": headline.is_provisional(counts),
        "headline": said.english,
        "crosswalk_version": labels.CROSSWALK_VERSION,
    }


def _words(words, numbers):
    return {word: number for word, number in zip(words, numbers, strict=True) if word and number}


def _states(role, unsure, read):
    """The place in STATES of each citing paper."""
    by_role = np.array([STATES.index(word or UNREAD) for word in columns.ROLES])
    found = by_role[role]
    found[read & (role == 0)] = STATES.index(UNLABELLED)
    found[unsure] = STATES.index(UNSURE)
    return found


def _years(hub, year, state, number):
    """``HubSummary.years`` of each of ``number`` hubs."""
    span = int(year.max()) + 2
    keys, papers = np.unique((hub * span + year + 1) * len(STATES) + state, return_counts=True)
    found = [{} for _hub in range(number)]
    places, states = np.divmod(keys, len(STATES))
    for place, which, count in zip(places.tolist(), states.tolist(), papers.tolist(), strict=True):
        of, dated = divmod(place, span)
        found[of].setdefault(str(dated - 1) if dated else "", {})[STATES[which]] = count
    return found


def counts_of(summary):
    """The headline.Counts that a HubSummary row holds; zeros for None."""
    if summary is None:
        return headline.Counts()
    names = ("known", "read", "roles", "polarities", "curated", "machine_roles", "machine_polarities")
    return headline.Counts(**{name: getattr(summary, name) for name in names})


# -- small change --------------------------------------------------------------------------


def _assign(row, columns):
    """Set columns of a row; True when one of them changed."""
    changed = False
    for name, value in columns.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _differs(row, columns):
    return any(getattr(row, name) != value for name, value in columns.items())


def _load(queryset, column, values, columns):
    """The rows whose ``column`` is one of ``values``, as named tuples. One query."""
    return list(queryset.filter(**{f"{column}__among": values}).values_list(*columns, named=True))


def chunks_by_key(model, size):
    """Lists of primary keys of all rows, in order: no open cursor, no long list. A query each."""
    last = 0
    while ids := list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield ids
        last = ids[-1]
