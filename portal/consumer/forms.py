"""The forms of the steps that a consumer takes by a link; which steps there are is the table's business."""

from __future__ import annotations

from portal.cases.effects.hand_ins import DeclaredPayment, Escalation, HandIn, Modification, ReceivingProblem
from portal.flow import Actor
from portal.models import Case
from portal.rights import conditions, phrases
from portal.web.fields import Choice, Line, Text
from portal.web.forms import Form
from portal.web.photo_field import Photos


class StepForm(Form):
    """A step that asks for nothing more than a yes."""

    def prepare(self, case: Case) -> None:
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
    """修改申请: the words and more photos; goods and quantities stay."""

    description = Text("申请说明", limit=500, missing="请写明商品的问题")
    photos = Photos("照片")

    def hand_in(self) -> HandIn:
        return Modification(description=self.description.data or "", photos=self.photos.data or ())


class EscalateForm(StepForm):
    """申请平台介入: why, what is wished for, what happened."""

    because = Choice("申请的原因", missing="请选择申请平台介入的原因")
    wish = Line("希望的结果", limit=100, missing="请写明希望的结果,例如:换 2 双新的")
    note = Text("经过和理由", limit=500, missing="请写明经过和理由,平台和商家都会看到")
    photos = Photos("证据照片")

    def prepare(self, case: Case) -> None:
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

    reference = Line("流水号", limit=60, missing="请填写付款的流水号,商家会核对", exact=True)

    def hand_in(self) -> HandIn:
        return DeclaredPayment(reference=self.reference.data)


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
    "decline_account",
)
FORMS: dict[str, type[StepForm]] = {
    **dict.fromkeys((*ANSWERS, *_PLAIN), StepForm),
    "modify": ModifyForm,
    "object": WordsForm,
    "submit_evidence": WordsForm,
    "escalate": EscalateForm,
    "report_problem": ProblemForm,
    "pay": PayForm,
}
