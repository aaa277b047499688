"""``manage.py ingest``: files of any known format into the library (contract: Commands)."""

from contextlib import closing
from pathlib import Path

from django.core.management.base import CommandError

from citations.ingest import ingest_records
from citations.management.importing import ImportCommand, positive
from citations.models import ImportRun
from papers import ahead, importers
from papers.identifiers import parse_identifier
from papers.records import PaperRecord, Problem, UnreadableFile


class Command(ImportCommand):
    help = "Read files, folders and .gz of any known format into the library."
    kept = "Whole batches are kept"

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--format", choices=sorted(importers.FORMATS), help="do not look at the content")
        parser.add_argument(
            "--about", metavar="IDENTIFIER", help="the paper that a file speaks of without naming it"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and count, but write nothing")
        parser.add_argument("--limit", type=positive, metavar="N", help="stop after N records")
        parser.add_argument(
            "--from-start",
            action="store_true",
            help="do not go on where the same command was stopped, but read everything again",
        )
        super().add_arguments(parser)

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
        self.unread = 0
        self.files = [_File(path) for path in importers.find_files(paths)]
        # The same words elsewhere are another command: files are known by where they really are.
        whole = [str(Path(path).resolve()) for path in paths]
        self.stopped = self._stopped_run(whole)
        self.carry_out(
            paths=whole,
            options=self._plain_options(),
            position=self.stopped.position if self.stopped else None,
            dry_run=options["dry_run"],
        )
        counts = self.outcome.counts
        # A run that goes on may find that all was in: only its hubs were left to do.
        if not counts["records"] and not self.stopped:
            raise CommandError("nothing could be read", returncode=2)
        if counts["skipped"] or self.unread:
            raise CommandError(
                f"{counts['skipped']} records and {self.unread} files were skipped, see above", returncode=1
            )

    # -- the run -------------------------------------------------------------------------

    def work(self):
        self.size, self.before = sum(file.size for file in self.files), 0
        for file, records_done in self._left():
            if self._enough():
                break
            self._file(file, records_done)
            self.before += file.size

    def is_incomplete(self):
        return super().is_incomplete() or bool(self.unread)

    def _stopped_run(self, paths):
        """The run of the same command that did not come to its end, if it was the last; else None."""
        if self.options["from_start"] or self.options["dry_run"] or self.options["limit"]:
            return None
        last = ImportRun.objects.filter(paths=paths, options=self._plain_options()).first()
        unfinished = (ImportRun.State.RUNNING, ImportRun.State.STOPPED, ImportRun.State.FAILED)
        if last is None or last.state not in unfinished:
            return None
        return last if any(file.whole == last.position.get("file") for file in self.files) else None

    def _left(self):
        """(file, how many of its records are in already) of all that a stopped run has left."""
        if self.stopped is None:
            yield from ((file, 0) for file in self.files)
            return
        place, is_reached = self.stopped.position, False
        for file in self.files:
            is_here = file.whole == place["file"]
            is_reached = is_reached or is_here
            if file.changed_since(self.stopped.started_at):
                yield file, 0
            elif is_here:
                self.say(
                    f"Going on after record {place['records']:,} of {file.path}, where run {self.stopped.pk} "
                    "stopped (--from-start reads everything again)."
                )
                yield file, place["records"]
            elif is_reached:
                yield file, 0
            else:
                self.before += file.size

    def _file(self, file, records_done):
        place, counts = importers.Place(), self.outcome.counts
        before, changed = counts["records"], _changed(counts)

        def on_batch(_outcome):
            nonlocal changed
            reading.skim(changed == _changed(counts))
            done, changed = counts["records"], _changed(counts)
            self.progress.update(done, share=(self.before + place.bytes) / self.size if self.size else None)
            self.come_to({"file": file.whole, "records": records_done + done - before})

        try:
            name = importers.identify(file.path, format=self.options["format"], about=self.about)
            reading = ahead.Reading(file.path, format=name, about=self.about, place=place)
            with closing(iter(reading)) as items:
                ingest_records(
                    self._limited(_after(items, records_done)),
                    source=name,
                    run=self.run.pk,
                    locator=file.path.name,
                    outcome=self.outcome,
                    on_problem=lambda _name, problem: self.report(file.path, problem),
                    on_batch=on_batch,
                )
        except UnreadableFile as error:
            self.unread += 1
            self.report(file.path, Problem(str(error)))

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

    def _plain_options(self):
        names = ("format", "dry_run", "limit", "no_classify", "no_refresh")
        plain = {name: self.options[name] for name in names if self.options[name]}
        return plain | ({"about": self.about} if self.about else {})


class _File:
    """A file to be read: where it really is, its size, and when it was written or put there."""

    def __init__(self, path):
        self.path, self.whole = path, str(path.resolve())
        try:
            status = path.stat()
        except OSError:
            self.size, self.written = 0, None
        else:
            self.size, self.written = status.st_size, max(status.st_mtime, status.st_ctime)

    def changed_since(self, moment):
        return self.written is None or self.written >= moment.timestamp()


def _changed(counts):
    return counts["papers_created"] + counts["papers_updated"]


def _after(items, records_done):
    """What follows the first ``records_done`` records."""
    for item in items:
        if records_done:
            records_done -= isinstance(item, PaperRecord)
        else:
            yield item
