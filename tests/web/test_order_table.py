"""待发货的订单 many at once: as a table and back, looked at first, each sent once; and what to fetch for them."""

from __future__ import annotations

import io
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import doctor
from portal.applications import dispatch, unsent
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import DispatchFile, Notice, Order
from portal.orders.export_format import parcels_of
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_fulfilment import cancel, fresh, ship
from tests.exports import xlsx

AT, PICKS = "/seller/orders/table", "/seller/orders/pick-list"
SF, SF2, YT = "SF1385628716739", "SF1385628716740", "YT7512345678901"


def to_send(cast: Cast, **more: object) -> Order:
    return cast.order(status="unshipped", tracking_text="", **more)  # type: ignore[arg-type]


def fetch(desk: FlaskClient) -> list[list[str]]:
    answer = post(desk, f"{AT}/file", at=AT)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name("待发货订单")
    return [[str(cell) for cell in row] for row in sheet.to_python()]


def send(desk: FlaskClient, *rows: str, headings: str = "订单编号,物流公司,运单号") -> TestResponse:
    content = "\n".join((headings, *rows)).encode()
    return post(desk, AT, {"file": (io.BytesIO(content), "发货.csv")}, content_type="multipart/form-data")


def went(order_id: int) -> list[tuple[str, str]]:
    order = fresh(order_id)
    return [(code, number) for code, _, number in parcels_of(order.carrier_text, order.tracking_text)]


