"""Cases that come out of cases: conversion into another type, and 再次售后."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from portal import flow
from portal.calendar.lengths import get_deadlines
from portal.cases import replaced
from portal.cases.application_words import describe_application
from portal.cases.case_facts import collect_facts
from portal.cases.deadlines import lock_case
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects import step_context
from portal.cases.effects.step_context import ActedBy, ChildCase
from portal.cases.making import NewCase, NewLine, belong_to_parent, make_case, start_clock
from portal.cases.opening import record_opening
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import CaseType, State, StepRefused
from portal.models import Case, CaseLine, Order, Sku
from portal.money import entries as money_entries
from portal.money import exchanged, worth
from portal.orders import ledger, versions
from portal.rights import policies


def open_child_case(parent: Case, child: ChildCase, by: ActedBy, at: datetime) -> str:
    """Open the case that ``parent`` has become; its units move along, what is left over is free again."""
    own = {
        line.id: line
        for line in db.session.scalars(
            select(CaseLine).where(CaseLine.case_id == parent.id, CaseLine.shop_id == parent.shop_id)
        ).all()
    }
    moving = {line_id: milli for line_id, milli, _ in child.lines}
    if parent.state == State.CONVERTED or "converted" in parent.origin:
        for line in sorted(own.values(), key=lambda each: each.order_line_id):
            rest = line.quantity_milli - moving.get(line.id, 0)
            if rest:
                ledger.release_units(line.shop_id, line.order_line_id, rest)
    if not moving:
        raise StepRefused("没有可以转入的商品数量")
    target = child.state
    address = policies.get_default_address(parent.shop_id) if target == State.RETURNING else None
    if target == State.RETURNING and address is None:
        raise StepRefused("店铺还没有默认退货地址，请先在「退货地址」里添加")
    step = next(
        row for row in flow.open_steps(child.type, None, by.actor) if row.name == "convert" and row.target == target
    )
    first = own[child.lines[0][0]]
    payer = child.freight_payer or parent.freight_payer
    ready = target in (State.REFUNDING, State.RESHIPPING)
    kept = target == State.REFUNDING and child.type == CaseType.RETURN_REFUND
    new = NewCase(
        type=child.type,
        state=target,
        belonging=belong_to_parent(parent),
        lines=[_plan_line(child, own[line_id], milli, sku_id, ready, kept) for line_id, milli, sku_id in child.lines],
        reason=child.reason or parent.reason,
        description=child.description or parent.description,
        basis=parent.basis,
        freight_payer=payer if payer != "negotiated" or target == State.APPLIED else "seller",
        difference_waived=child.difference_waived,
        wanted_spec=first.wanted_spec if child.type in (CaseType.EXCHANGE, CaseType.REISSUE) else first.spec,
        return_address=address,
    )
    made = make_case(new, at)
    order = db.session.get_one(Order, (made.order_id, made.shop_id))
    came = bool(child.reason)  # what was sent out is complained of
    moved = [_find_moved(parent, own[line_id], milli) for line_id, milli, _ in child.lines]
    made.opened_on = versions.freeze_facts(order) | exchanged.describe_exchanged(parent, moved, came=came)
    if made.type == CaseType.EXCHANGE and target == State.APPLIED:  # what wasn't given back yet is owed by it
        made.difference_fen = worth.work_out_case_difference(made, accepted=False)
    plan_child_payments(made, child, by, at)
    start_clock(made, flow.due(target, collect_facts(made, at), get_deadlines()), at)
    data = describe_application(made) | {"parent": parent.case_no}
    if made.refund_fen:
        data["refund_fen"] = made.refund_fen
    record_opening(made, step, by, at, note="", data=data)
    return made.case_no


def _find_moved(parent: Case, line: CaseLine, milli: int) -> exchanged.Moved:
    """Of goods of a completed exchange some may have gone to another case before."""
    before = max(line.moved_milli - milli, 0) if parent.state == State.COMPLETED else 0
    return exchanged.Moved(line, milli, before)


def _plan_line(child: ChildCase, line: CaseLine, milli: int, sku_id: int | None, ready: bool, kept: bool) -> NewLine:
    """A line of the child: the parent's, with another replacement where one was asked for."""
    spec = line.spec
    if sku_id is not None:
        spec = db.session.scalar(select(Sku.spec).where(Sku.id == sku_id, Sku.shop_id == line.shop_id)) or line.spec
    again = sku_id if sku_id is not None or child.type is not CaseType.EXCHANGE else line.sku_id
    return NewLine(
        order_line_id=line.order_line_id,
        quantity_milli=milli,
        title=line.title,
        spec=line.spec,
        unit=line.unit,
        wanted_spec=spec if again == sku_id else line.wanted_spec,
        sku_id=again,
        wanted_price_fen=line.wanted_price_fen if again is not None and again == line.sku_id else None,
        received_milli=milli if kept else None,
        accepted_milli=milli if ready else 0,
    )


