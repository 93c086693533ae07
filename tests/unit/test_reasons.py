"""The catalogue of reasons: whole, in the customer's words, and fair."""

from __future__ import annotations

import re

from portal import reasons
from portal.flow import CaseType
from portal.reasons import GROUND, REASONS, Effect, Fault, Ground, Payer


def test_the_grounds_and_reasons_carry_the_guides_words() -> None:
    shown = {GROUND[ground]: [reason.zh for reason in reasons.of_ground(ground)] for ground in Ground}

    assert shown == {
        "商品质量问题": ["破损", "色差", "尺寸不符", "其他质量问题"],
        "发货错误": ["发错商品", "漏发商品"],
        "下单错误": ["拍错商品", "数量过多"],
        "其他特殊原因": ["自然灾害", "交通延误", "其他"],
        "包换服务": ["包换服务"],
        "不属于换货范围": ["不喜欢/不满意", "认为有质量问题,但没有证据", "个人原因取消订单"],
    }


def test_ids_are_unique_and_fit_their_column() -> None:
    for table in (REASONS, reasons.REFUSALS, reasons.CONDITIONS):
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
    for reason in REASONS:
        assert reason.least_photos == (1 if reason.ground in (Ground.QUALITY, Ground.SHIPPING) else 0)
        assert reason.least_text == (10 if reason.ground is Ground.SPECIAL else 0)
        assert bool(reason.prompt and reason.ask) == (reason.ground is not Ground.NONE)
    size = reasons.reason("size")
    assert size and "尺子" in size.prompt and "实测" in size.ask


def test_where_reasons_lead() -> None:
    others = {reason.id: reason.leads_to for reason in REASONS if reason.leads_to is not CaseType.EXCHANGE}

    assert others == {
        "missing_item": CaseType.REISSUE,
        "over_qty": CaseType.RETURN_REFUND,
        "dislike": None,
        "no_evidence": None,
        "personal_cancel": None,
    }
    assert [reason.id for reason in REASONS if reason.hidden_defect] == ["defect"]


def test_looking_up() -> None:
    assert reasons.reason("colour") is REASONS[1]
    for look_up in (reasons.reason, reasons.refusal, reasons.condition, reasons.guarantee):
        assert look_up("") is None
    assert reasons.said("colour") == "商品质量问题 · 色差"
    assert reasons.said("promise") == "包换服务"
    assert reasons.said("dislike") == "不喜欢/不满意"
    assert reasons.said("of old") == "of old"


def test_what_a_seller_can_answer() -> None:
    insufficient = reasons.refusal("evidence_insufficient")
    assert insufficient and insufficient.zh == "举证不足" and not insufficient.needs_evidence
    assert not [refusal for refusal in reasons.REFUSALS if "签收" in refusal.zh]  # signing for a parcel accepts nothing
    assert [condition.zh for condition in reasons.CONDITIONS[:4]] == ["完好", "影响二次销售", "与申请不符", "少件"]
    assert [condition.id for condition in reasons.CONDITIONS if condition.good] == ["intact"]
    assert "not_received" in reasons.PROBLEMS


def test_guarantees() -> None:
    assert reasons.codes(" qtbh,thbyf_s,,of_old ") == {"qtbh", "thbyf_s"}
    assert reasons.codes("") == frozenset()
    longest = reasons.exchange_promise({"qtbh", "swtbh", "qtwlybt", "of_old"})
    assert longest and (longest.name, longest.days) == ("15天包换", 15)
    assert reasons.exchange_promise({"qtwlybt", "psbj"}) is None
    returns = reasons.guarantee("qtwlybt")
    assert returns and returns.effect is Effect.RETURN_REFUND  # a right to return, not to exchange


def test_quick_phrases() -> None:
    assert reasons.BUYER_PHRASES == ("调换商品", "少发了", "发错了", "有破损", "什么时候发货")
    assert len(set(reasons.SELLER_PHRASES)) == len(reasons.SELLER_PHRASES)
