"""Violations in cases: their ledger, history, deadlines, mediation, proposals and goods."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from portal.cases.history import hash_event
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import (
    Case,
    CaseEvent,
    Notice,
    Order,
)
from portal.system import notes
from portal.talk import conversations
from tests.domain.doctor_world import Plant, World, plant


@plant("ledger")
def more_claimed_than_asked_for(world: World) -> list[str]:
    world.run("UPDATE order_lines SET claimed_milli = 3000 WHERE id = :line", line=world.line)
    return [f"order line {world.line} claimed 3000 of 10000 cases 2000"]


@plant("ledger")
def less_claimed_than_asked_for(world: World) -> list[str]:
    world.run("UPDATE order_lines SET claimed_milli = 0 WHERE id = :line", line=world.line)
    return [f"order line {world.line} claimed 0 of 10000 cases 2000"]


@plant("ledger")
def more_claimed_than_bought(world: World) -> list[str]:
    """The counter and the cases agree with each other, but not with the order."""
    world.run(
        "UPDATE order_lines SET claimed_milli = 11000 WHERE id = :line",
        "UPDATE case_lines SET quantity_milli = 11000 WHERE order_line_id = :line",
        line=world.line,
    )
    return [f"order line {world.line} claimed 11000 of 10000 cases 11000"]


@plant("sold as")
def a_line_that_no_search_finds(world: World) -> list[str]:
    world.run(
        "DELETE FROM sold_as WHERE product_id = (SELECT product_id FROM order_lines WHERE id = :line)", line=world.line
    )
    return [f"order line {world.line}"]


@plant("sold as")
def a_line_of_a_case_with_other_words(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run("UPDATE case_lines SET spec = '紫色' WHERE id = :line", line=line)
    return [f"case line {line}"]


@plant("disposals")
def units_that_are_nowhere(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run(
        "UPDATE disposals SET resale_milli = resale_milli - 1000 WHERE case_line_id = :line",
        "UPDATE disposal_moves SET milli = milli - 1000 WHERE disposal_id = "
        "(SELECT id FROM disposals WHERE case_line_id = :line)",
        line=line,
    )
    return [f"line {line} {world.confirming}"]


@plant("disposals")
def units_that_nobody_moved(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run(
        "UPDATE disposals SET resale_milli = resale_milli - 1000, scrap_milli = scrap_milli + 1000 "
        "WHERE case_line_id = :line",
        line=line,
    )
    return [f"moves {line} {world.confirming}"]


@plant("ledger")
def still_claimed_after_withdrawing(world: World) -> list[str]:
    case = world.cast.take(db.session.get_one(Case, world.applied), "withdraw", Actor.BUYER)
    assert case.state == "withdrawn"
    world.run("UPDATE order_lines SET claimed_milli = 2000 WHERE id = :line", line=world.line)
    return [f"order line {world.line} claimed 2000 of 10000 cases 0"]


def _quantity(column: str, value: int) -> Plant:
    def break_it(world: World) -> list[str]:
        line = world.line_of(world.confirming)
        world.run(f"UPDATE case_lines SET {column} = :value WHERE id = :line", value=value, line=line)
        return [f"case line {line}"]

    break_it.__name__ = f"{column}_{value}"
    return break_it


for _column, _value in (
    ("shipped_milli", 2_001),
    ("accepted_milli", 2_001),
    ("received_milli", 2_001),
    ("received_milli", 1_999),
    ("shipped_milli", -1),
    ("accepted_milli", -1),
):
    plant("quantities")(_quantity(_column, _value))


@plant("events")
def no_row_of_the_table(world: World) -> list[str]:
    world.run("UPDATE case_events SET step = 'agree' WHERE case_id = :case AND version = 1", case=world.applied)
    world.forge(world.applied)
    return [f"case {world.applied} event 1: agree is no row of the table"]


@plant("events")
def taken_by_the_wrong_side(world: World) -> list[str]:
    world.run("UPDATE case_events SET actor = 'buyer' WHERE case_id = :case AND step = 'agree'", case=world.confirming)
    world.forge(world.confirming)
    return [f"case {world.confirming} event 2: agree is no row of the table"]


@plant("events")
def an_event_is_missing(world: World) -> list[str]:
    world.run("DELETE FROM case_events WHERE case_id = :case AND step = 'ship_return'", case=world.confirming)
    world.forge(world.confirming)
    return [f"case {world.confirming} event 4: does not follow the one before"]


@plant("events")
def the_last_event_is_missing(world: World) -> list[str]:
    world.run("DELETE FROM case_events WHERE case_id = :case AND step = 'ship_replacement'", case=world.confirming)
    return [f"case {world.confirming}: confirming version 5, its events end at ('reshipping', 4)"]


@plant("events")
def a_case_without_events(world: World) -> list[str]:
    world.run("DELETE FROM case_events WHERE case_id = :case", case=world.applied)
    return [f"case {world.applied}: applied version 1, its events end at None"]


@plant("events")
def dated_before_the_one_before(world: World) -> list[str]:
    world.run(
        "UPDATE case_events SET at = :at WHERE case_id = :case AND version = 3",
        at=(world.cast.now - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f"),
        case=world.confirming,
    )
    world.forge(world.confirming)
    return [f"case {world.confirming} event 3: is dated before the one before"]


@plant("events")
def a_state_set_by_hand(world: World) -> list[str]:
    """With its counters, so that only the history speaks against it."""
    world.run(
        "UPDATE cases SET state = 'revising' WHERE id = :case",
        "UPDATE case_tallies SET state = 'revising' WHERE state = 'applied'",
        case=world.applied,
    )
    return [f"case {world.applied}: revising version 1, its events end at ('applied', 1)"]


@plant("events")
def a_version_too_many(world: World) -> list[str]:
    world.run("UPDATE cases SET version = 2 WHERE id = :case", case=world.applied)
    return [f"case {world.applied}: applied version 2, its events end at ('applied', 1)"]


@plant("hashes")
def words_changed_afterwards(world: World) -> list[str]:
    world.run("UPDATE case_events SET note = '改过' WHERE case_id = :case AND version = 2", case=world.confirming)
    return [f"case {world.confirming} event 2"]


@plant("hashes")
def facts_changed_afterwards(world: World) -> list[str]:
    world.run("""UPDATE case_events SET data = '{"x": 1}' WHERE case_id = :case AND version = 1""", case=world.applied)
    return [f"case {world.applied} event 1"]


@plant("hashes")
def changed_with_its_own_hash(world: World) -> list[str]:
    """Who also reckons the changed event's hash again is given away by the next one."""
    world.run("UPDATE case_events SET note = '改过' WHERE case_id = :case AND version = 2", case=world.confirming)
    columns = CaseEvent.__table__.columns
    found = select(*columns).where(CaseEvent.case_id == world.confirming, CaseEvent.version == 2)
    made = hash_event(dict(db.session.execute(found).mappings().one()))
    world.run(
        "UPDATE case_events SET hash = :made WHERE case_id = :case AND version = 2", made=made, case=world.confirming
    )
    return [f"case {world.confirming} event 3"]


