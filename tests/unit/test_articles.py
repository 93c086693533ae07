"""依据: which article a reason rests on, for whom, and until when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.rights import articles, reasons
from portal.rights.goods import Verdict
from portal.rights.reasons import Fault, Ground


@pytest.mark.parametrize("reason", reasons.REASONS, ids=lambda reason: reason.id)
def test_each_reason_rests_on_what_it_is(reason: reasons.Reason) -> None:
    found = {consumer: articles.find_article(reason.id, consumer=consumer) for consumer in (True, False)}
    if reason.ground is Ground.NO_REASON:
        assert found == {True: "《消费者权益保护法》第二十五条", False: ""}  # in trade it is the shop's own promise
    elif reason.fault is Fault.SELLER and reason.ground in (Ground.QUALITY, Ground.SHIPPING):
        assert found == {True: "《消费者权益保护法》第二十四条", False: "《民法典》第五百八十二条、第六百一十七条"}
    else:
        assert found == {True: "", False: ""}


def test_the_last_day_is_named_and_an_agreement_rests_on_no_article() -> None:
    until = datetime(2026, 12, 1, 16, tzinfo=UTC)  # the end of 1 December in Beijing
    by_right = Verdict(True, "", until=until, basis="质量问题：收货后 15 天内")
    said = articles.state_basis(by_right, "damaged", consumer=True)
    assert said == "质量问题：收货后 15 天内；《消费者权益保护法》第二十四条；最后一天 12月1日 24:00"
    asked = Verdict(True, "", basis="协商，须由商家同意", negotiated=True)
    assert articles.state_basis(asked, "damaged", consumer=True) == "协商，须由商家同意"
    assert articles.find_article("no such reason", consumer=True) == ""
    assert len(articles.state_basis(Verdict(True, "", basis="长" * 400), "damaged", consumer=False)) == 300
