"""PDF files through a stand-in for a GROBID server, on loopback."""

import email
import gzip

import pytest

from papers import importers
from papers.importers import pdf
from papers.records import UnreadableFile
from tests.papers.importers.reading import sorted_out
from tests.papers.live.stand_in import Reply, stand_in

PDF = b"%PDF-1.7\n%\xe2\xe3 made up\n%%EOF\n"
TEI = b"""<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader xml:lang="en"><fileDesc><titleStmt>
<title level="a" type="main">Spoons in a made-up lake</title></titleStmt><publicationStmt/><sourceDesc>
<biblStruct><idno type="DOI">10.5555/spoons</idno></biblStruct></sourceDesc></fileDesc></teiHeader><text>
<body><div><head n="2">Methods</head><p>
<s>We pull water as others do <ref type="bibr" target="#b0">[1]</ref>.</s>
<s>It comes.</s></p></div></body><back><div type="references"><listBibl><biblStruct xml:id="b0"><analytic>
<title level="a" type="main">The moon as a spoon</title></analytic><monogr><imprint><date when="1999"/>
</imprint></monogr></biblStruct></listBibl></div></back></text></TEI>"""
QUESTION = "/api/processFulltextDocument"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(pdf, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(pdf, "LONGEST_WAIT", 0.02)
    with stand_in() as running:
        running.answers[QUESTION] = TEI
        monkeypatch.setenv("GROBID_URL", f"{running.url}/")
        yield running


@pytest.fixture
def paper(tmp_path):
    path = tmp_path / "a secret name.pdf"
    path.write_bytes(PDF)
    return path


def read(path):
    return sorted_out(importers.read(path))


def fields(request):
    """The parts of a multipart request by name."""
    head = f"Content-Type: {request.headers['Content-Type']}\n\n".encode()
    parts = email.message_from_bytes(head + request.body).get_payload()
    return {
        part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True) for part in parts
    }


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (PDF, "pdf"),
        (b"\xef\xbb\xbf\r\n" + PDF, "pdf"),
        (b"A line on %PDF-1.7\n", None),
        (b"%!PS-Adobe", None),
    ],
)
def test_a_pdf_is_known_by_its_first_bytes(head, expected):
    assert importers.sniff(head, "x.txt") == expected


def test_a_pdf_is_read_from_the_tei_that_the_server_makes_of_it(server, paper):
    [record], problems = read(paper)
    assert (record.title, record.identifiers) == ("Spoons in a made-up lake", {"doi": "10.5555/spoons"})
    [reference] = record.references
    assert reference.title == "The moon as a spoon"
    assert [context.section for context in reference.contexts] == ["Methods"] and not problems


def test_the_server_gets_the_file_without_its_name_and_is_told_to_look_nothing_up(server, paper):
    read(paper)
    [request] = server.requests
    sent = fields(request)
    assert sent.pop("input").rstrip() == PDF.rstrip() and b"secret" not in request.body
    assert sent == {"consolidateHeader": b"0", "consolidateCitations": b"0", "segmentSentences": b"1"}


def test_a_packed_pdf_is_unpacked_first(server, tmp_path):
    path = tmp_path / "x.pdf.gz"
    path.write_bytes(gzip.compress(PDF))
    assert len(read(path)[0]) == 1
    assert PDF in server.requests[0].body


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_a_server_the_variable_to_set_is_named(server, paper, monkeypatch, value):
    monkeypatch.delenv("GROBID_URL") if value is None else monkeypatch.setenv("GROBID_URL", value)
    with pytest.raises(UnreadableFile, match="set the variable GROBID_URL to its address, such as http"):
        read(paper)


def test_a_busy_server_is_asked_again(server, paper):
    server.answers[QUESTION] = [Reply(503), Reply(503), TEI]
    assert len(read(paper)[0]) == 1 and len(server.requests) == 3


@pytest.mark.parametrize(
    ("answer", "requests", "said"),
    [
        (Reply(503), pdf.TRIES, r"busy \(503\), 6 times in a row"),
        (
            Reply(500, b"[NO_BLOCKS] parsing\nfailed"),
            1,
            r"cannot read this PDF \(HTTP 500: \[NO_BLOCKS\] parsing",
        ),
        (Reply(400), 1, "HTTP 400: no reason"),
        (Reply(302, headers={"Location": "/elsewhere"}), 1, "HTTP 302"),
        (Reply(204), 1, "finds no text"),
        (b"  ", 1, "finds no text"),
        (b"<html><title>Welcome</title></html>", 1, "is it the address of a GROBID server"),
        (b'{"ok": true}', 1, "is it the address of a GROBID server"),
    ],
)
def test_anything_else_is_unreadable_with_the_reason(server, paper, answer, requests, said):
    server.answers[QUESTION] = answer
    with pytest.raises(UnreadableFile, match=said):
        read(paper)
    assert len(server.requests) == requests


def test_broken_tei_is_a_skip(server, paper):
    server.answers[QUESTION] = TEI[: len(TEI) // 2]
    records, [problem] = read(paper)
    assert records == [] and problem.skipped and "not well-formed" in problem.reason


def test_a_server_that_is_not_there_is_said(paper, monkeypatch):
    with stand_in() as gone:
        monkeypatch.setenv("GROBID_URL", gone.url)
    with pytest.raises(UnreadableFile, match="GROBID server at GROBID_URL cannot be reached.*refused"):
        read(paper)


def test_too_much_is_refused_both_ways(server, paper, monkeypatch):
    monkeypatch.setattr(pdf, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(UnreadableFile, match="exceeds"):
        read(paper)
    monkeypatch.setattr(pdf, "MAX_PDF_BYTES", 10)
    with pytest.raises(UnreadableFile, match="the PDF is larger than"):
        read(paper)
    assert len(server.requests) == 1
