"""The three parties of a chain: where each stands, and who is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from portal import flow, told, words
from portal.cases import deadlines, places
from portal.extensions import db
from portal.flow import Actor, State
from portal.models import Case, Shop
from portal.resale.chain_view import Chain
from portal.resale.destinations import UNDECIDED, match_ids
from portal.resale.passing.pair import load_pair

DOES: Mapping[str, str] = {
    State.APPLIED: "审核申请",
    State.PROPOSED: "答复方案",
    State.REVISING: "修改或补充",
    State.RETURNING: "寄回商品",
    State.INSPECTING: "验货",
    State.DISPUTED: "答复验货结果",
    State.PAYING: "补差价",
    State.RESHIPPING: "发货",
    State.CONFIRMING: "确认收货",
    State.REFUNDING: "退款",
    State.REFUND_FAILED: "重新退款",
}


@dataclass(frozen=True)
class Party:
    """One of the three: what it is to do now (none: it isn't waited for), until when, and where its case stands."""

    name: str
    stands: str
    waits: tuple[tuple[str, datetime | None], ...] = ()


def list_parties(chain: Chain) -> tuple[Party, ...]:
    """Consumer, distributor, supplier and, where it is in, the platform.

    Who really has the goods is waited for, whatever the two contracts say: a step that passes on by itself is not the
    distributor's to do.
    """
    waits: dict[str, list[tuple[str, datetime | None]]] = {"消费者": [], "我": [], "供应商": [], "平台": []}
    pair = load_pair(chain.link.id)
    for case, buyer, seller in ((chain.down, "消费者", "我"), (chain.up, "我", "供应商")):
        if case.state in flow.FINAL:
            continue
        for actor in deadlines.list_who_must_act(case):
            who = {Actor.BUYER: buyer, Actor.SELLER: seller}.get(actor, "平台")
            if (
                who == "我"
                and pair is not None
                and _passes(case, chain, pair.goes_straight_back, pair.goes_straight_out)
            ):
                continue  # it comes from the other end, and is named there
            does = "举证" if case.stage == "evidence" else "裁决" if who == "平台" else _say(case)
            waits[who].append((does, case.due_at))
    up, down = (words.state(case.type, case.state) for case in (chain.up, chain.down))
    found = [
        Party("消费者", down, tuple(waits["消费者"])),
        Party("我", f"下游 {down}；上游 {up}", tuple(waits["我"])),
        Party("供应商", up, tuple(waits["供应商"])),
    ]
    if waits["平台"]:
        found.append(Party("平台", "平台介入", tuple(waits["平台"])))
    return tuple(found)


def list_all(chains: Sequence[Chain]) -> tuple[Party, ...]:
    """The parties of a consumer's case with all its suppliers, each of these by its shop's name."""
    each = [list_parties(chain) for chain in chains]
    if len(chains) == 1:
        return each[0]
    names = [db.session.scalars(select(Shop.name).where(Shop.id == chain.up.shop_id)).one() for chain in chains]
    ups = "、".join(parties[_SUPPLIER].stands for parties in each)
    down = chains[0].down
    mine = dict.fromkeys(wait for parties in each for wait in parties[1].waits)
    platform = dict.fromkeys(wait for parties in each for party in parties[_SUPPLIER + 1 :] for wait in party.waits)
    return (
        each[0][0],
        Party("我", f"下游 {words.state(down.type, down.state)}；上游 {ups}", tuple(mine)),
        *(replace(parties[_SUPPLIER], name=f"供应商「{name}」") for parties, name in zip(each, names, strict=True)),
        *([Party("平台", "平台介入", tuple(platform))] if platform else []),
    )


_SUPPLIER = 2  # its place among the parties of one chain


def _passes(case: Case, chain: Chain, back: bool, out: bool) -> bool:
    """Whether what the distributor would do here comes from the consumer or the supplier by itself."""
    if case.escalated or {chain.down.state, chain.up.state} & flow.FINAL:
        return False
    if case is chain.down and case.due_rule == "return_place":
        return chain.up.state in UNDECIDED or not _lacks_place(chain)
    if case is chain.down:
        return (case.state == State.INSPECTING and back) or (case.state == State.RESHIPPING and out)
    not_agreed = chain.link.route_back == "direct" and not chain.down.return_address
    sends = chain.down.state in UNDECIDED or chain.down.state == State.RETURNING  # else nothing comes back of itself
    return (case.state == State.RETURNING and sends and (back or not_agreed)) or (
        case.state == State.CONFIRMING and out
    )


def _lacks_place(chain: Chain) -> bool:
    """Whether goods of this supplier's wait for an address to be sent to."""
    share = match_ids(chain.down, chain.up)
    return any(place.waits and share.keys() & set(place.line_ids) for place in places.list_places(chain.down))


def _say(case: Case) -> str:
    if case.due_rule == "return_place":
        return "给出其余商品的退货地址"
    if told.is_refused(case):
        return "决定是否申请平台介入或重新提交"
    if case.problem_open:
        return "处理收货问题"
    return "答复买家的方案" if case.countered else DOES.get(case.state, "")
