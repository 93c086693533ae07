"""Effects of the steps on payments: price differences, refunds, the account they go to."""

from __future__ import annotations

from portal.calendar.lengths import get_deadline
from portal.cases import expected
from portal.cases.effects.hand_ins import DeclaredPayment, EntryChoice, GivenAccount, HandIn
from portal.cases.effects.step_context import StepContext, effect
from portal.flow import State
from portal.models import (
    MoneyEntry,
)
from portal.money import arrivals, differences, given_numbers
from portal.money import entries as money_entries
from portal.money.accounts import consent as bank_accounts


@effect("pay", takes=DeclaredPayment)
def declare_payment(context: StepContext[DeclaredPayment]) -> dict[str, object]:
    reference = context.handed.reference
    if not reference:
        raise context.refuse("请填写付款的流水号，商家会核对")
    if odd := given_numbers.find_oddity_of(context.case, reference):
        raise context.refuse(odd)
    fen = expected.expect_payment(context.case)
    money_entries.plan_entry(
        context.case,
        "difference",
        fen,
        key=f"difference:{context.case.version}",
        at=context.at,
        by=context.by.user_id,
        reference=reference,
    )
    context.data |= {"difference_fen": fen, "reference": reference}
    return {"payment_claim": "", "claimed_at": None, "entry_count": context.case.entry_count + 1}


@effect("waive")
def waive_difference(context: StepContext[HandIn]) -> dict[str, object]:
    return {"difference_waived": True}


@effect("confirm_payment")
def confirm_payment(context: StepContext[HandIn]) -> dict[str, object]:
    entry = differences.confirm_difference(context.case, by=context.by.user_id, at=context.at)
    context.data["difference_fen"] = entry.amount_fen
    return give_back(context, entry.amount_fen) if context.case.state == State.REFUNDING else {}


def give_back(context: StepContext[HandIn], fen: int) -> dict[str, object]:
    """No case goes on with the difference that has come: it goes back to the buyer, with a day for it at least."""
    money_entries.plan_entry(
        context.case,
        "difference_return",
        fen,
        key=f"difference_return:{context.case.version}",
        at=context.at,
        by=context.by.user_id,
    )
    return {
        "entry_count": context.case.entry_count + 1,
        "origin": {"converted": True},
        "payment_claim": "",
        "claimed_at": None,
        "not_before": context.at + get_deadline("least_left"),
    }


@effect("deny_payment")
def deny_payment(context: StepContext[HandIn]) -> dict[str, object]:
    """The shop says that the difference hasn't come: what the buyer declared is cancelled."""
    tell_payment(context, differences.deny_difference(context.case))
    return {"payment_claim": "denied", "claimed_at": context.at}


def tell_payment(context: StepContext[HandIn], entry: MoneyEntry) -> None:
    context.data["money"] = [entry.kind, entry.amount_fen, entry.reference]


@effect("approve_refund", takes=EntryChoice)
def approve(context: StepContext[EntryChoice]) -> dict[str, object]:
    tell_payment(
        context,
        money_entries.approve_entry(context.case, context.handed.entry_id, by=context.by.user_id or 0, at=context.at),
    )
    return {}


@effect("settle_entry", "refund_ok", takes=EntryChoice)
def settle(context: StepContext[EntryChoice]) -> dict[str, object]:
    handed = context.handed
    entry = money_entries.settle_entry(
        context.case,
        handed.entry_id,
        reference=handed.reference,
        by=context.by.user_id,
        at=context.at,
        way=handed.way,
    )
    tell_payment(context, entry)
    context.data["way"] = entry.way
    return {}


@effect("refund_fail", takes=EntryChoice)
def fail(context: StepContext[EntryChoice]) -> dict[str, object]:
    contested = context.case.payment_claim != ""
    entry = money_entries.fail_entry(context.case, context.handed.entry_id, problem=context.note)
    tell_payment(context, entry)
    if not contested:
        return {}
    claim, since = arrivals.work_out_claim(context.case)  # that it failed after all: a day is left at least
    not_before = context.at + get_deadline("least_left")
    return {"payment_claim": claim, "claimed_at": since, "not_before": not_before}


@effect("retry", takes=EntryChoice)
def retry(context: StepContext[EntryChoice]) -> dict[str, object]:
    case, handed = context.case, context.handed
    given = bank_accounts.collect_facts(case).get("account") == "given"
    tell_payment(context, money_entries.retry_entry(case, handed.entry_id, way=handed.way, new_account=given))
    return {}


@effect("ask_account")
def ask_account(context: StepContext[HandIn]) -> dict[str, object]:
    bank_accounts.ask_account(context.case, context.at)
    return {}


@effect("give_account", takes=GivenAccount)
def give_account(context: StepContext[GivenAccount]) -> dict[str, object]:
    """Nothing of the account goes into the event: what was done is kept for ever, the account isn't."""
    account = context.handed.account
    if account is None:
        raise context.refuse("请填写收款人、开户行和账号")
    bank_accounts.give_account(context.case, account, version=context.handed.consent, at=context.at)
    return {}


@effect("decline_account")
def decline_account(context: StepContext[HandIn]) -> dict[str, object]:
    bank_accounts.decline_account(context.case, context.at)
    return {}


@effect("withdraw_account")
def withdraw_account(context: StepContext[HandIn]) -> dict[str, object]:
    bank_accounts.withdraw_account(context.case, context.at)
    return {}
