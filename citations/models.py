"""Who cites whom, and how: pairs, citing sentences, the log of labels, and what is derived.

Rows come in two kinds. *Evidence* – Citation, Passage, CitationContext, their provenances,
Assertion, Claim, ClaimTreatment – is written by imports and curators and never deleted:
what a source takes back is marked withdrawn. *Derived* columns and tables – the effective
labels, the read model on Citation, HubSummary, CoCitedWorks – are recomputed from evidence
by ``assertions.py`` and ``rollups.py``, never incremented.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from citations.headline import Status, Tier
from citations.labels import SENTIMENT_SCHEMES, Dimension, LabelSource, Polarity, Role
from citations.querysets import AssertionQuerySet, CitationQuerySet, ContextQuerySet, UnmatchedQuerySet
from papers.matching import MatchStatus, reason_in_words
from papers.models import Paper, SourceRecord, Venue
from papers.sections import SECTION_KINDS

MACHINE_ROLES = tuple(str(role) for role in Role if role != Role.UNCLEAR)  # what a classifier can say


def one_of(field, choices, *, blank=False):
    """A check that ``field`` holds one of ``choices`` (or nothing)."""
    return Q(**{f"{field}__in": [*choices.values, *([""] if blank else [])]})


class Citation(models.Model):
    """One citing–cited pair, counted once, however often the citing paper mentions it.

    Everything from ``is_read`` on is a read model, kept right by ``assertions.py`` and
    ``rollups.py`` and verified by ``check_library``: what the explorer filters, sorts and counts
    by stands on this row, and packed in ``HubColumns``.
    """

    # No index of a key's own where another index begins with it: millions of rows would pay for both.
    # Nor does the database look up both ends of each new row: one function writes them, in the
    # transaction that wrote the papers, under the library's lock; check_library looks.
    citing_paper = models.ForeignKey(
        Paper,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="outgoing_citations",
    )
    cited_paper = models.ForeignKey(
        Paper,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="incoming_citations",
    )
    match_status = models.CharField(max_length=10, choices=MatchStatus)
    match_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text=_("no source has it any more"))

    # With defaults in the database: a load of bare pairs then sends half as many columns.
    is_read = models.BooleanField(default=False, db_default=False, help_text=_("a citing sentence is held"))
    role = models.CharField(max_length=10, blank=True, default="", db_default="", choices=Role)
    also_roles = models.JSONField(default=list, db_default=[], blank=True, help_text=_("its other roles"))
    role_source = models.CharField(max_length=10, blank=True, default="", db_default="", choices=LabelSource)
    polarity = models.CharField(max_length=10, blank=True, default="", db_default="", choices=Polarity)
    polarity_source = models.CharField(
        max_length=10, blank=True, default="", db_default="", choices=LabelSource
    )
    label_source = models.CharField(max_length=10, blank=True, default="", db_default="", choices=LabelSource)
    depth = models.PositiveSmallIntegerField(null=True, blank=True)
    sentences = models.PositiveIntegerField(default=0, db_default=0)
    section_mask = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text=_("a bit for each section kind")
    )
    is_self_citation = models.BooleanField(null=True, blank=True)
    citing_year = models.SmallIntegerField(null=True, blank=True)
    citing_venue = models.ForeignKey(
        Venue,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,
        db_constraint=False,
        related_name="outgoing_citations",
    )
    citing_retracted = models.BooleanField(null=True, blank=True)
    suggested_polarity = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=Polarity,
        help_text=_("what a machine takes a sentence without a counted polarity for; not counted"),
    )
    suggestion_probability = models.FloatField(null=True, blank=True)

    objects = CitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citing_paper", "cited_paper"], name="one_citation_a_pair"),
            models.CheckConstraint(name="no_paper_cites_itself", condition=~Q(citing_paper=F("cited_paper"))),
            models.CheckConstraint(name="citation_role", condition=one_of("role", Role, blank=True)),
            models.CheckConstraint(
                name="citation_polarity", condition=one_of("polarity", Polarity, blank=True)
            ),
            models.CheckConstraint(
                name="citation_depth", condition=Q(depth__isnull=True) | Q(depth__in=[1, 2, 3, 4])
            ),
            models.CheckConstraint(
                name="labelled_citation_is_read", condition=Q(is_read=True) | Q(role="", polarity="")
            ),
        ]
        indexes = [
            # To find who cites a paper. What explorers filter and sort by stands in HubColumns.
            models.Index(fields=["cited_paper"], name="citation_by_cited"),
            # The newest disputes of the library, by people: a few of millions of pairs.
            models.Index(
                fields=["-citing_year", "-id"],
                name="citation_disputed_by_people",
                condition=Q(citing_year__isnull=False, polarity="disputes")
                & Q(polarity_source__in=["curator", "dataset"]),
            ),
        ]

    def __str__(self):
        return gettext("%(citing)s cites %(cited)s") % {
            "citing": self.citing_paper_id,
            "cited": self.cited_paper_id,
        }

    @property
    def match_reason_words(self):
        return reason_in_words(self.match_reason)

    @property
    def section_kinds(self):
        """The kinds of section that cite, in the order of a paper."""
        return [kind for bit, kind in enumerate(SECTION_KINDS) if self.section_mask >> bit & 1]


class CitationProvenance(models.Model):
    """That one source lists this pair, with the reference as it prints it.

    As many rows as pairs, written only with them: the database is not asked to look up both
    ends of each again (half the cost of a load); ``check_library`` does.
    """

    citation = models.ForeignKey(
        Citation, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="provenances"
    )
    record = models.ForeignKey(
        SourceRecord,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="citation_provenances",
    )
    source = models.CharField(max_length=40)
    raw = models.TextField(blank=True, help_text=_("the reference as printed"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citation", "source"], name="citation_provenance_once"),
        ]

    def __str__(self):
        return f"{self.source}: {self.citation_id}"


class Passage(models.Model):
    """A stretch of a citing paper: one or more sentences, with where it stands.

    ``fingerprint`` covers its letters and digits only, so that the same sentence from two
    sources is one passage. ``suppressed_at`` takes the text off every page (a take-down)
    while the labels stay.
    """

    citing_paper = models.ForeignKey(Paper, on_delete=models.CASCADE, db_index=False, related_name="passages")
    fingerprint = models.CharField(max_length=32)
    text = models.TextField()
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    section = models.CharField(max_length=300, blank=True)
    section_kind = models.CharField(max_length=20, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    language = models.CharField(max_length=20, blank=True)
    license = models.CharField(max_length=200, blank=True)
    suppressed_at = models.DateTimeField(null=True, blank=True)
    suppressed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citing_paper", "fingerprint"], name="one_passage_a_text"),
        ]
        ordering = ["position", "id"]

    def __str__(self):
        return Truncator(self.text).chars(80)


class CitationContext(models.Model):
    """One cited work in one passage. ``start`` and ``end`` mark the citation in the passage's text.

    ``role`` and ``polarity`` are the effective labels, derived from the assertions. Where the
    strongest word is a machine's that could not tell, the role is empty and its source says
    "classifier": read and unsure, which is not unlabelled.
    """

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, db_index=False, related_name="contexts")
    citation = models.ForeignKey(Citation, on_delete=models.CASCADE, related_name="contexts")
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    group_size = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("references in the same marker group")
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    role = models.CharField(max_length=10, blank=True, choices=Role)
    role_source = models.CharField(max_length=10, blank=True, choices=LabelSource)
    polarity = models.CharField(max_length=10, blank=True, choices=Polarity)
    polarity_source = models.CharField(max_length=10, blank=True, choices=LabelSource)

    objects = ContextQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["passage", "citation"], name="one_context_a_passage"),
            models.CheckConstraint(
                name="context_span",
                condition=Q(start__isnull=True, end__isnull=True) | Q(start__lt=F("end")),
            ),
            models.CheckConstraint(name="context_role", condition=one_of("role", Role, blank=True)),
            models.CheckConstraint(
                name="context_polarity", condition=one_of("polarity", Polarity, blank=True)
            ),
        ]

    def __str__(self):
        return gettext("citation context %(number)s") % {"number": self.pk}


class CitationWords(models.Model):
    """The words of a pair's current citing sentences, folded, behind an entry for the cited paper.

    Written by ``citations/wordsearch.py``; a pair without a sentence that may be shown has no
    row. By the entry (``→12``) the index itself keeps to one hub. As ``PaperWords`` for the rest.
    """

    GIVEN = "citing_id"

    citation = models.OneToOneField(
        Citation,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="rowid",
        primary_key=True,
        related_name="indexed",
    )
    citing_id = models.BigIntegerField()
    words = models.TextField()

    class Meta:
        verbose_name_plural = "words of citing sentences"

    def __str__(self):
        return self.words[:100]


class ContextProvenance(models.Model):
    """That one source holds this citing sentence."""

    context = models.ForeignKey(
        CitationContext,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="provenances",
    )
    record = models.ForeignKey(
        SourceRecord,
        on_delete=models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="context_provenances",
    )
    source = models.CharField(max_length=40)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["context", "source"], name="context_provenance_once"),
        ]

    def __str__(self):
        return f"{self.source}: {self.context_id}"


class Assertion(models.Model):
    """One label, by one source, at one time; the log of labels is append-only.

    It is about a context or about a whole pair. ``value`` is our word, empty where the
    crosswalk knows none and where our classifier abstained. Only ``withdrawn_at`` is ever set
    later; erasing a curator's name sets ``curator`` to null and leaves the label.
    """

    class Drawn(models.TextChoices):
        UNKNOWN = "", _("not stated")
        RANDOM = "random", _("drawn at random")
        TARGETED = "targeted", _("chosen")
        COMPLETE = "complete", _("all were read")

    context = models.ForeignKey(
        CitationContext, null=True, blank=True, on_delete=models.CASCADE, related_name="assertions"
    )
    citation = models.ForeignKey(
        Citation, null=True, blank=True, on_delete=models.CASCADE, related_name="pair_assertions"
    )
    dimension = models.CharField(max_length=10, choices=Dimension)
    value = models.CharField(max_length=10, blank=True)
    scheme = models.CharField(max_length=60)
    original_value = models.CharField(max_length=200)
    source = models.CharField(max_length=10, choices=LabelSource)
    confidence = models.FloatField(null=True, blank=True)
    model_version = models.CharField(max_length=60, blank=True)
    crosswalk_version = models.CharField(max_length=10, blank=True)
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="assertions"
    )
    note = models.TextField(blank=True)
    drawn = models.CharField(max_length=10, blank=True, choices=Drawn)
    inclusion_probability = models.FloatField(null=True, blank=True)
    record = models.ForeignKey(
        SourceRecord, null=True, blank=True, on_delete=models.SET_NULL, related_name="assertions"
    )
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = AssertionQuerySet.as_manager()

    class Meta:
        indexes = [
            # A few thousand of millions: counted on each screen of labelling and for each estimate.
            models.Index(
                fields=["dimension", "drawn", "value"],
                name="assertion_by_curators",
                condition=Q(source=LabelSource.CURATOR),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="assertion_has_one_target",
                condition=Q(context__isnull=False, citation__isnull=True)
                | Q(context__isnull=True, citation__isnull=False),
            ),
            models.CheckConstraint(
                name="assertion_value",
                condition=Q(dimension=Dimension.ROLE, value__in=Role.values)
                | Q(dimension=Dimension.POLARITY, value__in=Polarity.values)
                | Q(dimension=Dimension.ROLE, value="", source=LabelSource.CLASSIFIER)
                | Q(dimension=Dimension.UNMAPPED, value=""),
            ),
            models.CheckConstraint(name="assertion_source", condition=one_of("source", LabelSource)),
            models.CheckConstraint(
                name="assertion_confidence",
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
            ),
        ]
        ordering = ["created_at", "id"]

    def __str__(self):
        word = self.value_label or self.original_value
        return f"{self.get_dimension_display()}: {word} ({self.get_source_display()})"

    @property
    def value_label(self):
        """Our word in the reader's language; empty where there is none."""
        words = Role if self.dimension == Dimension.ROLE else Polarity
        return words(self.value).label if self.value else ""

    @property
    def is_from_wording(self):
        """Whether a polarity was read off the wording alone: by a sentiment scheme or by our classifier."""
        return self.dimension == Dimension.POLARITY and (
            self.scheme in SENTIMENT_SCHEMES or self.source == LabelSource.CLASSIFIER
        )


