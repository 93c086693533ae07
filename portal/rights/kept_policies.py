"""A shop's policy as it was and is, kept by its newest version: a version that is published never changes.

For pages that only read. What is promised and checked when somebody acts asks the table (``policies``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, select

from portal.models import Policy
from portal.prepared import Prepared
from portal.rights.policies import Days, add_up_versions
from portal.versioned import Versioned

_policy = Policy.__table__.c
_kept: Versioned[tuple[Any, ...]] = Versioned("kept_policies")
_own = Policy.__table__.alias("newest").c
_NEWEST = (
    select(_own.version).where(_own.shop_id == bindparam("shop_id"), _own.id == bindparam("newest")).scalar_subquery()
)
_VERSIONS = Prepared(
    select(*_policy)
    .where(_policy.shop_id == bindparam("shop_id"), _policy.version <= _NEWEST)
    .order_by(_policy.version.desc())
)


def select_newest(shop_id: int | ColumnElement[int]) -> ScalarSelect[int]:
    """The id of a shop's newest version, as a column of another statement."""
    of_shop = select(_policy.id).where(_policy.shop_id == shop_id)
    return of_shop.order_by(_policy.version.desc()).limit(1).scalar_subquery()


def list_versions(shop_id: int, newest: int) -> tuple[Any, ...]:
    """The versions of a shop down from the one with this id, newest first, as columns."""
    return _kept.find((shop_id, newest), lambda: tuple(_VERSIONS.list_rows(shop_id=shop_id, newest=newest)))


def find_floor(versions: tuple[Any, ...], since: datetime) -> int:
    """The version that was in force at a moment."""
    return max((row.version for row in versions if row.created_at <= since), default=1)


def find_promised(versions: tuple[Any, ...], floor: int) -> Days:
    """What ``policies.get_promised`` says, of these versions, the first of which is ``floor``."""
    return add_up_versions([row for row in versions if row.version >= floor])
