"""平台介入 from the refusal to the decision, and back out of it, with and without JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Order, Shop, User
from portal.people import accounts
from tests.cast import PASSWORD, Cast
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Person, Seller
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture
def refused(world: World) -> tuple[str, str, str]:
    """(case number, its buyer, its seller): an exchange that the seller has sent back to the buyer."""
    order_no, seller = world.exchangeable("zybaihuo")
    with world.app.app_context():
        if db.session.scalar(db.select(User.id).where(User.member_name == "platform")) is None:
            with writing():
                accounts.create_user("platform", now=clock.now(), password=PASSWORD, weak_ok=True, mediator=True)
        order = db.session.scalars(db.select(Order).where(Order.order_no == order_no)).one()
        owner = db.session.get_one(Shop, order.shop_id).owner_id
        cast = Cast(clock.now(), order.buyer_id, order.buyer_id, owner, owner, order.shop_id, order.shop_id)
        case = cast.open_case(order, milli=1_000)
        cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍外包装")
        case_no = db.session.get_one(Case, case.id).case_no
        db.session.remove()
    return case_no, "zybaihuo", seller


def calls_for_the_platform(buyer: Person, case_no: str, picture: Path) -> None:
    buyer.page.goto(f"/cases/{case_no}")
    buyer.press("申请平台介入")
    buyer.page.get_by_label("商家拒绝协商/拒绝售后").check()
    buyer.page.get_by_label("希望的结果").fill("退款")
    buyer.page.get_by_label("经过和理由").fill("照片拍得很清楚，商家还是不换")
    buyer.page.get_by_label("证据照片").set_input_files(str(picture))
    buyer.page.get_by_role("button", name="申请平台介入").click()
    buyer.page.locator("[data-said]").filter(has_text="您申请了平台介入").wait_for()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    made = tmp_path / "证据.jpg"
    made.write_bytes(photo((800, 600)))
    return made


@ways("kind", by_day="script")
def test_from_a_refusal_to_a_refund(
    world: World, visit: Any, refused: tuple[str, str, str], picture: Path, kind: str
) -> None:
    case_no, buyer_name, seller_name = refused
    script = kind == "phone"
    buyer = Buyer(visit(kind))
    seller, mediator = (Seller(visit("desk", java_script_enabled=script)) for _ in range(2))
    buyer.signs_in(buyer_name)
    calls_for_the_platform(buyer, case_no, picture)

    seller.signs_in(seller_name, "/seller")
    seller.page.goto(f"/seller?tab=mediation&q={case_no}")
    seller.page.get_by_role("link", name=case_no).click()
    seller.press("提交证据")
    seller.page.get_by_label("说明").fill("出库照片在这里")
    seller.page.get_by_label("证据照片").set_input_files(str(picture))
    seller.page.get_by_role("button", name="提交证据").click()
    seller.page.locator("[data-said]").filter(
        has_text="已处理，这一列后面没有了"
    ).wait_for()  # it was the only one of the list
    seller.page.goto(f"/seller/cases/{case_no}")
    seller.page.get_by_text("您已提交").first.wait_for()

    mediator.page.goto("/login")
    mediator.page.get_by_label("会员名").fill("platform")
    mediator.page.get_by_label("密码").fill(PASSWORD)
    mediator.page.get_by_role("button", name="登录").click()
    mediator.page.get_by_role("heading", name="我的介入").wait_for()
    mediator.page.goto(f"/mediation?tab=evidence&q={case_no}")
    mediator.page.get_by_role("link", name=case_no).click()
    mediator.press("改为退款")
    mediator.page.get_by_label("买家不用寄回").check()
    mediator.page.get_by_label("裁决理由").fill("买家的照片清楚，商家的照片不是这一批")
    mediator.press("核对")
    mediator.page.get_by_role("heading", name="核对后裁决").wait_for()
    mediator.page.get_by_text("买家不用寄回商品").wait_for()
    mediator.press("返回修改")
    mediator.page.get_by_label("退款金额（元）").fill("1.00")
    mediator.press("核对")
    mediator.page.get_by_text("退款 1.00 元", exact=True).wait_for()
    mediator.press("确认裁决")
    mediator.waits_for_state("converted")

    buyer.page.goto(f"/cases/{case_no}")
    expect(buyer.page.locator("#case")).to_contain_text("商家的照片不是这一批")  # once: the card quotes the ruling
    expect(buyer.page.locator("#decision")).to_contain_text("由平台裁决")
    buyer.page.get_by_role("link", name="仅退款").click()
    buyer.waits_for_state("refunding")


@ways("kind", by_day="plain")
def test_and_back_out_of_it(world: World, visit: Any, refused: tuple[str, str, str], picture: Path, kind: str) -> None:
    case_no, buyer_name, _ = refused
    buyer = Buyer(visit(kind))
    buyer.signs_in(buyer_name)
    calls_for_the_platform(buyer, case_no, picture)
    buyer.press("撤回平台介入")
    buyer.page.get_by_text("撤回后平台不再裁决").wait_for()
    buyer.page.get_by_role("button", name="撤回平台介入").click()
    buyer.page.get_by_role("heading", name="平台介入已结束").wait_for()
    assert buyer.state() == "revising"
