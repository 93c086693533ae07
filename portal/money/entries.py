"""Entries of the payment ledger: planned, approved, settled, failed, retried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from portal import flow, words
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import Case, MoneyEntry, Order, OrderLine, Shop, Staff, User
from portal.money import worth
from portal.money.worth import Worth
from portal.people.roles import APPROVERS

OPEN = ("waiting", "due", "failed", "contested")  # still to be paid to the buyer, as far as is known


TO_PAY = worth.TO_PAY


COUNTED = ("refund", "difference_back")  # come out of what was paid for the order
EARLIER = "earlier_difference"  # begins the key of a difference_return of what was paid in an earlier exchange


def is_of_refund(entry: MoneyEntry) -> bool:
    """Whether this payment is a part of a case's refund, as it was agreed."""
    return entry.kind == "refund" or entry.key == f"{entry.case_id}:{EARLIER}"


def is_back(entry: MoneyEntry) -> bool:
    """Whether this payment gives back the price of a cheaper specification, out of whatever was paid before."""
    return entry.kind == "difference_back" or (
        entry.kind == "difference_return" and entry.key.startswith(f"{entry.case_id}:{EARLIER}:")
    )


def plan_entry(
    case: Case,
    kind: str,
    amount_fen: int,
    *,
    key: str,
    at: datetime,
    by: int | None,
    parts: Sequence[Worth] = (),
    reference: str = "",
    unshipped: bool = False,
) -> MoneyEntry:
    """Plan a payment; a key that is known gives the entry it has. Raises StepRefused when more than was paid would go.

    A payment above the shop's limit waits for a second person, where the shop has one.
    """
    key = f"{case.id}:{key}"
    known = db.session.scalars(
        select(MoneyEntry).where(MoneyEntry.key == key, MoneyEntry.shop_id == case.shop_id)
    ).one_or_none()
    if known is not None:
        return known
    if amount_fen < 0:
        raise StepRefused("金额不能小于 0")
    if kind in COUNTED:
        count_refunded(case.shop_id, case.order_id, amount_fen, parts, 1, unshipped=unshipped)
    second = kind != "difference" and needs_second_person(case.shop_id, amount_fen, by)
    state = "declared" if kind == "difference" else "waiting" if second else "due"
    entry = MoneyEntry(
        case_id=case.id,
        order_id=case.order_id,
        shop_id=case.shop_id,
        kind=kind,
        state=state,
        amount_fen=amount_fen,
        lines=[[part.line_id, part.fen, part.milli] for part in parts],
        key=key,
        reference=reference,
        made_at=at,
        made_by=by,
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def count_refunded(
    shop_id: int, order_id: int, fen: int, parts: Sequence[Worth], sign: int, *, unshipped: bool
) -> None:
    """Move the counters of the order and its lines; the UPDATE's guard and the CHECK behind it have the last word."""
    for part in sorted(parts, key=lambda p: p.line_id):
        done = db.session.execute(
            update(OrderLine)
            .where(
                OrderLine.id == part.line_id,
                OrderLine.shop_id == shop_id,
                OrderLine.refunded_milli + sign * part.milli <= OrderLine.quantity_milli,
            )
            .values(
                refunded_fen=OrderLine.refunded_fen + sign * part.fen,
                refunded_milli=OrderLine.refunded_milli + sign * part.milli,
            )
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise StepRefused("这些商品已经退过款了，请刷新页面核对")
    done = db.session.execute(
        update(Order)
        .where(Order.id == order_id, Order.shop_id == shop_id, Order.refunded_fen + sign * fen <= Order.paid_fen)
        .values(refunded_fen=Order.refunded_fen + sign * fen)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StepRefused("退款总额不能超过订单的实付款，请刷新页面核对")


def needs_second_person(shop_id: int, fen: int, by: int | None) -> bool:
    """Whether a payment of ``fen`` that this person plans waits for another one. A shop of one has nobody to ask."""
    limit = db.session.scalar(select(Shop.approval_fen).where(Shop.id == shop_id))
    if limit is None or fen <= limit:
        return False
    staff = select(Staff.user_id, Staff.role).join(User, User.id == Staff.user_id)
    roles: dict[int, str] = dict(
        db.session.execute(staff.where(Staff.shop_id == shop_id, User.disabled_at.is_(None))).all()
    )
    able = {user_id for user_id, role in roles.items() if role in APPROVERS}
    return bool(able - {by}) if by in roles else len(able) > 1


def of_case(case: Case) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions by which the entries of a case are found."""
    return MoneyEntry.case_id == case.id, MoneyEntry.shop_id == case.shop_id


def get_entry(entry_id: int, shop_id: int) -> MoneyEntry:
    return db.session.get_one(MoneyEntry, (entry_id, shop_id))


def list_of_case(case: Case) -> Sequence[MoneyEntry]:
    """All entries of a case, oldest first."""
    return db.session.scalars(select(MoneyEntry).where(*of_case(case)).order_by(MoneyEntry.id)).all()


def move_entry(case: Case, entry_id: int | None, states: Sequence[str], **values: object) -> MoneyEntry:
    """One entry of the case moved on by compare-and-set; without an id the only one there is in these states."""
    query = select(MoneyEntry).where(
        MoneyEntry.case_id == case.id, MoneyEntry.shop_id == case.shop_id, MoneyEntry.state.in_(states)
    )
    if entry_id is not None:
        query = query.where(MoneyEntry.id == entry_id)
    found = db.session.scalars(query.order_by(MoneyEntry.id).execution_options(populate_existing=True)).all()
    if not found:
        raise StepRefused("这笔款项已经处理过了，页面显示的是最新状态")
    if len(found) > 1:
        raise StepRefused("请选择是哪一笔款项")
    done = db.session.execute(
        update(MoneyEntry)
        .where(MoneyEntry.id == found[0].id, MoneyEntry.shop_id == case.shop_id, MoneyEntry.state == found[0].state)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StepRefused("这笔款项已经处理过了，页面显示的是最新状态")
    db.session.expire(found[0])
    return found[0]


def approve_entry(case: Case, entry_id: int | None, *, by: int, at: datetime) -> MoneyEntry:
    """A second person agrees to a payment. Raises StepRefused for the one who proposed it."""
    role = db.session.scalar(select(Staff.role).where(Staff.user_id == by, Staff.shop_id == case.shop_id))
    if role not in APPROVERS:
        raise StepRefused("复核退款需要店主或财务")
    entry = move_entry(case, entry_id, ("waiting",), state="due", approved_at=at, approved_by=by)
    if entry.made_by == by:
        raise StepRefused("提出退款的人不能自己复核，请另一位同事处理")
    return entry


# What a shop can say of the way that it paid. By hand: kept as route "offline", with the channel where it is known.
WAYS = ("original", "bank", "alipay", "wechat", "cash", "offline")


MOST_FAILURES = 2  # of one way; after that the payment takes another


def _of_way(way: str) -> dict[str, str]:
    """The columns that keep a way; none for "" (the one it has)."""
    if not way:
        return {}
    if way not in WAYS:
        raise StepRefused("请选择实际的付款方式")
    if way in ("original", "bank", "offline"):
        return {"route": way, "channel": ""}
    return {"route": "offline", "channel": way}


def settle_entry(
    case: Case, entry_id: int | None, *, reference: str, by: int | None, at: datetime, way: str = ""
) -> MoneyEntry:
    """Record that it was paid, with the payment's own number. Nothing is paid twice: the second try is refused.

    ``way``: how it was really paid, of WAYS; "": as it was planned.
    """
    changes = {"state": "settled", "reference": reference, "settled_at": at, "settled_by": by, **_of_way(way)}
    entry = move_entry(case, entry_id, ("due",), **changes)
    if not reference and entry.amount_fen:
        raise StepRefused("请填写付款的流水号，方便买家核对")
    return entry


# A payment that is open again: what was recorded of it counts no more.
NO_ARRIVAL: dict[str, object] = {"settled_at": None, "settled_by": None, "arrival": "", "arrival_at": None}


def fail_entry(case: Case, entry_id: int | None, *, problem: str) -> MoneyEntry:
    """Record that a payment didn't go through."""
    if not problem:
        raise StepRefused("请写明退款失败的原因")
    done = {"state": "failed", "problem": problem, "tries": MoneyEntry.tries + 1, **NO_ARRIVAL}
    return move_entry(case, entry_id, ("due", "contested"), **done)


def retry_entry(case: Case, entry_id: int | None, *, way: str = "", new_account: bool = False) -> MoneyEntry:
    """Try again what failed, under the same key; it goes out again with the next list for the bank.

    ``way``: another one than before, which it takes after MOST_FAILURES; ``new_account``: the buyer gave another one
    since it failed, which is another way. Raises StepRefused for the same once more.
    """
    before = None
    for entry in list_of_case(case):
        if entry.state == "failed" and entry_id in (None, entry.id):
            before = (entry.way, entry.tries)
    tried = move_entry(case, entry_id, ("failed",), state="due", exported_at=None, **_of_way(way))
    again = before is not None and before[0] == tried.way and not (new_account and tried.way == "bank")
    if before and again and before[1] and before[1] % MOST_FAILURES == 0:
        raise StepRefused(
            f"这笔付款已失败 {before[1]} 次，不能再用{words.ROUTE[tried.way]}，请换一种方式："
            "与买家约定银行、支付宝、微信转账或现金，或申请平台介入"
        )
    return tried


def cancel_open(case: Case, *, unanswered: bool = True) -> None:
    """Nothing more is owed by this case: its open entries end, and what they counted is free again.

    ``unanswered``: also a payment that the buyer says they made, and the shop hasn't answered.
    """
    ended = (*TO_PAY, "declared") if unanswered else TO_PAY
    for entry in db.session.scalars(select(MoneyEntry).where(*of_case(case), MoneyEntry.state.in_(ended))).all():
        _cancel(entry)
    db.session.flush()


def cancel_back(case: Case) -> None:
    """Another specification was agreed on: what was still to be given back for the one before isn't any more."""
    for entry in list_of_case(case):
        if is_back(entry) and entry.state in TO_PAY:
            _cancel(entry)
    db.session.flush()


def _cancel(entry: MoneyEntry) -> None:
    if entry.kind in COUNTED:
        parts = [Worth(*part) for part in entry.lines]
        count_refunded(entry.shop_id, entry.order_id, entry.amount_fen, parts, -1, unshipped=False)
    entry.state = "cancelled"


def add_up_back(case: Case, states: Sequence[str]) -> int:
    """What a case gives back for cheaper specifications in payments of these states, 分."""
    made = list_of_case(case) if case.entry_count else ()
    return sum(entry.amount_fen for entry in made if is_back(entry) and entry.state in states)


def add_up(case: Case, kind: str, states: Sequence[str]) -> int:
    """The sum of a case's entries of one kind in these states, 分."""
    query = select(func.coalesce(func.sum(MoneyEntry.amount_fen), 0)).where(*of_case(case))
    return int(db.session.scalar(query.where(MoneyEntry.kind == kind, MoneyEntry.state.in_(states))) or 0)


def count_open(case: Case) -> int:
    """How many payments of a case are still open."""
    query = select(func.count()).where(*of_case(case), MoneyEntry.state.in_(OPEN))
    return int(db.session.scalar(query) or 0)


# The states of a case in which a payment can be recorded; elsewhere it waits for the goods or an answer.
PAYABLE = frozenset(step.source for step in flow.STEPS if step.name in ("settle_entry", "refund_ok"))
