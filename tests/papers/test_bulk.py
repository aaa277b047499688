"""Writing and looking up many rows at once, on whichever database runs."""

import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import BinaryField
from django.utils import timezone

from citations.models import Citation, HubColumns, HubSummary, StaleHub
from papers import bulk
from papers.models import Authorship, Paper, PaperIdentifier, Venue
from tests.factories import make_citation, make_paper

pytestmark = pytest.mark.django_db

ODD = [
    "",
    "NULL",
    "null",
    "a,b",
    "{x}",
    'say "x"',
    "back\\slash",
    "it's",
    "tab\there",
    "line\nbreak",
    "%s",
    "ﬁ – 漢 🜁",
]


def test_insert_gives_keys_in_order_and_leaves_the_sequence_behind_them():
    rows = bulk.insert(Venue, [Venue(name=name, name_folded=str(n)) for n, name in enumerate(ODD)])
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    assert list(Venue.objects.order_by("id").values_list("name", flat=True)) == ODD
    assert Venue.objects.create(name="later", name_folded="later").pk > rows[-1].pk


def test_nothing_to_insert_or_update_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.insert(Venue, [])
        bulk.write(Venue, ("id", "name", "name_folded"), [])
        bulk.update(Venue, [], ["name"])


def test_dictionaries_are_inserted_as_instances_are():
    hub, other = make_paper(), make_paper()
    plain = {
        field.attname: field.get_default()
        for field in HubSummary._meta.concrete_fields
        if field.has_default()
    }
    plain |= dict.fromkeys(("known", "read", "labelled", "curated", "polarity_labelled"), 0)
    plain |= {"machine_roles": 0, "machine_polarities": 0, "provisional": False, "headline": "ﬁ – 漢 🜁"}
    plain |= {"roles": {"method": 1}, "polarities": {}, "years": {"": {"unread": 2}}, "tier": ""}
    plain |= {
        "status": "unread",
        "crosswalk_version": "1",
        "model_version": "",
        "computed_at": timezone.now(),
    }
    bulk.insert_plain(HubSummary, [plain | {"paper_id": hub.pk}])
    bulk.insert(HubSummary, [HubSummary(**plain | {"paper_id": other.pk})])
    one, two = (HubSummary.objects.filter(paper=paper).values(*plain).get() for paper in (hub, other))
    assert one == two and one["headline"] == "ﬁ – 漢 🜁" and one["years"] == {"": {"unread": 2}}


def test_rows_are_looked_up_by_whole_numbers_alone(django_assert_num_queries):
    papers = [make_paper(title) for title in ("Tides", "Moors", "Weirs")]
    statement = "SELECT title FROM papers_paper WHERE id IN ({ids}) AND title <> %s ORDER BY id"
    with django_assert_num_queries(1):
        found = bulk.look_up(statement, [paper.pk for paper in papers], ["Moors"])
    assert [tuple(row) for row in found] == [("Tides",), ("Weirs",)]
    assert bulk.look_up(statement, [], ["Moors"]) == []
    with pytest.raises(ValueError, match="invalid literal"):
        bulk.look_up(statement, ["1) OR (1=1"], ["Moors"])


def test_reserved_keys_are_no_one_elses():
    first = bulk.reserve(Venue, 3)
    bulk.write(Venue, ("id", "name", "name_folded"), [(key, "", f"{key}") for key in first])
    second = bulk.reserve(Venue, 2)
    assert list(first) == sorted(first) and not set(first) & set(second)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer and no sequence")
def test_keys_stay_apart_when_another_took_one_between():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('papers_venue', 'id')")
        [sequence] = cursor.fetchone()
        cursor.execute(f"ALTER SEQUENCE {sequence} INCREMENT BY 2")  # noqa: S608 - the database's own name
    keys = bulk.reserve(Venue, 3)
    assert len(set(keys)) == 3 and max(keys) - min(keys) == 4


def test_a_template_fills_what_does_not_vary():
    now = timezone.now()
    names, rest = bulk.template(Paper(is_stub=True, created_at=now, updated_at=now), varying=("id", "title"))
    keys = bulk.reserve(Paper, 2)
    bulk.write(Paper, names, ((key, f"Paper {n}", *rest) for n, key in enumerate(keys)))
    papers = Paper.objects.order_by("id")
    assert [(paper.title, paper.is_stub, paper.field_sources, paper.year) for paper in papers] == [
        ("Paper 0", True, {}, None),
        ("Paper 1", True, {}, None),
    ]


def test_a_refused_row_is_an_integrity_error():
    bulk.insert(Venue, [Venue(name="a", name_folded="a")])
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Venue, [Venue(name="A", name_folded="a")])


def test_update_writes_every_kind_of_column(monkeypatch):
    monkeypatch.setattr(bulk, "ROWS_A_STATEMENT", 5)
    papers = [make_paper(title=f"Paper number {n}") for n in range(len(ODD))]
    venue = Venue.objects.create(name="v", name_folded="v")
    moment = datetime.datetime(2021, 4, 5, 6, 7, 8, 90, tzinfo=datetime.UTC)
    for paper, text in zip(papers, ODD, strict=True):
        paper.title, paper.abstract, paper.field_sources = text, text * 2, {"title": text}
        paper.year, paper.retracted, paper.venue, paper.created_at = None, True, venue, moment
    papers[0].year, papers[0].retracted, papers[0].venue = 1999, None, None
    bulk.update(
        Paper, papers, ["title", "abstract", "field_sources", "year", "retracted", "venue", "created_at"]
    )
    for paper, text in zip(papers, ODD, strict=True):
        paper.refresh_from_db()
        assert (paper.title, paper.abstract, paper.field_sources) == (text, text * 2, {"title": text})
        assert paper.created_at == moment
    assert [(paper.year, paper.retracted, paper.venue_id) for paper in papers[:2]] == [
        (1999, None, None),
        (None, True, venue.pk),
    ]


