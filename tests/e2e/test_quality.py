"""What is learned from cases, in a browser: the customer's page, 抽检, the supplier's view, words, 整改, logistics."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from portal.calendar import clock, weeks
from portal.extensions import db, writing
from portal.models import Case, Order, Product, Shipment, Shop, User
from portal.models.keys import make_id
from tests.e2e.conftest import World
from tests.e2e.pages import Person

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What is pressed on a phone and lower than a finger; links inside a sentence or a table's cell are as high as its line.
LOW = """() => [...document.querySelectorAll("a[href], button, select, summary, input:not([type=hidden])")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".skip, .vh, p:not(.flow)"))
  .filter((e) => e.getBoundingClientRect().height < 43.5)
  .map((e) => e.outerHTML.slice(0, 90) + " " + e.getBoundingClientRect().height)"""
PLAIN = pytest.mark.parametrize("plain", [False, pytest.param(True, marks=pytest.mark.nightly)])


def find(lively: World, column: Any, *where: Any) -> Any:
    """A column of something of ``seller``'s shop, the newest first."""
    model = column.class_
    with lively.app.app_context():
        query = db.select(column).join(Shop, Shop.id == model.shop_id).join(User, User.id == Shop.owner_id)
        found = db.session.scalars(query.where(User.member_name == "seller", *where).order_by(model.id.desc())).first()
        db.session.remove()
    assert found is not None
    return found


def sit_down(lively: World, visit: Any, plain: bool, at: str, who: str = "seller", kind: str = "desk") -> Person:
    """Somebody signed in, at this address."""
    person = Person(visit(kind, base_url=lively.url, java_script_enabled=not plain))
    person.signs_in(who, at)
    return person


@PLAIN
def test_one_customer_on_one_page(lively: World, visit: Any, plain: bool) -> None:
    order_no = find(lively, Order.order_no, Order.case_count > 0)
    seller = sit_down(lively, visit, plain, "/seller/customers")
    page, note = seller.page, f"换货先发照片 {plain}"
    page.goto(f"/seller/orders/{order_no}/customer")
    page.get_by_label("标签").fill("老客户")
    page.get_by_label("备注", exact=True).fill(note)
    seller.press("添加备注")
    timeline = page.locator("#timeline")
    timeline.get_by_text(note).wait_for()
    timeline.get_by_text(re.compile("申请(换货|退货退款|仅退款|补发)")).first.wait_for()
    with page.expect_download() as download:
        seller.press("导出")
    assert note in download.value.path().read_text("unicode_escape")
    stranger = sit_down(lively, visit, plain, "/seller/customers", "seller2")
    answer = stranger.page.goto(f"/seller/orders/{order_no}/customer")
    assert answer is not None and answer.status == 404


@PLAIN
def test_a_batch_is_sampled_and_its_number_opens_its_cases(lively: World, visit: Any, plain: bool) -> None:
    product = find(lively, Product.id, Product.title.startswith("无线蓝牙耳机"))
    seller = sit_down(lively, visit, plain, "/seller/products")
    page, supplier = seller.page, f"东阳二厂 {plain}"
    page.goto(f"/seller/products/{product}")
    page.get_by_role("link", name="登记一批").click()
    page.get_by_label("供应商").fill(supplier)
    page.get_by_label("批量（件）").fill("2000")
    page.get_by_label("从哪一天起发这一批").fill(f"{clock.now() - timedelta(days=50 + plain):%Y-%m-%d}")
    seller.press("登记")
    page.get_by_text("8 件及以上拒收").wait_for()
    page.get_by_label("不合格数").fill("9")
    page.get_by_label("说明").fill("左耳没有声音")
    seller.press("登记结果")
    page.get_by_text("125 件里有 9 件不合格，不合格").wait_for()
    if plain:  # all that was sold since belongs to the batch of the other run
        return
    page.get_by_role("link", name=re.compile(r"^\d+ 行$")).click()
    page.get_by_role("heading", name="有问题的售后单").wait_for()
    page.get_by_text(supplier).wait_for()
    page.locator("#cases .gallery a").first.wait_for()
    tops = [each.bounding_box() for each in page.locator("#cases > li").all()[:2]]
    assert len({box["y"] for box in tops if box}) == 1  # side by side at a desk


@PLAIN
def test_a_supplier_sees_their_goods_at_a_distributor_who_shows_them(lively: World, visit: Any, plain: bool) -> None:
    distributor = sit_down(lively, visit, plain, "/seller/chains", "distributor", "phone")
    page = distributor.page
    page.goto("/seller/chains/shares")
    switch = page.get_by_role("button", name=re.compile("恒盛针织旗舰店"))
    if "开启" in switch.inner_text():
        switch.click()
        page.get_by_role("button", name=re.compile("关闭.*恒盛针织旗舰店")).wait_for()
    seller = sit_down(lively, visit, plain, "/seller/quality")
    seller.press("分销商处的质量")
    seller.page.get_by_role("heading", name="海角精选").wait_for()
    page.get_by_role("button", name=re.compile("恒盛针织旗舰店")).click()
    page.get_by_role("button", name=re.compile("开启.*恒盛针织旗舰店")).wait_for()
    seller.page.reload()
    seller.page.get_by_text("还没有分销商让您看到").wait_for()


