"""满意度: the one question about an ended case, and whether somebody wants to be asked at all."""

from __future__ import annotations

from functools import partial

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.cases import case_view
from portal.models import Case
from portal.orders import order_lists
from portal.service import asking, ratings
from portal.service.ratings import RatingRefused
from portal.web import guards
from portal.web.once import once
from portal.web.pages import page
from portal.web.ratings import RatingForm


@bp.route("/cases/<case_no>/satisfied", methods=["GET", "POST"])
def rate_case(case_no: str) -> ResponseReturnValue:
    """The question; afterwards the case with the answer in it."""
    case = _find(case_no)
    form, status = RatingForm(known=partial(order_lists.known_numbers, case.order_id)), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():

            def kept() -> str:
                form.keep(_find(case_no), by_link=False, now=g.now)
                return f"/cases/{case_no}?said=rated"

            try:
                return once(kept)
            except RatingRefused as refused:
                form.refuse(str(refused))
                status = 409
        case = _find(case_no)
    elif request.args.get("stars") in {str(number) for number in ratings.WORDS}:
        form.stars.data = request.args["stars"]
    rating = guards.found(ratings.find_of_case(case))
    return page(
        "buyer/satisfied.html", status, case=case, rating=rating, form=form, asks=asking.does_ask(g.who.user_id)
    )


def _find(case_no: str) -> Case:
    return guards.found(case_view.find_of_buyer(case_no, g.who.user_id))


@bp.post("/me/questions")
def choose_questions() -> ResponseReturnValue:
    """不再询问, or 可以询问 again."""
    stops, user_id = request.form.get("asks") != "1", g.who.user_id

    def chosen() -> str:
        asking.stop_asking(user_id, stops=stops)
        return f"/me/privacy?said={'questions-off' if stops else 'questions-on'}"

    return once(chosen)
