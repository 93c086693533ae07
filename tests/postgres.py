"""A throw-away PostgreSQL for the tests: one server for the whole run, any number of empty databases.

The first process that asks starts the server, every other worker of the same pytest run joins it. Each holds a shared
lock for as long as it lives; a small keeper process stops the server and removes its files once nobody holds the lock
any more. The kernel gives the locks of dead processes back, so Ctrl-C and kill -9 leave nothing behind either.

    from tests.postgres import fresh_database
    url = fresh_database()                                   # postgresql+psycopg://…, empty
    url = fresh_database("tables", prepare=create_tables)    # a copy of a database that create_tables(url) filled once

As fixtures, with ``from tests.postgres import postgres_server, postgres_url  # noqa: F401`` in a conftest:
``postgres_url`` is a fresh database that is dropped after the test.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from psycopg import sql

START_WITHIN = 60  # seconds
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # no database lives long enough
    "jit": "off",  # compiling costs more than reading a few rows
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "listen_addresses": "127.0.0.1",
}


@dataclass(frozen=True)
class Server:
    """A running server; its superuser is ``portal``, without a password, and only reachable from this machine."""

    port: int

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://portal@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A plain psycopg connection in autocommit mode."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user="portal", dbname=database, autocommit=True)


def programs() -> Path:
    """The folder of PostgreSQL's programs, the newest version. Raises RuntimeError when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    if elsewhere:
        return Path(elsewhere).resolve().parent
    raise RuntimeError("PostgreSQL is not installed; `./run test` installs it")


# Joining


@cache
def server() -> Server:
    """The server of this pytest run, or of this process outside pytest; started when it isn't running yet."""
    return join(place_of(os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{time.monotonic_ns()}"))


def place_of(run: str) -> Path:
    """The folder where the processes of one run meet."""
    folder = Path("/tmp") if os.getuid() == 0 else Path(tempfile.gettempdir())  # the server's user must get there
    return folder / f"portal-postgres-{os.getuid()}-{run}"


_held: list[IO[str]] = []  # the shared locks of this process; they end with it


def join(place: Path) -> Server:
    """Start or join the server that lives in this folder, until this process ends."""
    with _door(place):
        users = (place / "users").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
        _held.append(users)
        state = place / "server.json"
        if not state.exists():
            _start_keeper(place, state)
        return Server(**json.loads(state.read_text()))


@contextmanager
def _door(place: Path) -> Iterator[None]:
    """One at a time joins, starts or stops; a folder that was removed while waiting is made again."""
    while True:
        place.mkdir(exist_ok=True)
        try:
            place.chmod(0o711)  # whatever the umask
            door = (place / "door").open("w")
        except FileNotFoundError:
            continue
        with door:
            fcntl.flock(door, fcntl.LOCK_EX)
            try:
                same = os.path.samestat(os.fstat(door.fileno()), os.stat(place / "door"))
            except FileNotFoundError:
                same = False
            if same:
                yield
                return


def _start_keeper(place: Path, state: Path) -> None:
    with (place / "keeper.log").open("w") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(place)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # Ctrl-C ends the tests; the keeper then cleans up
        )
    give_up = time.monotonic() + START_WITHIN
    while not state.exists():
        if keeper.poll() is not None or time.monotonic() > give_up:
            keeper.kill()
            reason = (place / "keeper.log").read_text()
            shutil.rmtree(place, ignore_errors=True)
            raise RuntimeError(f"PostgreSQL did not start:\n{reason}")
        time.sleep(0.02)


# Databases

_numbers = count(1)


def fresh_database(template: str = "", prepare: Callable[[str], None] | None = None) -> str:
    """The URL of a new database: empty, or a copy of the named template, which ``prepare(url)`` fills once a run.

    Whoever asks for a template must pass the same ``prepare``; it has to close its connections.
    """
    here = server()
    if template:
        if prepare is None or not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", template):
            raise ValueError("a template needs a plain name and a function that fills it")
        _make_template(here, f"template_{template}", prepare)
    name = f"portal_{os.getpid()}_{next(_numbers)}"
    with here.connect() as connection:
        _create(connection, name, f"template_{template}" if template else "template1")
    return here.url(name)


def drop_database(url: str) -> None:
    """Drop a database of ``fresh_database``, whoever is still connected to it."""
    with server().connect() as connection:
        name = sql.Identifier(url.rpartition("/")[2])
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _create(connection: psycopg.Connection, name: str, template: str) -> None:
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")  # nothing is checkpointed with fsync off
    connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))


def _make_template(here: Server, name: str, prepare: Callable[[str], None]) -> None:
    with here.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])  # given back with the connection
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        draft = f"draft_{name}"  # renamed when it is ready, so that a failed one is never taken for it
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(draft)))
        _create(connection, draft, "template1")
        prepare(here.url(draft))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name))
        connection.execute(rename)


@pytest.fixture(scope="session")
def postgres_server() -> Server:
    """The run's PostgreSQL server."""
    return server()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """A fresh, empty database, dropped after the test."""
    url = fresh_database()
    yield url
    drop_database(url)


# The keeper: a process of its own


def keep(place: Path) -> None:
    """Run a server in this folder until nobody holds ``users`` any more; then stop it and remove the folder."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port, postgres = _start_postgres(place)
    try:
        draft = place / "server.json.draft"
        draft.write_text(json.dumps({"port": port}))
        draft.rename(place / "server.json")
        with _unused(place, postgres):
            _stop(postgres)
            shutil.rmtree(place, ignore_errors=True)  # those waiting at the door make a new one
    finally:
        _stop(postgres)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _unused(place: Path, postgres: subprocess.Popen[bytes]) -> Iterator[None]:
    """Wait until there are no users, or no server; the door stays locked inside."""
    while True:
        time.sleep(0.1)
        with (place / "door").open("w") as door, (place / "users").open("w") as users:
            try:
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if postgres.poll() is None:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return


def _start_postgres(place: Path) -> tuple[int, subprocess.Popen[bytes]]:
    bin_folder, user, data = programs(), other_user(), place / "data"
    data.mkdir(mode=0o700)
    if user is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
    as_user: dict[str, Any] = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    options = "--username=portal --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions"
    subprocess.run([bin_folder / "initdb", "-D", data, *options.split()], check=True, cwd=data, **as_user)
    port = find_free_port()
    settings = [f"-c{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
    postgres = subprocess.Popen(
        [bin_folder / "postgres", "-D", data, "-cunix_socket_directories=", *settings],
        cwd=data,
        preexec_fn=die_with_parent,
        **as_user,
    )
    give_up = time.monotonic() + START_WITHIN
    while True:
        try:
            Server(port).connect().close()
            return port, postgres
        except psycopg.OperationalError:
            if postgres.poll() is not None or time.monotonic() > give_up:
                _stop(postgres)
                sys.exit("postgres ended or never answered")
            time.sleep(0.02)


def _stop(postgres: subprocess.Popen[bytes]) -> None:
    if postgres.poll() is None:
        postgres.send_signal(signal.SIGQUIT)  # at once: nothing in it is worth keeping
        postgres.wait(30)


def other_user() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG, in case even the keeper is killed


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
