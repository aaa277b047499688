"""The JSON API: the contract's keys and numbers, references in any form, refusals, bounded queries."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import transaction
from django.utils import timezone, translation

from citations.labels import LabelSource
from citations.models import CitationContext, Claim, HubSummary
from explorer import api, facets
from explorer.facets import BY_NAME
from explorer.hub import Hub
from papers.models import Notice, Paper, PaperIdentifier, PaperRedirect, PaperVersion
from tests.factories import (
    make_assertion,
    make_author,
    make_citation,
    make_claim,
    make_context,
    make_hub,
    make_paper,
    make_reading,
    make_treatment,
    refresh,
)

pytestmark = pytest.mark.django_db

DOI = "10.5555/Marsh.Birds(2009)1"
PARTS = ("", "/hub", "/citations", "/cocited", "/claims")
GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def get(client):
    """GET below ``/api/v1/``: returns the JSON, and insists on the status."""

    def read(path, *, status=200, **headers):
        address = path if path.startswith("http") else f"/api/v1/{path}"
        response = client.get(address, headers=headers or None)
        assert response.status_code == status, response.content
        kind = "application/json" if status < 400 else "application/problem+json"
        assert response["Content-Type"].split(";")[0] == kind
        return response.json()

    return read


def label(citation, *values, source=LabelSource.DATASET, section="", group_size=None, sentence=None):
    """A citing sentence with a label for each value."""
    context = make_context(citation, sentence, section=section, group_size=group_size)
    for value in values:
        make_assertion(context, value=value, source=source)
    return context


@pytest.fixture(scope="module")
def marsh(django_db_setup, django_db_blocker):
    """The paper of ``make_marsh``, made once for the tests of this file, which only read it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_marsh()
        transaction.set_rollback(True)


def make_marsh():
    """A paper cited by twelve papers that differ in everything a parameter can ask for."""
    ana = make_author("Ana Marsh", key="orcid:0000-0002-1825-0097")
    paper = make_paper("Birds of the marsh", authors=[ana], identifiers={"doi": DOI.lower()}, year=2009)
    other = make_paper("Frogs of the marsh", year=2001)

    def cite(year, **columns):
        return make_citation(make_paper(year=year, **columns), paper)

    tools = cite(2012, title="A kit for reeds", venue="Reed Letters", fields=["Ecology", "Statistics"])
    for section in ("Methods", "Results", "Discussion"):
        label(tools, "method", "supports", section=section)
    make_citation(tools.citing_paper, other)
    label(cite(2013, venue="Reed Letters"), "background", "neutral", section="Introduction", group_size=4)
    label(cite(2014, fields=["Ecology"]), "background", section="Introduction")
    label(cite(2015, retracted=True), "comparison", "disputes", section="Results")
    extended = label(cite(2016, authors=[ana], retracted=False), "extension", source=LabelSource.CURATOR)
    make_reading(extended, role="method")
    label(cite(2017), "method", source=LabelSource.PROVIDER, section="Methods")
    label(cite(2018), "evidence", "qualifies", source=LabelSource.CURATOR, section="Discussion")
    label(cite(2018, authors=["Bo Reed"]), "neutral")
    heron = make_context(cite(2019, venue="Marsh Notes"), "Here the word heron stands.")
    make_reading(heron, polarity="disputes", polarity_probability=0.6)
    cite(2020)
    cite(None)
    make_citation(make_paper("Newts of the fen", year=2021), paper)
    paper.claim = make_claim(paper, "Reeds hide birds.")
    make_treatment(paper.claim, tools, treatment="supports")
    refresh()
    return paper


# -- the hub --------------------------------------------------------------------------------------


