"""拣货单 at the desk: a page to print and take to the shelves."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from portal.cases import pick_list
from portal.seller import bp
from portal.web.pages import page


@bp.get("/pick-list")
def show_picks() -> ResponseReturnValue:
    """What is to be fetched for all that is to be sent now."""
    picks, cases, is_cut = pick_list.list_picks(g.who.shop_id)
    return page("seller/pick_list.html", picks=picks, cases=cases, is_cut=is_cut)
