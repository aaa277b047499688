"""``manage.py unmatched``: what is wanted most."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import make_paper, make_unmatched

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue():
    citing = make_paper()
    make_unmatched(title="Met once", raw="")
    for number in range(3):
        make_unmatched(
            title="Counting lanterns by ear", raw=f"[{number}] Counting lanterns by ear.", year=2001
        )
    make_unmatched(citing, title="Counting LANTERNS by ear!", raw="Counting lanterns")
    for each in (citing, make_paper()):
        make_unmatched(each, title="", raw="Moor I., private notes", match_status="unmatched")
    make_unmatched(title="Settled long ago", resolved_at=timezone.now())
    make_unmatched(title="Withdrawn since", withdrawn_at=timezone.now())


def said(capsys, *arguments):
    call_command("unmatched", *arguments)
    return capsys.readouterr().out


def test_open_references_are_grouped_the_most_frequent_first(queue, capsys):
    groups = json.loads(said(capsys, "--json"))
    assert [(group["title"], group["times"], group["citing_papers"]) for group in groups] == [
        ("Counting lanterns by ear", 4, 4),
        ("", 2, 2),
        ("Met once", 1, 1),
    ]
    assert groups[0] | {"raw": ""} == {
        "title": "Counting lanterns by ear",
        "year": 2001,
        "times": 4,
        "citing_papers": 4,
        "raw": "",
        "status": "ambiguous",
        "reason": "2 papers have this title",
    }
    assert groups[1]["raw"] == "Moor I., private notes" and groups[1]["status"] == "unmatched"


def test_people_read_it_too(queue, capsys):
    words = said(capsys)
    assert words.startswith("4 times in 4 papers: Counting lanterns by ear (2001)\n")
    assert "    as printed: Moor I., private notes\n" in words
    assert "1 time in 1 paper: Met once" in words
    assert "Settled" not in words and "Withdrawn" not in words


def test_as_many_as_asked_for(queue, capsys):
    assert len(json.loads(said(capsys, "--json", "--top", "1"))) == 1


def test_an_empty_queue_says_so(capsys):
    assert said(capsys) == "No reference waits.\n"
    assert said(capsys, "--json") == "[]\n"


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_number_that_is_none_is_refused(number):
    with pytest.raises(CommandError):
        call_command("unmatched", "--top", number)


def test_it_costs_two_queries_whatever_waits(queue, django_assert_num_queries):
    with django_assert_num_queries(2):
        call_command("unmatched")
