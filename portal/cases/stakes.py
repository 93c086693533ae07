"""What a case is about in money: now, and after a step, each with the arithmetic by which it comes about.

Both sides' pages show it before the step, the step is bound to what was shown, and its event keeps both sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from portal import flow
from portal.cases import offers, proposals, rulings
from portal.cases.changes import Change, Stake, may_differ
from portal.cases.effects import hand_ins, step_context
from portal.extensions import db
from portal.flow import CaseType, State, StepRefused
from portal.inputs import money_text
from portal.models import Case, CaseLine, Proposal, Sku
from portal.money import differences, entries, exchanged, paid, worth

MONEY = (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
INSPECTED = (State.PAYING, State.RESHIPPING, State.CONFIRMING, State.REFUNDING, State.REFUND_FAILED, State.COMPLETED)
CHANGED = "金额与您看到的不同，请核对下面的计算后再提交一次"


def weigh(case: Case, lines: Sequence[CaseLine] | None = None) -> Stake:
    """What is at stake as the case stands; ``lines``: its own, where they have been read already."""
    if case.state == State.CONVERTED or "converted" in case.origin:
        child = db.session.scalars(
            select(Case)
            .where(Case.parent_id == case.id, Case.shop_id == case.shop_id)
            .order_by(Case.id.desc())
            .limit(1)
        ).one_or_none()
        return weigh(child) if child is not None else Stake()
    if case.state in flow.RELEASING:
        return Stake()
    planned = _add_up_entries(case) if case.entry_count else {}
    compensation = planned.get("compensation", 0)
    if case.type in MONEY:
        if "refund" in planned:
            return Stake(planned["refund"], 0, compensation)
        return _refund(case, worth.list_units(case, accepted=False), case.refund_fen, compensation)
    if not may_differ(case):
        return Stake(compensation_fen=compensation)
    accepted = case.state in INSPECTED
    if lines is None:
        return _difference_as_agreed(case, worth.list_wanted(case, accepted=accepted), compensation)
    wanted = [
        (each.order_line_id, each.accepted_milli if accepted else each.quantity_milli, each.wanted_price_fen)
        for each in lines
    ]
    bought = paid.read_facts(case.opened_on, {each.order_line_id: each.unit for each in lines})
    return _difference_as_agreed(case, wanted, compensation, bought)


def _add_up_entries(case: Case) -> dict[str, int]:
    """By kind; what goes back of an earlier exchange's difference with a refund is of the refund."""
    found: dict[str, int] = {}
    for entry in entries.list_of_case(case):
        if entry.state != "cancelled":
            kind = "refund" if entries.is_of_refund(entry) else entry.kind
            found[kind] = found.get(kind, 0) + entry.amount_fen
    return found


def _refund(
    case: Case,
    units: Sequence[tuple[int, int]],
    agreed_fen: int | None,
    compensation_fen: int = 0,
    *,
    exact: bool = False,
    ends: bool = False,
    came: bool = False,
) -> Stake:
    """``ends``: the case is another type's, and ends as it becomes a refund, with what it still gives back.

    ``came``: the refund is of the goods that the case sent out.
    """
    if ends:
        found, working = exchanged.explain_ended(case, units, came=came)
    else:
        unshipped = case.goods_state == "unshipped"
        found, working = worth.explain_worth(case.order_id, units, unshipped=unshipped, facts=case.opened_on)
    most = worth.add_up(found)
    fen = min(agreed_fen, most) if exact and agreed_fen else worth.agree_on(found, agreed_fen or None)
    if fen != most:
        working.append(f"约定退 {money_text(fen)} 元，少于可退的 {money_text(most)} 元")
    return Stake(fen, 0, compensation_fen, tuple(working))


def _difference(case: Case, wanted: worth.Wanted, compensation_fen: int = 0, bought: paid.Paid | None = None) -> Stake:
    fen, working = worth.explain_difference(bought or paid.load_paid(case.order_id, case.opened_on), wanted)
    return Stake(0, fen, compensation_fen, tuple(working))


def _difference_as_agreed(
    case: Case, wanted: worth.Wanted, compensation_fen: int = 0, bought: paid.Paid | None = None
) -> Stake:
    found = _difference(case, wanted, compensation_fen, bought)
    return _waive(case, found) if case.difference_waived else found


