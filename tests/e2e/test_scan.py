"""扫描台 by camera and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Playwright, expect

from portal.calendar import clock
from portal.cases import held
from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, CaseLine, User
from portal.people import sessions
from portal.web.headers import HEADERS
from tests import pictures
from tests.cast import Cast
from tests.conftest import make_app
from tests.e2e.conftest import World, serving
from tests.e2e.pages import press_key
from tests.labels_photographed import draw_label, take_photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALONE, SHARED, UNKNOWN = "75484863570001", "75484863570002", "75484863570003"
READS = """
window.looks = 0;
window.BarcodeDetector = class {
  async detect(video) {
    window.looks += 1;
    return window.shows && video.readyState > 1 ? [{rawValue: window.shows}] : [];
  }
};
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.asked = 0;
navigator.mediaDevices.getUserMedia = async (what) => { window.asked += 1; return window.stream = await ask(what); };
"""
LOOKED = """() => new Promise((done) => {
  const again = setInterval(() => window.looks > 1 && done(clearInterval(again)), 20);
})"""
LIVE = "window.stream.getTracks().some((track) => track.readyState === 'live')"

HALVES = """([one, other]) => {  // a number that is scanned as the answer comes: half of it before, half of it after
  const press = (key) => new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true});
  const type = (keys) => keys.forEach((key) => (document.activeElement || document.body).dispatchEvent(press(key)));
  document.addEventListener("htmx:afterRequest", () => {
    type([...one]);
    setTimeout(() => type([...other, "Enter"]), 150);
  }, {once: true});
}"""


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A shop with a parcel of one case and a number of two, and the owner's cookie."""
    app = make_app(tmp_path_factory.mktemp("scan") / "data", sqlite_template)
    with app.app_context():
        cast = Cast.make(clock.now())
        order = cast.order(milli=1_000_000)
        for number in (ALONE, SHARED, SHARED):
            case = cast.take(cast.open_case(order, milli=3_000), "agree", Actor.SELLER)
            cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", number)])
        cookie = sessions.sign_in(db.session.get_one(User, cast.seller), now=clock.now())
        db.session.remove()
    with serving(app) as world:
        yield world, cookie


def open_page(browser: Browser, place: tuple[World, str], permissions: list[str]) -> Page:
    world, cookie = place
    context = browser.new_context(base_url=world.url, locale="zh-CN", viewport={"width": 390, "height": 844})
    context.set_default_timeout(10_000)
    context.grant_permissions(permissions)
    context.add_cookies([{"name": "sid", "value": cookie, "url": world.url}])
    return context.new_page()


