"""Where notices lead: only to what their reader may open now. A case moves on, and so does a person's role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.people import roles
from portal.people.sessions import Who

_KEY = "portal_desk_rooms"


def lead_into(desk: Blueprint, has_room: Callable[[Who, str], bool]) -> None:
    """The desk says which of its pages somebody's role has."""
    desk.record(lambda state: state.app.extensions.__setitem__(_KEY, has_room))


def can_open(notice: Any, case: Any) -> bool:
    """Whether the reader of this request may open what a notice leads to; ``case``: its columns, None without one."""
    if not notice.href.startswith("/seller"):
        return True
    if g.who.shop_id is None or notice.shop_id not in (None, g.who.shop_id):
        return False
    try:
        name, asked = current_app.url_map.bind("").match(urlsplit(notice.href).path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    if not current_app.extensions[_KEY](g.who, name.removeprefix("seller.")):
        return False
    if case is None or asked.get("case_no") != case.case_no:
        return True
    return roles.may_see_case(g.who.role, case.state, money=case.entry_count > 0)


def find_address(notice: Any, case: Any, otherwise: str) -> str:
    """Where a notice leads its reader; back to the list, ``otherwise``, where they may not open it."""
    return (notice.href or otherwise) if can_open(notice, case) else otherwise
