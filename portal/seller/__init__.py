"""The back office, for a desk. One module a noun; every route here needs somebody who works in a shop."""

# ruff: noqa: E402, F401  (routes are known by being imported, and need the blueprint first)

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from portal.people import roles, sessions
from portal.web import csrf, errors, guards, notice_links

bp = Blueprint("seller", __name__, url_prefix="/seller")
bp.before_request(guards.need_shop)


@bp.before_request
def need_same_desk() -> Response | None:
    """What was typed at one shop's desk goes into no other shop: who works in two may have changed desks meanwhile."""
    if not csrf.is_of_other_desk():
        return None
    said = f"您现在的商家后台是「{g.who.shop_name}」，这个页面是另一家店铺的，内容没有提交。"
    return errors.answer(403, f"{said}请在「我的 → 账号与安全」切换店铺后再提交。", "不是这家店铺的页面")


# What a stolen session must not do: these forms are taken from who gave the password a moment ago.
DANGEROUS: dict[str, timedelta] = {
    "staff": timedelta(minutes=15),
    "change_limit": timedelta(minutes=5),
    "change_staff": timedelta(minutes=15),
    "bank_data": timedelta(minutes=5),
    "addresses": timedelta(minutes=15),
    "change_address": timedelta(minutes=15),
    "record_payout": timedelta(minutes=30),
    "confirm_many": timedelta(minutes=30),
    "results": timedelta(minutes=30),
}
MONEY_WITHIN = timedelta(minutes=30)


@bp.before_request
def ask_again() -> Response | None:
    """The password once more before money, staff, the limit of four eyes and return addresses."""
    endpoint = (request.endpoint or "").removeprefix("seller.")
    span = DANGEROUS.get(endpoint)
    if endpoint == "take_step" and roles.moves_money((request.view_args or {}).get("step_name", "")):
        span = MONEY_WITHIN
    return guards.need_proof(span) if span is not None else None


