"""Drawing sentences to label: even where it must be, sealed, on a screen that tells nothing beforehand."""

import random
import re
from collections import Counter

import pytest
from django.contrib.auth.models import Permission
from django.core import signing
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from citations import curation, labelling, machine
from citations.checks import check_library
from citations.curation import Refused
from citations.labelled import library_examples
from citations.models import Assertion, CitationContext, HubSummary
from tests.citations.test_admin import INLINE, told
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_curator,
    make_paper,
    make_reading,
    make_staff,
    refresh,
)

pytestmark = pytest.mark.django_db

SCREEN = "admin:citations_citationcontext_labelling"
RANDOM, TARGETED = "random", "targeted"


def make_read_hub(sentences=(1, 1, 1), *, paper=None, **said):
    """A cited paper whose citing papers have so many machine-read sentences each."""
    paper = paper or make_paper()
    for number in sentences:
        pair = make_citation(cited_paper=paper)
        for _each in range(number):
            make_reading(make_context(pair), **said)
    refresh()
    return paper


@pytest.fixture
def curator():
    return make_curator()


@pytest.fixture
def desk(client, curator):
    client.force_login(curator)
    return client


def rolled(seed):
    """Dice that fall the same each time."""
    return random.Random(seed)  # noqa: S311 - chances, no secrets


def enter(drawn, curator, role="method", **said):
    """Save a label of a Draw as the screen does."""
    return labelling.save(sealed=labelling.seal(drawn, curator), curator=curator, role=role, **said)


# -- random draws ----------------------------------------------------------------------------------


def departure(counts, expected):
    """Pearson's chi-square of what was drawn against the expected shares."""
    total = counts.total()
    return sum((counts[key] - total * share) ** 2 / (total * share) for key, share in expected.items())


@pytest.mark.parametrize("way", ["library", "hub"])
def test_each_pair_is_drawn_as_often_whatever_its_sentences(curator, way):
    hub = make_read_hub([1, 1, 2, 5, 9])
    make_context(make_citation(cited_paper=hub))  # nobody has read it
    contexts = list(CitationContext.objects.filter(machine_reading__isnull=False))
    held = Counter(row.citation_id for row in contexts)
    dice = rolled(7)
    draws = {
        "library": lambda: labelling._by_keys(labelling.unchecked(), dice),
        "hub": lambda: labelling._at_random(hub, [], dice),
    }
    pair_of = {row.pk: row.citation_id for row in contexts}
    drawn = Counter(draws[way]() for _each in range(600))
    # 99.9 % points of chi-square with 4 and 17 degrees of freedom.
    assert departure(Counter(pair_of[key] for key in drawn.elements()), {p: 1 / 5 for p in held}) < 18.47
    assert departure(drawn, {key: 1 / 5 / held[pair] for key, pair in pair_of.items()}) < 40.79


def test_the_test_of_evenness_notices_a_draw_of_sentences():
    hub = make_read_hub([1, 1, 2, 5, 9])
    rows = list(CitationContext.objects.values_list("citation", flat=True))
    dice = rolled(7)
    drawn = Counter(dice.choice(rows) for _each in range(600))
    assert departure(drawn, dict.fromkeys(hub.incoming_citations.values_list("pk", flat=True), 1 / 5)) > 100


def test_a_checked_pair_is_not_drawn_again_and_the_last_draw_finds_nothing(curator):
    hub = make_read_hub([2, 2])
    seen = set()
    for _each in range(2):
        key = labelling._at_random(hub, [], rolled(1))
        drawn = labelling.Draw(labelling._for_screen(key), Assertion.Drawn.RANDOM)
        seen.add(drawn.context.citation_id)
        enter(drawn, curator)
    assert len(seen) == 2
    assert labelling._at_random(hub, [], rolled(1)) is None
    assert labelling._at_random(None, [], rolled(1)) is None


