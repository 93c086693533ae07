"""The life of an account: its password, its second factor, its devices, working in a shop, and what is written down."""

from __future__ import annotations

import html
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import create_app
from portal.config import Settings, SettingsError
from portal.extensions import db, writing
from portal.models import AuditEvent, Notice, Session, Staff, User
from portal.people import accounts, factors, invitations, passwords, staffing
from portal.rights import policies
from portal.web import events
from tests.cast import PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import BANK_KEYS, NOW, Clock, make_app

GOOD = "correct-horse-7"


def enter(app: Flask, name: str, password: str = PASSWORD) -> tuple[FlaskClient, TestResponse]:
    """A new browser and the answer to its sign-in form."""
    client = app.test_client()
    form = {**token_of(client.get("/login")), "member_name": name, "password": password}
    return client, client.post("/login", data=form)


def told(user_id: int) -> list[str]:
    """The titles of what this person was told of their account."""
    db.session.rollback()
    asked = select(Notice.title).where(Notice.user_id == user_id, Notice.kind == "account").order_by(Notice.id)
    return list(db.session.scalars(asked))


def written() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    return [(row.name, str(row.about.get("change", ""))) for row in rows]


# ---------------------------------------------------------------- passwords


def test_changing_a_password(app: Flask, cast: Cast, now: Clock) -> None:
    here, there = enter(app, "buyer")[0], enter(app, "buyer")[0]
    cookie = here.get_cookie("sid").value  # type: ignore[union-attr]
    new = {"password": PASSWORD, "new_password": GOOD, "again": GOOD}
    answer = post(here, "/me/password", new)
    assert (answer.status_code, answer.location) == (303, "/me/account?said=password-changed")
    assert here.get("/me/account").status_code == 200
    assert there.get("/me").status_code == 303  # every other device is signed out
    copied = app.test_client()
    copied.set_cookie("sid", cookie)
    assert copied.get("/me").status_code == 303  # and a copied cookie of this one opens nothing
    assert enter(app, "buyer")[1].status_code == 422
    assert enter(app, "buyer", GOOD)[1].status_code == 303
    assert told(cast.buyer) == ["密码已修改"]
    assert ("privilege_change", "password") in written()


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"password": "wrong", "new_password": GOOD, "again": GOOD}, "密码不对"),
        ({"password": PASSWORD, "new_password": GOOD, "again": GOOD + "x"}, "两次输入的新密码不一样"),
        ({"password": PASSWORD, "new_password": "short", "again": "short"}, "密码至少 8 个字符"),
        ({"password": PASSWORD, "new_password": "buyer-buyer-1", "again": "buyer-buyer-1"}, "请不要使用会员名"),
        ({"password": PASSWORD, "new_password": "baseball", "again": "baseball"}, "太常见"),
        ({"password": PASSWORD, "new_password": "1688huanhuo", "again": "1688huanhuo"}, "太常见"),
        ({"password": PASSWORD}, "请填写新密码"),
        ({}, "请填写当前密码"),
    ],
)
def test_a_password_that_cannot_be(app: Flask, cast: Cast, now: Clock, form: dict[str, str], says: str) -> None:
    answer = post(sign_in(app, "buyer"), "/me/password", form)
    assert answer.status_code == 422
    assert says in answer.text
    assert not any(value in answer.text for value in form.values() if len(value) > 5 and value != "buyer-buyer-1")
    assert enter(app, "buyer")[1].status_code == 303


def test_the_three_thousand_most_used_are_refused() -> None:
    known = passwords.most_used()
    assert len(known) >= 2_900 and all(len(word) >= passwords.LEAST for word in known)
    for word in sorted(known)[::97]:
        with pytest.raises(passwords.PasswordRefused):
            passwords.check(word.upper())
    passwords.check(GOOD)
    passwords.check("十五个字以上的一句中文密码没有问题")
    passwords.check("x" * 10 + "yz" + "w" * 100)
    for text in ("x" * 129, "1234567", "aaaaaaaaaa", "恒盛针织2026!!"):
        with pytest.raises(passwords.PasswordRefused):
            passwords.check(text, "heng", "恒盛针织")