def test_a_hub_has_the_keys_of_the_contract(get, marsh):
    answer = get(f"papers/{marsh.pk}/hub")
    assert set(answer) == {
        *("paper", "tier", "status", "provisional", "headline", "coverage", "roles", "polarities", "as_of"),
        *("estimates", "machine", "fictional"),
    }
    assert answer["paper"] == {
        "id": marsh.pk,
        "title": "Birds of the marsh",
        "year": 2009,
        "identifiers": {"doi": DOI.lower()},
        "url": f"http://testserver/papers/{marsh.pk}-birds-of-the-marsh/",
        "retracted": None,
    }
    assert answer["coverage"] == {"known": 12, "read": 9, "labelled": 7, "curated": 6, "polarity_labelled": 5}
    assert answer["tier"] == "hub"
    assert answer["as_of"].endswith("Z")
    assert set(answer["roles"][0]) == {"role", "count", "share", "low", "high"}
    assert set(answer["polarities"][0]) == {"polarity", "count", "share", "low", "high"}


def test_the_numbers_of_a_hub_are_those_of_its_summary(get, marsh):
    answer, row = get(f"papers/{marsh.pk}/hub"), HubSummary.objects.get(paper=marsh)
    assert {line["role"]: line["count"] for line in answer["roles"]} == row.roles
    assert {line["polarity"]: line["count"] for line in answer["polarities"]} == row.polarities
    assert sum(line["count"] for line in answer["roles"]) == answer["coverage"]["labelled"]
    assert sum(line["count"] for line in answer["polarities"]) == answer["coverage"]["polarity_labelled"]
    stored = (row.tier, row.status, row.provisional, row.headline)
    assert (answer["tier"], answer["status"], answer["provisional"], answer["headline"]) == stored


def test_shares_are_unrounded_and_largest_first(get):
    paper = make_hub(roles={"background": 2, "method": 11}, unread=1)
    first, second = get(f"papers/{paper.pk}/hub")["roles"]
    assert (first["role"], first["count"], first["share"]) == ("method", 11, 11 / 13)
    assert (second["role"], second["share"]) == ("background", 2 / 13)
    assert first["low"] == pytest.approx(0.5777, abs=1e-4)
    assert first["high"] == pytest.approx(0.9567, abs=1e-4)


def test_bounds_are_null_where_every_known_paper_is_labelled(get):
    paper = make_hub(roles={"method": 10})
    (line,) = get(f"papers/{paper.pk}/hub")["roles"]
    assert line == {"role": "method", "count": 10, "share": 1.0, "low": None, "high": None}


def test_answers_are_english_whatever_the_reader_speaks(get, marsh, monkeypatch):
    spoken = []
    monkeypatch.setattr(api, "Hub", lambda *given: spoken.append(translation.get_language()) or Hub(*given))
    with translation.override("de"):
        answer = get(f"papers/{marsh.pk}/hub", **{"Accept-Language": "de"})
    assert spoken == ["en"]
    assert answer["headline"] == "Mixed citation behavior. Most common role is method (2 of 7)."


def test_a_paper_that_nobody_cites_has_a_hub(get):
    paper = make_paper("Alone", is_fictional=True)
    answer = get(f"papers/{paper.pk}/hub")
    assert (answer["tier"], answer["status"], answer["provisional"]) == (None, "few-citations", False)
    assert answer["headline"] == "0 papers here cite this work."
    assert set(answer["coverage"].values()) == {0}
    assert (answer["roles"], answer["polarities"], answer["as_of"]) == ([], [], None)
    assert answer["fictional"] is True


# -- references -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "ref",
    [
        "doi:10.5555/reeds.sung(2009)1",
        "DOI:10.5555/REEDS.sung(2009)1",
        "doi:10.5555%2FReeds.Sung%282009%291",
        "doi:https://doi.org/10.5555/reeds.sung(2009)1",
        "arxiv:2104.07143v2",
        "acl:J93-2004",
    ],
)
def test_a_reference_is_taken_in_any_spelling(get, ref, part):
    held = {"doi": "10.5555/reeds.sung(2009)1", "arxiv": "2104.07143", "acl": "J93-2004"}
    paper = make_paper("Found", identifiers=held)
    assert get(f"papers/{ref}{part}") == get(f"papers/{paper.pk}{part}")


