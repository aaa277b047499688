"""What is derived from evidence, recomputed from rows and never incremented.

``refresh_pairs`` rewrites the effective labels and the read model of citing–cited pairs;
``refresh_hubs`` the summaries of cited papers. Both write only rows that changed, so
running them twice changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from types import SimpleNamespace

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from citations import headline, labels
from citations.assertions import effective_label, effective_polarity_of_pair, effective_role_of_pair
from citations.cocitation import refresh_co_citations
from citations.labels import Dimension, LabelSource, Polarity, Role
from citations.machine import populations
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    CitationWords,
    HubSummary,
    MachineReading,
    StaleHub,
)
from citations.wordsearch import refresh_words
from papers import bulk, wordindex
from papers.matching import chunks
from papers.models import Authorship, Paper, PaperWords
from papers.sections import SECTION_KINDS

PAIRS_A_CHUNK = 1000
PAIRS_AT_ONCE = 20_000  # where few columns of each are read
HUBS_A_CHUNK = 200
MANY = 1000  # stale hubs: a load that the planner's own statistics have not caught up with
UNSURE = "unsure"
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
        for model, lines, columns in (
            (Citation, pairs, PAIR_COLUMNS),
            (CitationContext, contexts, CONTEXT_COLUMNS),
        ):
            rows = [SimpleNamespace(id=row.id, **fresh) for row, fresh in lines if _differs(row, fresh)]
            bulk.update(model, rows, [column.removesuffix("_id") for column in columns])
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


def refresh_self_citations(paper_ids, *, below=None):
    """Tell the pairs that cite these papers whether they are self-citations; returns how many changed.

    For papers whose author list is new; only pairs with a key ``below`` this one, where given.
    Three queries for each 20,000 pairs, and the writes.
    """
    changed, last = 0, 0
    rows = Citation.objects.filter(cited_paper_id__among=paper_ids).order_by("id")
    if below is not None:
        rows = rows.filter(id__lt=below)
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
    bulk.insert_missing(StaleHub, "paper", paper_ids)


def refresh_stale(*, progress=None):
    """Refresh the hubs that are marked stale; returns how many. Bounded memory."""
    total, done = StaleHub.objects.count(), 0
    if total > MANY:
        bulk.analyse(Citation, CitationContext, Paper)
        wordindex.settle(PaperWords, CitationWords)
    while ids := list(
        StaleHub.objects.order_by("paper_id").values_list("paper_id", flat=True)[:HUBS_A_CHUNK]
    ):
        refresh_hubs(ids)
        done += len(ids)
        if progress:
            progress(done, max(done, total))
    return done


def refresh_all(*, progress=None):
    """Rederive every pair and every hub from the evidence; returns how many hubs. Bounded memory."""
    for ids in chunks_by_key(Citation, PAIRS_A_CHUNK):
        with transaction.atomic():
            bulk.lock_library()
            refresh_pairs(ids)
            refresh_words(ids)
    wordindex.rebuild()
    cited = Citation.objects.values_list("cited_paper_id", flat=True)
    mark_stale({*cited.distinct(), *HubSummary.objects.values_list("paper_id", flat=True)})
    return refresh_stale(progress=progress)


def refresh_hubs(paper_ids):
    """Recompute the summaries and co-cited works of these papers from their pair rows.

    Some ten queries for each 200 papers, one transaction each.
    """
    for ids in chunks(paper_ids, HUBS_A_CHUNK):
        with transaction.atomic():
            bulk.lock_library()  # or a summary read before someone's commit is written after it
            _refresh_chunk(ids)
            StaleHub.objects.filter(paper_id__in=ids).delete()


def _refresh_chunk(paper_ids):
    now = timezone.now()
    live = live_summaries(paper_ids)
    left_out = refresh_co_citations(
        {paper_id: live[paper_id]["known"] if paper_id in live else 0 for paper_id in paper_ids}
    )
    earlier = HubSummary.objects.in_bulk(paper_ids)
    new, changed = [], []
    for paper_id, columns in live.items():
        columns["left_out"] = left_out.get(paper_id, 0)
        row = earlier.get(paper_id) or HubSummary(paper_id=paper_id)
        # A summary that says the same keeps its time: pages and caches go by it.
        if _assign(row, columns) or row.computed_at is None:
            row.computed_at = now
            (changed if paper_id in earlier else new).append(row)
    HubSummary.objects.filter(paper_id__in=set(earlier) - set(live)).delete()
    columns = [column.name for column in HubSummary._meta.concrete_fields if not column.primary_key]
    bulk.insert(HubSummary, new)
    bulk.update(HubSummary, changed, columns)
    _refresh_citing_known(paper_ids)


def live_summaries(paper_ids):
    """``{paper id: {column: value}}`` of HubSummary from the pair rows, for papers that are cited.

    Two queries. ``left_out`` and ``computed_at`` are not among the columns.
    """
    grouped = (
        Citation.objects.current()
        .filter(cited_paper_id__in=paper_ids)
        .values_list(
            "cited_paper_id",
            "is_read",
            "role",
            "role_source",
            "polarity",
            "polarity_source",
            "citing_year",
            "suggested_polarity",
        )
        .annotate(papers=Count("id"))
        .order_by()
    )
    rows = defaultdict(list)
    for paper_id, *row in grouped:
        rows[paper_id].append(row)
    read_by_machine = populations(rows)
    return {paper_id: _summary(lines, read_by_machine.get(paper_id, {})) for paper_id, lines in rows.items()}


def _summary(lines, population):
    known = read = curated = machine_roles = machine_polarities = unsure = 0
    roles, polarities, suggested = Counter(), Counter(), Counter()
    years = defaultdict(Counter)
    for is_read, role, role_source, polarity, polarity_source, year, suggestion, papers in lines:
        known += papers
        read += papers if is_read else 0
        state = role or ((UNSURE if role_source else "unlabelled") if is_read else "unread")
        unsure += papers if state == UNSURE else 0
        if suggestion:
            suggested[suggestion] += papers
        years[str(year or "")][state] += papers
        if role:
            roles[role] += papers
            curated += papers if role_source in labels.HUMAN_SOURCES else 0
            machine_roles += papers if role_source in labels.MACHINE_SOURCES else 0
        if polarity:
            polarities[polarity] += papers
            machine_polarities += papers if polarity_source in labels.MACHINE_SOURCES else 0
    counts = headline.Counts(
        known=known,
        read=read,
        roles={role.value: roles[role] for role in Role if roles[role]},
        polarities={polarity.value: polarities[polarity] for polarity in Polarity if polarities[polarity]},
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
        "unsure": unsure,
        "suggested": {str(word): suggested[word] for word in Polarity if suggested[word]},
        "population": population,
        "roles": counts.roles,
        "polarities": counts.polarities,
        "years": {year: dict(sorted(years[year].items())) for year in sorted(years)},
        "tier": str(headline.tier(known) or ""),
        "status": str(said.status),
        "provisional": headline.is_provisional(counts),
        "headline": said.english,
        "crosswalk_version": labels.CROSSWALK_VERSION,
        "model_version": population.get("version", ""),
    }


def counts_of(summary):
    """The headline.Counts that a HubSummary row holds; zeros for None."""
    if summary is None:
        return headline.Counts()
    names = ("known", "read", "roles", "polarities", "curated", "machine_roles", "machine_polarities")
    return headline.Counts(**{name: getattr(summary, name) for name in names})


def _refresh_citing_known(paper_ids):
    """Tell the pair rows of these papers, as citing papers, how often they are cited."""
    known = Coalesce(
        Subquery(HubSummary.objects.filter(paper_id=OuterRef("citing_paper_id")).values("known")), 0
    )
    rows = Citation.objects.filter(citing_paper_id__in=paper_ids)
    rows.filter(~Q(citing_known=known)).update(citing_known=known)


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
