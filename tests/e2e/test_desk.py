"""The seller's queue in a browser: what a key says that isn't allowed, how many rows are in sight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from portal.calendar import clock
from portal.cases import case_tags, held, saved_views
from portal.cases.effects.hand_ins import HandIn
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Conversation, EnquiryMessage, Evidence, Order, OrderLine, Product
from portal.talk import conversations, enquiries, promises
from tests.cast import Cast
from tests.conftest import make_app
from tests.e2e.conftest import KINDS, World, serving
from tests.e2e.pages import Person, press_key

TWENTY = 20


@pytest.fixture
def busy(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[World, Cast]]:
    """A shop with twenty applications and some more things to do."""
    app = make_app(tmp_path / "data", sqlite_template)
    with app.app_context():
        cast = Cast.make(clock.now())
        for number in range(TWENTY):
            cast.open_case(now=cast.now - timedelta(minutes=TWENTY - number))
        cast.until("reshipping")
        db.session.remove()
    with serving(app) as world:
        yield world, cast


def opened(browser: Browser, world: World, kind: str = "desk", **more: Any) -> Page:
    context = browser.new_context(base_url=world.url, locale="zh-CN", **{**KINDS[kind], **more})
    context.set_default_timeout(10_000)
    page = context.new_page()
    Person(page).signs_in("seller", "/seller")
    page.goto("/seller?tab=applied")
    return page


def test_a_key_that_is_not_allowed_says_why_and_help_lists_them(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.goto("/seller?tab=reshipping")
    page.locator(".open").first.click()
    page.locator("#case").wait_for()
    for key, step in (("a", "同意"), ("r", "拒绝"), ("e", "请补充凭证")):
        press_key(page, key)
        assert f"现在不能{step}" in page.locator("#why-not").inner_text()
    press_key(page, "?")
    assert page.get_by_role("dialog").get_by_text("撤回刚才的处理").is_visible()


def test_eighteen_rows_of_36_px_are_in_sight_at_1280_by_800(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.goto("/seller")
    boxes = [row.bounding_box() for row in page.locator("#rows tr").all()]
    assert {round(box["height"]) for box in boxes if box} == {36}
    assert sum(1 for box in boxes if box and box["y"] + box["height"] <= 800) >= 18
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_filters_are_one_line_however_many_views_are_kept(
    browser: Browser, busy: tuple[World, Cast], width: int, script: bool
) -> None:
    """With every choice that a shop can have there; views are folded, and open by name."""
    world, cast = busy
    names = ["破损待审核的大件", "我", "铺货超期三天以上的售后单要先看到的这些"]
    with world.app.app_context(), writing():
        cast.employ(cast.shop, "buyer2", "agent")
        case_tags.put_tags(db.session.scalars(select(Case)).first() or Case(), ["很急的大客户单"], cast.now)
        for number, name in enumerate(names):
            query = f"tab=applied&older={(1, 3, 7)[number]}"
            saved_views.save(cast.shop, cast.seller, name, query, shared=number == 1, now=cast.now)
    page = opened(browser, world, java_script_enabled=script, viewport={"width": width, "height": 800})
    for query in ("", "?tab=applied&type=exchange&reason=damaged&owner=none"):
        page.goto(f"/seller{query}")
        expect(page.get_by_label("标签")).to_be_visible()
        form = page.locator("form.filters")
        box = form.bounding_box()
        assert box and box["height"] <= 40, box
        assert form.evaluate("each => each.scrollWidth <= each.clientWidth")
        sizes = [each.bounding_box() for each in form.locator("select:visible, input:visible").all()]
        assert min(size["width"] for size in sizes if size) >= 72
        form.get_by_text(f"视图 {len(names)}").click()
        for name in names:
            expect(form.get_by_role("link", name=name, exact=False)).to_be_visible()
    form.get_by_role("link", name=names[2]).click()
    expect(page.locator(".filters .one-line summary")).to_have_text(f"视图：{names[2]}")


def test_every_entry_of_the_side_bar_is_in_sight_on_a_low_screen_too(
    browser: Browser, busy: tuple[World, Cast]
) -> None:
    page = opened(browser, busy[0])
    entries = page.locator("nav.sidebar a")
    assert entries.last.inner_text() == "我的"
    for height in (800, 720):
        page.set_viewport_size({"width": 1280, "height": height})
        boxes = [box for each in entries.all() if (box := each.bounding_box())]
        assert len(boxes) >= 21 and max(box["y"] + box["height"] for box in boxes) <= height
        assert min(box["height"] for box in boxes) >= 28
        assert page.locator("nav.sidebar").evaluate("each => each.scrollHeight <= each.clientHeight")


@pytest.mark.parametrize("kind", ["desk", "phone-without-script"])
def test_a_file_is_chosen_by_words_of_ours(browser: Browser, busy: tuple[World, Cast], kind: str) -> None:
    """The browser's own button and words stand nowhere at the desk; what was chosen is shown, the keys open it too."""
    page = opened(browser, busy[0], kind)
    rooms = ("import", "orders/table", "shipping/table", "logistics/import", "payouts/results", "chains/import")
    for room in (*rooms, "products/pictures"):
        page.goto(f"/seller/{room}")
        field = page.locator("input[type=file]").first
        words = field.locator("xpath=ancestor::label").get_by_text("选择", exact=False)
        unseen = field.evaluate("each => getComputedStyle(each).opacity") == "0"
        assert unseen or room in ("chains/import", "products/pictures"), room
        button = "each => getComputedStyle(each, '::file-selector-button').display"
        assert unseen or field.evaluate(button) == "none", room
        with page.expect_file_chooser() as chosen:
            words.click(force=True)  # where they stand; the field may lie over them
        name = "图.png" if room == "products/pictures" else "表格.csv"
        if room != "products/pictures" or kind != "desk":  # with script pictures are shown as such
            chosen.value.set_files({"name": name, "mimeType": "text/csv", "buffer": b"x"})
            assert field.evaluate("each => [each.files.length, getComputedStyle(each).opacity]") == [1, "1"], room
        with page.expect_file_chooser():
            field.press("Enter")
        box = field.locator("xpath=ancestor::label").bounding_box()
        assert box and box["height"] >= (44 if kind != "desk" else 32), room
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), room


