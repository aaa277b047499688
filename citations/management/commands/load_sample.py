"""``manage.py load_sample``: the fictional sample library, and the address of its best hub."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

import citations
from citations.ingest import Outcome, catch_up, ingest_records
from citations.models import HubSummary, ImportRun
from papers import importers
from papers.models import Paper

SAMPLE = Path(citations.__file__).parent / "sample"


class Command(BaseCommand):
    help = "Load the sample library (invented papers, marked so) and print the address of its best hub."

    def handle(self, **_options):
        files = sorted(SAMPLE.glob("*.jsonl"))
        run = ImportRun.objects.create(paths=[path.name for path in files], options={"sample": True})
        outcome = Outcome()
        with transaction.atomic():
            for path in files:
                ingest_records(
                    importers.read(path),
                    source="native",
                    run=run.pk,
                    locator=path.name,
                    outcome=outcome,
                    fictional=True,
                )
            catch_up(quiet=True)
        run.state, run.finished_at = ImportRun.State.COMPLETE, timezone.now()
        run.counts = outcome.as_json()
        run.save()
        for where, problem in outcome.problems:
            if problem.skipped:
                self.stderr.write(f"{where}:{problem.line}: {problem.reason}")
        best = HubSummary.objects.filter(paper__is_fictional=True).order_by("-known").first()
        invented = Paper.objects.filter(is_fictional=True).count()
        self.stdout.write(f"The sample library: {invented} invented papers. The best hub:")
        self.stdout.write(f"{settings.PUBLIC_URL}{best.paper.get_absolute_url()}")
