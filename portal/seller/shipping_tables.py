"""待发货 as a table: fetched for printing labels elsewhere, brought back with waybills, looked at, then shipped."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue
from wtforms import FileField

from portal import words
from portal.cases import bulk, shipping_table
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor
from portal.seller import bp
from portal.sheets import SheetRefused
from portal.web import events, rates, table_upload
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.tables_out import send_workbook

KIND = "ship_replacement"


class ShippingFileForm(Form):
    """A table with waybills."""

    file = FileField("填好运单号的表格")


@bp.post("/shipping/table/file")
def shipping_file() -> ResponseReturnValue:
    """What can be sent now, with receivers; who fetched it is kept."""
    content, number = shipping_table.write_table(g.who.shop_id, g.who.role, g.now)
    events.audit("export", what="shipping", shop=g.who.shop_id, number=number)
    name = f"待发货 {g.now.astimezone(words.BEIJING):%m-%d %H%M}.xlsx"
    return send_workbook(content, name)


@bp.route("/shipping/table", methods=["GET", "POST"])
def shipping_upload() -> ResponseReturnValue:
    """Upload a filled table: it becomes a 批量发货 that is looked at first; nothing is sent yet."""
    form = ShippingFileForm()
    status = 200
    if request.method == "POST":
        rates.limit("import-shipping", g.who.shop_id)
        status = 422
        filled = _read_upload(form)
        if filled is not None:
            chosen = bulk.pick_known(g.who.shop_id, filled.case_nos)
            if chosen:
                by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
                table = "\n".join(filled.lines)

                def made() -> str:
                    run_id = bulk.make_run(
                        g.who.shop_id, KIND, chosen, by=by, query="tab=reshipping", now=g.now, facts={"table": table}
                    )
                    return f"/seller/bulk/{run_id}"

                return once(made)
            form.refuse("表格里没有一张是本店的售后单", "file")
    return page("seller/shipping_table.html", status, form=form, most=shipping_table.MOST_ROWS)


def _read_upload(form: ShippingFileForm) -> shipping_table.Filled | None:
    """What the file says; what is wrong with it stands by the field."""
    try:
        _, filled = table_upload.read_upload(
            shipping_table.read_table, most_bytes=shipping_table.MOST_BYTES, missing="请选择填好的表格"
        )
    except SheetRefused as refused:
        form.refuse(refused.sentence, "file")
        return None
    table_upload.refuse_rows(form, filled.problems)
    return None if filled.problems else filled
