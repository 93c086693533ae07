"""收款账户: the account a refund goes to when it can't go back the way it came. Asked for last, kept shortest.

Only a shop that wants to ask, only for a payment that failed, only with the buyer's own consent to words that are kept
by their version. The account is sealed (portal/crypto.py) for its case, payment, owner and consent; everywhere but on
one page only its last four digits are seen, whoever opens that page says why, and the buyer reads who did. It is erased
when consent is withdrawn, and some weeks after the payment. Called inside ``writing()`` but for what only reads.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select, text, update

from portal import cardnumbers, inputs, notifications
from portal.calendar import clock
from portal.crypto import NONCE_BYTES, STEP, TAG_BYTES, CannotOpen, Keys
from portal.extensions import PerApp, db, writing
from portal.flow import State, StepRefused
from portal.models import BankAccount, BankConsent, BankView, Case, MoneyEntry, Shop, Staff

log = logging.getLogger("portal.security")

OPEN = ("waiting", "due", "failed")  # payments still owed
LOOKERS = ("owner", "finance")  # who may see a whole number
SEEN_FOR = timedelta(seconds=60)  # how long a look lasts
LEAST_DIGITS, MOST_DIGITS = 8, 32
ROTATE_BATCH = 100

# What the buyer agrees to, by version. A version that somebody has agreed to is never changed; a new text is a new one.
CONSENTS: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (
        ("为什么需要", "退款按原支付方式退回没有成功,商家需要转账给您。银行账户是敏感个人信息,需要您单独同意。"),
        ("用来做什么", "只用于支付这一笔退款,不用于其他任何用途。"),
        ("谁能看到", "店主和财务重新验证身份、说明原因后可以查看;其他页面只显示后四位。谁在何时查看过,您都能看到。"),
        ("保存多久", "加密保存,付款完成或售后结束后 {days} 天内删除。"),
        ("您可以随时撤回", "付款之前撤回同意,账户立即删除,退款仍然有效。"),
        ("不同意也可以", "不提供账户不影响您得到退款,商家须与您约定其他退款方式。"),
    )
}
CONSENT = max(CONSENTS)

_keys: PerApp[Keys] = PerApp("bank_keys", Keys())
_kept_for: PerApp[timedelta] = PerApp("bank_days", timedelta(days=30))


def use_keys(keys: Keys, kept_for: timedelta) -> None:
    """The keys that seal and open, and how long an account is kept after its payment, from now on."""
    _keys.set(keys)
    _kept_for.set(kept_for)


def keys_in_force() -> Keys:
    """The keys that seal and open, the newest first."""
    return _keys.get()


def ready() -> bool:
    """Whether there is a key, without which no account can be taken."""
    return bool(keys_in_force())


def consent_said(version: int = CONSENT) -> list[tuple[str, str]]:
    """The words of the consent, as (heading, sentence)."""
    return [(term, said.format(days=_kept_for.get().days)) for term, said in CONSENTS[version]]


@dataclass(frozen=True)
class Account:
    """收款人, 开户行 and 账号. Nothing of it is in its repr, so that no log or traceback can show it."""

    holder: str = field(repr=False)
    bank: str = field(repr=False)
    number: str = field(repr=False)


def number(raw: object) -> str:
    """An account's digits. Raises InputRefused, whose sentence has none of them."""
    return inputs.digits(raw, least=LEAST_DIGITS, most=MOST_DIGITS)


# ---------------------------------------------------------------- what the flow asks


@dataclass(frozen=True)
class Known:
    """What a page of a case has read already: whether the shop asks for accounts, and those of the case."""

    shop_takes: bool
    accounts: Sequence[Any]