def open_again(
    case_id: int,
    *,
    by: ActedBy,
    kind: str,
    case_type: CaseType,
    units: Mapping[int, int],
    note: str,
    photos: Sequence[str],
    now: datetime,
) -> Case:
    """A new case about goods that came with a completed one; ``units`` by its case lines, in thousandths.

    The units move along, guarded, so that nobody claims them twice. Raises StepRefused when the window is over, the
    type isn't open, proof is missing or more is asked for than came and is left.
    """
    case = lock_case(case_id)
    until = replaced.find_window_end(case)
    if until is None or now >= until:
        raise StepRefused(replaced.LAPSED, "again")
    if case_type not in conversion_effects.list_types_again(case):
        raise StepRefused("请选择希望怎么处理", "again")
    if kind not in conversion_effects.REASON_OF or kind == "not_received":
        raise StepRefused("请选择收到的商品有什么问题", "again")
    if not photos or not note:
        raise StepRefused("请上传能看出问题的照片，并写一句说明", "again")
    wanted = {line_id: milli for line_id, milli in units.items() if milli > 0}
    for line_id, milli in sorted(wanted.items()):
        done = db.session.execute(
            update(CaseLine)
            .where(
                CaseLine.id == line_id,
                CaseLine.case_id == case.id,
                CaseLine.shop_id == case.shop_id,
                CaseLine.moved_milli + milli <= CaseLine.shipped_milli,
            )
            .values(moved_milli=CaseLine.moved_milli + milli)
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise StepRefused("数量不能超过换来而还没有再次申请的数量", "again")
    if not wanted:
        raise StepRefused("请填写数量", "again")
    lines = tuple((line_id, milli, None) for line_id, milli in wanted.items())
    child = ChildCase(
        case_type,
        State.APPLIED,
        lines,
        reason=conversion_effects.REASON_OF[kind],
        description=note,
        freight_payer="seller",
    )
    case_no = open_child_case(case, child, by, now)
    made = db.session.scalars(select(Case).where(Case.case_no == case_no, Case.shop_id == case.shop_id)).one()
    made.photo_count = evidence.attach_to_case(
        photos,
        shop_id=made.shop_id,
        owner_id=by.user_id or 0,
        case_id=made.id,
        order_id=made.order_id,
        version=1,
    )
    db.session.flush()
    return made


def find_child_no(case: Case) -> str | None:
    """The number of the case that a converted one has become."""
    if case.state != State.CONVERTED and "converted" not in case.origin:
        return None
    made = select(Case.case_no).where(Case.parent_id == case.id, Case.shop_id == case.shop_id)
    return db.session.scalar(made.order_by(Case.id.desc()).limit(1))


def plan_child_payments(made: Case, child: ChildCase, by: ActedBy, at: datetime) -> None:
    """What a case that starts by conversion owes from its first moment."""
    if child.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        if child.state == State.REFUNDING:
            planned = step_context.plan_refund(made, child.refund_fen, by, at, child.proposer, exact=True)
            made.refund_fen, made.entry_count = planned[0], made.entry_count + planned[1]
        else:
            found = worth.work_out_case_worth(made, worth.list_units(made, accepted=False))
            most = worth.add_up(found)
            made.refund_fen = most if child.refund_fen is None else min(child.refund_fen, most)
    if child.freight_claim and child.type != CaseType.REISSUE:
        made.freight_claim, made.freight_fen = child.freight_claim, child.freight_claimed_fen
    for kind, fen in (
        ("difference_return", child.return_difference_fen),
        ("compensation", child.compensation_fen),
        ("freight", child.freight_fen),
    ):
        if fen:
            money_entries.plan_entry(made, kind, fen, key=kind, at=at, by=child.proposer or by.user_id)
            made.entry_count += 1
    db.session.flush()
