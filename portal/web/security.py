"""Sessions, tokens in forms, headers: what stands in front of every route."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as AnyResponse

from portal.calendar import clock
from portal.config import Settings
from portal.extensions import Busy, db, writing
from portal.people import sessions
from portal.web import carried, events, rates
from portal.web.csrf import csrf_token, is_token
from portal.web.headers import HEADERS, HSTS, HTMX_CONFIG
from portal.web.signing_in import sign_in_page

# Fields of forms that may be there several times; any other is refused then, so that neither the first nor the last
# value counts silently.
_BOXES = frozenset({"guarantees", "types", "reasons", "columns"})
SEVERAL = _BOXES | {
    "payment",
    "case",
    "page_case",
    "page_order",
    "doubt",
    "order",
    "photos_kept",
    "photos_drop",
    "drop_photo",
    "talk_photo",
}


NOT_KEPT = "portal.not_kept"  # in environ: the OSError for which the request's body couldn't be kept


SIGNING_IN = ("/login", "/login/code")


_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


Route = TypeVar("Route", bound=Callable[..., Any])


def accepts_large(most: int) -> Callable[[Route], Route]:
    """Marks a route that takes requests of up to ``most`` bytes from people who work in a shop."""

    def mark(route: Route) -> Route:
        route.most_bytes = most  # type: ignore[attr-defined]
        return route

    return mark


def settings() -> Settings:
    """The settings of the running app."""
    return settings_of(current_app)


def whole_address(path: str) -> str:
    """A link that leads here from outside; its host is the configured one, else that of the request."""
    configured: Settings = current_app.extensions["portal_settings"]
    return f"{(configured.address or request.host_url).rstrip('/')}{path}"


def settings_of(app: Flask) -> Settings:
    """The settings of an app."""
    found: Settings = app.extensions["portal_settings"]
    return found


def is_cookie(cookie: str) -> bool:
    """Whether this may be a session's cookie at all."""
    return 20 <= len(cookie) <= 100 and cookie.isascii()


def cookie_name(settings: Settings) -> str:
    """__Host- only where browsers keep it: over https."""
    return "__Host-sid" if settings.https == "1" else "sid"


def set_cookie(answer: AnyResponse, cookie: str, settings: Settings) -> None:
    """Give the browser its cookie: not readable by scripts, not sent from other sites' forms."""
    answer.set_cookie(
        cookie_name(settings), cookie, path="/", secure=settings.https == "1", httponly=True, samesite="Lax"
    )


def _split(address: str) -> SplitResult:
    """The parts of an address that a browser sent; none of one that can't be read."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this portal, else 我的."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return "/me"
    parts = _split(target)
    if parts.scheme or parts.netloc or any(ord(char) < 32 for char in target):
        return "/me"
    return target


def to_sign_in() -> AnyResponse:
    """Send somebody to the sign-in page and back afterwards; htmx is told to go there as a whole page.

    What was typed into a form comes along in the sign-in page. (With htmx it stays in the page it was typed in.)
    """
    looking = request.method in ("GET", "HEAD")
    wanted = request.full_path.rstrip("?") if looking else _page_of_form()
    if request.headers.get("HX-Request"):
        current = request.headers.get("HX-Current-URL", "")
        wanted = _split(current).path if looking and current else wanted
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = _sign_in_url(wanted)
        return answer
    if not looking and not g.get("kept_form") and (packed := carried.pack()):
        return sign_in_page(401, f"{safe_next(wanted)}?said=draft-kept", packed)
    return redirect(_sign_in_url(wanted), 303)


def to_confirm() -> AnyResponse:
    """Ask for the password once more and come back; what was typed into a form is kept meanwhile."""
    looking = request.method in ("GET", "HEAD")
    wanted = request.full_path.rstrip("?") if looking else _page_of_form()
    if not looking and (fields := carried.typed()):
        carried.keep(g.who.user_id, request.path, fields, g.now)
        wanted = f"{wanted}{'&' if '?' in wanted else '?'}said=draft-kept"
    address = "/me/confirm?" + urlencode({"next": safe_next(wanted)})
    if request.headers.get("HX-Request"):
        answer = Response(status=200)
        answer.headers["HX-Redirect"] = address
        return answer
    return redirect(address, 303)


def _sign_in_url(wanted: str) -> str:
    if g.get("kept_form"):
        return "/login?" + urlencode({"next": f"{safe_next(wanted)}?said=draft-kept", "said": "draft-kept"})
    return "/login?" + urlencode({"next": safe_next(wanted)})


def _page_of_form() -> str:
    """The page to go back to after a form: its own address, or, where that has no page, the one it was on."""
    rule = request.url_rule
    if rule is None or "GET" in (rule.methods or ()):
        return safe_next(request.path)
    back = _split(request.referrer or "")
    return safe_next(back.path) if back.netloc == request.host else "/me"


def _came_from_here() -> bool:
    """The browser's own word on where the form came from, as far as it gives one."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    if not origin:
        return True  # no word at all: the token alone decides
    return _split(origin).netloc == request.host


