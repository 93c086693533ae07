"""A shop's exchange policy in its versions, and its return addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, text, update

from portal.columns import OrderPromised, PolicyPromises
from portal.extensions import db
from portal.flow import CaseType
from portal.models import Case, Order, Policy, ReturnAddress
from portal.models.orders import RESOLD
from portal.rights.guarantees import codes

_own = Policy.__table__.alias("own")
_CURRENT = select(Policy).where(Policy.shop_id == bindparam("shop_id")).order_by(Policy.version.desc()).limit(1)


def get_current(shop_id: int) -> Policy:
    """The policy in force for new applications. Every shop has one from its first day."""
    return db.session.scalars(_CURRENT, {"shop_id": shop_id}).one()


def begin_first(shop_id: int, now: datetime) -> Policy:
    """The portal's default policy as the shop's first version."""
    policy = Policy(shop_id=shop_id, version=1, created_at=now)
    db.session.add(policy)
    db.session.flush()
    return policy


def publish_policy(
    shop_id: int,
    *,
    window_days: int,
    hidden_days: int,
    special_freight: str,
    guarantees: Sequence[str],
    excluded: Sequence[str],
    words: str,
    by: int,
    now: datetime,
    types: Sequence[str] = tuple(CaseType),
) -> Policy:
    """A new version, for cases opened from now on. Cases keep the version they were opened under.

    ``types`` of cases the shop takes. Raises ValueError when a fault of the shop's would be left without a way.
    """
    if problem := find_missing_way(types):
        raise ValueError(problem)
    newest = db.session.scalar(select(func.max(Policy.version)).where(Policy.shop_id == shop_id)) or 0
    policy = Policy(
        shop_id=shop_id,
        version=newest + 1,
        window_days=window_days,
        hidden_days=hidden_days,
        special_freight=special_freight,
        guarantees=",".join(guarantees),
        types=",".join(kind for kind in CaseType if kind in types),
        excluded=list(excluded),
        words=words,
        created_at=now,
        created_by=by,
    )
    db.session.add(policy)
    db.session.flush()
    # Promised anew by the sweep, to a later day or not at all; a term that has ended may be open again by the new one.
    received = Order.received_at > now - timedelta(days=window_days) - _STILL_LISTED
    db.session.execute(
        update(Order)
        .where(Order.shop_id == shop_id, text(RESOLD), (Order.apply_by > now) | received)
        .values(apply_from=None)
        .execution_options(synchronize_session=False)
    )
    return policy


def find_missing_way(types: Collection[str]) -> str:
    """Why a shop can't take these types only, in words for it; "" when every fault of its own has a way."""
    if not {CaseType.EXCHANGE, CaseType.RETURN_REFUND} & set(types):
        return "商品质量问题至少要有一种处理方式，请保留「换货」或「退货退款」"
    if not {CaseType.REISSUE, CaseType.REFUND_ONLY} & set(types):
        return "漏发商品至少要有一种处理方式，请保留「补发」或「仅退款」"
    return ""


_STILL_LISTED = timedelta(days=31)  # what ended longer ago is told on its own page alone, which works it out anew
_BEST_FREIGHT = ("seller", "negotiated", "buyer")
_SINCE = select(
    Policy.version,
    Policy.special_freight,
    Policy.window_days,
    Policy.hidden_days,
    Policy.created_by,
    Policy.guarantees,
    Policy.excluded,
    Policy.types,
).where(
    Policy.shop_id == bindparam("shop_id"),
    Policy.version
    >= func.coalesce(
        select(func.max(Policy.version))
        .where(Policy.shop_id == bindparam("shop_id"), Policy.created_at <= bindparam("at"))
        .scalar_subquery(),
        1,
    ),
)


_GUARANTEES_UNTIL = _SINCE.with_only_columns(Policy.guarantees).where(
    Policy.version
    <= select(_own.c.version)
    .where(_own.c.id == bindparam("own"), _own.c.shop_id == bindparam("shop_id"))
    .scalar_subquery()
)


class Days(NamedTuple):
    """How many days after receipt a shop takes goods back; ``own_…``: by what it has published itself, 0: nothing.

    And what else it has promised since: its ``guarantees``, what was always ``excluded`` from them, who pays the
    freight for 其他特殊原因, and the ``types`` of cases that it took at some time.
    """

    window: int
    hidden: int
    own_window: int
    own_hidden: int
    guarantees: frozenset[str]
    excluded: tuple[str, ...]
    special_freight: str
    types: frozenset[CaseType]