def test_stolen_passwords_are_looked_up_offline(app: Flask, tmp_path: Path) -> None:
    """SHA-1 of correct-horse-7, in a file for its first five digits, as the lists to download are cut."""
    import hashlib

    digest = hashlib.sha1(GOOD.encode()).hexdigest().upper()
    (tmp_path / f"{digest[:5]}.txt").write_text(f"{'0' * 35}:3\n{digest[5:]}:17\n")
    passwords.check(GOOD)
    passwords.use_breached(tmp_path)
    with pytest.raises(passwords.PasswordRefused, match="泄露"):
        passwords.check(GOOD)
    passwords.check(GOOD + "!")


def test_a_hash_is_renewed_when_the_parameters_change(
    app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> str:
        db.session.rollback()
        return str(db.session.scalar(select(User.password_hash).where(User.member_name == "buyer")))

    before = stored()
    enter(app, "buyer")
    assert stored() == before
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert enter(app, "buyer", "wrong")[1].status_code == 422
    assert stored() == before
    assert enter(app, "buyer")[1].status_code == 303
    assert stored() != before and "m=16,t=2" in stored()
    assert enter(app, "buyer")[1].status_code == 303


def test_a_forgotten_password(app: Flask, cast: Cast, now: Clock) -> None:
    assert 'href="/forgot"' in app.test_client().get("/login").text
    page = app.test_client().get("/forgot")
    assert page.status_code == 200 and "请联系平台客服" in page.text
    signed_in = enter(app, "buyer")[0]
    with writing():
        token = accounts.make_link(cast.buyer, now.at)
    client = app.test_client()
    url = f"/reset/{token}"
    assert post(client, url, {"new_password": "short", "again": "short"}).status_code == 422
    answer = post(client, url, {"new_password": GOOD, "again": GOOD})
    assert (answer.status_code, answer.location) == (303, "/login?said=password-set")
    assert signed_in.get("/me").status_code == 303
    assert enter(app, "buyer", GOOD)[1].status_code == 303
    assert client.get(url).status_code == 410  # once
    assert told(cast.buyer) == ["密码已修改"]
    with writing():
        first, second = (accounts.make_link(cast.buyer, now.at) for _ in range(2))
    assert client.get(f"/reset/{first}").status_code == 410  # only the newest
    now.at += accounts.LINK_FOR
    assert client.get(f"/reset/{second}").status_code == 410
    unknown = client.get(f"/reset/{'x' * 43}")
    assert unknown.status_code == 410 and "链接已失效" in unknown.text


def test_a_disabled_account_is_out_at_the_next_request(app: Flask, cast: Cast, now: Clock) -> None:
    client = enter(app, "buyer")[0]
    with writing():
        token = accounts.make_link(cast.buyer, now.at)
        accounts.disable(cast.buyer, now.at)
    assert client.get("/me").status_code == 303
    assert enter(app, "buyer")[1].status_code == 422
    assert app.test_client().get(f"/reset/{token}").status_code == 410
    with writing():
        accounts.enable(cast.buyer, now.at)
    assert client.get("/me").status_code == 303
    assert enter(app, "buyer")[1].status_code == 303


def test_another_secret_key_ends_sessions_and_links(app: Flask, cast: Cast, now: Clock) -> None:
    client = enter(app, "buyer")[0]
    cookie = client.get_cookie("sid").value  # type: ignore[union-attr]
    with writing():
        token = accounts.make_link(cast.buyer, now.at)
    old: Settings = app.extensions["portal_settings"]
    other = create_app(Settings(data=old.data, secret_key="another", bank_keys=BANK_KEYS))
    with other.app_context():
        browser = other.test_client()
        browser.set_cookie("sid", cookie)
        assert browser.get("/me").status_code == 303
        assert browser.get(f"/reset/{token}").status_code == 410
        assert enter(other, "buyer")[1].status_code == 303
        db.session.remove()
        db.engine.dispose()


# ---------------------------------------------------------------- the second factor


def code_of(secret: str, at: float) -> str:
    import base64

    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), 30).generate(int(at)).decode()