def _probability():
    return models.FloatField(default=0, db_default=0)


class MachineReading(models.Model):
    """What our classifier makes of one citing sentence now: its probability for each role.

    The log keeps what each version said; here the newest stands, for sums over a hub. A
    reading stays when a person labels the sentence: what it had said is compared with the label.
    """

    context = models.OneToOneField(
        CitationContext, on_delete=models.CASCADE, primary_key=True, related_name="machine_reading"
    )
    citation = models.ForeignKey(Citation, on_delete=models.CASCADE, related_name="machine_readings")
    model_version = models.CharField(max_length=60)
    role = models.CharField(max_length=10, blank=True, choices=Role, help_text=_("empty: it abstained"))
    likeliest = models.CharField(max_length=10, choices=Role)
    confidence = models.FloatField(help_text=_("probability of the likeliest role"))
    p_background = _probability()
    p_motivation = _probability()
    p_method = _probability()
    p_dataset = _probability()
    p_baseline = _probability()
    p_comparison = _probability()
    p_extension = _probability()
    p_evidence = _probability()
    polarity = models.CharField(max_length=10, blank=True, choices=Polarity)
    polarity_probability = models.FloatField(null=True, blank=True)
    read_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["model_version", "context"], name="reading_by_version")]
        constraints = [
            models.CheckConstraint(name="reading_role", condition=one_of("role", Role, blank=True)),
            models.CheckConstraint(
                name="reading_confidence", condition=Q(confidence__gte=0, confidence__lte=1)
            ),
        ]

    def __str__(self):
        return f"{self.model_version}: {self.likeliest} ({self.confidence:.2f})"


