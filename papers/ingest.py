"""Writing papers: records in, rows of room 1 out. One batch, a bounded number of queries.

``upsert_papers`` matches the paper each record describes and each work it refers to,
creates what is new, and takes over what the record says where its source may speak.
Everything a source said is kept in a ``SourceRecord``. The caller owns the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from operator import attrgetter

from django.utils import timezone

from papers import bulk, deriving, identifiers, text, wordindex
from papers.matching import Candidate, Catalogue, Match, MatchStatus, Wanted, bare_pair, find, first_author
from papers.models import (
    FOLDED_LENGTH,
    Author,
    Authorship,
    Field,
    Notice,
    Paper,
    PaperIdentifier,
    PaperVersion,
    PaperWords,
    SourceRecord,
    Venue,
)
from papers.records import PaperRecord, Problem, ReferenceRecord

# Whose word is shown, strongest first, for every field alike. The same source's newer word
# replaces its older one. A preprint's record ranks below any record of a published version,
# and what a reference list says of a cited work ranks last. docs/data-model.md explains it.
SOURCE_ORDER = (
    "curator",
    "native",
    "jats",
    "crossref",
    "crossref-xml",
    "pubmed",
    "openalex",
    "arxiv",
    "semantic-scholar",
    "semantic-scholar-bulk",
    "unarxive",
    "s2orc",
    "tei",
    "pdf",
    "bibtex",
    "ris",
    "csl-json",
    "endnote",
    "wos",
    "csv",
    "opencitations",
    "reference",
)
OWN_COLUMNS = ("paper_id", "source_key", "digest", "locator")  # in which source records of a batch differ
FROM_REFERENCE = "reference"
PREPRINT = "/preprint"
FIRST_KNOWN = "first known from this reference"
OF_A_VERSION = ("doi", "arxiv", "pmid", "pmcid", "acl")  # the other schemes name the work

# Field -> how many characters its column takes (None: as many as the reader lets through).
PLAIN_FIELDS = {
    "title": None,
    "year": None,
    "date": 10,
    "kind": 60,
    "language": 20,
    "abstract": None,
    "license": 200,
}


@dataclass(slots=True)
class Taken:
    """What became of one record. ``state`` is created, updated or unchanged.

    ``references`` pairs each reference with its Match; empty for an unchanged record.
    ``same_as``: (number, reason) of further papers that the record's identifiers name.
    """

    record: PaperRecord
    state: str
    paper_id: int
    source_record: SourceRecord | None = None
    references: list[tuple[ReferenceRecord, Match]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    abstract_changed: bool = False
    same_as: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Upserted:
    """A batch written: a Taken for each record, in order, and the numbers of papers that changed.

    ``redated``: year, venue or retraction, of papers that were there before. ``renamed``: the
    author list, of any. ``retitled``: the title, of any.
    """

    taken: list[Taken]
    redated: set[int] = field(default_factory=set)
    renamed: set[int] = field(default_factory=set)
    retitled: set[int] = field(default_factory=set)


def source_rank(name):
    """Lower is stronger. ``native/preprint`` ranks after every source's published record."""
    base, _slash, version = name.partition("/")
    rank = SOURCE_ORDER.index(base) if base in SOURCE_ORDER else len(SOURCE_ORDER) - 1
    if base == FROM_REFERENCE:
        return 3 * len(SOURCE_ORDER)
    return rank + (len(SOURCE_ORDER) if version else 0)


def upsert_papers(records, *, source, run, locator, now=None, fictional=False):
    """Write a batch of PaperRecords that one source gave; returns Upserted.

    ``source`` is the format's name, ``run`` the number of the import, ``locator`` the file.
    Some thirty statements whatever the batch holds. Raises nothing of its own; call it
    inside a transaction.
    """
    now = now or timezone.now()
    batch = _Batch(source=source, run=run, locator=locator, now=now, fictional=fictional)
    derived = [record.derived or deriving.derive(record, known=True) for record in records]
    known = _known_source_records(source, {item.key for item in derived})
    done = Upserted([batch.open(*pair, known) for pair in zip(records, derived, strict=True)])
    fresh = [item for item in done.taken if item.state != "unchanged"]
    if fresh:
        batch.resolve(fresh)
        batch.write(fresh, done)
    return done