@pytest.fixture(scope="module")
def filming(playwright: Playwright, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser with a camera that films a picture of its own."""
    args = [*browser_type_launch_args["args"], "--use-fake-device-for-media-stream"]
    browser = playwright.chromium.launch(**{**browser_type_launch_args, "args": args})
    yield browser
    browser.close()


def test_a_code_is_read_by_the_camera_and_its_case_opens(filming: Browser, place: tuple[World, str]) -> None:
    page = open_page(filming, place, ["camera"])
    page.add_init_script(READS)
    page.goto("/seller/scan")
    button = page.get_by_role("button", name="用摄像头扫")
    assert page.evaluate("window.asked") == 0, "the camera is asked for by a press alone"
    button.click()
    page.evaluate(LOOKED)
    assert page.evaluate(LIVE)
    page.get_by_role("button", name="关闭").click()
    expect(page.locator("dialog")).to_have_count(0)
    page.wait_for_function(f"!({LIVE})")
    expect(button).to_be_focused()
    button.click()
    expect(page.locator("dialog video")).to_be_visible()
    page.evaluate(f"window.shows = '{ALONE}'")
    expect(page).to_have_url(re.compile(r"/accept_goods\?scanned="))
    page.goto("/seller/shipping")
    expect(page.get_by_role("button", name="用摄像头扫")).to_be_visible()
    page.context.close()


def test_a_waybill_is_read_into_the_field_of_its_parcel(filming: Browser, place: tuple[World, str]) -> None:
    """寄回商品: of each parcel by its own button; nothing is sent before the buyer presses."""
    world, _ = place
    with world.app.app_context():
        cast = Cast.of_app(world.app)
        case_no = cast.until("returning", now=clock.now()).case_no
        cookie = sessions.sign_in(db.session.get_one(User, cast.buyer), now=clock.now())
        db.session.remove()
    page = open_page(filming, (world, cookie), ["camera"])
    page.add_init_script(READS)
    page.goto(f"/cases/{case_no}/ship_return")
    expect(page.get_by_text("寄出前拍照")).to_be_visible()
    page.get_by_text("还有其他包裹").click()
    buttons = page.get_by_role("button", name="用摄像头扫")
    assert buttons.count() == 5
    for place_of, (label, code) in enumerate((("运单号", "75484863579001"), ("第 2 个包裹的单号", "75484863579002"))):
        page.evaluate(f"window.shows = '{code}'")
        buttons.nth(place_of).click()
        expect(page.get_by_label(label, exact=True)).to_have_value(code)
        expect(page.locator("dialog")).to_have_count(0)
        page.wait_for_function(f"!({LIVE})")
    assert page.url.endswith("/ship_return")
    page.locator("#page .bar button[type=submit]").click()
    page.locator('#case[data-state="inspecting"]').wait_for()
    page.context.close()


def test_a_camera_that_may_not_be_used_is_said(filming: Browser, place: tuple[World, str]) -> None:
    page = open_page(filming, place, [])
    page.add_init_script(READS)
    page.goto("/seller/scan")
    page.get_by_role("button", name="用摄像头扫").click()
    expect(page.locator("#page").get_by_text("浏览器没有摄像头权限：")).to_be_visible()
    assert page.locator("dialog").count() == 0
    page.context.close()


def test_without_a_detector_there_is_no_button(browser: Browser, place: tuple[World, str]) -> None:
    page = open_page(browser, place, [])
    page.goto("/seller/scan")
    expect(page.get_by_label("运单号、售后单号或订单号")).to_be_focused()
    assert page.get_by_role("button", name="用摄像头扫").count() == 0
    policy = HEADERS["Permissions-Policy"]
    assert "camera=(self)" in policy and "microphone=()" in policy
    page.context.close()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_label_is_read_off_its_photo(browser: Browser, place: tuple[World, str], script: bool) -> None:
    """Where the browser reads no codes itself: picked is read; without script a button sends the photo."""
    world, _ = place
    with world.app.app_context():
        cast = Cast.of_app(world.app)
        case_no = cast.until("returning", now=clock.now()).case_no
        cookie = sessions.sign_in(db.session.get_one(User, cast.buyer), now=clock.now())
        db.session.remove()
    context = browser.new_context(
        base_url=world.url, locale="zh-CN", viewport={"width": 390, "height": 844}, java_script_enabled=script
    )
    context.add_cookies([{"name": "sid", "value": cookie, "url": world.url}])
    page = context.new_page()
    page.goto(f"/cases/{case_no}/ship_return")
    field = page.locator("[name=label_number]")
    send = page.locator("button[name=reads][value=number]")
    expect(send).to_be_visible(visible=not script)
    for numbers, said in (((ALONE, "SF1234567890123"), "照片里有 2 个号码"), (("SF1234567890123",), "已读出顺丰速运")):
        photo = take_photo(draw_label(*numbers), (1400, 1400), turned=9)
        field.set_input_files([FilePayload(name="label.jpg", mimeType="image/jpeg", buffer=photo)])
        if not script:
            send.click()
        words = page.get_by_text(said)
        expect(words).to_be_visible(timeout=30_000)
        if script:
            box, bar = words.bounding_box(), page.locator("#page .bar").bounding_box()
            assert box and bar and box["y"] + box["height"] <= bar["y"], "it is seen above the bar"
        if len(numbers) > 1:
            page.get_by_role("button", name=ALONE).click()
            expect(page.get_by_label("运单号", exact=True)).to_have_value(ALONE)
    number = page.get_by_label("运单号", exact=True)
    expect(number).to_have_value("SF1234567890123")
    number.press("Enter")  # sends the form, and doesn't read again
    page.locator('#case[data-state="inspecting"]').wait_for()
    context.close()


def test_a_parcel_of_two_cases_is_counted_by_keyboard_alone(browser: Browser, place: tuple[World, str]) -> None:
    page = open_page(browser, place, [])
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/seller/scan")
    box = page.get_by_label("运单号、售后单号或订单号")
    press = partial(press_key, page)
    expect(box).to_be_focused()
    page.keyboard.type(UNKNOWN, delay=5)
    press("Enter")
    expect(page.get_by_role("heading", name="没有找到")).to_be_visible()
    page.goto(f"/seller/scan?number={SHARED}")
    expect(page.get_by_text("按数字键 1 到 2 直接打开")).to_be_visible()
    second = page.locator('[data-pick="2"]').inner_text()
    expect(box).to_be_focused()
    page.keyboard.type("26", delay=5)  # a scanner goes on at once
    expect(box).to_have_value("26")
    press("Control+A")
    press("Delete")
    press("2")
    expect(page).to_have_url(re.compile(r"/accept_goods\?scanned="))
    assert second in page.url
    expect(page.get_by_label("收到数量")).to_be_focused()
    press("?")
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    press("Escape")
    page.get_by_label("收到数量").focus()
    press("2")
    expect(page.get_by_label("通过数量")).to_have_value("2")
    condition = page.get_by_label("商品状况")
    expect(condition).to_have_value("short")
    press("ArrowUp")
    expect(condition).to_have_value("mismatch")
    press("Tab")
    press("1")
    expect(page.get_by_label("通过数量")).to_have_value("1")
    page.locator("#decide input[type=file]").set_input_files(
        [
            FilePayload(name="1.jpg", mimeType="image/jpeg", buffer=pictures.jpeg()),
            FilePayload(name="2.png", mimeType="image/png", buffer=pictures.png()),
        ]
    )
    page.get_by_label("通过数量").focus()
    press("Enter")
    page.wait_for_url("**/seller/scan?said=parcel-held")
    expect(page.get_by_role("button", name="撤回")).to_be_visible()
    with place[0].app.app_context():
        held.carry_out_due(clock.now() + held.HELD_FOR)
        case = db.session.scalars(db.select(Case).where(Case.case_no == second)).one()
        line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
        assert (case.state, line.received_milli, line.accepted_milli) == ("disputed", 2_000, 1_000)
        assert line.condition == "mismatch"
        db.session.remove()
    page.context.close()


def test_what_is_scanned_while_the_last_parcel_is_sent_opens_whole(browser: Browser, place: tuple[World, str]) -> None:
    """However early it comes: while the answer is awaited, as it arrives, or when nothing has the focus."""
    page = open_page(browser, place, [])
    for wait in (0, 300):
        page.goto(f"/seller/scan?number={ALONE}")
        page.route("**/accept_goods?scanned=*", lambda route: (page.wait_for_timeout(500), route.continue_()))
        page.get_by_label("收到数量").focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(wait)
        page.keyboard.type(UNKNOWN)
        page.keyboard.press("Enter")
        page.get_by_text(f"没有找到「{UNKNOWN}」").wait_for()
        page.unroute_all()
        page.get_by_role("button", name="撤回").first.click()
        page.get_by_text("已撤回，这张售后单还在等待验货").wait_for()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(UNKNOWN)
    expect(page.get_by_label("运单号、售后单号或订单号")).to_have_value(UNKNOWN)
    page.context.close()


PASTED = """number => document.addEventListener("htmx:afterSettle", () => {
  const box = document.querySelector("#scan-number");
  box.value = number;
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}, { capture: true, once: true })"""


def test_an_enter_behind_a_number_that_was_pasted_opens_it(browser: Browser, place: tuple[World, str]) -> None:
    """A scanner that writes the whole number at once into the page that has just come, and then Enter."""
    page = open_page(browser, place, [])
    page.goto(f"/seller/scan?number={ALONE}")
    page.evaluate(PASTED, UNKNOWN)
    page.get_by_label("收到数量").focus()
    page.keyboard.press("Enter")
    page.get_by_text(f"没有找到「{UNKNOWN}」").wait_for()
    page.get_by_role("button", name="撤回").first.click()
    page.get_by_text("已撤回，这张售后单还在等待验货").wait_for()
    page.context.close()


@pytest.mark.parametrize("fails", ["refused", "error", "offline"])
def test_what_is_scanned_while_a_count_is_refused_waits_and_is_said(
    browser: Browser, place: tuple[World, str], fails: str
) -> None:
    """Short goods without a photo, an error, no network: the next numbers go into no quantity, and open afterwards."""
    page = open_page(browser, place, [])
    other = UNKNOWN[:-1] + "9"
    page.goto(f"/seller/scan?number={ALONE}")

    def answer(route: Any) -> None:
        waiting.append(route)

    waiting: list[Any] = []
    page.route("**/accept_goods?scanned=*", answer)
    received = page.get_by_label("收到数量")
    if fails == "refused":
        received.fill("2")
        page.get_by_label("商品状况").select_option("mismatch")
    before = received.input_value()
    page.evaluate(HALVES, [other[:6], other[6:]])
    page.get_by_label("通过数量").focus()
    with page.expect_request("**/accept_goods?scanned=*"):
        page.keyboard.press("Enter")
    page.keyboard.type(UNKNOWN)
    page.keyboard.press("Enter")
    if fails == "offline":
        waiting[0].abort()
    else:
        waiting[0].fulfill(status=503, body="") if fails == "error" else waiting[0].continue_()
    said = page.locator("#scanned-next")
    expect(said).to_have_text(f"扫到的 {UNKNOWN}、{other} 还没有打开：处理好这件、回到扫描台后自动打开")
    expect(received).to_have_value(before)
    page.unroute_all()
    received.fill("3")
    page.get_by_label("通过数量").fill("3")
    page.get_by_label("商品状况").select_option("intact")
    page.get_by_label("通过数量").focus()
    page.keyboard.press("Enter")
    page.get_by_text(f"没有找到「{UNKNOWN}」").wait_for()
    expect(page.get_by_label("运单号、售后单号或订单号")).to_have_value(other)
    page.keyboard.press("Enter")
    page.get_by_text(f"没有找到「{other}」").wait_for()
    expect(said).to_have_count(0)
    page.get_by_role("button", name="撤回").first.click()
    page.get_by_text("已撤回，这张售后单还在等待验货").wait_for()
    page.context.close()
