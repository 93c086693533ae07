"""Versions of an order: what imports changed, and what they wanted to change of what an open case stands on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, insert, select, text

from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, Order, OrderLine, OrderVersion, Product, User
from portal.models.cases import OPEN
from portal.notices import beside_steps
from portal.rights import addresses, policies
from portal.rights.addresses import Shown
from portal.rights.goods import is_since

FROZEN = ("goods_total_fen", "freight_fen", "adjustment_fen", "paid_fen")
PLACED = ("ordered_at", "paid_at")  # moments that don't change once they are known; those of the goods' way may
_FROZEN_MOMENTS = (*PLACED, "shipped_at", "received_at", "term_from")
_FROZEN_TEXTS = ("status", "receiver_name", "receiver_phone", "receiver_address")


def freeze_facts(order: Order) -> dict[str, Any]:
    """What a case that is opened now stands on: what was paid, when, for whom, and every line with its guarantees."""
    lines = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            OrderLine.guarantees,
            OrderLine.own_paid_fen,
            OrderLine.unfit_confirmed_at,
            Product.no_reason_excluded,
            Product.exchangeable,
            Product.excluded_at,
            Product.unexchangeable_at,
        )
        .outerjoin(Product, and_(Product.id == OrderLine.product_id, Product.shop_id == OrderLine.shop_id))
        .where(OrderLine.order_id == order.id, OrderLine.shop_id == order.shop_id)
        .order_by(OrderLine.id)
    ).all()
    moments = {name: getattr(order, name) for name in _FROZEN_MOMENTS}
    return {
        **{name: getattr(order, name) for name in (*FROZEN, *_FROZEN_TEXTS)},
        **{name: moment.isoformat() if moment is not None else "" for name, moment in moments.items()},
        "lines": [list(line[:4]) for line in lines],
        "own": [line.own_paid_fen for line in lines],
        "left_out": [_find_left_out(line, policies.find_promised_since(order)) for line in lines],
    }


def read_moment(text: str | None) -> datetime | None:
    """A moment as a case keeps it: with its zone, or without as migrations wrote it."""
    found = datetime.fromisoformat(text) if text else None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _find_left_out(line: Any, since: datetime) -> list[bool]:
    """Whether 7天无理由 doesn't hold for a line's goods; whether only a fault of the shop's brings them back."""
    unconfirmed = line.no_reason_excluded == "unfit" and line.unfit_confirmed_at is None
    by_law = bool(line.no_reason_excluded) and not unconfirmed and is_since(line.excluded_at, since)
    return [by_law, by_law or (line.exchangeable is False and is_since(line.unexchangeable_at, since))]


def record_versions(
    changed: Sequence[tuple[Mapping[str, Any], list[list[str]]]],
    held: Sequence[tuple[Mapping[str, Any], list[list[str]]]],
    open_cases: Collection[int],
    *,
    source: str,
    now: datetime,
) -> None:
    """Keep what an import changed of orders (rows of the table), and what it wanted to; tell whom that concerns.

    What was wanted before in the same words is neither kept nor told again. ``open_cases``: the orders that have one.
    """
    rows = [_row(order, source, now, changes=changes) for order, changes in changed]
    if rows:
        db.session.execute(insert(OrderVersion), rows)
    told = {order["id"]: _Told(order, f"version{order['version']}", said) for order, said in changed if said}
    known = _list_held({(order["id"], order["shop_id"]) for order, _said in held}) if held else {}
    for order, said in held:
        if said not in known[order["id"]]:
            version = db.session.scalar(
                insert(OrderVersion).returning(OrderVersion.id), _row(order, source, now, held=said)
            )
            changes = told[order["id"]].changes if order["id"] in told else []
            told[order["id"]] = _Told(order, str(version or 0), changes, said)
    for order_id, each in told.items():
        if order_id in open_cases or each.held:
            _tell(each, now)


def record_by_hand(
    order: Order, changes: list[list[str]], *, source: str, reason: str, now: datetime, accepted_by: int | None
) -> OrderVersion:
    """Keep what a person changed of an order, and tell whom an open case of it belongs to what it was and is."""
    version = OrderVersion(
        shop_id=order.shop_id,
        order_id=order.id,
        at=now,
        source=source,
        changes=changes,
        accepted_by=accepted_by,
        reason=reason[:200] if accepted_by is not None else "",  # who has none only passes on what another changed
    )
    db.session.add(version)
    db.session.flush()
    for case, actor in _list_concerned(order.id, order.shop_id) if order.case_count else ():
        beside_steps.tell_of_order_change(
            case,
            actor,
            title="商家更正了订单资料",
            body=f"商家改了订单 {order.order_no} 的资料：{_say(changes, actor)}。说明：{reason[:200]}。"
            "售后单仍按申请时的数据处理。",
            at=now,
            key=f"order{version.id}",
        )
    return version


_OPEN_CASES = (
    select(Case.order_id)
    .where(
        Case.order_id.in_(bindparam("ids", expanding=True)),
        Case.shop_id.in_(bindparam("shops", expanding=True)),
        text(OPEN),
    )
    .distinct()
)


