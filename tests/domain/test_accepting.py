"""采信: what an import didn't believe is believed by hand where it is safe, recorded and told, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.applications.goods import describe_goods
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import MoneyEntry, Notice, Order, OrderDoubt, OrderLine, OrderVersion
from portal.orders import accepting
from portal.orders.export_format import read
from portal.orders.importing import Report, import_orders
from portal.rights import eligibility
from portal.rights.goods import Policy
from tests import exports
from tests.cast import Cast
from tests.exports import table

REASON = "平台后台显示退款已撤销"
Rewrite = Callable[..., Report]


@pytest.fixture
def rewrite(cast_both: Cast, tmp_path: Path) -> Rewrite:
    """Imports an order of the cast again, with other cells."""

    def rewrite(order: Order, **cells: Any) -> Report:
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        row = exports.known(order, line)
        db.session.rollback()
        with read(exports.text(tmp_path / "again.csv", table([row | cells]))) as export:
            return import_orders(export, now=cast_both.now + timedelta(hours=1), source="again.csv", import_id=7)

    return rewrite


def put_refunding(order: Order) -> Order:
    with writing():
        db.session.execute(update(Order).where(Order.id == order.id).values(status="refunding", status_text="退款中"))
    return fresh(order.id)


def fresh(order_id: int) -> Order:
    return db.session.get_one(Order, order_id, populate_existing=True)


def waiting(order: Order) -> list[accepting.Doubtful]:
    return accepting.list_of_order(order.shop_id, order.id)


def accept(cast: Cast, order: Order, name: str = "") -> int:
    """Believe what is doubted of an order, or of one column."""
    ids = [each.id for each in waiting(order) if not name or each.name == name]
    db.session.rollback()
    with writing():
        return accepting.accept(cast.shop, ids, reason=REASON, user_id=cast.seller, now=cast.now + timedelta(hours=2))


def may_apply(order: Order) -> bool:
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    now = order.ordered_at + timedelta(days=1)
    return eligibility.offer(describe_goods(fresh(order.id), line), now, Policy()).allowed


def told(order: Order, kind: str) -> list[str]:
    bodies = db.session.execute(select(Notice.user_id, Notice.body).where(Notice.kind == kind))
    return [body for user_id, body in bodies if user_id == order.buyer_id and order.order_no in body]


@pytest.mark.parametrize("words", ["等待卖家发货", "等待买家收货", "买家已签收"])
def test_a_withdrawn_refund_is_lifted_by_hand(cast_both: Cast, rewrite: Rewrite, words: str) -> None:
    cast = cast_both
    order = put_refunding(cast.order(status="in_transit"))
    assert not may_apply(order)
    rewrite(order, 订单状态=words)
    assert fresh(order.id).status == "refunding"
    [doubt] = waiting(order)
    assert (doubt.kept, doubt.said, doubt.stop, doubt.lifts, doubt.source) == ("退款中", words, "", True, "again.csv")
    assert accept(cast, order) == 1
    assert (fresh(order.id).status_text, may_apply(order), waiting(order)) == (words, True, [])
    version = db.session.scalars(select(OrderVersion).order_by(OrderVersion.id)).all()[-1]
    said = (version.changes, version.accepted_by, version.reason, version.source)
    assert said == ([["订单状态", "退款中", words]], cast.seller, REASON, "again.csv")
    assert [REASON in body for body in told(order, "refund_withdrawn")] == [True]
    assert [found for found in doctor.findings() if found] == []
    for again in ("退款中", "退款处理中"):  # the file from before stops nobody again; by hand it can
        rewrite(fresh(order.id), 订单状态=again)
        assert (fresh(order.id).status_text, [each.said for each in waiting(order)]) == (words, [again])
    assert accept(cast, order) == 1
    assert (fresh(order.id).status, len(told(order, "refund_again"))) == ("refunding", 1)


def test_a_withdrawal_that_only_says_so_is_lifted_to_where_the_parcel_is(cast_both: Cast, rewrite: Rewrite) -> None:
    """A case was opened here before, so that nothing is believed without the shop's word."""
    cast = cast_both
    order = cast.order(status="in_transit")
    case = cast.open_case(order, reason="damaged")
    cast.take(case, "withdraw", Actor.BUYER)
    order = put_refunding(order)
    rewrite(order, 订单状态="退款关闭")
    assert fresh(order.id).status == "refunding"
    [doubt] = [each for each in waiting(order) if each.name == "status"]
    assert (doubt.said, doubt.stop, doubt.lifts) == ("退款关闭", "", True)
    assert accept(cast, order, "status") == 1
    assert (fresh(order.id).status, may_apply(order)) == ("in_transit", True)


