"""The forms of the finance desk: money recorded, failed, approved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portal import inputs, words
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import AdvanceRefund, EntryChoice
from portal.models import Case, MoneyEntry
from portal.money import entries as money_entries
from portal.money import given_numbers
from portal.payments import batches as payment_batches
from portal.seller.forms import AgreeRefundForm, StepForm
from portal.web.entry_fields import EntryFields
from portal.web.fields import Line, Money, Pick
from portal.web.reference_field import Reference

SAME = "是同一笔付款，已核对"  # the second yes that a number needs which was used before


class AdvanceForm(AgreeRefundForm):
    """同意退款,无需寄回: how much, at most what the units are worth."""

    amount = Money("退款金额（元）", missing="请填写退款金额")

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        if self.amount.raw_data is None:  # nothing was sent yet
            self.amount.data = self.asked
        elif self.amount.data is not None and not 0 < self.amount.data <= self.most:
            self.amount.process_errors = [f"请填写 0.01 到 {inputs.money_text(self.most)} 元之间的金额"]
            self.amount.data = None

    def hand_in(self) -> AdvanceRefund:
        return AdvanceRefund(amount_fen=self.amount.data)


class EntryForm(EntryFields, StepForm):
    """A step about one payment of the case. ``states``: those in which a payment can be chosen."""

    template = "seller/payout_step.html"
    states: tuple[str, ...] = ()

    def list_open(self, view: View) -> list[MoneyEntry]:
        return [entry for entry in view.entries if entry.state in self.states]


class ApproveForm(EntryForm):
    """复核通过."""

    states = ("waiting",)


class SettleForm(EntryForm):
    """登记已付款: the way it really took, and the payment's own number."""

    states = ("due",)
    way = Pick("实际付款方式", choices=[(way, words.ROUTE[way]) for way in money_entries.WAYS], optional=True)
    reference = Reference(limit=80, judged=False, missing="请填写付款的流水号，方便买家核对")
    same = Pick("流水号重复", choices=[("", "请选择"), ("yes", SAME)], optional=True)
    why = Line("为什么手工登记", limit=200, optional=True)

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        self.shop_id = case.shop_id
        self.chosen = next((entry for entry in self.open if str(entry.id) == self.entry.data), None)
        if self.chosen is not None:
            self.way.data = self.way.data or self.chosen.way
            self.reference.optional = not self.chosen.amount_fen

    def validate(self, extra_validators: object = None) -> bool:
        if not super().validate(extra_validators):
            return False
        return not (self.chosen and self.chosen.amount_fen) or is_sound(self, self.shop_id, self.chosen.id)

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), reference=self.reference.data or "", way=self.way.data or "")


def is_sound(form: Any, shop_id: int, entry_id: int) -> bool:
    """Whether the reference number of a form can be taken; says why not. One used before needs a second yes, and a
    payment that is in a list for the bank a reason.
    """
    batch = payment_batches.find_batch_of(shop_id, entry_id)
    if batch and not form.why.data:
        form.why.errors = [f"这笔款项已在付款批次 {batch} 里，可能已经付出；确实要手工登记，请写明原因"]
    doubt = given_numbers.doubt_about(shop_id, entry_id, form.way.data or "original", form.reference.data or "")
    form.doubted = doubt.startswith("这个流水号已经")
    if not doubt or (form.doubted and form.same.data == "yes"):
        return not form.why.errors
    yes = f"；确实是同一笔付款的，请在「{form.same.label.text}」里选「{SAME}」再提交"
    form.reference.errors = [doubt + (yes if form.doubted else "")]
    return False


class FailForm(EntryForm):
    """登记退款失败: why."""

    states = ("due", "contested")
    note = Line("失败原因", limit=200, missing="请写明付款失败的原因，买家会看到")

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), note=self.note.data or "")


class RetryForm(EntryForm):
    """重新退款: by the same way, or by another one."""

    states = ("failed",)
    way = Pick(
        "付款方式", choices=[(way, words.ROUTE[way]) for way in money_entries.WAYS if way != "bank"], optional=True
    )

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        chosen = next((entry for entry in self.open if str(entry.id) == self.entry.data), None)
        if chosen is not None and chosen.way == "bank":  # an account was given: it goes there
            self.way.choices = [("bank", words.ROUTE["bank"]), *(self.way.choices or ())]
        if chosen is not None and not self.way.data:
            self.way.data = chosen.way

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), way=self.way.data or "")
