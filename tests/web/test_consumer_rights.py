"""What a consumer without account does by a link: applying, own terms, quantities, 再次售后, objecting to a 签收."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import (
    Case,
    CaseLine,
    Evidence,
    Notice,
    Order,
    OrderLine,
    Product,
    Proposal,
    ReceiptClaim,
    Shipment,
    Shop,
    Sku,
)
from portal.parcels import parcel_view
from portal.parcels.scans import Scan
from portal.resale import links as consumer_links
from portal.service import remedies
from portal.tracking.scans import record_typed
from tests.cast import PARCELS, Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo
from tests.web.test_consumer import Consumer, does


@pytest.fixture
def consumer(app: Flask, cast: Cast, now: object) -> Consumer:
    return Consumer(app, cast)


def proves_the_order(consumer: Consumer) -> str:
    """查询售后 by number and telephone; returns the link of the order."""
    answer = post(consumer.browser, "/c", {"order_no": "TB2026112300001", "last_four": "9650"})
    assert answer.status_code == 303
    return str(answer.location)


def line_of(consumer: Consumer) -> int:
    return db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == consumer.chain.order)).one()


def add_specs(consumer: Consumer, line: int) -> tuple[int, int]:
    """Two other specifications of a line's product: one that costs 3.00 more, and one that is out of stock."""
    with writing():
        row = db.session.get_one(OrderLine, (line, consumer.chain.cast.shop2))
        made = {"shop_id": row.shop_id, "product_id": row.product_id}
        dearer = Sku(**made, sku_key="a", spec="白色;L", price_fen=row.unit_price_fen + 300)
        foreign = Sku(**made, sku_key="b", spec="灰色;L", price_fen=row.unit_price_fen, in_stock=False)
        db.session.add_all([dearer, foreign])
        db.session.flush()
        return dearer.id, foreign.id


def applies(consumer: Consumer, link: str, **changed: Any) -> Any:
    fields = {
        "reason": "seven_day",
        "type": "return_refund",
        f"quantity_{line_of(consumer)}": "1",
        "description": "不想要了",
    }
    return post(consumer.browser, f"{link}/apply", fields | changed)


def test_each_reason_says_who_bears_the_freight_as_it_will_be_filed(consumer: Consumer) -> None:
    link = proves_the_order(consumer)
    shown = consumer.browser.get(f"{link}/apply").text
    said = dict(re.findall(r'<option value="(\w+)"[^>]*>[^<]*（运费([^<]*)）</option>', shown))
    payers = {"您承担": "buyer", "商家承担": "seller", "双方协商": "negotiated"}
    assert {"seven_day", "wrong_order", "damaged"} <= set(said), said
    assert "missing" not in said and "missing" in shown  # nothing goes back
    filed = set()
    for reason, payer in said.items():
        for kind in ("exchange", "return_refund"):
            sent = (io.BytesIO(photo((300, 200))), "a.jpg")
            made = applies(consumer, link, reason=reason, type=kind, photos=sent, description="开箱就这样，请看照片")
            if made.status_code != 303:
                continue  # not by right
            db.session.rollback()
            case = db.session.scalars(select(Case).order_by(Case.id.desc())).first()
            assert case is not None and case.freight_payer == payers[payer], reason
            filed.add(reason)
            post(consumer.browser, f"{link}/{case.case_no}/do/withdraw", {})
    assert len(filed) >= 4, filed


def test_who_wants_another_one_says_which(consumer: Consumer) -> None:
    """Where a shop has no other specification to pick, the words have to name what is wanted."""
    link = proves_the_order(consumer)
    assert "拍错了要换的，写明想换成什么" in consumer.browser.get(f"{link}/apply").text
    asked = {"reason": "wrong_order", "type": "exchange"}
    bare = applies(consumer, link, **asked, description=" ")
    assert bare.status_code == 422 and bare.text.count("请写明想换成什么，商家看过后答复您") == 2
    assert "请写明想换成什么" not in applies(consumer, link, **asked, description="换成白色").text
    assert "请写明想换成什么" not in applies(consumer, link, reason="damaged", type="exchange", description="").text


