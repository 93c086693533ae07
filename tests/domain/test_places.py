"""Goods of one case that go back to several addresses: each line to its own, parcels that name what they hold."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor, flow
from portal.cases import answers, buyer_inbox, case_view, places
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import PlacedLines
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import Case, CaseLine, CaseLink, Evidence, Order, OrderLine, Parcel, ReturnPlace
from portal.people import accounts
from portal.resale import across, chain_view, destinations, downstream, parties
from portal.resale.passing import moving
from portal.rights import policies
from tests.cast import PASSWORD, Cast
from tests.domain.test_chains import DAY, WHOM

HOUR = timedelta(hours=1)
PLACE = "浙江省桐乡市濮院镇{}号"
MILL = ("围巾仓", "13900139000", "浙江省桐乡市濮院镇9号", "")
NUMBERS = [("ZTO", f"754848635765{number:02d}") for number in range(60)]


class World:
    """A consumer's order of goods out of ``many`` purchases, each of a supplier of its own, and its case."""

    def __init__(self, cast: Cast, many: int, *, case_type: CaseType = CaseType.EXCHANGE, own: int = 0) -> None:
        self.cast, self.now = cast, cast.now
        self.suppliers = [self._open(cast, number) for number in range(many)]
        self.purchases = [
            cast.order(buyer=cast.seller2, shop=each.shop, title=f"商品{number}", price_fen=1000).id
            for number, each in enumerate(self.suppliers)
        ]
        [order, *_] = [self._sell_on(purchase) for purchase in self.purchases]
        for number in range(own):  # bought elsewhere: of no supplier
            self._add_own(order, many + number)
        found = db.session.get_one(Order, (order, cast.shop2))
        self.down = replace(cast, buyer=found.buyer_id, seller=cast.seller2, shop=cast.shop2)
        self.below = self.down.open_case(found, milli=3_000, lines=many + own, case_type=case_type).id
        photo = self.down.photos(1, self.down.buyer, shop=cast.shop2)
        with writing():
            hung = {"case_id": self.below, "event_version": 1}
            db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(photo)).values(**hung))
        moving.hear(self.below, self.now)
        links = chain_view.list_links_above(self.case)
        by_order = {self.get(link.upstream_id).order_id: link.upstream_id for link in links}
        self.above = [by_order[purchase] for purchase in self.purchases]

    @staticmethod
    def _open(cast: Cast, number: int) -> Cast:
        with writing():
            owner = accounts.create_user(f"maker{number}", now=cast.now, password=PASSWORD, weak_ok=True)
            shop = accounts.create_shop(owner, f"供应商{number}", cast.now)
            where = {
                "name": f"仓库{number}",
                "phone": f"1390013900{number}",
                "address": f"浙江省桐乡市濮院镇{number}号",
            }
            policies.add_address(shop.id, make_default=True, now=cast.now, note="", **where)
            return replace(cast, buyer=cast.seller2, seller=owner.id, shop=shop.id)

    def _sell_on(self, purchase_id: int) -> int:
        with writing():
            purchase = db.session.scalars(select(Order).where(Order.id == purchase_id)).one()
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).one()
            return downstream.record_order(
                purchase,
                shop_id=self.cast.shop2,
                order_no="TB2026112300001",
                channel="微信",
                receiver=WHOM,
                goods=[downstream.Bought(line.id, 3_000, 5_000)],
                ordered_at=self.now - 5 * DAY,
                received_at=self.now - 2 * DAY,
                by=self.cast.seller2,
                now=self.now,
                passes=downstream.Passes(),
            ).id

    def _add_own(self, order_id: int, position: int) -> None:
        with writing():
            like = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).first()
            assert like is not None
            columns = {
                column.key: getattr(like, column.key) for column in OrderLine.__table__.columns if column.key != "id"
            }
            columns |= {"position": position + 1, "line_key": f"own-{position}", "title": f"自有{position}"}
            db.session.add(OrderLine(**columns))
            order = db.session.get_one(Order, (order_id, self.cast.shop2))
            order.goods_total_fen += 15_000
            order.paid_fen += 15_000

    def get(self, case_id: int) -> Case:
        query = select(Case).where(Case.id == case_id).execution_options(populate_existing=True)
        return db.session.scalars(query).one()

    @property
    def case(self) -> Case:
        """The consumer's."""
        return self.get(self.below)

    @property
    def states(self) -> list[str]:
        """The consumer's case, then each supplier's."""
        db.session.rollback()
        return [self.get(case_id).state for case_id in (self.below, *self.above)]

    def lines(self, case_id: int) -> list[CaseLine]:
        query = select(CaseLine).where(CaseLine.case_id == case_id).order_by(CaseLine.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def agree_above(self, which: int) -> None:
        self.now += HOUR
        self.suppliers[which].take(self.get(self.above[which]), "agree", Actor.SELLER, self.now)

    def agree(self) -> None:
        self.now += HOUR
        placed = destinations.plan_places(self.case)
        self.down.take(self.case, "agree", Actor.SELLER, self.now, placed=placed)

    def send(self, place: places.Place, numbers: list[tuple[str, str]], contents: Any = ()) -> None:
        self.now += HOUR
        handed = {"parcels": numbers, "contents": contents, "place_id": place.id}
        self.down.take(self.case, "ship_return", Actor.BUYER, self.now, **handed)

    def places(self) -> list[places.Place]:
        return places.list_places(self.case)

    def view(self, side: Actor = Actor.BUYER) -> case_view.View:
        return case_view.build_view(self.case, side, self.now)

    def is_sound(self) -> None:
        db.session.rollback()
        assert not any(doctor.findings()), [finding for finding in doctor.findings() if finding]


def test_each_line_goes_to_the_supplier_it_came_from_and_each_supplier_counts_its_own(cast_both: Cast) -> None:
    world = World(cast_both, 2)
    for which in (0, 1):
        world.agree_above(which)
    world.agree()
    [first, second] = world.places()
    assert [place.address for place in (first, second)] == ["浙江省桐乡市濮院镇0号", "浙江省桐乡市濮院镇1号"]
    assert [place.line_ids for place in (first, second)] == [(line.id,) for line in world.lines(world.below)]
    assert (world.case.return_address, world.case.place_count) == (first.address, 2)
    due = world.case.due_at
    world.send(second, [NUMBERS[0]])
    assert world.states == [State.RETURNING, State.RETURNING, State.INSPECTING]
    assert (world.case.due_at, world.case.due_rule) == (due, "buyer_return_rest")
    view = world.view()
    answer = answers.work_out_answer(view)
    assert (
        answer.head == "请寄回其余商品"
        and ("还要寄回", "3 双") in answer.amounts
        and ("已寄出", "3 双") in answer.amounts
    )
    assert "不再换货或退款" in answer.otherwise and next(iter(view.returns.contents.values())).startswith("商品1")
    world.send(first, [NUMBERS[1]])
    assert world.states == [State.INSPECTING] * 3
    for which in (1, 0):
        world.suppliers[which].take(world.get(world.above[which]), "accept_goods", Actor.SELLER, world.now)
        assert world.states[0] == (State.INSPECTING if which else State.RESHIPPING)
    assert [line.accepted_milli for line in world.lines(world.below)] == [3_000, 3_000]
    world.is_sound()


def test_what_waits_for_its_address_has_no_deadline_and_is_given_one_by_the_supplier(cast_both: Cast) -> None:
    world = World(cast_both, 2, own=1)
    world.agree_above(1)
    world.agree()
    assert world.case.due_rule == "return_place" and world.case.place_count == 3
    [straight, back, waiting] = world.places()
    assert straight.address == "浙江省桐乡市濮院镇1号" and back.address == "浙江省义乌市北苑街道1号"
    assert waiting.waits and waiting.line_ids == (world.lines(world.below)[0].id,)
    buyer, seller = (answers.work_out_answer(world.view(side)) for side in (Actor.BUYER, Actor.SELLER))
    assert not buyer.mine and buyer.who == "商家" and buyer.choices[0].step.name == "ship_return"
    assert ("等退货地址", "3 双") in buyer.amounts and seller.mine
    assert buyer_inbox.count_waiting(world.case.buyer_id) == 0
    chains = [chain_view.build_chain(link) for link in chain_view.list_links_above(world.case)]
    waits = {party.name: [does for does, _ in party.waits] for party in parties.list_all(chains)}
    assert waits == {"消费者": [], "我": [], "供应商「供应商0」": ["审核申请"], "供应商「供应商1」": []}
    shown = world.view().returns
    assert [str(place.address) for place in shown.waiting] == [""] and "还没有给出" in "".join(
        world.view().details(world.view().events[0])
    )
    with pytest.raises(StepRefused, match="还没有给出"):
        world.send(waiting, [NUMBERS[5]])
    world.send(straight, [NUMBERS[0]])
    world.send(back, [NUMBERS[1]])
    assert world.states == [State.RETURNING, State.APPLIED, State.INSPECTING]
    with pytest.raises(StepRefused, match="等待商家"):
        world.send(straight, [NUMBERS[2]])
    assert answers.work_out_answer(world.view()).head == "等待商家给出其余商品的退货地址"
    world.agree_above(0)
    case = world.case
    assert (case.due_rule, case.place_count) == ("buyer_return_rest", 3)
    assert case.due_at == world.now + flow.DEADLINES["buyer_return"]
    [left] = [place for place in world.places() if place.open]
    assert left.address == "浙江省桐乡市濮院镇0号"
    world.send(left, [NUMBERS[3]])
    assert world.states == [State.INSPECTING] * 3
    world.is_sound()


def test_an_address_that_nobody_gives_is_the_shop_s_default_one(cast_both: Cast) -> None:
    world = World(cast_both, 2)
    world.agree_above(0)
    world.agree()
    world.send(world.places()[0], [NUMBERS[0]])
    due = world.case.due_at
    assert due is not None
    case_clock.settle_now(world.below, due)
    [sent, fallen_back] = world.places()
    assert sent.sent and not fallen_back.waits and fallen_back.address == "浙江省义乌市北苑街道1号"
    assert world.case.due_at == due + flow.DEADLINES["buyer_return"]
    world.is_sound()


def test_what_is_never_sent_counts_for_nothing(cast_both: Cast) -> None:
    world = World(cast_both, 2, case_type=CaseType.RETURN_REFUND)
    for which in (0, 1):
        world.agree_above(which)
    world.agree()
    world.send(world.places()[1], [NUMBERS[0]])
    due = world.case.due_at
    assert due is not None
    case_clock.settle_now(world.below, due)
    assert world.case.state == State.INSPECTING
    assert "没有寄出：商品0" in "".join(world.view().details(world.view().events[0]))
    world.now = due
    world.suppliers[1].take(world.get(world.above[1]), "accept_goods", Actor.SELLER, world.now)
    assert world.case.state == State.REFUNDING
    assert [(line.received_milli, line.accepted_milli) for line in world.lines(world.below)] == [(0, 0), (3_000, 3_000)]
    assert world.case.refund_fen == 15_000  # three units at 50.00, not six
    world.is_sound()


def test_a_shop_s_own_addresses_and_parcels_that_say_what_they_hold(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(cast.order(lines=3), lines=3)
    lines = [
        line.id
        for line in db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id).order_by(CaseLine.id))
    ]
    case = cast.take(case, "agree", Actor.SELLER, placed=[PlacedLines(MILL, (lines[2],))])
    [own, mill] = places.list_places(case)
    assert own.line_ids == tuple(lines[:2]) and mill.where == MILL[:3]
    two: dict[str, Any] = {"parcels": NUMBERS[:2], "place_id": own.id}
    refused: list[tuple[dict[str, Any], str]] = [
        (two, "每个包裹里各有多少"),
        ({**two, "contents": [{lines[0]: 2_000}, {}]}, "空的包裹"),
        ({**two, "contents": [{lines[0]: 2_000}, {lines[1]: 1_000}]}, "加起来"),
        ({**two, "contents": [{lines[0]: 2_000, lines[1]: 2_000}, {lines[0]: 1_000}]}, "加起来"),
        ({**two, "contents": [{lines[0]: 2_000}, {lines[1]: 2_000, lines[2]: 2_000}]}, "不寄到这个地址"),
        ({**two, "contents": [{lines[0]: 2_000}, {lines[1]: 2_000}], "place_id": 7}, "已更新"),
    ]
    for handed, sentence in refused:
        with pytest.raises(StepRefused, match=sentence):
            cast.take(case, "ship_return", Actor.BUYER, **handed)
    held = [{lines[0]: 2_000, lines[1]: 500}, {lines[1]: 1_500}]
    case = cast.take(case, "ship_return", Actor.BUYER, **two, contents=held)
    assert case.state == State.RETURNING
    with pytest.raises(StepRefused, match="已经登记"):
        cast.take(case, "ship_return", Actor.BUYER, **two, contents=held)
    parcels = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id).order_by(Parcel.id)).all()
    assert [places.list_contents(case)[parcel] for parcel in parcels] == held
    with pytest.raises(StepRefused, match="已寄出"):
        cast.take(case, "withdraw", Actor.BUYER)
    corrected: dict[str, Any] = {"parcel_id": parcels[1], "carrier": "YTO", "number": "YT8962646785389"}
    case = cast.take(case, "edit_parcel", Actor.BUYER, **corrected)
    assert sorted(map(str, places.list_contents(case).values())) == sorted(map(str, held))
    case = cast.take(case, "ship_return", Actor.BUYER, parcels=[NUMBERS[9]])
    assert case.state == State.INSPECTING and not any(doctor.findings())


