"""A refund of one line of an order that was withdrawn: believed as that of an order is, from a file or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.applications import goods
from portal.extensions import db, writing
from portal.models import Notice, Order, OrderDoubt, OrderLine, OrderVersion, Shop
from portal.orders import accepting, to_send
from portal.orders.export_format import read
from portal.orders.importing import Report, import_orders
from portal.rights import eligibility
from tests import exports
from tests.exports import Cells, order, table

NOW = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
REASON = "平台后台显示退款已撤销"
Take = Callable[..., Report]

pytestmark = pytest.mark.usefixtures("both")


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Imports an order whose rows have these words for their states."""

    def take(*states: str, now: datetime = NOW, **more: Any) -> Report:
        rows = [describe(number, words, **more) for number, words in enumerate(states)]
        with read(exports.text(tmp_path / "lines.csv", table(rows))) as export:
            return import_orders(export, now=now, source="lines.csv", import_id=7, vouched=True)

    return take


def describe(number: int, words: str, **more: Any) -> Cells:
    """A row of an order: two pieces of one of its kinds of goods, in a file with no more columns than usual."""
    sums = {"货品总价(元)": 37.6, "运费(元)": 0, "实付款(元)": 37.6}
    return order(**{"SKU ID": f"49{number}", "型号": f"{number} 号", "订单状态": words, **sums, **more})


def only() -> Order:
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def list_lines() -> list[OrderLine]:
    query = select(OrderLine).order_by(OrderLine.position).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def states() -> list[str]:
    return [line.own_status for line in list_lines()]


def may_apply() -> list[bool]:
    found = only()
    lines = goods.list_lines(found.id, found.shop_id)
    offers = [eligibility.offer(goods.describe_goods(found, line), NOW, goods.get_policy_for(found)) for line in lines]
    return [each.allowed for each in offers]


def waiting() -> list[accepting.Doubtful]:
    return accepting.list_of_order(only().shop_id, only().id)


def accept(ids: Iterable[int] | None = None) -> int:
    chosen = [each.id for each in waiting()] if ids is None else list(ids)
    shop_id, owner = only().shop_id, db.session.get_one(Shop, only().shop_id).owner_id
    db.session.rollback()
    with writing():
        return accepting.accept(shop_id, chosen, reason=REASON, user_id=owner, now=NOW + timedelta(hours=2))


def told(kind: str) -> list[str]:
    return list(db.session.scalars(select(Notice.body).where(Notice.kind == kind, Notice.user_id == only().buyer_id)))


def set_line(position: int, **values: Any) -> None:
    with writing():
        db.session.execute(update(OrderLine).where(OrderLine.position == position).values(**values))


SENT, ASKED, CLOSED = "等待买家收货", "退款中", "退款关闭"


def test_a_line_s_refund_is_lifted_by_hand_and_stays_lifted(take: Take) -> None:
    take(SENT, ASKED)
    assert (states(), may_apply()) == (["", "refunding"], [True, False])
    take(SENT, SENT)
    [doubt] = waiting()
    said = (doubt.kept, doubt.said, doubt.stop, doubt.lifts, doubt.row)
    assert said == ("退款中", "随订单", "", True, 3) and "1 号" in doubt.heading
    assert accept() == 1
    assert (states(), may_apply(), waiting()) == (["", ""], [True, True], [])
    version = db.session.scalars(select(OrderVersion).order_by(OrderVersion.id.desc())).first()
    assert version is not None and version.reason == REASON
    assert version.changes == [["第 2 种商品的状态", "退款中", "随订单"]]
    [body] = told("refund_withdrawn")
    assert "1 号" in body and REASON in body
    assert [found for found in doctor.findings() if found] == []
    take(SENT, ASKED)  # the file from before, or a second refund: nobody can tell, so that a person says so
    assert states() == ["", ""]
    [doubt] = waiting()
    assert (doubt.said, doubt.stop, doubt.lifts) == ("退款中", "", False)
    assert accept() == 1
    assert (states(), len(told("refund_again"))) == (["", "refunding"], 1)


def test_of_two_lines_only_the_one_that_was_lifted_is_asked_about(take: Take) -> None:
    take(SENT, ASKED, SENT)
    take(SENT, SENT, SENT)
    accept()
    take(SENT, ASKED, ASKED)
    assert states() == ["", "", "refunding"]


def test_only_a_refund_under_way_is_lifted(take: Take) -> None:
    take(SENT, "退款成功")
    take(SENT, SENT)
    assert [each.stop[:14] for each in waiting()] == ["这件商品的退款状态只往前走，"]
    assert (accept(), states()) == (0, ["", "cancelled"])


