"""The seller's forms: the steps of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, request
from wtforms import HiddenField

from portal import inputs
from portal.cases import expected, refusing
from portal.cases import faults as case_faults
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import Approval, Extension, GivenPlaces, HandIn, PlacedLines, Refusal
from portal.flow import Actor, State
from portal.models import Case
from portal.money import worth
from portal.money.given_numbers import find_other_use
from portal.parcels import carriers, choosing, numbers
from portal.people import roles
from portal.rights import faults as fault_names
from portal.rights import policies, refusal_words
from portal.seller.shipping_forms import AUTOMATIC
from portal.tracking import routes
from portal.web import mediation_forms, taking
from portal.web.fields import Choice, Line, Pick, Text, Whole
from portal.web.photo_field import Photos
from portal.web.terms import TermsForm, answering, owed


class StepForm(taking.StepForm):
    """A step that needs nothing but a yes. ``template``: the page that shows it."""

    template = "seller/_step.html"


class AgreeForm(StepForm):
    """同意: where to, and who pays when the reason leaves it open."""

    address_id = Choice("退货地址", missing="请选择退货地址；还没有的话，请先在「退货地址」里添加")
    freight_payer = Choice("退回运费", choices=[("seller", "商家承担"), ("buyer", "买家承担")], optional=True)

    direct: tuple[str, str, str, str] | None = None  # 铺货: the supplier's address

    apart: Sequence[PlacedLines] = ()  # 铺货: each line to the supplier it came from
    apart_said: Sequence[str] = ()
    apart_lines: Sequence[Any] = ()  # lines that may each have another of the shop's addresses
    own_addresses: Sequence[tuple[str, str]] = ()

    def prepare(self, case: Case, view: View) -> None:
        """Only where there are several goods and several addresses is there something to divide."""
        choices: Any = self.address_id.choices or ()
        self.own_addresses = [(choice.value, choice.label) for choice in choices if str(choice.value).isdigit()]
        if len(self.own_addresses) > 1 and self.direct is None and not self.apart and len(view.lines) > 1:
            self.apart_lines = view.lines

    @property
    def apart_waits(self) -> bool:
        """Whether some lines have to wait for their supplier's address."""
        return any(each.waits for each in self.apart)

    def is_apart(self, typed: Mapping[str, str]) -> bool:
        """Whether some line was given an address of its own."""
        return any(typed.get(f"place_{line.id}") for line in self.apart_lines)

    def go_apart(self, placed: Sequence[PlacedLines], said: Sequence[str], *, first: bool) -> None:
        """Offer that each line goes straight to its supplier; chosen at first."""
        self.apart, self.apart_said = placed, said
        own: Any = self.address_id.choices or ()
        self.address_id.choices = [
            ("apart", "分别寄给供应商"),
            *((choice.value, choice.label) for choice in own),
        ]
        if first:
            self.address_id.data = "apart"

    def go_direct(self, address: tuple[str, str, str, str], *, first: bool) -> None:
        """Offer that the goods go straight to the supplier; chosen at first."""
        self.direct = address
        own: Any = self.address_id.choices or ()
        straight = ("direct", f"直接寄给供应商：{' '.join(address[:3])}")
        self.address_id.choices = [straight, *((choice.value, choice.label) for choice in own)]
        if first:
            self.address_id.data = "direct"

    def hand_in(self) -> Approval:
        payer = self.freight_payer.data or None
        if self.address_id.data == "apart":
            return Approval(placed=self.apart, freight_payer=payer)
        if self.address_id.data == "direct":
            return Approval(direct=self.direct, freight_payer=payer)
        return Approval(address_id=int(self.address_id.data), freight_payer=payer)


class GivePlaceForm(StepForm):
    """补充退货地址: for which goods, and where to."""

    place_id = Choice("为哪些商品给退货地址", missing="请选择为哪些商品给退货地址")
    address_id = Choice("退货地址", missing="请选择退货地址；还没有的话，请先在「退货地址」里添加")

    def prepare(self, case: Case, view: View) -> None:
        self.place_id.choices = [(str(place.id), place.goods) for place in view.returns.waiting]
        known = policies.list_addresses(case.shop_id)
        self.address_id.choices = [(str(each.id), f"{each.name} {each.phone} {each.address}") for each in known]
        if request.method != "POST":
            self.place_id.data = next((value for value, *_ in self.place_id.choices), None)
            self.address_id.data = next((value for value, *_ in self.address_id.choices), None)

    def hand_in(self) -> HandIn:
        return GivenPlaces(place_id=int(self.place_id.data), address_id=int(self.address_id.data))


