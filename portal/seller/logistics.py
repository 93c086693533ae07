"""物流监控: what goes wrong on the way, every parcel's scans, and scans typed in or imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import FileField

from portal.cases.effects.step_context import ActedBy
from portal.columns import Followed
from portal.extensions import writing
from portal.flow import Actor, StepRefused
from portal.orders import order_lists
from portal.parcels import following, parcel_view
from portal.people import roles
from portal.seller import bp
from portal.service import packings
from portal.sheets import SheetRefused
from portal.tracking import claims, corrections, monitor, routes, tables
from portal.web import guards, paging, rates, table_upload
from portal.web.fields import Line, Pick
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.traces import ObjectionForm, TraceForm, take_objection, take_traces

MOST_ROUTES = 60
SHOWN = 200  # rows of a report on its page


@bp.get("/logistics")
def logistics_list() -> ResponseReturnValue:
    """By tab, what has waited longest first; tab and place in the address."""
    counts = monitor.count_tabs(g.who.shop_id, g.now)
    tab = request.args.get("tab", "") or next((name for name in monitor.ALARMS if counts[name]), "all")
    if tab == "rates":
        return _show_rates(PackingForm.filled(), counts)
    if tab not in monitor.TABS:
        abort(404)
    rows, key = monitor.list_page(g.who.shop_id, tab, g.now, paging.moment_key(request.args.get("after", "")))
    more = f"/seller/logistics?tab={tab}&after={paging.said(key)}" if key else ""
    return page(
        "seller/logistics.html",
        rows=rows,
        tab=tab,
        tabs=monitor.TABS,
        stuck_hours=monitor.STUCK_HOURS,
        counts=counts,
        more=more,
        seen=_seen,
        shown=monitor.SHOWN,
    )


class PackingForm(Form):
    """How the shop packs what has no packing of its own."""

    way = Pick("店铺通常的包装", choices=[("", packings.UNKNOWN), *packings.WAYS.items()], optional=True)

    @classmethod
    def filled(cls) -> PackingForm:
        return cls(data={"way": packings.find_way(g.who.shop_id, None)})


def _show_rates(form: PackingForm, counts: object, status: int = 200) -> ResponseReturnValue:
    """异常率: by carrier, by packing, and by carrier, province and packing, of one province or packing if asked for."""
    found = routes.list_routes(g.who.shop_id, g.now)
    to, way = request.args.get("to", ""), request.args.get("packing", "")
    chosen = [each for each in found if to in ("", each.province) and way in ("", each.packing)]
    return page(
        "seller/logistics.html",
        status,
        rows=(),
        tab="rates",
        tabs=monitor.TABS,
        stuck_hours=monitor.STUCK_HOURS,
        counts=counts,
        rates=monitor.work_out_rates(g.who.shop_id, g.now),
        packed=routes.sum_packings(found),
        provinces=sorted({each.province for each in found}),
        to=to,
        way=way,
        routes=chosen[:MOST_ROUTES],
        left_out=max(0, len(chosen) - MOST_ROUTES),
        form=form,
        least=monitor.LEAST,
        shown=monitor.SHOWN,
        lately=monitor.LATELY.days,
        by_chance=f"{routes.SURE:.0%}",
    )


@bp.post("/logistics/packing")
def usual_packing() -> ResponseReturnValue:
    """店铺通常的包装: of all products without one of their own, from now on."""
    form = PackingForm()
    if not form.validate_on_submit():
        return _show_rates(form, monitor.count_tabs(g.who.shop_id, g.now), 422)

    def change() -> str:
        packings.set_way(g.who.shop_id, None, form.way.data or "", by=g.who.user_id, now=g.now)
        return "/seller/logistics?tab=rates&said=packing-kept"

    return once(change)


def _seen(row: Any) -> bool:
    """Whether this person's role opens the case of a parcel."""
    return bool(row.case_no) and roles.may_see_case(g.who.role, row.state, money=row.entry_count > 0)


def _own(shipment_id: int) -> Followed:
    found: Followed = guards.found(parcel_view.find_of_shop(min(shipment_id, 2**62), g.who.shop_id))
    return found


@bp.route("/logistics/<int:shipment_id>", methods=["GET", "POST"])
def shipment(shipment_id: int) -> ResponseReturnValue:
    """Everything that was said of a parcel; POST adds what the shop read elsewhere."""
    parcel = _own(shipment_id)
    form = TraceForm(known=lambda among: order_lists.known_numbers(parcel.order_id, among))
    status = 200
    if request.method == "POST":
        rates.limit("trace", g.who.user_id)
        answer = take_traces(parcel, form, f"/seller/logistics/{shipment_id}", "seller")
        if not isinstance(answer, int):
            return answer
        status = answer
        parcel = _own(shipment_id)
    return _page(parcel, form, ObjectionForm(), status)


