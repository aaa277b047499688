"""GROBID TEI: header, bibliography, markers with and without targets, sentences, sections."""

import io

import pytest

from papers.importers import jats, tei
from papers.importers.source import Source
from tests.papers.importers.reading import citing, sentences, sorted_out

TITLE = '<title level="a" type="main">On the <hi rend="italic">tides</hi> of a lake</title>'
IDS = '<idno type="DOI">10.5555/Tide.1</idno><idno type="MD5">ABC</idno>'


def entry(number, family="Fern", year=2001, raw=None, inner=None):
    raw = f"{family} B. Work number {number}. {year}." if raw is None else raw
    note = f'<note type="raw_reference">{raw}</note>' if raw else ""
    inner = inner or (
        f'<analytic><title level="a" type="main">Work number {number}</title><author><persName>'
        f'<forename type="first">B</forename><surname>{family}</surname></persName></author></analytic>'
        f'<monogr><title level="j">J Invent Waters</title><imprint><date type="published" when="{year}"/>'
        "</imprint></monogr>"
    )
    return f'<biblStruct xml:id="b{number - 1}">{inner}{note}</biblStruct>'


def cite(number, words=None):
    """A marker of the entry with this number; entry 1 has the id b0, as GROBID counts."""
    return f'<ref type="bibr" target="#b{number - 1}">{f"[{number}]" if words is None else words}</ref>'


def loose(words):
    return f'<ref type="bibr">{words}</ref>'


def document(body="", refs=8, title=TITLE, ids=IDS, source="", profile="", publication="", back=""):
    entries = "".join(entry(number) for number in range(1, refs + 1)) if isinstance(refs, int) else refs
    return f"""<?xml version="1.0" encoding="UTF-8"?>
        <TEI xml:space="preserve" xmlns="http://www.tei-c.org/ns/1.0"><teiHeader xml:lang="en"><fileDesc>
        <titleStmt>{title}</titleStmt><publicationStmt><publisher/>{publication}</publicationStmt>
        <sourceDesc><biblStruct>{source}{ids}</biblStruct></sourceDesc></fileDesc>
        <profileDesc>{profile}</profileDesc></teiHeader>
        <text xml:lang="en"><body>{body}</body><back>{back}
        <div type="references"><listBibl>{entries}</listBibl></div></back></text></TEI>"""


def read(xml):
    return sorted_out(tei.read(Source(io.BytesIO(xml if isinstance(xml, bytes) else xml.encode())), {}))


def read_one(*args, **options):
    [record], problems = read(document(*args, **options))
    assert problems == []
    return record


# The header


def test_the_header_is_read_field_by_field():
    source = """<analytic><author><persName><forename type="first">Ada</forename><forename type="middle">B
        </forename><surname>Moss</surname></persName><idno type="ORCID">0000-0002-1825-0097</idno></author>
        <author><affiliation><orgName>Introduction</orgName></affiliation></author>
        <author><orgName type="collaboration">The Lake Group</orgName></author></analytic>
        <monogr><title level="j" type="main">J Invent Waters</title><imprint><date type="published"
        when="2021-04-21"/></imprint></monogr>"""
    licence = (
        '<availability><licence target="https://creativecommons.org/licenses/by/4.0/"/></availability>'
        '<date type="published" when="2021">2021</date>'
    )
    profile = "<abstract><div><p>First part.</p><p>Second part.</p></div></abstract>"
    record = read_one(source=source, publication=licence, profile=profile)
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert record.title == "On the tides of a lake"
    assert [(a.name, a.family, a.given, a.identifiers) for a in record.authors] == [
        ("Ada B Moss", "Moss", "Ada B", {"orcid": "0000-0002-1825-0097"}),
        ("The Lake Group", "", "", {}),
    ]
    assert (record.date, record.year, record.venue) == ("2021-04-21", 2021, "J Invent Waters")
    assert (record.language, record.license) == ("en", "CC BY 4.0")
    assert record.abstract == "First part.\n\nSecond part."
    assert record.references_complete


@pytest.mark.parametrize(
    "ids, identifiers",
    [
        ('<idno type="arXiv">arXiv:1911.02782v3[cs.CL]</idno>', {"arxiv": "1911.02782"}),
        ('<idno type="PMID">77</idno><idno type="PMCID">PMC5</idno>', {"pmid": "77", "pmcid": "PMC5"}),
        ('<idno type="halId">hal-01</idno>', {}),
    ],
)
def test_identifiers_of_the_paper_go_by_their_type(ids, identifiers):
    assert read_one(ids=ids).identifiers == identifiers


