"""Words and marks for templates: marked sentences, excerpts, chips, shares, pages.

Everything returned as safe HTML is built with ``format_html``. No tag reads the database:
rows come prepared by ``hub.py`` and the views.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from django import template
from django.conf import settings
from django.utils.formats import number_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citations.labels import POLARITY_SIGNS, ROLE_ORDER, LabelSource, Polarity, Role
from explorer.facets import DEPTH_LABELS, SECTION_LABELS
from explorer.hub import NOT_LABELS
from papers.sentences import split_sentences

register = template.Library()

AUTHORS_IN_A_LINE = 4
LINE_START = re.compile(r"\n\s+")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


# -- the site -----------------------------------------------------------------------------------


@register.simple_tag
def library_name():
    """The name of this installation."""
    return settings.LIBRARY_NAME


@register.simple_tag
def contact_email():
    """Whom readers may write to; empty where nobody is named."""
    return settings.CONTACT_EMAIL


class Tight(template.Node):
    def __init__(self, nodes):
        self.nodes = nodes

    def render(self, context):
        return LINE_START.sub("\n", self.nodes.render(context))


@register.tag
def tight(parser, _token):
    """``{% tight %}…{% endtight %}``: without indentation and blank lines, a fifth of a page's weight."""
    nodes = parser.parse(("endtight",))
    parser.delete_first_token()
    return Tight(nodes)


# -- text ---------------------------------------------------------------------------------------


@register.simple_tag
def mark_span(text, start=None, end=None):
    """``text`` escaped, its code points ``start`` to ``end`` (exclusive) inside ``<mark>``.

    Without a span, or with one that the text does not have, plain text.
    """
    if start is None or end is None or not 0 <= start < end <= len(text):
        return conditional_escape(text)
    return format_html("{}<mark>{}</mark>{}", text[:start], text[start:end], text[end:])


@dataclass(frozen=True)
class Excerpt:
    """A part of a text: ``shown`` and ``whole`` are safe HTML, ``rest`` what follows ``shown``."""

    shown: SafeString
    whole: SafeString
    rest: str
    is_cut: bool


def window(text, limit, start=0, end=0):
    """(begin, end) of the whole sentences around a span that fit in ``limit`` characters.

    The sentences of the span are always in. Where they alone have more than twice the
    limit, the window is cut at blanks instead.
    """
    if len(text) <= limit:
        return 0, len(text)
    sentences = split_sentences(text) or [(0, len(text))]
    last = max(start, end - 1)
    low = max((index for index, (begin, _end) in enumerate(sentences) if begin <= start), default=0)
    high = max((index for index, (begin, _end) in enumerate(sentences) if begin <= last), default=low)

    def length(low, high):
        return sentences[high][1] - sentences[low][0]

    if length(low, high) > 2 * limit:
        return _cut_at_blanks(text, limit, start, end)
    grown = True
    while grown:
        grown = False
        if high + 1 < len(sentences) and length(low, high + 1) <= limit:
            high, grown = high + 1, True
        if low > 0 and length(low - 1, high) <= limit:
            low, grown = low - 1, True
    begin = 0 if low == 0 else sentences[low][0]
    finish = len(text) if high == len(sentences) - 1 else sentences[high][1]
    return begin, finish


def _cut_at_blanks(text, limit, start, end):
    begin = max(0, start - limit // 2)
    finish = min(len(text), max(end, begin + limit))
    if begin:
        blank = text.find(" ", begin, start)
        begin = blank + 1 if blank >= 0 else begin
    if finish < len(text):
        blank = text.rfind(" ", max(end, begin + 1), finish)
        finish = blank if blank >= 0 else finish
    return begin, finish


@register.simple_tag
def excerpt(text, limit, start=None, end=None):
    """An Excerpt of ``text``: whole sentences around the span (or the first ones), marked, with dots."""
    if start is None or end is None or not 0 <= start < end <= len(text):
        start = end = None
    begin, finish = window(text, limit, start or 0, end or 0)
    inner = (start - begin, end - begin) if start is not None else (None, None)
    shown = mark_span(text[begin:finish], *inner)
    is_cut = begin > 0 or finish < len(text)
    if is_cut:
        dots = ("… " if begin else "", " …" if finish < len(text) else "")
        shown = format_html("{}{}{}", dots[0], shown, dots[1])
    return Excerpt(shown, mark_span(text, start, end), text[finish:].strip(), is_cut)


@register.filter
def lang_attr(language):
    """`` lang="…"`` for a well-formed language code, else nothing."""
    return format_html(' lang="{}"', language) if language and LANGUAGE.fullmatch(language) else ""


@register.simple_tag
def byline(paper):
    """The first authors of a paper as printed, "and n more" after four. Reads ``authorships``."""
    names = paper.author_names
    if len(names) <= AUTHORS_IN_A_LINE + 1:
        return ", ".join(names)
    more = len(names) - AUTHORS_IN_A_LINE
    rest = ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}
    return f"{', '.join(names[:AUTHORS_IN_A_LINE])} {rest}"


# -- numbers ------------------------------------------------------------------------------------


@register.filter
def count(number):
    """A count with the language's thousands separators. Never for ids."""
    return str(number or 0) if (number or 0) < 1000 else number_format(number, force_grouping=True)