def show_evidence(world: World, cast: Cast, number: int) -> None:
    """The case that is first in the list has so many photos of the buyer's, and its product a picture."""
    with world.app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.state == "applied").order_by(Case.desk_at)).first()
        assert case
        product = db.session.scalars(db.select(OrderLine.product_id).where(OrderLine.order_id == case.order_id)).first()
        with writing():
            kept = {"case_id": case.id, "event_version": 1, "side": "buyer"}
            shown = Evidence.public_id.in_(cast.photos(number, cast.buyer))
            db.session.execute(db.update(Evidence).where(shown).values(kept))
            picture = {"picture": cast.photos(1, cast.seller)[0]}
            db.session.execute(db.update(Product).where(Product.id == product).values(picture))
        db.session.remove()


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [
        (1024, 768, 240),
        (1200, 800, 240),
        (1264, 800, 240),
        (1280, 800, 240),
        (1440, 900, 240),
        (1920, 1080, 240),
        (390, 844, 80),
    ],
)
def test_photos_stand_beside_the_picture_of_the_product_on_the_first_screen(
    browser: Browser, busy: tuple[World, Cast], width: int, height: int, side: int
) -> None:
    show_evidence(*busy, 2)
    page = opened(browser, busy[0], viewport={"width": width, "height": height})
    page.goto(page.locator(".open").first.get_attribute("href") or "")
    picture, photo, *_ = [each.bounding_box() for each in page.locator(".evidence .gallery img").all()]
    assert picture and photo
    assert photo["y"] == picture["y"] and photo["x"] >= picture["x"] + picture["width"]
    assert photo["width"] >= side and photo["height"] >= side and photo["y"] + photo["height"] <= height
    decide = page.locator("#decide").bounding_box()
    assert decide and (width == 390 or decide["y"] < height - 100), "what is decided begins on the same screen"
    lefts = {round(card["x"]) for each in page.locator(".cols .card").all() if (card := each.bounding_box())}
    assert len(lefts) == (1 if width == 390 else 2 if width == 1440 else 3)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width == 1280:
        page.get_by_role("link", name="请补充凭证").first.click()
        page.get_by_label("需要补充什么").wait_for()
        picture, photo, *_ = [each.bounding_box() for each in page.locator(".evidence .gallery img").all()]
        form = page.locator("#decide").bounding_box()
        assert picture and photo and form
        assert photo["y"] == picture["y"] and photo["y"] + photo["height"] <= height and form["y"] < photo["y"]
        assert picture["x"] < photo["x"] < photo["x"] + photo["width"] < form["x"], "photos, and what is filled in"


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("case_type", CaseType)
def test_the_decision_is_on_the_first_screen_whatever_stands_above_it(
    browser: Browser, busy: tuple[World, Cast], case_type: CaseType, script: bool
) -> None:
    """A promise, twenty steps that can be taken back, terms to be chosen: what is asked for, how much, until when and
    the buttons are in sight at 1280 × 800, beside the evidence."""
    world, cast = busy
    with world.app.app_context():
        order = cast.order()
        case = cast.open_case(order, case_type=case_type, negotiated=case_type == CaseType.RETURN_REFUND)
        product = db.session.scalars(db.select(OrderLine.product_id).where(OrderLine.order_id == order.id)).one()
        by = ActedBy(Actor.SELLER, cast.seller, "seller")
        with writing():
            enquiries.ask(cast.shop, product, cast.buyer, "能换色吗", [], now=cast.now)
            thread = enquiries.find_of_buyer(cast.shop, product, cast.buyer)
            assert thread is not None
            enquiries.answer(thread, cast.seller, "没拆封的可以换色，破损包赔", [], now=cast.now)
            said = db.session.scalars(db.select(EnquiryMessage.id).where(EnquiryMessage.side == "seller")).one()
            assert promises.pin(thread, said, "buyer", cast.now)
            photos = Evidence.public_id.in_(cast.photos(2, cast.buyer))
            kept = {"case_id": case.id, "event_version": 1, "side": "buyer"}
            db.session.execute(db.update(Evidence).where(photos).values(kept))
            for other in db.session.scalars(db.select(Case).where(Case.state == "applied", Case.id != case.id)):
                held.hold(
                    other,
                    "agree",
                    by=by,
                    now=clock.now() + timedelta(minutes=5),
                    handed=HandIn(),
                    version=other.version,
                )
        number = case.case_no
        db.session.remove()
    page = opened(browser, world, java_script_enabled=script, viewport={"width": 1280, "height": 800})
    page.goto(f"/seller/cases/{number}?tab=applied")
    expect(page.locator("#promises")).to_contain_text("破损包赔")
    strip = page.locator(".strip")
    expect(strip).to_contain_text(f"还有 {TWENTY - 1} 张可以撤回")
    wanted = [strip, page.locator("#case .acts"), page.locator("#case .due"), page.locator("#promises")]
    wanted += [page.locator(".evidence .gallery img").first, page.locator("#decide > .card-head")]
    wanted.append(page.locator("#decide button[type=submit]"))
    for each in wanted:
        box = each.bounding_box()
        assert box and 0 <= box["y"] and box["y"] + box["height"] <= 800, each
    goods, decide = page.locator(".evidence .gallery").bounding_box(), page.locator("#decide").bounding_box()
    assert goods and decide and goods["x"] + goods["width"] <= decide["x"], "beside each other, not one over the other"
    strip.get_by_text("张可以撤回").click()
    strip.get_by_role("button", name="撤回").last.click()
    page.get_by_text("已撤回").wait_for()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_on_a_phone_the_filters_are_one_line_and_rows_stay_on_the_first_screen(
    browser: Browser, busy: tuple[World, Cast], script: bool
) -> None:
    page = opened(browser, busy[0], java_script_enabled=script, viewport={"width": 390, "height": 844})
    fold, form = page.locator(".fold-filters summary"), page.locator("form.filters")
    expect(fold).to_have_text("筛选")
    expect(form).not_to_be_visible()
    rows = page.locator("#rows tr")
    second = rows.nth(1).bounding_box()
    assert second and second["y"] + second["height"] <= 844, "two whole rows on the first screen"
    line, bulk = fold.bounding_box(), page.locator(".bulk > summary").bounding_box()
    assert line and bulk and line["y"] == bulk["y"] and line["height"] >= 44
    fold.click()
    form.get_by_label("换货原因").select_option("damaged")
    if not script:
        form.get_by_role("button", name="筛选", exact=True).click()
    expect(fold).to_have_text("筛选（已设 1 项）")
    expect(rows).to_have_count(TWENTY)
    page.goto(f"/seller?tab=applied&reason=damaged&type=exchange&sort=newest&buyer={busy[1].buyer}")
    expect(fold).to_have_text("筛选（已设 3 项）")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(fold).not_to_be_visible()
    expect(form).to_be_visible()