def test_update_refuses_a_text_that_is_too_long_for_its_column():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite does not mind")
    paper = make_paper()
    with pytest.raises(Exception, match="too long"), transaction.atomic():
        bulk.update(Paper, [SimpleNamespace(id=paper.pk, date="2021-04-05T00:00")], ["date"])


def test_missing_rows_are_inserted_once():
    from papers.models import Uncompared

    one, two = make_paper(), make_paper()
    bulk.insert_missing(Uncompared, "paper", [one.pk])
    bulk.insert_missing(Uncompared, "paper", {one.pk, two.pk})
    assert set(Uncompared.objects.values_list("paper_id", flat=True)) == {one.pk, two.pk}


def test_missing_rows_are_inserted_and_a_column_of_the_others_is_emptied():
    one, two = make_paper(), make_paper()
    StaleHub.objects.create(paper=one, counted_by=5)
    bulk.insert_missing(StaleHub, "paper", {one.pk, two.pk}, empty="counted_by")
    assert sorted(StaleHub.objects.values_list("paper_id", "counted_by")) == [(one.pk, None), (two.pk, None)]


def read_years(kinds=(np.int64, np.int16)):
    statement = "SELECT id, year FROM papers_paper ORDER BY id"
    return [column.tolist() for piece in bulk.read(statement, kinds) for column in piece]


def test_a_large_row_is_read_as_a_queryset_reads_it(django_assert_num_queries):
    paper = make_paper(year=2001, venue="Journal")
    pair = make_citation(make_paper(year=None), paper)
    Citation.objects.filter(pk=pair.pk).update(suggestion_probability=0.25, also_roles=["method", "ﬁ – 漢 🜁"])
    columns = [field for field in HubColumns._meta.concrete_fields if isinstance(field, BinaryField)]
    arrays = {field.attname: bytes(range(256)) for field in columns} | {"face": {"a": [1, None]}}
    large = HubColumns.objects.create(paper=paper, format=1, version=-(2**60), field_sets=[[]], **arrays)
    for row in (paper, pair, large):
        expected = type(row).objects.get(pk=row.pk)
        with django_assert_num_queries(1):
            found = bulk.read_row(type(row), row.pk)
        assert vars(found) | {"_state": None} == vars(expected) | {"_state": None}
        assert (found._state.db, found._state.adding) == ("default", False)
    assert bulk.read_row(Paper, 10**12) is None


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_columns_are_read_as_arrays_whatever_the_size_of_the_pieces(monkeypatch, at_once):
    monkeypatch.setattr(bulk, "ROWS_A_READ", at_once)
    papers = [make_paper(year=year) for year in (1999, 2200, 2001, 1000, 2015)]
    columns = read_years()
    assert sum(columns[::2], []) == [paper.pk for paper in papers]
    assert sum(columns[1::2], []) == [1999, 2200, 2001, 1000, 2015]
    assert max(map(len, columns)) <= max(at_once, 1) + 1
    assert Paper.objects.count() == 5  # the connection goes on


def test_nothing_is_read_from_an_empty_table():
    assert read_years() == []


def test_columns_with_a_null_are_refused():
    for year in (1999, None, 2001):
        make_paper(year=year)
    with pytest.raises(TypeError), transaction.atomic():
        read_years()
    assert Paper.objects.count() == 3


def test_a_statement_that_fails_while_it_is_read_says_so():
    make_paper()
    with pytest.raises(Exception, match="column|range|malformed"), transaction.atomic():
        list(bulk.read("SELECT no_such_column FROM papers_paper", (np.int64,)))
    if connection.vendor == "postgresql":
        with pytest.raises(DataError, match="out of range"), transaction.atomic():
            list(bulk.read("SELECT id + 100000 FROM papers_paper", (np.int16,)))
    assert Paper.objects.count() == 1


def test_a_reader_may_stop_early(monkeypatch):
    monkeypatch.setattr(bulk, "ROWS_A_READ", 1)
    for _each in range(5):
        make_paper()
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        reading = bulk.read("SELECT id FROM papers_paper", (np.int64,))
        next(reading)
        reading.close()
        raise KeyboardInterrupt
    assert Paper.objects.count() == 5


def test_among_finds_numbers_words_and_keys():
    papers = [make_paper(title=text) for text in ODD]
    Paper.objects.exclude(pk=papers[0].pk).filter(pk=papers[1].pk).update(year=1999)
    for text, paper in zip(ODD, papers, strict=True):
        assert list(Paper.objects.filter(title__among=[text, "nowhere"])) == [paper]
    assert set(Paper.objects.filter(title__among=ODD)) == set(papers)
    assert set(Paper.objects.filter(id__among={papers[2].pk, papers[3].pk})) == {papers[2], papers[3]}
    assert list(Paper.objects.filter(year__among=[1999, 2001])) == [papers[1]]
    assert not Paper.objects.filter(id__among=[]).exists()
    PaperIdentifier.objects.create(paper=papers[4], scheme="doi", value="10.5555/x")
    assert PaperIdentifier.objects.get(paper_id__among=[papers[4].pk], value__among={"10.5555/x"})
    assert not Authorship.objects.filter(paper__year__among=[1999]).exists()


def test_among_takes_more_values_than_a_statement_takes_variables(django_assert_num_queries):
    paper = make_paper()
    with django_assert_num_queries(1):
        assert list(Paper.objects.filter(id__among=range(paper.pk, paper.pk + 300_000))) == [paper]
