"""Clean text, and text made comparable.

Owns the way from what a source prints (HTML, JATS, MathML, LaTeX, mojibake) to safe, bounded
plain text; the folding that makes two spellings equal; names, slugs and fingerprints; and
which sentences of an abstract state a contribution or a result. Pure: no table, no setting.
Plain text is not escaped HTML: a template still escapes it.

Every cleaner returns the same for its own output, and never raises.
"""

from __future__ import annotations

import html
import logging
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import blake2b

import ftfy
from anyascii import anyascii
from pylatexenc.latex2text import LatexNodes2Text, get_default_latex_context_db

from papers.sentences import split_sentences

MAX_TITLE = 1000
MAX_NAME = 300
MAX_ABSTRACT = 20_000
MAX_PASSAGE = 20_000
MAX_SECTION = 300
MAX_RAW = 4_000

# ---------------------------------------------------------------- cleaning

# Markup can be many times as long as its text (MathML is); what lies beyond is not looked at.
_MARKUP_FACTOR, _MARKUP_SPARE = 20, 20_000
_MOST_ROUNDS = 12

_C1 = re.compile("[\x7f-\x84\x86-\x9f]")
# Controls, soft hyphens, invisible and direction-changing characters, surrogates, noncharacters, tags.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    uncurl_quotes=False,
    fix_character_width=False,
    normalization="NFC",
    explain=False,
)
# ASCII text without any of these is clean but for its blanks.
_SUSPECT = re.compile(r"[<&\\${}\x00-\x08\x0e-\x1f\x7f]|``")

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NESTED_ENTITY = re.compile(r"&(?:amp;)+(?=#?[A-Za-z0-9]{1,32};)")

_BLOCK_TAGS = (
    "p|div|sec|section|title|abstract|h[1-6]|ul|ol|li|list|list-item|table|tr|tbody|thead|blockquote|article"
    "|disp-formula|def-list|def-item|center|body|head|html"
)
_INLINE_TAGS = (
    "a|b|i|u|em|strong|sub|sup|small|big|tt|span|font|code|pre|td|th|italic|bold|sc|underline|overline|strike"
    "|monospace|roman|sans-serif|styled-content|named-content|inline-formula|inline-graphic|alternatives"
    "|tex-math|ext-link|xref|email|uri|label|abbr|cite"
    "|math|mi|mn|mo|ms|mrow|msup|msub|msubsup|mfrac|msqrt|mroot|mtext|mspace|mstyle|mover|munder|munderover"
    "|mfenced|mtable|mtr|mtd|mpadded|mphantom|menclose|mmultiscripts|mprescripts|none|semantics|annotation"
    "|annotation-xml"
)
_ACTIVE_TAGS = (
    "script|style|iframe|object|embed|img|svg|link|meta|form|input|button|video|audio|base|noscript|template"
)
_PREFIX = r"(?:[a-z][\w.-]{0,30}:)?"
_ATTRIBUTE = r"""\s+[\w:.-]{1,60}\s*=\s*(?:"[^"<>]{0,2000}"|'[^'<>]{0,2000}'|[^\s"'<>]{1,500})"""
_BLOCK_TAG = re.compile(rf"</?{_PREFIX}(?:{_BLOCK_TAGS})(?:{_ATTRIBUTE})*+\s*/?>", re.IGNORECASE)
_BREAK_TAG = re.compile(rf"<(?:{_PREFIX}(?:br|break|hr))(?:{_ATTRIBUTE})*+\s*/?>", re.IGNORECASE)
_OTHER_TAG = re.compile(
    rf"</?(?:{_INLINE_TAGS}|[a-z][\w.-]{{0,30}}:[a-z][\w.-]{{0,60}})(?:{_ATTRIBUTE})*+\s*/?>"
    rf"|</?{_PREFIX}(?:{_ACTIVE_TAGS})(?:[\s/][^<>]{{0,2000}})?>"
    r"|</?script[^<>]{0,2000}>?|<\?[^<>]{0,2000}\?>|<!doctype[^<>]{0,2000}>",
    re.IGNORECASE,
)
# Elements whose text is no text: programs, and the second spelling of a formula.
_DROPPED = ("script", "style", "annotation", "annotation-xml", "mml:annotation", "mml:annotation-xml")
_MATHML = re.compile(r"<(?:mml:)?math\b", re.IGNORECASE)


def has_forbidden(value: str) -> bool:
    """Whether ``value`` holds what no database text may hold: NUL or a lone surrogate."""
    return bool(_FORBIDDEN.search(value))


