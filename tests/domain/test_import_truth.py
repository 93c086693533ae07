"""What a file says that contradicts what is known isn't believed, and is told; each kind with others of its kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import words
from portal.applications import goods
from portal.extensions import db, writing
from portal.models import Notice, Order, OrderLine
from portal.money import paid as paying
from portal.money import worth
from portal.orders import accepting, ledger
from portal.orders.export_format import read
from portal.orders.importing import Counts, Outcome, Report, import_orders
from portal.rights import eligibility
from tests import exports
from tests.exports import Cells, line, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CASES = Path(__file__).parent.parent / "data" / "cases"

pytestmark = pytest.mark.usefixtures("both")
Take = Callable[..., Report]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Imports rows that are written into a file first."""

    def take(rows: Iterable[Cells], headings: list[str] = exports.HEADINGS, **how: Any) -> Report:
        with read(exports.text(tmp_path / "export.csv", table(rows, headings))) as export:
            return import_orders(export, **{"now": NOW, **how})

    return take


def take_case(name: str, **how: Any) -> Report:
    with read(CASES / name) as export:
        return import_orders(export, **{"now": NOW, **how})


def only() -> Order:
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def bought() -> list[tuple[str, int]]:
    """What can be claimed, as it was imported: specifications and thousandths."""
    known = select(OrderLine.spec, OrderLine.quantity_milli).order_by(OrderLine.id)
    return [(spec, milli) for spec, milli in db.session.execute(known)]


def doubted(report: Report) -> list[tuple[str, str, str]]:
    return [(each.column, each.kept, each.said) for each in report.disbelieved]


# Status and what goes with it


def test_an_older_export_turns_nothing_back() -> None:
    take_case("50a_new_export.csv")
    report = take_case("50b_old_export.csv", now=NOW + timedelta(days=1))
    found = only()
    assert (found.status, found.status_text, found.tracking_text) == ("completed", "交易成功", "75484863576596")
    assert (report.orders, report.disbelieved_orders) == (Counts(unchanged=1), 1)
    assert doubted(report) == [("订单状态", "交易成功", "等待卖家发货")]
    [cell] = report.as_dict()["disbelieved"]
    assert (cell["row"], cell["order_no"], cell["why"]) == (2, "4105403692550800090", "表格比已知的更早")
    assert [each.outcome for each in report.problems] == [Outcome.DISBELIEVED]


WORDS = ("等待买家付款", "等待卖家发货", "等待物流公司揽件", "等待买家收货", "买家已签收", "交易成功")


@pytest.mark.parametrize("earlier", range(len(WORDS) - 1))
@pytest.mark.parametrize("later", range(1, len(WORDS)))
def test_no_pair_of_statuses_goes_back(take: Take, earlier: int, later: int) -> None:
    if earlier >= later:
        return
    take([order(订单状态=WORDS[later])])
    take([order(订单状态=WORDS[earlier], 收货人姓名="旧人", 运单号="SF1234567890123")])
    found = only()
    assert (found.status_text, found.receiver_name, found.tracking_text) == (WORDS[later], "李雯", "75484863576596")


def test_trade_closed_and_trade_done_exclude_each_other(take: Take) -> None:
    take([order(订单状态="交易成功")])
    report = take([order(订单状态="交易关闭")])
    assert (only().status, report.disbelieved[0].why) == ("completed", "与已知的状态不能同时成立")


@pytest.mark.parametrize("refunded", ["退款成功", "已退款", "全额退款", "退货退款成功"])
def test_a_trade_that_was_done_is_refunded_afterwards_and_not_before(take: Take, refunded: str) -> None:
    take([order(订单状态="交易成功")], vouched=True)
    assert take([order(订单状态=refunded)]).orders == Counts(updated=1)
    assert (only().status, only().status_text) == ("cancelled", refunded)
    report = take([order(订单状态="交易成功")])
    assert (only().status_text, report.disbelieved[0].why) == (refunded, "表格比已知的更早")
    assert take([order(订单状态=refunded)]).problems == []
    told = db.session.execute(select(Notice.user_id, Notice.title, Notice.body, Notice.href)).all()
    assert len(told) == 1, "once, and the file that was older tells nothing"
    assert told[0].user_id == only().buyer_id and told[0].href == f"/orders/{only().order_no}"
    assert f"由「交易成功」变为「{refunded}」" in told[0].body and "请联系商家" in told[0].body


@pytest.mark.parametrize("before", ["等待买家收货", "等待卖家发货"])
def test_only_a_trade_that_was_done_is_told_of_its_refund(take: Take, before: str) -> None:
    """Who still waits for goods was told by the refund they asked for; a hidden order tells nobody anything."""
    take([order(订单状态=before)], vouched=True)
    take([order(订单状态="退款成功")])
    assert not db.session.scalars(select(Notice.id)).all()
    take([order(订单状态="交易成功", 订单编号="3905858208281210999")])
    with writing():
        db.session.execute(update(Order).values(shown=False))
    take([order(订单状态="退款成功", 订单编号="3905858208281210999")])
    assert not db.session.scalars(select(Notice.id)).all()


