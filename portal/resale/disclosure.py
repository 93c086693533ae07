"""What a consumer is shown of the distributor's suppliers, and what the distributor is told that they are shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import flow, words
from portal.cases.answers import Answer
from portal.cases.case_view import View
from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import Case, CaseLink, Order, Shop
from portal.resale.across import list_up
from portal.resale.chain_view import list_links_above
from portal.rights import addresses


def tell_receiver(view: View) -> str:
    """Whom the receiver of a case is shown to, and when; "" where nothing is sent to them any more."""
    if not _sends(view.case):
        return ""
    links = list_links_above(view.case) if view.order.linked else ()
    return addresses.tell_who_sees(view.order.shop, _name_shops(_list_senders(links)))


def tell_distributor(case: Case) -> str:
    """What the consumer's pages show of suppliers, as the routes of this case's goods stand."""
    links = list_links_above(case)
    said = ["看不到您与供应商之间的价格、协商和售后"]
    if senders := _list_senders(links) if _sends(case) else ():
        said.append(f"{_name_shops(senders)}直接给消费者发货，会告诉消费者这家店铺能看到收货地址")
    if receivers := {link.upstream_shop_id for link in links if link.route_back == "direct"}:
        said.append(f"商品直接寄给{_name_shops(receivers)}时，消费者寄回前会看到退货地址")
    if not links:
        said.append("以后由供应商直接发货或收货的，会告诉消费者哪家店铺能看到收货地址、商品寄到哪里")
    return "；".join(said)


def _sends(case: Case) -> bool:
    return case.type in (CaseType.EXCHANGE, CaseType.REISSUE) and case.state not in flow.FINAL


def _list_senders(links: Sequence[CaseLink]) -> set[int]:
    return {link.upstream_shop_id for link in links if link.route_out == "direct"}


def _name_shops(shops: Collection[int]) -> str:
    if not shops:
        return ""
    return "、".join(db.session.scalars(select(Shop.name).where(Shop.id.in_(shops)).order_by(Shop.id)))


def find_supplier_due(case: Case, now: datetime) -> datetime | None:
    """Until when a supplier waits for what the consumer sends there, where that is before the consumer's deadline."""
    if case.state != State.RETURNING or case.escalated or case.due_at is None:
        return None
    ends = [
        up.due_at
        for up in list_up(case, direct=True)
        if up.state == State.RETURNING and not up.escalated and up.due_at is not None
    ]
    return min((end for end in ends if now < end < case.due_at), default=None)


def list_supplier_dues(order: Order, now: datetime) -> dict[str, datetime]:
    """The same for the cases of an order that have such a deadline, by their numbers."""
    query = select(Case).where(Case.shop_id == order.shop_id, Case.order_id == order.id, Case.state == State.RETURNING)
    found = {case.case_no: find_supplier_due(case, now) for case in db.session.scalars(query)}
    return {case_no: due_at for case_no, due_at in found.items() if due_at is not None}


def bring_forward(answer: Answer, case: Any, now: datetime) -> Answer:
    """The answer card with the supplier's deadline where that is the earlier one."""
    due_at = find_supplier_due(case, now)
    if due_at is None:
        return answer
    late = (
        f"商品由供应商直接收货，过了这个时间供应商可能不再处理；您的期限是 {words.end(case.due_at)}，{answer.otherwise}"
    )
    return replace(answer, due_at=due_at, otherwise=late)
