"""The parts that pages repeat, as functions from rows to safe HTML: a paper, labels, a sentence, a bar.

Functions and not templates: a hub page prints three hundred of them, and as templates they took two
thirds of its time (``docs/benchmarks.md``). Whatever stands on a page once is a template. Rows come
prepared by ``hub.py`` and the views: nothing here reads the database. ``hub_tags`` hands the functions
to templates, ``/about/design/`` shows each in all its states.
"""

import re
from dataclasses import dataclass
from functools import lru_cache, wraps
from html import escape

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from citations.labels import POLARITY_SIGNS, LabelSource, Polarity, Role
from citations.models import Claim
from explorer.facets import DEPTH_LABELS
from papers.addresses import address
from papers.models import Paper
from papers.sections import SECTION_LABELS
from papers.sentences import split_sentences

AUTHORS_IN_A_LINE = 4
SENTENCES_IN_A_LINE = 3  # of one citing paper; the others stand on its evidence page
PASSAGE_SHOWN = 480  # characters of a passage before it folds
FACET_SHOWN = 8  # values of an open facet before it folds
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
NOTHING = SafeString("")

# As dictionaries: an enumeration looks its members up anew for each of a page's hundreds of words.
LABELS = {
    choices: {member.value: member.label for member in choices}
    for choices in (Role, Polarity, LabelSource, Paper.SummaryOrigin, Claim.Origin)
}
WORDS_OF = {"role": Role, "polarity": Polarity}  # by dimension


def in_each_language(function):
    """Decorate a function of words: its HTML is made once for each language."""
    made = lru_cache(maxsize=1000)(lambda _language, *words: function(*words))
    return wraps(function)(lambda *words: made(get_language(), *words))


def markup(form, *parts):
    """``form`` with ``parts`` escaped where they are not safe: ``format_html`` in a third of its time."""
    # Told apart by type first: most parts are safe already or plain text.
    texts = [
        part if type(part) is SafeString else escape(part) if type(part) is str else _escaped(part)
        for part in parts
    ]
    return SafeString(form.format(*texts))


def _escaped(part):
    """A number, words of the reader's language or another kind of text as safe HTML."""
    said = str(part)
    return said if type(part) is int or isinstance(said, SafeString) else escape(said)


def join(parts, between=""):
    """Safe parts, one after another. Words in one line need a blank ``between``, to be read and copied."""
    return SafeString(between.join(parts))


# -- words and numbers ----------------------------------------------------------------------------


def label_of(choices, word):
    return LABELS[choices].get(word, word)


def count(number):
    """A count with the language's thousands separators. Never for ids."""
    number = number or 0
    if number < 1000:
        return str(number)
    separator = _thousands()
    return f"{number:,}".replace(",", separator) if separator else number_format(number, force_grouping=True)


@in_each_language
def _thousands():
    """What the language sets between thousands, or "" where it groups digits in another way.

    ``number_format`` would look it up anew for each of a picture's numbers.
    """
    shown = number_format(1_234_567, force_grouping=True)
    return shown[1] if shown == shown[1].join(("1", "234", "567")) else ""


def percentage(number):
    """``number``, whole or in words, with the percent sign as the language sets it: "69%", "69 %"."""
    return _("%(number)s%%") % {"number": number}


def whole_percent(fraction):
    """A fraction as a whole number of percent, rounded half up, without its sign."""
    return int(fraction * 100 + 0.5)


def share_percent(share):
    """A ``headline.Share`` in whole percent with its sign: "40%"; "<1%" for what is more than nothing."""
    return percentage("<1" if share.count and not share.percent else share.percent)


SOURCE_TITLES = {
    "arxiv": "arXiv",
    "bibtex": "BibTeX",
    "crossref": "Crossref",
    "crossref-xml": "Crossref",
    "csl-json": "CSL-JSON",
    "csv": "CSV",
    "endnote": "EndNote",
    "jats": "JATS",
    "native": "JSON Lines",
    "openalex": "OpenAlex",
    "opencitations": "OpenCitations",
    "pdf": "GROBID (PDF)",
    "pubmed": "PubMed",
    "ris": "RIS",
    "s2orc": "S2ORC",
    "semantic-scholar": "Semantic Scholar",
    "semantic-scholar-bulk": "Semantic Scholar",
    "tei": "GROBID (TEI)",
    "unarxive": "unarXive",
    "wos": "Web of Science",
}


