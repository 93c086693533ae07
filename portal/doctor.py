"""Checks every invariant in the database. Each check is named, says what must hold, and lists what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, text

from portal import belonging, damage, flow
from portal.cases import anchors, late_decisions, places
from portal.cases.history import hash_event
from portal.evidence.evidence import LOOSE_FOR
from portal.evidence.store import Store
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseEvent, CaseLine, Evidence, MoneyEntry, Notice, Order, OrderLine
from portal.models.cases import OPEN
from portal.models.disposals import KINDS as DISPOSED
from portal.models.freight import FREIGHT_HELD
from portal.models.money import OPEN_ENTRY
from portal.money import paid
from portal.money.accounts import keeping as account_keeping
from portal.money.entries import COUNTED
from portal.money.sums import OrderSums, believe_paid
from portal.orders import sold
from portal.orders.versions import FROZEN, PLACED, read_moment
from portal.payments import contested
from portal.resale import chain as chain_links
from portal.system.notes import list_alarms

MOST_SHOWN = 20


class Check(NamedTuple):
    """One invariant: ``broken`` yields a short line for each violation."""

    name: str
    holds: str
    broken: Callable[[], Iterator[str]]


def _sql(query: str) -> Callable[[], Iterator[str]]:
    """Violations found by one statement; each row is one."""

    def run() -> Iterator[str]:
        for row in db.session.execute(text(query)):
            yield " ".join(str(value) for value in row)

    return run


# A converted case's units are its child's; of a completed one, those that a later case is about.
_RELEASED = ",".join(f"'{state}'" for state in State if state in flow.RELEASING or state is State.CONVERTED)
_FINAL = ",".join(f"'{state}'" for state in State if state in flow.FINAL)


def _edges() -> Iterator[str]:
    """Every event is a row of the table and follows the one before; the last one is where the case stands."""
    rows = {(step.name, str(step.source or ""), str(step.target), str(step.actor)) for step in flow.STEPS}
    case_id, state, version = 0, "", 0
    before: datetime | None = None
    ends: dict[int, tuple[str, int]] = {}
    query = select(
        CaseEvent.case_id,
        CaseEvent.version,
        CaseEvent.step,
        CaseEvent.source,
        CaseEvent.target,
        CaseEvent.actor,
        CaseEvent.at,
    ).order_by(CaseEvent.case_id, CaseEvent.version)
    for event in db.session.execute(query.execution_options(yield_per=1000)):
        if event.case_id != case_id:
            case_id, state, version, before = event.case_id, "", 0, None
        noted = event.step in flow.NOTES and event.source == event.target
        if not noted and (event.step, event.source, event.target, event.actor) not in rows:
            yield f"case {case_id} event {event.version}: {event.step} is no row of the table"
        if event.source != state or event.version != version + 1:
            yield f"case {case_id} event {event.version}: does not follow the one before"
        if before is not None and event.at < before:
            yield f"case {case_id} event {event.version}: is dated before the one before"
        state, version, before = event.target, event.version, event.at
        ends[case_id] = (state, version)
    for case in db.session.execute(select(Case.id, Case.state, Case.version)):
        if ends.get(case.id) != (case.state, case.version):
            yield f"case {case.id}: {case.state} version {case.version}, its events end at {ends.get(case.id)}"


def _hashes() -> Iterator[str]:
    before: dict[int, str] = {}
    columns = CaseEvent.__table__.columns
    query = select(*columns).order_by(CaseEvent.case_id, CaseEvent.version).execution_options(yield_per=1000)
    for row in db.session.execute(query).mappings():
        if row["before_hash"] != before.get(row["case_id"], "") or row["hash"] != hash_event(dict(row)):
            yield f"case {row['case_id']} event {row['version']}"
        before[row["case_id"]] = row["hash"]


def _told() -> Iterator[str]:
    """Every step that tells somebody has its notices."""
    tells = {(step.name, str(step.source or ""), str(step.target), str(step.actor)): step.tells for step in flow.STEPS}
    told = set(db.session.scalars(select(Notice.dedupe_key).where(Notice.case_id.is_not(None))))
    prefixes = {":".join(key.split(":")[:4]) for key in told if key.startswith("case:")}
    query = select(
        CaseEvent.case_id, CaseEvent.version, CaseEvent.step, CaseEvent.source, CaseEvent.target, CaseEvent.actor
    )
    for event in db.session.execute(query.execution_options(yield_per=1000)):
        for actor in tells.get((event.step, event.source, event.target, event.actor), ()):
            if f"case:{event.case_id}:{event.version}:{actor}" not in prefixes:
                yield f"case {event.case_id} event {event.version}: {actor} was not told"


_COUNTED = ",".join(f"'{kind}'" for kind in COUNTED)


def _refunded_lines() -> Iterator[str]:
    """What each order line says was refunded is what the payments say that count, and no more than was bought."""
    said: dict[int, list[int]] = {}
    query = select(MoneyEntry.lines).where(MoneyEntry.kind.in_(COUNTED), MoneyEntry.state != "cancelled")
    for parts in db.session.scalars(query.execution_options(yield_per=1000)):
        for line_id, fen, milli in parts:
            of_line = said.setdefault(line_id, [0, 0])
            of_line[0] += fen
            of_line[1] += milli
    lines = select(OrderLine.id, OrderLine.refunded_fen, OrderLine.refunded_milli, OrderLine.quantity_milli)
    for line in db.session.execute(lines.execution_options(yield_per=1000)):
        fen, milli = said.pop(line.id, (0, 0))
        if (fen, milli) != (line.refunded_fen, line.refunded_milli) or milli > line.quantity_milli:
            yield f"order line {line.id}: {line.refunded_fen} fen {line.refunded_milli}, payments {fen} fen {milli}"
    yield from (f"order line {line_id}: does not exist" for line_id in said)


def _list_beyond() -> Iterator[str]:
    """Orders that gave back more than their goods and freight can have cost, a line for each."""
    for row, stated, lines in _scan(Order.refunded_fen > 0):
        most = believe_paid(stated, lines).all_fen
        if row.refunded_fen > most:
            yield f"order {row.order_no}: refunded {row.refunded_fen}, can have cost {most}"


def _list_doubtful() -> Iterator[str]:
    """Orders whose 实付款 says more than can be believed, a line for each."""
    due = Order.goods_total_fen + Order.freight_fen + Order.adjustment_fen
    for row, stated, lines in _scan((Order.paid_fen > due) | (Order.lines_gap_fen != 0)):
        most = believe_paid(stated, lines).all_fen
        if stated.paid_fen > most:
            yield f"order {row.order_no}: paid {stated.paid_fen}, can have cost {most}"


def _scan(chosen: ColumnElement[bool]) -> Iterator[tuple[Any, OrderSums, list[tuple[int, int]]]]:
    orders = select(Order.id, Order.shop_id).where(chosen).order_by(Order.id)
    rows = db.session.execute(orders).all()
    for start in range(0, len(rows), 500):
        yield from paid.list_stated({row.id: row.shop_id for row in rows[start : start + 500]})


def _known_otherwise() -> Iterator[str]:
    """Orders whose status is earlier than what was done here or is known of them."""
    early = Order.status.in_(("unpaid", "unshipped"))
    sent = Order.shipped_at.is_not(None) | Order.received_at.is_not(None)
    called_off = Order.cancelled_at.is_not(None) & (Order.status != "cancelled")
    for row in db.session.execute(select(Order.order_no, Order.status).where((early & sent) | called_off)):
        yield f"order {row.order_no} {row.status}"


def _frozen() -> Iterator[str]:
    """Open cases whose order has other sums or lines now than those on which they were opened."""
    of_open = select(CaseLine.order_line_id).join(Case, Case.id == CaseLine.case_id).where(text(f"cases.{OPEN}"))
    query = select(OrderLine.id, OrderLine.unit_price_fen, OrderLine.quantity_milli, OrderLine.guarantees)
    lines = {line.id: list(line) for line in db.session.execute(query.where(OrderLine.id.in_(of_open)))}
    own = [getattr(Order, name) for name in (*FROZEN, *PLACED, "imported_at")]
    cases = select(Case.case_no, Case.order_id, Case.opened_on, *own).join(Order, Order.id == Case.order_id)
    for case in db.session.execute(cases.where(text(f"cases.{OPEN}")).order_by(Case.id)):
        facts = case.opened_on
        if not facts:
            yield f"case {case.case_no}: keeps no facts"
            continue
        for name in FROZEN:
            if facts[name] != getattr(case, name):
                yield f"case {case.case_no}: {name} was {facts[name]}, is {getattr(case, name)}"
        for name in PLACED:
            then, now = read_moment(facts[name]), getattr(case, name)
            if then not in (None, case.imported_at, now):  # what wasn't known may become known
                yield f"case {case.case_no}: {name} was {facts[name]}, is {now and now.isoformat()}"
        for line in facts["lines"]:
            if lines.get(line[0], line[:4]) != line[:4]:
                yield f"case {case.case_no}: line {line[0]} was {line[1:4]}, is {lines[line[0]][1:]}"


def _sold() -> Iterator[str]:
    """What is kept of each line as sold is what its order says."""
    shops = db.session.execute(select(Order.shop_id, Order.id).order_by(Order.shop_id, Order.id)).all()
    for first in range(0, len(shops), 500):
        of_shop: dict[int, list[int]] = {}
        for shop_id, order_id in shops[first : first + 500]:
            of_shop.setdefault(shop_id, []).append(order_id)
        for shop_id, order_ids in of_shop.items():
            should, are = sold.read_sold(shop_id, order_ids)
            for line_id in sorted(should.keys() | are.keys()):
                if should.get(line_id) != are.get(line_id):
                    yield f"order line {line_id}: {are.get(line_id)}, should be {should.get(line_id)}"


def _parts() -> Iterator[str]:
    """A payment that is shared over lines is the sum of its parts."""
    query = select(MoneyEntry.id, MoneyEntry.amount_fen, MoneyEntry.lines).where(MoneyEntry.kind.in_(COUNTED))
    for entry in db.session.execute(query.execution_options(yield_per=1000)):
        if sum(fen for _, fen, _ in entry.lines) != entry.amount_fen:
            yield f"payment {entry.id}: {entry.amount_fen} fen, its parts {entry.lines}"


def files(store: Store, *, copy: bool = False) -> Iterator[str]:
    """Photos whose files are missing or not what was uploaded, and files older than a day that no row names.

    ``copy``: the database may be older than the files, so that only what it names is looked at.
    """
    kept = dict(store.keys())
    newest = max(kept.values(), default=None)
    named: set[str] = set()
    columns = select(Evidence.key, Evidence.sha256, Evidence.thumb_key, Evidence.thumb_sha256)
    for row in db.session.execute(columns.order_by(Evidence.id)):
        for key, sha256 in ((row.key, row.sha256), (row.thumb_key, row.thumb_sha256)):
            named.add(key)
            if key not in kept:
                yield f"no file {key}"
            elif damage.is_changed(store, key, sha256):
                yield f"changed {key}"
    for key, changed_at in kept.items():
        if not copy and key not in named and newest is not None and changed_at < newest - LOOSE_FOR:
            yield f"no row for {key}"


CHECKS: tuple[Check, ...] = (
    Check("database", "the database's own check finds nothing", damage.check_database),
    Check("json", "every JSON column can be read", damage.list_unreadable_json),
    Check("anchors", "no event that was anchored outside the database was changed or removed", anchors.list_broken),
    Check("alarms", "nothing is stuck, no file was found changed, the clock is believed", lambda: iter(list_alarms())),
    Check(
        "ledger",
        "claimed = what open and successful cases ask for, never more than was bought",
        _sql(
            "SELECT 'order line', l.id, 'claimed', l.claimed_milli, 'of', l.quantity_milli, 'cases', coalesce(sum("
            f"CASE WHEN c.state NOT IN ({_RELEASED}) THEN cl.quantity_milli - cl.moved_milli ELSE 0 END), 0) "
            "FROM order_lines l LEFT JOIN case_lines cl ON cl.order_line_id = l.id "
            "LEFT JOIN cases c ON c.id = cl.case_id "
            "GROUP BY l.id, l.claimed_milli, l.quantity_milli HAVING l.claimed_milli <> coalesce(sum("
            f"CASE WHEN c.state NOT IN ({_RELEASED}) THEN cl.quantity_milli - cl.moved_milli ELSE 0 END), 0) "
            "OR l.claimed_milli < 0 OR l.claimed_milli > l.quantity_milli"
        ),
    ),
    Check(
        "quantities",
        "shipped ≤ accepted ≤ received ≤ asked for",
        _sql(
            "SELECT 'case line', id FROM case_lines WHERE shipped_milli > accepted_milli "
            "OR accepted_milli > coalesce(received_milli, quantity_milli) "
            "OR coalesce(received_milli, 0) > quantity_milli OR shipped_milli < 0 OR accepted_milli < 0"
        ),
    ),
    Check(
        "sold as",
        "whatever a line says of its goods is there to be searched for, by the shop's own lines and in cases",
        _sql(
            "SELECT 'order line', l.id FROM order_lines l WHERE l.product_id IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM sold_as s WHERE s.shop_id = l.shop_id AND s.product_id = l.product_id "
            "AND s.title = l.title AND s.spec = l.spec AND s.cargo_no = l.cargo_no "
            "AND s.sku_cargo_no = l.sku_cargo_no) "
            "UNION ALL SELECT 'case line', cl.id FROM case_lines cl "
            "JOIN order_lines l ON l.id = cl.order_line_id AND l.shop_id = cl.shop_id "
            "WHERE cl.title <> l.title OR cl.spec <> l.spec"
        ),
    ),
    Check("events", "every version is one event, every event a row of the table, the last one is the state", _edges),
    Check("hashes", "no event was changed after it was written", _hashes),
    Check(
        "deadlines",
        "every open case has a deadline or is marked",
        _sql(
            f"SELECT 'case', id, state FROM cases WHERE state NOT IN ({_FINAL}) AND due_at IS NULL AND NOT escalated "
            f"OR state IN ({_FINAL}) AND due_at IS NOT NULL"
        ),
    ),
    Check("notices", "everyone was told of what concerns them", _told),
    Check(
        "tabs",
        "the counters on tabs = COUNT",
        _sql(
            "SELECT 'shop', t.shop_id, t.state, 'counter', t.number, 'cases', count(c.id) FROM case_tallies t "
            "LEFT JOIN cases c ON c.shop_id = t.shop_id AND c.state = t.state "
            "GROUP BY t.shop_id, t.state, t.number HAVING t.number <> count(c.id)"
        ),
    ),
    Check(
        "untallied",
        "no state is missing from the counters",
        _sql(
            "SELECT DISTINCT 'shop', c.shop_id, c.state FROM cases c LEFT JOIN case_tallies t "
            "ON t.shop_id = c.shop_id AND t.state = c.state WHERE t.shop_id IS NULL"
        ),
    ),
    Check(
        "order cases",
        "an order knows how many cases it has",
        _sql(
            "SELECT 'order', o.order_no, 'counter', o.case_count, 'cases', count(c.id) FROM orders o "
            "LEFT JOIN cases c ON c.order_id = o.id GROUP BY o.id, o.order_no, o.case_count "
            "HAVING o.case_count <> count(c.id)"
        ),
    ),
    Check(
        "waiting",
        "a buyer waits for an answer exactly when the shop has not answered what they said",
        _sql(
            "SELECT 'conversation', v.id FROM conversations v WHERE (v.waiting_since IS NOT NULL) <> (coalesce(("
            "SELECT m.side FROM messages m WHERE m.conversation_id = v.id AND m.side <> 'system' "
            "AND m.kind <> 'case' ORDER BY m.id DESC LIMIT 1), '') = 'buyer')"
        ),
    ),
    Check(
        "proposals",
        "a case that was proposed to has one open proposal, no other has any",
        _sql(
            "SELECT 'case', c.case_no, c.state FROM cases c LEFT JOIN proposals p ON p.case_id = c.id "
            "AND p.state = 'open' WHERE (c.state = 'proposed') <> (p.id IS NOT NULL)"
        ),
    ),
    Check(
        "parties",
        "a case, its order and its lines belong together",
        _sql(
            "SELECT 'case', c.case_no FROM cases c JOIN orders o ON o.id = c.order_id "
            "WHERE o.buyer_id <> c.buyer_id OR o.shop_id <> c.shop_id UNION ALL "
            "SELECT 'case', c.case_no FROM cases c JOIN case_lines cl ON cl.case_id = c.id "
            "JOIN order_lines l ON l.id = cl.order_line_id WHERE l.order_id <> c.order_id"
        ),
    ),
    Check(
        "followed",
        "every parcel of a case is followed, unless it was corrected",
        _sql(
            "SELECT 'parcel', p.id, p.carrier, p.tracking_no FROM parcels p "
            "LEFT JOIN shipments s ON s.parcel_id = p.id WHERE p.voided_at IS NULL AND s.id IS NULL"
        ),
    ),
    Check(
        "shipments",
        "what is followed is its parcel, of its case and order, and stands where that stands",
        _sql(
            "SELECT 'shipment', s.id FROM shipments s JOIN parcels p ON p.id = s.parcel_id "
            "JOIN cases c ON c.id = p.case_id WHERE s.tracking_no <> p.tracking_no OR s.carrier <> p.carrier "
            "OR s.case_id <> c.id OR s.order_id <> c.order_id OR s.shop_id <> c.shop_id "
            "OR (s.signed_at IS NULL) <> (p.signed_at IS NULL) UNION ALL "
            "SELECT 'shipment', s.id FROM shipments s JOIN orders o ON o.id = s.order_id WHERE s.shop_id <> o.shop_id"
        ),
    ),
    Check(
        "believed",
        "签收 is said by a scan that counts",
        _sql(
            "SELECT 'parcel', p.id FROM parcels p WHERE p.signed_at IS NOT NULL AND NOT EXISTS ("
            "SELECT 1 FROM parcel_traces t WHERE t.parcel_id = p.id AND t.status = 'signed' AND t.doubt = '') "
            "UNION ALL SELECT 'shipment', s.id FROM shipments s WHERE s.parcel_id IS NULL AND s.signed_at IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM shipment_traces t WHERE t.shipment_id = s.id AND t.status = 'signed' "
            "AND t.doubt = '')"
        ),
    ),
    Check(
        "policies",
        "a case keeps a policy of its own shop",
        _sql(
            "SELECT 'case', c.case_no FROM cases c JOIN policies p ON p.id = c.policy_id WHERE p.shop_id <> c.shop_id"
        ),
    ),
    Check(
        "refunds",
        "what an order says was refunded = its payments that count, never more than was paid",
        _sql(
            "SELECT 'order', o.order_no, 'refunded', o.refunded_fen, 'paid', o.paid_fen, 'payments', "
            f"coalesce(sum(e.amount_fen), 0) FROM orders o LEFT JOIN money_entries e ON e.order_id = o.id "
            f"AND e.kind IN ({_COUNTED}) AND e.state <> 'cancelled' "
            "GROUP BY o.id, o.order_no, o.refunded_fen, o.paid_fen "
            "HAVING o.refunded_fen <> coalesce(sum(e.amount_fen), 0) OR o.refunded_fen > o.paid_fen"
        ),
    ),
    Check(
        "believed payments",
        "no order has given back more than its goods and freight can have cost, whatever 实付款 says",
        _list_beyond,
    ),
    Check(
        "refunded lines", "what a line says was refunded = the parts of payments, at most all of it", _refunded_lines
    ),
    Check(
        "goods totals",
        "an order's lines come to its 货品总价，but for the gap with which it was imported",
        _sql(
            "SELECT 'order', o.order_no, 'total', o.goods_total_fen, 'gap', o.lines_gap_fen, 'lines', "
            "coalesce(sum(l.unit_price_fen * CAST(l.quantity_milli AS BIGINT)), 0) / 1000 "
            "FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id "
            "GROUP BY o.id, o.order_no, o.goods_total_fen, o.lines_gap_fen "
            "HAVING abs(o.goods_total_fen - o.lines_gap_fen - "
            "coalesce(sum(l.unit_price_fen * CAST(l.quantity_milli AS BIGINT)), 0) / 1000) > count(l.id) "
            # A line of another order is what `parties` finds; it isn't said twice.
            "AND NOT EXISTS (SELECT 1 FROM cases c JOIN case_lines cl ON cl.case_id = c.id "
            "JOIN order_lines x ON x.id = cl.order_line_id WHERE c.order_id <> x.order_id "
            "AND (c.order_id = o.id OR x.order_id = o.id))"
        ),
    ),
    Check(
        "desks",
        "whoever works in shops sees the desk of one of them",
        _sql("SELECT 'user', user_id FROM staff GROUP BY user_id HAVING sum(CASE WHEN current THEN 1 ELSE 0 END) <> 1"),
    ),
    Check(
        "known shops",
        "a member sees the orders of shops that they know, and of others only those with a case",
        _sql(
            "SELECT 'order', o.order_no, 'of shop', o.shop_id, CASE WHEN o.shown THEN 'is shown to' "
            "ELSE 'is hidden from' END, o.buyer_id FROM orders o LEFT JOIN known_shops k ON k.user_id = o.buyer_id "
            "AND k.shop_id = o.shop_id WHERE o.shown AND o.case_count = 0 AND NOT coalesce(k.accepted, false) "
            "OR NOT o.shown AND coalesce(k.accepted, false)"
        ),
    ),
    Check(
        "strangers",
        "nobody with an account has a case or unread words about an order that is hidden from them",
        _sql(
            "SELECT 'case', c.case_no FROM cases c JOIN orders o ON o.id = c.order_id AND o.shop_id = c.shop_id "
            "JOIN users u ON u.id = o.buyer_id WHERE NOT o.shown AND u.password_hash IS NOT NULL UNION ALL "
            "SELECT 'conversation', CAST(v.id AS TEXT) FROM conversations v JOIN orders o ON o.id = v.order_id "
            "AND o.shop_id = v.shop_id JOIN users u ON u.id = o.buyer_id "
            "WHERE NOT o.shown AND v.buyer_unread > 0 AND u.password_hash IS NOT NULL"
        ),
    ),
    Check(
        "order numbers",
        "a number that two shops have is marked on each of the orders, and both shops were told",
        _sql(
            "SELECT 'order', o.order_no, 'of shop', o.shop_id FROM orders o WHERE o.contested <> EXISTS ("
            "SELECT 1 FROM orders x WHERE x.order_no = o.order_no AND x.shop_id <> o.shop_id) "
            "OR o.contested AND NOT EXISTS (SELECT 1 FROM notices n JOIN shops s ON s.id = n.shop_id "
            "AND s.owner_id = n.user_id WHERE n.shop_id = o.shop_id AND n.kind = 'number_claimed')"
        ),
    ),
    Check("forward", "what an order's status says and what is known of it don't exclude each other", _known_otherwise),
    Check("frozen facts", "an open case stands on what was paid and bought when it was opened", _frozen),
    Check(
        "accepted",
        "what was believed by hand says by whom, why and what",
        _sql(
            "SELECT 'order version', v.id FROM order_versions v WHERE (v.accepted_by IS NULL) <> (v.reason = '') "
            "OR v.accepted_by IS NOT NULL AND CAST(v.changes AS TEXT) = '[]'"
        ),
    ),
    Check(
        "order changes",
        "the buyer was told of what an import wanted to change of an order with an open case",
        _sql(
            "SELECT 'order version', v.id FROM order_versions v JOIN orders o ON o.id = v.order_id "
            "AND o.shop_id = v.shop_id WHERE CAST(v.held AS TEXT) <> '[]' AND NOT EXISTS (SELECT 1 FROM notices n "
            "JOIN cases c ON c.id = n.case_id WHERE c.order_id = o.id AND c.shop_id = o.shop_id "
            "AND n.kind = 'order_changed' AND n.user_id = o.buyer_id AND n.at = v.at)"
        ),
    ),
    Check("parts", "a payment shared over lines is the sum of its parts", _parts),
    Check(
        "owed",
        "a case that has ended owes nothing, one that pays a refund owes something, one whose refund failed says which",
        _sql(
            "SELECT 'case', c.case_no, c.state FROM cases c LEFT JOIN money_entries e ON e.case_id = c.id "
            "GROUP BY c.id, c.case_no, c.state, c.escalated, c.freight_claim, c.payment_claim HAVING "
            f"c.state IN ({_FINAL}) AND sum(CASE WHEN e.{OPEN_ENTRY} THEN 1 ELSE 0 END) > 0 "
            "OR c.state IN ('refunding','refund_failed') AND NOT c.escalated AND NOT (c.state = 'refunding' "
            "AND (c.freight_claim IN ('open','declined') OR c.payment_claim = 'denied' "
            "OR sum(CASE WHEN e.state = 'declared' THEN 1 ELSE 0 END) > 0)) AND "
            "sum(CASE WHEN e.state IN ('waiting','due','failed','contested') THEN 1 ELSE 0 END) = 0 "
            "OR (c.state = 'refund_failed') <> (sum(CASE WHEN e.state = 'failed' THEN 1 ELSE 0 END) > 0)"
        ),
    ),
    Check(
        "freight",
        "freight that was claimed keeps its sum, isn't left open by a case that ended, and is owed once when agreed to",
        _sql(
            f"SELECT 'case', case_no, 'claim', freight_claim, freight_fen FROM cases WHERE NOT ({FREIGHT_HELD}) "
            "UNION ALL SELECT 'case', c.case_no, 'claim', c.freight_claim, c.freight_fen FROM cases c "
            "WHERE c.freight_claim = 'accepted' AND NOT EXISTS (SELECT 1 FROM money_entries e "
            "WHERE e.case_id IN (c.id, c.parent_id) AND e.shop_id = c.shop_id AND e.kind = 'freight' "
            "AND e.amount_fen = c.freight_fen AND (e.state <> 'cancelled' OR c.state IN ('converted','closed'))) "
            "UNION ALL SELECT 'case', c.case_no, 'claim', c.freight_claim, c.freight_fen FROM cases c "
            "WHERE c.freight_claim = 'carried' AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.parent_id = c.id "
            "AND k.shop_id = c.shop_id AND k.freight_fen = c.freight_fen) "
            "UNION ALL SELECT 'case', c.case_no, 'paid', 'times', count(e.id) FROM cases c JOIN money_entries e "
            "ON e.case_id = c.id AND e.shop_id = c.shop_id AND e.kind = 'freight' AND e.state <> 'cancelled' "
            "AND e.key LIKE '%:freight:%' GROUP BY c.id, c.case_no HAVING count(e.id) > 1"
        ),
    ),
    Check(
        "mediations",
        "a case that the platform is in has one mediation, any other has none",
        _sql(
            "SELECT 'case', c.case_no FROM cases c WHERE c.escalated "
            "AND NOT EXISTS (SELECT 1 FROM mediations m WHERE m.case_id = c.id AND m.shop_id = c.shop_id) "
            "UNION ALL SELECT 'case', c.case_no FROM mediations m "
            "JOIN cases c ON c.id = m.case_id AND c.shop_id = m.shop_id WHERE NOT c.escalated"
        ),
    ),
    Check(
        "late decisions",
        "a decision that is late has somebody to make it, related to neither side, and a clock",
        late_decisions.find_broken,
    ),
    Check(
        "return places",
        "each line goes back to one address, each parcel too, and no more is in parcels than is sent back",
        places.find_broken,
    ),
    Check(
        "arrivals",
        "a case says of its contested payments what they say, and none waits longer than it may",
        contested.find_broken,
    ),
    Check(
        "receipts",
        "a payment that was made has its number, unless there was nothing to pay; its key belongs to its case",
        _sql(
            "SELECT 'payment', e.id FROM money_entries e JOIN cases c ON c.id = e.case_id "
            "WHERE e.state = 'settled' AND e.amount_fen > 0 AND e.reference = '' "
            "OR e.key NOT LIKE CAST(c.id AS TEXT) || ':%' OR e.order_id <> c.order_id OR e.shop_id <> c.shop_id"
        ),
    ),
    Check(
        "second person",
        "nobody checked a payment that they had proposed themselves",
        _sql("SELECT 'payment', id FROM money_entries WHERE approved_by = made_by"),
    ),
    Check(
        "bank data",
        "every account has its consent, is sealed for its payment, and is erased in time",
        account_keeping.find_broken,
    ),
    Check(
        "chains",
        "the shop of a downstream case is its upstream buyer's, and no case hangs on itself",
        lambda: iter(chain_links.find_broken()),
    ),
    Check(
        "ratings",
        "one question a case that ended, asked twice at most, of its own buyer; notices are as many as it was asked",
        _sql(
            "SELECT 'case', r.case_id, r.asks FROM ratings r JOIN cases c ON c.id = r.case_id "
            "LEFT JOIN (SELECT dedupe_key FROM notices WHERE kind = 'satisfied') n "
            "ON n.dedupe_key = 'satisfied-' || CAST(r.id AS TEXT) || '-1' "
            "OR n.dedupe_key = 'satisfied-' || CAST(r.id AS TEXT) || '-2' "
            "GROUP BY r.case_id, r.asks, r.buyer_id, r.next_ask_at, c.buyer_id, c.state "
            "HAVING r.buyer_id <> c.buyer_id OR count(n.dedupe_key) <> r.asks "
            "OR c.state NOT IN ('completed','closed') AND r.next_ask_at IS NOT NULL "
            "UNION ALL SELECT 'case without a question', c.id, 0 FROM cases c LEFT JOIN ratings r ON r.case_id = c.id "
            "WHERE c.state IN ('completed','closed') AND r.id IS NULL"
        ),
    ),
    Check(
        "enquiries",
        "who waits for an answer said the last thing, and what is said of an answer is counted",
        _sql(
            "SELECT 'enquiry', e.id FROM enquiries e LEFT JOIN enquiry_messages m "
            "ON m.id = e.last_message_id AND m.enquiry_id = e.id "
            "WHERE m.id IS NULL OR (m.side = 'buyer') <> (e.waiting_since IS NOT NULL) "
            "UNION ALL SELECT 'faq', f.id FROM faqs f LEFT JOIN faq_votes v ON v.faq_id = f.id "
            "GROUP BY f.id, f.useful, f.useless, f.wrong "
            "HAVING f.useful <> coalesce(sum(CASE WHEN v.vote = 'useful' THEN 1 ELSE 0 END), 0) "
            "OR f.useless <> coalesce(sum(CASE WHEN v.vote = 'useless' THEN 1 ELSE 0 END), 0) "
            "OR f.wrong <> coalesce(sum(CASE WHEN v.vote = 'wrong' THEN 1 ELSE 0 END), 0)"
        ),
    ),
    Check("sold", "what is counted as sold is every line of an order that was paid for and not called off", _sold),
    Check(
        "sold weeks",
        "what was sold in a week = its lines",
        _sql(
            "SELECT 'shop', w.shop_id, w.product_id, w.spec, w.batch_id, w.week FROM ("
            "SELECT shop_id, product_id, spec, batch_id, week, lines, milli FROM sold_weeks UNION ALL "
            "SELECT shop_id, product_id, spec, batch_id, week, -1, -milli FROM sold_lines) w "
            "GROUP BY w.shop_id, w.product_id, w.spec, w.batch_id, w.week "
            "HAVING sum(w.lines) <> 0 OR sum(w.milli) <> 0"
        ),
    ),
    Check(
        "faults",
        "the faults of a week = the lines of cases that stand, and every case line has what is wrong with it",
        _sql(
            "SELECT 'shop', w.shop_id, w.product_id, w.spec, w.batch_id, w.week, w.fault FROM ("
            "SELECT shop_id, product_id, spec, batch_id, week, fault, cases, milli FROM fault_weeks UNION ALL "
            "SELECT s.shop_id, s.product_id, s.spec, s.batch_id, s.week, f.fault, -1, -f.milli FROM fault_lines f "
            "JOIN sold_lines s ON s.order_line_id = f.order_line_id AND s.shop_id = f.shop_id WHERE f.counted) w "
            "GROUP BY w.shop_id, w.product_id, w.spec, w.batch_id, w.week, w.fault "
            "HAVING sum(w.cases) <> 0 OR sum(w.milli) <> 0 UNION ALL "
            "SELECT 'case line', cl.id, cl.case_id, '', 0, 0, '' FROM case_lines cl "
            "JOIN cases c ON c.id = cl.case_id AND c.shop_id = cl.shop_id "
            "LEFT JOIN fault_lines f ON f.case_line_id = cl.id AND f.shop_id = cl.shop_id "
            "WHERE f.case_line_id IS NULL OR f.milli <> cl.quantity_milli "
            "OR f.counted AND (c.parent_id IS NOT NULL OR c.state IN ('closed','withdrawn'))"
        ),
    ),
    Check(
        "disposals",
        "units that were disposed of = those that passed, at most those that were counted, and = their moves",
        _sql(
            "SELECT 'line', d.case_line_id, d.case_id FROM disposals d "
            "JOIN case_lines cl ON cl.id = d.case_line_id AND cl.shop_id = d.shop_id "
            "WHERE cl.accepted_milli >= 0 AND (cl.received_milli IS NULL "
            "OR d.resale_milli + d.check_milli + d.supplier_milli + d.scrap_milli <> "
            "CASE WHEN cl.accepted_milli < d.counted_milli THEN cl.accepted_milli ELSE d.counted_milli END) UNION ALL "
            "SELECT 'moves', d.case_line_id, d.case_id FROM disposals d LEFT JOIN disposal_moves m "
            "ON m.disposal_id = d.id AND m.shop_id = d.shop_id "
            "GROUP BY d.id, d.case_line_id, d.case_id, d.resale_milli, d.check_milli, d.supplier_milli, d.scrap_milli "
            "HAVING "
            + " OR ".join(
                f"d.{kind}_milli <> coalesce(sum(CASE WHEN m.target = '{kind}' THEN m.milli "
                f"WHEN m.source = '{kind}' THEN -m.milli ELSE 0 END), 0)"
                for kind in DISPOSED
            )
        ),
    ),
    Check("heads", "where an order or a case is said to be, it is", belonging.list_wrong_heads),
    Check("shops", "what hangs on a row belongs to the same shop", belonging.list_strangers),
    Check("links", "a link from shop to shop names the supplier's", belonging.list_wrong_links),
    Check(
        "unread",
        "unread marks = messages after the one last read",
        _sql(
            "SELECT 'conversation', v.id FROM conversations v LEFT JOIN messages m ON m.conversation_id = v.id "
            "AND m.kind <> 'case' GROUP BY v.id, v.buyer_unread, v.seller_unread, v.buyer_read_id, v.seller_read_id "
            "HAVING v.buyer_unread <> coalesce(sum(CASE WHEN m.side = 'seller' AND m.id > v.buyer_read_id "
            "THEN 1 ELSE 0 END), 0) OR v.seller_unread <> coalesce(sum(CASE WHEN m.side = 'buyer' "
            "AND m.id > v.seller_read_id THEN 1 ELSE 0 END), 0)"
        ),
    ),
)


def findings(store: Store | None = None) -> list[list[str]]:
    """The violations of each check in CHECKS' order (and of the files, when there is a store); all empty: all hold."""
    found = [_first(check.broken()) for check in CHECKS]
    if store is not None:
        found.append(_first(files(store)))
    return found


def report(store: Store, *, copy: bool = False) -> Iterator[tuple[str, str, list[str]]]:
    """(name, what must hold, violations) of each check, as they are made."""
    for check in CHECKS:
        yield check.name, check.holds, _first(check.broken())
    yield "files", "every photo has its files, unchanged, no file is left over", _first(files(store, copy=copy))


def list_doubtful_payments() -> list[str]:
    """Orders whose 实付款 says more than can be believed: nothing is wrong, yet their shops should look."""
    return _first(_list_doubtful())


def _first(lines: Iterator[str]) -> list[str]:
    shown: list[str] = []
    for line in lines:
        if len(shown) == MOST_SHOWN:
            shown.append("…")
            break
        shown.append(line)
    return shown