@pytest.mark.parametrize("words", ["等待卖家发货", "等待买家收货", "买家已签收"])
def test_whether_a_refund_was_withdrawn_a_file_does_not_say(take: Take, words: str) -> None:
    """An older file says the same as one that was made afterwards; nothing else of it is believed either."""
    take([order(订单状态="退款中")])
    report = take([order(订单状态=words, 收货人姓名="旧人")])
    assert (only().status, only().receiver_name) == ("refunding", "李雯")
    assert (report.disbelieved[0].said, report.disbelieved[0].why) == (
        words,
        "已知是退款中，从表格看不出退款是否已撤销",
    )
    assert take([order(订单状态="交易成功")]).orders == Counts(updated=1)


CLOSED = ["退款关闭", "售后已关闭", "买家已撤销退款", "退款/退款关闭", "無售後，退款關閉"]


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("before", ["等待卖家发货", "等待买家收货", "买家已签收"])
def test_a_refund_that_was_withdrawn_lets_the_order_go_on_once(take: Take, before: str, closed: str) -> None:
    parcel = "" if before == "等待卖家发货" else "75484863576596"
    take([order(订单状态=before, 运单号=parcel)])
    status = only().status
    take([order(订单状态="退款中", 运单号=parcel)])
    assert only().status == "refunding"
    report = take([order(订单状态=closed, 运单号=parcel)])
    assert (only().status, report.orders, report.disbelieved) == (status, Counts(updated=1), [])
    assert take([order(订单状态=closed, 运单号=parcel)]).orders == Counts(unchanged=1)
    report = take([order(订单状态="退款中", 运单号=parcel)])  # the file from before, or a second refund
    assert (only().status, len(report.disbelieved)) == (status, 1)
    take([order(订单状态="交易成功")])
    assert only().status == "completed"
    take([order(订单状态=closed)])
    assert only().status == "completed"


@pytest.mark.parametrize("closed", CLOSED[:3])
def test_a_withdrawal_is_not_believed_where_it_does_not_say_from_where(take: Take, closed: str) -> None:
    take([order(订单状态="退款中", 运单号="")])
    report = take([order(订单状态=closed, 运单号="")])
    assert only().status == "refunding"
    assert [each.why for each in report.disbelieved] == ["表格说退款已关闭，请核对后采信"]
    take([order(订单状态=f"已发货（{closed}）", 运单号="")])  # this says it
    assert only().status == "in_transit"


@pytest.mark.parametrize("closed", CLOSED[:2])
@pytest.mark.parametrize(
    "older",
    [
        {"运单号": ""},
        {"运单号": "75484863576596"},
        {"收货人姓名": "旧人"},
        {"订单状态": "待发货，{}"},
        {"订单状态": "等待卖家发货（{}）", "运单号": ""},
        {"运费(元)": 5, "实付款(元)": 42.6},
    ],
)
def test_the_withdrawal_of_an_earlier_refund_does_not_end_the_present_one(
    take: Take, closed: str, older: Cells
) -> None:
    """Its file has less than is known, or what was replaced: it was made before the refund that is known."""
    two = "75484863576596;75484863576597"
    take([order(订单状态="等待卖家发货", 运单号="", 收货人姓名="旧人", **{"运费(元)": 5, "实付款(元)": 42.6})])
    take([order(订单状态="等待买家收货", 运单号=two)])
    take([order(订单状态="退款中", 运单号=two)])
    words = str(older.get("订单状态", "{}")).format(closed)
    report = take([order(**{"运单号": two, **older, "订单状态": words})])
    assert only().status == "refunding"
    assert "表格说退款已关闭，请核对后采信" in [each.why for each in report.disbelieved]
    take([order(订单状态=closed, 运单号=two)])
    assert only().status == "in_transit"


@pytest.mark.parametrize(("parcel", "status"), [("", "unknown"), ("75484863576596", "in_transit")])
def test_a_new_order_whose_refund_was_withdrawn_stands_where_its_parcel_is(
    take: Take, parcel: str, status: str
) -> None:
    report = take([order(订单状态="退款关闭", 运单号=parcel)])
    assert (only().status, report.orders) == (status, Counts(new=1))
    assert "退款已关闭" in " ".join(each.sentence for each in report.problems)
    take([order(订单状态="等待买家收货")])
    assert only().status == "in_transit"


# What rows of sub-orders say of their own line

SUB = ["子订单编号", "售后状态"]


def subs(*said: Cells, **more: Any) -> list[Cells]:
    """Rows of one order, each with what it says of its own line: two pieces at 18.80."""
    rows = []
    for number, each in enumerate(said):
        own = {"SKU ID": f"49{number}", "货品总价(元)": 37.6, "运费(元)": 0, "实付款(元)": 37.6}
        rows.append(order(**{**own, "子订单编号": str(number), "订单状态": "已签收", **each, **more}))
    return rows


