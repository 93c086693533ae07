"""整改 at the desk: arranged from a fault, finished once, and honest about its effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.calendar.weeks import number_week
from portal.extensions import db, writing
from portal.models import FaultWeek, Fix, Product, SoldWeek
from portal.service import fixes, quality
from portal.service.quality import Cell
from portal.service.rates import measure_share
from tests.cast import Cast, post, sign_in


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((40, 400), (10, 400), "下降了"),
        ((10, 400), (40, 400), "反而上升了"),
        ((12, 400), (10, 400), "还看不出变化"),
        ((12, 400), (0, 9), "样本不足，还看不出"),
        ((1, 9), (0, 400), "样本不足，还看不出"),
        ((0, 400), (0, 400), "还看不出变化"),
    ],
)
def test_nothing_is_said_that_the_numbers_dont_say(before: Any, after: Any, said: str) -> None:
    assert fixes.judge_effect(measure_share(*before), measure_share(*after)) == said


@pytest.fixture
def cell(cast_both: Cast) -> Cell:
    """Twenty faults of a hundred lines a week until four weeks ago, five from then on."""
    cast, week = cast_both, number_week(cast_both.now)
    with writing():
        product = Product(shop_id=cast.shop, product_key="k", title="加厚连裤袜")
        db.session.add(product)
        db.session.flush()
        place = {"shop_id": cast.shop, "product_id": product.id, "spec": "黑色", "batch_id": 0, "milli": 0}
        sold = [{**place, "week": at, "lines": 100} for at in range(week - 14, week + 1)]
        faulty = [
            {**place, "week": at, "fault": "broken", "cases": 20 if at <= week - 4 else 5}
            for at in range(week - 14, week + 1)
        ]
        db.session.execute(insert(SoldWeek), sold)
        db.session.execute(insert(FaultWeek), faulty)
        return Cell(product.id, "黑色", "broken")


def test_before_and_after_leave_out_the_week_itself_and_the_young_ones(cast_both: Cast, cell: Cell) -> None:
    cast = cast_both
    with writing():
        fix = fixes.make_fix(
            cell,
            cast.shop,
            measure="packing",
            note="加气泡膜",
            owner_id=cast.seller,
            due_at=cast.now,
            by=1,
            now=cast.now,
        )
        assert fixes.measure_effect(fix, cast.now) is None
        fixes.finish_fix(fix, cast.now - timedelta(days=28), "加了", now=cast.now)
    effect = fixes.measure_effect(fix, cast.now)
    assert effect is not None
    assert (effect.before[:2], effect.after[:2], effect.said) == ((160, 800), (10, 200), "下降了")
    with writing(), pytest.raises(fixes.FixRefused):
        fixes.finish_fix(fix, cast.now, "又来", now=cast.now)


def test_what_is_worth_preventing_shows_its_arithmetic(both: Flask, cast_both: Cast, cell: Cell) -> None:
    worth = fixes.list_worth(quality.build_board(cast_both.shop, cast_both.now, money=True))
    assert [each.row.cell for each in worth] == [cell]
    assert worth[0].a_month == pytest.approx(240 / 15 * 4.35)
    shown = sign_in(both, "seller").get("/seller/quality").text
    assert "240 行 ÷ 15 周 × 4.35 周 = 每月约 69.6 行" in shown and "每月约少 34.8 行" in shown


def test_a_task_is_arranged_and_finished(both: Flask, cast_both: Cast, cell: Cell) -> None:
    cast, seller = cast_both, sign_in(both, "seller")
    here = f"/seller/quality/{cell.product_id}/broken"
    assert "还没有整改" in seller.get("/seller/fixes").text
    assert f'href="{here}/fix' in seller.get(f"{here}?spec=黑色").text
    typed = {"measure": "packing", "note": "外箱加气泡膜", "owner": str(cast.seller), "due": "2026-12-10"}
    for wrong, said in (
        ({"note": ""}, "请写具体做什么"),
        ({"due": "很快"}, "请填写正确的日期"),
        ({"owner": "2"}, "负责人"),
    ):
        refused = post(seller, f"{here}/fix?spec=黑色", typed | wrong)
        assert refused.status_code == 422 and said in refused.text
    made = post(seller, f"{here}/fix?spec=黑色", typed)
    assert made.status_code == 303
    fix = db.session.scalars(select(Fix)).one()
    assert (fix.spec, fix.fault, fix.owner_id) == ("黑色", "broken", cast.seller)
    address = made.location.split("?")[0]
    late = post(seller, address, {"day": "2027-01-01", "result": "换了箱子"})
    assert late.status_code == 422 and "不能晚于今天" in late.text and "换了箱子" in late.text
    done = post(seller, address, {"day": "2026-10-26", "result": "换了箱子"})
    assert done.status_code == 303
    shown = seller.get(address).text
    assert "下降了" in shown and "已完成" in shown
    assert "外箱加气泡膜" in seller.get(f"{here}?spec=黑色").text and address in seller.get("/seller/fixes").text
    other = sign_in(both, "seller2")
    assert other.get(address).status_code == 404 and other.get(f"{here}/fix").status_code == 404
