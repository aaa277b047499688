"""Merging two papers and undoing it: what becomes of every kind of row, and that nothing is lost."""

import json
from random import Random

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import DO_NOTHING
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from citations.checks import check_library
from citations.curation import Refused, relabel_context, suppress_passage, treat_claim
from citations.journal import Journal
from citations.merging import merge_papers, undo_merge
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    Claim,
    ClaimTreatment,
    HubSummary,
    Merge,
    Passage,
    RepresentativePin,
)
from papers.models import Notice, Paper, PaperIdentifier, PaperRedirect, PaperVersion
from tests.factories import (
    make_assertion,
    make_author,
    make_citation,
    make_claim,
    make_context,
    make_curator,
    make_hub,
    make_paper,
    make_passage,
    make_pin,
    make_source_record,
    make_treatment,
    make_unmatched,
    refresh,
)

pytestmark = pytest.mark.django_db

# Numbers and times that a recomputation may give anew without saying anything else.
FREE = {
    "citations.hubsummary": {"computed_at"},
    "papers.paper": {"updated_at"},
}
LEFT_OUT = {"citations.merge", "citations.stalehub", "papers.librarymark"}


def dump():
    """Every row of both rooms but histories and merges: model -> rows, as text that can be compared."""
    tables = {}
    for label in ("papers", "citations"):
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            name = model._meta.label_lower
            if "historical" in name or name in LEFT_OUT:
                continue
            free = FREE.get(name, set())
            columns = [column.attname for column in model._meta.concrete_fields if column.name not in free]
            rows = model.objects.values(*columns)
            tables[name] = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
    return tables


def differences(before, after):
    """Model -> (rows that were there before only, rows that are there after only)."""
    found = {}
    for name in before:
        if before[name] != after[name]:
            was, is_now = set(before[name]), set(after[name])
            found[name] = (sorted(was - is_now), sorted(is_now - was))
    return found


def merge(keep, lose):
    return merge_papers(keep=keep, lose=lose, by=None, reason="the same work")


# -- merging ---------------------------------------------------------------------------------


def test_everything_of_the_lost_paper_is_the_kept_papers():
    keep = make_paper("Hedgerows as calendars", identifiers={"doi": "10.5555/hedge"}, authors=["Ida Moor"])
    lose = make_paper(
        "Hedgerows as calendars",
        identifiers={"arxiv": "2101.00001"},
        authors=["I. Moor"],
        venue="Field Notes",
    )
    PaperVersion.objects.create(paper=lose, kind="preprint", date="2014")
    record = make_source_record(lose, source="jats")
    notice = Notice.objects.create(paper=lose, kind="correction", notice_paper=make_paper())
    claim = make_claim(lose)
    incoming, outgoing = make_citation(cited_paper=lose), make_citation(citing_paper=lose)
    passage = make_passage(lose)
    queued = make_unmatched(lose)
    refresh()
    done = merge(keep, lose)

    assert not Paper.objects.filter(pk=lose.pk).exists()
    assert PaperRedirect.objects.get(old_id=lose.pk).paper == keep
    assert done.merged_title == "Hedgerows as calendars" and done.merged_id == lose.pk
    assert set(keep.identifiers.values_list("scheme", flat=True)) == {"doi", "arxiv"}
    for row in (record, notice, claim):
        row.refresh_from_db()
        assert row.paper == keep
    for row, column in (
        (incoming, "cited_paper"),
        (outgoing, "citing_paper"),
        (passage, "citing_paper"),
        (queued, "citing_paper"),
    ):
        row.refresh_from_db()
        assert getattr(row, column) == keep
    assert keep.versions.count() == 1
    assert keep.author_names == ["Ida Moor"]
    keep.refresh_from_db()
    assert keep.venue.name == "Field Notes"
    assert list(check_library()) == []


