"""Recording what a shop paid outside the portal, payment by payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, and_, cast, literal, select

from portal import flow, inputs, words
from portal.calendar import lengths
from portal.cases import case_facts, taking
from portal.cases.effects.hand_ins import EntryChoice
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, State, StepRefused
from portal.models import Case, MoneyEntry, Notice, Shop
from portal.money import entries as money_entries
from portal.notices import beside_steps

VERBS: dict[str, str] = {"approve": "复核通过", "settle": "登记已付款", "fail": "登记付款失败", "retry": "重新付款"}


@dataclass(frozen=True)
class Left:
    """How long a payment may still take: a chip's kind, the sentence, and whether the hard line is passed."""

    kind: str
    said: str
    hard: bool = False


def work_out_left(row: Any, now: datetime) -> Left:
    """24 hours are the target, 7 days the law's limit, 15 the hard line; counted from when the payment was planned.

    The law's limit is the case's own deadline while that is what runs.
    """
    if row.state not in money_entries.OPEN and row.state != "declared":
        return Left("ok" if row.state == "settled" else "off", "")
    if row.state == "contested":
        if row.arrival == "shown" or row.escalated:
            return Left("wait", "已提交凭证，等买家查收" if row.arrival == "shown" else "平台介入中")
        until = row.arrival_at + lengths.get_deadline("arrival_answer")
        return Left("bad" if until <= now else "you", f"请在{words.end(until)}前答复，{words.left(until, now)}")
    if row.state == "declared":
        return Left("you", "请核对是否到账")
    if row.case_state not in money_entries.PAYABLE and row.case_state != State.REFUND_FAILED:
        return Left("wait", f"等售后单到可付款时再付（{words.state(row.type, row.case_state)}）")
    target, legal, hard = (row.made_at + lengths.get_deadline(f"refund_{name}") for name in ("target", "legal", "hard"))
    if row.due_rule == "refund_legal" and row.due_at and not row.escalated:
        legal = row.due_at
    if now < target:
        return Left("wait", f"{words.left(target, now)}（{_length('target').strip()}目标）")
    if now < legal:
        return Left("warn", f"已过{_length('target')}目标，法定期限{words.left(legal, now)}")
    if now < hard:
        return Left("bad", f"已过法定期限，{_length('hard').strip()}红线{words.left(hard, now)}")
    return Left("bad", f"已过{_length('hard')}红线 {words.span(now - hard)}", True)


def _length(name: str) -> str:
    """24 小时, 7 天: short ones in hours."""
    length = lengths.get_deadline(f"refund_{name}")
    hours = length.total_seconds() / 3600
    return f" {hours:.0f} 小时" if hours <= 48 else f" {words.span(length)}"


def raise_alarm(now: datetime) -> int:
    """Tell each shop's owner, once, of every payment that has passed the hard line; returns how many were told."""
    before = now - lengths.get_deadline("refund_hard")
    key = literal("hard:").concat(cast(MoneyEntry.id, String)).concat(":").concat(cast(Shop.owner_id, String))
    late = db.session.execute(
        select(
            MoneyEntry.id,
            MoneyEntry.shop_id,
            MoneyEntry.case_id,
            MoneyEntry.amount_fen,
            MoneyEntry.kind,
            Shop.owner_id,
        )
        .join(Shop, Shop.id == MoneyEntry.shop_id)
        .join(Case, and_(Case.id == MoneyEntry.case_id, Case.shop_id == MoneyEntry.shop_id))
        .where(
            MoneyEntry.state.in_(money_entries.TO_PAY),
            MoneyEntry.made_at <= before,
            Case.state.in_([*money_entries.PAYABLE, State.REFUND_FAILED]),
            ~select(Notice.id).where(Notice.dedupe_key == key).exists(),
        )
        .order_by(MoneyEntry.id)
        .limit(200)
    ).all()
    db.session.rollback()
    return sum(is_alarmed(entry, now) for entry in late)


def is_alarmed(entry: Row[int, int, int, int, str, int], now: datetime) -> bool:
    """Tell of one, unless another sweep was faster or it has been paid meanwhile."""
    dedupe_key = f"hard:{entry.id}:{entry.owner_id}"
    what = f"{words.MONEY[entry.kind]} {inputs.money_text(entry.amount_fen)} 元"
    with writing():
        state = db.session.scalar(
            select(MoneyEntry.state)
            .where(MoneyEntry.id == entry.id, MoneyEntry.shop_id == entry.shop_id)
            .with_for_update()
        )
        known = db.session.scalar(select(Notice.id).where(Notice.dedupe_key == dedupe_key))
        if state not in money_entries.TO_PAY or known is not None:
            return False
        beside_steps.tell_of_payment(
            db.session.get_one(Case, (entry.case_id, entry.shop_id)),
            entry.owner_id,
            at=now,
            dedupe_key=dedupe_key,
            title=f"{what}已过{_length('hard')}红线",
            body=f"这笔{words.MONEY[entry.kind]}超过{_length('hard')}还没有付给买家，请立即付款并登记流水号。",
            href=f"/seller/payouts/{entry.id}",
        )
    return True


