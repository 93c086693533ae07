"""通知: a row for each case with its newest line, what is to be done and the true count; opening a row reads it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases import notice_rows
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import Case, MoneyEntry, Notice
from portal.notices import notices, reading
from portal.words import end, moment
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


@pytest.fixture
def buyer(both: Flask, cast_both: Cast, now: Clock) -> FlaskClient:
    return sign_in(both, "buyer")


def rows_of(client: FlaskClient, url: str = "/notices") -> list[str]:
    return re.findall(r'<li class="todo">.*?</li>', client.get(url).text, re.S)


def tell(cast: Cast, case: Case | None, number: int, user_id: int = 0) -> None:
    with writing():
        notices.add_notice(
            user_id or cast.buyer,
            case,
            kind="parcel" if case else "account",
            title=f"第 {number} 条",
            body=f"第 {number} 条的内容",
            href=f"/cases/{case.case_no}" if case else "/me/account",
            at=cast.now + timedelta(minutes=number),
            dedupe_key=f"told:{number}:{user_id}",
        )


def test_a_case_is_one_row_with_its_newest_line(cast_both: Cast, buyer: FlaskClient) -> None:
    cast = cast_both
    first, second = cast.open_case(), cast.open_case()
    for number, case in enumerate((first, second, first, None, first, None)):
        tell(cast, case, number)
    found = rows_of(buyer)
    assert [re.findall(r"第 \d 条(?!的)", row) for row in found] == [["第 5 条"], ["第 4 条"], ["第 3 条"], ["第 1 条"]]
    assert first.goods in found[1] and first.spec in found[1] and first.case_no in found[1]
    assert moment(cast.now + timedelta(minutes=4)) in found[1]
    assert "3 条未读" in found[1] and "1 条未读" in found[3] and "1 条未读" in found[0]


def test_rows_of_the_same_goods_are_told_apart_by_their_numbers(cast_both: Cast, buyer: FlaskClient) -> None:
    cases = [cast_both.open_case() for _ in range(3)]
    for number, case in enumerate(cases):
        tell(cast_both, case, number)
    shown = [re.sub("<[^>]*>", "", row) for row in rows_of(buyer)]
    for case in cases:
        assert sum(case.case_no in row for row in shown) == 1


def test_the_rows_add_up_to_the_count_on_the_tab(cast_both: Cast, buyer: FlaskClient) -> None:
    cast = cast_both
    cases = [cast.open_case() for _ in range(3)]
    for number in range(11):
        tell(cast, [*cases, None][number % 4], number)
    unread = sum(int(each) for row in rows_of(buyer) for each in re.findall(r"(\d+) 条未读", row))
    assert unread == 11 and "11 条未读" in buyer.get("/messages").text


def test_pages_by_key_show_every_case_once(cast_both: Cast) -> None:
    cast = cast_both
    cases = [cast.open_case() for _ in range(5)]
    for number in range(30):
        tell(cast, cases[number % 5] if number % 3 else None, number)
    shown, before = [], None
    while True:
        page = list(notice_rows.list_page(cast.buyer, before, 4, cast.now))
        shown += [row.case.id if row.case else f"notice {row.notice.id}" for row in page[:4]]
        if len(page) <= 4:
            break
        before = page[3].notice.id
    assert len(shown) == len(set(shown)) == 5 + 10
    assert {case.id for case in cases} < set(shown)


def test_opening_a_row_reads_its_case_and_no_other(cast_both: Cast, buyer: FlaskClient) -> None:
    cast = cast_both
    first, second = cast.open_case(), cast.open_case()
    for number, case in enumerate((first, second, first)):
        tell(cast, case, number)
    [opens] = re.findall(rf'href="/cases/{first.case_no}" data-opens="([^"]+)"', buyer.get("/notices").text)
    answer = post(buyer, opens, {}, at="/notices")
    assert answer.status_code == 303 and answer.location == f"/cases/{first.case_no}"
    db.session.rollback()
    unread = db.select(Notice.case_id).where(Notice.user_id == cast.buyer, Notice.read_at.is_(None))
    assert list(db.session.scalars(unread)) == [second.id]
    assert "data-opens" not in next(row for row in rows_of(buyer) if first.case_no in row)
    quietly = post(buyer, opens, {}, at="/notices", headers={"HX-Request": "true"})
    assert quietly.status_code == 204


def test_nobody_opens_anothers_notice(both: Flask, cast_both: Cast, buyer: FlaskClient) -> None:
    tell(cast_both, cast_both.open_case(), 1)
    notice = db.session.scalar(db.select(Notice.id).where(Notice.user_id == cast_both.buyer))
    for who, url in (("buyer2", "/notices"), ("seller", "/seller/notices")):
        assert post(sign_in(both, who), f"{url}/{notice}/open", {}, at="/me").status_code == 404
    db.session.rollback()
    assert db.session.scalar(db.select(Notice.read_at).where(Notice.id == notice)) is None


@pytest.mark.parametrize(
    ("state", "waits", "leads"),
    [
        ("revising", "待您补充", "/modify"),
        ("returning", "待您寄回", "/ship_return"),
        ("confirming", "待您收货", "/confirm"),
        ("inspecting", "", ""),
        ("completed", "", ""),
    ],
)
def test_what_is_to_be_done_stands_in_the_row_while_it_is_open(
    cast_both: Cast, buyer: FlaskClient, now: Clock, state: str, waits: str, leads: str
) -> None:
    case = cast_both.until(state)
    tell(cast_both, case, 1)
    row = next(each for each in rows_of(buyer) if case.case_no in each)
    assert (f'href="/cases/{case.case_no}{leads}"' in row) and (waits in row)
    assert ("待您" in row) == bool(waits) and row.count("<a ") == 1 + bool(waits)
    if waits and case.due_at:
        assert f"{moment(case.due_at)}" in row or "24:00" in row
        now.at = case.due_at + timedelta(seconds=1)  # the clock's turn: no button a moment before it closes
        late = next(each for each in rows_of(buyer) if case.case_no in each)
        assert "待您" not in late and late.count("<a ") == 1


def test_the_shop_reads_by_case_as_well(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    case = cast.open_case()
    for number in range(2):
        tell(cast, case, number, cast.seller)
    seller = sign_in(both, "seller")
    [row] = [each for each in rows_of(seller, "/seller/notices") if case.case_no in each]
    assert f"换货 {case.case_no}" in row, "of the same goods there are several"
    assert "条未读" in row and case.goods in row
    cast.take(case, "agree", Actor.SELLER)
    assert case.state == State.RETURNING
    assert "待审核" not in "".join(rows_of(seller, "/seller/notices"))


def test_reading_all_reads_all(cast_both: Cast, buyer: FlaskClient) -> None:
    for number in range(3):
        tell(cast_both, cast_both.open_case(), number)
    assert post(buyer, "/notices", {}).status_code == 303
    assert not any("unread" in row for row in rows_of(buyer))
    db.session.rollback()
    assert reading.count_unread_of(cast_both.buyer, list(db.session.scalars(db.select(Case.id)))) == {}


def test_an_account_is_asked_for_without_the_shops_deadline(cast_both: Cast, buyer: FlaskClient) -> None:
    case = cast_both.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    tell(cast_both, case, 1)
    row = next(each for each in rows_of(buyer) if case.case_no in each)
    assert "待您" not in row, "nobody asked for an account yet"
    with writing():
        db.session.execute(db.update(MoneyEntry).where(MoneyEntry.case_id == case.id).values(route="bank"))
    row = next(each for each in rows_of(buyer) if case.case_no in each)
    assert "待您填写收款账户</span>" in row and f'/cases/{case.case_no}/give_account"' in row


ROOMS = ("ratings", "bank-data", "auto", "payouts", "logistics", "figures", "staff", "scan")


@pytest.mark.parametrize("role", ["owner", "agent", "warehouse", "finance"])
def test_a_notice_leads_only_to_what_its_reader_may_open_now(
    both: Flask, cast_both: Cast, now: Clock, role: str
) -> None:
    """The case has left the role's states since, or the role is another: its row is words, and is read without leading
    to a page that refuses."""
    cast = cast_both
    name, reader = ("seller", cast.seller) if role == "owner" else ("buyer2", cast.buyer2)
    if role != "owner":
        cast.employ(cast.shop, "buyer2", role)
    cases = [cast.open_case(), *(cast.until(state) for state in ("revising", "inspecting", "reshipping"))]
    hrefs = [f"/seller/cases/{case.case_no}" for case in cases]
    hrefs += [*(f"/seller/{room}" for room in ROOMS), "/seller/gone", "/me/account", "/mediation", "/operator"]
    for number, href in enumerate(hrefs):
        with writing():
            notices.add_notice(
                reader,
                cases[number] if number < len(cases) else None,
                shop_id=cast.shop,
                kind="told",
                title=f"第 {number} 条",
                body="内容",
                href=href,
                at=cast.now + timedelta(minutes=number),
                dedupe_key=f"told:{number}",
            )
    desk = sign_in(both, name)
    reads = {href: desk.get(href).status_code not in (403, 404) for href in hrefs}
    assert reads[hrefs[0]] is (role in ("owner", "agent")) and reads[hrefs[2]] is (role != "finance")
    for at in ("/seller/notices", "/notices"):
        rows = [row for row in rows_of(desk, at) if re.search(r"第 \d+ 条", row)]
        assert len(rows) == len(hrefs)
        for row, href in zip(reversed(rows), hrefs, strict=True):
            assert (f'href="{href}"' in row, "现在不由您处理" in row) == (reads[href], not reads[href]), href
            assert ("标为已读" in row) is not reads[href]
    for number, href in enumerate(hrefs):
        notice_id = db.session.scalar(db.select(Notice.id).where(Notice.dedupe_key == f"told:{number}"))
        opened = post(desk, f"/seller/notices/{notice_id}/open", at="/seller/notices")
        assert opened.status_code == 303, (number, href, re.sub("<[^>]*>", "", opened.text)[-900:])
        assert opened.location == (href if reads[href] else "/seller/notices")
    assert not any("标为已读" in row for row in rows_of(desk, "/seller/notices")), "all are read"


def test_notices_of_a_shop_that_one_has_left_are_words(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    case = cast.open_case()
    with writing():
        notices.add_notice(
            cast.seller2,
            case,
            kind="told",
            title="新的申请",
            body="内容",
            href=f"/seller/cases/{case.case_no}",
            at=cast.now,
            dedupe_key="told:left",
        )
    [row] = [each for each in rows_of(sign_in(both, "seller2"), "/seller/notices") if "新的申请" in each]
    assert "href=" not in row.replace("<use href", "") and "现在不由您处理" in row


DAY = re.compile(r"[0-9]{1,2}月[0-9]{1,2}日 [0-9]{2}:[0-9]{2}")


@pytest.mark.parametrize("reminded", [False, True])
@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
@pytest.mark.parametrize("state", ["applied", "returning", "inspecting", "disputed", "refunding", "reshipping"])
def test_the_shops_row_says_the_present_deadline_once_and_no_other(
    app: Flask, cast: Cast, now: Clock, state: str, kind: CaseType, reminded: bool
) -> None:
    if kind is CaseType.RETURN_REFUND and state == "reshipping":
        state = "refund_failed"
    case = cast.until(state, case_type=kind)
    if reminded:
        assert case.due_at is not None
        with writing():
            db.session.execute(db.update(Case).where(Case.id == case.id).values(remind_at=now.at))
            found = db.session.get_one(Case, case.id)
            notices.send_reminder(found, Actor.SELLER, now.at, "到期由平台介入")
    case = db.session.get_one(Case, case.id, populate_existing=True)
    for row in rows_of(sign_in(app, "seller"), "/seller/notices"):
        said = re.sub(r"<[^>]+>", "", row)
        days = DAY.findall(said.replace(moment(case.opened_at), ""))
        assert len(days) == len(set(days)), said
        assert not case.due_at or set(days) <= {end(case.due_at)}, said
        title = re.findall(r'<strong class="whole">([^<]+)', row)[0]
        assert said.count(title) == 1, said
