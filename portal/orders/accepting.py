"""采信: what an import didn't believe is believed after all, by somebody of the shop and for a reason.

What can be is decided here alone, for pages and steps alike: never against an open case or a payment, never a status
back to where it was, but for a refund that was withdrawn on the platform, which no file can say by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, text, update

from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, MoneyEntry, Order, OrderDoubt, OrderVersion, Shop, User
from portal.models.cases import OPEN
from portal.models.money import OPEN_ENTRY
from portal.models.orders import find_path
from portal.notices import beside_steps
from portal.orders import sold, versions
from portal.orders.importing import doubts, keeping
from portal.orders.importing.merging import STOOD_ON, SUMS

MOST = 500  # at once
MOST_SEEN = 2_000  # of a group, to find those among them
WITHDRAWN = "退款已撤销，采信"
_BEFORE_REFUND = ("unshipped", "in_transit", "delivered")
_IN_A_CASE = "订单有进行中的售后单，按申请时的数据处理；售后结束后再采信"
_OF_LINES = {
    "数量": "数量关系到可以申请的件数，不能在这里改；请核对后让平台重新导出，货品总价与明细一致时会自动更新",
    "单价(元)": "成交单价是算退款的依据，以首次导入的为准，不能改",
    "货品标题": "明细不能在这里增减；货品总价与明细一致时，重新导入会自动更新",
}
_OF_STATUS = {
    doubts.CALLED_OFF: "买家已在本平台取消，这里按取消处理，不能改回去",
    doubts.SENT: "已在本平台发货，不能改回未发货",
    doubts.WORDLESS: "看不懂的状态不能采信；请在平台核对，换成平台的状态再导入",
    doubts.WITHDRAWN: "表格只说退款已关闭，没有说订单到了哪一步；请换成平台的订单状态再导入",
    doubts.CASE_OPEN: "订单有进行中的售后单；售后结束后请再导入一次",
    doubts.BESIDE: "与已知的状态只能有一个是真的，改过去会拿走买家的售后权利，不能采信",
}
_STATUS_STAYS = "状态只往前走：买家的期限和权利从已知的状态算，不能改回去"


class Doubtful(NamedTuple):
    """Something that wasn't believed, for the desk; ``stop`` says why it can't be, "" where it can."""

    id: int
    order_id: int
    order_no: str
    row: int
    name: str
    heading: str
    kept: str
    said: str
    why: str
    source: str
    at: datetime
    stop: str
    lifts: bool  # it says that a refund was withdrawn


class Group(NamedTuple):
    """The doubts of an upload about one column, for one reason."""

    heading: str
    why: str
    many: int


def list_groups(shop_id: int, import_id: int) -> list[Group]:
    """What of an upload waits to be looked at, the most frequent first."""
    rows = db.session.execute(
        select(OrderDoubt.heading, OrderDoubt.why, func.count())
        .where(OrderDoubt.shop_id == shop_id, OrderDoubt.import_id == import_id)
        .group_by(OrderDoubt.heading, OrderDoubt.why)
    )
    return sorted((Group(*row) for row in rows), key=lambda group: (-group.many, group.heading, group.why))


def list_of_import(shop_id: int, import_id: int, group: Group, after: int, size: int) -> list[Doubtful]:
    """The doubts of a group after an id; one more than ``size`` when there are more."""
    return _list(
        shop_id,
        (OrderDoubt.import_id == import_id)
        & (OrderDoubt.heading == group.heading)
        & (OrderDoubt.why == group.why)
        & (OrderDoubt.id > after),
        size + 1,
    )


def list_of_order(shop_id: int, order_id: int, after: int = 0, size: int = 50) -> list[Doubtful]:
    """The doubts about an order after an id; one more than ``size`` when there are more."""
    return _list(shop_id, (OrderDoubt.order_id == order_id) & (OrderDoubt.id > after), size + 1)


def count_of_orders(shop_id: int, order_ids: Collection[int]) -> dict[int, int]:
    """How many doubts there are about each of these orders."""
    rows = db.session.execute(
        select(OrderDoubt.order_id, func.count())
        .where(OrderDoubt.shop_id == shop_id, OrderDoubt.order_id.in_(order_ids))
        .group_by(OrderDoubt.order_id)
    )
    found: dict[int, int] = dict(rows.all())
    return found


def _list(shop_id: int, which: Any, most: int) -> list[Doubtful]:
    query = select(OrderDoubt).where(OrderDoubt.shop_id == shop_id, which).order_by(OrderDoubt.id).limit(most)
    found = list(db.session.scalars(query))
    orders = _load_orders(shop_id, {doubt.order_id for doubt in found})
    facts = _Facts.find(shop_id, orders)
    return [_describe(doubt, orders[doubt.order_id], facts) for doubt in found]


def _load_orders(shop_id: int, ids: Collection[int], *, lock: bool = False) -> dict[int, Order]:
    query = select(Order).where(Order.shop_id == shop_id, Order.id.in_(ids)).order_by(Order.id)
    query = query.with_for_update() if lock else query
    return {order.id: order for order in db.session.scalars(query.execution_options(populate_existing=lock))}


class _Facts(NamedTuple):
    """What contradicts a change of an order: its open cases, payments under way, sums that contradict its lines."""

    in_case: Collection[int]
    owing: Collection[int]
    odd_sums: Collection[int]

    @classmethod
    def find(cls, shop_id: int, orders: Mapping[int, Order]) -> _Facts:
        contradict = OrderDoubt.why.in_((doubts.REFUNDED, doubts.LINES_DIFFER)) & OrderDoubt.name.in_(SUMS)
        odd = select(OrderDoubt.order_id).where(
            OrderDoubt.shop_id == shop_id,
            OrderDoubt.order_id.in_(orders),
            contradict | (OrderDoubt.name == "goods_total_fen"),
        )
        odd_sums = set(db.session.scalars(odd)) if orders else set()
        with_cases = [order.id for order in orders.values() if order.case_count]
        if not with_cases:
            return cls((), (), odd_sums)
        owing = select(MoneyEntry.order_id).where(
            MoneyEntry.shop_id == shop_id, MoneyEntry.order_id.in_(with_cases), text(OPEN_ENTRY)
        )
        return cls(versions.find_with_open_case(with_cases, [shop_id]), set(db.session.scalars(owing)), odd_sums)


def _describe(doubt: OrderDoubt, order: Order, facts: _Facts) -> Doubtful:
    said = (doubt.row, doubt.name, doubt.heading, doubt.kept, doubt.said, doubt.why, doubt.source, doubt.at)
    lifts = doubt.name == "status" and order.status == "refunding" and doubt.value["status"] in _BEFORE_REFUND
    return Doubtful(doubt.id, order.id, order.order_no, *said, _find_stop(doubt, order, facts), lifts)


def _find_stop(doubt: OrderDoubt, order: Order, facts: _Facts) -> str:
    """Why a doubt can't be believed after all; "" where it can."""
    if not doubt.name:
        return _OF_LINES.get(doubt.heading, _OF_LINES["货品标题"])
    known = order.status_text or order.status if doubt.name == "status" else getattr(order, doubt.name)
    words = doubts.shown(doubt.name, known)[: keeping.MOST]
    if words != doubt.kept:
        return f"后来已更新为「{words}」，请按最新的表格再导入一次"
    if doubt.name == "status":
        return _find_status_stop(doubt, order, facts)
    if order.id in facts.in_case and doubt.name in (*STOOD_ON, "is_dropship"):
        return _IN_A_CASE
    if doubt.name in SUMS:
        if order.id in facts.odd_sums:
            return "与已知的明细或已登记的退款不一致，采信后退款会算错；请核对明细，再导入一次"
        if order.id in facts.owing or (doubt.name == "paid_fen" and doubt.value["paid_fen"] < order.refunded_fen):
            return "还有没有付完的款项，付完或取消后再采信"
    return ""


