"""Working together at the desk: 转交, notes, tags, who has a case open, what was done; and that none of it gets out."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases import bulk_work, looks
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, CaseLook, Notice, Shop, Staff
from portal.people import accounts
from portal.resale import links as consumer_links
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.test_matrix import crawl

CANARIES = ("暗语甲", "暗语乙", "暗语丙")


@pytest.fixture
def desk(app: Flask, cast: Cast) -> FlaskClient:
    return sign_in(app, "seller")


def hire(cast: Cast, name: str, role: str = "agent") -> int:
    with writing():
        person = accounts.create_user(name, now=cast.now)
        db.session.add(Staff(user_id=person.id, shop_id=cast.shop, role=role))
        return int(person.id)


def numbers_in(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'class="open" href="/seller/cases/(HH\d+)', page)))


def test_handed_over_from_the_case_in_three_clicks(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    """Open 转交, choose, send: everything else stands in the page already."""
    li = hire(cast, "李四")
    case = cast.open_case()
    url = f"/seller/cases/{case.case_no}"
    page = desk.get(f"{url}?tab=applied").text
    fold = re.search(r'<details class="fold"><summary>转交</summary>(.*?)</details>', page, re.S)
    assert fold and fold[1].count("<select") == 1 and fold[1].count('type="submit"') == 1
    answer = post(desk, f"{url}/hand-over?tab=applied", {"to": str(li), "line": "请今天答复"}, at=f"{url}?tab=applied")
    assert answer.status_code == 303 and answer.location.startswith(f"{url}?tab=applied&said=handed-over")
    shown = desk.get(answer.location).text
    assert "已转交，对方已收到通知" in shown and "<strong>李四</strong>" in shown and "请今天答复" in shown
    theirs = sign_in(app, "李四")
    assert "seller 把售后单转交给您" in theirs.get("/seller/notices").text
    assert numbers_in(theirs.get("/seller?tab=applied&owner=me").text) == [case.case_no]


def test_who_is_asked_reads_it_first_until_they_answer(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    """The words for a colleague stand under the case's line, not below the conversation, and go with the answer."""
    li, wang = hire(cast, "李四"), hire(cast, "王五")
    url = f"/seller/cases/{cast.open_case().case_no}"
    strip = re.compile(r'<p class="said info"><span hx-disable>([^<]*)</span> <a href="#team">')
    post(desk, f"{url}/hand-over", {"to": str(li), "line": "请问白色有没有货"}, at=url)
    first, second = sign_in(app, "李四"), sign_in(app, "王五")
    page = first.get(url).text
    assert strip.findall(page) == ["seller 转交给您：请问白色有没有货"]
    assert page.index("seller 转交给您：") < page.index("申请内容")
    assert not strip.findall(desk.get(url).text) + strip.findall(second.get(url).text), "nobody else's"
    post(first, f"{url}/notes", {"words": "@王五 白色还有几双"}, at=url)
    assert not strip.findall(first.get(url).text), "answered"
    assert strip.findall(second.get(url).text) == ["李四 在备注里提到您：@王五 白色还有几双"]
    post(first, f"{url}/hand-over", {"to": str(wang), "line": ""}, at=url)
    assert strip.findall(second.get(url).text) == ["李四 转交给您"]
    post(desk, f"{url}/hand-over", {"to": str(li), "line": "还是您来"}, at=url)
    assert not strip.findall(second.get(url).text), "it went on"
    assert strip.findall(first.get(url).text) == ["seller 转交给您：还是您来"]


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(cast: Cast, desk: FlaskClient, now: Clock) -> None:
    hire(cast, "李四")
    hire(cast, "仓库小张", "warehouse")
    case = cast.open_case()
    url = f"/seller/cases/{case.case_no}"
    empty = post(desk, f"{url}/notes", {"words": " "}, at=url)
    assert empty.status_code == 422 and "请写备注的内容" in empty.text
    named = post(desk, f"{url}/notes", {"words": "@仓库小张 请看"}, at=url)
    assert (
        named.status_code == 422 and "现在看不到这张售后单" in named.text and "@仓库小张 请看</textarea>" in named.text
    )
    nobody = post(desk, f"{url}/hand-over", {"to": "", "line": "一句话"}, at=url)
    assert nobody.status_code == 422 and "请选择转交给谁" in nobody.text and 'value="一句话"' in nobody.text
    assert '<details class="fold" open><summary>转交' in nobody.text
    many = post(desk, f"{url}/tags", {"tags": "一 二 三"}, at=url)
    assert many.status_code == 422 and "最多 2 个标签" in many.text and 'value="一 二 三"' in many.text


