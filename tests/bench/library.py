"""A made-up library of any size, written straight into an empty database: what the benches measure on.

Owns the rows: papers with people, venues, fields, identifiers and texts; pairs (who cites whom is
``graph.py``'s), the sentences of a share of them, labels of several sources, machine readings. They are what
an import of the same records would leave, before its refresh: ``check_library`` is content after
``refresh_hubs``. Every word is made by rule and every paper is marked as fictional; one seed gives
the same rows on SQLite and PostgreSQL. On PostgreSQL the role must be a superuser, since triggers
that look up foreign keys are put aside.

    DATABASE_URL=… python -m tests.bench.library --papers 300000 --citations 1500000 --largest 130000
"""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import django
import numpy as np

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")
    django.setup()

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction

from citations import assertions
from citations.classifier.predictions import Prediction
from citations.labels import Polarity
from citations.models import (
    MACHINE_ROLES,
    Assertion,
    Citation,
    CitationContext,
    CitationProvenance,
    CitationWords,
    ContextProvenance,
    MachineReading,
    Passage,
    StaleHub,
)
from citations.rollups import LINKED, refresh_pairs
from citations.wordsearch import refresh_words
from papers import bulk, text, wordindex
from papers.matching import MatchStatus
from papers.models import (
    Author,
    Authorship,
    Field,
    Paper,
    PaperIdentifier,
    PaperWords,
    SourceRecord,
    Venue,
)
from papers.records import LabelRecord
from papers.sections import SECTION_KINDS
from tests.bench.graph import make_graph
from tests.bench.works import ACCENTS, CODAS, ENDINGS, ONSETS, VOWELS

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOURCE = "made-up"
MODEL = "bench-1"
ROWS = 100_000  # of a table that stand in memory at once, as Python's own values
PAPERS = 20_000  # whose texts do

WORDS, FAMILIES, GIVEN, VENUES, FIELDS = 20_000, 6000, 400, 3000, 30
MOST_AUTHORS = 5
UNDATED, WITHOUT_VENUE, RETRACTED = 0.01, 0.08, 0.001
STUBS = 0.6  # of the papers that cite nothing here are known from references only
IDENTIFIED = 0.4  # of the people have an ORCID

ROLES = {
    "background": 0.52,
    "method": 0.18,
    "comparison": 0.08,
    "motivation": 0.06,
    "dataset": 0.05,
    "evidence": 0.04,
    "baseline": 0.03,
    "extension": 0.03,
    "unclear": 0.01,
}
POLARITIES = {"neutral": 0.72, "supports": 0.18, "qualifies": 0.05, "disputes": 0.05}
SCHEMES = {"hub": 0.5, "scicite": 0.12, "semantic-scholar": 0.22, "scite": 0.16}
FOREIGN = {
    "scicite": {"background": 0.6, "method": 0.3, "result": 0.1},
    "semantic-scholar": {"background": 0.62, "methodology": 0.3, "result": 0.08},
    "scite": {"mentioning": 0.8, "supporting": 0.15, "contrasting": 0.05},
}
OWN_SOURCES = {"dataset": 0.86, "provider": 0.12, "curator": 0.02}
LABELLED = 0.5  # of the sentences
MACHINE = 0.4  # of the others were read by a machine
SECTIONS = dict(zip(SECTION_KINDS, (0.02, 0.3, 0.16, 0.2, 0.12, 0.14, 0.03, 0.03), strict=True))
SECTION_TITLES = {
    "related-work": "Related work",
    "other": "Appendix",
    **{kind: kind.capitalize() for kind in SECTION_KINDS if kind not in ("related-work", "other")},
}


class Written(NamedTuple):
    """What was written; ``read`` pairs hold a sentence."""

    papers: int
    citations: int
    read: int
    contexts: int
    labelled: int
    seconds: float


