"""扫描台, 无主件 and the one search: a parcel in the hand opens its case, ready to be counted."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask, Response
from sqlalchemy import select

from portal.cases import held
from portal.evidence import evidence
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Disposal, Evidence, Intake, Staff
from tests import pictures
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

NUMBER = "75484863576596"
BOX = f"/seller/scan?number={NUMBER}"
FORM = "/seller/scan?number=99887766"  # a page with a form


def counted(case: Case, desk: object, at: str) -> object:
    lines = re.findall(r'name="(received|accepted)_([0-9]+)"[^>]*value="([^"]+)"', desk.get(at).text)  # type: ignore[attr-defined]
    form = {f"{name}_{line}": value for name, line, value in lines}
    form |= {f"condition_{line}": "intact" for _, line, _ in lines}
    return post(desk, at, form)  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", [NUMBER, f" {NUMBER} ", "运单号：７５４８４８６３５７６５９６"])
def test_one_scan_opens_the_inspection_and_the_box_comes_back(app: Flask, cast: Cast, now: Clock, typed: str) -> None:
    case = cast.until("inspecting")
    desk = sign_in(app, "seller")
    opened = desk.get("/seller/scan", query_string={"number": typed})
    assert opened.status_code == 303
    assert opened.location == f"/seller/cases/{case.case_no}/accept_goods?scanned={NUMBER}"
    done = counted(case, desk, opened.location)
    assert (done.status_code, done.location) == (303, "/seller/scan?said=parcel-held")  # type: ignore[attr-defined]
    box = desk.get("/seller/scan?said=parcel-held").text
    assert "验货结果已记下，可以在下面撤回；请扫描下一件" in box and NUMBER in box and case.case_no in box
    assert "autofocus" in box and db.session.get_one(Case, case.id).state == "inspecting"
    now.forward(seconds=11)
    held.carry_out_due(now.at)
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "reshipping"
    assert "已生效，买家看得到结果了，不能再撤回" in desk.get("/seller/scan").text


def undo_of(box: str) -> str:
    """Where the newest row of the running list is taken back."""
    return re.findall(r'action="(/seller/scan/held/[0-9]+/undo)"', box)[0]


def test_what_was_counted_is_taken_back_and_counted_anew(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("inspecting")
    cast_both.employ(cast_both.shop, "buyer2", "warehouse")
    desk, colleague = sign_in(both, "seller"), sign_in(both, "buyer2")
    at = desk.get(BOX).location
    counted(case, desk, at)
    box = desk.get("/seller/scan").text
    undo = undo_of(box)
    assert counted(case, colleague, at).status_code == 409  # type: ignore[attr-defined]
    assert post(colleague, undo, at=FORM).location == "/seller/scan?said=undo-late"  # not theirs
    assert post(desk, undo, at=FORM).location == "/seller/scan?said=parcel-undone"
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 0
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "inspecting"
    assert "已撤回，再扫描一次就重新验货" in desk.get("/seller/scan").text
    assert desk.get(BOX).location == at
    assert counted(case, colleague, at).status_code == 303  # type: ignore[attr-defined]
    now.forward(seconds=11)
    assert (held.carry_out_due(now.at), held.carry_out_due(now.at)) == (1, 0)
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "reshipping"
    late = undo_of(box)
    assert post(desk, late, at=FORM).location == "/seller/scan?said=undo-late"


def test_less_is_kept_as_it_was_counted(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("inspecting", milli=3_000)
    desk = sign_in(both, "seller")
    [line] = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id))
    form = {f"received_{line}": "3", f"accepted_{line}": "2", f"condition_{line}": "mismatch", f"scrap_{line}": "1"}
    files = [(io.BytesIO(pictures.jpeg()), "一.jpg"), (io.BytesIO(pictures.png()), "二.png")]
    sent = post(desk, desk.get(BOX).location, {**form, "note": "不符", "photos": files})
    assert sent.location == "/seller/scan?said=parcel-held"
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 1
    row = db.session.get_one(CaseLine, (line, case.shop_id), populate_existing=True)
    assert (row.received_milli, row.accepted_milli, row.condition) == (3_000, 2_000, "mismatch")
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "disputed"
    goes = db.session.scalars(select(Disposal).where(Disposal.case_id == case.id)).one()
    assert (goes.check_milli, goes.scrap_milli) == (1_000, 1_000)


def test_where_the_deadline_is_near_it_counts_at_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("inspecting")
    with writing():
        db.session.execute(db.update(Case).where(Case.id == case.id).values(due_at=now.at + timedelta(minutes=5)))
    desk = sign_in(both, "seller")
    done = counted(case, desk, desk.get(BOX).location)
    assert done.location == "/seller/scan?said=parcel-counted"  # type: ignore[attr-defined]
    assert db.session.get_one(Case, case.id, populate_existing=True).state == "reshipping"


def test_a_scan_changes_nothing(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    version = case.version
    sign_in(app, "seller").get(f"/seller/scan?number={NUMBER}")
    assert db.session.get_one(Case, case.id).version == version
    assert db.session.scalars(select(Intake)).all() == []


def test_of_several_cases_those_to_be_counted_come_first(app: Flask, cast: Cast, now: Clock) -> None:
    """Who holds the parcel counts it: what has ended since stands below, and key 1 leads to what is due."""
    order = cast.order(milli=20_000)
    due = cast.until("inspecting", order=order)
    for _ in range(2):
        now.forward(minutes=1)
        ended = cast.until("withdrawn", order=order, now=now.at)
    page = sign_in(app, "seller").get(f"/seller/scan?number={order.order_no}").text
    found = re.findall(r'href="/seller/cases/(\w+)[^"]*" accesskey="([0-9])" data-pick="\2"', page)
    assert len(found) == 3 and found[0] == (due.case_no, "1") and ended.case_no in dict(found)


@pytest.mark.parametrize(("at", "state"), [("scan", "inspecting"), ("shipping", "reshipping")])
@pytest.mark.parametrize("others", [7, 8, 12])
def test_of_more_cases_than_keys_those_that_wait_are_listed(
    app: Flask, cast: Cast, now: Clock, at: str, state: str, others: int
) -> None:
    """A big return in one parcel: whatever ended since hides none that is to be done, and no number is made up."""
    order = cast.order(milli=40_000)
    due = [cast.until(state, order=order) for _ in range(2)]
    for _ in range(others):
        now.forward(minutes=1)
        cast.until("withdrawn", order=order, now=now.at)
    page = sign_in(app, "seller").get(f"/seller/{at}?number={order.order_no}").text
    found = re.findall(r'accesskey="[0-9]" data-pick="[0-9]">(\w+)<', page)
    assert set(found[:2]) == {case.case_no for case in due}
    if at == "scan":
        assert len(found) == 9 and ("超过 9 张售后单，待验货的在前" in page) == (others > 7)
        for case in due:
            cast.take(case, "accept_goods", Actor.SELLER)
        page = sign_in(app, "seller").get(f"/seller/{at}?number={order.order_no}").text
        assert ("超过 9 张售后单" in page) == (others > 7) and "待验货的在前" not in page


def test_the_second_case_of_a_parcel_is_key_1_once_the_first_is_counted(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(milli=20_000)
    for _ in range(2):
        cast.until("inspecting", order=order)
    desk = sign_in(app, "seller")
    at = f"/seller/scan?number={order.order_no}"
    first, second = re.findall(r'href="(/seller/cases/(?:\w+)[^"]*)" accesskey="[12]"', desk.get(at).text)
    assert counted(db.session.scalars(select(Case)).first(), desk, first).status_code == 303  # type: ignore
    assert re.findall(r'href="([^"]*)" accesskey="1"', desk.get(at).text) == [second]


@pytest.mark.parametrize("many", [2, 3])
def test_every_case_of_a_parcel_that_was_counted_can_be_taken_back(
    both: Flask, cast_both: Cast, now: Clock, many: int
) -> None:
    made = [cast_both.until("inspecting", order=cast_both.order(milli=20_000)).case_no for _ in range(many)]
    desk = sign_in(both, "seller")
    for place, case_no in enumerate(made):
        case = db.session.scalars(select(Case).where(Case.case_no == case_no)).one()
        counted(case, desk, f"/seller/cases/{case_no}/accept_goods?scanned={NUMBER}")
        box = desk.get("/seller/scan").text
        assert len(set(re.findall(r"/seller/scan/held/[0-9]+/undo", box))) == place + 1
        assert "1 件</span>" in box, "one parcel"
    assert post(desk, undo_of(box), at=FORM).location == "/seller/scan?said=parcel-undone"
    now.forward(seconds=11)
    held.carry_out_due(now.at)
    db.session.expire_all()
    states = sorted(case.state for case in db.session.scalars(select(Case)))
    assert states == ["inspecting", *["reshipping"] * (many - 1)]
    assert desk.get("/seller/scan").text.count("已生效，买家看得到结果了") == many - 1


def test_a_case_and_an_order_are_scanned_too_and_strangers_find_nothing(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    order_no = db.session.scalar(select(Case.order_id))
    assert order_no
    desk, stranger = sign_in(app, "seller"), sign_in(app, "seller2")
    for typed in (case.case_no, case.case_no.lower()):
        assert desk.get(f"/seller/scan?number={typed}").location == f"/seller/cases/{case.case_no}"
        assert stranger.get(f"/seller/scan?number={typed}").status_code == 200
        assert "没有找到" in stranger.get(f"/seller/scan?number={typed}").text


def test_without_a_case_it_is_noted_and_found_when_the_buyer_names_it(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    desk = sign_in(app, "seller")
    page = desk.get(f"/seller/scan?number={NUMBER}")
    assert page.status_code == 200 and "登记无主件" in page.text
    noted = post(desk, "/seller/scan", {"number": NUMBER, "goods": "白色短袜", "phone_tail": "9650"}, at=BOX)
    assert noted.location == "/seller/scan?said=parcel-noted"
    again = post(desk, "/seller/scan", {"number": NUMBER, "sender": "少发了"}, at=BOX)
    assert again.status_code == 303 and len(db.session.scalars(select(Intake)).all()) == 1
    assert "白色短袜" in desk.get("/seller/unidentified").text
    cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", NUMBER)])
    db.session.expire_all()
    [row] = db.session.scalars(select(Intake)).all()
    assert (row.case_id, row.goods, row.sender) == (case.id, "白色短袜", "少发了")
    assert "没有无主件" in desk.get("/seller/unidentified").text
    refused = post(desk, "/seller/scan", {"number": ""}, at=FORM)
    assert refused.status_code == 422 and "请扫描或填写运单号" in refused.text


@pytest.mark.parametrize("told", ["goods", "sender", "phone_tail", "photos_kept"])
def test_a_parcel_without_a_number_is_noted_by_what_it_says(
    both: Flask, cast_both: Cast, now: Clock, told: str
) -> None:
    """Under a number of the shop's own to be written on it, each its own; joined with a case, it is counted."""
    cast = cast_both
    case = cast.until("returning")
    cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", NUMBER)])
    desk = sign_in(both, "seller")
    empty = desk.get("/seller/scan").text
    assert 'href="/seller/scan?unnumbered=1"' in empty
    at = "/seller/scan?unnumbered=1"
    for photo in cast.photos(2, cast.seller):
        says = {"goods": "白色短袜", "sender": "尺码不合适", "phone_tail": "9650", "photos_kept": photo}[told]
        noted = post(desk, "/seller/scan", {"number": "", told: says}, at=at)
        assert noted.location == "/seller/scan?said=parcel-numbered"
    rows = db.session.scalars(select(Intake).order_by(Intake.number)).all()
    assert [row.number for row in rows] == ["WDH26112301", "WDH26112302"]
    page = desk.get(noted.location).text
    assert told != "goods" or page.count("白色短袜") == 2, "told apart by what is in them"
    assert "写在包裹上" in page and page.index(rows[1].number) < page.index(rows[0].number)
    assert rows[0].number in desk.get("/seller/unidentified").text
    joined = post(desk, f"/seller/unidentified/{rows[0].id}/join", {"case_no": case.case_no}, at="/seller/unidentified")
    assert joined.status_code == 303 and "/accept_goods" in joined.location
    assert desk.get(joined.location).status_code == 200
    db.session.expire_all()
    assert db.session.get_one(Intake, rows[0].id).case_id == case.id
    assert desk.get("/seller/scan?number=wdh26112301").location == joined.location, "found by what is written on it"
    assert counted(case, desk, joined.location).status_code == 303  # type: ignore[attr-defined]
    assert len(db.session.scalars(select(Intake)).all()) == 2, "counted under the same number"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12", "号码太短，不是完整的运单号"),
        ("7", "号码太短，不是完整的运单号"),
        ("A-1", "号码太短，不是完整的运单号"),
        ("白色短袜", "这不是号码，请扫描面单，或把运单号输全"),
        ("13800138000", "这是手机号，请填写快递面单上的运单号"),
        ("HH26120112345678", "这是售后单号，请填写快递面单上的运单号"),
        ("75484863576596 75484863576597", "像是有几个运单号"),
    ],
)
def test_what_is_no_number_of_a_parcel_is_not_noted_as_one(
    app: Flask, cast: Cast, now: Clock, typed: str, said: str
) -> None:
    """No buyer can name it, so it would wait for ever."""
    desk = sign_in(app, "seller")
    page = desk.get("/seller/scan", query_string={"number": typed})
    assert page.status_code == 200 and f"没有找到「<span hx-disable>{typed}</span>」" in page.text
    assert said in page.text and "登记无主件</button>" not in page.text and "autofocus" in page.text
    refused = post(desk, "/seller/scan", {"number": typed, "goods": "白色短袜"}, at=FORM)
    assert refused.status_code == 422 and said in refused.text and 'value="白色短袜"' in refused.text
    assert not db.session.scalars(select(Intake)).all()