def set_up(app: Flask, name: str, now: Clock) -> tuple[FlaskClient, str, list[str]]:
    """A browser of this person, the secret of their app, and the recovery codes."""
    client = sign_in(app, name)
    page = post(client, "/me/factor", {"begin": "1"})
    [secret] = re.findall(r"<code>([A-Z2-7]{32})</code>", page.text)
    image = client.get("/me/factor.svg")
    assert image.status_code == 200 and image.mimetype == "image/svg+xml"
    assert post(client, "/me/factor", {"code": "000000"}).status_code == 422
    done = client.post("/me/factor", data={**token_of(page), "code": code_of(secret, now.at.timestamp())})
    codes = re.findall(r"<code>([0-9a-f]{6}-[0-9a-f]{6})</code>", done.text)
    assert len(codes) == factors.RECOVERY_CODES
    assert client.get("/me/factor.svg").status_code == 404  # shown only until the first code
    return client, secret, codes


def second(client: FlaskClient, page: TestResponse, code: str) -> TestResponse:
    hidden = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.text)}
    return client.post("/login/code", data={**hidden, "code": code})


def test_two_steps_to_sign_in(app: Flask, cast: Cast, now: Clock) -> None:
    _, secret, codes = set_up(app, "buyer", now)
    assert told(cast.buyer) == ["两步验证已开启"]
    client, page = enter(app, "buyer")
    assert page.status_code == 200 and "两步验证" in page.text
    assert client.get("/me").status_code == 303  # the password alone opens nothing
    used = code_of(secret, now.at.timestamp())
    assert second(client, page, used).status_code == 422  # it turned the app on: each code is taken once
    assert second(client, page, "123").status_code == 422
    now.forward(seconds=30)
    assert second(client, page, code_of(secret, now.at.timestamp())).status_code == 303
    assert client.get("/me").status_code == 200
    again, page = enter(app, "buyer")
    assert second(again, page, code_of(secret, now.at.timestamp())).status_code == 422
    assert second(again, page, f" {codes[0].upper()} ").status_code == 303  # from paper
    third, page = enter(app, "buyer")
    assert second(third, page, codes[0]).status_code == 422
    assert factors.left(cast.buyer) == factors.RECOVERY_CODES - 1


@pytest.mark.parametrize("how", ["password", "disabled and enabled"])
def test_a_password_that_was_right_before_opens_no_second_step(app: Flask, cast: Cast, now: Clock, how: str) -> None:
    _, secret, _ = set_up(app, "buyer", now)
    now.forward(seconds=30)
    client, page = enter(app, "buyer")
    with writing():
        if how == "disabled and enabled":
            accounts.disable(cast.buyer, now.at)
            accounts.enable(cast.buyer, now.at)
        else:
            accounts.set_password(cast.buyer, "another good one 2026", now=now.at)
    assert second(client, page, code_of(secret, now.at.timestamp())).status_code == 422
    assert client.get("/me").status_code == 303


def test_codes_are_not_guessed(app: Flask, cast: Cast, now: Clock) -> None:
    _, secret, _ = set_up(app, "buyer", now)
    now.forward(minutes=1)
    client, page = enter(app, "buyer")
    seen = [second(client, page, f"{number:06}").status_code for number in range(8)]
    assert seen == [422] * 5 + [429] * 3
    assert second(client, page, code_of(secret, now.at.timestamp())).status_code == 429
    elsewhere, other = enter(app, "buyer")  # another browser changes nothing: it is counted by person
    assert second(elsewhere, other, code_of(secret, now.at.timestamp())).status_code == 429
    now.forward(seconds=60)
    assert second(client, page, code_of(secret, now.at.timestamp())).status_code == 303
    over = second(client, page, "1")  # the half sign-in is over; the old page's token is, too
    assert over.status_code == 303 and over.location.startswith("/login?")


def test_turning_it_off_needs_the_password(app: Flask, cast: Cast, now: Clock) -> None:
    client, _, _ = set_up(app, "buyer", now)
    assert post(client, "/me/factor/off", {"password": "wrong"}, at="/me/factor").status_code == 422
    assert factors.is_on(cast.buyer)
    assert post(client, "/me/factor/off", {"password": PASSWORD}, at="/me/factor").status_code == 303
    assert enter(app, "buyer")[1].status_code == 303
    assert told(cast.buyer) == ["两步验证已开启", "两步验证已关闭"]


