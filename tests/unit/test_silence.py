"""有一方不处理会怎样: every deadline that the clock acts on in an exchange is told, as long as it is set."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal import flow
from portal.calendar import lengths
from portal.flow import CaseType
from portal.rights import rules, silence
from portal.rights.resale import STARTS

LATER = {"arrival_answer", "arrival_objection"}  # of a payment that is said not to have come
ONE_AFTER_ANOTHER = {"mediation_second", "mediation_rule"}  # what mediation_decision's sentence goes on with


def test_each_deadline_of_an_exchange_has_its_row() -> None:
    told = {rule for _, _, rule, _ in silence._ROWS}
    acted_on = {step.after for step in flow.STEPS if step.after and CaseType.EXCHANGE in step.types}
    assert acted_on - LATER - ONE_AFTER_ANOTHER == told


def test_rows_say_the_length_that_is_set(app: Flask) -> None:
    before = {each.what: each for each in silence.list_silences()}
    assert lengths.describe_deadline("seller_response") in before["审核申请"].within
    assert all(each.within and each.then and "{" not in each.within + each.then for each in before.values())
    lengths.set_deadlines({"seller_response": timedelta(hours=31), "buyer_confirm_slow": timedelta(days=41)})
    after = {each.what: each for each in silence.list_silences()}
    assert after["审核申请"].within == "31 小时" and "41 天" in after["确认收货"].within


@pytest.mark.parametrize("start", STARTS)
def test_the_first_version_says_the_terms_that_are_set(start: str) -> None:
    words = rules.write_first_version(start, 9, 21)
    assert "9 个工作日内提交" in words and "21 个工作日内办完" in words and f"至少 {rules.NOTICE.days} 日" in words
    assert "{" not in words and not set("(),:;?!") & set(words)
    assert ("不开始计算" in words) is (start == "received")
