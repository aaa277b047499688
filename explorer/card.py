"""The preview picture of a hub, 1200 × 630, that other sites show beside a link to it: as SVG and as PNG.

Owns the layout of its words. What they say is the hub's (``hub.py``); colours are those of the light
look in ``static/hub.css``. The PNG is drawn by resvg with Noto Sans from a package, so that it needs no font
of the machine and looks the same everywhere. Scripts that Noto Sans lacks are drawn with the machine's
fonts where these have them; else their letters are given in Latin ones (anyascii), never as boxes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import fontpkg_noto_sans
import resvg_py
from anyascii import anyascii
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from citations.labels import Role
from explorer.components import count, join

WIDTH, HEIGHT, MARGIN = 1200, 630, 64
FONT = str(fontpkg_noto_sans.ROOT / "files" / "NotoSans[wdth,wght].ttf")
TITLE = ((56, 2), (46, 3))  # size and most lines: the first that holds all of it, else the last, cut
NAMED = 4  # roles below the bar
BAR = 474  # its upper edge
BOLD, AT_END = SafeString(' font-weight="700"'), SafeString(' text-anchor="end"')
LONGEST = 400  # characters of a title that are looked at

# As in static/hub.css; a test compares them.
COLOURS = {
    "paper": "#fcfcfa",
    "ink": "#1b2124",
    "muted": "#566067",
    "line-strong": "#87918f",
    "accent": "#0f5c66",
    "alarm": "#9d2420",
    "c-extension": "#74479b",
    "c-baseline": "#b0512a",
    "c-method": "#17708c",
    "c-dataset": "#2f7d55",
    "c-comparison": "#a6447c",
    "c-evidence": "#87690f",
    "c-motivation": "#5468b8",
    "c-background": "#74818c",
    "c-unclear": "#a3aaae",
    "c-unsure": "#b3bdc2",
    "c-unlabelled": "#c9cfce",
    "sheet": "#ffffff",
}


# -- words of a known width -----------------------------------------------------------------------

# Of the bold face in parts of its size, by the widest of each class: a line may end early, never too late.
WIDTHS = (
    ("il.,:;'j! ", 0.3),
    ("I()[]-/fJrt", 0.45),
    ("cszxvyEFLST0123456789", 0.58),
    ("w", 0.86),
    ("mMW@%—", 0.98),
    ("ЖШЩЮФМжшщюфмωΩ", 1.07),
)
REGULAR = 0.96  # of the bold face
WIDTH_OF = {char: width for chars, width in WIDTHS for char in chars}
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def width_of(text):
    """About how wide a text is, in parts of the size of its letters; never narrower than it is drawn."""
    return sum(map(_width, text))


@lru_cache(maxsize=4000)
def _width(char):
    if char in WIDTH_OF:
        return WIDTH_OF[char]
    if unicodedata.combining(char):
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.02
    return 0.82 if char.isupper() else 0.68


def wrapped(text, size, width, most):
    """(lines, whether all of the text is in them): broken at blanks, inside a word only where it must be."""
    lines, line = [], ""
    for word in _words(text):
        if (width_of(line) + width_of(word.rstrip())) * size <= width:
            line += word
            continue
        if line.strip():
            lines.append(line.strip())
        while width_of(word.rstrip()) * size > width:
            fits = next(n for n in range(len(word), 0, -1) if n == 1 or width_of(word[:n]) * size <= width)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    if line.strip():
        lines.append(line.strip())
    if len(lines) <= most:
        return lines, True
    last = lines[most - 1]
    while last and width_of(f"{last}…") * size > width:
        last = last[:-1]
    return [*lines[: most - 1], f"{last.rstrip(' ,;:.–-')}…"], False


def _words(text):
    """The parts of a text that a line may end after: words with their blanks, single wide characters."""
    part = ""
    for char in " ".join(text.split()):
        wide = unicodedata.east_asian_width(char) in "WF"
        if wide and part:
            yield part
            part = ""
        part += char
        if wide or char == " ":
            yield part
            part = ""
    if part:
        yield part


def drawable(text):
    """(the text with only letters that can be drawn, whether fonts of the machine are needed for it)."""
    text, machine = NOT_IN_XML.sub("", text), False
    drawn = []
    for char in text:
        if _is_basic(char) or _has(_script(char), char, False):
            drawn.append(char)
        elif _has(_script(char), char, True):
            drawn.append(char)
            machine = True
        else:
            drawn.append(anyascii(char))
    return "".join(drawn), machine


def _is_basic(char):
    """Whether every Noto Sans has it: Latin, Greek, Cyrillic, marks, common signs."""
    return ord(char) < 0x530 or 0x1E00 <= ord(char) < 0x1F00 or char in "–—‘’“”„•…−\u2009\u202f"


@lru_cache(maxsize=4000)
def _script(char):
    """The first word of a character's name: its script for a letter ("CJK", "THAI"), itself for a sign."""
    return unicodedata.name(char, char).split()[0]


_glyphs: dict[tuple[str, bool], bool] = {}