def refold(paper):
    """Set the folded forms of ``paper`` from its title and author list; the caller saves it.

    The words that it is found by are written at once. For whoever changes these by hand:
    curators' edits and merges. Up to four queries.
    """
    people = list(paper.authorships.order_by("position"))
    names = " ".join(text.fold_name(row.name) for row in people[: deriving.MOST_NAMES])
    paper.title_folded = text.fold(paper.title)[:FOLDED_LENGTH]
    paper.first_author = people[0].family[:100] if people else ""
    paper.search_text = deriving.search_text(paper.title, names)
    wordindex.write_papers([paper])


def _known_source_records(source, keys):
    """Earlier SourceRecords of these keys, newest first in each list."""
    known = defaultdict(list)
    rows = SourceRecord.objects.filter(source=source, source_key__among=keys).defer("payload")
    for row in rows.order_by("-last_read_at", "-id"):
        known[row.source_key].append(row)
    return known


def _is_preprint(record):
    if record.kind.lower() in ("preprint", "posted-content"):
        return True
    if "doi" in record.identifiers:
        return identifiers.is_preprint_doi(record.identifiers["doi"])
    return "arxiv" in record.identifiers and not record.kind


@dataclass(eq=False)
class _Batch:
    """The state of one ``upsert_papers`` call, step by step: open, resolve, write."""

    source: str
    run: int
    locator: str
    now: object
    fictional: bool
    described: dict = field(default_factory=dict)  # id(Taken) -> Candidate
    # Candidate -> what speaks of it, as (name of the source, record or reference), in order
    said: dict = field(default_factory=lambda: defaultdict(list))
    new: list = field(default_factory=list)
    new_identifiers: list = field(default_factory=list)  # (Candidate, scheme, value)
    named_too: list = field(default_factory=list)  # (Taken, Candidate, reason): one work, by its identifiers
    notices: list = field(default_factory=list)  # (Candidate concerned, kind, Candidate that says so)

    def open(self, record, derived, known):
        """Tell an unchanged record from one to be read, and note its SourceRecord."""
        earlier = known[derived.key]
        same = next((row for row in earlier if row.digest == derived.digest), None)
        problems = []
        if same is not None:
            if same.run == self.run:
                problems.append(Problem("the same record came earlier in this run", record.line))
            # An older version of the record is news again only if a later run had replaced it.
            if same is earlier[0] or same.run == earlier[0].run:
                return Taken(record, "unchanged", same.paper_id, same, problems=problems)
            same.run, same.last_read_at = self.run, self.now
            return Taken(record, "updated", same.paper_id, same)
        row = SourceRecord(
            source=self.source,
            source_key=derived.key,
            digest=derived.digest,
            locator=f"{self.locator}:{record.line}" if record.line else self.locator,
            run=self.run,
            first_read_at=self.now,
            last_read_at=self.now,
        )
        earlier.insert(0, row)
        return Taken(record, "updated", 0, row)

    # -- which paper is meant ------------------------------------------------------------

    def resolve(self, fresh):
        """Find or plan the paper of each record, reference and notice."""
        sought, bare = [], set()
        for item in fresh:
            references = []
            for reference in item.record.references:
                pair = bare_pair(reference)
                if pair:
                    bare.add(pair)
                references.append((reference, pair, None if pair else Wanted.of(reference)))
            notices = [(notice, Wanted.of(notice)) for notice in item.record.notices]
            sought.append((item, Wanted.of(item.record), references, notices))
        catalogue = Catalogue(_all_wanted(sought), bare)
        # Records first: a reference to a paper that the same batch describes should find it.
        for item, wanted, _references, _notices in sought:
            self._resolve_record(catalogue, item, wanted)
        exact = {}  # bare (scheme, value) -> Match
        for item, _wanted, references, notices in sought:
            here = self.described[id(item)]
            for reference, pair, wanted in references:
                if pair is None:
                    match = self._resolve_reference(catalogue, reference, wanted, here)
                else:
                    match = exact.get(pair) or self._resolve_bare(catalogue, pair, exact)
                if match.candidate is here:
                    item.problems.append(Problem("the paper refers to itself; left out", item.record.line))
                else:
                    item.references.append((reference, match))
            for notice, wanted in notices:
                self._resolve_notice(catalogue, item, notice, wanted)

    def _resolve_record(self, catalogue, item, wanted):
        match = find(catalogue, wanted)
        candidate = match.candidate
        if candidate is None:
            candidate = self._plan(catalogue, wanted, is_stub=False)
            item.state = "created"
        elif match.others:
            named = " and ".join(identifiers.display(*pair) for pair in wanted.pairs)
            for other in match.others:
                self.named_too.append((item, other, f"{named} stand in one record"))
        self._add_identifiers(catalogue, candidate, wanted)
        self.described[id(item)] = candidate
        name = self.source + (PREPRINT if _is_preprint(item.record) else "")
        self.said[candidate].append((name, item.record))
        catalogue.learn(candidate, wanted)

    def _resolve_bare(self, catalogue, pair, exact):
        candidate = catalogue.by_identifier.get(pair)
        is_new = candidate is None
        if is_new:
            candidate = self._plan(catalogue, Wanted([pair]), is_stub=True)
        exact[pair] = Match(candidate, MatchStatus.EXACT, f"same {pair[0]}")
        return Match(candidate, MatchStatus.EXACT, FIRST_KNOWN) if is_new else exact[pair]

    def _resolve_reference(self, catalogue, reference, wanted, here):
        match = find(catalogue, wanted)
        if match.status == MatchStatus.UNMATCHED and (wanted.pairs or wanted.has_title):
            candidate = self._plan(catalogue, wanted, is_stub=True)
            status = MatchStatus.EXACT if wanted.pairs else MatchStatus.STRONG
            match = Match(candidate, status, FIRST_KNOWN)
        candidate = match.candidate
        if candidate is not None and candidate is not here:
            self._add_identifiers(catalogue, candidate, wanted)
            if candidate.is_stub and _tells_more(wanted, candidate):
                self.said[candidate].append((FROM_REFERENCE, reference))
        return match

    def _resolve_notice(self, catalogue, item, notice, wanted):
        match = find(catalogue, wanted)
        other = match.candidate
        if other is None and (wanted.pairs or wanted.has_title):
            other = self._plan(catalogue, wanted, is_stub=True)
            self.said[other].append((FROM_REFERENCE, ReferenceRecord(title=notice.title)))
        here = self.described[id(item)]
        if other is not None and other is not here:
            concerned, speaker = (other, here) if notice.outgoing else (here, other)
            self.notices.append((concerned, notice.kind, speaker))

    def _plan(self, catalogue, wanted, *, is_stub):
        candidate = Candidate(None, wanted.title_folded, wanted.year, wanted.first_author, is_stub)
        catalogue.add(candidate)
        self._add_identifiers(catalogue, candidate, wanted)
        self.new.append(candidate)
        if is_stub:
            candidate.title_folded = ""  # so that what the reference says is taken over below
            candidate.year, candidate.first_author = None, ""
        return candidate

    def _add_identifiers(self, catalogue, candidate, wanted):
        for scheme, value in catalogue.add_identifiers(candidate, wanted.pairs):
            self.new_identifiers.append((candidate, scheme, value))

    # -- rows ------------------------------------------------------------------------------

    def write(self, fresh, done):
        earlier = {candidate for candidate in self.said if candidate.paper_id}
        papers = self._papers()
        before = {candidate: _noted(paper) for candidate, paper in papers.items()}
        venues = _venues(record.venue for said in self.said.values() for _name, record in said)
        people, fields = {}, {}
        for candidate, said in self.said.items():
            for name, record in said:
                _take_over(papers[candidate], record, name, venues, people, fields)
        for concerned, kind, _speaker in self.notices:
            if kind == Notice.Kind.RETRACTION:
                paper = papers.get(concerned)
                if paper is None:
                    paper = papers[concerned] = self._fetch(concerned)
                    before[concerned] = _noted(paper)
                if paper.field_sources.get("retracted") != "curator":
                    paper.retracted = True
        self._save_papers(papers)
        wordindex.rewrite(PaperWords, self._documents(papers), [paper.pk for paper in papers.values()])
        by_number = {id(paper): paper.pk for paper in papers.values()}
        there = {candidate.paper_id for candidate in earlier}
        _save_people({by_number[key]: lines for key, lines in people.items()}, there)
        _save_fields({by_number[key]: names for key, names in fields.items()}, there)
        self._save_identifiers(self._save_versions(there))
        self._save_notices()
        self._save_source_records(fresh)
        for candidate, paper in papers.items():
            title, abstract, *dated = before[candidate]
            if dated != _noted(paper)[2:]:
                done.redated.add(paper.pk)
            if title != paper.title:
                done.retitled.add(paper.pk)
        done.redated &= there | {concerned.paper_id for concerned, _kind, _speaker in self.notices}
        done.renamed = {by_number[key] for key in people}
        for item in fresh:
            candidate = self.described[id(item)]
            item.paper_id = candidate.paper_id
            item.abstract_changed = before[candidate][1] != papers[candidate].abstract
        for item, other, reason in self.named_too:
            item.same_as.append((other.paper_id, reason))

    def _papers(self):
        """Candidate -> Paper for all that something is said of; new ones unsaved."""
        numbers = [candidate.paper_id for candidate in self.said if candidate.paper_id]
        existing = {paper.pk: paper for paper in Paper.objects.filter(id__among=numbers)}
        return {
            candidate: existing[candidate.paper_id]
            if candidate.paper_id
            else Paper(is_stub=candidate.is_stub)
            for candidate in self.said
        }

    @staticmethod
    def _fetch(candidate):
        """A paper of which nothing but a retraction is said."""
        return Paper.objects.get(pk=candidate.paper_id) if candidate.paper_id else Paper(is_stub=True)

    def _documents(self, papers):
        """As ``wordindex.paper_documents``; where a paper is as one record tells it, so are its words."""
        told, mixed = {}, []
        for candidate, paper in papers.items():
            _name, record = self.said[candidate][-1] if self.said[candidate] else ("", None)
            if isinstance(record, PaperRecord) and _is_as_told(paper, record):
                told[paper.pk] = deriving.words(record)
            else:
                mixed.append(paper)
        return wordindex.paper_documents(mixed) | {key: (words,) for key, words in told.items() if words}

    def _save_papers(self, papers):
        new, changed = [], []
        for candidate, paper in papers.items():
            if any(name != FROM_REFERENCE for name, _record in self.said[candidate]):
                paper.is_stub = False
                paper.is_fictional = paper.is_fictional or self.fictional
            elif paper.pk is None:
                paper.is_fictional = self.fictional
            if paper.pk is None:
                new.append(candidate)
            else:
                paper.updated_at = self.now
                changed.append(paper)
        bulk.insert(Paper, [papers[candidate] for candidate in new])
        for candidate in new:
            candidate.paper_id = papers[candidate].pk
        columns = [column.name for column in Paper._meta.concrete_fields if not column.primary_key]
        bulk.update(Paper, changed, columns)
        self._save_bare([candidate for candidate in self.new if candidate not in papers])

    def _save_bare(self, candidates):
        """Stubs of which only an identifier is known: one line for all but its key."""
        plain = Paper(is_stub=True, is_fictional=self.fictional, created_at=self.now, updated_at=self.now)
        names, rest = bulk.template(plain, varying=("id",))
        for candidate, number in zip(candidates, bulk.reserve(Paper, len(candidates)), strict=True):
            candidate.paper_id = number
        bulk.write(Paper, names, ((candidate.paper_id, *rest) for candidate in candidates))

    def _save_versions(self, there):
        """A version for each described paper and kind, and those that records name beside.

        Returns ``version_of(paper id, scheme, value)``: the key of the version that an
        identifier belongs to, or None. ``there``: papers that were there before.
        """
        told, named = {}, {}  # (paper id, kind) -> record; (paper id, scheme, value) -> kind
        for candidate, said in self.said.items():
            for name, record in said:
                if name == FROM_REFERENCE:
                    continue
                own = PaperVersion.Kind.PREPRINT if name.endswith(PREPRINT) else _version_kind(record)
                for pair in record.identifiers.items():
                    if pair[0] in OF_A_VERSION:
                        named[candidate.paper_id, *pair] = _kind_of(*pair, own)
                if record.date or record.year or record.venue or own != PaperVersion.Kind.PUBLISHED:
                    told[candidate.paper_id, own] = record
                for version in record.versions:
                    told.setdefault((candidate.paper_id, version.kind), version)
                    for pair in version.identifiers.items():
                        named[candidate.paper_id, *pair] = version.kind
        rows, fresh = {}, {}
        for row in PaperVersion.objects.filter(paper_id__among={key[0] for key in told} & there):
            rows.setdefault((row.paper_id, row.kind), row)
        changed = [rows[key] for key in told if key in rows]
        for key, record in told.items():
            year = getattr(record, "year", None)
            title, venue, date = record.title, record.venue[:300], record.date or (str(year) if year else "")
            if row := rows.get(key):
                row.title, row.venue, row.date = title or row.title, venue or row.venue, date or row.date
            else:
                fresh[key] = (title, venue, date)
        numbers = dict(zip(fresh, bulk.reserve(PaperVersion, len(fresh)), strict=True))
        bulk.write(
            PaperVersion,
            ("id", "paper_id", "kind", "title", "venue", "date"),
            ((numbers[key], *key, *said) for key, said in fresh.items()),
        )
        bulk.update(PaperVersion, changed, ["title", "venue", "date"])
        numbers |= {key: row.pk for key, row in rows.items()}

        def version_of(paper_id, scheme, value):
            if scheme not in OF_A_VERSION:
                return None
            kind = named.get((paper_id, scheme, value)) or _kind_of(scheme, value)
            return numbers.get((paper_id, kind))

        self._link_identifiers({key[0] for key in told} & there, version_of)
        return version_of

    @staticmethod
    def _link_identifiers(paper_ids, version_of):
        """Identifiers that were there before their version was."""
        linked = []
        for row in PaperIdentifier.objects.filter(paper_id__among=paper_ids, version__isnull=True):
            row.version_id = version_of(row.paper_id, row.scheme, row.value)
            if row.version_id:
                linked.append(row)
        bulk.update(PaperIdentifier, linked, ["version"])

    def _save_identifiers(self, version_of):
        bulk.write(
            PaperIdentifier,
            ("paper_id", "version_id", "scheme", "value"),
            (
                (candidate.paper_id, version_of(candidate.paper_id, scheme, value), scheme, value)
                for candidate, scheme, value in self.new_identifiers
            ),
        )

    def _save_notices(self):
        Notice.objects.bulk_create(
            [
                Notice(
                    paper_id=concerned.paper_id,
                    kind=kind,
                    notice_paper_id=speaker.paper_id,
                    source=self.source,
                )
                for concerned, kind, speaker in self.notices
                if kind in Notice.Kind.values
            ],
            ignore_conflicts=True,
        )

    def _save_source_records(self, fresh):
        new, read_again = [], []
        for item in fresh:
            row = item.source_record
            row.paper_id = self.described[id(item)].paper_id
            if row.pk is None:
                new.append(item)
            else:
                read_again.append(row)
        plain = SourceRecord(source=self.source, run=self.run, first_read_at=self.now, last_read_at=self.now)
        names, rest = bulk.template(plain, varying=("id", *OWN_COLUMNS, "payload"))
        # The same record twice in one batch is one row: open() has told the second apart.
        for item, number in zip(new, bulk.reserve(SourceRecord, len(new)), strict=True):
            item.source_record.pk = number
        own = attrgetter("id", *OWN_COLUMNS)
        lines = ((*own(item.source_record), deriving.payload(item.record), *rest) for item in new)
        bulk.write(SourceRecord, names, lines)
        bulk.update(SourceRecord, read_again, ["paper", "run", "last_read_at"])


