"""Answers before Flask: a list that is as the browser has it (304), a poll with nothing new (204).

A blueprint names such an address beside its route and says when nothing has changed; what it says rests on the same
functions as the route and its guard. Everything else, and everything doubtful, goes on to Flask, which decides afresh.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Blueprint, Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import SecurityError
from werkzeug.http import parse_cookie, parse_etags
from werkzeug.wsgi import get_host

from portal.calendar import clock
from portal.config import Settings
from portal.extensions import reading_alone
from portal.people import sessions
from portal.web import headers as web_headers
from portal.web import metering, request_log, security
from portal.web.pages import digest

_KEY = "portal_early"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what: all that an early answer may rest on."""

    who: sessions.Who
    now: datetime
    path: dict[str, str]
    full_path: str
    query: str
    target: str  # the block that htmx wants


@dataclass(frozen=True, slots=True)
class Rule:
    """An address that may be answered early. ``find`` gives what the page's ETag is made of, or whether a poll has
    nothing new; None: let Flask see."""

    route: str
    pattern: re.Pattern[str]
    find: Callable[[Asked], tuple[object, ...] | bool | None]
    polled: bool  # a poll has no ETag, and isn't a use of the session


Find = Callable[[Asked], Any]


def unless_changed(bp: Blueprint, route: str) -> Callable[[Find], Find]:
    """The decorated function gives the parts of the page's ETag, exactly as the route does."""
    return lambda find: _add(bp, route, find, polled=False)


def nothing_new(bp: Blueprint, route: str) -> Callable[[Find], Find]:
    """The decorated function says whether this person's poll has nothing new."""
    return lambda find: _add(bp, route, find, polled=True)


def _add(bp: Blueprint, route: str, find: Find, *, polled: bool) -> Find:
    whole = (bp.url_prefix or "") + route
    rule = Rule(whole, re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[A-Za-z0-9-]+)", whole)), find, polled)
    bp.record(lambda state: state.app.extensions.setdefault(_KEY, []).append(rule))
    return find


def poll_key(query: str) -> int | None:
    """The message that a poll has seen last; None when it says anything else."""
    found = re.fullmatch(r"after=([0-9]{1,17})", query)
    return int(found[1]) if found else None


class EarlyAnswers:
    """WSGI in front of Flask."""

    def __init__(self, app: Flask, inner: WSGIApplication, settings: Settings) -> None:
        self._app, self._inner, self._settings = app, inner, settings
        self._rules: list[Rule] = app.extensions.setdefault(_KEY, [])
        self._cookie = security.cookie_name(settings)
        always = web_headers.list_headers(settings)
        always["Vary"] = f"Accept-Encoding, {always['Vary']}"  # as the page's that the browser has
        self._headers = list(always.items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = self._look(environ) if environ["REQUEST_METHOD"] == "GET" and "HTTP_COOKIE" in environ else None
        if found is None:
            return self._inner(environ, start_response)
        status, headers = found
        start_response(status, headers)
        return ()

    def _look(self, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]]] | None:
        path = environ["PATH_INFO"]
        for rule in self._rules:
            if match := rule.pattern.fullmatch(path):
                if not rule.polled and "HTTP_IF_NONE_MATCH" not in environ:
                    return None
                try:
                    get_host(environ, self._app.config["TRUSTED_HOSTS"])
                    with self._app.app_context(), reading_alone():
                        return self._answer(rule, match.groupdict(), environ)
                except (SQLAlchemyError, SecurityError):
                    return None
        return None

    def _answer(
        self, rule: Rule, path: dict[str, str], environ: WSGIEnvironment
    ) -> tuple[str, list[tuple[str, str]]] | None:
        started, now = time.perf_counter(), clock.now()
        cookie = parse_cookie(environ["HTTP_COOKIE"]).get(self._cookie, "")
        who = sessions.who_is(cookie, now)[0] if security.is_cookie(cookie) else None
        if who is None or (not rule.polled and now - who.seen_at > sessions.SEEN_EVERY):
            return None
        query = environ.get("QUERY_STRING", "")
        if not rule.polled and re.search(r"(^|&)q=[^&]", query):
            return None  # a search is counted
        asked = Asked(who, now, path, f"{environ['PATH_INFO']}?{query}", query, environ.get("HTTP_HX_TARGET", ""))
        found = rule.find(asked)
        if not found:
            return None
        if rule.polled:
            status, headers = "204 NO CONTENT", [*self._headers, ("Content-Type", "text/html; charset=utf-8")]
        else:
            etag = digest(*found)  # type: ignore[misc]
            if not parse_etags(environ["HTTP_IF_NONE_MATCH"]).contains_weak(etag):
                return None
            status, headers = "304 NOT MODIFIED", [*self._headers, ("ETag", f'W/"{etag}"')]
        environ[metering.ROUTE] = rule.route
        request_id = secrets.token_hex(8)
        request_log.write(self._app, "GET", rule.route, int(status[:3]), started, request_id, who.user_id, now)
        return status, [*headers, ("X-Request-Id", request_id)]
