"""A shop's own rules: each application looked at once, a step named after its rule, a cap nobody exceeds."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.cases import case_tags, case_view, held, taking
from portal.cases.automatic import acting, keeping, rules, trial
from portal.cases.effects.hand_ins import HandIn
from portal.evidence import evidence
from portal.extensions import Busy, db, writing
from portal.flow import Actor, CaseType
from portal.models import AutoDay, AutoOutcome, AutoRule, Case, CaseEvent, ReturnAddress
from tests.cast import Cast
from tests.conftest import Clock


def make_rule(cast: Cast, now: Clock, action: str = "agree", *, on: bool = True, **conditions: Any) -> AutoRule:
    with writing():
        asked = rules.Conditions(**{"most_fen": 10_000_000, **conditions})
        row = keeping.add_rule(cast.shop, "小额自动同意", action, asked, now.at)
        row.is_on = on
        rule_id = row.id
    return db.session.get_one(AutoRule, (rule_id, cast.shop))


def start(cast: Cast, now: Clock, cap_fen: int = 100_000_000) -> None:
    with writing():
        keeping.start(cast.shop, cap_fen, now.at)


def states(*cases: int) -> list[str]:
    db.session.expire_all()
    return [db.session.scalars(db.select(Case.state).where(Case.id == case_id)).one() for case_id in cases]


def outcome(case_id: int) -> str | None:
    return db.session.scalar(db.select(AutoOutcome.outcome).where(AutoOutcome.case_id == case_id))


def test_a_rule_decides_what_comes_after_it_was_started_and_is_named(both: Flask, cast_both: Cast, now: Clock) -> None:
    order = cast_both.order(milli=100_000)
    before = cast_both.open_case(order, now=now.at).id
    make_rule(cast_both, now)
    now.forward(minutes=1)
    start(cast_both, now)
    case_id = cast_both.open_case(order, now=now.at).id
    assert acting.decide_fresh(now.at) == 1 and acting.decide_fresh(now.at) == 0
    assert states(case_id) == ["returning"]
    event = db.session.scalars(db.select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.version == 2)).one()
    assert (event.step, event.actor, event.data["by_rule"]) == ("agree", "seller", "小额自动同意")
    case = db.session.scalars(db.select(Case).where(Case.id == case_id)).one()
    of_shop = case_view.build_view(case, Actor.SELLER, now.at)
    of_buyer = case_view.build_view(case, Actor.BUYER, now.at)
    assert any("按规则「小额自动同意」自动处理" in said for said in of_shop.details(event))
    assert any("按店铺事先设定的规则自动处理" in said for said in of_buyer.details(event))
    assert not any("小额自动同意" in said for said in of_buyer.details(event))
    assert states(before) == ["applied"]
    assert of_shop.list_entries(None)[0].who == "店铺规则"  # nobody pressed anything
    assert [entry.who for entry in of_buyer.list_entries(None)] == ["商家 seller", "您"]
    case = cast_both.take(case, "grant_extension", Actor.SELLER, now.at, days=2, note="台风停运")
    assert case_view.build_view(case, Actor.SELLER, now.at).list_entries(None)[0].who == "seller"  # who of the shop


def test_what_was_applied_for_before_the_start_is_left_to_people(app: Flask, cast: Cast, now: Clock) -> None:
    early = cast.open_case(now=now.at - timedelta(seconds=1)).id
    make_rule(cast, now)
    start(cast, now)
    assert acting.decide_fresh(now.at) == 0 and states(early) == ["applied"] and outcome(early) is None


@pytest.mark.parametrize(
    ("kind", "action", "state"),
    [
        (CaseType.EXCHANGE, "agree", "returning"),
        (CaseType.EXCHANGE, "no_return", "reshipping"),
        (CaseType.RETURN_REFUND, "no_return", "refunding"),
        (CaseType.REISSUE, "reissue", "reshipping"),
        (CaseType.REFUND_ONLY, "agree", "refunding"),
        (CaseType.EXCHANGE, "people", "applied"),
        (CaseType.EXCHANGE, "reissue", "applied"),
    ],
)
def test_each_action_takes_the_step_of_the_flow(
    app: Flask, cast: Cast, now: Clock, kind: CaseType, action: str, state: str
) -> None:
    make_rule(cast, now, action)
    start(cast, now)
    case_id = cast.open_case(now=now.at, case_type=kind, reason="missing_item" if action == "reissue" else "damaged").id
    acting.decide_fresh(now.at)
    assert states(case_id) == [state]


def test_the_first_rule_decides_and_people_stop_the_others(app: Flask, cast: Cast, now: Clock) -> None:
    agree = make_rule(cast, now)
    people = make_rule(cast, now, "people", reasons=("damaged",))
    start(cast, now)
    with writing():
        keeping.move_up(keeping.find_rule(cast.shop, people.id) or people)
    case_id = cast.open_case(now=now.at).id
    assert acting.decide_fresh(now.at) == 0 and outcome(case_id) == "people"
    with writing():
        keeping.switch_rule(keeping.find_rule(cast.shop, people.id) or people, on=False)
    other = cast.open_case(now=now.at).id
    assert acting.decide_fresh(now.at) == 1 and outcome(other) == "taken" and outcome(case_id) == "people"
    assert [row.id for row in keeping.list_rules(cast.shop)] == [people.id, agree.id]


def test_one_switch_stops_all(app: Flask, cast: Cast, now: Clock) -> None:
    make_rule(cast, now)
    start(cast, now)
    with writing():
        keeping.stop(cast.shop)
    case_id = cast.open_case(now=now.at).id
    assert acting.decide_fresh(now.at) == 0 and states(case_id) == ["applied"]


def test_the_days_money_is_not_exceeded_and_the_rest_is_left_to_people(app: Flask, cast: Cast, now: Clock) -> None:
    make_rule(cast, now)
    order = cast.order(milli=100_000, price_fen=1_000)
    start(cast, now, cap_fen=5_000)
    ids = [cast.open_case(order, milli=2_000, now=now.at).id for _ in range(4)]  # 20 元 each
    assert acting.decide_fresh(now.at) == 2
    assert sorted(str(outcome(case_id)) for case_id in ids) == ["capped", "capped", "taken", "taken"]
    assert keeping.find_spent(cast.shop, now.at) == 4_000


def test_a_step_that_somebody_holds_back_goes_first(app: Flask, cast: Cast, now: Clock) -> None:
    make_rule(cast, now)
    start(cast, now)
    case = cast.open_case(now=now.at)
    case_id = case.id
    with writing():
        held.hold(
            db.session.get_one(Case, (case_id, cast.shop)),
            "ask_evidence",
            by=cast.by(Actor.SELLER),
            now=now.at,
            version=1,
            handed=HandIn(note="请补拍外包装"),
        )
    assert acting.decide_fresh(now.at) == 0 and outcome(case_id) is None
    held.carry_out_due(now.at + held.HELD_FOR)
    assert acting.decide_fresh(now.at + held.HELD_FOR) == 0 and states(case_id) == ["revising"]


def test_killed_between_the_money_and_the_step_nothing_has_happened(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_args: Any, **_more: Any) -> None:
        raise Killed

    make_rule(cast_both, now)
    start(cast_both, now)
    case_id = cast_both.open_case(now=now.at).id
    with monkeypatch.context() as patched:
        patched.setattr(taking, "take", die)
        with pytest.raises(Killed):
            acting.decide_fresh(now.at)
    db.session.rollback()
    assert outcome(case_id) is None and keeping.find_spent(cast_both.shop, now.at) == 0
    assert acting.decide_fresh(now.at) == 1 and states(case_id) == ["returning"]


def test_without_a_return_address_goods_are_not_asked_back(app: Flask, cast: Cast, now: Clock) -> None:
    make_rule(cast, now)
    start(cast, now)
    with writing():
        db.session.execute(db.update(ReturnAddress).values(is_default=False, removed_at=now.at))
    case_id = cast.open_case(now=now.at).id
    assert acting.decide_fresh(now.at) == 0 and outcome(case_id) == "none"


def fill_shop(cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Applications of all kinds, of two buyers, some with photos, dear or cheap, resold or not."""
    dice = random.Random(20_261_128)
    ids = []
    monkeypatch.setattr(evidence, "attach_to_case", lambda *_photos, **_more: dice.randint(0, 3))
    for number in range(10):
        kind = dice.choice(list(CaseType))
        order = cast.order(
            milli=50_000,
            price_fen=dice.choice([500, 3_000, 20_000]),
            lines=dice.choice([1, 2]),
            buyer=dice.choice([cast.buyer, cast.buyer2]),
            is_dropship=dice.random() < 0.3,
            freight_fen=0,
        )
        case = cast.open_case(
            order,
            milli=1_000 * dice.randint(1, 5),
            reason="missing_item" if kind is CaseType.REISSUE else dice.choice(["damaged", "wrong_item"]),
            case_type=kind,
            now=now.at + timedelta(seconds=number),
            dearer=500 if kind is CaseType.EXCHANGE and dice.random() < 0.3 else None,
            negotiated=dice.random() < 0.15,
        )
        ids.append(case.id)
    return ids


