"""What a paper is: the work, its versions and identifiers, its people, what each source said.

Owns the tables of room 1. Who cites whom lives in ``citations``. Rows of a reference that
no source describes further are papers too ("stubs"): a cited work has a hub of its own.
"""

from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from papers import identifiers, text
from papers.addresses import address
from papers.bulk import reading_connection
from papers.querysets import PaperQuerySet

FOLDED_LENGTH = 400


class Venue(models.Model):
    """A journal, a conference or a repository, one row for each folded name."""

    name = models.CharField(max_length=300)
    name_folded = models.CharField(max_length=300, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Field(models.Model):
    """A field of study as sources name it ("Ecology", "cs.LG")."""

    name = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Paper(models.Model):
    """A work: its preprint, published and corrected versions together.

    The fields hold what is shown. ``field_sources`` names the source each of them was
    taken from; the order of sources is the table in ``papers/ingest.py``, and what the
    others said stays in their ``SourceRecord``s.
    """

    class SummaryOrigin(models.TextChoices):
        RECORD = "record", _("as given by the source")
        ABSTRACT = "abstract", _("a sentence of the abstract")
        CURATOR = "curator", _("written by a curator")

    # Defaults in the database, for the many stubs of which only an identifier is known.
    title = models.TextField(blank=True, default="", db_default="")
    year = models.SmallIntegerField(null=True, blank=True)
    date = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("ISO date as precise as it is known: 2021, 2021-04, 2021-04-21"),
    )
    venue = models.ForeignKey(Venue, null=True, blank=True, on_delete=models.SET_NULL, related_name="papers")
    fields = models.ManyToManyField(Field, blank=True, db_constraint=False, related_name="papers")
    kind = models.CharField(max_length=60, blank=True, default="", db_default="")
    language = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text=_("of the title")
    )
    abstract = models.TextField(blank=True, default="", db_default="")
    abstract_language = models.CharField(max_length=20, blank=True, default="", db_default="")
    summary = models.TextField(blank=True, default="", db_default="", help_text=_("one sentence"))
    summary_origin = models.CharField(
        max_length=10, blank=True, default="", db_default="", choices=SummaryOrigin
    )
    license = models.CharField(max_length=200, blank=True, default="", db_default="")
    retracted = models.BooleanField(null=True, blank=True, help_text=_("unknown where no source says"))
    is_stub = models.BooleanField(
        default=False, help_text=_("known from references only; no source has described it yet")
    )
    is_fictional = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("part of the sample library; every page that shows it says so"),
    )
    field_sources = models.JSONField(default=dict, db_default={}, blank=True)
    # Folded forms, written by papers/ingest.py and the admin: what matching and search compare.
    title_folded = models.CharField(
        max_length=FOLDED_LENGTH, blank=True, default="", db_default="", editable=False
    )
    first_author = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    search_text = models.TextField(blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PaperQuerySet.as_manager()
    history = HistoricalRecords(
        excluded_fields=["title_folded", "first_author", "search_text", "field_sources", "updated_at"]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="paper_year_plausible",
                condition=Q(year__isnull=True) | Q(year__gte=1000, year__lte=2200),
            ),
        ]
        # As an index of the model: db_index would make PostgreSQL keep a second one for LIKE.
        indexes = [
            models.Index(fields=["title_folded"], name="paper_title_folded"),
            # For duplicates.py. Most stubs have no year: they cost this index nothing.
            models.Index(
                fields=["first_author", "year"], name="paper_author_year", condition=Q(year__isnull=False)
            ),
        ]

    def __str__(self):
        return self.display_title

    def get_absolute_url(self):
        return address("explorer:hub", self.pk, self.slug)

    @property
    def display_title(self):
        """The title, else the strongest identifier, else the row's number. Costs a query without a title."""
        if self.title:
            return self.title
        first = self.main_identifier
        return identifiers.display(first.scheme, first.value) if first else f"#{self.pk}"

    @property
    def main_identifier(self):
        """The strongest identifier, or None. Reads ``identifiers``: prefetch it for lists."""
        order = identifiers.SCHEMES
        return min(self.identifiers.all(), key=lambda row: order.index(row.scheme), default=None)

    @property
    def slug(self):
        return text.slug(self.title)

    @cached_property
    def signed(self):
        """[(name as printed, id of the person or None)] in order; read once for each instance.

        Reads ``authorships``: for a list prefetch it, or call ``querysets.sign``.
        """
        return [(row.name, row.author_id) for row in self.authorships.all()]

    @cached_property
    def venue_name(self):
        """The venue's name or ""; read once for each instance. Reads ``venue``, or is annotated."""
        return self.venue.name if self.venue else ""

    @property
    def author_names(self):
        """The names of ``signed``."""
        return [name for name, _author_id in self.signed]