def _all_wanted(sought):
    """The Wanted of records, references and notices, but those of bare references."""
    for _item, wanted, references, notices in sought:
        yield wanted
        yield from (wanted for _reference, _pair, wanted in references if wanted)
        yield from (wanted for _notice, wanted in notices)


def _tells_more(wanted, candidate):
    """Whether a reference knows something that a stub lacks; remembers that it was asked."""
    more = False
    for name in ("title_folded", "year", "first_author"):
        if getattr(wanted, name) and not getattr(candidate, name):
            setattr(candidate, name, getattr(wanted, name))
            more = True
    return more


def _noted(paper):
    """What of a paper others depend on: its title, its abstract, and what its pairs repeat."""
    return [paper.title, paper.abstract, paper.year, paper.venue_id, paper.retracted]


def _kind_of(scheme, value, own=None):
    """Which version an identifier belongs to; ``own`` is the kind of the record that gives it."""
    if scheme == "arxiv" or (scheme == "doi" and identifiers.is_preprint_doi(value)):
        return PaperVersion.Kind.PREPRINT
    return own or PaperVersion.Kind.PUBLISHED


def _version_kind(record):
    return PaperVersion.Kind.CORRECTED if "corrected" in record.kind.lower() else PaperVersion.Kind.PUBLISHED


