"""Which columns of the queue somebody sees beside those that nobody works without."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, update

from portal.extensions import db
from portal.models import QueueColumns, User

COLUMNS: dict[str, str] = {
    "quantity": "数量",
    "amount": "退款金额",
    "reason": "原因",
    "buyer": "买家",
    "opened": "申请时间",
    "owner": "负责",
    "photos": "照片",
}
USUAL = ("quantity", "reason", "buyer", "owner", "photos")


def read_columns(names: str | None) -> tuple[str, ...]:
    """The columns of a row of QueueColumns, in the table's order; None: the usual ones."""
    chosen = USUAL if names is None else names.split()
    return tuple(name for name in COLUMNS if name in chosen)


def keep_columns(shop_id: int, user_id: int, chosen: Collection[str]) -> None:
    """Keep what somebody wants to see; their pages are made anew."""
    mine = (QueueColumns.shop_id == shop_id, QueueColumns.user_id == user_id)
    db.session.execute(delete(QueueColumns).where(*mine))
    names = tuple(name for name in COLUMNS if name in chosen)
    if names != USUAL:
        db.session.add(QueueColumns(shop_id=shop_id, user_id=user_id, names=" ".join(names)))
    db.session.execute(update(User).where(User.id == user_id).values(version=User.version + 1))
