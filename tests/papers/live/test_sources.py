"""What each source is asked for, in what order, and what it counts."""

import pytest

from papers import importers
from papers.live import SOURCES, Client, SourceDown, Tally, openalex, semantic_scholar
from papers.records import PaperRecord
from tests.papers.live.stand_in import Reply


@pytest.fixture
def ask(tmp_path, service):
    """Every page of one source for the paper with these identifiers, and its tally."""

    def ask(name, known, limit=None):
        source, tally = SOURCES[name], Tally()
        with Client(tmp_path) as client:
            found = list(source.pages(client, source.service(service.url, ""), known, tally, limit))
        return found, tally

    return ask


def records(pages):
    return [
        item
        for page in pages
        for item in importers.read(page.path, format=page.format, about=page.about)
        if isinstance(item, PaperRecord)
    ]


def s2_citing(number):
    return {"contexts": ["So [1]."], "citingPaper": {"paperId": f"{number:040x}", "title": f"Pond {number}"}}


def s2_paper(service, citations=3, references=1):
    service.answers["/paper/DOI:10.5555/tide.1"] = {
        "paperId": "a" * 40,
        "externalIds": {"DOI": "10.5555/TIDE.1", "ArXiv": "2104.07143"},
        "title": "Tides",
        "tldr": {"text": "Spoons pull water."},
        "citationCount": citations,
        "referenceCount": references,
    }
    service.answers[f"/paper/{'a' * 40}/references?offset=0&limit=1000"] = {
        "offset": 0,
        "data": [{"citedPaper": {"paperId": "b" * 40, "title": "Moon"}}],
    }


def s2_citations(service, *pages, size=500):
    """The pages of a list, each a number of items."""
    offset = 0
    for place, items in enumerate(pages):
        listing = {"offset": offset, "data": [s2_citing(offset + number) for number in range(items)]}
        if place + 1 < len(pages):
            listing["next"] = offset + items
        service.answers[f"/paper/{'a' * 40}/citations?offset={offset}&limit={size}"] = listing
        offset += items


def test_semantic_scholar_gives_paper_citing_papers_and_references(ask, service):
    s2_paper(service, citations=5)
    s2_citations(service, 3, 2)
    pages, tally = ask("semantic-scholar", {"doi": "10.5555/tide.1"})
    found = records(pages)
    assert found[0].title == "Tides" and found[0].summary == "Spoons pull water."
    assert found[0].identifiers == {"doi": "10.5555/tide.1", "arxiv": "2104.07143", "s2": "a" * 40}
    assert [record.title for record in found[1:-1]] == [f"Pond {number}" for number in range(5)]
    assert all(record.references[0].identifiers == found[0].identifiers for record in found[1:-1])
    assert [reference.title for reference in found[-1].references] == ["Moon"]
    assert (tally.citing.received, tally.citing.stated) == (5, 5)
    assert (tally.references.received, tally.references.stated) == (1, 1)
    assert tally.citing.difference() == tally.references.difference() == ""
    assert "contextsWithIntent" in service.requests[1].path and "isInfluential" in service.requests[1].path


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"doi": "10.5555/a b(c)#d?e"}, "/paper/DOI:10.5555/a%20b%28c%29%23d%3Fe"),
        ({"arxiv": "hep-th/9901001"}, "/paper/ARXIV:hep-th/9901001"),
        ({"acl": "J93-2004"}, "/paper/ACL:J93-2004"),
        ({"pmid": "7"}, "/paper/PMID:7"),
        ({"pmcid": "PMC7"}, "/paper/PMCID:7"),
        ({"corpusid": "7"}, "/paper/CorpusId:7"),
        ({"openalex": "W1", "s2": "c" * 40}, f"/paper/{'c' * 40}"),
    ],
)
def test_semantic_scholar_is_asked_by_its_own_names(ask, service, known, name):
    with pytest.raises(Exception, match="does not know"):
        ask("semantic-scholar", known)
    assert service.requests[0].path.startswith(f"{name}?fields=")


