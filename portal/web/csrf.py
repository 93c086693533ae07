"""The token of a browser's forms, which another site's page doesn't have."""

from __future__ import annotations

import hmac
import secrets

from flask import current_app, g, request


def csrf_token() -> str:
    """The token of this browser's forms: bound to its cookie, so that it needs no row and no time of its own.

    On a page of a shop's desk it says whose desk that is, behind a dot.
    """
    at_desk = request.blueprint == "seller" and g.get("who") is not None and g.who.shop_id is not None
    return f"{_make_token()}.{g.who.shop_id}" if at_desk else _make_token()


def _make_token() -> str:
    if not g.cookie:
        g.cookie = g.new_cookie = secrets.token_urlsafe(32)
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, b"csrf:" + g.cookie.encode(), "sha256").hex()[:40]


def is_token(sent: str) -> bool:
    """Whether this is the token of this browser; never for one that had no cookie yet."""
    return bool(g.cookie) and hmac.compare_digest(sent.partition(".")[0].encode(), _make_token().encode())


def is_of_other_desk() -> bool:
    """Whether the form in this request was shown at the desk of another shop than the one that is open now."""
    desk = request.form.get("csrf_token", "").partition(".")[2] if request.method == "POST" else ""
    return desk not in ("", str(g.who.shop_id))
