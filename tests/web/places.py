"""Every form with text in it: where it is, what a good one says, how each field is read, and what is kept of it.

``check`` sends a text in each of a form's fields at once, in two requests: one with the fields that must take it, which
must keep it just as portal/inputs.py says, and one with those that must refuse it, each with its own words and with
what was typed.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, g
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import inputs
from portal.extensions import db, writing
from portal.inputs import InputRefused
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Draft,
    Message,
    Order,
    OrderLine,
    Parcel,
    Policy,
    ReturnAddress,
)
from portal.parcels import choosing, numbers
from portal.talk import conversations
from tests.cast import Cast, sign_in, token_of
from tests.conftest import NOW
from tests.web.naughty import encoded, received

Read = Callable[[str], object]
MISSING = ""  # the sentence of an empty field is the form's own
BOUGHT = 400_000_000
URLENCODED = "application/x-www-form-urlencoded"


class Quick(FlaskClient):
    """A client whose every request begins with nothing in ``g``, as on a server; it looks at no page by itself."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


# How fields are read --------------------------------------------------------------------------------------------------


def line(limit: int, *, optional: bool = False) -> Read:
    return _filled(lambda raw: inputs.line(raw, limit=limit), optional)


def text(limit: int, *, optional: bool = False) -> Read:
    return _filled(lambda raw: inputs.text(raw, limit=limit), optional)


def phone() -> Read:
    return _filled(inputs.phone, False)


def whole(least: int, most: int) -> Read:
    return _filled(lambda raw: inputs.whole_number(raw, least=least, most=most), False)


def quantity(most: int, unit: str = "双") -> Read:
    return _filled(lambda raw: inputs.quantity(raw, most=most, unit=unit), False)


def some(most: int) -> Read:
    """A quantity whose limit is not known beforehand: so far below it, and refused in whatever words."""

    def read(raw: str) -> object:
        try:
            return quantity(most)(raw)
        except InputRefused:
            raise InputRefused(MISSING) from None

    return read


def sent(most: int, unit: str = "双") -> Read:
    """A quantity whose 0 is nothing."""
    return lambda raw: quantity(most, unit)("" if raw.strip() == "0" else raw)


def counted(most: int, unit: str = "双") -> Read:
    """A quantity that may be 0; a 0 before another digit was typed before the number that stood there."""

    def reading(raw: str) -> object:
        typed = raw.strip()
        if typed.isdecimal() and len(typed) > 1 and typed[0] == "0":
            raise InputRefused(f"分不清是 0 还是 {typed[1:]}，请重新填写")
        return 0 if typed == "0" else inputs.quantity(raw, most=most, unit=unit)

    return reading


def number(carrier: str = "ZTO") -> Read:
    """A tracking number: a line first, then what a carrier prints."""
    return lambda raw: numbers.check_number(inputs.line(raw, limit=60), carrier=carrier)


def fitting(carrier: str = "ZTO") -> Read:
    """A tracking number at the desk: one that doesn't look like the carrier's is asked about once."""

    def reading(raw: str) -> object:
        found = str(number(carrier)(raw))
        if warning := choosing.choose_carrier(found, carrier).warning:
            raise InputRefused(warning)
        return found

    return reading


def _filled(read: Read, optional: bool) -> Read:
    def reading(raw: str) -> object:
        value = read(raw) if raw.strip() else ""
        if value == "" and not optional:
            raise InputRefused(MISSING)
        return value

    return reading


# The forms ------------------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """A form. ``url`` is asked again before each request: a form that a success uses up begins a new case then."""

    who: str
    url: Callable[[], str]
    good: Callable[[], dict[str, Any]]
    reads: dict[str, Read]
    kept: Callable[[], dict[str, object]]  # by field, what the database says of the form sent last
    shown: dict[str, int] = field(default_factory=dict)  # fields of which only so many characters are shown again
    apart: bool = False  # two fields must not say the same


