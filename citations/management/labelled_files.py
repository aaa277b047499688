"""What the commands that read labelled sentences share: arguments, problems, how they end."""

import hashlib
import json

from django.core.management.base import CommandError

from citations.classifier.corpora import Example, groups_of, read_examples
from citations.management.ending import PromisedExits
from papers.importers import find_files
from papers.records import UnreadableFile

MOST_PROBLEMS_SHOWN = 50


class LabelledFilesCommand(PromisedExits):
    """A command that reads labelled sentences. ``skipped`` counts lines and files that could not be used."""

    def add_arguments(self, parser):
        parser.add_argument(
            "--scheme", default="", help="take only labels of this scheme, where a file has several"
        )
        parser.add_argument(
            "--groups-from",
            nargs="+",
            default=[],
            metavar="FILE",
            help="labelled files that name the citing papers of sentences which the others leave nameless",
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def read(self, paths, options):
        """(examples, a description of each file) of all ``paths``. Exits with 2 when nothing is read."""
        self.skipped, self.options = 0, options
        try:
            groups = groups_of(options["groups_from"])
        except UnreadableFile as error:
            raise CommandError(str(error), returncode=2) from error
        examples, described = [], []
        for path in find_files(paths):
            try:
                found = []
                for item in read_examples(path, scheme=options["scheme"], groups=groups):
                    if isinstance(item, Example):
                        found.append(item)
                    elif item.skipped:
                        self.report(f"{path}:{item.line}" if item.line else str(path), item.reason)
            except UnreadableFile as error:
                self.report(str(path), str(error))
                continue
            examples += found
            described.append({"name": path.name, "examples": len(found), "sha256": _digest(path)})
        if paths and not examples:
            raise CommandError("nothing could be read", returncode=2)
        return examples, described

    def report(self, where, reason):
        self.skipped += 1
        if self.skipped <= MOST_PROBLEMS_SHOWN:
            self.stderr.write(f"{where}: skipped: {reason}")

    def say(self, text):
        (self.stderr if self.options["json"] else self.stdout).write(text)

    def end(self, answer):
        """Print the JSON line where asked for; exit with 1 when something was skipped."""
        if self.options["json"]:
            self.stdout.write(json.dumps(answer))
        if self.skipped:
            raise CommandError(f"{self.skipped} lines or files were skipped, see above", returncode=1)


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
