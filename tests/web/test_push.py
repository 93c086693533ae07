"""Web Push: allowed for one session, empty, signed, ended with the session, forgotten where the service says gone."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from flask import Flask

from portal.cli import portal
from portal.config import Settings, SettingsError
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import PushSubscription, Session
from portal.notices import push
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock, make_app

KEY = push.make_key()
SERVICE = "https://push.example/send/"


class Service:
    """A push service: keeps what it was sent, answers what it is told to."""

    def __init__(self, status: int = 201) -> None:
        self.status = status
        self.got: list[Any] = []

    def __call__(self, endpoint: str, headers: dict[str, str]) -> int:
        self.got.append((endpoint, headers))
        if self.status == 0:
            raise OSError
        return self.status


def subscribed(cast: Cast, name: str = "a") -> PushSubscription:
    """A session of the buyer whose browser wants to hear of news."""
    with writing():
        at = cast.now
        session = Session(
            id_hash=name * 64,
            user_id=cast.buyer,
            created_at=at,
            seen_at=at,
            expires_at=at + timedelta(days=30),
            proved_at=at,
        )
        db.session.add(session)
        db.session.flush()
        push.keep_subscription(cast.buyer, session.id_hash, SERVICE + name, at)
    return db.session.scalars(db.select(PushSubscription).where(PushSubscription.endpoint == SERVICE + name)).one()


def news(cast: Cast) -> None:
    cast.take(cast.open_case(), "agree", Actor.SELLER)


def test_news_are_told_once_and_say_nothing(cast_both: Cast) -> None:
    cast, service = cast_both, Service()
    subscribed(cast)
    assert push.send_due(KEY, "https://portal.example", cast.now, service) == 0  # nothing new
    news(cast)
    news(cast)
    assert push.send_due(KEY, "https://portal.example", cast.now, service) == 1
    assert push.send_due(KEY, "https://portal.example", cast.now, service) == 0
    [(endpoint, headers)] = service.got
    assert endpoint == f"{SERVICE}a" and set(headers) == {"Authorization", "TTL", "Topic"}
    news(cast)
    assert push.send_due(KEY, "", cast.now, service) == 1


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_signature_holds_for_this_service_and_for_hours(cast: Cast) -> None:
    said = push.sign_vapid(push.read_key(KEY), "https://push.example/x?y", "https://portal.example", cast.now)
    token, key = said.removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    assert key == push.tell_public_key(KEY) and json.loads(decode(head)) == {"typ": "JWT", "alg": "ES256"}
    found = json.loads(decode(claims))
    assert found["aud"] == "https://push.example" and found["sub"] == "https://portal.example"
    assert 0 < found["exp"] - cast.now.timestamp() <= 24 * 3_600
    raw = decode(signature)
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key))
    point.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("how", ["signed out", "expired"])
def test_an_ended_session_hears_nothing_and_is_forgotten(cast_both: Cast, how: str) -> None:
    cast, service = cast_both, Service()
    subscribed(cast)
    news(cast)
    changes: dict[str, Any] = {"ended_at": cast.now} if how == "signed out" else {"expires_at": cast.now}
    with writing():
        db.session.execute(db.update(Session).where(Session.id_hash == "a" * 64).values(**changes))
    assert push.send_due(KEY, "", cast.now, service) == 0 and not service.got
    assert db.session.scalar(db.select(PushSubscription.id)) is None


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(cast: Cast, status: int) -> None:
    subscribed(cast)
    news(cast)
    assert push.send_due(KEY, "", cast.now, Service(status)) == 0
    assert db.session.scalar(db.select(PushSubscription.id)) is None


@pytest.mark.parametrize("status", [0, 429, 500, 503, 301, 400])
def test_a_service_in_trouble_is_tried_again_but_not_for_ever(cast: Cast, status: int) -> None:
    subscribed(cast)
    news(cast)
    for _ in range(push.MOST_FAILURES - 1):
        assert push.send_due(KEY, "", cast.now, Service(status)) == 0
    assert push.send_due(KEY, "", cast.now, Service()) == 1  # not lost
    news(cast)
    for _ in range(push.MOST_FAILURES):
        push.send_due(KEY, "", cast.now, Service(status))
    assert db.session.scalar(db.select(PushSubscription.id)) is None


def test_a_person_has_no_more_than_a_few(cast: Cast) -> None:
    for number in range(push.MOST_OF_PERSON + 2):
        subscribed(cast, chr(ord("a") + number))
    kept = db.session.scalars(db.select(PushSubscription.endpoint)).all()
    assert len(kept) == push.MOST_OF_PERSON and f"{SERVICE}a" not in kept


def test_inside_addresses_are_never_connected_to(cast: Cast) -> None:
    with pytest.raises(ValueError, match="localhost"):
        push.post_empty("https://localhost/x", {})
    subscribed(cast)
    with writing():
        db.session.execute(db.update(PushSubscription).values(endpoint="https://127.0.0.1/x"))
    news(cast)
    assert push.send_due(KEY, "", cast.now) == 0


@pytest.fixture
def pushing(tmp_path: Path, sqlite_template: Path) -> Flask:
    return make_app(tmp_path / "data", sqlite_template, push_key=KEY)


def test_a_browser_switches_it_on_and_off(pushing: Flask, now: Clock) -> None:
    with pushing.app_context():
        Cast.make(now.at)
        client = sign_in(pushing, "buyer")
        page = client.get("/notices").text
        assert f'data-push="{push.tell_public_key(KEY)}"' in page and "开启推送" in page
        for bad in ("", "http://push.example/x", "https://push.example:8443/x", "https://u:p@push.example/", "x" * 700):
            assert post(client, "/push", {"endpoint": bad}, at="/notices").status_code == 422
        assert post(client, "/push", {"endpoint": f"{SERVICE}z"}, at="/notices").status_code == 204
        assert "关闭推送" in client.get("/notices").text
        assert "开启推送" in sign_in(pushing, "buyer").get("/notices").text  # another browser
        assert post(client, "/push/off", {}, at="/notices").status_code == 303
        assert "开启推送" in client.get("/notices").text


def test_without_a_key_nothing_is_offered(app: Flask, cast: Cast) -> None:
    client = sign_in(app, "buyer")
    assert "推送" not in client.get("/notices").text
    assert post(client, "/push", {"endpoint": f"{SERVICE}z"}, at="/me").status_code == 404


def test_the_command_prints_a_key_that_the_settings_take() -> None:
    printed = portal.main(["make-push-key"], standalone_mode=False)
    assert printed is None and push.tell_public_key(KEY)
    Settings.from_env({"PORTAL_PUSH_KEY": KEY})
    with pytest.raises(SettingsError, match="PORTAL_PUSH_KEY"):
        Settings.from_env({"PORTAL_PUSH_KEY": "short"})
