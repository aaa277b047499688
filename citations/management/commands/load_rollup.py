"""``manage.py load_rollup``: hubs that were computed from a snapshot, into the library."""

from django.core.management.base import CommandError

from citations.management.batch import BatchCommand
from citations.progress import Progress


class Command(BatchCommand):
    help = "Write the summaries and co-cited works of a rollup, if nobody has written since its snapshot."
    stopped = "Whole chunks are kept; the same command goes on, if nobody else writes meanwhile."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", help="a folder made by `rollup`")

    def carry_out(self, *, folder, **_options):
        from citations.batch.loading import Outdated, load_rollup

        try:
            with Progress("hubs") as progress:
                hubs = load_rollup(folder, progress=progress.update)
        except Outdated as outdated:
            raise CommandError(str(outdated), returncode=1) from outdated
        self.stdout.write(f"{hubs:,} hubs loaded.")