def source_title(name):
    """What a source of records is called: "Semantic Scholar" for "semantic-scholar"."""
    return SOURCE_TITLES.get(name, name)


def k_of_n(share):
    """The count of a ``headline.Share`` and its base, as in "30 of 75"."""
    return _("%(k)s of %(n)s") % {"k": count(share.count), "n": count(share.base)}


def coordinate(fraction):
    """A fraction as a coordinate from 0 to 100, the same in every language."""
    return f"{100 * fraction:.2f}".rstrip("0").rstrip(".")


def lang_attr(language):
    """`` lang="…"`` for a well-formed language code that is not the page's own, else nothing."""
    other = language and language != get_language() and LANGUAGE.fullmatch(language)
    return markup(' lang="{}"', language) if other else NOTHING


def byline(paper):
    """The first authors of a paper as printed, "and n more" after four. Reads ``signed``."""
    names = paper.author_names
    if len(names) <= AUTHORS_IN_A_LINE + 1:
        return ", ".join(names)
    more = len(names) - AUTHORS_IN_A_LINE
    rest = ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}
    return f"{', '.join(names[:AUTHORS_IN_A_LINE])} {rest}"


# -- marks ----------------------------------------------------------------------------------------


@lru_cache(maxsize=100)
def icon(word):
    """The shape of a role, from the sprite in ``_sprite.html``; says nothing by itself."""
    return markup(
        '<svg class="icon role-{0}" aria-hidden="true"><use href="#i-{0}"></use></svg>',
        word,
    )


def fill_class(word):
    """The class that colours a word's part of a picture: a role, a polarity, a depth, or no label."""
    return f"depth-{word}" if word.isdigit() else word


@lru_cache(maxsize=100)
def swatch(word):
    """The colour of a word in a picture, and the sign of a polarity."""
    return markup(
        '<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">'
        '<rect class="fill {}" width="12" height="12"/></svg>{}',
        fill_class(word),
        markup('<span class="sign" aria-hidden="true">{}</span>', sign(word)) if sign(word) else "",
    )


def sign(word):
    """The sign of a polarity: +, −, ±, ○ or ?."""
    return POLARITY_SIGNS[word] if word in POLARITY_SIGNS else ""


@in_each_language
def role_chip(word, quiet=False):
    """A role as shape and word. ``quiet`` for one of several, set in lighter type."""
    return markup(
        '<span class="chip{}">{}{}</span>', " quiet" if quiet else "", icon(word), label_of(Role, word)
    )


@in_each_language
def polarity_chip(word):
    """A polarity as sign and word."""
    return markup(
        '<span class="chip"><span class="sign polarity-{}" aria-hidden="true">{}</span>{}</span>',
        word,
        sign(word),
        label_of(Polarity, word),
    )


def word_chip(word, dimension):
    """A role or a polarity, as ``dimension`` says."""
    return role_chip(word) if dimension == "role" else polarity_chip(word)


@in_each_language
def label_chips(role, role_source, polarity, polarity_source):
    """The labels in force of a sentence or a pair, with who says so."""
    if not role and not polarity:
        word, label = (
            ("unsure", _("machine-read, unsure")) if role_source else ("unlabelled", _("not labelled yet"))
        )
        return markup('<span class="pair"><span class="chip quiet">{}{}</span></span>', icon(word), label)
    parts = []
    if role:
        parts.append(role_chip(role))
        if role_source != polarity_source or not polarity:
            parts.append(_source(role_source))
    if polarity:
        parts += [polarity_chip(polarity), _source(polarity_source)]
    return markup('<span class="pair">{}</span>', join(parts, " "))


def _source(word):
    return markup('<span class="source">{}</span>', label_of(LabelSource, word))


@in_each_language
def unread_chip():
    return markup(
        '<span class="chip quiet">{}{}</span>', icon("unread"), _("unread: no citing sentence is held")
    )


