"""One identity for each paper: merges on import, verdicts that last, references tried again."""

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from citations import curation, identity
from citations.checks import check_library
from citations.curation import Refused
from citations.identity import catch_up, make_one, make_two, tell_apart, unite
from citations.merging import undo_merge
from citations.models import Citation, Merge, StaleHub, UnmatchedReference
from citations.rollups import refresh_stale
from papers import duplicates
from papers.ingest import upsert_papers
from papers.models import Paper, PaperIdentifier, PaperRedirect, PossibleDuplicate, Uncompared
from papers.records import PaperRecord
from tests.factories import (
    make_citation,
    make_context,
    make_curator,
    make_paper,
    make_source_record,
    make_unmatched,
    refresh,
)

pytestmark = pytest.mark.django_db

TIDES = "A ledger of tides and moorings"
WHY = "doi:10.5555/tides and pmid:7"


def taken(paper, *others, source="pubmed"):
    """What an import made of a record that describes ``paper`` and names ``others`` as well."""
    return SimpleNamespace(
        paper_id=paper.pk,
        source_record=make_source_record(paper, source=source),
        same_as=[(other.pk, WHY) for other in others],
    )


def pair():
    return PossibleDuplicate.objects.get()


# -- merging on import -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": TIDES}, {"title": TIDES + "."}),
        ({"title": TIDES}, {"title": "Nature", "is_stub": True}),
        ({"title": TIDES, "year": 2019}, {"title": TIDES, "year": 2020}),
        ({"title": TIDES}, {"title": "", "identifiers": {"pmid": "7"}}),
        ({"title": TIDES, "year": None}, {"title": TIDES, "year": 1990}),
        (
            {"title": TIDES, "identifiers": {"doi": "10.1101/123456", "pmid": "6"}},
            {"title": TIDES, "identifiers": {"doi": "10.5555/tides", "pmid": "7"}},
        ),
    ],
)
def test_papers_that_a_record_names_together_are_merged_where_nothing_speaks_against_it(one, other):
    first, second = make_paper(**one), make_paper(**other)
    make_context(make_citation(cited_paper=second))
    refresh()
    item = taken(second, first)
    assert unite([item]) == (1, 0)
    merge = Merge.objects.get()
    assert (merge.paper_id, merge.merged_id, merge.merged_by) == (first.pk, second.pk, None)
    assert merge.reason == f"import: one record of pubmed names both, {WHY}"
    assert item.paper_id == first.pk
    assert first.incoming_citations.count() == 1
    assert (pair().verdict, pair().settled_by) == ("same", None)
    refresh_stale()
    assert list(check_library()) == []


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        ({"title": TIDES}, {"title": "On the weight of winter grain"}, "their titles are 44 % alike"),
        (
            {"title": TIDES + " 1"},
            {"title": TIDES + " 2"},
            "their titles differ in a number, or one is about the other",
        ),
        ({"title": TIDES, "year": 2001}, {"title": TIDES, "year": 2010}, "they are of 2001 and 2010"),
        (
            {"title": TIDES, "identifiers": {"doi": "10.5555/a"}},
            {"title": TIDES, "identifiers": {"doi": "10.5555/b"}},
            "they have different identifiers (doi)",
        ),
        (
            {"title": TIDES, "identifiers": {"pmid": "1"}},
            {"title": TIDES, "identifiers": {"pmid": "2"}, "is_stub": True},
            "they have different identifiers (pmid)",
        ),
    ],
)
def test_else_they_are_queued_with_what_speaks_against_it(one, other, against):
    first, second = make_paper(**one), make_paper(**other)
    assert unite([taken(first, second)]) == (0, 1)
    assert unite([taken(second, first)]) == (0, 0)
    assert not Merge.objects.exists()
    assert pair().reason == f"one record of pubmed names both ({WHY}), but {against}"


def test_the_described_paper_is_kept_else_the_older_one():
    stub, described = make_paper(TIDES, is_stub=True), make_paper(TIDES)
    unite([taken(stub, described)])
    assert Merge.objects.get().paper == described


def test_chains_within_a_batch_end_in_one_paper():
    one, two, three, four = (make_paper(TIDES) for _each in range(4))
    items = [taken(two, three), taken(one, two), taken(four, three), taken(three), taken(make_paper())]
    assert unite(items) == (3, 0)
    assert {item.paper_id for item in items[:4]} == {one.pk}
    assert items[4].paper_id != one.pk
    assert set(PaperRedirect.objects.values_list("paper_id", flat=True)) == {one.pk}