def test_list_case_and_conversation_stand_beside_each_other_on_a_wide_screen(
    browser: Browser, busy: tuple[World, Cast]
) -> None:
    world, cast = busy
    show_evidence(world, cast, 2)
    page = opened(browser, world, viewport={"width": 1920, "height": 1080})
    page.locator(".open").first.click()
    page.locator("#case").wait_for()
    places = [page.locator(found).first.bounding_box() for found in (".list", ".gallery", "#decide", "#talk")]
    assert all(places)
    lefts = [place["x"] for place in places if place]
    assert lefts == sorted(lefts) and len({round(left) for left in lefts}) == 4
    assert all(place["y"] < 1080 for place in places if place)
    photo = page.locator(".gallery img").first.bounding_box()
    assert photo and photo["width"] >= 240 and photo["height"] >= 240


@pytest.mark.parametrize("kind", ["desk", "phone", "phone-without-script"])
def test_the_line_that_stays_agrees_where_the_form_is_out_of_sight(
    browser: Browser, busy: tuple[World, Cast], kind: str
) -> None:
    world, _ = busy
    page = opened(browser, world, kind)
    page.locator(".open").first.click()
    expect(page.locator("#case")).to_have_attribute("data-state", "applied")
    number = page.url.split("/cases/")[1].split("?")[0]
    expect(page.get_by_role("button", name="同意", exact=True)).to_have_count(1)  # for a reader of the screen
    page.get_by_role("heading", name="处理记录").scroll_into_view_if_needed()
    form, again = page.locator("#step-form").bounding_box(), page.locator("#case .acts button")
    place = again.bounding_box()
    height = (page.viewport_size or {"height": 0})["height"]
    assert form and place and form["y"] + form["height"] < 0 <= place["y"] < height
    again.click()
    page.get_by_text(f"已同意 {number}").wait_for()
    assert number not in page.url and "tab=applied" in page.url
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("#case")).to_have_attribute("data-state", "applied")
    assert number in page.url


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_message_from_the_case_keeps_the_place(browser: Browser, busy: tuple[World, Cast], script: bool) -> None:
    page = opened(browser, busy[0], java_script_enabled=script)
    row = page.locator(".open").nth(3)
    number = row.get_attribute("href") or ""
    row.click()
    page.locator("#case").wait_for()
    box = page.locator("#box-words")
    if script:
        press_key(page, "m")
        assert box.evaluate("box => box === document.activeElement")
    box.scroll_into_view_if_needed()
    box.fill("今天给您答复")
    page.locator("#talk").get_by_role("button", name="发送").click()
    page.locator("#talk .msg").get_by_text("今天给您答复").wait_for()
    assert number.split("?")[0] in page.url and "tab=applied" in page.url
    assert page.locator(".list [aria-current]").count() == 1
    assert box.input_value() == ""
    place = page.locator("#talk").bounding_box()
    assert place and place["y"] < 800 and place["y"] + place["height"] > 0  # in sight
    if script:
        expect(box).to_be_focused()