@pytest.mark.parametrize(
    "doi", ["10.5555/hub/7", "10.5555/x/citations/y", "10.5555/x/hub", "10.5555/x/claims", "10.5555/hub"]
)
def test_a_doi_may_hold_the_words_of_an_address(get, doi):
    paper = make_paper("Oddly named", identifiers={"doi": doi})
    assert get(f"papers/doi:{doi}")["id"] == paper.pk
    assert get(f"papers/doi:{doi}/hub")["paper"]["id"] == paper.pk
    get(f"papers/doi:{doi}?page=1", status=422)


def test_the_part_is_read_before_the_rest_of_a_doi(get):
    plain = make_paper("Plain", identifiers={"doi": "10.5555/x"})
    make_paper("Oddly named", identifiers={"doi": "10.5555/x/hub"})
    assert get("papers/doi:10.5555/x/hub")["paper"]["id"] == plain.pk


@pytest.mark.parametrize("part", PARTS)
def test_the_number_of_a_merged_paper_leads_to_the_kept_one(client, part):
    kept = make_paper("Kept")
    PaperRedirect.objects.create(old_id=kept.pk + 1000, paper=kept)
    response = client.get(f"/api/v1/papers/{kept.pk + 1000}{part}?role=method")
    assert response.status_code == 301
    assert response["Location"] == f"/api/v1/papers/{kept.pk}{part}?role=method"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "ref",
    [
        "0",
        "987654",
        "9" * 19,
        "9" * 5000,
        "-1",
        "hub",
        "doi:",
        "doi:10.5555/none",
        "doi:10.5555/n%00",
        "isbn:1",
        "²",
    ],
)
def test_an_unknown_paper_is_a_404(get, ref, part):
    answer = get(f"papers/{ref}{part}", status=404)
    assert set(answer) == {"type", "title", "status", "detail"}
    assert (answer["title"], answer["status"]) == ("Not Found", 404)


# -- one paper ------------------------------------------------------------------------------------


def test_everything_about_one_paper(get):
    linked = make_author("Ana Marsh", key="orcid:0000-0002-1825-0097")
    linked.orcid = "0000-0002-1825-0097"
    linked.save()
    paper = make_paper(
        "Birds of the marsh",
        authors=[linked, "Bo Reed"],
        identifiers={"acl": "J93-2004"},
        venue="Reed Letters",
        fields=["Ecology", "Botany"],
        date="2009-04",
        kind="article",
        language="en",
        abstract="We count birds.",
        summary="Birds are counted.",
        license="CC BY 4.0",
        retracted=True,
        year=2009,
    )
    preprint = PaperVersion.objects.create(paper=paper, kind="preprint", date="2008-12")
    PaperIdentifier.objects.create(paper=paper, scheme="doi", value="10.5555/0", version=preprint)
    PaperIdentifier.objects.create(paper=paper, scheme="doi", value="10.5555/a")
    notice = make_paper("Taken back", identifiers={"doi": "10.5555/notice"})
    Notice.objects.create(paper=paper, kind="retraction", notice_paper=notice)
    answer = get(f"papers/{paper.pk}")
    assert answer.pop("url") == f"http://testserver/papers/{paper.pk}-birds-of-the-marsh/"
    assert [row.pop("url") for row in answer["all_identifiers"]][0] == "https://doi.org/10.5555/a"
    assert answer == {
        "id": paper.pk,
        "title": "Birds of the marsh",
        "year": 2009,
        "identifiers": {"doi": "10.5555/a", "acl": "J93-2004"},
        "retracted": True,
        "date": "2009-04",
        "venue": "Reed Letters",
        "authors": [
            {
                "name": "Ana Marsh",
                "orcid": "0000-0002-1825-0097",
                "url": f"http://testserver/authors/{linked.pk}/",
            },
            {"name": "Bo Reed", "orcid": None, "url": None},
        ],
        "all_identifiers": [
            {"scheme": "doi", "value": "10.5555/a"},
            {"scheme": "doi", "value": "10.5555/0"},
            {"scheme": "acl", "value": "J93-2004"},
        ],
        "kind": "article",
        "language": "en",
        "fields": ["Botany", "Ecology"],
        "abstract": "We count birds.",
        "summary": {"text": "Birds are counted.", "origin": "record"},
        "license": "CC BY 4.0",
        "versions": [
            {
                "kind": "preprint",
                "title": None,
                "venue": None,
                "date": "2008-12",
                "identifiers": {"doi": "10.5555/0"},
            }
        ],
        "notices": [
            {
                "kind": "retraction",
                "paper": {
                    "id": notice.pk,
                    "title": "Taken back",
                    "url": f"http://testserver/papers/{notice.pk}-taken-back/",
                },
            }
        ],
        "fictional": False,
    }


