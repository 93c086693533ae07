"""Page objects that read like sentences. They find by role and label; assertions stay in the tests."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.cast import PASSWORD


def tap_reason(page: Page, name: str) -> int:
    """A tap on a reason of the first page of an application, which goes on by itself; how many taps it took.

    By a click: on a busy machine the two halves of a played touch come so far apart that it is a long press.
    """
    page.wait_for_url("**/apply?line=*")  # loaded, with its script: before, a tap only chooses
    page.locator("label", has_text=re.compile(rf"^\s*{re.escape(name)}\s*$")).first.click()
    page.wait_for_url("**/apply/details")
    return 1


def press_key(page: Page, key: str) -> None:
    """A key that a script of the page answers, once the page stands: its scripts come after its content, and a key
    that is pressed between the two is nobody's."""
    page.wait_for_load_state()
    page.keyboard.press(key)


class Person:
    """Somebody in front of a browser window."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def signs_in(self, member_name: str, at: str = "/me") -> None:
        self.page.goto(f"/login?next={at}")
        self.page.get_by_label("会员名").fill(member_name)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(f"**{at}")

    @property
    def case(self) -> Locator:
        return self.page.locator("#case")

    def state(self) -> str:
        return self.case.get_attribute("data-state") or ""

    def press(self, name: str) -> None:
        """A button or a link that looks like one."""
        exact = re.compile(rf"^\s*{re.escape(name)}\s*$")
        target = self.page.get_by_role("button", name=exact).or_(self.page.get_by_role("link", name=exact))
        target.first.click()

    def waits_for_state(self, state: str) -> None:
        self.page.locator(f'#case[data-state="{state}"]').wait_for()


class Buyer(Person):
    """A buyer on a phone."""

    def opens_my_orders(self) -> None:
        self.page.goto("/")
        self.page.get_by_role("link", name="我的", exact=True).click()
        self.page.get_by_role("link", name="我的订单").first.click()
        self.page.get_by_role("heading", name="我的订单").wait_for()

    def opens_order(self, order_no: str) -> None:
        self.opens_my_orders()
        self.page.get_by_role("searchbox").or_(self.page.get_by_label(re.compile("搜索"))).first.fill(order_no)
        self.page.keyboard.press("Enter")
        self.page.locator(f'a[href$="/orders/{order_no}"]').first.click()
        self.page.wait_for_url(f"**/orders/{order_no}")

    def chooses(self, reason: str) -> None:
        goes_on = self.page.locator("[data-goes-on]").count() > 0 and self.page.evaluate("typeof htmx") == "object"
        self.page.locator("label", has_text=re.compile(rf"^\s*{reason}")).first.click()
        if goes_on:  # pressing as well would send the next page
            self.page.wait_for_url("**/apply/details*")
        else:
            self.press("下一步")

    def fills_details(self, photo: Path, words: str, quantity: str = "1") -> None:
        self.page.get_by_label("换货数量").first.fill(quantity)
        self.page.get_by_label(re.compile("凭证")).first.set_input_files(str(photo))
        self.page.get_by_label("换货原因描述").fill(words)
        self.press("下一步")

    def asks_back(self, quantity: str, words: str) -> None:
        """The details of goods that go back for their money."""
        self.page.get_by_label("退货数量").first.fill(quantity)
        self.page.get_by_label("退款原因描述").fill(words)
        self.press("下一步")

    def is_missing(self, photo: Path, quantity: str, words: str) -> None:
        """The details of what was never sent."""
        self.page.get_by_label("补发", exact=True).check(force=True)
        self.page.get_by_label("补发数量").first.fill(quantity)
        self.page.get_by_label(re.compile("凭证")).first.set_input_files(str(photo))
        self.page.get_by_label("补发原因描述").fill(words)
        self.press("下一步")

    def submits(self) -> None:
        self.page.get_by_role("button", name="提交申请").click()
        self.waits_for_state("applied")

    def sends_back(self, number: str) -> None:
        self.press("寄回商品")
        self.page.get_by_label("物流公司").first.select_option(label="中通快递")
        self.page.get_by_label("运单号").first.fill(number)
        self.page.get_by_role("button", name="寄回商品").click()
        self.waits_for_state("inspecting")

    def confirms(self, then: str = "completed") -> None:
        self.press("确认收货")
        self.page.get_by_role("button", name="确认收货").click()
        self.waits_for_state(then)


class Seller(Person):
    """A seller at a desk."""

    def opens_case(self, case_no: str) -> None:
        self.page.goto("/seller")
        self.page.goto(f"/seller/cases/{case_no}")
        self.case.wait_for()

    def agrees(self, then: str = "returning") -> None:
        self.press("同意")
        self.waits_for_state(then)

    def accepts_goods(self, then: str = "reshipping") -> None:
        self.press("确认收货并验货")
        self.page.get_by_role("button", name="确认收货并验货").click()
        self.waits_for_state(then)

    def ships(self, number: str, what: str = "发出换货商品") -> None:
        self.press(what)
        self.page.get_by_label("物流公司").first.select_option(label="中通快递")
        self.page.get_by_label("运单号").first.fill(number)
        self.page.get_by_role("button", name=what).click()
        self.waits_for_state("confirming")
