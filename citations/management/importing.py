"""What the commands that import share: the run they note, what they say, how they end."""

import json
from abc import ABC, abstractmethod

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from citations.classifier import labeller
from citations.classifying import classify, last_context
from citations.ingest import Outcome, catch_up
from citations.management.ending import PromisedExits
from citations.models import ImportRun
from citations.progress import Progress

PROBLEMS_KEPT = 200
UNMAPPED_NAMED = 20


class ImportCommand(PromisedExits, ABC):
    """A command that takes records in.

    A subclass calls ``carry_out`` and says in ``work`` what is read, in ``is_incomplete`` whether
    something of it was left out, in ``tell_more`` what it has to say beyond the counts. It finds
    ``outcome``, ``run``, ``progress`` and ``options`` here.
    """

    kept = ""  # what a stopped run leaves, for the sentence that says so

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print the counts as one line of JSON")
        parser.add_argument(
            "--no-classify", action="store_true", help="leave sentences without a label unlabelled"
        )
        parser.add_argument(
            "--no-refresh", action="store_true", help="leave the hubs as they are (refresh_hubs later)"
        )

    @abstractmethod
    def work(self):
        """Read what there is to read into ``outcome``."""

    def is_incomplete(self):
        return bool(self.outcome.counts["skipped"])

    def tell_more(self):
        """What stands before the counts; returns what ``--json`` prints beside them."""
        return {}

    def carry_out(self, *, paths, options, position=None, dry_run=False):
        """Do ``work`` as one ImportRun and say what came of it. Exits with 130 when stopped.

        ``position`` is where an earlier run of the same command came to.
        """
        self.outcome, self.caught_up, self.read_by_machine = Outcome(), None, None
        self.run = ImportRun(paths=paths, options=options, position=position or {})
        # Sentences with a larger key are new; a run that goes on has those of the stopped one to read too.
        self.contexts_before = self.run.position.setdefault("contexts_before", last_context())
        try:
            if dry_run:
                with transaction.atomic():
                    self._noted()
                    transaction.set_rollback(True)
            else:
                self._noted()
        except KeyboardInterrupt:
            self.say(f"Stopped. {self.kept}; the same command goes on from here.")
            self._tell()
            raise SystemExit(130) from None
        self._tell()

    def _noted(self):
        self.run.save()
        state = ImportRun.State.FAILED
        try:
            with Progress("records", quiet=self.options["json"]) as self.progress:
                self.work()
            if not self.options["no_classify"] and not self.options.get("dry_run"):
                self._classify()
            if not self.options["no_refresh"]:
                self.caught_up = catch_up(quiet=self.options["json"])
            state = ImportRun.State.SKIPPED_SOME if self.is_incomplete() else ImportRun.State.COMPLETE
        except KeyboardInterrupt:
            state = ImportRun.State.STOPPED
            raise
        finally:
            if not transaction.get_connection().needs_rollback:
                self.run.state, self.run.finished_at = state, timezone.now()
                self.save_run()

    def come_to(self, position):
        """Note the place that the run has come to."""
        self.run.position = {**position, "contexts_before": self.contexts_before}
        self.save_run()

    def save_run(self):
        self.run.counts = self.outcome.as_json()
        self.run.save()

    def _classify(self):
        """Have the labeller of this installation read the sentences that the run has brought."""
        chosen = labeller(settings.CLASSIFIER_MODEL)
        with Progress("sentences read", quiet=self.options["json"]) as progress:
            self.read_by_machine = classify(
                chosen.labeller,
                after=self.contexts_before,
                on_batch=lambda counts: progress.update(counts["read"]),
            )

    # -- what is said --------------------------------------------------------------------

    def say(self, sentence):
        (self.stderr if self.options["json"] else self.stdout).write(sentence)

    def report(self, where, problem):
        """Name a problem with its place, on the terminal and in the run."""
        where = f"{where}:{problem.line}" if problem.line else str(where)
        word = "skipped" if problem.skipped else "note"
        self.stderr.write(f"{where}: {word}: {problem.reason}")
        if len(self.run.problems) < PROBLEMS_KEPT:
            self.run.problems.append({"where": where, "reason": problem.reason, "skipped": problem.skipped})

    def _tell(self):
        unmapped = self.outcome.unmapped.most_common()
        for (scheme, value), times in unmapped[:UNMAPPED_NAMED]:
            self.stderr.write(
                f"note: {times} labels {scheme} {value!r} are kept but not counted: no word of ours fits"
            )
        if others := unmapped[UNMAPPED_NAMED:]:
            labels = sum(times for _value, times in others)
            self.stderr.write(f"note: so are {labels} labels of {len(others)} other values")
        more = self.tell_more()
        self._tell_identity()
        counts = self.outcome.as_json()
        self.say(
            "{records} records: {papers_created} papers created, {papers_updated} updated; "
            "{citations_created} citations, {contexts_created} contexts, {labels_created} labels created; "
            "{skipped} skipped, {unmatched} references unmatched.".format(**counts)
        )
        if self.read_by_machine and self.read_by_machine["read"]:
            self.say(classified(self.read_by_machine))
        if self.options["json"]:
            self.stdout.write(json.dumps({**counts, **more}))

    def _tell_identity(self):
        merged, queued = self.outcome.counts["merged"], self.outcome.counts["queued"]
        if self.caught_up:
            queued += self.caught_up.duplicates
            if self.caught_up.references:
                self.say(f"{self.caught_up.references} references that waited have found their paper.")
        if merged:
            self.say(f"{merged} papers were merged, since one record names both; each merge can be undone.")
        if queued:
            self.say(f"{queued} pairs of papers may be one: they wait for a curator.")


def classified(counts):
    """The sentence about what a labeller has done."""
    return (
        "{read} sentences read by machine: {labelled} labelled, {abstained} untold; "
        "a polarity is suggested for {suggested}.".format(**counts)
    )


def positive(text):
    """An argument that is a whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number
