"""无主件 and the cases they may belong to: found by what is written on them, joined by a press, never by themselves."""

from __future__ import annotations

import random
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import words
from portal.cases import unclaimed
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Intake
from portal.parcels import intake
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

LIST, NUMBER, TYPED = "/seller/unidentified", "75484863579911", "75484863576596"
FORM = "/seller/scan?number=1"  # a page with a form


def note(desk: FlaskClient, number: str = NUMBER, **facts: str) -> None:
    post(desk, "/seller/scan", {"number": number, **facts}, at=f"/seller/scan?number={number}")


def press(desk: FlaskClient, what: str, **typed: str) -> TestResponse:
    """A button of the parcel that came in last."""
    row_id = db.session.scalars(select(Intake.id).order_by(Intake.id.desc())).first()
    return post(desk, f"{LIST}/{row_id}/{what}", typed, at=FORM)


def join(desk: FlaskClient, case_no: str) -> str:
    return press(desk, "join", case_no=case_no).location


def case_of() -> int | None:
    return db.session.scalars(select(Intake.case_id).order_by(Intake.id.desc())).first()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"phone_tail": "9650"}, "手机尾号 9650 与收件人一致"),
        ({"sender": "李雯退的"}, "写着收件人的姓名"),
        ({"goods": "hh-100 两双"}, "写着货号 HH-100"),
        ({"goods": "黑色中筒袜"}, "商品名称相近"),
        ({"sender": "{case_no}"}, "写着售后单号"),
        ({"number": "75484863576569"}, f"买家填的运单号 {TYPED} 只差一位"),
        ({"number": "91234563576596"}, f"买家填的运单号 {TYPED} 后 8 位相同"),
    ],
)
def test_each_thing_on_a_parcel_leads_to_its_case(
    both: Flask, cast_both: Cast, now: Clock, facts: dict[str, str], reason: str
) -> None:
    case = cast_both.until("inspecting" if "number" in facts else "returning")
    desk = sign_in(both, "seller")
    note(desk, **{name: text.format(case_no=case.case_no) for name, text in facts.items()})
    page = desk.get(LIST).text
    assert reason in page and case.case_no in page and "就是这单" in page
    assert case_of() is None, "a likeness alone joins nothing"
    case_page = desk.get(f"/seller/cases/{case.case_no}").text
    assert "包裹可能已到" in case_page and reason in case_page
    assert case.case_no not in sign_in(both, "seller2").get(LIST).text


