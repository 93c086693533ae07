"""The way that a payment took is said by its name wherever the payment stands, and no other way is."""

from __future__ import annotations

import io
import zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import words
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, MoneyEntry, Notice, Shop
from portal.payments import batches
from tests.cast import Cast, sign_in
from tests.conftest import Clock

NUMBER = "2026112300123456"
WAYS = ("original", "alipay", "wechat", "cash")


def pack_of(browser: FlaskClient, address: str) -> str:
    with zipfile.ZipFile(io.BytesIO(browser.get(f"{address}/pack.zip").data)) as opened:
        return "".join(opened.read(name).decode() for name in opened.namelist() if name.endswith(".html"))


@pytest.mark.parametrize("case_type", [CaseType.REFUND_ONLY, CaseType.RETURN_REFUND])
@pytest.mark.parametrize("way", WAYS)
def test_every_place_says_the_way_that_was_taken(
    app: Flask, cast: Cast, now: Clock, way: str, case_type: CaseType
) -> None:
    case = cast.until("refunding", case_type=case_type)
    case = cast.take(case, "refund_ok", Actor.SELLER, reference=NUMBER, way=way)
    others = [word for key, word in words.ROUTE.items() if key != way]
    for name, address in (("buyer", "/cases"), ("seller", "/seller/cases")):
        browser, at = sign_in(app, name), f"{address}/{case.case_no}"
        for text in (browser.get(at).text, pack_of(browser, at)):
            assert words.ROUTE[way] in text and NUMBER in text
            assert not [word for word in others if word in text]
            assert ("原来的支付账户" in text) <= (way == "original")


@pytest.mark.parametrize("way", WAYS[1:])
def test_a_list_for_the_bank_names_the_way_that_is_tried_next(cast: Cast, way: str) -> None:
    case = cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    cast.take(case, "retry", Actor.SELLER, way=way)
    with writing():
        batch = batches.make_batch(cast.shop, by=cast.seller, now=cast.now)
        [row] = batch.rows
    assert row[-1] == words.ROUTE[way]
    assert db.session.scalars(db.select(MoneyEntry.channel)).one() == way


def test_what_failed_another_way_is_not_called_the_original_one(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        db.session.execute(db.update(Shop).values(bank_data=True))
    case: Case = cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    case = cast.take(case, "retry", Actor.SELLER, way="alipay")
    case = cast.take(case, "refund_fail", Actor.SELLER, note="对方账户不存在")
    case = cast.take(case, "ask_account", Actor.SELLER)
    bodies = db.session.scalars(db.select(Notice.body).where(Notice.kind == "ask_account")).all()
    pages = [sign_in(app, "buyer").get(f"/cases/{case.case_no}").text, *bodies]
    assert bodies and not [text for text in pages if "原路" in text or "原支付方式" in text]