def test_where_keys_find_nothing_the_pairs_are_gone_through(monkeypatch):
    hub = make_read_hub([2, 1, 1])
    monkeypatch.setattr(labelling, "ROUNDS", ())
    monkeypatch.setattr(labelling, "PAIRS_AT_FIRST", 1)
    dice = rolled(3)
    drawn = {labelling._at_random(None, [], dice) for _each in range(40)}
    assert drawn == set(CitationContext.objects.values_list("pk", flat=True))
    last = CitationContext.objects.latest("pk")
    kept_out = list(CitationContext.objects.exclude(pk=last.pk).values_list("pk", flat=True))
    assert labelling._at_random(hub, kept_out, dice) == last.pk


def test_a_sentence_that_a_curator_chose_to_label_stays_in_the_frame(curator):
    hub = make_read_hub([1])
    context = CitationContext.objects.get()
    curation.relabel_context(context=context, curator=curator, role="dataset")
    assert machine.random_checks().get(hub.pk, []) == []
    assert labelling._at_random(hub, [], rolled(1)) == context.pk


def test_a_check_in_force_is_what_counts(curator):
    hub = make_read_hub([1])
    saved = enter(labelling.draw(hub=hub, curator=curator), curator)
    assert not labelling.unchecked(hub).exists()
    labelling.undo(assertion_ids=[row.pk for row in saved.assertions], curator=curator)
    assert labelling.unchecked(hub).exists()


def test_only_this_hub_is_drawn_from_where_one_is_named(curator):
    make_read_hub([1] * 5)
    hub = make_read_hub([1, 1])
    for _each in range(4):
        drawn = labelling.draw(hub=hub, curator=curator)
        if drawn is None:
            break
        assert drawn.context.citation.cited_paper_id == hub.pk
        enter(drawn, curator)
    assert Assertion.objects.by_curators().count() == 4 or drawn is None


@pytest.mark.parametrize("what", ["suppressed", "withdrawn", "pair withdrawn", "unread"])
def test_what_may_not_be_shown_is_never_drawn(curator, what):
    hub = make_read_hub([1]) if what != "unread" else make_paper()
    if what == "unread":
        make_context(make_citation(cited_paper=hub))
    context = CitationContext.objects.get()
    row = {"suppressed": context.passage, "withdrawn": context, "pair withdrawn": context.citation}.get(what)
    if row:
        setattr(row, "suppressed_at" if what == "suppressed" else "withdrawn_at", timezone.now())
        row.save()
    refresh()
    for kind in (labelling._at_random, labelling._by_effect):
        for scope in (hub, None):
            assert kind(scope, [], rolled(1)) is None


# -- the other half --------------------------------------------------------------------------------


def test_the_chosen_half_takes_the_least_sure_and_no_sentence_that_a_person_has_labelled(curator):
    hub = make_paper()
    rows = [make_context(make_citation(cited_paper=hub)) for _each in range(labelling.LEAST_SURE + 3)]
    sure, unsure, labelled, *abstained = rows
    make_reading(sure, role="method", probabilities={"method": 0.9, "background": 0.1})
    make_reading(unsure, role="method", probabilities={"method": 0.55, "background": 0.45})
    for row in (labelled, *abstained):
        make_reading(row)
    make_assertion(labelled, value="method", source="dataset")
    refresh()
    drawn = {labelling._by_effect(hub, [], rolled(seed)) for seed in range(200)}
    assert drawn == {row.pk for row in abstained}
    keys = [row.pk for row in abstained]
    assert labelling._by_effect(hub, keys[1:], rolled(1)) in {keys[0], unsure.pk, sure.pk}
    left = {labelling._by_effect(hub, [*keys, sure.pk], rolled(seed)) for seed in range(9)}
    assert left == {unsure.pk}


def test_hubs_take_turns_in_proportion_to_what_the_machine_alone_has_read(curator):
    large, small = make_read_hub([1] * 12), make_read_hub([1] * 4)
    given = Counter()
    for _each in range(8):
        key = labelling._by_effect(None, [], rolled(3))
        context = labelling._for_screen(key)
        curation.relabel_context(context=context, curator=curator, role="method")
        given[context.citation.cited_paper_id] += 1
    assert given == {large.pk: 6, small.pk: 2}


