"""What of that which an import didn't believe may be believed by hand, and why the rest may not: for pages and steps.

Never against an open case or a payment, never a status back to where it was, but for a refund that was withdrawn on
the platform, of an order or of one of its lines, which no file can say by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select, text

from portal.extensions import db
from portal.models import MoneyEntry, Order, OrderDoubt, OrderLine
from portal.models.money import OPEN_ENTRY
from portal.orders import versions
from portal.orders.importing import doubts, keeping, lines
from portal.orders.importing.lines import IN_A_CASE
from portal.orders.importing.said import STOOD_ON, SUMS

OF_A_LINE = "own_status"  # the name of a doubt about the state of one line
_BEFORE_REFUND = ("unshipped", "in_transit", "delivered")
_STANDS_ON = "订单有进行中的售后单，按申请时的数据处理；售后结束后再采信"
_IN_THE_CASE = "订单有进行中的售后单，退款在售后单里处理，这里不改"
_OWING = "订单还有没有付完的款项，付完或取消后再采信"
_OF_LINES = {
    "数量": "数量关系到可以申请的件数，不能在这里改；请核对后让平台重新导出，货品总价与明细一致时会自动更新",
    "单价(元)": "成交单价是算退款的依据，以首次导入的为准，不能改",
    "货品标题": "明细不能在这里增减；货品总价与明细一致时，重新导入会自动更新",
}
_OF_ONE_LINE = "这件商品的退款状态只往前走，不能在这里改回；退款已撤销的，请与买家联系处理"
_OF_STATUS = {
    doubts.CALLED_OFF: "买家已在本平台取消，这里按取消处理，不能改回去",
    doubts.SENT: "已在本平台发货，不能改回未发货",
    doubts.WORDLESS: "看不懂的状态不能采信；请在平台核对，换成平台的状态再导入",
    doubts.WITHDRAWN: "表格只说退款已关闭，没有说订单到了哪一步；请换成平台的订单状态再导入",
    doubts.CASE_OPEN: "订单有进行中的售后单；售后结束后请再导入一次",
    doubts.BESIDE: "与已知的状态只能有一个是真的，改过去会拿走买家的售后权利，不能采信",
}
_STATUS_STAYS = "状态只往前走：买家的期限和权利从已知的状态算，不能改回去"


class Facts(NamedTuple):
    """What contradicts a change: open cases, payments under way, sums that contradict the lines; and the lines."""

    in_case: Collection[int]
    owing: Collection[int]
    odd_sums: Collection[int]
    lines: Mapping[int, OrderLine]

    @classmethod
    def find(cls, shop_id: int, orders: Mapping[int, Order], known_lines: Mapping[int, OrderLine]) -> Facts:
        contradict = OrderDoubt.why.in_((doubts.REFUNDED, doubts.LINES_DIFFER)) & OrderDoubt.name.in_(SUMS)
        odd = select(OrderDoubt.order_id).where(
            OrderDoubt.shop_id == shop_id,
            OrderDoubt.order_id.in_(orders),
            contradict | (OrderDoubt.name == "goods_total_fen"),
        )
        odd_sums = set(db.session.scalars(odd)) if orders else set()
        with_cases = [order.id for order in orders.values() if order.case_count]
        if not with_cases:
            return cls((), (), odd_sums, known_lines)
        owing = select(MoneyEntry.order_id).where(
            MoneyEntry.shop_id == shop_id, MoneyEntry.order_id.in_(with_cases), text(OPEN_ENTRY)
        )
        in_case = versions.find_with_open_case(with_cases, [shop_id])
        return cls(in_case, set(db.session.scalars(owing)), odd_sums, known_lines)


def load_lines(shop_id: int, found: Sequence[OrderDoubt], *, lock: bool = False) -> dict[int, OrderLine]:
    """The lines whose state some doubts are about; locked before their orders are, as the steps of cases do."""
    ids = sorted(doubt.value["line"] for doubt in found if doubt.name == OF_A_LINE)
    if not ids:
        return {}
    query = select(OrderLine).where(OrderLine.shop_id == shop_id, OrderLine.id.in_(ids)).order_by(OrderLine.id)
    query = query.with_for_update() if lock else query
    return {line.id: line for line in db.session.scalars(query.execution_options(populate_existing=lock))}


def is_lifting(doubt: OrderDoubt, order: Order, facts: Facts) -> bool:
    """Whether it says that a refund was withdrawn: the order's, or that of one of its lines."""
    if doubt.name == OF_A_LINE:
        return facts.lines[doubt.value["line"]].own_status == "refunding" and doubt.value["own_status"] == ""
    return doubt.name == "status" and order.status == "refunding" and doubt.value["status"] in _BEFORE_REFUND


