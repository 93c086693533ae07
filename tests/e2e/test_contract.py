"""The words that scripts rely on: each finds exactly one thing to use, by its role or its label."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.extensions import db
from portal.models import Case, Notice, Order, OrderLine, User
from tests.e2e.conftest import World
from tests.e2e.pages import Person

GROUNDS = ("商品质量问题", "发货错误", "下单错误", "其他特殊原因")
REASONS = ("破损", "色差", "尺寸不符", "发错商品", "漏发商品", "拍错商品", "数量过多", "自然灾害", "交通延误")
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def _only(locator: Locator) -> None:
    expect(locator).to_have_count(1)
    expect(locator).to_be_visible()


@pytest.fixture
def several(lively: World) -> str:
    """The number of a received order of several lines without a case."""
    with lively.app.app_context():
        found = db.session.scalars(
            db.select(Order.order_no)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .join(User, User.id == Order.buyer_id)
            .where(User.member_name == "distributor", Order.status == "completed")
            .group_by(Order.order_no)
            .having(db.func.count() > 1)
        ).first()
        db.session.remove()
    assert found is not None
    return found


def _case(lively: World, state: str) -> str:
    with lively.app.app_context():
        found = db.session.scalars(db.select(Case.case_no).where(Case.state == state, Case.type == "exchange")).first()
        db.session.remove()
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_words_of_the_buyers_way(lively: World, visit: Any, several: str, kind: str) -> None:
    page: Page = visit(kind, base_url=lively.url)
    page.goto(f"/orders/{several}")
    expect(page).to_have_url(f"{lively.url}/login?next=%2Forders%2F{several}")  # goes there and comes back
    _only(page.get_by_label("会员名"))
    _only(page.get_by_label("密码"))
    page.get_by_label("会员名").fill("distributor")
    page.get_by_label("密码").fill("huanhuo-demo")
    _only(page.get_by_role("button", name="登录"))
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**/orders/{several}")
    _only(page.get_by_role("link", name="立即联系"))
    _only(page.get_by_role("link", name="换货条件"))
    page.get_by_role("link", name="申请换货").last.click()  # the bar's: for the whole order
    page.wait_for_url("**/apply*")
    choose = page.locator('a.row[href*="line="]')  # not there when a draft of this order knows its line
    if choose.count():
        choose.first.click()
    _only(page.get_by_role("group", name="换货原因", exact=True))
    for word in GROUNDS + REASONS:
        _only(page.get_by_label(word, exact=True))
    page.get_by_label("发错商品").check(force=True)
    page.get_by_role("button", name="下一步").click()
    page.wait_for_url("**/details")
    for word in ("换货数量", "换货原因描述"):
        _only(page.get_by_label(word))
    expect(page.get_by_label("凭证")).to_have_count(1)
    page.get_by_label("换货数量").fill("1")
    page.goto("/")
    _only(page.get_by_role("link", name="我的", exact=True))
    page.get_by_role("link", name="我的", exact=True).click()
    _only(page.get_by_role("link", name="我的订单"))
    page.goto(f"/orders/{several}/contact")
    _only(page.get_by_role("button", name="调换商品"))


def test_words_of_the_steps(lively: World, visit: Any) -> None:
    buyer, seller = Person(visit("phone", base_url=lively.url)), Person(visit("desk", base_url=lively.url))
    buyer.signs_in("buyer")
    seller.signs_in("seller", "/seller")
    for person, prefix, state, word, fields in (
        (seller, "/seller/cases", "applied", "同意", ()),
        (seller, "/seller/cases", "inspecting", "确认收货并验货", ("收到数量", "通过数量")),
        (seller, "/seller/cases", "reshipping", "发出换货商品", ("物流公司", "运单号")),
        (buyer, "/cases", "returning", "寄回商品", ("物流公司", "运单号")),
        (buyer, "/cases", "confirming", "确认收货", ()),
        (buyer, "/cases", "applied", "撤销申请", ()),
    ):
        page = person.page
        page.goto(f"{prefix}/{_case(lively, state)}")
        case = page.locator("#case")
        expect(case).to_have_attribute("data-state", state)
        expect(case).to_have_attribute("data-type", "exchange")
        assert (case.get_attribute("data-version") or "").isdigit()
        button = page.get_by_role("button", name=word, exact=True)
        if button.count() == 0:  # where it isn't decided on the page itself, a link leads to the form
            link = page.get_by_role("link", name=word, exact=True)
            _only(link)
            link.click()
        _only(button)
        for field in fields:
            _only(page.get_by_label(field))
    buyer.page.goto(f"/cases/{_case(lively, 'completed')}")
    _only(buyer.page.get_by_role("heading", name="换货完成"))
    with lively.app.app_context():
        assert db.session.scalar(db.select(Notice.id).where(Notice.title == "换货成功通知").limit(1))
        db.session.remove()