def _take_over(paper, record, name, venues, people, fields):
    """Set the fields of ``paper`` that ``record`` speaks of and its source may decide.

    ``people`` and ``fields`` collect, by id(paper), the AuthorLines and the field names to write.
    """
    rank = source_rank(name)

    def may_set(field_name):
        holder = paper.field_sources.get(field_name)
        return holder is None or source_rank(holder) >= rank

    def hold(field_name):
        paper.field_sources[field_name] = name

    retitled = False
    for field_name, limit in PLAIN_FIELDS.items():
        value = getattr(record, field_name, None)
        if field_name == "title" and value and text.is_title_noise(value):
            if not paper.title and _names_its_paper(value, record):
                paper.title = value  # held by nobody: any source that says more replaces it
            continue
        if field_name == "year" and not value and getattr(record, "date", ""):
            value = int(record.date[:4])
        if value and may_set(field_name):
            retitled |= field_name == "title"
            setattr(paper, field_name, value[:limit] if limit else value)
            hold(field_name)
    if record.abstract and paper.field_sources.get("abstract") == name:
        paper.abstract_language = getattr(record, "language", "")[:20]
    if record.venue and may_set("venue"):
        paper.venue_id = venues[text.fold(record.venue)[:300]]
        hold("venue")
    _take_summary(paper, record, name, may_set, hold)
    retracted = getattr(record, "retracted", None)
    if retracted is not None and (retracted or paper.retracted is None) and may_set("retracted"):
        paper.retracted = retracted
        hold("retracted")
    authors_part = paper.search_text.partition("\n")[2]
    if record.authors and may_set("authors"):
        people[id(paper)] = deriving.authors(record)
        paper.first_author = first_author(record)
        authors_part = deriving.names(record)
        hold("authors")
    if record.fields and may_set("fields"):
        fields[id(paper)] = record.fields
        hold("fields")
    if retitled:
        paper.title_folded = text.fold(paper.title)[:FOLDED_LENGTH]
    paper.search_text = deriving.search_text(paper.title, authors_part)