class PaperVersion(models.Model):
    """A preprint, published or corrected version of a work, with its own date and venue."""

    class Kind(models.TextChoices):
        PREPRINT = "preprint", _("Preprint")
        PUBLISHED = "published", _("Published version")
        CORRECTED = "corrected", _("Corrected version")
        OTHER = "other", _("Other version")

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="versions")
    kind = models.CharField(max_length=10, choices=Kind)
    title = models.TextField(blank=True)
    venue = models.CharField(max_length=300, blank=True)
    date = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering = ["date", "id"]

    def __str__(self):
        return f"{self.get_kind_display()} {self.date}".strip()


class PaperIdentifier(models.Model):
    """One identifier of a paper, normalised; (scheme, value) names one paper."""

    SCHEMES = [(scheme, scheme) for scheme in identifiers.SCHEMES]

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="identifiers")
    version = models.ForeignKey(
        PaperVersion,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="identifiers",
    )
    scheme = models.CharField(max_length=10, choices=SCHEMES)
    value = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "value"], name="identifier_names_one_paper"),
            models.CheckConstraint(
                name="identifier_scheme_known", condition=Q(scheme__in=identifiers.SCHEMES)
            ),
        ]
        indexes = [
            models.Index(
                fields=["version"], name="identifier_of_version", condition=Q(version__isnull=False)
            ),
        ]

    def __str__(self):
        return identifiers.display(self.scheme, self.value)

    @property
    def url(self):
        return identifiers.identifier_url(self.scheme, self.value)


class PaperRedirect(models.Model):
    """The address of a merged paper leads to the one it was merged into."""

    old_id = models.BigIntegerField(primary_key=True)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="redirects")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"{self.old_id} -> {self.paper_id}"