def ended() -> list[str]:
    return list(db.session.scalars(select(OrderLine.own_status).order_by(OrderLine.position)))


def test_a_line_is_worth_what_was_paid_for_it(take: Take) -> None:
    headings = [*exports.HEADINGS, *SUB]
    take(subs({"实付款(元)": 30}, {"实付款(元)": 37.6}, {"实付款(元)": 10.01}), headings)
    assert (only().paid_fen, only().goods_total_fen) == (7761, 11280)
    ids = list(db.session.scalars(select(OrderLine.id).order_by(OrderLine.position)))
    assert [each.fen for each in worth.work_out_worth(only().id, [(line, 2000) for line in ids])] == [3000, 3760, 1001]
    assert [worth.work_out_worth(only().id, [(line, 1000)])[0].fen for line in ids] == [1500, 1880, 500]
    assert take(subs({"实付款(元)": 30}, {"实付款(元)": 37.6}, {"实付款(元)": 10.01}), headings).orders.unchanged == 1


def test_a_line_s_own_end_goes_on_and_never_back(take: Take) -> None:
    headings = [*exports.HEADINGS, *SUB]
    take(subs({}, {}), headings)
    assert ended() == ["", ""]
    assert take(subs({}, {"售后状态": "退款中"}), headings).orders.updated == 1
    assert (ended(), only().status) == (["", "refunding"], "delivered")
    report = take(subs({}, {}), headings)
    assert ended() == ["", "refunding"]
    assert [each.why for each in report.disbelieved] == ["已知这一行已退款或正在退款，从表格看不出退款是否已撤销"]
    take(subs({}, {"售后状态": "退款成功"}), headings)
    assert ended() == ["", "cancelled"]
    take(subs({}, {}), headings)
    [doubt] = accepting.list_of_order(only().shop_id, only().id)  # no file brings it back, so that none is asked for
    assert doubt.stop.startswith("这件商品的退款状态只往前走") and "导入" not in doubt.stop
    take(subs({}, {"售后状态": "退款中"}), headings)
    assert ended() == ["", "cancelled"]
    take(subs({"售后状态": "退款成功"}, {"售后状态": "退款成功"}), headings)
    assert only().status == "cancelled"


def test_a_line_that_ended_alone_can_not_be_applied_for(take: Take) -> None:
    take(subs({}, {"售后状态": "退款成功"}, {"售后状态": "退款中"}), [*exports.HEADINGS, *SUB], vouched=True)
    found = only()
    offers = [
        eligibility.offer(goods.describe_goods(found, line), NOW, goods.get_policy_for(found))
        for line in goods.list_lines(found.id, found.shop_id)
    ]
    assert [each.allowed for each in offers] == [True, False, False]
    assert ["这件商品" in each.why for each in offers[1:]] == [True, True]


def test_what_is_called_off_is_what_did_not_end_before(take: Take) -> None:
    rows = subs({"订单状态": "待发货"}, {"售后状态": "退款成功"}, 运单号="", 物流公司="")
    rows[1]["订单状态"] = "待发货"
    take(rows, [*exports.HEADINGS, *SUB])
    assert (only().status, ended()) == ("unshipped", ["", "cancelled"])
    assert paying.list_left({only().id: only().shop_id}) == {only().id: 3760}


# An older file of the same status


@pytest.mark.parametrize("status", ["等待卖家发货", "交易成功"])
@pytest.mark.parametrize(
    "second",
    [
        {"收货人姓名": "张伟"},
        {"联系手机": "13900000000"},
        {"收货地址": "湖南省 长沙市"},
        {"运单号": "75484863576598"},
        {"涨价或折扣(元)": -1, "实付款(元)": 42.6},
        {"运费(元)": 5, "实付款(元)": 42.6},
        {"数量": 3, "货品总价(元)": 56.4, "实付款(元)": 62.4},
        {"订单付款时间": "2026-11-05 14:00:00"},
        {"下游订单号": "E1"},
    ],
)
def test_what_was_replaced_is_not_brought_back(take: Take, second: Cells, status: str) -> None:
    """A file from before says again what a later one replaced, and nothing else of it is believed either."""

    def known() -> list[object]:
        names = ("receiver_name", "receiver_phone", "receiver_address", "tracking_text", "paid_fen", "freight_fen")
        more = ("adjustment_fen", "goods_total_fen", "paid_at", "downstream_order_no", "buyer_note")
        return [bought(), *(getattr(only(), name) for name in (*names, *more))]

    older = order(订单状态=status, 买家留言="旧留言", 下游订单号="D9")
    newer = {**older, "买家留言": "新留言", **second}
    take([older])
    take([newer])
    before = known()
    report = take([older])
    assert (known(), report.orders) == (before, Counts(unchanged=1))
    assert {*second, "买家留言"} <= {each[0] for each in doubted(report)}
    assert take([newer]).problems == []


