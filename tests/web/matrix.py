"""Who may do what: one row for each endpoint. What has no row is refused, and a test says so.

To add a page, add a row: its endpoint, who may open it, and the answers that those who may get to GET and to POST. The
rest follows from ``who``: signed out → sign-in (htmx: 401 with HX-Redirect); somebody else's, the wrong side's or
nobody's thing → the same 404; a method without an answer → 405. An address with a new variable needs its value in
``Deal.values``.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Rule

from portal.applications import dispatch, unsent
from portal.cases import bulk
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Draft, Evidence, Order, OrderLine, Parcel, PayoutFile, Shipment, Shop, Sku, Staff, User
from portal.money import entries as money_entries
from portal.orders import uploads as order_uploads
from portal.parcels import filled, following, keeping
from portal.parcels.scans import Scan
from portal.people import accounts
from portal.resale import links as consumer_links
from portal.rights import policies
from portal.talk import conversations
from portal.tracking import tables
from portal.words import BEIJING
from tests.cast import PASSWORD, Cast, sign_in


class Who(Enum):
    """Who may open an address."""

    ANYONE = "anybody, also signed out"
    SIGNED_IN = "anybody signed in; the page has only their own things"
    SHOP = "anybody who works in a shop; the page has only the shop's things"
    BUYER = "who bought the thing that the address names"
    SELLER = "the shop of the thing that the address names"
    RESELLER = "who bought the thing that the address names and has a shop of their own"
    PARTY = "both sides of the thing that the address names"
    WITNESS = "both sides of the thing that the address names, and who decides between them"
    MEDIATORS = "anybody who decides for the platform; the page has only what they may decide"
    MEDIATOR = "who may decide, for the platform, about the thing that the address names"
    CONSUMER = "whoever opened the link in this browser, signed in or not; one case and nothing else"
    OPERATORS = "who keeps the calendar and the public rules; nothing there is anybody's"
    QA = "tests, where PORTAL_QA opens these doors; elsewhere they don't exist"


(ANYONE, SIGNED_IN, SHOP, BUYER, SELLER, RESELLER, PARTY, WITNESS, MEDIATORS, MEDIATOR, CONSUMER, OPERATORS, QA) = Who


class Row(NamedTuple):
    """One endpoint. ``get`` and ``post``: the answer to those who may, None where there is no such method.

    ``form`` is what a good POST says of a deal; ``values`` are the address's variables that aren't a deal's.
    ``counted``: a GET of those who may is counted, because it may not be done often, and writes nothing else.
    """

    endpoint: str
    who: Who
    get: int | None = None
    post: int | None = None
    form: Callable[[Deal], Mapping[str, Any]] = lambda deal: {}
    values: Mapping[str, str] = {}
    counted: bool = False


# The order is that in which each role sends its forms; what ends something stands behind what needs it.
ROWS: tuple[Row, ...] = (
    # everybody
    Row("health.live", ANYONE, get=200),
    Row("health.ready", ANYONE, get=200),
    Row("metrics.show_metrics", ANYONE, get=200),
    Row("auth.sign_in", ANYONE, get=200, post=303, form=lambda deal: {"member_name": "buyer", "password": PASSWORD}),
    Row("auth.give_code", ANYONE, get=200, post=422),
    Row("auth.forgot", ANYONE, get=200),
    Row("auth.reset", ANYONE, get=410, post=410, values={"token": "x" * 43}),
    Row("buyer.home", ANYONE, get=200),
    Row("buyer.guide", ANYONE, get=200),
    Row("buyer.worker", ANYONE, get=200),
    Row("buyer.icon", ANYONE, get=302),
    Row("buyer.shop_policy", ANYONE, get=200),
    Row("buyer.public_rules", ANYONE, get=200),
    Row(
        "buyer.complain",
        ANYONE,
        get=200,
        post=303,
        form=lambda deal: {"kind": "opinion", "words": "希望能导出售后单"},
    ),
    Row("buyer.show_receipt", ANYONE, get=404, post=404, values={"token": "x" * 64}),
    # whoever opened a link
    Row(
        "consumer.enter",
        ANYONE,
        get=200,
        post=422,
        form=lambda deal: {"order_no": deal.values["order_no"], "last_four": "9650"},  # its buyer has an account
    ),
    Row("consumer.link", CONSUMER, get=303),
    Row("consumer.case", CONSUMER, get=200, post=422, form=lambda deal: {"does": "photos"}),
    Row(
        "consumer.step",
        CONSUMER,
        get=200,
        post=303,  # the platform is in: it is offered to the shop
        values={"step_name": "modify"},
        form=lambda deal: {"description": "照片里是收到时的样子"},
    ),
    Row("consumer.rate_case", CONSUMER, get=404, post=404),  # it goes on
    Row("consumer.photo", CONSUMER, get=200),
    Row("consumer.photo_thumb", CONSUMER, get=200),
    Row("consumer.order_photo", CONSUMER, get=200),
    Row("consumer.order_photo_thumb", CONSUMER, get=200),
    Row(
        "consumer.parcel",
        CONSUMER,
        get=200,
        post=303,
        form=lambda deal: {"words": f"{deal.values['scanned_at']} 【义乌市】已揽收"},
    ),
    Row("consumer.refresh_parcel", CONSUMER, post=303),
    Row("consumer.object_to_receipt", CONSUMER, post=409),  # nobody has reported a 签收
    Row("consumer.apply", CONSUMER, get=200, post=422),
    # everybody who is signed in: the own things
    Row("buyer.me", SIGNED_IN, get=200),
    Row("buyer.my_orders", SIGNED_IN, get=200),
    Row("buyer.my_cases", SIGNED_IN, get=200),
    Row("buyer.messages", SIGNED_IN, get=200),
    Row("buyer.notices", SIGNED_IN, get=200, post=303),
    Row("buyer.open_notice", SIGNED_IN, post=404, values={"notice_id": "0"}),
    Row("buyer.sessions", SIGNED_IN, get=200, post=303),
    Row("buyer.shops", SIGNED_IN, get=200, post=404, form=lambda deal: {"shop": "0", "answer": "yes"}),
    Row("buyer.report_shop", SIGNED_IN, get=404, post=404, values={"shop_id": "0"}),
    Row("buyer.list_complaints", SIGNED_IN, get=200),
    Row("buyer.show_complaint", SIGNED_IN, get=404, post=404, values={"number": "JB26112300000000"}),
    Row("buyer.privacy", SIGNED_IN, get=200),
    Row("buyer.my_enquiries", SIGNED_IN, get=200),
    Row("buyer.show_product", SIGNED_IN, get=404, values={"shop_id": "0", "product_id": "0"}),
    Row("buyer.ask", SIGNED_IN, get=404, post=404, values={"shop_id": "0", "product_id": "0"}),
    Row("buyer.pin_promise", SIGNED_IN, post=404, values={"shop_id": "0", "product_id": "0", "message_id": "0"}),
    Row("buyer.vote", SIGNED_IN, post=404, values={"shop_id": "0", "product_id": "0", "faq_id": "0"}),
    Row("buyer.choose_questions", SIGNED_IN, post=303, form=lambda deal: {"asks": "1"}),
    Row("auth.account", SIGNED_IN, get=200),
    Row("auth.change_password", SIGNED_IN, get=200, post=422),
    Row("auth.confirm", SIGNED_IN, get=200, post=303, form=lambda deal: {"password": PASSWORD}),
    Row("auth.factor", SIGNED_IN, get=200, post=200, form=lambda deal: {"begin": "1"}),
    Row("auth.list_passkeys", SIGNED_IN, get=200, post=200, form=lambda deal: {"name": "我的手机"}),
    Row("auth.add_passkey", SIGNED_IN, post=422, form=lambda deal: {"name": "我的手机"}),
    Row("auth.remove_passkey", SIGNED_IN, post=404, values={"passkey_id": "999"}),
    Row("auth.factor_code", SIGNED_IN, get=404),
    Row("auth.factor_off", SIGNED_IN, post=303, form=lambda deal: {"password": PASSWORD}),
    Row("auth.answer_invitation", SIGNED_IN, post=409, values={"invitation_id": "0", "verb": "accept"}),
    Row("auth.choose_desk", SIGNED_IN, post=409, form=lambda deal: {"shop": "0"}),
    Row("auth.leave", SIGNED_IN, post=409),
    Row("buyer.push_on", SIGNED_IN, post=404),  # no key is set
    Row("buyer.push_off", SIGNED_IN, post=303),
    Row("buyer.upload_photo", SIGNED_IN, post=422),
    Row("buyer.cancel_orders", SIGNED_IN, get=303, post=422),
    # who bought it
    Row("buyer.cancel_order", BUYER, get=200, post=409, form=lambda deal: {"reason": "not_wanted"}),
    Row("buyer.cancelled_orders", BUYER, get=200),
    Row("buyer.order", BUYER, get=200),
    Row("buyer.apply_photo", BUYER, post=422),
    Row("buyer.apply_strip", BUYER, post=303, form=lambda deal: {"line": str(deal.line_id)}),
    Row("buyer.conditions", BUYER, get=200),
    Row("buyer.guide_order", BUYER, get=200),
    Row("buyer.contact", BUYER, get=200, post=303, form=lambda deal: {"words": "什么时候发货"}),
    Row("buyer.contact_new", BUYER, get=200),
    Row("buyer.contact_read", BUYER, post=303),
    Row("buyer.show_case", BUYER, get=200),
    Row("buyer.slip", BUYER, get=200),
    Row("buyer.qr", BUYER, get=200),
    Row("buyer.own_copy", SIGNED_IN, get=200, counted=True),
    Row("buyer.pack", BUYER, get=200, counted=True),
    Row("buyer.apply", BUYER, get=200, post=303, form=lambda deal: {"line": deal.line_id, "reason": "damaged"}),
    Row(
        "buyer.apply_details",
        BUYER,
        get=200,
        post=303,
        form=lambda deal: {
            f"quantity_{deal.line_id}": "1",
            "description": "袜子破洞",
            "name": "李雯",
            "phone": "13425059650",
            "address": "四川省成都市武侯区一环路南二段8号",
        },
    ),
    Row("buyer.apply_check", BUYER, get=200, post=303),
    Row("buyer.apply_amount", BUYER, get=200),
    Row("buyer.apply_save", BUYER, post=204),
    Row("buyer.apply_tried", BUYER, post=404),  # nothing to try
    Row("buyer.apply_discard", BUYER, post=303),
    Row("buyer.parcel", BUYER, get=200, post=303, form=lambda deal: {"words": "2026-11-23 09:00 【杭州市】派送中"}),
    Row("buyer.refresh_parcel", BUYER, post=303),
    Row("buyer.object_to_receipt", BUYER, post=409, form=lambda deal: {"words": "没有收到"}),
    Row("buyer.watch_order", BUYER, post=303, form=lambda deal: {"on": "1"}),
    Row("buyer.again", BUYER, get=200, post=409),
    Row("buyer.agreement", BUYER, get=404),
    Row("buyer.rate_case", BUYER, get=404, post=404),  # it goes on
    Row("buyer.take_step", BUYER, get=200, post=303, values={"step_name": "withdraw"}),
    # who bought it, and has a shop of their own to sell it on
    Row("buyer.downstream", RESELLER, get=200, post=422),
    Row("buyer.chain", RESELLER, get=200, post=409, form=lambda deal: {"does": "unlink"}),
    # both sides of it
    Row("files.full", WITNESS, get=200),
    Row("files.thumb", WITNESS, get=200),
    # who decides for the platform
    Row("mediation.inbox", MEDIATORS, get=200),
    Row("mediation.show_case", MEDIATOR, get=200),
    Row(
        "mediation.take_step",
        MEDIATOR,
        get=200,
        post=303,
        values={"step_name": "decide_close"},
        form=lambda deal: {"note": "双方证据都不足,按举证责任裁决", "confirmed": "1"},
    ),
    # who keeps the calendar and the public rules
    Row("operator.people", OPERATORS, get=200),
    Row("operator.person", OPERATORS, get=200, values={"user_id": "1"}),
    Row("operator.change_person", OPERATORS, post=303, values={"user_id": "1", "verb": "enable"}),
    Row("operator.make_link", OPERATORS, post=200, values={"user_id": "1"}),
    Row("operator.shops", OPERATORS, get=200),
    Row("operator.list_complaints", OPERATORS, get=200),
    Row("operator.show_complaint", OPERATORS, get=404, post=404, values={"number": "JB26112300000000"}),
    Row("operator.export_complaints", OPERATORS, post=200),
    Row("operator.take_complaint", OPERATORS, post=404, values={"number": "JB26112300000000"}),
    Row("operator.list_claims", OPERATORS, get=200),
    Row("operator.audit_log", OPERATORS, get=200),
    Row("operator.export_audit", OPERATORS, post=200),
    Row("operator.calendar", OPERATORS, get=200, post=303, form=lambda deal: {"year": "2027"}),
    Row(
        "operator.calendar_year",
        OPERATORS,
        get=200,
        post=303,
        values={"year": "2027"},
        form=lambda deal: {"source": "通知", "days": "2027-01-01 休 元旦", "confirmed": "1"},
    ),
    Row("operator.rules_editor", OPERATORS, get=200, post=422),
    # who works in a shop: the shop's things
    Row("seller.inbox", SHOP, get=200),
    Row("seller.messages", SHOP, get=200),
    Row("seller.upload_photo", SHOP, post=422),
    Row("seller.notices", SHOP, get=200, post=303),
    Row("seller.open_notice", SHOP, post=404, values={"notice_id": "0"}),
    Row("seller.waiting", SHOP, get=200, post=303, form=lambda deal: {"opens": "09:00", "closes": "18:00"}),
    Row("seller.customer_list", SHOP, get=200),
    Row("seller.rating_list", SHOP, get=200),
    Row("seller.enquiry_list", SHOP, get=200),
    Row("seller.enquiry", SHOP, get=404, post=404, values={"enquiry_id": "0"}),
    Row("seller.pin_promise", SHOP, post=404, values={"enquiry_id": "0", "message_id": "0"}),
    Row("seller.make_faq", SHOP, get=404, post=404, values={"enquiry_id": "0", "message_id": "0"}),
    Row("seller.edit_faq", SHOP, get=404, post=404, values={"faq_id": "0"}),
    Row("seller.rating_figures", SHOP, get=200),
    Row(
        "seller.policy",
        SHOP,
        get=200,
        post=303,
        form=lambda deal: {
            "window_days": "15",
            "hidden_days": "30",
            "special_freight": "seller",
            "types": ["exchange", "reissue"],
        },
    ),
    Row(
        "seller.addresses",
        SHOP,
        get=200,
        post=303,
        form=lambda deal: {"name": "二号仓", "phone": "13800138001", "address": "浙江省义乌市北苑街道2号"},
    ),
    Row(
        "seller.import_orders",
        SHOP,
        get=200,
        post=303,
        form=lambda deal: {"file": (io.BytesIO("订单编号\n".encode()), "orders.csv")},
    ),
    Row("seller.order_list", SHOP, get=200),
    Row("seller.product_list", SHOP, get=200),
    Row("seller.product_pictures", SHOP, get=200, post=422),
    Row("seller.fetch_picture", SELLER, get=200, post=422, form=lambda deal: {"address": "http://127.0.0.1/"}),
    Row("seller.scan", SHOP, get=200, post=303, form=lambda deal: {"number": "75484863570001"}),
    Row("seller.unidentified", SHOP, get=200),
    Row("seller.join_parcel", SHOP, post=303, values={"intake_id": "1"}),
    Row("seller.part_parcel", SHOP, post=303, values={"intake_id": "1"}),
    Row("seller.leave_parcel", SHOP, post=303, values={"intake_id": "1"}),
    Row("seller.take_back_parcel", SHOP, post=303, values={"intake_id": "1"}),
    Row("seller.show_picks", SHOP, get=200),
    Row("seller.disposal_list", SHOP, get=200),
    Row("seller.disposal_lines", SHOP, get=200),
    Row("seller.send_backs", SHOP, get=200),
    Row("seller.search", SHOP, get=200),
    Row("seller.undo_step", SHOP, post=303, values={"held_id": "1"}),
    Row("seller.shipping_desk", SHOP, get=200),
    Row("seller.ship_case", SELLER, get=200, post=409, form=lambda deal: {"number": "13800138000"}),
    Row("seller.show_labels", SHOP, get=200, post=303),
    Row("seller.order_labels", SHOP, get=200, post=303),
    Row("seller.order_picks", SHOP, get=200),
    Row("seller.order_table_file", SHOP, post=200),
    Row(
        "seller.order_table",
        SHOP,
        get=200,
        post=422,
        form=lambda deal: {"file": (io.BytesIO("订单编号,运单号\n".encode()), "parcels.csv")},
    ),
    Row("seller.order_table_rows", SELLER, get=200, post=303),
    Row("seller.order_table_progress", SELLER, get=286),
    Row("seller.order_table_results", SELLER, get=200),
    Row("seller.show_slips", SHOP, get=200, post=303),
    Row("seller.shipping_file", SHOP, post=200),
    Row(
        "seller.shipping_upload",
        SHOP,
        get=200,
        post=422,
        form=lambda deal: {"file": (io.BytesIO("售后单号,运单号\n".encode()), "parcels.csv")},
    ),
    Row("seller.scan_photo", SHOP, post=422),
    Row("seller.undo_scan", SHOP, post=303, values={"held_id": "1"}),
    Row("seller.undo_shipping", SHOP, post=303, values={"held_id": "1"}),
    Row("seller.bulk_runs", SHOP, get=200, post=303, form=lambda deal: {"kind": "agree", "scope": "all"}),
    Row("seller.export_queue", SHOP, get=200),
    Row("seller.export_list", SHOP, get=200, post=303, form=lambda deal: {"columns": "case_no"}),
    Row("seller.export_file", SHOP, get=404, values={"export_id": "1"}),
    Row("seller.queue_news", SHOP, get=200),
    Row("seller.queue_columns", SHOP, get=200, post=303, form=lambda deal: {"columns": "reason"}),
    Row("seller.keep_view", SHOP, get=200, post=303, form=lambda deal: {"name": "破损"}),
    Row("seller.rename_view", SHOP, get=200, post=303, values={"view_id": "1"}, form=lambda deal: {"name": "到货"}),
    Row("seller.remove_view", SHOP, post=303, values={"view_id": "1"}),
    Row("seller.reply_list", SHOP, get=200, post=303, form=lambda deal: {"name": "补拍", "words": "请补拍照片"}),
    Row("seller.reply", SHOP, get=404, post=404, values={"reply_id": "1"}),
    Row("seller.remove_reply", SHOP, post=303, values={"reply_id": "1"}),
    Row("seller.auto_rules", SHOP, get=200),
    Row(
        "seller.add_auto_rule",
        SHOP,
        get=200,
        post=303,
        form=lambda deal: {"name": "小额补发", "action": "reissue", "most": "50", "resold": "any"},
    ),
    Row("seller.auto_rule", SHOP, get=404, post=404, values={"rule_id": "1"}),
    Row("seller.try_auto_rule", SHOP, get=404, values={"rule_id": "1"}),
    Row("seller.change_auto_rule", SHOP, post=404, values={"rule_id": "1", "verb": "on"}),
    Row("seller.start_auto_rules", SHOP, post=303, form=lambda deal: {"cap": "500"}),
    Row("seller.stop_auto_rules", SHOP, post=303),
    Row("seller.payout_list", SHOP, get=200),
    Row("seller.payout_files", SHOP, get=200),
    Row("seller.confirm_many", SHOP, get=303, post=303),
    Row("seller.make_batch", SHOP, get=303, post=409),
    Row(
        "seller.upload_results",
        SHOP,
        get=303,
        post=303,
        form=lambda deal: {"file": (io.BytesIO("款项编号,结果,流水号\n1:refund,成功,1\n".encode()), "results.csv")},
    ),
    Row("seller.logistics_list", SHOP, get=200),
    Row("seller.handling_times", SHOP, get=200),
    Row("seller.figures", SHOP, get=200),
    Row(
        "seller.import_scans",
        SHOP,
        get=200,
        post=303,
        form=lambda deal: {
            "file": (io.BytesIO("运单号,时间,物流内容\n7548,2026-11-23 09:00,派送中\n".encode()), "scans.csv"),
        },
    ),
    Row("seller.staff", SHOP, get=200, post=422, form=lambda deal: {"member_name": "nobody"}),
    Row("seller.withdraw_invitation", SHOP, post=303, values={"invitation_id": "0"}),
    Row("seller.change_limit", SHOP, get=303, post=303, form=lambda deal: {"limit": "2000"}),
    Row("seller.change_sharing", SHOP, get=303, post=303, form=lambda deal: {"shares_out": "y"}),
    Row("seller.day", SHOP, get=200),
    Row("seller.bank_data", SHOP, get=200, post=303, form=lambda deal: {"bank_data": "y"}),
    Row("seller.chain_list", SHOP, get=200),
    Row("seller.import_chains", SHOP, get=200, post=422),
    # the shop that sold it
    Row(
        "seller.ship_order",
        SELLER,
        get=200,
        post=409,
        form=lambda deal: {"carrier": "ZTO", "number": "75484863576596"},
    ),
    Row("seller.chain", SELLER, get=200, post=409, form=lambda deal: {"does": "unlink"}),
    Row("seller.consumer_links", SELLER, get=200, post=409),  # its buyer has an account
    Row("seller.case_rating", SELLER, get=404, post=404),  # it goes on
    Row("seller.customer", SELLER, get=200, post=303, form=lambda deal: {"words": "老客户"}),
    Row("seller.export_customer", SELLER, get=200),
    Row(
        "seller.product_faqs",
        SELLER,
        get=200,
        post=303,
        form=lambda deal: {"question": "有白色吗", "answer": "有白色"},
    ),
    Row(
        "seller.product_remedies",
        SELLER,
        get=200,
        post=303,
        form=lambda deal: {"fault": "defect", "of": "product", "steps": "关机再开", "minutes": "2"},
    ),
    Row("seller.usual_packing", SHOP, post=303, form=lambda deal: {"way": "carton"}),
    Row("seller.edit_remedy", SELLER, get=404, post=404, values={"remedy_id": "0"}),
    Row("seller.alarm_line", SHOP, get=200, post=303, form=lambda deal: {"percent": "5", "cases": "10"}),
    Row("seller.quality_shares", SHOP, get=200, post=422),
    Row("seller.resold_quality", SHOP, get=200),
    Row("seller.title_list", SHOP, get=200),
    Row(
        "seller.product_words",
        SELLER,
        get=200,
        post=303,
        form=lambda deal: {"place": "promotion", "words": "全网最低价"},
    ),
    Row("seller.look_at_words", SELLER, post=422, form=lambda deal: {"place": "title", "seen": "0"}),
    Row("seller.product", SELLER, get=200, post=303, form=lambda deal: {"exchangeable": "y"}),
    Row("seller.payout", SELLER, get=200),
    Row(
        "seller.record_payout",
        SELLER,
        get=303,
        post=409,
        values={"verb": "settle"},
        form=lambda deal: {"reference": "2026112300001"},
    ),
    Row("seller.batch", SELLER, get=200),
    Row("seller.results", SELLER, get=200, post=303),
    Row(
        "seller.change_staff",
        SELLER,
        get=303,
        post=303,
        values={"verb": "role"},
        form=lambda deal: {"role": "warehouse"},
    ),
    Row("seller.shipment", SELLER, get=200, post=303, form=lambda deal: {"words": "2026-11-23 09:00 【杭州市】已发出"}),
    Row("seller.refresh_shipment", SELLER, post=303),
    Row("seller.object_to_receipt", SELLER, post=409, form=lambda deal: {"words": "没有收到"}),
    Row(
        "seller.bulk_run",
        SELLER,
        get=200,
        post=303,
        form=lambda deal: {"address_id": deal.values["address_id"]},
    ),
    Row("seller.bulk_progress", SELLER, get=286),
    Row("seller.correct_shipment", SELLER, get=200, post=409, form=lambda deal: {"reason": "录错了"}),
    Row("seller.scan_file", SELLER, get=200, post=303),
    Row("seller.import_progress", SELLER, get=286),
    Row("seller.import_report", SELLER, get=200),
    Row("seller.import_job", SELLER, get=200, post=303),
    Row("seller.import_doubts", SELLER, get=200, post=303),
    Row("seller.order_doubts", SELLER, get=200, post=422),
    Row("seller.discard_import", SELLER, post=303),
    Row("seller.explain_headings", SELLER, post=303),
    Row("seller.show_case", SELLER, get=200),
    Row("seller.precedents", SELLER, get=200),
    Row("seller.case_disposals", SELLER, get=200, post=303),
    Row("seller.quality_board", SHOP, get=200),
    Row("seller.quality_cases", SHOP, get=200),
    Row("seller.quality_cell", SHOP, get=404, values={"product_id": "0", "fault": "broken"}),
    Row("seller.fix_list", SHOP, get=200),
    Row("seller.fix", SHOP, get=404, post=404, values={"fix_id": "0"}),
    Row("seller.add_fix", SHOP, get=404, post=404, values={"product_id": "0", "fault": "broken"}),
    Row("seller.batch_list", SHOP, get=200),
    Row("seller.add_batch", SHOP, get=200, post=422),
    Row("seller.sampled_batch", SHOP, get=404, post=404, values={"batch_id": "0"}),
    Row("seller.case_fault", SELLER, get=200, post=303),
    Row("seller.pack", SELLER, get=200, counted=True),
    Row("seller.full_account", SELLER, get=409, post=409),  # these cases have none; by role: test_bankdata.py
    Row("seller.write_note", SELLER, get=303, post=303, form=lambda deal: {"words": "先看照片"}),
    Row(
        "seller.hand_over", SELLER, get=303, post=422, form=lambda deal: {"to": deal.values["user_id"]}
    ),  # who has left
    Row("seller.put_tags", SELLER, get=303, post=303, form=lambda deal: {"tags": "加急"}),
    Row("seller.look", SELLER, get=303, post=303),
    Row("seller.contact", SELLER, get=200, post=303, form=lambda deal: {"words": "今天发出"}),
    Row("seller.write_message", SELLER, get=200, post=303, form=lambda deal: {"words": "今天发出"}),
    Row("seller.contact_new", SELLER, get=200),
    Row("seller.contact_read", SELLER, post=303),
    Row("seller.agreement", SELLER, get=404),
    Row(
        "seller.apply_for",
        SELLER,
        get=200,
        post=303,
        form=lambda deal: {
            "message": deal.values["message_id"],
            "line": deal.line_id,
            "quantity": "1",
            "type": "exchange",
            "reason": "damaged",
            "description": "买家要求换货",
        },
    ),
    Row(
        "seller.take_step",
        SELLER,
        get=200,
        post=303,
        values={"step_name": "agree"},
        form=lambda deal: {"address_id": deal.values["address_id"]},
    ),
    Row(
        "seller.send_back",
        SELLER,
        get=200,
        post=409,
        form=lambda deal: {"carrier": "ZTO", "number": "75484863576596"},
    ),
    Row("seller.change_address", SELLER, post=303, values={"verb": "remove"}),
    # doors for tests
    Row("qa.doors", QA, get=200),
    Row("qa.reset", QA, post=303),
    Row("qa.move_clock", QA, post=303),
    Row("qa.reset_clock", QA, post=303),
    Row("qa.sweep", QA, post=303),
    Row("qa.notices", QA, get=200),
    Row("qa.trace", QA, post=303),
    # last, because it ends the session
    Row("auth.sign_out", ANYONE, post=303),
)

# What stands in an address for a thing that doesn't exist.
MISSING = {
    "order_no": "9999999999999999999",
    "case_no": "HH99010100000000",
    "public_id": "0" * 32,
    "shop_id": "999999",
    "address_id": "999999",
    "product_id": "999999",
    "job_id": "0" * 32,
    "shipment_id": "999999",
    "file_id": "0" * 32,
    "table_id": "0" * 32,
    "entry_id": "999999",
    "batch_id": "0" * 32,
    "results_id": "0" * 32,
    "user_id": "999999",
    "cancellation_id": "0" * 32,
    "link_name": "0" * 16,
    "followed_id": "999999",
    "run_id": "999999",
}

ROLES = ("anonymous", "consumer", "buyer", "buyer2", "seller", "seller2", "both", "mediator", "operator")
# Who bought from whom. `both` buys from the first shop and sells in a shop of its own.
DEALS = (("buyer", "seller"), ("buyer2", "seller2"), ("both", "seller"), ("buyer2", "both"))
NOBODY = frozenset({"anonymous", "consumer"})  # who is not signed in
SHOPS = frozenset({"seller", "seller2", "both"})


OF_AN_ORDERS_LINK = {"consumer.apply", "consumer.order_photo", "consumer.order_photo_thumb"}


@dataclass(frozen=True)
class Deal:
    """An order with everything that hangs on it: an applied case before the platform, a draft, photos, a conversation,
    an address."""

    buyer: str
    seller: str
    line_id: int
    values: Mapping[str, str]
    photos: Mapping[str, str] = field(default_factory=dict)  # what a photo hangs on: its public id
    tokens: tuple[str, str] = ("", "")  # of a consumer's link to the case, and of one to the order
    opened: bool = False  # whether the consumer of this world opened them


@dataclass
class World:
    """All the deals, and who is who. ``mark`` is in every text that a person of the deal has written or is called."""

    app: Flask
    deals: tuple[Deal, ...]
    members: Mapping[str, str]

    @classmethod
    def make(cls, app: Flask, mark: Callable[[str], str] = lambda name: "") -> World:
        """``mark(name)`` is put into all texts of this person, so that they can be looked for in answers."""
        from tests.conftest import NOW

        cast = Cast.make(NOW)
        with writing():
            both = accounts.create_user("both", now=NOW, company_name="both公司", password=PASSWORD, weak_ok=True)
            shop3 = accounts.create_shop(both, "both的店", NOW).id
            ids = {"buyer": cast.buyer, "buyer2": cast.buyer2, "seller": cast.seller, "seller2": cast.seller2}
            ids |= {"both": both.id, "mediator": cast.mediator}
            ids["operator"] = db.session.scalars(db.select(User.id).where(User.member_name == "operator")).one()
            shops = {"seller": cast.shop, "seller2": cast.shop2, "both": shop3}
            members = {name: name + mark(name) for name in ids}
            for name, user_id in ids.items():
                user = db.session.get_one(User, user_id)
                user.member_name, user.company_name = members[name], f"公司{mark(name)}"
            for name, shop_id in shops.items():
                db.session.get_one(Shop, shop_id).name = f"店铺{mark(name)}"
        world = cls(app, (), members)
        for buyer, seller in DEALS:
            people = replace(cast, buyer=ids[buyer], seller=ids[seller], shop=shops[seller])
            world.deals += (world._deal(people, buyer, seller, mark(buyer) + mark(seller), mark(seller)),)
        db.session.rollback()
        return world

    def _deal(self, cast: Cast, buyer: str, seller: str, mark: str, shop_mark: str) -> Deal:
        order = cast.order(title=f"纯棉中筒袜{mark}", unit="双")
        order_id, order_no = order.id, order.order_no
        case_no = cast.mediated(cast.open_case(order)).case_no
        kept = {name: cast.photos(1, cast.buyer)[0] for name in ("case", "draft", "message", "loose")}
        with writing():
            order = db.session.get_one(Order, order_id)
            order.receiver_name = order.receiver_address = f"收货{mark}"
            case = db.session.scalars(db.select(Case).where(Case.case_no == case_no)).one()
            case.description, case.receiver_name, case.receiver_address = f"描述{mark}", f"收货{mark}", f"地址{mark}"
            line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order_id)).one()
            line.cargo_no = f"HH{mark}"
            draft = Draft(
                shop_id=order.shop_id,
                order_id=order_id,
                buyer_id=cast.buyer,
                source="order",
                created_at=cast.now,
                updated_at=cast.now,
                fields={
                    "line_id": line.id,
                    "reason": "damaged",
                    "quantities": {str(line.id): 1_000},
                    "typed": {str(line.id): "1"},
                    "description": f"草稿{mark}",
                    "name": "李雯",
                    "phone": "13425059650",
                    "address": f"草稿{mark}",
                },
            )
            db.session.add(draft)
            db.session.flush()
            talk = conversations.get_of_order(order, cast.now)
            asked = conversations.add_message(
                talk, "buyer", cast.buyer, f"买家说{mark}", now=cast.now, photos=[kept["message"]]
            )
            message_id = asked.id
            conversations.add_message(talk, "seller", cast.seller, f"商家说{mark}", now=cast.now)
            address = policies.add_address(
                cast.shop,
                name=f"仓{shop_mark}",
                phone="13800138000",
                address=f"库{shop_mark}",
                note=f"注{shop_mark}",
                make_default=False,
                now=cast.now,
            )
            address_id = address.id
            _hang(kept["case"], case_id=case.id, order_id=order_id, event_version=1)
            _hang(kept["draft"], draft_id=draft.id)
            line_id, product_id, case_id = line.id, line.product_id, case.id
            for sku in db.session.scalars(db.select(Sku).where(Sku.product_id == product_id)):
                sku.spec = f"{sku.spec}{shop_mark}"
            kept["product"] = cast.photos(1, cast.seller)[0]
            _hang(kept["product"], product_id=product_id)
        store = self.app.extensions["portal_store"]
        keys = db.session.scalars(db.select(Evidence.key).where(Evidence.public_id.in_(kept.values()))).all()
        for key in keys:
            content = f"picture {mark}".encode()
            store.put(key, content)
            said = {name: hashlib.sha256(content).hexdigest() for name in ("sha256", "thumb_sha256")}
            with writing():
                db.session.execute(db.update(Evidence).where(Evidence.key == key).values(**said))
        with writing():
            token = consumer_links.make_link(cast.now, shop_id=cast.shop, case_id=case_id, by=cast.seller) or ""
            order_token = consumer_links.make_link(cast.now, shop_id=cast.shop, order_id=order_id) or ""
        values = {
            "link_name": consumer_links.name_link(token),
            "followed_id": self._parcel(cast, case_id),
            "scanned_at": f"{cast.now.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
            "order_no": order_no,
            "case_no": case_no,
            "public_id": kept["case"],
            "shop_id": str(cast.shop),
            "address_id": str(address_id),
            "product_id": str(product_id),
            "job_id": self._import(cast, mark),
            "message_id": str(message_id),
            "run_id": self._run(cast, case_id),
            **self._followed(cast, order_id, mark),
            "table_id": self._table(cast, order_no),
            "cancellation_id": self._cancellation(cast, order_no),
            **self._money(cast, case_no, mark, shop_mark),
        }
        return Deal(buyer, seller, line_id, values, kept, (token, order_token), opened=not self.deals)

    def _run(self, cast: Cast, case_id: int) -> str:
        """A run over the case that its maker has still to look at."""
        with writing():
            by = cast.by(Actor.SELLER)
            return str(bulk.make_run(cast.shop, "agree", [case_id], by=by, query="", now=cast.now))

    def _followed(self, cast: Cast, order_id: int, mark: str) -> dict[str, str]:
        """The order's own parcel with a scan, and a table of scans of the shop."""
        with writing():
            following.follow_order(db.session.get_one(Order, order_id), cast.now)
            own = db.select(Shipment.id).where(Shipment.order_id == order_id, Shipment.case_id.is_(None))
            shipment_id = db.session.scalars(own).one()
            keeping.keep_scans_of_order(
                shipment_id, [Scan(cast.now, "transit", f"物流{mark}")], now=cast.now, origin="kdniao"
            )
            rows = [{"row": 2, "number": "7548", "at": "", "words": f"行{mark}", "bad": "没有填写时间"}]
            file = tables.begin_table(cast.shop, cast.seller, f"物流{mark}.csv", rows, cast.now)
            return {"shipment_id": str(shipment_id), "file_id": file.public_id}

    def _table(self, cast: Cast, order_no: str) -> str:
        """A table with a waybill of the order, looked at and not sent."""
        with writing():
            row = filled.Parcel(2, order_no, "ZTO", "75484863576596")
            return dispatch.keep_table(cast.shop, cast.seller, "发货.csv", [row], cast.now)

    def _parcel(self, cast: Cast, case_id: int) -> str:
        """A parcel of the case on its way out, as it is followed."""
        with writing():
            case = db.session.get_one(Case, case_id)
            parcel = Parcel(
                shop_id=case.shop_id,
                case_id=case.id,
                leg="out",
                round=9,  # of no round that counts
                carrier="YTO",
                carrier_name="圆通速递",
                tracking_no="YT8893012345678",
                shipped_at=cast.now,
                shipped_by=cast.seller,
            )
            db.session.add(parcel)
            db.session.flush()
            following.follow_parcel(case, parcel)
            query = db.select(Shipment.id).where(Shipment.shop_id == case.shop_id, Shipment.parcel_id == parcel.id)
            return str(db.session.scalars(query).one())

    def _import(self, cast: Cast, mark: str) -> str:
        """A checked order export of the shop, with its report; returns its public id."""
        folder = self.app.extensions["portal_settings"].data.absolute() / "imports"
        path = order_uploads.receive_file(folder, io.BytesIO(b"x"), "orders.csv")
        with writing():
            job = order_uploads.begin_upload(
                path, shop_id=cast.shop, user_id=cast.seller, file_name=f"订单{mark}.csv", now=cast.now
            )
            job.state, public_id = "checked", job.public_id
            order_uploads.report_path(folder, job).write_text(mark)
        return public_id

    def _cancellation(self, cast: Cast, order_no: str) -> str:
        with writing():
            by = cast.by(Actor.BUYER)
            return unsent.cancel_many([order_no], by=by, reason="not_wanted", now=cast.now).public_id

    def _money(self, cast: Cast, case_no: str, mark: str, shop_mark: str) -> dict[str, str]:
        """A payment of the case, a list and results with words of its people, and somebody who works in the shop."""
        with writing():
            case = db.session.scalars(db.select(Case).where(Case.case_no == case_no)).one()
            entry = money_entries.plan_entry(case, "compensation", 100, key="x", at=cast.now, by=cast.seller)
            case.entry_count += 1
            entry.problem = f"失败{mark}"
            rows = [[entry.key, case_no, "1", f"买家{mark}", "补偿", 100, "原路退回"]]
            files = [
                PayoutFile(
                    public_id=secrets.token_hex(16),
                    shop_id=cast.shop,
                    user_id=cast.seller,
                    kind=kind,
                    state=state,
                    name=f"文件{mark}",
                    rows=rows if kind == "batch" else [],
                    row_count=1,
                    made_at=cast.now,
                )
                for kind, state in (("batch", "made"), ("results", "checked"))
            ]
            clerk = accounts.create_user(f"员工{shop_mark}{secrets.token_hex(3)}", now=cast.now)
            db.session.add_all([*files, Staff(user_id=clerk.id, shop_id=cast.shop, role="agent")])
            db.session.flush()
            return {
                "entry_id": str(entry.id),
                "batch_id": files[0].public_id,
                "results_id": files[1].public_id,
                "user_id": str(clerk.id),
            }

    def browser(self, role: str) -> FlaskClient:
        """A browser of its own for this role."""
        if role in NOBODY:
            browser = self.app.test_client()
            if role == "consumer" and self.deals:  # has opened the link of the first deal, and knows nothing else
                for token in self.deals[0].tokens:
                    assert browser.get(f"/c/{token}", follow_redirects=True).status_code == 200
            return browser
        return sign_in(self.app, self.members[role])

    def rule(self, row: Row) -> Rule:
        """The route of a row."""
        return next(self.app.url_map.iter_rules(row.endpoint))

    def path(self, row: Row, deal: Deal | None) -> str:
        """The address of this row for a deal, or for things that don't exist."""
        values = {**(deal.values if deal else MISSING), **row.values}
        if deal and row.endpoint in OF_AN_ORDERS_LINK:
            values["link_name"] = consumer_links.name_link(deal.tokens[1])
        return address(self.rule(row), values)

    def taker(self, path: str, method: str) -> Row | None:
        """The row of the endpoint that takes this method at this address; None: no endpoint does."""
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(path, method)
        except (MethodNotAllowed, NotFound):
            return None
        return next(row for row in ROWS if row.endpoint == endpoint)