def test_many_are_handed_over_at_once(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    """转交 in the queue, the person, 转交: three clicks behind the ticks; cases that they can't open are skipped."""
    li = hire(cast, "李四")
    keeper = hire(cast, "仓库小张", "warehouse")
    cases = [cast.open_case() for _ in range(3)]
    ticked = {"kind": "hand_over", "scope": "chosen", "case": [case.case_no for case in cases]}
    run = post(desk, "/seller/bulk?tab=applied", ticked, at="/seller?tab=applied").location
    assert "转交 3 张" in desk.get(run).text
    wrong = post(desk, run, {"line": "x"})
    assert wrong.status_code == 422 and "请选择转交给谁" in wrong.text
    assert post(desk, run, {"to": str(li), "line": "我明天休息"}).status_code == 303
    bulk_work.work_off(now.at)
    db.session.rollback()
    assert "成功 3，跳过 0" in desk.get(run).text
    assert {db.session.get_one(Case, (case.id, case.shop_id)).owner_id for case in cases} == {li}
    again = post(desk, "/seller/bulk?tab=applied", ticked, at="/seller?tab=applied").location
    post(desk, again, {"to": str(keeper)})
    bulk_work.work_off(now.at)
    db.session.rollback()
    done = desk.get(again).text
    assert "成功 0，跳过 3" in done and "这位同事不能处理这张售后单" in done


def test_the_queue_narrows_to_mine_to_nobody_s_and_to_a_tag(cast: Cast, desk: FlaskClient, now: Clock) -> None:
    li = hire(cast, "李四")
    mine, theirs, free = (cast.open_case() for _ in range(3))
    with writing():
        for case, owner in ((mine, cast.seller), (theirs, li)):
            db.session.get_one(Case, (case.id, case.shop_id)).owner_id = owner
    tagged = post(desk, f"/seller/cases/{free.case_no}/tags", {"tags": "加急"}, at=f"/seller/cases/{free.case_no}")
    assert tagged.status_code == 303
    for asked, found in (
        ("owner=me", [mine]),
        ("owner=none", [free]),
        (f"owner={li}", [theirs]),
        ("tag=加急", [free]),
        ("tag=加", []),
        ("owner=me&tag=加急", []),
        ("owner=x", [mine, theirs, free]),
    ):
        assert set(numbers_in(desk.get(f"/seller?tab=applied&{asked}").text)) == {case.case_no for case in found}, asked
    page = desk.get("/seller?tab=applied&tag=加急").text
    assert '<b class="tag">加急</b>' in page and '<option value="加急" selected>' in page
    assert "tag=%E5%8A%A0%E6%80%A5" in re.findall(rf'href="(/seller/cases/{free.case_no}[^"]*)"', page)[0]


def test_a_saved_view_of_mine_is_everybody_s_own(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    hire(cast, "李四")
    case = cast.open_case()
    post(desk, f"/seller/cases/{case.case_no}/hand-over", {"to": str(cast.seller)}, at=f"/seller/cases/{case.case_no}")
    post(desk, "/seller/views?tab=applied&owner=me", {"name": "我的", "shared": "y"})
    assert "tab=applied&amp;owner=me" in sign_in(app, "李四").get("/seller").text
    assert numbers_in(sign_in(app, "李四").get("/seller?tab=applied&owner=me").text) == []


def test_who_has_it_open_is_seen_by_the_others_for_some_minutes(app: Flask, cast: Cast, now: Clock) -> None:
    hire(cast, "李四")
    case = cast.open_case()
    desk, other = sign_in(app, "seller"), sign_in(app, "李四")
    page = other.get(f"/seller/cases/{case.case_no}").text
    address = re.findall(r'data-read="(/seller/cases/[^"]+/look)"', page)[0]
    assert post(other, address, at="/seller").status_code == 303
    now.forward(minutes=2)
    assert "李四 2 分钟前打开" in desk.get(f"/seller/cases/{case.case_no}").text
    assert "李四 2 分钟前打开" in desk.get("/seller?tab=applied").text
    assert "分钟前打开" not in other.get("/seller?tab=applied").text  # not to oneself
    now.forward(minutes=10)
    assert "李四" not in numbers_in(desk.get("/seller?tab=applied").text)
    assert "打开" not in re.sub(
        r"<[^>]+>", "", desk.get(f"/seller/cases/{case.case_no}").text.split('id="team"')[1][:400]
    )
    with writing():
        looks.forget(now.at)
    assert db.session.scalars(db.select(CaseLook)).all() == []


def test_what_was_done_today_leads_to_its_list(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    li = hire(cast, "李四")
    cases = [cast.open_case() for _ in range(3)]
    for case in cases[:2]:
        cast.take(case, "ask_evidence", Actor.SELLER, user=li, note="请补拍")
    cast.take(cases[2], "agree", Actor.SELLER)
    page = desk.get("/seller/day").text
    link = f"/seller/day?day={now.at:%Y-%m-%d}&amp;who={li}&amp;step=ask_evidence"
    assert f'href="{link}">请补充凭证 2</a>' in page
    listed = desk.get(link.replace("&amp;", "&")).text
    assert set(numbers_in(listed)) == {case.case_no for case in cases[:2]}
    own = sign_in(app, "李四").get("/seller/day").text  # an employee sees what they did themselves
    assert set(numbers_in(own)) == {case.case_no for case in cases[:2]} and "seller" not in numbers_in(own)
    assert desk.get("/seller/day?day=nonsense&who=x&step=y").status_code == 200


def test_days_end_where_the_shop_began(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    """Before it there is nothing to leaf through, and after today neither."""
    assert 'rel="prev"' not in desk.get("/seller/day").text
    cast.take(cast.open_case(), "agree", Actor.SELLER)
    first = f"{now.at:%Y-%m-%d}"
    assert 'rel="prev"' not in desk.get("/seller/day").text
    now.forward(days=2)
    today = desk.get("/seller/day").text
    assert "这一天没有处理记录" in today and 'rel="next"' not in today
    assert desk.get(re.findall(r'href="([^"]+)" rel="prev"', today)[0]).text.count('rel="prev"') == 1
    for before in ("0001-01-01", "1999-12-31", first):
        page = desk.get(f"/seller/day?day={before}").text
        assert f"<strong>{first}</strong>" in page and 'rel="prev"' not in page and 'rel="next"' in page
    assert 'rel="next"' not in desk.get("/seller/day?day=9999-12-31").text


def test_the_setting_shares_out(app: Flask, cast: Cast, desk: FlaskClient, now: Clock) -> None:
    li = hire(cast, "李四")
    assert "谁先处理或回复就由谁负责" in desk.get("/seller/staff").text
    assert post(desk, "/seller/staff/sharing", {"shares_out": "y"}, at="/seller/staff").status_code == 303
    assert "谁手上未完成的最少就分给谁" in desk.get("/seller/staff").text
    case = cast.open_case()
    assert db.session.get_one(Case, (case.id, case.shop_id)).owner_id == li
    told = db.session.scalars(db.select(Notice.user_id).where(Notice.case_id == case.id, Notice.kind == "apply")).all()
    assert told == [li]
    assert post(desk, "/seller/staff/sharing", {}, at="/seller/staff").status_code == 303
    assert not db.session.scalar(db.select(Shop.shares_out).where(Shop.id == cast.shop))


def test_nothing_of_it_gets_out(app: Flask, cast: Cast, now: Clock) -> None:
    """Neither the buyer, nor the consumer by the link, nor the platform, nor a pack or a copy of one's data has it."""
    note, line, tag = CANARIES
    li = hire(cast, "李四")
    case = cast.open_case()
    case_no, url = case.case_no, f"/seller/cases/{case.case_no}"
    desk = sign_in(app, "seller")
    for path, form in (("notes", {"words": f"@李四 {note}"}), ("hand-over", {"to": str(li), "line": line})):
        assert post(desk, f"{url}/{path}", form, at=url).status_code == 303
    assert post(desk, f"{url}/tags", {"tags": tag}, at=url).status_code == 303
    seen = desk.get(url).text
    assert all(canary in seen for canary in CANARIES)
    cast.take(db.session.get_one(Case, (case.id, case.shop_id)), "ask_evidence", Actor.SELLER, note="请补拍")
    cast.mediated(db.session.get_one(Case, (case.id, case.shop_id)), mediator_id=cast.mediator)
    with writing():
        token = consumer_links.make_link(cast.now, shop_id=cast.shop, case_id=case.id, by=cast.seller)
    buyer, platform, consumer = sign_in(app, "buyer"), sign_in(app, "mediator"), app.test_client()
    pages = crawl(buyer, "/", "/me", "/notices", f"/cases/{case_no}", "/me/privacy") | crawl(
        platform, "/mediation", f"/mediation/{case_no}"
    )
    pages |= crawl(consumer, f"/c/{token}")
    assert f"/cases/{case_no}" in pages and f"/mediation/{case_no}" in pages
    found = [f"{canary} in {path}" for path, text in pages.items() for canary in CANARIES if canary in text]
    files = [
        buyer.get(f"/cases/{case_no}/pack.zip"),
        desk.get(f"{url}/pack.zip"),
        buyer.get("/me/privacy/copy.zip"),
    ]
    for answer in files:
        assert answer.status_code == 200, answer.request.path
        with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
            for name in packed.namelist():
                content = packed.read(name).decode("utf-8", "ignore")
                found += [f"{canary} in {name}" for canary in (*CANARIES, "owner_id") if canary in content]
    assert not found


@pytest.mark.parametrize(
    ("words", "reaches"),
    [
        ("请看", True),
        ("@李四 请看", True),
        ("＠李四＠王五", True),
        ("@李五 请看", False),
        ("@李四 和 @lisi 请看", False),
        ("@ 李四", False),
    ],
)
def test_a_name_that_nobody_of_the_shop_has_is_said(
    cast: Cast, desk: FlaskClient, now: Clock, words: str, reaches: bool
) -> None:
    """The note is kept; who was meant wasn't told, and the page doesn't look as if they were."""
    hire(cast, "李四")
    hire(cast, "王五")
    url = f"/seller/cases/{cast.open_case().case_no}"
    kept = post(desk, f"{url}/notes", {"words": words}, at=url)
    assert ("said=staff-note-saved" in kept.location) is reaches
    assert ("没有提醒到人" in desk.get(kept.location.partition("#")[0]).text) is not reaches
