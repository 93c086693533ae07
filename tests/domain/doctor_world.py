"""The world in which violations are planted for `portal doctor`, and the list of those that are."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.cases.history import hash_event
from portal.evidence import evidence
from portal.evidence.imaging import PreparedImage
from portal.evidence.store import DirectoryStore
from portal.extensions import db, writing
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Order,
    OrderLine,
    Parcel,
    Policy,
)
from portal.talk import conversations
from tests.cast import Cast


@dataclass
class World:
    """One application that waits, one exchange with goods on their way, one completed; words unread; a photo."""

    store: DirectoryStore
    database: Path
    applied: int
    confirming: int
    completed: int
    order: int
    line: int
    other_order: int
    conversation: int
    policy2: int
    cast: Cast

    def run(self, *statements: str, **values: Any) -> None:
        """Straight into the file, past every trigger and constraint."""
        db.session.remove()
        db.engine.dispose()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA ignore_check_constraints=1")
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                done = connection.execute(statement, values)
                assert done.rowcount != 0, f"nothing was planted by: {statement}"
            connection.commit()

    def line_of(self, case_id: int) -> int:
        found = db.session.scalar(select(CaseLine.id).where(CaseLine.case_id == case_id))
        assert found is not None
        return found

    def parcel(self, leg: str) -> int:
        """The parcel of the exchange with goods on their way."""
        found = db.session.scalar(select(Parcel.id).where(Parcel.case_id == self.confirming, Parcel.leg == leg))
        assert found is not None
        return found

    def forge(self, case_id: int) -> None:
        """Make the chain of a changed case's events whole again, so that only the change itself can be found."""
        columns = CaseEvent.__table__.columns
        rows = db.session.execute(
            select(*columns).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version)
        ).mappings()
        hashes, before = [], ""
        for row in rows:
            made = hash_event({**row, "before_hash": before})
            hashes.append((before, made, row["id"]))
            before = made
        for earlier, made, event_id in hashes:
            self.run(
                "UPDATE case_events SET before_hash = :earlier, hash = :made WHERE id = :event_id",
                earlier=earlier,
                made=made,
                event_id=event_id,
            )


def make_world(app: Flask, cast: Cast) -> World:
    """Two cases that go on, one that is completed, a conversation and a photo."""
    applied = cast.open_case(milli=2_000).id
    confirming, completed = cast.until("confirming").id, cast.until("completed").id
    order = db.session.get_one(Case, applied).order_id
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order)).one()
    other_order = cast.order().id
    store: DirectoryStore = app.extensions["portal_store"]
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order), cast.now)
        side: conversations.Side
        for side, person in (("buyer", cast.buyer), ("seller", cast.seller), ("seller", cast.seller)):
            conversations.add_message(talk, side, person, "在吗", now=cast.now)
        conversation = talk.id
    size = {"width": 1, "height": 1, "thumb_width": 1, "thumb_height": 1}
    sha256 = hashlib.sha256(b"photo").hexdigest()
    image = PreparedImage(b"photo", b"thumb", **size, sha256=sha256, taken_note=None, original_name="a.jpg")
    stored = evidence.add_photo(store, [image])
    with writing():
        evidence.keep_photos(stored, shop_id=cast.shop, owner_id=cast.buyer, side="buyer", now=cast.now)
    policy2 = db.session.scalars(select(Policy.id).where(Policy.shop_id == cast.shop2)).one()
    database = app.extensions["portal_settings"].data / "portal.db"
    return World(store, database, applied, confirming, completed, order, line, other_order, conversation, policy2, cast)


Plant = Callable[[World], list[str]]
PLANTS: list[tuple[str, Plant]] = []


def plant(check: str) -> Callable[[Plant], Plant]:
    """The decorated function breaks what this check holds, and returns the lines that must be reported."""

    def keep(function: Plant) -> Plant:
        PLANTS.append((check, function))
        return function

    return keep


def linked(world: World, *pairs: tuple[int, int]) -> None:
    kept = "id, downstream_id, upstream_id, shop_id, upstream_shop_id, created_by, created_at, route_back, route_out"
    freight = "freight_back_fen, freight_out_fen, freight_back_payer, freight_out_payer"
    values = ":id, :below, :above, 1, 1, 3, '2026-11-23 02:00:00', 'via', 'via', 0, 0, 'supplier', 'supplier'"
    for number, (below, above) in enumerate(pairs, 1):
        world.run(f"INSERT INTO case_links ({kept}, {freight}) VALUES ({values})", id=number, below=below, above=above)


def find_order_no(order_id: int) -> str:
    return db.session.scalars(select(Order.order_no).where(Order.id == order_id)).one()


def find_case_no(case_id: int) -> str:
    return db.session.get_one(Case, case_id).case_no
