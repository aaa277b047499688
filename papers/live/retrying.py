"""Asking a service again: how often, how long between, and who is told of it. Knows no service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import stamina

Said = TypeVar("Said")


class Later(Exception):
    """Worth another try; ``wait`` is the number of seconds that the server asks for, if it says."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait


def tried(
    ask: Callable[[], Said],
    *,
    name: str,
    on_wait: Callable[[str], object] | None,
    tries: int,
    first_wait: float,
    longest_wait: float,
    jitter: float,
) -> Said:
    """What ``ask`` returns, asked up to ``tries`` times while it raises Later; then raises the last Later.

    Waits are as long as Later says, else twice as long each time from ``first_wait`` to
    ``longest_wait`` seconds, with up to ``jitter`` more. ``on_wait`` is told of each in a sentence.
    """

    def again(error: Exception) -> bool | float:
        if not isinstance(error, Later):
            return False
        if on_wait:
            when = "again soon" if error.wait is None else f"again in {error.wait:.0f} s"
            on_wait(f"{name}: {error}: {when}")
        return True if error.wait is None else error.wait

    attempts = stamina.retry_context(
        on=again,
        attempts=tries,
        timeout=None,
        wait_initial=first_wait,
        wait_max=longest_wait,
        wait_jitter=jitter,
    )
    for attempt in attempts:
        with attempt:
            return ask()
    raise AssertionError("the attempts end with an answer or an error")
