"""BibTeX and BibLaTeX: macros, cross-references, names, broken entries beside good ones."""

import io
import logging

import pytest

from papers.importers import bibtex, text_files
from papers.importers.source import Source
from papers.records import UnreadableFile
from tests.papers.importers.reading import sorted_out

ENTRY = r"""@Article{moss2001,
  author  = {Moss, Anna and Bo von Fern and Reed, Jr., C.},
  title   = {On the {Tides} of a made-up lake},
  journal = "Journal of {L}akes",
  year    = 2001,
  month   = mar,
  doi     = {10.5555/Tide\_1},
  note    = {See \cite{fern}},
  annote  = "mine",
  abstract = {Lakes move --- a bit.},
}
"""


def read_bytes(data):
    return sorted_out(bibtex.read(Source(io.BytesIO(data)), {}))


def read(text):
    return read_bytes(text.encode())


def read_one(*fields, kind="article", before=""):
    [record], problems = read(f"{before}@{kind}{{key,\n" + ",\n".join(fields) + "\n}\n")
    assert problems == []
    return record


def test_the_fields_of_an_entry():
    [record], problems = read(ENTRY)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide_1"}
    assert (record.title, record.venue, record.kind) == (
        "On the Tides of a made-up lake",
        "Journal of Lakes",
        "article",
    )
    assert (record.year, record.date, record.line) == (2001, "2001-03", 1)
    assert [(a.name, a.family, a.given) for a in record.authors] == [
        ("Anna Moss", "Moss", "Anna"),
        ("Bo von Fern", "von Fern", "Bo"),
        ("C. Reed Jr.", "Reed", "C."),
    ]
    assert record.abstract == "Lakes move — a bit."
    assert record.references == [] and record.references_complete is False


@pytest.mark.parametrize(
    "printed, names",
    [
        ("Moss, A. and others", ["A. Moss"]),
        ("{Institute of Lakes and Ponds}", ["Institute of Lakes and Ponds"]),
        (r"{\'E}douard Mo{\ss} and M\"uller, J{\"o}rg", ["Édouard Moß", "Jörg Müller"]),
        ("de la Moss, Anna", ["Anna de la Moss"]),
        ("Moss,~A.~B.", ["A. B. Moss"]),
        ("Moss, A.; Fern, B.", ["A. Moss", "B. Fern"]),
        ("Moss", ["Moss"]),
        ("", []),
        ("a, b, c, d, e", ["c d e a b"]),
    ],
)
def test_names(printed, names):
    record = read_one("title = {T}", f"author = {{{printed}}}")
    assert [author.name for author in record.authors] == names


@pytest.mark.parametrize(
    "printed, title",
    [
        ("{{On lakes, and ponds}}", "On lakes, and ponds"),
        (r"{{\TeX} for {VAX}, 14--15 May}", "TeX for VAX, 14–15 May"),
        (r"{An $O(n \log n)$ way to {L}akes}", "An O(n log n) way to Lakes"),
        (r'"M{\"u}ller {\&} sons"', "Müller & sons"),
        ("{Lake~1}", "Lake 1"),
        ("1984", "1984"),
    ],
)
def test_titles(printed, title):
    assert read_one(f"title = {printed}").title == title


def test_macros_are_joined_and_know_the_months():
    before = '@string{jl = "Journal of "}\n@STRING(Lakes = jl # {Lakes})\n@comment{x}\n@preamble{"y"}\n'
    record = read_one(
        'title = "Tides " # {# of} # " 1" # 2',
        "journal = lAKES",
        "year = 2001",
        "month = 10 # ~ # jan",
        before=before,
    )
    assert (record.title, record.venue) == ("Tides # of 12", "Journal of Lakes")


