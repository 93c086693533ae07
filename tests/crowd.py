"""A database with very many rows, made inside the database in seconds: one shop and one buyer have most of them.

What the rows say is of no interest, how many there are and how they lie is. Plans, paging and counting are looked at
here; everything that a person does is played by the cast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Boolean, Integer, String, Table, func, insert, select, text
from sqlalchemy.types import JSON

from portal import flow
from portal.extensions import Model, Moment, db, writing
from portal.models import Conversation, SoldAs
from portal.models.orders import make_sold_as

MANY = 100_000  # cases, and as many orders, lines, notices, conversations and messages
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SHOP, SELLER = 1, 1  # has four fifths of everything
OTHER_SHOP = 2  # 1 of 49 that share the rest
BUYER, OTHER_BUYER = 1000, 103  # a tenth of everything, and about fifty of each

_OPEN = [str(state) for state in flow.State if state not in flow.FINAL]
_STATUSES = ("unpaid", "unshipped", "in_transit", "delivered", "completed", "completed", "cancelled")
_IN_SHOP = f"CASE WHEN i % 10 < 8 THEN {SHOP} ELSE {OTHER_SHOP} + i % 49 END"
SHOPS = 50
_GOODS = "'纯棉中筒袜 ' || CAST(i % 100 AS TEXT)"
_SPEC = "CASE WHEN i % 1000 = 7 THEN '藏青;XL' ELSE '黑色;' || CAST(i % 4 AS TEXT) END"
_OF_BUYER = f"CASE WHEN i % 10 = 0 THEN {BUYER} ELSE 101 + i % 1900 END"
_GIVEN = "文静雯建国芳伟敏强丽军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅鑫宇浩然子涵欣怡梓轩"
_NAME = (
    "substr('李李李王王张张刘陈赵', 1 + i % 10, 1)"
    f" || substr('{_GIVEN}', 1 + (i % 9973) * 7919 % {len(_GIVEN)}, 1)"
    f" || substr('{_GIVEN}', 1 + (i % 9967) * 7907 % {len(_GIVEN)}, 1)"
)
_PHONE = "CAST(13800000000 + (i % 99991) * 997 AS TEXT)"
_IS_OPEN = "i % 20 >= 15"
_ESCALATED = f"{_IS_OPEN} AND (i / 140) % 10 = 0"


@dataclass(frozen=True)
class Crowd:
    """What a test needs to know of the rows."""

    many: int
    now: datetime = NOW
    shop: int = SHOP
    other_shop: int = OTHER_SHOP
    seller: int = SELLER
    buyer: int = BUYER
    other_buyer: int = OTHER_BUYER

    def order_no(self, order_id: int) -> str:
        return str(39 * 10**16 + order_id)

    def case_no(self, case_id: int) -> str:
        return f"HH{case_id}"


def gather(many: int = MANY, *, called: bool = False) -> Crowd:
    """Fill an empty, migrated database. The caller stands in an application context.

    ``called``: orders and cases have a receiver and a telephone, three in ten a name that begins with 李.
    """
    with writing():
        if db.session.get_bind().dialect.name == "postgresql":
            db.session.execute(text("SET LOCAL session_replication_role = replica"))  # foreign keys are right as it is
        _people()
        receivers = {"receiver_name": _NAME, "receiver_phone": _PHONE} if called else {}
        _orders(many, receivers)
        _cases(many, receivers)
        _payments(many)
        _shipments(many)
        _said(many)
        if db.session.get_bind().dialect.name == "postgresql":
            _move_sequences()
    return Crowd(many)


def _move_sequences() -> None:
    """What is made afterwards gets numbers behind these."""
    for table in Model.metadata.sorted_tables:
        if "id" not in table.c:
            continue
        sequence = db.session.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name})
        if sequence:
            last = db.session.scalar(select(func.max(table.c.id)))
            db.session.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last or 1})


def _people() -> None:
    _fill("users", 2100, member_name="'member' || CAST(i AS TEXT)")
    _fill("shops", 50, name="'shop' || CAST(i AS TEXT)", owner_id="i")
    _fill("staff", 50, user_id="i", shop_id="i", current="true")
    _fill("policies", 50, shop_id="i", version="1")
    _fill("products", 101 * SHOPS, shop_id=f"1 + i % {SHOPS}", product_key="CAST(i AS TEXT)", title="'袜'")


def _orders(many: int, receivers: dict[str, str]) -> None:
    _fill(
        "orders",
        many,
        order_no=f"CAST({39 * 10**16} + i AS TEXT)",
        shop_id=_IN_SHOP,
        buyer_id=_OF_BUYER,
        status=_one_of(_STATUSES, "i"),
        ordered_at=_at("-i * 60"),
        received_at=_at("-i * 30"),
        shown="true",
        case_count="i % 3",
        tracking_text="CASE WHEN i % 100 = 2 THEN 'x' ELSE '' END",
        **receivers,
    )
    _fill(
        "order_lines",
        many,
        order_id="i",
        position="1",
        line_key="'line'",
        title=_GOODS,
        spec=_SPEC,
        cargo_no="'DZ-' || CAST(i % 100 AS TEXT)",
        product_id=f"(CASE WHEN i % 100 = 0 THEN 100 ELSE i % 100 END) * {SHOPS} + {_IN_SHOP} - 1",
        quantity_milli="10000",
    )
    query = text("SELECT DISTINCT shop_id, product_id, title, spec, cargo_no FROM order_lines")
    said = db.session.execute(query).all()
    db.session.execute(insert(SoldAs), [make_sold_as(*row) for row in said])


def _cases(many: int, receivers: dict[str, str]) -> None:
    ended = "CASE WHEN i % 20 < 12 THEN 'completed' WHEN i % 20 < 14 THEN 'closed' ELSE 'withdrawn' END"
    _fill(
        "cases",
        many,
        case_no="'HH' || CAST(i AS TEXT)",
        type="'exchange'",
        state=f"CASE WHEN {_IS_OPEN} THEN {_one_of(_OPEN, '(i / 20)')} ELSE {ended} END",
        version="1",
        order_id="i",
        shop_id=_IN_SHOP,
        buyer_id=_OF_BUYER,
        policy_id=_IN_SHOP,
        entered_at=_at("-(i % 5000) * 61"),
        due_at=f"CASE WHEN {_IS_OPEN} AND NOT ({_ESCALATED}) THEN {_at('1 + (i % 9000) * 37')} END",
        remind_at=f"CASE WHEN {_IS_OPEN} THEN {_at('1 + (i % 9000) * 17')} END",
        escalated=_ESCALATED,
        late=f"{_IS_OPEN} AND i % 11 = 0",
        arrived_at=f"CASE WHEN i % 3 = 0 THEN {_at('-(i % 5000)')} END",
        countered=f"{_IS_OPEN} AND (i / 20) % 22 = 1",
        problem_open=f"{_IS_OPEN} AND (i / 20) % 22 = 8",
        stage=f"CASE WHEN {_ESCALATED} THEN 'overdue' ELSE '' END",
        reason=_one_of(("damaged", "size", "colour"), "i"),
        freight_payer="'seller'",
        goods=_GOODS,
        spec=_SPEC,
        quantity_milli="2000",
        opened_at=_at("-(i % 5000) * 61 - 3600"),
        updated_at=_at("-(i % 5000) * 61"),
        **receivers,
    )
    _fill(
        "case_lines", many, case_id="i", order_line_id="i", quantity_milli="2000", title=_GOODS, spec=_SPEC, unit="'双'"
    )
    db.session.execute(
        text(
            "INSERT INTO mediations (case_id, shop_id, stage_at, escalated_at, evidence_round, heard, asked_by) "
            "SELECT id, shop_id, entered_at, entered_at, 1, '', 'buyer' FROM cases WHERE escalated"
        )
    )
    db.session.execute(
        text(
            "INSERT INTO case_tallies (shop_id, state, number) "
            "SELECT shop_id, state, count(*) FROM cases GROUP BY shop_id, state"
        )
    )


def _payments(many: int) -> None:
    states = ("due", "waiting", "failed", "declared", "contested", *["settled"] * 11, *["cancelled"] * 4)
    _fill(
        "money_entries",
        many // 2,
        case_id="i",
        order_id="i",
        shop_id=_IN_SHOP,
        kind="'refund'",
        state=_one_of(states, "(i / 10)"),
        amount_fen="100 + i % 7",
        key="CAST(i AS TEXT) || '-refund'",
        route="'original'",
        made_at=_at("-(i % 5000) * 61"),
        settled_at=_at("-(i % 5000) * 610"),
    )
    _fill(
        "payout_files", 1000, shop_id=_IN_SHOP, user_id="1", kind="'batch'", state="'made'", public_id="CAST(i AS TEXT)"
    )


def _shipments(many: int) -> None:
    """One in twenty is under way; of those many are scanned, some are gone, some fail."""
    under_way = "i % 20 = 3"
    _fill(
        "tracks",
        many,
        carrier="'ZTO'",
        tracking_no="CAST(i AS TEXT)",
        next_at=f"CASE WHEN {under_way} THEN {_at('3600 + i % 5000')} END",
        ended_at=f"CASE WHEN NOT ({under_way}) THEN {_at('-3600')} END",
        tried_at=_at("-i"),
    )
    _fill(
        "shipments",
        many,
        track_id="i",
        shop_id=_IN_SHOP,
        order_id="i",
        carrier=_one_of(("ZTO", "YTO", "SF"), "i"),
        tracking_no="CAST(i AS TEXT)",
        since_at=_at("-(i % 5000) * 3600"),
        last_at=f"CASE WHEN (i / 20) % 3 > 0 THEN {_at('-(i % 4000) * 3600')} END",
        status=_one_of(("transit", "transit", "returned", "lost", "station"), "(i / 20)"),
        faulty="i % 40 = 0",
        denied="i % 500 = 0",
        failing="(i / 20) % 7 = 0",
        ended_at=f"CASE WHEN NOT ({under_way}) THEN {_at('-60')} END",
    )


def _said(many: int) -> None:
    _fill(
        "notices",
        many,
        user_id=f"CASE WHEN i % 2 = 0 THEN {SELLER} ELSE 101 + i % 1900 END",
        case_id="i",
        kind="'apply'",
        title="'新的换货申请'",
        read_at=f"CASE WHEN i % 5 > 0 THEN {_at('-60')} END",
        dedupe_key="CAST(i AS TEXT)",
    )
    _fill(
        Conversation.__tablename__,
        many,
        order_id="i",
        buyer_id=_OF_BUYER,
        shop_id=_IN_SHOP,
        last_message_id="i",
        buyer_unread="CASE WHEN i % 50 = 0 THEN 1 ELSE 0 END",
        seller_unread="CASE WHEN i % 50 = 7 THEN 1 ELSE 0 END",
    )
    _fill("messages", many, conversation_id="i", side="'buyer'", kind="'text'", words="'在吗'")


def _fill(name: str, many: int, /, **columns: str) -> None:
    """``many`` rows; each column an SQL expression over i = 1, 2, …; what isn't given is the model's default."""
    table: Table = Model.metadata.tables[name]
    said = {}
    for column in table.columns:
        if column.computed is not None:
            continue
        if column.name in columns:
            said[column.name] = columns[column.name]
        elif column.name == "id":
            said["id"] = "i"
        elif column.name == "shop_id":
            said["shop_id"] = _IN_SHOP
        elif not column.nullable:
            said[column.name] = _default(column)
    db.session.execute(
        text(
            f"INSERT INTO {name} ({', '.join(said)}) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
            f"SELECT {', '.join(said.values())} FROM n"
        ),
        {"many": many},
    )


def _default(column: object) -> str:
    given = getattr(getattr(column, "default", None), "arg", None)
    kind = column.type  # type: ignore[attr-defined]
    if isinstance(kind, JSON):
        return "'{}'"
    if isinstance(kind, Moment):
        return _at("0")
    if isinstance(kind, Boolean):
        return "true" if given is True else "false"
    if isinstance(kind, String):
        return f"'{given}'" if isinstance(given, str) else "''"
    assert isinstance(kind, Integer), f"{column} needs a value"
    return str(given) if isinstance(given, int) else "0"


def _one_of(values: tuple[str, ...] | list[str], number: str) -> str:
    whens = " ".join(f"WHEN {n} THEN '{value}'" for n, value in enumerate(values))
    return f"CASE {number} % {len(values)} {whens} END"


def _at(seconds: str) -> str:
    """The moment ``seconds`` after NOW, as each database keeps moments."""
    moment = f"({int(NOW.timestamp())} + {seconds})"
    if db.session.get_bind().dialect.name == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', {moment}, 'unixepoch')"
    return f"to_timestamp({moment})"
