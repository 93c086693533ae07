"""The live links of a shop's cases with those at its suppliers, as their list shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Case, CaseLink

PAGE = 20
LIVE = CaseLink.ended_at.is_(None)
Down, Up = aliased(Case), aliased(Case)


class End(NamedTuple):
    """The case at one end of a link: what a list says of where it stands."""

    case_no: str
    type: str
    state: str
    stage: str
    due_rule: str
    late: bool
    due_at: datetime | None


class Live(NamedTuple):
    """A live link: the consumer's case and its goods, and the shop's own case at its supplier."""

    down: End
    goods: str
    up: End
    alarmed_at: datetime | None


_LIST = (
    select(
        CaseLink.id,
        CaseLink.alarmed_at,
        Down.goods,
        *(getattr(end, column) for end in (Down, Up) for column in End._fields),
    )
    .join(Down, and_(Down.id == CaseLink.downstream_id, Down.shop_id == CaseLink.shop_id))
    .join(Up, and_(Up.id == CaseLink.upstream_id, Up.shop_id == CaseLink.upstream_shop_id))
    .where(LIVE)
    .order_by(CaseLink.id.desc())
)


def list_page(shop_id: int, before: int | None, size: int = PAGE) -> tuple[Sequence[Live], int | None]:
    """One page of a shop's live links, newest first, and the id that the next one begins after."""
    query = _LIST.where(CaseLink.shop_id == shop_id).limit(size + 1)
    if before is not None:
        query = query.where(CaseLink.id < before)
    found = db.session.execute(query).all()
    many = len(End._fields)
    rows = [
        Live(End(*ends[:many]), goods, End(*ends[many:]), alarmed_at) for _, alarmed_at, goods, *ends in found[:size]
    ]
    return rows, found[size - 1].id if len(found) > size else None
