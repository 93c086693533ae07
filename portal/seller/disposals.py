"""退回商品去向 at the desk: what became of goods that passed, by specification or supplier; said anew for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.cases import case_view
from portal.flow import StepRefused
from portal.models import Disposal
from portal.parcels import disposal_lists, disposals
from portal.parcels.disposal_lists import Chosen
from portal.rights import conditions
from portal.seller import bp
from portal.seller.cases import is_shown
from portal.web import guards, paging
from portal.web.fields import read_day
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.words import BEIJING

HERE = "/seller/disposals"
USUAL, LONGEST = timedelta(days=30), timedelta(days=366)
BY = {"sku": "按商品规格", "supplier": "按供应商"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for: both days as they are written, and ``problem`` with them, in a sentence."""

    since: str
    until: str
    goods: str
    by: str
    supplier_id: int | None
    supplier: str
    problem: str = ""

    @property
    def chosen(self) -> Chosen:
        """The lines that are meant."""
        begin, end = (datetime.combine(date.fromisoformat(day), time(), BEIJING) for day in (self.since, self.until))
        return Chosen(begin, end + timedelta(days=1), self.goods, self.supplier_id)

    def at(self, path: str = HERE, **other: str) -> str:
        """An address for the same lines, with something else."""
        known = {"since": self.since, "until": self.until, "goods": self.goods, "by": self.by}
        known["supplier"] = "" if self.supplier_id is None else str(self.supplier_id)
        return f"{path}?{urlencode({name: value for name, value in (known | other).items() if value})}"


def read_asked() -> Asked:
    """The period, the words and the supplier of this request's address."""
    today = g.now.astimezone(BEIJING).date()
    since, until, problem = today - USUAL + timedelta(days=1), today, ""
    below = f"下面是近 {USUAL.days} 天的"
    typed = [request.args.get(name, "").strip() for name in ("since", "until")]
    if any(typed):
        days = [read_day(text) for text in typed]
        if None in days:
            problem = f"请填写开始日期和结束日期，例如 {today}；{below}"
        else:
            first, last = (day.date() for day in days if day is not None)
            if first > last:
                problem = f"开始日期不能晚于结束日期；{below}"
            elif last - first >= LONGEST or not 2000 <= first.year <= last.year <= 2200:
                problem = f"一次最多看一年；{below}"
            else:
                since, until = first, last
    try:
        goods = inputs.line(request.args.get("goods", "").strip()[:60], limit=60)
    except inputs.InputRefused:
        goods = ""
    number = request.args.get("supplier", "")
    supplier_id = inputs.read_id(number)
    supplier = disposal_lists.name_supplier(g.who.shop_id, supplier_id) if supplier_id is not None else ""
    if number and not supplier:
        abort(404)
    by = request.args.get("by", "sku")
    return Asked(since.isoformat(), until.isoformat(), goods, by if by in BY else "sku", supplier_id, supplier, problem)


def read_key(name: str) -> int | None:
    """The row that the address names, or None."""
    text = request.args.get(name, "")
    return guards.found(inputs.read_id(text)) if text else None


def read_kind() -> str:
    """The 去向 that the address names, or ""."""
    kind = request.args.get("kind", "")
    if kind and kind not in disposals.SAID:
        abort(404)
    return kind


@bp.get("/disposals")
def disposal_list() -> ResponseReturnValue:
    """去向 of a period, counted; each number opens the lines behind it."""
    asked = read_asked()
    by_supplier = asked.by == "supplier"
    if by_supplier:
        rows, key = disposal_lists.list_suppliers(g.who.shop_id, asked.chosen), None
    else:
        rows, key = disposal_lists.list_skus(g.who.shop_id, asked.chosen, read_key("after"))
    return page(
        "seller/disposals.html",
        asked=asked,
        rows=rows,
        bys=BY,
        kinds=disposals.SAID,
        more=asked.at(after=str(key)) if key else "",
    )