def _find_status_stop(doubt: OrderDoubt, order: Order, facts: _Facts) -> str:
    target = doubt.value["status"]
    lifts = order.status == "refunding" and target in _BEFORE_REFUND
    again = order.status in _BEFORE_REFUND and target == "refunding" and doubt.why == doubts.REFUND_AGAIN
    if not lifts and not again:
        return _OF_STATUS.get(doubt.why, _STATUS_STAYS)
    if order.id in facts.in_case:
        return "订单有进行中的售后单，退款在售后单里处理，这里不改"
    if order.id in facts.owing:
        return "订单还有没有付完的款项，付完或取消后再采信"
    if lifts and order.paid_fen and order.refunded_fen >= order.paid_fen:
        return "这笔订单在本平台已全额登记退款，与「退款已撤销」矛盾，不能采信"
    if lifts and target == "unshipped" and (order.shipped_at is not None or order.received_at is not None):
        return "商品已经发出，不能改回未发货"
    return ""


def accept(shop_id: int, ids: Collection[int], *, reason: str, user_id: int, now: datetime) -> int:
    """Believe these doubts as far as that can be, and say how many were. Called inside ``writing()``.

    Sums of an order belong together: whoever believes one believes all of them, or none when one of them can't be.
    """
    query = select(OrderDoubt).where(OrderDoubt.shop_id == shop_id, OrderDoubt.id.in_(ids))
    chosen = list(db.session.scalars(query))
    orders = _load_orders(shop_id, {doubt.order_id for doubt in chosen}, lock=True)
    of_sums = {doubt.order_id for doubt in chosen if doubt.name in SUMS}
    if of_sums:
        more = select(OrderDoubt).where(
            OrderDoubt.shop_id == shop_id, OrderDoubt.order_id.in_(of_sums), OrderDoubt.name.in_(SUMS)
        )
        chosen = list({doubt.id: doubt for doubt in (*chosen, *db.session.scalars(more))}.values())
    facts = _Facts.find(shop_id, orders)
    of_order: dict[int, list[OrderDoubt]] = defaultdict(list)
    stopped = {d.order_id for d in chosen if d.name in SUMS and _find_stop(d, orders[d.order_id], facts)}
    for doubt in chosen:
        held = doubt.name in SUMS and doubt.order_id in stopped
        if not held and not _find_stop(doubt, orders[doubt.order_id], facts):
            of_order[doubt.order_id].append(doubt)
    for order_id, believed in sorted(of_order.items()):
        _believe(orders[order_id], believed, reason, user_id, now)
    if of_order:
        _count_again(shop_id, [orders[order_id] for order_id in sorted(of_order)])
    return sum(map(len, of_order.values()))