def clean_line(value: object, limit: int) -> str:
    """``value`` as one line of plain text of at most ``limit`` characters, "" for what is no string.

    Markup is dropped and its text kept, entities are read until none is left (so that nothing
    that was escaped twice comes back as a tag), LaTeX becomes Unicode where it can be read and
    stays as it is where not. "p < 0.05" keeps its sign: only known tags are tags. What is too
    long is cut at a word, with "…".
    """
    return _clean(value, limit, partial(_step, latex=_latex_and_braces, paragraphs=False))


def clean_text(value: object, limit: int) -> str:
    """As ``clean_line``, for abstracts: paragraphs are kept, with one blank line between them.

    A first paragraph that only says "Abstract" is left out.
    """
    return _clean(value, limit, partial(_step, latex=_latex_and_braces, paragraphs=True))


def clean_passage(text: object, start: int | None, end: int | None) -> tuple[str, int | None, int | None]:
    """(clean text, start, end): a citing passage as one line, and its marked span moved along.

    The span is in code points, end exclusive; the characters that it marks afterwards are the
    cleaned characters that it marked before. (None, None) for a span that is invalid, or that
    cannot be followed with certainty. Braces stay, and LaTeX is read only where there is a backslash.
    """
    clean = _clean_passage(text)
    if not isinstance(text, str) or type(start) is not int or type(end) is not int:
        return clean, None, None
    if not 0 <= start < end <= len(text):
        return clean, None, None
    mark = _clean_passage(text[start:end])
    if not mark:
        return clean, None, None
    before = len(_clean_passage(text[:start]))
    for position in (before, before + 1):
        if clean.startswith(mark, position) and (position == before or clean[before] == " "):
            return clean, position, position + len(mark)
    # What stands before the mark changes with it ("$^{[3]}$"): sure only where nothing looks the same.
    if clean.count(mark) == 1 == text.count(text[start:end]):
        position = clean.index(mark)
        return clean, position, position + len(mark)
    return clean, None, None


def _clean_passage(text: object) -> str:
    return _clean(text, MAX_PASSAGE, partial(_step, latex=_latex_if_any, paragraphs=False))


def _clean(value: object, limit: int, step: Callable[[str], str]) -> str:
    if not isinstance(value, str) or limit <= 0:
        return ""
    text = value[: _MARKUP_FACTOR * limit + _MARKUP_SPARE]
    for _ in range(_MOST_ROUNDS):
        cleaned = _cut(step(text), limit)
        if cleaned == text:
            return cleaned
        text = cleaned
    # Built to need ever more rounds: without the characters that markup needs it settles.
    return _cut(" ".join(_INVISIBLE.sub("", re.sub(r"[<>&\\${}`]|[^\x00-\x7f]", "", text)).split()), limit)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    word = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if word > max(limit - 80, limit // 2):
        end = word
    return text[:end].rstrip() + "…"


def _step(text: str, *, latex: Callable[[str], str], paragraphs: bool) -> str:
    """One round of cleaning. Rounds are repeated until nothing changes."""
    if not text.isascii() or _SUSPECT.search(text):
        text = _FORBIDDEN.sub("", text)
        if not text.isascii():
            text = _INVISIBLE.sub("", _C1.sub("", ftfy.fix_text(text, _FTFY)))
        text = _INVISIBLE.sub("", _C1.sub("", _without_entities(text)))
        if "<" in text:
            text = _without_tags(text, "\n\n" if paragraphs else " ")
        text = unicodedata.normalize("NFC", latex(text))
    if not paragraphs:
        return " ".join(text.split())
    found = [" ".join(paragraph.split()) for paragraph in re.split(r"\n[^\S\n]*\n", text)]
    found = [paragraph for paragraph in found if paragraph]
    if len(found) > 1 and found[0].strip(" .:").casefold() == "abstract":
        del found[0]
    return "\n\n".join(found)


def _without_entities(text: str) -> str:
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: html.unescape(found[0]), _NESTED_ENTITY.sub("&", text))


def _without_tags(text: str, between_blocks: str) -> str:
    if "<!--" in text:
        text = _without_pair(text, "<!--", "-->")
    if "<![CDATA[" in text:
        text = text.replace("<![CDATA[", "").replace("]]>", "")
    for name in _DROPPED:
        text = _without_element(text, name)
    if _MATHML.search(text):
        text = _without_element(text, "tex-math")
    text = _BLOCK_TAG.sub(between_blocks, text)
    text = _BREAK_TAG.sub("\n" if between_blocks != " " else " ", text)
    return _OTHER_TAG.sub("", text)


