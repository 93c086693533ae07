"""The seller's day in clicks, keys and scans: each job of the measured table, with script and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from portal.applications import dispatch_work
from portal.calendar import clock
from portal.cases import bulk_work, held
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import BulkRun, Case, Order, OrderLine, SoldAs, User
from portal.models.orders import make_sold_as
from portal.parcels import following
from portal.people import sessions
from tests.cast import Cast
from tests.conftest import make_app
from tests.e2e.conftest import World, serving
from tests.e2e.pages import press_key

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SIMPLE, FEW, ALIKE, WHOLE, TO_SEND, ORDERS = (
    20,
    5,
    200,
    30,
    4,
    100,
)  # FEW: where each costs the same, some stand for all
WINDOW: ViewportSize = {"width": 1280, "height": 800}
PARCEL = "7548486300{:04d}"  # on its way back
OUT = "SF13856287{:05d}"
BY_MOUSE, BY_KEYS = "tab=applied&reason=size&type=exchange", "tab=applied&reason=damaged&type=exchange"
REFUNDS = "tab=applied&type=refund_only"
BY_MANY = "tab=applied&type=reissue"


@dataclass
class Cost:
    """What a job took; a scan is a number and the Enter that the scanner sends behind it."""

    clicks: int = 0
    keys: int = 0
    scans: int = 0


class Hand:
    """A person at the desk whose clicks, keys and scans are counted. What is typed or pasted as words is not."""

    def __init__(self, page: Page) -> None:
        self.page, self.cost = page, Cost()

    def click(self, target: Locator) -> None:
        target.click()
        self.cost.clicks += 1

    def choose(self, target: Locator, value: str) -> None:
        """Of a list that drops down: one click opens it, another one chooses."""
        target.select_option(value)
        self.cost.clicks += 2

    def press(self, key: str) -> None:
        press_key(self.page, key)
        self.cost.keys += 1

    def type(self, words: str) -> None:
        """Words go where the focus is."""
        self.page.keyboard.insert_text(words)

    def scan(self, number: str, box: Locator) -> None:
        """A scanner writes where the focus is: that is ``box``, without a click."""
        expect(box).to_be_focused()
        self.page.keyboard.insert_text(number)
        self.page.keyboard.press("Enter")
        self.cost.scans += 1


@dataclass
class Scene:
    """A shop on a busy morning, and one browser on it."""

    world: World
    cast: Cast
    page: Page
    script: bool
    to_send: list[str]
    orders: list[str]
    late: str
    sought: dict[str, str]
    sought_no: str
    report: dict[str, tuple[Cost, str]]

    def sit_down(self, at: str) -> Hand:
        self.page.goto(at)
        return Hand(self.page)

    def note(self, job: str, hand: Hand, goal: str) -> Cost:
        self.report[job] = hand.cost, goal
        return hand.cost

    def count(self, state: str) -> int:
        """The cases in a state, once what was held back is done."""
        with self.world.app.app_context():
            held.carry_out_due(clock.now() + held.HELD_FOR)
            while db.session.scalar(db.select(BulkRun.id).where(BulkRun.state == "running").limit(1)):
                bulk_work.work_off(clock.now())
                db.session.rollback()
            found = db.session.scalar(db.select(db.func.count(Case.id)).where(Case.state == state))
            db.session.remove()
        return int(found or 0)

    def count_sent(self) -> int:
        """The orders of the table that are on their way, once the work beside the requests is done."""
        with self.world.app.app_context():
            for _ in range(3):
                dispatch_work.work_off(clock.now())
                db.session.rollback()
            mine = db.select(db.func.count(Order.id)).where(Order.order_no.in_(self.orders))
            found = db.session.scalar(mine.where(Order.status == "in_transit"))
            db.session.remove()
        return int(found or 0)


def fill(cast: Cast, now: Any) -> dict[str, Any]:
    """Twenty simple exchanges, two hundred cases alike, thirty parcels, what is to be sent, what is late."""
    cast.employ(cast.shop, "buyer2", "agent")
    order = cast.order(milli=10_000_000)
    for place in range(SIMPLE + FEW):  # those for the mouse and those for the keys are lists of their own
        reason = "damaged" if place < SIMPLE else "size"
        cast.open_case(order, milli=1_000, now=now - timedelta(minutes=place), reason=reason)
    for _ in range(FEW):
        cast.open_case(order, milli=1_000, case_type=CaseType.REFUND_ONLY)
    for _ in range(ALIKE):
        cast.open_case(order, milli=1_000, case_type=CaseType.REISSUE, reason="missing_item")
    for place in range(WHOLE):
        case = cast.take(cast.open_case(order, milli=1_000), "agree", Actor.SELLER)
        cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", PARCEL.format(place))])
    sent = [cast.until("reshipping", order=order, milli=1_000).case_no for _ in range(2 * TO_SEND)]
    orders = [cast.order(status="unshipped", tracking_text="").order_no for _ in range(ORDERS)]
    late = cast.open_case(order, milli=1_000, now=now - timedelta(days=1), case_type=CaseType.RETURN_REFUND)
    with writing():
        db.session.execute(db.update(Case).where(Case.id == late.id).values(due_at=now - timedelta(hours=1)))
    rare_goods = "双肩背包 大容量"
    rare = cast.order(
        buyer=cast.buyer2,
        order_no="8123456789012345678",
        receiver_name="欧阳建国",
        receiver_phone="15987654321",
        tracking_text="YT7000123456789",
        title=rare_goods,
    )
    found = cast.until("completed", order=rare, milli=1_000)
    with writing():
        following.follow_order(db.session.get_one(Order, (rare.id, cast.shop)), now)
        db.session.execute(db.update(OrderLine).where(OrderLine.order_id == rare.id).values(cargo_no="BP-7788"))
        line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == rare.id)).one()
        said = make_sold_as(line.shop_id, line.product_id or 0, line.title, line.spec, "BP-7788")
        db.session.execute(db.insert(SoldAs), [said])
    sought = {
        "运单号": "YT7000123456789",
        "手机号": "15987654321",
        "手机后四位": "4321",
        "收货人": "欧阳建国",
        "公司": "buyer2公司",
        "会员名": "buyer2",
        "商品": "双肩背包",
        "货号": "BP-7788",
        "订单号的一部分": "345678",
        "售后单号": found.case_no,
    }
    return {"to_send": sent, "orders": orders, "late": late.case_no, "sought": sought, "sought_no": found.case_no}


@pytest.fixture(scope="module")
def morning(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast, dict[str, Any]]:
    """The folder of a database in which the day begins, made once."""
    folder = tmp_path_factory.mktemp("morning") / "data"
    with make_app(folder, sqlite_template).app_context():
        cast = Cast.make(clock.now())
        facts = fill(cast, cast.now)
        db.session.remove()
        db.engine.dispose()
    return folder, cast, facts


@pytest.fixture(scope="module", params=[True, False], ids=["script", "plain"])
def scene(
    request: pytest.FixtureRequest,
    browser: Browser,
    morning: tuple[Path, Cast, dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """The morning, with script and without; the jobs don't touch each other's cases. -s prints what they took."""
    start, cast, facts = morning
    app = make_app(tmp_path_factory.mktemp("clicks") / "data", start)
    with app.app_context():
        cookie = sessions.sign_in(db.session.get_one(User, cast.seller), now=clock.now())
        db.session.remove()
    with serving(app) as world:
        context = browser.new_context(
            base_url=world.url, locale="zh-CN", viewport=WINDOW, java_script_enabled=request.param
        )
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": "sid", "value": cookie, "url": world.url}])
        made = Scene(world, cast, context.new_page(), request.param, **facts, report={})
        yield made
        context.close()
    for job, (cost, goal) in made.report.items():
        print(f"\n{'with' if request.param else 'without'} script | {job} | {asdict(cost)} | {goal}", end="")


def go_through(hand: Hand, number: int, within: str, decide: Callable[[], None]) -> None:
    """Decide on so many cases of the list, each with what was applied for in sight; the next one comes by itself."""
    page, seen = hand.page, set()
    for _ in range(number):
        seen.add(page.locator("h1").inner_text())
        assert page.get_by_role("heading", name="申请内容").is_visible() and within in page.url
        was = page.locator("h1").inner_text()
        decide()
        expect(page.locator("h1")).not_to_have_text(was)
    assert len(seen) == number and within in page.url


@pytest.mark.parametrize(("within", "becomes"), [(BY_MOUSE, "returning"), (REFUNDS, "refunding")])
def test_simple_approvals_by_mouse(scene: Scene, within: str, becomes: str) -> None:
    hand = scene.sit_down(f"/seller?{within}")
    page, before = scene.page, scene.count(becomes)
    hand.click(page.locator(".open").first)
    page.locator("#case").wait_for()
    go_through(hand, FEW, within, lambda: hand.click(page.get_by_role("button", name="同意", exact=True)))
    cost = scene.note(f"{FEW} simple 同意 by mouse, {becomes}", hand, f"{2 * FEW} clicks")
    assert scene.count(becomes) - before == FEW
    assert cost.clicks == 1 + FEW <= 2 * FEW and cost.keys == 0


def test_simple_approvals_by_keyboard(scene: Scene) -> None:
    if not scene.script:
        pytest.skip("single keys are the script's; without it the mouse or Tab")
    hand = scene.sit_down(f"/seller?{BY_KEYS}")
    page, before = scene.page, scene.count("returning")
    hand.press("j")
    hand.press("Enter")
    page.locator("#case").wait_for()
    go_through(hand, 1, BY_KEYS, lambda: hand.press("a"))
    expect(page.get_by_role("button", name="撤回").first).to_be_visible()
    go_through(hand, SIMPLE - 1, BY_KEYS, lambda: hand.press("a"))
    page.locator("#page").get_by_text("这一列后面没有了").wait_for()
    cost = scene.note(f"{SIMPLE} simple 同意 by keyboard", hand, f"{SIMPLE} keys")
    assert scene.count("returning") - before == SIMPLE
    assert cost.keys == SIMPLE + 2 and cost.clicks == 0  # two open the first


def test_two_hundred_alike(scene: Scene) -> None:
    hand = scene.sit_down(f"/seller?{BY_MANY}")
    page = scene.page
    hand.click(page.get_by_text("批量处理"))
    hand.click(page.get_by_label(f"这一列全部（{ALIKE} 张）"))
    hand.click(page.locator("#bulk").get_by_role("button", name="同意"))
    page.get_by_text(f"将处理 {ALIKE} 张").wait_for()
    before = scene.count("reshipping")
    hand.click(page.get_by_role("button", name=f"同意 {ALIKE} 张"))
    page.get_by_role("progressbar").wait_for()
    assert scene.count("reshipping") - before == ALIKE
    if not scene.script:
        hand.click(page.get_by_role("link", name="刷新进度"))
    page.get_by_text(f"成功 {ALIKE}，跳过 0").wait_for()
    assert scene.note(f"{ALIKE} homogeneous 同意", hand, "≤ 6 clicks").clicks <= 6 and hand.cost.keys == 0


def test_a_parcel_in_the_hand_and_thirty_in_a_row(scene: Scene) -> None:
    hand = scene.sit_down("/seller/scan")
    page, before = scene.page, scene.count("reshipping")
    number = WHOLE if scene.script else FEW
    for place in range(number):
        hand.scan(PARCEL.format(place), page.get_by_label("运单号、售后单号或订单号"))
        expect(page.get_by_label("收到数量")).to_be_focused()
        assert page.get_by_label("通过数量").input_value() == "1"
        if not place:
            scene.report["parcel in hand → open to be counted"] = replace(hand.cost), "one scan"
            assert hand.cost == Cost(scans=1)
        hand.press("Enter")
        expect(page.locator("#page").get_by_text("验货结果已记下，可以在下面撤回；请扫描下一件")).to_be_visible()
    cost = scene.note(f"count {number} whole parcels", hand, f"{number} scans and {number} Enter")
    assert (cost.clicks, cost.keys, cost.scans) == (0, number, number)
    assert scene.count("reshipping") - before == number


def test_a_case_is_found_by_whatever_is_known(scene: Scene) -> None:
    page = scene.page
    for kind, needle in scene.sought.items():
        hand = scene.sit_down("/seller/notices")
        if scene.script:
            hand.press("/")
        else:
            hand.click(page.get_by_role("searchbox", name="搜索售后、订单、运单、买家"))
        hand.type(needle)
        hand.press("Enter")
        page.wait_for_url(lambda url: "/notices" not in url)
        opened = page.locator("h1", has_text=scene.sought_no)
        expect(opened.or_(page.locator(f'a[href="/seller/cases/{scene.sought_no}"]').first), kind).to_be_visible()
        cost = scene.note(f"find a case by {kind}", hand, "≤ 3 keys after pasting")
        assert cost.keys + cost.clicks <= 3


def test_what_is_to_be_sent_goes_out_by_a_table(scene: Scene, tmp_path: Path) -> None:
    chosen = scene.to_send[:TO_SEND]
    lines = [f"{case_no},顺丰,{OUT.format(place)}" for place, case_no in enumerate(chosen)]
    table = tmp_path / "parcels.csv"
    table.write_text("\n".join(["售后单号,物流公司,运单号", *lines]))
    hand = scene.sit_down("/seller")
    page, before = scene.page, scene.count("confirming")
    hand.click(page.get_by_role("link", name="发货台"))
    hand.click(page.get_by_role("link", name="用表格发货"))
    page.get_by_label("填好运单号的表格").set_input_files(str(table))
    hand.cost.clicks += 2  # the button of the field, the file in the window that it opens
    hand.click(page.get_by_role("button", name="上传并检查"))
    page.get_by_text(f"将处理 {TO_SEND} 张").wait_for()
    hand.click(page.get_by_role("button", name=f"发货 {TO_SEND} 张"))
    page.get_by_role("progressbar").wait_for()
    assert scene.count("confirming") - before == TO_SEND
    cost = scene.note("send replacements, any number, by a table", hand, "one table in")
    assert cost.clicks <= 6 and cost.keys == 0


def test_a_hundred_orders_go_out_by_a_table(scene: Scene, tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    lines = [f"{order_no},{OUT.format(1000 + place)}" for place, order_no in enumerate(scene.orders)]
    table.write_text("\n".join(["订单编号,运单号", *lines]))
    hand = scene.sit_down("/seller")
    page = scene.page
    hand.click(page.get_by_role("link", name="订单", exact=True))
    hand.click(page.get_by_role("link", name="用表格发货"))
    page.get_by_label("填好运单号的表格").set_input_files(str(table))
    hand.cost.clicks += 2  # the button of the field, the file in the window that it opens
    hand.click(page.get_by_role("button", name="上传并检查"))
    page.get_by_text("以上只是检查，还没有发货").wait_for()
    hand.click(page.get_by_role("button", name=f"发货 {ORDERS} 笔"))
    page.get_by_role("progressbar").wait_for()
    cost = scene.note(f"send {ORDERS} orders by a table", hand, "≤ 6 clicks")
    assert cost.clicks <= 6 and cost.keys == 0
    assert scene.count_sent() == ORDERS
    if not scene.script:
        page.get_by_role("link", name="刷新进度").click()
    page.get_by_text(f"已发货 {ORDERS} 笔").wait_for()


def test_what_is_to_be_sent_goes_out_by_scans(scene: Scene) -> None:
    hand = scene.sit_down("/seller/shipping")
    page, before = scene.page, scene.count("confirming")
    for place, case_no in enumerate(scene.to_send[TO_SEND:]):
        hand.scan(case_no, page.get_by_label("售后单号、退回的运单号或订单号"))
        hand.scan(OUT.format(90 + place), page.get_by_label("运单号", exact=True))
        expect(page.locator("#page").get_by_text("已登记发货，可以在下面撤回")).to_be_visible()
    cost = scene.note(f"send {TO_SEND} replacements at 发货台", hand, "scans alone: the case's, the waybill's")
    assert (cost.clicks, cost.keys, cost.scans) == (0, 0, 2 * TO_SEND)
    assert scene.count("confirming") - before == TO_SEND


def test_a_case_is_handed_over_with_a_word(scene: Scene) -> None:
    hand = scene.sit_down(f"/seller/cases/{scene.late}")
    page = scene.page
    card = page.locator("#team")
    hand.click(card.locator("summary", has_text="转交"))
    option = card.get_by_label("转交给").locator("option", has_text="buyer2")
    hand.choose(card.get_by_label("转交给"), option.get_attribute("value") or "")
    card.get_by_label("转交给").press("Tab")
    hand.cost.keys += 1
    hand.type("客户催得急，请您先看")
    hand.press("Enter")
    page.wait_for_url("**said=handed-over*")
    expect(page.locator("#team")).to_contain_text("客户催得急，请您先看")
    assert scene.note("hand a case over with a word", hand, "3 clicks").clicks <= 3


def test_what_is_overdue_is_the_first_thing_seen(scene: Scene) -> None:
    hand = scene.sit_down("/seller")
    page = scene.page
    first = page.get_by_role("list", name="今天").get_by_role("link").first
    box = first.bounding_box()
    assert box is not None and box["y"] < 100 and first.inner_text().split() == ["已超时", "1"]
    assert scene.late in page.locator("#rows tr").first.inner_html()
    assert scene.note("what is overdue", hand, "the first thing seen") == Cost()
