"""Which sentence a curator labels next, and how the label is entered: the rules of the labelling screen.

Owns the two ways of drawing, the seal that keeps them apart, saving, undoing, and the numbers
beside the form. The screen is in ``admin.py``; acts on labels are ``curation.py``'s.

Half of the sentences come **at random**, because the estimates of a hub rest on them
(``estimates.py``): a check is one sentence, drawn at random among the machine-read ones of a
pair that was drawn at random among the machine-read pairs of the scope, each with the same
chance; so no inclusion probability is stated. The other half comes **by expected effect**, to
train with. A label says which of the two it is, and only a seal of this module can say "random".
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.core import signing
from django.core.cache import cache
from django.db.models import Case, Count, Exists, F, IntegerField, Max, Min, OuterRef, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from citations import curation
from citations.curation import Refused
from citations.estimates import MIN_CHECKS, MIN_POOL_HUBS
from citations.labelled import library_examples
from citations.labels import HUMAN_SOURCES, Dimension, Role
from citations.machine import drawn_at_random
from citations.models import Assertion, Citation, CitationContext, HubSummary, MachineReading

RANDOM, TARGETED = Assertion.Drawn.RANDOM, Assertion.Drawn.TARGETED

ROUNDS = (30, 300, 3000, 3000)  # keys tried at a time
PAIRS_AT_FIRST = 50
HUBS_LOOKED_AT = 20
LEAST_SURE = 20  # one of them is taken, so that two curators seldom meet

SALT = "citations.labelling"
SEALED_SECONDS = 4 * 3600

CURVE = "citations.labelling.curve"

_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Draw:
    """A sentence before a curator, and how it came there."""

    context: CitationContext
    drawn: Assertion.Drawn


# -- what comes next ---------------------------------------------------------------------------


def draw(*, hub=None, curator, skipped=(), dice=_dice):
    """The Draw that this curator labels next, in one hub (the cited Paper) or in the library; or None.

    At random while the curator has entered no more random labels than chosen ones today, else
    by expected effect: one of each in turn. Where one kind has nothing left, the other.
    ``skipped``: keys of contexts that are not to come; of a random draw the whole pair does not,
    since another of its sentences would not be a random one. At most some ten queries, each of
    a bounded number of index entries, but for what ``_by_pairs`` says.
    """
    entered = entered_today(curator)
    kinds = [_at_random, _by_effect]
    if entered[RANDOM] > entered[TARGETED]:
        kinds.reverse()
    for kind in kinds:
        key = kind(hub, list(skipped), dice)
        if key is not None:
            return Draw(_for_screen(key), RANDOM if kind is _at_random else TARGETED)
    return None


def entered_today(curator):
    """How many role labels in force this curator has entered since midnight, by how they were drawn."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Assertion.objects.by_curators().filter(
        curator=curator, dimension=Dimension.ROLE, context__isnull=False, created_at__gte=midnight
    )
    return Counter(dict(rows.order_by().values_list("drawn").annotate(Count("id"))))


def _for_screen(key):
    rows = CitationContext.objects.select_related(
        "passage", "citation__citing_paper__venue", "citation__cited_paper"
    )
    return rows.get(pk=key)


def showable():
    """Machine-read sentences that may be shown: current, of a current pair, not taken down. Lazy."""
    return MachineReading.objects.filter(
        context__withdrawn_at=None, context__passage__suppressed_at=None, citation__withdrawn_at=None
    ).order_by()


def unchecked(hub=None, skipped=()):
    """The frame of random draws: showable readings of pairs without a random check. Lazy."""
    checks = drawn_at_random().filter(context__citation=OuterRef("citation"))
    frame = showable().filter(~Exists(checks))
    if hub is not None:
        frame = frame.filter(citation__cited_paper=hub)
    if skipped:
        pairs = CitationContext.objects.filter(pk__in=skipped).values("citation")
        frame = frame.exclude(citation__in=pairs)
    return frame


def _at_random(hub, skipped, dice):
    """The key of a context of the frame; None where the frame is empty.

    Each pair with the same chance, then each of its showable sentences with the same chance.
    """
    frame = unchecked(hub, skipped)
    if hub is not None:
        return _by_pairs(Citation.objects.incoming(hub.pk).values_list("pk", flat=True), frame, dice)
    key = _by_keys(frame, dice)
    if key is not None:
        return key
    return _by_pairs(showable().values_list("citation", flat=True).distinct(), frame, dice)


