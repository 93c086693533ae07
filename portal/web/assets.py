"""Static files under names that carry their content's hash, compressed ahead of time.

At start the files of ``static/`` are copied into the data folder as ``name.<hash>.ext`` with .br and .gz beside them,
so that a browser may keep them for ever. Links inside CSS and the manifest are rewritten to the hashed names.
htmx and the modules of ``static/js`` become one file, app.js, which start.js fetches once the stylesheet is there;
stylesheets lose what only readers need.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import brotli

from portal.web import modules
from portal.whole_file import write_whole

_PLAIN = (".css", ".js", ".svg", ".webmanifest", ".txt", ".json", ".html")
SCRIPTS = "js/app.js"  # the module that imports all others
HTMX = "vendor/htmx-2.0.11.min.js"  # sent unmodified, before the modules that use it
_LINK = re.compile(r"""url\(["']?(?!data:)([^"')]+)["']?\)""")


def squeeze(css: str) -> str:
    """The same rules without comments and without the spaces and lines that only readers need."""
    bare = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};>]|,\n)\s*", lambda found: found[1].strip(), bare).strip()


def join_scripts(source: Path) -> bytes:
    """htmx and the modules of ``source``/js as one script, in which the modules' names are their own."""
    own = modules.join(source / SCRIPTS).encode()
    return (source / HTMX).read_bytes() + b'\n;(() => {\n"use strict";\n' + own + b"})();\n"


class Assets:
    """The built files: ``url(name)`` is the address of ``static/<name>``."""

    def __init__(self, source: Path, target: Path, prefix: str = "/static/") -> None:
        self.source, self.target, self.prefix = source, target, prefix
        self._hashed: dict[str, str] = {}

    def build(self) -> None:
        """Make the hashed copies; files already made for the same content are kept."""
        self.target.mkdir(parents=True, exist_ok=True)
        if not self.source.is_dir():
            return
        entry = self.source / SCRIPTS
        files = [path for path in sorted(self.source.rglob("*")) if path.is_file() and path.parent != entry.parent]
        if entry.is_file():
            self._add("app.js", join_scripts(self.source))
        for path in sorted(files, key=lambda p: p.suffix in (".css", ".webmanifest")):  # those link to others: last
            name = path.relative_to(self.source).as_posix()
            content = path.read_bytes()
            if path.suffix == ".css":
                content = squeeze(self._relinked(name, content.decode())).encode()
            if path.suffix == ".webmanifest":
                text = content.decode()
                for known, hashed in self._hashed.items():
                    text = text.replace(f'"/static/{known}"', f'"{self.prefix}{hashed}"')
                content = text.encode()
            self._add(name, content)

    def _add(self, name: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()[:10]
        stem, dot, suffix = name.rpartition(".")
        hashed = f"{stem}.{digest}.{suffix}" if dot else f"{name}.{digest}"
        self._hashed[name] = hashed
        self._write(self.target / hashed, content, compress=Path(name).suffix in _PLAIN)

    def url(self, name: str) -> str:
        """Address of a static file. Raises KeyError for a file that doesn't exist."""
        return self.prefix + self._hashed[name]

    def _relinked(self, css: str, text: str) -> str:
        return _LINK.sub(lambda found: f"url({self._relative(css, found[1])})", text)

    def _relative(self, css: str, link: str) -> str:
        linked = (Path("/" + css).parent / link).resolve().as_posix().lstrip("/")
        return self.prefix + self._hashed[linked] if linked in self._hashed else link

    @staticmethod
    def _write(path: Path, content: bytes, *, compress: bool) -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        kinds = [("", content)]
        if compress:
            kinds = [(".br", brotli.compress(content, quality=11)), (".gz", gzip.compress(content, 9, mtime=0)), *kinds]
        for ending, data in kinds:
            write_whole(path.with_name(path.name + ending), data)


def is_immutable(_path: str, url: str) -> bool:
    """Whether a browser may keep this address for ever: its name carries the hash."""
    return re.search(r"\.[0-9a-f]{10}\.[a-z0-9]+$", url) is not None
