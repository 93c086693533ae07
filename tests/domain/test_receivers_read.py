"""Who receives an order, as exports write it: several telephone numbers in a cell, and stars in place of letters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal import phones
from portal.extensions import db
from portal.models import Order, OrderLine, OrderVersion
from portal.orders.export_format import read
from portal.orders.importing import Counts, Report, import_orders
from portal.orders.importing.masked import MASKED, fits
from portal.resale import links
from tests import exports
from tests.cast import Cast
from tests.exports import Cells, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FIRST, SECOND, FIXED = "13812340001", "13956780002", "0571-88886666"


def take(folder: Path, rows: Iterable[Cells]) -> Report:
    with read(exports.text(folder / "export.csv", table(rows))) as export:
        return import_orders(export, now=NOW)


def only() -> Order:
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def proves(last_four: str) -> bool:
    found = links.find_orders("3905403692550747597", last_four)
    db.session.rollback()
    return bool(found)


# Telephone numbers

SEVERAL = [
    *(f"{FIRST}{between}{SECOND}" for between in ("/", " ", "、", "，", ";", "或", "\n", " / ", "-", "／", "及")),
    f"{FIRST}（李）{SECOND}（王）",
    "138 1234 0001 / 139 5678 0002",
    f"+86 {FIRST}, +86 {SECOND}",
]


@pytest.mark.parametrize("text", SEVERAL)
@pytest.mark.parametrize("heading", ["联系手机", "联系电话"])
def test_of_several_numbers_the_first_is_used_and_any_proves(
    both: object, tmp_path: Path, text: str, heading: str
) -> None:
    report = take(tmp_path, [order(**{"联系手机": "", "联系电话": "", heading: text})])
    found = only()
    assert found.receiver_phone == FIRST
    assert found.more["receiver_mobile" if heading == "联系手机" else "receiver_tel"] == text
    [said] = report.problems
    assert said.column == heading and said.sentence.startswith("有 2 个号码，联系和发货用第一个")
    assert FIRST not in said.sentence, "the report names no number"
    assert proves("0001") and proves("0002") and not proves("1234") and not proves("")
    assert take(tmp_path, [order(**{"联系手机": "", "联系电话": "", heading: text})]).orders == Counts(unchanged=1)


@pytest.mark.parametrize(
    ("text", "kept", "tails"),
    [
        ("13812340001转8012", "13812340001-8012", ("0001", "8012")),
        ("13812340001-8012", "13812340001-8012", ("0001", "8012")),
        ("0571-88886666转801", "0571-88886666-801", ("6666",)),
        ("+86 138 1234 0001", FIRST, ("0001",)),
        ("86-13812340001", FIRST, ("0001",)),
        ("138-1234-0001", FIRST, ("0001",)),
        ("１３８１２３４０００１", FIRST, ("0001",)),
        ("138****0001", "138****0001", ("0001",)),
    ],
)
def test_one_number_is_kept_as_it_is_written_here(
    both: object, tmp_path: Path, text: str, kept: str, tails: tuple[str, ...]
) -> None:
    report = take(tmp_path, [order(联系手机=text)])
    assert (only().receiver_phone, report.problems) == (kept, [])
    assert all(proves(tail) for tail in tails)


def test_a_mobile_and_a_fixed_number_both_prove(both: object, tmp_path: Path) -> None:
    take(tmp_path, [order(联系手机=FIRST, 联系电话=FIXED)])
    assert only().receiver_phone == FIRST
    assert proves("0001") and proves("6666") and not proves("5713")


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        ("无电话，请旺旺联系", "", "不是电话号码；这一格没有采用，原文已保留"),
        ("1381234000", "1381234000", "不像电话号码，请核对"),
        ("13812340001（晚上打）", FIRST, "只取其中的电话号码，整格原文已保留"),
        ("-", "", ""),
        ("无", "", ""),
    ],
)
def test_what_is_no_number_is_said(both: object, tmp_path: Path, text: str, kept: str, said: str) -> None:
    report = take(tmp_path, [order(联系手机=text)])
    assert only().receiver_phone == kept
    assert [each.sentence for each in report.problems] == ([said] if said else [])


def test_many_numbers_are_not_too_long(both: object, tmp_path: Path) -> None:
    take(tmp_path, [order(联系手机="/".join(f"1381234000{last}" for last in range(1, 9)))])
    assert only().receiver_phone == FIRST and proves("0008")


def test_a_number_written_otherwise_is_no_news_for_an_open_case(cast: Cast, tmp_path: Path) -> None:
    """As it was kept before cells with several numbers were understood."""
    known = cast.order(receiver_phone=f"{FIRST}/{SECOND}", order_no="3905403692550747597")
    [line] = db.session.scalars(select(OrderLine)).all()
    cast.open_case(known)
    row = exports.known(known, line) | {"联系手机": f"{FIRST}/{SECOND}", "订单状态": "交易成功"}
    report = take(tmp_path, [row])
    assert not [each for each in report.disbelieved if each.column == "联系手机"]


def test_numbers_are_found_whatever_stands_between() -> None:
    for between in ("/", " ", "、", "，", "；", ";", "|", "或者", "和", "\n", "---", "（或）", "   "):
        for one in (FIRST, FIXED, "4001234567", f"{FIRST}-8012"):
            for other in (SECOND, "010-82345678"):
                assert phones.split_phones(f"{one}{between}{other}") == [one, other], (one, between, other)


# Stars

STARRED = {"收货人姓名": "李*", "联系手机": "134****9650", "收货地址": "四川省 成都市 武侯区 ****"}
WHOLE = {"收货人姓名": "李雯", "联系手机": "13425059650", "收货地址": "四川省 成都市 武侯区 一环路南二段8号"}


def receiver() -> Cells:
    found = only()
    return {"收货人姓名": found.receiver_name, "联系手机": found.receiver_phone, "收货地址": found.receiver_address}


@pytest.mark.parametrize("status", ["交易成功", "买家已签收"])
def test_stars_take_nothing_away(both: object, tmp_path: Path, status: str) -> None:
    """Platforms show receivers with stars some weeks after the trade: a later export says less, not something new."""
    take(tmp_path, [order(订单状态="买家已签收", **WHOLE)])
    report = take(tmp_path, [order(订单状态=status, **STARRED)])
    assert receiver() == WHOLE and report.disbelieved == []
    assert not [each for each in db.session.scalars(select(OrderVersion)) if len(each.changes) > 1]


@pytest.mark.parametrize("later", ["交易成功", "等待卖家发货"])
def test_what_was_starred_is_filled_in(both: object, tmp_path: Path, later: str) -> None:
    """By a newer file, and by an older one."""
    take(tmp_path, [order(订单状态="买家已签收", **STARRED)])
    take(tmp_path, [order(订单状态=later, **WHOLE)])
    assert receiver() == WHOLE
    take(tmp_path, [order(订单状态="交易成功", **STARRED)])
    assert receiver() == WHOLE and only().status_text == "交易成功"


def test_stars_that_contradict_what_is_known_are_told(both: object, tmp_path: Path) -> None:
    take(tmp_path, [order(**WHOLE)])
    report = take(tmp_path, [order(**{**STARRED, "收货人姓名": "张*", "联系手机": "139****0001"})])
    assert receiver() == WHOLE
    assert [(each.column, each.kept, each.said, each.why) for each in report.disbelieved] == [
        ("收货人姓名", "李雯", "张*", MASKED),
        ("联系手机", "13425059650", "139****0001", MASKED),
    ]


def test_a_star_in_an_address_is_a_letter(both: object, tmp_path: Path) -> None:
    take(tmp_path, [order(**WHOLE)])
    take(tmp_path, [order(**{**WHOLE, "收货地址": "成都市 8号*301"})])
    assert only().receiver_address == "成都市 8号*301"


@given(st.lists(st.text("ab1", max_size=3), min_size=1, max_size=4), st.text("ab1", max_size=8))
def test_stars_fit_as_a_pattern_would(parts: list[str], whole: str) -> None:
    pattern = ".*".join(map(re.escape, parts))
    assert fits("*".join(parts), whole) is (re.fullmatch(pattern, whole) is not None)


def test_two_hundred_stars_are_tried_once_each() -> None:
    """A pattern would try each of them at every place, and never come to an end."""
    assert not fits("1*" * 199 + "2", "1" * 400)
    assert fits("1*" * 200, "1" * 400)