def test_a_pair_that_both_have_becomes_one_with_the_evidence_of_both():
    keep, lose, citing = make_paper(), make_paper(), make_paper()
    kept, losing = make_citation(citing, keep), make_citation(citing, lose, source="jats")
    shared = make_passage(citing, "Both of them measured the tide twice.")
    one, two = make_context(kept, passage=shared), make_context(losing, passage=shared, source="jats")
    CitationContext.objects.filter(pk=two.pk).update(start=0, end=4, group_size=2)
    alone = make_context(losing, "Only the preprint is named here.", source="jats")
    labels = [
        make_assertion(one, value="method"),
        make_assertion(two, value="supports"),
        make_assertion(alone, value="background"),
        make_assertion(citation=losing, value="method"),
    ]
    make_pin(losing)
    refresh()
    merge(keep, lose)

    assert list(Citation.objects.all()) == [kept]
    kept.refresh_from_db()
    assert kept.sentences == 2 and kept.polarity == "supports"
    one.refresh_from_db()
    assert (one.start, one.end, one.group_size) == (0, 4, 2)
    assert not CitationContext.objects.filter(pk=two.pk).exists()
    assert {row.source for row in one.provenances.all()} == {"native", "jats"}
    assert {row.source for row in kept.provenances.all()} == {"native", "jats"}
    assert set(Assertion.objects.values_list("pk", flat=True)) == {row.pk for row in labels}
    assert RepresentativePin.objects.get().citation == kept
    assert HubSummary.objects.get(paper=keep).known == 1
    assert list(check_library()) == []


def test_the_same_sentence_of_both_citing_papers_becomes_one_passage():
    keep, lose, cited = make_paper(), make_paper(), make_paper()
    kept, losing = make_citation(keep, cited), make_citation(lose, cited)
    one = make_context(kept, "As Reed showed, grain sinks slowly.")
    two = make_context(losing, "As  Reed showed: grain sinks slowly", section="Results")
    other = make_context(make_citation(lose), passage=two.passage)
    suppress_passage(passage=two.passage, curator=make_curator(), reason="asked by the publisher")
    label = make_assertion(two, value="evidence")
    refresh()
    merge(keep, lose)

    passage = Passage.objects.get()
    assert passage == one.passage
    assert passage.section == "Results" and passage.section_kind == "results"
    assert passage.suppressed_at and passage.suppressed_reason == "asked by the publisher"
    other.refresh_from_db()
    label.refresh_from_db()
    assert other.passage == passage and label.context == one
    assert list(check_library()) == []


def test_a_pair_between_the_two_is_set_aside_and_comes_back():
    keep, lose = make_paper(), make_paper()
    pair = make_citation(lose, keep)
    label = make_assertion(make_context(pair), value="extension")
    make_pin(pair)
    claim = make_claim(keep)
    make_treatment(claim, pair)
    refresh()
    before = dump()
    done = merge(keep, lose)
    assert not Citation.objects.exists() and not Assertion.objects.exists()
    assert not HubSummary.objects.exists()
    assert list(check_library()) == []
    undo_merge(merge=done, by=None)
    assert differences(before, dump()) == {}
    assert Assertion.objects.get() == label


def test_fields_come_from_the_stronger_source_and_are_never_lost():
    stub = make_paper("Slow rivers", is_stub=True, year=2011, authors=["R. Ford"])
    described = make_paper(
        "Slow Rivers and Their Patience",
        year=2012,
        authors=["Rosa Ford", "Tom Weir"],
        abstract="We show that rivers wait.",
        retracted=True,
        fields=["Hydrology"],
    )
    merge(stub, described)
    stub.refresh_from_db()
    assert (stub.title, stub.year, stub.retracted) == ("Slow Rivers and Their Patience", 2012, True)
    assert stub.author_names == ["Rosa Ford", "Tom Weir"]
    assert stub.first_author == "ford" and "weir" in stub.search_text
    assert not stub.is_stub
    assert stub.field_sources["title"] == "native"
    assert [row.name for row in stub.fields.all()] == ["Hydrology"]


def test_a_curators_word_stays():
    keep, lose = make_paper(year=2001), make_paper(year=2003, retracted=True, abstract="Something is held.")
    keep.field_sources |= {"retracted": "curator", "abstract": "curator"}
    keep.retracted = False
    keep.save()
    merge(keep, lose)
    keep.refresh_from_db()
    assert (keep.year, keep.retracted, keep.abstract) == (2001, False, "")


def test_claims_with_the_same_words_become_one_and_drawn_ones_make_way():
    keep, lose, citing = make_paper(), make_paper(), make_paper()
    given = make_claim(keep, "Tides keep their own ledger.")
    same = make_claim(lose, "Tides keep their own ledger.")
    drawn = make_claim(lose, "We found moorings to be late.", origin=Claim.Origin.ABSTRACT)
    pair = make_citation(citing, lose)
    make_context(pair)
    treatment = make_treatment(same, pair, treatment="disputes")
    refresh()
    merge(keep, lose)
    treatment.refresh_from_db()
    drawn.refresh_from_db()
    assert treatment.claim == given
    assert drawn.withdrawn_at and drawn.paper == keep
    assert not Claim.objects.filter(pk=same.pk).exists()


