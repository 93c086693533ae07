"""The seller's forms: the steps of a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portal import inputs, words
from portal.cases import case_facts
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import AdvanceRefund, Approval, EntryChoice, Escalation, Extension, HandIn, Refusal
from portal.models import Case
from portal.money import entries as money_entries
from portal.money import worth
from portal.parcels import carriers
from portal.rights import reasons, refusals
from portal.web import taking
from portal.web.forms import Choice, Line, Money, Photos, Pick, Text, Whole
from portal.web.terms import TermsForm, answering, owed


class StepForm(taking.StepForm):
    """A step that needs nothing but a yes. ``template``: the page that shows it."""

    template = "seller/step.html"


class AgreeForm(StepForm):
    """同意: where to, and who pays when the reason leaves it open."""

    address_id = Choice("退货地址", missing="请选择退货地址;还没有的话,请先在「退货地址」里添加")
    freight_payer = Choice("退回运费", choices=[("seller", "商家承担"), ("buyer", "买家承担")], optional=True)

    direct: tuple[str, str, str, str] | None = None  # 铺货: the supplier's address

    def go_direct(self, address: tuple[str, str, str, str], *, first: bool) -> None:
        """Offer that the goods go straight to the supplier; chosen at first."""
        self.direct = address
        own: Any = self.address_id.choices or ()
        straight = ("direct", f"直接寄给供应商:{' '.join(address[:3])}")
        self.address_id.choices = [straight, *((choice.value, choice.label) for choice in own)]
        if first:
            self.address_id.data = "direct"

    def hand_in(self) -> Approval:
        payer = self.freight_payer.data or None
        if self.address_id.data == "direct":
            return Approval(direct=self.direct, freight_payer=payer)
        return Approval(address_id=int(self.address_id.data), freight_payer=payer)


class RejectForm(StepForm):
    """拒绝: why, in words, with proof where the reason needs it."""

    refusal = Choice(
        "拒绝原因", choices=[(known.id, known.zh) for known in reasons.REFUSALS], missing="请选择拒绝的原因"
    )
    note = Text("给买家的说明", limit=500, missing="请填写拒绝的说明,买家会看到")
    photos = Photos("凭证")

    def prepare(self, case: Case, view: View) -> None:
        """Only what the data doesn't contradict can be chosen."""
        self.refusal.choices = [(known.id, known.zh) for known in refusals.possible(case_facts.application_of(case))]

    def hand_in(self) -> Refusal:
        return Refusal(refusal=self.refusal.data, note=self.note.data or "", photos=self.photos.data or ())


class AskForm(StepForm):
    """请补充凭证: what is missing."""

    note = Text("需要补充什么", limit=500, missing="请写明需要买家补充什么凭证")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "")


class GrantForm(StepForm):
    """延长寄回期限: by how much, and why."""

    days = Whole("延长天数", least=1, most=30)
    note = Text("原因", limit=200, missing="请写明延长的原因,例如自然灾害或交通延误")

    def hand_in(self) -> Extension:
        return Extension(days=self.days.data, note=self.note.data or "")


ANSWERS = ("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert", "decline")


class AnswerForm(StepForm):
    """接受方案, 不接受方案: shows the terms that wait for an answer and where they lead."""

    template = "seller/answer.html"

    def prepare(self, case: Case, view: View) -> None:
        self.proposal, self.then = answering(view)


class ProposeForm(TermsForm, StepForm):
    """协商方案."""

    template = "seller/terms.html"


class DifferenceForm(StepForm):
    """免除差价, 确认收到差价, 没有收到差价: the amount and how it comes about."""

    template = "seller/difference.html"

    def prepare(self, case: Case, view: View) -> None:
        self.fen, self.working = owed(case)
        self.declared = next((entry for entry in view.entries if entry.state == "declared"), None)


class InspectForm(StepForm):
    """确认收货并验货: the lines are read by the route; a word and photos for what is not accepted."""

    note = Text("验货说明", limit=500, optional=True)
    photos = Photos("凭证")


class ShipForm(StepForm):
    """发出换货商品: the parcel; the quantities are read by the route."""

    carrier = Pick("物流公司", missing="请选择物流公司")
    number = Line("运单号", limit=60, exact=True, missing="请填写运单号")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.carrier.choices = [("", "请选择")] + [(known.code, known.name) for known in carriers.choices()]
        self.parcel: tuple[str, str] = ("", "")

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.number.data and self.carrier.data:
            try:
                self.parcel = self.carrier.data, carriers.check_number(self.number.data, carrier=self.carrier.data)
            except inputs.InputRefused as refused:
                self.number.errors = [refused.sentence]
                return False
        return good


