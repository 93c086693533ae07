"""Signed out while a page is open: nothing that was typed goes, whatever the page asks by itself."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cast import PASSWORD
from tests.e2e.conftest import World
from tests.e2e.pages import Buyer
from tests.e2e.test_photos import begin

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_who_will_not_sign_in_is_asked_once_by_the_page_itself(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    buyer, _ = begin(world, page)
    page.context.clear_cookies()
    dialog = page.get_by_role("dialog")
    page.get_by_label("换货数量").first.fill("2")
    dialog.get_by_role("button", name="取消").click()
    with page.expect_response(lambda answer: "/apply/amount" in answer.url):
        page.get_by_label("换货数量").first.fill("1")
    expect(dialog).to_have_count(0)
    buyer.press("下一步")
    expect(dialog).to_be_visible()
    expect(page.get_by_label("换货数量").first).to_have_value("1")


def test_a_conversation_goes_on_with_what_was_typed(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    order_no, _ = world.exchangeable()
    Buyer(page).signs_in("haijiao_xm", f"/orders/{order_no}/contact")
    words = page.get_by_role("textbox").first
    words.fill("外箱压坏了，什么时候能补？")
    page.context.clear_cookies()
    page.get_by_role("button", name="重新登录").click(timeout=15_000)  # the next look for something new says so
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("密码").fill(PASSWORD)
    with page.expect_response(lambda answer: "/contact/new" in answer.url and answer.status == 204):
        dialog.get_by_role("button", name="登录并继续").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("登录已过期")).to_have_count(0)
    expect(words).to_have_value("外箱压坏了，什么时候能补？")


def test_after_a_message_the_focus_stays_where_one_writes(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    order_no, _ = world.exchangeable()
    Buyer(page).signs_in("haijiao_xm", f"/orders/{order_no}/contact")
    words = page.get_by_label("消息", exact=True)
    for said in ("第一条", "第二条"):
        words.fill(said)
        page.get_by_role("button", name="发送").click()
        page.get_by_text(said, exact=True).wait_for()
        expect(words).to_be_focused()
        expect(words).to_have_value("")
    phrase = page.get_by_role("button", name="少发了")
    phrase.click()  # no field, which would bring up a phone's keyboard over the answer
    expect(page.locator(".msg", has_text="少发了")).to_have_count(1)
    expect(phrase).to_be_focused()
