"""Photos travel one by one while the form is filled in; nothing is lost on the way and nothing comes twice."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from portal.extensions import db, writing
from portal.models import Draft, Evidence, Order, OrderLine
from portal.rights.reasons import most_photos
from tests.cast import PASSWORD
from tests.e2e.conftest import World
from tests.e2e.pages import Buyer
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ARRIVED = ".tiles [data-id]"


def begin(world: World, page: Page) -> tuple[Buyer, str]:
    """A buyer on the page of the details, and the order's number."""
    order_no, _ = world.exchangeable()
    with world.app.app_context(), writing():  # the last test's draft
        db.session.execute(db.update(Evidence).values(draft_id=None))
        db.session.execute(db.delete(Draft))
    buyer = Buyer(page)
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    page.goto(f"/orders/{order_no}/apply")
    if page.locator('a.row[href*="line="]').count():
        page.locator('a.row[href*="line="]').first.click()
    buyer.chooses("破损")
    page.wait_for_url("**/apply/details")
    return buyer, order_no


def kept(world: World, order_no: str) -> list[Any]:
    """(width, height, bytes) of the photos on the order's draft, in their order."""
    with world.app.app_context():
        query = db.select(Evidence.width, Evidence.height, Evidence.bytes).order_by(*Evidence.in_order())
        rows = db.session.execute(
            query.join(Draft, Draft.id == Evidence.draft_id)
            .join(Order, Order.id == Draft.order_id)
            .where(Order.order_no == order_no)
        ).all()
        db.session.remove()
    return [tuple(row) for row in rows]


def pick(page: Page, *files: tuple[str, bytes]) -> None:
    payload = [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in files]
    page.locator("#photos").set_input_files(payload)  # type: ignore[arg-type]


def some(number: int, size: tuple[int, int] = (640, 480)) -> tuple[str, bytes]:
    out = io.BytesIO()
    Image.new("RGB", size, (number * 25 % 256, number * 60 % 256, 90)).save(out, "JPEG")
    return f"{number}.jpg", out.getvalue()


def test_photos_are_there_before_the_form_is_sent(world: World, visit: Any, tmp_path: Path) -> None:
    page: Page = visit("phone")
    _, order_no = begin(world, page)
    sent: list[int] = []
    page.on(
        "request",
        lambda request: (
            sent.append(len(request.post_data_buffer or b"")) if request.url.endswith("/apply/photos") else None
        ),
    )
    chat = Image.open(Path(__file__).parents[1] / "data" / "long_chat_1080x8000.jpg")
    long = io.BytesIO()
    chat.convert("RGB").save(long, "JPEG", quality=70)
    pick(page, ("大.jpg", photo((4032, 3024))), ("聊天.jpg", long.getvalue()))
    expect(page.locator(ARRIVED)).to_have_count(2, timeout=60_000)
    assert sent[0] < 420 * 1024
    assert kept(world, order_no)[0][:2] == (1600, 1200)
    assert kept(world, order_no)[1][:2] == (1080, 8000)
    page.reload()
    expect(page.locator(ARRIVED)).to_have_count(2)
    page.screenshot(path=str(tmp_path / "photos.png"))


def count_most(world: World, order_no: str) -> int:
    """How many photos an application for this order may bring."""
    with world.app.app_context():
        lines = db.select(db.func.count(OrderLine.id)).join(Order, Order.id == OrderLine.order_id)
        found = db.session.scalars(lines.where(Order.order_no == order_no)).one()
        db.session.remove()
    return most_photos(found)


