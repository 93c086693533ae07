"""待发货的订单 many at once: as a table and back, looked at first, each sent once; and what to fetch for them."""

from __future__ import annotations

import io
import json
import os
import random
import re
import signal
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, select, text
from werkzeug.test import TestResponse

from portal import doctor
from portal.applications import dispatch, dispatch_work, unsent
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import DispatchFile, Notice, Order
from portal.models.dispatch import SENDING
from portal.orders.export_format import parcels_of
from portal.parcels import filled, numbers
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


def work_off(at: Any) -> None:
    """What the sweep does beside requests, until nothing is left."""
    while db.session.scalars(select(DispatchFile.id).where(text(SENDING))).first() is not None:
        dispatch_work.work_off(at)
        db.session.rollback()


def press(desk: FlaskClient, address: str, at: Any) -> None:
    """The yes, and what comes of it in the background."""
    assert post(desk, address, at=AT).location == address
    db.session.rollback()
    work_off(at)


def count_told() -> int:
    """The buyers who were told that an order was sent, none of them twice."""
    keys = db.session.scalars(select(Notice.dedupe_key).where(Notice.kind == "order_shipped")).all()
    assert len(keys) == len(set(keys))
    return len(keys)


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

    assert post(desk, made.location).location == made.location
    page = desk.get(made.location).text
    assert "正在发货：已处理 0 / 2 笔" in page and "刷新进度" in page and "发货 2 笔" not in page
    assert desk.get(f"{made.location}/progress").status_code == 200
    assert [fresh(each).status for each in ids] == ["unshipped"] * 3
    work_off(now.at)
    assert desk.get(f"{made.location}/progress").status_code == 286
    assert [fresh(each).status for each in ids] == ["in_transit", "in_transit", "unshipped"]
    assert went(ids[0]) == [("SF", SF)] and sorted(went(ids[1])) == [("SF", SF2), ("YTO", YT)]
    assert len(db.session.scalars(select(Notice).where(Notice.kind == "order_shipped")).all()) == 2
    page = desk.get(made.location).text
    assert set(read_outcomes(page).values()) == {("已发货", "–")} and "可以接着发" not in page
    assert "已发货 2 笔" in page and "没有发出" not in page
    results = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(f"{made.location}/results.xlsx").data))
    said = [[str(cell) for cell in row] for row in results.get_sheet_by_name("发货结果").to_python()][1:]
    assert {row[0]: row[1] for row in said} == dict.fromkeys(numbers[:2], "已发货")
    press(desk, made.location, now.at)  # once more: nothing is sent twice
    assert count_told() == 2
    assert {row[0] for row in fetch(desk)[1:]} == {numbers[2]}
    assert not any(doctor.findings())


def test_how_far_a_table_is_is_asked_without_its_rows(both: Flask, cast_both: Cast, now: Clock) -> None:
    orders = [to_send(cast_both) for _ in range(3)]
    desk = sign_in(both, "seller")
    made = send(
        desk, *(f"{order.order_no},顺丰速运,SF138562871674{place}" for place, order in enumerate(orders))
    ).location
    assert post(desk, made, at=AT).location == made
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        page = desk.get(f"{made}/progress")
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    assert page.status_code == 200 and "已处理 0 / 3 笔" in page.text
    [asked] = [statement for statement in heard if "dispatch_files" in statement]
    assert asked.count("dispatch_files.rows") == asked.count("json_array_length(dispatch_files.rows)") + asked.count(
        "dispatch_files.rows_done"
    ), "the rows stay where they are"
    assert sign_in(both, "seller2").get(f"{made}/progress").status_code == 404


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
    press(desk, made.location, now.at)
    assert count_told() == 1 and "没有发出 6 笔" in desk.get(made.location).text
    made = send(desk, f"{numbers[0]},,{SF}", f"{numbers[3]},,{YT}")
    press(desk, made.location, now.at)
    assert [fresh(each).status for each in (good_id, asked_id, other_id)] == ["in_transit", "unshipped", "unshipped"]
    assert "有进行中售后的订单不在表格里" in desk.get(AT).text
    assert {row[0] for row in fetch(desk)[1:]} == {numbers[4]}


