"""``manage.py check_library``: verify every invariant and name what is off."""

from django.core.management.base import BaseCommand, CommandError

from citations.checks import check_library

SHOWN = 50


class Command(BaseCommand):
    help = "Verify the library's invariants; exit 1 and name each violation when something is off."

    def handle(self, **_options):
        violations = 0
        for violations, line in enumerate(check_library(), start=1):
            if violations <= SHOWN:
                self.stdout.write(line)
        if violations:
            raise CommandError(f"{violations} violations", returncode=1)
        self.stdout.write("Everything adds up.")
