"""Exports: the rows that were asked for, in each format, bounded, harmless, and read back as they were."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.urls import reverse
from django.utils import timezone
from lxml import html

from citations.models import Citation
from explorer import exports, limits
from papers.importers import bibtex, ris
from papers.importers.source import Source
from tests.factories import (
    make_assertion,
    make_author,
    make_citation,
    make_context,
    make_hub,
    make_paper,
    refresh,
)

db = pytest.mark.django_db
HOUSE = Path(__file__).parent.parent.parent
ODD = "Tides & moorings: 100% of_it, #1, at $5"


@pytest.fixture
def hub():
    """A paper cited by 4 papers as method, by 2 as background and by 2 unread ones."""
    return make_hub(make_paper("The weir"), roles={"method": 4, "background": 2}, unread=2)


def address(paper, query=""):
    return f"{reverse('explorer:export', args=[paper.pk, paper.slug])}{query}"


def fetch(client, paper, query=""):
    """(response, text) of an export that is sent."""
    response = client.get(address(paper, query))
    assert response.status_code == 200 and response.streaming
    return response, b"".join(response.streaming_content).decode("utf-8-sig")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def odd():
    """A hub whose one citing paper has what formats trip over."""
    paper = make_paper("The weir")
    citing = make_paper(
        ODD,
        authors=[make_author("Ann van Moor"), "Marsh and Moor Trust", "Solheim-Vaage, I."],
        venue="=Weir Studies",
        identifiers={"doi": "10.5555/weir_2"},
        kind="conference paper",
        year=2020,
    )
    context = make_context(make_citation(citing, paper), "As [1] has it.")
    make_assertion(context, value="method", source="curator")
    make_assertion(context, value="disputes")
    refresh()
    return paper


@db
@pytest.mark.parametrize(
    ("query", "number"),
    [("", 8), ("?which=all&role=method", 4), ("?role=method&text=unread", 0), ("?sort=year&per_page=1", 8)],
)
def test_all_that_match_are_exported_in_the_order_of_the_list(client, hub, query, number):
    _response, text = fetch(client, hub, query)
    found = rows(text)
    assert len(found) == number
    shown = query.replace("which=all&", "").replace("&per_page=1", "")
    page = html.document_fromstring(client.get(f"{hub.get_absolute_url()}{shown}").content)
    assert [row["id"] for row in found] == page.xpath("//ol[@class='results']//input[@name='paper']/@value")


@db
def test_those_selected_are_exported_and_nobody_elses(client, hub):
    *ids, withdrawn = [pair.citing_paper_id for pair in hub.incoming_citations.order_by("-id")[:4]]
    Citation.objects.filter(citing_paper=withdrawn).update(withdrawn_at=timezone.now())
    stranger = make_citation().citing_paper_id
    query = "&".join(f"paper={one}" for one in [*ids, withdrawn, stranger, "x", "9" * 30])
    _response, text = fetch(client, hub, f"?which=selected&role=extension&{query}")
    assert [int(row["id"]) for row in rows(text)] == ids


@db
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?which=selected", "No paper was selected"),
        ("?which=selected&paper=x", "No paper was selected"),
        ("?format=xls", "csv, jsonl, bibtex, ris"),
        ("?rolle=method", "“rolle” is not a parameter"),
        ("?role=metod", "“metod” is not a value"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(client, hub, query, words):
    response = client.get(address(hub, query))
    assert response.status_code == 400 and words in response.content.decode()


@db
def test_a_row_says_who_says_what_and_where_the_evidence_stands(client, odd):
    pair = odd.incoming_citations.get()
    _response, text = fetch(client, odd)
    [row] = rows(text)
    evidence = f"http://testserver/papers/{odd.pk}/citing/{pair.citing_paper_id}/"
    assert list(row) == list(exports.COLUMNS)
    assert row["title"] == ODD and row["authors"] == "Ann van Moor; Marsh and Moor Trust; Solheim-Vaage, I."
    assert (row["role"], row["role_source"]) == ("method", "curator")
    assert (row["polarity"], row["polarity_source"]) == ("disputes", "dataset")
    assert (row["depth"], row["read"], row["sentences"], row["evidence"]) == ("2", "yes", "1", evidence)
    said = json.loads(fetch(client, odd, "?format=jsonl")[1])
    assert (said["role_source"], said["polarity_source"]) == ("curator", "dataset")
    assert said["evidence"] == evidence
    in_the_api = client.get(f"/api/v1/papers/{odd.pk}/citations").json()["results"][0]
    for one in (said, in_the_api):
        for label in one["contexts"][0]["labels"]:
            del label["at"]  # here in microseconds
    assert {name: said[name] for name in in_the_api} == in_the_api
    for name in ("bibtex", "ris"):
        text = fetch(client, odd, f"?format={name}")[1]
        assert "role: method" in text and "polarity: disputes" in text
        assert "Role: method (curator). Polarity: disputes (data set). Depth: cited." in text
        assert evidence in text


@db
@pytest.mark.parametrize("title", ["=1+1", "+cmd", "-2", "@SUM(A1)", " =1", "\t=1", "＝1"])
def test_no_cell_is_a_formula(client, title):
    paper = make_paper("The weir")
    make_citation(make_paper(title), paper)
    refresh()
    [row] = rows(fetch(client, paper)[1])
    assert row["title"] == f"'{title}"


@db
def test_cells_of_the_fixture_are_guarded_and_numbers_are_not(client, odd):
    [row] = rows(fetch(client, odd)[1])
    assert row["venue"] == "'=Weir Studies" and row["year"] == "2020"


@db
@pytest.mark.parametrize(("name", "reader"), [("bibtex", bibtex), ("ris", ris)])
def test_what_reference_managers_get_our_own_readers_read_back(client, odd, name, reader):
    _response, text = fetch(client, odd, f"?format={name}")
    [record] = reader.read(Source(io.BytesIO(text.encode())), {})
    assert record.title == ODD and record.year == 2020
    assert record.venue == "=Weir Studies" and record.kind == "conference paper"
    assert record.identifiers == {"doi": "10.5555/weir_2"}
    names = [author.name for author in record.authors]
    assert names == ["Ann van Moor", "Marsh and Moor Trust", "I. Solheim-Vaage"]


def test_what_tex_takes_for_a_command_is_named():
    assert "{a}\\~^".translate(exports.TEX) == (
        r"\textbraceleft{}a\textbraceright{}\textbackslash{}\textasciitilde{}\textasciicircum{}"
    )


@db
def test_a_file_is_made_in_batches_and_only_when_it_is_read(
    client, hub, monkeypatch, django_assert_num_queries, django_assert_max_num_queries
):
    monkeypatch.setattr(exports, "BATCH", 3)
    held = []
    piece = exports.Sent._piece
    monkeypatch.setattr(exports.Sent, "_piece", lambda self, ids: held.append(len(ids)) or piece(self, ids))
    with django_assert_max_num_queries(5):
        response = client.get(address(hub))
    pieces = iter(response.streaming_content)
    next(pieces)
    assert held == []
    with django_assert_max_num_queries(5):
        next(pieces)
    assert held == [3]
    assert len(list(pieces)) == 2 and held == [3, 3, 2]


@db
def test_a_long_list_is_cut_and_both_page_and_file_say_so(client, hub, monkeypatch):
    monkeypatch.setattr(exports, "MOST", 5)
    page = client.get(f"{hub.get_absolute_url()}citing/").content.decode()
    assert "Export the first 5 of 8" in " ".join(page.split())
    response, text = fetch(client, hub)
    assert len(rows(text)) == 5
    assert f'filename="citing-{hub.pk}-the-weir-first-5.csv"' in response["Content-Disposition"]
    response, _text = fetch(client, hub, "?role=background")
    assert f'filename="citing-{hub.pk}-the-weir.csv"' in response["Content-Disposition"]


@db
def test_few_are_sent_at_once_and_pages_go_on_between_the_batches(client, hub, monkeypatch):
    gate = limits.Gate(slots=1, places=0)
    monkeypatch.setattr(limits, "exports", gate)
    first = client.get(address(hub))
    refused = client.get(address(hub))
    assert refused.status_code == 503 and refused["Retry-After"]
    monkeypatch.setattr(limits, "gate", limits.Gate(slots=1, places=0))
    for _piece in first.streaming_content:
        assert limits.gate.enter(), "a batch keeps its slot while its reader takes it"
        limits.gate.leave()
    assert client.get(address(hub)).status_code == 200, "the first has not given its place back"


@pytest.fixture
def kept_connection():
    """As Django's client does it: else the end of a response closes the connection of the test."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@db
