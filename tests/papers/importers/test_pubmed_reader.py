"""PubMed XML: metadata of every precision, notices in both directions, reference lists."""

import io

import pytest

from papers.importers import jats, pubmed
from papers.importers.source import Source
from papers.records import NoticeRecord
from tests.papers.importers.reading import sorted_out

TITLE = "<ArticleTitle>On the <i>tides</i> of H<sub>2</sub>O.</ArticleTitle>"
IDS = """<ArticleId IdType="pubmed">77</ArticleId><ArticleId IdType="doi">10.5555/Tide.1</ArticleId>
    <ArticleId IdType="pmc">PMC5</ArticleId><ArticleId IdType="pii">S1</ArticleId>"""
DAY = "<Year>2021</Year><Month>Apr</Month><Day>3</Day>"


def article(
    title=TITLE, date=DAY, inner="", citation="", ids=IDS, data="", pmid='<PMID Version="1">77</PMID>'
):
    return f"""<PubmedArticle><MedlineCitation Status="MEDLINE">{pmid}<DateRevised>
        <Year>2022</Year></DateRevised><Article><Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue>
        <Title>Journal of invented waters</Title><ISOAbbreviation>J Inv</ISOAbbreviation></Journal>{title}
        {inner}</Article>{citation}</MedlineCitation><PubmedData><ArticleIdList>{ids}</ArticleIdList>{data}
        </PubmedData></PubmedArticle>"""


def read(*articles):
    xml = f"<?xml version='1.0'?><PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>"
    return sorted_out(pubmed.read(Source(io.BytesIO(xml.encode())), {}))


def read_one(**options):
    [record], problems = read(article(**options))
    assert problems == []
    return record


def test_an_article_is_read_field_by_field():
    authors = """<AuthorList><Author ValidYN="Y"><LastName>Moss</LastName><ForeName>Ada B</ForeName><Suffix>Jr
        </Suffix><Identifier Source="ORCID">https://orcid.org/0000-0002-1825-0097</Identifier></Author>
        <Author ValidYN="N"><LastName>Wrong</LastName></Author>
        <Author><CollectiveName>The Lake Group</CollectiveName></Author></AuthorList>"""
    record = read_one(inner=authors + "<Language>eng</Language>")
    assert record.identifiers == {"doi": "10.5555/tide.1", "pmid": "77", "pmcid": "PMC5"}
    assert record.title == "On the tides of H2O"
    assert [(a.name, a.family, a.given, a.identifiers) for a in record.authors] == [
        ("Ada B Moss Jr", "Moss", "Ada B", {"orcid": "0000-0002-1825-0097"}),
        ("The Lake Group", "", "", {}),
    ]
    assert (record.date, record.year) == ("2021-04-03", 2021)
    assert (record.venue, record.language) == ("Journal of invented waters", "en")
    assert record.retracted is None and not record.references_complete


@pytest.mark.parametrize(
    "title, expected",
    [
        ("<ArticleTitle>[Lakes of water].</ArticleTitle>", "Lakes of water"),
        ("<ArticleTitle>Do lakes move?</ArticleTitle>", "Do lakes move?"),
        ("<ArticleTitle>Lakes move...</ArticleTitle>", "Lakes move..."),
        ("<ArticleTitle/><VernacularTitle>Seen bewegen sich.</VernacularTitle>", "Seen bewegen sich"),
        ("<ArticleTitle>A &lt;b&gt; [c] d.</ArticleTitle>", "A [c] d"),
    ],
)
def test_titles_lose_what_pubmed_adds(title, expected):
    assert read_one(title=title).title == expected


@pytest.mark.parametrize(
    "date, expected",
    [
        ("<Year>2021</Year>", "2021"),
        ("<Year>2021</Year><Month>04</Month>", "2021-04"),
        ("<Year>2021</Year><Month>Apr</Month><Day>03</Day>", "2021-04-03"),
        ("<Year>2021</Year><Season>Spring</Season>", "2021"),
        ("<Year>2021</Year><Month>Feb</Month><Day>30</Day>", "2021-02"),
        ("<MedlineDate>2021 Jul-Aug</MedlineDate>", "2021-07"),
        ("<MedlineDate>2021 Dec-2022 Jan</MedlineDate>", "2021-12"),
        ("<MedlineDate>2021 Mar 3-9</MedlineDate>", "2021-03-03"),
        ("<MedlineDate>Spring 2021</MedlineDate>", "2021"),
        ("<MedlineDate>2020-2021</MedlineDate>", "2020"),
        ("<MedlineDate>unknown</MedlineDate>", ""),
        ("", ""),
    ],
)
def test_dates_of_every_precision_are_read(date, expected):
    record = read_one(date=date)
    assert record.date == expected and record.year == (int(expected[:4]) if expected else None)