class Claim(models.Model):
    """A statement of a paper that citing papers may support, qualify or dispute."""

    class Origin(models.TextChoices):
        RECORD = "record", _("as given by the source")
        ABSTRACT = "abstract", _("a sentence of the abstract")
        CURATOR = "curator", _("entered by a curator")

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="claims")
    text = models.TextField()
    quote = models.TextField(blank=True, help_text=_("verbatim in the paper"))
    section = models.CharField(max_length=300, blank=True)
    origin = models.CharField(max_length=10, choices=Origin)
    position = models.PositiveIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "id"]

    def __str__(self):
        return Truncator(self.text).chars(100)


class ClaimTreatment(models.Model):
    """That a citing paper supports, qualifies or disputes one claim; entered by a curator."""

    class Treatment(models.TextChoices):
        SUPPORTS = "supports", _("supports")
        QUALIFIES = "qualifies", _("qualifies")
        DISPUTES = "disputes", _("disputes")

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="treatments")
    citation = models.ForeignKey(Citation, on_delete=models.CASCADE, related_name="claim_treatments")
    treatment = models.CharField(max_length=10, choices=Treatment)
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="claim_treatments",
    )
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim", "citation"], name="one_treatment_a_claim_and_pair"),
            models.CheckConstraint(
                name="claim_treatment", condition=Q(treatment__in=["supports", "qualifies", "disputes"])
            ),
        ]

    def __str__(self):
        return f"{self.citation}: {self.get_treatment_display()}"