@pytest.mark.parametrize("kind", ["desk", "phone", "phone-without-script"])
def test_a_leap_into_the_case_ends_below_the_line_that_stays(
    browser: Browser, busy: tuple[World, Cast], kind: str
) -> None:
    page = opened(browser, busy[0], kind, viewport={"width": 390 if kind != "desk" else 1280, "height": 480})
    page.locator(".open").first.click()
    page.locator("#case").wait_for()
    for place in ("talk", "decide"):
        page.goto(f"{page.url.split('#')[0]}#{place}")
        heading, line = page.locator(f"#{place} h2").first.bounding_box(), page.locator("#case").bounding_box()
        assert heading and line and line["y"] + line["height"] <= heading["y"] < 480, place


def test_without_script_a_conversation_beside_its_case_is_marked_as_read(
    browser: Browser, busy: tuple[World, Cast]
) -> None:
    world, cast = busy
    page = opened(browser, world, java_script_enabled=False)
    page.locator(".open").first.click()
    number = page.url.split("/cases/")[1].split("?")[0]
    assert page.get_by_role("button", name="标为已读").count() == 0
    with world.app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.case_no == number)).one()
        with writing():
            talk = conversations.get_of_order(db.session.get_one(Order, (case.order_id, cast.shop)), clock.now())
            conversations.add_message(talk, "buyer", cast.buyer, "纸箱也破了", now=clock.now())
        db.session.remove()
    page.reload()
    page.get_by_role("button", name="标为已读").click()
    page.wait_for_url(lambda url: number in url and "tab=applied" in url and url.endswith("#talk"))
    assert page.get_by_role("button", name="标为已读").count() == 0
    with world.app.app_context():
        assert not any(db.session.scalars(db.select(Conversation.seller_unread)))
        db.session.remove()


