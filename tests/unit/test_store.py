"""Files of evidence are whole or not there."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.evidence import store as evidence_store
from portal.evidence.store import BadKey, DirectoryStore, Store

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEY = "ab/ab" + "0" * 30 + ".webp"
OTHER = "cd/cd" + "1" * 30 + ".webp"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "evidence")


def age(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_what_is_put_can_be_opened_listed_and_deleted(store: DirectoryStore) -> None:
    kept: Store = store
    assert list(kept.keys()) == []
    kept.put(KEY, b"picture")
    kept.put(OTHER, b"")
    with kept.open(KEY) as file:
        assert file.read() == b"picture"
    assert store.path(KEY).read_bytes() == b"picture"
    age(store.path(KEY), NOW)
    assert dict(kept.keys())[KEY] == NOW
    assert {key for key, _ in kept.keys()} == {KEY, OTHER}
    kept.delete(KEY)
    kept.delete(KEY)
    assert [key for key, _ in kept.keys()] == [OTHER]
    with pytest.raises(FileNotFoundError):
        kept.open(KEY)


def test_nobody_else_on_the_machine_can_read_it(store: DirectoryStore) -> None:
    store.put(KEY, b"picture")
    modes = {path.stat().st_mode & 0o777 for path in (store.root, *store.root.rglob("*")) if path.is_dir()}
    assert modes == {0o700}
    assert store.path(KEY).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "key",
    [
        "",
        KEY.removesuffix(".webp"),
        KEY.upper(),
        KEY + "\n",
        KEY[3:],
        "ab/cd" + "0" * 30 + ".webp",
        "ab/ab" + "0" * 29 + ".webp",
        "ab/ab" + "٣" * 30 + ".webp",
        "ab/ab" + "0" * 30 + ".html",
        "../" + KEY,
        "/" + KEY,
        "ab/../" + KEY,
        "ab/../../portal.db",
        "temp/ab" + "0" * 30,
        "ab\\ab" + "0" * 30 + ".webp",
        KEY + "\0",
        "x" * 5000,
    ],
)
def test_any_other_key_is_refused(store: DirectoryStore, key: str) -> None:
    for use in (store.open, store.delete, store.path, lambda bad: store.put(bad, b"")):
        with pytest.raises(BadKey):
            use(key)
    assert not store.root.exists()


def test_strange_files_are_not_listed(store: DirectoryStore) -> None:
    store.put(KEY, b"picture")
    (store.root / "ab" / "notes.txt").write_text("")
    (store.root / "lost+found").mkdir()
    (store.root / "temp" / "half").write_text("")
    assert [key for key, _ in store.keys()] == [KEY]


def test_content_reaches_the_disk_before_its_name_does(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(OTHER, b"")
    (store.root / "ab").mkdir()
    done: list[str] = []
    real_sync, real_rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        what = f"{path.stat().st_size} bytes" if path.is_file() else "folder"
        done.append(f"sync {path.relative_to(store.root).parts[0]}, {what}")
        real_sync(descriptor)

    def rename(source: Path, target: Path) -> None:
        done.append(f"rename to {target.relative_to(store.root)}")
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    store.put(KEY, b"picture")
    assert done == ["sync temp, 7 bytes", f"rename to {KEY}", "sync ab, folder"]


@pytest.mark.parametrize("broken", ["fsync", "rename"])
def test_a_full_disk_leaves_nothing(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    store.put(OTHER, b"")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (store.root / "ab").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, broken, full)
        with pytest.raises(OSError, match="No space"):
            store.put(KEY, b"picture")
    assert [key for key, _ in store.keys()] == [OTHER]
    assert list((store.root / "temp").iterdir()) == []
    store.put(KEY, b"picture")
    assert store.path(KEY).read_bytes() == b"picture"


def test_only_old_temporary_files_are_cleared(store: DirectoryStore) -> None:
    assert store.clear_temp(NOW) == 0
    store.put(KEY, b"picture")
    temp = store.root / "temp"
    for name, old in (("old", timedelta(minutes=61)), ("new", timedelta(minutes=59))):
        (temp / name).write_bytes(b"half")
        age(temp / name, NOW - old)
    age(store.path(KEY), NOW - timedelta(days=9))
    assert store.clear_temp(NOW) == 1
    assert [path.name for path in temp.iterdir()] == ["new"]
    assert [key for key, _ in store.keys()] == [KEY]


WRITER = """
import hashlib, importlib.util, os, pathlib, sys
spec = importlib.util.spec_from_file_location("store", sys.argv[1])
store = importlib.util.module_from_spec(spec)
sys.modules["store"] = store
spec.loader.exec_module(store)
kept = store.DirectoryStore(pathlib.Path(sys.argv[2]))
while True:
    content = os.urandom(32) * 30_000
    name = hashlib.sha256(content).hexdigest()[:32]
    key = f"{name[:2]}/{name}.webp"
    kept.put(key, content)
    print(key, flush=True)
"""


def test_a_kill_leaves_no_half_file(store: DirectoryStore) -> None:
    """What was acknowledged is there, and what is there is whole; halves stay among the temporary files."""
    acknowledged: list[str] = []
    for _ in range(8):
        command = [sys.executable, "-I", "-c", WRITER, evidence_store.__file__, str(store.root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            acknowledged.append(writer.stdout.readline().strip())
            time.sleep(secrets.randbelow(60) / 1000)
            writer.send_signal(signal.SIGKILL)
            acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
    found = [key for key, _ in store.keys()]
    assert set(acknowledged) <= set(found)
    for key in found:
        assert hashlib.sha256(store.path(key).read_bytes()).hexdigest()[:32] == Path(key).stem
    store.clear_temp(datetime.now(UTC) + timedelta(hours=2))
    assert list((store.root / "temp").iterdir()) == []
