"""Whatever a file holds, every reader of the table yields what can be stored, or refuses the file."""

import copy
import gzip
import io
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from papers import importers
from papers.importers import FORMATS, pdf
from papers.importers.source import Source
from papers.records import PaperRecord, Problem, UnreadableFile
from tests.papers.importers.promises import assert_storable
from tests.papers.importers.samples import SAMPLES, TEI
from tests.papers.live.stand_in import Reply, stand_in

ABOUT = {"doi": "10.5555/about"}
QUESTION = "/api/processFulltextDocument"
EACH = [(name, number) for name in FORMATS for number in range(len(SAMPLES.get(name, ())))]
JSON = [(name, number) for name, number in EACH if SAMPLES[name][number][:1] in b"{["]
XML = [(name, number) for name, number in EACH if SAMPLES[name][number][:1] == b"<"]
LINES = [each for each in EACH if each not in JSON and each not in XML and each[0] != "pdf"]

# What a name in a JSON text stands for: values that json.dumps would not write.
RAW = {
    "raw:deep": "[" * 2000 + "]" * 2000,
    "raw:deep objects": '{"a":' * 2000 + "1" + "}" * 2000,
    "raw:many digits": "9" * 5000,
    "raw:infinite": "1e999",
    "raw:no number": "NaN",
}
LONG = ["x" * 30_000, "word " * 6_000, "&lt;b&gt; " * 3_000, "<i>a</i>\n\n" * 2_500, "\U0001f311" * 25_000]
odd_text = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "\ud800",
            "\udfff\ud800",
            "\u2028",
            "<b>x",
            "<script>x</script>",
            "&#0;",
            "&#xd800;",
        ]
    ),
    st.sampled_from(
        [
            "10.5555/tide.1",
            "10.5555/" + "x" * 300,
            "10.5555/a\x00b",
            "10.5555/\ud800",
            "2021-02-30",
            "0000-01",
        ]
    ),
    st.sampled_from(["99999", "-1", "١٩٩٩", "0999", "PMC" + "9" * 40, "[3]–[7]", "BIBREF0", "{{cite:h1}}"]),
    st.sampled_from(LONG),
)
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
    odd_text,
    st.sampled_from(sorted(RAW)),
    st.lists(st.one_of(st.none(), odd_text, st.integers(), st.lists(st.none(), max_size=1)), max_size=3),
    st.dictionaries(odd_text, st.one_of(st.none(), odd_text), max_size=3),
)
# Signs that open, close, part or escape something in one of the formats.
signs = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"'",
        b"(",
        b")",
        b"@a{",
        b"#",
        b"\\",
        b"\n",
        b"\r",
        b"\t",
        b"\0",
        b",",
        b";",
    ]
    + [
        b"$",
        b"<",
        b">",
        b"</",
        b"&",
        b"&#0;",
        b"&#xd800;",
        b"\\ud800",
        b"\\u0000",
        b"%0",
        b"ER  -",
        b"--",
        b":",
    ]
    + [b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xc3", b"\xef\xbb\xbf", b"x" * 2000, b" " * 2000, b"9" * 400]
)


def lenient(examples):
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True, scope="module")
def grobid():
    """The server that the reader of PDF files asks."""
    with pytest.MonkeyPatch.context() as patch, stand_in() as running:
        patch.setattr(pdf, "FIRST_WAIT", 0.001)
        patch.setattr(pdf, "LONGEST_WAIT", 0.001)
        patch.setattr(pdf, "TRIES", 2)
        patch.setenv("GROBID_URL", running.url)
        running.answers[QUESTION] = TEI.encode()
        yield running


def check(name, data):
    """Reads bytes with one reader, and has its sniffer look at them."""
    for called in ("x", "x.bib", "x.ris", "x.enl", "x.jsonl"):
        FORMATS[name].sniff(data[: importers.HEAD_BYTES], called)
    try:
        for item in FORMATS[name].read(Source(io.BytesIO(data)), ABOUT):
            assert_storable(item)
    except UnreadableFile as error:
        assert str(error) and "\n" not in str(error)


def examples_of(name):
    # A question to a server takes longer than all else.
    return 15 if name == "pdf" else 60


def test_each_format_of_the_table_has_a_sample():
    assert set(SAMPLES) == set(FORMATS)
    assert all(SAMPLES.values())


@pytest.mark.parametrize("name, number", EACH)
def test_the_unharmed_samples_are_known_and_read(name, number):
    data = SAMPLES[name][number]
    assert importers.sniff(data, "x") == (name if (name, number) != ("semantic-scholar", 1) else None)
    items = list(FORMATS[name].read(Source(io.BytesIO(data)), ABOUT))
    assert [item for item in items if isinstance(item, PaperRecord)]
    # These samples hold a broken entry and a broken row on purpose.
    assert name in ("bibtex", "csv") or not any(isinstance(item, Problem) and item.skipped for item in items)
    check(name, data)


