"""The case page as a desk: what the shop has seen of buyer and goods, and the conversation answered in its place."""

from __future__ import annotations

import io
import re
from datetime import timedelta

from flask import Flask

from portal.extensions import db, writing
from portal.models import Case, CaseLine, Conversation, Evidence, Message, Order, OrderLine, Product
from portal.talk import conversations
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo


def _said(cast: Cast, case: Case) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Message.words).where(Message.side == "seller").order_by(Message.id)))


def _address_of(page: str, words: str) -> str:
    found = re.search(rf'<a href="([^"]+)"[^>]*>{words}</a>', page)
    assert found, words
    return found[1].replace("&amp;", "&")


def _count_rows(page: str) -> int:
    return page.split('id="rows"')[1].split("</tbody>")[0].count('class="open"')


def test_the_numbers_of_buyer_and_goods_open_just_so_many_cases(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    case = cast.until("applied", order=order)
    old = cast.until("withdrawn", order=order)
    cast.until("withdrawn", order=order)
    cast.until("applied")
    with writing():
        db.session.execute(
            db.update(Case)
            .where(Case.id == old.id, Case.shop_id == cast.shop)
            .values(opened_at=cast.now - timedelta(91))
        )
    client = sign_in(app, "seller")
    page = client.get(f"/seller/cases/{case.case_no}").text
    assert "其中 1 张撤销" in page
    for words, number in (("这位买家 3 张售后单", 3), ("这个规格 2 张", 2)):
        assert _count_rows(client.get(_address_of(page, words)).text) == number
    cast.until("applied")
    page = client.get(f"/seller/cases/{case.case_no}").text
    assert "这位买家 4 张售后单" in page and _count_rows(client.get(_address_of(page, "这位买家 4 张售后单")).text) == 4


def test_a_message_is_sent_from_the_case_and_leads_back_to_it_in_its_list(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    cast.until("applied")
    client = sign_in(app, "seller")
    where = "tab=applied&reason=damaged&sort=age"
    page = client.get(f"/seller/cases/{case.case_no}?{where}").text
    action = re.search(r'<form method="post" action="([^"]+/message[^"]*)"', page)
    assert action and "sort=age" in action[1]
    answer = post(client, action[1].replace("&amp;", "&"), {"words": "今天就看"})
    assert answer.status_code == 303
    assert answer.location.startswith(f"/seller/cases/{case.case_no}?") and answer.location.endswith("#talk")
    assert all(part in answer.location for part in where.split("&"))
    assert _said(cast, case) == ["今天就看"]
    shown = client.get(answer.location).text
    assert "今天就看" in shown.split('id="talk"')[1]
    db.session.rollback()
    assert db.session.get_one(Case, case.id, populate_existing=True).owner_id == cast.seller


def test_what_cannot_be_sent_stays_in_the_box_of_the_case(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    client, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}/message?tab=applied"
    wrong = post(
        client,
        url,
        {"words": "请看【待填：差价】", "photos": [(io.BytesIO(photo((320, 240))), "1.jpg")]},
        content_type="multipart/form-data",
    )
    assert wrong.status_code == 422
    box = wrong.text.split('id="talk"')[1]
    assert "还有没填的空：【待填：差价】" in box and "请看【待填：差价】</textarea>" in box and "photos_kept" in box
    assert f'data-state="{case.state}"' in wrong.text and _said(cast, case) == []
    ids = re.findall(r'\sid="([^"]+)"', wrong.text)
    assert sorted(ids) == sorted(set(ids))


def _hear(cast: Cast, case: Case, *sentences: str) -> None:
    """The buyer says this."""
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (case.order_id, cast.shop)), cast.now)
        for words in sentences:
            conversations.add_message(talk, "buyer", cast.buyer, words, now=cast.now)
    db.session.rollback()


def _unread(case: Case) -> int:
    db.session.rollback()
    return db.session.scalars(db.select(Conversation.seller_unread).where(Conversation.order_id == case.order_id)).one()