def _hang(public_id: str, **columns: int | None) -> None:
    db.session.execute(db.update(Evidence).where(Evidence.public_id == public_id).values(**columns))


def address(rule: Rule, values: Mapping[str, str]) -> str:
    """A route's address with its variables filled in. Raises KeyError for a variable without a value."""
    return re.sub(r"<(?:[^<>]+:)?([^:<>]+)>", lambda found: values[found[1]], rule.rule)


def may(row: Row, role: str, deal: Deal | None) -> bool:
    """Whether this role may open this row for this deal (None: for a thing that doesn't exist)."""
    if row.who is ANYONE:
        return True
    if row.who is CONSUMER:
        return role == "consumer" and deal is not None and deal.opened
    if role in NOBODY or row.who is QA:
        return False
    if row.who is SIGNED_IN:
        return True
    if row.who is SHOP:
        return role in SHOPS
    if row.who is OPERATORS:
        return role == "operator"
    if row.who is MEDIATORS:
        return role == "mediator"
    if deal is None:
        return False
    both = {deal.buyer, deal.seller}
    sides = {
        BUYER: {deal.buyer},
        SELLER: {deal.seller},
        RESELLER: {deal.buyer} & SHOPS,
        PARTY: both,
        WITNESS: both | {"mediator"},
        MEDIATOR: {"mediator"},
    }[row.who]
    return role in sides


