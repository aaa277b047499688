"""A small valid sample of every format, in each of the shapes that its reader knows apart.

Owns the samples that the tests throw at all readers; what a single reader makes of a quirk is
shown in the tests of that reader, with samples of their own.
"""

import json

NATIVE = {
    "identifiers": {"doi": "10.5555/tide.1"},
    "title": "Tides",
    "authors": [{"name": "A. Moss", "orcid": "0000-0002-1825-0097"}],
    "year": 2021,
    "date": "2021-04-21",
    "language": "en",
    "fields": ["physics"],
    "retracted": False,
    "claims": [{"text": "c", "quote": "q"}],
    "references": [
        {
            "title": "Moon",
            "year": 2019,
            "contexts": [
                {
                    "text": "Spoons pull water [1].",
                    "start": 18,
                    "end": 21,
                    "group_size": 1,
                    "labels": [{"scheme": "a", "value": "b", "confidence": 0.5}],
                }
            ],
        }
    ],
}
ANSWER = {
    "offset": 0,
    "next": None,
    "data": [
        {
            "isInfluential": True,
            "intents": ["background"],
            "contexts": ["Lakes move."],
            "contextsWithIntent": [{"context": "Lakes move.", "intents": ["background"]}],
            direction: {
                "paperId": "a" * 40,
                "corpusId": 7,
                "externalIds": {"DOI": "10.5555/pond"},
                "title": "Ponds",
                "journal": {"name": "J"},
                "year": 2022,
                "publicationDate": "2022-02-03",
                "publicationTypes": ["Review"],
                "s2FieldsOfStudy": [{"category": "Physics"}],
                "authors": [{"authorId": "1", "name": "A"}],
            },
        }
        for direction in ("citingPaper", "citedPaper")
    ],
}
JATS = """<!DOCTYPE pmc-articleset PUBLIC "-//NLM//DTD JATS//EN" "jats.dtd" [<!ENTITY e "x">]
    ><pmc-articleset><article article-type="retraction" xml:lang="en">
<front><article-meta><article-id pub-id-type="doi">10.5555/a</article-id><title-group
    ><article-title>T</article-title>
</title-group><contrib-group><contrib><contrib-id contrib-id-type="orcid">0000</contrib-id><name
    ><surname>M</surname>
</name></contrib></contrib-group><pub-date><day>3</day><month>2</month><year>2020</year></pub-date>
<permissions><license><license-p>Free</license-p></license></permissions>
<related-article related-article-type="companion" xmlns:x="http://www.w3.org/1999/xlink" x:href="10.5555/b"/>
<abstract><sec><title>A</title><p>Words <xref ref-type="bibr" rid="b1">1</xref>.</p></sec></abstract
    ></article-meta>
</front><body><sec><title>S</title><p>One.<sup><xref ref-type="bibr" rid="b1">1</xref>-<xref ref-type="bibr"
rid="b3">3</xref></sup> Two &e; &nbsp; <inline-formula><math><mi>x</mi></math
    ></inline-formula> <xref ref-type="bibr"
rid="b9"/>.<fig><caption><p>F</p></caption></fig></p><table><tr><td><p>c</p></td><td><xref ref-type="bibr"
rid="b2 b3">2-3</xref></td></tr></table></sec></body><back><ref-list><ref id="b1"><label>1</label
    ><mixed-citation>R
<year>2001</year></mixed-citation></ref><ref id="b2"><label>2</label><element-citation><source>S</source>
<pub-id pub-id-type="doi">10.5555/c</pub-id></element-citation></ref><ref id="b3"><label>3</label
    ><citation-alternatives>
<mixed-citation>X</mixed-citation></citation-alternatives></ref></ref-list></back></article></pmc-articleset>"""

