"""面单: who gets it, from whom, what is in it, and the case's number as bars; how often it was printed."""

from __future__ import annotations

import random

from flask import Flask

from portal.cases import labels
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

DESK, AT = "/seller/shipping", "/seller/shipping/labels"


def test_the_bars_are_those_of_code_128() -> None:
    """Every symbol has eleven modules in three bars and three spaces, the last thirteen in four bars."""
    dice = random.Random(128)
    for _ in range(200):
        code = labels.draw_bars(f"HH{dice.randrange(10**14):014}")
        ends = [at + width for at, width in code.bars]
        assert code.bars[0][0] == 0 and ends[-1] == code.width
        assert all(1 <= width <= 4 for _, width in code.bars)
        assert all(end < at for end, (at, _) in zip(ends, code.bars[1:], strict=False))
        assert (code.width - 13) % 11 == 0
        assert len(code.bars) == (code.width - 13) // 11 * 3 + 4


def test_what_is_printed_is_counted_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    case, other = cast_both.until("reshipping"), cast_both.until("reshipping")
    blocked = cast_both.until("reshipping")
    cast_both.mediated(blocked)
    desk = sign_in(both, "seller")
    printed = post(desk, AT, {"case": [case.case_no, blocked.case_no], "scope": "chosen"}, at=DESK)
    assert (printed.status_code, printed.location) == (303, f"{AT}?cases={case.case_no}")
    page = desk.get(printed.location).text
    for fact in (
        case.receiver_name,
        case.receiver_phone,
        case.receiver_address,
        "浙江省义乌市北苑街道1号",
        "纯棉中筒袜",
    ):
        assert fact in page
    assert page.count("<svg viewBox") == 1 and f"售后单号 {case.case_no} 的条码" in page
    for _ in range(2):  # looking again counts nothing
        desk.get(printed.location)
    assert "面单已打印 1 次" in desk.get(DESK).text
    every = {"page_case": [case.case_no, other.case_no], "scope": "page"}
    answer = post(desk, AT, every, at=DESK)
    assert answer.status_code == 303, answer.text
    both_shown = desk.get(answer.location).text
    assert both_shown.count("<svg viewBox") == 2
    assert all(each.receiver_phone in both_shown for each in (case, other))
    shown = desk.get(DESK).text
    assert shown.count("面单已打印 2 次") == 1 and shown.count("面单已打印 1 次") == 1
    assert "第 2 次打印" in desk.get(printed.location).text


def test_what_is_not_sent_now_is_not_printed(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    cast.until("reshipping")
    desk = sign_in(app, "seller")
    refused = post(desk, AT, {"case": case.case_no}, at=DESK)
    assert refused.location == f"{DESK}?said=labels-none"
    assert "请先勾选现在可以发货的售后单" in desk.get(refused.location).text
    page = desk.get(f"{AT}?cases={case.case_no}").text
    assert case.receiver_phone not in page and "没有可以打印的面单" in page and "不打印" in page


def test_nobody_else_prints_them(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    page = sign_in(app, "seller2").get(f"{AT}?cases={case.case_no}").text
    assert case.receiver_phone not in page and case.case_no not in page