def _without_pair(text: str, opening: str, closing: str) -> str:
    """Without each stretch from ``opening`` to the next ``closing``. Linear, which a lazy pattern is not."""
    kept, position = [], 0
    while (start := text.find(opening, position)) >= 0 and (end := text.find(closing, start)) >= 0:
        kept.append(text[position:start])
        position = end + len(closing)
    return "".join(kept) + text[position:]


def _without_element(text: str, name: str) -> str:
    """Without the elements ``name`` and their content."""
    if f"<{name}" not in text.lower():
        return text
    opening = re.compile(rf"<{name}(?:[\s/][^<>]{{0,2000}})?>", re.IGNORECASE)
    closing = re.compile(rf"</{name}\s*>", re.IGNORECASE)
    kept, position = [], 0
    while (start := opening.search(text, position)) and (end := closing.search(text, start.end())):
        kept.append(text[position : start.start()])
        position = end.end()
    return "".join(kept) + text[position:]


# ---------------------------------------------------------------- LaTeX

_TEX_PREAMBLE = re.compile(r"\\documentclass.{0,2000}?\\begin\{document\}|\\end\{document\}", re.DOTALL)
_BRACED = r"\{(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+\}"
# The rule by which "$5 and $6" is no formula: no blank inside the dollars, no digit behind them.
_MATH = re.compile(
    r"\$\$(?P<shown>[^$]{1,2000})\$\$|(?<!\\)\$(?=\S)(?P<inline>[^$]{1,500}?)(?<=[^\s\\])\$(?!\d)"
    r"|\\\((?P<round>(?:(?!\\\().){1,500}?)\\\)|\\\[(?P<square>(?:(?!\\\[).){1,2000}?)\\\]",
    re.DOTALL,
)
_MATHEMATICAL = re.compile(r"[\\^_{}=<>+]|^[\w,.()*/|'-]{1,20}$")
_SWITCH = re.compile(r"\{\\(?:em|it|bf|sc|tt|rm|sl|sf|itshape|bfseries|scshape)\b\s*([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-zA-Z]+\*?\}(?:\[[^\[\]]*\])?")
_REFERENCE = re.compile(r"\\(?:[a-zA-Z]*cite[a-zA-Z]*|[a-zA-Z]*ref)\*?(?:\[[^\[\]]*\]){0,2}\{([^{}]*)\}")
_LINK = re.compile(r"\\href\s*\{[^{}]*\}\s*(?=\{)|\\url(?=\{)|\\label\{[^{}]*\}|\\footnotemark\b")
_ACCENT = (
    r"\\[\"'`^~=.]\s*(?:\{\\?[a-zA-Z]{1,2}\}|\\[ij](?![a-zA-Z])|[a-zA-Z])"
    r"|\\[cvuHtdbrk](?:\s*\{\\?[a-zA-Z]{1,2}\}|\s+[a-zA-Z](?![a-zA-Z]))"
)
_COMMAND = re.compile(
    rf"\{{(?P<braced>{_ACCENT})\}}|(?P<accent>{_ACCENT})"
    rf"|\\(?P<name>[a-zA-Z]+)\*?(?P<arguments>(?:\s?{_BRACED}){{0,3}})"
    r"|\\(?P<sign>[%&#_$ {}()\[\],;:!/\\-])"
)
_SIGNS = dict.fromkeys(",;: \\", " ") | dict.fromkeys("!/-", "")
_QUOTED = re.compile(r"``([^`]{1,500}?)''")
# Braces that only protect capitals: "{BERT}"; not sets such as "{a, b}" and not what is left of TeX.
_DEEPEST_BRACES = 3
_PROTECTED = re.compile(r"(?<![\\_^])\{([^{}\\,;|]{0,300})\}")

# It warns of each broken command that it meets in other people's titles.
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
_LATEX = LatexNodes2Text(math_mode="text", keep_comments=True, strict_latex_spaces=False)
_KNOWN_COMMANDS = frozenset(
    name for category in get_default_latex_context_db().d.values() for name in category["macros"]
) - {"input", "include"}


def _latex_if_any(text: str) -> str:
    return _latex(text) if "\\" in text else text


def _latex_and_braces(text: str) -> str:
    if "\\" in text or "$" in text:
        text = _latex(text)
    if "``" in text:
        text = _QUOTED.sub(r"“\1”", text)
    for _ in range(_DEEPEST_BRACES):
        text = _PROTECTED.sub(r"\1", text)
    if text.startswith("{") and text.endswith("}") and text.find("}") == len(text) - 1:
        text = text[1:-1]
    return text


