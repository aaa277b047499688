"""Named reads of papers. Each docstring says how many queries the read costs."""

import json

from django.db import connections, models, router
from django.db.models import Lookup, Prefetch, Q

from papers import identifiers, text
from papers.bulk import array_text


def reading_connection():
    """The connection that querysets read from here and now, for reads that are written out.

    A replica's while a page is made for an anonymous reader (``hubsite/replica.py``).
    """
    return connections[router.db_for_read(models.Model)]


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class Among(Lookup):
    """``column__among=values``: as ``__in``, but one parameter however many values there are.

    For lookups by thousands of keys: no limit on variables, and no SQL text that grows.
    """

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "%s", [list(value)]

    def as_sql(self, compiler, connection):
        column, parameters = self.process_lhs(compiler, connection)
        _mark, [values] = self.process_rhs(compiler, connection)
        if connection.vendor == "postgresql":
            kind = (
                "text" if isinstance(self.lhs.output_field, models.CharField | models.TextField) else "bigint"
            )
            return f"{column} = ANY(%s::{kind}[])", (*parameters, array_text(values))
        among = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - a column's name only
        return among, (*parameters, json.dumps(values))


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
