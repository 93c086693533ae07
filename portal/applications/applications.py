"""Applying: what eligibility needs to know, the draft being filled in, its sums, and handing it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.calendar import calendars, workdays
from portal.cases import opening
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import CaseType, StepRefused
from portal.inputs import money_text, visible
from portal.models import Case, CaseLine, Draft, Order, OrderLine, Policy, Product, Sku
from portal.models import Evidence as Photo
from portal.money import worth
from portal.rights import eligibility, policies, resale
from portal.rights import goods as goods_facts
from portal.rights.goods import Evidence, Goods, Verdict
from portal.rights.reasons import MOST_PHOTOS, Payer, Place, codes, said


class NotEligible(StepRefused):
    """Eligibility says no; ``verdict`` says why and what instead, ``line_id`` for which line."""

    def __init__(self, verdict: Verdict, line_id: int) -> None:
        super().__init__(verdict.why, "apply")
        self.verdict, self.line_id = verdict, line_id


def describe_policy(policy: Policy, days: policies.Days | None = None) -> goods_facts.Policy:
    """A shop's policy as eligibility sees it. ``days``: what was promised to the order in question."""
    return goods_facts.Policy(
        window_days=days.window if days else policy.window_days,
        hidden_days=days.hidden if days else policy.hidden_days,
        own_window_days=days.own_window if days else 0,
        own_hidden_days=days.own_hidden if days else 0,
        special_freight=Payer(policy.special_freight),
        guarantees=codes(policy.guarantees),
        excluded=tuple(str(word) for word in policy.excluded),
        types=frozenset(CaseType(kind) for kind in policy.types.split(",")),
    )


def get_policy_for(order: Any) -> goods_facts.Policy:
    """What the shop's policy is for an order: no version shortens a term that was promised since the goods arrived."""
    return describe_policy(
        policies.get_current(order.shop_id), policies.get_days_since(order.shop_id, order.received_at)
    )


def describe_goods(order: Any, line: Any, *, exchangeable: bool = True, open_case: str = "") -> Goods:
    """An order line as eligibility sees it; rows of entities or of columns with the same names."""
    excluded = getattr(line, "no_reason_excluded", "") or ""
    if excluded == "unfit" and line.unfit_confirmed_at is None:
        excluded = ""  # nobody confirmed it, so it isn't
    return Goods(
        status=order.status,
        bought_milli=line.quantity_milli,
        claimed_milli=line.claimed_milli,
        unit=line.unit,
        received_at=order.received_at,
        guarantees=codes(line.guarantees),
        title=line.title,
        product_no=line.cargo_no,
        exchangeable=exchangeable,
        open_case=open_case,
        consumer=order.consumer,
        no_reason_excluded=excluded,
        no_reason_until=_rolled(order.received_at),
        apply_by=resale.find_apply_by(order) if resale.is_resold(order) else None,
        apply_days=resale.get_rule().apply_days,
    )


def _rolled(received_at: datetime | None) -> datetime | None:
    """The end of seven days where that is a day of rest: the end of the day after it (民法典 203); else None."""
    if received_at is None:
        return None
    plain, rolled = workdays.plus_days(received_at, 7), workdays.plus_days(received_at, 7, calendars.get_calendar())
    return rolled.at if rolled.at > plain.at else None


_line, _product = OrderLine.__table__.c, Product.__table__.c
_LINES = (
    select(
        _line.id,
        _line.position,
        _line.title,
        _line.spec,
        _line.unit,
        _line.unit_price_fen,
        _line.quantity_milli,
        _line.claimed_milli,
        _line.cargo_no,
        _line.guarantees,
        _line.product_id,
        _line.snapshot,
        _line.unfit_confirmed_at,
        _product.exchangeable,
        _product.no_reason_excluded,
        _product.picture,
    )
    .outerjoin(Product.__table__, _product.id == _line.product_id)
    .where(_line.order_id == bindparam("order_id"))
    .order_by(_line.position, _line.id)
)


def list_lines(order_id: int) -> Sequence[Any]:
    """The lines of an order in their order, as columns, each with its product's ``picture`` and ``exchangeable``."""
    return db.session.execute(_LINES, {"order_id": order_id}).all()


def is_exchangeable(lines: Sequence[Any]) -> dict[int, bool]:
    """By line id: whether its product may be exchanged without the seller's fault."""
    return {line.id: line.exchangeable is not False for line in lines}


_DRAFT = select(Draft).where(Draft.order_id == bindparam("order_id"), Draft.buyer_id == bindparam("buyer_id"))


def find_draft(order_id: int, buyer_id: int) -> Draft | None:
    """The draft of this order, if this buyer has begun one."""
    return db.session.scalars(_DRAFT, {"order_id": order_id, "buyer_id": buyer_id}).one_or_none()


