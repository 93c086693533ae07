"""发货台: scan a case, scan its waybill, Enter; nothing goes out twice, and nothing that can't."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.cases import held
from portal.extensions import db, writing
from portal.models import Case, CaseLine, HeldStep, Parcel, Staff
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock

DESK = "/seller/shipping"
SF, YT, ZTO = "SF1385628716739", "YT7512345678901", "75484863576597"


def send(desk: FlaskClient, case: Case, number: str = SF, **form: str) -> TestResponse:
    return post(desk, f"{DESK}/{case.case_no}", {"number": number, **form})


def parcels_out(case: Case) -> list[tuple[str, str]]:
    known = select(Parcel.carrier, Parcel.tracking_no).where(Parcel.case_id == case.id, Parcel.leg == "out")
    return sorted(db.session.execute(known).all())


def state_of(case: Case) -> str:
    return db.session.get_one(Case, case.id, populate_existing=True).state


def wait_out(now: Clock) -> None:
    now.forward(seconds=11)
    held.carry_out_due(now.at)


def test_a_scan_opens_the_case_and_the_waybill_sends_it(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    opened = desk.get(DESK, query_string={"number": case.case_no.lower()}).text
    assert 'name="number"' in opened and "autofocus" in opened
    for fact in (case.receiver_name, case.receiver_phone, case.receiver_address, "纯棉中筒袜"):
        assert fact in opened
    form = token_of(desk.get(f"{DESK}/{case.case_no}")) | {"number": SF}
    sent = desk.post(f"{DESK}/{case.case_no}", data=form)
    again = desk.post(f"{DESK}/{case.case_no}", data=form)
    assert (again.status_code, again.location) == (sent.status_code, sent.location)  # a double tap
    assert sent.status_code == 303 and sent.location == f"{DESK}?last=SF&said=shipping-held"
    box = desk.get(sent.location).text
    assert "已登记发货，可以在下面撤回" in box and SF in box and "顺丰" in box
    assert state_of(case) == "reshipping"
    wait_out(now)
    assert state_of(case) == "confirming"
    assert parcels_out(case) == [("SF", SF)]
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    assert line.shipped_milli == line.accepted_milli
    assert SF in desk.get(DESK).text  # what I sent in this shift


def test_it_is_taken_back(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    send(desk, case)
    row = db.session.scalars(select(HeldStep)).one()
    undone = post(desk, f"{DESK}/held/{row.id}/undo", at=DESK)
    assert undone.location == f"{DESK}?said=shipping-undone"
    wait_out(now)
    assert state_of(case) == "reshipping" and parcels_out(case) == []
    assert send(desk, case, YT).status_code == 303
    wait_out(now)
    assert parcels_out(case) == [("YTO", YT)]


def test_several_parcels_of_one_case(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    assert send(desk, case, SF, others=f"{YT}\n\n{SF}\n").status_code == 303
    wait_out(now)
    assert parcels_out(case) == [("SF", SF), ("YTO", YT)]


def test_the_carrier_of_the_parcel_before_stays_chosen(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    unknown = send(desk, case, ZTO)
    if unknown.status_code == 422:  # digits that several carriers print
        assert "请选择物流公司" in unknown.text and ZTO in unknown.text
        assert send(desk, case, ZTO, last="ZTO").status_code == 303
    wait_out(now)
    assert [code for code, _ in parcels_out(case)] == ["ZTO"]


def test_a_number_that_does_not_fit_is_asked_about_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    doubted = send(desk, case, SF, carrier="YTO")
    assert doubted.status_code == 422 and "不像圆通速递的运单号，像是顺丰速运的；" in doubted.text
    sure = doubted.text.split('name="sure"')[1].split('value="')[1].split('"')[0]
    assert send(desk, case, SF, carrier="YTO", sure=sure).status_code == 303
    wait_out(now)
    assert parcels_out(case) == [("YTO", SF)]


@pytest.mark.parametrize("what", ["phone", "case", "order", "nothing", "words"])
def test_what_is_no_waybill_is_refused(both: Flask, cast_both: Cast, now: Clock, what: str) -> None:
    order = cast_both.order()
    case = cast_both.until("reshipping", order=order)
    typed = {"phone": "13800138000", "case": case.case_no, "order": order.order_no, "nothing": "", "words": "顺丰快递"}
    desk = sign_in(both, "seller")
    refused = send(desk, case, typed[what])
    assert refused.status_code == 422
    kept = "，填写的内容都已保留" if typed[what] else ""
    assert f"还差一点{kept}：" in refused.text and 'aria-invalid="true"' in refused.text
    assert typed[what] in refused.text
    assert db.session.scalars(select(HeldStep)).all() == []


def test_two_at_the_desk_send_it_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    with writing():
        db.session.add(Staff(user_id=cast_both.buyer2, shop_id=cast_both.shop, role="warehouse", current=True))
    one, other = sign_in(both, "seller"), sign_in(both, "buyer2")
    seen = token_of(other.get(f"{DESK}/{case.case_no}"))
    assert send(one, case).status_code == 303
    late = other.post(f"{DESK}/{case.case_no}", data=seen | {"number": YT})
    assert late.status_code == 409 and "已经登记发货，即将生效" in late.text and YT in late.text
    assert "已经登记发货，即将生效" in other.get(DESK).text
    wait_out(now)
    assert parcels_out(case) == [("SF", SF)]
    assert other.post(f"{DESK}/{case.case_no}", data=seen | {"number": YT, "form_key": "again"}).status_code == 409
    assert parcels_out(case) == [("SF", SF)]


def test_what_can_not_be_sent_says_so(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    seen = token_of(desk.get(f"{DESK}/{case.case_no}"))
    cast_both.mediated(case)
    opened = desk.get(f"{DESK}/{case.case_no}").text
    assert (
        "平台已介入，请打开售后单处理" in opened
        and 'name="number"' not in opened.split('id="open"')[1].split("</section>")[0]
    )
    assert desk.post(f"{DESK}/{case.case_no}", data=seen | {"number": SF}).status_code == 409
    applied = cast_both.open_case()
    assert "现在不需要发货" in desk.get(f"{DESK}?number={applied.case_no}").text
    assert desk.get(f"{DESK}/HH29990101000001").status_code == 404
    assert "没有找到" in desk.get(f"{DESK}?number=HH29990101000001").text


def test_a_case_at_a_second_mediator_is_opened_by_a_scan(both: Flask, cast_both: Cast, now: Clock) -> None:
    """What the rule will decide is worked out from the same lines: the page says that the platform has the case."""
    case = cast_both.until("reshipping")
    cast_both.mediated(
        case, mediator_id=cast_both.mediator, first_mediator_id=cast_both.seller, passed_at=cast_both.now
    )
    page = sign_in(both, "seller").get(f"{DESK}/{case.case_no}")
    assert page.status_code == 200 and "平台已介入，请打开售后单处理" in page.text


def test_the_list_is_by_deadline_and_pages(both: Flask, cast_both: Cast, now: Clock) -> None:
    cases = [cast_both.until("reshipping", now=cast_both.now - timedelta(minutes=place)) for place in range(25)]
    desk = sign_in(both, "seller")
    first = desk.get(DESK).text
    seen = [part.split('"')[0] for part in first.split('class="open" href="/seller/cases/')[1:]]
    assert len(seen) == 20 and 'rel="next"' in first
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = desk.get(address).text
    seen += [part.split('"')[0] for part in second.split('class="open" href="/seller/cases/')[1:]]
    assert seen == [case.case_no for case in reversed(cases)]
    assert "纯棉" in desk.get(f"{DESK}?goods=纯棉").text
    assert "没有符合的售后单" in desk.get(f"{DESK}?goods=没有的").text


def test_who_may(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("reshipping")
    for name, role, status in (("buyer2", "warehouse", 200), ("seller2", "", 404)):
        if role:
            with writing():
                db.session.add(Staff(user_id=cast_both.buyer2, shop_id=cast_both.shop, role=role, current=True))
        assert sign_in(both, name).get(f"{DESK}/{case.case_no}").status_code == status
    with writing():
        db.session.query(Staff).filter_by(user_id=cast_both.buyer2).update({"role": "finance"})
    assert sign_in(both, "buyer2").get(DESK).status_code == 403