def paper_chips(paper):
    """What a reader must know of a paper before anything else."""
    return _paper_chips(bool(paper.retracted), paper.is_stub, paper.is_fictional)


@in_each_language
def _paper_chips(retracted, is_stub, is_fictional):
    chips = (
        (retracted, "alarm", _("retracted")),
        (is_stub, "quiet", _("known from references only")),
        (is_fictional, "quiet", _("fictional")),
    )
    shown = [markup('<span class="chip {}">{}</span>', look, words) for is_so, look, words in chips if is_so]
    return join(shown, " ")


def share_bar(share, fill="plain"):
    """A share as a bar with its interval; the numbers stand beside it as text."""
    if share.low is None:
        return _bar(share.share, fill)
    low, high = coordinate(share.low), coordinate(share.high)
    path = f"M{low} 6H{high}M{low} 2V10M{high} 2V10"
    whisker = markup('<path class="whisker-halo" d="{0}"/><path class="whisker" d="{0}"/>', path)
    return _bar(share.share, fill, whisker)


def funnel_bar(part, whole):
    """A part of a whole as a bar without interval; the number stands beside it as text."""
    return _bar(part / whole if whole else 0)


def _bar(fraction, fill="plain", upon_it=NOTHING):
    return markup(
        '<svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="12"/>'
        '<rect class="fill {}" width="{}" height="12"/>{}</svg>',
        fill,
        coordinate(fraction),
        upon_it,
    )


# -- text -----------------------------------------------------------------------------------------


def mark_span(text, start=None, end=None):
    """``text`` escaped, its code points ``start`` to ``end`` (exclusive) inside ``<mark>``.

    Without a span, or with one that the text does not have, plain text.
    """
    if start is None or end is None or not 0 <= start < end <= len(text):
        return markup("{}", text)
    return markup("{}<mark>{}</mark>{}", text[:start], text[start:end], text[end:])


@dataclass(frozen=True)
class Excerpt:
    """A part of a text: ``shown`` and ``whole`` are safe HTML, ``rest`` what follows ``shown``."""

    shown: SafeString
    whole: SafeString
    rest: str
    is_cut: bool


def excerpt(text, limit, start=None, end=None):
    """An Excerpt of ``text``: whole sentences around the span (or the first ones), marked, with dots."""
    if start is None or end is None or not 0 <= start < end <= len(text):
        start = end = None
    whole = mark_span(text, start, end)
    begin, finish = window(text, limit, start or 0, end or 0)
    if begin == 0 and finish == len(text):
        return Excerpt(whole, whole, "", False)
    inner = (start - begin, end - begin) if start is not None else (None, None)
    shown = markup(
        "{}{}{}",
        "… " if begin else "",
        mark_span(text[begin:finish], *inner),
        " …" if finish < len(text) else "",
    )
    return Excerpt(shown, whole, text[finish:].strip(), True)


def window(text, limit, start=0, end=0):
    """(begin, end) of the whole sentences around a span that fit in ``limit`` characters.

    The sentences of the span are always in. Where they alone have more than twice the
    limit, the window is cut at blanks instead.
    """
    if len(text) <= limit:
        return 0, len(text)
    # What begins further on cannot be in it: a sentence that is cut off there is too long to be shown whole.
    near = text[: max(start, end) + 2 * limit + 100]
    sentences = split_sentences(near) or [(0, len(near))]
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
    finish = len(text) if high == len(sentences) - 1 and len(near) == len(text) else sentences[high][1]
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


# -- a paper, a sentence, a citation --------------------------------------------------------------


def title_link(paper, name=""):
    """``name``: an id, for what is named after the title without repeating it."""
    return markup(
        '<a class="title"{} href="{}"{}>{}</a>',
        markup(' id="{}"', name) if name else NOTHING,
        paper.get_absolute_url(),
        lang_attr(paper.language),
        paper.display_title,
    )


def paper_line(paper, marks=True, name=""):
    """A paper in a list: title, authors, venue, year, marks. Reads ``signed`` and ``identifiers``.

    ``name``: the id of its title.
    """
    return markup('<p class="paper">{} {}</p>', title_link(paper, name), paper_facts(paper, marks))


