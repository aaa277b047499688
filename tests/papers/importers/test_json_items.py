"""JSON files cut into items, and items that do not fit their struct: json_items.py."""

import io
import json

import msgspec
import pytest

from papers.importers import json_items, source
from papers.importers.json_items import typed_items
from papers.importers.source import Source
from papers.records import UnreadableFile


class Part(msgspec.Struct):
    name: str | None = None
    count: int | None = None


class Thing(msgspec.Struct):
    id: int | str | None = None
    names: list[str | None] | None = None
    counts: list[int] | None = None
    parts: list[Part | None] | None = None
    table: dict[str, list[int] | None] | None = None


def read(data, inside=("answer", "things")):
    data = data.encode() if isinstance(data, str) else data
    pairs = list(typed_items(Source(io.BytesIO(data)), Thing, inside))
    things = [thing for thing, _report in pairs if thing is not None]
    return things, [problem for _thing, report in pairs for problem in report.problems]


def line_numbers(data):
    return [report.line for _thing, report in typed_items(Source(io.BytesIO(data.encode())), Thing)]


@pytest.mark.parametrize(
    "data",
    [
        '{"id": 1}\n{"id": 2}\n',
        '[{"id": 1}, {"id": 2}]',
        '[\n{"id": 1},\n{"id": 2}\n]',
        '{"answer": {"things": [{"id": 1}, {"id": 2}], "more": 1}}',
        '{"answer": {"things": [{"id": 1}, {"id": 2}]}}'.replace(" ", "\n"),
        '{"things": [{"id": 1}]}\n{"things": [{"id": 2}]}',
        '{"answer": {"id": 1}}\n{"answer": {"id": 2}}',
        '\ufeff\n\n{"id": 1}\n\n{"id": 2}',
    ],
)
def test_every_shape_gives_the_same_items(data):
    things, problems = read(data)
    assert [thing.id for thing in things] == [1, 2] and problems == []


@pytest.mark.parametrize("data", ["[]", '{"answer": {"things": []}}', '{"things": null}', "[\n\n]"])
def test_an_answer_without_items_says_so(data):
    things, [problem] = read(data)
    assert things == [] and "no items" in problem.reason and not problem.skipped


def test_a_large_list_with_one_item_a_line_is_read_as_lines(monkeypatch):
    monkeypatch.setattr(json_items, "MAX_DOCUMENT_BYTES", 500)
    items = [json.dumps({"id": number}) for number in range(200)]
    for data in ("[\n" + ",\n".join(items) + "\n]\n", "[" + ",\n".join(items) + "]", "\n".join(items)):
        things, problems = read(data)
        assert [thing.id for thing in things] == list(range(200)) and problems == []


def test_lines_beyond_a_large_document_keep_their_numbers(monkeypatch):
    monkeypatch.setattr(json_items, "MAX_DOCUMENT_BYTES", 500)
    data = "{broken\n" + "".join(f'{{"id": {number}}}\n' for number in range(2, 201))
    assert line_numbers(data) == list(range(1, 201))


def test_a_large_file_that_is_not_in_lines_is_refused(monkeypatch):
    monkeypatch.setattr(json_items, "MAX_DOCUMENT_BYTES", 500)
    for data in (json.dumps([{"id": n} for n in range(200)]), json.dumps({"things": [[1]] * 200}, indent=1)):
        with pytest.raises(UnreadableFile, match="larger than 0 MiB and not in lines"):
            read(data)


def test_a_line_beyond_the_limit_is_left_out(monkeypatch):
    monkeypatch.setattr(source, "MAX_LINE_BYTES", 100)
    things, [problem] = read('{"id": 1}\n{"id": "' + "x" * 500 + '"}\n{"id": 3}')
    assert [thing.id for thing in things] == [1, 3]
    assert problem.skipped and problem.line == 2 and "longer than" in problem.reason


@pytest.mark.parametrize("broken", ["{broken", '{"id": ', "", "[", "nonsense", '{"id": "\\ud800'])
def test_lines_after_a_broken_first_line_are_read_with_their_numbers(broken):
    data = f'{broken}\n{{"id": 2}}\n{{"id": 3}}\n'
    things, problems = read(data)
    assert [thing.id for thing in things] == [2, 3] and all(problem.line == 1 for problem in problems)
    assert line_numbers(data)[-2:] == [2, 3]


def test_a_list_broken_in_the_middle_gives_what_stands_before():
    things, [problem] = read('{"answer": {"things": [{"id": 1}, {"id": 2}, {"id": oops}, {"id": 4}]}}')
    assert [thing.id for thing in things] == [1, 2]
    assert problem.skipped and "what follows item 2 is lost" in problem.reason


@pytest.mark.parametrize(
    "data", ["[" * 100_000, '{"id":' * 100_000, '{"id": NaN}', "{", b"\xff\xfe", b'{"id": "\xff"}', "7 8"]
)
def test_what_is_no_json_is_a_skip(data):
    things, problems = read(data)
    assert things == [] and problems and all(problem.skipped for problem in problems)


def test_half_a_surrogate_pair_costs_nothing_but_itself():
    things, problems = read('{"id": "\\ud800", "names": ["a"]}\n{"id": 2}')
    assert things[0].names == ["a"] and things[1].id == 2 and problems == []


@pytest.mark.parametrize(
    "value, expected, said",
    [
        ({"id": [1], "names": ["a"]}, Thing(names=["a"]), ["id is not a whole number or text but [1]"]),
        ({"names": ["a", 1, None, "b"]}, Thing(names=["a", None, "b"]), ["names[1] is not text but 1"]),
        ({"counts": [1, None]}, Thing(counts=[1]), ["counts[1] is not a whole number but None"]),
        ({"counts": 5}, Thing(), ["counts is not a list but 5"]),
        (
            {"parts": [{"name": "a", "count": "x"}, "y"]},
            Thing(parts=[Part("a")]),
            ["parts[0].count is not a whole number but 'x'", "parts[1] is not an object but 'y'"],
        ),
        ({"table": {"a": [1, "x"], "b": 7}}, Thing(table={"a": [1]}), ["table.'a'[1] is", "table.'b' is"]),
        ({"id": 10**400, "names": 1}, Thing(id=10**400), ["names is not a list but 1"]),
    ],
)
def test_what_does_not_fit_is_left_out_and_named(value, expected, said):
    [thing], problems = read(json.dumps(value))
    assert thing == expected
    assert len(problems) == len(said) and not any(problem.skipped for problem in problems)
    assert all(words in problem.reason for words, problem in zip(said, problems, strict=True))


def test_an_item_with_thousands_of_bad_fields_gives_a_bounded_number_of_warnings():
    [thing], problems = read(json.dumps({"names": [1] * 5000}))
    assert thing.names == [] and len(problems) == 51 and "are not named" in problems[-1].reason
