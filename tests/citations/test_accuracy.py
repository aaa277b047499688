"""Sources against curators, on libraries small enough to count by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from citations import accuracy
from citations.accuracy import UNTOLD, Key
from citations.labels import LabelSource
from citations.models import Citation
from citations.statistics import cohens_kappa, wilson_interval
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_curator,
    make_paper,
    make_reading,
)

pytestmark = pytest.mark.django_db
CUES = Key("classifier", "cues-1", "", "role")
CUES_POLARITY = CUES._replace(dimension="polarity")
BETWEEN = Key("curator", "", "", "role")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def label(context, value, *, drawn="targeted", minutes=0, **columns):
    """A curator's label, ``minutes`` after noon."""
    return make_assertion(
        context,
        value=value,
        source=LabelSource.CURATOR,
        drawn=drawn,
        created_at=NOON + timedelta(minutes=minutes),
        **columns,
    )


def read(said, truth, *, drawn="random", **reading):
    """A sentence that a machine called ``said`` and a curator ``truth``."""
    context = make_context()
    make_reading(context, role=said, **reading)
    label(context, truth, drawn=drawn)
    return context


def cells(key, of="every"):
    return dict(getattr(accuracy.comparisons()[key], of).cells)


# -- what is compared --------------------------------------------------------------------------


def test_words_are_counted_against_the_curators_words():
    for said, truth in [("method", "method"), ("method", "method"), ("method", "dataset"), ("", "method")]:
        read(said, truth)
    found = accuracy.comparisons()[CUES].random
    assert found.cells == {
        ("method", "method"): 2,
        ("method", "dataset"): 1,
        (UNTOLD, "method"): 1,
    }
    assert (found.told, found.untold, found.agreed, found.total) == (3, 1, 2, 4)
    assert found.of("method") == 3
    assert found.words(["dataset", "method"]) == ["method", UNTOLD]
    assert found.words(["dataset", "method"], of_curators=True) == ["dataset", "method"]


def test_an_empty_library_has_nothing_to_compare():
    assert accuracy.comparisons() == accuracy.by_field() == {}
    assert accuracy.newest_checks() == (None, None)
    assert accuracy.versions_in_use() == []
    assert accuracy.count_found({}) == 0 and accuracy.found({}) == []


def test_the_newest_curator_is_the_truth_and_a_label_taken_back_is_not():
    context = read("method", "background")
    label(context, "method", minutes=5)
    assert cells(CUES) == {("method", "method"): 1}
    label(context, "evidence", minutes=9, withdrawn_at=timezone.now())
    assert cells(CUES) == {("method", "method"): 1}


def test_a_second_look_does_not_take_a_sentence_out_of_the_random_ones():
    context = read("method", "background", drawn="random")
    label(context, "method", drawn="targeted", minutes=5)
    assert cells(CUES, "random") == {("method", "method"): 1}


def test_a_withdrawn_random_label_makes_no_random_check():
    context = read("method", "background", drawn="targeted")
    label(context, "method", drawn="random", minutes=5, withdrawn_at=timezone.now())
    assert cells(CUES, "random") == {}
    assert cells(CUES) == {("method", "background"): 1}


def test_random_and_chosen_checks_are_kept_apart():
    read("method", "method", drawn="random")
    for drawn in ("targeted", "complete", ""):
        read("method", "dataset", drawn=drawn)
    assert cells(CUES, "random") == {("method", "method"): 1}
    assert cells(CUES) == {("method", "method"): 1, ("method", "dataset"): 3}


def test_a_draw_for_the_role_is_none_for_the_polarity():
    context = read("method", "method", drawn="random")
    label(context, "disputes", drawn="targeted")
    assert cells(CUES_POLARITY, "random") == {}


def test_versions_and_schemes_are_compared_one_by_one():
    context = read("method", "dataset", version="cues-1")
    make_reading(context, role="dataset", version="cues-2")
    make_assertion(context, value="method", scheme="acl-arc")
    make_assertion(context, value="method", scheme="semantic-scholar", source=LabelSource.PROVIDER)
    assert {key: sum(one.every.cells.values()) for key, one in accuracy.comparisons().items()} == {
        CUES: 1,
        CUES._replace(version="cues-2"): 1,
        Key("dataset", "", "acl-arc", "role"): 1,
        Key("provider", "", "semantic-scholar", "role"): 1,
    }
    assert accuracy.versions_in_use() == ["cues-2"]


@pytest.mark.parametrize("minutes", [-60, 60])
def test_the_newest_word_of_a_version_counts_before_and_after_the_check(minutes):
    context = make_context()
    label(context, "method")
    for later, value in enumerate(["background", "method"]):
        make_assertion(
            context,
            value=value,
            source=LabelSource.CLASSIFIER,
            model_version="cues-1",
            created_at=NOON + timedelta(minutes=minutes + later),
        )
    assert cells(CUES) == {("method", "method"): 1}