def test_the_earliest_full_date_is_taken():
    electronic = (
        '<ArticleDate DateType="Electronic"><Year>2021</Year><Month>02</Month><Day>09</Day></ArticleDate>'
    )
    assert read_one(inner=electronic).date == "2021-02-09"
    assert read_one(inner=electronic, date="<Year>2020</Year>").date == "2021-02-09"


def test_a_doi_in_the_article_stands_in_where_the_list_has_none():
    inner = (
        '<ELocationID EIdType="doi" ValidYN="N">10.5555/wrong</ELocationID>'
        '<ELocationID EIdType="pii">S1</ELocationID><ELocationID EIdType="doi">10.5555/E</ELocationID>'
    )
    assert read_one(inner=inner, ids="").identifiers == {"doi": "10.5555/e", "pmid": "77"}


def test_labelled_parts_of_an_abstract_are_paragraphs():
    inner = """<Abstract><AbstractText Label="Background">Lakes <b>move</b>.</AbstractText>
        <AbstractText Label="UNLABELLED">More.</AbstractText><AbstractText>Last.</AbstractText>
        <CopyrightInformation>(c) us</CopyrightInformation></Abstract>"""
    assert read_one(inner=inner).abstract == "BACKGROUND: Lakes move.\n\nMore.\n\nLast."


@pytest.mark.parametrize(
    "code, language", [("ger", "de"), ("eng", "en"), ("und", ""), ("mul", ""), ("epo", "epo"), ("", "")]
)
def test_languages_get_their_short_code(code, language):
    assert read_one(inner=f"<Language>{code}</Language>").language == language


@pytest.mark.parametrize(
    "types, kind, retracted",
    [
        (["Journal Article", "Review"], "review", None),
        (["Journal Article", "Randomized Controlled Trial", "Research Support"], "clinical trial", None),
        (["Journal Article", "Retracted Publication"], "article", True),
        (["Retraction of Publication"], "retraction", None),
        (["Published Erratum"], "correction", None),
        (["Preprint"], "preprint", None),
        (["Lecture"], "", None),
    ],
)
def test_publication_types_give_the_kind(types, kind, retracted):
    listed = "".join(f"<PublicationType>{name}</PublicationType>" for name in types)
    record = read_one(inner=f"<PublicationTypeList>{listed}</PublicationTypeList>")
    assert (record.kind, record.retracted) == (kind, retracted)


def heading(name, major="N", qualifier=""):
    return (
        f'<MeshHeading><DescriptorName MajorTopicYN="{major}">{name}</DescriptorName>'
        + (f'<QualifierName MajorTopicYN="{qualifier}">use</QualifierName>' if qualifier else "")
        + "</MeshHeading>"
    )


def test_major_headings_are_the_fields_and_keywords_stand_in_for_them():
    headings = heading("Humans") + heading("Lakes", "Y") + heading("Ponds", qualifier="Y")
    many = "".join(heading(f"Lake {number}", "Y") for number in range(9))
    words = """<KeywordList><Keyword MajorTopicYN="N">tide</Keyword><Keyword MajorTopicYN="Y">moon</Keyword>
        </KeywordList>"""
    listed = "<MeshHeadingList>{}</MeshHeadingList>".format
    assert read_one(citation=listed(headings) + words).fields == ["Lakes", "Ponds"]
    assert len(read_one(citation=listed(many)).fields) == 5
    assert read_one(citation=words).fields == ["moon", "tide"]


@pytest.mark.parametrize(
    "link, kind, outgoing, retracted",
    [
        ("RetractionIn", "retraction", False, True),
        ("RetractionOf", "retraction", True, None),
        ("PartialRetractionIn", "correction", False, None),
        ("ErratumIn", "correction", False, None),
        ("ErratumFor", "correction", True, None),
        ("ExpressionOfConcernIn", "concern", False, None),
        ("ExpressionOfConcernFor", "concern", True, None),
        ("RetractedandRepublishedIn", "retraction", False, True),
        ("RetractedandRepublishedFrom", "retraction", True, None),
    ],
)
def test_links_to_notices_keep_their_direction(link, kind, outgoing, retracted):
    citation = f"""<CommentsCorrectionsList><CommentsCorrections RefType="{link}"><RefSource>J Inv. 2021;3:4.
        doi: 10.5555/N.1</RefSource><PMID>88</PMID></CommentsCorrections>
        <CommentsCorrections RefType="CommentIn"><PMID>99</PMID></CommentsCorrections>
        </CommentsCorrectionsList>"""
    record = read_one(citation=citation)
    assert record.notices == [NoticeRecord(kind, {"doi": "10.5555/n.1", "pmid": "88"}, outgoing=outgoing)]
    assert record.retracted is retracted


