"""The case, its lines, its events, the counters its tabs show, and the draft it begins as."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    false,
    insert,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.extensions import Model
from portal.flow import FINAL, WAITS_FOR, Actor, CaseType, State
from portal.models.freight import FREIGHT_HELD
from portal.models.keys import ShopRow, cut_head, cut_tail, index_inner, refer
from portal.models.mediations import Mediation

_STATES = ",".join(f"'{state}'" for state in State)
_FINAL = ",".join(f"'{state}'" for state in State if state in FINAL)
_TYPES = ",".join(f"'{kind}'" for kind in CaseType)
_OF_BUYER = ",".join(f"'{state}'" for state, actor in WAITS_FOR.items() if actor is Actor.BUYER)

# What partial indexes hold. A query uses such an index only when it says the same in the same words: text(OPEN).
OPEN = f"state NOT IN ({_FINAL})"
COMPLETED = "state = 'completed'"
_ELSE = ",".join(f"'{state}'" for state in State if state not in FINAL or state is State.COMPLETED)
CLOSED = f"state NOT IN ({_ELSE})"  # NOT IN, so that no database takes the index on states and sorts
WAITS_FOR_BUYER = f"state IN ({_OF_BUYER}) AND NOT problem_open AND NOT countered AND NOT escalated"
ASKS_BUYER = "(state = 'refund_failed' OR escalated)"  # where something may be asked of a buyer whose turn it isn't
MEDIATED = "escalated"
# Whose turn an open case is, in the desk's words, and what it is sorted by there; flow.waits_for says the same of one.
_OF_SHOP = ",".join(f"'{state}'" for state, actor in WAITS_FOR.items() if actor is Actor.SELLER)
PILE = (
    f"CASE WHEN state IN ({_FINAL}) THEN 'ended' WHEN escalated THEN 'platform' "
    "WHEN problem_open OR countered THEN 'shop' WHEN state = 'inspecting' AND arrived_at IS NULL THEN 'way' "
    f"WHEN state IN ({_OF_SHOP}) THEN 'shop' ELSE 'buyer' END"
)
DESK_AT = "CASE WHEN late THEN entered_at ELSE coalesce(due_at, entered_at) END"  # late ones before all others
FINISHING = f"finish_by IS NOT NULL AND overdue_at IS NULL AND {OPEN}"
BY_MEDIATOR, BY_SHOP = "actor = 'mediator'", "actor = 'seller'"


def _only(words: str) -> dict[str, Any]:
    return {"sqlite_where": text(words), "postgresql_where": text(words)}


class Case(ShopRow, Model):
    """An after-sales case (售后单). ``due_at`` is when the clock acts next, by the rule ``due_rule``."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("case_no", "shop_id"),
        refer("parent_id", "cases"),
        refer("order_id", "orders"),
        refer("policy_id", "policies"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(f"type IN ({_TYPES})", name="type"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint(f"due_at IS NOT NULL OR escalated OR state IN ({_FINAL})", name="due"),
        CheckConstraint("freight_payer IN ('buyer','seller','negotiated')", name="freight_payer"),
        CheckConstraint(
            "stage IN ('','evidence','deciding','overdue','unfulfilled') AND escalated = (stage <> '')", name="stage"
        ),
        CheckConstraint("refund_fen >= 0", name="refund"),
        CheckConstraint(FREIGHT_HELD, name="freight"),
        Index("ix_cases_queue", "shop_id", "state", "queue_at", "id"),
        Index("ix_cases_open", "shop_id", "desk_at", "id", **_only(OPEN)),
        Index("ix_cases_pile", "shop_id", "pile", "desk_at", "id", **_only(OPEN)),
        Index("ix_cases_pile_state", "shop_id", "pile", "state", "desk_at", "id", **_only(OPEN)),
        Index("ix_cases_no_tail", "shop_id", "no_tail", "id"),
        Index("ix_cases_phone_tail", "shop_id", "phone_tail", "id"),
        Index("ix_cases_receiver_head", "shop_id", "receiver_head", "id"),
        *index_inner("cases", "receiver_name", "shop_id"),
        Index("ix_cases_owner", "shop_id", "owner_id", "pile", "desk_at", "id", **_only(OPEN)),
        Index("ix_cases_opened", "shop_id", "opened_at", "id"),
        Index("ix_cases_completed", "shop_id", "updated_at", "id", **_only(COMPLETED)),
        Index("ix_cases_closed", "shop_id", "updated_at", "id", **_only(CLOSED)),
        Index("ix_cases_buyer", "buyer_id", "updated_at", "id"),
        Index("ix_cases_shop_buyer", "shop_id", "buyer_id", "updated_at"),
        Index("ix_cases_waits_for_buyer", "buyer_id", "due_at", "id", **_only(WAITS_FOR_BUYER)),
        Index("ix_cases_asks_buyer", "buyer_id", "due_at", "id", **_only(ASKS_BUYER)),
        Index("ix_cases_mediated", "stage", "queue_at", "id", **_only(MEDIATED)),
        Index("ix_cases_order_id", "order_id"),
        Index("ix_cases_parent_id", "parent_id", **_only("parent_id IS NOT NULL")),
        Index("ix_cases_finishing", "finish_by", **_only(FINISHING)),
        Index("ix_cases_provisional", "id", **_only("finish_provisional")),
        Index("ix_cases_due_at", "due_at", **_only("due_at IS NOT NULL")),
        Index("ix_cases_remind_at", "remind_at", **_only("remind_at IS NOT NULL")),
    )

    case_no: Mapped[str] = mapped_column(String(24))
    type: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    parent_id: Mapped[int | None]  # the case that this one came out of
    order_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    policy_id: Mapped[int]

    entered_at: Mapped[datetime]  # when the present state's clock started
    due_at: Mapped[datetime | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who of the shop looks after it
    tags: Mapped[str] = mapped_column(String(30), default="", server_default="")  # the shop's, " 加急 大客户 "
    # The order of the mediators' list: the deadline; without one, since when it stands: before all still to come.
    queue_at: Mapped[datetime] = mapped_column(Computed("coalesce(due_at, entered_at)", persisted=True))
    desk_at: Mapped[datetime] = mapped_column(Computed(DESK_AT))
    pile: Mapped[str] = mapped_column(String(10), Computed(PILE))
    due_rule: Mapped[str] = mapped_column(String(24), default="")
    remind_at: Mapped[datetime | None]
    late: Mapped[bool] = mapped_column(default=False)
    arrived_at: Mapped[datetime | None]  # inspecting: when all that comes back had been signed for, by the carriers
    paused_seconds: Mapped[int] = mapped_column(default=0)  # how long this state's clock stood still
    not_before: Mapped[datetime | None]  # this state's deadline falls no earlier
    escalated: Mapped[bool] = mapped_column(default=False)  # 平台介入 is open and the state's clock stands still
    # Of the mediation, flow.Stage; the rest of it is a Mediation. These two stay here: lists, piles and tabs are sorted
    # by them together with state and deadline, and an index holds columns of one table.
    stage: Mapped[str] = mapped_column(String(12), default="")
    ruled: Mapped[bool] = mapped_column(default=False, server_default=false())  # the rule left this state as it is
    offered_by: Mapped[str] = mapped_column(String(8), default="", server_default="")  # whose offer is open
    offered_version: Mapped[int | None]  # the event that made it
    origin: Mapped[dict[str, Any]] = mapped_column(default=dict)  # proposed: the state before, and its clock
    countered: Mapped[bool] = mapped_column(default=False)  # proposed: the open terms are the buyer's
    extended: Mapped[bool] = mapped_column(default=False)  # the buyer's one extension of this state
    granted_seconds: Mapped[int] = mapped_column(default=0)  # added to this state's deadline by the seller
    objected: Mapped[bool] = mapped_column(default=False)
    problem_open: Mapped[bool] = mapped_column(default=False)
    nudged_at: Mapped[datetime | None]
    payment_claim: Mapped[str] = mapped_column(String(8), default="", server_default="")  # flow.Facts says which
    claimed_at: Mapped[datetime | None]  # when that was said
    freight_claim: Mapped[str] = mapped_column(String(8), default="", server_default="")  # FREIGHT_HELD
    freight_fen: Mapped[int] = mapped_column(default=0, server_default="0")  # so much the buyer advanced, they say
    round: Mapped[int] = mapped_column(default=1)  # of sending a replacement
    applications: Mapped[int] = mapped_column(default=1)

    reason: Mapped[str] = mapped_column(String(24))
    description: Mapped[str] = mapped_column(Text, default="")
    basis: Mapped[str] = mapped_column(String(300), default="")  # the rule it was allowed by, as a sentence
    freight_payer: Mapped[str] = mapped_column(String(12))
    negotiated: Mapped[bool] = mapped_column(default=False)  # 协商: only the seller's own yes counts
    goods_state: Mapped[str] = mapped_column(String(12), default="received")  # or unshipped, in_transit
    refund_fen: Mapped[int] = mapped_column(default=0)  # asked for, then agreed to
    difference_fen: Mapped[int] = mapped_column(default=0)  # of all that was applied for; the buyer pays it if positive
    entry_count: Mapped[int] = mapped_column(default=0)  # how many payments were ever planned
    difference_waived: Mapped[bool] = mapped_column(default=False)
    receiver_name: Mapped[str] = mapped_column(String(100), default="")
    receiver_phone: Mapped[str] = mapped_column(String(40), default="")
    receiver_address: Mapped[str] = mapped_column(String(400), default="")
    no_tail: Mapped[str] = mapped_column(String(4), Computed(cut_tail("case_no")))  # these three: see Order
    phone_tail: Mapped[str] = mapped_column(String(4), Computed(cut_tail("receiver_phone")))
    receiver_head: Mapped[str] = mapped_column(String(2), Computed(cut_head("receiver_name")))
    return_name: Mapped[str] = mapped_column(String(60), default="")  # frozen when the seller agrees
    return_phone: Mapped[str] = mapped_column(String(30), default="")
    return_address: Mapped[str] = mapped_column(String(300), default="")
    return_note: Mapped[str] = mapped_column(String(200), default="")
    place_count: Mapped[int] = mapped_column(default=1, server_default="1")  # several: portal/models/returns.py

    finish_by: Mapped[datetime | None]  # 铺货: to be done by then
    finish_provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    overdue_at: Mapped[datetime | None]  # when it wasn't, and both sides were told

    opened_on: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default=text("'{}'")
    )  # portal/orders/versions.py
    goods: Mapped[str] = mapped_column(String(300))  # title of the first line, for lists
    spec: Mapped[str] = mapped_column(String(300), default="")
    wanted_spec: Mapped[str] = mapped_column(String(300), default="")
    unit: Mapped[str] = mapped_column(String(20), default="")
    quantity_milli: Mapped[int]  # of all lines
    line_count: Mapped[int] = mapped_column(default=1)
    photo_count: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    mediation: Mapped[Mediation | None] = relationship(viewonly=True)  # read by cases.mediation_rows alone


# What of a case is the shop's own business or said already: left out of every file that goes out.
OF_SHOP_ALONE = ("owner_id", "tags", "no_tail", "phone_tail", "receiver_head")


class CaseHead(Model):
    """Where a case is, as OrderHead says it of an order."""

    __tablename__ = "case_heads"
    __table_args__ = (Index("ix_case_heads_buyer", "buyer_id", "case_id"),)

    case_no: Mapped[str] = mapped_column(String(24), primary_key=True)
    case_id: Mapped[int]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class CaseLine(ShopRow, Model):
    """One order line in a case; four quantities in thousandths: asked for, received, accepted, shipped."""

    __tablename__ = "case_lines"
    __table_args__ = (
        refer("case_id", "cases"),
        refer("order_line_id", "order_lines"),
        refer("sku_id", "skus"),
        CheckConstraint("quantity_milli > 0", name="quantity"),
        CheckConstraint("received_milli IS NULL OR received_milli BETWEEN 0 AND quantity_milli", name="received"),
        CheckConstraint("accepted_milli BETWEEN 0 AND coalesce(received_milli, quantity_milli)", name="accepted"),
        CheckConstraint("shipped_milli BETWEEN 0 AND accepted_milli", name="shipped"),
        CheckConstraint("moved_milli BETWEEN 0 AND quantity_milli", name="moved"),
        UniqueConstraint("case_id", "order_line_id", "shop_id"),
        Index("ix_case_lines_order_line_id", "order_line_id"),
        Index("ix_case_lines_goods", "title", "spec", "shop_id", "case_id"),
    )

    case_id: Mapped[int]
    order_line_id: Mapped[int]
    quantity_milli: Mapped[int]
    received_milli: Mapped[int | None]
    accepted_milli: Mapped[int] = mapped_column(default=0)
    shipped_milli: Mapped[int] = mapped_column(default=0)  # in the present round
    condition: Mapped[str] = mapped_column(String(24), default="")
    inspection_note: Mapped[str] = mapped_column(String(500), default="")
    moved_milli: Mapped[int] = mapped_column(default=0)  # of a completed case: units that a later case is about
    wanted_price_fen: Mapped[int | None]  # of the replacement, when it was asked for; None: the same specification
    sku_id: Mapped[int | None]  # the replacement; None: the same specification
    wanted_spec: Mapped[str] = mapped_column(String(300), default="")
    title: Mapped[str] = mapped_column(String(300))
    spec: Mapped[str] = mapped_column(String(300), default="")
    unit: Mapped[str] = mapped_column(String(20), default="")


class CaseEvent(ShopRow, Model):
    """One step taken. Never changed, never deleted; each carries the hash of the one before."""

    __tablename__ = "case_events"
    __table_args__ = (
        refer("case_id", "cases"),
        UniqueConstraint("case_id", "version", "shop_id"),
        CheckConstraint("actor IN ('buyer','seller','clock','mediator')", name="actor"),
        Index("ix_case_events_mediator", "actor", "at", "id", **_only(BY_MEDIATOR)),
        Index("ix_case_events_shop", "shop_id", "at", "user_id", **_only(BY_SHOP)),
    )

    case_id: Mapped[int]
    version: Mapped[int]
    step: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str] = mapped_column(String(64), default="")  # 会员名 at that time
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(16), default="")
    target: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str] = mapped_column(String(40), default="")
    before_hash: Mapped[str] = mapped_column(String(64), default="")
    hash: Mapped[str] = mapped_column(String(64))


class CaseTally(Model):
    """How many cases of a shop are in a state; kept in the transaction that moves them."""

    __tablename__ = "case_tallies"
    __table_args__ = (CheckConstraint("number >= 0", name="number"),)

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int]


class Draft(ShopRow, Model):
    """An application being filled in; one for each order. ``fields`` as typed, checked again at every step."""

    __tablename__ = "drafts"
    __table_args__ = (
        refer("order_id", "orders"),
        UniqueConstraint("order_id", "shop_id"),
        Index("ix_drafts_buyer_id", "buyer_id"),
    )

    order_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    source: Mapped[str] = mapped_column(String(12), default="order")  # order | chat
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


@event.listens_for(Case, "after_insert")
def _keep_head(_mapper: object, connection: Connection, case: Case) -> None:
    head = {"case_no": case.case_no, "case_id": case.id, "shop_id": case.shop_id, "buyer_id": case.buyer_id}
    connection.execute(insert(CaseHead), head)
