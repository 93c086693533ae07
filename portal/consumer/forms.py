"""The forms of the steps that a consumer takes by a link; which steps there are is the table's business."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request
from wtforms import ValidationError

from portal import inputs, words
from portal.applications import applications, sums
from portal.cases.case_view import View
from portal.cases.effects import conversion
from portal.cases.effects.hand_ins import (
    DeclaredPayment,
    DefectReport,
    EntryChoice,
    Escalation,
    HandIn,
    Modification,
    ReceivingProblem,
    RequestedLine,
)
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Order
from portal.money import arrivals, references
from portal.rights import conditions, phrases
from portal.rights import goods as goods_facts
from portal.web.fields import Choice, Line, Text
from portal.web.forms import Form
from portal.web.photo_field import Photos
from portal.web.terms import TermsForm


class StepForm(Form):
    """A step that asks for nothing more than a yes."""

    def prepare(self, case: Case, view: View) -> None:
        """Fill in what depends on the case."""

    def hand_in(self) -> HandIn:
        """What is handed in with the step."""
        return HandIn()


class WordsForm(StepForm):
    """Words and photos: 提交证据, 不认可验货结果."""

    note = Text("说明", limit=500, missing="请写一句说明,商家会看到")
    photos = Photos("照片")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())


class ModifyForm(StepForm):
    """修改申请: the words, more photos, and how much of each line (fields ``quantity_<order line>``)."""

    description = Text("申请说明", limit=500, missing="请写明商品的问题")
    photos = Photos("照片")

    def prepare(self, case: Case, view: View) -> None:
        self.case_id, self.lines, self.proofs = case.id, view.lines, len(view.proofs)
        self.typed = {line.order_line_id: inputs.quantity_text(line.quantity_milli) for line in view.lines}
        self.problems: dict[int, str] = {}
        self.changed = Modification()
        if request.method != "POST":
            self.description.data = case.description

    def most(self, line: Any) -> int:
        """How much of a line can be applied for, thousandths."""
        return int(line.bought_milli - line.claimed_milli + line.quantity_milli)

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        quantities = {line.order_line_id: self._read(line) for line in self.lines}
        for sentence in self.problems.values():
            self.refuse(sentence)
        return good and not self.problems and self._judge(quantities)

    def _read(self, line: Any) -> int:
        raw = request.form.get(f"quantity_{line.order_line_id}", self.typed[line.order_line_id])
        self.typed[line.order_line_id] = raw[:40]
        try:
            return inputs.quantity(raw, most=self.most(line), unit=line.unit)
        except inputs.InputRefused as refused:
            self.problems[line.order_line_id] = f"{line.title}：{refused.sentence}"
            return 0

    def _judge(self, quantities: dict[int, int]) -> bool:
        if quantities == {line.order_line_id: line.quantity_milli for line in self.lines}:
            return True
        case = db.session.get_one(Case, self.case_id)
        photos = self.proofs + len(self.photos.data or ())
        try:
            found = applications.judge_again(
                case,
                reason=case.reason,
                quantities=quantities,
                photos=photos,
                description=self.description.data or "",
            )
        except applications.NotEligible as refused:
            self.refuse(refused.sentence, refused.verdict.field if refused.verdict.field in self else "")
            return False
        own = db.session.execute(
            db.select(CaseLine.order_line_id, CaseLine.sku_id).where(
                CaseLine.shop_id == case.shop_id, CaseLine.case_id == case.id
            )
        ).all()
        wanted = [RequestedLine(line_id, quantities[line_id], sku) for line_id, sku in own]
        kind, refund_fen = CaseType(case.type), None
        if kind in goods_facts.MONEY:
            order = db.session.get_one(Order, case.order_id)
            refund_fen = sums.work_out_sums(order, kind, quantities, {}).refund_fen
        self.changed = Modification(wanted=wanted, refund_fen=refund_fen, **found)
        return True

    def hand_in(self) -> HandIn:
        return replace(self.changed, description=self.description.data or "", photos=self.photos.data or ())


class CounterForm(TermsForm, StepForm):
    """提出我的方案: the terms that the consumer would take."""


class AgainForm(StepForm):
    """再次售后: what is wrong with what came, and what is wanted now."""

    kind = Choice("收到的商品有什么问题", missing="请选择收到的商品有什么问题")
    type = Choice("希望怎么处理", missing="请选择希望怎么处理")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("照片", least=1)

    def prepare(self, case: Case, view: View) -> None:
        self.kind.choices = [item for item in conditions.PROBLEMS.items() if item[0] != "not_received"]
        self.type.choices = [(str(kind), words.TYPE[kind]) for kind in conversion.list_types_again(case)]

    def hand_in(self) -> HandIn:
        return DefectReport(
            kind=self.kind.data,
            type=CaseType(self.type.data),
            note=self.note.data or "",
            photos=self.photos.data or (),
        )


class EscalateForm(StepForm):
    """申请平台介入: why, what is wished for, what happened."""

    because = Choice("申请的原因", missing="请选择申请平台介入的原因")
    wish = Line("希望的结果", limit=100, missing="请写明希望的结果,例如:换 2 双新的")
    note = Text("经过和理由", limit=500, missing="请写明经过和理由,平台和商家都会看到")
    photos = Photos("证据照片")

    def prepare(self, case: Case, view: View) -> None:
        self.because.choices = phrases.list_interventions(case.type, Actor.BUYER)

    def hand_in(self) -> HandIn:
        return Escalation(
            because=self.because.data,
            wish=self.wish.data or "",
            note=self.note.data or "",
            photos=self.photos.data or (),
        )


class ProblemForm(StepForm):
    """收到有问题: which, in words, with photos."""

    kind = Choice("遇到了什么问题", choices=list(conditions.PROBLEMS.items()), missing="请选择遇到了什么问题")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("照片")

    def hand_in(self) -> HandIn:
        return ReceivingProblem(kind=self.kind.data, note=self.note.data or "", photos=self.photos.data or ())


class PayForm(StepForm):
    """已补差价: the number of the payment, which is made outside."""

    reference = Line("流水号", limit=60, missing="请填写付款的流水号，商家会核对", exact=True)

    def validate_reference(self, field: Line) -> None:
        """A number of a payment, not just anything."""
        if field.data and not references.is_reference(field.data):
            raise ValidationError(references.ODD)

    def hand_in(self) -> HandIn:
        return DeclaredPayment(reference=self.reference.data)


class ArrivalForm(StepForm):
    """已到账, 未到账: of which payment."""

    entry = Choice("款项", missing="请选择是哪一笔款项")

    find = staticmethod(arrivals.list_confirmable)

    def prepare(self, case: Case, view: View) -> None:
        payments = self.find(view.entries, view.now)
        self.entry.choices = [
            (str(entry.id), f"{words.MONEY[entry.kind]} {inputs.money_text(entry.amount_fen)} 元") for entry in payments
        ]
        if len(payments) == 1 and not self.entry.data:
            self.entry.data = str(payments[0].id)

    def hand_in(self) -> HandIn:
        return EntryChoice(entry_id=int(self.entry.data))


class MissingForm(ArrivalForm):
    """未到账."""

    find = staticmethod(arrivals.list_objectable)


ANSWERS = ("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert", "decline")
_PLAIN = (
    "withdraw",
    "confirm",
    "extend",
    "nudge",
    "accept_result",
    "accept_result_diff",
    "accept_result_none",
    "convert_refund",
    "withdraw_mediation",
    "refund_arrived",
    "accept_offer",
    "decline_offer",
    "withdraw_offer",
    "decline_account",
)
FORMS: dict[str, type[StepForm]] = {
    **dict.fromkeys((*ANSWERS, *_PLAIN), StepForm),
    "modify": ModifyForm,
    "counter": CounterForm,
    "replacement_defective": AgainForm,
    "object": WordsForm,
    "submit_evidence": WordsForm,
    "escalate": EscalateForm,
    "report_problem": ProblemForm,
    "pay": PayForm,
    "confirm_arrival": ArrivalForm,
    "deny_arrival": MissingForm,
}