def paper_facts(paper, marks=True):
    """What stands below a title: authors, venue, year, and ``marks``."""
    names, facts = byline(paper), []
    if names:
        facts.append(markup("<span>{}</span>", names))
    if paper.venue_name:
        facts.append(markup('<span class="venue">{}</span>', paper.venue_name))
    facts.append(markup("<span>{}</span>", str(paper.year) if paper.year else _("undated")))
    if marks:
        facts.append(paper_chips(paper))
    return markup('<span class="byline">{}</span>', join(facts, " "))


def _fact(words):
    return markup('<span class="fact">{}</span>', words)


@in_each_language
def _section_fact(kind):
    return _fact(SECTION_LABELS.get(kind, kind))


def citation_chips(citation):
    """How one citing paper cites: role, its other roles, polarity, depth, sections."""
    return _citation_chips(
        citation.is_read,
        (citation.role, citation.role_source, citation.polarity, citation.polarity_source),
        (citation.suggested_polarity, citation.suggestion_probability),
        tuple(citation.also_roles),
        citation.depth,
        tuple(citation.section_kinds),
        citation.is_self_citation,
    )


@in_each_language
def _citation_chips(is_read, labelled, suggested, also, depth, sections, is_self):
    parts = [label_chips(*labelled) if is_read else unread_chip()]
    if is_read and suggested[0]:
        parts.append(_suggestion(*suggested))
    if is_read and also:
        others = join((role_chip(role, True) for role in also), " ")
        parts.append(markup('<span class="also">{} {}</span>', _("also"), others))
    if depth:
        parts.append(_fact(DEPTH_LABELS.get(depth, "")))
    parts += map(_section_fact, sections)
    if is_self:
        parts.append(_fact(_("self-citation")))
    return markup('<p class="chips">{}</p>', join(parts, " "))


def _suggestion(word, probability):
    words = _("machine suggests: %(polarity)s (%(probability)s), not checked") % {
        "polarity": label_of(Polarity, word),
        "probability": number_format(probability, 2),
    }
    return _fact(words)


def sentence(context, neighbours=False, chips=False, of=None):
    """A citing sentence, the target citation marked.

    ``neighbours``: with what stands before and after; ``chips``: with its labels; ``of``: the citation
    to whose evidence it leads, named by its citing paper for a screen reader.
    """
    passage = context.passage
    facts = []
    if chips:
        facts.append(
            label_chips(context.role, context.role_source, context.polarity, context.polarity_source)
        )
    if passage.section:
        facts.append(_fact(passage.section))
    elif passage.section_kind:
        facts.append(_section_fact(passage.section_kind))
    if (context.group_size or 0) > 1:
        facts.append(_group_fact(context.group_size))
    if of is not None:
        facts.append(
            markup(
                '<a class="fact" href="{}">{}<span class="hidden">: {}</span></a>',
                evidence_url(of),
                _("Evidence"),
                of.citing_paper.display_title,
            )
        )
    if context.withdrawn_at:
        facts.append(markup('<span class="chip alarm">{}</span>', _("withdrawn by its source")))
    return markup(
        '<figure class="context"><blockquote{}>{}</blockquote>{}</figure>',
        lang_attr(passage.language),
        _withheld(passage) if passage.suppressed_at else _passage(context, neighbours),
        markup("<figcaption>{}</figcaption>", join(facts, " ")) if facts else NOTHING,
    )


@in_each_language
def _group_fact(size):
    """How many references the marker of a citation holds."""
    words = ngettext("in a group of %(size)s reference", "in a group of %(size)s references", size)
    return _fact(words % {"size": size})


def _withheld(passage):
    reason = passage.suppressed_reason
    words = _("text withheld: %(reason)s") % {"reason": reason} if reason else _("text withheld")
    return markup('<p class="withheld">{}</p>', words)


