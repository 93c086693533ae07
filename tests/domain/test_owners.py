"""Who looks after a case: taken by answering, handed over, shared out, given up; who is told of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from flask import Flask

from portal.cases import case_tags, owners, staff_notes, taking
from portal.cases.deadlines import lock_case
from portal.cases.effects.hand_ins import Approval, HandIn
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import STEPS, Actor, CaseType, State, StepRefused
from portal.models import Case, Notice, Shop, Staff, StaffNote
from portal.notices import notices
from portal.people import accounts, desks, roles, staffing
from portal.talk import conversations
from tests.cast import Cast
from tests.conftest import Clock


def hire(cast: Cast, name: str, role: str = "agent") -> int:
    with writing():
        person = accounts.create_user(name, now=cast.now)
        db.session.add(Staff(user_id=person.id, shop_id=cast.shop, role=role))
        return int(person.id)


def owner_of(case: Case) -> int | None:
    db.session.rollback()
    return db.session.get_one(Case, (case.id, case.shop_id)).owner_id


def notes_on(case: Case) -> Sequence[StaffNote]:
    db.session.rollback()
    return db.session.scalars(db.select(StaffNote).where(StaffNote.case_id == case.id)).all()


def agree(cast: Cast, case: Case, user_id: int, name: str = "某人") -> None:
    with writing():
        by = ActedBy(Actor.SELLER, user_id, name)
        taking.take(case.id, "agree", by=by, now=cast.now, handed=Approval())


def test_who_answers_takes_it_and_the_next_one_does_not(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    li, wang = hire(cast, "李四"), hire(cast, "王五")
    case = cast.open_case()
    assert owner_of(case) is None
    with writing():
        by = ActedBy(Actor.SELLER, li, "李四")
        taking.take(case.id, "ask_evidence", by=by, now=cast.now, handed=HandIn(note="请补拍"))
    assert owner_of(case) == li
    again = cast.open_case()
    agree(cast, again, wang)
    assert (owner_of(case), owner_of(again)) == (li, wang)


def test_a_refused_step_takes_nothing_over(both: Flask, cast_both: Cast) -> None:
    case = cast_both.open_case()
    with pytest.raises(StepRefused), writing():
        by = cast_both.by(Actor.SELLER)
        taking.take(case.id, "ship_replacement", by=by, now=cast_both.now)
    assert owner_of(case) is None


def test_who_counts_or_pays_does_not_take_it_over(both: Flask, cast_both: Cast) -> None:
    for role in ("warehouse", "finance"):
        assert not roles.may_own(role)
    case = cast_both.until("inspecting")
    with writing():
        db.session.get_one(Case, (case.id, case.shop_id)).owner_id = None
    keeper = hire(cast_both, "仓库小张", "warehouse")
    cast_both.take(case, "accept_goods", Actor.SELLER, user=keeper)
    assert owner_of(case) is None


def test_an_answer_in_the_conversation_takes_the_order_s_open_cases(both: Flask, cast_both: Cast) -> None:
    li = hire(cast_both, "李四")
    case, other = cast_both.open_case(), cast_both.open_case()
    with writing():
        owners.take_up_of_order(case.shop_id, case.order_id, li)
        owners.take_up_of_order(cast_both.shop2, other.order_id, li)  # another shop's: nothing
    assert (owner_of(case), owner_of(other)) == (li, None)


@pytest.mark.parametrize("agents", [1, 2, 3])
def test_shared_out_evenly(both: Flask, cast_both: Cast, agents: int) -> None:
    cast = cast_both
    people = [hire(cast, f"客服{number}") for number in range(agents)]
    hire(cast, "财务", "finance")
    with writing():
        staffing.set_sharing_out(cast.shop, True)
    dealt = Counter(owner_of(cast.open_case()) for _ in range(7))
    assert set(dealt) == set(people[: len(dealt)]) and max(dealt.values()) - min(dealt.values()) <= 1
    assert sum(dealt.values()) == 7 and len(dealt) == agents


def test_without_the_setting_or_without_agents_nobody_has_it(both: Flask, cast_both: Cast) -> None:
    with writing():
        staffing.set_sharing_out(cast_both.shop, True)
    assert owner_of(cast_both.open_case()) is None
    hire(cast_both, "客服1")
    with writing():
        staffing.set_sharing_out(cast_both.shop, False)
    assert owner_of(cast_both.open_case()) is None


@pytest.mark.parametrize("way", ["removed", "made 财务", "disabled"])
def test_the_cases_of_who_leaves_are_nobody_s(both: Flask, cast_both: Cast, way: str) -> None:
    cast = cast_both
    li, wang = hire(cast, "李四"), hire(cast, "王五")
    mine, done, wangs = cast.open_case(), cast.open_case(), cast.open_case()
    agree(cast, mine, li)
    agree(cast, wangs, wang)
    with writing():
        taking.take(
            done.id, "ask_evidence", by=ActedBy(Actor.SELLER, li, "李四"), now=cast.now, handed=HandIn(note="x")
        )
        taking.take(done.id, "withdraw", by=cast.by(Actor.BUYER), now=cast.now)
    with writing():
        version = db.session.scalar(db.select(Shop.version).where(Shop.id == cast.shop))
        if way == "removed":
            staffing.remove_staff(cast.shop, li)
        elif way == "disabled":
            accounts.disable(li, cast.now)
        else:
            staffing.change_role(cast.shop, li, "finance")
    assert (owner_of(mine), owner_of(wangs)) == (None, wang)
    assert owner_of(done) == li  # what has ended stays as it was
    assert (db.session.scalar(db.select(Shop.version).where(Shop.id == cast.shop)) or 0) > (version or 0)


def test_handed_over_with_a_line_and_told_once(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    li = hire(cast, "李四")
    case = cast.open_case()
    with writing():
        owners.hand_over(lock_case(case.id), li, by=cast.by(Actor.SELLER), words="客户很急", now=cast.now)
    assert owner_of(case) == li
    told = db.session.scalars(db.select(Notice).where(Notice.kind == "hand_over")).all()
    assert [(each.user_id, "客户很急" in each.body) for each in told] == [(li, True)]
    (note,) = notes_on(case)
    assert (note.kind, note.receiver, note.words) == ("hand_over", "李四", "客户很急")


def test_only_to_who_may_open_it(both: Flask, cast_both: Cast) -> None:
    case = cast_both.open_case()
    keeper, stranger = hire(cast_both, "仓库", "warehouse"), cast_both.seller2
    for to in (keeper, stranger, cast_both.buyer):
        with pytest.raises(StepRefused), writing():
            owners.hand_over(lock_case(case.id), to, by=cast_both.by(Actor.SELLER), words="", now=cast_both.now)
    assert owner_of(case) is None


def test_a_note_tells_whom_it_names_the_longest_name_first(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    li, lisi = hire(cast, "李"), hire(cast, "李四")
    hire(cast, "仓库小张", "warehouse")
    case = cast.open_case()
    by = cast.by(Actor.SELLER)
    with writing():
        staff_notes.write_note(lock_case(case.id), "@李四 ＠李四请看 a@b.com", by=by, now=cast.now)
    told = db.session.scalars(db.select(Notice.user_id).where(Notice.kind == "mention")).all()
    assert told == [lisi] and li not in told
    with pytest.raises(StepRefused, match="仓库小张"), writing():
        staff_notes.write_note(lock_case(case.id), "@仓库小张 来看", by=by, now=cast.now)
    assert len(notes_on(case)) == 1


def test_tags_are_few_and_short(both: Flask, cast_both: Cast) -> None:
    case = cast_both.open_case()
    for wrong in (["一", "二", "三"], ["十一个字的标签是太长的吧"]):
        with pytest.raises(StepRefused), writing():
            case_tags.put_tags(lock_case(case.id), wrong, cast_both.now)
    for tags in ("加急，大客户", "#大客户", ""):
        with writing():
            case_tags.put_tags(lock_case(case.id), case_tags.split(tags), cast_both.now)
    db.session.rollback()
    assert db.session.get_one(Case, (case.id, case.shop_id)).tags == ""
    assert list(case_tags.list_tags(case.shop_id)) == ["加急", "大客户"]


STATES = {role: {str(state) for state in State if roles.may_see_state(role, state)} for role in roles.ROLES}


@pytest.mark.parametrize("role", list(roles.ROLES))
def test_who_is_told_by_role_and_kind(role: str) -> None:
    """Every step that tells the shop: money never reaches 仓库, what isn't money never 财务, all of it the others."""
    for step in STEPS:
        if Actor.SELLER not in step.tells:
            continue
        told = roles.is_told(role, step.name, step.target)
        money = roles.moves_money(step.name) or step.target in ("paying", "refunding", "refund_failed")
        if role in ("owner", "agent"):
            assert told, step.name
        elif role == "finance":
            assert told == money, step.name
        else:
            assert not (told and money), step.name
            assert told == (not money and step.target in STATES["warehouse"]), step.name
    for kind in ("order_changed", "order_contradicted", "resale"):
        assert roles.is_told(role, kind, "returning") == (role in ("owner", "agent"))