def test_a_notice_without_identifier_is_left_out_with_a_warning():
    citation = """<CommentsCorrectionsList><CommentsCorrections RefType="ErratumIn">
        <RefSource>J Inv</RefSource></CommentsCorrections></CommentsCorrectionsList>"""
    [record], [problem] = read(article(citation=citation))
    assert record.notices == [] and not problem.skipped and "ErratumIn" in problem.reason


def test_a_title_that_says_retracted_marks_the_article():
    assert read_one(title="<ArticleTitle>RETRACTED: On tides.</ArticleTitle>").retracted is True


def test_references_keep_their_print_and_identifiers():
    data = """<ReferenceList><Title>References</Title><Reference><Citation>Fern B. Lakes. 2001.</Citation>
        <ArticleIdList><ArticleId IdType="pubmed">5</ArticleId><ArticleId IdType="doi">10.5555/A</ArticleId>
        <ArticleId IdType="pmc">bad</ArticleId></ArticleIdList></Reference>
        <ReferenceList><Reference><Citation>Moss. doi: 10.5555/b</Citation></Reference></ReferenceList>
        <Reference><Citation>Own.</Citation><ArticleIdList><ArticleId IdType="pubmed">77</ArticleId>
        </ArticleIdList></Reference><Reference/></ReferenceList>"""
    [record], problems = read(article(data=data))
    assert [(reference.raw, reference.identifiers) for reference in record.references] == [
        ("Fern B. Lakes. 2001.", {"doi": "10.5555/a", "pmid": "5"}),
        ("Moss. doi: 10.5555/b", {"doi": "10.5555/b"}),
    ]
    assert record.references_complete
    assert record.identifiers["pmid"] == "77"
    assert ["left out" in problem.reason for problem in problems] == [True, True]


def test_a_book_chapter_is_read_too():
    book = """<PubmedBookArticle><BookDocument><PMID>5</PMID><ArticleIdList><ArticleId IdType="doi">10.5555/ch
        </ArticleId></ArticleIdList><Book><BookTitle>A Book of Lakes</BookTitle><PubDate>
        <Year>1999</Year></PubDate><AuthorList Type="editors"><Author><LastName>Editor</LastName></Author>
        </AuthorList></Book>
        <ArticleTitle>Ponds</ArticleTitle><AuthorList Type="authors"><Author>
        <LastName>Moss</LastName></Author></AuthorList></BookDocument><PubmedBookData/></PubmedBookArticle>"""
    [record], problems = read(book)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/ch", "pmid": "5"}
    assert (record.title, record.venue, record.year) == ("Ponds", "A Book of Lakes", 1999)
    assert [author.name for author in record.authors] == ["Moss"]


def test_articles_come_one_by_one_and_an_empty_one_is_skipped():
    records, [problem] = read(article(), article(title="", ids="", pmid=""), article())
    assert len(records) == 2 and problem.skipped and problem.line


def test_bad_identifiers_are_left_out_with_a_warning():
    orcid = '<Identifier Source="ORCID">1</Identifier>'
    authors = f"<AuthorList><Author><LastName>M</LastName>{orcid}</Author></AuthorList>"
    [record], problems = read(article(inner=authors, ids='<ArticleId IdType="doi">none</ArticleId>'))
    assert record.identifiers == {"pmid": "77"} and record.authors[0].identifiers == {}
    assert [problem.skipped for problem in problems] == [False, False]


@pytest.mark.parametrize(
    "head, expected",
    [
        (b'<?xml version="1.0" ?><!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD"><PubmedArticleSet>', True),
        (b"<PubmedArticle>", True),
        (b"<pmc-articleset><article>", False),
        (b"PubmedArticleSet", False),
    ],
)
def test_pubmed_is_recognised_by_its_root(head, expected):
    assert pubmed.looks_like(head, "x.xml") is expected
    assert not (expected and jats.looks_like(head, "x.xml"))


def test_xml_that_breaks_off_keeps_what_came_before():
    xml = f"<PubmedArticleSet>{article() * 2}".encode()
    *records, problem = pubmed.read(Source(io.BytesIO(xml[:-60])), {})
    assert len(records) == 1 and problem.skipped and "not well-formed" in problem.reason


def test_a_set_without_articles_is_a_skip():
    records, [problem] = read()
    assert records == [] and problem.skipped
