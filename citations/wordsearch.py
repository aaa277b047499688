"""Word search among the papers that cite one paper, and the index of their citing sentences.

Two kinds of documents are searched: a paper's own words (``papers/wordindex.py``), and for each
pair the words of the sentences in which the one cites the other. Every word of a reader must
stand in one of the two. What changes sentences calls ``refresh_words`` for its pairs.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from citations.models import Citation, CitationContext, CitationWords
from papers import wordindex
from papers.matching import chunks
from papers.models import PaperWords
from papers.wordindex import entry_of
from papers.words import asked_words, holds, index_words

READ_THROUGH = 1000  # papers whose words are read sooner than all that hold a common word are found
PAIRS_AT_ONCE = 2000


# -- searching -----------------------------------------------------------------------------------


def papers_with_words(cited_id, typed):
    """Ids of the papers that cite ``cited_id`` and in which every word of ``typed`` stands: sorted, int64.

    A word stands in the title, the names of the authors, the abstract, or a current sentence
    that cites this paper and is not suppressed; ``words.asked_words`` says what a word is. For a
    hub of more than READ_THROUGH papers, papers that do not cite it may be among them: intersect
    with the papers of the hub. No word, no paper. Two or three queries, however many words; the
    cost follows the documents that hold each word, or the hub or the longest word where these are
    few. Nothing is raised.
    """
    asked = asked_words(typed)
    if not asked:
        return np.empty(0, np.int64)
    citing = Citation.objects.incoming(cited_id).order_by()
    if len(citing.values_list("pk")[: READ_THROUGH + 1]) <= READ_THROUGH:
        return _read_through(citing, asked)
    # The longest word is the likeliest to be rare: then the others are looked for in few documents.
    first, *others = sorted(asked, key=_length, reverse=True)
    [kept] = _holders(cited_id, [first])
    if others and len(kept) <= READ_THROUGH:
        return _read_through(citing.filter(citing_paper_id__among=kept.tolist()), others)
    for ids in _holders(cited_id, others):
        kept = kept[np.isin(kept, ids, assume_unique=True)]
    return kept


def _length(terms):
    return sum(len(term.text) for term in terms)


def _holders(cited_id, asked):
    """For each word the papers that hold it, or whose sentences citing ``cited_id`` do. One query."""
    here = entry_of(cited_id)
    places = [place for terms in asked for place in ((PaperWords, terms), (CitationWords, [here, *terms]))]
    found = wordindex.holders(places)
    return [_united(*found[place : place + 2]) for place in range(0, len(found), 2)]


def _united(own, sentences):
    """The ids of both, sorted, each once. They are sorted runs: ``np.union1d`` takes fifty times as long."""
    ids = np.sort(np.concatenate((own, sentences)), kind="stable")
    return ids[np.concatenate(([True], ids[1:] != ids[:-1]))] if len(ids) else ids


def _read_through(citing, asked):
    rows = citing.values_list("citing_paper_id", "citing_paper__indexed__words", "indexed__words")
    found = [
        paper_id
        for paper_id, own, sentences in rows
        if all(holds(own or "", terms) or holds(sentences or "", terms) for terms in asked)
    ]
    return np.array(sorted(found), np.int64)


# -- the index of citing sentences ----------------------------------------------------------------


def refresh_words(citation_ids):
    """Make the documents of these pairs say what their sentences say; returns how many changed.

    Pairs that are gone, withdrawn or without a sentence that may be shown lose theirs. Three or
    four queries for each 2,000 pairs.
    """
    changed = 0
    for ids in chunks(citation_ids, PAIRS_AT_ONCE):
        changed += wordindex.rewrite(CitationWords, documents(ids), ids)
    return changed


def documents(citation_ids):
    """{citation id: (citing id, words)} of these pairs, as it should be. One query."""
    rows = CitationContext.objects.current().filter(
        citation_id__among=list(citation_ids),
        citation__withdrawn_at=None,
        passage__suppressed_at=None,
    )
    columns = ("citation_id", "citation__citing_paper_id", "citation__cited_paper_id", "passage__text")
    texts = defaultdict(list)
    for *pair, text in rows.order_by("citation_id", "passage_id").values_list(*columns):
        texts[tuple(pair)].append(text)
    return {
        citation_id: (citing_id, f"{entry_of(cited_id).text} {index_words(*said)}".strip())
        for (citation_id, citing_id, cited_id), said in texts.items()
    }