def test_the_photo_of_a_parcel_without_a_case_stays_and_colleagues_see_it(
    app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.photos.send", lambda row, *, thumb: Response(row.key))  # no file behind it here
    desk = sign_in(app, "seller")
    [photo, other] = cast.photos(2, cast.seller)
    form = {"number": NUMBER, "goods": "白色短袜", "photos_kept": photo}
    assert post(desk, "/seller/scan", form, at=BOX).status_code == 303
    now.forward(days=3)
    with app.app_context():
        evidence.clear_unused(app.extensions["portal_store"], now.at)
    left = set(db.session.scalars(select(Evidence.public_id).where(Evidence.public_id.in_([photo, other]))))
    assert left == {photo}, "what no parcel names goes, what one names stays"
    with writing():
        db.session.add(Staff(shop_id=cast.shop, user_id=cast.buyer2, role="warehouse"))
    colleague = sign_in(app, "buyer2")
    page = colleague.get("/seller/unidentified").text
    assert f"/f/{photo}/thumb" in page and "已放 3 天" in page
    assert colleague.get(f"/f/{photo}").status_code == 200
    assert sign_in(app, "seller2").get(f"/f/{photo}").status_code == 404
    assert sign_in(app, "buyer").get(f"/f/{photo}").status_code == 404


def test_one_search_finds_numbers_ends_names_and_goods_in_every_state(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    case_no, receiver, phone = case.case_no, case.receiver_name, case.receiver_phone
    ended = cast.until("closed")
    desk, stranger = sign_in(app, "seller"), sign_in(app, "seller2")
    for typed in (case_no[-5:], NUMBER[-6:], phone[-4:], receiver, "buyer", case.goods[:2]):
        found = desk.get("/seller/search", query_string={"q": typed})
        assert found.status_code == 200 and case_no in found.text, typed
        assert case_no not in stranger.get("/seller/search", query_string={"q": typed}).text
    assert ended.case_no in desk.get("/seller/search", query_string={"q": "buyer"}).text
    assert desk.get(f"/seller/search?q={case_no}").location == f"/seller/cases/{case_no}"
    assert "可以输入售后单号" in desk.get("/seller/search?q=%25").text


@pytest.mark.parametrize("list_at", ["orders?q=", "customers?q=", "products?q=", "scan?number=", "?q="])
def test_a_list_that_finds_nothing_leads_to_the_one_search(app: Flask, cast: Cast, list_at: str) -> None:
    """Whoever pastes a phone number where only others are looked for is shown where it is."""
    case_no = cast.open_case(cast.order(receiver_phone="13788889999")).case_no
    desk = sign_in(app, "seller")
    address = f"/seller/{list_at}" if list_at[0] != "?" else f"/seller{list_at}"
    assert 'href="/seller/search?q=13788889999"' in desk.get(f"{address}13788889999").text
    assert case_no in desk.get("/seller/search?q=13788889999").text


@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
@pytest.mark.parametrize("state", ["applied", "inspecting", "refunding", "refund_failed", "completed"])
def test_a_scan_never_leads_the_warehouse_to_a_door_that_is_shut(
    app: Flask, cast: Cast, now: Clock, state: str, kind: CaseType
) -> None:
    """Whatever the case's state: the box stays in front of the one who scans, or a page opens that they may read."""
    case = cast.until(state, case_type=kind)
    cast.employ(cast.shop, "buyer2", "warehouse")
    desk = sign_in(app, "buyer2")
    found = desk.get("/seller/scan", query_string={"number": case.case_no})
    if found.status_code == 303:
        assert desk.get(found.location).status_code == 200
    else:
        assert f"「<span hx-disable>{case.case_no}</span>」的售后单现在没有要您做的" in found.text
        assert "autofocus" in found.text and "登记无主件" not in found.text
        assert f"/seller/cases/{case.case_no}" not in found.text
        shut = desk.get(f"/seller/cases/{case.case_no}")
        assert shut.status_code == 403 and "<h1>不是您在店铺里的工作" in re.sub(r"<h1[^>]*>", "<h1>", shut.text)


def test_what_was_counted_and_is_somebody_elses_by_now_is_no_link(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting", case_type=CaseType.RETURN_REFUND)
    cast.employ(cast.shop, "buyer2", "warehouse")
    desk = sign_in(app, "buyer2")
    counted(case, desk, desk.get(BOX).location)
    assert f'href="/seller/cases/{case.case_no}"' in desk.get("/seller/scan").text
    now.forward(seconds=11)
    held.carry_out_due(now.at)
    box = desk.get("/seller/scan").text
    assert case.case_no in box and f'href="/seller/cases/{case.case_no}"' not in box
    assert "的售后单现在没有要您做的" in desk.get(BOX).text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("12ab", None), ("尾号", None), ("965", None), ("尾号9650", "9650"), ("９６５０", "9650"), ("", "")],
)
def test_the_end_of_a_phone_is_digits_by_which_a_case_is_found(
    app: Flask, cast: Cast, now: Clock, typed: str, kept: str | None
) -> None:
    desk = sign_in(app, "seller")
    said = {"number": "99887766", "goods": "短袜", "phone_tail": typed}
    answer = post(desk, "/seller/scan", said, at=FORM)
    rows = db.session.scalars(select(Intake)).all()
    assert [row.phone_tail for row in rows] == ([] if kept is None else [kept])
    if kept is None:
        assert answer.status_code == 422 and "请填写手机号的最后 4 位数字或更多" in answer.text
        assert f'value="{typed}"' in answer.text and 'value="短袜"' in answer.text
