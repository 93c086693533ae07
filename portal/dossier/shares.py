"""What of one person is in which table: the rows that 个人信息副本 gives."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select

from portal.models import (
    AccessLink,
    AuditEvent,
    BankAccount,
    BankConsent,
    BankView,
    Cancellation,
    Case,
    CaseEvent,
    CaseLine,
    Complaint,
    Conversation,
    Draft,
    Enquiry,
    EnquiryMessage,
    Evidence,
    FailedGoods,
    FaqVote,
    Intake,
    KeptForm,
    KnownShop,
    Mediation,
    Message,
    MoneyEntry,
    Notice,
    Order,
    OrderDoubt,
    OrderLine,
    OrderVersion,
    OrderWatch,
    Parcel,
    ParcelLine,
    ParcelTrace,
    Passkey,
    PasswordLink,
    PlacedLine,
    Promise,
    Proposal,
    PushSubscription,
    Rating,
    ReceiptClaim,
    RecoveryCode,
    RemedyAnswer,
    ReturnPlace,
    Session,
    Shipment,
    ShipmentTrace,
    Staff,
    TotpFactor,
    Track,
    User,
)
from portal.models.cases import OF_SHOP_ALONE


class Share(NamedTuple):
    """Rows of one table. ``whose``: what holds of this person's; ``hidden``: columns that are never given."""

    said: str
    whose: ColumnElement[bool]
    hidden: frozenset[str] = frozenset()


_PERSON: BindParameter[int] = bindparam("person")


# Those of shops that they know: others may be a stranger's, with a stranger's address.
_ORDERS = select(Order.id).where(Order.buyer_id == _PERSON, Order.shown)


_CASES = select(Case.id).where(Case.buyer_id == _PERSON)


_PARCELS = select(Parcel.id).where(Parcel.case_id.in_(_CASES))
_PLACES = select(ReturnPlace.id).where(ReturnPlace.case_id.in_(_CASES))


_SHIPMENTS = select(Shipment.id).where(Shipment.order_id.in_(_ORDERS))


def _without(*columns: str) -> frozenset[str]:
    return frozenset(columns)


