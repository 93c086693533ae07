"""Who leaves a shop keeps nothing of it: no notices, no number on a tab, no yes to what they weren't asked."""

from __future__ import annotations

import html
import itertools
import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cases import owners
from portal.cases.deadlines import lock_case
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Delivery, Invitation, Notice
from portal.people import accounts, invitations, staffing
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

WAYS = ("leave", "removed")


@pytest.mark.parametrize(("how", "role"), list(itertools.product(WAYS, ("agent", "warehouse", "finance"))))
def test_who_leaves_reads_nothing_of_the_shop_any_more(
    both: Flask, cast_both: Cast, now: Clock, how: str, role: str
) -> None:
    cast = cast_both
    cast.employ(cast.shop, "buyer2", role)
    own = cast.open_case(cast.order(buyer=cast.buyer2))  # what they buy there stays theirs
    case = cast.until("reshipping")
    with writing():
        line = "客户李雯很急"
        owners.hand_over(lock_case(case.id), cast.seller, by=cast.by(Actor.SELLER), words=line, now=now.at)
        if role == "agent":
            owners.hand_over(lock_case(case.id), cast.buyer2, by=cast.by(Actor.SELLER), words=line, now=now.at)
    case_no, own_no = case.case_no, own.case_no
    cast.take(own, "ask_evidence", Actor.SELLER, note="请补拍")
    client = sign_in(both, "buyer2")
    with writing():
        invitations.leave(cast.buyer2, now.at) if how == "leave" else staffing.remove_staff(cast.shop, cast.buyer2)
    page = html.unescape(client.get("/notices").text)
    db.session.rollback()
    assert case_no not in page and "李雯" not in page and own_no in page
    mine = db.session.scalars(select(Notice).where(Notice.user_id == cast.buyer2)).all()
    assert mine and not [each.href for each in mine if each.href.startswith("/seller")]
    unread = sum(each.read_at is None for each in mine)
    assert (
        re.search(rf">{unread}<", page)
        and not db.session.scalars(select(Delivery.id).where(Delivery.notice_id.not_in(select(Notice.id)))).all()
    )
    kept = db.session.scalars(select(Notice.id).where(Notice.user_id == cast.seller, Notice.case_id == case.id)).all()
    assert kept  # those who stay keep theirs


@pytest.mark.parametrize("other", ["finance", "warehouse"])
def test_a_yes_to_one_role_is_none_to_another(app: Flask, cast: Cast, now: Clock, other: str) -> None:
    with writing():
        invitations.invite(cast.shop, "buyer2", "agent", by=cast.seller, now=now.at)
    first = db.session.scalars(select(Invitation.id)).one()
    client = sign_in(app, "buyer2")
    db.session.rollback()
    with writing():
        invitations.invite(cast.shop, "buyer2", other, by=cast.seller, now=now.at)
        [asked] = invitations.invitations_of("buyer2", now.at)
        assert asked.id != first and asked.role == other
    with pytest.raises(accounts.AccountRefused, match="失效"), writing():
        invitations.answer_invitation(first, cast.buyer2, accepts=True, now=now.at)
    assert not staffing.is_staff_of(cast.buyer2, cast.shop)
    with writing():
        invitations.invite(cast.shop, "buyer2", other, by=cast.seller, now=now.at)  # the same again is the same
        assert [each.id for each in invitations.invitations_of("buyer2", now.at)] == [asked.id]
        invitations.answer_invitation(asked.id, cast.buyer2, accepts=True, now=now.at)
    assert staffing.is_staff_of(cast.buyer2, cast.shop) and post(client, "/seller/products", {}).status_code != 200


@pytest.mark.parametrize("role", ["warehouse", "finance"])
def test_a_role_without_money_keeps_no_notices_of_one_with_it(app: Flask, cast: Cast, now: Clock, role: str) -> None:
    cast.employ(cast.shop, "buyer2", "agent")
    case = cast.until("refunding", case_type=CaseType.REFUND_ONLY)
    told = select(Notice.id).where(Notice.user_id == cast.buyer2, Notice.case_id == case.id)
    assert db.session.scalars(told).all()
    client, case_no = sign_in(app, "buyer2"), case.case_no
    db.session.rollback()
    with writing():
        staffing.change_role(cast.shop, cast.buyer2, role)
    assert (case_no in client.get("/notices").text) == (role == "finance")
