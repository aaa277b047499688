"""The hub's own format: one bad field is a warning, one bad line a skip."""

import io
import json

import pytest

from papers import text
from papers.importers import native
from papers.importers.fields import last_year
from papers.importers.source import Source
from papers.records import LabelRecord
from tests.papers.importers.reading import sorted_out

FULL = {
    "identifiers": {"doi": "10.5555/Tide.1"},
    "title": "On the tides of a made-up lake",
    "authors": [{"name": "Ada Moss", "orcid": "https://orcid.org/0000-0002-1825-0097"}],
    "year": 2021,
    "date": "2021-04-21",
    "language": "EN",
    "venue": "Journal of Invented Waters",
    "kind": "article",
    "fields": ["limnology", "limnology", "physics"],
    "abstract": "We measured a lake. It moved.",
    "summary": "The lake moves.",
    "retracted": False,
    "license": "CC BY 4.0",
    "claims": [{"text": "The lake moves.", "quote": "It moved.", "section": "abstract"}],
    "references_complete": True,
    "references": [
        {
            "identifiers": {"doi": "10.5555/moon"},
            "title": "The moon as a spoon",
            "authors": [{"name": "B. Fern"}],
            "year": 2019,
            "raw": "Fern B. The moon as a spoon. 2019.",
            "contexts": [
                {
                    "text": "Spoons pull water [1].",
                    "start": 18,
                    "end": 21,
                    "section": "Introduction",
                    "group_size": 1,
                    "labels": [
                        {"scheme": "acl-arc", "value": "background", "source": "dataset", "confidence": 0.9}
                    ],
                }
            ],
        }
    ],
}


def read_bytes(data):
    return sorted_out(native.read(Source(io.BytesIO(data)), {}))


def read(*values):
    return read_bytes("".join(json.dumps(value) + "\n" for value in values).encode())


def read_one(**changes):
    """(the one record, the reasons of its warnings) of the full sample with changes."""
    [record], problems = read(FULL | changes)
    assert not any(problem.skipped for problem in problems)
    assert {problem.line for problem in problems} <= {1}
    return record, [problem.reason for problem in problems]


def with_context(**changes):
    entry = FULL["references"][0]
    context = entry["contexts"][0] | changes
    return {"references": [entry | {"contexts": [context]}]}


def with_reference(**changes):
    return {"references": [FULL["references"][0] | changes]}


def test_every_field_of_the_contract_is_read_without_a_warning():
    record, reasons = read_one()
    assert reasons == []
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert record.authors[0].identifiers == {"orcid": "0000-0002-1825-0097"}
    assert (record.year, record.date, record.language) == (2021, "2021-04-21", "en")
    assert record.fields == ["limnology", "physics"]
    assert record.retracted is False and record.references_complete is True
    assert record.claims[0].quote == "It moved." and record.line == 1
    [reference] = record.references
    assert (reference.year, reference.raw) == (2019, "Fern B. The moon as a spoon. 2019.")
    [context] = reference.contexts
    assert context.text[context.start : context.end] == "[1]"
    assert (context.section, context.group_size) == ("Introduction", 1)
    assert context.labels == [LabelRecord("acl-arc", "background", "dataset", 0.9)]


def test_a_title_or_one_identifier_is_enough():
    records, problems = read({"title": "Only a title"}, {"identifiers": {"doi": "10.5555/only"}})
    assert len(records) == 2 and not problems
    assert records[0].retracted is None and records[0].references_complete is False


def test_null_means_absent():
    record, reasons = read_one(**dict.fromkeys(set(FULL) - {"title"}))
    assert reasons == [] and record.references == [] and record.year is None


@pytest.mark.parametrize(
    "field, value, kept",
    [
        ("year", "2021", 2021),
        ("year", 1000, 1000),
        ("year", last_year(), last_year()),
        ("date", "2021-04", "2021-04"),
        ("date", "2021", "2021"),
        ("retracted", True, True),
    ],
)
def test_a_good_value_is_kept_silently(field, value, kept):
    record, reasons = read_one(**{field: value})
    assert getattr(record, field) == kept and reasons == []


