"""What goes wrong with files, tried on each format that it can befall.

Owns what all readers have to bear alike: encodings, markup, NUL, very long lines, very long lists, damaged
and hostile archives, hostile XML. What only one format can suffer (an entry of RIS without ER, circles
of BibTeX) is in the tests of its reader; what nobody thought of, in test_readers_survive_anything.py.
"""

import gzip
import io
import json
import time
from html import escape

import pytest

from papers import importers, text
from papers.importers import FORMATS
from papers.importers.source import EXPANSION_FLOOR_BYTES, MAX_EXPANSION, MIB, Source
from papers.records import PaperRecord, Problem, UnreadableFile
from tests.papers.importers.promises import assert_storable
from tests.papers.importers.samples import SAMPLES

ABOUT = {"doi": "10.5555/about"}
# Each in one line: what a title may hold is then cut by nothing but the format.
IN_TEXT = {
    "ris": "TY  - JOUR\nTI  - {}\nDO  - 10.5555/a\nER  - \n",
    "wos": "FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nTI {}\nDI 10.5555/a\nER\n\nEF\n",
    "endnote": "%0 Journal Article\n%T {}\n%R 10.5555/a\n",
    "bibtex": "@article{{a,\n title = {{{}}},\n doi = {{10.5555/a}}\n}}\n",
    "csv": "Title,DOI\n{},10.5555/a\n",
}
IN_JSON = {
    "native": {"identifiers": {"doi": "10.5555/a"}, "title": "{}"},
    "semantic-scholar": {"offset": 0, "data": [{"citingPaper": {"paperId": "a" * 40, "title": "{}"}}]},
    "semantic-scholar-bulk": {"corpusid": 7, "externalids": {"DOI": "10.5555/a"}, "title": "{}"},
    "openalex": {"id": "https://openalex.org/W7", "title": "{}", "referenced_works": []},
    "crossref": {"DOI": "10.5555/a", "title": ["{}"], "reference-count": 0},
    "csl-json": {"type": "article-journal", "DOI": "10.5555/a", "title": "{}"},
    "s2orc": {"paper_id": "7", "metadata": {"title": "{}"}, "body_text": [], "bib_entries": {}},
    "unarxive": {"paper_id": "2104.07143", "_source_hash": "a", "metadata": {"title": "{}"}, "body_text": []},
}
IN_XML = {
    "jats": "<article article-type='letter'><front><article-meta><article-id pub-id-type='doi'>10.5555/a"
    "</article-id><title-group><article-title>{}</article-title></title-group></article-meta></front></article>",
    "tei": "<TEI xmlns='http://www.tei-c.org/ns/1.0'><teiHeader><fileDesc><titleStmt><title level='a' "
    "type='main'>{}</title></titleStmt><sourceDesc><biblStruct><idno type='DOI'>10.5555/a</idno></biblStruct>"
    "</sourceDesc></fileDesc></teiHeader></TEI>",
    "pubmed": "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>7</PMID><Article><ArticleTitle>{}"
    "</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    "arxiv": "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom'><entry>"
    "<id>http://arxiv.org/abs/2104.07143v1</id><title>{}</title></entry></feed>",
    "crossref-xml": "<doi_batch xmlns='http://www.crossref.org/schema/5.3.1'><body><journal><journal_article>"
    "<titles><title>{}</title></titles><doi_data><doi>10.5555/a</doi></doi_data></journal_article></journal>"
    "</body></doi_batch>",
}
# A PDF holds no text of this kind, and what GROBID makes of it is TEI; OpenCitations has no titles.
OTHERS = {"pdf", "opencitations"}
TITLED = [*IN_TEXT, *IN_JSON, *IN_XML]
HTML = (
    'Tides <script>alert("a")</script>of <b onclick="steal()">made-up</b> lakes &lt;img src=x '
    "onerror=alert(1)&gt; &amp;lt;script&amp;gt;alert(2)"
)
WORDS = "Größe der Gezeiten im See"


