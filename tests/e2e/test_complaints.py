"""投诉与意见 from a phone, with an account or without; the operator at a desk answers, again when it is doubted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.extensions import db
from portal.models import Case, User
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Person
from tests.pictures import photo


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


@ways("kind", "script")
def test_a_member_doubts_the_answer_and_what_is_true_stays_at_the_shop(
    lively: World, visit: Any, tmp_path: Path, kind: str
) -> None:
    with lively.app.app_context():
        mine = db.select(Case.case_no).join(User, User.id == Case.buyer_id)
        case_no = db.session.scalars(mine.where(User.member_name == "buyer", Case.escalated)).first()
        assert case_no is not None
        db.session.remove()
    picture = tmp_path / "聊天.jpg"
    picture.write_bytes(photo((800, 600)))
    buyer, operator = Person(visit(kind, base_url=lively.url)), Person(visit("desk", base_url=lively.url))
    page, words = buyer.page, f"答应的补发没有发（{kind}）"
    buyer.signs_in("buyer", "/feedback")
    page.get_by_label("投诉商家").check()
    page.get_by_label("涉及的订单号").fill(case_no)
    page.get_by_label("内容").fill(words)
    page.get_by_label("照片或截图").set_input_files(str(picture))
    if "without" not in kind:
        page.locator(".tile[data-id]").first.wait_for()
    buyer.press("提交")
    page.get_by_role("heading", name="待处理").wait_for()
    page.locator(".gallery a").first.wait_for()
    here, number = page.url.partition("?")[0], page.url.partition("?")[0].rpartition("/")[2]

    def answer(outcome: str, said: str) -> None:
        operator.page.get_by_role("link", name=number).click()
        operator.page.get_by_text(words).wait_for()
        operator.page.locator(".gallery a").first.wait_for()
        operator.page.get_by_label(outcome, exact=True).check()
        operator.page.get_by_label("答复", exact=True).fill(said)
        operator.press("答复")
        operator.page.locator("#page .said", has_text="已答复，投诉人能看到").wait_for()

    operator.signs_in("operator", "/operator/complaints")
    answer("不属实", "没有找到这句话")
    page.goto(here)
    assert page.locator(".bar").count() == 1  # two that stick would lie on each other
    page.get_by_label("哪里不对").fill("在 11 月的会话里，照片是截图")
    buyer.press("请平台再次核实")
    page.get_by_role("heading", name="待处理").wait_for()
    page.get_by_text("没有找到这句话").wait_for()

    operator.page.goto("/operator/complaints")
    operator.page.get_by_role("link", name=number).get_by_text("再次核实", exact=True).wait_for()
    operator.page.get_by_role("link", name=number).click()
    operator.page.get_by_text("在 11 月的会话里").wait_for()
    operator.page.go_back()
    answer("属实", "核对了截图，属实，店铺已道歉")
    page.goto(here)
    page.get_by_text("核对了截图，属实").wait_for()
    assert page.get_by_role("button", name="请平台再次核实").count() == 0

    mediator = Person(visit("desk", base_url=lively.url))
    mediator.signs_in("mediator", f"/mediation/{case_no}")
    upheld = mediator.page.locator("p", has_text="经平台核实属实的投诉").locator("xpath=following-sibling::ul[1]")
    upheld.get_by_text("投诉商家").first.wait_for()