def test_papers_merged_before_the_batch_are_one_already():
    one, two = make_paper(TIDES), make_paper(TIDES)
    item = taken(two, one)
    make_one(keep=one, lose=two, by=None)
    assert unite([item]) == (0, 0)
    assert item.paper_id == one.pk


def test_a_batch_that_fails_leaves_no_merge_behind():
    one, two = make_paper(TIDES), make_paper(TIDES)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        unite([taken(one, two)])
        raise KeyboardInterrupt
    assert Paper.objects.filter(pk=two.pk).exists() and not Merge.objects.exists()


def test_a_batch_that_names_nothing_twice_costs_nothing(django_assert_num_queries):
    items = [taken(make_paper())]
    with django_assert_num_queries(0):
        assert unite(items) == (0, 0)


def test_marks_do_not_stand_in_the_way_of_a_merge():
    one, two = make_paper(TIDES), make_paper(TIDES)
    duplicates.mark_uncompared([one.pk, two.pk])
    assert unite([taken(one, two)]) == (1, 0)
    catch_up()
    assert not Uncompared.objects.exists()


def test_a_record_with_both_identifiers_merges_two_papers_and_not_again_after_an_undo():
    def read(run, **columns):
        record = PaperRecord(title=TIDES, year=2015, **columns)
        with transaction.atomic():
            items = upsert_papers([record], source="pubmed", run=run, locator="a.xml").taken
            return unite(items)

    make_paper(TIDES + " in the north", identifiers={"doi": "10.5555/tides"})
    make_paper(TIDES, identifiers={"pmid": "7"}, is_stub=True)
    both = {"doi": "10.5555/tides", "pmid": "7"}
    assert read(1, identifiers=both) == (1, 0)
    assert Paper.objects.get().identifiers.count() == 2
    assert read(2, identifiers=both) == (0, 0)
    make_two(merge=Merge.objects.get(), by=None)
    assert read(3, identifiers=both, abstract="We show that tides are owed.") == (0, 0)
    assert Paper.objects.count() == 2


def test_what_a_curator_has_undone_is_not_merged_again():
    one, two = make_paper(TIDES), make_paper(TIDES)
    unite([taken(one, two)])
    curator = make_curator()
    back = make_two(merge=Merge.objects.get(), by=curator)
    assert back == two
    assert (pair().verdict, pair().settled_by) == ("different", curator)
    assert unite([taken(one, two)]) == (0, 0)
    duplicates.mark_uncompared([one.pk, two.pk])
    assert catch_up() == (0, 0)
    assert Paper.objects.count() == 2


def test_an_undo_that_went_past_the_verdict_is_not_merged_again_either():
    one, two = make_paper(TIDES), make_paper(TIDES)
    unite([taken(one, two)])
    undo_merge(merge=Merge.objects.get(), by=None)
    assert unite([taken(one, two)]) == (0, 0)


def test_what_was_told_apart_before_a_merge_stays_apart_after_it_and_after_its_undoing():
    one, two, three = (make_paper(TIDES) for _each in range(3))
    tell_apart(one=two, other=three, by=make_curator())
    merge = make_one(keep=one, lose=two, by=None)
    assert unite([taken(one, three)]) == (0, 0)
    make_two(merge=merge, by=None)
    assert unite([taken(two, three)]) == (0, 0)
    assert unite([taken(one, three)]) == (1, 0)


def test_an_erased_curators_name_goes_and_the_verdict_stays():
    one, two = make_paper(TIDES), make_paper(TIDES)
    curator = make_curator()
    tell_apart(one=one, other=two, by=curator)
    curation.erase_curator(user=curator)
    assert (pair().verdict, pair().settled_by) == ("different", None)


def test_a_merge_that_is_refused_says_nothing_of_the_pair():
    one, two = make_paper(TIDES), make_paper(TIDES)
    Paper.objects.filter(pk=two.pk).delete()
    for act in (
        lambda: make_one(keep=one, lose=two, by=None),
        lambda: make_one(keep=one, lose=one, by=None),
        lambda: tell_apart(one=one, other=one, by=None),
    ):
        with pytest.raises(Refused):
            act()
    assert not PossibleDuplicate.objects.exists()


def test_an_undo_that_is_refused_leaves_the_verdict():
    one, two = make_paper(TIDES), make_paper(TIDES, identifiers={"doi": "10.5555/x"})
    merge = make_one(keep=one, lose=two, by=None)
    PaperIdentifier.objects.update(paper=make_paper())
    with pytest.raises(Refused):
        make_two(merge=merge, by=None)
    assert pair().verdict == "same"


# -- the queue, by title -------------------------------------------------------------------------


