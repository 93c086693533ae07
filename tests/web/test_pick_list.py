"""拣货单: what is to be sent, summed up by specification; of this shop alone, and for who sends."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.cases import pick_list, shipping
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import CaseLine, OrderLine, SoldAs
from portal.models.orders import make_sold_as
from tests.cast import Cast, sign_in


def test_what_is_to_be_sent_is_summed_up_by_specification(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    order = cast.order(milli=100_000, lines=2)
    first = cast.until("reshipping", order=order, milli=3_000)
    second = cast.until("reshipping", order=order, milli=2_000, lines=2)
    cast.until("inspecting", order=order, milli=2_000)
    cast.until("confirming", order=order, milli=2_000)
    picks, cases, is_cut = pick_list.list_picks(cast.shop)
    assert (cases, is_cut) == (2, False)
    assert [(pick.cargo_no, pick.milli, set(pick.numbers)) for pick in picks] == [
        ("HH-100", 5_000, {first.case_no, second.case_no}),
        ("HH-101", 2_000, {second.case_no}),
    ]
    assert pick_list.list_picks(cast.shop2) == ([], 0, False)


def number_line(line: OrderLine, spec: str, sku_cargo_no: str) -> None:
    """Another line of the same product was sold in this specification under this 单品货号."""
    assert line.product_id is not None
    said = make_sold_as(line.shop_id, line.product_id, line.title, spec, line.cargo_no, sku_cargo_no)
    db.session.execute(db.insert(SoldAs), [said])


@pytest.mark.parametrize(
    ("known", "wanted"),
    [((), ""), (("HH-100-白",), "HH-100-白"), (("HH-100-白", "HH-100-W"), "")],
    ids=["none", "one", "two"],
)
def test_what_goes_out_is_called_by_its_own_number(
    both: Flask, cast_both: Cast, known: tuple[str, ...], wanted: str
) -> None:
    """The 单品货号 of what was bought isn't that of another specification: that one's, or none."""
    cast = cast_both
    order = cast.order(milli=100_000)
    first = cast.until("reshipping", order=order, milli=3_000)
    second = cast.until("reshipping", order=order, milli=2_000)
    with writing():
        line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order.id)).one()
        line.sku_cargo_no = "HH-100-黑"
        number_line(line, line.spec, "HH-100-黑")
        for number in known:
            number_line(line, "白色;L", number)
        db.session.execute(db.update(CaseLine).where(CaseLine.case_id == second.id).values(wanted_spec="白色;L"))
    picks, _, _ = pick_list.list_picks(cast.shop)
    assert {(pick.sku_cargo_no, pick.spec, pick.numbers) for pick in picks} == {
        ("HH-100-黑", "黑色;L", (first.case_no,)),
        (wanted, "白色;L", (second.case_no,)),
    }
    [sent] = shipping.load(cast.shop, [second.id], "owner", cast.now)
    assert [line.sku_cargo_no for line in sent.lines] == [wanted]
    desk = sign_in(both, "seller")
    assert "单品货号" in desk.get("/seller/pick-list").text
    said = desk.get("/seller/shipping").text
    assert "HH-100 / HH-100-黑" in said and ("HH-100 / HH-100-白" in said) is bool(wanted)
    assert first.case_no in desk.get("/seller/shipping?goods=100-黑").text


def test_the_page_names_goods_and_cases_and_no_receiver(app: Flask, cast: Cast) -> None:
    case = cast.until("applied", case_type=CaseType.REISSUE)
    case = cast.take(case, "agree", Actor.SELLER)
    assert len(pick_list.list_picks(cast.shop)[0]) == 1
    desk = sign_in(app, "seller")
    page = desk.get("/seller/pick-list").text
    assert case.case_no in page and "HH-100" in page and "13425059650" not in page
    assert "没有要拣的商品" in sign_in(app, "seller2").get("/seller/pick-list").text


@pytest.mark.parametrize(("role", "status"), [("warehouse", 200), ("finance", 403), ("agent", 403)])
def test_it_is_for_who_sends(app: Flask, cast: Cast, role: str, status: int) -> None:
    cast.employ(cast.shop, "buyer2", role)
    assert sign_in(app, "buyer2").get("/seller/pick-list").status_code == status
