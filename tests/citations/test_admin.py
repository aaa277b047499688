"""The curators' desk through the test client: acts as a curator, refused to others, clean under the CSP."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from citations import curation, queues
from citations.checks import check_library
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    Claim,
    ClaimTreatment,
    HubSummary,
    ImportRun,
    Merge,
    Passage,
    RepresentativePin,
    UnmatchedReference,
)
from citations.rollups import mark_stale
from papers import duplicates
from papers.models import Paper, PaperRedirect, PossibleDuplicate, SourceRecord
from tests.factories import (
    make_assertion,
    make_author,
    make_citation,
    make_claim,
    make_context,
    make_curator,
    make_paper,
    make_pin,
    make_source_record,
    make_staff,
    make_treatment,
    make_unmatched,
    refresh,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    """A client that a curator has logged in with."""
    client.force_login(make_curator())
    return client


@pytest.fixture
def clerk(client):
    """The same for somebody who may enter the admin and has no rights there."""
    client.force_login(make_staff())
    return client


@pytest.fixture
def context():
    context = make_context(sentence="As Moor (2003) has shown, grain sinks.", start=3, end=14)
    make_assertion(context, value="background", confidence=0.4, source="provider")
    refresh()
    return context


def url(row, page="change"):
    opts = row._meta
    arguments = [row.pk] if page in ("change", "history", "delete") else []
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=arguments)


def act(client, row, name, **data):
    return client.post(url(row), {"act": name, **data}, follow=True)


def run(client, name, *rows, **data):
    """Run an action of a list over rows."""
    data = {"action": name, "_selected_action": [row.pk for row in rows], **data}
    return client.post(url(rows[0], "changelist"), data, follow=True)


def told(response):
    return " ".join(map(str, response.context["messages"])) if response.context else ""


def whole_form(client, page):
    """What a browser would send back from a form of the stock admin, unchanged."""
    response = client.get(page)
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = value
    return data


# -- sentences and pairs -----------------------------------------------------------------------


def queues_shown(client):
    """What the first page says of each queue: {title: (count, words, address)}."""
    page = html.document_fromstring(client.get(reverse("admin:index")).content.decode())
    return {
        line.findtext(".//b"): (
            line.findtext(".//strong"),
            line.findtext("span"),
            next(iter(line.xpath("./a/@href")), None),
        )
        for line in page.xpath("//ul[@class='queues']/li")
    }


def test_the_first_page_says_what_waits(desk, context, monkeypatch):
    for _each in range(3):
        make_unmatched()
    make_unmatched(resolved_at=timezone.now())
    mark_stale([context.citation.cited_paper_id])
    shown = queues_shown(desk)
    assert shown["Unmatched references"][0] == "3"
    assert shown["Hubs behind"] == ("1", "counted anew by “manage.py refresh_hubs”", None)
    for count, _words, url in shown.values():
        assert not (count and url) or desk.get(url).context["cl"].result_count == int(count)
    assert shown["Label sentences"][:2] == (None, "0 labels by you today")
    act(desk, context, "label", role="method")
    assert queues_shown(desk)["Label sentences"][1] == "1 label by you today"
    monkeypatch.setattr(queues, "MOST", 2)
    assert queues_shown(desk)["Unmatched references"][0] == "more than 2"


def test_who_may_not_work_a_queue_does_not_see_it(clerk):
    assert queues_shown(clerk) == {}


def test_the_relabel_screen_shows_the_sentence_marked_and_all_that_was_said(desk, context):
    page = desk.get(url(context)).content.decode()
    assert "<mark>Moor (2003)</mark>" in page
    assert "hub: background" in page and "0.4" in page


def test_a_sentence_is_relabelled_and_the_hub_shows_it(desk, context):
    act(desk, context, "label", role="method", polarity="supports", note="uses the scales")
    assert HubSummary.objects.get(paper=context.citation.cited_paper).roles == {"method": 1}
    label = Assertion.objects.get(dimension="role", source="curator")
    assert label.curator.username == "curator" and label.note == "uses the scales"
    assert list(check_library()) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [({}, "Choose a role"), ({"role": "splendid"}, "Role: Select a valid choice")],
)
def test_a_label_without_a_word_of_ours_is_refused_in_words(desk, context, data, message):
    assert message in told(act(desk, context, "label", **data))
    assert not Assertion.objects.filter(source="curator").exists()


def test_the_screen_leads_through_the_unlabelled_sentences_of_the_hub(desk, context):
    cited = context.citation.cited_paper
    first, second = (make_context(make_citation(cited_paper=cited)) for _each in range(2))
    make_context()
    refresh()
    response = act(desk, context, "label", role="method", _next="go on")
    assert response.redirect_chain[-1][0] == url(first)
    response = act(desk, first, "label", role="method", _next="go on")
    assert response.redirect_chain[-1][0] == url(second)
    response = act(desk, second, "label", role="method", _next="go on")
    assert "No other sentence" in response.content.decode()


def test_the_next_sentence_is_the_one_further_on(desk, context):
    cited = context.citation.cited_paper
    rows = [make_context(make_citation(cited_paper=cited)) for _each in range(3)]
    assert desk.get(url(rows[1])).context["next_context"] == rows[2]
    assert desk.get(url(rows[2])).context["next_context"] == rows[0]


def test_a_curators_label_is_taken_back_on_the_screen_and_in_the_log(desk, context):
    for take_back in (
        lambda label: act(desk, context, "withdraw", assertion=label.pk),
        lambda label: run(desk, "withdraw", label),
    ):
        act(desk, context, "label", role="method")
        take_back(Assertion.objects.get(source="curator", withdrawn_at=None))
        assert HubSummary.objects.get(paper=context.citation.cited_paper).roles == {"background": 1}


def test_the_log_does_not_take_back_what_others_said(desk, context):
    assert "Only curators" in told(run(desk, "withdraw", context.assertions.get()))
    assert Assertion.objects.get().withdrawn_at is None


def test_a_withheld_sentence_is_not_shown_for_labelling(desk, context):
    run(desk, "suppress", context.passage, reason="asked by the publisher")
    for row in (context, context.citation):
        page = desk.get(url(row)).content.decode()
        assert "grain sinks" not in page and "asked by the publisher" in page


def test_a_pair_is_labelled_treated_and_pinned_on_its_page(desk, context):
    pair = context.citation
    claim = make_claim(pair.cited_paper)
    act(desk, pair, "label", role="dataset")
    act(desk, pair, "treat", claim=claim.pk, treatment="qualifies", note="in spring")
    act(desk, pair, "pin", note="the clearest")
    assert HubSummary.objects.get(paper=pair.cited_paper).roles == {"dataset": 1}
    assert ClaimTreatment.objects.get().curator.username == "curator"
    assert RepresentativePin.objects.get().note == "the clearest"
    page = desk.get(url(pair)).content.decode()
    assert "qualifies" in page and "the clearest" in page
    act(desk, pair, "unpin")
    assert not RepresentativePin.objects.exists()


def test_how_a_claim_is_treated_is_chosen_and_not_left_standing(desk, context):
    claim = make_claim(context.citation.cited_paper)
    page = html.document_fromstring(desk.get(url(context.citation)).content.decode())
    assert page.xpath("//select[@name='treatment' and @required]/option[@selected]/@value") == [""]
    assert "required" in told(act(desk, context.citation, "treat", claim=claim.pk, treatment=""))
    assert not ClaimTreatment.objects.exists()


def test_an_unread_pair_is_not_labelled(desk):
    assert "No citing sentence" in told(act(desk, make_citation(), "label", role="method"))


def test_an_unknown_act_is_not_found(desk, context):
    assert act(desk, context, "delete").status_code == 404


def test_a_take_down_needs_a_reason_and_is_lifted_again(desk, context):
    assert "Say why" in told(run(desk, "suppress", context.passage))
    assert Passage.objects.get().suppressed_at is None
    run(desk, "suppress", context.passage, reason="asked by the publisher")
    assert Passage.objects.get().suppressed_reason == "asked by the publisher"
    run(desk, "restore", context.passage)
    assert Passage.objects.get().suppressed_at is None


# -- papers ------------------------------------------------------------------------------------


def test_an_edit_is_marked_recomputed_and_reaches_the_hub(desk, context):
    citing = context.citation.citing_paper
    data = whole_form(desk, url(citing)) | {"title": "Of Scales", "year": 1999}
    assert desk.post(url(citing), data).status_code == 302
    citing.refresh_from_db()
    assert citing.title_folded == "of scales" and citing.search_text.startswith("of scales")
    assert citing.field_sources["year"] == citing.field_sources["title"] == "curator"
    assert set(HubSummary.objects.get(paper=context.citation.cited_paper).years) == {"1999"}
    assert citing.history.first().history_user.username == "curator"
    assert list(check_library()) == []


def test_a_history_says_from_what_to_what_though_imports_write_none(desk):
    paper = make_paper(year=2015)
    Paper.history.all().delete()  # as an import leaves it

    def changes():
        page = html.document_fromstring(desk.get(url(paper, "history")).content.decode())
        lines = page.xpath("//div[@class='scroll']/table/tbody/tr")
        return [(line[1].text_content().strip(), " ".join(line[3].text_content().split())) for line in lines]

    desk.post(url(paper), whole_form(desk, url(paper)) | {"year": 2014})
    assert changes() == [("curator", "Year: 2015 → 2014"), ("–", "")]
    Paper.objects.update(license="CC0")
    desk.post(url(paper), whole_form(desk, url(paper)) | {"year": 2013})
    assert changes()[:2] == [("curator", "Year: 2014 → 2013"), ("–", "Licence: → CC0")]


def test_the_author_list_is_corrected_on_the_papers_page(desk):
    paper = make_paper(authors=[make_author("Ida Mor"), "Tom Weir"])
    data = whole_form(desk, url(paper)) | {"authorships-0-name": "Ida Moor", "authorships-1-DELETE": "on"}
    data |= {"authorships-TOTAL_FORMS": 3, "authorships-2-name": "Rosa Ford", "authorships-2-paper": paper.pk}
    assert desk.post(url(paper), data).status_code == 302
    paper.refresh_from_db()
    assert paper.author_names == ["Ida Moor", "Rosa Ford"]
    assert paper.first_author == "moor" and paper.field_sources["authors"] == "curator"
    assert paper.authorships.first().author is None


def test_claims_and_identifiers_are_entered_on_the_papers_page(desk):
    paper = make_paper()
    claim = make_claim(paper, "Tides are owed.")
    data = whole_form(desk, url(paper)) | {
        "claims-TOTAL_FORMS": 2,
        "claims-0-text": "Tides are owed in spring.",
        "claims-1-text": "Moorings lie.",
        "claims-1-paper": paper.pk,
        "identifiers-TOTAL_FORMS": 1,
        "identifiers-0-scheme": "doi",
        "identifiers-0-value": "https://doi.org/10.5555/TIDE.1",
        "identifiers-0-paper": paper.pk,
    }
    assert desk.post(url(paper), data).status_code == 302
    current = Claim.objects.filter(withdrawn_at=None)
    assert [(row.text, row.origin) for row in current] == [
        ("Tides are owed in spring.", "curator"),
        ("Moorings lie.", "curator"),
    ]
    assert current[0].pk == claim.pk
    assert str(paper.identifiers.get().value) == "10.5555/tide.1"


@pytest.mark.parametrize(
    ("value", "message"), [("doi 17", "no identifier"), ("10.5555/taken", "already exists")]
)
def test_an_identifier_that_cannot_be_is_told(desk, value, message):
    make_paper(identifiers={"doi": "10.5555/taken"})
    paper = make_paper()
    data = whole_form(desk, url(paper)) | {
        "identifiers-TOTAL_FORMS": 1,
        "identifiers-0-scheme": "doi",
        "identifiers-0-value": value,
        "identifiers-0-paper": paper.pk,
    }
    response = desk.post(url(paper), data)
    assert response.status_code == 200 and message in response.content.decode()


def test_what_each_source_said_stands_side_by_side(desk):
    paper = make_paper("Shown title")
    make_source_record(
        paper, source="native", payload={"title": "Native title", "authors": [{"name": "I. Moor"}]}
    )
    make_source_record(paper, source="jats", payload={"title": "Full-text title", "fields": ["Ecology"]})
    page = desk.get(url(paper)).content.decode()
    for words in ("Native title", "Full-text title", "I. Moor", "Ecology"):
        assert words in page


@pytest.mark.parametrize(
    "term",
    [
        "slow rivers",
        "FORD",
        "10.5555/Rivers",
        "https://doi.org/10.5555/rivers",
        "doi:10.5555/rivers",
        "arXiv:2101.00001v2",
    ],
)
def test_a_paper_is_found_by_title_author_and_any_form_of_identifier(desk, term):
    paper = make_paper(
        "The Patience of Slow Rivers",
        authors=["Rosa Ford"],
        identifiers={"doi": "10.5555/rivers", "arxiv": "2101.00001"},
    )
    other = make_paper("Something else")
    response = desk.get(url(paper, "changelist"), {"q": term})
    assert list(response.context["cl"].queryset) == [paper]
    found = desk.get(
        reverse("admin:autocomplete"),
        {"term": term, "app_label": "citations", "model_name": "claim", "field_name": "paper"},
    )
    assert [row["id"] for row in found.json()["results"]] == [str(paper.pk)]
    pair = make_citation(other, paper)
    response = desk.get(url(pair, "changelist"), {"q": term})
    assert list(response.context["cl"].queryset) == [pair]


def test_two_papers_are_compared_merged_and_parted_again(desk):
    keep, lose, third = make_paper("Kept title"), make_paper("Lost title"), make_paper()
    make_context(make_citation(cited_paper=lose))
    refresh()
    assert "exactly two" in told(run(desk, "merge_two", keep, lose, third))
    response = run(desk, "merge_two", keep, lose)
    page = response.content.decode()
    assert "Kept title" in page and "Lost title" in page
    response = desk.post(
        reverse("admin:citations_merge_two", args=[keep.pk, lose.pk]),
        {"keep": keep.pk, "reason": "the preprint"},
        follow=True,
    )
    merge = Merge.objects.get()
    assert merge.merged_by.username == "curator" and merge.reason == "the preprint"
    assert PaperRedirect.objects.get().paper == keep
    assert list(check_library()) == []
    assert "Lost title" in response.content.decode()
    act(desk, merge, "undo")
    assert Paper.objects.filter(pk=lose.pk).exists()
    assert "already" in told(act(desk, merge, "undo"))


@pytest.mark.parametrize("keep", ["", "0"])
def test_a_merge_without_a_choice_is_not_done(desk, keep):
    ids = [make_paper().pk, make_paper().pk]
    assert desk.post(reverse("admin:citations_merge_two", args=ids), {"keep": keep}).status_code == 200
    assert Paper.objects.count() == 2


# -- papers that may be one ----------------------------------------------------------------------


@pytest.fixture
def waiting():
    """Two pairs of papers that wait, the likelier one second."""
    papers = [
        make_paper(
            "Ledgers of the tide", authors=["Ida Moor"], year=2014, identifiers={"doi": "10.5555/tide"}
        ),
        make_paper("Ledger of the tides", authors=["I. Moor"], year=2015),
        make_paper("The patience of slow rivers"),
    ]
    make_citation(cited_paper=papers[0])
    refresh()
    one, other, third = (paper.pk for paper in papers)
    duplicates.queue({(other, third): (91, "title 91 % alike"), (one, other): (97, "title 97 % alike")})
    return papers


PAIRS = "admin:papers_possibleduplicate_changelist"


def test_the_pairs_that_wait_are_listed_with_what_tells_them_apart(desk, waiting):
    response = desk.get(reverse(PAIRS))
    rows = response.context["cl"].result_list
    assert [row.score for row in rows] == [97, 91]
    page = response.content.decode()
    assert f"{waiting[0].pk}: Ledgers of the tide (Ida Moor, 2014, cited by 1, doi:10.5555/tide)" in page
    assert f"{waiting[1].pk}: Ledger of the tides (I. Moor, 2015, cited by 0)" in page
    assert "title 97 % alike" in page and not INLINE.search(page)
    found = desk.get(reverse(PAIRS), {"q": "slow rivers"}).context["cl"].result_list
    assert [row.score for row in found] == [91]


def test_a_pair_opens_side_by_side_and_is_merged_there(desk, waiting):
    pair = PossibleDuplicate.objects.get(score=97)
    response = desk.get(url(pair), follow=True)
    two, _status = response.redirect_chain[-1]
    page = response.content.decode()
    assert two == reverse("admin:citations_merge_two", args=[waiting[0].pk, waiting[1].pk])
    assert "title 97 % alike" in page and reverse(PAIRS) in page
    desk.post(two, {"keep": waiting[1].pk, "reason": "a misprint"})
    merge = Merge.objects.get()
    pair.refresh_from_db()
    assert merge.paper == waiting[1]
    assert (pair.verdict, pair.settled_by.username) == ("same", "curator")
    assert desk.get(url(pair)).status_code == 200  # there is nothing to compare any more
    rows = desk.get(reverse(PAIRS)).context["cl"].result_list
    assert [(row.now_paper, row.now_other) for row in rows] == [(waiting[1].pk, waiting[2].pk)]
    act(desk, merge, "undo")
    pair.refresh_from_db()
    assert (pair.verdict, pair.settled_by.username) == ("different", "curator")
    assert "two different papers (curator" in desk.get(url(pair), follow=True).content.decode()


def test_two_different_papers_are_said_to_be_so_and_do_not_come_back(desk, waiting):
    two = reverse("admin:citations_merge_two", args=[waiting[1].pk, waiting[0].pk])
    response = desk.post(two, {"act": "apart"}, follow=True)
    assert response.redirect_chain[-1][0] == reverse(PAIRS)
    assert "two different papers" in told(response)
    assert [row.score for row in response.context["cl"].result_list] == [91]
    assert PossibleDuplicate.objects.get(score=97).settled_by.username == "curator"
    assert Paper.objects.filter(pk__in=[paper.pk for paper in waiting]).count() == 3
    for state, scores in (("different", [97]), ("same", []), ("all", [97, 91])):
        rows = desk.get(reverse(PAIRS), {"verdict": state}).context["cl"].result_list
        assert [row.score for row in rows] == scores


def test_one_paper_is_not_told_apart_from_itself(desk, waiting):
    two = reverse("admin:citations_merge_two", args=[waiting[0].pk, waiting[0].pk])
    assert "two different papers that are both" in told(desk.post(two, {"act": "apart"}, follow=True))


def test_pairs_are_neither_added_nor_deleted_by_hand(desk, waiting):
    pair = PossibleDuplicate.objects.first()
    assert desk.get(url(pair, "add")).status_code == 403
    assert desk.post(url(pair, "delete"), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in desk.get(reverse(PAIRS)).content.decode()


def test_who_may_look_at_pairs_may_not_settle_them(reader, waiting):
    pair = PossibleDuplicate.objects.get(score=97)
    response = reader.get(url(pair), follow=True)
    assert (
        response.status_code == 200 and "<form method" not in response.content.decode().partition("<main")[2]
    )
    for data in ({"act": "apart"}, {"keep": waiting[0].pk}):
        assert reader.post(response.redirect_chain[-1][0], data).status_code == 403
    assert PossibleDuplicate.objects.filter(verdict="").count() == 2 and not Merge.objects.exists()


def test_others_do_not_see_the_pairs(clerk, waiting):
    pair = PossibleDuplicate.objects.first()
    for page in (url(pair), reverse(PAIRS)):
        assert clerk.get(page).status_code == 403
    two = reverse("admin:citations_merge_two", args=[waiting[0].pk, waiting[1].pk])
    assert clerk.post(two, {"act": "apart"}).status_code == 403


def test_a_list_of_pairs_costs_the_same_whatever_its_length(desk, django_assert_max_num_queries):
    papers = [make_paper(authors=["Ida Moor"], identifiers={"pmid": str(n)}).pk for n in range(1, 12)]
    duplicates.queue({(papers[0], other): (95, "alike") for other in papers[1:]})
    with django_assert_max_num_queries(12):
        assert len(desk.get(reverse(PAIRS)).context["cl"].result_list) == 10


# -- claims, treatments, pins --------------------------------------------------------------------


def test_claims_are_entered_reworded_withdrawn_and_put_back(desk):
    paper = make_paper()
    add = reverse("admin:citations_claim_add")
    desk.post(add, {"paper": paper.pk, "text": "Tides are owed."})
    claim = Claim.objects.get()
    assert claim.origin == "curator" and claim.history.get().history_user.username == "curator"
    assert "already" in told(desk.post(add, {"paper": paper.pk, "text": "Tides are owed."}, follow=True))
    desk.post(url(claim), {"text": "Tides are owed in spring."})
    assert Claim.objects.get().text == "Tides are owed in spring."
    run(desk, "withdraw", claim)
    assert Claim.objects.get().withdrawn_at
    run(desk, "restore", claim)
    assert Claim.objects.get().withdrawn_at is None


def test_treatments_and_pins_are_changed_and_taken_back(desk, context):
    claim = make_claim(context.citation.cited_paper)
    row, pin = make_treatment(claim, context.citation), make_pin(context.citation)
    desk.post(url(row), {"treatment": "disputes", "note": "not so"})
    desk.post(url(pin), {"note": "the clearest"})
    row.refresh_from_db()
    pin.refresh_from_db()
    assert row.treatment == "disputes" and row.curator.username == "curator"
    assert pin.note == "the clearest" and pin.curator.username == "curator"
    CitationContext.objects.update(withdrawn_at="2024-01-01T00:00Z")
    response = desk.post(url(row), {"treatment": "supports"}, follow=True)
    assert "No citing sentence" in told(response)
    assert ClaimTreatment.objects.get().treatment == "disputes"
    run(desk, "take_back", row)
    run(desk, "unpin", pin)
    assert not ClaimTreatment.objects.exists() and not RepresentativePin.objects.exists()


# -- the queue -----------------------------------------------------------------------------------


def test_the_queue_has_the_most_wanted_first_and_open_ones_only(desk):
    rare = make_unmatched(title="Rarely wanted title")
    often = [make_unmatched(title="Often wanted title") for _each in range(2)]
    settled = make_unmatched(title="Settled title")
    curation.dismiss_reference(unmatched=settled, curator=get_user_model().objects.get())
    rows = desk.get(url(rare, "changelist")).context["cl"].result_list
    assert [(row.pk, row.wanted) for row in rows] == [*((row.pk, 1) for row in often), (rare.pk, 0)]
    for state, expected in (("none", [settled]), ("resolved", []), ("all", [*often, rare, settled])):
        rows = desk.get(url(rare, "changelist"), {"state": state}).context["cl"].result_list
        assert sorted(row.pk for row in rows) == [row.pk for row in sorted(expected, key=lambda row: row.pk)]


@pytest.mark.parametrize("which", ["candidate", "other"])
def test_a_reference_is_resolved_beside_its_candidates_and_reopened(desk, which):
    paper = make_paper("Grain and its weight")
    queued = make_unmatched(candidates=[paper.pk], contexts=["Grain was weighed (Moor)."])
    page = desk.get(url(queued)).content.decode()
    assert "Grain and its weight" in page and "Grain was weighed (Moor)." in page
    act(desk, queued, "resolve", **{which: paper.pk})
    assert Citation.objects.get().cited_paper == paper
    assert HubSummary.objects.get(paper=paper).read == 1
    assert "settled" in told(act(desk, queued, "dismiss"))
    act(desk, queued, "reopen")
    assert not Citation.objects.current().exists()


def test_candidates_of_one_title_are_told_apart_by_the_numbers_of_their_columns(desk):
    papers = [make_paper("Reading hands", identifiers={"doi": f"10.5555/{n}"}) for n in (1, 2)]
    queued = make_unmatched(
        candidates=[paper.pk for paper in papers],
        raw="Reading hands, 3rd ed.",
        payload={"identifiers": {"pmid": "7"}},
    )
    page = html.document_fromstring(desk.get(url(queued)).content.decode())
    columns = [head.text_content().strip() for head in page.xpath("//div[@class='scroll']//thead//th")][1:]
    choices = [label.text_content().strip() for label in page.xpath("//label[input[@name='candidate']]")]
    assert choices == [f"{number}: Reading hands" for number in columns]
    assert columns == [str(paper.pk) for paper in papers]
    (line,) = page.xpath("//tr[th='identifiers']")
    assert [cell.text_content() for cell in line.findall("td")] == [
        "PMID 7",
        "doi:10.5555/1",
        "doi:10.5555/2",
    ]


def test_a_reference_is_dismissed(desk):
    queued = make_unmatched()
    assert "Choose a paper" in told(act(desk, queued, "resolve"))
    act(desk, queued, "dismiss")
    queued.refresh_from_db()
    assert queued.resolved_by.username == "curator" and queued.citation is None


# -- who may, and what never happens ---------------------------------------------------------------


ADDED = {Claim}  # what curators add on a page of its own


def everything():
    """One row of each kind that the desk shows."""
    context = make_context(make_citation(make_paper(authors=[make_author("Ida Moor")], venue="Field Notes")))
    pair = context.citation
    make_source_record(pair.cited_paper)
    claim = make_claim(pair.cited_paper)
    other = make_paper(fields=["Ecology"])
    merge = Merge.objects.create(
        paper=other, merged_id=10_000_000, journal={"keep": 1, "lose": 2, "steps": []}
    )
    rows = [
        pair.citing_paper,
        pair.citing_paper.venue,
        other.fields.get(),
        pair.citing_paper.authorships.get().author,
        SourceRecord.objects.first(),
        pair,
        context,
        context.passage,
        make_assertion(context),
        claim,
        make_treatment(claim, pair),
        make_pin(pair),
        make_unmatched(candidates=[other.pk]),
        merge,
        ImportRun.objects.create(paths=["a.jsonl"], problems=[{"where": "a:1", "reason": "x"}]),
    ]
    refresh()
    return [*rows, HubSummary.objects.first()]


INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style|\sstyle=|\son[a-z]+=\"|javascript:"
)


def test_every_screen_opens_for_a_curator_and_is_clean_under_the_csp(desk):
    rows = everything()
    pages = [url(row, page) for row in rows for page in ("changelist", "change", "history")]
    pages += [reverse("admin:index"), *(url(row, "add") for row in rows if type(row) in ADDED)]
    pages += [reverse("admin:citations_merge_two", args=[paper.pk for paper in Paper.objects.all()[:2]])]
    for page in pages:
        response = desk.get(page)
        assert response.status_code == 200, page
        assert not INLINE.search(response.content.decode()), page
        assert "style-src 'self'" in response["Content-Security-Policy"]


def test_nobody_deletes_evidence_and_only_some_rows_are_added(client):
    rows = everything()
    client.force_login(make_curator())
    for row in rows:
        assert client.post(url(row, "delete"), {"post": "yes"}).status_code == 403, row
        assert "delete_selected" not in client.get(url(row, "changelist")).content.decode()
        assert client.get(url(row, "add")).status_code == (200 if type(row) in ADDED else 403), row
    client.force_login(get_user_model().objects.create_superuser("root"))
    own = {"author", "venue", "field"}
    for row in rows:
        if row._meta.model_name not in own:
            assert client.post(url(row, "delete"), {"post": "yes"}).status_code == 403, row


def test_a_plain_staff_user_sees_and_does_nothing(clerk, context):
    rows = everything()
    for row in rows:
        for page in ("changelist", "change", "history"):
            assert clerk.get(url(row, page)).status_code == 403, row
        assert clerk.post(url(row), {"title": "x", "text": "x", "treatment": "disputes"}).status_code == 403
        assert clerk.get(url(row, "add")).status_code == 403
    queued = UnmatchedReference.objects.get()
    pair = context.citation
    for row, name in (
        (context, "label"),
        (context, "withdraw"),
        (pair, "label"),
        (pair, "treat"),
        (pair, "pin"),
        (pair, "unpin"),
        (queued, "resolve"),
        (queued, "dismiss"),
        (queued, "reopen"),
        (Merge.objects.get(), "undo"),
    ):
        assert act(clerk, row, name, role="method", candidate=pair.cited_paper_id).status_code == 403, name
    two = reverse("admin:citations_merge_two", args=[pair.citing_paper_id, pair.cited_paper_id])
    assert clerk.get(two).status_code == clerk.post(two, {"keep": pair.citing_paper_id}).status_code == 403
    assert Merge.objects.count() == 1 and not Assertion.objects.filter(source="curator").exists()


ACTIONS = [
    (Assertion, "withdraw"),
    (Passage, "suppress"),
    (Passage, "restore"),
    (Paper, "merge_two"),
    (Claim, "withdraw"),
    (Claim, "restore"),
    (ClaimTreatment, "take_back"),
    (RepresentativePin, "unpin"),
]


@pytest.fixture
def reader(client):
    """A client of somebody who may look at everything and do nothing."""
    user = make_staff("reader")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


@pytest.mark.parametrize(("model", "name"), ACTIONS, ids=lambda value: getattr(value, "__name__", value))
def test_the_right_to_look_at_a_list_is_no_right_to_act_on_it(reader, model, name):
    everything()
    rows = list(model.objects.all())
    before = list(model.objects.values_list())
    run(reader, name, *rows, reason="x")
    assert list(model.objects.values_list()) == before
    assert reader.get(url(rows[0], "changelist")).context["action_form"] is None


@pytest.mark.parametrize("name", ["label", "withdraw"])
def test_the_right_to_look_at_a_sentence_is_no_right_to_label_it(reader, context, name):
    assert reader.get(url(context)).status_code == 200
    assert act(reader, context, name, role="method", assertion=1).status_code == 403


# -- lists and filters -----------------------------------------------------------------------------


def filters_shown(client, row, data=None):
    """{title of a filter: [its choices]} of a list."""
    changelist = client.get(url(row, "changelist"), data or {}).context["cl"]
    return {
        str(spec.title): [choice["display"] for choice in spec.choices(changelist)]
        for spec in changelist.filter_specs
    }


def test_filters_speak_the_words_of_the_pages_and_name_what_is_empty(desk, context):
    label = make_assertion(context, value="", original_value="cites", scheme="odd", source="dataset")
    shown = filters_shown(desk, label)
    assert shown["value"] == ["All", "no word of ours", "background"]
    assert shown["withdrawn"] == ["All", "no", "yes"]
    assert filters_shown(desk, label, {"_facets": "True"})["withdrawn"] == ["All", "no (2)", "yes (0)"]
    assert filters_shown(desk, context.passage)["language"] == ["All", "not stated"]


def test_lists_cut_with_a_sign_and_in_words(desk, context):
    Passage.objects.update(text="Grain " * 20)
    assert str(Passage.objects.get()).endswith("…")
    with translation.override("de"):
        assert str(context.assertions.get()) == "Rolle: Hintergrund (externer Dienst)"
        assert str(context.citation).split()[1] == "zitiert"
    run = ImportRun.objects.create(paths=["a.jsonl", "b.jsonl"])
    assert "a.jsonl, b.jsonl" in desk.get(url(run, "changelist")).content.decode()


def test_the_filters_of_sentences_find_what_they_say(desk, context):
    bare = make_context()
    unmapped = make_context()
    make_assertion(unmapped, value="")
    torn = make_context()
    for value in ("method", "dataset"):
        make_assertion(torn, value=value, source="curator")
    refresh()
    expected = {"none": [bare, unmapped], "low": [context], "unmapped": [unmapped], "curators": [torn]}
    for value, rows in expected.items():
        found = desk.get(url(context, "changelist"), {"label": value}).context["cl"].queryset
        assert set(found) == set(rows), value
    log = reverse("admin:citations_assertion_changelist")
    assert [row.confidence for row in desk.get(log, {"confidence": "low"}).context["cl"].queryset] == [0.4]
    gone = desk.get(url(context, "changelist"), {"withdrawn_at__isempty": "0"}).context["cl"].queryset
    assert not gone.exists()


@pytest.mark.parametrize("model", [Citation, CitationContext, Assertion, Passage, UnmatchedReference])
def test_a_list_costs_the_same_whatever_its_length(desk, model, django_assert_max_num_queries):
    for _each in range(12):
        make_assertion(make_context())
        make_unmatched()
    refresh()
    with django_assert_max_num_queries(12):
        assert desk.get(reverse(f"admin:citations_{model._meta.model_name}_changelist")).status_code == 200