def test_random_and_chosen_sentences_come_in_turn(curator):
    hub = make_read_hub([1] * 12)
    kinds = []
    for _each in range(8):
        drawn = labelling.draw(hub=hub, curator=curator)
        kinds.append(drawn.drawn)
        enter(drawn, curator)
    assert kinds == [RANDOM, TARGETED] * 4
    other = make_curator("another")
    assert labelling.draw(hub=hub, curator=other).drawn == RANDOM


def test_where_one_kind_has_nothing_left_the_other_goes_on(curator):
    hub = make_read_hub([1] * 3)
    kinds = []
    while drawn := labelling.draw(hub=hub, curator=curator):
        kinds.append(drawn.drawn)
        enter(drawn, curator)
    # Every pair is checked at random in the end; a sentence that has a person's role is not chosen.
    assert kinds.count(RANDOM) == 3 and labelling.draw(curator=curator) is None


def test_what_was_skipped_stays_out_with_its_pair_for_this_curator_only(curator):
    hub = make_read_hub([3, 1])
    first, *_others, last = CitationContext.objects.order_by("pk")
    for seed in range(20):
        assert labelling._at_random(hub, [first.pk], rolled(seed)) == last.pk
        assert labelling._at_random(None, [first.pk], rolled(seed)) == last.pk
    assert labelling.unchecked(hub).count() == 4
    assert not Assertion.objects.by_curators().exists()


# -- saving and undoing ----------------------------------------------------------------------------


def test_a_random_label_is_a_check_and_no_training_and_a_chosen_one_the_reverse(curator):
    hub = make_read_hub([1, 1], role="background")
    at_random = enter(labelling.draw(hub=hub, curator=curator), curator, role="method", polarity="supports")
    assert at_random.draw.drawn == RANDOM
    assert {row.drawn for row in at_random.assertions} == {RANDOM}
    assert {row.inclusion_probability for row in at_random.assertions} == {None}
    [check] = machine.random_checks()[hub.pk]
    assert (check.role, check.inclusion, check.hub) == ("method", None, hub.pk)
    assert list(library_examples()) == []
    # One of the two is checked: the sentence that is chosen next is the other.
    chosen = enter(labelling.draw(hub=hub, curator=curator), curator, role="dataset")
    assert chosen.draw.drawn == TARGETED
    assert len(machine.random_checks()[hub.pk]) == 1
    assert [example.role for example in library_examples()] == ["dataset"]
    assert HubSummary.objects.get(paper=hub).roles == {"method": 1, "dataset": 1}
    assert list(check_library()) == []


def test_undoing_takes_both_words_back_and_shows_the_sentence_again_as_it_was_drawn(curator):
    hub = make_read_hub([1], role="background")
    saved = enter(labelling.draw(hub=hub, curator=curator), curator, polarity="disputes")
    again = labelling.undo(assertion_ids=[row.pk for row in saved.assertions], curator=curator)
    assert again.context == saved.draw.context and again.drawn == RANDOM
    assert not Assertion.objects.by_curators().exists()
    assert Assertion.objects.filter(source="curator", withdrawn_at__isnull=False).count() == 2
    assert HubSummary.objects.get(paper=hub).roles == {"background": 1}
    with pytest.raises(Refused, match="already"):
        labelling.undo(assertion_ids=[row.pk for row in saved.assertions], curator=curator)
    enter(again, curator, role="dataset")
    assert [check.role for check in machine.random_checks()[hub.pk]] == ["dataset"]


def test_nobody_undoes_the_label_of_another(curator):
    make_read_hub([1])
    saved = enter(labelling.draw(curator=curator), curator)
    with pytest.raises(Refused, match="nothing of yours"):
        labelling.undo(assertion_ids=[row.pk for row in saved.assertions], curator=make_curator("another"))
    assert Assertion.objects.by_curators().exists()


def test_an_undoing_is_whole_or_not_done(curator):
    make_read_hub([1])
    saved = enter(labelling.draw(curator=curator), curator, polarity="supports")
    role, polarity = saved.assertions
    curation.withdraw_label(assertion=polarity, curator=curator)
    with pytest.raises(Refused, match="already"):
        labelling.undo(assertion_ids=[role.pk, polarity.pk], curator=curator)
    role.refresh_from_db()
    assert role.withdrawn_at is None


