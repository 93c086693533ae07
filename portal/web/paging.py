"""Where a list goes on: the keys of rows, or of (moment, row), in the address."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from flask import abort, request

from portal import inputs
from portal.web.guards import found

UNDATED = "-"


def read_key(name: str) -> int | None:
    """The row by which this page of a list begins, as the address names it; None for the first page."""
    return inputs.read_id(request.args.get(name, ""))


def moment_key(text: str) -> tuple[datetime, int] | None:
    """The key a page of a list begins after, as ``said`` wrote it; 404 for what it never wrote."""
    if not text:
        return None
    at, _, row_id = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            abort(404)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day there is may have no moment in UTC
        abort(404)
    return moment, found(inputs.read_id(row_id))


def deadline_key(text: str) -> tuple[datetime | None, int] | None:
    """The same, of a list in which some have no deadline."""
    at, _, row_id = text.partition("~")
    if at != UNDATED:
        return moment_key(text)
    return None, found(inputs.read_id(row_id))


def said(key: tuple[datetime | None, int]) -> str:
    """The key for an address."""
    return quote(f"{key[0].isoformat() if key[0] else UNDATED}~{key[1]}")
