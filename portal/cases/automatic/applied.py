"""What was applied for, for many cases at once and as it was handed in, whatever became of it since."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select

from portal.cases.automatic.rules import Applied
from portal.cases.queue_filters import is_application
from portal.extensions import db
from portal.models import Case, CaseEvent, Order, OrderLine, Staff
from portal.money import sums
from portal.money.paid import read_exchanged
from portal.rights import resale

LOOK_BACK = timedelta(days=90)
CHUNK = 500


def load_applied(shop_id: int, case_ids: Sequence[int]) -> dict[int, Applied]:
    """By the case's id. A case that wasn't applied for by its buyer isn't among them."""
    found: dict[int, Applied] = {}
    owner_id = find_owner(shop_id)
    for first in range(0, len(case_ids), CHUNK):
        rows = _read(shop_id, case_ids[first : first + CHUNK])
        codes = _read_codes(shop_id, [line_id for row in rows for line_id, *_ in row.data["lines"]])
        before = _count_before(shop_id, rows)
        for row in rows:
            found[row.id] = Applied(
                case_id=row.id,
                type=row.type,
                reason=row.data["reason"],
                photos=row.data["photos"],
                worth_fen=_work_out_worth(row),
                cases_before=before[row.id],
                lines=tuple(codes.get(line_id, frozenset()) for line_id, *_ in row.data["lines"]),
                is_resold=resale.is_resold(row),
                open_freight=row.data["freight_payer"] == "negotiated",
                negotiated=row.negotiated,
                difference_fen=row.difference_fen,
                is_own=row.buyer_id == owner_id,
            )
    return found


def find_owner(shop_id: int) -> int | None:
    """In whose name a shop's rules act: its owner, the first of several."""
    owners = select(Staff.user_id).where(Staff.shop_id == shop_id, Staff.role == "owner")
    return db.session.scalars(owners.order_by(Staff.user_id).limit(1)).first()


def _read(shop_id: int, case_ids: Sequence[int]) -> Sequence[Any]:
    resold = (Order.is_dropship, Order.downstream_order_no, Order.downstream_channel)
    case = (Case.id, Case.type, Case.buyer_id, Case.opened_at, Case.goods_state, Case.negotiated)
    query = (
        select(*case, Case.difference_fen, Case.opened_on, CaseEvent.data, *resold)
        .join(CaseEvent, and_(CaseEvent.case_id == Case.id, CaseEvent.shop_id == Case.shop_id))
        .join(Order, and_(Order.id == Case.order_id, Order.shop_id == Case.shop_id))
        .where(Case.shop_id == shop_id, Case.id.in_(case_ids), CaseEvent.version == 1, CaseEvent.step == "apply")
    )
    return db.session.execute(query).all()


def _read_codes(shop_id: int, line_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """What each order line's goods are known by: 货号, 单品货号 and SKU ID."""
    query = select(OrderLine.id, OrderLine.cargo_no, OrderLine.sku_cargo_no, OrderLine.sku_id).where(
        OrderLine.shop_id == shop_id, OrderLine.id.in_(set(line_ids))
    )
    return {row.id: frozenset(code for code in row[1:] if code) for row in db.session.execute(query)}


def _count_before(shop_id: int, rows: Sequence[Any]) -> dict[int, int]:
    """How many other applications its buyer made to this shop in the days before each."""
    if not rows:
        return {}
    opened: dict[int, list[datetime]] = defaultdict(list)
    first, last = min(row.opened_at for row in rows), max(row.opened_at for row in rows)
    query = select(Case.buyer_id, Case.opened_at).where(
        Case.buyer_id.in_({row.buyer_id for row in rows}),
        Case.shop_id == shop_id,
        Case.opened_at >= first - LOOK_BACK,
        Case.opened_at < last,
        *is_application(Case.__table__.c),
    )
    for buyer_id, at in db.session.execute(query.order_by(Case.opened_at)):
        opened[buyer_id].append(at)
    return {
        row.id: bisect_left(opened[row.buyer_id], row.opened_at)
        - bisect_left(opened[row.buyer_id], row.opened_at - LOOK_BACK)
        for row in rows
    }


def _work_out_worth(row: Any) -> int | None:
    """What was paid for the units applied for in the end, 分, rounded up; None where the case keeps no facts of it."""
    facts = row.opened_on
    if not facts:
        return None
    shares = sums.work_out_shares(
        sums.OrderSums(*(facts[name] for name in sums.OrderSums._fields)),
        [(price, milli) for _, price, milli, _ in facts["lines"]],
        unshipped=row.goods_state == "unshipped",
        own=facts.get("own", ()),
    )
    known = {line[0]: (share, line[2]) for line, share in zip(facts["lines"], shares, strict=True)}
    exchanged, total = read_exchanged(facts), 0
    for line_id, milli, _ in row.data["lines"]:
        if line_id not in known:
            return None
        share, bought_milli = known[line_id]
        fen = -(-share * milli // bought_milli)
        if (held := exchanged.get(line_id)) is not None:  # its goods came in an exchange
            fen += held.share(held.paid_fen, milli) - held.share(held.given_fen, milli)
        total += max(fen, 0)
    return int(total)
