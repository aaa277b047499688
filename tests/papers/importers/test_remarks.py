"""What a reader could not take of a record stays with the record, in words."""

import json

from papers import importers


def test_a_bad_identifier_is_kept_as_text_with_its_own_record(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = (
        {"title": "A first paper", "identifiers": {"doi": "10.5555/one"}},
        {"title": "A second paper", "identifiers": {"doi": "not one at all"}},
        {"title": "A third paper", "year": 20211},
    )
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    first, *problems_and_records = importers.read(path)
    _problem, second, _other_problem, third = problems_and_records
    assert first.remarks == []
    assert "not one at all" in second.remarks[0] and len(second.remarks) == 1
    assert "20211" in third.remarks[0]


def test_what_was_wrong_with_a_lost_record_is_not_told_of_the_next(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "A first paper"}\n{"title": 7}\n{"title": "A third paper"}\n')
    assert [item.remarks for item in importers.read(path) if hasattr(item, "remarks")] == [[], []]