OPENALEX = {
    "id": "https://openalex.org/W11",
    "doi": "https://doi.org/10.5555/tide.1",
    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/123", "pmcid": "45"},
    "title": "Tides",
    "publication_year": 2021,
    "publication_date": "2021-04-21",
    "language": "en",
    "type": "article",
    "primary_location": {"source": {"display_name": "J"}, "license": "cc-by"},
    "locations": [{"landing_page_url": "http://arxiv.org/abs/2104.07143"}],
    "authorships": [{"author": {"id": "https://openalex.org/A7", "display_name": "A", "orcid": "0"}}],
    "topics": [{"field": {"display_name": "Physics"}}],
    "concepts": [{"display_name": "Geology", "level": 0}],
    "is_retracted": False,
    "abstract_inverted_index": {"Spoons": [0, 2], "pull": [1]},
    "referenced_works": ["https://openalex.org/W3", "https://openalex.org/W11"],
    "referenced_works_count": 2,
}
CROSSREF = {
    "message": {
        "items": [
            {
                "DOI": "10.5555/tide.1",
                "title": ["Tides"],
                "author": [{"given": "A", "family": "Moss", "ORCID": "0000"}, {"name": "Group"}],
                "issued": {"date-parts": [[2021, 4, 21]]},
                "container-title": ["J"],
                "institution": [{"name": "bioInvent"}],
                "type": "posted-content",
                "subject": ["Physics"],
                "abstract": "<jats:title>Aim</jats:title><jats:p>Pull.</jats:p>",
                "license": [{"URL": "https://creativecommons.org/licenses/by/4.0", "content-version": "vor"}],
                "reference": [
                    {"DOI": "10.5555/moon", "year": "1999", "unstructured": "arXiv:2104.07143"},
                    {"author": "B", "journal-title": "J"},
                ],
                "reference-count": 2,
                "update-to": [{"DOI": "10.5555/old", "type": "retraction"}],
                "updated-by": [{"DOI": "10.5555/new", "type": "correction"}],
                "relation": {"has-preprint": [{"id-type": "doi", "id": "10.5555/draft"}]},
            }
        ]
    }
}
BULK_PAPER = {
    "corpusid": 7,
    "externalids": {"DOI": "10.5555/pond", "PubMed": None},
    "url": "https://www.semanticscholar.org/paper/" + "a" * 40,
    "title": "Ponds",
    "authors": [{"authorId": "1", "name": "A"}],
    "journal": {"name": "J"},
    "year": 2022,
    "publicationdate": "2022-02-03",
    "publicationtypes": ["Review"],
    "s2fieldsofstudy": [{"category": "Physics"}],
    "openaccessinfo": {"license": "CCBY"},
    "abstract": "Ponds.",
}
BULK_CITATION = {
    "citingcorpusid": 7,
    "citedcorpusid": "8",
    "isinfluential": True,
    "contexts": ["Lakes move.", "Ponds do not."],
    "intents": [["background"], None],
}
DEPOSIT = """<doi_batch xmlns="http://www.crossref.org/schema/5.3.1"><body><journal><journal_metadata
><full_title>J</full_title></journal_metadata><journal_article><titles><title>T &amp; U</title></titles>
<contributors><person_name contributor_role="author"><surname>M</surname><ORCID>0</ORCID></person_name>
</contributors><publication_date><month>4</month><day>3</day><year>2020</year></publication_date>
<crossmark><updates><update type="retraction">10.5555/old</update></updates></crossmark>
<intra_work_relation relationship-type="hasPreprint" identifier-type="doi">10.5555/d</intra_work_relation>
<doi_data><doi>10.5555/a</doi></doi_data><citation_list><citation><doi>10.5555/b</doi><cYear>1999</cYear>
</citation><citation><unstructured_citation>X</unstructured_citation></citation></citation_list>
</journal_article></journal><book><book_metadata><titles><title>B</title></titles></book_metadata
><content_item component_type="chapter"><titles><title>C</title></titles></content_item></book></body
></doi_batch>"""
PAIRS = """oci,citing,cited,creation,timespan,journal_sc,author_sc
1,doi:10.5555/a pmid:7,10.5555/b,2018-06-03,P1Y2M3D,no,no
2,"10.5555/a",10.5555/c,2018,-P1Y,no,no
"""
TRIPLES = """@prefix cito: <http://purl.org/spar/cito/> .
<https://example.org/1> cito:hasCitingEntity <http://dx.doi.org/10.5555/a%28b%29> ;
cito:hasCitedEntity <https://doi.org/10.5555/b> ; cito:hasCitationCreationDate "2018-06" ;
cito:hasCitationTimeSpan "P1Y" .
"""

