"""铺货 in a browser: a consumer with a link, a distributor on phone and desk, a supplier; both cases complete."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.calendar import clock
from portal.demo.orders import make_order
from portal.extensions import db, writing
from portal.models import Case, MoneyEntry, Order, OrderHead, OrderLine, Shop, User
from portal.resale import downstream
from tests.e2e.conftest import World
from tests.e2e.pages import Buyer, Seller
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def purchase(world: World) -> str:
    """A finished purchase of the distributor, made for this test alone."""
    with world.app.app_context():
        people = dict(db.session.execute(db.select(User.member_name, User.id)).all())
        shop = db.session.scalars(db.select(Shop.id).where(Shop.owner_id == people["seller"])).one()
        db.session.rollback()
        with writing():
            order_no = make_order(people["distributor"], shop, "completed", 12, clock.now()).order_no
        db.session.remove()
    return order_no


def records_the_order(me: Page, order_no: str) -> str:
    """登记下游订单 and 代消费者申请; returns the number of the consumer's case."""
    me.goto(f"/orders/{order_no}")
    me.get_by_role("link", name="登记下游订单").click()
    for label, words in (
        ("下游订单号", "TB-E2E-1"),
        ("销售渠道", "淘宝店"),
        ("消费者姓名", "王小雨"),
        ("消费者电话", "13712345678"),
        ("收货地址", "福建省厦门市思明区环岛南路9号"),
        ("签收日期", f"{clock.now():%Y-%m-%d}"),
    ):
        me.get_by_label(label).fill(words)
    me.get_by_label("卖出数量").first.fill("2")
    me.get_by_label("单价（元）").first.fill("39.9")
    me.get_by_role("button", name="登记").click()
    me.wait_for_url("**/apply-for*")
    me.get_by_label("消费者怎么说的").fill("杯口有裂，想换一个")
    if me.locator("[name=line]").count() > 1:
        me.locator("[name=line]").first.check()
    me.get_by_label("数量", exact=True).fill("1")
    me.get_by_label("换货", exact=True).check()
    me.locator("[name=reason]").select_option("damaged")
    me.get_by_label("说明", exact=True).fill("杯口有裂")
    me.get_by_role("button", name="代买家申请").click()
    me.wait_for_url("**/seller/cases/HH*")
    found = re.search(r"/seller/cases/([^/?#]+)", me.url)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_three_parties_and_goods_that_go_straight(lively: World, visit: Any, tmp_path: Path, kind: str) -> None:
    picture = tmp_path / "裂.jpg"
    picture.write_bytes(photo((900, 700)))
    order_no = purchase(lively)
    phone, desk, supplier = (
        Buyer(visit("phone", base_url=lively.url)),
        Seller(visit("desk", base_url=lively.url)),
        Seller(visit("desk", base_url=lively.url)),
    )
    phone.signs_in("distributor")
    if kind == "phone-without-script":  # the first round has written the order down already
        with lively.app.app_context(), writing():
            for head in (Order, OrderHead):
                table = head.__table__
                renamed = db.update(table).where(table.c.order_no == "TB-E2E-1").values(order_no="TB-E2E-0")
                db.session.execute(renamed)
    below = records_the_order(phone.page, order_no)
    desk.signs_in("distributor", "/seller")
    me = desk.page

    # the consumer opens the link and adds a photo
    me.goto(f"/seller/cases/{below}/consumer")
    me.get_by_role("button", name="生成链接").click()
    link = me.locator("#link").inner_text()
    consumer: Page = visit(kind, base_url=lively.url)
    consumer.goto(link)
    consumer.get_by_label("补充照片").set_input_files(str(picture))
    consumer.get_by_role("button", name="提交照片").click()
    expect(consumer.get_by_text("照片已提交").first).to_be_visible()

    # the distributor applies to the supplier, with that photo; both clocks stand side by side
    me.goto(f"/seller/cases/{below}/chain")
    me.get_by_label("给供应商的说明").fill("消费者反馈杯口有裂")
    me.get_by_label("消费者直接寄给供应商").check()
    me.get_by_label("供应商直接寄给消费者").check()
    me.get_by_role("button", name="向供应商申请").click()
    expect(me.get_by_text("两边的进度", exact=True)).to_be_visible()
    expect(me.locator("main time[data-due]")).to_have_count(2)
    above = re.findall(r"HH\d{14}", me.locator("main a[href^='/cases/HH']").first.get_attribute("href") or "")[0]
    me.get_by_label("寄回运费（元）").fill("8")
    me.get_by_role("button", name="保存").click()
    expect(me.locator("#chain-result")).to_have_text("¥8.00")

    # the supplier agrees and sees nothing of the consumer's order; the distributor passes the address on
    supplier.signs_in("seller", "/seller")
    supplier.opens_case(above)
    assert below not in supplier.page.content() and "TB-E2E" not in supplier.page.content()
    supplier.agrees()
    desk.opens_case(below)
    desk.agrees()

    # the consumer sends it straight to the supplier, and the supplier's case has the number at once
    consumer.goto(link)
    consumer.get_by_label("运单号").fill("75484863576596")
    consumer.get_by_label("物流公司").select_option("ZTO")
    consumer.get_by_role("button", name="提交运单号").click()
    expect(consumer.get_by_text("已提交运单号").first).to_be_visible()

    # the supplier inspects and ships to the consumer; so it is in the consumer's case, and both end
    supplier.opens_case(above)
    expect(supplier.page.get_by_text("75484863576596").first).to_be_visible()
    supplier.accepts_goods()
    supplier.ships("73610555582883")
    consumer.goto(link)
    expect(consumer.get_by_text("73610555582883").first).to_be_visible()
    expect(consumer.get_by_text("由供应商办理，自动传到这里").first).to_be_visible()
    consumer.get_by_role("link", name="确认收货").click()
    consumer.get_by_role("button", name="确认收货").click()
    expect(consumer.get_by_role("heading", name="换货完成")).to_be_visible()
    me.goto(f"/seller/cases/{below}/chain")
    expect(me.locator("#chain-result")).to_have_text("¥8.00")
    phone.page.goto(f"/cases/{above}")
    expect(phone.page.get_by_role("heading", name="换货完成")).to_be_visible()


