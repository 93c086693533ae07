"""Encryption of what must not be readable in a stolen database: AES-256-GCM, keys outside the database.

Each text is sealed with a nonce of its own and bound to ``about``, the words that say whose it is: sealed bytes that
were changed, or moved to another row, don't open. Several keys may be known; the first one seals, all of them open, so
that keys can be changed while the portal runs.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
STEP = 128  # sealed lengths are multiples of it, so that they tell little of the text's


class KeysRefused(ValueError):
    """Keys that can't be used; the message names what is wrong and never a key."""


class CannotOpen(ValueError):
    """Sealed bytes that were changed, belong elsewhere, or were sealed with a key that isn't known any more."""


@dataclass(frozen=True)
class Keys:
    """Known keys by their ids, the one that seals first; false when there is none."""

    known: Mapping[str, AESGCM] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.known)

    @property
    def newest(self) -> str:
        """The id of the key that seals. Raises KeysRefused when there is none."""
        if not self.known:
            raise KeysRefused("there is no key")
        return next(iter(self.known))

    def seal(self, text: str, about: str) -> tuple[str, bytes]:
        """The id of the key, and nonce, ciphertext and tag of ``text`` for ``about``. Raises KeysRefused."""
        key_id, nonce = self.newest, secrets.token_bytes(NONCE_BYTES)
        plain = text.encode()
        plain += b"\0" * (-(len(plain) + NONCE_BYTES + TAG_BYTES) % STEP)
        return key_id, nonce + self.known[key_id].encrypt(nonce, plain, bind_words(key_id, about))

    def open(self, key_id: str, sealed: bytes, about: str) -> str:
        """What was sealed for just this ``about``. Raises CannotOpen."""
        key = self.known.get(key_id)
        if key is None:
            raise CannotOpen(f"the key {key_id!r} isn't known")
        try:
            plain = key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bind_words(key_id, about))
        except (InvalidTag, ValueError):
            raise CannotOpen("changed, or sealed for something else") from None
        return plain.rstrip(b"\0").decode()


def bind_words(key_id: str, about: str) -> bytes:
    return f"{key_id}\0{about}".encode()


def parse_keys(text: str) -> Keys:
    """Keys written as ``id:base64``, the newest first, parted by commas or lines. Raises KeysRefused."""
    known: dict[str, AESGCM] = {}
    for number, word in enumerate(filter(None, re.split(r"[,\s]+", text)), 1):
        key_id, colon, encoded = word.partition(":")
        if not colon or not re.fullmatch(r"[\w-]{1,16}", key_id) or key_id in known:
            raise KeysRefused(f"key {number} needs an id of its own, of at most 16 letters and digits, before a colon")
        try:
            raw = base64.b64decode(encoded.translate(_URL_SAFE), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != KEY_BYTES:
            raise KeysRefused(f"key {key_id} is not {KEY_BYTES} bytes in base64")
        known[key_id] = AESGCM(raw)
    return Keys(known)


_URL_SAFE = str.maketrans("-_", "+/")


def read_keys(path: Path) -> Keys:
    """The keys of a file, none when there is no file. Raises KeysRefused for one that others may read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return Keys()
    with open(handle, encoding="ascii", errors="replace") as file:
        if stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
            raise KeysRefused(f"{path.name} may be read by others; its mode must be 600")
        return parse_keys(file.read())


def make_key() -> str:
    """A new key as ``parse`` reads it."""
    return f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def add_key(path: Path) -> str:
    """Put a new key in front of those of a file that only its owner can read; returns its id. Raises KeysRefused."""
    before = path.read_text(encoding="ascii") if read_keys(path) else ""
    made = make_key()
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "w", encoding="ascii") as file:
        file.write(f"{made}\n{before}")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    return made.partition(":")[0]