def test_a_document_without_title_and_identifier_is_skipped_and_the_next_one_read():
    bare = document(title="<title/>", ids="").partition("?>")[2]
    corpus = (
        f'<teiCorpus xmlns="http://www.tei-c.org/ns/1.0">{bare}{document().partition("?>")[2]}</teiCorpus>'
    )
    [record], [problem] = read(corpus)
    assert record.title == "On the tides of a lake"
    assert problem.skipped and "neither a title nor a valid identifier" in problem.reason


def test_bad_fields_are_left_out_with_a_warning():
    orcid = '<idno type="ORCID">1</idno>'
    source = f"<analytic><author><persName><surname>Moss</surname></persName>{orcid}</author></analytic>"
    [record], problems = read(document(ids='<idno type="DOI">none</idno>', source=source))
    assert record.identifiers == {} and record.authors[0].identifiers == {}
    assert [problem.skipped for problem in problems] == [False, False]


# The bibliography


def only_reference(refs):
    return read_one(refs=refs).references[0]


def test_an_entry_is_read_field_by_field():
    inner = """<analytic><title level="a" type="main">Lakes and spoons</title><author><persName>
        <forename type="first">B</forename><surname>Fern</surname></persName></author>
        <idno type="DOI">10.5555/SPOON</idno><ptr target="https://arxiv.org/abs/2101.00001v2"/></analytic>
        <monogr><title level="m">Proc Ponds</title><imprint>
        <date type="published" when="2001-05"/></imprint></monogr>"""
    reference = only_reference(entry(1, inner=inner))
    assert reference.identifiers == {"doi": "10.5555/spoon", "arxiv": "2101.00001"}
    assert (reference.title, reference.venue, reference.year) == ("Lakes and spoons", "Proc Ponds", 2001)
    assert [(a.name, a.family) for a in reference.authors] == [("B Fern", "Fern")]
    assert reference.raw == "Fern B. Work number 1. 2001."


@pytest.mark.parametrize("level, title, venue", [("m", "A Book of Lakes", ""), ("j", "", "A Book of Lakes")])
def test_a_book_has_a_title_and_a_journal_is_none(level, title, venue):
    printed = f'<title level="{level}">A Book of Lakes</title>'
    inner = f"<monogr>{printed}<imprint><date>in 1999</date></imprint></monogr>"
    reference = only_reference(entry(1, inner=inner))
    assert (reference.title, reference.venue, reference.year) == (title, venue, 1999)


def test_empty_entries_are_counted_and_the_others_keep_their_markers():
    body = f"<div><p>Lakes move {cite(2)}.</p></div>"
    [record], [problem] = read(document(body, refs=entry(1, raw="", inner="<monogr/>") + entry(2)))
    assert sentences(record) == {1: ["Lakes move {[2]}."]}
    assert "empty entries of the bibliography, left out: 1" in problem.reason and not problem.skipped


# Markers with a target


def test_a_group_of_author_year_markers_gets_clean_marks_and_its_size():
    first, second = cite(1, "(Fern, 2001;"), cite(2, "Moss et al., 2002)")
    record = read_one(
        f'<div><head n="2">Results</head><p>Lakes move {first}{second}. Ponds do not.</p></div>'
    )
    assert citing(record) == {
        1: [("Lakes move ({Fern, 2001}; Moss et al., 2002).", 2, "Results")],
        2: [("Lakes move (Fern, 2001; {Moss et al., 2002}).", 2, "Results")],
    }


@pytest.mark.parametrize(
    "words, shown",
    [
        ("(e.g., Fern, 2001;", "(e.g., {Fern, 2001};"),
        ("see also Fern (2001)", "see also {Fern (2001)}"),
        ("(Fern, 2001)", "{(Fern, 2001)}"),
        ("[1,", "[{1},"),
        ("In Fern (2001),", "In {Fern (2001)},"),
    ],
)
def test_marks_lose_what_is_no_part_of_them(words, shown):
    assert sentences(read_one(f"<p>Lakes move {cite(1, words)}</p>")) == {1: [f"Lakes move {shown}"]}


def test_a_marker_with_several_targets_cites_them_all():
    marker = '<ref type="bibr" target="#b1 #b3">[2,4]</ref>'
    assert citing(read_one(f"<p>Lakes move {marker}.</p>")) == dict.fromkeys(
        [2, 4], [("Lakes move {[2,4]}.", 2, "")]
    )


@pytest.mark.parametrize("markers", [cite(3) + "–" + cite(6), cite(3, "[3") + "-" + cite(6, "6]")])
def test_a_range_cites_the_entries_between_its_ends(markers):
    numbered = "".join(entry(number, raw=f"[{number}] Fern B. Work {number}.") for number in range(1, 8))
    found = citing(read_one(f"<p>Lakes were measured {markers} before.</p>", refs=numbered))
    assert sorted(found) == [3, 4, 5, 6]
    assert {cited[0][1] for cited in found.values()} == {4}