def test_what_the_buyer_says_meanwhile_comes_into_the_case_and_is_read_once_in_sight(
    browser: Browser, busy: tuple[World, Cast]
) -> None:
    world, cast = busy
    page = opened(browser, world, viewport={"width": 1280, "height": 500})
    page.locator(".open").first.click()
    chat, box = page.locator("#talk .chat"), page.locator("#box-words")
    expect(page.locator("#talk").get_by_text("还没有消息")).to_be_visible()
    box.fill("正在看")
    page.evaluate("window.scrollTo(0, 0)")
    number = page.url.split("/cases/")[1].split("?")[0]

    def unread() -> int:
        with world.app.app_context():
            found = db.select(Conversation.seller_unread).join(Case, Case.order_id == Conversation.order_id)
            counted = db.session.scalars(found.where(Case.case_no == number)).one()
            db.session.remove()
        return counted

    with world.app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.case_no == number)).one()
        with writing():
            talk = conversations.get_of_order(db.session.get_one(Order, (case.order_id, cast.shop)), clock.now())
            conversations.add_message(talk, "buyer", cast.buyer, "纸箱也破了", now=clock.now())
        db.session.remove()
    expect(chat.get_by_text("纸箱也破了")).to_have_count(1, timeout=15_000)
    place = chat.bounding_box()
    assert place and place["y"] > 500 and page.evaluate("window.scrollY") == 0, "the page stays where one reads"
    assert unread() == 1 and box.input_value() == "正在看"
    with page.expect_response("**/contact/read") as told:
        chat.scroll_into_view_if_needed()
    assert told.value.status == 204 and unread() == 0
    expect(page.locator("#talk").get_by_text("还没有消息")).to_be_hidden()


