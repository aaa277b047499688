"""Masking: the target is one token, other citations another, whatever the style."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.classifier.sentences import MAX_CHARACTERS, Sentence, mask


def masked(text, target=None, **more):
    """The tokens as one text; ``target`` is the substring that is the target's marker."""
    span = (text.index(target), text.index(target) + len(target)) if target else (None, None)
    return mask(Sentence(text, *span, **more))


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        # author and year, in brackets and in the sentence
        ("Tides drift (Marsh et al., 2004).", "Marsh et al., 2004", "tides drift TARGET"),
        ("Marsh et al. (2004) saw tides.", "Marsh et al. (2004)", "TARGET saw tides"),
        ("Marsh and Reed (2004) saw tides.", "(2004)", "TARGET saw tides"),
        ("Marsh's (2004) tides", "2004", "TARGET tides"),
        ("Marsh et al. , 2004 saw tides ( Reed , 2011 )", "Marsh et al. , 2004", "TARGET saw tides OTHER"),
        # a group is one mark: the target's group is the target
        ("Tides (Marsh, 2004; Reed, 2011a) drift", "Reed, 2011a", "tides TARGET drift"),
        ("Tides (Marsh, 2004) drift (Reed, 2011)", "Marsh, 2004", "tides TARGET drift OTHER"),
        # numbers
        ("Tides [3] drift [4-7].", "[4-7]", "tides OTHER drift TARGET"),
        ("Tides [3], [5]–[7] drift.", "[5]", "tides TARGET drift"),
        ("Tides (16) drift.", "(16)", "tides TARGET drift"),
        ("First (1) tides, then (2) marshes [9]", "[9]", "first 0 tides then 0 marshes TARGET"),
        ("Marsh et al. [12] saw (4, 5) tides", "[12]", "TARGET saw OTHER tides"),
        # what data sets put there
        ("We sail as ( [CITED_AUTHOR] ) did (Reed, 2011)", None, "we sail as TARGET did OTHER"),
        ("Sails @@CITATION and #OTHERS_TAG", None, "sails TARGET and OTHER"),
        # no span: the only citation; several are all it
        ("Tides drift [3].", None, "tides drift TARGET"),
        ("Tides [3] drift [4].", None, "tides TARGET drift TARGET"),
        # a span that no pattern knows
        ("The Pilot Toolkit sails.", "Pilot Toolkit", "the TARGET sails"),
        # no citation: years and abbreviations stay words and numbers
        ("In 1999 the 3.5 km tide, e.g. here", None, "in 0 the 0 km tide e g here"),
    ],
)
def test_citations_become_tokens(text, target, expected):
    assert " ".join(masked(text, target).tokens) == expected


def test_nobody_is_named_after_masking():
    tokens = masked("As in Marsh (2004), Reed & Vole (2011) and [Heron, 1999].", "Marsh (2004)").tokens
    assert not {"marsh", "reed", "vole", "heron"} & set(tokens)


@pytest.mark.parametrize(
    ("text", "target", "group", "others", "textual"),
    [
        ("Tides (Marsh, 2004; Reed, 2011, 2012) drift [9]", "Reed", 3, 1, False),
        ("Tides [3-7] drift", "[3-7]", 5, 0, False),
        ("Marsh et al. (2004) drift", "Marsh", 1, 0, True),
        ("Tides drift", None, 1, 0, False),
    ],
)
def test_what_is_counted(text, target, group, others, textual):
    found = masked(text, target)
    assert (found.group, found.others, found.textual) == (group, others, textual)


def test_a_stated_group_size_wins_and_a_section_is_read():
    found = masked("Tides [3] drift", "[3]", group_size=4, section="2. Materials and Methods")
    assert (found.group, found.kind) == (4, "methods")


def test_the_place_is_unknown_where_the_target_is():
    assert mask(Sentence("Tides [3] drift [4].")).place is None
    assert mask(Sentence("Tides drift [4].", 12, 15)).place == 1.0


@pytest.mark.parametrize("span", [(5, 3), (-1, 4), (0, 10_000), (3, None), (None, 3)])
def test_an_impossible_span_is_no_span(span):
    assert " ".join(mask(Sentence("Tides drift [4].", *span)).tokens) == "tides drift TARGET"


@given(
    st.text(max_size=300),
    st.none() | st.integers(-5, 400),
    st.none() | st.integers(-5, 400),
    st.text(max_size=40),
)
def test_any_text_is_masked(text, start, end, section):
    found = mask(Sentence(text, start, end, section))
    assert found.line == f" {' '.join(found.tokens)} "
    assert found.place is None or 0 <= found.place <= 1


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "[",
        "(19",
        "Aa and ",
        "Aa et al ",
        "[1",
        "[1, ",
        "1, 2; ",
        "A’",
        "Van De ",
        "(A 1999",
        "2004 ",
        "a-",
        "١",
    ],
)
def test_no_text_takes_long(piece):
    began = time.perf_counter()
    mask(Sentence(piece * (MAX_CHARACTERS // len(piece)), 0, 3))
    assert time.perf_counter() - began < 1
