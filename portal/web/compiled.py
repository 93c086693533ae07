"""Templates compiled ahead of time: nobody who opens a page first waits for Jinja, which takes 0.1 to 0.4 s a page.

They are compiled once for each state of the code and kept in the data folder; every process that serves reads them.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path

from flask import Flask
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket


class CompiledTemplates(FileSystemBytecodeCache):
    """Jinja's own cache on disk; a file that can't be read or written costs a compilation, never a page."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """What is kept for this template, or nothing."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # what a broken file makes pickle and marshal raise has no common name
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, if the disk takes it."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def digest_code(env: Environment, top: Path) -> str:
    """Sixteen digits over all that a compiled template depends on.

    Jinja itself compares only the text of the template's own file; but includes stand in their pages, our extensions
    rewrite them, and what a filter makes of a constant is worked out when they are compiled.
    """
    found = hashlib.sha256(f"{version('jinja2')} {env.auto_reload} {env.trim_blocks}".encode())
    for path in sorted([*(top / "portal").rglob("*.py"), *(top / "templates").rglob("*.html")]):
        found.update(path.relative_to(top).as_posix().encode() + b"\x00" + path.read_bytes() + b"\x00")
    return found.hexdigest()[:16]


def load_all(app: Flask) -> None:
    """Load every template, compiled by an earlier process or now. What another state of the code left goes."""
    env = app.jinja_env
    folder = app.extensions["portal_settings"].data.absolute() / "compiled"
    own = folder / digest_code(env, Path(app.root_path).parent)
    with contextlib.suppress(OSError):
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in set(folder.iterdir()) - {own}:
            shutil.rmtree(other, ignore_errors=True)
    env.bytecode_cache = CompiledTemplates(str(own))
    for name in env.list_templates():
        env.get_template(name)
