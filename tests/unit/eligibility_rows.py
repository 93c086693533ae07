"""What an order's goods may be exchanged for: the rows of the truth table, their dates worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from portal.flow import CaseType
from portal.rights.goods import BEIJING, Evidence, Goods, Policy, Route
from portal.rights.reasons import Payer


def beijing(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=BEIJING).astimezone(UTC)


NOW = beijing(11, 23, 12)
RECEIVED = beijing(11, 22, 10)
GOODS = Goods("completed", bought_milli=10_000, received_at=RECEIVED, title="纯棉T恤", product_no="TX-01")
ENOUGH = Evidence(asked_milli=2_000, photos=1, text=20)
POLICY = Policy()

END_15 = beijing(12, 8)  # the window: the 15th day after 11-22 is 12-07, to its 24:00
END_30 = beijing(12, 23)
END_7 = beijing(11, 30)
SHOP_15 = "店铺的换货期为收到商品后 15 天"
HIDDEN_30 = "使用中才发现的质量问题，换货期为收到商品后 30 天"
NOT_RECORDED = "收货时间还没有记录，所以还没有开始计算"
SHOP_30 = "店铺的换货期为收到商品后 30 天"
PROMISE_7 = "7天包换为收到商品后 7 天"
PROMISE_15 = "15天包换为收到商品后 15 天"
BY_29TH, BY_7TH, BY_22ND = (f"请在 {day} 24:00 前提交" for day in ("11月29日", "12月7日", "12月22日"))
S, B, N = Payer.SELLER, Payer.BUYER, Payer.NEGOTIATED
PAYS = {S: "运费由商家承担", B: "来回运费由您承担", N: "运费由您与商家协商"}
PAYS_BACK = {S: "运费由商家承担", B: "运费由您承担", N: "运费由您与商家协商"}
NAMES = {
    "not_wanted": ("还没有发货", "未发货，不想要了"),
    "late_ship": ("还没有发货", "未按约定时间发货"),
    "out_of_stock": ("还没有发货", "商家缺货"),
    "not_delivered": ("没有收到商品", "快递一直未送到"),
    "refused_delivery": ("没有收到商品", "已拒签"),
    "fake": ("商品质量问题", "三无、假冒或过期"),
    "empty_parcel": ("发货错误", "空包裹"),
    "over_qty": ("下单错误", "数量过多"),
    "seven_day": ("", "7天无理由退货"),
    "dislike": ("", "不喜欢/不满意"),
    "personal_cancel": ("", "个人原因取消订单"),
    "damaged": ("商品质量问题", "破损"),
    "colour": ("商品质量问题", "色差"),
    "size": ("商品质量问题", "尺寸不符"),
    "defect": ("商品质量问题", "其他质量问题"),
    "wrong_item": ("发货错误", "发错商品"),
    "missing_item": ("发货错误", "漏发商品"),
    "wrong_order": ("下单错误", "拍错商品"),
    "disaster": ("其他特殊原因", "自然灾害"),
    "delay": ("其他特殊原因", "交通延误"),
    "other": ("其他特殊原因", "其他"),
    "promise": ("", "7天/15天包换"),
}


def goods(**changes: Any) -> Goods:
    return replace(GOODS, **changes)


def policy(**changes: Any) -> Policy:
    return replace(POLICY, **changes)


def evidence(**changes: int) -> Evidence:
    return replace(ENOUGH, **changes)


class Row(NamedTuple):
    """One row: what is asked, and every part of the answer."""

    name: str
    reason: str
    allowed: bool
    why: str
    routes: tuple[Route, ...] = ()
    payer: Payer | None = None
    until: datetime | None = None
    basis: str = ""
    field: str = ""
    goods: Goods = GOODS
    evidence: Evidence = ENOUGH
    policy: Policy = POLICY
    now: datetime = NOW
    case_type: str = CaseType.EXCHANGE
    asked: bool = False  # as 协商
    negotiated: bool = False


def yes(name: str, reason: str, rule: str, when: str, payer: Payer, until: datetime | None, **asked: Any) -> Row:
    ground, zh = NAMES[reason]
    own = rule.partition("为收到")[0] if reason == "promise" else ""  # 包换 by the name of the one that holds
    why = f"「{own or zh}」可以申请换货；{rule}，{when}；{PAYS[payer]}"
    basis = rule if own else f"{ground} · {zh}：{rule}"
    return Row(name, reason, True, why, (), payer, until, basis, "", **asked)


def no(
    name: str, reason: str, why: str, routes: tuple[Route, ...], basis: str, field: str = "reason", **asked: Any
) -> Row:
    return Row(name, reason, False, why, routes, None, asked.pop("until", None), basis, field, **asked)


def sent(name: str, reason: str, **asked: Any) -> Row:
    """A reissue that is allowed."""
    ground, zh = NAMES[reason]
    why = f"「{zh}」可以申请补发；{SHOP_15}，{BY_7TH}；商品不用寄回，由商家补发并承担运费"
    return Row(
        name,
        reason,
        True,
        why,
        (),
        Payer.SELLER,
        END_15,
        f"{ground} · {zh}：{SHOP_15}",
        "",
        case_type="reissue",
        **asked,
    )


def back(name: str, reason: str, rule: str, when: str, payer: Payer, until: datetime | None, **asked: Any) -> Row:
    """Goods go back and their money comes."""
    ground, zh = NAMES[reason]
    why = f"「{zh}」可以申请退货退款；{rule}，{when}；商品寄回、验货后退款，退回{PAYS_BACK[payer]}"
    basis = f"{ground} · {zh}：{rule}" if ground else f"{zh}：{rule}"
    return Row(name, reason, True, why, (), payer, until, basis, "", case_type="return_refund", **asked)


def paid(
    name: str, reason: str, rule: str, until: datetime | None = None, *, all_of_it: bool = False, **asked: Any
) -> Row:
    """Money comes and nothing goes back. ``rule`` with when it can be asked for."""
    ground, zh = NAMES[reason]
    what = "不用寄回商品，已付的运费按比例一起退" if all_of_it else "不用寄回商品，退货款"
    why = f"「{zh}」可以申请仅退款；{rule}；{what}"
    basis = f"{ground} · {zh}：{rule.rpartition('，')[0]}"
    return Row(name, reason, True, why, (), S, until, basis, "", case_type="refund_only", **asked)


def talked(name: str, reason: str, case_type: str, **asked: Any) -> Row:
    """No right to it, but the seller can be asked."""
    ground, zh = NAMES[reason]
    kind = {"exchange": "换货", "return_refund": "退货退款", "reissue": "补发", "refund_only": "仅退款"}[case_type]
    why = f"「{zh}」可以申请协商{kind}；须由商家同意，商家没有答复申请会关闭，不会自动同意；运费由您与商家协商"
    basis = f"{ground} · {zh}：协商，须由商家同意" if ground else f"{zh}：协商，须由商家同意"
    return Row(
        name, reason, True, why, (), N, None, basis, "", case_type=case_type, asked=True, negotiated=True, **asked
    )


TALK = (Route.CONTACT,)
NOT_BEGUN = f"{SHOP_15}，{NOT_RECORDED}"

UNPAID = ("订单还没有付款，不能申请换货", TALK, "订单未付款", "")
ASK = (Route.NEGOTIATE, Route.NEGOTIATE)
ONE = (Route.NEGOTIATE,)
UNSENT = (Route.CHOOSE_REASON, Route.CONTACT)
CANCELLED = ("订单已关闭，没有可以换的商品", TALK, "订单已取消", "")
REFUNDING = ("平台显示订单正在退款，退款期间不能申请换货", TALK, "订单退款中", "")
UNKNOWN = ("还不能确认订单是否已发货，暂时不能申请换货", TALK, "订单状态未确认", "")
DISLIKE = "商品与描述相符，只是不喜欢或不满意，不属于换货范围"
DISLIKE_BASIS = "不属于换货范围：不喜欢/不满意"
PERSONAL = "因个人原因取消订单，不属于换货范围"
PERSONAL_BASIS = "不属于换货范围：个人原因取消订单"
NOT_IN_POLICY = "按商家的换货政策，这件商品只在质量问题或发错时可以换货"
NOT_IN_POLICY_BASIS = "店铺换货政策：不支持换货的商品"
MISSING = "漏发的商品不用寄回，由商家补发，不需要申请换货"
SURPLUS = "多买的商品没有要换的规格，适合退货退款，不需要申请换货"
PHOTO = "请上传能看出问题的照片"
WORDS = "请至少填写 10 个字的换货原因描述"
USED_UP = "没有可换的数量了，已申请 10/10 件"
OVER_15 = f"{SHOP_15}，已于 12月7日 24:00 结束"
OVER_15_BASIS = f"{SHOP_15}，已结束"
EVIDENCE = (Route.ADD_EVIDENCE,)
QUANTITY = (Route.CHANGE_QUANTITY,)
LATE = beijing(12, 8)
FREE = frozenset({"thbyf_s"})
LINED = frozenset({"qtbh"})
WAITING = goods(status="unshipped", received_at=None)
SIGNED = goods(status="delivered")
UNDERWAY = goods(status="in_transit", received_at=None)
BOTH = frozenset({"qtbh", "qtwlybt"})

AFTER_15 = "店铺的售后期为收到商品后 15 天"
AFTER_30 = "使用中才发现的质量问题，售后期为收到商品后 30 天"
NO_REASON_7 = "7天无理由退货为收到商品后 7 天"
SEVEN = frozenset({"qtwlybt"})
BARE = Evidence(asked_milli=2_000)
RETURNS = frozenset({CaseType.RETURN_REFUND, CaseType.REISSUE})
EXCHANGES = frozenset({CaseType.EXCHANGE, CaseType.REISSUE})

ROWS = [
    # The grounds, with enough evidence, in time.
    yes("damaged", "damaged", SHOP_15, BY_7TH, S, END_15),
    yes("colour", "colour", SHOP_15, BY_7TH, S, END_15),
    yes("size", "size", SHOP_15, BY_7TH, S, END_15),
    yes("defect", "defect", HIDDEN_30, BY_22ND, S, END_30),
    yes("wrong item", "wrong_item", SHOP_15, BY_7TH, S, END_15),
    yes("wrong order", "wrong_order", SHOP_15, BY_7TH, B, END_15),
    yes("disaster", "disaster", SHOP_15, BY_7TH, N, END_15),
    yes("delay", "delay", SHOP_15, BY_7TH, N, END_15),
    yes("other", "other", SHOP_15, BY_7TH, N, END_15),
    no("missing item", "missing_item", MISSING, (Route.REISSUE, Route.REFUND_ONLY), "发货错误 · 漏发商品：不属于换货"),
    no("too many", "over_qty", SURPLUS, (Route.RETURN_REFUND,), "下单错误 · 数量过多：不属于换货"),
    no(
        "too many, 无理由",
        "over_qty",
        SURPLUS,
        (Route.RETURN_REFUND, Route.SEVEN_DAY),
        "下单错误 · 数量过多：不属于换货",
        goods=goods(guarantees=BOTH),
    ),
    # The non-grounds.
    no("dislike", "dislike", DISLIKE, ASK, DISLIKE_BASIS),
    no("dislike, with photos", "dislike", DISLIKE, ASK, DISLIKE_BASIS, evidence=evidence(photos=9, text=500)),
    no(
        "dislike, 无理由",
        "dislike",
        DISLIKE,
        (Route.SEVEN_DAY, *ASK),
        DISLIKE_BASIS,
        goods=goods(guarantees=frozenset({"qtwlybt"})),
    ),
    no(
        "dislike, 无理由 by the shop",
        "dislike",
        DISLIKE,
        (Route.SEVEN_DAY, *ASK),
        DISLIKE_BASIS,
        policy=policy(guarantees=frozenset({"qtwlybt"})),
    ),
    no(
        "dislike, 无理由 on its last day",
        "dislike",
        DISLIKE,
        (Route.SEVEN_DAY, *ASK),
        DISLIKE_BASIS,
        goods=goods(guarantees=frozenset({"qtwlybt"})),
        now=END_7 - timedelta(seconds=1),
    ),
    no(
        "dislike, 无理由 over",
        "dislike",
        DISLIKE,
        ASK,
        DISLIKE_BASIS,
        goods=goods(guarantees=frozenset({"qtwlybt"})),
        now=END_7,
    ),
    no(
        "dislike, 无理由 not begun",
        "dislike",
        DISLIKE,
        (Route.SEVEN_DAY, *ASK),
        DISLIKE_BASIS,
        goods=goods(guarantees=frozenset({"qtwlybt"}), received_at=None),
    ),
    no("dislike, 包换", "dislike", DISLIKE, (Route.PROMISE, *ASK), DISLIKE_BASIS, goods=goods(guarantees=LINED)),
    no("dislike, 包换 over", "dislike", DISLIKE, ASK, DISLIKE_BASIS, goods=goods(guarantees=LINED), now=END_7),
    no(
        "dislike, both",
        "dislike",
        DISLIKE,
        (Route.PROMISE, Route.SEVEN_DAY, *ASK),
        DISLIKE_BASIS,
        goods=goods(guarantees=BOTH),
    ),
    no(
        "no evidence",
        "no_evidence",
        "没有证据的质量问题，不属于换货范围",
        (Route.ADD_EVIDENCE, Route.CONTACT),
        "不属于换货范围：认为有质量问题，但没有证据",
    ),
    no("personal", "personal_cancel", PERSONAL, ONE, PERSONAL_BASIS),
    no(
        "personal, 无理由",
        "personal_cancel",
        PERSONAL,
        (Route.SEVEN_DAY, *ONE),
        PERSONAL_BASIS,
        goods=goods(guarantees=BOTH),
    ),
    # No reason, or one that doesn't exist.
    no("no reason", "", "请选择换货原因", (Route.CHOOSE_REASON,), "未选择原因"),
    no("unknown reason", "gift", "请选择换货原因", (Route.CHOOSE_REASON,), "未选择原因"),
    no("包换 that nobody promised", "promise", "这件商品没有7天/15天包换", (Route.CHOOSE_REASON,), "没有包换承诺"),
    # The order's state. What isn't shipped is cancelled, never exchanged.
    no("unpaid", "damaged", *UNPAID, goods=goods(status="unpaid")),
    no("unpaid, though received", "damaged", *UNPAID, goods=goods(status="unpaid", received_at=RECEIVED)),
    no("unshipped", "damaged", "订单还没有发货，不能以「破损」申请", UNSENT, "订单未发货", goods=WAITING),
    no(
        "unshipped, personal",
        "personal_cancel",
        "订单还没有发货，不能以「个人原因取消订单」申请",
        UNSENT,
        "订单未发货",
        goods=WAITING,
    ),
    no(
        "unshipped, asked",
        "dislike",
        "订单还没有发货，不能以「不喜欢/不满意」申请",
        UNSENT,
        "订单未发货",
        goods=WAITING,
        asked=True,
    ),
    no("cancelled", "damaged", *CANCELLED, goods=goods(status="cancelled")),
    no("refunding", "damaged", *REFUNDING, goods=goods(status="refunding")),
    no("unknown", "damaged", *UNKNOWN, goods=goods(status="unknown", received_at=None)),
    no("a word we don't know", "damaged", *UNKNOWN, goods=goods(status="等待中", received_at=None)),
    yes("unknown, but received", "damaged", SHOP_15, BY_7TH, S, END_15, goods=goods(status="unknown")),
    yes("on its way", "damaged", SHOP_15, "还没有开始计算，提交申请即表示您已收到商品", S, None, goods=UNDERWAY),
    yes("delivered", "damaged", SHOP_15, BY_7TH, S, END_15, goods=goods(status="delivered")),
    yes(
        "delivered, nobody knows when",
        "damaged",
        SHOP_15,
        NOT_RECORDED,
        S,
        None,
        goods=goods(status="delivered", received_at=None),
    ),
    yes(
        "completed long ago, nobody knows when",
        "wrong_order",
        SHOP_15,
        NOT_RECORDED,
        B,
        None,
        goods=goods(received_at=None),
        now=beijing(6, 1, year=2027),
    ),
    # What is left.
    no("nothing left", "damaged", USED_UP, TALK, "数量已用完", "", goods=goods(claimed_milli=10_000)),
    no(
        "nothing left, a case is open",
        "damaged",
        USED_UP,
        (Route.OPEN_CASE,),
        "数量已用完",
        "",
        goods=goods(claimed_milli=10_000, open_case="HH26112300000001"),
    ),
    no("nothing left, disliked", "dislike", USED_UP, TALK, "数量已用完", "", goods=goods(claimed_milli=10_000)),
    no(
        "nothing bought",
        "damaged",
        "没有可换的数量了，已申请 0/0 件",
        TALK,
        "数量已用完",
        "",
        goods=goods(bought_milli=0),
    ),
    yes(
        "some left, a case is open",
        "damaged",
        SHOP_15,
        BY_7TH,
        S,
        END_15,
        goods=goods(claimed_milli=8_000, open_case="HH26112300000001"),
    ),
    no(
        "one too many",
        "damaged",
        "最多可申请 2 件，请修改换货数量",
        QUANTITY,
        "数量",
        "quantity",
        goods=goods(claimed_milli=8_000),
        evidence=evidence(asked_milli=3_000),
    ),
    no(
        "none asked for",
        "damaged",
        "最多可申请 10 件，请修改换货数量",
        QUANTITY,
        "数量",
        "quantity",
        evidence=evidence(asked_milli=0),
    ),
    no(
        "fewer than none",
        "damaged",
        "最多可申请 10 件，请修改换货数量",
        QUANTITY,
        "数量",
        "quantity",
        evidence=evidence(asked_milli=-1_000),
    ),
    no(
        "one and a half pieces",
        "damaged",
        "最多可申请 10 件，须为整数，请修改换货数量",
        QUANTITY,
        "数量",
        "quantity",
        evidence=evidence(asked_milli=1_500),
    ),
    yes(
        "one and a half metres",
        "damaged",
        SHOP_15,
        BY_7TH,
        S,
        END_15,
        goods=goods(unit="米"),
        evidence=evidence(asked_milli=1_500),
    ),
    no(
        "too many metres",
        "damaged",
        "最多可申请 2.5 米，请修改换货数量",
        QUANTITY,
        "数量",
        "quantity",
        goods=goods(unit="米", bought_milli=2_500),
        evidence=evidence(asked_milli=2_501),
    ),
    # Evidence.
    no("damaged without a photo", "damaged", PHOTO, EVIDENCE, "没有凭证", "photos", evidence=evidence(photos=0)),
    no("colour without a photo", "colour", PHOTO, EVIDENCE, "没有凭证", "photos", evidence=evidence(photos=0)),
    no("size without a photo", "size", PHOTO, EVIDENCE, "没有凭证", "photos", evidence=evidence(photos=0)),
    no("defect without a photo", "defect", PHOTO, EVIDENCE, "没有凭证", "photos", evidence=evidence(photos=0)),
    no("wrong item without a photo", "wrong_item", PHOTO, EVIDENCE, "没有凭证", "photos", evidence=evidence(photos=0)),
    no("ten photos", "damaged", "最多 9 张照片，请删减", EVIDENCE, "照片过多", "photos", evidence=evidence(photos=10)),
    yes("nine photos", "damaged", SHOP_15, BY_7TH, S, END_15, evidence=evidence(photos=9)),
    yes("a quality claim without words", "colour", SHOP_15, BY_7TH, S, END_15, evidence=evidence(text=0)),
    yes(
        "wrong order with nothing to show",
        "wrong_order",
        SHOP_15,
        BY_7TH,
        B,
        END_15,
        evidence=evidence(photos=0, text=0),
    ),
    yes("disaster in ten characters", "disaster", SHOP_15, BY_7TH, N, END_15, evidence=evidence(photos=0, text=10)),
    no(
        "disaster in nine characters", "disaster", WORDS, EVIDENCE, "描述过短", "description", evidence=evidence(text=9)
    ),
    no("delay without words", "delay", WORDS, EVIDENCE, "描述过短", "description", evidence=evidence(text=0)),
    no("other without words", "other", WORDS, EVIDENCE, "描述过短", "description", evidence=evidence(text=0, photos=9)),
    # The window, to the second.
    yes("the last second", "damaged", SHOP_15, BY_7TH, S, END_15, now=beijing(12, 7, 23, 59, 59)),
    no("too late by a second", "damaged", OVER_15, ASK, OVER_15_BASIS, until=END_15, now=LATE),
    no("too late for a wrong order", "wrong_order", OVER_15, ASK, OVER_15_BASIS, until=END_15, now=LATE),
    yes("a hidden defect is not late", "defect", HIDDEN_30, BY_22ND, S, END_30, now=beijing(12, 22, 23, 59, 59)),
    no(
        "a hidden defect is late",
        "defect",
        f"{HIDDEN_30}，已于 12月22日 24:00 结束",
        ASK,
        f"{HIDDEN_30}，已结束",
        until=END_30,
        now=beijing(12, 23),
    ),
    yes(
        "received a second before midnight",
        "damaged",
        SHOP_15,
        "请在 12月6日 24:00 前提交",
        S,
        beijing(12, 7),
        goods=goods(received_at=beijing(11, 21, 23, 59, 59)),
    ),
    yes("received at midnight", "damaged", SHOP_15, BY_7TH, S, END_15, goods=goods(received_at=beijing(11, 22))),
    yes(
        "into the next year",
        "damaged",
        SHOP_15,
        "请在 2027年1月4日 24:00 前提交",
        S,
        beijing(1, 5, year=2027),
        goods=goods(received_at=beijing(12, 20)),
        now=beijing(12, 21),
    ),
    yes("a longer policy", "damaged", SHOP_30, BY_22ND, S, END_30, policy=policy(window_days=30)),
    yes(
        "a window longer than for hidden defects",
        "defect",
        SHOP_30,
        BY_22ND,
        S,
        END_30,
        policy=policy(window_days=30, hidden_days=7),
    ),
    # Freight: by fault; the policy fills in only what is open.
    yes("special, the seller pays", "delay", SHOP_15, BY_7TH, S, END_15, policy=policy(special_freight=S)),
    yes("special, the buyer pays", "delay", SHOP_15, BY_7TH, B, END_15, policy=policy(special_freight=B)),
    yes(
        "the seller's fault, whatever the policy",
        "damaged",
        SHOP_15,
        BY_7TH,
        S,
        END_15,
        policy=policy(special_freight=B),
    ),
    yes(
        "wrong order, whatever the policy", "wrong_order", SHOP_15, BY_7TH, B, END_15, policy=policy(special_freight=S)
    ),
    yes("wrong order, 退货包运费", "wrong_order", SHOP_15, BY_7TH, S, END_15, goods=goods(guarantees=FREE)),
    yes("special, 退货包运费 by the shop", "other", SHOP_15, BY_7TH, S, END_15, policy=policy(guarantees=FREE)),
    # 包换.
    yes(
        "包换",
        "promise",
        PROMISE_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(guarantees=LINED),
        evidence=evidence(photos=0, text=0),
    ),
    yes("包换 by the shop", "promise", PROMISE_7, BY_29TH, B, END_7, policy=policy(guarantees=LINED)),
    yes(
        "the longer 包换",
        "promise",
        PROMISE_15,
        BY_7TH,
        B,
        END_15,
        goods=goods(guarantees=frozenset({"qtbh", "swtbh"})),
    ),
    no(
        "包换 over",
        "promise",
        f"{PROMISE_7}，已于 11月29日 24:00 结束",
        ASK,
        f"{PROMISE_7}，已结束",
        until=END_7,
        goods=goods(guarantees=LINED),
        now=END_7,
    ),
    yes(
        "包换 longer than the policy",
        "wrong_order",
        PROMISE_15,
        BY_7TH,
        B,
        END_15,
        goods=goods(guarantees=frozenset({"swtbh"})),
        policy=policy(window_days=7),
    ),
    yes("包换 not begun", "promise", PROMISE_7, NOT_RECORDED, B, None, goods=goods(guarantees=LINED, received_at=None)),
    # Goods the seller doesn't exchange: a fault of the seller's is exchanged all the same.
    no(
        "excluded product",
        "wrong_order",
        NOT_IN_POLICY,
        (Route.CHOOSE_REASON, *ASK),
        NOT_IN_POLICY_BASIS,
        goods=goods(exchangeable=False),
    ),
    no(
        "excluded number",
        "wrong_order",
        NOT_IN_POLICY,
        (Route.CHOOSE_REASON, *ASK),
        NOT_IN_POLICY_BASIS,
        policy=policy(excluded=("ｔｘ－01",)),
    ),
    no(
        "excluded word",
        "other",
        NOT_IN_POLICY,
        (Route.CHOOSE_REASON, *ASK),
        NOT_IN_POLICY_BASIS,
        policy=policy(excluded=("样衣", "t恤")),
    ),
    no(
        "excluded, 无理由",
        "wrong_order",
        NOT_IN_POLICY,
        (Route.CHOOSE_REASON, Route.SEVEN_DAY, *ASK),
        NOT_IN_POLICY_BASIS,
        goods=goods(exchangeable=False, guarantees=frozenset({"qtwlybt"})),
    ),
    yes("excluded, but damaged", "damaged", SHOP_15, BY_7TH, S, END_15, goods=goods(exchangeable=False)),
    yes(
        "a part of a number excludes nothing",
        "wrong_order",
        SHOP_15,
        BY_7TH,
        B,
        END_15,
        policy=policy(excluded=("TX", "", " ")),
    ),
    no(
        "包换 by the shop leaves out what is excluded",
        "promise",
        "这件商品没有7天/15天包换",
        (Route.CHOOSE_REASON,),
        "没有包换承诺",
        goods=goods(exchangeable=False),
        policy=policy(guarantees=LINED),
    ),
    yes(
        "包换 the goods were sold with holds",
        "promise",
        PROMISE_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(exchangeable=False, guarantees=LINED),
    ),
    no(
        "excluded, sold with 包换",
        "wrong_order",
        NOT_IN_POLICY,
        (Route.PROMISE, Route.CHOOSE_REASON, *ASK),
        NOT_IN_POLICY_BASIS,
        goods=goods(exchangeable=False, guarantees=LINED),
    ),
    # Other types than exchange.
    sent("missing", "missing_item"),
    sent("missing, half a metre", "missing_item", goods=goods(unit="米"), evidence=evidence(asked_milli=500)),
    sent("broken, promised", "damaged", goods=goods(guarantees=frozenset({"psbj"}))),
    sent("broken, promised by the shop", "damaged", policy=policy(guarantees=frozenset({"psbj"}))),
    no(
        "broken, not promised",
        "damaged",
        "「破损」没有补发的承诺，请申请换货或退货退款",
        (Route.EXCHANGE, Route.RETURN_REFUND),
        "商品质量问题 · 破损：没有补发承诺",
        case_type="reissue",
    ),
    no(
        "missing, without a photo",
        "missing_item",
        "请上传能看出问题的照片",
        (Route.ADD_EVIDENCE,),
        "没有凭证",
        "photos",
        case_type="reissue",
        evidence=evidence(photos=0),
    ),
    no(
        "missing, more than is left",
        "missing_item",
        "最多可申请 10 件，请修改补发数量",
        (Route.CHANGE_QUANTITY,),
        "数量",
        "quantity",
        case_type="reissue",
        evidence=evidence(asked_milli=11_000),
    ),
    # Money for goods that go back.
    back("damaged, the money", "damaged", AFTER_15, BY_7TH, S, END_15),
    back("colour, the money", "colour", AFTER_15, BY_7TH, S, END_15),
    back("size, the money", "size", AFTER_15, BY_7TH, S, END_15),
    back("defect, the money", "defect", AFTER_30, BY_22ND, S, END_30),
    back("fake", "fake", AFTER_15, BY_7TH, S, END_15),
    back("wrong item, the money", "wrong_item", AFTER_15, BY_7TH, S, END_15),
    back("too many, the money", "over_qty", AFTER_15, BY_7TH, B, END_15, evidence=evidence(photos=0, text=0)),
    back("too many, 退货包运费", "over_qty", AFTER_15, BY_7TH, S, END_15, goods=goods(guarantees=FREE)),
    back(
        "包换 lengthens no refund",
        "damaged",
        AFTER_15,
        BY_7TH,
        S,
        END_15,
        goods=goods(guarantees=frozenset({"swtbh"})),
        policy=policy(window_days=15),
    ),
    back(
        "damaged on its way, the money",
        "damaged",
        AFTER_15,
        "还没有开始计算，提交申请即表示您已收到商品",
        S,
        None,
        goods=UNDERWAY,
    ),
    no(
        "too many, excluded",
        "over_qty",
        NOT_IN_POLICY,
        (Route.CHOOSE_REASON, *ONE),
        NOT_IN_POLICY_BASIS,
        goods=goods(exchangeable=False),
        case_type="return_refund",
    ),
    no(
        "too many, too late",
        "over_qty",
        f"{AFTER_15}，已于 12月7日 24:00 结束",
        ONE,
        f"{AFTER_15}，已结束",
        until=END_15,
        now=LATE,
        case_type="return_refund",
    ),
    no(
        "wrong order, the money",
        "wrong_order",
        "「拍错商品」不能直接申请退货退款，请申请换货",
        (Route.EXCHANGE, Route.NEGOTIATE),
        "下单错误 · 拍错商品：不属于退货退款",
        case_type="return_refund",
    ),
    no(
        "fake, exchanged",
        "fake",
        "「三无、假冒或过期」不能直接申请换货，请申请退货退款",
        (Route.RETURN_REFUND,),
        "商品质量问题 · 三无、假冒或过期：不属于换货",
    ),
    no(
        "too many pieces sent back",
        "damaged",
        "最多可申请 10 件，请修改退货数量",
        QUANTITY,
        "数量",
        "quantity",
        evidence=evidence(asked_milli=11_000),
        case_type="return_refund",
    ),
    # 7天无理由: a return, to the end of the seventh day, wherever it was promised.
    back(
        "无理由",
        "seven_day",
        NO_REASON_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(guarantees=SEVEN),
        evidence=evidence(photos=0),
    ),
    back("无理由 by the shop", "seven_day", NO_REASON_7, BY_29TH, B, END_7, policy=policy(guarantees=SEVEN)),
    back("无理由, 退货包运费", "seven_day", NO_REASON_7, BY_29TH, S, END_7, goods=goods(guarantees=SEVEN | FREE)),
    back(
        "无理由 for what is excluded, sold with it",
        "seven_day",
        NO_REASON_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(guarantees=SEVEN, exchangeable=False),
    ),
    back(
        "无理由 can't be switched off",
        "seven_day",
        NO_REASON_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(guarantees=SEVEN),
        policy=policy(types=frozenset({CaseType.EXCHANGE, CaseType.REISSUE})),
    ),
    back(
        "无理由 in its last second",
        "seven_day",
        NO_REASON_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(guarantees=SEVEN),
        now=END_7 - timedelta(seconds=1),
    ),
    no(
        "无理由 over, by itself",
        "seven_day",
        f"{NO_REASON_7}，已于 11月29日 24:00 结束",
        ONE,
        f"{NO_REASON_7}，已结束",
        until=END_7,
        goods=goods(guarantees=SEVEN),
        now=END_7,
        case_type="return_refund",
    ),
    no(
        "无理由 not promised",
        "seven_day",
        "这件商品不支持7天无理由退货",
        (*ONE, Route.CHOOSE_REASON),
        "没有7天无理由退货",
        case_type="return_refund",
    ),
    no(
        "无理由 is no exchange",
        "seven_day",
        "「7天无理由退货」不能直接申请换货，请申请退货退款",
        (Route.RETURN_REFUND,),
        "7天无理由退货：不属于换货",
        goods=goods(guarantees=SEVEN),
    ),
    # Money for what was never sent.
    paid("not wanted", "not_wanted", "订单还没有发货，发货前都可以申请", goods=WAITING, all_of_it=True, evidence=BARE),
    paid("late", "late_ship", "订单还没有发货，发货前都可以申请", goods=WAITING, all_of_it=True, evidence=BARE),
    paid(
        "out of stock", "out_of_stock", "订单还没有发货，发货前都可以申请", goods=WAITING, all_of_it=True, evidence=BARE
    ),
    paid(
        "not wanted, though 仅退款 is off",
        "not_wanted",
        "订单还没有发货，发货前都可以申请",
        goods=WAITING,
        all_of_it=True,
        evidence=BARE,
        policy=policy(types=frozenset({CaseType.EXCHANGE, CaseType.REISSUE})),
    ),
    paid(
        "not wanted, though excluded",
        "not_wanted",
        "订单还没有发货，发货前都可以申请",
        all_of_it=True,
        evidence=BARE,
        goods=replace(WAITING, exchangeable=False),
    ),
    no(
        "not wanted, but sent",
        "not_wanted",
        "订单已经发货，不能按未发货退款",
        UNSENT,
        "订单已发货",
        goods=UNDERWAY,
        case_type="refund_only",
    ),
    no(
        "not wanted, but there",
        "not_wanted",
        "订单已经发货，不能按未发货退款",
        UNSENT,
        "订单已发货",
        case_type="refund_only",
    ),
    no(
        "not wanted, an exchange",
        "not_wanted",
        "「未发货，不想要了」不能直接申请换货，请申请仅退款",
        (Route.REFUND_ONLY,),
        "还没有发货 · 未发货，不想要了：不属于换货",
        goods=WAITING,
    ),
    no(
        "more than was ordered",
        "not_wanted",
        "最多可申请 10 件，请修改退款数量",
        QUANTITY,
        "数量",
        "quantity",
        goods=WAITING,
        evidence=evidence(asked_milli=11_000),
        case_type="refund_only",
    ),
    no(
        "all of it is asked for",
        "not_wanted",
        "没有可申请的数量了，已申请 10/10 件",
        TALK,
        "数量已用完",
        "",
        goods=replace(WAITING, claimed_milli=10_000),
        case_type="refund_only",
    ),
    # Money for what never came.
    paid("never came", "not_delivered", "商品还没有收到，收到前都可以申请", goods=UNDERWAY, evidence=BARE),
    paid("refused", "refused_delivery", "商品还没有收到，收到前都可以申请", goods=UNDERWAY),
    no(
        "refused, without a photo",
        "refused_delivery",
        PHOTO,
        EVIDENCE,
        "没有凭证",
        "photos",
        goods=UNDERWAY,
        evidence=BARE,
        case_type="refund_only",
    ),
    paid(
        "signed for by nobody knows whom", "not_delivered", f"{AFTER_15}，{BY_7TH}", END_15, goods=SIGNED, evidence=BARE
    ),
    no(
        "never came, but received",
        "not_delivered",
        "订单已确认收货，不能按没有收到商品申请",
        UNSENT,
        "订单已确认收货",
        case_type="refund_only",
    ),
    no(
        "never came, not sent",
        "not_delivered",
        "订单还没有发货，不能以「快递一直未送到」申请",
        UNSENT,
        "订单未发货",
        goods=WAITING,
        case_type="refund_only",
    ),
    no(
        "never came, an exchange",
        "not_delivered",
        "「快递一直未送到」不能直接申请换货，请申请仅退款或补发",
        (Route.REFUND_ONLY, Route.REISSUE),
        "没有收到商品 · 快递一直未送到：不属于换货",
        goods=UNDERWAY,
    ),
    paid("empty", "empty_parcel", f"{AFTER_15}，{BY_7TH}", END_15),
    no(
        "empty, without a photo",
        "empty_parcel",
        PHOTO,
        EVIDENCE,
        "没有凭证",
        "photos",
        evidence=BARE,
        case_type="refund_only",
    ),
    # Money for received goods that stay: only where nothing can go back.
    paid("missing, the money", "missing_item", f"{AFTER_15}，{BY_7TH}", END_15),
    no(
        "damaged, the money alone",
        "damaged",
        "「破损」不能直接申请仅退款，请申请换货或退货退款",
        (Route.EXCHANGE, Route.RETURN_REFUND),
        "商品质量问题 · 破损：不属于仅退款",
        case_type="refund_only",
    ),
    paid("fake, 三无包赔", "fake", f"{AFTER_15}，{BY_7TH}", END_15, goods=goods(guarantees=frozenset({"swbp"}))),
    no(
        "fake, the money alone",
        "fake",
        "「三无、假冒或过期」没有仅退款的承诺，请申请退货退款",
        (Route.RETURN_REFUND,),
        "商品质量问题 · 三无、假冒或过期：没有仅退款承诺",
        case_type="refund_only",
    ),
    no(
        "too many, the money alone",
        "over_qty",
        "「数量过多」不能直接申请仅退款，请申请退货退款",
        (Route.RETURN_REFUND,),
        "下单错误 · 数量过多：不属于仅退款",
        case_type="refund_only",
    ),
    no(
        "no such type",
        "damaged",
        "请选择希望怎么处理",
        (Route.CHOOSE_REASON,),
        "未选择处理方式",
        "type",
        case_type="gift",
    ),
    # 协商: where there is no right to it, and never instead of one.
    talked("dislike, asked", "dislike", "exchange"),
    talked("dislike, the money asked for", "dislike", "return_refund"),
    talked("other, the money asked for", "other", "return_refund"),
    talked("disaster, the money asked for", "disaster", "return_refund"),
    talked("too late, asked", "damaged", "exchange", now=LATE),
    talked("excluded, asked", "wrong_order", "exchange", goods=goods(exchangeable=False)),
    talked("wrong order, the money asked for", "wrong_order", "return_refund"),
    talked("personal, the money asked for", "personal_cancel", "return_refund"),
    no("personal, an exchange asked for", "personal_cancel", PERSONAL, ONE, PERSONAL_BASIS, asked=True),
    no(
        "no evidence, asked",
        "no_evidence",
        "没有证据的质量问题，不属于换货范围",
        (Route.ADD_EVIDENCE, Route.CONTACT),
        "不属于换货范围：认为有质量问题，但没有证据",
        asked=True,
    ),
    no(
        "dislike in nine characters",
        "dislike",
        WORDS,
        EVIDENCE,
        "描述过短",
        "description",
        asked=True,
        evidence=evidence(text=9),
    ),
    no(
        "too late, asked without a photo",
        "damaged",
        PHOTO,
        EVIDENCE,
        "没有凭证",
        "photos",
        asked=True,
        now=LATE,
        evidence=evidence(photos=0),
    ),
    yes("a right is not asked for", "damaged", SHOP_15, BY_7TH, S, END_15, asked=True),
    no(
        "damaged, the money alone asked for",
        "damaged",
        "「破损」不能直接申请仅退款，请申请换货或退货退款",
        (Route.EXCHANGE, Route.RETURN_REFUND),
        "商品质量问题 · 破损：不属于仅退款",
        case_type="refund_only",
        asked=True,
    ),
    no(
        "other, the money by right",
        "other",
        "「其他」不能直接申请退货退款，请申请换货",
        (Route.EXCHANGE, Route.NEGOTIATE),
        "其他特殊原因 · 其他：不属于退货退款",
        case_type="return_refund",
    ),
    # What a shop takes.
    no(
        "exchange is off",
        "damaged",
        "商家没有开通换货，请申请退货退款",
        (Route.RETURN_REFUND,),
        "店铺没有开通换货",
        policy=policy(types=RETURNS),
    ),
    back("exchange is off, the money", "damaged", AFTER_15, BY_7TH, S, END_15, policy=policy(types=RETURNS)),
    no(
        "returns are off",
        "damaged",
        "商家没有开通退货退款，请申请换货",
        (Route.EXCHANGE,),
        "店铺没有开通退货退款",
        policy=policy(types=EXCHANGES),
        case_type="return_refund",
    ),
    back("returns are off, but fake", "fake", AFTER_15, BY_7TH, S, END_15, policy=policy(types=EXCHANGES)),
    no(
        "returns are off, too many",
        "over_qty",
        "商家没有开通退货退款",
        ONE,
        "店铺没有开通退货退款",
        policy=policy(types=EXCHANGES),
        case_type="return_refund",
    ),
    sent(
        "reissue is off, but promised",
        "damaged",
        goods=goods(guarantees=frozenset({"psbj"})),
        policy=policy(types=frozenset({CaseType.EXCHANGE, CaseType.REFUND_ONLY})),
    ),
    yes(
        "exchange is off, but 包换",
        "promise",
        PROMISE_7,
        BY_29TH,
        B,
        END_7,
        goods=goods(guarantees=LINED),
        policy=policy(types=RETURNS),
    ),
]