class PossibleDuplicate(models.Model):
    """Two papers that may be one, and what a person or an import said of it.

    The ids stay when a merge takes a paper away, and no key forbids it: ``PaperRedirect``
    says which paper each means today, and where the merge is undone they mean themselves
    again. So what was said of a paper that is no more still holds for the one it went into.
    """

    class Verdict(models.TextChoices):
        SAME = "same", _("the same work")
        DIFFERENT = "different", _("two different papers")

    paper = models.ForeignKey(Paper, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    other = models.ForeignKey(Paper, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    score = models.PositiveSmallIntegerField(help_text=_("how much of the titles is alike, in percent"))
    reason = models.CharField(max_length=300)
    found_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    verdict = models.CharField(max_length=10, blank=True, choices=Verdict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["paper", "other"], name="one_possible_duplicate_a_pair"),
            models.CheckConstraint(name="possible_duplicate_in_order", condition=Q(paper__lt=F("other"))),
            models.CheckConstraint(name="possible_duplicate_score", condition=Q(score__lte=100)),
            models.CheckConstraint(
                name="possible_duplicate_settled",
                condition=Q(verdict="", settled_at__isnull=True)
                | Q(verdict__in=["same", "different"], settled_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["-score", "id"], name="duplicates_waiting", condition=Q(verdict="")),
        ]

    def __str__(self):
        return f"{self.paper_id} and {self.other_id}"


class Uncompared(models.Model):
    """A paper whose title is new and has not been compared with the others yet.

    Written with the batch and gone with the comparison: a stopped run leaves nothing
    unnoticed. The mark of a paper that was merged away counts for the one it went into.
    """

    paper = models.OneToOneField(
        Paper, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "uncompared papers"

    def __str__(self):
        return f"uncompared: {self.paper_id}"


class PaperWords(models.Model):
    """The words of a paper's title, authors and abstract, folded: what a search finds it by.

    Written by ``papers/wordindex.py`` with the paper; a paper without a word has no row. The
    migration makes the table, which on SQLite is an FTS5 table: so its key is called rowid.
    """

    GIVEN = "rowid"  # the column that a search gives

    paper = models.OneToOneField(
        Paper,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="rowid",
        primary_key=True,
        related_name="indexed",
    )
    words = models.TextField()

    class Meta:
        verbose_name_plural = "words of papers"

    def __str__(self):
        return self.words[:100]


class SourceRecord(models.Model):
    """What one source said of a paper, as it said it. A changed record is a new row.

    ``source`` is the format's name; ``source_key`` the record's own identity there;
    ``digest`` covers the whole record, references included, so that an unchanged record
    is known by one look. ``run`` is the number of the import that read it last.
    """

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="source_records")
    source = models.CharField(max_length=40)
    source_key = models.CharField(max_length=300)
    digest = models.CharField(max_length=32)
    locator = models.CharField(max_length=500, blank=True, help_text=_("file and line"))
    payload = models.JSONField(default=dict)
    run = models.BigIntegerField(default=0)
    first_read_at = models.DateTimeField()
    last_read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_key", "digest"], name="source_record_once"),
        ]
        ordering = ["-last_read_at", "-id"]

    def __str__(self):
        return f"{self.source} {self.source_key}"


class Notice(models.Model):
    """A retraction, correction or expression of concern about a paper."""

    class Kind(models.TextChoices):
        RETRACTION = "retraction", _("Retraction")
        CORRECTION = "correction", _("Correction")
        CONCERN = "concern", _("Expression of concern")

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind)
    notice_paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="notices_issued")
    source = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["paper", "kind", "notice_paper"], name="notice_once"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.paper_id}"


class Author(models.Model):
    """A person, as far as the sources tell persons apart.

    ``key`` is ``orcid:…``, ``s2:…`` where a source gives an identifier, else
    ``name:<folded name>``: then the page says that several people may share it.
    """

    key = models.CharField(max_length=320)
    name = models.CharField(max_length=300)
    name_folded = models.CharField(max_length=300)
    orcid = models.CharField(max_length=19, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="author_key_once")]
        indexes = [models.Index(fields=["name_folded"], name="author_name_folded")]
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return address("explorer:author", self.pk)

    @property
    def is_name_only(self):
        return self.key.startswith("name:")


class Authorship(models.Model):
    """A name as printed on a paper, linked to a person where there is a reason to.

    As with fields of study, the database does not look up the ends of each row: lists are written
    whole, with their papers and people, by one function; ``check_library`` looks.
    """

    class LinkReason(models.TextChoices):
        ORCID = "orcid", _("same ORCID")
        IDENTIFIER = "identifier", _("same author identifier")
        NAME = "name", _("same name as printed; may be another person")

    paper = models.ForeignKey(
        Paper, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="authorships"
    )
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    family = models.CharField(max_length=200, blank=True, help_text=_("folded family name"))
    initial = models.CharField(max_length=10, blank=True, help_text=_("folded first initial"))
    author = models.ForeignKey(
        Author,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="authorships",
    )
    link_reason = models.CharField(max_length=10, blank=True, choices=LinkReason)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "position"], name="one_author_a_position"),
        ]

    def __str__(self):
        return self.name


class LibraryMark(models.Model):
    """One row that every transaction which writes to the library leaves anew: by it pages are kept."""

    mark = models.BigIntegerField()
    changed_at = models.DateTimeField()

    def __str__(self):
        return f"{self.mark:x} of {self.changed_at}"

    @classmethod
    def current(cls):
        """(mark, time of the last change), or (0, None) where nobody has written yet. One query."""
        return next(iter(cls.objects.values_list("mark", "changed_at")), (0, None))

    @classmethod
    def current_number(cls):
        """The mark alone, as ``current`` gives it. One query, written out: every kept page asks it."""
        with reading_connection().cursor() as cursor:
            cursor.execute("SELECT mark FROM papers_librarymark LIMIT 1")
            row = cursor.fetchone()
        return row[0] if row else 0
