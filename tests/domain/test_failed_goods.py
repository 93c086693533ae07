"""What didn't pass an inspection goes home by a date: both sides know it, and late it opens a way out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from portal import words
from portal.cases import actions, answers, case_view, failed
from portal.cases.case_facts import collect_facts
from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import FINAL, Actor, CaseType, Facts, StepRefused
from portal.models import Case, CaseLine, FailedGoods, Notice
from portal.tracking import scans
from tests.cast import PARCELS, Cast

BUYER, SELLER = Actor.BUYER, Actor.SELLER
SPAN = timedelta(hours=72)


def counted(cast: Cast, case_type: CaseType, received: int, passed: int) -> Case:
    """A case whose inspection was accepted by its buyer, of two units."""
    case = cast.until("inspecting", case_type=case_type)
    line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
    found = [InspectedLine(line.id, received, passed, "not_resellable", "有污渍")]
    case = cast.take(case, "dispute_goods", SELLER, counted=found, photos=cast.photos(2, cast.seller))
    assert db.session.scalar(db.select(FailedGoods.id)) is None  # nothing stands yet
    return cast.take(case, "accept_result" if passed else "accept_result_none", BUYER)


def card(case: Case, side: Actor, cast: Cast, hours: int = 0) -> answers.Answer:
    return answers.work_out_answer(case_view.build_view(case, side, cast.now + timedelta(hours=hours)))


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
@pytest.mark.parametrize("passed", [0, 1_000])
def test_both_sides_are_told_the_date(cast_both: Cast, case_type: CaseType, passed: int) -> None:
    cast = cast_both
    case = counted(cast, case_type, 2_000, passed)
    found = failed.find_failed(case)
    assert found is not None and found.due_at == cast.now + SPAN and found.sent_at is None
    until = words.moment(found.due_at)
    buyer, seller = card(case, BUYER, cast).failed, card(case, SELLER, cast).failed
    assert f"最晚 {until} 寄回给您" in buyer and ("投诉" if case.state in FINAL else "平台介入") in buyer
    assert f"请在 {until} 前把未通过的商品寄回买家" in seller and "买家可以" in seller
    said = db.session.scalars(db.select(Notice).where(Notice.kind == "failed_due")).all()
    assert {notice.user_id for notice in said} >= {cast.buyer, cast.seller}
    assert all(until in notice.body and f"{2 - passed // 1_000} 双" in notice.body for notice in said)
    assert failed.count_kept(case.shop_id, 100) == len(failed.list_kept(case.shop_id)[0]) == 1
    assert [row.milli for row in failed.list_coming(cast.buyer)[0]] == [2_000 - passed]
    assert not failed.list_coming(cast.buyer2)[0]


@pytest.mark.parametrize(("received", "passed"), [(2_000, 2_000), (1_000, 1_000), (0, 0)])
def test_what_never_came_or_passed_has_no_date(cast: Cast, received: int, passed: int) -> None:
    if received == passed == 2_000:
        cast.until("reshipping")
    else:
        counted(cast, CaseType.EXCHANGE, received, passed)
    assert db.session.scalar(db.select(FailedGoods.id)) is None


def test_late_both_are_told_once_and_the_platform_can_be_called(cast_both: Cast) -> None:
    cast = cast_both
    case = counted(cast, CaseType.EXCHANGE, 2_000, 1_000)
    with pytest.raises(StepRefused):  # it isn't late: nothing to call the platform for
        cast.take(case, "escalate", BUYER, note="没有寄回")
    just, late = cast.now + SPAN - timedelta(seconds=1), cast.now + SPAN
    assert failed.tell_late(just) == 0 and failed.tell_late(late) == 1 and failed.tell_late(late) == 0
    said = db.session.scalars(db.select(Notice).where(Notice.kind == "failed_late")).all()
    assert {notice.user_id for notice in said} >= {cast.buyer, cast.seller} and len(said) == len(
        {notice.user_id for notice in said}
    )
    with writing():  # sent already, as nothing else is late here
        db.session.execute(db.update(Case).where(Case.id == case.id).values(due_at=late + SPAN))
    case = db.session.get_one(Case, (case.id, case.shop_id))
    steps = {step.name: refusal for step, refusal in actions.list_actions(case, BUYER, late, _facts(case, late))}
    assert steps["escalate"] is None
    assert "没有在" in card(case, BUYER, cast, 73).failed


def _facts(case: Case, at: datetime) -> Callable[[], Facts]:
    return lambda: collect_facts(case, at)


def test_after_the_end_the_buyer_can_complain(cast: Cast) -> None:
    case = counted(cast, CaseType.RETURN_REFUND, 2_000, 0)
    assert case.state == "closed" and not card(case, BUYER, cast).complain
    assert card(case, BUYER, cast, 73).complain and not card(case, SELLER, cast, 73).complain


def test_sent_they_are_no_longer_asked_for(cast_both: Cast) -> None:
    cast = cast_both
    case = counted(cast, CaseType.EXCHANGE, 2_000, 1_000)
    with writing():
        scans.send_back(case.id, PARCELS, by=cast.by(SELLER), now=cast.now)
    assert failed.tell_late(cast.now + 2 * SPAN) == 0 and failed.count_kept(case.shop_id, 100) == 0
    case = db.session.get_one(Case, (case.id, case.shop_id))
    assert card(case, BUYER, cast, 73).failed == "" and not failed.list_coming(cast.buyer)[0]
    assert not failed.is_late(case, cast.now + 2 * SPAN)
