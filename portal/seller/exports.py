"""导出 at the desk: a list of the queue as a table, written in the background, fetched by the one who asked for it."""

from __future__ import annotations

import io

from flask import g, send_file
from flask.typing import ResponseReturnValue

from portal import workbook
from portal.calendar import clock
from portal.cases import exports
from portal.seller import bp, listing
from portal.web import events, guards
from portal.web.fields import Boxes
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class ExportForm(Form):
    """Which columns the table has."""

    columns = Boxes("列", choices=[(name, column.heading) for name, column in exports.COLUMNS.items()])

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if not self.columns.data:
            self.columns.errors = ["请至少选择一列"]
            good = False
        return good


@bp.route("/exports", methods=["GET", "POST"])
def export_list() -> ResponseReturnValue:
    """What this person has had written, and the form for the list of the address."""
    here = listing.read()
    form = ExportForm(data={"columns": list(exports.COLUMNS)})
    if form.validate_on_submit():

        def ask() -> str:
            chosen = form.columns.data or []
            row = exports.ask_for(
                g.who.shop_id, g.who.user_id, here.tab, here.filters, listing.seen_states(), chosen, g.now
            )
            events.audit("export", what="queue", shop=g.who.shop_id, which=row.id, tab=here.tab)
            return f"/seller/exports?{here.at(None).query}&said=export-asked"

        try:
            return once(ask)
        except exports.TooMany:
            form.refuse(f"有 {exports.MOST_OPEN} 个导出还没有完成，请等它们完成后再试")
    return page(
        "seller/exports.html",
        422 if form.errors else 200,
        here=here.at(None),
        tab=listing.list_tabs()[here.tab],
        form=form,
        most=exports.MOST_ROWS,
        rows=exports.list_exports(g.who.shop_id, g.who.user_id, clock.now()),
    )


@bp.get("/exports/<int:export_id>.xlsx")
def export_file(export_id: int) -> ResponseReturnValue:
    """The table, for the one who asked for it, while it lasts."""
    number = min(export_id, 2**62)
    made = guards.found(exports.find_file(g.who.shop_id, g.who.user_id, number, clock.now()))
    events.audit("export", what="queue_file", shop=g.who.shop_id, which=number)
    answer = send_file(
        io.BytesIO(made), mimetype=workbook.MIME, as_attachment=True, download_name="售后单.xlsx", max_age=0
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
