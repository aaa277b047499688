"""Tier, status and headline of a hub from its counts: the contract's rules, pure.

The comparison with a cut uses exact integers, never a rounded percentage; only the
printed number is rounded. Sentences are English message strings with their parameters, so
that pages can translate them while the API prints them as they are.
"""

from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from citations.labels import ROLE_ORDER, Polarity, Role
from citations.statistics import percent, wilson_interval

HUB_FROM = 10


class Tier(models.TextChoices):
    HUB = "hub", _("hub")
    SUPER_HUB = "super-hub", _("super hub")
    MEGA_HUB = "mega-hub", _("mega hub")


class Status(models.TextChoices):
    FEW_CITATIONS = "few-citations", pgettext_lazy("status", "Few citations")
    UNREAD = "unread", pgettext_lazy("status", "Unread")
    CONTESTED = "contested", pgettext_lazy("status", "Contested")
    STILL_INDEXING = "still-indexing", pgettext_lazy("status", "Still indexing")
    POLARITY_ONLY = "polarity-only", pgettext_lazy("status", "Polarity only")
    TOOL_REFERENCE = "tool-reference", pgettext_lazy("status", "Tool reference")
    BASELINE_REFERENCE = "baseline-reference", pgettext_lazy("status", "Baseline reference")
    CANONICAL_REFERENCE = "canonical-reference", pgettext_lazy("status", "Canonical reference")
    MIXED_CITATIONS = "mixed-citations", pgettext_lazy("status", "Mixed citations")


TIERS = ((1000, Tier.MEGA_HUB), (100, Tier.SUPER_HUB), (HUB_FROM, Tier.HUB))

# {share} is "{p}%", or "{k} of {n}" where fewer than ten papers are labelled.
MESSAGES = {
    "one-citation": gettext_noop("1 paper here cites this work."),
    Status.FEW_CITATIONS: gettext_noop("%(known)s papers here cite this work."),
    Status.UNREAD: gettext_noop("%(known)s papers here cite this work. None of them has been read yet."),
    Status.CONTESTED: gettext_noop(
        "Contested. %(k)s of %(n)s citing papers labelled for polarity (%(share)s) dispute this work."
    ),
    Status.STILL_INDEXING: gettext_noop(
        "Still indexing. %(n)s of %(known)s citing papers have been read and labelled."
    ),
    Status.POLARITY_ONLY: gettext_noop(
        "%(n)s of %(known)s citing papers were read for polarity; roles are not labelled yet."
    ),
    Status.TOOL_REFERENCE: gettext_noop(
        "Tool reference. %(share)s of labelled citing papers use this work as a method or dataset."
    ),
    Status.BASELINE_REFERENCE: gettext_noop(
        "Baseline reference. %(share)s of labelled citing papers compare against this work."
    ),
    Status.CANONICAL_REFERENCE: gettext_noop(
        "Canonical reference. %(share)s of labelled citing papers cite this work as background."
    ),
    Status.MIXED_CITATIONS: gettext_noop(
        "Mixed citation behavior. Most common role is %(role)s (%(share)s)."
    ),
}
SHARE_OF = gettext_noop("%(k)s of %(n)s")


@dataclass(frozen=True)
class Counts:
    """Counts of one hub, in citing papers. ``roles`` and ``polarities``: word -> count.

    ``machine_roles`` and ``machine_polarities`` count the labels among them that come from
    a provider or our classifier.
    """

    known: int = 0
    read: int = 0
    roles: dict = field(default_factory=dict)
    polarities: dict = field(default_factory=dict)
    curated: int = 0
    machine_roles: int = 0
    machine_polarities: int = 0

    @property
    def labelled(self):
        return sum(self.roles.values())

    @property
    def polarity_labelled(self):
        return sum(self.polarities.values())


@dataclass(frozen=True)
class Headline:
    """A status with its sentence: ``message`` is an English %-format, ``params`` what it prints."""

    status: Status
    message: str
    params: dict

    @property
    def english(self):
        params = dict(self.params)
        if "role" in params:
            params["role"] = str(params["role"].value)
        return self.message % params


def tier(known):
    """The tier of a paper with ``known`` citing papers, None below ten."""
    return next((word for least, word in TIERS if known >= least), None)


def most_common_role(roles):
    """The role with the highest count; a tie goes to the more specific one."""
    return max(ROLE_ORDER, key=lambda role: (roles.get(role, 0), -ROLE_ORDER.index(role)))


def _role_status(n, background, baseline, tool):
    """The first role rule that holds. Counts may be fractional: the ends of an interval."""
    if 10 * tool >= 6 * n:
        return Status.TOOL_REFERENCE
    if 2 * baseline >= n:
        return Status.BASELINE_REFERENCE
    if 10 * background >= 7 * n:
        return Status.CANONICAL_REFERENCE
    return Status.MIXED_CITATIONS


