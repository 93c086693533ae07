"""The one place where a case and its lines are written, whatever it is opened by or comes out of."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.cases.deadlines import next_reminder
from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import Case, CaseLine, Order, ReturnAddress
from portal.words import BEIJING


@dataclass(frozen=True)
class NewLine:
    """One line of a new case; quantities in thousandths. ``sku_id``: the replacement, None for the same."""

    order_line_id: int
    quantity_milli: int
    title: str
    spec: str
    unit: str
    wanted_spec: str
    sku_id: int | None = None
    wanted_price_fen: int | None = None
    received_milli: int | None = None
    accepted_milli: int = 0


@dataclass(frozen=True)
class Belonging:
    """What a new case belongs to, and where its goods go: of its order, or of the case that it comes out of."""

    order_id: int
    shop_id: int
    buyer_id: int
    policy_id: int
    receiver: tuple[str, str, str]  # name, phone, address
    goods_state: str
    parent_id: int | None = None


@dataclass(frozen=True)
class NewCase:
    """What a new case is about, as far as it is known before it has an id."""

    type: CaseType
    state: State
    belonging: Belonging
    lines: Sequence[NewLine]
    reason: str
    description: str
    basis: str
    freight_payer: str
    negotiated: bool = False
    refund_fen: int = 0
    difference_waived: bool = False
    wanted_spec: str | None = None  # of the lists; None: the first line's
    return_address: ReturnAddress | None = None


def belong_to_order(order: Order, policy_id: int, receiver: tuple[str, str, str], goods_state: str) -> Belonging:
    return Belonging(order.id, order.shop_id, order.buyer_id, policy_id, receiver, goods_state)


def belong_to_parent(parent: Case) -> Belonging:
    receiver = (parent.receiver_name, parent.receiver_phone, parent.receiver_address)
    return Belonging(
        parent.order_id, parent.shop_id, parent.buyer_id, parent.policy_id, receiver, parent.goods_state, parent.id
    )


def make_case(new: NewCase, now: datetime) -> Case:
    """Write the case and its lines. It is due at once: ``start_clock`` follows when its deadline is known."""
    first, whose = new.lines[0], new.belonging
    name, phone, address = whose.receiver
    case = Case(
        case_no=make_case_no(now),
        type=new.type,
        state=new.state,
        version=1,
        parent_id=whose.parent_id,
        order_id=whose.order_id,
        shop_id=whose.shop_id,
        buyer_id=whose.buyer_id,
        policy_id=whose.policy_id,
        entered_at=now,
        due_at=now,
        due_rule="",
        reason=new.reason,
        description=new.description,
        basis=new.basis,
        freight_payer=new.freight_payer,
        negotiated=new.negotiated,
        goods_state=whose.goods_state,
        refund_fen=new.refund_fen,
        difference_waived=new.difference_waived,
        receiver_name=name,
        receiver_phone=phone,
        receiver_address=address,
        goods=first.title,
        spec=first.spec,
        wanted_spec=first.wanted_spec if new.wanted_spec is None else new.wanted_spec,
        unit=first.unit,
        quantity_milli=sum(line.quantity_milli for line in new.lines),
        line_count=len(new.lines),
        photo_count=0,
        opened_at=now,
        updated_at=now,
    )
    if (to := new.return_address) is not None:
        case.return_name, case.return_phone = to.name, to.phone
        case.return_address, case.return_note = to.address, to.note
    db.session.add(case)
    db.session.flush()
    for line in new.lines:
        _make_line(case, line)
    db.session.flush()
    return case


def _make_line(case: Case, line: NewLine) -> None:
    db.session.add(
        CaseLine(
            shop_id=case.shop_id,
            case_id=case.id,
            order_line_id=line.order_line_id,
            quantity_milli=line.quantity_milli,
            received_milli=line.received_milli,
            accepted_milli=line.accepted_milli,
            sku_id=line.sku_id,
            wanted_spec=line.wanted_spec,
            wanted_price_fen=line.wanted_price_fen,
            title=line.title,
            spec=line.spec,
            unit=line.unit,
        )
    )


def start_clock(case: Case, due: tuple[datetime | None, str], now: datetime) -> None:
    """Set when the clock acts on a new case, by which rule, and when it reminds before."""
    case.due_at, case.due_rule = due
    case.remind_at = next_reminder(now, case.due_at, now)


def make_case_no(now: datetime) -> str:
    return f"HH{now.astimezone(BEIJING):%y%m%d}{secrets.randbelow(10**8):08d}"
