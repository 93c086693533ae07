"""收款账户 in the domain: only when 原路退回 failed, only with consent, erased in time, every look noted."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from portal import doctor
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import BankAccount, BankConsent, BankView, Case, CaseEvent, MoneyEntry, Notice, Shop, Staff
from portal.money import encryption
from portal.money.accounts import agreed_words, keyring
from portal.money.accounts import consent as bank_accounts
from portal.money.accounts import keeping as account_keeping
from portal.money.accounts import looking as account_looks
from portal.money.accounts.account_numbers import Account
from portal.money.encryption import CannotOpen
from tests.cast import Cast
from tests.conftest import BANK_KEYS

NUMBER = "6222021234567890128"
ACCOUNT = Account("李雯", "中国工商银行成都武侯支行", NUMBER)
GIVEN: dict[str, Any] = {"account": ACCOUNT, "consent": agreed_words.CONSENT}
MONTH = timedelta(days=30)


def takes_accounts(cast: Cast, on: bool = True) -> None:
    with writing():
        db.session.execute(update(Shop).where(Shop.id == cast.shop).values(bank_data=on))


def failed(cast: Cast) -> Case:
    """A refund that couldn't go back the way it came, of a shop that takes accounts."""
    takes_accounts(cast)
    return cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)


def asked(cast: Cast) -> Case:
    return cast.take(failed(cast), "ask_account", Actor.SELLER)


def given(cast: Cast) -> Case:
    return cast.take(asked(cast), "give_account", Actor.BUYER, **GIVEN)


def entry_of(case: Case) -> MoneyEntry:
    db.session.expire_all()
    return db.session.scalars(select(MoneyEntry).where(MoneyEntry.case_id == case.id)).one()


def account_of(case: Case) -> BankAccount:
    db.session.expire_all()
    newest = select(BankAccount).where(BankAccount.case_id == case.id).order_by(BankAccount.id.desc()).limit(1)
    return db.session.scalars(newest).one()


def sound() -> bool:
    return not [found for found in doctor.findings() if found]


def look(cast: Cast, case: Case, **changed: object) -> account_looks.Look:
    values: dict[str, object] = {
        "user_id": cast.seller,
        "name": "seller",
        "reason": "核对后转账",
        "key": "k1",
        "now": cast.now,
        **changed,
    }
    with writing():
        return account_looks.look_at(db.session.get_one(Case, case.id), **values)  # type: ignore[arg-type]


def test_from_the_failure_to_the_payment(cast_both: Cast) -> None:
    cast = cast_both
    case = given(cast)
    assert entry_of(case).route == "bank" and bank_accounts.last4(entry_of(case)) == "0128"
    row = account_of(case)
    assert row.sealed is not None and NUMBER.encode() not in row.sealed and "李雯".encode() not in row.sealed
    consent = db.session.get_one(BankConsent, row.consent_id)
    assert (consent.answer, consent.owner_id, consent.purpose) == ("yes", cast.buyer, "refund")
    assert consent.version == agreed_words.CONSENT
    seen = look(cast, case)
    assert seen.account == ACCOUNT and seen.until == cast.now + timedelta(seconds=60)
    case = cast.take(case, "retry", Actor.SELLER)
    assert look(cast, case, key="k2").account.number == NUMBER  # also while it is being paid
    case = cast.take(case, "refund_ok", Actor.SELLER, reference="20261124")
    assert case.state == "completed" and account_of(case).erase_after == cast.now + MONTH
    with pytest.raises(StepRefused, match="不能再查看"):
        look(cast, case, key="k3")
    said = str(db.session.execute(select(CaseEvent.note, CaseEvent.data)).all())
    said += str(db.session.execute(select(Notice.title, Notice.body)).all())
    assert "0128" not in said and "李雯" not in said.replace("['李雯'", "").replace("'李雯', '13425059650'", "")
    assert sound()


def test_another_account_is_another_way(cast_both: Cast) -> None:
    cast = cast_both
    later = cast.now + timedelta(hours=1)
    case = cast.take(cast.take(given(cast), "retry", Actor.SELLER), "refund_fail", Actor.SELLER, later, note="账号有误")
    assert (entry_of(case).tries, entry_of(case).way) == (2, "bank")
    with pytest.raises(StepRefused, match="换一种方式"):
        cast.take(case, "retry", Actor.SELLER, later)
    db.session.rollback()
    case = db.session.get_one(Case, (case.id, case.shop_id))
    case = cast.take(case, "give_account", Actor.BUYER, later + timedelta(hours=1), **GIVEN)
    case = cast.take(case, "retry", Actor.SELLER, later + timedelta(hours=2))
    assert case.state == "refunding" and entry_of(case).way == "bank"
    assert sound()


