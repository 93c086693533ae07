"""Several tracking numbers in one cell: several parcels of the order, each followed and shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from portal.extensions import db
from portal.models import Order, Shipment, Track
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.parcels import parcel_view
from portal.tracking import polling

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CASE = Path(__file__).parent.parent / "data" / "cases" / "30_tracking_forms.csv"

pytestmark = pytest.mark.usefixtures("both")


def test_each_number_of_a_cell_is_a_parcel_that_is_followed(both: Flask, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CASE.read_text(encoding="utf-8-sig").replace("交易成功", "等待买家收货"), encoding="utf-8")
    with read(path) as export:
        import_orders(export, now=NOW)

    assert polling.follow_orders(NOW) == 3

    numbers = {
        order.order_no[-2:]: [
            row.tracking_no for row in db.session.scalars(db.select(Shipment).filter_by(order_id=order.id))
        ]
        for order in db.session.scalars(db.select(Order))
    }
    assert numbers == {
        "30": ["JDVA01234567890"],
        "31": ["SF1234567890123", "SF1234567890124"],
        "32": ["75484863576596", "75484863576597"],
    }
    assert db.session.scalar(db.select(db.func.count()).select_from(Track)) == 5
    two = db.session.scalars(db.select(Order).where(Order.order_no.endswith("31"))).one()
    parcels, _scans = parcel_view.list_of_order(two.id)
    assert [parcel.tracking_no for parcel in parcels] == ["SF1234567890123", "SF1234567890124"]


def test_the_same_cells_again_follow_nothing_twice(both: Flask, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CASE.read_text(encoding="utf-8-sig").replace("交易成功", "等待买家收货"), encoding="utf-8")
    for _ in range(2):
        with read(path) as export:
            report = import_orders(export, now=NOW)
        polling.follow_orders(NOW)
    assert (report.orders.unchanged, report.orders.updated) == (3, 0)
    assert db.session.scalar(db.select(db.func.count()).select_from(Shipment)) == 5