def _latex(text: str) -> str:
    """``text`` with its formulas and known commands as Unicode; the rest stays as it is."""
    text = _MATH.sub(_formula, text)
    if "\\" not in text:
        return text
    if r"\begin{document}" in text:
        text = _TEX_PREAMBLE.sub("", text)
    text = _SWITCH.sub(r"\1", text)
    text = _ENVIRONMENT.sub(" ", text)
    text = _LINK.sub("", text)
    text = _REFERENCE.sub(r"[\1]", text)
    return _COMMAND.sub(_command, text)


def _formula(found: re.Match[str]) -> str:
    content = found["shown"] or found["inline"] or found["round"] or found["square"]
    if found["inline"] and not _MATHEMATICAL.search(content):
        return found[0]
    if (found["round"] or found["square"]) and not re.search(r"[\\^_{}=]", content):
        # Brackets that somebody escaped: "\[Gale 1992\]"
        return found[0].replace("\\", "")
    return _converted(f"${content}$", found[0])


def _command(found: re.Match[str]) -> str:
    if found["sign"]:
        return _SIGNS.get(found["sign"], found["sign"])
    if accent := found["braced"] or found["accent"]:
        return _converted(accent, found[0])
    if found["name"] in _KNOWN_COMMANDS:
        converted = _converted(found[0], found[0])
        # "O(n\log n)"
        runs_on = found.start() and found.string[found.start() - 1].isalnum() and converted == found["name"]
        return f" {converted}" if runs_on else converted
    # "\foo{bar}" says bar; a backslash without braces may be no command at all ("C:\temp").
    return found["arguments"].strip()[1:-1] or found[0]


def _converted(latex: str, source: str) -> str:
    """``latex`` as Unicode, or ``source`` where pylatexenc cannot read it."""
    try:
        converted = _LATEX.latex_to_text(latex).strip()
        # A command whose braces are missing gives its template: "%s/%s" for \frac.
        return source if "%s" in converted and "%s" not in latex else converted
    except Exception:  # the parser raises what it likes on broken input; the source is the fallback
        return source


# ---------------------------------------------------------------- folding

_APOSTROPHES = "'’‘ʼ＇`´"
_MARKS = "™®©℠"


class _FoldTable(dict):
    """Character -> what it is folded to: Latin letters to ASCII, other letters to themselves, the
    rest to a blank. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in _APOSTROPHES or category in ("Cf", "Cs") or 0x300 <= code <= 0x36F:
            folded = ""
        elif category[0] not in "LNM":
            folded = " "
        elif character.isascii() or not unicodedata.name(character, "").startswith("LATIN"):
            folded = character
        else:
            folded = "".join(c for c in anyascii(character).lower() if c.isalnum())
        self[code] = folded
        return folded


_FOLDED = _FoldTable()


# An import folds the same titles, names and venues several times over.
@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """``text`` in lower case without accents and punctuation: words joined by single blanks.

    Latin letters become ASCII ("Müller" is "muller", "ß" is "ss"); other scripts keep their
    letters, so that they stay apart. Apostrophes join ("O'Brien" is "obrien"). "" when there is
    no letter and no digit. Folding twice changes nothing.
    """
    return fold_afresh(text)


def fold_afresh(text: str) -> str:
    """The same as ``fold``, keeping nothing: for long texts that nobody folds again."""
    if text.isascii():
        return " ".join(text.lower().translate(_FOLDED).split())
    for mark in _MARKS:
        text = text.replace(mark, " ")
    # Unicode's own caseless compatibility matching (The Unicode Standard, 3.13, D146).
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.casefold()).casefold())
    plain = unicodedata.normalize("NFKC", plain.translate(_FOLDED))
    return " ".join(plain.split())


def fold_name(name: str) -> str:
    """A person's whole name, folded."""
    return fold(name)


def _letters(text: str) -> str:
    """What two printings of the same words share: the folded text without blanks."""
    return fold_afresh(text).replace(" ", "") or "".join(text.split())


