"""What the pages of an application share: whose order it is, its draft, how it is called."""

from __future__ import annotations

from flask import g

from portal.applications import drafts
from portal.flow import CaseType
from portal.models import Draft, Order
from portal.orders import order_lists
from portal.rights import goods
from portal.web import guards


def find_order(order_no: str) -> Order:
    """The signed-in buyer's order of this number; 404 for anybody else's."""
    return guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))


def find_begun(order: Order) -> Draft | None:
    """The application that the signed-in buyer has begun for this order."""
    return drafts.find_draft(order.id, g.who.user_id)


def name_kind(kind: CaseType, verdict: goods.Verdict | None) -> str:
    """换货, or 协商换货 where only the seller's own yes opens it."""
    return f"{'协商' if verdict and verdict.negotiated else ''}{goods.NAMES[kind]}"
