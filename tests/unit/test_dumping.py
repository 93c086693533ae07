"""The database's own programs get the whole address, and the password not among their arguments."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from portal.backup import dumping


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    seen = []

    def run(words: list[str], *, env: dict[str, str], **_more: Any) -> SimpleNamespace:
        seen.append((words, env))
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def test_the_whole_address_is_handed_on(ran: list[tuple[list[str], dict[str, str]]], tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:se'cret@db1:6000/shop 1?sslmode=verify-full&sslrootcert=/etc/ssl/own.pem"
    dumping.dump(url, tmp_path / "out")
    dumping.load(tmp_path / "out", url)
    for words, env in ran:
        [given] = [word.removeprefix("--dbname=") for word in words if word.startswith("--dbname=")]
        assert conninfo_to_dict(given) == {
            "host": "db1",
            "port": "6000",
            "user": "me",
            "dbname": "shop 1",
            "sslmode": "verify-full",
            "sslrootcert": "/etc/ssl/own.pem",
        }
        assert env["PGPASSWORD"] == "se'cret"
        assert not any("cret" in word for word in words)


def test_several_hosts_are_handed_on(ran: list[tuple[list[str], dict[str, str]]], tmp_path: Path) -> None:
    dumping.dump("postgresql+psycopg://me@/shop?host=a:1&host=b:2&target_session_attrs=read-write", tmp_path / "out")
    [(words, env)] = ran
    given = conninfo_to_dict(words[-1].removeprefix("--dbname="))
    assert (given["host"], given["port"], given["target_session_attrs"]) == ("a,b", "1,2", "read-write")
    assert "PGPASSWORD" not in env or env["PGPASSWORD"] == os.environ.get("PGPASSWORD")
