"""Two apps with different settings in one process do not touch each other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask

from portal import flow
from portal.calendar import clock, lengths
from portal.money.accounts import keyring
from portal.notices import notices
from portal.parcels import following
from portal.per_app import PerApp
from portal.rights import resale
from tests.conftest import make_app


def test_each_app_keeps_its_own_settings(tmp_path: Path, sqlite_template: Path) -> None:
    plain = make_app(tmp_path / "plain", sqlite_template)
    other = make_app(
        tmp_path / "other",
        sqlite_template,
        deadlines="seller_response=3h",
        resale_days="3,9",
        bank_days=5,
        qa="1",
        webhook_url="https://example.invalid/hook",
        webhook_secret="whsec_" + "A" * 32,
        tracking="kdniao",
        kdniao_id="1",
        kdniao_key="k",
    )
    with other.app_context():
        clock.move_forward(timedelta(days=2))
    said = [seen_by(app) for app in (plain, other, plain)]
    assert said[0] == said[2]
    assert said[0] == (flow.DEADLINES["seller_response"], 7, "", (), timedelta(), 30)
    assert said[1] == (timedelta(hours=3), 3, "kdniao", ("webhook",), timedelta(days=2), 5)


def seen_by(app: Flask) -> tuple[object, ...]:
    with app.app_context():
        return (
            lengths.get_deadline("seller_response"),
            resale.get_rule().apply_days,
            following.get_service(),
            notices._channels.get(),
            clock.get_shift(),
            keyring.kept_for_days.get().days,
        )


def test_a_value_that_was_never_set_is_the_default(app: Flask) -> None:
    kept: PerApp[int] = PerApp("for_this_test", 1)
    assert kept.get() == 1
    kept.set(2)
    assert kept.get() == 2
