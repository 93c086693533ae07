"""Keys of rows that belong to a shop: ids made without a central sequence, and the shop in every key (the shard key).

A shop's rows can live on one shard: ``shop_id`` is in each primary key, unique constraint and foreign key.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

EPOCH_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC
_RANDOM_BITS = 16


class _Clock:
    """The last id of this process: ids rise within a process even when its clock is set back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def make_id(self) -> int:
        now_ms = time.time_ns() // 1_000_000 - EPOCH_MS
        with self._lock:
            least = now_ms << _RANDOM_BITS
            if least > self._last:  # a new millisecond begins at random in the lower half: others rise from elsewhere
                self._last = least | secrets.randbits(_RANDOM_BITS - 1)
            else:
                self._last += 1
            return self._last


_clock = _Clock()


def make_id() -> int:
    """A new id: milliseconds since 2026 and 16 random bits, so that ids sort by time; at most 17 digits until 2070."""
    return _clock.make_id()


class ShopRow:
    """A row of a shop, known by (id, shop_id): so is it read again, changed and deleted."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=make_id, sort_order=-2)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False, sort_order=-1)


def refer(column: str, table: str, *, key: str = "id") -> ForeignKeyConstraint:
    """A foreign key to a row of the same shop."""
    return ForeignKeyConstraint([column, "shop_id"], [f"{table}.{key}", f"{table}.shop_id"])


TAIL, HEAD = 4, 2  # characters by which numbers and names are found


def cut_tail(column: str) -> str:
    """The end of a number, in the words that SQLite and PostgreSQL have in common."""
    return f"substr({column}, length({column}) - {TAIL - 1})"


def cut_head(column: str) -> str:
    """The beginning of a name, likewise."""
    return f"substr({column}, 1, {HEAD})"


# Where a part of a name may begin beside its first character; one that begins further on isn't found. Each place costs
# an index, and a search a look into it.
INNER = {"receiver_name": (2, 3), "member_name": (2, 3), "company_name": (2, 3, 4, 5)}


def cut_inner(column: str, place: int) -> str:
    """Two characters of a name from a place on, likewise."""
    return f"substr({column}, {place}, {HEAD})"


def is_longer(column: str, place: int) -> str:
    """That a name has two characters from there on: the condition of ``index_inner``'s indexes."""
    return f"length({column}) > {place}"


def index_inner(table: str, column: str, *keys: str) -> list[Index]:
    """Indexes by which a name is found by a part of it, one for each place; of those in which there are as many."""
    made = []
    for place in INNER[column]:
        only = text(is_longer(column, place))
        by: tuple[Any, ...] = (*keys, text(cut_inner(column, place)), "id")
        made.append(Index(f"ix_{table}_{column}_{place}", *by, sqlite_where=only, postgresql_where=only))
    return made