@plant("deadlines")
def open_without_a_deadline(world: World) -> list[str]:
    world.run("UPDATE cases SET due_at = NULL WHERE id = :case", case=world.applied)
    return [f"case {world.applied} applied"]


@plant("deadlines")
def over_but_with_a_deadline(world: World) -> list[str]:
    world.run("UPDATE cases SET due_at = '2026-12-01 00:00:00.000000' WHERE id = :case", case=world.completed)
    return [f"case {world.completed} completed"]


@plant("notices")
def nobody_was_told(world: World) -> list[str]:
    world.run("DELETE FROM notices WHERE case_id = :case", case=world.applied)
    return [f"case {world.applied} event 1: seller was not told"]


@plant("notices")
def one_of_two_was_not_told(world: World) -> list[str]:
    told = Counter(
        key.split(":")[2]
        for key in db.session.scalars(select(Notice.dedupe_key).where(Notice.case_id == world.completed))
        if key.startswith("case:")
    )
    both = next(version for version, number in sorted(told.items()) if number == 2)
    world.run("DELETE FROM notices WHERE dedupe_key LIKE :key", key=f"case:{world.completed}:{both}:buyer%")
    return [f"case {world.completed} event {both}: buyer was not told"]


@plant("waiting")
def waiting_for_what_was_answered(world: World) -> list[str]:
    world.run(
        "UPDATE conversations SET waiting_since = '2026-11-23 02:00:00.000000' WHERE id = :id", id=world.conversation
    )
    return [f"conversation {world.conversation}"]


@plant("waiting")
def nobody_waits_although_nothing_was_answered(world: World) -> list[str]:
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, world.order), world.cast.now)
        conversations.add_message(talk, "buyer", world.cast.buyer, "还在吗", now=world.cast.now)
    world.run("UPDATE conversations SET waiting_since = NULL WHERE id = :id", id=world.conversation)
    return [f"conversation {world.conversation}"]


