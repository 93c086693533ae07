"""拣货单: what is to be sent, summed up by specification; of this shop alone, and for who sends."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.cases import pick_list
from portal.flow import Actor, CaseType
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