def test_the_secret_is_sealed(app: Flask, cast: Cast, now: Clock) -> None:
    _, secret, codes = set_up(app, "buyer", now)
    with db.engine.connect() as connection:
        for table in ("totp_factors", "recovery_codes"):
            rows = str(connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall())
            assert secret not in rows and not any(code in rows for code in codes)
    factors.use_key("another")
    with writing():
        assert not factors.check(cast.buyer, code_of(secret, now.at.timestamp() + 60), now.at + timedelta(seconds=60))
        assert factors.check(cast.buyer, codes[0], now.at)  # paper opens also after a new PORTAL_SECRET_KEY


def test_mediators_and_operators_need_it_where_it_is_asked(tmp_path: Path, sqlite_template: Path, now: Clock) -> None:
    for asked, status in (("1", 303), ("0", 200)):
        app = make_app(tmp_path / asked, sqlite_template, second_factor=asked)
        with app.app_context():
            Cast.make(NOW)
            client = sign_in(app, "mediator")
            answer = client.get("/mediation")
            assert answer.status_code == status
            if status == 303:
                assert answer.location == "/me/factor?said=factor-needed"
                set_up(app, "mediator", now)
                assert sign_in(app, "mediator").get("/mediation").status_code == 200
            db.session.remove()
            db.engine.dispose()


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ({}, False),
        ({"https": "1"}, True),
        ({"https": "1", "qa": "1"}, False),
        ({"https": "1", "second_factor": "0"}, False),
        ({"second_factor": "1", "qa": "1"}, True),
    ],
)
def test_where_a_second_factor_is_needed(settings: dict[str, str], needed: bool) -> None:
    assert Settings(**settings).needs_second_factor is needed  # type: ignore[arg-type]


# ---------------------------------------------------------------- the password once more

DANGEROUS = {
    "/seller/staff": {"member_name": "buyer", "role": "finance"},
    "/seller/staff/limit": {"limit": "99999"},
    "/seller/addresses": {"name": "二号仓", "phone": "13800138001", "address": "义乌市1号"},
    "/seller/bank-data": {"bank_data": "y"},
}


@pytest.mark.parametrize("url", DANGEROUS)
def test_a_stolen_session_cannot(app: Flask, cast: Cast, now: Clock, url: str) -> None:
    """An owner's session left open: what is dangerous asks for the password, and then goes on with what was typed."""
    client = sign_in(app, "seller")
    now.forward(minutes=16)
    hidden = token_of(client.get("/seller/staff"))
    asked = client.post(url, data=hidden | DANGEROUS[url])
    assert asked.status_code == 303 and asked.location.startswith("/me/confirm?next=")
    assert staffing.approval_limit(cast.shop) == 200_000
    page = client.get(asked.location)
    next_ = html.unescape(re.findall(r'name="next" value="([^"]*)"', page.text)[0])
    assert client.post("/me/confirm", data=token_of(page) | {"next": next_, "password": "wrong"}).status_code == 422
    back = client.post("/me/confirm", data=token_of(page) | {"next": next_, "password": PASSWORD})
    assert back.status_code == 303
    assert client.get(back.location).status_code in (200, 303)
    assert client.post(url, data={**token_of(client.get("/seller/staff")), **DANGEROUS[url]}).status_code == 303
    if url == "/seller/staff/limit":
        assert staffing.approval_limit(cast.shop) == 9_999_900
        assert ("config_change", "approval_limit") in written()


# ---------------------------------------------------------------- working in a shop


