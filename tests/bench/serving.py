"""Pages as readers get them again, beside a static file of the same bytes from the same server.

Asks over loopback with ``wrk``, CONNECTIONS at a time and for a few seconds each; without
it, or without nginx, says so and leaves that part out.
"""

import re
import shutil
import statistics
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from tests import nginx
from tests.bench.commands import DATABASES, empty_database, manage
from tests.bench.site import collect, largest_hubs, served
from tests.bench.tables import print_table

CONNECTIONS = 8
SECONDS = 3
ROUNDS = 3  # of all cases, in turn: what else the machine does meets them alike


def report_serving(url=None):
    """Print the table for the library of ``url``; None: the sample library, on both databases."""
    print("\n### Pages that are kept, and a static file of the same bytes\n")
    if shutil.which("wrk") is None:
        print("`wrk` is not here; nothing was measured.")
        return
    for name in [None] if url else DATABASES:
        if url:
            _report(url, url.partition(":")[0])
        else:
            with empty_database(name) as made:
                manage(made, "load_sample")
                _report(made, name)


def _report(url, name):
    with tempfile.TemporaryDirectory(prefix="hub-static-", dir="/tmp") as folder:  # noqa: S108 - see tests/nginx.py
        static = Path(folder)
        static.chmod(0o755)
        collect(url, static)
        [hub] = largest_hubs(url, 1)
        with served(url, static) as (address, _process):
            page = _get(address + hub)
            body = page.read()
        (static / "page.html").write_bytes(body)
        # The static files are listed when the server starts.
        with served(url, static) as (address, _process):
            cases = _cases("granian", address, hub)
            if nginx.program():
                site = address.removeprefix("http://")
                with nginx.nginx(site=site, static=static, limited=False) as front:
                    _measure(name, len(body), cases | _cases("nginx", front, hub))
            else:
                print("nginx is not here; granian alone:\n")
                _measure(name, len(body), cases)


def _get(address):
    return urllib.request.urlopen(address, timeout=60)  # noqa: S310 - our own


def _cases(server, address, hub):
    """{what is asked: arguments of wrk}, the static file first."""
    tag = _get(address + hub).headers["ETag"]
    return {
        f"{server}: static file": [f"{address}/static/page.html"],
        f"{server}: hub, 200": [f"{address}{hub}"],
        f"{server}: hub, 304": [f"{address}{hub}", "-H", f"If-None-Match: {tag}"],
        f"{server}: hub, 200, compressed": [f"{address}{hub}", "-H", "Accept-Encoding: gzip"],
    }


def _measure(name, size, cases):
    rates = {case: [] for case in cases}
    for _round in range(ROUNDS):
        for case, arguments in cases.items():
            rates[case].append(_rate(arguments))
    print(f"\n{name}, a hub of {size:,} bytes, {CONNECTIONS} connections:\n")
    rows = []
    for case, measured in rates.items():
        static = next(held for held in cases if held.startswith(case.partition(":")[0]))
        ratio = statistics.median(one / base for one, base in zip(measured, rates[static], strict=True))
        rows.append([case, f"{statistics.median(measured):,.0f}", f"{ratio:.2f}"])
    print_table(["asked", "answers a second", "of the static file, same server"], rows)


def _rate(arguments):
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *arguments]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{' '.join(command)} said:\n{said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
