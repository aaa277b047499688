"""The acts of curators: what each does to the evidence, that its pages are right at once, what is refused."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from citations import curation
from citations.checks import check_library
from citations.cocitation import stored_works
from citations.curation import Refused
from citations.ingest import Outcome, ingest_records
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    Claim,
    ClaimTreatment,
    HubSummary,
    RepresentativePin,
    UnmatchedReference,
)
from papers.ingest import upsert_papers
from papers.models import Paper, PaperRedirect
from papers.records import ClaimRecord, PaperRecord, ReferenceRecord
from tests.factories import (
    make_assertion,
    make_author,
    make_citation,
    make_claim,
    make_context,
    make_curator,
    make_hub,
    make_paper,
    make_pin,
    make_treatment,
    make_unmatched,
    refresh,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator():
    return make_curator()


@pytest.fixture
def context():
    context = make_context()
    make_assertion(context, value="background")
    refresh()
    context.refresh_from_db()
    return context


def summary(paper):
    return HubSummary.objects.get(paper=paper)


def sound():
    return list(check_library()) == []


# -- labels ----------------------------------------------------------------------------------


def test_a_relabel_counts_at_once_and_the_earlier_label_stays_in_the_log(context, curator):
    curation.relabel_context(
        context=context, curator=curator, role="method", polarity="disputes", note="it fails them"
    )
    context.refresh_from_db()
    assert (context.role, context.role_source) == ("method", "curator")
    hub = summary(context.citation.cited_paper)
    assert hub.roles == {"method": 1} and hub.polarities == {"disputes": 1}
    values = context.assertions.values_list("value", "curator", "note")
    assert sorted(values, key=str) == sorted(
        [
            ("background", None, ""),
            ("method", curator.pk, "it fails them"),
            ("disputes", curator.pk, "it fails them"),
        ],
        key=str,
    )
    assert sound()


def test_taking_a_label_back_puts_the_earlier_one_in_force(context, curator):
    (label,) = curation.relabel_context(context=context, curator=curator, role="method")
    curation.withdraw_label(assertion=label, curator=curator)
    assert summary(context.citation.cited_paper).roles == {"background": 1}
    assert context.assertions.count() == 2
    assert LogEntry.objects.get().user == curator
    with pytest.raises(Refused, match="already"):
        curation.withdraw_label(assertion=label, curator=curator)


def test_labels_of_other_sources_are_not_taken_back(context, curator):
    with pytest.raises(Refused, match="Only curators"):
        curation.withdraw_label(assertion=context.assertions.get(), curator=curator)
    assert Assertion.objects.get().withdrawn_at is None


def test_a_label_of_the_pair_decides_over_its_sentences(context, curator):
    curation.label_pair(citation=context.citation, curator=curator, role="dataset")
    assert summary(context.citation.cited_paper).roles == {"dataset": 1}
    assert sound()


def test_a_pair_without_a_sentence_is_not_labelled(curator):
    pair = make_citation()
    with pytest.raises(Refused, match="No citing sentence"):
        curation.label_pair(citation=pair, curator=curator, role="method")
    assert not Assertion.objects.exists()


def test_a_label_needs_a_word_and_one_of_ours(context, curator):
    with pytest.raises(Refused):
        curation.relabel_context(context=context, curator=curator, note="hm")
    with pytest.raises(Refused):
        curation.label_pair(citation=context.citation, curator=curator)
    with pytest.raises(ValueError, match="splendid"):
        curation.relabel_context(context=context, curator=curator, role="splendid")


# -- claims ----------------------------------------------------------------------------------


def test_claims_are_added_in_order_and_once(curator):
    paper = make_paper()
    first = curation.add_claim(paper=paper, curator=curator, text=" Tides are owed. ", quote="are owed")
    second = curation.add_claim(paper=paper, curator=curator, text="Moorings lie.")
    assert [claim.text for claim in paper.claims.all()] == ["Tides are owed.", "Moorings lie."]
    assert first.origin == Claim.Origin.CURATOR and second.position == 1
    assert first.history.get().history_user == curator
    for text in ("Tides are owed.", "  "):
        with pytest.raises(Refused):
            curation.add_claim(paper=paper, curator=curator, text=text)


def test_an_edited_claim_keeps_its_row_and_the_next_import_does_not_bring_the_old_words_back(curator):
    record = PaperRecord(title="Ledgers of the tide", claims=[ClaimRecord("Tides are owed.")])
    (taken,) = upsert_papers([record], source="native", run=1, locator="a.jsonl").taken
    claim = make_claim(Paper.objects.get(pk=taken.paper_id), "Tides are owed.")
    curation.edit_claim(claim=claim, curator=curator, text="Tides are owed in spring.", section="Results")
    again = PaperRecord(title="Ledgers of the tide", year=2001, claims=[ClaimRecord("Tides are owed.")])
    ingest_records([again], source="native", run=2, locator="a.jsonl", outcome=Outcome())
    current = Claim.objects.get(withdrawn_at=None)
    assert current.pk == claim.pk
    assert (current.text, current.section) == ("Tides are owed in spring.", "Results")
    assert current.origin == Claim.Origin.CURATOR


def test_a_claim_is_withdrawn_and_put_back(curator):
    claim = make_claim()
    curation.withdraw_claim(claim=claim, curator=curator)
    assert Claim.objects.get().withdrawn_at
    curation.restore_claim(claim=claim, curator=curator)
    assert Claim.objects.get().withdrawn_at is None


def test_a_treatment_is_changed_and_taken_back_and_the_history_keeps_it(curator):
    context = make_context()
    claim = make_claim(context.citation.cited_paper)
    say = {"claim": claim, "citation": context.citation, "curator": curator}
    curation.treat_claim(**say, treatment="supports")
    row = curation.treat_claim(**say, treatment="qualifies", note="in spring only")
    assert ClaimTreatment.objects.get().treatment == "qualifies"
    curation.untreat_claim(treatment=row, curator=curator)
    assert not ClaimTreatment.objects.exists()
    assert [line.history_type for line in ClaimTreatment.history.all()] == ["-", "~", "+"]
    assert {line.history_user for line in ClaimTreatment.history.all()} == {curator}


@pytest.mark.parametrize("case", ["another paper", "withdrawn", "unread", "no such word"])
def test_a_treatment_that_means_nothing_is_refused(case, curator):
    context = make_context()
    claim = make_claim(make_paper() if case == "another paper" else context.citation.cited_paper)
    if case == "withdrawn":
        curation.withdraw_claim(claim=claim, curator=curator)
    if case == "unread":
        CitationContext.objects.all().delete()
    with pytest.raises(ValueError):
        word = "applauds" if case == "no such word" else "supports"
        curation.treat_claim(claim=claim, citation=context.citation, treatment=word, curator=curator)
    assert not ClaimTreatment.objects.exists()


def test_a_pin_is_set_and_taken_off(curator):
    pair = make_citation()
    curation.pin_representative(citation=pair, curator=curator, note="the clearest")
    curation.pin_representative(citation=pair, curator=curator, note="the shortest")
    assert RepresentativePin.objects.get().note == "the shortest"
    curation.unpin_representative(citation=pair, curator=curator)
    assert not RepresentativePin.objects.exists()
    Citation.objects.update(withdrawn_at="2024-01-01T00:00Z")
    with pytest.raises(Refused):
        curation.pin_representative(citation=pair, curator=curator)


# -- unmatched references --------------------------------------------------------------------

LABEL = {"scheme": "acl-arc", "value": "uses"}
SENTENCE = {"text": "Grain was weighed as before (Moor, 2003).", "labels": [LABEL]}


def test_a_resolved_reference_gives_the_pair_with_all_it_carries(curator):
    paper, queued = make_paper(), make_unmatched(contexts=[SENTENCE])
    citation = curation.resolve_reference(unmatched=queued, paper=paper, curator=curator)
    assert (citation.citing_paper, citation.cited_paper) == (queued.citing_paper, paper)
    assert citation.match_status == "curated"
    assert citation.provenances.get().record == queued.record
    context = citation.contexts.get()
    assert context.passage.text == SENTENCE["text"] and context.role == "method"
    assert summary(paper).roles == {"method": 1}
    queued.refresh_from_db()
    assert queued.citation == citation and queued.resolved_by == curator and queued.resolved_at
    assert sound()


def test_the_co_cited_works_of_the_neighbours_follow(curator):
    hub, paper, queued = make_hub(roles={"method": 10}), make_paper(), make_unmatched()
    make_citation(queued.citing_paper, hub)
    refresh()
    curation.resolve_reference(unmatched=queued, paper=paper, curator=curator)
    assert [line[:2] for line in stored_works([hub.pk])[hub.pk]] == [[paper.pk, 1]]
    assert sound()


def test_an_import_keeps_to_what_a_curator_resolved(curator):
    for year in (2001, 2002):
        make_paper("Grain and its weight", year=year)
    reference = ReferenceRecord(title="Grain and its weight", raw="Grain and its weight.")
    read = {"source": "native", "locator": "a.jsonl"}
    ingest_records([PaperRecord(title="Of scales", references=[reference])], run=1, outcome=Outcome(), **read)
    refresh()
    queued = UnmatchedReference.objects.get()
    paper = Paper.objects.filter(title="Grain and its weight").first()
    citation = curation.resolve_reference(unmatched=queued, paper=paper, curator=curator)
    changed = PaperRecord(title="Of scales", year=2005, references=[reference], references_complete=True)
    ingest_records([changed], run=2, outcome=Outcome(), **read)
    assert list(Citation.objects.current()) == [citation]
    assert UnmatchedReference.objects.get().resolved_at


def test_a_reference_goes_back_into_the_queue_and_can_be_resolved_to_another(curator):
    wrong, right, queued = make_paper(), make_paper(), make_unmatched(contexts=[SENTENCE])
    citation = curation.resolve_reference(unmatched=queued, paper=wrong, curator=curator)
    curation.unresolve_reference(unmatched=queued, curator=curator)
    citation.refresh_from_db()
    assert citation.withdrawn_at and not HubSummary.objects.filter(paper=wrong).exists()
    assert Assertion.objects.count() == 1
    assert sound()
    curation.resolve_reference(unmatched=queued, paper=right, curator=curator)
    assert summary(right).roles == {"method": 1}
    curation.unresolve_reference(unmatched=queued, curator=curator)
    again = curation.resolve_reference(unmatched=queued, paper=wrong, curator=curator)
    assert again == citation and summary(wrong).roles == {"method": 1}
    assert Assertion.objects.filter(context__citation=citation, withdrawn_at=None).count() == 1
    assert sound()


def test_going_back_leaves_what_other_sources_say_of_the_pair(curator):
    queued = make_unmatched(contexts=[SENTENCE])
    other = make_citation(queued.citing_paper, source="jats")
    kept = make_context(other, "Moor weighed it first.", source="jats")
    refresh()
    curation.resolve_reference(unmatched=queued, paper=other.cited_paper, curator=curator)
    assert other.contexts.current().count() == 2
    curation.unresolve_reference(unmatched=queued, curator=curator)
    assert list(other.contexts.current()) == [kept]
    other.refresh_from_db()
    assert other.withdrawn_at is None
    assert sound()


def test_going_back_leaves_what_another_reference_of_the_source_gave(curator):
    paper, first = make_paper(), make_unmatched(contexts=[SENTENCE])
    second = make_unmatched(first.citing_paper, "The same work, printed otherwise")
    citation = curation.resolve_reference(unmatched=first, paper=paper, curator=curator)
    assert curation.resolve_reference(unmatched=second, paper=paper, curator=curator) == citation
    curation.unresolve_reference(unmatched=first, curator=curator)
    citation.refresh_from_db()
    assert citation.withdrawn_at is None and not citation.is_read
    curation.unresolve_reference(unmatched=second, curator=curator)
    assert not Citation.objects.current().exists()
    assert sound()


def test_a_reference_can_be_said_to_mean_none(curator):
    queued = make_unmatched()
    curation.dismiss_reference(unmatched=queued, curator=curator)
    assert queued.resolved_at and queued.citation is None
    with pytest.raises(Refused, match="settled"):
        curation.resolve_reference(unmatched=queued, paper=make_paper(), curator=curator)
    curation.unresolve_reference(unmatched=queued, curator=curator)
    with pytest.raises(Refused, match="queue"):
        curation.unresolve_reference(unmatched=queued, curator=curator)


def test_a_reference_never_means_its_own_paper(curator):
    queued = make_unmatched()
    with pytest.raises(Refused, match="itself"):
        curation.resolve_reference(unmatched=queued, paper=queued.citing_paper, curator=curator)
    assert not Citation.objects.exists()


def test_candidates_are_followed_through_merges():
    one, two = make_paper(), make_paper()
    PaperRedirect.objects.create(old_id=10_000_000, paper=two)
    queued = make_unmatched(candidates=[one.pk, 10_000_000, two.pk, 99_999_999])
    assert curation.candidates_of(queued) == [one, two]


# -- take-downs, fields, names -----------------------------------------------------------------


def test_a_take_down_hides_the_text_and_leaves_the_label(context, curator):
    passage = context.passage
    with pytest.raises(Refused):
        curation.suppress_passage(passage=passage, curator=curator, reason=" ")
    curation.suppress_passage(passage=passage, curator=curator, reason="asked by the publisher")
    passage.refresh_from_db()
    assert passage.suppressed_at and passage.suppressed_reason == "asked by the publisher"
    assert summary(context.citation.cited_paper).roles == {"background": 1}
    curation.restore_passage(passage=passage, curator=curator)
    passage.refresh_from_db()
    assert passage.suppressed_at is None and passage.suppressed_reason == ""
    assert LogEntry.objects.filter(user=curator).count() == 2


def test_no_import_writes_over_what_a_curator_set(curator):
    record = PaperRecord(title="Ledgers of the tide", year=2001, abstract="We show that tides are late.")
    (taken,) = upsert_papers([record], source="native", run=1, locator="a.jsonl").taken
    paper = Paper.objects.get(pk=taken.paper_id)
    paper.year, paper.title, paper.summary = 2003, "Ledgers of the Tides", "Tides are late."
    curation.edit_paper(paper=paper, curator=curator, names=["year", "title", "summary"])
    again = PaperRecord(title="Ledgers of the tide", year=2001, summary="Another.", license="CC0")
    again.identifiers = {"doi": "10.5555/tide"}
    make_again = {"source": "native", "run": 2, "locator": "a.jsonl"}
    paper.identifiers.create(scheme="doi", value="10.5555/tide")
    upsert_papers([again], **make_again)
    paper.refresh_from_db()
    assert (paper.year, paper.title, paper.summary) == (2003, "Ledgers of the Tides", "Tides are late.")
    assert paper.license == "CC0"
    assert paper.title_folded == "ledgers of the tides"
    assert paper.summary_origin == Paper.SummaryOrigin.CURATOR
    assert paper.history.filter(history_user=curator).count() == 1


def test_an_edit_reaches_the_hubs_of_what_the_paper_cites(curator):
    hub = make_hub(roles={"method": 10})
    citing = hub.incoming_citations.first().citing_paper
    citing.year = 1987
    curation.edit_paper(paper=citing, curator=curator, names=["year"])
    curation.refresh_paper(paper=citing)
    assert summary(hub).years["1987"] == {"method": 1}
    assert sound()


def test_a_new_author_list_can_make_a_self_citation(curator):
    author = make_author("Ada Quill", key="orcid:0000-0001")
    pair = make_citation(make_paper(), make_paper(authors=[author]))
    refresh()
    pair.citing_paper.authorships.create(
        position=0, name="A. Quill", family="quill", initial="a", author=author, link_reason="orcid"
    )
    curation.edit_paper(paper=pair.citing_paper, curator=curator, names=["authors"])
    curation.refresh_paper(paper=pair.citing_paper)
    pair.refresh_from_db()
    assert pair.is_self_citation is True
    assert "quill" in pair.citing_paper.search_text


def test_a_new_abstract_gives_its_own_claims_and_summary(curator):
    paper = make_paper(abstract="We show that tides are late. The results double.")
    make_claim(paper, "We show that tides are late.", origin=Claim.Origin.ABSTRACT)
    paper.abstract = "We find that grain sinks by 20%."
    curation.edit_paper(paper=paper, curator=curator, names=["abstract"])
    assert [claim.text for claim in paper.claims.filter(withdrawn_at=None)] == [paper.abstract]
    assert (paper.summary, paper.summary_origin) == (paper.abstract, "abstract")


def test_a_curators_name_goes_and_the_work_stays(context, curator):
    curation.relabel_context(context=context, curator=curator, role="method")
    citation = context.citation
    make_treatment(make_claim(citation.cited_paper), citation, curator=curator)
    make_pin(citation, curator=curator)
    curation.add_claim(paper=citation.cited_paper, curator=curator, text="Tides are owed.")
    curation.dismiss_reference(unmatched=make_unmatched(), curator=curator)
    name = curator.pk
    curation.erase_curator(user=curator)
    assert not get_user_model().objects.exists()
    assert Assertion.objects.filter(source="curator", curator=None).count() == 1
    assert ClaimTreatment.objects.get().curator is None and RepresentativePin.objects.get().curator is None
    for history in (ClaimTreatment.history, RepresentativePin.history):
        assert not history.filter(curator_id=name).exists()
    assert not Claim.history.filter(history_user_id=name).exists()
    assert summary(citation.cited_paper).roles == {"method": 1}


def test_the_group_is_there_and_may_delete_no_evidence():
    rights = set(Group.objects.get(name="Curators").permissions.values_list("codename", flat=True))
    assert {"view_paper", "change_paper", "add_assertion", "view_hubsummary", "add_merge"} <= rights
    assert {right for right in rights if right.startswith("delete")} == {"delete_authorship"}