# -- the seal --------------------------------------------------------------------------------------


def forged(sealed, curator):
    said = signing.loads(sealed, salt=labelling.SALT)
    return signing.dumps({**said, "drawn": RANDOM}, salt=labelling.SALT, key="not the key of this site")


def of_another(sealed, curator):
    said = signing.loads(sealed, salt=labelling.SALT)
    return signing.dumps({**said, "curator": curator.pk + 1}, salt=labelling.SALT)


SEALS = [
    (lambda sealed, curator: "", "not made by"),
    (lambda sealed, curator: "nonsense", "not made by"),
    (lambda sealed, curator: sealed[:-1] + ("a" if sealed[-1] != "a" else "b"), "not made by"),
    (forged, "not made by"),
    (of_another, "another login"),
]


@pytest.mark.parametrize(("change", "message"), SEALS)
def test_a_seal_that_is_not_the_screens_is_refused_and_nothing_is_written(desk, curator, change, message):
    make_read_hub([1])
    sealed = desk.get(reverse(SCREEN)).context["sealed"]
    data = {"act": "save", "sealed": change(sealed, curator), "role": "method"}
    assert message in told(desk.post(reverse(SCREEN), data, follow=True))
    assert not Assertion.objects.filter(source="curator").exists()


def test_an_old_seal_is_refused_and_the_sentence_is_still_there(desk, monkeypatch):
    make_read_hub([1, 1, 1])
    response = desk.get(reverse(SCREEN))
    monkeypatch.setattr(labelling.unseal, "__kwdefaults__", {"seconds": -1})
    data = {"act": "save", "sealed": response.context["sealed"], "role": "method"}
    later = desk.post(reverse(SCREEN), data, follow=True)
    assert "too long" in told(later)
    assert later.context["context"] == response.context["context"]
    assert not Assertion.objects.filter(source="curator").exists()


def test_a_form_sent_twice_is_saved_once(desk):
    make_read_hub([1, 1])
    sealed = desk.get(reverse(SCREEN)).context["sealed"]
    for expected in ("Saved: method", "already"):
        response = desk.post(
            reverse(SCREEN), {"act": "save", "sealed": sealed, "role": "method"}, follow=True
        )
        assert expected in told(response)
    assert Assertion.objects.by_curators().count() == 1


def test_a_sentence_that_was_taken_down_meanwhile_is_not_labelled(desk, curator):
    make_read_hub([1])
    sealed = desk.get(reverse(SCREEN)).context["sealed"]
    passage = CitationContext.objects.get().passage
    curation.suppress_passage(passage=passage, curator=curator, reason="asked by the publisher")
    response = desk.post(reverse(SCREEN), {"act": "save", "sealed": sealed, "role": "method"}, follow=True)
    assert "taken down" in told(response)
    assert not Assertion.objects.filter(source="curator").exists()
    assert passage.text not in response.content.decode()


# -- the screen ------------------------------------------------------------------------------------


def post(client, act, response, **data):
    """Send the form of ``response`` with one of its buttons."""
    data = {"act": act, "sealed": response.context["sealed"], **data}
    return client.post(response.request["PATH_INFO"], data, follow=True)


def test_the_machines_word_and_the_kind_of_draw_are_told_after_saving_only(desk):
    make_read_hub([1, 1], role="extension", version="lr-telltale")
    for kind, other in (("at random", "chosen"), ("chosen", "at random")):
        response = desk.get(reverse(SCREEN))
        page = response.content.decode()
        before = page.partition('id="sentence"')[2].partition('class="progress"')[0]
        assert "lr-telltale" not in page
        assert before.count("extension") == 3  # the choice, its value, and its meaning
        assert kind not in before and other not in before
        said = told(post(desk, "save", response, role="method", polarity="neutral"))
        assert "Saved: method, neutral" in said and "The machine had said extension." in said
        assert kind in said


def test_whether_the_machine_agreed_or_could_not_tell_is_said(desk):
    make_read_hub([1], role="method")
    assert "said the same" in told(post(desk, "save", desk.get(reverse(SCREEN)), role="method"))
    make_read_hub([1])
    response = post(desk, "save", desk.get(reverse(SCREEN)), role="unclear")
    assert "could not tell (likeliest: background)" in told(response) and "2 today" in told(response)


