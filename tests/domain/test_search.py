"""One search: 1,000 random needles find what a plain look at every row finds, on both databases."""

from __future__ import annotations

import itertools
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from portal.cases import search, search_matches, sold_search
from portal.extensions import db, writing
from portal.models import Case, CaseLine, Order, OrderLine, Shipment, SoldAs, User
from portal.models.keys import INNER
from portal.models.orders import make_sold_as
from portal.parcels import following
from portal.people import accounts
from portal.rights.addresses import Shown
from portal.searching import Typed, read_typed
from tests.cast import Cast, sign_in

NAMES = ("李雯", "李文静", "欧阳建国", "Smith Li", "王%", "阿_卜")
SPECS = ("黑色;L", "黑白条纹;均码", "Navy;XL", "30*40cm")
CARGO = ("HH-100", "hh-100", "DZ 2041-B", "")
SKU_CARGO = ("HH-100-红L", "", "", "dz2041b/XL", "690-123 456")
GOODS = ("纯棉中筒袜 男女同款", "双肩背包 大容量", "不锈钢保温杯 500ml", "100% 桑蚕丝围巾")


@dataclass(frozen=True)
class Rows:
    """Everything that the shop has, read row by row."""

    cases: list[Any]
    orders: list[Any]
    parcels: list[Any]
    people: dict[int, Any]
    lines: dict[int, list[Any]]  # by order
    asked: dict[int, list[Any]]  # lines of orders, by case


def fill(cast: Cast, dice: random.Random, number: int = 40) -> None:
    for place in range(number):
        order = cast.order(
            lines=dice.choice((1, 1, 3)),
            buyer=dice.choice((cast.buyer, cast.buyer2)),
            order_no=str(dice.randrange(10**15, 10**19)),
            receiver_name=dice.choice(NAMES),
            receiver_phone="1" + "".join(dice.choice("0123456789") for _ in range(10)),
            tracking_text=dice.choice(("YT", "", "SF")) + str(dice.randrange(10**12, 10**14)),
            downstream_order_no=dice.choice(("", f"TB{dice.randrange(10**9)}")),
        )
        rename(dice, order.id)
        if place % 2:
            cast.open_case(order, lines=dice.randrange(1, 4))
    with writing():
        for order in db.session.scalars(db.select(Order)):
            following.follow_order(order, cast.now)
    cast.open_case(cast.order(shop=cast.shop2, buyer=cast.buyer))  # another shop's: never found


def rename(dice: random.Random, order_id: int) -> None:
    """Give each line of an order goods of its own, as an export would."""
    with writing():
        for line in db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order_id)):
            line.title, line.spec, line.cargo_no = dice.choice(GOODS), dice.choice(SPECS), dice.choice(CARGO)
            line.sku_cargo_no = dice.choice(SKU_CARGO)
            numbers = (line.cargo_no, line.sku_cargo_no)
            said = make_sold_as(line.shop_id, line.product_id or 0, line.title, line.spec, *numbers)
            db.session.merge(SoldAs(**said))


def read_rows(cast: Cast) -> Rows:
    def of_shop(table: Any) -> list[Any]:
        return list(db.session.scalars(db.select(table).where(table.shop_id == cast.shop)))

    people = {user.id: user for user in db.session.scalars(db.select(User))}
    bought = {line.id: line for line in of_shop(OrderLine)}
    lines: dict[int, list[Any]] = defaultdict(list)
    asked: dict[int, list[Any]] = defaultdict(list)
    for line in bought.values():
        lines[line.order_id].append(line)
    for part in of_shop(CaseLine):
        asked[part.case_id].append(bought[part.order_line_id])
    return Rows(of_shop(Case), of_shop(Order), of_shop(Shipment), people, lines, asked)


def say(lines: list[Any], word: str) -> bool:
    """Whether one of some lines has the word in its title, its specification or its number."""
    said = [text.lower() for line in lines for text in (line.title, line.spec, line.cargo_no, line.sku_cargo_no)]
    return any(word.lower() in text for text in said)


def say_number(lines: list[Any], number: str) -> bool:
    said = [text.upper().replace("-", "").replace(" ", "") for line in lines for text in _list_numbers(line)]
    return bool(number) and any(number in text for text in said)


def _list_numbers(line: Any) -> tuple[str, str]:
    return line.cargo_no, line.sku_cargo_no