def test_all_phrases_stand_within_the_box_of_a_desk(browser: Browser, busy: tuple[World, Cast]) -> None:
    """A mouse can't swipe: what ran off the edge of the row was out of its reach."""
    page = opened(browser, busy[0])
    with busy[0].app.app_context():
        order_no = busy[1].order().order_no
        db.session.remove()
    page.goto(f"/seller/orders/{order_no}/contact")
    row = page.get_by_role("group", name="常用语")
    expect(row.get_by_role("link", name="管理常用语")).to_be_visible()
    within = """(row) => [...row.children].every((each) => {
      const [one, all] = [each.getBoundingClientRect(), row.getBoundingClientRect()];
      return one.right <= all.right + 1 && one.bottom <= all.bottom + 1; })"""
    assert row.evaluate(within)


def test_the_time_left_runs_in_the_list_beside_a_case(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.clock.install()
    page.locator(".open").first.click()
    page.locator("#case").wait_for()
    left = page.locator(".list .left").first
    before = left.inner_text()
    page.clock.fast_forward("02:00:00")
    assert left.inner_text() != before and left.inner_text().startswith("还剩")


# Things to press that a thumb misses, also inside a table or a card.
LOW = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".skip, .vh"))
  .filter((e) => !["radio", "checkbox", "file"].includes(e.type) && e.getBoundingClientRect().height < 43)
  .map((e) => e.outerHTML.slice(0, 90))"""
LINKS = "() => [...document.querySelectorAll('a[href^=\"/\"]')].map((link) => link.getAttribute('href'))"


def test_the_warehouse_works_on_a_phone_without_script(browser: Browser, busy: tuple[World, Cast]) -> None:
    """Nothing scrolls sideways or is too low for a thumb, and no link leads where this role may not go."""
    world, cast = busy
    with world.app.app_context():
        cast.employ(cast.shop, "buyer2", "warehouse")
        known = {state: cast.until(state).case_no for state in ("inspecting", "reshipping")}
        db.session.remove()
    context = browser.new_context(base_url=world.url, locale="zh-CN", **KINDS["phone-without-script"])
    context.set_default_timeout(10_000)
    page = context.new_page()
    Person(page).signs_in("buyer2", "/seller/scan")
    page.goto("/seller/scan?number=99887766554433")
    page.get_by_label("里面是什么").fill("白色短袜 3 双" + "abcdefgh" * 6)
    page.get_by_role("button", name="登记无主件").click()
    wrong: list[str] = []
    asked: dict[str, int] = {}
    for address in (
        "/seller",
        "/seller?tab=arrived",
        "/seller/scan",
        "/seller/scan?number=99887766554434",
        "/seller/unidentified",
        "/seller/shipping",
        f"/seller/shipping/{known['reshipping']}",
        f"/seller/cases/{known['inspecting']}",
        f"/seller/cases/{known['inspecting']}/accept_goods?scanned=75484863576596",
        "/seller/pick-list",
        "/seller/disposals",
        "/seller/orders",
    ):
        page.goto(address)
        for width in (390, 360, 320):
            page.set_viewport_size({"width": width, "height": 844})
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wrong.append(f"{address} scrolls sideways at {width}")
        wrong += [f"{address} too low: {found}" for found in page.evaluate(LOW)]
        for link in {href.split("#")[0] for href in page.evaluate(LINKS)} - set(asked) - {""}:
            asked[link] = context.request.get(link, max_redirects=0).status
            if asked[link] >= 400:
                wrong.append(f"{address} leads to {link}: {asked[link]}")
    context.close()
    assert len(asked) > 30 and not wrong, "\n".join(wrong)
