"""What the measured pages show, and their controls: a bare Flask + Jinja app with the same values in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask, g, template_rendered
from werkzeug.test import Client, EnvironBuilder, TestResponse

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import Case, Conversation, Order, Parcel, User
from portal.people import sessions
from portal.talk import conversations
from portal.tracking import scans as case_scans
from portal.web.kept import Kept
from portal.web.one_line_tags import OneLineTags
from tests.cast import Cast
from tests.postgres import server

CARDS, LINES, ROWS = 20, 53, 40
LINES_OF = (1, 2, 3, 4, 3, 2, 4, 3, 2, 3, 1, 4, 3, 2, 3, 4, 2, 3, 1, 3)  # of each card, the newest first


@dataclass(frozen=True)
class Scene:
    """The filled app, the cookies of both people, and what is looked at."""

    app: Flask
    cookies: dict[str, str]
    order_no: str
    case_no: str
    talk_no: str
    talk_id: int
    last_message_id: int

    def list_database_processes(self) -> list[int]:
        """PostgreSQL's processes that work for this app; SQLite is in the app's own."""
        url = self.app.extensions["portal_settings"].database_url
        if not url:
            return []
        with server().connect(url.rpartition("/")[2]) as connection:
            asked = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return [pid for (pid,) in asked]

    def environ(self, who: str, url: str, headers: Mapping[str, str] = {}) -> dict[str, Any]:
        """A signed-in browser's request, as a server hands it over."""
        said = {"Accept-Encoding": "gzip, deflate, br", "Cookie": f"sid={self.cookies[who]}", **headers}
        return EnvironBuilder(path=url, headers=list(said.items())).get_environ()

    def get(self, who: str, url: str, headers: Mapping[str, str] = {}) -> TestResponse:
        """The same request's answer."""
        return Client(self.app, use_cookies=False).open(self.environ(who, url, headers))


def fill(app: Flask) -> Scene:
    """Orders, cases in every open state, parcels and a conversation; small enough to be there in a second or two."""
    with app.app_context():
        now = clock.now()
        cast = Cast.make(now - timedelta(hours=1))
        with writing():
            orders = [_order(cast, number, lines).id for number, lines in enumerate(LINES_OF)]
            for number in range(2):
                cast.order(ordered_at=now - timedelta(days=60 + number))
            for order_id in orders[1::4]:
                cast.open_case(db.session.get_one(Order, order_id))
            shown = _case(cast, db.session.get_one(Order, orders[2]))
            for number in range(2 * ROWS):  # every second waits for the seller
                order = cast.order(buyer=cast.buyer2, ordered_at=now - timedelta(days=10))
                _one_of_many(cast, order, number)
            talk = conversations.get_of_order(db.session.get_one(Order, orders[0]), now)
            for number in range(10):
                side, user = (("buyer", cast.buyer), ("seller", cast.seller))[number % 2]
                last = conversations.add_message(talk, side, user, f"第 {number} 句", now=now).id  # type: ignore[arg-type]
            talk_id = talk.id
        cookies = {
            name: sessions.sign_in(db.session.scalars(db.select(User).where(User.member_name == name)).one(), now=now)
            for name in ("buyer", "seller")
        }
        case = db.session.get_one(Case, shown)
        order_nos = dict(db.session.execute(db.select(Order.id, Order.order_no)).all())
        scene = Scene(app, cookies, order_nos[orders[2]], case.case_no, order_nos[orders[0]], talk_id, last)
        db.session.remove()
    _add_polls(app, talk_id)
    return scene


def _order(cast: Cast, number: int, lines: int) -> Order:
    status = ("completed", "delivered", "completed", "in_transit", "unshipped")[number % 5]
    return cast.order(
        lines=lines,
        status="completed" if number % 4 == 1 or number == 2 else status,
        ordered_at=cast.now - timedelta(days=3, hours=number),
        title=f"加厚保暖中筒袜 秋冬男女同款 {number} 号",
        price_fen=990 + number * 110,
    )


def _case(cast: Cast, order: Order) -> int:
    """A case of three lines that has seen much: both parcels, their scans, six events."""
    case = cast.until("confirming", order=order, now=cast.now - timedelta(hours=20), lines=3)
    for parcel_id in db.session.scalars(db.select(Parcel.id).where(Parcel.case_id == case.id)).all():
        for hour in range(4):
            at = cast.now - timedelta(hours=10 - hour)
            case_scans.record_trace(parcel_id, at=at, status="transit", said=f"快件已到达第 {hour} 站", now=at)
    return case.id


def _one_of_many(cast: Cast, order: Order, number: int) -> None:
    state = ("applied", "applied", "returning", "inspecting", "reshipping", "confirming", "revising")[number % 7]
    cast.until(state, order=order, now=cast.now - timedelta(minutes=number))


# Controls


@dataclass(frozen=True)
class Control:
    """The same HTML from values in memory: by its templates, and as one constant string; each a bare Flask app."""

    rendered: WSGIApplication
    constant: WSGIApplication


def control_of(scene: Scene, who: str, url: str) -> Control:
    """A bare app that renders what the portal rendered for this request. Raises AssertionError if it differs."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def see(_app: Flask, template: Any, context: dict[str, Any], **_: Any) -> None:
        seen.append((template.name, context))
        db.session.expunge_all()  # what was loaded stays loaded when the request's reading ends

    with template_rendered.connected_to(see, scene.app):
        answer = scene.get(who, url, {"Accept-Encoding": "identity"})
    (name, context) = seen[-1]
    html, now = answer.get_data(as_text=True), context["now"]
    made = bare(scene.app)
    template = made.jinja_env.get_template(name)
    values = {key: value for key, value in context.items() if key not in ("g", "request", "session", "config")}
    values["ui"] = made.jinja_env.get_template("ui.html").module

    def rendered() -> str:
        g.now, g.cookie = now, ""
        return template.render(values)

    made.add_url_rule("/", "page", rendered)
    again = Client(made).get("/").get_data(as_text=True)
    assert without_tokens(again) == without_tokens(html), f"the control of {url} shows something else"
    constant = Flask("constant", static_folder=None)
    constant.add_url_rule("/", "page", lambda: html)
    return Control(made, constant)


def without_tokens(html: str) -> str:
    """A page without what is another one at every request."""
    return re.sub(r'name="(csrf_token|form_key)" value="[^"]*"', "", html)


def bare(app: Flask) -> Flask:
    """Flask and Jinja with the portal's templates, and nothing else: no database, no session, no layers."""
    made = Flask("control", template_folder=app.template_folder, root_path=app.root_path, static_folder=None)
    made.jinja_env.trim_blocks = made.jinja_env.lstrip_blocks = True
    made.jinja_env.add_extension(OneLineTags)
    made.jinja_env.add_extension(Kept)
    made.jinja_env.kept_most = 0  # type: ignore[attr-defined]  # each is rendered anew
    made.jinja_env.filters.update(app.jinja_env.filters)
    own = {name: value for name, value in app.jinja_env.globals.items() if name not in made.jinja_env.globals}
    made.jinja_env.globals.update({name: value for name, value in own.items() if name != "_ui"})  # bound to that app
    return made


def _add_polls(app: Flask, talk_id: int) -> None:
    """A poll's controls are behind the same layers: one as it is usually written, and one that does nothing."""

    def one_row() -> tuple[str, int]:
        db.session.get_one(Conversation, talk_id)
        return "", 204

    app.add_url_rule("/bench/one-row", "bench_one_row", one_row)
    app.add_url_rule("/bench/nothing", "bench_nothing", lambda: ("", 204))
