"""The desk's money pages over HTTP: each way to record a payment, mistakes beside the field, roles, races, files."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import doctor
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, MoneyEntry, Order, Shop, Staff
from portal.people import accounts
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_payouts import dear, entry_of, hire

ONLY, RETURN = CaseType.REFUND_ONLY, CaseType.RETURN_REFUND
NUMBER = "2026112300001"


def state_of(entry_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(MoneyEntry, entry_id, populate_existing=True).state


@pytest.fixture
def desk(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "seller")


# ---------------------------------------------------------------- the list and one payment


def test_paid_straight_from_the_list(desk: FlaskClient, app: Flask, cast: Cast) -> None:
    case = cast.until("refunding", case_type=RETURN)
    entry = entry_of(case).id
    page = desk.get("/seller/payouts").text
    assert "还剩 1 天（24 小时目标）" in page and 'aria-current="page">待付款 <span class="n">1</span>' in page
    assert "b**" in page and ">buyer<" not in page
    key = re.search(rf'name="form_key" value="([^"]+-{entry})"', page)
    assert key is not None
    sent = {"form_key": key[1], "reference": NUMBER}
    done = post(desk, f"/seller/payouts/{entry}/settle", sent, at="/seller/payouts")
    assert done.status_code == 303 and state_of(entry) == "settled"
    again = post(desk, f"/seller/payouts/{entry}/settle", sent, at="/seller/staff")
    assert again.location == done.location  # a double tap is one
    assert "已登记付款" in desk.get(done.location).text
    assert NUMBER in desk.get("/seller/payouts?tab=settled").text
    shown = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert NUMBER in shown and "退款完成" in shown and "怎么核对是否到账" in shown and "退 2 双为 25.00 元" in shown


def test_a_number_used_before_names_the_yes_that_it_needs(desk: FlaskClient, cast: Cast) -> None:
    first, second = (entry_of(cast.until("refunding", case_type=CaseType.REFUND_ONLY)).id for _ in range(2))
    at = f"/seller/payouts/{second}"
    post(desk, f"/seller/payouts/{first}/settle", {"way": "bank", "reference": NUMBER}, at=at)
    refused = post(desk, f"{at}/settle", {"way": "bank", "reference": NUMBER}, at=at)
    said = re.search("请在「([^」]+)」里选「([^」]+)」再提交", refused.text)
    assert refused.status_code == 422 and said is not None
    assert re.search(rf">{said[1]}</label>", refused.text) and f">{said[2]}</option>" in refused.text
    done = post(desk, f"{at}/settle", {"way": "bank", "reference": NUMBER, "same": "yes"}, at=at)
    assert (done.status_code, state_of(second)) == (303, "settled")


def test_the_loser_of_a_race_sees_the_true_state_and_keeps_their_words(desk: FlaskClient, cast: Cast) -> None:
    entry = entry_of(cast.until("refunding", case_type=ONLY)).id
    assert (
        post(desk, f"/seller/payouts/{entry}/settle", {"reference": "20261123000011"}, at="/seller/payouts").status_code
        == 303
    )
    lost = post(desk, f"/seller/payouts/{entry}/settle", {"reference": "20261123000012"}, at="/seller/staff")
    assert lost.status_code == 409
    assert "没有重复登记" in lost.text and "20261123000012" in lost.text and 'data-state="settled"' in lost.text


def test_failed_and_retried(desk: FlaskClient, app: Flask, cast: Cast) -> None:
    case = cast.until("refunding", case_type=RETURN)
    entry = entry_of(case).id
    url = f"/seller/payouts/{entry}"
    wrong = post(desk, f"{url}/fail", {"note": ""}, at=url)
    assert wrong.status_code == 422 and "请写明付款失败的原因" in wrong.text
    assert post(desk, f"{url}/fail", {"note": "账户已注销"}, at=url).status_code == 303
    assert "账户已注销，商家会重新付款" in sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert "账户已注销" in desk.get("/seller/payouts?tab=failed").text
    assert post(desk, f"{url}/retry", at=url).status_code == 303
    wrong = post(desk, f"{url}/settle", {"reference": ""}, at=url)
    assert wrong.status_code == 422 and "请填写付款的流水号" in wrong.text
    assert post(desk, f"{url}/settle", {"reference": NUMBER}, at=url).status_code == 303
    assert state_of(entry) == "settled" and doctor.findings() == [[] for _ in doctor.CHECKS]


def test_a_second_person_checks(desk: FlaskClient, app: Flask, cast: Cast) -> None:
    hire(cast, "clerk")
    entry = entry_of(dear(cast)).id
    url = f"/seller/payouts/{entry}"
    assert "由您提出，等另一位同事复核" in desk.get("/seller/payouts").text
    mine = post(desk, f"{url}/approve", at=url)
    assert mine.status_code == 409 and "提出退款的人不能自己复核" in mine.text
    other = sign_in(app, "clerk")
    assert post(other, f"{url}/settle", {"reference": NUMBER}, at=url).status_code == 409
    assert post(other, f"{url}/approve", at=url).status_code == 303
    assert state_of(entry) == "due" and "复核" in desk.get(url).text


def test_what_can_not_be_paid_yet_says_why(desk: FlaskClient, cast: Cast) -> None:
    case = cast.until("applied")
    cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case, compensation_fen=100, goods_back=True))
    cast.take(case, "accept", Actor.BUYER)
    entry = entry_of(case).id
    assert "待买家寄回" in desk.get("/seller/payouts").text
    assert "还不能付这笔款" in desk.get(f"/seller/payouts/{entry}").text


@pytest.mark.parametrize("url", ["?tab=nonsense", "?after=x", "?after=2026-01-01~1", "/0", f"/{10**30}", "/x"])
def test_addresses_nobody_wrote_are_not_found(desk: FlaskClient, url: str) -> None:
    assert desk.get(f"/seller/payouts{url}").status_code == 404


def test_a_long_list_goes_on_by_key(desk: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.money import payment_lists

    monkeypatch.setattr(payment_lists, "PAGE", 2)
    ids = [entry_of(cast.until("refunding", case_type=ONLY)).id for _ in range(3)]
    first = desk.get("/seller/payouts").text
    more = re.search(r'rel="next" href="([^"]+)"', first)
    assert more is not None
    rest = desk.get(more[1].replace("&amp;", "&")).text
    shown = [
        int(found) for page in (first, rest) for found in re.findall(r'class="open" href="/seller/payouts/(\d+)"', page)
    ]
    assert shown == ids


def test_an_empty_list_says_what_comes_here(desk: FlaskClient) -> None:
    for tab in ("due", "waiting", "failed", "declared", "settled"):
        assert 'class="empty"' in desk.get(f"/seller/payouts?tab={tab}").text


def test_a_difference_waits_to_be_checked(desk: FlaskClient, cast: Cast) -> None:
    case = cast.until("paying")
    cast.take(case, "pay", Actor.BUYER, reference="2026112300077")
    page = desk.get("/seller/payouts").text  # the tab that has something is shown
    assert "核对到账" in page and "请核对是否到账" in page


# ---------------------------------------------------------------- the steps' pages of a case


@pytest.mark.parametrize(
    ("step", "source", "kind", "form", "target"),
    [
        ("agree", "applied", ONLY, {}, "refunding"),
        ("agree_refund_without_return", "applied", RETURN, {"amount": "12.50"}, "refunding"),
        ("refund_ok", "refunding", RETURN, {"reference": NUMBER}, "completed"),
        ("refund_fail", "refunding", ONLY, {"note": "账户已注销"}, "refund_failed"),
        ("retry", "refund_failed", ONLY, {}, "refunding"),
    ],
)
def test_money_steps_are_taken_by_their_forms(
    desk: FlaskClient, cast: Cast, step: str, source: str, kind: CaseType, form: dict[str, str], target: str
) -> None:
    case = cast.until(source, case_type=kind)
    url = f"/seller/cases/{case.case_no}/{step}"
    page = desk.get(url).text
    assert ("可退 25.00 元" in page) == step.startswith("agree")
    if form:
        blank = post(desk, url, dict.fromkeys(form, ""))
        assert blank.status_code == 422 and 'class="err"' in blank.text
    done = post(desk, url, form)
    assert done.status_code == 303, done.text
    db.session.rollback()
    assert db.session.get_one(Case, case.id, populate_existing=True).state == target
    if step == "agree_refund_without_return":
        assert entry_of(case).amount_fen == 1_250
    assert 'role="status"' in desk.get(done.location).text


@pytest.mark.parametrize("typed", ["0", "25.01", "-1", "1e3", "abc", "25.001", "99999999999", "NaN"])
def test_an_advance_is_at_most_what_the_units_are_worth(desk: FlaskClient, cast: Cast, typed: str) -> None:
    case = cast.until("applied", case_type=RETURN)
    url = f"/seller/cases/{case.case_no}/agree_refund_without_return"
    wrong = post(desk, url, {"amount": typed})
    assert wrong.status_code == 422 and f'value="{typed}"' in wrong.text and 'id="amount-err"' in wrong.text
    assert db.session.scalar(db.select(db.func.count()).select_from(MoneyEntry)) == 0


def test_goods_that_were_shipped_meanwhile_end_the_refund(desk: FlaskClient, cast: Cast) -> None:
    case = cast.until("applied", case_type=ONLY, order=cast.order(status="unshipped"))
    url = f"/seller/cases/{case.case_no}/goods_shipped"
    assert "不能再恢复" in desk.get(url).text
    assert post(desk, url).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "closed"


def test_of_two_payments_one_is_chosen(desk: FlaskClient, cast: Cast) -> None:
    case = cast.until("applied", case_type=RETURN)
    cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case, compensation_fen=100))
    cast.take(case, "accept_refund", Actor.BUYER)
    url = f"/seller/cases/{case.case_no}/settle_entry"
    assert "补偿 1.00 元" in desk.get(url).text and "退款 5.00 元" in desk.get(url).text
    wrong = post(desk, url, {"reference": NUMBER})
    assert wrong.status_code == 422 and "请选择是哪一笔款项" in wrong.text and NUMBER in wrong.text
    entries = db.session.scalars(db.select(MoneyEntry.id).where(MoneyEntry.case_id == case.id)).all()
    assert post(desk, url, {"reference": NUMBER, "entry": str(entries[0])}).status_code == 303
    last = f"/seller/cases/{case.case_no}/refund_ok"
    assert post(desk, last, {"reference": "2026112300002"}).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "completed"


# ---------------------------------------------------------------- lists for the bank, results


def send(desk: FlaskClient, content: bytes, name: str = "results.csv") -> TestResponse:
    return post(
        desk,
        "/seller/payouts/results",
        {"file": (io.BytesIO(content), name)},
        at="/seller/payouts/files",
        content_type="multipart/form-data",
    )


def test_a_list_goes_out_and_its_results_come_back(desk: FlaskClient, cast: Cast) -> None:
    entry = entry_of(cast.until("refunding", case_type=RETURN))
    entry_id, key = entry.id, entry.key
    assert "有 1 笔可以付款" in desk.get("/seller/payouts/files").text
    assert post(desk, "/seller/payouts/batch", at="/seller/payouts/files").status_code == 303
    page = desk.get("/seller/payouts/files").text
    link = re.search(r'href="(/seller/payouts/batch/[0-9a-f]{32}\.xlsx)"', page)
    assert link is not None
    book = desk.get(link[1])
    assert book.status_code == 200 and book.data == desk.get(link[1]).data
    assert key.encode() in zipfile.ZipFile(io.BytesIO(book.data)).read("xl/sharedStrings.xml")
    assert "已在批次" in desk.get("/seller/payouts").text
    none_left = post(desk, "/seller/payouts/batch", at="/seller/payouts/files")
    assert none_left.status_code == 409 and "没有待付款的款项需要导出" in none_left.text

    seen = send(desk, f"款项编号,金额,结果,流水号,失败原因\n{key},25,成功,{NUMBER},\n9:x,1,失败,,=1+1\n".encode())
    assert seen.status_code == 303
    url = seen.location
    page = desk.get(url).text
    assert "确认登记 1 行" in page and "将登记已付款" in page and "没有这笔款项" in page
    assert state_of(entry_id) == "due"
    done = post(desk, url)
    assert done.status_code == 303 and state_of(entry_id) == "settled"
    assert "对账已完成" in desk.get(done.location).text and "已登记付款" in desk.get(url).text
    assert post(desk, url, at="/seller/payouts/files").status_code == 303  # nothing more to do
    assert (
        "已登记过，流水号一致"
        in desk.get(send(desk, f"款项编号,结果,流水号\n{key},成功,{NUMBER}\n".encode()).location).text
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "空"),
        (b"a,b\n1,2\n", "没有找到表头"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 600, "图片"),
        (b"0" * 5_300_000, "5 MB"),
    ],
)
def test_a_file_that_can_not_be_read_says_why_beside_the_field(
    desk: FlaskClient, content: bytes, sentence: str
) -> None:
    wrong = send(desk, content)
    assert wrong.status_code == 422 and sentence in wrong.text and 'id="file-err"' in wrong.text
    assert post(desk, "/seller/payouts/results", at="/seller/payouts/files").status_code == 422


# ---------------------------------------------------------------- people and their roles


def test_people_come_change_and_go(desk: FlaskClient, app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        accounts.create_user("clerk", now=cast.now, password="huanhuo-demo", weak_ok=True)
    wrong = post(desk, "/seller/staff", {"member_name": "seller", "role": "finance"})
    assert wrong.status_code == 422 and "已经是本店的员工" in wrong.text and 'value="seller"' in wrong.text
    assert post(desk, "/seller/staff", {"member_name": "clerk", "role": "owner"}).status_code == 422
    assert post(desk, "/seller/staff", {"member_name": "clerk", "role": "finance"}).status_code == 303
    asked = sign_in(app, "clerk")
    assert asked.get("/seller/payouts").status_code == 404  # not before the yes
    accept = re.findall(r'action="(/me/invitations/\d+/accept)"', asked.get("/me/account").text)[0]
    assert post(asked, accept, at="/me/account").status_code == 303
    clerk, user = sign_in(app, "clerk"), db.session.scalar(db.select(Staff.user_id).where(Staff.role == "finance"))
    assert clerk.get("/seller/payouts").status_code == 200
    refused = clerk.get("/seller/staff")
    assert refused.status_code == 403 and "您在店铺里是财务" in refused.text
    changed = post(desk, f"/seller/staff/{user}/role", {"role": "agent"}, at="/seller/staff")
    assert changed.status_code == 303
    assert clerk.get("/seller/payouts").status_code == 403 and clerk.get("/seller/messages").status_code == 200
    assert post(desk, f"/seller/staff/{user}/remove", at="/seller/staff").status_code == 303
    assert clerk.get("/seller").status_code == 404  # from the next request on


@pytest.mark.parametrize(
    ("role", "opens", "refused", "cases"),
    [
        (
            "finance",
            {"/seller", "/seller/payouts", "/seller/payouts/files", "/seller/notices"},
            {"/seller/policy", "/seller/staff", "/seller/import", "/seller/messages", "/seller/products"},
            {"refunding", "refund_failed", "paying"},
        ),
        (
            "warehouse",
            {"/seller", "/seller/notices"},
            {"/seller/payouts", "/seller/payouts/files", "/seller/staff", "/seller/policy", "/seller/messages"},
            {"returning", "inspecting", "disputed", "reshipping", "confirming"},
        ),
        (
            "agent",
            {"/seller", "/seller/messages", "/seller/products"},
            {"/seller/payouts", "/seller/staff", "/seller/import", "/seller/policy"},
            {"applied", "inspecting", "refunding"},
        ),
    ],
)
def test_each_role_has_its_rooms(
    app: Flask, cast: Cast, now: Clock, role: str, opens: set[str], refused: set[str], cases: set[str]
) -> None:
    hire(cast, "clerk", role)
    made = {
        state: cast.until(state, case_type=RETURN if state.startswith("refund") else CaseType.EXCHANGE).case_no
        for state in (
            "applied",
            "returning",
            "inspecting",
            "disputed",
            "paying",
            "reshipping",
            "confirming",
            "refunding",
            "refund_failed",
        )
    }
    clerk = sign_in(app, "clerk")
    assert {url: clerk.get(url).status_code for url in opens | refused} == dict.fromkeys(opens, 200) | dict.fromkeys(
        refused, 403
    )
    seen = {state for state, number in made.items() if clerk.get(f"/seller/cases/{number}").status_code == 200}
    assert seen == (set(made) if role == "agent" else cases)
    assert clerk.get("/seller/cases/HH99010100000000").status_code == 404


def test_a_step_of_somebody_elses_work_is_refused(app: Flask, cast: Cast, now: Clock) -> None:
    for role, state, step in (
        ("agent", "refunding", "refund_ok"),
        ("finance", "refunding", "escalate"),
        ("warehouse", "inspecting", "propose"),
    ):
        hire(cast, role, role)
        case = cast.until(state, case_type=RETURN)
        clerk, url = sign_in(app, role), f"/seller/cases/{case.case_no}"
        assert clerk.get(f"{url}/{step}").status_code == 403
        assert post(clerk, f"{url}/{step}", {"reference": NUMBER}, at="/seller/notices").status_code == 403
        assert f'href="{url}/{step}"' not in clerk.get(url).text


def test_a_case_that_leaves_ones_work_is_not_shown_any_more(app: Flask, cast: Cast, now: Clock) -> None:
    hire(cast, "clerk", "warehouse")
    case = cast.until("inspecting", case_type=RETURN)
    clerk, url = sign_in(app, "clerk"), f"/seller/cases/{case.case_no}"
    line = re.search(r"received_(\d+)", clerk.get(f"{url}/accept_goods").text)
    assert line is not None
    sent = {f"received_{line[1]}": "2", f"accepted_{line[1]}": "2", f"condition_{line[1]}": "intact"}
    done = post(clerk, f"{url}/accept_goods", sent)
    assert done.location == "/seller?said=step-taken" and clerk.get(done.location).status_code == 200


def test_the_limit_is_the_owners(desk: FlaskClient, cast: Cast) -> None:
    assert "店里只有您一个人" in desk.get("/seller/staff").text
    wrong = post(desk, "/seller/staff/limit", {"limit": "-1"}, at="/seller/staff")
    assert wrong.status_code == 422 and 'id="limit-err"' in wrong.text
    assert post(desk, "/seller/staff/limit", {"limit": "500"}, at="/seller/staff").status_code == 303
    assert db.session.scalar(db.select(Shop.approval_fen).where(Shop.id == cast.shop)) == 50_000
    hire(cast, "clerk")
    assert "由店主或财务里另一位同事复核" in desk.get("/seller/staff").text
    for user, status in ((cast.seller, 422), (cast.seller2, 404), (10**30, 404)):
        assert post(desk, f"/seller/staff/{user}/remove", at="/seller/staff").status_code == status


# ---------------------------------------------------------------- what is in a list for the bank; many at once


@pytest.mark.parametrize("way", ["desk", "case"])
def test_paid_by_hand_beside_the_bank_s_list_needs_a_reason(desk: FlaskClient, cast: Cast, way: str) -> None:
    case = cast.until("refunding", case_type=ONLY)
    entry = entry_of(case).id
    assert post(desk, "/seller/payouts/batch", at="/seller/payouts/files").status_code == 303
    page = desk.get("/seller/payouts?tab=due").text
    number = re.search(r"批次 (FK\d{6}-1)", page)
    order_no = db.session.scalars(db.select(Order.order_no).where(Order.id == case.order_id)).one()
    assert number and f"订单 {order_no}" in page and f'data-copy="{order_no}"' in page and "手工登记" in page
    url = f"/seller/payouts/{entry}/settle" if way == "desk" else f"/seller/cases/{case.case_no}/refund_ok"
    at = f"/seller/payouts/{entry}" if way == "desk" else url
    sent = {"reference": NUMBER, "entry": str(entry)}
    refused = post(desk, url, sent, at=at)
    assert refused.status_code == 422 and f"已在付款批次 {number[1]} 里" in refused.text
    assert f'value="{NUMBER}"' in refused.text and state_of(entry) == "due"
    assert post(desk, url, {**sent, "why": "银行退票，改用支付宝"}, at=at).status_code == 303
    assert state_of(entry) == "settled"
    assert "手工登记已付款：银行退票，改用支付宝" in desk.get(f"/seller/cases/{case.case_no}").text


def test_many_differences_are_checked_at_once(desk: FlaskClient, app: Flask, cast: Cast) -> None:
    cases = [cast.until("paying") for _ in range(3)]
    for case in cases:
        cast.take(case, "pay", Actor.BUYER, reference=f"20261123{case.id % 10**6:06d}")
    page = desk.get("/seller/payouts?tab=declared").text
    ticks = re.findall(r'form="confirm" name="payment" value="(\d+:\d+)"', page)
    assert len(ticks) == 3
    nothing = post(desk, "/seller/payouts/confirm?tab=declared", {}, at="/seller/payouts?tab=declared")
    assert "请先勾选已经到账的款项" in desk.get(nothing.location).text
    stale = ticks[0].split(":")[0] + ":1"
    mixed = post(
        desk, "/seller/payouts/confirm?tab=declared", {"payment": [stale, ticks[1]]}, at="/seller/payouts?tab=declared"
    )
    assert mixed.status_code == 409 and "已核对 1 笔，1 笔没有核对" in mixed.text
    left = re.findall(r'form="confirm" name="payment" value="(\d+:\d+)"', mixed.text)
    assert sorted(left) == sorted((ticks[0], ticks[2]))
    both = post(desk, "/seller/payouts/confirm?tab=declared", {"payment": left}, at="/seller/payouts?tab=declared")
    assert both.status_code == 303 and "都已登记到账" in desk.get(both.location).text
    assert [state_of(int(tick.split(":")[0])) for tick in ticks] == ["settled"] * 3
    other = sign_in(app, "seller2")
    assert post(other, "/seller/payouts/confirm", {"payment": ticks}, at="/seller/payouts").status_code == 303
