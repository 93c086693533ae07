"""The buyer's forms: applying, and the steps of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from wtforms import BooleanField, HiddenField

from portal import inputs, words
from portal.cases.case_view import View
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects.hand_ins import (
    DeclaredPayment,
    DefectReport,
    Escalation,
    GivenAccount,
    HandIn,
    Modification,
    ParcelCorrection,
    ReceivingProblem,
    SentParcels,
)
from portal.flow import CaseType
from portal.models import Case
from portal.money.accounts import consent as bank_accounts
from portal.parcels import carriers
from portal.rights import goods as goods_facts
from portal.rights import reasons
from portal.talk import card_numbers
from portal.web import taking
from portal.web.forms import Choice, Form, Line, Money, Phone, Photos, Pick, Secret, Text
from portal.web.terms import TermsForm, answering, owed


class ReasonForm(Form):
    """换货原因: one choice of one group, a ground or one of its reasons; and which line."""

    line = HiddenField()
    reason = Choice("换货原因")
    type = HiddenField()  # said by the buttons that lead on from a refusal to a right
    ask = HiddenField()  # and by those that lead on to 协商


class DetailsForm(Form):
    """What an application says besides its reason. Quantities are read by the route: their names carry the line."""

    type = Choice("希望怎么处理", optional=True)
    amount = Money("退款金额", optional=True)
    photos = Photos("凭证")
    description = Text("换货原因描述", limit=500, optional=True)
    name = Line("收货人", limit=50, missing="请填写收货人姓名")
    phone = Phone("联系电话", missing="请填写联系电话")
    address = Line("收货地址", limit=200, missing="请填写收货地址")


class CheckForm(Form):
    """提交申请. ``shown``: everything that the page showed, in applications.shown's words."""

    shown = HiddenField()


def read_quantities(
    lines: Sequence[tuple[int, int, str]],
) -> tuple[dict[str, str], dict[int, str], dict[str, int], dict[str, int]]:
    """The fields ``quantity_<line>`` and ``sku_<line>`` of the request, for lines of (id, most in thousandths, unit).

    Returns what was typed, what is wrong with it, the quantities in thousandths and the specifications chosen. All
    lines but the first may be left empty.
    """
    typed: dict[str, str] = {}
    problems: dict[int, str] = {}
    quantities: dict[str, int] = {}
    skus: dict[str, int] = {}
    for number, (line_id, most, unit) in enumerate(lines):
        sent = request.form.getlist(f"quantity_{line_id}")
        raw = sent[0] if sent else ""
        if len(sent) > 1:
            problems[line_id] = "数量只能填写一次"
            continue
        typed[str(line_id)] = card_numbers.mask_numbers(raw)[:40]
        sku = request.form.get(f"sku_{line_id}", "")
        if sku.isascii() and sku.isdigit() and len(sku) < 18:
            skus[str(line_id)] = int(sku)
        if not raw.strip() or (raw.strip() == "0" and number):
            continue
        try:
            quantities[str(line_id)] = inputs.quantity(raw, most=most, unit=unit)
        except inputs.InputRefused as refused:
            problems[line_id] = refused.sentence
    return typed, problems, quantities, skus


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
    receiver_address = Line("收货地址", limit=200, missing="请填写收货地址")

    def prepare(self, case: Case, view: View) -> None:
        known = reasons.leading_to(CaseType(case.type), case.goods_state, negotiated=case.negotiated)
        own = [] if case.reason in {each.id for each in known} else [(case.reason, reasons.said(case.reason))]
        self.reason.choices = own + [(each.id, reasons.said(each.id)) for each in known]
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