def throw_rule(dice: random.Random) -> tuple[str, rules.Conditions]:
    some = rules.Conditions(
        types=tuple(dice.sample([str(kind) for kind in CaseType], dice.choice([0, 0, 1, 2, 3]))),
        reasons=tuple(dice.sample(["damaged", "wrong_item", "missing_item"], dice.choice([0, 0, 1, 2]))),
        least_photos=dice.choice([0, 0, 1, 2]),
        most_fen=dice.choice([None, 1_000, 5_000, 15_000, 100_000]),
        most_cases=dice.choice([None, None, 0, 3, 8]),
        codes=dice.choice([(), (), ("HH-100",), ("HH-100", "HH-101"), ("4900392655487",)]),
        resold=dice.choice(["any", "any", "yes", "no"]),
    )
    return dice.choice(list(rules.ACTIONS)), some


@pytest.mark.parametrize("seed", range(8))
def test_what_was_tried_is_what_is_done_for_random_rules(
    app: Flask, cast: Cast, now: Clock, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        ids = fill_shop(cast, now, patched)
    at = now.at + timedelta(minutes=1)
    dice = random.Random(seed)
    make_rule(cast, now, "people", reasons=("wrong_item",), types=("refund_only",))  # one before it
    row = make_rule(cast, now, on=False)
    start(cast, now)
    hits = 0
    for _ in range(25):
        action, asked = throw_rule(dice)
        cap = dice.choice([0, 8_000, 40_000, 10_000_000])
        with writing():
            found = keeping.find_rule(cast.shop, row.id)
            assert found is not None
            keeping.change_rule(found, "随机规则", action, asked, now.at, tag="加急" if action == "tag" else "")
            keeping.start(cast.shop, cap, now.at)
            expected = trial.try_out(cast.shop, found, cap, at)
            with db.session.begin_nested() as tried:
                keeping.switch_rule(found, on=True)
                for case_id in ids:
                    acting.decide_one(case_id, cast.shop, at)
                done = {
                    (each.case_id, each.outcome)
                    for each in db.session.execute(
                        db.select(AutoOutcome.case_id, AutoOutcome.outcome).where(AutoOutcome.rule_id == row.id)
                    )
                }
                tagged = set(db.session.scalars(db.select(Case.id).where(Case.tags == " 加急 ")))
                tried.rollback()
            db.session.expire_all()
        kind = {"people": "people", "tag": "tagged"}.get(action, "taken")
        assert tagged == (set(expected.hits) if action == "tag" else set())
        assert {case_id for case_id, what in done if what == kind} == set(expected.hits)
        assert {case_id for case_id, what in done if what == "capped"} == set(expected.over_cap)
        hits += len(expected.hits)
    assert hits > 2 and db.session.scalar(db.select(db.func.count()).select_from(AutoDay)) == 0


def test_the_trial_tells_which_were_refused_then(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(milli=100_000)
    kept = cast.open_case(order, now=now.at - timedelta(days=2))
    refused = cast.open_case(order, now=now.at - timedelta(days=2))
    cast.open_case(order, now=now.at - timedelta(days=91))
    with writing():
        by = cast.by(Actor.SELLER)
        event = db.session.scalars(db.select(CaseEvent).where(CaseEvent.case_id == refused.id)).one()
        row = {column.key: getattr(event, column.key) for column in CaseEvent.__table__.columns if column.key != "id"}
        row |= {"version": 2, "step": "reject", "actor": "seller", "user_id": by.user_id, "hash": "x" * 64}
        db.session.add(CaseEvent(**row))
    rule = make_rule(cast, now, on=False)
    found = trial.try_out(cast.shop, rule, 10_000_000, now.at)
    assert set(found.hits) == {kept.id, refused.id} and found.refused == (refused.id,) and found.looked_at == 2


def work_in_process(app: Flask, now: Clock) -> int:
    """Another process that lets the rules decide until nothing is left; its id."""
    if (child := os.fork()) != 0:
        return child
    try:
        with app.app_context():
            for _ in range(60):
                try:
                    acting.decide_fresh(now.at)
                except Busy:
                    continue
                if db.session.scalar(db.select(db.func.count()).select_from(AutoOutcome)) == 8:
                    os._exit(0)
                db.session.rollback()
    finally:
        os._exit(1)


@pytest.mark.timeout(120)
def test_sixteen_processes_do_not_exceed_the_cap(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    make_rule(cast, now, "no_return")
    order = cast.order(milli=100_000, price_fen=1_000)
    start(cast, now, cap_fen=4_999)
    for _ in range(8):
        cast.open_case(order, milli=1_000, now=now.at)  # 10 元 each
    db.session.remove()
    db.engine.dispose()
    children = [work_in_process(both, now) for _ in range(16)]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 16
    outcomes = db.session.scalars(db.select(AutoOutcome.outcome)).all()
    assert sorted(outcomes) == ["capped"] * 4 + ["taken"] * 4
    steps = db.session.scalars(db.select(CaseEvent.case_id).where(CaseEvent.step == "agree_no_return")).all()
    assert len(steps) == len(set(steps)) == 4 and keeping.find_spent(cast.shop, now.at) == 4_000


def test_a_rule_puts_a_tag_and_leaves_the_case_to_people(both: Flask, cast_both: Cast, now: Clock) -> None:
    """Its tag beside those that are there; where no more fit, the rule says so and nothing else happens."""
    with writing():
        row = keeping.add_rule(cast_both.shop, "大客户", "tag", rules.Conditions(), now.at, tag="大客户")
        row.is_on = True
    start(cast_both, now)
    fresh, full = cast_both.open_case(now=now.at).id, cast_both.open_case(now=now.at).id
    with writing():
        case_tags.put_tags(db.session.get_one(Case, (full, cast_both.shop)), ["甲", "乙"], now.at)
    assert acting.decide_fresh(now.at) == 0 and acting.decide_fresh(now.at) == 0
    assert states(fresh, full) == ["applied", "applied"]
    tags = [db.session.get_one(Case, (case_id, cast_both.shop)).tags for case_id in (fresh, full)]
    assert tags == [" 大客户 ", " 甲 乙 "]
    assert (outcome(fresh), outcome(full)) == ("tagged", "refused")
    assert keeping.find_spent(cast_both.shop, now.at) == 0
