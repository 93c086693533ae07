"""A whole copy of the database while others write to it, and a database from such a copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL, make_url


class DumpFailed(ValueError):
    """The database's own program said no; the message is its last line."""


def dump(url: str, target: Path) -> None:
    """Copy the database at one moment: SQLite's online backup, or pg_dump. Raises DumpFailed."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        copy_sqlite(Path(str(address.database)), target)
        return
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"], address)


def copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup: whole at one moment, whoever writes meanwhile. Raises DumpFailed, and leaves nothing."""
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(source)) as theirs, closing(sqlite3.connect(target)) as copy:
            theirs.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        for left in target.parent.glob(f"{target.name}*"):  # and its journal
            left.unlink()
        raise DumpFailed(f"the database can't be copied to {target.parent}: {error}") from error


def load(source: Path, url: str) -> None:
    """Fill an empty PostgreSQL database, or put SQLite's file in its place. Raises DumpFailed."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        target = Path(str(address.database))
        draft = target.with_suffix(".restoring")
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        draft.replace(target)
        return
    _run(["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction"], address, str(source))


def _run(words: list[str], address: URL, *more: str) -> None:
    """One of PostgreSQL's programs. The password goes by the environment: arguments can be read by everybody."""
    _, given = address.get_dialect()().create_connect_args(address)  # several hosts and TLS as the portal reads them
    password = given.pop("password", None)
    environ = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    words = [*words, f"--dbname={make_conninfo(**given)}", *more]
    try:
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise DumpFailed(f"{words[0]} is missing: install Debian's package postgresql-client") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise DumpFailed(f"{words[0]}: {lines[0]}")
