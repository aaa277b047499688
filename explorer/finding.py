"""What the search box finds: papers by an identifier, by words, by words that are nearly right.

Words are looked for in the index of words (``papers/wordindex.py``), so that both databases find the
same. Where no title and no author has all words, one thing after another is forgiven, and the page
says which: a letter or two of a word; that the words stand in an abstract; that a title is only a part
of what was pasted; that some words are missing.

What a search costs on a million papers: at most eleven queries, each over at most POOL papers by key or
over the index; COMPARED are looked at in Python. Of more papers than POOL that hold the words, the
most cited are taken: those that are left out stand behind thousands of others. Measured with 300,000
papers on SQLite: some 100 ms for a word that a third of the papers hold, 20 ms a word for its misspellings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from django.db.models import Case, F, When
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from citations.models import HubSummary
from papers import identifiers, text
from papers.matching import LEAST_TITLE
from papers.models import FOLDED_LENGTH, Paper, PaperWords
from papers.wordindex import holders
from papers.words import LONGEST, Term, asked_words, holds, index_words

POOL = 20_000  # papers of which the titles may be read by the database
SUGGESTED_FROM = 2000  # the same while somebody types
READ = 500  # papers that are ranked here
COMPARED = 2000  # papers whose words are compared with a misspelt one
MOST_IDENTIFIERS = 4  # of a pasted text
LONGEST_TITLE = 40  # words of a title that is looked for in a pasted text
PASTED = 80  # words of a pasted text among which titles are looked for
RESPELLED = 6  # words of which misspellings are tried
SHORTEST_RESPELLED = 4  # letters: shorter words have too many neighbours
LONG_WORD = 7  # letters of a word in which two are forgiven
INTACT = 4  # letters that such a word must begin with
BEGINS_FROM = 6  # letters from which on a misspelt word may also be the beginning of one
WEIGHED = 16  # words of which most must be there
COMMON = 20_000  # papers from which on a word tells nothing in a sum of words
CLOSE = 75  # percent: how alike a title and what was typed must be, where words are missing


@dataclass
class Found:
    """Papers, best first, with what a paper line and a hub line show.

    ``forgiven``: "spelling", "abstract", "pasted" or "most"; "" where nothing had to be, or nothing was
    found. ``shown``: the words that they were found by, where the spelling was forgiven.
    ``asks_nothing``: what was typed holds no word that tells papers apart.
    """

    papers: list = field(default_factory=list)
    more: bool = False
    forgiven: str = ""
    shown: str = ""
    asks_nothing: bool = False


def identified(typed):
    """(paper, pair) of what is typed: the paper that an identifier in it names, and what it is as a whole.

    ``pair`` is the (scheme, value) where all that is typed is one identifier. Either may be None.
    One query for each identifier, four at most.
    """
    whole = identifiers.parse_identifier(typed)
    for pair in [whole] if whole else identifiers.identifiers_in(typed)[:MOST_IDENTIFIERS]:
        paper = Paper.objects.by_identifier(*pair).first()
        if paper is not None:
            return paper, whole
    return None, whole


def find(typed, most):
    """The ``Found`` papers for a reader's words. Five to eleven queries."""
    asked = asked_words(typed)
    if not asked:
        return Found(asks_nothing=True)
    [holding] = holders([(PaperWords, _terms(asked))])
    pool = _pool(holding, typed, POOL)
    if ids := _ranked(pool, asked, typed):
        return _found(ids, most)
    for letters in (1, 2):
        ids, shown = _respelled(asked, letters)
        if ids:
            return _found(ids, most, forgiven="spelling", shown=shown)
    if ids := _most_cited(pool):
        return _found(ids, most, forgiven="abstract")
    if ids := _titles_within(typed):
        return _found(ids, most, forgiven="pasted")
    return _found(_nearly(typed), most, forgiven="most")


def suggest(typed, most):
    """At most ``most`` papers whose titles or authors have all words so far, best first; nothing forgiven.

    Five queries; two more, one over the most cited papers, for words of more than SUGGESTED_FROM papers.
    """
    asked = asked_words(typed)
    if not asked:
        return []
    [holding] = holders([(PaperWords, _terms(asked))])
    return _found(_ranked(_pool(holding, typed, SUGGESTED_FROM), asked, typed), most).papers


