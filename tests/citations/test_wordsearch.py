"""Word search within a hub: the engine gives what a scan over folded words gives."""

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from citations import curation, wordsearch
from citations.checks import check_library
from citations.models import Citation, CitationContext, CitationWords, Passage
from citations.wordsearch import papers_with_words, refresh_words
from papers import wordindex
from papers.models import PaperWords
from papers.words import asked_words, holds, index_words
from tests.factories import make_citation, make_context, make_curator, make_paper, make_passage, refresh

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["read through", "index"])
def way(request, monkeypatch):
    """Both ways of searching: a small hub's documents read, a large hub's index asked."""
    if request.param == "index":
        monkeypatch.setattr(wordsearch, "READ_THROUGH", 0)


def found(hub, typed):
    """The ids that the search gives, among those that cite."""
    ids = papers_with_words(hub.pk, typed)
    assert ids.dtype == np.int64 and np.array_equal(ids, np.unique(ids))
    citing = Citation.objects.incoming(hub.pk).values_list("citing_paper_id", flat=True)
    return set(ids.tolist()) & set(citing)


def scanned(hub, typed):
    """The same by a scan over what the rows say."""
    ids = set()
    asked = asked_words(typed)
    for pair in Citation.objects.incoming(hub.pk).select_related("citing_paper"):
        paper = pair.citing_paper
        contexts = pair.contexts.filter(withdrawn_at=None, passage__suppressed_at=None)
        own = index_words(paper.title, *paper.author_names, paper.abstract)
        said = index_words(*contexts.values_list("passage__text", flat=True))
        if asked and all(holds(own, terms) or holds(said, terms) for terms in asked):
            ids.add(paper.pk)
    return ids


def sentence(pair, text):
    context = make_context(pair, text)
    refresh_words([pair.pk])
    return context


def test_a_word_may_stand_in_title_names_abstract_or_sentence(way):
    hub, other = make_paper(), make_paper()
    citing = make_paper("Of the tide", authors=["Ann O'Brien"], abstract="The moon pulls.")
    pair, elsewhere = make_citation(citing, hub), make_citation(citing, other)
    sentence(pair, "A rope was cut as before.")
    sentence(elsewhere, "Salt was weighed.")
    make_citation(make_paper("Of grain"), hub)
    for typed in ("tide", "OBrien", "moon", "rope", "tide obrien moon rope cut", "pul"):
        assert found(hub, typed) == {citing.pk}, typed
    assert found(hub, "salt") == set()  # the sentence cites something else
    assert found(other, "salt tide") == {citing.pk} and found(other, "rope") == set()
    assert found(hub, "tide nothing") == found(hub, "the") == found(hub, "") == set()
    assert found(make_paper(), "tide") == set()


ALPHABET = (
    "tide tides tidal moon rope ropes über uber Ægir ﬁne ωμέγα x ai a-b the of 12 2019"
    " 深度学习 学习 度 データ"
).split()
TEXTS = st.lists(st.sampled_from(ALPHABET), max_size=4).map(" ".join)


@given(
    st.lists(st.tuples(TEXTS, TEXTS, st.lists(st.tuples(TEXTS, st.integers(0, 5)), max_size=3)), max_size=4),
    st.lists(TEXTS, min_size=1, max_size=6),
)
@settings(max_examples=25, deadline=None)
def test_both_ways_give_what_a_scan_gives(papers, searches):
    hub, other = make_paper(), make_paper()
    for title, abstract, sentences in papers:
        citing = make_paper(title, abstract=abstract, authors=["Ægir Ωmega"])
        pairs = [make_citation(citing, hub), make_citation(citing, other)]
        for text, kind in sentences:
            if not text:
                continue
            passage = make_passage(citing, text)
            for pair in pairs[kind % 3 :]:
                context = make_context(pair, passage=passage)
                if kind == 4:
                    CitationContext.objects.filter(pk=context.pk).update(withdrawn_at=timezone.now())
            if kind == 3:
                Passage.objects.filter(pk=passage.pk).update(suppressed_at=timezone.now())
    refresh_words(Citation.objects.values_list("pk", flat=True))
    with pytest.MonkeyPatch.context() as patch:
        for most in (wordsearch.READ_THROUGH, 1, 0):
            patch.setattr(wordsearch, "READ_THROUGH", most)
            for typed in searches:
                for paper in (hub, other):
                    assert found(paper, typed) == scanned(paper, typed), (most, typed)


