"""Backups are sealed for a public key (age): who steals the server or the backup can't read it, nor can the portal."""

from __future__ import annotations

import os
from pathlib import Path

import pyrage


class KeyRefused(ValueError):
    """A key that can't be used; the message never holds it."""


def make_key(path: Path) -> str:
    """Write a new secret key to a file of its own; returns the public one that PORTAL_BACKUP_KEY takes."""
    key = pyrage.x25519.Identity.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="ascii") as file:
        file.write(f"# public key: {key.to_public()}\n{key}\n")
    return str(key.to_public())


def seal(content: bytes, public: str) -> bytes:
    """What only the secret key of ``public`` opens. Raises KeyRefused."""
    return bytes(pyrage.encrypt(content, [_read_public(public)]))


def seal_file(source: Path, target: Path, public: str) -> None:
    """The same for a file of any size. Raises KeyRefused."""
    pyrage.encrypt_file(str(source), str(target), [_read_public(public)])


def _read_public(public: str) -> object:
    try:
        return pyrage.x25519.Recipient.from_str(public.strip())
    except pyrage.RecipientError:
        raise KeyRefused("PORTAL_BACKUP_KEY must be a public key (age1…): portal make-backup-key FILE") from None


class Opener:
    """Opens what was sealed for its key."""

    def __init__(self, key_file: Path) -> None:
        words = [line.strip() for line in key_file.read_text(encoding="ascii", errors="replace").splitlines()]
        try:
            self._key = pyrage.x25519.Identity.from_str(next(w for w in words if w.startswith("AGE-SECRET-KEY-")))
        except (StopIteration, pyrage.IdentityError):
            raise KeyRefused(f"{key_file} holds no secret key of a backup") from None

    def open(self, sealed: bytes) -> bytes:
        """The content. Raises KeyRefused for another key's, or what was changed."""
        try:
            return bytes(pyrage.decrypt(sealed, [self._key]))
        except pyrage.DecryptError:
            raise KeyRefused("the backup was sealed for another key, or was changed") from None

    def open_file(self, source: Path, target: Path) -> None:
        """The same for a file of any size."""
        try:
            pyrage.decrypt_file(str(source), str(target), [self._key])
        except pyrage.DecryptError:
            raise KeyRefused("the backup was sealed for another key, or was changed") from None
