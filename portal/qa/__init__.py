"""Doors for tests: scenarios, the clock, the sweep, notices. They don't exist unless PORTAL_QA opens them."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("qa", __name__, url_prefix="/qa")