class World:
    """One order with plenty on it, its people signed in, and cases in every state for the taking."""

    def __init__(self, app: Flask) -> None:
        app.test_client_class = Quick
        self.app, self.cast = app, Cast.make(NOW)
        order = self.cast.order(milli=BOUGHT)
        self.order_no, self.order_id = order.order_no, order.id
        self.line_id = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
        with writing():
            talk = conversations.get_of_order(db.session.get_one(Order, self.order_id), NOW)
            conversations.add_message(talk, "seller", self.cast.seller, "您好", now=NOW)
        self.clients = {name: sign_in(app, name) for name in ("buyer", "seller", "buyer2")}
        self.clients["nobody"] = app.test_client()
        self.tokens = {name: token_of(client.get("/login"))["csrf_token"] for name, client in self.clients.items()}
        self.current: dict[str, int] = {}
        self.named: dict[str, str] = {}  # fields whose names end with a line's number, by what comes before it
        self._file = app.extensions["portal_settings"].data / "portal.db"
        self.then: tuple[sqlite3.Connection, dict[str, int]] | None = None

    def remember(self, place: Place | None = None) -> None:
        """From now on (on SQLite) everything is as it is now after each text that was taken: a form that a success uses
        up needn't be brought about anew, and lists don't grow."""
        if place is not None:
            place.url()
        db.session.rollback()
        if db.engine.dialect.name == "sqlite":
            self.then = sqlite3.connect(":memory:", check_same_thread=False), dict(self.current)
            with closing(sqlite3.connect(self._file)) as now:
                now.backup(self.then[0])

    def back(self) -> None:
        """Everything as it was remembered."""
        if self.then is not None:
            db.session.rollback()
            self.current = dict(self.then[1])
            with closing(sqlite3.connect(self._file)) as now:
                now.execute("PRAGMA synchronous=OFF")
                self.then[0].backup(now)

    def case_no(self, name: str, state: str) -> str:
        """The case that the form ``name`` is about: the same until it has left ``state`` or was used up."""
        db.session.rollback()
        known = self.current.get(name)
        if known is None or db.session.scalar(select(Case.state).where(Case.id == known)) != state:
            order = db.session.get_one(Order, self.order_id)
            self.current[name] = self.cast.until(state, order=order).id
        return db.session.scalars(select(Case.case_no).where(Case.id == self.current[name])).one()

    def send(self, place: Place, fields: dict[str, Any]) -> TestResponse:
        """The form filled in as it should be, but for these fields."""
        return self.post(place, *self.fields(place, fields))

    def post(self, place: Place, url: str, fields: dict[str, Any]) -> TestResponse:
        """Just these fields, and the hidden ones."""
        hidden = {"csrf_token": self.tokens[place.who], "form_key": secrets.token_hex(16)}
        return self.clients[place.who].post(url, data=encoded({**hidden, **fields}), content_type=URLENCODED)

    def fields(self, place: Place, changed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The address, and the fields of a good form with these changed, by their real names."""
        url = place.url()
        good = place.good()
        return url, {**good, **{self.named.get(name, name): value for name, value in changed.items()}}

    def row(self, query: Any) -> Any:
        """What the database says now."""
        db.session.rollback()
        return db.session.execute(query.execution_options(populate_existing=True)).first()

    # Each of these is one form --------------------------------------------------------------------------------------

    def details(self) -> Place:
        names = ("description", "name", "phone", "address")

        def kept() -> dict[str, object]:
            fields = self.row(select(Draft.fields).where(Draft.order_id == self.order_id))[0]
            return {**{name: fields[name] for name in names}, own: fields["quantities"][str(self.line_id)]}

        own = f"quantity_{self.line_id}"
        self._begin_draft()
        return Place(
            "buyer",
            lambda: f"/orders/{self.order_no}/apply/details",
            lambda: {own: "2", "description": "买错了颜色", "name": "李雯", "phone": "13425059650", "address": "成都"},
            {
                "description": text(500, optional=True),
                "name": line(50),
                "phone": phone(),
                "address": line(200),
                own: quantity(BOUGHT),
            },
            kept,
            {own: 40},
        )

    def _begin_draft(self) -> None:
        answer = self.clients["buyer"].post(
            f"/orders/{self.order_no}/apply",
            data={"csrf_token": self.tokens["buyer"], "line": self.line_id, "reason": "wrong_order"},
        )
        assert answer.status_code == 303

    def _talk(self, who: str, url: str) -> Place:
        return Place(
            who,
            lambda: url,
            lambda: {"words": "您好"},
            {"words": text(500)},
            lambda: {
                "words": self.row(select(Message.words).where(Message.side == who).order_by(Message.id.desc()))[0]
            },
        )

    def talk(self) -> Place:
        return self._talk("buyer", f"/orders/{self.order_no}/contact")

    def answer(self) -> Place:
        return self._talk("seller", f"/seller/orders/{self.order_no}/contact")

    def _step(
        self, who: str, step: str, state: str, good: dict[str, Any], reads: dict[str, Read], kept: Any, **more: Any
    ) -> Place:
        name = f"{who}:{step}"
        where = "/seller/cases" if who == "seller" else "/cases"
        return Place(
            who,
            lambda: f"{where}/{self.case_no(name, state)}/{step}",
            lambda: {key: value() if callable(value) else value for key, value in good.items()},
            reads,
            lambda: kept(self.current[name]),
            **more,
        )

    def _event(self, case_id: int) -> Any:
        return self.row(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version.desc()))[0]

    def _note(self, case_id: int) -> dict[str, object]:
        return {"note": self._event(case_id).note}

    def modify(self) -> Place:
        columns = ("description", "receiver_name", "receiver_phone", "receiver_address")
        own = f"quantity_{self.line_id}"

        def kept(case_id: int) -> dict[str, object]:
            case = self.row(select(Case).where(Case.id == case_id))[0]
            self.current.pop("buyer:modify")  # a case can be handed in five times only
            return {**{name: getattr(case, name) for name in columns}, own: case.quantity_milli}

        return self._step(
            "buyer",
            "modify",
            "applied",
            {
                "reason": "damaged",
                "description": "破洞",
                "receiver_name": "李雯",
                "receiver_phone": "13425059650",
                "receiver_address": "成都",
                own: "2",
            },
            {
                "description": text(500, optional=True),
                "receiver_name": line(50),
                "receiver_phone": phone(),
                "receiver_address": line(200),
                own: some(BOUGHT // 2),
            },
            kept,
            shown={own: 40},
        )

    def ship_return(self) -> Place:
        def kept(case_id: int) -> dict[str, object]:
            rows = select(Parcel.tracking_no).where(Parcel.case_id == case_id).order_by(Parcel.id)
            db.session.rollback()
            return dict(zip(("number", "number2"), db.session.scalars(rows), strict=True))

        return self._step(
            "buyer",
            "ship_return",
            "returning",
            {"carrier": "ZTO", "number": "75484863576596", "carrier2": "YTO", "number2": "YT8962646785389"},
            {"number": number(), "number2": number()},
            kept,
            apart=True,
        )

    def edit_parcel(self) -> Place:
        live = select(Parcel).where(Parcel.voided_at.is_(None)).order_by(Parcel.id.desc())
        name = "buyer:edit_parcel"
        return self._step(
            "buyer",
            "edit_parcel",
            "inspecting",
            {
                "carrier": "SF",
                "number": "SF1234567890123",
                "parcel_id": lambda: self.row(live.where(Parcel.case_id == self.current[name]))[0].id,
            },
            {"number": number()},
            lambda case_id: {"number": self.row(live.where(Parcel.case_id == case_id))[0].tracking_no},
        )

    def object(self) -> Place:
        def kept(case_id: int) -> dict[str, object]:
            self.current.pop("buyer:object")  # one objection only
            return self._note(case_id)

        return self._step("buyer", "object", "disputed", {"note": "新的"}, {"note": text(500)}, kept)

    def report_problem(self) -> Place:
        def kept(case_id: int) -> dict[str, object]:
            self.current.pop("buyer:report_problem")
            return self._note(case_id)

        return self._step(
            "buyer",
            "report_problem",
            "confirming",
            {"kind": "not_received", "note": "没有收到"},
            {"note": text(500)},
            kept,
        )

    def reject(self) -> Place:
        return self._step(
            "seller", "reject", "applied", {"refusal": "no_stock", "note": "缺货"}, {"note": text(500)}, self._note
        )

    def ask_evidence(self) -> Place:
        return self._step("seller", "ask_evidence", "applied", {"note": "请补拍"}, {"note": text(500)}, self._note)

    def grant_extension(self) -> Place:
        return self._step(
            "seller",
            "grant_extension",
            "returning",
            {"days": "1", "note": "暴雨"},
            {"days": whole(1, 30), "note": text(200)},
            lambda case_id: {"days": self._event(case_id).data["days"], **self._note(case_id)},
        )

    def inspect(self) -> Place:
        return self._inspection("accept_goods", "inspecting")

    def inspect_again(self) -> Place:
        return self._inspection("revise_inspection", "disputed")

    def _inspection(self, step: str, state: str) -> Place:
        """The names of the fields carry the line, which is another one in each case: asked for when it is sent."""
        name = f"seller:{step}"

        def kept(case_id: int) -> dict[str, object]:
            found = self.row(select(CaseLine).where(CaseLine.case_id == case_id))[0]
            return {"linenote_": found.inspection_note, "accepted_": found.accepted_milli, **self._note(case_id)}

        place = self._step(
            "seller",
            step,
            state,
            {"note": "有污渍", "photos_kept": lambda: self.cast.photos(2, self.cast.seller)},
            {"note": text(500, optional=True), "linenote_": line(200, optional=True), "accepted_": counted(2_000)},
            kept,
            shown={"linenote_": 60, "accepted_": 60},
        )
        plain = place.good

        def good() -> dict[str, Any]:
            own = self.row(select(CaseLine.id).where(CaseLine.case_id == self.current[name]))[0]
            self.named = {"linenote_": f"linenote_{own}", "accepted_": f"accepted_{own}"}
            return plain() | {
                f"received_{own}": "2",
                f"accepted_{own}": "1",
                f"condition_{own}": "not_resellable",
                f"linenote_{own}": "污渍",
            }

        place.good = good
        return place

    def ship_replacement(self) -> Place:
        name = "seller:ship_replacement"
        parcel = select(Parcel).order_by(Parcel.id.desc())

        def kept(case_id: int) -> dict[str, object]:
            self.current.pop(name)  # what a part was sent of has less left to send
            number = self.row(parcel.where(Parcel.case_id == case_id))[0].tracking_no
            return {"number": number, "shipped_": self._event(case_id).data["shipped"][0][1]}

        place = self._step(
            "seller",
            "ship_replacement",
            "reshipping",
            {"carrier": "ZTO", "number": "75484863576596"},
            {"number": fitting(), "shipped_": sent(2_000)},
            kept,
            shown={"shipped_": 60},
        )
        plain = place.good

        def good() -> dict[str, Any]:
            own = self.row(select(CaseLine.id).where(CaseLine.case_id == self.current[name]))[0]
            self.named = {"shipped_": f"shipped_{own}"}
            return plain() | {f"shipped_{own}": "2"}

        place.good = good
        return place

    def send_back(self) -> Place:
        parcel = select(Parcel).where(Parcel.leg == "refused").order_by(Parcel.id.desc())

        def kept(_case_id: int) -> dict[str, object]:
            self.current.pop("seller:send-back")  # the clock stands still, and no case tells of two at once
            return {"number": self.row(parcel)[0].tracking_no}

        good = {"carrier": "ZTO", "number": "75484863576596"}
        return self._step("seller", "send-back", "disputed", good, {"number": fitting()}, kept)

    def policy(self) -> Place:
        return Place(
            "seller",
            lambda: "/seller/policy",
            lambda: {
                "window_days": "15",
                "hidden_days": "30",
                "special_freight": "seller",
                "excluded": "定制",
                "words": "好",
                "types": ["return_refund", "refund_only"],
            },
            {
                "window_days": whole(7, 30),
                "hidden_days": whole(7, 180),
                "words": text(300, optional=True),
                "excluded": lambda raw: [
                    word.strip() for word in str(text(1000, optional=True)(raw)).splitlines() if word.strip()
                ],
            },
            lambda: {
                name: getattr(self.row(select(Policy).order_by(Policy.id.desc()))[0], name)
                for name in ("window_days", "hidden_days", "excluded", "words")
            },
        )

    def address(self) -> Place:
        names = ("name", "phone", "address", "note")
        return Place(
            "seller",
            lambda: "/seller/addresses",
            lambda: {"name": "仓库", "phone": "13800138000", "address": "义乌", "note": "到付拒收"},
            {"name": line(50), "phone": phone(), "address": line(250), "note": line(180, optional=True)},
            lambda: {
                name: getattr(self.row(select(ReturnAddress).order_by(ReturnAddress.id.desc()))[0], name)
                for name in names
            },
        )

    def login(self) -> Place:
        return Place(
            "nobody",
            lambda: "/login",
            lambda: {"member_name": "nobody-is-called-so", "password": "wrong-password"},
            {"member_name": line(64)},
            dict,
        )

    def check(self, place: Place, raw: str) -> None:
        """This text in every field of the form."""
        place.url()
        sent = received(raw)
        takes: dict[str, object] = {}
        refuses: dict[str, str] = {}
        for name, read in place.reads.items():
            try:
                takes[name] = read(sent)
            except InputRefused as refused:
                refuses[name] = refused.sentence
        for values in [{name: value} for name, value in takes.items()] if place.apart else [takes]:
            if values:
                self.taken(place, raw, values)
        if refuses:
            self.refused(place, raw, refuses)

    def taken(self, place: Place, raw: str, values: dict[str, Any]) -> None:
        """Kept just as the input layer made it."""
        url, fields = self.fields(place, dict.fromkeys(values, raw))
        answer = self.post(place, url, fields)
        assert answer.status_code == 303, (url, raw[:80], answer.status_code, said(answer))
        assert "draft-kept" not in answer.location
        kept = place.kept()
        assert {name: kept[name] for name in values} == values, (url, raw[:80])
        self.back()

    def refused(self, place: Place, raw: str, sentences: dict[str, str]) -> None:
        """422, with the words beside the field and what was typed still there."""
        url, fields = self.fields(place, dict.fromkeys(sentences, raw))
        answer = self.post(place, url, fields)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, (url, raw[:80], answer.status_code)
        assert 'role="alert"' in page
        shown = received(raw)
        for name, sentence in sentences.items():
            assert str(escape(sentence)) in page, (url, name, raw[:80], sentence, said(answer))
            typed = str(escape(shown[: place.shown.get(name, len(shown))]))
            assert typed in page, (url, name, raw[:80])


# One form of each kind, and those that are like one of them.
# Places whose fields are of the same kinds: between them they get everything, so that each kind gets all of it once.
FAMILIES = (
    ("details", "modify"),  # lines, a telephone number, a quantity
    ("inspect", "inspect_again"),  # what was counted
    ("ship_return", "edit_parcel", "ship_replacement", "send_back"),  # numbers of parcels
    ("grant_extension", "policy"),  # whole numbers
    ("talk", "object", "answer", "report_problem", "reject", "ask_evidence", "address"),  # texts
)
PLACES = tuple(place for family in FAMILIES for place in family)


def said(answer: TestResponse) -> str:
    """What the page says is wrong."""
    page = answer.get_data(as_text=True)
    start = page.find('<div class="summary"')
    return page[start : page.find("</div>", start)] if start >= 0 else page[:200]
