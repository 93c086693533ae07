"""登记下游订单 from a table: pasted from a spreadsheet, or begun from the purchases' own 下游订单号."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, FileField

from portal.extensions import writing
from portal.resale import chain as chain_links
from portal.resale import table_files, tables
from portal.resale.downstream import Passes
from portal.seller import bp
from portal.sheets import SheetRefused
from portal.web import rates, table_upload
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.security import accepts_large

SHOWN = 20  # of what can't be used
_REQUEST = table_files.MOST_BYTES + 1024 * 1024  # the file and the form around it
_CELL = "\u241f"  # what stands for a tab while the text is cleaned


class Table(Text):
    """Rows pasted from a spreadsheet: cleaned like any text, with the tabs between its cells kept."""

    def read(self, text: str) -> str:
        return super().read(text.replace("\t", _CELL)).replace(_CELL, "\t")


class TableForm(Form):
    """Rows under headings, and whether what their consumers apply for goes on by itself."""

    rows = Table("下游订单", limit=150_000, missing="请粘贴表格，或选择文件；第一行是表头", exact=True)
    file = FileField("表格文件")
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
@accepts_large(_REQUEST)
def import_chains() -> ResponseReturnValue:
    """The table, pasted or in a file, and what each row would do; written down all together or not at all."""
    form, status = TableForm(), 200
    begun = tables.write_purchases(g.who.shop_id, g.who.user_id)
    judged, notes = None, list[str]()
    if request.method == "POST":
        status = 422
        try:
            sent = _read_file()
            if sent is not None:
                notes = sent[1]
                form.rows.process_formdata([sent[0]])
            if form.validate_on_submit():
                rows = tables.read_rows(form.rows.data or "")
                judged = _judge(rows, form.passes)
                if not judged.refused and sent is None and not request.form.get("check"):
                    return once(lambda: _record(rows, form.passes))
                status = 422 if judged.refused else 200
                for sentence in judged.refused[:SHOWN]:
                    form.refuse(sentence, "rows")
        except tables.TableRefused as refused:
            for sentence in refused.sentences[:SHOWN]:
                form.refuse(sentence, "rows")
        except SheetRefused as refused:
            form.refuse(refused.sentence, "file")
    else:
        form.route_back.data = form.route_out.data = "direct"
        if request.args.get("from") == "purchases":
            form.rows.data = begun
    return page(
        "seller/chain_table.html",
        status,
        form=form,
        judged=judged,
        notes=notes,
        begun=begun.count("\n"),
        needed=[tables.COLUMNS[column][0] for column in tables.NEEDED],
        more=[titles[0] for column, titles in tables.COLUMNS.items() if column not in tables.NEEDED],
        most=tables.MOST_ROWS,
        shown=SHOWN,
    )


def _read_file() -> tuple[str, list[str]] | None:
    """The rows of the uploaded file and what is to be known about them; None when there is none."""
    if not any(file.filename for file in request.files.getlist("file")):
        return None
    rates.limit("import-chain", g.who.shop_id)
    _, found = table_upload.read_upload(table_files.read_file, most_bytes=table_files.MOST_BYTES, missing="")
    return found


def _judge(rows: list[tables.Sold], passes: Passes | None) -> tables.Judged:
    with writing():
        return tables.judge_table(rows, shop_id=g.who.shop_id, owner_id=g.who.user_id, passes=passes, now=g.now)


def _record(rows: list[tables.Sold], passes: Passes | None) -> str:
    tables.record_table(rows, shop_id=g.who.shop_id, owner_id=g.who.user_id, passes=passes, now=g.now)
    return "/seller/chains?said=orders-recorded"