def _terms(asked):
    return list(chain.from_iterable(asked))


def _pool(ids, typed, most):
    """At most ``most`` of these papers, int64: all, or the most cited and those with just this title."""
    if len(ids) <= most:
        return ids
    cited = HubSummary.objects.order_by("-known", "paper_id").values_list("paper_id", flat=True)
    cited = np.fromiter(cited[:POOL].iterator(), np.int64)
    titled = Paper.objects.filter(title_folded=text.fold(typed)[:FOLDED_LENGTH])
    titled = np.array(titled.values_list("pk", flat=True)[:READ], np.int64)
    first = np.concatenate((titled, cited[np.isin(cited, ids)]))
    return np.concatenate((first, ids[~np.isin(ids, first)]))[:most]


def _by_citations(papers):
    return papers.order_by(F("hub_summary__known").desc(nulls_last=True), "title_folded", "id")


def _most_cited(pool):
    if not len(pool):
        return []
    return list(
        _by_citations(Paper.objects.filter(pk__among=pool.tolist())).values_list("pk", flat=True)[:READ]
    )


def _ranked(pool, asked, typed):
    """Of ``pool`` the ids of the papers with all words in title and authors, best first. One query.

    This very title first, then titles with these words side by side, with all words, and those where
    an author has some; within each the most cited.
    """
    if not len(pool):
        return []
    terms, folded = _terms(asked), text.fold(typed)
    rows = _by_citations(Paper.objects.filter(pk__among=pool.tolist()).holding(terms))
    found = []
    for paper_id, title, said in rows.values_list("pk", "title_folded", "search_text")[:READ]:
        if not holds(index_words(said), terms):  # its abstract has the word, and here it stands in another
            continue
        if title == folded[:FOLDED_LENGTH]:
            rank = 0
        elif folded in title:
            rank = 1
        else:
            rank = 2 if holds(index_words(title), terms) else 3
        found.append((rank, paper_id))
    return [paper_id for _rank, paper_id in sorted(found, key=lambda one: one[0])]


def _found(ids, most, **forgiven):
    """The papers with these ids, in this order. Three queries."""
    if not ids:
        return Found()
    shown = ids[:most]
    order = Case(*(When(pk=paper_id, then=place) for place, paper_id in enumerate(shown)))
    papers = Paper.objects.filter(pk__in=shown).for_list().select_related("venue", "hub_summary")
    papers = papers.defer("abstract", "search_text").order_by(order)
    return Found(list(papers), len(ids) > most, **forgiven)


# -- a letter that is wrong --------------------------------------------------------------------------


def _respelled(asked, letters):
    """(ids of papers, the words that they have) where up to ``letters`` letters of each word are forgiven.

    With one letter, all words at one remove are asked for: all that are one letter more, less or
    other, or two changed about. With two, the word must be a long one and begin right. Two queries.
    """
    words = [terms[0].text for terms in asked if len(terms) == 1]
    tried = sorted(filter(lambda word: _may_be_respelled(word, letters), words), key=len)[-RESPELLED:]
    if not tried:
        return [], ""
    wanted = []
    for terms in asked:
        word = terms[0].text
        if len(terms) == 1 and word in tried:
            wanted.append([*terms, *(one_off(word) if letters == 1 else [Term(word[:INTACT], True)])])
        else:
            wanted += terms
    [ids] = holders([(PaperWords, wanted)])
    rows = Paper.objects.filter(pk__among=_pool(ids, "", POOL).tolist())
    rows = _by_citations(rows.holding([term for term in wanted if isinstance(term, Term)]))
    best, found = None, []
    for paper_id, said in rows.values_list("pk", "search_text")[:COMPARED]:
        spelled = _spelled_there(index_words(said), asked, tried, letters)
        if spelled is None:
            continue
        found.append((paper_id, said))
        wrong = sum(one != _word(terms) for one, terms in zip(spelled, asked, strict=True))
        if best is None or wrong < best[0]:
            best = wrong, spelled
    if best is None:
        return [], ""
    terms = _terms(asked_words(" ".join(best[1])))
    return [key for key, said in found if holds(index_words(said), terms)], " ".join(best[1])


def _word(terms):
    """The word that was typed, of which ``terms`` are the pairs of characters where they are several."""
    return "".join(term.text[:1] for term in terms) + terms[-1].text[1:]