def test_one_that_changes_meanwhile_is_left_and_the_others_go(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A buyer calls one off, another asks for a refund, one makes trouble between the look and the sending."""
    orders = [to_send(cast_both) for _ in range(5)]
    ids, numbers = [order.id for order in orders], [order.order_no for order in orders]
    desk = sign_in(both, "seller")
    made = send(desk, *(f"{number},顺丰,SF138562871674{place}" for place, number in enumerate(numbers)))
    look, real = dispatch.judge, unsent.ship_order

    def late(file: DispatchFile, *part: int) -> list[dispatch.Row]:
        rows = look(file, *part)
        db.session.rollback()
        if fresh(ids[2]).status == "unshipped":
            cast_both.open_case(fresh(ids[3]), case_type=CaseType.REFUND_ONLY, reason="not_wanted")
            with writing():
                unsent.cancel_order(numbers[2], by=cast_both.by(Actor.BUYER), reason="not_wanted", now=now.at)
        return rows

    def fail(order_id: int, *args: Any, **more: Any) -> None:
        if order_id == ids[1]:
            raise ZeroDivisionError
        real(order_id, *args, **more)

    assert post(desk, made.location).location == made.location
    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "judge", late)
        patched.setattr(unsent, "ship_order", fail)
        work_off(now.at)
    assert [fresh(each).status for each in ids] == [
        "in_transit",
        "unshipped",
        "cancelled",
        "unshipped",
        "in_transit",
    ]
    said = read_outcomes(desk.get(made.location).text)
    assert said[numbers[1]] == ("请逐笔处理", "系统没能处理，请在「订单」里单独发货")
    assert said[numbers[2]] == ("不能发货", "买家已取消这笔订单，请不要发货")
    assert said[numbers[3]][0] == "请逐笔处理" and "有进行中的售后" in said[numbers[3]][1]
    assert count_told() == 2
    assert not any(doctor.findings())


def keep(cast: Cast, given: list[tuple[str, list[str]]]) -> DispatchFile:
    parcels = [filled.Parcel(2, order_no, "SF", number) for order_no, numbers in given for number in numbers]
    with writing():
        public_id = dispatch.keep_table(cast.shop, cast.seller, "发货.csv", parcels, cast.now)
    file = dispatch.find_of_shop(public_id, cast.shop)
    assert file is not None
    return file


def make_mixed(cast: Cast) -> list[str]:
    """Orders of two receivers, one of them sent, one with a case; and a number that nobody knows."""
    orders = [to_send(cast, receiver_name=name) for name in ("李雯", "王芳", "李雯", "王芳", "李雯")]
    numbers = [order.order_no for order in orders]
    cast.open_case(orders[1], case_type=CaseType.REFUND_ONLY, reason="not_wanted")
    ship(cast, orders[2])
    return [*numbers, "8999999999999999999"]


@pytest.mark.parametrize("seed", range(8))
def test_a_part_of_a_table_is_judged_as_the_whole_is(both: Flask, cast_both: Cast, seed: int) -> None:
    numbers, chance = make_mixed(cast_both), random.Random(seed)
    waybills = [SF, SF2, "SF1385628716741", ""]
    file = keep(cast_both, [(each, chance.sample(waybills, chance.randint(1, 2))) for each in numbers])
    whole = dispatch.judge(file)
    assert [row.order_no for row in whole] == numbers
    for size in (1, 2, 4):
        parts = [row for first in range(0, len(numbers), size) for row in dispatch.judge(file, first, size)]
        assert parts == whole


def test_each_round_looks_at_its_orders_alone(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the length of the table: in the statement that reads orders stand those of the round and who shares."""
    numbers = [to_send(cast_both).order_no for _ in range(13)]
    waybills = [f"SF13{at:011}" for at in (0, *range(11), 0)]  # the first two and the last go in one parcel
    desk = sign_in(both, "seller")
    made = send(desk, *(f"{each},,{way}" for each, way in zip(numbers, waybills, strict=True)))
    assert post(desk, made.location).location == made.location
    asked: list[int] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "orders.order_no" in statement and ("json_each" in statement or "= ANY" in statement):
            values = list(parameters.values() if isinstance(parameters, dict) else parameters)
            lists = [json.loads(each) if isinstance(each, str) and each[0] == "[" else each for each in values]
            asked.extend(len(each) for each in lists if isinstance(each, list))

    monkeypatch.setattr(dispatch_work, "AT_ONCE", 4)
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work_off(now.at)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert asked == [5, 4, 4, 3]
    assert {fresh(int(each)).status for each in db.session.scalars(select(Order.id))} == {"in_transit"}


def work_until_killed(app: Flask, at: Any, after: int) -> int:
    """Another process that sends and is killed by the system in the middle of an order; how it ended."""
    db.session.remove()
    db.engine.dispose()
    if (child := os.fork()) == 0:
        try:
            whole, left = unsent.ship_order, [after]

            def killed(*args: Any, **more: Any) -> None:
                left[0] -= 1
                whole(*args, **more)
                if left[0] < 0:
                    db.session.flush()
                    os.kill(os.getpid(), signal.SIGKILL)

            unsent.ship_order = killed
            with app.app_context():
                dispatch_work.work_off(at)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def send_though_killed(app: Flask, cast: Cast, now: Clock, number: int, kills: tuple[int, ...]) -> None:
    ids = [to_send(cast).id for _ in range(number)]
    numbers = [fresh(each).order_no for each in ids]
    desk = sign_in(app, "seller")
    made = send(desk, *(f"{each},,SF13{at:011}" for at, each in enumerate(numbers)))
    assert post(desk, made.location).location == made.location
    sent = 0
    for after in kills:
        assert work_until_killed(app, now.at, after) == -signal.SIGKILL
        sent += after
        assert count_told() == sent == [fresh(each).status for each in ids].count("in_transit")
        assert f"已处理 {sent} / {number} 笔" in desk.get(made.location).text
        db.session.rollback()
    work_off(now.at)
    assert {fresh(each).status for each in ids} == {"in_transit"} and count_told() == number
    assert f"已发货 {number} 笔" in desk.get(made.location).text
    assert [went(each) for each in ids] == [[("SF", f"SF13{at:011}")] for at in range(number)]


def test_killed_by_the_system_twice_each_is_sent_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    send_though_killed(both, cast_both, now, 12, (4, 4))
    assert not any(doctor.findings())


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_of_thousands_each_is_sent_once_though_killed(both: Flask, cast_both: Cast, now: Clock) -> None:
    send_though_killed(both, cast_both, now, 2_000, (30, 170, 1))


def test_two_people_at_once_send_each_order_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    """Two yeses are one, and two workers divide the orders between them."""
    ids = [to_send(cast_both).id for _ in range(6)]
    numbers = [fresh(each).order_no for each in ids]
    made = send(sign_in(both, "seller"), *(f"{each},,SF138562871674{at}" for at, each in enumerate(numbers)))
    public_id, by = made.location.rpartition("/")[2], cast_both.by(Actor.SELLER)
    db.session.rollback()
    begun: list[bool] = []
    sent: list[int] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        with both.app_context():
            barrier.wait()
            with writing():
                file = dispatch.find_of_shop(public_id, cast_both.shop)
                assert file is not None
                begun.append(dispatch_work.start(file, by, cast_both.now))
            sent.append(dispatch_work.work_off(cast_both.now))
            db.session.remove()

    people = [threading.Thread(target=work) for _ in range(2)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    work_off(now.at)
    assert len(sent) == 2 and any(begun)
    assert {fresh(each).status for each in ids} == {"in_transit"} and count_told() == 6


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


@pytest.mark.parametrize("rows", [1, 40])
def test_a_table_is_read_no_longer_than_its_rows_allow(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Numbers of one cell count as rows do: a file of 2 MB names a hundred thousand, and somebody waits for it."""
    monkeypatch.setattr(dispatch, "MOST_TABLE", 100)
    read: list[str] = []
    whole = numbers.check_number
    monkeypatch.setattr(numbers, "check_number", lambda *args, **more: read.append(args[0]) or whole(*args, **more))
    desk, order_no = sign_in(app, "seller"), to_send(cast).order_no
    cell = " ".join(f"SF13{at:011}" for at in range(60 if rows > 1 else 5_000))
    answer = send(desk, *(f"{order_no},,{cell}" for _ in range(rows)))
    assert answer.status_code == 422 and len(read) <= 160
    assert ("一次最多 100 个包裹" if rows > 1 else "一格最多 1000 个字") in answer.text
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