def test_of_several_words_of_one_import_the_more_specific_counts():
    context = make_context()
    label(context, "method")
    for value in ("background", "method", "comparison"):
        make_assertion(context, value=value, scheme="multicite", created_at=NOON)
    make_assertion(context, value="extension", scheme="multicite", created_at=NOON - timedelta(days=1))
    assert cells(Key("dataset", "", "multicite", "role")) == {("method", "method"): 1}


def test_what_a_source_took_back_is_not_its_word():
    context = make_context()
    label(context, "method")
    make_assertion(context, value="background", scheme="acl-arc", withdrawn_at=timezone.now())
    assert accuracy.comparisons() == {}


def test_gone_sentences_gone_pairs_and_labels_of_whole_pairs_do_not_enter():
    now = timezone.now()
    read("method", "method")
    Citation.objects.update(withdrawn_at=now)
    gone = read("method", "method")
    gone.withdrawn_at = now
    gone.save()
    context = make_context()
    make_reading(context, role="method")
    make_assertion(citation=context.citation, value="method", source=LabelSource.CURATOR, drawn="random")
    assert accuracy.comparisons() == {}
    assert accuracy.newest_checks() == (None, None)


def test_a_polarity_that_was_not_suggested_is_untold():
    context = make_context()
    make_reading(context, role="method")
    label(context, "disputes", drawn="random")
    other = make_context()
    make_reading(other, role="", polarity="disputes")
    label(other, "disputes", drawn="random")
    assert cells(CUES_POLARITY, "random") == {(UNTOLD, "disputes"): 1, ("disputes", "disputes"): 1}


def test_unstated_versions_and_schemes_have_a_name_to_be_asked_for():
    context = make_context()
    label(context, "method")
    make_assertion(context, value="method", source=LabelSource.CLASSIFIER)
    make_assertion(context, value="method", scheme="")
    assert {key[:3] for key in accuracy.comparisons()} == {
        ("classifier", "unnamed", ""),
        ("dataset", "", "unnamed"),
    }
    assert accuracy.count_found({"version": "unnamed", "agree": "yes"}) == 1


def test_dates_are_those_of_the_newest_checks():
    read("method", "method", drawn="random")
    context = read("method", "method", drawn="targeted")
    label(context, "method", minutes=30)
    assert accuracy.newest_checks() == (NOON + timedelta(minutes=30), NOON)
    found = accuracy.comparisons()[CUES]
    assert (found.every.newest, found.random.newest) == (NOON + timedelta(minutes=30), NOON)


# -- shares ----------------------------------------------------------------------------------


def test_an_interval_needs_ten_random_checks():
    for number in range(9):
        read("method", "method" if number else "dataset")
    found = accuracy.comparisons()[CUES].random
    share = found.share(found.agreed, found.told)
    assert (share.count, share.base, share.low, share.high) == (8, 9, None, None)
    read("method", "method")
    found = accuracy.comparisons()[CUES].random
    share = found.share(found.agreed, found.told)
    assert (share.count, share.base) == (9, 10)
    # By hand: centre (0.9 + 0.19207) / 1.38415, half 1.95996 sqrt(0.009 + 0.0096036) / 1.38415.
    assert (share.low, share.high) == pytest.approx((0.5959, 0.9821), abs=1e-4)
    assert (share.low, share.high) == wilson_interval(9, 10)


def test_labels_that_curators_chose_have_no_interval():
    for _each in range(20):
        read("method", "method", drawn="targeted")
    found = accuracy.comparisons()[CUES]
    assert found.every.share(20, 20).low is None
    assert found.random.share(0, 0) is None


def test_unequal_chances_are_noticed():
    for chance in (0.5, 0.5):
        context = make_context()
        make_reading(context, role="method")
        label(context, "method", drawn="random", inclusion_probability=chance)
    read("method", "dataset", drawn="targeted")
    assert not accuracy.comparisons()[CUES].random.unequal
    context = make_context()
    make_reading(context, role="dataset")
    label(context, "method", drawn="random", inclusion_probability=0.1)
    assert accuracy.comparisons()[CUES].random.unequal


# -- fields ----------------------------------------------------------------------------------


def in_field(said, truth, *fields, drawn="random"):
    context = make_context(make_citation(make_paper(fields=fields)))
    make_reading(context, role=said)
    label(context, truth, drawn=drawn)


def test_fields_count_random_checks_of_told_words_only():
    in_field("method", "method", "Botany", "Zoology")
    in_field("method", "dataset", "Botany")
    in_field("", "dataset", "Botany")
    in_field("method", "method", "Botany", drawn="targeted")
    in_field("method", "method")
    assert accuracy.by_field() == {CUES: ([("Botany", 1, 2), ("Zoology", 1, 1)], 2)}


