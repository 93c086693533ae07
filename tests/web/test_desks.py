"""Working in another's shop: with the person's yes, left again, beside an own shop and a buyer's session."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.extensions import db, writing
from portal.models import Invitation, Reply, Shop, Staff, User
from portal.people import accounts, desks, invitations, staffing
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock


def employ(cast: Cast, user_id: int, *, role: str = "agent") -> None:
    """Somebody is invited to the seller's shop and says yes."""
    with writing():
        name = db.session.get_one(User, user_id).member_name
        invitations.invite(cast.shop, name, role, by=cast.seller, now=cast.now)
        asked = db.session.scalars(select(Invitation.id).where(Invitation.answer == "")).one()
        invitations.answer_invitation(asked, user_id, accepts=True, now=cast.now)


def of(user_id: int) -> dict[str, tuple[str, bool]]:
    """The shops that somebody works in: as what, and whether it is the desk they see."""
    return {each.name: (each.role, each.current) for each in desks.list_desks(user_id)}


def test_whoever_works_for_another_opens_an_own_shop(cast_both: Cast) -> None:
    cast = cast_both
    employ(cast, cast.buyer)
    with writing():
        accounts.create_shop(db.session.get_one(User, cast.buyer), "自己的店", cast.now)
    assert of(cast.buyer) == {"自己的店": ("owner", False), "seller的店": ("agent", True)}
    db.session.rollback()
    with pytest.raises(accounts.AccountRefused, match="已经有店铺"), writing():
        accounts.create_shop(db.session.get_one(User, cast.buyer), "第二家", cast.now)
    assert not any(doctor.findings())


def test_whoever_has_a_shop_works_for_another(cast_both: Cast) -> None:
    cast = cast_both
    employ(cast, cast.seller2, role="warehouse")
    assert of(cast.seller2) == {"seller2的店": ("owner", True), "seller的店": ("warehouse", False)}
    assert staffing.is_staff_of(cast.seller2, cast.shop)
    assert staffing.is_staff_of(cast.seller2, cast.shop2)
    db.session.rollback()
    with writing():
        assert desks.choose_desk(cast.seller2, cast.shop)
        assert not desks.choose_desk(cast.seller2, 4_000_000)
    assert of(cast.seller2) == {"seller2的店": ("owner", False), "seller的店": ("warehouse", True)}
    db.session.rollback()
    with writing():
        invitations.leave(cast.seller2, cast.now)
    assert of(cast.seller2) == {"seller2的店": ("owner", True)}
    db.session.rollback()
    with pytest.raises(accounts.AccountRefused), writing():
        invitations.leave(cast.seller2, cast.now)  # nobody leaves their own
    assert not any(doctor.findings())


def test_the_account_page_switches_the_desk(app: Flask, cast: Cast) -> None:
    employ(cast, cast.seller2)
    browser = sign_in(app, "seller2")
    assert "seller2的店" in browser.get("/me").text
    shown = browser.get("/me/account").text
    assert "商家后台显示哪家店铺" in shown
    assert "离开店铺" in shown
    assert post(browser, "/me/desk", {"shop": str(cast.shop)}, at="/me/account").status_code == 303
    assert "seller的店" in browser.get("/me").text
    mine, theirs = cast.open_case(), cast.order(shop=cast.shop2)
    assert browser.get(f"/seller/cases/{mine.case_no}").status_code == 200
    assert browser.get(f"/seller/orders/{theirs.order_no}/contact").status_code == 404
    assert post(browser, "/me/desk", {"shop": "77"}, at="/me/account").status_code == 409
    assert post(browser, "/me/desk", {"shop": str(cast.shop2)}, at="/me/account").status_code == 303
    assert browser.get(f"/seller/cases/{mine.case_no}").status_code == 404
    assert browser.get(f"/seller/orders/{theirs.order_no}/contact").status_code == 200
    assert "商家后台显示哪家店铺" not in sign_in(app, "seller").get("/me/account").text


def test_an_employees_session_as_a_buyer_is_as_long_as_anybodys(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    employ(cast, cast.buyer)
    browser = sign_in(app, "buyer")
    assert browser.get("/seller").status_code == 200
    now.at = cast.now + timedelta(days=9)
    assert browser.get(f"/orders/{order.order_no}").status_code == 200
    assert browser.get("/seller").status_code == 303  # the desk asks for the password again


def test_nobody_works_in_a_shop_without_their_yes(app: Flask, cast: Cast) -> None:
    with writing():
        invitations.invite(cast.shop, "buyer", "agent", by=cast.seller, now=cast.now)
    browser = sign_in(app, "buyer")
    assert browser.get("/seller").status_code == 404
    assert db.session.scalars(select(Staff.user_id).where(Staff.shop_id == cast.shop)).all() == [cast.seller]
    assert db.session.scalar(select(Shop.id).where(Shop.owner_id == cast.buyer)) is None


def list_posts(app: Flask) -> list[str]:
    """An address of each form of the desk."""
    with app.test_request_context("/"):
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("seller.")]
        posted = [rule for rule in rules if "POST" in (rule.methods or ())]
        any_of = {rule.rule: re.sub(r"<any\(([a-z_]+)[^>]*>", r"\1", rule.rule) for rule in posted}
        return [re.sub(r"<int:[^>]*>", "1", re.sub(r"<(?!int)[^>]*>", "x", any_of[rule.rule])) for rule in posted]


@pytest.mark.parametrize("how", ["changed", "left"])
def test_what_was_typed_at_one_desk_goes_into_no_other_shop(app: Flask, cast: Cast, how: str) -> None:
    employ(cast, cast.seller2)
    browser = sign_in(app, "seller2")
    assert post(browser, "/me/desk", {"shop": str(cast.shop)}, at="/me/account").status_code == 303
    token = token_of(browser.get("/seller/replies"))
    if how == "changed":
        post(browser, "/me/desk", {"shop": str(cast.shop2)}, at="/me/account")
    else:
        with writing():
            staffing.remove_staff(cast.shop, cast.seller2)
    typed = {"name": "问候", "words": "这里是 seller 的店，您好", "csrf_token": token["csrf_token"]}
    answer = browser.post("/seller/replies", data=typed | {"form_key": token["form_key"]})
    assert answer.status_code == 403 and "另一家店铺" in answer.text and "seller2的店" in answer.text
    assert db.session.scalar(select(Reply.id).where(Reply.shop_id == cast.shop2)) is None
    db.session.rollback()
    posts = list_posts(app)
    assert len(posts) > 60
    for address in posts:
        said = browser.post(address, data=typed)
        assert (said.status_code, "另一家店铺" in said.text) == (403, True), address
    fresh = token_of(browser.get("/seller/replies"))
    assert browser.post("/seller/replies", data=typed | fresh).status_code in (200, 303, 422)
