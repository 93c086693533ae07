"""Applying: what eligibility needs to know, the draft being filled in, its sums, and handing it in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.applications.drafts import list_photos, load_photos, read_asked, read_description, read_type
from portal.applications.goods import (
    describe_goods,
    describe_policy,
    find_rolled_end,
    get_policy_for,
    is_exchangeable,
    list_lines,
    list_replacements,
    say_reasons,
)
from portal.applications.sums import find_amount_problem, list_chosen_skus, work_out_all
from portal.cases import opening
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import StepRefused
from portal.inputs import visible
from portal.models import Case, CaseLine, Draft, Order, Policy
from portal.orders.versions import read_moment
from portal.rights import articles, eligibility, guarantees, policies
from portal.rights import goods as goods_facts
from portal.rights.goods import Evidence, Goods, Verdict
from portal.rights.reasons import MOST_PHOTOS, Ground, Payer, Place


class NotEligible(StepRefused):
    """Eligibility says no; ``verdict`` says why and what instead, ``line_id`` for which line."""

    def __init__(self, verdict: Verdict, line_id: int, named: str = "") -> None:
        super().__init__(f"{named}：{verdict.why}" if named else verdict.why, "apply")
        self.verdict, self.line_id = verdict, line_id


def has_receiver(draft: Draft) -> bool:
    """Whether the draft says whom to send to, where something is sent."""
    if read_type(draft) in goods_facts.MONEY:
        return True
    return all(draft.fields.get(name) for name in ("name", "phone", "address"))


def submit_draft(
    draft: Draft,
    *,
    by: ActedBy,
    now: datetime,
    only: Collection[int] = (),
    photos: Sequence[str] | None = None,
    refund_fen: int | None = None,
) -> Case:
    """Hand the draft in: eligibility for every line, then the case, then the draft is gone.

    ``only``: the lines that this case is for, with these photos and of this amount; the draft stays then, it is for the
    others too. Raises NotEligible, or ledger.NotEnough when somebody was faster with the last units.
    """
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    fields, photos = draft.fields, list_photos(draft) if photos is None else photos
    lines = {line.id: line for line in list_lines(order.id, order.shop_id)}
    skus = {int(line_id): sku for line_id, sku in (fields.get("skus") or {}).items() if sku}
    wanted = [
        RequestedLine(int(line_id), int(milli), skus.get(int(line_id)))
        for line_id, milli in (fields.get("quantities") or {}).items()
        if int(milli) > 0 and int(line_id) in lines and (not only or int(line_id) in only)
    ]
    if not wanted:
        raise StepRefused("请填写数量", "apply")
    if not has_receiver(draft):
        raise StepRefused("请填写收货人、联系电话和收货地址", "apply")
    kind, judged = read_type(draft), dict(judge_draft(draft, now=now, photos=len(photos)))
    for item in wanted:
        line = lines[item.line_id]
        if item.sku_id is not None and item.sku_id not in {sku.id for sku in list_replacements(line)}:
            raise StepRefused("所选的换货规格已不可选，请重新选择", "apply")
        if not judged[line.id].allowed:
            raise NotEligible(judged[line.id], line.id, name_line(line) if len(judged) > 1 else "")
    if not only:
        comes_to = work_out_all(draft)
        if problem := find_amount_problem(comes_to, kind):
            raise NotEligible(Verdict(False, problem, basis="退款金额", field="amount"), wanted[0].line_id)
        refund_fen = comes_to.refund_fen
    verdicts = [judged[item.line_id] for item in wanted]
    negotiated = any(verdict.negotiated for verdict in verdicts)
    case = opening.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=fields["reason"],
        description=read_description(draft),
        receiver=(
            fields.get("name") or order.receiver_name,
            fields.get("phone") or order.receiver_phone,
            fields.get("address") or order.receiver_address,
        ),
        freight_payer=str(find_payer(verdicts)),
        basis=articles.state_basis(find_leading(verdicts), fields["reason"], consumer=order.consumer),
        policy_id=policies.get_current(order.shop_id).id,
        photos=photos,
        now=now,
        case_type=kind,
        negotiated=negotiated,
        refund_fen=refund_fen if kind in goods_facts.MONEY else None,
    )
    if not only:
        db.session.delete(draft)
    db.session.flush()
    return case


def name_line(line: Any) -> str:
    """A line as sentences about an application of several name it."""
    return f"「{' '.join(part for part in (line.title, line.spec) if part)}」"


def find_payer(verdicts: Sequence[Verdict]) -> Payer:
    """Who bears the freight of lines filed together: whom the least of their rights leaves it to."""
    payers = {Payer(verdict.freight_payer or Payer.NEGOTIATED) for verdict in verdicts}
    if any(verdict.negotiated for verdict in verdicts):
        return Payer.NEGOTIATED
    return next(payer for payer in (Payer.BUYER, Payer.NEGOTIATED, Payer.SELLER) if payer in payers)


def find_leading(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that lines filed together rest on: the least of them."""
    payer = find_payer(verdicts)
    least = [each for each in verdicts if each.negotiated or (each.freight_payer or Payer.NEGOTIATED) == payer]
    return next((each for each in least if each.negotiated), least[0] if least else verdicts[0])