@pytest.mark.parametrize(
    ("line", "whole", "stop"),
    [
        ({"refunded_milli": 2000, "claimed_milli": 2000}, {}, "矛盾"),
        ({"own_status": "cancelled"}, {}, "后来已更新为"),
        ({}, {"status": "refunding", "status_text": ASKED}, "整个订单"),
    ],
)
def test_what_contradicts_it_keeps_a_line_s_refund(
    take: Take, line: dict[str, Any], whole: dict[str, Any], stop: str
) -> None:
    take(SENT, ASKED)
    take(SENT, SENT)
    set_line(2, **{"own_status": "refunding", **line})
    with writing():
        db.session.execute(update(Order).values(version=Order.version + 1, **whole))
    before = states()
    assert [stop in each.stop for each in waiting()] == [True]
    assert (accept(), states()) == (0, before)


def test_other_shops_and_orders_are_out_of_reach(take: Take) -> None:
    take(SENT, ASKED)
    take(SENT, SENT)
    [doubt] = waiting()
    shop_id, owner = only().shop_id, only().buyer_id
    db.session.rollback()
    with writing():
        assert accepting.accept(shop_id + 1, [doubt.id], reason="x", user_id=owner, now=NOW) == 0
    assert states() == ["", "refunding"]


@pytest.mark.parametrize("words", [CLOSED, "退款已撤销", "买家已取消退款", f"{SENT}（{CLOSED}）", f"{SENT}，售后关闭"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_row_that_says_that_its_refund_was_closed_goes_with_its_order(take: Take, words: str, place: int) -> None:
    """In any table; of a new order nothing is taken from the line, of a known one its refund ends."""
    rows = [SENT, SENT]
    rows[place] = words
    report = take(*rows)
    assert (only().status, states(), may_apply()) == ("in_transit", ["", ""], [True, True])
    assert all("不能在这里申请" not in each.sentence and "待确认" not in each.sentence for each in report.problems)
    asked = [SENT, SENT]
    asked[place] = ASKED
    take(*asked)
    assert states()[place] == "refunding"
    take(*rows)
    assert (only().status, states(), may_apply(), waiting()) == ("in_transit", ["", ""], [True, True], [])
    assert take(*asked).disbelieved_count == 1  # once
    assert states() == ["", ""]


def test_a_withdrawal_in_an_older_file_or_after_a_payment_waits_for_a_person(take: Take) -> None:
    two = "75484863576596;75484863576597"
    take(SENT, ASKED, 运单号=two)
    take(SENT, CLOSED)
    assert (states(), [each.why for each in waiting() if each.name == "own_status"]) == (
        ["", "refunding"],
        ["表格比已知的更早"],
    )
    with writing():
        db.session.execute(update(Order).values(refunded_fen=1))
    take(SENT, CLOSED, 运单号=two)
    [doubt] = [each for each in waiting() if each.name == "own_status"]
    assert (states(), doubt.why, doubt.stop) == (["", "refunding"], "表格说这一行的退款已关闭，请核对后采信", "")
    assert (accept([doubt.id]), states()) == (1, ["", ""])


def test_where_no_row_says_where_the_goods_are_nothing_is_made_up(take: Take) -> None:
    take(CLOSED, CLOSED, 运单号="")
    assert (only().status, states(), may_apply()) == ("unknown", ["", ""], [False, False])
    take(CLOSED, "退款成功", 运单号="")
    assert only().status == "unknown"


def test_doubts_from_before_are_still_explained(take: Take) -> None:
    take(SENT, ASKED)
    take(SENT, SENT)
    with writing():
        db.session.execute(update(OrderDoubt).values(name="", value={}))
    assert [each.stop != "" for each in waiting()] == [True]


@pytest.mark.parametrize("status", ["交易成功", "买家已签收", SENT])
@pytest.mark.parametrize(("end", "said"), [("退款成功", "不能再新申请售后"), (ASKED, "退款期间不能申请售后")])
def test_the_end_of_a_line_whose_goods_arrived_is_told_once(take: Take, status: str, end: str, said: str) -> None:
    take(status, status)
    for _ in range(2):
        take(status, end)
    bodies = told("order_refunded")
    assert len(bodies) == (0 if status == SENT else 1)
    assert all("第 2 种商品" in body and said in body and "其余商品不受影响" in body for body in bodies)
    take(status, status)
    assert len(told("order_refunded")) == len(bodies)


def test_lines_that_end_one_by_one_leave_an_order_with_nothing_to_send_and_nothing_agreed(take: Take) -> None:
    """Each file ends another line, and says of the one before that it goes on, which isn't believed."""
    first, last = ("等待卖家发货", "退款中"), ("交易关闭", "等待卖家发货")
    for day, words_ in enumerate((first, last)):
        take(*words_, now=NOW + timedelta(days=day))
    found = only()
    assert (found.status, states()) == ("unshipped", ["cancelled", "refunding"])
    assert to_send.find_given_back(found.shop_id, [found.id]) == {found.id: to_send.ENDED_SOME}
    assert to_send.tell_statuses(found.shop_id, [found]) == {found.id: "未发货，没有要发的商品"}
