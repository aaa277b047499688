"""nginx as ``docs/nginx.conf`` configures it, in a private folder, for tests and measurements.

Owns what has to differ: paths, the addresses that it listens on and asks, and, for measurements,
the limits on one client. Every other line is the document's own.
"""

import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import free_port

CONFIGURATION = Path(__file__).parent.parent / "docs" / "nginx.conf"


def program():
    """The path of nginx, or None where it or its table of types is not there."""
    if not Path("/etc/nginx/mime.types").exists():
        return None
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def changed(text, **changes):
    """``text`` with each word replaced. Raises ValueError where one does not stand in it."""
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"{CONFIGURATION} does not say {old!r}")
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(*, site, static, limited=True):
    """The address of an nginx in front of ``site`` (host:port), with the static files of a folder.

    Without ``limited`` one client may ask as much as it likes. Raises RuntimeError where nginx does
    not start.
    """
    # Not below another's home: as root, its workers are of another user.
    with tempfile.TemporaryDirectory(prefix="hub-nginx-", dir="/tmp") as name:  # noqa: S108
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        text = changed(
            CONFIGURATION.read_text("utf-8"),
            **{
                "listen 80;": f"listen 127.0.0.1:{port};",
                "127.0.0.1:8000": site,
                "/srv/citation-hub/staticfiles/": f"{static}/",
                "/run/": f"{folder}/",
                "/var/log/nginx/": f"{folder}/",
                "/var/cache/nginx/": f"{folder}/",
            },
        )
        if not limited:
            text = re.sub(r"^\s*limit_(req|conn) .*$", "", text, flags=re.MULTILINE)
        (folder / "nginx.conf").write_text(text, "utf-8")
        command = [program(), "-e", folder / "error.log", "-c", folder / "nginx.conf", "-g", "daemon off;"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(process, address)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _wait(process, address):
    for _each in range(200):
        if process.poll() is not None:
            raise RuntimeError(process.stderr.read().decode())
        try:
            urllib.request.urlopen(f"{address}/static/none", timeout=5)  # noqa: S310 - our own
        except urllib.error.HTTPError:
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise RuntimeError("nginx does not answer")