def test_a_bare_paper_shows_its_identifier_and_nulls(get):
    paper = make_paper("", identifiers={"acl": "J93-2004"}, year=None)
    answer = get(f"papers/{paper.pk}")
    assert "J93-2004" in answer["title"]
    empty = [name for name, value in answer.items() if value is None]
    assert empty == [
        *("year", "retracted", "date", "venue", "kind", "language", "abstract", "summary", "license"),
    ]


# -- citations ------------------------------------------------------------------------------------


def test_a_citing_paper_has_the_keys_of_the_contract(get, marsh):
    answer = get(f"papers/{marsh.pk}/citations?q=kit")
    assert set(answer) == {"count", "results", "next", "facets"}
    (result,) = answer["results"]
    assert set(result) - {"pair_labels"} == {
        *("paper", "role", "also", "polarity", "depth", "is_self_citation", "label_source", "contexts"),
    }
    assert set(result["paper"]) == {"id", "title", "year", "identifiers", "url", "retracted"}
    context = result["contexts"][0]
    assert {"text", "start", "end", "section", "labels"} <= set(context)
    assert {"source", "scheme", "value", "confidence", "at"} <= set(context["labels"][0])
    shown = (result["role"], result["polarity"], result["depth"], result["label_source"])
    assert shown == ("method", "supports", 4, "dataset")


def test_what_is_not_known_of_a_citation_is_null(get, marsh):
    (result,) = get(f"papers/{marsh.pk}/citations?q=newts")["results"]
    del result["paper"]
    assert result == {
        "role": None,
        "also": [],
        "polarity": None,
        "depth": None,
        "is_self_citation": None,
        "label_source": None,
        "contexts": [],
        "pair_labels": [],
    }


def test_labels_carry_the_word_of_their_scheme_and_ours(get):
    citation = make_citation()
    context = make_context(citation, "It holds, as said before.", section="Results", start=0, end=2)
    at = timezone.now()
    said = {"scheme": "wos", "original_value": "support", "source": LabelSource.PROVIDER, "created_at": at}
    make_assertion(context, value="comparison", confidence=0.75, **said)
    make_assertion(context, value="supports", **said)
    make_assertion(context, value="", scheme="own-words", original_value="puzzling")
    make_assertion(context, value="method", withdrawn_at=at)
    make_assertion(citation=citation, value="evidence", source=LabelSource.PROVIDER)
    refresh()
    (result,) = get(f"papers/{citation.cited_paper_id}/citations")["results"]
    (held,) = result["contexts"]
    labels = held.pop("labels")
    assert held == {
        "text": "It holds, as said before.",
        "start": 0,
        "end": 2,
        "section": "Results",
        "section_kind": "results",
        "suppressed": False,
    }
    words = [(row["scheme"], row["value"], row["role"], row["polarity"], row["confidence"]) for row in labels]
    assert words == [
        ("wos", "support", "comparison", None, 0.75),
        ("wos", "support", None, "supports", None),
        ("own-words", "puzzling", None, None, None),
    ]
    assert {row["source"] for row in labels} == {"provider", "dataset"}
    assert labels[0]["at"].endswith("Z")
    assert [row["role"] for row in result["pair_labels"]] == ["evidence"]


