"""Heads of the chain of events, kept outside the database: who rewrites the table with all its hashes is still seen.

Each line of the data folder's file event-heads says how far the events went and a keyed hash over all of them. The key
is a file of its own; heads also go to the log and into every backup.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from portal.extensions import db
from portal.models import CaseEvent
from portal.per_app import PerApp

log = logging.getLogger("portal.security")


_data: PerApp[Path] = PerApp("anchors_folder", Path("var"))


def use_folder(folder: Path) -> None:
    """Where the key and the heads are kept."""
    _data.set(folder)


def _folder() -> Path:
    return _data.get()


def _read_key() -> bytes:
    path = _folder() / "anchor-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with open(handle, "wb") as file:
        file.write(made := secrets.token_bytes(32))
    return made


def _heads(key: bytes) -> Iterator[tuple[int, int, str]]:
    """After each event: its id, how many there were, and the keyed hash over them all."""
    head, count = b"", 0
    query = select(CaseEvent.id, CaseEvent.hash).order_by(CaseEvent.id).execution_options(yield_per=1000)
    for row in db.session.execute(query):
        head = hmac.new(key, head + f"{row.id}:{row.hash}".encode(), hashlib.sha256).digest()
        count += 1
        yield row.id, count, head.hex()


def write_head() -> None:
    """Add a head that goes as far as the round before had seen: on PostgreSQL a lower number may commit later."""
    lines = _read_lines()
    seen = lines[-1][3] if lines else 0
    newest = db.session.scalar(select(func.max(CaseEvent.id))) or 0
    upto = newest if db.engine.dialect.name == "sqlite" else min(seen, newest)
    if not lines or (upto, newest) != (lines[-1][0], lines[-1][3]):
        last = (0, 0, "-")
        for head in _heads(_read_key()):
            if head[0] > upto:
                break
            last = head
        line = f"{last[0]} {last[1]} {last[2]} {newest}"
        with open(os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="ascii") as file:
            file.write(f"{line}\n")
        log.info("event_head %s", line)
    db.session.rollback()


def _path() -> Path:
    return _folder() / "event-heads"


def _read_lines() -> list[tuple[int, int, str, int]]:
    if not _path().is_file():
        return []
    words = (line.split() for line in _path().read_text(encoding="ascii").splitlines())
    return [(int(upto), int(count), head, int(seen)) for upto, count, head, seen in words]


def list_broken() -> Iterator[str]:
    """Heads that the events don't lead to any more."""
    said = {upto: (count, head) for upto, count, head, _ in _read_lines() if upto}
    if not said:
        return
    for upto, count, head in _heads(_read_key()):
        if upto in said and said.pop(upto) != (count, head):
            yield f"the events up to {upto} are not what they were"
            return
    for upto in said:
        yield f"event {upto} is missing"


def forget_heads() -> None:
    """All events were removed on purpose, as a demo does."""
    _path().unlink(missing_ok=True)
