"""The second page of an application: how much, the photos, the words; what instead and where to, or what amount."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.applications import applications, drafts, entered, foreseen, sums, talk_photos
from portal.applications import goods as applications_goods
from portal.buyer import bp, line_photos, typed_lines
from portal.buyer.applying import find_begun, find_order, name_kind
from portal.buyer.applying_forms import DetailsForm, read_quantities
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.inputs import money_text
from portal.models import Draft, Order, OrderLine
from portal.orders import order_lists
from portal.rights import asking, eligibility, reasons
from portal.rights import goods as goods_facts
from portal.service import remedies
from portal.web import guards
from portal.web.forms import find_kept_form
from portal.web.pages import page
from portal.web.photo_field import sent_ids

_RECEIVER = ("name", "phone", "address")  # the fields of what is sent somewhere
_SIZES = ("stated", "measured")


@dataclass
class Asked:
    """What the page asks: the draft it is about, which types its reason opens, and the form made for them."""

    order: Order
    draft_id: int
    fields: dict[str, Any]
    lines: list[Any]
    reason: reasons.Reason | None
    options: dict[CaseType, goods_facts.Verdict]
    kinds: tuple[CaseType, ...]
    kind: CaseType
    form: DetailsForm
    kept: Any = None  # what was typed and not judged yet
    typed: dict[str, str] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)  # photos of lines

    @property
    def negotiated(self) -> bool:
        """Whether only the seller's own yes counts."""
        found = self.options.get(self.kind)
        return found.negotiated if found else bool(self.fields.get("negotiated"))


@bp.route("/orders/<order_no>/apply/details", methods=["GET", "POST"])
def apply_details(order_no: str) -> ResponseReturnValue:
    """What is wanted, how much, the photos, the words; which specification instead and where to, or what amount."""
    order = find_order(order_no)
    draft = find_begun(order)
    if draft is None or not draft.fields.get("reason"):
        return redirect(f"/orders/{order_no}/apply", 303)
    if request.method != "POST":
        return _show(_ask(order, draft), 200)
    left = _take_from_talk(draft)
    refused = line_photos.keep_sent(draft, typed_lines.sort_lines(order, draft.fields))
    order = find_order(order_no)
    asked = _ask(order, guards.found(find_begun(order)))
    asked.refused = refused
    if left:
        asked.form.photos.refusals.append(f"最多 {asked.form.photos.most} 张照片，从聊天中选择的有 {left} 张没有添加")
    _take(asked)
    if not asked.form.errors and not asked.problems and not asked.refused:
        with writing():
            entered.end_entered(db.session.get_one(Draft, asked.draft_id), asked.form.form_key.data or "", g.now)
        return redirect(asked.form.and_say(f"/orders/{order_no}/apply/check"), 303)
    asked.order = find_order(order_no)
    asked.lines = typed_lines.sort_lines(asked.order, asked.fields)
    return _show(asked, 422)


@bp.get("/orders/<order_no>/apply/amount")
def apply_amount(order_no: str) -> ResponseReturnValue:
    """What can be asked back at most for the quantities in the address, as the page says it."""
    order = find_order(order_no)
    draft = guards.found(find_begun(order))
    lines = typed_lines.sort_lines(order, draft.fields)
    typed = {str(line.id): request.args.get(f"quantity_{line.id}", "")[:40] for line in lines}
    return page("buyer/_amount.html", hint=_tell_most(order, lines, typed))