def record_payment(
    shop_id: int,
    entry_id: int,
    verb: str,
    *,
    by: ActedBy,
    now: datetime,
    reference: str = "",
    problem: str = "",
    way: str = "",
) -> Case:
    """Take the step of the case that records this about one payment of the shop. Inside ``writing()``.

    Raises StepRefused when the payment isn't there or isn't what the page showed: somebody else was faster.
    """
    entry = db.session.execute(
        select(MoneyEntry.case_id).where(MoneyEntry.id == entry_id, MoneyEntry.shop_id == shop_id)
    ).one_or_none()
    if entry is None:
        raise StepRefused("没有找到这笔款项")
    case = db.session.scalars(
        select(Case)
        .where(Case.id == entry.case_id, Case.shop_id == shop_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    state = (
        db.session.scalar(select(MoneyEntry.state).where(MoneyEntry.id == entry_id, MoneyEntry.shop_id == shop_id))
        or ""
    )
    if state not in _FROM[verb]:
        raise StepRefused(f"这笔款项现在是「{words.MONEY_STATE[state]}」，没有重复登记；页面显示的是最新状态")
    told = EntryChoice(
        entry_id=entry_id,
        reference=reference if verb == "settle" else "",
        way=way if verb in ("settle", "retry") else "",
        note=problem if verb == "fail" else "",
    )
    return taking.take(case.id, find_step(case, verb), by=by, now=now, handed=told)


def confirm_many(
    shop_id: int, shown: Mapping[int, int], *, by: ActedBy, now: datetime
) -> tuple[int, list[tuple[str, str]]]:
    """核对到账: each of the buyers' payments alone; how many were, and of the others the case and why not.

    ``shown``: the payments' ids with the versions of their cases as the page had them.
    """
    done, left = 0, []
    for entry_id, version in list(shown.items())[:MOST_AT_ONCE]:
        entry = db.session.execute(
            select(MoneyEntry.case_id, Case.case_no)
            .join(Case, (Case.id == MoneyEntry.case_id) & (Case.shop_id == MoneyEntry.shop_id))
            .where(MoneyEntry.id == entry_id, MoneyEntry.shop_id == shop_id)
        ).one_or_none()
        if entry is None:
            continue
        try:
            with writing():
                taking.take(entry.case_id, "confirm_payment", by=by, now=now, version=version)
            done += 1
        except StepRefused as refused:
            left.append((entry.case_no, refused.sentence))
    return done, left


MOST_AT_ONCE = 100
_FROM: Mapping[str, tuple[str, ...]] = {
    "approve": ("waiting",),
    "settle": ("due",),
    "fail": ("due", "contested"),
    "retry": ("failed",),
}


def find_step(case: Case, verb: str) -> str:
    """The step's name: the last payment of a refund ends the case, the others don't."""
    if verb != "settle":
        return {"approve": "approve_refund", "fail": "refund_fail", "retry": "retry"}[verb]
    last = case.state == State.REFUNDING and money_entries.count_open(case) <= 1
    last = last and not case.escalated and case.freight_claim != "open"
    return "refund_ok" if last else "settle_entry"


def list_verbs(row: Any, now: datetime) -> dict[str, str | None]:
    """What can be recorded about a payment, and why not yet (None: it can)."""
    case = db.session.get_one(Case, (row.case_id, row.shop_id))
    facts = case_facts.collect_facts(case, now)
    found: dict[str, str | None] = {}
    for verb, states in _FROM.items():
        if row.state in states:
            found[verb] = find_refusal(case, verb, facts)
    return found


def find_refusal(case: Any, verb: str, facts: flow.Facts) -> str | None:
    try:
        flow.choose(case.type, case.state, Actor.SELLER, find_step(case, verb), facts)
    except StepRefused as refused:
        if refused.sentence != flow.NOT_NOW:
            return refused.sentence
        state = words.state(case.type, case.state)
        if verb == "fail" and case.state in money_entries.PAYABLE:
            return f"售后单是「{state}」，不用登记失败，付清后再登记即可"
        return f"售后单现在是「{state}」，还不能付这笔款"
    return None