def _believe(order: Order, believed: Sequence[OrderDoubt], reason: str, user_id: int, now: datetime) -> None:
    for doubt in believed:
        for name, value in doubt.value.items():
            setattr(order, name, keeping.unpack(value))
    order.version += 1
    order.updated_at = now
    version = OrderVersion(
        shop_id=order.shop_id,
        order_id=order.id,
        at=now,
        source=believed[0].source,
        changes=[[doubt.heading, doubt.kept, doubt.said] for doubt in believed],
        accepted_by=user_id,
        reason=reason,
    )
    db.session.add(version)
    db.session.flush()
    db.session.execute(
        delete(OrderDoubt)
        .where(OrderDoubt.shop_id == order.shop_id, OrderDoubt.id.in_([doubt.id for doubt in believed]))
        .execution_options(synchronize_session=False)
    )
    _tell(order, version, any(doubt.name == "status" for doubt in believed))


def _tell(order: Order, version: OrderVersion, of_status: bool) -> None:
    """Tell the buyer that a refund was withdrawn, or is under way again, and whom an open case belongs to the rest."""
    if of_status and order.shown:
        lifted = order.status != "refunding"
        beside_steps.tell_of_order(
            order.buyer_id,
            shop_id=order.shop_id,
            kind="refund_withdrawn" if lifted else "refund_again",
            title="商家确认退款已撤销" if lifted else "商家确认订单在退款中",
            body=f"订单 {order.order_no} "
            + ("不再按退款中处理，能否申请售后请看订单页。" if lifted else "按退款中处理，退款期间不能申请售后。")
            + f"商家说明：{version.reason}。与实际不符，请联系商家，或向平台投诉。",
            href=find_path(order),
            at=version.at,
            dedupe_key=f"believed:{version.id}",
        )
    cases = select(Case).where(Case.shop_id == order.shop_id, Case.order_id == order.id, text(OPEN)).order_by(Case.id)
    said = "；".join(f"{heading} {kept or '无'} → {new or '无'}" for heading, kept, new in version.changes)
    for case in db.session.scalars(cases) if order.case_count else ():
        for actor in (Actor.BUYER, Actor.MEDIATOR) if case.escalated else (Actor.BUYER,):
            beside_steps.tell_of_order_change(
                case,
                actor,
                body=f"商家改了订单 {order.order_no} 的资料：{said}。说明：{version.reason}。"
                "售后单仍按申请时的数据处理。",
                at=version.at,
                key=f"order{version.id}",
            )


def _count_again(shop_id: int, orders: Sequence[Order]) -> None:
    sold.count_orders({order.id: shop_id for order in orders})
    for table, ids in ((Shop, {shop_id}), (User, {order.buyer_id for order in orders})):
        statement = update(table).where(table.id.in_(sorted(ids))).values(version=table.version + 1)
        db.session.execute(statement.execution_options(synchronize_session=False))


def list_acceptable(shop_id: int, import_id: int, group: Group) -> list[int]:
    """The first MOST ids of a group that can be believed."""
    found = list_of_import(shop_id, import_id, group, 0, MOST_SEEN)
    return [each.id for each in found if not each.stop][:MOST]
