"""The morning: what is pressing today, each number with the list it counts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from flask import g

from portal.cases import failed, piles, since_yesterday
from portal.inputs import money_text
from portal.money import payment_lists
from portal.parcels import intake
from portal.people import roles
from portal.seller import listing
from portal.talk import unanswered

PRESSING = ("overdue", "soon", "today", "arrived")


class Figure(NamedTuple):
    """One number; ``bad``: nobody wants to see more than none of these."""

    words: str
    number: str
    address: str
    bad: bool = False


def count_to(number: int) -> str:
    """A number that was counted to a limit."""
    return f"{piles.SHOWN - 1}+" if number >= piles.SHOWN else str(number)


def collect(counts: Mapping[str, int]) -> list[Figure]:
    """What this person's role has to do with; ``counts``: the numbers on its tabs."""
    figures = [
        Figure(piles.TABS[tab].words, count_to(counts[tab]), f"/seller?tab={tab}", tab == "overdue" and counts[tab] > 0)
        for tab in PRESSING
        if tab in counts
    ]
    role, shop_id = g.who.role, g.who.shop_id
    if roles.may_open(role, "payouts"):
        number, fen = payment_lists.add_up_open(shop_id)["due"]
        figures.append(Figure("待付款", f"¥{money_text(fen)}" if number else "0", "/seller/payouts"))
    if roles.may_open(role, "contact"):
        waiting = unanswered.count_unanswered(shop_id, piles.SHOWN)
        figures.append(Figure("等待回复", count_to(waiting), "/seller/messages/waiting"))
    if roles.may_open(role, "send_back"):
        number = failed.count_kept(shop_id, piles.SHOWN)
        if number:
            figures.append(Figure("待退还买家", count_to(number), "/seller/send-backs"))
    if roles.may_open(role, "scan"):
        figures.append(
            Figure("无主件", count_to(intake.count_unidentified(shop_id, piles.SHOWN)), "/seller/unidentified")
        )
    return figures


def collect_changes(version: Hashable) -> list[Figure]:
    """What changed since yesterday, for who sees every case: a number and its list are of the same cases."""
    if listing.seen_states() is not None:
        return []
    return [
        Figure(
            change.words,
            str(change.number) if change.fen is None else f"{change.number}（¥{money_text(change.fen)}）",
            listing.Listing("every", change.filters).address,
        )
        for change in since_yesterday.count_changes(g.who.shop_id, g.now, version)
    ]
