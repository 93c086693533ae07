"""Bank accounts: asked for, given with consent, declined, withdrawn."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, exists, select, text, update

from portal.extensions import db
from portal.flow import State, StepRefused
from portal.models import BankAccount, BankConsent, Case, MoneyEntry, Shop
from portal.money.accounts.account_numbers import Account
from portal.money.accounts.agreed_words import CONSENT
from portal.money.accounts.keyring import get_keys, is_ready, kept_for_days
from portal.talk import card_shapes

log = logging.getLogger("portal.security")


OPEN = ("waiting", "due", "failed")  # payments still owed


@dataclass(frozen=True)
class Known:
    """What a page of a case has read already: whether the shop asks for accounts, and those of the case."""

    shop_takes: bool
    accounts: Sequence[Any]


def collect_facts(case: Case, entries: Sequence[Any] | None = None, known: Known | None = None) -> dict[str, object]:
    """For conditions: whether the shop takes accounts, how far asking for one is, whether one is held.

    ``account``: "" not asked, asked, given, used (given, tried, and the payment failed again), declined. ``entries``
    and ``known``: those of the case, for a caller that has them already.
    """
    if entries is None:
        columns = select(MoneyEntry.id, MoneyEntry.state, MoneyEntry.route)
        entries = db.session.execute(
            columns.where(MoneyEntry.case_id == case.id, MoneyEntry.shop_id == case.shop_id)
        ).all()
    found: dict[str, object] = {}
    if case.state == State.REFUND_FAILED and is_ready():
        takes = known.shop_takes if known else db.session.scalar(select(Shop.bank_data).where(Shop.id == case.shop_id))
        found["takes_bank"] = bool(takes)
    if not find_request(entries):
        return found
    accounts = known.accounts if known else find_of_case(case)
    held = {row.entry_id: row for row in accounts if row.erased_at is None and row.entry_state in OPEN}
    found["account_held"] = bool(held)
    failed = next((entry for entry in entries if entry.state == "failed"), None)
    if case.state != State.REFUND_FAILED or failed is None or failed.route == "original":
        return found
    if failed.route == "bank":
        row = held.get(failed.id)
        found["account"] = "asked" if row is None else "used" if row.made_at < case.entered_at else "given"
    elif db.session.scalar(
        select(exists().where(BankConsent.entry_id == failed.id, BankConsent.shop_id == case.shop_id))
    ):
        found["account"] = "declined"
    return found


def find_request(entries: Sequence[Any]) -> bool:
    """Whether an account was ever asked for one of these payments."""
    return any(entry.route != "original" for entry in entries)


def find_failed_entry(case: Case) -> MoneyEntry:
    entry = db.session.scalars(
        select(MoneyEntry)
        .where(MoneyEntry.case_id == case.id, MoneyEntry.shop_id == case.shop_id, MoneyEntry.state == "failed")
        .order_by(MoneyEntry.id)
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if entry is None:
        raise StepRefused("没有失败的退款，页面显示的是最新状态")
    return entry


def ask_account(case: Case, at: datetime) -> MoneyEntry:
    """Ask the buyer for an account for the payment that failed; one that was tried already is erased."""
    entry = find_failed_entry(case)
    erase_account(
        select(BankAccount.id).where(BankAccount.entry_id == entry.id, BankAccount.shop_id == entry.shop_id), at
    )
    entry.route = "bank"
    db.session.flush()
    return entry


def give_account(case: Case, account: Account, *, version: int, at: datetime) -> BankAccount:
    """Keep the buyer's account for the payment that failed, and their consent. Raises StepRefused without a key.

    ``version`` is of the words that they agreed to, and must be the present one.
    """
    if version != CONSENT:
        raise StepRefused("授权说明已更新，请重新阅读并勾选同意")
    if not is_ready():
        raise StepRefused("现在不能保存收款账户，请联系商家用其他方式退款")
    entry = find_failed_entry(case)
    erase_account(
        select(BankAccount.id).where(BankAccount.entry_id == entry.id, BankAccount.shop_id == entry.shop_id), at
    )
    consent = BankConsent(
        shop_id=case.shop_id,
        case_id=case.id,
        entry_id=entry.id,
        owner_id=case.buyer_id,
        version=version,
        answer="yes",
        at=at,
    )
    entry.route = "bank"
    db.session.add(consent)
    db.session.flush()
    words = json.dumps([account.holder, account.bank, account.number], ensure_ascii=False)
    key_id, sealed = get_keys().seal(words, bind_consent(case.id, entry.id, case.buyer_id, consent.id))
    made = BankAccount(
        shop_id=case.shop_id,
        case_id=case.id,
        entry_id=entry.id,
        owner_id=case.buyer_id,
        consent_id=consent.id,
        key_id=key_id,
        sealed=sealed,
        last4=account.number[-4:],
        sound=card_shapes.passes_luhn(account.number),
        made_at=at,
    )
    db.session.add(made)
    db.session.flush()
    return made


def bind_consent(case_id: int, entry_id: int, owner_id: int, consent_id: int) -> str:
    """What an account is sealed for, so that it opens nowhere else."""
    return f"bank account of case {case_id}, payment {entry_id}, owner {owner_id}, consent {consent_id}"


def decline_account(case: Case, at: datetime) -> None:
    """The buyer gives no account: the shop finds another way. That they were asked, and their answer, is kept."""
    entry = find_failed_entry(case)
    entry.route = "offline"
    db.session.add(
        BankConsent(
            shop_id=case.shop_id,
            case_id=case.id,
            entry_id=entry.id,
            owner_id=case.buyer_id,
            version=CONSENT,
            answer="no",
            at=at,
        )
    )
    db.session.flush()


def withdraw_account(case: Case, at: datetime) -> None:
    """The buyer takes their consent back: the account is erased at once, the payment is still owed, another way."""
    held = (
        select(BankAccount.id, BankAccount.entry_id, BankAccount.consent_id)
        .join(MoneyEntry, and_(MoneyEntry.id == BankAccount.entry_id, MoneyEntry.shop_id == BankAccount.shop_id))
        .where(
            BankAccount.case_id == case.id,
            BankAccount.shop_id == case.shop_id,
            BankAccount.erased_at.is_(None),
            MoneyEntry.state.in_(OPEN),
        )
    )
    rows = db.session.execute(held).all()
    if not rows:
        raise StepRefused("没有保存您的收款账户，或退款已经完成")
    erase_account(select(BankAccount.id).where(BankAccount.id.in_([row.id for row in rows])), at)
    db.session.execute(
        update(BankConsent)
        .where(BankConsent.id.in_([row.consent_id for row in rows]), BankConsent.shop_id == case.shop_id)
        .values(withdrawn_at=at)
    )
    db.session.execute(
        update(MoneyEntry)
        .where(MoneyEntry.id.in_([row.entry_id for row in rows]), MoneyEntry.shop_id == case.shop_id)
        .values(route="offline")
    )


def follow_case(case: Case, at: datetime) -> None:
    """After a step of a case with payments: what is paid or no longer owed gets the date its account is erased after,
    and a payment tried again without the account that was asked for goes back the way it came."""
    of_case = select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.shop_id == case.shop_id)
    db.session.execute(
        update(BankAccount)
        .where(
            BankAccount.case_id == case.id,
            BankAccount.shop_id == case.shop_id,
            BankAccount.erased_at.is_(None),
            BankAccount.erase_after.is_(None),
            BankAccount.entry_id.in_(of_case.where(MoneyEntry.state.in_(("settled", "cancelled")))),
        )
        .values(erase_after=at + kept_for_days.get())
        .execution_options(synchronize_session=False)
    )
    held = exists().where(
        BankAccount.entry_id == MoneyEntry.id,
        BankAccount.shop_id == MoneyEntry.shop_id,
        BankAccount.erased_at.is_(None),
    )
    db.session.execute(
        update(MoneyEntry)
        .where(
            MoneyEntry.case_id == case.id,
            MoneyEntry.shop_id == case.shop_id,
            MoneyEntry.state == "due",
            MoneyEntry.route == "bank",
            ~held,
        )
        .values(route="original")
        .execution_options(synchronize_session=False)
    )


def find_of_case(
    case: Case,
) -> Sequence[Row[int, int, str, bool, datetime, datetime | None, datetime | None, str, int]]:
    """The accounts of a case, the newest first: their last four digits, whether and when they are erased."""
    return db.session.execute(_SHOWN.where(BankAccount.case_id == case.id, BankAccount.shop_id == case.shop_id)).all()


def list_of_owner(owner_id: int, most: int = 50) -> Sequence[Row[Any]]:
    """The newest accounts that this person has given, as ``of_case`` with the case's number."""
    query = _SHOWN.add_columns(Case.case_no, Case.goods).join(
        Case, and_(Case.id == BankAccount.case_id, Case.shop_id == BankAccount.shop_id)
    )
    return db.session.execute(query.where(BankAccount.owner_id == owner_id).limit(most)).all()


