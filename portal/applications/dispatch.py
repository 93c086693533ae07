"""Orders that wait to be sent, many at once: those that can go, as a table, and back with their waybills.

An order with an open case isn't sent together with others: somebody decides on it first. A table does nothing twice:
an order that went by these very waybills counts as done, whoever and whatever sent it. ``dispatch_work`` sends.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Exists, Text, and_, bindparam, delete, exists, func, literal_column, select

from portal import flow, inputs, words, workbook
from portal.cases import pick_list
from portal.cases.finding import not_by_shop
from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, DispatchFile, Order, OrderLine
from portal.orders import sku_numbers, to_send
from portal.orders.export_format import parcels_of
from portal.parcels import carriers, filled, of_orders
from portal.prepared import Prepared, among
from portal.rights import addresses
from portal.sheets import find_lost
from portal.workbook import Column

MOST = 500  # orders of a list to be fetched, those placed first
MOST_TABLE = 5_000  # orders of a table, and its rows
KEPT_FOR = timedelta(days=30)
COLUMNS = (
    Column("订单编号", "不要改；一笔订单发几个包裹时，复制成几行，或把运单号写在一格里", 24),
    Column("物流公司", "可以不填：按运单号识别；识别不出时会请您填写"),
    Column("运单号", "面单上的号码；几个包裹用逗号或换行分开；空着的行不会发货", 22),
    Column("收件人", "只供打单，改了也不会改订单"),
    Column("电话", "收件人的电话"),
    Column("地址", "收件地址", 48),
    Column("货号", "要发出的商品的货号，有单品货号的写在「/」后面；有几种商品时逐行写"),
    Column("要发出的商品", "商品、规格和数量", 48),
    Column("买家留言", "订单上买家写的话", 24),
)
RESULT_COLUMNS = (
    Column("订单编号", "表格里写的", 24),
    Column("结果", "下载时的结果"),
    Column("包裹", "表格里写的物流公司和运单号，一行一个包裹", 30),
    Column("说明", "没有发出的原因", 48),
)
OUTCOMES: dict[str, tuple[str, str]] = {  # outcome: its name, its chip
    "ready": ("可以发货", "you"),
    "sent": ("已发货", "ok"),
    "apart": ("请逐笔处理", "warn"),
    "closed": ("不能发货", "off"),
    "unknown": ("没有这笔订单", "bad"),
}
_KEYS = ("订单编号", "订单号", "交易号")


class Row(NamedTuple):
    """One order of a table: what would come of it now, or has come of it. ``parcels``: carrier's name and number."""

    order_no: str
    parcels: list[tuple[str, str]]
    outcome: str
    why: str
    order: Any | None  # its columns


