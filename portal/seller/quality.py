"""质量: the board of what is wrong with which goods, and one fault of one product with its cases and photos."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.calendar import weeks
from portal.calendar.weeks import number_week
from portal.models import Batch, Product
from portal.orders import products
from portal.people import roles
from portal.rights import faults
from portal.seller import bp
from portal.service import batches, fault_cases, fixes, quality, shared_quality
from portal.service.fault_cases import Chosen
from portal.service.rates import ALPHA, LEAST
from portal.web import guards
from portal.web.pages import page

PAGE = 30
WORDS = ("spec", "fault", "supplier")


def name_cell(cell: quality.Cell, then: str = "") -> str:
    """Where a cell's cases are; ``then``: a page under it."""
    query = "" if cell.spec is None else "?" + urlencode({"spec": cell.spec})
    return f"/seller/quality/{cell.product_id}/{cell.fault}{then}{query}"


def name_cases(chosen: Chosen) -> str:
    """Where the cases behind any other number are."""
    said: dict[str, int | str | None] = {
        "product": chosen.product_id,
        "spec": chosen.spec,
        "fault": chosen.fault,
        "batch": chosen.batch_id,
        "supplier": chosen.supplier,
        "since": None if chosen.weeks == fault_cases.EVER else chosen.weeks.start,
        "until": None if chosen.weeks == fault_cases.EVER else chosen.weeks.stop - 1,
    }
    return "/seller/quality/cases?" + urlencode({key: value for key, value in said.items() if value is not None})


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
    return min(inputs.read_id(raw) or 0, 10_000)


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
        suppliers=[
            (supplier, share, name_cases(Chosen(board.weeks, supplier=supplier)))
            for supplier, share in batches.list_suppliers(g.who.shop_id, board.weeks)
        ],
        worth=fixes.list_worth(board),
        week=weeks.name_week(board.weeks.stop - 1),
        of_words=faults.OF_WORDS,
        no_remedy=faults.NO_REMEDY,
        a_month=fixes.WEEKS_A_MONTH,
        rooms_of=roles.list_rooms(g.who.role, frozenset({"contact", "products"})),
        sharing=shared_quality.list_sharing(g.who.shop_id),
        alpha=ALPHA,
        least=LEAST,
    )


def read_chosen() -> tuple[Chosen, Product | None, Batch | None]:
    """What the address chooses, its product and its batch; answers 404 for what isn't this shop's."""
    numbers: dict[str, int] = {}
    for name in ("product", "batch", "since", "until"):
        raw = request.args.get(name, "")
        if raw:
            numbers[name] = guards.found(inputs.read_id(raw))
    try:
        words = {name: inputs.line(request.args[name], limit=300) for name in WORDS if name in request.args}
    except inputs.InputRefused:
        abort(404)
    fault = words.get("fault")
    if fault is not None and (not faults.is_counted(fault) or fault not in faults.FAULTS):
        abort(404)
    since, until = numbers.get("since", 0), numbers.get("until", fault_cases.EVER.stop - 1)
    if ("since" in numbers) != ("until" in numbers) or not since <= until < fault_cases.EVER.stop:
        abort(404)
    found = Chosen(
        range(since, until + 1),
        numbers.get("product"),
        words.get("spec"),
        fault,
        numbers.get("batch"),
        words.get("supplier"),
    )
    product = batch = None
    if found.batch_id is not None:
        batch = guards.found(batches.find_of_shop(found.batch_id, g.who.shop_id))
    if (product_id := batch.product_id if batch else found.product_id) is not None:
        product = guards.found(products.find_of_shop(product_id, g.who.shop_id))
    return found, product, batch


def read_before() -> int | None:
    """The case before which a further page begins."""
    before = request.args.get("before", "")
    return inputs.read_id(before)


def list_opened(cases: Sequence[fault_cases.Shown]) -> set[int]:
    """Of these cases, those that this person's role opens."""
    return {
        each.case.id
        for each in cases
        if roles.may_see_case(g.who.role, each.case.state, money=each.case.entry_count > 0)
    }


@bp.get("/quality/cases")
def quality_cases() -> ResponseReturnValue:
    """The cases behind one number: of a batch, of a supplier, of a week, of weeks before or after a measure."""
    chosen, product, batch = read_chosen()
    key = read_before()
    cases, older = fault_cases.list_cases(g.who.shop_id, chosen, key)
    return page(
        "seller/quality_cases.html",
        chosen=chosen,
        product=product,
        batch=batch,
        fault=faults.name_fault(chosen.fault) if chosen.fault else "",
        ever=chosen.weeks == fault_cases.EVER,
        name_week=weeks.name_week,
        begin_of=weeks.find_monday,
        lines=fault_cases.count_lines(g.who.shop_id, chosen),
        cases=cases,
        more=f"{name_cases(chosen)}&before={older}" if older else "",
        later=key is not None,
        opens=list_opened(cases),
    )


@bp.get("/quality/<int:product_id>/<fault>")
def quality_cell(product_id: int, fault: str) -> ResponseReturnValue:
    """One fault of one specification (``spec``) or of all of a product: week by week, its cases and their photos."""
    product, cell = read_cell(product_id, fault)
    key = read_before()
    week = number_week(g.now)
    span = range(week - quality.WEEKS + 1, week + 1)
    chosen = fault_cases.choose_cell(cell, span)
    cases, older = fault_cases.list_cases(g.who.shop_id, chosen, key)
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
        opens=list_opened(cases),
        chosen=chosen,
        name_cases=name_cases,
        name_range=lambda week: range(week, week + 1),
    )