def test_of_two_treatments_of_one_claim_the_newer_is_in_force():
    keep, lose, citing = make_paper(), make_paper(), make_paper()
    claim = make_claim(keep)
    make_context(kept := make_citation(citing, keep))
    make_context(losing := make_citation(citing, lose))
    make_treatment(claim, kept, treatment="supports")
    other = make_claim(lose, claim.text)
    newer = make_treatment(other, losing, treatment="qualifies")
    refresh()
    merge(keep, lose)
    assert ClaimTreatment.objects.get() == newer
    newer.refresh_from_db()
    assert (newer.claim, newer.citation) == (claim, kept)


def test_a_pair_is_current_when_either_source_still_has_it():
    keep, lose, citing = make_paper(), make_paper(), make_paper()
    kept, _losing = make_citation(citing, keep), make_citation(citing, lose)
    now = timezone.now()
    kept.provenances.update(withdrawn_at=now)
    Citation.objects.filter(pk=kept.pk).update(withdrawn_at=now)
    refresh()
    before = dump()
    done = merge(keep, lose)
    kept.refresh_from_db()
    assert kept.withdrawn_at is None
    assert list(check_library()) == []
    undo_merge(merge=done, by=None)
    assert differences(before, dump()) == {}


def test_two_old_addresses_lead_to_the_one_paper_that_is_left():
    first, second, third = make_paper(), make_paper(), make_paper()
    merge(second, first)
    merge(third, second)
    assert set(PaperRedirect.objects.values_list("old_id", "paper_id")) == {
        (first.pk, third.pk),
        (second.pk, third.pk),
    }


@pytest.mark.parametrize("which", ["itself", "gone"])
def test_what_cannot_be_merged_is_refused(which):
    paper, other = make_paper(), make_paper()
    if which == "gone":
        Paper.objects.filter(pk=other.pk).delete()
    with pytest.raises(Refused):
        merge(paper, paper if which == "itself" else other)
    assert not Merge.objects.exists()


def test_a_hub_of_many_merges_in_a_bounded_number_of_queries(django_assert_max_num_queries):
    keep, lose = make_hub(roles={"method": 12}), make_hub(roles={"method": 30})
    with django_assert_max_num_queries(140):
        merge(keep, lose)
    assert HubSummary.objects.get(paper=keep).known == 42


# -- undoing ---------------------------------------------------------------------------------


def test_what_came_since_stays_after_the_undo():
    keep, citing = make_paper(year=None), make_paper()
    lose = make_paper(year=2015, abstract="We measured.")
    context = make_context(make_citation(citing, lose))
    refresh()
    done = merge(keep, lose)
    relabel_context(context=context, curator=make_curator(), role="dataset", note="read it")
    late = make_context(make_citation(cited_paper=keep))
    keep.refresh_from_db()
    keep.year, keep.field_sources = 1999, keep.field_sources | {"year": "curator"}
    keep.save()
    refresh()
    undo_merge(merge=done, by=None)
    keep.refresh_from_db()
    context.refresh_from_db()
    assert keep.year == 1999 and keep.field_sources["year"] == "curator"
    assert keep.abstract == "" and "abstract" not in keep.field_sources
    assert context.role == "dataset" and context.citation.cited_paper == lose
    late.refresh_from_db()
    assert late.citation.cited_paper == keep
    assert HubSummary.objects.get(paper=lose).roles == {"dataset": 1}
    assert list(check_library()) == []


def test_an_erased_curators_name_does_not_come_back():
    keep, lose = make_paper(), make_paper()
    user = make_curator()
    make_treatment(make_claim(keep), make_citation(lose, keep), curator=user)
    done = merge_papers(keep=keep, lose=lose, by=user)
    user.delete()
    undo_merge(merge=Merge.objects.get(pk=done.pk), by=None)
    assert ClaimTreatment.objects.get().curator is None


def test_an_undo_is_done_once():
    done = merge(make_paper(), make_paper())
    undo_merge(merge=done, by=None)
    with pytest.raises(Refused, match="already"):
        undo_merge(merge=done, by=None)


