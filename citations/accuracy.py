"""How often labels are right: each source against the curators' words for the same sentences. Reads only.

A *comparison* is one sentence of which both a source and a curator said something in one
dimension (role, polarity). It counts once:

- **The truth** is the newest label that curators hold of the sentence; what they took back is out.
  A label of a whole pair has no sentence to compare and does not enter.
- **What the source said** is the newest word of that version (our classifier) or of that scheme
  (data sets, outside services), whether it came before or after the curator's: a later word of
  the same version is what pages show. Of several words of one import the more specific, as
  ``assertions.effective_label`` has it. Words that were withdrawn are out.
- Where our classifier abstained the word is ``UNTOLD``; for polarity also where that version read
  the sentence and suggested none. An abstention is neither right nor wrong: it is no part of the
  base of a share.
- A sentence is **drawn at random** in a dimension when any label there that a curator holds says
  so. A later correction replaces the word and not the draw: else the checks that somebody looked
  at twice would leave the sample.

Random checks may speak for the sentences that they were drawn from, so they get an interval.
Labels that curators chose to make speak for themselves only and get none. The interval knows
small numbers alone: not curators' errors, not that sentences of one paper are alike.

Everything is counted in the database, over the sentences that curators have labelled: the cost
goes with their number, not with the library's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from django.utils.dateparse import parse_datetime

from citations.headline import Share
from citations.labels import POLARITY_ORDER, ROLE_ORDER, Dimension
from citations.statistics import cohens_kappa, wilson_interval
from papers.bulk import reading_connection

UNTOLD = "untold"
MIN_CHECKS = 10  # below, a page prints k of n and no share
MOST_FIELDS = 20
UNNAMED = "unnamed"  # the version of a classifier, the scheme of a source, where none was stated


def _rank(dimension, order):
    whens = " ".join(f"WHEN b.value = '{word}' THEN {place}" for place, word in enumerate(order))
    return f"WHEN b.dimension = '{dimension}' THEN CASE {whens} ELSE {len(order)} END"


# Literals, no parameters: SQLite uses the partial index on curators' labels only where it can
# read in the statement that the condition holds. COALESCE: a condition on one joined table alone
# makes it read that whole table first, for a filter.
_COMPARED = f"""
WITH held AS (
    SELECT a.context_id, a.dimension, a.value, a.curator_id, a.created_at, a.id,
           ROW_NUMBER() OVER (
               PARTITION BY a.context_id, a.dimension ORDER BY a.created_at DESC, a.id DESC
           ) AS place,
           MAX(CASE WHEN a.drawn = 'random' THEN 1 ELSE 0 END) OVER (
               PARTITION BY a.context_id, a.dimension
           ) AS drawn,
           MAX(CASE WHEN a.drawn = 'random' THEN COALESCE(a.inclusion_probability, 0) END) OVER (
               PARTITION BY a.context_id, a.dimension
           ) AS chance
    FROM citations_assertion a
    JOIN citations_citationcontext x ON x.id = a.context_id
    JOIN citations_citation c ON c.id = x.citation_id
    WHERE a.source = 'curator' AND a.dimension IN ('role', 'polarity') AND a.withdrawn_at IS NULL
      AND COALESCE(x.withdrawn_at, c.withdrawn_at) IS NULL
), checks AS (
    SELECT * FROM held WHERE place = 1
), answers AS (
    SELECT t.context_id, t.dimension, b.source,
           CASE WHEN b.source <> 'classifier' THEN ''
                WHEN b.model_version = '' THEN '{UNNAMED}' ELSE b.model_version END AS version,
           CASE WHEN b.source = 'classifier' THEN ''
                WHEN b.scheme = '' THEN '{UNNAMED}' ELSE b.scheme END AS scheme,
           CASE WHEN b.dimension <> t.dimension OR b.value = '' THEN '{UNTOLD}' ELSE b.value END AS said,
           t.value AS truth, t.drawn, t.chance, t.created_at AS checked_at, b.id AS label_id,
           b.created_at AS said_at,
           CASE WHEN b.dimension = t.dimension THEN 0 ELSE 1 END AS beside,
           CASE {_rank(Dimension.ROLE, ROLE_ORDER)} {_rank(Dimension.POLARITY, POLARITY_ORDER)} END AS breadth
    FROM checks t
    JOIN citations_assertion b ON b.context_id = t.context_id
    WHERE b.source <> 'curator' AND b.withdrawn_at IS NULL
      AND (b.dimension = t.dimension
           OR b.source = 'classifier' AND t.dimension = 'polarity' AND b.dimension = 'role')
), newest AS (
    SELECT answers.*, ROW_NUMBER() OVER (
        PARTITION BY context_id, dimension, source, version, scheme
        ORDER BY beside, said_at DESC, breadth, label_id DESC
    ) AS place
    FROM answers
), own AS (
    SELECT held.*, ROW_NUMBER() OVER (
        PARTITION BY context_id, dimension, curator_id ORDER BY created_at DESC, id DESC
    ) AS own_place
    FROM held WHERE curator_id IS NOT NULL
), latest AS (
    SELECT own.*, ROW_NUMBER() OVER (
        PARTITION BY context_id, dimension ORDER BY created_at DESC, id DESC
    ) AS among
    FROM own WHERE own_place = 1
), compared AS (
    SELECT context_id, dimension, source, version, scheme, said, truth, drawn, chance, checked_at, said_at
    FROM newest WHERE place = 1
    UNION ALL
    SELECT p.context_id, p.dimension, 'curator', '', '', p.value, q.value, p.drawn, p.chance,
           CASE WHEN p.among = 1 THEN p.created_at ELSE q.created_at END, p.created_at
    FROM latest p
    JOIN latest q ON q.context_id = p.context_id AND q.dimension = p.dimension
    WHERE p.among <= 2 AND q.among <= 2 AND p.curator_id < q.curator_id
)
"""  # noqa: S608 - constants only


class Key(NamedTuple):
    """Who is compared: ``version`` names a classifier, ``scheme`` a data set or a service."""

    source: str
    version: str
    scheme: str
    dimension: str


@dataclass
class Matrix:
    """What a source said against what curators said: ``cells`` {(said, truth): sentences}.

    ``random``: these are random checks, so shares may have an interval. ``unequal``: they were drawn
    with unequal chances, so the share is that of sentences drawn in the same way, not of all.
    """

    cells: Counter = field(default_factory=Counter)
    random: bool = False
    newest: datetime | None = None
    chances: tuple[float, float] | None = None  # the least and the largest with which one was drawn

    @property
    def unequal(self):
        return self.chances is not None and self.chances[0] != self.chances[1]

    @property
    def total(self):
        return sum(self.cells.values())

    @property
    def told(self):
        """Sentences on which the source said a word: the base of its share."""
        return sum(n for (said, _truth), n in self.cells.items() if said != UNTOLD)

    @property
    def untold(self):
        return sum(n for (said, _truth), n in self.cells.items() if said == UNTOLD)

    @property
    def agreed(self):
        return sum(n for (said, truth), n in self.cells.items() if said == truth)

    def of(self, said):
        """How many sentences the source called ``said``."""
        return sum(n for (word, _truth), n in self.cells.items() if word == said)

    def words(self, order, *, of_curators=False):
        """The words that occur, in the given order, ``UNTOLD`` last."""
        present = {pair[of_curators] for pair in self.cells}
        return [str(word) for word in (*order, UNTOLD) if word in present]

    def share(self, k, n):
        """A Share of random checks, with its interval from MIN_CHECKS on; None for n = 0."""
        if not n:
            return None
        low, high = wilson_interval(k, n) if self.random and n >= MIN_CHECKS else (None, None)
        return Share("", k, n, low, high)

    def kappa(self):
        """Cohen's kappa of two raters; None where it has no value."""
        return cohens_kappa(self.cells)


