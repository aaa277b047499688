"""RIS in the flavours of the databases and managers that write it."""

import io

import pytest

from papers.importers import ris, text_files
from papers.importers.source import Source
from papers.records import UnreadableFile
from tests.papers.importers.reading import sorted_out

ENTRY = """TY  - JOUR
TI  - On the tides of a made-up lake
AU  - Moss, Anna
AU  - Fern, Bo
T2  - Journal of Lakes
J2  - J. Lakes
AB  - Lakes move.
DA  - 2019/10/03/
PY  - 2019
DO  - 10.5555/Tide.1
LA  - eng
UR  - https://example.org/tide
KW  - lakes
ER  - 
"""


def read_bytes(data):
    return sorted_out(ris.read(Source(io.BytesIO(data)), {}))


def read(text):
    return read_bytes(text.encode())


def read_one(*lines, kind="JOUR"):
    [record], problems = read("\n".join([f"TY  - {kind}", *lines, "ER  - ", ""]))
    assert problems == []
    return record


def test_the_fields_of_an_entry():
    [record], problems = read(ENTRY)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert (record.title, record.venue, record.kind) == (
        "On the tides of a made-up lake",
        "Journal of Lakes",
        "article",
    )
    assert (record.year, record.date, record.language) == (2019, "2019-10-03", "en")
    assert [(a.name, a.family, a.given) for a in record.authors] == [
        ("Anna Moss", "Moss", "Anna"),
        ("Bo Fern", "Fern", "Bo"),
    ]
    assert record.abstract == "Lakes move."
    assert record.references == [] and record.references_complete is False and record.line == 1


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + ENTRY,
        "\n\n1.\n" + ENTRY,
        ENTRY.replace("\n", "\r\n"),
        ENTRY.replace("\n", "\r"),
        ENTRY.replace("  - ", " - "),
        ENTRY.replace("ER  - ", "ER  -"),
        ENTRY.replace("TY  - JOUR", "TY  - jour "),
        ENTRY + "NL  - J Lakes\n\nLink to the full text: https://example.org/2\n",
    ],
)
def test_spellings_of_the_same_entry(text):
    [record], problems = read(text)
    assert problems == [] and record.title.startswith("On the tides") and len(record.authors) == 2


@pytest.mark.parametrize("encoding, guessed", [("utf-16", False), ("latin-1", True)])
def test_other_encodings(encoding, guessed):
    [record], problems = read_bytes(ENTRY.replace("Moss", "Müller").encode(encoding))
    assert record.authors[0].family == "Müller"
    assert [problem.skipped for problem in problems] == [False] * guessed


def test_the_tags_of_embase_and_ovid():
    record = read_one(
        "M3  - Review",
        "Y1  - 2019//",
        "JF  - Journal of Lakes",
        "JO  - J Lakes",
        "A1  - Moss A.",
        "A2  - Somebody, E.",
        "T1  - Tides",
        "N2  - Lakes move.",
        "DO  - http://dx.doi.org/10.5555/tide.1",
        "DO  - http://dx.doi.org/10.5555/tide.1",
    )
    assert (record.title, record.kind, record.year, record.venue) == (
        "Tides",
        "review",
        2019,
        "Journal of Lakes",
    )
    assert [author.name for author in record.authors] == ["Moss A."]
    assert record.identifiers == {"doi": "10.5555/tide.1"} and record.abstract == "Lakes move."


@pytest.mark.parametrize(
    "lines, identifiers",
    [
        (["AN  - 12345678", "DP  - NLM"], {"pmid": "12345678"}),
        (["AN  - 12345678", "DB  - Ovid MEDLINE(R)"], {"pmid": "12345678"}),
        (["AN  - 2214991469; 51887", "DB  - PTSDpubs"], {}),
        (["AN  - 12345678", "DB  - Embase"], {}),
        (["AN  - WOS:000444108200009"], {}),
        (["C2  - PMC1234567"], {"pmcid": "PMC1234567"}),
        (["C2  - 12345678", "DB  - Scopus"], {"pmid": "12345678"}),
        (["C2  - 12345678"], {}),
        (["N1  - PMID: 12345678\nPMCID: PMC77"], {"pmid": "12345678", "pmcid": "PMC77"}),
        (["UR  - https://arxiv.org/abs/2104.07143"], {"arxiv": "2104.07143"}),
        (["L2  - http://dx.doi.org/10.5555/a"], {"doi": "10.5555/a"}),
        (["M3  - doi: 10.5555/a"], {"doi": "10.5555/a"}),
        (["M3  - 10.5555/a"], {"doi": "10.5555/a"}),
    ],
)
def test_where_identifiers_stand(lines, identifiers):
    assert read_one("TI  - T", *lines).identifiers == identifiers


