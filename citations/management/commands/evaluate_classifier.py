"""``manage.py evaluate_classifier``: a labeller measured on labelled sentences (contract: Commands)."""

from dataclasses import replace

from django.core.management.base import CommandError

from citations.classifier.cues import CueModel
from citations.management.labelled_files import LabelledFilesCommand


class Command(LabelledFilesCommand):
    help = "Measure a trained model, or the cue model, on labelled sentences."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", metavar="PATH")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--model", metavar="FILE", help="a file that train_classifier wrote")
        which.add_argument("--cues", action="store_true", help="the hand-written cues")
        parser.add_argument(
            "--without-section", action="store_true", help="hide the section, as where a source states none"
        )
        parser.add_argument(
            "--allow-seen", action="store_true", help="measure on sentences that the model was trained with"
        )
        super().add_arguments(parser)

    def handle(self, *, paths, model, without_section, allow_seen, **options):
        try:
            from citations.classifier import evaluation
        except ImportError as error:
            raise CommandError(f"measuring needs the extra 'classifier' ({error})", returncode=2) from error
        labeller = _loaded(model) if model else CueModel()
        examples, _described = self.read(paths, options)
        if without_section:
            examples = [
                replace(example, sentence=replace(example.sentence, section="")) for example in examples
            ]
        try:
            if any(example.role for example in examples):
                found = {"dimension": "role"} | evaluation.evaluate(labeller, examples, allow_seen=allow_seen)
            else:
                found = {"dimension": "polarity", "model": labeller.version}
                found |= evaluation.polarity_report(labeller, examples)
        except evaluation.SeenInTraining as error:
            raise CommandError(
                f"refused: {error} (--allow-seen measures all the same)", returncode=2
            ) from error
        if found.get("seen_sentences"):
            self.stderr.write(
                f"note: the model was trained on {found['seen_sentences']} of these sentences; "
                "'unseen' holds the figures without them and without the papers that it knows"
            )
        self._tell(found)
        self.end(found | {"skipped": self.skipped})

    def _tell(self, found):
        low, high = found["intervals"]["macro_f1"]
        self.say(
            f"{found['model']}, {found['n']:,} sentences in {found['groups']:,} groups: "
            f"macro-F1 {found['macro_f1']:.3f} [{low:.3f}-{high:.3f}], ECE {found['ece']:.3f}, "
            f"{found['coverage_at_90']:.0%} can be labelled at 90 % precision."
        )
        for word, row in found["per_class"].items():
            self.say(
                f"  {word:<12} precision {row['precision']:.3f}, recall {row['recall']:.3f}, "
                f"F1 {row['f1']:.3f} [{row['f1_low']:.3f}-{row['f1_high']:.3f}], n {row['n']:,}"
            )


def _loaded(path):
    try:
        from citations.classifier import trained
    except ImportError as error:
        raise CommandError(f"a trained model needs the extra 'classifier' ({error})", returncode=2) from error
    try:
        return trained.load(path)
    except trained.DamagedModel as error:
        raise CommandError(f"the model is refused: {error}", returncode=2) from error
