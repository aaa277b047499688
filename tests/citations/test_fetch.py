"""``manage.py fetch`` from a server on loopback that stands in for all three services."""

import io
import json
import signal
import threading
import time

import pytest
from django.core.management import CommandError, call_command

from citations.checks import check_library
from citations.models import Citation, CitationContext, ImportRun, StaleHub
from papers import live
from papers.live import client, crossref, openalex, semantic_scholar
from papers.models import Paper
from tests.papers.live.stand_in import Reply, stand_in

pytestmark = pytest.mark.django_db

S2 = f"/s2/paper/{'a' * 40}"
ALL = ("/s2/paper/DOI:10.5555/tide.1", "/openalex/works/doi:10.5555/tide.1", "/crossref/works/10.5555/tide.1")


def citing(number):
    return {
        "contexts": [f"The tides were counted before, in pond {number} (Moor, 1999)."],
        "intents": ["background"],
        "isInfluential": False,
        "citingPaper": {"paperId": f"{number:040x}", "title": f"Counting in pond {number}", "year": 2020},
    }


def answers():
    """What the three services say of one paper: 3 citing papers here, 1 there; 1 reference each."""
    cited = {"id": "https://openalex.org/W9", "title": "The moon as a spoon"}
    found = {
        ALL[0]: {
            "paperId": "a" * 40,
            "externalIds": {"DOI": "10.5555/tide.1"},
            "title": "Tides in a made-up lake",
            "citationCount": 3,
            "referenceCount": 1,
        },
        f"{S2}/citations?offset=0&limit=500": {"offset": 0, "next": 2, "data": [citing(0), citing(1)]},
        f"{S2}/citations?offset=2&limit=500": {"offset": 2, "data": [citing(2)]},
        f"{S2}/references?offset=0&limit=1000": {
            "offset": 0,
            "data": [{"citedPaper": {"paperId": "b" * 40, "title": "The moon as a spoon"}}],
        },
        ALL[1]: {
            "id": "https://openalex.org/W1",
            "doi": "https://doi.org/10.5555/tide.1",
            "title": "Tides in a made-up lake",
            "cited_by_count": 1,
            "referenced_works": [cited["id"]],
            "referenced_works_count": 1,
        },
        "/openalex/works?filter=cites:W1&per_page=100&cursor=*": {
            "meta": {"count": 1, "next_cursor": None},
            "results": [
                {
                    "id": "https://openalex.org/W2",
                    "title": "Ponds, and no end",
                    "referenced_works": ["https://openalex.org/W1"],
                }
            ],
        },
        "/openalex/works?filter=openalex_id:W9&per_page=50": {"meta": {"count": 1}, "results": [cited]},
        "/crossref/works/10.5555%2Ftide.1": {
            "message": {
                "DOI": "10.5555/tide.1",
                "title": ["Tides in a made-up lake"],
                "is-referenced-by-count": 12,
                "reference-count": 1,
                "reference": [{"DOI": "10.5555/moon", "article-title": "The moon as a spoon"}],
            }
        },
    }
    return found


@pytest.fixture
def service(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "JITTER", 0.01)
    for source in (crossref, openalex, semantic_scholar):
        monkeypatch.setattr(source, "INTERVAL", 0)
    with stand_in() as running:
        settings.SEMANTIC_SCHOLAR_URL = f"{running.url}/s2"
        settings.OPENALEX_URL = f"{running.url}/openalex"
        settings.CROSSREF_URL = f"{running.url}/crossref"
        settings.FETCHED_FOLDER = tmp_path / "fetched"
        settings.CONTACT_EMAIL = "ada@example.org"
        settings.PUBLIC_URL = "https://hub.example.org"
        running.answers = answers()
        plain = running.reply
        running.reply = lambda address: plain(
            address.replace("/crossref/works/10.5555/tide.1", "/crossref/works/10.5555%2Ftide.1")
        )
        yield running


