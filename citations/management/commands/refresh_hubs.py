"""``manage.py refresh_hubs``: recompute what is derived."""

from django.core.management.base import BaseCommand

from citations.ingest import catch_up
from citations.rollups import refresh_all, refresh_stale


class Command(BaseCommand):
    help = "Recompute the hubs that imports and curators have touched; with --all everything derived."

    def add_arguments(self, parser):
        parser.add_argument(
            "--all", action="store_true", help="rederive every pair and every hub from the evidence"
        )

    def handle(self, **options):
        done = catch_up(refresh=refresh_all if options["all"] else refresh_stale)
        self.stdout.write(f"{done.hubs} hubs refreshed.")
