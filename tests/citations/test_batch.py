"""The batch side: what leaves as Parquet and comes back is what ``refresh_hubs --all`` makes."""

import json
import sqlite3
import subprocess
import sys
import threading

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations import cocitation, columns
from citations.batch import engines, folders, loading, rollup, snapshot
from citations.batch.loading import Outdated, load_rollup
from citations.batch.running import write_rollup
from citations.batch.snapshot import write_snapshot
from citations.checks import check_library
from citations.models import Citation, CoCitedWorks, HubColumns, HubSummary, StaleHub
from citations.rollups import mark_stale
from papers import bulk
from papers.models import LibraryMark, Paper
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_hub,
    make_paper,
    make_passage,
    make_reading,
    refresh,
)

LABELS = st.tuples(
    st.sampled_from(["", "background", "method", "unclear"]),
    st.sampled_from(["", "disputes", "neutral"]),
    st.sampled_from(["dataset", "provider", "classifier"]),
)
# Each citing paper: its year, the works it cites, whether one of its sentences names them all, its labels.
LIBRARY = st.lists(
    st.tuples(
        st.sampled_from([None, 1999, 2019, 2020]),
        st.sets(st.integers(0, 5), min_size=1),
        st.booleans(),
        LABELS,
    ),
    min_size=10,
    max_size=16,
)
YEARS = (2001, None, 2000, 2001, 2002, 1990)


def build(library):
    works = [make_paper(year=year) for year in YEARS]
    for year, cites, together, (role, polarity, source) in library:
        citing = make_paper(year=year)
        passage = make_passage(citing) if together else None
        for number in sorted(cites):
            pair = make_citation(citing, works[number])
            if passage:
                context = make_context(pair, passage=passage)
                for dimension, value in (("role", role), ("polarity", polarity)):
                    if value:
                        make_assertion(context, value=value, dimension=dimension, source=source)
    make_citation(works[0], works[1])  # a hub cites: its line there tells how often it is cited itself


def held():
    """What the library has of its hubs, times apart."""
    summaries = list(HubSummary.objects.order_by("paper_id").values())
    for row in summaries:
        del row["computed_at"]
    co_cited = list(CoCitedWorks.objects.order_by("paper_id").values_list("paper_id", "works"))
    arrays = list(HubColumns.objects.order_by("paper_id").values_list("paper_id", "version"))
    return summaries, co_cited, arrays


def forget():
    """Take away everything that is derived of hubs, as a load with ``--no-refresh`` leaves them."""
    HubSummary.objects.all().delete()
    CoCitedWorks.objects.all().delete()
    HubColumns.objects.all().delete()
    mark_stale(Citation.objects.values_list("cited_paper_id", flat=True).distinct())


def computed(folder, engine="duckdb"):
    """A snapshot of the library and the rollup of it; returns the rollup's folder."""
    write_snapshot(folder / "snapshot")
    out = folder / f"rollup-{engine}"
    if engine == "duckdb":
        started = engines.DuckDB.started(memory="500MB", scratch=folder)
    else:
        started = engines.Spark.started()
    with started as running:
        write_rollup(folder / "snapshot", out, running)
    return out