def test_no_refund_is_lifted_against_a_case_or_a_payment(cast_both: Cast, rewrite: Rewrite) -> None:
    cast = cast_both
    order = cast.order(status="in_transit")
    case = cast.open_case(order, case_type=CaseType.REFUND_ONLY, reason="damaged")
    rewrite(put_refunding(order), 订单状态="等待买家收货")
    [doubt] = waiting(order)
    assert doubt.stop == "订单有进行中的售后单，退款在售后单里处理，这里不改"
    assert (accept(cast, order), fresh(order.id).status, told(order, "refund_withdrawn")) == (0, "refunding", [])
    assert case.order_id == order.id


@pytest.mark.parametrize("state", ["waiting", "due", "failed"])
def test_no_refund_is_lifted_while_a_payment_is_under_way(cast_both: Cast, rewrite: Rewrite, state: str) -> None:
    cast = cast_both
    order = cast.order(status="in_transit")
    case = cast.open_case(order, case_type=CaseType.REFUND_ONLY, reason="damaged")
    with writing():
        case.state = "closed"
        db.session.add(
            MoneyEntry(
                shop_id=cast.shop,
                case_id=case.id,
                order_id=order.id,
                kind="compensation",
                amount_fen=100,
                state=state,
                key=f"{case.id}:x",
                made_by=cast.seller,
                made_at=cast.now,
                lines=[],
            )
        )
    rewrite(put_refunding(order), 订单状态="等待买家收货")
    [doubt] = waiting(order)
    assert doubt.stop == "订单还有没有付完的款项，付完或取消后再采信"
    assert (accept(cast, order), fresh(order.id).status) == (0, "refunding")


def test_no_refund_is_lifted_of_what_was_refunded_whole(cast_both: Cast, rewrite: Rewrite) -> None:
    order = put_refunding(cast_both.order(status="in_transit"))
    with writing():
        db.session.execute(update(Order).where(Order.id == order.id).values(refunded_fen=Order.paid_fen))
    rewrite(fresh(order.id), 订单状态="等待买家收货")
    assert "矛盾" in waiting(order)[0].stop and accept(cast_both, order) == 0


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("in_transit", "等待卖家发货"),
        ("completed", "等待买家收货"),
        ("completed", "交易关闭"),
        ("cancelled", "交易成功"),
        ("in_transit", "怪词"),
        ("delivered", "等待买家付款"),
    ],
)
def test_no_status_goes_back_by_hand(cast_both: Cast, rewrite: Rewrite, known: str, said: str) -> None:
    order = cast_both.order(status=known)
    rewrite(order, 订单状态=said)
    doubts = [each for each in waiting(order) if each.name == "status"]
    assert len(doubts) == 1 and doubts[0].stop
    assert (accept(cast_both, order, "status"), fresh(order.id).status) == (0, known)


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"收货人姓名": "张伟"}, "receiver_name", "张伟"),
        ({"联系手机": "13900000000"}, "receiver_phone", "13900000000"),
        ({"收货地址": "湖南省 长沙市"}, "receiver_address", "湖南省 长沙市"),
        ({"运单号": "75484863576598", "物流公司": "圆通速递(YTO)"}, "tracking_text", "75484863576598"),
        ({"订单付款时间": "2026-11-05 14:00:00"}, "paid_at", None),
    ],
)
def test_what_was_doubted_is_written_as_the_file_says(
    cast_both: Cast, rewrite: Rewrite, cells: dict[str, Any], column: str, value: Any
) -> None:
    """Out of a file of an earlier status; with a case open, nothing that it stands on."""
    order = cast_both.order(status="completed", receiver_name="李雯", receiver_phone="13425059650")
    rewrite(order, 订单状态="等待买家收货", **cells)
    before = getattr(fresh(order.id), column)
    done = accept(cast_both, order, column)
    now = getattr(fresh(order.id), column)
    assert (done, now != before or value is None) == (1, True)
    assert value is None or now == value
    rewrite(fresh(order.id), 订单状态="交易成功", **cells)
    assert [each for each in waiting(order) if each.name == column] == []
    assert [found for found in doctor.findings() if found] == []


