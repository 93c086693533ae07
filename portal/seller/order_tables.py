"""待发货的订单, many at once: a table to print labels by, the same with waybills back, and 拣货单."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue
from wtforms import FileField

from portal import words
from portal.applications import dispatch, dispatch_work
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor
from portal.models import DispatchFile
from portal.parcels import filled
from portal.seller import bp
from portal.sheets import SheetRefused
from portal.web import events, guards, paging, rates, table_upload
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.tables_out import send_workbook

TABLES = "/seller/orders/tables"
SIZE = 200  # orders of a table on one page
_FIRST = ("unknown", "closed", "apart", "ready", "sent")


class OrderTableForm(Form):
    """A table of orders with their waybills."""

    file = FileField("填好运单号的表格")


@bp.get("/orders/pick-list")
def order_picks() -> ResponseReturnValue:
    """What is to be fetched for the orders that can be sent now."""
    picks, orders, is_cut, apart = dispatch.list_picks(g.who.shop_id)
    return page("seller/order_picks.html", picks=picks, orders=orders, is_cut=is_cut, apart=apart)


@bp.post("/orders/table/file")
def order_table_file() -> ResponseReturnValue:
    """The orders that can be sent now, with receivers; who fetched it is kept."""
    content, number = dispatch.write_table(g.who.shop_id, g.who.role, g.now)
    events.audit("export", what="orders_to_send", shop=g.who.shop_id, number=number)
    name = f"待发货订单 {g.now.astimezone(words.BEIJING):%m-%d %H%M}.xlsx"
    return send_workbook(content, name)


@bp.route("/orders/table", methods=["GET", "POST"])
def order_table() -> ResponseReturnValue:
    """Upload a filled table: it is looked at first; nothing is sent yet."""
    form = OrderTableForm()
    status = 200
    if request.method == "POST":
        rates.limit("import-shipping", g.who.shop_id)
        status = 422
        read = _read_upload(form)
        if read is not None:
            name, found = read

            def keep() -> str:
                return f"{TABLES}/{dispatch.keep_table(g.who.shop_id, g.who.user_id, name, found.parcels, g.now)}"

            return once(keep)
    return page(
        "seller/order_table.html",
        status,
        form=form,
        most=dispatch.MOST_TABLE,
        megabytes=filled.MOST_BYTES // 1024 // 1024,
        files=dispatch.list_files(g.who.shop_id),
        apart=dispatch.count_apart(g.who.shop_id),
    )


def _read_upload(form: OrderTableForm) -> tuple[str, filled.Filled] | None:
    """The file's name and what it says; what is wrong with it stands by the field."""
    try:
        name, found = table_upload.read_upload(
            dispatch.read_table, most_bytes=filled.MOST_BYTES, missing="请选择填好的表格"
        )
    except SheetRefused as refused:
        form.refuse(refused.sentence, "file")
        return None
    table_upload.refuse_rows(form, found.problems)
    return None if found.problems else (name, found)


def _find(table_id: str) -> DispatchFile:
    return guards.found(dispatch.find_of_shop(table_id, g.who.shop_id))


@bp.route("/orders/tables/<table_id>", methods=["GET", "POST"])
def order_table_rows(table_id: str) -> ResponseReturnValue:
    """What each order of a table would do now, or has done; POST lets those that can go be sent."""
    file = _find(table_id)
    if request.method == "POST":
        by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

        def begun() -> str:
            dispatch_work.start(_find(table_id), by, g.now)
            return f"{TABLES}/{table_id}"

        return once(begun)
    rows = dispatch.judge(file)
    first = paging.read_key("from") or 0
    sorted_rows = sorted(rows, key=lambda row: _FIRST.index(row.outcome))  # what somebody has to look at leads
    return page(
        "seller/order_table_rows.html",
        file=file,
        rows=sorted_rows[first : first + SIZE],
        number=len(rows),
        more=f"{TABLES}/{table_id}?from={first + SIZE}" if len(rows) > first + SIZE else "",
        under_way=dispatch_work.is_under_way(file),
        counts=dispatch.count_outcomes(rows),
        outcomes=dispatch.OUTCOMES,
        form=Form(),
    )


@bp.get("/orders/tables/<table_id>/progress")
def order_table_progress(table_id: str) -> ResponseReturnValue:
    """How far it is, asked every few seconds; 286 ends the asking."""
    g.polled = True
    found = guards.found(dispatch_work.find_progress(table_id, g.who.shop_id))
    status = 200 if dispatch_work.is_under_way(found) else 286
    return page("seller/_order_table_progress.html", status, file=found, number=found.number)


@bp.get("/orders/tables/<table_id>/results.xlsx")
def order_table_results(table_id: str) -> ResponseReturnValue:
    """Every order's result as a table."""
    file = _find(table_id)
    return send_workbook(dispatch.write_results(file, g.now), "发货结果.xlsx")