def test_a_suppressed_sentence_keeps_its_labels_only(get):
    context = make_context(make_citation(), "Not to be shown.", start=0, end=3)
    make_assertion(context, value="method")
    context.passage.suppressed_at = timezone.now()
    context.passage.save()
    refresh()
    answer = get(f"papers/{context.citation.cited_paper_id}/citations")
    (held,) = answer["results"][0]["contexts"]
    assert (held["text"], held["start"], held["end"], held["suppressed"]) == ("", None, None, True)
    assert held["labels"][0]["role"] == "method"
    assert "Not to be shown" not in json.dumps(answer)


def test_withdrawn_sentences_and_pairs_are_not_listed(get):
    citation = make_citation()
    make_context(citation, "This one stays.")
    gone = make_context(citation, "This one goes.")
    CitationContext.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    make_citation(cited_paper=citation.cited_paper, withdrawn_at=timezone.now())
    refresh()
    answer = get(f"papers/{citation.cited_paper_id}/citations")
    assert answer["count"] == 1
    assert [held["text"] for held in answer["results"][0]["contexts"]] == ["This one stays."]


def asked(marsh):
    """For each parameter a value, how many of the twelve papers it leaves, and a value that it refuses."""
    long = "x" * 301
    other = Paper.objects.get(title="Frogs of the marsh")
    return {
        "role": ("background", 2, "praise"),
        "polarity": ("unlabelled", 7, "kind"),
        "suggested": ("disputes", 1, "neutral"),
        "section": ("methods", 2, "cellar"),
        "field": ("Statistics", 1, long),
        "venue": ("Reed Letters", 2, long),
        "source": ("curator", 2, "rumour"),
        "labelled": ("none", 4, "twice"),
        "year_min": ("2018", 5, "late"),
        "year_max": ("2013", 2, "-1"),
        "undated": ("only", 1, "maybe"),
        "depth_min": ("2", 8, "5"),
        "depth": ("1", 1, "5"),
        "self": ("only", 1, "yes"),
        "text": ("unread", 3, "held"),
        "retracted": ("exclude", 11, "true"),
        "machine": ("read", 2, "asked"),
        "cites": (other.pk, 1, "frogs"),
        "claim": (f"{marsh.claim.pk}:supports", 1, "1:praises"),
        "q": ("heron", 1, long),
        "sort": ("year", 12, "-name"),
        "page": ("2", 12, "0"),
        "per_page": ("100", 12, "101"),
    }


def test_every_parameter_is_tried_here(marsh):
    assert list(asked(marsh)) == list(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_each_parameter_applies(get, marsh, name):
    value, count, _invalid = asked(marsh)[name]
    assert get(f"papers/{marsh.pk}/citations?{name}={value}")["count"] == count


@pytest.mark.parametrize("name", BY_NAME)
def test_each_parameter_refuses_what_it_does_not_know(get, marsh, name):
    _value, _count, invalid = asked(marsh)[name]
    answer = get(f"papers/{marsh.pk}/citations?{name}={invalid}", status=422)
    assert set(answer) == {"type", "title", "status", "detail", "invalid"}
    (line,) = answer["invalid"]
    assert line["name"] == name
    assert line["value"] and invalid.startswith(line["value"].rstrip("…"))
    assert line["reason"].startswith(f"{name} takes ")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("rolle=method", ["rolle"]),
        ("role=method&role=praise&colour=red", ["role", "colour"]),
        ("year_min=2020&year_max=2010", ["year_max"]),
        ("self=only&self=exclude", ["self"]),
        ("q=%00", ["q"]),
    ],
)
def test_all_that_is_wrong_is_named(get, marsh, query, names):
    answer = get(f"papers/{marsh.pk}/citations?{query}", status=422)
    assert [line["name"] for line in answer["invalid"]] == names


