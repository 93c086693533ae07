"""An application handed in again for a reason that gives a right is one by right, and told and decided as one."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask

from portal.applications import applications
from portal.cases import clock as case_clock
from portal.cases import refusing
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Case, OrderLine
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import photo

DESCRIPTION = "拆开才发现发错了，请看照片"


def hand_in_again(cast: Cast, case: Case, reason: str, photos: int = 1) -> Case:
    lines = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == case.order_id)).all()
    found = applications.judge_again(
        case, reason=reason, quantities=dict.fromkeys(lines, 2_000), photos=photos, description=DESCRIPTION
    )
    db.session.rollback()
    return cast.take(case, "modify", Actor.BUYER, reason=reason, description=DESCRIPTION, **found)


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
@pytest.mark.parametrize(
    ("reason", "days", "right"),
    [
        ("wrong_item", 2, True),
        ("damaged", 15, True),
        ("damaged", 16, False),
        ("defect", 16, True),
        ("defect", 31, False),
        ("dislike", 2, False),
    ],
)
def test_the_right_follows_the_reason(cast: Cast, case_type: CaseType, reason: str, days: int, right: bool) -> None:
    order = cast.order(
        received_at=cast.now - timedelta(days=days), ordered_at=cast.now - timedelta(days=60), milli=2_000
    )
    case = cast.open_case(order, reason="dislike", case_type=case_type, negotiated=True)
    case = hand_in_again(cast, case, reason)
    assert case.negotiated is not right
    assert case.freight_payer == ("seller" if right else "negotiated")
    judged = refusing.judge_reasons(case, cast.now, ["over_window", "man_made"])
    assert bool(judged["over_window"]) == (right or days < 16)
    if reason == "wrong_item":
        assert judged["man_made"]  # goods that the shop mixed up
    assert case.due_at is not None
    case_clock.sweep(case.due_at + timedelta(minutes=1))
    state = db.session.get_one(Case, case.id, populate_existing=True).state
    assert state == ("returning" if right else "closed")


def test_what_was_by_right_stays_so(cast: Cast) -> None:
    case = cast.open_case(cast.order(milli=2_000))
    with pytest.raises(applications.NotEligible):
        hand_in_again(cast, case, "dislike")
    db.session.rollback()
    assert not hand_in_again(cast, db.session.get_one(Case, case.id), "colour").negotiated


def test_the_page_that_changes_it_does_so(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case(cast.order(milli=2_000), reason="dislike", negotiated=True)
    buyer = sign_in(app, "buyer")
    assert "协商须由商家同意" in buyer.get(f"/cases/{case.case_no}").text
    done = post(
        buyer,
        f"/cases/{case.case_no}/modify",
        {
            "reason": "wrong_item",
            "description": DESCRIPTION,
            "receiver_name": "李雯",
            "receiver_phone": "13425059650",
            "receiver_address": "四川省成都市武侯区一环路南二段8号",
            "photos": [(io.BytesIO(photo((64, 48))), "1.jpg")],
        },
        content_type="multipart/form-data",
    )
    assert done.status_code == 303, done.text
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "协商须由商家同意" not in page and "系统自动同意换货" in page
