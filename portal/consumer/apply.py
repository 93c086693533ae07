"""申请售后 by the link of an order: what, why, how much, with photos, judged like every buyer's application."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal import inputs, told, words
from portal.applications import apart, applications, drafts, goods, sums
from portal.consumer import bp
from portal.consumer.forms import list_specs
from portal.consumer.opening import open_pass
from portal.consumer.receiver_fields import NAMES, ReceiverFields
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Order
from portal.orders import ledger, order_lists
from portal.resale import consumers
from portal.resale import links as consumer_links
from portal.rights import addresses, faults, reasons
from portal.rights.goods import Instead
from portal.service import remedies
from portal.web import photos, rates
from portal.web.fields import Choice, Pick, Text
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos


class ApplyForm(ReceiverFields):
    """An application. Fields of the order's lines have their numbers: ``quantity_<line>``, ``sku_<line>``."""

    reason = Pick("原因", missing="请选择原因")
    type = Choice("希望怎么处理", missing="请选择希望怎么处理")
    asks = BooleanField("没有明确依据时，也请商家协商处理（商家同意才算）")
    description = Text("说明", limit=500, optional=True)
    photos = Photos("照片", most=reasons.MOST_OF_APPLICATION)

    def prepare(self, order: Order, lines: Any) -> None:
        """Choices by where the goods are; how much of each line is left."""
        place = "unshipped" if goods.is_unshipped(order) else "received"
        kinds = [CaseType.REFUND_ONLY] if place == "unshipped" else list(CaseType)
        self.type.choices = [(str(kind), words.TYPE[kind]) for kind in kinds]
        self.photos.most = reasons.most_photos(len(lines))
        self.left = {line.id: line.quantity_milli - line.claimed_milli for line in lines}
        self.lines = [line for line in lines if self.left[line.id] > 0]
        policy = goods.get_policy_for(order)
        missing = goods.find_uncarried(order, self.lines, policy)
        known = [each for kind in kinds for each in reasons.leading_to(kind, place) if each.ground not in missing]
        self.offered = list(dict.fromkeys(each.id for each in known))
        said = goods.name_reasons(order, self.lines, policy)
        payers = goods.name_payers(order, self.lines, policy, self.offered)
        bears = {each: f"（运费{told.tell_payer(payer, Actor.BUYER)}）" for each, payer in payers.items()}
        self.reason.choices = [("", "请选择"), *((each, said(each) + bears.get(each, "")) for each in self.offered)]
        self.typed = {line.id: request.form.get(f"quantity_{line.id}", "")[:40] for line in self.lines}
        if len(self.lines) == 1 and request.method != "POST":
            self.typed[self.lines[0].id] = inputs.quantity_text(self.left[self.lines[0].id])
        self.problems: dict[int, str] = {}
        self.order = order
        self.difference_fen = 0  # what the chosen specifications come to; handed in again, it was looked at
        self.skus = list_specs(order.id, self.lines) if CaseType.EXCHANGE in kinds else {}
        self.chosen = {line_id: request.form.get(f"sku_{line_id}", "")[:20] for line_id in self.skus}
        self.known_receiver = (order.receiver_name, order.receiver_phone, order.receiver_address)
        link = addresses.Reader(Actor.BUYER, by_link=True)
        self.receiver = str(addresses.show_receiver(link, (), order))

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        exchange = self.type.data == CaseType.EXCHANGE
        chosen = exchange and any(self.chosen.values())
        if exchange and self.reason.data == "wrong_order" and not self.description.data and not chosen:
            self.refuse("请写明想换成什么，商家看过后答复您", "description")
            good = False
        self.quantities: dict[str, int] = {}
        for line in self.lines:
            if self.typed[line.id].strip() in ("", "0"):
                continue
            try:
                self.quantities[str(line.id)] = inputs.quantity(
                    self.typed[line.id], most=self.left[line.id], unit=line.unit
                )
            except inputs.InputRefused as refused:
                self.problems[line.id] = refused.sentence
        if not self.quantities and not self.problems:
            self.problems[self.lines[0].id] = "请填写要申请的数量"
        for line_id, sku in self.chosen.items():
            if exchange and sku not in {"", *(known for known, _ in self.skus[line_id])}:
                self.problems.setdefault(line_id, "所选的换货规格已不可选，请重新选择")
                self.chosen[line_id] = ""
        self.refuse_lines(self.problems, {line.id: line for line in self.lines})
        return good and not self.problems and self._agrees_to_sum()

    def _agrees_to_sum(self) -> bool:
        """There is no page to check it on: a difference is said, and the form sent once more."""
        skus = self._list_skus()
        if not skus:
            return True
        wanted = {line_id: self.quantities[str(line_id)] for line_id in skus}
        self.difference_fen = fen = sums.work_out_sums(self.order, CaseType.EXCHANGE, wanted, skus).difference_fen
        if not fen or request.form.get("difference", "") == str(fen):
            return True
        what = f"您补差价 {inputs.money_text(fen)} 元" if fen > 0 else f"商家退差价 {inputs.money_text(-fen)} 元"
        self.refuse(f"换成所选的规格，{what}，验货通过后再结算；没有问题的话，请再提交一次")
        return False

    def _list_skus(self) -> dict[int, int]:
        """The other specifications that are asked for, by order line."""
        if self.type.data != CaseType.EXCHANGE:
            return {}
        return {line_id: int(sku) for line_id, sku in self.chosen.items() if sku and str(line_id) in self.quantities}

    def fields(self) -> dict[str, Any]:
        """What a draft keeps of it."""
        where = self.read_receiver() or self.known_receiver
        return dict(zip(NAMES, where, strict=True)) | {
            "quantities": self.quantities,
            "skus": {str(line_id): sku for line_id, sku in self._list_skus().items()},
            "reason": self.reason.data,
            "type": self.type.data,
            "description": self.description.data or "",
            "negotiated": bool(self.asks.data),
        }


