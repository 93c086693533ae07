"""The installed app: what it shows without a network, what it forgets at sign-out, photos that were shared with it."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cast import PASSWORD
from tests.e2e.conftest import World
from tests.e2e.pages import Buyer, tap_reason
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
SEEN = "() => caches.open('seen-1').then((box) => box.match('/seen-cases')).then((kept) => kept ? kept.text() : '')"


def with_worker(page: Page, at: str) -> None:
    """Open a page often enough for its worker to have it: the first page of a visit starts none."""
    page.goto(at)
    page.goto(at)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.goto(at)
    page.wait_for_function("() => !!navigator.serviceWorker.controller")


def test_cases_seen_last_are_there_offline_and_gone_after_sign_out(lively: World, visit: Any) -> None:
    buyer = Buyer(visit("phone", base_url=lively.url))
    buyer.signs_in("buyer")
    page = buyer.page
    with_worker(page, "/cases")
    seen = page.locator("#list a.row").first.get_attribute("data-seen") or ""
    page.wait_for_function(f"{SEEN}.then((text) => text.includes({seen.split('：')[0]!r}))")
    kept = page.evaluate(SEEN)
    assert "省" not in kept and not re.search(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])", kept)  # no address, no telephone
    page.context.set_offline(True)
    page.goto("/orders", wait_until="domcontentloaded")
    expect(page.get_by_role("heading", name="网络不可用")).to_be_visible()
    expect(page.get_by_text(seen.split("：")[0]).first).to_be_visible()
    expect(page.get_by_text(re.compile("[0-9]+月[0-9]+日 [0-9:]{5} 看到的")).first).to_be_visible()
    page.context.set_offline(False)
    page.goto("/me")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login**")
    page.wait_for_function("() => caches.has('seen-1').then((has) => !has)")


def test_another_account_never_sees_them(lively: World, visit: Any) -> None:
    buyer = Buyer(visit("phone", base_url=lively.url))
    buyer.signs_in("buyer", "/cases")
    page = buyer.page
    first = page.locator("#list a.row").first.get_attribute("data-case")
    page.wait_for_function(f"{SEEN}.then((text) => text.includes({first!r}))")
    page.context.clear_cookies()  # the session ended elsewhere: this browser was never signed out
    buyer.signs_in("distributor", "/cases")
    page.wait_for_function(f"{SEEN}.then((text) => !text.includes({first!r}))")


def share(page: Page) -> str:
    """Another app shares a photo and a text; returns where that leads."""
    picture = base64.b64encode(photo((400, 300))).decode()
    return str(
        page.evaluate(
            """async (picture) => {
          const bytes = Uint8Array.from(atob(picture), (sign) => sign.charCodeAt(0));
          const body = new FormData();
          body.append("photos", new File([bytes], "破损.jpg", { type: "image/jpeg" }));
          body.append("photos", new File(["x"], "note.txt", { type: "text/plain" }));
          return (await fetch("/share", { method: "POST", body })).url;
        }""",
            picture,
        )
    )


def test_shared_photos_wait_for_the_application(world: World, visit: Any) -> None:
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm")
    page = buyer.page
    with_worker(page, "/me")
    assert share(page).endswith("/orders?said=shared")
    page.goto(f"/orders/{order_no}")
    page.locator('a[href*="/apply?line="]').first.click()
    tap_reason(page, "破损")
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    assert not page.evaluate("() => caches.has('shared-1')")


def test_photos_shared_while_nobody_is_signed_in_wait_for_who_signs_in(world: World, visit: Any) -> None:
    """A wrong password in between forgets nothing; signing out without having used them does."""
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm")
    page = buyer.page
    with_worker(page, "/me")
    page.context.clear_cookies()
    page.goto(share(page))
    expect(page.get_by_text("刚才分享的照片会添加到您的申请里")).to_be_visible()
    for password in ("wrong", PASSWORD):
        page.get_by_label("会员名").fill("haijiao_xm")
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_load_state()
    page.wait_for_url("**/orders?said=shared")
    page.goto(f"/orders/{order_no}")
    page.locator('a[href*="/apply?line="]').first.click()
    tap_reason(page, "破损")
    expect(page.locator(".tile[data-id]")).to_have_count(1)
    page.goto("/me")
    share(page)
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login**")
    page.wait_for_function("() => caches.has('shared-1').then((has) => !has)")


def test_a_shared_photo_is_of_the_whole_application_where_lines_have_their_own(world: World, visit: Any) -> None:
    order_no = world.order_of_many(3)
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm")
    page = buyer.page
    with_worker(page, "/me")
    page.goto(f"/orders/{order_no}")
    page.locator('a[href*="/apply?line="]').first.click()
    tap_reason(page, "破损")
    page.wait_for_url("**/apply/details")
    page.goto("/me")  # or the page of the application, late to look, may take the photo as it is left
    share(page)
    page.goto(f"/orders/{order_no}/apply/details")
    expect(page.locator(".on-draft .tile[data-id]")).to_have_count(1)
    expect(page.locator(".lean .tile[data-id]")).to_have_count(0)