@PLAIN
def test_a_supplier_reads_the_shared_board_on_a_phone(lively: World, visit: Any, plain: bool) -> None:
    distributor = sit_down(lively, visit, plain, "/seller/chains/shares", "distributor")
    opens = distributor.page.get_by_role("button", name=re.compile("开启.*恒盛针织旗舰店"))
    if opens.count():
        opens.click()
    distributor.page.get_by_role("button", name=re.compile("关闭.*恒盛针织旗舰店")).wait_for()
    seller = sit_down(lively, visit, plain, "/seller/quality/resold", kind="phone")
    page = seller.page
    page.get_by_role("heading", name="海角精选").wait_for()
    assert page.get_by_text("每 100 行").or_(page.get_by_text("没有登记质量问题")).count()
    if not plain:  # without script nothing can be measured
        assert page.evaluate(WIDER) == 0
        assert page.evaluate(LOW) == []
    seller.press("返回质量")
    page.get_by_role("heading", name="最值得先预防的").wait_for()
    if not plain:
        assert page.evaluate(WIDER) == 0
        assert page.evaluate(LOW) == []


@PLAIN
def test_words_are_advised_on_and_looked_at(lively: World, visit: Any, plain: bool) -> None:
    product = find(lively, Product.id, Product.title.startswith("儿童积木"))
    seller = sit_down(lively, visit, plain, "/seller/products/words")
    page = seller.page
    page.goto(f"/seller/products/{product}/words")
    page.get_by_label("文字", exact=True).fill(f"全网最好的积木（{plain}）。\n共 126 粒。")
    seller.press("保存并检查")
    card = page.locator("#text-description")
    card.get_by_text("原句：").wait_for()
    card.get_by_label("备注（可以不写）").fill("下周改")
    seller.press("我看过这些建议")
    card.get_by_text("已看过", exact=True).wait_for()
    page.get_by_text("备注：下周改").first.wait_for()


@PLAIN
def test_what_is_worth_preventing_leads_to_a_task(lively: World, visit: Any, plain: bool) -> None:
    seller = sit_down(lively, visit, plain, "/seller/quality")
    page = seller.page
    first = page.locator("#worth li").first
    week = weeks.name_week(weeks.number_week(clock.now()))
    page.locator("#worth").get_by_text(f"截至{week}").wait_for()
    for line in page.locator("#worth li").all():  # wherever it comes from, each leads somewhere
        for where in ("安排整改", "写常见问答", "看批次和供应商"):
            line.get_by_role("link", name=where).wait_for()
    assert page.locator("#worth li").count() <= 5
    assert "如果减半" in first.inner_text() and "÷ 15 周" in first.inner_text()
    first.get_by_role("link", name="安排整改").click()
    page.get_by_label("具体做什么").fill(f"发货前再点一次数（{plain}）")
    seller.press("安排")
    page.get_by_text("整改已安排").wait_for()
    page.get_by_text(f"发货前再点一次数（{plain}）").wait_for()


@PLAIN
def test_parcels_teach_which_carrier_and_packing(lively: World, visit: Any, plain: bool) -> None:
    case_no = find(lively, Case.case_no, Case.state == "reshipping", Case.type == "exchange")
    order_id = find(lively, Order.id, Order.case_count == 0)  # a case may blame the carrier of its whole order
    shop_id = find(lively, Order.shop_id, Order.id == order_id)
    numbers = [("STO", False)] * 60 + [("YUNDA", True)] * 15 + [("YUNDA", False)] * 45
    with lively.app.app_context(), writing():
        rows = [
            {
                "id": make_id(),
                "shop_id": shop_id,
                "order_id": order_id,
                "carrier": carrier,
                "carrier_name": "",
                "tracking_no": f"77{number:013d}",
                "since_at": clock.now() - timedelta(days=3),
                "faulty": faulty,
            }
            for number, (carrier, faulty) in enumerate(numbers)
        ]
        db.session.execute(insert(Shipment), rows)
        for goes in (db.update(Order).where(Order.id == order_id), db.update(Case).where(Case.case_no == case_no)):
            there = goes.values(receiver_address="浙江省 杭州市 西湖区 文三路 1 号")
            db.session.execute(there.execution_options(synchronize_session=False))
    seller = sit_down(lively, visit, plain, "/seller/logistics?tab=rates")
    page = seller.page
    page.get_by_role("heading", name="寄往各省的异常率").wait_for()
    page.get_by_label("店铺通常的包装").select_option("bubble" if plain else "carton")
    seller.press("保存")
    page.get_by_role("heading", name="各种包装的异常率").wait_for()
    assert page.get_by_label("店铺通常的包装").input_value() == ("bubble" if plain else "carton")
    page.goto(f"/seller/cases/{case_no}/ship_replacement")
    page.get_by_text(re.compile(r"建议：申通快递。近 90 天寄往浙江的包裹")).wait_for()
