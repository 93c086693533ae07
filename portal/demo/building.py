"""Builds a demo world: accounts, shops, orders and the stories of a scenario, in an empty database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from portal.demo.accounts import ACCOUNTS, APPROVAL_FEN, BUYERS, FINANCE, MEDIATORS, PASSWORD, SHOPS, open_shop
from portal.demo.orders import STATUSES, follow_parcel, make_order
from portal.demo.stories import SCENARIOS
from portal.demo.teller import Photos, Story, Teller
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.models import Order, Shop, Staff, User
from portal.orders import known_shops
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.people import accounts
from portal.rights import policies, resale
from portal.talk import conversations


def build(now: datetime, store: Store, orders_file: Path | None = None, scenario: str = "demo") -> None:
    """Fill an empty database with a scenario of SCENARIOS, or with the orders of an export. Raises KeyError."""
    told = SCENARIOS[scenario]
    with writing():
        secret = accounts.hash_password(PASSWORD)
        for name, company in ACCOUNTS:
            user = accounts.create_user(
                name, now=now, company_name=company, mediator=name in MEDIATORS, operator=name == "operator"
            )
            user.password_hash = secret
            if name in SHOPS:
                open_shop(accounts.create_shop(user, SHOPS[name], now), now)
        shop = db.session.scalars(select(Shop).where(Shop.name == SHOPS["seller"])).one()
        shop.approval_fen = APPROVAL_FEN
        for user in db.session.scalars(select(User).where(User.member_name.in_((*FINANCE, "mediator")))):
            user.mediator = user.member_name == "mediator"
            if not user.mediator:
                db.session.add(Staff(user_id=user.id, shop_id=shop.id, role="finance"))
        buyers = db.session.scalars(select(User.id).where(User.member_name.in_(BUYERS)))
        known_shops.vouch({(user_id, shop.id) for user_id in buyers}, now)
    if orders_file is not None:
        with read(orders_file) as export:
            import_orders(export, now=now, vouched=True)
        with writing():
            for user in db.session.scalars(select(User).where(User.password_hash.is_(None))):
                user.password_hash = secret
            for shop in db.session.scalars(select(Shop)):
                if not policies.list_addresses(shop.id):
                    open_shop(shop, now)
    elif scenario != "empty":
        _invent(now, store, told)


def _invent(now: datetime, store: Store, told: Sequence[Story]) -> None:
    people = dict(db.session.execute(select(User.member_name, User.id)).all())
    shops = dict(db.session.execute(select(Shop.owner_id, Shop.id)).all())
    ours = shops[people["seller"]]
    number = 0
    with writing():
        for buyer, shop, many in (
            (people["buyer"], ours, 2),
            (people["buyer2"], ours, 1),
            (people["buyer"], shops[people["seller2"]], 1),
            (people["distributor"], ours, 1),
            (people["buyer2"], shops[people["distributor"]], 1),
        ):
            for status in STATUSES * many:
                number += 1
                make_order(buyer, shop, status, number, now).is_dropship = buyer == people["distributor"]
        for status in ("unshipped", "in_transit"):
            number += 1
            make_order(people["buyer"], shops[people["distributor"]], status, number, now, new_shop=True)
        first = db.session.scalars(
            select(Order).where(Order.shop_id == ours, Order.status == "completed").order_by(Order.id)
        ).first()
        if first is not None:
            talk = conversations.get_of_order(first, now)
            conversations.add_message(
                talk, "buyer", people["buyer"], "你好，这批袜子里有几双好像有色差", now=now - timedelta(hours=2)
            )
            conversations.add_message(
                talk, "seller", people["seller"], "您好，麻烦拍张照片，我们核对一下", now=now - timedelta(hours=1)
            )
    photos = Photos(store, now)
    for story in told:
        story(Teller(people["buyer"], people["seller"], ours, now, photos))
    follow_parcel(now)
    resale.promise_terms(now)