def test_the_sentence_is_shown_with_its_neighbours_and_where_it_stands(desk):
    pair = make_citation(make_paper("A later study"), make_paper("An earlier study"))
    context = make_context(pair, "As Moor (2003) has shown, grain sinks.", section="Results", start=3, end=14)
    context.passage.before, context.passage.after = "It rained.", "It stopped."
    context.passage.save()
    make_reading(context)
    refresh()
    page = desk.get(reverse(SCREEN)).content.decode()
    for words in ("<mark>Moor (2003)</mark>", "It rained.", "It stopped.", "Results"):
        assert words in page
    assert "A later study (2015)" in page and "An earlier study (2015)" in page


def test_a_reload_draws_nothing_new(desk):
    make_read_hub([1] * 30)
    shown = {desk.get(reverse(SCREEN)).context["context"].pk for _each in range(6)}
    assert len(shown) == 1


def test_skipping_shows_another_and_writes_no_label(desk):
    make_read_hub([1] * 3)
    seen = set()
    response = desk.get(reverse(SCREEN))
    for _each in range(3):
        seen.add(response.context["context"].pk)
        response = post(desk, "skip", response)
    assert len(seen) == 3 and response.context["context"] is None
    assert "Nothing is left" in response.content.decode()
    assert not Assertion.objects.filter(source="curator").exists()


def test_where_no_machine_has_read_the_screen_leads_to_what_can_be_labelled_by_hand(desk):
    context = make_context()
    refresh()
    page = desk.get(reverse(SCREEN), {"hub": context.citation.cited_paper_id}).content.decode()
    assert reverse("admin:citations_citationcontext_change", args=[context.pk]) in page
    assert "no paper has been read by a machine" in page and "0 of 0" not in page
    page = desk.get(reverse(SCREEN)).content.decode()
    assert reverse("admin:citations_citationcontext_changelist") + "?label=none" in page


def test_undoing_on_the_screen_brings_the_sentence_back_and_then_the_one_that_waited(desk, monkeypatch):
    make_read_hub([1] * 3)
    # A random draw may bring what was chosen before; here it shall not.
    fresh = labelling.unchecked().filter(context__role_source="classifier").order_by("pk")
    monkeypatch.setattr(labelling, "_at_random", lambda *_given: fresh.all().first().pk)
    first = desk.get(reverse(SCREEN))
    second = post(desk, "save", first, role="method", polarity="supports")
    third = post(desk, "save", second, role="dataset")
    back = post(desk, "undo", third)
    assert back.context["context"] == second.context["context"]
    back = post(desk, "undo", back)
    assert back.context["context"] == first.context["context"]
    assert not Assertion.objects.by_curators().exists()
    assert "nothing to take back" in told(post(desk, "undo", back))
    again = post(desk, "save", back, role="method")
    assert again.context["context"] == second.context["context"]
    assert post(desk, "save", again, role="method").context["context"] == third.context["context"]


def test_a_role_is_demanded_and_the_rest_of_the_form_is_kept(desk):
    make_read_hub([1] * 3)
    response = desk.get(reverse(SCREEN))
    page = post(desk, "save", response, polarity="supports", note="at the weir")
    assert page.status_code == 200 and page.context["context"] == response.context["context"]
    html = page.content.decode()
    assert "Choose one" in html and 'value="at the weir"' in html
    assert re.search(r'value="supports"[^>]*\schecked', html)
    assert not Assertion.objects.filter(source="curator").exists()


def test_the_numbers_say_how_far_a_hub_and_the_library_are(desk):
    hub = make_read_hub([1] * 24)
    make_read_hub([1])
    page = f"{reverse(SCREEN)}?hub={hub.pk}"
    for role in ("method", "dataset", "method"):
        sealed = desk.get(page).context["sealed"]
        desk.post(page, {"act": "save", "sealed": sealed, "role": role})
    response = desk.get(page)
    text = " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
    assert "2 of 24 machine-read papers checked at random. 18 more random checks" in text
    assert "2 random checks in 1 hub." in text
    assert "2 at random, 1 chosen; 3 by you today" in text
    counts = {
        (role.value, at_random, chosen) for role, at_random, chosen in response.context["progress"].roles
    }
    assert counts == {("method", 2, 0), ("dataset", 0, 1)}


