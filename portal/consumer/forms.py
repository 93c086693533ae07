"""The forms of the steps that a consumer takes by a link; which steps there are is the table's business."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from flask import request
from sqlalchemy import Row

from portal import inputs, words
from portal.applications import applications, goods, sums
from portal.cases.case_view import View
from portal.cases.effects import conversion
from portal.cases.effects.hand_ins import (
    DeclaredPayment,
    DefectReport,
    HandIn,
    Modification,
    ReceivingProblem,
    RequestedLine,
)
from portal.consumer.receiver_fields import NAMES, ReceiverFields
from portal.extensions import db
from portal.flow import CaseType
from portal.models import Case, CaseLine, Order
from portal.rights import conditions
from portal.rights import goods as goods_facts
from portal.web import mediation_forms
from portal.web.arrival_fields import ArrivalFields, DoubtFields, MissingFields
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.freight_fields import FreightFields
from portal.web.photo_field import Photos
from portal.web.reference_field import Reference
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

    note = Text("说明", limit=500, missing="请写一句说明，商家会看到")
    photos = Photos("照片")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())


class ModifyForm(ReceiverFields, StepForm):
    """修改申请: the words, more photos, where goods are sent to, and of each line how much (fields
    ``quantity_<order line>``) and for which specification (``sku_<order line>``)."""

    description = Text("申请说明", limit=500, missing="请写明商品的问题")
    photos = Photos("照片")

    def prepare(self, case: Case, view: View) -> None:
        self.case_id, self.lines, self.proofs = case.id, view.lines, len(view.proofs)
        self.typed = {line.order_line_id: inputs.quantity_text(line.quantity_milli) for line in view.lines}
        self.problems: dict[int, str] = {}
        self.changed = Modification()
        kept = {line.order_line_id: line.sku_id for line in _list_lines(case)}
        sent = request.method == "POST"
        self.kept = kept
        self.chosen = {
            line_id: request.form.get(f"sku_{line_id}", str(sku or "")) if sent else str(sku or "")
            for line_id, sku in kept.items()
        }
        self.skus = _list_own_specs(case, kept) if case.type == CaseType.EXCHANGE else {}
        if case.type not in (CaseType.EXCHANGE, CaseType.REISSUE):
            del self.name, self.phone, self.address
        if not sent:
            self.description.data = case.description
        shown = view.receiver  # as much of it as who holds a link may see
        self.receiver = str(shown)

    def most(self, line: Any) -> int:
        """How much of a line can be applied for, thousandths."""
        return int(line.bought_milli - line.claimed_milli + line.quantity_milli)

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        quantities = {line.order_line_id: self._read(line) for line in self.lines}
        for line in self.lines:
            line_id = line.order_line_id
            allowed = {"", str(self.kept[line_id] or ""), *(sku for sku, _ in self.skus.get(line_id, ()))}
            if self.chosen[line_id] not in allowed:
                self.problems.setdefault(line_id, f"{line.title} {line.spec}：所选的换货规格已不可选，请重新选择")
                self.chosen[line_id] = str(self.kept[line_id] or "")
        for sentence in self.problems.values():
            self.refuse(sentence)
        return good and not self.problems and self._judge(quantities)

    def _read(self, line: CaseLine) -> int:
        raw = request.form.get(f"quantity_{line.order_line_id}", self.typed[line.order_line_id])
        self.typed[line.order_line_id] = raw[:40]
        try:
            return inputs.quantity(raw, most=self.most(line), unit=line.unit)
        except inputs.InputRefused as refused:
            self.problems[line.order_line_id] = f"{line.title} {line.spec}：{refused.sentence}"
            return 0

    def _judge(self, quantities: dict[int, int]) -> bool:
        wishes = {line_id: int(sku) if sku else None for line_id, sku in self.chosen.items()}
        if wishes == self.kept and quantities == {line.order_line_id: line.quantity_milli for line in self.lines}:
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
        wanted = [RequestedLine(line_id, quantities[line_id], sku) for line_id, sku in wishes.items()]
        kind, refund_fen = CaseType(case.type), None
        if kind in goods_facts.MONEY:
            order = db.session.get_one(Order, case.order_id)
            refund_fen = sums.work_out_sums(order, kind, quantities, {}, facts=case.opened_on).refund_fen
        self.changed = Modification(wanted=wanted, refund_fen=refund_fen, **found)
        return True

    def hand_in(self) -> HandIn:
        typed = self.read_receiver()
        where: dict[str, Any] = dict(zip((f"receiver_{name}" for name in NAMES), typed, strict=True)) if typed else {}
        return replace(self.changed, description=self.description.data or "", photos=self.photos.data or (), **where)


def _list_lines(case: Case) -> Sequence[Row[Any]]:
    """The lines of a case with the specification that is wanted for each."""
    query = db.select(CaseLine.order_line_id, CaseLine.sku_id).where(
        CaseLine.shop_id == case.shop_id, CaseLine.case_id == case.id
    )
    return db.session.execute(query.order_by(CaseLine.id)).all()


def _list_own_specs(case: Case, own: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    lines = (line for line in goods.list_lines(case.order_id, case.shop_id) if line.id in own)
    return list_specs(case.order_id, lines, case.opened_on)


def list_specs(order_id: int, lines: Iterable[Any], facts: Any = None) -> dict[int, list[tuple[str, str]]]:
    """By order line the specifications that it may be exchanged for, with the difference for one unit.

    ``facts``: what the case was opened on that asks.
    """
    priced = [(line, sums.list_priced(order_id, line, facts)) for line in lines]
    return {
        line.id: [(str(sku.id), _name_spec(sku.spec, fen, line.unit)) for sku, fen in found]
        for line, found in priced
        if found
    }


def _name_spec(spec: str, fen: int, unit: str) -> str:
    if not fen:
        return spec
    return f"{spec}（每{unit}{'补' if fen > 0 else '退'} {inputs.money_text(abs(fen))} 元）"


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


class EscalateForm(mediation_forms.EscalateForm, StepForm):
    """申请平台介入: the shop is the consumer's other side."""

    readers = "平台和商家"


class ProblemForm(StepForm):
    """收到有问题: which, in words, with photos."""

    kind = Choice("遇到了什么问题", choices=list(conditions.PROBLEMS.items()), missing="请选择遇到了什么问题")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("照片")

    def hand_in(self) -> HandIn:
        return ReceivingProblem(kind=self.kind.data, note=self.note.data or "", photos=self.photos.data or ())


class PayForm(StepForm):
    """已补差价: the number of the payment, which is made outside."""

    reference = Reference(limit=60, missing="请填写付款的流水号，商家会核对")

    def hand_in(self) -> HandIn:
        return DeclaredPayment(reference=self.reference.data)


class FreightForm(FreightFields, StepForm):
    """报退回运费."""


class ArrivalForm(ArrivalFields, StepForm):
    """已到账."""


class MissingForm(MissingFields, StepForm):
    """未到账."""


class DoubtForm(DoubtFields, StepForm):
    """还是没到账."""


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
    "claim_freight": FreightForm,
    "confirm_arrival": ArrivalForm,
    "deny_arrival": MissingForm,
    "doubt_payment": DoubtForm,
}