def read_outcomes(page: str) -> dict[str, tuple[str, str]]:
    """What the page says of each order, and why."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition('id="rows"')[2], re.S)
    plain = [[re.sub(r"<[^>]*>|\s+", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.S)] for row in rows]
    return {cells[0]: (cells[1], cells[3]) for cells in plain}


def test_there_and_back(both: Flask, cast_both: Cast, now: Clock, tmp_path: Path) -> None:
    orders = [to_send(cast_both, lines=place % 2 + 1, buyer_note="周末送") for place in range(3)]
    ids, numbers = [order.id for order in orders], [order.order_no for order in orders]
    cast_both.order(status="in_transit")
    to_send(cast_both, shop=cast_both.shop2)
    desk = sign_in(both, "seller")
    table = fetch(desk)
    rows = {row[0]: row for row in table[1:]}
    assert set(rows) == set(numbers)
    assert rows[numbers[1]][3:] == [
        "李雯",
        "13425059650",
        "四川省 成都市 武侯区 一环路南二段8号",
        "HH-100\nHH-101",
        "纯棉中筒袜 男女同款 黑色;L ×10 双\n纯棉中筒袜 男女同款 黑色;L ×10 双",
        "周末送",
    ]
    rows[numbers[0]][2] = SF
    rows[numbers[1]][1:3] = ["圆通", YT]
    table.append([numbers[1], "", SF2])  # a second parcel of it
    filled = (io.BytesIO(xlsx(tmp_path / "filled.xlsx", table, sheet="待发货订单").read_bytes()), "回传.xlsx")
    made = post(desk, AT, {"file": filled}, content_type="multipart/form-data")
    assert made.status_code == 303 and re.fullmatch(rf"{AT}s/[0-9a-f]{{32}}", made.location)
    page = desk.get(made.location).text
    assert "以上只是检查，还没有发货" in page and "发货 2 笔" in page
    assert {number: said[0] for number, said in read_outcomes(page).items()} == dict.fromkeys(numbers[:2], "可以发货")
    assert [fresh(each).status for each in ids] == ["unshipped"] * 3, "looking sends nothing"
    assert sign_in(both, "seller2").get(made.location).status_code == 404

    assert post(desk, made.location).location == f"{made.location}?said=orders-sent"
    assert [fresh(each).status for each in ids] == ["in_transit", "in_transit", "unshipped"]
    assert went(ids[0]) == [("SF", SF)] and sorted(went(ids[1])) == [("SF", SF2), ("YTO", YT)]
    assert len(db.session.scalars(select(Notice).where(Notice.kind == "order_shipped")).all()) == 2
    page = desk.get(made.location).text
    assert set(read_outcomes(page).values()) == {("已发货", "–")} and "可以接着发" not in page
    assert post(desk, made.location, at=AT).location.endswith("said=orders-unsent")
    assert len(db.session.scalars(select(Notice).where(Notice.kind == "order_shipped")).all()) == 2
    assert {row[0] for row in fetch(desk)[1:]} == {numbers[2]}
    assert not any(doctor.findings())


def test_what_cannot_go_says_why(both: Flask, cast_both: Cast, now: Clock) -> None:
    good, sent, called_off, asked = (to_send(cast_both) for _ in range(4))
    other, elsewhere = to_send(cast_both, receiver_name="王芳"), to_send(cast_both, shop=cast_both.shop2)
    numbers = [each.order_no for each in (good, sent, called_off, asked, other, elsewhere)]
    good_id, asked_id, other_id = good.id, asked.id, other.id
    case = cast_both.open_case(asked, case_type=CaseType.REFUND_ONLY, reason="not_wanted")
    case_no = case.case_no
    ship(cast_both, sent)
    cancel(cast_both, called_off)
    desk = sign_in(both, "seller")
    waybills = [SF, SF2, YT, "YT7512345678902", SF, "YT7512345678903"]
    made = send(desk, *(f"{number},,{each}" for number, each in zip(numbers, waybills, strict=True)))
    said = read_outcomes(desk.get(made.location).text)
    assert [said[number][0] for number in numbers] == [
        "请逐笔处理",
        "不能发货",
        "不能发货",
        "请逐笔处理",
        "请逐笔处理",
        "没有这笔订单",
    ]
    assert f"运单号{SF}也写给了收件人不同的订单" in said[numbers[0]][1]
    assert "待收货" in said[numbers[1]][1] and "买家已取消" in said[numbers[2]][1] and case_no in said[numbers[3]][1]
    assert "没有可以发货的订单" in desk.get(made.location).text
    assert post(desk, made.location, at=AT).location.endswith("orders-unsent")
    made = send(desk, f"{numbers[0]},,{SF}", f"{numbers[3]},,{YT}")
    assert post(desk, made.location).location.endswith("orders-sent")
    assert [fresh(each).status for each in (good_id, asked_id, other_id)] == ["in_transit", "unshipped", "unshipped"]
    assert "有进行中售后的订单不在表格里" in desk.get(AT).text
    assert {row[0] for row in fetch(desk)[1:]} == {numbers[4]}


def test_one_that_changes_meanwhile_is_left_and_the_others_go(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The buyer calls one off between the look and the sending; a crash after the first leaves the rest to go on."""
    orders = [to_send(cast_both) for _ in range(4)]
    ids, numbers = [order.id for order in orders], [order.order_no for order in orders]
    desk = sign_in(both, "seller")
    made = send(desk, *(f"{number},顺丰,SF138562871674{place}" for place, number in enumerate(numbers)))
    real, calls = unsent.ship_order, []

    def crash(order_id: int, *args: object, **more: object) -> None:
        calls.append(order_id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(order_id, *args, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(unsent, "ship_order", crash)
        with writing():
            file_id = db.session.scalars(select(DispatchFile.public_id)).one()
        file = dispatch.find_of_shop(file_id, cast_both.shop)
        assert file is not None
        with pytest.raises(KeyboardInterrupt):
            dispatch.carry_out(file, cast_both.by(Actor.SELLER), now.at)
    db.session.rollback()
    assert [fresh(each).status for each in ids].count("in_transit") == 1
    page = desk.get(made.location).text
    assert sorted(said for said, _ in read_outcomes(page).values()) == ["可以发货"] * 3 + ["已发货"]

    look = dispatch.judge

    def late(file: DispatchFile) -> list[dispatch.Row]:
        rows = look(file)
        db.session.rollback()
        with writing():
            unsent.cancel_order(numbers[2], by=cast_both.by(Actor.BUYER), reason="not_wanted", now=now.at)
        return rows

    left = [each for each in ids if fresh(each).status == "unshipped" and each != ids[2]]
    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "judge", late)
        file = dispatch.find_of_shop(file_id, cast_both.shop)
        assert file is not None
        assert dispatch.carry_out(file, cast_both.by(Actor.SELLER), now.at) == len(left)
    assert [fresh(each).status for each in ids] == ["in_transit", "in_transit", "cancelled", "in_transit"]
    said = read_outcomes(desk.get(made.location).text)
    assert said[numbers[2]] == ("不能发货", "买家已取消这笔订单，请不要发货")
    sent = db.session.scalars(select(Notice.dedupe_key).where(Notice.kind == "order_shipped")).all()
    assert len(sent) == len(set(sent)) == 3
    assert not any(doctor.findings())


def test_two_people_at_once_send_each_order_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    ids = [to_send(cast_both).id for _ in range(6)]
    numbers = [fresh(each).order_no for each in ids]
    made = send(sign_in(both, "seller"), *(f"{each},,SF138562871674{at}" for at, each in enumerate(numbers)))
    public_id, by = made.location.rpartition("/")[2], cast_both.by(Actor.SELLER)
    db.session.rollback()
    sent: list[int] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        with both.app_context():
            barrier.wait()
            file = dispatch.find_of_shop(public_id, cast_both.shop)
            assert file is not None
            sent.append(dispatch.carry_out(file, by, cast_both.now))
            db.session.remove()

    people = [threading.Thread(target=work) for _ in range(2)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    assert len(sent) == 2 and sum(sent) == 6
    assert len(db.session.scalars(select(Notice).where(Notice.kind == "order_shipped")).all()) == 6


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["{order},顺丰,"], "「运单号」一列都是空的"),
        (["{order},飞毛腿,SF1385628716739"], "第 2 行：不认识物流公司「飞毛腿」"),
        (["{order},顺丰,13800138000"], "第 2 行：这是手机号"),
        (["{order},,{order}"], "第 2 行：这是订单编号"),
        ([",中通,75484863576596"], "第 2 行：没有填写订单编号"),
        (["{order},中通,7.54849E+13"], "第 2 行：运单号超过 15 位的数字会丢失末尾"),
        (["3.94435E+18,中通,75484863576596"], "第 2 行：订单编号超过 15 位的数字会丢失末尾"),
        (["HH1,中通,75484863576596"], ""),
    ],
)
def test_what_is_wrong_is_said_by_the_field(app: Flask, cast: Cast, now: Clock, rows: list[str], sentence: str) -> None:
    order_no = to_send(cast).order_no
    answer = send(sign_in(app, "seller"), *(row.format(order=order_no) for row in rows))
    if not sentence:
        assert answer.status_code == 303  # read as it is; the look says that there is no such order
        return
    assert answer.status_code == 422 and sentence in answer.text and 'id="file-err"' in answer.text
    assert db.session.scalars(select(DispatchFile)).all() == []