def test_one_address_may_take_parcels_that_say_what_they_hold(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until(State.RETURNING)
    [line] = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id))
    with pytest.raises(StepRefused, match="加起来"):
        cast.take(case, "ship_return", Actor.BUYER, parcels=NUMBERS[:2], contents=[{line: 500}, {line: 500}])
    case = cast.take(case, "ship_return", Actor.BUYER, parcels=NUMBERS[:2], contents=[{line: 500}, {line: 1_500}])
    assert case.state == State.INSPECTING and case.place_count == 1
    assert sorted(map(str, places.list_contents(case).values())) == sorted([f"{{{line}: 500}}", f"{{{line}: 1500}}"])
    assert db.session.scalars(select(ReturnPlace)).all() == []


def test_addresses_that_turn_out_to_be_one_are_one(cast_both: Cast) -> None:
    world = World(cast_both, 2)
    with writing():
        [address] = policies.list_addresses(world.suppliers[1].shop)
        address.name, address.phone, address.address = "仓库0", "13900139000", "浙江省桐乡市濮院镇0号"
    world.agree_above(0)
    world.agree()
    assert world.case.place_count == 2
    world.agree_above(1)
    assert (world.case.place_count, world.case.due_rule) == (1, "buyer_return")
    world.send(world.places()[0], [NUMBERS[0]])
    assert world.states == [State.INSPECTING] * 3
    world.is_sound()


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_agreements_and_parcels(cast_both: Cast, seed: int) -> None:
    """Suppliers agree, the distributor agrees, parcels go in any order; the pages say what the data says."""
    pick = random.Random(seed)
    many = seed % 4 + 1
    world = World(cast_both, many, own=pick.randint(0, 1))
    waiting = pick.sample(range(many), many)
    world.agree_above(waiting.pop())
    agreed = False
    used = 0
    for _ in range(40):
        moves = ["supplier"] * bool(waiting) + ["shop"] * (not agreed)
        moves += ["send"] * (agreed and world.case.state == State.RETURNING and any(p.open for p in world.places()))
        if not moves:
            break
        match pick.choice(moves):
            case "supplier":
                world.agree_above(waiting.pop())
            case "shop":
                world.agree()
                agreed = True
            case "send":
                place = pick.choice([place for place in world.places() if place.open])
                number = pick.randint(1, 2)
                contents = _split(pick, dict.fromkeys(place.line_ids, 3000), number) if place.id else ()
                world.send(place, NUMBERS[used : used + number], contents)
                used += number
        if agreed:
            _check_told(world)
    assert world.states == [State.INSPECTING] * (many + 1)
    world.is_sound()


