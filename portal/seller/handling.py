"""办理时效: the shop's own figures."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from portal.cases import handling
from portal.seller import bp
from portal.web.pages import page


@bp.get("/handling")
def handling_times() -> ResponseReturnValue:
    """Median and 95th of each span, beside the deadline it has."""
    rows, cases = handling.measure_shop(g.who.shop_id, g.now)
    return page("seller/handling.html", rows=rows, cases=cases, days=handling.LATELY.days, most=handling.MOST)
