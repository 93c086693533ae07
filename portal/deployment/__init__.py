"""What stands around the portal on a machine: files for nginx, Caddy, systemd, Prometheus, Grafana, filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources

_NAME = re.compile(r"@([a-z_]+)@")


def fill_files(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each file's name and its text, @name@ replaced. Raises KeyError for a name that isn't given."""
    for file in sorted(resources.files(__package__).iterdir(), key=lambda each: each.name):
        if not file.name.endswith((".py", "__pycache__")):
            yield file.name, _NAME.sub(lambda found: values[found[1]], file.read_text("utf-8"))
