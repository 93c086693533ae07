"""What the words of an export mean: statuses and headings of other tools."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from portal.orders.export_format import Lost, Problem
from portal.orders.export_format.columns import (
    BY_HEADING,
    normal_heading,
)
from portal.orders.export_format.ids import read_order_no
from portal.orders.export_format.status_words import STATUSES
from portal.orders.export_format.statuses import UNKNOWN_STATUS, read_status
from tests import exports
from tests.unit.order_exports import NUMBER, all_of, few


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("等待买家付款", "unpaid"),
        ("等待卖家发货", "unshipped"),
        ("等待物流公司揽件", "in_transit"),
        ("等待买家收货", "in_transit"),
        ("等待买家签收", "in_transit"),
        ("买家已签收", "delivered"),
        ("已收货", "delivered"),
        ("交易成功", "completed"),
        ("交易取消", "cancelled"),
        ("交易关闭", "cancelled"),
        ("交易终止", "cancelled"),
        ("退款中", "refunding"),
    ],
)
def test_statuses_are_understood_and_unknown_ones_kept(tmp_path: Path, text: str, status: str) -> None:
    [only], problems = all_of(exports.text(tmp_path / "a.csv", few((NUMBER, "打底衫", 2, 18.8, text))))
    assert (only.status, only.status_text, problems) == (status, text, [])


@pytest.mark.parametrize("between", ["，", ",", "/", " ", "（", "、"])
@pytest.mark.parametrize("status", sorted(set(STATUSES.values())))
def test_several_words_for_one_status_are_that_status(status: str, between: str) -> None:
    """交易成功（已评价）; words that say two things are neither, but where one can only come after the other."""
    words = [word for word, said in STATUSES.items() if said == status]
    others = [word for word, said in STATUSES.items() if said != status]
    end = "）" if between == "（" else ""
    for one, other in itertools.pairwise(words):
        assert read_status(f"{one}{between}{other}{end}")[0] == status
    for other in others[::7]:
        if not SAID_BESIDE.search(words[0]) and not SAID_BESIDE.search(other) and words[0] + other not in STATUSES:
            assert read_status(f"{words[0]}{between}{other}{end}")[0] in both_mean({status, STATUSES[other]})


SAID_BESIDE = re.compile("评|付款成功|支付成功|已付款|已支付|正常|未确认收货")  # 「已付款，已发货」


def both_mean(pair: set[str]) -> set[str]:
    if pair == {"delivered", "completed"}:
        return {"completed"}
    if "refunding" in pair and not pair & {"unpaid", "cancelled"}:
        return {"refunding"}
    if "cancelled" in pair and "refunding" not in pair:
        return {"cancelled"} if pair & {"unpaid", "unshipped"} else {"cancelled", "unknown"}
    return {"unknown"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("交易成功（已评价）", "completed"),
        ("已揽收，运输中", "in_transit"),
        ("已签收待评价", "delivered"),
        ("Shipped", "in_transit"),
        ("ORDER_SHIPPED", "in_transit"),
        ("交易完结", "completed"),
        ("已打款待发货", "unshipped"),
        ("refunded", "cancelled"),
        ("退款关闭，交易成功", "completed"),
        ("已签收(退款已关闭)", "delivered"),
        ("已发货，退款成功", "cancelled"),
        ("未发货，退款成功", "cancelled"),
        ("待发货，已取消", "cancelled"),
        ("已签收，交易关闭", "unknown"),
        ("已发货，退款中", "refunding"),
        ("待付款，退款中", "unknown"),
        ("交易成功，待评价", "completed"),
        ("已付款，未发货", "unshipped"),
        ("已发货未签收", "in_transit"),
        ("卖家已发货，等待买家确认", "in_transit"),
        ("拼单成功，待发货", "unshipped"),
        ("付款以后用户退款成功，交易自动关闭", "cancelled"),
        ("WAIT_SELLER_STOCK_OUT", "unshipped"),
        ("TRADE_BUYER_SIGNED", "delivered"),
        ("己发货", "in_transit"),
        ("賣家已發貨，等待買家確認", "in_transit"),
        ("訂單已簽收", "delivered"),
        ("用户取消", "cancelled"),
        ("包裹运输中", "in_transit"),
        ("拒收", "unknown"),
        ("买家拒收", "unknown"),
        ("卖家已签收", "unknown"),
        ("客户已发货", "unknown"),
        ("快递取消", "unknown"),
        ("退货已签收", "unknown"),
        ("部分签收", "unknown"),
        ("已取件", "unknown"),
        ("换货中", "unknown"),
        ("已发货，已签收", "unknown"),
        ("已发货（部分退款）", "unknown"),
        ("退款关闭", "unknown"),
        ("等待您确认收货", "in_transit"),
        ("已签收未确认", "delivered"),
        ("已签收，未确认收货", "delivered"),
        ("全部退款", "cancelled"),
        ("仅退款成功", "cancelled"),
        ("等待卖家确认退款", "refunding"),
        ("退货退款申请中", "refunding"),
        ("已付定金，待付尾款", "unpaid"),
        ("已打单", "unshipped"),
        ("待仓库发货", "unshipped"),
        ("READY_TO_SHIP", "unshipped"),
        ("TO_CONFIRM_RECEIVE", "in_transit"),
        ("已取消（缺货）", "cancelled"),
        ("妥投", "delivered"),
        ("部分退款", "unknown"),
        ("退款失败", "unknown"),
        ("拒绝退款", "unknown"),
        ("售后成功", "unknown"),
        ("processing", "unknown"),
        ("虚拟发货", "unknown"),
    ],
)
def test_words_of_other_tools(text: str, status: str) -> None:
    assert read_status(text)[0] == status


@pytest.mark.parametrize("label", ["#", "No.", "NO:", "no. ", "订单号：", "订单编号:", "单号: "])
def test_a_label_before_the_number_goes(label: str) -> None:
    assert read_order_no(label + NUMBER)[0] == NUMBER


@pytest.mark.parametrize("frame", ["【{}】", "[{}]", "「{}」", "*{}", "★{}", "{}（必填）", "{}:", " {} "])
@pytest.mark.parametrize("heading", ["订单编号", "数量", "货品标题", "运单号"])
def test_what_stands_around_a_heading_does_not_matter(heading: str, frame: str) -> None:
    assert BY_HEADING[normal_heading(frame.format(heading))].heading == heading


@pytest.mark.parametrize("ended", ["退款成功", "交易关闭", "退款中", "售后中", "已取消"])
@pytest.mark.parametrize("alive", ["已发货", "交易成功", "待发货", "拒收"])
def test_the_end_of_one_line_is_not_the_order_s(tmp_path: Path, ended: str, alive: str) -> None:
    """Other platforms say a status of each line: that the first was refunded takes no right from the second."""
    first, second = (NUMBER, "打底衫", 2, 18.8, ended), (NUMBER, "外套", 1, 50, alive)
    for rows in ((first, second), (second, first)):
        [only], problems = all_of(exports.text(tmp_path / "a.csv", few(*rows)))
        assert (only.status, only.status_text, only.whole) == (read_status(alive)[0], alive, True)
        own = {line.title: line.own_status for line in only.lines}
        assert own == {"打底衫": read_status(ended)[0], "外套": ""}
        assert {each.lost for each in problems} == {Lost.NOTHING}
        assert any(ended in each.sentence and "只算这一行" in each.sentence for each in problems)


def test_an_unknown_status_is_kept_and_said(tmp_path: Path) -> None:
    [only], problems = all_of(exports.text(tmp_path / "a.csv", few((NUMBER, "打底衫", 2, 18.8, "等待外星人签收"))))
    assert (only.status, only.status_text) == ("unknown", "等待外星人签收")
    sentence = UNKNOWN_STATUS.format(text="等待外星人签收")
    assert "新订单按「状态待确认」导入" in sentence
    assert problems == [Problem(2, "订单状态", sentence, Lost.NOTHING, NUMBER)]
