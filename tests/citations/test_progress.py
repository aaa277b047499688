"""What a long command says of itself where nobody watches a terminal."""

import pytest

from citations import progress
from citations.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_one_line_a_minute_with_rate_and_time_left(clock, capsys):
    with Progress("records") as told:
        clock.now += 30
        told.update(3000, share=0.05)
        clock.now += 31
        told.update(6100, share=0.1)
        clock.now += 31
        told.update(9200, share=0.2)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["6,100 records, 100 a second, about 9 min left"]


def test_the_time_left_follows_from_the_total_or_is_not_said(clock, capsys):
    with Progress("hubs") as told:
        clock.now += 90  # all that is to be counted is read first
        told.update(200, 1000)
        clock.now += 60
        told.update(380, 1000)
        clock.now += 60
        told.update(560)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "200 of 1,000 hubs",
        "380 of 1,000 hubs, 3 a second, about 3 min left",
        "560 hubs, 3 a second",
    ]


def test_a_quiet_one_says_nothing(clock, capsys):
    with Progress("hubs", quiet=True) as told:
        clock.now += 600
        told.update(200, 1000)
    assert capsys.readouterr().err == ""
