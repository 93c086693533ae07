"""待发货的订单, many at once: a table to print labels by, the same with waybills back, and 拣货单."""

from __future__ import annotations

import tempfile

from flask import current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import FileField

from portal import words
from portal.applications import dispatch
from portal.cases.effects.step_context import ActedBy
from portal.config import Settings
from portal.flow import Actor
from portal.parcels import filled
from portal.seller import bp
from portal.sheets import SheetRefused
from portal.web import events, guards, rates
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.tables_out import send_workbook

TABLES = "/seller/orders/tables"


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
        most=filled.MOST_ROWS,
        megabytes=filled.MOST_BYTES // 1024 // 1024,
        files=dispatch.list_files(g.who.shop_id),
        apart=dispatch.count_apart(g.who.shop_id),
    )


def _read_upload(form: OrderTableForm) -> tuple[str, filled.Filled] | None:
    """The file's name and what it says; what is wrong with it stands by the field."""
    sent = [file for file in request.files.getlist("file") if file.filename]
    if len(sent) != 1:
        form.refuse("一次上传一个文件" if sent else "请选择填好的表格", "file")
        return None
    content = sent[0].stream.read(filled.MOST_BYTES + 1)
    if len(content) > filled.MOST_BYTES:
        form.refuse(f"文件超过 {filled.MOST_BYTES // 1024 // 1024} MB，请分成几个文件上传", "file")
        return None
    settings: Settings = current_app.extensions["portal_settings"]
    try:
        with tempfile.NamedTemporaryFile(dir=settings.data) as file:
            file.write(content)
            file.flush()
            found = dispatch.read_table(file.name)
    except SheetRefused as refused:
        form.refuse(refused.sentence, "file")
        return None
    for sentence in found.problems[:10]:
        form.refuse(sentence, "file")
    if len(found.problems) > 10:
        form.refuse(f"还有 {len(found.problems) - 10} 行也读不出来", "file")
    name = (sent[0].filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return None if found.problems else ("".join(char for char in name if char.isprintable()), found)


@bp.route("/orders/tables/<table_id>", methods=["GET", "POST"])
def order_table_rows(table_id: str) -> ResponseReturnValue:
    """What each order of a table would do now, or has done; POST sends those that can be sent."""
    file = guards.found(dispatch.find_of_shop(table_id, g.who.shop_id))
    if request.method == "POST":
        by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
        sent = dispatch.carry_out(file, by, g.now)
        return redirect(f"{TABLES}/{table_id}?said={'orders-sent' if sent else 'orders-unsent'}", 303)
    rows = dispatch.judge(file)
    return page(
        "seller/order_table_rows.html",
        file=file,
        rows=rows,
        counts=dispatch.count_outcomes(rows),
        outcomes=dispatch.OUTCOMES,
        form=Form(),
    )
