"""先试试 over HTTP: written, checked, shown inside the application; answered honestly; the way on stays open."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db, writing
from portal.models import Case, Draft, Evidence, OrderLine, Product, Remedy, RemedyAnswer
from portal.rights import faults, reasons
from portal.service import remedies
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo

STEPS = "换一根数据线充 10 分钟。\n长按电源键 15 秒再开机。"


def line_of(order_id: int) -> OrderLine:
    found = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).first()
    assert found is not None and found.product_id is not None
    return found


def write_one(cast: Cast, product_id: int, fault: str = "defect", **changed: object) -> int:
    """Steps that buyers see; the id."""
    values = {"of_kind": False, "fault": fault, "minutes": 2, "steps": STEPS, "picture": None} | changed
    with writing():
        product = db.session.scalars(select(Product).where(Product.id == product_id)).one()
        made = remedies.keep(product, None, by=cast.seller, now=cast.now, **values)  # type: ignore[arg-type]
        remedies.decide(made, "shown", by=cast.seller)
        return made.id


def count(cast: Cast, remedy_id: int) -> remedies.Count:
    found = remedies.count_answers(cast.shop, [remedy_id]).get(remedy_id, remedies.NOBODY)
    db.session.rollback()
    return found


def test_steps_are_checked_looked_at_and_then_shown(both: Flask, cast_both: Cast) -> None:
    order = cast_both.order()
    order_no, product = order.order_no, line_of(order.id).product_id
    seller, buyer = sign_in(both, "seller"), sign_in(both, "buyer")
    desk = f"/seller/products/{product}/remedies"
    assert desk in seller.get(f"/seller/products/{product}").text
    assert "还没有先试试的办法" in seller.get(desk).text
    typed = {"fault": "defect", "of": "product", "minutes": "0", "steps": "这是全网最好的办法：关机再开。"}
    refused = post(seller, desk, typed)
    assert refused.status_code == 422 and "1 到 60 之间的整数" in refused.text and "关机再开" in refused.text
    assert post(seller, desk, {**typed, "minutes": "2", "fault": "wrong"}).status_code == 422  # nobody mends that
    picture = {"photos": (io.BytesIO(photo((300, 200))), "a.jpg")}
    made = seller.post(desk, data={**token_of(seller.get(desk)), **typed, "minutes": "2"} | picture)
    assert made.status_code == 303
    here = made.location.split("?")[0]
    shown = seller.get(made.location).text
    assert "绝对化用语" in shown and "待核对" in shown and "核对无误，展示" in shown
    assert sign_in(both, "seller2").get(here).status_code == 404
    public_id = db.session.scalars(select(Evidence.public_id).where(Evidence.remedy_id.is_not(None))).one()
    db.session.rollback()
    post(buyer, f"/orders/{order_no}/apply", {"line": str(line_of(order.id).id), "reason": "defect"})
    db.session.rollback()
    details = f"/orders/{order_no}/apply/details"
    assert "先试试这个" not in buyer.get(details).text and buyer.get(f"/f/{public_id}").status_code == 404
    assert post(seller, here, {"does": "show"}).status_code == 303
    page = buyer.get(details).text
    assert "先试试这个，约 2 分钟" in page and "没解决，继续申请" in page and public_id in page
    assert page.index("先试试这个") < page.index('class="bar"') and ">下一步</button>" in page
    assert buyer.get(f"/f/{public_id}").status_code == 200
    assert "1 处文字建议" in seller.get(desk).text
    assert post(seller, here, {"does": "remove"}).status_code == 303
    assert "先试试这个" not in buyer.get(details).text and seller.get(here).status_code == 404


def test_solved_leads_back_and_makes_no_case_unless_they_apply_after_all(
    both: Flask, cast_both: Cast, now: Clock
) -> None:
    order = cast_both.order()
    order_no, line = order.order_no, line_of(order.id)
    line_id = line.id
    remedy = write_one(cast_both, line.product_id or 0)
    other = write_one(cast_both, line.product_id or 0, "size")
    buyer = sign_in(both, "buyer")
    details, tried = f"/orders/{order_no}/apply/details", f"/orders/{order_no}/apply/tried"
    post(buyer, f"/orders/{order_no}/apply", {"line": str(line_id), "reason": "defect"})
    for wrong in ("", f"{other}-yes", f"{remedy}-maybe", "9" * 18 + "-no"):
        assert post(buyer, tried, {"tried": wrong}, at=details).status_code == 404, wrong
    typed = {"description": "充不进电", f"quantity_{line_id}": "1"}
    on = post(buyer, tried, {"tried": f"{remedy}-no", **typed}, at=details)
    assert on.status_code == 303 and on.location.endswith("/apply/details?said=tried-not")
    again = buyer.get(details).text
    assert "充不进电" in again and "您说过：没解决" in again and "没解决，继续申请" not in again
    assert count(cast_both, remedy) == (1, 0, 0)
    solved = post(buyer, tried, {"tried": f"{remedy}-yes"}, at=details)
    assert solved.location == f"/orders/{order_no}?said=tried-helped"
    assert "申请没有提交，草稿还在" in buyer.get(solved.location).text
    assert db.session.scalar(select(func.count()).select_from(Case)) == 0
    assert db.session.scalars(select(Draft)).one().fields["entered"]["description"] == "充不进电"
    db.session.rollback()
    assert count(cast_both, remedy) == (1, 1, 0)
    cast_both.open_case(db.session.merge(order))
    assert count(cast_both, remedy) == (1, 0, 1)
    desk = f"/seller/products/{line.product_id}/remedies"
    said = sign_in(both, "seller").get(f"{desk}/{remedy}").text
    assert "1 人回答：0 人解决了，0 人没解决，1 人说解决了、后来" in said


def test_of_the_product_goes_before_its_kind_and_numbers_wait_for_ten(both: Flask, cast_both: Cast) -> None:
    order = cast_both.order()
    line, user = line_of(order.id), cast_both.buyer
    product_id = line.product_id or 0
    with writing():
        db.session.scalars(select(Product).where(Product.id == product_id)).one().kind = "device"
    of_kind = write_one(cast_both, product_id, "battery", of_kind=True)
    write_one(cast_both, product_id, "defect", of_kind=True)
    own = write_one(cast_both, product_id, "defect")
    line = line_of(order.id)

    def show(reason: str) -> list[int]:
        found = remedies.list_for_line(line, cast_both.shop, reason, user)
        db.session.rollback()
        return [each.remedy.id for each in found]

    assert set(show("defect")) == {of_kind, own}
    assert show("damaged") == show("wrong_item") == show("over_qty") == []
    with writing():
        db.session.scalars(select(Product).where(Product.id == product_id)).one().kind = "wear"
    assert show("defect") == [own]
    line_id = line.id
    with writing():
        for number, who in enumerate([cast_both.buyer, cast_both.buyer2, cast_both.seller2]):
            remedies.answer(own, cast_both.shop, line_id, who, helped=bool(number), now=cast_both.now)
    assert count(cast_both, own) == (3, 2, 0)
    buyer = sign_in(both, "buyer")
    post(buyer, f"/orders/{order.order_no}/apply", {"line": str(line_id), "reason": "defect"})
    assert "人试过后回答" not in buyer.get(f"/orders/{order.order_no}/apply/details").text
    assert db.session.scalar(select(func.count()).select_from(RemedyAnswer)) == 3


@pytest.mark.parametrize("reason", [each.id for each in reasons.REASONS])
def test_only_what_a_buyer_can_mend_is_meant_by_a_reason(reason: str) -> None:
    meant = faults.list_meant(reason)
    assert not meant & faults.NO_REMEDY
    preset = faults.preset_fault(reason)
    assert meant == (meant | {preset} if preset and preset not in faults.NO_REMEDY else frozenset())


def test_every_fault_that_can_be_written_about_is_shown_for_some_reason() -> None:
    shown = frozenset().union(*(faults.list_meant(each.id) for each in reasons.REASONS))
    assert shown == {code for kind in faults.KINDS for code in faults.list_remediable(kind)}


def test_an_answer_to_questions_is_checked_when_it_is_saved(app: Flask, cast: Cast) -> None:
    product = line_of(cast.order().id).product_id
    db.session.rollback()
    seller = sign_in(app, "seller")
    desk = f"/seller/products/{product}/faqs"
    made = post(seller, desk, {"question": "好用吗", "answer": "全国销量第一，最好用。"})
    shown = seller.get(made.location).text
    assert "文字建议" in shown and "绝对化用语" in shown and "核对无误，展示" in shown
    assert "处文字建议" in seller.get(desk).text
    here = made.location.split("?")[0]
    assert re.fullmatch(r"/seller/faqs/\d+", here)
    kept = post(seller, here, {"question": "好用吗", "answer": "可以退换，收到先检查。"})
    assert kept.status_code == 303 and "文字建议" not in seller.get(here).text
    assert db.session.scalar(select(func.count()).select_from(Remedy)) == 0