def test_a_later_status_may_say_again_what_was_replaced(take: Take) -> None:
    take([order(订单状态="等待卖家发货")])
    take([order(订单状态="等待卖家发货", 收货人姓名="张伟")])
    take([order(订单状态="等待买家收货", 收货人姓名="李雯")])
    assert only().receiver_name == "李雯"


def test_a_file_with_more_parcels_is_newer_whatever_it_says(take: Take) -> None:
    take([order(订单状态="等待买家收货")])
    take([order(订单状态="等待买家收货", 收货人姓名="张伟")])
    take([order(订单状态="等待买家收货", 收货人姓名="李雯", 运单号="75484863576596;75484863576597")])
    assert (only().receiver_name, only().tracking_text) == ("李雯", "75484863576596;75484863576597")


def test_words_for_one_status_may_change_to_and_fro(take: Take) -> None:
    """Two tools of a shop call one status differently: neither file is older for that."""
    take([order(订单状态="等待买家收货")])
    take([order(订单状态="已发货", 收货人姓名="张伟")])
    assert take([order(订单状态="等待买家收货", 收货人姓名="王五")]).orders == Counts(updated=1)
    assert only().receiver_name == "王五"


def test_words_that_nobody_knows_put_nothing_back(take: Take) -> None:
    take([order(订单状态="等待买家收货")])
    report = take([order(订单状态="怪词")])
    assert (only().status, only().status_text) == ("in_transit", "等待买家收货")
    assert report.disbelieved[0].why == "看不懂这个状态"


def test_many_orders_go_on_at_once(take: Take) -> None:
    numbers = [str(3905403692550747000 + each) for each in range(1, 9)]
    take([order(each, 订单状态="等待卖家发货") for each in numbers])
    assert take([order(each, 订单状态="交易成功") for each in numbers]).orders == Counts(updated=8)


def test_a_parcel_that_was_known_stays_known(take: Take) -> None:
    take([order(订单状态="等待买家收货", 运单号="75484863576596;75484863576597")])
    report = take([order(订单状态="交易成功", 运单号="75484863576597")])
    assert (only().status, only().tracking_text) == ("completed", "75484863576596;75484863576597")
    assert doubted(report) == [("运单号", "75484863576596;75484863576597", "75484863576597")]


# Lines


def test_a_relabelled_line_is_the_same_line() -> None:
    take_case("49a_first.csv")
    assert take_case("49c_spec_relabelled.csv").orders == Counts(unchanged=1)
    assert bought() == [("黑色;L", 2_000)]


@pytest.mark.parametrize("ids", [{}, {"SKU ID": ""}, {"SKU ID": "", "Offer ID": ""}, {"Offer ID": ""}])
def test_no_relabelling_makes_more_than_was_bought(take: Take, ids: Cells) -> None:
    """Whatever ids there are, whichever texts change: the sum of the order says how much was bought."""
    chance = random.Random(str(ids))
    names = ("货品标题", "型号", "货号", "单品货号", "单位")
    take([order(**ids)])
    for _ in range(12):
        changed = {name: f"新{chance.randrange(9)}" for name in chance.sample(names, chance.randint(1, 5))}
        take([order(**ids, **changed)])
        assert sum(milli for _spec, milli in bought()) == 2_000


def test_an_export_without_ids_means_the_same_lines(take: Take) -> None:
    take([order()])
    take([order(**{"Offer ID": "", "SKU ID": ""})])
    take([order(**{"Offer ID": ""})])
    assert bought() == [("黑色;L", 2_000)]


def test_two_equal_rows_are_two_if_the_sum_counts_both(take: Take) -> None:
    assert take_case("27_same_sku_twice.csv").orders == Counts(new=1)
    assert sum(milli for _spec, milli in bought()) == 4_000
    assert take_case("27_same_sku_twice.csv").orders == Counts(unchanged=1)
    assert sum(milli for _spec, milli in bought()) == 4_000


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
@pytest.mark.parametrize("counted", [1, 2, 3, 4])
def test_of_equal_rows_as_many_count_as_the_sum_says(take: Take, rows: int, counted: int) -> None:
    if counted > rows:
        return
    sums = {"货品总价(元)": 37.6 * counted, "实付款(元)": round(37.6 * counted + 6, 2)}
    report = take([order(**sums) for _ in range(rows)])
    assert sum(milli for _spec, milli in bought()) == 2_000 * counted
    assert sum("只算一次" in each.sentence for each in report.problems) == rows - counted


def test_the_same_goods_in_one_row_or_in_two(take: Take) -> None:
    sums = {"货品总价(元)": 75.2, "实付款(元)": 81.2}
    take([order(**sums), line()])
    assert take([order(数量=4, **sums)]).orders == Counts(unchanged=1)
    assert sum(milli for _spec, milli in bought()) == 4_000