def titled(name, title):
    """A document of a format, as text, with one paper that has this title."""
    if name in IN_TEXT:
        return IN_TEXT[name].format(title.replace(",", "") if name == "csv" else title)
    if name in IN_XML:
        return IN_XML[name].format(escape(title))
    return json.dumps(IN_JSON[name], ensure_ascii=False).replace(
        '"{}"', json.dumps(title, ensure_ascii=False)
    )


def read(name, data):
    items = list(FORMATS[name].read(Source(io.BytesIO(data)), ABOUT))
    for item in items:
        assert_storable(item)
    return (
        [item for item in items if isinstance(item, PaperRecord)],
        [item for item in items if isinstance(item, Problem)],
    )


def titles(records):
    return [record.title for record in records if record.title]


def test_each_format_is_tried():
    assert set(TITLED) | OTHERS == set(FORMATS)


# Encodings


@pytest.mark.parametrize("name", TITLED)
def test_a_byte_order_mark_changes_nothing(name, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf" + titled(name, WORDS).encode())
    items = list(importers.read(path, about=ABOUT))
    assert importers.identify(path, about=ABOUT) == name
    assert [item.title for item in items if isinstance(item, PaperRecord)] == [WORDS]


@pytest.mark.parametrize("name", [*IN_TEXT, *IN_XML])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_where_a_byte_order_mark_tells(name, encoding, tmp_path):
    data = titled(name, WORDS).encode(encoding)
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path = tmp_path / "x"
    path.write_bytes(mark + data)
    assert importers.identify(path, about=ABOUT) == name
    records, problems = read(name, mark + data)
    assert titles(records) == [WORDS] and not problems


@pytest.mark.parametrize("name", IN_JSON)
def test_json_in_another_encoding_is_refused_and_nothing_of_it_guessed(name, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(titled(name, WORDS).encode("utf-16"))
    with pytest.raises(UnreadableFile, match="the format is not known"):
        importers.read(path, about=ABOUT)
    records, problems = read(name, titled(name, WORDS).encode("latin-1"))
    # An answer of Semantic Scholar is searched for whole items: what could not be read shows as such.
    assert records == [] or "\ufffd" in records[0].title
    assert [problem.skipped for problem in problems] == [True] and "UTF-8" in problems[0].reason.upper()


@pytest.mark.parametrize("name", IN_TEXT)
def test_latin_1_is_guessed_with_a_warning(name):
    records, problems = read(name, titled(name, WORDS).encode("latin-1"))
    assert titles(records) == [WORDS]
    assert [problem.skipped for problem in problems] == [False]
    assert "not UTF-8: it is read as Western European" in problems[0].reason


@pytest.mark.parametrize("name", IN_XML)
def test_xml_is_read_in_the_encoding_that_it_declares_and_in_no_other(name):
    data = titled(name, WORDS).encode("latin-1")
    assert titles(read(name, b"<?xml version='1.0' encoding='ISO-8859-1'?>" + data)[0]) == [WORDS]
    records, [problem] = read(name, data)
    assert records == [] and problem.skipped and "not well-formed" in problem.reason


# Markup, NUL, long lines


@pytest.mark.parametrize("name", TITLED)
def test_html_and_scripts_in_a_title_become_plain_text(name):
    [record], _problems = read(name, titled(name, HTML).encode())
    assert record.title.startswith("Tides ") and "lakes" in record.title
    for sign in ("<", "onclick", "onerror", 'alert("a")', "&lt;", "&amp;"):
        assert sign not in record.title


@pytest.mark.parametrize("name", [*IN_TEXT, *IN_JSON])
def test_a_nul_in_a_title_costs_only_itself(name):
    [record], _problems = read(name, titled(name, "Tides\0 of lakes").encode())
    assert record.title in ("Tides of lakes", "Tides  of lakes")


@pytest.mark.parametrize("name", IN_XML)
@pytest.mark.parametrize("nul", ["\0", "&#0;"])
def test_a_nul_in_xml_is_a_skip(name, nul):
    data = titled(name, "Tides of lakes").replace("Tides", f"Tides{nul}").encode()
    records, problems = read(name, data)
    assert records == [] and problems[-1].skipped and "not well-formed" in problems[-1].reason


@pytest.mark.parametrize("name", TITLED)
@pytest.mark.parametrize("unit", ["x", "word ", "&lt;", "Moss, A. ", "{"])
def test_a_line_of_a_megabyte_is_read_in_seconds(name, unit):
    data = titled(name, unit * (MIB // len(unit))).encode()
    begun = time.monotonic()
    records, problems = read(name, data)
    assert time.monotonic() - begun < 10
    assert all(len(title) <= text.MAX_TITLE for title in titles(records))
    assert records or problems


@pytest.mark.parametrize(
    "name, document",
    [
        ("wos", titled("wos", "Tides").replace("DI ", f"OI {'x' * MIB}\nDI ")),
        ("csv", 'Title,Authors\nT,"Moss A.,{} Fern B."\n'.format(" " * MIB)),
        ("bibtex", '@book{{a, author = "Moss, A. and {}", title = {{T}}}}\n'.format("}" * 200_000)),
        ("semantic-scholar", '{{"data": [{}'.format('{"a": ' * 200_000)),
    ],
)
def test_a_value_made_to_be_searched_again_and_again_stays_within_bounds(name, document):
    begun = time.monotonic()
    read(name, document.encode())
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"pdf"}))
def test_a_megabyte_of_one_sign_is_no_file_of_any_kind(name):
    begun = time.monotonic()
    for sign in b"x <{[@,\n\t0%&\0\xff":
        try:
            read(name, bytes([sign]) * MIB)
        except UnreadableFile:
            continue
    assert time.monotonic() - begun < 20


# Long lists


def many_authors(name, count):
    """The text of one paper with so many authors, all of them different."""
    names = [(f"Moss{n}", f"A{n}") for n in range(count)]
    # A marked place for the list, in the shape that the format has for it.
    document = titled(name, "Tides")
    match name:
        case "ris":
            return document.replace("DO  -", "".join(f"AU  - {f}, {g}\n" for f, g in names) + "DO  -")
        case "wos":
            return document.replace("TI ", "AU " + "\n   ".join(f"{f}, {g}" for f, g in names) + "\nTI ")
        case "endnote":
            return document + "".join(f"%A {f}, {g}\n" for f, g in names)
        case "bibtex":
            authors = " and ".join(f"{f}, {g}" for f, g in names)
            return document.replace(" title", f" author = {{{authors}}},\n title")
        case "csv":
            return 'Title,Authors,DOI\nTides,"{}",10.5555/a\n'.format(
                "; ".join(f"{f}, {g}" for f, g in names)
            )
        case "jats":
            group = "".join(
                f"<contrib><name><surname>{f}</surname><given-names>{g}</given-names></name></contrib>"
                for f, g in names
            )
            return document.replace("</title-group>", f"</title-group><contrib-group>{group}</contrib-group>")
        case "tei":
            group = "".join(
                f"<author><persName><forename>{g}</forename><surname>{f}</surname></persName></author>"
                for f, g in names
            )
            return document.replace("<biblStruct>", f"<biblStruct><analytic>{group}</analytic>")
        case "pubmed":
            group = "".join(
                f"<Author><LastName>{f}</LastName><ForeName>{g}</ForeName></Author>" for f, g in names
            )
            return document.replace("</ArticleTitle>", f"</ArticleTitle><AuthorList>{group}</AuthorList>")
        case "arxiv":
            return document.replace(
                "</entry>", "".join(f"<author><name>{g} {f}</name></author>" for f, g in names) + "</entry>"
            )
        case "crossref-xml":
            group = "".join(
                "<person_name contributor_role='author'>"
                f"<given_name>{g}</given_name><surname>{f}</surname></person_name>"
                for f, g in names
            )
            return document.replace("</titles>", f"</titles><contributors>{group}</contributors>")
    value = json.loads(document)
    match name:
        case "native":
            value["authors"] = [{"name": f"{g} {f}"} for f, g in names]
        case "semantic-scholar":
            value["data"][0]["citingPaper"]["authors"] = [{"name": f"{g} {f}"} for f, g in names]
        case "semantic-scholar-bulk":
            value["authors"] = [{"authorId": str(n), "name": f} for n, (f, _g) in enumerate(names, 1)]
        case "openalex":
            value["authorships"] = [{"author": {"display_name": f"{g} {f}"}} for f, g in names]
        case "crossref" | "csl-json":
            value["author"] = [{"family": f, "given": g} for f, g in names]
        case "s2orc":
            value["metadata"]["authors"] = [{"first": g, "last": f} for f, g in names]
        case "unarxive":
            value["metadata"]["authors_parsed"] = [[f, g, ""] for f, g in names]
    return json.dumps(value)


@pytest.mark.parametrize("name", TITLED)
def test_seven_thousand_authors_are_all_kept(name):
    begun = time.monotonic()
    [record], problems = read(name, many_authors(name, 7000).encode())
    assert time.monotonic() - begun < 20
    assert len({author.name for author in record.authors}) == 7000 and not problems


def many_references(name, count):
    """The text of one paper with so many references, all of them different."""
    document, numbers = titled(name, "Tides"), range(1, count + 1)
    match name:
        case "jats":
            entries = "".join(
                f"<ref id='b{n}'><label>{n}</label><mixed-citation>Work {n}. 2001.</mixed-citation></ref>"
                for n in numbers
            )
            words = "Lakes move [<xref ref-type='bibr' rid='b1'>1</xref>]."
            rest = f"<body><p>{words}</p></body><back><ref-list>{entries}</ref-list></back>"
            return document.replace("</article>", f"{rest}</article>")
        case "tei":
            entries = "".join(
                f"<biblStruct xml:id='b{n - 1}'><analytic><title>Work {n}</title></analytic></biblStruct>"
                for n in numbers
            )
            words = "Lakes move <ref type='bibr' target='#b0'>[1]</ref>."
            back = f"<back><div><listBibl>{entries}</listBibl></div></back>"
            return document.replace("</TEI>", f"<text><body><p>{words}</p></body>{back}</text></TEI>")
        case "pubmed":
            entries = "".join(f"<Reference><Citation>Work {n}.</Citation></Reference>" for n in numbers)
            return document.replace(
                "</PubmedArticle>",
                f"<PubmedData><ReferenceList>{entries}</ReferenceList></PubmedData></PubmedArticle>",
            )
        case "crossref-xml":
            entries = "".join(f"<citation key='k{n}'><doi>10.5555/w{n}</doi></citation>" for n in numbers)
            return document.replace("</doi_data>", f"</doi_data><citation_list>{entries}</citation_list>")
    value = json.loads(document)
    match name:
        case "native":
            value["references"] = [{"title": f"Work {n}"} for n in numbers]
        case "openalex":
            value["referenced_works"] = [f"https://openalex.org/W{n + 100}" for n in numbers]
        case "crossref":
            value |= {
                "reference": [{"key": f"k{n}", "DOI": f"10.5555/w{n}"} for n in numbers],
                "reference-count": count,
            }
        case "s2orc":
            value["bib_entries"] = {f"BIBREF{n}": {"title": f"Work {n}"} for n in numbers}
        case "unarxive":
            value["bib_entries"] = {f"h{n}": {"bib_entry_raw": f"Work {n}."} for n in numbers}
    return json.dumps(value)


@pytest.mark.parametrize(
    "name", ["jats", "tei", "pubmed", "crossref-xml", "native", "openalex", "crossref", "s2orc", "unarxive"]
)
def test_40_000_references_are_all_kept(name):
    begun = time.monotonic()
    [record], problems = read(name, many_references(name, 40_000).encode())
    assert time.monotonic() - begun < 60
    assert len(record.references) == 40_000 and not problems
    if name in ("jats", "tei"):
        assert record.references[0].contexts[0].text.startswith("Lakes move")


# Archives


@pytest.mark.parametrize(
    "start, filling",
    [
        (b'{"title": "', b" "),
        (titled("jats", "Tides").replace("</article>", "<body><p>").encode(), b"<i>x</i>"),
        (titled("tei", "Tides").encode().replace(b"</TEI>", b"<text><body><p>"), b"<s>x</s>"),
        (titled("ris", "Tides").encode(), b"N1  - x\n"),
        (titled("csv", "Tides").encode(), b"x,y\n"),
        (b"citing,cited\n10.5555/a,10.5555/b\n", b" " * 9),
        (b'[{"DOI": "10.5555/a", "reference-count": 0}', b" "),
        (titled("bibtex", "Tides").encode(), b"% x\n"),
        (b"%PDF-1.7\n", b"\0"),
    ],
    ids=["native", "jats", "tei", "ris", "csv", "opencitations", "crossref", "bibtex", "pdf"],
)
def test_an_archive_bomb_is_stopped_at_the_stated_limit(start, filling, tmp_path, monkeypatch):
    monkeypatch.setenv("GROBID_URL", "http://127.0.0.1:9")
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=6) as bomb:
        bomb.write(start)
        for _ in range(4 * EXPANSION_FLOOR_BYTES // MIB):
            bomb.write(filling * (MIB // len(filling)))
    assert path.stat().st_size * MAX_EXPANSION < 4 * EXPANSION_FLOOR_BYTES
    try:
        said = [item.reason for item in importers.read(path, about=ABOUT) if isinstance(item, Problem)]
    except UnreadableFile as error:
        said = [str(error)]
    assert any("MiB" in reason for reason in said), said


def test_a_cut_pdf_is_not_sent_to_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("GROBID_URL", "http://127.0.0.1:9")
    path = tmp_path / "x.pdf.gz"
    path.write_bytes(gzip.compress(b"%PDF-1.7\n" + bytes(range(256)) * 40)[:-9])
    with pytest.raises(UnreadableFile, match="ends early: half a PDF is none"):
        list(importers.read(path))


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"pdf"}))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_archive_is_told_in_every_format(name, share, tmp_path):
    packed = gzip.compress(SAMPLES[name][0] * (1 if SAMPLES[name][0][:1] in b"<[{" else 3))
    path = tmp_path / "x.gz"
    path.write_bytes(packed[: int(len(packed) * share)])
    try:
        items = list(importers.read(path, format=name, about=ABOUT))
    except UnreadableFile as error:
        assert "ends early" in str(error) or "larger" in str(error)
        return
    for item in items:
        assert_storable(item)
    last = items[-1]
    assert isinstance(last, Problem) and last.skipped and "the gzip data ends early" in last.reason