def test_one_press_joins_it_and_another_takes_it_back(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("inspecting")
    desk = sign_in(both, "seller")
    note(desk, phone_tail="9650")
    assert join(desk, case.case_no) == f"/seller/cases/{case.case_no}/accept_goods?scanned={NUMBER}"
    assert case_of() == case.id
    assert desk.get(f"/seller/scan?number={NUMBER}").location.startswith(f"/seller/cases/{case.case_no}/accept_goods")
    assert join(desk, case.case_no) == f"{LIST}?said=join-gone"
    shown = desk.get(LIST).text
    [part] = re.findall(r'action="(/seller/unidentified/[0-9]+/part)"', shown)
    assert post(desk, part, at=LIST).location == f"{LIST}?said=join-parted"
    assert case_of() is None and NUMBER in desk.get(LIST).text
    assert "没有找到" in desk.get(f"/seller/scan?number={NUMBER}").text


@pytest.mark.parametrize("state", ["returning", "inspecting"])
def test_a_case_that_has_a_parcel_already_says_so_where_it_is_offered_for_another(
    both: Flask, cast_both: Cast, now: Clock, state: str
) -> None:
    """Two parcels of one sender: whose case has the first is no equal choice for the second; a case without one is."""
    has, has_none = cast_both.until(state), cast_both.until("returning")
    desk = sign_in(both, "seller")
    note(desk, phone_tail="9650")
    join(desk, has.case_no)
    note(desk, number="75484863579912", phone_tail="9650")
    offered = desk.get(LIST).text.split("不等了")[0]
    rows = {
        number: offered.split(f'value="{number}"')[1].split("</form>")[0] for number in (has.case_no, has_none.case_no)
    }
    assert f"已对上 {NUMBER}" in rows[has.case_no] and "已对上" not in rows[has_none.case_no]
    [part] = re.findall(r'action="(/seller/unidentified/[0-9]+/part)"', desk.get(LIST).text)
    post(desk, part, at=LIST)
    assert "已对上" not in desk.get(LIST).text


def test_a_case_that_takes_no_parcel_says_why(both: Flask, cast_both: Cast, now: Clock) -> None:
    desk = sign_in(both, "seller")
    order = cast_both.order(milli=1_000_000)
    note(desk, phone_tail="9650")
    for state, said in (("applied", "join-early"), ("reshipping", "join-ended"), ("withdrawn", "join-ended")):
        case = cast_both.until(state, order=order, milli=1_000)
        assert case.case_no not in desk.get(LIST).text
        refused = press(desk, "join", case_no=case.case_no)
        row = refused.text.partition('id="rows"')[2].partition("</tbody>")[0]
        assert refused.status_code == 422 and words.SAID[said] in row and f'value="{case.case_no}"' in row
    for wrong in ("", "HH1"):
        assert "请填写本店的售后单号" in press(desk, "join", case_no=wrong).text
    other = cast_both.until("returning", order=order, milli=1_000)
    assert join(sign_in(both, "seller2"), other.case_no) == f"{LIST}?said=join-none"
    assert case_of() is None


def test_the_whole_number_counts_for_more_than_a_press(both: Flask, cast_both: Cast, now: Clock) -> None:
    desk = sign_in(both, "seller")
    order = cast_both.order(milli=1_000_000)
    taken_for, real = (cast_both.until("returning", order=order, milli=1_000) for _ in range(2))
    note(desk, goods="袜子")
    assert join(desk, taken_for.case_no) == f"{LIST}?said=join-kept"
    assert "已通知买家填写" in desk.get(f"{LIST}?said=join-kept").text
    cast_both.take(real, "ship_return", Actor.BUYER, parcels=[("ZTO", NUMBER)])
    db.session.expire_all()
    assert case_of() == real.id
    row_id = db.session.scalars(select(Intake.id)).one()
    parted = post(desk, f"{LIST}/{row_id}/part", at="/seller/scan?number=1")
    assert parted.location == f"{LIST}?said=join-gone" and case_of() == real.id
    assert db.session.get_one(Case, taken_for.id).state == "returning"


@pytest.mark.parametrize("number", [NUMBER, ""])
@pytest.mark.parametrize("stage", ["", "deciding"])
def test_the_buyer_hears_that_their_parcel_is_here_before_their_time_runs_out(
    both: Flask, cast_both: Cast, now: Clock, number: str, stage: str
) -> None:
    """The clock closes a case whose goods lie at the shop: only the buyer can name the number."""
    case = cast_both.until("returning")
    if stage:
        case = cast_both.mediated(case, stage)
    due_at = case.due_at
    assert due_at is not None
    with writing():
        name = number or intake.make_number(cast_both.shop, now.at)
        intake.note_intake(cast_both.shop, name, user_id=cast_both.seller, now=now.at, goods="袜子")
    assert join(sign_in(both, "seller"), case.case_no) == f"{LIST}?said=join-kept"
    rows = sign_in(both, "buyer").get("/notices").text
    assert "商家收到一个像是您寄回的包裹，请填写运单号" in rows
    assert (f"包裹 {number}，" if number else "一个看不清运单号的包裹") in rows and intake.NO_NUMBER not in rows
    assert (f"请在 {words.end(due_at)} 前填写" in rows) is not bool(stage), "no term of another's"
    assert ("到期未寄回，申请会关闭" in rows) is not bool(stage)


@pytest.mark.parametrize("seed", range(3))
def test_one_slip_is_seen_and_strangers_are_not(seed: int) -> None:
    rolls = random.Random(seed)
    for _ in range(400):
        number = "".join(rolls.choices("0123456789", k=14))
        at = rolls.randrange(13)
        digit = rolls.choice([each for each in "0123456789" if each != number[at]])
        slips = {
            number[:at] + digit + number[at + 1 :],
            number[:at] + number[at + 1 :],
            number[:at] + digit + number[at:],
            number[:at] + number[at + 1] + number[at] + number[at + 2 :],
        } - {number}
        assert {unclaimed.compare_numbers(slip, number) for slip in slips} == {"只差一位"}
        assert unclaimed.compare_numbers(number, number) == ""
        same = rolls.randrange(12)  # of two digits in front, one slip may make the others
        other = "".join(str((int(each) + 5) % 10) for each in number[: 14 - same]) + number[14 - same :]
        expected = f"后 {same} 位相同" if same >= unclaimed.LEAST_SAME else ""
        assert unclaimed.compare_numbers(other, number) == expected


def choose(desk: FlaskClient, parcel: Intake, how: str, note: str) -> str:
    return post(desk, f"{LIST}/{parcel.id}/leave", {"how": how, "note": note}, at=FORM).location


@pytest.mark.parametrize(("how", "said"), intake.WAYS.items())
def test_what_nobody_asks_for_leaves_the_list_and_may_come_back(
    both: Flask, cast_both: Cast, now: Clock, how: str, said: str
) -> None:
    """It has an end that isn't a case: sent back, thrown away, no return at all; said with why, and taken back."""
    with writing():
        parcel = intake.note_intake(
            cast_both.shop, "YT7788990011223", user_id=cast_both.seller, now=now.at, goods="袜子"
        )
    desk = sign_in(both, "seller")
    needs, missing = "请选择去向", "请填写退回的运单号或原因"
    for way, typed, named in (
        *[("", "x", needs), ("gone", "x", needs), (how, "", missing), (how, " ", missing)],
        (how, "长" * 201, "最多 200 个字"),
    ):
        refused = press(desk, "leave", how=way, note=typed)
        row = refused.text.partition(f'<tr id="parcel-{parcel.id}"')[2].partition("</tr>")[0]
        assert refused.status_code == 422 and "<title>错误：" in refused.text
        assert re.search(rf'<details open><summary>不等了.*class="err"[^>]*>[^<]*{named}', row, re.S), (way, typed)
        assert way != how or f'<option selected value="{how}">' in row, "what was chosen is kept"
        assert not typed.strip() or f'value="{typed}"' in row, "and what was typed"
    assert choose(sign_in(both, "seller2"), parcel, how, "x") == f"{LIST}?said=left-gone"
    assert intake.count_unidentified(cast_both.shop, 9) == 1
    assert choose(desk, parcel, how, "SF1385628716739") == f"{LIST}?said=left"
    assert choose(desk, parcel, how, "SF1385628716739") == f"{LIST}?said=left-gone"
    assert intake.count_unidentified(cast_both.shop, 9) == 0 and not intake.list_unidentified(cast_both.shop)
    page = desk.get(LIST).text
    assert f"{said}</td>" in page and "SF1385628716739" in page and "没有无主件" in page
    case = cast_both.until("returning")
    answer = post(desk, f"{LIST}/{parcel.id}/join", {"case_no": case.case_no}, at=FORM)
    assert answer.location == f"{LIST}?said=join-gone", "what isn't here is nobody's"
    assert post(desk, f"{LIST}/{parcel.id}/back", at=FORM).location == f"{LIST}?said=left-back"
    assert post(desk, f"{LIST}/{parcel.id}/back", at=FORM).location == f"{LIST}?said=left-gone"
    assert intake.count_unidentified(cast_both.shop, 9) == 1
    assert choose(desk, parcel, how, "x") == f"{LIST}?said=left"
    assert "不再等的包裹" in desk.get(LIST).text
    now.forward(days=31)
    assert "不再等的包裹" not in sign_in(both, "seller").get(LIST).text


@pytest.mark.parametrize(
    ("how", "note", "said", "unsaid"),
    [
        ("returned", "SF1385628716739", "商家已经把它退回寄件人，退回的运单号 SF1385628716739", "查不到"),
        ("returned", "王二说不要了", "商家已经把它退回寄件人。", "王二"),
        ("scrapped", "放了三个月没人认", "商家已经按报废处理。", "没人认"),
        ("other", "老板的快递", "商家没有当作退货，没有留在退货里。", "老板"),
    ],
)
def test_a_buyer_is_told_where_their_parcel_went_as_they_name_it(
    both: Flask, cast_both: Cast, now: Clock, how: str, note: str, said: str, unsaid: str
) -> None:
    """That it was there, when, what was done with it and the waybill back; never what colleagues noted."""
    case = cast_both.until("returning")
    with writing():
        intake.note_intake(cast_both.shop, TYPED, user_id=cast_both.seller, now=now.at)
    press(sign_in(both, "seller"), "leave", how=how, note=note)
    buyer, at = sign_in(both, "buyer"), f"/cases/{case.case_no}"
    assert TYPED not in buyer.get(at).text, "who hasn't named it doesn't learn of it"
    sent = post(buyer, f"{at}/ship_return", {"carrier": "ZTO", "number": TYPED})
    assert sent.status_code == 303
    page = buyer.get(sent.location).text
    assert f"包裹 {TYPED} 在您填写单号以前就到过商家（{words.moment(now.at)}）" in page and said in page
    assert unsaid not in page and "说明这是这张售后单的包裹" in page
    with writing():
        intake.note_intake(cast_both.shop, TYPED, user_id=cast_both.seller, now=now.at, case_id=case.id)
    assert "就到过商家" not in buyer.get(at).text, "it is in somebody's hand again"


def test_a_buyer_who_names_it_too_late_is_told_by_the_case(both: Flask, cast_both: Cast, now: Clock) -> None:
    """The desk reads on the case where the parcel went; scanned again, it is here."""
    number = "75484863576596"
    case = cast_both.until("returning")
    with writing():
        parcel = intake.note_intake(cast_both.shop, number, user_id=cast_both.seller, now=now.at)
    desk = sign_in(both, "seller")
    choose(desk, parcel, "returned", "SF1385628716739")
    cast_both.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", number)])
    at = f"/seller/cases/{case.case_no}"
    page = desk.get(at).text
    assert f"包裹 {number} 到过店里" in page and "退回寄件人" in page and "SF1385628716739" in page
    assert case.case_no in desk.get(LIST).text
    with writing():
        intake.note_intake(cast_both.shop, number, user_id=cast_both.seller, now=now.at, case_id=case.id)
    assert "到过店里" not in desk.get(at).text
