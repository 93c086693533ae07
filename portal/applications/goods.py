"""The goods that one can apply for: lines of an order, their policy, what they can be replaced with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select

from portal.calendar import calendars, workdays
from portal.columns import OrderPromised, PolicyPromises
from portal.extensions import db
from portal.flow import CaseType
from portal.models import Order, OrderLine, Product, Sku
from portal.prepared import Prepared
from portal.rights import asking, eligibility, kept_policies, policies, reasons, resale, windows
from portal.rights import goods as goods_facts
from portal.rights.goods import Goods, Verdict
from portal.rights.guarantees import codes
from portal.rights.reasons import Ground, Payer
from portal.versioned import Versioned


def describe_policy(policy: PolicyPromises, days: policies.Days | None = None) -> goods_facts.Policy:
    """A shop's policy as eligibility sees it. ``days``: what was promised to the order in question."""
    guarantees, excluded = codes(policy.guarantees), tuple(str(word) for word in policy.excluded)
    if days:
        guarantees |= days.guarantees
        excluded = tuple(word for word in excluded if word in days.excluded)
    return goods_facts.Policy(
        window_days=days.window if days else policy.window_days,
        hidden_days=days.hidden if days else policy.hidden_days,
        own_window_days=days.own_window if days else 0,
        own_hidden_days=days.own_hidden if days else 0,
        special_freight=Payer(days.special_freight if days else policy.special_freight),
        guarantees=guarantees,
        excluded=excluded,
        types=policies.read_types(policy.types) | (days.types if days else frozenset()),
    )


def get_policy_for(order: OrderPromised) -> goods_facts.Policy:
    """What the shop's policy is for an order: no version takes what was promised since it was placed."""
    return describe_policy(policies.get_current(order.shop_id), policies.get_promised(order))


def get_kept_policy_for(order: Any) -> goods_facts.Policy:
    """The same for a page that only reads: of what is kept of the shop's versions. ``order``: load_for_buyer's."""
    versions = kept_policies.list_versions(order.shop_id, order.newest_policy)
    floor = kept_policies.find_floor(versions, policies.find_promised_since(order))
    return _described.find(
        (order.shop_id, order.newest_policy, floor),
        lambda: describe_policy(versions[0], kept_policies.find_promised(versions, floor)),
    )


_described: Versioned[goods_facts.Policy] = Versioned("described_policies")


_ENDED = ("unpaid", "cancelled", "refunding")  # for all lines


class Terms(NamedTuple):
    """What an order says of the time to apply, the same for all its lines."""

    no_reason_until: datetime | None
    apply_by: datetime | None
    apply_days: int


def describe_terms(order: Order) -> Terms:
    """The order's own part of what eligibility sees of each of its lines."""
    return Terms(
        find_rolled_end(windows.find_counted_from(order)),
        resale.find_apply_by(order) if resale.is_resold(order) or order.both_terms else None,
        resale.get_rule().apply_days,
    )


def describe_goods(
    order: Any, line: Any, *, exchangeable: bool = True, open_case: str = "", terms: Terms | None = None
) -> Goods:
    """An order line as eligibility sees it; rows of entities or of columns with the same names.

    ``terms``: the order's, where several of its lines are described.
    """
    terms = terms or describe_terms(order)
    excluded = getattr(line, "no_reason_excluded", "") or ""
    if excluded == "unfit" and line.unfit_confirmed_at is None:
        excluded = ""  # nobody confirmed it, so it isn't
    if excluded and not goods_facts.is_since(line.excluded_at, policies.find_promised_since(order)):
        excluded = ""
    return Goods(
        status=order.status if order.status in _ENDED else line.own_status or order.status,
        ended_alone=bool(line.own_status) and order.status not in _ENDED,
        bought_milli=line.quantity_milli,
        claimed_milli=line.claimed_milli,
        unit=line.unit,
        received_at=windows.find_counted_from(order),
        guarantees=codes(line.guarantees),
        title=line.title,
        product_no=line.cargo_no,
        exchangeable=exchangeable,
        open_case=open_case,
        consumer=order.consumer,
        no_reason_excluded=excluded,
        no_reason_until=terms.no_reason_until,
        apply_by=terms.apply_by,
        apply_days=terms.apply_days,
        both_terms=order.both_terms,
    )


def find_rolled_end(received_at: datetime | None) -> datetime | None:
    """The end of seven days where that is a day of rest: the end of the day after it (民法典 203); else None."""
    if received_at is None:
        return None
    plain, rolled = workdays.plus_days(received_at, 7), workdays.plus_days(received_at, 7, calendars.get_calendar())
    return rolled.at if rolled.at > plain.at else None


