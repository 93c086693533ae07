"""订单状态 and 售后状态 as the exports of platforms and shops' tools have them, each with its right value.

The table was written down before it was tried; 「?」 says that 售后状态 isn't adopted, and that a note says so.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from portal.orders.export_format.statuses import EXAMINED, read_aftersale, read_status, read_statuses

DATA = Path(__file__).parent.parent / "data"
CELLS = [
    tuple(row)
    for row in csv.reader((DATA / "status_cells.tsv").open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)
]
ORDERS = {"待发货": "unshipped", "已发货": "in_transit", "已签收": "delivered", "交易成功": "completed"}
WHO = ("买家", "卖家", "商家", "平台", "客服", "")


def read(text: str, aftersale: str) -> tuple[str, bool]:
    """(the status, whether 售后状态 was adopted without a word)."""
    values = {"status_text": text, "aftersale_text": read_aftersale(aftersale) if aftersale else ""}
    status, _words, notes = read_statuses(values)
    return status, not any("没有采用" in each for each in notes)


def test_the_table_is_of_many_tools() -> None:
    assert len(CELLS) >= 300
    assert {"1688", "淘宝", "拼多多", "抖音", "快手", "有赞", "微店", "聚水潭", "旺店通", "快麦", "管易"} <= {
        row[0] for row in CELLS
    }


@pytest.mark.parametrize("tool, text, aftersale, right", CELLS)
def test_cells_of_exports(tool: str, text: str, aftersale: str, right: str) -> None:
    status, adopted = read(text, aftersale)
    assert status + ("" if adopted else "?") == right, tool


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("waits", ["待", "等待"])
def test_an_aftersale_that_waits_for_somebody_is_a_refund_under_way(who: str, waits: str) -> None:
    for does in ("处理", "审核", "确认", "同意", "退货", "寄回", "退款", "举证", "填写物流单号"):
        for form in (f"{waits}{who}{does}", f"退款{waits}{who}{does}", f"售后申请{waits}{who}{does}"):
            for text in ORDERS:
                assert (form, read(text, form)) == (form, ("refunding", True))
            assert read("待付款", form) == ("unpaid", False)
            assert read("退款成功", form)[0] == "cancelled"
    for matter in ("退款", "退货退款", "售后申请", "退款协议"):
        assert read_status(f"{waits}{who}处理{matter}")[0] == "refunding"


@pytest.mark.parametrize("word", ["取消", "已取消", "关闭", "已关闭", "撤销", "已撤销", "已撤回"])
@pytest.mark.parametrize("kind", ["", "仅退款，", "退货退款 "])
def test_an_aftersale_that_was_called_off_is_not_the_order(word: str, kind: str) -> None:
    assert {text: read(text, kind + word) for text in ORDERS} == {text: (each, True) for text, each in ORDERS.items()}


@pytest.mark.parametrize("word", ["完成", "已完成", "成功", "已收货", "已签收", "待收货", "已发货", "待发货", "已结束"])
def test_words_of_the_order_in_the_cell_of_its_aftersale_are_not_taken_for_the_order(word: str) -> None:
    for text, status in ORDERS.items():
        assert read(text, word) == (status, text == word)


@pytest.mark.parametrize(
    "word", ["待审核", "未审核", "已审核", "审核中", "待商家审核", "待人工审核", "等待财务审核", "审核通过"]
)
def test_the_shop_s_own_check_of_an_order_waits_to_be_sent_and_is_said(word: str) -> None:
    assert read_status(word) == ("unshipped", EXAMINED.format(text=word))
    assert read_status(f"退款{word}")[0] != "unshipped"
    assert read("已发货", word) == ("refunding", True)


@pytest.mark.parametrize(
    "word", ["待商家处理", "待处理", "处理中", "等待卖家处理", "待买家处理", "待平台处理", "已同意", "已拒绝"]
)
def test_what_may_be_said_of_an_order_or_of_its_refund_is_left_to_a_person(word: str) -> None:
    status, note = read_status(word)
    assert status == "unknown" and "状态待确认" in note
