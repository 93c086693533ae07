"""导出 at the desk: a list as a table, written in the background, fetched by the one who asked for it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import abort, g, request, send_file
from flask.typing import ResponseReturnValue

from portal import inputs, workbook
from portal.calendar import clock
from portal.exporting import exports
from portal.exporting.kinds import KINDS
from portal.money import payment_lists
from portal.orders import order_lists, products
from portal.parcels import disposal_lists
from portal.parcels.disposals import SAID
from portal.people import roles
from portal.seller import bp, disposals, figures, listing, not_yours
from portal.service import quality, ratings
from portal.talk import enquiries
from portal.tracking import monitor
from portal.web import events, guards
from portal.web.fields import Boxes
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class ExportForm(Form):
    """Which columns the table has."""

    columns = Boxes("列")

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if not self.columns.data:
            self.columns.errors = ["请至少选择一列"]
            good = False
        return good


class Asked(NamedTuple):
    """A list as an address asks for it. ``rows`` as it is kept; ``query``: its export's, ``back``: its own address."""

    said: str
    rows: dict[str, Any]
    query: str
    back: str


def _read_queue() -> Asked:
    here = listing.read()
    said = listing.list_tabs()[here.tab].words + ("，带筛选条件" if here.at(None).filtered else "")
    states = listing.seen_states()
    rows = {
        "tab": here.tab,
        "filters": asdict(here.filters),
        "sort": here.sort,
        "states": None if states is None else sorted(states),
    }
    return Asked(said, rows, here.at(None).query, here.at(None).address)


def _read_tab(of: str, tabs: dict[str, str], address: str) -> Asked:
    tab = request.args.get("tab", "")
    if tab not in tabs:
        abort(404)
    return Asked(tabs[tab], {"tab": tab}, urlencode({"of": of, "tab": tab}), f"{address}?tab={tab}")


def _read_orders() -> Asked:
    tabs = {name: tab[0] for name, tab in order_lists.SHOP_TABS.items()}
    asked = _read_tab("orders", tabs, "/seller/orders")
    number = _read_words("q", 40)
    if not number:
        return asked
    kept = urlencode({"q": number})
    return Asked(f"订单号 {number}", asked.rows | {"number": number}, f"{asked.query}&{kept}", f"/seller/orders?{kept}")


def _read_searched(of: str, every: str, address: str) -> Asked:
    """A list that is narrowed by words alone."""
    words = _read_words("q", 60)
    kept = urlencode({"q": words} if words else {})
    said = f"搜索「{words}」的结果" if words else every
    return Asked(said, {"words": words}, f"of={of}&{kept}".rstrip("&"), f"{address}?{kept}".rstrip("?"))


def _read_words(name: str, limit: int) -> str:
    """What is searched for; what the list's own page refuses is nothing."""
    try:
        return inputs.line(request.args.get(name, ""), limit=limit)
    except inputs.InputRefused:
        return ""


def _read_figures() -> Asked:
    asked = figures.read_asked()
    since, until = asked.filters.since, asked.filters.until
    address = asked.at(span="own", since=since, until=until)  # the days as they are now, however long it waits
    rows = {"filters": asdict(asked.filters), "by": asked.by}
    said = f"{since} 至 {until}，按{'周' if asked.by == 'week' else figures.BY[asked.by]}"
    return Asked(said, rows, f"of=figures&{address.partition('?')[2]}", address)


def _read_disposals(of: str = "disposals", by: str = "sku") -> Asked:
    asked = disposals.read_asked()
    chosen, address = asked.chosen, asked.at(by=by)
    rows = {
        "since": chosen.since.isoformat(),
        "until": chosen.until.isoformat(),
        "goods": chosen.goods,
        "supplier_id": chosen.supplier_id,
    }
    said = f"{asked.since} 至 {asked.until} 验收的" + (f"，供应商 {asked.supplier}" if asked.supplier else "")
    return Asked(said, rows, f"of={of}&{address.partition('?')[2]}", address)


def _read_disposal_lines() -> Asked:
    """The counted lines behind a number of the list."""
    asked, kind, of = disposals.read_asked(), disposals.read_kind(), disposals.read_key("sku")
    whole = _read_disposals("disposal_lines")
    sku = guards.found(disposal_lists.find_sku(g.who.shop_id, of)) if of is not None else None
    said = [whole.said, *([f"{sku.title} {sku.spec}".strip()] if sku else []), *([SAID[kind]] if kind else [])]
    kept = {"kind": kind, "sku": "" if of is None else str(of)}
    address = asked.at(f"{disposals.HERE}/lines", kind=kind, of=kept["sku"])
    query = f"{whole.query}&{urlencode({name: text for name, text in kept.items() if text})}".rstrip("&")
    return Asked("，".join(said), whole.rows | {"of": of, "sort": kind}, query, address)


