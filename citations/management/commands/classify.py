"""``manage.py classify``: sentences that nobody has labelled, read by a machine (contract: Commands)."""

import json
from contextlib import nullcontext

from django.conf import settings
from django.core.management.base import CommandError

from citations.classifier import labeller
from citations.classifier.cues import CueModel
from citations.classifier.llm import LanguageModel, Server, Stopped
from citations.classifying import SENTENCES_A_BATCH, classify, unread_by
from citations.management.ending import PromisedExits
from citations.management.importing import classified, positive
from citations.progress import Progress
from citations.rollups import refresh_stale

SENTENCES_A_BATCH_ASKED = 50  # of a language model, which may stop at any time


class Command(PromisedExits):
    help = "Have a machine read the citing sentences that it has not read and nobody has labelled."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--model", metavar="FILE", help="a trained model instead of CLASSIFIER_MODEL")
        which.add_argument(
            "--cues", action="store_true", help="the cue model, whatever CLASSIFIER_MODEL says"
        )
        which.add_argument("--llm", action="store_true", help="ask the server that LLM_BASE_URL names")
        parser.add_argument("--limit", type=positive, metavar="N", help="read at most N sentences")
        parser.add_argument("--json", action="store_true", help="print the counts as one line of JSON")
        parser.add_argument(
            "--no-refresh", action="store_true", help="leave the hubs as they are (refresh_hubs later)"
        )

    def handle(self, **options):
        self.options = options
        try:
            with self._labeller() as reader:
                self._read(reader)
        except KeyboardInterrupt:
            self._say("Stopped. Whole batches are kept; the same command goes on from here.")
            raise SystemExit(130) from None

    def _labeller(self):
        """A context manager that gives the labeller to use."""
        if self.options["llm"]:
            if not settings.LLM_BASE_URL:
                raise CommandError("LLM_BASE_URL names no server", returncode=2)
            return LanguageModel(
                Server(settings.LLM_BASE_URL, settings.LLM_MODEL, settings.LLM_API_KEY),
                most_requests=settings.LLM_BUDGET_REQUESTS,
                most_tokens=settings.LLM_BUDGET_TOKENS,
                on_wait=self.stderr.write,
            )
        if self.options["cues"]:
            return nullcontext(CueModel())
        chosen = labeller(self.options["model"] or settings.CLASSIFIER_MODEL)
        if self.options["model"] and isinstance(chosen.labeller, CueModel):
            raise CommandError(chosen.why, returncode=2)
        self._say(f"{chosen.why[:1].upper()}{chosen.why[1:]}.")
        return nullcontext(chosen.labeller)

    def _read(self, reader):
        counts, stopped = {}, None
        waiting = unread_by(reader.version).count()
        if self.options["limit"]:
            waiting = min(waiting, self.options["limit"])

        def on_batch(so_far):
            counts.update(so_far)
            progress.update(so_far["read"], share=so_far["read"] / waiting if waiting else None)

        with Progress("sentences", quiet=self.options["json"]) as progress:
            try:
                counts = classify(
                    reader,
                    limit=self.options["limit"],
                    batch=SENTENCES_A_BATCH_ASKED if self.options["llm"] else SENTENCES_A_BATCH,
                    on_batch=on_batch,
                )
            except Stopped as stop:
                stopped = stop
        if not self.options["no_refresh"]:
            with Progress("hubs", quiet=self.options["json"]) as progress:
                refresh_stale(progress=progress.update)
        self._say(classified({"read": 0, "labelled": 0, "abstained": 0, "suggested": 0, **counts}))
        if self.options["json"]:
            self.stdout.write(json.dumps({"version": reader.version, **counts}))
        if stopped:
            raise CommandError(str(stopped), returncode=1)

    def _say(self, sentence):
        (self.stderr if self.options["json"] else self.stdout).write(sentence)