def test_the_same_photo_and_one_too_many_are_not_added(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    _, order_no = begin(world, page)
    most = count_most(world, order_no)
    pick(page, some(1))
    expect(page.locator(ARRIVED)).to_have_count(1, timeout=30_000)
    pick(page, some(1))
    page.get_by_text("这张照片已经添加过").first.wait_for()
    expect(page.locator(ARRIVED)).to_have_count(1)
    pick(page, *(some(number) for number in range(2, most + 2)))
    page.get_by_text(f"最多 {most} 张照片，多选的 1 张没有添加").first.wait_for()
    expect(page.locator(ARRIVED)).to_have_count(most, timeout=60_000)
    assert len(kept(world, order_no)) == most


def test_photos_are_put_in_order_by_keyboard(world: World, visit: Any, tmp_path: Path) -> None:
    page: Page = visit("phone")
    _, order_no = begin(world, page)
    page.get_by_label("换货原因描述").fill("袜子破洞")
    pick(page, some(1, (640, 480)), some(2, (650, 480)), some(3, (660, 480)))
    expect(page.locator("#on-draft [data-id]")).to_have_count(3, timeout=60_000)
    last = page.locator("#on-draft [data-id]").nth(2).get_attribute("data-id")
    moved = page.locator(f'#on-draft [data-id="{last}"]')
    for place in (1, 0):
        moved.get_by_role("button", name="前移").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#on-draft [data-id]").nth(place)).to_have_attribute("data-id", last or "")
        expect(moved.locator(":focus")).to_have_count(1)
    for box in (button.bounding_box() for button in moved.get_by_role("button").all()):
        assert box and box["width"] >= 44 and box["height"] >= 44
    expect(moved.get_by_role("button", name="前移")).to_have_count(0)  # nothing is before the first
    page.screenshot(path=str(tmp_path / "order.png"))
    assert [width for width, _, _ in kept(world, order_no)] == [660, 640, 650]
    page.get_by_label("换货数量").first.fill("1")
    page.get_by_label("换货数量").first.press("Enter")
    page.wait_for_url("**/apply/check")


def test_words_that_were_sent_without_a_network_outlive_the_tab(world: World, visit: Any) -> None:
    """下一步 took them off the list of what is to be saved, and nobody put them back when it didn't arrive."""
    page: Page = visit("phone")
    buyer, order_no = begin(world, page)
    page.get_by_label("换货原因描述").fill("袜子破洞")
    page.context.set_offline(True)
    page.get_by_label("换货原因描述").fill("袜子破洞，两双都有，商标也掉了")
    buyer.press("下一步")
    expect(page.locator(".banner")).to_contain_text("网络不可用")
    with page.expect_response("**/apply/save", timeout=30_000):
        page.context.set_offline(False)
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(f"/orders/{order_no}/apply/details")
    expect(again.get_by_label("换货原因描述")).to_have_value("袜子破洞，两双都有，商标也掉了")


def test_without_a_network_photos_wait_and_go_when_it_is_back(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    buyer, order_no = begin(world, page)
    page.context.set_offline(True)
    pick(page, some(1), some(2))
    expect(page.locator(".tile.failed")).to_have_count(2)
    expect(page.get_by_role("button", name="重试").first).to_be_visible()
    assert kept(world, order_no) == []
    page.context.set_offline(False)
    expect(page.locator(ARRIVED)).to_have_count(2, timeout=30_000)
    expect(page.locator(".tile.failed")).to_have_count(0)
    page.get_by_label("换货数量").first.fill("1")
    page.get_by_label("换货原因描述").fill("袜子破洞，两双都有")
    buyer.press("下一步")
    page.wait_for_url("**/apply/check")
    assert len(kept(world, order_no)) == 2


def test_a_lost_answer_doubles_nothing(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    _, order_no = begin(world, page)
    lost: list[str] = []

    def lose(route: Any) -> None:
        if lost:
            return route.continue_()
        lost.append(route.request.url)
        route.fetch()
        return route.abort()

    page.route("**/apply/photos", lose)
    pick(page, some(1))
    expect(page.locator(".tile.failed")).to_have_count(1)
    page.get_by_role("button", name="重试").click()
    expect(page.locator(ARRIVED)).to_have_count(1, timeout=30_000)
    assert len(kept(world, order_no)) == 1


def test_every_field_is_there_after_the_tab_was_lost(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    _, order_no = begin(world, page)
    with page.expect_response("**/apply/save"):
        page.get_by_label("换货数量").first.fill("2")
        page.get_by_label("换货原因描述").fill("颜色和图片不一样")
        page.get_by_label("联系电话").fill("1380013")
    page.wait_for_timeout(100)
    again = page.context.new_page()
    page.close()
    again.goto(f"/orders/{order_no}/apply/details")
    assert again.get_by_label("换货数量").first.input_value() == "2"
    assert again.get_by_label("换货原因描述").input_value() == "颜色和图片不一样"
    assert again.get_by_label("联系电话").input_value() == "1380013"
    again.goto(f"/orders/{order_no}/apply")
    if again.locator("input[name=reason]").count() == 0:  # of several goods one is chosen first, draft or not
        again.locator('a[href*="/apply?line="]').first.click()
    expect(again.locator("input[name=reason]:checked")).to_have_count(1)


@pytest.mark.parametrize("first", ["the sum", "the form"])
def test_signed_out_in_another_tab_nothing_is_lost(world: World, visit: Any, first: str) -> None:
    """What the page asks by itself, the sum of a refund, is answered before or after the form is."""
    page: Page = visit("phone")
    buyer, order_no = begin(world, page)
    pick(page, some(1))
    expect(page.locator(ARRIVED)).to_have_count(1, timeout=30_000)
    page.context.clear_cookies()  # what signing out in another tab leaves
    dialog, of_the_sum = page.get_by_role("dialog"), lambda answer: "/apply/amount" in answer.url
    if first == "the form":
        page.route("**/apply/amount?*", lambda route: (dialog.wait_for(), route.continue_()))
    page.get_by_label("换货原因描述").fill("外箱压坏")
    with page.expect_response(of_the_sum):
        page.get_by_label("换货数量").first.fill("2")
        if first == "the form":
            buyer.press("下一步")
    dialog.get_by_label("密码").fill(PASSWORD)
    dialog.get_by_role("button", name="登录并继续").click()
    if first == "the sum":
        expect(dialog).to_have_count(0)
        buyer.press("下一步")
    page.wait_for_url("**/apply/check")
    expect(page.get_by_text("×2")).to_be_visible()
    expect(page.get_by_text("外箱压坏")).to_be_visible()
    assert len(kept(world, order_no)) == 1


def large(number: int) -> tuple[str, bytes]:
    """A photo of twelve megapixels, not the same as any other."""
    out = io.BytesIO()
    small = Image.effect_noise((400, 300), 20 + number).convert("RGB")
    small.resize((4000, 3000)).save(out, "JPEG", quality=80)
    return f"{number}.jpg", out.getvalue()


def slow_down(page: Page) -> None:
    """The rate and the delay of a slow mobile network, so that photos are still under way when the page is left."""
    network = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", network)


@pytest.mark.nightly
def test_nine_large_photos_survive_a_slow_network_a_killed_tab_and_none(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    _, order_no = begin(world, page)
    photos = [large(number) for number in range(9)]
    slow_down(page)
    pick(page, *photos)
    expect(page.locator(ARRIVED).first).to_be_visible(timeout=60_000)
    second = page.context.new_page()
    page.close()  # with the others under way
    second.goto(f"/orders/{order_no}/apply/details")
    there = second.locator(ARRIVED).count()
    assert 1 <= there < 9
    second.context.set_offline(True)
    pick(second, *photos[there:])
    expect(second.locator(".tile.failed")).to_have_count(9 - there, timeout=60_000)
    second.context.set_offline(False)
    expect(second.locator(ARRIVED)).to_have_count(9, timeout=120_000)
    expect(second.locator(".tile.failed, .tile.busy, .tile.sending")).to_have_count(0)
    third = second.context.new_page()
    third.goto(f"/orders/{order_no}/apply/details")
    expect(third.locator(ARRIVED)).to_have_count(9)
    found = kept(world, order_no)
    assert len(found) == 9 and {max(size[:2]) for size in found} == {1_600}
    second.get_by_label("换货数量").first.fill("1")
    second.get_by_label("换货原因描述").fill("九张照片都是破损的地方")
    Buyer(second).press("下一步")
    second.wait_for_url("**/apply/check")
    second.get_by_role("button", name="提交申请").click()
    second.locator('#case[data-state="applied"]').wait_for()
    third.reload()  # the draft is gone: there is nothing to hand in twice
    expect(third.get_by_role("button", name="提交申请")).to_have_count(0)
    with world.app.app_context():
        query = db.select(Order.case_count).where(Order.order_no == order_no)
        assert db.session.scalar(query) == 1
        db.session.remove()


def test_a_photo_is_chosen_without_script_by_words_of_ours(world: World, visit: Any) -> None:
    """The browser's own button stands nowhere; words and keys open its dialog, and what was chosen is shown."""
    page = visit("phone-without-script")
    begin(world, page)
    words = page.locator(".field > .tiles .tile.add:visible", has_text="添加照片").first
    field = words.locator("input[type=file]")
    assert field.evaluate("each => getComputedStyle(each, '::file-selector-button').display") == "none"
    seen = "each => getComputedStyle(each).opacity"
    unchosen = page.locator(".tile.add:visible input[type=file]")
    assert set(unchosen.evaluate_all(f"each => each.map({seen})")) == {"0"}, "no words of the browser's beside ours"
    field.focus()
    assert words.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    with page.expect_file_chooser() as opened:
        words.get_by_text("添加照片").click(force=True)  # the field itself lies over them, unseen
    opened.value.set_files({"name": "外箱.jpg", "mimeType": "image/jpeg", "buffer": photo((640, 480))})
    assert field.evaluate("each => each.files.length") == 1
    assert field.evaluate(seen) == "1", "its name stands beside our words"
    with page.expect_file_chooser():
        field.press("Enter")
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        box = words.bounding_box()
        assert box is not None and box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_nothing_is_held_back_for_want_of_a_photo(world: World, visit: Any) -> None:
    """The mark that the stylesheet reads asks for nothing: the server says what is missing. Scripts take it away."""
    page = visit("phone-without-script")
    begin(world, page)
    Buyer(page).press("下一步")
    expect(page.locator("[role=alert]").first).to_be_visible()
    scripted = visit("phone")
    begin(world, scripted)
    assert scripted.locator(".tiles input[type=file]").count()
    expect(scripted.locator(".tiles input[type=file]:required")).to_have_count(0)