@pytest.mark.parametrize(
    "fields, date",
    [
        (["year = 2001", 'month = "10~" # jan'], "2001-01-10"),
        (["year = 2001", "month = jun # {-} # aug"], "2001-06"),
        (["year = 2001", "month = 7", "day = 9"], "2001-07-09"),
        (["year = 2001", "month = {July}"], "2001-07"),
        (["year = 2001", "month = 13"], "2001"),
        (["date = {2001-07-09/2001-08}"], "2001-07-09"),
        ([r"year = {{\noopsort{1999b}}2001}"], "2001"),
    ],
)
def test_dates(fields, date):
    record = read_one("title = {T}", *fields)
    assert record.date == date and record.year == 2001


def test_a_macro_that_is_not_defined_is_a_warning():
    [record], [problem] = read("@article{a, title = {T}, journal = jnl}")
    assert record.venue == "jnl"
    assert "macro 'jnl' is not defined" in problem.reason and not problem.skipped


def test_what_stands_behind_a_value_for_want_of_a_comma_is_left_out():
    [record], problems = read('@book{a, title = {T {1}} year = 2001, journal = "J {"} 2" x = 3}')
    assert (record.title, record.year, record.venue) == ("T 1", None, 'J " 2')
    for problem, rest in zip(problems, ["'year = 2001'", "'x = 3'"], strict=True):
        assert f"{rest} stands behind a value" in problem.reason and not problem.skipped


def test_macros_that_double_each_other_stay_within_bounds():
    macros = "@string{a = {lake lake }}\n" + "".join(
        f"@string{{{chr(98 + n)} = {' # '.join([chr(97 + n)] * 10)}}}\n" for n in range(20)
    )
    [record], _problems = read(macros + "@article{k, title = u # t}")
    assert record.title.startswith("lake lake") and len(record.title) <= 1000


@pytest.mark.parametrize(
    "fields, identifiers",
    [
        (["doi = {https://doi.org/10.5555/A}"], {"doi": "10.5555/a"}),
        (["eprint = {2104.07143v2}", "archivePrefix = {arXiv}"], {"arxiv": "2104.07143"}),
        (["eprint = {123456}", "eprinttype = {pubmed}"], {"pmid": "123456"}),
        (["eprint = {2104.07143}"], {}),
        (["journal = {arXiv preprint arXiv:2104.07143}"], {"arxiv": "2104.07143"}),
        (["journal = {CoRR}", "volume = {abs/2104.07143}"], {"arxiv": "2104.07143"}),
        (["pmid = 123456", "pmcid = {PMC77}"], {"pmid": "123456", "pmcid": "PMC77"}),
        ([r"url = {https://aclanthology.org/2020.acl-main.207}"], {"acl": "2020.acl-main.207"}),
        ([r"howpublished = {\url{https://doi.org/10.5555/a\_b}}"], {"doi": "10.5555/a_b"}),
        (["url = {https://example.org/a}"], {}),
    ],
)
def test_where_identifiers_stand(fields, identifiers):
    assert read_one("title = {T}", *fields).identifiers == identifiers


@pytest.mark.parametrize(
    "kind, ours",
    [
        ("INPROCEEDINGS", "conference paper"),
        ("incollection", "book chapter"),
        ("phdthesis", "thesis"),
        ("techreport", "report"),
        ("misc", ""),
        ("something", ""),
    ],
)
def test_kinds(kind, ours):
    assert read_one("title = {T}", kind=kind).kind == ours


def test_an_article_in_arxiv_is_a_preprint():
    assert read_one("title = {T}", "journal = {arXiv e-prints}").kind == "preprint"


def test_a_cross_reference_gives_what_the_entry_lacks():
    text = """@inproceedings{a, crossref = {LAKES}, title = {Tides}, author = {Moss, A.}}
@inproceedings{b, crossref = {lakes}, title = {Moons}, booktitle = {Own}, year = 2002}
@proceedings{lakes, title = {Proc. Lakes}, editor = {Fern, B.}, year = 2001, doi = {10.5555/p}}"""
    records, problems = read(text)
    assert problems == []
    assert [(r.title, r.venue, r.year, r.identifiers) for r in records] == [
        ("Tides", "Proc. Lakes", 2001, {}),
        ("Moons", "Own", 2002, {}),
        ("Proc. Lakes", "", 2001, {"doi": "10.5555/p"}),
    ]


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "@book{a, crossref = {b}, title = {A}}\n@book{b, crossref = {a}, title = {B}, year = 2001}",
            "leads back",
        ),
        ("@book{a, crossref = {a}, title = {A}}", "leads back"),
        ("@book{a, crossref = {nowhere}, title = {A}}", "not in the file"),
    ],
)
def test_cross_references_in_circles_and_to_nowhere_are_survived(text, said):
    records, problems = read(text)
    assert len(records) == text.count("@")
    assert all(said in problem.reason and not problem.skipped for problem in problems) and problems


