"""抽检 at the desk: a batch, its plan, its verdict, what was sold out of it; equal to a recount on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.extensions import db
from portal.models import Batch, OrderLine, SoldLine
from portal.service import batches
from tests.cast import Cast, post, sign_in


def list_broken() -> list[str]:
    return [line for c in doctor.CHECKS if c.name in ("sold", "sold weeks", "faults") for line in c.broken()]


@pytest.fixture
def typed(cast_both: Cast) -> dict[str, str]:
    """A batch of what the first case is about, since the day before its order."""
    case = cast_both.open_case()
    line = db.session.execute(
        select(OrderLine.product_id, OrderLine.spec).where(OrderLine.order_id == case.order_id)
    ).first()
    assert line is not None
    day = cast_both.now - timedelta(days=60)
    return {
        "product": str(line.product_id),
        "spec": line.spec,
        "supplier": "义乌第一针织厂",
        "size": "2000",
        "day": f"{day:%Y-%m-%d}",
        "aql": "2.5",
    }


def test_a_batch_is_sampled_and_its_sales_stand_beside_it(both: Flask, cast_both: Cast, typed: dict[str, str]) -> None:
    seller = sign_in(both, "seller")
    assert "还没有登记批次" in seller.get("/seller/batches").text
    shown = seller.get(f"/seller/batches/new?product={typed['product']}").text
    assert f'<option selected value="{typed["product"]}">' in shown
    made = post(seller, "/seller/batches/new", typed)
    assert made.status_code == 303
    here = made.location.split("?")[0]
    shown = seller.get(made.location).text
    assert "批次已登记" in shown and "125 件" in shown and "7 件及以下接收，8 件及以上拒收" in shown
    assert (
        "卖出 1 行订单商品，其中 <a" in shown
        and ">1 行</a>有" in shown
        and "样本不足 n=1" in shown
        and "待抽检" in shown
    )
    assert not list_broken()
    refused = post(seller, here, {"defects": "126", "note": "袜口脱线"})
    assert refused.status_code == 422 and "不能多于抽检的 125 件" in refused.text and "袜口脱线" in refused.text
    done = post(seller, here, {"defects": "8", "note": "袜口脱线"})
    assert done.status_code == 303 and "不合格" in seller.get(here).text
    batch = db.session.scalars(select(Batch)).one()
    with pytest.raises(batches.BatchRefused, match="已经登记过"):
        batches.record_defects(batch, 0, "", [], by=cast_both.seller, now=cast_both.now)
    assert batch.defects == 8
    listed = seller.get("/seller/batches").text
    assert here in listed and "不合格" in listed and "义乌第一针织厂" in listed
    assert "义乌第一针织厂" in seller.get("/seller/quality").text
    cell = seller.get(f"/seller/quality/{typed['product']}/broken").text
    assert "按批次" in cell and here in cell and ">1</a>／1" in cell
    assert "按批次" in seller.get(f"/seller/quality/{typed['product']}/size").text  # sold, and none of it was faulty
    other = sign_in(both, "seller2")
    assert other.get(here).status_code == 404 and "义乌" not in other.get("/seller/batches").text


def test_a_later_batch_takes_what_was_ordered_after_it(both: Flask, cast_both: Cast, typed: dict[str, str]) -> None:
    seller = sign_in(both, "seller")
    post(seller, "/seller/batches/new", typed)
    first = db.session.scalars(select(Batch.id)).one()
    assert set(db.session.scalars(select(SoldLine.batch_id).where(SoldLine.product_id == int(typed["product"])))) == {
        first
    }
    later = {**typed, "spec": "", "day": f"{cast_both.now - timedelta(days=59):%Y-%m-%d}", "supplier": "东阳二厂"}
    post(seller, "/seller/batches/new", later)
    second = db.session.scalars(select(Batch.id).where(Batch.id != first)).one()
    assert set(db.session.scalars(select(SoldLine.batch_id).where(SoldLine.product_id == int(typed["product"])))) == {
        second
    }
    assert not list_broken()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("day", "昨天", "请填写正确的日期"),
        ("spec", "没有的规格", "这件商品没有这个规格"),
        ("size", "1", "2"),
        ("supplier", "", "请填写供应商"),
        ("product", "999", "请"),
        ("aql", "3", ""),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(
    cast_both: Cast, both: Flask, typed: dict[str, str], field: str, value: str, said: str
) -> None:
    answer = post(sign_in(both, "seller"), "/seller/batches/new", {**typed, field: value})
    assert answer.status_code == 422 and said in answer.text
    assert field == "supplier" or "义乌第一针织厂" in answer.text
    assert db.session.scalars(select(Batch.id)).all() == []