def _passage(context, neighbours):
    passage = context.passage
    part = excerpt(passage.text, PASSAGE_SHOWN, context.start, context.end)
    before, after = (passage.before, passage.after) if neighbours else ("", "")
    shown = markup(
        "<p>{}{}{}</p>",
        markup('<span class="neighbour">{}</span> ', before) if before else NOTHING,
        part.shown,
        markup(' <span class="neighbour">{}</span>', after) if after else NOTHING,
    )
    if not part.is_cut:
        return shown
    return markup(
        "{}<details><summary>{}</summary><p>{}</p></details>", shown, _("the whole passage"), part.whole
    )


def evidence_url(citation, asked=""):
    """The page of one citation; ``asked``: the query of the list it is reached from, to go on in it."""
    path = address("explorer:evidence", citation.cited_paper_id, citation.citing_paper_id)
    return f"{path}{asked}"


def citing_items(citations, asked=""):
    """Citing papers as items of a list, each with the box that ticks it for the form that exports.

    Reads ``current_contexts``, ``signed``, identifiers. ``asked``: see ``evidence_url``.
    """
    select, open_it = _("Select"), {True: _("Evidence"), False: _("What is known of this citation")}
    return join(
        markup(
            '<li><label class="tick-box"><input type="checkbox" name="paper" value="{0}" form="export"'
            ' id="x{0}" aria-label="{1}" aria-labelledby="x{0} t{0}"></label>{2}</li>\n',
            citation.citing_paper_id,
            select,
            _citing_line(citation, asked, open_it[citation.is_read]),
        )
        for citation in citations
    )


def _citing_line(citation, asked, words):
    """A citing paper with how it cites.

    Stands once on a page: its box and its link are named after its title by the title's id.
    """
    contexts = citation.current_contexts
    more = len(contexts) - SENTENCES_IN_A_LINE
    return markup(
        '{1}{2}{3}<p class="small"><a id="e{0}" href="{4}" aria-labelledby="e{0} t{0}" data-open>{5}</a></p>',
        citation.citing_paper_id,
        paper_line(citation.citing_paper, name=f"t{citation.citing_paper_id}"),
        citation_chips(citation),
        join(sentence(context) for context in contexts[:SENTENCES_IN_A_LINE]),
        evidence_url(citation, asked),
        _more_evidence(more) if more > 0 else words,
    )


@in_each_language
def _more_evidence(more):
    words = ngettext("%(more)s more on the evidence page", "%(more)s more on the evidence page", more)
    return words % {"more": more}


def representative(citation, context):
    """A citing paper that stands for others: how it cites comes first, then what it is."""
    paper = citation.citing_paper
    shown = sentence(context, of=citation) if context else NOTHING
    return markup("{}{}{}{}", citation_chips(citation), shown, paper_line(paper), summary_line(paper))


def summary_line(paper):
    """What a paper says in one sentence, and who wrote that sentence; nothing where there is none."""
    if not paper.summary:
        return NOTHING
    return markup('<p class="one-sentence">{} {}</p>', paper.summary, _origin(paper.summary_origin))


@in_each_language
def _origin(word):
    """Who wrote the one sentence about a paper."""
    words = _("one sentence, %(origin)s") % {"origin": label_of(Paper.SummaryOrigin, word)}
    return markup('<span class="origin">({})</span>', words)


def claim_item(claim):
    """A claim in the ledger of its paper, with how many citing papers treat it how (``Hub.claims``)."""
    quote = claim.quote if claim.quote != claim.text else ""
    cells = (
        markup(
            '<li><a href="{}">{} <span class="number">{}</span></a></li>',
            url,
            polarity_chip(str(word)),
            count(papers),
        )
        for word, papers, url in claim.cells
    )
    return markup(
        '<li id="claim-{0}"><p class="claim">{1}</p> {2}<p class="small">'
        '<a href="#claim-{0}" aria-label="{3}">#</a> {4} {5}</p> <ul class="cells">{6}</ul></li>\n',
        claim.pk,
        claim.text,
        markup("<blockquote><p>{}</p></blockquote> ", quote) if quote else NOTHING,
        _("Link to claim %(n)s") % {"n": claim.pk},
        _section_fact(claim.section) if claim.section else NOTHING,
        _claim_origin(claim.origin),
        join(cells, " "),
    )