def scan(rows: Rows, raw: str) -> dict[str, set[int]]:
    """The same question put to every row."""
    typed = read_typed(raw)
    ends, named = _ends(typed), _named(typed)
    together = typed.each_word if not typed.number and len(typed.each_word) > 1 else []

    def sold(lines: list[Any]) -> bool:
        return bool(typed.words) and (say(lines, typed.words) or say_number(lines, typed.number))

    bought = {order.buyer_id for order in rows.orders}
    people = {
        user.id
        for user in rows.people.values()
        if user.id in bought and (named(user.member_name, "member_name") or named(user.company_name, "company_name"))
    }
    parcels = {each.id for each in rows.parcels if ends(each.tracking_no)}
    followed = {each.order_id for each in rows.parcels if ends(each.tracking_no)}
    by_number = {
        each.id
        for each in rows.orders
        if ends(each.order_no) or ends(each.downstream_order_no) or ends(each.receiver_phone) or each.id in followed
    }
    return {
        "orders": by_number
        | {each.id for each in rows.orders if named(each.receiver_name) or each.buyer_id in people}
        | {
            each.id
            for each in rows.orders
            if sold(rows.lines[each.id]) or _fits_all(rows, together, each, rows.lines[each.id])
        },
        "cases": {
            each.id
            for each in rows.cases
            if ends(each.case_no)
            or ends(each.receiver_phone)
            or each.order_id in by_number
            or named(each.receiver_name)
            or each.buyer_id in people
            or sold(rows.asked[each.id])
            or _fits_all(rows, together, each, rows.asked[each.id])
        },
        "customers": people,
        "parcels": parcels,
    }


def _fits_all(rows: Rows, words: list[str], row: Any, lines: list[Any]) -> bool:
    """Whether every word is what the goods have, or stands in the receiver's, the buyer's or the company's name; one
    of them must lead to the row: by two characters of a name, or by the goods."""
    buyer = rows.people[row.buyer_id]
    names = {"receiver_name": row.receiver_name} | {
        kind: getattr(buyer, kind) for kind in ("member_name", "company_name")
    }

    def named(word: str) -> bool:
        return any(_has(name, word, kind) for kind, name in names.items())

    leads = any((len(word) > 1 and named(word)) or say(lines, word) for word in words)
    return leads and all(named(word) or say(lines, word) for word in words)


def _ends(typed: Typed) -> Callable[[str], bool]:
    return lambda number: len(typed.number) >= 4 and (number or "").upper().endswith(typed.number)


def _named(typed: Typed) -> Callable[..., bool]:
    return lambda name, kind="receiver_name": len(typed.words) >= 2 and _has(name, typed.words, kind)


def _has(name: str | None, words: str, kind: str = "receiver_name") -> bool:
    """Whether a name has words in it that begin with one of its first characters."""
    places = () if words.isdecimal() else INNER[kind]
    return any((name or "")[place - 1 :].startswith(words) for place in (1, *places))


def make_needles(rows: Rows, dice: random.Random, number: int) -> Iterator[str]:
    """Ends of numbers, parts of names, words of goods, and what is not there."""
    numbers = [each.order_no for each in rows.orders] + [each.case_no for each in rows.cases]
    numbers += [each.tracking_no for each in rows.parcels] + [each.receiver_phone for each in rows.orders]
    numbers += [each.downstream_order_no for each in rows.orders if each.downstream_order_no]
    for _ in range(number):
        kind = dice.randrange(10)
        if kind < 3:
            whole = dice.choice(numbers)
            yield dice.choice(("", "订单编号：", "尾号", " ")) + whole[-dice.randrange(4, len(whole) + 1) :]
        elif kind == 3:
            name = dice.choice((*NAMES, "buyer", "buyer2公司", "seller"))
            start = dice.randrange(len(name))
            yield name[start : start + dice.randrange(1, len(name) + 1)]
        elif kind == 4:
            title = dice.choice(GOODS)
            start = dice.randrange(len(title) - 2)
            yield title[start : start + dice.randrange(1, 5)]
        elif kind == 6:
            title = dice.choice(GOODS)
            yield dice.choice(title)
        elif kind == 7:
            name, title = dice.choice((*NAMES, "buyer", "buyer2公司")).split()[0], dice.choice(GOODS).split()[0]
            words = [
                name[dice.randrange(len(name)) :][: dice.randrange(1, len(name) + 1)],
                title[dice.randrange(len(title)) :],
            ]
            dice.shuffle(words)
            yield " ".join(words)
        elif kind == 5:
            yield dice.choice(
                (
                    "HH-100",
                    "hh-100",
                    "H-10",
                    "-1",
                    "100",
                    "2041b",
                    "DZ2041",
                    "红L",
                    "690123456",
                    "b/XL",
                    *SPECS,
                    "条纹",
                    "navy",
                    "0*4",
                )
            )
        else:
            yield dice.choice(("%", "_", "\\", "%%", "'; --", "没有这个", str(dice.randrange(10**6)), "12", ""))