def _may_be_respelled(word, letters):
    return len(word) >= (SHORTEST_RESPELLED if letters == 1 else LONG_WORD) and not any(
        sign.isdigit() for sign in word
    )


def one_off(word):
    """The Terms for all words at one remove from ``word``: some 60 for each of its letters."""
    # The letters of its script: for others than Latin, those of its block of 128 code points.
    block = range(ord(word[0]) & ~127, (ord(word[0]) | 127) + 1)
    alphabet = (
        "abcdefghijklmnopqrstuvwxyz" if word.isascii() else "".join(filter(str.islower, map(chr, block)))
    )
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    near = {before + after[1:] for before, after in cuts if after}
    near |= {before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1}
    near |= {before + sign + after[1:] for before, after in cuts if after for sign in alphabet}
    near |= {before + sign + after for before, after in cuts for sign in alphabet}
    return [Term(one[:LONGEST], len(word) >= BEGINS_FROM) for one in sorted(near - {word})]


def _spelled_there(document, asked, tried, letters):
    """For each word asked how ``document`` spells it, or None where it has one of them not at all."""
    spelled = []
    for terms in asked:
        word = terms[0].text
        if holds(document, terms):
            spelled.append(_word(terms))
        elif word not in tried:
            return None
        else:
            near = [(_distance(word, other), other) for other in document.split()]
            near = [pair for pair in near if pair[0] <= letters]
            if not near:
                return None
            spelled.append(min(near)[1])
    return spelled


def _distance(typed, word):
    """In how many letters ``typed`` differs from ``word``, or from its beginning where it is long."""
    ends = {len(word)}
    if len(typed) >= BEGINS_FROM:
        ends |= {end for end in (len(typed) - 1, len(typed), len(typed) + 1) if end < len(word)}
    return min(OSA.distance(typed, word[:end]) for end in ends)


# -- a pasted text, and words that are missing ---------------------------------------------------------


def _titles_within(typed):
    """Ids of papers whose whole title stands in a pasted text: the longest first. One query.

    Every stretch of the text is looked up among the folded titles, by their index.
    """
    words = text.fold(typed).split()[:PASTED]
    spans = {
        " ".join(words[begin:end])
        for begin in range(len(words))
        for end in range(begin + 2, min(len(words), begin + LONGEST_TITLE) + 1)
    }
    spans = [span for span in spans if LEAST_TITLE <= len(span) <= FOLDED_LENGTH]
    if not spans:
        return []
    rows = _by_citations(Paper.objects.filter(title_folded__among=spans))
    titles = list(rows.values_list("title_folded", "pk")[:READ])
    longest = max((len(title) for title, _id in titles), default=0)
    # A title that is a part of a longer one is not meant.
    return [paper_id for title, paper_id in titles if len(title) > longest / 2]


def _nearly(typed):
    """Ids of papers whose title is close to what is typed, though words are missing in it. Two queries.

    Each word counts the more the fewer papers have it; of the papers with the largest sums the titles
    are compared. Words that COMMON papers have count for nothing.
    """
    asked = asked_words(typed, PASTED)
    asked = sorted(asked, key=lambda terms: sum(len(term.text) for term in terms), reverse=True)[:WEIGHED]
    if len(asked) < 2:
        return []
    lists = holders([(PaperWords, terms) for terms in asked], most=COMMON)
    lists = [ids for ids in lists if 0 < len(ids) < COMMON]
    if not lists:
        return []
    papers, places = np.unique(np.concatenate(lists), return_inverse=True)
    weights = np.concatenate([np.full(len(ids), np.log(2 * COMMON / len(ids))) for ids in lists])
    sums = np.bincount(places, weights)
    first = papers[np.argsort(-sums, kind="stable")[:READ]]
    folded, near = text.fold(typed), []
    rows = _by_citations(Paper.objects.filter(pk__among=first.tolist()))
    for paper_id, title in rows.values_list("pk", "title_folded"):
        # Two words at least: "Ropes" would else be close to every text with ropes in it.
        alike = fuzz.token_set_ratio(folded, title) if len(title) >= LEAST_TITLE and " " in title else 0
        if alike >= CLOSE:
            near.append((-alike, paper_id))
    return [paper_id for _alike, paper_id in sorted(near, key=lambda one: one[0])]
