"""Parcels on pages: what is known of them, asking again, typing in, importing, being told; and the shop's monitor."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Notice, Order, OrderWatch, Parcel, ParcelTrace, Shipment, Staff, Track
from portal.parcels import following, keeping, scans
from portal.parcels.scans import Scan
from portal.tracking import polling
from portal.tracking import scans as case_scans
from portal.web import rates
from tests.cast import PARCELS, Cast, post, sign_in, token_of
from tests.conftest import NOW, Clock
from tests.web.naughty import DIRECTIONS, MARKUP, NAUGHTY, UNPRINTABLE, encoded
from tests.web.places import URLENCODED, Quick

HOUR = timedelta(hours=1)
LINE = "2026-11-23 09:30:11 【义乌市】已揽收"


@pytest.fixture
def service(app: Flask) -> None:
    following.set_service("kuaidi100")


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


@pytest.fixture
def seller(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "seller")


def shipment() -> int:
    found = db.session.scalars(db.select(Shipment.id).order_by(Shipment.id.desc())).first()
    db.session.rollback()
    assert found is not None
    return found


def said(at: timedelta, status: str, words: str, **how: object) -> None:
    parcel = db.session.scalars(db.select(Parcel.id).order_by(Parcel.id.desc())).first() or 0
    with writing():
        case_scans.record_scans(parcel, [Scan(NOW + at, status, words)], now=NOW + at, **how)  # type: ignore[arg-type]


def track(**columns: object) -> None:
    with writing():
        db.session.execute(db.update(Track).values(**columns))


def test_a_case_page_says_what_is_known(app: Flask, cast: Cast, buyer: FlaskClient, service: None) -> None:
    case = cast.until("inspecting")
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "还没有物流记录" in page and "正在等待第一次查询" in page and "刷新物流" in page
    said(HOUR, "picked", "【义乌市】已揽收", origin="kuaidi100")
    said(2 * HOUR, "delivering", "【杭州市】<b>派送</b>", origin="kuaidi100")
    track(checked_at=NOW)
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "派送中" in page and "【杭州市】&lt;b&gt;派送&lt;/b&gt;" in page and "来源：快递100" in page
    assert "全部 2 条物流记录" in page and "上次更新" in page
    track(failures=2, error="slow", checked_at=NOW)
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "物流公司暂时没有回应，上次成功查询" in page and "会自动重试" in page
    said(3 * HOUR, "signed", "【杭州市】已签收，签收人：本人", origin="kuaidi100")
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "已签收" in page and "没有回应" not in page and "会自动重试" not in page, "nothing is waited for any more"


def test_without_a_service_there_is_no_button_that_does_nothing(cast: Cast, buyer: FlaskClient) -> None:
    case = cast.until("inspecting")
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "刷新物流" not in page and "可以粘贴物流公司的记录" in page and "录入物流" in page
    done = post(buyer, f"/parcels/{shipment()}/refresh", at=f"/parcels/{shipment()}")
    assert done.location.endswith("said=not-asked")


def test_refreshing_lets_the_number_be_asked_about_next(
    cast: Cast, buyer: FlaskClient, seller: FlaskClient, service: None, now: Clock
) -> None:
    case = cast.until("inspecting")
    later = NOW + 3 * HOUR
    track(next_at=later, tried_at=NOW - HOUR)
    url = f"/parcels/{shipment()}/refresh"
    done = post(buyer, url, at=f"/cases/{case.case_no}")
    assert done.status_code == 303 and done.location == f"/cases/{case.case_no}?said=asked-again"
    assert db.session.scalar(db.select(Track.next_at)) == NOW
    assert "几秒后重新打开本页" in buyer.get(done.location).text
    track(next_at=later, tried_at=NOW)
    done = post(seller, f"/seller/logistics/{shipment()}/refresh", at=f"/seller/logistics/{shipment()}")
    assert done.location.endswith("said=asked-just-now")
    assert db.session.scalar(db.select(Track.next_at)) == later
    for _ in range(29):
        post(buyer, url, at=f"/cases/{case.case_no}")
    assert post(buyer, url, at=f"/cases/{case.case_no}").status_code == 429


def test_pasted_lines_are_kept_and_said_to_be_pasted(cast: Cast, buyer: FlaskClient, now: Clock) -> None:
    case = cast.until("inspecting")
    url = f"/parcels/{shipment()}"
    now.forward(hours=2)
    done = post(buyer, url, {"words": f"{LINE}\n2026-11-23 11:00 【义乌市】已签收"})
    assert done.status_code == 303 and done.location == f"{url}?said=traces-kept"
    page = buyer.get(done.location).text
    assert "买家录入" in page and "由得利的一方录入，暂不改变期限" in page and "物流记录已保存" in page
    assert db.session.scalar(db.select(Parcel.signed_at)) is None
    again = post(buyer, url, {"words": LINE})
    assert again.location == f"{url}?said=traces-known"
    assert db.session.scalar(db.select(db.func.count()).select_from(ParcelTrace)) == 2
    seller = sign_in(cast_app(), "seller")
    done = post(seller, f"/seller/logistics/{shipment()}", {"words": "2026-11-23 11:00 【义乌市】已签收"})
    assert done.status_code == 303
    db.session.rollback()
    assert db.session.scalar(db.select(Parcel.signed_at)) == NOW + HOUR
    due = db.session.get_one(Case, case.id, populate_existing=True).due_at
    assert due == NOW + HOUR + timedelta(days=3)


def cast_app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "请粘贴物流记录"),
        ("已揽收", "第 1 行开头没有时间"),
        (f"{LINE}\n坏的一行", "第 2 行开头没有时间"),
        ("2026-02-30 10:00 已揽收", "第 1 行的时间不存在"),
        ("长" * 20_001, "最多 20000 个字"),
    ],
)
def test_bad_lines_are_named_beside_the_field(cast: Cast, buyer: FlaskClient, words: str, sentence: str) -> None:
    cast.until("inspecting")
    url = f"/parcels/{shipment()}"
    answer = post(buyer, url, {"words": words})
    assert answer.status_code == 422
    assert sentence in answer.text.partition('id="words-err"')[2]
    if words.startswith(LINE):
        assert "坏的一行" in answer.text
    assert db.session.scalar(db.select(db.func.count()).select_from(ParcelTrace)) == 0


def test_strangers_find_nothing(app: Flask, cast: Cast, now: Clock) -> None:
    cast.until("inspecting")
    number = shipment()
    other, shop = sign_in(app, "buyer2"), sign_in(app, "seller2")
    for browser, url in (
        (other, f"/parcels/{number}"),
        (shop, f"/seller/logistics/{number}"),
        (shop, f"/seller/logistics/{number}/correct"),
    ):
        assert browser.get(url).status_code == 404
        assert browser.get(url.replace(str(number), "9" * 30)).status_code == 404
    assert app.test_client().get(f"/parcels/{number}").status_code == 303


def test_what_has_arrived_offers_its_records_less_loudly(
    app: Flask, cast: Cast, buyer: FlaskClient, now: Clock
) -> None:
    case = cast.until("inspecting")
    for words, kind in (("已揽收", "btn"), ("已签收，签收人：本人", "btn quiet")):
        said(HOUR, "signed" if "签收" in words else "picked", words)
        page = buyer.get(f"/cases/{case.case_no}").text
        assert f'<a class="{kind}" href="/parcels/{shipment()}">录入物流' in re.sub(r"\s+", " ", page), words


def test_goods_that_were_counted_wait_for_no_records(cast: Cast, buyer: FlaskClient) -> None:
    """Whatever a carrier said; and the parcel that is waited for now stands before the one that came back."""
    case = cast.until("confirming")
    page = buyer.get(f"/cases/{case.case_no}").text
    assert page.index("换货包裹") < page.index("寄回的包裹") and "共 2 个" not in page
    out, back = page.split("换货包裹</h2>")[1].split("寄回的包裹</h2>")
    assert "可以粘贴物流公司的记录" in out and '<a class="btn" href="/parcels/' in re.sub(r"\s+", " ", out)
    assert "可以粘贴物流公司的记录" not in back and '<a class="btn quiet" href="/parcels/' in re.sub(r"\s+", " ", back)


def test_several_parcels_are_counted(cast: Cast, buyer: FlaskClient) -> None:
    case = cast.take(cast.until("returning"), "ship_return", Actor.BUYER, parcels=[*PARCELS, ("ZTO", "75484863576599")])
    assert "共 2 个" in buyer.get(f"/cases/{case.case_no}").text


def test_a_sent_form_sent_twice_is_one(cast: Cast, buyer: FlaskClient, now: Clock) -> None:
    cast.until("inspecting")
    url = f"/parcels/{shipment()}"
    form = {**token_of(buyer.get(url)), "words": "2026-11-23 09:59 【义乌市】运输中"}
    first, second = buyer.post(url, data=form), buyer.post(url, data=form)
    assert first.location == second.location == f"{url}?said=traces-kept"


# Orders --------------------------------------------------------------------------------------------------------------


def test_an_order_page_shows_its_own_parcel_and_tells_who_wishes(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(status="in_transit")
    order_no, order_id = order.order_no, order.id
    assert "录入物流" not in buyer.get(f"/orders/{order_no}").text
    polling.follow_orders(NOW)
    page = buyer.get(f"/orders/{order_no}").text
    assert "录入物流" in page and "开启物流提醒" in page
    done = post(buyer, f"/orders/{order_no}/watch", {"on": "1"}, at=f"/orders/{order_no}")
    assert done.location.endswith("said=watch-on")
    assert db.session.get(OrderWatch, order_id) is not None
    with writing():
        keeping.keep_scans_of_order(shipment(), [Scan(NOW - HOUR, "delivering", "派送中")], now=NOW, origin="kdniao")
        keeping.keep_scans_of_order(shipment(), [Scan(NOW, "delivering", "派送中")], now=NOW, origin="kdniao")
    assert list(db.session.scalars(db.select(Notice.title))) == ["订单包裹正在派送"]  # once
    page = buyer.get(f"/orders/{order_no}").text
    assert "来源：快递鸟" in page and "关闭物流提醒" in page
    post(buyer, f"/orders/{order_no}/watch", {"on": ""}, at=f"/orders/{order_no}")
    assert db.session.get(OrderWatch, order_id, populate_existing=True) is None
    done = post(buyer, f"/parcels/{shipment()}", {"words": "2026-11-23 10:05 【杭州市】已签收"})
    assert done.status_code == 303
    db.session.rollback()
    assert db.session.get_one(Order, order_id, populate_existing=True).received_at == NOW + timedelta(minutes=5)
    assert "关闭物流提醒" not in buyer.get(f"/orders/{order_no}").text


# The shop ------------------------------------------------------------------------------------------------------------


def test_the_monitor_lists_alarms_and_says_what_to_do(cast: Cast, seller: FlaskClient, now: Clock) -> None:
    page = seller.get("/seller/logistics").text
    assert "没有在途的包裹" in page and "没有接入物流查询服务" in page
    case = cast.until("inspecting")
    now.forward(hours=49)
    seller = sign_in(cast_app(), "seller")
    page = seller.get("/seller/logistics").text
    assert "登记寄出 48 小时后还没有任何物流记录" in page and PARCELS[0][1] in page and case.case_no in page
    assert "现在不用处理" in seller.get("/seller/logistics?tab=lost").text
    assert seller.get("/seller/logistics?tab=nothing").status_code == 404
    assert seller.get("/seller/logistics?tab=all&after=x").status_code == 404
    page = seller.get("/seller/logistics?tab=rates").text
    assert "不足 10 件" in page
    for _ in range(9):
        cast.until("inspecting")
    said(HOUR, "lost", "快件丢失")
    assert "10.0%" in seller.get("/seller/logistics?tab=rates").text
    assert "向物流公司索赔" in seller.get("/seller/logistics?tab=lost").text


def test_the_monitor_is_for_those_who_work_with_parcels(app: Flask, cast: Cast, now: Clock) -> None:
    cast.until("inspecting")
    for role, status in (("agent", 200), ("warehouse", 200), ("finance", 403)):
        with writing():
            db.session.execute(db.delete(Staff).where(Staff.user_id == cast.buyer2))
            db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role=role))
        browser = sign_in(app, "buyer2")
        for url in ("/seller/logistics", f"/seller/logistics/{shipment()}", "/seller/logistics/import"):
            assert browser.get(url).status_code == status, (role, url)
        shown = "/seller/logistics" in browser.get("/seller").text
        assert shown is (status == 200)


def upload(browser: FlaskClient, content: bytes, name: str = "物流.csv"):  # type: ignore[no-untyped-def]
    return post(
        browser, "/seller/logistics/import", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def test_a_table_is_checked_first_and_then_imported_once(cast: Cast, seller: FlaskClient, now: Clock) -> None:
    case = cast.until("inspecting")
    now.forward(hours=3)
    seller = sign_in(cast_app(), "seller")
    table = (
        "运单号,时间,物流内容\n"
        f"{PARCELS[0][1]},2026-11-23 10:30,【义乌市】已揽收\n"
        f'{PARCELS[0][1]},2026-11-23 12:30,"【义乌市】已签收,签收人:<仓库>"\n'
        f"{PARCELS[0][1]},2026-11-23 10:30,【义乌市】已揽收\n"
        "99999999,2026-11-23 10:30,已揽收\n"
        f"{PARCELS[0][1]},昨天,已揽收\n"
        ",2026-11-23 10:30,已揽收\n"
    ).encode("gb18030")
    checked = upload(seller, table)
    assert checked.status_code == 303
    page = seller.get(checked.location).text
    assert "确认导入 3 行" in page and "没有这个运单" in page and "时间读不出来" in page and "没有填写运单号" in page
    assert "签收人:&lt;仓库&gt;" in page
    assert db.session.scalar(db.select(db.func.count()).select_from(ParcelTrace)) == 0
    done = post(seller, checked.location)
    assert done.status_code == 303
    page = seller.get(done.location).text
    assert "已导入" in page and "确认导入" not in page
    rows = db.session.execute(db.select(ParcelTrace.origin, ParcelTrace.doubt)).all()
    assert [tuple(row) for row in rows] == [("import", "")] * 2
    assert db.session.get_one(Case, case.id, populate_existing=True).due_at == NOW + 2.5 * HOUR + timedelta(days=3)
    post(seller, checked.location, at=checked.location)
    again = upload(seller, table)
    assert "没有可以导入" not in seller.get(again.location).text
    post(seller, again.location)
    assert "之前已有" in seller.get(again.location).text
    assert db.session.scalar(db.select(db.func.count()).select_from(ParcelTrace)) == 2
    assert "物流.csv" in seller.get("/seller/logistics/import").text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "文件是空的"),
        ("运单号,时间\n1,2\n".encode(), "没有找到表头"),
        ("运单号,时间,物流内容\n".encode(), "只有表头"),
        ("运单号,时间,内容,描述\n1,2,3,4\n".encode(), "不止一次"),
        (b"\x89PNG\r\n", "这是图片"),
        (b"PK\x03\x04broken", ""),
        (b"x" * (2 * 1024 * 1024 + 1), "超过 2 MB"),
        ("运单号,时间,物流内容\n".encode() + b"1,2,3\n" * 2001, "最多 2000 行"),
    ],
)
def test_files_that_cannot_be_read_say_why(cast: Cast, seller: FlaskClient, content: bytes, sentence: str) -> None:
    answer = upload(seller, content)
    assert answer.status_code == 422
    assert sentence in answer.text.partition('id="file-err"')[2]


def test_no_file_and_a_number_that_a_spreadsheet_rounded(cast: Cast, seller: FlaskClient) -> None:
    assert "请选择物流记录的表格" in upload(seller, b"x", "").text
    checked = upload(seller, "运单号,时间,物流内容\n7.54849E+13,2026-11-23 10:30,已揽收\n".encode())
    assert "请把该列设为文本" in seller.get(checked.location).text


def test_the_seller_is_told_nothing_moves_by_their_own_word(cast: Cast, seller: FlaskClient, now: Clock) -> None:
    case = cast.until("confirming")
    due = db.session.get_one(Case, case.id).due_at
    number = shipment()
    assert "您录入的签收会通知对方核对" in seller.get(f"/seller/logistics/{number}").text
    now.forward(hours=2)
    post(seller, f"/seller/logistics/{number}", {"words": "2026-11-23 11:00 已签收"})
    assert db.session.get_one(Case, case.id, populate_existing=True).due_at == due
    assert "商家录入" in sign_in(cast_app(), "buyer").get(f"/cases/{case.case_no}").text


def test_the_mediator_sees_scans_and_no_tools(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.mediated(cast.until("disputed"))
    page = sign_in(app, "mediator").get(f"/mediation/{case.case_no}").text
    assert PARCELS[0][1] in page and "录入物流" not in page and "刷新物流" not in page


def test_whatever_is_pasted_is_kept_as_it_was_cleaned_or_refused_in_words(app: Flask, cast: Cast, now: Clock) -> None:
    cast.until("inspecting")
    browser = Quick(app, app.response_class, use_cookies=True)
    browser.set_cookie("sid", sign_in(app, "buyer").get_cookie("sid").value)  # type: ignore[union-attr]
    url, number = f"/parcels/{shipment()}", 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(rates.LIMITS, "trace", (10**9, HOUR))
        for each in (*NAUGHTY[::9], *MARKUP, *DIRECTIONS, *UNPRINTABLE, "x" * 25_000):
            for raw in (each, f"2026-11-23 09:00 {number} {each}"):
                number += 1
                form = encoded({**token_of(browser.get(url)), "words": raw})
                answer = browser.post(url, data=form, content_type=URLENCODED)
                assert answer.status_code in (303, 422), raw[:60]
    kept = db.session.scalars(db.select(ParcelTrace.words)).all()
    assert len(kept) > 20
    assert all(words == scans.clean(words) and len(words) <= scans.MOST_WORDS for words in kept)


@pytest.mark.parametrize("place", ["number", "at", "words"])
def test_whatever_stands_in_a_table_is_judged_in_words(cast: Cast, seller: FlaskClient, place: str) -> None:
    good = {"number": PARCELS[0][1], "at": "2026-11-23 09:00", "words": "运输中"}
    rows = [
        {**good, place: each.replace("\n", " ")} for each in (*NAUGHTY[::12], *MARKUP, *DIRECTIONS, "=1+1", "9" * 400)
    ]
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["运单号", "时间", "物流内容"])
    table.writerows([[row["number"], row["at"], row["words"]] for row in rows])
    checked = upload(seller, out.getvalue().encode("utf-8", "replace"))
    assert checked.status_code in (303, 422)
    if checked.status_code == 303:
        assert seller.get(checked.location).status_code == 200
        assert post(seller, checked.location, at="/seller/logistics/import").status_code == 303
        assert seller.get(checked.location).status_code == 200


def test_a_shop_corrects_a_wrong_receipt_with_its_reason(
    app: Flask, cast: Cast, buyer: FlaskClient, seller: FlaskClient
) -> None:
    case = cast.until("confirming")
    url = f"/seller/logistics/{shipment()}"
    assert "签收有误" not in seller.get(url).text
    assert "不需要更正" in seller.get(f"{url}/correct").text
    said(HOUR, "signed", "【杭州市】已签收", origin="kuaidi100")
    assert "签收有误，更正" in seller.get(url).text
    refused = post(seller, f"{url}/correct", {"reason": " "})
    assert refused.status_code == 422 and "请填写更正的原因" in refused.text
    done = post(seller, f"{url}/correct", {"reason": "误操作签收"})
    assert done.status_code == 303 and "期限恢复到签收之前" in seller.get(done.location).text
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "商家更正了签收记录" in page and "误操作签收" in page and "商家已更正" in page


def test_a_reported_receipt_is_shown_and_objected_to(
    app: Flask, cast: Cast, buyer: FlaskClient, seller: FlaskClient
) -> None:
    cast.until("confirming")
    number = shipment()
    url, theirs = f"/parcels/{number}", f"/seller/logistics/{number}"
    assert post(seller, theirs, {"words": "2026-11-23 10:05 已签收,签收人:本人"}).status_code == 303
    assert "您录入的签收" in seller.get(theirs).text and "请核对签收" in buyer.get(url).text
    long = post(buyer, f"{url}/object", {"why": "没" * 200}, at=url)
    assert long.status_code == 422 and "没" * 150 in long.text
    done = post(buyer, f"{url}/object", {"why": "门口没有"}, at=url)
    assert done.status_code == 303 and "已记录您的异议" in buyer.get(done.location).text
    assert "门口没有" in seller.get(theirs).text and "对方在" in seller.get(theirs).text
    other = sign_in(app, "buyer2")
    assert other.post(f"{url}/object", data=token_of(other.get("/feedback"))).status_code == 404
