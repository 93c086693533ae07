"""Effects of the steps on payments: price differences, refunds, the account they go to."""

from __future__ import annotations

from typing import Any

from portal.cases.effects.step import Doing, _effect
from portal.models import (
    MoneyEntry,
)
from portal.money import entries as money_entries
from portal.money import worth
from portal.money.accounts import consent as bank_accounts


@_effect("pay")
def _pay(doing: Doing) -> dict[str, Any]:
    reference = doing.values.get("reference", "")
    if not reference:
        raise doing.refuse("请填写付款的流水号,商家会核对")
    fen = worth.difference_on(doing.case.id, doing.case.order_id, accepted=True)
    money_entries.plan(
        doing.case,
        "difference",
        fen,
        key=f"difference:{doing.case.version}",
        at=doing.at,
        by=doing.by.user_id,
        reference=reference,
    )
    doing.data |= {"difference_fen": fen, "reference": reference}
    return {"entry_count": doing.case.entry_count + 1}


@_effect("waive")
def _waive(doing: Doing) -> dict[str, Any]:
    return {"difference_waived": True}


@_effect("confirm_payment")
def _confirm_payment(doing: Doing) -> dict[str, Any]:
    entry = money_entries.confirm_difference(doing.case, by=doing.by.user_id, at=doing.at)
    doing.data["difference_fen"] = entry.amount_fen
    return {}


@_effect("deny_payment")
def _deny_payment(doing: Doing) -> dict[str, Any]:
    money_entries.deny_difference(doing.case)
    return {}


def _entry(doing: Doing) -> int | None:
    entry_id = doing.values.get("entry_id")
    return int(entry_id) if entry_id else None


def _told(doing: Doing, entry: MoneyEntry) -> None:
    doing.data["money"] = [entry.kind, entry.amount_fen, entry.reference]


@_effect("approve_refund")
def _approve(doing: Doing) -> dict[str, Any]:
    _told(doing, money_entries.approve(doing.case, _entry(doing), by=doing.by.user_id or 0, at=doing.at))
    return {}


@_effect("settle_entry", "refund_ok")
def _settle(doing: Doing) -> dict[str, Any]:
    reference = doing.values.get("reference", "")
    way = doing.values.get("way", "")
    entry = money_entries.settle(
        doing.case, _entry(doing), reference=reference, by=doing.by.user_id, at=doing.at, way=way
    )
    _told(doing, entry)
    doing.data["way"] = entry.way
    return {}


@_effect("refund_fail")
def _fail(doing: Doing) -> dict[str, Any]:
    entry = money_entries.fail(doing.case, _entry(doing), problem=doing.note)
    _told(doing, entry)
    return {}


@_effect("retry")
def _retry(doing: Doing) -> dict[str, Any]:
    _told(doing, money_entries.retry(doing.case, _entry(doing), way=doing.values.get("way", "")))
    return {}


@_effect("ask_account")
def _ask_account(doing: Doing) -> dict[str, Any]:
    bank_accounts.ask(doing.case, doing.at)
    return {}


@_effect("give_account")
def _give_account(doing: Doing) -> dict[str, Any]:
    """Nothing of the account goes into the event: what was done is kept for ever, the account isn't."""
    account = doing.values.get("account")
    if not isinstance(account, bank_accounts.Account):
        raise doing.refuse("请填写收款人、开户行和账号")
    bank_accounts.give(doing.case, account, version=doing.values.get("consent", 0), at=doing.at)
    return {}


@_effect("decline_account")
def _decline_account(doing: Doing) -> dict[str, Any]:
    bank_accounts.decline(doing.case, doing.at)
    return {}


@_effect("withdraw_account")
def _withdraw_account(doing: Doing) -> dict[str, Any]:
    bank_accounts.withdraw(doing.case, doing.at)
    return {}
