"""隐私: what sensitive data of this person is held, who has seen it, and how to take it back."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.dossier import owndata
from portal.money.accounts import consent as bank_accounts
from portal.money.accounts import looking as account_looks
from portal.service import asking
from portal.web import packs, paging
from portal.web.pages import page

SIZE = 20


@bp.get("/me/privacy/copy.zip")
def own_copy() -> ResponseReturnValue:
    """个人信息副本. Counted, because it reads everything; a HEAD builds and counts nothing."""
    name = f"个人信息副本-{g.who.member_name}.zip"
    return packs.sent(lambda into: owndata.build(g.who.user_id, into=into, now=g.now), "personal-data.zip", name)


@bp.get("/me/privacy")
def privacy() -> ResponseReturnValue:
    """收款账户 that are held, and 谁看过我的账号, the newest first, by key."""
    key = paging.read_key("before")
    seen = list(account_looks.list_looks(owner_id=g.who.user_id, before=key, most=SIZE))
    more = f"/me/privacy?before={seen[SIZE - 1].id}" if len(seen) > SIZE else ""
    held = bank_accounts.list_of_owner(g.who.user_id)
    return page(
        "buyer/privacy.html",
        accounts=held,
        looks=seen[:SIZE],
        more=more,
        open_states=bank_accounts.OPEN,
        asks=asking.does_ask(g.who.user_id),
    )
