"""Erasing bank accounts when their time is over, and sealing them with a new key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import BankAccount, BankConsent
from portal.money.accounts.consent import bind_consent, erase_account, open_account
from portal.money.accounts.keyring import get_keys, is_ready
from portal.money.encryption import NONCE_BYTES, STEP, TAG_BYTES, CannotOpen

ROTATE_BATCH = 100


def erase_due(now: datetime) -> int:
    """Erase the accounts whose time has come; returns how many. Safe to run twice at once."""
    due = select(BankAccount.id).where(BankAccount.erased_at.is_(None), BankAccount.erase_after <= now)
    waiting = db.session.scalar(due.limit(1))
    db.session.rollback()
    if waiting is None:
        return 0
    with writing():
        return erase_account(due, now)


def rotate_keys() -> Iterator[int]:
    """Seal every account with the newest key, some at a time; yields how many each time.

    What was interrupted goes on where it stood, two at once do each account once. Raises crypto.CannotOpen for an
    account whose key isn't known any more: nothing is lost by it, the key must come back.
    """
    keys = get_keys()
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
                about = bind_consent(row.case_id, row.entry_id, row.owner_id, row.consent_id)
                words = keys.open(row.key_id, row.sealed or b"", about)
                row.key_id, row.sealed = keys.seal(words, about)
            db.session.flush()
        if not rows:
            return
        yield len(rows)


def find_broken() -> Iterator[str]:
    """Accounts that nobody consented to, that should be erased, or that aren't sealed for where they stand."""
    now = clock.now()
    query = (
        select(BankAccount, BankConsent)
        .outerjoin(
            BankConsent, and_(BankConsent.id == BankAccount.consent_id, BankConsent.shop_id == BankAccount.shop_id)
        )
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
        elif is_ready():
            try:
                open_account(row)
            except CannotOpen as problem:
                yield f"{said}: can't be opened: {problem}"


def list_last_digits(shop_id: int, entry_ids: Sequence[int]) -> dict[int, str]:
    """The last four digits of the account that each of these payments goes to, where one was given."""
    if not entry_ids:
        return {}
    query = select(BankAccount.entry_id, BankAccount.last4).where(
        BankAccount.shop_id == shop_id, BankAccount.entry_id.in_(entry_ids), BankAccount.erased_at.is_(None)
    )
    return dict(db.session.execute(query).all())
