"""A scan of a moment that hasn't come is kept with a word and starts and moves no clock, whoever says it and how."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Case, Order, Parcel, ParcelTrace, ReceiptClaim, Shipment
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.parcels import parcel_view, scans
from portal.tracking import scans as case_scans
from portal.tracking import tables
from portal.words import BEIJING
from tests import exports
from tests.cast import PARCELS, Cast
from tests.conftest import NOW

WORDS = "【义乌市】已签收，签收人：本人"
AHEAD = [timedelta(minutes=11), timedelta(days=1, minutes=1), timedelta(days=400)]
Way = Callable[[Cast, timedelta, Path], None]


def _shipment(cast: Cast) -> Any:
    found = parcel_view.find_by_number(cast.shop, [PARCELS[0][1]])
    return next(each for each in found[PARCELS[0][1]] if each.parcel_id is not None)


def _line(ahead: timedelta) -> str:
    return f"{(NOW + ahead).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def said_by_carrier(cast: Cast, ahead: timedelta, _folder: Path) -> None:
    with writing():
        case_scans.record_scans(
            _shipment(cast).parcel_id, [scans.read_words(NOW + ahead, WORDS)], now=NOW, origin="kuaidi100"
        )


def pasted_by(side: str) -> Way:
    def paste(cast: Cast, ahead: timedelta, _folder: Path) -> None:
        said = scans.read(f"{_line(ahead)} {WORDS}", NOW)
        with writing():
            case_scans.record_typed(_shipment(cast), said, side=side, now=NOW)

    return paste


def tabled(cast: Cast, ahead: timedelta, folder: Path) -> None:
    path = folder / "scans.csv"
    path.write_text(f"运单号,时间,物流内容\n{PARCELS[0][1]},{_line(ahead)},{WORDS}\n", encoding="utf-8")
    with writing():
        file = tables.begin_table(cast.shop, cast.seller, "scans.csv", tables.read_table(path), NOW)
        public_id = file.public_id
    [judged] = tables.judge_rows(file, NOW)
    assert "时间还没有到" in judged["sentence"]
    assert tables.carry_out_table(public_id, cast.shop, NOW) >= 1


WAYS: dict[str, Way] = {
    "carrier": said_by_carrier,
    "sender": pasted_by("buyer"),
    "receiver": pasted_by("seller"),
    "table": tabled,
}


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_runs_from_a_moment_to_come(cast: Cast, tmp_path: Path, way: str, ahead: timedelta) -> None:
    case = cast.until("inspecting")
    due, case_id, shop_id = case.due_at, case.id, case.shop_id
    WAYS[way](cast, ahead, tmp_path)
    db.session.rollback()
    db.session.expire_all()
    assert [trace.doubt for trace in db.session.scalars(select(ParcelTrace))] == ["future"]
    assert db.session.scalars(select(Parcel.signed_at)).all() == [None]
    assert set(db.session.scalars(select(Shipment.signed_at))) == {None}
    assert db.session.get_one(Case, (case_id, shop_id)).due_at == due
    assert db.session.scalars(select(ReceiptClaim)).all() == []  # nor does anybody's time to object begin


@pytest.mark.parametrize("heading", ["发货时间", "确认收货时间", "签收时间", "收货时间"])
def test_an_export_tells_no_receipt_and_no_shipping(both: Flask, tmp_path: Path, heading: str) -> None:
    first = exports.order()
    headings, *rows = exports.table([first])
    path = tmp_path / "future.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*headings, heading], *([*row, "2027-01-31 10:00"] for row in rows)])
    with read(path) as export:
        report = import_orders(export, now=NOW)
    assert report.orders.new == 1
    order = db.session.scalars(select(Order)).one()
    assert (order.received_at, order.shipped_at) == (None, None)
