"""报退回运费 on the pages: the buyer says a sum with its errors at the field, the shop reads it and answers."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from flask import Flask
from sqlalchemy import select

from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, MoneyEntry
from tests.cast import PARCELS, Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo
from tests.web.test_consumer import Consumer, does


def test_claimed_declined_and_claimed_again(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    url, desk = f"/cases/{case.case_no}", f"/seller/cases/{case.case_no}"
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    assert "报退回运费" in buyer.get(url).text
    wrong = post(buyer, f"{url}/claim_freight", {"amount": "500.01", "note": "中通"})
    assert wrong.status_code == 422 and "中通" in wrong.text and 'value="500.01"' in wrong.text
    done = post(buyer, f"{url}/claim_freight", {"amount": "12.50", "note": "中通"})
    page = buyer.get(done.location).text
    assert "您报了垫付的退回运费，等待商家答复" in page and "垫付的退回运费（等待商家答复）" in page
    page = seller.get(desk).text
    assert "买家报了垫付的退回运费" in page and "12.50" in page and "中通" in page
    assert page.index(">发出换货商品") < page.index(">不同意付运费"), "what leads on comes first"
    assert "请写明不同意的原因" in post(seller, f"{desk}/decline_freight").text
    assert post(seller, f"{desk}/decline_freight", {"note": "收据看不清"}).status_code == 303
    assert "收据看不清" in buyer.get(url).text
    assert post(buyer, f"{url}/claim_freight", {"amount": "12"}).status_code == 303
    assert "¥12.00" in seller.get(f"{desk}/accept_freight").text
    assert post(seller, f"{desk}/accept_freight").status_code == 303
    entry = db.session.scalars(select(MoneyEntry).where(MoneyEntry.kind == "freight")).one()
    assert (entry.state, entry.amount_fen) == ("due", 1_200)
    assert "运费（" in buyer.get(url).text


def test_the_mediator_awards_it_on_the_page(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.take(cast.until("reshipping"), "claim_freight", Actor.BUYER, freight_fen=1_250)
    url = f"/mediation/{cast.mediated(case).case_no}/decide_continue"
    mediator = sign_in(app, "mediator")
    page = mediator.get(url).text
    assert "买家报 12.50 元，商家还没有答复" in page
    why = {"note": "收据上是这个金额，商家承担"}
    assert "请选择买家垫付的退回运费是否由商家付" in post(mediator, url, why).text
    looked = post(mediator, url, {**why, "pays_freight": "yes"})
    assert "买家垫付的退回运费 12.50 元由商家付给买家" in looked.text
    done = mediator.post(url, data={**why, "pays_freight": "yes", **token_of(looked), "confirmed": "1"})
    assert done.status_code == 303
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert "垫付的退回运费 ¥12.50：由商家付给您" in page


def test_who_may_still_claim_freight_is_told_before_the_case_ends(app: Flask, cast: Cast, now: Clock) -> None:
    """Once it has ended it can't be claimed; nothing is said where there is none to claim, or it was claimed."""
    case = cast.until("confirming")
    buyer, url = sign_in(app, "buyer"), f"/cases/{case.case_no}"
    last = "垫付过退回运费的，请先点「报退回运费」，售后结束后不能再报"
    assert last in buyer.get(url).text and last in buyer.get(f"{url}/confirm").text
    cast.take(case, "claim_freight", Actor.BUYER, freight_fen=1_250)
    assert last not in buyer.get(url).text and last not in buyer.get(f"{url}/confirm").text
    unsent = cast.until("confirming", case_type=CaseType.REISSUE)
    assert last not in buyer.get(f"/cases/{unsent.case_no}").text


def case_lines(case: Case) -> Sequence[CaseLine]:
    return db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()


def test_who_may_still_claim_it_is_told_where_others_end_the_case(app: Flask, cast: Cast, now: Clock) -> None:
    """The shop records a refund and the case is over, with no step of the buyer's: the card says so."""
    last = "垫付过退回运费的，请先点「报退回运费」，售后结束后不能再报"
    buyer = sign_in(app, "buyer")
    for state in ("inspecting", "disputed", "refunding", "refund_failed"):
        case = cast.until(state, case_type=CaseType.RETURN_REFUND)
        url = f"/cases/{case.case_no}"
        page = buyer.get(url).text
        assert page.count(last) == 1 and ">报退回运费" in page, state
        assert ("；商家登记退款后售后就结束" in page) == (state in ("inspecting", "refunding")), state
        assert last not in sign_in(app, "seller").get(f"/seller{url}").text
        cast.take(case, "claim_freight", Actor.BUYER, freight_fen=1_250)
        assert last not in buyer.get(url).text, state
        cast.take(case, "decline_freight", Actor.SELLER, note="收据看不清")
        page = buyer.get(url).text
        assert last not in page and "可以再报一次或申请平台介入，售后结束后不能再报" in page, state
    paid = cast.until("completed", case_type=CaseType.RETURN_REFUND)
    cast.take(paid, "deny_arrival", Actor.BUYER, note="没有收到")
    page = buyer.get(f"/cases/{paid.case_no}").text
    assert last in page and "商家登记退款后" not in page, (
        "what is recorded doesn't end it while it is called into doubt"
    )
    unsent = cast.until("refunding", case_type=CaseType.REFUND_ONLY)
    theirs = cast.until("refunding", case_type=CaseType.RETURN_REFUND)
    with writing():
        db.session.execute(db.update(Case).where(Case.id == theirs.id).values(freight_payer="buyer"))
    for case in (unsent, theirs):
        assert "售后结束后不能再报" not in buyer.get(f"/cases/{case.case_no}").text


