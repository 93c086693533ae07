"""A passkey of the browser's own: added in the account, and signed in with after the password."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from portal.calendar import clock
from portal.extensions import writing
from portal.people import accounts, factors
from tests.e2e.conftest import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]
PASSWORD = "correct horse 27"


def give_device(page: Page) -> None:
    """A device in the browser that says yes to everything."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def give_password(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("会员名").fill("passkeys")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def test_added_in_the_account_and_signed_in_with(world: World, visit: Any) -> None:
    with world.app.app_context(), writing():
        accounts.create_user("passkeys", now=clock.now(), password=PASSWORD)
    page: Page = visit("phone", base_url=world.url.replace("127.0.0.1", "localhost"))  # names only, no numbers
    give_device(page)
    give_password(page)
    page.wait_for_url("**/me")
    page.goto("/me/passkeys")
    page.get_by_label("名称").fill("工作手机")
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("heading", name="添加通行密钥").wait_for()
    page.get_by_role("button", name="创建").click()
    page.get_by_role("heading", name="恢复码").wait_for()
    assert page.get_by_role("listitem").filter(has_text="-").count() == factors.RECOVERY_CODES

    page.context.clear_cookies()
    give_password(page)
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/me")
    page.goto("/me/passkeys")
    page.get_by_text("工作手机", exact=False).first.wait_for()
    page.get_by_text("用过").wait_for()
