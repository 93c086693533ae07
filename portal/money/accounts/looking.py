"""Looking at a bank account in full: who may, why, how often, and the record of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, and_, select

from portal import inputs
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import BankAccount, BankView, Case, MoneyEntry, Shop, Staff
from portal.money.accounts.account_numbers import Account
from portal.money.accounts.consent import OPEN, log, open_account
from portal.notices import beside_steps

LOOKERS = ("owner", "finance")  # who may see a whole number
SEEN_FOR = timedelta(seconds=60)  # how long a look lasts


def list_looks(
    *, owner_id: int, case_id: int | None = None, before: int | None = None, most: int = 20
) -> Sequence[Row[int, str, str, str, datetime, str]]:
    """谁看过我的账号: one page of the looks at this buyer's accounts, the newest first, by key; ``most`` + 1 rows."""
    query = select(BankView.id, BankView.name, BankView.role, BankView.reason, BankView.at, Case.case_no).join(
        Case, and_(Case.id == BankView.case_id, Case.shop_id == BankView.shop_id)
    )
    query = query.where(BankView.owner_id == owner_id).order_by(BankView.id.desc()).limit(most + 1)
    if case_id is not None:
        query = query.where(BankView.case_id == case_id)
    if before is not None:
        query = query.where(BankView.id < before)
    return db.session.execute(query).all()


@dataclass(frozen=True)
class Look:
    """A look at a whole account: what is seen, and until when."""

    account: Account
    sound: bool
    until: datetime

    @property
    def grouped(self) -> str:
        """The number in groups of four, to read aloud."""
        digits = self.account.number
        return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


class LookEnded(StepRefused):
    """The minute is over; another look needs another reason."""


class NumberSaid(StepRefused):
    """The reason for a look says the number itself; it must not be shown again."""


def may_look(role: str) -> bool:
    """Whether this role of a shop may see whole account numbers."""
    return role in LOOKERS


def list_to_see(case: Case, entry_id: int | None = None) -> BankAccount | None:
    """The account of this case whose payment is still owed; None: there is nothing to see (any more).

    ``entry_id``: of this payment, when there are several; else of the newest.
    """
    query = (
        select(BankAccount)
        .join(MoneyEntry, and_(MoneyEntry.id == BankAccount.entry_id, MoneyEntry.shop_id == BankAccount.shop_id))
        .where(
            BankAccount.case_id == case.id,
            BankAccount.shop_id == case.shop_id,
            BankAccount.erased_at.is_(None),
            MoneyEntry.state.in_(OPEN),
        )
    )
    if entry_id is not None:
        query = query.where(BankAccount.entry_id == entry_id)
    newest = query.order_by(BankAccount.id.desc()).limit(1).execution_options(populate_existing=True)
    return db.session.scalars(newest).one_or_none()


def record_look(user_id: int, key: str, now: datetime) -> datetime | None:
    """Until when the look that this form began lasts; None when it began none. Raises LookEnded when it is over."""
    at = db.session.scalar(select(BankView.at).where(BankView.user_id == user_id, BankView.key == key))
    if at is None:
        return None
    if not timedelta() <= now - at < SEEN_FOR:
        raise LookEnded("这次查看已结束（只显示 60 秒），需要再看请重新填写原因")
    return at + SEEN_FOR


def look_at(
    case: Case,
    *,
    user_id: int,
    name: str,
    reason: str,
    key: str,
    now: datetime,
    entry_id: int | None = None,
    request_id: str = "",
) -> Look:
    """Show the whole account and note who saw it and why. The same ``key`` shows it again while the minute lasts.

    Raises StepRefused when the payment is no longer owed or this person may not, LookEnded after the minute.
    """
    role = db.session.scalar(select(Staff.role).where(Staff.user_id == user_id, Staff.shop_id == case.shop_id)) or ""
    if not may_look(role):
        raise StepRefused("只有店主或财务可以查看收款账户")
    row = list_to_see(case, entry_id)
    if row is None:
        raise StepRefused("退款已完成，或买家撤回了账户，不能再查看")
    account = open_account(row)
    until = record_look(user_id, key, now)
    if until is None:
        if not reason:
            raise StepRefused("请填写查看的原因，买家会看到")
        if account.number in "".join(char for char in inputs.fold(reason) if char.isdigit()):
            raise NumberSaid("原因里请不要写账号，买家和其他人会看到原因")
        until = now + SEEN_FOR
        db.session.add(
            BankView(
                shop_id=case.shop_id,
                account_id=row.id,
                case_id=case.id,
                owner_id=row.owner_id,
                user_id=user_id,
                name=name,
                role=role,
                reason=reason,
                key=key,
                at=now,
            )
        )
        db.session.flush()
        log.info(
            json.dumps(
                {
                    "at": now.isoformat(timespec="milliseconds"),
                    "event": "sensitive_read",
                    "what": "bank account",
                    "case": case.case_no,
                    "user": user_id,
                    "role": role,
                    "request_id": request_id,
                }
            )
        )
    return Look(account, row.sound, until)


def raise_alarm(case: Case, *, user_id: int, name: str, now: datetime) -> None:
    """Tell the shop's owner that somebody looks at accounts more often than usual; once an hour for each person."""
    owner_id = db.session.scalar(select(Shop.owner_id).where(Shop.id == case.shop_id))
    if owner_id is not None:
        beside_steps.tell_alarm(
            owner_id,
            shop_id=case.shop_id,
            title="查看收款账户过于频繁",
            at=now,
            dedupe_key=f"looks:{user_id}:{now:%Y%m%d%H}",
            body=f"{name} 在一小时内查看买家的完整收款账户超过 20 次，已暂停查看。如不是工作需要，请尽快核实。",
        )