# The room of each page (portal/people/roles.py); a page without one is the owner's alone.
ROOMS: dict[str, str] = {
    "order_list": "orders",
    "ship_order": "ship",
    "inbox": "queue",
    "queue_news": "queue",
    "bulk_runs": "queue",
    "bulk_run": "queue",
    "bulk_progress": "queue",
    "export_queue": "queue",
    "export_list": "queue",
    "export_file": "queue",
    "undo_step": "queue",
    "figures": "figures",
    "queue_columns": "queue",
    "keep_view": "queue",
    "rename_view": "queue",
    "remove_view": "queue",
    "auto_rules": "rules",
    "add_auto_rule": "rules",
    "auto_rule": "rules",
    "change_auto_rule": "rules",
    "try_auto_rule": "rules",
    "stop_auto_rules": "rules",
    "show_case": "queue",
    "precedents": "queue",
    "case_fault": "queue",
    "quality_board": "quality",
    "quality_cases": "quality",
    "quality_cell": "quality",
    "resold_quality": "quality",
    "batch_list": "quality",
    "fix_list": "quality",
    "add_fix": "quality",
    "fix": "quality",
    "add_batch": "quality",
    "sampled_batch": "quality",
    "take_step": "queue",
    "write_note": "queue",
    "hand_over": "queue",
    "put_tags": "queue",
    "look": "queue",
    "day": "queue",
    "pack": "queue",
    "send_back": "send_back",
    "send_backs": "send_back",
    "messages": "contact",
    "contact": "contact",
    "write_message": "contact",
    "contact_new": "contact",
    "order_doubts": "contact",
    "contact_read": "contact",
    "waiting": "contact",
    "reply_list": "contact",
    "reply": "contact",
    "remove_reply": "contact",
    "apply_for": "contact",
    "agreement": "queue",
    "consumer_links": "contact",
    "customer_list": "contact",
    "customer": "contact",
    "export_customer": "contact",
    "enquiry_list": "contact",
    "enquiry": "contact",
    "pin_promise": "contact",
    "make_faq": "contact",
    "product_faqs": "contact",
    "edit_faq": "contact",
    "rating_list": "contact",
    "rating_figures": "contact",
    "case_rating": "contact",
    "scan": "scan",
    "scan_photo": "scan",
    "undo_scan": "scan",
    "show_picks": "scan",
    "disposal_list": "scan",
    "disposal_lines": "scan",
    "case_disposals": "scan",
    "shipping_desk": "scan",
    "ship_case": "scan",
    "undo_shipping": "scan",
    "shipping_file": "scan",
    "show_labels": "scan",
    "show_slips": "queue",
    "order_labels": "ship",
    "order_picks": "ship",
    "order_table": "ship",
    "order_table_file": "ship",
    "order_table_rows": "ship",
    "order_table_progress": "ship",
    "order_table_results": "ship",
    "shipping_upload": "scan",
    "unidentified": "scan",
    "join_parcel": "scan",
    "part_parcel": "scan",
    "leave_parcel": "scan",
    "take_back_parcel": "scan",
    "search": "queue",
    "product_list": "products",
    "product": "products",
    "product_pictures": "products",
    "fetch_picture": "products",
    "product_remedies": "products",
    "edit_remedy": "products",
    "title_list": "products",
    "product_words": "products",
    "look_at_words": "products",
    "notices": "notices",
    "open_notice": "notices",
    "upload_photo": "notices",  # whoever may open a form may send its photos
    "payout_list": "payouts",
    "payout": "payouts",
    "record_payout": "payouts",
    "confirm_many": "payouts",
    "payout_files": "payouts",
    "full_account": "payouts",
    "make_batch": "payouts",
    "batch": "payouts",
    "upload_results": "payouts",
    "results": "payouts",
    "logistics_list": "logistics",
    "shipment": "logistics",
    "refresh_shipment": "logistics",
    "usual_packing": "logistics",
    "import_scans": "logistics",
    "scan_file": "logistics",
}
EVERY = frozenset({*ROOMS.values(), "owner"})


def not_yours(sentence: str = "") -> Response:
    """The answer to somebody of the shop whose work this isn't."""
    role = roles.ROLES.get(g.who.role, "")
    said = sentence or f"您在店铺里是{role}，没有这一项权限；需要的话请店主在「员工」里调整。"
    return errors.answer(403, said, "不是您在店铺里的工作")


def has_room(who: sessions.Who, name: str) -> bool:
    """Whether this person's desk is open and their role has the room of this page."""
    return who.shop_id is not None and roles.may_open(who.role, ROOMS.get(name, "owner"))


notice_links.lead_into(bp, has_room)


@bp.before_request
def _of_this_role() -> Response | None:
    """Everybody stays in the rooms of their role; read afresh each time, so a change holds from the next request on."""
    name = (request.endpoint or "").removeprefix("seller.")
    return None if g.who is None or has_room(g.who, name) else not_yours()


@bp.context_processor
def _rooms() -> dict[str, object]:
    return {
        "rooms": roles.list_rooms(g.who.role, EVERY) if g.get("who") is not None else frozenset(),
    }


from portal.seller import (
    account,
    automatic,
    batches,
    behalf,
    bulk,
    cases,
    chain_table,
    chains,
    columns,
    contact,
    customers,
    disposals,
    doubts,
    enquiries,
    exports,
    faults,
    figures,
    fixes,
    handling,
    imports,
    inbox,
    labels,
    logistics,
    notices,
    order_labels,
    order_tables,
    orders,
    payout_files,
    payouts,
    photos,
    picking,
    pictures,
    policy,
    precedents,
    products,
    quality,
    ratings,
    remedies,
    replies,
    scan,
    search,
    shared_quality,
    shipping,
    shipping_tables,
    slips,
    staff,
    steps,
    team,
    unidentified,
    views,
    wordings,
    workday,
)
