"""An order that hasn't been sent: the shop ships it, or the buyer calls it off. Exactly one of the two ever happens.

Whoever comes second sees what the first has done. Everything here is called inside ``writing()`` and locks in the order
that steps of cases do: the order's cases, its lines, the order itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, not_, or_, select, update

from portal import flow
from portal.applications.cancel_outcomes import NotNow, Outcome, Result
from portal.cases import opening, taking
from portal.cases.effects.hand_ins import HandIn, RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import Actor, CaseType, State, StepRefused
from portal.inputs import money_text
from portal.models import Cancellation, Case, Order, OrderLine, Shipment, ShipmentTrace, Shop, Staff, User
from portal.models.orders import find_path
from portal.money import paid
from portal.notices import beside_steps
from portal.orders import addresses, order_lists, sold, to_send
from portal.parcels import carriers, of_orders
from portal.people import roles
from portal.rights import policies
from portal.talk import conversations

MOST_AT_ONCE = 200


OPEN = ("unpaid", "unshipped")  # the statuses in which an order can be called off


REASONS: dict[str, str] = {
    "not_wanted": "不想要了",
    "wrong_order": "拍错了",
    "late_ship": "没有按约定时间发货",
    "out_of_stock": "商家缺货",
    "downstream": "下游客户取消了订单",
}


# A status may be older than what is known of the goods: a sender's word, a receipt, or a carrier who has the parcel. A
# number alone says nothing: shops print labels before they send.
_SEEN_BY_CARRIER = (
    select(ShipmentTrace.id)
    .join(Shipment, and_(Shipment.id == ShipmentTrace.shipment_id, Shipment.shop_id == ShipmentTrace.shop_id))
    .where(Shipment.order_id == Order.id, Shipment.case_id.is_(None), ShipmentTrace.doubt == "")
    .correlate(Order)
    .exists()
)


KNOWN_AS_SENT = or_(Order.shipped_at.is_not(None), Order.received_at.is_not(None), _SEEN_BY_CARRIER)


# The reason of the refund, which speaks in the words of applications.
_REASON_OF = {"late_ship": "late_ship", "out_of_stock": "out_of_stock"}


_WITHDRAWABLE = (State.APPLIED, State.PROPOSED, State.REVISING)


_BEING_PAID = (State.REFUNDING, State.REFUND_FAILED)


def cancel_order(order_no: str, *, by: ActedBy, reason: str, now: datetime) -> Result:
    """Call off one order of this buyer that hasn't been sent. What was paid for it is to be refunded at once.

    Changes nothing when the order was sent, is closed, or has a case that isn't about this. Raises KeyError for a
    reason that isn't in REASONS.
    """
    words = REASONS[reason]
    order = order_lists.find_of_buyer(order_no, by.user_id or 0)
    if order is None:
        return Result(order_no, Outcome.UNKNOWN)
    if order.status not in OPEN:
        return Result(order_no, find_obstacle(order.status))
    if _is_known_as_sent(order.id, order.shop_id):
        return Result(order_no, Outcome.SHIPPED)
    try:
        with db.session.begin_nested():
            return _cancel(order.id, order.shop_id, order.status, by=by, reason=reason, words=words, now=now)
    except NotNow as why:
        return Result(order_no, why.outcome)


def _is_known_as_sent(order_id: int, shop_id: int) -> bool:
    return (
        db.session.scalar(select(Order.id).where(Order.id == order_id, Order.shop_id == shop_id, KNOWN_AS_SENT))
        is not None
    )


def find_obstacle(status: str) -> Outcome:
    """Why an order of this status, which is none of OPEN, isn't called off."""
    if status == "cancelled":
        return Outcome.ALREADY
    return Outcome.UNCLEAR if status in ("refunding", "unknown") else Outcome.SHIPPED