def test_what_is_to_be_fetched_is_summed_up_by_specification(both: Flask, cast_both: Cast, now: Clock) -> None:
    first, second = to_send(cast_both, milli=3_000), to_send(cast_both, milli=2_000, lines=2)
    asked = to_send(cast_both, milli=9_000)
    to_send(cast_both, shop=cast_both.shop2)
    cast_both.order(status="in_transit")
    numbers = [first.order_no, second.order_no, asked.order_no]
    cast_both.open_case(asked, case_type=CaseType.REFUND_ONLY, reason="not_wanted")
    picks, orders, is_cut, apart = dispatch.list_picks(cast_both.shop)
    assert (orders, is_cut, apart) == (2, False, 1)
    assert [(pick.cargo_no, pick.milli, set(pick.numbers)) for pick in picks] == [
        ("HH-100", 5_000, set(numbers[:2])),
        ("HH-101", 2_000, {numbers[1]}),
    ]
    page = sign_in(both, "seller").get(PICKS).text
    assert "2 笔待发货的订单" in page and "有进行中售后的订单不在其中" in page and numbers[2] not in page
    assert "李雯" not in page and "13425059650" not in page
    elsewhere = sign_in(both, "seller2").get(PICKS).text
    assert "1 笔待发货的订单" in elsewhere and not any(number in elsewhere for number in numbers)


@pytest.mark.parametrize(("role", "status"), [("warehouse", 200), ("finance", 403), ("agent", 403)])
def test_it_is_for_who_sends(app: Flask, cast: Cast, now: Clock, role: str, status: int) -> None:
    to_send(cast)
    cast.employ(cast.shop, "buyer2", role)
    desk = sign_in(app, "buyer2")
    for path in (AT, PICKS):
        assert desk.get(path).status_code == status
    assert post(desk, f"{AT}/file", at=AT if status == 200 else "/me").status_code == status
    shown = "拣货单" in desk.get("/seller/orders?tab=all").text if role != "finance" else False
    assert shown is (status == 200)


def test_tables_are_forgotten_after_a_month(app: Flask, cast: Cast, now: Clock) -> None:
    order_no = to_send(cast).order_no
    made = send(sign_in(app, "seller"), f"{order_no},,{SF}")
    with writing():
        dispatch.forget_old(now.at + dispatch.KEPT_FOR - timedelta(hours=1))
    assert sign_in(app, "seller").get(made.location).status_code == 200
    with writing():
        dispatch.forget_old(now.at + dispatch.KEPT_FOR + timedelta(hours=1))
    assert sign_in(app, "seller").get(made.location).status_code == 404