def test_another_specification_is_picked_with_the_application(consumer: Consumer) -> None:
    """Its difference is looked at before it is filed: there is no page to check the application on."""
    line = line_of(consumer)
    dearer_id, foreign_id = add_specs(consumer, line)
    link = proves_the_order(consumer)
    page = consumer.browser.get(f"{link}/apply").text
    assert "白色;L（每双补 3.00 元）" in page and "灰色;L" not in page
    asked = {"reason": "damaged", "type": "exchange", f"quantity_{line}": "1"}
    gone = applies(consumer, link, **asked, **{f"sku_{line}": str(foreign_id)})
    assert gone.status_code == 422 and "已不可选" in gone.text
    asked |= {f"sku_{line}": str(dearer_id)}
    looked = applies(consumer, link, **asked)
    assert (
        looked.status_code == 422
        and "您补差价 3.00 元" in looked.text
        and 'name="difference" value="300"' in looked.text
    )
    other = applies(consumer, link, **asked, difference="200")
    assert other.status_code == 422, "another sum than the one that comes of it"
    picture = (io.BytesIO(photo((300, 200))), "a.jpg")
    done = applies(consumer, link, **asked, difference="300", photos=picture)
    assert done.status_code == 303, done.text
    db.session.rollback()
    case = db.session.scalars(select(Case).order_by(Case.id.desc())).first()
    assert case is not None and (case.wanted_spec, case.difference_fen) == ("白色;L", 300)


def test_number_and_phone_open_the_application_and_the_case_it_makes(consumer: Consumer) -> None:
    link = proves_the_order(consumer)
    assert f'href="{link}/apply"' in consumer.browser.get(link).text
    assert "最多 1 双" in consumer.browser.get(f"{link}/apply").text  # two of three are in the case already
    done = applies(consumer, link)
    assert done.status_code == 303, done.text
    shown = consumer.browser.get(f"{link}/{done.location}")
    assert shown.status_code == 200 and "退货退款" in shown.text
    db.session.rollback()
    made = db.session.scalars(select(Case).order_by(Case.id.desc())).first()
    assert made is not None and (made.type, made.state, made.quantity_milli) == ("return_refund", "applied", 1_000)
    assert made.refund_fen == 2_990 and made.buyer_id == consumer.case.buyer_id
    assert "没有可以申请的数量" in consumer.browser.get(f"{link}/apply").text


def test_an_application_by_the_link_shows_the_receiver_in_part_and_keeps_it(consumer: Consumer) -> None:
    order = db.session.get_one(Order, (consumer.chain.order, consumer.chain.cast.shop2))
    whole = (order.receiver_name, order.receiver_phone, order.receiver_address)
    wanted = {"reason": "other", "type": "exchange", "asks": "1", "description": "颜色和想要的不一样，请换一双深色的"}
    link = proves_the_order(consumer)
    pages = [consumer.browser.get(f"{link}/apply").text]
    bad = applies(consumer, link, **wanted, name="王小雨")
    assert bad.status_code == 422 and "请填写联系电话" in bad.text and 'value="王小雨"' in bad.text
    pages.append(bad.text)
    done = applies(consumer, link, **wanted)
    assert done.status_code == 303, done.text
    pages += [consumer.browser.get(f"{link}/{done.location}").text, consumer.browser.get(link).text]
    assert "李*" in pages[0] and "134****9650" in pages[0]
    assert not [part for part in whole for text in pages if part in text]
    db.session.rollback()
    made = db.session.scalars(select(Case).order_by(Case.id.desc())).first()
    assert made is not None and (made.receiver_name, made.receiver_phone, made.receiver_address) == whole


@pytest.mark.parametrize(("promised", "left_out"), [("", ""), ("qtbh", ""), ("", "custom"), ("swtbh", "custom")])
def test_only_reasons_that_the_goods_carry_are_offered(consumer: Consumer, promised: str, left_out: str) -> None:
    with writing():
        db.session.execute(update(OrderLine).values(guarantees=promised))
        db.session.execute(update(Product).values(no_reason_excluded=left_out))
    page = consumer.browser.get(f"{proves_the_order(consumer)}/apply").text
    assert ('value="promise"' in page, 'value="seven_day"' in page) == (bool(promised), not left_out)
    assert 'value="defect"' in page


def test_another_receiver_is_typed_by_the_link(consumer: Consumer) -> None:
    where = {"name": "王小雨", "phone": "13712345678", "address": "福建省厦门市思明区环岛南路9号"}
    wanted = {"reason": "other", "type": "exchange", "asks": "1", "description": "颜色和想要的不一样，请换一双深色的"}
    assert applies(consumer, proves_the_order(consumer), **wanted, **where).status_code == 303
    db.session.rollback()
    made = db.session.scalars(select(Case).order_by(Case.id.desc())).first()
    assert made is not None
    assert (made.receiver_name, made.receiver_phone, made.receiver_address) == tuple(where.values())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"reason": ""}, "请选择原因"),
        ({"type": ""}, "请选择希望怎么处理"),
        ({"quantity": "9"}, "最多"),
        ({"quantity": ""}, "请填写要申请的数量"),
        ({"reason": "damaged", "type": "exchange", "description": ""}, "照片"),
    ],
)
def test_what_can_t_be_applied_for_says_why_and_keeps_what_was_typed(
    consumer: Consumer, changed: dict[str, str], sentence: str
) -> None:
    link = proves_the_order(consumer)
    fields = {f"quantity_{line_of(consumer)}" if name == "quantity" else name: value for name, value in changed.items()}
    answer = applies(consumer, link, **fields)
    assert answer.status_code == 422 and sentence in answer.text
    if "description" not in changed:
        assert "不想要了" in answer.text
    assert len(db.session.scalars(select(Case.id)).all()) == 1