def test_only_for_a_refund_that_failed_and_a_shop_that_wants_it(cast: Cast) -> None:
    case = cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    with pytest.raises(StepRefused, match="没有开启收款账户"):
        cast.take(case, "ask_account", Actor.SELLER)
    takes_accounts(cast)
    with pytest.raises(StepRefused, match="没有请您填写"):
        cast.take(case, "give_account", Actor.BUYER, **GIVEN)
    with pytest.raises(StepRefused):
        cast.take(cast.until("refunding", case_type=CaseType.REFUND_ONLY), "ask_account", Actor.SELLER)
    case = cast.take(case, "ask_account", Actor.SELLER)
    with pytest.raises(StepRefused, match="已请买家填写"):  # asked once, not again and again
        cast.take(case, "ask_account", Actor.SELLER)
    takes_accounts(cast, on=False)
    with pytest.raises(StepRefused, match="没有开启收款账户"):
        cast.take(case, "give_account", Actor.BUYER, **GIVEN)
    case = cast.take(case, "retry", Actor.SELLER)  # a shop runs without bank data at all
    assert entry_of(case).route == "original"
    assert cast.take(case, "refund_ok", Actor.SELLER, reference="20261124").state == "completed"


def test_without_keys_nothing_is_asked(cast: Cast) -> None:
    case = failed(cast)
    keyring.set_keys(encryption.Keys(), MONTH)
    with pytest.raises(StepRefused, match="没有开启收款账户"):
        cast.take(case, "ask_account", Actor.SELLER)


def test_no_account_without_consent_to_the_present_words(cast_both: Cast) -> None:
    cast = cast_both
    case = asked(cast)
    for wrong in (GIVEN | {"consent": 0}, GIVEN | {"consent": 99}, {"consent": agreed_words.CONSENT}):
        with pytest.raises(StepRefused):
            cast.take(case, "give_account", Actor.BUYER, **wrong)
    assert not db.session.scalars(select(BankConsent)).all() and not db.session.scalars(select(BankAccount)).all()
    with pytest.raises(DBAPIError), writing():  # not even straight into the table
        entry = entry_of(case)
        db.session.execute(
            insert(BankAccount).values(
                case_id=case.id,
                entry_id=entry.id,
                owner_id=cast.buyer,
                consent_id=77,
                key_id="test",
                sealed=b"x",
                last4="0128",
                sound=True,
                made_at=cast.now,
            )
        )


