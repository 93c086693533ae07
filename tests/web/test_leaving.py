"""撤销申请 says what it closes, what is lost and what can be applied for again; cancelled cases lead to each other."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.applications import leaving
from portal.cases import case_view
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.flow.table import STEPS
from portal.models import Case
from tests.cast import PARCELS, Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_fulfilment import unsent

WAYS = sorted({(str(kind), str(row.source)) for row in STEPS if row.name == "withdraw" for kind in row.types})
LOST = {
    "applied": "商家不再处理这次",
    "revising": "商家不再处理这次",
    "proposed": "方案作废",
    "returning": "请不要再寄出商品",
    "reshipping": "商家不再发货",
}


@pytest.mark.parametrize(("kind", "state"), WAYS)
def test_the_page_names_what_it_closes(app: Flask, cast: Cast, now: Clock, kind: str, state: str) -> None:
    case = cast.until(state, order=cast.order(milli=3_000), case_type=CaseType(kind))
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}/withdraw").text
    for said in (case.case_no, "纯棉中筒袜 男女同款 黑色;L 2 双", LOST[state], "撤销后还可申请 3 双，请在 "):
        assert said in page, said
    assert ("不再退" in page) is (kind in ("return_refund", "refund_only"))
    assert "可以重新申请" not in page


def test_what_cannot_be_applied_for_again_is_said_before(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    number = case.case_no
    cast.mediated(case, "evidence")
    now.forward(days=40)
    with app.test_request_context():
        found = case_view.find_of_buyer(number, cast.buyer)
        assert found is not None
        view = case_view.build_view(found, Actor.BUYER, now.at)
        said = leaving.foresee_leaving(found, view, now.at)
    assert said.anew[0].startswith("撤销后不能重新申请：") and "平台不再裁决" in "".join(said.lost)


def test_the_case_of_a_cancelled_order_and_the_one_it_closed_lead_to_each_other(
    app: Flask, cast: Cast, now: Clock
) -> None:
    order = unsent(cast)
    number = order.order_no
    before = cast.open_case(order, milli=1_000, reason="not_wanted", case_type=CaseType.REFUND_ONLY)
    with_goods = db.session.get_one(Case, before.id)
    assert with_goods.goods_state == "unshipped"
    first = before.case_no
    buyer = sign_in(app, "buyer")
    assert "相关售后" not in buyer.get(f"/cases/{first}").text
    now.forward(hours=1)
    done = post(buyer, f"/orders/{number}/cancel", {"reason": "not_wanted"})
    assert done.status_code == 303
    db.session.rollback()
    second = db.session.scalars(db.select(Case.case_no).where(Case.case_no != first)).one()
    for client, base in ((buyer, ""), (sign_in(app, "seller"), "/seller")):
        for here, there in ((first, second), (second, first)):
            page = client.get(f"{base}/cases/{here}").text
            assert "相关售后" in page and f'href="{base}/cases/{there}"' in page


@pytest.mark.parametrize("payer", ["buyer", "seller"])
@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
def test_who_advances_the_freight_reads_how_to_get_it_back(
    app: Flask, cast: Cast, now: Clock, kind: CaseType, payer: str
) -> None:
    """What it names exists: a proposal's compensation, and the platform while the goods are inspected."""
    case = cast.until("returning", case_type=kind)
    number, case_id = case.case_no, case.id
    with writing():
        db.session.execute(db.update(Case).where(Case.id == case_id).values(freight_payer=payer))
    page = sign_in(app, "buyer").get(f"/cases/{number}/ship_return").text
    assert ("退回运费由商家承担" in page) is (payer == "seller")
    case = cast.take(db.session.get_one(Case, case_id), "ship_return", Actor.BUYER, parcels=PARCELS)
    assert "运费承担争议" in sign_in(app, "buyer").get(f"/cases/{number}/escalate").text
    assert "补偿" in sign_in(app, "seller").get(f"/seller/cases/{number}/propose").text