def test_a_line_that_the_sum_does_not_know_is_not_added(take: Take) -> None:
    take([order()])
    report = take([order(), line(**{"SKU ID": "9", "型号": "白色;L"})])
    assert bought() == [("黑色;L", 2_000)]
    assert doubted(report) == [("货品标题", "", "纯棉圆领长袖打底衫 女 可印LOGO 白色;L")]
    more = {"货品总价(元)": 75.2, "实付款(元)": 81.2}
    take([order(**more), line(**{"SKU ID": "9", "型号": "白色;L"})])
    assert (bought(), only().goods_total_fen) == ([("黑色;L", 2_000), ("白色;L", 2_000)], 7520)


def test_a_line_that_disappears_stays_and_is_told(take: Take) -> None:
    take([order(**{"货品总价(元)": 75.2, "实付款(元)": 81.2}), line(**{"SKU ID": "9", "型号": "白色;L"})])
    report = take([order()])
    assert len(bought()) == 2
    assert ("货品标题", "纯棉圆领长袖打底衫 女 可印LOGO 白色;L", "") in doubted(report)
    assert (only().goods_total_fen, only().paid_fen) == (7520, 8120)


@pytest.mark.parametrize("more", [{"SKU ID": "5000000000001"}, {"SKU ID": "5000000000001", "型号": "红"}])
@pytest.mark.parametrize("freight", [0, 6])
@pytest.mark.parametrize("adjustment", [0, -2])
def test_what_was_paid_is_a_witness_where_no_sum_of_goods_is(
    take: Take, more: Cells, freight: int, adjustment: int
) -> None:
    """The goods get new ids in a file without 货品总价: what was paid for them counts them once."""
    sums = {"货品总价(元)": "", "运费(元)": freight, "涨价或折扣(元)": adjustment}
    sums["实付款(元)"] = round(75.2 + freight + adjustment, 2)
    second = line(**{"SKU ID": "4900126478450", "型号": "白"})
    take([order(**sums), second])
    report = take([order(**sums, **more), second])
    assert bought() == [("黑色;L", 2000), ("白", 2000)]
    assert ("货品标题", "", f"{line()['货品标题']} {more.get('型号', '黑色;L')}") in doubted(report)
    assert any(each.why == "加上这一行，明细合计就超过实付款减去运费和改价" for each in report.disbelieved)
    assert doubted(take([order(**sums, 数量=3), second])) == [("数量", "2", "3")]
    paid = {"实付款(元)": round(75.2 + 18.8 + freight + adjustment, 2)}
    take([order(**sums | paid, 数量=3), second])
    assert bought() == [("黑色;L", 3000), ("白", 2000)], "what was paid grew with it"


def test_a_price_that_changes_leaves_price_and_sums(take: Take) -> None:
    take([order()])
    report = take([order(**{"单价(元)": 9.4, "货品总价(元)": 18.8, "实付款(元)": 24.8})])
    assert db.session.scalars(select(OrderLine.unit_price_fen)).one() == 1880
    assert (only().goods_total_fen, only().paid_fen) == (3760, 4360)
    assert doubted(report)[-1] == ("单价(元)", "18.80", "9.40")


def one(price: float, pieces: int, **more: Any) -> Cells:
    """An order of one line that adds up, with freight 6."""
    goods = round(price * pieces + 1e-9, 2)
    sums = {"货品总价(元)": goods, "实付款(元)": round(goods + 6, 2)}
    return order(**{"单价(元)": price, "数量": pieces, **sums, **more})


@pytest.mark.parametrize("pieces", [1, 2, 3, 12, 1000])
@pytest.mark.parametrize("by", [-0.01, 0.01])
def test_a_price_that_moves_by_one_fen_is_told(take: Take, pieces: int, by: float) -> None:
    take([one(18.8, pieces)])
    report = take([one(18.8 + by, pieces)])
    assert doubted(report)[-1] == ("单价(元)", "18.80", f"{18.8 + by:.2f}")
    assert {"货品总价(元)", "实付款(元)"} <= {each[0] for each in doubted(report)}
    assert only().paid_fen == 1880 * pieces + 600


@pytest.mark.parametrize("pieces", [1, 2, 3, 12])
@pytest.mark.parametrize("by", [-0.01, 0.01])
def test_a_sum_that_moves_by_one_fen_beside_its_line_is_told(take: Take, pieces: int, by: float) -> None:
    """What rounding may lose is no reason to say nothing when the file knew better before."""
    row = one(18.8, pieces)
    moved = {name: round(row[name] + by, 2) for name in ("货品总价(元)", "实付款(元)")}
    take([row])
    report = take([row | moved])
    assert [each.column for each in report.problems if each.column == "货品总价(元)"]
    assert only().paid_fen == round(moved["实付款(元)"] * 100)
    assert "货品总价(元)" not in {each.column for each in take([row | moved]).problems} or pieces == 1


def test_one_piece_at_whole_fen_misses_no_fen(take: Take) -> None:
    """A sum divided by its pieces may be rounded; one piece was not divided."""
    assert [each.column for each in take([one(18.81, 1) | {"货品总价(元)": 18.8, "实付款(元)": 24.8}]).problems] == [
        "货品总价(元)"
    ]
    assert take([one(3.33, 3) | {"订单编号": "390540369255075", "货品总价(元)": 10, "实付款(元)": 16}]).problems == []