@pytest.mark.parametrize(
    "typed",
    [
        '"', "'", "''", "\\", "*", "tide*", '"tide"', "NEAR(tide rope)", "tide AND", "OR", "NOT tide",
        "-tide", "words:tide", "tide:*", "^tide", "{tide}", "(tide", "tide & ! | <->", "\x00tide\x00",
        "→1", "→", "\ud800", "%s %% _", "; DROP TABLE papers_paper", "深" * 300, "a " * 150, "tide " * 60,
        "x" * 300, "é́́" * 100, "😀", " ".join(f"w{n}x" for n in range(60)),
    ],
)  # fmt: skip
def test_what_is_typed_is_never_syntax(way, typed):
    hub = make_paper()
    citing = make_paper("The tide", abstract="near the rope")
    sentence(make_citation(citing, hub), "Not words or drop.")
    assert found(hub, typed) == scanned(hub, typed)


def test_a_search_costs_two_or_three_queries_however_many_words(way, django_assert_max_num_queries):
    hub = make_paper()
    make_citation(make_paper("Of the tide"), hub)
    for typed in ("tide", "tide grain", " ".join(f"word{number}" for number in range(40))):
        with django_assert_max_num_queries(3):
            papers_with_words(hub.pk, typed)


def test_what_is_taken_down_or_taken_back_is_not_found(way):
    hub, curator = make_paper(), make_curator()
    citing = make_paper("Of salt")
    pair = make_citation(citing, hub)
    context = sentence(pair, "A rope was cut.")
    assert found(hub, "rope") == {citing.pk}
    curation.suppress_passage(passage=context.passage, curator=curator, reason="asked for")
    assert found(hub, "rope") == set()
    assert "rope" not in " ".join(CitationWords.objects.values_list("words", flat=True))
    curation.restore_passage(passage=context.passage, curator=curator)
    assert found(hub, "rope") == {citing.pk}
    CitationContext.objects.filter(pk=context.pk).update(withdrawn_at=timezone.now())
    refresh_words([pair.pk])
    assert found(hub, "rope") == set() and found(hub, "salt") == {citing.pk}
    CitationContext.objects.filter(pk=context.pk).update(withdrawn_at=None)
    Citation.objects.filter(pk=pair.pk).update(withdrawn_at=timezone.now())
    refresh_words([pair.pk])
    assert found(hub, "rope") == set() and not CitationWords.objects.exists()


def test_a_curators_edit_is_found_at_once(way):
    hub, curator = make_paper(), make_curator()
    citing = make_paper("Of salt", abstract="Old words.")
    make_citation(citing, hub)
    citing.abstract = "A new lantern."
    curation.edit_paper(paper=citing, curator=curator, names=["abstract"])
    assert found(hub, "lantern salt") == {citing.pk} and found(hub, "old") == set()


def test_writing_again_changes_nothing():
    pair = make_citation(make_paper("Of salt"))
    sentence(pair, "A rope was cut.")
    assert refresh_words([pair.pk]) == 0 and wordindex.write_papers([pair.citing_paper]) == 0


def test_check_library_names_documents_that_differ():
    pair = make_citation(make_paper("Of salt"))
    sentence(pair, "A rope was cut.")
    refresh()
    assert list(check_library()) == []
    PaperWords.objects.filter(pk=pair.citing_paper_id).delete()
    CitationWords.objects.filter(pk=pair.pk).update(words="→1 moon")
    CitationWords.objects.create(pk=pair.pk + 1000, citing_id=1, words="→1 stray")
    said = " ".join(check_library())
    assert f"paper {pair.citing_paper_id}: its words" in said
    assert f"citation {pair.pk}: its words" in said and f"citation {pair.pk + 1000}: its words" in said
    refresh_words([pair.pk, pair.pk + 1000])
    wordindex.rebuild()
    assert list(check_library()) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its index by itself")
def test_check_library_asks_fts5_whether_its_index_is_that_of_the_rows():
    make_paper("Of salt")
    refresh()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE papers_paperwords_content SET c0 = 'moon'")
    assert any("index of the words of papers" in line for line in check_library())
