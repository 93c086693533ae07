"""自动处理 at the desk: a rule is written, tried, switched on; who may; what is wrong is said beside the field."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.cases.automatic import acting, keeping, rules
from portal.extensions import db, writing
from portal.models import AutoRule, Case
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

RULE = {"name": "小额破损", "action": "agree", "most": "100", "reasons": ["damaged", "wrong_item"], "resold": "any"}


def test_a_rule_is_written_tried_switched_on_and_works(app: Flask, cast: Cast, now: Clock) -> None:
    old = cast.open_case(now=now.at)
    old_no = old.case_no
    desk = sign_in(app, "seller")
    assert "还没有规则" in desk.get("/seller/auto").text
    saved = post(desk, "/seller/auto/new", RULE)
    assert saved.status_code == 303
    trial = desk.get(saved.location).text
    assert "若启用会命中" in trial and ">1 单</a>" in trial and ">0 单</a>当时您拒绝了" in trial and old_no in trial
    rule_id = db.session.scalars(db.select(AutoRule.id)).one()
    assert "没有这样的售后单" in desk.get(f"/seller/auto/{rule_id}/trial?which=refused").text
    post(desk, f"/seller/auto/{rule_id}/on", at="/seller/auto")
    post(desk, "/seller/auto/start", {"cap": "500"}, at="/seller/auto")
    case = cast.open_case(now=now.at)
    case_no = case.case_no
    assert acting.decide_fresh(now.at) == 2  # the one that came at the same moment too
    page = desk.get("/seller/auto").text
    assert case_no in page and "已自动处理" in page and "2 单" in page
    assert "按规则「小额破损」自动处理" in desk.get(f"/seller/cases/{case_no}").text
    stopped = post(desk, "/seller/auto/stop", at="/seller/auto")
    assert stopped.status_code == 303 and "没有规则在工作" in desk.get("/seller/auto").text


def test_what_is_wrong_is_said_and_what_was_typed_stays(app: Flask, cast: Cast) -> None:
    desk = sign_in(app, "seller")
    answer = post(
        desk,
        "/seller/auto/new",
        {"name": "补发", "action": "reissue", "types": ["exchange", "reissue"], "codes": "HH-1"},
    )
    assert answer.status_code == 422 and db.session.scalar(db.select(AutoRule.id)) is None
    assert "会自动同意的规则须写明金额上限" in answer.text and "换货没有「同意补发」这种处理" in answer.text
    assert 'value="补发"' in answer.text and ">HH-1</textarea>" in answer.text.replace("\r\n", "")
    many = " ".join(f"HH-{number}" for number in range(201))
    answer = post(desk, "/seller/auto/new", {**RULE, "codes": many})
    assert answer.status_code == 422 and "一条规则最多 200 个货号" in answer.text
    assert post(desk, "/seller/auto/start", {"cap": ""}, at="/seller/auto").status_code == 422
    assert desk.get("/seller/auto?before=x").status_code == 404


def test_a_changed_rule_is_off_until_it_was_tried_again(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        row = keeping.add_rule(cast.shop, "一", "agree", rules.Conditions(most_fen=100), now.at)
        row.is_on = True
        rule_id = row.id
    desk = sign_in(app, "seller")
    assert "保存后规则先停用" in desk.get(f"/seller/auto/{rule_id}").text
    post(desk, f"/seller/auto/{rule_id}", RULE)
    db.session.expire_all()
    row = db.session.get_one(AutoRule, (rule_id, cast.shop))
    assert (row.name, row.is_on, row.conditions["reasons"]) == ("小额破损", False, ["damaged", "wrong_item"])
    post(desk, f"/seller/auto/{rule_id}/remove", at="/seller/auto")
    assert desk.get(f"/seller/auto/{rule_id}").status_code == 404


def test_another_shop_sees_none_of_it(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        rule_id = keeping.add_rule(cast.shop, "一", "agree", rules.Conditions(most_fen=100), now.at).id
    stranger = sign_in(app, "seller2")
    for path in (f"/seller/auto/{rule_id}", f"/seller/auto/{rule_id}/trial"):
        assert stranger.get(path).status_code == 404
    assert post(stranger, f"/seller/auto/{rule_id}/on", at="/seller/auto").status_code == 404


@pytest.mark.parametrize(("role", "status"), [("agent", 200), ("warehouse", 403), ("finance", 403)])
def test_only_the_owner_starts_them(app: Flask, cast: Cast, role: str, status: int) -> None:
    cast.employ(cast.shop, "buyer2", role)
    browser = sign_in(app, "buyer2")
    page = browser.get("/seller/auto")
    assert page.status_code == status and ("由店主开启" in page.text) == (status == 200)
    if role == "agent":
        assert post(browser, "/seller/auto/start", {"cap": "5"}, at="/seller/auto/new").status_code == 403
        assert post(browser, "/seller/auto/stop", at="/seller/auto/new").status_code == 303
    assert keeping.find_switch(cast.shop) is None


def test_the_record_pages(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        row = keeping.add_rule(cast.shop, "一", "people", rules.Conditions(), now.at)
        row.is_on = True
        keeping.start(cast.shop, 0, now.at)
    order = cast.order(milli=100_000)
    numbers = {cast.open_case(order, milli=1_000, now=now.at).case_no for _ in range(keeping.SHOWN + 3)}
    acting.decide_fresh(now.at)
    desk = sign_in(app, "seller")
    first = desk.get("/seller/auto").text
    following = re.search(r'href="(/seller/auto\?before=[^"]+)"', first)
    assert following is not None
    second = desk.get(following[1]).text
    shown = [{number for number in numbers if number in page} for page in (first, second)]
    assert len(shown[0]) == keeping.SHOWN and shown[0] | shown[1] == numbers and not shown[0] & shown[1]
    assert db.session.scalar(db.select(db.func.count()).select_from(Case).where(Case.state == "applied")) == 53


def test_a_rule_that_tags_needs_one_tag_and_says_it(app: Flask, cast: Cast, now: Clock) -> None:
    desk = sign_in(app, "seller")
    asked = {"name": "大客户", "action": "tag", "resold": "any"}
    for wrong in ("", "甲 乙", "一二三四五六七八九十多"):
        refused = post(desk, "/seller/auto/new", {**asked, "tag": wrong})
        assert refused.status_code == 422 and "标签" in refused.text, wrong
    made = post(desk, "/seller/auto/new", {**asked, "tag": "大客户"})
    assert made.status_code == 303 and "打标签「大客户」" in desk.get(made.location).text
    assert "打标签「大客户」" in desk.get("/seller/auto").text
    assert 'value="大客户"' in desk.get(made.location.split("/trial")[0]).text
