"""Clean text, folded text, names, fingerprints, and what an abstract states."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.text import (
    MAX_PASSAGE,
    carry_span,
    clean_line,
    clean_passage,
    clean_text,
    contribution_sentence,
    family_and_initial,
    fingerprint,
    fold,
    fold_name,
    has_forbidden,
    is_title_noise,
    result_sentences,
    slug,
)

PIECES = st.sampled_from(
    [
        "<script>",
        "</script>",
        "<scr",
        "ipt>",
        "<b>",
        "</b>",
        "<jats:p>",
        "<p x='1'>",
        "<mml:mi>",
        "<!--",
        "-->",
        "<",
        ">",
    ]
    + [
        "&amp;",
        "&lt;",
        "&gt;",
        "lt;",
        "amp;",
        "&#0;",
        "&#x202e;",
        "&",
        ";",
        "\x00",
        "\u202e",
        "\ud800",
        "\u0301",
        "\xad",
    ]
    + [
        "\\alpha",
        "\\emph{",
        "}",
        "{",
        "\\'e",
        "\\",
        "$",
        "$x^2$",
        "``",
        "''",
        "\\cite{k}",
        "\\textbackslash",
        "{B}",
    ]
    + [
        "Ã©",
        "â€œ",
        "é",
        "ﬁ",
        " ",
        "\n\n",
        "\n",
        "a",
        "word ",
        "[3]",
        "Abstract",
        "\x85",
        "\x1d",
        "\u2028",
        "…",
    ]
)
DIRTY = st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join))


@pytest.mark.parametrize(
    "raw, clean",
    [
        ("  two\t words\n", "two words"),
        (None, ""),
        (5, ""),
        (["x"], ""),
        (b"x", ""),
        ("a\x00b\u202ec\u200bd\ufeff", "abcd"),
        ("lone \ud800 half", "lone half"),
        ("co\xadoperate", "cooperate"),
        ("H<sub>2</sub>O <i>in vivo</i>", "H2O in vivo"),
        ("<jats:p>One</jats:p><jats:p>two</jats:p>", "One two"),
        ("one<br/>two", "one two"),
        ('<a href="https://example.org">here</a>', "here"),
        ("<mml:math><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>1</mml:mn></mml:math>", "x=1"),
        ("<math><mi>x</mi><annotation encoding='tex'>y</annotation></math>", "x"),
        (r"<tex-math>\documentclass{a} \begin{document}$$F_2$$\end{document}</tex-math>", "F_2"),
        ("p < 0.05 and q > 3", "p < 0.05 and q > 3"),
        ("a<b and c>d", "a<b and c>d"),
        ("<unk> <CIT> <s> <http://example.org/>", "<unk> <CIT> <s> <http://example.org/>"),
        ("on<script>alert(1)</script>e", "one"),
        ("on<style type='x'>p {}</style>e", "one"),
        ("<scr<b>ipt>alert(1)</scr</b>ipt>one", "one"),
        ("<scr<b>ipt>alert(1)</script>one", "alert(1)one"),
        ("<script>alert(1)", "alert(1)"),
        ("<img src=x onerror=alert(1)>one", "one"),
        ("<!-- not this -->one <![CDATA[two]]>", "one two"),
        ("AT&amp;T &lt; &#945; &nosuch; R&D ?a=1&copy=2", "AT&T < α &nosuch; R&D ?a=1&copy=2"),
        ("&lt;i&gt;one&lt;/i&gt;", "one"),
        ("&amp;lt;script&amp;gt;one", "one"),
        ("&amp;amp;amp;lt; 5", "< 5"),
        ("&" + "amp;" * 30 + "lt; 5", "< 5"),
        ("RosÃ© â€œnamedâ€\x9d", "Rosé “named”"),
        ("don’t “quote” 'this'", "don’t “quote” 'this'"),
        ("e\u0301te\u0301", "été"),
        (r"$\sim 5$", "∼ 5"),
        (r"$\alpha$-helix and $n^2$", "α-helix and n^2"),
        ("costs $5 and $6", "costs $5 and $6"),
        ("pay $so much$ now", "pay $so much$ now"),
        ("US$5 to AU$6", "US$5 to AU$6"),
        (r"by \[Gale 1992\], \(see\) A\[B and \[x^2\]", "by [Gale 1992], (see) A[B and x^2"),
        (r"O(n\log n)", "O(n log n)"),
        (r"Schr\"odinger, {\'e}t\'e, Erd\H{o}s, \v{S}koda", "Schrödinger, été, Erdős, Škoda"),
        (r"\c{c}a, na\"{\i}ve, \o", "ça, naïve, ø"),
        (r"\emph{one} \textbf{two} {\em three} 50\%", "one two three 50%"),
        (r"\foo{bar} C:\temp\new", r"bar C:\temp\new"),
        (r"as \cite[p.~3]{key} in \url{http://x.org}", "as [key] in http://x.org"),
        (r"\href{http://x.org}{there}", "there"),
        (r"\input{/etc/hosts}", "/etc/hosts"),
        (r"broken \frac{1 and $x", r"broken \frac{1 and $x"),
        ("{BERT} and the {P}enn {{T}reebank}", "BERT and the Penn Treebank"),
        ("a set {a, b}", "a set {a, b}"),
        ("``quoted''", "“quoted”"),
        ("一篇 论文", "一篇 论文"),
    ],
)
def test_a_line_becomes_plain_text(raw, clean):
    assert clean_line(raw, 200) == clean


@pytest.mark.parametrize(
    "raw, limit, clean",
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("abcdefghij", 5, "abcd…"),
        ("e\u0331\u0331\u0331x", 3, "…"),
        ("one", 1, "…"),
        ("one", 0, ""),
    ],
)
def test_what_is_too_long_is_cut_at_a_word(raw, limit, clean):
    assert clean_line(raw, limit) == clean


def test_a_text_keeps_its_paragraphs():
    raw = "<title>Abstract</title><sec><jats:title>Aim</jats:title><jats:p>To  see\nit.</jats:p></sec>"
    assert clean_text(raw, 100) == "Aim\n\nTo see it."
    assert clean_text("one\ntwo\n \n\nthree<br/><br/>four", 100) == "one two\n\nthree\n\nfour"
    assert clean_text(None, 100) == ""


@given(DIRTY, st.integers(0, 60))
def test_cleaning_twice_changes_nothing_and_leaves_nothing_unsafe(raw, limit):
    for clean in (clean_line, clean_text):
        once = clean(raw, limit)
        assert clean(once, limit) == once
        assert len(once) <= limit
        assert not has_forbidden(once)
        assert "<script" not in once.lower()
        assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", once)
        assert once == once.strip() == unicodedata.normalize("NFC", once)
    assert "\n" not in clean_line(raw, limit)


@pytest.mark.parametrize(
    "raw, mark, clean, marked",
    [
        ("as  shown <b>by</b> [3] &amp; more", "[3]", "as shown by [3] & more", "[3]"),
        (
            "RosÃ© ( [CITED_AUTHOR] ) and {a}",
            "[CITED_AUTHOR]",
            "Rosé ( [CITED_AUTHOR] ) and {a}",
            "[CITED_AUTHOR]",
        ),
        ("water<sup>3</sup> is", "<sup>3</sup>", "water3 is", "3"),
        ("x  Smith\n  (2001)  y", " Smith\n  (2001) ", "x Smith (2001) y", "Smith (2001)"),
        (r"by \cite{key} and \alpha", r"\cite{key}", "by [key] and α", "[key]"),
        ("costs $x$ [3]", "[3]", "costs $x$ [3]", "[3]"),
        ("é 😀 [3]", "[3]", "é 😀 [3]", "[3]"),
        ("[3] and [3]", "[3]", "[3] and [3]", "[3]"),
        ("one &amp; two", "amp", "one & two", None),
        ("&lt;x lt", "lt", "<x lt", None),
        (r"shown$^{[3]}$ by \alpha", "[3]", "shown^[3] by α", "[3]"),
        ("e\u0301 two", "\u0301", "é two", None),
        ("one <b></b> two", "<b></b>", "one two", None),
    ],
)
def test_the_mark_moves_with_the_passage(raw, mark, clean, marked):
    start = raw.index(mark)
    text, begin, end = clean_passage(raw, start, start + len(mark))
    assert text == clean
    assert (text[begin:end] if begin is not None else None) == marked


def test_the_second_of_two_equal_marks_stays_the_second():
    assert clean_passage("a  [3] and  [3]", 12, 15) == ("a [3] and [3]", 10, 13)


@pytest.mark.parametrize(
    "start, end",
    [(-1, 2), (2, 2), (3, 2), (0, 8), (None, 2), (0, None), (True, 2), (0.0, 2), ("0", "2"), (0, 10**30)],
)
def test_an_invalid_span_is_left_out(start, end):
    assert clean_passage("one [3]", start, end) == ("one [3]", None, None)


def test_a_mark_beyond_the_limit_is_left_out():
    raw = "word " * MAX_PASSAGE + "[3]"
    text, start, end = clean_passage(raw, len(raw) - 3, len(raw))
    assert len(text) <= MAX_PASSAGE and (start, end) == (None, None)


@given(DIRTY, st.integers(0, 40), st.integers(1, 10))
def test_a_moved_span_marks_what_it_marked(raw, start, length):
    text, begin, end = clean_passage(raw, start, start + length)
    assert clean_passage(text, begin, end) == (text, begin, end)
    assert text == clean_passage(raw, None, None)[0]
    if begin is not None:
        assert text[begin:end] == clean_passage(raw[start : start + length], None, None)[0]


@pytest.mark.parametrize(
    "text, folded",
    [
        ("The BLEU  score: a (new) Method!", "the bleu score a new method"),
        ("Müller, Straße, Ødegård, Łukasz", "muller strasse odegard lukasz"),
        ("O'Brien’s", "obriens"),
        ("state-of-the-art", "state of the art"),
        ("ＢＥＲＴ ﬁne Foo™", "bert fine foo"),
        ("α-helix", "α helix"),
        ("Жуков", "жуков"),
        ("北京大学", "北京大学"),
        ("हिन्दी", "हिन्दी"),
        ("C++ 3.5", "c 3 5"),
        ("+++ …", ""),
        ("", ""),
    ],
)
def test_folding_drops_what_spelling_adds(text, folded):
    assert fold(text) == fold_name(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text):
    folded = fold(text)
    assert fold(folded) == folded == " ".join(folded.split())
    assert not any(c.isupper() for c in folded if c.isascii())


@pytest.mark.parametrize(
    "name, expected",
    [
        ("Family, Given", ("family", "g")),
        ("Given Family", ("family", "g")),
        ("van der Berg, J.", ("van der berg", "j")),
        ("Berg, J. van der", ("van der berg", "j")),
        ("de Souza M", ("de souza", "m")),
        ("M. de Souza", ("de souza", "m")),
        ("Jan van der Berg", ("van der berg", "j")),
        ("Jan Van den Berg", ("van den berg", "j")),
        ("J.-P. Serre", ("serre", "j")),
        ("Sutton RS", ("sutton", "r")),
        ("Sutton R. S.", ("sutton", "r")),
        ("SUTTON RS", ("sutton", "r")),
        ("WEI LI", ("li", "w")),
        ("JOHN DOE", ("doe", "j")),
        ("Kim J-H", ("kim", "j")),
        ("J. R. R. Tolkien", ("tolkien", "j")),
        ("Smith, Jr., John", ("smith", "j")),
        ("John Smith Jr.", ("smith", "j")),
        ("Dr. Jane Roe", ("roe", "j")),
        ("Jane Q. Public MD", ("public", "j")),
        ("Santiago Ramón y Cajal", ("ramon y cajal", "s")),
        ("O’Brien, K", ("obrien", "k")),
        ("Müller et al.", ("muller", "")),
        ("Madonna", ("madonna", "")),
        ("de la Cruz", ("de la cruz", "")),
        ("王 伟", ("王", "伟")),
        ("王伟", ("王伟", "")),
        ("", ("", "")),
        (" , ", ("", "")),
    ],
)
def test_a_name_gives_family_and_initial(name, expected):
    assert family_and_initial(name) == expected


@given(st.text())
def test_any_text_is_taken_for_a_name(name):
    family, initial = family_and_initial(name)
    assert fold(family) == family and len(initial) <= 1


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("( Brown et al. , 1991 )", "(Brown et al., 1991)", True),
        ("BROWN ET AL 1991", "Brown et al., 1991", True),
        ("naïve", "naive", True),
        ("Brown et al., 1991", "Brown et al., 1992", False),
        ("+", "-", False),
        ("北京", "东京", False),
    ],
)
def test_a_fingerprint_is_of_the_letters(one, other, same):
    assert (fingerprint(one) == fingerprint(other)) is same
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(one))


def test_the_fingerprint_stays_what_libraries_hold():
    assert fingerprint("A sentence [3].") == "ffc5d2ff5e926313014396c6d40446c6"


SPACED = "as ( Brown et al. , 1991 ; [3] ) say"
DENSE = "as (Brown et al., 1991; [3]) say"


@pytest.mark.parametrize(
    "source, target, mark, expected",
    [
        (SPACED, DENSE, "Brown et al. , 1991", "Brown et al., 1991"),
        (SPACED, DENSE, "[3]", "[3]"),
        (DENSE, SPACED, "(Brown et al., 1991; [3])", "( Brown et al. , 1991 ; [3] )"),
        (DENSE, DENSE, "[", "["),
        (SPACED, DENSE, ";", None),
        ("Straße [3]", "Strasse [3]", "Straße", "Strasse"),
        ("two fi", "two ﬁ", "i", None),
        ("one two", "one three", "one", None),
        ("café (1)", "cafe\u0301 (1)", "(1)", "(1)"),
    ],
)
def test_a_span_is_carried_to_the_same_letters(source, target, mark, expected):
    start = source.index(mark)
    span = carry_span(source, target, start, start + len(mark))
    assert (target[slice(*span)] if span else None) == expected


@pytest.mark.parametrize("start, end", [(-1, 2), (2, 2), (3, 1), (0, 100)])
def test_an_invalid_span_is_not_carried(start, end):
    assert carry_span(SPACED, DENSE, start, end) is None


WORDS = st.lists(st.text("abÉß[]().,;é3ﬁ\u0301", min_size=1, max_size=6), min_size=1, max_size=8)


@given(WORDS, st.data())
def test_a_carried_span_marks_the_same_letters(words, data):
    source, target = "".join(words), " ".join(words)
    start = data.draw(st.integers(0, len(source) - 1))
    end = data.draw(st.integers(start + 1, len(source)))
    span = carry_span(source, target, start, end)
    if span:
        assert 0 <= span[0] < span[1] <= len(target)
        assert fold(source[start:end]).replace(" ", "") == fold(target[slice(*span)]).replace(" ", "")
    if source.isascii() and fold(source[start:end]):
        assert span


@pytest.mark.parametrize(
    "title, expected",
    [
        ("Attention: Is It All You Need?", "attention-is-it-all-you-need"),
        ("Über die Straße", "uber-die-strasse"),
        ("word " * 30, "-".join(["word"] * 12)),
        ("x" * 100, "x" * 60),
        ("北京", "beijing"),
        ("", "paper"),
        ("?!", "paper"),
    ],
)
def test_a_slug_is_short_ascii(title, expected):
    assert slug(title) == expected


@given(st.text())
def test_every_title_has_a_slug(title):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(title)) and len(slug(title)) <= 60


@pytest.mark.parametrize(
    "title",
    [
        "arXiv preprint arXiv:2104.07143 , year=",
        "arXiv preprint",
        "CoRR abs/1234.5678",
        "[no title]",
        "Untitled",
        "A",
    ]
    + [
        "1984",
        "2019.",
        "doi:10.1000/xyz",
        "https://example.org/abc",
        "In press",
        "Vol. 3, pp. 12-14",
        "...",
        "",
        " ",
    ]
    + ["No title available", "hep-th/9901001"],
)
def test_a_title_that_names_nothing_is_noise(title):
    assert is_title_noise(title)


@pytest.mark.parametrize(
    "title",
    [
        "On",
        "BLEU",
        "北京",
        "Untitled Goose Game",
        "The Year 1984",
        "arXiv at twenty",
        "Title insurance",
        "С++ и Я",
    ],
)
def test_a_short_title_is_a_title(title):
    assert not is_title_noise(title)


PLAIN = (
    "Parsing is hard. Previous work has shown that trees help parsers by 3%. "
    "In this paper we ask whether trees help. We propose TreeNet, a parser that reads trees. "
    "We trained it on 5% of the data. Our results show that trees help. "
    "TreeNet outperforms the baseline by 2.1 points. Accuracy rose from 80% to 85%. Does it scale? "
    "We will release the code."
)
STRUCTURED = (
    "BACKGROUND: Fever is associated with malaria. AIM: To determine whether nets reduce fever by half. "
    "METHODS: We enrolled 200 people and found them by telephone. RESULTS: Fever fell. We measured it twice. "
    "It was lower with nets (P < 0.05). CONCLUSIONS: Nets are cheap. These findings suggest that nets work."
)


def test_the_contribution_is_what_is_proposed():
    assert contribution_sentence(PLAIN) == "We propose TreeNet, a parser that reads trees."


@pytest.mark.parametrize(
    "abstract, expected",
    [
        ("It is old. Here we show that it works. This paper is long.", "Here we show that it works."),
        ("It is old. This paper is about cats.", "This paper is about cats."),
        (
            "OBJECTIVE: A new method for cats is presented. METHODS: Cats.",
            "A new method for cats is presented.",
        ),
        ("Previous work in which we present cats is old.", ""),
        (
            "We present " + "cats and " * 60 + "dogs. This study introduces mice.",
            "This study introduces mice.",
        ),
        ("Cats are nice.", ""),
        ("", ""),
    ],
)
def test_the_best_stated_contribution_wins(abstract, expected):
    assert contribution_sentence(abstract) == expected


def test_results_are_not_background_aims_or_methods():
    assert result_sentences(PLAIN) == [
        "Our results show that trees help.",
        "TreeNet outperforms the baseline by 2.1 points.",
        "Accuracy rose from 80% to 85%.",
    ]
    assert result_sentences(PLAIN, limit=1) == ["Our results show that trees help."]
    assert result_sentences(PLAIN, limit=0) == []


@pytest.mark.parametrize(
    "sentence, states",
    [
        ("Previous experiments show that trees help.", False),
        ("Other studies report that accuracy rose from 80% to 85%.", False),
        ("It is known that trees outperform words.", False),
        ("We aim to find trees.", False),
        ("We conclude with a view of trees.", False),
        ("We used 5% of the trees rather than more.", False),
        ("We find no trees.", True),
        ("A model of trees revealed more trees.", True),
        ("Trees were not associated with words.", True),
        ("Recall was 85% against 80%.", True),
    ],
)
def test_a_sentence_states_a_result_or_not(sentence, states):
    assert result_sentences(sentence) == [sentence] * states


def test_a_structured_abstract_gives_its_labelled_results():
    expected = ["Fever fell.", "It was lower with nets (P < 0.05).", "These findings suggest that nets work."]
    assert result_sentences(STRUCTURED) == expected
    headings = re.sub(r" ?([A-Z]{3,}): ", lambda found: f"\n\n{found[1].title()}\n\n", STRUCTURED).strip()
    assert result_sentences(headings) == expected


@given(
    st.text()
    | st.lists(st.sampled_from([*PLAIN.split(". "), "RESULTS:", "\n\n", "Methods", ". "])).map(" ".join)
)
def test_claims_are_verbatim(abstract):
    found = result_sentences(abstract)
    assert len(found) <= 6 and len(set(found)) == len(found)
    assert all(sentence in abstract and sentence.strip() == sentence != "" for sentence in found)
    contribution = contribution_sentence(abstract)
    assert contribution in abstract and len(contribution) <= 400


@pytest.mark.parametrize(
    "value, expected", [("a\x00", True), ("a\udfff", True), ("a\x01\u202e", False), ("", False)]
)
def test_forbidden_characters_are_noticed(value, expected):
    assert has_forbidden(value) is expected