def expected(row: Row, rule: Rule, role: str, deal: Deal | None, method: str, *, htmx: bool = False) -> int:
    """The status that this request must get."""
    if method not in (rule.methods or ()):
        return 405
    if role in NOBODY and row.who not in (ANYONE, CONSUMER):
        return 401 if htmx else 303
    if row.who is OPERATORS and role != "operator":
        return 404
    if (row.who in (SHOP, SELLER) and role not in SHOPS) or (row.who in (MEDIATORS, MEDIATOR) and role != "mediator"):
        return 404
    if method == "OPTIONS":
        return 200  # says which methods there are, whatever the thing
    if not may(row, role, deal) or (row.who is ANYONE and rule.arguments and deal is None):
        return 404
    answer = row.post if method == "POST" else row.get
    return 405 if answer is None else answer


def missing_rows(app: Flask) -> list[str]:
    """A line to copy for each route that has no row."""
    known = {row.endpoint for row in ROWS}
    lines = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in known:
            continue
        who = (
            "QA"
            if rule.endpoint.startswith("qa.")
            else "SHOP"
            if rule.endpoint.startswith("seller.")
            else "MEDIATOR"
            if rule.endpoint.startswith("mediation.")
            else "SIGNED_IN"
        )
        methods = [f"{name.lower()}=…" for name in ("GET", "POST") if name in (rule.methods or ())]
        new = ", ".join(sorted(rule.arguments - set(MISSING)))
        wants = f"   # and say in Deal.values and MISSING what {new} is" if new else ""
        lines.append(f'    Row("{rule.endpoint}", {who}, {", ".join(methods)}),   # {rule.rule}{wants}')
    return lines