def test_a_range_without_printed_labels_goes_by_the_numbers_that_other_markers_show():
    others = f"Fern {cite(1)}, {cite(2)} and {cite(7)} too."
    found = citing(read_one(f"<p>{others} Lakes were measured {cite(3)}–{cite(6)} before.</p>"))
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7]


def test_a_target_that_is_missing_from_the_list_is_named_with_its_line():
    [record], [problem] = read(document(f"<p>\nLakes move {cite(99)} and {cite(99)} {cite(1)}.</p>"))
    assert sorted(sentences(record)) == [1]
    assert '"b98", which is not in the reference list' in problem.reason
    assert not problem.skipped and problem.line


# Markers without a target


@pytest.mark.parametrize(
    "words, refs, found",
    [
        # one entry of this author and year
        ("(Kelp et al., 2015)", entry(1) + entry(2, "Kelp", 2015), [2]),
        ("Kelp (2015)", entry(1) + entry(2, "Kelp", 2015), [2]),
        # two of them leave a doubt, a letter that both print takes it away
        ("(Kelp, 2015)", entry(1, "Kelp", 2015) + entry(2, "Kelp", 2015), []),
        (
            "(Kelp, 2015b)",
            entry(1, "Kelp", 2015, "Kelp. A. 2015a.") + entry(2, "Kelp", 2015, "Kelp. B. 2015b."),
            [2],
        ),
        ("Kelp et al., 2015a,b)", entry(1, "Kelp", 2015) + entry(2, "Kelp", 2015), [1, 2]),
        # another co-author, another author, another year
        ("(Kelp and Moss, 2015)", entry(1, "Kelp", 2015), []),
        ("(Kelpie, 2015)", entry(1, "Kelp", 2015), []),
        ("(Kelp, 2016)", entry(1, "Kelp", 2015), []),
    ],
)
def test_an_author_and_a_year_find_their_entry_only_without_doubt(words, refs, found):
    [record], problems = read(document(f"<p>Lakes move {loose(words)}.</p>", refs=refs))
    assert sorted(citing(record)) == found
    assert len(problems) == (not found)


def test_a_lone_year_takes_the_author_before_it():
    record = read_one(f"<p>Here Kelp {loose('(2015)')} saw it.</p>", refs=entry(1, "Kelp", 2015))
    assert sentences(record) == {1: ["Here Kelp {(2015)} saw it."]}


def test_a_marker_with_one_target_that_names_two_works_cites_both():
    refs = entry(1, "Kelp", 2015, "Kelp. A. 2015a.") + entry(2, "Kelp", 2015, "Kelp. B. 2015b.")
    found = citing(read_one(f"<p>Lakes move ({cite(1, 'Kelp, 2015a,b')}).</p>", refs=refs))
    assert found == dict.fromkeys([1, 2], [("Lakes move ({Kelp, 2015a,b}).", 2, "")])


def test_a_number_finds_its_entry_where_other_markers_show_how_entries_are_numbered():
    words = f"Fern {cite(1)}, {cite(2)}, {cite(5)}. Lakes move {loose('[4]')}."
    assert sentences(read_one(f"<p>{words}</p>"))[4] == ["Lakes move {[4]}."]


@pytest.mark.parametrize(
    "shown, marker",
    [
        # too few numbered markers, another style (a footnote), beyond the last known number
        (f"Fern {cite(1)}, {cite(5)}.", "[4]"),
        (f"Fern {cite(1)}, {cite(2)}, {cite(5)}.", "4"),
        (f"Fern {cite(1)}, {cite(2)}, {cite(5)}.", "[7]"),
        # the list lacks an entry between 2 and 6: which one 4 is cannot be told
        (f"Fern {cite(1)}, {cite(2)}, {cite(5, '[6]')}.", "[4]"),
        ("Fern saw it.", "[4]"),
    ],
)
def test_a_number_that_leaves_a_doubt_is_left_out(shown, marker):
    [record], [problem] = read(document(f"<p>{shown} Lakes move {loose(marker)}.</p>"))
    assert 4 not in citing(record) and 7 not in citing(record)
    assert f'the citation "{marker}" names no entry' in problem.reason and not problem.skipped


def test_an_equation_is_no_citation_where_citations_are_in_square_brackets():
    words = f"Fern {cite(1)}, {cite(2)}, {cite(5)}. The bound {cite(3, '(3)')} holds."
    [record], [problem] = read(document(f"<p>{words}</p>"))
    assert sorted(citing(record)) == [1, 2, 5]
    assert '"(3)"' in problem.reason


