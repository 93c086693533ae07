"""满意度 at the desk: what customers answered, the public answer, the task that a bad one makes, the figures."""

from __future__ import annotations

from datetime import datetime

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal.cases import case_view
from portal.flow import Actor
from portal.models import Case
from portal.people import roles
from portal.rights import faults, reasons
from portal.seller import bp
from portal.service import before_after, figures, fixes, ratings
from portal.service.ratings import RatingRefused
from portal.web import guards, paging
from portal.web.fields import Text, read_day
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.words import BEIJING


class AnswerForm(Form):
    """What everybody who sees the case reads."""

    answer = Text("公开回复", limit=300, missing="请写回复的内容")


class FollowForm(Form):
    """What was done about it, for the shop's own people."""

    note = Text("跟进结果", limit=300, missing="请写做了什么，例如联系了买家、改了包装")


@bp.get("/ratings")
def rating_list() -> ResponseReturnValue:
    """One tab, the newest first."""
    tab = request.args.get("tab", "all")
    if tab not in ratings.TABS:
        abort(404)
    rows, key = ratings.list_page(g.who.shop_id, tab, paging.moment_key(request.args.get("after", "")))
    more = f"/seller/ratings?tab={tab}&after={paging.said(key)}" if key else ""
    return page("seller/ratings.html", rows=rows, tab=tab, tabs=ratings.TABS, stars=ratings.WORDS, more=more)


def _read_change(now: datetime) -> tuple[str, datetime | None, str]:
    """The day of a change in the address: as typed, as a moment, and what is wrong with it."""
    typed = request.args.get("change", "")[:10]
    if not typed:
        return "", None, ""
    day = read_day(typed)
    if day is None:
        return typed, None, "请填写正确的日期，例如 2026-11-28"
    if day > now:
        return typed, None, "请选择今天或更早的一天"
    return typed, day, ""


@bp.get("/ratings/figures")
def rating_figures() -> ResponseReturnValue:
    """The trend, who, what and why, and three more figures, each with what it counts."""
    shop_id, months = g.who.shop_id, figures.find_months(g.now)
    change, day, problem = _read_change(g.now)
    answers = figures.list_answers(shop_id, figures.begin_of(months[0]))
    groups = [
        (name, *figures.group_answers(answers, by))
        for name, by in (("按员工", "staff"), ("按商品", "goods"), ("按原因", "reason"))
    ]
    return page(
        "seller/rating_figures.html",
        trend=figures.draw_trend(answers, months),
        groups=groups,
        number=len(answers),
        first=figures.measure_first_response(shop_id, g.now),
        settled=figures.measure_settled(shop_id, g.now),
        returning=figures.measure_returning(shop_id, g.now),
        least=figures.LEAST,
        lately=figures.LATELY.days,
        again=figures.AGAIN.days,
        returns=figures.RETURNS.days,
        said_reason=reasons.said,
        change=change,
        problem=problem,
        both=before_after.compare(shop_id, day, g.now) if day is not None else None,
        span=before_after.SPAN.days,
        done=[
            (row, f"{row.Fix.done_at.astimezone(BEIJING):%Y-%m-%d}")
            for row in (fixes.list_done(shop_id) if roles.may_open(g.who.role, "quality") else ())
        ],
        name_fault=faults.name_fault,
    )


@bp.route("/cases/<case_no>/rating", methods=["GET", "POST"])
def case_rating(case_no: str) -> ResponseReturnValue:
    """One answer; POST replies to it in public, or closes the task that it made (``does=follow``)."""
    case = _find(case_no)
    does = request.form.get("does", "") if request.method == "POST" else ""
    answering, following, status = AnswerForm(), FollowForm(), 200
    form = following if does == "follow" else answering
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():

            def done() -> str:
                found, who = _find(case_no), g.who.user_id
                if form is following:
                    ratings.close_follow_up(found, following.note.data or "", by=who, now=g.now)
                else:
                    ratings.answer(found, answering.answer.data or "", by=who, now=g.now)
                return (
                    f"/seller/cases/{case_no}/rating?said={'followed-up' if form is following else 'rating-answered'}"
                )

            try:
                return once(done)
            except RatingRefused as refused:
                form.refuse(str(refused))
                status = 409
        case = _find(case_no)
    rating = ratings.find_of_case(case)
    if rating is None or rating.stars is None:
        abort(404)
    return page(
        "seller/rating.html",
        status,
        case=case,
        rating=rating,
        names=ratings.find_names(rating),
        photos=case_view.build_view(case, Actor.SELLER, g.now).photos.get(ratings.PHOTO_VERSION, ()),
        answering=answering,
        following=following,
        form=form if form.errors else None,
        does=does,
        stars=ratings.WORDS,
    )


def _find(case_no: str) -> Case:
    return guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
