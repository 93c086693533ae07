"""申请换货 over HTTP: reason, details, check, hand in; mistakes beside the field; once, however often it is sent."""

from __future__ import annotations

import io
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, CaseLine, Draft, Evidence, Message, Order, OrderLine, Product, Sku
from portal.rights import reasons
from portal.talk import conversations
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo

WHERE = {"name": "李雯", "phone": "13425059650", "address": "四川省成都市武侯区一环路南二段8号"}


def line_of(order: Order) -> int:
    return db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == order.id)).first() or 0


def choose(client: FlaskClient, order_no: str, line: int, reason: str = "damaged") -> Any:
    url = f"/orders/{order_no}/apply"
    return post(client, url, {"line": line, "reason": reason}, at=f"{url}?line={line}")


def fill(client: FlaskClient, order_no: str, line: int, quantity: Any = "2", photos: Any = 1, **more: Any) -> Any:
    data = {f"quantity_{line}": quantity, "description": "袜子破洞", **WHERE, **more}
    data["photos"] = [(io.BytesIO(photo((200, 150))), f"{number}.jpg") for number in range(photos)]
    return post(client, f"/orders/{order_no}/apply/details", data, content_type="multipart/form-data")


def cases() -> int:
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Case)) or 0


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


def test_from_reason_to_case(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    assert choose(buyer, number, line).location.endswith("/details")
    assert fill(buyer, number, line).location.endswith("/check")
    check = buyer.get(f"/orders/{number}/apply/check").text
    assert "商品质量问题 · 破损" in check and "商家承担" in check and "袜子破洞" in check
    done = post(buyer, f"/orders/{number}/apply/check")
    assert done.status_code == 303 and "/cases/HH" in done.location
    case = buyer.get(done.location).text
    assert 'data-state="applied"' in case and "申请已提交，等待商家审核" in case
    db.session.rollback()
    assert db.session.scalar(db.select(OrderLine.claimed_milli).where(OrderLine.id == line)) == 2_000
    assert db.session.scalar(db.select(Draft.id)) is None
    assert db.session.scalar(db.select(Evidence.case_id)) is not None


def test_several_lines_and_another_specification(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(lines=2)
    number = order.order_no
    first, second = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == order.id)).all()
    sku = db.session.scalars(
        db.select(Sku.id)
        .join(Product, Product.id == Sku.product_id)
        .join(OrderLine, OrderLine.product_id == Product.id)
        .where(OrderLine.id == second, Sku.spec == "白色;L")
    ).one()
    choose(buyer, number, first)
    answer = fill(buyer, number, first, **{f"quantity_{second}": "3", f"sku_{second}": str(sku)})
    assert answer.status_code == 303
    page = buyer.get(post(buyer, f"/orders/{number}/apply/check").location).text
    assert "×2 双" in page and "×3 双" in page and "换成 白色;L" in page


@pytest.mark.parametrize(
    "quantity", ["-1", "0", "1.5", "11", "x", "", "１１", "²", "1e3", "NaN", "9" * 100, "2147483648"]
)
def test_bad_quantities_say_so_beside_the_field_and_keep_everything(
    cast: Cast, buyer: FlaskClient, quantity: str
) -> None:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    answer = fill(buyer, order.order_no, line, quantity)
    assert answer.status_code == 422
    assert f'id="quantity-{line}-err"' in answer.text and f'value="{quantity[:40]}"' in answer.text
    assert "袜子破洞" in answer.text and "一环路南二段8号" in answer.text and 'alt="已上传的照片 1"' in answer.text
    again = fill(buyer, order.order_no, line, "2", photos=0)
    assert again.status_code == 303  # the photo was kept


