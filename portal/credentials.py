"""Secrets that systemd hands to a unit alone (LoadCredential=): a file each, in a folder no other process can read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def find_setting(environ: Mapping[str, str], name: str) -> str | None:
    """The variable; where it is missing or empty the file of its name in CREDENTIALS_DIRECTORY. Raises ValueError."""
    said = environ.get(name)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if said or not folder or not (file := Path(folder) / name).is_file():
        return said
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the credential {name} can't be read: {error}") from error
