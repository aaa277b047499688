"""What kind of section a section title names.

Owns the kinds and the reading of titles (English, with the common German and French ones).
Knows nothing of the section's text.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext_lazy

# Columns of a hub hold a kind as its place: new ones stand at the end.
SECTION_LABELS = {
    "abstract": gettext_lazy("Abstract"),
    "introduction": gettext_lazy("Introduction"),
    "related-work": gettext_lazy("Related work"),
    "methods": gettext_lazy("Methods"),
    "results": gettext_lazy("Results"),
    "discussion": gettext_lazy("Discussion"),
    "conclusion": gettext_lazy("Conclusion"),
    "other": gettext_lazy("Other sections"),
}
SECTION_KINDS = tuple(SECTION_LABELS)

# "2.1 Data", "III. METHODS", "A. Corpora", "§ 4", "Section 3:", "S2 Methods"
_NUMBERING = re.compile(
    r"\s*(?:§|(?:section|chapter|kapitel|chapitre|part)\b)?\s*"
    r"(?:s?\d+(?:\.\d+)*(?:[\s.):]+|(?=[a-z]{3})|$)|[ivx]+\s*[.):]\s*|[ivx]+\s+(?=[a-z]{4})|[a-z]\s*[.)]\s*)?"
)

# (kind, what the title is or holds, the most words that a title may have for it). The first row
# that fits decides, so the order is part of the meaning: "Results and Discussion" is results, "Experimental
# results" too, "Evaluation metrics" methods. Long titles with a word such as "model" are a paper's own words.
_ANY = 99
_ROWS = (
    (
        "other",
        r"^(?:acknowledge?ments?|danksagung|remerciements|supporting information|supplement"
        r"|appendi(?:x|ces)|anhang"
        r"|annexe?|references?|bibliograph|literaturverzeichnis|funding|authors? contributions?"
        r"|(?:competing|conflicts? of) interest|data availability|abbreviations|editors? summary|footnotes?)",
        _ANY,
    ),
    (
        "abstract",
        r"\babstract$|^(?:authors? |executive |plain language |lay )?summary$|^abstract\b"
        r"|^(?:zusammenfassung|kurzfassung|resume|synopsis)$",
        6,
    ),
    (
        "related-work",
        r"\b(?:related (?:works?|research|studies|literature|approaches)"
        r"|(?:previous|prior|earlier|existing) (?:works?|research|studies|approaches|literature"
        r"|efforts|methods)"
        r"|literature (?:review|survey|overview)|review of (?:the )?(?:\w+ )?literature|state of the art"
        r"|verwandte arbeiten|stand der (?:forschung|technik)"
        r"|travaux (?:connexes|anterieurs|lies)|etat de l art|comparison (?:with|to) (?:other"
        r"|related) work)\b",
        _ANY,
    ),
    ("discussion", r"^(?:general )?(?:discussion|diskussion|interpretation) (?:of|der|des) ", _ANY),
    (
        "methods",
        r"\b(?:materials? and methods?|methods? and materials?|material und methoden|materiel et methodes?"
        r"|methods?|methodolog\w+|methoden?|methodik|methodes?|experimental (?:section|design|procedures?)"
        r"|(?:experiment|experimental|evaluation|training|simulation)s? (?:set ?ups?|settings?"
        r"|metrics?|measures?"
        r"|method\w*|protocols?|procedures?|design|data|datasets?|criteria|details))\b",
        8,
    ),
    (
        "results",
        r"\b(?:results?|findings|ergebnisse?|resultate?|resultats|evaluations?|auswertung|ablations?"
        r"|error analysis)\b",
        6,
    ),
    (
        "discussion",
        r"\b(?:discussions?|diskussion|limitations?|threats to validity|einschrankungen|limites)\b",
        _ANY,
    ),
    (
        "conclusion",
        r"\b(?:conclusions?|concluding|schluss\w*|fazit|ausblick|outlook|(?:closing|final) remarks"
        r"|future (?:works?|directions?|research)|summary and \w+)\b",
        _ANY,
    ),
    (
        "introduction",
        r"\b(?:introductions?|introductory|einleitung|einfuhrung|background|hintergrund)\b",
        _ANY,
    ),
    (
        "methods",
        r"\b(?:procedures?|protocols?|experiments?|experimental|experimente|experiences|data"
        r"|data ?sets?|corpus"
        r"|corpora|daten|donnees|samples?|sampling|participants?|subjects?|patients?|models?"
        r"|modell\w*|modeles?"
        r"|algorithms?|algorithmus|approach|ansatz|approche|architecture|implementations?|training|features?"
        r"|study design|statistics|statistical \w+|(?:data|statistical) analys[ei]s|set ?up"
        r"|metrics?|measures?"
        r"|measurements?|instruments?|preprocessing|system (?:description|overview)|simulations?"
        r"|reagents|assays?"
        r"|cell (?:culture|lines?)|animals?|strains?|materials?|stichprobe|framework)\b",
        4,
    ),
    (
        "introduction",
        r"\b(?:motivations?|overview|objectives?|aims?|research questions?|hypothes[ei]s|preface)\b",
        4,
    ),
    ("discussion", r"\b(?:implications?|strengths)\b", 5),
    ("results", r"\b(?:performance|outcomes?|comparisons?)\b", 3),
)
_RULES = [(kind, re.compile(pattern), words) for kind, pattern, words in _ROWS]


def section_kind(title: str) -> str:
    """The kind of section that ``title`` names: one of ``SECTION_KINDS``, "" for an empty title.

    Empty means unknown; "other" is a title that tells no kind ("The Treebank years").
    """
    if not title.strip():
        return ""
    plain = unicodedata.normalize("NFKD", title).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain[_NUMBERING.match(plain).end() :]  # type: ignore[union-attr]
    words = re.findall(r"[^\W_]+", plain)
    plain = " ".join(words)
    for kind, pattern, most_words in _RULES:
        if len(words) <= most_words and pattern.search(plain):
            return kind
    return "other"