@pytest.mark.parametrize(("price", "other"), [(0.035, 0.039), (0.035, 0.044), (1.205, 1.208), (0.0125, 0.0149)])
def test_a_price_that_moves_by_parts_of_a_fen_is_told(take: Take, price: float, other: float) -> None:
    take([one(price, 1000)])
    before = only().paid_fen
    report = take([one(other, 1000)])
    assert doubted(report)[-1] == ("单价(元)", str(price), str(other))
    assert only().paid_fen == before


@pytest.mark.parametrize(("price", "other"), [(3.3333, 3.33), (3.33, 3.333333), (0.035, 0.04)])
def test_a_price_and_its_rounding_are_one(take: Take, price: float, other: float) -> None:
    sums = {"货品总价(元)": 10, "实付款(元)": 16} if price > 1 else {}
    take([one(price, 3) | sums])
    assert doubted(take([one(other, 3) | sums])) == []


@pytest.mark.parametrize("price", [0.035, 0.0125, 1.234, 18.8])
def test_the_sum_is_a_witness_of_parts_of_a_fen_too(take: Take, price: float) -> None:
    """A thousand pieces at 3.5 分 come to 35.00 and not to 40.00: what the sum doesn't know isn't taken."""
    take([one(price, 1000)])
    more = line(**{"SKU ID": "4900126478450", "型号": "红", "单价(元)": price, "数量": 1000})
    assert doubted(take([one(price, 1000), more]))[0][0] == "货品标题"
    assert doubted(take([one(price, 1000) | {"数量": 1400}])) == [("数量", "1000", "1400")]
    assert bought() == [("黑色;L", 1_000_000)]


@pytest.mark.parametrize("price", [0.035, 0.0125, 1.234, 18.8])
def test_a_sum_that_is_worked_out_grows_by_parts_of_a_fen_too(take: Take, price: float) -> None:
    headings = [name for name in exports.HEADINGS if name not in ("货品总价(元)", "实付款(元)")]
    take([one(price, 1000)], headings)
    take([one(price, 3000)], headings)
    assert (only().goods_total_fen, only().paid_fen) == (round(price * 300_000), round(price * 300_000) + 600)


def test_a_quantity_below_what_is_claimed_leaves_the_sums(take: Take) -> None:
    take([order()])
    line_id, shop_id = db.session.execute(select(OrderLine.id, OrderLine.shop_id)).one()
    with writing():
        ledger.claim_units(shop_id, line_id, 2_000)
    take([order(数量=1, **{"货品总价(元)": 18.8, "实付款(元)": 24.8})])
    assert (bought(), only().goods_total_fen, only().paid_fen) == ([("黑色;L", 2_000)], 3760, 4360)


# Rows that contradict their order


def test_a_row_that_lost_its_number_is_no_line_of_the_order_above() -> None:
    report = take_case("28_lost_number_cell.csv")
    assert (report.orders, report.lines) == (Counts(new=1), Counts(new=1, refused=1))
    assert [each.sentence for each in report.problems] == [
        "没有订单编号，「买家会员名」「实付款(元)」「收货人姓名」「收货地址」又与上面的订单（第 2 行）不同，"
        "请补上订单编号再导入"
    ]
    assert bought() == [("黑色;L", 2_000)]


CONTRADICTIONS = {
    "买家会员名": "tongle_cs",
    "卖家会员名": "other",
    "货品总价(元)": 99,
    "运费(元)": 9,
    "实付款(元)": 99,
    "订单状态": "等待卖家发货",
    "订单创建时间": "2026-11-06 13:31:00",
    "收货人姓名": "王五",
    "收货地址": "湖南省 长沙市",
    "联系手机": "13900000000",
}


@pytest.mark.parametrize("heading", CONTRADICTIONS)
@pytest.mark.parametrize("number", ["", "3905403692550747597"])
def test_every_cell_that_differs_refuses_its_row(take: Take, heading: str, number: str) -> None:
    if number and heading in ("运费(元)", "订单状态"):
        return  # what may be a line's own: tests/unit/test_suborders.py
    other = order(number, **{"SKU ID": "9", heading: CONTRADICTIONS[heading]})
    report = take([order(), other, line(**{"SKU ID": "8"})])
    assert report.lines.refused == (1 if number else 2)  # whose the row below is, nobody knows without a number
    assert heading in report.problems[0].sentence
    assert only().receiver_name == "李雯"


def test_a_row_may_repeat_its_order_or_leave_it_empty(take: Take) -> None:
    sums = {"货品总价(元)": 112.8, "实付款(元)": 118.8}
    repeated = {**order("", **sums), "SKU ID": "9", "型号": "白色;L"}
    report = take([order(**sums), repeated, line(**{"SKU ID": "8", "型号": "白色;M"})])
    assert (report.orders, report.lines, report.problems) == (Counts(new=1), Counts(new=3), [])


