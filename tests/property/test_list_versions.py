"""Lists that are answered by their reader's versions alone: what they show changes only when one of these moves on.

A 304, a count kept in memory and a standby of the database all rest on it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Case, Order, Shop, User
from portal.versioned import Versioned
from tests.cast import Cast
from tests.conftest import Clock
from tests.property.test_web_life import Party, Sent, World
from tests.web.inspector import elements, parse

LISTS = {
    "buyer": ("/orders", "/cases", "/cases?tab=waiting", "/messages"),
    "owner": ("/seller", "/seller?tab=all"),
}
# Where the same people do what isn't a step: they write, read, follow parcels, keep views.
ELSEWHERE = {
    "buyer": ("/orders/{order_no}/contact", "/orders/{order_no}", "/notices", "/messages"),
    "owner": ("/seller/orders/{order_no}/contact", "/seller/orders/{order_no}", "/seller/notices", "/seller"),
}
# What differs between two readings of the same: keys of forms, and how long the page took.
OWN = re.compile(r'name="(?:csrf_token|form_key)" value="[^"]*"|"[0-9a-f]{40}"|\b[0-9a-f]{32}\b')


@dataclass
class Seen:
    """A list as it was read, and what its reader's versions were."""

    versions: tuple[int, int]
    text: str


class Watched(World):
    """A world in which the lists are read before and after everything that is sent."""

    def elsewhere(self) -> None:
        """Somebody writes or reads where they aren't in a case."""
        name = self.chance.choice(list(ELSEWHERE))
        party = next(each for each in self.parties if each.name == name)
        address = self.chance.choice(ELSEWHERE[name]).format(order_no=self.order_no)
        page = self.look(party, address)
        forms = [each for each in elements(parse(page.text)[0], "form") if each.get("method", "").lower() == "post"]
        forms = [each for each in forms if each.get("action") != "/logout"]
        if forms:
            form = self.chance.choice(forms)
            self.send(party, Sent(form.get("action") or address, self.fill(form)))

    @property
    def order_no(self) -> str:
        found = db.session.scalar(select(Order.order_no).join(Case, Case.order_id == Order.id).limit(1))
        db.session.rollback()
        assert found is not None
        return found

    def acts(self) -> None:
        if self.chance.random() < 0.3:
            self.elsewhere()
        else:
            super().acts()

    def send(self, party: Party, sent: Sent) -> None:
        with self.watching(f"{party.name}: {sent}"):
            super().send(party, sent)

    def sweep(self) -> None:
        self.invite()  # sessions may have ended
        with self.watching("the sweep"):
            super().sweep()

    @contextmanager
    def watching(self, by: str) -> Iterator[None]:
        """No list changes under the same versions by what is done inside."""
        before = dict(self.read_lists())
        yield
        for at, after in self.read_lists():
            known = before.get(at, after)
            assert after.versions != known.versions or after.text == known.text, (
                f"{at} changed under the same versions {after.versions} by {by}\n" + _difference(known.text, after.text)
            )

    def read_lists(self) -> Iterator[tuple[tuple[str, str], Seen]]:
        for party in self.parties:
            for address in LISTS.get(party.name, ()):
                answer = party.browser.get(address)
                db.session.rollback()
                if answer.status_code == 200:  # a session may have ended meanwhile
                    yield (party.name, address), Seen(self.versions(party.name), OWN.sub("", answer.text))

    def versions(self, name: str) -> tuple[int, int]:
        person = self.cast.buyer if name == "buyer" else self.cast.seller
        user: Any = db.session.scalar(select(User.version).where(User.id == person))
        shop: Any = 0 if name == "buyer" else db.session.scalar(select(Shop.version).where(Shop.id == self.cast.shop))
        db.session.rollback()
        return user, shop


def _difference(before: str, after: str) -> str:
    """The first place where they differ, with what stands around it."""
    at = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    return f"{before[max(0, at - 200) : at + 200]!r}\n{after[max(0, at - 200) : at + 200]!r}"


def watch(app: Flask, cast: Cast, clock: Clock, seed: int, steps: int) -> Watched:
    world = Watched(app, cast, clock, random.Random(seed))
    world.begin()
    for _ in range(steps):
        world.acts()
    return world


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever pages keep under a version is worked out afresh, so that it can't hide what has changed."""
    monkeypatch.setattr(Versioned, "find", lambda _self, _key, work_out: work_out())


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.timeout(300)
def test_a_list_changes_only_with_its_readers_versions(app: Flask, cast: Cast, now: Clock) -> None:
    world = watch(app, cast, now, 1, 40)
    assert world.statuses.count(303) >= 3, world.statuses


@pytest.mark.nightly
@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10, 30))
def test_a_list_changes_only_with_its_readers_versions_for_long(app: Flask, cast: Cast, now: Clock, seed: int) -> None:
    watch(app, cast, now, seed, 200)
