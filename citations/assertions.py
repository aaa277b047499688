"""The log of labels: the only writer of assertions, and the rules that read a label off the log.

The rules are pure functions over assertion rows (contract: Vocabulary, "Effective label").
Writing appends; a label is taken back by marking it withdrawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from citations import labels
from citations.labels import Dimension, LabelSource, Polarity, Role
from citations.models import MACHINE_ROLES, Assertion, MachineReading
from papers import bulk

ORDER = {Dimension.ROLE: labels.ROLE_ORDER, Dimension.POLARITY: labels.POLARITY_ORDER}


@dataclass(frozen=True, slots=True)
class Effective:
    """A label in force: our word and the source it rests on; both empty where nothing decides."""

    value: str = ""
    source: str = ""


NOTHING = Effective()
UNSURE = Effective("", str(LabelSource.CLASSIFIER))  # a machine has read it and cannot tell


def effective_label(assertions, dimension):
    """The Effective label of one context, from all assertions about it.

    The strongest source decides; of each of its schemes the newest assertions count (those
    of one import carry one time); among schemes the finer; of several values the more
    specific. A curator's newest label wins whatever its scheme. Classifier polarity is a
    suggestion, never counted. UNSURE where the classifier's word is that it cannot tell.
    """
    counted = [
        row
        for row in assertions
        if row.withdrawn_at is None
        and row.dimension == dimension
        and not (dimension == Dimension.POLARITY and row.source == LabelSource.CLASSIFIER)
    ]
    for source in labels.SOURCE_ORDER:
        of_source = [row for row in counted if row.source == source]
        if not of_source:
            continue
        if source == LabelSource.CURATOR:
            newest = max(of_source, key=lambda row: (row.created_at, row.pk or 0))
            return Effective(newest.value, source)
        by_scheme = defaultdict(list)
        for row in of_source:
            by_scheme[row.scheme].append(row)
        finest = min(labels.scheme_rank(scheme) for scheme in by_scheme)
        values = set()
        for scheme, rows in by_scheme.items():
            if labels.scheme_rank(scheme) == finest:
                newest_at = max(row.created_at for row in rows)
                values |= {row.value for row in rows if row.created_at == newest_at}
        if told := values - {""}:
            return Effective(labels.most_specific(told, ORDER[dimension]), source)
        return UNSURE
    return NOTHING


def effective_role_of_pair(context_roles, pair_assertions=()):
    """(Effective role of a citing–cited pair, list of its other roles).

    ``context_roles``: Effective roles of its contexts, unlabelled ones included. A
    curator's label of the whole pair decides; else the role most contexts carry, ties
    going to the more specific. The source is the strongest among the contexts that carry it.
    UNSURE where a machine has read some and could tell of none.
    """
    labelled = [role for role in context_roles if role.value]
    counts = Counter(role.value for role in labelled)
    by_curator = _curators_word(pair_assertions, Dimension.ROLE)
    if by_curator:
        chosen, source = by_curator, LabelSource.CURATOR
    elif not counts:
        unsure = any(role.source == LabelSource.CLASSIFIER for role in context_roles)
        return (UNSURE if unsure else NOTHING), []
    else:
        order = labels.ROLE_ORDER
        chosen = max(counts, key=lambda value: (counts[value], -order.index(value)))
        sources = {role.source for role in labelled if role.value == chosen}
        source = labels.most_specific(sources, labels.SOURCE_ORDER)
    also = [str(role) for role in labels.ROLE_ORDER if role in counts and role != chosen]
    return Effective(str(chosen), str(source)), also


def effective_polarity_of_pair(context_polarities, pair_assertions=()):
    """The Effective polarity of a citing–cited pair.

    A curator's label of the whole pair; else any ``qualifies``, or ``supports`` with
    ``disputes``, gives ``qualifies``; else ``disputes``, ``supports``, ``neutral``, ``unclear``.
    """
    by_curator = _curators_word(pair_assertions, Dimension.POLARITY)
    if by_curator:
        return Effective(by_curator, LabelSource.CURATOR)
    present = {polarity.value for polarity in context_polarities if polarity.value}
    if not present:
        return NOTHING
    if Polarity.QUALIFIES in present or {Polarity.SUPPORTS, Polarity.DISPUTES} <= present:
        chosen = Polarity.QUALIFIES
        carrying = {Polarity.QUALIFIES, Polarity.SUPPORTS, Polarity.DISPUTES}
    else:
        order = (Polarity.DISPUTES, Polarity.SUPPORTS, Polarity.NEUTRAL, Polarity.UNCLEAR)
        chosen = labels.most_specific(present, order)
        carrying = {chosen}
    sources = {polarity.source for polarity in context_polarities if polarity.value in carrying}
    return Effective(str(chosen), str(labels.most_specific(sources, labels.SOURCE_ORDER)))


def _curators_word(pair_assertions, dimension):
    rows = [
        row
        for row in pair_assertions
        if row.withdrawn_at is None and row.dimension == dimension and row.source == LabelSource.CURATOR
    ]
    return max(rows, key=lambda row: (row.created_at, row.pk or 0)).value if rows else ""


def imported(label, *, record_id, now, context_id=None, citation_id=None):
    """Unsaved assertions for a LabelRecord: one for each word the crosswalk gives, at least one.

    A value that no row of the crosswalk knows becomes one ``unmapped`` assertion; a value
    that means nothing (scite's "unclassified") too, so that the log keeps it.
    """
    scheme = labels.known_scheme(label.scheme)[:60]
    words = labels.translate(scheme, label.value) or ((Dimension.UNMAPPED, ""),)
    return [
        Assertion(
            context_id=context_id,
            citation_id=citation_id,
            dimension=dimension,
            value=word,
            scheme=scheme,
            original_value=str(label.value)[:200],
            source=labels.source_of(scheme, label.source),
            confidence=label.confidence,
            crosswalk_version=labels.CROSSWALK_VERSION,
            record_id=record_id,
            created_at=now,
        )
        for dimension, word in words
    ]


def append(assertions):
    """Add assertions to the log, in bulk; returns them. Two statements."""
    return bulk.insert(Assertion, assertions)


def withdraw(assertion_ids, *, now):
    """Mark assertions withdrawn; returns how many. The rows stay. One query for each 400."""
    changed = 0
    ids = sorted(assertion_ids)
    for begin in range(0, len(ids), 400):
        rows = Assertion.objects.filter(id__in=ids[begin : begin + 400], withdrawn_at__isnull=True)
        changed += rows.update(withdrawn_at=now)
    return changed


def by_curator(
    *,
    curator,
    now,
    role="",
    polarity="",
    note="",
    context=None,
    citation=None,
    drawn=Assertion.Drawn.TARGETED,
):
    """Append a curator's labels for a context or a whole pair; returns the rows.

    ``drawn``: how the sentence came before the curator. Estimates rest on RANDOM, which only
    ``labelling.py`` may say. Raises ValueError for a word that is not ours, and when neither word is given.
    """
    if role and role not in Role.values or polarity and polarity not in Polarity.values:
        raise ValueError(f"not a label: {role or polarity}")
    words = [(Dimension.ROLE, role), (Dimension.POLARITY, polarity)]
    rows = [
        Assertion(
            context=context,
            citation=citation,
            dimension=dimension,
            value=word,
            scheme=labels.OWN_SCHEME,
            original_value=word,
            source=LabelSource.CURATOR,
            crosswalk_version=labels.CROSSWALK_VERSION,
            curator=curator,
            note=note,
            drawn=drawn,
            created_at=now,
        )
        for dimension, word in words
        if word
    ]
    if not rows:
        raise ValueError("give a role or a polarity")
    return append(rows)


def by_machine(predictions, *, version, now):
    """Append what a labeller says of citing sentences, and make it their current readings.

    ``predictions``: {context: Prediction} of CitationContexts (their keys and pairs are
    used). The log gets a role each, empty where the labeller abstained, and the polarity that it
    suggests; the matched words are the note. Earlier assertions stay. Some ten statements.
    """
    rows = []
    for context, said in predictions.items():
        common = {
            "context_id": context.pk,
            "scheme": labels.OWN_SCHEME,
            "source": LabelSource.CLASSIFIER,
            "model_version": version,
            "crosswalk_version": labels.CROSSWALK_VERSION,
            "created_at": now,
        }
        rows.append(
            Assertion(
                **common,
                dimension=Dimension.ROLE,
                value=said.role,
                original_value=said.role or "abstained",
                confidence=said.confidence,
                note=_why(said.reasons, "" if said.role else said.why_abstained),
            )
        )
        if said.polarity:
            rows.append(
                Assertion(
                    **common,
                    dimension=Dimension.POLARITY,
                    value=said.polarity,
                    original_value=said.polarity,
                    confidence=said.polarity_probability,
                    note=_why(said.polarity_reasons),
                )
            )
    append(rows)
    MachineReading.objects.filter(context__among=[context.pk for context in predictions]).delete()
    bulk.insert(
        MachineReading,
        [
            MachineReading(
                context_id=context.pk,
                citation_id=context.citation_id,
                model_version=version,
                role=said.role,
                likeliest=said.likeliest,
                confidence=said.confidence,
                polarity=said.polarity,
                polarity_probability=said.polarity_probability if said.polarity else None,
                read_at=now,
                **{f"p_{role}": said.probabilities.get(role, 0.0) for role in MACHINE_ROLES},
            )
            for context, said in predictions.items()
        ],
    )
    return rows


def _why(reasons, sentence=""):
    """The note of a machine's label: the words that it went by, and why it could not tell."""
    words = ", ".join(f"“{reason}”" for reason in reasons)
    return "; ".join(filter(None, [words and f"words: {words}", sentence]))[:1000]
