"""运营: the calendar looked at before it is kept, rules announced before they hold; 7天无理由 by product and buyer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal.applications import goods as applications_goods
from portal.calendar import lengths
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import CalendarYear, Order, OrderLine, Product, RuleVersion
from portal.rights import eligibility, policies, resale, rules
from portal.rights import goods as goods_facts
from portal.rights.goods import Evidence
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

NOTICE = {"source": "国办发明电〔2026〕9号", "days": "2027-02-05 休 春节\n2027-02-20 班 春节"}


def test_a_year_is_looked_at_and_then_kept(app: Flask, cast: Cast, now: Clock) -> None:
    desk = sign_in(app, "operator")
    assert "还没有 2027 年的放假安排" in desk.get("/operator").text
    assert post(desk, "/operator", {"year": "2027"}).location == "/operator/calendar/2027"
    url = "/operator/calendar/2027"
    wrong = post(desk, url, {"source": "", "days": "2027-02-05 放假"})
    assert wrong.status_code == 422 and "通知的名称" in wrong.text
    unread = post(desk, url, NOTICE | {"days": "2027-02-05 放假"})
    assert unread.status_code == 422 and "第 1 行看不懂" in unread.text and "2027-02-05 放假" in unread.text
    seen = post(desk, url, NOTICE)
    assert seen.status_code == 200 and "2 处改动" in seen.text and db.session.get(CalendarYear, 2027) is None
    kept = post(desk, url, NOTICE | {"confirmed": "1"})
    assert kept.status_code == 303 and "暂定的时限已重新计算" in desk.get(kept.location).text
    assert db.session.get_one(CalendarYear, 2027).source == NOTICE["source"]
    assert "还没有 2027 年" not in desk.get("/operator").text
    assert desk.get("/operator/calendar/1999").status_code == 404
    assert sign_in(app, "seller").get("/operator").status_code == 404


def test_a_calendar_moves_what_people_see(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(received_at=cast.now + timedelta(days=31), downstream_order_no="TB-9")
    resale.promise_terms(cast.now)
    url = f"/orders/{order.order_no}"
    buyer, desk = sign_in(app, "buyer"), sign_in(app, "operator")
    assert "暂按周一至周五计算" in buyer.get(url).text and "铺货：" in buyer.get("/orders").text
    form = {"source": "通知", "days": "2027-01-01 休 元旦\n2027-01-04 休 元旦", "confirmed": "1"}
    assert post(desk, "/operator/calendar/2027", form).status_code == 303
    page = buyer.get(url).text
    assert "暂按" not in page, re.findall(".{60}暂按.{20}", page)
    assert "1月1日–4日 元旦" in page and "铺货申请时限已延后" in buyer.get("/notices").text


def test_public_pages_say_what_happens_when_somebody_is_silent(app: Flask, cast: Cast) -> None:
    anyone = app.test_client()
    for page in ("/rules", "/guide", f"/shops/{cast.shop}/conditions"):
        said = anyone.get(page).text
        assert "有一方不处理会怎样" in said and "商家逾期未发货，买家可以催办或转退款" in said
    lengths.set_deadlines({"seller_response": timedelta(hours=31)})
    assert "31 小时。" in anyone.get("/rules").text
    assert "袜子有破洞" in anyone.get("/rules").text and 'href="/guide"' in anyone.get("/rules").text


def test_rules_are_announced_seven_days_before(app: Flask, cast: Cast, now: Clock) -> None:
    desk, anyone = sign_in(app, "operator"), app.test_client()
    assert "第 1 版，现行有效" in anyone.get("/rules").text and "7 个工作日" in anyone.get("/rules").text
    form = {"words": "新的规则全文", "changes": "改了办理时限", "effective": "2026-11-25"}
    soon = post(desk, "/operator/rules", form)
    assert soon.status_code == 422 and "7 天之后" in soon.text and "新的规则全文" in soon.text
    assert "这样的日期" in post(desk, "/operator/rules", form | {"effective": "下周"}).text
    made = post(desk, "/operator/rules", form | {"effective": "2026-12-08"})
    assert made.location == "/rules?version=2"
    assert "尚未生效" in anyone.get("/rules?version=2").text and "第 2 版将于" in anyone.get("/rules").text
    now.forward(days=16)
    assert "第 2 版，现行有效" in anyone.get("/rules").text and "改了办理时限" in anyone.get("/rules").text
    assert anyone.get("/rules?version=9").status_code == 404


def test_sooner_only_with_a_legal_reason_and_never_changed(app: Flask, cast: Cast, now: Clock) -> None:
    desk = sign_in(app, "operator")
    form = {
        "words": "新的规则全文",
        "changes": "依法调整",
        "effective": "2026-11-24",
        "exception": "《…条例》第八条自明日施行",
    }
    assert post(desk, "/operator/rules", form).status_code == 303
    assert "第八条自明日施行" in app.test_client().get("/rules?version=2").text
    with pytest.raises(Exception, match="never changed"), writing():
        db.session.execute(update(RuleVersion).values(words="x"))
    assert rules.get_in_force(cast.now).version == 1


@pytest.mark.parametrize("excluded", ["", *goods_facts.EXCLUSIONS])
@pytest.mark.parametrize("covered", ["consumer", "promised", "neither"])
@pytest.mark.parametrize(("days", "open_"), [(0, True), (6, True), (7, True), (8, False)])
def test_seven_days_without_a_reason(cast: Cast, excluded: str, covered: str, days: int, open_: bool) -> None:
    """Product × buyer × day; received on a Monday, so that the seventh day is a working one."""
    order = cast.order(received_at=cast.now)
    with writing():
        db.session.execute(update(Order).values(consumer=covered == "consumer"))
        db.session.execute(update(Product).values(no_reason_excluded=excluded))
        db.session.execute(
            update(OrderLine).values(guarantees="qtwlybt" if covered == "promised" else "", unfit_confirmed_at=cast.now)
        )
    order = db.session.get_one(Order, order.id, populate_existing=True)
    (line,) = applications_goods.list_lines(order.id, order.shop_id)
    policy = applications_goods.describe_policy(policies.get_current(cast.shop))
    verdict = eligibility.check(
        applications_goods.describe_goods(order, line),
        CaseType.RETURN_REFUND,
        "seven_day",
        Evidence(1_000, 1, 5),
        cast.now + timedelta(days=days),
        policy,
    )
    assert verdict.allowed == (open_ and covered != "neither" and not excluded), verdict.why
    if excluded and covered != "neither":
        assert goods_facts.EXCLUSIONS[excluded] in verdict.why
    if verdict.allowed and covered == "consumer":
        assert "消费者权益保护法第二十五条" in verdict.basis


def test_what_nobody_confirmed_is_not_excluded_and_a_day_of_rest_counts_further(cast: Cast) -> None:
    order = cast.order(received_at=cast.now - timedelta(days=1))  # a Sunday: the seventh day is a Sunday as well
    with writing():
        db.session.execute(update(Order).values(consumer=True))
        db.session.execute(update(Product).values(no_reason_excluded="unfit"))
    order = db.session.get_one(Order, order.id, populate_existing=True)
    (line,) = applications_goods.list_lines(order.id, order.shop_id)
    policy = applications_goods.describe_policy(policies.get_current(cast.shop))
    goods = applications_goods.describe_goods(order, line)
    late = cast.now + timedelta(days=7)  # Monday, the day after the Sunday
    verdict = eligibility.check(goods, CaseType.RETURN_REFUND, "seven_day", Evidence(1_000, 1, 5), late, policy)
    assert verdict.allowed and "休息日" in verdict.basis


def test_a_seller_sets_it_on_the_product(app: Flask, cast: Cast, now: Clock) -> None:
    cast.order()
    product = db.session.scalars(db.select(Product.id)).first()
    desk = sign_in(app, "seller")
    url = f"/seller/products/{product}"
    assert post(desk, url, {"exchangeable": "y", "no_reason_excluded": "made"}).status_code == 303
    assert db.session.scalar(db.select(Product.no_reason_excluded).where(Product.id == product)) == "made"
    assert re.search(r'<option selected value="made">', desk.get(url).text)
    assert post(desk, url, {"no_reason_excluded": "whatever"}).status_code == 422
