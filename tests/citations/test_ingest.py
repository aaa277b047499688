"""Records in, rows out: what an import writes, keeps, takes back, and does not do twice."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from citations import ingest
from citations.checks import check_library
from citations.ingest import Outcome, ingest_records
from citations.management import importing
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    Claim,
    HubSummary,
    Passage,
    StaleHub,
    UnmatchedReference,
)
from citations.rollups import refresh_stale
from papers import ahead
from papers.ingest import upsert_papers
from papers.models import Authorship, Notice, Paper, PossibleDuplicate, SourceRecord
from papers.records import (
    AuthorRecord,
    ClaimRecord,
    ContextRecord,
    LabelRecord,
    NoticeRecord,
    PaperRecord,
    Problem,
    ReferenceRecord,
    VersionRecord,
)

pytestmark = pytest.mark.django_db
HOUSE = Path(__file__).parents[2]

SENTENCE = "The tides were counted as others had done before (Moor, 1999), with the same rope."


def cited(**more):
    return ReferenceRecord(**{"identifiers": {"doi": "10.5555/moor"}, "title": "Counting tides", **more})


def context(text=SENTENCE, **more):
    return ContextRecord(text=text, start=text.find("("), end=text.find(")") + 1, **more)


def label(scheme, value, **more):
    return LabelRecord(scheme=scheme, value=value, **more)


def record(doi="10.5555/one", *references, **more):
    more.setdefault("title", f"A paper of its own called {doi}")
    return PaperRecord(identifiers={"doi": doi}, references=list(references), **more)


def take(*items, source="native", run=1):
    outcome = Outcome()
    ingest_records(iter(items), source=source, run=run, locator="test.jsonl", outcome=outcome)
    refresh_stale()
    assert list(check_library()) == []
    return outcome


def dump():
    """Every evidence row, so that two moments can be compared."""
    models = (Paper, SourceRecord, Citation, Passage, CitationContext, Assertion, Claim, UnmatchedReference)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_a_record_becomes_paper_pair_sentence_and_label():
    outcome = take(record("10.5555/one", cited(contexts=[context(labels=[label("acl-arc", "Uses")])])))
    assert outcome.as_json() == {
        "records": 1,
        "papers_created": 1,
        "papers_updated": 0,
        "citations_created": 1,
        "contexts_created": 1,
        "labels_created": 1,
        "skipped": 0,
        "unmatched": 0,
    }
    pair = Citation.objects.get()
    assert (pair.citing_paper.title, pair.cited_paper.title) == (
        "A paper of its own called 10.5555/one",
        "Counting tides",
    )
    assert pair.cited_paper.is_stub and not pair.citing_paper.is_stub
    assert (pair.role, pair.role_source, pair.is_read, pair.match_status) == (
        "method",
        "dataset",
        True,
        "exact",
    )
    assertion = Assertion.objects.get()
    assert (assertion.scheme, assertion.original_value, assertion.value) == ("acl-arc", "Uses", "method")
    held = CitationContext.objects.get()
    assert held.passage.text[held.start : held.end] == "(Moor, 1999)"


def test_reading_the_same_again_changes_nothing():
    records = [
        record(
            "10.5555/one",
            cited(contexts=[context(labels=[label("cito", "disputes")])]),
            abstract="We find tides.",
        ),
        record("10.5555/two", cited(), ReferenceRecord(raw="Moor. Rope. 1999.")),
        record("10.5555/moor", title="Counting tides", authors=[AuthorRecord("Ann Moor")]),
    ]
    take(*records)
    before = dump()
    again = take(*records, run=2)
    assert dump() == before
    assert {name: n for name, n in again.as_json().items() if n} == {"records": 3}


def test_a_changed_record_is_kept_beside_the_earlier_one():
    take(record(title="A tide"))
    take(record(title="A better tide"), run=2)
    assert Paper.objects.get().title == "A better tide"
    assert {row.payload["title"] for row in SourceRecord.objects.all()} == {"A tide", "A better tide"}
    take(record(title="A tide"), run=3)  # the source goes back
    assert Paper.objects.get().title == "A tide"
    assert SourceRecord.objects.count() == 2


def test_the_stronger_source_is_shown_and_a_curator_is_never_overwritten():
    take(record(title="From the journal", year=2001), source="jats")
    take(record(title="From a service", year=2002, language="en"), source="semantic-scholar")
    paper = Paper.objects.get()
    assert (paper.title, paper.year, paper.language) == ("From the journal", 2001, "en")
    paper.title = "As the curator has it"
    paper.field_sources["title"] = "curator"
    paper.save()
    take(record(title="From the journal, again", year=2003), source="jats", run=2)
    paper.refresh_from_db()
    assert (paper.title, paper.year) == ("As the curator has it", 2003)


def test_a_reference_fills_a_stub_and_never_a_described_paper():
    take(record("10.5555/one", cited(title="")))
    take(record("10.5555/two", cited(title="Counting tides", year=1999, authors=[AuthorRecord("Moor A")])))
    stub = Paper.objects.get(identifiers__value="10.5555/moor")
    assert (stub.title, stub.year, stub.is_stub) == ("Counting tides", 1999, True)
    assert Authorship.objects.get(paper=stub).name == "Moor A"
    take(record("10.5555/moor", title="Counting the tides"))
    take(record("10.5555/three", cited(title="Cuonting tidse")))
    stub.refresh_from_db()
    assert (stub.title, stub.is_stub) == ("Counting the tides", False)


def test_one_sentence_about_two_works_is_one_passage_with_two_contexts():
    text = "Both ropes (Moor, 1999; Lind, 2001) were wet."
    take(
        record(
            "10.5555/one",
            cited(contexts=[ContextRecord(text, 12, 22)]),
            ReferenceRecord(identifiers={"doi": "10.5555/lind"}, contexts=[ContextRecord(text, 24, 34)]),
        )
    )
    assert Passage.objects.count() == 1
    assert sorted(held.passage.text[held.start : held.end] for held in CitationContext.objects.all()) == [
        "Lind, 2001",
        "Moor, 1999",
    ]


def test_the_same_sentence_from_two_sources_is_one_passage_with_two_provenances():
    take(record("10.5555/one", cited(contexts=[context()])))
    spaced = SENTENCE.replace("(Moor, 1999)", "( Moor , 1999 )")
    take(record("10.5555/one", cited(contexts=[ContextRecord(spaced)])), source="jats")
    held = CitationContext.objects.get()
    assert sorted(row.source for row in held.provenances.all()) == ["jats", "native"]
    assert held.passage.text == SENTENCE


def test_a_complete_list_takes_back_what_it_no_longer_has_and_labels_survive():
    full = record(
        "10.5555/one",
        cited(contexts=[context(labels=[label("hub", "method")])]),
        ReferenceRecord(identifiers={"doi": "10.5555/lind"}),
        references_complete=True,
    )
    take(full)
    shorter = dataclasses.replace(full, references=full.references[1:])
    take(shorter, run=2)
    gone = Citation.objects.get(cited_paper__identifiers__value="10.5555/moor")
    assert gone.withdrawn_at and gone.contexts.get().withdrawn_at
    assert HubSummary.objects.filter(paper=gone.cited_paper).count() == 0
    take(full, run=3)
    gone.refresh_from_db()
    assert gone.withdrawn_at is None and gone.role == "method"


def test_an_incomplete_list_takes_nothing_back():
    take(record("10.5555/one", cited(contexts=[context(labels=[label("hub", "method")])])))
    take(record("10.5555/one", ReferenceRecord(identifiers={"doi": "10.5555/lind"})), run=2)
    assert Citation.objects.current().count() == 2
    assert Citation.objects.filter(role="method").count() == 1


def test_one_source_does_not_take_back_what_another_has():
    take(record("10.5555/one", cited(contexts=[context()]), references_complete=True))
    take(record("10.5555/one", cited(contexts=[context()]), references_complete=True), source="jats")
    take(record("10.5555/one", references_complete=True), run=2)
    assert Citation.objects.current().count() == 1
    assert CitationContext.objects.current().count() == 1


def test_a_curators_label_survives_a_new_import_of_the_same_sentence(django_user_model):
    from citations.curation import relabel_context

    take(record("10.5555/one", cited(contexts=[context(labels=[label("hub", "method")])])))
    curator = django_user_model.objects.create_user("ada")
    relabel_context(context=CitationContext.objects.get(), curator=curator, role="extension")
    take(
        record("10.5555/one", cited(contexts=[context(labels=[label("hub", "baseline")])]), title="Newer"),
        run=2,
    )
    pair = Citation.objects.get()
    assert (pair.role, pair.role_source) == ("extension", "curator")
    assert Assertion.objects.count() == 3


def test_a_source_that_goes_back_to_an_earlier_label_is_heard():
    for run, value in enumerate(["method", "baseline", "method"], start=1):
        take(
            record("10.5555/one", cited(contexts=[context(labels=[label("hub", value)])]), year=1990 + run),
            run=run,
        )
        assert Citation.objects.get().role == value
    assert [row.value for row in Assertion.objects.order_by("id")] == ["method", "baseline", "method"]


@pytest.mark.parametrize("between", [0, 3])
def test_the_later_of_two_records_is_heard_wherever_a_batch_ends(between, monkeypatch):
    monkeypatch.setattr(ingest, "RECORDS_A_BATCH", 2)
    others = [record(f"10.5555/other-{number}") for number in range(between)]
    earlier, later = (
        record("10.5555/one", cited(contexts=[context(labels=[label("acl-arc", value)])]), year=year)
        for value, year in (("uses", 1999), ("background", 2000))
    )
    take(earlier, *others, later)
    assert Citation.objects.get().role == "background"
    assert Assertion.objects.count() == 2


@pytest.mark.parametrize("between", [0, 3])
def test_the_later_of_two_complete_records_holds_wherever_a_batch_ends(between, monkeypatch):
    monkeypatch.setattr(ingest, "RECORDS_A_BATCH", 2)
    others = [record(f"10.5555/other-{number}") for number in range(between)]
    earlier, later = (
        record("10.5555/one", reference, references_complete=True)
        for reference in (
            cited(contexts=[context()]),
            ReferenceRecord(identifiers={"doi": "10.5555/sand"}, title="Counting sand"),
        )
    )
    take(earlier, *others, later)
    [pair] = Citation.objects.current()
    assert pair.cited_paper.title == "Counting sand"
    assert not CitationContext.objects.filter(withdrawn_at=None)


def test_a_complete_record_takes_back_a_label_it_no_longer_has():
    both = [label("hub", "method"), label("hub", "disputes")]
    for run, labels in enumerate([both, both[:1]], start=1):
        contexts = [context(labels=labels)]
        take(record("10.5555/one", cited(contexts=contexts), references_complete=True), run=run)
    pair = Citation.objects.get()
    assert (pair.role, pair.polarity) == ("method", "")
    assert Assertion.objects.filter(withdrawn_at__isnull=False).get().value == "disputes"


def test_a_pair_label_without_a_sentence_is_kept_and_not_counted():
    take(record("10.5555/one", cited(labels=[label("semantic-scholar", "methodology")])))
    pair = Citation.objects.get()
    assert (pair.role, pair.is_read, pair.pair_assertions.get().value) == ("", False, "method")
    assert HubSummary.objects.get(paper=pair.cited_paper).labelled == 0


def test_unknown_label_values_are_kept_reported_and_not_counted():
    outcome = take(record("10.5555/one", cited(contexts=[context(labels=[label("acl-arc", "Homage")])])))
    assert outcome.unmapped == {("acl-arc", "Homage"): 1}
    assert Assertion.objects.get().dimension == "unmapped"
    assert Citation.objects.get().role == ""


def test_references_that_nothing_names_wait_as_unmatched():
    take(
        record(
            "10.5555/one",
            ReferenceRecord(raw="Moor, A. (1999). Rope."),
            ReferenceRecord(title="Rope", year=1999),
            ReferenceRecord(title="A title that is long enough"),
        )
    )
    assert {row.match_status for row in UnmatchedReference.objects.all()} == {"unmatched"}
    assert UnmatchedReference.objects.count() == 2
    assert Citation.objects.count() == 1


def test_an_open_reference_that_a_complete_record_no_longer_prints_is_withdrawn():
    raw = ReferenceRecord(raw="Moor, A. (1999). Rope.")
    take(record("10.5555/one", raw, references_complete=True))
    take(record("10.5555/one", references_complete=True), run=2)
    assert UnmatchedReference.objects.get().withdrawn_at
    take(record("10.5555/one", raw, references_complete=True), run=3)
    assert UnmatchedReference.objects.get().withdrawn_at is None


def test_a_reference_that_a_curator_resolved_stays_so_when_its_record_changes(django_user_model):
    from citations.curation import resolve_reference

    raw = ReferenceRecord(raw="Moor, A. (1999). Rope.", contexts=[context()])
    take(record("10.5555/one", raw), record("10.5555/moor", title="Counting tides"))
    resolve_reference(
        unmatched=UnmatchedReference.objects.get(),
        paper=Paper.objects.get(identifiers__value="10.5555/moor"),
        curator=django_user_model.objects.create_user("ada"),
    )
    again = take(record("10.5555/one", raw, title="A new title", references_complete=True), run=2)
    assert again.counts["unmatched"] == 0
    assert Citation.objects.current().get().is_read


def test_a_title_that_two_papers_have_stays_ambiguous():
    take(
        record("10.5555/a", title="Annual report of the marsh"),
        record("10.5555/b", title="Annual report of the marsh"),
        record("10.5555/one", ReferenceRecord(title="Annual Report of the Marsh")),
    )
    waiting = UnmatchedReference.objects.get()
    assert waiting.match_status == "ambiguous" and len(waiting.candidates) == 2


@pytest.mark.parametrize(
    "reference, matched",
    [
        ({"title": "counting  TIDES"}, True),
        ({"title": "Counting tides", "year": 2000}, True),
        ({"title": "Counting tides", "year": 2003}, False),
        ({"title": "Counting tides", "authors": [AuthorRecord("Ann Moor")]}, True),
        ({"title": "Counting tides", "authors": [AuthorRecord("Bo Lind")]}, False),
        ({"title": "Counting tides", "identifiers": {"doi": "10.5555/other"}}, False),
        ({"title": "Counting tides", "identifiers": {"pmid": "123"}}, True),
    ],
)
def test_matching_by_title_needs_nothing_against_it(reference, matched):
    described = record("10.5555/moor", title="Counting tides", year=1999, authors=[AuthorRecord("Moor, Ann")])
    take(described, record("10.5555/one", ReferenceRecord(**reference)))
    pair = Citation.objects.get()
    assert (pair.cited_paper.identifiers.filter(value="10.5555/moor").exists()) is matched


def test_a_paper_that_refers_to_itself_is_told_and_left_out():
    described = record("10.5555/moor", ReferenceRecord(title="Counting tides"), title="Counting tides")
    outcome = take(described)
    assert Citation.objects.count() == 0
    assert [problem.reason for _file, problem in outcome.problems] == ["the paper refers to itself; left out"]


def test_a_retraction_notice_marks_the_paper_it_is_about():
    take(record("10.5555/moor", title="Counting tides"))
    notice = record(
        "10.5555/notice",
        kind="retraction",
        notices=[NoticeRecord("retraction", {"doi": "10.5555/moor"}, outgoing=True)],
    )
    take(notice)
    assert Paper.objects.get(identifiers__value="10.5555/moor").retracted is True
    assert Notice.objects.get().kind == "retraction"


def test_preprint_and_publication_are_one_paper_with_two_versions():
    take(
        PaperRecord(
            identifiers={"arxiv": "9905.04117"}, title="Ropes", venue="arXiv", kind="preprint", year=2020
        ),
        PaperRecord(
            identifiers={"doi": "10.5555/ropes", "arxiv": "9905.04117"},
            title="Ropes, read",
            venue="Tides",
            year=2021,
        ),
    )
    paper = Paper.objects.get()
    assert [(version.kind, version.venue) for version in paper.versions.all()] == [
        ("preprint", "arXiv"),
        ("published", "Tides"),
    ]
    assert (paper.venue.name, paper.year, paper.title) == ("Tides", 2021, "Ropes, read")
    assert {row.scheme: row.version.kind for row in paper.identifiers.all()} == {
        "arxiv": "preprint",
        "doi": "published",
    }


def test_the_preprint_read_last_does_not_push_the_publication_aside():
    take(
        PaperRecord(
            identifiers={"doi": "10.5555/ropes", "arxiv": "9905.04117"}, title="Ropes, read", venue="Tides"
        ),
        PaperRecord(
            identifiers={"arxiv": "9905.04117"}, title="Ropes", venue="arXiv", kind="preprint", year=2020
        ),
    )
    assert Paper.objects.get().venue.name == "Tides"


@pytest.mark.parametrize(
    "preprint, published",
    [("10.1101/2020.01.02.123456", "10.5555/ropes"), ("10.21203/rs.3.rs-1", "10.5555/ropes")],
)
def test_a_preprints_doi_does_not_speak_against_the_publishers(preprint, published):
    about = {"title": "Ropes of the tide and how they wear", "authors": [AuthorRecord("Ada Moor")]}
    take(record(preprint, year=2020, **about), record(published, year=2021, **about))
    paper = Paper.objects.get()
    assert {row.value: row.version.kind for row in paper.identifiers.all()} == {
        preprint: "preprint",
        published: "published",
    }


def test_papers_of_one_title_years_apart_are_two_though_one_batch_brings_both():
    take(PaperRecord(title="Principles of counting"))
    take(*(PaperRecord(title="Principles of counting", year=year) for year in (2000, 2010)), run=2)
    assert sorted(Paper.objects.values_list("year", flat=True)) == [2000, 2010]


@pytest.mark.parametrize(
    "title, identifiers, shown",
    [
        ("1984", {}, "1984"),
        ("1984", {"doi": "10.5555/one"}, "1984"),
        ("Untitled", {}, "Untitled"),
        ("Untitled", {"doi": "10.5555/one"}, "doi:10.5555/one"),
    ],
)
def test_a_title_that_looks_like_noise_is_shown_where_it_names_the_paper(title, identifiers, shown):
    take(PaperRecord(title=title, identifiers=identifiers))
    paper = Paper.objects.get()
    assert (paper.display_title, paper.title_folded) == (shown, "")
    assert "title" not in paper.field_sources


def test_two_dois_of_publishers_are_two_papers():
    about = {"title": "Ropes of the tide and how they wear", "authors": [AuthorRecord("Ada Moor")]}
    take(record("10.5555/ropes", year=2020, **about), record("10.5555/ropes-again", year=2021, **about))
    assert Paper.objects.count() == 2


def test_a_version_that_a_record_names_is_the_same_work():
    take(record("10.5555/ropes", title="Ropes, read"))
    version = VersionRecord("published", {"doi": "10.5555/ropes"}, date="2021-04", venue="Tides")
    take(PaperRecord(identifiers={"arxiv": "9905.04117"}, title="Ropes", kind="preprint", versions=[version]))
    paper = Paper.objects.get()
    assert {row.value: row.version.kind for row in paper.identifiers.all()} == {
        "9905.04117": "preprint",
        "10.5555/ropes": "published",
    }
    assert {version.kind: version.venue for version in paper.versions.all()}["published"] == "Tides"
    assert paper.title == "Ropes, read"


def test_two_papers_that_one_record_names_become_one():
    take(
        record("10.5555/citing", ReferenceRecord(identifiers={"pmid": "77"})),
        record("10.5555/moor", title="Counting tides"),
    )
    stub = Paper.objects.get(identifiers__value="77")
    both = PaperRecord(identifiers={"doi": "10.5555/moor", "pmid": "77"}, title="Counting tides")
    take(both, source="pubmed")
    paper = Paper.objects.get(identifiers__value="10.5555/moor")
    assert {row.value for row in paper.identifiers.all()} == {"10.5555/moor", "77"}
    assert paper.redirects.get().old_id == stub.pk
    assert Citation.objects.get().cited_paper == paper
    assert paper.hub_summary.known == 1


def test_what_is_known_of_a_cited_paper_later_makes_a_self_citation():
    authors = [AuthorRecord("Ada Moor")]
    take(record("10.5555/one", ReferenceRecord(identifiers={"doi": "10.5555/moor"}), authors=authors))
    assert Citation.objects.get().is_self_citation is None
    take(record("10.5555/moor", authors=authors))
    assert Citation.objects.get().is_self_citation is True


def test_a_retraction_marks_what_the_retracted_paper_cites():
    take(record("10.5555/one", cited(), year=2001))
    notice = NoticeRecord("retraction", {"doi": "10.5555/one"}, outgoing=True)
    take(record("10.5555/notice", kind="retraction", notices=[notice]))
    assert Citation.objects.get().citing_retracted is True


def test_claims_come_from_the_record_else_from_the_abstract():
    result = "We show that ropes shrink by 12% in salt water compared with fresh water."
    take(
        record(
            "10.5555/a", claims=[ClaimRecord("Ropes shrink.", "ropes shrink", "abstract")], abstract=result
        ),
        record("10.5555/b", abstract=f"Ropes are old. {result}"),
    )
    claims = {claim.paper.identifiers.get().value: claim for claim in Claim.objects.all()}
    assert (claims["10.5555/a"].origin, claims["10.5555/a"].text) == ("record", "Ropes shrink.")
    assert (claims["10.5555/b"].origin, claims["10.5555/b"].quote) == ("abstract", result)


def test_a_self_citation_is_true_false_or_unknown():
    take(
        record("10.5555/moor", title="Counting tides", authors=[AuthorRecord("Ann Moor")]),
        record("10.5555/one", cited(), authors=[AuthorRecord("Moor, A."), AuthorRecord("Bo Lind")]),
        record("10.5555/two", cited(), authors=[AuthorRecord("Bo Lind")]),
        record("10.5555/three", cited()),
    )
    found = dict(Citation.objects.values_list("citing_paper__identifiers__value", "is_self_citation"))
    assert found == {"10.5555/one": True, "10.5555/two": False, "10.5555/three": None}


def test_a_stopped_run_leaves_whole_batches_and_knows_which_hubs_are_behind(monkeypatch):
    monkeypatch.setattr(ingest, "RECORDS_A_BATCH", 2)

    def stopped():
        for number in range(5):
            yield record(f"10.5555/{number}", cited())
        raise KeyboardInterrupt

    outcome = Outcome()
    with pytest.raises(KeyboardInterrupt):
        ingest_records(stopped(), source="native", run=1, locator="x", outcome=outcome)
    assert Citation.objects.count() == 4 == outcome.counts["citations_created"]
    assert StaleHub.objects.filter(paper__identifiers__value="10.5555/moor").exists()
    take(*(record(f"10.5555/{number}", cited()) for number in range(5)), run=2)
    assert HubSummary.objects.get(paper__identifiers__value="10.5555/moor").known == 5


def test_problems_of_the_reader_are_counted_and_lose_nothing_else():
    outcome = take(
        record("10.5555/a"), Problem("no good", 2, skipped=True), Problem("odd", 3), record("10.5555/b")
    )
    assert (outcome.counts["skipped"], outcome.counts["records"]) == (1, 2)


def test_a_batch_costs_the_same_queries_for_ten_records_and_for_a_hundred(django_assert_max_num_queries):
    def many(n, name):
        return [
            record(f"10.5555/{name}{i}", cited(contexts=[context(f"Sentence {name}{i} (Moor, 1999) ends.")]))
            for i in range(n)
        ]

    outcome = Outcome()
    for n in (10, 100):
        with django_assert_max_num_queries(75):
            ingest_records(iter(many(n, n)), source="native", run=1, locator="x", outcome=outcome)


# -- the command ---------------------------------------------------------------------------------


def run_ingest(capsys, *arguments):
    """(exit code, stdout, stderr) of ``manage.py ingest`` as a shell sees them."""
    from django.core.management import CommandError, call_command

    code = 0
    try:
        call_command("ingest", *map(str, arguments))
    except CommandError as error:
        code = error.returncode
    except SystemExit as error:
        code = error.code
    out, err = capsys.readouterr()
    return code, out, err


def write(path, *lines):
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


ONE = {
    "identifiers": {"doi": "10.5555/one"},
    "title": "One of them",
    "references": [{"identifiers": {"doi": "10.5555/moor"}}],
}


def test_the_command_reads_a_folder_and_prints_its_counts_last(tmp_path, capsys):
    write(tmp_path / "a.jsonl", ONE)
    code, out, _err = run_ingest(capsys, tmp_path, "--json")
    counts = json.loads(out.splitlines()[-1])
    assert code == 0
    assert list(counts) == list(Outcome.NAMES)
    assert (counts["records"], counts["citations_created"]) == (1, 1)
    assert HubSummary.objects.get().known == 1


def test_a_bad_line_is_named_with_file_and_line_and_exits_1(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", ONE, "this is no JSON", {**ONE, "identifiers": {"doi": "10.5555/two"}})
    code, _out, err = run_ingest(capsys, path)
    assert code == 1
    assert f"{path}:2: skipped:" in err
    assert Citation.objects.count() == 2


def test_more_unknown_values_than_are_named_are_summed_up(tmp_path, capsys):
    labels = [{"scheme": "acl-arc", "value": f"word {chr(97 + number)}"} for number in range(22)]
    reference = {"title": "Counting tides", "contexts": [{"text": SENTENCE, "labels": labels}]}
    path = write(tmp_path / "a.jsonl", {"title": "On lakes and tides", "references": [reference]})
    code, _out, err = run_ingest(capsys, path)
    assert code == 0
    assert err.count("are kept but not counted") == 20 and "so are 2 labels of 2 other values" in err


@pytest.mark.parametrize("content", ["", "not a known format", '{"unknown": "thing"}'])
def test_nothing_readable_exits_2(tmp_path, capsys, content):
    path = tmp_path / "a.txt"
    path.write_text(content)
    code, _out, err = run_ingest(capsys, path)
    assert code == 2 and str(path) in err


def test_a_missing_path_or_a_bad_identifier_exits_2(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", ONE)
    assert run_ingest(capsys, tmp_path / "nowhere")[0] == 2
    assert run_ingest(capsys, path, "--about", "no identifier")[0] == 2
    assert Paper.objects.count() == 0


def test_a_file_of_an_unknown_kind_among_good_ones_exits_1(tmp_path, capsys):
    write(tmp_path / "a.jsonl", ONE)
    (tmp_path / "b.bin").write_bytes(b"\x00\x01\x02")
    code, _out, err = run_ingest(capsys, tmp_path)
    assert code == 1 and "b.bin" in err
    assert Citation.objects.count() == 1


def test_a_dry_run_counts_and_writes_nothing(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", ONE)
    code, out, _err = run_ingest(capsys, path, "--dry-run", "--json")
    assert code == 0 and json.loads(out.splitlines()[-1])["citations_created"] == 1
    assert not Paper.objects.exists() and not StaleHub.objects.exists()


def test_limit_stops_after_so_many_records(tmp_path, capsys):
    path = write(tmp_path / "a.jsonl", *({**ONE, "identifiers": {"doi": f"10.5555/{n}"}} for n in range(5)))
    run_ingest(capsys, path, "--limit", "2")
    assert Citation.objects.count() == 2


def test_no_refresh_leaves_the_hubs_to_refresh_hubs(tmp_path, capsys):
    from django.core.management import call_command

    run_ingest(capsys, write(tmp_path / "a.jsonl", ONE), "--no-refresh", "--no-classify")
    assert not HubSummary.objects.exists()
    call_command("refresh_hubs")
    assert HubSummary.objects.get().known == 1


def test_ctrl_c_exits_130_and_keeps_whole_batches(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ingest, "RECORDS_A_BATCH", 1)
    path = write(tmp_path / "a.jsonl", ONE, {**ONE, "identifiers": {"doi": "10.5555/two"}})
    real = ingest.upsert_papers

    def stop_at_the_second(records, **more):
        if records[0].identifiers["doi"] == "10.5555/two":
            raise KeyboardInterrupt
        return real(records, **more)

    monkeypatch.setattr(ingest, "upsert_papers", stop_at_the_second)
    code, out, _err = run_ingest(capsys, path)
    assert code == 130 and "1 records" in out
    assert Citation.objects.count() == 1


LINES = [{**ONE, "identifiers": {"doi": f"10.5555/{number}"}} for number in range(5)]


def stop_at(monkeypatch, doi):
    """Let the next run end, as if killed, when it comes to this record; returns what was read until then."""
    read = []

    def stopping(records, **more):
        read.extend(record.identifiers["doi"] for record in records)
        if doi in read:
            raise KeyboardInterrupt
        return upsert_papers(records, **more)

    monkeypatch.setattr(ingest, "RECORDS_A_BATCH", 1)
    monkeypatch.setattr(ingest, "upsert_papers", stopping)
    return read


def test_the_same_command_goes_on_where_it_was_stopped(tmp_path, capsys, monkeypatch):
    write(tmp_path / "a.jsonl", *LINES[:1])
    write(tmp_path / "b.jsonl", *LINES[1:])
    stop_at(monkeypatch, "10.5555/3")
    assert run_ingest(capsys, tmp_path)[0] == 130
    read = stop_at(monkeypatch, "nowhere")
    code, out, _err = run_ingest(capsys, tmp_path)
    assert code == 0 and read == ["10.5555/3", "10.5555/4"]
    assert "Going on after record 2 of" in out and "b.jsonl" in out
    assert Citation.objects.count() == 5 and list(check_library()) == []
    read.clear()
    assert run_ingest(capsys, tmp_path)[0] == 0
    assert len(read) == 5  # that run came to its end: the next one looks at everything


def test_a_file_that_a_second_process_reads_is_taken_in_and_gone_on_with_alike(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ahead, "WORTH_BYTES", 0)
    monkeypatch.setattr(ahead.os, "cpu_count", lambda: 2)
    told = {"abstract": "We present a lake. Our results show that it moves."}
    path = write(tmp_path / "a.jsonl", *({**line, **told} for line in LINES), "{broken")
    stop_at(monkeypatch, "10.5555/3")
    assert run_ingest(capsys, path)[0] == 130
    read = stop_at(monkeypatch, "nowhere")
    code, _out, err = run_ingest(capsys, path)
    assert code == 1 and f"{path}:6: skipped" in err and read == ["10.5555/3", "10.5555/4"]
    assert Paper.objects.get(identifiers__value="10.5555/4").summary == "We present a lake."
    assert Claim.objects.filter(text="Our results show that it moves.").count() == 5
    assert list(check_library()) == []


def test_a_run_stopped_at_its_hubs_has_nothing_left_to_read(tmp_path, capsys, monkeypatch):
    path = write(tmp_path / "a.jsonl", *LINES)

    def stopped(**_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing, "catch_up", stopped)
        assert run_ingest(capsys, path)[0] == 130
    assert StaleHub.objects.exists()
    read = stop_at(monkeypatch, "nowhere")
    assert run_ingest(capsys, path)[0] == 0 and read == []
    assert not StaleHub.objects.exists() and list(check_library()) == []


def test_a_run_stopped_twice_keeps_its_place(tmp_path, capsys, monkeypatch):
    path = write(tmp_path / "a.jsonl", *LINES)
    for _time in range(2):
        stop_at(monkeypatch, "10.5555/3")
        assert run_ingest(capsys, path)[0] == 130
    read = stop_at(monkeypatch, "nowhere")
    assert run_ingest(capsys, path)[0] == 0 and read == ["10.5555/3", "10.5555/4"]


def test_the_same_words_in_another_folder_are_another_command(tmp_path, capsys, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a.jsonl", *LINES)
    monkeypatch.chdir(tmp_path / "here")
    stop_at(monkeypatch, "10.5555/3")
    run_ingest(capsys, "a.jsonl")
    read = stop_at(monkeypatch, "nowhere")
    monkeypatch.chdir(tmp_path / "there")
    assert run_ingest(capsys, "a.jsonl")[0] == 0 and len(read) == 5


def test_where_the_place_is_gone_everything_is_read(tmp_path, capsys, monkeypatch):
    write(tmp_path / "a.jsonl", *LINES[:2])
    stop_at(monkeypatch, "10.5555/1")
    run_ingest(capsys, tmp_path)
    (tmp_path / "a.jsonl").unlink()
    write(tmp_path / "b.jsonl", *LINES)
    read = stop_at(monkeypatch, "nowhere")
    assert run_ingest(capsys, tmp_path)[0] == 0 and len(read) == 5


@pytest.mark.parametrize("how", ["--from-start", "another folder", "the file has changed"])
def test_it_reads_everything_where_it_is_not_the_same_command(tmp_path, capsys, monkeypatch, how):
    path = write(tmp_path / "a.jsonl", *LINES)
    stop_at(monkeypatch, "10.5555/3")
    run_ingest(capsys, path)
    read = stop_at(monkeypatch, "nowhere")
    arguments = [path]
    if how == "--from-start":
        arguments.append(how)
    elif how == "another folder":
        arguments = [tmp_path]
    else:
        write(path, *LINES[:4])
        later = path.stat().st_mtime + 60
        os.utime(path, (later, later))
    assert run_ingest(capsys, *arguments)[0] == 0
    assert read[:2] == ["10.5555/0", "10.5555/1"]


def test_similar_titles_wait_for_a_curator_and_the_run_says_so(tmp_path, capsys):
    about = {"authors": [{"name": "Ada Moor"}], "year": 2001}
    one = {"title": "How the ropes of the tide wear out", "identifiers": {"pmid": "7"}, **about}
    two = {"title": "How the ropes of the tides wear out", "identifiers": {"doi": "10.5555/7"}, **about}
    code, out, _err = run_ingest(capsys, write(tmp_path / "a.jsonl", one, two))
    assert code == 0 and Paper.objects.count() == 2
    assert "1 pairs of papers may be one" in out
    assert PossibleDuplicate.objects.get().score >= 90


def test_an_unforeseen_error_exits_3(tmp_path, capsys, monkeypatch):
    path = write(tmp_path / "a.jsonl", ONE)
    monkeypatch.setattr(ingest, "upsert_papers", lambda *_a, **_k: 1 / 0)
    assert run_ingest(capsys, path)[0] == 3


def test_a_library_that_was_never_migrated_exits_3_and_says_what_to_do(tmp_path):
    path = write(tmp_path / "a.jsonl", ONE)
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3", "SECRET_KEY": "x"}
    ended = subprocess.run(
        [sys.executable, "manage.py", "ingest", str(path)],
        cwd=HOUSE,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 3
    assert "manage.py migrate" in ended.stderr