def write_library(*, papers, citations, largest, read=0.12, abstracts=0.3, seed=1):
    """Fill the empty database; returns a Written. Four minutes for 300,000 papers and 1.5 million pairs.

    The most cited paper has exactly ``largest`` citing papers. ``read``: share of the pairs with a
    citing sentence; ``abstracts``: share of the described papers with an abstract. Summaries are left to
    ``refresh_hubs``; every cited paper is marked stale. Raises ValueError where the database holds
    papers already, or where the sizes do not go together (see ``graph.py``).
    """
    if Paper.objects.exists():
        raise ValueError("the database holds papers already: a library is written into an empty one")
    begin = time.perf_counter()
    made = _Library(seed, papers, citations, largest)
    with _quick_writing(), transaction.atomic():
        bulk.lock_library()
        with _without_indexes():
            made.write_papers(abstracts)
            made.write_pairs()
            made.write_sentences(read)
            wordindex.rebuild()
        _reset_sequences()
        bulk.analyse(*TABLES)
        made.label()
        bulk.analyse(Assertion, MachineReading)
        refresh_pairs(made.read_pairs.tolist())
        refresh_words(made.read_pairs.tolist())
    wordindex.settle(PaperWords, CitationWords)
    bulk.analyse(*TABLES)
    counts = (len(made.read_pairs), len(made.contexts), made.labelled)
    return Written(papers, citations, *counts, time.perf_counter() - begin)


TABLES = (
    Venue,
    Field,
    Paper,
    Paper.fields.through,
    PaperIdentifier,
    Author,
    Authorship,
    SourceRecord,
    Citation,
    CitationProvenance,
    Passage,
    CitationContext,
    ContextProvenance,
    StaleHub,
)


