"""Consumers' orders from a table: read, judged row by row, and written down all together or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal import inputs
from portal.applications import goods
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import Order, OrderLine, OrderLink
from portal.orders.claims import Claims, fold_case
from portal.orders.export_format.ids import is_nothing, note_lost_end, read_id
from portal.orders.export_format.refusals import CellRefused
from portal.resale.downstream import UPSTREAM, Bought, Passes, record_order
from portal.resale.purchases import find_purchase
from portal.resale.receivers import is_receiver
from portal.words import BEIJING

MOST_ROWS = 500
COLUMNS: Mapping[str, tuple[str, ...]] = {  # what a column may be called; the first is its name
    "purchase": ("进货订单号", "订单编号", "采购单号"),
    "order_no": ("下游订单号", "下游订单编号", "淘宝订单号"),
    "channel": ("销售渠道", "下游渠道", "渠道"),
    "name": ("消费者姓名", "收货人", "收货人姓名", "姓名"),
    "phone": ("消费者电话", "联系电话", "联系手机", "手机", "电话"),
    "address": ("收货地址", "地址"),
    "goods": ("商品", "货号", "货品标题", "型号"),
    "quantity": ("数量",),
    "price": ("单价", "单价(元)", "单价（元）"),
    "received": ("签收日期",),
}
NUMBERS = ("purchase", "order_no")  # what loses its end when a spreadsheet takes it for a quantity
NEEDED = ("purchase", "order_no", "name", "phone", "address", "quantity", "price")


class TableRefused(ValueError):
    """What is wrong, a sentence for each row that can't be used."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("；".join(sentences))
        self.sentences = tuple(sentences)


@dataclass(frozen=True)
class Sold:
    """One row: its number in what was pasted, and its cells by column."""

    number: int
    cells: Mapping[str, str]


def read_rows(text: str) -> list[Sold]:
    """The rows under the headings. Raises TableRefused when the headings aren't there or there are too many rows."""
    lines = [line for line in inputs.fold(text).splitlines() if line.strip()]
    if not lines:
        raise TableRefused(["请粘贴表格，第一行是表头"])
    divider = "\t" if "\t" in lines[0] else ","
    table = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=divider))
    known = {title: column for column, titles in COLUMNS.items() for title in map(inputs.fold, titles)}
    places = {place: known[cell.strip()] for place, cell in enumerate(table[0]) if cell.strip() in known}
    if missing := [COLUMNS[column][0] for column in NEEDED if column not in places.values()]:
        raise TableRefused([f"表头里没有：{'、'.join(missing)}"])
    if len(table) - 1 > MOST_ROWS:
        raise TableRefused([f"一次最多 {MOST_ROWS} 行，现在是 {len(table) - 1} 行，请分几次登记"])
    if len(table) == 1:
        raise TableRefused(["表头下面没有内容"])
    found, problems = [], []
    for number, row in enumerate(table[1:], 2):
        cells = {column: row[place].strip() for place, column in places.items() if place < len(row)}
        cells = {column: "" if is_nothing(said) else said for column, said in cells.items()}
        for column in NUMBERS:
            try:
                cells[column] = read_id(cells.get(column, ""))[0]
            except CellRefused as refused:
                problems.append(f"第 {number} 行的{COLUMNS[column][0]}：{refused.sentence}")
        found.append(Sold(number, cells))
    if problems:
        raise TableRefused(problems)
    return found


@dataclass(frozen=True)
class Judged:
    """What recording a table would do, row by row, in groups: what would be new, is there already, can't be used."""

    new: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()  # goods out of another purchase come to an order that is written down
    known: tuple[str, ...] = ()  # written down before, the same
    refused: tuple[str, ...] = ()  # a sentence each
    doubtful: tuple[str, ...] = ()  # taken as they are, and worth a look