def test_full_width_digits_are_read(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    assert fill(buyer, order.order_no, line, "３").status_code == 303
    post(buyer, f"/orders/{order.order_no}/apply/check")
    db.session.rollback()
    assert db.session.scalar(db.select(Case.quantity_milli)) == 3_000


def test_goods_sold_by_the_metre_may_be_parts(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(unit="米", milli=12_500)
    line = line_of(order)
    choose(buyer, order.order_no, line)
    assert fill(buyer, order.order_no, line, "1.25").status_code == 303


def test_a_quality_problem_needs_a_photo(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    answer = fill(buyer, order.order_no, line, photos=0)
    assert answer.status_code == 422 and "请上传能看出问题的照片" in answer.text
    assert 'id="photos-err"' in answer.text


@pytest.mark.parametrize(
    ("reason", "words"),
    [("dislike", "协商换货"), ("no_evidence", "照片"), ("personal_cancel", "协商退货退款")],
)
def test_what_is_no_exchange_leads_elsewhere(cast: Cast, buyer: FlaskClient, reason: str, words: str) -> None:
    order = cast.order()
    answer = choose(buyer, order.order_no, line_of(order), reason)
    assert answer.status_code == 422
    assert "可以这样做" in answer.text and words in answer.text
    assert cases() == 0


def test_a_ground_alone_asks_for_the_particular(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/apply"
    answer = post(buyer, url, {"line": line_of(order), "reason": "quality"})
    assert answer.status_code == 422 and "请选择「商品质量问题」的具体情况" in answer.text
    assert post(buyer, url, {"line": line_of(order)}).status_code == 422


@pytest.mark.parametrize("reason", [each.id for each in reasons.REASONS if each.types])
def test_every_reason_that_is_offered_is_taken(cast: Cast, buyer: FlaskClient, reason: str) -> None:
    status = "unshipped" if reasons.Place.UNSHIPPED in (reasons.reason(reason) or reasons.REASONS[0]).places else ""
    order = cast.order(status=status or "delivered")
    number, line = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(OrderLine).values(guarantees="swtbh,qtwlybt"))
    assert f'value="{reason}"' in buyer.get(f"/orders/{number}/apply?line={line}").text
    answer = choose(buyer, number, line, reason)
    assert answer.status_code == 303 and answer.location.endswith("/details"), re.findall(r'"err".*', answer.text)


def test_grounds_and_reasons_are_one_choice(cast: Cast, buyer: FlaskClient) -> None:
    """Two groups could contradict each other: 色差 stayed chosen under 「下单错误 运费您承担」."""
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "colour")
    url = f"/orders/{number}/apply"
    shown = buyer.get(url).text
    radios = re.findall(r'<input type="radio"[^>]*>', shown)
    assert {re.search(r'name="([^"]*)"', each)[1] for each in radios} == {"reason"}  # type: ignore[index]
    assert [re.search(r'value="([^"]*)"', each)[1] for each in radios if " checked" in each] == ["colour"]  # type: ignore[index]
    ids = [re.search(r'id="([^"]*)"', each)[1] for each in radios]  # type: ignore[index]
    assert len(set(ids)) == len(ids) > 10
    for both in (["ordering", "colour"], ["colour", "ordering"], ["colour", "damaged"]):
        assert post(buyer, url, {"line": line, "reason": both}).status_code == 400
    assert post(buyer, url, {"line": line, "reason": "ordering"}).status_code == 422


def test_twenty_times_the_same_form_is_one_case(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    url = f"/orders/{number}/apply/check"
    form = token_of(buyer.get(url))
    cookie = buyer.get_cookie("sid")
    assert cookie is not None
    answers: list[tuple[int, str | None]] = []

    def send() -> None:
        browser = app.test_client()
        browser.set_cookie("sid", cookie.value)
        answer = browser.post(url, data=form)
        answers.append((answer.status_code, answer.location))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1 and answers[0][0] == 303
    assert cases() == 1
    other = buyer.post(url, data={**form, "more": "x"})
    assert other.status_code == 422 and cases() == 1


def test_handing_in_a_second_time_says_that_it_is_done(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    url = f"/orders/{number}/apply/check"
    stale = token_of(buyer.get(url))
    post(buyer, url)
    answer = buyer.post(url, data={**stale, "form_key": "f" * 32})
    assert answer.status_code == 409 and cases() == 1


def test_units_taken_meanwhile_are_said(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(milli=3_000)
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    form = token_of(buyer.get(f"/orders/{number}/apply/check"))
    cast.open_case(order, milli=2_000)
    answer = buyer.post(f"/orders/{number}/apply/check", data=form)
    assert answer.status_code == 422 and "最多可申请 1 双" in answer.text
    assert cases() == 1


def test_a_draft_is_discarded(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    choose(buyer, order.order_no, line_of(order))
    url = f"/orders/{order.order_no}/apply"
    assert post(buyer, f"{url}/discard", at=f"{url}/details").status_code == 303
    db.session.rollback()
    assert db.session.scalar(db.select(Draft.id)) is None
    assert buyer.get(f"{url}/details").status_code == 303


@pytest.mark.parametrize("words", ["调换商品", "「调换商品」", " 【调换 商品】 ", '"调换商品"', "『调换商品』"])
def test_the_phrase_in_the_conversation_begins_one_draft_and_submits_nothing(
    cast: Cast, buyer: FlaskClient, words: str
) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact"
    for _ in range(2):
        assert post(buyer, url, {"words": words}).status_code == 303
    db.session.rollback()
    assert len(db.session.scalars(db.select(Draft.source)).all()) == 1
    assert cases() == 0
    page = buyer.get(url).text
    assert "已为您创建换货申请草稿" in page and f'href="/orders/{order.order_no}/apply?line=' in page
    post(buyer, url, {"words": words})
    assert len(db.session.scalars(db.select(Message.id).where(Message.kind == "draft")).all()) == 3


@pytest.mark.parametrize("words", ["怎么调换商品呢", "不想调换商品了", "调换商品,谢谢"])
def test_text_that_only_mentions_it_offers_the_card(cast: Cast, buyer: FlaskClient, words: str) -> None:
    order = cast.order()
    post(buyer, f"/orders/{order.order_no}/contact", {"words": words})
    db.session.rollback()
    assert db.session.scalar(db.select(Draft.id)) is None
    assert "需要申请换货吗" in buyer.get(f"/orders/{order.order_no}/contact").text


def test_unread_marks_and_reading(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact"
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order.id), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "您好", now=cast.now)
    assert "1 条未读" in buyer.get("/me").text
    page = buyer.get(url)
    assert f'data-read="{url}/read"' in page.text
    assert "1 条未读" in buyer.get("/me").text  # looking changes nothing by itself
    assert buyer.post(f"{url}/read", data=token_of(page), headers={"HX-Request": "true"}).status_code == 204
    assert "1 条未读" not in buyer.get("/me").text
    seller = sign_in(app, "seller")
    post(buyer, url, {"words": "在吗"})
    assert "unread-chats" in seller.get("/seller").text


def test_polling_says_only_what_is_new(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact"
    assert buyer.get(f"{url}/new?after=0").status_code == 204
    post(buyer, url, {"words": "第一句"})
    first = buyer.get(f"{url}/new?after=0")
    assert first.status_code == 200 and "第一句" in first.text
    last = first.text.split('data-id="')[-1].split('"')[0]
    assert buyer.get(f"{url}/new?after={last}").status_code == 204


def test_a_long_conversation_goes_further_back(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order.id), cast.now)
        for number in range(conversations.PAGE + 5):
            conversations.add_message(talk, "seller", cast.seller, f"第{number:03d}句", now=cast.now)
    url = f"/orders/{order.order_no}/contact"
    page = buyer.get(url).text
    assert "第004句" not in page and f"第{conversations.PAGE + 4:03d}句" in page
    earlier = page.split("更早的消息")[0].rsplit('href="', 1)[1].split('"')[0]
    assert "第004句" in buyer.get(earlier).text


def test_an_empty_message_is_refused(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    answer = post(buyer, f"/orders/{order.order_no}/contact", {"words": " \u200b "})
    assert answer.status_code == 422 and "请写点什么" in answer.text


def test_what_was_never_sent_is_reissued(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(lines=2)
    number, line = order.order_no, line_of(order)
    assert choose(buyer, number, line, "missing_item").location.endswith("/details")
    page = buyer.get(f"/orders/{number}/apply/details").text
    assert "希望怎么处理" in page and "补发数量" in page and "不用寄回" in page and "换成的规格" not in page
    assert fill(buyer, number, line, "11").status_code == 422
    assert fill(buyer, number, line).status_code == 303
    assert "补发" in buyer.get(f"/orders/{number}/apply/check").text
    done = post(buyer, f"/orders/{number}/apply/check")
    case = buyer.get(done.location).text
    assert 'data-type="reissue"' in case and "补发进度" in case and "申请补发" in case and "换成" not in case
    seller = sign_in(app, "seller")
    case_no = done.location.split("/")[-1].split("?")[0]
    assert "补发" in seller.get("/seller").text
    assert "退货地址" not in seller.get(f"/seller/cases/{case_no}/agree").text.split("<main")[1]
    assert post(seller, f"/seller/cases/{case_no}/agree").status_code == 303
    db.session.rollback()
    case_line = db.session.scalar(db.select(CaseLine.id))
    shipped = {"carrier": "ZTO", "number": "75484863576596", f"shipped_{case_line}": "2"}
    assert post(seller, f"/seller/cases/{case_no}/ship_replacement", shipped).status_code == 303
    assert "补发包裹" in buyer.get(f"/cases/{case_no}").text
    assert post(buyer, f"/cases/{case_no}/confirm").status_code == 303
    assert "补发完成" in buyer.get(f"/cases/{case_no}").text
    assert "补发完成" in buyer.get("/cases").text and "换货完成" not in buyer.get("/cases").text


def test_what_broke_under_a_promise_may_be_exchanged_or_reissued(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(OrderLine).values(guarantees="psbj"))
    choose(buyer, number, line)
    assert "希望怎么处理" in buyer.get(f"/orders/{number}/apply/details").text
    assert fill(buyer, number, line, type="reissue").status_code == 303
    post(buyer, f"/orders/{number}/apply/check")
    db.session.rollback()
    assert db.session.scalar(db.select(Case.type)) == "reissue"


def test_a_type_that_was_not_offered_is_not_taken(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line, type="reissue")
    post(buyer, f"/orders/{number}/apply/check")
    db.session.rollback()
    assert db.session.scalar(db.select(Case.type)) == "exchange"


# ---------------------------------------------------------------- money, and what only the seller can grant


def submitted(buyer: FlaskClient, number: str) -> Case:
    done = post(buyer, f"/orders/{number}/apply/check")
    assert done.status_code == 303, done.text
    db.session.rollback()
    return db.session.scalars(db.select(Case).order_by(Case.id.desc())).first() or Case()


def test_the_surplus_goes_back_for_its_money(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    assert choose(buyer, number, line, "over_qty").location.endswith("/details")
    page = buyer.get(f"/orders/{number}/apply/details").text
    assert "退货数量" in page and "退款金额" in page and "收货人" not in page and "退回运费由您承担" in page
    assert fill(buyer, number, line, "3", photos=0).status_code == 303
    check = buyer.get(f"/orders/{number}/apply/check").text
    assert "¥37.50" in check and "优惠后实付 125.00 元，共 10 双，其中 3 双可退 37.50 元" in check
    assert "退货退款" in check and "您承担" in check and "买家" not in check.partition("<main")[2]
    case = submitted(buyer, number)
    assert (case.type, case.state, case.refund_fen, case.freight_payer) == ("return_refund", "applied", 3_750, "buyer")
    assert (case.quantity_milli, case.receiver_name, case.negotiated) == (3_000, "李雯", False)


def test_a_refund_is_the_buyers_choice_and_may_be_less(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "damaged")
    wrong = {"name": "", "phone": "x", "address": ""}  # an exchange's fields: not looked at
    assert fill(buyer, number, line, type="return_refund", amount="10.5", **wrong).status_code == 303
    check = buyer.get(f"/orders/{number}/apply/check").text
    assert "¥10.50（最多 ¥25.00）" in check and "寄到" not in check
    case = submitted(buyer, number)
    assert (case.type, case.refund_fen, case.freight_payer) == ("return_refund", 1_050, "seller")


@pytest.mark.parametrize("amount", ["25.01", "0", "-1", "1e3", "1.234", "abc", "NaN", "9" * 30, "２６"])
def test_no_more_than_was_paid_can_be_asked_back(cast: Cast, buyer: FlaskClient, amount: str) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "over_qty")
    answer = fill(buyer, number, line, photos=0, amount=amount)
    assert answer.status_code == 422 and 'id="amount-err"' in answer.text and f'value="{amount}"' in answer.text
    assert "袜子破洞" in answer.text and cases() == 0


def test_an_amount_that_is_too_much_by_now_is_refused_at_the_end(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "over_qty")
    fill(buyer, number, line, photos=0)
    seen = token_of(buyer.get(f"/orders/{number}/apply/check"))
    with writing():
        db.session.execute(db.update(Order).values(paid_fen=10_000))
    answer = buyer.post(f"/orders/{number}/apply/check", data=seen)
    assert answer.status_code == 422 and cases() == 0
    assert "您核对时：¥25.00" in answer.text and "现在：¥20.00" in answer.text
    with writing():
        db.session.execute(db.update(Order).values(refunded_fen=10_000))
    assert "没有可退的金额" in post(buyer, f"/orders/{number}/apply/check").text and cases() == 0


ANOTHER_TAB: dict[str, tuple[dict[str, Any], str, str]] = {  # what it changes: what the page said, what is filed
    "quantity": ({"quantity": "5"}, "×2 双", "×5 双"),
    "description": ({"description": "颜色也不对"}, "袜子破洞", "颜色也不对"),
    "photos": ({"photos": 2}, "1 张", "3 张"),
    "name": ({"name": "王芳"}, "李雯 13425059650", "王芳 13425059650"),
    "phone": ({"phone": "13800138000"}, "李雯 13425059650", "李雯 13800138000"),
    "address": ({"address": "浙江省杭州市西湖区文三路1号"}, "李雯 13425059650 四川省", "李雯 13425059650 浙江省"),
}


@pytest.mark.parametrize("changed", ANOTHER_TAB)
def test_what_is_confirmed_is_what_is_filed(cast: Cast, buyer: FlaskClient, changed: str) -> None:
    """Another tab changes the draft after the check page was read: both are shown, and it is asked again."""
    more, before, after = ANOTHER_TAB[changed]
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    seen = token_of(buyer.get(f"/orders/{number}/apply/check"))
    assert fill(buyer, number, line, **{"photos": 0, **more}).status_code == 303
    answer = buyer.post(f"/orders/{number}/apply/check", data=seen)
    assert answer.status_code == 422 and cases() == 0
    assert "还没有提交" in answer.text
    told = answer.text.partition('id="changes"')[2].partition("</section>")[0]
    assert told.count("<dt>") == 1 and f"您核对时：{before}" in told and f"现在：{after}" in told
    assert buyer.post(f"/orders/{number}/apply/check", data=token_of(answer)).status_code == 303
    assert cases() == 1


def test_another_reason_or_specification_is_asked_about_as_well(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    with writing():
        product_id = db.session.scalar(db.select(OrderLine.product_id).where(OrderLine.id == line))
        sku = Sku(shop_id=order.shop_id, product_id=product_id, sku_key="XXL", spec="白色;XXL", price_fen=1_500)
        db.session.add(sku)
        db.session.flush()
        sku_id = sku.id
    choose(buyer, number, line)
    fill(buyer, number, line)
    seen = token_of(buyer.get(f"/orders/{number}/apply/check"))
    choose(buyer, number, line, "colour")
    fill(buyer, number, line, photos=0, **{f"sku_{line}": str(sku_id)})
    answer = buyer.post(f"/orders/{number}/apply/check", data=seen)
    told = answer.text.partition('id="changes"')[2].partition("</section>")[0]
    assert "破损" in told and "色差" in told and "白色;XXL" in told and "补差价" in told
    assert answer.status_code == 422 and cases() == 0


@pytest.mark.parametrize("shown", ["", "null", "{}", "[[1,2,3]]", '[["申请类型"]]', "[" * 5_000, "不是"])
def test_a_page_that_says_nothing_confirms_nothing(cast: Cast, buyer: FlaskClient, shown: str) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    seen = token_of(buyer.get(f"/orders/{number}/apply/check"))
    answer = buyer.post(f"/orders/{number}/apply/check", data={**seen, "shown": shown})
    assert answer.status_code == 422 and "还没有提交" in answer.text and cases() == 0


def test_what_is_not_sent_yet_is_refunded_with_its_freight(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(status="unshipped")
    number, line = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(Order).values(paid_fen=13_500, freight_fen=1_000))
    listed, page = buyer.get("/orders").text, buyer.get(f"/orders/{number}").text
    assert "取消订单</a>" in listed and "撤销申请" not in listed and "申请换货" not in listed
    assert "申请退款</a>" in page and "申请换货" not in page
    apply = buyer.get(f"/orders/{number}/apply").text
    assert "未发货，不想要了" in apply and "破损" not in apply and "不喜欢" not in apply
    assert choose(buyer, number, line, "damaged").status_code == 422
    choose(buyer, number, line, "not_wanted")
    assert 'value="10"' in buyer.get(f"/orders/{number}/apply/details").text  # all of it, unless less is typed
    assert fill(buyer, number, line, "10", photos=0).status_code == 303
    assert "已含运费 10.00 元" in buyer.get(f"/orders/{number}/apply/check").text
    case = submitted(buyer, number)
    assert (case.type, case.goods_state, case.refund_fen) == ("refund_only", "unshipped", 13_500)
    assert post(sign_in(app, "seller"), f"/seller/cases/{case.case_no}/goods_shipped").status_code == 303


def test_what_never_came(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(status="in_transit")
    number, line = order.order_no, line_of(order)
    assert "快递一直未送到" in buyer.get(f"/orders/{number}/apply").text
    choose(buyer, number, line, "not_delivered")
    assert fill(buyer, number, line, photos=0, type="refund_only").status_code == 303
    assert submitted(buyer, number).type == "refund_only"
    done = cast.order()
    assert choose(buyer, done.order_no, line_of(done), "not_delivered").status_code == 422


def ask(client: FlaskClient, number: str, line: int, **said: str) -> Any:
    return post(client, f"/orders/{number}/apply", {"line": line, **said}, at=f"/orders/{number}/apply?line={line}")


def test_dislike_is_asked_for_and_never_had_by_right(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    assert ask(buyer, number, line, reason="dislike").status_code == 422
    assert ask(buyer, number, line, reason="dislike", type="exchange").status_code == 422
    assert ask(buyer, number, line, reason="dislike", ask="refund_only").status_code == 422
    assert ask(buyer, number, line, reason="no_evidence", ask="exchange").status_code == 422
    assert cases() == 0 and db.session.scalar(db.select(Draft.id)) is None
    assert ask(buyer, number, line, reason="dislike", ask="exchange").location.endswith("/details")
    details = buyer.get(f"/orders/{number}/apply/details").text
    assert "协商换货" in details and "协商退货退款" in details and "不会自动同意" in details
    assert fill(buyer, number, line, photos=0, description="不喜欢").status_code == 422
    words = "颜色和想的不一样,希望能换白色的"
    assert fill(buyer, number, line, photos=0, type="exchange", description=words).status_code == 303
    check = buyer.get(f"/orders/{number}/apply/check").text
    assert "协商换货" in check and "协商须由商家同意" in check and "双方协商" in check
    case = submitted(buyer, number)
    assert (case.type, case.negotiated, case.freight_payer) == ("exchange", True, "negotiated")


def test_a_right_is_never_turned_into_a_request(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    assert ask(buyer, number, line, reason="damaged", ask="exchange").status_code == 303
    fill(buyer, number, line, type="exchange")
    assert submitted(buyer, number).negotiated is False


def test_seven_days_without_a_reason_where_it_is_promised(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    assert ask(buyer, number, line, reason="seven_day").status_code == 422
    with writing():
        db.session.execute(db.update(OrderLine).values(guarantees="qtwlybt"))
    refused = ask(buyer, number, line, reason="dislike")
    assert "7天无理由退货" in refused.text and 'name="reason" value="seven_day"' in refused.text
    assert ask(buyer, number, line, reason="seven_day", type="return_refund").status_code == 303
    fill(buyer, number, line, photos=0, description="")
    case = submitted(buyer, number)
    assert (case.type, case.reason, case.freight_payer, case.negotiated) == (
        "return_refund",
        "seven_day",
        "buyer",
        False,
    )


def test_after_the_window_the_seller_can_still_be_asked(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(received_at=cast.now - timedelta(days=40))
    number, line = order.order_no, line_of(order)
    assert "申请协商</a>" in buyer.get(f"/orders/{number}").text
    refused = ask(buyer, number, line, reason="damaged")
    assert refused.status_code == 422 and "已于" in refused.text and "协商换货" in refused.text
    assert ask(buyer, number, line, reason="damaged", ask="return_refund").status_code == 303
    fill(buyer, number, line, type="return_refund")
    case = submitted(buyer, number)
    assert (case.type, case.negotiated) == ("return_refund", True)


@pytest.mark.parametrize(("more", "said"), [(300, "补差价"), (-200, "退差价")])
def test_another_price_is_settled_to_the_fen(cast: Cast, buyer: FlaskClient, more: int, said: str) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(Order).values(paid_fen=10_000))  # for what is listed at 125.00
        product = db.session.scalar(db.select(OrderLine.product_id).where(OrderLine.id == line))
        sku = Sku(shop_id=cast.shop, product_id=product, sku_key="other", spec="红色;XL", price_fen=1250 + more)
        db.session.add(sku)
        db.session.flush()
        sku_id = sku.id
    choose(buyer, number, line, "wrong_order")
    one = f"{abs(more) * 8 // 10 / 100:.2f}"
    assert f"红色;XL（{said} {one} 元/双）" in buyer.get(f"/orders/{number}/apply/details").text
    assert fill(buyer, number, line, photos=0, **{f"sku_{line}": str(sku_id)}).status_code == 303
    check = buyer.get(f"/orders/{number}/apply/check").text
    both = abs(more) * 2 * 8 // 10
    assert f"¥{both / 100:.2f}" in check and said in check and "100.00/125.00" in check
    case = submitted(buyer, number)
    assert case.difference_fen == (both if more > 0 else -both)
    assert db.session.scalar(db.select(CaseLine.wanted_price_fen)) == 1250 + more


def test_an_application_for_money_is_modified(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    line = line_of(order)
    case = cast.open_case(order, case_type=CaseType.RETURN_REFUND, reason="over_qty")
    url = f"/cases/{case.case_no}/modify"
    page = buyer.get(url).text
    assert "退款原因" in page and "退货数量" in page and 'value="25.00"' in page and "收货人" not in page
    good = {"reason": "over_qty", "description": "少退一双", f"quantity_{line}": "1"}
    refused = post(buyer, url, {**good, "amount": "12.51"})
    assert refused.status_code == 422 and "最多可退 12.50 元" in refused.text and 'id="amount-err"' in refused.text
    shown = post(buyer, url, {**good, "amount": "12"})  # another sum than the page had: it is shown before it counts
    assert shown.status_code == 409 and "退款 25.00 元 → 12.00 元" in shown.text
    assert buyer.post(url, data={**token_of(shown), **good, "amount": "12"}).status_code == 303
    db.session.rollback()
    assert db.session.execute(db.select(Case.refund_fen, Case.quantity_milli)).one() == (1_200, 1_000)
    assert post(buyer, url, {**good, "reason": "missing_item", "amount": ""}).status_code == 422


def test_what_a_shop_does_not_take_is_not_offered(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    seller = sign_in(app, "seller")
    form = {"window_days": "15", "hidden_days": "30", "special_freight": "seller"}
    for types in ([], ["reissue", "refund_only"], ["exchange", "return_refund"], ["gift", "exchange", "reissue"]):
        answer = post(seller, "/seller/policy", {**form, "types": types})
        assert answer.status_code == 422 and 'id="types-err"' in answer.text, types
    done = post(seller, "/seller/policy", {**form, "types": ["return_refund", "reissue"], "guarantees": ["qtwlybt"]})
    assert done.status_code == 303
    assert "本店不办理：换货、仅退款" in buyer.get(f"/shops/{cast.shop}/conditions").text
    before = cast.order()  # what was taken when it was placed is taken of it
    choose(buyer, before.order_no, line_of(before), "damaged")
    assert "希望怎么处理" in buyer.get(f"/orders/{before.order_no}/apply/details").text
    order = cast.order(ordered_at=cast.now, paid_at=cast.now, received_at=cast.now)
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "damaged")
    assert "希望怎么处理" not in buyer.get(f"/orders/{number}/apply/details").text
    assert fill(buyer, number, line).status_code == 303
    assert submitted(buyer, number).type == "return_refund"
    assert ask(buyer, number, line, reason="wrong_order").status_code == 422


def test_a_draft_does_not_choose_the_goods(cast: Cast, buyer: FlaskClient) -> None:
    """A lone draft hid the choice: 申请换货 led to its line for ever."""
    order = cast.order(lines=3)
    number, first = order.order_no, line_of(order)
    choose(buyer, number, first)
    shown = buyer.get(f"/orders/{number}/apply").text
    assert shown.count(f"/orders/{number}/apply?line=") == 3
    assert shown.count("上次填到这一件") == 1
    assert "上次填到这一件" in shown.partition(f"apply?line={first}")[2].partition("</li>")[0]


def test_what_cannot_be_exchanged_is_not_counted_as_exchangeable(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    url = f"/orders/{number}/apply?line={line}"
    assert "可换 10 双" in buyer.get(url).text
    with writing():
        db.session.execute(db.update(Product).values(exchangeable=False, no_reason_excluded="fresh"))
        db.session.execute(db.update(Order).values(status="cancelled"))
    shown = buyer.get(url).text
    assert "可换 " not in shown and "买了 10 双" in shown
