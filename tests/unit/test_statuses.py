"""Status cells as people and tools write them: with counts, dates and kinds of refund, and in contradiction."""

from __future__ import annotations

import pytest

from portal.orders.export_format.statuses import read_status, read_statuses

SENT, WAITS, CAME, DONE, OFF, BACK = "in_transit", "unshipped", "delivered", "completed", "cancelled", "refunding"
UNREAD = "unknown"


@pytest.mark.parametrize("word, status", [("已发货", SENT), ("待发货", WAITS), ("等待买家付款", "unpaid")])
@pytest.mark.parametrize("count", ["(2)", "（2）", "[2]", "×2", " x2", "*2", "/2", "2件", "（共2件）", "：2 箱", "2"])
def test_a_number_of_pieces_behind_a_status_leaves_it(word: str, status: str, count: str) -> None:
    assert read_status(word + count)[0] == status


@pytest.mark.parametrize("word, status", [("已发货", SENT), ("已签收", CAME), ("交易成功", DONE), ("退款成功", OFF)])
@pytest.mark.parametrize(
    "form",
    ["{} 11-28", "{} 2026-11-28 13:31", "{}：2026/11/28 10:00:05", "11月28日{}", "2026年11月28日 {}", "{}(2026.11.28)"],
)
def test_a_date_beside_a_status_leaves_it(word: str, status: str, form: str) -> None:
    assert read_status(form.format(word))[0] == status


@pytest.mark.parametrize(
    "text",
    [
        *("已发货(1/2)", "已发货 1/3", "已发货0件", "已发货(0)", "已签收0件", "已签收1件", "已完成 1单", "已退款(1)"),
        *(
            "退款中(1)",
            "退款成功 1件",
            "已退款 18.80元",
            "预计12-05发货",
            "7天未发货",
            "已发货 15天",
            "待发货 12-05 前发出",
        ),
        *("已签收?", "已签收？", "未付款?", "(2)", "2026-11-28", "部分退款", "退款失败", "拒绝退款", "疑似签收"),
    ],
)
def test_what_may_be_a_part_or_a_plan_is_left_to_a_person(text: str) -> None:
    status, said = read_status(text)
    assert status == UNREAD
    assert text in said


@pytest.mark.parametrize(
    "text, status",
    [
        *(
            ("等供销商|外仓发货", WAITS),
            ("延时审核", WAITS),
            ("委外前处理", WAITS),
            ("待包装", WAITS),
            ("待尾款", "unpaid"),
        ),
        *(("没有创建支付宝交易", "unpaid"), ("等待厂商处理", WAITS), ("等待打印", WAITS), ("已支付处理中", WAITS)),
        *(
            ("已失效", OFF),
            ("不成立", OFF),
            ("部分发货(1/2)", SENT),
            ("已出貨", SENT),
            ("待出貨", WAITS),
            ("未出货", WAITS),
        ),
        *(("Not shipped", WAITS), ("Not paid", "unpaid"), ("Not delivered", SENT), ("Awaiting fulfillment", WAITS)),
        *(("To be shipped", WAITS), ("Awaiting Payment", "unpaid"), ("Return requested", BACK)),
        *(("已发货仅退款待处理", BACK), ("未发货仅退款待处理", BACK)),
    ],
)
def test_words_of_tools_and_languages(text: str, status: str) -> None:
    assert read_status(text)[0] == status


@pytest.mark.parametrize(
    "text, aftersale, status, doubted",
    [
        ("已完成", "退货退款 退款成功", OFF, False),
        ("已发货(2)", "仅退款，退款成功", OFF, False),
        ("已发货(2)", "退款中", BACK, False),
        ("已签收 11-28", "退款成功 11-29", OFF, False),
        ("已发货", "退货退款，售后关闭", SENT, False),
        ("已完成", "退货退款", DONE, True),
        ("已发货", "仅退款 已取消", SENT, False),
        ("退款成功", "退款关闭", OFF, True),
        ("退款中", "退款已撤销", BACK, True),
        ("已签收", "未发货", CAME, True),
        ("待发货", "已发货", WAITS, True),
    ],
)
def test_both_cells_together(text: str, aftersale: str, status: str, doubted: bool) -> None:
    found, _words, said = read_statuses({"status_text": text, "aftersale_text": aftersale, "tracking_text": "1"})
    assert (found, any("没有采用" in each for each in said)) == (status, doubted)