def judge_table(rows: Sequence[Sold], *, shop_id: int, owner_id: int, passes: Passes | None, now: datetime) -> Judged:
    """Try a table and keep nothing of it. Called inside ``writing()`` or not: what it tries is taken back."""
    found: dict[str, list[str]] = {"new": [], "joined": [], "known": [], "refused": [], "doubtful": []}
    with db.session.begin_nested() as tried:
        for group in _group(rows):
            try:
                outcome, said = _record(group, shop_id=shop_id, owner_id=owner_id, passes=passes, now=now)
            except (StepRefused, inputs.InputRefused) as refused:
                outcome, said = "refused", f"第 {group[0].number} 行：{refused.sentence}"
            found[outcome].append(said)
            if note := note_lost_end(group[0].cells.get("order_no", "")):
                found["doubtful"].append(f"第 {group[0].number} 行的下游订单号：{note}")
        tried.rollback()
    db.session.expire_all()
    return Judged(*map(tuple, found.values()))


def record_table(
    rows: Sequence[Sold], *, shop_id: int, owner_id: int, passes: Passes | None, now: datetime
) -> list[str]:
    """Write all orders down; returns their numbers. Raises TableRefused, and then nothing may be committed."""
    problems: list[str] = []
    made: list[str] = []
    for group in _group(rows):
        try:
            made.append(_record(group, shop_id=shop_id, owner_id=owner_id, passes=passes, now=now)[1])
        except (StepRefused, inputs.InputRefused) as refused:
            problems.append(f"第 {group[0].number} 行：{refused.sentence}")
    if problems:
        raise TableRefused(problems)
    return list(dict.fromkeys(made))


def _group(rows: Sequence[Sold]) -> Iterator[list[Sold]]:
    """The rows of one consumer's order out of one purchase, together."""
    groups: dict[tuple[str, str], list[Sold]] = {}
    for row in rows:
        numbers = row.cells.get("purchase", ""), row.cells.get("order_no", "")
        groups.setdefault((fold_case(numbers[0]), fold_case(numbers[1])), []).append(row)
    yield from groups.values()


def _record(
    group: Sequence[Sold], *, shop_id: int, owner_id: int, passes: Passes | None, now: datetime
) -> tuple[str, str]:
    """Write one consumer's order out of one purchase down; returns how it went (a field of Judged) and its number."""
    first = group[0].cells
    for column in NEEDED[:5]:
        if not first.get(column):
            raise StepRefused(f"没有填写{COLUMNS[column][0]}", column)
    _refuse_contradictions(group)
    purchase = find_purchase(first["purchase"], shop_id, owner_id)
    lines = goods.list_lines(purchase.id, purchase.shop_id)
    received = _read_day(first.get("received", ""), now)
    sold = [_read_goods(row, lines) for row in group]
    order_no = inputs.line(first["order_no"], limit=40, least=1)
    before = _find_known(order_no, shop_id, purchase)
    if before is not None and _is_same(before, first, sold):
        return "known", order_no
    order = record_order(
        purchase,
        shop_id=shop_id,
        order_no=order_no,
        channel=inputs.line(first.get("channel", ""), limit=60),
        receiver=(
            inputs.line(first["name"], limit=50, least=1),
            inputs.phone(first["phone"]),
            inputs.line(first["address"], limit=200, least=1),
        ),
        goods=sold,
        ordered_at=min(purchase.ordered_at, received or purchase.ordered_at),
        received_at=received,
        by=owner_id,
        now=now,
        passes=passes,
    )
    return "joined" if len({line.line_key for line in list_lines(order)}) > len(sold) else "new", order.order_no


_OWN = ("channel", "name", "phone", "address", "received")  # what rows of one consumer's order can't differ in


def _refuse_contradictions(group: Sequence[Sold]) -> None:
    """A further row repeats what the first one says of the consumer, or leaves it empty; else it is another's."""
    first = group[0]
    for row in group[1:]:
        for column in _OWN:
            said, known = ("".join(each.cells.get(column, "").split()) for each in (row, first))
            if said and said != known:
                raise StepRefused(
                    f"{COLUMNS[column][0]}与第 {row.number} 行不同，下游订单号却相同，请核对是不是两个订单", column
                )


