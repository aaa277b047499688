"""Named reads of papers. Each docstring says how many queries the read costs."""

from django.db import models
from django.db.models import Prefetch, Q

from papers import identifiers, text


class PaperQuerySet(models.QuerySet):
    def by_identifier(self, scheme, value):
        """Papers with this identifier, in any spelling (none or one). One query, lazily."""
        value = identifiers.normalise(scheme, value)
        if value is None:
            return self.none()
        scheme, value = next(iter(identifiers.canonical({scheme.lower(): value}).items()))
        return self.filter(identifiers__scheme=scheme, identifiers__value=value)

    def for_list(self):
        """Papers with what a paper line shows. Two queries beside the list's own."""
        return self.select_related("venue").prefetch_related("authorships", "identifiers")

    def for_page(self):
        """Papers with what a hub header shows. Five queries beside its own."""
        from papers.models import Authorship  # the model names this queryset as its manager

        return self.select_related("venue").prefetch_related(
            Prefetch("authorships", Authorship.objects.select_related("author")),
            "identifiers",
            "fields",
            "versions__identifiers",
            "notices__notice_paper",
        )

    def search(self, words):
        """Papers whose title, authors or identifiers hold every word of ``words``, folded.

        One query, lazily; a scan of ``search_text``, bounded by the page that reads it.
        """
        found = self
        terms = text.fold(words).split()[:12]
        if not terms:
            return self.none()
        condition = Q()
        for term in terms:
            condition &= Q(search_text__contains=term)
        return found.filter(condition)
