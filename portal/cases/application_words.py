"""What an application says of itself: its words for people, and the specifications it names."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from portal.extensions import db
from portal.models import Case, CaseLine, Sku


def describe_application(case: Case) -> dict[str, object]:
    """What was applied for, as the event keeps it."""
    lines = db.session.execute(
        select(CaseLine.order_line_id, CaseLine.quantity_milli, CaseLine.wanted_spec)
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.id)
    ).all()
    return {
        "reason": case.reason,
        "description": case.description,
        "lines": [[line_id, milli, spec] for line_id, milli, spec in lines],
        "receiver": [case.receiver_name, case.receiver_phone, case.receiver_address],
        "freight_payer": case.freight_payer,
        "photos": case.photo_count,
    }


def load_specs(shop_id: int, sku_ids: Sequence[int]) -> dict[int, str]:
    if not sku_ids:
        return {}
    found = db.session.execute(select(Sku.id, Sku.spec).where(Sku.id.in_(sku_ids), Sku.shop_id == shop_id)).all()
    return {row.id: row.spec for row in found}