def list_lines(order: Order) -> Sequence[OrderLine]:
    """The lines of a consumer's order, in their order."""
    query = select(OrderLine).where(OrderLine.shop_id == order.shop_id, OrderLine.order_id == order.id)
    return db.session.scalars(query.order_by(OrderLine.position)).all()


def _find_known(order_no: str, shop_id: int, purchase: Order) -> Order | None:
    """The consumer's order of that number, where this purchase is written down for it."""
    claims = Claims()
    claims.look_up([order_no])
    return db.session.scalars(
        select(Order)
        .join(OrderLink, (OrderLink.downstream_id == Order.id) & (OrderLink.shop_id == Order.shop_id))
        .where(
            Order.order_no == claims.spell(order_no, shop_id),
            Order.shop_id == shop_id,
            OrderLink.upstream_id == purchase.id,
        )
    ).one_or_none()


def _is_same(order: Order, cells: Mapping[str, str], sold: Sequence[Bought]) -> bool:
    """Whether a table says of an order what is written down: the same receiver, goods, quantities and prices."""
    known = {(line.line_key, line.quantity_milli, line.unit_price_fen) for line in list_lines(order)}
    asked = {(f"{UPSTREAM}{item.line_id}", item.milli, item.price_fen) for item in sold}
    name, phone = inputs.line(cells["name"], limit=50), inputs.phone(cells["phone"])
    receiver = name, phone, inputs.line(cells["address"], limit=200)
    return asked <= known and is_receiver(order, receiver)


def _read_goods(row: Sold, lines: Sequence[OrderLine]) -> Bought:
    called = row.cells.get("goods", "")
    fits = [
        line
        for line in lines
        if called in (line.title, line.spec, line.cargo_no, line.sku_cargo_no, f"{line.title} {line.spec}")
    ]
    if not called and len(lines) == 1:
        fits = list(lines)
    if len(fits) != 1:
        many = "有多个" if fits else "没有"
        sentence = f"第 {row.number} 行的商品「{called[:40]}」在进货订单里{many}，请填写货品标题和型号"
        raise StepRefused(sentence, "goods")
    [line] = fits
    milli = inputs.quantity(row.cells.get("quantity", ""), most=line.quantity_milli, unit=line.unit)
    return Bought(line.id, milli, inputs.money(row.cells.get("price", ""), least=1))


def _read_day(raw: str, now: datetime) -> datetime | None:
    if not raw:
        return None
    try:
        day = datetime.strptime(raw.replace("/", "-").replace(".", "-"), "%Y-%m-%d").replace(hour=12, tzinfo=BEIJING)
    except ValueError:
        raise StepRefused("签收日期请写成 2026-11-23 的样子", "received") from None
    if day.date() > now.astimezone(BEIJING).date():
        raise StepRefused("签收日期不能在今天以后", "received")
    return min(day, now)


def write_purchases(shop_id: int, owner_id: int, most: int = 100) -> str:
    """Purchases whose export names a 下游订单号 that isn't written down yet, as a table that lacks only the price."""
    known = select(OrderLink.downstream_id).where(OrderLink.shop_id == shop_id, OrderLink.upstream_id == Order.id)
    purchases = db.session.scalars(
        select(Order)
        .where(
            Order.buyer_id == owner_id,
            Order.shop_id != shop_id,
            Order.shown,
            Order.downstream_order_no != "",
            ~known.exists(),
        )
        .order_by(Order.id.desc())
        .limit(most)
    ).all()
    rows = [[titles[0] for titles in COLUMNS.values()]]
    for order in purchases:
        day = order.received_at.astimezone(BEIJING).strftime("%Y-%m-%d") if order.received_at else ""
        rows += [
            [
                order.order_no,
                order.downstream_order_no,
                order.downstream_channel or "",
                order.receiver_name,
                order.receiver_phone,
                order.receiver_address,
                f"{line.title} {line.spec}",
                inputs.quantity_text(line.quantity_milli),
                "",
                day,
            ]
            for line in goods.list_lines(order.id, order.shop_id)
        ]
    return "\n".join("\t".join(cell.replace("\t", " ") for cell in row) for row in rows) if purchases else ""
