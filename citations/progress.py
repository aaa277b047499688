"""Progress of long commands: a moving line on a terminal, one line a minute elsewhere."""

import sys
import time

from rich.console import Console
from rich.progress import Progress as RichProgress
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

EVERY = 60  # seconds between lines where the output is no terminal


class Progress:
    """Says how far a run is, with its rate. ``update(done, total=None)``; quiet when told."""

    def __init__(self, unit, *, quiet=False):
        self.unit = unit
        self.quiet = quiet
        self.started = self.said = time.monotonic()
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

    def update(self, done, total=None):
        now = time.monotonic()
        rate = done / max(now - self.started, 0.001)
        line = f"{done:,}{f' of {total:,}' if total else ''} {self.unit}, {rate:,.0f} a second"
        if self.live:
            self.live.update(self.task, description=line)
        elif not self.quiet and now - self.said >= EVERY:
            self.said = now
            print(line, file=sys.stderr, flush=True)