class ParcelForm(StepForm):
    """One to five parcels: carrier and tracking number of each."""

    carrier = Pick("物流公司", missing="请选择物流公司", optional=True)
    number = Line("运单号", limit=60, exact=True, optional=True)  # 自送 has none
    carrier2 = Pick("第 2 个包裹由谁送", optional=True)
    number2 = Line("第 2 个包裹的单号", limit=60, exact=True, optional=True)
    carrier3 = Pick("第 3 个包裹由谁送", optional=True)
    number3 = Line("第 3 个包裹的单号", limit=60, exact=True, optional=True)
    carrier4 = Pick("第 4 个包裹由谁送", optional=True)
    number4 = Line("第 4 个包裹的单号", limit=60, exact=True, optional=True)
    carrier5 = Pick("第 5 个包裹由谁送", optional=True)
    number5 = Line("第 5 个包裹的单号", limit=60, exact=True, optional=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [("", "请选择,或按运单号识别")] + [(known.code, known.name) for known in carriers.choices()]
        self.pairs: list[tuple[Pick, Line]] = [
            (self[f"carrier{number}"], self[f"number{number}"]) for number in ("", 2, 3, 4, 5)
        ]
        for field, _ in self.pairs:
            field.choices = named
        self.own_order_nos: tuple[str, ...] = ()
        self.parcels: list[tuple[str, str]] = []

    @property
    def several(self) -> bool:
        """Whether more than the first parcel was filled in."""
        return any(carrier.data or number.raw or number.errors for carrier, number in self.pairs[1:])

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        for carrier, number in self.pairs:
            code = carrier.data or ""
            if number.errors or (number is not self.number and not code and not number.data):
                continue
            try:
                checked = carriers.check_number(number.data or "", self.own_order_nos, carrier=code)
            except inputs.InputRefused as refused:
                number.errors = [refused.sentence]
                good = False
                continue
            likely = [known for known in carriers.suggest(checked, self.own_order_nos) if not known.historic]
            if not code:
                if len(likely) != 1:
                    names = "、".join(found.name for found in likely)
                    said = f",可能是{names}" if names else ""
                    carrier.errors = [f"请选择物流公司{said}"]
                    good = False
                    continue
                code = likely[0].code
            if any(checked == other for _, other in self.parcels) and checked:
                number.errors = ["这个运单号和前面的包裹重复了"]
                good = False
                continue
            self.parcels.append((code, checked))
        return good

    def hand_in(self) -> HandIn:
        return SentParcels(parcels=self.parcels)


class EditParcelForm(ParcelForm):
    """Another number for a parcel on its way."""

    parcel_id = HiddenField()

    def hand_in(self) -> HandIn:
        raw = str(self.parcel_id.data or "")
        code, number = self.parcels[0]
        known = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else None
        return ParcelCorrection(parcel_id=known, carrier=code, number=number)


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
    reference = Line("流水号", limit=60, missing="请填写付款的流水号,商家会核对", exact=True)

    def prepare(self, case: Case, view: View) -> None:
        self.fen, self.working = owed(case)

    def hand_in(self) -> DeclaredPayment:
        return DeclaredPayment(reference=self.reference.data)


class AgainForm(StepForm):
    """再次售后: what is wrong with what came, and what the buyer wants now."""

    template = "buyer/again.html"
    kind = Choice("收到的商品有什么问题", missing="请选择收到的商品有什么问题")
    type = Choice("希望怎么处理", missing="请选择希望怎么处理")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("凭证", least=1)

    def prepare(self, case: Case, view: View) -> None:
        self.kind.choices = [item for item in reasons.PROBLEMS.items() if item[0] != "not_received"]
        self.type.choices = [(str(kind), words.TYPE[kind]) for kind in conversion_effects.list_types_again(case)]

    def hand_in(self) -> DefectReport:
        return DefectReport(
            kind=self.kind.data,
            type=CaseType(self.type.data),
            note=self.note.data or "",
            photos=self.photos.data or (),
        )


class ObjectForm(StepForm):
    """不认可验货结果: why, with photos."""

    note = Text("不认可的原因", limit=500, missing="请写明不认可的原因,商家会据此复核")
    photos = Photos("凭证")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())


class ProblemForm(StepForm):
    """收到有问题: which, in words, with photos."""

    kind = Choice("遇到了什么问题", choices=list(reasons.PROBLEMS.items()), missing="请选择遇到了什么问题")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("凭证")

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.kind.data in reasons.PROBLEMS and self.kind.data != "not_received" and not self.photos.data:
            self.photos.errors = [*self.photos.errors, "请上传能看出问题的照片"]
            good = False
        return good

    def hand_in(self) -> ReceivingProblem:
        return ReceivingProblem(kind=self.kind.data, note=self.note.data or "", photos=self.photos.data or ())


class EscalateForm(StepForm):
    """申请平台介入: why, what is wished for, what happened, with photos."""

    template = "buyer/mediation.html"
    because = Choice("申请的原因", choices=list(reasons.INTERVENTIONS.items()), missing="请选择申请平台介入的原因")
    wish = Line("希望的结果", limit=100, missing="请写明希望的结果,例如:换 2 双新的")
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

    template = "buyer/mediation.html"
    note = Text("说明", limit=500, missing="请写明证据说明了什么,平台和对方都会看到")
    photos = Photos("证据照片")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())


class LeaveForm(StepForm):
    """撤回平台介入."""

    template = "buyer/mediation.html"


class AccountForm(StepForm):
    """填写收款账户: the account, and a consent of its own to just this."""

    template = "buyer/give_account.html"

    account_holder = Line("收款人", limit=60, missing="请填写收款人,须与银行账户的户名一致")
    account_bank = Line("开户行", limit=80, missing="请填写开户行,例如「中国工商银行杭州余杭支行」")
    account_number = Secret("账号", reads=bank_accounts.number, missing="请填写银行账号")
    agreed = BooleanField("我已阅读以上说明,单独同意为这笔退款处理我的银行账户信息")
    consent = HiddenField()  # the version of the words that were shown
    sentences: Sequence[tuple[str, str]] = ()

    def prepare(self, case: Case, view: View) -> None:
        self.sentences = bank_accounts.describe_consent()
        if request.method != "POST":
            self.consent.data = str(bank_accounts.CONSENT)

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if not self.agreed.data:
            self.agreed.errors = ["请勾选同意;不同意的话可以选择「不提供账户」,不影响退款"]
            good = False
        if not good and not self.account_number.errors:
            self.account_number.errors = ["为保护您的账户,请重新填写账号"]
        return good

    def hand_in(self) -> GivenAccount:
        account = bank_accounts.Account(self.account_holder.data, self.account_bank.data, self.account_number.data)
        version = str(self.consent.data or "")
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 6 else 0
        return GivenAccount(account=account, consent=known)

    def and_say(self, location: str, said: str = "") -> str:
        sound = card_numbers.passes_luhn(self.account_number.data or "")
        return f"{location}{'&' if '?' in location else '?'}said={'account-kept' if sound else 'account-unsound'}"
