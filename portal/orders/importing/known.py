"""What an import remembers from one batch to the next, and how it looks things up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.orders.importing.brought import Brought
from portal.orders.importing.imagined import Imagined

MOST_REMEMBERED = 50_000


@dataclass(slots=True)
class Known:
    """What an import has found out. Ids are in the database for certain, because their batch was committed."""

    shop_id: int | None
    create_missing: bool
    vouched: bool = False  # who runs the portal says that the buyers bought there
    owner: str | None = None  # member name of the shop's owner, when there is a shop_id
    users: dict[str, int] = field(default_factory=dict)
    shops: dict[str, int] = field(default_factory=dict)  # by their owners' member names
    products: dict[tuple[int, str], int] = field(default_factory=dict)
    skus: dict[tuple[int, str], int] = field(default_factory=dict)  # with the price that they have
    sold_as: dict[tuple[Any, ...], int] = field(default_factory=dict)  # what lines say, each with 1
    find_proven: Callable[[], frozenset[str]] = frozenset  # numbers that the file proves not to be cut
    proven: frozenset[str] | None = None
    brought: Brought = field(default_factory=Brought)  # new orders of a file of several shops
    imagined: Imagined = field(default_factory=Imagined)  # what a dry run would have made of the orders before
    would_be_there: set[str] = field(default_factory=set)  # what a dry run has already counted as new

    def get_proven(self) -> frozenset[str]:
        """The numbers that the file proves not to be cut; it is looked through once."""
        if self.proven is None:
            self.proven = self.find_proven()
        return self.proven


def remember(mine: dict[Any, int], found: dict[Any, int]) -> None:
    """Add what a committed batch found; begins anew rather than grow without end."""
    if len(mine) > MOST_REMEMBERED:
        mine.clear()
    mine.update(found)


def dialect() -> str:
    """sqlite or postgresql."""
    return str(db.session.get_bind().dialect.name)


def insert_into(table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, which both databases write alike."""
    return sqlite.insert(table) if dialect() == "sqlite" else postgresql.insert(table)
