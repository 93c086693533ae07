"""Lists of the queue kept by name: for oneself, or for everybody in the shop."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select, update

from portal.extensions import db
from portal.models import SavedView, Shop, User
from portal.prepared import Prepared
from portal.versioned import Versioned

MOST = 20  # of one person, and as many that they shared
LONGEST = 500  # characters of an address that the table holds


class TooMany(Exception):
    """There are MOST of this kind already."""


class Taken(Exception):
    """Another one of this kind has the name."""


_SEEN = Prepared(
    select(SavedView.id, SavedView.user_id, SavedView.shared, SavedView.name, SavedView.query).where(
        SavedView.shop_id == bindparam("shop_id"), or_(SavedView.shared, SavedView.user_id == bindparam("user_id"))
    )
)


_kept: Versioned[tuple[Any, ...]] = Versioned("saved_views")


def list_views(shop_id: int, user_id: int, version: Hashable | None = None) -> Sequence[Any]:
    """What one person sees: their own, then the shop's, each by name; kept under ``version``, of both, read before."""

    def read() -> tuple[Any, ...]:
        rows = _SEEN.list_rows(shop_id=shop_id, user_id=user_id)
        return tuple(sorted(rows, key=lambda view: (view.shared, view.name, view.id)))

    return read() if version is None else _kept.find((shop_id, user_id, version), read)


def save(shop_id: int, user_id: int, name: str, query: str, *, shared: bool, now: datetime) -> None:
    """Keep a list; one of the same name and kind is replaced. Raises TooMany."""
    same = (SavedView.shop_id == shop_id, SavedView.user_id == user_id, SavedView.shared.is_(shared))
    known = db.session.scalars(select(SavedView).where(*same, SavedView.name == name)).one_or_none()
    _make_anew(shop_id, user_id, shared=shared)
    if known is not None:
        known.query, known.made_at = query, now
        return
    if (db.session.scalar(select(func.count(SavedView.id)).where(*same)) or 0) >= MOST:
        raise TooMany
    db.session.add(SavedView(shop_id=shop_id, user_id=user_id, shared=shared, name=name, query=query, made_at=now))


def remove(shop_id: int, view_id: int, user_id: int, *, any_of_shop: bool) -> None:
    """Forget a view of one's own, or, for who may, any that is shared."""
    for view in db.session.scalars(_find(shop_id, view_id, user_id, any_of_shop=any_of_shop)):
        _make_anew(shop_id, user_id, shared=view.shared)
        db.session.delete(view)


def rename(shop_id: int, view_id: int, user_id: int, name: str, *, any_of_shop: bool) -> bool:
    """Another name for a view of one's own, or, for who may, any that is shared; whether it is there. Raises Taken."""
    view = db.session.scalars(_find(shop_id, view_id, user_id, any_of_shop=any_of_shop)).one_or_none()
    if view is None or view.name == name:
        return view is not None
    same = (SavedView.shop_id == shop_id, SavedView.user_id == view.user_id, SavedView.shared.is_(view.shared))
    if db.session.scalar(select(SavedView.id).where(*same, SavedView.name == name)) is not None:
        raise Taken
    view.name = name
    _make_anew(shop_id, user_id, shared=view.shared)
    return True


def _find(shop_id: int, view_id: int, user_id: int, *, any_of_shop: bool) -> Select[SavedView]:
    whose = SavedView.user_id == user_id
    allowed = or_(whose, SavedView.shared) if any_of_shop else whose
    return select(SavedView).where(SavedView.shop_id == shop_id, SavedView.id == view_id, allowed)


def _make_anew(shop_id: int, user_id: int, *, shared: bool) -> None:
    """The pages that name the view are made anew: of everybody in the shop, or of its owner."""
    changed = update(Shop).where(Shop.id == shop_id).values(version=Shop.version + 1)
    if not shared:
        changed = update(User).where(User.id == user_id).values(version=User.version + 1)
    db.session.execute(changed.execution_options(synchronize_session=False))