def facts(case: Any, entries: Sequence[Any] | None = None, known: Known | None = None) -> dict[str, Any]:
    """For conditions: whether the shop takes accounts, how far asking for one is, whether one is held.

    ``account``: "" not asked, asked, given, used (given, tried, and the payment failed again), declined. ``entries``
    and ``known``: those of the case, for a caller that has them already.
    """
    if entries is None:
        columns = select(MoneyEntry.id, MoneyEntry.state, MoneyEntry.route)
        entries = db.session.execute(columns.where(MoneyEntry.case_id == case.id)).all()
    found: dict[str, Any] = {}
    if case.state == State.REFUND_FAILED and ready():
        takes = known.shop_takes if known else db.session.scalar(select(Shop.bank_data).where(Shop.id == case.shop_id))
        found["takes_bank"] = bool(takes)
    if not was_asked(entries):
        return found
    accounts = known.accounts if known else of_case(case.id)
    held = {row.entry_id: row for row in accounts if row.erased_at is None and row.entry_state in OPEN}
    found["account_held"] = bool(held)
    failed = next((entry for entry in entries if entry.state == "failed"), None)
    if case.state != State.REFUND_FAILED or failed is None or failed.route == "original":
        return found
    if failed.route == "bank":
        row = held.get(failed.id)
        found["account"] = "asked" if row is None else "used" if row.made_at < case.entered_at else "given"
    elif db.session.scalar(select(exists().where(BankConsent.entry_id == failed.id))):
        found["account"] = "declined"
    return found


def was_asked(entries: Sequence[Any]) -> bool:
    """Whether an account was ever asked for one of these payments."""
    return any(entry.route != "original" for entry in entries)


