"""A case stands on what it was opened on, whatever is imported afterwards; versions tell what that was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, CaseLine, Notice, Order, OrderLine, OrderVersion
from portal.money import worth
from portal.orders.export_format import read
from portal.orders.importing import Counts, Report, import_orders
from tests import exports
from tests.cast import Cast
from tests.exports import table

SUMS = {"货品总价(元)": 1, "实付款(元)": 1, "运费(元)": 0}


def rewrite(cast: Cast, order: Order, tmp_path: Path, **cells: Any) -> Report:
    """Import the order again, as its shop would like it to be."""
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    row = exports.order(order.order_no, 买家会员名="buyer", 卖家会员名="seller")
    row |= {"Offer ID": line.offer_id, "SKU ID": line.sku_id, "型号": line.spec, "货号": line.cargo_no}
    row |= {"货品标题": line.title, "单价(元)": line.unit_price_fen / 100, "数量": line.quantity_milli / 1000, **cells}
    with read(exports.text(tmp_path / "again.csv", table([row]))) as export:
        return import_orders(export, now=cast.now + timedelta(hours=1), source="again.csv")


def fresh(order_id: int) -> Order:
    return db.session.get_one(Order, order_id, populate_existing=True)


@pytest.mark.parametrize(
    "cells",
    [
        SUMS,
        {"单价(元)": 0.01, **SUMS},
        {"数量": 1, **SUMS},
        {"订单状态": "交易关闭"},
        {"订单创建时间": "2020-01-01 00:00:00"},
        {"收货人姓名": "别人", "收货地址": "别处"},
    ],
)
def test_nothing_of_an_open_case_changes(cast_both: Cast, tmp_path: Path, cells: dict[str, Any]) -> None:
    cast = cast_both
    order = cast.order(status="in_transit")
    case = cast.open_case(order, case_type=CaseType.REFUND_ONLY, reason="damaged")
    names = ("status", "paid_fen", "goods_total_fen", "ordered_at", "receiver_name", "receiver_address")
    before = {name: getattr(fresh(order.id), name) for name in names}
    most, refund = worth.find_most(case)[0], case.refund_fen
    db.session.rollback()
    rewrite(cast, order, tmp_path, **{"订单状态": "等待买家收货", **cells})
    after = {name: getattr(fresh(order.id), name) for name in names}
    assert after == before
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert (worth.find_most(case)[0], case.refund_fen) == (most, refund)
    version = db.session.scalars(select(OrderVersion).where(OrderVersion.order_id == order.id)).all()[-1]
    assert version.held and version.source == "again.csv"
    told = db.session.scalars(select(Notice).where(Notice.case_id == case.id, Notice.kind == "order_changed")).all()
    assert [each.user_id for each in told] == [cast.buyer]
    assert version.held[0][0] in told[0].body
    assert [found for found in doctor.findings() if found] == []


def test_the_same_wish_is_told_once_and_the_mediator_hears_of_it(cast_both: Cast, tmp_path: Path) -> None:
    cast = cast_both
    order = cast.order()
    case = cast.mediated(cast.open_case(order))
    db.session.rollback()
    for _ in range(3):
        rewrite(cast, order, tmp_path, **SUMS)
    told = db.session.scalars(select(Notice.user_id).where(Notice.kind == "order_changed", Notice.case_id == case.id))
    assert sorted(told) == sorted([cast.buyer, cast.mediator])


AS_IT_IS = {"货品总价(元)": 125, "实付款(元)": 125, "运费(元)": 0, "订单创建时间": "", "订单付款时间": ""}
AS_IT_IS |= {"订单状态": "等待买家收货"}


def look(case_id: int) -> tuple[Any, ...]:
    """All that is kept of a case and its lines, and what it is worth."""
    db.session.rollback()
    rows = [
        tuple(row)
        for table, mine in ((Case, Case.id), (CaseLine, CaseLine.case_id))
        for row in db.session.execute(select(table.__table__).where(mine == case_id).order_by(table.id))
    ]
    return *rows, worth.find_most(db.session.get_one(Case, case_id))


@pytest.mark.parametrize(
    "cells",
    [
        *({"单价(元)": 0.01}, {"单价(元)": 99}, {"数量": 1}, {"数量": 20}, {"实付款(元)": 999}, {"货品总价(元)": 1}),
        *(
            {"运费(元)": 100},
            {"涨价或折扣(元)": -50},
            {"订单状态": "退款中"},
            {"订单状态": "交易成功"},
            {"SKU ID": "999"},
        ),
        *({"订单付款时间": "2020-01-01 00:00:00"}, {"联系手机": "13900000000"}, {"物流公司": "顺丰速运"}),
        *({"运单号": "SF1234567890123"}, {"运单号": "75484863576596;SF1234567890123"}, {"是否代发订单": "是"}),
        *({"下游订单号": "TB-99"}, {"下游渠道": "淘宝"}, {"买家留言": "改了"}),
    ],
    ids=str,
)
def test_whatever_a_file_changes_or_wants_to_is_told_beside_the_case(
    cast_both: Cast, tmp_path: Path, cells: dict[str, Any]
) -> None:
    """Nothing of the case changes, its pages show what was said, buyer and mediator hear of it once."""
    cast = cast_both
    order = cast.order(status="in_transit", buyer_note="要黑色的")
    case = cast.mediated(cast.open_case(order, case_type=CaseType.REFUND_ONLY))
    case_id, order_id = case.id, order.id
    rewrite(cast, order, tmp_path, **AS_IT_IS)
    before = look(case_id)
    told = select(Notice.user_id).where(Notice.kind == "order_changed", Notice.case_id == case_id)
    known = db.session.scalars(told).all()
    for _ in range(2):
        db.session.rollback()
        rewrite(cast, fresh(order_id), tmp_path, **{**AS_IT_IS, **cells})
    assert look(case_id) == before
    assert sorted(db.session.scalars(told)) == sorted([*known, cast.buyer, cast.mediator])
    *_, version = db.session.scalars(select(OrderVersion).where(OrderVersion.order_id == order_id)).all()
    heading, value = next(iter(cells.items()))
    if heading != "SKU ID":
        assert heading in {each[0] for each in (*version.changes, *version.held)}, value
    assert not any(doctor.findings())


def test_what_changes_without_a_case_is_a_version(cast_both: Cast, tmp_path: Path) -> None:
    cast = cast_both
    order = cast.order(status="unshipped", tracking_text="")
    db.session.rollback()
    report = rewrite(cast, order, tmp_path, 收货人姓名="张伟")
    assert report.orders == Counts(updated=1)
    version = db.session.scalars(select(OrderVersion)).one()
    assert (version.order_id, version.at, version.held) == (order.id, cast.now + timedelta(hours=1), [])
    [changed] = [each for each in version.changes if each[0] == "收货人姓名"]
    assert changed[2] == fresh(order.id).receiver_name == "张伟"


@pytest.mark.parametrize(
    "changed",
    [{"paid_fen": 1}, {"paid_fen": 1_000_000}, {"freight_fen": 600}, {"unit_price_fen": 1}, {"quantity_milli": 20_000}],
)
def test_what_units_are_worth_stands_on_the_frozen_facts(cast_both: Cast, changed: dict[str, int]) -> None:
    """Whatever became of the order in whatever way: what is shown, and what is planned, is what was paid then."""
    cast = cast_both
    order = cast.order(lines=2)
    refund = cast.open_case(order, milli=3_000, case_type=CaseType.RETURN_REFUND, lines=2)
    swap = cast.open_case(order, milli=1_000, dearer=300)
    wanted = worth.list_wanted(swap, accepted=False)
    before = (
        worth.find_most(refund),
        worth.work_out_case_difference(swap, accepted=False),
        worth.show_difference_working(swap.order_id, wanted, swap.opened_on),
    )
    table = OrderLine if next(iter(changed)) in ("unit_price_fen", "quantity_milli") else Order
    key = OrderLine.order_id if table is OrderLine else Order.id
    with writing():
        db.session.execute(update(table).where(key == refund.order_id).values(**changed))
    db.session.expire_all()
    assert before == (
        worth.find_most(refund) if changed != {"paid_fen": 1} else before[0],  # more than was paid can't go back
        worth.work_out_case_difference(swap, accepted=False),
        worth.show_difference_working(swap.order_id, wanted, swap.opened_on),
    )
    if changed == {"paid_fen": 1}:
        assert worth.find_most(refund)[0] == 1
