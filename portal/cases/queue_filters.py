"""What narrows a list of the queue down, and the conditions that stand for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    alias,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
)

from portal.cases import piles
from portal.columns import Shape
from portal.flow import FINAL, CaseType, State
from portal.models import Case, CaseEvent, CaseLine, CaseLink, MoneyEntry, OrderLine, Parcel, Sku
from portal.models.cases import BY_SHOP, CLOSED, COMPLETED
from portal.models.chains import LIVE
from portal.models.money import PAID_OUT
from portal.models.shipments import SIGNED_BACK
from portal.searching import escape_like
from portal.words import BEIJING

_case, _parcel, _line, _bought, _sku, _link, _event, _entry = (
    table.__table__.c for table in (Case, Parcel, CaseLine, OrderLine, Sku, CaseLink, CaseEvent, MoneyEntry)
)
_SHOP: BindParameter[int] = bindparam("shop_id")
# What happened to a case since the beginning of a day, by its name in addresses.
DID: dict[str, str] = {
    "answered": "已处理申请",
    "arrived": "退货已签收",
    "ended": "已结束",
    "refused": "已拒绝",
    "refunded": "已退款",
}
FREIGHT: dict[str, str] = {"seller": "商家承担", "buyer": "买家承担", "negotiated": "另行协商"}
RETURNED = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)


@dataclass(frozen=True)
class Filters:
    """What narrows a list down; empty: nothing. Days are of Beijing, like 2026-11-28."""

    words: str = ""
    reason: str = ""
    type: str = ""
    carrier: str = ""
    least_fen: int = 0  # to be refunded
    older_days: int = 0  # applied for at least so many days ago
    owner_id: int | None = None  # who looks after it; 0: nobody
    tag: str = ""
    since: str = ""  # applied for on this day or later
    until: str = ""  # on this day or before
    buyer_id: int = 0
    sku_id: int = 0  # a line is of this product and specification
    supplier_id: int = 0  # the shop that it was passed on to
    freight: str = ""  # goods go back, and who bears that freight: seller, buyer or negotiated
    did: str = ""  # of DID
    day: str = ""  # since when

    def narrow(self, query: Select[*Shape], now: datetime) -> Select[*Shape]:
        """``query`` with what is asked for."""
        if said := [*self._list_plain(now), *self._list_looked_up()]:
            query = query.where(*said)  # without any it stays the statement it was, which is kept
        if self.did:
            query = query.where(build_did(self.did, begin_day(self.day)))
        return query

    def _list_plain(self, now: datetime) -> list[ColumnElement[bool]]:
        """The conditions on the case's own columns."""
        said: list[ColumnElement[bool]] = []
        if self.words:
            like = escape_like(self.words)
            found = (
                _case.case_no.like(like[1:], escape="\\"),
                piles.ORDER_NO == self.words,
                _case.goods.like(like, escape="\\"),
                _case.spec.like(like, escape="\\"),
            )
            said.append(or_(*found))
        if self.owner_id is not None:
            said.append(_case.owner_id == (self.owner_id or None))
        if self.tag:
            said.append(_case.tags.like(escape_like(f" {self.tag} "), escape="\\"))
        if self.least_fen:
            said.append(_case.refund_fen >= self.least_fen)
        if self.older_days:
            unindexed = func.coalesce(_case.opened_at, _case.updated_at)  # the list's own index is the right one
            said.append(unindexed <= now - timedelta(days=self.older_days))
        if self.since:
            said.append(_case.opened_at >= begin_day(self.since))
        if self.until:
            said.append(_case.opened_at < end_day(self.until))
        if self.freight:
            said += [_case.freight_payer == self.freight, _case.type.in_(RETURNED)]
        same = {_case.reason: self.reason, _case.type: self.type, _case.buyer_id: self.buyer_id}
        return said + [column == value for column, value in same.items() if value]

    def _list_looked_up(self) -> list[ColumnElement[bool]]:
        """The conditions on what belongs to a case."""
        said: list[ColumnElement[bool]] = []
        if self.carrier:
            of_case = (_parcel.case_id == _case.id, _parcel.shop_id == _case.shop_id)
            said.append(exists().where(*of_case, _parcel.carrier == self.carrier, _parcel.voided_at.is_(None)))
        if self.sku_id:
            said.append(
                exists()
                .where(_line.case_id == _case.id, _line.shop_id == _case.shop_id)
                .where(_bought.id == _line.order_line_id, _bought.shop_id == _line.shop_id)
                .where(_sku.id == self.sku_id, _sku.shop_id == _bought.shop_id)
                .where(_bought.product_id == _sku.product_id, _bought.spec == _sku.spec)
            )
        if self.supplier_id:
            of_case = (_link.downstream_id == _case.id, _link.shop_id == _case.shop_id)
            said.append(
                exists().where(*of_case, text("case_links." + LIVE), _link.upstream_shop_id == self.supplier_id)
            )
        return said


