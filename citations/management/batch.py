"""What the commands of the batch side share: the extra they need, and how they end."""

from abc import ABC, abstractmethod

from django.core.management.base import CommandError

from citations.management.ending import PromisedExits


class BatchCommand(PromisedExits, ABC):
    """A command over folders of Parquet files.

    A subclass does its work in ``carry_out``, where alone it imports ``citations.batch``, and says
    in ``stopped`` what Ctrl-C leaves, with names of its options in braces.
    """

    stopped = ""

    @abstractmethod
    def carry_out(self, **options):
        """Do what the command is for. Folders that are refused and missing packages end it by themselves."""

    def handle(self, **options):
        try:
            from citations.batch.folders import Refused
        except ImportError as error:
            raise needs("batch", error) from error
        try:
            self.carry_out(**options)
        except Refused as refused:
            raise CommandError(str(refused), returncode=2) from refused
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped. {self.stopped.format(**options)}")
            raise SystemExit(130) from None


def needs(extra, error):
    """The error to raise where a package of an extra is missing."""
    return CommandError(f"this needs the extra '{extra}' of pyproject.toml ({error})", returncode=2)