@bp.route("/<link_name>/apply", methods=["GET", "POST"])
def apply(link_name: str) -> ResponseReturnValue:
    """The form, and handing it in: the draft of the order is made and submitted in one transaction."""
    opened = open_pass(link_name)
    if opened.case_id is not None:  # a link to one case says nothing of the rest of the order
        abort(404)
    order = db.session.get_one(Order, opened.order_id)
    form = ApplyForm(known=partial(order_lists.known_numbers, order.id))
    form.prepare(order, goods.list_lines(order.id, order.shop_id))
    status = 200
    instead: tuple[Instead, ...] = ()
    undecided: dict[str, Any] = {"apart": (), "cost": ""}
    said: dict[str, str] = {}
    if request.method == "POST" and "tried" in request.form:
        rates.limit("consumer-link", opened.link_id)
        if _keep_tried(opened, form, order):
            return redirect(f"/c/{link_name}?said=tried-solved", 303)
        said["said"] = words.SAID["tried-not"]
        form.photos.keep()  # what was typed and picked stays, and nothing of it is judged yet
        order = db.session.get_one(Order, opened.order_id)
    elif request.method == "POST" and form.lines:
        rates.limit("consumer-link", opened.link_id)
        status = 422
        if form.validate_on_submit():
            try:
                return once(lambda: _hand_in(opened, form))
            except applications.NotEligible as refused:
                field = refused.verdict.field
                form.refuse(refused.sentence, field if field in form else "")
                instead = refused.verdict.instead
            except apart.Undecided as refused:
                form.refuse(refused.sentence)
                undecided = {"apart": refused.parts, "cost": refused.cost}
            except ledger.NotEnough:
                form.refuse("剩余可申请的数量不够了，请减少数量")
            except StepRefused as refused:
                form.refuse(refused.sentence)
        order = db.session.get_one(Order, opened.order_id)
    return page(
        "consumer/apply.html",
        status,
        link_name=link_name,
        order=order,
        form=form,
        instead=instead,
        tries=_list_tries(opened, form, order),
        least=remedies.LEAST,
        at=f"/c/{link_name}/f",
        **said,
        **undecided,
    )


def _list_tries(opened: consumer_links.Pass, form: ApplyForm, order: Order) -> list[remedies.Shown]:
    """先试试: what can be tried for the reason that is chosen; before one is, for any that can be."""
    chosen = request.args.get("reason", "") if request.method == "GET" else form.reason.data
    among = [chosen] if chosen else form.offered
    meant = frozenset[str]().union(*(faults.list_meant(reason) for reason in among))
    return remedies.list_for_lines(form.lines, order.shop_id, meant, opened.buyer_id)


def _keep_tried(opened: consumer_links.Pass, form: ApplyForm, order: Order) -> bool:
    """Keep whether a suggestion helped with a line: one answer of the order's buyer, by however many links."""
    said = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})-(yes|no)", request.form.get("tried", ""))
    if said is None:
        abort(404)
    remedy_id, line_id, helped = int(said[1]), int(said[2]), said[3] == "yes"
    if (remedy_id, line_id) not in {(each.remedy.id, each.line_id) for each in _list_tries(opened, form, order)}:
        abort(404)
    shop_id = order.shop_id
    db.session.rollback()
    with writing():
        remedies.answer(remedy_id, shop_id, line_id, opened.buyer_id, helped=helped, now=g.now)
        consumer_links.mark_used(opened.link_id, g.now)
    return helped


def _hand_in(opened: consumer_links.Pass, form: ApplyForm) -> str:
    order = db.session.get_one(Order, opened.order_id)
    if (draft := drafts.find_draft(order.id, opened.buyer_id)) is not None:
        drafts.discard_draft(draft)
    draft = drafts.start_draft(order.shop_id, order.id, opened.buyer_id, source="order", now=g.now)
    drafts.save_draft(draft, form.fields(), g.now)
    drafts.keep_photos(draft, form.photos.data or ())
    by = consumers.act_as_consumer(opened.buyer_id, g.request_id)
    made = apart.hand_in(draft, request.form.get("how", ""), by=by, now=g.now)
    consumer_links.mark_used(opened.link_id, g.now)
    did = "did=step" if len(made) == 1 else "said=filed-apart"
    return f"{made[0].case_no}?v=1&{did}"  # relative: leads on by whichever link asks again


@bp.get("/<link_name>/f/<public_id>")
def order_photo(link_name: str, public_id: str) -> ResponseReturnValue:
    """A photo that was just uploaded for an application, or of what can be tried before it."""
    return _send(link_name, public_id, thumb=False)


@bp.get("/<link_name>/f/<public_id>/thumb")
def order_photo_thumb(link_name: str, public_id: str) -> ResponseReturnValue:
    """Its small picture."""
    return _send(link_name, public_id, thumb=True)


def _send(link_name: str, public_id: str, *, thumb: bool) -> ResponseReturnValue:
    opened = open_pass(link_name)
    row = None
    if opened.case_id is None:
        row = consumer_links.may_see_photo(opened, None, public_id)
        row = row or remedies.find_picture(public_id, db.session.get_one(Order, opened.order_id).shop_id)
    if row is None:
        abort(404)
    return photos.send(row, thumb=thumb)