def _has(script, char, machine):
    """Whether a font has this script, judged by the first of its characters that was asked for.

    It is drawn beside one that no font has, for what shows in its place is the same then.
    """
    if (script, machine) not in _glyphs:
        if len(_glyphs) > 2000:
            _glyphs.clear()
        nobody, this = (
            resvg_py.svg_to_bytes(
                svg_string='<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
                f'<text x="4" y="28" font-family="Noto Sans" font-size="20">{one}</text></svg>',
                font_files=[FONT],
                skip_system_fonts=not machine,
            )
            for one in ("\U0010fffd", char)
        )
        _glyphs[script, machine] = nobody != this
    return _glyphs[script, machine]


# -- the picture --------------------------------------------------------------------------------------


def svg(hub, library):
    """The picture of a hub as (safe SVG, whether fonts of the machine are needed)."""
    parts, needs = [], []

    def words(text, x, y, size, *, fill="ink", bold=False, end=False):
        text, machine = drawable(text)
        needs.append(machine)
        parts.append(
            format_html(
                '<text x="{}" y="{}" font-size="{}" fill="{}"{}{}>{}</text>',
                x,
                y,
                size,
                COLOURS[fill],
                BOLD if bold else "",
                AT_END if end else "",
                text,
            )
        )

    def block(text, x, y, sizes, *, width=WIDTH - 2 * MARGIN, **look):
        text, machine = drawable(text[:LONGEST])
        needs.append(machine)
        for size, most in sizes:
            lines, whole = wrapped(text, size if look.get("bold") else size * REGULAR, width, most)
            if whole:
                break
        for line in lines:
            y += round(size * 1.24)
            words(line, x, y, size, **look)
        return y

    paper, counts = hub.paper, hub.counts
    block(library, MARGIN, 42, [(26, 1)], width=640, fill="accent", bold=True)
    if hub.summary:
        words(
            _("counted %s") % date_format(hub.summary.computed_at, "DATE_FORMAT"),
            WIDTH - MARGIN,
            74,
            24,
            fill="muted",
            end=True,
        )
    y = 104
    warnings = [
        said
        for is_so, said in (
            (paper.retracted, _("This paper has been retracted.")),
            (paper.is_fictional, _("Sample library: the paper is invented.")),
        )
        if is_so
    ]
    if warnings:
        words(" ".join(warnings), MARGIN, y + 26, 24, fill="alarm" if paper.retracted else "muted", bold=True)
        y += 36
    y = block(paper.display_title, MARGIN, y, TITLE, bold=True)
    y = block(hub.sentence, MARGIN, y + 18, [(34, 2)])
    block(base(hub), MARGIN, y + 8, [(25, 1)], fill="muted")
    parts.append(_bar(hub))
    x, y = MARGIN, BAR + 76
    for word, label, number, _x, _width in named(hub):
        text = f"{label} {count(number)}"
        wide = 30 + width_of(text) * 24 * REGULAR + 30
        if x + wide > WIDTH:
            x, y = MARGIN, y + 38
        parts.append(
            format_html(
                '<rect x="{}" y="{}" width="20" height="20" fill="{}" stroke="{}"/>',
                round(x),
                y - 18,
                colour(word),
                COLOURS["line-strong"],
            )
        )
        words(text, round(x) + 30, y, 24)
        x += wide
    if not counts.known:
        words(_("No citing paper is known here."), MARGIN, BAR + 32, 24, fill="muted")
    picture = format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" viewBox="0 0 {} {}" '
        'font-family="Noto Sans, sans-serif"><title>{}</title>'
        '<rect width="{}" height="{}" fill="{}"/><rect width="{}" height="12" fill="{}"/>{}</svg>',
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT,
        NOT_IN_XML.sub("", paper.display_title),
        WIDTH,
        HEIGHT,
        COLOURS["paper"],
        WIDTH,
        COLOURS["accent"],
        join(parts),
    )
    return picture, any(needs)


def png(hub, library):
    """The picture of a hub as PNG; a tenth of a second."""
    picture, machine = svg(hub, library)
    return resvg_py.svg_to_bytes(svg_string=picture, font_files=[FONT], skip_system_fonts=not machine)


def base(hub):
    """What the headline rests on, in one line: its share's base, else the coverage."""
    if hub.base:
        return hub.base
    counts = hub.counts
    return _("%(known)s known, %(read)s with a citing sentence, %(labelled)s labelled for role") % {
        "known": count(counts.known),
        "read": count(counts.read),
        "labelled": count(counts.labelled),
    }


def named(hub):
    """The parts of the bar that get a name, the most frequent first: what is unread or unlabelled always."""
    roles = [part for part in hub.mini_bar if part[0] in Role.values]
    rest = [part for part in hub.mini_bar if part[0] not in Role.values]
    return [*sorted(roles, key=lambda part: -part[2])[:NAMED], *rest]


def colour(word):
    return COLOURS["sheet"] if word == "unread" else COLOURS[f"c-{word}"]


def _bar(hub):
    wide = WIDTH - 2 * MARGIN
    return format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="44" fill="{}" stroke="{}"/>',
        (
            (
                f"{MARGIN + wide * float(x) / 100:.1f}",
                BAR,
                f"{wide * float(width) / 100:.1f}",
                colour(word),
                COLOURS["line-strong"] if word == "unread" else COLOURS["paper"],
            )
            for word, _label, _count, x, width in hub.mini_bar
        ),
    )
