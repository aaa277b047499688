"""Normal forms, pasted identifiers and addresses."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers import identifiers
from papers.identifiers import (
    SCHEMES,
    arxiv_version,
    canonical,
    display,
    identifier_url,
    normalise,
    normalise_identifiers,
    normalise_orcid,
    parse_identifier,
)

HEX = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "scheme, value, expected",
    [
        ("doi", "10.1000/ABC.Def", "10.1000/abc.def"),
        ("DOI", " https://doi.org/10.1000/ABC ", "10.1000/abc"),
        ("doi", "http://dx.doi.org/10.1000/x", "10.1000/x"),
        ("doi", "doi: 10.1000/x.", "10.1000/x"),
        ("doi", "https://doi.org/doi:10.1000/x", "10.1000/x"),
        ("doi", "DOI 10.1000/x", "10.1000/x"),
        ("doi", "info:doi/10.1000/x", "10.1000/x"),
        ("doi", "(10.1000/x),", "10.1000/x"),
        ("doi", "10.1000/x(99)01", "10.1000/x(99)01"),
        ("doi", "10.1000/x(99))", "10.1000/x(99)"),
        ("doi", "10.1002/(SICI)1(199)4:8<6::AID-A>3.0.CO;2-#", "10.1002/(sici)1(199)4:8<6::aid-a>3.0.co;2-#"),
        ("doi", "https://doi.org/10.1000%2Fx%28y%29", "10.1000/x(y)"),
        ("doi", "https://doi.org/10.1000/x?utm=1#top", "10.1000/x"),
        ("doi", "10.1000/x\u200b", "10.1000/x"),
        ("doi", "10.1000/a b", None),
        ("doi", "10.1000/a\x00b", None),
        ("doi", "\x0010.1000/a", None),
        ("doi", "10.1000/a\x85b", None),
        ("doi", "10.1000/\ud800", None),
        ("doi", "10.1000/" + "a" * 247, "10.1000/" + "a" * 247),
        ("doi", "10.1000/" + "a" * 248, None),
        ("doi", "10.10/x", None),
        ("doi", "10.1000/", None),
        ("doi", "abc", None),
        ("arxiv", "2104.07143", "2104.07143"),
        ("arxiv", "arXiv:2104.07143v3", "2104.07143"),
        ("arxiv", "https://arxiv.org/pdf/2104.07143v3.pdf", "2104.07143"),
        ("arxiv", "http://www.arxiv.org/abs/2104.07143?context=cs", "2104.07143"),
        ("arxiv", "arXiv:2104.07143 [cs.CL]", "2104.07143"),
        ("arxiv", "HEP-TH/9901001", "hep-th/9901001"),
        ("arxiv", "math.GT/0309136v1", "math/0309136"),
        ("arxiv", "10.48550/arXiv.2104.07143", "2104.07143"),
        ("arxiv", "2113.07143", None),
        ("arxiv", "2104.071", None),
        ("arxiv", "foo/9901001", None),
        ("arxiv", "aſtro-ph/9901001", None),
        ("arxiv", "v1", None),
        ("acl", "j93-2004", "J93-2004"),
        ("acl", "2020.ACL-main.207", "2020.acl-main.207"),
        ("acl", "https://aclanthology.org/2020.acl-main.207v2.pdf", "2020.acl-main.207"),
        ("acl", "https://www.aclweb.org/anthology/P02-1040/", "P02-1040"),
        ("acl", "http://aclanthology.info/papers/P02-1040/p02-1040", "P02-1040"),
        ("acl", "http://aclweb.org/anthology/P/P02/P02-1040.pdf", "P02-1040"),
        ("acl", "P02-10", None),
        ("acl", "P02-1040x", None),
        ("acl", "2020.acl.207", None),
        ("pmid", 123, "123"),
        ("pmid", "PMID: 00123", "123"),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/123/", "123"),
        ("pmid", "0", None),
        ("pmid", -5, None),
        ("pmid", True, None),
        ("pmid", "1234567890", None),
        ("pmid", "١٢٣", None),
        ("pmcid", "pmc123", "PMC123"),
        ("pmcid", "123", "PMC123"),
        ("pmcid", "PMC123.1", "PMC123"),
        ("pmcid", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC123/", "PMC123"),
        ("pmcid", "PMCX", None),
        ("openalex", "https://openalex.org/W123", "W123"),
        ("openalex", "https://api.openalex.org/works/w123", "W123"),
        ("openalex", "A123", None),
        ("openalex", "123", None),
        ("s2", HEX.upper(), HEX),
        ("s2", f"https://www.semanticscholar.org/paper/A-Title/{HEX}?sort=x", HEX),
        ("s2", HEX[:-1], None),
        ("s2", "g" * 40, None),
        ("corpusid", 5, "5"),
        ("corpusid", "CorpusID:5", "5"),
        ("corpusid", "https://api.semanticscholar.org/CorpusID:5", "5"),
        ("corpusid", "five", None),
        ("mag", "5", None),
        ("doi", None, None),
        ("doi", ["10.1000/x"], None),
        ("doi", {}, None),
        ("doi", 10.1, None),
        pytest.param("corpusid", 10**5000, None, id="a very long number"),
    ],
)
def test_a_value_takes_its_normal_form_or_none(scheme, value, expected):
    assert normalise(scheme, value) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("2104.07143v12", 12),
        ("https://arxiv.org/abs/hep-th/9901001v2", 2),
        ("2104.07143", None),
        (None, None),
    ],
)
def test_the_version_of_an_arxiv_identifier_is_read_apart(value, expected):
    assert arxiv_version(value) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("0000000218250097", "0000-0002-1825-0097"),
        ("0000-0002-1694-233x", "0000-0002-1694-233X"),
        ("0000-0002-1825-0098", None),
        ("٠000-0002-1825-0097", None),
        ("", None),
        (None, None),
        (18250097, None),
    ],
)
def test_an_orcid_needs_its_check_digit(value, expected):
    assert normalise_orcid(value) == expected


@pytest.mark.parametrize(
    "given_identifiers, expected",
    [
        ({"doi": "10.48550/arxiv.2104.07143"}, {"arxiv": "2104.07143"}),
        ({"doi": "10.48550/arxiv.2104.07143v2", "arxiv": "2104.07143"}, {"arxiv": "2104.07143"}),
        ({"doi": "10.48550/arxiv.odd"}, {"doi": "10.48550/arxiv.odd"}),
        ({"doi": "10.3115/v1/p14-1001"}, {"doi": "10.3115/v1/p14-1001", "acl": "P14-1001"}),
        (
            {"doi": "10.18653/v1/2020.acl-main.207"},
            {"doi": "10.18653/v1/2020.acl-main.207", "acl": "2020.acl-main.207"},
        ),
        (
            {"doi": "10.18653/v1/n18-3011", "acl": "N18-3012"},
            {"doi": "10.18653/v1/n18-3011", "acl": "N18-3012"},
        ),
        ({"doi": "10.1000/x"}, {"doi": "10.1000/x"}),
        ({}, {}),
    ],
)
def test_what_identifiers_imply_is_added(given_identifiers, expected):
    assert canonical(given_identifiers) == expected


def test_canonical_identifiers_come_strongest_first():
    found = canonical({"s2": HEX, "pmid": "1", "doi": "10.18653/v1/n18-3011"})
    assert list(found) == ["doi", "acl", "pmid", "s2"]


def test_problems_name_the_scheme_and_the_value():
    found, problems = normalise_identifiers(
        {
            "DOI": "10.18653/v1/N18-3011",
            "doi": "10.1000/other",
            "arxiv": "abc",
            "mag": 3,
            "acl": None,
            "s2": "",
            "pmcid": "  ",
            "pmid": ["1"],
            "corpusid": 7,
            "openalex": 10**5000,
            4: "x",
        }
    )
    assert found == {"doi": "10.18653/v1/n18-3011", "acl": "N18-3011", "corpusid": "7"}
    assert problems == [
        "doi '10.1000/other' is a second one and left out",
        "arxiv 'abc' is not an arXiv identifier",
        "unknown identifier scheme 'mag'",
        "pmid (list) is not a PubMed identifier",
        "openalex (a very long number) is not an OpenAlex work",
        "unknown identifier scheme 4",
    ]


def test_a_problem_prints_no_control_characters():
    _, problems = normalise_identifiers({"doi": "a\x00\u202e\ud800" + "b" * 500})
    assert problems[0].isprintable() and len(problems[0]) < 120


@pytest.mark.parametrize(
    "pasted, expected",
    [
        ("10.1000/ABC", ("doi", "10.1000/abc")),
        ("doi:10.1000/abc", ("doi", "10.1000/abc")),
        ("<https://doi.org/10.1000/abc>", ("doi", "10.1000/abc")),
        ("https://journals.example.org/article?id=10.1000/journal.x.12", ("doi", "10.1000/journal.x.12")),
        ("https://example.org/doi/full/10.1000/x.12?af=R", ("doi", "10.1000/x.12")),
        ("https://example.org/articles/10.1000/x.12/full", ("doi", "10.1000/x.12")),
        ("https://example.org/content/pdf/10.1000/x-12.pdf", ("doi", "10.1000/x-12")),
        ("https://example.org/content/10.1101/2020.01.01.123v2.full.pdf", ("doi", "10.1101/2020.01.01.123")),
        ("https://example.org/content/10.1101/2020.01.01.123v2", ("doi", "10.1101/2020.01.01.123")),
        ("10.48550/arXiv.2104.07143", ("arxiv", "2104.07143")),
        ("https://doi.org/10.48550/arXiv.2104.07143", ("arxiv", "2104.07143")),
        ("10.18653/v1/N18-3011", ("doi", "10.18653/v1/n18-3011")),
        ("2104.07143v2", ("arxiv", "2104.07143")),
        ("arXiv 2104.07143", ("arxiv", "2104.07143")),
        ("cs/9901001", ("arxiv", "cs/9901001")),
        ("arxiv:cs/9901001", ("arxiv", "cs/9901001")),
        ("J93-2004", ("acl", "J93-2004")),
        ("acl:J93-2004", ("acl", "J93-2004")),
        ("https://aclanthology.org/J93-2004/", ("acl", "J93-2004")),
        ("PMID 123", ("pmid", "123")),
        ("pmid:123", ("pmid", "123")),
        ("https://www.ncbi.nlm.nih.gov/pubmed/123", ("pmid", "123")),
        ("PMC123", ("pmcid", "PMC123")),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC123/", ("pmcid", "PMC123")),
        ("https://europepmc.org/article/PMC/PMC123", ("pmcid", "PMC123")),
        ("W123", ("openalex", "W123")),
        ("https://openalex.org/W123", ("openalex", "W123")),
        (HEX, ("s2", HEX)),
        (f"https://www.semanticscholar.org/paper/{HEX}", ("s2", HEX)),
        ("CorpusID:123", ("corpusid", "123")),
        ("corpusid:123", ("corpusid", "123")),
        ("123", None),
        ("1234.5678", None),
        ("word alignment", None),
        ("see 10.1000/x for more", None),
        ("mag:123", None),
        ("", None),
        ("\x00", None),
        (None, None),
    ],
)
def test_what_is_pasted_is_understood(pasted, expected):
    assert parse_identifier(pasted) == expected


@pytest.mark.parametrize(
    "scheme, value, address, shown",
    [
        ("doi", "10.1000/a<b#c", "https://doi.org/10.1000/a%3Cb%23c", "doi:10.1000/a<b#c"),
        ("arxiv", "hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001", "arXiv:hep-th/9901001"),
        ("acl", "J93-2004", "https://aclanthology.org/J93-2004/", "ACL J93-2004"),
        ("pmid", "123", "https://pubmed.ncbi.nlm.nih.gov/123/", "PMID 123"),
        ("pmcid", "PMC123", "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/", "PMC123"),
        ("openalex", "W1", "https://openalex.org/W1", "OpenAlex W1"),
        ("s2", HEX, f"https://www.semanticscholar.org/paper/{HEX}", f"S2 {HEX}"),
        ("corpusid", "1", "https://api.semanticscholar.org/CorpusID:1", "CorpusID 1"),
        ("mag", "1", "", "mag:1"),
        ("doi", "javascript:alert(1)", "", "doi:javascript:alert(1)"),
    ],
)
def test_an_identifier_has_an_address_and_a_printed_form(scheme, value, address, shown):
    assert identifier_url(scheme, value) == address
    assert display(scheme, value) == shown


PIECES = st.sampled_from(
    [
        "10.1000/",
        "doi:",
        "https://doi.org/",
        "arxiv:",
        "2104.07143",
        "v2",
        "PMC",
        "pmid:",
        "W12",
        HEX,
        "J93-2004",
    ]
    + ["%2F", "%00", "(", ")", ".", "/", " ", "\x00", "\u200b", "\ud800", "İ", "ſ", "K", "https://", "x"]
)
PASTED = st.one_of(st.text(), st.lists(PIECES, max_size=6).map("".join))


@given(st.sampled_from([*SCHEMES, "orcid"]), PASTED)
def test_a_normal_form_is_its_own_normal_form(scheme, value):
    function = normalise_orcid if scheme == "orcid" else identifiers._NORMALISERS[scheme]
    normal = function(value)
    if normal is not None:
        assert function(normal) == normal
        assert len(normal) <= 255 and normal.isprintable() and " " not in normal


@given(PASTED)
def test_a_parsed_identifier_is_parsed_the_same_again(pasted):
    found = parse_identifier(pasted)
    if found:
        scheme, value = found
        assert normalise(scheme, value) == value
        assert parse_identifier(f"{scheme}:{value}") == found
        assert identifier_url(scheme, value).startswith("https://")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | PASTED,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters), inner, max_size=3)
    ),
)


@given(st.dictionaries(st.sampled_from([*SCHEMES, "DOI", "mag", ""]) | st.integers(), JSON))
def test_no_object_makes_normalising_raise(mapping):
    found, problems = normalise_identifiers(mapping)
    assert canonical(found) == found
    assert normalise_identifiers(found) == (found, [])
    assert all(isinstance(problem, str) for problem in problems)
