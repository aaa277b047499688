"""What the tests of readers look at: records and problems apart, and sentences with their marks."""

from papers.records import PaperRecord, Problem


def sorted_out(items):
    """([records], [problems]) of what a reader yields."""
    items = list(items)
    return (
        [item for item in items if isinstance(item, PaperRecord)],
        [item for item in items if isinstance(item, Problem)],
    )


def citing(record):
    """{number of the entry: [(sentence with its marker in braces, group size, section)]}."""
    found = {}
    for number, reference in enumerate(record.references, start=1):
        for c in reference.contexts:
            marked = f"{c.text[: c.start]}{{{c.text[c.start : c.end]}}}{c.text[c.end :]}"
            found.setdefault(number, []).append((marked, c.group_size, c.section))
    return found


def sentences(record):
    """{number of the entry: [sentence with its marker in braces]}."""
    return {number: [sentence for sentence, *_ in cited] for number, cited in citing(record).items()}
