"""铺货: the two cases of a chain, one between consumer and distributor, one between distributor and supplier.

The distributor stands in the middle: owner of the downstream order's shop, buyer of the upstream order. Each case keeps
its own clock, people and words; a link only carries across what the distributor could carry himself. Nothing of the
consumer is shown to the supplier but the address, where goods go straight there. Verbs are called inside ``writing()``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, cast, insert, literal, or_, select, update
from sqlalchemy.orm import aliased

from portal import applications, cases, flow, inputs, words
from portal.effects import By, Wanted
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import (
    Case,
    CaseLine,
    CaseLink,
    Evidence,
    MoneyEntry,
    Notice,
    Order,
    OrderLine,
    OrderLink,
    Parcel,
    Product,
    Shop,
)
from portal.notices import notices
from portal.people import accounts
from portal.rights import eligibility, policies, reasons, resale
from portal.rights import goods as goods_facts
from portal.rights import windows as rights_windows

BEARERS: dict[str, str] = {"distributor": "我承担", "supplier": "供应商承担", "consumer": "消费者承担"}
ROUTES_BACK: dict[str, str] = {"via": "先寄给我,再由我寄给供应商", "direct": "消费者直接寄给供应商"}
ROUTES_OUT: dict[str, str] = {"via": "供应商先寄给我,再由我寄出", "direct": "供应商直接寄给消费者"}
PAGE = 20


@dataclass(frozen=True)
class Bought:
    """One line of a downstream order as the distributor writes it down: of which purchased line, how much, for what."""

    line_id: int
    milli: int
    price_fen: int


# ---------------------------------------------------------------- orders


def record_order(
    upstream: Order,
    *,
    shop_id: int,
    order_no: str,
    channel: str,
    receiver: tuple[str, str, str],
    goods: Sequence[Bought],
    ordered_at: datetime,
    received_at: datetime | None,
    by: int,
    now: datetime,
    unfit_confirmed: bool = False,
) -> Order:
    """Write down an order of the distributor's shop that a purchase of his serves; its buyer is made for it, dormant.

    ``unfit_confirmed``: the consumer confirmed, when buying, that goods which aren't fit for it can't be returned
    without a reason (消费者权益保护法 25); without that 7天无理由 holds whatever the product says.
    Raises StepRefused for a number that is taken or goods that the purchase doesn't have.
    """
    if db.session.scalar(select(Order.id).where(Order.order_no == order_no)):
        raise StepRefused("这个订单号已登记过,请核对下游订单号", "order_no")
    lines = {line.id: line for line in applications.lines_of(upstream.id)}
    if not goods or any(
        item.line_id not in lines or not 0 < item.milli <= lines[item.line_id].quantity_milli for item in goods
    ):
        raise StepRefused("数量不能超过进货订单里的数量", "goods")
    buyer = accounts.create_user(f"消费者{secrets.token_hex(5)}", now=now)
    total = sum(item.price_fen * item.milli // 1000 for item in goods)
    status = "completed" if received_at else "in_transit"
    order = Order(
        order_no=order_no,
        shop_id=shop_id,
        buyer_id=buyer.id,
        status=status,
        status_text="消费者已收货" if received_at else "已发给消费者",
        ordered_at=ordered_at,
        paid_at=ordered_at,
        received_at=received_at,
        consumer=True,
        goods_total_fen=total,
        paid_fen=total,
        receiver_name=receiver[0],
        receiver_phone=receiver[1],
        receiver_address=receiver[2],
        carrier_text=upstream.carrier_text,
        tracking_text=upstream.tracking_text,
        imported_at=now,
        updated_at=now,
    )
    db.session.add(order)
    db.session.flush()
    for position, item in enumerate(goods, 1):
        line = lines[item.line_id]
        db.session.add(
            OrderLine(
                order_id=order.id,
                position=position,
                line_key=f"upstream-{line.id}",
                title=line.title,
                spec=line.spec,
                unit=line.unit,
                unit_price_fen=item.price_fen,
                quantity_milli=item.milli,
                cargo_no=line.cargo_no,
                product_id=_product(shop_id, line).id,
                snapshot={"货品标题": line.title, "型号": line.spec},
                unfit_confirmed_at=ordered_at if unfit_confirmed else None,
            )
        )
    db.session.add(
        OrderLink(
            downstream_id=order.id,
            upstream_id=upstream.id,
            shop_id=shop_id,
            channel=channel,
            created_by=by,
            created_at=now,
        )
    )
    db.session.flush()
    return order


def _product(shop_id: int, line: Any) -> Product:
    """The distributor's own product for goods that he resells."""
    key = f"resold-{line.product_id or line.id}"
    found = db.session.scalars(select(Product).where(Product.shop_id == shop_id, Product.product_key == key)).first()
    if found is None:
        found = Product(shop_id=shop_id, product_key=key, title=line.title, cargo_no=line.cargo_no)
        db.session.add(found)
        db.session.flush()
    return found


