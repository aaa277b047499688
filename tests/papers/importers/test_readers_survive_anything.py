"""Whatever the bytes are, a reader yields records and problems, or says that the file is unreadable."""

import copy
import gzip
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from papers import importers
from papers.importers import FORMATS
from papers.importers.source import Source
from papers.records import PaperRecord, Problem, UnreadableFile

NATIVE = {
    "identifiers": {"doi": "10.5555/tide.1"},
    "title": "Tides",
    "authors": [{"name": "A. Moss", "orcid": "0000-0002-1825-0097"}],
    "year": 2021,
    "date": "2021-04-21",
    "language": "en",
    "fields": ["physics"],
    "retracted": False,
    "claims": [{"text": "c", "quote": "q"}],
    "references": [
        {
            "title": "Moon",
            "year": 2019,
            "contexts": [
                {
                    "text": "Spoons pull water [1].",
                    "start": 18,
                    "end": 21,
                    "group_size": 1,
                    "labels": [{"scheme": "a", "value": "b", "confidence": 0.5}],
                }
            ],
        }
    ],
}
ANSWER = {
    "offset": 0,
    "next": None,
    "data": [
        {
            "isInfluential": True,
            "intents": ["background"],
            "contexts": ["Lakes move."],
            "contextsWithIntent": [{"context": "Lakes move.", "intents": ["background"]}],
            direction: {
                "paperId": "a" * 40,
                "corpusId": 7,
                "externalIds": {"DOI": "10.5555/pond"},
                "title": "Ponds",
                "journal": {"name": "J"},
                "year": 2022,
                "publicationDate": "2022-02-03",
                "publicationTypes": ["Review"],
                "s2FieldsOfStudy": [{"category": "Physics"}],
                "authors": [{"authorId": "1", "name": "A"}],
            },
        }
        for direction in ("citingPaper", "citedPaper")
    ],
}
JATS = """<!DOCTYPE set PUBLIC "-//NLM//DTD JATS//EN" "jats.dtd" [<!ENTITY e "x">]><set
    ><article article-type="retraction" xml:lang="en">
<front><article-meta><article-id pub-id-type="doi">10.5555/a</article-id><title-group
    ><article-title>T</article-title>
</title-group><contrib-group><contrib><contrib-id contrib-id-type="orcid">0000</contrib-id><name
    ><surname>M</surname>
</name></contrib></contrib-group><pub-date><day>3</day><month>2</month><year>2020</year></pub-date>
<permissions><license><license-p>Free</license-p></license></permissions>
<related-article related-article-type="companion" xmlns:x="http://www.w3.org/1999/xlink" x:href="10.5555/b"/>
<abstract><sec><title>A</title><p>Words <xref ref-type="bibr" rid="b1">1</xref>.</p></sec></abstract
    ></article-meta>
</front><body><sec><title>S</title><p>One.<sup><xref ref-type="bibr" rid="b1">1</xref>-<xref ref-type="bibr"
rid="b3">3</xref></sup> Two &e; &nbsp; <inline-formula><math><mi>x</mi></math
    ></inline-formula> <xref ref-type="bibr"
rid="b9"/>.<fig><caption><p>F</p></caption></fig></p><table><tr><td><p>c</p></td><td><xref ref-type="bibr"
rid="b2 b3">2-3</xref></td></tr></table></sec></body><back><ref-list><ref id="b1"><label>1</label
    ><mixed-citation>R
<year>2001</year></mixed-citation></ref><ref id="b2"><label>2</label><element-citation><source>S</source>
<pub-id pub-id-type="doi">10.5555/c</pub-id></element-citation></ref><ref id="b3"><label>3</label
    ><citation-alternatives>
<mixed-citation>X</mixed-citation></citation-alternatives></ref></ref-list></back></article></set>"""

SAMPLES = {
    "native": (json.dumps(NATIVE) + "\n").encode() * 2,
    "semantic-scholar": json.dumps(ANSWER).encode(),
    "jats": JATS.encode(),
}
ABOUT = {"doi": "10.5555/about"}
lenient = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["", "\x00", "\ud800", "<b>x", "10.5555/tide.1", "2021-02-30", "\U0001f311" * 3]),
    st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.text(max_size=5)), max_size=3),
)


