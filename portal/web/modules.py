"""The scripts of a page as one file: ES modules that browsers could load one by one, joined in the order they need.

A first visit has few requests to spend. Each module stays a module: its imports and exports say what it needs and
gives; joining only drops these words and the comments. Names at a module's top are unique among all of them.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|let|class|function|async function) )", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:const|let|class|function|async function) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^ *//.*\n|^\n", re.MULTILINE)


class ModulesRefused(Exception):
    """Modules that can't be joined: two need each other, two have one name, or an import isn't understood."""


def join(entry: Path) -> str:
    """The module and all that it imports, each once and before the first that needs it. Raises ModulesRefused."""
    parts: dict[Path, str] = {}
    names: dict[str, Path] = {}
    _add(entry, parts, names, ())
    return "".join(parts.values())


def _add(path: Path, parts: dict[Path, str], names: dict[str, Path], open_: tuple[Path, ...]) -> None:
    if path in open_:
        raise ModulesRefused(f"{path.name} needs itself by way of {open_[-1].name}")
    if path in parts:
        return
    text = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(text):
        _add(path.with_name(name), parts, names, (*open_, path))
    for name in _NAME.findall(text):
        if names.setdefault(name, path) != path:
            raise ModulesRefused(f"{name} stands in {path.name} and in {names[name].name}")
    own = _EXPORT.sub("", _IMPORT.sub("", text))
    if re.search(r"^(?:import|export)\b", own, re.MULTILINE):
        raise ModulesRefused(f"{path.name} has an import or export of another form")
    parts[path] = _COMMENT.sub("", own)