class EscalateForm(StepForm):
    """申请平台介入: why, what is wished for, what happened, with photos."""

    template = "seller/mediation.html"
    because = Choice(
        "申请的原因",
        choices=[(known, reasons.INTERVENTIONS[known]) for known in reasons.FOR_SELLERS],
        missing="请选择申请平台介入的原因",
    )
    wish = Line("希望的结果", limit=100, missing="请写明希望的结果,例如:不支持换货,商品寄回买家")
    note = Text("经过和理由", limit=500, missing="请写明经过和理由,平台和对方都会看到")
    photos = Photos("证据照片")

    def hand_in(self) -> Escalation:
        return Escalation(
            because=self.because.data,
            wish=self.wish.data or "",
            note=self.note.data or "",
            photos=self.photos.data or (),
        )


class EvidenceForm(StepForm):
    """提交证据: what it shows, with photos; several times in a round."""

    template = "seller/mediation.html"
    note = Text("说明", limit=500, missing="请写明证据说明了什么,平台和对方都会看到")
    photos = Photos("证据照片")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())


class LeaveForm(StepForm):
    """撤回平台介入."""

    template = "seller/mediation.html"


class AgreeRefundForm(StepForm):
    """同意仅退款: the page says how much goes back and how that is worked out."""

    template = "seller/payout_step.html"

    def prepare(self, case: Case, view: View) -> None:
        self.most, self.sums = worth.find_most(case)
        self.asked = worth.asked_of(case)


class AdvanceForm(AgreeRefundForm):
    """同意退款,无需寄回: how much, at most what the units are worth."""

    amount = Money("退款金额(元)", missing="请填写退款金额")

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        if self.amount.raw_data is None:  # nothing was sent yet
            self.amount.data = self.asked
        elif self.amount.data is not None and not 0 < self.amount.data <= self.most:
            self.amount.process_errors = [f"请填写 0.01 到 {inputs.money_text(self.most)} 元之间的金额"]
            self.amount.data = None

    def hand_in(self) -> AdvanceRefund:
        return AdvanceRefund(amount_fen=self.amount.data)


class GoodsShippedForm(StepForm):
    """商品已发出: the request to give the money back without goods ends."""

    template = "seller/payout_step.html"


class EntryForm(StepForm):
    """A step about one payment of the case. ``states``: those in which a payment can be chosen."""

    template = "seller/payout_step.html"
    states: tuple[str, ...] = ()
    entry = Choice("款项", missing="请选择是哪一笔款项")

    def prepare(self, case: Case, view: View) -> None:
        self.open = [entry for entry in view.entries if entry.state in self.states]
        self.entry.choices = [
            (str(entry.id), f"{words.MONEY[entry.kind]} {inputs.money_text(entry.amount_fen)} 元")
            for entry in self.open
        ]
        if len(self.open) == 1 and not self.entry.data:
            self.entry.data = str(self.open[0].id)

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.entry.errors and len(self.open) < 2:  # nothing to choose from: it was dealt with meanwhile
            self.entry.errors = []
            self.refuse("这笔款项已经处理过了,页面显示的是最新状态")
        return good

    def hand_in(self) -> EntryChoice:
        return EntryChoice(entry_id=int(self.entry.data))


class ApproveForm(EntryForm):
    """复核通过."""

    states = ("waiting",)


class SettleForm(EntryForm):
    """登记已付款: the way it really took, and the payment's own number."""

    states = ("due",)
    way = Pick("实际付款方式", choices=[(way, words.ROUTE[way]) for way in money_entries.WAYS], optional=True)
    reference = Line("流水号", limit=80, exact=True, missing="请填写付款的流水号,方便买家核对")
    same = Pick("流水号重复", choices=[("", "请选择"), ("yes", "是同一笔付款,已核对")], optional=True)

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        self.shop_id = case.shop_id
        self.chosen = next((entry for entry in self.open if str(entry.id) == self.entry.data), None)
        if self.chosen is not None:
            self.way.data = self.way.data or self.chosen.way
            self.reference.optional = not self.chosen.amount_fen

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        return not (self.chosen and self.chosen.amount_fen) or is_sound(self, self.shop_id, self.chosen.id)

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), reference=self.reference.data or "", way=self.way.data or "")


def is_sound(form: Any, shop_id: int, entry_id: int) -> bool:
    """Whether the reference number of a form can be taken; says why not. One used before needs a second yes."""
    doubt = money_entries.doubt_about(shop_id, entry_id, form.way.data or "original", form.reference.data or "")
    form.doubted = doubt.startswith("这个流水号已经")
    if not doubt or (form.doubted and form.same.data == "yes"):
        return True
    form.reference.errors = [doubt]
    return False


class FailForm(EntryForm):
    """登记退款失败: why."""

    states = ("due",)
    note = Line("失败原因", limit=200, missing="请写明付款失败的原因,买家会看到")

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
