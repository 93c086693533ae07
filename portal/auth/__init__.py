"""Signing in and out, and a person's own sessions."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("auth", __name__)

from portal.auth import routes  # noqa: E402, F401