@pytest.mark.parametrize(
    "field, value, left, said",
    [
        ("year", 20211, None, "20211"),
        ("year", 999, None, "999"),
        ("year", last_year() + 1, None, "is not a year"),
        ("year", 1e3, None, "1000.0"),
        ("year", True, None, "True"),
        ("year", "MMXX", None, "MMXX"),
        ("year", [2020], None, "[2020]"),
        ("year", 10**400, None, "is not a year"),
        ("date", "2021-13", "", "2021-13"),
        ("date", "2021-02-30", "", "2021-02-30"),
        ("date", 2021, "", "2021"),
        ("language", "an essay in English", "", "language code"),
        ("retracted", "no", None, "neither true nor false"),
        ("references_complete", 1, False, "neither true nor false"),
        ("title", {"en": "T"}, "", "title is not text"),
        ("venue", 7, "", "venue is not text"),
        ("abstract", ["a"], "", "abstract is not text"),
        ("identifiers", "10.5555/x", {}, "identifiers is not an object"),
        ("identifiers", {"doi": "nonsense"}, {}, "nonsense"),
        ("authors", "Ada Moss", [], "authors is not a list"),
        ("authors", ["Ada Moss"], [], "authors[0] is not an object"),
        ("authors", [{"orcid": "0000-0002-1825-0097"}], [], "authors[0] has no name"),
        ("fields", "physics", [], "fields is not a list"),
        ("fields", [1], [], "fields[0] is not text"),
        ("claims", [{"quote": "q"}], [], "claims[0] has no text"),
        ("references", {"title": "T"}, [], "references is not a list"),
        ("references", ["Fern 2019"], [], "references[0] is not an object but 'Fern 2019'"),
        ("references", [{"year": 2019}], [], "references[0] has no valid identifier"),
        ("references", [{"identifiers": {"doi": "10.5555/TIDE.1"}}], [], "the paper itself"),
    ],
)
def test_a_bad_field_is_left_out_and_the_rest_of_the_record_kept(field, value, left, said):
    # A bad year alone: with a date beside it the date has the year.
    record, reasons = read_one(**({"date": None} if field == "year" else {}) | {field: value})
    assert getattr(record, field) == left
    assert said in reasons[0]
    untouched = "venue" if field != "venue" else "license"
    assert getattr(record, untouched) == FULL[untouched]


def test_a_date_without_a_year_beside_it_states_the_year():
    assert read_one(year=None, date="2021-04")[0].year == 2021
    # Printed in one year, on the web in another: the file has its reasons.
    assert read_one(year=2022, date="2021-12-30")[0].year == 2022


def test_an_invalid_orcid_costs_only_itself():
    record, reasons = read_one(authors=[{"name": "Ada Moss", "orcid": "0000-0002-1825-0098"}])
    assert record.authors[0].name == "Ada Moss" and record.authors[0].identifiers == {}
    assert "authors[0].orcid '0000-0002-1825-0098'" in reasons[0]


@pytest.mark.parametrize(
    "start, end",
    [
        (5, 2),
        (0, 0),
        (-1, 3),
        (0, 999),
        ("0", "3"),
        (True, 3),
        (0.0, 3.0),
        (2, None),
        (None, 2),
        (10**30, 10**31),
    ],
)
def test_an_impossible_marker_span_is_left_out(start, end):
    record, reasons = read_one(**with_context(start=start, end=end))
    [context] = record.references[0].contexts
    assert (context.start, context.end) == (None, None)
    assert context.text == "Spoons pull water [1]."
    assert "start" in reasons[0] and "end" in reasons[0]


def test_the_marker_span_counts_code_points_and_follows_the_cleaned_text():
    passage = "  \U0001f311 pulls   water [1]. "
    start = passage.index("[1]")
    record, _reasons = read_one(**with_context(text=passage, start=start, end=start + 3))
    [context] = record.references[0].contexts
    assert context.text[context.start : context.end] == "[1]"


@pytest.mark.parametrize("value", ["", "  \n", "\u0000", None, 7])
def test_an_empty_citing_sentence_is_left_out(value):
    record, reasons = read_one(**with_context(text=value, start=None, end=None))
    assert record.references[0].contexts == []
    assert "references[0].contexts[0] has no text: it is left out" in reasons


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
def test_an_impossible_group_size_is_left_out(value):
    record, reasons = read_one(**with_context(group_size=value))
    assert record.references[0].contexts[0].group_size is None
    assert "group_size" in reasons[0]


@pytest.mark.parametrize(
    "labels, kept, said",
    [
        ({"scheme": "acl-arc", "value": "background"}, [], "labels is not a list"),
        ([{"scheme": "acl-arc"}], [], "no scheme or no value"),
        ([{"value": "background"}], [], "no scheme or no value"),
        (["background"], [], "labels[0] is not an object"),
        ([{"scheme": "a", "value": "b", "source": "curator"}], [LabelRecord("a", "b")], "source 'curator'"),
        ([{"scheme": "a", "value": "b", "confidence": 1.5}], [LabelRecord("a", "b")], "confidence 1.5"),
        ([{"scheme": "a", "value": "b", "confidence": "0.5"}], [LabelRecord("a", "b")], "confidence '0.5'"),
        ([{"scheme": "a", "value": "b", "confidence": True}], [LabelRecord("a", "b")], "confidence True"),
    ],
)
def test_a_bad_label_costs_only_itself(labels, kept, said):
    record, reasons = read_one(**with_context(labels=labels))
    assert record.references[0].contexts[0].labels == kept
    assert said in reasons[0]


def test_a_confidence_beyond_the_range_of_numbers_costs_only_itself():
    line = json.dumps(FULL).replace("0.9", "1e999").encode()
    [record], [problem] = read_bytes(line)
    assert record.references[0].contexts[0].labels[0].confidence is None and not problem.skipped