def _waive(case: Case, stake: Stake) -> Stake:
    """What the buyer would still add is given up; what they get back for a cheaper specification isn't."""
    if stake.difference_fen <= 0:
        return stake
    kept = differences.find_kept_difference(case)
    return replace(stake, difference_fen=min(stake.difference_fen, kept), working=())


def foresee(case: Case, step_name: str, handed: hand_ins.HandIn | None = None) -> Change | None:
    """The amounts before and after a step, in 分; ``handed`` None: as the page offers it. None: it moves no money."""
    if step_name == "accept_offer":  # what comes of it is what was offered
        offered = offers.find_open(case) if case.offered_version is not None else None
        return None if offered is None else foresee(case, offered.step, offered.handed)
    work_out = _AFTER.get(step_name)
    if work_out is None or case.state in flow.FINAL:
        return None
    if handed is not None:
        handed = step_context.fit_hand_in(step_name, handed)
    before = weigh(case)
    found = Change(before, work_out(case, handed, before))
    return found if any((*found.before.sums, *found.after.sums)) else None


def check_shown(case: Case, step_name: str, handed: hand_ins.HandIn | None, shown: str) -> None:
    """Raise StepRefused where a step would make of the money something else than the page showed (a mark, or "")."""
    if step_name in _CHOOSING:
        return
    change = foresee(case, step_name, handed)
    if change is not None and change.mark != shown and (change.moves or shown):
        raise StepRefused(CHANGED, step_name)


def foresee_turn(case: Case, lines: Sequence[CaseLine], made: Sequence[Proposal]) -> Change | None:
    """What both sides' pages show of a case as it stands: what the step that it waits for makes of it.

    ``lines`` and ``made``: those of the case's page, so that nothing is read twice.
    """
    if case.state in flow.FINAL:
        return None
    if case.state == State.DISPUTED:
        return foresee(case, "accept_result")
    before = after = weigh(case, lines)
    if case.state == State.PROPOSED and made:
        own = {line.id: line.order_line_id for line in lines}
        after = _of_terms(case, made[0], before, own)
    return Change(before, after) if any((*before.sums, *after.sums)) else None


After = Callable[[Case, Any, Stake], Stake]


def _as_before(_case: Case, _handed: object, before: Stake) -> Stake:
    return before


def _nothing(_case: Case, _handed: object, _before: Stake) -> Stake:
    return Stake()


def _accepted(case: Case, _handed: object, before: Stake) -> Stake:
    """The inspection's result."""
    if case.type in MONEY:
        units = worth.list_units(case, accepted=True)
        return _refund(case, units, case.refund_fen, before.compensation_fen) if units else Stake()
    if not may_differ(case):
        return before
    return _difference_as_agreed(case, worth.list_wanted(case, accepted=True), before.compensation_fen)


def _proposed(case: Case, _handed: object, before: Stake) -> Stake:
    """The terms that wait for an answer."""
    made = proposals.find_open(case)
    if made is None:
        return before
    own = dict(
        db.session.execute(
            select(CaseLine.id, CaseLine.order_line_id).where(
                CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
            )
        ).all()
    )
    return _of_terms(case, made, before, own)


def _of_terms(case: Case, made: Proposal, before: Stake, own: Mapping[int, int]) -> Stake:
    """``own``: the order line of every line of the case."""
    terms = proposals.read_terms(made)
    units = [(own[line_id], milli) for line_id, milli, _ in terms.lines]
    compensation = before.compensation_fen + terms.compensation_fen
    if terms.type in MONEY:
        return _refund(case, units, terms.amount_fen, compensation, exact=True, ends=case.type not in MONEY)
    if terms.type != case.type or not made.difference_fen:
        return Stake(compensation_fen=compensation)
    prices = proposals.read_prices(made)
    wanted = [(own[line_id], milli, prices[line_id]) for line_id, milli, _ in terms.lines]
    found = _difference(case, wanted, compensation)
    return _waive(case, found) if terms.difference_waived else found


def _converted(case: Case, _handed: object, _before: Stake) -> Stake:
    """The buyer's own 转退款."""
    units = worth.list_units(case, accepted=case.type == CaseType.EXCHANGE)
    return _with_paid_difference(case, _refund(case, units, None, ends=True))


