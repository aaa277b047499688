"""``manage.py refresh_hubs``: recompute what is derived."""

from django.core.management.base import BaseCommand

from citations.ingest import catch_up
from citations.rollups import refresh_all, refresh_everything, refresh_stale


class Command(BaseCommand):
    help = "Recompute the hubs that imports and curators have touched; with --all every hub."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--all", action="store_true", help="recompute every hub from the pair rows")
        which.add_argument(
            "--evidence",
            action="store_true",
            help="rederive every pair from sentences and labels first: for rules that changed",
        )

    def handle(self, **options):
        refresh = (
            refresh_everything if options["evidence"] else refresh_all if options["all"] else refresh_stale
        )
        done = catch_up(refresh=refresh)
        self.stdout.write(f"{done.hubs} hubs refreshed.")
