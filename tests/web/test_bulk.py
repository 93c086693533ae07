"""批量处理 at the desk: choosing, the preview, the table of parcels, the result; export; who may."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases import bulk, bulk_work
from portal.extensions import db
from portal.flow import CaseType
from portal.models import BulkRun, Case, Order
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

LIST = "tab=applied&reason=damaged"


def order_run(desk: FlaskClient, kind: str = "agree", at: str = LIST, **form: object) -> str:
    """The address of the new run."""
    answer = post(desk, f"/seller/bulk?{at}", {"kind": kind, **form}, at=f"/seller?{at}")
    assert answer.status_code == 303, answer.text
    return answer.location


def states(*cases: Case) -> list[str]:
    db.session.rollback()
    return [db.session.get_one(Case, case.id).state for case in cases]


def test_all_of_the_list_are_counted_previewed_and_done(app: Flask, cast: Cast, now: Clock) -> None:
    cases = [cast.open_case() for _ in range(43)]
    other = cast.open_case(reason="missing_item", case_type=CaseType.REISSUE)
    desk = sign_in(app, "seller")
    assert "这一列全部（43 张）" in desk.get(f"/seller?{LIST}").text
    run = order_run(desk, scope="all")
    preview = desk.get(run).text
    assert "将处理 43 张" in preview and "换货，买家寄回，运费商家承担" in preview and "同意 43 张" in preview
    address = re.findall(r'name="address_id" value="(\d+)" checked', preview)[0]
    assert post(desk, run, {"address_id": address}).status_code == 303
    running = desk.get(run).text
    asked = unescape(re.findall(r'data-poll="([^"]+)"', running)[0])
    assert "已完成 0 / 43" in running and desk.get(asked).status_code == 200
    bulk_work.work_off(now.at)
    db.session.rollback()
    assert desk.get(asked).status_code == 286
    assert "成功 43，跳过 0" in desk.get(run).text
    assert set(states(*cases)) == {"returning"} and states(other) == ["applied"]
    assert run in desk.get("/seller/bulk").text


def test_only_what_was_ticked(app: Flask, cast: Cast, now: Clock) -> None:
    chosen, left = cast.open_case(), cast.open_case()
    desk = sign_in(app, "seller")
    run = order_run(desk, "ask_evidence", scope="chosen", case=[chosen.case_no])
    empty = post(desk, run, {"note": ""})
    assert empty.status_code == 422 and "请写明需要买家补充什么凭证" in empty.text
    assert post(desk, run, {"note": "请补拍外包装"}).status_code == 303
    bulk_work.work_off(now.at)
    assert states(chosen, left) == ["revising", "applied"]


def test_nothing_ticked_is_said_where_the_list_is(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case()
    desk = sign_in(app, "seller")
    answer = order_run(desk, scope="chosen")
    assert answer == f"/seller?{LIST}&said=bulk-none"
    assert "请先勾选" in desk.get(answer).text and db.session.scalars(db.select(BulkRun)).all() == []


def test_the_result_lists_what_was_skipped_by_reason(app: Flask, cast: Cast, now: Clock) -> None:
    from portal.flow import Actor

    cases = [cast.open_case() for _ in range(3)]
    platform = cast.mediated(cast.open_case())
    desk = sign_in(app, "seller")
    run = order_run(desk, case=[each.case_no for each in (*cases, platform)])
    address = re.findall(r'name="address_id" value="(\d+)" checked', desk.get(run).text)[0]
    post(desk, run, {"address_id": address})
    cast.take(cases[0], "withdraw", Actor.BUYER, now.at)
    bulk_work.work_off(now.at)
    db.session.rollback()
    page = desk.get(run).text
    assert "成功 2，跳过 2" in page and "平台已介入，请逐张处理" in page and "已有更新" in page
    assert page.count(f'href="/seller/cases/{cases[0].case_no}"') == 1


def test_a_table_of_parcels_is_read_and_its_mistakes_are_named_by_line(app: Flask, cast: Cast, now: Clock) -> None:
    cases = [cast.until("reshipping") for _ in range(2)]
    stranger = cast.open_case()
    desk = sign_in(app, "seller")
    run = order_run(desk, "ship_replacement", "tab=reshipping", scope="all")
    wrong = f"售后单\t快递\t单号\n{cases[0].case_no} 飞毛腿 75484863576596\n{stranger.case_no} 中通 1\nx"
    answer = post(desk, run, {"table": wrong})
    assert answer.status_code == 422
    for sentence in ("第 2 行：不认识物流公司「飞毛腿」", "第 3 行：", "不在这次要发货", "第 4 行：要有售后单号"):
        assert sentence in answer.text
    assert "飞毛腿" in answer.text  # what was pasted is kept
    good = f"{cases[0].case_no}\t中通快递\t75484863576596\n{cases[1].case_no.lower()},ZTO,75484863576597\n"
    assert post(desk, run, {"table": good}).status_code == 303
    bulk_work.work_off(now.at)
    assert states(*cases) == ["confirming", "confirming"]


@pytest.mark.parametrize("mistake", ["1", "13800138000", "{case}", "{order}", "75484863576596.75484863576597", "袜子"])
def test_what_is_no_waybill_ships_nothing(app: Flask, cast: Cast, now: Clock, mistake: str) -> None:
    """In a table for many cases, and in the form of one."""
    case = cast.until("reshipping")
    number = mistake.format(case=case.case_no, order=db.session.get_one(Order, (case.order_id, case.shop_id)).order_no)
    desk = sign_in(app, "seller")
    run = order_run(desk, "ship_replacement", "tab=reshipping", scope="all")
    answer = post(desk, run, {"table": f"{case.case_no}\t中通\t{number}"})
    if answer.status_code == 303:  # the order's own number is known where the case is
        bulk_work.work_off(now.at)
        assert "订单编号" in desk.get(run).text
    else:
        assert answer.status_code == 422 and "第 1 行：" in answer.text
    one = f"/seller/cases/{case.case_no}/ship_replacement"
    answer = post(desk, one, {"carrier": "ZTO", "number": number})
    assert answer.status_code in (409, 422)
    assert states(case) == ["reshipping"]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agent", {"agree", "ask_evidence", "reply", "hand_over"}),
        ("warehouse", {"ship_replacement", "hand_over"}),
        ("finance", {"hand_over"}),
    ],
)
def test_each_role_does_with_many_what_it_does_with_one(
    app: Flask, cast: Cast, now: Clock, role: str, may: set[str]
) -> None:
    cast.open_case()
    case = cast.until("reshipping")
    cast.until("refunding")
    cast.employ(cast.shop, "buyer2", role)
    desk = sign_in(app, "buyer2")
    page = desk.get("/seller").text
    assert set(re.findall(r'name="kind" value="(\w+)"', page)) == may
    for kind in bulk.KINDS:
        form = {"kind": kind, "case": [case.case_no]}
        answer = post(desk, "/seller/bulk", form, at="/seller/notices")
        assert answer.status_code == (303 if kind in may else 403), kind


def test_a_run_of_somebody_else_is_not_found(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case()
    run = order_run(sign_in(app, "seller"), scope="all")
    cast.employ(cast.shop, "buyer2", "agent")
    for name in ("buyer2", "seller2"):
        assert sign_in(app, name).get(run).status_code == 404


def test_cases_of_another_shop_are_never_chosen(app: Flask, cast: Cast, now: Clock) -> None:
    theirs = cast.open_case(cast.order(shop=cast.shop2))
    desk = sign_in(app, "seller")
    answer = post(desk, "/seller/bulk", {"kind": "agree", "case": [theirs.case_no]}, at="/seller/views")
    assert answer.status_code == 303 and "bulk-none" in answer.location


def test_the_whole_list_is_exported_with_its_filters(app: Flask, cast: Cast, now: Clock) -> None:
    cases = [cast.open_case(cast.order(title="=1+1 袜子")) for _ in range(42)]
    cast.open_case(reason="missing_item", case_type=CaseType.REISSUE)
    answer = sign_in(app, "seller").get(f"/seller/queue/export.csv?{LIST}")
    assert answer.mimetype == "text/csv" and answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert sorted(row["售后单号"] for row in rows) == sorted(case.case_no for case in cases)
    assert rows[0]["状态"] == "待商家审核" and rows[0]["数量"] == "2" and not rows[0]["商品"].startswith("=")
