"""Canary receivers, and every address of the portal: who opens it finds them only while a step of theirs needs them.

The routes are those of tests/web/matrix.py, so that a new page is walked as soon as it has its row there. Files are
opened: packs, tables, pictures of words. test_addresses.py knows each output of a case by name, in every state.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.exporting import exports
from portal.exporting.kinds import KINDS
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, Evidence, MoneyEntry, Order, Shipment
from portal.resale import links
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import NOW
from tests.domain import test_chains
from tests.domain.test_passing import Straight
from tests.web.matrix import MISSING, QA, ROWS, Row, address
from tests.web.test_addresses import LISTS, SHIPPERS, canary, seen, sends_to_receiver, staffed

__all__ = ["staffed"]

X, R = CaseType.EXCHANGE, CaseType.RETURN_REFUND
CASES = ((X, "applied"), (X, "inspecting"), (X, "reshipping"), (X, "confirming"), (X, "completed"), (R, "refunding"))
OWN = {"auth.sign_out"}  # ends the walk
STEPS = ("ship_replacement", "ship_part", "accept_goods", "agree", "refund_ok", "decide_reship", "modify")


def read(content: bytes, name: str) -> Iterator[tuple[str, str]]:
    """What a file says, and each file in it."""
    if content[:2] == b"PK":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as opened:
            for inner in opened.namelist():
                yield from read(opened.read(inner), f"{name} {inner}")
            return
    yield name, content.decode(errors="replace")
    if "csv" in name:
        yield name, content.decode("gb18030", errors="replace")


def deal_of(case: Case) -> dict[str, str]:
    """What stands in the addresses of a case and of all that hangs on it."""
    order = db.session.get_one(Order, case.order_id)
    found = {"order_no": order.order_no, "case_no": case.case_no, "shop_id": str(case.shop_id)}
    of_case = {
        "entry_id": select(MoneyEntry.id).where(MoneyEntry.case_id == case.id),
        "shipment_id": select(Shipment.id).where(Shipment.order_id == order.id).order_by(Shipment.id.desc()),
        "followed_id": select(Shipment.id).where(Shipment.case_id == case.id).order_by(Shipment.id.desc()),
        "public_id": select(Evidence.public_id).where(Evidence.case_id == case.id),
    }
    for name, query in of_case.items():
        if (value := db.session.scalars(query.limit(1)).first()) is not None:
            found[name] = str(value)
    return found


def walk(app: Flask, rows: list[Row], values: Mapping[str, str]) -> Iterator[str]:
    """The addresses of these rows."""
    for row in rows:
        rule = next(app.url_map.iter_rules(row.endpoint))
        here = {**MISSING, **values, **row.values}
        for step in STEPS if "step_name" in rule.arguments else ("",):
            with suppress(KeyError):
                yield address(rule, here | ({"step_name": step} if step else {}))


def list_rows(app: Flask, *, several: bool) -> list[Row]:
    """The rows with a page of their own; ``several``: those whose address names a thing."""
    rows = [row for row in ROWS if row.get is not None and row.who is not QA and row.endpoint not in OWN]
    return [
        row for row in rows if bool(next(app.url_map.iter_rules(row.endpoint)).arguments - set(row.values)) == several
    ]


def list_once(app: Flask) -> set[str]:
    """The addresses that name no thing, with the tabs that show all there is."""
    return {
        *walk(app, list_rows(app, several=False), {}),
        *LISTS,
        *(f"/seller/exports?of={of}&tab=all" for of in KINDS),
    }


def open_all(browser: FlaskClient, paths: set[str]) -> Iterator[tuple[str, str]]:
    """What this browser is answered at each of these addresses, file by file."""
    for path in sorted(paths):
        answer = browser.get(path)
        assert answer.status_code < 500, path
        yield from read(answer.data, path)


@pytest.mark.timeout(400)
def test_no_address_of_the_portal_shows_a_receiver_to_whom_no_step_needs_them(
    app: Flask, cast: Cast, staffed: dict[str, FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.rates.count", lambda *_args, **_named: True)
    deals: dict[int, tuple[CaseType, str, dict[str, str]]] = {}
    token = ""
    for number, (case_type, state) in enumerate(CASES, 1):
        name, phone, street = canary(number)
        order = cast.order(receiver_name=name, receiver_phone=phone, receiver_address=f"四川省成都市武侯区{street}")
        case = cast.until(state, order=order, case_type=case_type)
        deals[number] = (case_type, state, deal_of(case))
        if state == "confirming":
            with writing():
                token = links.make_link(NOW, shop_id=cast.shop, case_id=case.id, by=cast.seller) or ""
            deals[number][2]["link_name"] = links.name_link(token)
    consumer = app.test_client()
    consumer.get(f"/c/{token}")
    people = staffed | {
        "other buyer": sign_in(app, "buyer2"),
        "other shop": sign_in(app, "seller2"),
        "operator": sign_in(app, "operator"),
        "consumer": consumer,
        "anonymous": app.test_client(),
    }
    per_deal = {path for _, _, values in deals.values() for path in walk(app, list_rows(app, several=True), values)}
    paths = list_once(app) | per_deal
    wrong, needed = [], dict[tuple[str, int], set[str]]()
    for role, browser in people.items():
        if role == "buyer":
            continue  # the receivers are theirs
        for name, text in open_all(browser, paths):
            for number, (case_type, state, _) in deals.items():
                found = seen(text, number)
                if found and role in SHIPPERS and sends_to_receiver(case_type, state):
                    needed.setdefault((role, number), set()).update(found)
                elif found:
                    wrong.append(f"{role} {state} {name}: {found}")
    assert not wrong, "\n".join(wrong)
    assert needed == {(role, 3): set(canary(3)) for role in SHIPPERS}, "the walk finds what is there to be found"


@pytest.mark.timeout(240)
def test_no_table_and_nothing_printed_shows_them_to_whom_no_step_needs_them(
    app: Flask, cast: Cast, staffed: dict[str, FlaskClient]
) -> None:
    """Every export with every column that its reader may choose; labels, slips and lists to pick by."""
    numbers: dict[int, str] = {}
    for number, state in enumerate(("returning", "reshipping", "confirming"), 1):
        name, phone, street = canary(number)
        order = cast.order(receiver_name=name, receiver_phone=phone, receiver_address=f"四川省成都市武侯区{street}")
        numbers[number] = cast.until(state, order=order).case_no
    wrong, labelled = [], set()
    for role in ("owner", "agent", "warehouse", "finance"):
        desk = staffed[role]
        for of in KINDS:
            form = f"/seller/exports?of={of}&tab=all"
            columns = re.findall(r'name="columns"[^>]*value="([a-z_]+)"', desk.get(form).text)
            if columns:
                asked = post(desk, form, {"columns": columns})
                if asked.status_code == 422:  # so many are being written already
                    exports.write_waiting(NOW)
                    asked = post(desk, form, {"columns": columns})
                assert asked.status_code == 303, (role, of)
        assert exports.write_waiting(NOW) >= 0
        files = set(re.findall(r'href="(/seller/exports/[0-9]+\.xlsx)"', desk.get("/seller/exports?of=queue").text))
        assert files, role
        told = [*open_all(desk, files)]
        for at, path, fields in (
            ("/seller/shipping", "/seller/shipping/labels", {"case": list(numbers.values()), "scope": "chosen"}),
            ("/seller?tab=returning", "/seller/slips", {"case": list(numbers.values())}),
        ):
            if desk.get(at).status_code == 200:
                told.append((path, desk.post(path, data=fields | token_at(desk, at), follow_redirects=True).text))
        for name, text in told:
            for number in numbers:
                if found := seen(text, number):
                    if role in SHIPPERS and number == 2:
                        labelled.add(role)
                    else:
                        wrong.append(f"{role} {number} {name}: {found}")
    assert not wrong, "\n".join(wrong)
    assert labelled == set(SHIPPERS)


def token_at(browser: FlaskClient, path: str) -> dict[str, str]:
    """The fields that a form of this page sends along."""
    return token_of(browser.get(path))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "until", ["accepted", *(pytest.param(until, marks=pytest.mark.nightly) for until in ("applied", "sent", "shipped"))]
)
def test_a_consumer_is_shown_along_the_chain_only_to_whom_sends(
    app: Flask, cast: Cast, staffed: dict[str, FlaskClient], monkeypatch: pytest.MonkeyPatch, until: str
) -> None:
    """Goods that go straight from the supplier: its warehouse reads the consumer while it has to send, nobody else."""
    monkeypatch.setattr("portal.web.rates.count", lambda *_args, **_named: True)
    name, phone, street = canary(1)
    monkeypatch.setattr(test_chains, "WHOM", (name, phone, f"四川省成都市武侯区{street}"))
    chain = Straight(cast)
    if until != "applied":
        chain.until(until)
    db.session.rollback()
    above, below = deal_of(chain.get(chain.above)), deal_of(chain.get(chain.below))
    with writing():
        token = links.make_link(NOW, shop_id=cast.shop2, case_id=chain.below, by=cast.seller2) or ""
    below["link_name"] = links.name_link(token)
    consumer = app.test_client()
    consumer.get(f"/c/{token}")
    people = {role: browser for role, browser in staffed.items() if role != "buyer"} | {
        "distributor": sign_in(app, "seller2"),
        "other buyer": sign_in(app, "buyer"),
        "consumer": consumer,
        "anonymous": app.test_client(),
    }
    several = list_rows(app, several=True)
    paths = list_once(app) | {*walk(app, several, above), *walk(app, several, below)}
    # The distributor calls their customer by the name they gave them, is the buyer above, and may send instead.
    known = {"distributor": {name}}
    wrong, needed = [], set()
    for role, browser in people.items():
        for path, text in open_all(browser, paths):
            found = seen(text, 1)
            if role == "distributor" and (not path.startswith("/seller") or until == "accepted"):
                continue
            if found and role in SHIPPERS and until == "accepted":
                needed.add(role)
            elif found - known.get(role, set()):
                wrong.append(f"{role} {until} {path}: {found}")
    assert not wrong, "\n".join(wrong)
    assert needed == (set(SHIPPERS) if until == "accepted" else set())
