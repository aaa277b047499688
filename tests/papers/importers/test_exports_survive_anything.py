"""Whatever the bytes are, the readers of reference managers yield records and problems, or refuse them."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papers.importers import bibtex, csl, csv_export, endnote, ris, wos
from papers.importers.source import Source
from papers.records import PaperRecord, Problem, UnreadableFile

RIS = """1.
TY  - JOUR
TI  - On tides {of} \\'a <i>lake</i>
AU  - Moss, Anna, Jr.
DA  - 2019/10/03/x
PY  - 2019
DO  - 10.5555/Tide.1
AN  - 12345678
DB  - PubMed
UR  - https://s.example/x?doi=10.5555%2fb
N1  - References: Fern, B., Moons (2001) Sky, 1;
Reed, C., (2002) Suns, , Sky
ER  - 

TY  - CHAP
T1  - Second
BT  - Book
"""
BIBTEX = r"""% comment @article{x, y = 1}
@string{jl = "J " # {Lakes}}
@preamble{"x"}
@comment{y}
@inproceedings{a, crossref = {p}, title = {{On \TeX} and $O(n)$ of {\'e}},
 author = "Moss, A. and {B and C} and others", year = {\noopsort{a}2001}, month = 10 # "~" # jan,
 journal = jl, eprint = {2104.07143}, archiveprefix={arXiv}}
@proceedings(p, crossref = "a", title = {P}, url = {\url{https://doi.org/10.5555/x\_y}})
@article{broken, title = {T
@misc{b, title = {B}, title = {C}}
"""
CSL = [
    {
        "type": "article-journal",
        "title": "T",
        "author": [{"family": "Moss", "given": "A", "ORCID": "0000"}, {"literal": "L"}],
        "issued": {"date-parts": [["2019", 10, 3]]},
        "DOI": "10.5555/a",
        "PMID": 7,
        "note": "PMID: 8",
        "number": "arXiv:2104.07143",
    }
]
ENDNOTE = """%0 Journal Article
%T T
%A Moss, A.
%D 2019
%8 Oct 3
%R 10.5555/a
%X One.

Two.

%T U
%M 1234567
%~ PubMed
"""
ENDNOTE_XML = """<?xml version="1.0"?><xml><records><record><ref-type name="Book">6</ref-type>
<contributors><authors><author><style>Moss, A.</style></author></authors></contributors>
<titles><title><style>T</style></title></titles>
<dates><year>2019</year><pub-dates><date>Oct 3</date></pub-dates></dates>
<urls><related-urls><url>https://doi.org/10.5555/a</url></related-urls></urls></record></records></xml>"""
WOS = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Moss, A
   Fern, B
OI Moss, A/0000-0002-1825-0097
TI On
   tides
CR *WHO, 1999, R
   Fern B, 2001, J LAKES, V1, P2, DOI [10.5555/a, 10.5555/b]
NR 3
PD OCT 3
PY 2019
DI 10.5555/t
ER
EF
"""
WOS_TABLE = "PT\tAU\tTI\tCR\tPY\nJ\tMoss, A; Fern, B\tTides\tFern B, 2001, J LAKES; X\t2019\nB\t\tU\n"
CSV = (
    '"About"\nTitle,Authors,Source,References,DOI,PMID\n'
    '"T, ""u""","Moss A., Fern B.",J (2001) 1. Date of Publication: 1 May 2001,'
    '"Fern, B., M (2001) S, 1; x",10.5555/a,7.0\n"x\ny",z\n'
)

SAMPLES = {
    "ris": (ris, RIS.encode()),
    "bibtex": (bibtex, BIBTEX.encode()),
    "bibtex in GBK": (bibtex, "@book{a, title = {虚构湖泊的潮汐研究}}".encode("gbk")),
    "csl": (csl, json.dumps(CSL).encode()),
    "endnote": (endnote, ENDNOTE.encode()),
    "endnote xml": (endnote, ENDNOTE_XML.encode()),
    "wos": (wos, WOS.encode()),
    "wos table": (wos, WOS_TABLE.encode("utf-16")),
    "csv": (csv_export, CSV.encode("utf-8-sig")),
}
lenient = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def check(reader, data):
    """Reads bytes and checks the promises that every item makes."""
    try:
        items = list(reader.read(Source(io.BytesIO(data)), {}))
    except UnreadableFile:
        return
    for item in items:
        assert isinstance(item, PaperRecord | Problem)
        if isinstance(item, Problem):
            assert item.reason and "\n" not in item.reason and len(item.reason) < 500
            item.reason.encode()
            continue
        assert item.title or item.identifiers
        assert item.date == "" or item.date[:4] == str(item.year)
        for reference in item.references:
            assert reference.raw or reference.title or reference.identifiers
            assert not reference.identifiers.items() & item.identifiers.items()
        for value in (item.title, item.venue, item.abstract, *(author.name for author in item.authors)):
            assert "\x00" not in value
            value.encode()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_unharmed_samples_are_read(name):
    reader, sample = SAMPLES[name]
    assert reader.looks_like(sample, "x")
    assert any(isinstance(item, PaperRecord) for item in reader.read(Source(io.BytesIO(sample)), {}))
    check(reader, sample)


@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_replaced_at_random_and_files_cut_anywhere(name):
    reader, sample = SAMPLES[name]

    @lenient
    @given(
        st.lists(st.tuples(st.integers(0, len(sample)), st.binary(min_size=1, max_size=4)), max_size=4),
        st.integers(0, len(sample)),
    )
    def run(patches, length):
        data = bytearray(sample)
        for place, patch in patches:
            data[place : place + len(patch)] = patch
        for mutated in (bytes(data), bytes(data[:length])):
            reader.looks_like(mutated, "x")
            check(reader, mutated)

    run()


@pytest.mark.parametrize("name", SAMPLES)
def test_signs_that_mean_something_in_any_place(name):
    reader, sample = SAMPLES[name]
    pieces = [sample[place : place + 7] for place in range(0, len(sample), 7)]
    signs = st.sampled_from(
        [b"{", b"}", b'"', b"@a{", b"#", b"\\", b"\n", b"\r", b"\0", b",", b"$", b"<", b"&#0;"]
    )

    @lenient
    @given(st.lists(st.one_of(signs, st.sampled_from(pieces)), max_size=40))
    def run(parts):
        check(reader, sample[:60] + b"".join(parts))

    run()


@pytest.mark.parametrize("reader", [ris, bibtex, csl, endnote, wos, csv_export])
@lenient
@given(
    data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
)
def test_random_bytes(reader, data):
    for name in ("x", "x.bib", "x.ris", "x.enl"):
        reader.looks_like(data, name)
    check(reader, data)
