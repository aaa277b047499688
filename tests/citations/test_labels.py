"""The crosswalk of the contract, row by row, and who a label's source is."""

import pytest

from citations import labels
from citations.labels import Dimension, LabelSource

ROLE, POLARITY = Dimension.ROLE, Dimension.POLARITY


@pytest.mark.parametrize(
    "scheme, value, ours",
    [
        ("acl-arc", "Background", [(ROLE, "background")]),
        ("ACL_ARC", "CompareOrContrast", [(ROLE, "comparison")]),
        ("acl-arc", "compares_contrasts", [(ROLE, "comparison")]),
        ("acl-arc", "ComparesOrContrasts", [(ROLE, "comparison")]),
        ("acl-arc", "FUTURE", [(ROLE, "motivation")]),
        ("acl-arc", "extends", [(ROLE, "extension")]),
        ("scicite", "result", [(ROLE, "comparison")]),
        ("semantic-scholar", "methodology", [(ROLE, "method")]),
        ("multicite", "future_work", [(ROLE, "motivation")]),
        ("multicite", "unsure", [(ROLE, "unclear")]),
        ("athar-sentiment", "negative", [(POLARITY, "disputes")]),
        ("wos", "support", [(ROLE, "comparison"), (POLARITY, "supports")]),
        ("wos", "basis", [(ROLE, "method")]),
        ("scite", "contradicting", [(POLARITY, "disputes")]),
        ("scite", "unclassified", []),
        ("soft-function", "highlight-limitation", [(ROLE, "comparison"), (POLARITY, "qualifies")]),
        ("soft-function", "Evaluate Against", [(ROLE, "baseline")]),
        ("cito", "usesMethodIn", [(ROLE, "method")]),
        ("cito", "cito:usesDataFrom", [(ROLE, "dataset")]),
        ("CiTO", "http://purl.org/spar/cito/obtainsSupportFrom", [(ROLE, "evidence")]),
        ("cito", "agreesWith", [(POLARITY, "supports")]),
        ("hub", "evidence", [(ROLE, "evidence")]),
        ("hub", "qualifies", [(POLARITY, "qualifies")]),
        ("hub", "unclear", [(ROLE, "unclear")]),
        ("hub", "polarity:unclear", [(POLARITY, "unclear")]),
        ("acl-arc", "nonsense", None),
        ("acl-arc", "not/background", None),
        ("hub", "is-not:method", None),
        ("soft-object", "discovery", None),
        ("", "", None),
    ],
)
def test_crosswalk(scheme, value, ours):
    found = labels.translate(scheme, value)
    assert (None if found is None else list(found)) == ours


@pytest.mark.parametrize(
    "scheme, stated, source",
    [
        ("semantic-scholar", "", LabelSource.PROVIDER),
        ("Scite", "", LabelSource.PROVIDER),
        ("wos", "", LabelSource.PROVIDER),
        ("acl-arc", "", LabelSource.DATASET),
        ("never heard of", "", LabelSource.DATASET),
        ("acl-arc", "provider", LabelSource.PROVIDER),
        ("scite", "dataset", LabelSource.DATASET),
        ("acl-arc", "nonsense", LabelSource.DATASET),
    ],
)
def test_source_goes_by_the_scheme_unless_the_record_says_otherwise(scheme, stated, source):
    assert labels.source_of(scheme, stated) == source


def test_every_target_of_the_crosswalk_is_one_of_our_words():
    words = {ROLE: set(labels.Role.values), POLARITY: set(labels.Polarity.values)}
    for scheme, table in labels.CROSSWALK.items():
        for value in table:
            for dimension, word in labels.translate(scheme, value):
                assert word in words[dimension], (scheme, value)


def test_orders_and_descriptions_cover_every_word():
    assert set(labels.ROLE_ORDER) == set(labels.ROLE_DESCRIPTIONS) == set(labels.Role)
    assert set(labels.POLARITY_ORDER) == set(labels.POLARITY_DESCRIPTIONS) == set(labels.Polarity)
    assert set(labels.SOURCE_ORDER) == set(labels.SOURCE_DESCRIPTIONS) == set(labels.LabelSource)
    assert set(labels.POLARITY_SIGNS) == set(labels.Polarity)
