"""Citation markers: numbers, groups, and the place of a known work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.markers import LONGEST_RANGE, expand_numeric, group_size_at, locate_marker


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("[3]–[7]", [3, 4, 5, 6, 7]),
        ("[3-7]", [3, 4, 5, 6, 7]),
        ("3,5–7", [3, 5, 6, 7]),
        ("[1, 4–6, 9]", [1, 4, 5, 6, 9]),
        ("[1], [2]", [1, 2]),
        ("[2, 2, 1]", [2, 1]),
        ("[7-3]", [7, 3]),
        ("[1–201]", [1, 201]),
        ("[1–200]", list(range(1, LONGEST_RANGE + 1))),
        ("1" * 5000, []),
        ("none", []),
        ("", []),
    ],
)
def test_a_numeric_marker_stands_for_numbers(text, numbers):
    assert expand_numeric(text) == numbers


@pytest.mark.parametrize(
    "text, mark, size",
    [
        ("so (Brown et al., 1991; Gale and Church, 1991).", "Brown et al., 1991", 2),
        ("so (Brown et al., 1991; Gale and Church, 1991).", "1991", 2),
        ("so ( [CITED_AUTHOR] ; Gale and Church , 1991 ) .", "[CITED_AUTHOR]", 2),
        ("as [CITED_AUTHOR] says", "[CITED_AUTHOR]", 1),
        ("as Brown et al. (1991) say (Gale, 1993; Kay, 1993)", "Brown et al. (1991)", 1),
        ("as Brown et al. (1991) say (Gale, 1993; Kay, 1993)", "Kay, 1993", 2),
        ("as (see Brown et al. (1991) for more) say", "Brown et al. (1991)", 1),
        ("so (Smith, 1991a,b; Jones, 2000, 2001)", "Jones", 4),
        ("so (Mitkov, 1998), (Kennedy, 1996) (Kameyama, 1997)", "Kameyama, 1997", 3),
        ("so (Mitkov, 1998) but not (Kennedy, 1996)", "Mitkov, 1998", 1),
        ("so [3]–[7].", "[3]", 5),
        ("so [3]–[7].", "7", 5),
        ("so [3]–[7].", "[3]–[7]", 5),
        ("so [7, 14, 12, 4].", "14", 4),
        ("so [1], [2].", "[2]", 2),
        ("so [1] and not far [2].", "[2]", 1),
        ("so (2, 3).", "3", 2),
        ("of 12 (n = 12) are so [3].", "[3]", 1),
        ("so [1, p. 45].", "[1, p. 45]", 1),
        ("known3,5–7 to be so", "5", 4),
        ("so [Bro91, GC93].", "GC93", 2),
        ("nothing is cited", "nothing", None),
        ("nothing (at all) is cited", "all", None),
    ],
)
def test_a_group_is_counted_around_the_mark(text, mark, size):
    start = text.index(mark)
    assert group_size_at(text, start, start + len(mark)) == size


@pytest.mark.parametrize("start, end", [(-1, 2), (2, 2), (3, 2), (0, 99), (None, None), (True, 2), (0.0, 2)])
def test_an_invalid_span_has_no_group(start, end):
    assert group_size_at("[3] yes", start, end) is None


THREE = "by (Brown et al. , 1991; Gale and Church, 1991) or words (Kay and Rosenheim, 1993; Chen, 1993)."


@pytest.mark.parametrize(
    "text, families, year, expected",
    [
        ("so ( [CITED_AUTHOR] ; Gale , 1991 )", [], None, "[CITED_AUTHOR]"),
        ("so ( #AUTHOR_TAG ; Gale , 1991 )", ["Gale"], 1991, "#AUTHOR_TAG"),
        ("so <CIT> and Gale (1991)", [], 1991, "<CIT>"),
        ("so TARGETCIT and Gale (1991)", [], 1991, "TARGETCIT"),
        (THREE, ["brown"], 1991, "Brown et al. , 1991"),
        (THREE, ["Gale", "Church"], 1991, "Gale and Church, 1991"),
        (THREE, ["Kay"], None, "Kay and Rosenheim, 1993"),
        (THREE, ["Chen"], 1991, None),
        (THREE, ["Church"], 1991, None),
        (THREE, [], 1991, None),
        (THREE, [], 1995, None),
        (THREE, [], None, None),
        ("as Gale (1993) and Kay (1991) say", [], 1991, "Kay (1991)"),
        ("as Gale (1993) and Kay (1991) say", ["Dunning"], 1991, None),
        ("as Kay and Roscheisn (1991) say", ["Roscheisen"], 1991, None),
        ("as Roscheisn (1991) says", ["Roscheisen"], 1991, "Roscheisn (1991)"),
        ("in Church's (1988) tagger", ["church"], 1988, "Church's (1988)"),
        ("as Müller & Østby [2009] say", ["muller"], 2009, "Müller & Østby [2009]"),
        (
            "as van der Berg and de Souza (2001) say",
            ["van der berg"],
            2001,
            "van der Berg and de Souza (2001)",
        ),
        ("so (Smith, 2001a; Smith, 2001b)", ["Smith"], 2001, None),
        ("so (Smith, 2001a,b)", ["Smith"], 2001, None),
        ("so (Smith and Kay, 2001; Smith and Roe, 2001)", ["Smith", "Roe"], 2001, "Smith and Roe, 2001"),
        ("so (Smith, 2001) and again (Smith, 2001)", ["Smith"], 2001, "Smith, 2001"),
        ("so (Smith, 2001, 2003)", ["Smith"], 2003, "Smith, 2001, 2003"),
        ("as Smith (2001, 2003) says", ["Smith"], 2001, "Smith (2001, 2003)"),
        ("in 1999 (Smith, 2000)", [], 1999, None),
        ("In July 1999 it was so", [], 1999, None),
        ("at WMT 2009 and ACL (2009)", [], 2009, None),
        ("The Penn Treebank 1993 is large", [], 1993, None),
        ("it grew by 2009% or 1.2009", ["by"], 2009, None),
        ("", ["Smith"], 2001, None),
    ],
)
def test_a_known_work_is_found_or_nothing_is(text, families, year, expected):
    span = locate_marker(text, family_names=families, year=year)
    assert (text[slice(*span)] if span else None) == expected


PIECES = ["Smith", " et al.", ", ", "1991", "a", "(", ")", "[", "]", "[CITED_AUTHOR]", " and ", "; "]
PIECES += ["3", "–", " ", "Öst"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))


@given(
    TEXTS, st.lists(st.sampled_from(["Smith", "Öst", ""]) | st.text(), max_size=3), st.none() | st.integers()
)
def test_a_found_span_lies_in_the_text_and_has_a_group(text, families, year):
    span = locate_marker(text, family_names=families, year=year)
    if span:
        assert 0 <= span[0] < span[1] <= len(text)
        assert group_size_at(text, *span) >= 1
    if span and year is not None and "[CITED_AUTHOR]" not in text and "CIT" not in text and "#" not in text:
        assert str(year) in text[slice(*span)]


@given(TEXTS, st.integers(-2, 60), st.integers(-2, 60))
def test_group_sizes_are_counts_or_unknown(text, start, end):
    size = group_size_at(text, start, end)
    assert size is None or size >= 1


@given(st.text() | TEXTS)
def test_expanded_numbers_are_bounded_and_unlike(text):
    numbers = expand_numeric(text)
    assert len(numbers) == len(set(numbers)) <= 1000