def test_declining_still_leads_to_the_refund(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(asked(cast), "decline_account", Actor.BUYER)
    assert entry_of(case).route == "offline" and case.state == "refund_failed"
    assert db.session.scalars(select(BankConsent.answer)).all() == ["no"]
    with pytest.raises(StepRefused, match="选择不提供账户"):
        cast.take(case, "ask_account", Actor.SELLER)
    case = cast.take(case, "retry", Actor.SELLER)
    case = cast.take(case, "refund_ok", Actor.SELLER, reference="支付宝 20261124")
    assert (case.state, entry_of(case).state, entry_of(case).route) == ("completed", "settled", "offline")
    assert not db.session.scalars(select(BankAccount)).all() and sound()


def test_who_declined_may_change_their_mind(cast: Cast) -> None:
    case = cast.take(asked(cast), "decline_account", Actor.BUYER)
    cast.take(case, "give_account", Actor.BUYER, **GIVEN)
    assert entry_of(case).route == "bank" and sound()


@pytest.mark.parametrize("state", ["refund_failed", "refunding"])
def test_withdrawing_erases_at_once_and_the_refund_stays_owed(cast_both: Cast, state: str) -> None:
    cast = cast_both
    case = given(cast)
    look(cast, case)
    if state == "refunding":
        case = cast.take(case, "retry", Actor.SELLER)
    case = cast.take(case, "withdraw_account", Actor.BUYER)
    row = account_of(case)
    assert (case.state, row.sealed, row.last4, row.key_id) == (state, None, "", "") and row.erased_at == cast.now
    assert db.session.get_one(BankConsent, row.consent_id).withdrawn_at == cast.now
    assert entry_of(case).state in ("failed", "due") and entry_of(case).route == "offline"
    with pytest.raises(StepRefused, match="没有保存"):
        cast.take(case, "withdraw_account", Actor.BUYER)
    with pytest.raises(StepRefused):
        look(cast, case, key="k2")
    assert len(account_looks.list_looks(owner_id=cast.buyer, case_id=case.id)) == 1  # who saw it is still known
    if state == "refund_failed":
        case = cast.take(case, "retry", Actor.SELLER)
    assert cast.take(case, "refund_ok", Actor.SELLER, reference="线下 1").state == "completed" and sound()


def test_an_account_that_failed_is_erased_when_another_is_asked_for(cast: Cast) -> None:
    case = given(cast)
    with pytest.raises(StepRefused, match="请重新退款"):
        cast.take(case, "ask_account", Actor.SELLER)
    later = cast.now + timedelta(hours=2)
    case = cast.take(case, "retry", Actor.SELLER, later)
    case = cast.take(case, "refund_fail", Actor.SELLER, later, note="户名不符")
    case = cast.take(case, "ask_account", Actor.SELLER, later)
    assert account_of(case).erased_at == later
    other = Account("李雯", "招商银行", "6225880112345678")
    case = cast.take(case, "give_account", Actor.BUYER, later, account=other, consent=agreed_words.CONSENT)
    assert bank_accounts.last4(entry_of(case)) == "5678" and sound()


def test_erased_thirty_days_after_the_payment(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(given(cast), "retry", Actor.SELLER)
    case = cast.take(case, "refund_ok", Actor.SELLER, reference="20261124")
    assert account_keeping.erase_due(cast.now + MONTH - timedelta(seconds=1)) == 0
    assert account_keeping.erase_due(cast.now + MONTH) == 1 and account_keeping.erase_due(cast.now + MONTH) == 0
    row = account_of(case)
    assert (row.sealed, row.last4, row.erased_at) == (None, "", cast.now + MONTH)
    assert bank_accounts.last4(entry_of(case)) == "" and sound()
    assert db.session.scalars(select(BankConsent.answer)).all() == ["yes"]  # that there was consent is still known


def test_an_open_refund_keeps_its_account(cast: Cast) -> None:
    case = given(cast)
    assert account_keeping.erase_due(cast.now + timedelta(days=400)) == 0 and account_of(case).last4 == "0128"


def test_every_look_is_noted_for_ever(cast_both: Cast) -> None:
    cast = cast_both
    case = given(cast)
    look(cast, case)
    again = look(cast, case, now=cast.now + timedelta(seconds=59))  # the same form, within its minute
    assert again.until == cast.now + timedelta(seconds=60)
    with pytest.raises(account_looks.LookEnded):
        look(cast, case, now=cast.now + timedelta(seconds=60))
    look(cast, case, key="k2", reason="退款被银行退回,再核对", now=cast.now + timedelta(minutes=5))
    seen = account_looks.list_looks(owner_id=cast.buyer, case_id=case.id)
    assert [(row.name, row.role, row.reason) for row in seen] == [
        ("seller", "owner", "退款被银行退回,再核对"),
        ("seller", "owner", "核对后转账"),
    ]
    for statement in ("DELETE FROM bank_views", "UPDATE bank_views SET reason = ''", "DELETE FROM bank_consents"):
        with pytest.raises(DBAPIError), writing():
            db.session.execute(text(statement))


def test_who_may_not_look(cast: Cast) -> None:
    case = given(cast)
    with writing():
        db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role="agent"))
    for user_id in (cast.buyer2, cast.seller2, cast.buyer, cast.mediator):
        with pytest.raises(StepRefused, match="店主或财务"):
            look(cast, case, user_id=user_id)
    for reason in ("", f"转到 {NUMBER}", "转到 6222 0212 3456 7890 128"):
        with pytest.raises(StepRefused, match="原因"):
            look(cast, case, reason=reason)
    assert not db.session.scalars(select(BankView)).all()


def test_an_account_never_shows_itself() -> None:
    assert NUMBER not in repr(ACCOUNT) and "李雯" not in repr(ACCOUNT) and NUMBER not in repr({"account": ACCOUNT})


def test_words_that_were_agreed_to_never_change() -> None:
    digest = hashlib.sha256(repr(agreed_words.CONSENTS[1]).encode()).hexdigest()
    assert digest[:16] == "739c553bfd9fcabe"


def test_words_that_are_agreed_to_now_are_written_in_full_width() -> None:
    written = "".join(sentence for _, sentence in agreed_words.describe_consent())
    assert not set(written) & set(",;:!?()")