def test_a_small_hub_needs_no_more_checks_than_it_has_papers(curator):
    hub = make_read_hub([1, 1])
    assert labelling.progress(curator=curator, hub=hub).hub_needed == 2


@pytest.mark.parametrize("hub", ["999999", "x", "-1", "9" * 40])
def test_a_hub_that_is_not_there_is_not_found(desk, hub):
    assert desk.get(reverse(SCREEN), {"hub": hub}).status_code == 404


def test_an_unknown_act_is_not_found(desk):
    assert desk.post(reverse(SCREEN), {"act": "delete"}).status_code == 404


def test_only_who_may_label_gets_the_screen_and_the_links_to_it(client):
    hub = make_read_hub([1])
    context = CitationContext.objects.get()
    pages = [
        reverse("admin:citations_citationcontext_changelist"),
        reverse("admin:citations_citationcontext_change", args=[context.pk]),
        hub.get_absolute_url(),
    ]
    reader = make_staff("reader")
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(reader)
    assert client.get(reverse(SCREEN)).status_code == 403
    assert client.post(reverse(SCREEN), {"act": "save", "role": "method"}).status_code == 403
    assert not any(reverse(SCREEN) in client.get(page).content.decode() for page in pages)
    client.force_login(make_curator())
    assert all(reverse(SCREEN) in client.get(page).content.decode() for page in pages)
    client.logout()
    assert client.get(reverse(SCREEN)).status_code == 302
    assert reverse(SCREEN) not in client.get(hub.get_absolute_url()).content.decode()


def test_the_screen_is_clean_under_the_csp_full_and_empty(desk):
    for _each in range(2):
        response = desk.get(reverse(SCREEN))
        assert response.status_code == 200 and not INLINE.search(response.content.decode())
        make_read_hub([1])


@pytest.mark.parametrize("scope", ["hub", "library"])
def test_a_screen_costs_the_same_whatever_the_hub(desk, django_assert_max_num_queries, scope):
    hub = make_read_hub([1, 3] * 15)
    page = f"{reverse(SCREEN)}?hub={hub.pk}" if scope == "hub" else reverse(SCREEN)
    with django_assert_max_num_queries(20):
        desk.get(page)


# -- the learning curve ----------------------------------------------------------------------------


@pytest.fixture
def no_curve():
    cache.delete(labelling.CURVE)
    yield
    cache.delete(labelling.CURVE)


def test_below_thirty_labels_there_is_no_curve_and_it_is_said(desk, curator, no_curve):
    make_read_hub([1, 1])
    curation.relabel_context(context=CitationContext.objects.first(), curator=curator, role="method")
    response = desk.post(reverse(SCREEN), {"act": "learn"}, follow=True)
    assert "Chosen labels so far: 1; a learning curve needs 30." in response.content.decode()


def test_the_curve_is_drawn_when_asked_for_and_kept(desk, curator, no_curve, django_assert_max_num_queries):
    pytest.importorskip("skops")
    now = timezone.now()
    for number in range(40):
        method = number % 2
        sentence = (
            f"We use the scales of Moor ({number})." if method else f"Rain was seen by Moor ({number})."
        )
        context = make_context(sentence=sentence)
        make_assertion(
            context,
            value="method" if method else "background",
            source="curator",
            drawn="targeted",
            created_at=now,
        )
    refresh()
    assert "Draw the learning curve" in desk.get(reverse(SCREEN)).content.decode()
    response = desk.post(reverse(SCREEN), {"act": "learn"}, follow=True)
    page = response.content.decode()
    assert "of the 40 chosen labels" in page and "50 more chosen labels add about 0." in page
    with django_assert_max_num_queries(1):
        curve = labelling.learnt().curve
    assert [point.labels for point in curve.points] == [0, 25, 32]