def judge_draft(draft: Draft, *, now: datetime, photos: int | None = None) -> list[tuple[int, Verdict]]:
    """What eligibility says of each line of the draft, as it stands; ``photos``: of how many, None for its own.

    A line without a right of its own, beside one that has it, is judged as asked of the seller: its application goes
    apart, or makes the whole one a 协商, as its buyer says before anything is filed.
    """
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    policy = get_policy_for(order)
    lines = {line.id: line for line in list_lines(order.id, order.shop_id)}
    may = is_exchangeable(list(lines.values()), order)
    proof = len(list_photos(draft)) if photos is None else photos, visible(read_description(draft)), len(lines)
    kind, reason = read_type(draft), draft.fields.get("reason", "")
    goods, found = {}, {}
    for line_id, milli in ((int(key), int(value)) for key, value in (draft.fields.get("quantities") or {}).items()):
        if line_id not in lines:
            continue
        goods[line_id] = describe_goods(order, lines[line_id], exchangeable=may[line_id]), Evidence(milli, *proof)
        found[line_id] = eligibility.check(
            goods[line_id][0], kind, reason, goods[line_id][1], now, policy, negotiated=read_asked(draft)
        )
    if any(verdict.allowed for verdict in found.values()):
        for line_id, verdict in found.items():
            if not verdict.allowed and verdict.field == "reason":
                asked = eligibility.check(
                    goods[line_id][0], kind, reason, goods[line_id][1], now, policy, negotiated=True
                )
                found[line_id] = replace(asked, why=f"{verdict.why}；{asked.why}") if asked.allowed else verdict
    return list(found.items())


def describe_reasons(case: Case) -> tuple[frozenset[Ground], Callable[[str], str]]:
    """The grounds that goods must carry and none of a case's did when it was opened, and how the reasons are called."""
    _, policy, own = _describe_then(case)
    each = [eligibility.find_uncarried(goods, policy) for goods in own.values()]
    return each[0].intersection(*each[1:]), say_reasons(own.values(), policy)


def _describe_then(case: Case) -> tuple[Order, goods_facts.Policy, dict[int, Goods]]:
    """A case's order, the rules of the day it was opened, and by order line what the goods were then."""
    order = db.session.get_one(Order, (case.order_id, case.shop_id))
    policy = describe_policy(db.session.get_one(Policy, (case.policy_id, case.shop_id)), policies.get_promised(order))
    own = dict(
        db.session.execute(
            select(CaseLine.order_line_id, CaseLine.quantity_milli).where(
                CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
            )
        ).all()
    )
    lines = [line for line in list_lines(order.id, order.shop_id) if line.id in own]
    may, found = is_exchangeable(lines, order), {}
    for line in lines:
        goods = describe_goods(order, line, exchangeable=may[line.id])
        found[line.id] = replace(goods, claimed_milli=goods.claimed_milli - own[line.id], **_then(case, line.id, goods))
    return order, policy, found


def judge_again(
    case: Case, *, reason: str, quantities: dict[int, int], photos: int, description: str
) -> dict[str, Any]:
    """What a change of an application needs by the rules of the day it was made: who pays, the basis, the right to it.

    ``quantities`` by order line, in thousandths; ``photos`` counts all of them. Raises NotEligible.
    """
    order, policy, own = _describe_then(case)
    payer, basis, negotiated = case.freight_payer, case.basis, False
    if reason == case.reason:
        photos = max(photos, 1)  # what was enough to apply is enough to change a word
    for line_id, goods in own.items():
        proof = Evidence(quantities[line_id], min(photos, MOST_PHOTOS), visible(description))
        verdict = eligibility.check(goods, case.type, reason, proof, case.opened_at, policy, negotiated=case.negotiated)
        if not verdict.allowed:
            raise NotEligible(verdict, line_id)
        payer, basis = (
            str(verdict.freight_payer or payer),
            articles.state_basis(verdict, reason, consumer=order.consumer),
        )
        negotiated = negotiated or verdict.negotiated
    if negotiated:
        payer = str(Payer.NEGOTIATED)
    return {"freight_payer": payer, "basis": basis, "negotiated": negotiated}


def _then(case: Case, line_id: int, goods: Goods) -> dict[str, Any]:
    """What the goods were when the case was opened, which is what its rules go by: whatever was said of them since."""
    facts = case.opened_on
    found: dict[str, object] = {"ended_alone": False}
    for line, (by_law, by_shop) in zip(facts.get("lines", ()), facts.get("left_out", ()), strict=False):
        if line[0] == line_id:
            found["no_reason_excluded"] = goods.no_reason_excluded if by_law else ""
            found["exchangeable"] = goods.exchangeable or not by_shop
    if case.goods_state != Place.RECEIVED:
        return found | {"received_at": None, "status": case.goods_state}
    found["status"] = "delivered"
    known = [read_moment(facts.get(name)) for name in ("received_at", "term_from") if facts.get("received_at")]
    if received_at := max((moment for moment in known if moment is not None), default=None):
        found |= {"received_at": received_at, "no_reason_until": find_rolled_end(received_at)}
    return found


def summarise(draft: Draft, *, now: datetime) -> dict[str, Any]:
    """What the check page shows: lines with quantities and specifications, photos, who pays, what the rules say."""
    lines = {line.id: line for line in list_lines(draft.order_id, draft.shop_id)}
    specs = {line_id: sku.spec for line_id, sku in list_chosen_skus(draft, list(lines.values())).items()}
    verdicts = judge_draft(draft, now=now)
    kind = read_type(draft)
    return {
        "lines": [
            {"line": lines[int(line_id)], "milli": int(milli), "spec": specs.get(int(line_id), "")}
            for line_id, milli in (draft.fields.get("quantities") or {}).items()
            if int(line_id) in lines
        ],
        "photos": load_photos(draft),
        "verdict": verdicts[0][1] if verdicts else None,
        "judged": verdicts,
        "negotiated": any(verdict.negotiated for _, verdict in verdicts),
        "reason": guarantees.say_reason(draft.fields.get("reason", ""), verdicts[0][1].basis if verdicts else ""),
        "type": kind,
        "money": kind in goods_facts.MONEY,
        "sums": work_out_all(draft),
        "description": read_description(draft),
    }
