"""质量: the board of what is wrong with which goods, and one fault of one product with its cases and photos."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.calendar import weeks
from portal.calendar.weeks import number_week
from portal.models import Product
from portal.orders import products
from portal.people import roles
from portal.rights import faults
from portal.seller import bp
from portal.service import batches, fixes, quality, shared_quality
from portal.service.rates import ALPHA, LEAST
from portal.web import guards
from portal.web.pages import page

PAGE = 30


def name_cell(cell: quality.Cell, then: str = "") -> str:
    """Where a cell's cases are; ``then``: a page under it."""
    query = "" if cell.spec is None else "?" + urlencode({"spec": cell.spec})
    return f"/seller/quality/{cell.product_id}/{cell.fault}{then}{query}"


def read_cell(product_id: int, fault: str, spec: str | None = None) -> tuple[Product, quality.Cell]:
    """The product and the cell of this address (or of ``spec``); answers 404 for what isn't this shop's."""
    if not faults.is_counted(fault) or fault not in faults.FAULTS:
        abort(404)
    product = guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))
    try:
        spec = inputs.line(request.args["spec"], limit=300) if "spec" in request.args else spec
    except inputs.InputRefused:
        abort(404)
    return product, quality.Cell(product.id, spec, fault)


def read_place(raw: str) -> int:
    """From which row on a long list goes on."""
    return min(int(raw), 10_000) if raw.isascii() and raw.isdigit() and len(raw) < 6 else 0


@bp.get("/quality")
def quality_board() -> ResponseReturnValue:
    """What has risen, then every fault of every specification in the last weeks."""
    money = roles.sees_sums(g.who.role)
    board = quality.build_board(g.who.shop_id, g.now, money=money)
    first = read_place(request.args.get("from", ""))
    rows = board.rows[first : first + PAGE]
    more = f"/seller/quality?from={first + PAGE}" if len(board.rows) > first + PAGE else ""
    return page(
        "seller/quality.html",
        board=board,
        rows=rows,
        more=more,
        first=first,
        money=money,
        name_fault=faults.name_fault,
        href=name_cell,
        begin=weeks.find_monday(board.weeks.start),
        lately=quality.LATELY,
        before=quality.BEFORE,
        suppliers=batches.list_suppliers(g.who.shop_id, board.weeks),
        worth=fixes.list_worth(board),
        of_words=faults.OF_WORDS,
        a_month=fixes.WEEKS_A_MONTH,
        rooms_of=roles.list_rooms(g.who.role, frozenset({"contact", "products"})),
        sharing=shared_quality.list_sharing(g.who.shop_id),
        alpha=ALPHA,
        least=LEAST,
    )


@bp.get("/quality/<int:product_id>/<fault>")
def quality_cell(product_id: int, fault: str) -> ResponseReturnValue:
    """One fault of one specification (``spec``) or of all of a product: week by week, its cases and their photos."""
    product, cell = read_cell(product_id, fault)
    before = request.args.get("before", "")
    key = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    week = number_week(g.now)
    span = range(week - quality.WEEKS + 1, week + 1)
    cases, older = quality.list_cases(g.who.shop_id, cell, span, key)
    money = roles.sees_sums(g.who.role)
    here = name_cell(cell)
    return page(
        "seller/quality_cell.html",
        product=product,
        cell=cell,
        fault=faults.name_fault(fault),
        counts=quality.list_weeks(g.who.shop_id, cell, g.now),
        name_week=weeks.name_week,
        begin_of=weeks.find_monday,
        cases=cases,
        more=f"{here}{'&' if '?' in here else '?'}before={older}" if older else "",
        later=key is not None,
        fixes=fixes.list_of_cell(g.who.shop_id, cell),
        measures=fixes.MEASURES,
        arrange=name_cell(cell, "/fix"),
        batches=batches.list_of_cell(g.who.shop_id, cell, span),
        judge=batches.judge,
        money=money,
        paid=quality.add_up_paid(g.who.shop_id, span).get(cell, 0) if money else 0,
        opens={
            each.case.id
            for each in cases
            if roles.may_see_case(g.who.role, each.case.state, money=each.case.entry_count > 0)
        },
    )