def test_who_accepts_that_nothing_passed_is_told_that_freight_ends_with_it(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting", case_type=CaseType.RETURN_REFUND)
    (line,) = case_lines(case)
    counted = [InspectedLine(line.id, line.quantity_milli, 0, "not_resellable", "旧")]
    cast.take(
        case, "dispute_goods", Actor.SELLER, counted=counted, photos=cast.photos(2, cast.seller, cast.now), note="旧"
    )
    buyer, url = sign_in(app, "buyer"), f"/cases/{case.case_no}"
    last = "垫付过退回运费的，请先点「报退回运费」，售后结束后不能再报"
    assert [buyer.get(page).text.count(last) for page in (url, f"{url}/accept_result_none")] == [1, 1]


def test_a_case_that_only_the_freight_keeps_open_says_so(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.take(cast.until("confirming"), "claim_freight", Actor.BUYER, freight_fen=1_250)
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    url = f"/cases/{case.case_no}"
    assert "确认收货后等待商家答复您报的退回运费" in buyer.get(f"{url}/confirm").text
    assert post(buyer, f"{url}/confirm").status_code == 303
    page = buyer.get(url).text
    assert "等待商家答复您报的退回运费" in page and "没有答复您报的退回运费，由平台介入" in page
    assert "待商家答复运费" in page and "待商家退款" not in page
    page = seller.get(f"/seller{url}").text
    assert "请答复买家报的退回运费" in page and ">同意付运费" in page and ">不同意付运费" in page
    assert ">登记退款失败</a>" not in page, "nothing was paid, so nothing has failed"
    assert post(seller, f"/seller{url}/decline_freight", {"note": "收据看不清"}).status_code == 303
    page = buyer.get(url).text
    assert "款项已付清，商家没有同意退回运费" in page and ">申请平台介入" in page and ">已到账" in page


def test_a_consumer_without_account_claims_it_by_their_link(app: Flask, cast: Cast, now: Clock) -> None:
    consumer = Consumer(app, cast)
    down = consumer.chain.down
    down.take(consumer.case, "agree", Actor.SELLER)
    down.take(consumer.case, "ship_return", Actor.BUYER, parcels=PARCELS)
    assert ">报退回运费" in consumer.browser.get(consumer.url).text
    wrong = does(consumer, "claim_freight", amount="500.01", note="中通")
    assert wrong.status_code == 422 and 'value="500.01"' in wrong.text and "中通" in wrong.text
    assert does(consumer, "claim_freight", amount="12.50", note="中通").status_code == 303
    page = consumer.browser.get(consumer.url).text
    assert "垫付的退回运费（等待商家答复）" in page and "您已报过退回运费" in page
    down.take(consumer.now(), "decline_freight", Actor.SELLER, note="收据看不清")
    page = consumer.browser.get(consumer.url).text
    assert "收据看不清" in page and ">申请平台介入" in page
    receipt = (io.BytesIO(photo((300, 200))), "a.jpg")
    assert does(consumer, "claim_freight", amount="12", photos=receipt).status_code == 303
    assert (consumer.now().freight_claim, consumer.now().freight_fen) == ("open", 1_200)


def test_who_pays_when_nobody_chooses_is_said_before(app: Flask, cast: Cast, now: Clock) -> None:
    """An agreement is sent with one key: what it means where the payer is left open stands beside it, and is so."""
    case = cast.open_case()
    with writing():
        db.session.execute(db.update(Case).where(Case.id == case.id).values(freight_payer="negotiated"))
    seller, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}"
    for page in (seller.get(f"{url}/agree").text, seller.get(url).text):
        assert "不选择的，由商家承担" in page
    found = re.search(r'name="address_id".*?value="([0-9]+)"', page, re.DOTALL)
    assert found is not None
    assert post(seller, f"{url}/agree", {"address_id": found[1]}).status_code == 303
    assert db.session.get_one(Case, case.id, populate_existing=True).freight_payer == "seller"
