"""以前怎么处理: the shop's own answers to the same specification and reason, beside a case that waits for one."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from portal.cases import case_view
from portal.rights import reasons
from portal.seller import bp
from portal.service.precedents import LEAST, find_precedents
from portal.web import guards
from portal.web.pages import page

SHOWN = 20


@bp.get("/cases/<case_no>/precedents")
def precedents(case_no: str) -> ResponseReturnValue:
    """The figures, and the newest cases behind them."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    found = find_precedents(case, g.now)
    return page(
        "seller/precedents.html",
        case=case,
        found=found,
        rows=found.cases[:SHOWN],
        least=LEAST,
        said_reason=reasons.said,
    )
