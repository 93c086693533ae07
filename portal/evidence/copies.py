"""Rows of one's own for photos that are there already: the same files, no second upload."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert

from portal.extensions import db
from portal.models import Evidence
from portal.models.evidence import HOLDERS

_NOT_COPIED = {"id", "order_id", "order_line_id", "event_version", *HOLDERS}


def copy_photos(
    photos: Sequence[Evidence],
    *,
    shop_id: int,
    owner_id: int,
    now: datetime,
    side: str = "buyer",
    draft_id: int | None = None,
) -> list[str]:
    """Rows for the same files, loose or on a draft, without a way back to whose they were; their public ids."""
    made = []
    for photo in photos:
        kept = {
            column.key: getattr(photo, column.key)
            for column in Evidence.__table__.columns
            if column.key not in _NOT_COPIED
        }
        kept |= {"public_id": secrets.token_hex(16), "shop_id": shop_id, "owner_id": owner_id, "side": side}
        db.session.execute(insert(Evidence), kept | {"created_at": now, "draft_id": draft_id})
        made.append(kept["public_id"])
    return made