def find_stop(doubt: OrderDoubt, order: Order, facts: Facts) -> str:
    """Why a doubt can't be believed after all; "" where it can."""
    if doubt.name == OF_A_LINE:
        return _find_stop_of_line(doubt, order, facts.lines[doubt.value["line"]], facts)
    if not doubt.name and doubt.heading == doubts.COLUMNS["status"]:  # kept before lines could be believed
        return _OF_STATUS[doubts.CASE_OPEN] if doubt.why == IN_A_CASE else _OF_ONE_LINE
    if not doubt.name:
        return _OF_LINES.get(doubt.heading, _OF_LINES["货品标题"])
    known = order.status_text or order.status if doubt.name == "status" else getattr(order, doubt.name)
    words = doubts.shown(doubt.name, known)[: keeping.MOST]
    if words != doubt.kept:
        return _say_replaced(words)
    if doubt.name == "status":
        return _find_stop_of_status(doubt, order, facts)
    if order.id in facts.in_case and doubt.name in (*STOOD_ON, "is_dropship"):
        return _STANDS_ON
    if doubt.name in SUMS:
        if order.id in facts.odd_sums:
            return "与已知的明细或已登记的退款不一致，采信后退款会算错；请核对明细，再导入一次"
        if order.id in facts.owing or (doubt.name == "paid_fen" and doubt.value["paid_fen"] < order.refunded_fen):
            return "还有没有付完的款项，付完或取消后再采信"
    return ""


def _say_replaced(words: str) -> str:
    return f"后来已更新为「{words}」，请按最新的表格再导入一次"


def _find_stop_of_status(doubt: OrderDoubt, order: Order, facts: Facts) -> str:
    lifts, target = is_lifting(doubt, order, facts), doubt.value["status"]
    again = order.status in _BEFORE_REFUND and target == "refunding" and doubt.why == doubts.REFUND_AGAIN
    if not lifts and not again:
        return _OF_STATUS.get(doubt.why, _STATUS_STAYS)
    if order.id in facts.in_case:
        return _IN_THE_CASE
    if order.id in facts.owing:
        return _OWING
    if lifts and order.paid_fen and order.refunded_fen >= order.paid_fen:
        return "这笔订单在本平台已全额登记退款，与「退款已撤销」矛盾，不能采信"
    if lifts and target == "unshipped" and (order.shipped_at is not None or order.received_at is not None):
        return "商品已经发出，不能改回未发货"
    return ""


def _find_stop_of_line(doubt: OrderDoubt, order: Order, line: OrderLine, facts: Facts) -> str:
    words = lines.show_state(line.own_status)
    if words != doubt.kept:
        return _say_replaced(words)
    lifts = is_lifting(doubt, order, facts)
    if not lifts and doubt.why != lines.REFUND_AGAIN:
        return _OF_STATUS[doubts.CASE_OPEN] if doubt.why == IN_A_CASE else _OF_ONE_LINE
    if order.id in facts.in_case:
        return _IN_THE_CASE
    if order.id in facts.owing:
        return _OWING
    if lifts and order.status in ("refunding", "cancelled"):
        return "整个订单已在退款或已关闭，先要看订单的状态，单独改这件商品没有作用"
    if lifts and line.refunded_milli >= line.quantity_milli:
        return "这件商品在本平台已全额登记退款，与「退款已撤销」矛盾，不能采信"
    return ""
