"""The search box: what is found, in which order, and what is forgiven; suggestions for what is typed."""

import pytest
from lxml import html

from explorer import finding
from explorer.finding import find, suggest
from papers import identifiers
from tests.factories import make_citation, make_paper, refresh

pytestmark = pytest.mark.django_db

TITLE = "An acoustic index of dawn chorus recovery"
DOI = "10.5555/Dawn.Chorus(2015)1"
REFERENCE = "Moor, A., & Lind, B. (2015). {title}. Journal of Reeds and Weirs, 12(3), 3–4. {end}"
HOSTILE = [
    '"',
    "' OR 1=1 --",
    'NEAR("a" "b") * ^ : -x',
    "a:* & !b | (c <-> d)",
    "words MATCH rowid",
    "\\' \\",
    "%_%",
    "(((((",
    "\u202e\u0301\ud7ff",
    "→12",
    "AND OR NOT",
    "{a b}: column",
    "x" * 900,
    "a b c d e f g h i j k l m n o p " * 30,
]


@pytest.fixture
def library():
    """Titles to be found, the second cited most."""
    made = {
        "dawn": make_paper(
            TITLE, authors=["Ann Moor", "Bo Lind"], identifiers={"doi": DOI.lower()}, year=2015
        ),
        "cited": make_paper("Dawn recovery of an acoustic sort", authors=["Cy Dawning"]),
        "author": make_paper("On reeds", authors=["Dawn Acoustic"]),
        "abstract": make_paper("Marsh birds", abstract="We heard the acoustic dawn and a nightjar."),
        "arxiv": make_paper("A preprint", identifiers={"arxiv": "2104.07143"}),
        "short": make_paper("Dawn"),
    }
    for number, name in enumerate(("cited", "cited", "dawn", "author", "author", "author")):
        make_citation(cited_paper=made[name], citing_paper=make_paper(f"Nothing of it {number}"))
    refresh()
    return made


def found_names(library, typed, most=50):
    names = {paper.pk: name for name, paper in library.items()}
    found = find(typed, most)
    return [names.get(paper.pk) for paper in found.papers], found.forgiven


# -- found as it is typed ---------------------------------------------------------------------------


def test_titles_come_first_then_authors_and_the_most_cited_of_each(library):
    # This very title, the words side by side, all in the title, and those of an author's name.
    assert found_names(library, "Dawn") == (["short", "cited", "dawn", "author"], "")
    assert found_names(library, "acoustic dawn") == (["cited", "dawn", "author"], "")
    assert found_names(library, "acoustic index of dawn") == (["dawn"], "")


@pytest.mark.parametrize(
    "typed", ["acous ind", "ACOUSTIC, index!", "chorus moor", "Lind", "the index of the dawn"]
)
def test_words_are_found_by_their_beginnings_wherever_they_stand(library, typed):
    assert found_names(library, typed) == (["dawn"], "")


def test_no_more_papers_than_asked_for_are_given(library):
    found = find("dawn", 2)
    assert len(found.papers) == 2 and found.more
    assert not find("dawn", 4).more


def test_of_very_many_papers_the_most_cited_are_looked_at_and_those_with_this_title(library, monkeypatch):
    monkeypatch.setattr(finding, "POOL", 2)
    assert found_names(library, "dawn") == (["short", "author"], "")


# -- what is forgiven -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("acoustik index", "acoustic index"),  # another letter
        ("acustic index", "acoustic index"),  # one less
        ("acouustic index", "acoustic index"),  # one more
        ("acuostic index", "acoustic index"),  # two changed about
        ("bcoustic index", "acoustic index"),  # the first one
        ("acoustik indez", "acoustic index"),  # in two words
        ("acousitkc index", "acoustic index"),  # two letters of a long word
        ("chorsu recvery", "chorus recovery"),
    ],
)
def test_a_misspelt_word_is_forgiven_and_said(library, typed, shown):
    assert found_names(library, typed) == (["dawn"], "spelling")
    assert find(typed, 5).shown == shown


@pytest.mark.parametrize("typed", ["acoxxtic index", "zyx", "indxxx"])
def test_a_word_too_far_off_is_not(library, typed):
    assert found_names(library, typed) == ([], "")


def test_other_scripts_are_respelled_by_their_own_letters():
    paper = make_paper("Болота и птицы", authors=["И. Чайка"])
    assert [one.pk for one in find("болота птоцы", 5).papers] == [paper.pk]


def test_words_of_an_abstract_come_when_no_title_has_them(library):
    assert found_names(library, "nightjar") == (["abstract"], "abstract")
    assert found_names(library, "acoustic nightjar") == (["abstract"], "abstract")


def test_a_title_inside_a_pasted_reference_is_found(library):
    assert found_names(library, REFERENCE.format(title=TITLE, end="")) == (["dawn"], "pasted")


def test_a_title_with_words_missing_and_wrong_is_found(library):
    names, forgiven = found_names(library, "acoustic index dawn chorus zebra recovery")
    assert (names[0], forgiven) == ("dawn", "most") and "abstract" not in names
    assert found_names(library, "zebra quagga okapi") == ([], "")


# -- identifiers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        DOI,
        f"doi:{DOI}",
        f"DOI: {DOI.upper()}",
        f"https://doi.org/{DOI}",
        f"http://dx.doi.org/{DOI}",
        f"https://publisher.example/doi/full/{DOI}?download=true",
        REFERENCE.format(title="Another title", end=f"doi:{DOI}."),
        REFERENCE.format(title="Another title", end=f"https://doi.org/{DOI}"),
        REFERENCE.format(title="Another title", end=f"DOI {DOI}, PMID: 7"),
        f"doi:10.5555/unheard and ({DOI})",
    ],
)
def test_an_identifier_in_any_form_opens_its_paper(client, library, typed):
    answer = client.get("/", {"q": typed})
    assert (answer.status_code, answer["Location"]) == (302, library["dawn"].get_absolute_url())