SHARES: dict[str, Share] = {
    "users": Share("账号", User.id == _PERSON, _without("password_hash", "version", "member_head", "company_head")),
    "staff": Share("在店铺里的角色", Staff.user_id == _PERSON),
    "sessions": Share("登录过的设备", Session.user_id == _PERSON, _without("id_hash")),
    "orders": Share(
        "订单",
        (Order.buyer_id == _PERSON) & Order.shown,
        _without("version", "followed_text", "no_tail", "down_tail", "phone_tail", "receiver_head"),
    ),
    "known_shops": Share("您确认过的店铺", KnownShop.user_id == _PERSON),
    "complaints": Share("投诉与意见", Complaint.user_id == _PERSON, _without("answered_by", "token_hash")),
    "order_lines": Share("订单商品和交易快照", OrderLine.order_id.in_(_ORDERS), _without("line_key")),
    "order_versions": Share(
        "商家导入的订单资料", OrderVersion.order_id.in_(_ORDERS), _without("source", "accepted_by")
    ),
    "order_doubts": Share(
        "商家导入的表格里没有采信的内容", OrderDoubt.order_id.in_(_ORDERS), _without("source", "value", "import_id")
    ),
    "cases": Share("售后单", Case.buyer_id == _PERSON, _without("version", "queue_at", "remind_at", *OF_SHOP_ALONE)),
    "mediations": Share(
        "进行中的平台介入", Mediation.case_id.in_(_CASES), _without("mediator_id", "first_mediator_id")
    ),
    "case_lines": Share("售后商品", CaseLine.case_id.in_(_CASES)),
    "case_events": Share(
        "处理记录", CaseEvent.case_id.in_(_CASES), _without("user_id", "author", "request_id", "before_hash", "hash")
    ),
    "enquiries": Share("售前咨询", Enquiry.buyer_id == _PERSON, _without("handler_id", "handed_note", "waiting_since")),
    "enquiry_messages": Share(
        "售前咨询的消息",
        EnquiryMessage.enquiry_id.in_(select(Enquiry.id).where(Enquiry.buyer_id == _PERSON)),
        _without("user_id"),
    ),
    "promises": Share("售前承诺", Promise.buyer_id == _PERSON),
    "faq_votes": Share("您对常见问答的评价", FaqVote.user_id == _PERSON),
    "remedy_answers": Share("先试试的办法是否解决了问题", RemedyAnswer.user_id == _PERSON),
    "ratings": Share(
        "您的评价和商家的回复",
        Rating.buyer_id == _PERSON,
        _without("staff_id", "answered_by", "next_ask_at", "follow_state", "follow_note", "follow_by", "follow_at"),
    ),
    "proposals": Share("协商方案", Proposal.case_id.in_(_CASES), _without("made_by", "answered_by")),
    "money_entries": Share(
        "款项", MoneyEntry.case_id.in_(_CASES), _without("key", "made_by", "approved_by", "settled_by", "exported_at")
    ),
    "failed_goods": Share("验货没有通过、要退还给您的商品", FailedGoods.case_id.in_(_CASES)),
    "parcels": Share("包裹", Parcel.case_id.in_(_CASES), _without("shipped_by")),
    "parcel_lines": Share("包裹里的商品", ParcelLine.parcel_id.in_(_PARCELS)),
    "return_places": Share("退货地址（分开寄到几个地址时）", ReturnPlace.case_id.in_(_CASES)),
    "placed_lines": Share("寄到各个地址的商品", PlacedLine.place_id.in_(_PLACES)),
    "parcel_traces": Share("包裹的物流记录", ParcelTrace.parcel_id.in_(_PARCELS)),
    "shipments": Share("订单的物流", Shipment.order_id.in_(_ORDERS), _without("track_id", "failing", "no_tail")),
    "shipment_traces": Share("订单的物流记录", ShipmentTrace.shipment_id.in_(_SHIPMENTS)),
    "receipt_claims": Share("录入的签收和异议", ReceiptClaim.shipment_id.in_(_SHIPMENTS)),
    "intakes": Share("退回的包裹到货时的登记", Intake.case_id.in_(_CASES), _without("user_id", "left_by")),
    "tracks": Share(
        "查询物流用的号码",
        Track.id.in_(select(Shipment.track_id).where(Shipment.order_id.in_(_ORDERS))),
        _without("next_at", "failures", "error"),
    ),
    "order_watches": Share("物流提醒", OrderWatch.user_id == _PERSON),
    "access_links": Share(
        "消费者链接",
        or_(AccessLink.case_id.in_(_CASES), AccessLink.order_id.in_(_ORDERS)),
        _without("token_hash", "created_by"),
    ),
    "drafts": Share("没有提交的申请", Draft.buyer_id == _PERSON),
    "kept_forms": Share("登录过期时保留的内容", KeptForm.user_id == _PERSON),
    "conversations": Share(
        "会话", Conversation.buyer_id == _PERSON, _without("seller_unread", "seller_read_id", "waiting_since")
    ),
    "messages": Share(
        "消息",
        Message.conversation_id.in_(select(Conversation.id).where(Conversation.buyer_id == _PERSON)),
        _without("user_id"),
    ),
    "evidence": Share(
        "照片的说明（照片在售后单的证据包里）",
        Evidence.owner_id == _PERSON,
        _without("key", "thumb_key", "thumb_sha256", "draft_id"),
    ),
    "audit_events": Share("账号安全记录", AuditEvent.user_id == _PERSON),
    "totp_factors": Share("两步验证", TotpFactor.user_id == _PERSON, _without("sealed", "last_step")),
    "passkeys": Share("通行密钥", Passkey.user_id == _PERSON, _without("credential_id", "attested", "sign_count")),
    "recovery_codes": Share("恢复码（是否用过）", RecoveryCode.user_id == _PERSON, _without("code_hash")),
    "password_links": Share("重设密码的链接", PasswordLink.user_id == _PERSON, _without("token_hash")),
    "notices": Share("通知", Notice.user_id == _PERSON, _without("dedupe_key")),
    "push_subscriptions": Share(
        "打开了消息提醒的浏览器",
        PushSubscription.user_id == _PERSON,
        _without("session", "endpoint", "told_id", "failures"),
    ),
    "cancellations": Share("撤销申请", Cancellation.user_id == _PERSON),
    "bank_consents": Share("对收款账户的同意", BankConsent.owner_id == _PERSON),
    "bank_accounts": Share("收款账户（只有后四位）", BankAccount.owner_id == _PERSON, _without("key_id", "sealed")),
    "bank_views": Share("谁看过收款账号", BankView.owner_id == _PERSON, _without("key", "user_id")),
}