def _with_paid_difference(case: Case, stake: Stake) -> Stake:
    paid = differences.find_paid_difference(case)
    waits = differences.find_unanswered_difference(case)
    said = [f"另退已补的差价 {money_text(paid)} 元"] if paid else []
    if waits:
        said.append(f"登记已补的差价 {money_text(waits)} 元商家还没有确认，确认收到后另行退还")
    return replace(stake, working=(*stake.working, *said))


def _modified(case: Case, handed: hand_ins.Modification | None, before: Stake) -> Stake:
    if handed is None or not handed.wanted:
        return before
    if case.type in MONEY:
        units = [(item.line_id, item.milli) for item in handed.wanted]
        return _refund(case, sorted(units), handed.refund_fen, exact=True)
    chosen = [item.sku_id for item in handed.wanted if item.sku_id is not None]
    if not chosen and not paid.read_exchanged(case.opened_on):
        return Stake()
    prices = dict(
        db.session.execute(select(Sku.id, Sku.price_fen).where(Sku.id.in_(chosen), Sku.shop_id == case.shop_id)).all()
    )
    return _difference(case, [(item.line_id, item.milli, prices.get(item.sku_id or 0)) for item in handed.wanted])


def _advanced(case: Case, handed: hand_ins.AdvanceRefund | None, before: Stake) -> Stake:
    fen = handed.amount_fen if handed is not None else None
    if fen is None:
        return before
    return _refund(case, worth.list_units(case, accepted=False), fen, exact=True)


def _again(case: Case, handed: hand_ins.DefectReport | None, before: Stake) -> Stake:
    if handed is not None and handed.type not in MONEY:
        return before
    rows = db.session.execute(
        select(CaseLine.order_line_id, CaseLine.shipped_milli)
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id, CaseLine.shipped_milli > 0)
        .order_by(CaseLine.order_line_id)
    )
    return _refund(case, [(line, milli) for line, milli in rows], None, ends=True, came=True)


def _waived(case: Case, _handed: object, before: Stake) -> Stake:
    return _waive(case, before)


def _sent_out(case: Case, _handed: object, before: Stake) -> Stake:
    """A decision that the shop sends what it received: what the buyer would still add isn't asked for any more."""
    if case.state in (State.CONFIRMING, State.PAYING) or not may_differ(case):
        return before if case.state == State.CONFIRMING else _waive(case, before)
    rows = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id))
    wanted = [
        (
            row.order_line_id,
            row.quantity_milli if row.received_milli is None else row.received_milli,
            row.wanted_price_fen,
        )
        for row in rows
    ]
    return _waive(case, _difference(case, sorted(wanted), before.compensation_fen))


def _decided(case: Case, handed: hand_ins.RefundDecision | None, before: Stake) -> Stake:
    units = rulings.list_decidable(case)
    fen = handed.amount_fen if handed is not None else None
    agreed = fen if fen is not None else case.refund_fen  # as the page offers it: what was agreed
    compensation = before.compensation_fen if case.type in MONEY else 0
    ends = case.type not in MONEY
    stake = _refund(case, units, agreed, compensation, exact=fen is not None, ends=ends)
    return stake if case.type in MONEY else _with_paid_difference(case, stake)


# The page shows what one choice asks for, or the sum is typed: nothing is given up unseen.
_CHOOSING = frozenset({"replacement_defective", "agree_refund_without_return"})
_AFTER: dict[str, After] = {
    **dict.fromkeys(("agree", "agree_no_return", "accept_goods", "accept_goods_diff", "pay"), _as_before),
    **dict.fromkeys(("withdraw", "accept_result_none", "goods_shipped", "decide_close"), _nothing),
    **dict.fromkeys(("accept_result", "accept_result_diff"), _accepted),
    **dict.fromkeys(("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert"), _proposed),
    "convert_refund": _converted,
    "modify": _modified,
    "agree_refund_without_return": _advanced,
    "replacement_defective": _again,
    "waive": _waived,
    "decide_reship": _sent_out,
    "decide_refund": _decided,
}
MOVING = frozenset(_AFTER)  # the steps whose pages say sums
