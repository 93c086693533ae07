"""这件能换吗: says what the application says, for every reason, place and age; every reason has an example."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.flow import CaseType
from portal.rights import eligibility, examples, guide, reasons
from tests.unit.test_eligibility import NOW, POLICY, goods


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


def test_what_a_shop_does_not_do_is_not_in_its_examples() -> None:
    shown = dict(examples.list_examples(["exchange"], "buyer", ()))
    assert "7天无理由退货" not in shown
    assert "包换服务" not in shown
    damaged = next(each for each in shown["商品质量问题"] if each.reason == "破损")
    assert damaged.follows == "可以换货，运费由商家承担"
    special = next(each for each in shown["其他特殊原因"] if each.reason == "交通延误")
    assert special.follows == "可以换货，来回运费由买家承担"
    free = dict(examples.list_examples(list(CaseType), "seller", ("qtwlybt",)))
    assert "7天无理由退货" in free
    assert "须商家同意" in next(each for each in free["不属于换货范围"] if "不喜欢" in each.reason).follows
