"""A case at the desk: its page, the evidence pack, the agreement, goods sent back."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import flow, words
from portal.cases import agreements, case_view, failed, held, labels, piles, shop_queue, unclaimed
from portal.cases.effects.step_context import ActedBy
from portal.cases.waiting import tell_each
from portal.extensions import writing
from portal.flow import Actor, StepRefused
from portal.models import Case, SlipPrint
from portal.money.accounts import looking as account_looks
from portal.parcels import disposals, intake
from portal.people import roles
from portal.resale import chain_view
from portal.rights import conditions, guarantees, solutions
from portal.seller import bp, forms, listing, not_yours, slips, step_forms
from portal.seller.team_card import Card, build_card
from portal.service import ratings
from portal.talk import conversations, promises
from portal.tracking import scans as case_scans
from portal.web import guards, packs, paging
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.talk import BoxForm


@bp.get("/cases/<case_no>")
def show_case(case_no: str) -> ResponseReturnValue:
    """Evidence beside the snapshot, facts about the buyer, what can be done, everything that happened."""
    case = guards.found(case_view.read_of_shop(case_no, g.who.shop_id))
    return show_page(case, build_view(case), 200) if is_shown(case) else not_yours(_NOT_SHOWN)


_NOT_SHOWN = "这张售后单现在不需要您处理；您的工作在待办队列里。"


def is_shown(case: Case) -> bool:
    """Whether this person's role sees the case as it stands."""
    return roles.may_see_case(g.who.role, case.state, money=case.entry_count > 0)


def build_view(case: Case) -> case_view.View:
    """The page of a case, with the steps that this person's role takes."""
    view = case_view.build_view(case, Actor.SELLER, g.now, role=g.who.role)
    view.actions = [pair for pair in view.actions if roles.may_take(g.who.role, pair[0].name)]
    view.closed_off = frozenset(
        row.id for row in view.chain if not roles.may_see_case(g.who.role, row.state, money=row.entry_count > 0)
    )
    view.unsaid = [pair for pair in view.unsaid if roles.may_take(g.who.role, pair[0].name)]
    return view


@bp.post("/held/<int:held_id>/undo")
def undo_step(held_id: int) -> ResponseReturnValue:
    """撤回: the step that waits is not carried out; back to its case in the same list."""
    with writing():
        case_no = held.undo(g.who.shop_id, held_id, g.who.user_id, g.now)
    here = listing.carry()
    if case_no is None:
        return redirect(f"{here.address}&said=undo-late", 303)
    return redirect(f"{here.of_case(case_no)}&said=undone", 303)


KEYS = {"agree": "a", "reject": "r", "ask_evidence": "e"}  # open a form, never execute
LAST_MESSAGES = 5


def show_page(
    case: Case,
    view: case_view.View,
    status: int,
    gone: object = None,
    typed: object = (),
    kept: object = (),
    panel: step_forms.Panel | None = None,
    team: Card | None = None,
    box: BoxForm | None = None,
) -> ResponseReturnValue:
    """The case, with the form of a step; ``gone``, ``typed`` and ``kept``: of one that can't be taken any more.

    ``team``: the card of the shop's own work, ``box``: of the conversation, where a form in it was refused.
    """
    asked_step = panel is not None
    here = listing.carry()
    rows, more = here.load()
    card = team or build_card(case, beside=[row.id for row in rows])
    waits = card.waiting.get(case.id)
    if waits is not None:
        view.actions = []  # none is taken past it
    if panel is None and gone is None and request.method == "GET":
        panel = step_forms.offer_agreeing(case, view)
    scanned = step_forms.scanned_number()
    asked = request.args.get("v", "")
    news = view.said(view.events[0]) if view.events and asked == str(case.version) else ""
    news = news or words.SAID.get(request.args.get("said", ""), "")
    own = g.who.role == "owner"
    found = chain_view.describe_above(case) if own and view.order.linked else None
    talks = roles.may_open(g.who.role, "contact")
    said, unread_here = (
        conversations.load_with_unread(case.order_id, case.shop_id, LAST_MESSAGES) if talks else ([], False)
    )
    slip = not slips.find_refusal(case)
    return page(
        "seller/case.html",
        status,
        case=case,
        view=view,
        rating=ratings.read_of_case(case) if view.order.asked_to_rate else None,
        promised=promises.list_of_case(case) if view.order.promised else (),
        stars=ratings.WORDS,
        news=news,
        gone=gone,
        strips=held.list_recent(case.shop_id, g.who.user_id, g.now) if listing.is_carried() or waits else (),
        waits=waits.tell(g.who.user_id, g.now) if waits else "",
        waiting=tell_each(card.waiting, g.who.user_id, g.now),
        form=gone or (panel and panel.form),
        team=card,
        panel=panel,
        asked_step=asked_step,
        scanned=scanned,
        conditions=conditions.CONDITIONS,
        disposal_kinds=disposals.SAID,
        disposes=roles.may_open(g.who.role, "scan") and any(line.received_milli for line in view.lines),
        asked=asked_after(here, scanned),
        side="seller",
        typed_words=typed,
        kept_photos=kept,
        lists=listing.seen_states() is None,
        most_alike=piles.SHOWN,
        rows=rows,
        more_rows=more,
        here=here,
        tab=piles.TABS[here.tab],
        talks=talks,
        soon=g.now + shop_queue.SOON,
        keys=KEYS,
        messages=said,
        unread_here=unread_here,
        box=box or BoxForm(formdata=None),
        second_form=box,
        photos=conversations.list_photos(case.shop_id, [message.id for message in said if message.has_photos]),
        kept=failed.tell_failed(case, failed.find_failed(case), Actor.SELLER, g.now)
        if view.refused_milli and not view.parcels.get("refused")
        else "",
        suggestion=_suggestion(case, view) if case.state == "applied" else None,
        chain=chain_view.build_chain(found) if found else None,
        chain_offer=found is None and case.state not in flow.FINAL and own and view.order.resold,
        money_shown=roles.may_see_money(g.who.role),
        hide_sums=partial(roles.hide_sums, g.who.role),
        stake=_find_stake(case, view) if roles.may_see_money(g.who.role) else None,
        buyer_tags=card.buyer_tags,
        slip_form=Form(formdata=None) if slip else None,
        slip_print=labels.list_prints(SlipPrint, case.shop_id, [case.id]).get(case.id) if slip else None,
        maybe_here=unclaimed.list_maybe_here(case) if roles.may_open(g.who.role, "scan") else [],
        left_here=intake.list_left_of(case.shop_id, case.id) if view.order.parcel_left else (),
        left_ways=intake.WAYS,
        may_look=account_looks.may_look(g.who.role),
    )