@pytest.mark.parametrize(
    "typed",
    [
        "2104.07143",
        "arXiv:2104.07143v3",
        "https://arxiv.org/pdf/2104.07143v1.pdf",
        "10.48550/arXiv.2104.07143",
        "Moor (2021). A title. arXiv: 2104.07143 [cs.CL]",
        "A title (arXiv:2104.07143v2).",
    ],
)
def test_an_arxiv_identifier_does_too(client, library, typed):
    assert client.get("/", {"q": typed})["Location"] == library["arxiv"].get_absolute_url()


def test_an_identifier_that_nobody_has_leaves_the_words_of_a_reference(client, library):
    typed = REFERENCE.format(title=TITLE, end="doi:10.5555/unheard")
    page = html.document_fromstring(client.get("/", {"q": typed}).content.decode())
    assert page.xpath("//ol[@class='hubs']//a[@class='title']/text()") == [TITLE]
    alone = client.get("/", {"q": "doi:10.5555/unheard"}).content.decode()
    assert "No paper here has the identifier doi:10.5555/unheard." in " ".join(alone.split())


@pytest.mark.parametrize(
    ("pasted", "pairs"),
    [
        ("A (1999) b. doi:10.5555/a.b.", [("doi", "10.5555/a.b")]),
        ("PMID: 12345; PMCID: PMC678.", [("pmid", "12345"), ("pmcid", "PMC678")]),
        ("see https://openalex.org/W12, and J93-2004", [("acl", "J93-2004"), ("openalex", "W12")]),
        ("In 2019 W3 and 12345 were W12.", []),
        ("x" * 5000, []),
        (None, []),
    ],
)
def test_identifiers_are_found_within_a_text(pasted, pairs):
    assert identifiers.identifiers_in(pasted) == pairs


# -- the pages --------------------------------------------------------------------------------------


def notice(client, typed):
    page = html.document_fromstring(client.get("/", {"q": typed}).content.decode())
    return " ".join(" ".join(page.xpath("//p[@class='notice']")[0].text_content().split()).split())


def test_the_page_says_what_was_forgiven(client, library):
    assert notice(client, "acoustik index") == "Nothing has “acoustik index”; showing “acoustic index”."
    assert "whose abstracts do" in notice(client, "nightjar")
    assert "a title that stands in it" in notice(client, REFERENCE.format(title=TITLE, end=""))
    assert "titles that come close" in notice(client, "acoustic index dawn chorus zebra recovery")


@pytest.mark.parametrize("typed", ["", "   ", "\x00", "the", "?", "a"])
def test_next_to_nothing_is_no_error(client, library, typed):
    assert client.get("/", {"q": typed}).status_code == 200
    assert client.get("/suggestions/", {"q": typed}).status_code == 200


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_that_is_typed_is_more_than_words(client, library, typed):
    for address in ("/", "/suggestions/", "/papers/"):
        assert client.get(address, {"q": typed}).status_code == 200
        assert client.get(address, {"q": f"dawn\x00 {typed}"}).status_code == 200
    assert client.get("/api/v1/search", {"q": typed}).status_code in (200, 422)


def test_the_list_of_hubs_and_the_api_find_by_title_and_author_only(client, library):
    for word, papers in (("nightjar", 0), ("dawn", 3)):
        page = html.document_fromstring(client.get("/papers/", {"q": word}).content.decode())
        assert len(page.xpath("//ol[@class='hubs']/li")) == papers
    assert client.get("/api/v1/search", {"q": "nightjar"}).json()["count"] == 0
    assert client.get("/api/v1/search", {"q": "dawn"}).json()["count"] == 4


# -- suggestions ------------------------------------------------------------------------------------


def test_suggestions_say_how_each_paper_is_cited(client, library):
    answer = client.get("/suggestions/", {"q": "acoustic daw"}).json()
    assert answer["said"] == "3 papers suggested"
    assert answer["papers"][1] == {
        "title": TITLE,
        "lang": library["dawn"].language,
        "about": "Ann Moor and others · 2015 · cited by 1 paper here · Few citations",
        "url": library["dawn"].get_absolute_url(),
    }


def test_suggestions_take_identifiers_and_forgive_nothing(client, library):
    assert [one["title"] for one in client.get("/suggestions/", {"q": DOI}).json()["papers"]] == [TITLE]
    for typed in ("acoustik", "nightjar", "10.5555/unheard"):
        assert client.get("/suggestions/", {"q": typed}).json() == {
            "said": "0 papers suggested",
            "papers": [],
        }


def test_suggestions_are_few_and_kept(client, library, django_assert_num_queries):
    for number in range(12):
        make_paper(f"Dawn number {number}")
    assert len(client.get("/suggestions/", {"q": "dawn"}).json()["papers"]) == 8
    with django_assert_num_queries(1):  # the library's mark
        client.get("/suggestions/", {"q": "dawn"})


@pytest.mark.parametrize(
    ("typed", "queries"),
    [("dawn", 5), ("acoustik", 6), ("acousitkc", 8), ("nightjar", 10), ("zebra quagga okapi", 10), ("!", 0)],
)
def test_a_search_costs_a_bounded_number_of_queries(library, django_assert_max_num_queries, typed, queries):
    for number in range(3):
        make_paper(f"Dawn acoustic number {number}", authors=["Ed Moor"], abstract="A nightjar.")
        with django_assert_max_num_queries(queries):
            find(typed, 50)
        with django_assert_max_num_queries(5):
            suggest(typed, 8)
