"""待我处理 counts everything that waits for a buyer; an order that was never paid promises no refund."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.cases import buyer_inbox, case_lists
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.inputs import money_text
from portal.models import Order, Shop
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.inbox import fill_coming, fill_refused, fill_waiting


def test_everything_that_waits_is_counted_and_listed(app: Flask, cast: Cast, now: Clock) -> None:
    numbers = {cast.until("returning").case_no for _ in range(5)}
    buyer = sign_in(app, "buyer")
    for page in ("/", "/me"):
        text = buyer.get(page).text
        assert "5 件，查看全部" in text and len(re.findall(r'href="/cases/HH[0-9]+"', text)) == 3
    listed = buyer.get("/cases?tab=waiting").text
    assert numbers <= set(re.findall(r"HH[0-9]+", listed)) and "5 件需要您处理" in listed
    assert "现在没有需要您处理的售后" in sign_in(app, "buyer2").get("/cases?tab=waiting").text


def test_the_specification_stands_wherever_a_case_is_named(app: Flask, cast: Cast, now: Clock) -> None:
    """Goods that differ in their size only could not be told apart among an order's cases."""
    case = cast.until("reshipping", now=cast.now - timedelta(hours=73))
    case_clock.settle_now(case.id, cast.now)
    number = db.session.scalars(select(Order.order_no).where(Order.id == case.order_id)).one()
    case_no, buyer = case.case_no, sign_in(app, "buyer")
    for url in ("/orders", f"/orders/{number}"):
        row = buyer.get(url).text.partition(f'href="/cases/{case_no}"')[2].partition("</a>")[0]
        assert '<span class="spec"' in row and "黑色;L" in row and "袜" in row, url
    talk = buyer.get(f"/orders/{number}/contact").text
    pinned = talk.partition('class="card pinned"')[2].partition("</section>")[0]
    assert "黑色;L" in pinned
    assert f'href="/cases/{case_no}/nudge"' in talk.partition('class="bar"')[2]
    assert post(buyer, f"/cases/{case_no}/nudge").status_code == 303
    assert "/nudge" not in buyer.get(f"/orders/{number}/contact").text, "not again within a day"


def test_what_is_asked_of_a_buyer_out_of_turn_waits_too(app: Flask, cast: Cast, now: Clock) -> None:
    """A refund that asks for the buyer's account, and evidence in a mediation that they haven't handed in."""
    with writing():
        db.session.execute(update(Shop).values(bank_data=True))
    failed = cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    disputed = cast.mediated(cast.until("inspecting"), "evidence")
    quiet = cast.until("applied")
    buyer = sign_in(app, "buyer")
    listed = buyer.get("/cases?tab=waiting").text
    assert disputed.case_no in listed and "提交证据" in listed
    assert failed.case_no not in listed and quiet.case_no not in listed
    cast.take(failed, "ask_account", Actor.SELLER)
    listed = buyer.get("/cases?tab=waiting").text
    assert f"/cases/{failed.case_no}/give_account" in listed and "2 件需要您处理" in listed
    cast.take(disputed, "submit_evidence", Actor.BUYER, note="看照片")
    cast.take(failed, "decline_account", Actor.BUYER)
    assert "现在没有需要您处理的售后" in buyer.get("/cases?tab=waiting").text


@pytest.mark.parametrize("state", [*buyer_inbox.DOES])
def test_the_row_leads_to_what_is_done(app: Flask, cast: Cast, now: Clock, state: str) -> None:
    with writing():
        db.session.execute(update(Shop).values(bank_data=True))
    case = cast.until(state)
    if state == "refund_failed":
        case = cast.take(case, "ask_account", Actor.SELLER)
    buyer = sign_in(app, "buyer")
    row = buyer.get("/cases?tab=waiting").text.partition('class="todo"')[2].partition("</li>")[0]
    button, href = buyer_inbox.find_action(case)
    assert f'href="{href}"' in row and button in row and "黑色;L" in row
    assert buyer.get(href).status_code == 200
    own = case.due_at is not None and state != "refund_failed"  # there the shop's to refund, no term of the buyer's
    assert ("data-due" in row) is own
    assert ("请填写收款账户" in row) is (state == "refund_failed")


def test_a_deadline_comes_before_a_later_one(app: Flask, cast: Cast, now: Clock) -> None:
    late = cast.until("returning")
    soon = cast.until("disputed")
    listed = re.findall(r'class="row" href="/cases/(HH[0-9]+)"', sign_in(app, "buyer").get("/cases?tab=waiting").text)
    assert listed == [soon.case_no, late.case_no]


def test_my_cases_have_tabs_and_a_search(app: Flask, cast: Cast, now: Clock) -> None:
    opened, ended = cast.until("applied"), cast.until("withdrawn")
    refund = cast.until("refunding", case_type=CaseType.REFUND_ONLY)
    buyer = sign_in(app, "buyer")

    def found(query: str) -> set[str]:
        return set(re.findall(r'class="row" href="/cases/(HH[0-9]+)"', buyer.get(f"/cases?{query}").text))

    everything = {opened.case_no, ended.case_no, refund.case_no}
    assert found("") == found("tab=all") == found("tab=nothing") == everything
    assert found("tab=open") == {opened.case_no, refund.case_no}
    assert found("tab=refund") == {refund.case_no}
    assert found("tab=ended") == {ended.case_no}
    order_no = db.session.scalars(select(Order.order_no).where(Order.id == refund.order_id)).one()
    assert found(f"q={order_no}") == {refund.case_no}
    assert found(f"q={opened.case_no.lower()}") == {opened.case_no}
    assert found("q=袜") == everything and found("tab=open&q=袜") == everything - {ended.case_no}
    assert "没有找到" in buyer.get("/cases?q=%25").text


