"""A storm of expensive and of unreasonable requests, and readers of hub pages meanwhile.

Everything goes to a server on 127.0.0.1 that is started here, so many requests at most, for so many
seconds at most. The storm comes from processes of its own, so that the readers' clock is not theirs.
"""

import http.client
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from tests import nginx
from tests.bench.commands import DATABASES, empty_database, manage
from tests.bench.site import collect, largest_hubs, served
from tests.bench.tables import print_table

READERS = 4
PAUSE = 0.1  # seconds between two requests of a reader
SECONDS = 10
STORM_PROCESSES = 4
STORM_AT_ONCE = 300
MOST_REQUESTS = 20_000  # of the whole storm
TIMEOUT = 60

UNREASONABLE = {
    "10,000 filter values": "citing/?" + "&".join(f"role=r{number}" for number in range(10_000)),
    "700 filter values": "citing/?" + "&".join(f"role=r{number}" for number in range(700)),
    "1,001 parameters": "citing/?" + "a&" * 1001,
    "page −1": "citing/?page=-1",
    "page 10^30": f"citing/?page={10**30}",
    "100 kB of question": "citing/?q=" + "x" * 100_000,
    "7 kB of question": "citing/?q=" + "x" * 7000,
    "NULs": "citing/?q=%00&venue=a%00b&role=%00",
    "years in conflict": "citing/?year_min=2020&year_max=1990",
    "an unknown sort": "citing/?sort=%27;--",
    "bytes that are no UTF-8": "citing/?q=%ff%fe",
    "a header of 100 kB": "",
}


def report_load(url=None):
    """Print the tables for the library of ``url``; None: the sample library, on both databases."""
    for name in [None] if url else DATABASES:
        if url:
            _report(url, url.partition(":")[0])
        else:
            with empty_database(name) as made:
                manage(made, "load_sample")
                _report(made, name)


def _report(url, name):
    with tempfile.TemporaryDirectory() as folder:
        collect(url, Path(folder))
        hubs = largest_hubs(url, READERS)
        with served(url, folder) as (address, _process):
            print(f"\n### Bad input, {name}\n")
            _report_unreasonable(address, hubs[0])
            print(f"\n### A storm, {name}: {STORM_AT_ONCE} requests at once, each another question\n")
            _report_storm(address, hubs, "127.0.0.1")
            if nginx.program() and sys.platform == "linux":
                print("\nThe same with the nginx of `docs/nginx.conf`, the storm coming from one address:\n")
                with nginx.nginx(site=address.removeprefix("http://"), static=folder) as front:
                    _report_storm(front, hubs, "127.0.0.2")


# -- one by one --------------------------------------------------------------------------------


def _report_unreasonable(address, hub):
    rows = []
    for name, path in UNREASONABLE.items():
        headers = {"X-Long": "x" * 100_000} if not path else {}
        status, seconds, body = _ask(address, hub + path, headers)
        notice = "with a notice" if status == 200 and b'class="notice"' in body else ""
        rows.append([name, str(status), notice, f"{1000 * seconds:.0f} ms"])
    print_table(["request", "status", "", "time"], rows)


def _ask(address, path, headers=None, source="127.0.0.1"):
    """(status, seconds, body) of a request on a connection of its own; status 0 where no answer came."""
    begin = time.monotonic()
    connection = http.client.HTTPConnection(
        urlsplit(address).netloc, timeout=TIMEOUT, source_address=(source, 0)
    )
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, time.monotonic() - begin, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, time.monotonic() - begin, b""
    finally:
        connection.close()


# -- many at once ------------------------------------------------------------------------------


def _report_storm(address, hubs, readers):
    quiet = _read(address, hubs, SECONDS / 2, readers)
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    share = STORM_AT_ONCE // STORM_PROCESSES, MOST_REQUESTS // STORM_PROCESSES
    storm = [
        context.Process(target=blow, args=(address, hubs[0], number, *share, said))
        for number in range(STORM_PROCESSES)
    ]
    for process in storm:
        process.start()
    said.get(timeout=TIMEOUT)  # the first answer of the storm: it is here
    loud = _read(address, hubs, SECONDS, readers)
    statuses, times = Counter(), []
    for _each in storm:
        counted, measured = said.get(timeout=TIMEOUT + SECONDS)
        statuses += counted
        times += measured
    for process in storm:
        process.join()
    print(
        f"The storm: {sum(statuses.values()):,} requests, "
        + ", ".join(f"{number:,} × {status or 'no answer'}" for status, number in sorted(statuses.items()))
        + f"; median {1000 * statistics.median(times):.0f} ms.\n"
    )
    print_table(
        ["readers of hub pages", "requests", "not 200", "median", "95 %", "slowest"],
        [["without the storm", *_figures(quiet)], ["with it", *_figures(loud)]],
    )


def _read(address, hubs, seconds, source):
    """[(status, seconds)] of READERS polite readers at ``source``, each on a hub of their own."""
    answers = []

    def reader(hub):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers.append(_ask(address, hub, source=source)[:2])
            time.sleep(PAUSE)

    threads = [threading.Thread(target=reader, args=(hubs[number % len(hubs)],)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _figures(answers):
    times = sorted(1000 * seconds for _status, seconds in answers)
    return [
        f"{len(answers)}",
        f"{sum(status != 200 for status, _seconds in answers)}",
        f"{statistics.median(times):.0f} ms",
        f"{times[int(0.95 * (len(times) - 1))]:.0f} ms",
        f"{times[-1]:.0f} ms",
    ]


def blow(address, hub, number, at_once, most, said):
    """One process of the storm: ``at_once`` requests at a time, no two alike. Runs for SECONDS + 2."""
    statuses, times, end = Counter(), [], time.monotonic() + SECONDS + 2
    numbers, first = count(), threading.Lock()

    def client():
        while time.monotonic() < end and (mine := next(numbers)) < most:
            path = f"{hub}citing/?q=the+{number}x{mine}&sort=relevance&year_min={1900 + mine % 100}"
            status, seconds, _body = _ask(address, path)
            statuses[status] += 1
            times.append(seconds)
            if number == 0 and first.acquire(blocking=False):
                said.put("begun")

    threads = [threading.Thread(target=client) for _each in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said.put((statuses, times))
