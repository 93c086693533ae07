"""这件能换吗: says what the application says, for every reason, place and age; every reason has an example."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from portal.flow import CaseType
from portal.rights import asking, eligibility, examples, guide, policies, reasons
from portal.rights.goods import NAMES, Goods, Policy
from portal.rights.reasons import Ground, Payer
from tests.unit.eligibility_rows import NOW, POLICY, goods


def test_every_reason_has_an_example_of_its_own() -> None:
    assert set(examples.EXAMPLES) == {reason.id for reason in reasons.REASONS}
    assert len(set(examples.EXAMPLES.values())) == len(examples.EXAMPLES)


@pytest.mark.parametrize("status", ["unshipped", "in_transit", "completed"])
@pytest.mark.parametrize("age", [0, 12, 20, 200])
def test_the_answer_is_the_applications(status: str, age: int) -> None:
    at = NOW - timedelta(days=age) if status == "completed" else None
    bought = goods(status=status, received_at=at)
    for reason in eligibility.offered(bought, POLICY):
        found = guide.answer(bought, reason, NOW, POLICY)
        assert bool(found.ways) != bool(found.refusal), reason.id
        for kind, verdict in found.ways:
            asked = eligibility.consider(bought, kind, reason.id, NOW, POLICY, negotiated=verdict.negotiated)
            assert asked == verdict
            assert asked.allowed
        if found.refusal is not None:
            assert not found.refusal.allowed
            assert found.refusal.why
            for kind in CaseType:
                assert not eligibility.consider(bought, kind, reason.id, NOW, POLICY).allowed, (reason.id, kind)


def list_types() -> list[frozenset[CaseType]]:
    """Every choice of types that a shop can take."""
    every = [frozenset(each) for size in range(1, 5) for each in combinations(CaseType, size)]
    return [each for each in every if not policies.find_missing_way(each)]


@pytest.mark.parametrize(
    "promised", [(), ("qtwlybt",), ("psbj",), ("thbyf_s",), ("qtwlybt", "psbj", "thbyf_s")], ids=str
)
@pytest.mark.parametrize("types", list_types(), ids=lambda types: "+".join(sorted(types)))
def test_conditions_and_examples_say_what_an_application_would_be_told(
    types: frozenset[CaseType], promised: tuple[str, ...]
) -> None:
    """Type by type: 可以… is what is given by right, 来回运费由买家承担 is what the check page would say."""
    policy = Policy(types=types, guarantees=frozenset(promised), special_freight=Payer.BUYER)
    goods = Goods(status="delivered", bought_milli=1000, received_at=NOW)
    said = {each.reason: each.follows for _, rows in examples.list_examples(policy) for each in rows}
    for reason in reasons.REASONS:
        if reason.zh not in said or reason.ground is Ground.UNSHIPPED:
            continue
        by_right = [kind for kind in CaseType if eligibility.consider(goods, kind, reason.id, NOW, policy).allowed]
        told = said[reason.zh].partition("，")[0]
        if by_right:
            assert set(told.removeprefix("可以").split("或")) == {NAMES[kind] for kind in by_right}, reason.id
        else:
            assert told == "不能直接申请", reason.id
        if "运费" in said[reason.zh]:
            payer = asking.freight_payer(goods, reason, policy)
            assert ("由买家承担" in said[reason.zh], "由商家承担" in said[reason.zh]) == (
                payer is Payer.BUYER,
                payer is Payer.SELLER,
            )
    terms = "".join(examples.list_terms(policy))
    assert ("发错商品：可以换货或退货退款" in terms) == ({CaseType.EXCHANGE, CaseType.RETURN_REFUND} <= types)
    assert ("拍错商品：可以换货" in terms) == (CaseType.EXCHANGE in types)


def test_what_a_shop_does_not_do_is_not_in_its_examples() -> None:
    shown = dict(examples.list_examples(Policy(types=frozenset({CaseType.EXCHANGE}), special_freight=Payer.BUYER)))
    assert "7天无理由退货" not in shown
    assert not any("包换" in ground for ground in shown)
    for code, name in (("qtbh", "7天包换"), ("swtbh", "15天包换")):
        promising = dict(examples.list_examples(Policy(guarantees=frozenset({code}))))
        assert [each.reason for each in promising[name]] == [name], "the one that the shop promises"
    damaged = next(each for each in shown["商品质量问题"] if each.reason == "破损")
    assert damaged.follows == "可以换货，运费由商家承担"
    special = next(each for each in shown["其他特殊原因"] if each.reason == "交通延误")
    assert special.follows == "可以换货，来回运费由买家承担"
    free = dict(examples.list_examples(Policy(guarantees=frozenset({"qtwlybt"}), special_freight=Payer.SELLER)))
    assert "7天无理由退货" in free
    assert "须商家同意" in next(each for each in free["不属于换货范围"] if "不喜欢" in each.reason).follows
