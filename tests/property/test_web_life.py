"""Parties at random over the pages: they press what is offered, and send forms of others and of yesterday again.

Whatever they do, no page fails, the doctor finds nothing, and in every case somebody has a way on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import doctor, flow
from portal.cases import case_facts
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, MoneyEntry
from portal.people import accounts
from portal.resale import links as consumer_links
from tests.cast import PASSWORD, Cast, sign_in
from tests.conftest import Clock, bring_in, make_app
from tests.web.inspector import elements, parse

BUSY = {"buyer": 6, "owner": 8, "mediator": 3, "link": 3}  # how often each is the one, others once
ENDING = ("/withdraw", "/decide_close")  # rarely, or no way would be long
STAFF = {"agent": "agent", "warehouse": "warehouse", "finance": "finance"}
ANSWERS = (200, 303, 304, 400, 401, 403, 404, 405, 409, 413, 422, 429)  # said in a page; 500 is nobody's answer
# What stands in fields by a part of their names; sometimes one of NONSENSE instead.
TYPED = (
    (("reference",), lambda chance: f"2026{chance.randrange(10**20):020d}"),
    (("number", "tracking"), lambda chance: f"YT88{chance.randrange(10**11):011d}"),
    (("amount", "refund", "compensation", "yuan"), lambda chance: chance.choice(["1", "5.00", "12.5", "999999"])),
    (
        ("quantity", "milli", "count", "received", "accepted", "sent", "shipped", "units"),
        lambda chance: str(chance.randrange(4)),
    ),
    (("phone",), lambda chance: "13425059650"),
    (("address",), lambda chance: "四川省 成都市 武侯区 一环路南二段8号"),
    (("account",), lambda chance: "6222021234567894"),
)
NONSENSE = ("", "-1", "0", "1e9", "x" * 600, "٣", "<b>", "' OR 1=1 --", "9" * 40, "\u202e倒", "NaN")
WORDS = "商品有破洞，已经拍照，请核对后尽快处理，谢谢。"


@dataclass
class Party:
    """Somebody with a browser: where their pages of a case are."""

    name: str
    browser: FlaskClient
    base: str  # {case_no} stands for the case


@dataclass
class Sent:
    """A form that was sent, to be sent again."""

    url: str
    fields: dict[str, str]


@dataclass
class World:
    """A shop, its people and its buyer's cases, strangers, and what they have sent so far."""

    app: Flask
    cast: Cast
    clock: Clock
    chance: random.Random
    sent: list[Sent] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)

    def begin(self) -> None:
        for member, role in STAFF.items():
            self.cast.employ(self.cast.shop, self._join(member), role)
        order = self.cast.order(milli=10_000)
        for case_type in self.chance.sample(list(CaseType), 2):
            case = self.cast.open_case(order, case_type=case_type, milli=2_000, dearer=self._dearer(case_type))
            self.cases.append(case.case_no)
        self.invite()

    def _dearer(self, case_type: CaseType) -> int | None:
        return self.chance.choice([None, 100, -100]) if case_type is CaseType.EXCHANGE else None

    def _join(self, member: str) -> str:
        with writing():
            accounts.create_user(
                member, now=self.clock.at, company_name=f"{member}公司", password=PASSWORD, weak_ok=True
            )
        return member

    def invite(self) -> None:
        """Everybody signs in anew: sessions end while time passes."""
        desk = "/seller/cases/{case_no}"
        self.parties = [
            Party("buyer", sign_in(self.app, "buyer"), "/cases/{case_no}"),
            Party("owner", sign_in(self.app, "seller"), desk),
            *(Party(name, sign_in(self.app, name), desk) for name in STAFF),
            Party("mediator", sign_in(self.app, "mediator"), "/mediation/{case_no}"),
            Party("stranger", sign_in(self.app, "buyer2"), "/cases/{case_no}"),
            Party("another shop", sign_in(self.app, "seller2"), desk),
            Party("nobody", self.app.test_client(), "/cases/{case_no}"),
        ]
        with writing():
            case = db.session.scalars(select(Case).where(Case.case_no == self.cases[0])).one()
            token = consumer_links.make_link(self.clock.at, shop_id=case.shop_id, case_id=case.id, by=self.cast.seller)
        if token:
            browser = self.app.test_client()
            browser.get(f"/c/{token}")
            self.parties.append(Party("link", browser, f"/c/{consumer_links.name_link(token)}/{{case_no}}"))

    def acts(self) -> None:
        what = self.chance.random()
        if what < 0.05:
            self.clock.forward(hours=self.chance.choice([1, 12, 25, 49, 80]))
            self.sweep()
            self.invite()
        elif what < 0.2 and self.sent:
            self.sends_again()
        else:
            self.presses()
        self.clock.forward(minutes=self.chance.choice([1, 5, 45]))

    def sweep(self) -> None:
        case_clock.sweep(self.clock.at)

    def presses(self) -> None:
        """Somebody opens a case, follows one of its ways, and sends one of the forms there."""
        [party] = self.chance.choices(self.parties, [BUSY.get(each.name, 1) for each in self.parties])
        case_no = self.chance.choice(self.cases)
        base = party.base.format(case_no=case_no)
        page = self.look(party, base)
        ways = [
            href for each in elements(parse(page.text)[0], "a") if (href := each.get("href", "")).startswith(base + "/")
        ]
        if ways and self.chance.random() < 0.9:
            base = self.chance.choice(ways)
            page = self.look(party, base)
        if "html" in page.headers.get("Content-Type", ""):
            forms = [each for each in elements(parse(page.text)[0], "form") if each.get("method", "").lower() == "post"]
            forms = [each for each in forms if each.get("action") != "/logout"]
            if forms:
                form = self.chance.choice(forms)
                self.send(party, Sent(form.get("action") or base, self.fill(form)))

    def sends_again(self) -> None:
        """A form of before: by whoever, with what its page said then, or with the token of their own page."""
        party, sent = self.chance.choice(self.parties), self.chance.choice(self.sent)
        fields = dict(sent.fields)
        if self.chance.random() < 0.7:
            page = self.look(party, party.base.format(case_no=self.chance.choice(self.cases)))
            own = [
                each.get("value", "")
                for each in elements(parse(page.text)[0], "input")
                if each.get("name") == "csrf_token"
            ]
            fields |= {"csrf_token": own[0]} if own else {}
        if self.chance.random() < 0.3:
            fields.pop("version", None)
        self.send(party, Sent(sent.url, fields))

    def look(self, party: Party, url: str) -> TestResponse:
        answer = party.browser.get(url)
        assert answer.status_code in ANSWERS, (party.name, url, answer.status_code)
        db.session.rollback()
        return answer

    def send(self, party: Party, sent: Sent) -> None:
        answer = party.browser.post(sent.url, data=sent.fields)
        assert answer.status_code in ANSWERS, (party.name, sent, answer.status_code)
        self.statuses.append(answer.status_code)
        self.sent.append(sent)
        db.session.rollback()

    def fill(self, form: Element) -> dict[str, str]:
        """What somebody types and ticks: mostly what fits, sometimes anything."""
        fields: dict[str, str] = {}
        groups: dict[str, list[str]] = {}
        for each in elements(form, "input", "select", "textarea"):
            name, kind = each.get("name", ""), each.get("type", "text")
            if not name or "disabled" in each.attrib or kind in ("file", "submit"):
                continue
            if each.tag == "select":
                values = [option.get("value", "") for option in elements(each, "option")]
                fields[name] = self.chance.choice(values or [""])
            elif kind == "radio":
                groups.setdefault(name, []).append(each.get("value", ""))
            elif kind == "checkbox":
                if "checked" in each.attrib or self.chance.random() < 0.5:
                    fields[name] = each.get("value", "on")
            elif kind == "hidden":
                fields[name] = each.get("value", "")
            else:
                fields[name] = self.type(name, each.get("value", "") or (each.text or ""))
        fields |= {name: self.chance.choice(values) for name, values in groups.items()}
        buttons = [each for each in elements(form, "button") if each.get("name")]
        if buttons and self.chance.random() < 0.7:
            button = self.chance.choice(buttons)
            fields[button.get("name", "")] = button.get("value", "")
        return fields

    def type(self, name: str, there: str) -> str:
        if self.chance.random() < 0.04:
            return self.chance.choice(NONSENSE)
        if there and self.chance.random() < 0.75:
            return there
        return next((typed(self.chance) for parts, typed in TYPED if any(part in name for part in parts)), WORDS)

    def is_sound(self) -> None:
        """Nothing is broken or paid twice, and in every case somebody has a way on and something ends it."""
        case_clock.sweep(self.clock.at)
        found = [finding for finding in doctor.findings() if finding]
        assert not found, found
        for case in db.session.scalars(select(Case).where(Case.state.not_in(flow.FINAL))):
            facts = case_facts.collect_facts(case, self.clock.at)
            ready = [
                step.name
                for actor in (Actor.BUYER, Actor.SELLER, Actor.MEDIATOR)
                for step in flow.open_steps(case.type, case.state, actor)
                if flow.unmet(step, facts) is None
            ]
            assert ready, (case.case_no, case.type, case.state, case.stage)
            assert case.due_at is not None or case.escalated, (case.case_no, case.type, case.state)
        paid: dict[tuple[int, str], int] = {}
        for entry in db.session.scalars(select(MoneyEntry).where(MoneyEntry.state != "cancelled")):
            paid[entry.case_id, entry.key] = paid.get((entry.case_id, entry.key), 0) + 1
        assert all(number == 1 for number in paid.values()), paid


def live(app: Flask, cast: Cast, clock: Clock, seed: int, steps: int) -> World:
    world = World(app, cast, clock, random.Random(seed))
    world.begin()
    for _ in range(steps):
        world.acts()
    world.is_sound()
    return world


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_parties_at_random_over_the_pages(app: Flask, cast: Cast, now: Clock, seed: int) -> None:
    world = live(app, cast, now, seed, 80)
    assert world.statuses.count(303) >= 3, world.statuses  # something was really done


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_parties_at_random_for_long(
    sqlite_template: Path, cast_template: Any, tmp_path: Path, now: Clock, part: int
) -> None:
    """Two hundred lives of two hundred acts."""
    for seed in range(20):
        app = make_app(tmp_path / str(seed), sqlite_template)
        with app.app_context():
            live(app, bring_in(cast_template), now, 1_000 + part * 20 + seed, 200)