class _Library:
    """All arrays are by paper key, less one, or by pair key, less one."""

    def __init__(self, seed, papers, citations, largest):
        self.seed, self.papers = seed, papers
        graph = make_graph(self._rng("graph"), papers=papers, citations=citations, largest=largest)
        # Keys follow the order in which an import meets papers, which is not that of their age.
        key_of = self._rng("keys").permutation(papers).astype(np.int64)
        order = np.argsort(key_of[graph.citing] * papers + key_of[graph.cited], kind="stable")
        self.citing = key_of[graph.citing[order]].astype(np.int32)
        self.cited = key_of[graph.cited[order]].astype(np.int32)
        self.years = np.empty(papers, dtype=np.int16)
        self.years[key_of] = graph.years
        self.references = np.bincount(self.citing, minlength=papers)
        self.known = np.bincount(self.cited, minlength=papers)
        self._describe()

    def _rng(self, part):
        """Each part draws from numbers of its own: one that changes leaves the others as they are."""
        return np.random.default_rng([self.seed, *part.encode()])

    def _describe(self):
        """What pair rows repeat of papers: years, venues, retractions, people."""
        rng, size = self._rng("papers"), self.papers
        self.stub = (self.references == 0) & (rng.random(size) < STUBS)
        self.years[rng.random(size) < UNDATED] = 0
        self.venues = 1 + _zipf(rng, VENUES, size)
        self.venues[(rng.random(size) < WITHOUT_VENUE) | self.stub] = 0
        self.retracted = np.where(rng.random(size) < RETRACTED, 1, np.where(rng.random(size) < 0.5, 0, -1))
        self.retracted[self.stub] = -1
        self.authors = np.where(self.stub, 0, rng.integers(2, MOST_AUTHORS + 1, size=size))
        people = _zipf(rng, FAMILIES, (size, MOST_AUTHORS)) * GIVEN
        people += _zipf(rng, GIVEN, (size, MOST_AUTHORS))
        people[np.arange(MOST_AUTHORS) >= self.authors[:, None]] = -1
        self.people = people

    # -- papers ------------------------------------------------------------------------------

    def write_papers(self, abstracts):
        rng = self._rng("words")
        self.words = _vocabulary(rng, WORDS)
        self._write_venues_and_fields(rng)
        self._write_authors(rng)
        bulk.write(Venue, ("id", "name", "name_folded"), self._named(self.venue_names, text.fold))
        bulk.write(Field, ("id", "name"), self._named(self.field_names))
        self._write_papers(abstracts)
        self._write_authorships()
        self._write_marks()

    def _write_venues_and_fields(self, rng):
        self.venue_names = [f"Journal of {self.words[place].capitalize()} Studies" for place in range(VENUES)]
        self.field_names = [self.words[place].capitalize() for place in rng.permutation(2000)[:FIELDS]]

    @staticmethod
    def _named(names, *derive):
        return ((key, name, *(fold(name) for fold in derive)) for key, name in enumerate(names, start=1))

    def _write_authors(self, rng):
        """Persons with an ORCID are told apart by it, the others by their name alone."""
        words = [word.title() for word in self.words[300:] if len(word) > 3]
        given = list(islice((word for word in words if _reads_as(f"{word} Brown", "brown", word)), GIVEN))
        family = [word.translate(ACCENTS) if place % 9 == 8 else word for place, word in enumerate(words)]
        named = (word for word in family if _reads_as(f"Anna {word}", text.fold(word), "Anna"))
        family = list(islice(named, FAMILIES))
        self.given, self.family = given, family
        self.given_folded = [text.fold(word) for word in given]
        self.family_folded = [text.fold(word) for word in family]
        initials = np.array([ord(word[0]) for word in self.given_folded])
        codes = self.people // GIVEN * 256 + initials[self.people % GIVEN]
        self.name_codes = np.where(self.people < 0, -1, codes).astype(np.int32)
        persons = np.unique(self.people)
        persons = persons[persons >= 0]
        orcid = rng.random(len(persons)) < IDENTIFIED
        places = np.searchsorted(persons, self.people.clip(0))
        self.author_ids = np.where(self.people < 0, 0, places + 1).astype(np.int32)
        self.orcids = np.where(self.people < 0, False, orcid[places])
        self.known_persons = np.where(self.orcids, self.author_ids, 0)
        bulk.write(
            Author,
            ("id", "key", "name", "name_folded", "orcid"),
            (
                self._author(key, *pair)
                for key, pair in enumerate(zip(persons.tolist(), orcid.tolist(), strict=True), 1)
            ),
        )

    def _author(self, key, person, identified):
        name, folded = self._name(person), self._name_folded(person)
        orcid = f"0000-0009-{key // 10_000:04d}-{key % 10_000:04d}" if identified else ""
        return key, f"orcid:{orcid}" if identified else f"name:{folded}", name, folded, orcid

    def _name(self, person):
        return f"{self.given[person % GIVEN]} {self.family[person // GIVEN]}"

    def _name_folded(self, person):
        return f"{self.given_folded[person % GIVEN]} {self.family_folded[person // GIVEN]}"

    def _write_papers(self, abstracts):
        names, rest = bulk.template(
            Paper(created_at=NOW, updated_at=NOW, is_fictional=True),
            varying=(
                "id",
                "title",
                "year",
                "date",
                "venue_id",
                "kind",
                "language",
                "abstract",
                "abstract_language",
                "retracted",
                "is_stub",
                "title_folded",
                "first_author",
                "search_text",
            ),
        )
        bulk.write(Paper, names, ((*line, *rest) for line in self._paper_lines(abstracts)))

    def _paper_lines(self, abstracts):
        rng = self._rng("texts")
        for begin in range(0, self.papers, PAPERS):
            end = min(begin + PAPERS, self.papers)
            size = end - begin
            titles = self._texts(rng, rng.integers(6, 15, size=size))
            with_abstract = (rng.random(size) < abstracts) & ~self.stub[begin:end]
            lengths = np.where(with_abstract, rng.integers(80, 151, size=size), 0)
            long_texts = self._texts(rng, lengths, a_sentence=16)
            columns = zip(
                range(begin + 1, end + 1),
                titles,
                long_texts,
                self.years[begin:end].tolist(),
                self.venues[begin:end].tolist(),
                self.retracted[begin:end].tolist(),
                self.stub[begin:end].tolist(),
                self.people[begin:end].tolist(),
                strict=True,
            )
            for key, title, abstract, year, venue, retracted, stub, people in columns:
                people = [person for person in people if person >= 0]
                folded = text.fold(title)
                yield (
                    key,
                    title,
                    year or None,
                    f"{year}" if year else "",
                    venue or None,
                    "" if stub else "article",
                    "" if stub else "en",
                    abstract,
                    "en" if abstract else "",
                    _told(retracted),
                    stub,
                    folded,
                    self.family_folded[people[0] // GIVEN] if people else "",
                    f"{folded}\n{' '.join(map(self._name_folded, people))}",
                )

    def _texts(self, rng, lengths, *, a_sentence=0):
        """A text of so many words for each of ``lengths``: sentences of ``a_sentence`` words, or one."""
        words = [self.words[place] for place in _zipf(rng, WORDS, int(lengths.sum())).tolist()]
        found, begin = [], 0
        for length in lengths.tolist():
            if a_sentence:
                stops = range(begin, begin + length, a_sentence)
                parts = [
                    " ".join(words[stop : min(stop + a_sentence, begin + length)]).capitalize() + "."
                    for stop in stops
                ]
                found.append(" ".join(parts))
            else:
                found.append(" ".join(words[begin : begin + length]).capitalize())
            begin += length
        return found

    def _write_authorships(self):
        paper, position = np.nonzero(self.people >= 0)
        reasons = {True: str(LINKED[0]), False: str(Authorship.LinkReason.NAME)}
        columns = (paper, position, self.people[paper, position], self.author_ids[paper, position])
        lines = _rows(1 + np.arange(len(paper)), *columns, self.orcids[paper, position])
        names = (
            "id",
            "paper_id",
            "position",
            "name",
            "family",
            "initial",
            "author_id",
            "link_reason",
        )
        bulk.write(
            Authorship,
            names,
            (
                (
                    key,
                    place + 1,
                    position,
                    self._name(person),
                    self.family_folded[person // GIVEN],
                    self.given_folded[person % GIVEN][0],
                    author,
                    reasons[orcid],
                )
                for key, place, position, person, author, orcid in lines
            ),
        )

    def _write_marks(self):
        """Fields, identifiers, and the record in which a source described each citing paper."""
        rng, described = self._rng("marks"), np.flatnonzero(~self.stub)
        first = _zipf(rng, FIELDS, len(described))
        fields = [(described, first)]
        for further in (1, 2):  # others than the ones before
            also = np.flatnonzero(rng.random(len(described)) < 0.5)
            fields.append((described[also], (first[also] + further) % FIELDS))
        papers, numbers = (np.concatenate(column) for column in zip(*fields, strict=True))
        bulk.write(
            Paper.fields.through,
            ("id", "paper_id", "field_id"),
            _rows(1 + np.arange(len(papers)), papers + 1, numbers + 1),
        )
        with_doi = 1 + np.flatnonzero(rng.random(self.papers) < 0.95)
        names, rest = bulk.template(PaperIdentifier(scheme="doi"), varying=("id", "paper_id", "value"))
        bulk.write(
            PaperIdentifier,
            names,
            (
                (key, paper, _doi(paper), *rest)
                for key, paper in _rows(1 + np.arange(len(with_doi)), with_doi)
            ),
        )
        # The key of a paper's record is the paper's own.
        names, rest = bulk.template(
            SourceRecord(source=SOURCE, payload={}, first_read_at=NOW, last_read_at=NOW),
            varying=("id", "paper_id", "source_key", "digest"),
        )
        bulk.write(
            SourceRecord,
            names,
            (
                (paper, paper, f"doi:{_doi(paper)}", f"{paper:032x}", *rest)
                for (paper,) in _rows(1 + np.flatnonzero(self.references))
            ),
        )

    # -- pairs -------------------------------------------------------------------------------

    def write_pairs(self):
        """All pairs as pairs without a sentence, with what such a pair says of its citing paper."""
        names, rest = bulk.template(
            Citation(created_at=NOW),
            varying=(
                "id",
                "citing_paper_id",
                "cited_paper_id",
                "match_status",
                "match_reason",
                "is_self_citation",
                "citing_year",
                "citing_venue_id",
                "citing_retracted",
            ),
        )
        exact, strong = (MatchStatus.EXACT.value, "same doi"), (MatchStatus.STRONG.value, "same title")

        def lines():
            chance = self._rng("matches")
            for begin in range(0, len(self.citing), ROWS):
                citing, cited = self.citing[begin : begin + ROWS], self.cited[begin : begin + ROWS]
                keys = begin + 1 + np.arange(len(citing))
                columns = (self.years[citing], self.venues[citing], self.retracted[citing])
                own, same = self._self_citations(citing, cited), chance.random(len(citing)) < 0.85
                for key, one, other, same_doi, is_own, year, venue, retracted in _rows(
                    keys, citing, cited, same, own, *columns
                ):
                    match = exact if same_doi else strong
                    says = (_told(is_own), year or None, venue or None, _told(retracted))
                    yield (key, one + 1, other + 1, *match, *says, *rest)

        bulk.write(Citation, names, lines())
        names, rest = bulk.template(
            CitationProvenance(source=SOURCE), varying=("id", "citation_id", "record_id")
        )
        keys = 1 + np.arange(len(self.citing))
        bulk.write(CitationProvenance, names, ((*line, *rest) for line in _rows(keys, keys, 1 + self.citing)))
        bulk.write(StaleHub, ("paper_id",), _rows(1 + np.flatnonzero(self.known)))

    def _self_citations(self, citing, cited):
        """1, 0 or -1 (unknown) of each pair: ``rollups.is_self_citation`` over whole columns."""
        found = np.zeros(len(citing), dtype=bool)
        for here in range(MOST_AUTHORS):
            code, person = self.name_codes[citing, here], self.known_persons[citing, here]
            for there in range(MOST_AUTHORS):
                same_name = (code >= 0) & (code == self.name_codes[cited, there])
                other = self.known_persons[cited, there]
                found |= same_name & ((person == 0) | (other == 0) | (person == other))
        unknown = (self.authors[citing] == 0) | (self.authors[cited] == 0)
        return np.where(unknown, -1, found)

    # -- sentences ---------------------------------------------------------------------------

    def write_sentences(self, read):
        """The citing sentences of some papers, all references of each: a full text is read or is not."""
        rng = self._rng("sentences")
        order = rng.permutation(np.flatnonzero(self.references))
        sums = np.cumsum(self.references[order])
        number = np.searchsorted(sums, read * len(self.citing), side="right")
        held = np.zeros(self.papers, dtype=bool)
        held[order[:number]] = True
        pairs = np.flatnonzero(held[self.citing])
        mentions = rng.choice([1, 2, 3], p=[0.62, 0.26, 0.12], size=len(pairs))
        # All first mentions of a paper's references, then all second ones: no passage cites one twice.
        pair = np.repeat(pairs, mentions)
        mention = np.arange(len(pair)) - np.repeat(np.cumsum(mentions) - mentions, mentions)
        order = np.lexsort((pair, mention, self.citing[pair]))
        pair, mention = pair[order], mention[order]
        paper = self.citing[pair]
        begins = rng.random(len(pair)) < 0.6
        begins[:1] = True
        begins[1:] |= (paper[1:] != paper[:-1]) | (mention[1:] != mention[:-1])
        first = np.flatnonzero(begins)
        self.read_pairs = 1 + pairs
        self.contexts = pair  # the pair of each context, in the order of their keys
        self._write_passages(rng, paper, first, len(pair))

    def _write_passages(self, rng, paper, first, contexts):
        sizes = np.diff(np.append(first, contexts))
        citing = paper[first]
        positions = _run_lengths(citing)
        numbers = self.contexts - np.searchsorted(self.citing, paper)  # of the reference in its paper
        spans = np.zeros((len(first), 2), dtype=np.int64)
        names, rest = bulk.template(
            Passage(language="en"),
            varying=("id", "citing_paper_id", "fingerprint", "text", "section", "section_kind", "position"),
        )

        def lines():
            for begin in range(0, len(first), PAPERS):
                end = min(begin + PAPERS, len(first))
                kinds = rng.choice(list(SECTIONS), p=list(SECTIONS.values()), size=end - begin).tolist()
                before = self._texts(rng, rng.integers(4, 18, size=end - begin))
                behind = self._texts(rng, rng.integers(3, 14, size=end - begin))
                columns = _rows(citing[begin:end], first[begin:end], sizes[begin:end], positions[begin:end])
                for at, (one, start, size, position) in enumerate(columns):
                    marker = f"[{', '.join(str(number + 1) for number in numbers[start : start + size])}]"
                    words = f"{before[at]} {marker} {behind[at].lower()}."
                    spans[begin + at] = len(before[at]) + 1, len(before[at]) + 1 + len(marker)
                    kind = kinds[at]
                    yield (
                        begin + at + 1,
                        one + 1,
                        text.fingerprint(words),
                        words,
                        SECTION_TITLES[kind],
                        kind,
                        position,
                        *rest,
                    )

        bulk.write(Passage, names, lines())
        passage = np.repeat(np.arange(len(first)), sizes)
        names, rest = bulk.template(
            CitationContext(), varying=("id", "passage_id", "citation_id", "start", "end", "group_size")
        )
        keys = 1 + np.arange(contexts)
        columns = (passage + 1, self.contexts + 1, spans[passage, 0], spans[passage, 1], sizes[passage])
        bulk.write(CitationContext, names, ((*line, *rest) for line in _rows(keys, *columns)))
        names, rest = bulk.template(
            ContextProvenance(source=SOURCE), varying=("id", "context_id", "record_id")
        )
        bulk.write(ContextProvenance, names, ((*line, *rest) for line in _rows(keys, keys, paper + 1)))

    # -- labels ------------------------------------------------------------------------------

    def label(self):
        """Labels of half of the sentences, in several schemes; a machine's readings of some others."""
        rng = self._rng("labels")
        fate = rng.random(len(self.contexts))
        labelled = np.flatnonzero(fate < LABELLED)
        read_by_machine = np.flatnonzero((fate >= LABELLED) & (fate < LABELLED + (1 - LABELLED) * MACHINE))
        self.labelled = len(labelled)
        for begin in range(0, len(labelled), PAPERS):
            chosen = labelled[begin : begin + PAPERS]
            rows = []
            for place, labels in zip(chosen.tolist(), _labels(rng, len(chosen)), strict=True):
                record = int(self.citing[self.contexts[place]]) + 1
                for label in labels:
                    rows += assertions.imported(label, record_id=record, now=NOW, context_id=place + 1)
            assertions.append(rows)
        for begin in range(0, len(read_by_machine), PAPERS):
            chosen = read_by_machine[begin : begin + PAPERS]
            contexts = [_Context(place + 1, int(self.contexts[place]) + 1) for place in chosen.tolist()]
            predictions = dict(zip(contexts, _predictions(rng, len(chosen)), strict=True))
            assertions.by_machine(predictions, version=MODEL, now=NOW)


class _Context(NamedTuple):
    """As much of a CitationContext as ``assertions.by_machine`` looks at."""

    pk: int
    citation_id: int


def _labels(rng, number):
    """Lists of LabelRecords, one list for each sentence."""
    schemes = _choice(rng, SCHEMES, number)
    foreign = {scheme: _choice(rng, values, number) for scheme, values in FOREIGN.items()}
    roles, polarities = _choice(rng, ROLES, number), _choice(rng, POLARITIES, number)
    sources, also = _choice(rng, OWN_SOURCES, number), (rng.random(number) < 0.6).tolist()
    for at, scheme in enumerate(schemes):
        if scheme != "hub":
            yield [LabelRecord(scheme, foreign[scheme][at])]
        elif also[at]:
            yield [
                LabelRecord("hub", roles[at], sources[at]),
                LabelRecord("hub", polarities[at], sources[at]),
            ]
        else:
            yield [LabelRecord("hub", roles[at], sources[at])]


def _predictions(rng, number):
    """Predictions of a labeller that is sure of some sentences and abstains on others."""
    prior = np.array([ROLES[role] for role in MACHINE_ROLES])
    chances = rng.dirichlet(2.5 * prior / prior.sum() + 0.05, size=number)
    best = chances.argmax(axis=1)
    suggested = rng.choice(
        ["", *map(str, (Polarity.DISPUTES, Polarity.QUALIFIES))], p=[0.9, 0.05, 0.05], size=number
    )
    sure = rng.uniform(0.3, 0.95, size=number).round(3)
    for at in range(number):
        role, confidence = str(MACHINE_ROLES[best[at]]), float(chances[at, best[at]])
        yield Prediction(
            role=role if confidence > 0.5 else "",
            likeliest=role,
            confidence=confidence,
            probabilities=dict(zip(MACHINE_ROLES, chances[at].tolist(), strict=True)),
            polarity=str(suggested[at]),
            polarity_probability=float(sure[at]) if suggested[at] else 0.0,
        )


# -- random words and numbers ------------------------------------------------------------------


def _vocabulary(rng, size):
    """Distinct words in ASCII, the short ones first."""
    words = {}
    while len(words) < size:
        for more, ending, *parts in rng.integers(0, 2**31, size=(size, 11)).tolist():
            syllables = 1 + (len(words) > 80) + (len(words) > 900 and more % 2)
            sounds = zip(parts[: 3 * syllables], (ONSETS, VOWELS, CODAS) * syllables, strict=True)
            word = "".join(sound[part % len(sound)] for part, sound in sounds)
            words[word + (ENDINGS[ending % len(ENDINGS)] if syllables > 1 else "")] = True
    return list(words)[:size]


def _zipf(rng, size, shape):
    """Whole numbers below ``size`` in that shape, by Zipf's law: the first ones far more often."""
    sums = np.cumsum(1 / (np.arange(size) + 3.0))
    return np.searchsorted(sums, rng.random(shape) * sums[-1], side="right").clip(0, size - 1)


def _choice(rng, shares, number):
    return rng.choice(list(shares), p=list(shares.values()), size=number).tolist()


def _reads_as(name, family, given):
    return text.family_and_initial(name) == (family, given[0].lower())


def _doi(paper):
    return f"10.5555/bench.{paper:08d}"


def _told(number):
    """True, False, or None for -1."""
    return None if number < 0 else bool(number)


def _run_lengths(values):
    """0, 1, 2, … within each run of equal values."""
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
    lengths = np.diff(np.append(begins, len(values)))
    return np.arange(len(values)) - np.repeat(begins, lengths)


# -- writing -----------------------------------------------------------------------------------


def _rows(*columns):
    """Tuples of Python's own values from numpy columns, some at a time."""
    for begin in range(0, len(columns[0]), ROWS):
        yield from zip(*(column[begin : begin + ROWS].tolist() for column in columns), strict=True)


@contextmanager
def _quick_writing():
    """Without looking up foreign keys; on SQLite without care for a power cut."""
    alone = not connection.in_atomic_block  # as these settings ask
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        elif alone:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
                cursor.execute(f"PRAGMA {pragma}")
        try:
            yield
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("RESET session_replication_role")
            elif alone:
                for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536"):
                    cursor.execute(f"PRAGMA {pragma}")


@contextmanager
def _without_indexes():
    """Indexes that are no constraint are made after the rows: sorting once is quicker than finding places."""
    tables = [model._meta.db_table for model in (*TABLES, PaperWords)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
                " AND tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)",
                [tables],
            )
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                " AND tbl_name IN (SELECT value FROM json_each(%s))",
                [json.dumps(tables)],
            )
        made = cursor.fetchall()
        for name, _statement in made:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
        yield
        for _name, statement in made:
            cursor.execute(statement)


def _reset_sequences():
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), TABLES):
            cursor.execute(statement)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench.library", description=__doc__)
    parser.add_argument("--papers", type=int, default=300_000, metavar="N")
    parser.add_argument("--citations", type=int, default=1_500_000, metavar="M")
    parser.add_argument(
        "--largest", type=int, default=130_000, metavar="K", help="citing papers of the largest hub"
    )
    parser.add_argument(
        "--read", type=float, default=0.12, metavar="SHARE", help="of the pairs hold a sentence"
    )
    parser.add_argument(
        "--abstracts", type=float, default=0.3, metavar="SHARE", help="of the papers have one"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = vars(parser.parse_args())
    call_command("migrate", verbosity=0)
    try:
        written = write_library(**options)
    except ValueError as error:
        parser.error(str(error))
    print(
        f"{written.papers:,} papers, {written.citations:,} citations, {written.read:,} of them read in "
        f"{written.contexts:,} sentences, {written.labelled:,} of these labelled; {written.seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
