"""``manage.py ingest``: files of any known format into the library (contract: Commands)."""

import json
import traceback
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone

from citations.ingest import Outcome, catch_up, ingest_records
from citations.models import ImportRun
from citations.progress import Progress
from papers import importers
from papers.identifiers import parse_identifier
from papers.records import PaperRecord, Problem, UnreadableFile

PROBLEMS_KEPT = 200


class Command(BaseCommand):
    help = "Read files, folders and .gz of any known format into the library."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--format", choices=sorted(importers.FORMATS), help="do not look at the content")
        parser.add_argument(
            "--about", metavar="IDENTIFIER", help="the paper that a file speaks of without naming it"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and count, but write nothing")
        parser.add_argument("--limit", type=_positive, metavar="N", help="stop after N records")
        parser.add_argument(
            "--from-start",
            action="store_true",
            help="do not go on where the same command was stopped, but read everything again",
        )
        parser.add_argument("--json", action="store_true", help="print the counts as one line of JSON")
        parser.add_argument(
            "--no-classify", action="store_true", help="leave sentences without a label unlabelled"
        )
        parser.add_argument(
            "--no-refresh", action="store_true", help="leave the hubs as they are (refresh_hubs later)"
        )

    def handle(self, *, paths, about, **options):
        self.options = options
        for path in paths:
            if not Path(path).exists():
                raise CommandError(f"{path}: no such file or folder", returncode=2)
        self.about = None
        if about:
            parsed = parse_identifier(about)
            if parsed is None:
                raise CommandError(f"--about {about!r} is not an identifier that is known here", returncode=2)
            self.about = dict([parsed])
        self.outcome = Outcome()
        self.unread = 0
        self.caught_up = None
        try:
            if options["dry_run"]:
                with transaction.atomic():
                    self._run(paths)
                    transaction.set_rollback(True)
            else:
                self._run(paths)
        except KeyboardInterrupt:
            self._say("Stopped. Whole batches are kept; the same command goes on from here.")
            self._finish(paths)
            raise SystemExit(130) from None
        except DatabaseError as error:
            self.stderr.write(traceback.format_exc())
            raise CommandError(
                f"the database refused: {error} (has 'manage.py migrate' run?)", returncode=3
            ) from error
        except Exception as error:
            self.stderr.write(traceback.format_exc())
            raise CommandError(f"{type(error).__name__}: {error}", returncode=3) from error
        self._finish(paths)
        counts = self.outcome.counts
        if not counts["records"]:
            raise CommandError("nothing could be read", returncode=2)
        if counts["skipped"] or self.unread:
            raise CommandError(
                f"{counts['skipped']} records and {self.unread} files were skipped, see above", returncode=1
            )

    # -- the run -------------------------------------------------------------------------

    def _run(self, paths):
        files = [_File(path) for path in importers.find_files(paths)]
        self.size, self.before = sum(file.size for file in files), 0
        stopped = self._stopped_run(paths)
        self.run = ImportRun.objects.create(
            paths=[str(path) for path in paths], options=self._plain_options()
        )
        state = ImportRun.State.FAILED
        try:
            with Progress("records", quiet=self.options["json"]) as self.progress:
                for file, records_done in self._left(files, stopped):
                    if self._enough():
                        break
                    self._file(file, records_done)
                    self.before += file.size
            if not self.options["no_refresh"]:
                self.caught_up = catch_up(quiet=self.options["json"])
            skipped = self.outcome.counts["skipped"] or self.unread
            state = ImportRun.State.SKIPPED_SOME if skipped else ImportRun.State.COMPLETE
        except KeyboardInterrupt:
            state = ImportRun.State.STOPPED
            raise
        finally:
            if not transaction.get_connection().needs_rollback:
                self.run.state, self.run.finished_at = state, timezone.now()
                self._save_run()

    def _stopped_run(self, paths):
        """The run of the same command that did not come to its end, if it was the last; else None."""
        if self.options["from_start"] or self.options["dry_run"] or self.options["limit"]:
            return None
        last = ImportRun.objects.filter(
            paths=[str(path) for path in paths], options=self._plain_options()
        ).first()
        unfinished = (ImportRun.State.RUNNING, ImportRun.State.STOPPED, ImportRun.State.FAILED)
        return last if last and last.state in unfinished and last.position else None

    def _left(self, files, stopped):
        """(file, how many of its records are in already) of all that a stopped run has left."""
        place = stopped.position if stopped else {}
        names = [file.name for file in files]
        reached = names.index(place["file"]) if place.get("file") in names else 0
        for number, file in enumerate(files):
            if place and file.changed_since(stopped.started_at):
                yield file, 0
            elif number == reached and place:
                self._say(
                    f"Going on after record {place['records']:,} of {file.name}, where run {stopped.pk} "
                    "stopped (--from-start reads everything again)."
                )
                yield file, place["records"]
            elif number >= reached:
                yield file, 0
            else:
                self.before += file.size

    def _file(self, file, records_done):
        before, place = self.outcome.counts["records"], importers.Place()

        def on_batch(outcome):
            done = outcome.counts["records"]
            share = (self.before + place.bytes) / self.size if self.size else None
            self.progress.update(done, share=share)
            self.run.position = {"file": file.name, "records": records_done + done - before}
            self._save_run()

        try:
            name = importers.identify(file.path, format=self.options["format"], about=self.about)
            items = importers.read(file.path, format=name, about=self.about, place=place)
            ingest_records(
                self._limited(_after(items, records_done)),
                source=name,
                run=self.run.pk,
                locator=file.path.name,
                outcome=self.outcome,
                on_problem=lambda _name, problem: self._report(file.path, problem),
                on_batch=on_batch,
            )
        except UnreadableFile as error:
            self.unread += 1
            self._report(file.path, Problem(str(error)))

    def _limited(self, items):
        left = (self.options["limit"] or 0) - self.outcome.counts["records"]
        for item in items:
            if self.options["limit"] and isinstance(item, PaperRecord):
                if left <= 0:
                    return
                left -= 1
            yield item

    def _enough(self):
        limit = self.options["limit"]
        return limit is not None and self.outcome.counts["records"] >= limit

    # -- what is said --------------------------------------------------------------------

    def _report(self, path, problem):
        where = f"{path}:{problem.line}" if problem.line else str(path)
        word = "skipped" if problem.skipped else "note"
        self.stderr.write(f"{where}: {word}: {problem.reason}")
        if len(self.run.problems) < PROBLEMS_KEPT:
            self.run.problems.append({"where": where, "reason": problem.reason, "skipped": problem.skipped})

    def _finish(self, _paths):
        for (scheme, value), times in self.outcome.unmapped.most_common(20):
            self.stderr.write(
                f"note: {times} labels {scheme} {value!r} are kept but not counted: no word of ours fits"
            )
        counts = self.outcome.as_json()
        self._tell_identity()
        self._say(
            "{records} records: {papers_created} papers created, {papers_updated} updated; "
            "{citations_created} citations, {contexts_created} contexts, {labels_created} labels created; "
            "{skipped} skipped, {unmatched} references unmatched.".format(**counts)
        )
        if self.options["json"]:
            self.stdout.write(json.dumps(counts))

    def _tell_identity(self):
        merged, queued = self.outcome.counts["merged"], self.outcome.counts["queued"]
        if self.caught_up:
            queued += self.caught_up.duplicates
            if self.caught_up.references:
                self._say(f"{self.caught_up.references} references that waited have found their paper.")
        if merged:
            self._say(f"{merged} papers were merged, since one record names both; each merge can be undone.")
        if queued:
            self._say(f"{queued} pairs of papers may be one: they wait for a curator.")

    def _say(self, sentence):
        (self.stderr if self.options["json"] else self.stdout).write(sentence)

    def _save_run(self):
        self.run.counts = self.outcome.as_json()
        self.run.save()

    def _plain_options(self):
        names = ("format", "dry_run", "limit", "no_classify", "no_refresh")
        plain = {name: self.options[name] for name in names if self.options[name]}
        return plain | ({"about": self.about} if self.about else {})


def _positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


class _File:
    """A file to be read: its name, its size and when it was written, 0 and None where it is not there."""

    def __init__(self, path):
        self.path, self.name = path, str(path)
        try:
            status = path.stat()
        except OSError:
            self.size, self.written = 0, None
        else:
            self.size, self.written = status.st_size, status.st_mtime

    def changed_since(self, moment):
        return self.written is None or self.written >= moment.timestamp()


def _after(items, records_done):
    """What follows the first ``records_done`` records."""
    for item in items:
        if records_done:
            records_done -= isinstance(item, PaperRecord)
        else:
            yield item
