"""个人信息副本: all that is kept of a person, no secret, nothing of anybody else; no table is forgotten."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.dossier import owndata, shares
from portal.extensions import Model, db, writing
from portal.models import Order, User
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.inspector import parse

SECRET = ("hash", "sealed", "token", "key_id")


def copy_of(app: Flask, who: str) -> tuple[dict[str, Any], str]:
    answer = sign_in(app, who).get("/me/privacy/copy.zip")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as opened:
        assert opened.namelist() == ["data.json", "data.html"]
        return json.loads(opened.read("data.json")), opened.read("data.html").decode()


def test_every_table_is_somebodys_or_says_why_not() -> None:
    assert set(shares.SHARES) | set(shares.OTHERS) == set(Model.metadata.tables)
    assert not set(shares.SHARES) & set(shares.OTHERS)
    for table, share in shares.SHARES.items():
        columns = {column.name for column in Model.metadata.tables[table].columns}
        assert share.hidden <= columns, table
        left = {name for name in columns - share.hidden for word in SECRET if word in name} - {"sha256"}
        assert not left, table


def test_a_person_gets_what_is_theirs_and_nothing_of_others(app: Flask, cast: Cast, now: Clock) -> None:
    mine, other = cast.until("refunding"), cast.until("applied", order=cast.order(buyer=cast.buyer2))
    numbers = mine.case_no, other.case_no
    buyer = sign_in(app, "buyer")
    cast.photos(1, cast.buyer)
    order = db.session.scalars(select(Order.order_no).where(Order.id == mine.order_id)).one()
    post(buyer, f"/orders/{order}/contact", {"words": "<b>我的话</b>"})
    with writing():
        db.session.execute(db.update(User).where(User.id == cast.buyer2).values(company_name="别人的公司"))
    data, page = copy_of(app, "buyer")
    assert [row["case_no"] for row in data["cases"]] == [numbers[0]] and numbers[1] not in json.dumps(data)
    assert numbers[0] in page and numbers[1] not in page and "别人的公司" not in page
    assert data["users"][0]["member_name"] == "buyer" and "password_hash" not in data["users"][0]
    assert any(row["words"] == "<b>我的话</b>" for row in data["messages"])
    assert "&lt;b&gt;我的话" in page and parse(page) is not None
    for table in ("orders", "order_lines", "case_events", "money_entries", "notices", "sessions", "evidence"):
        assert data[table], table
    assert set(data) == {"made_for", "as_of", "units", *shares.SHARES}


@pytest.mark.parametrize("who", ["seller", "mediator"])
def test_who_never_bought_gets_the_account_alone(app: Flask, cast: Cast, now: Clock, who: str) -> None:
    cast.until("confirming")
    data, _ = copy_of(app, who)
    assert not any(data[table] for table in ("orders", "cases", "messages", "case_events"))
    assert data["users"][0]["member_name"] == who


def test_on_both_databases(cast_both: Cast) -> None:
    cast_both.until("completed")
    for table in shares.SHARES:
        list(owndata.rows(table, cast_both.buyer))
    made = io.BytesIO()
    owndata.build(cast_both.buyer, into=made, now=cast_both.now)
    assert zipfile.is_zipfile(made)


def test_the_page_leads_there_and_to_a_request(app: Flask, cast: Cast, now: Clock) -> None:
    buyer = sign_in(app, "buyer")
    assert 'href="/me/privacy/copy.zip"' in buyer.get("/me/privacy").text
    form = buyer.get("/feedback?kind=privacy").text
    assert 'value="privacy" checked' in form or 'checked value="privacy"' in form
