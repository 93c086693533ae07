"""投诉: what people complain of, looked into and answered in time; numbers that two shops claim."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs, words, workbook
from portal.evidence import evidence
from portal.operator import bp
from portal.orders import claims
from portal.talk import complaint_lists, complaints
from portal.talk.complaint_lists import Filters
from portal.web import events, guards, paging, rates
from portal.web.fields import Choice, Line, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

_SHEET = (
    workbook.Column("编号", "回执编号"),
    workbook.Column("类型", "投诉人选择的类型"),
    workbook.Column("状态", "处理到哪一步"),
    workbook.Column("店铺", "涉及的店铺"),
    workbook.Column("订单", "涉及的订单号"),
    workbook.Column("涉及", "投诉人填写的订单号、店铺或页面", 24),
    workbook.Column("内容", "投诉人的原话", 60),
    workbook.Column("提交时间", "北京时间", 20),
    workbook.Column("答复期限", "北京时间", 20),
    workbook.Column("答复时间", "北京时间；没有答复时为空", 20),
    workbook.Column("核实结果", "答复时选择的结果"),
    workbook.Column("答复", "投诉人看到的话", 60),
    workbook.Column("首次答复", "投诉人要求再次核实前的答复；没有要求时为空", 60),
    workbook.Column("再次核实的理由", "投诉人的原话", 60),
)


class AnswerForm(Form):
    """What whoever complained is told, and what looking into it came to."""

    outcome = Choice("核实结果", choices=list(complaints.OUTCOMES.items()), missing="请选择核实结果")
    shop = Line("涉及的店铺名", limit=60, optional=True, exact=True)
    answer = Text("答复", limit=500, missing="请写明核实的结果和处理")


@bp.get("/complaints")
def list_complaints() -> ResponseReturnValue:
    """The complaints in one state, the least time left first."""
    state, filters, problem = _asked()
    key = paging.moment_key(request.args.get("after", ""))
    rows = complaint_lists.list_of_state(state, filters, g.now, key)
    size = complaint_lists.PAGE
    address = urlencode(
        {"state": state, "kind": filters.kind, "shop": filters.shop, "late": "1" if filters.late else ""}
    )
    last = rows[size - 1] if len(rows) > size else None
    more = f"/operator/complaints?{address}&after={paging.said((last.due_at, last.id))}" if last is not None else ""
    return page(
        "operator/complaints.html",
        rows=rows[:size],
        chosen=state,
        filters=filters,
        problem=problem,
        counts=complaint_lists.count_states(),
        states=complaints.STATES,
        kinds=complaints.KINDS,
        address=address,
        more=more,
    )


def _asked() -> tuple[str, Filters, str]:
    state, kind = request.args.get("state", "open"), request.args.get("kind", "")
    if state not in complaints.STATES or (kind and kind not in complaints.KINDS):
        abort(404)
    try:
        shop, problem = inputs.line(request.args.get("shop", ""), limit=60), ""
    except inputs.InputRefused as refused:
        shop, problem = "", refused.sentence
    return state, Filters(kind, shop, request.args.get("late") == "1"), problem


@bp.post("/export/complaints")
def export_complaints() -> ResponseReturnValue:
    """The same list as a workbook; taking it along is an event itself."""
    rates.limit("export", g.who.user_id)
    state, filters, _ = _asked()
    rows = [_cells(row) for row in complaint_lists.list_for_export(state, filters, g.now)]
    events.audit("export", what="complaints", rows=len(rows))
    made = workbook.build("投诉", _SHEET, rows, made_at=g.now)
    answer = Response(made, mimetype=workbook.MIME)
    answer.headers["Content-Disposition"] = 'attachment; filename="complaints.xlsx"'
    return answer


def _cells(row: Any) -> list[str | int]:
    moments = [words.moment(at) if at else "" for at in (row.at, row.due_at, row.answered_at)]
    what = [row.number, complaints.KINDS[row.kind], complaints.STATES[row.state], row.shop or "", row.order_no or ""]
    again = (row.first_answer, row.again_words)
    return [*what, row.about, row.words, *moments, complaints.OUTCOMES.get(row.outcome, ""), row.answer, *again]


@bp.route("/complaints/<number>", methods=["GET", "POST"])
def show_complaint(number: str) -> ResponseReturnValue:
    """One complaint; POST answers it."""
    row = guards.found(complaint_lists.find(number))
    form, status = AnswerForm(), 200
    if row.shop_id is not None:
        del form.shop
    if request.method == "POST":
        status = 422
        if row.state == "answered":
            form.refuse("这条投诉已经答复，页面显示的是最新状态")
            status = 409
        elif form.validate_on_submit() and (shop_id := _find_shop(form)) is not False:
            who, outcome, said = g.who.user_id, form.outcome.data, form.answer.data or ""

            def answered() -> str:
                complaints.answer(number, said, outcome=outcome, by=who, now=g.now, shop_id=shop_id or None)
                events.audit("complaint", row.user_id or who, number=number, change=outcome, by=who)
                return f"/operator/complaints/{number}?said=complaint-answered"

            return once(answered)
    return page(
        "operator/complaint.html",
        status,
        row=row,
        form=form,
        photos=evidence.list_of_complaint(row.id),
        kinds=complaints.KINDS,
        states=complaints.STATES,
        outcomes=complaints.OUTCOMES,
    )


def _find_shop(form: AnswerForm) -> int | bool:
    """The shop that the form names, 0 when it names none; False when there is none of this name, which it explains."""
    if "shop" not in form or not form.shop.data:
        return 0
    found = complaints.find_shop_named(form.shop.data)
    if found is None:
        form.refuse("没有找到这个名字的店铺，请核对店铺名", "shop")
        return False
    return found


@bp.post("/complaints/<number>/take")
def take_complaint(number: str) -> ResponseReturnValue:
    """处理中: whoever complained sees that somebody looks into it."""
    guards.found(complaint_lists.find(number))

    def taken() -> str:
        complaints.take_up(number)
        return f"/operator/complaints/{number}?said=complaint-taken"

    return once(taken)


@bp.get("/claims")
def list_claims() -> ResponseReturnValue:
    """Order numbers that more than one shop has."""
    found, key = claims.list_claimed(request.args.get("after", "")[:41])
    return page("operator/claims.html", found=found, more=f"/operator/claims?after={key}" if key else "")
