"""How many taps it takes, counted in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.calendar import clock
from portal.extensions import db
from tests.cast import Cast
from tests.conftest import make_app
from tests.e2e.conftest import World, serving
from tests.e2e.pages import Buyer, tap_reason
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def tap(page: Page, name: str, role: Any = "button") -> int:
    """One tap on what is called so."""
    page.get_by_role(role, name=name).last.click()
    return 1


def test_from_an_order_to_its_application_in_four_taps_and_a_photo(world: World, visit: Any, tmp_path: Path) -> None:
    picture = tmp_path / "破损.jpg"
    picture.write_bytes(photo((800, 600)))
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page, taps = buyer.page, 0
    page.locator('a[href*="/apply?line="]').first.click()
    taps += 1
    taps += tap_reason(page, "破损")
    page.get_by_label("凭证").first.set_input_files(str(picture))
    page.locator(".tile[data-id]").first.wait_for()
    taps += tap(page, "下一步")
    page.wait_for_url("**/apply/check")
    taps += tap(page, "提交申请")
    page.locator('#case[data-state="applied"]').wait_for()
    assert taps <= 4


def test_a_tap_on_the_reason_chosen_before_goes_on_too(world: World, visit: Any) -> None:
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    for _ in range(2):  # the second time the draft has it chosen
        page.goto(f"/orders/{order_no}")
        page.locator('a[href*="/apply?line="]').first.click()
        tap_reason(page, "色差")


def test_a_reason_looked_through_by_keyboard_does_not_go_on(world: World, visit: Any) -> None:
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    page.locator('a[href*="/apply?line="]').first.click()
    page.wait_for_url("**/apply?line=*")
    page.get_by_label("破损", exact=True).focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(600)
    assert page.url.split("?")[0].endswith("/apply") and page.locator("input[name=reason]:checked").count() == 1


def test_fifteen_lines_in_twenty_taps(world: World, visit: Any, tmp_path: Path) -> None:
    picture = tmp_path / "破损.jpg"
    picture.write_bytes(photo((800, 600)))
    order_no = world.order_of_many(15)
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    page.locator('a[href*="/apply?line="]').first.click()
    tap_reason(page, "破损")
    page.get_by_label("凭证").first.set_input_files(str(picture))
    page.locator(".tile[data-id]").first.wait_for()
    page.get_by_text("同一原因的其他商品").click()
    taps = 3
    others = page.locator(".each")
    assert others.count() == 14
    for number in range(14):
        others.nth(number).get_by_role("button", name="全部").tap()
        taps += 1
    first, last = page.locator("section.card:has(.stepper)").first.bounding_box(), others.last.bounding_box()
    assert first is not None and last is not None
    assert last["y"] + last["height"] - first["y"] <= 2 * 844, (first, last)
    for each in others.all():  # nothing of a line is cut, and what is tapped is large enough
        for part in (each.locator(".spec"), each.locator(".stepper"), each.locator(".tile.add")):
            box, room = part.bounding_box(), each.bounding_box()
            assert box is not None and room is not None
            assert room["x"] <= box["x"] and box["x"] + box["width"] <= room["x"] + room["width"], (box, room)
        for button in each.locator("button, .tile.add").all():
            box = button.bounding_box()
            assert box is not None and min(box["width"], box["height"]) >= 44, box
    taps += tap(page, "下一步")
    page.wait_for_url("**/apply/check")
    assert page.get_by_text("×3").count() == 14
    taps += tap(page, "提交申请")
    page.locator('#case[data-state="applied"]').wait_for()
    assert taps <= 20


def test_a_line_has_its_own_photo(world: World, visit: Any, tmp_path: Path) -> None:
    """One tap on the camera of a row; it stays there after the page is loaded again, and goes to the shop with it."""
    picture = tmp_path / "第五件.jpg"
    picture.write_bytes(photo((640, 480)))
    order_no = world.order_of_many(15)
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    page.locator('a[href*="/apply?line="]').first.click()
    tap_reason(page, "破损")
    page.get_by_text("同一原因的其他商品").click()
    row = page.locator(".each").nth(4)
    row.get_by_label("这一件的照片").set_input_files(str(picture))
    row.locator(".tile[data-id]").wait_for()
    assert page.locator(".tile[data-id]").count() == 1
    row.get_by_role("button", name="全部").tap()
    tap(page, "下一步")
    page.wait_for_url("**/apply/check")
    assert page.locator(".gallery img").count() == 1
    page.go_back()
    page.locator(".each").nth(4).locator(".tile[data-id]").wait_for(state="attached")
    assert page.locator(".on-draft .tile").count() == 0


def test_without_script_a_line_has_its_file_field_in_whole(world: World, visit: Any) -> None:
    order_no = world.order_of_many(3)
    buyer = Buyer(visit("phone-without-script"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    page.locator('a[href*="/apply?line="]').first.click()
    page.get_by_label("破损", exact=True).check()
    page.locator("#page .bar button").last.click()
    page.wait_for_url("**/apply/details")
    page.locator("details:not([open]) > summary", has_text="同一原因的其他商品").click()
    fields = page.locator("input[name^=photo_of_]").all()
    assert fields
    for field in fields:
        tile, words = field.locator("xpath=.."), field.locator("xpath=..").get_by_text("添加照片")
        outer, inner = tile.bounding_box(), words.bounding_box()
        assert outer is not None and inner is not None and inner["width"] >= 60 and outer["height"] >= 44
        assert outer["x"] <= inner["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"] <= 390, (
            outer,
            inner,
        )
        with page.expect_file_chooser():  # the field lies over the words until a file is chosen
            words.scroll_into_view_if_needed()
            at = words.bounding_box()
            assert at is not None
            page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)


def test_the_most_that_can_be_refunded_follows_what_is_typed(world: World, visit: Any) -> None:
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    page.locator('a[href*="/apply?line="]').first.click()
    tap_reason(page, "数量过多")
    hint, quantity = page.locator("#amount-hint"), page.locator(".stepper input").first
    quantity.fill("1")
    expect(hint).to_contain_text("最多可退")
    before = hint.inner_text()
    page.get_by_role("button", name="全部").first.click()
    expect(hint).not_to_have_text(before)
    expect(hint).to_contain_text("最多可退")
    quantity.fill("")
    expect(hint).not_to_contain_text("最多可退")
    assert page.url.endswith("/apply/details")


def test_the_camera_comes_first(world: World, visit: Any, tmp_path: Path) -> None:
    picture = tmp_path / "破损.jpg"
    picture.write_bytes(photo((800, 600)))
    order_no, _ = world.exchangeable()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page = buyer.page
    page.locator('a[href*="/apply?line="]').first.click()
    page.wait_for_load_state("load")
    page.get_by_text("先拍照").click()
    page.get_by_label("拍照", exact=True).set_input_files(str(picture))
    page.locator(".tile[data-id]").wait_for()
    tap_reason(page, "破损")
    expect(page.locator(".tile[data-id]")).to_have_count(1)


@pytest.mark.parametrize("choice", ["accept", "object"])
def test_an_inspection_is_answered_in_two_taps(sqlite_template: Path, tmp_path: Path, visit: Any, choice: str) -> None:
    """接受 is two taps and no word; 不认可 is two and the reason."""
    app = make_app(tmp_path / "data", sqlite_template)
    with app.app_context():
        case_no = Cast.make(clock.now()).until("disputed").case_no
        db.session.remove()
    with serving(app) as running:
        buyer = Buyer(visit("phone", base_url=running.url))
        buyer.signs_in("buyer", f"/cases/{case_no}")
        page, taps = buyer.page, 0
        page.locator(f'.bar a[href*="/{choice}"]').first.click()
        page.wait_for_url(f"**/cases/{case_no}/{choice}*")
        taps += 1
        if choice == "object":
            page.locator("main textarea").first.fill("两件都没有使用过，请再看照片")
        page.locator("main .bar button.primary").click()
        taps += 1
        if choice == "object":
            page.get_by_role("heading", name="您已提出异议，商家还没有复核").wait_for()
        else:
            buyer.waits_for_state("reshipping")
        assert taps <= 2
