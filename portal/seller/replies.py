"""常用语 at the desk: written with variables, put into the message to be edited; a promise offers its step."""

from __future__ import annotations

from typing import NamedTuple

from flask import abort, g
from flask.typing import ResponseReturnValue

from portal import inputs, words
from portal.cases import case_view, expected
from portal.flow import FINAL, CaseType, State
from portal.inputs import money_text
from portal.models import Case, Order, Reply
from portal.orders import order_lists
from portal.rights import phrases
from portal.rights.addresses import Shown
from portal.seller import bp
from portal.seller.cases import build_view
from portal.talk import replies
from portal.web import guards
from portal.web.fields import Line, Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class ReplyForm(Form):
    """A text and what it promises."""

    name = Line("名称", limit=20, missing="请起个名称，例如：补拍照片")
    words = Text("内容", limit=500, exact=True, missing="请写下要发给买家的话")
    step = Pick("这段话答应了什么", choices=list(replies.PROMISES.items()), optional=True)

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if unknown := replies.find_unknown(self.words.data or ""):
            named = "、".join(f"{{{name}}}" if len(name) != 1 or name not in "{}｛｝" else name for name in unknown)
            self.words.errors = [f"没有这样的变量：{named}。可以用的变量列在下面"]
            good = False
        return good


class Inserted(NamedTuple):
    """A text put into the message, and the step that it promises: where it is taken, or that it can't be now."""

    words: str
    promise: str = ""
    address: str = ""
    partly: tuple[str, ...] = ()  # left as gaps, because this person sees them only in part


@bp.route("/replies", methods=["GET", "POST"])
def reply_list() -> ResponseReturnValue:
    """The texts and a form for another one."""
    form = ReplyForm()
    if form.validate_on_submit():

        def add() -> str:
            replies.add_reply(g.who.shop_id, form.name.data or "", form.words.data or "", form.step.data or "", g.now)
            return "/seller/replies?said=reply-saved"

        try:
            return once(add)
        except replies.TooMany:
            form.refuse(f"已有 {replies.MOST} 条常用语，请先删除不用的")
    return _show(form, None)


@bp.route("/replies/<int:reply_id>", methods=["GET", "POST"])
def reply(reply_id: int) -> ResponseReturnValue:
    """A text, to be said anew."""
    row = _find(reply_id)
    form = ReplyForm(data={"name": row.name, "words": row.words, "step": row.step})
    if form.validate_on_submit():

        def change() -> str:
            found = _find(reply_id)
            found.name, found.words = form.name.data or "", form.words.data or ""
            found.step = form.step.data or ""
            return "/seller/replies?said=reply-saved"

        return once(change)
    return _show(form, row)


@bp.post("/replies/<int:reply_id>/remove")
def remove_reply(reply_id: int) -> ResponseReturnValue:
    """Forget a text."""

    def forget() -> str:
        replies.remove_reply(g.who.shop_id, min(reply_id, 2**62))
        return "/seller/replies?said=reply-removed"

    return once(forget)


def _show(form: ReplyForm, row: Reply | None) -> ResponseReturnValue:
    return page(
        "seller/replies.html",
        422 if form.errors else 200,
        form=form,
        row=row,
        known=replies.list_replies(g.who.shop_id),
        variables=replies.VARIABLES,
        promises=replies.PROMISES,
    )


def _find(reply_id: int) -> Reply:
    if reply_id >= 2**62:
        abort(404)
    return guards.found(replies.find_reply(g.who.shop_id, reply_id))


def list_choices(shop_id: int) -> list[tuple[str, str]]:
    """What can be put into a message: the value for the address, and its name; the shop's own texts first."""
    own = [(str(row.id), row.name) for row in replies.list_replies(shop_id)]
    return own + [(f"p{place}", said) for place, said in enumerate(phrases.SELLER_PHRASES)]


def insert(order: Order, wanted: str) -> Inserted | None:
    """The text that the address asks for, filled in for the order's newest case that is open; None: no such text."""
    number = inputs.read_id(wanted.removeprefix("p"))
    if number is None:
        return None
    if wanted.startswith("p"):
        if number >= len(phrases.SELLER_PHRASES):
            return None
        text = phrases.SELLER_PHRASES[number]
        step = phrases.PROMISED_BY.get(text, "")
    else:
        row = replies.find_reply(order.shop_id, number)
        if row is None:
            return None
        text, step = row.words, row.step
    view = _find_view(order)
    filled = replies.fill_in(text, _say_values(order, view))
    masked = view is not None and view.receiver.shown is Shown.MASKED
    gaps = replies.find_gaps(filled) if masked else []
    partly = tuple(name for name in replies.OF_RECEIVER if replies.make_gap(name) in gaps)
    if not step:
        return Inserted(filled, partly=partly)
    can = view is not None and any(each.name == step and not refusal for each, refusal in view.actions)
    address = f"/seller/cases/{view.case.case_no}/{step}" if can and view is not None else ""
    return Inserted(filled, replies.PROMISES[step], address, partly)


def _find_view(order: Order) -> case_view.View | None:
    rows = [row for row in order_lists.list_cases(order.id) if row.state not in FINAL]
    case = case_view.find_of_shop(rows[0].case_no, order.shop_id) if rows else None
    return build_view(case) if case is not None else None


def _say_values(order: Order, view: case_view.View | None) -> dict[str, str]:
    """What is known at this moment, as this person may see it; what isn't stays away."""
    said = {"订单号": order.order_no}
    if view is None:
        return said
    case = view.case
    if view.receiver.shown is Shown.FULL:  # a masked name, read by the one who has it, looks like somebody else's
        said |= dict(zip(replies.OF_RECEIVER, view.receiver[:3], strict=True))
    said |= {"退货地址": view.returns.say_where() or str(view.back), "售后单号": case.case_no, "商品": case.goods}
    if case.due_at is not None:
        said["截止"] = words.end(case.due_at)
    sums = {"差价": _find_difference(case), "退款金额": _find_refund(case)}
    return said | {name: f"¥{money_text(fen)}" for name, fen in sums.items() if fen > 0}


def _find_difference(case: Case) -> int:
    """What the buyer has to pay more, 分, as far as it is known: of all that was asked for, then of what passed."""
    if case.difference_waived or case.state in _SETTLED:
        return 0
    if case.state == State.PAYING:
        return expected.expect_payment(case)
    return expected.expect_difference(case) if case.state == State.DISPUTED else case.difference_fen


def _find_refund(case: Case) -> int:
    """What is asked back or agreed on, 分; once it was counted, of what passed."""
    refunded = case.type == CaseType.RETURN_REFUND and case.state == State.DISPUTED
    return expected.expect_refund(case) if refunded else case.refund_fen


_SETTLED = (State.RESHIPPING, State.CONFIRMING)  # nothing more is to be paid for another specification
