"""The mediator's forms: one for each decision."""

from __future__ import annotations

from portal.cases import rulings
from portal.cases.arbitration import asks_goods_back
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects import freight as freight_effects
from portal.cases.effects.hand_ins import Decision, EvidenceRequest, HandIn, RefundDecision
from portal.flow import UNPAID, Step
from portal.inputs import money_text
from portal.models import Case
from portal.web.fields import Choice, Money, Text
from portal.web.forms import Form

PAYERS = [("seller", "商家承担"), ("buyer", "买家承担")]


class DecideForm(Form):
    """A decision that needs nothing but its reasons, which both sides read."""

    note = Text("裁决理由", limit=1000, least=5, missing="请写明裁决的理由，双方都会看到")

    def prepare(self, case: Case, step: Step, *, first: bool) -> None:
        """Fit the form to the case; ``first``: nothing was sent yet, so that what is usual may be filled in."""

    def hand_in(self) -> HandIn:
        """What is handed in with the decision."""
        return HandIn(note=self.note.data or "")


class FreightForm(DecideForm):
    """A decision that may say of the freight that the buyer advanced whether the shop pays it."""

    pays_freight = Choice(
        "买家垫付的退回运费",
        choices=[("yes", "由商家付给买家"), ("no", "不支持")],
        missing="请选择买家垫付的退回运费是否由商家付",
    )

    def prepare(self, case: Case, step: Step, *, first: bool) -> None:
        if case.freight_claim not in UNPAID or not freight_effects.can_award(case.type, case.state, step.name):
            del self.pays_freight
        else:
            answered = "商家没有同意" if case.freight_claim == "declined" else "商家还没有答复"
            self.pays_freight.description = f"买家报 {money_text(case.freight_fen)} 元，{answered}"

    def read_pays(self) -> bool | None:
        """The answer; None where it isn't asked."""
        return self.pays_freight.data == "yes" if "pays_freight" in self else None

    def hand_in(self) -> HandIn:
        return Decision(note=self.note.data or "", pays_freight=self.read_pays())


class ReturnForm(DecideForm):
    """支持,买家寄回: who pays the way back."""

    freight_payer = Choice("退回运费", choices=PAYERS, missing="请选择退回运费由谁承担")

    def prepare(self, case: Case, step: Step, *, first: bool) -> None:
        if first and case.freight_payer in dict(PAYERS):
            self.freight_payer.data = case.freight_payer

    def hand_in(self) -> Decision:
        return Decision(note=self.note.data or "", freight_payer=self.freight_payer.data)


class RefundForm(FreightForm):
    """商家退款, 改为退款: how much, and whether the goods go back first."""

    amount = Money("退款金额（元）", missing="请填写退款金额")
    goods_back = Choice(
        "商品",
        choices=[("yes", "买家先寄回，商家验货后退款"), ("no", "买家不用寄回，直接退款")],
        missing="请选择商品是否寄回",
    )
    freight_payer = Choice("退回运费", choices=PAYERS, optional=True, missing="请选择退回运费由谁承担")

    def prepare(self, case: Case, step: Step, *, first: bool) -> None:
        super().prepare(case, step, first=first)
        self.amount.most = rulings.find_most_decidable(case)
        self.amount.description = f"最多 {money_text(self.amount.most)} 元，是这些商品实付而未退的部分"
        offered = rulings.find_awarded(case)
        if offered < self.amount.most:
            self.amount.description += f"；这张售后单约定或申请退 {money_text(offered)} 元"
        returned = conversion_effects.are_goods_returned(case)
        if not asks_goods_back(case.type, case.state, str(step.target), goods_returned=returned):
            del self.goods_back, self.freight_payer
        elif first and case.freight_payer in dict(PAYERS):
            self.freight_payer.data = case.freight_payer
        if first and self.amount.most:
            self.amount.data = offered

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.amount.data and self.amount.data > self.amount.most:  # read before the most was known
            self.amount.errors = [f"退款金额最多 {money_text(self.amount.most)} 元"]
            good = False
        if "goods_back" in self and self.goods_back.data == "yes" and not self.freight_payer.data:
            self.freight_payer.errors = [*self.freight_payer.errors, self.freight_payer.missing]
            good = False
        return good

    def hand_in(self) -> RefundDecision:
        goods_back = "goods_back" in self and self.goods_back.data == "yes"
        return RefundDecision(
            note=self.note.data or "",
            amount_fen=self.amount.data,
            goods_back=goods_back,
            pays_freight=self.read_pays(),
            freight_payer=self.freight_payer.data if goods_back else "",
        )


class MoreForm(DecideForm):
    """请双方补充证据: of whom, and what."""

    note = Text("需要补充什么", limit=500, least=5, missing="请写明需要补充什么，双方都会看到")
    asked = Choice(
        "由谁补充", choices=[("both", "双方"), ("buyer", "买家"), ("seller", "商家")], missing="请选择由哪一方补充"
    )

    def prepare(self, case: Case, step: Step, *, first: bool) -> None:
        if first:
            self.asked.data = "both"

    def hand_in(self) -> EvidenceRequest:
        return EvidenceRequest(note=self.note.data or "", asked=self.asked.data)


FORMS: dict[str, type[DecideForm]] = {
    "decide_continue": FreightForm,
    "decide_reship": FreightForm,
    "decide_return": ReturnForm,
    "decide_refund": RefundForm,
    "more_evidence": MoreForm,
}
