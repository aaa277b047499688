"""German is complete: every string of the code and of the pages has a translation that fits it.

``.po`` files are read here by a few lines, so that the tests need no gettext tools.
"""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize
from lxml import html

from citations.labels import LabelSource, Polarity, Role
from citations.models import Citation, HubSummary
from explorer import finding
from papers.models import Author
from tests.factories import make_assertion, make_citation, make_context, make_paper, refresh

ROOT = Path(settings.BASE_DIR)
ROOMS = ("papers", "citations", "explorer", "hubsite")
CATALOGUES = sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
NAMES = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
}
WITH_CONTEXT = {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 2}
STRING = r"u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\""
CALL = re.compile(rf"\b(?:\w*gettext|_)\((?:{STRING}|[\w\s,.])+\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]\b|%%|</?\w+[^>]*>")
COORDINATES = ("d", "x", "y", "width", "height", "viewbox", "viewBox", "points")
COUNTED = "//p[@class='headline' or @class='base'] | //table | //*[local-name()='text']"
db = pytest.mark.django_db


def read_po(path):
    """[(comments, {keyword: text})] of a .po file, its header first."""
    entries = []
    for block in re.split(r"\n\n+", path.read_text(encoding="utf-8").strip()):
        lines = block.splitlines()
        comments = [line for line in lines if line.startswith("#")]
        fields, keyword = {}, ""
        for line in lines[len(comments) :]:
            if not line.startswith('"'):
                keyword, _blank, line = line.partition(" ")
                fields[keyword] = ""
            fields[keyword] += ast.literal_eval(line)
        entries.append((comments, fields))
    return entries


def key_of(fields):
    """The key of an entry in a compiled catalogue."""
    return "\x04".join(filter(None, (fields.get("msgctxt"), fields["msgid"])))