@pytest.mark.parametrize("address", ["papers/{}", *(f"papers/{{}}{part}" for part in PARTS[1:]), "search"])
def test_unknown_parameters_are_refused_everywhere(get, marsh, address):
    answer = get(f"{address.format(marsh.pk)}?nonsense=1", status=422)
    assert [(line["name"], line["value"]) for line in answer["invalid"]][0] == ("nonsense", "1")
    assert "nonsense" in answer["detail"]


@pytest.mark.parametrize(
    "selected",
    ["", "role=method&role=background", "field=Ecology&section=introduction", "labelled=role&year_min=2013"],
)
def test_each_facet_value_opens_as_many_papers_as_it_says(get, marsh, selected):
    values = [pair.split("=") for pair in selected.split("&") if pair]
    answer = get(f"papers/{marsh.pk}/citations?{selected}")
    assert set(answer["facets"]) == {parameter.name for parameter in facets.FACETS}
    for name, lines in answer["facets"].items():
        others = "&".join(f"{other}={value}" for other, value in values if other != name)
        for line in lines:
            opened = get(f"papers/{marsh.pk}/citations?{others}&{name}={quote(line['value'])}")
            assert (name, line["value"], opened["count"]) == (name, line["value"], line["count"])
            assert line["count"] > 0


def test_role_facets_add_up_to_what_is_labelled(get, marsh):
    answer, hub = get(f"papers/{marsh.pk}/citations"), get(f"papers/{marsh.pk}/hub")
    counted = {line["value"]: line["count"] for line in answer["facets"]["role"]}
    assert counted == {line["role"]: line["count"] for line in hub["roles"]}
    assert answer["count"] == hub["coverage"]["known"]


def test_next_leads_through_the_whole_list_once(get, marsh):
    seen, address = [], f"papers/{marsh.pk}/citations?sort=year&per_page=5"
    while address:
        answer = get(address)
        assert answer["count"] == 12
        seen += [result["paper"]["id"] for result in answer["results"]]
        address = answer["next"]
        assert address is None or address.startswith(f"http://testserver/api/v1/papers/{marsh.pk}/citations?")
    assert len(seen) == len(set(seen)) == 12


def test_next_keeps_the_filters(get, marsh):
    answer = get(f"papers/doi:{quote(DOI)}/citations?role=method&role=background&per_page=3")
    following = get(answer["next"])
    assert (answer["count"], following["count"], len(following["results"])) == (4, 4, 1)


@pytest.mark.parametrize("page", [4, 10**12])
def test_a_page_past_the_end_is_empty(get, marsh, page):
    answer = get(f"papers/{marsh.pk}/citations?per_page=5&page={page}")
    assert (answer["count"], answer["results"], answer["next"]) == (12, [], None)


# -- co-cited works and claims --------------------------------------------------------------------


@pytest.mark.parametrize("papers", [2, 10])
def test_co_cited_works_are_listed_whether_stored_or_counted_live(get, papers):
    paper, other = make_paper("One"), make_paper("Another", identifiers={"acl": "J93-2004"})
    for place in range(papers):
        citing = make_paper(f"Cites both, number {place}")
        context = make_context(make_citation(citing, paper))
        make_context(make_citation(citing, other), passage=context.passage if place == 0 else None)
    make_citation(cited_paper=paper)
    refresh()
    answer = get(f"papers/{paper.pk}/cocited")
    assert set(answer) == {"count", "results", "next", "left_out"}
    assert (answer["count"], answer["next"], answer["left_out"]) == (1, None, 0)
    (line,) = answer["results"]
    assert set(line) == {"paper", "count", "share", "same_passage", "examples"}
    assert line["paper"]["identifiers"] == {"acl": "J93-2004"}
    assert (line["count"], line["share"], line["same_passage"]) == (papers, papers / (papers + 1), 1)
    assert len(line["examples"]) == min(papers, 3)
    assert set(line["examples"][0]) == {"id", "title", "url"}
    assert get(f"papers/{paper.pk}/citations?cites={other.pk}")["count"] == papers


