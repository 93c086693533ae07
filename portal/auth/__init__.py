"""Signing in and out, and the life of a person's own account: password, second factor, devices, invitations."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("auth", __name__)

from portal.auth import account, factor, password, routes  # noqa: E402, F401
