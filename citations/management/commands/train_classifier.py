"""``manage.py train_classifier``: a model from labelled sentences, in one file (contract: Commands)."""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils import timezone

from citations.classifier.card import model_card
from citations.labelled import library_examples
from citations.labels import LabelSource
from citations.management.labelled_files import LabelledFilesCommand


class Command(LabelledFilesCommand):
    help = "Train a role model on labelled sentences of files, of this library, or of both."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="*", metavar="PATH")
        parser.add_argument(
            "--from-library", action="store_true", help="train on the labels that curators gave here"
        )
        parser.add_argument(
            "--with-data-sets",
            action="store_true",
            help="with --from-library: on human labels that came with imported data sets as well",
        )
        parser.add_argument("--out", required=True, metavar="FILE", help="the model file to write")
        parser.add_argument("--card", metavar="FILE", help="write the model card, as Markdown, there too")
        parser.add_argument(
            "--precision",
            type=float,
            default=0.9,
            help="what the model's labels shall reach; it abstains from others (default 0.9)",
        )
        super().add_arguments(parser)

    def handle(self, *, paths, out, card, precision, **options):
        try:
            from citations.classifier import trained
        except ImportError as error:
            raise CommandError(f"training needs the extra 'classifier' ({error})", returncode=2) from error
        if not paths and not options["from_library"]:
            raise CommandError("name files with labelled sentences, or add --from-library", returncode=2)
        if not 0.5 <= precision < 1:
            raise CommandError("--precision is a share from 0.5 to below 1", returncode=2)
        for target in filter(None, (out, card)):
            if not Path(target).parent.is_dir() or Path(target).is_dir():
                raise CommandError(f"{target} is not a file in an existing folder", returncode=2)
        examples, described = self.read(paths, options)
        if options["from_library"]:
            sources = [LabelSource.CURATOR, *([LabelSource.DATASET] if options["with_data_sets"] else [])]
            found = list(library_examples(sources=sources))
            examples += found
            words = "curators" + (" and imported data sets" if options["with_data_sets"] else "")
            described.append({"name": f"this library, labels of {words}", "examples": len(found)})
        self.say(f"{len(examples):,} labelled sentences; training takes about a minute for 8,000.")
        created = timezone.now().date().isoformat()
        try:
            model = trained.train(examples, created=created, data=described, precision=precision)
            size = model.save(out)
        except trained.TooFewLabels as error:
            raise CommandError(f"too few labels: {error}", returncode=2) from error
        text = model_card(model.manifest)
        if card:
            Path(card).write_text(text, "utf-8")
        self.say(text)
        self.say(f"Written to {out}: {size:,} bytes.")
        self.end({"version": model.version, "bytes": size, "skipped": self.skipped, "card": model.manifest})
