"""An open mediation has a row of its own: there while the platform is in a case, carried over both ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import database, doctor
from portal.cases import mediation_rows, shipping
from portal.cases.view_statements import CASE_OF_SHOP
from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, Mediation
from tests.cast import Cast
from tests.conftest import NOW, make_app, migrate, stand_in
from tests.domain.conftest import migrate_spread
from tests.postgres import fresh_database

MOVED = ", ".join(column.key for column in mediation_rows.COLUMNS)
BEFORE = "0058"


@pytest.fixture(params=["sqlite", "postgresql", "spread"])
def own(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """An app on a database that nobody else gets: its tables are changed."""
    url = ""
    if request.param != "sqlite":
        request.getfixturevalue("postgres_server")
        url = fresh_database(*(("portal", migrate) if request.param == "postgresql" else ("spread", migrate_spread)))
    yield from stand_in(make_app(tmp_path / "data", sqlite_template, database_url=url))


def read(table: str, key: str) -> list[dict[str, Any]]:
    rows = db.session.execute(db.text(f"SELECT {key} AS key, {MOVED} FROM {table} ORDER BY 1")).mappings()
    found = [dict(row) for row in rows]
    db.session.rollback()
    return found


def test_what_is_known_is_carried_over_both_ways(own: Flask) -> None:
    cast = Cast.make(NOW)
    plain, first, passed = (cast.open_case(cast.order()).id for _ in range(3))
    cast.mediated(db.session.get_one(Case, first), "evidence", "seller", heard="buyer", evidence_round=2)
    cast.mediated(
        db.session.get_one(Case, passed),
        "deciding",
        mediator_id=cast.mediator,
        first_mediator_id=cast.seller,
        passed_at=NOW + timedelta(hours=1),
    )
    rows = read("mediations", "case_id")
    assert [row["key"] for row in rows] == sorted((first, passed))
    db.session.remove()

    database.downgrade_schema(BEFORE)
    held = {row["key"]: row for row in read("cases", "id")}
    assert [held[row["key"]] for row in rows] == rows
    assert (held[plain]["heard"], held[plain]["evidence_round"], held[plain]["stage_at"]) == ("", 0, None)
    database.upgrade_schema()
    assert read("mediations", "case_id") == rows
    assert not any(doctor.findings())


def test_it_is_there_while_the_platform_is_in_the_case(cast_both: Cast) -> None:
    cast, key = cast_both, ""
    case = cast.until("revising")
    assert mediation_rows.find_mediation(case) is mediation_rows.NONE
    case = cast.take(case, "escalate", Actor.BUYER, note="商家不处理", because="refused", photos=())
    row, key = db.session.get_one(Mediation, (case.id, case.shop_id)), case.case_no
    assert (row.evidence_round, row.heard, row.asked_by, row.escalated_at) == (1, "buyer", "buyer", case.updated_at)
    page: Any = CASE_OF_SHOP.find_row(case_no=key, shop_id=case.shop_id)
    assert {name: getattr(page, name) for name in mediation_rows.NAMES} == mediation_rows.list_values(case)
    case = cast.take(case, "withdraw_mediation", Actor.BUYER)
    assert not case.escalated and mediation_rows.find_mediation(case) is mediation_rows.NONE
    assert db.session.scalars(db.select(Mediation.case_id)).all() == []
    page = CASE_OF_SHOP.find_row(case_no=key, shop_id=case.shop_id)
    assert mediation_rows.find_mediation(page) is mediation_rows.NONE and page.heard is None


def test_the_shipping_desk_reads_it_too(cast_both: Cast) -> None:
    case = cast_both.until("reshipping")
    cast_both.mediated(case, "evidence")
    [found] = shipping.load(cast_both.shop, [case.id], "owner", cast_both.now)
    assert found.refusal == shipping.PLATFORM