def test_a_reader_who_goes_away_gives_the_place_back(rf, hub, monkeypatch, kept_connection):
    monkeypatch.setattr(limits, "exports", limits.Gate(slots=1, places=0))
    for _each in range(2):
        response = exports.export(rf.get(address(hub)), hub)
        assert response.status_code == 200
        response.close()
        response.close()


@db
def test_a_batch_without_a_slot_breaks_the_file_off(client, hub, monkeypatch):
    response = client.get(address(hub))
    monkeypatch.setattr(limits, "gate", limits.Gate(slots=0, places=0))
    monkeypatch.setattr(limits, "BATCH_TRIES", 0)
    with pytest.raises(TimeoutError):
        list(response.streaming_content)


@db
def test_the_form_exports_what_the_page_shows(client, hub):
    page = html.document_fromstring(
        client.get(f"{hub.get_absolute_url()}?role=method&sort=year&page=1").content
    )
    form = page.get_element_by_id("export")
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}
    assert fields == {"role": "method", "sort": "year"}
    assert form.get("action") == address(hub)
    assert form.xpath(".//option/@value") == list(exports.FORMATS)
    assert form.xpath(".//button/@value") == ["selected", "all"]
    ticks = page.xpath("//input[@name='paper']")
    assert len(ticks) == 4 and {tick.get("form") for tick in ticks} == {"export"}


@db
def test_an_old_address_leads_to_the_export(client, hub):
    response = client.get(f"/papers/{hub.pk}/citing/export/?role=method")
    assert response.status_code == 301 and response["Location"] == address(hub, "?role=method")


def test_the_docs_name_each_column():
    part = (HOUSE / "docs/api.md").read_text().partition("## Files")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", part, re.MULTILINE) == list(exports.COLUMNS)
    assert f"{exports.MOST:,}" in part