def test_a_later_merge_of_the_same_paper_is_undone_first():
    one, two, three = make_paper(), make_paper(), make_paper()
    first = merge(two, one)
    second = merge(three, two)
    with pytest.raises(Refused, match="later merge"):
        undo_merge(merge=first, by=None)
    undo_merge(merge=second, by=None)
    undo_merge(merge=first, by=None)
    assert Paper.objects.count() == 3 and not PaperRedirect.objects.exists()


def test_a_later_merge_of_a_citing_paper_is_undone_first():
    keep, lose, citing, twin = make_paper(), make_paper(), make_paper(), make_paper()
    for cited in (keep, lose):
        make_context(make_citation(citing, cited))
    refresh()
    before = dump()
    first = merge(keep, lose)
    second = merge(twin, citing)
    with pytest.raises(Refused, match="later merge"):
        undo_merge(merge=first, by=None)
    undo_merge(merge=second, by=None)
    undo_merge(merge=first, by=None)
    assert differences(before, dump()) == {}


def test_unrelated_merges_are_undone_in_any_order():
    before = [make_paper() for _each in range(4)]
    first, second = merge(before[0], before[1]), merge(before[2], before[3])
    undo_merge(merge=first, by=None)
    undo_merge(merge=second, by=None)
    assert Paper.objects.count() == 4


def test_an_undo_that_would_tear_a_sentence_apart_is_refused():
    keep, lose, cited = make_paper(), make_paper(), make_paper()
    passage = make_context(make_citation(lose, cited)).passage
    make_citation(keep)
    done = merge(keep, lose)
    passage.refresh_from_db()
    make_context(keep.outgoing_citations.exclude(cited_paper=cited).get(), passage=passage)
    refresh()
    before = dump()
    with pytest.raises(Refused, match="both papers"):
        undo_merge(merge=done, by=None)
    assert differences(before, dump()) == {}


def test_an_undo_that_would_part_a_treatment_from_its_claim_is_refused():
    keep, lose = make_paper(), make_paper()
    claim = make_claim(lose)
    make_context(pair := make_citation(cited_paper=keep))
    done = merge(keep, lose)
    claim.refresh_from_db()
    treat_claim(claim=claim, citation=pair, treatment="supports", curator=make_curator())
    with pytest.raises(Refused, match=claim.text):
        undo_merge(merge=done, by=None)
    assert not Paper.objects.filter(pk=lose.pk).exists()


def test_an_undo_is_refused_when_a_row_has_moved_since():
    keep, lose = make_paper(), make_paper(identifiers={"doi": "10.5555/x"})
    done = merge(keep, lose)
    PaperIdentifier.objects.update(paper=make_paper())
    with pytest.raises(Refused, match="moved or deleted"):
        undo_merge(merge=done, by=None)


# -- any library -----------------------------------------------------------------------------


def random_library(random):
    """Six papers that cite one another in every way, with all that can hang on them."""
    people = [make_author("Ada Quill", key="orcid:1"), make_author("Ben Marsh")]
    papers = [
        make_paper(
            random.choice(["Lanterns by ear", "Winter grain weighed", "Moorings and tides"]),
            year=random.choice([None, 2009, 2010]),
            authors=random.sample([*people, "Cy Dale"], random.randint(0, 3)),
            abstract=random.choice(["", "We show that grain waits. The results double."]),
            venue=random.choice(["", "Field Notes"]),
            fields=random.sample(["Ecology", "History"], random.randint(0, 2)),
            retracted=random.choice([None, False, True]),
            is_stub=random.random() < 0.3,
            identifiers={"doi": f"10.5555/{number}"} if random.random() < 0.5 else {},
        )
        for number in range(6)
    ]
    now = timezone.now()
    sentences = ["Grain, weighed (A), sinks.", "grain weighed A sinks", "Tides turn [1, 2]."]
    for citing in papers:
        PaperVersion.objects.create(paper=citing, kind=random.choice(["preprint", "published"]), date="2009")
        for cited in random.sample(papers, random.randint(0, 4)):
            if cited == citing:
                continue
            source = random.choice(["native", "jats"])
            pair = make_citation(citing, cited, source=source)
            for sentence in random.sample(sentences, random.randint(0, 2)):
                context = make_context(
                    pair, sentence, source=source, group_size=random.choice([None, 1, 3]), start=0, end=3
                )
                for value in random.sample(["method", "evidence", "supports", "disputes", ""], 2):
                    make_assertion(
                        context, value=value, source=random.choice(["dataset", "curator", "provider"])
                    )
                if random.random() < 0.2:
                    context.provenances.update(withdrawn_at=now)
                    CitationContext.objects.filter(pk=context.pk).update(withdrawn_at=now)
            if random.random() < 0.2:
                make_assertion(citation=pair, value="dataset", source="curator")
            if random.random() < 0.2:
                pair.provenances.update(withdrawn_at=now)
                Citation.objects.filter(pk=pair.pk).update(withdrawn_at=now)
            if random.random() < 0.3:
                make_pin(pair)
            if random.random() < 0.3:
                origin = random.choice(list(Claim.Origin))
                words = random.choice(["Grain waits.", "Tides are owed."])
                claim = cited.claims.filter(text=words).first() or make_claim(cited, words, origin=origin)
                make_treatment(claim, pair, treatment=random.choice(["supports", "disputes"]))
            if random.random() < 0.3 and not citing.unmatched_references.exists():
                make_unmatched(citing, random.choice(["Some title", "Another title"]), citation=pair)
        if random.random() < 0.3:
            make_claim(citing, "Tides are owed.", origin=Claim.Origin.ABSTRACT)
        if random.random() < 0.4:
            other = random.choice([paper for paper in papers if paper != citing])
            Notice.objects.get_or_create(paper=citing, kind="retraction", notice_paper=other)
    PaperRedirect.objects.create(old_id=10_000_000, paper=papers[0])
    refresh()
    return papers


