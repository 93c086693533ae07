"""整改: a task about a fault, with owner, measure and date, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.cases import alarms, owners
from portal.people import roles
from portal.rights import faults
from portal.seller import bp
from portal.seller.quality import name_cases, name_cell, read_cell
from portal.service import fixes
from portal.service.fault_cases import choose_cell
from portal.web import guards, paging
from portal.web.fields import Line, Pick, Text, Whole, read_day
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.words import BEIJING

USUAL = timedelta(days=14)  # until a measure should hold


class FixForm(Form):
    """Who does what, until when."""

    measure = Pick("怎么改", choices=list(fixes.MEASURES.items()))
    note = Text("具体做什么", limit=300, missing="请写具体做什么，例如外箱加两层气泡膜")
    owner = Pick("负责人", missing="请选择负责人")
    due = Line("最晚哪一天完成", limit=10, missing="请填写日期")


class DoneForm(Form):
    """Since when the measure holds."""

    measure = Pick("怎么改的", choices=list(fixes.MEASURES.items()), optional=True)
    day = Line("从哪一天起生效", limit=10, missing="请填写日期")
    result = Text("做了什么", limit=300, missing="请写做了什么")


class LineForm(Form):
    """提醒线: from when on a task opens by itself."""

    percent = Whole("每 100 行至少几张换货", least=1, most=100)
    cases = Whole(f"近 {alarms.SPAN.days} 天至少几张", least=3, most=1000)


@bp.route("/fixes/line", methods=["GET", "POST"])
def alarm_line() -> ResponseReturnValue:
    """From which share and how many exchanges on a task opens by itself."""
    percent, cases = fixes.find_line(g.who.shop_id)
    form = LineForm(data={"percent": percent, "cases": cases})
    if form.validate_on_submit():

        def change() -> str:
            fixes.set_line(g.who.shop_id, int(form.percent.data or 0), int(form.cases.data or 0))
            return "/seller/fixes?said=line-kept"

        return once(change)
    return page("seller/fixes_line.html", 422 if request.method == "POST" else 200, form=form, days=alarms.SPAN.days)


@bp.get("/fixes")
def fix_list() -> ResponseReturnValue:
    """The newest first, each with what can be said of its effect."""
    key = paging.read_key("before")
    rows, older = fixes.list_page(g.who.shop_id, key)
    return page(
        "seller/fixes.html",
        days=alarms.SPAN.days,
        rows=[(row, fixes.measure_effect(row.Fix, g.now)) for row in rows],
        more=f"/seller/fixes?before={older}" if older else "",
        measures=fixes.MEASURES,
        name_fault=faults.name_fault,
        line=fixes.find_line(g.who.shop_id),
    )


@bp.route("/quality/<int:product_id>/<fault>/fix", methods=["GET", "POST"])
def add_fix(product_id: int, fault: str) -> ResponseReturnValue:
    """A new task about this fault (of one specification with ``spec``)."""
    product, cell = read_cell(product_id, fault)
    form = FixForm(data={"due": f"{(g.now + USUAL).astimezone(BEIJING):%Y-%m-%d}", "owner": str(g.who.user_id)})
    form.owner.choices = [
        (str(person.user_id), f"{person.member_name}（{roles.ROLES[person.role]}）")
        for person in owners.list_colleagues(g.who.shop_id)
        if roles.may_open(person.role, "quality")
    ]
    if form.validate_on_submit():
        due_at = _read(form, form.due)
        if due_at is not None:

            def make() -> str:
                made = fixes.make_fix(
                    cell,
                    g.who.shop_id,
                    measure=form.measure.data,
                    note=form.note.data,
                    owner_id=int(form.owner.data),
                    due_at=due_at,
                    by=g.who.user_id,
                    now=g.now,
                )
                return f"/seller/fixes/{made.id}?said=fix-made"

            return once(make)
    return page(
        "seller/fix_new.html",
        422 if request.method == "POST" else 200,
        product=product,
        cell=cell,
        fault=faults.name_fault(fault),
        form=form,
        here=name_cell(cell),
        action=name_cell(cell, "/fix"),
    )


def _read(form: Form, field: Line) -> datetime | None:
    """The beginning of the day that a field says; what is wrong is said beside it."""
    day = read_day(field.data)
    if day is None:
        form.refuse("请填写正确的日期，例如 2026-11-28", field.name)
    return day


@bp.route("/fixes/<int:fix_id>", methods=["GET", "POST"])
def fix(fix_id: int) -> ResponseReturnValue:
    """The task and its effect. POST: the measure holds since a day."""
    shown = guards.found(fixes.find_of_shop(min(fix_id, 2**62), g.who.shop_id))
    form = DoneForm(data={"day": f"{g.now.astimezone(BEIJING):%Y-%m-%d}", "measure": shown.measure})
    if form.validate_on_submit() and (done_at := _read(form, form.day)) is not None:

        def finish() -> str:
            found = guards.found(fixes.find_of_shop(fix_id, g.who.shop_id))
            fixes.finish_fix(found, done_at, form.result.data, measure=form.measure.data or "", now=g.now)
            return f"/seller/fixes/{fix_id}?said=fix-done"

        try:
            return once(finish)
        except fixes.FixRefused as refused:
            form.refuse(refused.sentence, "day")
        shown = guards.found(fixes.find_of_shop(fix_id, g.who.shop_id))
    product, cell = read_cell(shown.product_id, shown.fault, shown.spec or None)
    effect = fixes.measure_effect(shown, g.now)
    people = {person.user_id: person.member_name for person in owners.list_colleagues(g.who.shop_id)}
    return page(
        "seller/fix.html",
        422 if request.method == "POST" else 200,
        fix=shown,
        product=product,
        fault=faults.name_fault(shown.fault),
        measure=fixes.MEASURES[shown.measure],
        owner=people.get(shown.owner_id, "已离开的同事"),
        effect=effect,
        cases=[name_cases(choose_cell(cell, span)) for span in effect.weeks] if effect else [],
        form=form,
        here=name_cell(cell),
        span=fixes.SPAN,
        young=fixes.YOUNG,
        late=shown.done_at is None and shown.due_at + timedelta(days=1) <= g.now,
    )
