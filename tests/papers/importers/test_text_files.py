"""Text in encodings that nobody states, and its lines."""

import io

import pytest

from papers.importers import text_files
from papers.importers.source import Source
from papers.importers.text_files import head_text, numbered, read_text
from papers.records import UnreadableFile

GERMAN = "author = {Müller, Jörg}, title = {Über die Größe erfundener Seen}"
FRENCH = "author = {Poiré, Anaïs}, title = {À propos de l'été: déjà vu}"
RUSSIAN = "author = {Лотман, Ю.}, title = {О приливах выдуманного озера}"
CHINESE = "author = {王小明 and 李雷}, title = {虚构湖泊的潮汐研究}, journal = {湖泊学报}"
JAPANESE = "author = {夏野, 花子}, title = {架空の湖の潮について}"
KOREAN = "author = {김철수}, title = {호수의 조석에 관한 연구}"
TAIWANESE = "author = {李白雲}, title = {虛構湖泊的潮汐研究}"


def read(data):
    text, problems = read_text(Source(io.BytesIO(data)))
    return text, [problem.reason for problem in problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, CHINESE, "plain", ""])
def test_unicode_is_read_without_a_word(text, encoding):
    assert read(text.encode(encoding)) == (text, [])


@pytest.mark.parametrize(
    "text, encoding, said",
    [
        (GERMAN, "latin-1", "Western European"),
        (FRENCH, "cp1252", "Western European"),
        ("“Tides” – a lake", "cp1252", "Western European"),
        (RUSSIAN, "cp1251", "Windows-1251"),
        (RUSSIAN.upper(), "cp1251", "Windows-1251"),
        (RUSSIAN, "koi8_r", "KOI8-R"),
        (CHINESE, "gbk", "GBK"),
        ("author = {凯撒}, journal = {测试期刊}", "gb2312", "GBK"),
        (TAIWANESE, "big5", "Big5"),
        (JAPANESE, "cp932", "Shift JIS"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (KOREAN, "euc_kr", "EUC-KR"),
    ],
)
def test_an_encoding_is_guessed_and_the_guess_reported(text, encoding, said):
    decoded, [reason] = read(text.encode(encoding))
    assert decoded == text
    assert said in reason and "not UTF-8" in reason


def test_single_lines_in_another_encoding_are_read_by_themselves():
    data = b"\n".join([GERMAN.encode(), FRENCH.encode(), b"plain", GERMAN.encode("latin-1")])
    text, [reason] = read(data)
    assert text.split("\n") == [GERMAN, FRENCH, "plain", GERMAN]
    assert reason.startswith("1 lines are not UTF-8")


def test_broken_bytes_behind_a_byte_order_mark_are_reported():
    text, [reason] = read(b"\xef\xbb\xbfa\xffb")
    assert text == "a\ufffdb" and "not valid utf-8" in reason


def test_a_file_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(text_files, "MAX_TEXT_BYTES", 10)
    assert read(b"0123456789")[1] == []
    with pytest.raises(UnreadableFile, match="larger than"):
        read(b"0123456789a")


@pytest.mark.parametrize(
    "text, lines",
    [
        ("a\nb\n", ["a", "b"]),
        ("a\r\n\r\nb", ["a", "", "b"]),
        ("a\rb\r", ["a", "b"]),
        ("a\u2028b\x0cc\x85d", ["a\u2028b\x0cc\x85d"]),
        ("", []),
    ],
)
def test_lines_are_numbered_from_one_whatever_ends_them(text, lines):
    assert list(numbered(text)) == list(enumerate(lines, start=1))


def test_the_head_of_a_file_shows_its_ascii():
    for data in (GERMAN.encode("utf-16"), GERMAN.encode("utf-8-sig"), GERMAN.encode("latin-1")):
        assert head_text(data).startswith("author = {M")
    assert head_text("TY  - JOUR".encode("utf-16")[:-1]).startswith("TY  - JOU")