def test_what_can_be_tried_first_is_shown_by_the_link_and_answered_once_a_line(consumer: Consumer, now: Clock) -> None:
    line_id, shop = line_of(consumer), consumer.chain.cast.shop2
    row = db.session.get_one(OrderLine, (line_id, shop))
    with writing():
        product = db.session.get_one(Product, (row.product_id, shop))
        made = []
        for fault, steps in (("defect", "先用冷水浸泡十分钟。"), ("size", "平铺后再量一次。")):
            asked: dict[str, Any] = {"of_kind": False, "fault": fault, "minutes": 2, "steps": steps, "picture": None}
            made.append(remedies.keep(product, None, by=consumer.case.buyer_id, now=consumer.chain.cast.now, **asked))
        remedies.decide(made[0], "shown", by=consumer.case.buyer_id)
        remedies.decide(made[1], "shown", by=consumer.case.buyer_id)
        defect, size = made[0].id, made[1].id
    now.forward(minutes=1)
    link = proves_the_order(consumer)
    page = consumer.browser.get(f"{link}/apply").text
    assert page.count("先试试这个，约 2 分钟") == 2 and page.index(">提交申请</button>") < page.index("先试试这个")
    assert "平铺后" not in (chosen := consumer.browser.get(f"{link}/apply?reason=defect").text) and "冷水" in chosen
    assert "先试试这个" not in consumer.browser.get(f"{link}/apply?reason=wrong_item").text
    for wrong in (
        "",
        f"{defect}-yes",
        f"{defect}-{line_id}-maybe",
        f"{defect}-{line_id + 1}-no",
        f"{size}-{line_id}-no",
    ):
        assert applies(consumer, link, reason="defect", tried=wrong).status_code == 404, wrong
    on = applies(consumer, link, reason="defect", tried=f"{defect}-{line_id}-no")
    assert (
        on.status_code == 200 and "不想要了" in on.text and "您说过：没解决" in on.text and 'class="err"' not in on.text
    )
    for opened in (link, proves_the_order(consumer)):  # by another link to the order it is the same person
        done = applies(consumer, opened, reason="defect", tried=f"{defect}-{line_id}-yes")
        assert "申请没有提交" in consumer.browser.get(done.location).text
    db.session.rollback()
    assert remedies.count_answers(shop, [defect]) == {defect: (1, 1, 0)}
    db.session.rollback()
    now.forward(minutes=1)
    assert applies(consumer, link).status_code == 303  # the way on stays open
    assert remedies.count_answers(shop, [defect]) == {defect: (1, 0, 1)}


def test_the_picture_of_what_can_be_tried_opens_by_a_link_to_the_order_of_that_shop(consumer: Consumer) -> None:
    line_id, shop = line_of(consumer), consumer.chain.cast.shop2
    link, seller = proves_the_order(consumer), sign_in(consumer.app, "seller2")
    row = db.session.get_one(OrderLine, (line_id, shop))
    desk = f"/seller/products/{row.product_id}/remedies"
    db.session.rollback()
    typed = {"fault": "defect", "of": "product", "minutes": "2", "steps": "照图检查插头。"}
    picture = {"photos": (io.BytesIO(photo((300, 200))), "a.jpg")}
    made = seller.post(desk, data={**token_of(seller.get(desk)), **typed, **picture})
    public_id = db.session.scalars(select(Evidence.public_id).where(Evidence.remedy_id.is_not(None))).one()
    db.session.rollback()
    assert consumer.browser.get(f"{link}/f/{public_id}").status_code == 404  # nobody has looked at it yet
    assert post(seller, made.location.split("?")[0], {"does": "show"}).status_code == 303
    assert f"{link}/f/{public_id}/thumb" in consumer.browser.get(f"{link}/apply").text
    assert consumer.browser.get(f"{link}/f/{public_id}").status_code == 200
    assert consumer.browser.get(f"{consumer.here}/f/{public_id}").status_code == 404