def new(*args, **columns):
    """A paper whose title is new."""
    paper = make_paper(*args, **columns)
    duplicates.mark_uncompared([paper.pk])
    return paper


def again():
    return catch_up()[1]


def test_a_reference_finds_the_paper_that_came_and_everything_it_carries_comes_along():
    queued = make_unmatched(title=TIDES, year=2015, contexts=["As Moor says, tides are owed."])
    paper = new(TIDES, year=2015)
    assert catch_up() == (0, 1)
    queued.refresh_from_db()
    assert queued.citation.cited_paper == paper
    assert queued.resolved_at and queued.resolved_by is None
    assert (queued.citation.match_status, queued.citation.match_reason) == (
        "strong",
        "tried again: same title; year",
    )
    assert queued.citation.contexts.get().passage.text == "As Moor says, tides are owed."
    assert StaleHub.objects.filter(paper=paper).exists()
    refresh_stale()
    assert list(check_library()) == []


@pytest.mark.parametrize(
    ("columns", "paper"),
    [
        ({"year": 2015}, {"year": 2012}),
        ({"payload": {"authors": [{"name": "Rosa Ford"}]}}, {"authors": ["Ida Moor"]}),
        ({"payload": {"identifiers": {"doi": "10.5555/a"}}}, {"identifiers": {"doi": "10.5555/b"}}),
        ({"withdrawn_at": timezone.now()}, {}),
        ({"resolved_at": timezone.now()}, {}),
    ],
)
def test_what_speaks_against_it_leaves_a_reference_where_it_is(columns, paper):
    make_unmatched(title=TIDES, **columns)
    new(TIDES, **paper)
    assert again() == 0
    assert not Citation.objects.exists()


def test_a_reference_that_several_papers_fit_is_told_of_all_of_them_and_resolved_by_their_merge():
    queued = make_unmatched(title=TIDES, candidates=[])
    one, two = new(TIDES), new(TIDES)
    assert again() == 0
    queued.refresh_from_db()
    assert (queued.match_status, queued.candidates) == ("ambiguous", [one.pk, two.pk])
    make_one(keep=one, lose=two, by=None)
    assert again() == 1
    queued.refresh_from_db()
    assert queued.citation.cited_paper == one


def test_only_papers_whose_title_is_new_are_tried():
    make_unmatched(title=TIDES)
    make_paper(TIDES)
    assert again() == 0


def test_a_paper_is_no_reference_of_itself():
    paper = new(TIDES)
    make_unmatched(paper, title=TIDES)
    assert again() == 0


def test_what_a_curator_puts_back_is_left_to_people():
    queued = make_unmatched(title=TIDES)
    paper = new(TIDES)
    again()
    queued.refresh_from_db()
    curation.unresolve_reference(unmatched=queued, curator=make_curator())
    assert not Citation.objects.current().exists()
    duplicates.mark_uncompared([paper.pk])
    assert again() == 0
    queued.refresh_from_db()
    assert queued.citation is None and queued.match_reason == curation.PUT_BACK
    assert list(check_library()) == []


def test_a_pair_that_a_curator_matched_keeps_its_status():
    citing, paper = make_paper(), make_paper(TIDES)
    make_citation(citing, paper, match_status="curated", match_reason="matched by a curator")
    make_unmatched(citing, title=TIDES)
    duplicates.mark_uncompared([paper.pk])
    assert again() == 1
    assert Citation.objects.get().match_status == "curated"


# -- the queue, as printed ---------------------------------------------------------------------


def printed(raw, **columns):
    columns = {"match_status": "unmatched", "match_reason": "no identifier and no usable title", **columns}
    return make_unmatched(title="", raw=raw, **columns)


def moor():
    return new(TIDES, year=2015, authors=["Ida Moor"])