def test_claims_carry_their_counts_and_the_rest_is_untied(get, marsh):
    make_claim(marsh, "No longer said.", withdrawn_at=timezone.now())
    answer = get(f"papers/{marsh.pk}/claims")
    assert set(answer) == {"count", "results", "next", "untied"}
    assert answer["results"] == [
        {
            "id": marsh.claim.pk,
            "text": "Reeds hide birds.",
            "quote": None,
            "section": None,
            "origin": Claim.Origin.RECORD,
            "treatments": {"supports": 1, "qualifies": 0, "disputes": 0},
        }
    ]
    assert (answer["count"], answer["next"]) == (1, None)
    assert answer["untied"] == {"supports": 0, "qualifies": 1, "disputes": 1}
    for word, count in answer["untied"].items():
        assert get(f"papers/{marsh.pk}/citations?claim=none&polarity={word}")["count"] == count


# -- search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["birds MARSH", "Ana Marsh birds", DOI, f"doi:{DOI}", f"https://doi.org/{DOI}"],
)
def test_search_takes_words_and_identifiers(get, marsh, words):
    answer = get(f"search?q={quote(words)}")
    assert set(answer) == {"count", "results", "next"}
    (found,) = answer["results"]
    assert found["paper"]["id"] == marsh.pk
    assert (found["known"], found["tier"], found["status"]) == (12, "hub", "mixed-citations")


def test_search_lists_the_most_cited_first_in_pages(get):
    make_paper("A heron nobody cites")
    make_citation(cited_paper=make_paper("Winter of the heron"))
    refresh()
    first = get("search?q=heron&per_page=1")
    second = get(first["next"])
    titles = [answer["results"][0]["paper"]["title"] for answer in (first, second)]
    assert titles == ["Winter of the heron", "A heron nobody cites"]
    assert (first["count"], second["count"], second["next"]) == (2, 2, None)
    past = get("search?q=heron&page=9")
    assert (past["count"], past["results"], past["next"]) == (2, [], None)


@pytest.mark.parametrize("words", ["zebra", "10.5555/unheard", "???"])
def test_search_may_find_nothing(get, marsh, words):
    assert get(f"search?q={quote(words)}") == {"count": 0, "results": [], "next": None}


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=a&per_page=0", "q=a&role=method", f"q={'x' * 301}"])
def test_search_refuses(get, query):
    assert get(f"search?{query}", status=422)["invalid"]


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["", "nothing", "papers", "papers/", "search/", "docs", "papers/1/hub%0A"]
)
def test_an_unknown_address_is_a_404_in_json(get, address):
    assert get(address, status=404)["status"] == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("address", ["search?q=a", "papers/1", "openapi.json", "nothing"])
def test_only_get_and_head_are_allowed(client, method, address):
    client.handler.enforce_csrf_checks = True
    response = getattr(client, method)(f"/api/v1/{address}")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["title"] == "Method Not Allowed"


def test_a_fault_is_told_without_its_traceback(client, marsh, monkeypatch, caplog):
    def fail(*_arguments):
        raise RuntimeError("the secret of the marsh")

    monkeypatch.setattr(api, "Hub", fail)
    client.raise_request_exception = False
    response = client.get(f"/api/v1/papers/{marsh.pk}/hub")
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert response.json()["title"] == "Internal Server Error"
    assert b"secret" not in response.content
    assert "the secret of the marsh" in caplog.text


def test_too_many_parameters_are_a_400(get):
    get("search?" + "&".join(f"q={number}" for number in range(1100)), status=400)


def test_head_answers_without_a_body_and_other_origins_may_read(client, marsh):
    response = client.head(f"/api/v1/papers/{marsh.pk}/hub")
    assert (response.status_code, response.content) == (200, b"")
    for address in (f"papers/{marsh.pk}", "nothing"):
        assert client.get(f"/api/v1/{address}")["Access-Control-Allow-Origin"] == "*"


# -- bounded work ---------------------------------------------------------------------------------


