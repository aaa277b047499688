"""Markdown tables, printed line by line as their rows come to be known."""


def print_table(head, rows):
    """Print the cells of ``head``, then each of ``rows`` (lists of texts) as soon as it is there."""
    _print_row(head)
    print("|" + "---|" * len(head), flush=True)
    for row in rows:
        _print_row(row)


def _print_row(cells):
    print(f"| {' | '.join(cells)} |", flush=True)
