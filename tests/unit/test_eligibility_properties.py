"""What holds of every answer, for goods, policies, reasons and moments that are made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.flow import CaseType
from portal.rights import asking, eligibility, guarantees, reasons, windows
from portal.rights import goods as goods_facts
from portal.rights.goods import Evidence, Goods, Policy, Verdict
from portal.rights.reasons import Fault, Payer, most_photos
from tests.unit.eligibility_rows import NOW, beijing

# ---------------------------------------------------------------- whatever is asked

MOMENTS = st.timedeltas(timedelta(days=-9_000), timedelta(days=27_000)).map(lambda far: NOW + far)
NEAR = st.one_of(st.none(), st.timedeltas(timedelta(days=-60), timedelta(days=5)).map(lambda ago: NOW + ago), MOMENTS)
CODES = st.frozensets(st.sampled_from([each.code for each in guarantees.GUARANTEES] + ["", "xyz"]), max_size=4)
STATUSES = st.sampled_from(
    ["unpaid", "unshipped", "in_transit", "delivered", "completed", "cancelled", "refunding", "unknown", "", "等待"]
)
MILLI = st.integers(-1_000, 1_000_000)


@st.composite
def lines(draw: Callable[..., object]) -> Goods:
    bought = draw(st.one_of(st.integers(0, 20).map(lambda n: n * 1_000), st.integers(0, 1_000_000)))
    claimed = draw(st.one_of(st.just(0), st.just(bought), MILLI))
    return Goods(
        status=draw(STATUSES),  # type: ignore[arg-type]
        bought_milli=bought,  # type: ignore[arg-type]
        claimed_milli=claimed,  # type: ignore[arg-type]
        unit=draw(st.sampled_from(["件", "双", "米", "千克", "", "?"])),  # type: ignore[arg-type]
        received_at=draw(NEAR),  # type: ignore[arg-type]
        guarantees=draw(CODES),  # type: ignore[arg-type]
        title=draw(st.text(max_size=10)),  # type: ignore[arg-type]
        product_no=draw(st.text(max_size=5)),  # type: ignore[arg-type]
        exchangeable=draw(st.booleans()),  # type: ignore[arg-type]
        open_case=draw(st.sampled_from(["", "HH1"])),  # type: ignore[arg-type]
    )


POLICIES = st.builds(
    Policy,
    window_days=st.integers(7, 30),
    hidden_days=st.integers(7, 180),
    special_freight=st.sampled_from(Payer),
    guarantees=CODES,
    excluded=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    types=st.frozensets(st.sampled_from(CaseType)),
)
REASON_IDS = st.one_of(st.sampled_from([reason.id for reason in reasons.REASONS]), st.text(max_size=8))
EVIDENCES = st.builds(
    Evidence, asked_milli=MILLI, photos=st.integers(-1, 12), text=st.integers(-1, 600), lines=st.integers(1, 4)
)
TYPES = st.one_of(st.just("exchange"), st.sampled_from(["reissue", "return_refund", "refund_only", ""]))


def explained(verdict: Verdict) -> bool:
    return bool(verdict.why and verdict.instead and all(way.sentence for way in verdict.instead))


@given(lines(), TYPES, REASON_IDS, EVIDENCES, st.one_of(st.just(NOW), MOMENTS), POLICIES, st.booleans())
def test_every_answer_is_sound(
    line: Goods, case_type: str, reason_id: str, brought: Evidence, now: datetime, terms: Policy, asked: bool
) -> None:
    verdict = eligibility.check(line, case_type, reason_id, brought, now, terms, negotiated=asked)

    if not verdict.allowed:
        assert explained(verdict)
        assert verdict.freight_payer is None
        return
    reason = reasons.reason(reason_id)
    assert reason is not None
    assert line.status not in ("unpaid", "cancelled", "refunding")
    assert goods_facts.place(line) in reason.places
    assert 0 < brought.asked_milli <= line.bought_milli - line.claimed_milli
    assert reason.least_photos <= brought.photos <= most_photos(brought.lines) and brought.text >= reason.least_text
    assert len(verdict.basis) <= 300 and verdict.why and verdict.instead == ()
    if verdict.negotiated:
        assert asked and case_type in reason.asks and verdict.freight_payer is Payer.NEGOTIATED
        assert not eligibility.check(line, case_type, reason_id, brought, now, terms).allowed
        return
    assert case_type in asking.types_of(line, reason, terms)
    assert verdict.until == windows.find_window_end(line, reason, terms, case_type)
    assert verdict.until is None or now < verdict.until
    if case_type in ("reissue", "refund_only") or reason.fault is Fault.SELLER:
        assert verdict.freight_payer is Payer.SELLER
    elif "thbyf_s" not in line.guarantees | terms.guarantees:
        assert verdict.freight_payer is (Payer.BUYER if reason.freight_payer else terms.special_freight)


@given(lines(), st.one_of(st.just(NOW), MOMENTS), POLICIES)
def test_the_button_and_the_form_agree(line: Goods, now: datetime, terms: Policy) -> None:
    """The button is open exactly when some reason, with all it asks for, is."""
    offer = eligibility.offer(line, now, terms)
    best = Evidence(asked_milli=line.remaining_milli, photos=9, text=500)
    verdicts = [
        eligibility.check(line, kind, each.id, best, now, terms)
        for each in eligibility.offered(line, terms)
        for kind in CaseType
    ]

    assert offer.allowed == any(verdict.allowed for verdict in verdicts)
    assert offer.allowed or explained(offer)
    if offer.allowed and offer.until is not None:
        assert offer.until in {verdict.until for verdict in verdicts if verdict.allowed}


@given(lines(), TYPES, REASON_IDS, EVIDENCES, POLICIES)
def test_nothing_left_is_never_allowed(
    line: Goods, case_type: str, reason_id: str, brought: Evidence, terms: Policy
) -> None:
    spent = replace(line, claimed_milli=max(line.claimed_milli, line.bought_milli))

    assert not eligibility.check(spent, case_type, reason_id, brought, NOW, terms).allowed
    assert not eligibility.offer(spent, NOW, terms).allowed


@given(lines(), REASON_IDS, EVIDENCES, POLICIES, st.timedeltas(timedelta(), timedelta(days=400)))
def test_time_only_takes_away(line: Goods, reason_id: str, brought: Evidence, terms: Policy, wait: timedelta) -> None:
    later = eligibility.check(line, "exchange", reason_id, brought, NOW + wait, terms)

    assert not later.allowed or eligibility.check(line, "exchange", reason_id, brought, NOW, terms).allowed


TIMES = st.integers(0, 120 * 24 * 60).map(lambda minutes: beijing(10, 1) + timedelta(minutes=minutes))
ENDS = st.one_of(st.none(), TIMES, st.integers(1, 31).map(lambda day: beijing(12, day)))
DESCRIBED = st.builds(
    Goods,
    status=st.sampled_from(("unpaid", "unshipped", "in_transit", "delivered", "completed", "cancelled", "unknown")),
    bought_milli=st.sampled_from((1000, 1500, 10_000)),
    claimed_milli=st.sampled_from((0, 500, 1000)),
    received_at=st.one_of(st.none(), TIMES),
    guarantees=st.sampled_from((frozenset(), frozenset({"qtwlybt"}), frozenset({"thbyf_s", "15day"}))),
    exchangeable=st.booleans(),
    consumer=st.booleans(),
    no_reason_excluded=st.sampled_from(("", "fresh")),
    no_reason_until=ENDS,
    apply_by=ENDS,
    apply_days=st.integers(0, 30),
)
SHOPS = st.builds(
    Policy,
    window_days=st.integers(1, 40),
    hidden_days=st.integers(1, 90),
    own_window_days=st.integers(0, 40),
    own_hidden_days=st.integers(0, 90),
    excluded=st.sampled_from(((), ("T恤",))),
)


@given(DESCRIBED, SHOPS, TIMES, st.integers(-2, 2))
def test_what_is_kept_of_an_offer_is_true_now(goods: Goods, policy: Policy, now: datetime, near: int) -> None:
    worked_out = eligibility.offer_since.__wrapped__
    ends = [end for end in (goods.apply_by, goods.no_reason_until) if end]
    found = worked_out(goods, now, policy)
    for moment in (now, *ends, *([found.until] if found.until else [])):
        moment += timedelta(microseconds=near)
        assert eligibility.offer(goods, moment, policy) == worked_out(goods, moment, policy)
