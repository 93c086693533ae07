"""Evidence in a bucket that several nodes share: S3 and what speaks its language; a folder or memory for trying it.

An object is whole or not there. What is set aside lies below ``aside/``; its age there is that of the copy.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import obstore
from obstore.store import from_url

from portal.evidence.store import KEPT_ASIDE, check_key, is_key

PIECE = 1000  # keys a request of the store deletes at once


class BucketStore:
    """A Store in a bucket, given by an address like s3://bucket/prefix; keys of access come from AWS_… variables."""

    def __init__(self, address: str, *, endpoint: str = "") -> None:
        """Raises ValueError for an address that no store has."""
        options: dict[str, Any] = {}
        if address.startswith("s3://") and endpoint:
            options = {"endpoint": endpoint, "client_options": {"allow_http": endpoint.startswith("http://")}}
        try:
            self.objects = from_url(address, **options)
        except Exception as error:  # the library's own errors share no base that it names
            raise ValueError(f"PORTAL_STORE can't be used: {type(error).__name__}") from error

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; it is safe when this returns. Raises BadKey and OSError."""
        self._put(check_key(key), content)

    def open(self, key: str) -> BinaryIO:
        """The file for reading. Raises BadKey, FileNotFoundError and OSError."""
        return io.BytesIO(self._get(check_key(key)))

    def delete(self, key: str) -> None:
        """Remove the file; one that is not there is no error. Raises BadKey and OSError."""
        self._delete(check_key(key))

    def set_aside(self, key: str) -> None:
        """Take the file out of sight for KEPT_ASIDE; one that is not there is no error."""
        with contextlib.suppress(FileNotFoundError):
            self._move(check_key(key), f"aside/{key}")

    def take_back(self, key: str) -> bool:
        """Undo ``set_aside``; False when it isn't there."""
        try:
            self._move(f"aside/{check_key(key)}", key)
        except FileNotFoundError:
            return False
        return True

    def list_aside(self) -> Iterator[tuple[str, datetime]]:
        """Every key that was set aside with the moment (UTC) of that."""
        for name, at in self._list("aside/"):
            if is_key(name.removeprefix("aside/")):
                yield name.removeprefix("aside/"), at

    def clear_aside(self, now: datetime) -> int:
        """Delete for good what was set aside more than KEPT_ASIDE ago; returns how many files went."""
        old = [key for key, moved_at in self.list_aside() if moved_at < now - KEPT_ASIDE]
        for start in range(0, len(old), PIECE):
            with _as_os_error():
                obstore.delete(self.objects, [f"aside/{key}" for key in old[start : start + PIECE]])
        return len(old)

    def read_identity(self) -> str:
        """The name of the installation whose files these are; empty when none has claimed them."""
        with contextlib.suppress(FileNotFoundError):
            return self._get("identity").decode("ascii").strip()
        return ""

    def claim(self, identity: str) -> None:
        """Write down whose files these are."""
        self._put("identity", f"{identity}\n".encode())

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Every key with the moment (UTC) its file was written, in no order."""
        for name, at in self._list():
            if is_key(name):
                yield name, at

    def clear_temp(self, now: datetime) -> int:
        """Nothing: an upload that was interrupted leaves no object."""
        return 0

    def put_upload(self, name: str, content: bytes) -> None:
        """Keep a file on its way to another node: an order export, or what was found in one."""
        self._put(f"uploads/{name}", content)

    def get_upload(self, name: str) -> bytes:
        """Such a file. Raises FileNotFoundError."""
        return self._get(f"uploads/{name}")

    def clear_uploads(self, before: datetime) -> int:
        """Delete the uploads that are older; returns how many."""
        old = [name for name, at in self._list("uploads/") if at < before]
        for start in range(0, len(old), PIECE):
            with _as_os_error():
                obstore.delete(self.objects, old[start : start + PIECE])
        return len(old)

    def _put(self, name: str, content: bytes) -> None:
        with _as_os_error():
            obstore.put(self.objects, name, content)

    def _get(self, name: str) -> bytes:
        with _as_os_error():
            return bytes(obstore.get(self.objects, name).bytes())

    def _delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError), _as_os_error():
            obstore.delete(self.objects, name)

    def _move(self, source: str, target: str) -> None:
        # A copy and a deletion: what is interrupted in between is there twice, never lost.
        with _as_os_error():
            obstore.copy(self.objects, source, target)
            obstore.delete(self.objects, source)

    def _list(self, prefix: str = "") -> Iterator[tuple[str, datetime]]:
        with _as_os_error():
            for piece in obstore.list(self.objects, prefix=prefix or None):
                for found in piece:
                    yield found["path"], found["last_modified"].astimezone(UTC)


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """Callers know a store's failures as OSError, whatever the library calls them."""
    try:
        yield
    except OSError:
        raise
    except obstore.exceptions.BaseError as error:
        raise OSError(f"the store doesn't answer: {type(error).__name__}") from error