def shop_owned(user_id: int) -> int | None:
    """The shop that this person owns, as a distributor must."""
    return db.session.scalar(select(Shop.id).where(Shop.owner_id == user_id))


def orders_below(upstream_order_id: int) -> Sequence[Any]:
    """The downstream orders written down for a purchase: order_no, channel, received_at."""
    return db.session.execute(
        select(Order.id, Order.order_no, OrderLink.channel, Order.received_at)
        .join(OrderLink, OrderLink.downstream_id == Order.id)
        .where(OrderLink.upstream_id == upstream_order_id)
        .order_by(Order.id)
    ).all()


def order_above(downstream: Case) -> Order | None:
    """The purchase behind a downstream case: as written down, else by the 下游订单号 that its export says."""
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == downstream.shop_id))
    written = db.session.scalars(
        select(Order)
        .join(OrderLink, OrderLink.upstream_id == Order.id)
        .where(OrderLink.downstream_id == downstream.order_id, Order.buyer_id == owner)
    ).one_or_none()
    if written is not None:
        return written
    order_no = db.session.scalar(select(Order.order_no).where(Order.id == downstream.order_id))
    return db.session.scalars(
        select(Order)
        .where(Order.buyer_id == owner, Order.downstream_order_no == order_no, Order.shop_id != downstream.shop_id)
        .order_by(Order.id.desc())
        .limit(1)
    ).one_or_none()


# ---------------------------------------------------------------- what could be linked

_LIVE = CaseLink.ended_at.is_(None)
_linked_below = select(CaseLink.id).where(CaseLink.downstream_id == Case.id, _LIVE).exists()
_linked_above = select(CaseLink.id).where(CaseLink.upstream_id == Case.id, _LIVE).exists()
_SHOWN = (Case.id, Case.case_no, Case.type, Case.state, Case.goods, Case.opened_at, Order.order_no)


def above_for(downstream: Case, most: int = 10) -> Sequence[Any]:
    """The distributor's own open cases that this one may hang on, those of the purchase behind it first."""
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == downstream.shop_id))
    above = order_above(downstream)
    return db.session.execute(
        select(*_SHOWN, (Order.id == (above.id if above else -1)).label("likely"))
        .join(Order, Order.id == Case.order_id)
        .where(
            Case.buyer_id == owner, Case.shop_id != downstream.shop_id, Case.state.not_in(flow.FINAL), ~_linked_above
        )
        .order_by((Order.id == (above.id if above else -1)).desc(), Case.id.desc())
        .limit(most)
    ).all()


def below_for(upstream: Case, shop_id: int, most: int = 10) -> Sequence[Any]:
    """The open cases of the distributor's shop that may hang on this one, those of the order's 下游订单号 first."""
    up = db.session.get_one(Order, upstream.order_id)
    below = [row.id for row in orders_below(up.id)]
    likely = or_(Order.id.in_(below), and_(Order.order_no == up.downstream_order_no, Order.order_no != ""))
    return db.session.execute(
        select(*_SHOWN, likely.label("likely"))
        .join(Order, Order.id == Case.order_id)
        .where(Case.shop_id == shop_id, Case.id != upstream.id, Case.state.not_in(flow.FINAL), ~_linked_below)
        .order_by(likely.desc(), Case.id.desc())
        .limit(most)
    ).all()