# Bytes


@pytest.mark.parametrize("name, number", EACH)
def test_bytes_flipped_inserted_and_deleted_and_files_cut_anywhere(name, number):
    sample = SAMPLES[name][number]
    change = st.tuples(
        st.sampled_from(["flip", "insert", "replace", "delete"]),
        st.integers(0, len(sample)),
        st.one_of(st.binary(min_size=1, max_size=6), signs),
    )

    @lenient(examples_of(name))
    @given(st.lists(change, max_size=5), st.integers(0, len(sample)))
    def run(changes, length):
        data = bytearray(sample)
        for kind, place, new in changes:
            match kind:
                case "flip":
                    place = min(place, len(data) - 1)
                    data[place : place + 1] = bytes([data[place] ^ (1 << new[0] % 8)]) if data else b""
                case "insert":
                    data[place:place] = new
                case "replace":
                    data[place : place + len(new)] = new
                case "delete":
                    del data[place : place + len(new) * 5]
        check(name, bytes(data))
        check(name, bytes(data[:length]))

    run()


@pytest.mark.parametrize("name, number", EACH)
def test_pieces_of_a_sample_in_any_order_with_signs_between_them(name, number):
    sample = SAMPLES[name][number]
    pieces = [sample[place : place + 9] for place in range(0, len(sample), 9)]

    @lenient(examples_of(name))
    @given(st.lists(st.one_of(signs, st.sampled_from(pieces)), max_size=40))
    def run(parts):
        check(name, sample[:60] + b"".join(parts))

    run()


@pytest.mark.parametrize("name", FORMATS)
def test_random_bytes(name):
    @lenient(examples_of(name))
    @given(
        st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
    )
    def run(data):
        check(name, data)

    run()


# Lines


@pytest.mark.parametrize("name, number", LINES)
def test_lines_dropped_doubled_swapped_joined_and_without_their_end(name, number):
    sample = SAMPLES[name][number]
    lines = sample.splitlines(keepends=True)

    @lenient(60)
    @given(st.data())
    def run(data):
        changed_lines = list(lines)
        for _ in range(data.draw(st.integers(1, 6))):
            if not changed_lines:
                break
            place = data.draw(st.integers(0, len(changed_lines) - 1))
            match data.draw(st.sampled_from(["drop", "double", "swap", "join", "end", "hundred", "blank"])):
                case "drop":
                    del changed_lines[place]
                case "double":
                    changed_lines.insert(place, changed_lines[place])
                case "swap":
                    other = data.draw(st.integers(0, len(changed_lines) - 1))
                    changed_lines[place], changed_lines[other] = changed_lines[other], changed_lines[place]
                case "join":
                    changed_lines[place] = changed_lines[place].rstrip(b"\r\n")
                case "end":
                    del changed_lines[place + 1 :]
                case "hundred":
                    changed_lines[place : place + 1] = [changed_lines[place]] * 100
                case "blank":
                    changed_lines.insert(place, b"\n")
        check(name, b"".join(changed_lines))

    run()


@pytest.mark.parametrize("name, number", LINES)
def test_values_of_lines_replaced(name, number):
    sample = SAMPLES[name][number]
    encoding = "utf-16" if sample[:2] == b"\xff\xfe" else "utf-8"
    text = sample.decode(encoding, "replace")
    # What stands between the signs that part values.
    places = [found.span() for found in re.finditer(r"[^\s\"{},;\t|=]+", text)]

    @lenient(60)
    @given(st.lists(st.tuples(st.sampled_from(places), odd_text), min_size=1, max_size=3))
    def run(changes):
        changed_text = text
        for (start, end), new in sorted(changes, reverse=True):
            changed_text = changed_text[:start] + new + changed_text[end:]
        check(name, changed_text.encode(encoding, "surrogatepass"))

    run()


# JSON