def read_type(draft: Draft) -> CaseType:
    """What the draft applies for."""
    known = draft.fields.get("type")
    return CaseType(known) if known in set(CaseType) else CaseType.EXCHANGE


def read_asked(draft: Draft) -> bool:
    """Whether it is asked for as 协商, where there may be no right to it."""
    return bool(draft.fields.get("negotiated"))


MOST_DRAFTS = 50  # of one person; what is begun and never handed in keeps photos


def start_draft(
    shop_id: int, order_id: int, buyer_id: int, *, source: str, now: datetime, line_id: int | None = None
) -> Draft:
    """The draft of this order; begun when there is none. Two at once get the same one.

    Raises StepRefused when this person has as many drafts as may be.
    """
    if find_draft(order_id, buyer_id) is None:
        begun = db.session.scalar(select(func.count()).select_from(Draft).where(Draft.buyer_id == buyer_id)) or 0
        if begun >= MOST_DRAFTS:
            raise StepRefused(f"最多同时保存 {MOST_DRAFTS} 份草稿，请先提交或删除不用的草稿", "apply")
    dialect = db.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {
        "shop_id": shop_id,
        "order_id": order_id,
        "buyer_id": buyer_id,
        "source": source,
        "fields": {},
        "created_at": now,
        "updated_at": now,
    }
    db.session.execute(insert(Draft).values(row).on_conflict_do_nothing())
    draft = db.session.scalars(select(Draft).where(Draft.order_id == order_id, Draft.buyer_id == buyer_id)).one()
    if line_id is not None:
        save_draft(draft, {"line_id": line_id}, now)
    return draft


def save_draft(draft: Draft, fields: dict[str, Any], now: datetime) -> None:
    """Keep what was typed; what isn't mentioned stays."""
    draft.fields = {**draft.fields, **fields}
    draft.updated_at = now
    db.session.flush()


def discard_draft(draft: Draft) -> None:
    """Remove a draft; its photos become loose and are swept a day later."""
    db.session.execute(update(Photo).where(Photo.draft_id == draft.id).values(draft_id=None))
    db.session.delete(draft)
    db.session.flush()


def keep_photos(draft: Draft, public_ids: Sequence[str], drop: Sequence[str] = ()) -> int:
    """Hang loose photos of the buyer on the draft and take dropped ones off; returns how many it has then."""
    mine = (Photo.owner_id == draft.buyer_id, Photo.case_id.is_(None), Photo.message_id.is_(None))
    if drop:
        db.session.execute(
            update(Photo).where(Photo.public_id.in_(drop), Photo.draft_id == draft.id).values(draft_id=None)
        )
    room = MOST_PHOTOS - len(list_photos(draft))
    if public_ids and room > 0:
        db.session.execute(
            update(Photo)
            .where(Photo.public_id.in_(list(public_ids)[:room]), *mine)
            .values(draft_id=draft.id, shop_id=draft.shop_id)
        )
    return len(list_photos(draft))


def list_photos(draft: Draft) -> list[str]:
    """The public ids of a draft's photos, oldest first."""
    return list(db.session.scalars(select(Photo.public_id).where(Photo.draft_id == draft.id).order_by(Photo.id)))


def list_replacements(line: Any) -> Sequence[Sku]:
    """Other specifications of the same product, in stock; another price is settled as 补差价 or 退差价."""
    if not line.product_id:
        return []
    return db.session.scalars(
        select(Sku)
        .where(Sku.product_id == line.product_id, Sku.in_stock, Sku.spec != line.spec, Sku.spec != "")
        .order_by(Sku.id)
        .limit(50)
    ).all()


def list_priced(order_id: int, line: Any) -> list[tuple[Sku, int]]:
    """The replacements of a line, each with the difference for one unit: positive to pay, negative given back, 分."""
    found = list_replacements(line)
    if not found:
        return []
    return list(
        zip(found, worth.list_differences(order_id, [(line.id, 1_000, sku.price_fen) for sku in found]), strict=True)
    )


@dataclass(frozen=True)
class Sums:
    """What an application comes to, 分, and how. ``refund_fen``: what is asked back, at most ``most_fen``."""

    refund_fen: int = 0
    most_fen: int = 0
    working: tuple[str, ...] = ()
    difference_fen: int = 0
    difference_working: tuple[str, ...] = ()