def _by_keys(frame, dice):
    """Rejection sampling: keys drawn evenly from the range of keys until one is accepted; None if none is.

    A key that is not in the frame is rejected; one whose pair has m sentences in it is kept
    once in m times. So a pair has m chances of 1/m, the same as any other, and within a pair
    the sentences are alike. Keys are drawn with replacement, each independent of the others,
    which makes the first that is kept an exact draw. At most 6,330 look-ups by primary key, mostly
    30, in a table of any size; where less than about one key in 2,000 is in the frame it may find
    nothing. That it does says nothing of any sentence, so the exact way that follows is as even.
    """
    low = MachineReading.objects.aggregate(key=Min("pk"))["key"]
    high = MachineReading.objects.aggregate(key=Max("pk"))["key"]
    if low is None:
        return None
    siblings = showable().filter(citation=OuterRef("citation")).values("citation")
    frame = frame.annotate(
        sentences=Subquery(siblings.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    )
    for size in ROUNDS:
        keys = [dice.randint(low, high) for _each in range(size)]
        found = dict(frame.filter(context__among=sorted(set(keys))).values_list("pk", "sentences"))
        for key in keys:
            if key in found and dice.random() * found[key] < 1:
                return key
    return None


def _by_pairs(pairs, frame, dice):
    """One sentence of the first pair of the frame among ``pairs``, shuffled; None without any.

    ``pairs`` holds each pair of the frame once, and may hold others. Reads all of their keys, then
    looks up a few at a time, more each time: for a hub one index entry for each citing paper; for a
    library, whose turn comes only where hardly any pair is left, all pairs that a machine has read.
    """
    order = list(pairs)
    dice.shuffle(order)
    begin, size = 0, PAIRS_AT_FIRST
    while begin < len(order):
        some = order[begin : begin + size]
        sentences = {}
        rows = frame.filter(citation__among=some).order_by("pk")
        for key, pair in rows.values_list("pk", "citation"):
            sentences.setdefault(pair, []).append(key)
        for pair in some:
            if pair in sentences:
                return dice.choice(sentences[pair])
        begin, size = begin + size, size * 4
    return None


def _by_effect(hub, skipped, dice):
    """The key of a context whose label is likely to change most; None without any.

    Hubs take turns in proportion to their size: next is the one with the most papers whose
    role rests on a machine for each paper that a person has labelled (d'Hondt's rule), among the
    twenty most cited that have any. In it one of the twenty sentences without a person's role
    of which the machine is least sure, those first where it abstained. A walk down the index of
    hubs by size, then a query for a hub, which reads its machine-read sentences.
    """
    for paper_id in [hub.pk] if hub is not None else _hubs_in_turn():
        rows = showable().filter(citation__cited_paper=paper_id).exclude(context__in=skipped)
        rows = rows.exclude(context__role_source__in=HUMAN_SOURCES)
        abstained_first = Case(When(role="", then=Value(0)), default=Value(1))
        rows = rows.order_by(abstained_first, "confidence", "pk").values_list("pk", flat=True)
        keys = list(rows[:LEAST_SURE])
        if keys:
            return dice.choice(keys)
    return None


def _hubs_in_turn():
    """Keys of the hubs to label in, the next first. One query."""
    rests_on_machine = F("machine_roles") + F("unsure")
    rows = HubSummary.objects.alias(waiting=rests_on_machine).filter(waiting__gt=0)
    rows = rows.order_by("-known", "paper").values_list("paper", "machine_roles", "unsure", "curated")
    found = list(rows[:HUBS_LOOKED_AT])
    found.sort(key=lambda row: -(row[1] + row[2]) / (1 + row[3]))
    return [row[0] for row in found]


# -- the seal ------------------------------------------------------------------------------------


def seal(drawn, curator):
    """What a form carries of a Draw, so that it comes back unchanged, in time, from the same curator."""
    said = {
        "context": drawn.context.pk,
        "drawn": str(drawn.drawn),
        "curator": curator.pk,
        "at": timezone.now().timestamp(),
    }
    return signing.dumps(said, salt=SALT)


def unseal(sealed, curator, *, seconds=SEALED_SECONDS):
    """The Draw in ``sealed``, which may be ``seconds`` old, None for any age.

    Raises Refused, with the reason, for a seal that is forged, too old or another's, for a
    sentence that may not be shown any more, and for one that the curator has labelled since.
    """
    try:
        said = signing.loads(sealed, salt=SALT, max_age=seconds)
    except signing.SignatureExpired:
        raise Refused(_("This sentence was on the screen for too long. Nothing was saved.")) from None
    except signing.BadSignature:
        raise Refused(_("This form was not made by the labelling screen. Nothing was saved.")) from None
    if said["curator"] != curator.pk:
        raise Refused(_("This form was made for another login. Nothing was saved."))
    if not showable().filter(pk=said["context"]).exists():
        raise Refused(_("This sentence has been taken down or withdrawn meanwhile. Nothing was saved."))
    at = datetime.fromtimestamp(said["at"], timezone.get_current_timezone())
    if Assertion.objects.filter(context=said["context"], curator=curator, created_at__gte=at).exists():
        raise Refused(_("You have labelled this sentence already. Nothing more was saved."))
    return Draw(_for_screen(said["context"]), Assertion.Drawn(said["drawn"]))


# -- saving and undoing --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """A label that was entered: its Assertions, what was drawn, and what the machine had said."""

    assertions: list[Assertion]
    draw: Draw
    reading: MachineReading
    today: int

    @property
    def role(self):
        """The Assertion of the role."""
        return next(row for row in self.assertions if row.dimension == Dimension.ROLE)


def save(*, sealed, curator, role, polarity="", note=""):
    """Enter a curator's label of a sentence that ``draw`` gave; returns Saved.

    A role is demanded: a random check without one would leave the hard sentences out of the
    estimates. Raises Refused as ``unseal``, and without a role.
    """
    drawn = unseal(sealed, curator)
    if not role:
        raise Refused(_("Choose a role; “unclear” is one. Nothing was saved."))
    rows = curation.relabel_context(
        context=drawn.context, curator=curator, role=role, polarity=polarity, note=note, drawn=drawn.drawn
    )
    return Saved(rows, drawn, drawn.context.machine_reading, entered_today(curator).total())


def undo(*, assertion_ids, curator):
    """Take back what ``save`` entered, both words; returns the Draw, which comes before the curator again.

    Raises Refused for labels of another curator, and for those that are taken back already.
    """
    rows = list(
        Assertion.objects.filter(pk__in=assertion_ids, curator=curator, context__isnull=False).select_related(
            "context__citation"
        )
    )
    if not rows:
        raise Refused(_("There is nothing of yours to take back."))
    curation.withdraw_labels(labels=rows, curator=curator)
    return Draw(_for_screen(rows[0].context_id), Assertion.Drawn(rows[0].drawn))


# -- the numbers beside the form -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """Labels that curators gave to sentences, and random checks.

    ``roles``: [(role, at random, chosen)], roles without any left out. ``hubs``: hubs with a
    random check. ``needed``: checks to go until the hub's shares, or a pool of the library,
    may be estimated; ``hubs_needed``: hubs to go for the pool.
    """

    today: int
    roles: list[tuple]
    checked: int
    hubs: int
    hub_checked: int | None
    hub_size: int | None
    hub_needed: int | None
    needed: int
    hubs_needed: int
    totals: Counter = field(default_factory=Counter)

    @property
    def at_random(self):
        return self.totals[RANDOM]

    @property
    def chosen(self):
        return self.totals.total() - self.totals[RANDOM]


def progress(*, curator, hub=None):
    """The Progress of the library, and of one hub. Four queries, over curators' labels only."""
    counts, totals = Counter(), Counter()
    rows = Assertion.objects.by_curators().filter(dimension=Dimension.ROLE, context__isnull=False)
    for drawn, value, labels in rows.order_by().values_list("drawn", "value").annotate(Count("id")):
        kind = RANDOM if drawn == RANDOM else TARGETED
        counts[value, kind] += labels
        totals[kind] += labels
    roles = [(role, counts[role, RANDOM], counts[role, TARGETED]) for role in Role]
    checks = drawn_at_random().order_by().values_list("context__citation__cited_paper")
    by_hub = dict(checks.annotate(Count("context__citation", distinct=True)))
    checked, hub_checked, hub_size, hub_needed = sum(by_hub.values()), None, None, None
    if hub is not None:
        summary = HubSummary.objects.filter(paper=hub).first()
        hub_size = summary.population.get("size", 0) if summary else 0
        hub_checked = by_hub.get(hub.pk, 0)
        hub_needed = max(0, min(MIN_CHECKS, hub_size) - hub_checked)
    return Progress(
        today=entered_today(curator).total(),
        roles=[row for row in roles if row[1] or row[2]],
        checked=checked,
        hubs=len(by_hub),
        hub_checked=hub_checked,
        hub_size=hub_size,
        hub_needed=hub_needed,
        needed=max(0, MIN_CHECKS - checked),
        hubs_needed=max(0, MIN_POOL_HUBS - len(by_hub)),
        totals=totals,
    )


@dataclass(frozen=True, slots=True)
class Learnt:
    """A learning curve of this library's labels and when it was drawn; or why there is none."""

    curve: object | None
    at: datetime
    why_not: str = ""


def learnt():
    """The newest Learnt; None before ``learn`` and after a restart. No query."""
    return cache.get(CURVE)


def learn():
    """Draw the learning curve from curators' chosen labels and keep it; returns the Learnt.

    Takes some seconds: at most 500 labels are used (``classifier/learning.py``). One query that reads
    all contexts. Kept in the cache, by default that of this process.
    """
    try:
        from citations.classifier.learning import LEAST_LABELS, learning_curve
        from citations.classifier.trained import TooFewLabels
    except ImportError:
        why = _("Training needs the extra “classifier”, which is not installed.")
        return _keep(Learnt(None, timezone.now(), why))
    examples = list(library_examples())
    if len(examples) < LEAST_LABELS:
        why = _("Chosen labels so far: %(held)d; a learning curve needs %(least)d.")
        return _keep(Learnt(None, timezone.now(), why % {"held": len(examples), "least": LEAST_LABELS}))
    try:
        return _keep(Learnt(learning_curve(examples), timezone.now()))
    except TooFewLabels as refusal:
        return _keep(Learnt(None, timezone.now(), str(refusal)))


def _keep(found):
    cache.set(CURVE, found, timeout=None)
    return found
