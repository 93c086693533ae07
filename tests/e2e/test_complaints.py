"""投诉与意见: a visitor on a phone complains without an account, the operator at a desk answers, the link shows it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import World
from tests.e2e.pages import Person


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_a_visitor_complains_and_reads_the_answer(lively: World, visit: Any, kind: str) -> None:
    visitor = Person(visit(kind, base_url=lively.url))
    page, words = visitor.page, f"页面盗用我们的商标，{kind}"
    page.goto("/guide")
    page.get_by_role("link", name="投诉与意见").click()
    page.get_by_role("heading", name="投诉与意见").wait_for()
    visitor.press("提交")
    page.get_by_text("请选择类型").first.wait_for()
    page.get_by_label("侵权").check()
    page.get_by_label("内容").fill(words)
    visitor.press("提交")
    page.get_by_role("heading", name="待处理").wait_for()
    link, number = page.url, page.locator("dd").first.inner_text()

    operator = Person(visit("desk", base_url=lively.url))
    operator.signs_in("operator", "/operator/complaints")
    operator.page.get_by_role("link", name=number).click()
    operator.page.get_by_text(words).wait_for()
    operator.page.get_by_label("不属实").check()
    operator.page.get_by_label("答复").fill("图片是商家自己拍的")
    operator.press("答复")
    operator.page.get_by_role("heading", name="答复").wait_for()

    page.goto(link)
    page.get_by_text("图片是商家自己拍的").wait_for()
    page.get_by_role("heading", name="已答复").wait_for()
