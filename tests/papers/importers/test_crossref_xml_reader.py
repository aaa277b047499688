"""Crossref deposits in XML: works of every kind, reference lists, updates, relations."""

import io

import pytest

from papers.importers import crossref_xml
from papers.importers.source import Source
from papers.records import NoticeRecord, VersionRecord
from tests.papers.importers.reading import sorted_out

ARTICLE = """<journal_article publication_type="full_text" language="en">
<titles><title>On <i>tides</i> &amp; moons</title><subtitle>A tale</subtitle></titles>
<contributors>
<person_name sequence="first" contributor_role="author"><given_name>Ada</given_name><surname>Moss</surname>
<ORCID authenticated="true">https://orcid.org/0000-0002-1825-0097</ORCID></person_name>
<person_name sequence="additional" contributor_role="editor"><surname>Editor</surname></person_name>
<organization sequence="additional" contributor_role="author">The Spoon Collaboration</organization>
</contributors>
<jats:abstract xmlns:jats="http://www.ncbi.nlm.nih.gov/JATS1"><jats:title>Abstract</jats:title>
<jats:p>Spoons pull water.</jats:p></jats:abstract>
<publication_date media_type="online"><month>04</month><day>21</day><year>2021</year></publication_date>
<publication_date media_type="print"><month>6</month><year>2021</year></publication_date>
<ai:program xmlns:ai="http://www.crossref.org/AccessIndicators.xsd" name="AccessIndicators">
<ai:license_ref applies_to="tdm">https://example.org/mining</ai:license_ref>
<ai:license_ref applies_to="vor">http://creativecommons.org/licenses/by/4.0/</ai:license_ref></ai:program>
<doi_data><doi>10.5555/Tide.1</doi><resource>https://example.org/1</resource></doi_data>
<citation_list>
<citation key="r1"><journal_title>J Moons</journal_title><author>Fern</author><cYear>1999</cYear>
<doi>10.5555/MOON</doi><article_title>Moon</article_title></citation>
<citation key="r2"><volume_title>A book of
lakes</volume_title><cYear>2001b</cYear></citation>
<citation key="r3"><unstructured_citation>Moss. <i>Ponds</i>. https://doi.org/10.5555/pond</unstructured_citation
></citation>
<citation key="r4"/>
</citation_list>
<component_list><component><doi_data><doi>10.5555/figure</doi></doi_data></component></component_list>
</journal_article>"""
JOURNAL = f"""<journal><journal_metadata><full_title>J Invent Waters</full_title>
<doi_data><doi>10.5555/journal</doi></doi_data></journal_metadata>
<journal_issue><publication_date><year>2019</year></publication_date></journal_issue>{ARTICLE}</journal>"""