OTHERS: dict[str, str] = {
    "system_notes": "what the system knows of itself",
    "passkey_challenges": "random numbers, gone in minutes",
    "half_sign_ins": "random numbers, gone in minutes",
    "staff_invitations": "a shop's; who was invited reads them in 我的",
    "calendar_years": "public",
    "rule_versions": "public",
    "shops": "a company's",
    "policies": "a company's",
    "products": "a company's",
    "faqs": "a company's answers for everybody",
    "skus": "a company's",
    "return_addresses": "a company's address for goods",
    "payout_files": "a company's lists; what they pay is in money_entries",
    "import_headings": "a company's words for its columns",
    "import_jobs": "a company's files, removed after a while",
    "trace_files": "a company's files; what they say is in the traces",
    "order_links": "a distributor's trade",
    "case_links": "a distributor's trade",
    "customer_notes": "a shop's own, which hands them out itself （客户 → 导出）",
    "order_heads": "numbers of orders, which are there themselves",
    "case_heads": "numbers of cases, which are there themselves",
    "case_tallies": "numbers",
    "asking_slots": "numbers",
    "rate_counts": "numbers under hashes, gone in an hour",
    "bulk_runs": "what a shop's staff did with many cases; what came of it is in the histories",
    "bulk_items": "the cases of such a run",
    "disposals": "where a shop keeps goods that are its own again",
    "disposal_moves": "who of a shop's staff put them there",
    "held_steps": "steps of a shop's staff for some seconds; what came of them is in the histories",
    "saved_views": "a shop's lists by name",
    "queue_columns": "which columns of a list a shop's staff look at",
    "label_prints": "how often a label was printed",
    "order_label_prints": "the same of orders",
    "slip_prints": "how often a return slip was printed",
    "fault_lines": "under which fault a shop counts a line; what was found is in the case",
    "fault_weeks": "numbers",
    "sold_lines": "which lines a shop has counted as sold",
    "sold_weeks": "numbers",
    "sold_as": "what a company's goods are called",
    "packings": "how a shop packs its goods",
    "batches": "a shop's incoming goods",
    "remedies": "a company's advice for everybody",
    "quality_shares": "whom a company shows numbers",
    "fixes": "what a shop's staff do about a fault",
    "staff_notes": "words of a shop's staff to one another",
    "case_looks": "who of a shop's staff has a case open",
    "shop_tags": "a shop's own words",
    "replies": "a shop's own words",
    "wordings": "a company's words of its products",
    "dispatch_files": "a company's tables of waybills, removed after a month; what was sent is in the orders",
    "exports": "lists of a shop's staff as tables, removed after a day",
    "auto_rules": "a shop's own rules",
    "auto_switches": "whether a shop's rules are at work",
    "auto_days": "numbers",
    "auto_outcomes": "what a shop's rules made of applications; what they did is in the histories",
    "form_keys": "random numbers, gone in days",
    "deliveries": "the sending of notices",
}
