"""The catalogue of reasons: whole, in the customer's words, and fair."""

from __future__ import annotations

import re

from portal.flow import CaseType
from portal.rights import conditions, examples, guarantees, phrases, reasons, refusal_words
from portal.rights.guarantees import Effect
from portal.rights.reasons import GROUND, REASONS, Fault, Ground, Payer, Place


def test_the_grounds_and_reasons_carry_the_guides_words() -> None:
    shown = {GROUND[ground]: [reason.zh for reason in reasons.of_ground(ground)] for ground in Ground}

    assert shown == {
        "还没有发货": ["未发货，不想要了", "未按约定时间发货", "商家缺货"],
        "没有收到商品": ["快递一直未送到", "已拒签"],
        "商品质量问题": ["破损", "色差", "尺寸不符", "其他质量问题", "三无、假冒或过期"],
        "发货错误": ["发错商品", "漏发商品", "空包裹"],
        "下单错误": ["拍错商品", "数量过多"],
        "其他特殊原因": ["自然灾害", "交通延误", "其他"],
        "7天/15天包换": ["7天/15天包换"],
        "7天无理由退货": ["7天无理由退货"],
        "不属于换货范围": ["不喜欢/不满意", "认为有质量问题，但没有证据", "个人原因取消订单"],
    }


def test_the_promise_to_exchange_is_called_by_what_goods_carry() -> None:
    """A general word for it stands nowhere; a promise of other days has to be named here too."""
    carried = [each.name for each in guarantees.GUARANTEES if each.effect is Effect.EXCHANGE]
    assert reasons.said("promise") == GROUND[Ground.PROMISE]
    assert reasons.said("promise").removesuffix("包换").split("/") == [name.removesuffix("包换") for name in carried]
    said = [*GROUND.values(), *(reason.zh for reason in REASONS), *examples.EXAMPLES.values()]
    assert not any("包换服务" in each for each in said)


def test_ids_are_unique_and_fit_their_column() -> None:
    for table in (REASONS, refusal_words.REFUSALS, conditions.CONDITIONS):
        ids = [each.id for each in table]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[a-z_]{3,24}", each) for each in ids)


def test_the_seller_pays_for_the_sellers_fault() -> None:
    for reason in REASONS:
        if reason.fault is Fault.SELLER:
            assert reason.freight_payer is Payer.SELLER
        elif reason.ground is Ground.ORDERING:
            assert reason.freight_payer is Payer.BUYER
        elif reason.ground is Ground.SPECIAL:
            assert reason.freight_payer is None


def test_what_each_reason_asks_for() -> None:
    shown = {reason.id for reason in REASONS if reason.ground in (Ground.QUALITY, Ground.SHIPPING)} | {
        "refused_delivery"
    }
    written = {reason.id for reason in REASONS if reason.ground is Ground.SPECIAL} | {"dislike", "personal_cancel"}
    for reason in REASONS:
        assert reason.least_photos == (1 if reason.id in shown else 0)
        assert reason.least_text == (10 if reason.id in written else 0)
        assert bool(reason.prompt and reason.ask) == bool(reason.types or reason.asks)
    size = reasons.reason("size")
    assert size and "尺子" in size.prompt and "量的是哪里" in size.ask and size.measures
    assert [reason.id for reason in REASONS if reason.measures] == ["size"]  # the two numbers have fields of their own


def test_where_reasons_lead() -> None:
    back, gone = ("exchange", "return_refund"), ("refund_only", "reissue")
    assert {reason.id: reason.types for reason in REASONS} == {
        "not_wanted": ("refund_only",),
        "late_ship": ("refund_only",),
        "out_of_stock": ("refund_only",),
        "not_delivered": gone,
        "refused_delivery": gone,
        "damaged": back,
        "colour": back,
        "size": back,
        "defect": back,
        "fake": ("return_refund",),
        "wrong_item": back,
        "missing_item": ("reissue", "refund_only"),
        "empty_parcel": gone,
        "wrong_order": ("exchange",),
        "over_qty": ("return_refund",),
        "disaster": ("exchange",),
        "delay": ("exchange",),
        "other": ("exchange",),
        "promise": ("exchange",),
        "seven_day": ("return_refund",),
        "dislike": (),
        "no_evidence": (),
        "personal_cancel": (),
    }
    assert [reason.id for reason in REASONS if reason.hidden_defect] == ["defect"]
    dislike = reasons.reason("dislike")
    assert dislike and dislike.leads_to is None and dislike.asks == back


def test_money_for_received_goods_that_stay_is_only_for_what_cannot_go_back() -> None:
    stay = {reason.id for reason in REASONS if CaseType.REFUND_ONLY in reason.types and Place.RECEIVED in reason.places}

    assert stay == {"missing_item", "empty_parcel", "not_delivered", "refused_delivery"}


def test_reasons_of_a_type() -> None:
    def found(case_type: CaseType, place: str = "received", *, negotiated: bool = False) -> set[str]:
        return {reason.id for reason in reasons.leading_to(case_type, place, negotiated=negotiated)}

    assert found(CaseType.REFUND_ONLY, "unshipped") == {"not_wanted", "late_ship", "out_of_stock"}
    assert "damaged" in found(CaseType.REISSUE) and "colour" not in found(CaseType.REISSUE)
    assert "dislike" not in found(CaseType.EXCHANGE) and "dislike" in found(CaseType.EXCHANGE, negotiated=True)
    assert {"over_qty", "seven_day", "damaged", "other"} <= found(CaseType.RETURN_REFUND)


def test_looking_up() -> None:
    assert reasons.reason("colour") is REASONS[6]
    for look_up in (reasons.reason, refusal_words.refusal, conditions.condition, guarantees.guarantee):
        assert look_up("") is None
    assert reasons.said("colour") == "商品质量问题 · 色差"
    assert reasons.said("promise") == "7天/15天包换"
    assert reasons.said("dislike") == "不喜欢/不满意"
    assert reasons.said("of old") == "of old"


def test_what_a_seller_can_answer() -> None:
    insufficient = refusal_words.refusal("evidence_insufficient")
    assert insufficient and insufficient.zh == "举证不足" and not insufficient.needs_evidence
    assert not [
        refusal for refusal in refusal_words.REFUSALS if "签收" in refusal.zh
    ]  # signing for a parcel accepts nothing
    assert [condition.zh for condition in conditions.CONDITIONS[:4]] == ["完好", "影响二次销售", "与申请不符", "少件"]
    assert [condition.id for condition in conditions.CONDITIONS if condition.good] == ["intact"]
    assert "not_received" in conditions.PROBLEMS


def test_guarantees() -> None:
    assert guarantees.codes(" qtbh,thbyf_s,,of_old ") == {"qtbh", "thbyf_s"}
    assert guarantees.codes("") == frozenset()
    longest = guarantees.exchange_promise({"qtbh", "swtbh", "qtwlybt", "of_old"})
    assert longest and (longest.name, longest.days) == ("15天包换", 15)
    assert guarantees.exchange_promise({"qtwlybt", "psbj"}) is None
    returns = guarantees.guarantee("qtwlybt")
    assert returns and returns.effect is Effect.RETURN_REFUND  # a right to return, not to exchange


def test_quick_phrases() -> None:
    assert phrases.BUYER_PHRASES == ("调换商品", "少发了", "发错了", "有破损", "什么时候发货")
    assert len(set(phrases.SELLER_PHRASES)) == len(phrases.SELLER_PHRASES)