@in_each_language
def _claim_origin(word):
    return _fact(label_of(Claim.Origin, word))


def share_row(line, dimension):
    """A line of a table of shares: word, k of n (a link), percent, bar, interval, if there is one."""
    share = line.share
    if share.low is not None:
        interval = f"{whole_percent(share.low)}–{percentage(whole_percent(share.high))}"
    else:
        interval = _("none")
    return markup(
        '<tr><th scope="row">{}</th> <td class="number"><a href="{}">{}</a></td> '
        '<td class="number">{}</td> <td class="interval">{} <span>{}</span></td></tr>\n',
        word_chip(line.word, dimension),
        line.url,
        k_of_n(share),
        share_percent(share),
        share_bar(share, line.word if dimension == "role" else "plain"),
        interval,
    )


def share_cell(line, dimension, machine):
    """A share where there is no table: k of n (a link), percent, bar, interval or why there is none."""
    share = line.share
    if share is None:
        return markup('<span class="missing">{}</span>', _("nothing labelled"))
    number = '<a class="number" href="{1}">{0}</a>' if share.count else '<span class="number">{0}</span>'
    if share.low is not None:
        interval = _("95%% interval %(low)s–%(high)s%%") % {
            "low": whole_percent(share.low),
            "high": whole_percent(share.high),
        }
    else:
        interval = _("no interval: machine labels") if machine else _("no interval: all labelled")
    return markup(
        '{} ({}) {}<span class="small">{}</span>',
        markup(number, k_of_n(share), line.url),
        share_percent(share),
        share_bar(share, line.word if dimension == "role" else "plain"),
        interval,
    )


def word_share(hub, dimension, word):
    """A word with its share among a hub's citing papers, for a list that is narrowed or sorted by it."""
    lines, machine = (
        (hub.roles, hub.counts.machine_roles)
        if dimension == "role"
        else (hub.polarities, hub.counts.machine_polarities)
    )
    found = [line for line in lines if line.word == word]
    return join(
        markup('<p class="asked">{} {}</p>', word_chip(word, dimension), share_cell(line, dimension, machine))
        for line in found
    )


def co_cited_work(row, examples=True):
    """A ``CoCitedLine``: the work, its share of the known citing papers, and ``examples``."""
    paper, share = row.paper, row.share
    counted = markup(
        '<a class="number" href="{}">{}</a> ({}) {} {}',
        row.url,
        k_of_n(share),
        share_percent(share),
        share_bar(share),
        _together(row.same_passage),
    )
    year = markup(' <span class="small">{}</span>', paper.year) if paper.year else NOTHING
    return markup(
        '<li><p>{}{} {}</p><p class="small">{} <a class="fact" href="{}">{}</a></p>{}</li>',
        title_link(paper),
        year,
        paper_chips(paper),
        counted,
        row.compare_url,
        _("compare"),
        _examples(row.examples) if examples and row.examples else NOTHING,
    )


@in_each_language
def _together(times):
    words = ngettext(
        "together in one passage %(number)s time", "together in one passage %(number)s times", times
    )
    return _fact(words % {"number": count(times)})


def _examples(examples):
    """Citing papers that cite both, each with the address of its evidence."""
    words = ngettext("%(n)s example", "%(n)s examples", len(examples)) % {"n": len(examples)}
    return markup(
        '<details class="small"><summary>{}</summary><ul>{}</ul></details>',
        words,
        join(
            markup(
                '<li><a href="{}">{}</a>{}</li>',
                url,
                paper.display_title,
                f" {paper.year}" if paper.year else "",
            )
            for paper, url in examples
        ),
    )


def suggestion_facts(paper):
    """What stands below a suggested title, as plain text. Reads ``signed`` and ``hub_summary``."""
    names, hub = paper.author_names, getattr(paper, "hub_summary", None)
    facts = [names[0] if len(names) < 2 else _("%(name)s and others") % {"name": names[0]}] if names else []
    facts.append(str(paper.year) if paper.year else _("undated"))
    if hub:
        cited = ngettext("cited by %(known)s paper here", "cited by %(known)s papers here", hub.known)
        facts += [cited % {"known": count(hub.known)}, str(hub.get_status_display())]
    return " · ".join(map(str, facts))


