"""A PostgreSQL of one test's own, to be killed, started again and followed by a second one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.postgres import SETTINGS, START_WITHIN, Server, die_with_parent, find_free_port, other_user, programs

# What must bear a crash; `fsync` stays off, because the machine itself goes on.
SAFE = {
    **SETTINGS,
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "4",
}


class OwnPostgres:
    """One server in a folder of its own below ``place``."""

    def __init__(self, place: Path, name: str) -> None:
        self.data, self.port = place / name, find_free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.more: dict[str, str] = {}
        user = other_user()
        self.as_user: dict[str, Any] = {}
        if user is not None:
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(place, user.pw_uid, user.pw_gid)

    def make(self) -> None:
        options = "--username=portal --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions"
        self._run("initdb", "-D", str(self.data), *options.split())

    def copy(self, source: OwnPostgres) -> None:
        """Become a standby of another, which waits for this one at each commit from now on."""
        words = ["-D", str(self.data), "-h", "127.0.0.1", "-p", str(source.port), "-U", "portal", "-R", "--no-sync"]
        self._run("pg_basebackup", *words, "-c", "fast", "-X", "stream")

    def _run(self, program: str, *words: str) -> None:
        command: list[str | Path] = [programs() / program, *words]
        subprocess.run(command, check=True, cwd=self.data.parent, stdout=subprocess.DEVNULL, **self.as_user)

    def start(self) -> None:
        settings = [f"-c{name}={value}" for name, value in {**SAFE, **self.more, "port": str(self.port)}.items()]
        self.process = subprocess.Popen(
            [programs() / "postgres", "-D", self.data, "-cunix_socket_directories=", *settings],
            cwd=self.data,
            preexec_fn=die_with_parent,
            stderr=subprocess.DEVNULL,
            **self.as_user,
        )
        give_up = time.monotonic() + START_WITHIN
        while True:
            try:
                self.server.connect().close()
                return
            except psycopg.OperationalError:
                assert self.process.poll() is None and time.monotonic() < give_up, "PostgreSQL doesn't start"
                time.sleep(0.05)

    @property
    def server(self) -> Server:
        return Server(self.port)

    def stop_at_once(self) -> None:
        """As by a failing machine: nothing is written out, nobody is told."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)

    def promote(self) -> None:
        with self.server.connect() as connection:
            assert connection.execute("SELECT pg_promote(true, 30)").fetchone() == (True,)

    def remove(self) -> None:
        self.stop_at_once()
        shutil.rmtree(self.data, ignore_errors=True)
