"""Sealing: opens for what it was sealed for and nothing else; keys are read, made and never shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from portal.money import encryption
from portal.money.encryption import CannotOpen, KeysRefused

ONE, TWO = encryption.make_key(), encryption.make_key()
ABOUT = "bank account of case 1, payment 2, owner 3, consent 4"


def test_it_opens_for_what_it_was_sealed_for() -> None:
    keys = encryption.parse_keys(ONE)
    key_id, sealed = keys.seal("6222021234567890128", ABOUT)
    assert keys.open(key_id, sealed, ABOUT) == "6222021234567890128"
    assert b"6222021234567890128" not in sealed and key_id == ONE.partition(":")[0]


def test_every_time_is_another_nonce_and_lengths_tell_little() -> None:
    keys = encryption.parse_keys(ONE)
    sealed = [keys.seal("李雯" * number, ABOUT)[1] for number in (1, 1, 9)]
    assert len({each[:12] for each in sealed}) == 3 and len({len(each) for each in sealed}) == 1


def test_changed_bytes_do_not_open() -> None:
    keys = encryption.parse_keys(ONE)
    key_id, sealed = keys.seal("6222021234567890128", ABOUT)
    for at in range(len(sealed)):
        with pytest.raises(CannotOpen):
            keys.open(key_id, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], ABOUT)
    for short in (b"", sealed[:11], sealed[:-1], sealed + b"\0"):
        with pytest.raises(CannotOpen):
            keys.open(key_id, short, ABOUT)


def test_a_moved_row_and_another_key_do_not_open() -> None:
    keys = encryption.parse_keys(f"{ONE},{TWO}")
    key_id, sealed = keys.seal("6222021234567890128", ABOUT)
    for wrong in (ABOUT.replace("case 1", "case 9"), ABOUT.replace("owner 3", "owner 9"), ""):
        with pytest.raises(CannotOpen):
            keys.open(key_id, sealed, wrong)
    with pytest.raises(CannotOpen):
        keys.open(TWO.partition(":")[0], sealed, ABOUT)
    with pytest.raises(CannotOpen, match="isn't known"):
        encryption.parse_keys(TWO).open(key_id, sealed, ABOUT)


def test_the_first_key_seals_and_all_open() -> None:
    key_id, sealed = encryption.parse_keys(ONE).seal("旧", ABOUT)
    keys = encryption.parse_keys(f"{TWO}\n{ONE}\n")
    assert keys.newest == TWO.partition(":")[0]
    assert keys.open(key_id, sealed, ABOUT) == "旧"


SHORT = base64.b64encode(b"short").decode()


GOOD = f"a:{'A' * 43}="
POOR = ["nocolon", f"a:{SHORT}", "a:not base64!", f"{GOOD},{GOOD}", f":{SHORT}", f"{'x' * 17}{GOOD}", "密:AAAA"]


@pytest.mark.parametrize("text", POOR)
def test_poor_keys_are_refused_without_saying_them(text: str) -> None:
    with pytest.raises(KeysRefused) as refused:
        encryption.parse_keys(text)
    assert text not in str(refused.value) and SHORT not in str(refused.value)


def test_no_key_is_in_a_repr() -> None:
    assert ONE[9:] not in repr(encryption.parse_keys(ONE))
    assert not encryption.parse_keys("") and not encryption.Keys()
    with pytest.raises(KeysRefused):
        encryption.Keys().seal("x", ABOUT)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "bank-keys"
    assert not encryption.read_keys(path)
    first = encryption.add_key(path)
    assert path.stat().st_mode & 0o777 == 0o600 and encryption.read_keys(path).newest == first
    second = encryption.add_key(path)
    assert list(encryption.read_keys(path).known) == [second, first]
    assert [each.name for each in tmp_path.iterdir()] == ["bank-keys"]
    path.chmod(0o640)
    with pytest.raises(KeysRefused, match="600"):
        encryption.read_keys(path)
