"""Where sentences begin and end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.sentences import split_sentences


def sentences(text):
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "As Ref. [12] has it, this holds.",
        "As Refs. [12], [13] have it, this holds.",
        "See Sec. 3 for more.",
        "See Fig. 2 and Figs. A and B for more.",
        "By Eq. (3) this holds.",
        "Doe et al. (2010) wrote this.",
        "Doe et al. The name stays with its sentence.",
        "Others agree, cf. Smith.",
        "Many taggers, e.g. Brill's, are quick.",
        "One tagger, i.e. Brill's, is quick.",
        "Trees vs. Forests is a title.",
        "It takes approx. 5 hours.",
        "It is No. 7 of ten.",
        "It was done by J. Smith and K. Jones.",
        "It was done by J.-P. Serre.",
        "J. Smith did it.",
        "By M. A. Smith it was done.",
        "It is Conidae sp. 5 of the lot.",
        "It was in trees, shrubs, etc. Oaks had more.",
        "It was done by J. R. R. Tolkien.",
        "The gene of S. cerevisiae was read.",
        "The U.S. Department said so.",
        "The value is 3.5 on average.",
        "It rose (in 2010. Then it fell) all the time.",
        "It rose [in 2010. Then it fell] all the time.",
        "Some agree (see Ref. [4], Smith, 2010).",
        "2.1. Methods were used.",
        "One is new; Others are old.",
    ],
)
def test_this_is_one_sentence(text):
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "expected",
    [
        ["It is known.", "Then we go."],
        ["It is known.[3]", "Then we go."],
        ["It is known. [3]", "Then we go."],
        ["It is known.[3], [4]", "Then we go."],
        ["It is known.3,4", "Then we go."],
        ["It is known [3].", "Then we go."],
        ["Is it known?", "It is!", "We go."],
        ["The value is 3.5.", "The next one is not."],
        ["They ate vitamin C.", "The others did not."],
        ["They are in Figs. 12A–D.", "Eggs are not."],
        ["It took 3 h.", "Cells were then washed."],
        ["They are shown in S3 Fig.", "The others are not."],
        ["It was seen (Smith, 2010).", "Eggs were not."],
        ["He said “it is known.”", "Then he went."],
        ["It ended in 2010.", "However, it came back."],
    ],
)
def test_these_are_sentences_of_their_own(expected):
    assert sentences(" ".join(expected)) == expected


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not():
    assert sentences("A title\n\nIt goes\non here.\n \n[3] Then") == [
        "A title",
        "It goes\non here.",
        "[3] Then",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\x00"])
def test_nothing_to_split_is_split_into_at_most_itself(text):
    assert sentences(text) == ([text.strip()] if text.strip() else [])


PIECES = ["A", "b", ". ", ".", "! ", "[3]", "(", ")", "[", "\n\n", "\n", " ", "et al.", "Fig. ", "1", "J. "]
PIECES += ["\ud800", "。"]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_the_spans_cover_the_text_in_order_without_outer_blanks(text):
    last = 0
    for start, end in split_sentences(text):
        assert last <= start < end <= len(text)
        assert not text[last:start].strip()
        assert text[start:end] == text[start:end].strip()
        last = end
    assert not text[last:].strip()


@pytest.mark.parametrize(
    "unit", ["It is so (see Fig. 2) and et al. [3]. ", "[1] ", "ab.[1] ", "(", ". ", "A. ", "x"]
)
def test_200_kb_are_split_in_seconds(unit):
    text = unit * (200_000 // len(unit))
    begun = time.process_time()
    split_sentences(text)
    # Measured 0.4 to 2 seconds; what grows with the square of the length takes minutes.
    assert time.process_time() - begun < 15