def fetch(*arguments):
    """(exit code, stdout, stderr) of one run."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("fetch", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    except SystemExit as error:
        code = error.code
    return code, out.getvalue(), err.getvalue()


def test_a_paper_comes_with_its_citing_papers_contexts_and_references(service):
    code, out, err = fetch("https://doi.org/10.5555/TIDE.1")
    assert (code, err) == (0, "")
    paper = Paper.objects.by_identifier("doi", "10.5555/tide.1").get()
    assert paper.title == "Tides in a made-up lake"
    assert paper.incoming_citations.count() == 4 and paper.outgoing_citations.count() >= 1
    assert CitationContext.objects.filter(citation__cited_paper=paper).count() == 3
    table = [line.split() for line in out.splitlines()]
    rows = {line[0]: line[1:] for line in table if line and line[0] in live.SOURCES}
    assert [rows[name][:6] for name in rows] == [
        ["4", "0", "3", "3", "1", "1"],
        ["3", "0", "1", "1", "1", "1"],
        ["1", "0", "–", "12", "1", "1"],
    ]
    assert rows["semantic-scholar"][6:] == ["4", "3"]
    assert f"https://hub.example.org{paper.get_absolute_url()}" in out.splitlines()
    assert list(check_library()) == [] and not StaleHub.objects.exists()
    run = ImportRun.objects.get()
    assert (
        run.state == "complete" and run.paths == ["doi:10.5555/tide.1"] and run.options["command"] == "fetch"
    )


def test_json_is_one_line_with_the_counts_of_the_contract_and_of_each_source(service):
    code, out, err = fetch("10.5555/tide.1", "--json")
    counts = json.loads(out)
    assert code == 0 and out.count("\n") == 1 and "semantic-scholar" in err
    assert counts["contexts_created"] == 3 and counts["skipped"] == 0
    assert sum(row["citations_created"] for row in counts["sources"]) == counts["citations_created"]
    assert counts["sources"][2]["citing_received"] is None and counts["sources"][2]["citing_stated"] == 12
    assert counts["hubs"]["doi:10.5555/tide.1"].startswith("https://hub.example.org/papers/")


def test_a_second_run_asks_nothing_and_changes_nothing(service):
    fetch("10.5555/tide.1")
    asked, before = len(service.requests), (Paper.objects.count(), Citation.objects.count())
    code, out, _err = fetch("10.5555/tide.1", "--json")
    counts = json.loads(out)
    assert code == 0 and len(service.requests) == asked
    assert (Paper.objects.count(), Citation.objects.count()) == before
    assert all(value == 0 for name, value in counts.items() if name.endswith(("_created", "_updated")))
    assert [row["from_disk"] for row in counts["sources"]] == [4, 3, 1]
    fetch("10.5555/tide.1", "--fresh")
    assert len(service.requests) == 2 * asked


def test_a_source_that_is_down_is_said_and_the_others_go_on(service):
    service.answers[ALL[0]] = Reply(503, b'{"message": "Resting"}')
    code, out, err = fetch("10.5555/tide.1")
    assert code == 1
    assert (
        "semantic-scholar: doi:10.5555/tide.1: skipped: no answer after 5 tries" in err and "Resting" in err
    )
    assert Paper.objects.by_identifier("doi", "10.5555/tide.1").get().incoming_citations.count() == 1
    run = ImportRun.objects.get()
    assert run.state == "skipped-some" and "no answer" in run.problems[0]["reason"]
    service.answers = answers()
    assert fetch("10.5555/tide.1")[0] == 0
    assert service.asked.count(ALL[1]) == 1


def test_a_source_that_is_down_is_not_asked_for_the_next_paper(service):
    service.answers[ALL[0]] = Reply(503)
    _code, _out, err = fetch("10.5555/tide.1", "10.5555/other")
    assert sum("/s2/" in address for address in service.asked) == client.TRIES
    assert "semantic-scholar: doi:10.5555/other: skipped: not asked again: no answer after 5" in err


def test_all_sources_down_is_exit_2(service):
    service.answers = {path: Reply(500) for path in service.answers}
    code, out, err = fetch("10.5555/tide.1")
    assert code == 2 and "nothing could be read" in err
    assert "The library holds no paper with this identifier." in out
    assert Paper.objects.count() == 0


def test_a_paper_that_nobody_knows_is_exit_2_with_each_reason(service):
    code, _out, err = fetch("10.5555/unheard-of")
    assert code == 2 and err.count("it does not know this paper") == 3


@pytest.mark.parametrize("typed", ["nonsense", "10.5555", "https://example.org/paper"])
def test_an_unknown_identifier_is_exit_2_before_anything_is_asked(service, typed):
    code, _out, err = fetch("10.5555/tide.1", typed)
    assert code == 2 and repr(typed) in err and service.requests == []
    assert not ImportRun.objects.exists()


def test_what_one_source_tells_is_used_to_ask_the_next(service):
    service.answers["/openalex/works/W1"] = service.answers[ALL[1]]
    code, _out, err = fetch("openalex:W1")
    assert (code, err) == (0, "")
    assert service.asked[0] == "/openalex/works/W1" and ALL[0] in service.asked


def test_a_source_that_cannot_be_asked_is_said(service):
    service.answers["/openalex/works/W1"] = service.answers[ALL[1]] | {"doi": None}
    code, _out, err = fetch("openalex:W1")
    assert code == 1 and err.count("by none of the identifiers that are known of this one") == 2


def test_only_the_chosen_sources_are_asked(service):
    assert fetch("10.5555/tide.1", "--source", "crossref", "--source", "openalex")[0] == 0
    assert not any("/s2/" in address for address in service.asked)


def test_fewer_than_stated_is_said_with_the_reason(service):
    service.answers[ALL[0]]["citationCount"] = 5
    _code, _out, err = fetch("10.5555/tide.1", "--source", "semantic-scholar")
    assert "semantic-scholar: doi:10.5555/tide.1: citing papers: 3 received, 5 stated\n" in err
    service.answers[f"{S2}/citations?offset=0&limit=1"] = {"offset": 0, "next": 1, "data": [citing(0)]}
    _code, _out, err = fetch("10.5555/tide.1", "--source", "semantic-scholar", "--limit", "1", "--fresh")
    assert "citing papers: 1 received, 5 stated (--limit 1)" in err


@pytest.fixture
def interruptible():
    """A process started in the background of a shell ignores Ctrl-C; these tests send it to themselves."""
    held = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, held)


def test_ctrl_c_keeps_what_came_and_the_same_command_goes_on(service, interruptible):
    main = threading.main_thread().ident

    def interrupt():
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.2)

    second = f"{S2}/citations?offset=2&limit=500"
    service.answers[second] = Reply(200, b"{}", before=interrupt)
    code, out, err = fetch("10.5555/tide.1")
    assert code == 130 and "the same command goes on from here" in out
    assert "citing papers: 2 received, 3 stated" in err
    assert ImportRun.objects.get().state == "stopped"
    assert CitationContext.objects.count() == 2
    asked = len(service.requests)
    service.answers = answers()
    code, out, _err = fetch("10.5555/tide.1")
    assert code == 0 and CitationContext.objects.count() == 3
    # The paper and the first page were on disk: the second page is the first thing asked for.
    assert service.asked[asked] == second and service.asked.count(ALL[0]) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [(b'{"paperId": "a', "not whole JSON"), (b"<html>Sorry</html>", "it answered HTML"), (b"[]", "shape")],
)
def test_an_answer_that_is_no_answer_is_said(service, body, said):
    service.answers[ALL[0]] = body
    code, _out, err = fetch("10.5555/tide.1", "--source", "semantic-scholar", "--source", "crossref")
    assert code == 1 and said in err


def test_a_key_is_sent_and_never_shown_or_kept(service, settings):
    settings.SEMANTIC_SCHOLAR_API_KEY = settings.OPENALEX_API_KEY = settings.CROSSREF_API_KEY = "hidden-key"
    service.answers[ALL[0]] = Reply(403, b'{"message": "hidden-key is not valid"}')
    plain = service.reply
    service.reply = lambda address: plain(
        address.replace("&api_key=hidden-key", "").replace("?api_key=hidden-key", "")
    )
    code, out, err = fetch("10.5555/tide.1", "--json")
    assert code == 1 and "check SEMANTIC_SCHOLAR_API_KEY" in err
    assert service.requests[0].headers["x-api-key"] == "hidden-key"
    assert any("api_key=hidden-key" in request.path for request in service.requests)
    assert service.requests[-1].headers["Crossref-Plus-API-Token"] == "Bearer hidden-key"
    assert all("hidden-key" in f"{request.path} {request.headers}" for request in service.requests)
    run = ImportRun.objects.get()
    assert "hidden" not in out + err + json.dumps([run.problems, run.options, run.position])
    kept = [path for path in settings.FETCHED_FOLDER.rglob("*") if path.is_file()]
    assert kept and not any("hidden" in f"{path}{path.read_text()}" for path in kept)


def test_a_folder_that_cannot_be_made_is_exit_2(service, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.FETCHED_FOLDER = tmp_path / "file" / "fetched"
    code, _out, err = fetch("10.5555/tide.1")
    assert code == 2 and "set FETCHED_FOLDER" in err


def test_hubs_are_left_stale_when_wished_and_a_missing_contact_is_noted(service, settings):
    settings.CONTACT_EMAIL = ""
    code, _out, err = fetch("10.5555/tide.1", "--no-refresh")
    assert code == 0 and StaleHub.objects.exists() and "CONTACT_EMAIL is not set" in err
