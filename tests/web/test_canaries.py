"""Fifty account numbers go through everything that takes one: none is in any file, log, export or page of others."""

from __future__ import annotations

import base64
import io
import logging
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal import doctor
from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import BankAccount, Case, Order, Session, Shop, Staff
from portal.money.accounts import account_numbers, agreed_words
from portal.money.accounts import keeping as account_keeping
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.web.test_matrix import crawl


def _card(body: str) -> str:
    """With the check digit that makes it a card."""
    total = sum(
        (value * 2 - 9 if value * 2 > 9 else value * 2) if place % 2 == 0 else value
        for place, value in enumerate(map(int, reversed(body)))
    )
    return f"{body}{-total % 10}"


CARDS = [_card(f"62220{number:02d}987654{number * 7919 % 10**5:05d}") for number in range(30)]
COMPANIES = [f"33010{number:02d}04016{number * 104729 % 10**7:07d}" for number in range(20)]  # no cards
CANARIES = [*CARDS, *COMPANIES]


def spellings(number: str) -> list[bytes]:
    """How a number could hide: as it is, in groups, its middle, encoded."""
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    plain = [number, grouped, grouped.replace(" ", "-"), number[2:-4]]
    return [each.encode() for each in plain] + [
        base64.b64encode(number.encode())[:-4],
        number.encode().hex().encode(),
        number.encode("utf-16-le"),
    ]


def hits(where: str, content: bytes) -> list[str]:
    return [f"{number} in {where}" for number in CANARIES for spelt in spellings(number) if spelt in content]


def everything(app: Flask) -> dict[str, bytes]:
    """Every byte of the data folder: database, its log, files."""
    folder: Path = app.extensions["portal_settings"].data
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pages_of(browser: FlaskClient, *starts: str) -> dict[str, bytes]:
    return {path: text.encode() for path, text in crawl(browser, *starts).items()}


def give(browser: FlaskClient, case_no: str, number: str) -> None:
    form = {
        "account_holder": "李雯",
        "account_bank": f"工商银行 {number if number in CARDS else ''}",
        "account_number": number,
        "consent": str(agreed_words.CONSENT),
    }
    url = f"/cases/{case_no}/give_account"
    refused = post(browser, url, form)  # without the tick
    assert refused.status_code == 422 and not hits("the form", refused.data)
    assert post(browser, url, form | {"agreed": "y"}).status_code == 303


@pytest.mark.timeout(300)
def test_fifty_numbers_are_nowhere(
    app: Flask, cast: Cast, now: Clock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    assert len(set(CANARIES)) == 50 and all(map(account_numbers.number, CANARIES))
    with writing():
        db.session.execute(update(Shop).values(bank_data=True))
        db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role="agent"))
    failed = [cast.until("refund_failed", case_type=CaseType.REFUND_ONLY) for _ in range(5)]
    known = [(case.id, case.case_no, db.session.get_one(Order, case.order_id).order_no) for case in failed]
    for case in failed:
        cast.take(case, "ask_account", Actor.SELLER)
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")

    for at, number in enumerate(CANARIES):  # each through the form; taken back, and given again
        _, case_no, order_no = known[at % 5]
        give(buyer, case_no, number)
        url = f"/seller/cases/{case_no}/account"
        if at % 2 == 0 and at < 36:  # twenty looks an hour
            shown = post(seller, url, {"reason": f"核对 {number}"})
            grouped = " ".join(number[place : place + 4] for place in range(0, len(number), 4)).encode()
            if number in CARDS:
                assert shown.status_code == 200 and grouped in shown.data
            else:
                assert shown.status_code == 409 and not hits("the refusal", shown.data)
        if at < 45:
            assert post(buyer, f"/cases/{case_no}/withdraw_account").status_code == 303
        if number in CARDS:  # what looks like a card is hidden wherever it is written
            post(buyer, f"/orders/{order_no}/contact", {"words": f"请退到 {number}"})
            post(seller, f"/seller/orders/{order_no}/contact", {"words": f"收到,账号{number}"})

    for number in CANARIES[:5]:  # a session that ends while somebody types
        form = {
            "account_number": number,
            "account_holder": number,
            "account_bank": number,
            "agreed": "y",
            **token_of(buyer.get("/login")),
        }
        with writing():
            db.session.execute(update(Session).where(Session.user_id == cast.buyer).values(ended_at=now.at))
        assert buyer.post(f"/cases/{known[0][1]}/give_account", data=form).status_code == 401
        buyer = sign_in(app, "buyer")
    odd = quote(CANARIES[0])
    for path in (f"/cases/{odd}", f"/orders?q={odd}", f"/seller?q={odd}"):
        seller.get(path)

    case_id, case_no, _ = known[0]
    cast.take(db.session.get_one(Case, case_id), "retry", Actor.SELLER)
    cast.take(db.session.get_one(Case, case_id), "refund_ok", Actor.SELLER, reference="20261124")

    found: list[str] = []
    places = {"logs": caplog.text.encode(), "output": "".join(capfd.readouterr()).encode(), **everything(app)}
    assert {"portal.db", "portal.db-wal"} <= set(places)
    for side, browser in (("", buyer), ("/seller", seller)):
        pack = browser.get(f"{side}/cases/{case_no}/pack.zip").data
        with zipfile.ZipFile(io.BytesIO(pack)) as opened:
            places |= {f"{side} pack {name}": opened.read(name) for name in opened.namelist()}
    roots = {
        "buyer": ("/me", "/orders", "/cases", "/messages", "/notices", "/me/privacy"),
        "buyer2": ("/me", "/seller", "/seller/messages", "/seller/notices"),
        "seller": ("/seller", "/seller/messages", "/seller/notices", "/seller/bank-data"),
        "seller2": ("/me", "/seller"),
        "mediator": ("/me", "/notices"),
    }
    for name, starts in roots.items():
        of_cases = [f"/cases/{no}" for _, no, _ in known] + [f"/seller/cases/{no}" for _, no, _ in known]
        pages = pages_of(sign_in(app, name), *starts, *of_cases)
        assert len(pages) > 5
        places |= {f"{name} {path}": content for path, content in pages.items() if f"q={odd}" not in path}
    for where, content in places.items():
        found += hits(where, content)
    assert found == []

    live = db.session.scalars(select(BankAccount).where(BankAccount.erased_at.is_(None))).all()
    assert len(live) == 5  # they are there, sealed
    assert not [finding for finding in doctor.findings() if finding]
    now.forward(days=31)
    assert account_keeping.erase_due(clock.now()) == 1