BROKEN = [
    "@article{broken, title = {Never closed,\n  year = 2000\n",
    '@article{broken, title = "Never closed,\n  year = 2000}\n',
    "@article{broken title = {No comma}}\n",
    "@article{broken, title {No sign}, year = 2000}\n",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_entry_is_a_skip_with_its_line_and_the_others_are_read(broken, capfd):
    records, problems = read(ENTRY + "\n" + broken + "\n" + ENTRY.replace("moss2001", "second"))
    assert [record.title for record in records] == ["On the Tides of a made-up lake"] * 2
    [problem] = problems
    assert problem.skipped and problem.line == 13 and "@article{broken" in problem.reason
    assert capfd.readouterr().err == "" and logging.getLogger("bibtexparser").level > logging.CRITICAL


def test_keys_and_fields_that_come_twice_are_warnings():
    records, problems = read(
        "@book{a, title = {A}, title = {B}}\n@book{b, title = {C}}\n@book{b, title = {D}}"
    )
    assert [record.title for record in records] == ["A", "C", "D"]
    assert [(problem.line, problem.skipped) for problem in problems] == [(1, False), (3, False)]
    assert "more than one field 'title'" in problems[0].reason and "key 'b'" in problems[1].reason


def test_an_entry_without_title_and_identifier_is_a_skip():
    records, [problem] = read("@misc{a, note = {nothing}}\n" + ENTRY)
    assert len(records) == 1 and problem.skipped and problem.line == 1


@pytest.mark.parametrize(
    "encoding, title",
    [
        ("latin-1", "Über die Größe der Seen"),
        ("cp1251", "О приливах выдуманного озера"),
        ("gbk", "虚构湖泊的潮汐研究"),
    ],
)
def test_other_encodings_are_guessed_with_a_warning(encoding, title):
    [record], [problem] = read_bytes(f"@article{{a, title = {{{title}}}}}".encode(encoding))
    assert record.title == title and "not UTF-8" in problem.reason and not problem.skipped


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_byte_order_marks_and_other_ends_of_lines(ends):
    [record], problems = read_bytes((ENTRY.replace("\n", ends)).encode("utf-8-sig"))
    assert problems == [] and record.line == 1


def test_a_file_without_entries_and_one_that_is_too_large(monkeypatch):
    records, [problem] = read("% only a comment\n@string{a = {b}}")
    assert records == [] and problem.skipped and "no entry of BibTeX" in problem.reason
    monkeypatch.setattr(text_files, "MAX_TEXT_BYTES", 20)
    with pytest.raises(UnreadableFile, match="larger than"):
        read(ENTRY)


@pytest.mark.parametrize(
    "head, name, expected",
    [
        (ENTRY, "x.txt", True),
        ("\ufeff% a comment\n" + ENTRY, "", True),
        ("Words before.\n  @book ( key , title = {T})", "", True),
        ('@string{a = "b"}\n', "", True),
        ('@preamble{"x"}\n', "", True),
        ("@article{broken", "x.bib", True),
        ("@article{broken", "x.txt", False),
        ("% @article{key, title = {T}}", "x.bib", False),
        ("@dataclass(frozen=True)\nclass A:", "x.py", False),
        ("@prefix cito: <http://purl.org/spar/cito/> .", "x.ttl", False),
        ("Write to moss@lakes.example (or fern@lakes.example, both = one)", "", False),
    ],
)
def test_looks_like(head, name, expected):
    assert bibtex.looks_like(head.encode(), name) is expected
