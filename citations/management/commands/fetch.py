"""``manage.py fetch``: papers, those that cite them, their references, from live services."""

from dataclasses import dataclass, field

from django.conf import settings
from django.core.management.base import CommandError

from citations.ingest import ingest_records
from citations.management.importing import ImportCommand, positive
from papers import importers, live
from papers.identifiers import canonical, display, parse_identifier
from papers.models import Paper
from papers.records import Problem, UnreadableFile

HEADINGS = (
    "source",
    "asked",
    "from disk",
    "citing",
    "stated",
    "references",
    "stated",
    "citations",
    "contexts",
)


@dataclass
class Row:
    """What one source gave for one paper."""

    paper: str
    source: str
    asked: int = 0
    from_disk: int = 0
    tally: live.Tally = field(default_factory=live.Tally)
    citations_created: int = 0
    contexts_created: int = 0
    problem: str = ""

    def cells(self):
        """The row of the table, as text, in the order of HEADINGS."""
        citing, references = self.tally.citing, self.tally.references
        numbers = (self.asked, self.from_disk, citing.received, citing.stated, references.received)
        numbers += (references.stated, self.citations_created, self.contexts_created)
        return [self.source, *("–" if number is None else f"{number:,}" for number in numbers)]

    def as_json(self):
        """The row as ``--json`` prints it; null is what a source does not give or state."""
        return {
            "paper": self.paper,
            "source": self.source,
            "asked": self.asked,
            "from_disk": self.from_disk,
            "citing_received": self.tally.citing.received,
            "citing_stated": self.tally.citing.stated,
            "references_received": self.tally.references.received,
            "references_stated": self.tally.references.stated,
            "citations_created": self.citations_created,
            "contexts_created": self.contexts_created,
            "problem": self.problem,
        }