def test_working_in_a_shop_needs_a_yes(app: Flask, cast: Cast, now: Clock) -> None:
    owner, buyer = sign_in(app, "seller"), sign_in(app, "buyer")
    said = {
        post(owner, "/seller/staff", {"member_name": name, "role": "agent"}).location
        for name in ("buyer", "nobody-has-this-name", "seller2", "mediator")
    }
    assert said == {"/seller/staff?said=staff-invited"}  # it tells nobody who is a member
    assert buyer.get("/seller").status_code == 404
    assert any("邀请您加入店铺" in title for title in told(cast.buyer))
    page = buyer.get("/me/account")
    [invitation] = re.findall(r'action="(/me/invitations/\d+)/accept"', page.text)
    stranger = sign_in(app, "buyer2")
    assert post(stranger, f"{invitation}/accept", at="/me/password").status_code == 409
    assert post(buyer, f"{invitation}/accept", at="/me/account").status_code == 303
    assert buyer.get("/seller").status_code == 200
    assert post(buyer, f"{invitation}/decline", at="/me/password").status_code == 409  # answered once
    assert post(buyer, "/me/leave", at="/me/account").status_code == 303
    assert buyer.get("/seller").status_code == 404  # at the next request
    assert "buyer 已离开店铺" in told(cast.seller)
    assert ("privilege_change", "left_shop") in written()


def test_the_desk_shuts_and_the_buyer_goes_on(app: Flask, cast: Cast, now: Clock) -> None:
    cast.employ(cast.shop, "buyer", "agent")
    client = sign_in(app, "buyer")
    assert client.get("/seller").status_code == 200
    now.forward(hours=2, seconds=1)
    shut = client.get("/seller")
    assert shut.status_code == 303 and shut.location.startswith("/me/confirm?next=%2Fseller")
    assert client.get("/me").status_code == 200  # a buyer's session is as long as any buyer's
    assert client.get("/seller").status_code == 303  # looking around as a buyer doesn't open the desk again
    page = client.get(shut.location)
    assert (
        client.post("/me/confirm", data={**token_of(page), "next": "/seller", "password": PASSWORD}).status_code == 303
    )
    assert client.get("/seller").status_code == 200
    now.forward(days=10)
    assert client.get("/me").status_code == 200 and client.get("/seller").status_code == 303


# ---------------------------------------------------------------- the operator's pages


@pytest.fixture
def operator(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "operator")


def test_the_operator_helps_and_shuts_out(app: Flask, cast: Cast, operator: FlaskClient, now: Clock) -> None:
    listed = operator.get("/operator/people?q=buy")
    assert "buyer2" in listed.text and ">seller" not in listed.text
    url, client = f"/operator/people/{cast.buyer}", enter(app, "buyer")[0]
    assert "127.0.0.1" in operator.get(url).text  # where the device signed in
    assert post(operator, f"{url}/revoke", at=url).status_code == 303
    assert client.get("/me").status_code == 303
    made = post(operator, f"{url}/link", at=url)
    [link] = re.findall(r"/reset/([\w-]{43})", made.text)[:1]
    assert app.test_client().get(f"/reset/{link}").status_code == 200
    assert post(operator, f"{url}/disable", at=url).status_code == 303
    assert enter(app, "buyer")[1].status_code == 422
    assert post(operator, f"{url}/enable", at=url).status_code == 303
    assert enter(app, "buyer")[1].status_code == 303
    assert post(operator, f"{url}/factor", at=url).status_code == 303
    assert {"有人申请重设您的密码", "账号已恢复", "两步验证已重置"} <= set(told(cast.buyer))
    me = db.session.scalars(select(User.id).where(User.operator)).one()
    assert post(operator, f"/operator/people/{me}/disable", at=f"/operator/people/{me}").status_code == 422
    assert post(operator, f"/operator/people/{me}/link", at=f"/operator/people/{me}").status_code == 422
    now.forward(minutes=6)
    assert post(operator, f"{url}/disable", at=url).location.startswith("/me/confirm")


@pytest.mark.parametrize("begins", ["m", "A&B#c 中+%", "a=1&after=9"])
def test_pages_of_people_and_shops(app: Flask, cast: Cast, operator: FlaskClient, begins: str) -> None:
    """What is sought goes along to the next page, whatever it is made of."""
    with writing():
        db.session.add_all([User(member_name=f"{begins}0{n:02}", created_at=NOW) for n in range(70)])
        db.session.add_all([User(member_name=f"z{n:02}", created_at=NOW) for n in range(40)])
    seen: list[str] = []
    url = "/operator/people?" + urlencode({"q": f"{begins}0"})
    while url:
        page = html.unescape(operator.get(url).text)
        seen += re.findall(rf">({re.escape(begins)}0\d\d|z\d\d)<", page)
        found = re.search(r'href="(/operator/people\?q=[^"]*after=\d+)"', page)
        url = found[1] if found else ""
    assert seen == [f"{begins}0{n:02}" for n in range(70)]
    assert "店主 seller" in operator.get("/operator/shops").text