def _split(pick: random.Random, whole: dict[int, int], number: int) -> list[dict[int, int]]:
    if number == 1:
        return []
    first = {line: pick.choice((0, 1_000, 2_000)) for line in whole}
    first[next(iter(whole))] = 1_000
    return [first, {line: milli - first[line] for line, milli in whole.items()}]


def _check_told(world: World) -> None:
    case, known = world.case, world.places()
    assert sorted(line for place in known for line in place.line_ids) == [line.id for line in world.lines(world.below)]
    for case_id in (world.below, *world.above):
        packed: dict[int, int] = {}
        for held in places.list_contents(world.get(case_id)).values():
            for line_id, milli in held.items():
                packed[line_id] = packed.get(line_id, 0) + milli
        assert all(packed.get(line.id, 0) <= line.quantity_milli for line in world.lines(case_id))
    unsent = [place for place in known if not place.sent]
    assert (case.state == State.RETURNING) is bool(unsent)
    if not unsent:
        return
    waits = any(place.waits for place in known)
    assert (case.due_rule == "return_place") is waits
    if not waits:
        assert case.due_at is not None and case.due_at >= world.now
    returns = world.view().returns
    amounts = dict(answers.work_out_answer(world.view()).amounts)
    if len(known) > 1:
        for what, kind in (("已寄出", "sent"), ("还要寄回", "open"), ("等退货地址", "waits")):
            milli = sum(3_000 * len(place.line_ids) for place in known if getattr(place, kind))
            assert amounts.get(what, "0 双") == f"{milli // 1000} 双"
        assert {str(place.id) for place in returns.open} == {str(place.id) for place in known if place.open}
        assert all(place.waits is (str(place.address) == "") for place in returns.places)
    links = db.session.scalars(select(CaseLink).where(CaseLink.downstream_id == world.below))
    for link in links:
        up = world.get(link.upstream_id)
        share = destinations.match_ids(case, up)
        gone = all(place.sent for place in known if set(place.line_ids) & set(share))
        assert (up.state == State.INSPECTING) is gone
    assert across.find_direct_address(case) is not None