def _ask(order: Order, draft: Draft) -> Asked:
    """The form for a draft, filled with what was typed before, without the fields that nothing is asked for in."""
    fields = dict(draft.fields)
    lines = typed_lines.sort_lines(order, fields)
    kept = _find_kept(order, draft)
    form = _make_form(order, draft, kept)
    reason = reasons.reason(fields["reason"])
    kind = drafts.read_type(draft)
    options = _list_options(order, lines[0], reason)
    if options and kind not in options:
        kind = next(iter(options))
    kinds = tuple(options) or (kind,)
    if len(kinds) == 1:
        del form.type
    else:
        form.type.choices = [(str(each), name_kind(each, options[each])) for each in kinds]
        if form.type.data in set(kinds):
            kind = CaseType(form.type.data)
        elif request.method != "POST":
            form.type.data = str(kind)
    for name in () if set(kinds) & set(goods_facts.MONEY) else ("amount",):
        del form[name]
    for name in _RECEIVER if set(kinds) <= set(goods_facts.MONEY) else ():
        del form[name]
    for name in () if reason and reason.measures else _SIZES:
        del form[name]
    form.photos.least = reason.least_photos if reason else 0
    typed = typed_lines.list_usual(lines, fields) | typed_lines.find_typed(lines, kept, "quantity")
    return Asked(order, draft.id, fields, lines, reason, options, kinds, kind, form, kept, typed)


def _take_from_talk(draft: Draft) -> int:
    """Put the photos chosen from the conversation on the draft; returns how many found no room."""
    with writing():
        return talk_photos.add_photos(draft, sent_ids("talk_photo"), g.now)


def _find_kept(order: Order, draft: Draft) -> Any:
    """What stood in the fields when the page was left or signing in came between; None on a POST."""
    if request.method == "POST":
        return None
    before = entered.find_entered(draft, "description")
    kept = find_kept_form() or (MultiDict(before) if before else None)
    if kept is not None:
        for name, value in _fill(order, draft).items():
            kept.setdefault(name, value)  # the page had other fields when it was filled in
    return kept


def _fill(order: Order, draft: Draft) -> dict[str, str]:
    """What the fields say to begin with."""
    fields = draft.fields
    return {
        **{name: fields.get(name, "") for name in ("description", *_SIZES)},
        "name": fields.get("name") or order.receiver_name,
        "phone": fields.get("phone") or order.receiver_phone,
        "address": fields.get("address") or order.receiver_address,
    }


def _make_form(order: Order, draft: Draft, kept: Any) -> DetailsForm:
    form = DetailsForm(
        **({"formdata": kept} if kept else {}),
        data={**_fill(order, draft), "amount": draft.fields.get("refund_fen")},
        known=partial(order_lists.known_numbers, order.id),
    )
    form.photos.belong_to(draft.id, len(drafts.list_photos(draft)), drafts.count_most_photos(order.id, order.shop_id))
    form.photos.upload_url = f"/orders/{order.order_no}/apply/photos"
    return form


def _take(asked: Asked) -> None:
    """Keep what was sent on the draft, and write down in the form what is wrong with it."""
    form, kind = asked.form, asked.kind
    lines = asked.lines
    left = [(line.id, max(line.quantity_milli - line.claimed_milli, 0), line.unit) for line in lines]
    asked.typed, asked.problems, quantities, skus = read_quantities(left)
    form.validate_on_submit()
    for name in _RECEIVER if kind in goods_facts.MONEY else ("amount",):
        if name in form:
            form[name].errors = []  # what isn't asked for can't be wrong
    with writing():
        draft = db.session.get_one(Draft, asked.draft_id)
        drafts.keep_photos(draft, form.photos.data or [], sent_ids("drop_photo"))
        drafts.save_draft(draft, _read_details(asked, quantities, skus), g.now)
        entered.save_entered(draft, entered.read_entered(request.form, asked.order.id), "", g.now)
        form.photos.data = []
        verdicts = applications.judge_draft(draft, now=g.now) if not asked.problems and quantities else []
        comes_to = sums.work_out_all(draft) if verdicts else None
    _refuse(asked, verdicts)
    if comes_to is not None and not form.errors and (problem := sums.find_amount_problem(comes_to, kind)):
        form.refuse(problem, "amount")
    if not quantities and not asked.problems:
        asked.problems[lines[0].id] = f"请填写{asking.QUANTITY[kind]}"
    named = {line.id: line for line in lines}
    form.refuse_lines(asked.refused, named)
    form.refuse_lines(asked.problems, named)
    for line_id in asked.problems:
        asked.typed.setdefault(str(line_id), "")