def test_the_twenty_fields_with_most_checks_are_given():
    for number in range(21):
        in_field("method", "method", f"Field {number:02}")
    in_field("method", "method", "Field 20")
    [(lines, fields)] = accuracy.by_field().values()
    assert fields == 21 and len(lines) == 20
    assert lines[0] == ("Field 20", 2, 2)
    assert "Field 19" not in [line.name for line in lines]


# -- curators ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # Observed (20 + 15) / 50 = .7, by chance .5 × .6 + .5 × .4 = .5.
        ({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}, 0.4),
        ({("a", "a"): 3, ("b", "b"): 1}, 1.0),
        ({("a", "b"): 1, ("b", "a"): 1}, -1.0),
        ({("a", "b"): 5}, 0.0),
        ({("a", "a"): 5}, None),
        ({}, None),
    ],
)
def test_kappa_by_hand(table, kappa):
    assert cohens_kappa(table) == (kappa if kappa is None else pytest.approx(kappa))


def test_curators_are_compared_on_the_sentences_that_two_of_them_labelled():
    ann, bo = make_curator("ann"), make_curator("bo")
    pairs = [("method", "method")] * 2 + [("method", "dataset")] + [("dataset", "dataset")]
    for number, (first, second) in enumerate(pairs):
        context = make_context()
        # Who came first does not matter: rows are Ann's.
        label(context, first, curator=ann, minutes=number % 2)
        label(context, second, curator=bo, minutes=1 - number % 2)
    label(make_context(), "method", curator=ann)
    twice = make_context()
    label(twice, "method", curator=ann)
    label(twice, "dataset", curator=ann, minutes=1)
    erased = make_context()
    label(erased, "method", curator=None)
    label(erased, "dataset", curator=bo)
    found = accuracy.comparisons()[BETWEEN].every
    assert found.cells == {("method", "method"): 2, ("method", "dataset"): 1, ("dataset", "dataset"): 1}
    # Observed 3/4; by chance (3 × 2 + 1 × 2) / 16 = 1/2.
    assert found.kappa() == pytest.approx(0.5)


def test_of_three_curators_the_two_newest_words_are_compared():
    context = make_context()
    for minutes, (name, value) in enumerate([("ann", "dataset"), ("bo", "method"), ("cy", "evidence")]):
        label(context, value, curator=make_curator(name), minutes=minutes)
    assert cells(BETWEEN) == {("method", "evidence"): 1}


# -- the sentences behind a count -----------------------------------------------------------------


def test_each_cell_finds_as_many_as_it_counts():
    ann, bo = make_curator("ann"), make_curator("bo")
    for said, truth, drawn in [
        ("method", "method", "random"),
        ("method", "dataset", "random"),
        ("method", "dataset", "targeted"),
        ("", "dataset", "random"),
    ]:
        context = read(said, truth, drawn=drawn, polarity="disputes" if said else "")
        make_assertion(context, value="background", scheme="acl-arc")
        label(context, "neutral", curator=ann)
        label(context, "supports", curator=bo)
    comparisons = accuracy.comparisons()
    assert len(comparisons) == 4
    for key, comparison in comparisons.items():
        for drawn, matrix in (("", comparison.every), ("random", comparison.random)):
            asked = {**key._asdict(), "drawn": drawn}
            for (said, truth), n in matrix.cells.items():
                cell = {**asked, "said": said, "truth": truth}
                assert accuracy.count_found(cell) == len(accuracy.found(cell)) == n
            assert accuracy.count_found({**asked, "agree": "yes"}) == matrix.agreed
            assert accuracy.count_found({**asked, "agree": "both"}) == matrix.told
            assert accuracy.count_found({**asked, "agree": "no"}) == matrix.told - matrix.agreed
            assert accuracy.count_found({**asked, "said": UNTOLD}) == matrix.untold


def test_without_a_word_asked_for_all_disagreements_with_curators_are_found():
    right, wrong = read("method", "method"), read("method", "dataset")
    read("", "dataset")
    label(right, "method", curator=make_curator("ann"))
    label(right, "dataset", curator=make_curator("bo"), minutes=-5)
    assert [one.context_id for one in accuracy.found({})] == [wrong.pk]
    assert accuracy.count_found({"drawn": "chosen"}) == 0
    assert accuracy.count_found({"source": "curator"}) == 1


def test_pages_of_the_list_meet_without_gap_or_double():
    contexts = [read("method", "dataset").pk for _each in range(5)]
    seen = [one.context_id for begin in (0, 2, 4) for one in accuracy.found({}, begin=begin, most=2)]
    assert seen == sorted(contexts, reverse=True)


def test_counting_takes_one_query_each_whatever_there_is(django_assert_num_queries):
    for version in ("cues-1", "cues-2", "cues-3"):
        read("method", "dataset", version=version)
    for asked in (accuracy.comparisons, accuracy.by_field, accuracy.newest_checks, accuracy.versions_in_use):
        with django_assert_num_queries(1):
            asked()
    assert accuracy.versions_in_use() == ["cues-1", "cues-2", "cues-3"]
