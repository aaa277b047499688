"""Named reads of papers. Each docstring says how many queries the read costs."""

import json
from itertools import chain

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Lookup, Prefetch, Q

from papers import identifiers
from papers.bulk import array_text, look_up
from papers.words import asked_words


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class Among(Lookup):
    """``column__among=values``: as ``__in``, but one parameter however many values there are.

    For lookups by thousands of keys: no limit on variables, and no SQL text that grows. No value at all
    is no query, as with ``__in``.
    """

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "%s", [list(value)]

    def as_sql(self, compiler, connection):
        column, parameters = self.process_lhs(compiler, connection)
        _mark, [values] = self.process_rhs(compiler, connection)
        if not values:
            raise EmptyResultSet
        given = (*parameters, array_of(values, connection))
        if connection.vendor == "postgresql":
            kind = (
                "text" if isinstance(self.lhs.output_field, models.CharField | models.TextField) else "bigint"
            )
            return f"{column} = ANY(%s::{kind}[])", given
        return f"{column} IN (SELECT value FROM json_each(%s))", given  # noqa: S608 - a column's name only


def array_of(values, connection):
    """Values as the one parameter of ``__among``."""
    return array_text(values) if connection.vendor == "postgresql" else json.dumps([*values])


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

    def search(self, typed):
        """Papers whose titles and authors hold every word of ``typed``, each by its beginning.

        ``words.asked_words`` says what a word is; without one, no paper. One query, lazily: the index
        of words gives what has them, abstracts included, and of these the titles and authors are read.
        """
        from papers.wordindex import matching  # its models name this queryset as their manager

        terms = list(chain.from_iterable(asked_words(typed)))
        return self.filter(pk__in=matching(terms)).holding(terms) if terms else self.none()

    def holding(self, terms):
        """Of few papers those with the letters of all ``terms`` in title or authors; no index helps."""
        return self.filter(*(Q(search_text__contains=term.text) for term in terms))


NAMES = """
SELECT paper_id, name, author_id FROM papers_authorship WHERE paper_id IN ({ids}) ORDER BY paper_id, position
"""


def sign(papers):
    """Set ``signed`` of ``papers``, for pages that print names only. One query.

    A prefetch makes a row of each name and a queryset for each paper: many times as long.
    """
    signed = {paper.pk: [] for paper in papers}
    for paper_id, name, author_id in look_up(NAMES, signed):
        signed[paper_id].append((name, author_id))
    for paper in papers:
        paper.signed = signed[paper.pk]