def work_out_sums(
    order: Any, kind: CaseType, quantities: Mapping[int, int], skus: Mapping[int, int], refund_fen: int | None = None
) -> Sums:
    """What an application of ``kind`` for these thousandths and replacement SKUs, by order line, comes to."""
    units = [(line_id, milli) for line_id, milli in quantities.items() if milli > 0]
    if kind in goods_facts.MONEY:
        unshipped = is_unshipped(order)
        most = worth.add_up(worth.work_out_worth(order.id, units, unshipped=unshipped))
        working = worth.show_working(order.id, units, unshipped=unshipped)
        return Sums(most if refund_fen is None else refund_fen, most, tuple(working))
    if kind is CaseType.EXCHANGE and any(skus.get(line_id) for line_id, _ in units):
        chosen = [skus[line_id] for line_id, _ in units if skus.get(line_id)]
        prices = dict(db.session.execute(select(Sku.id, Sku.price_fen).where(Sku.id.in_(chosen))).all())
        wanted = [(line_id, milli, prices.get(skus.get(line_id, 0))) for line_id, milli in units]
        return Sums(
            difference_fen=worth.work_out_difference(order.id, wanted),
            difference_working=tuple(worth.show_difference_working(order.id, wanted)),
        )
    return Sums()


def is_unshipped(order: Any) -> bool:
    """Whether nothing of the order has been sent yet."""
    return bool(order.status == "unshipped" and order.received_at is None)


def find_amount_problem(sums: Sums, kind: CaseType) -> str:
    """Why this sum can't be asked back; "" when it can."""
    if kind not in goods_facts.MONEY:
        return ""
    if sums.most_fen <= 0:
        return "这些商品没有可退的金额了,请点「立即联系」与商家核对"
    if not 0 < sums.refund_fen <= sums.most_fen:
        return f"最多可退 {money_text(sums.most_fen)} 元,请修改退款金额"
    return ""


def list_chosen_skus(draft: Draft, lines: Sequence[Any]) -> dict[int, Sku]:
    """The replacements that a draft asks for, by line; only of the line's own product, whatever number was sent."""
    wanted = {int(line_id): int(sku) for line_id, sku in (draft.fields.get("skus") or {}).items() if sku}
    if not wanted:
        return {}
    found = {sku.id: sku for sku in db.session.scalars(select(Sku).where(Sku.id.in_(wanted.values())))}
    products = {line.id: line.product_id for line in lines}
    return {
        line_id: sku
        for line_id, sku_id in wanted.items()
        if (sku := found.get(sku_id)) and sku.product_id == products.get(line_id)
    }


def work_out_all(draft: Draft) -> Sums:
    """The sums of a draft as it stands."""
    order = db.session.get_one(Order, draft.order_id)
    lines = list_lines(order.id)
    known = {line.id for line in lines}
    fields = draft.fields
    quantities = {int(i): int(milli) for i, milli in (fields.get("quantities") or {}).items() if int(i) in known}
    skus = {line_id: sku.id for line_id, sku in list_chosen_skus(draft, lines).items()}
    return work_out_sums(order, read_type(draft), quantities, skus, fields.get("refund_fen"))


def has_receiver(draft: Draft) -> bool:
    """Whether the draft says whom to send to, where something is sent."""
    if read_type(draft) in goods_facts.MONEY:
        return True
    return all(draft.fields.get(name) for name in ("name", "phone", "address"))


def submit_draft(draft: Draft, *, by: ActedBy, now: datetime) -> Case:
    """Hand the draft in: eligibility for every line, then the case, then the draft is gone.

    Raises NotEligible, or ledger.NotEnough when somebody was faster with the last units.
    """
    order = db.session.get_one(Order, draft.order_id)
    policy = policies.get_current(order.shop_id)
    fields, photos = draft.fields, list_photos(draft)
    lines = {line.id: line for line in list_lines(order.id)}
    may = is_exchangeable(list(lines.values()))
    skus = {int(line_id): sku for line_id, sku in (fields.get("skus") or {}).items() if sku}
    wanted = [
        RequestedLine(int(line_id), int(milli), skus.get(int(line_id)))
        for line_id, milli in (fields.get("quantities") or {}).items()
        if int(milli) > 0 and int(line_id) in lines
    ]
    if not wanted:
        raise StepRefused("请填写数量", "apply")
    if not has_receiver(draft):
        raise StepRefused("请填写收货人、联系电话和收货地址", "apply")
    kind, comes_to = read_type(draft), work_out_all(draft)
    verdicts = []
    for item in wanted:
        line = lines[item.line_id]
        if item.sku_id is not None and item.sku_id not in {sku.id for sku in list_replacements(line)}:
            raise StepRefused("所选的换货规格已不可选,请重新选择", "apply")
        verdict = eligibility.check(
            describe_goods(order, line, exchangeable=may[line.id]),
            kind,
            fields.get("reason", ""),
            Evidence(item.milli, len(photos), visible(fields.get("description", ""))),
            now,
            get_policy_for(order),
            negotiated=read_asked(draft),
        )
        if not verdict.allowed:
            raise NotEligible(verdict, line.id)
        verdicts.append(verdict)
    if problem := find_amount_problem(comes_to, kind):
        raise NotEligible(Verdict(False, problem, basis="退款金额", field="amount"), wanted[0].line_id)
    negotiated = any(verdict.negotiated for verdict in verdicts)
    payer = verdicts[0].freight_payer or Payer.NEGOTIATED
    case = opening.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=fields["reason"],
        description=fields.get("description", ""),
        receiver=(
            fields.get("name") or order.receiver_name,
            fields.get("phone") or order.receiver_phone,
            fields.get("address") or order.receiver_address,
        ),
        freight_payer=str(Payer.NEGOTIATED if negotiated else payer),
        basis=verdicts[0].basis[:300],
        policy_id=policy.id,
        photos=photos,
        now=now,
        case_type=kind,
        negotiated=negotiated,
        refund_fen=comes_to.refund_fen if kind in goods_facts.MONEY else None,
    )
    db.session.delete(draft)
    db.session.flush()
    return case