def _failed(case: Case) -> MoneyEntry:
    entry = db.session.scalars(
        select(MoneyEntry)
        .where(MoneyEntry.case_id == case.id, MoneyEntry.state == "failed")
        .order_by(MoneyEntry.id)
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if entry is None:
        raise StepRefused("没有失败的退款,页面显示的是最新状态")
    return entry


def ask(case: Case, at: datetime) -> MoneyEntry:
    """Ask the buyer for an account for the payment that failed; one that was tried already is erased."""
    entry = _failed(case)
    _erase(select(BankAccount.id).where(BankAccount.entry_id == entry.id), at)
    entry.route = "bank"
    db.session.flush()
    return entry


def give(case: Case, account: Account, *, version: int, at: datetime) -> BankAccount:
    """Keep the buyer's account for the payment that failed, and his consent. Raises StepRefused without a key.

    ``version`` is of the words that he agreed to, and must be the present one.
    """
    if version != CONSENT:
        raise StepRefused("授权说明已更新,请重新阅读并勾选同意")
    if not ready():
        raise StepRefused("现在不能保存收款账户,请联系商家用其他方式退款")
    entry = _failed(case)
    _erase(select(BankAccount.id).where(BankAccount.entry_id == entry.id), at)
    consent = BankConsent(
        case_id=case.id, entry_id=entry.id, owner_id=case.buyer_id, version=version, answer="yes", at=at
    )
    entry.route = "bank"
    db.session.add(consent)
    db.session.flush()
    words = json.dumps([account.holder, account.bank, account.number], ensure_ascii=False)
    key_id, sealed = keys_in_force().seal(words, _about(case.id, entry.id, case.buyer_id, consent.id))
    made = BankAccount(
        case_id=case.id,
        entry_id=entry.id,
        owner_id=case.buyer_id,
        consent_id=consent.id,
        key_id=key_id,
        sealed=sealed,
        last4=account.number[-4:],
        sound=cardnumbers.sound(account.number),
        made_at=at,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _about(case_id: int, entry_id: int, owner_id: int, consent_id: int) -> str:
    """What an account is sealed for, so that it opens nowhere else."""
    return f"bank account of case {case_id}, payment {entry_id}, owner {owner_id}, consent {consent_id}"


def decline(case: Case, at: datetime) -> None:
    """The buyer gives no account: the shop finds another way. That he was asked, and his answer, is kept."""
    entry = _failed(case)
    entry.route = "offline"
    db.session.add(
        BankConsent(case_id=case.id, entry_id=entry.id, owner_id=case.buyer_id, version=CONSENT, answer="no", at=at)
    )
    db.session.flush()


def withdraw(case: Case, at: datetime) -> None:
    """The buyer takes his consent back: the account is erased at once, the payment is still owed, another way."""
    held = (
        select(BankAccount.id, BankAccount.entry_id, BankAccount.consent_id)
        .join(MoneyEntry, MoneyEntry.id == BankAccount.entry_id)
        .where(BankAccount.case_id == case.id, BankAccount.erased_at.is_(None), MoneyEntry.state.in_(OPEN))
    )
    rows = db.session.execute(held).all()
    if not rows:
        raise StepRefused("没有保存您的收款账户,或退款已经完成")
    _erase(select(BankAccount.id).where(BankAccount.id.in_([row.id for row in rows])), at)
    db.session.execute(
        update(BankConsent).where(BankConsent.id.in_([row.consent_id for row in rows])).values(withdrawn_at=at)
    )
    db.session.execute(
        update(MoneyEntry).where(MoneyEntry.id.in_([row.entry_id for row in rows])).values(route="offline")
    )


def follow(case_id: int, at: datetime) -> None:
    """After a step of a case with payments: what is paid or no longer owed gets the date its account is erased after,
    and a payment tried again without the account that was asked for goes back the way it came."""
    of_case = select(MoneyEntry.id).where(MoneyEntry.case_id == case_id)
    db.session.execute(
        update(BankAccount)
        .where(
            BankAccount.case_id == case_id,
            BankAccount.erased_at.is_(None),
            BankAccount.erase_after.is_(None),
            BankAccount.entry_id.in_(of_case.where(MoneyEntry.state.in_(("settled", "cancelled")))),
        )
        .values(erase_after=at + _kept_for.get())
        .execution_options(synchronize_session=False)
    )
    held = exists().where(BankAccount.entry_id == MoneyEntry.id, BankAccount.erased_at.is_(None))
    db.session.execute(
        update(MoneyEntry)
        .where(MoneyEntry.case_id == case_id, MoneyEntry.state == "due", MoneyEntry.route == "bank", ~held)
        .values(route="original")
        .execution_options(synchronize_session=False)
    )


# ---------------------------------------------------------------- what pages show


def of_case(case_id: int) -> Sequence[Any]:
    """The accounts of a case, the newest first: their last four digits, whether and when they are erased."""
    return db.session.execute(_SHOWN.where(BankAccount.case_id == case_id)).all()


def of_owner(owner_id: int, most: int = 50) -> Sequence[Any]:
    """The newest accounts that this person has given, as ``of_case`` with the case's number."""
    query = _SHOWN.add_columns(Case.case_no, Case.goods).join(Case, Case.id == BankAccount.case_id)
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
    .join(MoneyEntry, MoneyEntry.id == BankAccount.entry_id)
    .order_by(BankAccount.id.desc())
)


def looks(*, owner_id: int, case_id: int | None = None, before: int | None = None, most: int = 20) -> Sequence[Any]:
    """谁看过我的账号: one page of the looks at this buyer's accounts, the newest first, by key; ``most`` + 1 rows."""
    query = select(BankView.id, BankView.name, BankView.role, BankView.reason, BankView.at, Case.case_no).join(
        Case, Case.id == BankView.case_id
    )
    query = query.where(BankView.owner_id == owner_id).order_by(BankView.id.desc()).limit(most + 1)
    if case_id is not None:
        query = query.where(BankView.case_id == case_id)
    if before is not None:
        query = query.where(BankView.id < before)
    return db.session.execute(query).all()


def last4(entry: Any) -> str:
    """The last four digits of the account that this payment goes to, "" when there is none: for lists and exports."""
    return last4s([entry.id]).get(entry.id, "")


def last4s(entry_ids: Sequence[int]) -> dict[int, str]:
    """The same for many payments in one query, by their ids."""
    if not entry_ids:
        return {}
    query = select(BankAccount.entry_id, BankAccount.last4).where(
        BankAccount.entry_id.in_(entry_ids), BankAccount.erased_at.is_(None)
    )
    return {row.entry_id: row.last4 for row in db.session.execute(query)}


# ---------------------------------------------------------------- seeing the whole number


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


def to_see(case: Case, entry_id: int | None = None) -> BankAccount | None:
    """The account of this case whose payment is still owed; None: there is nothing to see (any more).

    ``entry_id``: of this payment, when there are several; else of the newest.
    """
    query = (
        select(BankAccount)
        .join(MoneyEntry, MoneyEntry.id == BankAccount.entry_id)
        .where(BankAccount.case_id == case.id, BankAccount.erased_at.is_(None), MoneyEntry.state.in_(OPEN))
    )
    if entry_id is not None:
        query = query.where(BankAccount.entry_id == entry_id)
    newest = query.order_by(BankAccount.id.desc()).limit(1).execution_options(populate_existing=True)
    return db.session.scalars(newest).one_or_none()


def looked(user_id: int, key: str, now: datetime) -> datetime | None:
    """Until when the look that this form began lasts; None when it began none. Raises LookEnded when it is over."""
    at = db.session.scalar(select(BankView.at).where(BankView.user_id == user_id, BankView.key == key))
    if at is None:
        return None
    if not timedelta() <= now - at < SEEN_FOR:
        raise LookEnded("这次查看已结束(只显示 60 秒),需要再看请重新填写原因")
    return at + SEEN_FOR


def look(
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
    row = to_see(case, entry_id)
    if row is None:
        raise StepRefused("退款已完成,或买家撤回了账户,不能再查看")
    account = _opened(row)
    until = looked(user_id, key, now)
    if until is None:
        if not reason:
            raise StepRefused("请填写查看的原因,买家会看到")
        if account.number in "".join(char for char in inputs.fold(reason) if char.isdigit()):
            raise NumberSaid("原因里请不要写账号,买家和其他人会看到原因")
        until = now + SEEN_FOR
        db.session.add(
            BankView(
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


def _opened(row: BankAccount) -> Account:
    """Raises crypto.CannotOpen."""
    about = _about(row.case_id, row.entry_id, row.owner_id, row.consent_id)
    words = keys_in_force().open(row.key_id, row.sealed or b"", about)
    holder, bank, digits = json.loads(words)
    return Account(holder, bank, digits)


def alarm(case: Case, *, user_id: int, name: str, now: datetime) -> None:
    """Tell the shop's owner that somebody looks at accounts more often than usual; once an hour for each person."""
    owner_id = db.session.scalar(select(Shop.owner_id).where(Shop.id == case.shop_id))
    if owner_id is not None:
        notifications.tell_alarm(
            owner_id,
            title="查看收款账户过于频繁",
            at=now,
            dedupe_key=f"looks:{user_id}:{now:%Y%m%d%H}",
            body=f"{name} 在一小时内查看买家的完整收款账户超过 20 次,已暂停查看。如不是工作需要,请尽快核实。",
        )


# ---------------------------------------------------------------- keeping no longer than needed, and changing keys


def _erase(which: Any, at: datetime) -> int:
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


def erase_due(now: datetime) -> int:
    """Erase the accounts whose time has come; returns how many. Safe to run twice at once."""
    due = select(BankAccount.id).where(BankAccount.erased_at.is_(None), BankAccount.erase_after <= now)
    waiting = db.session.scalar(due.limit(1))
    db.session.rollback()
    if waiting is None:
        return 0
    with writing():
        return _erase(due, now)


def rotate() -> Iterator[int]:
    """Seal every account with the newest key, some at a time; yields how many each time.

    What was interrupted goes on where it stood, two at once do each account once. Raises crypto.CannotOpen for an
    account whose key isn't known any more: nothing is lost by it, the key must come back.
    """
    keys = keys_in_force()
    newest = keys.newest
    while True:
        with writing():
            rows = db.session.scalars(
                select(BankAccount)
                .where(BankAccount.erased_at.is_(None), BankAccount.key_id != newest)
                .order_by(BankAccount.id)
                .limit(ROTATE_BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                about = _about(row.case_id, row.entry_id, row.owner_id, row.consent_id)
                words = keys.open(row.key_id, row.sealed or b"", about)
                row.key_id, row.sealed = keys.seal(words, about)
            db.session.flush()
        if not rows:
            return
        yield len(rows)


def broken() -> Iterator[str]:
    """Accounts that nobody consented to, that should be erased, or that aren't sealed for where they stand."""
    now = clock.now()
    query = (
        select(BankAccount, BankConsent)
        .outerjoin(BankConsent, BankConsent.id == BankAccount.consent_id)
        .order_by(BankAccount.id)
        .execution_options(yield_per=200)
    )
    for row, consent in db.session.execute(query):
        said = f"account {row.id} of case {row.case_id}"
        same = consent is not None and (consent.entry_id, consent.owner_id) == (row.entry_id, row.owner_id)
        if not same or consent.answer != "yes":
            yield f"{said}: no consent"
        if row.erased_at is not None:
            continue
        if consent is not None and consent.withdrawn_at is not None:
            yield f"{said}: consent was withdrawn"
        if row.erase_after is not None and row.erase_after < now - timedelta(days=1):
            yield f"{said}: should have been erased"
        sealed = row.sealed or b""
        if len(sealed) < NONCE_BYTES + TAG_BYTES or len(sealed) % STEP:
            yield f"{said}: isn't encrypted"
        elif ready():
            try:
                _opened(row)
            except CannotOpen as problem:
                yield f"{said}: can't be opened: {problem}"