def read_types(text: str) -> frozenset[CaseType]:
    """The types of cases that a version names."""
    return frozenset(CaseType(kind) for kind in text.split(","))


def add_up_versions(since: Sequence[PolicyPromises]) -> Days:
    """What versions of a policy promise together, the newest among them; columns or entities."""
    own = [row for row in since if row.created_by is not None]
    newest, *_ = sorted(since, key=lambda row: -row.version)
    always = [set(row.excluded) for row in since]
    return Days(
        max(row.window_days for row in since),
        max(row.hidden_days for row in since),
        max((row.window_days for row in own), default=0),
        max((row.hidden_days for row in own), default=0),
        frozenset().union(*(codes(row.guarantees) for row in since)),
        tuple(str(word) for word in newest.excluded if all(word in words for words in always)),
        min((row.special_freight for row in since), key=_BEST_FREIGHT.index),
        frozenset().union(*(read_types(row.types) for row in since)),
    )


def find_promised_since(order: OrderPromised) -> datetime:
    """Since when a shop's words hold for an order, whatever it says later: since it was placed, as far as is known."""
    known: tuple[datetime | None, ...] = (order.ordered_at, order.imported_at, order.received_at)
    return min(moment for moment in known if moment is not None)


def get_promised(order: OrderPromised) -> Days:
    """The most that was promised at some time since an order was placed: a later version takes nothing from it."""
    rows = db.session.execute(_SINCE, {"shop_id": order.shop_id, "at": find_promised_since(order)}).all()
    return add_up_versions(rows)


def list_promised_to_case(case: Case) -> frozenset[str]:
    """The guarantees that its shop gave for all goods at some time from a case's order to its application."""
    return list_promised_for(db.session.get_one(Order, (case.order_id, case.shop_id)), case.policy_id)


def list_promised_for(order: OrderPromised, policy_id: int) -> frozenset[str]:
    """The same for an order and the version that counts at an application."""
    asked = {"shop_id": order.shop_id, "at": find_promised_since(order), "own": policy_id}
    return frozenset().union(*(codes(said) for said in db.session.scalars(_GUARANTEES_UNTIL, asked)))


def list_history(shop_id: int, most: int = 20) -> Sequence[Policy]:
    """The newest versions, newest first."""
    return db.session.scalars(
        select(Policy).where(Policy.shop_id == shop_id).order_by(Policy.version.desc()).limit(most)
    ).all()


def list_addresses(shop_id: int) -> Sequence[ReturnAddress]:
    """The return addresses in use, the default one first."""
    return db.session.scalars(
        select(ReturnAddress)
        .where(ReturnAddress.shop_id == shop_id, ReturnAddress.removed_at.is_(None))
        .order_by(ReturnAddress.is_default.desc(), ReturnAddress.id)
    ).all()


def get_default_address(shop_id: int) -> ReturnAddress | None:
    """The address the clock agrees with."""
    return db.session.scalars(
        select(ReturnAddress).where(
            ReturnAddress.shop_id == shop_id, ReturnAddress.is_default, ReturnAddress.removed_at.is_(None)
        )
    ).one_or_none()


def add_address(
    shop_id: int, *, name: str, phone: str, address: str, note: str, make_default: bool, now: datetime
) -> ReturnAddress:
    """A new return address; the first one is the default whatever was asked."""
    first = not list_addresses(shop_id)
    if make_default and not first:
        _clear_default(shop_id)
    made = ReturnAddress(
        shop_id=shop_id,
        name=name,
        phone=phone,
        address=address,
        note=note,
        is_default=make_default or first,
        created_at=now,
    )
    db.session.add(made)
    db.session.flush()
    return made


def choose_default(shop_id: int, address: ReturnAddress) -> None:
    """Make ``address`` the one the clock agrees with."""
    _clear_default(shop_id)
    address.is_default = True
    db.session.flush()


def remove_address(address: ReturnAddress, now: datetime) -> None:
    """Take an address out of use; cases that froze it keep their copy. The oldest other one becomes the default."""
    was_default, address.is_default, address.removed_at = address.is_default, False, now
    db.session.flush()
    if was_default and (others := list_addresses(address.shop_id)):
        others[0].is_default = True
        db.session.flush()


def _clear_default(shop_id: int) -> None:
    db.session.execute(
        update(ReturnAddress)
        .where(ReturnAddress.shop_id == shop_id, ReturnAddress.is_default)
        .values(is_default=False)
        .execution_options(synchronize_session="fetch")
    )
    db.session.flush()