def test_semantic_scholar_stops_before_ten_thousand_and_says_so(ask, service, monkeypatch):
    s2_paper(service, citations=12_000)
    monkeypatch.setattr(semantic_scholar, "CITATIONS_A_PAGE", 5000)
    s2_citations(service, 5000, size=5000)
    first = service.answers[f"/paper/{'a' * 40}/citations?offset=0&limit=5000"]
    first["next"] = 5000
    rest = {"offset": 5000, "next": 9999, "data": [s2_citing(number) for number in range(5000, 9999)]}
    service.answers[f"/paper/{'a' * 40}/citations?offset=5000&limit=4999"] = rest
    _pages, tally = ask("semantic-scholar", {"doi": "10.5555/tide.1"})
    assert tally.citing.difference() == "9,999 received, 12,000 stated (the service gives no more than 9,999)"


def test_semantic_scholar_is_asked_for_no_more_than_the_limit(ask, service):
    s2_paper(service, citations=5)
    service.answers[f"/paper/{'a' * 40}/citations?offset=0&limit=2"] = {
        "offset": 0,
        "next": 2,
        "data": [s2_citing(0), s2_citing(1)],
    }
    pages, tally = ask("semantic-scholar", {"doi": "10.5555/tide.1"}, limit=2)
    assert len(pages) == 3 and tally.citing.difference() == "2 received, 5 stated (--limit 2)"


@pytest.mark.parametrize("following", [0, 3])
def test_a_list_that_points_back_ends(ask, service, following):
    s2_paper(service)
    s2_citations(service, 3, 1)
    service.answers[f"/paper/{'a' * 40}/citations?offset=3&limit=500"] |= {"next": following}
    _pages, tally = ask("semantic-scholar", {"doi": "10.5555/tide.1"})
    assert tally.citing.received == 4 and len(service.requests) == 4


def test_a_list_that_the_publisher_withholds_is_empty(ask, service):
    s2_paper(service)
    s2_citations(service, 3)
    service.answers[f"/paper/{'a' * 40}/references?offset=0&limit=1000"] = {"offset": 0, "data": None}
    pages, tally = ask("semantic-scholar", {"doi": "10.5555/tide.1"})
    assert len(pages) == 2 and tally.references.difference() == "0 received, 1 stated"


def test_a_source_that_fails_midway_has_given_what_came_before(tmp_path, service):
    s2_paper(service, citations=5)
    s2_citations(service, 3, 2)
    service.answers[f"/paper/{'a' * 40}/citations?offset=3&limit=500"] = Reply(500)
    source, tally, pages = SOURCES["semantic-scholar"], Tally(), []
    with Client(tmp_path) as client, pytest.raises(SourceDown, match="HTTP 500"):
        for page in source.pages(
            client, source.service(service.url, ""), {"doi": "10.5555/tide.1"}, tally, None
        ):
            pages.append(page)
    assert len(records(pages)) == 4 and tally.citing.received == 3


def work(number, cites=(), **more):
    cited = [f"https://openalex.org/W{other}" for other in cites]
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"Work {number}",
        "referenced_works": cited,
        "referenced_works_count": len(cited),
    } | more


def listing(works, count, cursor=None):
    return {"meta": {"count": count, "db_response_time_ms": 1, "next_cursor": cursor}, "results": works}


