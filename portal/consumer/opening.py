"""Opening a link: its token goes from the address into the browser, which sends it for this link's pages alone."""

from __future__ import annotations

import hmac

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.consumer import bp
from portal.resale import links as consumer_links
from portal.resale.links import CASE_FOR, ORDER_FOR, Pass
from portal.web import security
from portal.web.pages import page

_LOOKING = ("GET", "HEAD")


@bp.before_request
def take_token_out_of_address() -> Response | None:
    """Whoever comes with a token goes on to the same page at the address without it; a form is sent there again."""
    token = (request.view_args or {}).get("link_name", "")
    if not consumer_links.is_token(token):
        return None
    rest = request.full_path.rstrip("?").removeprefix(f"/c/{token}")
    return lead_to_pages(token, rest)


def lead_to_pages(token: str, rest: str) -> Response:
    """Give the browser the token of a link that opens something, and send it to the link's pages; else 404."""
    opened = consumer_links.open_link(token, g.now)
    if opened is None:
        abort(404)
    here = f"/c/{consumer_links.name_link(token)}"
    resent = request.method not in _LOOKING and rest
    answer = redirect(f"{here}{rest}", 307 if resent else 303)
    longest = ORDER_FOR if opened.case_id is None else CASE_FOR
    secure = security.settings().https == "1"
    answer.set_cookie(_name_cookie(), token, max_age=longest, path=here, secure=secure, httponly=True, samesite="Lax")
    return answer


def open_pass(link_name: str) -> Pass:
    """What the token that this browser keeps for this link opens; 404 without one."""
    token = request.cookies.get(_name_cookie(), "")
    found = consumer_links.open_link(token, g.now)
    if found is None or not hmac.compare_digest(consumer_links.name_link(token).encode(), link_name.encode()):
        abort(404)
    g.guest = found.buyer_id
    return found


@bp.errorhandler(404)
def gone(_error: NotFound) -> ResponseReturnValue:
    """The same for a link that never was, has expired or was taken back."""
    return page(
        "errors/error.html",
        404,
        code=404,
        title="这个链接打不开",
        sentence="链接可能不完整、已过期或已被商家收回；换了手机或浏览器时，请重新点开商家发来的链接。"
        "没有链接时，请向商家要新的链接，也可以用订单号和手机号后四位查询。",
        href="/c",
        action="查询售后",
    )


def _name_cookie() -> str:
    return "__Secure-link" if security.settings().https == "1" else "link"