@pytest.mark.parametrize(
    "kind, lines, expected",
    [
        ("CHAP", ["TI  - Tides", "BT  - The book of lakes"], ("Tides", "The book of lakes", "book chapter")),
        ("CHAP", ["TI  - Tides", "T2  - The book of lakes"], ("Tides", "The book of lakes", "book chapter")),
        ("BOOK", ["BT  - The book of lakes"], ("The book of lakes", "", "book")),
        ("CONF", ["T1  - Tides", "T2  - Proc. Lakes"], ("Tides", "Proc. Lakes", "conference paper")),
        ("JOUR", ["TI  - Tides", "M3  - Physical Disorders [3290]"], ("Tides", "", "article")),
        ("THES", ["TI  - Tides"], ("Tides", "", "thesis")),
        ("GEN", ["TI  - Tides"], ("Tides", "", "")),
        ("", ["TI  - Tides"], ("Tides", "", "")),
    ],
)
def test_kinds_and_what_contains_them(kind, lines, expected):
    record = read_one(*lines, kind=kind)
    assert (record.title, record.venue, record.kind) == expected


def test_a_wrapped_value_goes_on_whatever_its_lines_begin_with():
    record = read_one(
        "TI  - Tides", "AB  - Lakes move.", "IL - 6 does not.", "", "Second part.", "PY  - 2001"
    )
    assert record.abstract == "Lakes move. IL - 6 does not.\n\nSecond part." and record.year == 2001


def test_several_authors_in_one_line():
    record = read_one("TI  - T", "AU  - Moss, A.; Fern, B.", "AU  - ")
    assert [author.family for author in record.authors] == ["Moss", "Fern"]


def test_a_list_of_references_in_a_note_of_scopus():
    note = "N1  - References: Fern, B., Moons (2001) J. Lakes, 1;\nReed, C., Suns (2002) J. Lakes, 2"
    record = read_one("TI  - T", "N1  - Export Date: 1 May", note, "UR  - https://example.org")
    assert [(r.title, r.year) for r in record.references] == [("Moons", 2001), ("Suns", 2002)]
    assert record.references_complete is True


def test_entries_that_run_together_for_want_of_er_stay_apart():
    records, problems = read(
        "TY  - JOUR\nTI  - One\nTY  - BOOK\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three\n"
    )
    assert [(r.title, r.kind, r.line) for r in records] == [
        ("One", "article", 1),
        ("Two", "book", 3),
        ("Three", "article", 6),
    ]
    assert [(problem.line, problem.skipped) for problem in problems] == [(1, False), (6, False)]
    assert "no ER: it ends where the next begins, line 3" in problems[0].reason


def test_an_entry_without_ty_is_read_with_a_warning():
    records, [problem] = read(ENTRY + "\nAU  - Reed, C.\nTI  - Second\nER  - \n")
    assert [record.title for record in records][1] == "Second"
    assert problem.line == 16 and "no TY" in problem.reason


def test_an_empty_entry_is_a_skip_beside_a_good_one():
    records, [problem] = read("TY  - JOUR\nKW  - lakes\nER  - \n" + ENTRY)
    assert [record.line for record in records] == [4]
    assert (problem.line, problem.skipped) == (1, True) and "neither a title" in problem.reason


def test_a_bad_field_is_a_warning():
    [record], problems = read(ENTRY.replace("10.5555/Tide.1", "n/a").replace("PY  - 2019", "PY  - soon"))
    assert record.identifiers == {} and record.year == 2019
    assert [(problem.line, problem.skipped) for problem in problems] == [(1, False)] * 2


def test_seven_thousand_authors():
    record = read_one("TI  - T", *[f"AU  - Moss{n}, A." for n in range(7000)])
    assert len(record.authors) == 7000


def test_a_file_that_is_no_ris_and_one_that_is_too_large(monkeypatch):
    records, [problem] = read("nothing of the kind")
    assert records == [] and problem.skipped and "no entry of RIS" in problem.reason
    monkeypatch.setattr(text_files, "MAX_TEXT_BYTES", 20)
    with pytest.raises(UnreadableFile, match="larger than"):
        read(ENTRY)


@pytest.mark.parametrize(
    "head, name, expected",
    [
        (ENTRY, "x.txt", True),
        ("\ufeff1.\r\n" + ENTRY, "", True),
        ("TY  - JOUR", "x.ris", True),
        ("TY  - JOUR", "x.txt", False),
        ("The tag is TY  - JOUR", "x.ris", False),
        ("PT J\nAU Moss, A\n", "x.ris", False),
    ],
)
def test_looks_like(head, name, expected):
    assert ris.looks_like(head.encode(), name) is expected
    assert ris.looks_like(head.encode("utf-16"), name) is expected
