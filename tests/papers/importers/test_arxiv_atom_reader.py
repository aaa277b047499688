"""The Atom feed of the arXiv API: preprints with the published version that arXiv knows of."""

import io

import pytest

from papers.importers import arxiv_atom, jats
from papers.importers.source import Source
from papers.records import VersionRecord
from tests.papers.importers.reading import sorted_out


def entry(inner="", address="http://arxiv.org/abs/2104.07143v2", published="2021-04-14T17:01:56Z"):
    return f"""<entry><id>{address}</id><title>On the tides of
        a lake</title><updated>2021-06-01T00:00:00Z</updated><published>{published}</published>
        <summary>  Lakes
        move.</summary><author><name>Ada Moss</name></author><author><name>B. Fern</name>
        <arxiv:affiliation>Pond</arxiv:affiliation></author><author/>
        <category term="math.CA"/><category term="physics.flu-dyn"/><category term="hep-th"/>
        <category term="68T50"/><category term="I.2.7; I.2.6"/>
        <arxiv:primary_category term="physics.flu-dyn"/>{inner}</entry>"""


def feed(*entries):
    return f"""<?xml version='1.0' encoding='UTF-8'?><feed xmlns="http://www.w3.org/2005/Atom"
        xmlns:arxiv="http://arxiv.org/schemas/atom"><id>https://arxiv.org/api/x</id>
        <title>arXiv Query</title>{"".join(entries)}</feed>"""


def read(*entries):
    return sorted_out(arxiv_atom.read(Source(io.BytesIO(feed(*entries).encode())), {}))


def test_an_entry_is_read_field_by_field():
    [record], problems = read(entry())
    assert problems == []
    assert record.identifiers == {"arxiv": "2104.07143"}
    assert (record.title, record.abstract) == ("On the tides of a lake", "Lakes move.")
    assert [author.name for author in record.authors] == ["Ada Moss", "B. Fern"]
    assert (record.date, record.year, record.kind) == ("2021-04-14", 2021, "preprint")
    assert record.fields == ["physics.flu-dyn", "math.CA", "hep-th"]
    assert record.venue == "" and record.versions == [] and not record.references_complete


@pytest.mark.parametrize(
    "inner, identifiers, versions",
    [
        (
            "<arxiv:doi>10.5555/TIDE.1</arxiv:doi><arxiv:journal_ref>J. Inv. 3 (2021)</arxiv:journal_ref>",
            {"doi": "10.5555/tide.1", "arxiv": "2104.07143"},
            [VersionRecord("published", {"doi": "10.5555/tide.1"}, venue="J. Inv. 3 (2021)")],
        ),
        (
            "<arxiv:doi>10.5555/a 10.5555/b</arxiv:doi>",
            {"doi": "10.5555/a", "arxiv": "2104.07143"},
            [VersionRecord("published", {"doi": "10.5555/a"})],
        ),
        (
            "<arxiv:journal_ref>J. Inv. 3 (2021)</arxiv:journal_ref>",
            {"arxiv": "2104.07143"},
            [VersionRecord("published", venue="J. Inv. 3 (2021)")],
        ),
    ],
)
def test_the_published_version_is_a_version(inner, identifiers, versions):
    [record], problems = read(entry(inner))
    assert problems == []
    assert (record.identifiers, record.versions) == (identifiers, versions)


def test_an_old_identifier_loses_its_version():
    [record], _ = read(entry(address="http://arxiv.org/abs/hep-th/9901001v1"))
    assert record.identifiers == {"arxiv": "hep-th/9901001"}


def test_bad_fields_are_left_out_with_a_warning():
    [record], problems = read(entry("<arxiv:doi>none</arxiv:doi>", address="urn:x", published="soon"))
    assert record.identifiers == {} and record.date == "" and record.title
    assert [problem.skipped for problem in problems] == [False, False, False]


def test_an_error_of_the_service_is_a_skip():
    error = """<entry><id>http://arxiv.org/api/errors#incorrect_id_format</id><title>Error</title>
        <summary>incorrect id format for 1234</summary></entry>"""
    records, [problem] = read(error)
    assert records == [] and problem.skipped and "incorrect id format for 1234" in problem.reason


def test_an_entry_without_title_and_identifier_is_skipped_and_the_next_one_read():
    records, problems = read("<entry><id/></entry>", entry())
    assert len(records) == 1 and [problem.skipped for problem in problems] == [True]


def test_an_answer_without_results_is_no_loss():
    records, [problem] = read()
    assert records == [] and not problem.skipped


def test_xml_that_breaks_off_keeps_what_came_before():
    xml = feed(entry(), entry()).encode()
    *records, problem = arxiv_atom.read(Source(io.BytesIO(xml[: int(len(xml) * 0.8)])), {})
    assert len(records) == 1 and problem.skipped and "not well-formed" in problem.reason


@pytest.mark.parametrize(
    "head, expected",
    [
        (feed(entry()).encode(), True),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><id>https://example.org/news</id>', False),
        (b'<article article-type="x"><p>arxiv.org</p>', False),
        (b"arxiv.org", False),
    ],
)
def test_the_feed_is_recognised_by_root_and_service(head, expected):
    assert arxiv_atom.looks_like(head, "x.xml") is expected
    assert not (expected and jats.looks_like(head, "x.xml"))
