"""Violations in what ties rows together: marks of what is unread, links, heads, owners."""

from __future__ import annotations

from tests.domain.doctor_world import World, find_case_no, find_order_no, linked, plant


@plant("unread")
def a_mark_too_many_for_the_buyer(world: World) -> list[str]:
    world.run("UPDATE conversations SET buyer_unread = buyer_unread + 1 WHERE id = :id", id=world.conversation)
    return [f"conversation {world.conversation}"]


@plant("unread")
def a_mark_lost_for_the_seller(world: World) -> list[str]:
    world.run("UPDATE conversations SET seller_unread = seller_unread + 1 WHERE id = :id", id=world.conversation)
    return [f"conversation {world.conversation}"]


@plant("chains")
def a_link_without_one_in_the_middle(world: World) -> list[str]:
    linked(world, (world.applied, world.confirming))
    return ["link 1: the shop below is not the buyer's above"]


@plant("chains")
def two_cases_that_hang_on_each_other(world: World) -> list[str]:
    linked(world, (world.applied, world.confirming), (world.confirming, world.applied))
    wrong = [f"link {number}: the shop below is not the buyer's above" for number in (1, 2)]
    return [*wrong, *(f"case {case}: hangs on itself" for case in (world.applied, world.confirming))]


@plant("heads")
def a_head_that_went(world: World) -> list[str]:
    world.run("DELETE FROM order_heads WHERE order_id = :order", order=world.order)
    return [f"order {find_order_no(world.order)}: has no head"]


@plant("heads")
def a_head_of_another_buyer(world: World) -> list[str]:
    world.run(
        "UPDATE case_heads SET buyer_id = :buyer WHERE case_id = :case", buyer=world.cast.buyer2, case=world.applied
    )
    return [f"case {find_case_no(world.applied)}: its head says something else"]


@plant("heads")
def a_head_in_another_shop(world: World) -> list[str]:
    world.run("UPDATE case_heads SET shop_id = :shop WHERE case_id = :case", shop=world.cast.shop2, case=world.applied)
    number = find_case_no(world.applied)
    return [f"case {number}: has no head", f"head of case {number}: there is no such case"]


@plant("heads")
def a_head_of_nothing(world: World) -> list[str]:
    world.run(
        "INSERT INTO order_heads (order_no, order_id, shop_id, buyer_id) VALUES ('77', 77, :shop, :buyer)",
        shop=world.cast.shop,
        buyer=world.cast.buyer,
    )
    return ["head of order 77: there is no such order"]


@plant("desks")
def an_owner_without_a_desk(world: World) -> list[str]:
    world.run("UPDATE staff SET current = 0 WHERE user_id = :seller", seller=world.cast.seller)
    return [f"user {world.cast.seller}"]