def test_the_security_log_is_searched_and_taken_along(app: Flask, cast: Cast, operator: FlaskClient) -> None:
    enter(app, "buyer")
    post(enter(app, "seller")[0], "/seller/staff/limit", {"limit": "500"}, at="/seller/staff")
    page = operator.get("/operator/audit?kind=config_change")
    assert "seller" in page.text and "approval_limit" in page.text and "buyer" not in page.text
    assert "buyer" in operator.get("/operator/audit?q=buyer").text
    assert "没有记录" in operator.get("/operator/audit?q=nobody").text
    taken = operator.post("/operator/audit/export?q=buyer", data=token_of(page))
    assert taken.mimetype == "text/csv" and "authn_login_success" in taken.text and "seller" not in taken.text
    assert ("export", "") in written()


def test_promises_are_not_changed_unseen(app: Flask, cast: Cast, operator: FlaskClient) -> None:
    seller = enter(app, "seller")[0]
    address = {"name": "仓库", "phone": "13800138001", "address": "浙江省义乌市2号", "note": ""}
    post(seller, "/seller/addresses", address)
    number = policies.list_addresses(cast.shop)[-1].id
    post(seller, f"/seller/addresses/{number}/default", {}, at="/seller/addresses")
    post(seller, f"/seller/addresses/{number}/remove", {}, at="/seller/addresses")
    policy: dict[str, Any] = {"window_days": "15", "hidden_days": "30", "special_freight": "seller", "words": ""}
    policy |= {"types": ["exchange", "reissue"]}
    assert post(seller, "/seller/policy", policy).status_code == 303
    year = {"source": "国办发明电〔2026〕9号", "days": "2027-02-05 休 春节", "confirmed": "1"}
    assert post(operator, "/operator/calendar/2027", year).status_code == 303
    rules = {"words": "新的规则全文", "changes": "改了办理时限", "effective": "2027-12-25"}
    assert post(operator, "/operator/rules", rules).status_code == 303
    changes = {change for name, change in written() if name == "config_change"}
    added = {"return_address_added", "return_address_default", "return_address_remove"}
    assert changes == added | {"policy", "calendar", "rules"}


def test_a_link_begins_with_the_configured_address(tmp_path: Path, sqlite_template: Path, now: Clock) -> None:
    """Whatever name the request came by: a link to a password never leads to somebody else's machine."""
    app = make_app(tmp_path / "own", sqlite_template, address="https://portal.example")
    with app.app_context():
        buyer = Cast.make(NOW).buyer
        operator, url = sign_in(app, "operator"), f"/operator/people/{buyer}"
        made = operator.post(
            f"{url}/link", data=token_of(operator.get(url)), headers={"X-Forwarded-Host": "evil.example"}
        )
        assert "https://portal.example/reset/" in made.text and "evil.example" not in made.text
        db.session.remove()
        db.engine.dispose()
    for bad in ("portal.example", "https://portal.example/below", "ftp://portal.example"):
        with pytest.raises(SettingsError, match="PORTAL_ADDRESS"):
            Settings.from_env({"PORTAL_ADDRESS": bad})


# ---------------------------------------------------------------- the log


