"""Many cases at once: each alone, at its version, once; what can't be done is told with its reason."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.cases import bulk, bulk_work, held, shop_queue
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import BulkItem, BulkRun, Case, CaseEvent, Message, Parcel
from tests.cast import Cast
from tests.conftest import Clock


def order_run(cast: Cast, now: Clock, case_ids: list[int], kind: str = "agree") -> BulkRun:
    with writing():
        by = cast.by(Actor.SELLER)
        run_id = bulk.make_run(cast.shop, kind, case_ids, by=by, query="tab=applied", now=now.at)
    return found(run_id)


def found(run_id: int) -> BulkRun:
    return db.session.scalars(
        db.select(BulkRun).where(BulkRun.id == run_id).execution_options(populate_existing=True)
    ).one()


def begin(run: BulkRun, now: Clock, facts: dict[str, Any] | None = None, **more: Any) -> None:
    run_id = run.id
    with writing():
        assert bulk.start(found(run_id), facts or {}, now.at, **more)


def work(run_id: int, now: Clock) -> BulkRun:
    while found(run_id).state == "running":
        bulk_work.work_off(now.at)
        db.session.rollback()
    return found(run_id)


def count_agreed() -> int:
    """Events of 同意: none of a case more than once."""
    rows = db.session.execute(
        db.select(CaseEvent.case_id, db.func.count()).where(CaseEvent.step == "agree").group_by(CaseEvent.case_id)
    ).all()
    assert all(number == 1 for _, number in rows)
    return len(rows)


def test_of_five_hundred_twenty_changed_meanwhile(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(milli=10_000_000)
    ids = [cast.open_case(order, milli=1_000).id for _ in range(500)]
    with writing():
        chosen = shop_queue.list_ids(cast.shop, "applied", now.at, bulk.MOST)
    assert sorted(chosen) == sorted(ids)
    run = order_run(cast, now, list(chosen))
    assert bulk.count_items(run) == {"waiting": 500, "apart": 0, "done": 0, "skipped": 0}
    begin(run, now)
    for case_id in ids[::25]:
        cast.take(db.session.get_one(Case, case_id), "withdraw", Actor.BUYER, now.at)
    run = work(run.id, now)
    assert bulk.count_items(run) == {"waiting": 0, "apart": 0, "done": 480, "skipped": 20}
    assert count_agreed() == 480
    groups = {group.state: group for group in bulk.list_groups(run)}
    assert groups["skipped"].number == 20 and "已有更新" in groups["skipped"].words
    assert {db.session.get_one(Case, case_id).state for case_id in ids[::25]} == {"withdrawn"}


def test_killed_in_the_middle_it_goes_on_and_does_each_once(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = cast_both.order(milli=1_000_000)
    ids = [cast_both.open_case(order, milli=1_000).id for _ in range(12)]
    run = order_run(cast_both, now, ids)
    begin(run, now)
    whole, left = bulk_work._mark, [5]

    def killed(item: Any, state: str, reason: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        whole(item, state, reason)

    with monkeypatch.context() as broken:
        broken.setattr(bulk_work, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            bulk_work.work_off(now.at)
    db.session.rollback()
    assert count_agreed() == 5 == bulk.count_items(found(run.id))["done"]  # the sixth was taken back with its row
    run = work(run.id, now)
    assert (count_agreed(), bulk.count_items(run)["done"], run.state) == (12, 12, "done")


def work_until_killed(app: Flask, now: Clock, after: int) -> int:
    """Another process that works off a run and is killed by the system in the middle of a case; how it ended."""
    db.session.remove()
    db.engine.dispose()
    if (child := os.fork()) == 0:
        try:
            whole, left = bulk_work._mark, [after]

            def killed(item: Any, state: str, reason: str) -> None:
                left[0] -= 1
                whole(item, state, reason)
                if left[0] < 0:
                    db.session.flush()
                    os.kill(os.getpid(), signal.SIGKILL)

            bulk_work._mark = killed
            with app.app_context():
                bulk_work.work_off(now.at)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_by_the_system_twice_each_is_done_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    order = cast_both.order(milli=1_000_000)
    ids = [cast_both.open_case(order, milli=1_000).id for _ in range(12)]
    run_id = order_run(cast_both, now, ids).id
    begin(found(run_id), now)
    for done in (4, 8):
        assert work_until_killed(both, now, 4) == -signal.SIGKILL
        assert count_agreed() == done == bulk.count_items(found(run_id))["done"]
        db.session.rollback()
    run = work(run_id, now)
    assert (count_agreed(), bulk.count_items(run)["done"], run.state) == (12, 12, "done")


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_of_five_hundred_each_is_done_once_though_killed(both: Flask, cast_both: Cast, now: Clock) -> None:
    """Twenty changed meanwhile; killed by the system three times, each time in the middle of a case."""
    order = cast_both.order(milli=10_000_000)
    ids = [cast_both.open_case(order, milli=1_000).id for _ in range(500)]
    run_id = order_run(cast_both, now, ids).id
    begin(found(run_id), now)
    for case_id in ids[::25]:
        cast_both.take(db.session.get_one(Case, case_id), "withdraw", Actor.BUYER, now.at)
    handled = 0
    for killed_after in (30, 70, 1):
        assert work_until_killed(both, now, killed_after) == -signal.SIGKILL
        handled += killed_after
        counts = bulk.count_items(found(run_id))
        assert counts["done"] + counts["skipped"] == handled and count_agreed() == counts["done"]
        db.session.rollback()
    run = work(run_id, now)
    assert bulk.count_items(run) == {"waiting": 0, "apart": 0, "done": 480, "skipped": 20}
    assert count_agreed() == 480 and run.state == "done"


def test_exceptions_stand_apart_with_their_reason(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    whole = cast.open_case()
    gone = cast.until("returning")
    money = cast.open_case(case_type=CaseType.REFUND_ONLY)
    platform = cast.mediated(cast.open_case())
    waiting = cast.open_case()
    with writing():
        held.hold(waiting, "agree", by=cast.by(Actor.SELLER), now=now.at, version=None, handed=None)
    run = order_run(cast, now, [each.id for each in (whole, gone, money, platform, waiting)])
    apart = {group.case_nos[0]: group.words for group in bulk.list_groups(run) if group.state == "apart"}
    assert set(apart) == {each.case_no for each in (gone, money, platform, waiting)}
    assert "没有这一步" in apart[gone.case_no] and "金额" in apart[money.case_no]
    assert "平台" in apart[platform.case_no] and "等着生效" in apart[waiting.case_no]
    begin(run, now)
    run = work(run.id, now)
    assert bulk.count_items(run) == {"waiting": 0, "apart": 4, "done": 1, "skipped": 0}


def test_groups_say_what_will_happen(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    ids = [cast.open_case().id, cast.open_case().id, cast.open_case(dearer=100).id]
    ids.append(cast.open_case(case_type=CaseType.REISSUE, reason="missing_item").id)
    said = {group.words: group.number for group in bulk.list_groups(order_run(cast, now, ids))}
    assert sorted(said.values()) == [1, 1, 2]
    assert "换货，买家寄回，运费商家承担" in said and "补发" in said


def test_each_case_is_sent_with_its_own_number_and_one_without_stands_apart(
    both: Flask, cast_both: Cast, now: Clock
) -> None:
    cast = cast_both
    cases = [cast.until("reshipping") for _ in range(3)]
    run = order_run(cast, now, [each.id for each in cases], "ship_replacement")
    items = bulk.list_case_nos(run)
    parcels = {
        items[cases[0].case_no]: [("ZTO", "75484863576596")],
        items[cases[1].case_no]: [("SF", "SF1234567890123")],
    }
    begin(run, now, parcels=parcels)
    run = work(run.id, now)
    assert bulk.count_items(run) == {"waiting": 0, "apart": 1, "done": 2, "skipped": 0}
    states = [db.session.get_one(Case, each.id, populate_existing=True).state for each in cases]
    assert states == ["confirming", "confirming", "reshipping"]
    sent = db.session.execute(db.select(Parcel.case_id, Parcel.tracking_no).where(Parcel.leg == "out")).all()
    assert dict(tuple(row) for row in sent) == {cases[0].id: "75484863576596", cases[1].id: "SF1234567890123"}


def test_words_go_to_each_buyer_and_not_from_who_left(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    ids = [cast.open_case().id, cast.open_case().id]
    run = order_run(cast, now, ids, bulk.REPLY)
    begin(run, now, {"note": "今天下午统一发出"})
    run = work(run.id, now)
    sent = db.session.scalars(db.select(Message.words).where(Message.side == "seller")).all()
    assert bulk.count_items(run)["done"] == 2 and sent.count("今天下午统一发出") == 2
    other = order_run(cast, now, ids)
    begin(other, now)
    from portal.models import Staff

    with writing():
        db.session.execute(db.update(Staff).where(Staff.shop_id == cast.shop).values(role="warehouse"))
    other = work(other.id, now)
    assert bulk.count_items(other)["skipped"] == 2
    assert db.session.scalars(db.select(BulkItem.reason).where(BulkItem.run_id == other.id)).first()


def test_a_run_is_begun_once_and_is_its_makers(both: Flask, cast_both: Cast, now: Clock) -> None:
    run = order_run(cast_both, now, [cast_both.open_case().id])
    begin(run, now)
    with writing():
        assert not bulk.start(found(run.id), {}, now.at)
    assert bulk.find_run(cast_both.shop, run.id, cast_both.seller) is not None
    assert bulk.find_run(cast_both.shop, run.id, cast_both.seller2) is None
    assert bulk.find_run(cast_both.shop2, run.id, cast_both.seller) is None
    now.at += timedelta(seconds=1)
