"""What a case owes in money: planned once, approved by a second person above a limit, settled, failed, tried again.

The portal keeps the record; the money itself moves outside it. Every plan has a key, so that planning twice gives the
same entry; what comes out of the price paid moves guarded counters on the order and its lines, never above what was
paid. Called inside ``writing()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, select, text, tuple_, update

from portal import flow, money
from portal.extensions import Moment, db
from portal.flow import StepRefused
from portal.inputs import money_text, quantity_text
from portal.models import Case, CaseLine, MoneyEntry, Order, OrderLine, Shop, Staff, User
from portal.models.money import OPEN_ENTRY

OPEN = ("waiting", "due", "failed")  # still to be paid to the buyer
COUNTED = ("refund", "difference_back")  # come out of what was paid for the order
APPROVERS = ("owner", "finance")


@dataclass(frozen=True)
class Worth:
    """What units of one order line are worth: 分, and how many of them are thereby refunded whole (thousandths)."""

    line_id: int
    fen: int
    milli: int


def worth(order_id: int, units: Sequence[tuple[int, int]], *, unshipped: bool = False) -> list[Worth]:
    """What can be refunded for ``units`` of (order line, thousandths): their share of what was paid, less refunds."""
    order = db.session.execute(
        select(Order.paid_fen, Order.freight_fen, Order.refunded_fen).where(Order.id == order_id)
    ).one()
    lines = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            OrderLine.refunded_fen,
            OrderLine.refunded_milli,
        )
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position, OrderLine.id)
    ).all()
    shared = money.shares(
        order.paid_fen,
        order.freight_fen,
        [(line.unit_price_fen, line.quantity_milli) for line in lines],
        unshipped=unshipped,
    )
    known = {line.id: (line, share) for line, share in zip(lines, shared, strict=True)}
    left = order.paid_fen - order.refunded_fen
    found = []
    for line_id, milli in units:
        line, share = known[line_id]
        whole = min(milli, line.quantity_milli - line.refunded_milli)
        fen = money.of_units(share, line.quantity_milli, line.refunded_milli, whole)
        fen = max(min(fen, share - line.refunded_fen, left), 0)
        left -= fen
        found.append(Worth(line_id, fen, whole))
    return found


def working(order_id: int, units: Sequence[tuple[int, int]], *, unshipped: bool = False) -> list[str]:
    """How ``worth`` comes to its sums: a sentence for each line, and one on the freight."""
    order = db.session.execute(
        select(Order.paid_fen, Order.freight_fen, Order.refunded_fen).where(Order.id == order_id)
    ).one()
    lines = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.title,
            OrderLine.unit,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            OrderLine.refunded_fen,
        )
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position, OrderLine.id)
    ).all()
    shared = money.shares(
        order.paid_fen,
        order.freight_fen,
        [(line.unit_price_fen, line.quantity_milli) for line in lines],
        unshipped=unshipped,
    )
    known = {line.id: (line, share) for line, share in zip(lines, shared, strict=True)}
    said = []
    for each in worth(order_id, units, unshipped=unshipped):
        line, share = known[each.line_id]
        asked = next(milli for line_id, milli in units if line_id == each.line_id)
        name = f"「{line.title}」" if len(units) > 1 else ""
        sentence = (
            f"{name}优惠后实付 {money_text(share)} 元,共 {quantity_text(line.quantity_milli)} {line.unit},"
            f"申请 {quantity_text(asked)} {line.unit},可退 {money_text(each.fen)} 元"
        )
        said.append(sentence + (f"(此前已退 {money_text(line.refunded_fen)} 元)" if line.refunded_fen else ""))
    if order.freight_fen:
        said.append(f"{'已含' if unshipped else '不含'}运费 {money_text(order.freight_fen)} 元")
    return said


def total(found: Sequence[Worth]) -> int:
    """The sum, 分."""
    return sum(each.fen for each in found)


def units_of(case_id: int, *, accepted: bool) -> list[tuple[int, int]]:
    """The units of a case by order line: what was accepted, or all that was asked for."""
    column = CaseLine.accepted_milli if accepted else CaseLine.quantity_milli
    rows = db.session.execute(
        select(CaseLine.order_line_id, column).where(CaseLine.case_id == case_id).order_by(CaseLine.order_line_id)
    ).all()
    return [(line_id, milli) for line_id, milli in rows if milli]


def difference_of(order_id: int, wanted: Sequence[tuple[int, int, int | None]]) -> int:
    """The price difference for (order line, thousandths, price of the replacement or None for the same), 分.

    Positive: the buyer pays; negative: he gets it back.
    """
    if not any(price is not None for _, _, price in wanted):
        return 0
    return sum(differences(order_id, wanted))


def differences(order_id: int, wanted: Sequence[tuple[int, int, int | None]]) -> list[int]:
    """The same for each of ``wanted`` by itself."""
    prices, paid, listed = _paid_for(order_id)
    return [
        0 if price is None else money.difference(prices[line_id].unit_price_fen, price, milli, paid, listed)
        for line_id, milli, price in wanted
    ]


def _paid_for(order_id: int) -> tuple[dict[int, Any], int, int]:
    """The lines of an order, what was paid for them all without the freight, and what they are listed at."""
    bought = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            OrderLine.unit,
            Order.paid_fen,
            Order.freight_fen,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.order_id == order_id)
    ).all()
    listed = sum(line.unit_price_fen * line.quantity_milli for line in bought) // 1000
    return {line.id: line for line in bought}, max(bought[0].paid_fen - bought[0].freight_fen, 0), listed


def difference_working(order_id: int, wanted: Sequence[tuple[int, int, int | None]]) -> list[str]:
    """How ``difference_of`` comes to its sum: a sentence for each line that gets another specification."""
    lines, paid, listed = _paid_for(order_id)
    said = []
    for (line_id, milli, price), fen in zip(wanted, differences(order_id, wanted), strict=True):
        if price is None:
            continue
        line = lines[line_id]
        rate = "" if paid == listed else f",按订单的实付比例 {money_text(paid)}/{money_text(listed)} 折算"
        said.append(
            f"新规格 {money_text(price)} 元,原规格 {money_text(line.unit_price_fen)} 元,"
            f"{quantity_text(milli)} {line.unit}{rate},{'补' if fen > 0 else '退'}差价 {money_text(abs(fen))} 元"
            if fen
            else f"新规格与原规格都是 {money_text(price)} 元,没有差价"
            if price == line.unit_price_fen
            else f"新规格 {money_text(price)} 元,原规格 {money_text(line.unit_price_fen)} 元{rate},差价不足 1 分"
        )
    return said


def difference_on(case_id: int, order_id: int, *, accepted: bool) -> int:
    """The price difference of a case, for what was accepted or for all that was asked for."""
    column = CaseLine.accepted_milli if accepted else CaseLine.quantity_milli
    rows = db.session.execute(
        select(CaseLine.order_line_id, column, CaseLine.wanted_price_fen).where(CaseLine.case_id == case_id)
    ).all()
    return difference_of(order_id, [(line_id, milli, price) for line_id, milli, price in rows])


# ---------------------------------------------------------------- planning


def plan(
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
    known = db.session.scalars(select(MoneyEntry).where(MoneyEntry.key == key)).one_or_none()
    if known is not None:
        return known
    if amount_fen < 0:
        raise StepRefused("金额不能小于 0")
    if kind in COUNTED:
        _count(case.order_id, amount_fen, parts, 1, unshipped=unshipped)
    second = kind != "difference" and _needs_second(case.shop_id, amount_fen, by)
    state = "declared" if kind == "difference" else "waiting" if second else "due"
    entry = MoneyEntry(
        case_id=case.id,
        order_id=case.order_id,
        shop_id=case.shop_id,
        kind=kind,
        state=state,
        amount_fen=amount_fen,
        lines=[[part.line_id, part.fen, part.milli] for part in parts] if kind in COUNTED else [],
        key=key,
        reference=reference,
        made_at=at,
        made_by=by,
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def _count(order_id: int, fen: int, parts: Sequence[Any], sign: int, *, unshipped: bool) -> None:
    """Move the counters of the order and its lines; the UPDATE's guard and the CHECK behind it have the last word."""
    for part in sorted(parts, key=lambda p: p.line_id):
        done = db.session.execute(
            update(OrderLine)
            .where(
                OrderLine.id == part.line_id,
                OrderLine.refunded_milli + sign * part.milli <= OrderLine.quantity_milli,
            )
            .values(
                refunded_fen=OrderLine.refunded_fen + sign * part.fen,
                refunded_milli=OrderLine.refunded_milli + sign * part.milli,
            )
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise StepRefused("这些商品已经退过款了,请刷新页面核对")
    done = db.session.execute(
        update(Order)
        .where(Order.id == order_id, Order.refunded_fen + sign * fen <= Order.paid_fen)
        .values(refunded_fen=Order.refunded_fen + sign * fen)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StepRefused("退款总额不能超过订单的实付款,请刷新页面核对")


def _needs_second(shop_id: int, fen: int, by: int | None) -> bool:
    """Whether a payment of ``fen`` that this person plans waits for another one. A shop of one has nobody to ask."""
    limit = db.session.scalar(select(Shop.approval_fen).where(Shop.id == shop_id))
    if limit is None or fen <= limit:
        return False
    roles: dict[int, str] = dict(
        db.session.execute(select(Staff.user_id, Staff.role).where(Staff.shop_id == shop_id)).all()
    )
    able = {user_id for user_id, role in roles.items() if role in APPROVERS}
    return bool(able - {by}) if by in roles else len(able) > 1


def parts_of(found: Sequence[Worth], amount_fen: int) -> list[Worth]:
    """``amount_fen`` shared over what the units are worth; less than all of it refunds no unit whole."""
    if amount_fen == total(found):
        return list(found)
    shared = money.split(amount_fen, [each.fen for each in found])
    return [Worth(each.line_id, fen, 0) for each, fen in zip(found, shared, strict=True)]


# ---------------------------------------------------------------- the life of an entry


def of_case(case_id: int) -> Sequence[MoneyEntry]:
    """All entries of a case, oldest first."""
    return db.session.scalars(select(MoneyEntry).where(MoneyEntry.case_id == case_id).order_by(MoneyEntry.id)).all()


def _moved(case: Case, entry_id: int | None, states: Sequence[str], **values: Any) -> MoneyEntry:
    """One entry of the case moved on by compare-and-set; without an id the only one there is in these states."""
    query = select(MoneyEntry).where(MoneyEntry.case_id == case.id, MoneyEntry.state.in_(states))
    if entry_id is not None:
        query = query.where(MoneyEntry.id == entry_id)
    found = db.session.scalars(query.order_by(MoneyEntry.id).execution_options(populate_existing=True)).all()
    if not found:
        raise StepRefused("这笔款项已经处理过了,页面显示的是最新状态")
    if len(found) > 1:
        raise StepRefused("请选择是哪一笔款项")
    done = db.session.execute(
        update(MoneyEntry)
        .where(MoneyEntry.id == found[0].id, MoneyEntry.state == found[0].state)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StepRefused("这笔款项已经处理过了,页面显示的是最新状态")
    db.session.expire(found[0])
    return found[0]


def approve(case: Case, entry_id: int | None, *, by: int, at: datetime) -> MoneyEntry:
    """A second person agrees to a payment. Raises StepRefused for the one who proposed it."""
    role = db.session.scalar(select(Staff.role).where(Staff.user_id == by, Staff.shop_id == case.shop_id))
    if role not in APPROVERS:
        raise StepRefused("复核退款需要店主或财务")
    entry = _moved(case, entry_id, ("waiting",), state="due", approved_at=at, approved_by=by)
    if entry.made_by == by:
        raise StepRefused("提出退款的人不能自己复核,请另一位同事处理")
    return entry


def settle(case: Case, entry_id: int | None, *, reference: str, by: int | None, at: datetime) -> MoneyEntry:
    """Record that it was paid, with the payment's own number. Nothing is paid twice: the second try is refused."""
    entry = _moved(case, entry_id, ("due",), state="settled", reference=reference, settled_at=at, settled_by=by)
    if not reference and entry.amount_fen:
        raise StepRefused("请填写付款的流水号,方便买家核对")
    return entry


def fail(case: Case, entry_id: int | None, *, problem: str) -> MoneyEntry:
    """Record that a payment didn't go through."""
    if not problem:
        raise StepRefused("请写明退款失败的原因")
    return _moved(case, entry_id, ("due",), state="failed", problem=problem, tries=MoneyEntry.tries + 1)


def retry(case: Case, entry_id: int | None) -> MoneyEntry:
    """Try again what failed, under the same key; it goes out again with the next list for the bank."""
    return _moved(case, entry_id, ("failed",), state="due", exported_at=None)


def confirm_difference(case: Case, *, by: int | None, at: datetime) -> MoneyEntry:
    """The shop has the difference that the buyer said he paid."""
    return _moved(case, None, ("declared",), state="settled", settled_at=at, settled_by=by)


def deny_difference(case: Case) -> MoneyEntry:
    """The shop hasn't got it."""
    return _moved(case, None, ("declared",), state="cancelled")


def cancel_open(case_id: int) -> None:
    """Nothing more is owed by this case: its open entries end, and what they counted is free again."""
    for entry in db.session.scalars(
        select(MoneyEntry).where(MoneyEntry.case_id == case_id, MoneyEntry.state.in_((*OPEN, "declared")))
    ).all():
        if entry.kind in COUNTED:
            parts = [Worth(*part) for part in entry.lines]
            _count(entry.order_id, entry.amount_fen, parts, -1, unshipped=False)
        entry.state = "cancelled"
    db.session.flush()


def paid_difference(case_id: int) -> int:
    """What the buyer has really paid for another specification, 分."""
    found = db.session.scalar(
        select(func.coalesce(func.sum(MoneyEntry.amount_fen), 0)).where(
            MoneyEntry.case_id == case_id, MoneyEntry.kind == "difference", MoneyEntry.state == "settled"
        )
    )
    return int(found or 0)


def standing(case_id: int, entries: Sequence[Any] | None = None) -> dict[str, Any]:
    """What conditions ask: how many entries are open or wait for a second person, whether a payment is declared.

    ``entries``: those of the case, for a caller that has them already.
    """
    if entries is None:
        states = list(db.session.scalars(select(MoneyEntry.state).where(MoneyEntry.case_id == case_id)))
    else:
        states = [entry.state for entry in entries]
    return {
        "open_entries": sum(state in OPEN for state in states),
        "waiting_entries": states.count("waiting"),
        "payment_declared": "declared" in states,
    }


# ---------------------------------------------------------------- the shop's list

PAGE = 40
RECENT = 100  # payments made: the last ones, of which the number and total are shown
TABS: dict[str, str] = {
    "due": "待付款",
    "waiting": "待复核",
    "failed": "付款失败",
    "declared": "买家已补差价",
    "settled": "已付清",
}
# The states of a case in which a payment can be recorded; elsewhere it waits for the goods or an answer.
PAYABLE = frozenset(step.source for step in flow.STEPS if step.name in ("settle_entry", "refund_ok"))

# Tables' own columns, not the entities' attributes: the same rows, without the work of the ORM on each.
_entry, _case, _order, _user = (table.__table__.c for table in (MoneyEntry, Case, Order, User))
_OPEN_IN_INDEX = text(f"money_entries.{OPEN_ENTRY}")
_ROW = (
    select(
        _entry.id,
        _entry.case_id,
        _entry.kind,
        _entry.state,
        _entry.amount_fen,
        _entry.key,
        _entry.route,
        _entry.reference,
        _entry.problem,
        _entry.tries,
        _entry.made_at,
        _entry.made_by,
        _entry.approved_at,
        _entry.settled_at,
        _entry.exported_at,
        _case.case_no,
        _case.type,
        _case.state.label("case_state"),
        _case.due_at,
        _case.due_rule,
        _case.escalated,
        _case.goods,
        _case.goods_state,
        _order.order_no,
        _user.member_name.label("buyer"),
    )
    .join(Case.__table__, _case.id == _entry.case_id)
    .join(Order.__table__, _order.id == _entry.order_id)
    .join(User.__table__, _user.id == _case.buyer_id)
)
_OF_SHOP = _ROW.where(_entry.shop_id == bindparam("shop_id"))
_OPEN_LIST = (
    _OF_SHOP.where(_OPEN_IN_INDEX, _entry.state == bindparam("state"))
    .order_by(_entry.made_at, _entry.id)
    .limit(PAGE + 1)
)
_PAID_LIST = _OF_SHOP.where(_entry.state == "settled").order_by(_entry.made_at.desc(), _entry.id.desc()).limit(PAGE + 1)
_KEY = tuple_(bindparam("at", type_=Moment()), bindparam("id"))
_LISTS = {
    (False, False): _OPEN_LIST,
    (False, True): _OPEN_LIST.where(tuple_(_entry.made_at, _entry.id) > _KEY),
    (True, False): _PAID_LIST,
    (True, True): _PAID_LIST.where(tuple_(_entry.made_at, _entry.id) < _KEY),
}
_ONE = _OF_SHOP.where(_entry.id == bindparam("entry_id"))
_OPEN_TOTALS = select(
    *(
        column
        for state in TABS
        if state != "settled"
        for column in (
            func.coalesce(func.sum(case((_entry.state == state, 1), else_=0)), 0),
            func.coalesce(func.sum(case((_entry.state == state, _entry.amount_fen), else_=0)), 0),
        )
    )
).where(_entry.shop_id == bindparam("shop_id"), _OPEN_IN_INDEX)
_PAID = (
    select(_entry.amount_fen)
    .where(_entry.shop_id == bindparam("shop_id"), _entry.state == "settled")
    .order_by(_entry.made_at.desc(), _entry.id.desc())
    .limit(RECENT)
    .subquery()
)
_PAID_TOTAL = select(func.count(), func.coalesce(func.sum(_PAID.c.amount_fen), 0)).select_from(_PAID)


def page_of(
    shop_id: int, tab: str, after: tuple[datetime, int] | None = None
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of a tab and the key the next one begins after: what has waited longest first, payments made last."""
    paid = tab == "settled"
    values: dict[str, Any] = {"shop_id": shop_id}
    if not paid:
        values["state"] = tab
    if after is not None:
        values["at"], values["id"] = after
    rows = db.session.execute(_LISTS[paid, after is not None], values).all()
    if len(rows) <= PAGE:
        return rows, None
    return rows[:PAGE], (rows[PAGE - 1].made_at, rows[PAGE - 1].id)


def one_of(shop_id: int, entry_id: int) -> Any | None:
    """One payment of this shop with what its case, order and buyer say; None for another shop's."""
    return db.session.execute(_ONE, {"shop_id": shop_id, "entry_id": min(entry_id, 2**62)}).one_or_none()


def totals(shop_id: int) -> dict[str, tuple[int, int]]:
    """How many payments and how much (分) stand on each tab; of those made only the last RECENT are counted."""
    found = db.session.execute(_OPEN_TOTALS, {"shop_id": shop_id}).one()
    open_tabs = [tab for tab in TABS if tab != "settled"]
    said = {tab: (int(found[2 * n]), int(found[2 * n + 1])) for n, tab in enumerate(open_tabs)}
    paid = db.session.execute(_PAID_TOTAL, {"shop_id": shop_id}).one()
    return said | {"settled": (int(paid[0]), int(paid[1]))}


def sums(order_id: int, entries: Sequence[Any], *, unshipped: bool) -> dict[int, list[str]]:
    """How each entry's amount came about, in sentences, by its id: the units' share of the price, or what was agreed.

    Empty for what is no share of the price paid. ``unshipped``: the freight that was paid goes back as well.
    """
    if not any(entry.lines for entry in entries):
        return {}
    rows = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.title,
            OrderLine.spec,
            OrderLine.unit,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            Order.paid_fen,
            Order.freight_fen,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position, OrderLine.id)
    ).all()
    shared = money.shares(
        rows[0].paid_fen,
        rows[0].freight_fen,
        [(row.unit_price_fen, row.quantity_milli) for row in rows],
        unshipped=unshipped,
    )
    known = {row.id: (row, share) for row, share in zip(rows, shared, strict=True)}
    return {entry.id: [_sum(*known[line], fen, milli) for line, fen, milli in entry.lines] for entry in entries}


def _sum(line: Any, share: int, fen: int, milli: int) -> str:
    """One line's part: 「袜子 黑色:10 双实付 125.00 元,退 2 双为 25.00 元」."""
    name, unit = f"{line.title} {line.spec}".strip(), line.unit
    bought = f"{name}:{quantity_text(line.quantity_milli)} {unit}实付 {money_text(share)} 元"
    if not milli:
        return f"{bought},按约定其中 {money_text(fen)} 元"
    exact = share * milli == fen * line.quantity_milli
    rounded = "" if exact else "(按分取整,最后一份取余数)"
    return f"{bought},退 {quantity_text(milli)} {unit}为 {money_text(fen)} 元{rounded}"


def most_of(case: Any) -> tuple[int, list[str]]:
    """The most that can be refunded for a case's units now, 分, and how it is worked out."""
    unshipped = case.goods_state == "unshipped"
    units = units_of(case.id, accepted=False)
    return total(worth(case.order_id, units, unshipped=unshipped)), working(case.order_id, units, unshipped=unshipped)


def names_of(entries: Sequence[Any]) -> dict[int, str]:
    """会员名 of who planned, approved and recorded these payments, by user id."""
    ids = {user for entry in entries for user in (entry.made_by, entry.approved_by, entry.settled_by) if user}
    if not ids:
        return {}
    return dict(db.session.execute(select(User.id, User.member_name).where(User.id.in_(ids))).all())
