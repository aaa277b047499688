"""How the commands of this room end: the exit codes that the contract promises, in one place."""

import traceback

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError


class PromisedExits(BaseCommand):
    """A command whose own refusals exit as they say, and whose unforeseen errors exit with 3."""

    def execute(self, *args, **options):
        try:
            return super().execute(*args, **options)
        except CommandError:
            raise
        except DatabaseError as error:
            self.stderr.write(traceback.format_exc())
            raise CommandError(
                f"the database refused: {error} (has 'manage.py migrate' run?)", returncode=3
            ) from error
        except Exception as error:
            self.stderr.write(traceback.format_exc())
            raise CommandError(f"{type(error).__name__}: {error}", returncode=3) from error
