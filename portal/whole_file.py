"""A small file that readers see whole or not at all, also while several processes write it at once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put ``content`` at ``path``; the last writer's stays. Raises OSError, and then leaves what was there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")  # its own, or two writers would share one
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
