"""What the desk says in one place it says in the others: the list and the case's page, and no sums to 仓库."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import words
from portal.cases import held, saved_views
from portal.dossier import owndata
from portal.extensions import db, writing
from portal.flow import FINAL, Actor, CaseType, State
from portal.models import Case, CustomerNote, HeldStep, Intake, Order, Parcel, SavedView, Shop
from portal.people import roles
from portal.seller import ROOMS
from tests.cast import Cast, post, shows_money, sign_in
from tests.conftest import Clock
from tests.domain.test_fulfilment import unsent

DESK = "/seller/shipping"
SF, ZTO = "SF1385628716739", "75484863576597"
BACK, BOXED, LEFT = "75484863576596", "75484863579911", "/seller/unidentified"
NEVER = {"paying": {CaseType.REISSUE, CaseType.RETURN_REFUND, CaseType.REFUND_ONLY}}
NEVER |= {state: {CaseType.REISSUE, CaseType.REFUND_ONLY} for state in ("returning", "inspecting", "disputed")}
NEVER["closed"] = {CaseType.REISSUE, CaseType.REFUND_ONLY}  # only the clock closes those
NEVER |= {state: {CaseType.RETURN_REFUND, CaseType.REFUND_ONLY} for state in ("reshipping", "confirming")}


def read_line(page: str) -> str:
    """The line of a case that stays in view."""
    return page.partition('<section id="case"')[2].partition("</section>")[0]


@pytest.mark.parametrize("case_type", [*CaseType])
def test_the_list_and_the_page_say_the_same(app: Flask, cast: Cast, now: Clock, case_type: CaseType) -> None:
    """Of each state: its type, its deadline, and in the page's own list its state as in the queue."""
    desk = sign_in(app, "seller")
    states = [state for state in State if case_type not in NEVER.get(state, ())]
    cases = {state: cast.until(state, case_type=case_type) for state in states}
    listed = desk.get("/seller?tab=every").text
    for state, case in cases.items():
        row = listed.partition(f'href="/seller/cases/{case.case_no}?')[2].partition("</tr>")[0]
        line = read_line(desk.get(f"/seller/cases/{case.case_no}?tab=every").text)
        assert f'data-state="{state}"' in line and words.TYPE[case.type] in line, state
        assert words.STATES_OF[case.type][state] in row, state
        said = re.search(r"[0-9]+月[0-9]+日 [0-9:]+", row.partition('data-label="期限"')[2].partition("</td>")[0])
        if said is None:
            assert "截止" not in line and case.due_at is None, state
        else:
            assert said[0] in line and words.moment(case.due_at) == said[0], state  # type: ignore[arg-type]
        if state in FINAL:
            assert "需要您处理" not in line


def test_every_list_says_that_a_decision_is_held_back(app: Flask, cast: Cast, now: Clock) -> None:
    """The queue, the search, the boxes of the scan and the shipping desk, the parcels without a case, the conversation;
    and no number counts it as still to be decided."""
    seller = cast.by(Actor.SELLER)
    held_cases = {
        "agree_no_return": cast.open_case(now=now.at, case_type=CaseType.REFUND_ONLY),
        "accept_goods": cast.until("inspecting"),
    }
    other = cast.open_case(now=now.forward(minutes=1))
    cast.until("inspecting")  # its parcel has the same number
    desk = sign_in(app, "seller")
    for number in ("YT0000000000123", BOXED):
        post(desk, "/seller/scan", {"number": number, "phone_tail": "9650"}, at=f"/seller/scan?number={number}")
    with writing():
        boxed = db.session.scalars(select(Intake).where(Intake.number == BOXED)).one()
        boxed.case_id, boxed.matched_at = held_cases["accept_goods"].id, now.at

    def numbers() -> dict[str, int]:
        page = desk.get("/seller").text
        figures = re.findall(r'<a href="([^"]+)"[^>]*>[^<]+ (?:<b>|<span class="n">)([0-9]+)<', page)
        return {at: int(number) for at, number in figures if at.startswith("/seller?tab=")}

    before = numbers()
    with writing():
        for step, case in held_cases.items():
            held_row = {"shop_id": case.shop_id, "case_id": case.id, "version": case.version, "step": step}
            row = HeldStep(**held_row, user_id=seller.user_id, author="seller", due_at=now.at + held.HELD_FOR)
            db.session.add(row)
        db.session.execute(update(Shop).where(Shop.id == cast.shop).values(version=Shop.version + 1))
    after = numbers()
    assert after["/seller?tab=mine"] == before["/seller?tab=mine"] - 1, "the other is on its way still"
    assert after["/seller?tab=applied"] == before["/seller?tab=applied"] - 1 == 1
    assert sum(before.values()) - sum(after.values()) > 2
    until = words.clock(now.at + held.HELD_FOR)
    for step, case in held_cases.items():
        order_no = db.session.scalars(select(Order.order_no).where(Order.id == case.order_id)).one()
        said = f"您已{words.STEP_DONE[step]} · {until} 生效"
        pages = ["/seller?tab=every", "/seller/search?q=袜", f"/seller/orders/{order_no}/contact"]
        pages += [f"/seller/cases/{other.case_no}?tab=every", f"/seller/search?q={case.case_no[-4:]}"]
        pages += (
            [LEFT, "/seller/scan", f"/seller/scan?number={BACK}", f"{DESK}?number={BACK}"]
            if step == "accept_goods"
            else []
        )
        for at in pages:
            answer = desk.get(at)
            assert said in answer.text, (at, step)
            assert f">{words.STATES_OF[case.type][case.state]}<" not in answer.text.split(case.case_no)[1][:300], at