# ---------------------------------------------------------------- linking


def _check(downstream: Case, upstream: Case) -> None:
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == downstream.shop_id))
    if upstream.buyer_id != owner or upstream.shop_id == downstream.shop_id:
        raise StepRefused("只能关联您向供应商申请的售后和您店铺收到的售后", "link")


def link(
    downstream: Case, upstream: Case, *, by: int, now: datetime, route_back: str = "via", route_out: str = "via"
) -> CaseLink:
    """Hang two cases on each other. Raises StepRefused when they aren't the distributor's two or one is taken."""
    _check(downstream, upstream)
    taken = select(CaseLink.id).where(
        _LIVE, or_(CaseLink.downstream_id == downstream.id, CaseLink.upstream_id == upstream.id)
    )
    if db.session.scalar(taken.limit(1)) is not None:
        raise StepRefused("其中一张售后单已有关联,请先解除原来的关联", "link")
    at: int | None = upstream.id
    while at is not None:
        if at == downstream.id:
            raise StepRefused("这两张售后单互为上下游,不能再反过来关联", "link")
        at = db.session.scalar(select(CaseLink.upstream_id).where(_LIVE, CaseLink.downstream_id == at))
    made = db.session.scalars(
        select(CaseLink).where(CaseLink.downstream_id == downstream.id, CaseLink.upstream_id == upstream.id)
    ).one_or_none()
    if made is None:
        made = CaseLink(
            downstream_id=downstream.id,
            upstream_id=upstream.id,
            shop_id=downstream.shop_id,
            created_by=by,
            created_at=now,
        )
        db.session.add(made)
    made.route_back, made.route_out, made.ended_at, made.alarmed_at = route_back, route_out, None, None
    db.session.flush()
    if db.session.get(OrderLink, downstream.order_id) is None:
        db.session.add(
            OrderLink(
                downstream_id=downstream.order_id,
                upstream_id=upstream.order_id,
                shop_id=downstream.shop_id,
                created_by=by,
                created_at=now,
            )
        )
        db.session.flush()
    return made


