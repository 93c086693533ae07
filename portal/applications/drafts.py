"""Drafts of applications: begun, kept, found again and thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.flow import CaseType, StepRefused
from portal.models import Draft, OrderLine
from portal.models import Evidence as Photo
from portal.rights.reasons import most_photos, reason
from portal.rights.sizes import write_sizes

_DRAFT = select(Draft).where(Draft.order_id == bindparam("order_id"), Draft.buyer_id == bindparam("buyer_id"))

_COUNT_LINES = select(func.count(OrderLine.id)).where(
    OrderLine.order_id == bindparam("order_id"), OrderLine.shop_id == bindparam("shop_id")
)


def find_draft(order_id: int, buyer_id: int) -> Draft | None:
    """The draft of this order, if this buyer has begun one."""
    return db.session.scalars(_DRAFT, {"order_id": order_id, "buyer_id": buyer_id}).one_or_none()


def read_type(draft: Draft) -> CaseType:
    """What the draft applies for."""
    known = draft.fields.get("type")
    return CaseType(known) if known in set(CaseType) else CaseType.EXCHANGE


def read_asked(draft: Draft) -> bool:
    """Whether it is asked for as 协商, where there may be no right to it."""
    return bool(draft.fields.get("negotiated"))


def read_description(draft: Draft) -> str:
    """The description as it is handed in: the two sizes in front where the reason asks for them."""
    fields = draft.fields
    stated, measured = fields.get("stated") or "", fields.get("measured") or ""
    known = reason(fields.get("reason", ""))
    sizes = write_sizes(stated, measured) if known and known.measures and stated and measured else ""
    return sizes + (fields.get("description") or "")


MOST_DRAFTS = 50  # of one person; what is begun and never handed in keeps photos


def start_draft(
    shop_id: int, order_id: int, buyer_id: int, *, source: str, now: datetime, line_id: int | None = None
) -> Draft:
    """The draft of this order; begun when there is none. Two at once get the same one.

    Raises StepRefused when this person has as many drafts as may be.
    """
    if find_draft(order_id, buyer_id) is None:
        begun = db.session.scalar(select(func.count()).select_from(Draft).where(Draft.buyer_id == buyer_id)) or 0
        if begun >= MOST_DRAFTS:
            raise StepRefused(f"最多同时保存 {MOST_DRAFTS} 份草稿，请先提交或删除不用的草稿", "apply")
    dialect = db.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {
        "shop_id": shop_id,
        "order_id": order_id,
        "buyer_id": buyer_id,
        "source": source,
        "fields": {},
        "created_at": now,
        "updated_at": now,
    }
    db.session.execute(insert(Draft).values(row).on_conflict_do_nothing())
    draft = db.session.scalars(
        select(Draft).where(Draft.order_id == order_id, Draft.shop_id == shop_id, Draft.buyer_id == buyer_id)
    ).one()
    if line_id is not None:
        save_draft(draft, {"line_id": line_id}, now)
    return draft


def save_draft(draft: Draft, fields: dict[str, Any], now: datetime) -> None:
    """Keep what was typed; what isn't mentioned stays."""
    draft.fields = {**draft.fields, **fields}
    draft.updated_at = now
    db.session.flush()


def discard_draft(draft: Draft) -> None:
    """Remove a draft; its photos become loose and are swept a day later."""
    db.session.execute(
        update(Photo)
        .where(Photo.draft_id == draft.id, Photo.shop_id == draft.shop_id)
        .values(draft_id=None, order_line_id=None)
    )
    db.session.delete(draft)
    db.session.flush()


def keep_photos(
    draft: Draft, public_ids: Sequence[str], drop: Sequence[str] = (), *, line_id: int | None = None
) -> int:
    """Hang loose photos of the buyer on the draft and take dropped ones off; returns how many it has then.

    ``line_id``: the line of the order that these show, None for the whole application.
    """
    mine = (Photo.owner_id == draft.buyer_id, Photo.is_loose("draft_id"))
    if drop:
        db.session.execute(
            update(Photo)
            .where(Photo.public_id.in_(drop), Photo.draft_id == draft.id, Photo.shop_id == draft.shop_id)
            .values(draft_id=None, order_line_id=None)
        )
    room = count_room(draft)
    if public_ids and room > 0:
        db.session.execute(
            update(Photo)
            .where(Photo.public_id.in_(list(public_ids)[:room]), *mine)
            .values(draft_id=draft.id, shop_id=draft.shop_id, order_line_id=line_id)
        )
    return len(list_photos(draft))


def count_most_photos(order_id: int, shop_id: int) -> int:
    """How many photos an application for this order may bring."""
    return most_photos(db.session.scalars(_COUNT_LINES, {"order_id": order_id, "shop_id": shop_id}).one())


def count_room(draft: Draft) -> int:
    """How many photos the draft can still take."""
    return max(count_most_photos(draft.order_id, draft.shop_id) - len(list_photos(draft)), 0)


def list_photos(draft: Draft) -> list[str]:
    """The public ids of a draft's photos, in their order."""
    mine = (Photo.draft_id == draft.id, Photo.shop_id == draft.shop_id)
    return list(db.session.scalars(select(Photo.public_id).where(*mine).order_by(*Photo.in_order())))


def load_photos(draft: Draft) -> Sequence[Photo]:
    """The photos of a draft, in their order."""
    mine = (Photo.draft_id == draft.id, Photo.shop_id == draft.shop_id)
    return db.session.scalars(select(Photo).where(*mine).order_by(*Photo.in_order())).all()


def move_photo(draft: Draft, public_id: str, by: int) -> None:
    """Move a photo by so many places; at either end, or when it isn't on the draft, all stay where they are.

    Those that show one line stand beside it, and aren't counted as places.
    """
    photos = [photo for photo in load_photos(draft) if photo.order_line_id is None]
    at = next((at for at, photo in enumerate(photos) if photo.public_id == public_id), None)
    if at is None or not 0 <= at + by < len(photos):
        return
    photos.insert(at + by, photos.pop(at))
    for position, photo in enumerate(photos):
        photo.position = position
    db.session.flush()