class Command(ImportCommand):
    help = "Bring papers, the papers that cite them and their references from live services."
    kept = "What was received is kept"

    def add_arguments(self, parser):
        parser.add_argument("identifiers", nargs="+", metavar="IDENTIFIER", help="a DOI, arXiv id, address …")
        parser.add_argument(
            "--source", action="append", choices=list(live.SOURCES), help="ask this one only (repeatable)"
        )
        parser.add_argument(
            "--limit", type=positive, metavar="N", help="at most N citing papers of each paper and source"
        )
        parser.add_argument("--fresh", action="store_true", help="ask again for what is kept on disk")
        super().add_arguments(parser)

    def handle(self, *, identifiers, **options):
        self.options = options
        self.known = {}  # what was typed -> the identifiers of that paper, as far as they are known
        for typed in identifiers:
            parsed = parse_identifier(typed)
            if parsed is None:
                raise CommandError(f"{typed!r} is not an identifier that is known here", returncode=2)
            self.known.setdefault(display(*parsed), canonical(dict([parsed])))
        self.rows = []
        self.down = {}  # name of a source -> why it is not asked any more
        try:
            settings.FETCHED_FOLDER.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(
                f"answers cannot be kept in {settings.FETCHED_FOLDER} ({error.strerror}): set FETCHED_FOLDER",
                returncode=2,
            ) from error
        self.carry_out(paths=list(self.known), options=self._plain_options())
        skipped, failed = self.outcome.counts["skipped"], sum(bool(row.problem) for row in self.rows)
        if not self.outcome.counts["records"]:
            raise CommandError("nothing could be read", returncode=2)
        if skipped or failed:
            raise CommandError(
                f"{skipped} records were skipped, {failed} questions to sources failed, see above",
                returncode=1,
            )

    # -- the run -------------------------------------------------------------------------

    def work(self):
        if not settings.CONTACT_EMAIL:
            self.stderr.write("note: CONTACT_EMAIL is not set: services serve those better who say who asks")
        with live.Client(
            settings.FETCHED_FOLDER,
            contact=settings.CONTACT_EMAIL,
            days=settings.FETCHED_DAYS,
            fresh=self.options["fresh"],
            on_wait=self.stderr.write,
        ) as client:
            for paper in self.known:
                self._paper(client, paper)

    def is_incomplete(self):
        return super().is_incomplete() or any(row.problem for row in self.rows)

    def _paper(self, client, paper):
        """Ask each source, first those that know one of the paper's identifiers: they may tell of others."""
        chosen = self.options["source"] or live.SOURCES
        waiting = [source for source in live.SOURCES.values() if source.name in chosen]
        while source := next((source for source in waiting if source.address(self.known[paper])), None):
            waiting.remove(source)
            self._source(client, source, Row(paper, source.name))
        for source in waiting:
            row = Row(paper, source.name)
            self.rows.append(row)
            self._fail(row, "it knows papers by none of the identifiers that are known of this one")

    def _source(self, client, source, row):
        self.rows.append(row)
        if source.name in self.down:
            self._fail(row, f"not asked again: {self.down[source.name]}")
            return
        name = source.name.replace("-", "_").upper()
        service = source.service(getattr(settings, f"{name}_URL"), getattr(settings, f"{name}_API_KEY"))
        asked, kept = client.asked[source.name], client.kept[source.name]
        counts = self.outcome.counts
        citations, contexts = counts["citations_created"], counts["contexts_created"]
        known = self.known[row.paper]
        try:
            for page in source.pages(client, service, known, row.tally, self.options["limit"]):
                # What was typed stays first: it is what the next source is asked for.
                self.known[row.paper] = {**known, **page.about, **known}
                self._ingest(page)
        except live.SourceDown as error:
            self.down[source.name] = str(error)
            self._fail(row, str(error))
        except (live.SourceError, UnreadableFile) as error:
            self._fail(row, str(error))
        finally:
            row.asked, row.from_disk = client.asked[source.name] - asked, client.kept[source.name] - kept
            row.citations_created = counts["citations_created"] - citations
            row.contexts_created = counts["contexts_created"] - contexts

    def _ingest(self, page):
        def on_batch(outcome):
            self.progress.update(outcome.counts["records"])
            self.come_to({"file": str(page.path), "records": outcome.counts["records"]})

        ingest_records(
            importers.read(page.path, format=page.format, about=page.about),
            source=page.format,
            run=self.run.pk,
            locator=page.path.name,
            outcome=self.outcome,
            on_problem=lambda _name, problem: self.report(page.path, problem),
            on_batch=on_batch,
        )

    # -- what is said --------------------------------------------------------------------

    def _fail(self, row, reason):
        row.problem = reason
        self.report(f"{row.source}: {row.paper}", Problem(reason, skipped=True))

    def tell_more(self):
        for row in self.rows:
            for what, count in (("citing papers", row.tally.citing), ("references", row.tally.references)):
                if difference := count.difference():
                    self.stderr.write(f"{row.source}: {row.paper}: {what}: {difference}")
        hubs = {paper: self._hub(known) for paper, known in self.known.items()}
        for paper, hub in hubs.items():
            self.say(f"\n{paper}")
            for line in _table([row.cells() for row in self.rows if row.paper == paper]):
                self.say(line)
            self.say(f"{hub or 'The library holds no paper with this identifier.'}\n")
        return {"sources": [row.as_json() for row in self.rows], "hubs": hubs}

    def _hub(self, known):
        """The address of the paper's page, None where the library does not hold it."""
        for scheme, value in known.items():
            if paper := Paper.objects.by_identifier(scheme, value).first():
                return f"{settings.PUBLIC_URL}{paper.get_absolute_url()}"
        return None

    def _plain_options(self):
        names = ("source", "limit", "fresh", "no_refresh")
        return {"command": "fetch"} | {name: self.options[name] for name in names if self.options[name]}


def _table(rows):
    """The lines of a table: names to the left, numbers to the right."""
    lines = [HEADINGS, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADINGS))]
    for name, *numbers in lines:
        padded = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *padded])