def _page(parcel: Followed, form: TraceForm, objection: ObjectionForm, status: int) -> ResponseReturnValue:
    scans = parcel_view.list_scans(parcel)
    return page(
        "seller/shipment.html",
        status,
        parcel=parcel,
        scans=scans,
        form=form,
        seen=_seen(parcel),
        sender=parcel_view.was_sent_by(parcel, "seller"),
        correctable=corrections.find_refusal(parcel, scans) is None,
        claim=claims.find_latest(parcel),
        objection=objection,
    )


@bp.post("/logistics/<int:shipment_id>/object")
def object_to_receipt(shipment_id: int) -> ResponseReturnValue:
    """没有收到: the 签收 that the buyer reported isn't true."""
    parcel = _own(shipment_id)
    form = ObjectionForm(known=lambda among: order_lists.known_numbers(parcel.order_id, among))
    by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
    answer = take_objection(parcel, form, f"/seller/logistics/{shipment_id}", "seller", by)
    return _page(_own(shipment_id), TraceForm(), form, answer) if isinstance(answer, int) else answer


class CorrectionForm(Form):
    """Why a 签收 was wrong."""

    reason = Line("更正原因", limit=150, missing="请填写更正的原因，买家会看到")


@bp.route("/logistics/<int:shipment_id>/correct", methods=["GET", "POST"])
def correct_shipment(shipment_id: int) -> ResponseReturnValue:
    """更正签收: the 签收 was wrong; the clocks go back."""
    parcel = _own(shipment_id)
    form = CorrectionForm()
    status = 200
    problem = corrections.find_refusal(parcel, parcel_view.list_scans(parcel))
    if form.validate_on_submit():
        by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

        def correct() -> str:
            corrections.correct_receipt(parcel, reason=form.reason.data or "", by=by, now=g.now)
            return f"/seller/logistics/{shipment_id}?said=receipt-corrected"

        try:
            return once(correct)
        except StepRefused as refused:
            form.refuse(refused.sentence)
            status = 409
    elif request.method == "POST":
        status = 422
    return page("seller/correct_receipt.html", status, parcel=parcel, form=form, problem=problem)


@bp.post("/logistics/<int:shipment_id>/refresh")
def refresh_shipment(shipment_id: int) -> ResponseReturnValue:
    """刷新物流: asked about next."""
    parcel = _own(shipment_id)
    rates.limit("track", g.who.user_id)
    with writing():
        said = following.ask_for_news(parcel.track_id, g.now)
    return redirect(f"/seller/logistics/{shipment_id}?said={said}", 303)


class ScanFileForm(Form):
    """A table of scans."""

    file = FileField("物流记录文件")


@bp.route("/logistics/import", methods=["GET", "POST"])
def import_scans() -> ResponseReturnValue:
    """Upload a table; nothing is taken over yet."""
    form = ScanFileForm()
    status = 200
    if request.method == "POST":
        rates.limit("import-traces", g.who.shop_id)
        status = 422
        try:
            return once(_read_upload())
        except SheetRefused as refused:
            form.refuse(refused.sentence, "file")
    return page(
        "seller/scan_files.html", status, form=form, files=tables.list_files(g.who.shop_id), most=tables.MOST_ROWS
    )


def _read_upload() -> Callable[[], str]:
    name, rows = table_upload.read_upload(
        tables.read_table, most_bytes=tables.MOST_BYTES, missing="请选择物流记录的表格"
    )

    def keep() -> str:
        made = tables.begin_table(g.who.shop_id, g.who.user_id, name, rows, g.now)
        return f"/seller/logistics/import/{made.public_id}"

    return keep


@bp.route("/logistics/import/<file_id>", methods=["GET", "POST"])
def scan_file(file_id: str) -> ResponseReturnValue:
    """What each row would do, or has done; POST takes over what can be."""
    file = guards.found(tables.find_of_shop(file_id, g.who.shop_id))
    if request.method == "POST":
        tables.carry_out_table(file_id, g.who.shop_id, g.now)
        return redirect(f"/seller/logistics/import/{file_id}?said=traces-imported", 303)
    rows = tables.judge_rows(file, g.now)
    counts = {name: sum(row["outcome"] == name for row in rows) for name in tables.OUTCOMES}
    return page(
        "seller/scan_file.html",
        file=file,
        rows=rows[:SHOWN],
        all_rows=len(rows),
        counts=counts,
        outcomes=tables.OUTCOMES,
        form=Form(),
    )