def _find_stake(case: Case, view: case_view.View) -> tuple[str, int] | None:
    """What the case is about in money, 分: the refund that was asked for, else the price of the goods."""
    if case.refund_fen:
        return "退款", case.refund_fen
    fen = sum(round(line.unit_price_fen * line.quantity_milli / 1000) for line in view.lines)
    return ("货值", fen) if fen else None


def asked_after(here: listing.Listing, scanned: str) -> str:
    """What the addresses of this case's steps carry on: the list it was opened from, the parcel in the hand."""
    carried = [here.query] if listing.is_carried() else []
    carried += [f"scanned={quote(scanned)}"] if scanned else []
    return "?" + "&".join(carried) if carried else ""


@bp.get("/cases/<case_no>/pack.zip")
def pack(case_no: str) -> ResponseReturnValue:
    """证据包: everything about the case, prices and payments too, to keep or to hand to a platform or a court."""
    if not roles.may_see_money(g.who.role):
        return not_yours()
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not is_shown(case):
        return not_yours(_NOT_SHOWN)
    return packs.send(case.id, case.case_no, Actor.SELLER, role=g.who.role)


@bp.get("/send-backs")
def send_backs() -> ResponseReturnValue:
    """What didn't pass inspection and is still here, the earliest date first."""
    rows, key = failed.list_kept(g.who.shop_id, paging.moment_key(request.args.get("after", "")))
    more = f"/seller/send-backs?after={paging.said(key)}" if key else ""
    return page("seller/send_backs.html", rows=rows, more=more)


@bp.route("/cases/<case_no>/send-back", methods=["GET", "POST"])
def send_back(case_no: str) -> ResponseReturnValue:
    """退还未通过验货的商品: the parcel in which it goes back to the buyer."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not is_shown(case):
        return not_yours(_NOT_SHOWN)
    case_id = case.id
    form = forms.ShipForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

            def sent() -> str:
                case_scans.send_back(case_id, [form.parcel], by=by, now=g.now)
                return f"/seller/cases/{case_no}?said=sent-back"

            try:
                return once(sent)
            except StepRefused as refused:
                form.refuse(refused.sentence)
                status = 409
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    view = build_view(case)
    if not any(line.received_milli and line.received_milli > line.accepted_milli for line in view.lines):
        gone = forms.StepForm()
        gone.refuse("没有未通过验货的商品需要退还")
        return show_page(case, view, 409 if request.method == "POST" else 200, gone)
    return page("seller/send_back.html", status, case=case, view=view, form=form)


def _suggestion(case: Case, view: case_view.View) -> solutions.Suggestion:
    """What the rules suggest for this application."""
    promised = [guarantees.codes(line.guarantees) for line in view.lines]
    open_now = {step.name for step, refusal in view.actions if refusal is None}
    return solutions.suggest(
        solutions.Application(
            type=case.type,
            reason=case.reason,
            photos=len(view.proofs),
            goods_state=case.goods_state,
            guarantees=frozenset(set.intersection(*map(set, promised)) if promised else ()),
            negotiated=case.negotiated,
            askable="ask_evidence" in open_now,
            rejectable="reject" in open_now,
        )
    )


@bp.get("/cases/<case_no>/agreement")
def agreement(case_no: str) -> ResponseReturnValue:
    """What both sides agreed to, to print or keep."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    accepted, event = guards.found(agreements.build_agreement(case))
    view = build_view(case)
    return page("shared/agreement.html", case=case, view=view, proposal=accepted, event=event, side="seller")