# -- facets and pages of a list -------------------------------------------------------------------


def facet(listing, parameter, values, anchor):
    """A facet of a ``Listing`` as links, each switching a value on or off; open ones fold after eight.

    A link keeps its id when it is swapped, and with it the focus.
    """
    apart = parameter.kind == "many" and any(value.selected for value in values)
    links = [_facet_link(listing, parameter.name, value, anchor, apart) for value in values]
    if not links:
        return NOTHING
    shown = len(links) if parameter.choices else FACET_SHOWN
    return markup(
        '<section class="facet" aria-labelledby="facet-{0}"><h3 id="facet-{0}">{1}</h3> '
        "<ul>{2}</ul> {3}</section>\n",
        parameter.name,
        parameter.label,
        join(links[:shown], "\n"),
        _folded_facet(parameter.name, links[shown:]) if links[shown:] else NOTHING,
    )


def _folded_facet(name, links):
    words = ngettext("%(more)s more", "%(more)s more", len(links)) % {"more": count(len(links))}
    return markup(
        '<details id="more-{}"><summary>{}</summary> <ul>{}</ul></details>', name, words, join(links, "\n")
    )


def _facet_link(listing, name, value, anchor, apart):
    """A value of a facet with its number. Where values are chosen, another adds to the list or takes from it:

    ``apart``: then the number is a link of its own, to the papers that it counts.
    """
    key = f"facet-{name}-{'_'.join(value.value.split())}"
    if not value.count and not value.selected:
        return markup(
            '<li><span class="none"><span class="word">{}</span> <span class="number">0</span></span></li>',
            value.label,
        )
    mark = current = selected = NOTHING
    if value.selected:
        current, mark = (
            SafeString(' aria-current="true"'),
            SafeString('<span class="tick" aria-hidden="true">✓</span>'),
        )
        selected = markup('<span class="hidden"> ({})</span>', _("selected"))
    elif name == "role":
        mark = icon(value.value)
    elif name == "polarity":
        mark = markup('<span class="sign" aria-hidden="true">{}</span>', sign(value.value))
    form = '<li><a id="{}" href="{}{}" rel="nofollow"{}><span class="word">{}{}{}</span> {}</a></li>'
    if apart:
        form = form.replace("<li>", '<li class="apart">').replace(" {}</a>", "</a> {}")
    number = markup('<span class="number">{}</span>', count(value.count))
    if apart and value.count:
        number = markup(
            '<a id="{}-alone" href="{}{}" rel="nofollow"><span class="hidden">{}</span> {}</a>',
            key,
            listing.only_url(name, value.value),
            anchor,
            _("%(value)s alone:") % {"value": value.label},
            number,
        )
    toggle = listing.toggle_url(name, value.value)
    return markup(form, key, toggle, anchor, current, mark, value.label, selected, number)


def page_nav(listing, anchor, name=""):
    """Links to the first, the last and the near pages of a list; nothing for a single page.

    ``name``: what to call them where a page has several.
    """
    if listing.pages < 2:
        return NOTHING
    near = {1, listing.pages, *range(listing.page - 2, listing.page + 3)}
    links, previous, form = [], 0, '<a href="{}{}"{}><span class="hidden">{}</span> {}</a>'
    for number in sorted(number for number in near if 1 <= number <= listing.pages):
        if number - previous > 1:
            links.append(SafeString('<span aria-hidden="true">…</span>'))
        current = SafeString(' aria-current="page"') if number == listing.page else NOTHING
        links.append(markup(form, listing.page_url(number), anchor, current, _("Page"), count(number)))
        previous = number
    if listing.page < listing.pages:
        form = '<a rel="next" href="{}{}">{} <span aria-hidden="true">→</span></a>'
        links.append(markup(form, listing.page_url(listing.page + 1), anchor, _("Next")))
    return markup('<nav class="pages" aria-label="{}">{}</nav>', name or _("Pages"), join(links, "\n"))
