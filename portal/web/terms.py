"""The form of 协商方案, which both sides fill in alike."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import BooleanField

from portal import inputs, told, words
from portal.applications import sums
from portal.cases import expected, proposals
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import Offer
from portal.cases.proposals import Terms
from portal.extensions import db
from portal.flow import CaseType, State
from portal.inputs import money_text
from portal.models import Case, CaseLine, Proposal
from portal.money import differences, worth
from portal.web.fields import Choice, Money, Text
from portal.web.forms import Form

CONSEQUENCE = {
    "exchange": "换同款或其他规格",
    "reissue": "不用寄回，商家再发",
    "return_refund": "寄回后退款，商品已在商家处则直接退款",
    "refund_only": "不用寄回，直接退款",
}


class TermsForm(Form):
    """What one side proposes. Quantities and specifications are fields named after the case's lines."""

    type = Choice("解决方式", missing="请选择解决方式")
    amount = Money("退款金额", optional=True)
    compensation = Money("补偿金额", optional=True)
    freight_payer = Choice(
        "运费", choices=[("seller", "商家承担"), ("buyer", "买家承担")], missing="请选择运费由谁承担"
    )
    goods_back = BooleanField("买家先寄回商品")
    difference_waived = BooleanField("换成更贵的规格时，免除差价")
    note = Text("说明", limit=500, optional=True)

    hints = CONSEQUENCE

    def prepare(self, case: Case, view: View) -> None:
        """Choices by the case; on a GET the last version, or the case as it is."""
        self.case_id, self.lines = case.id, view.lines
        self.freight_payer.choices = [(payer, told.tell_payer(payer, view.side)) for payer in ("seller", "buyer")]
        self.goods_back.label.text = told.to_buyer(self.goods_back.label.text, view.side)
        self.origin = case.origin["state"] if case.state == State.PROPOSED else str(case.state)
        self.kept = proposals.is_with_seller(case, self.origin)
        self.type.choices = [(str(kind), words.TYPE[kind]) for kind in proposals.list_types(case)]
        self.choices = {
            line.id: sums.list_priced(case.order_id, _Bought(line, case.shop_id), case.opened_on)
            if case.goods_state != "unshipped"
            else []
            for line in view.lines
        }
        units = [(line.order_line_id, line.quantity_milli) for line in view.lines]
        self.working = worth.show_case_working(case, units)
        if self.kept:
            del self.goods_back
        self.problems: dict[int, str] = {}
        self.typed: dict[int, str] = {}
        self.skus: dict[int, int] = {}
        if request.method == "POST":
            self._read()
        else:
            self._fill(case, view)

    def _fill(self, case: Case, view: View) -> None:
        last = view.proposals[0] if view.proposals else None
        self.type.data = last.type if last else case.type
        self.freight_payer.data = last.freight_payer if last else case.freight_payer
        if last:
            self.amount.data = last.amount_fen or None
            self.compensation.data = last.compensation_fen or None
            self.difference_waived.data = last.difference_waived
            if "goods_back" in self:
                self.goods_back.data = last.goods_back
        elif "goods_back" in self:
            self.goods_back.data = case.type in (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
        if not last and case.refund_fen:
            self.amount.data = case.refund_fen
        wanted = {line: (milli, sku) for line, milli, sku, *_ in last.lines} if last else {}
        for line in view.lines:
            milli, sku = wanted.get(line.id, (self._most(line), None))
            self.typed[line.id] = inputs.quantity_text(milli)
            if sku:
                self.skus[line.id] = sku

    def _most(self, line: CaseLine) -> int:
        return int(line.accepted_milli if self.origin == State.RESHIPPING else line.quantity_milli)

    def _read(self) -> None:
        self.quantities: dict[int, int] = {}
        for line in self.lines:
            raw = request.form.get(f"quantity_{line.id}", "")
            self.typed[line.id] = raw[:40]
            try:
                self.quantities[line.id] = inputs.quantity(raw, most=self._most(line), unit=line.unit)
            except inputs.InputRefused as refused:
                self.problems[line.id] = refused.sentence
            sku = inputs.read_id(request.form.get(f"sku_{line.id}", ""))
            if sku is not None:
                self.skus[line.id] = sku

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        for sentence in self.problems.values():
            self.refuse(sentence)
        if not good or self.problems:
            return False
        case = db.session.get_one(Case, self.case_id)
        found = proposals.find_problem(case, self.terms, self.origin)
        if found is None:
            return True
        field, sentence = found
        if field == "lines":
            self.problems[self.lines[0].id] = sentence
        self.refuse(sentence, field if field in self else "")
        return False

    @property
    def terms(self) -> Terms:
        """What was filled in; fields that the chosen type doesn't have count for nothing."""
        kind = CaseType(self.type.data)
        refunds, goods = kind in proposals.REFUNDS, kind in (CaseType.EXCHANGE, CaseType.REISSUE)
        back = "goods_back" in self and bool(self.goods_back.data)
        return Terms(
            type=kind,
            lines=tuple(
                (line.id, self.quantities[line.id], self.skus.get(line.id) if goods else None) for line in self.lines
            ),
            freight_payer=self.freight_payer.data,
            goods_back=back and kind in (CaseType.EXCHANGE, CaseType.RETURN_REFUND),
            amount_fen=(self.amount.data or 0) if refunds else 0,
            compensation_fen=self.compensation.data or 0,
            difference_waived=kind is CaseType.EXCHANGE and bool(self.difference_waived.data),
            note=self.note.data or "",
        )

    def hand_in(self) -> Offer:
        """What is handed in with the step."""
        return Offer(terms=self.terms, note=self.note.data or "")


class _Bought:
    """A case's line as the order line that it is of."""

    def __init__(self, line: Any, shop_id: int) -> None:
        self.shop_id = shop_id
        self.id, self.product_id, self.spec = line.order_line_id, line.product_id, line.spec


def answering(view: View) -> tuple[Proposal | None, str]:
    """The terms that wait for an answer, and where accepting them leads."""
    open_now = view.proposals[0] if view.proposals and view.proposals[0].state == "open" else None
    if open_now is None:
        return None, ""
    outcome = proposals.work_out_outcome(view.case, proposals.read_terms(open_now), open_now.difference_fen)
    return open_now, told.tell_terms(outcome, view.side)


def owed(case: Case) -> tuple[int, list[str]]:
    """The difference that the buyer owes for what was accepted, 分, and how it comes about."""
    working = worth.show_difference_working(case.order_id, worth.list_wanted(case, accepted=True), case.opened_on)
    if kept := differences.find_kept_difference(case):
        working.append(f"已补过差价 {money_text(kept)} 元，这次只补其余的部分")
    return expected.expect_payment(case), working
