"""``manage.py unmatched``: the references that no paper fits, the most frequent first."""

import json

from django.core.management.base import BaseCommand

from citations.identity import most_wanted


class Command(BaseCommand):
    help = "List the open references of the queue, grouped by title, the most frequent first."

    def add_arguments(self, parser):
        parser.add_argument("--top", type=_positive, default=20, metavar="N", help="how many (20)")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *, top, **options):
        groups = most_wanted(top)
        if options["json"]:
            self.stdout.write(json.dumps(groups, ensure_ascii=False))
            return
        if not groups:
            self.stdout.write("No reference waits.")
        for group in groups:
            times = f"{group['times']} time{'s' if group['times'] != 1 else ''}"
            papers = f"{group['citing_papers']} paper{'s' if group['citing_papers'] != 1 else ''}"
            year = f" ({group['year']})" if group["year"] else ""
            name = f"{group['title']}{year}" if group["title"] else "(no title)"
            self.stdout.write(f"{times} in {papers}: {name}")
            if group["raw"]:
                self.stdout.write(f"    as printed: {group['raw']}")
            self.stdout.write(f"    {group['status']}: {group['reason']}")


def _positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number
