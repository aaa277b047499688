"""The rules of citing sentences hold alike in all formats of full text.

A case is written once, with "{2}" for the marker "[2]" of entry 2 and "{2:Moss, 2002}" for one that
prints a name, and put into the markup of each format.
"""

import io
import json
import re

import pytest

from papers.importers import FORMATS
from papers.importers.source import Source
from papers.records import PaperRecord
from tests.papers.importers.promises import assert_storable

ENTRIES = range(1, 8)
MARKER = re.compile(r"\{(\d)(?::([^}]*))?\}")
NUMBERED = ["jats", "tei", "s2orc", "unarxive"]
# unarXive keeps no words of a marker.
NAMED = ["jats", "tei", "s2orc"]
ABBREVIATIONS = ["Ref.", "Refs.", "Sec.", "Fig.", "Eq.", "cf.", "e.g.", "Moss et al."]


def shown(marker):
    return marker[2] or f"[{marker[1]}]"


def jats(words):
    text = MARKER.sub(lambda m: f'<xref ref-type="bibr" rid="b{m[1]}">{shown(m)}</xref>', words)
    entries = "".join(
        f'<ref id="b{n}"><label>{n}</label><mixed-citation>Work {n}.</mixed-citation></ref>' for n in ENTRIES
    )
    return f"""<article article-type="research-article"><front><article-meta><title-group><article-title>T
        </article-title></title-group></article-meta></front><body><sec><title>Results</title><p>{text}</p></sec>
        </body><back><ref-list>{entries}</ref-list></back></article>"""


def tei(words):
    text = MARKER.sub(lambda m: f'<ref type="bibr" target="#b{m[1]}">{shown(m)}</ref>', words)
    entries = "".join(
        f'<biblStruct xml:id="b{n}"><analytic><title>Work {n}</title></analytic>'
        f'<note type="raw_reference">[{n}] Work {n}.</note></biblStruct>'
        for n in ENTRIES
    )
    return f"""<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>T</title></titleStmt>
        </fileDesc></teiHeader><text><body><div><head n="1">Results</head><p>{text}</p></div></body>
        <back><div><listBibl>{entries}</listBibl></div></back></text></TEI>"""


def s2orc(words):
    text, spans, place = "", [], 0
    for marker in MARKER.finditer(words):
        text += words[place : marker.start()]
        span = {"start": len(text), "end": len(text) + len(shown(marker)), "text": shown(marker)}
        spans.append(span | {"ref_id": f"BIBREF{marker[1]}"})
        text, place = text + shown(marker), marker.end()
    entries = {f"BIBREF{n}": {"title": f"Work {n}", "raw_text": f"[{n}] Work {n}."} for n in ENTRIES}
    paragraph = {"text": text + words[place:], "cite_spans": spans, "section": "Results"}
    return json.dumps({"paper_id": "77", "body_text": [paragraph], "bib_entries": entries})


def unarxive(words):
    paragraph = {
        "text": MARKER.sub(lambda m: f"{{{{cite:h{m[1]}}}}}", words),
        "section": "Results",
        "sec_type": "section",
    }
    entries = {f"h{n}": {"bib_entry_raw": f"Work {n}."} for n in ENTRIES}
    return json.dumps({"paper_id": "2104.07143", "body_text": [paragraph], "bib_entries": entries})


WRITERS = {"jats": jats, "tei": tei, "s2orc": s2orc, "unarxive": unarxive}


def contexts(name, words):
    """{number of the entry: its citing sentences}."""
    items = list(FORMATS[name].read(Source(io.BytesIO(WRITERS[name](words).encode())), {}))
    [record] = [item for item in items if isinstance(item, PaperRecord)]
    for item in items:
        assert_storable(item)
    return {number: one.contexts for number, one in enumerate(record.references, start=1) if one.contexts}


def marked(context):
    return context.text[context.start : context.end]


@pytest.mark.parametrize("name", NUMBERED)
@pytest.mark.parametrize("abbreviation", ABBREVIATIONS)
def test_an_abbreviation_ends_no_sentence_and_the_neighbours_are_kept(name, abbreviation):
    found = contexts(name, f"Ponds rest. As {abbreviation} {{1}} has it, lakes move. Boats sink.")
    [context] = found[1]
    assert context.text == f"As {abbreviation} [1] has it, lakes move."
    assert (context.before, context.after) == ("Ponds rest.", "Boats sink.")
    assert (marked(context), context.section, context.group_size) == ("[1]", "Results", 1)


@pytest.mark.parametrize("name", NUMBERED)
@pytest.mark.parametrize("words", ["Sec. 3 there", "Ref. 12 there", "Moss et al. Their", "cf. Fern there"])
def test_words_behind_an_abbreviation_stay_in_its_sentence(name, words):
    [context] = contexts(name, f"Ponds rest. Lakes move {{2}}, see {words}. Boats sink.")[2]
    assert context.text == f"Lakes move [2], see {words}."
    assert (context.before, context.after) == ("Ponds rest.", "Boats sink.")


@pytest.mark.parametrize("name", NUMBERED)
@pytest.mark.parametrize("dash", ["–", "-", " – "])
def test_a_range_cites_all_entries_between_its_ends(name, dash):
    found = contexts(name, f"Ponds rest. Lakes move {{3}}{dash}{{7}}. Boats sink.")
    assert sorted(found) == [3, 4, 5, 6, 7]
    for number, [context] in found.items():
        assert context.text == f"Lakes move [3]{dash}[7]."
        assert (context.group_size, context.before, context.after) == (5, "Ponds rest.", "Boats sink.")
        assert marked(context) == {3: "[3]", 7: "[7]"}.get(number, f"[3]{dash}[7]")


@pytest.mark.parametrize("name", NUMBERED)
def test_each_entry_of_a_group_of_numbers_gets_its_sentence_with_its_own_marker(name):
    found = contexts(name, "Ponds rest. Lakes move {1}, {4}. Boats sink {4}.")
    assert {
        number: [(c.text, marked(c), c.group_size) for c in cited] for number, cited in found.items()
    } == {
        1: [("Lakes move [1], [4].", "[1]", 2)],
        4: [("Lakes move [1], [4].", "[4]", 2), ("Boats sink [4].", "[4]", 1)],
    }
    # Where a heading is a text of its own it counts too.
    first, second = (context.position for context in found[4])
    assert second == first + 1


@pytest.mark.parametrize("name", NAMED)
def test_each_entry_of_a_group_of_names_gets_its_sentence_with_its_own_marker(name):
    text = "Lakes move ({}; {}; see also {})."
    names = ["Fern, 2001", "Moss et al., 2002", "Kelp and Reed, 2003"]
    written = [f"{{{number}:{words}}}" for number, words in enumerate(names, start=1)]
    found = contexts(name, f"Ponds rest. {text.format(*written)} Boats sink.")
    assert {
        number: [(c.text, c.group_size, c.before, c.after) for c in cited] for number, cited in found.items()
    } == (dict.fromkeys([1, 2, 3], [(text.format(*names), 3, "Ponds rest.", "Boats sink.")]))
    assert [marked(found[number][0]) for number in (1, 2, 3)] == names