@pytest.mark.parametrize("more", [[], [line(**{"SKU ID": "8", "型号": "白色;M", "单价(元)": 1})]])
def test_a_row_without_a_number_that_the_sum_does_not_count_is_another_orders(take: Take, more: list[Cells]) -> None:
    """The same buyer's next order, with the same sums: neither its line nor its parcel is this one's."""
    lost = {**order("", 运单号="75484863576599"), "SKU ID": "9", "型号": "白色;L"}
    report = take([order(), lost, *more, order("3905403692550747599")])
    assert (report.orders, report.lines) == (Counts(new=2), Counts(new=2, refused=1 + len(more)))
    assert {each.sentence for each in report.problems if each.outcome is Outcome.REFUSED} == {
        "没有订单编号，加上这一行就与货品总价不符，不计入；请补上订单编号再导入"
    }
    assert bought() == [("黑色;L", 2_000)] * 2
    assert db.session.scalars(select(Order.tracking_text)).all() == ["75484863576596"] * 2


def test_of_rows_without_a_number_those_that_the_sum_counts_stay(take: Take) -> None:
    sums = {"货品总价(元)": 75.2, "实付款(元)": 81.2}
    own = {**order("", 运单号="75484863576598", **sums), "SKU ID": "9", "型号": "白色;L"}
    lost = {**order("", 运单号="75484863576599", **sums), "SKU ID": "8", "型号": "白色;M", "数量": 4}
    report = take([order(**sums), own, lost])
    assert (report.orders, report.lines) == (Counts(new=1), Counts(new=2, refused=1))
    assert bought() == [("黑色;L", 2_000), ("白色;L", 2_000)]
    assert only().tracking_text == "75484863576596;75484863576598"


def test_where_the_sum_fits_neither_way_rows_without_a_number_stay(take: Take) -> None:
    sums = {"货品总价(元)": 50, "实付款(元)": 56}
    report = take([order(**sums), {**order("", **sums), "SKU ID": "9", "型号": "白色;L"}])
    assert report.lines == Counts(new=2)
    assert any("不一致" in each.sentence for each in report.problems)


def test_two_orders_whose_numbers_were_cut_are_both_refused() -> None:
    report = take_case("06_cut_0000_collide.csv")
    assert (report.orders, report.lines) == (Counts(new=1, refused=2), Counts(new=1, refused=2))
    assert (only().order_no, only().receiver_name) == ("3905403692550749999", "李雯")


@pytest.mark.parametrize("between", [0, 1, 600])
@pytest.mark.parametrize(
    "other",
    [{"收货人姓名": "乙"}, {"订单创建时间": "2026-11-06 08:00:00"}, {"实付款(元)": 50}, {"买家会员名": "x"}, {}],
)
def test_cut_numbers_are_refused_wherever_they_stand(take: Take, between: int, other: Cells) -> None:
    cut = "3905403692550740000"
    rows = [order(str(3905403692550747001 + each)) for each in range(between)]
    if not other:
        other = {"SKU ID": "9", "货品标题": "锅", "收货人姓名": "乙"}
    report = take([order(cut), *rows, order(cut, **other)])
    assert report.orders.new == between
    assert db.session.scalars(select(Order).where(Order.order_no == cut)).all() == []
    assert any("0" in each.sentence and each.outcome is Outcome.REFUSED for each in report.problems)


def test_cut_numbers_are_refused_however_far_apart_they_stand(take: Take) -> None:
    cut = "3905403692550740000"
    report = take(
        [order(cut), *(order(str(3905403692550747001 + each)) for each in range(600)), order(cut, 收货人姓名="乙")]
    )
    assert report.orders == Counts(new=600, refused=2)


def test_a_cut_number_of_another_order_changes_nothing(take: Take) -> None:
    take([order("3905403692550740000")])
    report = take([order("3905403692550740000", 订单创建时间="2026-11-09 08:00:00", 收货人姓名="乙")])
    assert (report.orders, only().receiver_name) == (Counts(refused=1), "李雯")


@pytest.mark.parametrize("digits", [16, 17, 18, 19])
@pytest.mark.parametrize("cut_first", [True, False])
@pytest.mark.parametrize("dry", [True, False])
def test_an_order_is_not_taken_again_under_its_cut_number(take: Take, digits: int, cut_first: bool, dry: bool) -> None:
    whole = "3905403692550747597"[: digits - 1] + "7"
    cut = whole[:15] + "0" * (digits - 15)
    first, second = (cut, whole) if cut_first else (whole, cut)
    take([order(first)])
    report = take([order(second), order("4905403692550747597")], dry_run=dry)
    assert (report.orders.new, report.orders.refused, only_number(report)) == (1, 1, second)
    assert first in report.problems[-1].sentence
    if not dry:
        assert sum(milli for _, milli in bought()) == 4_000
    report = take([order(second, 订单创建时间="2026-11-06 09:00:00")])  # placed at another time it is another order
    assert report.orders.new == 1


