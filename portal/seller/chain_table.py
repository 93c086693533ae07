"""登记下游订单 from a table: pasted from a spreadsheet, or begun from the purchases' own 下游订单号."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal.resale import chain as chain_links
from portal.resale import tables
from portal.resale.downstream import Passes
from portal.seller import bp
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

_CELL = "\u241f"  # what stands for a tab while the text is cleaned


class Table(Text):
    """Rows pasted from a spreadsheet: cleaned like any text, with the tabs between its cells kept."""

    def read(self, text: str) -> str:
        return super().read(text.replace("\t", _CELL)).replace(_CELL, "\t")


class TableForm(Form):
    """Rows under headings, and whether what their consumers apply for goes on by itself."""

    rows = Table("下游订单", limit=60_000, missing="请粘贴表格，第一行是表头", exact=True)
    applies = BooleanField("消费者申请售后时，自动向供应商申请")
    route_back = Choice("商品怎么寄回", choices=list(chain_links.ROUTES_BACK.items()), optional=True)
    route_out = Choice("换货商品怎么寄出", choices=list(chain_links.ROUTES_OUT.items()), optional=True)

    @property
    def passes(self) -> Passes | None:
        """The routes, when applications go on by themselves."""
        if not self.applies.data:
            return None
        return Passes(self.route_back.data or "via", self.route_out.data or "via")


@bp.route("/chains/import", methods=["GET", "POST"])
def import_chains() -> ResponseReturnValue:
    """The table, and everything that is wrong with it; written down all together or not at all."""
    form, status = TableForm(), 200
    begun = tables.write_purchases(g.who.shop_id, g.who.user_id)
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                rows = tables.read_rows(form.rows.data or "")

                def recorded() -> str:
                    tables.record_table(
                        rows, shop_id=g.who.shop_id, owner_id=g.who.user_id, passes=form.passes, now=g.now
                    )
                    return "/seller/chains?said=orders-recorded"

                return once(recorded)
            except tables.TableRefused as refused:
                for sentence in refused.sentences[:20]:
                    form.refuse(sentence, "rows")
    else:
        form.route_back.data = form.route_out.data = "direct"
        if request.args.get("from") == "purchases":
            form.rows.data = begun
    return page(
        "seller/chain_table.html",
        status,
        form=form,
        begun=begun.count("\n"),
        needed=[tables.COLUMNS[column][0] for column in tables.NEEDED],
        more=[titles[0] for column, titles in tables.COLUMNS.items() if column not in tables.NEEDED],
        most=tables.MOST_ROWS,
    )
