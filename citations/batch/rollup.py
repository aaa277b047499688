"""What a hub page counts, as Ibis expressions over a snapshot: written once, computed by any engine.

The rules are those of ``rollups.live_summaries`` and of ``cocitation.py``, over the effective
labels that stand on the pair rows. Nothing here touches a database or a file, and nothing is
computed before an engine executes it, except what is cached on the way (``Expr.cache``: a
temporary table of DuckDB's, a cached data frame of Spark's).
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
from ibis import _

from citations import cocitation
from citations.labels import HUMAN_SOURCES, MACHINE_SOURCES, Polarity, Role
from citations.rollups import UNREAD
from citations.tallies import UNLABELLED, UNSURE

SUMMARIES, YEARS, CO_CITED = "summaries", "years", "co_cited"
FAR_FUTURE = 9999  # where unknown years are put: behind all others
EXAMPLE_COLUMNS = tuple(f"example_{place}" for place in range(1, cocitation.EXAMPLES + 1))


class Snapshot(NamedTuple):
    """The tables of a snapshot that hubs are computed from."""

    papers: ibis.Table
    citations: ibis.Table
    contexts: ibis.Table

    @property
    def pairs(self):
        """The pairs that a source still has: what every count counts."""
        return self.citations.filter(_.withdrawn_at.isnull())


def rules():
    """The numbers that the counts of co-cited works depend on, for the manifest of a rollup."""
    names = ("MOST_REFERENCES", "TOP", "EXAMPLES", "STORED_FROM")
    return {name.lower(): getattr(cocitation, name) for name in names}


def _papers(condition=None):
    return ibis._.count(where=condition).cast("int64")


def summaries(pairs, left_out):
    """One row a cited paper: the counts of HubSummary, in citing papers.

    ``roles`` stand in a column a role (``role_method``), so do polarities and suggested ones.
    ``left_out``: the table of that name below.
    """
    has_role, has_polarity = _.role != "", _.polarity != ""
    counts = {
        "known": _papers(),
        "read": _papers(_.is_read),
        "labelled": _papers(has_role),
        "curated": _papers(has_role & _.role_source.isin(sorted(HUMAN_SOURCES))),
        "polarity_labelled": _papers(has_polarity),
        "machine_roles": _papers(has_role & _.role_source.isin(sorted(MACHINE_SOURCES))),
        "machine_polarities": _papers(has_polarity & _.polarity_source.isin(sorted(MACHINE_SOURCES))),
        "unsure": _papers(_.is_read & ~has_role & (_.role_source != "")),
        **{f"role_{role.value}": _papers(_.role == role.value) for role in Role},
        **{f"polarity_{word.value}": _papers(_.polarity == word.value) for word in Polarity},
        **{f"suggested_{word.value}": _papers(_.suggested_polarity == word.value) for word in Polarity},
    }
    counted = pairs.group_by(paper_id=_.cited_paper_id).agg(**counts)
    told = counted.left_join(left_out, "paper_id")
    return told.select(*counted.columns, left_out=_.left_out.fill_null(0)).order_by("paper_id")


def years(pairs):
    """Citing papers by cited paper, their year and what is known of why they cite: a role, or none."""
    state = ibis.cases(
        (_.role != "", _.role),
        (~_.is_read, UNREAD),
        (_.role_source != "", UNSURE),
        else_=UNLABELLED,
    )
    counted = pairs.group_by(paper_id=_.cited_paper_id, year=_.citing_year, state=state)
    return counted.agg(papers=_papers()).order_by("paper_id", "year", "state")


class CoCitations:
    """The co-cited works of all hubs with ten or more citing papers, for ranges of hubs at a time."""

    def __init__(self, snapshot):
        """Caches the pairs that count: those of citing papers without too many references."""
        pairs = snapshot.pairs.select("citation_id", "citing_paper_id", "cited_paper_id", "citing_year")
        hubs = pairs.group_by("cited_paper_id").agg(known=_.count())
        hubs = hubs.filter(_.known >= cocitation.STORED_FROM)
        references = pairs.group_by("citing_paper_id").agg(references=_.count())
        sized = pairs.inner_join(references, "citing_paper_id")
        heavy = sized.filter(_.references > cocitation.MOST_REFERENCES).semi_join(hubs, "cited_paper_id")
        self.left_out = heavy.group_by(paper_id=_.cited_paper_id).agg(left_out=_papers())
        self.light = sized.filter(_.references <= cocitation.MOST_REFERENCES).cache()
        self.of_hubs = self.light.semi_join(hubs, "cited_paper_id").cache()
        held = snapshot.contexts.filter(_.withdrawn_at.isnull()).select("citation_id", "passage_id")
        self.held = held.inner_join(self.light, "citation_id").select("passage_id", "cited_paper_id").cache()
        self.years_of = snapshot.papers.select("paper_id", "year")

    def ranges(self, pairs_at_once):
        """Rows (low, high) of hub ids, ends included, for each of which about so many pairs are met.

        A pair is a citing paper of the hub with another work it cites. None at all gives no row.
        """
        met = self.of_hubs.group_by("cited_paper_id").agg(met=_.references.sum())
        so_far = ibis.window(order_by="cited_paper_id", preceding=(None, 0))
        placed = met.mutate(place=_.met.sum().over(so_far) // pairs_at_once)
        ends = placed.group_by("place").agg(low=_.cited_paper_id.min(), high=_.cited_paper_id.max())
        return ends.select("low", "high").order_by("low")

    def top(self, low=None, high=None):
        """One row a hub and co-cited work: paper_id, rank, other_id, papers, same_passage, examples.

        Of the hubs with ids from ``low`` to ``high``, or of all; sorted by hub and rank.
        """
        ours = self.of_hubs.select("citing_paper_id", paper_id=_.cited_paper_id, year_of_citing=_.citing_year)
        held = self.held.rename(paper_id="cited_paper_id")
        if low is not None:
            ours, held = (
                ours.filter(_.paper_id.between(low, high)),
                held.filter(_.paper_id.between(low, high)),
            )
        others = self.light.select("citing_paper_id", other_id=_.cited_paper_id)
        met = ours.inner_join(others, "citing_paper_id").filter(_.other_id != _.paper_id)
        counted = met.group_by("paper_id", "other_id").agg(papers=_papers())
        dated = counted.inner_join(self.years_of.rename(other_id="paper_id"), "other_id")
        order = [ibis.desc("papers"), _.year.fill_null(FAR_FUTURE), "other_id"]
        rank = ibis.row_number().over(group_by="paper_id", order_by=order) + 1
        # As a small number on every engine: a row number of Spark's is one, whatever Ibis holds it for.
        placed = dated.mutate(rank=rank.cast("int32"))
        best = (
            placed.filter(_.rank <= cocitation.TOP).select("paper_id", "other_id", "papers", "rank").cache()
        )
        return (
            best.left_join(self._same_passage(best, held), ["paper_id", "other_id"])
            .select(*best.columns, same_passage=_.same_passage.fill_null(0))
            .inner_join(self._examples(best, ours, others), ["paper_id", "other_id"])
            .select("paper_id", "rank", "other_id", "papers", "same_passage", *EXAMPLE_COLUMNS)
            .order_by("paper_id", "rank")
        )

    def _same_passage(self, best, held):
        """In how many passages each of the best stands beside its hub; without those in none."""
        there = self.held.select("passage_id", other_id=_.cited_paper_id)
        beside = held.inner_join(there, "passage_id").semi_join(best, ["paper_id", "other_id"])
        return beside.group_by("paper_id", "other_id").agg(same_passage=_papers())

    def _examples(self, best, ours, others):
        """The newest citing papers that cite both, in a column each; null where there are fewer."""
        both = best.select("paper_id", "other_id").inner_join(ours, "paper_id")
        both = both.inner_join(others, ["citing_paper_id", "other_id"])
        newest = [ibis.desc(_.year_of_citing.fill_null(0)), ibis.desc("citing_paper_id")]
        placed = both.mutate(
            place=ibis.row_number().over(group_by=["paper_id", "other_id"], order_by=newest) + 1
        )
        few = placed.filter(_.place <= cocitation.EXAMPLES)
        columns = {
            name: _.citing_paper_id.max(where=_.place == place)
            for place, name in enumerate(EXAMPLE_COLUMNS, start=1)
        }
        return few.group_by("paper_id", "other_id").agg(**columns)