@pytest.mark.parametrize(
    "raw",
    [
        "Moor, I. (2015). A Ledger of Tides and Moorings. Field Notes 3, 1–9.",
        "[12] I. MOOR, “A ledger of tides and moorings,” Field Notes, vol. 3, 2016a.",
        "I. Moor and T. Weir: A ledger of tides, and moorings; Field Notes 3 (1999), reprinted 2014.",
    ],
)
def test_a_reference_in_which_title_author_and_year_stand_is_resolved(raw):
    queued, paper = printed(raw), moor()
    assert again() == 1
    queued.refresh_from_db()
    assert queued.citation.cited_paper == paper and queued.resolved_by is None
    assert queued.citation.match_status == "strong"
    assert "stand in the reference as printed" in queued.citation.match_reason
    curation.unresolve_reference(unmatched=queued, curator=make_curator())
    assert not Citation.objects.current().exists()


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        ("Weir, T. (2015). A Ledger of Tides and Moorings.", "first author"),
        ("Moor, I. (2019). A Ledger of Tides and Moorings.", "year"),
        ("A Ledger of Tides and Moorings, in press.", "year, first author"),
        ("Moorhen, I. (2015). A Ledger of Tides and Moorings.", "first author"),
        (
            "Ford, R. Comment on Moor, I.: A Ledger of Tides and Moorings. 2015.",
            "a reference to the work itself",
        ),
        ("Moor, I. 2015. Review of: A Ledger of Tides and Moorings.", "a reference to the work itself"),
        ("Moor, I. 2015. A Ledger of Tides and Moorings. Part II.", "a reference to the work itself"),
    ],
)
def test_a_title_alone_points_to_its_paper_and_resolves_nothing(raw, missing):
    queued, paper = printed(raw), moor()
    assert again() == 0
    queued.refresh_from_db()
    assert queued.citation is None
    assert (queued.match_status, queued.candidates) == ("weak", [paper.pk])
    assert queued.match_reason == f"its title stands in the reference as printed, but not: {missing}"


@pytest.mark.parametrize(
    ("title", "raw"),
    [
        (TIDES, "Moor, I. 2015. A ledger of tides and mooringstones."),
        (TIDES, "Moor, I. 2015. Ledger of tides and moorings."),
        ("Tides and moorings now", "Moor, I. 2015. Tides and moorings now."),
        ("Moorings, hydrography, thermodynamics", "Moor, I. 2015. Moorings, hydrography, thermodynamics."),
        (TIDES, ""),
    ],
)
def test_parts_of_titles_and_short_titles_are_not_found(title, raw):
    queued = printed(raw)
    new(title, year=2015, authors=["Ida Moor"])
    assert again() == 0
    queued.refresh_from_db()
    assert queued.candidates == [] and queued.match_status == "unmatched"


def test_a_longer_title_in_the_same_reference_is_meant_before_the_one_within_it():
    moor()
    longer = new(TIDES + " in the northern marshes", year=2015, authors=["Ida Moor"])
    queued = printed("Moor, I. 2015. A ledger of tides and moorings in the northern marshes.")
    assert again() == 1
    queued.refresh_from_db()
    assert queued.citation.cited_paper == longer


def test_two_works_in_one_reference_are_for_people():
    one = moor()
    two = new("The patience of slow rivers", year=2015, authors=["Ida Moor"])
    queued = printed("Moor, I. 2015. A ledger of tides and moorings. See also The patience of slow rivers.")
    assert again() == 0
    queued.refresh_from_db()
    assert queued.match_status == "ambiguous" and set(queued.candidates) == {one.pk, two.pk}


def test_an_older_paper_with_the_same_title_makes_it_ambiguous():
    old = make_paper(TIDES, year=2015, authors=["Ida Moor"])
    paper = moor()
    queued = printed("Moor, I. (2015). A Ledger of Tides and Moorings.")
    assert again() == 0
    queued.refresh_from_db()
    assert queued.match_status == "ambiguous" and set(queued.candidates) == {old.pk, paper.pk}


def test_a_weak_reference_finds_its_paper_later_and_keeps_earlier_candidates_until_then():
    raw = "Moor, I. (2015). A Ledger of Tides and Moorings. The patience of slow rivers."
    queued = printed(raw)
    first = new("The patience of slow rivers", year=1990, authors=["Rosa Ford"])
    assert again() == 0
    second = new(TIDES, year=1990, authors=["Ida Moor"])
    assert again() == 0
    queued.refresh_from_db()
    assert queued.candidates == [first.pk, second.pk]
    third = new(TIDES, year=2015, authors=["Ida Moor"])
    assert again() == 1
    queued.refresh_from_db()
    assert queued.citation.cited_paper == third


def test_the_year_of_the_reference_counts_where_none_is_printed():
    queued = printed("Moor, I. A Ledger of Tides and Moorings.", year=2015)
    moor()
    assert again() == 1
    queued.refresh_from_db()
    assert queued.resolved_at


def test_all_references_as_printed_are_passed_over_in_pieces(monkeypatch):
    monkeypatch.setattr(identity, "ROWS_A_SCAN", 2)
    monkeypatch.setattr(identity, "ROWS_A_TRY", 1)
    for number in range(5):
        printed(f"[{number}] Moor, I. (2015). A Ledger of Tides and Moorings.")
    moor()
    assert again() == 5
    assert not UnmatchedReference.objects.filter(resolved_at=None).exists()
    assert again() == 0
