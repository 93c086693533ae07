"""The token of a browser's forms, which another site's page doesn't have."""

from __future__ import annotations

import hmac
import secrets

from flask import current_app, g


def csrf_token() -> str:
    """The token of this browser's forms: bound to its cookie, so that it needs no row and no time of its own."""
    if not g.cookie:
        g.cookie = g.new_cookie = secrets.token_urlsafe(32)
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, b"csrf:" + g.cookie.encode(), "sha256").hex()[:40]


def is_token(sent: str) -> bool:
    """Whether this is the token of this browser; never for one that had no cookie yet."""
    return bool(g.cookie) and hmac.compare_digest(sent.encode(), csrf_token().encode())