def paths(value, path=()):
    """The place of every value within a JSON value, itself included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
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


def dumped(value):
    text = json.dumps(value)
    for word, raw in RAW.items():
        text = text.replace(f'"{word}"', raw)
    return text.encode() + b"\n"


@pytest.mark.parametrize("name, number", JSON)
def test_any_value_at_any_place_of_a_json_record(name, number):
    values = [json.loads(line) for line in dict.fromkeys(SAMPLES[name][number].splitlines())]
    places = [(which, path) for which, value in enumerate(values) for path in paths(value)]

    @lenient(150)
    @given(st.lists(st.tuples(st.sampled_from(places), odd_values), min_size=1, max_size=3))
    def run(changes):
        now = list(values)
        for (which, path), new in changes:
            try:
                now[which] = changed(now[which], path, new)
            except (KeyError, IndexError, TypeError):
                continue  # an earlier change took this place away
        check(name, b"".join(map(dumped, now)))

    run()


@pytest.mark.parametrize("name, number", JSON)
def test_every_value_of_a_json_record_left_out_or_of_another_type(name, number):
    values = [json.loads(line) for line in dict.fromkeys(SAMPLES[name][number].splitlines())]
    for which, value in enumerate(values):
        for path in paths(value):
            for new in (None, "", 7, 10**400, 1.5, True, [], {}, [None], {"a": None}, "\x00\ud800", *RAW):
                now = values[:which] + [changed(value, path, new)] + values[which + 1 :]
                check(name, b"".join(map(dumped, now)))


# XML

ODD_XML_TEXT = [
    "",
    " ",
    "1",
    "[3]–[7]",
    "9" * 30,
    "2021-02-30",
    "x" * 30_000,
    "<script>alert(1)</script>",
    "\u202e",
]


def mutate(document, data):
    """The document with elements dropped, repeated, nested, renamed, emptied, and attributes changed."""
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False))
    tags = sorted({element.tag for element in root.iter() if isinstance(element.tag, str)})
    for _ in range(data.draw(st.integers(1, 5))):
        elements = [element for element in root.iter() if isinstance(element.tag, str)]
        element = data.draw(st.sampled_from(elements))
        inner = element is not root
        match data.draw(
            st.sampled_from(
                ["rename", "empty", "move", "text", "tail", "attribute", "drop", "repeat", "nest"]
            )
        ):
            case "rename":
                element.tag = data.draw(st.sampled_from(tags))
            case "empty":
                element.clear()
            case "text":
                element.text = data.draw(
                    st.one_of(st.text("0123456789[]–- ,x.A", max_size=8), st.sampled_from(ODD_XML_TEXT))
                )
            case "tail" if inner:
                element.tail = data.draw(st.sampled_from(ODD_XML_TEXT))
            case "attribute" if element.attrib:
                key = data.draw(st.sampled_from(sorted(element.attrib)))
                element.set(key, data.draw(st.sampled_from(ODD_XML_TEXT)))
            case "drop" if inner:
                element.getparent().remove(element)
            case "repeat" if inner:
                for _ in range(data.draw(st.integers(1, 40))):
                    element.addnext(copy.deepcopy(element))
            case "nest":
                small = copy.deepcopy(element) if len(etree.tostring(element)) < 500 else None
                for _ in range(data.draw(st.sampled_from([1, 3, 100, 400])) if small is not None else 0):
                    deeper = etree.SubElement(element, element.tag)
                    deeper.text = small.text
                    element = deeper
            case "move":
                target = data.draw(st.sampled_from(elements))
                if inner and element not in (target, *target.iterancestors()):
                    target.append(element)
    return etree.tostring(root)


@pytest.mark.parametrize("name, number", XML)
def test_elements_of_a_document_dropped_repeated_nested_renamed_emptied_and_moved(name, number):
    @lenient(100)
    @given(st.data())
    def run(data):
        check(name, mutate(SAMPLES[name][number], data))

    run()


@pytest.mark.parametrize("name, number", XML)
def test_every_element_left_out_and_every_attribute_emptied(name, number):
    def document():
        return etree.fromstring(SAMPLES[name][number], etree.XMLParser(resolve_entities=False))

    count = sum(1 for element in document().iter() if isinstance(element.tag, str))
    for place in range(count):
        for kind in ("drop", "clear", "attributes", "double"):
            root = document()
            element = [one for one in root.iter() if isinstance(one.tag, str)][place]
            if kind == "drop" and element is not root:
                element.getparent().remove(element)
            elif kind == "clear":
                element.clear()
            elif kind == "attributes":
                for key in element.attrib:
                    element.set(key, "")
            elif kind == "double" and element is not root:
                element.addnext(copy.deepcopy(element))
            check(name, etree.tostring(root))


# PDF


@pytest.mark.parametrize("status", [200, 204, 400, 500, 503, 302])
def test_whatever_the_grobid_server_answers(grobid, status):
    @lenient(20)
    @given(st.data())
    def run(data):
        body = data.draw(st.sampled_from([mutate(TEI.encode(), data), b"", b"\0" * 10, b"<TEI>", b"x\ny"]))
        grobid.answers[QUESTION] = Reply(status, body if status != 204 else b"")
        try:
            check("pdf", SAMPLES["pdf"][0])
        finally:
            grobid.answers[QUESTION] = TEI.encode()

    run()


# Files


@lenient(150)
@given(data=st.binary(max_size=200), each=st.sampled_from(EACH), cut=st.floats(0, 1))
def test_a_file_of_anything_is_read_or_refused(tmp_path_factory, data, each, cut):
    path = tmp_path_factory.mktemp("any") / "x"
    packed = gzip.compress(SAMPLES[each[0]][each[1]] + data)
    for content in (data, packed[: int(len(packed) * cut)], packed[:60] + data + packed[60:]):
        path.write_bytes(content)
        try:
            for item in importers.read(path, about=ABOUT):
                assert_storable(item)
        except UnreadableFile as error:
            assert str(path) in str(error)