def strings_of_python(source):
    """The keys of all strings that Python code has translated."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        words = [item.value for item in node.args if isinstance(item, ast.Constant) and item.value]
        if name in NAMES and words and isinstance(words[0], str):
            yield words[0]
        elif name in WITH_CONTEXT and len(words) > 1:
            yield "\x04".join(words[:2])


def strings_of_the_code():
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            found.update(strings_of_python(path.read_text(encoding="utf-8")))
    for path in (ROOT / "templates").rglob("*.html"):
        code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for call in CALL.finditer(code):
            found.update(strings_of_python(call[0]))
    return found


def shape(text):
    """The placeholders and tags of a string, which its translation must have too."""
    return sorted(PLACEHOLDER.findall(text))


def test_the_catalogue_has_every_string_of_the_code_and_no_other():
    for path in CATALOGUES:
        held = {key_of(fields) for _comments, fields in read_po(path)[1:]}
        of_the_code = strings_of_the_code()
        assert len(of_the_code) > 700, "the strings were not found"
        assert of_the_code - held == set(), f"run `make messages` and translate, {path}"
        assert held - of_the_code == set(), f"run `make messages`, {path}"


def test_every_entry_is_translated_and_fits():
    assert CATALOGUES
    for path in CATALOGUES:
        for comments, fields in read_po(path)[1:]:
            said = [text for keyword, text in fields.items() if keyword.startswith("msgstr")]
            assert all(said) and len(said) == (2 if "msgid_plural" in fields else 1), fields
            assert not any(line.startswith("#, fuzzy") for line in comments), fields
            shapes = [shape(fields["msgid"]), shape(fields.get("msgid_plural", fields["msgid"]))]
            assert all(shape(text) in shapes for text in said), fields
            # A no-break space stands before a percent sign.
            assert not any(re.search(r" %(?![(sd])", text) for text in said), fields


def test_the_compiled_catalogue_holds_the_same():
    for path in CATALOGUES:
        written = {}
        for _comments, fields in read_po(path)[1:]:
            if "msgid_plural" in fields:
                written |= {(key_of(fields), number): fields[f"msgstr[{number}]"] for number in (0, 1)}
            else:
                written[key_of(fields)] = fields["msgstr"]
        with path.with_suffix(".mo").open("rb") as compiled:
            held = dict(gettext.GNUTranslations(compiled)._catalog)
        held.pop("")
        assert held == written, f"run `make messages` and commit {path.with_suffix('.mo')}"


@pytest.fixture
def sample():
    call_command("load_sample")


@pytest.fixture
def unknown(monkeypatch):
    """The strings that were asked for in German and that the catalogue of this project lacks."""
    missing, german = set(), trans_real.translation("de")
    known = german._catalog  # ours and Django's
    ours = {fields.get("msgstr") for _comments, fields in read_po(ROOT / "locale/de/LC_MESSAGES/django.po")}
    singular, plural = german.gettext, german.ngettext

    def noting_gettext(message):
        # What is German already is asked for again, such as the name of a language.
        if known.get(message, known.get((message, 0))) is None and message not in ours:
            missing.add(message)
        return singular(message)

    def noting_ngettext(one, many, number):
        if known.get((one, 0)) is None:
            missing.add(one)
        return plural(one, many, number)

    monkeypatch.setattr(german, "gettext", noting_gettext)
    monkeypatch.setattr(german, "ngettext", noting_ngettext)
    return missing


def pages_of_the_sample():
    """(address, status) of a page of each kind, filters and mistakes included."""
    best = HubSummary.objects.order_by("-known").first().paper
    hub, number = best.get_absolute_url(), best.pk
    other = HubSummary.objects.exclude(paper=best).order_by("-known").first().paper_id
    longest = max(best.display_title.split(), key=len)
    misspelt = longest[:3] + longest[4:]  # in no title, so that one near it is shown
    assert finding.find(misspelt, 10).forgiven == "spelling"
    pairs = best.incoming_citations.all()[:12]
    pages = [(f"/papers/{number}/citing/{pair.citing_paper_id}/", 200) for pair in pairs]
    # A hub of each status.
    summaries = {summary.status: summary for summary in HubSummary.objects.select_related("paper")}
    pages += [(summary.paper.get_absolute_url(), 200) for summary in summaries.values()]
    ask = f"{hub}citing/?"
    for facets in (
        *(f"role={role}" for role in Role.values),
        *(f"polarity={polarity}" for polarity in Polarity.values),
        *(f"source={source}" for source in LabelSource.values),
        "labelled=none&undated=leave-out&retracted=only&self=only&text=unread&depth_min=3&depth=4",
        "role=method&role=dataset&q=nothing+has+these+words&year_min=1990&year_max=2030",
        "year_min=2030&year_max=1990&nonsense=1&role=nonsense&per_page=1000",
        "sort=year&page=99&per_page=5",
        "suggested=disputes&cites=1&claim=any&read_by=machine",
    ):
        pages.append((ask + facets, 200))
    pages += [
        (address, 200)
        for address in (
            "/",
            "/?q=a",
            "/?q=nothing+has+these+words",
            "/?q=10.1234/nothing",
            f"/?q={misspelt}",
            "/compare/",
            f"/compare/?paper={number}",
            f"/compare/?paper={number}&paper={other}&paper={other}&paper=10.1234/nothing",
            "/papers/",
            "/papers/?tier=hub&status=unread&status=mixed-citations&year_min=1900&retracted=only",
            "/papers/?q=zzzzzz",
            "/papers/?role=method&share_min=10&sort=-share&disputes=any",
            "/papers/?share_min=10",
            f"{hub}years/",
            f"/authors/{Author.objects.first().pk}/",
            "/about/labels/",
            "/about/accuracy/",
            "/about/accuracy/disagreements/",
            "/about/accuracy/disagreements/?dimension=role&agree=yes",
        )
    ]
    return [*pages, ("/nothing/", 404), ("/papers/99999999/", 404), ("/doi/10.1234/nothing", 404)]


@db
def test_no_page_asks_for_a_string_that_german_lacks(client, sample, unknown):
    assert Citation.objects.exists()
    for address, status in pages_of_the_sample():
        answer = client.get(address, headers={"accept-language": "de"})
        assert answer.status_code == status, address
        assert '<html lang="de">' in answer.content.decode(), address
        assert unknown == set(), address


@db
def test_german_numbers_in_the_text_and_plain_ones_in_what_machines_read(client, sample):
    summary = HubSummary.objects.order_by("-known").first()
    HubSummary.objects.filter(pk=summary.pk).update(known=12345)
    text = client.get(summary.paper.get_absolute_url(), headers={"accept-language": "de"}).content.decode()
    page = html.document_fromstring(text)
    words = page.find("body").text_content()
    assert "12.345" in words and "12,345" not in words and "12345" not in words
    # The texts of papers keep their own percent signs.
    counted = " ".join(each.text_content() for each in page.xpath(COUNTED))
    assert re.search(r"\d\u00a0%", counted) and not re.search(r"[\d ]%", counted)
    coordinates = [value for each in page.iter() for name, value in each.items() if name in COORDINATES]
    assert len(coordinates) > 100 and not any("," in value for value in coordinates)
    for time in page.iter("time"):
        assert re.match(r"\d{4}-\d\d-\d\dT", time.get("datetime"))
        assert re.match(r"\d{1,2}\. [A-Z][a-zä]+ \d{4}", time.text)
    for link in page.xpath("//a/@href"):
        assert not re.search(r"\d[.,]\d{3}\b", link.partition("?")[2]), link


@db
def test_german_numbers_in_a_comparison(client, sample):
    first, second = HubSummary.objects.order_by("-known").values_list("paper_id", flat=True)[:2]
    address = f"/compare/?paper={first}&paper={second}"
    page = html.document_fromstring(client.get(address, headers={"accept-language": "de"}).content.decode())
    shares = [each.text_content() for each in page.xpath("//*[@id='roles' or @id='polarities']//dd")]
    assert len(shares) > 10
    for each in shares:
        assert re.search(r"\(<?\d+\u00a0%\)", each) and not re.search(r"[\d ]%", each), each


@db
def test_the_api_stays_english(client):
    paper = make_paper("Of tides")
    for _each in range(12):
        make_assertion(make_context(make_citation(make_paper(), paper)), value="background")
    refresh()
    address = f"/api/v1/papers/{paper.pk}/hub"
    answers = [client.get(address, headers={"accept-language": each}).content for each in ("en", "de")]
    assert answers[0] == answers[1]


# -- the choice of a language -----------------------------------------------------------------------


@db
@pytest.mark.parametrize("order", [("en", "de"), ("de", "en")])
def test_a_kept_page_is_answered_in_the_readers_language(client, django_assert_num_queries, order):
    words = {"en": "How is this paper cited", "de": "Wie wird diese Arbeit zitiert"}
    for language in order:
        first = client.get("/", headers={"accept-language": language})
        assert words[language] in first.content.decode()
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in first["Vary"].split(",")}
        assert first["Content-Language"] == language
    for language in order:
        with django_assert_num_queries(1):
            again = client.get("/", headers={"accept-language": language})
        assert words[language] in again.content.decode()


@db
def test_the_switch_in_the_footer_outweighs_the_browser(client):
    address = "/papers/?tier=hub"
    page = html.document_fromstring(client.get(address, headers={"accept-language": "en"}).content.decode())
    form = page.xpath("//footer//form")[0]
    assert [button.text for button in form.xpath(".//button")] == ["English", "Deutsch"]
    assert form.xpath(".//button[@aria-current]/@value") == ["en"]
    chosen = {"next": form.xpath(".//input[@name='next']/@value")[0], "language": "de"}
    answer = type(client)(enforce_csrf_checks=True).post(form.get("action"), chosen)
    assert answer.status_code == 302 and answer["Location"] == address
    client.cookies = answer.cookies
    with translation.override("en"):
        german = client.get(address, headers={"accept-language": "en"}).content.decode()
    assert '<html lang="de">' in german and "Zitierte Arbeiten" in german
    client.cookies.clear()
    assert '<html lang="en">' in client.get(address, headers={"accept-language": "en"}).content.decode()


@db
def test_the_switch_leads_to_no_other_site(client):
    answer = client.post("/language/", {"next": "https://elsewhere.example/", "language": "de"})
    assert "elsewhere" not in answer["Location"]


@db
def test_a_refusal_is_in_the_readers_language(client):
    too_long = "/?" + "x" * 9000
    assert "8000 Zeichen" in client.get(too_long, headers={"accept-language": "de"}).content.decode()
    assert "8000 characters" in client.get(too_long, headers={"accept-language": "en"}).content.decode()
    answer = client.get(f"/api/v1/papers?{'x' * 9000}", headers={"accept-language": "de"})
    assert "8000 characters" in answer.json()["detail"]
