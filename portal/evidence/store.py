"""Where the bytes of evidence are kept, under random names. A directory by default; whatever is a Store will do.

A file is whole or not there, also after a kill or a loss of power: written beside, flushed to the disk, then renamed.
What no row names any more is set aside first and deleted weeks later: a wrong database must not cost a photo.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

_KEY = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{30}\.(webp|jpg)")
TEMP_FOR = timedelta(hours=1)  # what is still being written then never will be
KEPT_ASIDE = timedelta(days=30)


class BadKey(ValueError):
    """A key that no store has given out: not like ab/ab… (32 hexadecimal digits).webp or .jpg."""


def is_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None


def check_key(key: str) -> str:
    """The key itself. Raises BadKey."""
    if not is_key(key):
        raise BadKey(key[:80])
    return key


class Store(Protocol):
    """Keeps files under keys like ab/ab… (32 hexadecimal digits).webp or .jpg; any other key raises BadKey."""

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; it is safe when this returns. Raises OSError, leaving nothing, when there is no room."""

    def open(self, key: str) -> BinaryIO:
        """The file for reading. Raises FileNotFoundError."""

    def set_aside(self, key: str) -> None:
        """Take the file out of sight for KEPT_ASIDE; one that is not there is no error."""

    def take_back(self, key: str) -> bool:
        """Undo ``set_aside``; False when it isn't there."""

    def list_aside(self) -> Iterator[tuple[str, datetime]]:
        """Every key that was set aside with the moment (UTC) of that."""

    def clear_aside(self, now: datetime) -> int:
        """Delete for good what was set aside more than KEPT_ASIDE ago; returns how many files went."""

    def read_identity(self) -> str:
        """The name of the installation whose files these are; empty when none has claimed them."""

    def claim(self, identity: str) -> None:
        """Write down whose files these are."""

    def delete(self, key: str) -> None:
        """Remove the file; one that is not there is no error."""

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Every key with the moment (UTC) its file was written, in no order."""

    def clear_temp(self, now: datetime) -> int:
        """Remove what interrupted writing left more than TEMP_FOR ago; returns how many files went."""


class DirectoryStore:
    """A Store in a folder that belongs to the portal alone; made when missing, closed to other users."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temp = root / "temp"  # on the same file system, or a rename would be a copy
        self._aside = root / "aside"

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; it is safe when this returns. Raises BadKey, or OSError, leaving nothing."""
        self._write(self.path(key), content)

    def _write(self, target: Path, content: bytes) -> None:
        for folder in (self.root, self._temp, target.parent):
            _make(folder)
        draft = self._temp / secrets.token_hex(16)
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(draft, target)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        _sync(target.parent)

    def open(self, key: str) -> BinaryIO:
        """The file for reading. Raises BadKey and FileNotFoundError."""
        return self.path(key).open("rb")

    def delete(self, key: str) -> None:
        """Remove the file; one that is not there is no error. Raises BadKey."""
        self.path(key).unlink(missing_ok=True)

    def set_aside(self, key: str) -> None:
        """Take the file out of sight for KEPT_ASIDE; one that is not there is no error. Raises BadKey."""
        source, target = self.path(key), self._path_aside(key)
        for folder in (self.root, self._aside, target.parent):
            _make(folder)
        with contextlib.suppress(FileNotFoundError):
            os.utime(source)  # from now on it counts the days it is aside
            os.rename(source, target)
            _sync(target.parent)

    def take_back(self, key: str) -> bool:
        """Undo ``set_aside``; False when it isn't there. Raises BadKey."""
        target = self.path(key)
        for folder in (self.root, target.parent):
            _make(folder)
        try:
            os.rename(self._path_aside(key), target)
        except FileNotFoundError:
            return False
        _sync(target.parent)
        return True

    def list_aside(self) -> Iterator[tuple[str, datetime]]:
        """Every key that was set aside with the moment (UTC) of that."""
        return self._keys_below(self._aside)

    def clear_aside(self, now: datetime) -> int:
        """Delete for good what was set aside more than KEPT_ASIDE ago; returns how many files went."""
        old = [key for key, moved_at in self.list_aside() if moved_at < now - KEPT_ASIDE]
        for key in old:
            self._path_aside(key).unlink(missing_ok=True)
        return len(old)

    def _path_aside(self, key: str) -> Path:
        return self._aside / self.path(key).relative_to(self.root)

    def read_identity(self) -> str:
        """The name of the installation whose files these are; empty when none has claimed them."""
        with contextlib.suppress(FileNotFoundError):
            return (self.root / "identity").read_text(encoding="ascii").strip()
        return ""

    def claim(self, identity: str) -> None:
        """Write down whose files these are. Raises OSError."""
        self._write(self.root / "identity", f"{identity}\n".encode())

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Every key with the moment (UTC) its file was written; a file that goes meanwhile is left out."""
        return self._keys_below(self.root)

    def _keys_below(self, root: Path) -> Iterator[tuple[str, datetime]]:
        with contextlib.suppress(FileNotFoundError):  # nothing was ever kept
            for folder in sorted(os.listdir(root)):
                if re.fullmatch("[0-9a-f]{2}", folder):
                    yield from self._keys_in(root, folder)

    def _keys_in(self, root: Path, folder: str) -> Iterator[tuple[str, datetime]]:
        with os.scandir(root / folder) as files:
            for file in files:
                key = f"{folder}/{file.name}"
                if is_key(key):
                    with contextlib.suppress(FileNotFoundError):
                        yield key, datetime.fromtimestamp(file.stat().st_mtime, UTC)

    def path(self, key: str) -> Path:
        """Where the file is, or would be. Raises BadKey."""
        return self.root / check_key(key)

    def clear_temp(self, now: datetime) -> int:
        """Remove what interrupted writing left more than TEMP_FOR ago; returns how many files went."""
        removed = 0
        with contextlib.suppress(FileNotFoundError), os.scandir(self._temp) as files:
            for file in files:
                with contextlib.suppress(FileNotFoundError):
                    if datetime.fromtimestamp(file.stat().st_mtime, UTC) < now - TEMP_FOR:
                        os.unlink(file.path)
                        removed += 1
        return removed


def _make(folder: Path) -> None:
    """Make a folder that is still there after a loss of power."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Write a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