def find_with_open_case(order_ids: Collection[int], shop_ids: Collection[int]) -> set[int]:
    """Which of these orders have an open case."""
    return set(db.session.scalars(_OPEN_CASES, {"ids": list(order_ids), "shops": list(shop_ids)}))


def list_replaced(order_ids: Collection[int], shop_ids: Collection[int]) -> dict[int, dict[str, set[str]]]:
    """By order and heading: what was known once and replaced since, as people read it."""
    found: dict[int, dict[str, set[str]]] = {}
    if not order_ids:
        return found
    query = select(OrderVersion.order_id, OrderVersion.changes).where(
        OrderVersion.shop_id.in_(shop_ids), OrderVersion.order_id.in_(order_ids)
    )
    for order_id, changes in db.session.execute(query):
        for column, before, _after in changes:
            if before:
                found.setdefault(order_id, {}).setdefault(column, set()).add(before)
    return found


def _row(order: Mapping[str, object], source: str, now: datetime, **said: list[list[str]]) -> dict[str, object]:
    return {
        "shop_id": order["shop_id"],
        "order_id": order["id"],
        "at": now,
        "source": source[:200],
        "changes": [],
        "held": [],
        **said,
    }


def _list_held(orders: Collection[tuple[int, int]]) -> dict[int, list[list[list[str]]]]:
    known: dict[int, list[list[list[str]]]] = defaultdict(list)
    query = select(OrderVersion.order_id, OrderVersion.held).where(
        OrderVersion.shop_id.in_({shop_id for _, shop_id in orders}),
        OrderVersion.order_id.in_({order_id for order_id, _ in orders}),
    )
    for order_id, said in db.session.execute(query):
        known[order_id].append(said)
    return known


class _Told(NamedTuple):
    """What one import changed of an order, and what it wanted to; ``key`` tells it from others."""

    order: Mapping[str, Any]
    key: str
    changes: list[list[str]]
    held: Sequence[list[str]] = ()


def _tell(what: _Told, now: datetime) -> None:
    """Tell whom an open case of the order belongs to what happened beside it."""
    order = what.order
    for case, actor in _list_concerned(order["id"], order["shop_id"]):
        changed, wanted = (_say(each, actor) for each in (what.changes, what.held))
        said = f"更新了订单 {order['order_no']}：{changed}" if changed else f"想改订单 {order['order_no']}：{wanted}"
        said += f"。另外想改：{wanted}" if changed and wanted else ""
        beside_steps.tell_of_order_change(
            case,
            actor,
            body=f"商家导入的表格{said}。这张售后单仍按申请时的数据处理。",
            at=now,
            key=f"order{what.key}",
        )


def _list_concerned(order_id: int, shop_id: int) -> list[tuple[Case, Actor]]:
    """The open cases of an order, each with its buyer, and the mediator while the platform is in it."""
    cases = select(Case).where(Case.order_id == order_id, Case.shop_id == shop_id, text(OPEN)).order_by(Case.id)
    return [
        (case, actor)
        for case in db.session.scalars(cases)
        for actor in ((Actor.BUYER, Actor.MEDIATOR) if case.escalated else (Actor.BUYER,))
    ]


def _say(changes: Sequence[list[str]], actor: Actor) -> str:
    shown = addresses.show_changes(addresses.decide_receiver(addresses.Reader(actor), ()), list(changes))
    return "；".join(f"{column} {kept[:80] or '无'} → {wanted[:80] or '无'}" for column, kept, wanted in shown)


class Said(NamedTuple):
    """What one import said of an order, as a reader may see it; ``reason``: a person's, who changed it by hand."""

    at: datetime
    source: str
    reason: str
    changes: list[list[str]]
    held: list[list[str]]


def list_since(order_id: int, shop_id: int, since: datetime, receiver: Shown) -> list[Said]:
    """What imports said of an order since a moment, the newest first; the receiver as it may be shown."""
    rows = db.session.execute(
        select(OrderVersion.at, OrderVersion.source, OrderVersion.reason, OrderVersion.changes, OrderVersion.held)
        .where(OrderVersion.shop_id == shop_id, OrderVersion.order_id == order_id, OrderVersion.at >= since)
        .order_by(OrderVersion.id.desc())
    )
    said = [
        Said(*row[:3], *(addresses.show_changes(receiver, each) for each in (row.changes, row.held))) for row in rows
    ]
    return [each for each in said if each.changes or each.held]


class Accepted(NamedTuple):
    """What was believed by hand, by whom and why."""

    at: datetime
    member: str
    source: str
    reason: str
    changes: list[list[str]]


def list_accepted(shop_id: int, order_id: int) -> list[Accepted]:
    """The last things of an order that were believed by hand, the newest first."""
    version = OrderVersion
    rows = db.session.execute(
        select(version.at, User.member_name, version.source, version.reason, version.changes)
        .join(User, User.id == version.accepted_by)
        .where(version.shop_id == shop_id, version.order_id == order_id)
        .order_by(version.id.desc())
        .limit(20)
    )
    return [Accepted(*row) for row in rows]
