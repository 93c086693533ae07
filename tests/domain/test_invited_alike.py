"""An invitation to a shop reaches the member however their name was written, and nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.models import Invitation, Notice, User
from portal.people import accounts, invitations, staffing
from tests.cast import Cast


def invite(cast: Cast, name: str, role: str = "agent") -> None:
    with writing():
        invitations.invite(cast.shop, name, role, by=cast.seller, now=cast.now)


def asked(cast: Cast, name: str) -> list[int]:
    return [each.id for each in invitations.invitations_of(name, cast.now)]


@pytest.mark.parametrize("name", ["buyer", "Buyer", "BUYER", "bUyEr", "ＢＵＹＥＲ"])
def test_a_name_in_another_case_is_the_member_s(cast_both: Cast, name: str) -> None:
    cast = cast_both
    invite(cast, name)
    told = select(Notice.user_id).where(Notice.title.contains("邀请您加入店铺"))
    assert db.session.scalars(told).all() == [cast.buyer]
    [found] = asked(cast, "buyer")
    assert asked(cast, "buyer2") == []
    db.session.rollback()
    with writing(), pytest.raises(accounts.AccountRefused):
        invitations.answer_invitation(found, cast.buyer2, accepts=True, now=cast.now)
    with writing():
        invitations.answer_invitation(found, cast.buyer, accepts=True, now=cast.now)
    assert staffing.is_staff_of(cast.buyer, cast.shop)
    db.session.rollback()
    with pytest.raises(accounts.AccountRefused, match="已经是本店的员工"):
        invite(cast, name.swapcase())


def test_asked_again_in_another_case_it_is_one_invitation(cast_both: Cast) -> None:
    cast = cast_both
    for name, role in (("buyer", "agent"), ("BUYER", "finance"), ("nobody", "agent"), ("Nobody", "finance")):
        invite(cast, name, role)
    waiting = select(Invitation.member_name, Invitation.role).where(Invitation.answer == "")
    kept = db.session.execute(waiting.order_by(Invitation.id)).all()
    assert [tuple(each) for each in kept] == [("buyer", "finance"), ("nobody", "finance")]


def test_of_two_members_alike_the_exact_one_is_meant(cast_both: Cast) -> None:
    cast = cast_both
    with writing():  # two from before names were told apart by more than case
        db.session.execute(update(User).where(User.id == cast.buyer2).values(member_name="Buyer"))
    invite(cast, "Buyer")
    assert asked(cast, "buyer") == []
    [found] = asked(cast, "Buyer")
    db.session.rollback()
    with writing(), pytest.raises(accounts.AccountRefused):
        invitations.answer_invitation(found, cast.buyer, accepts=True, now=cast.now)
    invite(cast, "BUYER")  # nobody's: whose it is isn't known
    assert asked(cast, "buyer") == []
    assert asked(cast, "Buyer") == [found]
