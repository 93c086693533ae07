"""The migration to lines that keep their 单品货号: what their rows said is kept, searched for, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import database, doctor
from portal.cases import search
from portal.extensions import db, writing
from portal.models import OrderLine, SoldAs
from tests.cast import Cast
from tests.conftest import NOW, make_app, migrate, stand_in
from tests.domain.conftest import migrate_spread
from tests.postgres import fresh_database

BEFORE = "0066"


@pytest.fixture(params=["sqlite", "postgresql", "spread"])
def own(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """An app on a database that nobody else gets: its tables are changed."""
    url = ""
    if request.param != "sqlite":
        request.getfixturevalue("postgres_server")
        url = fresh_database(*(("portal", migrate) if request.param == "postgresql" else ("spread", migrate_spread)))
    yield from stand_in(make_app(tmp_path / "data", sqlite_template, database_url=url))


@pytest.mark.timeout(300)
def test_what_lines_said_before_is_found(own: Flask) -> None:
    cast = Cast.make(NOW)
    plain, numbered, rounded = (cast.order().id for _ in range(3))
    with writing():
        for order, said in ((numbered, "690-123-A"), (rounded, "6.9E+12")):
            line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order)).one()
            line.snapshot = {**line.snapshot, "单品货号": said}
    before = set(db.session.execute(db.select(SoldAs.product_id, SoldAs.mark)))
    db.session.remove()
    database.downgrade_schema(BEFORE)
    database.upgrade_schema()
    lines = dict(db.session.execute(db.select(OrderLine.order_id, OrderLine.sku_cargo_no)).all())
    assert (lines[plain], lines[numbered], lines[rounded]) == ("", "690-123-A", "")
    kept = {each.product_id: each.sku_cargo_no for each in db.session.scalars(db.select(SoldAs))}
    assert sorted(kept.values()) == ["", "", "690-123-A"] and len(kept) == len(before)
    assert [row.id for row in search.search(cast.shop, "123a").orders] == [numbered]
    assert not any(doctor.findings())
    db.session.remove()
    database.downgrade_schema(BEFORE)
    database.upgrade_schema()
    assert len(db.session.scalars(db.select(SoldAs)).all()) == 3