def test_each_parcel_of_a_replacement_says_what_was_sent_in_it(cast: Cast) -> None:
    """In the specification that was sent, not in the one that came back; and the card says what is still owed."""
    case = cast.take(cast.until("paying"), "pay", Actor.BUYER, reference="20261123000001")
    case = cast.take(case, "confirm_payment", Actor.SELLER)
    [line] = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id))
    assert line.wanted_spec != line.spec
    case = cast.take(case, "ship_part", Actor.SELLER, parcels=NUMBERS[:1], shipped={line.id: 500})
    for side, left in ((Actor.BUYER, "商家还要发出"), (Actor.SELLER, "还要发出")):
        amounts = answers.work_out_answer(case_view.build_view(case, side, cast.now)).amounts
        assert {("已发出", f"0.5 {line.unit}"), (left, f"1.5 {line.unit}")} <= set(amounts)
    case = cast.take(case, "ship_replacement", Actor.SELLER, parcels=NUMBERS[1:2], shipped={line.id: 1_500})
    view = case_view.build_view(case, Actor.BUYER, cast.now)
    said = {parcel.id: view.returns.contents[parcel.id] for parcel in view.parcels["out"]}
    assert sorted(said.values()) == [f"{line.title} {line.wanted_spec} {many} {line.unit}" for many in ("0.5", "1.5")]
    assert not [what for what, _ in answers.work_out_answer(view).amounts if "发出" in what]


def test_of_numbers_given_together_none_is_said_to_hold_it_all(cast: Cast) -> None:
    case = cast.until("reshipping")
    [line] = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id))
    case = cast.take(case, "ship_part", Actor.SELLER, parcels=NUMBERS[:2], shipped={line.id: 500})
    case = cast.take(
        case, "ship_replacement", Actor.SELLER, cast.now + DAY, parcels=NUMBERS[2:3], shipped={line.id: 1_500}
    )
    view = case_view.build_view(case, Actor.BUYER, cast.now + DAY)
    together, alone = view.parcels["out"][:2], view.parcels["out"][2]
    assert list(view.returns.contents) == [alone.id] and len(together) == 2
