"""Violations in photos, files and what the database itself keeps."""

from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import func, select

from portal.cases import anchors
from portal.evidence import evidence
from portal.extensions import db
from portal.models import (
    CaseEvent,
    Evidence,
)
from tests.domain.doctor_world import World, plant


@plant("files")
def a_photo_without_its_file(world: World) -> list[str]:
    key = db.session.scalars(select(Evidence.key)).one()
    world.store.delete(key)
    return [f"no file {key}"]


@plant("files")
def a_photo_without_its_small_one(world: World) -> list[str]:
    key = db.session.scalars(select(Evidence.thumb_key)).one()
    world.store.delete(key)
    return [f"no file {key}"]


@plant("files")
def a_file_that_no_row_names(world: World) -> list[str]:
    key = evidence.new_key(b"left over")
    world.store.put(key, b"left over")
    path = world.store.path(key)
    long_ago = path.stat().st_mtime - timedelta(days=2).total_seconds()
    os.utime(path, (long_ago, long_ago))
    return [f"no row for {key}"]


@plant("files")
def a_photo_that_was_changed(world: World) -> list[str]:
    key = db.session.scalars(select(Evidence.key)).one()
    world.store.path(key).write_bytes(b"phot0")
    return [f"changed {key}"]


@plant("database")
def a_row_that_names_nothing(world: World) -> list[str]:
    world.run("UPDATE evidence SET owner_id = 999999")
    return ["evidence 1: what it names in users is missing"]


@plant("json")
def what_is_no_json(world: World) -> list[str]:
    world.run("UPDATE cases SET origin = '{not' WHERE id = :case", case=world.applied)
    return [f"cases {world.applied}: origin"]


@plant("anchors")
def a_history_that_was_forged_whole(world: World) -> list[str]:
    """With every hash of the table made right again: only what lies outside speaks against it."""
    anchors.write_head()
    upto = db.session.scalar(select(func.max(CaseEvent.id)))
    world.run("UPDATE case_events SET note = '改过' WHERE case_id = :case AND version = 2", case=world.confirming)
    world.forge(world.confirming)
    return [f"the events up to {upto} are not what they were"]


@plant("enquiries")
def a_thread_forgets_its_last_message(world: World) -> list[str]:
    world.run(
        "INSERT INTO enquiries (id, shop_id, product_id, buyer_id, last_message_id, last_words, last_at, handed_note) "
        "SELECT 7, shop_id, id, :buyer, 0, '', '2026-11-23 00:00:00', '' FROM products LIMIT 1",
        buyer=world.cast.buyer,
    )
    return ["enquiry 7"]
