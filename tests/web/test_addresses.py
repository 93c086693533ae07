"""Canary names, numbers and addresses in every type and state: each reader finds them only where the table says."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import AccessLink, Case, Order, ReturnAddress, Staff
from portal.people import accounts
from portal.resale import links
from portal.rights.addresses import mask_place
from tests.cast import PASSWORD, Cast, sign_in
from tests.conftest import NOW

RETURNING = ("孔雀仓", "13722223333", "凤凰街道99号")
RETURNS = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
SENDS = (CaseType.EXCHANGE, CaseType.REISSUE)
STATES = {
    case_type: [
        state
        for state in State
        if (case_type in RETURNS or state not in ("returning", "inspecting", "disputed"))
        and (case_type in SENDS or state not in ("reshipping", "confirming"))
        and (case_type is CaseType.EXCHANGE or state != "paying")
        and (state != "closed" or case_type in RETURNS)
    ]
    for case_type in CaseType
}
SHIPPERS = ("owner", "warehouse")


def sends_to_receiver(case_type: str, state: str) -> bool:
    """By the spec, in its own words: a replacement is to be sent, or what failed the inspection is to go back."""
    return (case_type in SENDS and state == "reshipping") or (case_type in RETURNS and state == "closed")


def goes_back(case_type: str, state: str) -> bool:
    """The goods are to be sent back, or are on their way and the number can still be put right."""
    return case_type in RETURNS and state in ("returning", "inspecting")


def canary(number: int) -> tuple[str, str, str]:
    return f"钱{number:03d}多", f"139{number:04d}7{number:03d}", f"金丝雀{number:03d}号楼"


def seen(text: str, number: int) -> set[str]:
    return {part for part in canary(number) if part in text}


@pytest.fixture
def staffed(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, FlaskClient]:
    """A browser for each reader."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with writing():
        name, phone, address = RETURNING
        db.session.execute(update(ReturnAddress).values(name=name, phone=phone, address=f"浙江省义乌市{address}"))
        for role in ("agent", "warehouse", "finance"):
            user = accounts.create_user(role, now=NOW, company_name="", password=PASSWORD, weak_ok=True)
            db.session.add(Staff(user_id=user.id, shop_id=cast.shop, role=role))
    names = {"owner": "seller", "mediator": "mediator", "buyer": "buyer"}
    return {
        role: sign_in(app, names.get(role, role))
        for role in ("owner", "agent", "warehouse", "finance", "mediator", "buyer")
    }


def outputs(browser: FlaskClient, side: str, case_no: str, order_no: str) -> Iterator[tuple[str, str]]:
    """Everything of this case that one side can open: its page, its steps' forms, its pack, what is printed."""
    base = f"{side}/cases/{case_no}" if side != "/mediation" else f"/mediation/{case_no}"
    page = browser.get(base).text
    yield base, page
    steps = set(re.findall(rf'href="{base}/([a-z_-]+)"', page))
    for name in sorted(steps | {"send-back", "agreement", "slip", "chain", "consumer"}):
        yield f"{base}/{name}", browser.get(f"{base}/{name}").text
    orders = f"{side}/orders/{order_no}"
    for path in (orders, f"{orders}/contact", f"{orders}/ship", f"{orders}/apply-for", f"{orders}/customer"):
        yield path, browser.get(path).text
    pack = browser.get(f"{base}/pack.zip")
    if pack.status_code == 200:
        with zipfile.ZipFile(io.BytesIO(pack.data)) as opened:
            for name in opened.namelist():
                yield f"{base}/pack.zip {name}", opened.read(name).decode(errors="replace")


LISTS = (
    "/seller",
    "/seller?tab=all",
    "/seller/orders?tab=all",
    "/seller/customers",
    "/seller/notices",
    "/seller/messages",
    "/seller/payouts",
    "/seller/scan",
    "/seller/logistics",
    "/mediation",
    "/mediation?tab=all",
)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("case_type", list(CaseType))
def test_canaries_only_where_the_table_says(
    app: Flask, cast: Cast, staffed: dict[str, FlaskClient], monkeypatch: pytest.MonkeyPatch, case_type: CaseType
) -> None:
    monkeypatch.setattr("portal.web.rates.count", lambda *_args, **_named: True)
    known: dict[int, tuple[str, str, State]] = {}  # case number, order number, state
    for number, state in enumerate(STATES[case_type], 1):
        name, phone, street = canary(number)
        order = cast.order(
            receiver_name=name, receiver_phone=phone, receiver_address=f"四川省成都市武侯区{street}", price_fen=90_000
        )
        case = cast.until(state, order=order, case_type=case_type)
        if state == "disputed":
            cast.mediated(case)
        known[number] = (case.case_no, db.session.get_one(Order, case.order_id).order_no, state)
    wrong: list[str] = []
    for role, browser in staffed.items():
        side = "" if role == "buyer" else "/mediation" if role == "mediator" else "/seller"
        for number, (case_no, order_no, state) in known.items():
            needs = role == "buyer" or (role in SHIPPERS and sends_to_receiver(case_type, state))
            told = set()
            for path, text in outputs(browser, side, case_no, order_no):
                found = seen(text, number)
                told |= found
                if found and not needs:
                    wrong.append(f"{role} {state} {path}: {found}")
                others = [other for other in known if other != number and seen(text, other)]
                if others and role != "buyer":
                    wrong.append(f"{role} {state} {path}: of others {others}")
                back = {part for part in RETURNING if part in text}
                allowed = role in ("owner", "agent", "warehouse") or (role == "buyer" and goes_back(case_type, state))
                if back and not allowed:
                    wrong.append(f"{role} {state} {path}: return {back}")
            if needs and told != set(canary(number)):
                wrong.append(f"{role} {state}: needs it and isn't shown it, only {told}")
            if role == "buyer" and goes_back(case_type, state):
                text = browser.get(f"/cases/{case_no}").text
                wrong += [f"buyer {state}: not told {part}" for part in RETURNING if part not in text]
        if role == "buyer":
            continue
        searches = [
            f"/seller/search?q={word}" for number in known for word in (canary(number)[0], canary(number)[1][-4:])
        ]
        scans = [f"/seller/scan?number={case_no}" for case_no, _, _ in known.values()]
        for path in (*LISTS, *searches, *scans):
            text = browser.get(path).text
            asked = path.partition("=")[2]  # what was typed is shown again
            hits = [part for number in known for part in seen(text, number) if part != asked]
            wrong += [f"{role} {path}: {hits}"] if hits else []
    assert wrong == []


