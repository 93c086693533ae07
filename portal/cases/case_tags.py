"""标签: a word or two of the shop on a case, for itself alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal.cases.owners import show_change
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import Case, ShopTag
from portal.models.keys import make_id

MOST = 2  # on one case
MOST_OF_SHOP = 30
LENGTH = 10


def list_tags(shop_id: int) -> Sequence[str]:
    """The tags that this shop has used, the oldest first."""
    return db.session.scalars(select(ShopTag.name).where(ShopTag.shop_id == shop_id).order_by(ShopTag.id)).all()


def split(written: str) -> list[str]:
    """The tags of a case, or those that somebody typed, in their order and each once."""
    for mark in "，,、;；#":
        written = written.replace(mark, " ")
    return list(dict.fromkeys(written.split()))


def put_tags(case: Case, tags: Sequence[str], now: datetime) -> None:
    """The case has these tags and no others. Raises StepRefused for too many, or too long ones; inside ``writing()``.

    ``case`` is locked.
    """
    if len(tags) > MOST:
        raise StepRefused(f"一张售后单最多 {MOST} 个标签")
    if any(len(tag) > LENGTH for tag in tags):
        raise StepRefused(f"每个标签最多 {LENGTH} 个字")
    known = set(list_tags(case.shop_id))
    fresh = [tag for tag in tags if tag not in known]
    if len(known) + len(fresh) > MOST_OF_SHOP:
        raise StepRefused(f"店铺已有 {MOST_OF_SHOP} 个标签，请使用已有的")
    for tag in fresh:
        _keep(case.shop_id, tag, now)
    case.tags = f" {' '.join(tags)} " if tags else ""
    db.session.flush()
    show_change(case.shop_id)


def _keep(shop_id: int, name: str, now: datetime) -> None:
    """A new tag of the shop; two people may think of the same one at once."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"id": make_id(), "shop_id": shop_id, "name": name, "made_at": now}
    db.session.execute(make(ShopTag).values(row).on_conflict_do_nothing())