class RepresentativePin(models.Model):
    """A curator's choice that this citing paper stands among the representative ones."""

    citation = models.OneToOneField(Citation, on_delete=models.CASCADE, related_name="pin")
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    def __str__(self):
        return str(self.citation)


class HubSummary(models.Model):
    """What a hub page prints first, computed from rows by ``rollups.refresh_hubs``.

    One row for every cited paper. ``roles`` and ``polarities``: word -> citing papers.
    ``years``: year (or "") -> {role: n, "unsure": n, "unlabelled": n, "unread": n}. ``left_out``
    counts citing papers with too many references for the co-citation counts. ``unsure``: read by
    a machine that could not tell. ``suggested``: polarity -> citing papers for which a machine
    suggests it. ``population``: the machine-read papers as sums of their probabilities, by role
    (``citations/machine.py``); empty where no machine has read.
    """

    paper = models.OneToOneField(
        Paper, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="hub_summary"
    )
    known = models.PositiveIntegerField()
    read = models.PositiveIntegerField()
    labelled = models.PositiveIntegerField()
    curated = models.PositiveIntegerField()
    polarity_labelled = models.PositiveIntegerField()
    machine_roles = models.PositiveIntegerField()
    machine_polarities = models.PositiveIntegerField()
    unsure = models.PositiveIntegerField(default=0)
    suggested = models.JSONField(default=dict)
    population = models.JSONField(default=dict)
    roles = models.JSONField()
    polarities = models.JSONField()
    years = models.JSONField()
    tier = models.CharField(max_length=10, blank=True, choices=Tier)
    status = models.CharField(max_length=20, choices=Status)
    provisional = models.BooleanField()
    headline = models.TextField(help_text=_("in English, as the API prints it"))
    left_out = models.PositiveIntegerField(default=0)
    crosswalk_version = models.CharField(max_length=10)
    model_version = models.CharField(max_length=60, blank=True)
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "hub summaries"
        constraints = [
            models.CheckConstraint(
                name="coverage_narrows",
                condition=Q(known__gte=F("read"), read__gte=F("labelled"), labelled__gte=F("curated"))
                & Q(read__gte=F("polarity_labelled")),
            ),
            models.CheckConstraint(name="summary_status", condition=one_of("status", Status)),
            models.CheckConstraint(name="summary_tier", condition=one_of("tier", Tier, blank=True)),
        ]
        indexes = [models.Index(fields=["-known", "paper"], name="summary_most_cited")]

    def __str__(self):
        return self.headline