def test_my_cases_go_on_by_key_within_their_tab(app: Flask, cast: Cast, now: Clock) -> None:
    for _ in range(case_lists.PAGE + 1):
        cast.until("applied")
    buyer = sign_in(app, "buyer")
    more = re.search(r'rel="next" href="([^"]*)"', buyer.get("/cases?tab=open&q=袜").text)
    assert more is not None
    rest = buyer.get(html.unescape(more[1])).text
    assert "tab=open" in more[1] and len(re.findall(r'class="row" href="/cases/HH', rest)) == 1


def test_an_unpaid_order_is_called_off_without_a_word_of_refunds(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    with writing():
        db.session.execute(
            update(Order)
            .where(Order.id == order.id)
            .values(status="unpaid", paid_at=None, shipped_at=None, received_at=None, tracking_text="")
        )
    number = order.order_no
    buyer = sign_in(app, "buyer")
    asked = buyer.get(f"/orders/{number}/cancel").text
    assert "没有需要退回的款项" in asked and "由商家退回" not in asked and "还没有付款" in asked and "取消订单" in asked
    assert asked.count("待付款") == 1 and "未付款" not in asked
    due = f"¥{money_text(order.paid_fen)}"
    assert f"应付 {due}" in asked and f'不用再付 <strong class="money">{due[1:]} 元</strong>' in asked
    assert "商家在同一时刻发货" not in asked  # nobody sends what isn't paid for
    assert "应付款" in buyer.get(f"/orders/{number}").text and "实付款" not in buyer.get(f"/orders/{number}").text
    assert "应付 ¥" in buyer.get("/orders?tab=unpaid").text
    done = post(buyer, f"/orders/{number}/cancel", {"order": number, "reason": "not_wanted"})
    assert done.status_code == 303 and f"这笔订单没有付款，不用再付 {due[1:]} 元。" in buyer.get(done.location).text
    for page in (buyer.get(f"/orders/{number}").text, buyer.get("/orders").text):
        assert "由商家退回" not in page and "售后单里可以查看" not in page
        assert "实付" not in page.replace("实付价", ""), "nothing was paid"


def test_the_inbox_goes_on_page_by_page_and_counts_truly(app: Flask, cast: Cast, now: Clock) -> None:
    """Of 250 that wait, are refused or come home each stands on some page once, in its place; so says the number."""
    lists = {"waiting": fill_waiting(cast, 250), "refused": fill_refused(cast, 60), "coming": fill_coming(cast, 90)}
    buyer = sign_in(app, "buyer")
    for page in ("/", "/me"):
        assert (
            "250 件，查看全部" in buyer.get(page).text and 'href="/cases?tab=waiting#refused"' in buyer.get(page).text
        )
    first = buyer.get("/cases?tab=waiting")
    assert "250 件需要您处理" in first.text and "待我处理 250" in re.sub(r"\s+", " ", first.text)
    assert 'data-badge="250"' in first.text
    for which, wanted in lists.items():
        found, text = [], first.text
        for _ in range(20):
            found += [case_no for case_no in read_rows(text) if case_no in wanted]
            more = re.search(rf'rel="next" href="([^"]*list={which}[^"]*)"', text)
            if more is None:
                break
            text = buyer.get(html.unescape(more[1])).text
            others = set(read_rows(text)) - set(wanted)
            assert not others, "a page that goes on shows its own list only"
        assert found == wanted, which
    assert buyer.get("/cases?tab=waiting&list=waiting&after=nonsense").status_code == 404
    assert buyer.get("/cases?tab=waiting&list=waiting&after=-~x").status_code == 404
    gone = buyer.get("/cases?tab=waiting&list=waiting&after=-~999999999999999999").text
    assert "后面没有了" in gone and "现在没有需要您处理" not in gone


def read_rows(text: str) -> list[str]:
    """The cases in the rows of a page, in their order."""
    return re.findall(r'class="row" href="/cases/(HH[0-9]+)"', text.partition("<main")[2])


@pytest.mark.parametrize(("status", "paid_fen"), [("unshipped", 0), ("in_transit", 12_500)])
def test_what_gives_nothing_back_is_not_called_unpaid(
    app: Flask, cast: Cast, now: Clock, status: str, paid_fen: int
) -> None:
    """An order that was sent, and one for which nothing was to be paid, stood there as 未付款."""
    number = cast.order(status=status, paid_fen=paid_fen).order_no
    asked = sign_in(app, "buyer").get(f"/orders/{number}/cancel", follow_redirects=True).text
    assert number in asked and "未付款" not in asked and "还没有付款" not in asked
