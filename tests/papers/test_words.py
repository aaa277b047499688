"""The words of a document and of a reader, and what holds what: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.words import LONGEST, MOST_WORDS, asked_words, holds, index_words


def finds(typed, *texts):
    asked = asked_words(typed)
    return bool(asked) and all(holds(index_words(*texts), terms) for terms in asked)


@pytest.mark.parametrize(
    "typed, text, found",
    [
        ("retriev", "Dense Retrieval", True),
        ("retrieval dense", "Dense Retrieval", True),
        ("trieval", "Dense Retrieval", False),  # the beginning of a word, not its middle
        ("de", "Dense Retrieval", False),  # two letters are a whole word
        ("AI", "Ethics of AI.", True),
        ("müller", "by Jürgen MULLER", True),
        ("Muller", "by Müller", True),
        ("straße", "STRASSE", True),
        ("efﬁcient", "an efficient way", True),  # a ligature
        ("naive", "nai\u0308ve", True),  # a combining mark
        ("ΩΜΕΓΑ", "ωμεγα-3", True),
        ("обучен", "Глубокое ОБУЧЕНИЕ", True),
        ("o'brien", "O’Brien", True),
        ("state-of-the-art", "the state of the art", True),
        ("c++", "in C", True),
        ("学习", "深度学习模型", True),
        ("度学习模", "深度学习模型", True),
        ("学", "深度学", True),  # one character, also the last of a stretch
        ("学度", "深度学习", False),
        ("深度 模型", "深度学习模型", True),
        ("学习bert", "用BERT学习", True),
        ("データ", "データベース", True),
        ("한국", "한국어의 문법", True),
        ("ภาษา", "ภาษาไทย", True),
        ("the tide", "Of tides", True),  # passed over
        ("the", "the the", False),
        ("x" * 300, "x" * 500, True),
        ("", "tide", False),
        ("*", "tide", False),
    ],
)
def test_what_a_readers_words_find(typed, text, found):
    assert finds(typed, text) is found


def test_only_the_first_dozen_of_a_readers_words_count():
    typed = " ".join(f"word{number}" for number in range(40))
    assert len(asked_words(typed)) == MOST_WORDS == 12
    assert asked_words("tide tide TIDE") == asked_words("tide")


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_text_is_found_by_its_own_words_and_entries_are_bounded(text, more):
    document = index_words(text, more)
    for terms in asked_words(text):
        assert holds(document, terms)
        for term in terms:
            assert len(term.text) <= LONGEST and not set(term.text) & set(" \x00'\"\\*&|!:()→")
    assert all(len(entry) <= LONGEST for entry in document.split())
    assert document == " ".join(dict.fromkeys(document.split(" ")))
