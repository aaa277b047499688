"""A second process that works beside this one and hands over, piece by piece, what it makes.

One process uses one core, whatever its threads do, as long as their work is Python's. Owns the process
and the bytes between the two; knows neither what they mean nor a database. The process ends with whoever
takes the pieces, stopped or failed.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from importlib import import_module
from multiprocessing.connection import Connection

import django

# A fresh interpreter: a fork would share the database's connection and the threads' locks.
CONTEXT = multiprocessing.get_context("spawn")


def is_worth(amount: int, least: int) -> bool:
    """Whether work of this amount gains by a second process, which gains nothing on one core."""
    return amount >= least and (os.cpu_count() or 1) > 1


def pieces(
    make: Callable[..., Iterator[bytes]], *arguments, what: str, ahead: int, with_models: bool = False
) -> Generator[bytes, None, None]:
    """What ``make(*arguments)`` yields, bytes and never none, in a second process.

    ``make`` is found by its module and name, so a test's replacement is not; ``ahead``: how many pieces wait
    there at most. ``with_models`` sets Django up before the module is imported. Close the iterator when done.
    Raises RuntimeError, saying ``what`` was made, if it fails (with its trace) or the process is killed.
    """
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(
        target=_make,
        args=(sender, make.__module__, make.__name__, arguments, ahead, with_models),
        daemon=True,
    )
    process.start()
    sender.close()  # so that the end of the process is the end of what is received
    try:
        with closing(receiver):
            yield from _received(receiver, what)
    finally:
        process.terminate()
        process.join()


def _received(receiver: Connection, what: str) -> Iterator[bytes]:
    while data := _next(receiver, what):
        yield data
    if failure := _next(receiver, what):
        raise RuntimeError(f"{what} failed:\n{failure.decode()}")


def _next(receiver: Connection, what: str) -> bytes:
    try:
        return receiver.recv_bytes()
    except (EOFError, OSError):  # between two pieces, within one
        raise RuntimeError(f"{what}: the process that did it ended early") from None


def _make(
    sender: Connection, module: str, name: str, arguments: tuple, ahead: int, with_models: bool
) -> None:
    """What the second process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that takes the pieces
    waiting: queue.Queue[bytes | None] = queue.Queue(ahead)
    thread = threading.Thread(target=_send, args=(sender, waiting))
    thread.start()
    failure = ""
    try:
        if with_models:
            django.setup()
        for data in getattr(import_module(module), name)(*arguments):
            waiting.put(data)
    except Exception:
        failure = traceback.format_exc()
    for data in (b"", failure.encode(), None):  # an empty piece is the end, and what follows is why
        waiting.put(data)
    thread.join()


def _send(sender: Connection, waiting: queue.Queue) -> None:
    with suppress(BrokenPipeError):
        while (data := waiting.get()) is not None:
            sender.send_bytes(data)
        return
    os._exit(0)  # nobody listens any more
