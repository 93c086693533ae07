"""The queue people work from: groups, numbers that are lists, filters and views that stay."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.cases import piles, saved_views
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import Case, MoneyEntry, Parcel, SavedView
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


def numbers(page: str) -> list[str]:
    """The cases of a list."""
    return re.findall(r'class="open" href="/seller/cases/([A-Z0-9]+)', page)


def test_each_number_of_the_morning_is_its_list(app: Flask, cast: Cast, now: Clock) -> None:
    for state in ("applied", "applied", "inspecting", "reshipping", "refunding"):
        cast.until(state)
    first = db.session.scalars(select(Case.id).order_by(Case.id).limit(2)).all()
    for case_id, hours in zip(first, (3, 9), strict=True):
        with writing():
            at = now.at.replace(hour=now.at.hour + hours)
            db.session.execute(update(Case).where(Case.id == case_id).values(due_at=at))
    desk = sign_in(app, "seller")
    page = desk.get("/seller").text
    figures = re.findall(r'<li><a href="([^"]+)"[^>]*>([^<]+) <b>([^<]+)</b>', page)
    assert [words for _, words, _ in figures] == [
        "已超时",
        "4 小时内",
        "今天到期",
        "已签收待验",
        "待付款",
        "等待回复",
        "无主件",
    ]
    said = {words: (unescape(at), number) for at, words, number in figures}
    assert {words: number for words, (_, number) in said.items() if words != "待付款"} == {
        "已超时": "0",
        "4 小时内": "1",
        "今天到期": "2",
        "已签收待验": "0",
        "等待回复": "0",
        "无主件": "0",
    }
    assert said["待付款"][1].startswith("¥")
    for words, (address, number) in said.items():
        opened = desk.get(address)
        assert opened.status_code == 200
        if address.startswith("/seller?"):
            assert str(len(numbers(opened.text))) == number, words


@pytest.mark.parametrize("tab", piles.TABS)
def test_the_number_on_a_tab_is_the_length_of_its_list(app: Flask, cast: Cast, now: Clock, tab: str) -> None:
    for state in ("applied", "proposed", "revising", "returning", "inspecting", "paying", "completed", "withdrawn"):
        cast.until(state)
    page = sign_in(app, "seller").get(f"/seller?tab={tab}").text
    [current] = re.findall(r'aria-current="page">([^<]+)<span class="n">(\d+)</span>', page)
    assert current == (piles.TABS[tab].words + " ", str(len(numbers(page))))


def test_filters_stay_in_every_address(app: Flask, cast: Cast, now: Clock) -> None:
    wanted = [cast.open_case(reason="damaged") for _ in range(42)]
    cast.open_case(reason="missing_item", case_type=CaseType.REISSUE)
    desk = sign_in(app, "seller")
    asked = "tab=applied&q=%E8%A2%9C&reason=damaged&type=exchange"
    first = desk.get(f"/seller?{asked}").text
    assert len(numbers(first)) == 40
    row = unescape(re.findall(r'class="open" href="([^"]+)"', first)[0])
    assert asked in row
    more = unescape(first.split('rel="next" href="')[1].split('"')[0])
    second = desk.get(more).text
    assert asked in more and sorted(numbers(first) + numbers(second)) == sorted(case.case_no for case in wanted)
    case = desk.get(unescape(re.findall(r'class="open" href="([^"]+)"', second)[0])).text
    back = unescape(re.findall(r'href="([^"]+)">返回队列', case)[0])
    assert numbers(desk.get(back).text) == numbers(second)


@pytest.mark.parametrize(
    ("asked", "hits"),
    [("type=reissue", 1), ("carrier=ZTO", 1), ("carrier=SF", 0), ("older=1", 1), ("least=1", 1), ("least=99999", 0)],
)
def test_each_filter_narrows(app: Flask, cast: Cast, now: Clock, asked: str, hits: int) -> None:
    cast.open_case()
    with writing():
        db.session.execute(update(Case).values(opened_at=now.at.replace(day=20)))
    cast.open_case(reason="missing_item", case_type=CaseType.REISSUE)
    cast.open_case(case_type=CaseType.RETURN_REFUND)
    back = cast.until("disputed")
    with writing():
        db.session.execute(update(Case).where(Case.id == back.id).values(countered=True))
    page = sign_in(app, "seller").get(f"/seller?{asked}").text
    assert len(numbers(page)) == hits
    # a number beside a filter is of the filtered list: only the one that is shown has been counted
    tabs = page.split('aria-label="轮到谁"')[1].split('aria-label="筛选"')[0]
    assert set(re.findall(r'class="n">([^<]*)<', tabs)) == {str(hits), ""}


def test_an_amount_that_is_none_is_said_and_a_filter_never_breaks(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case()
    page = sign_in(app, "seller").get("/seller?least=x&older=99&type=y&carrier=z&reason=w&q=").text
    assert "请填写金额" in page and len(numbers(page)) == 1


def test_nothing_in_this_list_leads_to_the_search_over_all(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("completed")
    desk = sign_in(app, "seller")
    page = desk.get(f"/seller?tab=applied&q={case.case_no}").text
    assert "只在「待审核」里筛选" in page
    assert case.case_no in desk.get(f"/seller/search?q={case.case_no}", follow_redirects=True).text


@pytest.mark.parametrize(("old", "new"), piles.MOVED.items())
def test_addresses_of_before_still_lead_somewhere(app: Flask, cast: Cast, now: Clock, old: str, new: str) -> None:
    page = sign_in(app, "seller").get(f"/seller?tab={old}").text
    assert f'aria-current="page">{piles.TABS[new].words} ' in page


ROLES = {
    "agent": (set(piles.TABS), set()),
    "warehouse": ({"mine", "arrived", "reshipping", "way", "confirming"}, {"applied", "mediation", "completed"}),
    "finance": ({"mine", "refunding", "refund_failed", "paying"}, {"applied", "way", "arrived", "mediation"}),
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_its_lists_and_sees_only_its_states(app: Flask, cast: Cast, now: Clock, role: str) -> None:
    for state in ("applied", "inspecting", "reshipping", "refunding", "confirming"):
        cast.until(state)
    cast.employ(cast.shop, "buyer2", role)
    desk = sign_in(app, "buyer2")
    there, gone = ROLES[role]
    for tab in there:
        assert desk.get(f"/seller?tab={tab}").status_code == 200, tab
    for tab in gone:
        assert desk.get(f"/seller?tab={tab}").status_code == 404, tab
    seen = {"agent": {"applied", "reshipping", "refunding"}, "warehouse": {"reshipping"}, "finance": {"refunding"}}
    listed = numbers(desk.get("/seller").text)
    assert set(db.session.scalars(select(Case.state).where(Case.case_no.in_(listed)))) == seen[role]
    for case_no in listed:
        assert desk.get(f"/seller/cases/{case_no}").status_code == 200


def test_a_view_is_kept_opened_shared_and_forgotten(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case()
    cast.employ(cast.shop, "buyer2", "agent")
    owner, agent, other = (sign_in(app, name) for name in ("seller", "buyer2", "seller2"))
    list_of = "tab=applied&reason=damaged"
    kept = post(owner, f"/seller/views?{list_of}", {"name": "破损待审核"})
    assert kept.status_code == 303 and kept.location == f"/seller?{list_of}&said=view-saved"
    post(owner, "/seller/views?tab=mine", {"name": "全部事", "shared": "y"})
    mine = owner.get("/seller").text
    assert "破损待审核" in mine and "全部事" in mine and "reason=damaged" in mine
    theirs = agent.get("/seller").text
    assert "破损待审核" not in theirs and "全部事" in theirs
    assert "全部事" not in other.get("/seller").text
    post(owner, "/seller/views?tab=overdue", {"name": "破损待审核"})  # the same name: replaced
    db.session.rollback()
    views = {view.name: view for view in db.session.scalars(select(SavedView))}
    assert views["破损待审核"].query == "tab=overdue" and len(views) == 2
    for browser in (agent, other):  # neither a colleague nor a stranger forgets what isn't theirs
        for view in views.values():
            post(browser, f"/seller/views/{view.id}/remove", at="/seller/views")
    assert "全部事" in owner.get("/seller/views").text
    post(owner, f"/seller/views/{views['全部事'].id}/remove", at="/seller/views")
    assert "全部事" not in owner.get("/seller/views").text


def test_the_view_that_is_open_is_marked(app: Flask, cast: Cast, now: Clock) -> None:
    """Whatever its filters, from either page, in whatever order its address has them; and no other."""
    cast.employ(cast.shop, "buyer2", "agent")
    cast.open_case()
    lists = [
        "tab=applied",
        "tab=applied&reason=damaged",
        "tab=open&type=exchange&owner=me",
        "tab=open&owner=none&tag=急",
    ]
    owner, agent = sign_in(app, "seller"), sign_in(app, "buyer2")
    for number, query in enumerate(lists):
        post(owner, f"/seller/views?{query}", {"name": f"视图{number}", "shared": "y"})
    for at, query in enumerate([*lists, "tab=overdue"]):
        for browser in (owner, agent):
            turned = "&".join(reversed(query.split("&")))
            for page in (f"/seller?{query}", f"/seller?{turned}", f"/seller/views?{query}"):
                marked = re.findall(
                    r'aria-current="true"[^>]*>(?:<td[^>]*><a[^>]*>)?(视图[0-9])', browser.get(page).text
                )
                assert marked == [f"视图{at}"][: at < len(lists)], (page, marked)


def test_a_view_without_a_name_and_one_too_many_are_refused(
    app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    desk = sign_in(app, "seller")
    empty = post(desk, "/seller/views", {"name": " "})
    assert empty.status_code == 422 and "请给这个视图起个名称" in empty.text
    assert post(desk, "/seller/views", {"name": "甲"}).status_code == 303
    full = post(desk, "/seller/views", {"name": "乙"})
    assert full.status_code == 422 and "已有 1 个视图" in full.text and "乙" in full.text


def test_what_is_new_is_announced_and_not_pushed(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    desk = sign_in(app, "seller")
    looked_at = "/seller?tab=applied&reason=damaged"
    asked = unescape(re.findall(r'data-poll="([^"]+)"', desk.get(looked_at).text)[0])
    assert desk.get(asked).status_code == 204
    cast.take(case, "agree", Actor.SELLER)
    bar = desk.get(asked, headers={"Referer": f"http://localhost{looked_at}"})
    assert bar.status_code == 200 and "点这里更新" in bar.text and "tab=applied&amp;reason=damaged" in bar.text
    assert 'href="/seller?tab=mine"' in desk.get(asked).text  # a browser that doesn't say where it is


def test_states_of_every_tab_belong_to_its_pile() -> None:
    assert all(not tab.state or tab.state in list(State) for tab in piles.TABS.values())
    assert {tab.group for tab in piles.TABS.values()} == set(piles.GROUPS)


@pytest.mark.parametrize("sort", [name for name in piles.SORTS if name])
def test_a_chosen_order_is_kept_in_every_address_and_in_a_view(app: Flask, cast: Cast, now: Clock, sort: str) -> None:
    for _ in range(42):
        cast.open_case()
    desk = sign_in(app, "seller")
    first = desk.get(f"/seller?tab=applied&sort={sort}").text
    assert f'<option value="{sort}" selected>' in first
    more = unescape(first.split('rel="next" href="')[1].split('"')[0])
    second = desk.get(more).text
    assert f"sort={sort}" in more and len({*numbers(first), *numbers(second)}) == 42
    assert f"sort={sort}" in unescape(re.findall(r'class="open" href="([^"]+)"', second)[0])
    kept = post(desk, f"/seller/views?tab=applied&sort={sort}", {"name": "按我的排序"})
    assert kept.status_code == 303
    assert f"tab=applied&sort={sort}" in unescape(desk.get("/seller").text)
    for wrong in ("after=x~1", "after=1~", "after=1~2~3", "after=-1~2"):
        assert desk.get(f"/seller?tab=applied&sort={sort}&{wrong}").status_code == 404
    assert desk.get("/seller?tab=applied&sort=moon").status_code == 200


def test_columns_are_chosen_by_each_person(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case(case_type=CaseType.RETURN_REFUND)
    cast.employ(cast.shop, "buyer2", "warehouse")
    desk = sign_in(app, "seller")

    def heads() -> list[str]:
        return re.findall(r'<th scope="col" class="[^"]*">([^<]+)</th>', desk.get("/seller").text)

    assert heads() == ["数量", "原因", "买家", "负责", "照片"]
    kept = post(desk, "/seller/columns?tab=applied", {"columns": ["amount", "opened"]})
    assert kept.location == "/seller?tab=applied&said=columns-kept"
    assert heads() == ["退款金额", "申请时间"] and "退货退款" in desk.get("/seller").text
    post(desk, "/seller/columns?tab=applied", {"columns": []})
    assert heads() == []
    post(desk, "/seller/columns", {"columns": ["quantity", "reason", "buyer", "owner", "photos"]})
    assert heads() == ["数量", "原因", "买家", "负责", "照片"]
    assert post(desk, "/seller/columns", {"columns": ["moon"]}).status_code == 422
    store = sign_in(app, "buyer2")
    assert "退款金额" not in store.get("/seller/columns").text
    assert post(store, "/seller/columns", {"columns": ["amount"]}).status_code == 422
    assert 'value="amount"' not in store.get("/seller?sort=amount").text


def test_what_changed_since_yesterday_is_a_list_each(app: Flask, cast: Cast, now: Clock) -> None:
    """Each case once, by what happened since the beginning of yesterday; before that it doesn't count."""
    cast.until("withdrawn")
    now.forward(hours=72)
    for state in ("applied", "returning", "inspecting", "reshipping", "completed", "withdrawn"):
        cast.until(state, now=now.at)
    asked = cast.until("revising", now=now.at)
    cast.take(asked, "modify", Actor.BUYER, now.at, description="补拍了面单")
    cast.take(asked, "reject", Actor.SELLER, now.at, refusal="evidence_insufficient", note="看不清")
    paid = cast.until("refunding", case_type=CaseType.RETURN_REFUND, now=now.at)
    with writing():
        entry = db.session.scalars(select(MoneyEntry).where(MoneyEntry.case_id == paid.id)).one()
        entry.state, entry.settled_at = "settled", now.at
        parcel = db.session.scalars(select(Parcel).where(Parcel.case_id == paid.id, Parcel.leg == "back")).one()
        parcel.signed_at = now.at
        fen = entry.amount_fen
    desk = sign_in(app, "seller")
    line = desk.get("/seller").text.split('id="changes"')[1].split("</details>")[0]
    said = {words: (unescape(at), number) for at, words, number in re.findall(r'href="([^"]+)">(\S+) ([^<]+)<', line)}
    assert {words: number.split("（")[0] for words, (_, number) in said.items()} == {
        "新售后单": "8",
        "已处理申请": "6",
        "退货已签收": "1",
        "已结束": "2",
        "已拒绝": "1",
        "已退款": "1",
    }
    assert said["已退款"][1] == f"1（¥{fen / 100:,.2f}）"
    for words, (at, number) in said.items():
        page = desk.get(at).text
        assert str(len(numbers(page))) == number.split("（")[0], words
        assert words in ("新售后单",) or words in page.split("<tbody")[0]
    assert desk.get(f"/seller/exports?{said['已结束'][0].split('?')[1]}").status_code == 200
    cast.employ(cast.shop, "buyer2", "warehouse")
    assert 'id="changes"' not in sign_in(app, "buyer2").get("/seller").text