@plant("proposals")
def proposed_to_without_a_proposal(world: World) -> list[str]:
    case = world.cast.until("proposed")
    line = f"case {case.case_no} proposed"
    world.run("UPDATE proposals SET state = 'lapsed' WHERE case_id = :case", case=case.id)
    return [line]


@plant("proposals")
def a_proposal_that_was_left_open(world: World) -> list[str]:
    case = world.cast.take(world.cast.until("proposed"), "decline", Actor.BUYER)
    line = f"case {case.case_no} {case.state}"
    world.run("UPDATE proposals SET state = 'open' WHERE case_id = :case", case=case.id)
    return [line]


def late(world: World) -> Case:
    """A mediation whose decision is late."""
    return world.cast.mediated(world.cast.until("revising"), "overdue", mediator_id=world.cast.mediator)


@plant("late decisions")
def late_without_a_clock(world: World) -> list[str]:
    case = late(world)
    world.run("UPDATE cases SET due_at = NULL, due_rule = '' WHERE id = :id", id=case.id)
    return [f"case {case.case_no}: its decision is late and no clock runs"]


_RULE_NEXT = "UPDATE cases SET due_rule = 'mediation_rule' WHERE id = :id"
_PASSED = "UPDATE mediations SET passed_at = stage_at, "


@plant("late decisions")
def passed_on_to_nobody(world: World) -> list[str]:
    case = late(world)
    world.run(_RULE_NEXT, _PASSED + "mediator_id = NULL WHERE case_id = :id", id=case.id)
    return [f"case {case.case_no}: its decision is late and nobody has it"]


@plant("late decisions")
def passed_on_to_the_same_one(world: World) -> list[str]:
    case = late(world)
    world.run(_RULE_NEXT, _PASSED + "first_mediator_id = mediator_id WHERE case_id = :id", id=case.id)
    return [f"case {case.case_no}: the one who was late has it still"]


@plant("late decisions")
def passed_on_to_one_of_a_side(world: World) -> list[str]:
    case, seller = late(world), world.cast.seller
    world.run(_RULE_NEXT, id=case.id)
    world.run(_PASSED + "mediator_id = :seller WHERE case_id = :id", id=case.id, seller=seller)
    return [f"case {case.case_no}: who has it is one of a side"]


@plant("mediations")
def in_mediation_without_one(world: World) -> list[str]:
    case = late(world)
    world.run("DELETE FROM mediations WHERE case_id = :id", id=case.id)
    return [f"case {case.case_no}"]


@plant("mediations")
def a_mediation_that_nobody_ended(world: World) -> list[str]:
    case = late(world)
    world.run("UPDATE cases SET escalated = false, stage = '' WHERE id = :id", id=case.id)
    return [f"case {case.case_no}"]


@plant("return places")
def a_case_that_counts_two_places_and_has_none(world: World) -> list[str]:
    world.run("UPDATE cases SET place_count = 2 WHERE id = :case", case=world.confirming)
    return [
        f"case {world.confirming}: 2 return addresses, and 0 places",
        f"case {world.confirming}: not each line goes back to one place",
        f"case {world.confirming}: its return address isn't that of its first place",
    ]


@plant("return places")
def more_in_a_parcel_than_is_sent_back(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run(
        "INSERT INTO parcel_lines (id, shop_id, parcel_id, case_line_id, quantity_milli, spec) "
        "SELECT 1, shop_id, id, :line, 999000, '' FROM parcels WHERE case_id = :case AND leg = 'back'",
        line=line,
        case=world.confirming,
    )
    return [f"case {world.confirming}: more of line {line} in parcels than is sent back"]


@plant("alarms")
def a_case_that_is_stuck(world: World) -> list[str]:
    notes.raise_alarm(notes.STUCK_CASE, "7", "of all things", world.cast.now)
    return ["stuck case 7 since 2026-11-23 02:00 UTC: of all things"]


@plant("ratings")
def a_case_that_goes_on_is_asked_about(world: World) -> list[str]:
    world.run(
        "INSERT INTO ratings (id, shop_id, case_id, buyer_id, ended_at, asks, next_ask_at, words, by_link, answer, "
        "follow_state, follow_note) SELECT 1, shop_id, id, buyer_id, opened_at, 0, opened_at, '', 0, '', '', '' "
        "FROM cases WHERE id = :case_id",
        case_id=world.applied,
    )
    return [f"case {world.applied} 0"]


@plant("ratings")
def an_ended_case_has_no_question(world: World) -> list[str]:
    world.run("DELETE FROM ratings WHERE case_id = :case_id", case_id=world.completed)
    return [f"case without a question {world.completed} 0"]