def rows_of(folder):
    """{table: its rows} of a rollup."""
    manifest = folders.opened(folder, folders.ROLLUP)
    return {
        table: [
            row
            for file in folders.files_of(folder, manifest, table)
            for row in pq.read_table(file).to_pylist()
        ]
        for table in manifest["tables"]
    }


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=4, deadline=None)
@given(library=LIBRARY, most_references=st.sampled_from([4, 500]), at_once=st.sampled_from([1, 40, 10**6]))
def test_what_comes_back_is_what_a_refresh_makes(
    library, most_references, at_once, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(cocitation, "MOST_REFERENCES", most_references)
    monkeypatch.setattr(engines, "PAIRS_AT_ONCE", at_once)
    monkeypatch.setattr(loading, "HUBS_A_CHUNK", 2)
    for module in (columns, loading):  # packed columns for small hubs too
        monkeypatch.setattr(module, "STORED_FROM" if module is columns else "COLUMNS_FROM", 8)
    build(library)
    refresh()
    expected = held()
    forget()
    loaded = load_rollup(computed(tmp_path_factory.mktemp("batch")))
    assert held() == expected
    assert loaded == len(expected[0])
    assert list(check_library()) == []


@pytest.fixture
def library():
    """A hub with readings, withdrawn rows, a paper no longer cited, an abstaining machine."""
    hub = make_hub(roles={"background": 9, "method": 2}, polarities={"disputes": 3}, unlabelled=2, unread=4)
    other = make_paper(year=None)
    for pair in hub.incoming_citations.all()[:11]:
        make_citation(pair.citing_paper, other)
    pair = hub.incoming_citations.filter(role="").exclude(is_read=False).first()
    make_reading(pair.contexts.first(), likeliest="method", polarity="supports")
    gone = make_citation(cited_paper=make_paper())
    refresh()
    Citation.objects.filter(pk=gone.pk).update(withdrawn_at="2026-01-01T00:00Z")
    gone.provenances.update(withdrawn_at="2026-01-01T00:00Z")
    return hub


@pytest.mark.django_db
def test_the_commands_make_the_round_trip_over_the_sample_library(tmp_path, capsys):
    call_command("load_sample")
    expected = held()
    forget()
    call_command("snapshot", str(tmp_path / "here"))
    call_command("rollup", snapshot=str(tmp_path / "here"), engine="duckdb")
    call_command("load_rollup", str(tmp_path / "here/rollup-duckdb"))
    assert held() == expected
    assert list(check_library()) == []
    said = capsys.readouterr().out
    assert "1,177 citations" in said and "178 hubs loaded." in said


@pytest.mark.django_db
def test_readings_and_withdrawn_pairs_come_back_right(library, tmp_path):
    out = computed(tmp_path)
    gone = HubSummary.objects.order_by("-paper_id").first()
    load_rollup(out)
    assert not HubSummary.objects.filter(pk=gone.pk).exists()  # its only citing paper was withdrawn
    summary = HubSummary.objects.get(paper=library)
    assert summary.population["size"] == 1
    assert list(check_library()) == []


@pytest.mark.django_db
def test_loading_twice_writes_nothing_the_second_time(library, tmp_path):
    out = computed(tmp_path)
    load_rollup(out)
    before = list(HubSummary.objects.order_by("pk").values())
    load_rollup(out)
    assert list(HubSummary.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_old_numbers_are_refused_once_somebody_has_written(library, tmp_path):
    out = computed(tmp_path)
    make_citation(cited_paper=library)
    refresh()
    expected = held()
    with pytest.raises(Outdated, match="take a new snapshot"):
        load_rollup(out)
    assert held() == expected
    with pytest.raises(CommandError) as ended:
        call_command("load_rollup", str(out))
    assert ended.value.returncode == 1


@pytest.mark.django_db
def test_a_load_ends_where_somebody_comes_between(library, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "HUBS_A_CHUNK", 1)
    expected = held()[0]
    out = computed(tmp_path)
    forget()
    with pytest.raises(Outdated):
        load_rollup(out, progress=lambda *_: bulk.mark_library())
    # The first hub is there and right, the others wait as they did.
    assert held()[0] == expected[:1]
    assert StaleHub.objects.filter(paper_id=expected[1]["paper_id"]).exists()


@pytest.mark.django_db
def test_a_stopped_load_is_begun_anew(library, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "HUBS_A_CHUNK", 1)
    out = computed(tmp_path)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_rollup(out, progress=stop)
    load_rollup(out)
    assert list(check_library()) == []


@pytest.mark.django_db
def test_an_empty_library_makes_the_round_trip(tmp_path):
    stray = make_paper()
    out = computed(tmp_path)
    mark_stale([stray.pk])
    assert load_rollup(out) == 0
    assert list(check_library()) == []


@pytest.mark.django_db
def test_a_rollup_by_other_rules_is_refused(library, tmp_path, monkeypatch):
    out = computed(tmp_path)
    monkeypatch.setattr(cocitation, "MOST_REFERENCES", 100)
    with pytest.raises(folders.Refused, match="other rules"):
        load_rollup(out)


@pytest.mark.django_db
def test_a_snapshot_says_what_a_label_is_but_not_who_gave_it(tmp_path):
    context = make_context(section="Methods")
    make_assertion(context, value="method", source="curator", note="seen by Anna Moss")
    refresh()
    paper = make_paper("Of named things", identifiers={"doi": "10.1000/x1", "arxiv": "2101.00001"})
    manifest = write_snapshot(tmp_path / "new")
    mark, changed_at = LibraryMark.current()
    assert (manifest["library_mark"], manifest["library_changed_at"]) == (mark, changed_at.isoformat())
    [assertion] = pq.read_table(tmp_path / "new/assertions").to_pylist()
    assert (assertion["value"], assertion["source"]) == ("method", "curator")
    assert not {"curator", "curator_id", "note"} & set(assertion)
    [pair] = pq.read_table(tmp_path / "new/citations").to_pylist()
    assert (pair["role"], pair["role_source"], pair["also_roles"]) == ("method", "curator", [])
    papers = {row["paper_id"]: row for row in pq.read_table(tmp_path / "new/papers").to_pylist()}
    assert sorted(papers[paper.pk]["identifiers"]) == ["arxiv:2101.00001", "doi:10.1000/x1"]
    assert papers[paper.pk]["title"] == "Of named things"


@pytest.mark.django_db
def test_files_and_row_groups_are_of_bounded_size(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "ROWS_A_GROUP", 3)
    monkeypatch.setattr(folders, "ROWS_A_FILE", 6)
    for _each in range(8):
        make_paper()
    manifest = write_snapshot(tmp_path / "new")
    described = manifest["tables"]["papers"]
    assert ([file["rows"] for file in described["files"]], described["rows"]) == ([6, 2], 8)
    assert pq.ParquetFile(tmp_path / "new" / described["files"][0]["path"]).num_row_groups == 2


# -- folders ---------------------------------------------------------------------------------


def whole(path):
    with folders.writing(path, folders.SNAPSHOT, ["papers"]):
        with folders.TableWriter(path / "papers", snapshot.TABLES["papers"].schema):
            pass
    return path


def test_a_folder_is_whole_only_with_its_manifest(tmp_path):
    path = tmp_path / "new"
    with pytest.raises(KeyboardInterrupt), folders.writing(path, folders.SNAPSHOT, ["papers"]):
        raise KeyboardInterrupt
    with pytest.raises(folders.Refused, match="stopped here"):
        folders.opened(path, folders.SNAPSHOT)
    whole(path)  # what a stopped run left is replaced
    assert folders.opened(path, folders.SNAPSHOT)["tables"]["papers"]["rows"] == 0
    with pytest.raises(KeyboardInterrupt), folders.writing(path, folders.SNAPSHOT, ["papers"]):
        raise KeyboardInterrupt
    with pytest.raises(folders.Refused, match="no whole"):
        folders.opened(path, folders.SNAPSHOT)


def _with_a_strangers_file(path):
    path.mkdir()
    (path / "thesis.tex").write_text("x")


@pytest.mark.parametrize(
    "make",
    [
        _with_a_strangers_file,
        lambda path: path.write_text("a file"),
        lambda path: (whole(path), (path / "manifest.json").write_text("{}")),
        lambda path: (whole(path), (path / "manifest.json").write_text("{")),
        lambda path: (
            whole(path),
            (path / "manifest.json").write_text(json.dumps({"format": folders.ROLLUP})),
        ),
    ],
    ids=["strange", "file", "other-manifest", "no-json", "other-kind"],
)
def test_what_is_not_ours_is_not_written_over(make, tmp_path):
    make(tmp_path / "there")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(folders.Refused), folders.writing(tmp_path / "there", folders.SNAPSHOT, ["papers"]):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def _manifest(path, change):
    manifest = json.loads((path / "manifest.json").read_text())
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "harm, said",
    [
        (lambda path: (path / "papers/part-00000.parquet").unlink(), "is missing"),
        (lambda path: (path / "papers/part-00000.parquet").write_bytes(b"x"), "copy it again"),
        (lambda path: _manifest(path, lambda held: held.pop("tables")), "damaged"),
        (lambda path: _manifest(path, lambda held: held.update(schema_version=99)), "schema version 99"),
        (
            lambda path: _manifest(
                path, lambda held: held["tables"]["papers"]["files"][0].update(path="../../etc/passwd")
            ),
            "outside its folder",
        ),
    ],
    ids=["file-lost", "file-changed", "tables-lost", "schema", "outside"],
)
def test_a_damaged_folder_is_refused(harm, said, tmp_path):
    path = whole(tmp_path / "there")
    harm(path)
    with pytest.raises(folders.Refused, match=said):
        folders.opened(path, folders.SNAPSHOT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command, options",
    [
        ("snapshot", lambda path: [str(path)]),
        ("rollup", lambda path: ["--snapshot", str(path), "--engine", "duckdb"]),
        ("load_rollup", lambda path: [str(path)]),
    ],
)
def test_a_folder_of_someone_elses_ends_each_command_with_2(command, options, tmp_path):
    _with_a_strangers_file(tmp_path / "there")
    with pytest.raises(CommandError) as ended:
        call_command(command, *options(tmp_path / "there"))
    assert ended.value.returncode == 2


@pytest.mark.django_db
def test_a_stopped_snapshot_exits_with_130(tmp_path, monkeypatch, capsys):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot, "_groups", stop)
    with pytest.raises(SystemExit) as ended:
        call_command("snapshot", str(tmp_path / "new"))
    assert ended.value.code == 130
    assert "begins anew" in capsys.readouterr().err
    with pytest.raises(folders.Refused):
        folders.opened(tmp_path / "new", folders.SNAPSHOT)