@pytest.mark.parametrize("digits", [16, 18, 19])
@pytest.mark.parametrize("way", ["both", "both, the cut one first", "one and then both", "the cut one and then both"])
def test_a_file_with_both_numbers_proves_that_none_was_cut(take: Take, digits: int, way: str) -> None:
    """Who orders twice in one second has two numbers that differ at their end, and one may end in zeros."""
    whole = "3905403692550747597"[: digits - 1] + "7"
    cut = whole[:15] + "0" * (digits - 15)
    rows = [order(whole), order(cut, 收货人姓名="乙")]
    if "then" in way:
        take(rows[:1] if way.startswith("one") else rows[1:])
    report = take(rows[::-1] if "first" in way else rows)
    assert report.orders.refused == 0
    assert set(db.session.scalars(select(Order.order_no))) == {whole, cut}


def only_number(report: Report) -> str:
    return next(each.order_no for each in report.problems if "像是" in each.sentence)


def test_a_number_that_ends_in_zeros_by_chance_is_good(take: Take) -> None:
    rows = [order("3905403692550740000"), line(**{"SKU ID": "9", "单价(元)": 0})]
    assert take(rows).orders == Counts(new=1)
    assert take(rows).orders == Counts(unchanged=1)


def test_what_was_refunded_keeps_the_sums_together(take: Take) -> None:
    take([order()])
    with writing():
        db.session.execute(update(Order).values(refunded_fen=4_000))
    report = take([order(**{"涨价或折扣(元)": -40, "实付款(元)": 3.6})])
    assert (only().adjustment_fen, only().paid_fen) == (0, 4360)
    assert [each[0] for each in doubted(report)] == ["涨价或折扣(元)", "实付款(元)"]


# Moments that haven't come yet


@pytest.mark.parametrize("days", [2, 40, 365, 20_000])
@pytest.mark.parametrize("columns", [("订单创建时间",), ("订单付款时间",), ("订单创建时间", "订单付款时间")])
def test_a_moment_that_has_not_come_is_not_believed(take: Take, days: int, columns: tuple[str, ...]) -> None:
    """Neither as the placing nor as the paying; without either the placing is unknown, and a later file fills it in."""
    wrong = {each: f"{NOW + timedelta(days=days):%Y-%m-%d %H:%M}" for each in columns}
    report = take([order(**wrong)])
    assert [each.column for each in report.problems if "还没有到" in each.sentence] == list(columns)
    found = only()
    assert found.paid_at is None or found.paid_at < NOW
    assert (words.placed(found) == "下单时间未知") == (len(columns) == 2)
    assert found.ordered_at <= NOW
    assert take([order(**wrong)], now=NOW + timedelta(hours=1)).orders == Counts(unchanged=1)
    take([order()], now=NOW + timedelta(days=1))
    found = only()
    assert found.ordered_at == datetime(2026, 11, 5, 5, 31, tzinfo=UTC) and found.paid_at is not None


def test_a_clock_that_is_hours_ahead_is_believed(take: Take) -> None:
    report = take([order(订单创建时间=f"{NOW + timedelta(hours=20):%Y-%m-%d %H:%M}")])
    assert report.warnings == 0 and words.placed(only()) != "下单时间未知"


# What was paid


@pytest.mark.parametrize("paid", [43.61, 44, 60, 137, 143.60])
@pytest.mark.parametrize("total", [37.6, ""])
def test_more_paid_than_the_goods_cost_is_kept_and_can_not_go_back(take: Take, paid: float, total: object) -> None:
    """Σ of all units is at most goods and adjustment, with the freight while nothing was sent, whatever 实付款 says."""
    report = take([order(**{"实付款(元)": paid, "货品总价(元)": total})])
    assert "多出的部分没有依据" in report.problems[0].sentence
    found = only()
    assert (found.paid_fen, found.goods_total_fen) == (round(paid * 100), 3760)
    of_lines = [(each.id, each.quantity_milli) for each in db.session.scalars(select(OrderLine))]
    assert worth.add_up(worth.work_out_worth(found.id, of_lines)) == 3760
    assert worth.add_up(worth.work_out_worth(found.id, of_lines, unshipped=True)) == 4360
    assert paying.list_left({found.id: found.shop_id}) == {found.id: 4360}
    assert paying.list_overpaid({found.id: found.shop_id}) == {found.id: round(paid * 100) - 4360}
    take([order(**{"实付款(元)": 43.6})], now=NOW + timedelta(days=1))
    assert paying.list_overpaid({found.id: found.shop_id}) == {}


def test_a_slip_of_the_hand_leaves_a_known_order_as_it_is(take: Take) -> None:
    take([order()])
    report = take([order(**{"实付款(元)": 99_999})], now=NOW + timedelta(days=1))
    assert (only().paid_fen, report.orders.refused) == (4360, 1)
    assert "实付款却是 99,999.00 元，很可能填错了" in report.problems[0].sentence
