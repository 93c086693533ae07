"""Tells one case's story: opens it at its hour, and lets each side take its steps as if they sat there."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select

from portal.applications import goods as applications_goods
from portal.cases import opening, taking
from portal.cases.effects import step_context
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.cases.proposals import Terms
from portal.demo.orders import make_order
from portal.evidence import evidence, imaging
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, OrderLine, Parcel
from portal.parcels import scans
from portal.rights import eligibility, policies
from portal.rights import goods as goods_facts
from portal.tracking import scans as case_scans

TONES = (("#D9C7B0", "#8C6A4A", "#2B1D12"), ("#C9D3DC", "#4A6A8C", "#101C28"))  # ground, goods, flaw


Story = Callable[["Teller"], None]


class Photos:
    """Small pictures, drawn here once and kept like any photo."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._images = imaging.prepare([imaging.IncomingFile("photo.jpg", draw_photo(*tones)) for tones in TONES])

    def of(self, shop: int, owner: int, side: str, many: int = 2) -> list[str]:
        """The public ids of ``many`` loose photos of this person."""
        stored = evidence.add_photo(self._store, self._images[:many])
        with writing():
            return evidence.keep_photos(stored, shop_id=shop, owner_id=owner, side=side, now=self._now)


def draw_photo(ground: str, goods: str, flaw: str) -> bytes:
    """A parcel with something wrong on it."""
    picture = Image.new("RGB", (960, 720), ground)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((180, 150, 780, 600), 24, fill=goods)
    pen.rectangle((455, 150, 505, 600), fill=ground)
    pen.line([(560, 190), (610, 290), (570, 350), (640, 470), (600, 590)], fill=flaw, width=10)
    pen.ellipse((250, 380, 380, 500), outline=flaw, width=12)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


class Teller:
    """Opens a case on a fresh order and takes it on, step by step."""

    def __init__(self, buyer: int, seller: int, shop: int, now: datetime, photos: Photos) -> None:
        self.buyer, self.seller, self.shop, self.now, self.photos = buyer, seller, shop, now, photos

    def case(
        self,
        reason: str = "damaged",
        words: str = "拆箱后发现破损",
        hours: float = 5,
        kind: CaseType = CaseType.EXCHANGE,
        *,
        goods: int | None = None,
        status: str = "completed",
        negotiated: bool = False,
        dearer: bool = False,
        whole: bool = False,
    ) -> Case:
        """``goods``: what the words are about. ``dearer``: for the dearer specification.

        ``whole``: a large order, and all of it.
        """
        at = self.now - timedelta(hours=hours)
        public_ids = self.photos.of(self.shop, self.buyer, "buyer")
        with writing():
            number = 4 if whole else secrets.randbelow(90) + 7
            order = make_order(self.buyer, self.shop, status, number, at, goods=goods)
            line = db.session.scalars(
                select(OrderLine)
                .where(OrderLine.order_id == order.id, OrderLine.shop_id == order.shop_id)
                .order_by(OrderLine.position)
            ).first()
            assert line is not None  # noqa: S101  (just made)
            milli = line.quantity_milli if whole else 2_000
            policy = policies.get_current(self.shop)
            verdict = eligibility.check(
                applications_goods.describe_goods(order, line),
                kind,
                reason,
                goods_facts.Evidence(milli, 2, len(words)),
                at,
                applications_goods.describe_policy(policy),
                negotiated=negotiated,
            )
            assert verdict.allowed, verdict.why  # noqa: S101  (the demo tells no story that couldn't be)
            sku = next(
                (sku.id for sku in applications_goods.list_replacements(line) if sku.price_fen > line.unit_price_fen),
                None,
            )
            opened = opening.open_case(
                by=ActedBy(Actor.BUYER, self.buyer, "buyer"),
                order=order,
                wanted=[RequestedLine(line.id, milli, sku if dearer else None)],
                reason=reason,
                description=words,
                receiver=("李雯", "13425059650", "浙江省 杭州市 余杭区 仓前街道文一西路 1 号"),
                freight_payer=str(verdict.freight_payer or "negotiated"),
                basis=verdict.basis,
                policy_id=policy.id,
                photos=public_ids,
                now=at,
                case_type=kind,
                negotiated=verdict.negotiated,
            )
            self.at, self.case_id = at, opened.id
        return opened

    def terms(self, kind: CaseType, fen: int = 0, **more: Any) -> Terms:
        """Terms for all lines as they are."""
        lines = tuple((line.id, line.quantity_milli, None) for line in self.lines())
        return Terms(kind, lines, "seller", amount_fen=fen, **more)

    def seller_takes(self, step: str, **values: object) -> None:
        self._take(step, ActedBy(Actor.SELLER, self.seller, "seller"), values)

    def buyer_takes(self, step: str, **values: object) -> None:
        self._take(step, ActedBy(Actor.BUYER, self.buyer, "buyer"), values)

    def _take(self, step: str, by: ActedBy, values: dict[str, Any]) -> None:
        self.at += timedelta(minutes=20)
        with writing():
            taking.take(self.case_id, step, by=by, now=self.at, handed=step_context.hand_in_type(step)(**values))

    def travels(self, leg: str, *said_by_carrier: str, signed: bool = False, before: int = 0) -> None:
        """The carrier's words on the way, twenty minutes apart; ``before``: of the parcel so many before the last."""
        parcel_id = db.session.scalars(
            select(Parcel.id)
            .where(Parcel.case_id == self.case_id, Parcel.leg == leg)
            .order_by(Parcel.id.desc())
            .offset(before)
        ).first()
        for number, said in enumerate(said_by_carrier):
            self.at += timedelta(minutes=20)
            status = "signed" if signed and number == len(said_by_carrier) - 1 else scans.status_of(said)
            with writing():
                case_scans.record_trace(parcel_id or 0, at=self.at, status=status, said=said, now=self.at)

    def lines(self) -> list[CaseLine]:
        return list(db.session.scalars(select(CaseLine).where(CaseLine.case_id == self.case_id)))


R, M = CaseType.RETURN_REFUND, CaseType.REFUND_ONLY