class RejectForm(StepForm):
    """拒绝: why, in words, with proof where the reason needs it."""

    refusal = Choice("拒绝原因", missing="请选择拒绝的原因")
    note = Text("给买家的说明", limit=500, missing=refusing.NOTE, description="必填，买家会看到")
    photos = Photos("凭证", description="标明要照片的原因，至少 1 张")
    closed: Mapping[str, str] = {}  # why each reason that can't be chosen can't

    def prepare(self, case: Case, view: View) -> None:
        """Every reason is shown; those that can't be given now stand below, each with why."""
        self.closed = {known: why for known, why in refusing.judge_reasons(case, g.now).items() if why}
        ordered = sorted(refusal_words.REFUSALS, key=lambda known: known.id in self.closed)
        self.refusal.choices = [(known.id, known.zh) for known in ordered]

    @property
    def hints(self) -> Mapping[str, str]:
        """What each reason needs, or why it can't be chosen."""
        needs = {known.id: "要上传至少 1 张照片" for known in refusal_words.REFUSALS if known.needs_evidence}
        return {**needs, **self.closed}

    def validate(self, extra_validators: object = None) -> bool:
        """Everything that the chosen reason lacks is said at once."""
        good = bool(super().validate(extra_validators))
        chosen = refusal_words.refusal(self.refusal.data or "")
        if chosen and (why := self.closed.get(chosen.id)):
            self.refuse(why, "refusal")
        elif chosen and chosen.needs_evidence and not self.photos.data and not self.photos.errors:
            self.refuse(refusing.PHOTO, "photos")
        return good and not self.errors

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
    note = Text("原因", limit=200, missing="请写明延长的原因，例如自然灾害或交通延误")

    def hand_in(self) -> Extension:
        return Extension(days=self.days.data, note=self.note.data or "")


ANSWERS = ("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert", "decline")


class AnswerForm(StepForm):
    """接受方案, 不接受方案: shows the terms that wait for an answer and where they lead."""

    template = "seller/_answer.html"

    def prepare(self, case: Case, view: View) -> None:
        self.proposal, self.then = answering(view)


class ProposeForm(TermsForm, StepForm):
    """协商方案."""

    template = "seller/terms.html"


class DifferenceForm(StepForm):
    """免除差价, 确认收到差价, 没有收到差价: the amount and how it comes about."""

    template = "seller/_difference.html"

    def prepare(self, case: Case, view: View) -> None:
        self.fen, self.working = owed(case)
        self.declared = next((entry for entry in view.entries if entry.state == "declared"), None)
        self.alone = case.state == State.REFUNDING  # another case goes on with the goods
        if self.declared and self.alone:
            self.fen, self.working = self.declared.amount_fen, []
        self.used_on = self.declared and find_other_use(case.shop_id, self.declared.id, self.declared.reference)


class InspectForm(StepForm):
    """确认收货并验货: the lines are read by the route; a word and photos for what is not accepted."""

    note = Text("验货说明", limit=500, optional=True)
    photos = Photos("凭证")
    faults: Mapping[int, tuple[str, Mapping[str, str]]] = {}
    before = ""  # what was counted already, and what it comes to

    def prepare(self, case: Case, view: View) -> None:
        """Each line's fault as it is known, and what goods of its kind can have."""
        self.faults = {
            line.id: (line.fault, fault_names.list_faults(line.kind)) for line in case_faults.list_faults_of(case)
        }
        again = case.state == State.DISPUTED
        money = roles.may_see_money(g.who.role)
        self.before = expected.describe_result(case, view.lines, money=money) if again else ""


class ShipForm(StepForm):
    """发出换货商品: the parcel, its carrier by the number; the quantities are read by the route."""

    number = Line("运单号", limit=60, exact=True, optional=True)
    carrier = Pick("物流公司", optional=True)
    sure = HiddenField()  # the number and carrier that were doubted once

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.carrier.choices = [("", AUTOMATIC)] + [(known.code, known.name) for known in carriers.choices()]
        self.parcel: tuple[str, str] = ("", "")
        self.suggested: routes.Suggestion | None = None

    def prepare(self, case: Case, view: View) -> None:
        """Which carrier had the least trouble there, where the numbers say so."""
        self.suggested = routes.suggest_carrier(case.shop_id, case.receiver_address, g.now)

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        picked = self.carrier.data or ""
        if self.number.errors:
            return False
        try:
            number = numbers.check_number(self.number.data or "", carrier=picked)
        except inputs.InputRefused as refused:
            self.number.errors = [refused.sentence]
            return False
        choice = choosing.choose_carrier(number, picked)
        if choice.carrier is None:
            self.carrier.errors = [choice.warning]
            return False
        self.parcel = choice.carrier.code, number
        doubt = f"{choice.carrier.code}:{number}" if choice.warning else ""
        if doubt and self.sure.data != doubt:
            self.number.errors = [choice.warning]
            good = False
        self.sure.data = doubt
        return good


class EscalateForm(mediation_forms.EscalateForm, StepForm):
    """申请平台介入."""

    template = "seller/mediation.html"
    side = Actor.SELLER
    example = "不支持申请，商品寄回买家"


class EvidenceForm(mediation_forms.EvidenceForm, StepForm):
    """提交证据."""

    template = "seller/mediation.html"


class LeaveForm(StepForm):
    """撤回平台介入."""

    template = "seller/mediation.html"


class AgreeRefundForm(StepForm):
    """同意仅退款: the form says how much goes back and how that is worked out, beside what was applied for."""

    def prepare(self, case: Case, view: View) -> None:
        self.most, self.sums = worth.find_most(case)
        self.asked = worth.asked_of(case)


class GoodsShippedForm(StepForm):
    """商品已发出: the request to give the money back without goods ends."""
