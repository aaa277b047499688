"""What machines have read: the log, readings, what is derived of them, random checks and the estimates."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from citations import assertions, classifying, curation, machine
from citations.checks import check_library
from citations.classifier.cues import CueModel
from citations.classifier.llm import BudgetReached
from citations.classifier.predictions import Prediction
from citations.classifying import classify, sentence_of, unread_by
from citations.labels import LabelSource
from citations.models import Assertion, Citation, CitationContext, HubSummary, MachineReading, StaleHub
from citations.rollups import refresh_stale
from papers import bulk
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_curator,
    make_paper,
    make_reading,
    refresh,
)

pytestmark = pytest.mark.django_db
USES = "We use the parser of (Moor, 1999) in all our experiments."


class Fixed:
    """A labeller that says the same of every sentence."""

    def __init__(self, role="method", version="fixed-1", polarity=""):
        self.version, self.asked = version, []
        self.answer = Prediction(
            role=role,
            likeliest=role or "background",
            confidence=0.8,
            probabilities={role or "background": 0.8, "evidence": 0.2},
            reasons=("we use",),
            polarity=polarity,
            polarity_probability=0.7 if polarity else 0.0,
            why_abstained="" if role else "not sure enough",
        )

    def predict(self, sentences):
        self.asked += sentences
        return [self.answer for _sentence in sentences]


def cite(paper, sentence=USES, **columns):
    return make_context(make_citation(make_paper(), paper), sentence, **columns)


@pytest.fixture
def hub():
    """A paper that twelve papers cite: ten sentences to be read, one labelled by a person, one unread."""
    paper = make_paper("Of parsers")
    for number in range(10):
        cite(paper, f"{USES} Part {number}.")
    make_assertion(cite(paper), value="dataset", source=LabelSource.DATASET)
    make_citation(make_paper(), paper)
    refresh()
    return paper


def summary(paper):
    return HubSummary.objects.get(paper=paper)


# -- classify -------------------------------------------------------------------------------------


def test_sentences_without_a_persons_label_are_read_once(hub):
    labeller = Fixed()
    assert classify(labeller) == {"read": 10, "labelled": 10, "abstained": 0, "suggested": 0}
    refresh_stale()
    row = summary(hub)
    assert row.roles == {"method": 10, "dataset": 1} and row.machine_roles == 10 and row.curated == 1
    assert row.provisional and row.model_version == "fixed-1"
    assert classify(labeller)["read"] == 0 and len(labeller.asked) == 10
    assert list(check_library()) == []


def test_an_abstention_is_in_the_log_and_neither_labelled_nor_unlabelled(hub):
    assert classify(Fixed(role=""))["abstained"] == 10
    refresh_stale()
    row = summary(hub)
    assert row.unsure == 10 and row.labelled == 1 and row.machine_roles == 0
    assert not row.provisional
    assert row.years["2015"] == {"dataset": 1, "unread": 1, "unsure": 10}
    log = Assertion.objects.filter(source=LabelSource.CLASSIFIER)
    assert set(log.values_list("value", "original_value")) == {("", "abstained")}
    assert "we use" in log.first().note and "not sure enough" in log.first().note
    assert list(check_library()) == []


def test_a_new_version_reads_again_and_the_log_keeps_the_old_word(hub):
    classify(Fixed())
    classify(Fixed(role="background", version="fixed-2"))
    refresh_stale()
    assert summary(hub).roles == {"background": 10, "dataset": 1}
    assert Assertion.objects.filter(source=LabelSource.CLASSIFIER, withdrawn_at=None).count() == 20
    assert set(MachineReading.objects.values_list("model_version", flat=True)) == {"fixed-2"}
    classify(Fixed(role="", version="fixed-3"))
    refresh_stale()
    assert summary(hub).roles == {"dataset": 1} and summary(hub).unsure == 10


def test_a_person_overrules_the_machine_and_what_it_said_stays(hub):
    classify(Fixed())
    context = CitationContext.objects.filter(role="method").first()
    curation.relabel_context(context=context, curator=make_curator(), role="extension")
    assert summary(hub).roles == {"method": 9, "extension": 1, "dataset": 1}
    assert context.machine_reading.role == "method"
    # So that checks compare with readings of one version, what a machine has read it reads again.
    assert unread_by("fixed-2").count() == 10 and unread_by("fixed-1").count() == 0


def test_a_stopped_run_leaves_whole_batches_and_the_next_goes_on(hub, monkeypatch):
    class Stopping(Fixed):
        def predict(self, sentences):
            if len(self.asked) >= 6:
                raise KeyboardInterrupt
            return super().predict(sentences)

    with pytest.raises(KeyboardInterrupt):
        classify(Stopping(), batch=3)
    assert MachineReading.objects.count() == 6 and StaleHub.objects.exists()
    labeller = Fixed()
    assert classify(labeller)["read"] == 4


def test_what_a_language_model_answered_before_it_stopped_is_written(hub):
    class Frugal(Fixed):
        def predict(self, sentences):
            raise BudgetReached("the budget is spent", super().predict(sentences)[:2])

    with pytest.raises(BudgetReached):
        classify(Frugal(), batch=5)
    assert MachineReading.objects.count() == 2


def test_the_planner_is_told_of_full_tables_before_they_are_searched_for_more_than_a_batch(hub):
    newest = list(CitationContext.objects.order_by("pk").values_list("pk", flat=True))
    for after, told in ((0, True), (newest[-3], False)):
        with CaptureQueriesContext(connection) as asked:
            classify(Fixed(version=f"after-{after}"), after=after, batch=4)
        analysed = [query["sql"] for query in asked if query["sql"].startswith("ANALYZE")]
        assert bool(analysed) == told, (after, analysed)
        assert not told or any("citations_citationcontext" in statement for statement in analysed)


def test_limits_keys_and_suppressed_or_withdrawn_text(hub):
    first, second, third = CitationContext.objects.order_by("pk")[:3]
    first.passage.suppressed_at = timezone.now()
    first.passage.save()
    CitationContext.objects.filter(pk=second.pk).update(withdrawn_at=timezone.now())
    assert classify(Fixed(), limit=1)["read"] == 1
    assert MachineReading.objects.get().context_id == third.pk
    assert classify(Fixed(), after=CitationContext.objects.order_by("-pk")[3].pk)["read"] == 2


def test_what_the_labeller_gets_is_the_sentence_with_its_mark():
    context = cite(make_paper(), section="3 Methods", start=21, end=33, group_size=2)
    sentence = sentence_of(CitationContext.objects.select_related("passage").get(pk=context.pk))
    assert sentence.text[sentence.start : sentence.end] == "(Moor, 1999)"
    assert (sentence.text, sentence.section, sentence.group_size) == (USES, "3 Methods", 2)


def test_the_command_reads_and_says_who_reads(hub, capsys):
    call_command("classify", "--cues")
    said = capsys.readouterr().out
    assert "10 sentences read by machine" in said
    assert summary(hub).model_version == CueModel().version
    assert not StaleHub.objects.exists()


def test_the_command_refuses_a_file_that_is_no_model(hub, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(CommandError) as refused:
        call_command("classify", "--model", str(path))
    assert refused.value.returncode == 2 and str(path) in str(refused.value)
    with pytest.raises(CommandError) as refused:
        call_command("classify", "--llm")
    assert refused.value.returncode == 2 and "LLM_BASE_URL" in str(refused.value)


# -- polarity --------------------------------------------------------------------------------------


def test_a_suggested_polarity_counts_for_nothing_until_a_curator_confirms_it(hub):
    classify(Fixed(polarity="disputes"))
    refresh_stale()
    row = summary(hub)
    assert row.polarities == {} and row.suggested == {"disputes": 10}
    pair = Citation.objects.filter(suggested_polarity="disputes").first()
    assert pair.suggestion_probability == pytest.approx(0.7)
    curation.relabel_context(context=pair.contexts.get(), curator=make_curator(), polarity="disputes")
    row = summary(hub)
    assert row.polarities == {"disputes": 1} and row.suggested == {"disputes": 9}
    assert list(check_library()) == []


# -- random checks and estimates --------------------------------------------------------------------


def check(context, role, *, drawn=Assertion.Drawn.RANDOM, minutes=0):
    return make_assertion(
        context,
        value=role,
        source=LabelSource.CURATOR,
        drawn=drawn,
        created_at=timezone.now() + timedelta(minutes=minutes),
    )


def read_hub(size, role="method", p=0.8):
    paper = make_paper()
    contexts = [cite(paper, f"{USES} Part {number}.") for number in range(size)]
    for context in contexts:
        make_reading(context, role=role, probabilities={role: p, "background": 1 - p})
    return paper, contexts


def test_sums_are_those_of_papers_not_of_sentences():
    paper, [context, _other] = read_hub(2)
    more = make_context(context.citation, "A second sentence of the same paper (Moor, 1999).")
    make_reading(more, role="method", probabilities={"method": 0.4, "background": 0.6})
    make_assertion(cite(paper), value="dataset", source=LabelSource.DATASET)
    refresh()
    held = machine.populations([paper.pk])[paper.pk]
    assert (held["size"], held["stated"], held["version"]) == (2, {"dataset": 1}, "cues-1")
    assert held["sums"]["method"] == pytest.approx(0.6 + 0.8)
    assert held["squares"]["method"] == pytest.approx(0.36 + 0.64)
    assert summary(paper).population == held


def checks():
    """The random checks of the library, after rows were written past the functions that mark it."""
    bulk.mark_library()
    return [found for of_hub in machine.random_checks().values() for found in of_hub]


def test_only_random_labels_of_curators_are_checks():
    _paper, contexts = read_hub(6)
    check(contexts[0], "method")
    check(contexts[1], "method", drawn=Assertion.Drawn.TARGETED)
    check(contexts[2], "method").delete()
    withdrawn = check(contexts[3], "method")
    assertions.withdraw([withdrawn.pk], now=timezone.now())
    check(contexts[4], "background")
    check(contexts[4], "evidence", minutes=1)  # the newest of a pair
    make_assertion(contexts[5], value="method", source=LabelSource.DATASET, drawn=Assertion.Drawn.RANDOM)
    assert sorted(found.role for found in checks()) == ["evidence", "method"]


def test_a_correction_changes_the_truth_of_a_check_and_not_that_it_is_one():
    paper, [context, *_rest] = read_hub(3)
    check(context, "method")
    curation.relabel_context(context=context, curator=make_curator(), role="baseline")
    assert [(found.role, found.hub) for found in checks()] == [("baseline", paper.pk)]


def test_no_estimate_before_twenty_checks_and_one_from_then_on():
    paper, contexts = read_hub(40)
    for number, context in enumerate(contexts[:19]):
        check(context, "method" if number % 2 else "background")
    refresh()
    reading = machine.reading_of(summary(paper))
    assert (reading.checked, reading.estimates) == (19, [])
    check(contexts[19], "method")
    refresh()
    reading = machine.reading_of(summary(paper))
    shares = {line.role: line for line in reading.estimates}
    # mean(p) + mean(y − p): .8 + (.5 − .8)
    assert shares["method"].share == pytest.approx(0.5)
    assert shares["method"].low < 0.5 < shares["method"].high
    assert {line.checked for line in reading.estimates} == {20}
    assert sum(line.share for line in reading.estimates) == pytest.approx(1)


def test_chosen_labels_do_not_move_the_estimate():
    paper, contexts = read_hub(60)
    for context in contexts[:20]:
        check(context, "method")
    refresh()
    before = machine.reading_of(summary(paper)).estimates
    for context in contexts[20:40]:
        check(context, "extension", drawn=Assertion.Drawn.TARGETED)
    refresh()
    assert machine.reading_of(summary(paper)).estimates == before


def test_all_checked_gives_exact_counts():
    paper, contexts = read_hub(4)
    for context, role in zip(contexts, ("method", "method", "dataset", "background"), strict=True):
        check(context, role)
    refresh()
    reading = machine.reading_of(summary(paper))
    shares = {line.role: (line.share, line.low, line.basis) for line in reading.estimates if line.share}
    assert shares == {
        "method": (0.5, None, "all"),
        "dataset": (0.25, None, "all"),
        "background": (0.25, None, "all"),
    }


def test_a_library_that_no_machine_has_read_costs_one_query(hub, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert machine.populations([hub.pk]) == {}
    assert machine.reading_of(summary(hub)) is None and machine.reading_of(None) is None


def test_sentences_are_read_in_few_queries_whatever_the_batch(hub, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        assert classify(Fixed(), limit=10)["read"] == 10
    assert classifying.last_context() == CitationContext.objects.order_by("-pk").first().pk
