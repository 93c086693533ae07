"""Making a backup: a copy of the database, the evidence that isn't there yet, a list of both, and a look at the copy.

DIR/files/ab/ab….age       evidence by its SHA-256, each once
DIR/20261128T094000Z/      database.age, small.age, manifest.json
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from portal import database
from portal.backup import dumping, sealing
from portal.cases import anchors
from portal.config import Settings
from portal.evidence import evidence
from portal.evidence.store import Store
from portal.extensions import db
from portal.models import Evidence
from portal.system import notes

SMALL = ("anchor-key", "event-heads")  # files of the data folder that go along
STAMP = "%Y%m%dT%H%M%SZ"
ALL_FOR = timedelta(days=2)  # after that one a day is kept


class Made(NamedTuple):
    """A finished backup: where it is, files copied now, files of evidence that were missing or changed."""

    folder: Path
    copied: int
    missing: list[str]


class BackupFailed(ValueError):
    """No backup was made; the message says why."""


def make(
    settings: Settings, store: Store, folder: Path, now: datetime, check: Callable[[Path], list[str]] | None = None
) -> Made:
    """Make one backup below ``folder``. ``check`` looks at a data folder with the copy and returns what is wrong.

    Raises BackupFailed, KeyRefused, DumpFailed and OSError; what is half made is removed.
    """
    with _hold(folder):
        _remove_left(settings.data.absolute(), folder)
        name = f"backup-{os.getpid()}-{secrets.token_hex(4)}"
        work = settings.data.absolute() / name  # plain text stays on this machine
        draft = folder / f".{work.name}"
        try:
            for made in (work, draft):
                made.mkdir(mode=0o700)
            anchors.write_head()
            copy = work / "portal.db"
            dumping.dump(settings.url, copy)
            kept, copied, missing = _copy_files(store, folder, settings.backup_key)
            small = {name: settings.data / name for name in SMALL if (settings.data / name).is_file()}
            if check is not None and settings.sqlite:
                for name, path in small.items():
                    shutil.copyfile(path, work / name)
                if problems := check(work):
                    raise BackupFailed(f"the copy isn't well: {'; '.join(problems)[:400]}")
            sealing.seal_file(copy, draft / "database.age", settings.backup_key)
            packed = json.dumps({name: base64.b64encode(path.read_bytes()).decode() for name, path in small.items()})
            (draft / "small.age").write_bytes(sealing.seal(packed.encode(), settings.backup_key))
            _write_manifest(draft, settings, now, kept, missing, checked=check is not None and settings.sqlite)
            target = folder / now.strftime(STAMP)
            draft.rename(target)
            return Made(target, copied, missing)
        finally:
            for left in (work, draft):
                shutil.rmtree(left, ignore_errors=True)


def _remove_left(data: Path, folder: Path) -> None:
    """Remove what killed backups left: sealed drafts below ``folder``, plain copies of processes that live no more."""
    for work in data.glob("backup-*-????????"):
        pid = int(work.name.split("-")[1])
        if pid == os.getpid() or not Path(f"/proc/{pid}").exists():
            shutil.rmtree(work, ignore_errors=True)
    for draft in folder.glob(".backup-*"):
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed(f"another backup into {folder} is running") from None
        yield


def _copy_files(store: Store, folder: Path, public: str) -> tuple[dict[str, str], int, list[str]]:
    """Seal what isn't there yet; returns the SHA-256 of each key, how many were sealed, and what can't be had."""
    rows = db.session.execute(
        select(Evidence.key, Evidence.sha256, Evidence.thumb_key, Evidence.thumb_sha256).order_by(Evidence.id)
    ).all()
    db.session.rollback()
    kept = {key: sha for row in rows for key, sha in ((row.key, row.sha256), (row.thumb_key, row.thumb_sha256))}
    copied, missing = 0, []
    for key, sha in kept.items():
        target = find_file(folder, sha)
        if target.exists():
            continue
        try:
            content = evidence.read_whole(store, key, sha)
        except (FileNotFoundError, evidence.Damaged):
            missing.append(key)
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = target.with_suffix(".new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(sealing.seal(content, public))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
        copied += 1
    return kept, copied, missing


def find_file(folder: Path, sha256: str) -> Path:
    """Where a backup keeps the content with this SHA-256."""
    return folder / "files" / sha256[:2] / f"{sha256}.age"


def _write_manifest(
    draft: Path, settings: Settings, now: datetime, kept: dict[str, str], missing: list[str], *, checked: bool
) -> None:
    note = notes.read(notes.IDENTITY)
    db.session.rollback()
    content = {
        "made_at": now.isoformat(),
        "database": "sqlite" if settings.sqlite else "postgresql",
        "revision": database.read_revision(),
        "identity": note.value["name"] if note else "",
        "checked": checked,
        "files": kept,
        "missing": missing,
    }
    with (draft / "manifest.json").open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def list_backups(folder: Path) -> list[Path]:
    """The finished backups below ``folder``, the oldest first."""
    return sorted(path.parent for path in folder.glob("2*Z/manifest.json"))


def thin_out(folder: Path, now: datetime, days: int) -> int:
    """Keep all of two days, then one a day for ``days``; the newest always. Returns how many backups went."""
    seen: set[str] = set()
    gone = 0
    for path in reversed(list_backups(folder)[:-1]):
        made = datetime.strptime(path.name, STAMP).replace(tzinfo=now.tzinfo)
        day = path.name[:8]
        if now - made < ALL_FOR or (day not in seen and now - made < timedelta(days=days)):
            seen.add(day)
            continue
        shutil.rmtree(path)
        gone += 1
    if gone:
        _remove_unnamed(folder)
    return gone


def _remove_unnamed(folder: Path) -> None:
    named: set[str] = set()
    for path in list_backups(folder):
        named.update(json.loads((path / "manifest.json").read_text(encoding="utf-8"))["files"].values())
    for file in folder.glob("files/??/*.age"):
        if file.stem not in named:
            file.unlink()
