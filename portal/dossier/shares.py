"""What of one person is in which table: the rows that 个人信息副本 gives, and the words of their columns."""

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
    Evidence,
    Feedback,
    Intake,
    KeptForm,
    KnownShop,
    Message,
    MoneyEntry,
    Notice,
    Order,
    OrderLine,
    OrderVersion,
    OrderWatch,
    Parcel,
    ParcelLine,
    ParcelTrace,
    PasswordLink,
    Proposal,
    ReceiptClaim,
    RecoveryCode,
    Session,
    Shipment,
    ShipmentTrace,
    Staff,
    TotpFactor,
    Track,
    User,
)


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


_SHIPMENTS = select(Shipment.id).where(Shipment.order_id.in_(_ORDERS))


def _without(*columns: str) -> frozenset[str]:
    return frozenset(columns)


SHARES: dict[str, Share] = {
    "users": Share("账号", User.id == _PERSON, _without("password_hash", "version")),
    "staff": Share("在店铺里的角色", Staff.user_id == _PERSON),
    "sessions": Share("登录过的设备", Session.user_id == _PERSON, _without("id_hash")),
    "orders": Share("订单", (Order.buyer_id == _PERSON) & Order.shown, _without("version", "followed_text")),
    "known_shops": Share("您确认过的店铺", KnownShop.user_id == _PERSON),
    "complaints": Share("举报", Complaint.user_id == _PERSON, _without("answered_by")),
    "order_lines": Share("订单商品和交易快照", OrderLine.order_id.in_(_ORDERS), _without("line_key")),
    "order_versions": Share("商家导入的订单资料", OrderVersion.order_id.in_(_ORDERS), _without("source")),
    "cases": Share("售后单", Case.buyer_id == _PERSON, _without("version", "queue_at", "remind_at")),
    "case_lines": Share("售后商品", CaseLine.case_id.in_(_CASES)),
    "case_events": Share(
        "处理记录", CaseEvent.case_id.in_(_CASES), _without("user_id", "author", "request_id", "before_hash", "hash")
    ),
    "proposals": Share("协商方案", Proposal.case_id.in_(_CASES), _without("made_by", "answered_by")),
    "money_entries": Share(
        "款项", MoneyEntry.case_id.in_(_CASES), _without("key", "made_by", "approved_by", "settled_by", "exported_at")
    ),
    "parcels": Share("包裹", Parcel.case_id.in_(_CASES), _without("shipped_by")),
    "parcel_lines": Share("包裹里的商品", ParcelLine.parcel_id.in_(_PARCELS)),
    "parcel_traces": Share("包裹的物流记录", ParcelTrace.parcel_id.in_(_PARCELS)),
    "shipments": Share("订单的物流", Shipment.order_id.in_(_ORDERS), _without("track_id", "failing")),
    "shipment_traces": Share("订单的物流记录", ShipmentTrace.shipment_id.in_(_SHIPMENTS)),
    "receipt_claims": Share("录入的签收和异议", ReceiptClaim.shipment_id.in_(_SHIPMENTS)),
    "intakes": Share("退回的包裹到货时的登记", Intake.case_id.in_(_CASES), _without("user_id")),
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
        "照片的说明(照片在售后单的证据包里)",
        Evidence.owner_id == _PERSON,
        _without("key", "thumb_key", "thumb_sha256", "draft_id"),
    ),
    "audit_events": Share("账号安全记录", AuditEvent.user_id == _PERSON),
    "totp_factors": Share("两步验证", TotpFactor.user_id == _PERSON, _without("sealed", "last_step")),
    "recovery_codes": Share("恢复码(是否用过)", RecoveryCode.user_id == _PERSON, _without("code_hash")),
    "password_links": Share("重设密码的链接", PasswordLink.user_id == _PERSON, _without("token_hash")),
    "notices": Share("通知", Notice.user_id == _PERSON, _without("dedupe_key")),
    "cancellations": Share("撤销申请", Cancellation.user_id == _PERSON),
    "bank_consents": Share("对收款账户的同意", BankConsent.owner_id == _PERSON),
    "bank_accounts": Share("收款账户(只有后四位)", BankAccount.owner_id == _PERSON, _without("key_id", "sealed")),
    "bank_views": Share("谁看过收款账号", BankView.owner_id == _PERSON, _without("key", "user_id")),
    "feedback": Share("意见反馈", Feedback.user_id == _PERSON),
}


