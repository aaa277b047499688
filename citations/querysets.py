"""Named reads of citations and contexts. Each docstring says how many queries the read costs."""

from django.db import models
from django.db.models import Prefetch
from django.db.models.expressions import RawSQL

# As a literal: SQLite takes a partial index only where the query states its condition in so many words.
CURATOR = RawSQL("'curator'", ())  # noqa: S611 - a constant


class CitationQuerySet(models.QuerySet):
    def current(self):
        """Pairs that a source still has: what every count counts."""
        return self.filter(withdrawn_at__isnull=True)

    def incoming(self, paper_id):
        """Who cites this paper. Lazy; one query when read."""
        return self.current().filter(cited_paper_id=paper_id)

    def outgoing(self, paper_id):
        """What this paper cites. Lazy; one query when read."""
        return self.current().filter(citing_paper_id=paper_id)

    def with_citing_papers(self):
        """With what a line about the citing paper shows. Two queries beside the list's own."""
        return self.select_related("citing_paper__venue").prefetch_related(
            "citing_paper__authorships", "citing_paper__identifiers"
        )

    def with_evidence(self):
        """With the citing sentences and everything said about them. Four queries beside the list's own."""
        from citations.models import Assertion, CitationContext  # they name these querysets as managers

        contexts = (
            CitationContext.objects.current()
            .select_related("passage")
            .order_by(models.F("passage__position").asc(nulls_last=True), "id")
        )
        assertions = Assertion.objects.select_related("curator").order_by("created_at", "id")
        return self.prefetch_related(
            Prefetch("contexts", contexts.prefetch_related(Prefetch("assertions", assertions))),
            Prefetch("pair_assertions", assertions),
        )


class AssertionQuerySet(models.QuerySet):
    def by_curators(self):
        """Curators' labels that are in force. Lazy; by an index that holds curators' labels only."""
        return self.filter(source=CURATOR, withdrawn_at__isnull=True)


class UnmatchedQuerySet(models.QuerySet):
    def waiting(self):
        """The queue: references that a source still has and nobody has settled. Lazy."""
        return self.filter(resolved_at=None, withdrawn_at=None)


class ContextQuerySet(models.QuerySet):
    def current(self):
        """Contexts that a source still has."""
        return self.filter(withdrawn_at__isnull=True)

    def without_role(self, cited_paper_id):
        """What may be shown of a hub's sentences and has no role in force, in the order of keys. Lazy."""
        return (
            self.current()
            .filter(citation__cited_paper=cited_paper_id, role="")
            .filter(citation__withdrawn_at=None, passage__suppressed_at=None)
            .order_by("pk")
        )