def judge_draft(draft: Draft, *, now: datetime) -> list[tuple[int, Verdict]]:
    """What eligibility says of each line of the draft, as it stands."""
    order = db.session.get_one(Order, draft.order_id)
    policy = get_policy_for(order)
    lines = {line.id: line for line in list_lines(order.id)}
    may = is_exchangeable(list(lines.values()))
    proof = len(list_photos(draft)), visible(draft.fields.get("description", ""))
    return [
        (
            int(line_id),
            eligibility.check(
                describe_goods(order, lines[int(line_id)], exchangeable=may[int(line_id)]),
                read_type(draft),
                draft.fields.get("reason", ""),
                Evidence(int(milli), *proof),
                now,
                policy,
                negotiated=read_asked(draft),
            ),
        )
        for line_id, milli in (draft.fields.get("quantities") or {}).items()
        if int(line_id) in lines
    ]


def judge_again(
    case: Case, *, reason: str, quantities: dict[int, int], photos: int, description: str
) -> dict[str, Any]:
    """What a change of an application needs by the rules of the day it was made: who pays, and the basis.

    ``quantities`` by order line, in thousandths; ``photos`` counts all of them. Raises NotEligible.
    """
    order = db.session.get_one(Order, case.order_id)
    days = policies.get_days_since(order.shop_id, order.received_at)
    policy = describe_policy(db.session.get_one(Policy, case.policy_id), days)
    own = dict(
        db.session.execute(
            select(CaseLine.order_line_id, CaseLine.quantity_milli).where(CaseLine.case_id == case.id)
        ).all()
    )
    lines = [line for line in list_lines(order.id) if line.id in own]
    may = is_exchangeable(lines)
    payer, basis = case.freight_payer, case.basis
    if reason == case.reason:
        photos = max(photos, 1)  # what was enough to apply is enough to change a word
    for line in lines:
        goods = describe_goods(order, line, exchangeable=may[line.id])
        goods = replace(goods, claimed_milli=goods.claimed_milli - own[line.id], **_then(case, goods))
        proof = Evidence(quantities[line.id], min(photos, MOST_PHOTOS), visible(description))
        verdict = eligibility.check(goods, case.type, reason, proof, case.opened_at, policy, negotiated=case.negotiated)
        if not verdict.allowed:
            raise NotEligible(verdict, line.id)
        payer, basis = str(verdict.freight_payer or payer), verdict.basis[:300]
    return {"freight_payer": payer, "basis": basis}


def _then(case: Case, goods: Goods) -> dict[str, Any]:
    """Where the goods were when the case was opened, which is what its rules go by."""
    if case.goods_state == Place.RECEIVED:
        return {"status": "delivered"} if goods.status == "completed" else {}
    return {"received_at": None, "status": case.goods_state}


def load_photos(draft: Draft) -> Sequence[Photo]:
    """The photos of a draft, oldest first."""
    return db.session.scalars(select(Photo).where(Photo.draft_id == draft.id).order_by(Photo.id)).all()


def summarise(draft: Draft, *, now: datetime) -> dict[str, Any]:
    """What the check page shows: lines with quantities and specifications, photos, who pays, what the rules say."""
    lines = {line.id: line for line in list_lines(draft.order_id)}
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
        "negotiated": any(verdict.negotiated for _, verdict in verdicts),
        "reason": said(draft.fields.get("reason", "")),
        "type": kind,
        "money": kind in goods_facts.MONEY,
        "sums": work_out_all(draft),
    }