class HubColumns(models.Model):
    """The pair rows of a hub with 100 or more citing papers, packed: ``citations/columns.py`` knows how.

    Column by column the values of the pairs that are current, in the order of the explorer; so
    a change of a label writes what it changed. ``face`` is what the hub page shows before anyone
    filters (``citations/tallies.py``). ``version`` is a digest of all the rest.
    """

    paper = models.OneToOneField(
        Paper, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="hub_columns"
    )
    format = models.PositiveSmallIntegerField()
    version = models.BigIntegerField()
    face = models.JSONField()
    field_sets = models.JSONField()
    venues = models.BinaryField()
    citing = models.BinaryField()
    year = models.BinaryField()
    venue = models.BinaryField()
    fields = models.BinaryField()
    known = models.BinaryField()
    sections = models.BinaryField()
    probability = models.BinaryField()
    role = models.BinaryField()
    role_source = models.BinaryField()
    polarity = models.BinaryField()
    polarity_source = models.BinaryField()
    label_source = models.BinaryField()
    suggested = models.BinaryField()
    depth = models.BinaryField()
    flags = models.BinaryField()

    class Meta:
        verbose_name_plural = "hub columns"

    def __str__(self):
        return f"columns of {self.paper_id}"


class StaleHub(models.Model):
    """A paper whose summary is behind its rows, written with them and gone with the refresh.

    So a stopped import leaves nothing unnoticed: the next refresh takes it up. ``counted_by``
    names a refresh in bulk that began to read the library after the mark was made; marking the
    paper once more empties it, and the refresh leaves the mark.
    """

    paper = models.OneToOneField(
        Paper, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="+"
    )
    counted_by = models.BigIntegerField(null=True, blank=True)

    def __str__(self):
        return f"stale: {self.paper_id}"


class CoCitedWorks(models.Model):
    """The works that share most citing papers with ``paper``: the top of an exact count, in one row.

    ``works``: JSON, in rank order ``[[id of the work, citing papers of both, passages that cite
    both, up to three ids of such citing papers …], …]``; ``cocitation.py`` reads and writes it.
    Kept as text, since PostgreSQL takes ten times as long to store it as jsonb. The ids are no foreign keys:
    a work that is merged away marks the hubs it stands in, and readers leave it out.
    """

    paper = models.OneToOneField(
        Paper, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="co_cited_works"
    )
    works = models.TextField()

    class Meta:
        verbose_name_plural = "co-cited works"

    def __str__(self):
        return f"co-cited with {self.paper_id}"


class UnmatchedReference(models.Model):
    """A reference that no paper fits, or several do. Kept whole, so that it can be tried again.

    ``payload`` is the reference as a neutral record, its contexts included;
    ``candidates`` are the ids of papers that might be meant.
    """

    citing_paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="unmatched_references")
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="unmatched_references")
    source = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=32)
    raw = models.TextField(blank=True)
    title = models.TextField(blank=True)
    title_folded = models.CharField(max_length=400, blank=True)
    year = models.SmallIntegerField(null=True, blank=True)
    payload = models.JSONField(default=dict)
    match_status = models.CharField(max_length=10, choices=MatchStatus)
    match_reason = models.CharField(max_length=200)
    candidates = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    citation = models.ForeignKey(
        Citation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="resolved_references",
        help_text=_("the pair it was resolved to"),
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = UnmatchedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["citing_paper", "source", "fingerprint"], name="unmatched_reference_once"
            ),
        ]
        indexes = [models.Index(fields=["title_folded"], name="unmatched_title_folded")]

    def __str__(self):
        return self.title or Truncator(self.raw).chars(100)

    @property
    def match_reason_words(self):
        return reason_in_words(self.match_reason)


class ImportRun(models.Model):
    """One run of ``ingest`` over one or more paths: what came of it, and what was wrong."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        COMPLETE = "complete", _("complete")
        SKIPPED_SOME = "skipped-some", _("complete, some records skipped")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    paths = models.JSONField()
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    position = models.JSONField(default=dict, help_text=_("file and records taken in so far"))
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list, help_text=_("the first ones: file, line, reason"))

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return gettext("import run %(number)s") % {"number": self.pk}


class Merge(models.Model):
    """Two papers found to be one. ``journal`` holds what is needed to undo it."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="merges")
    merged_id = models.BigIntegerField(help_text=_("the id of the paper that is no more"))
    merged_title = models.TextField(blank=True)
    reason = models.CharField(max_length=300, blank=True)
    journal = models.JSONField()
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    merged_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return gettext("%(merged)s into %(kept)s") % {"merged": self.merged_id, "kept": self.paper_id}
