"""Opening, gunzipping, recognising and finding files: papers/importers/__init__.py and source.py."""

import gzip
import json
import zlib

import pytest

from papers import importers
from papers.importers import source
from papers.records import UnreadableFile
from tests.papers.importers.reading import sorted_out

LINE = '{"title": "On the tides of a made-up lake"}\n'
JATS = """<?xml version="1.0"?>
<!-- a comment > with a bracket -->
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2//EN" "JATS-archivearticle1.dtd">
<article article-type="research-article"><front><article-meta><title-group>
<article-title>On the tides</article-title></title-group></article-meta></front></article>"""


def records_and_problems(path, **options):
    return sorted_out(importers.read(path, **options))


@pytest.mark.parametrize(
    "head, name, expected",
    [
        (LINE, "x.txt", "native"),
        ("\ufeff" + LINE, "x.txt", "native"),
        ("\n\n" + LINE, "", "native"),
        ('{"identifiers": {"doi": "10.5555/a"}, "id": 7}\n', "", "native"),
        ('{"references": []}\n', "", "native"),
        ('{"id": "a1", "title": "A paper", "authors": [{"name": "A. Moor"}]}\n', "", "native"),
        ('{"_id": "a1", "title": "A paper", "references": []}\n', "", "native"),
        ('{"id": "a1", "title": "A paper", "authors": ["A. Moor"]}\n', "", None),
        ('{"title": "A paper", "authors": ["A. Moor"]}\n', "", "native"),
        ('{"id": "a1", "title": "A paper", "references": ["b2"]}\n', "", None),
        ("broken\n" + LINE, "", "native"),
        ('{"broken": \n', "x.jsonl", "native"),
        ('{"broken": \n', "x.jsonl.gz", "native"),
        ('{"broken": \n', "x.json", None),
        ('{"title": "Cut in the middle", "references": [{"title": "No', "", "native"),
        ('{"paperId": "a", "title": "A paper of another service"}\n', "x.json", None),
        ('{"corpusid": 7, "title": "A line of a dump"}\n', "x.jsonl", None),
        ('{"message": {"title": ["t"]}}', "x.jsonl", None),
        ('{"offset": 0, "next": 2, "data": [{"citingPaper": {"title": "t"}}]}', "", "semantic-scholar"),
        ('{"offset": 0, "data": []}', "", "semantic-scholar"),
        ('[\n {"isInfluential": false, "citedPaper": {"title": "t"}}]', "", "semantic-scholar"),
        ('{"contexts": [], "citingPaper": null}', "x.jsonl", "semantic-scholar"),
        (JATS, "x.txt", "jats"),
        ("\ufeff" + JATS, "", "jats"),
        ("<article article-type='x'/>", "", "jats"),
        ("<pmc-articleset>", "", "jats"),
        ('<OAI-PMH><j:article xmlns:j="https://jats.nlm.nih.gov/ns/archiving/1.3/">', "", "jats"),
        ('<article xmlns="http://docbook.org/ns/docbook"><title>A manual</title>', "x.xml", None),
        ('<TEI xmlns="http://www.tei-c.org/ns/1.0"><article article-type="x"/></TEI>', "x.xml", "tei"),
        ("@article{key, title={T}}", "x.bib", "bibtex"),
        ("TY  - JOUR\nTI  - T\n", "x.txt", "ris"),
        ("FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\n", "x.txt", "wos"),
        ("PT\tAU\tTI\tDI\n", "x.txt", "wos"),
        ("%0 Book\n%T T\n", "x.enw", "endnote"),
        ("<xml><records><record/></records></xml>", "x.xml", "endnote"),
        ("Title,Authors,DOI\n", "x.csv", "csv"),
        ("citing,cited\n10.5555/a,10.5555/b\n", "x.csv", "opencitations"),
        ('[{"type": "article-journal", "title": "T"}]', "x.json", "csl-json"),
        ('{"type": "book", "title": "T", "issued": {"date-parts": [[2001]]}}\n', "x.jsonl", "csl-json"),
        ('{"type": "book", "title": "T", "DOI": "10.5555/a", "reference-count": 1}', "", "crossref"),
        ("", "x", None),
    ],
)
def test_sniff_goes_by_content(head, name, expected):
    assert importers.sniff(head.encode(), name) == expected


@pytest.mark.parametrize("before", [{"abstract": "x" * 300_000}, {"authors": [{"name": "A. Moor"}] * 9000}])
def test_a_record_whose_first_keys_are_long_is_known_by_the_later_ones(tmp_path, before):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({**before, "title": "On the tides"}) + "\n" + LINE)
    records, _problems = records_and_problems(path)
    assert [record.title for record in records] == ["On the tides", "On the tides of a made-up lake"]


def test_sniff_reads_utf_16_xml():
    assert importers.sniff(JATS.encode("utf-16"), "") == "jats"


