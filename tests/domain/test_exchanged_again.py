"""再次售后 of goods that came in an exchange: they are worth what their buyer paid for them in the end.

The test keeps its own account of what went both ways, from prices alone; the payments are only read and added up.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from portal import doctor
from portal.cases import child_cases, stakes
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.inputs import money_text
from portal.models import Case, CaseLine, MoneyEntry, Order
from tests.cast import PARCELS, Cast
from tests.domain.test_other_prices import inspect, pay, ship_out, terms

BUYER, SELLER = Actor.BUYER, Actor.SELLER
SIGNS = {"difference": 1, "difference_back": -1, "difference_return": -1, "refund": -1}
PRICE, BOUGHT = 1_550, 5
EXTRAS = (-133, None, 133, 700)
THIRDS = (None, -200, -50, 50, 300)
_numbers = itertools.count(2026112400001)


def balance(order_id: int) -> int:
    """What the buyer has paid beside the order once everything planned is paid, 分; minus: got back."""
    rows = db.session.execute(
        select(MoneyEntry.kind, func.sum(MoneyEntry.amount_fen))
        .where(MoneyEntry.order_id == order_id, MoneyEntry.state != "cancelled")
        .group_by(MoneyEntry.kind)
    ).all()
    db.session.rollback()
    return sum(SIGNS[kind] * int(fen) for kind, fen in rows)


@dataclass
class Account:
    """One order of five units, and what is done with the first of them: unit by unit, what is paid for it in the end.

    ``paid_fen``: for all five; what they are listed at is more where the order has a discount.
    """

    cast: Cast
    paid_fen: int
    units: int
    extra: int = 0  # of the goods that the buyer has, above what they bought, as listed
    net: int = 0  # paid for that by the buyer beside the order, 分
    order_id: int = 0
    log: list[str] = field(default_factory=list)

    def open(self, extra: int | None) -> Case:
        listed = PRICE * BOUGHT
        order = self.cast.order(
            milli=BOUGHT * 1_000,
            price_fen=PRICE,
            freight_fen=300,
            goods_total_fen=listed,
            adjustment_fen=self.paid_fen - listed,
            paid_fen=self.paid_fen + 300,
        )
        self.order_id = order.id
        self.exchange(extra, self.units)
        return inspect(self.cast, self.cast.open_case(order, milli=self.units * 1_000, dearer=extra), tell_number())

    def exchange(self, extra: int | None, units: int) -> int:
        """The difference for other goods; rounded towards nothing. None: the same."""
        if extra is None:
            return 0
        plain = (extra - self.extra) * units
        fen = abs(plain) * self.paid_fen // (PRICE * BOUGHT) * (1 if plain > 0 else -1)
        self.extra, self.net = extra, self.net + fen
        return fen

    @property
    def share(self) -> int:
        return self.paid_fen * self.units // BOUGHT

    def check(self, expected: int, slack: int = 0) -> None:
        found = balance(self.order_id)
        assert abs(found - expected) <= slack, (found, expected, self.log)
        order = db.session.get_one(Order, self.order_id, populate_existing=True)
        assert 0 <= order.refunded_fen <= self.paid_fen, self.log
        db.session.rollback()


def tell_number() -> str:
    return str(next(_numbers))


def settle(cast: Cast, case: Case) -> Case:
    """All that is owed is paid, one by one."""
    while case.state == "refunding":
        due = select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due")
        entries = db.session.scalars(due.order_by(MoneyEntry.id)).all()
        step = "refund_ok" if len(entries) == 1 else "settle_entry"
        case = cast.take(case, step, SELLER, reference=tell_number(), entry_id=entries[0])
    return case


def pay_back(cast: Cast, case: Case) -> Case:
    """What an exchange gives back is paid before its goods are sent."""
    due = select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due")
    entry_id = db.session.scalar(due)
    if entry_id is None:
        return case
    return cast.take(case, "settle_entry", SELLER, reference=tell_number(), entry_id=entry_id)


def complain(cast: Cast, case: Case, wanted: CaseType, units: int, *, done: bool) -> Case:
    """What came is wrong once more: before it is confirmed, or after."""
    photos = cast.photos(1, cast.buyer)
    if not done:
        case = cast.take(
            case, "replacement_defective", BUYER, type=wanted, kind="defect", note="还是坏的", photos=photos
        )
        return db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    case = settle(cast, cast.take(case, "confirm", BUYER)) if case.state == "confirming" else case
    line = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).one()
    with writing():
        found = child_cases.open_again(
            case.id,
            by=cast.by(BUYER),
            kind="defect",
            case_type=wanted,
            units={line: units * 1_000},
            note="还是坏的",
            photos=photos,
            now=cast.now,
        ).id
    return db.session.get_one(Case, found)


def receive(cast: Cast, case: Case) -> Case:
    case = cast.take(case, "agree", SELLER)
    return cast.take(case, "ship_return", BUYER, parcels=PARCELS)


def give_back(cast: Cast, case: Case) -> Case:
    """The goods come back and are refunded, with what the page said before."""
    case = receive(cast, case)
    before, change = balance(case.order_id), stakes.foresee(case, "accept_goods")
    assert change is not None
    case = cast.take(case, "accept_goods", SELLER, shown=change.mark)
    assert change.after.refund_fen == before - balance(case.order_id), change
    more = db.session.scalars(
        select(MoneyEntry.amount_fen).where(MoneyEntry.case_id == case.id, MoneyEntry.kind == "difference_return")
    ).all()
    said = [f"（含换货时补的差价 {money_text(sum(more))} 元）" in each for each in change.before.working]
    assert any(said) == bool(more), (more, change)
    return settle(cast, case)


def exchange_again(account: Account, case: Case, third: int | None, units: int) -> Case:
    cast = account.cast
    case = receive(cast, case)
    if third is None:
        return cast.take(case, "accept_goods", SELLER)
    case = cast.take(case, "accept_goods", SELLER)
    case = cast.take(case, "propose_other_sku", SELLER, terms=terms(case, third))
    change = stakes.foresee(case, "accept_diff")
    more = account.exchange(third, units)
    step = "accept_diff" if change is not None and change.after.difference_fen > 0 else "accept_reship"
    change = stakes.foresee(case, step)
    case = cast.take(case, step, BUYER, shown="" if change is None else change.mark)
    assert (case.state == "paying") == (more > 0) or not more, account.log
    return pay(cast, case, tell_number()) if case.state == "paying" else case


def run_chain(cast: Cast, seed: int) -> None:
    draw = random.Random(seed)
    account = Account(cast, draw.choice((PRICE * BOUGHT, 7_000, 6_997)), draw.randint(1, 3))
    extra, third = draw.choice(EXTRAS), draw.choice(THIRDS)
    early, done, again, later = (draw.random() < 0.5 for _ in range(4))
    account.log.append(
        f"{seed=} {account.paid_fen=} {account.units=} {extra=} {third=} {early=} {done=} {again=} {later=}"
    )
    case = account.open(extra)
    if early:
        case = pay_back(cast, case)
    case = ship_out(cast, case)
    account.check(account.net)
    if again:
        case = complain(cast, case, CaseType.EXCHANGE, account.units, done=done)
        owed = 0 if done or early else min(account.net, 0)
        account.check(account.net - owed)
        assert case.difference_fen == owed, account.log
        case = exchange_again(account, case, third, account.units)
        account.check(account.net, slack=1)
        account.net = balance(account.order_id)
        case = ship_out(cast, case)
        done = later
        account.check(account.net)
    parts = [1] * account.units if done else [account.units]
    returned = 0
    for part in parts:
        back = complain(cast, case, CaseType.RETURN_REFUND, part, done=done)
        back = give_back(cast, back)
        returned += part
        exact = account.net - (account.share + account.net) * returned // account.units
        account.check(exact, slack=2 * len(parts))
        case = db.session.get_one(Case, case.id, populate_existing=True)
    account.check(-account.share, slack=1)
    rest = BOUGHT - account.units
    case = cast.open_case(
        db.session.get_one(Order, account.order_id), milli=rest * 1_000, case_type=CaseType.RETURN_REFUND
    )
    give_back(cast, case)
    account.check(-account.paid_fen)


@pytest.mark.parametrize("first", range(0, 16, 4))
def test_goods_of_an_exchange_are_worth_what_was_paid_for_them(cast: Cast, first: int) -> None:
    for seed in range(first, first + 4):
        run_chain(cast, seed)
    assert not any(doctor.findings()), doctor.findings()
