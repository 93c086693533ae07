"""What of a consumer's case with several suppliers can't pass by itself: said to the distributor as what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal import flow
from portal.extensions import db, writing
from portal.flow import State
from portal.models import Case, Shop
from portal.notices import beside_steps
from portal.resale import across
from portal.resale.chain_view import list_links_above
from portal.resale.passing.pair import Pair, load_pair, match_lines, match_share

AGREED = frozenset({State.RETURNING, State.INSPECTING})


@dataclass(frozen=True)
class Choice:
    """One thing that only the distributor can say: in words, with where it is done; ``key`` names it for ever."""

    key: str
    sentence: str
    href: str


def list_choices(down: Case) -> list[Choice]:
    """What the distributor is to decide now, because the data doesn't say which supplier it concerns."""
    if down.state in flow.FINAL:
        return []
    links = list_links_above(down)
    pair = load_pair(links[0].id) if links else None
    if pair is None:
        return []
    return [*_ask_the_rest(down), *(found for finder in _FINDERS for found in finder(pair))]


def _ask_the_rest(down: Case) -> Iterator[Choice]:
    for order in across.list_unasked(down):
        yield Choice(
            f"ask:{order.id}",
            f"有商品来自进货订单 {order.order_no}，还没有向这家供应商申请；请决定是否申请。",
            f"/seller/cases/{down.case_no}/chain",
        )


def _tell_addresses(pair: Pair) -> Iterator[Choice]:
    """The consumer knows one address; who else waits for goods to come straight isn't sent any."""
    if not pair.others or pair.down.state not in AGREED or not any(each.goes_straight_back for each in pair.all):
        return
    for each in pair.all:
        if each.link.route_back == "direct" and not each.goes_straight_back and each.up.state == State.RETURNING:
            given = (
                f"退货地址是 {each.up.return_name} {each.up.return_phone} {each.up.return_address}"
                if each.up.return_address
                else "还没有给退货地址"
            )
            yield Choice(
                f"back:{each.link.id}:{each.up.version}",
                f"{_name_goods(each)}的供应商「{_name_shop(each)}」{given}，与消费者看到的地址不同；"
                "请与消费者说好分开寄，或收到后转寄，再到上游售后填写寄给这家供应商的运单。",
                f"/cases/{each.up.case_no}/ship_return",
            )


def _count_the_rest(pair: Pair) -> Iterator[Choice]:
    """Goods that the suppliers count only in part are counted by the distributor, with what is known filled in."""
    if not pair.others or pair.down.state != State.INSPECTING or pair.down.escalated:
        return
    counted = across.find_counted_above(pair.down)
    own = [each for each in pair.all if not each.goes_straight_back]
    if (own and counted) or match_lines(pair) is None:
        goods = "、".join(map(_name_goods, own)) or "部分商品"
        yield Choice(
            f"count:{pair.down.id}:{len(counted)}",
            f"{goods}不是直接寄给供应商的，请您验货；供应商已验的部分会带出。",
            f"/seller/cases/{pair.down.case_no}/accept_goods",
        )


def _send_to_whom(pair: Pair) -> Iterator[Choice]:
    """A problem with what came, or a parcel that is sent again, is one supplier's: which, the goods say."""
    out = [each for each in pair.all if each.goes_straight_out]
    if len(out) < 2:
        return
    waiting = [each for each in out if each.up.state == State.CONFIRMING and not each.up.problem_open]
    if pair.down.state == State.CONFIRMING and pair.down.problem_open and len(waiting) == len(out):
        goods = "、".join(f"{_name_goods(each)}由「{_name_shop(each)}」发出" for each in out)
        yield Choice(
            f"problem:{pair.down.id}:{pair.down.version}",
            f"消费者反馈收到的商品有问题：{goods}；请到对应的上游售后反馈。",
            f"/cases/{waiting[0].up.case_no}/report_problem",
        )
    again = [each for each in out if each.up.state == State.RESHIPPING and each.up.round > 1]
    if again and pair.down.state == State.CONFIRMING:
        yield Choice(
            f"again:{again[0].link.id}:{again[0].up.version}",
            f"「{_name_shop(again[0])}」同意重新发出{_name_goods(again[0])}；请在下游登记重新发货，并只填写这一部分。",
            f"/seller/cases/{pair.down.case_no}",
        )


_FINDERS = (_tell_addresses, _count_the_rest, _send_to_whom)


def _name_goods(pair: Pair) -> str:
    lines = list((match_share(pair) or {}).values())
    return "、".join(dict.fromkeys(f"「{line.title}」" for line in lines)) or f"「{pair.up.goods}」"


def _name_shop(pair: Pair) -> str:
    return str(db.session.scalars(select(Shop.name).where(Shop.id == pair.up.shop_id)).one())


def tell_choices(case_id: int, now: datetime) -> int:
    """Tell the distributor of each choice, once; returns how many were new."""
    db.session.rollback()
    case = db.session.get(Case, case_id)
    if case is None:
        return 0
    choices = list_choices(case) if len(list_links_above(case)) > 1 else []
    if not choices:
        return 0
    shop_id, goods = case.shop_id, case.goods
    owner = db.session.scalars(select(Shop.owner_id).where(Shop.id == shop_id)).one()
    told = 0
    with writing():
        for choice in choices:
            told += beside_steps.tell_alarm(
                owner,
                shop_id=shop_id,
                title="一张售后有几家供应商，请您决定",
                body=f"「{goods}」{choice.sentence}",
                at=now,
                dedupe_key=f"choose:{case_id}:{choice.key}",
                href=choice.href,
            )
    return told