def _names_its_paper(noise, record):
    """Whether a title that looks like noise is shown: a number ("1984"), or any where nothing else names it.

    Of a record; in a reference a number is a year that stands in the wrong place.
    """
    if isinstance(record, ReferenceRecord):
        return False
    return noise.strip().isdecimal() or not record.identifiers


def _is_as_told(paper, record):
    """Whether searches find ``paper`` by what ``record`` says, all of it and nothing else."""
    told = deriving.search_text(record.title, deriving.names(record))
    return paper.search_text == told and paper.abstract == record.abstract


def _take_summary(paper, record, name, may_set, hold):
    if getattr(record, "summary", "") and may_set("summary"):
        paper.summary, paper.summary_origin = record.summary, Paper.SummaryOrigin.RECORD
        hold("summary")
    elif paper.abstract and paper.summary_origin in ("", Paper.SummaryOrigin.ABSTRACT):
        derived = getattr(record, "derived", None)
        said = derived.contribution if derived and record.abstract == paper.abstract else None
        paper.summary = text.contribution_sentence(paper.abstract) if said is None else said
        paper.summary_origin = Paper.SummaryOrigin.ABSTRACT if paper.summary else ""


def _venues(names):
    """Folded name -> id of its Venue, creating what is new. Three queries for each 2,000."""
    wanted = {}
    for name in names:
        folded = text.fold(name)[:300]
        if folded:
            wanted.setdefault(folded, name[:300])
    return _ensure(Venue, "name_folded", wanted, ("name",), lambda name: (name,))