def _waits(shop_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """What holds of an order that can be sent together with others."""
    return (Order.shop_id == shop_id, to_send.WAITS, ~_has_case())


def _has_case() -> Exists:
    return (
        exists()
        .where(Case.order_id == Order.id, Case.shop_id == Order.shop_id, Case.state.not_in(flow.FINAL))
        .correlate(Order)
    )


def has_open_case(order_id: int, shop_id: int) -> bool:
    """Whether somebody has to decide on it first."""
    asked = select(Order.id).where(Order.id == order_id, Order.shop_id == shop_id, _has_case())
    return db.session.scalar(asked) is not None


def list_picks(shop_id: int) -> tuple[list[pick_list.Pick], int, bool, int]:
    """What is to be fetched by specification; for how many orders; whether there are more; how many have open cases."""
    first = select(Order.id).where(*_waits(shop_id)).order_by(Order.ordered_at, Order.id).limit(MOST + 1)
    ids = db.session.scalars(first).all()
    left = OrderLine.quantity_milli - OrderLine.claimed_milli
    query = (
        select(
            OrderLine.cargo_no,
            OrderLine.sku_cargo_no,
            OrderLine.title,
            OrderLine.spec,
            OrderLine.unit,
            left.label("milli"),
            Order.order_no,
        )
        .join(Order, and_(Order.id == OrderLine.order_id, Order.shop_id == OrderLine.shop_id))
        .where(OrderLine.shop_id == shop_id, OrderLine.order_id.in_(ids[:MOST]), left > 0, to_send.GOES_ON)
        .order_by(*pick_list.SORTED, OrderLine.title, OrderLine.spec, Order.ordered_at, Order.id)
    )
    return pick_list.add_up(db.session.execute(query)), min(len(ids), MOST), len(ids) > MOST, count_apart(shop_id)


def count_apart(shop_id: int) -> int:
    """How many orders that wait to be sent have an open case, at most MOST."""
    apart = select(Order.id).where(Order.shop_id == shop_id, to_send.WAITS, _has_case()).limit(MOST)
    return int(db.session.scalar(select(func.count()).select_from(apart.subquery())) or 0)


def write_table(shop_id: int, role: str, now: datetime) -> tuple[bytes, int]:
    """The table of what can be sent now, with receivers; and for how many orders."""
    first = select(Order).where(*_waits(shop_id)).order_by(Order.ordered_at, Order.id).limit(MOST_TABLE)
    orders = db.session.scalars(first).all()
    lines: dict[int, list[OrderLine]] = {order.id: [] for order in orders}
    of_orders_ = select(OrderLine).where(OrderLine.shop_id == shop_id, OrderLine.order_id.in_(lines))
    for line in db.session.scalars(of_orders_.order_by(OrderLine.position, OrderLine.id)):
        if line.quantity_milli > line.claimed_milli and line.own_status not in to_send.ENDED:
            lines[line.order_id].append(line)
    reader = addresses.Reader(Actor.SELLER, role)
    rows = [_write_cells(order, lines[order.id], reader) for order in orders]
    return workbook.build("待发货订单", COLUMNS, rows, made_at=now), len(rows)


def _write_cells(order: Order, lines: Sequence[OrderLine], reader: addresses.Reader) -> Sequence[str]:
    to = addresses.show_receiver(reader, {"ship_order"}, order)
    goods = [
        f"{line.title} {line.spec} ×{(line.quantity_milli - line.claimed_milli) / 1000:g} {line.unit}" for line in lines
    ]
    said = ("\n".join(sku_numbers.join(line) or "–" for line in lines), "\n".join(goods), order.buyer_note)
    return (order.order_no, "", "", to.name, to.phone, to.place, *said)


def read_table(path: str | os.PathLike[str]) -> filled.Filled:
    """The filled rows of a file. Raises SheetRefused."""
    return filled.read_filled(path, filled.Keys(_KEYS, _read_order_no), MOST_TABLE)


def _read_order_no(cell: str) -> str:
    if lost := find_lost(cell, _KEYS[0]):
        raise inputs.InputRefused(lost)
    return inputs.line(cell.removeprefix("'"), limit=40)


def keep_table(shop_id: int, user_id: int, name: str, parcels: Sequence[filled.Parcel], now: datetime) -> str:
    """Keep a table that was read, to be looked at; nothing is sent yet. Inside ``writing()``; returns its address."""
    of_order: dict[str, list[list[str]]] = {}
    for row in parcels:
        said = [row.carrier, row.number]
        if said not in of_order.setdefault(row.key, []):
            of_order[row.key].append(said)
    rows = [{"order_no": order_no, "parcels": own} for order_no, own in of_order.items()]
    public_id = secrets.token_hex(16)
    db.session.add(
        DispatchFile(public_id=public_id, shop_id=shop_id, user_id=user_id, name=name[:200], rows=rows, made_at=now)
    )
    db.session.flush()
    return public_id


def find_of_shop(public_id: str, shop_id: int) -> DispatchFile | None:
    """A table of this shop."""
    query = select(DispatchFile).where(DispatchFile.public_id == public_id, DispatchFile.shop_id == shop_id)
    return db.session.scalars(query).one_or_none()


def list_files(shop_id: int, most: int = 10) -> Sequence[Any]:
    """A shop's latest tables, the newest first."""
    columns = (
        DispatchFile.public_id,
        DispatchFile.name,
        DispatchFile.made_at,
        DispatchFile.tried_at,
        DispatchFile.done_at,
    )
    of_shop = select(*columns).where(DispatchFile.shop_id == shop_id)
    return db.session.execute(of_shop.order_by(DispatchFile.id.desc()).limit(most)).all()


def forget_old(now: datetime) -> None:
    """Erase tables that nobody needs any more."""
    db.session.execute(delete(DispatchFile).where(DispatchFile.made_at < now - KEPT_FOR))


# A table has thousands of orders, and each look at it judges them all, so that what it says holds now.
_order, _case = Order.__table__.c, Case.__table__.c
_WANTED = Prepared(
    select(
        *(_order.id, _order.order_no, _order.status, _order.cancelled_at, _order.carrier_text, _order.tracking_text),
        *(_order.receiver_name, _order.receiver_phone, _order.receiver_address),
    ).where(_order.shop_id == bindparam("shop_id"), among(_order.order_no, "numbers", Text))
)
_OPEN = _case.state.not_in([literal_column(f"'{state}'") for state in sorted(flow.FINAL)])
_HAVING = Prepared(
    select(_case.order_id, func.min(_case.case_no).label("case_no"))
    .where(not_by_shop(_case, bindparam("shop_id")), among(_case.order_id, "orders"), _OPEN)
    .group_by(_case.order_id)
)


def judge(file: DispatchFile, first: int = 0, most: int = MOST_TABLE) -> list[Row]:
    """The orders of a table as they are now, ``most`` of them from ``first`` on; of the others only those are read that
    share a waybill with one of these."""
    asked = file.rows[first : first + most]
    sharing = _find_sharing(file.rows, asked)
    numbers = list(dict.fromkeys(str(row["order_no"]) for row in (*asked, *sharing)))
    known = {row.order_no: row for row in _WANTED.list_rows(shop_id=file.shop_id, numbers=numbers)}
    found = [known[row["order_no"]] for row in asked if row["order_no"] in known]
    going = [order.id for order in found if order.status == "unshipped"]
    cases = {row.order_id: row.case_no for row in _HAVING.list_rows(shop_id=file.shop_id, orders=going)}
    shared = _find_shared(sharing, known)
    gone = to_send.find_given_back(file.shop_id, going)
    return [_judge_row(row, known.get(row["order_no"]), gone, cases, shared) for row in asked]


def _find_sharing(rows: Sequence[Any], asked: Sequence[Any]) -> list[Any]:
    """The rows of a table that name a waybill of one of ``asked`` that other rows name too, in the table's order."""
    named = Counter(number for row in rows for number in {number for _, number in row["parcels"]})
    twice = {number for row in asked for _, number in row["parcels"] if number and named[number] > 1}
    return [row for row in rows if any(number in twice for _, number in row["parcels"])] if twice else []


def _find_shared(rows: Sequence[Any], known: dict[str, Any]) -> dict[str, str]:
    """Waybills that the table gives to orders of different receivers, each with one of the orders."""
    first: dict[str, Any] = {}
    found: dict[str, str] = {}
    for row in rows:
        order = known.get(row["order_no"])
        for _, number in row["parcels"]:
            before = first.setdefault(number, order)
            if number and order is not None and before is not None and before[-3:] != order[-3:]:
                found[number] = before.order_no
    return found


def _judge_row(
    row: Any, order: Order | None, gone: dict[int, str], cases: dict[int, str], shared: dict[str, str]
) -> Row:
    parcels = [(carriers.BY_CODE[code].name, number) for code, number in row["parcels"]]

    def say(outcome: str, why: str = "") -> Row:
        return Row(row["order_no"], parcels, outcome, why, order)

    if order is None:
        return say("unknown", "请核对订单编号；只认本店的订单")
    if order.status != "unshipped":
        went = parcels_of(order.carrier_text, order.tracking_text)
        if order.cancelled_at is None and {(name, number) for _, name, number in went} == _as_kept(row["parcels"]):
            return say("sent")
        if order.cancelled_at is not None:
            return say("closed", "买家已取消这笔订单，请不要发货")
        return say("closed", f"现在的状态是{words.ORDER_STATUS[order.status]}")
    if order.id in gone:
        return say("closed", to_send.ALL_GIVEN_BACK[gone[order.id]])
    if order.id in cases:
        return say("apart", f"有进行中的售后 {cases[order.id]}，请先处理它，或在「订单」里单独发货")
    if twice := next((number for _, number in parcels if number in shared), ""):
        return say("apart", f"运单号 {twice} 也写给了收件人不同的订单，请核对后重新上传")
    return say("apart", row["why"]) if row.get("why") else say("ready")


def _as_kept(parcels: Sequence[Any]) -> set[tuple[str, str]]:
    """Parcels as an order that was sent with them names them."""
    texts = of_orders.write_parcels([(carriers.BY_CODE[code], number) for code, number in parcels])
    return {(name, number) for _, name, number in parcels_of(*texts)} if texts else set()


def count_outcomes(rows: Sequence[Row]) -> dict[str, int]:
    """How many orders of a table have which outcome, those that none has left out."""
    return {name: number for name, number in _count(rows) if number}


def _count(rows: Sequence[Row]) -> Iterator[tuple[str, int]]:
    for name in OUTCOMES:
        yield name, sum(row.outcome == name for row in rows)


def write_results(file: DispatchFile, now: datetime) -> bytes:
    """Every order of a table with what became of it, as a workbook."""
    rows = [
        (
            row.order_no,
            OUTCOMES[row.outcome][0],
            "\n".join(f"{name} {number}".strip() for name, number in row.parcels),
            row.why,
        )
        for row in judge(file)
    ]
    return workbook.build("发货结果", RESULT_COLUMNS, rows, made_at=now)
