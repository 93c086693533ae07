"""铺货 at the desk: the links of the shop's cases with suppliers, and the links that consumers get."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.applications import applications
from portal.cases import case_view, live_links
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import FINAL, Actor, StepRefused
from portal.models import Case, CaseLink, Shop
from portal.orders import ledger
from portal.resale import (
    across,
    chain_view,
    disclosure,
    downstream,
    undecided,
)
from portal.resale import (
    alarm as chain_alarm,
)
from portal.resale import (
    chain as chain_links,
)
from portal.resale import (
    links as the_consumer_links,
)
from portal.resale.parties import list_all
from portal.seller import bp
from portal.web import guards, rates, security
from portal.web.chains import ArrangeForm, LinkForm, pick
from portal.web.fields import Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class UpForm(LinkForm):
    """向供应商申请: the distributor's own words, and the ways that the goods take."""

    description = Text("给供应商的说明", limit=500, missing="请写明商品的问题，供应商会看到")


@bp.get("/chains")
def chain_list() -> ResponseReturnValue:
    """All live links, newest first, by key."""
    key = request.args.get("before", "")
    rows, more = live_links.list_page(g.who.shop_id, inputs.read_id(key))
    return page(
        "seller/chains.html",
        rows=rows,
        more=f"/seller/chains?before={more}" if more else "",
        orders=downstream.list_orders(g.who.shop_id) if not key else (),
        now=g.now,
    )


@bp.route("/cases/<case_no>/chain", methods=["GET", "POST"])
def chain(case_no: str) -> ResponseReturnValue:
    """A case's link with the distributor's own case at the supplier: make it, arrange it, end it."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    case_id = case.id
    found = _choose_link(case)
    forms: dict[str, Any] = {
        "link": LinkForm(prefix="link-"),
        "open": UpForm(prefix="up-"),
        "arrange": ArrangeForm(found),
    }
    pick(forms["link"], chain_links.list_above(case))
    status, does = 200, ""
    if request.method == "POST":
        does, status = request.form.get("does", ""), 422
        form = forms.get(does)
        if does == "unlink" and found is not None:
            link_id = found.id

            def ended() -> str:
                chain_links.unlink_cases(link_id, g.who.shop_id, g.now)
                return f"/seller/cases/{case_no}/chain?said=chain-ended"

            return once(ended)
        if form is None:
            status, form = 409, forms["link"]
            form.refuse("关联刚刚有变化，下面是最新状态")
        elif form.validate_on_submit():
            try:
                return once(lambda: _done(does, form, case_id, case_no, found.id if found else 0))
            except (StepRefused, ledger.NotEnough) as refused:
                sentence = getattr(refused, "sentence", "进货订单里可申请的数量不够了")
                form.refuse(sentence)
                status = 422 if isinstance(refused, applications.NotEligible) else 409
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
        found = _choose_link(case)
    unasked = across.list_unasked(case)
    above = next(iter(unasked), None) if found else downstream.find_order_above(case)
    shown = chain_view.build_chain(found) if found else None
    chains = [chain_view.build_chain(link) for link in chain_view.list_links_above(case)]
    return page(
        "seller/chain.html",
        status,
        case=case,
        chain=shown,
        chains=chains,
        parties=list_all(chains) if chains else (),
        choices=undecided.list_choices(case) if chains else (),
        forms=forms,
        does=does,
        form=forms.get(does),
        above=above,
        until=chain_alarm.find_window(above) if above else None,
        photos=len(across.list_evidence(case)),
        open=case.state not in FINAL,
    )


def _choose_link(case: Case) -> CaseLink | None:
    """The link that the address names, else the oldest."""
    links = chain_view.list_links_above(case)
    asked = request.values.get("link", "")
    return next((link for link in links if str(link.id) == asked), links[0] if links else None)


def _done(does: str, form: Any, case_id: int, case_no: str, link_id: int) -> str:
    case = db.session.get_one(Case, (case_id, g.who.shop_id))
    if does == "arrange":
        chain_links.arrange_goods(link_id, g.who.shop_id, **form.values())
        return f"/seller/cases/{case_no}/chain?link={link_id}&said=chain-kept"
    if does == "link":
        chain_links.link_cases(
            case,
            db.session.get_one(Case, int(form.case.data)),
            by=g.who.user_id,
            now=g.now,
            route_back=form.route_back.data,
            route_out=form.route_out.data,
        )
        return f"/seller/cases/{case_no}/chain?said=chain-made"
    by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)
    across.open_upstream(
        case,
        by=by,
        description=form.description.data,
        route_back=form.route_back.data,
        route_out=form.route_out.data,
        now=g.now,
    )
    return f"/seller/cases/{case_no}/chain?said=chain-made"


def _token(case_no: str) -> str:
    """A token out of the form's random key and our own secret: sent twice, a form makes one link."""
    key = request.form.get("form_key", "")
    if not re.fullmatch("[0-9a-f]{32}", key):
        return ""
    secret = str(current_app.secret_key).encode()
    made = hmac.new(secret, f"consumer-link:{g.who.user_id}:{case_no}:{key}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:16]).decode().rstrip("=")


@bp.route("/cases/<case_no>/consumer", methods=["GET", "POST"])
def consumer_links(case_no: str) -> ResponseReturnValue:
    """The links of a case that consumers were given; a new one is shown once, right after it was made."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    case_id, made, needed = case.id, "", the_consumer_links.needs_link(case.buyer_id)
    form = Form()
    if request.method == "POST":
        revoked = request.form.get("revoke", "")
        if revoked:
            link_id = inputs.read_id(revoked) or 0

            def taken_back() -> str:
                if not the_consumer_links.revoke_link(case_id, g.who.shop_id, link_id, g.now):
                    raise StepRefused("这个链接已经失效", "revoke")
                return f"/seller/cases/{case_no}/consumer?said=link-revoked"

            try:
                return once(taken_back)
            except StepRefused as refused:
                form.refuse(refused.sentence)
        elif not needed:
            form.refuse("买家有账号，登录后就能看到这张售后单，不需要链接")
        else:
            rates.limit("consumer-link", f"make-{g.who.user_id}")
            with writing():
                made = (
                    the_consumer_links.make_link(
                        g.now, shop_id=g.who.shop_id, case_id=case_id, by=g.who.user_id, token=_token(case_no)
                    )
                    or ""
                )
            if not made:
                form.refuse(f"同时有效的链接最多 {the_consumer_links.MOST_OPEN} 个，请先收回不用的链接")
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    shop = db.session.get_one(Shop, g.who.shop_id)
    return page(
        "seller/consumer.html",
        409 if form.errors else 200,
        case=case,
        form=form,
        links=(links := the_consumer_links.list_of_case(case.id, case.shop_id, g.now)),
        ends={link.id: the_consumer_links.find_end(link, case) for link in links},
        shown=disclosure.tell_distributor(case),
        valid=the_consumer_links.tell_validity(),
        address=security.whole_address(f"/c/{made}") if made else "",
        shop=shop,
        needed=needed,
    )
