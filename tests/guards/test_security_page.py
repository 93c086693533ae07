"""What the page on security says is what the code does: each table of it beside what it describes."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from portal.config import Settings
from portal.evidence import evidence, imaging, judging
from portal.extensions import Model
from portal.orders import uploads
from portal.people import passwords, sessions
from portal.sheets import xlsx_files
from portal.web import events, quotas, rates

TOP = Path(__file__).parents[2]
PAGE = (TOP / ".readme/security.md").read_text("utf-8")
MB = 1024 * 1024


def section(name: str) -> str:
    """The text of a section, on one line."""
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert found is not None
    return found[1]


def table(name: str) -> list[list[str]]:
    """The rows of a section's table, its heading left out."""
    lines = [line for line in section(name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def say(span: timedelta) -> str:
    """A length of time in the page's words."""
    for size, one in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if span >= size:
            number = span // size
            assert number * size == span
            return f"{number} {one}{'s' if number > 1 else ''}"
    raise AssertionError(span)


def test_how_often_things_may_be_done() -> None:
    said = {row[0]: row[1] for row in table("Limits")}
    for name, (most, span) in rates.LIMITS.items():
        each = say(span)
        each = f" in {each}" if not each.startswith("1 ") else f" {'an' if each == '1 hour' else 'a'} {each[2:]}"
        assert said.pop(name) == f"{most:,}{each}"
    assert not said


def test_what_costs_much_is_bounded() -> None:
    text = section("Limits")
    assert imaging.CHILDREN == 2
    assert "two decoders of photos" in text
    assert rates.LIMITS["export"] == (6, timedelta(hours=1))
    assert "packs six an hour" in text
    assert "MAX_CONTENT_LENGTH=12 * 1024 * 1024" in (TOP / "portal/__init__.py").read_text("utf-8")
    assert "requests of 12 MB" in text
    assert quotas.MOST_PHOTO_BYTES > 0


def test_which_files_are_taken() -> None:
    photos, labels, sheets = table("Files")
    kinds = {f"image/{kind.strip().lower()}" for kind in photos[1].split(",")}
    assert kinds == set(imaging.ACCEPTED.split(",")) - {"image/heif"}
    assert labels[1] == photos[1] and labels[2].startswith(f"{judging.MOST_BYTES // MB} MB")
    assert photos[2].startswith(f"{judging.MOST_BYTES // MB} MB, {evidence.MOST_PER_STEP} a step")
    unpacked = f"{xlsx_files.MOST_UNPACKED // 10**6} MB unpacked, ratio {xlsx_files.BOMB_RATIO}"
    assert sheets[2] == f"{uploads.MOST_BYTES // MB} MB, {unpacked}"


def test_which_words_make_no_password() -> None:
    text = section("Signing in")
    listed = re.search(r"everybody thinks of here\n\(([^)]*)\)", text)
    assert listed is not None
    assert tuple(listed[1].split(", ")) == passwords.CONTEXT
    assert f"{passwords.LEAST} to {passwords.LONGEST} characters" in text
    assert len(passwords.most_used()) == 3000


def test_how_long_sessions_last() -> None:
    kinds = ("BUYER", "SELLER", "FINANCE", "MEDIATOR")
    spans = [[say(getattr(sessions, f"{kind}_{which}")) for which in ("IDLE", "LONGEST")] for kind in kinds]
    assert [row[1:] for row in table("Sessions")] == spans


def test_how_many_sessions_at_once() -> None:
    assert sessions.MOST_SESSIONS == 5
    assert "Five at once, the oldest ends." in section("Sessions")
    assert f"after {say(sessions.PROVED_FOR).replace('5', 'five')}" in section("Sessions")


def test_every_key_is_listed_with_what_changes_it() -> None:
    listed = table("Keys")
    assert all(all(row) for row in listed)
    named = {name for row in listed for name in re.findall(r"PORTAL_[A-Z0-9_]+", row[0])}
    secrets = {name for name in vars(Settings()) if re.search(r"key$|secret|token", name)}
    assert {f"PORTAL_{name.upper()}" for name in secrets - {"backup_key"}} == named
    assert {"bank keys", "backup key", "anchor key"} <= {row[0] for row in listed}


def test_what_leads_out_is_listed() -> None:
    """Whoever opens a connection stands in the table, and so does each setting that is an address."""
    opens = re.compile(
        r"^(import socket|from http\.client import|import http\.client|import obstore|from obstore)", re.M
    )
    found = {path for path in (TOP / "portal").rglob("*.py") if opens.search(path.read_text("utf-8"))}
    found -= {TOP / "portal/cli/servers.py"}  # looks whether its port is free
    text = section("Connections")
    assert {str(path.relative_to(TOP)) for path in found} == set(re.findall(r"`(portal/[a-z_/]+\.py)`", text))
    addresses = {name for name in vars(Settings()) if re.search(r"url$|store|replica$|endpoint$", name)}
    assert {f"PORTAL_{name.upper()}" for name in addresses} | {"PORTAL_TRACKING"} == set(
        re.findall(r"PORTAL_[A-Z0-9_]+", text)
    )


def test_every_log_is_listed() -> None:
    """Loggers are the portal's own; security events have the names that the page means."""
    loggers = set()
    for path in (TOP / "portal").rglob("*.py"):
        loggers |= set(re.findall(r'getLogger\("?([\w.]+)"?\)', path.read_text("utf-8")))
    assert all(name == "__name__" or name.split(".")[0] == "portal" for name in loggers)
    assert [row[0] for row in table("Logs")] == ["security events", "audit rows", "requests", "events of a case"]
    assert all(all(row) for row in table("Logs"))
    assert "audit_events" in Model.metadata.tables
    assert len(events.NAMES) == len(set(events.NAMES.values())) == 14


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:portal|tests)/[a-z_/]+(?:\.py)?)`", PAGE))))
def test_what_it_names_is_there(path: str) -> None:
    assert (TOP / path).exists()