def test_openalex_gives_work_citing_works_and_cited_works(ask, service):
    cited = list(range(100, 160))
    service.answers["/works/doi:10.5555/tide.1"] = work(
        1, cited, cited_by_count=3, doi="https://doi.org/10.5555/tide.1"
    )
    listed = "/works?filter=cites:W1&per_page=100&cursor="
    service.answers[f"{listed}*"] = listing([work(2, [1, 9]), work(3, [1])], 3, "next=")
    service.answers[f"{listed}next%3D"] = listing([work(4, [1])], 3, "end")
    service.answers[f"{listed}end"] = listing([], 3)
    for batch in (cited[:50], cited[50:]):
        names = "|".join(f"W{number}" for number in batch)
        found = [work(number) for number in batch if number != 159]
        service.answers[f"/works?filter=openalex_id:{names}&per_page=50"] = listing(found, len(found))
    pages, tally = ask("openalex", {"doi": "10.5555/tide.1"})
    found = records(pages)
    assert [record.title for record in found[:4]] == ["Work 1", "Work 2", "Work 3", "Work 4"]
    assert {reference.identifiers["openalex"] for reference in found[1].references} == {"W1", "W9"}
    assert len(found) == 4 + 59
    assert (tally.citing.received, tally.citing.stated) == (3, 3)
    assert tally.references.difference() == "59 received, 60 stated (the others are no longer in OpenAlex)"
    assert pages[-1].about == {"doi": "10.5555/tide.1", "openalex": "W1"}
    assert "referenced_works" in service.requests[1].path
    assert "referenced_works" not in service.requests[-1].path


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"openalex": "W1"}, "/works/W1"),
        ({"pmid": "7"}, "/works/pmid:7"),
        ({"pmcid": "PMC7"}, "/works/pmcid:PMC7"),
        ({"arxiv": "2104.07143"}, "/works/doi:10.48550/arxiv.2104.07143"),
    ],
)
def test_openalex_is_asked_by_its_own_names(ask, service, known, name):
    with pytest.raises(Exception, match="does not know"):
        ask("openalex", known)
    assert service.asked == [name]


def test_what_was_asked_for_belongs_to_the_paper_though_the_answer_does_not_repeat_it(ask, service):
    service.answers["/works/doi:10.48550/arxiv.2104.07143"] = work(1, doi="https://doi.org/10.5555/tide.1")
    service.answers["/works?filter=cites:W1&per_page=100&cursor=*"] = listing([], 0)
    [page], _tally = ask("openalex", {"arxiv": "2104.07143"})
    assert page.about == {"doi": "10.5555/tide.1", "arxiv": "2104.07143", "openalex": "W1"}


def test_openalex_is_asked_for_no_more_than_the_limit(ask, service, monkeypatch):
    monkeypatch.setattr(openalex, "WORKS_A_PAGE", 2)
    service.answers["/works/W1"] = work(1, cited_by_count=9)
    service.answers["/works?filter=cites:W1&per_page=2&cursor=*"] = listing([work(2), work(3)], 9, "a")
    service.answers["/works?filter=cites:W1&per_page=1&cursor=a"] = listing([work(4)], 9, "b")
    _pages, tally = ask("openalex", {"openalex": "W1"}, limit=3)
    assert tally.citing.difference() == "3 received, 9 stated (--limit 3)"


def test_crossref_gives_the_work_and_its_references(ask, service):
    service.answers["/works/10.5555%2Ftide.1"] = service.answers["/works/10.5555/tide.1"] = {
        "status": "ok",
        "message-type": "work",
        "message": {
            "DOI": "10.5555/tide.1",
            "title": ["Tides"],
            "is-referenced-by-count": 12,
            "reference-count": 2,
            "reference": [{"DOI": "10.5555/moon"}, {"unstructured": "Moss, A. Ponds."}],
        },
    }
    pages, tally = ask("crossref", {"arxiv": "2104.07143", "doi": "10.5555/tide.1"})
    [record] = records(pages)
    assert record.title == "Tides" and len(record.references) == 2 and record.references_complete
    assert (tally.citing.received, tally.citing.stated) == (None, 12)
    assert tally.citing.difference() == tally.references.difference() == ""
    assert service.requests[0].path == "/works/10.5555%2Ftide.1"


def test_crossref_without_open_references_says_so(ask, service):
    service.answers["/works/10.5555%2Ftide.1"] = {
        "message": {"DOI": "10.5555/tide.1", "title": ["Tides"], "reference-count": 2}
    }
    _pages, tally = ask("crossref", {"doi": "10.5555/tide.1"})
    assert (
        "0 received, 2 stated (the publisher has not deposited them openly)" == tally.references.difference()
    )


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_knows_none_of_the_identifiers_is_not_asked(ask, service, name):
    known = {"corpusid": "7"} if name != "semantic-scholar" else {"openalex": "W1"}
    assert SOURCES[name].address(known) is None
    assert ask(name, known)[0] == [] and service.requests == []