def _cancel(order_id: int, shop_id: int, status: str, *, by: ActedBy, reason: str, words: str, now: datetime) -> Result:
    for case in _open_cases(order_id, shop_id):
        if case.type == CaseType.REFUND_ONLY and case.goods_state == "unshipped":
            if case.state in _WITHDRAWABLE and not case.escalated:
                taking.take(case.id, "withdraw", by=by, now=now, handed=HandIn(note="改为取消订单"))
            if case.state not in (State.WITHDRAWN, *_BEING_PAID):
                raise NotNow(Outcome.IN_THE_WAY)
        else:
            raise NotNow(Outcome.IN_THE_WAY)
    lines = db.session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order_id, OrderLine.shop_id == shop_id)
        .order_by(OrderLine.id)
        .with_for_update()
    ).all()
    done = db.session.execute(
        update(Order)
        .where(Order.id == order_id, Order.shop_id == shop_id, Order.status == status, not_(KNOWN_AS_SENT))
        .values(status="cancelled", cancelled_at=now, updated_at=now, version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    order = db.session.get_one(Order, (order_id, shop_id), populate_existing=True)
    if done.rowcount != 1:  # type: ignore[attr-defined]
        if order.status in OPEN:
            raise NotNow(Outcome.SHIPPED if _is_known_as_sent(order_id, shop_id) else Outcome.UNCLEAR)
        raise NotNow(find_obstacle(order.status))
    wanted = [
        RequestedLine(line.id, line.quantity_milli - line.claimed_milli)
        for line in lines
        if line.quantity_milli > line.claimed_milli and not line.own_status
    ]
    sold.count_sold(shop_id, [order_id])
    made = None
    if wanted and status != "unpaid" and paid.load_paid(order_id, unshipped=True).left_fen:
        made = opening.open_unsent(
            order,
            wanted,
            by=by,
            reason=_REASON_OF.get(reason, "not_wanted"),
            words=words,
            policy_id=policies.get_current(order.shop_id).id,
            now=now,
        )
    said = "订单在发货前取消了" + (f"，应退 {money_text(made.refund_fen)} 元" if made is not None else "")
    data = {"case_no": made.case_no} if made is not None else {}
    talk = conversations.get_of_order(order, now)
    conversations.add_message(
        talk, "system", None, f"{said}。原因：{words}", now=now, kind="case" if data else "text", data=data, bump=False
    )
    if made is None:
        for user_id in _people(order.shop_id, "orders"):
            beside_steps.tell_of_order(
                user_id,
                shop_id=order.shop_id,
                kind="order_cancelled",
                title="买家取消了订单",
                body=f"订单 {order.order_no} {said}。原因：{words}。",
                href=f"/seller/orders?q={order.order_no}",
                at=now,
                dedupe_key=f"cancelled:{order.id}",
            )
    _seen_anew(order)
    return Result(
        order.order_no, Outcome.CANCELLED, made.case_no if made is not None else "", made.refund_fen if made else 0
    )


def cancel_many(order_nos: Sequence[str], *, by: ActedBy, reason: str, now: datetime) -> Cancellation:
    """Call off several orders and keep what became of each, for its page. At most MOST_AT_ONCE; doubles count once."""
    chosen = list(dict.fromkeys(order_nos))[:MOST_AT_ONCE]
    found = addresses.map_addresses(chosen, by.user_id or 0, select(Order.id, Order.order_no, Order.shop_id))
    ids = {address: row.id for address, row in found.items()}
    # In the order of their ids, so that no two submissions wait for each other.
    results = {
        number: cancel_order(number, by=by, reason=reason, now=now)
        for number in sorted(chosen, key=lambda each: ids.get(each, 0))
    }
    rows = [[number, str(results[number].outcome), results[number].case_no] for number in chosen]
    made = Cancellation(public_id=secrets.token_hex(16), user_id=by.user_id, reason=reason, rows=rows, at=now)
    db.session.add(made)
    db.session.flush()
    return made


def ship_order(order_id: int, shop_id: int, parcels: Sequence[tuple[str, str]], *, by: ActedBy, now: datetime) -> None:
    """The shop sends an order; ``parcels``: (carrier's code, tracking number) of each.

    Refunds applied for because it hadn't been sent are closed by it. Raises StepRefused when the order was called off,
    was sent already, or this person of the shop doesn't ship.
    """
    role = db.session.scalar(select(Staff.role).where(Staff.user_id == by.user_id, Staff.shop_id == shop_id))
    if role is None or not roles.may_open(role, "ship"):
        raise StepRefused("发货由店主或仓库办理", "ship_order")
    known = [(carriers.by_code(code), number) for code, number in parcels]
    if not known or any(carrier is None for carrier, _ in known):
        raise StepRefused("请选择物流公司", "ship_order")
    about_this = [
        case
        for case in _open_cases(order_id, shop_id)
        if case.type == CaseType.REFUND_ONLY and case.goods_state == "unshipped"
    ]
    for why in to_send.find_given_back(shop_id, [order_id]).values():
        raise StepRefused(to_send.ALL_GIVEN_BACK[why], "ship_order")
    texts = of_orders.write_parcels([(carrier, number) for carrier, number in known if carrier is not None])
    if texts is None:
        raise StepRefused("包裹太多，一笔订单记不下这么多运单号；请减少几个再发货", "ship_order")
    done = db.session.execute(
        update(Order)
        .where(Order.id == order_id, Order.shop_id == shop_id, Order.status == "unshipped")
        .values(
            status="in_transit",
            status_text="",
            shipped_at=now,
            updated_at=now,
            version=Order.version + 1,
            carrier_text=texts[0],
            tracking_text=texts[1],
        )
        .execution_options(synchronize_session=False)
    )
    order = db.session.get_one(Order, (order_id, shop_id), populate_existing=True)
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StepRefused(
            "买家已取消这笔订单，请不要发货；退款在「待退款」里登记"
            if order.cancelled_at is not None
            else "这笔订单不是待发货状态，页面显示的是最新状态",
            "ship_order",
        )
    for case in about_this:
        if case.escalated:  # the platform decides on it, and hears of what isn't so any more
            said = f"订单 {order.order_no} 的状态：待发货 → 已由 {of_orders.tell_parcels(*texts)} 发出。"
            beside_steps.tell_of_order_change(
                case, Actor.MEDIATOR, title="商家在平台介入期间发货了", body=said, at=now, key=f"shipped:{order.id}"
            )
        elif case.state == State.APPLIED:
            taking.take(case.id, "goods_shipped", by=by, now=now)
    if order.shown:
        beside_steps.tell_of_order(
            order.buyer_id,
            shop_id=order.shop_id,
            kind="order_shipped",
            title="商家已发货",
            body=f"订单 {order.order_no} 已由 {of_orders.tell_parcels(*texts)} 发出。",
            href=find_path(order),
            at=now,
            dedupe_key=f"shipped:{order.id}",
        )
    _seen_anew(order)


def _open_cases(order_id: int, shop_id: int) -> Sequence[Case]:
    return db.session.scalars(
        select(Case)
        .where(Case.order_id == order_id, Case.shop_id == shop_id, Case.state.not_in(flow.FINAL))
        .order_by(Case.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _people(shop_id: int, room: str) -> list[int]:
    """Who of a shop has to do with this room."""
    rows = db.session.execute(select(Staff.user_id, Staff.role).where(Staff.shop_id == shop_id)).all()
    return sorted(user_id for user_id, role in rows if roles.may_open(role, room))


def _seen_anew(order: Order) -> None:
    """Both sides' lists show this order."""
    for kind, row_id in ((Shop, order.shop_id), (User, order.buyer_id)):
        db.session.execute(
            update(kind)
            .where(kind.id == row_id)
            .values(version=kind.version + 1)
            .execution_options(synchronize_session=False)
        )
