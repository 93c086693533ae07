"""The app's keys for bank data, and how long it is kept."""

from __future__ import annotations

from datetime import timedelta

from portal.money.encryption import Keys
from portal.per_app import PerApp

_keys: PerApp[Keys] = PerApp("bank_keys", Keys())


kept_for_days: PerApp[timedelta] = PerApp("bank_days", timedelta(days=30))


def set_keys(keys: Keys, kept_for: timedelta) -> None:
    """The keys that seal and open, and how long an account is kept after its payment, from now on."""
    _keys.set(keys)
    kept_for_days.set(kept_for)


def get_keys() -> Keys:
    """The keys that seal and open, the newest first."""
    return _keys.get()


def is_ready() -> bool:
    """Whether there is a key, without which no account can be taken."""
    return bool(get_keys())