def _rests_on(counts):
    """The counts that the role rules look at: background, baseline, method + dataset."""
    roles = counts.roles
    tool = roles.get(Role.METHOD, 0) + roles.get(Role.DATASET, 0)
    return {
        "background": roles.get(Role.BACKGROUND, 0),
        "baseline": roles.get(Role.BASELINE, 0),
        "tool": tool,
    }


def _is_contested(n_p, disputes):
    return n_p >= 10 and disputes >= 3 and 10 * disputes >= n_p


def status(counts):
    """The status of a hub: the first rule of the contract that holds."""
    n, n_p = counts.labelled, counts.polarity_labelled
    if counts.known < HUB_FROM:
        return Status.FEW_CITATIONS
    if counts.read == 0:
        return Status.UNREAD
    if _is_contested(n_p, counts.polarities.get(Polarity.DISPUTES, 0)):
        return Status.CONTESTED
    if n < 5 and n_p < 5:
        return Status.STILL_INDEXING
    if n < 5:
        return Status.POLARITY_ONLY
    return _role_status(n, **_rests_on(counts))


def is_provisional(counts):
    """Whether machine labels take part in the status, or it ``may_be_another``."""
    if status(counts) in (Status.FEW_CITATIONS, Status.UNREAD):
        return False
    return bool(counts.machine_roles or counts.machine_polarities) or may_be_another(counts)


def may_be_another(counts):
    """Whether the status would be another at an end of the interval of a share that it rests on.

    A status without a share (few citations, unread, still indexing, polarity only) rests on no
    interval; neither does one whose every known paper is labelled.
    """
    found = status(counts)
    if found in (Status.FEW_CITATIONS, Status.UNREAD, Status.STILL_INDEXING, Status.POLARITY_ONLY):
        return False
    if found == Status.CONTESTED:
        n_p = counts.polarity_labelled
        if n_p == counts.known:
            return False
        low, _high = wilson_interval(counts.polarities.get(Polarity.DISPUTES, 0), n_p)
        return low < 0.1
    n = counts.labelled
    if n == counts.known:
        return False
    shares = _rests_on(counts)
    deciding = {
        Status.TOOL_REFERENCE: ("tool",),
        Status.BASELINE_REFERENCE: ("baseline",),
        Status.CANONICAL_REFERENCE: ("background",),
        Status.MIXED_CITATIONS: ("background", "baseline", "tool"),
    }[found]
    for name in deciding:
        for end in wilson_interval(shares[name], n):
            if _role_status(n, **{**shares, name: end * n}) != found:
                return True
    return False


def headline(counts):
    """The status of a hub with its sentence and the numbers in it, as a Headline."""
    found = status(counts)
    n, n_p, known = counts.labelled, counts.polarity_labelled, counts.known
    message = MESSAGES[found]
    params = {"known": known}
    if found == Status.FEW_CITATIONS and known == 1:
        message = MESSAGES["one-citation"]
    elif found == Status.CONTESTED:
        params |= _share(counts.polarities.get(Polarity.DISPUTES, 0), n_p)
    elif found == Status.STILL_INDEXING:
        params |= {"n": n}
    elif found == Status.POLARITY_ONLY:
        params |= {"n": n_p}
    elif found == Status.TOOL_REFERENCE:
        params |= _share(_rests_on(counts)["tool"], n)
    elif found == Status.BASELINE_REFERENCE:
        params |= _share(counts.roles.get(Role.BASELINE, 0), n)
    elif found == Status.CANONICAL_REFERENCE:
        params |= _share(counts.roles.get(Role.BACKGROUND, 0), n)
    elif found == Status.MIXED_CITATIONS:
        role = most_common_role(counts.roles)
        params |= {"role": role} | _share(counts.roles.get(role, 0), n)
    return Headline(found, message, params)


def _share(k, n):
    text = f"{percent(k, n)}%" if n >= 10 else SHARE_OF % {"k": k, "n": n}
    return {"k": k, "n": n, "share": text}


@dataclass(frozen=True)
class Share:
    """One line of a summary: ``word`` with its count, its base and its interval.

    ``share``, ``low``, ``high`` are fractions; the bounds are None where there is no interval.
    """

    word: str
    count: int
    base: int
    low: float | None
    high: float | None

    @property
    def share(self):
        return self.count / self.base

    @property
    def percent(self):
        return percent(self.count, self.base)


def share(word, count, base, *, known, machine):
    """The Share of ``count`` among ``base`` labelled papers.

    ``machine`` is how many of the base's labels are a machine's: with any, there is no interval, and none
    either when every known paper is labelled.
    """
    low, high = (None, None) if machine or base >= known else wilson_interval(count, base)
    return Share(str(word), count, base, low, high)


def shares(counts_by_word, *, known, machine, order):
    """The lines of a summary, each a ``share``, largest first, zeros left out; ties in the given order."""
    base = sum(counts_by_word.values())
    lines = [
        share(word, counts_by_word[word], base, known=known, machine=machine)
        for word in order
        if counts_by_word.get(word)
    ]
    return sorted(lines, key=lambda line: -line.count)