@pytest.fixture
def log(app: Flask, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "security.log"
    events.install(str(path))
    yield path
    events.install("")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def names_in(log: Path) -> list[object]:
    return [line["event"] for line in lines(log)]


def test_signing_in_is_written_down(app: Flask, cast: Cast, log: Path, now: Clock) -> None:
    enter(app, "buyer")
    for _ in range(6):
        enter(app, "buyer", "my-secret-pass")
    enter(app, 'typed my password here\r\n{"event": "forged"}', "x")
    assert names_in(log) == ["authn_login_success", *["authn_login_fail"] * 5, "authn_lock", "authn_login_fail"]
    text = log.read_text()
    assert "my-secret-pass" not in text and "typed my password" not in text and "forged" not in text
    assert lines(log)[0] | {"user": cast.buyer, "address": "127.0.0.1", "route": "/login"} == lines(log)[0]
    assert all(re.fullmatch("[0-9a-f]{16}", str(line["request_id"])) for line in lines(log))
    assert log.stat().st_mode & 0o777 == 0o600


def test_refusals_are_written_down(app: Flask, cast: Cast, operator: FlaskClient, log: Path, now: Clock) -> None:
    client, url = sign_in(app, "buyer"), f"/orders/{cast.order().order_no}/contact"
    client.get("/seller")
    client.post(url, data={"words": "x"}, headers={"Origin": "http://evil.example"})
    client.post(url, data={"words": ["x", "y"], **token_of(client.get(url))})
    post(client, url, {"words": "x", "photos": [(io.BytesIO(b"MZ"), "a.exe")]})
    for _ in range(31):
        answer = post(client, url, {"words": "x"})
    assert answer.status_code == 429
    post(client, "/me/sessions", at="/me/password")
    post(operator, f"/operator/people/{cast.buyer2}/disable", at=f"/operator/people/{cast.buyer2}")
    operator.post("/operator/audit/export", data=token_of(operator.get("/operator/audit")))
    owner = sign_in(app, "seller")
    post(owner, "/seller/staff/limit", {"limit": "1"}, at="/seller/staff")
    assert list(dict.fromkeys(names_in(log))) == [
        "authz_fail",
        "csrf_fail",
        "input_strict",
        "upload_reject",
        "rate_limit",
        "session_revoked",
        "privilege_change",
        "export",
        "config_change",
    ]


@pytest.mark.parametrize("text", ["a\nb", "a\r\n{}", "\x1b[2J", "\u2028", '"}\n{"event":"x', "\x00", "％0a", "\ud800"])
def test_nothing_typed_begins_another_line(app: Flask, log: Path, text: str) -> None:
    with app.test_request_context("/login"):
        events.say("export", 1, what=text)
    [line] = log.read_bytes().splitlines()
    assert json.loads(line)["what"] == text
    assert all(32 <= byte < 127 for byte in line)


def test_the_log_goes_to_standard_error_unless_told_otherwise(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with app.test_request_context("/login"):
        events.say("export", 1, what="x")
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["event"] == "export"
    assert logging.getLogger("portal.security").isEnabledFor(logging.INFO)
    with pytest.raises(KeyError):
        events.say("made_up")


def test_devices_show_place_and_time(app: Flask, cast: Cast, now: Clock) -> None:
    client = enter(app, "buyer")[0]
    page = client.get("/me/sessions")
    assert "地址 127.0.0.1" in page.text and "登录" in page.text
    db.session.rollback()
    assert db.session.scalars(select(Session.address)).all() == ["127.0.0.1"]


def test_quotas_are_shown(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "buyer")
    url = f"/orders/{cast.order().order_no}/contact"
    post(client, url, {"words": "您好"})
    text = re.sub(r"<[^>]+>", " ", client.get("/me/account").text)
    assert re.search(r"照片\s+0 / 500 MB", text) and re.search(r"草稿\s+0 / 50 份", text)
    assert re.search(r"今天发送的消息\s+1 / 500 条", text)
    assert "今天全店发送的消息" in sign_in(app, "seller").get("/me/account").text


def test_a_role_is_withdrawn_at_the_next_request(app: Flask, cast: Cast, now: Clock) -> None:
    cast.employ(cast.shop, "buyer2", "finance")
    clerk = sign_in(app, "buyer2")
    assert clerk.get("/seller/payouts").status_code == 200
    owner = sign_in(app, "seller")
    post(owner, f"/seller/staff/{cast.buyer2}/role", {"role": "warehouse"}, at="/seller/staff")
    assert clerk.get("/seller/payouts").status_code == 403
    post(owner, f"/seller/staff/{cast.buyer2}/remove", at="/seller/staff")
    assert clerk.get("/seller").status_code == 404
    assert db.session.scalar(db.select(Staff.shop_id).where(Staff.user_id == cast.buyer2)) is None
    assert len(told(cast.buyer2)) == 3
    assert invitations.invitations_of("buyer2", now.at) == []