# XML that reaches out or blows up


def with_doctype(name, declarations, title):
    root = IN_XML[name][1:].split(" ")[0].split(">")[0]
    return f"<!DOCTYPE {root} [{declarations}]>{IN_XML[name].format(title)}".encode()


@pytest.mark.parametrize("name", IN_XML)
def test_nothing_outside_of_an_xml_file_is_read(name, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the lake")
    entity = f'<!ENTITY x SYSTEM "file://{secret}"><!ENTITY % y SYSTEM "file://{secret}">%y;'
    records, problems = read(name, with_doctype(name, entity, "Tides &x;"))
    assert records or problems
    assert "secret of" not in repr((records, problems))


@pytest.mark.parametrize("name", IN_XML)
@pytest.mark.parametrize("title", ["Tides &l9;", '<i a="&l9;">Tides</i>'])
def test_entities_that_multiply_are_not_expanded(name, title):
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    begun = time.monotonic()
    records, problems = read(name, with_doctype(name, laughs, title))
    assert time.monotonic() - begun < 5
    assert records or problems
    assert "haha" not in repr((records, problems))


@pytest.mark.parametrize("name", IN_XML)
def test_xml_nested_without_end_is_a_skip(name):
    records, problems = read(name, IN_XML[name].format("<i>" * 5000 + "x" + "</i>" * 5000).encode())
    assert records == [] and problems[-1].skipped