def _ensure(model, key, wanted, columns=(), build=lambda _material: ()):
    """``{key value: id}`` for ``wanted`` ({key value: material}), creating missing rows.

    ``build`` gives the values of ``columns``, all but the key's, from the material.
    """
    if not wanted:
        return {}
    found = dict(model.objects.filter(**{f"{key}__among": wanted}).order_by().values_list(key, "id"))
    missing = [value for value in wanted if value not in found]
    keys = bulk.reserve(model, len(missing))
    names = ("id", key, *columns)
    lines = ((number, value, *build(wanted[value])) for number, value in zip(keys, missing, strict=True))
    bulk.write(model, names, lines)
    return found | dict(zip(missing, keys, strict=True))


def _save_fields(fields_by_paper, there):
    """Write the fields of study: ``{paper id: names}``; ``there``: papers that may have some."""
    wanted = {name[:200]: None for names in fields_by_paper.values() for name in names}
    rows = _ensure(Field, "name", wanted)
    through = Paper.fields.through
    if again := there & fields_by_paper.keys():
        through.objects.filter(paper_id__among=again).delete()
    bulk.write(
        through,
        ("paper_id", "field_id"),
        (
            (paper_id, rows[name])
            for paper_id, names in fields_by_paper.items()
            for name in dict.fromkeys(name[:200] for name in names)
        ),
    )


def _save_people(people_by_paper, there):
    """Write the author lists: ``{paper id: AuthorLines}``; ``there`` as above."""
    wanted = {}
    for lines in people_by_paper.values():
        for name, _family, _initial, key, _reason in lines:
            if key:
                wanted.setdefault(key, (key, name))

    def build(material):
        key, name = material
        scheme, _colon, value = key.partition(":")
        return name, text.fold_name(name)[:300], value if scheme == "orcid" else ""

    rows = _ensure(Author, "key", wanted, ("name", "name_folded", "orcid"), build)
    if again := there & people_by_paper.keys():
        Authorship.objects.filter(paper_id__among=again).delete()
    bulk.write(
        Authorship,
        ("paper_id", "position", "name", "family", "initial", "author_id", "link_reason"),
        (
            (paper_id, position, name, family, initial, rows.get(key), reason)
            for paper_id, lines in people_by_paper.items()
            for position, (name, family, initial, key, reason) in enumerate(lines)
        ),
    )
