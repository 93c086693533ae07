"""Where notices lead: only to what their reader may open now. A case moves on, and so does a person's role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.models import Case, Notice
from portal.people import roles
from portal.people.sessions import Who

_KEY = "portal_desk_rooms"


# Pages that only some may enter, whatever they are told there; all others are everybody's own.
_ROLES: Mapping[str, Callable[[Who], bool]] = {
    "seller": lambda who: who.shop_id is not None,
    "mediation": lambda who: who.mediator,
    "operator": lambda who: who.operator,
}


def lead_into(desk: Blueprint, has_room: Callable[[Who, str], bool]) -> None:
    """The desk says which of its pages somebody's role has."""
    desk.record(lambda state: state.app.extensions.__setitem__(_KEY, has_room))


def can_open(notice: Notice, case: Case) -> bool:
    """Whether the reader of this request may open what a notice leads to; ``case``: its columns, None without one."""
    path = urlsplit(notice.href).path
    may_enter = _ROLES.get(path.strip("/").partition("/")[0])
    if may_enter is None:
        return True
    if not may_enter(g.who):
        return False
    if not path.startswith("/seller"):
        return True
    if notice.shop_id not in (None, g.who.shop_id) or request_ctx.url_adapter is None:
        return False
    try:  # by the map that this request was found in
        name, asked = request_ctx.url_adapter.match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    if not current_app.extensions[_KEY](g.who, name.removeprefix("seller.")):
        return False
    if case is None or asked.get("case_no") != case.case_no:
        return True
    return roles.may_see_case(g.who.role, case.state, money=case.entry_count > 0)


def find_address(notice: Notice, case: Any, otherwise: str) -> str:
    """Where a notice leads its reader; back to the list, ``otherwise``, where they may not open it."""
    return (notice.href or otherwise) if can_open(notice, case) else otherwise