def test_a_new_application_is_told_to_who_decides_and_then_to_who_has_it(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    li, wang = hire(cast, "李四"), hire(cast, "王五")
    clerk, keeper = hire(cast, "财务", "finance"), hire(cast, "仓库", "warehouse")
    case = cast.open_case()
    told = set(db.session.scalars(db.select(Notice.user_id).where(Notice.case_id == case.id, Notice.kind == "apply")))
    assert {cast.seller, li, wang} <= told and not told & {clerk, keeper}
    agree(cast, case, li)
    case = db.session.get_one(Case, (case.id, case.shop_id))
    assert notices.list_readers(case, Actor.SELLER, "ship_return") == [li, keeper]
    assert notices.list_readers(case, Actor.SELLER, "reminder") == sorted([cast.seller, li, keeper])
    assert notices.list_readers(case, Actor.SELLER, "escalate") == sorted([cast.seller, li, keeper])
    with writing():
        desks.release_cases(cast.shop, li)
    db.session.expire_all()
    assert set(notices.list_readers(case, Actor.SELLER, "ship_return")) == {cast.seller, li, wang, keeper}


def test_a_refund_is_told_to_the_till_and_not_to_the_warehouse(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    clerk, keeper = hire(cast, "财务", "finance"), hire(cast, "仓库", "warehouse")
    case = cast.until("refunding", case_type=CaseType.REFUND_ONLY)
    readers = notices.list_readers(case, Actor.SELLER, "reminder")
    assert clerk in readers and keeper not in readers


def test_a_conversation_s_first_answer_by_the_shop(both: Flask, cast_both: Cast, now: Clock) -> None:
    """The owner's own answer counts as well as an employee's."""
    case = cast_both.open_case()
    with writing():
        owners.take_up_of_order(case.shop_id, case.order_id, cast_both.seller)
        conversations.find_of_order(case.order_id, case.shop_id)
    assert owner_of(case) == cast_both.seller
