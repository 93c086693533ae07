"""Uploaded order exports and reports where several nodes share a bucket: any node can check and import a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from portal.per_app import PerApp
from portal.whole_file import write_whole


class Shared(Protocol):
    """Where files wait for another node."""

    def put_upload(self, name: str, content: bytes) -> None:
        """Keep a file. Raises OSError."""

    def get_upload(self, name: str) -> bytes:
        """The file. Raises FileNotFoundError and OSError."""

    def clear_uploads(self, before: datetime) -> int:
        """Delete older files; returns how many."""


_shared: PerApp[Shared | None] = PerApp("shared_uploads", None)


def use_shared(shared: Shared | None) -> None:
    """What the nodes share; None: there is one node, and its folder is enough."""
    _shared.set(shared)


def share(path: Path) -> None:
    """Let every node have this file. Raises OSError."""
    if (shared := _shared.get()) is not None:
        shared.put_upload(path.name, path.read_bytes())


def fetch(path: Path) -> Path:
    """The same path, with the file in it when any node has it."""
    shared = _shared.get()
    if shared is not None and not path.is_file():
        try:
            content = shared.get_upload(path.name)
        except FileNotFoundError:
            return path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content)
    return path


def clear(before: datetime) -> None:
    """Delete what is older for all nodes."""
    if (shared := _shared.get()) is not None:
        shared.clear_uploads(before)