def test_a_link_to_one_case_opens_no_application(consumer: Consumer) -> None:
    assert consumer.browser.get(f"{consumer.here}/apply").status_code == 404
    hidden = token_of(consumer.browser.get("/c"))
    assert consumer.browser.post(f"{consumer.here}/apply", data=hidden).status_code == 404
    assert consumer.browser.get(f"{consumer.here}/f/{'0' * 32}").status_code == 404


def test_quantities_are_changed_and_judged_again(consumer: Consumer) -> None:
    line = line_of(consumer)
    consumer.chain.down.take(consumer.case, "ask_evidence", Actor.SELLER, note="请补拍面单")
    page = consumer.browser.get(f"{consumer.url}/do/modify").text
    assert f'name="quantity_{line}" value="2"' in page and "袜子破洞" in page
    bad = does(consumer, "modify", description="只有一双有洞", **{f"quantity_{line}": "9"})
    assert bad.status_code == 422 and 'value="9"' in bad.text and 'class="err"' in bad.text
    done = does(consumer, "modify", description="只有一双有洞", **{f"quantity_{line}": "1"})
    assert done.status_code == 303, done.text
    assert (consumer.now().state, consumer.now().quantity_milli) == ("applied", 1_000)


def test_another_specification_and_address_are_asked_for_by_the_link(consumer: Consumer) -> None:
    line = line_of(consumer)
    dearer_id, foreign_id = add_specs(consumer, line)
    page = consumer.browser.get(f"{consumer.url}/do/modify").text
    assert "白色;L（每双补 3.00 元）" in page and "灰色;L" not in page
    assert "李*" in page and "一环路南二段" not in page and "13425059650" not in page  # the link may be in other hands
    for changed, sentence in (
        ({f"sku_{line}": str(foreign_id)}, "已不可选"),
        ({"name": "王小雨"}, "请填写联系电话"),
        ({"name": "王小雨", "phone": "12", "address": "福建省厦门市思明区环岛南路9号"}, "电话"),
    ):
        bad = does(consumer, "modify", description="换白色", **changed)
        assert bad.status_code == 422 and sentence in bad.text, sentence
    where = {"name": "王小雨", "phone": "13712345678", "address": "福建省厦门市思明区环岛南路9号"}
    asked = {"description": "换白色", f"quantity_{line}": "2", f"sku_{line}": str(dearer_id), **where}
    looked = does(consumer, "modify", **asked)
    assert looked.status_code == 409 and "补差价 6.00 元" in looked.text  # the sum is looked at once more
    done = consumer.browser.post(f"{consumer.url}/do/modify", data={**asked, **token_of(looked)})
    assert done.status_code == 303, done.text
    case = consumer.now()
    assert (case.receiver_name, case.receiver_phone, case.receiver_address) == tuple(where.values())
    assert case.wanted_spec == "白色;L" and case.difference_fen == 600
    kept = does(consumer, "modify", description="还是白色", **{f"sku_{line}": str(dearer_id)})
    assert kept.status_code == 303 and consumer.now().receiver_name == "王小雨"


def test_the_consumer_says_on_what_terms(consumer: Consumer) -> None:
    down = consumer.chain.down
    down.take(consumer.case, "propose", Actor.SELLER, terms=down.terms(consumer.case))
    [line] = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == consumer.case_id)).all()
    page = consumer.browser.get(f"{consumer.url}/do/counter").text
    assert f'name="quantity_{line}"' in page and "补偿金额" in page
    blank = does(consumer, "counter", type="", freight_payer="seller", **{f"quantity_{line}": "2"})
    assert blank.status_code == 422 and "请选择解决方式" in blank.text
    fields = {"type": "refund_only", "amount": "20", "freight_payer": "seller", f"quantity_{line}": "2"}
    done = does(consumer, "counter", **fields)
    assert done.status_code == 303, done.text
    assert consumer.now().countered
    assert db.session.scalars(select(Proposal.amount_fen).order_by(Proposal.id.desc())).first() == 2_000


