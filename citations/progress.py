"""Progress of long commands: a moving line on a terminal, one line a minute elsewhere."""

import sys
import time

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

EVERY = 60  # seconds between lines where the output is no terminal


class Progress:
    """Says how far a run is, with its rate and the time left, where the end is known; quiet when told.

    Both are measured from the first unit it hears of: what a run does before (reading, taking up where
    it stopped) has another rate.
    """

    def __init__(self, unit, *, quiet=False):
        self.unit = unit
        self.quiet = quiet
        self.said = time.monotonic()
        self.first = None  # (moment, done, share) of the first that was heard
        self.live = None
        console = Console(file=sys.stderr)
        if console.is_terminal and not quiet:
            self.live = RichProgress(
                SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console
            )
            self.task = self.live.add_task(unit, total=None)

    def __enter__(self):
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_error):
        if self.live:
            self.live.stop()

    def update(self, done, total=None, share=None):
        """``done`` of ``total`` units; ``share``: how much of the work that is (0 to 1), else by number."""
        now = time.monotonic()
        line = f"{done:,}{f' of {total:,}' if total else ''} {self.unit}"
        if share is None and total:
            share = done / total
        self.first = self.first or (now, done, share or 0)
        begun, done_then, share_then = self.first
        if now > begun:
            line += f", {(done - done_then) / (now - begun):,.0f} a second"
            if share and share > share_then:
                line += f", {_roughly((now - begun) * (1 - share) / (share - share_then))} left"
        if self.live:
            self.live.update(self.task, description=line)
        elif not self.quiet and now - self.said >= EVERY:
            self.said = now
            print(line, file=sys.stderr, flush=True)


def _roughly(seconds):
    """A span of time as a person says it."""
    for size, word in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"about {seconds / size:.0f} {word}"
    return f"about {max(seconds, 0):.0f} s"