TEI = """<!DOCTYPE TEI [<!ENTITY e "x">]><TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader xml:lang="en"
><fileDesc><titleStmt><title level="a" type="main">T</title></titleStmt><publicationStmt><availability
><licence target="https://creativecommons.org/licenses/by/4.0/"/></availability><date when="2021-04-21"/>
</publicationStmt><sourceDesc><biblStruct><analytic><author><persName><forename>A</forename><surname>Moss</surname>
</persName><idno type="ORCID">0000</idno></author></analytic><monogr><title level="j">J</title></monogr>
<idno type="DOI">10.5555/a</idno></biblStruct></sourceDesc></fileDesc><profileDesc><abstract><p>Words
<ref type="bibr" target="#b0">[1]</ref>.</p></abstract></profileDesc></teiHeader><text><body><div><head n="1"
>Data</head><p><s>One <ref type="bibr" target="#b0">[1]</ref>-<ref type="bibr" target="#b2">[3]</ref></s
><s>Two &e; (<ref type="bibr">Fern, 2001a,b;</ref><ref type="bibr" target="#b9">Kelp (2002)</ref>.<formula
>x<label>(1)</label></formula></s></p><table><row><cell>c</cell><cell><ref type="bibr" target="#b1 #b2"
>[2,3]</ref></cell></row></table>
<figure><figDesc>F <ref type="bibr">[2]</ref></figDesc></figure></div></body><back
><div type="references"><listBibl><biblStruct xml:id="b0">
<analytic><title>R</title><author><persName><surname>Fern
</surname></persName></author></analytic><monogr><title level="j">J</title><imprint><date when="2001"/>
</imprint></monogr><note type="raw_reference">[1] Fern 2001a</note></biblStruct><biblStruct xml:id="b1"
><monogr><title>S</title><author><persName><surname>Fern</surname></persName></author>
<imprint><date when="2001"/></imprint>
</monogr></biblStruct><biblStruct xml:id="b2"><note type="raw_reference">Kelp. doi:10.5555/c</note>
</biblStruct></listBibl></div></back></text></TEI>"""
PUBMED = """<!DOCTYPE PubmedArticleSet [<!ENTITY e "x">]><PubmedArticleSet><PubmedArticle><MedlineCitation>
<PMID>77</PMID><Article><Journal><JournalIssue><PubDate><MedlineDate>2021 Jul-Aug</MedlineDate></PubDate>
</JournalIssue><Title>J</Title></Journal><ArticleTitle>[T &e;].</ArticleTitle><Abstract><AbstractText
Label="A">Words</AbstractText></Abstract><AuthorList><Author><LastName>Moss</LastName><ForeName>A</ForeName><Identifier
Source="ORCID">0000</Identifier></Author></AuthorList><Language>eng</Language><PublicationTypeList
><PublicationType>Review</PublicationType></PublicationTypeList><ArticleDate><Year>2021</Year><Month>2</Month>
<Day>3</Day></ArticleDate></Article><CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"
><RefSource>doi: 10.5555/n</RefSource><PMID>88</PMID></CommentsCorrections></CommentsCorrectionsList>
<MeshHeadingList><MeshHeading><DescriptorName MajorTopicYN="Y">D</DescriptorName></MeshHeading>
</MeshHeadingList></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.5555/a</ArticleId>
</ArticleIdList><ReferenceList>
<Reference><Citation>R</Citation><ArticleIdList><ArticleId IdType="pubmed">5</ArticleId>
</ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle><PubmedBookArticle><BookDocument><PMID
>5</PMID><Book><BookTitle>B</BookTitle></Book></BookDocument></PubmedBookArticle></PubmedArticleSet>"""
FEED = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"><entry
><id>http://arxiv.org/abs/2104.07143v2</id><title>T</title><published>2021-04-14T17:01:56Z</published><summary>S
</summary><author><name>A. Moss</name></author><category term="math.CA"/><arxiv:doi>10.5555/a</arxiv:doi>
<arxiv:journal_ref>J 3</arxiv:journal_ref></entry></feed>"""
S2ORC = {
    "paper_id": "77",
    "metadata": {
        "title": "T",
        "authors": [{"first": "A", "middle": ["B"], "last": "Moss", "suffix": ""}],
        "year": "2021",
        "doi": "10.5555/a",
        "venue": "V",
    },
    "pdf_parse": {
        "abstract": [{"text": "Words.", "cite_spans": [], "section": "Abstract"}],
        "body_text": [
            {
                "text": "One [1] -[3] and BIBREF1 . Two (Fern, 2001a,b) .",
                "cite_spans": [
                    {"start": 4, "end": 7, "text": "[1]", "ref_id": "BIBREF0"},
                    {"start": 9, "end": 12, "text": "[3]", "ref_id": "BIBREF2"},
                    {"start": 31, "end": 46, "text": "(Fern, 2001a,b)", "ref_id": None},
                ],
                "section": "Data::Boats",
                "sec_num": "4.1",
            }
        ],
        "back_matter": [],
        "bib_entries": {
            f"BIBREF{number}": {
                "title": f"W{number}",
                "authors": [{"first": "B", "middle": [], "last": "Fern", "suffix": ""}],
                "year": 2001,
                "other_ids": {"DOI": [f"10.5555/w{number}"]},
                "num": number + 1,
                "raw_text": "Fern.",
                "link": "5",
            }
            for number in range(3)
        },
    },
    "latex_parse": None,
    "outbound_citations": ["5"],
}
UNARXIVE = {
    "paper_id": "2104.07143",
    "_source_hash": "ab",
    "metadata": {
        "title": "T",
        "authors_parsed": [["Moss", "A", ""]],
        "abstract": "S",
        "categories": "math.CA",
        "doi": "10.5555/a",
        "journal-ref": "J 3",
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "versions": [{"version": "v1", "created": "Thu, 22 Apr 2021 17:01:56 GMT"}],
        "update_date": "2021-05-04",
    },
    "discipline": "Mathematics",
    "abstract": {"section": "Abstract", "text": "S", "cite_spans": [], "ref_spans": []},
    "body_text": [
        {
            "section": "Data",
            "sec_number": "1",
            "sec_type": "section",
            "text": "One {{formula:f}} , as {{cite:h1}}, {{cite:h2}}.\n\nTwo{{cite:h9}} {{figure:g}}.",
        }
    ],
    "bib_entries": {
        "h1": {"bib_entry_raw": "R", "ids": {"doi": "10.5555/b"}, "contained_links": [{"url": "u"}]},
        "h2": {"bib_entry_raw": "S", "ids": None, "contained_arXiv_ids": [{"id": "2101.00001"}]},
    },
    "ref_entries": {"f": {"latex": "\\mu", "type": "formula"}},
}

# Of /paper/…, which "fetch" asks: such a file does not show by itself whose it is.
ANSWERED_PAPER = ANSWER["data"][0]["citingPaper"] | {"tldr": {"text": "Ponds move."}, "abstract": "Ponds."}
S2ORC_2020 = {"paper_id": "77", "_pdf_hash": "ab" * 20, **S2ORC["pdf_parse"]}
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

# format -> its samples. A row of FORMATS without one fails test_readers_survive_anything.py.
SAMPLES = {
    "native": [(json.dumps(NATIVE) + "\n").encode() * 2],
    "semantic-scholar": [json.dumps(ANSWER).encode(), json.dumps(ANSWERED_PAPER).encode()],
    "jats": [JATS.encode()],
    "tei": [TEI.encode()],
    "pdf": [b"%PDF-1.7\n%\xe2\xe3 made up\n%%EOF\n"],
    "pubmed": [PUBMED.encode()],
    "arxiv": [FEED.encode()],
    "unarxive": [(json.dumps(UNARXIVE) + "\n").encode() * 2],
    "s2orc": [json.dumps(S2ORC).encode(), json.dumps(S2ORC_2020).encode()],
    "openalex": [(json.dumps(OPENALEX) + "\n").encode() * 2],
    "crossref": [json.dumps(CROSSREF).encode()],
    "crossref-xml": [DEPOSIT.encode()],
    "semantic-scholar-bulk": [f"{json.dumps(BULK_PAPER)}\n{json.dumps(BULK_CITATION)}\n".encode()],
    "opencitations": [PAIRS.encode(), TRIPLES.encode()],
    "csl-json": [json.dumps(CSL).encode()],
    "ris": [RIS.encode()],
    "wos": [WOS.encode(), WOS_TABLE.encode("utf-16")],
    "endnote": [ENDNOTE.encode(), ENDNOTE_XML.encode()],
    "bibtex": [BIBTEX.encode(), "@book{a, title = {虚构湖泊的潮汐研究}}".encode("gbk")],
    "csv": [CSV.encode("utf-8-sig")],
}
