"""退货单 at the desk: for goods on their way back or here, printed with the case's number as bars, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, select

from portal import words
from portal.cases import bulk, labels, shop_queue
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseLine, Order, SlipPrint
from portal.people import roles
from portal.resale import slips
from portal.rights import addresses, guarantees
from portal.seller import bp, listing
from portal.web.once import once
from portal.web.pages import page

AT = "/seller/slips"
_WITH_SLIP = frozenset({State.RETURNING, State.INSPECTING, State.DISPUTED})


class Sheet(NamedTuple):
    """The slips of one case, and what each of them says besides."""

    case: Case
    slips: list[slips.Slip]
    facts: list[tuple[str, Sequence[str]]]


@bp.route("/slips", methods=["GET", "POST"])
def show_slips() -> ResponseReturnValue:
    """The slips of the cases in the address. POST: count that those chosen are printed, then show them."""
    shop_id = g.who.shop_id
    if request.method == "POST":
        here = listing.carry()
        if request.form.get("scope") == "all":
            seen = listing.seen_states()
            most = labels.MOST + 1
            chosen = shop_queue.list_ids(shop_id, here.tab, g.now, most, filters=here.filters, states=seen)
        else:
            chosen = bulk.pick_known(shop_id, request.form.getlist("case"))
        if not chosen:
            return redirect(f"{here.address}&said=bulk-none", 303)
        if len(chosen) > labels.MOST:
            return redirect(f"{here.address}&said=print-many", 303)
        sheets, _ = _load(chosen)
        asked = ".".join(case_no for case_no in _name(chosen))

        def printed() -> str:
            if sheets:
                labels.count_prints(SlipPrint, shop_id, [sheet.case.id for sheet in sheets], g.who.user_id, g.now)
            return f"{AT}?cases={asked}"

        return once(printed)
    sheets, apart = _load(bulk.pick_known(shop_id, request.args.get("cases", "").split(".")[: labels.MOST]))
    return page(
        "seller/slips.html",
        sheets=sheets,
        apart=apart,
        draw_bars=labels.draw_bars,
        prints=labels.list_prints(SlipPrint, shop_id, [sheet.case.id for sheet in sheets]),
    )


def find_refusal(case: Case) -> str:
    """Why there is no return slip of a case for this person; "" when there is one."""
    if not roles.may_see_case(g.who.role, case.state, money=case.entry_count > 0):
        return "现在不需要您处理"
    if case.state not in _WITH_SLIP or not case.return_address:
        return "没有要寄回的商品，或商品已经验收"
    return ""


def _name(case_ids: Sequence[int]) -> list[str]:
    of_shop = select(Case.id, Case.case_no).where(Case.shop_id == g.who.shop_id, Case.id.in_(case_ids))
    found = {row.id: row.case_no for row in db.session.execute(of_shop)}
    return [found[each] for each in case_ids if each in found]


def _load(case_ids: Sequence[int]) -> tuple[list[Sheet], list[tuple[str, str]]]:
    """The cases that have a slip, in this order, and the others with the reason."""
    of_shop = Case.shop_id == g.who.shop_id, Case.id.in_(case_ids)
    joined = and_(Order.id == Case.order_id, Order.shop_id == Case.shop_id)
    found = {
        case.id: (case, number)
        for case, number in db.session.execute(select(Case, Order.order_no).join(Order, joined).where(*of_shop))
    }
    lines: dict[int, list[CaseLine]] = {}
    of_cases = select(CaseLine).where(CaseLine.shop_id == g.who.shop_id, CaseLine.case_id.in_(case_ids))
    for line in db.session.scalars(of_cases.order_by(CaseLine.id)):
        lines.setdefault(line.case_id, []).append(line)
    sheets, apart = [], []
    for case, order_no in (found[each] for each in case_ids if each in found):
        if refusal := find_refusal(case):
            apart.append((case.case_no, refusal))
            continue
        sender = addresses.show(addresses.Shown.MASKED, case.receiver_name, case.receiver_phone, "")
        facts = [("订单号", order_no), ("买家", sender), ("原因", guarantees.say_reason(case.reason, case.basis))]
        facts.append(("退回运费", words.PAYER[case.freight_payer]))
        sheets.append(Sheet(case, slips.list_slips(case, lines.get(case.id, []), addresses.Shown.FULL), facts))
    return sheets, apart