def paths(value, path=()):
    """The place of every value within a JSON value, itself included."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from paths(part, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    value = copy.deepcopy(value)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = new
    return value


def check(name, data):
    """Reads bytes with one reader and checks the promises that every item makes."""
    for item in FORMATS[name].read(Source(io.BytesIO(data)), ABOUT):
        assert isinstance(item, PaperRecord | Problem)
        if isinstance(item, Problem):
            assert item.reason and "\n" not in item.reason and len(item.reason) < 500
            item.reason.encode()
            continue
        assert item.title or item.identifiers
        for reference in item.references:
            assert not reference.identifiers.items() & item.identifiers.items()
            for context in reference.contexts:
                assert context.text and "\x00" not in context.text
                context.text.encode()
                if context.start is not None:
                    assert 0 <= context.start < context.end <= len(context.text)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_unharmed_samples_are_read(name):
    items = list(FORMATS[name].read(Source(io.BytesIO(SAMPLES[name])), ABOUT))
    assert [item for item in items if isinstance(item, PaperRecord)]
    assert not any(isinstance(item, Problem) and item.skipped for item in items)
    check(name, SAMPLES[name])


@pytest.mark.parametrize("sample, name", [(NATIVE, "native"), (ANSWER, "semantic-scholar")])
def test_any_value_at_any_place_of_a_json_record(sample, name):
    places = list(paths(sample))

    @lenient
    @given(st.lists(st.tuples(st.sampled_from(places), odd_values), min_size=1, max_size=3))
    def run(changes):
        value = sample
        for path, new in changes:
            try:
                value = changed(value, path, new)
            except (KeyError, IndexError, TypeError):
                continue  # an earlier change took this place away
        check(name, json.dumps(value).encode() + b"\n")

    run()


@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_replaced_at_random_and_files_cut_anywhere(name):
    sample = SAMPLES[name]

    @lenient
    @given(
        st.lists(st.tuples(st.integers(0, len(sample)), st.binary(min_size=1, max_size=4)), max_size=4),
        st.integers(0, len(sample)),
    )
    def run(patches, length):
        data = bytearray(sample)
        for place, patch in patches:
            data[place : place + len(patch)] = patch
        check(name, bytes(data))
        check(name, bytes(data[:length]))

    run()


@pytest.mark.parametrize("name", SAMPLES)
@lenient
@given(data=st.binary(max_size=300))
def test_random_bytes(name, data):
    check(name, data)


@lenient
@given(st.data())
def test_elements_of_an_article_renamed_emptied_and_moved(data):
    root = etree.fromstring(JATS, etree.XMLParser(resolve_entities=False))
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    tags = sorted({element.tag for element in elements})
    for _ in range(data.draw(st.integers(1, 5))):
        element = data.draw(st.sampled_from(elements))
        match data.draw(st.sampled_from(["rename", "empty", "move", "text"])):
            case "rename":
                element.tag = data.draw(st.sampled_from(tags))
            case "empty":
                element.clear()
            case "text":
                element.text = data.draw(st.text("0123456789[]–- ,x.A", max_size=8))
            case "move":
                target = data.draw(st.sampled_from(elements))
                if element not in (target, *target.iterancestors()):
                    target.append(element)
    check("jats", etree.tostring(root))


@lenient
@given(data=st.binary(max_size=200), name=st.sampled_from(sorted(SAMPLES)), cut=st.floats(0, 1))
def test_a_file_of_anything_is_read_or_refused(tmp_path_factory, data, name, cut):
    path = tmp_path_factory.mktemp("any") / "x"
    packed = gzip.compress(SAMPLES[name] + data)
    for content in (data, packed[: int(len(packed) * cut)], packed[:60] + data + packed[60:]):
        path.write_bytes(content)
        try:
            for item in importers.read(path, about=ABOUT):
                assert isinstance(item, PaperRecord | Problem)
        except UnreadableFile as error:
            assert str(path) in str(error)
