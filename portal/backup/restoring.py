"""The way back: database and evidence from a backup, into an empty place or beside what is set aside, never over it."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.backup import dumping, making
from portal.backup.sealing import Opener
from portal.config import Settings
from portal.evidence.store import Store


class RestoreRefused(ValueError):
    """Nothing was restored; the message says what is in the way."""


def find_backup(folder: Path, at: str = "") -> Path:
    """The newest backup, or the one of this name. Raises RestoreRefused."""
    found = [path for path in making.list_backups(folder) if not at or path.name == at]
    if not found:
        raise RestoreRefused(f"{folder} holds no finished backup{f' {at}' if at else ''}")
    return found[-1]


def set_aside(data: Path, now: datetime) -> Path:
    """Move what there is of a database and its evidence into a folder of its own; returns that."""
    aside = data / f"replaced-{now.strftime(making.STAMP)}"
    aside.mkdir(mode=0o700)
    for name in ("portal.db", "portal.db-wal", "portal.db-shm", "evidence", "event-heads"):
        if (data / name).exists():
            (data / name).rename(aside / name)
    return aside


def restore(backup: Path, opener: Opener, settings: Settings, store: Store) -> dict[str, Any]:
    """Bring back the database and every file that isn't there whole; returns the manifest, ``lost`` added.

    The database must be empty. Raises RestoreRefused, KeyRefused, DumpFailed and OSError.
    """
    manifest: dict[str, Any] = json.loads((backup / "manifest.json").read_text(encoding="utf-8"))
    if (manifest["database"] == "sqlite") is not settings.sqlite:
        raise RestoreRefused(
            f"the backup is of a {manifest['database']} database: set PORTAL_DATABASE_URL to such a one"
        )
    theirs = store.read_identity()
    if theirs and manifest["identity"] and theirs != manifest["identity"]:
        raise RestoreRefused("the evidence here belongs to another installation: use --replace, or another PORTAL_DATA")
    manifest["lost"] = [
        key for key, sha in manifest["files"].items() if not _restore_file(backup.parent, opener, store, key, sha)
    ]
    with tempfile.TemporaryDirectory(dir=settings.data) as work:
        copy = Path(work) / "database"
        opener.open_file(backup / "database.age", copy)
        dumping.load(copy, settings.url)
    if manifest["identity"]:
        store.claim(manifest["identity"])
    for name, content in json.loads(opener.open((backup / "small.age").read_bytes())).items():
        if name in making.SMALL:
            (settings.data / name).write_bytes(base64.b64decode(content))
    return manifest


def _restore_file(folder: Path, opener: Opener, store: Store, key: str, sha256: str) -> bool:
    try:
        with store.open(key) as file:
            if hashlib.sha256(file.read()).hexdigest() == sha256:
                return True
    except FileNotFoundError:
        pass
    try:
        content = opener.open(making.find_file(folder, sha256).read_bytes())
    except FileNotFoundError:
        return False
    if hashlib.sha256(content).hexdigest() != sha256:
        return False
    store.put(key, content)
    return True