def explain(cast: Cast, rows: Rows, needle: str, found: search.Found) -> None:
    """Each hit says which of its fields has the words, each of these has them, and no receiver is said in full."""
    typed = read_typed(needle)
    ends, words = _ends(typed), {typed.words, *typed.each_word}
    orders = {each.id: each for each in rows.orders}
    followed = {each.order_id: each.tracking_no for each in rows.parcels}
    why_cases = search_matches.tell_cases(cast.shop, needle, [row.id for row in found.cases], Shown.MASKED)
    why_orders = search_matches.tell_orders(cast.shop, needle, [row.id for row in found.orders], Shown.MASKED)
    for kind, why in (("cases", why_cases), ("orders", why_orders)):
        assert set(why) == {row.id for row in getattr(found, kind)}
        for row in (each for each in getattr(rows, kind) if each.id in why):
            order = orders[row.order_id] if kind == "cases" else row
            buyer = rows.people[row.buyer_id]
            told = {match.field: match.value for match in why[row.id]}
            assert told, "a hit without a reason"
            fits = {
                "售后单号": kind == "cases" and ends(row.case_no),
                "订单号": ends(order.order_no),
                "下游订单号": ends(order.downstream_order_no),
                "运单号": ends(followed.get(order.id, "")),
                "收货人电话": ends(row.receiver_phone) or ends(order.receiver_phone),
                "收货人": any(_has(row.receiver_name, word) for word in words),
                "会员名": any(_has(buyer.member_name, word, "member_name") for word in words),
                "公司": any(_has(buyer.company_name, word, "company_name") for word in words),
            }
            held = {field for field, holds in fits.items() if holds}
            short = {"收货人", "会员名", "公司"} if len(typed.words) < 2 else set()  # one character leads to nobody
            assert set(told) & set(fits) == held - short, (needle, told)
            assert bool(set(told) - set(fits)) == (not held - short)
            if len(row.receiver_name) > 1:
                assert not any(row.receiver_name in value for value in told.values())
            assert told.get("收货人", "*").endswith("*") and "****" in told.get("收货人电话", "****")


def compare(cast: Cast, number: int) -> None:
    """Put so many needles to the search and to every row."""
    dice = random.Random(20261128)
    fill(cast, dice)
    rows, hits = read_rows(cast), 0
    for needle in itertools.islice(make_needles(rows, dice, number), number):
        wanted = scan(rows, needle)
        found = search.search(cast.shop, needle)
        for kind, ids in wanted.items():
            got = {row.id for row in getattr(found, kind)}
            if len(ids) <= search.MOST:
                assert got == ids, (needle, kind)
            else:
                assert len(got) == search.MOST and got <= ids and found.more, (needle, kind)
            hits += len(ids) > 0
        explain(cast, rows, needle, found)
    assert hits > number // 2


def test_needles_find_what_a_plain_look_finds(both: Flask, cast_both: Cast) -> None:
    compare(cast_both, 120)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_thousand_needles_find_what_a_plain_look_finds(both: Flask, cast_both: Cast) -> None:
    compare(cast_both, 1_000)


def test_numbers_pasted_together_find_what_each_finds(both: Flask, cast_both: Cast) -> None:
    dice = random.Random(7)
    fill(cast_both, dice, 20)
    rows = read_rows(cast_both)
    numbers = [each.order_no for each in rows.orders] + [each.case_no for each in rows.cases]
    for _ in range(30):
        some = dice.sample(numbers, dice.randrange(2, 5))
        found = search.search(cast_both.shop, "\n".join(some))
        for kind in ("cases", "orders", "parcels"):
            each = [{row.id for row in getattr(search.search(cast_both.shop, one), kind)} for one in some]
            assert {row.id for row in getattr(found, kind)} == set().union(*each)