def unlink(link_id: int, shop_id: int, now: datetime) -> bool:
    """End a link; both cases go on by themselves. False when it has ended already."""
    done = db.session.execute(
        update(CaseLink).where(CaseLink.id == link_id, CaseLink.shop_id == shop_id, _LIVE).values(ended_at=now)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def arrange(
    link_id: int,
    shop_id: int,
    *,
    route_back: str,
    route_out: str,
    freight_back: tuple[int, str],
    freight_out: tuple[int, str],
) -> None:
    """Routes and freight (分, who bears it) as the distributor says. Raises StepRefused when the link has ended."""
    done = db.session.execute(
        update(CaseLink)
        .where(CaseLink.id == link_id, CaseLink.shop_id == shop_id, _LIVE)
        .values(
            route_back=route_back,
            route_out=route_out,
            freight_back_fen=freight_back[0],
            freight_back_payer=freight_back[1],
            freight_out_fen=freight_out[0],
            freight_out_payer=freight_out[1],
        )
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise StepRefused("关联已解除,页面显示的是最新状态", "link")


# ---------------------------------------------------------------- one case from the other


def pairs(order_id: int, other_order_id: int) -> dict[int, int]:
    """Order lines of one order by those of the other that are of the same goods (title and specification)."""
    theirs: dict[tuple[str, str], int] = {}
    for line in applications.lines_of(other_order_id):
        theirs.setdefault((line.title, line.spec), line.id)
    return {
        line.id: theirs[line.title, line.spec]
        for line in applications.lines_of(order_id)
        if (line.title, line.spec) in theirs
    }


def _wanted(case: Case, order_id: int) -> list[Wanted]:
    """The units of a case as lines of another order, at most what is free there."""
    same = pairs(case.order_id, order_id)
    lines = {line.id: line for line in applications.lines_of(order_id)}
    found = []
    for line_id, milli in db.session.execute(
        select(CaseLine.order_line_id, CaseLine.quantity_milli).where(CaseLine.case_id == case.id)
    ):
        other = lines.get(same.get(line_id, 0))
        if other is not None and (free := min(milli, other.quantity_milli - other.claimed_milli)) > 0:
            found.append(Wanted(other.id, free))
    return found


def open_upstream(
    downstream: Case, *, by: By, description: str, route_back: str, route_out: str, now: datetime
) -> Case:
    """The distributor's own application to the supplier, with the consumer's photos, hung on the consumer's case.

    The words are the distributor's. With ``route_out`` direct the replacement goes to the consumer's address, else to
    the one of the purchase. Raises applications.NotEligible, ledger.NotEnough, StepRefused.
    """
    order = order_above(downstream)
    if order is None:
        raise StepRefused("没有找到对应的进货订单,请先在进货订单里登记下游订单", "open")
    wanted = _wanted(downstream, order.id)
    if not wanted:
        raise StepRefused("进货订单里没有同款商品,或可申请的数量已用完;可以在进货订单里自行申请后再关联", "open")
    photos = evidence_of(downstream.id)
    kind = CaseType(downstream.type)
    policy = policies.current(order.shop_id)
    lines = {line.id: line for line in applications.lines_of(order.id)}
    may = applications.exchangeable(list(lines.values()))
    verdict = None
    for item in wanted:
        verdict = eligibility.check(
            applications.goods_of(order, lines[item.line_id], exchangeable=may[item.line_id]),
            kind,
            downstream.reason,
            goods_facts.Evidence(item.milli, len(photos), len(description)),
            now,
            applications.facts_of_policy(policy),
        )
        if not verdict.allowed:
            raise applications.NotEligible(verdict, item.line_id)
    direct = route_out == "direct" and kind in (CaseType.EXCHANGE, CaseType.REISSUE)
    source: Any = downstream if direct else order
    receiver = (source.receiver_name, source.receiver_phone, source.receiver_address)
    made = cases.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=downstream.reason,
        description=description,
        receiver=receiver,
        freight_payer=str((verdict.freight_payer if verdict else None) or "negotiated"),
        basis=(verdict.basis if verdict else "")[:300],
        policy_id=policy.id,
        photos=reuse(photos, owner_id=by.user_id or 0, now=now),
        now=now,
        case_type=kind,
    )
    link(downstream, made, by=by.user_id or 0, now=now, route_back=route_back, route_out=route_out)
    return made


def open_downstream(
    upstream: Case, order: Order, *, by: By, consent: str, now: datetime, route_back: str, route_out: str
) -> Case:
    """The consumer's case, opened by the distributor as the consumer asked (``consent``: his words), and linked.

    Raises ledger.NotEnough, StepRefused.
    """
    wanted = _wanted(upstream, order.id)
    if not wanted:
        raise StepRefused("下游订单里没有同款商品,或可申请的数量已用完", "open")
    made = cases.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=upstream.reason,
        description=consent,
        receiver=(order.receiver_name, order.receiver_phone, order.receiver_address),
        freight_payer=_payer(upstream),
        basis="商家按消费者的要求代为申请",
        policy_id=policies.current(order.shop_id).id,
        photos=[],
        now=now,
        case_type=CaseType(upstream.type),
        consent=consent,
    )
    link(made, upstream, by=by.user_id or 0, now=now, route_back=route_back, route_out=route_out)
    return made


def _payer(case: Case) -> str:
    reason = reasons.reason(case.reason)
    return str(reason.freight_payer) if reason and reason.freight_payer else "negotiated"


def evidence_of(case_id: int) -> Sequence[Evidence]:
    """The buyer's photos of a case, oldest first."""
    return db.session.scalars(
        select(Evidence)
        .where(Evidence.case_id == case_id, Evidence.side == "buyer")
        .order_by(Evidence.id)
        .limit(reasons.MOST_PHOTOS)
    ).all()


