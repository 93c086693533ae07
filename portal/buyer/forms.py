"""The buyer's forms: applying, and the steps of a case."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from wtforms import BooleanField, HiddenField

from portal import inputs
from portal.applications import applications
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import DeclaredPayment, GivenAccount, Modification
from portal.flow import CaseType
from portal.models import Case
from portal.money.accounts import account_numbers, agreed_words
from portal.rights import goods as goods_facts
from portal.rights import reasons
from portal.talk import card_shapes
from portal.web import mediation_forms, taking
from portal.web.fields import Line, Money, Phone, Pick, Place, Secret, Text
from portal.web.freight_fields import FreightFields
from portal.web.photo_field import Photos
from portal.web.reference_field import Reference
from portal.web.terms import TermsForm, answering, owed


class StepForm(taking.StepForm):
    """A step that needs nothing but a yes. ``template``: the page that shows it."""

    template = "buyer/step.html"


class ModifyForm(StepForm):
    """修改申请: the reason, the words, more photos, the amount or the address.

    Quantities are read by the route, as when applying. An application for money has an amount and no address.
    """

    reason = Pick("换货原因", missing="请选择换货原因")
    amount = Money("退款金额", optional=True)
    description = Text("换货原因描述", limit=500, optional=True)
    photos = Photos("凭证")
    receiver_name = Line("收货人", limit=50, missing="请填写收货人姓名")
    receiver_phone = Phone("联系电话", missing="请填写联系电话")
    receiver_address = Place("收货地址", missing="请填写收货地址")

    def prepare(self, case: Case, view: View) -> None:
        missing, said = applications.describe_reasons(case)
        leading = reasons.leading_to(CaseType(case.type), case.goods_state, negotiated=case.negotiated)
        known = [each for each in leading if each.ground not in missing]
        own = [] if case.reason in {each.id for each in known} else [(case.reason, said(case.reason))]
        self.reason.choices = own + [(each.id, said(each.id)) for each in known]
        money = case.type in goods_facts.MONEY
        if case.type != CaseType.EXCHANGE:
            self.reason.label.text = "退款原因" if money else "补发原因"
        for name in ("receiver_name", "receiver_phone", "receiver_address") if money else ("amount",):
            del self[name]

    def hand_in(self) -> Modification:
        named = "receiver_name" in self
        return Modification(
            reason=self.reason.data,
            description=self.description.data or "",
            photos=self.photos.data or (),
            receiver_name=self.receiver_name.data if named else None,
            receiver_phone=self.receiver_phone.data if named else None,
            receiver_address=self.receiver_address.data if named else None,
        )


ANSWERS = ("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert", "decline")


class AnswerForm(StepForm):
    """接受方案, 不接受方案: shows the terms that wait for an answer and where they lead."""

    template = "buyer/answer.html"

    def prepare(self, case: Case, view: View) -> None:
        self.proposal, self.then = answering(view)


class CounterForm(TermsForm, StepForm):
    """提出我的方案."""

    template = "buyer/terms.html"


class PayForm(StepForm):
    """已补差价: the number of the payment, which is made outside."""

    template = "buyer/pay.html"
    reference = Reference(limit=60, missing="请填写付款的流水号，商家会核对")

    def prepare(self, case: Case, view: View) -> None:
        self.fen, self.working = owed(case)

    def hand_in(self) -> DeclaredPayment:
        return DeclaredPayment(reference=self.reference.data)


class FreightForm(FreightFields, StepForm):
    """报退回运费."""

    template = "buyer/freight.html"


class EscalateForm(mediation_forms.EscalateForm, StepForm):
    """申请平台介入."""

    template = "buyer/mediation.html"


class EvidenceForm(mediation_forms.EvidenceForm, StepForm):
    """提交证据."""

    template = "buyer/mediation.html"


class LeaveForm(StepForm):
    """撤回平台介入."""

    template = "buyer/mediation.html"


class AccountForm(StepForm):
    """填写收款账户: the account, and a consent of its own to just this."""

    template = "buyer/give_account.html"

    account_holder = Line("收款人", limit=60, missing="请填写收款人，须与银行账户的户名一致")
    account_bank = Line("开户行", limit=80, missing="请填写开户行，例如「中国工商银行杭州余杭支行」")
    account_number = Secret("账号", reads=account_numbers.number, missing="请填写银行账号")
    agreed = BooleanField("我已阅读以上说明，单独同意为这笔退款处理我的银行账户信息")
    consent = HiddenField()  # the version of the words that were shown
    sentences: Sequence[tuple[str, str]] = ()

    def prepare(self, case: Case, view: View) -> None:
        self.sentences = agreed_words.describe_consent()
        if request.method != "POST":
            self.consent.data = str(agreed_words.CONSENT)

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if not self.agreed.data:
            self.agreed.errors = ["请勾选同意；不同意的话可以选择「不提供账户」，不影响退款"]
            good = False
        if not good and not self.account_number.errors:
            self.account_number.errors = ["为保护您的账户，请重新填写账号"]
        return good

    def hand_in(self) -> GivenAccount:
        account = account_numbers.Account(self.account_holder.data, self.account_bank.data, self.account_number.data)
        return GivenAccount(account=account, consent=inputs.read_id(str(self.consent.data or "")) or 0)

    def and_say(self, location: str, said: str = "") -> str:
        sound = card_shapes.passes_luhn(self.account_number.data or "")
        return f"{location}{'&' if '?' in location else '?'}said={'account-kept' if sound else 'account-unsound'}"
