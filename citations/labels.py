"""The vocabulary of labels: roles, polarities, their order, and the crosswalk from other schemes.

Nothing here decides anything: ``citations/assertions.py`` does. The words and the table
are the contract (DESIGN: Vocabulary); the descriptions are what ``/about/labels/`` shows.
"""

import re

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Why the cited work is cited there."""

    BACKGROUND = "background", _("background")
    MOTIVATION = "motivation", _("motivation")
    METHOD = "method", _("method")
    DATASET = "dataset", _("dataset")
    BASELINE = "baseline", _("baseline")
    COMPARISON = "comparison", _("comparison")
    EXTENSION = "extension", _("extension")
    EVIDENCE = "evidence", _("evidence")
    UNCLEAR = "unclear", _("unclear")


class Polarity(models.TextChoices):
    """The citing authors' position towards what the cited work says."""

    SUPPORTS = "supports", _("supports")
    DISPUTES = "disputes", _("disputes")
    QUALIFIES = "qualifies", _("qualifies")
    NEUTRAL = "neutral", _("neutral")
    UNCLEAR = "unclear", _("unclear")


class LabelSource(models.TextChoices):
    """Who or what said it, strongest first."""

    CURATOR = "curator", _("curator")
    DATASET = "dataset", _("data set")
    PROVIDER = "provider", _("outside service")
    CLASSIFIER = "classifier", _("our classifier")


class Dimension(models.TextChoices):
    ROLE = "role", _("role")
    POLARITY = "polarity", _("polarity")
    UNMAPPED = "unmapped", _("not mapped to our words")


ROLE_DESCRIPTIONS = {
    Role.BACKGROUND: _("The cited work situates the citing one: general knowledge, history, context."),
    Role.MOTIVATION: _("It states a need, a gap or future work that the citing paper takes up."),
    Role.METHOD: _("The citing paper applies its method, model, software, theory or protocol."),
    Role.DATASET: _("The citing paper uses its data, corpus, benchmark or material."),
    Role.BASELINE: _("The citing paper runs or tabulates it as the thing to compare against."),
    Role.COMPARISON: _("Findings or approaches are compared in words."),
    Role.EXTENSION: _("The citing paper modifies it or builds on it."),
    Role.EVIDENCE: _("The citing paper leans on its finding for a statement or a choice."),
    Role.UNCLEAR: _("The sentence was read, but its reason to cite cannot be told."),
}

POLARITY_DESCRIPTIONS = {
    Polarity.SUPPORTS: _("The citing authors' own evidence or judgement agrees with the cited work."),
    Polarity.DISPUTES: _("Their evidence or judgement stands against it."),
    Polarity.QUALIFIES: _("They hold it to be true in part, under conditions, or with limits."),
    Polarity.NEUTRAL: _("They take no position."),
    Polarity.UNCLEAR: _("The sentence was read, but its position cannot be told."),
}

SOURCE_DESCRIPTIONS = {
    LabelSource.CURATOR: _("A curator of this library read the sentence."),
    LabelSource.DATASET: _("Human labels that came with an imported data set."),
    LabelSource.PROVIDER: _("Machine labels of an outside service."),
    LabelSource.CLASSIFIER: _("This library's own classifier, with its version and confidence."),
}

# Marks that read without colour, one a word: pages print mark and word together.
POLARITY_SIGNS = {
    Polarity.SUPPORTS: "+",
    Polarity.DISPUTES: "−",
    Polarity.QUALIFIES: "±",
    Polarity.NEUTRAL: "○",
    Polarity.UNCLEAR: "?",
}

# The more specific first: ties are decided by this order.
ROLE_ORDER = (
    Role.EXTENSION,
    Role.BASELINE,
    Role.METHOD,
    Role.DATASET,
    Role.COMPARISON,
    Role.EVIDENCE,
    Role.MOTIVATION,
    Role.BACKGROUND,
    Role.UNCLEAR,
)
POLARITY_ORDER = (
    Polarity.QUALIFIES,
    Polarity.DISPUTES,
    Polarity.SUPPORTS,
    Polarity.NEUTRAL,
    Polarity.UNCLEAR,
)
SOURCE_ORDER = (LabelSource.CURATOR, LabelSource.DATASET, LabelSource.PROVIDER, LabelSource.CLASSIFIER)
HUMAN_SOURCES = frozenset({LabelSource.CURATOR, LabelSource.DATASET})
MACHINE_SOURCES = frozenset({LabelSource.PROVIDER, LabelSource.CLASSIFIER})

# Among schemes of one source the finer decides.
SCHEME_ORDER = ("soft-function", "multicite", "cito", "acl-arc", "scicite", "semantic-scholar")
PROVIDER_SCHEMES = frozenset({"semantic-scholar", "scite", "wos"})