OTHERS: dict[str, str] = {
    "system_notes": "what the system knows of itself",
    "half_sign_ins": "random numbers, gone in minutes",
    "staff_invitations": "a shop's; who was invited reads them in 我的",
    "calendar_years": "public",
    "rule_versions": "public",
    "shops": "a company's",
    "policies": "a company's",
    "products": "a company's",
    "skus": "a company's",
    "return_addresses": "a company's address for goods",
    "payout_files": "a company's lists; what they pay is in money_entries",
    "import_headings": "a company's words for its columns",
    "import_jobs": "a company's files, removed after a while",
    "trace_files": "a company's files; what they say is in the traces",
    "order_links": "a distributor's trade",
    "case_links": "a distributor's trade",
    "customer_notes": "a shop's own, which hands them out itself (客户 → 导出)",
    "order_heads": "numbers of orders, which are there themselves",
    "case_heads": "numbers of cases, which are there themselves",
    "case_tallies": "numbers",
    "asking_slots": "numbers",
    "rate_counts": "numbers under hashes, gone in an hour",
    "bulk_runs": "what a shop's staff did with many cases; what came of it is in the histories",
    "bulk_items": "the cases of such a run",
    "held_steps": "steps of a shop's staff for some seconds; what came of them is in the histories",
    "saved_views": "a shop's lists by name",
    "form_keys": "random numbers, gone in days",
    "deliveries": "the sending of notices",
}


# What data.html says of a column; the others are in data.json alone.
LABELS: dict[str, str] = {
    "member_name": "会员名",
    "company_name": "公司",
    "created_at": "时间",
    "role": "角色",
    "device": "设备",
    "seen_at": "最近一次使用",
    "ended_at": "结束",
    "order_no": "订单号",
    "status_text": "订单状态",
    "ordered_at": "下单时间",
    "paid_at": "付款时间",
    "received_at": "收货时间",
    "goods_total_fen": "商品总价",
    "freight_fen": "运费",
    "paid_fen": "实付款",
    "refunded_fen": "已退款",
    "receiver_name": "收货人",
    "receiver_phone": "收货电话",
    "receiver_address": "收货地址",
    "carrier_text": "物流公司",
    "tracking_text": "运单号",
    "buyer_note": "买家留言",
    "title": "标题",
    "spec": "规格",
    "unit_price_fen": "单价",
    "quantity_milli": "数量",
    "unit": "单位",
    "snapshot": "交易快照",
    "case_no": "售后单号",
    "type": "类型",
    "state": "状态",
    "reason": "原因",
    "description": "说明",
    "basis": "依据",
    "opened_at": "申请时间",
    "updated_at": "更新时间",
    "return_address": "退货地址",
    "refund_fen": "申请金额",
    "wanted_spec": "换成",
    "received_milli": "收到",
    "accepted_milli": "通过",
    "shipped_milli": "发出",
    "inspection_note": "验货说明",
    "step": "步骤",
    "actor": "由谁",
    "at": "时间",
    "note": "说明",
    "amount_fen": "金额",
    "compensation_fen": "补偿",
    "made_at": "时间",
    "answered_at": "答复时间",
    "settled_at": "付清时间",
    "reference": "流水号",
    "carrier_name": "物流公司",
    "tracking_no": "运单号",
    "shipped_at": "寄出时间",
    "signed_at": "签收时间",
    "words": "内容",
    "status": "状态",
    "side": "一方",
    "phone_tail": "电话后四位",
    "expires_at": "有效期",
    "used_at": "使用时间",
    "fields": "填写的内容",
    "path": "页面",
    "kept_at": "时间",
    "taken_note": "拍摄信息",
    "sha256": "校验值",
    "body": "内容",
    "read_at": "阅读时间",
    "rows": "结果",
    "purpose": "目的",
    "answer": "答复",
    "withdrawn_at": "撤回时间",
    "last4": "后四位",
    "erased_at": "删除时间",
    "erase_after": "预计删除",
    "name": "姓名",
    "number": "回执号",
    "kind": "种类",
}
