"""What a second process makes comes in order, few at a time, and it ends as whoever takes it does."""

import multiprocessing
from contextlib import closing

import pytest

from papers import beside


def numbers(last, size=1):
    for number in range(last):
        yield bytes([number % 256]) * size


def broken(last):
    yield from numbers(last)
    raise KeyError("of the work")


def named_models():
    from papers.models import Paper

    yield Paper(title="On lakes").title.encode()


def pieces(make, *arguments, **options):
    return beside.pieces(make, *arguments, what="counting", ahead=2, **options)


def test_pieces_come_in_order():
    assert list(pieces(numbers, 9)) == list(numbers(9))
    assert list(pieces(numbers, 0)) == []


def test_an_error_is_raised_with_its_trace_after_what_was_made_before_it():
    made = pieces(broken, 3)
    assert [next(made) for _piece in range(3)] == list(numbers(3))
    with pytest.raises(RuntimeError, match="(?s)counting failed:.*in broken.*KeyError: 'of the work'"):
        next(made)
    assert not multiprocessing.active_children()


def test_the_process_ends_with_the_iterator():
    with closing(pieces(numbers, 100, 1_000_000)) as made:
        next(made)
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_is_an_error_and_no_end():
    with closing(pieces(numbers, 100, 1_000_000)) as made:
        next(made)
        for child in multiprocessing.active_children():
            child.kill()
        with pytest.raises(RuntimeError, match="counting: the process that did it ended early"):
            list(made)


def test_models_are_there_for_who_needs_them():
    assert list(pieces(named_models, with_models=True)) == [b"On lakes"]
    with pytest.raises(RuntimeError, match="AppRegistryNotReady"):
        list(pieces(named_models))


def test_one_core_gains_nothing(monkeypatch):
    monkeypatch.setattr(beside.os, "cpu_count", lambda: 2)
    assert beside.is_worth(10, 10) and not beside.is_worth(9, 10)
    for cores in (1, None):
        monkeypatch.setattr(beside.os, "cpu_count", lambda cores=cores: cores)
        assert not beside.is_worth(10, 0)
