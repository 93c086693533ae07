"""Violations between shops and people: rows, words and numbers of somebody else's."""

from __future__ import annotations

from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import (
    Message,
    Order,
)
from portal.orders.claims import Claims
from tests.domain.doctor_world import World, find_case_no, find_order_no, linked, plant


@plant("parties")
def the_order_of_another_buyer(world: World) -> list[str]:
    world.run(
        "UPDATE orders SET buyer_id = :buyer WHERE id = :order",
        "UPDATE order_heads SET buyer_id = :buyer WHERE order_id = :order",
        buyer=world.cast.buyer2,
        order=world.order,
    )
    return [f"case {find_case_no(world.applied)}"]


@plant("parties")
def the_order_of_another_shop(world: World) -> list[str]:
    world.run(
        "UPDATE orders SET shop_id = :shop WHERE id = :order",
        "UPDATE order_heads SET shop_id = :shop WHERE order_id = :order",
        shop=world.cast.shop2,
        order=world.order,
    )
    return [f"case {find_case_no(world.applied)}"]


@plant("parties")
def the_line_of_another_order(world: World) -> list[str]:
    world.run(
        "UPDATE order_lines SET order_id = :other, line_key = 'moved' WHERE id = :line",
        other=world.other_order,
        line=world.line,
    )
    return [f"case {find_case_no(world.applied)}"]


@plant("policies")
def the_policy_of_another_shop(world: World) -> list[str]:
    world.run("UPDATE cases SET policy_id = :policy WHERE id = :case", policy=world.policy2, case=world.applied)
    return [f"case {find_case_no(world.applied)}"]


@plant("shops")
def a_message_of_another_shop(world: World) -> list[str]:
    world.run("UPDATE messages SET shop_id = :shop", shop=world.cast.shop2)
    messages = db.session.scalars(select(Message.id).order_by(Message.id)).all()
    return [f"messages {message}: its conversation_id is another shop's" for message in messages]


@plant("links")
def a_link_to_another_shop_than_its_case(world: World) -> list[str]:
    linked(world, (world.applied, world.confirming))
    world.run(
        "UPDATE case_links SET upstream_shop_id = :shop",
        "UPDATE shops SET owner_id = :buyer WHERE id = :own",  # so that nothing else is wrong with it
        shop=world.cast.shop2,
        buyer=world.cast.buyer,
        own=world.cast.shop,
    )
    return [f"case_links: what {world.applied} hangs on is not of the shop it names"]


@plant("known shops")
def an_order_shown_to_who_does_not_know_the_shop(world: World) -> list[str]:
    number = db.session.scalar(select(Order.order_no).where(Order.id == world.other_order))
    world.run("UPDATE known_shops SET accepted = 0")
    return [f"order {number} of shop {world.cast.shop} is shown to {world.cast.buyer}"]


@plant("known shops")
def an_order_hidden_from_who_knows_the_shop(world: World) -> list[str]:
    number = db.session.scalar(select(Order.order_no).where(Order.id == world.other_order))
    world.run("UPDATE orders SET shown = 0 WHERE id = :order", order=world.other_order)
    return [f"order {number} of shop {world.cast.shop} is hidden from {world.cast.buyer}"]


@plant("strangers")
def a_case_and_words_of_a_stranger(world: World) -> list[str]:
    world.run(
        "DELETE FROM known_shops",
        "UPDATE orders SET shown = 0 WHERE id IN (:order, :other)",
        order=world.order,
        other=world.other_order,
    )
    return [f"case {find_case_no(world.applied)}", f"conversation {world.conversation}"]


@plant("order numbers")
def a_number_of_two_shops_that_nobody_was_told_of(world: World) -> list[str]:
    number = db.session.scalar(select(Order.order_no).where(Order.id == world.other_order))
    world.run("UPDATE orders SET contested = 1 WHERE id = :order", order=world.other_order)
    return [f"order {number} of shop {world.cast.shop}"]


def _give_another_shop(world: World) -> list[str]:
    """The number of an order to an order of another shop's as well; what must be said of both."""
    number = find_order_no(world.other_order)
    world.cast.order(order_no=number, shop=world.cast.shop2, buyer=world.cast.buyer2)
    return [f"order {number} of shop {shop}" for shop in (world.cast.shop, world.cast.shop2)]


@plant("order numbers")
def a_number_of_two_shops_that_is_not_marked(world: World) -> list[str]:
    return _give_another_shop(world)


@plant("order numbers")
def a_marked_number_of_which_one_shop_was_told(world: World) -> list[str]:
    [_, other] = _give_another_shop(world)
    number = find_order_no(world.other_order)
    with writing():
        claims = Claims()
        claims.look_up([number])
        claims.settle([(number, world.cast.shop2)], world.cast.now)
    world.run("DELETE FROM notices WHERE kind = 'number_claimed' AND shop_id = :shop", shop=world.cast.shop2)
    return [other]