def test_markers_without_entry_are_counted_in_one_warning_and_in_their_group():
    words = f"Lakes move {cite(1, '(Fern, 2001;')} {loose('Kelp, 2015)')} as shown.{loose('7')} Yes."
    [record], [problem] = read(document(f"<p>{words}</p>"))
    assert [c[1] for c in citing(record)[1]] == [2]
    assert problem.reason.startswith('2 citations ("Kelp, 2015", "7" …) name no entry')


# Sentences and sections


def test_sentence_tags_are_used_where_present():
    body = f"<p><s>Lakes move. {cite(1, '(Fern, 2001)')}</s><s>And <hi>so</hi> on</s><s>Ponds.</s></p>"
    [context] = read_one(body).references[0].contexts
    assert context.text == "Lakes move. (Fern, 2001)"
    assert (context.before, context.after, context.position) == ("", "And so on", 0)


def test_a_raised_marker_belongs_to_the_sentence_before_it():
    marker = f'<hi rend="superscript">{cite(1, "1")}</hi>'
    for words in (
        f"Lakes move.{marker} Ponds stand still.",
        f"Lakes move. {cite(1, '1')} Ponds stand still.",
    ):
        [sentence] = sentences(read_one(f"<p>First one. {words}</p>"))[1]
        assert sentence.replace(" ", "") == "Lakesmove.{1}"


@pytest.mark.parametrize(
    "body, section",
    [
        ('<div><head n="4">Data</head><p>A.</p></div><div><head n="4.1">Boats</head>{p}</div>', "Data"),
        ('<div><head n="4.1">Boats</head>{p}</div>', "Boats"),
        ("<div><head>IV. Data</head><p>A.</p></div><div><head>B. Boats</head>{p}</div>", "IV. Data"),
        ("<div><head>Data</head><div><head>Boats</head>{p}</div></div>", "Data"),
        ('<div><head n="4">Data</head><p>A.</p></div><div><head>Boats</head>{p}</div>', "Boats"),
        ('<div type="acknowledgement"><div>{p}</div></div>', "Acknowledgements"),
        ("{p}", ""),
    ],
)
def test_the_section_is_the_outermost_title(body, section):
    record = read_one(body.format(p=f"<p>Lakes move {cite(1)}.</p>"))
    assert record.references[0].contexts[0].section == section


@pytest.mark.parametrize(
    "body, sentence",
    [
        (
            "<figure><head>Figure 1</head><label>1</label><figDesc>Lakes {x}.</figDesc></figure>",
            "Lakes {[1]}.",
        ),
        ("<p>A lake <note place='foot'>As seen {x}.</note>moves.</p>", "As seen {[1]}."),
        ("<table><row><cell>Lake Ink</cell><cell>{x}</cell></row></table>", "Lake Ink | {[1]}"),
        ("<list><item>Lakes {x}.</item><item>Ponds.</item></list>", "Lakes {[1]}."),
        ("<p>Here <formula>x = 2<label>(1)</label></formula> holds {x}.</p>", "Here x = 2(1) holds {[1]}."),
        ("<p>Lakes<lb/>move {x}.</p>", "Lakes move {[1]}."),
    ],
)
def test_citations_outside_of_paragraphs_are_found(body, sentence):
    assert sentences(read_one(body.replace("{x}", cite(1)))) == {1: [sentence]}


def test_citations_in_the_abstract_count_with_its_name():
    record = read_one(profile=f"<abstract><p>Lakes move {cite(1)}.</p></abstract>")
    assert citing(record) == {1: [("Lakes move {[1]}.", 1, "Abstract")]}


# Recognising and refusing


@pytest.mark.parametrize(
    "head, expected",
    [
        (document().encode(), True),
        (b'<?xml version="1.0"?><!-- <article> --><TEI xmlns="http://www.tei-c.org/ns/1.0">', True),
        (b"<TEI.2><teiHeader>", True),
        (b'<teiCorpus xmlns="http://www.tei-c.org/ns/1.0">', True),
        (b"<TEI>", False),
        (b'<article article-type="x"><p>tei-c.org</p>', False),
        (b'{"TEI": "tei-c.org"}', False),
    ],
)
def test_tei_is_recognised_by_its_root(head, expected):
    assert tei.looks_like(head, "x.xml") is expected
    assert not (expected and jats.looks_like(head, "x.xml"))


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_xml_that_breaks_off_is_a_skip(cut):
    xml = document().encode()
    records, [problem] = read(xml[: int(len(xml) * cut)])
    assert records == [] and problem.skipped and "not well-formed" in problem.reason


def test_a_file_without_a_document_is_a_skip():
    records, [problem] = read('<teiCorpus xmlns="http://www.tei-c.org/ns/1.0"/>')
    assert records == [] and problem.skipped