def test_of_more_people_than_are_looked_at_the_goods_lead(both: Flask, cast_both: Cast) -> None:
    """More are called so than a name finds: what each bought is found by its goods all the same."""
    with writing():
        people = [accounts.create_user(f"zhaoliu{number:02}", now=cast_both.now).id for number in range(24)]
    orders = [cast_both.order(buyer=person) for person in people]
    with writing():
        line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == orders[0].id)).one()
        line.title = "山羊绒披肩"
        said = make_sold_as(line.shop_id, line.product_id or 0, line.title, line.spec, line.cargo_no)
        db.session.merge(SoldAs(**said))
    for needle in ("zhaoliu 山羊绒", "山羊绒 zhaoliu", "aoliu 羊绒"):
        found = search.search(cast_both.shop, needle)
        assert ([row.id for row in found.orders], found.cut) == ([orders[0].id], False), needle
    assert search.search(cast_both.shop, "zhaoliu").more


def test_goods_of_one_name_under_two_numbers_are_told_apart(both: Flask, cast_both: Cast) -> None:
    """The newest thirty cases say the same of goods with another number: the older ones are looked at as well."""
    old, new = cast_both.order(milli=50_000), cast_both.order(milli=50_000)
    with writing():
        for order, number in ((old, "RARE-9"), (new, "OFTEN-1")):
            line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order.id)).one()
            line.title, line.spec, line.cargo_no = "同名围巾", "灰", number
            said = make_sold_as(line.shop_id, line.product_id or 0, line.title, line.spec, line.cargo_no)
            db.session.merge(SoldAs(**said))
    wanted = [cast_both.open_case(old, milli=1_000).id for _ in range(2)]
    for _ in range(search.MOST + 2):
        cast_both.open_case(new, milli=1_000)
    assert {row.id for row in search.search(cast_both.shop, "RARE-9").cases} == set(wanted)
    assert {row.id for row in search.search(cast_both.shop, "rare9").orders} == {old.id}


def test_of_several_words_so_many_rows_are_looked_at_and_no_more(
    both: Flask, cast_both: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose receiver is called so often that not all are looked at: the other word leads to the one that is meant."""
    meant = cast_both.order(buyer=cast_both.buyer2, receiver_name="李雯雯").id
    for _ in range(14):
        cast_both.order(receiver_name="李雯雯")
    whole, asked = sold_search.leave_fitting, []

    def count(shop_id: int, ids: set[int], kind: str, fitting: Any) -> Any:
        asked.append(len(ids))
        return whole(shop_id, ids, kind, fitting)

    monkeypatch.setattr(sold_search, "leave_fitting", count)
    monkeypatch.setattr(sold_search, "MOST_LOOKED", 6)
    found = search.search(cast_both.shop, "李雯雯 buyer2")
    assert [(row.id, row.goods) for row in found.orders] == [(meant, "纯棉中筒袜 男女同款 黑色;L")]
    assert found.cut and not found.more and max(asked) <= 7
    assert not search.search(cast_both.shop, "没有的 李雯雯").orders


def test_a_kind_of_which_there_are_others_is_named(both: Flask, cast_both: Cast) -> None:
    for _ in range(search.MOST + 1):
        cast_both.order(receiver_name="欧阳建国")
    cast_both.open_case(cast_both.order(receiver_name="欧阳建国"))
    found = search.search(cast_both.shop, "欧阳建国")
    assert (len(found.orders), len(found.cases), found.more) == (search.MOST, 1, frozenset({"orders"}))
    page = sign_in(both, "seller").get("/seller/search?q=欧阳建国").text
    assert f"最新的 {search.MOST} 个" in page


@pytest.mark.parametrize("role", ["owner", "agent", "warehouse", "finance"])
def test_a_hit_says_what_fitted_as_its_reader_may_see_it(app: Flask, cast: Cast, role: str) -> None:
    """A search by receiver: nobody sees the whole name, and the finance desk none of it."""
    order = cast.order(receiver_name="欧阳建国", receiver_phone="13911112222", tracking_text="SF1385628716739")
    case = cast.until("refunding", order=order) if role == "finance" else cast.until("inspecting", order=order)
    number = case.case_no
    who = "seller"
    if role != "owner":
        who = "buyer2"
        cast.employ(cast.shop, who, role)
    desk = sign_in(app, who)
    page = desk.get("/seller/search?q=欧阳").text
    assert number in page and "欧阳建国" not in page and "13911112222" not in page
    cells = re.findall(r'data-label="符合"[^>]*>(.*?)</td>', page, re.S)
    assert cells and set(cells) == {"收货人" if role == "finance" else "收货人 欧**"}
    page = desk.get("/seller/search?q=2222").text
    assert number in page and (">收货人电话<" if role == "finance" else "收货人电话 139****2222") in page