def test_a_link_shows_the_receiver_in_part(app: Flask, cast: Cast, staffed: dict[str, FlaskClient]) -> None:
    """Who holds a consumer's link need not be the receiver; where goods go back to they learn when they send."""
    for state in ("applied", "returning", "reshipping", "completed"):
        name, phone, street = canary(7)
        order = cast.order(receiver_name=name, receiver_phone=phone, receiver_address=f"四川省成都市武侯区{street}")
        case = cast.until(state, order=order)
        case_no = case.case_no
        with writing():
            token = links.make_link(NOW, shop_id=cast.shop, case_id=case.id, by=cast.seller)
        text = app.test_client().get(f"/c/{token}/{case_no}", follow_redirects=True).text
        assert "进度" in text and not seen(text, 7), state
        assert all((part in text) == (state == "returning") for part in RETURNING), state
        assert ("只在要给您寄商品时看到" in text) == (state != "completed"), state
    assert db.session.scalars(select(AccessLink.id)).all()


def test_an_order_to_be_sent_and_one_that_is(app: Flask, cast: Cast, staffed: dict[str, FlaskClient]) -> None:
    for status, shown in (("unshipped", True), ("in_transit", False), ("cancelled", False)):
        name, phone, street = canary(9)
        order_no = cast.order(
            status=status,
            tracking_text="" if status == "unshipped" else "75484863576596",
            receiver_name=name,
            receiver_phone=phone,
            receiver_address=f"四川省成都市武侯区{street}",
        ).order_no
        for role in ("owner", "warehouse", "agent", "finance"):
            text = staffed[role].get(f"/seller/orders/{order_no}/ship").text
            assert (seen(text, 9) == set(canary(9))) == (shown and role in SHIPPERS), (status, role)
            assert shown or not seen(text, 9)


def test_a_declared_payment_comes_first(app: Flask, cast: Cast, staffed: dict[str, FlaskClient]) -> None:
    """The replacement can't be sent before the difference is confirmed, so nobody needs the address yet."""
    name, phone, street = canary(8)
    order = cast.order(receiver_name=name, receiver_phone=phone, receiver_address=f"四川省成都市武侯区{street}")
    case = cast.until("paying", order=order)
    case_no = cast.take(case, "pay", Actor.BUYER, reference="20261123000012345678").case_no
    assert not seen(staffed["owner"].get(f"/seller/cases/{case_no}").text, 8)
    cast.take(db.session.scalars(select(Case)).one(), "confirm_payment", Actor.SELLER)
    assert seen(staffed["owner"].get(f"/seller/cases/{case_no}").text, 8) == set(canary(8))


@pytest.mark.parametrize("separator", ["", " "])
@pytest.mark.parametrize(
    "area",
    [
        ("四川省", "成都市", "武侯区"),
        ("浙江省", "义乌市"),
        ("北京市", "朝阳区"),
        ("内蒙古自治区", "呼伦贝尔市", "鄂伦春自治旗"),
        ("新疆维吾尔自治区", "克孜勒苏柯尔克孜自治州", "阿图什市"),
        ("浙江省", "台州市", "路桥区"),
        ("黑龙江省", "哈尔滨市", "道里区"),
        ("河南省", "新乡市", "红旗区"),
        ("上海市", "浦东新区"),
        ("山东省", "潍坊市", "诸城市"),
        ("河南省", "洛阳市", "老城区"),
        ("内蒙古自治区", "赤峰市", "敖汉旗"),
        ("浙江省", "杭州市"),
    ],
)
@pytest.mark.parametrize(
    "street",
    [
        "人民路3号",
        "阳光花园小区3栋",
        "北苑街道凯旋村",
        "大润发超市二楼",
        "市场街区15号",
        "翡翠城市公寓2栋",
        "城市之光花园1号",
        "红旗小区1号",
        "红旗大街9号",
        "小商品市场三区",
        "大市场东区8号",
        "凤凰国际城区6栋",
        "科技园区A座",
        "一环路南二段8号",
        "光明镇王家弄7号",
        "Room 5, 3/F",
        "13800138000转",
    ],
)
def test_a_street_is_never_kept(separator: str, area: tuple[str, ...], street: str) -> None:
    assert mask_place(separator.join((*area, street))) == "".join(area) + "****"
    assert mask_place(street) == "****" and mask_place("") == ""