def _said_from_here() -> bool:
    """Whether the browser says that the form is one of this site's pages; saying nothing isn't enough."""
    return bool({"Sec-Fetch-Site", "Origin"} & set(request.headers.keys())) and _came_from_here()


def _open_request(settings: Settings) -> AnyResponse | None:
    g.now = clock.now()
    g.request_id = secrets.token_hex(8)
    g.cookie, g.new_cookie, g.who, g.was = request.cookies.get(cookie_name(settings), ""), "", None, None
    if not is_cookie(g.cookie):
        g.cookie = ""
    if request.path.startswith("/static/") or request.path.startswith("/health/"):
        return None
    if "\0" in request.path:  # one database would look for it, the other can't
        abort(404)
    if any(len(values) > 1 for _, values in request.args.lists()):
        abort(400)
    if g.cookie:
        g.who, g.was = sessions.who_is(g.cookie, g.now)
        if g.who is None or request.method in _UNSAFE:
            db.session.rollback()  # the verb's own transaction begins afresh
        elif request.args.get("q"):
            rates.limit("search", g.who.user_id)
    if request.method in _UNSAFE:
        if failed := request.environ.get(NOT_KEPT):
            raise failed
        most = getattr(current_app.view_functions.get(request.endpoint or ""), "most_bytes", None)
        if most and g.who is not None and g.who.shop_id is not None:
            request.max_content_length = most  # before the form is read for its token
        if request.mimetype == "application/x-www-form-urlencoded":  # MAX_FORM_MEMORY_SIZE is for multipart only
            request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
        return _check_token()
    return None


def refuse_form() -> NoReturn:
    """403 for a form that isn't one of this browser's own."""
    events.say("csrf_fail")
    abort(403)


def _check_token() -> AnyResponse | None:
    if request.blueprint == "qa":  # plain addresses for scripts; another site's page still can't reach them
        if not _came_from_here():
            abort(403)
        return None
    sent = request.form.get("csrf_token", "")
    if any(len(values) > 1 and name not in SEVERAL for name, values in request.form.lists()):
        abort(400)
    if request.blueprint == "consumer":  # its pages send no referrer, so that a plain Origin is "null"; nobody signs in
        if not is_token(sent) or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            refuse_form()
        return None
    if not _came_from_here():
        refuse_form()
    if not is_token(sent):
        if request.path in SIGNING_IN:
            wanted = safe_next(request.form.get("next") or request.args.get("next"))
            return redirect("/login?" + urlencode({"next": wanted, "said": "try-again"}), 303)
        if g.who is not None:  # signed in again meanwhile: the page's token is an old one, the words are this person's
            _keep_form(g.who.user_id)
            return redirect(_page_of_form() + "?said=draft-kept", 303)
        if g.was is None:
            if not _said_from_here():
                refuse_form()
            return to_sign_in()
    if g.who is None and g.was is not None and request.path not in SIGNING_IN:
        _keep_form(g.was)
        return to_sign_in()
    return None


def _keep_form(user_id: int) -> None:
    """The session has ended while somebody was typing: keep the words for the same person."""
    if fields := carried.typed():
        carried.keep(user_id, request.path, fields, g.now)
        g.kept_form = True


def _close_request(answer: Response, settings: Settings) -> Response:
    _touch()
    headers = answer.headers
    present = {name.lower() for name in headers.keys()}  # looked through once: each setdefault() does it anew
    for name, value in HEADERS.items():
        if name.lower() not in present:
            headers.add(name, value)
    if "cache-control" not in present:
        headers.add("Cache-Control", "no-store")
    vary = headers.get("Vary")
    headers["Vary"] = f"{vary}, HX-Request, Cookie" if vary else "HX-Request, Cookie"
    if settings.https == "1":
        headers["Strict-Transport-Security"] = HSTS
    if g.get("new_cookie"):
        set_cookie(answer, g.new_cookie, settings)
    headers.add("Server", "app")
    headers.add("X-Request-Id", g.get("request_id", ""))
    return answer


def _touch() -> None:
    """Write down that the session is in use, every few minutes; polling doesn't count (``g.polled``)."""
    who: sessions.Who | None = g.get("who")
    if who is None or g.get("polled") or g.now - who.seen_at <= sessions.SEEN_EVERY:
        return
    try:
        with writing():
            sessions.touch_session(who, g.now)
    except (Busy, OperationalError):
        return  # the next request writes it down


def install(app: Flask, settings: Settings) -> None:
    """Put sessions, tokens and headers in front of every route."""
    app.before_request(lambda: _open_request(settings))
    app.after_request(lambda answer: _close_request(answer, settings))
    app.jinja_env.globals.update(csrf_token=csrf_token, htmx_config=HTMX_CONFIG)