def test_answers_cost_few_queries_for_a_large_hub(get, django_assert_max_num_queries):
    paper = make_hub(roles={"method": 20, "evidence": 10}, polarities={"supports": 3}, unread=3)
    other = make_paper("Cited along")
    for citation in paper.incoming_citations.all():
        make_citation(citation.citing_paper, other)
        make_claim(paper)
    make_treatment(paper.claims.first(), paper.incoming_citations.first())
    refresh()
    parts = {"": 7, "/hub": 2, "/citations?per_page=100": 11, "/cocited": 5, "/claims": 3}
    for part, most in parts.items():
        with django_assert_max_num_queries(most):
            get(f"papers/{paper.pk}{part}")


@pytest.mark.parametrize("words", ["part", "10.5555/a"])
def test_a_search_costs_four_queries_at_most(get, django_assert_max_num_queries, words):
    for number in range(30):
        make_paper(identifiers={"doi": f"10.5555/{number}"})
    with django_assert_max_num_queries(4):
        get(f"search?q={words}&per_page=100")


def test_co_cited_works_counted_live_cost_nine_queries(get, django_assert_max_num_queries):
    citation = make_citation()
    for _each in range(8):
        make_citation(citation.citing_paper)
    refresh()
    with django_assert_max_num_queries(9):
        assert get(f"papers/{citation.cited_paper_id}/cocited")["count"] == 8


# -- the description ------------------------------------------------------------------------------


@pytest.fixture
def described(get):
    return get("openapi.json")


def test_the_description_names_every_address_once(described):
    assert described["openapi"].startswith("3.1")
    expected = {f"/api/v1/papers/{{ref}}{part}" for part in PARTS} | {"/api/v1/search"}
    assert set(described["paths"]) == expected
    operations = [operation for item in described["paths"].values() for operation in item.values()]
    assert {method for item in described["paths"].values() for method in item} == {"get"}
    assert len({operation["operationId"] for operation in operations}) == len(expected)


def test_the_description_has_every_parameter_of_the_table(described):
    parameters = described["paths"]["/api/v1/papers/{ref}/citations"]["get"]["parameters"]
    by_name = {row["name"]: row for row in parameters if row["in"] == "query"}
    assert list(by_name) == list(BY_NAME)
    for name, parameter in BY_NAME.items():
        row = by_name[name]
        assert str(parameter.help) in row["description"]
        assert (row["schema"]["type"] == "array") == (parameter.kind == "many")
        if parameter.kind == "many":
            assert (row["style"], row["explode"]) == ("form", True)
        words = [value for value, _label in (*parameter.choices, *parameter.extra)]
        assert row["schema"].get("items", row["schema"]).get("enum", []) == words


def test_the_description_has_a_shape_for_every_answer(described):
    for item in described["paths"].values():
        responses = item["get"]["responses"]
        assert "application/json" in responses["200"]["content"]
        assert "application/problem+json" in responses["422"]["content"]
        assert "404" not in responses or "application/problem+json" in responses["404"]["content"]
    known = described["components"]["schemas"]
    text = json.dumps(described)
    for reference in text.split('"$ref": "')[1:]:
        assert reference.split('"')[0].removeprefix("#/components/schemas/") in known


@pytest.mark.parametrize("part", PARTS)
def test_an_answer_has_the_keys_that_the_description_names(get, described, marsh, part):
    answer = get(f"papers/{marsh.pk}{part}")
    content = described["paths"][f"/api/v1/papers/{{ref}}{part}"]["get"]["responses"]["200"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert set(answer) == set(described["components"]["schemas"][name]["required"])


def test_the_guide_has_the_parameters_of_the_table():
    with translation.override("en"):
        rows = [
            f"| `{parameter.name}` | {api.accepts(parameter)} | {parameter.help} |"
            for parameter in BY_NAME.values()
        ]
    # Other tables of the guide have two columns.
    table = [line for line in GUIDE.read_text("utf-8").splitlines() if line.count(" | ") == 2]
    assert [line for line in table if line.split("`")[1:2] and line.split("`")[1] in BY_NAME] == rows