def test_the_conversation_of_a_case_asks_for_what_is_new(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    order_no = db.session.scalars(db.select(Order.order_no).where(Order.id == case.order_id)).one()
    client, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}"
    talk_at = f"/seller/orders/{order_no}/contact"
    page = client.get(url).text.split('id="talk"')[1].split("</section>")[0]
    assert f'data-poll="{talk_at}/new" data-every="5" data-append' in page and "data-end" not in page
    assert "data-read" not in page and page.count("还没有消息") == 1
    last = max([0, *map(int, re.findall(r'data-id="(\d+)"', page))])
    assert client.get(f"{talk_at}/new?after={last}").status_code == 204
    _hear(cast, case, "什么时候处理")
    new = client.get(f"{talk_at}/new?after={last}")
    assert new.status_code == 200 and "什么时候处理" in new.text and "<html" not in new.text
    shown = client.get(url)
    page = shown.text.split('id="talk"')[1].split("</section>")[0]
    assert f'data-read="{talk_at}/read"' in page and "还没有消息" not in page and _unread(case) == 1
    own, here = (found.split('<div class="chat"')[1].split(">")[0] for found in (client.get(talk_at).text, page))
    assert own.replace(" data-end", "") == here
    done = client.post(f"{talk_at}/read", data=token_of(shown), headers={"HX-Request": "true"})
    assert done.status_code == 204 and _unread(case) == 0
    assert "data-read" not in client.get(url).text.split('id="talk"')[1].split("</section>")[0]


def test_only_what_is_shown_in_a_case_can_be_read_there(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    client, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}"
    _hear(cast, case, *(f"第{number:02d}句" for number in range(12)))
    page = client.get(url).text.split('id="talk"')[1].split("</section>")[0]
    assert all(f"第{number:02d}句" in page for number in range(12)) and "data-read" in page
    _hear(cast, case, *(f"又{number:02d}句" for number in range(conversations.PAGE)))
    page = client.get(url).text.split('id="talk"')[1].split("</section>")[0]
    assert page.count('class="msg"') == conversations.PAGE and "data-read" not in page


def test_photos_stand_beside_the_picture_and_nothing_stands_twice(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    with writing():
        proofs = cast.photos(2, cast.buyer)
        kept = {"case_id": case.id, "event_version": 1, "side": "buyer"}
        db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(proofs)).values(kept))
    client = sign_in(app, "seller")
    product = db.session.scalars(db.select(OrderLine.product_id).where(OrderLine.order_id == case.order_id)).one()
    url = f"/seller/products/{product}"
    picture = {"photos": (io.BytesIO(photo((300, 300))), "a.jpg"), "exchangeable": "y"}
    assert post(client, url, picture, content_type="multipart/form-data").status_code == 303
    db.session.rollback()
    shown = db.session.scalars(db.select(Product.picture).where(Product.id == product)).one()
    page = client.get(f"/seller/cases/{case.case_no}").text
    claimed = page.split("申请内容")[1].split("</section>")[0]
    pictures = re.findall(r'<a href="/f/(\w+)" data-view="凭证"', claimed)
    assert pictures[0] == shown and sorted(pictures[1:]) == sorted(proofs)
    main = page.split('<div class="stack">', 1)[1]
    assert all(main.count(f"/f/{proof}/thumb") == 1 for proof in proofs)
    assert case.description and main.count(case.description) == 1
    assert main.count(f'data-copy="{case.case_no}"') == 1
    title = db.session.scalars(db.select(CaseLine.title).where(CaseLine.case_id == case.id)).one()
    assert main.count(title) == 1


def test_what_cannot_be_done_now_is_folded_and_keeps_its_reason(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    page = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}").text
    folded = page.split("现在不能做的")[1].split("</details>")[0]
    assert "拒绝：" in folded and 'data-why="r"' in folded
    assert page.count("拒绝之前请先") == 1 and '<details class="fold muted"><summary>现在不能做的' in page


def test_the_warehouse_has_no_box_and_cannot_post_to_it(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    cast.employ(cast.shop, "buyer2", "warehouse")
    client = sign_in(app, "buyer2")
    page = client.get(f"/seller/cases/{case.case_no}")
    assert page.status_code == 200 and 'id="talk"' not in page.text
    own = f"/seller/cases/{case.case_no}"
    assert post(client, f"{own}/message", {"words": "到了"}, at=own).status_code == 403
    assert _said(cast, case) == []