def _read_enquiries() -> Asked:
    asked = _read_tab("enquiries", enquiries.TABS, "/seller/enquiries")
    return asked._replace(rows=asked.rows | {"user": g.who.user_id})  # whose are 「我负责的」


def _read_batches() -> Asked:
    raw = request.args.get("product", "")
    product = None
    if raw:
        number = inputs.read_id(raw) or 0
        product = guards.found(products.find_of_shop(number, g.who.shop_id))
    kept = f"product={product.id}" if product else ""
    said = product.title if product else "全部商品的批次"
    rows = {"product_id": product.id if product else None}
    return Asked(said, rows, f"of=batches&{kept}".rstrip("&"), f"/seller/batches?{kept}".rstrip("?"))


# Each list has the rights of its page.
LISTS: dict[str, tuple[str, Callable[[], Asked]]] = {
    "queue": ("queue", _read_queue),
    "orders": ("orders", _read_orders),
    "customers": ("contact", lambda: _read_searched("customers", "全部客户", "/seller/customers")),
    "products": ("products", lambda: _read_searched("products", "全部商品", "/seller/products")),
    "parcels": (
        "logistics",
        lambda: _read_tab("parcels", {name: tab[0] for name, tab in monitor.TABS.items()}, "/seller/logistics"),
    ),
    "unidentified": ("scan", lambda: Asked("没有售后单的包裹", {}, "of=unidentified", "/seller/unidentified")),
    "ratings": ("contact", lambda: _read_tab("ratings", ratings.TABS, "/seller/ratings")),
    "payouts": ("payouts", lambda: _read_tab("payouts", payment_lists.TABS, "/seller/payouts")),
    "payout_files": (
        "payouts",
        lambda: Asked("全部批次和结果", {}, "of=payout_files", "/seller/payouts/files"),
    ),
    "figures": ("figures", _read_figures),
    "enquiries": ("contact", _read_enquiries),
    "conversations": ("contact", lambda: Asked("全部会话", {}, "of=conversations", "/seller/messages")),
    "chains": ("chains", lambda: Asked("进行中的关联", {}, "of=chains", "/seller/chains")),
    "quality": ("quality", lambda: Asked(f"近 {quality.WEEKS} 周", {}, "of=quality", "/seller/quality")),
    "batches": ("quality", _read_batches),
    "disposals": ("scan", _read_disposals),
    "disposal_suppliers": ("scan", lambda: _read_disposals("disposal_suppliers", "supplier")),
    "disposal_lines": ("scan", _read_disposal_lines),
}


@bp.route("/exports", methods=["GET", "POST"])
def export_list() -> ResponseReturnValue:
    """What this person has had written, and the form for the list of the address."""
    of = request.args.get("of", "queue")
    if of not in LISTS:
        abort(404)
    room, read = LISTS[of]
    if not roles.may_open(g.who.role, room):
        return not_yours()
    asked, kind = read(), KINDS[of]
    columns = kind.list_columns(money=roles.may_see_money(g.who.role))
    form = ExportForm(data={"columns": list(columns)})
    form.columns.choices = list(columns.items())
    if form.validate_on_submit():

        def ask() -> str:
            chosen = form.columns.data or []
            row = exports.ask_for(g.who.shop_id, g.who.user_id, of, asked.rows, chosen, g.now)
            events.audit("export", what=of, shop=g.who.shop_id, which=row.id, tab=asked.rows.get("tab", ""))
            return f"/seller/exports?{asked.query}&said=export-asked"

        try:
            return once(ask)
        except exports.TooMany:
            form.refuse(f"有 {exports.MOST_OPEN} 个导出还没有完成，请等它们完成后再试")
    return page(
        "seller/exports.html",
        422 if form.errors else 200,
        asked=asked,
        of=of,
        title=kind.title,
        kinds=KINDS,
        find_kind=exports.find_kind,
        form=form,
        most=exports.MOST_ROWS,
        rows=exports.list_exports(g.who.shop_id, g.who.user_id, clock.now()),
    )


@bp.get("/exports/<int:export_id>.xlsx")
def export_file(export_id: int) -> ResponseReturnValue:
    """The table, for the one who asked for it and still sees that list, while it lasts."""
    number = min(export_id, 2**62)
    made = guards.found(exports.find_done(g.who.shop_id, g.who.user_id, number, clock.now()))
    kind = exports.find_kind(made)
    if not roles.may_open(g.who.role, LISTS[kind][0]):
        return not_yours()
    events.audit("export", what=f"{kind}_file", shop=g.who.shop_id, which=number)
    answer = send_file(
        io.BytesIO(made.file or b""),
        mimetype=workbook.MIME,
        as_attachment=True,
        download_name=f"{KINDS[kind].title}.xlsx",
        max_age=0,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
