"""The live links of a shop's cases with those at its suppliers, as their list shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Case, CaseLink

PAGE = 20
LIVE = CaseLink.ended_at.is_(None)
Down, Up = aliased(Case), aliased(Case)

_LIST = (
    select(
        CaseLink.id,
        CaseLink.route_back,
        CaseLink.route_out,
        CaseLink.alarmed_at,
        Down.case_no.label("down_no"),
        Down.type.label("down_type"),
        Down.state.label("down_state"),
        Down.due_at.label("down_due"),
        Down.goods,
        Up.case_no.label("up_no"),
        Up.type.label("up_type"),
        Up.state.label("up_state"),
        Up.due_at.label("up_due"),
    )
    .join(Down, and_(Down.id == CaseLink.downstream_id, Down.shop_id == CaseLink.shop_id))
    .join(Up, and_(Up.id == CaseLink.upstream_id, Up.shop_id == CaseLink.upstream_shop_id))
    .where(LIVE)
    .order_by(CaseLink.id.desc())
)


def list_page(shop_id: int, before: int | None, size: int = PAGE) -> tuple[Sequence[Any], int | None]:
    """One page of a shop's live links, newest first, and the id that the next one begins after."""
    query = _LIST.where(CaseLink.shop_id == shop_id).limit(size + 1)
    if before is not None:
        query = query.where(CaseLink.id < before)
    rows = db.session.execute(query).all()
    return (rows[:size], rows[size - 1].id) if len(rows) > size else (rows, None)
