"""Citing papers as files: CSV, JSON Lines, BibTeX and RIS, each row with who says what and its evidence.

Owns the formats and how a file is sent: in batches, so that the memory it takes does not grow with it, and
no more than MOST rows. Which papers are meant is for ``filters.py`` and ``citing.py`` to say. A file holds
the words of the vocabulary in English, but for the notes of BibTeX and RIS, which people read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import bibtexparser
from bibtexparser.library import Library
from bibtexparser.model import Entry
from bibtexparser.model import Field as EntryField
from django.http import StreamingHttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citations.labels import LabelSource, Polarity, Role
from citations.models import Citation
from explorer import api, limits
from explorer.citing import Listing
from explorer.components import evidence_url, in_each_language, join, label_of, markup
from explorer.facets import DEPTH_LABELS
from explorer.filters import LARGEST_ID, Query
from explorer.hub import Hub, attach
from papers import text

MOST = 10_000  # rows of a file
BATCH = 100  # rows that are read, and held in memory, at once
OWN_PARAMETERS = ("format", "which", "paper")  # beside those of the explorer

# A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")

# Our words for kinds of papers -> entry types of BibTeX with the field of the venue, types of RIS.
BIBTEX_TYPES = {
    "article": ("article", "journal"),
    "conference paper": ("inproceedings", "booktitle"),
    "book": ("book", "publisher"),
    "book chapter": ("incollection", "booktitle"),
    "thesis": ("phdthesis", "school"),
    "report": ("techreport", "institution"),
}
RIS_TYPES = {
    "article": "JOUR",
    "conference paper": "CPAPER",
    "book": "BOOK",
    "book chapter": "CHAP",
    "thesis": "THES",
    "report": "RPRT",
    "dataset": "DATA",
    "software": "COMP",
}
# Braces are named, not escaped: BibTeX counts an escaped one as well.
TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_"},
    }
)


# -- the formats: a batch of pairs that ``attach`` has read, as text ---------------------------------


class ExportedPaper(api.CitingPaper):
    """A line of JSON Lines: as the API has it, with who says so and the address of the evidence."""

    role_source: LabelSource | None
    polarity_source: LabelSource | None
    evidence: str


def as_json_lines(request, pairs):
    api.load_labels(pairs)
    lines = []
    for pair in pairs:
        said = api.citing_paper(request, pair)
        exported = ExportedPaper(
            **dict(said),
            role_source=pair.role_source or None,
            polarity_source=pair.polarity_source or None,
            evidence=_evidence(request, pair),
        )
        lines.append(exported.model_dump_json() + "\n")
    return "".join(lines)


# Column -> (request, pair, the citing paper as the API has it) -> cell. docs/api.md says what each holds.
COLUMNS: dict[str, Callable] = {
    "id": lambda request, pair, paper: paper.id,
    "title": lambda request, pair, paper: paper.title,
    "authors": lambda request, pair, paper: "; ".join(pair.citing_paper.author_names),
    "year": lambda request, pair, paper: paper.year,
    "venue": lambda request, pair, paper: _venue(pair.citing_paper),
    "doi": lambda request, pair, paper: paper.identifiers.get("doi"),
    "url": lambda request, pair, paper: paper.url,
    "retracted": lambda request, pair, paper: _yes_or_no(paper.retracted),
    "read": lambda request, pair, paper: _yes_or_no(pair.is_read),
    "role": lambda request, pair, paper: pair.role,
    "role_source": lambda request, pair, paper: pair.role_source,
    "also_roles": lambda request, pair, paper: "; ".join(pair.also_roles),
    "polarity": lambda request, pair, paper: pair.polarity,
    "polarity_source": lambda request, pair, paper: pair.polarity_source,
    "depth": lambda request, pair, paper: pair.depth,
    "sections": lambda request, pair, paper: "; ".join(pair.section_kinds),
    "sentences": lambda request, pair, paper: pair.sentences,
    "self_citation": lambda request, pair, paper: _yes_or_no(pair.is_self_citation),
    "evidence": lambda request, pair, paper: _evidence(request, pair),
}


def as_csv(request, pairs):
    papers = [(pair, api.short(request, pair.citing_paper)) for pair in pairs]
    return _csv([[cell(request, pair, paper) for cell in COLUMNS.values()] for pair, paper in papers])


def _csv(rows):
    file = io.StringIO()
    csv.writer(file).writerows([_harmless(cell) for cell in row] for row in rows)
    return file.getvalue()


def _harmless(cell):
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def as_bibtex(request, pairs):
    return bibtexparser.write_string(Library([_entry(request, pair) for pair in pairs])) + "\n"


def _entry(request, pair):
    paper, said = pair.citing_paper, api.short(request, pair.citing_paper)
    kind, venue_field = BIBTEX_TYPES.get(paper.kind, ("misc", "howpublished"))
    doi, venue = said.identifiers.get("doi", ""), _venue(paper)
    if kind == "misc" and venue:
        kind, venue_field = "article", "journal"
    fields = {
        "title": said.title.translate(TEX),
        "author": " and ".join(_tex_name(row) for row in paper.authorships.all()),
        "year": said.year,
        venue_field: venue.translate(TEX),
        "doi": "" if "{" in doi or "}" in doi else doi,  # taken as it stands by what reads it
        "url": said.url,
        "keywords": ", ".join(_keywords(pair)),
        "note": _note(request, pair).translate(TEX),
    }
    return Entry(kind, _key(paper), [EntryField(name, str(value)) for name, value in fields.items() if value])


def _key(paper):
    """``moor2015-12``: its number tells a paper from every other of the library."""
    first = next(iter(paper.authorships.all()), None)
    family = re.sub("[^a-z]", "", first.family) if first else ""
    return f"{family or 'paper'}{paper.year or ''}-{paper.pk}"


def _tex_name(row):
    family, given = _split(row)
    if given:
        return f"{family}, {given}".translate(TEX)
    return f"{{{row.name.translate(TEX)}}}"  # whole: an "and" or a comma in it parts nothing


def as_ris(request, pairs):
    return "".join(
        f"{tag}  - {' '.join(str(value).split())}\r\n" if value or tag == "ER" else ""
        for pair in pairs
        for tag, value in _ris(request, pair)
    )


def _ris(request, pair):
    paper, said = pair.citing_paper, api.short(request, pair.citing_paper)
    yield "TY", RIS_TYPES.get(paper.kind, "JOUR" if paper.venue else "GEN")
    for row in paper.authorships.all():
        family, given = _split(row)
        yield "AU", f"{family}, {given}" if given else row.name
    yield "TI", said.title
    yield "PY", said.year
    yield "T2", _venue(paper)
    yield "DO", said.identifiers.get("doi")
    yield "UR", said.url
    for word in _keywords(pair):
        yield "KW", word
    yield "N1", _note(request, pair)
    yield "ID", _key(paper)
    yield "ER", ""


def _split(row):
    """(family, given) of an authorship as printed; given is empty where they cannot be told apart."""
    words = row.name.split()
    if "and" in words:  # "Marsh and Moor Trust" is no person
        return row.name, ""
    for length in range(1, len(words)):
        family, given = " ".join(words[-length:]), " ".join(words[:-length])
        if "," not in row.name and text.fold_name(family) == row.family:
            return family, given
    family, _comma, given = row.name.partition(",")
    return (family, given.strip()) if given.count(",") == 0 else (row.name, "")


def _keywords(pair):
    words = {"role": pair.role, "polarity": pair.polarity, "depth": pair.depth}
    return [f"{name}: {word}" for name, word in words.items() if word]


def _note(request, pair):
    """How the paper cites and who says so, in words."""
    nobody = _("not labelled") if pair.is_read else _("unread")
    said = [
        _("Cites “%(title)s”.") % {"title": pair.cited_paper.display_title},
        _("Role: %s.") % _label(Role, pair.role, pair.role_source, nobody),
        _("Polarity: %s.") % _label(Polarity, pair.polarity, pair.polarity_source, nobody),
    ]
    if pair.depth:
        said.append(_("Depth: %s.") % DEPTH_LABELS[pair.depth])
    said.append(_("Evidence: %s") % _evidence(request, pair))
    return " ".join(said)


def _label(choices, word, source, nobody):
    return f"{label_of(choices, word)} ({label_of(LabelSource, source)})" if word else nobody


def _evidence(request, pair):
    return request.build_absolute_uri(evidence_url(pair))


def _venue(paper):
    return paper.venue.name if paper.venue else ""


def _yes_or_no(value):
    return {True: "yes", False: "no"}.get(value)


@dataclass(frozen=True)
class Format:
    """``start`` is what a file begins with, ``batch`` makes the text of some pairs."""

    label: object
    extension: str
    content_type: str
    batch: Callable
    start: str = ""


FORMATS = {
    # The mark at its beginning is how Excel knows UTF-8.
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", as_csv, "\ufeff" + _csv([COLUMNS])),
    "jsonl": Format(gettext_lazy("JSON Lines"), "jsonl", "application/jsonl", as_json_lines),
    "bibtex": Format("BibTeX", "bib", "application/x-bibtex; charset=utf-8", as_bibtex),
    "ris": Format("RIS", "ris", "application/x-research-info-systems; charset=utf-8", as_ris),
}


@in_each_language
def format_options():
    """The formats as the choices of a form, as safe HTML."""
    return join(markup('<option value="{}">{}</option>', name, made.label) for name, made in FORMATS.items())


# -- what is asked for, and how it is sent -------------------------------------------------------------


class Refusal(Exception):
    """Nothing can be sent; its words say why."""


def export(request, paper):
    """The file that ``request`` asks for of the papers that cite ``paper``, as a streamed answer.

    Raises Refusal. A file cannot say that a part of the question was left out, so nothing is.
    Four queries a batch, six of JSON Lines.
    """
    chosen = FORMATS.get(request.GET.get("format", "csv"))
    if chosen is None:
        raise Refusal(_("Formats are: %s.") % ", ".join(FORMATS))
    ids, cut = _selected(request) if request.GET.get("which") == "selected" else _matching(request, paper)
    # Each keeps a thread of the server for as long as its reader takes.
    if not limits.exports.enter():
        return limits.busy(request)
    response = StreamingHttpResponse(
        Sent(request, paper, ids, chosen, translation.get_language()), content_type=chosen.content_type
    )
    response["Content-Disposition"] = content_disposition_header(True, _file_name(paper, chosen, cut))
    response["Cache-Control"] = "no-store"
    return response


def _selected(request):
    given = dict.fromkeys(request.GET.getlist("paper"))
    ids = [int(one) for one in given if one.isascii() and one.isdigit() and int(one) <= LARGEST_ID]
    if not ids:
        raise Refusal(_("No paper was selected. Go back and tick some in the list, or export all."))
    return ids, False


def _matching(request, paper):
    query = Query.parse(request.GET, ignore=OWN_PARAMETERS)
    if query.dropped:
        raise Refusal("\n".join(str(dropped.reason) for dropped in query.dropped))
    listing = Listing(query, Hub(paper, "").citing, "")
    return listing.first_ids(MOST), listing.total > MOST


def _file_name(paper, chosen, cut):
    first = f"-first-{MOST}" if cut else ""
    return f"citing-{paper.pk}-{paper.slug}{first}.{chosen.extension}"


class Sent:
    """The pieces of a file. ``close`` is the server's to call, also where a reader goes away."""

    def __init__(self, request, paper, ids, chosen, language):
        self._request, self._paper, self._ids = request, paper, ids
        self._format, self._language = chosen, language
        self._closed = False

    def __iter__(self):
        yield self._format.start
        for begin in range(0, len(self._ids), BATCH):
            # A slot for each batch and not for the file: pages are made between them.
            with limits.slot(), translation.override(self._language):
                piece = self._piece(self._ids[begin : begin + BATCH])
            yield piece

    def _piece(self, ids):
        found = Citation.objects.incoming(self._paper.pk).filter(citing_paper_id__in=ids)
        by_id = {row.citing_paper_id: row for row in found}
        pairs = [by_id[one] for one in ids if one in by_id]
        for pair in pairs:
            pair.cited_paper = self._paper
        attach(self._paper, pairs, whole=True)
        return self._format.batch(self._request, pairs) if pairs else ""

    def close(self):
        if not self._closed:
            self._closed = True
            limits.exports.leave()