@pytest.mark.parametrize("name", ["7天包换", "15天包换"])
@pytest.mark.parametrize("before", ["", "7天/15天包换："], ids=["now", "before"])
def test_a_promise_is_called_by_the_one_that_holds(app: Flask, cast: Cast, now: Clock, name: str, before: str) -> None:
    """On both sides' pages, in the lists, in what is exported; also of cases that were kept as both."""
    case = cast.open_case(reason="promise")
    order_no = db.session.scalars(select(Order.order_no).where(Order.id == case.order_id)).one()
    days = name.removesuffix("天包换")
    with writing():
        basis = f"{before}{name}为收到商品后 {days} 天"
        db.session.execute(update(Case).where(Case.id == case.id).values(basis=basis))
    desk, buyer, staff = sign_in(app, "seller"), sign_in(app, "buyer"), f"/seller/cases/{case.case_no}"
    for reader, at in (
        *[(desk, each) for each in (staff, f"{staff}/precedents", f"/seller/orders/{order_no}/customer")],
        (desk, "/seller/queue/export.csv?tab=every"),
        (buyer, f"/cases/{case.case_no}"),
    ):
        page = reader.get(at).text
        assert name in page and "7天/15天包换" not in page, at
    row = desk.get("/seller?tab=every").text.partition('<tbody id="rows">')[2].partition("</tbody>")[0]
    assert name in row and "7天/15天包换" not in row
    made = io.BytesIO()
    owndata.build(cast.buyer, into=made, now=now.at)
    copy = zipfile.ZipFile(made).read("data.html").decode()
    assert f"<dd>{name}</dd>" in copy and "<dd>7天/15天包换</dd>" not in copy
    cast.take(case, "modify", Actor.BUYER, reason="size", basis="尺寸不符，由买家承担")
    cast.take(case, "modify", Actor.BUYER, reason="promise", basis=basis)
    for reader, at in ((desk, staff), (buyer, f"/cases/{case.case_no}")):
        page = reader.get(at).text
        assert f"原因由「{name}」改为「" in page and f"改为「{name}」" in page and "7天/15天包换" not in page, at


@pytest.mark.parametrize("path", sorted(Path("templates/seller").rglob("*.html")), ids=str)
def test_where_a_case_stands_is_drawn_in_one_place(path: Path) -> None:
    assert "DESK_CHIP" not in path.read_text("utf-8"), "ui.desk_chip says what waits, too"


def test_what_can_be_done_stands_once_in_the_line(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    with writing():
        note = {"shop_id": cast.shop, "buyer_id": cast.buyer, "by": cast.seller, "at": now.at}
        db.session.add(CustomerNote(**note, tag="老客户", words="常来"))
        db.session.add(CustomerNote(**note, tag="", words="没有标签"))
    page = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}").text
    line = read_line(page)
    steps = re.findall(rf'class="btn [a-z]+" href="/seller/cases/{case.case_no}/([a-z_]+)', line)
    assert steps and all(page.count(f'href="/seller/cases/{case.case_no}/{step}"') == 1 for step in steps)
    assert "老客户" in line and "货值" in line and "</small>25.00" in line and page.count("需要您处理") <= 1