def _read_details(asked: Asked, quantities: dict[str, int], skus: dict[str, int]) -> dict[str, object]:
    """What the draft keeps of the form; a field that was refused keeps what it said before."""
    form, kind = asked.form, asked.kind
    money = {"refund_fen": form.amount.data if kind in goods_facts.MONEY else None} if "amount" in form else {}
    return {
        "quantities": quantities,
        "skus": skus if kind is CaseType.EXCHANGE else {},
        "typed": asked.typed,
        "type": str(kind),
        "negotiated": asked.negotiated,
        **money,
        **{
            name: asked.fields.get(name, "") if form[name].errors else form[name].data or ""
            for name in ("description", *_SIZES, *_RECEIVER)
            if name in form
        },
    }


def _refuse(asked: Asked, verdicts: list[tuple[int, goods_facts.Verdict]]) -> None:
    """Say what the rules have against the lines, each beside its field."""
    named = {line.id: f"{applications.name_line(line)}：" for line in asked.lines} if len(verdicts) > 1 else {}
    for line_id, verdict in (each for each in verdicts if not each[1].allowed):
        if verdict.field == "quantity":
            asked.problems[line_id] = verdict.why
        elif verdict.field == "reason":
            asked.form.refuse(named.get(line_id, "") + verdict.why)
        elif verdict.field != "photos" or not asked.form.photos.errors:
            asked.form.refuse(verdict.why, verdict.field)


def _show(asked: Asked, status: int) -> ResponseReturnValue:
    order, lines, options, kinds = asked.order, asked.lines, asked.options, asked.kinds
    draft = guards.found(find_begun(order))
    photos, photos_of = line_photos.sort_by_line(drafts.load_photos(draft), lines)
    exchange = CaseType.EXCHANGE in kinds
    return page(
        "buyer/apply_details.html",
        status,
        order=order,
        form=asked.form,
        lines=lines,
        packs={line.id: pack for line in lines if (pack := foreseen.find_pack(line))},
        typed=asked.typed,
        problems=asked.problems,
        reason=asked.reason,
        photos=photos,
        photos_of=photos_of,
        refused=asked.refused,
        talk=talk_photos.list_photos(order),
        skus=(draft.fields.get("skus") or {}) | typed_lines.find_typed(lines, asked.kept, "sku"),
        choices=sums.list_choices(order, lines) if exchange else {line.id: () for line in lines},
        kinds=[(str(each), goods_facts.NAMES[each], asking.QUANTITY[each], asking.DESCRIPTION[each]) for each in kinds],
        tries=remedies.list_for_line(lines[0], order.shop_id, draft.fields.get("reason", ""), g.who.user_id),
        least=remedies.LEAST,
        title=name_kind(asked.kind, options.get(asked.kind)) if len(kinds) == 1 else "申请",
        hints={str(each): verdict.why.replace(";", "；").partition("；")[2] for each, verdict in options.items()},
        lead=options[asked.kind].why if len(kinds) == 1 and options else "",
        amount_hint=_tell_most(order, lines, asked.typed) if "amount" in asked.form else "",
    )


def _list_options(order: Order, line: OrderLine, reason: reasons.Reason | None) -> dict[CaseType, goods_facts.Verdict]:
    """What the draft's reason opens for its first line, the usual first."""
    if reason is None:
        return {}
    policy = applications_goods.get_policy_for(order)
    goods = applications_goods.describe_goods(
        order, line, exchangeable=applications_goods.is_exchangeable([line], order)[line.id]
    )
    return dict(eligibility.ways(goods, reason, g.now, policy))


def _tell_most(order: Order, lines: list[OrderLine], typed: dict[str, str]) -> str:
    """What can be asked back at most for the quantities as they stand on the page."""
    found = sums.work_out_sums(order, CaseType.REFUND_ONLY, foreseen.read_units(lines, typed), {})
    most = f"现在的数量最多可退 {money_text(found.most_fen)} 元：{'；'.join(found.working)}" if found.most_fen else ""
    return f"单位：元。不填写就退最多的金额。{most}"