NO_FILTERS = Filters()
NAMES = tuple(field.name for field in fields(Filters))


def begin_day(day: str) -> datetime:
    """When a day of Beijing begins."""
    said = date.fromisoformat(day)
    return datetime(said.year, said.month, said.day, tzinfo=BEIJING)


def end_day(day: str) -> datetime:
    """When the day after a day of Beijing begins."""
    return begin_day(day) + timedelta(days=1)


def build_did(did: str, since: datetime) -> ColumnElement[bool]:
    """Cases to which this happened since a moment; their ids are found by the index of what happened."""
    return _case.id.in_(_BUILDERS[did](since))


def is_application(case: Any) -> tuple[ColumnElement[bool], ...]:
    """What makes one of these cases an application of its buyer's: not an order called off before it was sent, nor
    what another case became."""
    called_off = alias(CaseEvent.__table__, name="called_off").c
    first = (called_off.case_id == case.id, called_off.shop_id == case.shop_id, called_off.version == 1)
    return case.parent_id.is_(None), ~exists().where(*first, called_off.step == "cancel_order")


def _build_answered(since: datetime) -> Select[int]:
    """An application that a person of the shop answered, whatever they said."""
    answer = (
        _event.source == State.APPLIED,
        _event.target != State.APPLIED,
        text("case_events." + BY_SHOP),
    )
    return select(_event.case_id).where(_event.shop_id == _SHOP, *answer, _event.at >= since)


def _build_refused(since: datetime) -> Select[int]:
    refusal = (_event.step == "reject", text("case_events." + BY_SHOP))
    return select(_event.case_id).where(_event.shop_id == _SHOP, *refusal, _event.at >= since)


def _build_arrived(since: datetime) -> Select[int]:
    signed = (text(SIGNED_BACK), _parcel.signed_at >= since)
    return select(_parcel.case_id).where(_parcel.shop_id == _SHOP, *signed)


def _build_refunded(since: datetime) -> Select[int]:
    paid = (text(PAID_OUT), _entry.settled_at >= since)
    return select(_entry.case_id).where(_entry.shop_id == _SHOP, *paid)


def _build_ended(since: datetime) -> Select[int]:
    """A case that has ended may move later on without ending again."""
    ended = alias(Case.__table__, name="ended").c
    moved = [
        select(ended.id).where(ended.shop_id == _SHOP, text(which), ended.updated_at >= since)
        for which in (COMPLETED, CLOSED)
    ]
    step = (_event.target.in_(sorted(FINAL)), _event.source != _event.target, _event.at >= since)
    return select(_event.case_id).where(_event.shop_id == _SHOP, _event.case_id.in_(union_all(*moved)), *step)


_BUILDERS: dict[str, Callable[[datetime], Select[int]]] = {
    "answered": _build_answered,
    "arrived": _build_arrived,
    "ended": _build_ended,
    "refused": _build_refused,
    "refunded": _build_refunded,
}