def reuse(photos: Sequence[Evidence], *, owner_id: int, now: datetime) -> list[str]:
    """Rows of the distributor's own for the same files, loose: no second upload, and no way back to whose they were."""
    made = []
    for photo in photos:
        public_id = secrets.token_hex(16)
        kept = {
            column.key: getattr(photo, column.key)
            for column in Evidence.__table__.columns
            if column.key not in ("id", "order_id", "case_id", "event_version")
        }
        db.session.execute(
            insert(Evidence), kept | {"public_id": public_id, "owner_id": owner_id, "side": "buyer", "created_at": now}
        )
        made.append(public_id)
    return made


# ---------------------------------------------------------------- looking at both


@dataclass(frozen=True)
class Row:
    """One line of the arithmetic: what, where it stands, 分 to the distributor (minus: from him), settled or not."""

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
        """What it all comes to for the distributor, 分; minus: what he bears."""
        return sum(row.fen for row in self.rows)


def above(case_id: int) -> CaseLink | None:
    """The live link of a case of the distributor's shop."""
    return db.session.scalars(select(CaseLink).where(_LIVE, CaseLink.downstream_id == case_id)).one_or_none()


def below(case_id: int, shop_id: int) -> CaseLink | None:
    """The live link of the distributor's own case with a supplier; ``shop_id`` is the distributor's shop."""
    return db.session.scalars(
        select(CaseLink).where(_LIVE, CaseLink.upstream_id == case_id, CaseLink.shop_id == shop_id)
    ).one_or_none()


def seen(found: CaseLink) -> Chain:
    """A live link with all that the distributor sees of it."""
    down, up = db.session.get_one(Case, found.downstream_id), db.session.get_one(Case, found.upstream_id)
    parcels = db.session.scalars(
        select(Parcel).where(Parcel.case_id.in_((down.id, up.id)), Parcel.voided_at.is_(None)).order_by(Parcel.id)
    ).all()

    def of(owner: Case, leg: str) -> list[Parcel]:
        return [parcel for parcel in parcels if parcel.case_id == owner.id and parcel.leg == leg]

    direct_back = found.route_back == "direct" and up.state == State.RETURNING
    direct_out = found.route_out == "direct" and down.state == State.RESHIPPING
    sent = [parcel for parcel in of(up, "out") if parcel.round == up.round]
    return Chain(
        found,
        down,
        up,
        tuple(_sums(found, down, up)),
        warning(found, down, up),
        back=tuple(of(down, "back")) if direct_back else (),
        out=sent[-1] if direct_out and sent else None,
    )