# -- one moment --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory has one connection")
def test_a_snapshot_shows_one_moment_while_others_write():
    make_paper()

    def write():
        make_paper()
        connections.close_all()

    with snapshot.one_moment():
        before = Paper.objects.count()
        other = threading.Thread(target=write)
        other.start()
        other.join()
        assert Paper.objects.count() == before
    assert Paper.objects.count() == before + 1


@pytest.mark.django_db
def test_on_sqlite_one_moment_keeps_nobody_from_writing(tmp_path, monkeypatch):
    file = tmp_path / "library.sqlite3"
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE things (thing)")
    here = connections.create_connection("default")
    if here.vendor != "sqlite":
        pytest.skip("PostgreSQL has a test of its own")
    here.settings_dict = {**here.settings_dict, "NAME": file}
    monkeypatch.setattr(snapshot, "connection", here)
    with here.wrap_database_errors, snapshot.one_moment(), here.cursor() as cursor:
        assert cursor.execute("SELECT COUNT(*) FROM things").fetchone() == (0,)
        other.execute("INSERT INTO things VALUES (1)")
        other.commit()
        assert cursor.execute("SELECT COUNT(*) FROM things").fetchone() == (0,)
    with here.cursor() as cursor:
        assert cursor.execute("SELECT COUNT(*) FROM things").fetchone() == (1,)
    here.close()
    other.close()


def test_the_site_runs_without_the_extra():
    """No module that pages, imports and their commands need may import what only the extra brings."""
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['ibis', 'pyarrow', 'duckdb', 'pyspark']));"
        "import django; django.setup(); import hubsite.urls;"
        "from django.core.management import call_command, CommandError\n"
        "try: call_command('snapshot', 'nowhere')\n"
        "except CommandError as error: print(error.returncode, error)"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "hubsite.settings",
        "SECRET_KEY": "x",
        "DATABASE_URL": "sqlite://",
    }
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 this needs the extra 'batch'")


# -- Spark -------------------------------------------------------------------------------------


@pytest.mark.spark
@pytest.mark.django_db
def test_spark_gives_the_same_rows_as_duckdb(tmp_path):
    pytest.importorskip("pyspark", reason="the extra 'spark' is not installed")
    call_command("load_sample")
    make_hub(roles={"background": 9}, unread=9)
    refresh()
    by_duckdb, by_spark = (rows_of(computed(tmp_path, engine)) for engine in ("duckdb", "spark"))
    assert by_spark == by_duckdb
    assert len(by_spark[rollup.CO_CITED]) > 600