def fingerprint(text: str) -> str:
    """32 hexadecimal characters that are equal for texts with the same letters and digits.

    Case, accents, punctuation and blanks do not count: "Brown et al. , 1991" has the
    fingerprint of "Brown et al., 1991". A text of signs alone is told by its signs.
    """
    return blake2b(_letters(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def carry_span(source: str, target: str, start: int, end: int) -> tuple[int, int] | None:
    """The span of ``target`` with the same letters as ``source[start:end]``; None where there is none.

    For two texts of one fingerprint. Spans are code points, end exclusive; punctuation at the
    ends of the mark ("[3]") is taken along where ``target`` has it too.
    """
    if not 0 <= start < end <= len(source):
        return None
    if source == target:
        return start, end
    letters, wanted = _placed(source), _placed(target)
    if [letter for letter, _ in letters] != [letter for letter, _ in wanted]:
        return None
    marked = [index for index, (_, place) in enumerate(letters) if start <= place < end]
    if not marked:
        return None
    first, last = wanted[marked[0]][1], wanted[marked[-1]][1]
    if _letters(target[first : last + 1]) != _letters(source[start:end]):
        return None
    low, high = letters[marked[0]][1], letters[marked[-1]][1]
    return _backwards(source[start:low], target, first), _forwards(source[high + 1 : end], target, last + 1)


def _placed(text: str) -> list[tuple[str, int]]:
    """The folded letters of ``text``, each with the place of the character that it comes from."""
    return [
        (letter, place)
        for place, character in enumerate(text)
        for letter in (fold(character) if not character.isspace() else "")
        if letter != " "
    ]


def _backwards(signs: str, target: str, position: int) -> int:
    for sign in reversed(signs.replace(" ", "")):
        before = len(target[:position].rstrip())
        if not before or target[before - 1] != sign:
            break
        position = before - 1
    return position


def _forwards(signs: str, target: str, position: int) -> int:
    for sign in signs.replace(" ", ""):
        behind = len(target) - len(target[position:].lstrip())
        if behind >= len(target) or target[behind] != sign:
            break
        position = behind + 1
    return position


@lru_cache(maxsize=1000)  # a page prints the address of a paper twice or more
def slug(title: str) -> str:
    """``title`` for an address: ASCII words in lower case with hyphens, at most 60 characters."""
    words = re.findall(r"[a-z0-9]+", anyascii(fold(title)).lower())
    made = ""
    for word in words:
        if made and len(made) + 1 + len(word) > 60:
            break
        made = f"{made}-{word}" if made else word[:60]
    return made or "paper"


_NOISE_WORDS = re.compile(
    r"(?:(?:arxiv(?: e ?prints?| preprints?)?|preprints?|corr|abs|doi|pmid|pmcid|isbn|issn|https?|www|org"
    r"|year"
    r"|(?:no )?title(?: not)?(?: available)?|not available|unknown|untitled|none|null|nan|n"
    r" a|tba|tbd|anonymous"
    r"|in press|to appear|submitted|forthcoming|unpublished|personal"
    r" communication|ibid|vol|volume|no|pp|pages?"
    r"|v|and|in|et al|eds?)(?: |$))+"
)


# An import asks once to match a record and once to take its title over.
@lru_cache(maxsize=4096)
def is_title_noise(title: str) -> bool:
    """Whether ``title`` names nothing: identifiers, years, "arXiv preprint", "[no title]", one letter."""
    if not title.strip():
        return True
    plain = re.sub(r"(?i)\b(?:https?://\S+|10\.[0-9]{4,9}/\S+|[a-z-]+(?:\.[a-z]{2})?/[0-9]{7})", " ", title)
    plain = re.sub(r"[0-9]+", " ", fold(plain))
    words = " ".join(plain.split())
    return sum(map(str.isalpha, words)) < 2 or bool(_NOISE_WORDS.fullmatch(words))


# ---------------------------------------------------------------- names

_SUFFIX = re.compile(r"(?i)(?:jr|sr|ii|iii|iv|ph\.?d|esq)\.?")
_DEGREE = re.compile(r"(?i)m\.?d\.?|m\.?sc\.?|b\.?sc\.?")
_TITLE = re.compile(r"(?i)(?:dr|prof|professor|sir)\.?")
_INITIALS = re.compile(r"(?:[^\W\d_a-z]\.?-?){1,3}\.?")
_SURE_INITIALS = re.compile(r"[^\W\d_a-z]\.?|(?:[^\W\d_a-z]\.-?)+|[B-DF-HJ-NP-TV-XZ]{2,3}")
_ET_AL = re.compile(r"(?i)[\s,]+(?:et\.?\s*al\.?|and others)\s*$")
_PARTICLES = frozenset(
    "van von der den de del della delle dello di da das do dos du la las le les lo ter ten te tot zu zum"
    " zur vom am el al bin ibn ben abu af av y st dal dalla".split()
)
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@lru_cache(maxsize=10_000)
def family_and_initial(name: str) -> tuple[str, str]:
    """(family name, first initial) of a printed name, folded; ("", "") for none.

    Reads "Family, Given", "Given Family", "Family GI" and particles ("van der Berg, J.", "de Souza
    M"). A single name is a family name. Two words of Chinese, Japanese or Korean characters are
    family first.
    """
    parts = [" ".join(part.split()) for part in _ET_AL.sub("", name).split(",")]
    parts = [part for part in parts if part and not _SUFFIX.fullmatch(part)]
    if not parts:
        return "", ""
    if len(parts) > 1:
        family, given = [parts[0]], parts[1].split()
        while len(given) > 1 and given[-1].lower() in _PARTICLES:
            family.insert(0, given.pop())
    else:
        family, given = _family_and_given(parts[0].split())
    return fold(" ".join(family)), fold(" ".join(given))[:1]


def _family_and_given(words: list[str]) -> tuple[list[str], list[str]]:
    while len(words) > 1 and _TITLE.fullmatch(words[0]):
        words = words[1:]
    while len(words) > 1 and (
        _SUFFIX.fullmatch(words[-1]) or (len(words) > 2 and _DEGREE.fullmatch(words[-1]))
    ):
        words = words[:-1]
    if len(words) == 2 and all(_EAST_ASIAN.fullmatch(word) for word in words):
        return words[:1], words[1:]
    # Where everything is in capitals, "LI" may be a family and "RS" may not.
    initials = _SURE_INITIALS if " ".join(words).isupper() else _INITIALS
    behind = len(words)
    while behind > 1 and initials.fullmatch(words[behind - 1]):
        behind -= 1
    if behind < len(words) and not _INITIALS.fullmatch(words[0]):
        return words[:behind], words[behind:]
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].lower() in _PARTICLES:
        begin -= 1 + (words[begin - 1].lower() == "y" and begin > 2)
    if begin == 1 and words[0] in _PARTICLES:
        begin = 0
    return words[max(begin, 0) :], words[: max(begin, 0)]


# ---------------------------------------------------------------- abstracts

_MOST_SENTENCE = 400


def _words(words: str) -> str:
    """A pattern for any of ``words``; "_" in one stands for a blank."""
    return "(?:" + "|".join(words.replace("_", r"\s+").split()) + ")"


def _pattern(*alternatives: str) -> re.Pattern[str]:
    """Any of ``alternatives``, for text in lower case: either case takes up to six times as long."""
    return re.compile("|".join(alternatives))


# Labels of structured abstracts: "RESULTS: …", or a paragraph of its own.
_FINDING = r"(?:(?:main|principal|key)\s+)?(?:results?|findings?|outcomes?)"
_PART = _words(
    "backgrounds? introduction context rationale importance motivation objectives? aims? purpose questions?"
    " hypothes[ei]s design setting participants patients subjects study_design data_sources interventions?"
    " measurements? main_outcome_measures? approach methodology methods? materials?_(?:and|&)_methods?"
    r" (?:methods?|methodology)\s*(?:/|and|&)\s*(?:principal_)?findings"
    r" results?_(?:and|&)_(?:discussion|conclusions?)"
    r" discussion interpretation conclusions?(?:\s*/\s*significance|_and_relevance)? significance"
    r" implications?"
    " summary author_summary limitations? funding trial_registration"
)
_LABEL = re.compile(
    rf"(?:^|(?<=\n)|(?<=[.!?]\s))\s*(?P<label>{_FINDING}|{_PART})"
    r"(?:\s*:\s+|\s+[—–]\s+|[^\S\n]*\n\s*\n|\.\s+(?=(?-i:[A-Z])))",
    re.IGNORECASE,
)
_FINDING_LABEL = re.compile(_FINDING, re.IGNORECASE)
# The labelled parts that may hold results among other things.
_MIXED_LABEL = _pattern(_words("finding result conclusion interpretation discussion significance summary"))

_WE = r"\b(?:we|i)\b(?:\s+(?:\w+ly|also|then|first|further|here|have|now|thus|therefore)){0,3}"
_THIS = _words("this the_present our the_current")
_THIS_PAPER = rf"\b{_THIS}\s+{_words('paper article study work report letter thesis survey review chapter')}"
_CONTRIBUTES = _pattern(
    rf"(?:{_WE}|{_THIS_PAPER}(?:\s+\w+ly)?)\s+"
    + _words(
        "present(?:s|ed)? propose[sd]? introduce[sd]? describe[sd]? develop(?:s|ed)? design(?:s|ed)? offers?"
        " release[sd]? builds? built constructs? contributes?"
    )
    + r"\b"
)
_CLAIMS = _pattern(
    rf"(?:{_WE}|{_THIS_PAPER}(?:\s+\w+ly)?)\s+"
    + _words(
        "show(?:s|ed)? demonstrate[sd]? finds? found report(?:s|ed)? prove[sd]? argue[sd]?"
        " establish(?:es|ed)?"
        " identif(?:y|ies|ied) reveal(?:s|ed)? discover(?:s|ed)? derive[sd]? provides? conclude[sd]?_that"
    )
    + r"\b"
)
_IS_ABOUT = _pattern(
    r"\bthis "
    + _words("paper article study work report letter thesis survey review chapter tutorial")
    + r"\b",
    r"\b(?:is|are) (?:here )?" + _words("presented proposed introduced described") + r"\b",
)

# What others found, what is known, what was never clear.
_REPORTED = _pattern(
    r"\b"
    + _words("previous(?:ly)? prior earlier past recent other several many most numerous existing some")
    + r"\s+(?:\w+\s+){0,3}"
    + _words(
        "studies study works? research reports authors investigators literature researchers models methods"
        " approaches experiments findings results evidence"
    )
    + r"\b",
    r"\b(?:has|have) (?:\w+ ){0,2}been (?:\w+ )?"
    + _words("shown reported demonstrated suggested found associated linked proposed observed"),
    r"\b(?:it is|is|are) (?:well |widely |generally )?"
    + _words("known believed thought recogni[sz]ed accepted"),
    r"(?<!\bwe )\b(?:has|have) (?:\w+ly )?"
    + _words("increased improved reduced decreased become grown")
    + r"\b",
    r"\blittle is known|\bremains? (?:\w+ )?" + _words("unclear unknown controversial poorly"),
)
# What was meant to be done, what was done, what is to come.
_AIM = _pattern(
    r"\b" + _words("aim(?:s|ed)? objectives? purpose goals?") + r"\b[^.]{0,40}\b(?:is|was|were|are|to)\b",
    rf"{_WE}\s+"
    + _words(
        "aim(?:ed)? sought seek set_out wanted investigate[sd]? examine[sd]? stud(?:y|ied) explore[sd]?"
        " ask(?:ed)?"
        " test(?:ed)? evaluate[sd]? assess(?:ed)? compare[sd]? hypothesi[sz]ed? analy[sz]ed? measured?"
        " collected"
        " conducted performed used? recruited enrolled reviewed? searched applied trained estimated"
        " calculated"
        " present propose introduce describe discuss consider plan will hope expect intend"
    )
    + r"\b",
    r"^\s*to "
    + _words(
        "determine investigate assess evaluate examine test explore compare study identify describe estimate"
        " understand"
    )
    + r"\b",
    r"\bwere "
    + _words(
        "randomly randomi[sz]ed recruited enrolled collected included searched analy[sz]ed_using"
        " measured_(?:by|using|with) performed obtained_from"
    )
    + r"\b",
    r"\bwill\s+(?:be\s+)?\w+",
)
_RESULT_VERB = _words(
    "finds? found show(?:s|ed|n)? demonstrate[sd]? reveal(?:s|ed)? indicate[sd]? suggest(?:s|ed)?"
    " confirm(?:s|ed)?"
    " observed? prove[sd]? conclude[sd]? discover(?:s|ed)? establish(?:es|ed)? detected identified"
    " achieve[sd]?"
    " support(?:s|ed)?"
)
_STATES_RESULT = _pattern(
    rf"{_WE}\s+(?!suggest|support){_RESULT_VERB}\b"
    r"(?!\s+(?:how|with|by|the (?:use|usefulness|need)|in (?:this|section)))",
    r"\b"
    + _words("our these the this experimental empirical extensive all")
    + r"\s+(?:\w+\s+){0,3}"
    + _words(
        "results? findings? data analys[ei]s experiments? evaluations? simulations? observations? study"
        " studies"
        " paper work evidence"
    )
    + rf"(?:\s+(?:on|of|from|in|with|for)\s+[^.;:]{{1,80}}?)?\s+(?:\w+ly\s+|also\s+){{0,2}}{_RESULT_VERB}\b",
    r"\b"
    + _words("analys[ei]s models? comparisons? assays? trials?")
    + r"\b[^.;:]{0,60}\b"
    + _words("showed revealed demonstrated indicated")
    + r"\b",
    r"\b"
    + _words("results? experiments? evaluations?")
    + r"\s+"
    + _words("show indicate demonstrate suggest reveal confirm")
    + r"\b",
)
_MORE = _words("higher lower better worse greater smaller fewer more less faster longer shorter")
_CHANGED = _words("improve[sd]? reduce[sd]? increase[sd]? decrease[sd]?")
_COMPARES = _pattern(
    r"\b" + _words("outperform(?:s|ed)? surpass(?:es|ed)?") + r"\b",
    r"\bstate[- ]of[- ]the[- ]art " + _words("results? performance accuracy"),
    rf"\b(?:{_CHANGED}|"
    + _words("improvements? reductions? gains? rose fell dropped declined raise[sd] lower(?:s|ed)")
    + r")"
    r"\b[^.;]{0,120}\b(?:by|from|of|over|up to)\s+(?:\w+\s+){0,3}(?:\d|factor|half)",
    r"\b" + _words("significantly substantially considerably consistently markedly") + r"\s+(?:\w+\s+)?"
    rf"(?:{_MORE}|{_CHANGED}|{_words('associated correlated different differed')})",
    r"\b(?:was|were) (?:\w+ly |not ){0,2}(?:associated|correlated) with",
    r"\b(?:there (?:was|were)|had|showed) no (?:\w+ )?"
    + _words("difference effect association evidence change correlation"),
    r"\b" + _words("achiev reach attain yield") + r"(?:es|ed|s|ing)?\b[^.;]{0,80}\d",
)
_MEASURE = _pattern(
    r"\d\s?%|\bp\s?[<=>≤]\s?0?\.\d|\bci\b|confidence interval|\d-fold",
    r"\b(?:odds|hazard|risk) ratio\b",
    r"\b"
    + _words("bleu f1 f-score f-measure accuracy auc rouge perplexity precision recall error_rate")
    + r"\b[^.]{0,40}\d",
)
_COMPARISON = _pattern(
    rf"\b(?:{_MORE}|"
    + _words(
        r"than versus vs compared relative_to respectively whereas baseline against improv\w+ reduc\w+"
        r" increas\w+"
        r" decreas\w+ accuracy achiev\w+ reach\w+"
    )
    + r")\b"
)


def contribution_sentence(abstract: str) -> str:
    """The sentence of an abstract that states its contribution, whole and verbatim; "" for none.

    What it presents or proposes before what it shows, that before what "this paper" is about; of
    equals the first. A sentence of more than 400 characters is passed over.
    """
    sentences = [
        (sentence, sentence.lower())
        for _, sentence in _labelled_sentences(abstract)
        if len(sentence) <= _MOST_SENTENCE
    ]
    for pattern in (_CONTRIBUTES, _CLAIMS, _IS_ABOUT):
        for sentence, lower in sentences:
            if (found := pattern.search(lower)) and not _REPORTED.search(lower[: found.start()]):
                return sentence
    return ""


def result_sentences(abstract: str, limit: int = 6) -> list[str]:
    """The sentences of an abstract that state results, whole, verbatim and in order; at most ``limit``.

    What others found, aims and methods are no results. In a structured abstract the part
    labelled "Results" gives all but these, its conclusions what they state, the other parts nothing.
    """
    found = []
    for label, sentence in _labelled_sentences(abstract):
        if sentence.endswith("?") or (label and not _MIXED_LABEL.search(label.lower())):
            continue
        lower = sentence.lower()
        in_results = label and _FINDING_LABEL.fullmatch(label)
        plain = in_results and not (_AIM.search(lower) or _REPORTED.search(lower))
        if (plain or _states_result(lower)) and sentence not in found:
            found.append(sentence)
    return found[: max(limit, 0)]


def _states_result(lower: str) -> bool:
    """Whether a sentence, in lower case, states a result. Quick patterns first: most sentences fit none."""
    own = _STATES_RESULT.search(lower)
    if own and not _REPORTED.search(lower[: own.end()]):
        return True
    compares = _COMPARES.search(lower) or (
        _COMPARISON.search(lower) and _MEASURE.search(lower) and not _AIM.search(lower)
    )
    return bool(compares) and not _REPORTED.search(lower)


# An import draws a summary and later claims from the same abstracts, batch by batch.
@lru_cache(maxsize=2048)
def _labelled_sentences(abstract: str) -> list[tuple[str, str]]:
    """[(label of the part, sentence)] of an abstract; the label is "" outside of labelled parts."""
    found = []
    label, begin = "", 0
    for heading in [*_LABEL.finditer(abstract), None]:
        part = abstract[begin : heading.start() if heading else len(abstract)]
        found += [(label, part[start:end]) for start, end in split_sentences(part)]
        if heading:
            label, begin = " ".join(heading["label"].split()), heading.end()
    return found