def test_a_year_of_more_digits_than_a_number_can_have_costs_only_itself():
    line = json.dumps(FULL).replace(f'"year": {FULL["year"]}', f'"year": {"9" * 5000}', 1).encode()
    [record], [problem] = read_bytes(line)
    assert record.title == "On the tides of a made-up lake"
    assert "year" in problem.reason and not problem.skipped


@pytest.mark.parametrize("escaped", ["\\u0000", "\\ud800", "\\udc00"])
def test_an_escaped_nul_and_half_a_surrogate_pair_are_taken_out(escaped):
    line = json.dumps(FULL).replace("On the tides", f"On the {escaped}tides").encode()
    [record], [problem] = read_bytes(line)
    assert record.title.replace("\ufffd", "") == "On the tides of a made-up lake"
    assert "title holds characters" in problem.reason and not problem.skipped


def test_an_over_long_text_is_cut_with_a_warning():
    record, reasons = read_one(title="x" * (text.MAX_TITLE + 50))
    assert 0 < len(record.title) <= text.MAX_TITLE
    assert reasons == [f"title is {text.MAX_TITLE + 50} characters long: it is cut after {text.MAX_TITLE}"]


def test_a_text_that_is_long_with_its_white_space_only_is_no_warning():
    record, reasons = read_one(title="Tides" + " " * text.MAX_TITLE + "of a lake")
    assert record.title == "Tides of a lake" and reasons == []


@pytest.mark.parametrize(
    "line, said",
    [
        (b"not json", "not JSON"),
        (b'{"title": "cut', "not JSON"),
        (b'{"title": NaN}', "not JSON"),
        (b'{"title": "a raw \x00 byte"}', "not JSON"),
        (b'{"title": "caf\xe9"}', "not UTF-8"),
        (b"[1, 2]", "not an object"),
        (b'"text"', "not an object"),
        (b"null", "not an object"),
        (b"{}", "neither a title nor a valid identifier"),
        (b'{"title": "", "year": 2020}', "neither a title nor a valid identifier"),
        (b'{"identifiers": {"doi": "nonsense"}}', "neither a title nor a valid identifier"),
        (b'{"title": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_without_a_record_is_skipped_and_the_next_one_read(line, said):
    good = json.dumps(FULL).encode()
    records, problems = read_bytes(good + b"\n\n" + line + b"\r\n" + good)
    assert [record.line for record in records] == [1, 4]
    skips = [problem for problem in problems if problem.skipped]
    assert [problem.line for problem in skips] == [3]
    assert said in skips[0].reason and "\n" not in skips[0].reason


def test_a_byte_order_mark_before_the_first_line_is_no_problem():
    records, problems = read_bytes(b"\xef\xbb\xbf" + json.dumps(FULL).encode())
    assert len(records) == 1 and not problems


def test_an_unknown_key_is_reported_once_a_file_at_every_level():
    value = FULL | with_reference(pages="1-2") | {"colour": "blue"}
    value["references"] = value["references"] * 1 + [{"title": "Another", "pages": "3"}]
    records, problems = read(value, value)
    assert len(records) == 2
    assert sorted(problem.reason for problem in problems) == [
        "the key 'colour' is not known: it is ignored in the whole file",
        "the key 'references[].pages' is not known: it is ignored in the whole file",
    ]
    assert not any(problem.skipped for problem in problems)


def test_ever_new_unknown_keys_are_not_listed_without_end():
    _records, problems = read(*({"title": "t", f"key{n}": 1} for n in range(500)))
    assert len(problems) == native.MAX_UNKNOWN_KEYS + 1


def test_the_same_reference_twice_is_one_with_both_contexts():
    entries = [
        {"identifiers": {"doi": "10.5555/moon"}, "contexts": [{"text": "First [1]."}]},
        {"identifiers": {"doi": "10.5555/MOON"}, "title": "The moon", "contexts": [{"text": "Second [1]."}]},
        {"raw": "Fern B. Unknown."},
        {"raw": "Fern B. Unknown."},
        {"title": "The moon"},
    ]
    record, reasons = read_one(references=entries)
    assert reasons == []
    assert [len(reference.contexts) for reference in record.references] == [2, 0, 0]
    assert record.references[0].title == "The moon"


def test_references_that_share_one_identifier_and_differ_in_another_stay_two():
    entries = [
        {"identifiers": {"doi": "10.5555/moon", "pmid": "1"}},
        {"identifiers": {"doi": "10.5555/sun", "pmid": "1"}},
    ]
    record, _reasons = read_one(references=entries)
    assert len(record.references) == 2


def test_the_same_sentence_with_two_labels_is_one_context_with_both():
    sentence = {"text": "Spoons pull water [1]."}
    labels = [{"scheme": "a", "value": "b"}], [{"scheme": "c", "value": "d"}]
    entries = [
        {"title": "The moon", "contexts": [sentence | {"labels": labels[0]}]},
        {"title": "The moon", "contexts": [sentence | {"labels": labels[1]}]},
    ]
    record, _reasons = read_one(references=entries)
    [context] = record.references[0].contexts
    assert [label.scheme for label in context.labels] == ["a", "c"]