def _sums(found: CaseLink, down: Case, up: Case) -> list[Row]:
    """Every payment of both cases that counts, and the freight, each with where it stands."""
    rows = []
    entries = db.session.scalars(
        select(MoneyEntry)
        .where(MoneyEntry.case_id.in_((down.id, up.id)), MoneyEntry.state != "cancelled")
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


def warning(found: CaseLink, down: Case, up: Case) -> str:
    """Why the upstream case may end too early for the downstream one; "" when it may not."""
    if down.state in flow.FINAL:
        return ""
    if up.state in (State.CLOSED, State.WITHDRAWN):
        return "上游售后已结束,没有结果,下游售后还在进行;请联系供应商,或在进货订单里重新申请"
    if up.due_at is None or up.escalated or cases.waits_for(up) is not Actor.BUYER:
        return ""
    if up.state == State.RETURNING and found.route_back == "direct" and down.state not in _NOT_SENT:
        return ""  # the consumer has sent it already, only the number is still to be passed on
    if up.state == State.CONFIRMING or (down.due_at is not None and up.due_at >= down.due_at):
        return ""
    do = "请提前请消费者寄回,或请供应商延长" if up.state == State.RETURNING else "请先处理上游"
    return f"上游要在 {words.moment(up.due_at)} 前由您处理,早于下游的期限;{do}"


_NOT_SENT = frozenset({State.APPLIED, State.PROPOSED, State.REVISING, State.RETURNING})


def window_of(order: Order) -> datetime | None:
    """Until when the distributor may apply to the supplier for this purchase, as of right; None: unknown.

    The supplier's own window, and the term of 铺货 orders: whichever ends first.
    """
    ends = [resale.apply_by(order)] if resale.is_resold(order) else []
    if order.received_at is not None:
        ends.append(rights_windows.last_day_ends(order.received_at, policies.current(order.shop_id).window_days))
    return min((end for end in ends if end is not None), default=None)


_down, _up = aliased(Case), aliased(Case)
_LIST = (
    select(
        CaseLink.id,
        CaseLink.route_back,
        CaseLink.route_out,
        CaseLink.alarmed_at,
        _down.case_no.label("down_no"),
        _down.type.label("down_type"),
        _down.state.label("down_state"),
        _down.due_at.label("down_due"),
        _down.goods,
        _up.case_no.label("up_no"),
        _up.type.label("up_type"),
        _up.state.label("up_state"),
        _up.due_at.label("up_due"),
    )
    .join(_down, _down.id == CaseLink.downstream_id)
    .join(_up, _up.id == CaseLink.upstream_id)
    .where(_LIVE)
    .order_by(CaseLink.id.desc())
)


def page_of(shop_id: int, before: int | None) -> tuple[Sequence[Any], int | None]:
    """One page of a shop's live links, newest first, and the id that the next one begins after."""
    query = _LIST.where(CaseLink.shop_id == shop_id).limit(PAGE + 1)
    if before is not None:
        query = query.where(CaseLink.id < before)
    rows = db.session.execute(query).all()
    return (rows[:PAGE], rows[PAGE - 1].id) if len(rows) > PAGE else (rows, None)


def orders_of(shop_id: int, most: int = 20) -> Sequence[Any]:
    """The newest downstream orders that were written down, with the purchase of each."""
    above = aliased(Order)
    return db.session.execute(
        select(Order.order_no, OrderLink.channel, above.order_no.label("upstream_no"), Order.case_count)
        .join(OrderLink, OrderLink.downstream_id == Order.id)
        .join(above, above.id == OrderLink.upstream_id)
        .where(OrderLink.shop_id == shop_id)
        .order_by(OrderLink.downstream_id.desc())
        .limit(most)
    ).all()


# ---------------------------------------------------------------- carrying across


def direct_address(downstream: Case) -> tuple[str, str, str, str] | None:
    """The supplier's frozen return address, for a downstream case whose goods go straight there."""
    found = above(downstream.id)
    if found is None or found.route_back != "direct":
        return None
    up = db.session.get_one(Case, found.upstream_id)
    if not up.return_address:
        return None
    return up.return_name, up.return_phone, up.return_address, up.return_note


def counted_above(downstream: Case) -> dict[int, tuple[int, int, str]]:
    """What the supplier's inspection said of each line of the downstream case: received, accepted, its note."""
    found = above(downstream.id)
    if found is None:
        return {}
    up = db.session.get_one(Case, found.upstream_id)
    same = pairs(downstream.order_id, up.order_id)
    theirs = {
        line.order_line_id: line for line in db.session.scalars(select(CaseLine).where(CaseLine.case_id == up.id))
    }
    counted = {}
    for line in db.session.scalars(select(CaseLine).where(CaseLine.case_id == downstream.id)):
        other = theirs.get(same.get(line.order_line_id, 0))
        if other is not None and other.received_milli is not None:
            most = line.quantity_milli
            counted[line.id] = min(other.received_milli, most), min(other.accepted_milli, most), other.inspection_note
    return counted


# ---------------------------------------------------------------- the alarm


def alarm(now: datetime) -> int:
    """Warn each distributor, once, whose clock with the supplier ends before the consumer's; returns how many."""
    told = 0
    for link_id in db.session.scalars(
        select(CaseLink.id)
        .join(_down, _down.id == CaseLink.downstream_id)
        .join(_up, _up.id == CaseLink.upstream_id)
        .where(
            _LIVE,
            CaseLink.alarmed_at.is_(None),
            _down.state.not_in(flow.FINAL),
            or_(
                _up.state.in_((State.CLOSED, State.WITHDRAWN)),
                and_(_up.due_at.is_not(None), or_(_down.due_at.is_(None), _up.due_at < _down.due_at)),
            ),
        )
        .order_by(CaseLink.id)
        .limit(200)
    ).all():
        told += _alarm_link(link_id, now)
    db.session.rollback()
    return told + _alarm_windows(now)


def _alarm_link(link_id: int, now: datetime) -> bool:
    with writing():
        found = db.session.scalars(select(CaseLink).where(CaseLink.id == link_id, _LIVE).with_for_update()).first()
        if found is None or found.alarmed_at is not None:
            return False
        down, up = db.session.get_one(Case, found.downstream_id), db.session.get_one(Case, found.upstream_id)
        if not (why := warning(found, down, up)):
            return False
        found.alarmed_at = now
        _tell(down, f"「{down.goods}」{why}。", f"chain:{link_id}:{down.version}:{up.version}", now)
    return True


def _alarm_windows(now: datetime) -> int:
    """Warn of purchases whose window ends before the consumer is served, while nothing was applied for."""
    told, after = 0, 0
    said = literal("alarm:window:") + cast(_down.id, String) + ":" + cast(Shop.owner_id, String)
    while rows := db.session.execute(
        select(_down.id, _down.due_at, Order)
        .join(OrderLink, OrderLink.downstream_id == _down.order_id)
        .join(Order, Order.id == OrderLink.upstream_id)
        .join(Shop, Shop.id == _down.shop_id)
        .where(
            _down.state.not_in(flow.FINAL),
            _down.id > after,
            ~select(CaseLink.id).where(CaseLink.downstream_id == _down.id).exists(),
            ~select(Notice.id).where(Notice.dedupe_key == said).exists(),
        )
        .order_by(_down.id)
        .limit(500)
    ).all():
        after = rows[-1].id
        windows = [(case_id, due_at, window_of(order)) for case_id, due_at, order in rows]
        db.session.rollback()
        for case_id, due_at, until in windows:
            if until is not None and (due_at is None or until < due_at):
                told += _alarm_window(case_id, until, now)
    return told


def _alarm_window(downstream_id: int, until: datetime, now: datetime) -> bool:
    ended = until <= now
    said = f"已在 {words.end(until)} 结束" if ended else f"在 {words.end(until)} 结束,早于下游的期限"
    do = "可以联系供应商协商" if ended else "请尽快向供应商申请"
    with writing():
        down = db.session.get_one(Case, downstream_id)
        return _tell(down, f"「{down.goods}」向供应商申请售后的期限{said};{do}。", f"window:{down.id}", now)


def _tell(down: Case, body: str, key: str, now: datetime) -> bool:
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == down.shop_id))
    return notices.tell_alarm(
        owner or 0,
        title="上游售后期限早于下游",
        body=body,
        at=now,
        dedupe_key=key,
        href=f"/seller/cases/{down.case_no}/chain",
    )


# ---------------------------------------------------------------- for doctor


def broken() -> list[str]:
    """Links that can't be: the middle is not one person, or a case hangs on itself by whatever way."""
    found = []
    rows = db.session.execute(
        select(CaseLink.id, CaseLink.downstream_id, CaseLink.upstream_id, _down.shop_id, Shop.owner_id, _up.buyer_id)
        .join(_down, _down.id == CaseLink.downstream_id)
        .join(_up, _up.id == CaseLink.upstream_id)
        .join(Shop, Shop.id == _down.shop_id)
        .order_by(CaseLink.id)
    ).all()
    above: dict[int, int] = {}
    for row in rows:
        if row.owner_id != row.buyer_id:
            found.append(f"link {row.id}: the shop below is not the buyer's above")
    for down_id, up_id in db.session.execute(
        select(CaseLink.downstream_id, CaseLink.upstream_id).where(_LIVE).order_by(CaseLink.id)
    ):
        above[down_id] = up_id
    for start in above:
        seen, at = {start}, above[start]
        while at in above and at not in seen:
            seen.add(at)
            at = above[at]
        if at in seen:
            found.append(f"case {start}: hangs on itself")
    return found
