"""面单 at the 发货台: chosen, counted, then shown on a page to print; looking at it again counts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.cases import bulk, labels, shipping
from portal.extensions import db
from portal.inputs import quantity_text
from portal.models import CaseLine, LabelPrint, OrderLine, Shop
from portal.orders import sku_numbers
from portal.rights import policies
from portal.rights.addresses import Address
from portal.seller import bp
from portal.web.once import once
from portal.web.pages import page

AT = "/seller/shipping/labels"


@bp.route("/shipping/labels", methods=["GET", "POST"])
def show_labels() -> ResponseReturnValue:
    """The labels of the cases in the address. POST: count that those chosen are printed, then show them."""
    shop_id = g.who.shop_id
    if request.method == "POST":
        chosen = request.form.getlist("page_case" if request.form.get("scope") == "page" else "case")[: labels.MOST]
        ready = [row for row in _load(chosen) if not row.refusal]
        if not ready:
            return redirect("/seller/shipping?said=labels-none", 303)

        def printed() -> str:
            labels.count_prints(LabelPrint, shop_id, [row.case.id for row in ready], g.who.user_id, g.now)
            return f"{AT}?cases={'.'.join(row.case.case_no for row in ready)}"

        return once(printed)
    rows = _load(request.args.get("cases", "").split(".")[: labels.MOST])
    prints = labels.list_prints(LabelPrint, shop_id, [row.case.id for row in rows])
    made = [
        Label(
            row.case.case_no,
            row.receiver,
            [say_line(line, line.wanted_spec, line.accepted_milli - line.shipped_milli) for line in row.lines],
            prints.get(row.case.id),
        )
        for row in rows
        if not row.refusal
    ]
    return show_page(
        made,
        [(row.case.case_no, row.refusal) for row in rows if row.refusal],
        kind="售后单号",
        back="/seller/shipping",
        hint="在发货台勾选现在要发的售后单，再按「打印面单」。",
    )


class Label(NamedTuple):
    """What one label says; ``lines``: what goes out, and how much."""

    number: str
    receiver: Address
    lines: Sequence[str]
    print: Any = None

    @property
    def bars(self) -> labels.Bars:
        """Its number in Code 128."""
        return labels.draw_bars(self.number)


def say_line(line: CaseLine | OrderLine, wanted: str, milli: int) -> str:
    """One sort of goods in a parcel: its numbers, title, specification and how much."""
    return f"{sku_numbers.join(line)} {line.title} {wanted or line.spec} ×{quantity_text(milli)} {line.unit}".strip()


def show_page(
    made: Sequence[Label], apart: Sequence[tuple[str, str]], *, kind: str, back: str, hint: str
) -> ResponseReturnValue:
    """The page of some labels, and what was not printed with its reason."""
    known = policies.list_addresses(g.who.shop_id)
    return page(
        "seller/labels.html",
        labels=made,
        apart=apart,
        kind=kind,
        back=back,
        hint=hint,
        sender=known[0] if known else None,
        shop_name=db.session.get_one(Shop, g.who.shop_id).name,
    )


def _load(case_nos: list[str]) -> list[shipping.ToSend]:
    ids = bulk.pick_known(g.who.shop_id, case_nos)
    return shipping.load(g.who.shop_id, ids, g.who.role, g.now)
