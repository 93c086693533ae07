"""How many units of a case are on their way already and how many aren't, for its answer card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.cases.choices import say_units
from portal.flow import Actor, State

if TYPE_CHECKING:
    from portal.cases.view_facts import ViewFacts


def list_returning(view: ViewFacts) -> list[tuple[str, str]]:
    """Of goods that go back to several places: what is on its way, what can be sent now, what has to wait."""
    if view.case.state != State.RETURNING or not view.returns.places:
        return []
    returns = view.returns
    parts = (
        ("已寄出", returns.list_lines(sent=True)),
        (
            "还要寄回" if view.side is Actor.BUYER else "买家还要寄回",
            [line for each in returns.open for line in each.lines],
        ),
        ("等退货地址", [line for each in returns.waiting for line in each.lines]),
    )
    return [(what, say_units((line.quantity_milli, line.unit) for line in lines)) for what, lines in parts if lines]


def list_part_sent(view: ViewFacts) -> list[tuple[str, str]]:
    """Of a replacement that was sent in part: what was sent, and what the shop still owes."""
    if view.case.state != State.RESHIPPING or not any(line.shipped_milli for line in view.lines):
        return []
    left = "还要发出" if view.side is Actor.SELLER else "商家还要发出"
    parts = (
        ("已发出", [(line.shipped_milli, line.unit) for line in view.lines]),
        (left, [(line.accepted_milli - line.shipped_milli, line.unit) for line in view.lines]),
    )
    return [(what, say_units(each for each in units if each[0])) for what, units in parts]