def batch(body, namespace="http://www.crossref.org/schema/5.3.1"):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<doi_batch xmlns="{namespace}" xmlns:rel="http://www.crossref.org/relations.xsd" version="5.3.1">
<head><depositor><depositor_name>D</depositor_name></depositor></head><body>{body}</body></doi_batch>"""


def read(document):
    data = document if isinstance(document, bytes) else document.encode()
    return sorted_out(crossref_xml.read(Source(io.BytesIO(data)), {}))


def article_with(extra):
    return batch(JOURNAL.replace("<citation_list>", f"{extra}<citation_list>"))


def test_an_article_is_a_record_with_all_that_the_library_keeps():
    [record], [problem] = read(batch(JOURNAL))
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert (record.title, record.venue, record.kind) == ("On tides & moons", "J Invent Waters", "article")
    assert (record.year, record.date, record.language) == (2021, "2021-04-21", "en")
    assert record.abstract == "Spoons pull water." and record.license == "CC BY 4.0"
    assert [(author.name, author.family, author.identifiers) for author in record.authors] == [
        ("Ada Moss", "Moss", {"orcid": "0000-0002-1825-0097"}),
        ("The Spoon Collaboration", "", {}),
    ]
    moon, lakes, ponds = record.references
    assert (moon.identifiers, moon.title, moon.venue, moon.year) == (
        {"doi": "10.5555/moon"},
        "Moon",
        "J Moons",
        1999,
    )
    assert (lakes.title, lakes.year) == ("A book of lakes", 2001)
    assert (ponds.identifiers, ponds.raw) == (
        {"doi": "10.5555/pond"},
        "Moss. Ponds. https://doi.org/10.5555/pond",
    )
    assert record.references_complete is True and record.line == 5
    assert "name nothing: 1 left out" in problem.reason and not problem.skipped


def test_an_article_without_a_date_of_its_own_has_that_of_its_issue():
    document = batch(JOURNAL).replace('<publication_date media_type="print">', "<approved>")
    document = document.replace('<publication_date media_type="online">', "<approved>")
    document = document.replace("<year>2021</year></publication_date>", "<year>2021</year></approved>")
    [record], _problems = read(document)
    assert record.date == "2019"


@pytest.mark.parametrize("namespace", ["http://www.crossref.org/schema/4.3.7", ""])
def test_any_version_of_the_schema_is_read(namespace):
    records, _problems = read(batch(JOURNAL, namespace).replace('xmlns="" ', ""))
    assert [record.title for record in records] == ["On tides & moons"]


def test_a_book_and_its_chapters():
    book = """<book book_type="edited_book"><book_metadata><titles><title>Waters</title></titles>
    <publication_date><year>2018</year></publication_date><doi_data><doi>10.5555/book</doi></doi_data>
    </book_metadata>
    <content_item component_type="chapter"><titles><title>One</title></titles>
    <doi_data><doi>10.5555/book.1</doi></doi_data></content_item>
    <content_item component_type="reference_entry"><titles><title>Two</title></titles>
    <doi_data><doi>10.5555/book.2</doi></doi_data></content_item></book>"""
    records, problems = read(batch(book))
    assert [(r.title, r.kind, r.venue, r.date) for r in records] == [
        ("Waters", "book", "", "2018"),
        ("One", "book chapter", "Waters", "2018"),
        ("Two", "reference entry", "Waters", "2018"),
    ]
    assert problems == [] and not any(record.references_complete for record in records)


def test_a_conference_paper_and_a_preprint():
    body = """<conference><event_metadata><conference_name>Meeting</conference_name></event_metadata>
    <proceedings_metadata><proceedings_title>Proc. Waters</proceedings_title>
    <publication_date><year>2017</year></publication_date></proceedings_metadata>
    <conference_paper><titles><title>Talk</title></titles><doi_data><doi>10.5555/talk</doi></doi_data>
    </conference_paper></conference>
    <posted_content type="preprint"><group_title>Ecology</group_title><titles><title>Draft</title></titles>
    <posted_date><month>2</month><day>30</day><year>2016</year></posted_date>
    <institution><institution_name>bioInvent</institution_name></institution>
    <rel:program><rel:related_item><rel:intra_work_relation relationship-type="isPreprintOf"
    identifier-type="doi">10.5555/Tide.1</rel:intra_work_relation></rel:related_item></rel:program>
    <doi_data><doi>10.5555/draft</doi></doi_data></posted_content>"""
    [talk, draft], problems = read(batch(body))
    assert (talk.kind, talk.venue, talk.date) == ("conference paper", "Proc. Waters", "2017")
    assert (draft.kind, draft.venue, draft.date) == ("preprint", "bioInvent", "2016-02")
    assert draft.versions == [VersionRecord("published", {"doi": "10.5555/tide.1"})] and problems == []


def test_references_deposited_alone_complete_a_doi():
    body = """<doi_citations><doi>10.5555/a</doi><citation_list><citation key="1"><doi>10.5555/b</doi>
    </citation></citation_list></doi_citations>"""
    [record], problems = read(batch(body))
    assert (record.identifiers, record.title) == ({"doi": "10.5555/a"}, "") and problems == []
    assert record.references[0].identifiers == {"doi": "10.5555/b"} and record.references_complete


@pytest.mark.parametrize(
    "kind, notices",
    [
        ("retraction", [NoticeRecord("retraction", {"doi": "10.5555/old"}, outgoing=True)]),
        ("erratum", [NoticeRecord("correction", {"doi": "10.5555/old"}, outgoing=True)]),
        ("expression_of_concern", [NoticeRecord("concern", {"doi": "10.5555/old"}, outgoing=True)]),
        ("new_edition", []),
    ],
)
def test_updates_are_notices_about_other_works(kind, notices):
    update = f'<update type="{kind}" date="2020-01-01">10.5555/OLD</update>'
    [record], _problems = read(article_with(f"<crossmark><updates>{update}</updates></crossmark>"))
    assert record.notices == notices and record.retracted is None


def test_a_licence_for_mining_alone_is_no_licence_of_the_text():
    document = batch(JOURNAL).replace('applies_to="vor"', 'applies_to="tdm"')
    [record], _problems = read(document)
    assert record.license == ""


def test_a_query_result_is_read_too():
    document = (
        f"<crossref_result><query_result><body><doi_record><crossref>{JOURNAL}</crossref></doi_record></body>"
    )
    records, _problems = read(document + "</query_result></crossref_result>")
    assert [record.venue for record in records] == ["J Invent Waters"]


def test_many_articles_of_a_journal_are_all_read_with_its_name():
    others = "".join(ARTICLE.replace("Tide.1", f"Tide.{n}") for n in range(2, 20))
    records, _problems = read(batch(JOURNAL.replace("</journal>", others + "</journal>")))
    assert len(records) == 19 and {record.venue for record in records} == {"J Invent Waters"}


def test_a_work_without_title_and_doi_is_a_skip_with_its_line():
    empty = "<journal_article><titles/><doi_data><doi>nonsense</doi></doi_data></journal_article>"
    records, problems = read(batch(JOURNAL.replace("</journal>", empty + "</journal>")))
    assert len(records) == 1
    assert problems[-1].skipped and problems[-1].line == 31 and "neither a title" in problems[-1].reason


def test_a_bad_orcid_is_a_warning():
    document = batch(JOURNAL).replace("0000-0002-1825-0097", "0000-0002-1825-0098")
    [record], problems = read(document)
    assert record.authors[0].identifiers == {} and "not a valid ORCID" in problems[-1].reason


def test_broken_xml_gives_what_came_before_and_one_skip():
    document = batch(JOURNAL + JOURNAL.replace("Tide.1", "Tide.2"))
    records, problems = read(document[: document.index("Tide.2")])
    assert [record.identifiers["doi"] for record in records] == ["10.5555/tide.1"]
    assert problems[-1].skipped and "not well-formed" in problems[-1].reason


def test_a_batch_without_works_is_a_skip():
    records, [problem] = read(batch("<sa_component/>"))
    assert records == [] and problem.skipped and problem.reason == "the file holds no work"


def test_nothing_outside_the_file_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret words")
    document = batch(JOURNAL.replace("On <i>tides</i>", "On &x; &nbsp;tides"))
    document = document.replace("<doi_batch", f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret}">]><doi_batch', 1)
    records, _problems = read(document)
    assert all("secret" not in repr(record) for record in records)


@pytest.mark.parametrize(
    "head, expected",
    [
        (batch(""), True),
        ("<c:doi_batch xmlns:c='x'/>", True),
        ("<crossref_result version='3.0'>", True),
        ("<doi_records><doi_record><crossref>", True),
        ("<doi_records><other/></doi_records>", False),
        ("<article article-type='x'><front/></article>", False),
        ('{"doi_batch": 1}', False),
    ],
)
def test_the_sniffer_knows_deposits(head, expected):
    assert crossref_xml.looks_like(head.encode(), "") is expected
