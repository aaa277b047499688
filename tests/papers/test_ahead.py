"""Reading ahead in a second process gives just what reading here gives, and ends as reading here does."""

import json
import multiprocessing
import threading
from contextlib import closing
from dataclasses import replace

import msgspec
import pytest

from papers import ahead, importers
from papers.deriving import derive, names, payload, record_digest, words
from papers.importers import Place
from papers.records import AuthorRecord, PaperRecord, Problem, UnreadableFile

ABSTRACT = "Tides matter. We present a made-up lake. Our results show that it moves."


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    """A second process for the smallest file, with any number of cores; few records a chunk stay few."""
    monkeypatch.setattr(ahead, "WORTH_BYTES", 0)
    monkeypatch.setattr(ahead.os, "cpu_count", lambda: 2)


def write(path, lines):
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def record(number):
    return {"title": f"On lake {number}", "identifiers": {"doi": f"10.5555/{number}"}, "abstract": ABSTRACT}


def reading(path, name="native"):
    return ahead.Reading(path, format=name, about=None, place=Place())


def without_derived(items):
    for item in items:
        if isinstance(item, PaperRecord):
            item.derived = None
        yield item


def test_items_come_in_order_with_problems_before_what_they_are_about(tmp_path):
    lines = [record(number) for number in range(450)]
    lines[3] = "{broken\n"
    lines[200] = {**record(200), "year": "soon"}
    lines.append("{broken too\n")
    path = write(tmp_path / "a.jsonl", lines)
    items = list(reading(path))
    assert list(without_derived(items)) == list(importers.read(path))
    assert sum(isinstance(item, Problem) for item in items) == 3


def test_what_follows_from_a_record_comes_along(tmp_path):
    [item] = reading(write(tmp_path / "a.jsonl", [record(1)]))
    assert item.derived == derive(replace(item, derived=None), known=False)
    assert item.derived.key == "doi:10.5555/1"
    assert item.derived.contribution == "We present a made-up lake."
    assert item.derived.results == ["Our results show that it moves."]
    assert "tides matter" in item.derived.words


def test_what_has_been_worked_out_is_not_worked_out_again():
    plain = PaperRecord(title="On lakes", authors=[AuthorRecord("Anna Moss")])
    plain.derived = derive(plain, known=False)
    plain.derived.words, plain.derived.names, plain.derived.payload = "given", "", "{}"
    assert (words(plain), names(plain), payload(plain)) == ("given", "", "{}")
    plain.derived = derive(plain, known=True)
    assert words(plain) == "lakes anna moss"


def test_what_follows_is_no_part_of_what_the_record_says():
    plain = PaperRecord(title="On lakes", abstract=ABSTRACT)
    digest = record_digest(plain)
    plain.derived = derive(plain, known=False)
    assert plain.derived.digest == record_digest(plain) == digest


def test_the_place_follows_the_file(tmp_path):
    path, place = write(tmp_path / "a.jsonl", [record(number) for number in range(450)]), Place()
    for _item in ahead.Reading(path, format="native", about=None, place=place):
        pass
    assert place.bytes == path.stat().st_size


def test_a_skimmed_file_leaves_its_abstracts_alone(tmp_path):
    path = write(tmp_path / "a.jsonl", [record(number) for number in range(450)])
    is_skimmed = threading.Event()
    looked = []
    for chunk in ahead._chunks(path, "native", {}, is_skimmed):
        looked.append({item.derived.results is not None for item in chunk.records})
        (is_skimmed.clear if is_skimmed.is_set() else is_skimmed.set)()
    assert looked == [{True}, {False}, {True}]


def test_an_unreadable_file_says_so_here_too(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"results": [' + b" " * 100)
    with pytest.raises(UnreadableFile) as here:
        list(importers.read(path, format="pdf"))
    with pytest.raises(UnreadableFile) as there:
        list(reading(path, "pdf"))
    assert str(here.value) == str(there.value)


def test_an_error_of_the_reader_is_raised_with_its_trace(tmp_path, monkeypatch):
    def broken(*_arguments, **_options):
        yield Problem("so far so good")
        raise KeyError("of the reader")

    path = write(tmp_path / "a.jsonl", [record(1)])
    monkeypatch.setattr(importers, "read", broken)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    for chunk in ahead._chunks(path, "native", {}, threading.Event()):
        sender.send_bytes(msgspec.msgpack.encode(chunk))
    items = reading(path)._received(receiver)
    assert next(items) == Problem("so far so good")
    with pytest.raises(RuntimeError, match="KeyError: 'of the reader'"):
        next(items)


def test_the_process_ends_with_the_iterator(tmp_path):
    path = write(tmp_path / "a.jsonl", [record(number) for number in range(5000)])
    with closing(iter(reading(path))) as items:
        next(items)
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_is_an_error_and_no_end(tmp_path):
    path = write(tmp_path / "a.jsonl", [{**record(number), "summary": "x" * 900} for number in range(9000)])
    with closing(iter(reading(path))) as items:
        next(items)
        for child in multiprocessing.active_children():
            child.kill()
        with pytest.raises(RuntimeError, match="ended early"):
            list(items)


def test_small_files_are_read_in_this_process(tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "WORTH_BYTES", 10**9)
    [item] = reading(write(tmp_path / "a.jsonl", [record(1)]))
    assert item.derived is None and not multiprocessing.active_children()