_SHOWN = (
    select(
        BankAccount.id,
        BankAccount.entry_id,
        BankAccount.last4,
        BankAccount.sound,
        BankAccount.made_at,
        BankAccount.erase_after,
        BankAccount.erased_at,
        MoneyEntry.state.label("entry_state"),
        MoneyEntry.amount_fen,
    )
    .join(MoneyEntry, and_(MoneyEntry.id == BankAccount.entry_id, MoneyEntry.shop_id == BankAccount.shop_id))
    .order_by(BankAccount.id.desc())
)


def last4(entry: MoneyEntry) -> str:
    """The last four digits of the account that this payment goes to, "" when there is none: for lists and exports."""
    return last4s(entry.shop_id, [entry.id]).get(entry.id, "")


def last4s(shop_id: int, entry_ids: Sequence[int]) -> dict[int, str]:
    """The same for many payments in one query, by their ids."""
    if not entry_ids:
        return {}
    query = select(BankAccount.entry_id, BankAccount.last4).where(
        BankAccount.shop_id == shop_id, BankAccount.entry_id.in_(entry_ids), BankAccount.erased_at.is_(None)
    )
    return {row.entry_id: row.last4 for row in db.session.execute(query)}


def open_account(row: BankAccount) -> Account:
    """Raises crypto.CannotOpen."""
    about = bind_consent(row.case_id, row.entry_id, row.owner_id, row.consent_id)
    words = get_keys().open(row.key_id, row.sealed or b"", about)
    holder, bank, digits = json.loads(words)
    return Account(holder, bank, digits)


def erase_account(which: Select[int], at: datetime) -> int:
    if db.session.get_bind().dialect.name == "sqlite":  # else the bytes stay in the file until they are used again
        db.session.execute(text("PRAGMA secure_delete=ON"))
    done = db.session.execute(
        update(BankAccount)
        .where(BankAccount.id.in_(which), BankAccount.erased_at.is_(None))
        .values(sealed=None, key_id="", last4="", erased_at=at)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    return int(done.rowcount)  # type: ignore[attr-defined]
