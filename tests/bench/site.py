"""A site that is served for a measurement: the server of the Makefile, on a library that is made for it."""

import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from tests.bench.commands import ROOT, manage
from tests.postgres import free_port


def server_command(port):
    """The command with which ``make serve`` serves, on ``port``."""
    text = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    [line] = re.findall(r"^GRANIAN = exec \$\(PY\) (.*)$", text, re.MULTILINE)
    return [sys.executable, *shlex.split(line.replace("$(PORT)", str(port)))]


@contextmanager
def served(url, static):
    """The address of the site over the database ``url``, and its process; STATIC_ROOT is ``static``."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "bench", "STATIC_ROOT": str(static)}
    process = subprocess.Popen(server_command(port), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _each in range(300):
            try:
                urllib.request.urlopen(f"{address}/about/labels/", timeout=30).close()  # noqa: S310 - our own
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        yield address, process
    finally:
        process.terminate()
        process.wait(30)


def collect(url, static):
    """Put the static files into the folder ``static``."""
    os.environ["STATIC_ROOT"] = str(static)
    manage(url, "collectstatic", "--noinput", "--verbosity", "0")


def largest_hubs(url, number):
    """The addresses of the ``number`` most cited papers, the largest first."""
    read = (
        "from citations.models import HubSummary\n"
        f"for hub in HubSummary.objects.select_related('paper').order_by('-known', 'paper_id')[:{number}]:\n"
        "    print(hub.paper.get_absolute_url())"
    )
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", read]
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "bench"}
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return said.stdout.split()