def test_no_sum_is_said_to_the_warehouse(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    cases = [cast.until(state) for state in ("returning", "inspecting", "disputed", "reshipping", "confirming")]
    cast.employ(cast.shop, "buyer2", "warehouse")
    desk = sign_in(app, "buyer2")
    pages = [f"/seller/cases/{case.case_no}" for case in cases]
    pages += [f"/seller/orders/{order.order_no}/ship", f"{DESK}/{cases[3].case_no}"]
    pages += [f"/seller/slips?cases={cases[0].case_no}", f"{DESK}/labels?cases={cases[3].case_no}"]
    for rule in app.url_map.iter_rules():
        name = rule.endpoint.removeprefix("seller.")
        own = rule.endpoint.startswith("seller.") and roles.may_open("warehouse", ROOMS.get(name, "owner"))
        if own and not rule.arguments and "GET" in (rule.methods or ()):
            pages.append(rule.rule)
    assert len(pages) > 25
    for path in pages:
        answer = desk.get(path)
        assert answer.status_code < 400 and ("text" not in answer.content_type or not shows_money(answer.text)), path


def test_a_carrier_is_known_by_its_number_on_the_cases_page(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    desk, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}/ship_replacement"
    unknown = post(desk, url, {"number": "754848635765", "shipped": "2"})
    assert unknown.status_code == 422 and "请选择物流公司" in unknown.text and "754848635765" in unknown.text
    line = re.search(r'name="(shipped_[0-9]+)"', desk.get(url).text)
    assert line is not None
    doubted = post(desk, url, {"number": SF, "carrier": "YTO", line[1]: "2"})
    assert doubted.status_code == 422 and "不像圆通速递的运单号" in doubted.text
    assert post(desk, url, {"number": SF, line[1]: "2"}).status_code == 303
    parcels = select(Parcel.carrier, Parcel.tracking_no).where(Parcel.case_id == case.id, Parcel.leg == "out")
    assert [tuple(row) for row in db.session.execute(parcels)] == [("SF", SF)]


@pytest.mark.parametrize("typed", ["{}", " {} ", "订单编号：{}"])
def test_the_number_of_another_order_is_no_waybill(app: Flask, cast: Cast, now: Clock, typed: str) -> None:
    case, number = cast.until("reshipping"), cast.order().order_no
    refused = post(sign_in(app, "seller"), f"{DESK}/{case.case_no}", {"number": typed.format(number), "carrier": "ZTO"})
    assert refused.status_code == 422 and "这是订单编号" in refused.text
    assert db.session.scalars(select(HeldStep)).all() == []


def test_what_is_overdue_ships_at_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    """There is no time to take it back in: the clock could come first."""
    case = cast_both.until("reshipping")
    with writing():
        db.session.execute(update(Case).where(Case.id == case.id).values(due_at=now.at))
    sent = post(sign_in(both, "seller"), f"{DESK}/{case.case_no}", {"number": SF})
    assert sent.status_code in (303, 409)
    assert db.session.scalars(select(HeldStep)).all() == []


def test_the_text_of_a_scan_box_is_selected_when_it_gets_the_focus(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    desk = sign_in(app, "seller")
    for path in ("/seller/scan", DESK, f"{DESK}/{case.case_no}"):
        box = re.search(r"<input [^>]*name=\"number\"[^>]*>", desk.get(path).text)
        assert box is not None and "data-select" in box[0], path


def test_a_view_too_long_to_keep_says_so(both: Flask, cast_both: Cast, now: Clock) -> None:
    desk = sign_in(both, "seller")
    address = f"/seller/views?tab=applied&q={'袜' * 60}"
    refused = post(desk, address, {"name": "长"}, at="/seller/views?tab=applied")
    assert refused.status_code == 422 and "筛选条件太长" in refused.text and 'value="长"' in refused.text
    assert db.session.scalars(select(SavedView)).all() == []
    assert saved_views.LONGEST == SavedView.__table__.c.query.type.length  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", ["owner", "agent", "warehouse", "finance"])
@pytest.mark.parametrize("other", ["applied", "inspecting", "refunding", "closed"])
def test_a_related_case_is_a_link_for_whoever_may_open_it(
    app: Flask, cast: Cast, now: Clock, role: str, other: str
) -> None:
    """Its number and how it stands are said to all, a door that is shut to nobody."""
    state = {"finance": "refunding"}.get(role, "inspecting")
    first = cast.until(other, case_type=CaseType.RETURN_REFUND)
    case = cast.until(state, case_type=CaseType.RETURN_REFUND)
    with writing():
        db.session.execute(db.update(Case).where(Case.id == case.id).values(parent_id=first.id))
    who = "seller"
    if role != "owner":
        who = "buyer2"
        cast.employ(cast.shop, who, role)
    desk = sign_in(app, who)
    answer = desk.get(f"/seller/cases/{case.case_no}")
    assert answer.status_code == 200
    card = answer.text.partition("相关售后")[2].partition("</section>")[0]
    opens = desk.get(f"/seller/cases/{first.case_no}").status_code == 200
    assert first.case_no in card and (f'href="/seller/cases/{first.case_no}"' in card) == opens
