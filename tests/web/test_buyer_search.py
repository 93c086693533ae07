"""我的订单 and 我的售后 find what is pasted: numbers of cases, orders and parcels, several at once, or their ends."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from tests.cast import Cast, sign_in
from tests.conftest import Clock

BACK = "75484863576596"  # of tests.cast.PARCELS


def ask(app: Flask, page: str, words: str, who: str = "buyer") -> str:
    return sign_in(app, who).get(page, query_string={"q": words}).text


@pytest.fixture
def numbers(app: Flask, cast: Cast, now: Clock) -> dict[str, str]:
    """Two cases of two orders, of which only the second has a parcel; one of another buyer."""
    first = cast.order(order_no="3905403692550747501", tracking_text="YT8801234567890")
    second = cast.order(order_no="3905403692550747602", tracking_text="YT8801234567891", title="不锈钢保温杯")
    other = cast.order(order_no="3905403692550747703", buyer=cast.buyer2)
    orders = {"first": first.order_no, "second": second.order_no, "other": other.order_no}
    cases = {
        "one": cast.open_case(first).case_no,
        "two": cast.until("inspecting", order=second).case_no,
        "theirs": cast.open_case(other).case_no,
    }
    return orders | cases


WAYS = {  # what is typed: which of the two cases and orders it finds
    "{one}": "one",
    "售后单号：{one}": "one",
    "{two}": "two",
    "{first}": "one",
    "订单编号: {second}": "two",
    "{first}，{two}": "one two",
    "{one} {second}": "one two",
    BACK: "two",
    "7548 4863 576596": "two",
    "{theirs}": "",
    "{other}": "",
    "9999999999999": "",
}


@pytest.mark.parametrize("typed", WAYS)
def test_numbers_find_cases_and_their_orders(app: Flask, numbers: dict[str, str], typed: str) -> None:
    words, wanted = typed.format(**numbers), WAYS[typed].split()
    cases, orders = ask(app, "/cases", words), ask(app, "/orders", words)
    of = {"one": "first", "two": "second"}
    for name, order in of.items():
        assert (f'href="/cases/{numbers[name]}"' in cases) is (name in wanted), name
        assert (f'href="/orders/{numbers[order]}"' in orders) is (name in wanted), order
    assert f'href="/cases/{numbers["theirs"]}"' not in cases and f'href="/orders/{numbers["other"]}"' not in orders


def test_the_case_number_is_folded_as_at_the_desk(app: Flask, numbers: dict[str, str]) -> None:
    case_no = numbers["one"]
    wide = "".join(chr(ord(each) + 0xFEE0) if each.isalnum() else each for each in case_no)
    for typed in (case_no.lower(), wide, f"  {case_no} ", f"「{case_no}」"):
        for page in ("/cases", "/orders"):
            assert f"/cases/{case_no}" in ask(app, page, typed), (page, typed)


def test_last_digits_words_and_tabs(app: Flask, numbers: dict[str, str]) -> None:
    one, two = numbers["one"], numbers["two"]
    for typed in ("尾号 6596", "7602", "保温杯"):
        page = ask(app, "/cases", typed)
        assert two in page and one not in page, typed
    client = sign_in(app, "buyer")
    for tab, shown in (("open", True), ("ended", False)):
        page = client.get("/cases", query_string={"tab": tab, "q": two}).text
        assert (f'href="/cases/{two}"' in page) is shown
    assert "没有找到" in ask(app, "/cases", "没有的")


def test_what_numbers_find_is_paged_to_its_end(app: Flask, cast: Cast, now: Clock) -> None:
    orders = [cast.order(order_no=f"39054036925507480{number:02}", lines=3) for number in range(7)]
    cases = {cast.open_case(order, milli=1_000).case_no for order in orders for _ in range(3)}
    buyer, page = sign_in(app, "buyer"), "/cases?q=" + " ".join(order.order_no for order in orders)
    found: list[str] = []
    for _ in range(2):
        text = buyer.get(page).text
        found += re.findall(r'data-case="(HH[0-9]+)"', text)
        page = html.unescape(more[1]) if (more := re.search(r'href="(/cases\?q=[^"]+after=[^"]+)"', text)) else ""
    assert (len(found), set(found), page) == (21, cases, ""), "each once, and then no further page"
