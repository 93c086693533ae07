"""铺货: what happened in one of two linked cases passes to the other by itself, marked whence; nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases import case_view, listening, taking
from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor, State, StepRefused
from portal.models import Case, CaseEvent, CaseLine, CaseLink, Evidence, Parcel, ReceiptClaim, Shipment
from portal.parcels import parcel_view
from portal.parcels.scans import Scan
from portal.resale import across, chain_view, parties
from portal.resale.passing import moving
from portal.tracking import claims, corrections, unopposed
from portal.tracking.scans import record_trace, record_typed
from tests.cast import Cast
from tests.domain.test_chains import DAY, Chain

BACK = ("ZTO", "75484863576596")
OUT = ("YTO", "YT8893012345678")
HOUR = timedelta(hours=1)


class Straight(Chain):
    """A chain whose goods go straight both ways; each side acts by its own name."""

    def __init__(self, cast: Cast) -> None:
        super().__init__(cast)
        self.below = self.case().id
        self.above = self.open_upstream(self.get(self.below)).id
        self.now = cast.now

    def get(self, case_id: int) -> Case:
        return db.session.get_one(Case, case_id, populate_existing=True)

    @property
    def states(self) -> tuple[str, str]:
        """Of the consumer's case and the supplier's."""
        db.session.rollback()
        return self.get(self.below).state, self.get(self.above).state

    def consumer(self, step: str, **values: Any) -> None:
        self.now += HOUR
        self.down.take(self.get(self.below), step, Actor.BUYER, self.now, **values)

    def supplier(self, step: str, **values: Any) -> None:
        self.now += HOUR
        self.up.take(self.get(self.above), step, Actor.SELLER, self.now, **values)

    def agrees(self) -> None:
        self.supplier("agree")
        self.now += HOUR
        direct = across.find_direct_address(self.get(self.below))
        self.down.take(self.get(self.below), "agree", Actor.SELLER, self.now, direct=direct)

    def until(self, what: str) -> None:
        """The way up to: sent, accepted, shipped."""
        self.agrees()
        self.consumer("ship_return", parcels=[BACK])
        if what in ("accepted", "shipped"):
            self.supplier("accept_goods")
        if what == "shipped":
            self.ships()

    def ships(self, many: int = 2_000, step: str = "ship_replacement", parcel: tuple[str, str] = OUT) -> None:
        [line] = self.lines(self.above)
        self.supplier(step, parcels=[parcel], shipped={line.id: many})

    def lines(self, case_id: int) -> list[CaseLine]:
        return list(db.session.scalars(select(CaseLine).where(CaseLine.case_id == case_id)))

    def photos(self, many: int) -> list[str]:
        made = self.up.photos(many, self.cast.seller)
        with writing():
            db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(made)).values(side="seller"))
        return made

    def events(self, case_id: int) -> list[tuple[str, str, str]]:
        """Of what passed: step, actor, whence."""
        rows = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version))
        return [(row.step, row.actor, row.data["whence"]) for row in rows if row.data.get("whence")]

    def parcels(self, case_id: int, leg: str) -> list[tuple[str, str]]:
        query = select(Parcel.carrier, Parcel.tracking_no).where(
            Parcel.case_id == case_id, Parcel.leg == leg, Parcel.voided_at.is_(None)
        )
        return [(row.carrier, row.tracking_no) for row in db.session.execute(query)]

    def followed(self, case_id: int, leg: str) -> Any:
        shipment = db.session.execute(
            select(Shipment.id, Shipment.shop_id)
            .join(Parcel, Parcel.id == Shipment.parcel_id)
            .where(Parcel.case_id == case_id, Parcel.leg == leg, Parcel.voided_at.is_(None))
        ).one()
        return parcel_view.find_of_shop(shipment.id, shipment.shop_id)

    def is_sound(self) -> None:
        assert not any(doctor.findings()), doctor.findings()


@pytest.fixture
def straight(cast_both: Cast) -> Straight:
    return Straight(cast_both)


def test_a_consumer_s_number_is_the_supplier_s_at_once(straight: Straight) -> None:
    straight.agrees()
    assert straight.states == (State.RETURNING, State.RETURNING)
    straight.consumer("ship_return", parcels=[BACK])
    assert straight.states == (State.INSPECTING, State.INSPECTING)
    assert straight.parcels(straight.above, "back") == [BACK]
    assert straight.events(straight.above) == [("ship_return", "buyer", "below")]
    view = case_view.build_view(straight.get(straight.above), Actor.SELLER, straight.now)
    assert "由消费者办理，自动传到这里" in view.details(view.events[0])
    straight.consumer(
        "edit_parcel",
        parcel_id=db.session.scalar(select(Parcel.id).where(Parcel.case_id == straight.below)),
        carrier="ZTO",
        number="75484863576597",
    )
    assert straight.parcels(straight.above, "back") == [("ZTO", "75484863576597")]
    straight.is_sound()


def test_the_distributor_counts_nothing_and_ships_nothing(straight: Straight) -> None:
    straight.until("accepted")
    assert straight.states == (State.RESHIPPING, State.RESHIPPING)
    [line] = straight.lines(straight.below)
    assert (line.received_milli, line.accepted_milli) == (2_000, 2_000)
    straight.ships()
    assert straight.states == (State.CONFIRMING, State.CONFIRMING)
    assert straight.parcels(straight.below, "out") == [OUT]
    straight.consumer("confirm")
    assert straight.states == (State.COMPLETED, State.COMPLETED)
    assert straight.events(straight.below) == [
        ("accept_goods", "seller", "above"),
        ("ship_replacement", "seller", "above"),
    ]
    assert straight.events(straight.above) == [("ship_return", "buyer", "below"), ("confirm", "buyer", "below")]
    straight.is_sound()


def test_parts_pass_one_by_one(straight: Straight) -> None:
    straight.until("accepted")
    straight.ships(500, "ship_part")
    assert straight.states == (State.RESHIPPING, State.RESHIPPING)
    straight.ships(1_500, "ship_replacement", ("YTO", "YT8893012345679"))
    assert straight.states == (State.CONFIRMING, State.CONFIRMING)
    assert len(straight.parcels(straight.below, "out")) == 2
    straight.is_sound()


def test_a_disputed_inspection_passes_with_its_photos_and_comes_back_with_the_objection(straight: Straight) -> None:
    straight.until("sent")
    [line] = straight.lines(straight.above)
    counted = [InspectedLine(line.id, 2_000, 500, "not_resellable", "有污渍")]
    straight.supplier("dispute_goods", counted=counted, photos=straight.photos(2), note="三件有污渍")
    assert straight.states == (State.DISPUTED, State.DISPUTED)
    [below] = straight.lines(straight.below)
    assert (below.received_milli, below.accepted_milli, below.inspection_note) == (2_000, 500, "有污渍")
    seen = select(Evidence).where(Evidence.case_id == straight.below, Evidence.side == "seller")
    assert len(db.session.scalars(seen).all()) == 2
    straight.consumer("object", note="寄出时没有污渍")
    assert straight.get(straight.above).objected
    better = [InspectedLine(line.id, 2_000, 1_500, "not_resellable", "只有一件")]
    straight.supplier("revise_inspection", counted=better)
    [below] = straight.lines(straight.below)
    db.session.refresh(below)
    assert below.accepted_milli == 1_500
    straight.is_sound()


def test_what_the_distributor_counts_for_themselves_stays(straight: Straight) -> None:
    straight.until("sent")
    [line] = straight.lines(straight.above)
    straight.supplier(
        "dispute_goods",
        counted=[InspectedLine(line.id, 2_000, 0, "not_resellable", "")],
        photos=straight.photos(2),
        note="都有污渍",
    )
    [below] = straight.lines(straight.below)
    generous = [InspectedLine(below.id, 2_000, 2_000, "intact", "")]
    straight.now += HOUR
    straight.down.take(straight.get(straight.below), "revise_inspection", Actor.SELLER, straight.now, counted=generous)
    assert moving.sweep(straight.now + HOUR) == 0
    db.session.refresh(below)
    assert below.accepted_milli == 2_000


def test_a_problem_with_the_replacement_reaches_the_supplier_and_the_next_one_the_consumer(straight: Straight) -> None:
    straight.until("shipped")
    photos = straight.down.photos(1, straight.down.buyer)
    straight.consumer("report_problem", kind="damaged", note="又坏了", photos=photos)
    up = straight.get(straight.above)
    assert up.problem_open
    straight.supplier("resend", note="重新发一件")
    assert straight.states == (State.RESHIPPING, State.RESHIPPING)
    straight.ships(parcel=("YTO", "YT8893012345699"))
    assert straight.states == (State.CONFIRMING, State.CONFIRMING)
    straight.is_sound()


def test_signed_passes_from_who_received_it_and_not_from_the_middle(straight: Straight) -> None:
    straight.until("sent")
    at = straight.now + DAY
    above, below = (straight.followed(case_id, "back") for case_id in (straight.above, straight.below))
    with writing():  # the distributor hasn't seen the goods: their word is the consumer's page's alone
        record_typed(below, [Scan(at - HOUR, "signed", "门卫签收")], side="seller", now=at)
    assert straight.followed(straight.above, "back").signed_at is None
    with writing():
        record_typed(above, [Scan(at, "signed", "仓库已签收")], side="seller", now=at)
    scans = parcel_view.list_scans(straight.followed(straight.below, "back"))
    assert ("仓库已签收", "above", "") in [(scan.words, scan.origin, scan.doubt) for scan in scans]


def test_a_carrier_s_word_counts_on_both_sides_and_a_wrong_one_is_taken_back_on_both(straight: Straight) -> None:
    straight.until("sent")
    at = straight.now + HOUR
    above = straight.followed(straight.above, "back")
    with writing():
        record_typed(above, [Scan(at, "signed", "已签收")], side="seller", now=at)
    assert straight.followed(straight.below, "back").signed_at == at
    with writing():
        corrections.correct_receipt(
            straight.followed(straight.above, "back"),
            reason="看错了单号",
            by=straight.up.by(Actor.SELLER),
            now=at + HOUR,
        )
    assert straight.followed(straight.below, "back").signed_at is None
    with writing():
        record_trace(above.parcel_id, at=at + 2 * HOUR, status="signed", said="已签收,签收人:仓库", now=at + 2 * HOUR)
    assert straight.followed(straight.below, "back").signed_at == at + 2 * HOUR
    assert moving.sweep(at + 3 * HOUR) == 0
    straight.is_sound()


def test_without_a_carrier_a_reported_receipt_goes_to_who_waits_and_counts_unless_they_object(
    straight: Straight,
) -> None:
    straight.until("sent")
    at = straight.now + DAY
    with writing():
        record_typed(straight.followed(straight.below, "back"), [Scan(at, "signed", "已签收")], side="buyer", now=at)
    assert db.session.scalar(select(ReceiptClaim.side).where(ReceiptClaim.shop_id == straight.cast.shop)) == "buyer"
    with writing():
        claims.object_to(
            straight.followed(straight.above, "back"),
            side="seller",
            why="仓库没有收到",
            by=straight.up.by(Actor.SELLER),
            now=at + HOUR,
        )
    objections = db.session.scalars(select(ReceiptClaim.objection)).all()
    assert list(objections) == ["仓库没有收到", "仓库没有收到"]
    unopposed.settle_due(at + 3 * DAY)
    assert straight.followed(straight.below, "back").signed_at is None


def test_without_a_carrier_the_supplier_s_report_is_the_consumer_s_to_object_to(straight: Straight) -> None:
    straight.until("shipped")
    at = straight.now + DAY
    with writing():
        record_typed(straight.followed(straight.above, "out"), [Scan(at, "signed", "已签收")], side="seller", now=at)
    mine = db.session.scalars(select(ReceiptClaim).where(ReceiptClaim.shop_id == straight.cast.shop2)).one()
    assert (mine.side, mine.objected_at) == ("seller", None)
    unopposed.settle_due(at + 3 * DAY)
    assert straight.followed(straight.below, "out").signed_at is not None
    assert straight.followed(straight.above, "out").signed_at is not None
    straight.is_sound()


@pytest.mark.parametrize("why", ["via", "address", "ended"])
def test_nothing_passes_where_goods_take_another_way(straight: Straight, why: str) -> None:
    straight.agrees()
    with writing():
        link = db.session.scalars(select(CaseLink)).one()
        if why == "via":
            link.route_back = "via"
        elif why == "ended":
            link.ended_at = straight.now
        else:
            straight.get(straight.below).return_address = "分销商的仓库"
    straight.consumer("ship_return", parcels=[BACK])
    assert straight.states == (State.INSPECTING, State.RETURNING)
    assert moving.sweep(straight.now) == 0


def test_what_was_lost_between_two_commits_is_passed_by_the_sweep_once(straight: Straight) -> None:
    straight.agrees()
    listening.set_listener(None)
    straight.consumer("ship_return", parcels=[BACK])
    assert straight.states == (State.INSPECTING, State.RETURNING)
    assert moving.sweep(straight.now) == 1
    assert moving.sweep(straight.now) == 0
    assert straight.states == (State.INSPECTING, State.INSPECTING)


def test_nobody_s_own_step_fails_because_passing_fails(straight: Straight, monkeypatch: pytest.MonkeyPatch) -> None:
    straight.agrees()

    def fail(*_: object, **__: object) -> None:
        raise StepRefused("no", "x")

    monkeypatch.setattr(taking, "take", fail)
    listening.set_listener(moving.hear)
    moving.hear(straight.below, straight.now)
    assert straight.states == (State.RETURNING, State.RETURNING)
    monkeypatch.setattr(moving, "load_pair", lambda _: 1 / 0)
    moving.hear(straight.below, straight.now)


def test_what_never_comes_back_is_waited_for_from_who_agreed_so(straight: Straight) -> None:
    """The supplier wants the goods back, the consumer was told to keep them: the distributor has to settle it."""
    straight.supplier("agree")
    straight.now += HOUR
    straight.down.take(straight.get(straight.below), "agree_no_return", Actor.SELLER, straight.now)
    assert straight.states == (State.RESHIPPING, State.RETURNING)
    link = db.session.scalars(select(CaseLink).where(CaseLink.downstream_id == straight.below)).one()
    waited = [party.name for party in parties.list_parties(chain_view.build_chain(link)) if party.waits]
    assert waited == ["我"]