def test_read_tells_what_the_known_formats_are(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("Words of no format.")
    with pytest.raises(UnreadableFile, match="not known.*jats.*semantic-scholar.*native"):
        importers.read(path)
    with pytest.raises(UnreadableFile, match="no format named 'docx'.*native"):
        importers.read(path, format="docx")


def test_read_refuses_an_answer_about_an_unnamed_paper(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text('{"offset": 0, "data": []}')
    with pytest.raises(UnreadableFile, match="does not name the paper it is about: add --about IDENTIFIER"):
        importers.read(path)


def test_a_named_format_overrules_the_content(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("{}\n")
    records, problems = records_and_problems(path, format="native")
    assert records == [] and [problem.skipped for problem in problems] == [True]


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.txt"])
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_gzip_is_known_by_content_not_by_name(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(LINE.encode()))
    records, problems = records_and_problems(path)
    assert [record.line for record in records] == [1] and not problems


def test_all_members_of_a_gzip_file_are_read_and_padding_is_ignored(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(LINE.encode()) * 3 + b"\0" * 512)
    records, problems = records_and_problems(path)
    assert len(records) == 3 and not problems


def lines_that_hardly_compress(count):
    return [
        json.dumps({"title": f"Paper {n} {zlib.crc32(b'%d' % n):x} {zlib.adler32(b'x%d' % (n * n)):x}"})
        for n in range(count)
    ]


def test_a_cut_gzip_gives_all_that_can_be_read_and_says_what_is_lost(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    packed = gzip.compress("\n".join(lines_that_hardly_compress(20_000)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    records, problems = records_and_problems(path)
    assert 5_000 < len(records) < 15_000
    [problem] = problems
    assert problem.skipped
    assert problem.reason == f"the gzip data ends early: what follows line {len(records)} is lost"


def test_a_damaged_gzip_gives_what_came_before_the_damage(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    packed = bytearray(gzip.compress("\n".join(lines_that_hardly_compress(20_000)).encode()))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    path.write_bytes(packed)
    records, problems = records_and_problems(path)
    assert len(records) > 1_000
    assert "the gzip data is damaged: what follows line" in problems[-1].reason and problems[-1].skipped


def test_a_gzip_cut_at_its_checksum_loses_no_record(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress((LINE * 3).encode())[:-4])
    records, problems = records_and_problems(path)
    assert len(records) == 3
    assert "ends early: what follows line 3" in problems[0].reason


def test_a_gzip_that_is_cut_in_its_header_is_unreadable(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"x")[:8])
    with pytest.raises(UnreadableFile, match="ends early at its very start"):
        importers.read(path)


def test_an_archive_bomb_is_stopped_with_the_limit_named(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "EXPANSION_FLOOR_BYTES", 1024 * 1024)
    monkeypatch.setattr(source, "MAX_EXPANSION", 20)
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(LINE.encode() * 100_000))
    records, problems = records_and_problems(path)
    assert 10_000 < len(records) < 50_000
    assert f"more than {source.MAX_EXPANSION} times its size" in problems[-1].reason
    assert problems[-1].skipped


def test_an_empty_or_missing_file_and_a_folder_are_unreadable(tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    empty_archive = tmp_path / "empty.gz"
    empty_archive.write_bytes(gzip.compress(b""))
    for path, reason in [
        (empty, "the file is empty"),
        (empty_archive, "the file is empty"),
        (tmp_path, "this is a folder"),
        (tmp_path / "none", "there is no such file"),
        (f"{tmp_path}/a\0b", "there is no such file"),
        (tmp_path / ("n" * 400), "name too long"),
    ]:
        with pytest.raises(UnreadableFile, match=f"(?i){reason}"):
            importers.read(path)


def test_a_file_without_permission_is_unreadable(tmp_path, monkeypatch):
    path = tmp_path / "secret"
    path.write_text(LINE)

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(UnreadableFile, match="permission to read it is denied"):
        importers.read(path)


def test_an_over_long_line_is_left_out_and_the_next_one_read(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_LINE_BYTES", 1000)
    path = tmp_path / "x.jsonl"
    path.write_text(LINE + '{"title": "' + "x" * 5000 + '"}\n' + LINE)
    records, problems = records_and_problems(path)
    assert [record.line for record in records] == [1, 3]
    assert [(problem.line, problem.skipped) for problem in problems] == [(2, True)]
    assert "longer than" in problems[0].reason


def test_find_files_walks_folders_in_order_and_leaves_hidden_ones_out(tmp_path):
    for name in ["b.xml", "a.xml", ".hidden", "sub/c.xml", "sub/.git/d.xml", ".cache/e.xml"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in importers.find_files([tmp_path])]
    assert found == ["a.xml", "b.xml", "sub/c.xml"]
    named = [tmp_path / ".hidden", tmp_path / "missing"]
    assert list(importers.find_files(named)) == named