@dataclass
class Comparison:
    """One source in one dimension: all sentences that a curator labelled too, and the random ones apart."""

    key: Key
    every: Matrix = field(default_factory=Matrix)
    random: Matrix = field(default_factory=lambda: Matrix(random=True))
    said_at: datetime | None = None  # the newest of the source's words here


def comparisons():
    """{Key: Comparison} of all sources, curators against curators among them. One query.

    Between curators the two newest words by different people count, ``said`` by the one whose
    account is older. A label whose curator's name was erased cannot be told from another's and is out.
    """
    found = {}
    for *key, said, truth, drawn, n, newest, said_at, least, largest in _read(
        "SELECT source, version, scheme, dimension, said, truth, drawn, COUNT(*), MAX(checked_at), "
        "MAX(said_at), MIN(chance), MAX(chance) FROM compared "
        "GROUP BY source, version, scheme, dimension, said, truth, drawn"
    ):
        comparison = found.setdefault(Key(*key), Comparison(Key(*key)))
        comparison.said_at = max(filter(None, [comparison.said_at, _time(said_at)]))
        for matrix in [comparison.every, comparison.random] if drawn else [comparison.every]:
            matrix.cells[said, truth] += n
            matrix.newest = max(filter(None, [matrix.newest, _time(newest)]))
        if drawn:
            known = comparison.random.chances or (least, largest)
            comparison.random.chances = min(known[0], least), max(known[1], largest)
    return found


