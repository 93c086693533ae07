"""The link of two cases: made, checked, undone, and how goods travel along it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, and_, or_, select, update

from portal import flow
from portal.cases.live_links import LIVE, Down, Up
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import (
    Case,
    CaseLink,
    Order,
    OrderLink,
    Shop,
)
from portal.resale.downstream import find_order_above, list_orders_below

ROUTES_BACK: dict[str, str] = {"via": "先寄给我，再由我寄给供应商", "direct": "消费者直接寄给供应商"}
ROUTES_OUT: dict[str, str] = {"via": "供应商先寄给我，再由我寄出", "direct": "供应商直接寄给消费者"}
_linked_below = select(CaseLink.id, Up.id).where(CaseLink.downstream_id == Case.id, LIVE).exists()
_linked_above = select(CaseLink.id).where(CaseLink.upstream_id == Case.id, LIVE).exists()
_SHOWN = (Case.id, Case.case_no, Case.type, Case.state, Case.goods, Case.opened_at, Order.order_no)


def list_above(downstream: Case, most: int = 10) -> Sequence[Row[int, str, str, str, str, datetime, str, bool]]:
    """The distributor's own open cases that this one may hang on, those of the purchase behind it first."""
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == downstream.shop_id))
    above = find_order_above(downstream)
    return db.session.execute(
        select(*_SHOWN, (Order.id == (above.id if above else -1)).label("likely"))
        .join(Order, and_(Order.id == Case.order_id, Order.shop_id == Case.shop_id))
        .where(
            Case.buyer_id == owner, Case.shop_id != downstream.shop_id, Case.state.not_in(flow.FINAL), ~_linked_above
        )
        .order_by((Order.id == (above.id if above else -1)).desc(), Case.id.desc())
        .limit(most)
    ).all()


def list_below(
    upstream: Case, shop_id: int, most: int = 10
) -> Sequence[Row[int, str, str, str, str, datetime, str, bool]]:
    """The open cases of the distributor's shop that may hang on this one, those of the order's 下游订单号 first."""
    up = db.session.get_one(Order, (upstream.order_id, upstream.shop_id))
    below = [row.id for row in list_orders_below(up.id)]
    likely = or_(Order.id.in_(below), and_(Order.order_no == up.downstream_order_no, Order.order_no != ""))
    return db.session.execute(
        select(*_SHOWN, likely.label("likely"))
        .join(Order, and_(Order.id == Case.order_id, Order.shop_id == Case.shop_id))
        .where(
            Case.shop_id == shop_id,
            Case.id != upstream.id,
            Case.state.not_in(flow.FINAL),
            ~_linked_below.where(Up.id == CaseLink.upstream_id, Up.order_id == upstream.order_id),
        )
        .order_by(likely.desc(), Case.id.desc())
        .limit(most)
    ).all()


def _check(downstream: Case, upstream: Case) -> None:
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == downstream.shop_id))
    if upstream.buyer_id != owner or upstream.shop_id == downstream.shop_id:
        raise StepRefused("只能关联您向供应商申请的售后和您店铺收到的售后", "link")


def link_cases(
    downstream: Case, upstream: Case, *, by: int, now: datetime, route_back: str = "via", route_out: str = "via"
) -> CaseLink:
    """Hang two cases on each other. Raises StepRefused when they aren't the distributor's two or one is taken."""
    _check(downstream, upstream)
    taken = (
        select(CaseLink.id)
        .where(
            LIVE,
            CaseLink.shop_id == downstream.shop_id,
            or_(
                CaseLink.upstream_id == upstream.id,
                and_(CaseLink.downstream_id == downstream.id, Up.order_id == upstream.order_id),
            ),
        )
        .join(Up, and_(Up.id == CaseLink.upstream_id, Up.shop_id == CaseLink.upstream_shop_id))
    )
    if db.session.scalar(taken.limit(1)) is not None:
        raise StepRefused("其中一张售后单已有关联，请先解除原来的关联", "link")
    above = [upstream.id]
    while above:
        at = above.pop()
        if at == downstream.id:
            raise StepRefused("这两张售后单互为上下游，不能再反过来关联", "link")
        above += db.session.scalars(select(CaseLink.upstream_id).where(LIVE, CaseLink.downstream_id == at))
    made = db.session.scalars(
        select(CaseLink).where(
            CaseLink.downstream_id == downstream.id,
            CaseLink.shop_id == downstream.shop_id,
            CaseLink.upstream_id == upstream.id,
        )
    ).one_or_none()
    if made is None:
        made = CaseLink(
            downstream_id=downstream.id,
            upstream_id=upstream.id,
            upstream_shop_id=upstream.shop_id,
            shop_id=downstream.shop_id,
            created_by=by,
            created_at=now,
        )
        db.session.add(made)
    made.route_back, made.route_out, made.ended_at, made.alarmed_at = route_back, route_out, None, None
    db.session.flush()
    written = select(OrderLink.upstream_id).where(
        OrderLink.shop_id == downstream.shop_id,
        OrderLink.downstream_id == downstream.order_id,
        OrderLink.upstream_id == upstream.order_id,
    )
    if db.session.scalar(written) is None:
        db.session.add(
            OrderLink(
                downstream_id=downstream.order_id,
                upstream_id=upstream.order_id,
                upstream_shop_id=upstream.shop_id,
                shop_id=downstream.shop_id,
                created_by=by,
                created_at=now,
            )
        )
        db.session.flush()
    return made


def unlink_cases(link_id: int, shop_id: int, now: datetime) -> bool:
    """End a link; both cases go on by themselves. False when it has ended already."""
    done = db.session.execute(
        update(CaseLink).where(CaseLink.id == link_id, CaseLink.shop_id == shop_id, LIVE).values(ended_at=now)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def arrange_goods(
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
        .where(CaseLink.id == link_id, CaseLink.shop_id == shop_id, LIVE)
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
        raise StepRefused("关联已解除，页面显示的是最新状态", "link")


def find_broken() -> list[str]:
    """Links that can't be: the middle is not one person, or a case hangs on itself by whatever way."""
    found = []
    rows = db.session.execute(
        select(
            CaseLink.id,
            CaseLink.downstream_id,
            CaseLink.upstream_id,
            Down.shop_id,
            Shop.owner_id,
            Up.buyer_id,
        )
        .join(Down, Down.id == CaseLink.downstream_id)
        .join(Up, Up.id == CaseLink.upstream_id)
        .join(Shop, Shop.id == Down.shop_id)
        .order_by(CaseLink.id)
    ).all()
    above: dict[int, list[int]] = {}
    for row in rows:
        if row.owner_id != row.buyer_id:
            found.append(f"link {row.id}: the shop below is not the buyer's above")
    for down_id, up_id in db.session.execute(
        select(CaseLink.downstream_id, CaseLink.upstream_id).where(LIVE).order_by(CaseLink.id)
    ):
        above.setdefault(down_id, []).append(up_id)
    for start in above:
        seen, ahead = set[int](), list(above[start])
        while ahead:
            at = ahead.pop()
            if at not in seen:
                seen.add(at)
                ahead += above.get(at, [])
        if start in seen:
            found.append(f"case {start}: hangs on itself")
    return found