@register.filter
def group_words(size):
    """How many references the marker of a citation holds, in words."""
    return ngettext("in a group of %(size)s reference", "in a group of %(size)s references", size) % {
        "size": size
    }


@register.filter
def percent(fraction):
    """A fraction as a whole percentage, rounded half up, without its sign."""
    return int(fraction * 100 + 0.5)


@register.filter
def svg(fraction):
    """A fraction as a coordinate from 0 to 100, the same in every language."""
    return f"{100 * fraction:.2f}".rstrip("0").rstrip(".")


# -- words --------------------------------------------------------------------------------------


# As dictionaries: an enumeration looks its members up anew for each of a page's hundreds of words.
LABELS = {
    choices: {member.value: member.label for member in choices} for choices in (Role, Polarity, LabelSource)
}


def _labelled(choices, word):
    return LABELS[choices].get(word, word)


@register.filter
def role_label(word):
    return _labelled(Role, word)


@register.filter
def polarity_label(word):
    return _labelled(Polarity, word)


@register.filter
def source_label(word):
    return _labelled(LabelSource, word)


@register.filter
def depth_label(depth):
    return DEPTH_LABELS.get(depth, "")


@register.filter
def section_label(kind):
    return SECTION_LABELS.get(kind, kind)


@register.filter
def crosswalk_words(ours):
    """The right side of a crosswalk row in words: "comparison, supports"; "nothing" where empty."""
    words = [word.rpartition(":")[2] for word in ours.split()]
    labels = [_labelled(Role if word in Role.values else Polarity, word) for word in words]
    return ", ".join(map(str, labels)) or _("nothing")


# -- chips --------------------------------------------------------------------------------------


@register.simple_tag
@lru_cache(maxsize=100)
def icon(word):
    """The shape of a role, from the sprite in ``_sprite.html``; says nothing by itself."""
    return format_html(
        '<svg class="icon role-{0}" aria-hidden="true"><use href="#i-{0}"></use></svg>',
        word,
    )


@register.simple_tag
def role_chip(word, quiet=False):
    """A role as shape and word. ``quiet`` for one of several, set in lighter type."""
    return format_html(
        '<span class="chip{}">{}{}</span>', " quiet" if quiet else "", icon(word), role_label(word)
    )


@register.simple_tag
def polarity_chip(word):
    """A polarity as sign and word."""
    sign = POLARITY_SIGNS[word] if word in POLARITY_SIGNS else ""
    return format_html(
        '<span class="chip"><span class="sign polarity-{}" aria-hidden="true">{}</span>{}</span>',
        word,
        sign,
        polarity_label(word),
    )


@register.simple_tag
def facet_links(parameter, values, anchor):
    """The values of a facet as items of a list, each a link that switches it on or off.

    Written out here, not in a template: a page has a hundred of them.
    """
    return SafeString("".join(_facet_link(parameter.name, value, anchor) for value in values))


def _facet_link(name, value, anchor):
    if value.selected:
        return format_html(
            '<li><a href="{}{}" rel="nofollow" aria-current="true"><span class="word">'
            '<span class="tick" aria-hidden="true">✓</span>{}<span class="hidden"> ({})</span></span> '
            '<span class="number">{}</span></a></li>',
            value.toggle_url,
            anchor,
            value.label,
            _("selected"),
            count(value.count),
        )
    if not value.count:
        return format_html(
            '<li><span class="none"><span class="word">{}</span> <span class="number">0</span></span></li>',
            value.label,
        )
    mark = ""
    if name == "role":
        mark = icon(value.value)
    elif name == "polarity":
        mark = format_html('<span class="sign" aria-hidden="true">{}</span>', sign(value.value))
    return format_html(
        '<li><a href="{}{}" rel="nofollow"><span class="word">{}{}</span> '
        '<span class="number">{}</span></a></li>',
        value.toggle_url,
        anchor,
        mark,
        value.label,
        count(value.count),
    )


@register.simple_tag
def role_key():
    """[(word, label)] of all that a bar of roles shows, in its order."""
    return [*((str(role), role.label) for role in ROLE_ORDER), *NOT_LABELS.items()]


@register.filter
def sign(word):
    """The sign of a polarity: +, −, ±, ○ or ?."""
    return POLARITY_SIGNS[word] if word in POLARITY_SIGNS else ""


# -- forms and pages ------------------------------------------------------------------------------


@register.simple_tag
def kept_inputs(query, shown):
    """[(name, value)] of a Query's values that a form does not show itself, for hidden inputs.

    ``shown``: the names that it does show, with blanks between.
    """
    apart = {*shown.split(), "page"}
    return [(name, value) for name, values in query.values.items() if name not in apart for value in values]


@register.filter
def chip_words(chips, index):
    """The words of one active filter, as in "Role “method”"."""
    name, value, _url = chips[index]
    return f"{name} “{value}”"


@register.simple_tag
def page_links(listing):
    """[(number, address)] of the first, the last and the pages near this one; (None, "") for a gap."""
    near = {1, listing.pages, *range(listing.page - 2, listing.page + 3)}
    links, previous = [], 0
    for number in sorted(number for number in near if 1 <= number <= listing.pages):
        if number - previous > 1:
            links.append((None, ""))
        links.append((number, listing.page_url(number)))
        previous = number
    return links


@register.simple_tag
def page_url(listing, number):
    """The address of one page of a listing."""
    return listing.page_url(number)