class OfField(NamedTuple):
    """Random checks of sentences whose citing paper is of one field: ``agreed`` of ``told``."""

    name: str
    agreed: int
    told: int


def by_field():
    """{Key: ([OfField], fields in all)}, MOST_FIELDS of them, those with most random checks. One query."""
    found = defaultdict(lambda: ([], 0))
    for *key, name, told, agreed, fields in _read(
        f"""
        SELECT source, version, scheme, dimension, name, told, agreed, fields FROM (
            SELECT m.source, m.version, m.scheme, m.dimension, f.name, COUNT(*) AS told,
                   SUM(CASE WHEN m.said = m.truth THEN 1 ELSE 0 END) AS agreed,
                   ROW_NUMBER() OVER (
                       PARTITION BY m.source, m.version, m.scheme, m.dimension ORDER BY COUNT(*) DESC, f.name
                   ) AS place,
                   COUNT(*) OVER (PARTITION BY m.source, m.version, m.scheme, m.dimension) AS fields
            FROM compared m
            JOIN citations_citationcontext x ON x.id = m.context_id
            JOIN citations_citation c ON c.id = x.citation_id
            JOIN papers_paper_fields pf ON pf.paper_id = c.citing_paper_id
            JOIN papers_field f ON f.id = pf.field_id
            WHERE m.drawn = 1 AND m.said <> '{UNTOLD}' AND m.source <> 'curator'
            GROUP BY m.source, m.version, m.scheme, m.dimension, f.name
        ) AS counted WHERE place <= {MOST_FIELDS}
        ORDER BY source, version, scheme, dimension, place
        """  # noqa: S608 - constants only
    ):
        lines, _fields = found[Key(*key)]
        lines.append(OfField(name, agreed, told))
        found[Key(*key)] = lines, fields
    return dict(found)


def newest_checks():
    """When a curator last labelled a sentence, and one drawn at random; None for never. One query."""
    [(newest, at_random)] = _read(
        "SELECT MAX(created_at), MAX(CASE WHEN drawn = 1 THEN created_at END) FROM checks"
    )
    return _time(newest), _time(at_random)