def select_freight(case_no: str) -> list[tuple[str, int]]:
    """The payments of freight of a case: where each stands, 分."""
    query = db.select(MoneyEntry.state, MoneyEntry.amount_fen).join(Case, Case.id == MoneyEntry.case_id)
    found = db.session.execute(query.where(Case.case_no == case_no, MoneyEntry.kind == "freight")).all()
    db.session.remove()
    return [(state, fen) for state, fen in found]


def buys_on(world: World) -> tuple[str, str]:
    """A purchase of the distributor whose consumer's order goes on to the supplier by itself; both numbers."""
    order_no = purchase(world)
    below = f"TB-SELF-{secrets.token_hex(3)}"
    with world.app.app_context():
        with writing():
            order = db.session.scalars(db.select(Order).where(Order.order_no == order_no)).one()
            line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order.id)).first()
            shop = db.session.scalars(db.select(Shop).where(Shop.owner_id == order.buyer_id)).one()
            assert line is not None
            downstream.record_order(
                order,
                shop_id=shop.id,
                order_no=below,
                channel="淘宝店",
                receiver=("王小雨", "13712345678", "福建省厦门市思明区环岛南路9号"),
                goods=[downstream.Bought(line.id, 2_000, 3_990)],
                ordered_at=order.ordered_at,
                received_at=clock.now(),
                by=order.buyer_id,
                now=clock.now(),
                passes=downstream.Passes(),
            )
        db.session.remove()
    return order_no, below


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_three_parties_where_the_distributor_presses_nothing_but_agree(
    lively: World, visit: Any, tmp_path: Path, kind: str
) -> None:
    picture = tmp_path / "裂.jpg"
    picture.write_bytes(photo((900, 700)))
    _, below_no = buys_on(lively)
    consumer: Page = visit(kind, base_url=lively.url)
    distributor, supplier = (
        Seller(visit("desk", base_url=lively.url, java_script_enabled=kind == "phone")) for _ in range(2)
    )

    # the consumer proves the order and applies
    consumer.goto("/c")
    consumer.get_by_label("订单号").fill(below_no)
    consumer.get_by_label("手机号后四位").fill("5678")
    consumer.get_by_role("button", name="查询").click()
    consumer.get_by_role("link", name="申请售后").click()
    consumer.get_by_label("原因").select_option("damaged")
    consumer.get_by_label("申请数量").fill("1")
    consumer.get_by_label("换货", exact=True).check()
    consumer.get_by_label("说明", exact=True).fill("杯口有裂，想换一个")
    consumer.get_by_label("照片", exact=True).set_input_files(str(picture))
    consumer.get_by_role("button", name="提交申请").click()
    consumer.wait_for_url("**/c/*/HH*")
    below = re.findall(r"HH\d{14}", consumer.url)[0]

    # the supplier has it already and agrees; the distributor sees three parties and agrees: their only step
    distributor.signs_in("distributor", "/seller")
    me = distributor.page
    me.goto(f"/seller/cases/{below}/chain")
    expect(me.locator("#parties [data-waits]").filter(has_text="供应商")).to_contain_text("审核申请")
    above = re.findall(r"HH\d{14}", me.locator("main a[href^='/cases/HH']").first.get_attribute("href") or "")[0]
    me.goto(f"/seller/cases/{below}/agree")
    expect(me.get_by_text("供应商还没有同意").first).to_be_visible()
    supplier.signs_in("seller", "/seller")
    supplier.opens_case(above)
    assert below not in supplier.page.content() and below_no not in supplier.page.content()
    supplier.agrees()
    me.goto(f"/seller/cases/{below}/agree")
    expect(me.get_by_text("供应商还没有同意")).to_have_count(0)
    me.get_by_role("button", name="同意").click()
    me.wait_for_url(f"**/seller/cases/{below}?v=*")

    # the consumer sends it, the supplier counts and ships, the consumer confirms
    consumer.reload()
    expect(consumer.get_by_text(f"写上售后单号 {above}")).to_be_visible()
    consumer.get_by_label("运单号").fill("75484863576513")
    consumer.get_by_label("物流公司").select_option("ZTO")
    consumer.get_by_role("button", name="提交运单号").click()
    expect(consumer.get_by_text("75484863576513").first).to_be_visible()
    supplier.opens_case(above)
    expect(supplier.page.get_by_text("75484863576513").first).to_be_visible()
    supplier.accepts_goods()
    supplier.ships("73610555582884")
    consumer.reload()
    expect(consumer.get_by_text("73610555582884").first).to_be_visible()
    consumer.get_by_role("link", name="确认收货").click()
    consumer.get_by_role("button", name="确认收货").click()
    expect(consumer.get_by_role("heading", name="换货完成")).to_be_visible()
    me.goto(f"/seller/cases/{below}/chain")
    expect(me.locator("#parties [data-waits]")).to_have_count(0)
    expect(me.locator("main").get_by_text("换货完成").first).to_be_visible()


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_a_consumer_is_paid_the_freight_that_they_advanced(
    lively: World, visit: Any, tmp_path: Path, kind: str
) -> None:
    picture = tmp_path / "裂.jpg"
    picture.write_bytes(photo((900, 700)))
    _, below_no = buys_on(lively)
    consumer: Page = visit(kind, base_url=lively.url)
    desk = Seller(visit("desk", base_url=lively.url))

    # the consumer applies from the order they proved, both agree, the goods go back to the supplier
    consumer.goto("/c")
    consumer.get_by_label("订单号").fill(below_no)
    consumer.get_by_label("手机号后四位").fill("5678")
    consumer.get_by_role("button", name="查询").click()
    consumer.get_by_role("link", name="申请售后").click()
    consumer.get_by_label("原因").select_option("damaged")
    consumer.get_by_label("申请数量").fill("1")
    consumer.get_by_label("换货", exact=True).check()
    consumer.get_by_label("说明", exact=True).fill("杯口有裂，想换一个")
    consumer.get_by_label("照片", exact=True).set_input_files(str(picture))
    consumer.get_by_role("button", name="提交申请").click()
    consumer.wait_for_url("**/c/*/HH*")
    below = re.findall(r"HH\d{14}", consumer.url)[0]
    desk.signs_in("distributor", "/seller")
    me = desk.page
    me.goto(f"/seller/cases/{below}/chain")
    above = re.findall(r"HH\d{14}", me.locator("main a[href^='/cases/HH']").first.get_attribute("href") or "")[0]
    supplier = Seller(visit("desk", base_url=lively.url))
    supplier.signs_in("seller", "/seller")
    supplier.opens_case(above)
    supplier.agrees()
    me.goto(f"/seller/cases/{below}/agree")
    me.get_by_role("button", name="同意").click()
    me.wait_for_url(f"**/seller/cases/{below}?v=*")
    consumer.reload()
    consumer.get_by_label("运单号").fill("75484863576514")
    consumer.get_by_label("物流公司").select_option("ZTO")
    consumer.get_by_role("button", name="提交运单号").click()
    expect(consumer.get_by_text("75484863576514").first).to_be_visible()

    # the freight is claimed with its receipt, agreed to and paid; each time the consumer reads just that
    consumer.get_by_role("link", name="报退回运费").click()
    consumer.get_by_label("垫付的运费").fill("12.50")
    consumer.get_by_label("运费收据（选填）").set_input_files(str(picture))
    consumer.get_by_role("button", name="提交运费").click()
    expect(consumer.get_by_text("垫付的退回运费（等待商家答复）").first).to_be_visible()
    expect(consumer.get_by_text("12.50").first).to_be_visible()
    supplier.opens_case(above)
    supplier.accepts_goods()
    desk.opens_case(below)
    expect(me.get_by_text("12.50").first).to_be_visible()
    me.goto(f"/seller/cases/{below}/accept_freight")
    me.get_by_role("button", name="同意付运费").click()
    me.wait_for_url(f"**/seller/cases/{below}?v=*")
    consumer.reload()
    expect(consumer.get_by_text("垫付的退回运费（等待商家答复）")).to_have_count(0)
    with lively.app.app_context():
        owed = select_freight(below)
        assert owed == [("due", 1_250)]
    me.goto(f"/seller/cases/{below}/settle_entry")
    me.get_by_label("流水号").fill(f"20261130{secrets.randbelow(10**14):014d}")
    me.get_by_role("button", name="登记已付款").click()
    me.wait_for_url(f"**/seller/cases/{below}?v=*")
    with lively.app.app_context():
        assert select_freight(below) == [("settled", 1_250)]
    consumer.reload()
    expect(consumer.get_by_text("商家付清了一笔款项").first).to_be_visible()