@bp.get("/disposals/lines")
def disposal_lines() -> ResponseReturnValue:
    """The counted lines behind a number, the newest first."""
    asked = read_asked()
    kind, of = read_kind(), read_key("of")
    sku = guards.found(disposal_lists.find_sku(g.who.shop_id, of)) if of is not None else None
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = disposal_lists.list_lines(g.who.shop_id, asked.chosen, sku=sku, kind=kind, after=after)
    kept = {"kind": kind, "of": "" if of is None else str(of)}
    return page(
        "seller/disposal_lines.html",
        asked=asked,
        sku=sku,
        kind=kind,
        rows=rows,
        kinds=disposals.SAID,
        said_condition=conditions.condition,
        export=asked.at("/seller/exports", of="disposal_lines", kind=kind, sku=kept["of"]),
        more=f"{asked.at(f'{HERE}/lines', **kept)}&after={paging.said(key)}" if key else "",
    )


@bp.route("/cases/<case_no>/disposals", methods=["GET", "POST"])
def case_disposals(case_no: str) -> ResponseReturnValue:
    """去向 of one case, line by line, with who said it when. POST: say it anew."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    shop_id, case_id, status = case.shop_id, case.id, 200
    rows = disposals.load_of_case(shop_id, case_id)
    form = Form()
    typed = {name: value[:40] for name, value in request.form.items() if name.partition("_")[0] in disposals.SAID}
    if form.validate_on_submit():
        status = 422
        wanted, problems = read_wanted(rows, typed)
        versions = {row.id: _read_version(row.id) for row in rows}
        for sentence in problems:
            form.refuse(sentence)

        def change() -> str:
            said = {"user_id": g.who.user_id, "author": g.who.member_name, "now": g.now}
            changed = disposals.change_case(shop_id, case_id, wanted, versions, **said)
            return f"/seller/cases/{case_no}/disposals?said={'disposals-kept' if changed else 'disposals-same'}"

        if not problems:
            try:
                return once(change)
            except StepRefused as refused:
                form.refuse(f"{refused.sentence}。{say_wanted(rows, wanted)}")
                rows, typed, status = disposals.load_of_case(shop_id, case_id), {}, 409
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    return page(
        "seller/case_disposals.html",
        status,
        case=case,
        shown=is_shown(case),
        rows=rows,
        moves=disposals.list_moves(shop_id, [row.id for row in rows]),
        kinds=disposals.SAID,
        read_kinds=disposals.read_kinds,
        said_condition=conditions.condition,
        typed=typed,
        form=form,
    )


def _read_version(row_id: int) -> int:
    return inputs.read_id(request.form.get(f"version_{row_id}", "")) or 0


def read_wanted(rows: Sequence[Disposal], typed: Mapping[str, str]) -> tuple[dict[int, dict[str, int]], list[str]]:
    """What was typed for each line, and what is wrong with it; all four together are the units that passed."""
    wanted, problems = {}, []
    for row in rows:
        own = sum(disposals.read_kinds(row).values())
        raw = {kind: typed.get(f"{kind}_{row.id}", "") for kind in disposals.SAID}
        found, wrong = read_kinds(row.title, row.unit, own, raw)
        if not wrong and sum(found.values()) != own:
            said = inputs.quantity_text(sum(found.values()))
            wrong = [f"{row.title}：四项合计是 {said}，要等于通过的 {inputs.quantity_text(own)} {row.unit}"]
        wanted[row.id] = {kind: found.get(kind, 0) for kind in disposals.SAID}
        problems += wrong
    return wanted, problems


def read_kinds(title: str, unit: str, own: int, raw: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """The quantities typed for a line, thousandths, those left empty or 0 left out; and what can't be read."""
    found, wrong = {}, []
    for kind, text in raw.items():
        if text.strip() in ("", "0"):
            continue
        try:
            found[kind] = inputs.quantity(text, most=own or None, unit=unit)
        except inputs.InputRefused as refused:
            number = "整数" if inputs.unit_is_whole(unit) and own % 1000 == 0 else "数，最多三位小数"
            said = f"请填写 0 到 {inputs.quantity_text(own)} 之间的{number}，单位：{unit}" if own else refused.sentence
            wrong.append(f"{title}的{disposals.SAID[kind]}数量：{said}")
    return found, wrong


def say_wanted(rows: Sequence[Disposal], wanted: Mapping[int, Mapping[str, int]]) -> str:
    """What was typed on a page that has become old, in a sentence: its fields hold what others said since."""
    lines = (
        f"{row.title} {row.spec}："
        + "，".join(f"{word} {inputs.quantity_text(wanted[row.id][kind])}" for kind, word in disposals.SAID.items())
        for row in rows
        if any(wanted[row.id].values())
    )
    return f"您刚才填的是 {'；'.join(lines)}"