def versions_in_use():
    """The versions of the classifier that readings in force are of. One query, whatever their number."""
    # A step for each version over the index, not a look at each reading.
    return [
        version
        for (version,) in _read(
            "SELECT version FROM steps WHERE version IS NOT NULL",
            with_="""
            WITH RECURSIVE steps(version) AS (
                SELECT MIN(model_version) FROM citations_machinereading
                UNION ALL
                SELECT (SELECT MIN(r.model_version) FROM citations_machinereading r
                        WHERE r.model_version > version)
                FROM steps WHERE version IS NOT NULL
            )
            """,
        )
    ]


# -- the sentences behind a count --------------------------------------------------------------


class Found(NamedTuple):
    """One comparison: the sentence's key, who said what, what the curator said."""

    context_id: int
    source: str
    version: str
    scheme: str
    dimension: str
    said: str
    truth: str
    drawn: bool


COLUMNS = ("source", "version", "scheme", "dimension", "said", "truth")


def agree_of(asked):
    """What ``agree`` means where it is left out: see ``found``."""
    return asked.get("agree") or ("both" if asked.get("said") or asked.get("truth") else "no")


def _where(asked):
    """(condition, parameters) of ``asked``: names of COLUMNS, ``drawn``, ``agree``, ``field``."""
    parts, values = [], []
    for name in COLUMNS:
        if asked.get(name):
            parts.append(f"m.{name} = %s")
            values.append(asked[name])
    if not asked.get("source"):
        parts.append("m.source <> 'curator'")
    if asked.get("drawn"):
        parts.append(f"m.drawn = {1 if asked['drawn'] == 'random' else 0}")
    agree = agree_of(asked)
    if agree != "both":
        parts.append("m.said = m.truth" if agree == "yes" else "m.said <> m.truth")
    if asked.get("said") != UNTOLD:
        parts.append(f"m.said <> '{UNTOLD}'")
    if asked.get("field"):
        parts.append(
            "EXISTS (SELECT 1 FROM citations_citationcontext x"
            " JOIN citations_citation c ON c.id = x.citation_id"
            " JOIN papers_paper_fields pf ON pf.paper_id = c.citing_paper_id"
            " JOIN papers_field f ON f.id = pf.field_id"
            " WHERE x.id = m.context_id AND f.name = %s)"
        )
        values.append(asked["field"])
    return " AND ".join(parts) or "1 = 1", values


def count_found(asked):
    """How many comparisons ``asked`` names (see ``found``). One query."""
    where, values = _where(asked)
    [(n,)] = _read(f"SELECT COUNT(*) FROM compared m WHERE {where}", values)  # noqa: S608 - see _where
    return n


def found(asked, *, begin=0, most=25):
    """The Founds that ``asked`` names, the newest check first, ``most`` of them from ``begin`` on. One query.

    ``asked``: {name: value} of ``source``, ``version``, ``scheme``, ``dimension``, ``said``, ``truth``,
    ``field`` of the citing paper, ``drawn`` (random, chosen) and ``agree``: ``no`` where both said a word and
    the words differ, ``yes``, ``both``. Left out, ``agree`` means ``no``, and ``both`` with ``said`` or
    ``truth``. Where a source told nothing only ``said=untold`` finds it; two curators only
    ``source=curator``.
    """
    where, values = _where(asked)
    rows = _read(
        f"SELECT m.context_id, m.source, m.version, m.scheme, m.dimension, m.said, m.truth, m.drawn "  # noqa: S608 - see _where
        f"FROM compared m WHERE {where} "
        "ORDER BY m.checked_at DESC, m.context_id DESC, m.source, m.version, m.scheme, m.dimension "
        "LIMIT %s OFFSET %s",
        [*values, most, begin],
    )
    return [Found(*row[:-1], bool(row[-1])) for row in rows]


def _read(select, values=(), with_=_COMPARED):
    with reading_connection().cursor() as cursor:
        cursor.execute(f"{with_} {select}", list(values))
        return cursor.fetchall()


def _time(value):
    """SQLite keeps times as text without a zone, in UTC."""
    if isinstance(value, str):
        value = parse_datetime(value)
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return value