# Schemes that read the tone of a sentence, whoever labelled it: not what its evidence shows.
SENTIMENT_SCHEMES = frozenset({"athar-sentiment"})

OWN_SCHEME = "hub"
CROSSWALK_VERSION = "1"

# Scheme -> value as the scheme writes it -> our words, a role, a polarity or both.
CROSSWALK = {
    "acl-arc": {
        "background": "background",
        "motivation": "motivation",
        "future": "motivation",
        "uses": "method",
        "extends": "extension",
        "extension": "extension",
        "CompareOrContrast": "comparison",
        "compares_or_contrasts": "comparison",
        "compares_contrasts": "comparison",
    },
    "scicite": {"background": "background", "method": "method", "result": "comparison"},
    "semantic-scholar": {"background": "background", "methodology": "method", "result": "comparison"},
    "multicite": {
        "background": "background",
        "motivation": "motivation",
        "future_work": "motivation",
        "uses": "method",
        "extends": "extension",
        "similarities": "comparison",
        "differences": "comparison",
        "unsure": "role:unclear",
    },
    "athar-sentiment": {"positive": "supports", "negative": "disputes", "neutral": "neutral"},
    "wos": {
        "background": "background",
        "basis": "method",
        "support": "comparison supports",
        "differ": "comparison disputes",
        "discuss": "comparison",
    },
    "scite": {
        "supporting": "supports",
        "contrasting": "disputes",
        "contradicting": "disputes",
        "mentioning": "neutral",
        "unclassified": "",
    },
    "soft-function": {
        "contextualize": "background",
        "signal-gap": "motivation",
        "highlight-limitation": "comparison qualifies",
        "justify-design-choice": "evidence",
        "use": "method",
        "modify": "extension",
        "evaluate-against": "baseline",
    },
    "cito": {
        "usesMethodIn": "method",
        "usesDataFrom": "dataset",
        "extends": "extension",
        "obtainsBackgroundFrom": "background",
        "citesForInformation": "background",
        "citesAsEvidence": "evidence",
        "obtainsSupportFrom": "evidence",
        "discusses": "comparison",
        "confirms": "supports",
        "supports": "supports",
        "agreesWith": "supports",
        "disputes": "disputes",
        "refutes": "disputes",
        "critiques": "disputes",
        "corrects": "disputes",
        "disagreesWith": "disputes",
        "qualifies": "qualifies",
    },
    # "unclear" is a word of both dimensions; a bare one speaks of the role.
    OWN_SCHEME: {
        **{role.value: role.value for role in Role if role != Role.UNCLEAR},
        **{polarity.value: polarity.value for polarity in Polarity if polarity != Polarity.UNCLEAR},
        "unclear": "role:unclear",
        "role:unclear": "role:unclear",
        "polarity:unclear": "polarity:unclear",
    },
}


def letters(word):
    """Lower case without non-letters: how schemes and values are compared."""
    return re.sub(r"[^a-z]", "", str(word).lower())


def _target(word):
    if ":" in word:
        dimension, word = word.split(":")
        return Dimension(dimension), word
    return (Dimension.ROLE if word in Role.values else Dimension.POLARITY), word


_SCHEMES = {letters(scheme): scheme for scheme in CROSSWALK}
_LOOKUP = {
    scheme: {letters(value): tuple(_target(word) for word in ours.split()) for value, ours in table.items()}
    for scheme, table in CROSSWALK.items()
}


def known_scheme(scheme):
    """The scheme as our table writes it (``ACL_ARC`` -> ``acl-arc``), else the word as given."""
    return _SCHEMES.get(letters(scheme), scheme)


def translate(scheme, value):
    """Our words for a foreign label: a tuple of (Dimension, word).

    ``()`` where the table says that the value means nothing (scite's "unclassified");
    None where no row knows the scheme or the value: kept, reported, not counted.
    """
    scheme = known_scheme(scheme)
    if scheme == "cito":
        value = re.split(r"[:#/]", str(value))[-1]  # cito:usesMethodIn, …/spar/cito/usesMethodIn
    return _LOOKUP.get(scheme, {}).get(letters(value))


def source_of(scheme, stated=""):
    """The LabelSource of an imported label: as the record states, else by its scheme."""
    if stated in LabelSource.values:
        return LabelSource(stated)
    return LabelSource.PROVIDER if known_scheme(scheme) in PROVIDER_SCHEMES else LabelSource.DATASET


def scheme_rank(scheme):
    """0 for the finest scheme. Curators' own words rank with the others, after the named ones."""
    return SCHEME_ORDER.index(scheme) if scheme in SCHEME_ORDER else len(SCHEME_ORDER)


def most_specific(values, order):
    """The value that stands first in ``order``; None for no values."""
    return min(values, key=order.index, default=None)