def ids_of_assertions():
    return set(Assertion.objects.values_list("pk", flat=True))


# Not shrunk: a smaller number is no simpler library.
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(seed=st.integers(0, 2**32))
def test_merges_and_undos_of_any_library_keep_every_invariant(seed):
    random = Random(seed)  # noqa: S311 - nothing is kept secret here
    with transaction.atomic():
        papers = random_library(random)
        assert list(check_library()) == []
        done, states = [], []
        for _each in range(random.randint(1, 3)):
            keep, lose = random.sample(papers, 2)
            papers.remove(lose)
            states.append(dump())
            before = ids_of_assertions()
            done.append(merge(keep, lose))
            assert list(check_library()) == []
            set_aside = Journal(done[-1].journal["steps"]).deleted(Assertion)
            assert ids_of_assertions() == before - {row["id"] for row in set_aside}
        while done:
            undo_merge(merge=done.pop(), by=None)
            assert differences(states.pop(), dump()) == {}
            assert list(check_library()) == []
        transaction.set_rollback(True)


def test_each_reference_to_a_row_that_goes_is_known_to_merging():
    """A new table that refers to papers, pairs, passages or contexts has to be thought of in merging.py."""
    gone = {
        Paper: {
            "papers.authorship.paper",
            "papers.notice.notice_paper",
            "papers.notice.paper",
            "papers.paper_fields.paper",
            "papers.paperidentifier.paper",
            "papers.paperredirect.paper",
            "papers.paperversion.paper",
            "papers.sourcerecord.paper",
            "citations.citation.cited_paper",
            "citations.hubcolumns.paper",
            "citations.citation.citing_paper",
            "citations.claim.paper",
            "citations.cocitedworks.paper",
            "citations.hubsummary.paper",
            "citations.merge.paper",
            "citations.passage.citing_paper",
            "citations.stalehub.paper",
            "citations.unmatchedreference.citing_paper",
        },
        Citation: {
            "citations.assertion.citation",
            "citations.citationcontext.citation",
            "citations.citationprovenance.citation",
            "citations.claimtreatment.citation",
            "citations.machinereading.citation",
            "citations.representativepin.citation",
            "citations.unmatchedreference.citation",
        },
        CitationContext: {
            "citations.assertion.context",
            "citations.contextprovenance.context",
            "citations.machinereading.context",
        },
        Passage: {"citations.citationcontext.passage"},
        Claim: {"citations.claimtreatment.claim"},
        PaperVersion: {"papers.paperidentifier.version"},
    }
    for model, known in gone.items():
        found = {
            f"{relation.related_model._meta.label_lower}.{relation.field.name}"
            for relation in model._meta.get_fields(include_hidden=True)
            if relation.auto_created and not relation.concrete and not relation.many_to_many
            # History and the queue of duplicates keep numbers of papers that are no more.
            if relation.on_delete is not DO_NOTHING
        }
        assert found == known