def test_what_a_case_became_goes_on_by_the_same_link(consumer: Consumer) -> None:
    down = consumer.chain.down
    down.take(consumer.case, "agree_no_return", Actor.SELLER)
    case = consumer.now()
    down.take(
        case, "ship_replacement", Actor.SELLER, **down._facts_of(case, {"ship": True, "parcels": PARCELS}, down.now)
    )
    assert "希望怎么处理" in consumer.browser.get(f"{consumer.url}/do/replacement_defective").text
    picture = (io.BytesIO(photo((900, 700))), "又坏了.jpg")
    done = does(consumer, "replacement_defective", kind="damaged", type="exchange", note="又坏了", photos=picture)
    assert done.status_code == 303, done.text
    child = db.session.scalars(select(Case).order_by(Case.id.desc())).first()
    assert child is not None and child.parent_id == consumer.case_id
    assert consumer.browser.get(f"{consumer.here}/{child.case_no}").status_code == 200
    later = consumer.chain.cast.now + timedelta(days=80)
    assert consumer_links.open_link(consumer.token, later) is not None  # the child is still open


def sent_out(consumer: Consumer) -> int:
    """The replacement is on its way; returns the followed parcel's id."""
    down = consumer.chain.down
    down.take(consumer.case, "agree_no_return", Actor.SELLER)
    case = consumer.now()
    down.take(
        case, "ship_replacement", Actor.SELLER, **down._facts_of(case, {"ship": True, "parcels": PARCELS}, down.now)
    )
    return db.session.scalars(select(Shipment.id).where(Shipment.case_id == consumer.case_id)).one()


def test_the_consumer_objects_to_a_receipt_that_the_shop_reported(consumer: Consumer) -> None:
    followed, now = sent_out(consumer), consumer.chain.cast.now
    with writing():
        shipment = parcel_view.find_of_shop(followed, consumer.chain.cast.shop2)
        record_typed(shipment, [Scan(now, "signed", "已签收,门卫代收")], side="seller", now=now)
    page = consumer.browser.get(consumer.url).text
    assert "请核对签收" in page and "门卫代收" in page
    answer = post(consumer.browser, f"{consumer.url}/parcels/{followed}/object", {"why": "没有收到"}, at=consumer.url)
    assert answer.status_code == 303 and answer.location == f"../{followed}?said=objected"
    assert consumer.token not in answer.location
    db.session.rollback()
    assert db.session.scalars(select(ReceiptClaim.objection)).one() == "没有收到"
    shown = consumer.browser.get(f"{consumer.url}/parcels/{followed}?said=objected").text
    assert "不会按已签收计算" in shown
    strange = f"{consumer.url}/parcels/{followed + 9}"
    assert consumer.browser.get(strange).status_code == 404
    assert post(consumer.browser, f"{strange}/object", {"why": ""}, at=consumer.url).status_code == 404


def test_the_consumer_types_in_what_the_carrier_s_page_says(consumer: Consumer) -> None:
    followed = sent_out(consumer)
    here = f"{consumer.url}/parcels/{followed}"
    assert post(consumer.browser, here, {"words": "签收了"}).status_code == 422
    said = f"{consumer.chain.cast.now + timedelta(hours=8):%Y-%m-%d %H:%M:%S} 您的快件已签收,签收人:本人"
    done = post(consumer.browser, here, {"words": said})
    assert done.status_code == 303 and done.location == f"{followed}?said=traces-kept", done.text
    db.session.rollback()
    assert db.session.get_one(Shipment, followed, populate_existing=True).signed_at is not None


def test_an_account_is_given_through_the_distributor_who_has_it_as_a_task(app: Flask, consumer: Consumer) -> None:
    down = consumer.chain.down
    with writing():
        db.session.get_one(Shop, down.shop).bank_data = True
    case = down.until("refund_failed", order=consumer.chain._order(), case_type=CaseType.REFUND_ONLY, milli=1_000)
    case = down.take(case, "ask_account", Actor.SELLER)
    with writing():
        token = consumer_links.make_link(down.now, shop_id=down.shop, case_id=case.id)
    page = consumer.browser.get(f"/c/{token}", follow_redirects=True).text
    assert "链接里不能填写收款账户" in page and "seller2的店" in page and "不提供账户" in page
    told = db.session.scalars(select(Notice.body).where(Notice.user_id == consumer.chain.cast.seller2)).all()
    assert [body for body in told if "收款方式" in body and case.case_no in body]


def test_what_cannot_be_done_yet_is_folded_and_not_offered(consumer: Consumer) -> None:
    """「您可以」 stood over a list of what the consumer couldn't do."""
    down = consumer.chain.down
    down.take(consumer.case, "agree_no_return", Actor.SELLER)
    page = consumer.browser.get(consumer.url).text
    assert "商家还在承诺的发货时限内" in page.split("<summary>暂时不能办的</summary>")[1].split("</details>")[0]
    offered = page.split("<h2>您可以</h2>")[1:]  # only with something under it
    assert all('class="btn' in each.split("</section>")[0] for each in offered)