def test_while_a_case_is_open_only_what_it_does_not_stand_on_changes_and_is_told(
    cast_both: Cast, rewrite: Rewrite
) -> None:
    cast = cast_both
    order = cast.order(status="completed")
    cast.open_case(order)
    rewrite(fresh(order.id), 订单状态="等待买家收货", 收货人姓名="张伟", 运单号="75484863576598")
    stops = {each.name: each.stop for each in waiting(order)}
    assert stops["receiver_name"] and not stops["tracking_text"]
    assert accept(cast, order) == 1
    assert (fresh(order.id).tracking_text, fresh(order.id).receiver_name != "张伟") == ("75484863576598", True)
    assert any(REASON in body for body in told(order, "order_changed"))
    assert [found for found in doctor.findings() if found] == []


def test_sums_are_believed_together_or_not_at_all(cast_both: Cast, rewrite: Rewrite) -> None:
    cast = cast_both
    order = cast.order(status="completed")
    freight, paid = order.freight_fen, order.paid_fen
    more = {"运费(元)": (freight + 100) / 100, "实付款(元)": (paid + 100) / 100}
    rewrite(order, 订单状态="等待买家收货", **more)
    assert accept(cast, order, "freight_fen") == 2
    assert (fresh(order.id).freight_fen, fresh(order.id).paid_fen) == (freight + 100, paid + 100)
    rewrite(fresh(order.id), 订单状态="等待买家收货", **{"货品总价(元)": 1, "运费(元)": 0, "实付款(元)": 1})
    stops = {each.name: bool(each.stop) for each in waiting(order) if each.name.endswith("_fen")}
    assert stops == dict.fromkeys(("goods_total_fen", "freight_fen", "paid_fen"), True)
    assert (accept(cast, order, "paid_fen"), fresh(order.id).paid_fen) == (0, paid + 100)


def test_what_changed_since_is_not_believed(cast_both: Cast, rewrite: Rewrite) -> None:
    order = cast_both.order(status="completed")
    rewrite(order, 订单状态="等待买家收货", 收货人姓名="张伟")
    with writing():
        db.session.execute(update(Order).where(Order.id == order.id).values(receiver_name="王五"))
    assert (accept(cast_both, order), fresh(order.id).receiver_name) == (0, "王五")


def test_of_an_order_the_newest_doubts_wait_and_others_shops_are_out_of_reach(
    cast_both: Cast, rewrite: Rewrite
) -> None:
    cast = cast_both
    order = cast.order(status="completed")
    rewrite(order, 订单状态="等待买家收货", 收货人姓名="张伟")
    rewrite(order, 订单状态="等待买家收货", 收货人姓名="王五")
    assert {each.said for each in waiting(order) if each.name == "receiver_name"} == {"王五"}
    groups = accepting.list_groups(cast.shop, 7)
    assert {(each.heading, each.many) for each in groups} >= {("收货人姓名", 1), ("订单状态", 1)}
    [ids] = [accepting.list_acceptable(cast.shop, 7, each) for each in groups if each.heading == "收货人姓名"]
    db.session.rollback()
    with writing():
        assert accepting.accept(cast.shop + 1, ids, reason="x", user_id=cast.seller, now=cast.now) == 0
        assert accepting.accept(cast.shop, ids, reason="x", user_id=cast.seller, now=cast.now) == 1
    assert db.session.scalars(select(OrderDoubt).where(OrderDoubt.id.in_(ids))).all() == []


def test_moments_are_said_in_beijings_time(cast_both: Cast, rewrite: Rewrite) -> None:
    order = cast_both.order(status="completed")
    rewrite(order, 订单状态="等待买家收货", 订单付款时间="2026-11-05 13:37:00")
    assert [each.said for each in waiting(order) if each.name == "paid_at"] == ["2026-11-05 13:37"]


def test_a_dry_run_keeps_no_doubts(cast_both: Cast, tmp_path: Path) -> None:
    order = cast_both.order(status="completed")
    row = exports.order(order.order_no, 买家会员名="buyer", 卖家会员名="seller", 订单状态="等待卖家发货")
    db.session.rollback()
    with read(exports.text(tmp_path / "dry.csv", table([row]))) as export:
        report = import_orders(export, now=cast_both.now, dry_run=True)
    assert report.disbelieved_count and db.session.scalars(select(OrderDoubt)).all() == []
