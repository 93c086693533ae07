"""Templates compiled ahead of time: nobody who opens a page first waits for Jinja, which takes 0.1 to 0.4 s a page.

They are compiled once for each state of the code, by the process that started the server, while that serves already;
they are kept in the data folder, and whoever needs one reads it there.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from flask import Flask
from jinja2 import Environment, FileSystemBytecodeCache, TemplateError
from jinja2.bccache import Bucket

from portal.config import Settings


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


def use_kept(app: Flask) -> Path:
    """Let templates be read as another process compiled them; the folder that they lie in."""
    settings: Settings = app.extensions["portal_settings"]
    own = settings.data.absolute() / "compiled" / digest_code(app.jinja_env, Path(app.root_path).parent)
    with contextlib.suppress(OSError):
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = CompiledTemplates(str(own))
    return own


def compile_all(app: Flask) -> Iterator[str]:
    """Compile what isn't yet, a template at each step; what another state of the code left goes first."""
    own = use_kept(app)
    with contextlib.suppress(OSError):
        for other in set(own.parent.iterdir()) - {own}:
            shutil.rmtree(other, ignore_errors=True)
    for name in app.jinja_env.list_templates():
        with contextlib.suppress(OSError, TemplateError):  # its own page says so
            app.jinja_env.get_template(name)
        yield name
