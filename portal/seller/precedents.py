"""商品资料和先例: what the shop knows of a case's goods, and its own answers to the same specification and reason."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from portal.cases import case_view
from portal.people import roles
from portal.rights import faults, guarantees
from portal.seller import bp
from portal.seller.quality import name_cell
from portal.service import quality
from portal.service.knowledge import collect_knowledge
from portal.service.precedents import LEAST, find_precedents
from portal.web import guards
from portal.web.pages import page

SHOWN = 20


@bp.get("/cases/<case_no>/precedents")
def precedents(case_no: str) -> ResponseReturnValue:
    """The goods, the figures of earlier answers, and the newest cases behind them."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    found = find_precedents(case, g.now)
    return page(
        "seller/precedents.html",
        case=case,
        found=found,
        rows=found.cases[:SHOWN],
        least=LEAST,
        said_reason=guarantees.say_reason,
        known=collect_knowledge(case, g.now),
        weeks=quality.WEEKS,
        name_fault=faults.name_fault,
        href=name_cell,
        money=roles.may_see_money(g.who.role),
    )