def test_changing_keys_is_interrupted_and_goes_on(cast_both: Cast) -> None:
    """2,000 accounts, one payment each; stopped twice on the way."""
    cast = cast_both
    case = given(cast)
    made = account_of(case)
    first = entry_of(case)
    first_id = first.id
    with writing():
        consents = db.session.get_one(BankConsent, made.consent_id)
        shared = {
            "shop_id": case.shop_id,
            "case_id": case.id,
            "owner_id": cast.buyer,
            "answer": "yes",
            "version": 1,
            "purpose": "refund",
        }
        owed = {
            "case_id": case.id,
            "order_id": first.order_id,
            "shop_id": first.shop_id,
            "kind": "freight",
            "state": "due",
            "amount_fen": 1,
            "lines": [],
            "route": "bank",
            "reference": "",
            "problem": "",
            "tries": 0,
            "made_at": cast.now,
        }
        entries = [owed | {"key": f"extra:{number}"} for number in range(1, 2000)]
        db.session.execute(insert(MoneyEntry), entries)
        ids = db.session.scalars(select(MoneyEntry.id).where(MoneyEntry.kind == "freight")).all()
        db.session.execute(insert(BankConsent), [{**shared, "entry_id": each, "at": cast.now} for each in ids])
        rows = db.session.execute(select(BankConsent.id, BankConsent.entry_id).where(BankConsent.id != consents.id))
        accounts = []
        for row in rows:
            about = bank_accounts.bind_consent(case.id, row.entry_id, cast.buyer, row.id)
            key_id, sealed = encryption.parse_keys(BANK_KEYS).seal(f'["甲","乙","{10**12 + row.id}"]', about)
            accounts.append(
                {
                    "shop_id": case.shop_id,
                    "case_id": case.id,
                    "entry_id": row.entry_id,
                    "owner_id": cast.buyer,
                    "consent_id": row.id,
                    "key_id": key_id,
                    "sealed": sealed,
                    "last4": f"{row.id % 10**4:04d}",
                    "sound": True,
                    "made_at": cast.now,
                }
            )
        db.session.execute(insert(BankAccount), accounts)
    new = encryption.make_key()
    new_id = new.partition(":")[0]
    keyring.set_keys(encryption.parse_keys(f"{new},{BANK_KEYS}"), MONTH)
    for stop in (1, 7):
        turning = account_keeping.rotate_keys()
        for _ in range(stop):
            next(turning)
        turning.close()  # type: ignore[attr-defined]
    left = len(db.session.scalars(select(BankAccount.id).where(BankAccount.key_id != new_id)).all())
    assert left == 2000 - 800
    assert sum(account_keeping.rotate_keys()) == left and sum(account_keeping.rotate_keys()) == 0
    keyring.set_keys(encryption.parse_keys(new), MONTH)  # the old one can go
    assert not list(account_keeping.find_broken())
    assert look(cast, case, entry_id=first_id).account == ACCOUNT


def test_doctor_finds_what_is_wrong(cast: Cast) -> None:
    case = given(cast)
    assert not list(account_keeping.find_broken())
    row = account_of(case)
    sealed = row.sealed

    def says(values: dict[str, object]) -> str:
        with writing():
            db.session.execute(update(BankAccount).where(BankAccount.id == row.id).values(**values))
        return "\n".join(account_keeping.find_broken())

    assert "isn't encrypted" in says({"sealed": NUMBER.encode()})
    assert "can't be opened" in says({"sealed": bytes(128)})
    assert "isn't known" in says({"sealed": sealed, "key_id": "gone"})
    assert "should have been erased" in says({"key_id": "test", "erase_after": cast.now - timedelta(days=3000)})
    assert says({"erase_after": None}) == ""
    with writing():
        db.session.execute(update(BankConsent).values(withdrawn_at=cast.now))
    assert "consent was withdrawn" in "\n".join(account_keeping.find_broken())
    with writing():
        db.session.execute(update(BankConsent).values(withdrawn_at=None, answer="no"))
    assert "no consent" in "\n".join(account_keeping.find_broken())


def test_a_row_moved_to_another_case_does_not_open(cast: Cast) -> None:
    one, other = account_of(given(cast)), account_of(given(cast))
    with writing():
        other = db.session.get_one(BankAccount, other.id)
        other.sealed, other.key_id = db.session.get_one(BankAccount, one.id).sealed, one.key_id
        case_id = other.case_id
    with pytest.raises(CannotOpen):
        look(cast, db.session.get_one(Case, case_id))


def test_the_clock_takes_over_while_nobody_answers(cast: Cast) -> None:
    """Asking doesn't stop the law's time: the platform comes in, and the buyer can still answer."""
    case = asked(cast)
    case_clock.sweep(cast.now + timedelta(days=8))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.escalated and case.state == "refund_failed"
    cast.take(case, "give_account", Actor.BUYER, cast.now + timedelta(days=8, hours=1), **GIVEN)
    assert entry_of(case).route == "bank" and sound()
