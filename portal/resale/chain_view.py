"""What the pages of a chain show to the distributor, upwards and downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal import flow, inputs, words
from portal.cases import deadlines as case_deadlines
from portal.cases import places
from portal.cases.live_links import LIVE
from portal.extensions import db
from portal.flow import Actor, State
from portal.models import (
    Case,
    CaseLink,
    MoneyEntry,
    Parcel,
)

BEARERS: dict[str, str] = {"distributor": "我承担", "supplier": "供应商承担", "consumer": "消费者承担"}


@dataclass(frozen=True)
class Row:
    """One line of the arithmetic: what, where it stands, 分 to the distributor (minus: from them), settled or not."""

    what: str
    source: str
    fen: int
    note: str = ""


@dataclass(frozen=True)
class Chain:
    """A live link with both cases, as the distributor sees it."""

    link: CaseLink
    down: Case
    up: Case
    rows: tuple[Row, ...]
    warning: str  # why the upstream clock is in danger; "" when it isn't
    back: tuple[Parcel, ...]  # the consumer's parcels that the upstream case hasn't yet
    out: Parcel | None  # the supplier's replacement that the downstream case hasn't yet

    @property
    def result_fen(self) -> int:
        """What it all comes to for the distributor, 分; minus: what they bear."""
        return sum(row.fen for row in self.rows)


def list_links_above(case: Case) -> Sequence[CaseLink]:
    """The live links of a case of the distributor's shop, one for each purchase, the oldest first."""
    return db.session.scalars(
        select(CaseLink)
        .where(LIVE, CaseLink.downstream_id == case.id, CaseLink.shop_id == case.shop_id)
        .order_by(CaseLink.id)
    ).all()


def describe_above(case: Case) -> CaseLink | None:
    """The live link of a case of the distributor's shop; of several the oldest."""
    return next(iter(list_links_above(case)), None)


def describe_below(case_id: int, shop_id: int) -> CaseLink | None:
    """The live link of the distributor's own case with a supplier; ``shop_id`` is the distributor's shop."""
    return db.session.scalars(
        select(CaseLink).where(LIVE, CaseLink.upstream_id == case_id, CaseLink.shop_id == shop_id)
    ).one_or_none()


def get_cases(link: CaseLink) -> tuple[Case, Case]:
    """The case below and the case above."""
    down = db.session.get_one(Case, (link.downstream_id, link.shop_id))
    return down, db.session.get_one(Case, (link.upstream_id, link.upstream_shop_id))


def build_chain(found: CaseLink) -> Chain:
    """A live link with all that the distributor sees of it."""
    down, up = get_cases(found)
    parcels = db.session.scalars(
        select(Parcel)
        .where(
            Parcel.shop_id.in_((down.shop_id, up.shop_id)),
            Parcel.case_id.in_((down.id, up.id)),
            Parcel.voided_at.is_(None),
        )
        .order_by(Parcel.id)
    ).all()

    def of(owner: Case, leg: str) -> list[Parcel]:
        return [parcel for parcel in parcels if parcel.case_id == owner.id and parcel.leg == leg]

    direct_back = found.route_back == "direct" and up.state == State.RETURNING
    back: tuple[Parcel, ...] = ()
    if direct_back:
        there = places.find_parcels(down, {place.where for place in places.list_places(up)})
        back = tuple(parcel for parcel in of(down, "back") if parcel.id in there)
    direct_out = found.route_out == "direct" and down.state == State.RESHIPPING
    sent = [parcel for parcel in of(up, "out") if parcel.round == up.round]
    return Chain(
        found,
        down,
        up,
        tuple(add_up(found, down, up)),
        build_warning(found, down, up),
        back=back,
        out=sent[-1] if direct_out and sent else None,
    )


def add_up(found: CaseLink, down: Case, up: Case) -> list[Row]:
    """Every payment of both cases that counts, and the freight, each with where it stands."""
    rows = []
    entries = db.session.scalars(
        select(MoneyEntry)
        .where(
            MoneyEntry.shop_id.in_((down.shop_id, up.shop_id)),
            MoneyEntry.case_id.in_((down.id, up.id)),
            MoneyEntry.state != "cancelled",
        )
        .order_by(MoneyEntry.id)
    ).all()
    for entry in entries:
        above = entry.case_id == up.id
        inward = above != (entry.kind == "difference")  # the buyer of a case gets everything but 补差价
        case_no = up.case_no if above else down.case_no
        side = "上游" if above else "下游"
        note = "已付清" if entry.state == "settled" else "未付清"
        rows.append(
            Row(f"{side}{words.MONEY[entry.kind]}", case_no, entry.amount_fen if inward else -entry.amount_fen, note)
        )
    for what, fen, payer in (
        ("寄回运费", found.freight_back_fen, found.freight_back_payer),
        ("换货发出运费", found.freight_out_fen, found.freight_out_payer),
    ):
        if fen:
            own = payer == "distributor"
            note = BEARERS[payer] if own else f"{BEARERS[payer]} ¥{inputs.money_text(fen)}"
            rows.append(Row(what, "您登记的运费", -fen if own else 0, note))
    return rows


def build_warning(found: CaseLink, down: Case, up: Case) -> str:
    """Why the upstream case may end too early for the downstream one; "" when it may not."""
    if down.state in flow.FINAL:
        return ""
    if up.state in (State.CLOSED, State.WITHDRAWN):
        return "上游售后已结束，没有结果，下游售后还在进行；请联系供应商，或在进货订单里重新申请"
    if up.due_at is None or up.escalated or case_deadlines.find_who_must_act(up) is not Actor.BUYER:
        return ""
    if up.state == State.RETURNING and found.route_back == "direct" and down.state not in _NOT_SENT:
        return ""  # the consumer has sent it already, only the number is still to be passed on
    if up.state == State.CONFIRMING or (down.due_at is not None and up.due_at >= down.due_at):
        return ""
    do = "请提前请消费者寄回，或请供应商延长" if up.state == State.RETURNING else "请先处理上游"
    return f"上游要在 {words.end(up.due_at)} 前由您处理，早于下游的期限；{do}"


_NOT_SENT = frozenset({State.APPLIED, State.PROPOSED, State.REVISING, State.RETURNING})
