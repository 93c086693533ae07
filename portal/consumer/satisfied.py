"""满意度 by a link: the same one question, answered once for the case."""

from __future__ import annotations

from functools import partial

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal.consumer import bp
from portal.consumer.cases import find_case
from portal.consumer.opening import open_pass
from portal.orders import order_lists
from portal.resale import links as consumer_links
from portal.service import ratings
from portal.service.ratings import RatingRefused
from portal.web import rates
from portal.web.once import once
from portal.web.pages import page
from portal.web.ratings import RatingForm


@bp.route("/<link_name>/<case_no>/satisfied", methods=["GET", "POST"])
def rate_case(link_name: str, case_no: str) -> ResponseReturnValue:
    """The question; afterwards the case with the answer in it."""
    opened = open_pass(link_name)
    case = find_case(opened, case_no)
    form, status = RatingForm(known=partial(order_lists.known_numbers, case.order_id)), 200
    if request.method == "POST":
        rates.limit("consumer-link", opened.link_id)
        status = 422
        if form.validate_on_submit():

            def kept() -> str:
                form.keep(find_case(opened, case_no), by_link=True, now=g.now)
                consumer_links.mark_used(opened.link_id, g.now)
                return f"../{case_no}?said=rated"  # relative: what is kept must not hold the token

            try:
                return once(kept)
            except RatingRefused as refused:
                form.refuse(str(refused))
                status = 409
        case = find_case(opened, case_no)
    rating = ratings.find_of_case(case)
    if rating is None:
        abort(404)
    at = f"/c/{link_name}/{case_no}/f"
    return page("consumer/satisfied.html", status, link_name=link_name, case=case, rating=rating, form=form, at=at)