_line, _product = OrderLine.__table__.c, Product.__table__.c


_LINES = Prepared(
    select(
        _line.id,
        _line.shop_id,
        _line.position,
        _line.title,
        _line.spec,
        _line.unit,
        _line.unit_price_fen,
        _line.quantity_milli,
        _line.claimed_milli,
        _line.cargo_no,
        _line.sku_cargo_no,
        _line.guarantees,
        _line.product_id,
        _line.snapshot,
        _line.own_status,
        _line.unfit_confirmed_at,
        _product.exchangeable,
        _product.no_reason_excluded,
        _product.unexchangeable_at,
        _product.excluded_at,
        _product.picture,
    )
    .outerjoin(Product.__table__, and_(_product.id == _line.product_id, _product.shop_id == _line.shop_id))
    .where(_line.order_id == bindparam("order_id"), _line.shop_id == bindparam("shop_id"))
    .order_by(_line.position, _line.id)
)


def list_lines(order_id: int, shop_id: int) -> Sequence[Any]:
    """The lines of an order in their order, as columns, each with its product's ``picture`` and ``exchangeable``."""
    return _LINES.list_rows(order_id=order_id, shop_id=shop_id)


def is_exchangeable(lines: Sequence[Any], order: OrderPromised) -> dict[int, bool]:
    """By id of an order's line: whether its product may be exchanged without the seller's fault."""
    since = policies.find_promised_since(order)
    return {
        line.id: line.exchangeable is not False or not goods_facts.is_since(line.unexchangeable_at, since)
        for line in lines
    }


def find_uncarried(order: Order, lines: Sequence[OrderLine], policy: goods_facts.Policy) -> frozenset[Ground]:
    """The grounds that goods must carry and none of these lines of an order does: their reasons aren't offered."""
    may = is_exchangeable(lines, order)
    each = [
        eligibility.find_uncarried(describe_goods(order, line, exchangeable=may[line.id]), policy) for line in lines
    ]
    return each[0].intersection(*each[1:]) if each else frozenset()


def name_reasons(order: Order, lines: Sequence[OrderLine], policy: goods_facts.Policy) -> Callable[[str], str]:
    """How the reasons of these lines of an order are called."""
    may = is_exchangeable(lines, order)
    return say_reasons((describe_goods(order, line, exchangeable=may[line.id]) for line in lines), policy)


def say_reasons(each: Iterable[Goods], policy: goods_facts.Policy) -> Callable[[str], str]:
    """A reason as people read it; 包换 by the name of the one that these goods carry, where it is one."""
    carried = {promise.name for goods in each if (promise := goods_facts.find_promise(goods, policy))}
    name = carried.pop() if len(carried) == 1 else ""
    return lambda reason_id: name if name and reason_id == "promise" else reasons.said(reason_id)


_BACK = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)


def name_payers(
    order: Order, lines: Sequence[OrderLine], policy: goods_facts.Policy, offered: Iterable[str]
) -> dict[str, Payer]:
    """Of each reason by which goods go back, who bears the freight; of one that differs from line to line nothing."""
    may, found = is_exchangeable(lines, order), {}
    every = [describe_goods(order, line, exchangeable=may[line.id]) for line in lines]
    for reason_id in offered:
        reason = reasons.reason(reason_id)
        if reason is None or reason.leads_to not in _BACK:
            continue
        payers = {asking.freight_payer(goods, reason, policy) for goods in every}
        if len(payers) == 1:
            found[reason_id] = payers.pop()
    return found


def list_offers(order: Order, lines: Sequence[OrderLine], now: datetime) -> dict[int, Verdict]:
    """By line id: whether it can be applied for now, and why. ``order``: load_for_buyer's."""
    may, policy, terms = is_exchangeable(lines, order), get_kept_policy_for(order), describe_terms(order)
    return {
        line.id: eligibility.offer(describe_goods(order, line, exchangeable=may[line.id], terms=terms), now, policy)
        for line in lines
    }


def list_replacements(line: OrderLine) -> Sequence[Sku]:
    """Other specifications of the same product, in stock; another price is settled as 补差价 or 退差价."""
    if not line.product_id:
        return []
    return db.session.scalars(
        select(Sku)
        .where(
            Sku.product_id == line.product_id,
            Sku.shop_id == line.shop_id,
            Sku.in_stock,
            Sku.spec != line.spec,
            Sku.spec != "",
        )
        .order_by(Sku.id)
        .limit(50)
    ).all()


def is_unshipped(order: Order) -> bool:
    """Whether nothing of the order has been sent yet."""
    return bool(order.status == "unshipped" and order.received_at is None)