def test_a_view_gets_another_name_from_whom_it_belongs_to(app: Flask, cast: Cast, now: Clock) -> None:
    cast.employ(cast.shop, "buyer2", "agent")
    owner, agent, other = (sign_in(app, name) for name in ("seller", "buyer2", "seller2"))
    for name in ("破损待审核", "到货要点的"):
        post(owner, "/seller/views?tab=applied", {"name": name, "shared": "y"})
    db.session.rollback()
    ids = {view.name: view.id for view in db.session.scalars(select(SavedView))}
    url, at = f"/seller/views/{ids['到货要点的']}/rename?tab=applied", "/seller/views?tab=applied"
    for name, sentence in (("破损待审核", "已有名为「破损待审核」的视图"), (" ", "请填写新名称")):
        refused = post(owner, url, {"name": name}, at=at)
        assert refused.status_code == 422 and sentence in refused.text
        field = re.findall(r'<li><a href="#([^"]+)"', refused.text)
        assert len(field) == 1 and refused.text.count(f'id="{field[0]}"') == 1
    assert 'value="破损待审核"' in post(owner, url, {"name": "破损待审核"}, at=at).text  # what was typed stays
    for browser in (agent, other):
        assert "said=view-gone" in post(browser, url, {"name": "别的"}, at="/seller/views?tab=mine").location
    before = owner.get("/seller").headers["ETag"]
    done = post(owner, url, {"name": "今天的"}, at=at)
    assert done.status_code == 303 and "视图已改名" in owner.get(done.location).text
    shown = owner.get("/seller", headers={"If-None-Match": before})
    assert shown.status_code == 200 and "今天的" in shown.text and "到货要点的" not in shown.text
    db.session.rollback()
    kept = {view.id: (view.name, view.query, view.shared) for view in db.session.scalars(select(SavedView))}
    assert kept[ids["到货要点的"]] == ("今天的", "tab=applied", True) and len(kept) == 2
